"""Figures that prices and budgets are indexed by, known from a recording; the row of the latest recording holds.

A figure that is published again with another percentage is recorded beside the one before it, so that what was known at
a cut-off stays known.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from database.recordings import latest, lock_recordings, record
from kernel.findings import Finding
from kernel.notation import parse_percentage
from kernel.tabular import Column, Row, read_table, row_finding, unread_columns
from kernel.workbooks.cells import Holds
from tariffs.indexation import IndexFigures
from tariffs.products import word_of
from tariffs.tables import index_figures

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_STATUSES = {"voorlopig": "provisional", "definitief": "final", "provisional": "provisional", "final": "final"}
_LOWEST, _HIGHEST = -100, 1000


@dataclass(frozen=True, slots=True)
class IndexFiguresImport:
    """What became of a file. `recording` is None when all of it was known."""

    recording: int | None
    added: int
    changed: int
    known: int
    warnings: tuple[Finding, ...]


def _parse_name(text: str) -> str:
    name = text.lower()
    if not _NAME.fullmatch(name):
        raise ValueError(f'"{text}" is geen naam van een indexcijfer; schrijf letters, cijfers, - en _, zoals OVA')
    return name


def _parse_year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 2000 <= int(text) <= 2100):
        raise ValueError(f'"{text}" is geen jaar; schrijf een jaar zoals 2026')
    return int(text)


def _parse_percent(text: str) -> Decimal:
    percent = parse_percentage(text)
    if not _LOWEST < percent < _HIGHEST:
        raise ValueError(f'"{text}" is geen percentage van een index; controleer de komma')
    return percent


LAYOUT = (
    Column("name", ("naam", "name"), _parse_name),
    Column("year", ("jaar", "year"), _parse_year, holds=Holds.NUMBER),
    Column("status", ("status",), word_of(_STATUSES)),
    Column("percent", ("percentage", "percent"), _parse_percent, holds=Holds.NUMBER),
)


def import_index_figures(connection: Connection, path: Path, by: str) -> IndexFiguresImport:
    """Record the figures of a file that are new or changed. Raises `Refusal` with every finding."""
    lock_recordings(connection)
    before = index_figures_known(connection, latest(connection))
    table = read_table(path, LAYOUT, _judge)
    stated = {(row["name"], row["year"], row["status"]): row["percent"] for row in table.rows}
    changes = {key: percent for key, percent in stated.items() if before.get(key) != percent}
    added = sum(key not in before for key in changes)
    changed = len(changes) - added
    recording = None
    if changes:
        what = f"indexcijfers: {added} nieuw, {changed} gewijzigd"
        recording = record(connection, "index", what, by, table.file_name, table.sha256)
        connection.execute(
            insert(index_figures),
            [
                {"name": name, "year": year, "status": status, "recording": recording, "percent": percent}
                for (name, year, status), percent in changes.items()
            ],
        )
    known = len(stated) - len(changes)
    return IndexFiguresImport(recording, added, changed, known, tuple(unread_columns(table)))


def index_figures_known(connection: Connection, cutoff: int) -> IndexFigures:
    """Every figure as it was known at `cutoff`."""
    return {key: percent for key, (percent, _) in recorded_figures(connection, cutoff).items()}


def recorded_figures(connection: Connection, cutoff: int) -> Mapping[tuple[str, int, str], tuple[Decimal, int]]:
    """Every figure as it was known at `cutoff`, and the recording that brought it in."""
    columns = index_figures.c
    key = (columns.name, columns.year, columns.status)
    query = (
        select(*key, columns.percent, columns.recording)
        .ext(distinct_on(*key))
        .where(columns.recording <= cutoff)
        .order_by(*key, columns.recording.desc())
    )
    return {(row.name, row.year, row.status): (row.percent, row.recording) for row in connection.execute(query)}


def _judge(rows: Sequence[Row]) -> Iterator[Finding]:
    first_rows: dict[tuple[str, int, str], int] = {}
    for row in rows:
        key = (row["name"], row["year"], row["status"])
        if (first := first_rows.setdefault(key, row.number)) != row.number:
            yield row_finding("T08", row.number, f"rij {first} noemt dit cijfer ook", "laat een van beide weg")
