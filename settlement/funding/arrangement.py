"""Arrangements: one price for all care of a client or a household, for as long as it is assigned.

One at a time: while the first that was assigned runs, a second of the same client (or of somebody of the same
household) is a finding and not paid; when the first has ended it is. Products that may run beside others are paid by
themselves: of each, one at a time for a client.

A month of an arrangement is paid by its price, rounded half up to the cent, or by its days: price x days / days of the
month, each arrangement rounded half up to the cent. A month that is paid whole is paid once, to the first in it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from contracts.components.arrangement import ArrangementComponent
from contracts.model import Contract
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, allocate, half_up, total
from kernel.notation import format_date
from kernel.periods import Month, Period
from settlement.entitlement import PLAN, Entitlement, LineKey, Treatment
from settlement.funding.facts import Assignment, Entitled, Facts, HouseholdMember

_MOST_NUMBERS = 5


@dataclass(frozen=True, slots=True)
class _Running:
    """An arrangement of a holder and the days on which it is paid."""

    assignment: Assignment
    holder: str
    days: Period


@dataclass(frozen=True, slots=True)
class _Part:
    """An arrangement in a month: its price for so many of so many days."""

    price: Decimal
    days: int
    of_days: int

    @property
    def amount(self) -> Eur:
        return half_up(Fraction(self.price) * self.days / self.of_days)


# Parts with the numbers of their assignments, by municipality, month and product.
_Parts = Mapping[tuple[str, Month, str], Sequence[tuple[_Part, str]]]


def entitle(contract: Contract, component: ArrangementComponent, facts: Facts, through: Month) -> Entitled:
    """What the arrangements of every month to `through` come to."""
    held, findings = _held(contract, component, facts, through)
    running, concurrent = _one_at_a_time(component, held)
    parts, unpriced = _parts(contract, component, facts, running, through)
    findings += concurrent + unpriced
    if any(finding.severity is Severity.ERROR for finding in findings):
        return [], findings
    lines = [line for key in sorted(parts) for line in _lines(component, *key, parts[key])]
    return lines, findings


def _held(
    contract: Contract, component: ArrangementComponent, facts: Facts, through: Month
) -> tuple[list[tuple[str, Assignment]], list[Finding]]:
    """The arrangements that run in the months to `through`, the first assigned first, each with who holds it.

    What may run beside another is held apart, by its client.
    """
    in_force = contract.in_force.period
    members: dict[str, list[HouseholdMember]] = defaultdict(list)
    for member in facts.households:
        members[member.client].append(member)
    held: list[tuple[str, Assignment]] = []
    findings: list[Finding] = []
    for one in sorted(facts.assignments, key=lambda one: (one.start, one.number, one.product, one.client)):
        if one.product not in component.products_assigned or one.municipality not in contract.municipalities:
            continue
        if not one.start < min(in_force.end, through.end) or (one.end is not None and one.end <= in_force.start):
            continue
        first_day = max(one.start, in_force.start)
        if component.holder == "client":
            holder: str | None = one.client
        else:
            holder = _household(members[one.client], first_day)
        if holder is None:
            findings.append(_no_household(one, first_day))
        else:
            held.append((f"{one.client} {one.product}" if one.product in component.beside else holder, one))
    return held, findings


def _household(members: Sequence[HouseholdMember], day: date) -> str | None:
    """The household that a client is in on a day."""
    return min((m.household for m in members if m.start <= day and (m.end is None or day < m.end)), default=None)


def _one_at_a_time(
    component: ArrangementComponent, held: Sequence[tuple[str, Assignment]]
) -> tuple[list[_Running], list[Finding]]:
    """The days on which each arrangement is paid, and those that run while another does."""
    running: list[_Running] = []
    findings: list[Finding] = []
    longest: dict[str, Assignment] = {}  # by holder: the one that ends last
    for holder, one in held:
        first = longest.get(holder)
        start, end = one.start, one.end or date.max
        if first is not None and start < (first.end or date.max):
            findings.append(_concurrent(component, one, first))
            start = end if component.per == "whole" else (first.end or date.max)
        if start < end:
            running.append(_Running(one, holder, Period(start, end)))
            longest[holder] = one
    return running, findings


def _parts(
    contract: Contract, component: ArrangementComponent, facts: Facts, running: Sequence[_Running], through: Month
) -> tuple[_Parts, list[Finding]]:
    parts: dict[tuple[str, Month, str], list[tuple[_Part, str]]] = defaultdict(list)
    findings: list[Finding] = []
    for one, month, day, days in _paid_months(contract, component, running, through):
        assignment = one.assignment
        price = _price(component, facts, assignment.product, day)
        if price is None:
            findings.append(_no_price(component, assignment, day))
            continue
        of_days = (month.end - month.first_day).days
        part = _Part(price, days, of_days) if component.partial_month == "days" else _Part(price, 1, 1)
        parts[(assignment.municipality, month, assignment.product)].append((part, assignment.shown))
    return parts, findings


def _paid_months(
    contract: Contract, component: ArrangementComponent, running: Sequence[_Running], through: Month
) -> Iterator[tuple[_Running, Month, date, int]]:
    """The months that an arrangement is paid for, with the day its price is of and its days in the month."""
    in_force = contract.in_force.period
    taken: set[tuple[str, Month]] = set()
    for one in running:
        if component.per == "whole":
            if one.assignment.start in in_force:
                yield one, Month.of(one.days.start), one.days.start, 1
            continue
        for month in in_force.months():
            start = max(one.days.start, in_force.start, month.first_day)
            days = (min(one.days.end, in_force.end, month.end) - start).days
            if month > through or days <= 0:
                continue
            if component.partial_month == "whole":
                if (one.holder, month) in taken:
                    continue
                taken.add((one.holder, month))
            yield one, month, start, days


def _price(component: ArrangementComponent, facts: Facts, product: str, day: date) -> Decimal | None:
    agreed = next(price.price_eur for price in component.prices if price.product == product)
    return agreed if agreed is not None else facts.price_on(component.price_list, product, day)


def _lines(
    component: ArrangementComponent, municipality: str, month: Month, product: str, parts: Sequence[tuple[_Part, str]]
) -> Iterator[Entitlement]:
    """The line of a product in a month; one for each source that it is paid from."""
    whole = total(part.amount for part, _ in parts)
    price = next(price for price in component.prices if price.product == product)
    values = {"product": product, "profile": price.profile, "intensity": price.intensity}
    step = Step("plan", values, str(whole), component.clause, tuple(_alike(parts)))
    if not component.funding_sources:
        assert component.task_field is not None, "the model asks for a task field or for sources"
        key = LineKey(component.key, municipality, month, f"{PLAN} {product}", Treatment.PAYABLE)
        yield Entitlement(key, whole, component.task_field, step)
        return
    amounts = allocate(whole, [source.percent for source in component.funding_sources])
    for source, amount in zip(component.funding_sources, amounts, strict=True):
        key = LineKey(component.key, municipality, month, f"{PLAN} {product} {source.law}", Treatment.PAYABLE)
        values = {"law": source.law, "percent": str(source.percent), "whole_eur": str(whole)}
        yield Entitlement(
            key, amount, source.task_field, Step("plan_source", values, str(amount), component.clause, (step,))
        )


def _alike(parts: Sequence[tuple[_Part, str]]) -> Iterator[Step]:
    """A step for the arrangements with one price and as many days."""
    numbers: dict[_Part, list[str]] = defaultdict(list)
    for part, number in parts:
        numbers[part].append(number)
    for part in sorted(numbers, key=lambda part: (part.price, part.of_days, part.days)):
        of_part = numbers[part]
        amount = Eur.of_cents(part.amount.cents * len(of_part))
        named = ", ".join([*of_part[:_MOST_NUMBERS], *(["…"] if len(of_part) > _MOST_NUMBERS else [])])
        values = {"arrangements": str(len(of_part)), "price_eur": str(part.price), "numbers": named}
        if part.days == part.of_days:
            yield Step("plan_month", values, str(amount))
        else:
            yield Step("plan_days", {**values, "days": str(part.days), "of_days": str(part.of_days)}, str(amount))


def _concurrent(component: ArrangementComponent, one: Assignment, first: Assignment) -> Finding:
    whose = "dezelfde cliënt" if component.holder == "client" else "hetzelfde huishouden"
    until = "wordt niet betaald" if component.per == "whole" else "wordt zolang niet betaald"
    message = f"{one.product} loopt samen met {first.product} van {whose} (toewijzing {first.shown}) en {until}"
    hint = "beëindig een van beide"
    if one.product not in component.beside:
        hint += ", of noem in het contract bij beside wat ernaast mag"
    return Finding("F10", Severity.WARNING, f"toewijzing {one.shown}, {one.municipality}", message, hint)


def _no_household(one: Assignment, day: date) -> Finding:
    message = f"de cliënt hoort op {format_date(day)} bij geen huishouden, en het arrangement is van een huishouden"
    hint = "lees het huishouden in (bekostiging import households), ook als het één persoon is"
    return Finding("F11", Severity.ERROR, f"toewijzing {one.shown}, {one.municipality}", message, hint)


def _no_price(component: ArrangementComponent, one: Assignment, day: date) -> Finding:
    message = f"prijslijst {component.price_list} heeft geen prijs voor {one.product} op {format_date(day)}"
    hint = "lees een prijslijst in die de dag dekt, of zet price_eur in het contract"
    return Finding("F22", Severity.ERROR, f"toewijzing {one.shown}, {one.municipality}", message, hint)
