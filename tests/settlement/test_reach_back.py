"""A new version of a contract says what it changes of what was posted, and is recorded knowingly."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.register import ContractsAdded, add_knowingly, versions_of
from kernel.findings import Refusal
from settlement.reach_back import reach_back
from settlement.simulation import settle_example
from tests.settlement.books import MUNICIPALITY, PRICES, Books, delivery, effort_contract

OTHER = "GM0597"
BOTH = (MUNICIPALITY, OTHER)
CEILING = """
[[component]]
key = "plafond"
kind = "ceiling"
clause = "artikel 7"
applies_to = ["zorg"]
amount_eur = "500.00"
"""


@pytest.fixture
def posted(books: Books) -> Books:
    """Ten days in each of two municipalities under a ceiling of 500,00: January is posted."""
    books.open(effort_contract(municipalities=BOTH) + CEILING)
    books.prices(*PRICES)
    books.deliver(
        delivery("a1", "44A09", "2026-01-03", 10, end="2026-01-12"),
        delivery("a2", "44A09", "2026-01-03", 10, end="2026-01-12", municipality=OTHER, client="c2"),
    )
    books.month("2026-01")
    return books


def add(books: Books, document: str, *, accept: bool = False) -> ContractsAdded:
    with books.transaction() as connection:
        path = books.file(document)
        return add_knowingly(connection, [path], "tester", settle_example, reach_back, accept_changes=accept)


def told(result: Refusal | ContractsAdded) -> list[str]:
    findings = result.findings if isinstance(result, Refusal) else result.posted_changes
    return [
        f"{finding.place.removeprefix('contract B, geboekt t/m 2026-01')}: {finding.message}" for finding in findings
    ]


LOST = [
    ", onderdeel plafond, GM0502: plafond, 2026-01: 250,00",
    ", onderdeel plafond, GM0502: niet gefinancierd, 2026-01, wordt niet betaald: -250,00",
    ", onderdeel plafond, GM0597: plafond, 2026-01: 1.873,50",
    ", onderdeel plafond, GM0597: niet gefinancierd, 2026-01, wordt niet betaald: -1.873,50",
    ", onderdeel zorg, GM0597: 44A09, 2026-01: -2.123,50",
    ": samen te betalen: 0,00",
]


def test_a_municipality_that_is_lost_is_told_also_where_the_amounts_cancel(posted: Books) -> None:
    document = effort_contract() + CEILING
    with pytest.raises(Refusal, match="de nieuwe versie verandert wat al geboekt is") as refusal:
        add(posted, document)
    assert told(refusal.value) == LOST
    with posted.transaction() as connection:
        assert versions_of(connection, "B")[1:] == []
    assert told(add(posted, document, accept=True)) == LOST


def test_a_version_that_changes_nothing_posted_is_recorded_unasked(posted: Books) -> None:
    document = effort_contract(municipalities=BOTH, until="2028-01-01") + CEILING
    assert add(posted, document).posted_changes == ()


def test_a_late_row_is_no_change_of_the_version(posted: Books) -> None:
    posted.deliver(delivery("a3", "02A16", "2026-01-20", 60, client="c3"))
    document = (effort_contract(municipalities=BOTH) + CEILING).replace("artikel 5", "artikel 6")
    assert add(posted, document).posted_changes == ()


def test_a_contract_that_is_shorter_takes_its_months_back(posted: Books) -> None:
    document = effort_contract(municipalities=BOTH, until="2026-01-01") + CEILING
    with pytest.raises(Refusal) as refusal:
        add(posted, document)
    assert told(refusal.value)[-1] == ": samen te betalen: -500,00"


def test_a_version_that_cannot_be_settled_says_so(posted: Books) -> None:
    document = effort_contract(municipalities=BOTH, price_list="leeg") + CEILING
    posted.prices("45A04;2026-01-01;;60,00", price_list="leeg")
    with pytest.raises(Refusal) as refusal:
        add(posted, document)
    assert told(refusal.value) == [": met deze versie kan het contract niet worden afgerekend"]


def test_a_contract_of_which_nothing_was_posted_is_added_unasked(posted: Books, tmp_path: Path) -> None:
    first = effort_contract("N", products=("45A04",), municipalities=(OTHER,), provider="41000003")
    assert add(posted, first).posted_changes == ()
    assert add(posted, first.replace("artikel 5", "artikel 6")).changed == ("N",)
