"""Statements: recalculated by LibreOffice they come to what the run says, to the cent; and what is text stays text.

The story is a year of five contracts: A pays a wijkteam by its inhabitants, B pays by volume, R has everything that
rounds, P has no price and is parked, T must pay back.
"""

from __future__ import annotations

import math
import os
import random
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import OperationalError

from contracts.parties import Party, import_parties
from contracts.register import add_contracts
from database import migrations
from database.connection import open_engine, transaction
from importers.advances import import_advances
from importers.deliveries import import_deliveries
from importers.population_counts import import_counts
from kernel.explanations import Step
from kernel.findings import Finding, Refusal, Severity
from kernel.money import Eur, half_up, round_down, total
from kernel.periods import Month
from settlement import runs as use_cases
from settlement.entitlement import Cause, Line, Timing, Treatment
from settlement.invariants import BrokenInvariant
from settlement.languages.dutch import DUTCH
from settlement.languages.english import ENGLISH
from settlement.reading import SettledContract, read_run
from settlement.simulation import settle_example
from settlement.statements import export, formulas
from settlement.statements.book import Book, Page
from settlement.statements.export import Exported, export_statements, file_names, workbook
from settlement.statements.facts import Statement, distinct_names
from settlement.statements.formulas import Cell, Formula
from settlement.statements.reader import not_settled, read_shared, read_statements
from tariffs.price_lists import import_prices
from tariffs.products import import_products
from tests.databases import administer, database

FROM_CLAUSES = "Uit budgetten en andere artikelen van het contract"
FILES = {
    "products.csv": """wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf
Wmo;50;45A04;Begeleiding individueel;minuut;uur;regel;eerste;lokaal;6.712;2025-01-01
Jeugdwet;44;44A09;Verblijf;dag;dag;regel;tweede;regionaal;6.762;2025-01-01
Wmo;02;02A16;Huishoudelijke hulp;minuut;uur;client en maand;eerste;lokaal;6.711;2025-01-01
Wmo;50;50A01;-2+3 Specialistisch;minuut;uur;regel;eerste;lokaal;6.712;2025-01-01
Wmo;50;50A02;=1+1;minuut;minuut;regel;eerste;lokaal;6.712;2025-01-01
Wmo;50;50A03;Gratis kennismaking;stuk;stuk;regel;eerste;lokaal;6.712;2025-01-01
""",
    "parties.csv": """soort;code;naam
gemeente;GM0502;Capelle aan den IJssel
gemeente;GM0597;=cmd|' /C calc'!A0
gemeente;GM0001;Bergen
gemeente;GM0002;Bergen
aanbieder;41000001;Stichting Wijk
aanbieder;41000002;De Zorggroep
aanbieder;41000003;=1+1
aanbieder;41000004;Zonder Prijs
aanbieder;41000005;Jansen & Co
""",
    "a.toml": """contract = "A"
title = "Wijkteam Capelle"
provider = "41000001"
municipalities = ["GM0502"]
laws = ["Jeugdwet", "Wmo"]
in_force = { from = 2026-01-01, until = 2029-01-01 }

[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 4 lid 1"
task_field = "6.23"
amount_per_inhabitant_eur = "120.00"
count_date = 2026-01-01
recount = { dead_band_percent = "1", pays = "excess", counts = "final" }
covers = ["45A04"]
""",
    "b.toml": """contract = "B"
title = "Ambulante hulp"
provider = "41000002"
municipalities = ["GM0502"]
laws = ["Jeugdwet", "Wmo"]
in_force = { from = 2025-01-01, until = 2029-01-01 }

[[component]]
key = "ambulant"
kind = "effort"
clause = "artikel 5"
products = ["45A04", "44A09", "02A16"]
""",
    "r.toml": """contract = "R.1"
title = "+alles wat afrondt"
provider = "41000003"
municipalities = ["GM0597", "GM0001", "GM0002"]
laws = ["Wmo"]
in_force = { from = 2025-11-01, until = 2029-01-01 }

[[component]]
key = "groepen"
kind = "population"
clause = "@bijlage 1"
task_field = "6.23"
municipality = "GM0597"
segments = [ { measure = "jeugd", amount_eur = "310.35" }, { measure = "ouderen", amount_eur = "95.15" } ]
count_date = 2025-01-01
index = [ { year = 2026, percent = "4.965" } ]
instalments = "quarterly"
recount = { dead_band_percent = "0.5", pays = "whole", counts = "yearly" }

[[component]]
key = "verdeeld"
kind = "population"
clause = "bijlage 2"
task_field = "6.23"
municipality = "GM0001"
budget_eur = "1000000.01"
count_date = 2025-01-01

[component.division]
areas = ["WK000101", "WK000102", "WK000103"]
weights = { inhabitants = "0.35", jeugd = "0.65" }
own_areas = ["WK000101", "WK000103"]

[[component]]
key = "vast"
kind = "population"
clause = "bijlage 3"
task_field = "6.23"
municipality = "GM0002"
budget_eur = "33333.35"

[[component]]
key = "specialistisch"
kind = "effort"
clause = "bijlage 4"
products = ["50A01", "50A02", "50A03", "02A16"]
""",
    "p.toml": """contract = "P"
title = "Zonder prijs"
provider = "41000004"
municipalities = ["GM0502"]
laws = ["Jeugdwet"]
in_force = { from = 2026-01-01, until = 2029-01-01 }

[[component]]
key = "dagen"
kind = "effort"
clause = "artikel 1"
products = ["44A09"]
price_list = "geen"
""",
    "t.toml": """contract = "T"
title = "Terugbetalen"
provider = "41000005"
municipalities = ["GM0502"]
laws = ["Jeugdwet"]
in_force = { from = 2026-01-01, until = 2029-01-01 }

[[component]]
key = "dagen"
kind = "effort"
clause = "artikel 1"
products = ["44A09"]
""",
    "prices1.csv": """product;vanaf;tot;prijs
45A04;2025-01-01;2026-01-01;58,00
45A04;2026-01-01;;60,00
44A09;2026-01-01;;212,35
02A16;2025-01-01;;58,40
50A01;2025-01-01;2026-02-11;60,01
50A01;2026-02-11;;61,7375
50A02;2025-01-01;;0,0250
50A03;2025-01-01;;0,00
""",
    "prices2.csv": """product;vanaf;tot;prijs
45A04;2025-01-01;2026-01-01;58,00
45A04;2026-01-01;2026-02-01;60,00
45A04;2026-02-01;;61,75
44A09;2026-01-01;;212,35
02A16;2025-01-01;;58,40
50A01;2025-01-01;2026-02-11;60,05
50A01;2026-02-11;;61,7375
50A02;2025-01-01;;0,0250
50A03;2025-01-01;;0,00
""",
    "count1.csv": """gebied;maat;peildatum;aantal;status
GM0502;inhabitants;2026-01-01;10000;voorlopig
GM0597;jeugd;2025-01-01;1237;definitief
GM0597;ouderen;2025-01-01;4391;definitief
WK000101;inhabitants;2025-01-01;3001;definitief
WK000102;inhabitants;2025-01-01;4007;definitief
WK000103;inhabitants;2025-01-01;1999;definitief
WK000101;jeugd;2025-01-01;701;definitief
WK000102;jeugd;2025-01-01;907;definitief
WK000103;jeugd;2025-01-01;211;definitief
""",
    "count2.csv": """gebied;maat;peildatum;aantal;status
GM0502;inhabitants;2026-01-01;10150;definitief
GM0597;jeugd;2026-01-01;1222;voorlopig
GM0597;ouderen;2026-01-01;4333;voorlopig
""",
    "advances.csv": """contract;datum;bedrag;referentie
B;2026-01-10;500,00;V1
R.1;2026-02-10;12345,67;=2+2
T;2026-01-10;700,00;V1
""",
}
DRAFT = 4

HEADER = "referentie;aanbieder;bsn;product;begindatum;einddatum;aantal;dc;vorige referentie;gemeente"
# Numbers that pass the elfproef and belong to nobody.
CLIENTS = {"c1": "999900006", "c2": "999900018", "c3": "999900031", "c4": "999900043", "c9": "999900055"}
DELIVERIES = {
    "d1.csv": """r1 41000002 c1 45A04 2026-01-05 2026-01-05 95
r2 41000002 c2 45A04 2026-01-12 2026-01-12 50
r3 41000002 c1 44A09 2026-01-20 2026-01-22 3
r4 41000002 c4 02A16 2026-01-06 2026-01-06 95
r5 41000002 c4 02A16 2026-01-13 2026-01-13 95
r6 41000002 c4 02A16 2026-01-20 2026-01-20 95
r7 41000002 c4 02A16 2026-01-27 2026-01-27 95
r8 41000001 c9 45A04 2026-01-08 2026-01-08 60
p1 41000004 c1 44A09 2026-01-08 2026-01-08 1
t1 41000005 c1 44A09 2026-01-08 2026-01-08 1
s1 41000003 c1 50A01 2026-01-08 2026-01-08 30 D  GM0597
s2 41000003 c1 50A01 2026-01-09 2026-01-09 10 D  GM0597
s3 41000003 c2 50A01 2026-01-10 2026-01-10 10 D  GM0597
s4 41000003 c3 50A01 2026-01-11 2026-01-11 10 D  GM0001
s5 41000003 c3 50A02 2026-01-11 2026-01-11 1 D  GM0001
s6 41000003 c3 50A02 2026-01-12 2026-01-12 1 D  GM0001
s7 41000003 c3 50A02 2026-01-12 2026-01-12 1 D  GM0002
s8 41000003 c3 50A03 2026-01-12 2026-01-12 4 D  GM0002
s9 41000003 c4 02A16 2026-01-12 2026-01-12 100 D  GM0002""",
    "d2.csv": """r9 41000002 c1 45A04 2026-02-09 2026-02-09 120
r10 41000002 c3 45A04 2026-01-26 2026-01-26 30
r11 41000002 c2 45A04 2026-01-12 2026-01-12 50 C r2
r12 41000002 c4 02A16 2026-01-29 2026-01-29 25
r18 41000001 c9 45A04 2026-01-09 2026-01-09 45
t2 41000005 c1 44A09 2026-01-08 2026-01-08 1 C t1
u1 41000003 c1 50A01 2026-02-08 2026-02-08 31 D  GM0597
u2 41000003 c1 50A01 2026-02-18 2026-02-18 17 D  GM0597
u3 41000003 c2 50A01 2026-01-10 2026-01-10 10 C s3 GM0597
u4 41000003 c3 50A02 2026-01-12 2026-01-12 1 C s7 GM0002
u5 41000003 c1 50A01 2025-12-30 2025-12-30 17 D  GM0597""",
    "d3.csv": """r13 41000002 c1 45A04 2026-03-03 2026-03-03 95
r14 41000002 c3 45A04 2026-02-16 2026-02-16 40 C r16
r15 41000002 c2 45A04 2025-12-18 2025-12-18 60
x1 41000001 c1 44A09 2026-03-03 2026-03-03 1
x2 41000001 c1 44A09 2026-03-04 2026-03-04 1
v1 41000003 c1 50A01 2026-03-03 2026-03-03 95 D  GM0597
v2 41000003 c4 02A16 2026-01-12 2026-01-12 100 C s9 GM0002""",
}


@pytest.fixture(scope="module")
def story(server_url: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Runs 1, 2 and 3 over January to March 2026, posted, and run 4 over December, a draft."""
    folder = tmp_path_factory.mktemp("story")
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    for name, content in DELIVERIES.items():
        (folder / name).write_text(_delivery_file(content), encoding="utf-8")
    with database(server_url) as url:
        engine = open_engine(url)
        _tell(engine, folder)
        yield engine
        engine.dispose()


def _tell(engine: Engine, folder: Path) -> None:
    with transaction(engine) as connection:
        import_products(connection, folder / "products.csv", "tester")
        import_parties(connection, folder / "parties.csv", "tester")
        add_contracts(connection, [folder / f"{name}.toml" for name in "abrpt"], "tester", settle_example)
        import_counts(connection, folder / "count1.csv", "tester")
        import_prices(connection, folder / "prices1.csv", "tester")
        import_advances(connection, folder / "advances.csv", "tester")
    for number, month in enumerate((Month(2026, 1), Month(2026, 2), Month(2026, 3)), start=1):
        if number == 3:
            with transaction(engine) as connection:
                import_prices(connection, folder / "prices2.csv", "tester")
                import_counts(connection, folder / "count2.csv", "tester")
        with transaction(engine) as connection:
            import_deliveries(connection, folder / f"d{number}.csv", folder / "config", "tester")
        with transaction(engine) as connection:
            assert use_cases.settle(connection, month, "tester") == number
            use_cases.approve(connection, number, "tester")
            use_cases.post(connection, number, "tester")
    with transaction(engine) as connection:
        assert use_cases.settle(connection, Month(2026, 12), "tester") == DRAFT


def _delivery_file(content: str) -> str:
    lines = [HEADER]
    for row in content.splitlines():
        reference, provider, client, product, start, end, quantity, *rest = row.split(" ")
        sign, previous, municipality = [*rest, *["D", "", "GM0502"][len(rest) :]]
        cells = (reference, provider, CLIENTS[client], product, start, end, quantity, sign, previous, municipality)
        lines.append(";".join(cells))
    return "\n".join(lines) + "\n"


Key = tuple[int, str]  # run and contract


@pytest.fixture(scope="module")
def statements(story: Engine) -> dict[Key, Statement]:
    found: dict[Key, Statement] = {}
    with story.connect() as connection:
        for number in (1, 2, 3, DRAFT):
            run = read_run(connection, number)
            settled = [contract for contract in run.contracts if not contract.parked]
            for statement in read_statements(connection, read_shared(connection, run), settled):
                found[(number, statement.settled.contract.number)] = statement
    return found


@pytest.fixture(scope="module")
def files(statements: dict[Key, Statement], tmp_path_factory: pytest.TempPathFactory) -> dict[Key, Path]:
    folder = tmp_path_factory.mktemp("files")
    paths = {}
    for (run, contract), statement in statements.items():
        paths[(run, contract)] = folder / f"{run}-{contract}.xlsx"
        paths[(run, contract)].write_bytes(workbook(statement))
    return paths


# LibreOffice keeps stored values unless it is told to calculate on opening.
RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


@pytest.fixture(scope="session")
def recalculate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[Path]], list[Any]]:
    """Let LibreOffice open, calculate and save workbooks; gives what stands in them then."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("soffice is not installed, so no statement is recalculated")
    profile = tmp_path_factory.mktemp("office")
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(RECALCULATE, encoding="utf-8")

    def run(paths: Sequence[Path]) -> list[Any]:
        out = tmp_path_factory.mktemp("recalculated")
        command = [office, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx"]
        done = subprocess.run(
            [*command, "--outdir", str(out), *map(str, paths)], capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return [load_workbook(out / path.name, data_only=True) for path in paths]

    return run


@pytest.fixture(scope="module")
def recalculated(files: dict[Key, Path], recalculate: Callable[[Sequence[Path]], list[Any]]) -> dict[Key, Any]:
    return dict(zip(files, recalculate(list(files.values())), strict=True))


def exact(value: float) -> Decimal:
    """The decimal number that is nearest to a binary one: the shortest that reads back as the same."""
    return Decimal(repr(value))


def rows(sheet: Any) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def table(sheet: Any, block: str | None = None) -> list[dict[str, Any]]:
    """The rows under the first header, or that of a block, up to the total; none where there is no header."""
    found = rows(sheet)
    first = 0 if block is None else [row[0] for row in found].index(block) + 1
    last = len(found) if block is None else first + 1
    start = next((place for place in range(first, last) if found[place][0] in ("Regel", "Onderdeel")), None)
    if start is None:
        return []
    header = found[start]
    body = []
    for row in found[start + 1 :]:
        if row[0] in ("Totaal", "Geen correcties", None) and row[1] in (None, ""):
            break
        body.append(dict(zip(header, row, strict=True)))
    return body


def amounts(sheet: Any) -> dict[str, Decimal]:
    """Label and amount of every row of the summary."""
    return {row[0]: exact(row[5]) for row in rows(sheet) if row[0] and isinstance(row[5], int | float)}


# --- amounts ----------------------------------------------------------------------------------------------------------


def test_libreoffice_really_calculates(tmp_path: Path, recalculate: Callable[[Sequence[Path]], list[Any]]) -> None:
    """Guards the tests below: a wrong value stored beside a formula does not survive."""
    book = Book("guard", "", datetime(2026, 1, 1, tzinfo=UTC), DUTCH)
    page = book.page("Blad", (10,))
    page.formula(0, Formula("1+1", Fraction(3)), "eur")
    path = tmp_path / "guard.xlsx"
    path.write_bytes(book.content())
    assert load_workbook(path, data_only=True)["Blad"]["A1"].value == 3
    assert recalculate([path])[0]["Blad"]["A1"].value == 2


def test_every_formula_comes_to_the_value_beside_it(files: dict[Key, Path], recalculated: dict[Key, Any]) -> None:
    money = other = 0
    for key, path in files.items():
        formulas_in, stored = load_workbook(path), load_workbook(path, data_only=True)
        for sheet in formulas_in:
            for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
                before = stored[sheet.title][cell.coordinate].value
                after = recalculated[key][sheet.title][cell.coordinate].value
                where = (key, sheet.title, cell.coordinate, cell.value)
                if "%" in cell.number_format:
                    assert after == pytest.approx(before, rel=1e-12), where
                    other += 1
                else:
                    assert exact(after) == exact(before), where
                    assert exact(after) == exact(after).quantize(Decimal("0.01")), where
                    money += 1
    assert money > 400
    assert other > 5


def test_the_summary_says_what_the_run_says(statements: dict[Key, Statement], recalculated: dict[Key, Any]) -> None:
    for (number, contract), statement in statements.items():
        settled, year = statement.settled, statement.run.period.year
        shown = amounts(recalculated[(number, contract)]["Samenvatting"])

        def said(*timings: Timing, settled: SettledContract = settled) -> Decimal:
            payable = [n.line for n in settled.lines if n.line.key.treatment is Treatment.PAYABLE]
            return total(line.amount for line in payable if line.timing in timings).amount

        before = total(
            numbered.line.amount
            for (earlier, other), said_before in statements.items()
            if earlier < number and other == contract
            for numbered in said_before.settled.lines
            if numbered.line.key.treatment is Treatment.PAYABLE and numbered.line.key.month.year == year
        ).amount
        this_month = next(value for label, value in shown.items() if label.startswith("Deze maand"))
        assert this_month == said(Timing.CURRENT)
        assert shown[f"Correcties over maanden van {year}"] == said(Timing.CORRECTION)
        assert shown["Correcties over eerdere jaren"] == said(Timing.PRIOR_YEAR)
        assert shown["Totaal"] == settled.total.amount
        assert shown[f"Samen over {year}"] == before + said(Timing.CURRENT, Timing.CORRECTION)
        paid = shown["Te betalen"] if settled.to_pay >= Eur.zero() else -shown["Terug te betalen"]
        assert paid == settled.to_pay.amount


def test_the_worked_months_to_the_cent(recalculated: dict[Key, Any]) -> None:
    paid = {key: amounts(book["Samenvatting"]).get("Te betalen") for key, book in recalculated.items()}
    assert [paid[(run, "A")] for run in (1, 2, 3)] == [Decimal("100000.00"), Decimal("100000.00"), Decimal("101500.00")]
    assert [paid[(run, "B")] for run in (1, 2, 3)] == [Decimal("632.45"), Decimal("158.40"), Decimal("159.27")]
    summary = amounts(recalculated[(1, "B")]["Samenvatting"])
    assert (summary["Totaal"], summary["Verrekend voorschot V1"]) == (Decimal("1132.45"), Decimal("-500.00"))


def test_an_advance_above_what_is_owed_is_paid_back(recalculated: dict[Key, Any]) -> None:
    shown = amounts(recalculated[(1, "T")]["Samenvatting"])
    assert shown["Terug te betalen"] == Decimal("487.65")
    assert "Te betalen" not in shown
    shown = amounts(recalculated[(2, "T")]["Samenvatting"])  # the credit of the only delivery
    assert shown["Terug te betalen"] == Decimal("212.35")


def test_every_line_stands_on_its_sheet(statements: dict[Key, Statement], recalculated: dict[Key, Any]) -> None:
    checked = 0
    for key, statement in statements.items():
        book = recalculated[key]
        found: dict[int, Decimal] = {}
        for sheet, column, block in (
            ("Regels", "Bedrag", None),
            ("Correcties", "Correctie", f"Maanden van {statement.year}"),
            ("Correcties", "Correctie", "Eerdere jaren"),
            ("Schaduw", "Bedrag", None),
        ):
            for row in table(book[sheet], block) if sheet in book else ():
                if isinstance(row["Regel"], int):
                    found[row["Regel"]] = found.get(row["Regel"], Decimal(0)) + exact(row[column])
        for numbered in statement.settled.lines:
            is_shadow_correction = (
                numbered.line.key.treatment is Treatment.SHADOW and numbered.line.timing is not Timing.CURRENT
            )
            if is_shadow_correction:
                shadow = {
                    row["Regel"]: exact(row["Correctie"]) for row in table(book["Correcties"], DUTCH.say("shadow"))
                }
                assert shadow[numbered.number] == numbered.line.amount.amount
            else:
                assert found.pop(numbered.number) == numbered.line.amount.amount, (key, numbered.line.key)
            checked += 1
        assert not found
    assert checked > 70


def test_rounding_by_delivery_is_named(recalculated: dict[Key, Any]) -> None:
    """30 and 10 minutes at 60.05 are 30.03 + 10.01; 40 minutes at once would be 40.03."""
    row = next(row for row in table(recalculated[(3, "R.1")]["Herrekening"]) if row["Aantal"] == 40)
    assert [row[name] for name in ("Prijs", "Berekend", "Afronding per levering", "Bedrag")] == [
        60.05,
        40.03,
        0.01,
        40.04,
    ]
    by_piece = [row for row in table(recalculated[(1, "R.1")]["Regels"]) if row["Product"] == "50A02"]
    cells = ("Aantal", "Prijs", "Berekend", "Afronding per levering", "Bedrag")
    assert [[row[name] for name in cells] for row in by_piece] == [
        [2, 0.025, 0.05, 0.01, 0.06],
        [1, 0.025, 0.03, 0, 0.03],  # half a cent, up
    ]


def test_credits_count_negative(recalculated: dict[Key, Any]) -> None:
    row = next(row for row in table(recalculated[(2, "B")]["Correcties"]) if row["Product"] == "45A04")
    assert [row[name] for name in ("Nieuw recht", "Eerder geboekt", "Correctie")] == [125, 145, -20]
    assert row["Reden"] == "nalevering r10 +30,00\ncreditering r11 -50,00"


def test_hours_show_the_minutes_they_came_from(recalculated: dict[Key, Any]) -> None:
    row = next(row for row in table(recalculated[(1, "B")]["Regels"]) if row["Product"] == "02A16")
    cells = ("Omschrijving", "Leveringen", "Aantal", "Eenheid", "Prijs", "Per", "Bedrag")
    assert [row[name] for name in cells] == ["Huishoudelijke hulp (380 minuten)", 4, 6, "uren", 58.4, "uur", 350.4]


def test_deliveries_that_cost_nothing_are_shown(recalculated: dict[Key, Any]) -> None:
    row = next(row for row in table(recalculated[(1, "R.1")]["Regels"]) if row["Product"] == "50A03")
    assert [row[name] for name in ("Omschrijving", "Aantal", "Bedrag")] == ["Gratis kennismaking", 4, 0]


def test_the_budget_is_laid_out_step_by_step(recalculated: dict[Key, Any]) -> None:
    shown = [[cell for cell in row[:3] if cell not in (None, "")] for row in rows(recalculated[(3, "A")]["Populatie"])]
    assert shown[4:] == [
        ["wijkteam, Capelle aan den IJssel: budget 2026"],
        ["inwoners van GM0502 op 01-01-2026", 10000],
        ["bedrag per persoon", 120],
        ["10.000 inwoners × 120,00 (telling GM0502 op 01-01-2026)", 1200000],
        ["telling waarop het budget rust", 10000],
        ["hertelling", 10150],
        ["dode band", 1],
        ["groei", 1.5],
        ["betaald deel van de groei", 0.5],
        ["hertelling 10.000 → 10.150: groei 1,5 %, dode band 1 %, betaald 0,5 % over 1.200.000,00", 1206000],
        ["maanden van kracht in 2026", 12],
        ["januari 2026: termijn 1 van 12: 1.206.000,00 / 12, naar beneden afgerond op centen", 1, 100500],
        ["februari 2026: termijn 2 van 12: 1.206.000,00 / 12, naar beneden afgerond op centen", 1, 100500],
        ["maart 2026: termijn 3 van 12: 1.206.000,00 / 12, naar beneden afgerond op centen", 1, 100500],
    ]


def recounted_by_group(line: Line) -> Line:
    """The same line, with the persons of each group of its recount below the recount."""
    instalment = line.explanation
    [recount] = instalment.steps
    if len(recount.steps) == 1:
        values = {"areas": "GM0597", "count_date": "2026-01-01"}
        groups = [("jeugd", 1222, "310.35", "379247.70"), ("ouderen", 4333, "95.15", "412284.95")]
        steps = [
            Step("per_person", {**values, "measure": measure, "persons": str(persons), "amount_eur": amount}, result)
            for measure, persons, amount, result in groups
        ]
        recount = replace(recount, steps=(*recount.steps, *steps))
    return replace(line, explanation=replace(instalment, steps=(recount,)))


def test_a_recount_of_several_groups_is_laid_out_by_group(
    statements: dict[Key, Statement], tmp_path: Path, recalculate: Callable[[Sequence[Path]], list[Any]]
) -> None:
    statement = statements[(3, "R.1")]
    lines = [
        replace(numbered, line=recounted_by_group(numbered.line))
        if (numbered.line.key.component, numbered.line.key.label) == ("groepen", "instalment")
        else numbered
        for numbered in statement.settled.lines
    ]
    path = tmp_path / "groups.xlsx"
    path.write_bytes(workbook(replace(statement, settled=replace(statement.settled, lines=lines))))
    [book] = recalculate([path])
    shown = [[cell for cell in row[:3] if cell not in (None, "")] for row in rows(book["Populatie"])]
    start = shown.index(["jeugd van GM0597 op 01-01-2026", 1222])
    assert shown[start : start + 8] == [
        ["jeugd van GM0597 op 01-01-2026", 1222],
        ["bedrag per persoon", 310.35],
        ["1.222 jeugd × 310,35 (telling GM0597 op 01-01-2026)", 379247.7],
        ["ouderen van GM0597 op 01-01-2026", 4333],
        ["bedrag per persoon", 95.15],
        ["4.333 ouderen × 95,15 (telling GM0597 op 01-01-2026)", 412284.95],
        ["telling waarop het budget rust, in euro", 801706.6],
        ["hertelling, in euro", 791532.65],
    ]
    reasons = [row["Reden"] for row in table(book["Correcties"]) if row["Onderdeel"] == "groepen"]
    assert reasons
    assert all("(jeugd 1.237 → 1.222, ouderen 4.391 → 4.333)" in reason for reason in reasons)


def test_the_last_instalment_takes_the_difference(recalculated: dict[Key, Any]) -> None:
    shown = [row[:3] for row in rows(recalculated[(DRAFT, "R.1")]["Populatie"]) if row[0]]
    assert ["eerdere termijnen van het jaar (11)", 30555.47, None] in shown
    last = "december 2026: termijn 12 van 12, de laatste: 33.333,35 − 30.555,47 van de eerdere termijnen"
    assert [last, 1, 2777.88] in shown


def test_amounts_by_component_and_municipality(recalculated: dict[Key, Any]) -> None:
    shown = {
        (row["Onderdeel"], row["Gemeente"]): [row["Deze maand"], row["Correcties"], row["Eerdere jaren"], row["Totaal"]]
        for row in table(recalculated[(3, "R.1")]["Samenvatting"])
    }
    assert shown == {
        ("groepen", "=cmd|' /C calc'!A0"): [0, -2669.77, 0, -2669.77],
        ("specialistisch", "=cmd|' /C calc'!A0"): [97.75, 0.05, 0.01, 97.81],
        ("specialistisch", "Bergen (GM0001)"): [0, 0.01, 0, 0.01],
        ("specialistisch", "Bergen (GM0002)"): [0, -116.8, 0, -116.8],
        ("vast", "Bergen (GM0002)"): [2777.77, 0, 0, 2777.77],
        ("verdeeld", "Bergen (GM0001)"): [43348.89, 0, 0, 43348.89],
    }


def test_a_line_that_lapsed_is_corrected_to_nothing(statements: dict[Key, Statement]) -> None:
    statement = statements[(3, "A")]
    line = statement.settled.lines[0].line
    lapsed = replace(
        line,
        entitled=Eur.zero(),
        posted_before=Eur("500.00"),
        causes=(Cause("terms", Eur("-500.00")),),
        explanation=Step("nothing_left", {}, "0.00"),
    )
    settled = replace(
        statement.settled,
        total=statement.settled.total - line.amount + lapsed.amount,
        lines=[replace(statement.settled.lines[0], line=lapsed), *statement.settled.lines[1:]],
    )
    book = load_workbook(BytesIO(workbook(replace(statement, settled=settled))), data_only=True)
    row = table(book["Correcties"])[0]
    assert [row[name] for name in ("Omschrijving", "Nieuw recht", "Eerder geboekt", "Correctie")] == [
        "termijn", 0, 500, -500,
    ]  # fmt: skip


# --- what changed, the year, deliveries -------------------------------------------------------------------------------


def changes(sheet: Any) -> dict[str, list[Decimal]]:
    """The sentences on what changed with their amounts: previous, this one, difference."""
    found = rows(sheet)
    start = next(number for number, row in enumerate(found) if str(row[0]).startswith("Wat er veranderde"))
    table_ = {}
    for row in found[start + 3 :]:
        if row[3] is None:
            break
        table_[row[0]] = [exact(value) for value in row[3:6]]
    return table_


def test_what_changed_is_said_by_cause(recalculated: dict[Key, Any]) -> None:
    assert changes(recalculated[(3, "B")]["Samenvatting"]) == {
        "De maand zelf: maart 2026 in plaats van februari 2026": [
            Decimal("120.0"), Decimal("97.77"), Decimal("-22.23"),
        ],
        "Leveringen die na hun maand binnenkwamen": [Decimal("88.4"), Decimal("58.0"), Decimal("-30.4")],
        "Leveringen die teruggenomen zijn (creditregels)": [Decimal("-50.0"), Decimal(0), Decimal("50.0")],
        "Prijzen die over een eerdere maand veranderden": [Decimal(0), Decimal("3.5"), Decimal("3.5")],
        "Totaal van de afrekening, voor verrekening van voorschotten": [
            Decimal("158.4"), Decimal("159.27"), Decimal("0.87"),
        ],
    }  # fmt: skip


def test_what_changed_adds_up_to_the_difference_with_the_statement_before(
    statements: dict[Key, Statement], recalculated: dict[Key, Any]
) -> None:
    compared = 0
    for (number, contract), statement in statements.items():
        before = statements.get((number - 1, contract))
        if before is None:
            shown = [row[0] for row in rows(recalculated[(number, contract)]["Samenvatting"])]
            assert "Dit is de eerste afrekening van dit contract." in shown
            continue
        *causes, (was, now, difference) = changes(recalculated[(number, contract)]["Samenvatting"]).values()
        assert (was, now) == (before.settled.total.amount, statement.settled.total.amount)
        assert difference == now - was == sum(row[2] for row in causes)
        compared += 1
    assert compared == 12


def year_rows(sheet: Any, heading: str) -> list[list[Any]]:
    found = rows(sheet)
    start = next(number for number, row in enumerate(found) if row[0] == heading)
    first = next(number for number, row in enumerate(found) if number > start and row[0] == "januari 2026")
    return found[first : first + 12]


def test_the_year_adds_up_to_the_summary(statements: dict[Key, Statement], recalculated: dict[Key, Any]) -> None:
    for (number, contract), statement in statements.items():
        book = recalculated[(number, contract)]
        headings = {row[0] for row in rows(book["Jaarverloop"])} & {
            FROM_CLAUSES,
            "Naar aantal × prijs",
        }
        last = statement.run.period.month
        to_date = sum(exact(year_rows(book["Jaarverloop"], heading)[last - 1][4]) for heading in headings)
        assert to_date == amounts(book["Samenvatting"])[f"Samen over {statement.year}"]
        for heading in headings:
            assert [row[4] for row in year_rows(book["Jaarverloop"], heading)[last:]] == [None] * (12 - last)


def test_the_year_stands_against_the_budget_as_it_is_now(recalculated: dict[Key, Any]) -> None:
    """Quarterly instalments run ahead of the budget; a recount changes the budget of the whole year."""
    march = year_rows(recalculated[(3, "A")]["Jaarverloop"], FROM_CLAUSES)
    assert [row[4] for row in march[:4]] == [100500, 201000, 301500, None]
    assert [row[6] for row in march] == [100500 * month for month in range(1, 13)]
    groups = year_rows(recalculated[(1, "R.1")]["Jaarverloop"], FROM_CLAUSES)
    assert groups[0][4] > groups[0][6]
    effort = year_rows(recalculated[(3, "B")]["Jaarverloop"], "Naar aantal × prijs")
    assert {len(row) for row in effort} == {5}  # no budget was agreed


def test_the_chart_refers_to_cells(files: dict[Key, Path]) -> None:
    def chart(key: Key) -> str:
        with zipfile.ZipFile(files[key]) as archive:
            return archive.read("xl/charts/chart1.xml").decode()

    names = {row[0].value: row[0].row for row in load_workbook(files[(3, "A")])["Jaarverloop"]}
    first, last = names["januari 2026"], names["december 2026"]
    for column in "AEG":
        assert f"Jaarverloop!${column}${first}:${column}${last}" in chart((3, "A"))
    assert "<c:numLit>" not in chart((3, "B"))
    assert chart((3, "B")).count("<c:ser>") == 1


def delivered(sheet: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The deliveries and the sums of the sheet Leveringen."""
    found = rows(sheet)
    start = next(number for number, row in enumerate(found) if row[0] == "Regel")
    body = [dict(zip(found[start], row, strict=True)) for row in found[start + 1 :]]
    sums = [row for row in body if str(row["Referentie"]).startswith("Totaal ")]
    return [row for row in body if row not in sums], sums


def test_every_delivery_stands_under_its_own_reference(recalculated: dict[Key, Any]) -> None:
    shown, sums = delivered(recalculated[(2, "B")]["Leveringen"])
    cells = ("Referentie", "Crediteert", "Aantal", "Prijs", "Bedrag", "Opmerking")
    late = "na de vorige afrekening ontvangen"
    assert [[row[name] for name in cells] for row in shown if row["Product"] == "45A04"] == [
        ["r1", None, 95, 60, 95, None],
        ["r2", None, 50, 60, 50, None],
        ["r11", "r2", -50, 60, -50, late],
        ["r10", None, 30, 60, 30, late],
        ["r9", None, 120, 60, 120, None],
    ]
    first = next(row for row in shown if row["Referentie"] == "r1")
    assert (first["Van"], first["Tot en met"]) == (datetime(2026, 1, 5), datetime(2026, 1, 5))  # noqa: DTZ001
    assert [(row["Bedrag"], row["Op de regel"]) for row in sums] == [(408.8, 408.8), (125, 125), (120, 120)]


def test_deliveries_rounded_together_show_their_group_once(recalculated: dict[Key, Any]) -> None:
    """95 × 4 + 25 minutes are 6 hours and 45 minutes: 7 hours."""
    shown, _ = delivered(recalculated[(2, "B")]["Leveringen"])
    cells = ("Referentie", "Aantal", "Groep", "Minuten groep", "Uren groep", "Bedrag")
    assert [[row[name] for name in cells] for row in shown if row["Product"] == "02A16"] == [
        ["r4", 95, 1, 405, 7, 408.8],
        ["r5", 95, 1, None, None, None],
        ["r6", 95, 1, None, None, None],
        ["r7", 95, 1, None, None, None],
        ["r12", 25, 1, None, None, None],
    ]
    shown, _ = delivered(recalculated[(3, "R.1")]["Leveringen"])
    credited = [row for row in shown if row["Product"] == "02A16"]
    assert [(row["Referentie"], row["Minuten groep"], row["Uren groep"], row["Bedrag"]) for row in credited] == [
        ("s9", 0, 0, 0), ("v2", None, None, None),
    ]  # fmt: skip


def test_deliveries_add_up_to_every_line_on_deliveries(
    statements: dict[Key, Statement], recalculated: dict[Key, Any]
) -> None:
    checked = 0
    for key, statement in statements.items():
        lines = {n.number: n.line for n in statement.settled.lines if n.line.key.label != "instalment"}
        if "Leveringen" not in recalculated[key].sheetnames:
            assert not lines
            continue
        shown, sums = delivered(recalculated[key]["Leveringen"])
        assert [row["Bedrag"] for row in sums] == [row["Op de regel"] for row in sums]
        numbered = {row["Regel"]: exact(row["Bedrag"]) for row in sums if row["Regel"]}
        assert numbered == {number: line.entitled.amount for number, line in lines.items()}
        for number, line in lines.items():
            rows_ = sum((-1 if row["Aantal"] < 0 else 1) for row in shown if row["Regel"] == number)
            assert rows_ == sum(volume.rows for volume in statement.volumes_of(line))
        checked += len(lines)
    assert checked > 25


def test_deliveries_that_do_not_add_up_are_a_bug(statements: dict[Key, Statement]) -> None:
    statement = statements[(1, "B")]
    assert statement.deliveries
    key = next(key for key in statement.deliveries if key.label == "45A04")
    fewer = {**statement.deliveries, key: statement.deliveries[key][1:]}
    with pytest.raises(BrokenInvariant, match="deliveries 50, line 145"):
        workbook(replace(statement, deliveries=fewer))


def test_without_detail_there_are_no_deliveries_and_it_says_so(story: Engine) -> None:
    with story.connect() as connection:
        run = read_run(connection, 1)
        [statement] = read_statements(connection, read_shared(connection, run, detail=False), run.contracts[:1])
    book = load_workbook(BytesIO(workbook(statement)))
    assert "Leveringen" not in book
    assert any("U kunt ze bij ons opvragen" in str(row[0]) for row in rows(book["Toelichting"]))


# --- English ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def english(story: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Run 3 in English, by contract."""
    folder = tmp_path_factory.mktemp("english")
    with story.connect() as connection:
        exported = export_statements(connection, 3, folder, language=ENGLISH)
    return dict(zip(("A", "B", "R.1", "T"), exported.paths, strict=True))


def test_english_comes_to_the_same_numbers(
    english: dict[str, Path], recalculated: dict[Key, Any], recalculate: Callable[[Sequence[Path]], list[Any]]
) -> None:
    for contract, book in zip(english, recalculate(list(english.values())), strict=True):
        dutch = recalculated[(3, contract)]
        assert len(book.sheetnames) == len(dutch.sheetnames)
        for sheet, same in zip(book, dutch, strict=True):
            numbers, others = (
                [value for row in rows(one) for value in row if isinstance(value, int | float)] for one in (sheet, same)
            )
            assert numbers == others


def test_english_has_no_dutch_in_it(english: dict[str, Path]) -> None:
    """Findings and what was typed apart."""
    typed = {"dagen", "Terugbetalen"}
    words = {DUTCH.texts[code] for code in DUTCH.texts if DUTCH.texts[code] != ENGLISH.texts[code]} - typed
    dutch = re.compile(r"\b(van|het|een|maand|levering|termijn|maart|februari|januari|herrekening|hertelling|prijs)\b")
    seen = 0
    for path in english.values():
        book = load_workbook(path)
        assert set(book.sheetnames) <= {text for code, text in ENGLISH.texts.items() if code.startswith("sheet.")}
        for sheet in book:
            findings = sheet.title == "Rejected"
            assert sheet.oddFooter.right.text == "Page &P of &N"
            for value in (cell.value for row in sheet.iter_rows() for cell in row):
                if isinstance(value, str) and not value.startswith("=") and not findings:
                    assert value not in words
                    if "buiten elk contract" not in value:
                        assert not dutch.search(value), value
                        seen += 1
    assert seen > 300
    notes = str(rows(load_workbook(english["A"])["Notes"]))
    assert "What was found is in Dutch" in notes


# --- a statement that contradicts its run is not written --------------------------------------------------------------


def test_volumes_that_do_not_add_up_to_their_line_are_a_bug(statements: dict[Key, Statement]) -> None:
    statement = statements[(3, "B")]
    key = next(n.line.key for n in statement.settled.lines if n.line.timing is Timing.CURRENT)
    with pytest.raises(BrokenInvariant, match="0 on paper"):
        workbook(replace(statement, volumes={**statement.volumes, key: []}))


def test_a_step_that_does_not_come_to_its_result_is_a_bug(statements: dict[Key, Statement]) -> None:
    statement = statements[(3, "A")]
    first, *others = statement.settled.lines
    wrong = replace(first.line.explanation, values={**first.line.explanation.values, "months": "2"})
    settled = replace(statement.settled, lines=[replace(first, line=replace(first.line, explanation=wrong)), *others])
    with pytest.raises(BrokenInvariant, match="instalment"):
        workbook(replace(statement, settled=settled))


def test_a_total_that_is_not_that_of_the_run_is_a_bug(statements: dict[Key, Statement]) -> None:
    statement = statements[(3, "A")]
    settled = replace(statement.settled, total=statement.settled.total + Eur("0.01"))
    with pytest.raises(BrokenInvariant, match=r"101500\.00 on paper, 101500\.01 in the run"):
        workbook(replace(statement, settled=settled))


# --- formulas ---------------------------------------------------------------------------------------------------------


def write_cases(page: Page | NaivePage) -> list[tuple[Cell, Eur]]:
    """Formulas over random and awkward numbers, with the amounts they must come to by the rules of the engine."""
    chance = random.Random(20260307)
    cases: list[tuple[Cell, Eur]] = []

    def given(column: int, number: Fraction | int) -> Cell:
        return page.number(column, number, "decimals")

    def expect(formula: Formula, amount: Eur) -> None:
        cases.append((page.formula(6, formula, "eur"), amount))
        page.row += 1

    def cents(most: int) -> Fraction:
        return Fraction(chance.randint(1, most), 100)

    for _ in range(1500):
        decimals = chance.choice((100, 100, 10_000))
        price = Fraction(chance.randint(1, 200 * decimals), decimals)
        volume = chance.choice((1, -1)) * chance.choice((30 * chance.randint(0, 99), chance.randint(1, 10**7)))
        units = chance.choice((1, 60))
        expect(formulas.volume_times_price(given(0, volume), given(1, price), units), half_up(price * volume / units))
    for _ in range(500):
        amount, percent = cents(10**11), Fraction(chance.choice(("4.96", "50", "-1.5", "0.125", "12.345")))
        expect(formulas.indexed(given(0, amount), given(1, percent)), half_up(amount * (1 + percent / 100)))
        persons, tariff = chance.randint(0, 10**6), cents(10**5)
        expect(formulas.persons_times_amount(given(0, persons), given(1, tariff)), half_up(persons * tariff))
        months = chance.randint(1, 12)
        expect(formulas.part_of_year(given(0, amount), given(1, months)), half_up(amount * months / 12))
        of = chance.randint(months, 12)
        cells = given(0, amount), given(1, months), given(2, of)
        expect(formulas.instalment(*cells), round_down(amount * months / of))
        instalments = chance.randint(1, 12)
        part = round_down(amount / instalments)
        expect(formulas.earlier_instalments(given(0, amount), instalments), total([part] * (instalments - 1)))
    for _ in range(1500):
        counted = chance.choice((10_000 * chance.randint(1, 99), chance.randint(1, 10**6)))
        band = Fraction(chance.choice(("0", "1", "0.5", "0.7", "0.35", "1.25")))
        change = chance.choice((counted * band / 100, Fraction(chance.randint(-counted // 9, counted // 9))))
        recounted = Fraction(int(counted + chance.choice((1, -1)) * change))
        budget = chance.choice((cents(10**10), Fraction(1_200_000), Fraction(1_000_001, 100)))
        pays = chance.choice(("excess", "whole"))
        growth = recounted / counted - 1
        paid = Fraction(0) if abs(growth) <= band / 100 else growth
        if paid and pays == "excess":
            paid -= band / 100 if growth > 0 else -band / 100
        before, after, limit = given(0, counted), given(1, recounted), given(2, band)
        grown = page.formula(3, formulas.growth_percent(before, after), "percent")
        share = page.formula(4, formulas.paid_percent(before, after, grown, limit, pays), "percent")
        expect(formulas.raised(given(5, budget), share), half_up(budget * (1 + paid)))
    for _ in range(500):
        whole, fraction = cents(10**10), Fraction(chance.randint(0, 10**4), chance.choice((10**4, 20_000, 81_918_665)))
        rest = Fraction(chance.choice((-1, 0, 1)), 100)
        formula = formulas.share_of(given(0, whole), given(1, fraction * 100), given(2, rest))
        expect(formula, half_up(whole * fraction) + formulas.eur_of(rest))
    return cases


def test_formulas_come_to_the_cent_of_the_engine(
    tmp_path: Path, recalculate: Callable[[Sequence[Path]], list[Any]]
) -> None:
    book = Book("cases", "", datetime(2026, 1, 1, tzinfo=UTC), DUTCH)
    cases = write_cases(book.page("Blad", (10,) * 7))
    path = tmp_path / "cases.xlsx"
    path.write_bytes(book.content())
    sheet = recalculate([path])[0]["Blad"]
    wrong = [
        (cell.address, sheet[cell.address].value, str(amount))
        for cell, amount in cases
        if formulas.eur_of(cell.exact) != amount or exact(sheet[cell.address].value) != amount.amount
    ]
    assert not wrong
    assert len(cases) == 6000


class NaivePage:
    """A sheet that computes on plain doubles and rounds what it finds there, without the help spreadsheets give."""

    def __init__(self) -> None:
        self.row = 0
        self.values: dict[str, float] = {}

    def number(self, column: int, number: Fraction | int, style: str) -> Cell:
        return self._put(column, float(formulas.number_of(Fraction(number))), Fraction(number))

    def formula(self, column: int, formula: Formula, style: str) -> Cell:
        return self._put(column, float(eval(formula.text, NAIVE, self.values)), formula.exact)

    def _put(self, column: int, value: float, number: Fraction) -> Cell:
        cell = Cell("Blad", f"{'ABCDEFG'[column]}{self.row + 1}", number)
        self.values[cell.address] = value
        return cell


def away_from_zero(rounding: Callable[[float], int]) -> Callable[[float, int], float]:
    return lambda number, digits: math.copysign(rounding(abs(number) * 10**digits) / 10**digits, number)


NAIVE = {
    "ROUND": away_from_zero(lambda magnitude: math.floor(magnitude + 0.5)),
    "ROUNDUP": away_from_zero(math.ceil),
    "ROUNDDOWN": away_from_zero(math.floor),
    "ABS": abs,
    "SIGN": lambda number: (number > 0) - (number < 0),
    "IF": lambda condition, then, otherwise: then if condition else otherwise,
}


def test_formulas_do_not_lean_on_how_a_spreadsheet_rounds() -> None:
    """LibreOffice and Excel smooth over some binary noise, each in its own way; the cent must not depend on it."""
    page = NaivePage()
    cases = write_cases(page)
    wrong = [
        (cell.address, page.values[cell.address], str(amount))
        for cell, amount in cases
        if Decimal(page.values[cell.address]).quantize(Decimal("0.01")) != amount.amount
    ]
    assert not wrong
    assert len(cases) == 6000


def test_near_half_a_cent_the_direction_is_that_of_the_exact_value() -> None:
    percent = Cell("Blad", "B1", Fraction(1, 3))
    texts = {}
    for cents in range(1, 400):
        formula = formulas.raised(Cell("Blad", "A1", Fraction(cents, 100)), percent)
        texts[formula.text.split("(")[0]] = cents
    assert texts.keys() == {"ROUND", "ROUNDUP"}  # 150 cents: 0.5 cent of growth exactly
    just_below = Cell("Blad", "A1", Fraction(100)), Cell("Blad", "B1", Fraction(14_999_999, 10**9))
    assert formulas.raised(*just_below) == Formula("ROUNDDOWN(A1*(1+B1/100),2)", Fraction("100.01"))
    just_above = Cell("Blad", "A1", Fraction(100)), Cell("Blad", "B1", Fraction(15_000_001, 10**9))
    assert formulas.raised(*just_above) == Formula("ROUNDUP(A1*(1+B1/100),2)", Fraction("100.02"))


def test_an_amount_that_is_no_whole_cents_is_no_amount() -> None:
    with pytest.raises(ValueError, match="not in whole cents"):
        formulas.eur_of(Fraction(1, 3))
    assert formulas.eur_of(Fraction("-1.10")) == Eur("-1.10")


# --- text -------------------------------------------------------------------------------------------------------------


def test_what_a_user_wrote_never_becomes_a_formula(files: dict[Key, Path], recalculated: dict[Key, Any]) -> None:
    supplied = {"=1+1", "=cmd|' /C calc'!A0", "-2+3 Specialistisch", "@bijlage 1"}
    book, after = load_workbook(files[(1, "R.1")]), recalculated[(1, "R.1")]
    seen = set()
    for sheet in book:
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            if cell.data_type == "s" and cell.value.startswith(("=", "+", "-", "@")):
                seen.add(cell.value)
                assert cell.quotePrefix, cell.value
                assert after[sheet.title][cell.coordinate].value == cell.value
            elif cell.data_type == "f":
                assert "cmd" not in cell.value
    assert supplied <= seen
    assert amounts(after["Samenvatting"])["Totaal"] == Decimal("482552.50")
    shown = amounts(recalculated[(2, "R.1")]["Samenvatting"])
    assert shown["Verrekend voorschot =2+2"] == Decimal("-12345.67")


def test_no_statement_holds_a_link_or_a_client_number(files: dict[Key, Path]) -> None:
    for path in files.values():
        with zipfile.ZipFile(path) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
        assert not any(number.encode() in content for number in CLIENTS.values())
        assert b"<hyperlink" not in content
        assert b"externalLink" not in content


def test_names_that_are_not_alone_get_their_code() -> None:
    names = {"GM0001": Party(1, "Bergen"), "GM0002": Party(2, "bergen"), "GM0502": Party(3, "Capelle")}
    assert distinct_names(names) == {"GM0001": "Bergen (GM0001)", "GM0002": "bergen (GM0002)", "GM0502": "Capelle"}


# --- paper ------------------------------------------------------------------------------------------------------------


def test_sheets_come_in_one_order_and_only_when_there_is_something_on_them(files: dict[Key, Path]) -> None:
    names = {key: load_workbook(path).sheetnames for key, path in files.items()}
    first, last = ["Samenvatting", "Regels"], ["Jaarverloop", "Toelichting"]
    assert names[(1, "A")] == [*first, "Populatie", "Correcties", "Schaduw", "Leveringen", *last]
    assert names[(2, "A")] == [*first, "Populatie", "Correcties", "Herrekening", "Leveringen", *last]
    assert names[(3, "A")] == [*first, "Populatie", "Correcties", *last]
    assert names[(1, "B")] == [*first, "Correcties", "Leveringen", *last]
    assert names[(3, "B")] == [*first, "Correcties", "Herrekening", "Leveringen", "Jaarverloop", "Afgewezen", last[1]]
    page = Path(__file__).parents[2].joinpath("docs", "statement.md").read_text(encoding="utf-8")
    every = {
        text for language in (DUTCH, ENGLISH) for code, text in language.texts.items() if code.startswith("sheet.")
    }
    assert all(f"`{name}`" in page for name in every)


def test_every_sheet_prints_on_a4_as_wide_as_the_page(files: dict[Key, Path]) -> None:
    for path in files.values():
        for sheet in load_workbook(path):
            assert sheet.page_setup.paperSize == 9
            assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            assert sheet.oddFooter.right.text == "Pagina &P van &N"
            if sheet.title in ("Regels", "Correcties", "Populatie", "Herrekening", "Schaduw"):
                has_table = any(row[0] in ("Regel", "Stap") for row in rows(sheet))
                assert (bool(sheet.print_title_rows), bool(sheet.freeze_panes)) == (has_table, has_table)


def test_a_table_without_rows_is_one_line(files: dict[Key, Path]) -> None:
    corrections = [row[0] for row in rows(load_workbook(files[(1, "A")])["Correcties"]) if row[0]]
    assert corrections[2:] == ["Maanden van 2026", "Geen correcties", "Eerdere jaren", "Geen correcties"]


def test_a_draft_is_marked_on_every_page(files: dict[Key, Path]) -> None:
    for (run, _), path in files.items():
        book = load_workbook(path)
        marked = ["CONCEPT" in str(sheet.oddHeader.right.text) for sheet in book]
        banner = any("CONCEPT" in str(row[0]) for row in rows(book["Samenvatting"]))
        assert marked == [run == DRAFT] * len(marked)
        assert banner == (run == DRAFT)


def test_the_explanation_names_findings_and_versions(statements: dict[Key, Statement]) -> None:
    statement = statements[(3, "B")]
    finding = Finding("P04", Severity.WARNING, "=product", "verschil", "vraag de aanbieder")
    settled = replace(statement.settled, findings=[finding])
    book = load_workbook(BytesIO(workbook(replace(statement, settled=settled))))
    shown = rows(book["Toelichting"])
    assert ["=product", "verschil", DUTCH.remedies["P04"], "P04"] in shown
    assert not any("vraag de aanbieder" in str(cell) or "bekostiging " in str(cell) for row in shown for cell in row)
    version = next(row[1] for row in shown if row[0] == "Prijslijst standaard")
    assert version.startswith("versie 2, vastlegging ")


def test_a_provider_reads_what_no_statement_pays(story: Engine, statements: dict[Key, Statement]) -> None:
    """Its own deliveries outside the contracts, and its own contract that is parked; nothing of anybody else."""
    statement = statements[(3, "A")]
    with story.connect() as connection:
        run = read_run(connection, 3)
    [parked] = [settled for settled in run.contracts if settled.parked]

    def told(provider: str) -> list[list[Any]]:
        contract = parked.contract.model_copy(update={"provider": provider})
        others = [settled for settled in run.contracts if not settled.parked]
        findings = not_settled(replace(run, contracts=[*others, replace(parked, contract=contract)]))["41000001"]
        shown = rows(load_workbook(BytesIO(workbook(replace(statement, not_settled=findings))))["Toelichting"])
        headings = [number for number, row in enumerate(shown) if row[0] == "Niet in deze afrekening"]
        return [row for row in shown[headings[0] + 2 :] if row[3] in ("P01", "P05")]

    [outside] = told("41000004")
    assert outside == [
        "aanbieder 41000001, GM0502, product 44A09, 2026-03",
        "buiten elk contract, dus niet betaald: 2 leveringen",
        "Overleg met ons of een contract deze leveringen dekt. Crediteer ze als dat niet zo is.",
        "P05",
    ]
    of_parked, *others = told("41000001")
    assert of_parked[0].startswith("contract P, product 44A09, ")
    assert of_parked[2].startswith("U hoeft niets te doen.")
    assert others == [outside]
    text_ = str(rows(load_workbook(BytesIO(workbook(statements[(3, "B")])))["Toelichting"]))
    assert "Niet in deze afrekening" not in text_


def test_one_minute_is_one(statements: dict[Key, Statement]) -> None:
    statement = statements[(1, "B")]
    key = next(n.line.key for n in statement.settled.lines if n.line.key.label == "02A16")
    volumes = [replace(volume, quantity=1) for volume in statement.volumes[key]]
    book = load_workbook(BytesIO(workbook(replace(statement, volumes={**statement.volumes, key: volumes}))))
    row = next(row for row in table(book["Regels"]) if row["Product"] == "02A16")
    assert row["Omschrijving"] == "Huishoudelijke hulp (1 minuut)"


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_run_is_exported_contract_by_contract(story: Engine, tmp_path: Path) -> None:
    out = tmp_path / "maart" / "afrekeningen"
    with story.connect() as connection:
        exported = export_statements(connection, 3, out)
        assert export_statements(connection, 3, out) == exported
    names = ["A 41000001", "B 41000002", "R.1 41000003", "T 41000005"]
    assert exported == Exported(tuple(out / f"2026-03 {name} run 3.xlsx" for name in names), ("P",), ())
    assert sorted(out.iterdir()) == sorted(exported.paths)


def test_the_same_statement_is_the_same_file(statements: dict[Key, Statement]) -> None:
    statement = statements[(3, "A")]
    assert workbook(statement) == workbook(statement)
    later = {**statement.run.states, "draft": (datetime(2030, 1, 1, tzinfo=UTC), "tester")}
    assert workbook(replace(statement, run=replace(statement.run, states=later))) != workbook(statement)


@pytest.fixture
def two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(export, "workbook", None)  # this process makes none


def test_many_statements_are_made_by_more_than_one_process_and_are_the_same(
    story: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with story.connect() as connection:
        alone = export_statements(connection, 3, tmp_path / "alone").paths
        request.getfixturevalue("two_processes")
        together = export_statements(connection, 3, tmp_path / "together").paths
    assert [path.read_bytes() for path in together] == [path.read_bytes() for path in alone]


def test_the_schema_stays_as_it_is_while_statements_are_made(story: Engine, tmp_path: Path) -> None:
    """Else an upgrade waits for this process, and those that read for it wait for the upgrade."""
    may_change = []

    def watch(contracts: Iterable[SettledContract]) -> Iterator[SettledContract]:
        for contract in contracts:
            with story.connect() as other:
                other.execute(text("SET lock_timeout = '50ms'"))
                try:
                    migrations.hold(other)
                    may_change.append(contract.contract.number)
                except OperationalError:
                    pass
            yield contract

    with story.connect() as connection:
        assert len(export_statements(connection, 3, tmp_path, watch).paths) == 4
    assert may_change == []


@pytest.mark.usefixtures("two_processes")
def test_a_process_that_may_not_connect_is_a_refusal_and_no_statement_is_left(
    story: Engine, server_url: URL, tmp_path: Path
) -> None:
    with story.connect() as connection:
        connection.execute(text("SELECT 1"))
        administer(server_url, f"ALTER DATABASE {story.url.database} ALLOW_CONNECTIONS false")
        try:
            with pytest.raises(Refusal, match="de database laat nu geen verbindingen toe"):
                export_statements(connection, 3, tmp_path)
        finally:
            administer(server_url, f"ALTER DATABASE {story.url.database} ALLOW_CONNECTIONS true")
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_sheet_can_hold_are_refused() -> None:
    book = Book("Afrekening", "", datetime(2026, 4, 1, tzinfo=UTC), DUTCH)
    page = book.page("Leveringen", [10])
    page.row = 1_048_575
    page.line("de laatste", "text")
    book.content()
    page.line("te veel", "text")
    with pytest.raises(Refusal, match=r"het blad Leveringen zou 1\.048\.577 rijen hebben"):
        book.content()


def test_a_statement_opens_without_a_warning(files: dict[Key, Path]) -> None:
    """No macros, links or connections, no functions that one program has and another has not, and names that refer."""
    allowed = {"ROUND", "ROUNDUP", "ROUNDDOWN", "SUM", "SUMPRODUCT", "IF", "ABS", "SIGN", "MAX", "INT"}
    for path in files.values():
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            content = b"".join(archive.read(name) for name in names)
            assert {info.date_time[:3] for info in archive.infolist()} == {(1980, 1, 1)}
        assert not [name for name in names if re.search("vba|external|connection|embed|activeX", name)]
        assert b"_xlfn" not in content
        book = load_workbook(path)
        assert (book.properties.creator, book.properties.title[:11]) == ("bekostiging", "Afrekening ")
        called = set()
        for sheet in book:
            assert sheet.print_area
            assert sheet.max_row <= int(re.findall(r"\d+", str(sheet.print_area))[-1])
            for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
                called |= set(re.findall(r"([A-Z]+)\(", re.sub(r'"[^"]*"', "", cell.value)))
                assert "[" not in cell.value
        assert called <= allowed


def test_long_names_are_broken_over_lines(statements: dict[Key, Statement]) -> None:
    statement = statements[(3, "B")]
    name = "Stichting " + "voor bijzonder lange namen " * 6
    provider = replace(statement.settled.provider, name=name.strip())
    book = load_workbook(BytesIO(workbook(replace(statement, settled=replace(statement.settled, provider=provider)))))
    shown = [str(row[0]) for row in rows(book["Samenvatting"])[1:4]]
    assert " ".join(shown[: shown.index("None")]) == name.strip()
    assert max(map(len, shown)) < 110


def test_a_run_that_is_unknown_or_discarded_is_refused(story: Engine, tmp_path: Path) -> None:
    with story.connect() as connection, connection.begin() as work:
        with pytest.raises(Refusal, match="bestaat niet"):
            export_statements(connection, 99, tmp_path)
        use_cases.discard(connection, DRAFT, "tester")
        with pytest.raises(Refusal, match="weggegooid"):
            export_statements(connection, DRAFT, tmp_path)
        work.rollback()
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_nothing(story: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with story.connect() as connection:
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(Refusal, match="er is geen ruimte voor"):
            export_statements(connection, 1, tmp_path)
        assert not list(tmp_path.iterdir())
        monkeypatch.undo()
        (tmp_path / "bestand").write_text("")
        with pytest.raises(Refusal, match="kan niet gemaakt worden"):
            export_statements(connection, 1, tmp_path / "bestand" / "map")


def test_a_statement_has_its_name_when_all_of_them_are_on_the_disk(
    story: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process leaves behind that is killed while it writes cannot be taken for a statement."""
    seen: list[list[str]] = []
    sync = os.fsync

    def spy(handle: int) -> None:
        seen.append([path.suffix for path in tmp_path.iterdir()])
        sync(handle)

    monkeypatch.setattr(os, "fsync", spy)
    with story.connect() as connection:
        exported = export_statements(connection, 1, tmp_path)
    assert seen[: len(exported.paths)] == [[".deel"] * number for number in range(1, len(exported.paths) + 1)]


def test_a_statement_that_was_changed_by_hand_is_replaced_only_when_asked(story: Engine, tmp_path: Path) -> None:
    with story.connect() as connection:
        first, second, *_ = export_statements(connection, 3, tmp_path).paths
        kept = first.read_bytes()
        first.unlink()
        second.write_bytes(b"met de hand")
        with pytest.raises(Refusal, match=f"{second.name} bestaat al en is niet wat er nu geschreven zou worden"):
            export_statements(connection, 3, tmp_path)
        assert (first.exists(), second.read_bytes()) == (False, b"met de hand")
        assert not list(tmp_path.glob(".*"))
        export_statements(connection, 3, tmp_path, replace=True)
        assert (first.read_bytes(), second.read_bytes()[:2]) == (kept, b"PK")


def test_a_statement_that_is_there_already_is_left_alone(story: Engine, tmp_path: Path) -> None:
    with story.connect() as connection:
        before = [path.stat() for path in export_statements(connection, 3, tmp_path).paths]
        after = [path.stat() for path in export_statements(connection, 3, tmp_path).paths]
    assert [(at.st_ino, at.st_mtime_ns) for at in after] == [(at.st_ino, at.st_mtime_ns) for at in before]


def test_statements_in_two_languages_stand_beside_each_other(story: Engine, tmp_path: Path) -> None:
    with story.connect() as connection:
        dutch = export_statements(connection, 3, tmp_path).paths
        english = export_statements(connection, 3, tmp_path, language=ENGLISH).paths
    assert english[0].name == "2026-03 A 41000001 run 3 en.xlsx"
    assert len(list(tmp_path.iterdir())) == len(dutch) + len(english)
    assert load_workbook(dutch[0]).sheetnames[0] == "Samenvatting"


def test_a_file_name_stays_in_its_folder_and_is_the_only_one(statements: dict[Key, Statement]) -> None:
    statement = statements[(3, "A")]
    run, settled = statement.run, statement.settled

    def named(number: str) -> SettledContract:
        contract = settled.contract.model_copy(update={"contract": number})
        return replace(settled, contract=contract)

    assert file_names(run, [settled]) == ["2026-03 A 41000001 run 3.xlsx"]
    [climbing] = file_names(replace(run, contracts=[named("../../etc/x\\y")]), [named("../../etc/x\\y")])
    assert Path(climbing).name == climbing
    assert "\\" not in climbing
    upper, lower = named("A"), replace(named("a"), id=settled.id + 1)
    both = replace(run, contracts=[upper, lower])
    assert len({name.casefold() for name in file_names(both, [upper, lower])}) == 2
