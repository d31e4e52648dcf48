"""The neighbourhood statistics of CBS ("Kerncijfers wijken en buurten") as CBS publishes them.

Two forms of one table: CSV separated by semicolons, and the JSON of an OData feed (`TypedDataSet` or
`UntypedDataSet`). Its columns carry a number that shifts from year to year (`HuishoudensTotaal_28`,
`HuishoudensTotaal_29`), so they are found by their name without it. Counts are of 1 January of the year of the table.

CBS leaves out a figure that is secret or not known. Such a count is not recorded: absent is never zero.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from contracts.values import word_of_measure
from importers.days import latest_year
from importers.population_counts import CountKey, CountsImport, district_gaps, parse_count, record_counts
from kernel.findings import Finding, Refusal, Severity
from kernel.identifiers import area_code
from kernel.notation import counted, format_date, format_number
from kernel.tabular import decode, delimiter_of, name_of, normal, read_bytes, refuse_table, row_finding
from kernel.workbooks.book import is_workbook

# The columns of CBS that are read, by their name without number, and the measure that contracts know them by.
MEASURES = {
    "AantalInwoners": "inhabitants",
    "k_0Tot15Jaar": "inhabitants_0_15",
    "k_15Tot25Jaar": "inhabitants_15_25",
    "k_25Tot45Jaar": "inhabitants_25_45",
    "k_45Tot65Jaar": "inhabitants_45_65",
    "k_65JaarOfOuder": "inhabitants_65_plus",
    "HuishoudensTotaal": "households",
    "Woningvoorraad": "dwellings",
}
_CODES = ("Codering", "WijkenEnBuurten")  # the first that is there; in some files the second holds names
_COUNTRY = "NL"
_ABSENT = {"", ".", "-", "x"}
_NEXT_PAGE = ("odata.nextLink", "@odata.nextLink")
_SHOWN_AREAS = 5


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A file of either form: its header, its rows with their number, and whether a next page exists."""

    header: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]
    has_next_page: bool = False


@dataclass(frozen=True, slots=True)
class _Reading:
    """The counts of a file by measure and area, the areas without a figure by measure, and what is wrong."""

    counts: Mapping[str, dict[str, int]]
    absent: Mapping[str, list[str]]
    findings: Sequence[Finding]


def import_cbs(connection: Connection, path: Path, year: int, status: str, by: str) -> CountsImport:
    """Record the counts of a table of CBS that are new or changed, as those of 1 January of `year`.

    Raises `Refusal` with every finding of the file. Figures that are absent, and municipalities of which the districts
    do not add up, are warnings.
    """
    if year > latest_year():
        raise Refusal(f"een telling over {year} kan er nog niet zijn", f"geef een jaar tot en met {latest_year()}")
    content = read_bytes(path)
    name = name_of(path)
    if is_workbook(content):
        raise Refusal(f"{name} is een werkmap", "haal de tabel bij CBS op als CSV of als JSON")
    sheet = (
        _json_sheet(content, name) if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{" else _csv_sheet(content, name)
    )
    places = _places(sheet.header, name)
    reading = _read(sheet, places)
    if reading.findings:
        raise refuse_table(name, reading.findings)
    day = date(year, 1, 1)
    read: dict[CountKey, int] = {
        (area, measure, day, status): persons
        for measure, counts in reading.counts.items()
        for area, persons in counts.items()
    }
    if not read:
        raise Refusal(f"{name} bevat geen enkel cijfer van een gebied", "haal de tabel opnieuw op bij CBS")
    warnings = [*_absent(name, sheet.header, places, reading), *_gaps(reading, day)]
    if sheet.has_next_page:
        hint = "lees ook de volgende bladzijden in, of haal de hele tabel op"
        warnings.append(Finding("B04", Severity.WARNING, name, "is één bladzijde van een grotere tabel", hint))
    return record_counts(connection, read, name, hashlib.sha256(content).hexdigest(), by, warnings)


def _csv_sheet(content: bytes, name: str) -> _Sheet:
    lines = csv.reader(io.StringIO(decode(content, name), newline=""), delimiter=delimiter_of(content), strict=True)
    try:
        header = next(lines)
        return _Sheet(header, [(lines.line_num, cells) for cells in lines if any(cell.strip() for cell in cells)])
    except csv.Error as error:
        raise Refusal(
            f"{name}, rij {lines.line_num}: de rij is niet af ({error})", "haal de tabel opnieuw op bij CBS"
        ) from None


def _json_sheet(content: bytes, name: str) -> _Sheet:
    hint = "haal TypedDataSet van de tabel opnieuw op bij CBS, als JSON"
    try:
        document = json.loads(decode(content, name), parse_float=Decimal)
    except (json.JSONDecodeError, RecursionError) as error:
        raise Refusal(f"{name} is geen geldige JSON ({error})", hint) from None
    rows = document.get("value")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Refusal(f'{name} heeft geen lijst "value" met gebieden', hint)
    header = list(rows[0])
    numbered = [(number, [_text(row.get(column)) for column in header]) for number, row in enumerate(rows, start=1)]
    return _Sheet(header, numbered, has_next_page=any(document.get(key) for key in _NEXT_PAGE))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _places(header: Sequence[str], name: str) -> dict[str, int]:
    """Where the columns that are read stand, by their name without number. Raises `Refusal`."""
    found: dict[str, int] = {}
    wanted = {normal(column): column for column in (*_CODES, *MEASURES)}
    for place, title in enumerate(header):
        column = wanted.get(normal(re.sub(r"_\d+$", "", title.strip())))
        if column in found:
            twice = f'"{header[found[column]]}" en "{title}"'
            raise Refusal(f"{name}: de kolommen {twice} betekenen hetzelfde", "laat er een weg")
        if column:
            found[column] = place
    missing = [columns[0] for columns in (_CODES, ("AantalInwoners",)) if found.keys().isdisjoint(columns)]
    if missing:
        raise Refusal(
            f"{name}: kolom {', '.join(missing)} ontbreekt",
            "haal de tabel Kerncijfers wijken en buurten op bij CBS, als CSV of als TypedDataSet in JSON",
        )
    return found


def _read(sheet: _Sheet, places: Mapping[str, int]) -> _Reading:
    code_place = next(places[column] for column in _CODES if column in places)
    measures = {column: places[column] for column in MEASURES if column in places}
    counts: dict[str, dict[str, int]] = {MEASURES[column]: {} for column in measures}
    absent: dict[str, list[str]] = {column: [] for column in measures}
    findings: list[Finding] = []
    rows_of: dict[str, int] = {}
    for number, cells in sheet.rows:
        if len(cells) != len(sheet.header):
            message = f"{len(cells)} van de {len(sheet.header)} kolommen"
            findings.append(row_finding("B05", number, message, "haal de tabel opnieuw op bij CBS"))
            continue
        text = cells[code_place].strip()
        if text.upper().startswith(_COUNTRY):
            continue
        area = area_code(text)
        if area is None:
            message = f'"{text}" is geen code van een gemeente, wijk of buurt'
            findings.append(row_finding("B06", number, message, "verwijder de rij", sheet.header[code_place]))
            continue
        if (first := rows_of.setdefault(area, number)) != number:
            findings.append(row_finding("B01", number, f"{area} staat ook in rij {first}", "laat een van beide weg"))
            continue
        for column, place in measures.items():
            cell = cells[place].strip()
            if cell.lower() in _ABSENT:
                absent[column].append(area)
                continue
            try:
                counts[MEASURES[column]][area] = parse_count(cell)
            except ValueError as error:
                message, _, hint = str(error).rpartition("; ")
                findings.append(row_finding("B06", number, message, hint, sheet.header[place]))
    return _Reading(counts, absent, findings)


def _absent(name: str, header: Sequence[str], places: Mapping[str, int], reading: _Reading) -> Iterator[Finding]:
    """A warning for each column in which figures are absent."""
    for column, areas in reading.absent.items():
        if areas:
            message = f"geen cijfer voor {_areas_in_words(areas)}; niet vastgelegd, en dus niet 0"
            hint = "laat een contract alleen gebieden tellen waarvan het cijfer bekend is"
            place = f'{name}, kolom "{header[places[column]]}"'
            yield Finding("B02", Severity.WARNING, place, message, hint)


def _areas_in_words(areas: Sequence[str]) -> str:
    shown = ", ".join(areas[:_SHOWN_AREAS]) + (", …" if len(areas) > _SHOWN_AREAS else "")
    kinds = (("GM", "gemeente", "gemeenten"), ("WK", "wijk", "wijken"), ("BU", "buurt", "buurten"))
    counts = ((sum(area.startswith(kind) for area in areas), one, many) for kind, one, many in kinds)
    words = (counted(*count) for count in counts if count[0])
    return f"{', '.join(words)} ({shown})"


def _gaps(reading: _Reading, day: date) -> Iterator[Finding]:
    """A warning for each measure of which the districts of a municipality do not add up to it."""
    for measure, counts in reading.counts.items():
        compared = district_gaps(counts)
        gaps = sorted(((gap, area) for area, gap in compared.items() if gap), key=lambda found: (-found[0], found[1]))
        if gaps:
            shown = ", ".join(f"{area} ({format_number(gap)})" for gap, area in gaps[:_SHOWN_AREAS])
            message = (
                f"bij {format_number(len(gaps))} van de {format_number(len(compared))} gemeenten zijn de wijken samen "
                f"niet de gemeente; de grootste verschillen: {shown}"
            )
            hint = "laat het contract bij areas zeggen wat telt: de gemeente of haar wijken"
            yield Finding("B03", Severity.WARNING, f"{word_of_measure(measure)} op {format_date(day)}", message, hint)
