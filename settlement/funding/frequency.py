"""The most that may be declared on an assignment (iStandaarden IV076, IV077, IV078, IV089).

A product period is the part of an assignment within a calendar month. What may be declared in it follows from the
volume that was assigned per week, per month or in total: by effort the weeks it touches count whole, by output its
Sundays. What all periods together may come to is bounded too.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from contracts.components.component import ComponentPart
from contracts.components.frequency import Frequency
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.identifiers import as_shown
from kernel.money import Eur, half_up
from kernel.periods import Month, Period
from settlement.funding.facts import Assignment, ClientVolume, Facts
from tariffs.units import Rounding, Unit, hours_of

Variant = Literal["effort", "output"]

DAYS_PER_WEEK = 7
SUNDAY = 6
SIX_WEEKS = 6


@dataclass(frozen=True, slots=True)
class Excess:
    """What was delivered in a product period above the most that may be declared, with its price.

    `delivered` and `allowed` are those of the whole period; `quantity` the part of `volume` that is above, `billed` the
    same in the unit that is billed. `why` explains what is allowed.
    """

    volume: ClientVolume
    assignment: Assignment
    delivered: int
    allowed: int
    quantity: int
    billed: int
    amount: Eur
    why: Step


def product_period(start: date, end: date | None, month: Month) -> Period | None:
    """The days of an assignment that lie in a month; `end` is the first day after it."""
    first, after = max(start, month.first_day), min(end or month.end, month.end)
    return Period(first, after) if first < after else None


def most_in_period(assignment: Assignment, period: Period, variant: Variant, *, six_weeks: bool = False) -> int | None:
    """The most that may be declared in a product period; None where no volume was assigned.

    `six_weeks`: Wmo category 01, which by effort counts six weeks in every period. A part of a month has the volume of
    the whole month (IV078).
    """
    if assignment.volume is None:
        return None
    if assignment.per != "week":
        return assignment.volume
    return assignment.volume * _weeks(period, assignment, variant, six_weeks=six_weeks)[0]


def most_of_assignment(assignment: Assignment, variant: Variant) -> int | None:
    """The most that may be declared on all of an assignment; None where there is no such maximum, or no end yet."""
    if assignment.volume is None or assignment.per == "total":
        return assignment.volume
    if assignment.end is None:
        return None
    whole = Period(assignment.start, assignment.end)
    if assignment.per == "month":
        return assignment.volume * len(list(whole.months()))
    return assignment.volume * _weeks(whole, assignment, variant)[0]


def weeks_touched(period: Period) -> int:
    """The weeks, from Monday to Sunday, that have a day in the period."""
    first, last = (day - timedelta(days=day.weekday()) for day in (period.start, period.last_day))
    return (last - first).days // DAYS_PER_WEEK + 1


def sundays(period: Period) -> int:
    """The Sundays in the period."""
    first = period.start + timedelta(days=SUNDAY - period.start.weekday())
    return max(0, -((first - period.end).days // DAYS_PER_WEEK))


def _weeks(
    period: Period, assignment: Assignment, variant: Variant, *, six_weeks: bool = False
) -> tuple[int, Literal["weeks", "six_weeks", "sundays", "broken_week"]]:
    """The weeks of a period that count, and how they are counted."""
    if variant == "output":
        weeks = _weeks_by_sundays(period, assignment)
        return weeks, "sundays" if weeks == sundays(period) else "broken_week"
    return (SIX_WEEKS, "six_weeks") if six_weeks else (weeks_touched(period), "weeks")


def _weeks_by_sundays(period: Period, assignment: Assignment) -> int:
    """Sundays, and the broken week at the end of the assignment, which counts in the period of the last Sunday.

    An assignment that has no Sunday at all is one broken week, in its last period.
    """
    weeks = sundays(period)
    if assignment.end is None:
        return weeks
    last_day = assignment.end - timedelta(days=1)
    since_sunday = (last_day.weekday() + 1) % DAYS_PER_WEEK
    last_sunday = last_day - timedelta(days=since_sunday)
    holds_it = last_sunday in period or (last_sunday < assignment.start and last_day in period)
    return weeks + (since_sunday > 0 and holds_it)


def excesses(
    component: ComponentPart, rule: Frequency, facts: Facts, variant: Variant
) -> tuple[list[Excess], list[Finding]]:
    """What clients had above the most that may be declared.

    In a product period the latest care is above it. What falls outside the days of its assignment is above it whole.
    Care without an assignment is a finding: whether it was assigned is not known.
    """
    checked = rule.products or component.products_paid
    by_assignment: dict[Assignment, dict[Month, list[ClientVolume]]] = defaultdict(lambda: defaultdict(list))
    unassigned: dict[tuple[str, str], list[ClientVolume]] = defaultdict(list)
    index = _Index(facts.assignments)
    for volume in facts.clients:
        if volume.component != component.key or volume.product not in checked or volume.quantity <= 0:
            continue
        if (assignment := index.of(volume)) is None:
            unassigned[(volume.municipality, volume.product)].append(volume)
        else:
            by_assignment[assignment][volume.month].append(volume)
    if unassigned:
        return [], [_unassigned(*where, volumes) for where, volumes in sorted(unassigned.items())]
    found: list[Excess] = []
    for assignment, by_month in by_assignment.items():
        found += _excesses(assignment, by_month, variant, six_weeks=assignment.product in rule.six_weeks)
    return sorted(found, key=lambda one: (one.volume.month, one.assignment.number, one.volume.first_day)), []


def _excesses(
    assignment: Assignment, by_month: Mapping[Month, Sequence[ClientVolume]], variant: Variant, *, six_weeks: bool
) -> Iterator[Excess]:
    whole = left = most_of_assignment(assignment, variant)
    for month in sorted(by_month):
        period = product_period(assignment.start, assignment.end, month)
        allowed = most_in_period(assignment, period, variant, six_weeks=six_weeks) if period else 0
        if allowed is None:
            continue
        unit = by_month[month][0].rule.unit
        why = _why_in_period(assignment, period, variant, unit, six_weeks=six_weeks)
        if whole is not None and left is not None:
            if period and left < allowed:
                why = _why_left(assignment, variant, unit, whole, left)
            allowed = min(allowed, left)
        delivered = sum(volume.quantity for volume in by_month[month])
        if left is not None:
            left -= min(delivered, allowed)
        over = max(0, delivered - allowed)
        for volume in sorted(by_month[month], key=lambda v: (v.first_day, v.price), reverse=True):
            if quantity := min(over, volume.quantity):
                over -= quantity
                yield Excess(volume, assignment, delivered, allowed, quantity, *_priced(volume, quantity), why)


def _why_in_period(
    assignment: Assignment, period: Period | None, variant: Variant, unit: Unit, *, six_weeks: bool = False
) -> Step:
    """How what may be declared in a product period, or in all days of an assignment, follows from what was assigned."""
    if period is None:
        return Step("outside_assignment")
    values = {"first_date": str(period.start), "last_date": str(period.last_day), "per": str(assignment.per)}
    number = 1
    if assignment.per == "week":
        number, values["per"] = _weeks(period, assignment, variant, six_weeks=six_weeks)
    elif assignment.per == "month":
        number = len(list(period.months()))
    volume = assignment.volume
    assert volume is not None, "what has no maximum needs no reason"
    values |= {"volume": str(volume), "unit": str(unit), "number": str(number), "allowed": str(volume * number)}
    return Step("allowed", values)


def _why_left(assignment: Assignment, variant: Variant, unit: Unit, whole: int, left: int) -> Step:
    """What earlier months left of the most that may be declared on all of an assignment."""
    values = {"whole": str(whole), "used": str(whole - left), "left": str(left), "unit": str(unit)}
    if assignment.per == "total" or assignment.end is None:
        return Step("left_of_assignment", values)
    in_all = _why_in_period(assignment, Period(assignment.start, assignment.end), variant, unit)
    return Step("left_of_assignment", values, steps=(in_all,))


def _priced(volume: ClientVolume, quantity: int) -> tuple[int, Eur]:
    """The last `quantity` of a volume as it is billed, and what it costs, rounded half up."""
    if quantity == volume.quantity:
        return volume.billed_quantity, volume.amount
    if volume.rule.rounding is Rounding.CLIENT_MONTH:
        hours = volume.billed_quantity - hours_of([volume.quantity - quantity])
        return hours, half_up(Fraction(volume.price) * hours)
    return quantity, min(volume.amount, half_up(Fraction(volume.price) * quantity / volume.rule.units_per_price))


class _Index:
    """Assignments by number, and by client and product."""

    def __init__(self, assignments: Sequence[Assignment]) -> None:
        self._by_number = {(one.municipality, one.number): one for one in assignments}
        self._by_client: dict[tuple[str, str, str], list[Assignment]] = defaultdict(list)
        for one in assignments:
            self._by_client[(one.municipality, one.client, one.product)].append(one)

    def of(self, volume: ClientVolume) -> Assignment | None:
        """The assignment a volume names, or, where it names none, the only one of the client and product that month."""
        if volume.assignment:
            named = self._by_number.get((volume.municipality, volume.assignment))
            return named if named and named.product == volume.product else None
        own = [
            one
            for one in self._by_client[(volume.municipality, volume.client, volume.product)]
            if product_period(one.start, one.end, volume.month)
        ]
        return own[0] if len(own) == 1 else None


def _unassigned(municipality: str, product: str, volumes: Sequence[ClientVolume]) -> Finding:
    months = sorted({volume.month for volume in volumes})
    place = f"product {product}, {municipality}, {months[0]}" + (f" t/m {months[-1]}" if months[1:] else "")
    numbers = sorted({volume.assignment for volume in volumes if volume.assignment})
    named = f", zoals toewijzing {as_shown(numbers[0])}" if numbers else ""
    rows = sum(volume.rows for volume in volumes)
    what = f"{rows} {'levering heeft' if rows == 1 else 'leveringen hebben'} geen bekende toewijzing{named}"
    return Finding("F20", Severity.ERROR, place, what, "lees de toewijzingen in (bekostiging import assignments)")
