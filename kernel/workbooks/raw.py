"""A workbook as the reader of its form found it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kernel.workbooks.grid import Grid

FROM_1900, FROM_1904 = date(1899, 12, 30), date(1904, 1, 1)  # the day before day 1 of a calendar


@dataclass(frozen=True, slots=True)
class RawSheet:
    """A sheet with its title, as only its sender may see it, and its cells."""

    title: str
    is_hidden: bool
    grid: Grid


@dataclass(frozen=True, slots=True)
class RawBook:
    """A workbook: the titles of all its sheets, and those with cells. `has_links`: it reads other files."""

    titles: Sequence[str]
    sheets: Sequence[RawSheet]
    day_zero: date
    has_links: bool = False
