"""The cells of one sheet while it is read, and what reading may cost.

Memory and time stay in proportion to the size of the file: a few bytes can ask for a billion cells.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kernel.texts import cleaned
from kernel.workbooks.cells import NOT_COMPUTED, Cell

LAST_ROW, LAST_COLUMN = 1 << 20, 1 << 14  # no sheet of any program has more
_FREE_BYTES, _TIMES_THE_FILE = 40 << 20, 15  # and some for what reads it
_BYTES_OF_A_ROW, _BYTES_OF_A_TEXT, BYTES_OF_A_NUMBER = 160, 60, 250

Span = tuple[int, int]  # the first and the last of rows or columns that follow each other, from 1


class TooLarge(Exception):
    """A workbook asks for more memory than its size allows."""


class Damaged(Exception):
    """A workbook says what none can say; the reason is in Dutch."""


@dataclass(slots=True)
class Budget:
    """The memory that reading a file of `size` bytes may still take. Raises `TooLarge` when it is used up."""

    size: int
    left: int = 0

    def __post_init__(self) -> None:
        self.left = _FREE_BYTES + _TIMES_THE_FILE * self.size

    def text(self, text: str) -> str:
        """A text as every reader takes it in; one of blanks alone is empty."""
        plain = cleaned(text)
        self.spend(_BYTES_OF_A_TEXT + (1 if plain.isascii() else 4) * len(plain))
        return plain if plain.strip() else ""

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise TooLarge


@dataclass(slots=True)
class Grid:
    """A sheet: its rows with something in them, each a list of cells from column A, and what nobody sees of it.

    Rows and columns count from 1. A cell with nothing but blanks is empty.
    """

    budget: Budget
    rows: list[tuple[int, list[Cell]]] = field(default_factory=list)
    hidden_rows: list[Span] = field(default_factory=list)
    hidden_columns: list[Span] = field(default_factory=list)
    not_computed: list[tuple[int, int]] = field(default_factory=list)

    def add_row(self, number: int, row: "CellsInARow", *, is_hidden: bool = False, times: int = 1) -> None:
        """Add a row, or the same one so many times. Rows come in order; one without anything in it is left out."""
        cells = row.cells
        if not cells:
            return
        if number + times - 1 > LAST_ROW or len(cells) > LAST_COLUMN:
            raise Damaged("er staat een cel buiten het blad")
        if self.rows and number <= self.rows[-1][0]:
            raise Damaged("rijen staan niet op volgorde")
        self.budget.spend(_BYTES_OF_A_ROW * times + 8 * len(cells))
        self.rows += [(number + n, cells) for n in range(times)] if times > 1 else [(number, cells)]
        if is_hidden:
            self._hide(number, number + times - 1)
        if row.has_not_computed:
            columns = [column for column, cell in enumerate(cells, 1) if cell is NOT_COMPUTED]
            self.not_computed += ((number + n, column) for n in range(times) for column in columns)

    def _hide(self, first: int, last: int) -> None:
        if self.hidden_rows and first == self.hidden_rows[-1][1] + 1:
            first = self.hidden_rows.pop()[0]
        self.hidden_rows.append((first, last))


class CellsInARow:
    """The cells of a row while they come in, each with its column from 1, or at the next place."""

    __slots__ = ("_budget", "_next", "cells", "has_not_computed")

    def __init__(self, budget: Budget) -> None:
        self.cells: list[Cell] = []
        self.has_not_computed = False
        self._budget = budget
        self._next = 1

    def put(self, column: int, cell: Cell) -> None:
        """Put a cell in its column; 0 for the next one. Raises `Damaged` for a second one there."""
        column = column or self._next
        self._next = column + 1
        if cell == "":
            return
        cells = self.cells
        if column == len(cells) + 1:
            cells.append(cell)
        else:
            self._put_apart(column, cell)
        if cell is NOT_COMPUTED:
            self.has_not_computed = True

    def put_all(self, columns: list[int], cells: list[Cell]) -> None:
        """Put cells in their columns, all different; faster than one by one."""
        if self.cells:
            for column, cell in zip(columns, cells, strict=True):
                self.put(column, cell)
            return
        self._next = columns[-1] + 1
        if columns[-1] != len(cells) or columns != sorted(columns):
            filled = {column: cell for column, cell in zip(columns, cells, strict=True) if cell != ""}
            last = max(filled, default=0)
            if last > LAST_COLUMN:
                raise Damaged("er staat een cel buiten het blad")
            self._budget.spend(8 * last)
            cells = [""] * last
            for column, cell in filled.items():
                cells[column - 1] = cell
        while cells and cells[-1] == "":
            cells.pop()
        self.cells = cells
        self.has_not_computed = NOT_COMPUTED in cells

    def _put_apart(self, column: int, cell: Cell) -> None:
        cells = self.cells
        if column > LAST_COLUMN:
            raise Damaged("er staat een cel buiten het blad")
        if column <= len(cells) and cells[column - 1] != "":
            raise Damaged("een cel staat er twee keer in")
        missing = column - len(cells)
        if missing > 0:
            self._budget.spend(8 * missing)
            cells += [""] * missing
        cells[column - 1] = cell


def letters(column: int) -> str:
    """27 is AA."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def column_number(text: str) -> int:
    """AA is 27."""
    number = 0
    for letter in text:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def spans_of(numbers: Iterator[int]) -> list[Span]:
    """Numbers in order, those that follow each other together."""
    spans: list[Span] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans
