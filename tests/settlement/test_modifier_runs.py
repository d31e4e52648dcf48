"""Modifiers over the months of a year: late rows, credits and figures that come after it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from importers.facts.importing import import_facts
from importers.facts.outcomes import OUTCOMES
from kernel.money import Eur, total
from settlement.entitlement import Treatment
from settlement.reading import Run
from settlement.statements.export import export_statements
from tests.settlement.books import (
    CARE,
    PRICES,
    TEAM,
    WHO,
    Books,
    delivery,
    effort_contract,
    population_contract,
    said,
    to_date,
)

CEILING = """
[[component]]
key = "plafond"
kind = "ceiling"
clause = "artikel 6"
amount_eur = "100.05"
soft_band_percent = "20"
soft_band_rate = "0.35"
warning_percents = ["90"]
"""
ROWS = {
    "2026-01": [delivery("r1", "45A04", "2026-01-05", 61)],
    "2026-02": [delivery("r2", "45A04", "2026-02-05", 53), delivery("late", "45A04", "2026-01-09", 7)],
    "2026-03": [delivery("back", "45A04", "2026-01-05", 61, credits="r1")],
    "2026-04": [delivery("r3", "45A04", "2026-04-05", 47)],
}


def month_by_month(books: Books, months: Sequence[str]) -> list[Run]:
    done = []
    for month in months:
        books.deliver(*ROWS[month])
        done.append(books.month(month))
    return done


def export(books: Books, done: Sequence[Run], folder: Path) -> None:
    """The statement of every run; a statement that does not add up is not made."""
    with books.transaction() as connection:
        for run in done:
            assert len(export_statements(connection, run.id, folder).paths) == 1


def test_months_with_late_rows_and_credits_add_up_to_the_year_and_stay_under_the_ceiling(
    books: Books, tmp_path: Path
) -> None:
    books.open(effort_contract() + CEILING)
    books.prices(*PRICES)
    done = month_by_month(books, list(ROWS))
    for number in range(1, len(done) + 1):
        paid = total(amount for key, amount in to_date(done[:number]).items() if key[-1] == Treatment.PAYABLE)
        assert paid <= Eur("107.06")  # 100.05 and 35% of 20% of it, 7.0035
    # January 61.00, then with the late row 68.00; February 53.00: of 121.00 are 20.95 above, 20.01 of it for 35%.
    assert [said(run) for run in done] == [
        {("2026-01", "45A04"): "61.00"},
        {("2026-01", "45A04"): "7.00", ("2026-02", "45A04"): "53.00", ("2026-02", "ceiling"): "-13.95"},
        {("2026-01", "45A04"): "-61.00", ("2026-02", "ceiling"): "13.95"},
        {("2026-04", "45A04"): "47.00", ("2026-04", "ceiling"): "-4.52"},  # 107.00: 6.95 x 35% is 2.4325
    ]
    [(_, contract)] = [(run, contract) for run in done[1:2] for contract in run.contracts]
    assert [finding.message for finding in contract.findings] == [
        "90% van het plafond is bereikt sinds 2026-02: 121,00 van 100,05"
    ]
    export(books, done, tmp_path)
    paid_monthly = to_date(done)
    books.forget()
    books.open(effort_contract() + CEILING)
    books.prices(*PRICES)
    books.deliver(*itertools.chain.from_iterable(ROWS.values()))
    assert to_date([books.month("2026-04")]) == paid_monthly


RISK = """
[[component]]
key = "risico"
kind = "risk_sharing"
clause = "artikel 8"
task_field = "6.751"
budget = { eur = "200.00" }
cost = { of = ["zorg"] }
cost_borne_by = "payer"
saving = { minimum_rate = "0.02", steps = [{ share = "0.50" }] }

[[component]]
key = "bonus"
kind = "outcome"
clause = "artikel 9"
task_field = "6.751"
budget = { of = ["zorg"] }
at_stake_percent = "10"
indicators = [{ name = "tevredenheid", weight = "1" }]
"""


def test_a_figure_that_comes_after_the_year_is_settled_under_it(books: Books, tmp_path: Path) -> None:
    books.open(effort_contract(start="2026-01-01") + RISK)
    books.prices(*PRICES)
    books.deliver(delivery("r1", "45A04", "2026-05-05", 120))
    books.deliver(delivery("r2", "45A04", "2026-10-05", 60))
    assert said(books.month("2026-05")) == {("2026-05", "45A04"): "120.00"}
    december = books.month("2026-12")
    assert said(december) == {("2026-10", "45A04"): "60.00", ("2026-12", "risk_sharing"): "10.00"}
    [contract] = december.contracts
    assert [(finding.code, contract.parked) for finding in contract.findings] == [("F07", False)]
    with books.transaction() as connection:
        header = "contract;indicator;vanaf;tot en met;status;score"
        path = books.table(header, ["B;tevredenheid;2026-01-01;2026-12-31;definitief;0,5"])
        import_facts(connection, OUTCOMES, path, path.parent, WHO)
    books.deliver(delivery("r3", "45A04", "2026-09-05", 12))
    january = books.month("2027-01")
    assert said(january) == {  # cost 192.00: half of 8.00; 10% of 192.00 x 0.5
        ("2026-09", "45A04"): "12.00", ("2026-12", "risk_sharing"): "-6.00", ("2026-12", "outcome"): "9.60",
    }  # fmt: skip
    [contract] = january.contracts
    assert (contract.findings, [str(line.line.timing) for line in contract.lines]) == ([], ["prior_year"] * 3)
    export(books, [december, january], tmp_path)


CORRIDOR = """
[[component]]
key = "bandbreedte"
kind = "risk_sharing"
clause = "artikel 8"
task_field = "6.23"
budget = { of = ["wijkteam"] }
cost = { of = ["wijkteam"] }
both = { bands = [{ up_to_percent = "5", share = "0" }, { share = "0.50" }] }
"""


MEMBERS = f"""
[[component]]
key = "leden"
kind = "consortium"
clause = "artikel 9"
by = "delivery"
members = [{{ provider = "{TEAM}", products = ["45A04"] }}, {{ provider = "{CARE}", products = ["44A09"] }}]
"""


@pytest.mark.parametrize(("document", "parked"), [(CORRIDOR, True), (MEMBERS, True), ("", False)])
def test_a_delivery_without_a_price_is_missing_from_a_cost_that_is_shared(
    books: Books, document: str, parked: bool
) -> None:
    """Else the cost would be too low, and the provider would pay back what it did not save.

    Also where members share by what each delivered.
    """
    books.open(population_contract(covers=("45A04", "44A09")) + document)
    books.count(10007)
    books.deliver(delivery("r1", "45A04", "2026-01-05", 60, provider=TEAM))
    [contract] = books.settle("2026-01").contracts
    assert (contract.findings[0].code, contract.parked) == ("P01", parked)
