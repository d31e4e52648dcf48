"""What becomes of every row of a delivery file, and what counts when rows credit, repeat or contradict each other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, Engine, text

from database.connection import open_engine
from database.recordings import latest, lock_recordings, record
from importers.delivery_files import RowFinding
from importers.rules import ROW_RULES, VERDICTS
from kernel.findings import Refusal
from kernel.money import Eur
from tariffs.products import import_products

if TYPE_CHECKING:
    from click.testing import Result

    from importers.deliveries import DeliveryImport
    from tests.importers.conftest import Desk

Cells = dict[str, object]

DEBIT: Cells = {"reference": "d1", "claimed": "95,00"}
CREDIT: Cells = {"reference": "c1", "dc": "C", "previous": "d1", "claimed": "95,00"}


def account(result: DeliveryImport) -> tuple[int, int, int, int, int]:
    """Rows read, accepted, rejected, waiting and known."""
    of = result.account
    return (of.rows_read, of.rows_accepted, of.rows_rejected, of.rows_waiting, of.rows_known)


def shown(findings: Sequence[RowFinding]) -> list[tuple[int, str, str]]:
    return [(finding.row_number, finding.code, finding.column) for finding in findings]


# --- one file per rule ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """Rows of a file (after those of earlier files) and the one finding they give."""

    code: str
    rows: Sequence[Cells | str]
    at: int
    column: str
    says: str
    remedy: str
    account: tuple[int, int, int, int, int] = (2, 1, 1, 0, 0)
    earlier: Sequence[Sequence[Cells]] = ()
    exit_code: int = 3


GOOD: Cells = {"reference": "good", "client": "999900018"}
DUTCH = {
    "reference": "referentie", "municipality": "gemeente", "provider": "aanbieder", "client": "bsn",
    "start": "begindatum", "end": "einddatum", "quantity": "aantal", "unit": "eenheid", "previous": "vorige referentie",
    "assignment": "toewijzing", "claimed": "bedrag",
}  # fmt: skip


def cell(code: str, column: str, value: str, says: str, remedy: str, *, at: int = 3, told_at: str = "") -> Case:
    """A good row and a row with one wrong cell."""
    told_at = told_at or column
    return Case(code, (GOOD, {"reference": "bad", column: value}), at, DUTCH.get(told_at, told_at), says, remedy)


CASES = {
    "short row": Case(
        "D01", (GOOD, "bad;GM0502", {}), 3, "", "2 van de 13 kolommen", "vul de rij aan", (3, 2, 1, 0, 0)
    ),
    "long row": Case(
        "D01", (GOOD, {"reference": "bad", "claimed": "12;34"}), 3, "", "14 van de 13", '";" staat tussen aanhalings'
    ),
    "no reference": cell("D02", "reference", " ", "leeg", "vul een waarde in"),
    "no client": cell("D02", "client", "", "leeg", "vul het cliëntnummer in"),
    "no municipality": cell("D02", "municipality", "", "leeg", "vul de CBS-code"),
    "no provider": cell("D02", "provider", "", "leeg", "vul de AGB-code"),
    "no product": cell("D02", "product", "", "leeg", "vul de productcode"),
    "no start": cell("D02", "start", "", "leeg", "vul een waarde in"),
    "no end": cell("D02", "end", "", "leeg", "vul een waarde in"),
    "no quantity": cell("D02", "quantity", "", "leeg", "vul een waarde in"),
    "no BSN": cell("D03", "client", "999900007", "geen geldig BSN (elfproef)", "controleer het nummer"),
    "BSN of eight digits": cell("D03", "client", "99990001", "geen geldig BSN", "controleer het nummer"),
    "BSN as a spreadsheet shows it": cell("D03", "client", "9,999E+08", "geen geldig BSN", "controleer"),
    "BSN of nine zeros": cell("D03", "client", "0", "geen geldig BSN", "controleer"),
    "municipality by name": cell("D04", "municipality", "Capelle", '"Capelle" is geen gemeente', "zoals GM0502"),
    "municipality without zero": cell("D04", "municipality", "9", '"9" is geen gemeente', "zoals GM0502"),
    "unknown municipality": cell("D04", "municipality", "GM9999", "gemeente GM9999 is onbekend", "leg de code"),
    "provider by name": cell("D05", "provider", "Jeugdzorg", "geen aanbieder", "AGB-code van acht cijfers"),
    "provider without zero": cell("D05", "provider", "7000001", "geen aanbieder", "van acht cijfers"),
    "unknown provider": cell("D05", "provider", "41000003", "aanbieder 41000003 is onbekend", "leg de code"),
    "unknown product": cell("D06", "product", "99X99", "product 99X99 is onbekend", "leg de code eerst vast"),
    "product in small letters": cell("D06", "product", "45a04", "product 45a04 is onbekend", "verbeter de code"),
    "reference of 41 characters": cell("D07", "reference", "x" * 41, "langer dan 40 tekens", "kort de tekst"),
    "tab in a reference": cell("D07", "reference", "x\ty", "stuurteken", "kort de tekst in"),
    "line break in a reference": cell("D07", "reference", '"x\ny"', "stuurteken", "kort de tekst in", at=4),
    "line break in an assignment": cell("D07", "assignment", '"x\ny"', "stuurteken", "kort de tekst in", at=4),
    "formula in a reference": cell("D07", "reference", "=A1", 'begint met "="', "begin met een letter"),
    "outcome of a formula that failed": cell(
        "D16", "assignment", "#N/B", "de cel geeft een fout (#N/B)", "verbeter de"
    ),
    "reference as a spreadsheet shows it": cell(
        "D16", "assignment", "2,0261E+16", "cijfers heeft weggelaten", "als tekst"
    ),
    "totals": Case(
        "D17",
        (GOOD, dict.fromkeys(("reference", "municipality", "provider", "client", "product", "start", "end"), "")),
        3,
        "",
        "dit lijkt een totaalregel",
        "laat de regel weg",
    ),
    "31 February": cell("D08", "start", "31-02-2026", "31-02-2026 bestaat niet", "bestaande dag"),
    "month 13": cell("D08", "end", "2026-13-01", "2026-13-01 bestaat niet", "bestaande dag"),
    "year 9999": cell("D08", "end", "31-12-9999", "31-12-9999 ligt buiten de tijd", "2015 tot en met 2099"),
    "year 1926": cell("D08", "start", "05-01-1926", "05-01-1926 ligt buiten de tijd", "2015 tot en met 2099"),
    "year of two digits": cell("D08", "start", "05-01-26", '"05-01-26" is geen datum', "schrijf 31-01-2026"),
    "number of a day": cell("D08", "start", "46027", '"46027" is geen datum', "schrijf 31-01-2026"),
    "date and time": cell("D08", "start", "2026-01-05 14:30", "is geen datum", "schrijf 31-01-2026"),
    "thousands separator": cell("D09", "quantity", "1.000", "kan twee dingen betekenen", "schrijf 1000"),
    "millions separators": cell("D09", "quantity", "1,000,000", "twee dingen", "schrijf 1000000"),
    "half a unit": cell("D09", "quantity", "1,5", '"1,5" is geen geheel getal', "reken om"),
    "a word": cell("D09", "quantity", "veel", '"veel" is geen getal', "schrijf cijfers"),
    "a word with a semicolon": cell("D09", "quantity", '"a; b"', '"a; b" is geen getal', "schrijf cijfers"),
    "negative volume": cell("D10", "quantity", "-5", "-5 is geen geleverd aantal", "volledige creditregel"),
    "no volume": cell("D10", "quantity", "0", "0 is geen geleverd aantal", "volledige creditregel"),
    "huge volume": cell("D10", "quantity", "100000000", "is groter dan 99.999.999", "controleer het aantal"),
    "volume of 5000 digits": cell("D10", "quantity", "9" * 5000, "9… is groter dan", "controleer het aantal"),
    "unknown unit": cell("D11", "unit", "week", 'eenheid "week" is onbekend', "schrijf minuut, uur"),
    "neither D nor C": cell("D12", "dc", "X", '"X" is geen D of C', "schrijf D voor een levering"),
    "three decimals": cell("D13", "claimed", "12,3456", "meer dan twee decimalen", "rond het bedrag af"),
    "thousands in an amount": cell("D13", "claimed", "1.234", "kan twee dingen betekenen", "schrijf 1234"),
    "negative amount": cell("D13", "claimed", "-95,00", '"-95,00" is negatief', "schrijf het bedrag positief"),
    "another currency": cell("D13", "claimed", "$ 95", '"$ 95" is geen getal', "schrijf cijfers"),
    "huge amount": cell("D13", "claimed", "9" * 15, "is groter dan 99.999.999,99", "controleer het bedrag"),
    "more than an amount can hold": cell("D13", "claimed", "9" * 41, '9…" is geen bedrag', "aantal cijfers"),
    "client number in a reference": cell(
        "D14", "reference", "999900006-2026", "bevat een cliëntnummer", "zonder cliëntnummer"
    ),
    "client number in an assignment": cell(
        "D14", "assignment", "0999900006", "bevat een cliëntnummer", "zonder cliëntnummer"
    ),
    "end before start": cell(
        "D20", "end", "04-01-2026", "04-01-2026 ligt voor de begindatum 05-01-2026", "laatste dag"
    ),
    "two months": cell(
        "D21", "end", "01-02-2026", "05-01-2026 tot en met 01-02-2026 ligt in meer dan één maand", "splits"
    ),
    "the same month of another year": cell("D21", "end", "05-01-2027", "in meer dan één maand", "splits"),
    "the future": Case(
        "D22",
        (GOOD, {"reference": "bad", "start": "01-01-2099", "end": "31-01-2099"}),
        3,
        "begindatum",
        "de levering van 01-01-2099 ligt in de toekomst",
        "als er geleverd is",
    ),
    "product that has ended": cell(
        "D23", "product", "02A99", "product 02A99 bestaat niet op 05-01-2026", "ontbreekt het product in de catalogus"
    ),
    "unit of another product": cell("D24", "unit", "dag", "geleverd in minuten, niet in dagen", "reken het aantal om"),
    "credit of nothing": cell(
        "D25", "dc", "C", "een creditregel zonder vorige", "noem in de vorige", told_at="previous"
    ),
    "debit of something": cell(
        "D26", "previous", "good", "een debetregel met een vorige", "zet dc op C", told_at="previous"
    ),
    "credit of itself": Case(
        "D27",
        (GOOD, {"reference": "bad", "previous": "bad", "dc": "C"}),
        3,
        "vorige referentie",
        "die naar zichzelf verwijst",
        "een eigen referentie",
    ),
    "more minutes than there are": Case(
        "D28",
        (GOOD, {"reference": "bad", "quantity": 4321, "start": "01-01-2026", "end": "03-01-2026"}),
        3,
        "aantal",
        "4.321 minuten passen niet in de tijd van 01-01-2026 tot en met 03-01-2026",
        "controleer het aantal en de data",
        (2, 2, 0, 0, 0),
    ),
    "more days than there are": Case(
        "D28",
        (GOOD, {"reference": "bad", "product": "44A09", "quantity": 4, "start": "01-01-2026", "end": "03-01-2026"}),
        3,
        "aantal",
        "4 dagen passen niet in de tijd van 01-01-2026 tot en met 03-01-2026",
        "crediteer de regel en stuur een nieuwe",
        (2, 2, 0, 0, 0),
    ),
    "contradiction": Case(
        "D31",
        ({**DEBIT, "quantity": 96},),
        2,
        "referentie",
        "referentie d1 staat ook bij een andere regel; geen van beide telt",
        "met een nieuwe referentie",
        (1, 0, 1, 0, 0),
        earlier=[[DEBIT]],
    ),
    "a reference of another month": Case(
        "D38",
        ({**DEBIT, "start": "05-02-2026", "end": "05-02-2026"}, GOOD),
        2,
        "referentie",
        "referentie d1 is al van een regel over januari 2026 (rij 2 van vastlegging",
        "lees het bestand dan in met --references-per-month",
        (2, 1, 1, 0, 0),
        earlier=((DEBIT,),),
    ),
    "the same row in another file": Case(
        "D32",
        (DEBIT, GOOD),
        2,
        "referentie",
        "regel d1 was al ontvangen (rij 2 van vastlegging",
        "",
        (2, 1, 0, 0, 1),
        earlier=[[DEBIT]],
        exit_code=0,
    ),
    "the same row twice in a file": Case(
        "D32", (DEBIT, DEBIT), 3, "referentie", "regel d1 was al ontvangen (rij 2)", "", (2, 1, 0, 0, 1), exit_code=0
    ),
    "credit that waits": Case(
        "D33",
        (GOOD, CREDIT),
        3,
        "vorige referentie",
        "creditregel c1 wacht op debetregel d1 over dezelfde maand, die er nog niet is",
        "telt dan vanzelf mee",
        (2, 1, 0, 1, 0),
    ),
    "credit of what is contradicted": Case(
        "D34",
        (GOOD, CREDIT),
        3,
        "vorige referentie",
        "creditregel c1 wacht: debetregel d1 is tegengesproken",
        "stuur de goede debetregel",
        (2, 1, 0, 1, 0),
        earlier=[[DEBIT, {**DEBIT, "quantity": 96}]],
    ),
    "credit of a credit": Case(
        "D35",
        (GOOD, {**CREDIT, "reference": "c2", "previous": "c1"}),
        3,
        "vorige referentie",
        "creditregel c2 verwijst naar c1, dat zelf een creditregel is",
        "verwijs naar de debetregel",
        earlier=[[DEBIT, CREDIT]],
    ),
    "credit that is no copy": Case(
        "D36",
        (GOOD, {**CREDIT, "quantity": 94}),
        3,
        "vorige referentie",
        "creditregel c1 is geen volledige kopie van debetregel d1",
        "met dezelfde cliënt, product, data, toewijzing en aantal",
        earlier=[[DEBIT]],
    ),
    "second credit": Case(
        "D37",
        (GOOD, {**CREDIT, "reference": "c2"}),
        3,
        "vorige referentie",
        "debetregel d1 is al gecrediteerd",
        "laat de regel weg",
        earlier=[[DEBIT, CREDIT]],
    ),
}


def test_every_rule_has_a_case() -> None:
    codes = {case.code for case in CASES.values()}
    of_cells = {f"D{number:02d}" for number in (*range(1, 15), 16, 17)}
    in_other_files = {"D39"}  # needs a posted run: tests/settlement/test_references_that_return.py
    assert codes | in_other_files == of_cells | {rule.code for rule in ROW_RULES} | set(VERDICTS)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_broken_rule_tells_place_reason_and_remedy(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str], case: Case
) -> None:
    for rows in case.earlier:
        desk.take(lines(*(line(**row) for row in rows)))
    recorded = latest(desk.connection)
    result = desk.take(lines(*(row if isinstance(row, str) else line(**row) for row in case.rows)), "laatste.csv")
    [finding] = [*result.findings, *result.warnings, *result.waiting, *result.known]
    assert shown([finding]) == [(case.at, case.code, case.column)]
    assert case.says in finding.message
    assert case.remedy in finding.hint
    assert len(finding.message) < 160
    assert account(result) == case.account
    assert result.recording == recorded + 1
    assert result.needs_attention == (case.exit_code == 3)
    assert_batch_is_stored(desk.connection, result)
    assert_totals_agree(desk.connection)


@pytest.mark.parametrize("name", CASES)
def test_the_program_tells_it_too(
    run_in_module: Callable[..., Result],
    line: Callable[..., str],
    lines: Callable[..., str],
    tmp_path: Path,
    name: str,
) -> None:
    """In one database for all cases, so every case has references of its own."""
    case, number = CASES[name], list(CASES).index(name)

    def own(row: Cells | str) -> str:
        if isinstance(row, str):
            return row
        renamed = {key: f"{row[key]}.{number}" for key in ("reference", "previous") if key in row and row[key] != " "}
        keep = case.code in ("D07", "D14")
        return line(**row if keep else {"reference": f"x.{number}", **row, **renamed})

    path = tmp_path / "leveringen.csv"
    for rows in (*case.earlier, case.rows):
        path.write_text(lines(*map(own, rows)), encoding="utf-8")
        result = run_in_module("import", "deliveries", path)
    output = " ".join(result.output.split())
    assert result.exit_code == (3 if " D40 " in output else case.exit_code), output  # cases may say the same care
    assert f" {case.code} " in output
    assert f'rij {case.at}, kolom "{case.column}": ' in output or (not case.column and f"rij {case.at}: " in output)
    assert case.remedy in output


def test_every_wrong_cell_of_a_row_is_told(desk: Desk, line: Callable[..., str], lines: Callable[..., str]) -> None:
    bad = line(municipality="x", start="x", quantity="x", claimed="7,00", dc="C", unit="dag")
    result = desk.take(lines(bad, line(reference="r2", claimed="3,00", end="01-01-2026", dc="C", unit="dag")))
    assert shown(result.findings) == [
        (2, "D04", "gemeente"),
        (2, "D08", "begindatum"),
        (2, "D09", "aantal"),
        (3, "D20", "einddatum"),
        (3, "D24", "eenheid"),
        (3, "D25", "vorige referentie"),
    ]
    assert account(result) == (2, 0, 2, 0, 0)
    assert str(result.account.claimed_read) == str(result.account.claimed_rejected) == "-10.00"


@pytest.mark.parametrize(
    ("product", "most"), [("45A04", 3 * 1440), ("44A09", 3), ("44H01", 3 * 24), ("44D01", 3 * 3), ("44S01", None)]
)
def test_a_quantity_that_fits_in_the_days_is_no_finding(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str], product: str, most: int | None
) -> None:
    path = desk.write(
        "wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf;tot\n"
        "Jeugdwet;44;44H01;Uren;uur;uur;regel;tweede;lokaal;6.751;01-01-2025;\n"
        "Jeugdwet;44;44D01;Dagdelen;dagdeel;dagdeel;regel;tweede;lokaal;6.751;01-01-2025;\n"
        "Jeugdwet;44;44S01;Stuks;stuk;stuk;regel;tweede;lokaal;6.751;01-01-2025;\n",
        "producten.csv",
    )
    import_products(desk.connection, path, "tester")
    cells = {"product": product, "start": "01-01-2026", "end": "03-01-2026"}
    fits = line(reference="r1", quantity=most or 1_000_000, **cells)
    one_more = line(reference="r2", quantity=(most or 1_000_000) + 1, **cells)
    result = desk.take(lines(fits, one_more))
    assert account(result) == (2, 2, 0, 0, 0)
    warnings = [warning for warning in result.warnings if warning.code != "D40"]  # they overlap
    assert shown(warnings) == ([(3, "D28", "aantal")] if most else [])


def test_a_warning_of_a_rejected_row_rejects_no_other(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    rows = [line(quantity=1441, dc="C"), line(reference="r2", quantity=1441), line(reference="r3")]
    result = desk.take(lines(*rows))
    assert (shown(result.findings), shown(result.warnings)) == (
        [(2, "D25", "vorige referentie")],
        [(2, "D28", "aantal"), (3, "D28", "aantal")],
    )
    assert (account(result), desk.counting()) == ((3, 2, 1, 0, 0), {"r2": 1, "r3": 1})


def test_a_finding_about_a_column_the_file_does_not_have(desk: Desk) -> None:
    header = "referentie;gemeente;aanbieder;bsn;product;begindatum;einddatum;aantal;dc"
    result = desk.take(f"{header}\nr1;GM0502;41000002;999900006;45A04;05-01-2026;05-01-2026;95;C\n")
    assert [result.file.located(finding).place for finding in result.findings] == ['rij 2, kolom "vorige referentie"']


# --- the same again ---------------------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(
    run: Callable[..., Result], line: Callable[..., str], lines: Callable[..., str], tmp_path: Path, registered_url: str
) -> None:
    path = tmp_path / "januari.csv"
    path.write_text(lines(line(reference="r1"), line(reference="r2"), line(reference="c2", dc="C", previous="r2")))
    first = run("import", "deliveries", path)
    assert (first.exit_code, "januari.csv: vastlegging 3" in first.output) == (0, True), first.output
    before = everything(registered_url)
    again = run("import", "deliveries", path)
    assert again.exit_code == 0
    assert "januari.csv: al ingelezen als vastlegging 3; niets nieuws." in again.output
    assert everything(registered_url) == before
    renamed = path.rename(tmp_path / "januari (2).csv")
    assert "al ingelezen als vastlegging 3" in run("import", "deliveries", renamed).output
    assert everything(registered_url) == before


def test_many_files_in_one_command(
    run: Callable[..., Result], line: Callable[..., str], lines: Callable[..., str], tmp_path: Path
) -> None:
    """One connection, one transaction per file: what one file leaves behind does not disturb the next."""
    files = [tmp_path / f"{number}.csv" for number in range(8)]
    for number, file in enumerate(files):
        rows = [{"reference": f"r{number}"}, {"reference": f"c{number}", "previous": f"r{number - 1}", "dc": "C"}]
        file.write_text(lines(*(line(**row) for row in rows)))
    result = run("import", "deliveries", *files)
    assert result.exit_code == 3  # the credit of the first file waits
    assert result.output.count(" wacht op debetregel ") == 1
    assert "Totaal" in result.output
    assert re.search(r"Totaal +16 +15 +0 +1 +0\b", result.output), result.output


def test_a_rejected_row_is_accepted_once_the_catalogue_knows_it(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    content = lines(line(), line(reference="r2", product="50A01", claimed="12,50"))
    first = desk.take(content)
    assert (account(first), shown(first.findings)) == ((2, 1, 1, 0, 0), [(3, "D06", "product")])
    still = desk.take(content)
    assert (still.recording, still.read_before, account(still)) == (None, first.recording, (2, 0, 1, 0, 1))
    assert still.needs_attention
    header = "wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf;tot"
    row = "Jeugdwet;50;50A01;Nieuw;minuut;uur;regel;tweede;lokaal;6.751;01-01-2025;"
    import_products(desk.connection, desk.write(f"{header}\n{row}\n", "products.csv"), "tester")
    again = desk.take(content)
    assert (again.read_before, account(again), again.findings) == (first.recording, (2, 1, 0, 0, 1), [])
    assert again.recording == latest(desk.connection)
    assert (str(again.account.claimed_accepted), desk.counting()) == ("12.50", {"r1": 1, "r2": 1})


def test_a_row_stays_the_same_when_the_catalogue_corrects_its_law(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    """A reference is unique per law; a corrected catalogue must not make a second delivery of the same row."""
    content = lines(line(**DEBIT))
    assert account(desk.take(content)) == (1, 1, 0, 0, 0)
    header = "wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf;tot"
    row = "Wmo;45;45A04;Ambulant;minuut;uur;regel;tweede;lokaal;6.751;01-01-2025;"
    import_products(desk.connection, desk.write(f"{header}\n{row}\n", "products.csv"), "tester")
    assert account(desk.take(content)) == (1, 0, 0, 0, 1)
    assert account(desk.take(lines(line(**CREDIT)))) == (1, 1, 0, 0, 0)
    assert desk.volume() == 0


def test_a_reference_belongs_to_a_municipality_a_provider_and_a_law(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    result = desk.take(
        lines(
            line(), line(municipality="GM0599"), line(provider="41000001"), line(product="02A16"), line(product="44A09")
        )
    )
    assert account(result) == (5, 3, 2, 0, 0)
    assert shown(result.findings) == [(2, "D31", "referentie"), (6, "D31", "referentie")]  # both Jeugdwet


# --- credits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [[DEBIT, CREDIT], [CREDIT, DEBIT]], ids=["debit first", "credit first"])
def test_a_debit_and_its_credit_in_one_file(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str], order: list[Cells]
) -> None:
    result = desk.take(lines(*(line(**row) for row in order)))
    assert (account(result), result.findings, result.waiting) == ((2, 2, 0, 0, 0), [], [])
    assert (desk.counting(), desk.volume()) == ({"d1": 1, "c1": -1}, 0)
    assert_totals_agree(desk.connection)


def test_what_credits_claim_is_taken_off(desk: Desk, line: Callable[..., str], lines: Callable[..., str]) -> None:
    """In each part of the account: a credit that counts, waits, is rejected by its cells or by others, or is known."""

    def parts(result: DeliveryImport) -> tuple[str, ...]:
        of = result.account
        amounts = (
            of.claimed_read,
            of.claimed_accepted,
            of.claimed_rejected,
            of.claimed_waiting,
            of.claimed_known,
        )
        return tuple(map(str, amounts))

    first = desk.take(
        lines(
            line(reference="d1", claimed="100,00"),
            line(reference="c1", dc="C", previous="d1", claimed="100,00"),
            line(reference="d2", claimed="40,00"),
        )
    )
    assert parts(first) == ("40.00", "40.00", "0.00", "0.00", "0.00")
    second = desk.take(
        lines(
            line(reference="c1", dc="C", previous="d1", claimed="100,00"),  # known
            line(reference="c2", dc="C", previous="d1", claimed="100,00"),  # credited before
            line(reference="c3", dc="C", previous="d9", claimed="1,00"),  # waits
            line(reference="c4", dc="C", previous="d2", claimed="7,00", quantity="x"),
            line(reference="c5", dc="C", claimed="3,00"),  # names no debit
            line(reference="c6", dc="x", claimed="2,00"),  # who knows
            line(reference="c7", dc="C", previous="d2", claimed="5,00", assignment="999900006"),
        )
    )
    assert parts(second) == ("-214.00", "0.00", "-113.00", "-1.00", "-100.00")
    stored = desk.connection.execute(text("SELECT * FROM batches ORDER BY recording DESC LIMIT 1")).mappings().one()
    assert str(stored["claimed_read_eur"]) == "-214.00"


def test_a_waiting_credit_counts_when_its_debit_comes(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    early = desk.take(lines(line(**CREDIT)))
    assert (account(early), early.findings, early.needs_attention) == ((1, 0, 0, 1, 0), [], True)
    assert str(early.account.claimed_waiting) == "-95.00"
    assert (desk.counting(), desk.volume()) == ({}, 0)
    again = desk.take(lines(line(**CREDIT), line(reference="r9")))
    assert account(again) == (2, 1, 0, 0, 1)
    late = desk.take(lines(line(**DEBIT)))
    assert (account(late), late.waited_and_count_now, late.needs_attention) == ((1, 1, 0, 0, 0), 1, False)
    assert desk.counting() == {"d1": 1, "c1": -1, "r9": 1}
    # It counts from the recording of its debit on, not from its own: what was known before stays known.
    recorded = desk.connection.execute(
        text("SELECT reference, batch, recording FROM deliveries WHERE reference = 'c1'")
    )
    assert [tuple(row) for row in recorded] == [("c1", early.recording, late.recording)]
    assert_totals_agree(desk.connection)


def test_waiting_credits_are_listed(
    run: Callable[..., Result], line: Callable[..., str], lines: Callable[..., str], tmp_path: Path
) -> None:
    """Those that wait, and no others: not those that count, were refused, or came to count since."""
    assert run("import", "waiting").output == "Er wachten geen creditregels.\n"
    rows = [
        line(reference="d1"), line(reference="c1", dc="C", previous="d1"), line(reference="c2", dc="C", previous="d1"),
        line(reference="c3", dc="C", previous="later"), line(reference="c4", dc="C", previous="nooit"),
        line(reference="c5", dc="C", previous="999900018", provider="41000001", municipality="GM0599"),
        line(reference="d6"), line(reference="d6", quantity=1), line(reference="c6", dc="C", previous="d6"),
    ]  # fmt: skip
    (tmp_path / "jan.csv").write_text(lines(*rows))
    (tmp_path / "feb.csv").write_text(lines(line(reference="later")))
    run("import", "deliveries", tmp_path / "jan.csv", tmp_path / "feb.csv")
    result = run("import", "waiting")
    told = [line.split() for line in result.output.splitlines() if line.strip() and "─" not in line]
    head = ["Gemeente", "Creditregel", "Wacht", "op", "debetregel", "Sinds", "Bestand"]
    assert told == [
        ["Aanbieder", "41000001:", "1"],
        head,
        ["GM0599", "c5", "•••••••••", "3", "jan.csv"],
        ["Aanbieder", "41000002:", "2"],
        head,
        ["GM0502", "c4", "nooit", "3", "jan.csv"],
        ["GM0502", "c6", "d6", "(tegengesproken)", "3", "jan.csv"],
        ["Samen", "wachtend:", "3"],
    ]
    assert max(map(len, result.output.splitlines())) <= 80


def test_a_debit_is_credited_once(desk: Desk, line: Callable[..., str], lines: Callable[..., str]) -> None:
    second = {**CREDIT, "reference": "c2"}
    assert account(desk.take(lines(line(**CREDIT), line(**second)))) == (2, 0, 0, 2, 0)
    debit = desk.take(lines(line(**DEBIT)))
    assert (debit.waited_and_count_now, desk.counting()) == (1, {"d1": 1, "c1": -1})
    third = desk.take(lines(line(**{**CREDIT, "reference": "c3"})))
    assert (shown(third.findings), desk.volume()) == ([(2, "D37", "vorige referentie")], 0)
    again = desk.take(lines(line(**second), line(reference="r9")))
    assert (shown(again.findings), desk.volume()) == ([(2, "D37", "vorige referentie")], 95)


COPIES = {
    "client": ({"client": "999900018"}, {}),
    "product": ({"product": "44A09"}, {}),
    "days": ({"start": "04-01-2026"}, {}),
    "last day": ({"end": "06-01-2026"}, {}),
    "month": ({"start": "05-02-2026", "end": "05-02-2026"}, {}),
    "quantity": ({"quantity": 94}, {}),
    "assignment": ({"assignment": "a2"}, {}),
    "no assignment": ({"assignment": ""}, {"assignment": "a1"}),
}


@pytest.mark.parametrize("early", [False, True], ids=["debit first", "credit first"])
@pytest.mark.parametrize(("differs", "debit"), COPIES.values(), ids=COPIES)
def test_a_credit_is_a_full_copy(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str], differs: Cells, debit: Cells, early: bool
) -> None:
    files = [lines(line(**DEBIT, **debit)), lines(line(**{**CREDIT, **debit, **differs}))]
    results = [desk.take(content) for content in (reversed(files) if early else files)]
    assert desk.counting() == {"d1": 1}
    if early:
        assert (account(results[0]), results[1].waited_and_count_now) == ((1, 0, 0, 1, 0), 0)
    elif differs.get("start", "").endswith("-02-2026"):  # it names a debit of its own month
        assert shown(results[1].waiting) == [(2, "D33", "vorige referentie")]
    else:
        assert shown(results[1].findings) == [(2, "D36", "vorige referentie")]
    assert_totals_agree(desk.connection)


def test_a_credit_need_not_claim_what_its_debit_claimed(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    desk.take(lines(line(**DEBIT), line(**{**CREDIT, "claimed": ""})))
    assert desk.volume() == 0


def test_a_credit_of_another_provider_waits(desk: Desk, line: Callable[..., str], lines: Callable[..., str]) -> None:
    result = desk.take(lines(line(**DEBIT), line(**{**CREDIT, "provider": "41000001"})))
    assert (account(result), desk.counting()) == ((2, 1, 0, 1, 0), {"d1": 1})


def test_after_its_credit_the_right_debit_comes_under_a_new_reference(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    desk.take(lines(line(**DEBIT)))
    desk.take(lines(line(**CREDIT), line(reference="d2", quantity=60)))
    assert (desk.counting(), desk.volume()) == ({"d1": 1, "c1": -1, "d2": 1}, 60)
    rejected = desk.take(lines(line(**{**DEBIT, "quantity": 60})))  # under the old one it is a contradiction
    assert shown(rejected.findings) == [(2, "D31", "referentie")]


# --- contradictions ---------------------------------------------------------------------------------------------------

OTHER: Cells = {**DEBIT, "quantity": 60}


def test_a_contradiction_in_one_file(desk: Desk, line: Callable[..., str], lines: Callable[..., str]) -> None:
    result = desk.take(lines(line(**DEBIT), line(reference="r2"), line(**OTHER), line(**DEBIT)))
    assert shown(result.findings) == [(number, "D31", "referentie") for number in (2, 4, 5)]
    assert (account(result), result.withdrawn) == ((4, 1, 3, 0, 0), [])
    assert str(result.account.claimed_rejected) == "285.00"
    assert desk.counting() == {"r2": 1}
    assert_totals_agree(desk.connection)


def test_a_contradiction_in_another_file(
    run: Callable[..., Result], line: Callable[..., str], lines: Callable[..., str], tmp_path: Path, registered_url: str
) -> None:
    for name, row in (("a", DEBIT), ("b", OTHER)):
        (tmp_path / f"{name}.csv").write_text(lines(line(**row)))
    assert run("import", "deliveries", tmp_path / "a.csv").exit_code == 0
    result = run("import", "deliveries", tmp_path / "b.csv")
    assert result.exit_code == 3
    assert "niet meer tellen: 1 (d1)" in result.output
    with connected(registered_url) as connection:
        entries = connection.execute(text("SELECT recording, batch, entry, sign, quantity FROM deliveries ORDER BY 1"))
        assert [tuple(row) for row in entries] == [(3, 3, "row", 1, 95), (4, 3, "withdrawal", -1, 95)]
        assert_totals_agree(connection)
    for name in "ab":  # once contradicted, neither of the two counts when it comes again
        again = run("import", "deliveries", tmp_path / f"{name}.csv")
        assert again.exit_code == 3
        assert "referentie d1 staat ook bij een andere regel" in " ".join(again.output.split())
        assert "al ingelezen" in again.output
    with connected(registered_url) as connection:
        assert latest(connection) == 4


@pytest.mark.parametrize("rest", [[DEBIT], [OTHER], [{**DEBIT, "quantity": 61}], [DEBIT, OTHER]])
def test_after_a_contradiction_nothing_counts_any_more(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str], rest: list[Cells]
) -> None:
    desk.take(lines(line(**DEBIT)))
    assert desk.take(lines(line(**OTHER))).withdrawn == ["d1"]
    again = desk.take(lines(line(reference="r2"), *(line(**row) for row in rest)))
    assert shown(again.findings) == [(number, "D31", "referentie") for number in range(3, 3 + len(rest))]
    assert (again.withdrawn, desk.counting()) == ([], {"r2": 1})
    assert_totals_agree(desk.connection)


@pytest.mark.parametrize(
    "column", ["quantity", "client", "start", "product", "assignment", "claimed", "no claim", "dc"]
)
def test_any_difference_contradicts(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str], column: str
) -> None:
    differs: dict[str, Cells] = {
        "quantity": {"quantity": 60},
        "client": {"client": "999900018"},
        "start": {"start": "04-01-2026"},
        "product": {"product": "44A09"},
        "assignment": {"assignment": "a"},
        "claimed": {"claimed": "95,01"},
        "no claim": {"claimed": ""},
        "dc": {"dc": "C", "previous": "d9"},
    }
    desk.take(lines(line(**DEBIT)))
    result = desk.take(lines(line(**{**DEBIT, **differs[column]})))
    assert (shown(result.findings), result.withdrawn) == ([(2, "D31", "referentie")], ["d1"])
    assert desk.counting() == {}


def test_a_file_sent_again_with_a_column_added_is_refused(
    run: Callable[..., Result], line: Callable[..., str], lines: Callable[..., str], tmp_path: Path, registered_url: str
) -> None:
    """Each of its rows says something else under a reference that counts: the whole month would be withdrawn."""
    rows = [line(reference=f"r{number}", quantity=number + 1) for number in range(20)]
    (tmp_path / "jan.csv").write_text(lines(*rows))
    (tmp_path / "opnieuw.csv").write_text(lines(*(f"{row}12,50" for row in rows), line(reference="new")))
    assert run("import", "deliveries", tmp_path / "jan.csv").exit_code == 0
    result = run("import", "deliveries", tmp_path / "opnieuw.csv")
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "van 20 regels die al ontvangen zijn, zeggen er 20 nu iets anders" in said
    assert "Wat te doen: stuur ontvangen regels precies zoals eerst" in said
    with connected(registered_url) as connection:
        assert connection.execute(text("SELECT count(*), sum(sign) FROM deliveries")).one() == (20, 20)
        assert latest(connection) == 3


@pytest.mark.parametrize(("differ", "same", "refused"), [(10, 0, False), (11, 11, False), (11, 10, True)])
def test_a_file_may_contradict_a_few_rows(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str], differ: int, same: int, refused: bool
) -> None:
    names = [f"r{number}" for number in range(differ + same)]
    desk.take(lines(*(line(reference=name) for name in names)))
    again = lines(*(line(reference=name, quantity=60 if at < differ else 95) for at, name in enumerate(names)))
    if refused:
        with pytest.raises(Refusal, match="regels die al ontvangen zijn"):
            desk.take(again)
    else:
        assert len(desk.take(again).withdrawn) == differ
        assert desk.take(again).withdrawn == []  # what was contradicted before is not counted twice
    assert len(desk.counting()) == (differ + same if refused else same)


def test_a_debit_that_was_credited_is_contradicted(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    desk.take(lines(line(**DEBIT), line(**CREDIT)))
    result = desk.take(lines(line(**OTHER)))
    assert (shown(result.findings), result.withdrawn) == ([(2, "D31", "referentie")], ["c1", "d1"])
    assert (desk.counting(), desk.volume()) == ({}, 0)
    assert_totals_agree(desk.connection)


def test_a_credit_is_contradicted(desk: Desk, line: Callable[..., str], lines: Callable[..., str]) -> None:
    """The debit it took away counts again, until another credit takes it away."""
    desk.take(lines(line(**DEBIT), line(**CREDIT)))
    result = desk.take(lines(line(**{**CREDIT, "previous": "d7"})))
    assert (shown(result.findings), result.withdrawn) == ([(2, "D31", "referentie")], ["c1"])
    assert (desk.counting(), desk.volume()) == ({"d1": 1}, 95)
    assert account(desk.take(lines(line(**{**CREDIT, "reference": "c2"})))) == (1, 1, 0, 0, 0)
    assert (desk.counting(), desk.volume()) == ({"d1": 1, "c2": -1}, 0)
    assert_totals_agree(desk.connection)


def test_the_second_credit_takes_the_place_of_a_contradicted_first(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    desk.take(lines(line(**DEBIT), line(**CREDIT), line(**{**CREDIT, "reference": "c2"})))
    assert desk.counting() == {"d1": 1, "c1": -1}
    result = desk.take(lines(line(**{**CREDIT, "quantity": 1})))
    assert (result.withdrawn, result.waited_and_count_now) == (["c1"], 1)
    assert (desk.counting(), desk.volume()) == ({"d1": 1, "c2": -1}, 0)
    assert_totals_agree(desk.connection)


def test_a_contradiction_says_the_same_of_the_past(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    """What was known at a recording stays what it was: every change has an entry with its own recording."""
    volumes = []
    for row in (DEBIT, CREDIT, {**CREDIT, "quantity": 1}, {"reference": "r2", "quantity": 7}, OTHER):
        desk.take(lines(line(**row)))
        volumes.append((latest(desk.connection), desk.volume()))
    assert [volume for _, volume in volumes] == [95, 0, 95, 102, 7]
    known = "SELECT coalesce(sum(sign * quantity), 0) FROM deliveries WHERE recording <= :cutoff"
    for cutoff, volume in volumes:
        assert desk.connection.execute(text(known), {"cutoff": cutoff}).scalar_one() == volume


# --- client numbers stay out ------------------------------------------------------------------------------------------


def test_a_client_number_in_any_column_reaches_neither_the_database_nor_a_message(
    run: Callable[..., Result],
    line: Callable[..., str],
    lines: Callable[..., str],
    tmp_path: Path,
    registered_url: str,
) -> None:
    columns = (
        "reference", "municipality", "provider", "product", "start", "end", "quantity", "unit", "dc", "previous",
        "assignment", "claimed",
    )  # fmt: skip
    numbers = (
        "999900006", "9999.00.006", "999.900.006", "x999900006",
        "999900018", "s-999900018-x", "0999900018", "9999-00-018",  # of another client, who stands in the last row
    )  # fmt: skip
    rows = [
        line(**{"reference": f"r{place}.{at}", column: number})
        for place, column in enumerate(columns)
        for at, number in enumerate(numbers)
    ]
    rows += [
        line(reference="999900006", client="r1"),  # columns that changed places
        line(reference="12345611", client="012345611"),
        line(provider="12345611", client="12345611"),
        line(reference="", client="999900006"),
        line(client="9999000061"),
        line(reference="c9", dc="C", previous="0999900018"),
        line(client="999900018"),
    ]
    path = tmp_path / "export-999900006.csv"
    path.write_text(
        lines(*(row + ";" for row in rows)).replace("bedrag", "bedrag;999900018", 1) + "999900006;999900006\n"
    )
    result = run("import", "deliveries", path, "--rejected", tmp_path / "terug")
    assert result.exit_code == 3
    with connected(registered_url) as connection:
        found = "SELECT count(*) FROM batch_findings WHERE code = 'D14'"
        assert connection.execute(text(found)).scalar_one() == 3 * len(numbers) + 2
        stored = "\n".join(every_text(connection))
    for told in (result.output.replace("•", ""), stored):
        digits = re.sub(r"[^0-9A-Za-z]+", " ", told)
        assert "999900006" not in re.sub(r"[. ]", "", told)
        assert "999900018" not in re.sub(r"[. -]", "", told)
        assert "12345611" not in digits
    [returned] = (tmp_path / "terug").iterdir()
    assert "999900006" in returned.read_text(encoding="utf-8")  # for the sender alone


def test_a_client_number_is_the_same_client_however_it_is_written(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    numbers = ("123456782", "1234.56.782", "123 456 782", "123-456-782", "0123456782")
    rows = [line(reference=f"r{at}", client=number) for at, number in enumerate(numbers)]
    for header in ("bsn", "cliënt", "client"):
        desk.take(lines(*rows).replace("bsn", header))
    assert desk.connection.execute(text("SELECT count(DISTINCT client_id) FROM deliveries")).scalar_one() == 1
    assert len(desk.counting()) == len(numbers)


def test_a_number_is_a_client_number_when_a_client_of_the_file_has_it(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    """Also when that client comes later, under whatever header; alone, the same reference is just a number."""
    suspect = line(reference="s-999900018-x", previous="", client="k1", assignment="a")
    other = line(reference="r2", client="9999.00.018")
    for rows, at in (([suspect, other], 2), ([other, suspect], 3)):
        result = desk.take(lines(*rows, *(line(reference=f"r{n}") for n in range(3, 6))).replace("bsn", "cliënt"))
        assert shown(result.findings) == [(at, "D14", "referentie")]
    result = desk.take(lines(line(reference="s-999900031-x"), line(reference="r9")))
    assert (account(result), result.findings) == ((2, 2, 0, 0, 0), [])


@pytest.mark.parametrize(
    "reference",
    [
        "x-999900018",
        "9999/00/018",
        "9999_00_018",
        "9999\u200b00018",
        "\u0669\u0669\u0669\u0669\u0660\u0660\u0660\u0661\u0668",
        "9999  00  018",
        "20269999000187",
    ],
)
def test_the_number_of_a_client_of_any_file_is_no_part_of_a_reference(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str], reference: str
) -> None:
    """However it is written: the first file names the client, the second keeps nothing of the row."""
    desk.take(lines(line(client="999900018")))
    result = desk.take(lines(line(reference="r2"), line(reference="r3", assignment=reference, claimed="12,50")))
    assert shown(result.findings) == [(3, "D14", "toewijzing")]
    assert (account(result), result.account.claimed_rejected) == ((2, 1, 1, 0, 0), Eur("12.50"))
    assert reference not in {
        str(value) for row in desk.connection.execute(text("SELECT * FROM deliveries")) for value in row
    }


def test_a_client_number_that_lost_its_zero_is_one_too(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    desk.take(lines(line(client="012345611")))
    result = desk.take(lines(line(reference="r-12345611"), line(reference="r3")))
    assert shown(result.findings) == [(2, "D14", "referentie")]


def test_numbers_of_clients_with_a_number_of_their_own_do_not_stop_a_file(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    rows = [line(reference=str(number), client=f"k{number}") for number in range(123_456_700, 123_456_800)]
    result = desk.take(lines(*rows).replace("bsn", "cliënt"))
    assert (result.account.rows_accepted, result.findings) == (100, [])


def test_columns_in_the_wrong_place_under_another_header(
    desk: Desk, lines: Callable[..., str], line: Callable[..., str]
) -> None:
    content = lines(line(reference="999900006", client="k1"), line(reference="r2", client="k2", assignment="99990006"))
    result = desk.take(content.replace("bsn", "cliënt"))
    assert shown(result.findings) == [(2, "D14", "referentie")]


def test_a_file_without_header_shows_no_client_number(
    run: Callable[..., Result], line: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_text(f"{line()}\n{line(reference='r2')}\n")
    result = run("import", "deliveries", tmp_path / "x.csv")
    assert (result.exit_code, "GM0502" in result.output, "999900006" in result.output) == (1, True, False)


def test_other_numbers_are_references(desk: Desk, line: Callable[..., str], lines: Callable[..., str]) -> None:
    """One in eleven numbers of nine digits could be a client number; beside a client number it is just a number."""
    numbers = [str(number) for number in range(123_456_700, 123_456_800)]
    result = desk.take(lines(*(line(reference=number, assignment=number) for number in numbers)))
    assert (result.account.rows_accepted, result.findings) == (100, [])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no limit to a file")
@pytest.mark.parametrize(
    ("size", "told"), [(10_000, "er is geen ruimte voor een tijdelijk bestand"), (0, "kan niet geschreven worden")]
)
def test_without_room_for_a_temporary_file_a_file_is_refused(
    line: Callable[..., str], lines: Callable[..., str], tmp_path: Path, registered_url: str, size: int, told: str
) -> None:
    path = tmp_path / "groot.csv"
    rows = lines(*(line(reference=f"r{number}", client=f"k{number}") for number in range(2_000)))
    path.write_text(rows.replace("bsn", "client", 1))
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    (tmp_path / "eerste.csv").write_text(lines(line(reference="a1")))
    start(registered_url, tmp_path / "home", "import", "deliveries", tmp_path / "eerste.csv").communicate(timeout=60)
    untouched = everything(registered_url)
    process = start(registered_url, tmp_path / "home", "import", "deliveries", path, before=limit)
    output = " ".join(process.communicate(timeout=60)[0].split())
    assert (process.returncode, told in output) == (1, True), output
    assert everything(registered_url) == untouched


# --- interrupted, and two at once -------------------------------------------------------------------------------------


def start(url: str, home: Path, *arguments: str | Path, before: str = "") -> subprocess.Popen[str]:
    """The program in a process of its own; `before` is what the process does first."""
    program = f"import sys\n{before}\nimport cli\nsys.exit(cli.main())"
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "BEKOSTIGING_DATABASE_URL": url, "BEKOSTIGING_HOME": str(home)},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until(connection: Connection, condition: str, expected: int = 1) -> None:
    """Wait until this many other sessions on this database meet a condition on pg_stat_activity."""
    query = f"""SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND ({condition})"""
    deadline = time.monotonic() + 60
    while connection.execute(text("SELECT pg_stat_clear_snapshot()")) and (
        connection.execute(text(query)).scalar_one() != expected
    ):
        assert time.monotonic() < deadline, f"never saw {condition}"
        time.sleep(0.02)


STOPS_IN_COPY = """
import time
from importers import deliveries
staged_rows = deliveries.staged_rows
def _first_block(*arguments):
    yield next(staged_rows(*arguments))
    time.sleep(60)
deliveries.staged_rows = _first_block
"""
MOMENTS = {
    "while rows are copied": (STOPS_IN_COPY, "", "state = 'active' AND query LIKE 'COPY staged_rows (%'"),
    "before the recording": ("", "", "wait_event = 'advisory'"),
    "between two inserts": ("", "LOCK TABLE delivery_totals IN SHARE MODE", "wait_event = 'relation'"),
}


@pytest.mark.parametrize(("before", "lock", "reached"), MOMENTS.values(), ids=MOMENTS)
def test_a_process_that_is_killed_leaves_nothing(
    line: Callable[..., str],
    lines: Callable[..., str],
    tmp_path: Path,
    registered_url: str,
    run: Callable[..., Result],
    before: str,
    lock: str,
    reached: str,
) -> None:
    path = tmp_path / "groot.csv"
    path.write_text(lines(*(line(reference=f"r{number}") for number in range(10_000))))
    untouched = everything(registered_url)
    with connected(registered_url) as watching, connected(registered_url) as holding:
        if lock:
            holding.execute(text(lock))
        else:
            lock_recordings(holding)
        process = start(registered_url, tmp_path / "home", "import", "deliveries", path, before=before)
        try:
            wait_until(watching, reached)
        finally:
            process.kill()
            process.communicate()
        holding.rollback()
        wait_until(watching, "application_name = 'bekostiging'")  # only `holding` is left
    assert everything(registered_url) == untouched
    result = run("import", "deliveries", path)
    assert (result.exit_code, "vastlegging 3" in result.output) == (3, True), result.output  # all of it the same care
    with connected(registered_url) as connection:
        assert connection.execute(text("SELECT count(*), sum(quantity) FROM deliveries")).one() == (10_000, 950_000)
        assert_totals_agree(connection)


@pytest.mark.parametrize("first_use", [True, False], ids=["first use", "later"])
def test_two_processes_read_the_same_file_at_once(
    line: Callable[..., str],
    lines: Callable[..., str],
    tmp_path: Path,
    registered_url: str,
    run: Callable[..., Result],
    first_use: bool,
) -> None:
    path = tmp_path / "twee.csv"
    path.write_text(
        lines(line(**DEBIT), line(**CREDIT), line(reference="r2"), line(reference="c9", dc="C", previous="d9"))
    )
    before = 2
    if not first_use:
        (tmp_path / "eerder.csv").write_text(lines(line(reference="r0")))
        assert run("import", "deliveries", tmp_path / "eerder.csv").exit_code == 0
        before = 3
    with connected(registered_url) as watching, connected(registered_url) as holding:
        lock_recordings(holding)
        processes = [start(registered_url, tmp_path / "home", "import", "deliveries", path) for _ in range(2)]
        try:
            wait_until(watching, "wait_event_type = 'Lock'", 2)
        finally:
            holding.rollback()
            outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 3], outputs  # a credit waits, then it is known
    assert sorted("al ingelezen" in output for output in outputs) == [False, True]
    assert not any("Traceback" in output for output in outputs)
    with connected(registered_url) as connection:
        numbers = connection.execute(text("SELECT number FROM recordings ORDER BY 1")).scalars().all()
        assert list(numbers) == list(range(1, before + 2))
        counting = "SELECT reference, sum(sign) FROM deliveries WHERE reference <> 'r0' GROUP BY 1 ORDER BY 1"
        assert [tuple(row) for row in connection.execute(text(counting))] == [("c1", -1), ("d1", 1), ("r2", 1)]
        assert connection.execute(text("SELECT count(*) FROM batches")).scalar_one() == before - 1
        assert_totals_agree(connection)


def test_products_that_change_while_a_file_is_read_are_not_overlooked(
    line: Callable[..., str], lines: Callable[..., str], tmp_path: Path, registered_url: str, run: Callable[..., Result]
) -> None:
    path = tmp_path / "vroeg.csv"
    path.write_text(lines(line()))
    with connected(registered_url) as watching, connected(registered_url) as recording:
        with recording.begin():
            record(recording, "products", "producten: nieuw.csv", "tester")
            process = start(registered_url, tmp_path / "home", "import", "deliveries", path)
            try:
                wait_until(watching, "wait_event = 'advisory'")
            except BaseException:
                process.kill()
                raise
        output = process.communicate(timeout=60)[0]
    assert (process.returncode, "terwijl het bestand gelezen werd" in output) == (1, True), output
    assert run("import", "deliveries", path).exit_code == 0


# --- what must always hold --------------------------------------------------------------------------------------------


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine: Engine = open_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def assert_batch_is_stored(connection: Connection, result: DeliveryImport) -> None:
    """The account and every finding that needs attention are in the database."""
    row = connection.execute(
        text("SELECT * FROM batches WHERE recording = :recording"), {"recording": result.recording}
    ).mappings()
    stored = dict(row.one())
    of = result.account
    assert [stored[f"rows_{what}"] for what in ("read", "accepted", "rejected", "waiting", "known")] == list(
        account(result)
    )
    assert [str(stored[f"claimed_{what}_eur"]) for what in ("read", "accepted", "rejected", "waiting", "known")] == [
        str(of.claimed_read), str(of.claimed_accepted), str(of.claimed_rejected), str(of.claimed_waiting),
        str(of.claimed_known),
    ]  # fmt: skip
    findings = connection.execute(
        text("SELECT row_number, code, column_name, message, hint FROM batch_findings WHERE recording = :recording"),
        {"recording": result.recording},
    )
    told = [*result.findings, *result.warnings, *result.waiting]
    assert sorted(tuple(row) for row in findings) == sorted(
        (finding.row_number, finding.code, finding.column, finding.message, finding.hint) for finding in told
    )


def assert_totals_agree(connection: Connection) -> None:
    """The hash totals say of every recording and slice what the deliveries say."""
    slices = "municipality_id, provider_id, product_id, service_month, recording"
    entries = connection.execute(
        text(f"SELECT {slices}, sum(sign), sum(sign * quantity) FROM deliveries GROUP BY {slices}")
    )
    totals = connection.execute(text(f"SELECT {slices}, rows, quantity FROM delivery_totals"))
    assert sorted(tuple(row) for row in totals) == sorted(tuple(row) for row in entries)


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with connected(url) as connection:
        return {
            table: sorted((tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))), key=repr)
            for table in tables(connection)
        }


def tables(connection: Connection) -> list[str]:
    found = connection.execute(
        text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')")
    )
    return list(found.scalars())


def every_text(connection: Connection) -> Iterator[str]:
    """Every row of every table, as text."""
    for table in tables(connection):
        yield from connection.execute(text(f"SELECT t::text FROM {table} t")).scalars()
