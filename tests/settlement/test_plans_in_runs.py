"""Lump sums, guarantees and consortia over runs: what is posted, what comes later, and what is on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from importers.facts.assignments import ASSIGNMENTS
from importers.facts.determinations import DETERMINATIONS
from importers.facts.households import HOUSEHOLDS
from importers.facts.importing import import_facts
from importers.facts.kind import FactKind
from kernel.money import Eur, total
from settlement.entitlement import Treatment
from settlement.statements.export import export_statements
from tests.settlement.books import CARE, TEAM, WHO, Books, delivery, said, to_date
from tests.settlement.funding.documents import document

LUMP_SUM = """key = "inloop"
kind = "lump_sum"
task_field = "6.23"
amount_eur = "100000.00"
legal_form = "subsidy"
advance_percent = "95"
schedule = [{ month = 2, percent = "60" }, { month = 8, percent = "40" }]
"""
MEMBERS = f"""key = "leden"
kind = "consortium"
applies_to = ["inloop"]
members = [{{ provider = "{TEAM}", percent = "33.34" }}, {{ provider = "{CARE}", percent = "66.66" }}]
"""
GUARANTEE = f"""key = "garantie"
kind = "guarantee"
task_field = "6.751"
base_year = 2024
guaranteed = [{{ provider = "{TEAM}", segment = "jeugd ggz", base_year_amount_eur = "99000.01" }}]
shortfall = "pay_difference"
spend_of = ["inloop"]
"""


ARRANGEMENT = """key = "gezin"
kind = "arrangement"
holder = "household"
partial_month = "days"
prices = [
    { profile = "3", intensity = "licht", product = "44A09", price_eur = "780.00" },
    { profile = "3", intensity = "zwaar", product = "02A16" },
]
covers = ["45A04"]
funding_sources = [
    { law = "Wmo", percent = "40", task_field = "6.712" }, { law = "Jeugdwet", percent = "60", task_field = "6.751" },
]
"""


def take(books: Books, kind: FactKind[Any], header: str, *rows: str) -> None:
    with books.transaction() as connection:
        path = books.table(header, rows)
        import_facts(connection, kind, path, path.parent / "config", WHO)


def determine(books: Books, amount: str) -> None:
    header = "contract;onderdeel;jaar;besluitdatum;bedrag;referentie"
    take(books, DETERMINATIONS, header, f"A;inloop;2025;2026-03-01;{amount};B1")


def assign(books: Books, number: str, client: str, product: str, start: str, until: str = "") -> None:
    header = "gemeente;toewijzing;aanbieder;product;cliënt;vanaf;tot"
    take(books, ASSIGNMENTS, header, f"GM0502;{number};{TEAM};{product};{client};{start};{until}")


def test_a_determination_is_said_in_the_next_run_and_passed_on(books: Books, tmp_path: Path) -> None:
    books.open(document(LUMP_SUM, MEMBERS, GUARANTEE, start="2025-01-01", until="2026-01-01"))
    runs = [books.month(period) for period in ("2025-02", "2025-08", "2025-12")]
    assert [said(run, "A") for run in runs] == [
        {("2025-02", "instalment"): "57000.00"},
        {("2025-08", "instalment"): "38000.00"},
        {("2025-12", f"shortfall {TEAM} jeugd ggz"): "4000.01"},
    ]
    determine(books, "97000,00")
    last = books.month("2026-03")
    # 97,000.00 - 95,000.00; and the guarantee counts what was spent by then: 99,000.01 - 97,000.00 - 4,000.01.
    assert said(last, "A") == {
        ("2025-12", "determination"): "2000.00",
        ("2025-12", f"shortfall {TEAM} jeugd ggz"): "-2000.00",
    }
    amounts = to_date([*runs, last])
    passed_on = {key[4]: Eur.zero() for key in amounts if key[1] == "leden"}
    for key, amount in amounts.items():
        if key[1] == "leden":
            assert key[5] == Treatment.PASSED_ON
            passed_on[key[4]] += amount
    # 97,000.00 x 33.34% and the rest.
    assert {label: str(amount) for label, amount in passed_on.items()} == {
        f"passed_on {TEAM}": "32339.80",
        f"passed_on {CARE}": "64660.20",
    }
    payable = total(amount for key, amount in amounts.items() if key[5] == Treatment.PAYABLE)
    assert payable == total(contract.total for run in (*runs, last) for contract in run.contracts)
    assert payable == Eur("99000.01")
    with books.transaction() as connection:
        export_statements(connection, last.id, tmp_path)
    [statement] = tmp_path.rglob("*.xlsx")
    cells = [cell for row in load_workbook(statement)["Berekening"].iter_rows(values_only=True) for cell in row]
    assert "vaststelling 2025: 97.000,00 − 95.000,00 betaald" in cells
    assert any(str(cell).startswith(f"leden, doorgegeven aan {CARE}") for cell in cells)


def test_a_subsidy_determined_above_its_grant_parks_the_contract_until_it_is_mended(books: Books) -> None:
    books.open(document(LUMP_SUM, start="2025-01-01", until="2026-01-01"))
    books.month("2025-12")
    determine(books, "100000,01")
    [parked] = books.settle("2026-03").contracts
    assert parked.parked
    assert [finding.code for finding in parked.findings] == ["F04"]
    determine(books, "100000,00")
    assert said(books.month("2026-03"), "A") == {("2025-12", "determination"): "5000.00"}


def test_arrangements_follow_the_assignments_and_households_that_are_known(books: Books) -> None:
    books.open(document(ARRANGEMENT, start="2026-01-01"))
    books.prices("02A16;2026-01-01;;1250,00", "45A04;2026-01-01;;60,00", "44A09;2026-01-01;;212,35")
    assign(books, "T1", "moeder", "02A16", "2026-01-12")
    [parked] = books.settle("2026-01").contracts
    assert (parked.parked, [finding.code for finding in parked.findings]) == (True, ["F11"])
    rows = [f"GM0502;h1;{client};2026-01-01" for client in ("moeder", "kind")]
    take(books, HOUSEHOLDS, "gemeente;huishouden;cliënt;vanaf", *rows)
    books.deliver(delivery("r1", "45A04", "2026-01-13", 95, client="kind", provider=TEAM))
    january = books.month("2026-01")
    # 1,250.00 x 20 / 31 = 806.45, of which 40% is 322.58.
    assert said(january, "A") == {("2026-01", "plan 02A16 Wmo"): "322.58", ("2026-01", "plan 02A16 Jeugdwet"): "483.87"}
    shadow = {key[4]: str(amount) for key, amount in to_date([january]).items() if key[5] == Treatment.SHADOW}
    assert shadow == {"45A04": "95.00"}
    # A child of the same household is assigned a plan too: it is told, and not paid.
    assign(books, "T2", "kind", "44A09", "2026-02-01")
    february = books.month("2026-02")
    [settled] = february.contracts
    assert (settled.parked, [finding.code for finding in settled.findings]) == (False, ["F10"])
    assert said(february, "A") == {
        ("2026-02", "plan 02A16 Wmo"): "500.00",
        ("2026-02", "plan 02A16 Jeugdwet"): "750.00",
    }
    # The first turns out to have ended on 31 January: what was paid is taken back, and the other is paid.
    assign(books, "T1", "moeder", "02A16", "2026-01-12", "2026-02-01")
    march = books.month("2026-03")
    assert said(march, "A") == {
        ("2026-02", "plan 02A16 Wmo"): "-500.00",
        ("2026-02", "plan 02A16 Jeugdwet"): "-750.00",
        ("2026-02", "plan 44A09 Wmo"): "312.00",
        ("2026-02", "plan 44A09 Jeugdwet"): "468.00",
        ("2026-03", "plan 44A09 Wmo"): "312.00",
        ("2026-03", "plan 44A09 Jeugdwet"): "468.00",
    }
    fields = {line.line.task_field for contract in march.contracts for line in contract.lines}
    assert fields == {"6.712", "6.751"}
