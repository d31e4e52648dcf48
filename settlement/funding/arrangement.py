"""Arrangements: one price for all care of a client or a household, for as long as it is assigned.

One at a time, over all arrangement components of a contract: while the first that was assigned runs, a second of the
same client (or of somebody of the same household) is a finding and not paid; when the first has ended it is. Products
that may run beside others are paid by themselves: of each, one at a time for a client.

A month of an arrangement is paid by its price, rounded half up to the cent, or by its days: price x days / days of the
month, each arrangement rounded half up to the cent. A month that is paid whole is paid once, to the first in it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from settlement.funding.facts import Assignment, Entitled, Facts, HouseholdMember, listed


@dataclass(frozen=True, slots=True)
class _Held:
    """An arrangement, who holds it, and whose arrangements it may not run beside: the holder's, and of some others."""

    component: ArrangementComponent
    assignment: Assignment
    holder: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Running:
    """An arrangement and the days on which it is paid."""

    held: _Held
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
    """What the arrangements of every month to `through` come to.

    Those of the other components of the contract count too: a client or household has one of all.
    """
    held, homeless = _held(contract, facts, through)
    running, concurrent = _one_at_a_time(held)
    parts, findings = _parts(contract, component, facts, running, through)
    findings = [finding for of, finding in (*homeless, *concurrent) if of is component] + findings
    if any(finding.severity is Severity.ERROR for finding in findings):
        return [], findings
    lines = [line for key in sorted(parts) for line in _lines(component, *key, parts[key])]
    return lines, findings


# A finding with the component that it is told for.
_Told = tuple[ArrangementComponent, Finding]


def _held(contract: Contract, facts: Facts, through: Month) -> tuple[list[_Held], list[_Told]]:
    """The arrangements that run in the months to `through`, the first assigned first, each with who holds it.

    What may run beside another is held apart, by its client. Where one component is for clients and another for
    households, a client has none beside that of the household it is in.
    """
    in_force = contract.in_force.period
    components = {
        product: component
        for component in contract.component
        if isinstance(component, ArrangementComponent)
        for product in component.products_assigned
    }
    kinds = {component.holder for component in components.values()}
    of_client: dict[str, list[HouseholdMember]] = defaultdict(list)
    of_household: dict[str, list[HouseholdMember]] = defaultdict(list)
    for member in facts.households:
        of_client[member.client].append(member)
        of_household[member.household].append(member)
    held: list[_Held] = []
    homeless: list[_Told] = []
    for one in sorted(facts.assignments, key=lambda one: (one.start, one.number, one.product, one.client)):
        component = components.get(one.product)
        if component is None or one.municipality not in contract.municipalities:
            continue
        if not one.start < min(in_force.end, through.end) or (one.end is not None and one.end <= in_force.start):
            continue
        first_day = max(one.start, in_force.start)
        household = _household(of_client[one.client], first_day) if "household" in kinds else None
        if component.holder == "household" and household is None:
            homeless.append((component, _no_household(one, first_day)))
        elif one.product in component.beside:
            held.append(_Held(component, one, f"{one.client} {one.product}"))
        elif component.holder == "household":
            members = [member for member in of_household[household or ""] if _is_in(member, first_day)]
            others = tuple(f"client {member.client}" for member in members) if "client" in kinds else ()
            held.append(_Held(component, one, f"household {household}", others))
        else:
            others = (f"household {household}",) if household is not None else ()
            held.append(_Held(component, one, f"client {one.client}", others))
    return held, homeless


def _household(members: Iterable[HouseholdMember], day: date) -> str | None:
    """The household that a client is in on a day."""
    return min((member.household for member in members if _is_in(member, day)), default=None)


def _is_in(member: HouseholdMember, day: date) -> bool:
    return member.start <= day and (member.end is None or day < member.end)


def _one_at_a_time(held: Sequence[_Held]) -> tuple[list[_Running], list[_Told]]:
    """The days on which each arrangement is paid, and those that run while another does."""
    running: list[_Running] = []
    told: list[_Told] = []
    longest: dict[str, _Held] = {}  # by holder: the one that ends last
    for one in held:
        earlier = [longest[holder] for holder in (one.holder, *one.others) if holder in longest]
        first = max(earlier, key=lambda other: other.assignment.end or date.max, default=None)
        start, end = one.assignment.start, one.assignment.end or date.max
        if first is not None and start < (first.assignment.end or date.max):
            told.append((one.component, _concurrent(one, first)))
            start = end if one.component.per == "whole" else (first.assignment.end or date.max)
        if start < end:
            running.append(_Running(one, Period(start, end)))
            longest[one.holder] = one
    return running, told


def _parts(
    contract: Contract, component: ArrangementComponent, facts: Facts, running: Sequence[_Running], through: Month
) -> tuple[_Parts, list[Finding]]:
    parts: dict[tuple[str, Month, str], list[tuple[_Part, str]]] = defaultdict(list)
    findings: list[Finding] = []
    for held, month, day, days in _paid_months(contract, running, through):
        if held.component is not component:
            continue
        assignment = held.assignment
        price = _price(component, facts, assignment.product, day)
        if price is None:
            findings.append(_no_price(component, assignment, day))
            continue
        of_days = (month.end - month.first_day).days
        part = _Part(price, days, of_days) if component.partial_month == "days" else _Part(price, 1, 1)
        parts[(assignment.municipality, month, assignment.product)].append((part, assignment.shown))
    return parts, findings


def _paid_months(
    contract: Contract, running: Sequence[_Running], through: Month
) -> Iterator[tuple[_Held, Month, date, int]]:
    """The months that an arrangement is paid for, with the day its price is of and its days in the month."""
    in_force = contract.in_force.period
    taken: set[tuple[str, Month]] = set()
    for one in running:
        held = one.held
        if held.component.per == "whole":
            if held.assignment.start in in_force:
                yield held, Month.of(one.days.start), one.days.start, 1
            continue
        for month in in_force.months():
            start = max(one.days.start, in_force.start, month.first_day)
            days = (min(one.days.end, in_force.end, month.end) - start).days
            if month > through or days <= 0:
                continue
            if held.component.partial_month == "whole":
                if any((holder, month) in taken for holder in (held.holder, *held.others)):
                    continue
                taken.add((held.holder, month))
            yield held, month, start, days


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
        values = {"arrangements": str(len(of_part)), "price_eur": str(part.price), "numbers": listed(of_part)}
        if part.days == part.of_days:
            yield Step("plan_month", values, str(amount))
        else:
            yield Step("plan_days", {**values, "days": str(part.days), "of_days": str(part.of_days)}, str(amount))


def _concurrent(held: _Held, first: _Held) -> Finding:
    one, other = held.assignment, first.assignment
    of_client = held.component.holder == first.component.holder == "client"
    whose = "dezelfde cliënt" if of_client else "hetzelfde huishouden"
    until = "wordt niet betaald" if held.component.per == "whole" else "wordt zolang niet betaald"
    message = f"{one.product} loopt samen met {other.product} van {whose} (toewijzing {other.shown}) en {until}"
    hint = "beëindig een van beide"
    if one.product not in held.component.beside:
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
