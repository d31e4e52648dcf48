"""What a contract manager sees in the morning: everything that asks attention, and nothing that does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

import cli
from database.recordings import TIME_ZONE
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.schedule.register import Order, add_job, database_clock
from settlement.status import Status, read_status
from settlement.status_commands import status_json
from tests.settlement.books import CARE, OTHER, TEAM, WHO, Books, delivery, effort_contract, population_contract

PRICE = "45A04;2026-01-01;;60,00"
JANUARY = delivery("r1", "45A04", "2026-01-05", 95)
FEBRUARY = delivery("r2", "45A04", "2026-02-05", 50)
Show = Callable[..., Result]


def dutch(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 8, tzinfo=TIME_ZONE)


def looked(books: Books, now: datetime, month: str | None = None) -> Status:
    with books.transaction() as connection:
        return read_status(connection, Month.parse(month) if month else None, now)


@pytest.fixture
def show(books: Books, tmp_path: Path) -> Show:
    """The command on the clock of the database, which is past the months of these tests."""

    def run(*arguments: str) -> Result:
        url = books.engine.url.render_as_string(hide_password=False)
        home = {"BEKOSTIGING_DATABASE_URL": url, "BEKOSTIGING_HOME": str(tmp_path)}
        result = CliRunner().invoke(cli.main, ["status", *arguments], env=home)
        assert max(map(len, result.output.splitlines())) <= 80 or "--json" in arguments
        return result

    return run


@pytest.fixture
def care(books: Books) -> Books:
    books.open(effort_contract(products=["45A04"])).prices(PRICE)
    return books


def states(found: Status) -> dict[str, str]:
    return {contract.number: contract.state for contract in found.contracts}


# --- the month --------------------------------------------------------------------------------------------------------


def test_a_month_that_is_done_asks_no_attention(care: Books, show: Show) -> None:
    care.deliver(JANUARY)
    care.month("2026-01")
    found = looked(care, dutch(2, 10))
    assert (found.month, states(found), found.needs_attention) == (Month(2026, 1), {"B": "posted"}, False)
    result = show("--month", "2026-01")
    assert result.exit_code == 0
    assert "Niets vraagt aandacht." in result.output


def test_the_month_is_by_itself_the_last_one_that_is_over(care: Books) -> None:
    assert looked(care, dutch(1, 31)).month == Month(2025, 12)
    assert looked(care, dutch(2, 1)).month == Month(2026, 1)
    assert looked(care, datetime(2026, 1, 31, 23, 30, tzinfo=TIME_ZONE)).month == Month(2025, 12)


def test_the_furthest_run_of_a_contract_counts(care: Books) -> None:
    care.contracts(effort_contract("C", provider=OTHER, products=["45A04"], start="2026-02-01"))
    care.deliver(JANUARY, FEBRUARY)
    assert states(looked(care, dutch(3, 2))) == {"B": "open", "C": "open"}
    care.discard(care.settle("2026-02"))
    assert states(looked(care, dutch(3, 2))) == {"B": "open", "C": "open"}
    care.month("2026-02", "B")
    care.settle("2026-02")
    assert states(looked(care, dutch(3, 2))) == {"B": "posted", "C": "draft"}
    assert states(looked(care, dutch(3, 2), "2026-01")) == {"B": "posted"}
    assert states(looked(care, dutch(4, 2))) == {"B": "open", "C": "open"}


def test_a_later_run_settles_the_month_too(care: Books) -> None:
    care.deliver(JANUARY, FEBRUARY)
    care.approve(care.settle("2026-02"))
    assert states(looked(care, dutch(2, 10))) == {"B": "approved"}


def test_before_the_planned_settlement_nothing_is_late(care: Books) -> None:
    with care.transaction() as connection:
        add_job(connection, Order("settle", 9, time(6), "previous"), WHO, dutch(1, 20))
    early, late = looked(care, dutch(2, 8)), looked(care, dutch(2, 9))
    assert [file.contract for file in early.missing] == [contract.number for contract in early.open] == ["B"]
    assert (early.is_due, early.alarms, early.needs_attention) == (False, [], False)
    assert early.settled_at is not None
    assert early.settled_at.due_on.isoformat() == "2026-02-09"
    assert (late.is_due, late.needs_attention) == (True, True)


def test_a_month_that_is_not_over_lacks_nothing_yet(care: Books) -> None:
    found = looked(care, dutch(1, 31), "2026-01")
    assert (list(found.missing), states(found), found.needs_attention) == ([], {"B": "open"}, False)


# --- parked -----------------------------------------------------------------------------------------------------------


def test_a_parked_contract_comes_with_its_code_and_remedy_until_it_is_repaired(care: Books, show: Show) -> None:
    care.contracts(effort_contract("P", provider=OTHER, products=["44A09"]))
    care.deliver(JANUARY, delivery("p1", "44A09", "2026-01-05", 1, provider=OTHER))
    care.month("2026-01")
    found = looked(care, dutch(2, 10))
    [parked] = found.parked
    assert (parked.number, parked.run, states(found)) == ("P", 1, {"B": "posted", "P": "open"})
    assert [finding.code for finding in parked.findings] == ["P01"]
    assert found.needs_attention
    result = show("--month", "2026-01")
    assert result.exit_code == 3
    shown = " ".join(result.output.split())
    assert "1 contract geparkeerd" in shown
    assert f"Geparkeerd: P, in run 1 over 2026-01 P01 {parked.findings[0]}" in shown
    care.prices(PRICE, "44A09;2026-01-01;;212,35")
    care.month("2026-01", "P")
    assert looked(care, dutch(2, 10)).parked == []


# --- what was not received --------------------------------------------------------------------------------------------


def test_who_delivered_before_and_not_now_is_missing_and_so_is_who_never_did(books: Books, show: Show) -> None:
    books.open(
        population_contract("A", covers=["02A16"]),  # a budget: what it delivers is not waited for
        effort_contract("B", products=["45A04"]),
        effort_contract("C", provider=OTHER, products=["45A04"]),
        effort_contract("D", provider=OTHER, products=["44A09"]),
        effort_contract("E", provider=OTHER, products=["02A16"], start="2026-03-01"),
    )
    books.deliver(JANUARY, delivery("c1", "45A04", "2026-01-07", 5, provider=OTHER))
    books.deliver(FEBRUARY)
    found = looked(books, dutch(3, 2))
    assert [(file.contract, file.provider, list(map(str, file.months)), file.last) for file in found.missing] == [
        ("C", OTHER, ["2026-02"], Month(2026, 1)),
        ("D", OTHER, ["2026-01", "2026-02"], None),
    ]
    shown = [line.rstrip() for line in show("--month", "2026-02").output.splitlines()]
    [first] = [line for line in shown if line.split()[:2] == ["C", OTHER]]
    [second] = [line for line in shown if line.split()[:2] == ["D", OTHER]]
    assert first.split() == ["C", OTHER, "Nog", "een", "aanbieder", "2026-02"]
    assert second.endswith("2026-01 t/m 2026-02 (nog nooit)")


def test_a_month_that_was_left_out_stays_in_sight_and_asks_attention_in_its_own_month(care: Books, show: Show) -> None:
    care.deliver(FEBRUARY, delivery("r4", "45A04", "2026-04-05", 50), delivery("r6", "45A04", "2026-06-05", 50))
    care.month("2026-06")
    found = looked(care, dutch(7, 2))
    assert [[str(month) for month in file.months] for file in found.missing] == [["2026-03", "2026-05"]]
    assert (found.missing_now, found.needs_attention) == ([], False)
    assert looked(care, dutch(6, 2)).needs_attention
    [line] = [line for line in show("--month", "2026-06").output.splitlines() if line.startswith("B ")][:1]
    assert line.split()[-2:] == ["2026-03,", "2026-05"]


def test_the_months_of_an_earlier_year_are_closed(care: Books) -> None:
    care.contracts(effort_contract("C", provider=OTHER, products=["45A04"], until="2026-03-01"))
    care.deliver(delivery("r0", "45A04", "2025-06-05", 50), delivery("c0", "45A04", "2025-06-05", 50, provider=OTHER))
    missing = {file.contract: file.months for file in looked(care, dutch(4, 2)).missing}
    assert {number: [str(month) for month in months] for number, months in missing.items()} == {
        "B": ["2026-01", "2026-02", "2026-03"],
        "C": ["2026-01", "2026-02"],
    }


def test_a_row_that_was_credited_was_received(care: Books) -> None:
    care.deliver(JANUARY)
    care.deliver(delivery("r3", "45A04", "2026-01-05", 95, credits="r1"))
    assert list(looked(care, dutch(2, 2)).missing) == []


def test_credits_that_wait_are_counted_by_provider(care: Books, show: Show) -> None:
    care.deliver(JANUARY, *(delivery(f"x{n}", "45A04", "2026-01-05", 95, credits=f"weg{n}") for n in range(3)))
    care.month("2026-01")
    found = looked(care, dutch(2, 2))
    assert [(credits.provider, credits.rows) for credits in found.credits] == [(CARE, 3)]
    assert found.needs_attention
    assert f"{CARE} Ambulant en logeren: 3" in show("--month", "2026-01").output


# --- runs and money ---------------------------------------------------------------------------------------------------


def test_runs_that_wait_are_told_with_their_age_and_what_to_do(care: Books, show: Show) -> None:
    care.deliver(JANUARY)
    first = care.settle("2026-01")
    care.approve(care.settle("2026-01"))
    with care.transaction() as connection:
        in_three_days = database_clock(connection) + timedelta(days=3, hours=1)
    found = looked(care, in_three_days, "2026-01")
    assert [(run.run, run.state, run.days, run.outdated) for run in found.runs] == [
        (first.id, "draft", 3, True),
        (first.id + 1, "approved", 3, False),
    ]
    shown = show("--month", "2026-01").output
    assert f"settle discard {first.id}" in shown
    assert f"settle post {first.id + 1}" in shown
    assert "2 runs die wachten" in shown


def test_what_was_posted_stands_against_the_budget_of_the_year(books: Books, show: Show) -> None:
    """The budget is of nine months, and grows by the recount that passes the dead band."""
    books.open(population_contract("A", start="2026-04-01"), effort_contract("B", products=["44A09"]))
    books.prices("44A09;2026-01-01;;212,35")
    assert [str(spending.budget) for spending in looked(books, dutch(5, 2)).spendings] == ["None", "None"]
    books.count(10007)
    books.deliver(delivery("r1", "44A09", "2025-12-30", 1), delivery("r2", "44A09", "2026-04-01", 3, end="2026-04-03"))
    books.month("2026-04", "A")
    books.prices("44A09;2025-01-01;;212,35")
    books.month("2026-04", "B")
    books.settle("2026-05")
    found = looked(books, dutch(5, 2))
    assert [(each.contract, each.component, str(each.budget), str(each.posted)) for each in found.spendings] == [
        ("A", "wijkteam", "900630.00", "100070.00"),
        ("B", "zorg", "None", "637.05"),
    ]
    [line] = [line for line in show("--month", "2026-04").output.splitlines() if line.startswith("A ")]
    assert line.split() == ["A", "wijkteam", "900.630,00", "100.070,00", "11,1"]
    books.count(10307, "final")
    assert str(looked(books, dutch(5, 2)).spendings[0].budget) == "918623.70"


def test_what_is_paid_beside_a_budget_has_a_row_of_its_own(books: Books, show: Show) -> None:
    base = 'amount_per_inhabitant_eur = "120.00"\ncount_date = 2026-01-01\ncarve_outs = ["44A09"]'
    books.open(population_contract("A", start="2026-04-01", base=base), population_contract("C", provider=OTHER))
    books.prices("44A09;2026-01-01;;212,35")
    books.count(10007)
    books.deliver(
        delivery("r1", "44A09", "2026-04-01", 30, end="2026-04-30", provider=TEAM),
        delivery("r2", "45A04", "2026-04-01", 60, provider=TEAM),
    )
    books.month("2026-04", "A")
    found = looked(books, dutch(5, 2)).spendings
    assert [(each.contract, str(each.budget), str(each.posted), each.outside_budget) for each in found] == [
        ("A", "900630.00", "100070.00", False),
        ("A", "None", "6370.50", True),
        ("C", "1200840.00", "0.00", False),
    ]
    with books.transaction() as connection:
        booked = connection.execute(text("SELECT sum(amount_eur) FROM journal_lines WHERE account = 'cost'"))
        assert total(each.posted for each in found) == Eur(booked.scalar_one())
    lines = show("--month", "2026-04").output.splitlines()
    start = lines.index("Geboekt over 2026")
    assert [" ".join(line.split()) for line in lines[start + 1 : start + 6]] == [
        "Contract Onderdeel Begroot (€) Geboekt (€) %",
        "A wijkteam 900.630,00 100.070,00 11,1",
        "A wijkteam buiten het budget 6.370,50",
        "C wijkteam 1.200.840,00 0,00 0,0",
        "Totaal 106.440,50",
    ]
    told = json.loads(show("--month", "2026-04", "--json").output)["spending"]
    assert [(each["budget_eur"], each["posted_eur"], each["outside_budget"]) for each in told] == [
        ("900630.00", "100070.00", False), (None, "6370.50", True), ("1200840.00", "0.00", False),
    ]  # fmt: skip


def test_a_lump_sum_and_a_ceiling_are_budgets_of_the_year(books: Books, show: Show) -> None:
    lump_sum = """
[[component]]
key = "subsidie"
kind = "lump_sum"
clause = "artikel 5"
task_field = "6.23"
amount_eur = "1200.00"
"""
    ceiling = '[[component]]\nkey = "plafond"\nkind = "ceiling"\nclause = "artikel 6"\namount_eur = "{}"\n'
    effort = effort_contract("A", products=["44A09"], start="2026-04-01") + ceiling.format("4000.00")
    of_two = effort_contract("B", products=["45A04"], start="2026-01-01", provider=OTHER)
    books.open(effort, of_two + lump_sum + ceiling.format("5000.00"))
    books.prices("44A09;2026-01-01;;212,35", "45A04;2026-01-01;;60,00")
    books.deliver(delivery("r1", "44A09", "2026-04-01", 3, end="2026-04-03"))
    books.month("2026-04")
    assert [(each.component, str(each.budget), str(each.posted)) for each in looked(books, dutch(5, 2)).spendings] == [
        ("zorg", "3000.00", "637.05"),
        ("zorg", "None", "0.00"),
        ("subsidie", "1200.00", "400.00"),
        ("plafond", "5000.00", "0.00"),
    ]
    lines = [line.split() for line in show("--month", "2026-04", "--all").output.splitlines()]
    assert ["A", "zorg", "3.000,00", "637,05", "21,2"] in lines
    assert ["B", "subsidie", "1.200,00", "400,00", "33,3"] in lines
    assert ["B", "plafond,", "samen", "5.000,00", "400,00", "8,0"] in lines


REDUCTION = """
[[component]]
key = "korting"
kind = "reduction"
clause = "artikel 8"
percent = "10"
from = "2026-01"
until = "2027-01"
"""


def ceiling(amount: str, key: str = "plafond") -> str:
    return f'[[component]]\nkey = "{key}"\nkind = "ceiling"\nclause = "artikel 6"\namount_eur = "{amount}"\n'


def test_what_is_paid_stands_against_the_ceiling_and_a_passed_ceiling_asks_attention(books: Books, show: Show) -> None:
    """1,910.40 after a reduction of ten percent, 1,000.00 after the lowest of two ceilings."""
    document = effort_contract(products=["44A09"], start="2026-01-01") + REDUCTION
    books.open(document + ceiling("1500.00", "ruim") + ceiling("1000.00"))
    books.prices("44A09;2026-01-01;;212,35")
    books.deliver(delivery("r1", "44A09", "2026-01-01", 4, end="2026-01-04"))
    books.month("2026-01")
    assert not looked(books, dutch(2, 2)).needs_attention
    books.deliver(delivery("r2", "44A09", "2026-02-01", 6, end="2026-02-06"))
    books.month("2026-02")
    found = looked(books, dutch(3, 2))
    assert [(one.component, str(one.budget), str(one.posted), str(one.paid)) for one in found.spendings] == [
        ("zorg", "1000.00", "1000.00", "1000.00")
    ]
    assert [(one.component, str(one.unfunded)) for one in found.passed] == [("ruim", "411.15"), ("plafond", "500.00")]
    assert found.needs_attention
    result = show("--month", "2026-02", "--all")
    assert result.exit_code == 3
    lines = [line.split() for line in result.output.splitlines()]
    assert ["Vraagt", "aandacht:", "2", "plafonds", "overschreden."] in lines
    assert ["B", "plafond", "500,00"] in lines
    assert ["B", "zorg", "1.000,00", "1.000,00", "100,0"] in lines
    told = json.loads(show("--month", "2026-02", "--json").output)
    assert told["passed_ceilings"][0] == {"contract": "B", "component": "ruim", "unfunded_eur": "411.15"}
    assert [(each["posted_eur"], each["paid_eur"]) for each in told["spending"]] == [("1000.00", "1000.00")]


def test_the_number_of_a_contract_stays_whole(books: Books, show: Show) -> None:
    number = "JH-Verblijf-Rijnmond-2026-2027-perceel-3"
    component = effort_contract(number, products=["44A09"]).replace('"zorg"', '"ambulant-specialistisch"')
    books.open(component + ceiling("12345678.90"))
    books.prices("44A09;2026-01-01;;999999,99")
    books.deliver(delivery("r1", "44A09", "2026-01-01", 31, end="2026-01-31"))
    books.month("2026-01")
    lines = show("--month", "2026-02", "--all").output.splitlines()
    assert [line.split() for line in lines if number in line] == [
        [number, CARE, "Ambulant", "en", "2026-02"],
        [number, "plafond", "18.654.320,79"],
        ["Contract", number],
    ]
    assert ["ambulant-specialistisch", "12.345.678,90", "12.345.678,90", "100,0"] in [line.split() for line in lines]


def test_a_ceiling_on_several_components_is_held_to_what_they_come_to_together(books: Books, show: Show) -> None:
    second = effort_contract(products=["45A04"]).partition("[[component]]")[2].replace('"zorg"', '"hulp"')
    books.open(effort_contract(products=["44A09"]) + f"[[component]]{second}" + ceiling("600.00"))
    books.prices("44A09;2026-01-01;;212,35", PRICE)
    books.deliver(delivery("s1", "44A09", "2026-01-01", 3, end="2026-01-03"), JANUARY)
    books.month("2026-01")
    found = looked(books, dutch(2, 2)).spendings
    assert [(one.component, str(one.budget), str(one.posted), str(one.paid)) for one in found] == [
        ("zorg", "None", "637.05", "637.05"),
        ("hulp", "None", "95.00", "95.00"),
        ("plafond", "600.00", "-132.05", "600.00"),
    ]
    lines = [line.split() for line in show("--month", "2026-01", "--all").output.splitlines()]
    assert ["B", "plafond,", "samen", "600,00", "600,00", "100,0"] in lines
    assert ["Totaal", "600,00"] in lines


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        ('kind = "output"\nproducts = ["45A04"]', True),
        ('kind = "output"\nperiods = { products = ["45A04"] }', True),
        ('kind = "effort"\nproducts = ["45A04"]\nbands = [{ price_eur = "60.00" }]', True),
        (
            'kind = "population"\ntask_field = "6.23"\nbudget_eur = "12.00"\ncovers = ["45A04"]\n'
            'unspent = { rule = "return" }',
            True,
        ),
        ('kind = "population"\ntask_field = "6.23"\nbudget_eur = "12.00"\ncovers = ["45A04"]', False),
        (
            'kind = "arrangement"\ntask_field = "6.23"\npartial_month = "whole"\n'
            'prices = [{ profile = "1", intensity = "a", product = "45A04" }]',
            False,
        ),
    ],
)
def test_every_kind_that_pays_by_deliveries_misses_them(books: Books, component: str, expected: bool) -> None:
    """What pays whatever is delivered misses deliveries once some came."""
    head = effort_contract(start="2026-01-01").partition("[[component]]")[0]
    books.open(f'{head}[[component]]\nkey = "zorg"\nclause = "artikel 5"\n{component}\n')
    assert [file.contract for file in looked(books, dutch(2, 2)).missing] == ["B"] * expected
    books.deliver(JANUARY)
    assert [file.months for file in looked(books, dutch(2, 2)).missing] == []
    assert [list(map(str, file.months)) for file in looked(books, dutch(3, 2)).missing] == [["2026-02"]]


def test_as_json_amounts_are_text_and_nothing_is_left_out(care: Books, show: Show) -> None:
    care.deliver(JANUARY)
    care.settle("2026-01")
    result = show("--month", "2026-01", "--json")
    told = json.loads(result.output, parse_float=lambda text: pytest.fail(f"a float: {text}"))
    assert result.exit_code == 3
    assert told["needs_attention"] is True
    assert told["contracts"] == [
        {
            "contract": "B", "provider": CARE, "provider_name": "Ambulant en logeren", "state": "draft", "run": 1
        }
    ]  # fmt: skip
    assert told["spending"][0]["posted_eur"] == "0.00"
    assert told.keys() == {*status_json(looked(care, dutch(2, 2))), "recordings", "lost_database"}


def test_many_of_a_thing_fit_a_screen(books: Books, show: Show) -> None:
    codes = [f"{number:02}X" for number in range(20)]
    products = [f"Jeugdwet;45;{code};Product;minuut;uur;regel;tweede;lokaal;6.751;2025-01-01;" for code in codes]
    books.open(*(effort_contract(f"Contract-{code}", products=[code]) for code in codes), products=products)
    result = show("--month", "2026-01")
    assert len(result.output.splitlines()) <= 23
    assert "en nog 15; alles met --all" in result.output
    assert "en nog" not in show("--month", "2026-01", "--all").output
    assert len(json.loads(show("--month", "2026-01", "--json").output)["missing_files"]) == 20


def test_without_anything_it_says_how_to_begin(books: Books, show: Show) -> None:
    result = show()
    assert result.exit_code == 0
    assert "geen contract van kracht" in result.output
    assert "De database is leeg: er is nog niets vastgelegd (server" in result.output
    assert "bekostiging schedule add" in result.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_a_shell_asks_this_program(shell: str) -> None:
    result = CliRunner().invoke(cli.main, ["completion", shell])
    assert result.exit_code == 0
    assert f"_BEKOSTIGING_COMPLETE={shell}_complete" in result.output


def test_completion_knows_the_commands() -> None:
    asked = {"_BEKOSTIGING_COMPLETE": "bash_complete", "COMP_WORDS": "bekostiging schedule r", "COMP_CWORD": "2"}
    result = CliRunner().invoke(cli.main, [], env=asked, prog_name="bekostiging")
    assert result.output.split() == ["plain,remove", "plain,run"]
