"""What a clause reads by name: a score over a whole year, and no other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from importers.facts.outcomes import OutcomeScore
from kernel.periods import Period
from settlement.recorded import figures_of

IN_FORCE = Period(date(2025, 4, 1), date(2027, 1, 1))


def score(start: str, until: str, status: str = "final", value: str = "0.5") -> OutcomeScore:
    days = (date.fromisoformat(start), date.fromisoformat(until))
    return OutcomeScore(1, "Wachttijd", *days, status, Decimal(value), None, None, 7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("start", "until", "year"),
    [
        ("2026-01-01", "2027-01-01", 2026),
        ("2025-04-01", "2026-01-01", 2025),  # the part of the year in force
        ("2025-01-01", "2026-01-01", 2025),
        ("2026-10-01", "2027-01-01", None),  # a quarter
        ("2026-01-01", "2026-12-01", None),
        ("2026-01-01", "2028-01-01", None),  # two years
    ],
)
def test_a_score_is_of_the_year_that_it_spans(start: str, until: str, year: int | None) -> None:
    expected = {} if year is None else {("wachttijd", year): Decimal("0.5")}
    assert figures_of([score(start, until)], IN_FORCE) == expected


def test_a_final_score_counts_before_a_provisional_one() -> None:
    year = ("2026-01-01", "2027-01-01")
    scores = [score(*year, "final", "0.4"), score(*year, "provisional", "0.9")]
    assert figures_of(scores, IN_FORCE) == {("wachttijd", 2026): Decimal("0.4")}
    assert figures_of(scores[::-1], IN_FORCE) == {("wachttijd", 2026): Decimal("0.4")}
