"""The rows of a delivery file in blocks, column by column where that can be.

A CSV file is cut at its delimiters up to the first quote, which takes a third of the time that the csv module needs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from importers.csv_lines import START, Place, csv_rows, encoding_at, unreadable
from importers.delivery_files import DeliveryFile
from kernel.tabular import FoundTable, being_read, filled_up
from kernel.texts import cleaned

_BLOCK_ROWS = 2_000
_BLOCK_CHARACTERS = 1 << 16  # as much as the cache of a processor holds with all that is made of it
_STRETCH_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a table, with their numbers in the file; `columns` is None when they are not of one length.

    Rows of blanks alone may be among them: no column can be read then, and reading row by row leaves them out.
    """

    numbers: Sequence[int]
    columns: Sequence[Sequence[str]] | None
    rows: Callable[[], Iterator[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole lines of a CSV file that can be read without the others, since no quote is among them."""

    start: Place
    end: Place


def stretches(file: DeliveryFile) -> Iterator[Stretch]:
    """The lines of a CSV file, the header too, up to the first quote. A last line without end is not among them."""
    end = START
    with being_read(file.path), file.path.open("rb") as source:
        while block := source.read(_STRETCH_BYTES):
            block = block[: block.rfind(b"\n") + 1]
            if not block or b'"' in block or block.count(b"\r") != block.count(b"\r\n"):
                return
            start, end = end, Place(end.lines + block.count(b"\n"), end.bytes + len(block))
            yield Stretch(start, end)
            source.seek(end.bytes)


def blocks_of(file: DeliveryFile, stretch: Stretch) -> Iterator[Block]:
    """The rows of a stretch, without the header. Raises `Refusal` when it holds a byte that is no character."""
    table = file.tables[0]
    with being_read(file.path), file.path.open("rb") as source:
        source.seek(stretch.start.bytes)
        read = source.read(stretch.end.bytes - stretch.start.bytes)
    try:
        text = str(read, encoding_at(stretch.start, file.encoding))
    except UnicodeDecodeError:
        raise unreadable(file.path, file.encoding) from None
    text = cleaned(text.replace("\r\n", "\n"))
    number = stretch.start.lines + 1
    start = 0
    if number == 1:
        number, start = 2, text.index("\n") + 1
    while start < len(text):
        end = text.find("\n", start + _BLOCK_CHARACTERS) + 1 or len(text)
        yield (block := _cut(text[start:end], number, file.delimiter, table))
        number, start = number + len(block.numbers), end


def _cut(text: str, number: int, delimiter: str, table: FoundTable) -> Block:
    numbers = range(number, number + text.count("\n"))
    columns = _columns(text, len(numbers), delimiter, len(table.header))
    if columns is None:
        text = "".join(f"{line}\n" for line in _filled_up(text[:-1].split("\n"), delimiter, table))
        columns = _columns(text, len(numbers), delimiter, len(table.header))
    return Block(numbers, columns, partial(_cut_rows, text, delimiter))


def _columns(text: str, rows: int, delimiter: str, width: int) -> list[list[str]] | None:
    # A line end as a cell of its own: when each comes after as many cells as the header has, all is whole.
    cells = text.replace("\n", f"{delimiter}\n{delimiter}").split(delimiter)
    if len(cells) != (width + 1) * rows + 1:
        return None
    *columns, ends = (cells[place : -1 : width + 1] for place in range(width + 1))
    return columns if ends.count("\n") == rows else None


def _filled_up(lines: Sequence[str], delimiter: str, table: FoundTable) -> Iterator[str]:
    """Each line, with the separators of optional columns at its end that it lacks."""
    for line in lines:
        cells = line.count(delimiter) + 1
        yield line + delimiter * (len(table.header) - cells if cells >= table.least_cells else 0)


def _cut_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    return (line.split(delimiter) for line in text[:-1].split("\n"))


def other_blocks(file: DeliveryFile, first: int, table: FoundTable, after: Place = START) -> Iterator[Block]:
    """The rows of a table that are in no stretch: those after a place in a CSV file, or all of a sheet."""
    width = len(table.header)
    rows = table.rows() if not file.delimiter else csv_rows(file.path, file.encoding, file.delimiter, width, after)
    while block := list(islice(rows, _BLOCK_ROWS)):
        cells = [filled_up(row, table) for _, row in block]
        columns = list(zip(*cells, strict=True)) if {*map(len, cells)} == {width} else None
        yield Block([first + number for number, _ in block], columns, partial(iter, cells))


def blocks(file: DeliveryFile, first: int, table: FoundTable) -> Iterator[Block]:
    """All rows of a table; `first` is what comes before the number of a row."""
    after = START
    if file.delimiter:
        for stretch in stretches(file):
            yield from blocks_of(file, stretch)
            after = stretch.end
    yield from other_blocks(file, first, table, after)
