"""A language: its sentences and words under their codes, and how it writes numbers, amounts, dates and months.

A sentence has named places: '{amount}' for a text, '{rows:row/rows}' for a number with its word in singular or plural.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kernel.money import Eur


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things: '{rows}' shows '1.200', '{rows:regel/regels}' shows '1.200 regels'."""

    text: str
    is_one: bool

    def __format__(self, words: str) -> str:
        if not words:
            return self.text
        one, many = words.split("/")
        return f"{self.text} {one if self.is_one else many}"


@dataclass(frozen=True, slots=True)
class Language:
    """`steps` and `causes` are sentences by code, `labels`, `units` and `measures` words, `texts` all else said.

    `remedies` say to a provider what to do about a finding, by its code. A warning without one concerns the
    municipality alone, and stands on no statement; an error without one is solved by the municipality.

    `separators` stand between thousands and before decimals; `text_date` and `cell_date` are how a day is written in
    text and in a cell.
    """

    code: str
    separators: str
    months: tuple[str, ...]
    text_date: str
    cell_date: str
    steps: Mapping[str, str]
    causes: Mapping[str, str]
    labels: Mapping[str, str]
    measures: Mapping[str, str]
    units: Mapping[str, str]
    texts: Mapping[str, str]
    remedies: Mapping[str, str]

    def say(self, code: str, **values: object) -> str:
        """The text under a code."""
        return self.texts[code].format_map(values)

    def label(self, label: str) -> str:
        """What a line is about: 'termijn' for 'instalment'; a product is called by its code."""
        word, *detail = label.split(" ", 1)
        return " ".join(self.labels.get(part, part) for part in (word, *detail))

    def number(self, value: Decimal | int | str) -> str:
        """1234.5 as '1.234,5' in Dutch; the decimals are kept as they are."""
        return f"{Decimal(value):,f}".translate(str.maketrans(",.", self.separators))

    def eur(self, amount: Eur) -> str:
        return self.number(str(amount))

    def day(self, day: date) -> str:
        """'31-01-2026' in Dutch."""
        return self.text_date.format(day=day, month=self.months[day.month - 1])

    def month(self, day: date) -> str:
        """'januari 2026' in Dutch."""
        return f"{self.months[day.month - 1]} {day.year}"

    def count(self, number: int) -> Count:
        return Count(self.number(number), number in (1, -1))

    def one(self, unit: str) -> str:
        """The word for one of a unit: 'minuut'."""
        return self.units[unit].split("/")[0]
