"""Reading a delivery workbook to rows ready for COPY, beside what a library that reads bare values needs.

python -m benchmarks.workbooks [--rows 200000]
"""

import argparse
import tempfile
from datetime import timedelta
from pathlib import Path

from xlsxwriter import Workbook

from benchmarks.pricing import best
from benchmarks.region import DELIVERY_HEADER, MUNICIPALITIES, PRODUCTS, PROVIDERS, client_numbers
from importers.delivery_cells import Known
from importers.delivery_files import examine
from importers.delivery_rows import Reading, staged_rows
from kernel.periods import Month


def write_workbook(path: Path, rows: int) -> None:
    """Deliveries of one month as a provider keeps them: dates and numbers as such, codes as text."""
    clients = client_numbers(5_000)
    first = Month(2026, 1).first_day
    with Workbook(path, {"constant_memory": True}) as book:
        day_format = book.add_format({"num_format": "dd-mm-yyyy"})
        sheet = book.add_worksheet("leveringen")
        sheet.write_row(0, 0, DELIVERY_HEADER.split(";"))
        for n in range(rows):
            codes = (f"j-{n}", MUNICIPALITIES[n % 10], PROVIDERS[n % 40], clients[n % 5_000], PRODUCTS[n // 40 % 12])
            for column, code in enumerate(codes):
                sheet.write_string(n + 1, column, code)
            for column in (5, 6):
                sheet.write_datetime(n + 1, column, first + timedelta(days=n % 28), day_format)
            sheet.write_number(n + 1, 7, 15 + n % 106)
            sheet.write_string(n + 1, 8, "minuut")
            sheet.write_string(n + 1, 9, "D")
            sheet.write_number(n + 1, 11, (10_000 + n % 90_000) / 100)


def cells_alone(path: Path) -> int:
    from python_calamine import CalamineWorkbook

    return len(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python())


def rows_for_copy(path: Path) -> int:
    ids = [{code: place for place, code in enumerate(codes)} for codes in (MUNICIPALITIES, PROVIDERS, PRODUCTS)]
    known = Known(*ids, laws=dict.fromkeys(range(len(PRODUCTS)), "Jeugdwet"))
    reading = Reading()
    for _ in staged_rows(examine(path), known, bytes(32), reading):
        pass
    assert not reading.findings
    return reading.rows_read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leveringen.xlsx"
        write_workbook(path, rows)
        assert rows_for_copy(path) == rows
        alone, ours = best(lambda: cells_alone(path)), best(lambda: rows_for_copy(path))
    print(f"{f'a workbook of {rows:,} rows, ready for COPY':<52}{ours:8.2f} s")
    print(f"{'its bare values (python-calamine)':<52}{alone:8.2f} s   ratio {ours / alone:.2f} (at most 5)")


if __name__ == "__main__":
    main()
