"""The story told in one database, with or without trouble, and what must be true when a month is over."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from database import embedded
from database.connection import open_engine, transaction
from database.recordings import TIME_ZONE
from database.settings import Settings
from settlement.invariants import broken_in_the_books
from tests.crash import auditor, story
from tests.crash.disturbing import MEASURED, NONE, Desk, Ended, Trouble, asked, settle_down

_DONE, _ATTENTION, _REFUSED = 0, 3, 1

# What is made anew in every database, or says when: it is no part of what must be the same.
_NOT_COMPARED = ("id", "client_id", "pseudonym", "fingerprint", "facts", "recorded_at", "at", "added_at")
_PRICE_VERSION_ID = re.compile(r"'price_version_id': '[0-9]+'")  # in an explanation
_NAMED_BY = {
    "municipality_id": "SELECT id, code FROM municipalities",
    "provider_id": "SELECT id, agb_code FROM providers",
    "product_id": "SELECT id, code FROM products",
    "contract_id": "SELECT id, number FROM contracts",
    "price_list_id": "SELECT id, name FROM price_lists",
    "price_version_id": "SELECT id, version::text FROM price_versions",
}


@dataclass(frozen=True, slots=True)
class Told:
    """How the story ended: what is stored after each month, the papers, and how each step went."""

    stored: Mapping[str, Mapping[str, list[str]]]
    papers: Mapping[str, object]
    steps: Mapping[str, Ended]


@dataclass(slots=True)
class Disturbance:
    """How often each step is struck, with what, and how to see that it was. `struck` counts what was, by kind."""

    points: Mapping[str, int]
    draw: Callable[[str], Trouble]
    was_struck: Callable[[Ended], bool]
    undisturbed: Trouble = NONE
    owed: int = 0
    struck: Counter[str] = field(default_factory=Counter)


NOTHING = Disturbance({}, lambda _: NONE, lambda _: False)
MEASURING = Disturbance({}, lambda _: NONE, lambda _: False, undisturbed=MEASURED)


@dataclass(frozen=True, slots=True)
class Telling:
    """A database and a folder in which the story is told; without a URL the embedded database of that folder."""

    url: str
    folder: Path
    months: Sequence[str] = story.MONTHS

    @property
    def desk(self) -> Desk:
        return Desk(self.folder / "home", self.url)

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def steps(self) -> Iterator[tuple[str, story.Step]]:
        """The steps of the story by name: '2026-02 post'."""
        for step in story.register_steps(self.files):
            yield f"register {step.name}", step
        for month in self.months:
            for step in story.month_steps(month, self.files, self.out):
                yield f"{month} {step.name}", step

    @contextmanager
    def reached(self) -> Iterator[str]:
        """The URL at which the database can be reached now."""
        if self.url:
            yield self.url
        else:
            home = self.desk.home
            with embedded.server(Settings(home / "data", home / "config", database_url=None, user="tester")) as url:
                yield url

    def is_done(self, step: story.Step) -> bool:
        with self.reached() as url:
            settle_down(url)
            with asked(url) as connection:
                return bool(step.done) and connection.execute(step.done).fetchone() == (True,)


def tell(telling: Telling, disturbance: Disturbance) -> Told:
    """Tell the story; every step is struck as often as it is to be, and then done to its end.

    Whoever gives a command that was struck gives it again, without looking. Only a run that is there is not made again.
    """
    stored: dict[str, Mapping[str, list[str]]] = {}
    ended: dict[str, Ended] = {}
    story.write_files(telling.files)
    telling.out.mkdir(exist_ok=True)
    for name, step in telling.steps():
        disturb(telling, name, step, disturbance)
        ended[name] = finish(telling, name, step, disturbance.undisturbed)
        if step.name == "backup":
            month = name.partition(" ")[0]
            with telling.reached() as url:
                audit(url, month)
                stored[month] = contents(url)
    return Told(stored, papers(telling.out), ended)


def disturb(telling: Telling, name: str, step: story.Step, disturbance: Disturbance) -> None:
    """Strike a step. What is left because it ended before it was struck, is owed to the next step."""
    disturbance.owed += disturbance.points.get(name, 0)
    for _ in range(5 * disturbance.owed):
        if not disturbance.owed or (step.only_once and telling.is_done(step)):
            return
        trouble = disturbance.draw(name)
        ended = telling.desk.do(*step.arguments, trouble=trouble)
        if disturbance.was_struck(ended):
            disturbance.struck[trouble.kind] += 1
            disturbance.owed -= 1
        else:
            _check_end(telling, f"{name}, struck at {trouble}", step, ended)


def finish(telling: Telling, name: str, step: story.Step, trouble: Trouble = NONE) -> Ended:
    if step.only_once and telling.is_done(step):
        return Ended(_DONE, "", {}, 0)
    ended = telling.desk.do(*step.arguments, trouble=trouble)
    _check_end(telling, name, step, ended)
    return ended


def _check_end(telling: Telling, name: str, step: story.Step, ended: Ended) -> None:
    """A command does what it should, or is refused because it was done before it was struck."""
    fine = ended.code in (_DONE, _ATTENTION) or (ended.code == _REFUSED and telling.is_done(step))
    assert fine, f"{name} ended with {ended.code}: {ended.output}"


# --- what must be true ------------------------------------------------------------------------------------------------


def audit(url: str, month: str) -> None:
    """What is posted and booked is what the auditor works out from the files; and the books tie."""
    months = [(known, story.known_at(known)) for known in story.MONTHS if known <= month]
    with asked(url) as connection:
        for run, (of_month, known) in enumerate(months, start=1):
            assert auditor.posted(connection, run) == auditor.entitled(known, of_month)
        nil = auditor.Journal(*[auditor.Decimal()] * 3)
        assert auditor.booked(connection) == {at: said for at, said in auditor.journals(months).items() if said != nil}
    assert broken(url) == []


def broken(url: str) -> list[str]:
    """What does not tie, as `ledger check` says it; and recordings with a gap."""
    engine = open_engine(url)
    try:
        with transaction(engine) as connection:
            found = [f"{name}: {at}" for name, at in broken_in_the_books(connection).items() if at]
            numbers = connection.execute(text("SELECT number FROM recordings ORDER BY 1")).scalars().all()
    finally:
        engine.dispose()
    return found + [f"recordings {numbers}"] * (numbers != list(range(1, len(numbers) + 1)))


def differing(told: Told, undisturbed: Told) -> list[str]:
    """What is not as it would have been, so that a person sees it; papers when the story was told to its end."""
    found = []
    for month, tables in told.stored.items():
        for table, rows in tables.items():
            ours, theirs = Counter(rows), Counter(undisturbed.stored[month][table])
            found += [f"{month} {table}: here only {row}" for row in (ours - theirs)]
            found += [f"{month} {table}: missing {row}" for row in (theirs - ours)]
    names = {*told.papers, *undisturbed.papers} if told.stored.keys() == undisturbed.stored.keys() else set()
    return found + sorted(name for name in names if told.papers.get(name) != undisturbed.papers.get(name))


def contents(url: str) -> dict[str, list[str]]:
    """What is stored, by table, without clocks, and with codes for the numbers that the database gives out."""
    with asked(url) as connection:
        names = {column: dict(connection.execute(query).fetchall()) for column, query in _NAMED_BY.items()}
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '_[0-9]{4}_[0-9]{2}$'"
        ).fetchall()
        stored = {}
        for (table,) in tables:
            cursor = connection.execute(f"SELECT * FROM {table}")  # type: ignore[arg-type]
            columns = [column.name for column in cursor.description or ()]
            stored[table] = sorted(
                _told_of({c: v for c, v in zip(columns, row, strict=True) if _is_told(table, c)}, names)
                for row in cursor.fetchall()
            )
    return stored


def _told_of(row: Mapping[str, Any], names: Mapping[str, Mapping[int, str]]) -> str:
    named = {column: names[column].get(value) if column in names else value for column, value in row.items()}
    return _PRICE_VERSION_ID.sub("'price_version_id': …", repr(named))


def _is_told(table: str, column: str) -> bool:
    return column not in _NOT_COMPARED or (table, column) == ("runs", "id")


def papers(folder: Path) -> dict[str, object]:
    """What stands under a final name, by name. All of it must be whole; rejected rows may have come back twice."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or path.name.startswith("."):
            continue
        name = re.sub(r"\.geweigerd-\d+", ".geweigerd", str(path.relative_to(folder)))
        content = {".xlsx": workbook, ".zip": backup}.get(path.suffix, Path.read_bytes)(path)
        assert found.setdefault(name, content) == content, f"{path.name} is another file than {name}"
    return found


def workbook(path: Path) -> dict[str, str]:
    """What is in a workbook, part by part; but for when it was drawn up, which differs."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        parts = {name: archive.read(name).decode() for name in archive.namelist() if name != "docProps/core.xml"}
    today = datetime.now(TIME_ZONE).date()
    days = "|".join(f"{day:%d-%m-%Y}" for day in (today, today - timedelta(days=1)))
    return {name: re.sub(days, "today", part) for name, part in parts.items()}


def backup(path: Path) -> object:
    """A backup is whole when it ends with the digest of all before; then what its manifest says is in it."""
    content = path.read_bytes()
    assert content[-64:] == hashlib.sha256(content[:-64]).hexdigest().encode(), "half a backup has a final name"
    with zipfile.ZipFile(path) as archive:
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return manifest["recording"], manifest["runs"], sorted((t["name"], t["rows"]) for t in manifest["tables"])
