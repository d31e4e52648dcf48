"""The form of a delivery file: what is read in spite of it, what is refused, and what goes back to the sender."""

from __future__ import annotations

import csv
import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from database.recordings import latest
from importers import deliveries, delivery_blocks, delivery_rows, rejected_rows
from importers.deliveries import import_deliveries
from importers.delivery_cells import CellError, Known, _claimed_cents
from importers.delivery_files import DeliveryFile, examine
from importers.delivery_rows import Reading, Staged, staged_rows
from importers.rejected_rows import write_rejected
from kernel.findings import Refusal
from kernel.identifiers import is_bsn
from kernel.notation import parse_eur

if TYPE_CHECKING:
    from click.testing import Result

    from tests.importers.conftest import Desk

HEADER = (
    "referentie;gemeente;aanbieder;bsn;product;begindatum;einddatum;aantal"
    ";eenheid;dc;vorige referentie;toewijzing;bedrag"
)
ROW = "r1;GM0502;41000002;999900006;45A04;05-01-2026;05-01-2026;95;;;;;"
NEXT = "r2;GM0502;41000002;999900018;45A04;06-01-2026;06-01-2026;30;;;;;"


# --- refused whole ----------------------------------------------------------------------------------------------------

REFUSED = {
    "empty": (b"", "is leeg", "vraag het bestand opnieuw op"),
    "only a mark of the encoding": (b"\xef\xbb\xbf", "is leeg", "opnieuw"),
    "only blank lines": (b"\r\n \r\n", "is leeg", "opnieuw"),
    "only a header": (HEADER.encode() + b"\r\n", "wel een kopregel maar geen regels", "opnieuw"),
    "only a header and blank rows": (
        f"{HEADER}\n;;;;;;;;;;;;\n\n".encode(),
        "wel een kopregel maar geen regels",
        "opnieuw",
    ),
    "no header": (f"{ROW}\n{NEXT}\n".encode(), 'kolommen "referentie", "gemeente"', "docs/file_layouts.md"),
    "columns missing": (
        f"{HEADER}\n{ROW}\n".replace("gemeente", "plaats").replace("aantal", "hoeveel").encode(),
        'kolommen "gemeente" en "aantal" ontbreken; de kopregel is: referentie, plaats, aanbieder',
        "docs/file_layouts.md",
    ),
    "a column twice": (
        f"{HEADER};Referentie\n{ROW};r9\n".encode(),
        'de kolommen "referentie" en "Referentie" betekenen hetzelfde',
        "laat er een weg",
    ),
    "another separator": (f"{HEADER}\n{ROW}\n".replace(";", "|").encode(), "ontbreken; de kopregel is", "docs"),
    "the first bytes of a workbook": (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "afgebroken of beschadigd", "opnieuw"),
    "a web page": (f"<html><table><tr><td>{HEADER}</td></tr></table>".encode(), "een webpagina", "werkmap (xlsx)"),
    "UTF-16": (f"{HEADER}\n{ROW}\n".encode("utf-16"), "geen werkmap en geen tekstbestand", "CSV (UTF-8)"),
    "a NUL in a late row": (
        f"{HEADER}\n{ROW}\n{NEXT}\0\n".encode(),
        "geen werkmap en geen tekstbestand",
        "CSV (UTF-8)",
    ),
    "two encodings": (
        f"{HEADER}\n{ROW}\n".replace("r1", "é1").encode() + NEXT.replace("r2", "ë2").encode("cp1252") + b"\n",
        "rij 3: de tekens zijn deels UTF-8 en deels Windows-1252",
        "bewaar het hele bestand opnieuw als CSV UTF-8",
    ),
    "two encodings, the other way round": (
        f"{HEADER}\n{ROW}\n".replace("r1", "é1").encode("cp1252") + NEXT.replace("r2", "ë2").encode() + b"\n",
        "rij 2: de tekens zijn deels UTF-8 en deels Windows-1252",
        "CSV UTF-8",
    ),
    "a byte that is no character": (
        f"{HEADER}\n{ROW}\n".encode() + NEXT.encode().replace(b"r2", b"r\x81") + b"\n",
        "rij 3: onleesbaar teken",
        "CSV UTF-8",
    ),
    "broken off in a row": (f"{HEADER}\n{ROW}\n{NEXT[:30]}".encode(), "breekt af of is beschadigd in rij 3", "opnieuw"),
    "broken off in a character": (
        f"{HEADER}\n{ROW.replace('r1', 'é1')}\n".encode() + "é".encode()[:1],
        "breekt af of is beschadigd in rij 3",
        "opnieuw",
    ),
    "broken off in quotes": (
        f'{HEADER}\n{ROW}\n{NEXT}\n"r3;GM05'.encode(),
        "breekt af of is beschadigd in rij 4",
        "op",
    ),
    "broken off in the header": (f'{HEADER};"opmer'.encode(), "de kopregel is niet af", "vraag het bestand opnieuw op"),
    "quotes that are never closed": (
        f'{HEADER}\n{ROW}\n"r2{NEXT[2:]}\n'.encode() + f"{NEXT}\n".encode() * 3000,
        "breekt af of is beschadigd in rij 3",
        "opnieuw",
    ),
    "text after closing quotes": (
        f'{HEADER}\n{ROW}\n"r"2{NEXT[2:]}\n{ROW}\n'.encode(),
        "breekt af of is beschadigd in rij 3",
        "opnieuw",
    ),
}


@pytest.mark.parametrize(("content", "says", "remedy"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_read_is_refused_whole(desk: Desk, content: bytes, says: str, remedy: str) -> None:
    before = latest(desk.connection)
    with pytest.raises(Refusal) as refusal:
        desk.take(content)
    assert says in refusal.value.message
    assert refusal.value.message.startswith("leveringen.csv")
    assert remedy in refusal.value.hint
    assert (latest(desk.connection), desk.counting()) == (before, {})


def test_a_file_that_cannot_be_opened_is_refused(desk: Desk) -> None:
    with pytest.raises(Refusal, match=r"is-er-niet\.csv kan niet gelezen worden"):
        examine(desk.folder / "is-er-niet.csv")


QUOTED = ROW.replace("r1", '"r1"')
READ_IN_PARTS = {
    "before the first row": ([ROW, NEXT], "\n", 0),
    "between the lines without quotes and the others": ([*[NEXT] * 60, QUOTED, NEXT], "\n", 1),
    "before the end of the last line is looked at": ([QUOTED], "", 1),
}


@pytest.mark.parametrize(("rows", "end", "parts"), READ_IN_PARTS.values(), ids=READ_IN_PARTS)
@pytest.mark.parametrize("processes", [1, 2])
def test_a_file_that_goes_away_while_it_is_read_is_refused(
    rows: list[str], end: str, parts: int, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jan.csv"
    path.write_text("\n".join([HEADER, *rows]) + end)
    monkeypatch.setattr(delivery_rows, "_WORTH_PROCESSES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: processes)
    staged = staged_rows(examine(path), KNOWN, bytes(32), Reading())
    for _ in range(parts):
        next(staged)
    path.unlink()
    with pytest.raises(Refusal, match=r"^jan\.csv kan niet gelezen worden: er is geen bestand of map van die naam$"):
        list(staged)


def test_another_file_that_fails_meanwhile_is_not_said_to_be_this_one(desk: Desk) -> None:
    def failing(parts: Iterable[Staged]) -> Iterator[Staged]:
        for _ in parts:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        yield from ()

    path = desk.write(f"{HEADER}\n{ROW}\n")
    with pytest.raises(OSError, match="Input/output"):
        import_deliveries(desk.connection, path, desk.config_dir, "tester", failing)


def test_the_program_refuses_a_file_that_goes_away_while_it_is_read(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examined_and_gone(path: Path) -> DeliveryFile:
        file = examine(path)
        path.unlink()
        return file

    monkeypatch.setattr(deliveries, "examine", examined_and_gone)
    (tmp_path / "jan.csv").write_text(f"{HEADER}\n{ROW}\n")
    result = run("import", "deliveries", tmp_path / "jan.csv")
    assert (result.exit_code, result.output.splitlines()[0]) == (
        1,
        "Geweigerd: jan.csv kan niet gelezen worden: er is geen bestand of map van die",
    )


def test_too_many_wrong_cells_are_another_kind_of_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_rows, "_MAX_FINDINGS", 3)
    with pytest.raises(Refusal, match=r'meer dan 3 bevindingen; de eerste is rij 2, kolom "gemeente"'):
        desk.take("\n".join([HEADER, *[ROW.replace("GM0502", "Capelle")] * 4]))


def test_the_program_refuses_in_one_sentence_with_exit_code_1(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "afgebroken.csv"
    path.write_text(f"{HEADER}\n{ROW}\nr2;GM")
    result = run("import", "deliveries", path)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Geweigerd: afgebroken.csv breekt af of is beschadigd in rij 3 (2 van de 13",
        "  kolommen); er is niets ingelezen",
        "Wat te doen: vraag het bestand opnieuw op bij de afzender",
    ]


def test_of_several_files_the_good_ones_count(run: Callable[..., Result], tmp_path: Path) -> None:
    for name, content in (("a", f"{HEADER}\n{ROW}\n"), ("b", ""), ("c", f"{HEADER}\n{NEXT}\n")):
        (tmp_path / f"{name}.csv").write_text(content)
    files = [tmp_path / f"{name}.csv" for name in "abc"]
    result = run("import", "deliveries", *files)
    assert result.exit_code == 1
    assert "a.csv: vastlegging 3" in result.output
    assert "c.csv: vastlegging 4" in result.output
    assert "Geweigerd: b.csv is leeg; vraag het bestand opnieuw op bij de afzender" in result.output
    assert "1 van de 3 bestanden" in result.output
    assert run("import", "deliveries", files[0], files[2]).exit_code == 0


# --- read in spite of its form ----------------------------------------------------------------------------------------

TWO = f"{HEADER}\n{ROW}\n{NEXT}\n"
READ = {
    "plain": TWO.encode(),
    "marked as UTF-8": b"\xef\xbb\xbf" + TWO.encode(),
    "marked, and a header in quotes": b"\xef\xbb\xbf" + TWO.replace("referentie;g", '"referentie";g').encode(),
    "Windows-1252": TWO.replace("bsn", "cliënt").encode("cp1252"),
    "lines end as on Windows": TWO.replace("\n", "\r\n").encode(),
    "lines end as on an old Mac": TWO.replace("\n", "\r").encode(),
    "no end of the last line": TWO.rstrip("\n").encode(),
    "commas": TWO.replace(";", ",").encode(),
    "tabs": TWO.replace(";", "\t").encode(),
    "blank lines": TWO.replace("\n", "\n\n").encode(),
    "rows of separators at the end": TWO.encode() + b";;;;;;;;;;;;\n ; ;;;;;;;;;;;\n",
    "everything in quotes": re.sub(r"[^;\n]+", r'"\g<0>"', TWO).encode(),
    "blanks around": re.sub(r"[^;\n]+", r" \g<0>  ", TWO).encode(),
    "capitals and underscores in the header": TWO.replace(HEADER, HEADER.upper().replace(" ", "_")).encode(),
    "English headers and dates": TWO.replace(
        HEADER,
        "reference;municipality;provider;client;product;start;end;quantity"
        ";unit;debit_credit;previous;assignment;claimed amount",
    )
    .replace("05-01-2026", "2026-01-05")
    .replace("06-01-2026", "2026-1-6")
    .encode(),
    "municipality without letters": TWO.replace("GM0502", "0502").encode(),
    "without the columns that may be missing": "\n".join(
        ";".join(row.split(";")[:8]) for row in TWO.split("\n")
    ).encode(),
    "columns in another order": "\n".join(";".join(reversed(row.split(";"))) for row in TWO.split("\n")).encode(),
    "words for debit and unit": TWO.replace(";;;;;", ";Minuten;debet;;;").encode(),
}


@pytest.mark.parametrize("content", READ.values(), ids=READ)
def test_the_same_two_rows_in_many_forms(desk: Desk, content: bytes) -> None:
    result = desk.take(content)
    assert list(result.findings) == []
    assert (result.account.rows_read, result.account.rows_accepted) == (2, 2)
    assert desk.counting() == {"r1": 1, "r2": 1}
    assert desk.volume() == 125
    again = desk.take(TWO, "zoals-het-hoort.csv")  # identical in all that was delivered, also the clients
    assert (again.account.rows_known, again.account.rows_accepted, again.findings) == (2, 0, [])


def test_a_file_without_a_last_line_end_may_have_been_cut_off(run: Callable[..., Result], tmp_path: Path) -> None:
    """In its last cell, that is: of 12,50 only 1 came, and the row has all its cells."""
    path = tmp_path / "jan.csv"
    path.write_text(f"{HEADER}\n{ROW}\n{NEXT}1")
    result = run("import", "deliveries", path)
    output = " ".join(result.output.split())
    assert (result.exit_code, "D15 rij 3: de laatste regel eindigt niet met een regeleinde" in output) == (3, True), (
        output
    )
    assert "kijk of de laatste cel heel is" in output
    assert " 2 2 0 0 0 " in output  # read and accepted
    path.write_text(f"{HEADER}\n{ROW}\n{NEXT}1\n")
    assert "D15" not in run("import", "deliveries", path).output


def test_line_breaks_in_quotes_are_part_of_a_cell(desk: Desk) -> None:
    content = f'{HEADER};opmerking\n{ROW};"eerste\nregel\r\nen ""nog"" een;"\n{NEXT.replace("45A04", "99X99")};\n'
    result = desk.take(content)
    assert result.account.rows_accepted == 1
    assert result.file.unused_headers == ("opmerking",)
    assert [result.file.located(finding).place for finding in result.findings] == ['rij 5, kolom "product"']


def test_a_client_number_without_its_leading_zeros_is_the_same_client(desk: Desk) -> None:
    lost = ROW.replace("999900006", "12345611").replace("r1", "r3")
    result = desk.take(f"{HEADER}\n{ROW.replace('999900006', '012345611')}\n{lost}\n")
    assert result.account.rows_accepted == 2
    assert desk.connection.execute(text("SELECT count(DISTINCT client_id) FROM deliveries")).scalar_one() == 1


@pytest.mark.parametrize("header", ["bsn", "BSN", "B.S.N.", " bsn "])
def test_under_bsn_stands_a_bsn(desk: Desk, header: str) -> None:
    result = desk.take(f"{HEADER.replace('bsn', header)}\n{ROW.replace('999900006', '999900007')}\n")
    assert [(finding.code, finding.column) for finding in result.findings] == [("D03", header)]


def test_under_client_may_stand_another_number(desk: Desk) -> None:
    result = desk.take(f"{HEADER.replace('bsn', 'cliënt')}\n{ROW.replace('999900006', 'c1')}\n")
    assert (result.account.rows_accepted, result.findings) == (1, [])


@pytest.mark.parametrize(
    "reference",
    [
        "x" * 40,
        r"a\b",
        r"\N",
        r"\.",
        r"\\",
        r"\t",
        "é€ñ",
        "a;b",
        'a"b',
        "NULL",
        "a'b--",
        "%s {x}",
        "a  b",
        "1f5",
        "007",
    ],
)
def test_a_reference_is_kept_as_it_is(desk: Desk, reference: str) -> None:
    quoted = '"' + reference.replace('"', '""') + '"'
    cells = ROW.split(";")
    debit = ";".join([quoted, *cells[1:11], quoted, ""])
    credit = ";".join(["c1", *cells[1:9], "C", quoted, quoted, ""])
    result = desk.take(f"{HEADER}\n{debit}\n{credit}\n")
    assert (result.account.rows_accepted, result.findings) == (2, [])
    stored = desk.connection.execute(
        text("SELECT reference, previous_reference, assignment FROM deliveries ORDER BY row_number")
    )
    assert [tuple(row) for row in stored] == [(reference, None, reference), ("c1", reference, reference)]


def test_columns_that_nobody_reads_are_told(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "extra.csv"
    path.write_text(f"{HEADER};wijk;;dc 2\n{ROW};x;;y\n")
    result = run("import", "deliveries", path)
    assert result.exit_code == 0
    assert "Kolommen die niet gelezen worden: wijk, dc 2" in result.output


def test_many_columns_that_nobody_reads_fit_a_terminal(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "extra.csv"
    names = [f"toelichting {number}" for number in range(12)]
    path.write_text(f"{HEADER};{';'.join(names)}\n{ROW}{';x' * len(names)}\n")
    said = run("import", "deliveries", path).output
    assert f"  Kolommen die niet gelezen worden: {', '.join(names)}" in said.replace("\n   ", "")
    assert max(map(len, said.splitlines())) <= 80


def test_a_file_of_which_the_name_is_no_text(run: Callable[..., Result], tmp_path: Path) -> None:
    path = Path(str(tmp_path / "februari-\udce9\udce9n.csv"))  # a name in Windows-1252, as an old zip leaves it
    path.write_text(f"{HEADER}\n{ROW}\n")
    result = run("import", "deliveries", path)
    assert (result.exit_code, "februari-??n.csv: vastlegging 3" in result.output) == (0, True), result.output


# --- rejected rows go back to the sender ------------------------------------------------------------------------------

UNKNOWN, SHORT, LONG = NEXT.replace("45A04", "99X99"), "r3;GM0502", ROW.replace("r1", "r4") + ";te veel"
BAD = "\n".join([HEADER, ROW, UNKNOWN, SHORT, LONG, ""])


def returned(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=";", strict=True))


def test_rejected_rows_go_back_with_place_reason_and_remedy(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "jan.csv").write_text(BAD)
    result = run("import", "deliveries", tmp_path / "jan.csv", "--rejected", tmp_path / "terug")
    path = tmp_path / "terug" / "jan.geweigerd.csv"
    assert result.exit_code == 3
    assert str(path) in "".join(result.output.split("\n"))
    assert [file.name for file in path.parent.iterdir()] == ["jan.geweigerd.csv"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    header, unknown, short, long = returned(path)
    assert header == [*HEADER.split(";"), "code", "reden", "herstel"]
    assert unknown[:13] == UNKNOWN.split(";")
    assert unknown[13] == "D06"
    assert unknown[14] == 'rij 3 van uw bestand jan.csv: kolom "product": product 99X99 is onbekend'
    assert "leg de code eerst vast als product" in unknown[15]
    reason = "rij 4 van uw bestand jan.csv: 2 van de 13 kolommen"
    assert (short[:3], short[13:15]) == (["r3", "GM0502", ""], ["D01", reason])
    reason = "rij 5 van uw bestand jan.csv: 14 van de 13 kolommen"
    assert (long[0], long[13], long[14:16]) == ("r4", "te veel", ["D01", reason])


def test_a_mended_row_is_read_with_the_columns_of_its_reason(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "jan.csv").write_text(f"{HEADER}\n{ROW}\n{NEXT.replace('45A04', '99X99')}\n")
    run("import", "deliveries", tmp_path / "jan.csv", "--rejected", tmp_path)
    path = tmp_path / "jan.geweigerd.csv"
    still_wrong = run("import", "deliveries", path, "--rejected", tmp_path)
    assert still_wrong.exit_code == 3
    path = tmp_path / "jan.geweigerd.geweigerd.csv"
    assert returned(path)[0] == [*HEADER.split(";"), "code", "reden", "herstel"]  # the last reason, once
    path.write_text(path.read_text(encoding="utf-8-sig").replace("99X99", "45A04", 1), encoding="utf-8")
    mended = run("import", "deliveries", path)
    assert mended.exit_code == 0, mended.output
    assert "D0" not in mended.output


def test_what_was_mended_is_as_it_was_sent(run: Callable[..., Result], tmp_path: Path) -> None:
    """Quotes, separators, letters outside ASCII and a credit: nothing of a rejected row changes on its way back."""
    reference = r'"é;\ ""1"""'
    content = f"{HEADER}\n{reference}{NEXT[2:].replace('45A04', '99X99')}\n"
    (tmp_path / "jan.csv").write_bytes(content.encode("cp1252"))
    run("import", "deliveries", tmp_path / "jan.csv", "--rejected", tmp_path)
    assert returned(tmp_path / "jan.geweigerd.csv")[1][0] == r'é;\ "1"'


def test_no_file_of_rejected_rows_is_overwritten(run: Callable[..., Result], tmp_path: Path) -> None:
    """Not by a file of the same name from another folder, and not after it was mended but before it was read again."""
    files = []
    for number, folder in enumerate(("a", "b"), start=1):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "jan.csv")
        files[-1].write_text(f"{HEADER}\n{NEXT.replace('r2', f'x{number}').replace('45A04', '99X99')}\n")
    (tmp_path / "jan.geweigerd.csv").write_text(mended := f"{HEADER}\n{NEXT}\n")
    run("import", "deliveries", *files, "--rejected", tmp_path)
    assert (tmp_path / "jan.geweigerd.csv").read_text() == mended
    assert [returned(tmp_path / f"jan.geweigerd-{number}.csv")[1][0] for number in (2, 3)] == ["x1", "x2"]


def test_without_a_folder_for_rejected_rows_nothing_is_imported(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "jan.csv").write_text(BAD)
    (tmp_path / "terug").write_text("een bestand waar een map moet komen")
    result = run("import", "deliveries", tmp_path / "jan.csv", "--rejected", tmp_path / "terug" / "x")
    assert (result.exit_code, "kan niet gemaakt worden" in " ".join(result.output.split())) == (1, True), result.output
    assert "vastlegging 3" in run("import", "deliveries", tmp_path / "jan.csv").output


def test_rejected_rows_that_cannot_be_written_can_be_made_again(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "jan.csv").write_text(BAD)
    (tmp_path / "feb.csv").write_text(f"{HEADER}\n{ROW.replace('r1', 'r9')}\n")
    with monkeypatch.context() as patch:
        patch.setattr(rejected_rows, "_lines", full_disk)
        result = run("import", "deliveries", tmp_path / "jan.csv", tmp_path / "feb.csv", "--rejected", tmp_path)
    output = " ".join(result.output.split())
    assert result.exit_code == 3, output
    assert "Let op: jan.csv is ingelezen, maar de geweigerde regels kunnen niet geschreven worden" in output
    assert "lees hetzelfde bestand opnieuw in" in output
    assert "feb.csv: vastlegging 4" in output  # the file after it
    assert not (tmp_path / "jan.geweigerd.csv").exists()  # nor a part of it
    again = run("import", "deliveries", tmp_path / "jan.csv", "--rejected", tmp_path)
    assert (again.exit_code, len(returned(tmp_path / "jan.geweigerd.csv"))) == (3, 4)


def test_a_formula_does_not_start_in_the_spreadsheet_of_the_reader(desk: Desk) -> None:
    formula = '=HYPERLINK("http://x","y")'
    quoted = '"' + formula.replace('"', '""') + '"'
    rows = [f"{quoted}{ROW[2:]}", ROW.replace(";95;", ";-5;"), f"@SUM(A1){ROW[2:]}", f"+1+1{ROW[2:]}", f"-1+1{ROW[2:]}"]
    result = desk.take("\n".join([HEADER, *rows]) + "\n")
    assert result.account.rows_rejected == 5
    rows = returned(write_rejected(result, desk.folder))
    cells = [row[0] for row in rows[1:]]
    assert cells == ["'" + formula, "r1", "'@SUM(A1)", "'+1+1", "'-1+1"]
    assert rows[2][7] == "-5"  # a number is no formula


_LOST_ZERO = next(number for number in range(12_345_600, 12_345_700) if is_bsn(f"{number:09d}"))
_NUMBERS = ("999900006", "999900018", f"{_LOST_ZERO:09d}", str(_LOST_ZERO), "41000002")
_pieces = st.one_of(st.sampled_from(_NUMBERS), st.text("0123456789", max_size=4), st.sampled_from("-. r"))


@settings(max_examples=300, deadline=None)
@given(
    text=st.lists(_pieces, min_size=1, max_size=3).map("".join),
    column=st.sampled_from(["reference", "previous", "assignment"]),
    client=st.sampled_from((*_NUMBERS, "c1")),
    name=st.sampled_from(["bsn", "client"]),
)
def test_a_block_of_rows_is_judged_as_its_rows_are(
    text: str, column: str, client: str, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A row that cannot be read makes its block be read row by row; that may change nothing for another row."""
    cells = {"reference": "r1", "previous": "", "assignment": ""} | {column: text}
    reference, previous, assignment = cells.values()
    header = f"referentie;gemeente;aanbieder;{name};product;begindatum;einddatum;aantal;dc;vorige referentie;toewijzing"
    row = f"{reference};GM0502;41000002;{client};45A04;05-01-2026;05-01-2026;95;D;{previous};{assignment}"
    other = "r9;GM0502;41000002;999900018;45A04;05-01-2026;05-01-2026;95;D;;"
    path = tmp_path_factory.mktemp("blok") / "jan.csv"
    known = Known({"GM0502": 1}, {"41000002": 2}, {"45A04": 3}, {3: "Jeugdwet"})
    outcomes = []
    for last in (other, other.replace("95", "x")):
        path.write_text(f"{header}\n{row}\n{last}\n", encoding="utf-8")
        reading = Reading()
        staged = staged_rows(examine(path), known, bytes(32), reading)
        rows = [row for part in staged for row in part.rows.splitlines()]
        outcomes.append(([r for r in rows if r.startswith("2\t")], [f for f in reading.findings if f.row_number == 2]))
    assert outcomes[0] == outcomes[1]


KNOWN = Known({"GM0502": 1}, {"41000002": 2}, {"45A04": 3}, {3: "Jeugdwet"})


def read_in(processes: int, path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[list[str]], Reading]:
    """The staged rows of a file, with their pseudonyms, and what was found: in stretches of few lines."""
    with monkeypatch.context() as patch:
        patch.setattr(delivery_blocks, "_STRETCH_BYTES", 600)
        patch.setattr(delivery_rows, "_WORTH_PROCESSES", 1)
        patch.setattr(os, "cpu_count", lambda: processes)
        if processes > 1:
            patch.setattr(delivery_rows._TableReader, "read_stretch", None)  # this process reads none
        reading = Reading()
        parts: list[Staged] = list(staged_rows(examine(path), KNOWN, bytes(32), reading))
    lines = [line.split("\t") for part in parts for line in part.clients.splitlines()]
    pseudonyms = dict(lines)
    assert len(pseudonyms) == len(lines)  # no number was given twice
    rows = [line.split("\t") for part in parts for line in part.rows.splitlines()]
    client = delivery_rows.STAGED_COLUMNS.index("client")
    return [[*row[:client], pseudonyms[row[client]], *row[client + 1 :]] for row in rows], reading


def many_rows(number: int) -> list[str]:
    days = [f"{day:02d}-01-2026" for day in range(1, 29)]
    clients = ("999900006", "999900018")
    return [
        f"z-{row:08d};GM0502;41000002;{clients[row % 2]};45A04;{days[row % 28]};{days[row % 28]};{row + 1};;;;;1,50"
        for row in range(number)
    ]


def _with(rows: list[str], changes: dict[int, str]) -> list[str]:
    return [changes.get(place, row) for place, row in enumerate(rows)]


SHAPES = {
    "all well": (many_rows(60), "\n", "\n"),
    "wrong cells, blank lines, too few cells, a client number in a reference": (
        _with(
            many_rows(60),
            {
                3: ROW.replace("95", "0"),
                17: "",
                18: ";;;;;;;;;;;;",
                31: "r;GM0502",
                44: ROW.replace("r1", "999900006"),
                58: ROW.replace("45A04", "9"),
            },
        ),
        "\r\n",
        "\r\n",
    ),
    "a quote halfway, and a last line without end": (
        _with(many_rows(60), {30: ROW.replace("r1", '"r;1"'), 40: ROW.replace("95", "x")}),
        "\n",
        "",
    ),
    "a letter beyond ASCII at every place of a stretch": (
        [row.replace("z-", "é" * (1 + place % 3)) for place, row in enumerate(many_rows(60))],
        "\n",
        "\n",
    ),
}


@pytest.mark.parametrize(("rows", "end", "last"), SHAPES.values(), ids=SHAPES)
def test_a_large_file_read_by_several_processes_is_read_as_by_one(
    rows: list[str], end: str, last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jan.csv"
    path.write_bytes((end.join([HEADER, *rows]) + last).encode())
    alone, found_alone = read_in(1, path, monkeypatch)
    together, found_together = read_in(2, path, monkeypatch)
    assert len(alone) > 50
    assert together == alone
    assert found_together == found_alone
    assert found_alone.rows_read == len([row for row in rows if row.strip(";")])


def test_too_many_wrong_cells_are_too_many_in_several_processes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jan.csv"
    path.write_text("\n".join([HEADER, *[row.replace("GM0502", "Capelle") for row in many_rows(60)]]) + "\n")
    monkeypatch.setattr(delivery_rows, "_MAX_FINDINGS", 20)
    with pytest.raises(Refusal, match=r'meer dan 20 bevindingen; de eerste is rij 2, kolom "gemeente"'):
        read_in(2, path, monkeypatch)


@given(st.from_regex(r"[0-9]{1,9}([.,][0-9]{0,4})?", fullmatch=True))
def test_a_claimed_amount_is_read_as_any_amount(said: str) -> None:
    try:
        cents = str(parse_eur(said).cents)
    except ValueError:
        with pytest.raises(CellError):
            _claimed_cents(said)
    else:
        if int(cents) <= 99_999_999_99:
            assert _claimed_cents(said) == cents
        else:
            with pytest.raises(CellError, match="groter dan"):
                _claimed_cents(said)
