"""Reading a delivery file: any size, row by row, with the meaning of each cell.

What is in a cell is judged here; what rows mean to each other and to earlier rows is judged in the database
(`importers.rules`, `importers.loading`). Rows are read a block at a time, column by column, and a cell that many rows
share (a date, a product) is read once and remembered; only a block with something wrong is read row by row. Client
numbers leave this module as pseudonyms only.

A CSV file has one table; a workbook has one for each sheet with the columns. The cells of both are texts, so that what
follows is the same for both.
"""

import codecs
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

from importers.client_numbers import pseudonym
from importers.reasons import reason_places
from kernel.findings import Finding, Refusal, Severity
from kernel.identifiers import (
    agb_code,
    client_number,
    client_numbers_in,
    municipality_code,
    numbers_in,
    without_client_numbers,
)
from kernel.money import Eur
from kernel.notation import format_eur, format_number, parse_date, parse_eur, parse_whole
from kernel.tabular import (
    Column,
    FoundTable,
    csv_table,
    damaged,
    delimiter_of,
    find_columns,
    name_of,
    no_text,
    normal,
    tables_in_workbook,
    unused_headers,
)
from kernel.workbooks import ROWS_OF_A_SHEET, is_workbook
from tariffs.units import UNIT_WORDS

COLUMNS = (
    Column("reference", ("referentie", "reference", "kenmerk", "referentienummer")),
    Column("municipality", ("gemeente", "municipality", "gemeentecode")),
    Column("provider", ("aanbieder", "provider", "agb", "agb-code", "aanbiedercode")),
    Column("client", ("bsn", "cliënt", "client", "cliëntnummer")),
    Column("product", ("product", "productcode", "product code")),
    Column("start", ("begindatum", "start", "from", "start date", "begin", "datum van"), parse_date),
    Column("end", ("einddatum", "end", "to", "end date", "eind", "datum tot en met"), parse_date),
    Column("quantity", ("aantal", "quantity", "volume", "geleverd volume")),
    Column("unit", ("eenheid", "unit"), required=False),
    Column("debit_credit", ("dc", "d/c", "debit credit", "debet credit"), required=False),
    Column(
        "previous", ("vorige referentie", "previous", "previous reference", "vorig referentienummer"), required=False
    ),
    Column("assignment", ("toewijzing", "assignment", "toewijzingnummer"), required=False),
    Column("claimed", ("bedrag", "claimed amount", "amount", "ingediend bedrag"), required=False),
)

# The columns of a staged row, in the order in which `staged_rows` gives them; every value is text for COPY. What is
# read for a product is its id and law, for a start the day and its month.
STAGED_COLUMNS = (
    "row_number", "reference", "municipality_id", "provider_id", "client", "product_id", "law", "service_start",
    "service_month", "service_end", "quantity", "unit", "sign", "previous_reference", "assignment", "claimed_cents",
)  # fmt: skip

# The Jeugdwet and the Wmo 2015 are in force since 2015.
_PROVIDER_AT = [column.name for column in COLUMNS].index("provider")
FIRST_YEAR, LAST_YEAR = 2015, 2099

_NULL = r"\N"
_CHUNK_BYTES = 1 << 20
_REMEMBERED_CELLS = 50_000
_MAX_FINDINGS = 200_000
_LONGEST_TEXT = 40
_FEWEST_DIGITS = 8  # of a client number that lost its leading zero
# The texts that are kept as they are sent. One with fewer digits holds no client number, two zeros in front or not.
_KEPT = ("reference", "previous", "assignment")
_MANY_DIGITS = re.compile(rf"(?m)^(?:[^\d\n]*+\d){{{_FEWEST_DIGITS - 1}}}")
_BLOCK_ROWS = 2_000
_BLOCK_CHARACTERS = 1 << 16  # as much as the cache of a processor holds with all that is made of it
_NOT_IN_TOTALS = ("client", "product", "start", "end")
_LARGEST_QUANTITY = 99_999_999
_LARGEST_CENTS = 99_999_999_99
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_PLAIN_TEXT = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._/-]{{0,{_LONGEST_TEXT - 1}}}")
_PLAIN_TEXTS = re.compile(rf"(?:{_PLAIN_TEXT.pattern}\n)+")
_TEXT = re.compile(rf"[^\x00-\x1f\x7f]{{1,{_LONGEST_TEXT}}}")
_ORDINARY = re.compile(rf"[A-Za-z0-9][A-Za-z0-9 _./-]{{0,{_LONGEST_TEXT - 1}}}")  # nothing of it needs another look
_FORMULA = re.compile(r"[=@+]|-.")
_NO_DIGIT = re.compile(r"[^0-9]+")
_NUMBER = re.compile(r"[+-]?[\d.,]+")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would compute the text instead of showing it."""
    return _FORMULA.match(text) is not None and not _NUMBER.fullmatch(text)


class CellError(Exception):
    """A cell that cannot be read: the rule it breaks, what is wrong, and the remedy."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


@dataclass(frozen=True, slots=True)
class Known:
    """The codes that may occur, with their ids in the database; `laws` has the law of each product's references."""

    municipalities: Mapping[str, int]
    providers: Mapping[str, int]
    products: Mapping[str, int]
    laws: Mapping[int, str]


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


@dataclass(slots=True)
class Reading:
    """What reading found besides the rows it gave: filled while `staged_rows` is consumed."""

    rows_read: int = 0
    rows_rejected: int = 0
    last_number: int = 0
    providers: set[str] = field(default_factory=set)  # "" where a row does not tell which
    claimed_read_cents: int = 0
    claimed_rejected_cents: int = 0
    findings: list[RowFinding] = field(default_factory=list)
    warnings: list[RowFinding] = field(default_factory=list)


def examine(path: Path) -> DeliveryFile:
    """Look at the form of a file in one pass. Raises `Refusal` for what no row of it can be read from.

    What a file is follows from its content: its name may say something else.
    """
    name = name_of(path)
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    lenient = codecs.getincrementaldecoder("utf-8")("ignore")
    utf8, beyond_ascii, lines, first_bad_line, head = True, False, 1, 0, b""
    try:
        with path.open("rb") as file:
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
    except OSError as error:
        raise Refusal(f"{name} kan niet gelezen worden: {error.strerror}", "controleer de naam en de rechten") from None
    if is_workbook(head):
        tables, warnings = tables_in_workbook(path, COLUMNS)
        return DeliveryFile(path, digest.hexdigest(), tables, warnings=warnings)
    if not head.strip(b"\xef\xbb\xbf \r\n\t"):
        raise Refusal(f"{name} is leeg", "vraag het bestand opnieuw op bij de afzender")
    if not utf8 and beyond_ascii:
        raise Refusal(
            f"{name}, rij {first_bad_line}: de tekens zijn deels UTF-8 en deels Windows-1252",
            "bewaar het hele bestand opnieuw als CSV UTF-8",
        )
    encoding = "utf-8-sig" if utf8 else "cp1252"
    delimiter = delimiter_of(head)
    with path.open(encoding=encoding, newline="", errors="replace") as text:
        try:
            header = next(csv.reader(text, delimiter=delimiter, strict=True))
        except (csv.Error, StopIteration):
            raise Refusal(f"{name}: de kopregel is niet af", "vraag het bestand opnieuw op") from None
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        hint = "open het in Excel en bewaar het als werkmap (xlsx)"
        raise Refusal(f"{name} is een webpagina of XML, en geen CSV-bestand of werkmap", hint)
    places = find_columns(header, COLUMNS, name)
    rows = partial(_csv_rows, path, encoding, delimiter, len(header))
    return DeliveryFile(path, digest.hexdigest(), (csv_table(header, places, rows),), delimiter, encoding)


def staged_rows(file: DeliveryFile, known: Known, key: bytes, reading: Reading) -> Iterator[Sequence[tuple[str, ...]]]:
    """The readable rows, a block at a time, as text for COPY in the order of `STAGED_COLUMNS`.

    What cannot be read goes to `reading`. Raises `Refusal` when the file breaks off in the middle of a row, or has more
    wrong cells than a person can mend.
    """
    clients = _ClientNumbers(file)
    for first, table in zip(file.first_numbers, file.tables, strict=True):
        readers = _readers(table, known, key)
        finder = _FinderOfClientNumbers(table, clients)
        for block in _blocks(file, first, table):
            if (values := _read_by_column(block, table, readers, finder)) is not None:
                reading.rows_read += len(block.numbers)
                claimed = Counter(values[-1])
                reading.claimed_read_cents += sum(int(cents) * claimed[cents] for cents in claimed if cents != _NULL)
                reading.providers.update(values[_PROVIDER_AT])
                reading.last_number = block.numbers[-1]
                yield list(zip(map(str, block.numbers), *values, strict=True))
            elif readable := list(_read_by_row(block, file, table, readers, finder, reading)):
                yield readable
    if reading.rows_read and file.delimiter and not _ends_with_newline(file.path):
        message = "de laatste regel eindigt niet met een regeleinde en kan afgebroken zijn"
        hint = "kijk of de laatste cel heel is; zo niet, crediteer de regel en stuur hem met een nieuwe referentie"
        reading.warnings.append(RowFinding(reading.last_number, "D15", "", message, hint, Severity.WARNING))


_Reader = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows of a table, with their numbers in the file; `columns` is None when they are not of one length.

    Rows of blanks alone may be among them: no column can be read then, and reading row by row leaves them out.
    """

    numbers: Sequence[int]
    columns: Sequence[Sequence[str]] | None
    rows: Callable[[], Iterator[Sequence[str]]]


def _blocks(file: DeliveryFile, first: int, table: FoundTable) -> Iterator[_Block]:
    """The rows of a table. Those of a CSV file are cut at its delimiters up to the first quote, which is quicker."""
    width = len(table.header)
    rows = table.rows()
    if file.delimiter:
        lines_read = yield from _plain_blocks(file, width)
        rows = _csv_rows(file.path, file.encoding, file.delimiter, width, lines_read)
    while block := list(islice(rows, _BLOCK_ROWS)):
        cells = [row for _, row in block]
        columns = list(zip(*cells, strict=True)) if {*map(len, cells)} == {width} else None
        yield _Block([first + number for number, _ in block], columns, partial(iter, cells))


def _plain_blocks(file: DeliveryFile, width: int) -> Generator[_Block, None, int]:
    """The rows of a CSV file for as long as cutting at delimiters and line ends gives what the csv module gives.

    It takes a third of the time. Returns how many lines were read, the header too; the last one, when it has no end, is
    not. Raises `Refusal` when the file is damaged.
    """
    delimiter = file.delimiter
    lines_read, rest = 0, ""
    with file.path.open(encoding=file.encoding, newline="") as text:
        try:
            while block := text.read(_BLOCK_CHARACTERS):
                block = rest + block
                end = block.rfind("\n") + 1
                block, rest = block[:end].replace("\r\n", "\n"), block[end:]
                if '"' in block or "\r" in block:
                    break
                count = block.count("\n")
                numbers = range(lines_read + 1, lines_read + count + 1)
                lines_read += count
                if count and numbers[0] == 1:
                    block, numbers = block[block.index("\n") + 1 :], numbers[1:]
                if not numbers:
                    continue
                # A line end as a cell of its own: when each comes after as many cells as the header has, all is whole.
                cells = block.replace("\n", f"{delimiter}\n{delimiter}").split(delimiter)
                is_whole = len(cells) == (width + 1) * len(numbers) + 1
                columns = [cells[place : -1 : width + 1] for place in range(width + 1)] if is_whole else None
                if columns and columns.pop().count("\n") != len(numbers):
                    columns = None
                yield _Block(numbers, columns, partial(_cut, block, delimiter))
        except UnicodeDecodeError:
            raise _unreadable(file.path, file.encoding) from None
    return lines_read


def _cut(block: str, delimiter: str) -> Iterator[list[str]]:
    return (line.split(delimiter) for line in block[:-1].split("\n"))


def _read_by_column(
    block: _Block, table: FoundTable, readers: Mapping[str, _Reader], finder: "_FinderOfClientNumbers"
) -> list[Sequence[str]] | None:
    """The values of a block by column, when all is well with every row: much faster than row by row. Else None."""
    sent = block.columns
    if sent is None:
        return None
    values: list[Sequence[str]] = []
    try:
        for column in COLUMNS:
            read, place = readers[column.name], table.places[column.name]
            if place is None:
                values.append([read("")] * len(block.numbers))
            elif read is _required_text and _PLAIN_TEXTS.fullmatch("\n".join(sent[place]) + "\n"):
                values.append(sent[place])
            else:
                values.append(list(map(read, sent[place])))
    except CellError:
        return None
    return None if finder.any_in(sent) else values


def _read_by_row(
    block: _Block,
    file: DeliveryFile,
    table: FoundTable,
    readers: Mapping[str, _Reader],
    finder: "_FinderOfClientNumbers",
    reading: Reading,
) -> Iterator[tuple[str, ...]]:
    """The readable rows of a block; what is wrong with the others goes to `reading`."""
    columns = tuple((readers[column.name], table.places[column.name]) for column in COLUMNS)
    read = tuple((reader, -1 if place is None else place) for reader, place in columns)
    claimed_at = len(COLUMNS) - 1
    width = len(table.header)
    for number, sent in zip(block.numbers, block.rows(), strict=True):
        cells = list(sent)
        if not "".join(cells).strip():
            continue
        reading.rows_read += 1
        reading.last_number = number
        reading.providers.add(_provider(readers, cells, table))
        if len(cells) != width:
            hint = "vul de rij aan tot alle kolommen"
            if len(cells) > width:
                hint = f'haal weg wat te veel is; een tekst met "{file.delimiter}" staat tussen aanhalingstekens'
            finding = RowFinding(number, "D01", "", f"{len(cells)} van de {width} kolommen", hint)
            _reject(file, reading, [finding], 0)
            continue
        cells.append("")  # where a column that the file does not have is read
        try:
            values = [reader(cells[place]) for reader, place in read]
        except CellError:
            if any(cells[table.places[name] or 0].strip() for name in _NOT_IN_TOTALS):
                findings, claimed = _cell_findings(number, cells, read, table), _claimed(readers, cells, table)
            else:
                findings, claimed = [_totals(number)], 0  # the rows above it claim that amount
            _reject(file, reading, findings, claimed)
            continue
        if (place := finder.place_in(cells)) is not None:
            hint = "geef de regel een referentie of toewijzing zonder cliëntnummer"
            finding = RowFinding(number, "D14", table.header[place], "bevat een cliëntnummer", hint)
            _reject(file, reading, [finding], _claimed(readers, cells, table))
            continue
        if values[claimed_at] != _NULL:
            reading.claimed_read_cents += int(values[claimed_at])
        yield (str(number), *values)


def _provider(readers: Mapping[str, _Reader], cells: Sequence[str], table: FoundTable) -> str:
    """The id of the provider of a row; empty when the row does not tell."""
    place = table.places["provider"] or 0
    try:
        return readers["provider"](cells[place]) if len(cells) == len(table.header) else ""
    except CellError:
        return ""


def _totals(number: int) -> RowFinding:
    message = "geen cliënt, product of datum: dit lijkt een totaalregel of een opmerking"
    return RowFinding(number, "D17", "", message, "laat de regel weg; vul de cellen in als het wel een levering is")


def _csv_rows(
    path: Path, encoding: str, delimiter: str, width: int, lines_read: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """The rows after so many lines that are not blank, each with the number of its last line. The header is row 1.

    Raises `Refusal` when the file breaks off in the middle of a row or is damaged.
    """
    with path.open(encoding=encoding, newline="") as text:
        last: tuple[int, list[str]] | None = None
        whole = lines_read  # the last line up to which all is well
        try:
            lines = csv.reader(islice(text, lines_read, None), delimiter=delimiter, strict=True)
            for cells in islice(lines, 0 if lines_read else 1, None):
                if last is not None:
                    yield last
                whole = lines_read + lines.line_num
                last = (whole, cells) if "".join(cells).strip() else None
        except csv.Error:
            raise _broken_off(path, whole + 1, "de aanhalingstekens kloppen niet") from None
        except UnicodeDecodeError:
            raise _unreadable(path, encoding) from None
    if last is not None:
        if len(last[1]) < width and not _ends_with_newline(path):
            raise _broken_off(path, last[0], f"{len(last[1])} van de {width} kolommen")
        yield last


def _broken_off(path: Path, number: int, why: str) -> Refusal:
    return Refusal(
        f"{name_of(path)} breekt af of is beschadigd in rij {number} ({why}); er is niets ingelezen",
        "vraag het bestand opnieuw op bij de afzender",
    )


def _unreadable(path: Path, encoding: str) -> Refusal:
    """The refusal of a file that holds a byte that is no character, with the line where it stands."""
    number = 1
    with path.open("rb") as lines:
        for line in lines:
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                break
            number += 1
    if encoding == "cp1252":
        return Refusal(f"{name_of(path)}, rij {number}: onleesbaar teken", "bewaar het bestand opnieuw als CSV UTF-8")
    return _broken_off(path, number, "het laatste teken is niet heel")  # other damage is found by `examine`


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) in (b"\n", b"\r")


def _reject(file: DeliveryFile, reading: Reading, findings: Sequence[RowFinding], claimed_cents: int) -> None:
    reading.rows_rejected += 1
    reading.claimed_read_cents += claimed_cents
    reading.claimed_rejected_cents += claimed_cents
    reading.findings += findings
    if len(reading.findings) > _MAX_FINDINGS:
        first = file.located(reading.findings[0])
        raise Refusal(
            f"meer dan {_MAX_FINDINGS:_} bevindingen; de eerste is {first}".replace("_", "."),
            "controleer of dit het goede bestand is; er is niets ingelezen",
        )


def _cell_findings(
    number: int, cells: Sequence[str], read: Sequence[tuple[_Reader, int]], table: FoundTable
) -> list[RowFinding]:
    """Every wrong cell of a row."""
    findings = []
    for reader, place in read:
        try:
            reader(cells[place])
        except CellError as error:
            message, hint = (_shown(text, cells[place].strip()) for text in (error.message, error.hint))
            findings.append(RowFinding(number, error.code, table.header[place], message, hint))
    return findings


def _shown(text: str, cell: str) -> str:
    """A message without client numbers, in which the cell that it quotes is short and on one line."""
    hidden = without_client_numbers(cell)
    short = hidden if len(hidden) <= _LONGEST_TEXT else hidden[:_LONGEST_TEXT] + "…"
    return _CONTROL.sub(" ", without_client_numbers(text).replace(hidden, short))


class _ClientNumbers:
    """Every client number in the column of the client, of all tables. Read once, and only when a row asks for it."""

    def __init__(self, file: DeliveryFile) -> None:
        self._file = file

    @cached_property
    def all(self) -> Set[str]:
        found: set[str] = set()
        for table in self._file.tables:
            place = table.places["client"] or 0
            for block in _blocks(self._file, 0, table):
                cells = (
                    block.columns[place] if block.columns else (row[place] for row in block.rows() if place < len(row))
                )
                found.update(number for cell in {*cells} - found if (number := client_number(cell.strip())))
        return found


class _FinderOfClientNumbers:
    """Finds where in a row a text that is kept holds a client number.

    One in eleven numbers of nine digits could be a client number, so a number counts as one when it is in the column of
    the client, in this row or in any other of the file. When this row has something else there, columns may have
    changed places: then every number that could be one counts, where at least half of the cells of a column hold one.
    """

    def __init__(self, table: FoundTable, clients: _ClientNumbers) -> None:
        client = table.places["client"]
        assert client is not None, "the client is a required column"
        self._table, self._clients, self._client = table, clients, client
        self._kept = [place for name in _KEPT if (place := table.places[name]) is not None]

    @cached_property
    def _misplaced(self) -> frozenset[int]:
        return _columns_of_client_numbers(self._table, self._kept)

    def any_in(self, columns: Sequence[Sequence[str]]) -> bool:
        """Whether `place_in` finds one in any row of a block, given by column."""
        for place in self._kept:
            texts = "\n".join(columns[place])
            if not _MANY_DIGITS.search(texts):
                continue
            numbers, clients = columns[self._client], self._clients.all
            if not clients.isdisjoint(numbers_in(texts)):
                return True
            # What is left: the own number within longer ones, another kind of number, zeros in front.
            for row, (number, text) in enumerate(zip(numbers, columns[place], strict=True)):
                doubtful = number[-3:] in text or number not in clients or text[:2] == "00"
                if doubtful and self.place_in([column[row] for column in columns]) is not None:
                    return True
        return False

    def place_in(self, cells: Sequence[str]) -> int | None:
        number = cells[self._client].strip()
        for place in self._kept:
            text = cells[place]
            if len(text) < _FEWEST_DIGITS:
                continue
            digits = _NO_DIGIT.sub("", text)
            # The row's own number counts within longer numbers too; few rows get past the first condition.
            if number[-3:] in text and (own := client_number(number)):
                own = own.lstrip("0")
                if len(own) >= _FEWEST_DIGITS - 1 and own in digits:
                    return place
            if len(digits) < _FEWEST_DIGITS:
                continue
            if numbers := client_numbers_in(text):
                if not self._clients.all.isdisjoint(numbers):
                    return place
                if client_number(number) is None and place in self._misplaced:
                    return place
        return None


def _columns_of_client_numbers(table: FoundTable, kept: Sequence[int]) -> frozenset[int]:
    """The columns of which at least half of the cells hold a number that could be a client number."""
    filled, suspect = Counter[int](), Counter[int]()
    for _, cells in table.rows():
        for place in kept:
            if place < len(cells) and cells[place].strip():
                filled[place] += 1
                suspect[place] += bool(client_numbers_in(cells[place]))
    return frozenset(place for place in kept if suspect[place] and 2 * suspect[place] >= filled[place])


def _claimed(readers: Mapping[str, _Reader], cells: Sequence[str], table: FoundTable) -> int:
    """The claimed amount of a rejected row in cents; 0 when it cannot be read."""
    place = table.places["claimed"]
    try:
        text = readers["claimed"](cells[place]) if place is not None else _NULL
    except CellError:
        return 0
    return 0 if text == _NULL else int(text)


class _Remembered(dict[str, str]):
    """Reads a cell once and remembers what it means, as long as there are not too many different ones."""

    def __init__(self, read: _Reader) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> str:
        if len(self) >= _REMEMBERED_CELLS:
            self.clear()
        value = self._read(text.strip())
        self[text] = value
        return value


def _readers(table: FoundTable, known: Known, key: bytes) -> dict[str, _Reader]:
    """How a cell of each column is read: text of the file in, text for COPY out; raises `CellError`."""
    may_be_empty = table.tells_errors or table.places["debit_credit"] is None
    always_bsn = normal(table.header[table.places["client"] or 0]) == "bsn"

    def client(text: str) -> str:
        if not text:
            raise CellError("D02", "leeg", "vul het cliëntnummer in")
        number = client_number(text)
        if always_bsn and number is None:
            raise CellError("D03", "dit is geen geldig BSN (elfproef)", "controleer het nummer bij de cliënt")
        if number is None and (damage := damaged(text)):
            raise CellError("D16", *damage)
        return r"\\x" + pseudonym(key, number or text)

    def product(text: str) -> str:
        found = _code(text, str, known.products, "D06", "product", "productcode uit de catalogus", 5)
        return f"{found}\t{known.laws[int(found)]}"

    def start(text: str) -> str:
        day = _day(text)
        return f"{day}\t{day.replace(day=1)}"

    return {
        "reference": _required_text,
        "municipality": _Remembered(
            lambda text: _code(
                text, municipality_code, known.municipalities, "D04", "gemeente", "CBS-code, zoals GM0502", 4
            )
        ).__getitem__,
        "provider": _Remembered(
            lambda text: _code(text, agb_code, known.providers, "D05", "aanbieder", "AGB-code van acht cijfers", 8)
        ).__getitem__,
        "client": _Remembered(client).__getitem__,
        "product": _Remembered(product).__getitem__,
        "start": _Remembered(start).__getitem__,
        "end": _Remembered(lambda text: str(_after(_day(text)))).__getitem__,
        "quantity": _Remembered(_quantity).__getitem__,
        "unit": _Remembered(_unit).__getitem__,
        "debit_credit": _Remembered(partial(_sign, may_be_empty=may_be_empty)).__getitem__,
        "previous": _Remembered(lambda text: _required_text(text) if text else _NULL).__getitem__,
        "assignment": _Remembered(lambda text: _required_text(text) if text else "").__getitem__,
        "claimed": _Remembered(_claimed_cents).__getitem__,
    }


def _required_text(text: str) -> str:
    if _PLAIN_TEXT.fullmatch(text):
        return text
    text = text.strip()
    if _ORDINARY.fullmatch(text):
        return text
    if not text:
        raise CellError("D02", "leeg", "vul een waarde in")
    if not _TEXT.fullmatch(text):
        raise CellError("D07", f"langer dan {_LONGEST_TEXT} tekens of met een stuurteken", "kort de tekst in")
    if damage := damaged(text):
        raise CellError("D16", *damage)
    if is_formula(text):
        raise CellError("D07", f'begint met "{text[0]}", als een formule', "begin met een letter of een cijfer")
    return text.replace("\\", r"\\") if "\\" in text else text


def _code(
    text: str, read: Callable[[str], str | None], known: Mapping[str, int], code: str, what: str, form: str, digits: int
) -> str:
    """The id of a code. A spreadsheet takes leading zeros away, so a number of fewer digits may be a known code."""
    if not text:
        raise CellError("D02", "leeg", f"vul de {form} in")
    found = read(text)
    if found not in known and text.isdigit() and (padded := read(text.zfill(digits))) in known:
        found = padded
    if found is None:
        raise CellError(code, f'"{text}" is geen {what}', f"schrijf de {form}")
    if found not in known:
        raise CellError(code, f"{what} {found} is onbekend", f"verbeter de code, of leg de code eerst vast als {what}")
    return str(known[found])


def _read(text: str, read: Callable[[str], object], code: str) -> object:
    """Read with a function of `kernel.notation`, whose reason and remedy are parted by a semicolon."""
    if not text:
        raise CellError("D02", "leeg", "vul een waarde in")
    try:
        return read(text)
    except ValueError as error:
        message, _, hint = str(error).rpartition("; ")
        raise CellError(code, message, hint) from None


def _day(text: str) -> date:
    day = _read(text, parse_date, "D08")
    assert isinstance(day, date)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        hint = f"vul een dag in van {FIRST_YEAR} tot en met {LAST_YEAR}"
        raise CellError("D08", f"{text} ligt buiten de tijd waarover wordt afgerekend", hint)
    return day


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _quantity(text: str) -> str:
    quantity = _read(text, parse_whole, "D09")
    assert isinstance(quantity, int)
    if quantity <= 0:
        hint = "een correctie is een volledige creditregel (dc = C) met een positief aantal"
        raise CellError("D10", f"{text} is geen geleverd aantal", hint)
    if quantity > _LARGEST_QUANTITY:
        raise CellError("D10", f"{text} is groter dan {format_number(_LARGEST_QUANTITY)}", "controleer het aantal")
    return str(quantity)


def _unit(text: str) -> str:
    if not text:
        return _NULL
    unit = UNIT_WORDS.get(text.lower())
    if unit is None:
        raise CellError("D11", f'eenheid "{text}" is onbekend', "schrijf minuut, uur, dagdeel, dag of stuk")
    return unit


def _sign(text: str, *, may_be_empty: bool = True) -> str:
    match text.upper():
        case "" if not may_be_empty:
            hint = "vul D of C in; in een xls is een cel met een fout niet van een lege te onderscheiden"
            raise CellError("D12", "leeg", hint)
        case "" | "D" | "DEBET" | "DEBIT":
            return "1"
        case "C" | "CREDIT":
            return "-1"
    raise CellError("D12", f'"{text}" is geen D of C', "schrijf D voor een levering, C voor een creditregel")


def _claimed_cents(text: str) -> str:
    if not text:
        return _NULL
    amount = _read(text, lambda cell: parse_eur(cell).cents, "D13")
    assert isinstance(amount, int)
    if amount < 0:
        raise CellError("D13", f'"{text}" is negatief', "schrijf het bedrag positief; dc = C keert het om")
    if amount > _LARGEST_CENTS:
        largest = format_eur(Eur.of_cents(_LARGEST_CENTS))
        raise CellError("D13", f"{text} is groter dan {largest}", "controleer het bedrag")
    return str(amount)
