"""What the author of a sheet sees is what counts: months in front, columns without a header, texts that mislead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import TypeAdapter
from sqlalchemy import text
from xlsxwriter import Workbook

from contracts.values import Area
from importers import delivery_blocks, delivery_rows
from importers.rejected_rows import write_rejected
from kernel.findings import Refusal
from kernel.notation import parse_date
from kernel.tabular import Column, read_table, unread_columns

if TYPE_CHECKING:
    from tests.importers.conftest import Desk

HEADER = "referentie;gemeente;aanbieder;bsn;product;begindatum;einddatum;aantal"
TABLE = (Column("name", ("naam",)), Column("day", ("datum",), parse_date), Column("until", ("tot",), parse_date, False))
FORMS = ("csv", "xlsx")


def _row(number: int, start: str, end: str = "", more: str = "") -> str:
    return f"r{number};GM0502;41000002;999900006;45A04;{start};{end or start};60{more}"


def _file(folder: Path, form: str, lines: Sequence[str], name: str = "leveringen") -> Path:
    """The same lines as CSV or as a workbook of texts."""
    path = folder / f"{name}.{form}"
    if form == "csv":
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path
    book = Workbook(path, {"strings_to_formulas": False})
    sheet = book.add_worksheet("Blad")
    for row, line in enumerate(lines):
        for column, cell in enumerate(line.split(";")):
            if cell:
                sheet.write_string(row, column, cell)
    book.close()
    return path


# --- months in front --------------------------------------------------------------------------------------------------

DATES: dict[str, tuple[list[tuple[str, str]], int, str]] = {
    "a column of them": ([("01/05/2026", ""), ("01/13/2026", "")], 3, "begindatum"),
    "the doubtful one comes later": ([("01-29-2026", ""), ("01-08-2026", "")], 2, "begindatum"),
    "only the end shows it": ([("01/05/2026", "01/05/2026"), ("01/06/2026", "01/31/2026")], 3, "einddatum"),
    "day first as well": ([("31-01-2026", ""), ("01-13-2026", ""), ("02-01-2026", "")], 3, "begindatum"),
    "a spreadsheet took some for days": ([("2026-05-01", ""), ("01/13/2026", "")], 3, "begindatum"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("dates", "row", "column"), DATES.values(), ids=DATES)
def test_a_file_with_the_month_in_front_is_refused_and_never_read_day_first(
    desk: Desk, tmp_path: Path, form: str, dates: list[tuple[str, str]], row: int, column: str
) -> None:
    lines = [HEADER, *(_row(number, *pair) for number, pair in enumerate(dates))]
    path = _file(tmp_path, form, lines)
    with pytest.raises(Refusal) as refusal:
        desk.take(path.read_bytes(), path.name)
    assert f'rij {row}, kolom "{column}"' in refusal.value.message
    assert "dag en maand zijn verwisseld" in refusal.value.message
    assert "31-01-2026" in refusal.value.hint
    desk.connection.execute(text("DISCARD TEMP"))


def test_a_month_in_front_is_seen_whichever_process_reads_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_blocks, "_STRETCH_BYTES", 4_000)
    monkeypatch.setattr(delivery_rows, "_WORTH_PROCESSES", 1)
    rows = [_row(number, "01/05/2026") for number in range(300)]
    rows[200] = _row(200, "01/05/2026", "01/31/2026")
    with pytest.raises(Refusal, match='rij 202, kolom "einddatum"'):
        desk.take("\n".join([HEADER, *rows, ""]))
    desk.connection.execute(text("DISCARD TEMP"))


def test_where_no_other_day_is_in_doubt_only_the_row_is_refused(desk: Desk) -> None:
    result = desk.take("\n".join([HEADER, _row(1, "31-01-2026"), _row(2, "01-13-2026"), _row(3, "05-05-2026"), ""]))
    assert [(finding.row_number, finding.code) for finding in result.findings] == [(3, "D08"), (3, "D08")]


def test_a_small_table_with_the_month_in_front_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, "csv", ["naam;datum;tot", "a;01/05/2026;", "b;01/06/2026;01/31/2026"])
    with pytest.raises(Refusal) as refusal:
        read_table(path, TABLE)
    [finding] = refusal.value.findings
    assert (finding.code, finding.place) == ("R02", 'rij 3, kolom "tot"')
    assert "dag en maand zijn verwisseld" in finding.message


# --- columns without a header -----------------------------------------------------------------------------------------

LAST, FIRST = "05-01-2026", "06-01-2026"
REFUSED = {
    "what may be dc": ([f"{HEADER};", _row(1, LAST, more=";D"), _row(2, FIRST, more=";C")], "dc"),
    "what may be a unit": ([f"{HEADER};", _row(1, LAST, more=";uur"), _row(2, FIRST, more=";uur")], "eenheid"),
    "between the others": ([f"{HEADER};;dc", _row(1, LAST, more=";x;D"), _row(2, FIRST, more=";;C")], "zonder kop"),
    "in front, what may be dc": ([f";{HEADER}", f"D;{_row(1, LAST)}"], "zonder kop, vooraan"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("lines", "says"), REFUSED.values(), ids=REFUSED)
def test_what_stands_below_no_header_inside_a_table_is_refused(
    desk: Desk, tmp_path: Path, form: str, lines: list[str], says: str
) -> None:
    path = _file(tmp_path, form, lines)
    with pytest.raises(Refusal) as refusal:
        desk.take(path.read_bytes(), path.name)
    assert says in refusal.value.message
    assert "zonder kop" in refusal.value.message
    desk.connection.execute(text("DISCARD TEMP"))


@pytest.mark.parametrize("form", FORMS)
def test_a_note_beside_a_table_is_told(desk: Desk, tmp_path: Path, form: str) -> None:
    lines = [f"{HEADER};;", _row(1, LAST, more=";;"), _row(2, FIRST, more=";;nog nabellen")]
    path = _file(tmp_path, form, lines)
    result = desk.take(path.read_bytes(), path.name)
    [warning] = result.warnings
    assert (warning.code, warning.row_number, warning.column) == ("R04", 3, 'zonder kop na "aantal"')
    assert (result.account.rows_accepted, result.needs_attention) == (2, True)


@pytest.mark.parametrize("form", FORMS)
def test_numbers_of_rows_in_front_of_a_table_are_told(desk: Desk, tmp_path: Path, form: str) -> None:
    path = _file(tmp_path, form, [f";{HEADER}", f"0;{_row(1, LAST)}", f"1;{_row(2, FIRST)}"])
    result = desk.take(path.read_bytes(), path.name)
    assert [(warning.code, warning.column) for warning in result.warnings] == [("R04", "zonder kop, vooraan")]
    assert (result.account.rows_accepted, desk.volume()) == (2, 120)


def test_an_empty_column_without_a_header_is_nothing(desk: Desk) -> None:
    result = desk.take("\n".join([f"{HEADER};", _row(1, LAST, more=";"), ""]))
    assert (result.account.rows_accepted, result.needs_attention) == (1, False)


@pytest.mark.parametrize("form", FORMS)
def test_small_tables_see_columns_without_a_header_too(tmp_path: Path, form: str) -> None:
    path = _file(tmp_path, form, ["naam;datum;", "a;05-01-2026;kijk na"], "noot")
    [warning] = unread_columns(read_table(path, TABLE))
    assert (warning.code, warning.place) == ("R04", f'{path.name}, rij 2, kolom zonder kop na "datum"')
    for name, lines, says in (
        ("tot", ["naam;datum;", "a;05-01-2026;31-01-2026"], 'bij de kolom "tot" kan horen'),
        ("midden", ["naam;;datum", "a;x;05-01-2026"], "in een kolom zonder kop"),
    ):
        with pytest.raises(Refusal, match=says):
            read_table(_file(tmp_path, form, lines, name), TABLE)


# --- characters that mislead ------------------------------------------------------------------------------------------

SAME_CLIENT = ["999900006\u200b", "\ufeff999900006", "9999\u00ad00006",
               "9999\u00a000\u2009006", "\uff19999\u221200-006",
               "\u0669\u0669\u0669\u0669\u0660\u0660\u0660\u0660\u0666", "9999/00/006", "9999_00_006", "999900006.0",
               "\u202a999900006\u202c", "9999\u201000\u2011006"]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_client_number_is_one_client_however_it_is_written(desk: Desk, tmp_path: Path, form: str) -> None:
    lines = [HEADER.replace("bsn", "cliënt")]
    for number, client in enumerate(["999900006", *SAME_CLIENT]):
        lines.append(_row(number, LAST).replace("999900006", client))
    path = _file(tmp_path, form, lines)
    result = desk.take(path.read_bytes(), path.name)
    assert (result.account.rows_accepted, result.findings) == (len(SAME_CLIENT) + 1, [])
    assert desk.connection.execute(text("SELECT count(DISTINCT client_id) FROM deliveries")).scalar_one() == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_reference_is_one_however_it_is_written(desk: Desk, tmp_path: Path, form: str) -> None:
    """So a credit finds its debit, and a row that comes again is known."""
    names = ["a-1", "a\u20131", "a\u22121", "\u200ba-1", "a\u2010\uff11"]
    for number, name in enumerate(names):
        path = _file(tmp_path, form, [HEADER, _row(0, LAST).replace("r0", name)], f"f{number}")
        result = desk.take(path.read_bytes(), path.name)
        assert (result.account.rows_accepted, result.account.rows_known) == ((1, 0) if number == 0 else (0, 1))
    assert desk.counting() == {"a-1": 1}


@pytest.mark.parametrize("sign", ["\x07", "\x1b[31m", "\x7f", "\u009b"])
@pytest.mark.parametrize("column", ["naam", "datum"])
def test_control_characters_in_small_tables_are_refused(tmp_path: Path, sign: str, column: str) -> None:
    cells = {"naam": "Maas", "datum": LAST}
    cells[column] = cells[column][:2] + sign + cells[column][2:]
    with pytest.raises(Refusal) as refusal:
        read_table(_file(tmp_path, "csv", ["naam;datum", ";".join(cells.values())]), TABLE)
    [finding] = refusal.value.findings
    assert (finding.code, finding.place) == ("R02", f'rij 2, kolom "{column}"')
    assert str(finding).isprintable()


def test_a_name_on_two_lines_of_a_cell_is_one_name(tmp_path: Path) -> None:
    path = tmp_path / "namen.csv"
    path.write_text('naam;datum\n"Jeugd\nzorg";05-01-2026\n', encoding="utf-8")
    assert read_table(path, TABLE).rows[0]["name"] == "Jeugd zorg"


def test_a_workbook_with_control_characters_goes_back_to_its_sender(desk: Desk, tmp_path: Path) -> None:
    path = _file(tmp_path, "xlsx", [HEADER + ";opm\x07erking", _row(1, LAST), _row(2, "x", more=";a\x07b"), "r\x073"])
    result = desk.take(path.read_bytes(), path.name)
    assert result.account.rows_rejected == 2
    back = tmp_path / "terug"
    back.mkdir()
    assert write_rejected(result, back).exists()


# --- numbers that lost their digits, separators that were left out ----------------------------------------------------


@pytest.mark.parametrize("reference", ["1e+05", "1E5", "1e5", "2.0260000000000124e+16", "1,2e+3", "2E-07"])
@pytest.mark.parametrize("form", FORMS)
def test_a_number_with_an_exponent_has_lost_its_digits(desk: Desk, tmp_path: Path, form: str, reference: str) -> None:
    path = _file(tmp_path, form, [HEADER, _row(1, LAST).replace("r1", reference), _row(2, LAST)])
    result = desk.take(path.read_bytes(), path.name)
    assert [(finding.row_number, finding.code) for finding in result.findings] == [(2, "D16")]


@pytest.mark.parametrize("reference", ["12E4", "45E04", "r1e5", "1e5-2", "1f5", "1e"])
def test_a_reference_that_only_looks_like_it_is_kept(desk: Desk, reference: str) -> None:
    result = desk.take("\n".join([HEADER, _row(1, LAST).replace("r1", reference), ""]))
    assert desk.counting() == {reference: 1}
    assert result.findings == []


def test_rows_that_only_lack_optional_cells_at_their_end_are_read(desk: Desk) -> None:
    lines = [f"{HEADER};dc;vorige referentie", *(_row(number, LAST, more=";D;") for number in range(15))]
    lines += [
        *(_row(number, LAST, more=";D") for number in range(15, 30)),
        _row(30, LAST),
        _row(31, LAST, more=";C;r3"),
    ]
    result = desk.take("\r\n".join([*lines, ""]))
    assert (result.account.rows_accepted, result.findings) == (32, [])
    assert desk.volume() == 30 * 60


def test_rows_that_lack_a_required_cell_or_a_broken_off_last_row_are_not(desk: Desk) -> None:
    short = _row(2, LAST).rpartition(";")[0]
    result = desk.take("\n".join([f"{HEADER};dc", _row(1, LAST), short, ""]))
    assert [(finding.row_number, finding.code) for finding in result.findings] == [(3, "D01")]
    with pytest.raises(Refusal, match="breekt af"):
        desk.take("\n".join([f"{HEADER};dc", _row(3, LAST, more=";D"), _row(4, LAST)]))


def test_small_tables_are_filled_up_too(tmp_path: Path) -> None:
    path = _file(tmp_path, "csv", ["naam;datum;tot", "a;05-01-2026", "b;05-01-2026;06-01-2026"])
    assert [str(row["until"]) for row in read_table(path, TABLE).rows] == ["None", "2026-01-06"]
    path.write_text("naam;datum;tot\na;05-01-2026;06-01-2026\nb;05-01-2026", encoding="utf-8")
    with pytest.raises(Refusal, match="rij 3: de rij breekt af"):
        read_table(path, TABLE)


def test_a_name_in_a_document_and_in_a_file_are_one(tmp_path: Path) -> None:
    area = TypeAdapter(Area).validate_python("Noord \u2013 West\u200b")
    path = _file(tmp_path, "csv", ["naam;datum", f"Noord \u2212 West;{LAST}"])
    assert [row["name"] for row in read_table(path, TABLE).rows] == [area]


# --- what goes back ---------------------------------------------------------------------------------------------------


def test_rejected_rows_go_back_as_text_and_come_in_as_they_were(desk: Desk, tmp_path: Path) -> None:
    """A reference that is a formula is refused twice for the same reason; an amount below zero stays a number."""
    evil = '=HYPERLINK("http://x")'
    quoted = '"' + evil.replace('"', '""') + '"'
    lines = [f"{HEADER};bedrag;=1+1", _row(1, LAST, more=";-5,00;").replace("r1", quoted), ""]
    first = desk.take("\n".join(lines))
    back = write_rejected(first, tmp_path)
    content = back.read_text(encoding="utf-8-sig")
    assert "'=HYPERLINK" in content
    assert ";'=1+1;" in content
    assert ";-5,00;" in content
    second = desk.take(back.read_bytes(), "terug.csv")
    assert {(f.code, f.column, f.message) for f in second.findings} == {
        (f.code, f.column, f.message) for f in first.findings
    }
