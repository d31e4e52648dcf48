"""Rejected rows in the sender's own workbook: nothing is lost on the way back, and mended it comes in clean."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.formatting.rule import FormulaRule
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from importers import rejected_workbooks
from importers.rejected_rows import write_rejected
from importers.sent_again import sent_again
from kernel.money import Eur
from kernel.tabular import SUMMARY_TITLE
from tests.importers.workbooks import HEADER, JAN_5, row, saved, sheets, xlsb

if TYPE_CHECKING:
    from click.testing import Result

    from tests.importers.conftest import Desk


def returned(desk: Desk, content: bytes, name: str = "jan.xlsx") -> Path:
    return write_rejected(desk.take(content, name), desk.folder)


def rows_of(book: Any) -> dict[str, list[Any]]:
    """The first cell of the rows under the header of each sheet, by the name of the sheet; not of the summary."""
    return {
        sheet.title: [cells[0] for cells in sheet.iter_rows(min_row=2, values_only=True)]
        for sheet in book.worksheets
        if sheet["A1"].value != SUMMARY_TITLE
    }


# --- no row is lost ---------------------------------------------------------------------------------------------------

TWO_CLIENTS = ("cliënt 999900006", "cliënt 999900018")


@pytest.mark.parametrize("is_large", [False, True])
def test_sheets_that_are_named_after_clients_keep_their_rows_apart(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    if is_large:
        monkeypatch.setattr(rejected_workbooks, "MOST_CELLS", 1)
    result = desk.take(sheets(*((name, [HEADER, row(f"r{n}", quantity=0)]) for n, name in enumerate(TWO_CLIENTS))))
    places = [result.file.located(finding).place for finding in result.findings]
    assert places == [
        'blad "cliënt •••••••••", rij 2, kolom "aantal"',
        'blad "cliënt ••••••••• (blad 2)", rij 2, kolom "aantal"',
    ]
    book = openpyxl.load_workbook(write_rejected(result, desk.folder))
    assert rows_of(book) == {TWO_CLIENTS[0]: ["r0"], TWO_CLIENTS[1]: ["r1"]}


def test_names_that_xlsx_does_not_allow_become_names_that_it_allows() -> None:
    titles = ["Samenvatting", "jan", "JAN", "a/b:[c]*?\\", "'", "x" * 40, "x" * 41, "x" * 31]
    names = rejected_workbooks._legal_names(titles)
    assert names == [
        "Samenvatting (2)", "jan", "JAN (2)", "a b c", "Blad", "x" * 31, f"{'x' * 27} (2)", f"{'x' * 27} (3)",
    ]  # fmt: skip
    sheets(*((name, []) for name in names))  # XlsxWriter raises for a name that is not allowed


def test_a_cell_in_the_last_column_leaves_no_room_for_reasons(desk: Desk) -> None:
    def fill(sheet: Any) -> None:
        for cells in (HEADER, row("r1", quantity=0)):
            sheet.append(cells)
        sheet["XFD2"] = "x"

    book = openpyxl.Workbook()
    fill(book.active)
    assert rows_of(openpyxl.load_workbook(returned(desk, saved(book)))) == {"Sheet": ["r1"]}


def test_a_file_that_takes_too_long_to_copy_comes_back_as_plain_rows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejected_workbooks, "_MOST_BYTES", 2_000)
    book = openpyxl.load_workbook(returned(desk, sheets(("jan", [HEADER, row("r1", quantity=0)]))))
    assert book["jan"]["D2"].value == "999900006"  # a text; in a copy it is the number that was sent


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damage_where_no_row_stands_keeps_no_row_back(desk: Desk, method: int) -> None:
    """What reads rows never looks at the name of the author; what copies the workbook does."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheets(("jan", [HEADER, row("r1", quantity=0)])))) as sent:
        with zipfile.ZipFile(content, "w", method) as parts:
            for part in sent.namelist():
                parts.writestr(part, sent.read(part))
        info = parts.getinfo("docProps/core.xml")
    damaged = bytearray(content.getvalue())
    damaged[info.header_offset + 30 + len(info.filename)] ^= 0xFF
    assert rows_of(openpyxl.load_workbook(returned(desk, bytes(damaged)))) == {"jan": ["r1"]}


# --- mended, it comes in clean ----------------------------------------------------------------------------------------


def _made_up() -> bytes:
    """Rows with a list to choose from, a name and a colour that refer to other sheets, and a hidden column."""
    book = openpyxl.Workbook()
    jan = book.active
    jan.title = "jan"
    for cells in ([*HEADER, "opmerking"], row("r1", municipality="Capelle"), row("r2"), row("r3", quantity=0)):
        jan.append(cells)
    lists = book.create_sheet("Lijsten")
    lists["A1"] = "GM0502"
    book.create_sheet("Toelichting")["A1"] = "Wat u moet weten"
    book.create_sheet("Leeg")
    book.defined_names["gemeenten"] = DefinedName("gemeenten", attr_text="Lijsten!$A$1:$A$9")
    for formula in ("Lijsten!$A$1:$A$9", "gemeenten", '"D,C"'):
        choice = DataValidation(type="list", formula1=formula)
        choice.add("B2:B9")
        jan.add_data_validation(choice)
    jan.conditional_formatting.add("H2:H9", FormulaRule(formula=["Lijsten!$A$1=1"]))
    jan.conditional_formatting.add("H2:H9", FormulaRule(formula=["H2=0"]))
    jan.column_dimensions["H"].hidden = True
    return saved(book)


@pytest.mark.parametrize("is_large", [False, True])
def test_a_mended_file_comes_in_without_a_word_about_what_was_added(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    if is_large:
        monkeypatch.setattr(rejected_workbooks, "MOST_CELLS", 1)
    path = returned(desk, _made_up())
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Samenvatting", "jan"]
    sheet = book["jan"]
    sheet["B2"], sheet["H3"] = "GM0502", 12
    book.save(path)
    mended = desk.take(path.read_bytes(), path.name)
    assert mended.account.rows_accepted == mended.account.rows_read == 2
    assert mended.file.unused_headers == ("opmerking",)
    assert (list(mended.file.warnings), mended.findings, mended.waiting) == ([], [], [])


def test_nothing_refers_to_a_sheet_that_did_not_go_back(desk: Desk) -> None:
    book = openpyxl.load_workbook(returned(desk, _made_up()))
    sheet = book["jan"]
    assert [choice.formula1 for choice in sheet.data_validations.dataValidation] == ['"D,C"']
    assert list(book.defined_names) == []
    assert [rule.formula for cells in sheet.conditional_formatting for rule in cells.rules] == []
    assert not sheet.column_dimensions["H"].hidden


def test_the_columns_of_the_reason_are_known_wherever_they_stand(desk: Desk) -> None:
    header = [*HEADER[:2], "Code", "Reden ", "herstel", *HEADER[2:], "code"]
    cells = row("r1", quantity=0)
    result = desk.take(sheets(("jan", [header, [*cells[:2], "D10", "x", "y", *cells[2:]]])))
    assert result.file.unused_headers == ("code",)
    sheet = openpyxl.load_workbook(write_rejected(result, desk.folder))["jan"]
    assert [cell.value for cell in sheet[1]] == [*header[:2], "code", "reden", "herstel", *header[5:]]
    assert sheet["D2"].value.startswith('rij 2 van uw bestand leveringen.csv: kolom "aantal": ')


# --- what was rejected before -----------------------------------------------------------------------------------------


def _summary(path: Path) -> dict[str, list[Any]]:
    values = openpyxl.load_workbook(path)["Samenvatting"].iter_rows(max_col=3, values_only=True)
    return {name: rest for name, *rest in values if name}


@pytest.mark.parametrize("form", ["xlsx", "xlsb", "csv"])
def test_rows_that_are_rejected_again_are_told_apart(desk: Desk, form: str) -> None:
    rows = [HEADER, row("r1", quantity=0), row("r2", quantity=0, claimed=10.25), row("r3")]
    plain = [[46027 if cell == JAN_5 else cell for cell in cells] for cells in rows]
    text = "".join(
        ";".join("05-01-2026" if c == JAN_5 else "" if c is None else str(c) for c in r) + "\n" for r in rows
    )
    content: dict[str, Callable[[], bytes]] = {
        "xlsx": lambda: sheets(("jan", rows)), "xlsb": lambda: xlsb("jan", plain), "csv": text.encode,
    }  # fmt: skip
    first = desk.take(content[form](), f"jan.{form}")
    assert sent_again(first) is None
    path = write_rejected(first, desk.folder)
    if form == "csv":
        path.write_text(path.read_text("utf-8-sig").replace(";0;", ";12;", 1), "utf-8")
    else:
        book = openpyxl.load_workbook(path)
        book["jan"]["H2"] = 12
        book.save(path)
    second = desk.take(path.read_bytes(), path.name)
    again = sent_again(second)
    assert again is not None
    assert (again.rows, again.claimed) == (2, Eur("142.75"))
    assert (again.rows_rejected, again.claimed_rejected) == (1, Eur("10.25"))
    if form != "csv":
        assert "Eerder geweigerd" not in _summary(path)
        summary = _summary(write_rejected(second, desk.folder))
        assert summary["Eerder geweigerd"] == [2, 142.75]
        assert summary["waarvan nu weer"] == [1, 10.25]


def test_the_program_tells_what_was_rejected_before(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "jan.xlsx").write_bytes(sheets(("jan", [HEADER, row("r1", quantity=0)])))
    run("import", "deliveries", tmp_path / "jan.xlsx", "--rejected", tmp_path)
    result = run("import", "deliveries", tmp_path / "jan.geweigerd.xlsx")
    assert "Regels die eerder geweigerd waren: 1, waarvan 1 weer geweigerd (€ 132,50)" in result.output
    assert "niet gelezen" not in result.output


@pytest.mark.parametrize("is_large", [False, True])
def test_a_reason_is_printed_on_the_paper_of_its_row_and_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    if is_large:
        monkeypatch.setattr(rejected_workbooks, "MOST_CELLS", 1)
    book = openpyxl.load_workbook(returned(desk, sheets(("jan", [HEADER, row("r1", quantity=0, municipality="x")]))))
    assert book["jan"].row_dimensions[2].height == 45  # three lines of reasons
    for sheet in book.worksheets:
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)  # absent is 1
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
