"""Work shared by several processes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from kernel.findings import Refusal
from kernel.processes import in_processes

# What is started anew must be able to import the work, so it stands in a module of its own.
WORK = """
import os, time
from kernel.findings import Refusal
from kernel.processes import in_processes

place = None

def prepare(number, start):
    global place
    place = start + number

def work(item):
    if item == "bad":
        raise Refusal("dit kan niet", "doe iets anders")
    return item, place

def sleep(item):
    print(os.getpid(), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    list(in_processes(sleep, range(2), 2))
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


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows is ended in another way")
def test_they_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "shared_work.py"
    path.write_text(WORK)
    root = str(Path(__file__).resolve().parents[2])
    starter = subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": root})
    assert starter.stdout is not None
    workers = [int(starter.stdout.readline()) for _ in range(2)]
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    deadline = time.monotonic() + 30
    while any(psutil.pid_exists(worker) for worker in workers):
        assert time.monotonic() < deadline, "they wait for work for ever"
        time.sleep(0.05)
    starter.stdout.close()
