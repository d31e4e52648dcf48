"""Small tables that people keep in a CSV file: prices, products, parties, counts, advances.

A *layout* says which columns a table has and how a cell is read. Reading collects every finding of the file; a table
with an error is refused whole, since it enters as one immutable version. Delivery files, which are large and of which
the good rows count although others are bad, have a reader of their own (`importers.delivery_files`).
"""

import csv
import hashlib
import io
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel.findings import Finding, Refusal, Severity
from kernel.identifiers import without_client_numbers

_DELIMITERS = ";,\t"
_LONGEST_HEADER = 40


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `name` in the code, `headers` under which it may stand, and how a cell is read.

    `read` turns the text of a cell into a value and raises `ValueError` with a Dutch reason and remedy. An optional
    column that is missing, and an optional cell that is empty, give None.
    """

    name: str
    headers: tuple[str, ...]
    read: Callable[[str], Any] = str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its line in the file (the header is 1) and its values by column name."""

    number: int
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read: its rows, the hash of the file, and the headers that nothing reads."""

    file_name: str
    sha256: str
    rows: tuple[Row, ...]
    unused_headers: tuple[str, ...]


def read_table(
    path: Path, layout: Sequence[Column], judge: Callable[[Sequence[Row]], Iterable[Finding]] | None = None
) -> Table:
    """Read a CSV file by `layout`. Raises `Refusal`, with every finding, when any row or column is wrong.

    `judge` finds what is wrong with rows of which every cell can be read. It sees those also when other rows cannot be
    read, so that all that is wrong is told at once.
    """
    content = read_bytes(path)
    name = name_of(path)
    lines = csv.reader(io.StringIO(decode(content, name), newline=""), delimiter=delimiter_of(content), strict=True)
    findings: list[Finding] = []
    rows: list[Row] = []
    try:
        header = next(lines)
        places = find_columns(header, layout, name)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                row, wrong = _read_row(lines.line_num, cells, header, places, layout)
                findings += wrong
                rows += [] if wrong else [row]
    except csv.Error as error:
        raise Refusal(
            f"{name}, rij {lines.line_num}: de rij is niet af ({error})", "vraag het bestand opnieuw op"
        ) from None
    if judge:
        findings += judge(rows)
    if findings:
        raise refuse_table(name, findings)
    if not rows:
        raise Refusal(f"{name} heeft wel een kopregel maar geen regels", "vul het bestand of laat het weg")
    return Table(name, hashlib.sha256(content).hexdigest(), tuple(rows), unused_headers(header, places))


def refuse_table(file_name: str, findings: Sequence[Finding]) -> Refusal:
    """The refusal of a whole table because of `findings`."""
    count = "1 bevinding" if len(findings) == 1 else f"{len(findings)} bevindingen"
    return Refusal(
        f"{file_name} is niet ingelezen: {count}", "verbeter de regels en lees het bestand opnieuw in", findings
    )


def row_finding(code: str, number: int, message: str, hint: str, column: str = "") -> Finding:
    """An error in a row, with its place; without client numbers, since a message may quote what stands there."""
    place = f'rij {number}, kolom "{column}"' if column else f"rij {number}"
    message, hint = (without_client_numbers(text, fewest_digits=9) for text in (message, hint))
    return Finding(code, Severity.ERROR, place, message, hint)


def own_name(text: str) -> str:
    """A name that people give to something, as it stands. Raises `ValueError` when it may hold a client number."""
    if without_client_numbers(text, fewest_digits=9) != text:
        raise ValueError(f'"{text}" bevat een getal dat een cliëntnummer kan zijn; kies een andere naam')
    return text


def name_of(path: Path) -> str:
    """The name of a file, as it may be shown and stored: a name need not be text, and may hold a client number."""
    return without_client_numbers(path.name.encode(errors="replace").decode(), fewest_digits=9)


def unused_headers(header: Sequence[str], places: Mapping[str, int | None]) -> tuple[str, ...]:
    """The headers that nothing reads, as they may be shown."""
    used = set(places.values())
    return tuple(_shown_header(name) for place, name in enumerate(header) if place not in used and name.strip())


def unread_columns(table: Table) -> list[Finding]:
    """A warning for each column that nothing reads: a mistyped header would otherwise be left out in silence."""
    hint = "haal de kolom weg, of geef hem een naam uit docs/file_layouts.md"
    return [
        Finding("R04", Severity.WARNING, f'{table.file_name}, kolom "{header}"', "wordt niet gelezen", hint)
        for header in table.unused_headers
    ]


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises `Refusal` when it cannot be read or is empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        place = without_client_numbers(str(path).encode(errors="replace").decode(), fewest_digits=9)
        raise Refusal(
            f"{place} kan niet gelezen worden: {error.strerror}", "controleer de naam en de rechten"
        ) from None
    if not content.strip(b"\xef\xbb\xbf \r\n\t"):
        raise Refusal(f"{name_of(path)} is leeg", "vraag het bestand opnieuw op bij de afzender")
    return content


def encoding_of(content: bytes, file_name: str) -> str:
    """'utf-8-sig' or 'cp1252'. Raises `Refusal` for a file that mixes the two, with the first line that differs."""
    if b"\0" in content:
        raise Refusal(f"{file_name} is geen tekstbestand", "bewaar het blad als CSV (UTF-8) en lees dat bestand in")
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


def decode(content: bytes, file_name: str) -> str:
    """The text of a file in UTF-8 or Windows-1252. Raises `Refusal` for anything else."""
    encoding = encoding_of(content, file_name)
    try:
        return content.decode(encoding)
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
            f"{file_name}: kolom {', '.join(missing)} ontbreekt; de kopregel is: {_shown(header)}",
            "geef de kolommen de namen uit docs/file_layouts.md",
        )
    return places


def _read_row(
    number: int,
    cells: Sequence[str],
    header: Sequence[str],
    places: Mapping[str, int | None],
    layout: Iterable[Column],
) -> tuple[Row, list[Finding]]:
    """A row, and what is wrong with it."""
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    if len(cells) != len(header):
        hint = "vul de rij aan tot alle kolommen" if len(cells) < len(header) else "haal weg wat te veel is"
        findings.append(row_finding("R01", number, f"{len(cells)} van de {len(header)} kolommen", hint))
        return Row(number, values), findings
    for column in layout:
        place = places[column.name]
        text = cells[place].strip() if place is not None else ""
        values[column.name] = None
        if text:
            try:
                values[column.name] = column.read(text)
            except ValueError as error:
                message, _, hint = without_client_numbers(str(error)).rpartition("; ")
                findings.append(row_finding("R02", number, message, hint, header[place or 0]))
        elif column.required:
            findings.append(row_finding("R03", number, "leeg", "vul een waarde in", header[place or 0]))
    return Row(number, values), findings


def normal(name: str) -> str:
    """A header as it is compared: 'Prijs per', 'prijs_per' and 'PRIJS-PER' are one; so are 'cliënt' and 'client'."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(character for character in ascii_name.lower() if character.isalnum())


def _shown(header: Sequence[str]) -> str:
    """The first columns of a header, since what stands there may be a row."""
    shown = ", ".join(_shown_header(name) or "(leeg)" for name in header[:12])
    return shown + (", …" if len(header) > 12 else "")


def _shown_header(name: str) -> str:
    return without_client_numbers(name.strip())[:_LONGEST_HEADER]
