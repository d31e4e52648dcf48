"""Small tables in CSV files: read in whatever form they come, or refused whole with every reason."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from kernel.findings import Finding, Refusal, Severity
from kernel.notation import parse_date, parse_whole
from kernel.tabular import Column, Row, read_table, row_finding, unread_columns
from tests.importers.workbooks import sheets

LAYOUT = (
    Column("client", ("cliënt", "client number")),
    Column("day", ("datum", "date"), parse_date),
    Column("count", ("aantal", "count"), parse_whole, required=False),
)
PLAIN = "cliënt;datum;aantal\nc1;05-01-2026;7\nc2;2026-01-06;\n"
ROWS = [("c1", "2026-01-05", 7), ("c2", "2026-01-06", None)]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "tabel.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


READ = {
    "plain": PLAIN.encode(),
    "marked as UTF-8": b"\xef\xbb\xbf" + PLAIN.encode(),
    "Windows-1252": PLAIN.encode("cp1252"),
    "commas": PLAIN.replace(";", ",").encode(),
    "tabs": PLAIN.replace(";", "\t").encode(),
    "Windows": PLAIN.replace("\n", "\r\n").encode(),
    "old Mac": PLAIN.replace("\n", "\r").encode(),
    "no last line end": PLAIN[:-1].encode(),
    "blank lines": PLAIN.replace("\n", "\n\n ;;\n").encode(),
    "quotes": PLAIN.replace("c1", '"c1"').encode(),
    "blanks": PLAIN.replace("c1", "  c1 ").replace("7", " 7 ").encode(),
    "English, in capitals, another order": b"Count,CLIENT_NUMBER,Date\n7,c1,05-01-2026\n,c2,06-01-2026\n",
}


@pytest.mark.parametrize("content", READ.values(), ids=READ)
def test_the_same_table_in_many_forms(write: Callable[[bytes], Path], content: bytes) -> None:
    table = read_table(write(content), LAYOUT)
    assert [(row["client"], str(row["day"]), row["count"]) for row in table.rows] == ROWS
    assert (table.file_name, table.sha256) == ("tabel.csv", hashlib.sha256(content).hexdigest())
    assert table.unused_headers == ()


def test_a_row_is_named_by_its_line(write: Callable[[str], Path]) -> None:
    table = read_table(write('cliënt;datum\n\n"c\n1";05-01-2026\nc2;06-01-2026\n'), LAYOUT)
    assert [row.number for row in table.rows] == [4, 5]


def test_an_optional_column_may_be_missing_and_an_extra_one_is_told(write: Callable[[str], Path]) -> None:
    table = read_table(write("cliënt;wijk;datum;\nc1;x;05-01-2026;\n"), LAYOUT)
    assert (table.rows[0]["count"], table.unused_headers) == (None, ("wijk",))
    [warning] = unread_columns(table)
    assert (warning.code, warning.severity, warning.place) == ("R04", Severity.WARNING, 'tabel.csv, kolom "wijk"')


REFUSED = {
    "empty": (b"", "tabel.csv is leeg", "opnieuw"),
    "blank": (b" \r\n", "tabel.csv is leeg", "opnieuw"),
    "only a mark": (b"\xef\xbb\xbf", "tabel.csv is leeg", "opnieuw"),
    "only a header": (b"client number;date\n", "heeft wel een kopregel maar geen regels", "vul het bestand"),
    "a part of a workbook": (b"PK\x03\x04\0\0", "is afgebroken of beschadigd", "opnieuw"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "is geen werkmap en geen tekstbestand", "CSV (UTF-8)"),
    "two encodings": ("cliënt;datum\nc1;é\n".encode() + b"c2;\xe9\n", "rij 3: de tekens zijn deels UTF-8", "CSV UTF-8"),
    "no character": (b"cli\xebnt;datum\nc1;\x81\n", "rij 2: onleesbaar teken", "CSV UTF-8"),
    "open quotes": ('cliënt;datum\n"c1;05-01-2026\n'.encode(), "de rij is niet af", "vraag het bestand opnieuw op"),
    "a web page": (b"<html><table><tr><td>cli\xebnt</td></tr></table>", "is een webpagina of XML", "werkmap (xlsx)"),
    "columns missing": (
        b"wijk\nx\n",
        'kolommen "cliënt" en "datum" ontbreken; de kopregel is: wijk',
        "docs/file_layouts",
    ),
    "a blank first line": ("\ncliënt;datum\nc1;05-01-2026\n".encode(), "de kopregel is: ", "docs/file_layouts"),
    "a separator above the header": (
        "sep=;\ncliënt;datum\nc1;05-01-2026\n".encode(),
        "ontbreken; de kopregel is: sep=",
        "haal de eerste regel weg",
    ),
    "column missing": (
        b"datum;wijk\n05-01-2026;x\n",
        '"cliënt" ontbreekt; de kopregel is: datum, wijk',
        "docs/file_layouts",
    ),
    "column twice": (b"client number;date;datum\n", '"date" en "datum" betekenen hetzelfde', "laat er een weg"),
}


def test_a_file_that_can_not_be_read_is_told_in_words_of_a_person(tmp_path: Path) -> None:
    """Not in those of the system, which are English."""
    for path, why in ((tmp_path / "geen.csv", "er is geen bestand of map van die naam"), (tmp_path, "het is een map")):
        with pytest.raises(Refusal) as refusal:
            read_table(path, LAYOUT)
        assert refusal.value.message == f"{path} kan niet gelezen worden: {why}"


@pytest.mark.parametrize(("content", "says", "remedy"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_table_is_refused(write: Callable[[bytes], Path], content: bytes, says: str, remedy: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_table(write(content), LAYOUT)
    assert says in refusal.value.message
    assert remedy in refusal.value.hint
    assert refusal.value.findings == ()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="kan niet gelezen worden"):
        read_table(tmp_path / "weg.csv", LAYOUT)


def test_a_table_with_errors_is_refused_with_every_reason(write: Callable[[str], Path]) -> None:
    bad = "cliënt;Datum;aantal\nc1;31-02-2026;1.000\n;06-01-2026;1\nc3\nc4;07-01-2026;1;2\nc5;08-01-2026;5\n"
    with pytest.raises(Refusal, match=r"tabel\.csv is niet ingelezen: 5 bevindingen") as refusal:
        read_table(write(bad), LAYOUT)
    assert [(finding.code, str(finding)) for finding in refusal.value.findings] == [
        ("R02", 'rij 2, kolom "Datum": 31-02-2026 bestaat niet; vul een bestaande dag in'),
        (
            "R02",
            'rij 2, kolom "aantal": "1.000" kan twee dingen betekenen; schrijf 1000 of 1000,00 zonder duizendteken',
        ),
        ("R03", 'rij 3, kolom "cliënt": leeg; vul een waarde in'),
        ("R01", "rij 4: 1 van de 3 kolommen; vul de rij aan tot alle kolommen"),
        ("R01", "rij 5: 4 van de 3 kolommen; haal weg wat te veel is"),
    ]


def test_what_is_wrong_with_good_rows_is_told_beside_rows_that_cannot_be_read(write: Callable[[str], Path]) -> None:
    def judge(rows: Sequence[Row]) -> Iterator[Finding]:
        yield from (row_finding("X01", row.number, f"{row['client']} mag niet", "") for row in rows)

    with pytest.raises(Refusal, match="3 bevindingen") as refusal:
        read_table(write("cliënt;datum;aantal\nc1;x;1\nc2;06-01-2026;\nc3;07-01-2026;\n"), LAYOUT, judge)
    assert [finding.code for finding in refusal.value.findings] == ["R02", "X01", "X01"]


@pytest.mark.parametrize(
    "content",
    [
        "cliënt;datum;1234.56.782\nc1;05-01-2026;\n",  # an unread header
        "cliënt;datum\nc1;s-123456782-x\n",  # a cell that cannot be read
        "cliënt;datum;aantal\nc1;05-01-2026;123.456.782\n",  # which the remedy quotes as well
        "cliënt;x 123 456 782\n",  # the header of a refusal
        "cliënt;" + "x" * 36 + "123456782\n",  # of which the end is cut off
        'cliënt;datum\n"c1;05-01-2026\n',  # the name of the file, in a refusal
    ],
)
def test_nothing_that_is_shown_or_stored_holds_a_client_number(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tabel-0123456782.csv"
    path.write_text(content, encoding="utf-8")
    try:
        table = read_table(path, LAYOUT)
        told = [table.file_name, *table.unused_headers, *map(str, unread_columns(table))]
    except Refusal as refusal:
        told = [refusal.message, refusal.hint, *map(str, refusal.findings)]
    digits = re.sub("[^0-9x]", "", "x".join(told))
    assert "1234" not in digits
    assert "•" in "".join(told)


def test_a_cell_with_a_semicolon_does_not_split_the_message(write: Callable[[str], Path]) -> None:
    with pytest.raises(Refusal) as refusal:
        read_table(write('cliënt,datum\nc1,"5; 6"\n'), LAYOUT)
    [finding] = refusal.value.findings
    assert (finding.message, finding.hint) == ('"5; 6" is geen datum', "schrijf 31-01-2026 of 2026-01-31")


def test_the_header_that_is_shown_holds_no_client_number(write: Callable[[str], Path]) -> None:
    with pytest.raises(Refusal) as refusal:
        read_table(write("r1;999900006;05-01-2026\n"), LAYOUT)
    assert "999900006" not in refusal.value.message
    assert "r1, •••••••••, 05-01-2026" in refusal.value.message


# --- workbooks --------------------------------------------------------------------------------------------------------

TYPED = [("c1", date(2026, 1, 5), 7), ("c2", date(2026, 1, 6), None)]
NAMES = ("cliënt", "datum", "aantal")
IN_A_WORKBOOK = {
    "dates": sheets(("a", [NAMES, *TYPED])),
    "serial numbers": sheets(("a", [NAMES, ("c1", 46027, 7), ("c2", 46028, None)])),
    "texts": sheets(("a", [NAMES, ("c1", "05-01-2026", "7"), ("c2", "2026-01-06", " ")])),
    "below a title, on the second sheet": sheets(("voorblad", []), ("b", [["Tellingen"], [], NAMES, *TYPED])),
}


@pytest.mark.parametrize("content", IN_A_WORKBOOK.values(), ids=IN_A_WORKBOOK)
def test_the_same_table_in_a_workbook(write: Callable[[bytes], Path], content: bytes) -> None:
    table = read_table(write(content), LAYOUT)
    assert [(row["client"], str(row["day"]), row["count"]) for row in table.rows] == ROWS
    assert (table.sha256, unread_columns(table)) == (hashlib.sha256(content).hexdigest(), [])


def test_sheets_that_do_not_count_are_told(write: Callable[[bytes], Path]) -> None:
    content = sheets(("uitleg", [["Lees dit"]]), ("a", [NAMES, *TYPED[:1]]), ("b", [NAMES, *TYPED[1:]]))
    table = read_table(write(content), LAYOUT)
    assert [row["client"] for row in table.rows] == ["c1"]
    assert [(told.code, told.place) for told in unread_columns(table)] == [
        ("R05", 'tabel.csv, blad "uitleg"'),
        ("R05", 'tabel.csv, blad "b"'),
    ]


def test_an_error_in_a_workbook_is_told_as_one_in_a_file(write: Callable[[bytes], Path]) -> None:
    bad = [(1234567890123456789, "31-02-2026", 1.5), ("#N/B", date(2026, 1, 5), 1)]
    with pytest.raises(Refusal) as refusal:
        read_table(write(sheets(("a", [[], NAMES, *bad]))), LAYOUT)
    assert [(told.code, told.place) for told in refusal.value.findings] == [
        ("R02", 'rij 3, kolom "cliënt"'),
        ("R02", 'rij 3, kolom "datum"'),
        ("R02", 'rij 3, kolom "aantal"'),
        ("R02", 'rij 4, kolom "cliënt"'),
    ]
    assert "cijfers heeft weggelaten" in refusal.value.findings[0].message
