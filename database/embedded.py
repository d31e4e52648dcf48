"""The embedded server: started when a command needs it, stopped by the last one that leaves.

How processes share one server. Two locks, taken in this order; the system releases both when a process dies.

- `door.lock`, exclusive: held only while coming or going. Starting and stopping happen under it, so two can not start
  the server at once, and none can stop it while another is on its way in.
- `users.lock`, shared: held by every process for as long as it uses the server.

    coming:  take the door; take `users` shared; start the server if it does not run; release the door
    going:   take the door; release `users`; get `users` exclusively without waiting: then nobody is left, so stop the
             server; release the door

`users` is held exclusively only by one who has the door, so whoever has the door gets it shared without waiting. A
process that is killed leaves the server running; the next command uses it, and stops it when it goes.

POSIX locks belong to the process, and are lost as soon as it closes any handle of the file. So within one process the
uses are counted, and each file has one handle.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fasteners import InterProcessLock, InterProcessReaderWriterLock

from database import postgres
from database.settings import Settings
from kernel.findings import Refusal, why_not


@dataclass(slots=True)
class _Use:
    """How often this process uses the server of one folder, and its one handle on `users.lock`."""

    users: InterProcessReaderWriterLock
    count: int = 0


_uses: dict[Path, _Use] = {}
_threads = threading.Lock()  # the door between the threads of this process


@contextmanager
def _refusing(home: Path) -> Iterator[None]:
    """Raises `Refusal` when the folder cannot be used: it may be on a disk where nobody may write."""
    try:
        yield
    except OSError as error:
        hint = "controleer de rechten en de ruimte, of kies met BEKOSTIGING_HOME een andere map"
        raise Refusal(f"de database in {home} is niet te gebruiken: {why_not(error)}", hint) from None


@contextmanager
def server(settings: Settings) -> Iterator[str]:
    """The URL of the embedded server, which runs for as long as the context lasts.

    Raises `Refusal` when it can not be made or started.
    """
    home = home_of(settings)
    with _refusing(home), _door(home) as use:
        if use.count == 0:
            use.users.acquire_read_lock()
        use.count += 1
        try:
            url = _ensure_running(home, settings.config_dir)
        except BaseException:
            _leave(home, use, settings)
            raise
    try:
        yield url
    finally:
        with _refusing(home), _door(home) as use:
            _leave(home, use, settings)


def stop(settings: Settings) -> bool:
    """Stop a server that was left running; False when none runs. Raises `Refusal` while it is in use."""
    home = home_of(settings)
    if postgres.running(home) is None:
        return False
    with _refusing(home), _door(home) as use:
        if not _stop_unless_used(home, use):
            raise Refusal("de database is nog in gebruik", "wacht tot de andere opdracht klaar is")
    return True


def home_of(settings: Settings) -> Path:
    """The folder of the embedded server."""
    return settings.data_dir.resolve() / "postgresql"  # one name, so one handle per lock


@contextmanager
def _door(home: Path) -> Iterator[_Use]:
    """The right to come and go, alone; gives this process's use of the server."""
    with _threads:
        postgres.prepare(home)
        for lock in (home / "door.lock", home / "users.lock"):
            if not lock.exists():
                lock.touch(mode=0o600)
                postgres.give(lock, home)
        with InterProcessLock(home / "door.lock"):
            if home not in _uses:
                _uses[home] = _Use(InterProcessReaderWriterLock(home / "users.lock"))
            yield _uses[home]


def _leave(home: Path, use: _Use, settings: Settings) -> None:
    use.count -= 1
    if use.count == 0:
        use.users.release_read_lock()
    if not settings.keep_server:
        _stop_unless_used(home, use)


def _stop_unless_used(home: Path, use: _Use) -> bool:
    if use.count:
        return False
    if not use.users.acquire_write_lock(blocking=False):
        use.users.lockfile.close()  # left open by the attempt
        use.users.lockfile = None
        return False
    try:
        if postgres.running(home):
            postgres.stop(home)
    finally:
        use.users.release_write_lock()
    return True


def _ensure_running(home: Path, config_dir: Path) -> str:
    # Whoever was starting or stopping the server may have been killed; it goes on by itself, mostly.
    while (postmaster := postgres.running(home)) and postmaster.state != "ready":
        if postmaster.state == "stopping":
            postgres.stop(home)
        time.sleep(0.01)
    if postmaster is None:
        postgres.start(home, config_dir)
        postmaster = postgres.running(home)
        assert postmaster is not None, "a server that has started is found"
    return postgres.address(postmaster, home, config_dir)
