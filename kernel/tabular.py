"""Small tables that people keep in a CSV file or a workbook: prices, products, parties, counts, advances.

A *layout* says which columns a table has and how a cell is read. Reading collects every finding of the file; a table
with an error is refused whole, since it enters as one immutable version. Delivery files, which are large and of which
the good rows count although others are bad, have a reader of their own (`importers.delivery_rows`).
"""

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from kernel.findings import Finding, Refusal, Severity, other_than_file, why_not
from kernel.identifiers import as_quoted, as_shown, without_client_numbers
from kernel.notation import counted, parse_date
from kernel.texts import CONTROL, cell_in, cleaned, on_one_line, visible
from kernel.workbooks.book import Sheet, is_workbook, open_workbook
from kernel.workbooks.cells import ERROR_TEXT, SHOWN_OTHERWISE, Holds
from kernel.workbooks.grid import letters

_DELIMITERS = ";,\t"
_LONGEST_HEADER = 40
SUMMARY_TITLE = "Wat er met de regels gebeurde"  # in the first cell of a sheet of our own, beside rows that go back
_SHOWN_SPANS = 5
_BESIDE = 50  # columns beside a table in which something without a header is looked for
_HEADER_WITHIN = 50  # rows of a sheet that are not blank
LOST_DIGITS = r"\d(?:[.,]\d+)?[eE][+-]?\d+"  # 1e+05, 1E5, 2.0260000000000124e+16
_LOST_DIGITS = re.compile(LOST_DIGITS, re.ASCII)


def own_name(text: str) -> str:
    """A name that people give to something, as it stands. Raises `ValueError` when it may hold a client number."""
    if as_shown(text) != visible(text):
        raise ValueError(f'"{text}" bevat een getal dat een cliëntnummer kan zijn; kies een andere naam')
    return text


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `name` in the code, `headers` under which it may stand, and how a cell is read.

    `read` turns the text of a cell into a value and raises `ValueError` with a Dutch reason and remedy. Without it any
    text will do that holds no client number. An optional column that is missing, and an optional cell that is empty,
    give None. Where it is `parse_date`, a bare number in a workbook is a day.
    """

    name: str
    headers: tuple[str, ...]
    read: Callable[[str], Any] = own_name
    required: bool = True
    holds: Holds = Holds.TEXT


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its line in the file (the header is 1) and its values by column name."""

    number: int
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read: its rows, the hash of the file, and what of the file nothing reads."""

    file_name: str
    sha256: str
    rows: tuple[Row, ...]
    unused_headers: tuple[str, ...]
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundTable:
    """Where a table stands in a file: its header, the place of each column, and its rows as texts.

    `rows` gives the rows that are not blank, each with its number, as often as it is asked to, and `column` the cells
    at one place. `header_row` is the number of the last row of the header. `sheet` is the name of the sheet in a
    workbook, and empty in a CSV file; `title` is that name as only the sender may see it.

    `least_cells` is how many cells a row has at least: Excel leaves out separators behind which nothing stands.
    """

    header: Sequence[str]
    places: Mapping[str, int | None]
    rows: Callable[[], Iterator[tuple[int, list[str]]]]
    column: Callable[[int], Iterator[str]]
    header_row: int = 1
    sheet: str = ""
    title: str = ""
    least_cells: int = 0


def read_table(
    path: Path, layout: Sequence[Column], judge: Callable[[Sequence[Row]], Iterable[Finding]] | None = None
) -> Table:
    """Read a CSV file or workbook by `layout`. Raises `Refusal`, with every finding, when any row or column is wrong.

    `judge` finds what is wrong with rows of which every cell can be read. It sees those also when other rows cannot be
    read, so that all that is wrong is told at once.
    """
    content = read_bytes(path)
    name = name_of(path)
    warnings: list[Finding] = []
    if is_workbook(content):
        (table, *others), warnings = tables_in_workbook(path, layout)
        warnings += [
            _unread_sheet(name, other.sheet, "alleen het eerste blad met deze kolommen telt") for other in others
        ]
    else:
        table = _table_in_csv(content, layout, name)
    findings: list[Finding] = []
    rows: list[Row] = []
    warnings += _below_no_header(table, layout, name)
    for number, cells in table.rows():
        row, wrong = _read_row(number, cells, table, layout)
        findings += wrong
        rows += [] if wrong else [row]
    if judge:
        findings += judge(rows)
    if findings:
        raise refuse_table(name, findings)
    if not rows:
        raise Refusal(f"{name} heeft wel een kopregel maar geen regels", "vul het bestand of laat het weg")
    unused = unused_headers(table.header, table.places)
    return Table(name, hashlib.sha256(content).hexdigest(), tuple(rows), unused, tuple(warnings))


def _table_in_csv(content: bytes, layout: Sequence[Column], name: str) -> FoundTable:
    refuse_web_page(content, name)
    text, delimiter = decode(content, name), delimiter_of(content)

    def records() -> Iterator[tuple[int, list[str]]]:
        cells: list[str] = []
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            for cells in lines:
                yield lines.line_num, cells
        except csv.Error as error:
            raise Refusal(
                f"{name}, rij {lines.line_num}: de rij is niet af ({error})", "vraag het bestand opnieuw op"
            ) from None
        if 0 < len(cells) < len(header) and text[-1] not in "\r\n":
            said = f"{len(cells)} van de {len(header)} kolommen, en geen regeleinde erachter"
            raise Refusal(f"{name}, rij {lines.line_num}: de rij breekt af ({said})", "vraag het bestand opnieuw op")

    def rows() -> Iterator[tuple[int, list[str]]]:
        return (record for record in islice(records(), 1, None) if any(cell.strip() for cell in record[1]))

    header = next(records())[1]
    return csv_table(header, layout, name, rows)


def csv_table(
    header: Sequence[str],
    layout: Sequence[Column],
    name: str,
    rows: Callable[[], Iterator[tuple[int, list[str]]]],
) -> FoundTable:
    """The table of a CSV file; rows may be shorter than the header. Raises `Refusal` as `find_columns` does."""
    names = [visible(cell_in(cell)) for cell in header]
    places = find_columns(names, layout, name)
    return FoundTable(names, places, rows, partial(_column, rows), least_cells=_least_cells(layout, places))


def _least_cells(layout: Sequence[Column], places: Mapping[str, int | None]) -> int:
    """Up to where the last column stands that must be filled in."""
    return 1 + max((places[column.name] or 0 for column in layout if column.required), default=0)


def _column(rows: Callable[[], Iterator[tuple[int, list[str]]]], place: int) -> Iterator[str]:
    return (cells[place] for _, cells in rows() if place < len(cells))


# --- tables in workbooks ----------------------------------------------------------------------------------------------


def tables_in_workbook(path: Path, layout: Sequence[Column]) -> tuple[list[FoundTable], list[Finding]]:
    """Every sheet of a workbook that has the columns of `layout`, and what a person must know of the sheets.

    Raises `Refusal` when no sheet has them, or a formula in one that has was never computed.
    """
    name = name_of(path)
    with being_read(path):
        book = open_workbook(path, name)
    if not book.sheets:
        raise Refusal(f"{name} is leeg: op geen blad staat iets", "vraag het bestand opnieuw op bij de afzender")
    tables: list[FoundTable] = []
    warnings: list[Finding] = []
    nearest: tuple[int, list[str], str] = (-1, [], name)
    for sheet in book.sheets:
        if any(cells[0] == SUMMARY_TITLE for _, cells in islice(sheet.rows(), 1)):
            continue
        at, header = _find_header(sheet, layout)
        place = f'{name}, blad "{sheet.name}"'
        found = _columns_in(header, layout)
        if missing := [column.headers[0] for column in layout if column.required and column.name not in found]:
            nearest = max(nearest, (len(found), header, f"{place}, rij {at}"), key=lambda candidate: candidate[0])
            warnings.append(_unread_sheet(name, sheet.name, f'kolom "{missing[0]}" ontbreekt'))
            continue
        places = find_columns(header, layout, f"{place}, rij {at}")
        _refuse_not_computed(sheet, at, places, layout, place)
        holds = {
            column_place: Holds.DAY if column.read is parse_date else column.holds
            for column in layout
            if (column_place := places[column.name]) is not None
        }
        header = _with_what_stands_beside(sheet, at, header, places)
        rows = partial(sheet.rows, at, len(header), {at: kind for at, kind in holds.items() if kind is not Holds.TEXT})
        table = FoundTable(header, places, rows, partial(_column, rows), at, sheet.name, sheet.title)
        tables.append(table)
        if sheet.is_hidden:
            message = "het blad is verborgen, en is wel gelezen"
            hint = "haal het blad weg als het niet meetelt"
            warnings.append(Finding("R06", Severity.WARNING, place, message, hint))
        warnings += _hidden_parts(sheet, at, header, set(places.values()), place)
    if not tables:
        needed = [column.headers[0] for column in layout if column.required]
        if 2 * nearest[0] < len(needed):
            columns = ", ".join(f'"{header}"' for header in needed)
            raise Refusal(
                f"{name}: op geen blad staat een kopregel met de kolommen {columns}",
                "geef de kolommen de namen uit docs/file_layouts.md",
            )
        find_columns(nearest[1], layout, nearest[2])  # refuses, and shows what comes nearest to a header
    if book.has_links:
        message = "de werkmap verwijst naar andere bestanden; gelezen is wat er het laatst is uitgerekend"
        hint = "open het bestand in Excel, werk de koppelingen bij en bewaar het, als de waarden oud kunnen zijn"
        warnings.append(Finding("R07", Severity.WARNING, name, message, hint))
    return tables, warnings


def _refuse_not_computed(
    sheet: Sheet, header_row: int, places: Mapping[str, int | None], layout: Sequence[Column], place: str
) -> None:
    """Raises `Refusal` for a formula without outcome in a cell that is read, of a row that counts.

    A row that lacks something required counts for nothing: it is refused, or holds totals.
    """
    read = {at for at in places.values() if at is not None}
    required = [at for column in layout if column.required and (at := places[column.name]) is not None]
    for row, column in sheet.not_computed:
        if row > header_row and column - 1 in read and all(sheet.is_filled(row, at) for at in required):
            raise Refusal(
                f"{place}, cel {letters(column)}{row}: een formule waarvan de uitkomst niet in het bestand staat",
                "open het bestand in Excel en bewaar het",
            )


def _with_what_stands_beside(sheet: Sheet, at: int, header: list[str], places: Mapping[str, int | None]) -> list[str]:
    """The header with an empty name for each column in which something stands below it, as far as that is near."""
    near = max(place for place in places.values() if place is not None) + _BESIDE
    width = min(max(len(header), sheet.width(at)), near)
    return [*header[:width], *[""] * (width - len(header))]


def _hidden_parts(
    sheet: Sheet, header_row: int, header: Sequence[str], read: Container[int | None], place: str
) -> Iterator[Finding]:
    """A warning for rows below the header, and one for columns, that are read although nobody saw them."""
    hint = "maak ze zichtbaar en kijk ze na; van leveringen neemt een creditregel terug wat niet meetelt"
    rows = [(max(first, header_row + 1), last) for first, last in sheet.hidden_rows if last > header_row]
    if rows:
        spans = [f"{first}" if first == last else f"{first} tot en met {last}" for first, last in rows]
        shown = ", ".join(spans[:_SHOWN_SPANS]) + (", …" if len(spans) > _SHOWN_SPANS else "")
        count = sum(last - first + 1 for first, last in rows)
        message = f"verborgen of weggefilterd, en wel gelezen ({'1 rij' if count == 1 else f'{count} rijen'})"
        yield Finding("R08", Severity.WARNING, f"{place}, rij {shown}", message, hint)
    names = [
        f'"{_shown_header(name)}"'
        for column, name in enumerate(header)
        if column in read and any(first <= column + 1 <= last for first, last in sheet.hidden_columns)
    ]
    if names:
        yield Finding("R08", Severity.WARNING, f"{place}, kolom {', '.join(names)}", "verborgen, en wel gelezen", hint)


def _find_header(sheet: Sheet, layout: Sequence[Column]) -> tuple[int, list[str]]:
    """The header of a sheet and the number of its last row: the first row, or two rows together, with every column.

    When there is none: the row that comes nearest to it.
    """
    rows = list(islice(sheet.rows(), _HEADER_WITHIN))
    needed = {column.name for column in layout if column.required}
    nearest: tuple[int, int, list[str]] = (-1, 0, [])
    for index, (number, cells) in enumerate(rows):
        two_lines = _one_line(cells, rows[index + 1][1], layout) if index + 1 < len(rows) else []
        for at, header in ((number, cells), (rows[index + 1][0] if two_lines else number, two_lines)):
            found = _columns_in(header, layout)
            if needed <= found and not (header is two_lines and needed <= _columns_in(rows[index + 1][1], layout)):
                return at, _without_end(header)
            nearest = max(nearest, (len(found), at, header), key=lambda candidate: candidate[0])
    return nearest[1], _without_end(nearest[2])


def _one_line(upper: Sequence[str], lower: Sequence[str], layout: Sequence[Column]) -> list[str]:
    """A header of two lines as one. Cells that are merged over columns have their text in the first of them."""
    known = {normal(header) for column in layout for header in column.headers}
    line: list[str] = []
    above = ""
    for over, under in zip_longest(upper, lower, fillvalue=""):
        above = over if over.strip() else above
        choices = (f"{above} {under}", under, over if not under.strip() else "")
        line.append(next((name for name in choices if normal(name) in known), under if under.strip() else over))
    return line


def _columns_in(header: Sequence[str], layout: Sequence[Column]) -> set[str]:
    names = set(map(normal, header))
    return {column.name for column in layout if not names.isdisjoint(map(normal, column.headers))}


def _without_end(header: Sequence[str]) -> list[str]:
    """A header without the empty cells at its end, each name on one line."""
    names = [" ".join(visible(name).split()) for name in header]
    while names and not names[-1]:
        names.pop()
    return names


def _unread_sheet(file_name: str, sheet: str, why: str) -> Finding:
    hint = "haal het blad weg, of geef de kolommen de namen uit docs/file_layouts.md"
    return Finding("R05", Severity.WARNING, f'{file_name}, blad "{sheet}"', f"wordt niet gelezen: {why}", hint)


def refuse_table(file_name: str, findings: Sequence[Finding]) -> Refusal:
    """The refusal of a whole table because of `findings`."""
    count = counted(len(findings), "bevinding", "bevindingen")
    return Refusal(
        f"{file_name} is niet ingelezen: {count}", "verbeter de regels en lees het bestand opnieuw in", findings
    )


def row_finding(code: str, number: int, message: str, hint: str, column: str = "") -> Finding:
    """An error in a row, with its place; without client numbers, since a message may quote what stands there."""
    place = f'rij {number}, kolom "{column}"' if column else f"rij {number}"
    message, hint = (as_quoted(text) for text in (message, hint))
    return Finding(code, Severity.ERROR, place, message, hint)


def given_name(text: str) -> str:
    """A name from the command line, as it is recorded. Raises `Refusal` when it cannot be one."""
    name = visible(text.encode(errors="replace").decode()).strip()
    try:
        if not name:
            raise ValueError("een naam is niet leeg; kies een naam")
        return own_name(name)
    except ValueError as error:
        message, _, hint = as_quoted(str(error)).rpartition("; ")
        raise Refusal(message, hint) from None


def name_of(path: Path) -> str:
    """The name of a file, as it may be shown and stored: a name need not be text, and may hold a client number."""
    return as_shown(path.name.encode(errors="replace").decode())  # without control characters too


def unused_headers(header: Sequence[str], places: Mapping[str, int | None]) -> tuple[str, ...]:
    """The headers that nothing reads, as they may be shown."""
    used = set(places.values())
    return tuple(_shown_header(name) for place, name in enumerate(header) if place not in used and name.strip())


def unread_columns(table: Table) -> list[Finding]:
    """A warning for each column and sheet that nothing reads: a mistyped header would be left out in silence."""
    hint = "haal de kolom weg, of geef hem een naam uit docs/file_layouts.md"
    return list(table.warnings) + [
        Finding("R04", Severity.WARNING, f'{table.file_name}, kolom "{header}"', "wordt niet gelezen", hint)
        for header in table.unused_headers
    ]


@contextmanager
def being_read(path: Path) -> Iterator[None]:
    """Around what opens and reads a file. Raises `Refusal` when that fails: it, or its share, may go away meanwhile."""
    hint = "controleer de naam en de rechten"
    if kind := other_than_file(path):
        raise Refusal(f"{name_of(path)} kan niet gelezen worden: het is {kind}", hint)
    try:
        yield
    except OSError as error:
        raise Refusal(f"{name_of(path)} kan niet gelezen worden: {why_not(error)}", hint) from None


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """The content of a file. Raises `Refusal` when it cannot be read, is empty, or has more than `most` bytes."""
    place = as_shown(str(path).encode(errors="replace").decode())
    hint = "controleer de naam en de rechten"
    if kind := other_than_file(path):
        raise Refusal(f"{place} kan niet gelezen worden: het is {kind}", hint)
    try:
        with path.open("rb") as file:
            content = file.read() if most is None else file.read(most + 1)
    except OSError as error:
        raise Refusal(f"{place} kan niet gelezen worden: {why_not(error)}", hint) from None
    if not content.strip(b"\xef\xbb\xbf \r\n\t"):
        raise Refusal(f"{name_of(path)} is leeg", "vraag het bestand opnieuw op bij de afzender")
    if most is not None and len(content) > most:
        raise Refusal(f"{name_of(path)} is groter dan {most // 1000} kB", "kijk of dit het goede bestand is")
    return content


def encoding_of(content: bytes, file_name: str) -> str:
    """'utf-8-sig' or 'cp1252'. Raises `Refusal` for a file that mixes the two, with the first line that differs."""
    if b"\0" in content:
        raise no_text(file_name)
    try:
        content.decode("utf-8-sig")
        return "utf-8-sig"
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    if content.decode("utf-8", errors="ignore").isascii():
        return "cp1252"
    raise Refusal(
        f"{file_name}, rij {line}: de tekens zijn deels UTF-8 en deels Windows-1252",
        "bewaar het hele bestand opnieuw als CSV UTF-8",
    )


def no_text(file_name: str) -> Refusal:
    """The refusal of a file that is neither a workbook nor text."""
    return Refusal(f"{file_name} is geen werkmap en geen tekstbestand", "bewaar het als werkmap (xlsx) of CSV (UTF-8)")


def refuse_web_page(head: bytes, file_name: str) -> None:
    """Raises `Refusal` for a web page or XML, which some programs save as .xls."""
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        hint = "open het in Excel en bewaar het als werkmap (xlsx)"
        raise Refusal(f"{file_name} is een webpagina of XML, en geen CSV-bestand of werkmap", hint)


def decode(content: bytes, file_name: str) -> str:
    """The text of a file in UTF-8 or Windows-1252, as every reader takes it in. Raises `Refusal` for anything else."""
    encoding = encoding_of(content, file_name)
    try:
        return cleaned(content.decode(encoding))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refusal(
            f"{file_name}, rij {line}: onleesbaar teken", "bewaar het bestand opnieuw als CSV UTF-8"
        ) from None


def delimiter_of(content: bytes) -> str:
    """The separator of the columns: the one of ; , and tab that stands most often in the first line."""
    header = content.lstrip(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("latin-1")
    return max(_DELIMITERS, key=header.count)


def find_columns(header: Sequence[str], layout: Sequence[Column], file_name: str) -> dict[str, int | None]:
    """Where each column of the layout stands in the header; None for an optional one that is not there.

    Raises `Refusal` when a required column is missing or one stands twice.
    """
    names = [normal(name) for name in header]
    places: dict[str, int | None] = {}
    missing: list[str] = []
    for column in layout:
        found = [place for place, name in enumerate(names) if name in map(normal, column.headers)]
        if len(found) > 1:
            twice = " en ".join(f'"{header[place]}"' for place in found)
            raise Refusal(f"{file_name}: de kolommen {twice} betekenen hetzelfde", "laat er een weg")
        if not found and column.required:
            missing.append(f'"{column.headers[0]}"')
        places[column.name] = found[0] if found else None
    if missing:
        raise Refusal(
            f"{file_name}: {_absent(missing)}; de kopregel is: {_shown(header)}",
            # what Excel reads the separator from, when a program put it above the header
            "haal de eerste regel weg: de kopregel hoort bovenaan"
            if "".join(header[:1]).startswith("sep=")
            else "geef de kolommen de namen uit docs/file_layouts.md",
        )
    return places


def _absent(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"kolom {names[0]} ontbreekt"
    return f"kolommen {', '.join(names[:-1])} en {names[-1]} ontbreken"


def _read_row(
    number: int, cells: Sequence[str], table: FoundTable, layout: Iterable[Column]
) -> tuple[Row, list[Finding]]:
    """A row, and what is wrong with it."""
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    header, places = table.header, table.places
    cells = filled_up(cells, table)
    if len(cells) != len(header):
        hint = "vul de rij aan tot alle kolommen" if len(cells) < len(header) else "haal weg wat te veel is"
        findings.append(row_finding("R01", number, f"{len(cells)} van de {len(header)} kolommen", hint))
        return Row(number, values), findings
    for column in layout:
        place = places[column.name]
        text = on_one_line(cell_in(cells[place])).strip() if place is not None else ""
        values[column.name] = None
        if CONTROL.search(text):
            hint = "typ de tekst van de cel opnieuw"
            findings.append(
                row_finding("R02", number, "er staat een onzichtbaar stuurteken in", hint, header[place or 0])
            )
        elif text and (damage := damaged(text)) and (ERROR_TEXT.fullmatch(text) or _reads(column.read, text)):
            findings.append(row_finding("R02", number, *damage, header[place or 0]))
        elif text:
            try:
                values[column.name] = column.read(text)
            except ValueError as error:
                message, _, hint = without_client_numbers(str(error)).rpartition("; ")
                findings.append(row_finding("R02", number, message, hint, header[place or 0]))
        elif column.required:
            findings.append(row_finding("R03", number, "leeg", "vul een waarde in", header[place or 0]))
    return Row(number, values), findings


UNREAD = "R04"
NAMELESS_HINT = "geef de kolom een kop uit docs/file_layouts.md, of maak hem leeg"


def nameless_places(table: FoundTable) -> list[int]:
    """The columns without a header."""
    return [place for place, name in enumerate(table.header) if not name.strip()]


def nameless(table: FoundTable, place: int) -> str:
    """How a column without a header is named: after the one with a header that stands left of it."""
    before = next((name for name in reversed(table.header[:place]) if name.strip()), "")
    return f'zonder kop na "{_shown_header(before)}"' if before else "zonder kop, vooraan"


def refuse_nameless(
    file_name: str, row: str, table: FoundTable, place: int, text: str, may_be: Mapping[str, Callable[[str], object]]
) -> None:
    """Raises `Refusal` for `text` in a column without a header that is of the table: it stands between others, or its
    text can be read as that of an optional column that the table lacks (`may_be`). Else it is a note beside it.
    """
    where = f"{file_name}, {row}, kolom {nameless(table, place)}"
    named = [at for at, name in enumerate(table.header) if name.strip()]
    if named[0] < place < named[-1]:
        raise Refusal(f"{where}: er staat iets in een kolom zonder kop; er is niets ingelezen", NAMELESS_HINT)
    for name, read in may_be.items():
        if _reads(read, text):
            message = f'{where}: er staat iets dat bij de kolom "{name}" kan horen; er is niets ingelezen'
            raise Refusal(message, NAMELESS_HINT)


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _below_no_header(table: FoundTable, layout: Sequence[Column], name: str) -> list[Finding]:
    """A warning for each column without a header beside the table. Raises `Refusal` for one that is of the table."""
    places = nameless_places(table)
    absent = {column.headers[0]: column.read for column in layout if table.places[column.name] is None}
    may_be = {header: read for header, read in absent.items() if not _reads(read, "§")}  # a note reads as any text
    found: dict[int, Finding] = {}
    for number, cells in table.rows() if places else ():
        for place in places:
            if place < len(cells) and (text := cells[place].strip()):
                refuse_nameless(name, f"rij {number}", table, place, text, may_be)
                where = f"{name}, rij {number}, kolom {nameless(table, place)}"
                found.setdefault(place, Finding(UNREAD, Severity.WARNING, where, "wordt niet gelezen", NAMELESS_HINT))
    return list(found.values())


def filled_up(cells: Sequence[str], table: FoundTable) -> Sequence[str]:
    """The cells of a row, also of one that only lacks cells of optional columns at its end."""
    missing = len(table.header) - len(cells)
    return [*cells, *[""] * missing] if missing > 0 and table.least_cells and len(cells) >= table.least_cells else cells


def damaged(text: str) -> tuple[str, str] | None:
    """What is wrong with a text that a spreadsheet made of something else, and the remedy; None for any other text."""
    if text[-1] == ")" and (otherwise := SHOWN_OTHERWISE.fullmatch(text)):
        shown = f"als {otherwise[2]}" if otherwise[2] else "niet"
        hint = "laat de cel alle cijfers tonen, of vul het getal in dat bedoeld is"
        return f"in de cel staat {otherwise[1]}, en zij toont dat {shown}", hint
    if text[0] in "#EF" and ERROR_TEXT.fullmatch(text):
        return f"de cel geeft een fout ({text})", "verbeter de formule, of vul de waarde zelf in"
    if text[-1].isdigit() and _LOST_DIGITS.fullmatch(text):
        hint = "maak de kolom op als tekst en vul het nummer opnieuw in"
        return f"{text} is een nummer waarvan het rekenblad cijfers heeft weggelaten", hint
    return None


def normal(name: str) -> str:
    """A header as it is compared: 'Prijs per', 'prijs_per' and 'PRIJS-PER' are one; so are 'cliënt' and 'client'."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(character for character in ascii_name.lower() if character.isalnum())


def _shown(header: Sequence[str]) -> str:
    """The first columns of a header, since what stands there may be a row."""
    shown = ", ".join(_shown_header(name) or "(leeg)" for name in header[:12])
    return shown + (", …" if len(header) > 12 else "")


def _shown_header(name: str) -> str:
    """A header as it may be shown; what is too long for one may be anything, a key among them."""
    shown = as_quoted(without_client_numbers(name.strip()))
    return shown if len(shown) <= _LONGEST_HEADER else f"{shown[:8]}…"
