"""Time of service: half-open periods of days, and the calendar month as the unit of settlement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from kernel.findings import Refusal

_MOST_OVERLAPS = 1_000
_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and date.min.year <= self.year < date.max.year):
            raise ValueError(f"not a month: {self.year}-{self.month}")

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read '2026-03'. Raises `Refusal` for anything else."""
        match = _MONTH.fullmatch(text.strip())
        try:
            return cls(int(match[1]), int(match[2])) if match else cls(0, 0)
        except ValueError:
            raise Refusal(f'"{text}" is geen maand', "schrijf jaar en maand als 2026-03") from None

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def end(self) -> date:
        """The first day after the month."""
        return self.next().first_day

    def next(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def is_last_of_month(day: date) -> bool:
    """Whether a day is the last of its month: as a first day after, it is likely meant as a last day.

    The end of the calendar means no end.
    """
    return day.year < date.max.year and (day + timedelta(days=1)).day == 1


def months(first: Month, last: Month) -> Iterator[Month]:
    """Every month from `first` up to and including `last`; none when `last` is earlier."""
    month = first
    while month <= last:
        yield month
        month = month.next()


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `start` up to, but not including, `end`."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a period ends after it starts: {self.start} to {self.end}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def overlaps(self, other: Period) -> bool:
        return self.start < other.end and other.start < self.end

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    def months(self) -> Iterator[Month]:
        """Every calendar month that the period touches."""
        return months(Month.of(self.start), Month.of(self.last_day))


def overlapping(periods: Iterable[tuple[int, Period]]) -> list[tuple[int, int]]:
    """The numbers of every two periods that share a day, the lower one first; no more than a person will look at.

    What takes time is what is found: a file with thousands of rows on the same days is told soon.
    """
    found: list[tuple[int, int]] = []
    open_ones: list[tuple[int, Period]] = []
    for number, period in sorted(periods, key=lambda numbered: (numbered[1].start, numbered[0])):
        open_ones = [(other, earlier) for other, earlier in open_ones if earlier.end > period.start]
        found += [(min(other, number), max(other, number)) for other, _ in open_ones]
        if len(found) >= _MOST_OVERLAPS:
            break
        open_ones.append((number, period))
    return sorted(found[:_MOST_OVERLAPS], key=lambda pair: pair[::-1])
