"""The calendar years of a contract: which months of them are in force, when they are over, and their part of a year."""

from collections.abc import Iterator, Sequence

from contracts.model import Contract
from kernel.explanations import Step
from kernel.money import Eur, half_up
from kernel.periods import Month

MONTHS_PER_YEAR = 12


def months_of(contract: Contract, year: int) -> list[Month]:
    """The months of a year in which the contract is in force; one that it is in force for in part counts."""
    return [month for month in contract.in_force.period.months() if month.year == year]


def year_of(contract: Contract, month: Month) -> int:
    """The contract year that what is due in a month belongs to.

    What is due after the contract, such as the end of a trajectory that began in time, belongs to its last year.
    """
    return min(month, Month.of(contract.in_force.period.last_day)).year


def years_over(contract: Contract, through: Month) -> Iterator[Month]:
    """The last month in force of each year, as far as `through` has reached it."""
    for year in sorted({month.year for month in contract.in_force.period.months()}):
        last = months_of(contract, year)[-1]
        if last <= through:
            yield last


def part_of_year(amount: Eur, in_force: Sequence[Month], step: Step) -> tuple[Eur, Step]:
    """An amount for a calendar year that is in force for these months: so many of twelve, half up to the cent.

    `step` explains the amount for the whole year.
    """
    if len(in_force) == MONTHS_PER_YEAR:
        return amount, step
    part = half_up(amount.exact * len(in_force) / MONTHS_PER_YEAR)
    return part, Step("part_of_year", {"months": str(len(in_force)), "year_eur": str(amount)}, str(part), steps=(step,))
