"""xlsb ([MS-XLSB]): the cells of every sheet, from the records of the binary parts."""

import struct
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import IO

from kernel.workbooks.cells import ERROR_NAMES, UNNAMED_ERROR, Cell, number_cell
from kernel.workbooks.formats import BUILT_IN, GENERAL, Format, format_of
from kernel.workbooks.grid import BYTES_OF_A_NUMBER, LAST_ROW, Budget, CellsInARow, Damaged, Grid
from kernel.workbooks.parts import Parts
from kernel.workbooks.raw import FROM_1900, FROM_1904, RawBook, RawSheet

# Kinds of records (2.3.2).
_ROW, _COLUMN, _TEXT_ITEM, _FORMAT, _STYLE, _BOOK, _SHEET = 0, 60, 19, 44, 47, 153, 156
_BEGIN_CELL_STYLES, _END_CELL_STYLES = 617, 618
_RK, _ERROR, _BOOLEAN, _REAL, _TEXT, _SHARED_TEXT = 2, 3, 4, 5, 6, 7  # cells
_OUTCOME_TEXT, _OUTCOME_REAL, _OUTCOME_BOOLEAN, _OUTCOME_ERROR = 8, 9, 10, 11  # formulas
_BLOCK = 1 << 18
_LARGEST_RECORD = 16 << 20


def read(parts: Parts, workbook: str) -> RawBook:
    """Every sheet with cells. Raises `Damaged`, `TooLarge`, and `struct.error` or `IndexError` for short records."""
    relations = parts.relations(workbook)
    day_zero = FROM_1900
    found: list[tuple[str, str, bool]] = []
    for kind, record in _records(parts, workbook):
        if kind == _BOOK and record[0] & 1:
            day_zero = FROM_1904
        elif kind == _SHEET:
            relation, end = _wide(record, 8)
            found.append((_wide(record, end)[0], relation, bool(record[0])))
    kinds = {relation.kind: relation.part for relation in relations.values()}
    texts = _shared_texts(parts, kinds.get("sharedStrings"))
    formats = _formats(parts, kinds.get("styles"))
    sheets = []
    for title, relation, is_hidden in found:
        target = relations.get(relation)
        if target is None or target.part not in parts:
            raise Damaged(f"blad {title[:40]} is niet te vinden")
        if target.kind == "worksheet":
            grid = _grid(_records(parts, target.part), parts.budget, texts, formats, day_zero)
            sheets.append(RawSheet(title, is_hidden, grid))
    return RawBook([title for title, _, _ in found], sheets, day_zero, has_links=parts.any_in("xl/externallinks/"))


def _shared_texts(parts: Parts, part: str | None) -> list[str]:
    texts: list[str] = []
    if part is not None and part in parts:
        for kind, record in _records(parts, part):
            if kind == _TEXT_ITEM:
                text = _wide(record, 1)[0]
                texts.append(parts.budget.text(text))
    return texts


def _formats(parts: Parts, part: str | None) -> list[Format]:
    codes = dict(BUILT_IN)
    formats: list[Format] = []
    is_of_cells = False
    if part is not None and part in parts:
        for kind, record in _records(parts, part):
            if kind == _FORMAT:
                parts.budget.spend(200 + len(record))
                codes[int.from_bytes(record[:2], "little")] = _wide(record, 2)[0]
            elif kind in (_BEGIN_CELL_STYLES, _END_CELL_STYLES):
                is_of_cells = kind == _BEGIN_CELL_STYLES
            elif kind == _STYLE and is_of_cells:
                parts.budget.spend(16)
                formats.append(format_of(codes.get(int.from_bytes(record[2:4], "little"), "")))
    return formats


def _grid(
    records: Iterator[tuple[int, bytes]], budget: Budget, texts: list[str], formats: list[Format], day_zero: date
) -> Grid:
    grid = Grid(budget)
    row, is_hidden, cells = 0, False, CellsInARow(budget)
    numbers: dict[tuple[int, Decimal], Cell] = {}

    def number(style: int, value: Decimal) -> Cell:
        if (style, value) not in numbers:
            budget.spend(BYTES_OF_A_NUMBER)
            of = formats[style] if style < len(formats) else GENERAL
            numbers[style, value] = number_cell(value, of, day_zero)
        return numbers[style, value]

    for kind, record in records:
        if kind == _ROW:
            grid.add_row(row, cells, is_hidden=is_hidden)
            last, row = row, int.from_bytes(record[:4], "little") + 1
            if row <= last:
                raise Damaged("rijen staan niet op volgorde")
            if row > LAST_ROW:
                raise Damaged("er staat een cel buiten het blad")
            is_hidden = bool(record[11] & 0x10) or not int.from_bytes(record[8:10], "little")
            cells = CellsInARow(budget)
        elif kind == _COLUMN:
            first, last_column, width = (int.from_bytes(record[at : at + 4], "little") for at in (0, 4, 8))
            if record[16] & 1 or not width:
                budget.spend(100)
                grid.hidden_columns.append((first + 1, last_column + 1))
        elif _RK <= kind <= _OUTCOME_ERROR:
            column, style = int.from_bytes(record[:4], "little") + 1, int.from_bytes(record[4:7], "little")
            cell: Cell
            if kind == _RK:
                cell = number(style, _rk(int.from_bytes(record[8:12], "little")))
            elif kind in (_REAL, _OUTCOME_REAL):
                cell = number(style, Decimal(struct.unpack_from("<d", record, 8)[0]))
            elif kind in (_ERROR, _OUTCOME_ERROR):
                cell = ERROR_NAMES.get(record[8], UNNAMED_ERROR)
            elif kind in (_BOOLEAN, _OUTCOME_BOOLEAN):
                cell = "WAAR" if record[8] else "ONWAAR"
            elif kind == _SHARED_TEXT:
                cell = texts[int.from_bytes(record[8:12], "little")]
            else:
                cell = budget.text(_wide(record, 8)[0])
            cells.put(column, cell)
    grid.add_row(row, cells, is_hidden=is_hidden)
    return grid


def _rk(packed: int) -> Decimal:
    """A number in 30 bits (2.5.122): whole or the top of a float, in hundredths or not."""
    if packed & 2:
        whole = packed >> 2
        value = Decimal(whole - (1 << 30) if whole & 1 << 29 else whole)
    else:
        value = Decimal(struct.unpack("<d", bytes(4) + (packed & ~3).to_bytes(4, "little"))[0])
    return value / 100 if packed & 1 else value


def _records(parts: Parts, part: str) -> Iterator[tuple[int, bytes]]:
    """The records of a part: kind, size and content (2.1.4)."""
    with parts.open(part) as content:
        reader = _Reader(content)
        while (kind := reader.byte_or_end()) is not None:
            if kind & 0x80:
                kind = (kind & 0x7F) | (reader.byte() << 7)
            size = shift = 0
            while True:
                byte = reader.byte()
                size |= (byte & 0x7F) << shift
                shift += 7
                if not byte & 0x80 or shift == 28:
                    break
            if size > _LARGEST_RECORD:
                raise Damaged("een cel is te lang")
            yield kind, reader.take(size)


class _Reader:
    """Bytes of a stream, a few at a time."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._block, self._at = stream, b"", 0

    def byte_or_end(self) -> int | None:
        taken = self._some(1)
        return taken[0] if taken else None

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, size: int) -> bytes:
        taken = self._some(size)
        if len(taken) < size:
            raise Damaged("het blad is niet af")
        return taken

    def _some(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._block):
            self._block = self._block[self._at :] + self._stream.read(max(size, _BLOCK))
            self._at, end = 0, size
        taken = self._block[self._at : end]
        self._at = end
        return taken


def _wide(record: bytes, at: int) -> tuple[str, int]:
    """A text of two bytes a character, and where it ends."""
    length = int.from_bytes(record[at : at + 4], "little")
    end = at + 4 + 2 * length
    if end > len(record):
        raise Damaged("een tekst is niet af")
    return record[at + 4 : end].decode("utf-16-le"), end
