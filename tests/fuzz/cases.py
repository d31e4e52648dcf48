"""One case: a changed file, read by the command that a user would give, and what must hold whatever stands in it.

- The command ends by itself, as done (0, 3), refused (1) or wrong usage (2); never by an error of the program.
- A refused file leaves the database as it was. Of an accepted one every row is accounted for.
- No client number is said.
- It takes a bounded time, and memory in proportion to the file.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from click.testing import CliRunner, Result
from sqlalchemy import Connection, Engine, text

import cli
from database.connection import something_was_recorded
from database.metadata import metadata
from database.settings import Settings
from settlement.program import Program
from tests.fuzz import mutations, seeds
from tests.settlement.books import Books, delivery, effort_contract

SECONDS = 10
FORMS = ("csv", "csv", "csv", "xlsx", "xlsx", "ods", "toml", "toml", "toml")
ACCEPTED, _REFUSED = (0, 3), (1, 2)
_CLIENTS = ("999900006", "999900018", "999900031", "999900043")


@dataclass(frozen=True, slots=True)
class Case:
    """A file, and the command that reads it; `other` is a good file that the command needs besides."""

    name: str
    arguments: tuple[str, ...]
    file_name: str
    content: bytes
    other: str


class Outcome(NamedTuple):
    """The exit code of a case, and what does not hold of it; None when all does."""

    code: int | None
    wrong: str | None


class TooSlow(BaseException):
    """A case that did not end in time; no error, so that nothing but this module catches it."""


def case_of(seed: int, index: int) -> Case:
    """The case of a number: the same for ever, as long as seeds and mutations stay."""
    rng = Random(f"{seed}:{index}")
    form = rng.choice(FORMS)
    if form == "toml":
        chosen = rng.choice(_often(seeds.DOCUMENTS))
        return _case(chosen, "document.toml", mutations.document(rng, chosen.text))
    chosen = rng.choice(_often(seeds.TABLES))
    if form == "csv":
        return _case(chosen, f"{chosen.name}.csv", mutations.as_csv(rng, mutations.table(rng, chosen.rows)))
    if rng.random() < 0.4:
        rows = [";".join(row) for row in mutations.table(rng, chosen.rows)]
        try:
            parts = getattr(seeds, form)(rows)
        except ValueError:  # no spreadsheet holds such a number
            parts = _parts(chosen.name, form)
    else:
        parts = mutations.workbook(rng, _parts(chosen.name, form))
    content = seeds.packed(parts)
    return _case(chosen, f"{chosen.name}.{form}", mutations.damaged(rng, content) if rng.random() < 0.05 else content)


def form_of(seed: int, index: int) -> str:
    return Random(f"{seed}:{index}").choice(FORMS)


def good_cases() -> Iterator[Case]:
    """Every seed as it is, in every form that it has."""
    for seed in seeds.DOCUMENTS:
        yield _case(seed, "document.toml", seed.text.encode())
    for seed in seeds.TABLES:
        yield _case(seed, f"{seed.name}.csv", "\n".join(seed.rows).encode())
        for form in ("xlsx", "ods"):
            yield _case(seed, f"{seed.name}.{form}", seeds.packed(_parts(seed.name, form)))


def _often(known: tuple[seeds.Seed, ...]) -> list[seeds.Seed]:
    """What has the most to read comes the most."""
    return [seed for seed in known for _ in range({"deliveries": 8, "accounts": 4, "facts": 4}.get(seed.name, 1))]


@cache
def _parts(name: str, form: str) -> dict[str, bytes]:
    [rows] = [seed.rows for seed in seeds.TABLES if seed.name == name]
    parts: dict[str, bytes] = getattr(seeds, form)(rows)
    return parts


def _case(seed: seeds.Seed, file_name: str, content: bytes) -> Case:
    return Case(seed.name, tuple(seed.arguments), file_name, content, seed.other)


@dataclass(frozen=True, slots=True)
class _Held(Program):
    """A program whose database stays open."""

    held: Engine | None = None

    @contextmanager
    def engine(self, *, check_schema: bool = True) -> Iterator[Engine]:
        assert self.held is not None
        yield self.held


class Room:
    """A database with parties, products, prices, contracts and deliveries, that is as before after every case."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        settings = Settings(folder, folder / "config", database_url="", user="tester")
        self._program = _Held(settings, held=engine)
        self._runner = CliRunner()
        books = Books(engine, folder)
        books.open(seeds.CONTRACT_B, effort_contract("C", provider="41000003"))
        books.prices(*seeds.PRICES)
        books.count(10000)
        books.deliver(
            delivery("r1", "45A04", "2026-01-05", 60, client="999900018", provider="41000002"),
            delivery("r2", "44A09", "2026-01-06", 1, client="999900006", provider="41000002"),
        )
        self._tables = [table.name for table in metadata.sorted_tables]
        with engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA saved"))
            for name in self._tables:
                connection.execute(text(f"CREATE TABLE saved.{name} AS TABLE public.{name}"))
        self._before = self._counts()

    def outcome(self, case: Case) -> Outcome:
        """What comes of a case; the books are as before afterwards."""
        path, other = self._folder / case.file_name, self._folder / "other.toml"
        path.write_bytes(case.content)
        other.write_text(case.other, encoding="utf-8")
        places = {seeds.FILE: str(path), seeds.OTHER_FILE: str(other), seeds.FOLDER: str(self._folder)}
        try:
            with _in_time():
                words = [places.get(word, word) for word in case.arguments]
                said = self._runner.invoke(cli.main, words, obj=self._program)
        except TooSlow:
            return Outcome(None, f"took more than {SECONDS} seconds")
        after = self._counts() if something_was_recorded() else self._before
        wrong = self._judged(case, said, after)
        if after != self._before:
            self._as_before()
        path.unlink()
        return Outcome(said.exit_code, wrong)

    def _judged(self, case: Case, said: Result, after: dict[str, int]) -> str | None:
        if said.exit_code not in (*ACCEPTED, *_REFUSED):
            return f"ended with {said.exit_code}: {said.output[-1500:]}"
        # That a file of deliveries was refused is remembered, and nothing of what it says.
        unchanged = {**self._before, "refused_files": after["refused_files"]}
        if said.exit_code in _REFUSED and after != unchanged:
            return f"was refused and recorded {_difference(self._before, after)}: {said.output[-500:]}"
        if said.exit_code in _REFUSED and not said.stderr.strip():
            return "was refused without a word"
        for client in _CLIENTS:
            if client in said.output:
                at = said.output.index(client)
                return f"says client number {client}: {said.output[max(0, at - 200) : at + 50]!r}"
        if said.exit_code in ACCEPTED and "--json" in case.arguments:
            answer = json.loads(said.stdout)
            if case.name == "deliveries":
                return self._unaccounted(answer, after)
        return None

    def _unaccounted(self, answer: Any, after: dict[str, int]) -> str | None:
        """Every row that was read was accepted, rejected, is waiting or was known; and what was accepted is there."""
        for file in answer["files"]:
            account = file["account"]
            for what in ("rows", "claimed"):
                parts = {name: Decimal(value) for name, value in account.items() if name.startswith(what)}
                [read] = [value for name, value in parts.items() if "read" in name]
                if sum(parts.values()) != 2 * read:
                    return f"{what} are lost: {account}"
            entered = after["deliveries"] - self._before["deliveries"]
            if entered > account["rows_accepted"] + account["rows_waiting"]:
                return f"{entered} deliveries were recorded: {account}"
        return None

    def _counts(self) -> dict[str, int]:
        query = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in self._tables)
        with self._engine.connect() as connection:
            return dict(connection.execute(text(query)).all())  # type: ignore[arg-type]

    def _as_before(self) -> None:
        """Put back the rows of before, in a way that no use case can."""
        emptied = "; ".join(f"DELETE FROM {name}" for name in reversed(self._tables))
        with self._engine.begin() as connection:
            _run(connection, f"SET LOCAL session_replication_role = replica; {emptied}")
            filled = (
                f"INSERT INTO public.{name} OVERRIDING SYSTEM VALUE SELECT * FROM saved.{name}"
                for name in self._tables
                if self._before[name]
            )
            _run(connection, "; ".join(filled))


def _run(connection: Connection, statements: str) -> None:
    """Several statements at once, which only a plain query can be."""
    connection.connection.cursor().execute(statements)


def _difference(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - count for name, count in before.items() if after[name] != count}


@contextmanager
def _in_time() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
