"""Deliveries in workbooks, in the forms in which people send them: what is read, refused, and sent back."""

from __future__ import annotations

import io
import random
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from sqlalchemy import text

from database.recordings import latest
from importers import delivery_files, rejected_workbooks
from importers.delivery_cells import Known
from importers.delivery_files import examine
from importers.delivery_rows import Reading, staged_rows
from importers.places import row_places
from importers.rejected_rows import write_rejected
from kernel.findings import Refusal
from kernel.identifiers import is_bsn
from kernel.tabular import SUMMARY_TITLE
from settlement.rejected import rejected_rows
from tests.importers.workbooks import (
    added,
    by_openpyxl,
    changed,
    converted,
    needs_soffice,
    ods,
    saved,
    sheets,
    with_password,
    xlsb,
)

if TYPE_CHECKING:
    from click.testing import Result

    from tests.importers.conftest import Desk

HEADER = (
    "referentie", "gemeente", "aanbieder", "bsn", "product", "begindatum", "einddatum", "aantal", "dc",
    "vorige referentie", "bedrag",
)  # fmt: skip
JAN_5, JAN_6 = date(2026, 1, 5), date(2026, 1, 6)
ROWS: list[list[Any]] = [
    ["r1", "GM0502", 41000002, 999900006, "45A04", JAN_5, JAN_5, 95, "D", None, 132.5],
    ["r2", "GM0502", 41000002, 999900018, "45A04", JAN_5, JAN_6, 30, "D", None, 41.85],
    ["r3", "GM0599", 41000001, 999900006, "02A16", JAN_6, JAN_6, 60, "D", None, 0.3],
    ["c1", "GM0502", 41000002, 999900018, "45A04", JAN_5, JAN_6, 30, "C", "r2", 41.85],
]
AS_CSV = (
    f"{';'.join(HEADER)}\n"
    + """\
r1;GM0502;41000002;999900006;45A04;05-01-2026;05-01-2026;95;D;;132,50
r2;GM0502;41000002;999900018;45A04;05-01-2026;06-01-2026;30;D;;41,85
r3;GM0599;41000001;999900006;02A16;06-01-2026;06-01-2026;60;D;;0,30
c1;GM0502;41000002;999900018;45A04;05-01-2026;06-01-2026;30;C;r2;41,85
"""
)
SHEET = "xl/worksheets/sheet1.xml"


def rows(change: Callable[[list[Any]], object] = lambda row: None) -> list[list[Any]]:
    """The rows, each as `change` leaves it."""
    copied = [list(row) for row in ROWS]
    for row in copied:
        change(row)
    return copied


def mapped(change: Callable[[Any], Any]) -> list[list[Any]]:
    return [[change(value) for value in row] for row in ROWS]


def plain() -> bytes:
    return sheets(("Leveringen", [HEADER, *ROWS]))


# --- shapes that are read without being told how ----------------------------------------------------------------------


def _beside_a_title() -> bytes:
    def fill(sheet: Any) -> None:
        sheet["B1"] = "Stichting Voorbeeld"
        sheet.merge_cells("B1:F1")
        sheet["B3"] = "Declaratie januari 2026"
        for number, row in enumerate([HEADER, *ROWS], 6):
            for column, value in enumerate(row, 3):
                sheet.cell(number, column, value)

    return by_openpyxl(fill)


def _header_of_two_lines() -> bytes:
    names = ["referentie", "gemeente", "aanbieder", "bsn", "product", "datum", None, "aantal", "dc", "vorige", "bedrag"]
    below = [None, None, None, None, None, "van", "tot en met", None, None, "referentie", None]

    def fill(sheet: Any) -> None:
        for row in (["Leveringen"], names, below, *ROWS):
            sheet.append(row)
        sheet.merge_cells("F2:G2")
        for letter in "ABCDEHIK":
            sheet.merge_cells(f"{letter}2:{letter}3")

    return by_openpyxl(fill)


def _computed() -> bytes:
    """Formulas with the outcome beside it, as Excel saves them; #N/A stands in a column that nothing reads."""

    def formula(part: bytes) -> bytes:
        part = part.replace(b"<v>95</v>", b"<f>90+5</f><v>95</v>")
        return part.replace(b"</c></row>", b'</c><c r="Q1" t="e"><v>#N/A</v></c></row>', 1)

    computed = changed(plain(), "xl/workbook.xml", lambda part: part.replace(b'fullCalcOnLoad="1"', b""))
    return added(changed(computed, SHEET, formula), "xl/externalLinks/externalLink1.xml", b"<externalLink/>")


def _with_prefix() -> bytes:
    """Every element with the prefix that some programs write."""
    ns = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    def prefixed(part: bytes) -> bytes:
        for name in (b"worksheet", b"sheetData", b"row", b"c", b"v", b"is", b"t"):
            for before in (b"<", b"</"):
                for after in (b">", b" "):
                    part = part.replace(before + name + after, before + b"x:" + name + after)
        return part.replace(b'xmlns="' + ns, b'xmlns="' + ns + b'" xmlns:x="' + ns)

    return changed(plain(), SHEET, prefixed)


def _serial(value: Any) -> Any:
    return (value - date(1899, 12, 30)).days if isinstance(value, date) else value


SHAPES: dict[str, Callable[[], bytes]] = {
    "one sheet": plain,
    "a title and blank rows above, columns to the left": _beside_a_title,
    "a header of two lines with merged cells": _header_of_two_lines,
    "English, in capitals, over two lines": lambda: sheets(
        ("a", [["Reference", "MUNICIPALITY", "AGB-code", "Client", "Product\ncode", "Start date", "End\ndate",
                "Quantity", "D/C", "Previous\nreference", "Claimed amount"], *ROWS])
    ),
    "numbers as text": lambda: sheets(
        ("a", [HEADER, *mapped(lambda v: str(v).replace(".", ",") if isinstance(v, int | float) else v)])
    ),
    "text as numbers": lambda: sheets(
        ("a", [HEADER, *mapped(lambda v: int(v[2:]) if isinstance(v, str) and v.startswith("GM") else v)])
    ),
    "days as bare numbers": lambda: sheets(("a", [HEADER, *mapped(_serial)])),
    "days as bare numbers from 1904": lambda: changed(
        sheets(("a", [HEADER, *mapped(lambda v: _serial(v) - 1462 if isinstance(v, date) else v)])),
        "xl/workbook.xml",
        lambda part: part.replace(b"<workbookPr ", b'<workbookPr date1904="1" '),
    ),
    "days from 1904": lambda: sheets(("a", [HEADER, *ROWS]), date_1904=True),
    "midnight": lambda: sheets(
        ("a", [HEADER, *mapped(lambda v: datetime.combine(v, time()) if isinstance(v, date) else v)])
    ),
    "dust and blanks": lambda: sheets(
        ("a", [
            [f" {name}\u00a0" for name in HEADER],
            *mapped(lambda v: f"\u00a0{v}  " if isinstance(v, str) else 94.99999999999999 if v == 95 else v),
            [None, " ", "\u00a0"],
        ])
    ),
    "outcomes of formulas": _computed,
    "elements with a prefix": _with_prefix,
    "xlsm": lambda: changed(
        plain(),
        "[Content_Types].xml",
        lambda part: part.replace(
            b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main",
            b"application/vnd.ms-excel.sheet.macroEnabled.main",
        ),
    ),
    "xlsb": lambda: xlsb("a", [HEADER, *mapped(_serial)]),
}  # fmt: skip


def known(desk: Desk, content: bytes, name: str = "werkmap.xlsx") -> Any:
    """Take a workbook of which every row came as CSV before: each must be the same row, down to the claimed cent."""
    desk.take(AS_CSV)
    result = desk.take(content, name)
    assert (result.account.rows_read, result.account.rows_known, list(result.findings)) == (4, 4, [])
    return result


@pytest.mark.parametrize("make", SHAPES.values(), ids=SHAPES)
def test_a_row_is_the_same_whatever_the_form_of_the_file(desk: Desk, make: Callable[[], bytes]) -> None:
    known(desk, make())


@needs_soffice
@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_what_libreoffice_saves_is_read(desk: Desk, form: str) -> None:
    def fill(sheet: Any) -> None:
        for row in ([], ["Declaratie"], HEADER, *ROWS):
            sheet.append(row)
        sheet["H4"] = "=90+5"

    known(desk, converted(by_openpyxl(fill), form, desk.folder), f"werkmap.{form}")


def test_the_content_says_what_a_file_is_not_its_name(desk: Desk) -> None:
    known(desk, plain(), "leveringen.csv")
    assert desk.take(AS_CSV, "leveringen.xlsx").account.rows_known == 4


def test_rows_on_several_sheets_are_one_file(desk: Desk) -> None:
    book = sheets(
        ("toelichting", [["Wat u moet weten"]]),
        ("januari", [["titel"], HEADER, *ROWS[:2]]),
        ("leeg", []),
        ("februari", [[*HEADER[1:], HEADER[0]], *([*row[1:], row[0]] for row in ROWS[2:])]),
        hidden=("februari",),
    )
    result = known(desk, book)
    assert [(warning.code, warning.place) for warning in result.file.warnings] == [
        ("R05", 'werkmap.xlsx, blad "toelichting"'),
        ("R06", 'werkmap.xlsx, blad "februari"'),
    ]
    assert result.needs_attention


def test_a_finding_names_the_sheet_and_the_row_as_a_spreadsheet_shows_it(desk: Desk) -> None:
    bad = rows(lambda row: row.__setitem__(6, "31-02-2026"))
    result = desk.take(sheets(("jan", [HEADER, [], *bad[:1]]), ("feb", [["x"], HEADER, *bad[1:2]])), "a.xlsx")
    places = [result.file.located(finding).place for finding in result.findings]
    assert places == ['blad "jan", rij 3, kolom "einddatum"', 'blad "feb", rij 3, kolom "einddatum"']
    result = desk.take(sheets(("jan", [HEADER, [], *bad[:1]])), "b.xlsx")
    assert [result.file.located(finding).place for finding in result.findings] == ['rij 3, kolom "einddatum"']


def test_the_place_of_a_row_is_found_again(desk: Desk) -> None:
    two = desk.take(sheets(("jan", [HEADER, *ROWS[:1]]), ("feb", [HEADER, *ROWS[2:3]])))
    one = desk.take(AS_CSV.replace("r1", "r9").replace("r2", "r8"))
    stored = desk.connection.execute(text("SELECT reference, batch, row_number FROM deliveries")).all()
    places = row_places(desk.connection, {(row.batch, row.row_number) for row in stored})
    found = {row.reference: (row.batch, places[row.batch, row.row_number]) for row in stored}
    assert found["r1"] == (two.recording, 'blad "jan", rij 2')
    assert found["r3"] == (two.recording, 'blad "feb", rij 2')
    assert found["r9"] == (one.recording, "rij 2")
    again = desk.take(sheets(("x", [HEADER, *ROWS[2:3]])))
    assert again.known[0].message == f'regel r3 was al ontvangen (blad "feb", rij 2 van vastlegging {two.recording})'


def test_rows_on_two_sheets_that_contradict_each_other_are_each_told_in_their_place(desk: Desk) -> None:
    other = [*ROWS[0][:7], 60, *ROWS[0][8:]]
    result = desk.take(sheets(("jan", [HEADER, ROWS[1], ROWS[0]]), ("feb", [["x"], HEADER, other])), "a.xlsx")
    places = [(finding.code, result.file.located(finding).place) for finding in result.findings]
    assert places == [
        ("D31", 'blad "jan", rij 3, kolom "referentie"'),
        ("D31", 'blad "feb", rij 3, kolom "referentie"'),
    ]
    later = desk.take(sheets(("mrt", [HEADER, [*ROWS[1][:7], 31, *ROWS[1][8:]]])), "b.xlsx")
    assert [finding.code for finding in later.findings] == ["D31"]
    cutoff = latest(desk.connection)
    told = rejected_rows(desk.connection, 0, cutoff)["41000002"].by_reference
    assert sorted((row.reference, row.file_name, row.place) for row in told) == [
        ("r1", "a.xlsx", 'blad "jan", rij 3'),
        ("r2", "a.xlsx", 'blad "jan", rij 2'),
    ]


def test_a_client_number_on_another_sheet_is_found(desk: Desk) -> None:
    with_number = rows(lambda row: row.__setitem__(0, "x-999900018"))
    result = desk.take(sheets(("jan", [HEADER, with_number[0]]), ("feb", [HEADER, ROWS[1]])))
    assert [(finding.code, finding.row_number) for finding in result.findings] == [("D14", 2)]


# --- cells that are not what they seem --------------------------------------------------------------------------------


def test_a_lost_zero_is_found_where_the_code_is_known(desk: Desk) -> None:
    client = next(number for number in range(12_345_600, 12_345_700) if is_bsn(f"{number:09d}"))
    path = desk.write(sheets(("a", [HEADER, ["r1", 502, 7000001, client, 7, JAN_5, JAN_5, 5]])), "a.xlsx")
    known = Known({"GM0502": 1}, {"07000001": 2}, {"00007": 3}, {3: "Wmo"})
    reading = Reading()
    [staged] = staged_rows(examine(path), known, b"k" * 32, reading)
    row = staged.rows.rstrip("\n").split("\t")
    assert (row[2:4], row[5:7], reading.findings) == (["1", "2"], ["3", "Wmo"], [])
    as_text = desk.write(f"{';'.join(HEADER)}\nr1;GM0502;07000001;{client:09d};00007;05-01-2026;05-01-2026;5;;;\n")
    assert [staged] == list(staged_rows(examine(as_text), known, b"k" * 32, Reading()))


@pytest.mark.parametrize(
    ("column", "value", "code", "says"),
    [
        ("bedrag", 1234.567, "D13", "1.234,567 heeft meer dan twee decimalen"),
        ("bedrag", 1.234, "D13", "1,234 heeft meer dan twee decimalen"),
        ("aantal", 0.95, "D09", '"0,95" is geen geheel getal'),
        ("aantal", True, "D09", '"WAAR" is geen getal'),
        ("aantal", time(1, 30), "D09", '"01:30:00" is geen getal'),
        ("aantal", JAN_5, "D09", '"05-01-2026" is geen getal'),
        ("begindatum", datetime.combine(JAN_5, time(13, 45)), "D08", '"05-01-2026 13:45:00" is geen datum'),
        ("begindatum", 20260105, "D08", '"20260105" is geen datum'),
        ("referentie", "n1\nx2", "D07", "met een stuurteken"),
        ("referentie", 20260100012345678, "D16", "een nummer waarvan het rekenblad cijfers heeft weggelaten"),
    ],
)
def test_a_cell_that_cannot_be_meant_is_told(desk: Desk, column: str, value: Any, code: str, says: str) -> None:
    bad = list(ROWS[0])
    bad[HEADER.index(column)] = value

    def fill(sheet: Any) -> None:
        sheet.append(HEADER)
        sheet.append(bad)

    result = desk.take(by_openpyxl(fill), "a.xlsx")
    [finding] = result.findings
    assert (finding.code, finding.column) == (code, column)
    assert says in finding.message


@pytest.mark.parametrize("column", ["referentie", "bedrag", "aantal", "dc", "vorige referentie"])
@pytest.mark.parametrize("form", ["xlsx", "xlsb"])
def test_an_error_value_is_no_empty_cell(desk: Desk, column: str, form: str) -> None:
    bad = mapped(_serial)[0]
    bad[HEADER.index(column)] = "#N/A"

    def fill(sheet: Any) -> None:
        sheet.append(HEADER)
        sheet.append(bad)
        sheet.cell(2, HEADER.index(column) + 1).data_type = "e"

    result = desk.take(by_openpyxl(fill) if form == "xlsx" else xlsb("a", [HEADER, bad]), f"a.{form}")
    [finding] = result.findings
    assert (finding.column, "#N/A" in finding.message) == (column, True)


@needs_soffice
def test_an_error_value_of_libreoffice_is_no_empty_cell(desk: Desk) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(HEADER)
        sheet.append(ROWS[0])
        sheet["K2"] = "=1/0"

    result = desk.take(converted(by_openpyxl(fill), "ods", desk.folder), "a.ods")
    assert [(finding.code, finding.message[:9]) for finding in result.findings] == [("D13", '"#DIV/0!"')]


def test_totals_are_told_in_one_finding_and_not_claimed(desk: Desk) -> None:
    result = desk.take(sheets(("a", [HEADER, *ROWS[:2], [], ["Totaal", *[None] * 6, 125, None, None, 174.35]])))
    [finding] = result.findings
    assert (finding.code, finding.row_number, result.account.rows_accepted) == ("D17", 5, 2)
    assert "totaalregel" in finding.message
    assert str(result.account.claimed_read) == "174.35"


# --- refused whole ----------------------------------------------------------------------------------------------------


def _not_computed() -> bytes:
    return by_openpyxl(lambda sheet: [sheet.append(row) for row in (HEADER, [*ROWS[0][:7], "=90+5"])])


def _bomb() -> bytes:
    content = io.BytesIO(plain())
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as parts, parts.open("xl/media/x.bin", "w") as part:
        for _ in range(60):
            part.write(bytes(1 << 20))
    return content.getvalue()


def _far_cell() -> bytes:
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return changed(plain(), SHEET, lambda part: part.replace(b"</sheetData>", far))


def _only_a_chart() -> bytes:
    kind = b"relationships/worksheet"
    part = "xl/_rels/workbook.xml.rels"
    return changed(plain(), part, lambda xml: xml.replace(kind, kind.replace(b"worksheet", b"chartsheet")))


def _letter() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        parts.writestr("word/document.xml", "<document/>")
    return content.getvalue()


def _oddly_packed() -> bytes:
    """A part that says it was packed by a way (9) that only few programs know."""
    content = bytearray(plain())
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = 0
        while (found := content.find(mark, start)) >= 0:
            content[found + at : found + at + 2] = b"\x09\x00"
            start = found + 4
    return bytes(content)


def _encrypted_ods() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        parts.writestr("content.xml", b"\x8f\x02\x91")
        parts.writestr("META-INF/manifest.xml", "<manifest><file-entry><encryption-data/></file-entry></manifest>")
    return content.getvalue()


def _no_workbook() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        parts.writestr("leveringen.csv", AS_CSV)
    return content.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "no sheet with anything": (lambda: sheets(("a", []), ("b", [])), "is leeg: op geen blad staat iets", "opnieuw"),
    "no sheets": (
        lambda: changed(plain(), "xl/workbook.xml", lambda _: b"<workbook><sheets/></workbook>"),
        "is leeg",
        "opnieuw",
    ),
    "no header": (
        lambda: sheets(("a", [["Voorblad"]]), ("b", ROWS)),
        'op geen blad staat een kopregel met de kolommen "referentie"',
        "docs",
    ),
    "a header that misses one": (
        lambda: sheets(("voor", [["Voorblad"]]), ("b", [["x"], [n if n != "aantal" else "hoeveel" for n in HEADER]])),
        'blad "b", rij 2: kolom "aantal" ontbreekt; de kopregel is: referentie',
        "docs/file_layouts.md",
    ),
    "a column twice": (lambda: sheets(("a", [[*HEADER, "Kenmerk"]])), "betekenen hetzelfde", "laat er een weg"),
    "only a header": (lambda: sheets(("a", [HEADER])), "heeft wel een kopregel maar geen regels", "opnieuw"),
    "cut off": (lambda: plain()[:-900], "is afgebroken of beschadigd", "vraag het bestand opnieuw op"),
    "damaged inside": (
        lambda: changed(plain(), SHEET, lambda part: part[:900]),
        "is beschadigd of is geen werkmap",
        "opnieuw",
    ),
    "rows out of order": (
        lambda: changed(plain(), SHEET, lambda part: re.sub(rb'( r="[A-Z]*)2"', rb'\g<1>9"', part)),
        "is beschadigd of is geen werkmap (rijen staan niet op volgorde)",
        "opnieuw",
    ),
    "a cell of another row": (
        lambda: changed(plain(), SHEET, lambda part: part.replace(b'<row r="2"', b'<row r="6"')),
        "een cel staat in een andere rij dan zij zegt",
        "opnieuw",
    ),
    "a cell outside the sheet": (
        lambda: changed(plain(), SHEET, lambda part: part.replace(b'r="A5"', b'r="A2147483648"')),
        "is beschadigd of is geen werkmap",
        "opnieuw",
    ),
    "a document type": (
        lambda: changed(plain(), SHEET, lambda part: part.replace(b"<worksheet", b"<!DOCTYPE x><worksheet", 1)),
        "er staat een documenttype in",
        "opnieuw",
    ),
    "only a sheet of a chart": (_only_a_chart, "heeft geen blad met cellen, alleen bladen met een grafiek", "gewoon"),
    "a letter": (_letter, "is een Word-document, maar geen werkmap", "stuur de werkmap"),
    "packed in an old way": (_oddly_packed, "is ingepakt op een manier die niet gelezen kan worden", "bewaar het"),
    "rows out of order, xlsb": (
        lambda: changed(
            xlsb("a", [HEADER, *mapped(_serial)]),
            "xl/worksheets/sheet1.bin",
            lambda part: part.replace(b"\x00\x11\x00\x00\x00\x00", b"\x00\x11\x09\x00\x00\x00"),
        ),
        "(rijen staan niet op volgorde)",
        "opnieuw",
    ),
    "a password": (with_password, "is beveiligd met een wachtwoord", "verwijder het wachtwoord"),
    "a password, ods": (_encrypted_ods, "is beveiligd met een wachtwoord", "verwijder het wachtwoord"),
    "an old container without sheets": (
        lambda: with_password().replace("Encrypted".encode("utf-16-le"), "Something".encode("utf-16-le")),
        "is beschadigd of is geen werkmap",
        "opnieuw",
    ),
    "a zip file": (_no_workbook, "is een zip-bestand, maar geen werkmap", "pak het uit"),
    "a zip bomb": (_bomb, "wordt uitgepakt 60 MB", "bewaar de bladen als CSV"),
    "a value in every cell, ods": (
        lambda: ods(
            '<table:table-row table:number-rows-repeated="1048575"><table:table-cell office:value-type="float"'
            ' office:value="1" table:number-columns-repeated="16384"/></table:table-row>'
        ),
        "vraagt om meer geheugen dan een bestand van 1 kB mag: er staan te veel cellen in",
        "verwijder wat er naast en onder de tabel staat",
    ),
    "formulas without outcome": (
        _not_computed,
        'blad "Sheet", cel H2: een formule waarvan',
        "open het bestand in Excel",
    ),
    "formulas with a nought for an outcome": (
        lambda: changed(plain(), SHEET, lambda part: part.replace(b"<v>95</v>", b"<f>90+5</f><v>0</v>")),
        "cel H2: een formule waarvan de uitkomst niet in het bestand staat",
        "bewaar het",
    ),
    "formulas without outcome, ods": (
        lambda: ods(
            '<table:table-row><table:table-cell table:formula="of:=90+5"/><table:table-cell'
            ' office:value-type="string" table:number-columns-repeated="7"><text:p>x</text:p></table:table-cell>'
            "</table:table-row>"
        ),
        "cel A2: een formule waarvan de uitkomst",
        "open het bestand in Excel",
    ),
}


@pytest.mark.parametrize(("make", "says", "remedy"), REFUSED.values(), ids=REFUSED)
def test_a_workbook_that_cannot_be_read_is_refused_whole(
    desk: Desk, make: Callable[[], bytes], says: str, remedy: str
) -> None:
    before = latest(desk.connection)
    with pytest.raises(Refusal) as refusal:
        desk.take(make(), "werkmap.xlsx")
    assert says in refusal.value.message
    assert refusal.value.message.startswith("werkmap.xlsx")
    assert remedy in refusal.value.hint
    assert (latest(desk.connection), desk.counting()) == (before, {})


def test_a_folder_is_refused(desk: Desk) -> None:
    (desk.folder / "map.xlsx").mkdir()
    with pytest.raises(Refusal, match=r"map\.xlsx kan niet gelezen worden"):
        examine(desk.folder / "map.xlsx")


def test_a_workbook_that_goes_away_while_it_is_read_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = desk.write(plain(), "jan.xlsx")

    def gone(_: bytes) -> bool:
        path.unlink(missing_ok=True)
        return True

    monkeypatch.setattr(delivery_files, "is_workbook", gone)  # it is asked when the file was read once
    with pytest.raises(Refusal, match=r"^jan\.xlsx kan niet gelezen worden: er is geen bestand of map van die naam$"):
        examine(path)


def test_a_workbook_with_links_is_read_with_a_warning(desk: Desk) -> None:
    result = desk.take(_computed(), "werkmap.xlsx")
    assert [warning.code for warning in result.file.warnings] == ["R07"]
    assert result.account.rows_accepted == 4


def test_what_stands_far_from_the_table_does_not_matter(desk: Desk) -> None:
    known(desk, changed(plain(), SHEET, lambda part: part.replace(b"</c></row>", b'</c><c r="XFD1"/></row>', 1)))
    formatted = b"".join(
        b'<row r="%d"><c r="A%d" s="1"/><c r="XFD%d" s="1"/></row>' % (n, n, n) for n in range(6, 9000)
    )
    desk.take(changed(plain(), SHEET, lambda part: part.replace(b"</sheetData>", formatted + b"</sheetData>")))
    far = desk.take(_far_cell(), "ver.xlsx")
    assert far.account.rows_known == 4


def _formatted_to_the_last_row() -> bytes:
    """Two rows of deliveries, and a format in the first cell of every other row of the sheet, as after 'select all'."""
    empty = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (number, number) for number in range(6, (1 << 20) + 1))
    return changed(plain(), SHEET, lambda part: part.replace(b"</sheetData>", empty + b"</sheetData>"))


_COUNT_ROWS = """
import sys
from pathlib import Path
from importers.delivery_files import examine
[table] = examine(Path(sys.argv[1])).tables
rows = sum(1 for _ in table.rows())
[most] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(rows, int(most.split()[1]) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the most memory a process took is measured on Linux alone")
@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_rows_with_a_format_and_nothing_in_them_take_little_memory(tmp_path: Path, form: str) -> None:
    filled = '<table:table-cell office:value-type="string"><text:p>r1</text:p></table:table-cell>'
    empty = '<table:table-cell table:style-name="ce1" table:number-columns-repeated="16384"/>'
    rows = f'{filled}</table:table-row><table:table-row table:number-rows-repeated="1048574">{empty}'
    path = tmp_path / "werkmap"
    path.write_bytes(
        _formatted_to_the_last_row() if form == "xlsx" else ods(f"<table:table-row>{rows}</table:table-row>")
    )
    done = subprocess.run([sys.executable, "-c", _COUNT_ROWS, path], capture_output=True, text=True, check=True)
    read, megabytes = map(int, done.stdout.split())
    assert (read, megabytes < 150) == (4 if form == "xlsx" else 1, True)


@pytest.mark.parametrize("seed", range(40))
def test_damage_is_refused_or_found_but_never_a_bug(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(plain() if seed % 2 else xlsb("a", [HEADER, *mapped(_serial)]))
    for _ in range(chance.randrange(1, 6)):
        content[chance.randrange(4, len(content))] = chance.randrange(256)
    told = ""
    try:
        desk.take(bytes(content), "werkmap.xlsx")
    except Refusal as refusal:
        told = refusal.message + refusal.hint
    assert "999900006" not in told


def test_other_commands_do_not_load_what_reads_workbooks() -> None:
    modules = "importers.commands, settlement.commands, settlement.status_commands, sys"
    script = f"import {modules}; print([name for name in ('xlrd', 'openpyxl') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- back to the sender -----------------------------------------------------------------------------------------------


def _with_mistakes() -> bytes:
    """Six rows on two sheets, of which three are wrong; made up, with a title, a comment and a formula."""
    book = openpyxl.Workbook()
    jan = book.active
    jan.title = "januari"
    jan["A1"] = "Stichting Voorbeeld"
    jan.append([])
    for row in (HEADER, *ROWS[:2], ["r4", "Capelle", *ROWS[0][2:]], ["=A1", *ROWS[0][1:]]):
        jan.append(row)
    jan["A7"].data_type = "s"
    jan["B6"].font = openpyxl.styles.Font(bold=True)
    jan.column_dimensions["A"].width = 33
    jan["A4"].comment = openpyxl.comments.Comment("cliënt 999900018", "x")
    feb = book.create_sheet("februari")
    for row in (HEADER, ROWS[2], [*ROWS[2][:7], 0, None, None, 5]):
        feb.append(row)
    book.create_sheet("maart").append(HEADER)
    book["maart"].append(ROWS[3])
    return saved(book)


def test_rejected_rows_go_back_in_the_workbook_of_the_sender(desk: Desk) -> None:
    result = desk.take(_with_mistakes(), "jan.xlsx")
    path = write_rejected(result, desk.folder)
    assert path.name == "jan.geweigerd.xlsx"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Samenvatting", "januari", "februari"]
    jan = book["januari"]
    assert [row[:2] for row in jan.iter_rows(values_only=True)] == [
        ("Stichting Voorbeeld", None), (None, None), ("referentie", "gemeente"), ("r4", "Capelle"), ("=A1", "GM0502"),
    ]  # fmt: skip
    assert jan["A5"].data_type == "s"  # a text, which no spreadsheet computes
    assert [cell.value for cell in jan[3]][11:] == ["code", "reden", "herstel"]
    assert [cell.value for cell in jan[4]][11:] == [
        "D04",
        'blad "januari", rij 6 van uw bestand jan.xlsx: kolom "gemeente": "Capelle" is geen gemeente',
        "schrijf de CBS-code, zoals GM0502",
    ]
    assert (jan["B4"].font.bold, jan.column_dimensions["A"].width) == (True, 33)
    assert (jan["M4"].alignment.wrap_text, jan["F4"].value) == (True, datetime.combine(JAN_5, time()))
    assert jan["A4"].comment is None
    summary = [tuple(value for value in row if value is not None) for row in book["Samenvatting"].values]
    assert summary[:1] == [(SUMMARY_TITLE,)]
    assert ("Gelezen", 7, pytest.approx(402.8)) in summary
    assert ("Geaccepteerd", 4, pytest.approx(132.8)) in summary
    assert [row[:2] for row in summary if row and row[0] in ("D04", "D07", "D10")] == [
        ("D04", 1),
        ("D07", 1),
        ("D10", 1),
    ]


def test_mended_rows_are_accepted_and_others_come_back_with_a_new_reason(desk: Desk) -> None:
    first = desk.take(_with_mistakes(), "jan.xlsx")
    path = write_rejected(first, desk.folder)
    book = openpyxl.load_workbook(path)
    book["januari"]["B4"] = "GM9999"
    book["januari"]["A5"] = "r5"
    book["februari"]["A2"] = "r6"
    book["februari"]["H2"] = 20
    book.save(path)
    second = desk.take(path.read_bytes(), path.name)
    assert (second.account.rows_read, second.account.rows_accepted, second.account.rows_rejected) == (3, 2, 1)
    again = write_rejected(second, desk.folder)
    assert again.name == "jan.geweigerd.geweigerd.xlsx"
    book = openpyxl.load_workbook(again)
    assert book.sheetnames == ["Samenvatting", "januari"]
    assert [cell.value for cell in book["januari"][3]] == [*HEADER, "code", "reden", "herstel"]
    assert "GM9999 is onbekend" in book["januari"]["M4"].value
    book["januari"]["B4"] = "GM0502"
    book.save(again)
    third = desk.take(again.read_bytes(), again.name)
    assert (third.account.rows_accepted, third.account.rows_read, third.findings) == (1, 1, [])


@pytest.mark.parametrize("form", ["xlsb", "large"])
def test_other_workbooks_come_back_as_plain_rows(desk: Desk, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    if form == "large":
        monkeypatch.setattr(rejected_workbooks, "MOST_CELLS", 10)
    bad = [HEADER, *mapped(_serial)[:1], ["=A1", "GM0502", 41000002, 999900006, "45A04", 46027, 46027, 95]]
    content = xlsb("jan", bad) if form == "xlsb" else sheets(("jan", bad))
    result = desk.take(content, f"jan.{form}")
    path = write_rejected(result, desk.folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Samenvatting", "jan"]
    assert [cell.value for cell in book["jan"][2]][:3] == ["=A1", "GM0502", "41000002"]
    assert book["jan"]["A2"].data_type == "s"
    assert book["jan"]["L2"].value == "D07"
    book["jan"]["A2"] = "r9"
    book.save(path)
    mended = desk.take(path.read_bytes(), path.name)
    assert (mended.account.rows_accepted, mended.findings) == (1, [])


def test_the_program_tells_where_and_writes_back(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "jan.xlsx").write_bytes(_with_mistakes())
    result = run("import", "deliveries", tmp_path / "jan.xlsx", "--rejected", tmp_path)
    assert result.exit_code == 3, result.output
    assert 'blad "januari", rij 6, kolom "gemeente"' in " ".join(result.output.split())
    assert (tmp_path / "jan.geweigerd.xlsx").exists()
    assert "999900006" not in result.output
