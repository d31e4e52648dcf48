"""What nobody sees in a workbook is read and paid: so it is told, with where it stands."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from kernel.tabular import Column, read_table
from tests.importers.workbooks import HEADER, JAN_5, changed, converted, needs_soffice, row, saved, xlsb

if TYPE_CHECKING:
    from click.testing import Result

    from tests.importers.conftest import Desk

ROWS = [row(f"r{number}") for number in range(1, 8)]
HINT = "maak ze zichtbaar en kijk ze na; van leveringen neemt een creditregel terug wat niet meetelt"


def told(desk: Desk, content: bytes, name: str) -> list[tuple[str, str, str]]:
    result = desk.take(content, name)
    assert result.account.rows_accepted == 7
    assert result.needs_attention
    assert {warning.hint for warning in result.file.warnings} == {HINT}
    return [(warning.code, warning.place, warning.message) for warning in result.file.warnings]


def expected(name: str, sheet: str, rows: str, count: str, columns: str) -> list[tuple[str, str, str]]:
    place = f'{name}, blad "{sheet}", '
    return [
        ("R08", f"{place}rij {rows}", f"verborgen of weggefilterd, en wel gelezen ({count})"),
        ("R08", f"{place}kolom {columns}", "verborgen, en wel gelezen"),
    ]


def book() -> bytes:
    """A title, a header in row 2, rows in 3 to 9 of which a filter hides 4, 5 and 8; empty rows are hidden too."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "jan"
    for cells in (["Declaratie"], [*HEADER, "opmerking"], *ROWS):
        sheet.append(cells)
    sheet.auto_filter.ref = "A2:L9"
    sheet.auto_filter.add_filter_column(0, ["r1", "r4", "r5", "r7"])
    for number in (1, 4, 5, 8, 11, 12):
        sheet.row_dimensions[number].hidden = True
    for letter in "HKLM":  # aantal, bedrag; and what is not read
        sheet.column_dimensions[letter].hidden = True
    return saved(made)


def test_hidden_rows_and_columns_of_an_xlsx_are_told(desk: Desk) -> None:
    found = told(desk, book(), "a.xlsx")
    assert found == expected("a.xlsx", "jan", "4 tot en met 5, 8", "3 rijen", '"aantal", "bedrag"')


@pytest.mark.parametrize("way", [b"hidden='true'", b'x:a="1" hidden = "1"'])
def test_however_it_is_written(desk: Desk, way: bytes) -> None:
    content = changed(book(), "xl/worksheets/sheet1.xml", lambda part: part.replace(b'hidden="1"', way))
    found = told(desk, content, "a.xlsx")
    assert found == expected("a.xlsx", "jan", "4 tot en met 5, 8", "3 rijen", '"aantal", "bedrag"')


@needs_soffice
def test_hidden_rows_and_columns_of_an_ods_are_told(desk: Desk) -> None:
    found = told(desk, converted(book(), "ods", desk.folder), "a.ods")
    assert found == expected("a.ods", "jan", "4 tot en met 5, 8", "3 rijen", '"aantal", "bedrag"')


def test_hidden_rows_and_columns_of_an_xlsb_are_told(desk: Desk) -> None:
    rows = [[46027 if cell == JAN_5 else cell for cell in cells] for cells in (HEADER, *ROWS)]
    found = told(desk, xlsb("jan", rows, hidden_rows=(1, 8), hidden_columns=(8, 9)), "a.xlsb")
    assert found == expected("a.xlsb", "jan", "8", "1 rij", '"aantal", "dc"')


def test_many_rows_are_not_all_named(desk: Desk) -> None:
    made = openpyxl.Workbook()
    made.active.append(HEADER)
    for number in range(2, 20):
        made.active.append(row(f"r{number}"))
        made.active.row_dimensions[number].hidden = number % 2 == 0
    [warning] = desk.take(saved(made), "a.xlsx").file.warnings
    assert warning.place == 'a.xlsx, blad "Sheet", rij 2, 4, 6, 8, 10, …'
    assert "(9 rijen)" in warning.message


def test_the_program_tells_and_asks_attention(run: Any, tmp_path: Path) -> None:
    (tmp_path / "jan.xlsx").write_bytes(book())
    result: Result = run("import", "deliveries", tmp_path / "jan.xlsx")
    assert result.exit_code == 3
    assert 'R08 jan.xlsx, blad "jan", rij 4 tot en met 5, 8: verborgen' in result.output


def test_a_small_table_tells_it_too(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    for cells in (["product"], ["a"], ["b"], [date(2026, 1, 1)]):
        made.active.append(cells)
    made.active.row_dimensions[3].hidden = True
    (tmp_path / "p.xlsx").write_bytes(saved(made))
    [warning] = read_table(tmp_path / "p.xlsx", [Column("product", ("product",))]).warnings
    assert (warning.code, warning.place) == ("R08", 'p.xlsx, blad "Sheet", rij 3')
