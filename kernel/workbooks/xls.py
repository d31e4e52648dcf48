"""xls (BIFF, read by the library xlrd): the cells of every sheet."""

import os
import struct
from decimal import Decimal
from pathlib import Path
from typing import Any

from kernel.workbooks.cells import ERROR_NAMES, UNNAMED_ERROR, Cell, error_cell, number_cell
from kernel.workbooks.formats import format_of
from kernel.workbooks.grid import BYTES_OF_A_NUMBER, Budget, CellsInARow, Damaged, Grid, spans_of
from kernel.workbooks.parts import Encrypted
from kernel.workbooks.raw import FROM_1900, FROM_1904, RawBook, RawSheet

_TEXT, _NUMBER, _DAY, _BOOLEAN, _ERROR = 1, 2, 3, 4, 5  # kinds of cells, as xlrd numbers them

# What xlrd raises for what it was not made for.
_DAMAGE = (
    struct.error, AssertionError, IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError,
    ZeroDivisionError, MemoryError, RecursionError, EOFError,
)  # fmt: skip


def read(path: Path, budget: Budget) -> RawBook:
    """Every sheet of a workbook. Raises `Damaged`, `Encrypted` and `TooLarge`."""
    import xlrd
    from xlrd.compdoc import CompDocError

    content = path.read_bytes()
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            book = xlrd.open_workbook(file_contents=content, logfile=nowhere, formatting_info=True, ragged_rows=True)
            day_zero = FROM_1904 if book.datemode else FROM_1900
            sheets = [
                RawSheet(sheet.name, bool(sheet.visibility), _grid(book, sheet, budget)) for sheet in book.sheets()
            ]
    except (xlrd.XLRDError, CompDocError) as error:
        if "encrypted" in str(error).lower():
            raise Encrypted from None
        if "Can't find workbook" in str(error):
            raise Damaged("het is een ander soort Office-bestand") from None
        raise Damaged(str(error)[:80]) from None
    except _DAMAGE as error:
        raise Damaged(str(error)[:80]) from None
    return RawBook(book.sheet_names(), sheets, day_zero)


def _grid(book: Any, sheet: Any, budget: Budget) -> Grid:
    grid = Grid(budget)
    formats = [format_of(book.format_map[style.format_key].format_str) for style in book.xf_list]
    day_zero = FROM_1904 if book.datemode else FROM_1900
    numbers: dict[tuple[int, float], Cell] = {}
    texts: dict[str, str] = {}
    for row in range(sheet.nrows):
        cells = CellsInARow(budget)
        kinds, values = sheet.row_types(row), sheet.row_values(row)
        for column, (kind, value) in enumerate(zip(kinds, values, strict=True)):
            cell: Cell = ""
            if kind in (_NUMBER, _DAY):
                key = sheet.cell_xf_index(row, column), value
                if key not in numbers:
                    budget.spend(BYTES_OF_A_NUMBER)
                    numbers[key] = number_cell(Decimal(value), formats[key[0]], day_zero)
                cell = numbers[key]
            elif kind == _ERROR:
                cell = error_cell(ERROR_NAMES.get(value, UNNAMED_ERROR))
            elif kind == _BOOLEAN:
                cell = "WAAR" if value else "ONWAAR"
            elif kind == _TEXT:
                cell = texts.get(value) or texts.setdefault(value, budget.text(value))
            cells.put(column + 1, cell)
        grid.add_row(row + 1, cells, is_hidden=_is_row_hidden(sheet, row))
    columns = sorted(c for c, info in sheet.colinfo_map.items() if info.hidden or not info.width)
    grid.hidden_columns += spans_of(column + 1 for column in columns)
    return grid


def _is_row_hidden(sheet: Any, row: int) -> bool:
    info = sheet.rowinfo_map.get(row)
    if info is None:
        return bool(sheet.default_row_hidden)
    return bool(info.hidden or not (info.has_default_height or info.height))
