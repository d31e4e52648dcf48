"""Runs of contracts that settle on volumes over a year, on single clients, or on trajectories.

What is said by month, with late data in between, adds up to one run at the end.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from importers.facts.assignments import ASSIGNMENTS
from importers.facts.importing import import_facts
from importers.facts.kind import FactKind
from importers.facts.trajectories import TRAJECTORIES
from settlement.explain import read_explained
from settlement.reading import Run
from settlement.statements.export import export_statements
from tests.settlement.books import WHO, Books, delivery, effort_contract, said, to_date

ASSIGNMENT = "gemeente;toewijzing;aanbieder;product;cliënt;vanaf;tot en met;omvang;per"
TRAJECTORY = "gemeente;traject;aanbieder;product;cliënt;vanaf;tot en met;gedaan;resultaat"
PRICES = ("45A04;2026-01-01;;60,00", "44A09;2026-01-01;;8000,00", "02A16;2026-01-01;;58,40")
RULES = """
[[component]]
key = "traject"
kind = "output"
clause = "artikel 6"
[component.trajectories]
products = ["44A09"]
instalments = [{ on = "start", percent = "70" }, { on = "end", percent = "30" }]
early_stop = "pro_rata"
"""
BANDS = 'bands = [{ up_to = "100", price_eur = "60.00" }, { price_eur = "50.00" }]\n'


def contract(rules: str) -> str:
    return effort_contract(products=["45A04"]) + rules + RULES


def take(books: Books, kind: FactKind[object], header: str, *rows: str) -> None:
    with books.transaction() as connection:
        path = books.table(header, rows)
        import_facts(connection, kind, path, Path(books.folder) / "config", WHO)  # type: ignore[arg-type]


def treated(run: Run) -> dict[tuple[str, str], str]:
    """The amounts of all lines, also of what is not paid, by month and label."""
    [settled] = run.contracts
    assert (settled.parked, settled.findings) == (False, [])
    return {(str(one.line.key.month), one.line.key.label): str(one.line.amount) for one in settled.lines}


@pytest.fixture
def books_of(books: Books) -> Books:
    books.open()
    books.prices(*PRICES)
    return books


def test_bands_over_the_year_are_said_by_month_and_late_hours_move_them(books_of: Books) -> None:
    books = books_of
    books.contracts(contract(BANDS))
    books.deliver(delivery("r1", "45A04", "2026-01-05", 80 * 60))
    january = books.month("2026-01")
    assert said(january) == {("2026-01", "bands"): "4800.00"}
    books.deliver(delivery("r2", "45A04", "2026-02-05", 40 * 60))
    february = books.month("2026-02")
    assert said(february) == {("2026-02", "bands"): "2200.00"}  # 20 x 60 + 20 x 50
    books.deliver(delivery("r3", "45A04", "2026-01-06", 10 * 60))
    march = books.month("2026-03")
    assert said(march) == {("2026-01", "bands"): "600.00", ("2026-02", "bands"): "-100.00"}
    assert said(books.settle("2026-03")) == {}
    total = to_date([january, february, march])
    assert total[("B", "zorg", "GM0502", "2026-02", "bands", "payable")].amount == 2100


def test_a_supplement_stays_when_bands_were_agreed_and_taken_back(books_of: Books) -> None:
    """Of the bands a shadow line of nil is left beside what is paid again; a supplement is on what is paid."""
    books = books_of
    supplement = 'adjustments = [{ label = "avond", percent = "3.5" }]\n'
    books.contracts(contract(supplement))
    books.deliver(delivery("r1", "45A04", "2026-01-05", 10 * 60))
    assert said(books.month("2026-01")) == {("2026-01", "45A04"): "600.00", ("2026-01", "supplement avond"): "21.00"}
    books.contracts(contract(BANDS))
    books.month("2026-02")
    books.contracts(contract(supplement))
    books.month("2026-03")
    assert said(books.settle("2026-03")) == {}


def test_what_is_above_the_assignment_is_settled_when_the_assignment_is_known(books_of: Books) -> None:
    books = books_of
    books.contracts(contract("frequency = {}\n"))
    books.deliver(delivery("r1", "45A04", "2026-01-05", 600, assignment="T1"))
    [parked] = books.settle("2026-01").contracts
    assert (parked.parked, [finding.code for finding in parked.findings]) == (True, ["F20"])
    take(books, ASSIGNMENTS, ASSIGNMENT, "GM0502;T1;41000002;45A04;c1;01-01-2026;31-12-2026;480;maand")
    january = books.month("2026-01")
    assert treated(january) == {
        ("2026-01", "45A04"): "600.00",
        ("2026-01", "frequency 45A04"): "-120.00",
        ("2026-01", "unfunded_frequency 45A04"): "120.00",
    }
    # The municipality assigns more: nothing of the deliveries changed, and January is corrected all the same.
    take(books, ASSIGNMENTS, ASSIGNMENT, "GM0502;T1;41000002;45A04;c1;01-01-2026;31-12-2026;540;maand")
    books.deliver(delivery("r2", "45A04", "2026-02-05", 60, assignment="T1"))
    assert treated(books.month("2026-02")) == {
        ("2026-01", "frequency 45A04"): "60.00",
        ("2026-01", "unfunded_frequency 45A04"): "-60.00",
        ("2026-02", "45A04"): "60.00",
    }


def test_a_maximum_of_a_client_is_settled_over_the_year(books_of: Books) -> None:
    books = books_of
    books.contracts(contract('client_bounds = [{ per = "year", maximum_eur = "1000.00" }]\n'))
    for month in (1, 2, 3):
        books.deliver(
            delivery(f"a{month}", "45A04", f"2026-{month:02d}-05", 600),
            delivery(f"b{month}", "45A04", f"2026-{month:02d}-05", 60, client="c2"),
        )
    by_month = [books.month(f"2026-{month:02d}") for month in (1, 2, 3)]
    assert said(by_month[1])[("2026-02", "maximum year")] == "-200.00"
    assert said(by_month[2])[("2026-03", "maximum year")] == "-600.00"
    books.deliver(delivery("c1", "45A04", "2026-01-05", 600, credits="a1"))
    april = books.month("2026-04")
    assert said(april) == {
        ("2026-01", "45A04"): "-600.00", ("2026-02", "maximum year"): "200.00", ("2026-03", "maximum year"): "400.00",
    }  # fmt: skip


def test_trajectories_are_paid_by_run_and_refunded_when_they_stop(books_of: Books) -> None:
    books = books_of
    books.contracts(contract(""))
    take(books, TRAJECTORIES, TRAJECTORY, "GM0502;R1;41000002;44A09;c1;10-01-2026;;;nee")
    january = books.month("2026-01")
    assert said(january) == {("2026-01", "trajectory 44A09"): "5600.00"}
    assert [one.line.task_field for one in january.contracts[0].lines] == ["6.762"]
    assert said(books.month("2026-02")) == {}
    take(books, TRAJECTORIES, TRAJECTORY, "GM0502;R1;41000002;44A09;c1;10-01-2026;15-02-2026;40;nee")
    assert said(books.month("2026-03")) == {("2026-02", "early_stop 44A09"): "-2400.00"}


def test_a_restart_counts_over_successive_contracts_and_is_told_where_it_cannot_be_looked_up(books_of: Books) -> None:
    """An end on 28-08 and a restart on 28-02, in the contract after it, are within six months."""
    books = books_of
    rules = RULES + "restart_months = 6\n"
    books.prices("44A09;2024-01-01;;8000,00")
    old = effort_contract("OUD", products=["45A04"], until="2026-01-01").partition("[[component]]")[0] + rules
    new = effort_contract("NIEUW", products=["45A04"], start="2026-01-01").partition("[[component]]")[0] + rules
    books.contracts(new)
    take(books, TRAJECTORIES, TRAJECTORY, "GM0502;R2;41000002;44A09;c1;28-02-2026;;;nee")
    first = books.settle("2026-02")
    [settled] = first.contracts
    assert said(first, "NIEUW") == {("2026-02", "trajectory 44A09"): "5600.00"}
    assert [finding.code for finding in settled.findings] == ["F12"]
    assert "de start is betaald van traject R2" in settled.findings[0].message
    books.discard(first)

    books.contracts(old)
    take(books, TRAJECTORIES, TRAJECTORY, "GM0502;R1;41000002;44A09;c1;01-04-2025;28-08-2025;;ja")
    both = books.settle("2026-02")
    paid = {contract.contract.number: said(both, contract.contract.number) for contract in both.contracts}
    assert paid["NIEUW"] == {}
    assert paid["OUD"] == {("2025-04", "trajectory 44A09"): "5600.00", ("2025-08", "trajectory 44A09"): "2400.00"}
    found = {contract.contract.number: [one.code for one in contract.findings] for contract in both.contracts}
    assert found == {"NIEUW": [], "OUD": ["F12"]}


def test_a_delivery_without_a_price_keeps_bands_from_being_settled(books_of: Books) -> None:
    """It is shadow, and yet its hours would be missing from the bands."""
    books = books_of
    books.contracts(contract(BANDS))
    books.deliver(delivery("r1", "45A04", "2025-12-05", 60))
    [parked] = books.settle("2026-01").contracts
    assert (parked.parked, [finding.code for finding in parked.findings]) == (True, ["P01"])


def test_one_run_at_the_end_says_what_the_months_say_together(books_of: Books) -> None:
    books = books_of
    books.contracts(contract('client_bounds = [{ per = "year", minimum_eur = "700.00", maximum_eur = "900.00" }]\n'))
    months = [f"2026-{month:02d}" for month in range(1, 13)]
    for number, month in enumerate(months):
        client = f"c{number % 3}"
        books.deliver(delivery(f"r{number}", "45A04", f"{month}-05", 97 * (number + 1), client=client))
    at_once = books.settle("2026-12")
    whole = to_date([at_once])
    books.discard(at_once)
    assert to_date([books.month(month) for month in months]) == whole
    assert {key[4].split()[0] for key in whole} == {"45A04", "maximum", "unfunded_maximum"}


def test_the_statement_says_what_was_paid_otherwise_and_what_was_not_paid(books_of: Books, tmp_path: Path) -> None:
    books = books_of
    books.contracts(contract('frequency = {}\nclient_bounds = [{ per = "year", maximum_eur = "1000.00" }]\n'))
    take(books, ASSIGNMENTS, ASSIGNMENT, "GM0502;T1;41000002;45A04;c1;01-01-2026;31-12-2026;1260;maand")
    take(books, TRAJECTORIES, TRAJECTORY, "GM0502;R1;41000002;44A09;c1;10-01-2026;15-01-2026;40;nee")
    books.deliver(delivery("r1", "45A04", "2026-01-05", 1320))
    run = books.settle("2026-01")
    # 1,320 minutes are 22 hours: one was not assigned, and of the other 1,260.00 the client may cost 1,000.00.
    paid = {
        "45A04": "1320.00", "frequency 45A04": "-60.00", "maximum year": "-260.00",
        "trajectory 44A09": "5600.00", "early_stop 44A09": "-2400.00",
    }  # fmt: skip
    assert said(run) == {("2026-01", label): amount for label, amount in paid.items()}
    with books.transaction() as connection:
        [path] = export_statements(connection, run.id, tmp_path).paths
        for line in run.contracts[0].lines:
            assert read_explained(connection, run.id, line.number).contract.contract.number == "B"
    workbook = load_workbook(path)
    shown = [str(cell.value) for row in workbook["Berekening"].iter_rows() for cell in row if cell.value is not None]
    numbers = [cell.value for cell in workbook["Berekening"]["A"] if isinstance(cell.value, int)]
    assert numbers == sorted(numbers)
    text = "\n".join(shown)
    notes = [str(cell.value) for cell in workbook["Toelichting"]["A"]]
    assert any(note.startswith("Wat over het jaar loopt, wordt tot en met de maand eenmaal afgerond") for note in notes)
    # What is not paid is explained once: at the line that takes it off.
    taken_off = next(one.number for one in run.contracts[0].lines if one.line.key.label == "maximum year")
    assert f"zoals bij regel {taken_off}" in shown
    assert text.count("cliënt van levering r1") == 1
    for sentence in (
        "toewijzing T1: 1.320 minuten geleverd in januari 2026, 1.260 toegestaan; 60 erboven × 60,00 / 60",
        "toegestaan: 1.260 minuten per maand × 1 = 1.260; elke maand in 01-01-2026 tot en met 31-01-2026 telt",
        "1 cliënt boven het maximum van 1.000,00 per jaar, voor 45A04",
        "cliënt van levering r1: 1.260,00 van het jaar tot en met januari 2026 − 1.000,00 − 0,00 van eerdere maanden",
        "45A04, januari 2026",
        "traject R1, bij de start op 10-01-2026: 70 % van 8.000,00",
        "traject R1 vanaf 10-01-2026, voortijdig gestopt op 15-01-2026: 3.200,00 verschuldigd − 5.600,00 eerder",
        "naar rato: 8.000,00 × 40 %",
        "niet betaald boven maximum per cliënt per jaar",
    ):
        assert sentence in text, sentence


def test_a_statement_says_that_a_ceiling_gives_back(books_of: Books, tmp_path: Path) -> None:
    books = books_of
    ceiling = '\n[[component]]\nkey = "plafond"\nkind = "ceiling"\nclause = "artikel 7"\namount_eur = "5000.00"\n'
    books.contracts(contract("") + ceiling)
    take(books, TRAJECTORIES, TRAJECTORY, "GM0502;R1;41000002;44A09;c1;10-01-2026;;;nee")
    assert said(books.month("2026-01"))[("2026-01", "ceiling")] == "-600.00"
    take(books, TRAJECTORIES, TRAJECTORY, "GM0502;R1;41000002;44A09;c1;10-01-2026;15-02-2026;40;nee")
    run = books.settle("2026-02")
    assert said(run) == {("2026-02", "early_stop 44A09"): "-2400.00", ("2026-02", "ceiling"): "600.00"}
    with books.transaction() as connection:
        [path] = export_statements(connection, run.id, tmp_path).paths
    sheet = load_workbook(path)["Berekening"]
    rows = [(row[1].value, row[2].value) for row in sheet.iter_rows()]
    of_line = rows.index(("plafond, plafond, Capelle aan den IJssel, februari 2026", 600))
    assert rows[of_line : of_line + 6] == [
        ("plafond, plafond, Capelle aan den IJssel, februari 2026", 600),
        ("minder boven het plafond dan in eerdere maanden: het verschil wordt alsnog betaald", 600),
        (
            "boven het plafond: 0,00 tot en met februari 2026 − 600,00 van eerdere maanden; onder nul: dat deel wordt "
            "alsnog betaald",
            -600,
        ),
        ("geleverd 3.200,00 − plafond 5.000,00, nooit onder nul", 0),
        ("traject, Capelle aan den IJssel, januari 2026 – februari 2026", 3200),
        ("plafond volgens het contract", 5000),
    ]
    unfunded = "plafond, niet gefinancierd, Capelle aan den IJssel, februari 2026"
    assert (f"{unfunded}, niet gefinancierd, onder nul: minder dan in eerdere maanden", -600) in rows
