"""What `settle list` and `settle show` say on a terminal of 80 columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console
from rich.table import Table

import cli
from database.terminal import fit, print_amounts, tell_findings
from kernel.findings import Finding, Severity
from settlement.commands import run_json
from tests.settlement.books import CARE, OTHER, Books, delivery, effort_contract

LONG = "JH-Verblijf-2026"
LONGEST = "JH-Verblijf-Rijnmond-2026-2027-perceel-3"
PRICE = "45A04;2026-01-01;;60,00"


def told(books: Books, tmp_path: Path, *arguments: str) -> list[str]:
    url = books.engine.url.render_as_string(hide_password=False)
    home = {"BEKOSTIGING_DATABASE_URL": url, "BEKOSTIGING_HOME": str(tmp_path), "BEKOSTIGING_USER": "tester"}
    result = CliRunner().invoke(cli.main, list(arguments), env=home)
    assert result.exit_code in (0, 3), result.output
    return [line.rstrip() for line in result.stdout.replace(str(tmp_path), "MAP").splitlines()]


def cells(lines: list[str], first: str) -> list[str]:
    """The words of the only line that begins with that word, which fits a terminal."""
    assert max(map(len, lines)) <= 80
    [line] = [line for line in lines if line.split()[:1] == [first]]
    return line.split()


@pytest.fixture
def region(books: Books) -> Books:
    """Contract LONG over two municipalities with an advance, and contract P that has no price."""
    books.open(
        effort_contract(LONG, products=["45A04"], municipalities=["GM0502", "GM0597"]),
        effort_contract("P", provider=OTHER, products=["44A09"], price_list="geen"),
    )
    books.prices(PRICE)
    books.advance("20.00", contract=LONG)
    return books


def test_the_list_shows_what_is_paid_and_how_many_are_parked(region: Books, tmp_path: Path) -> None:
    region.deliver(delivery("r1", "45A04", "2026-01-05", 95))
    region.settle("2026-01", LONG)
    shown = told(region, tmp_path, "settle", "list")
    assert cells(shown, "Run")[-4:] == ["Sinds", "Door", "Te", "betalen"]
    assert cells(shown, "1")[-1] == "75,00"
    region.deliver(delivery("p1", "44A09", "2026-01-05", 1, provider=OTHER))
    region.settle("2026-01")
    region.settle("2026-01", "P")
    shown = told(region, tmp_path, "settle", "list")
    assert cells(shown, "Run")[-4:] == ["Door", "Geparkeerd", "Te", "betalen"]
    assert cells(shown, "1")[-2:] == ["tester", "75,00"]
    assert cells(shown, "2")[-2:] == ["1", "75,00"]
    assert cells(shown, "3")[-2:] == ["1", "geparkeerd"]


def test_a_total_says_that_what_is_parked_is_not_in_it(region: Books, tmp_path: Path) -> None:
    region.deliver(delivery("r1", "45A04", "2026-01-05", 95))
    region.settle("2026-01")
    assert cells(told(region, tmp_path, "settle", "show", "1"), "Totaal")[:2] == ["Totaal", "(€)"]
    region.deliver(delivery("p1", "44A09", "2026-01-05", 1, provider=OTHER))
    region.settle("2026-01")
    shown = told(region, tmp_path, "settle", "show", "2")
    assert cells(shown, "P") == ["P", "geparkeerd"]
    assert cells(shown, "Totaal")[:4] == ["Totaal", "zonder", "geparkeerde", "(€)"]
    assert cells(shown, "Totaal")[-1] == "75,00"
    assert shown[shown.index("  P01") + 1].startswith("    product 44A09")


def test_a_correction_names_its_municipality_where_there_are_several(region: Books, tmp_path: Path) -> None:
    region.month("2026-01")
    region.deliver(
        delivery("r1", "45A04", "2026-01-05", 60), delivery("r2", "45A04", "2026-01-06", 30, municipality="GM0597")
    )
    shown = told(region, tmp_path, "settle", "run", "--period", "2026-02")
    corrections = [line.split() for line in shown if "2026-01" in line and line.split()[0].isdigit()]
    assert corrections == [
        ["1", "2026-01", "GM0502", "45A04", "60,00"],
        ["2", "2026-01", "GM0597", "45A04", "30,00"],
    ]
    assert f"Van contract {LONG}" in shown
    assert "       nalevering r1" in shown


def test_months_that_no_run_settled_are_told_apart_from_corrections(books: Books, tmp_path: Path) -> None:
    books.open(effort_contract(products=["45A04"], start="2026-01-01")).prices(PRICE)
    books.deliver(*(delivery(f"r{month}", "45A04", f"2026-0{month}-05", 60) for month in (1, 2, 3, 4)))
    books.month("2026-01")
    books.deliver(delivery("late", "45A04", "2026-01-06", 30))
    shown = told(books, tmp_path, "settle", "run", "--period", "2026-04")
    assert "Let op, maanden zonder afrekening: 2026-02 t/m 2026-03; nu meegenomen." in shown
    assert cells(shown, "Contract")[:6] == ["Contract", "Deze", "maand", "Eerste", "keer", "Correcties"]
    assert cells(shown, "B") == ["B", "60,00", "120,00", "30,00", "210,00"]
    books.discard(books.settle("2026-04"))
    assert not [line for line in told(books, tmp_path, "settle", "show", "1") if "zonder afrekening" in line]


def test_an_equal_reason_of_several_months_is_said_once_under_its_lines(books: Books, tmp_path: Path) -> None:
    books.open(effort_contract(LONGEST, products=["45A04"], start="2026-01-01")).prices(PRICE)
    books.deliver(*(delivery(f"r{month}", "45A04", f"2026-0{month}-05", 60) for month in (1, 2, 3, 4)))
    shown = told(books, tmp_path, "settle", "run", "--period", "2026-04")
    start = shown.index(f"Van contract {LONGEST}")
    assert [line.split() for line in shown[start + 1 : start + 5]] == [
        ["1", "2026-01", "45A04", "60,00"],
        ["2", "2026-02", "45A04", "60,00"],
        ["3", "2026-03", "45A04", "60,00"],
        ["deze", "3:", "niet", "eerder", "afgerekend"],
    ]
    assert sum(LONGEST in line for line in shown) == 2
    listed = told(books, tmp_path, "explain", "1")
    assert f"Contract {LONGEST}" in listed
    assert ["4", "GM0502", "2026-04", "45A04", "deze", "maand", "60,00"] in [line.split() for line in listed]


@pytest.mark.parametrize("amounts", [2, 5, 6])
def test_neither_a_contract_nor_an_amount_is_broken(amounts: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Two amounts beside a long name, five below it, and six each on a line of their own."""
    name, amount = "JH-2026-Rijnmond-Hoog-Specialist", "-12.345.678,90"
    columns = [f"Kolom {letter}" for letter in "ABCDEF"[:amounts]]
    print_amounts("Contract", columns, [(name, [amount] * amounts), ("Totaal (€)", [amount] * amounts)])
    shown = capsys.readouterr().out.splitlines()
    assert max(map(len, shown)) <= 80
    assert sum(name in line for line in shown) == 1
    assert sum(line.count(amount) for line in shown) == 2 * amounts
    assert all(any(column in line for line in shown) for column in columns)


def test_a_finding_does_not_break_the_number_of_a_contract(capsys: pytest.CaptureFixture[str]) -> None:
    message = f"over deze maand is nog niets bekend van contract {LONGEST} en dus ook niet wat er betaald wordt"
    tell_findings([Finding("P01", Severity.ERROR, "januari", message, "lees het in")], most=1)
    shown = capsys.readouterr().out.splitlines()
    assert max(map(len, shown)) <= 80
    assert [line for line in shown if LONGEST in line]


def test_a_contract_that_ended_and_has_nothing_to_say_is_left_out(books: Books, tmp_path: Path) -> None:
    """Unless its provider has no other statement to read that a row waits."""
    old = effort_contract("OUD", products=["44A09"], start="2025-01-01", until="2026-01-01")
    books.open(effort_contract("B", products=["45A04"], start="2026-01-01"), old)
    books.contracts(old.replace('"OUD"', '"VAN-C"').replace(CARE, OTHER))
    books.prices(PRICE, "44A09;2025-01-01;;212,35")
    books.deliver(delivery("o1", "44A09", "2025-12-05", 1), delivery("c1", "44A09", "2025-12-05", 1, provider=OTHER))
    books.month("2025-12")
    books.deliver(delivery("r1", "45A04", "2026-01-05", 60))
    run = books.month("2026-01")
    assert [settled.contract.number for settled in run.told] == ["B"]
    shown = told(books, tmp_path, "settle", "show", str(run.id))
    assert not [line for line in shown if line.startswith(("OUD", "VAN-C"))]
    assert "Niet getoond: 2 contracten afgelopen, en er is niets over te zeggen." in shown
    said = told(books, tmp_path, "statement", "export", str(run.id), "--out", str(tmp_path / "een"))
    assert said == [
        "1 afrekening geschreven in MAP/een",
        "2 contracten afgelopen, en er is niets over te zeggen: geen afrekening.",
    ]
    books.deliver(delivery("c2", "44A09", "2025-12-05", 1, provider=OTHER, credits="weg"))
    run = books.month("2026-02")
    told(books, tmp_path, "statement", "export", str(run.id), "--out", str(tmp_path / "twee"))
    assert sorted(path.name.split(" ")[1] for path in (tmp_path / "twee").iterdir()) == ["B", "VAN-C"]


def test_what_is_above_a_ceiling_is_told_apart_from_what_is_paid(books: Books, tmp_path: Path) -> None:
    ceiling = '[[component]]\nkey = "plafond"\nkind = "ceiling"\nclause = "artikel 6"\namount_eur = "100.00"\n'
    other = effort_contract("C", provider=OTHER, products=["45A04"], start="2026-01-01")
    books.open(effort_contract(products=["45A04"], start="2026-01-01") + ceiling, other).prices(PRICE)
    books.deliver(delivery("r1", "45A04", "2026-01-05", 180), delivery("r2", "45A04", "2026-01-05", 60, provider=OTHER))
    shown = told(books, tmp_path, "settle", "run", "--period", "2026-01")
    title = shown.index("Ter informatie (€); dit staat niet in wat te betalen is")
    assert cells(shown[:title], "B")[-1] == "100,00"
    assert cells(shown[title:], "Contract") == ["Contract", "Niet", "gefinancierd"]
    assert cells(shown[title:], "B") == ["B", "80,00"]
    assert not [line for line in shown[title:] if line.startswith("C ")]
    books.discard(books.settle("2026-02", "C"))
    assert not [line for line in told(books, tmp_path, "settle", "show", "2") if "Ter informatie" in line]


def test_months_are_told_with_their_contract_when_others_were_settled(books: Books, tmp_path: Path) -> None:
    books.open(
        effort_contract(products=["45A04"], start="2026-01-01"),
        effort_contract("C", provider=OTHER, products=["45A04"], start="2026-01-01"),
    ).prices(PRICE)
    books.month("2026-01", "B")
    shown = told(books, tmp_path, "settle", "run", "--period", "2026-02")
    assert "Let op, maanden zonder afrekening: 2026-01 (C); nu meegenomen." in shown


def test_of_one_municipality_it_is_not_said(books: Books, tmp_path: Path) -> None:
    books.open(effort_contract(products=["45A04"])).prices(PRICE)
    books.month("2026-01")
    books.deliver(delivery("r1", "45A04", "2026-01-05", 60))
    shown = told(books, tmp_path, "settle", "run", "--period", "2026-02")
    assert not [line for line in shown if "Gemeente" in line or "GM0502" in line]
    assert cells(shown, "1")[:5] == ["1", "2026-01", "45A04", "60,00"]


def test_a_finding_comes_with_its_code(region: Books) -> None:
    region.deliver(
        delivery("p1", "44A09", "2026-01-05", 1, provider=OTHER),
        delivery("o1", "02A16", "2026-01-05", 9),
    )
    said = run_json(region.settle("2026-01"))
    [parked] = [contract for contract in said["contracts"] if contract["parked"]]
    assert [finding.code for finding in (*parked["findings"], *said["findings"])] == ["P01", "P05"]


def test_one_statement_is_one(region: Books, tmp_path: Path) -> None:
    region.deliver(delivery("r1", "45A04", "2026-01-05", 95))
    run = region.month("2026-01", LONG)
    said = told(region, tmp_path, "statement", "export", str(run.id), "--out", str(tmp_path))
    assert said == ["1 afrekening geschreven in MAP"]


# --- tables -----------------------------------------------------------------------------------------------------------


def printed(table: Table) -> list[str]:
    console = Console(width=80, markup=False, emoji=False, highlight=False)
    with console.capture() as capture:
        console.print(fit(table))
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize("name", [LONG, "leveringen_41000002_2026-01.csv"])
def test_a_name_stays_whole_while_another_column_can_give_way(name: str) -> None:
    table = Table()
    for header in ("Contract", "Waarom", "Bron"):
        table.add_column(header, overflow="fold")
    table.add_column("Bedrag", no_wrap=True)
    table.add_row(name, "nalevering van 12 regels en nog iets", "prijslijst standaard, versie 12", "1.234.567,00")
    shown = printed(table)
    assert max(map(len, shown)) <= 80
    assert any(name in line for line in shown)
    assert any("1.234.567,00" in line for line in shown)
    words = {word for line in shown for word in line.split()}
    assert {"nalevering", "prijslijst", "standaard,"} <= words


def test_what_fits_is_left_as_it_is() -> None:
    table = Table(box=None)
    table.add_column("Contract", overflow="fold")
    table.add_row("naam met spaties [red] :smile:")
    assert printed(table)[1] == " naam met spaties [red] :smile:"


def test_a_word_longer_than_a_terminal_is_broken_and_nothing_is_lost() -> None:
    table = Table(box=None, padding=0)
    table.add_column("Contract", overflow="fold")
    table.add_column("Bedrag", no_wrap=True)
    table.add_row("x" * 100, "1,00")
    shown = printed(table)
    assert max(map(len, shown)) <= 80
    assert sum(line.count("x") for line in shown) == 100
    assert any(line.endswith("1,00") for line in shown)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("1", "1", "--reference", "r1"), "noem een REGEL of een --reference, niet allebei"),
        (("1", "--provider", "41000001"), "--provider hoort bij --reference"),
    ],
)
def test_what_cannot_be_asked_together_is_refused(arguments: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(cli.main, ["explain", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
