"""Making statements of about 500 lines beside writing the same cells bare, on all cores.

python -m benchmarks.statements [--statements 1000]          (in hundreds)
"""

import argparse
import io
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from openpyxl import load_workbook
from xlsxwriter import Workbook

from benchmarks.pricing import fill_months
from benchmarks.region import region
from kernel.periods import Month, months
from settlement.languages.dutch import DUTCH
from settlement.reading import read_run
from settlement.statements.export import workbooks
from settlement.statements.facts import Statement
from settlement.statements.reader import read_statements

# By sheet its cells: row, column, what stands there, and whether it is a formula.
_Cells = dict[str, list[tuple[int, int, Any, bool]]]


def cells_of(content: bytes) -> _Cells:
    book = load_workbook(io.BytesIO(content))
    return {
        sheet.title: [
            (cell.row - 1, cell.column - 1, cell.value, cell.data_type == "f")
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        ]
        for sheet in book.worksheets
    }


def bare(books: Sequence[_Cells]) -> list[bytes]:
    """The same cells with the same library, without formats, print set-up or values beside the formulas."""
    written = []
    for sheets in books:
        out = io.BytesIO()
        with Workbook(out, {"in_memory": True}) as book:
            for name, cells in sheets.items():
                sheet = book.add_worksheet(name)
                for row, column, value, is_formula in cells:
                    if is_formula:
                        sheet.write_formula(row, column, value)
                    else:
                        sheet.write(row, column, value)
        written.append(out.getvalue())
    return written


def on_all_cores(ours: Statement, cells: _Cells, number: int) -> tuple[float, float]:
    """The seconds in which all cores make `number` statements, and the same cells bare.

    They take turns, so that what else the machine does slows both.
    """
    batch, turn = 10, 100
    seconds = [0.0, 0.0]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        list(pool.map(workbooks, [[ours]] * (os.cpu_count() or 1)))  # starting the processes is not counted
        for _ in range(number // turn):
            for place, (make, one) in enumerate(((workbooks, ours), (bare, cells))):
                start = time.perf_counter()
                list(pool.map(make, [[one] * batch] * (turn // batch)))
                seconds[place] += time.perf_counter() - start
    return seconds[0], seconds[1]


def statement() -> Statement:
    """A statement of 480 lines: 12 products in 10 municipalities and 4 months, of which three are corrected."""
    with region() as books:
        fill_months(books, dict.fromkeys(months(Month(2026, 1), Month(2026, 4)), 48_000))
        measured = books.run("settle", "run", "--period", "2026-04", "--contract", "C001")
        assert measured.exit_code == 0, measured.output
        with books.transaction(dry_run=True) as connection:
            [[found]] = read_statements(connection, read_run(connection, 1), DUTCH, detail=False)
            return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--statements", type=int, default=1000)
    number = parser.parse_args().statements
    made = statement()
    cells = cells_of(workbooks([made])[0])
    ours, plain = on_all_cores(made, cells, number)
    lines = len(made.settled.lines)
    print(f"{f'{number:,} statements of {lines} lines':<52}{ours:8.1f} s")
    print(f"{'the same cells written bare':<52}{plain:8.1f} s   ratio {ours / plain:.2f} (at most 1.5)")


if __name__ == "__main__":
    main()
