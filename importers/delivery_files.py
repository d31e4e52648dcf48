"""A delivery file as a whole: its form, its tables, and where a row of it stands.

A CSV file has one table; a workbook has one for each sheet with the columns. The cells of both are texts, so that what
follows is the same for both.
"""

import codecs
import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from importers.csv_lines import csv_rows
from importers.reasons import reason_places
from kernel.findings import Finding, Refusal, Severity
from kernel.notation import parse_date
from kernel.tabular import (
    Column,
    FoundTable,
    being_read,
    csv_table,
    delimiter_of,
    name_of,
    no_text,
    refuse_web_page,
    tables_in_workbook,
    unused_headers,
)
from kernel.texts import cleaned
from kernel.workbooks.book import ROWS_OF_A_SHEET, is_workbook
from kernel.workbooks.cells import Holds

COLUMNS = (
    Column("reference", ("referentie", "reference", "kenmerk", "referentienummer")),
    Column("municipality", ("gemeente", "municipality", "gemeentecode")),
    Column("provider", ("aanbieder", "provider", "agb", "agb-code", "aanbiedercode")),
    Column("client", ("bsn", "cliënt", "client", "cliëntnummer")),
    Column("product", ("product", "productcode", "product code")),
    Column("start", ("begindatum", "start", "from", "start date", "begin", "datum van"), parse_date),
    Column("end", ("einddatum", "end", "to", "end date", "eind", "datum tot en met"), parse_date),
    Column("quantity", ("aantal", "quantity", "volume", "geleverd volume"), holds=Holds.NUMBER),
    Column("unit", ("eenheid", "unit"), required=False),
    Column("debit_credit", ("dc", "d/c", "debit credit", "debet credit"), required=False),
    Column(
        "previous", ("vorige referentie", "previous", "previous reference", "vorig referentienummer"), required=False
    ),
    Column("assignment", ("toewijzing", "assignment", "toewijzingnummer"), required=False),
    Column("claimed", ("bedrag", "claimed amount", "amount", "ingediend bedrag"), required=False, holds=Holds.AMOUNT),
)

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class DeliveryFile:
    """A delivery file whose form was examined: it can be read, and has the columns that are needed.

    `delimiter` and `encoding` are those of a CSV file, and empty for a workbook. `warnings` are about sheets.

    A row has one number in the whole file: its own in the first table, and one that no sheet reaches in the next.
    """

    path: Path
    sha256: str
    tables: Sequence[FoundTable]
    delimiter: str = ""
    encoding: str = ""
    warnings: Sequence[Finding] = ()

    @property
    def name(self) -> str:
        return name_of(self.path)

    @property
    def unused_headers(self) -> tuple[str, ...]:
        known = ((table.header, {**table.places, **reason_places(table.header)}) for table in self.tables)
        return tuple(dict.fromkeys(header for table in known for header in unused_headers(*table)))

    @property
    def first_numbers(self) -> tuple[int, ...]:
        """What comes before the number of a row, for each table."""
        return tuple(index * ROWS_OF_A_SHEET for index in range(len(self.tables)))

    def table_of(self, number: int) -> FoundTable:
        return self.tables[min((number - 1) // ROWS_OF_A_SHEET, len(self.tables) - 1)]

    def place(self, number: int) -> str:
        """Where a row stands, as a person looks for it."""
        if len(self.tables) == 1:
            return f"rij {number}"
        return f'blad "{self.table_of(number).sheet}", rij {(number - 1) % ROWS_OF_A_SHEET + 1}'

    def located(self, finding: "RowFinding") -> Finding:
        place = self.place(finding.row_number) + (f', kolom "{finding.column}"' if finding.column else "")
        return Finding(finding.code, finding.severity, place, finding.message, finding.hint)


@dataclass(frozen=True, slots=True)
class RowFinding:
    """A finding about one row of a delivery file; `column` is its header, or empty for the row as a whole."""

    row_number: int
    code: str
    column: str
    message: str
    hint: str
    severity: Severity = Severity.ERROR


def examine(path: Path) -> DeliveryFile:
    """Look at the form of a file in one pass. Raises `Refusal` for what no row of it can be read from.

    What a file is follows from its content: its name may say something else.
    """
    name = name_of(path)
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    lenient = codecs.getincrementaldecoder("utf-8")("ignore")
    utf8, beyond_ascii, lines, first_bad_line, head = True, False, 1, 0, b""
    with being_read(path), path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            head = head or chunk
            digest.update(chunk)
            if is_workbook(head):
                continue
            if b"\0" in chunk:
                raise no_text(name)
            try:
                if utf8:
                    decoder.decode(chunk)
            except UnicodeDecodeError as error:
                utf8, first_bad_line = False, lines + chunk.count(b"\n", 0, error.start)
            beyond_ascii = beyond_ascii or not lenient.decode(chunk).isascii()
            lines += chunk.count(b"\n")
    if is_workbook(head):
        tables, warnings = tables_in_workbook(path, COLUMNS)
        return DeliveryFile(path, digest.hexdigest(), tables, warnings=warnings)
    if not head.strip(b"\xef\xbb\xbf \r\n\t"):
        raise Refusal(f"{name} is leeg", "vraag het bestand opnieuw op bij de afzender")
    refuse_web_page(head, name)
    if not utf8 and beyond_ascii:
        raise Refusal(
            f"{name}, rij {first_bad_line}: de tekens zijn deels UTF-8 en deels Windows-1252",
            "bewaar het hele bestand opnieuw als CSV UTF-8",
        )
    encoding = "utf-8-sig" if utf8 else "cp1252"
    delimiter = delimiter_of(head)
    with being_read(path), path.open(encoding=encoding, newline="", errors="replace") as text:
        try:
            header = next(csv.reader(text, delimiter=delimiter, strict=True))
        except (csv.Error, StopIteration):
            raise Refusal(f"{name}: de kopregel is niet af", "vraag het bestand opnieuw op") from None
    rows = partial(csv_rows, path, encoding, delimiter, len(header))
    table = csv_table([*map(cleaned, header)], COLUMNS, name, rows)
    return DeliveryFile(path, digest.hexdigest(), (table,), delimiter, encoding)
