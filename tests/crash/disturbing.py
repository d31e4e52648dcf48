"""Commands of the program in a child of the test process, which can be struck at a moment of choice.

A child is forked, so it has imported everything; it opens its own connections. What it comes past is counted by kind of
moment: lines of the product, statements, blocks of COPY, commits, and what it does to files. So a moment has a number,
and the same command comes past it again.
"""

from __future__ import annotations

import gc
import json
import os
import random
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

import cli

ROOT = Path(__file__).parents[2]
_PRODUCT = tuple(f"{ROOT / name}" for name in ("database", "tariffs", "contracts", "importers", "settlement"))
_PATIENCE_SECONDS = 120.0
_FILE_EVENTS = ("os.rename", "os.link", "os.remove", "os.mkdir")

# Elsewhere a forked process may not use libraries that its parent has used (macOS), or there is no fork.
needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="gives commands in children that are forked")

DURING_COMMIT = "during a commit"


@dataclass(slots=True)
class Moments:
    """Counts the moments of each kind; strikes at one of them."""

    kind: str = ""
    number: int = 0
    strike: Callable[[], None] = lambda: None
    counts: dict[str, int] = field(default_factory=dict)

    def __call__(self, kind: str) -> None:
        self.counts[kind] = number = self.counts.get(kind, 0) + 1
        if number == self.number and kind == self.kind:
            self.strike()

    def is_next(self, kind: str) -> bool:
        return kind == self.kind and self.counts.get(kind, 0) + 1 == self.number


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to a command: it is struck at a moment, killed after a time, or limited from the start.

    `lines` says whether lines are moments: counting them makes a command slower.
    """

    kind: str = ""
    number: int = 0
    strike: Callable[[], None] = kill_myself
    after_seconds: float | None = None
    limit: Callable[[], None] = lambda: None
    lines: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.number}{'' if self.after_seconds is None else f' ({self.after_seconds:.3f} s)'}"


NONE = Trouble()
MEASURED = Trouble(lines=True)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: `code` is None when it was killed. `counts` are the moments it came past, if it ended well."""

    code: int | None
    output: str
    counts: Mapping[str, int]
    seconds: float


@dataclass(slots=True)
class Child:
    """A command that is under way."""

    pid: int
    output: int
    counts: int
    started: float

    def end(self) -> Ended:
        """Wait until it has ended. What does not end in time is killed, and an error: a deadlock."""
        read = {self.output: b"", self.counts: b""}
        open_ = set(read)
        while open_:
            left = self.started + _PATIENCE_SECONDS - time.monotonic()
            ready = select.select(list(open_), [], [], max(left, 0))[0]
            if not ready:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError(f"the command hangs; it said: {read[self.output].decode()}")
            for pipe in ready:
                block = os.read(pipe, 1 << 16)
                read[pipe] += block
                if not block:
                    open_.discard(pipe)
                    os.close(pipe)
        status = os.waitpid(self.pid, 0)[1]
        code = None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
        if code is None:
            assert os.WTERMSIG(status) == signal.SIGKILL, f"ended by signal {os.WTERMSIG(status)}"
        counts = json.loads(read[self.counts] or b"{}")
        return Ended(code, read[self.output].decode(), counts, time.monotonic() - self.started)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where commands are given: a database, or the embedded one of a home; and that home."""

    home: Path
    url: str = ""

    def start(self, *arguments: str, trouble: Trouble = NONE) -> Child:
        outputs, counts = os.pipe(), os.pipe()
        started = time.monotonic()
        with warnings.catch_warnings():
            # Later Pythons warn of other threads (those of xdist); the child needs none of their locks.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            self._be_the_child(arguments, trouble, outputs[1], counts[1])
        for pipe in (outputs[1], counts[1]):
            os.close(pipe)
        child = Child(pid, outputs[0], counts[0], started)
        if trouble.after_seconds is not None:
            time.sleep(max(0.0, started + trouble.after_seconds - time.monotonic()))
            os.kill(pid, signal.SIGKILL)  # it may have ended; it keeps its number until it is waited for
        return child

    def do(self, *arguments: str, trouble: Trouble = NONE) -> Ended:
        return self.start(*arguments, trouble=trouble).end()

    def _be_the_child(self, arguments: tuple[str, ...], trouble: Trouble, output: int, counts: int) -> None:
        code = 99
        try:
            gc.freeze()  # what came from the parent is not looked through
            os.dup2(output, 1)
            os.dup2(output, 2)
            sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 lives as long as it
            os.environ.update(
                BEKOSTIGING_HOME=str(self.home), BEKOSTIGING_DATABASE_URL=self.url, BEKOSTIGING_USER="tester"
            )
            moments = Moments(trouble.kind, trouble.number, trouble.strike)
            _watch(moments)
            if trouble.lines:
                sys.settrace(_tracer(moments))
            trouble.limit()
            try:
                cli.main(list(arguments), prog_name="bekostiging")
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0
            sys.stdout.flush()
            os.write(counts, json.dumps(moments.counts).encode())
        finally:
            os._exit(code)


def _watch(moments: Moments) -> None:
    """Have every moment told. Only in a child: nothing of it is taken back."""
    event.listen(Engine, "before_cursor_execute", lambda *_: moments("a statement"))
    commit = DefaultDialect.do_commit

    def do_commit(dialect: DefaultDialect, connection: Any) -> None:
        moments("before a commit")
        if moments.is_next(DURING_COMMIT):  # it was sent, and nobody hears the answer
            connection.pgconn.send_query(b"COMMIT")
            connection.pgconn.flush()
        moments(DURING_COMMIT)
        commit(dialect, connection)
        moments("after a commit")

    DefaultDialect.do_commit = do_commit  # type: ignore[assignment, method-assign]
    for name in ("write", "write_row", "read"):
        setattr(psycopg.Copy, name, _told(getattr(psycopg.Copy, name), moments, "a block of COPY"))
    os.fsync = _told(os.fsync, moments, "a file")
    sys.addaudithook(lambda name, arguments: _file_event(moments, name, arguments))


def _told(function: Callable[..., Any], moments: Moments, kind: str) -> Callable[..., Any]:
    def told(*arguments: Any, **options: Any) -> Any:
        moments(kind)
        return function(*arguments, **options)

    return told


def _file_event(moments: Moments, name: str, arguments: tuple[Any, ...]) -> None:
    written = name == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if written or name in _FILE_EVENTS:
        moments("a file")


def _tracer(moments: Moments) -> Callable[[FrameType, str, Any], Any]:
    def line(frame: FrameType, what: str, argument: Any) -> Any:
        moments("a line")
        return line

    def call(frame: FrameType, what: str, argument: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(_PRODUCT) else None

    return call


@contextmanager
def asked(url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection of the test itself, to look at what is stored."""
    address = url.replace("postgresql+psycopg", "postgresql", 1)
    with psycopg.connect(address, application_name="test", autocommit=True) as connection:
        yield connection


def settle_down(url: str) -> None:
    """Wait until the server has noticed that its clients are gone: until then it may still be committing."""
    give_up = time.monotonic() + 30
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with asked(url) as connection:
        while connection.execute(query + " AND backend_type = 'client backend'").fetchone() != (0,):
            assert time.monotonic() < give_up, "a session of a killed client stays"
            time.sleep(0.005)


def chance_of(case: object) -> random.Random:
    """What decides on the moments of a case. The seed is printed, so that it is shown of a case that fails."""
    seed = os.environ.get("BEKOSTIGING_CRASH_SEED") or f"{random.SystemRandom().getrandbits(32):08x}"
    sys.stdout.write(f"BEKOSTIGING_CRASH_SEED={seed}, case {case}\n")
    return random.Random(f"{seed} {case}")


def cut(url: str) -> None:
    """End every session of a database but the one that does this."""
    with asked(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
