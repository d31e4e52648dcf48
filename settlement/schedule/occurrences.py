"""When a job is due: once a month, on a day and a time in the Netherlands.

An occurrence is named by its day, not by its moment: then it happens once, also when the clocks change that night, or
the rules of time zones do. A day that a month does not have is its last day; a time that a night skips is an hour on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from database.recordings import TIME_ZONE
from kernel.periods import Month, months


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a job is due. `at` is in UTC: in one zone, times of two offsets compare by what the clock shows."""

    due_on: date
    at: datetime


def occurrence(day: int, at: time, month: Month) -> Occurrence:
    due_on = min(month.first_day + timedelta(days=day - 1), month.last_day)
    return Occurrence(due_on, datetime.combine(due_on, at, TIME_ZONE).astimezone(UTC))


def occurrences(day: int, at: time, after: datetime, until: datetime) -> list[Occurrence]:
    """Those after one moment and up to and including another, the earliest first."""
    found = (occurrence(day, at, month) for month in months(_month(after), _month(until)))
    return [each for each in found if after < each.at <= until]


def next_occurrences(day: int, at: time, after: datetime) -> Iterator[Occurrence]:
    """Those after a moment, without end."""
    month = _month(after)
    while True:
        found = occurrence(day, at, month)
        if found.at > after:
            yield found
        month = month.next()


def _month(moment: datetime) -> Month:
    return Month.of(moment.astimezone(TIME_ZONE).date())
