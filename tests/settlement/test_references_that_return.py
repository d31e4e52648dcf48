"""A row that contradicts what was paid is rejected; one that contradicts what was not makes both doubtful."""

from __future__ import annotations

import pytest

from kernel.money import Eur
from tests.settlement.books import OTHER, Books, delivery, effort_contract


def row(reference: str, minutes: int, day: str = "2026-01-05", **more: str) -> str:
    return delivery(reference, "45A04", day, minutes, **more)


@pytest.fixture
def paid(books: Books) -> Books:
    """One hour in January of CARE, recorded under d1 and posted: 60.00."""
    books.open(effort_contract(products=["45A04"])).prices("45A04;2026-01-01;;60,00")
    books.deliver(row("d1", 60))
    assert books.month("2026-01").contracts[0].total == Eur("60.00")
    return books


def outcome(books: Books, *rows: str) -> tuple[list[str], list[str]]:
    """The codes of what a file is rejected for, and what it withdraws."""
    result = books.deliver(*rows)
    return [finding.code for finding in result.findings], list(result.withdrawn)


def test_what_is_posted_stays_paid(paid: Books) -> None:
    result = paid.deliver(row("d1", 30), row("d2", 60))
    assert [(f.row_number, f.code) for f in result.findings] == [(2, "D39")]
    assert "die al geboekt is (rij 2 van vastlegging" in result.findings[0].message
    assert (result.withdrawn, result.account.rows_accepted) == ([], 1)
    assert paid.settle("2026-02").contracts[0].total == Eur("60.00")  # d2 alone
    assert outcome(paid, row("d1", 60), row("d1", 45), row("d1", 30)) == (["D39", "D39"], [])  # the first is known


def test_a_credit_and_a_new_row_change_what_is_posted(paid: Books) -> None:
    paid.deliver(row("c1", 60, credits="d1"), row("d2", 30))
    assert paid.month("2026-02").contracts[0].total == Eur("-30.00")
    assert outcome(paid, row("c1", 30, credits="d1")) == (["D39"], [])
    assert outcome(paid, row("d1", 61)) == (["D39"], [])  # it was paid, and taken back


def test_only_what_the_posted_run_counts_is_posted(paid: Books) -> None:
    paid.deliver(
        row("late", 60),  # after the cut-off
        row("next", 60, "2026-02-05"),  # after the period
        row("other", 60, provider=OTHER),  # of no contract
        row("waits", 60, credits="none"),
    )
    contradictions = (
        row("late", 30),
        row("next", 30, "2026-02-05"),
        row("other", 30, provider=OTHER),
        row("waits", 30, credits="none"),
    )
    codes, withdrawn = outcome(paid, *contradictions)
    assert (codes, withdrawn) == (["D31"] * 4, ["late", "next", "other"])


@pytest.mark.parametrize("state", ["draft", "approved"])
def test_what_may_still_be_discarded_is_not_posted(paid: Books, state: str) -> None:
    paid.deliver(row("d2", 60, "2026-02-05"))
    run = paid.settle("2026-02")
    if state == "approved":
        paid.approve(run)
    assert outcome(paid, row("d2", 30, "2026-02-05")) == (["D31"], ["d2"])


def test_another_month_never_takes_back_what_is_paid(paid: Books) -> None:
    """Also where the month is not posted itself, and whatever it says."""
    february = [row("d1", 60, "2026-02-05"), row("d3", 60, "2026-02-06")]
    assert outcome(paid, *february) == (["D38"], [])
    assert paid.settle("2026-02").contracts[0].total == Eur("60.00")
