"""Reading a delivery file: any size, row by row, with every finding of a row.

What rows mean to each other and to earlier rows is judged in the database (`importers.rules`, `importers.loading`).
Rows are read a block at a time, column by column; only a block with something wrong is read row by row. The lines of a
large CSV file are read by several processes.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from importers.csv_lines import START, Place, ends_with_newline
from importers.delivery_blocks import Block, Stretch, blocks_of, other_blocks, stretches
from importers.delivery_cells import (
    LONGEST_TEXT,
    NULL,
    PLAIN_TEXT,
    CellError,
    Clients,
    Days,
    Known,
    MonthFirstError,
    Reader,
    cell_readers,
    required_text,
    sign,
    unit,
)
from importers.delivery_files import COLUMNS, DeliveryFile, RowFinding
from importers.kept_texts import Finder
from kernel.findings import Refusal, Severity
from kernel.identifiers import as_quoted, without_client_numbers
from kernel.processes import in_processes
from kernel.tabular import NAMELESS_HINT, UNREAD, FoundTable, being_read, nameless, nameless_places, refuse_nameless

# The columns of a staged row, in the order in which `staged_rows` gives them; every value is text for COPY. What is
# read for a product is its id and law, for a start the day and its month, for a client a number of the file.
STAGED_COLUMNS = (
    "row_number", "reference", "municipality_id", "provider_id", "client", "product_id", "law", "start_day",
    "service_month", "end_day", "quantity", "unit", "sign", "previous_reference", "assignment", "claimed_cents",
)  # fmt: skip

_PROVIDER_AT, _SIGN_AT = map([column.name for column in COLUMNS].index, ("provider", "debit_credit"))
_WORDS = {column.name: column.headers[0] for column in COLUMNS}
_MAX_FINDINGS = 200_000
_NOT_IN_TOTALS = ("client", "product", "start", "end")
_PLAIN_TEXTS = re.compile(rf"(?:{PLAIN_TEXT.pattern}\n)+", re.MULTILINE)
_WORTH_PROCESSES = 8 << 20  # bytes: less is read before another process has started
_MOST_PROCESSES = 4  # more read faster than one server loads


@dataclass(slots=True)
class Reading:
    """What reading found besides the rows it gave: filled while `staged_rows` is consumed."""

    rows_read: int = 0
    rows_rejected: int = 0
    last_number: int = 0
    providers: set[str] = field(default_factory=set)  # "" where a row does not tell which
    provider_of: dict[int, str] = field(default_factory=dict)  # of rejected rows that tell, by number
    claimed_read_cents: int = 0  # what credits claim is taken off, here and below
    claimed_rejected_cents: int = 0
    month_first: RowFinding | None = None  # the first date that can only have the month in front
    any_doubtful_day: bool = False  # whether day and month of another may have changed places
    nameless: dict[int, int] = field(default_factory=dict)  # columns without header, with the first row that fills one
    findings: list[RowFinding] = field(default_factory=list)
    warnings: list[RowFinding] = field(default_factory=list)

    def add(self, other: "Reading") -> None:
        """Add what was found in rows that come after these."""
        self.rows_read += other.rows_read
        self.rows_rejected += other.rows_rejected
        self.last_number = other.last_number or self.last_number
        self.providers |= other.providers
        self.provider_of |= other.provider_of
        self.claimed_read_cents += other.claimed_read_cents
        self.claimed_rejected_cents += other.claimed_rejected_cents
        self.month_first = self.month_first or other.month_first
        self.any_doubtful_day = self.any_doubtful_day or other.any_doubtful_day
        self.nameless = {**other.nameless, **self.nameless}
        self.findings += other.findings
        self.warnings += other.warnings


@dataclass(frozen=True, slots=True)
class Staged:
    """Text for COPY: readable rows, in the order of `STAGED_COLUMNS`, and the number and pseudonym of new clients.

    `kept` has the pseudonyms of what may be a client number in a text that is kept, with row and place in `KEPT`.
    """

    rows: str
    clients: str
    kept: str = ""


def staged_rows(file: DeliveryFile, known: Known, key: bytes, reading: Reading) -> Iterator[Staged]:
    """The readable rows, some at a time. What cannot be read goes to `reading`.

    Raises `Refusal` when the file breaks off in the middle of a row, goes away while it is read, or has more wrong
    cells than a person can mend.
    """
    processes = _worthwhile_processes(file)
    clients = Clients(key, place=processes, of=processes + 1)  # the other places are of the processes
    after = START
    for first, table in zip(file.first_numbers, file.tables, strict=True):
        reader = _TableReader(file, table, known, clients, key)
        if file.delimiter:
            parts: Iterator[tuple[Staged, Reading, Place]] = map(reader.read_stretch, stretches(file))
            if processes:
                arguments = (processes + 1, file, known, key)
                parts = in_processes(_read_stretch, stretches(file), processes, _prepare, arguments)
            for staged, found, after in parts:  # noqa: B007 (the last one counts)
                reading.add(found)
                _refuse_too_many_findings(file, reading)
                yield staged
        for block in other_blocks(file, first, table, after):
            yield reader.read([block], reading)
        reading.warnings += (_nameless(row, table, place) for place, row in sorted(reading.nameless.items()))
        reading.nameless = {}
    _refuse_month_first(file, reading)
    if reading.rows_read and file.delimiter and not ends_with_newline(file.path):
        message = "de laatste regel eindigt niet met een regeleinde en kan afgebroken zijn"
        hint = "kijk of de laatste cel heel is; zo niet, crediteer de regel en stuur hem met een nieuwe referentie"
        reading.warnings.append(RowFinding(reading.last_number, "D15", "", message, hint, Severity.WARNING))


class _TableReader:
    """Reads the rows of a table. It remembers what cells mean, so that reading goes on faster than it began."""

    def __init__(self, file: DeliveryFile, table: FoundTable, known: Known, clients: Clients, key: bytes) -> None:
        self._file, self._table, self._clients = file, table, clients
        self._days = Days()
        self._readers = cell_readers(table, known, clients, self._days)
        self._finder = Finder(table, key)
        self._nameless = nameless_places(table)

    def read(self, blocks: Iterable[Block], reading: Reading) -> Staged:
        rows = "".join(self._read_block(block, reading) for block in blocks)
        reading.any_doubtful_day = reading.any_doubtful_day or self._days.any_doubtful
        return Staged(rows, self._clients.take(), self._finder.take())

    def read_stretch(self, stretch: Stretch) -> tuple[Staged, Reading, Place]:
        """The rows of a stretch, what was found in it, and where it ends."""
        found = Reading()
        staged = self.read(blocks_of(self._file, stretch), found)
        return staged, found, stretch.end

    def _read_block(self, block: Block, reading: Reading) -> str:
        if self._nameless:
            self._look_below_no_header(block, reading)
        values = _read_by_column(block, self._table, self._readers, self._finder)
        if values is None:
            rows = _read_by_row(block, self._file, self._table, self._readers, self._finder, reading)
            return "".join("\t".join(row) + "\n" for row in rows)
        reading.rows_read += len(block.numbers)
        claimed = zip(values[_SIGN_AT], values[-1], strict=True)
        reading.claimed_read_cents += sum(int(sign) * int(cents) for sign, cents in claimed if cents != NULL)
        reading.providers.update(values[_PROVIDER_AT])
        reading.last_number = block.numbers[-1]
        return "\n".join(map("\t".join, zip(map(str, block.numbers), *values, strict=True))) + "\n"

    def _look_below_no_header(self, block: Block, reading: Reading) -> None:
        readers = {"debit_credit": sign, "unit": unit}
        may_be = {_WORDS[name]: read for name, read in readers.items() if self._table.places[name] is None}
        for number, cells in zip(block.numbers, block.rows(), strict=True):
            for place in self._nameless:
                if place < len(cells) and (text := cells[place].strip()):
                    refuse_nameless(self._file.name, self._file.place(number), self._table, place, text, may_be)
                    reading.nameless.setdefault(place, number)


def _nameless(row: int, table: FoundTable, place: int) -> RowFinding:
    return RowFinding(row, UNREAD, nameless(table, place), "wordt niet gelezen", NAMELESS_HINT, Severity.WARNING)


def _worthwhile_processes(file: DeliveryFile) -> int:
    """How many processes read the file besides this one; 0 when this one is done before another has started."""
    cores = os.cpu_count() or 1
    with being_read(file.path):
        is_large = bool(file.delimiter) and file.path.stat().st_size >= _WORTH_PROCESSES
    return min(cores, _MOST_PROCESSES) if is_large and cores > 1 else 0


# In a process that reads stretches: what reads them.
_reader: _TableReader


def _prepare(place: int, of: int, file: DeliveryFile, known: Known, key: bytes) -> None:
    global _reader
    _reader = _TableReader(file, file.tables[0], known, Clients(key, place, of), key)


def _read_stretch(stretch: Stretch) -> tuple[Staged, Reading, Place]:
    return _reader.read_stretch(stretch)


def _read_by_column(
    block: Block, table: FoundTable, readers: Mapping[str, Reader], finder: Finder
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
            elif read is required_text and _are_plain(sent[place]):
                values.append(sent[place])
            else:
                values.append(list(map(read, sent[place])))
    except CellError:
        return None
    return None if finder.any_in(sent, block.numbers) else values


def _are_plain(cells: Sequence[str]) -> bool:
    """Whether every cell is a plain text; one with a line break in it would pass for two."""
    lines = "\n".join(cells) + "\n"
    return lines.count("\n") == len(cells) and _PLAIN_TEXTS.fullmatch(lines) is not None


def _read_by_row(
    block: Block,
    file: DeliveryFile,
    table: FoundTable,
    readers: Mapping[str, Reader],
    finder: Finder,
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
        if provider := _provider(readers, cells, table):
            reading.provider_of[number] = provider
        if len(cells) != width:
            hint = "vul de rij aan tot alle kolommen"
            if len(cells) > width:
                hint = f'haal weg wat te veel is; een tekst met "{file.delimiter}" staat tussen aanhalingstekens'
            finding = RowFinding(number, "D01", "", f"{len(cells)} van de {width} kolommen", hint)
            reading.providers.add(provider)
            _reject(file, reading, [finding], 0)
            continue
        cells.append("")  # where a column that the file does not have is read
        try:
            values = [reader(cells[place]) for reader, place in read]
        except CellError:
            is_row = any(cells[table.places[name] or 0].strip() for name in _NOT_IN_TOTALS)
            if is_row or provider:  # a row of totals is nobody's
                reading.providers.add(provider)
            if is_row:
                findings, claimed = _cell_findings(number, cells, read, table, reading), _claimed(readers, cells, table)
            else:
                findings, claimed = [_totals(number)], 0  # the rows above it claim that amount
            _reject(file, reading, findings, claimed)
            continue
        reading.providers.add(provider)
        if (place := finder.place_in(cells)) is not None:
            finding = holds_client_number(number, table.header[place])
            _reject(file, reading, [finding], _claimed(readers, cells, table))
            continue
        del reading.provider_of[number]
        finder.gather(number, cells)
        if values[claimed_at] != NULL:
            reading.claimed_read_cents += int(values[_SIGN_AT]) * int(values[claimed_at])
        yield (str(number), *values)


def _provider(readers: Mapping[str, Reader], cells: Sequence[str], table: FoundTable) -> str:
    """The id of the provider of a row; empty when the row does not tell."""
    place = table.places["provider"] or 0
    try:
        return readers["provider"](cells[place]) if len(cells) == len(table.header) else ""
    except CellError:
        return ""


def holds_client_number(number: int, column: str) -> RowFinding:
    hint = "geef de regel een referentie of toewijzing zonder cliëntnummer"
    return RowFinding(number, "D14", column, "bevat een cliëntnummer", hint)


def _totals(number: int) -> RowFinding:
    message = "geen cliënt, product of datum: dit lijkt een totaalregel of een opmerking"
    return RowFinding(number, "D17", "", message, "laat de regel weg; vul de cellen in als het wel een levering is")


def _reject(file: DeliveryFile, reading: Reading, findings: Sequence[RowFinding], claimed_cents: int) -> None:
    reading.rows_rejected += 1
    reading.claimed_read_cents += claimed_cents
    reading.claimed_rejected_cents += claimed_cents
    reading.findings += findings
    _refuse_too_many_findings(file, reading)


def _refuse_month_first(file: DeliveryFile, reading: Reading) -> None:
    """Refuse a file of which a date has the month in front, and others may have: those would be read as another day."""
    if reading.month_first and reading.any_doubtful_day:
        first = file.located(reading.month_first)
        raise Refusal(
            f"{file.name}, {first.place}: {first.message}, en van andere datums is niet te zien wat dag en wat maand "
            "is; er is niets ingelezen",
            first.hint,
        )


def _refuse_too_many_findings(file: DeliveryFile, reading: Reading) -> None:
    if len(reading.findings) > _MAX_FINDINGS:
        _refuse_month_first(file, reading)
    if len(reading.findings) > _MAX_FINDINGS:
        first = file.located(reading.findings[0])
        raise Refusal(
            f"meer dan {_MAX_FINDINGS:_} bevindingen; de eerste is {first}".replace("_", "."),
            "controleer of dit het goede bestand is; er is niets ingelezen",
        )


def _cell_findings(
    number: int, cells: Sequence[str], read: Sequence[tuple[Reader, int]], table: FoundTable, reading: Reading
) -> list[RowFinding]:
    """Every wrong cell of a row."""
    findings = []
    for reader, place in read:
        try:
            reader(cells[place])
        except CellError as error:
            message, hint = (_shown(text, cells[place].strip()) for text in (error.message, error.hint))
            findings.append(RowFinding(number, error.code, table.header[place], message, hint))
            if isinstance(error, MonthFirstError):
                reading.month_first = reading.month_first or findings[-1]
    return findings


def _shown(text: str, cell: str) -> str:
    """A message without client numbers, in which the cell that it quotes is short and on one line."""
    hidden = without_client_numbers(cell)
    short = hidden if len(hidden) <= LONGEST_TEXT else hidden[:LONGEST_TEXT] + "…"
    return as_quoted(without_client_numbers(text).replace(hidden, short))


def _claimed(readers: Mapping[str, Reader], cells: Sequence[str], table: FoundTable) -> int:
    """The claimed amount of a rejected row in cents; 0 when it cannot be read. Of a credit it is taken off."""
    place = table.places["claimed"]
    try:
        text = readers["claimed"](cells[place]) if place is not None else NULL
    except CellError:
        return 0
    return 0 if text == NULL else _sign(readers, cells, table) * int(text)


def _sign(readers: Mapping[str, Reader], cells: Sequence[str], table: FoundTable) -> int:
    """-1 for a credit; what does not say so is a debit."""
    place = table.places["debit_credit"]
    try:
        return 1 if place is None else int(readers["debit_credit"](cells[place]))
    except CellError:
        return 1
