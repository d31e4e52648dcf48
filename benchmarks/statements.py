"""Making statements of 480 lines by the command, beside writing the same cells bare, on all cores.

    python -m benchmarks.statements [--statements 1000]          (in tens)

A line is one of 12 products in one of 10 municipalities over one of 4 months, of which three are corrected.
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
from benchmarks.region import MUNICIPALITIES, PRODUCTS, provider_codes, region
from kernel.periods import Month, months

MONTHS = list(months(Month(2026, 1), Month(2026, 4)))

_DELIVERIES_PER_LINE = 4
_BATCH = 10

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


def bare_on_all_cores(cells: _Cells, number: int) -> float:
    """The seconds in which all cores write the cells of one statement `number` times."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        list(pool.map(bare, [[cells]] * (os.cpu_count() or 1)))  # starting the processes is not counted
        start = time.perf_counter()
        list(pool.map(bare, [[cells] * _BATCH] * (number // _BATCH)))
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--statements", type=int, default=1000)
    number = parser.parse_args().statements
    lines = len(MUNICIPALITIES) * len(PRODUCTS) * len(MONTHS)
    with region(provider_codes(number)) as books:
        fill_months(books, dict.fromkeys(MONTHS, _DELIVERIES_PER_LINE * number * lines // len(MONTHS)))
        settled = books.run("settle", "run", "--period", MONTHS[-1])
        assert settled.exit_code == 0, settled.output
        out = books.folder / "out"
        exported = books.run("statement", "export", "1", "--out", out, "--no-detail")
        files = sorted(out.iterdir())
        assert len(files) == number, exported.output
        cells = cells_of(files[0].read_bytes())
    plain = bare_on_all_cores(cells, number)
    print(
        f"{f'settling {number:,} contracts of {lines} lines':<52}{settled.seconds:8.1f} s   {settled.peak_mb:,.0f} MB"
    )
    print(f"{'their statements, by the command':<52}{exported.seconds:8.1f} s   {exported.peak_mb:,.0f} MB")
    print(f"{'the same cells written bare':<52}{plain:8.1f} s   ratio {exported.seconds / plain:.2f} (at most 1.5)")


if __name__ == "__main__":
    main()
