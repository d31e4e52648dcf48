"""ods (OpenDocument 1.2 part 1, chapter 9): the cells of every sheet, with what they show.

The file holds both a value and the text that was shown for it. An error value has no type of its own: Excel and older
programs write the number 0, with the error in the text alone.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import IO

from kernel.texts import cleaned
from kernel.workbooks.cells import ERROR_TEXT, KEPT, NOT_COMPUTED, Cell, Number, error_cell
from kernel.workbooks.grid import BYTES_OF_A_NUMBER, LAST_COLUMN, Budget, CellsInARow, Damaged, Grid
from kernel.workbooks.parts import Parts, read_xml
from kernel.workbooks.raw import FROM_1900, RawBook, RawSheet

_HIDDEN = ("collapse", "filter")
# What holds cells or texts that are not of the sheet: changes that were tracked, remarks, drawings, other files.
_ASIDE = frozenset(
    ("tracked-changes", "annotation", "shapes", "frame", "custom-shape", "dde-links", "cell-range-source")
)
_MOST_BLANKS = 1_000


@dataclass(slots=True)
class _CellRead:
    """A cell while it is read: its attributes, and its paragraphs."""

    attributes: dict[str, str]
    paragraphs: list[list[str]] = field(default_factory=list)

    @property
    def times(self) -> int:
        return _times(self.attributes, "number-columns-repeated")

    @property
    def text(self) -> str:
        return "\n".join("".join(pieces) for pieces in self.paragraphs)


def read(parts: Parts) -> RawBook:
    """Every sheet of a workbook. Raises `Damaged` and `TooLarge`."""
    reader = _Reader(parts.budget)
    with parts.open("content.xml") as xml:
        reader.read(xml)
    return RawBook([sheet.title for sheet in reader.sheets], reader.sheets, reader.day_zero)


class _Reader:
    def __init__(self, budget: Budget) -> None:
        self.sheets: list[RawSheet] = []
        self.day_zero = FROM_1900
        self._budget = budget
        self._hides: set[str] = set()
        self._style = ""
        self._aside = self._depth = 0
        self._grid: Grid | None = None
        self._cell: _CellRead | None = None
        self._cells = CellsInARow(budget)
        self._row, self._times, self._column = 0, 1, 0
        self._row_is_hidden = False
        self._is_paragraph = 0

    def read(self, xml: IO[bytes]) -> None:
        read_xml(xml, self._start, self._end, self._text)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._aside or tag in _ASIDE:
            self._aside += 1
            return
        match tag:
            case "style":
                self._style = attributes.get("name", "")
            case "table-row-properties" | "table-column-properties" | "table-properties":
                sizes = (attributes.get(name, "") for name in ("row-height", "column-width"))
                if attributes.get("display") == "false" or any(map(_is_no_size, sizes)):
                    self._budget.spend(100)
                    self._hides.add(self._style)
            case "null-date":
                self.day_zero = date.fromisoformat(attributes.get("date-value", "1899-12-30"))
            case "table" if self._grid is None:
                self._start_sheet(attributes)
            case "table":
                raise Damaged("in een cel staat een tabel")
            case "table-column" if self._grid is not None:
                self._column_of(self._grid, attributes)
            case "table-row":
                self._start_row(attributes)
            case "table-cell" | "covered-table-cell":
                self._cell = _CellRead(attributes)
            case "p" | "h" if self._cell is not None:
                self._cell.paragraphs.append([])
                self._is_paragraph += 1
            case "s":
                self._text(" " * min(int(attributes.get("c", "1")), _MOST_BLANKS))
            case "tab":
                self._text("\t")
            case "line-break":
                self._text("\n")

    def _end(self, tag: str) -> None:
        if self._aside:
            self._aside -= 1
            return
        match tag:
            case "table":
                self._grid = None
            case "table-row":
                self._end_row()
            case "table-cell" | "covered-table-cell" if self._cell is not None:
                self._end_cell(self._cell)
                self._cell = None
            case "p" | "h" if self._is_paragraph:
                self._is_paragraph -= 1

    def _text(self, text: str) -> None:
        if self._is_paragraph and self._cell is not None and not self._aside:
            self._budget.spend(len(text))
            self._cell.paragraphs[-1].append(text)

    def _start_sheet(self, attributes: dict[str, str]) -> None:
        self._grid = Grid(self._budget)
        self._row, self._times, self._column = 0, 1, 0
        is_hidden = attributes.get("style-name") in self._hides
        self.sheets.append(RawSheet(attributes.get("name", ""), is_hidden, self._grid))

    def _column_of(self, grid: Grid, attributes: dict[str, str]) -> None:
        first = self._column + 1
        self._column += _times(attributes, "number-columns-repeated")
        if self._is_hidden(attributes):
            self._budget.spend(100)
            grid.hidden_columns.append((first, self._column))

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._row += self._times if self._row else 1
        self._times = _times(attributes, "number-rows-repeated")
        self._row_is_hidden = self._is_hidden(attributes)
        self._cells = CellsInARow(self._budget)
        self._column = 1

    def _is_hidden(self, attributes: dict[str, str]) -> bool:
        return attributes.get("visibility") in _HIDDEN or attributes.get("style-name") in self._hides

    def _end_row(self) -> None:
        if self._grid is not None:
            self._grid.add_row(self._row, self._cells, is_hidden=self._row_is_hidden, times=self._times)

    def _end_cell(self, read: _CellRead) -> None:
        if self._grid is None:
            return
        cell = self._value(self._grid, read)
        if cell != "":
            if self._column + read.times - 1 > LAST_COLUMN:
                raise Damaged("er staat een cel buiten het blad")
            self._budget.spend(8 * read.times)
            for column in range(self._column, self._column + read.times):
                self._cells.put(column, cell)
        self._column += read.times

    def _value(self, grid: Grid, read: _CellRead) -> Cell:
        attributes, text = read.attributes, cleaned(read.text).strip()
        kind, has_formula = attributes.get("value-type", ""), "formula" in attributes
        if attributes.get("calcext:value-type") == "error":
            return error_cell(text)
        if kind in ("float", "currency", "percentage"):
            if ERROR_TEXT.fullmatch(text):
                return error_cell(text)
            return self._number(attributes.get("value", ""), text)
        if kind == "date":
            return _day(attributes.get("date-value", ""), text)
        if kind == "boolean":
            return "WAAR" if attributes.get("boolean-value") == "true" else "ONWAAR"
        if has_formula and not kind and not read.paragraphs:
            return NOT_COMPUTED  # an outcome that is an empty text has a paragraph
        if has_formula and (ERROR_TEXT.fullmatch(text) or text.startswith("#")):
            return error_cell(text)
        return grid.budget.text(attributes.get("string-value", "") if not read.paragraphs else read.text)

    def _number(self, value: str, text: str) -> Cell:
        self._budget.spend(BYTES_OF_A_NUMBER)
        number = Decimal(value)
        return Number(KEPT.plus(number), text or None) if number.is_finite() else error_cell("")


def _times(attributes: dict[str, str], name: str) -> int:
    times = int(attributes.get(name, "1"))
    if times < 1:
        raise Damaged("een cel wordt minder dan een keer herhaald")
    return times


def _is_no_size(size: str) -> bool:
    number = size.rstrip("abcdefghijklmnopqrstuvwxyz%")
    try:
        return size != "" and not Decimal(number)
    except InvalidOperation:
        return False


def _day(value: str, text: str) -> Cell:
    """A day as a day, whatever is shown; with its time when that is shown."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Damaged("een datum is geen datum") from None
    has_time = ":" in text and (moment.hour, moment.minute, moment.second) != (0, 0, 0)
    return f"{moment:%d-%m-%Y %H:%M:%S}" if has_time else f"{moment:%d-%m-%Y}"
