"""A draft that does not say all that is known of its contracts is approved knowingly, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.findings import Refusal
from kernel.periods import Month
from settlement import runs
from tests.settlement.books import OTHER, PRICES, PRODUCTS, Books, delivery, effort_contract, population_contract

OTHER_CONTRACT = effort_contract("C", provider=OTHER)
BY_BUDGET, BY_VOLUME = ("A",), ("B",)


@pytest.fixture
def january(books: Books) -> Books:
    """A is paid a budget and counts what is delivered of 45A04; B and C are paid by volume."""
    books.open(
        population_contract(),
        effort_contract(products=("44A09", "02A16")),
        OTHER_CONTRACT,
    )
    books.prices(*PRICES)
    books.count(10000)
    books.deliver(delivery("r1", "44A09", "2026-01-20", 3, end="2026-01-22"))
    return books


def since(books: Books, run: int, period: str = "2026-01") -> list[str]:
    with books.transaction() as connection:
        return [
            one.what.split(":")[0].split(" (")[0]
            for one in runs.recorded_since_draft(connection, run, Month.parse(period))
        ]


@pytest.mark.parametrize(
    ("recorded", "numbers", "what"),
    [
        (lambda books: books.deliver(delivery("r2", "44A09", "2026-01-21", 1)), BY_VOLUME, ["leveringen"]),
        (lambda books: books.deliver(delivery("r2", "44A09", "2026-02-01", 1)), BY_VOLUME, []),
        (lambda books: books.deliver(delivery("r2", "44A09", "2026-01-21", 1, provider=OTHER)), BY_VOLUME, []),
        (lambda books: books.deliver(delivery("r2", "44A09", "2026-01-21", 1)), BY_BUDGET, []),
        (lambda books: books.contracts(effort_contract(products=("44A09",))), BY_VOLUME, ["contracten"]),
        (lambda books: books.contracts(effort_contract(products=("44A09",))), BY_BUDGET, []),
        (lambda books: books.prices(*PRICES[:3]), BY_VOLUME, ["prijslijst standaard, versie 2"]),
        (lambda books: books.prices(*PRICES, price_list="ander"), BY_VOLUME, []),
        (lambda books: books.advance("20,00"), BY_VOLUME, ["voorschotten"]),
        (lambda books: books.advance("20,00", contract="C"), BY_VOLUME, []),
        (lambda books: books.count(10100), BY_BUDGET, ["tellingen"]),
        (lambda books: books.count(10100, area="GM0597"), BY_BUDGET, []),
        (lambda books: books.count(10100), BY_VOLUME, []),
        (lambda books: books.products(PRODUCTS[1].replace("Logeren", "Slapen")), BY_VOLUME, ["producten"]),
    ],
)
def test_what_a_draft_does_not_know_is_told_where_it_touches_its_contracts(
    january: Books, recorded: Callable[[Books], object], numbers: tuple[str, ...], what: list[str]
) -> None:
    run = january.settle("2026-01", *numbers)
    assert since(january, run.id) == []
    recorded(january)
    assert since(january, run.id) == what
    if what:
        with pytest.raises(Refusal, match=f"run {run.id} is verouderd: .*vastlegging {run.cutoff + 1}: {what[0]}"):
            january.approve(run)
        assert january.read(run).state == "draft"
        with january.transaction() as connection:
            runs.approve(connection, run.id, "tester", as_is=True)
    else:
        january.approve(run)
    assert january.read(run).state == "approved"


def test_a_second_draft_names_the_first(january: Books) -> None:
    both, only = january.settle("2026-01"), january.settle("2026-01", "C")
    elsewhere, later = january.settle("2026-01", "B"), january.settle("2026-02", "C")

    def drafts(run: int) -> list[int]:
        with january.transaction() as connection:
            return runs.other_drafts(connection, run)

    assert [drafts(run.id) for run in (both, only, elsewhere, later)] == [[2, 3], [1], [1], []]
    january.discard(both)
    assert drafts(only.id) == []
