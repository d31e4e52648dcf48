"""Counts of people in areas: municipalities, districts and neighbourhoods of CBS, or areas a contract names itself.

District counts are rounded to 5, so the districts of a municipality seldom add up to it: a contract says which of the
two its budget is based on, and the summary of an import shows how much that matters.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select

from contracts.values import measure_of, word_of_measure
from database.recordings import latest, lock_recordings, record
from importers.days import parse_day
from importers.tables import population_counts
from kernel.findings import Finding
from kernel.identifiers import area_code
from kernel.notation import counted, format_date, format_number, parse_whole
from kernel.tabular import Column, Row, own_name, read_table, row_finding, unread_columns
from kernel.workbooks.cells import Holds
from tariffs.products import word_of

_HIGHEST_COUNT = 2_000_000_000
CountKey = tuple[str, str, date, str]  # area, measure, date of the count, status ('provisional' or 'final')


@dataclass(frozen=True, slots=True)
class Count:
    """How many persons (or dwellings …) were counted, and the recording that says so."""

    persons: int
    recording: int


@dataclass(frozen=True, slots=True)
class CountSummary:
    """The municipalities and districts of one measure, date and status in a file.

    `equal` is at how many municipalities the districts add up to the municipality; `largest_gap` how much the others
    differ at most. Municipalities without districts in the file are not compared.
    """

    measure: str
    counted_on: date
    status: str
    municipalities: int
    districts: int
    persons: int
    compared: int
    equal: int
    largest_gap: int


@dataclass(frozen=True, slots=True)
class CountsImport:
    """What became of a file. `recording` is None when all of it was known."""

    recording: int | None
    added: int
    changed: int
    known: int
    summaries: tuple[CountSummary, ...]
    warnings: tuple[Finding, ...]


def _parse_area(text: str) -> str:
    return area_code(text) or own_name(text)


def parse_count(text: str) -> int:
    """Read a count. Raises `ValueError` with a Dutch reason."""
    count = parse_whole(text)
    if not 0 <= count <= _HIGHEST_COUNT:
        raise ValueError(f'"{text}" is geen telling; vul een geheel getal van 0 of meer in')
    return count


_STATUSES = {"voorlopig": "provisional", "definitief": "final", "provisional": "provisional", "final": "final"}
LAYOUT = (
    Column("area", ("gebied", "area"), _parse_area),
    Column("measure", ("maat", "measure"), measure_of),
    Column("counted_on", ("peildatum", "date"), parse_day, holds=Holds.DAY),
    Column("persons", ("aantal", "count"), parse_count, holds=Holds.NUMBER),
    Column("status", ("status",), word_of(_STATUSES)),
)


def import_counts(connection: Connection, path: Path, by: str) -> CountsImport:
    """Record the counts of a file that are new or changed. Raises `Refusal` with every finding of the file."""
    table = read_table(path, LAYOUT, _twice)
    read = {_key(row): row["persons"] for row in table.rows}
    return record_counts(connection, read, table.file_name, table.sha256, by, unread_columns(table))


def record_counts(
    connection: Connection,
    read: Mapping[CountKey, int],
    file_name: str,
    sha256: str,
    by: str,
    warnings: Sequence[Finding],
) -> CountsImport:
    """Record the counts read from a file that are new or changed."""
    lock_recordings(connection)
    known = counts_known(connection, latest(connection))
    added = [key for key in read if key not in known]
    changed = [key for key in read if key in known and known[key].persons != read[key]]
    recording = None
    if added or changed:
        what = f"tellingen: {len(added)} nieuw, {len(changed)} gewijzigd"
        recording = record(connection, "population", what, by, file_name, sha256)
        connection.execute(
            insert(population_counts),
            [
                {
                    "area": area,
                    "measure": measure,
                    "counted_on": counted_on,
                    "status": status,
                    "recording": recording,
                    "persons": read[(area, measure, counted_on, status)],
                }
                for area, measure, counted_on, status in (*added, *changed)
            ],
        )
    return CountsImport(
        recording,
        len(added),
        len(changed),
        len(read) - len(added) - len(changed),
        tuple(_summaries(read)),
        tuple(warnings),
    )


def counts_known(connection: Connection, cutoff: int) -> Mapping[CountKey, Count]:
    """Every count in the latest version recorded up to `cutoff`."""
    columns = population_counts.c
    rows = connection.execute(
        select(columns.area, columns.measure, columns.counted_on, columns.status, columns.persons, columns.recording)
        .where(columns.recording <= cutoff)
        .order_by(columns.recording)
    )
    # A later count of the same replaces an earlier one.
    return {
        (area, measure, counted_on, status): Count(persons, recording)
        for area, measure, counted_on, status, persons, recording in rows
    }


def render_counts_account(result: CountsImport) -> str:
    """How many counts of a file are new, changed or known."""
    if result.recording is None:
        return f"Al bekend: {counted(result.known, 'telling', 'tellingen')}; er is niets vastgelegd."
    return (
        f"Vastlegging {result.recording}: {counted(result.added, 'telling', 'tellingen')} nieuw, "
        f"{format_number(result.changed)} gewijzigd, {format_number(result.known)} al bekend."
    )


def render_counts_import(result: CountsImport) -> str:
    """What to tell the user about an import."""
    lines = [render_counts_account(result)]
    for summary in result.summaries:
        status = "definitief" if summary.status == "final" else "voorlopig"
        measure = word_of_measure(summary.measure)
        lines += [
            "",
            f"{measure} op {format_date(summary.counted_on)}, {status}:",
            f"  gemeenten                       {format_number(summary.municipalities):>12}",
            f"  wijken                          {format_number(summary.districts):>12}",
            f"  {measure[:22] + ' in de gemeenten':<30}  {format_number(summary.persons):>12}",
        ]
        if summary.compared:
            lines += [
                f"  som van de wijken is gelijk bij {format_number(summary.equal):>12} gemeenten",
                f"  grootste verschil               {format_number(summary.largest_gap):>12}",
            ]
    if any(summary.largest_gap for summary in result.summaries):
        lines += ["", "Wijken tellen niet op tot hun gemeente: een contract noemt daarom zelf zijn gebieden (areas)."]
    return "\n".join(lines)


def _key(row: Row) -> CountKey:
    return (row["area"], row["measure"], row["counted_on"], row["status"])


def _twice(rows: Sequence[Row]) -> Iterator[Finding]:
    first: dict[CountKey, int] = {}
    for row in rows:
        if (number := first.setdefault(_key(row), row.number)) != row.number:
            message = f"dezelfde telling staat ook in rij {number}"
            yield row_finding("B01", row.number, message, "laat een van beide weg")


def district_gaps(persons: Mapping[str, int]) -> dict[str, int]:
    """By how much the districts of a municipality differ from it, of those that have both among the areas."""
    sums: dict[str, int] = defaultdict(int)
    for area, count in persons.items():
        if area_code(area) and area.startswith("WK"):
            sums[f"GM{area[2:6]}"] += count
    return {area: abs(sums[area] - count) for area, count in persons.items() if area in sums}


def _summaries(read: Mapping[CountKey, int]) -> list[CountSummary]:
    by_count: dict[tuple[str, date, str], dict[str, int]] = defaultdict(dict)
    for (area, measure, counted_on, status), persons in read.items():
        by_count[(measure, counted_on, status)][area] = persons
    return [_summary(*key, by_count[key]) for key in sorted(by_count)]


def _summary(measure: str, counted_on: date, status: str, persons: Mapping[str, int]) -> CountSummary:
    municipalities = {area: count for area, count in persons.items() if area_code(area) and area.startswith("GM")}
    districts = {area: count for area, count in persons.items() if area_code(area) and area.startswith("WK")}
    gaps = district_gaps(persons)
    return CountSummary(
        measure,
        counted_on,
        status,
        municipalities=len(municipalities),
        districts=len(districts),
        persons=sum(municipalities.values()),
        compared=len(gaps),
        equal=sum(gap == 0 for gap in gaps.values()),
        largest_gap=max(gaps.values(), default=0),
    )
