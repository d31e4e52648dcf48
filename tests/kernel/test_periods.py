"""Half-open periods and calendar months: no day twice, no month skipped."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.findings import Refusal
from kernel.periods import Month, Period, months, overlapping

days = st.dates(date(1990, 1, 1), date(2110, 12, 31))


# --- months -----------------------------------------------------------------------------------------------------------


def test_the_month_of_a_day_is_not_that_of_the_day_after() -> None:
    """31 March is March, though the half-open end of March is 1 April."""
    march = Month.of(date(2026, 3, 31))
    assert (str(march), march.first_day, march.last_day, march.end) == (
        "2026-03", date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)
    )  # fmt: skip
    assert march.next() == Month(2026, 4)


@pytest.mark.parametrize(
    ("month", "last"), [(Month(2026, 2), 28), (Month(2028, 2), 29), (Month(2100, 2), 28), (Month(2026, 12), 31)]
)
def test_months_end_on_their_last_day(month: Month, last: int) -> None:
    assert month.last_day.day == last


def test_after_december_comes_january() -> None:
    assert Month(2026, 12).next() == Month(2027, 1)
    assert Month(2026, 12).end == date(2027, 1, 1)


def test_months_are_in_order() -> None:
    assert sorted([Month(2027, 1), Month(2026, 12), Month(2026, 2)]) == [
        Month(2026, 2),
        Month(2026, 12),
        Month(2027, 1),
    ]
    assert [str(month) for month in months(Month(2026, 11), Month(2027, 2))] == [
        "2026-11",
        "2026-12",
        "2027-01",
        "2027-02",
    ]
    assert list(months(Month(2026, 2), Month(2026, 1))) == []


def test_a_month_is_read() -> None:
    assert Month.parse(" 2026-03 ") == Month(2026, 3)


@pytest.mark.parametrize(
    "text", ["", "2026-3", "2026-13", "2026-00", "03-2026", "maart", "2026-03-01", "0000-01", "9999-12"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="is geen maand") as refusal:
        Month.parse(text)
    assert "2026-03" in refusal.value.hint


@pytest.mark.parametrize(("year", "month"), [(2026, 0), (2026, 13), (0, 1), (9999, 1)])
def test_a_month_exists(year: int, month: int) -> None:
    with pytest.raises(ValueError, match="not a month"):
        Month(year, month)


@given(days)
def test_every_day_lies_in_its_month_alone(day: date) -> None:
    month = Month.of(day)
    assert month.first_day <= day <= month.last_day < month.end
    assert Month.parse(str(month)) == month
    assert Month.of(month.end) == month.next()
    assert Month.of(month.first_day - timedelta(days=1)).next() == month


# --- periods ----------------------------------------------------------------------------------------------------------


def test_consecutive_periods_count_every_day_once() -> None:
    """16-03 to 31-12-2024 and 01-01 to 15-03-2025 are 365 days; inclusive on both ends they once were 367."""
    periods = [Period(date(2024, 3, 16), date(2025, 1, 1)), Period(date(2025, 1, 1), date(2025, 3, 16))]
    whole = [date(2024, 3, 16) + timedelta(days=number) for number in range(365)]
    assert [sum(day in period for period in periods) for day in whole] == [1] * 365
    assert not periods[0].overlaps(periods[1])
    assert not periods[1].overlaps(periods[0])
    assert sum((period.end - period.start).days for period in periods) == 365


def test_the_end_is_the_first_day_after() -> None:
    period = Period(date(2026, 1, 5), date(2026, 1, 6))
    assert (date(2026, 1, 5) in period, date(2026, 1, 6) in period, date(2026, 1, 4) in period) == (True, False, False)
    assert period.last_day == date(2026, 1, 5)


@pytest.mark.parametrize("end", [date(2026, 1, 5), date(2026, 1, 4)])
def test_a_period_is_not_empty(end: date) -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        Period(date(2026, 1, 5), end)


def test_a_period_that_ends_with_a_month_does_not_touch_the_next() -> None:
    assert [str(month) for month in Period(date(2025, 12, 31), date(2026, 2, 1)).months()] == ["2025-12", "2026-01"]
    assert [str(month) for month in Period(date(2025, 12, 31), date(2026, 2, 2)).months()][-1] == "2026-02"


@given(st.lists(days, min_size=4, max_size=4, unique=True).map(sorted), st.permutations(range(4)))
def test_two_periods_overlap_when_they_share_a_day(found: list[date], order: list[int]) -> None:
    a, b = (Period(*sorted((found[order[i]], found[order[i + 1]]))) for i in (0, 2))
    shared = max(a.start, b.start) in a and max(a.start, b.start) in b
    assert a.overlaps(b) == b.overlaps(a) == shared


def test_overlapping_periods_are_told_in_pairs_and_of_very_many_the_first() -> None:
    year = [Period(date(2026, month, 1), date(2026, month + 1, 1)) for month in range(1, 12)]
    assert overlapping(enumerate(year)) == []
    wide, late = Period(date(2026, 2, 1), date(2026, 4, 1)), Period(date(2026, 3, 31), date.max)
    assert overlapping([(1, late), (2, wide), (3, year[0]), (4, late)]) == [(1, 2), (1, 4), (2, 4)]
    assert len(overlapping((number, wide) for number in range(100_000))) == 1_000
