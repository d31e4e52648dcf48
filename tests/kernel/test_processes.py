"""Work shared by several processes."""

import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import psutil
import pytest

from kernel.findings import Refusal
from kernel.processes import in_processes

# What is started anew must be able to import the work, so it stands in a module of its own.
WORK = """
import os, signal, sys, time
from kernel.findings import Refusal
from kernel.processes import in_processes

place = None

if __name__ == "__mp_main__":
    print(os.getpid(), flush=True)
    time.sleep(START_SECONDS)

def prepare(number, start):
    global place
    place = start + number

def work(item):
    if item == "bad":
        raise Refusal("dit kan niet", "doe iets anders")
    return item, place

def sleep(item):
    print("at work", flush=True)
    time.sleep(60)

def be_told_to_end(item):
    os.kill(os.getpid(), signal.SIGTERM)
    return item

def end(item):
    os._exit(1)

if __name__ == "__main__":
    try:
        list(in_processes(sleep, range(2), 2))
    except KeyboardInterrupt:
        sys.exit("interrupted")
"""


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    (tmp_path / "shared_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return __import__("shared_work")


def test_results_come_in_the_order_of_the_items_each_process_in_its_turn(shared: object) -> None:
    done = list(in_processes(shared.work, range(7), 2, shared.prepare, (10,)))  # type: ignore[attr-defined]
    assert done == [(item, 10 + item % 2) for item in range(7)]


def test_what_one_refuses_is_refused(shared: object) -> None:
    with pytest.raises(Refusal, match="dit kan niet") as refusal:
        list(in_processes(shared.work, ["good", "bad", "good"], 2))  # type: ignore[attr-defined]
    assert refusal.value.hint == "doe iets anders"


def test_one_that_the_system_ends_is_told_in_a_sentence(shared: object) -> None:
    with pytest.raises(Refusal, match="door het systeem beëindigd"):
        list(in_processes(shared.end, range(3), 2))  # type: ignore[attr-defined]


def test_a_signal_to_end_is_left_to_the_process_that_started_them(shared: object) -> None:
    """A service that is stopped sends it to all its processes, and the first one may still finish what it is at."""
    assert list(in_processes(shared.be_told_to_end, range(3), 2)) == [0, 1, 2]  # type: ignore[attr-defined]


def start(folder: Path, start_seconds: int = 0) -> tuple[subprocess.Popen[str], list[int]]:
    """A process that waits for two others, in a group of their own, and which these are: they have just begun."""
    path = folder / "shared_work.py"
    path.write_text(WORK.replace("START_SECONDS", str(start_seconds)))
    starter = subprocess.Popen(
        [sys.executable, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        start_new_session=True,
    )
    assert starter.stdout is not None
    lines = (line.strip() for line in starter.stdout)
    said = list(islice(lines, 2 if start_seconds else 4))
    return starter, [int(line) for line in said if line != "at work"]


def wait_until_gone(processes: list[int]) -> None:
    deadline = time.monotonic() + 30
    while any(psutil.pid_exists(process) for process in processes):
        assert time.monotonic() < deadline, "they wait for work for ever"
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows is ended in another way")
def test_they_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    starter, workers = start(tmp_path)
    starter.kill()
    starter.communicate()
    wait_until_gone(workers)


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows is interrupted in another way")
@pytest.mark.parametrize("start_seconds", [0, 2], ids=["at work", "while they start"])
def test_they_end_at_once_and_in_silence_when_the_user_interrupts(tmp_path: Path, start_seconds: int) -> None:
    """The keyboard interrupts all processes of a terminal, so the workers too."""
    starter, workers = start(tmp_path, start_seconds)
    os.killpg(starter.pid, signal.SIGINT)
    assert starter.communicate(timeout=30)[1] == "interrupted\n"
    wait_until_gone(workers)


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows is interrupted in another way")
def test_they_end_in_the_middle_of_their_work_when_the_one_that_started_them_is_interrupted(tmp_path: Path) -> None:
    starter, workers = start(tmp_path)
    starter.send_signal(signal.SIGINT)
    assert starter.communicate(timeout=30)[1] == "interrupted\n"
    wait_until_gone(workers)
