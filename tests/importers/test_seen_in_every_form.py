"""What the author of a sheet sees is what is read: in every form, wherever the table stands, and as its CSV says it."""

from __future__ import annotations

import csv
import re
import subprocess
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from importers.delivery_files import examine
from kernel.findings import Refusal
from kernel.notation import parse_date
from kernel.tabular import Column, read_table
from kernel.workbooks.book import open_workbook
from kernel.workbooks.cells import Holds
from tariffs.price_lists import LAYOUT as PRICES
from tests.importers import test_workbooks
from tests.importers.test_hidden_parts import book as with_hidden_parts
from tests.importers.test_workbooks import SHAPES, known
from tests.importers.workbooks import (
    HEADER,
    JAN_5,
    SOFFICE,
    by_openpyxl,
    changed,
    converted,
    in_dutch,
    needs_soffice,
    ods,
    row,
    saved,
    xlsb,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.importers.conftest import Desk

SHEET = "xl/worksheets/sheet1.xml"
SERIAL = (JAN_5 - date(1899, 12, 30)).days


# --- the same table, one column and one row further -------------------------------------------------------------------


def moved(workbook: bytes) -> bytes:
    """The workbook with its first sheet moved by one column and one row."""

    def place(match: re.Match[bytes]) -> bytes:
        column, number = openpyxl.utils.column_index_from_string(match[1].decode()), int(match[2])
        return f"{openpyxl.utils.get_column_letter(min(column + 1, 16384))}{number + 1}".encode()

    def change(part: bytes) -> bytes:
        part = re.sub(rb"(?<=[ (:\"])([A-Z]{1,3})(\d+)(?=[\" :])", place, part)
        part = re.sub(rb'(<(?:x:)?row\b[^>]*? r=")(\d+)', lambda m: m[1] + str(int(m[2]) + 1).encode(), part)
        return re.sub(rb'\b(min|max)="(\d+)"', lambda m: m[1] + b'="%d"' % (int(m[2]) + 1), part)

    return changed(workbook, SHEET, change)


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "xlsb"])
def test_a_table_that_is_moved_says_the_same(desk: Desk, shape: str) -> None:
    known(desk, moved(SHAPES[shape]()))


@needs_soffice
@pytest.mark.parametrize("form", ["xls", "ods"])
def test_a_table_that_is_moved_says_the_same_in_other_forms(desk: Desk, form: str) -> None:
    known(desk, converted(moved(test_workbooks.plain()), form, desk.folder), f"werkmap.{form}")


def test_a_table_that_is_moved_says_the_same_in_xlsb(desk: Desk) -> None:
    rows = [[None], [None, *HEADER], *([None, *cells] for cells in test_workbooks.mapped(test_workbooks._serial))]
    known(desk, xlsb("a", rows), "werkmap.xlsb")


def test_errors_and_hidden_parts_move_with_the_table(desk: Desk) -> None:
    assert [hidden.place for hidden in desk.take(moved(with_hidden_parts()), "a.xlsx").file.warnings] == [
        'a.xlsx, blad "jan", rij 5 tot en met 6, 9',
        'a.xlsx, blad "jan", kolom "aantal", "bedrag"',
    ]
    result = desk.take(moved(_errors_everywhere()), "b.xlsx")
    assert _columns_of(result) == list(HEADER)
    assert [finding.row_number for finding in result.findings] == list(range(3, 3 + len(HEADER)))


# --- error values -----------------------------------------------------------------------------------------------------


def _rows_with_an_error(error: Any) -> list[list[Any]]:
    """A row for every column, with an error in that column and a credit mark that is filled in."""
    return [
        [error if place == at else value for place, value in enumerate([*row(f"r{at}")[:8], "D", "", 132.5])]
        for at in range(len(HEADER))
    ]


def _errors_everywhere() -> bytes:
    def fill(sheet: Any) -> None:
        sheet.append(HEADER)
        for at, cells in enumerate(_rows_with_an_error("#N/A")):
            sheet.append(cells)
            sheet.cell(at + 2, at + 1).data_type = "e"

    return by_openpyxl(fill)


def _formulas_everywhere() -> bytes:
    return by_openpyxl(lambda sheet: [sheet.append(cells) for cells in (HEADER, *_rows_with_an_error("=NA()"))])


def _columns_of(result: Any) -> list[str]:
    assert result.account.rows_accepted == 0
    return [finding.column for finding in result.findings]


def _ods_cell(value: Any, *, error: str) -> str:
    """A cell as Excel writes it: an error is the number 0, with the error in the text alone."""
    if value == "#N/A":
        return error
    shown = str(value).replace(".", ",")
    kind = 'value-type="string"'
    if isinstance(value, date):
        kind = f'value-type="date" office:date-value="{value}"'
    elif isinstance(value, int | float):
        kind = f'value-type="float" office:value="{value}"'
    return f"<table:table-cell office:{kind}><text:p>{shown}</text:p></table:table-cell>"


ODS_ERRORS = {
    "Excel": '<table:table-cell table:formula="msoxl:=NA()" office:value-type="float" office:value="0">'
    "<text:p>#N/A</text:p></table:table-cell>",
    "an old OpenOffice": '<table:table-cell table:formula="oooc:=1/0" office:value-type="float" office:value="0">'
    "<text:p>Err:532</text:p></table:table-cell>",
    "an error of another language": '<table:table-cell table:formula="of:=X" office:value-type="string"'
    ' office:string-value=""><text:p>#WERT!</text:p></table:table-cell>',
}


@pytest.mark.parametrize("error", ODS_ERRORS.values(), ids=ODS_ERRORS)
def test_an_error_in_an_ods_of_any_writer_is_no_value(desk: Desk, error: str) -> None:
    rows = _rows_with_an_error("#N/A")
    lines = ("".join(_ods_cell(value, error=error) for value in cells) for cells in rows)
    table = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    assert _columns_of(desk.take(ods(table), "a.ods")) == list(HEADER)


def test_an_error_that_is_repeated_stands_in_every_cell(desk: Desk) -> None:
    cells = [*row("r1")[:8]]
    error = ODS_ERRORS["Excel"].replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="2"')
    line = "".join(_ods_cell(value, error="") for value in cells) + error
    result = desk.take(ods(f'<table:table-row table:number-rows-repeated="2">{line}</table:table-row>'), "a.ods")
    assert [(finding.row_number, finding.column) for finding in result.findings] == [
        (number, column) for number in (2, 3) for column in ("dc", "vorige referentie")
    ]


def test_an_error_in_an_xlsx_or_xlsb_is_no_value(desk: Desk) -> None:
    assert _columns_of(desk.take(_errors_everywhere(), "a.xlsx")) == list(HEADER)
    rows = [[SERIAL if value == JAN_5 else value for value in cells] for cells in _rows_with_an_error("#N/A")]
    assert _columns_of(desk.take(xlsb("a", [HEADER, *rows]), "b.xlsb")) == list(HEADER)


@needs_soffice
@pytest.mark.parametrize("form", ["xls", "ods", "xlsx"])
def test_an_error_that_libreoffice_computed_is_no_value(desk: Desk, form: str) -> None:
    assert _columns_of(desk.take(converted(_formulas_everywhere(), form, desk.folder), f"a.{form}")) == list(HEADER)


@pytest.mark.parametrize("column", range(5))
def test_an_error_in_a_small_table_refuses_it(tmp_path: Path, column: int) -> None:
    header = ["product", "vanaf", "tot", "tot en met", "prijs"]

    def fill(sheet: Any) -> None:
        sheet.append(header)
        sheet.append(["45A04", JAN_5, None, None, 60])
        sheet.cell(2, column + 1, "#N/A").data_type = "e"

    path = tmp_path / "prijzen.xlsx"
    path.write_bytes(by_openpyxl(fill))
    with pytest.raises(Refusal) as refusal:
        read_table(path, PRICES)
    assert [(finding.code, finding.place) for finding in refusal.value.findings][:1] == [
        ("R02", f'rij 2, kolom "{header[column]}"')
    ]


# --- number formats ---------------------------------------------------------------------------------------------------

# A number, its format, and what is read of it as a text.
SHOWN = [
    (4711, "000000", "004711"), (4711, '"R-"0', "R-4711"), (4711, '0000"-"00', "0047-11"), (0.0418, "0.00%", "4,18%"),
    (1234567, "#,##0", "1.234.567"), (95, "General", "95"), (12.5, "0.00", "12,50"), (-5, "0.00", "-5,00"),
    (132.5, "0.0", "132,5"), (0.5, "0.00", "0,50"), (95, '0" uur"', "95 uur"), (JAN_5, "dd-mm-yyyy", "05-01-2026"),
]  # fmt: skip
HIDES = [(95.4, "0"), (95.0799, "0.00"), (95000, "0,"), (-5, "0.00;0.00"), (0.041834, "0.00%")]


def _numbers(numbers: Sequence[tuple[Any, ...]]) -> bytes:
    def fill(sheet: Any) -> None:
        sheet.append(["naam"])
        for at, (value, code, *_) in enumerate(numbers, 2):
            sheet.cell(at, 1, value).number_format = code

    return by_openpyxl(fill)


def _texts(path: Path) -> list[str]:
    [sheet] = open_workbook(path, path.name).sheets
    return [cells[0] for _, cells in sheet.rows(1)]


@needs_soffice
@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_the_format_of_a_number_says_the_same_in_every_form(tmp_path: Path, form: str) -> None:
    for name, numbers in (("a", SHOWN), ("b", HIDES)):
        path = tmp_path / f"{name}.{form}"
        path.write_bytes(_numbers(numbers) if form == "xlsx" else converted(_numbers(numbers), form, tmp_path))
        if numbers is SHOWN:
            assert _texts(path) == [text for *_, text in SHOWN]
        else:
            assert all(text.endswith(")") and "getoond" in text for text in _texts(path)), _texts(path)


@needs_soffice
def test_a_workbook_and_the_csv_that_libreoffice_makes_of_it_give_the_same(desk: Desk) -> None:
    """Every shape of a delivery workbook, each beside its CSV: the rows of the one are the rows of the other."""
    other = ("a header of two lines with merged cells", "English, in capitals, over two lines", "xlsb", "xlsm")
    books = {name: make() for name, make in SHAPES.items() if name not in other and "bare" not in name}
    texts = _as_csv(books, desk.folder)
    for name, content in books.items():
        lines = [line for line in texts[name].decode().splitlines() if "referentie" in line or ";999900" in line]
        header, *from_csv = csv.reader(lines, delimiter=";")
        [table] = examine(desk.write(content, "werkmap.xlsx")).tables
        first = next(place for place, cell in enumerate(header) if "referentie" in cell)
        width, amounts = len(HEADER), len(HEADER) - 1
        said = [_plain(cells[first : first + width], amounts) for cells in from_csv]
        read = [_plain(cells[first : first + width], amounts) for _, cells in table.rows()]
        assert read == said, name


def _plain(cells: Sequence[str], amounts: int) -> list[str]:
    """The cells without blanks around them, days by their value, and an amount without the noughts at its end."""
    bare = [_day_or_text(cell.strip(" \u00a0")) for cell in cells]
    return [cell.rstrip("0").rstrip(",") if at == amounts and "," in cell else cell for at, cell in enumerate(bare)]


def _day_or_text(cell: str) -> str:
    try:
        return str(parse_date(cell))
    except ValueError:
        return cell


def _as_csv(books: dict[str, bytes], folder: Path) -> dict[str, bytes]:
    """What LibreOffice writes for each workbook as CSV, in Dutch, with cells as they are shown."""
    assert SOFFICE
    paths = {name: folder / f"boek-{at}.xlsx" for at, name in enumerate(books)}
    for name, path in paths.items():
        path.write_bytes(books[name])
    in_dutch(folder)
    form = "csv:Text - txt - csv (StarCalc):59,34,76,1,,1043,false,true,false"
    command = [SOFFICE, "--headless", f"-env:UserInstallation=file://{folder}/profiel", "--convert-to", form]
    subprocess.run(
        [*command, "--outdir", folder / "csv", *paths.values()], check=True, capture_output=True, timeout=180
    )
    return {name: (folder / "csv" / f"{path.stem}.csv").read_bytes() for name, path in paths.items()}


# --- what is hidden, and calendars ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<row r="3">', b'<row r="3" ht="0" customHeight="1">'),
        (b'<row r="3">', b'<row r="3" hidden="1">'),
        (b'<row r="3">', b'<row r="3" hidden="true">'),
    ],
)
def test_a_row_without_height_is_hidden(desk: Desk, old: bytes, new: bytes) -> None:
    content = changed(saved(_plain_book()), SHEET, lambda part: part.replace(old, new))
    [warning] = desk.take(content, "a.xlsx").file.warnings
    assert (warning.code, warning.place) == ("R08", 'a.xlsx, blad "Sheet", rij 3')


def test_a_column_without_width_is_hidden(desk: Desk) -> None:
    cols = b'<cols><col min="8" max="8" width="0" customWidth="1"/></cols><sheetData>'
    content = changed(saved(_plain_book()), SHEET, lambda part: part.replace(b"<sheetData>", cols))
    [warning] = desk.take(content, "a.xlsx").file.warnings
    assert (warning.code, warning.place) == ("R08", 'a.xlsx, blad "Sheet", kolom "aantal"')


def _plain_book() -> Any:
    made = openpyxl.Workbook()
    for cells in (HEADER, row("r1"), row("r2")):
        made.active.append(cells)
    return made


@needs_soffice
@pytest.mark.parametrize("form", ["xls", "ods"])
def test_what_nobody_sees_is_told_in_other_forms(desk: Desk, form: str) -> None:
    told = desk.take(converted(with_hidden_parts(), form, desk.folder), f"a.{form}").file.warnings
    assert [warning.place for warning in told] == [
        f'a.{form}, blad "jan", rij 4 tot en met 5, 8',
        f'a.{form}, blad "jan", kolom "aantal", "bedrag"',
    ]


@needs_soffice
@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_a_bare_number_is_a_day_of_the_calendar_of_the_workbook(tmp_path: Path, form: str) -> None:
    made = openpyxl.Workbook()
    made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for cells in (["dag", "aantal"], [SERIAL - 1462, 1], [JAN_5, 1]):
        made.active.append(cells)
    path = tmp_path / f"a.{form}"
    path.write_bytes(saved(made) if form == "xlsx" else converted(saved(made), form, tmp_path))
    layout = (Column("day", ("dag",), parse_date, holds=Holds.DAY), Column("count", ("aantal",)))
    assert [row["day"] for row in read_table(path, layout).rows] == [JAN_5, JAN_5]
