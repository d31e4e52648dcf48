"""Cases in processes of their own: one that ends or hangs is told, and the others go on."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.fuzz.cases import SECONDS

ROOT = Path(__file__).parents[2]
NewDatabase = Callable[[], AbstractContextManager[str]]
Found = Callable[[int, int | None, str | None], None]


def run(new_database: NewDatabase, seed: int, indexes: Iterable[int], processes: int, tell: Found) -> None:
    """Run cases, and tell of each its exit code and what is wrong with it, or None."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in indexes:
        waiting.put(index)
    desks = [threading.Thread(target=_work, args=(new_database, seed, waiting, tell)) for _ in range(processes)]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()


def _work(new_database: NewDatabase, seed: int, waiting: queue.SimpleQueue[int], tell: Found) -> None:
    while not waiting.empty():
        with new_database() as url, _worker(url, seed) as (worker, said):
            while (index := _next(waiting)) is not None:
                assert worker.stdin
                assert worker.stdout
                worker.stdin.write(f"{index}\n")
                worker.stdin.flush()
                hung = threading.Timer(3 * SECONDS, worker.kill)
                hung.start()
                answer = worker.stdout.readline()
                hung.cancel()
                if not answer:
                    code = worker.wait()
                    tell(index, None, f"ended the process with {code}: {said.read_text(errors='replace')[:600]}")
                    break
                tell(*json.loads(answer))


def _next(waiting: queue.SimpleQueue[int]) -> int | None:
    try:
        return waiting.get_nowait()
    except queue.Empty:
        return None


@contextmanager
def _worker(url: str, seed: int) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    with tempfile.TemporaryDirectory(prefix="bekostiging-fuzz-") as folder:
        errors, room = Path(folder, "errors"), Path(folder, "room")
        room.mkdir()
        command = [sys.executable, "-m", "tests.fuzz.worker", url, str(room), str(seed)]
        with (
            errors.open("w") as file,
            subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True
            ) as worker,
        ):
            assert worker.stdin
            assert worker.stdout
            if worker.stdout.readline() != "ready\n":
                worker.kill()
                raise RuntimeError(errors.read_text())
            yield worker, errors
            worker.stdin.close()
