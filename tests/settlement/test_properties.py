"""What holds for every story: months add up to the year, order changes nothing, a credit restores.

Each example plays a small story in books that are emptied for it, by the use cases that the commands call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.settlement.books import (
    CARE,
    PRODUCTS,
    REGISTER,
    TEAM,
    Books,
    delivery,
    effort_contract,
    population_contract,
    to_date,
)

PERIODS = ("2026-01", "2026-02", "2026-03", "2026-04")
SETTINGS = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])  # fmt: skip
BASE = """amount_per_inhabitant_eur = "123.45"
count_date = 2026-01-01
index = [ { year = 2026, percent = "4.96" } ]
recount = { dead_band_percent = "1.2" }"""
# Another start than January and another end than December, so that no year is whole; B also covers the year before.
CONTRACTS = (
    population_contract(base=BASE, start="2026-02-01", until="2026-12-01"),
    effort_contract(start="2025-03-01", until="2026-12-01", set_off="up_to_payable"),
)


@pytest.fixture(scope="module")
def desk(shared_books: Books) -> Books:
    return shared_books.open(*CONTRACTS, products=PRODUCTS)


@dataclass(frozen=True)
class Row:
    """A delivery; `credited` is the file, later or earlier, that takes it back."""

    number: int
    file: int
    provider: str
    client: str
    product: str
    month: str
    day: int
    quantity: int
    credited: int | None = None

    def line(self, *, credit: bool = False) -> str:
        reference = f"r{self.number}"
        return delivery(
            f"{reference}C" if credit else reference, self.product, f"{self.month}-{self.day:02d}", self.quantity,
            client=self.client, provider=self.provider, credits=reference if credit else "",
        )  # fmt: skip


MONTHS = ("2025-12", *PERIODS)


@st.composite
def rows(draw: st.DrawFn, files: int, most: int = 8, months: Sequence[str] = MONTHS) -> list[Row]:
    found = []
    for number in range(draw(st.integers(1, most))):
        provider, product = draw(
            st.sampled_from([(CARE, "45A04"), (CARE, "44A09"), (CARE, "02A16"), (CARE, "02A16"), (TEAM, "45A04")])
        )
        found.append(
            Row(
                number=number,
                file=draw(st.integers(0, files - 1)),
                provider=provider,
                client=draw(st.sampled_from(["c1", "c2"])),
                product=product,
                month=draw(st.sampled_from(months)),
                day=draw(st.integers(1, 28)),
                quantity=draw(st.sampled_from([1, 7, 29, 30, 31, 95])),
                credited=draw(st.sampled_from([None, None, *range(files)])),
            )
        )
    return found


def file_of(story: Sequence[Row], number: int) -> list[str]:
    """The lines of a file: its debits, and the credits that fall in it."""
    debits = [row.line() for row in story if row.file == number]
    return [*debits, *(row.line(credit=True) for row in story if row.credited == number)]


@dataclass(frozen=True)
class PriceList:
    """A whole price list: prices of January and February, and from March on."""

    prices: tuple[tuple[str, str], ...]

    def lines(self) -> list[str]:
        found = []
        for product, (early, late) in zip(("45A04", "44A09", "02A16"), self.prices, strict=True):
            found += [f"{product};2025-01-01;2026-03-01;{early}", f"{product};2026-03-01;;{late}"]
        return found


PRICE = st.sampled_from(["58.40", "61.75", "212.35", "0.30", "60.0001"])
PRICE_LISTS = st.tuples(*[st.tuples(PRICE, PRICE)] * 3).map(PriceList)
COUNTS = st.integers(9_800, 10_400)


def begin(desk: Books) -> None:
    desk.forget(but=REGISTER)


def everything_known(desk: Books, story: Sequence[Row], prices: PriceList, final: int | None) -> None:
    begin(desk)
    desk.prices(*prices.lines())
    desk.count(10_000)
    if final is not None:
        desk.count(final, "final")
    lines = [line for number in range(len(PERIODS)) for line in file_of(story, number)]
    if lines:
        desk.deliver(*lines)


@settings(SETTINGS, max_examples=20)
@given(
    story=rows(files=len(PERIODS)),
    lists=st.tuples(PRICE_LISTS, PRICE_LISTS),
    moments=st.tuples(*[st.integers(0, len(PERIODS) - 1)] * 3),
    final=COUNTS,
    advance=st.sampled_from(["1.00", "95.00", "5000.00"]),
)
def test_months_add_up_to_the_year_and_running_twice_changes_nothing(
    desk: Books,
    story: list[Row],
    lists: tuple[PriceList, PriceList],
    moments: tuple[int, int, int],
    final: int,
    advance: str,
) -> None:
    """Whatever came late: rows, credits before or after their debit, prices, a count. Until there is a price or a
    count, contracts are parked."""
    first_prices, other_prices, recount = moments
    begin(desk)
    monthly = []
    for number, period in enumerate(PERIODS):
        if number == 1:
            desk.count(10_000)
        if number == first_prices:
            desk.prices(*lists[0].lines(), version=1)
        if number == other_prices:
            desk.prices(*lists[1].lines(), version=2)
        if number == recount:
            desk.count(final, "final")
        if number == 2:
            desk.advance(advance, day="2026-01-15")
        if lines := file_of(story, number):
            desk.deliver(*lines)
        monthly.append(desk.month(period))
    again = desk.settle(PERIODS[-1])
    assert [contract.lines for contract in again.contracts] == [[], []]

    everything_known(desk, story, lists[1], final)
    desk.advance(advance, day="2026-01-15")
    at_once = desk.settle(PERIODS[-1])
    assert to_date(monthly) == to_date([at_once])
    assert not any(contract.parked for contract in at_once.contracts)


@settings(SETTINGS, max_examples=20)
@given(story=rows(files=1, most=7), before=PRICE_LISTS, after=PRICE_LISTS)
def test_a_price_changed_back_in_time_is_the_difference_of_two_clean_runs(
    desk: Books, story: list[Row], before: PriceList, after: PriceList
) -> None:
    everything_known(desk, story, before, None)
    first = desk.month(PERIODS[-1])
    desk.prices(*after.lines())
    change = desk.settle(PERIODS[-1])
    everything_known(desk, story, after, None)
    clean = desk.settle(PERIODS[-1])
    now, then = to_date([clean]), to_date([first])
    difference = {key: now[key] - then[key] for key in now.keys() | then.keys() if key in now and key in then}
    difference |= {key: amount for key, amount in now.items() if key not in then}
    difference |= {key: -amount for key, amount in then.items() if key not in now}
    assert to_date([change]) == {key: amount for key, amount in difference.items() if amount}
    kinds = {cause.kind for contract in change.contracts for line in contract.lines for cause in line.line.causes}
    assert kinds <= {"price"}


@settings(SETTINGS, max_examples=20)
@given(story=rows(files=3), files=st.integers(1, 4), seed=st.integers(0, 1000))
def test_order_of_rows_and_of_files_and_splitting_change_nothing(
    desk: Books, story: list[Row], files: int, seed: int
) -> None:
    prices = PriceList((("58.40", "61.75"), ("212.35", "0.30"), ("60.0001", "58.40")))
    everything_known(desk, story, prices, 10_150)
    expected = desk.settle(PERIODS[-1])
    lines = [line for number in range(3) for line in file_of(story, number)]
    Random(seed).shuffle(lines)
    begin(desk)
    parts = [part for start in range(files) if (part := lines[start::files])]
    for number, part in enumerate(parts):
        desk.deliver(*part, *part[:1])  # and a row twice
        if number == 0:
            desk.count(10_150, "final")
            desk.prices(*prices.lines())
    desk.deliver(*parts[0])  # and a file twice
    desk.count(10_000)
    shuffled = desk.settle(PERIODS[-1])
    assert to_date([shuffled]) == to_date([expected])
    assert [str(c.total) for c in shuffled.contracts] == [str(c.total) for c in expected.contracts]


@settings(SETTINGS, max_examples=20)
@given(kept=rows(files=1, most=4), taken_back=rows(files=1, most=4), in_one_file=st.booleans())
def test_a_credit_restores(desk: Books, kept: list[Row], taken_back: list[Row], in_one_file: bool) -> None:
    """Also where minutes are rounded per client and month, and whether or not the debit was posted before."""
    kept = [replace(row, credited=None) for row in kept]
    taken_back = [replace(row, number=row.number + 100, credited=None) for row in taken_back]
    debits, credits = [row.line() for row in taken_back], [row.line(credit=True) for row in taken_back]
    everything_known(desk, kept, PriceList((("61.75", "58.40"), ("0.30", "212.35"), ("58.40", "60.0001"))), None)
    runs = [desk.month(PERIODS[-1])]
    before = to_date(runs)
    if in_one_file:
        desk.deliver(*credits, *debits)
    else:
        desk.deliver(*debits)
        runs.append(desk.month(PERIODS[-1]))
        assert to_date(runs) != before or not any(line.line.amount for c in runs[-1].contracts for line in c.lines)
        desk.deliver(*credits)
    runs.append(desk.month(PERIODS[-1]))
    assert to_date(runs) == before
    if in_one_file:
        assert [contract.lines for contract in runs[-1].contracts] == [[], []]
