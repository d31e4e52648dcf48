"""The least and the most that is paid for one client per assignment, month or year.

What a client comes to is rounded once to the cent, half up. A maximum that holds over several months is settled to
date: what is above it in a month is what is above it up to that month, less what was above it before. A minimum is
settled when its period is over, for clients who had care in it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from math import prod

from contracts.components.effort import ClientBound
from contracts.model import Contract
from kernel.explanations import Step
from kernel.identifiers import as_shown
from kernel.money import Eur, half_up, total
from kernel.notation import plain
from kernel.periods import Month
from settlement.funding.facts import Assignment
from settlement.funding.figures import shown

ORDER = ("assignment", "month", "year")


@dataclass(frozen=True, slots=True)
class Part:
    """Part of what a client comes to in a month: a product, or what a rule above changed (a label).

    What no-shows, supplements and discounts make of it is `amount` times all `factors`. The provider knows the client
    by `reference`, a delivery.
    """

    month: Month
    label: str
    amount: Eur
    factors: tuple[Fraction, ...]
    reference: str

    @property
    def exact(self) -> Fraction:
        return prod(self.factors, start=self.amount.exact)


# What clients come to by municipality, client and assignment.
ClientAmounts = dict[tuple[str, str, str], list[Part]]


@dataclass(frozen=True, slots=True)
class Bounded:
    """What a bound changes in a month of a municipality: `amount` above the maximum, or short of the minimum."""

    municipality: str
    month: Month
    amount: Eur
    explanation: Step


@dataclass(frozen=True, slots=True)
class _Group:
    """What one client comes to in one period; `settled` is the month in which a minimum is settled.

    An assignment that is open, or outlives the contract, is over for the contract in its last month in force. `named`
    is how an explanation names the client: by an assignment, or by a delivery.
    """

    municipality: str
    client: str
    named: Mapping[str, str]
    parts: Sequence[Part]
    settled: Month

    @property
    def months(self) -> list[Month]:
        return sorted({part.month for part in self.parts})

    def to_date(self, month: Month) -> Eur:
        return half_up(sum((part.exact for part in self.parts if part.month <= month), Fraction(0)))

    def changed(self, month: Month, label: str, amount: Eur, amounts: ClientAmounts) -> None:
        """Add what a bound changed to what the client comes to, for the bounds after it."""
        part = Part(month, label, amount, (), self.parts[0].reference)
        amounts.setdefault((self.municipality, self.client, ""), []).append(part)

    def steps(self, month: Month) -> tuple[Step, ...]:
        """What the client comes to up to a month, by product and by what a euro of it comes to."""
        alike: dict[tuple[str, tuple[Fraction, ...]], list[Part]] = defaultdict(list)
        for part in self.parts:
            if part.month <= month:
                alike[(part.label, part.factors)].append(part)
        return tuple(_of_client(parts) for parts in alike.values())


def _of_client(parts: Sequence[Part]) -> Step:
    """Parts under one label with the same factors."""
    amount = total(part.amount for part in parts)
    months = sorted({part.month for part in parts})
    span = "/".join(str(month) for month in dict.fromkeys((months[0], months[-1])))
    values = {"line": parts[0].label, "span": span}
    if not parts[0].factors:
        return Step("client_part", values, str(amount))
    factors = " ".join(plain(factor) for factor in parts[0].factors)
    exact = sum((part.exact for part in parts), Fraction(0))
    return Step("client_part", {**values, "per": "factor", "amount_eur": str(amount), "factors": factors}, shown(exact))


def above_maximum(
    bound: ClientBound, products: Sequence[str], amounts: ClientAmounts, groups: Sequence[_Group]
) -> Iterator[Bounded]:
    """What clients have above the maximum, in the months it arose; taken off `amounts`."""
    if bound.maximum_eur is None:
        return
    most = bound.maximum_eur
    found: dict[tuple[str, Month], list[Step]] = defaultdict(list)
    for group in groups:
        before = Eur.zero()
        for month in group.months:
            to_date = group.to_date(month)
            above = max(Eur.zero(), to_date - most)
            if above > before:
                values = {"per": bound.per, "month": str(month), **group.named, "to_date_eur": str(to_date)}
                values |= {"maximum_eur": str(most), "earlier_eur": str(before)}
                step = Step("above_maximum", values, str(above - before), steps=group.steps(month))
                found[(group.municipality, month)].append(step)
                group.changed(month, f"maximum {bound.per}", before - above, amounts)
            before = above
    for (municipality, month), of_clients in sorted(found.items()):
        said = {"per": bound.per, "maximum_eur": str(most), "products": ", ".join(products)}
        yield _together(municipality, month, Step("client_maximum", said), of_clients)


def below_minimum(
    bound: ClientBound, products: Sequence[str], amounts: ClientAmounts, groups: Sequence[_Group], through: Month
) -> Iterator[Bounded]:
    """What clients fall short of the minimum of a period that is over; added to `amounts`."""
    if bound.minimum_eur is None:
        return
    least = bound.minimum_eur
    found: dict[tuple[str, Month], list[Step]] = defaultdict(list)
    for group in groups:
        if group.settled > through:
            continue
        until = max([*group.months, group.settled])
        had = group.to_date(until)
        if had < least:
            values = {"per": bound.per, "month": str(group.settled), **group.named, "had_eur": str(had)}
            values["minimum_eur"] = str(least)
            step = Step("below_minimum", values, str(least - had), steps=group.steps(until))
            found[(group.municipality, group.settled)].append(step)
            group.changed(group.settled, f"minimum {bound.per}", least - had, amounts)
    for (municipality, month), of_clients in sorted(found.items()):
        said = {"per": bound.per, "minimum_eur": str(least), "products": ", ".join(products)}
        yield _together(municipality, month, Step("client_minimum", said), of_clients)


def _together(municipality: str, month: Month, step: Step, of_clients: Sequence[Step]) -> Bounded:
    """What a bound changes for all its clients, in the order of what they are named by."""
    amount = total(Eur(one.result) for one in of_clients)
    in_order = sorted(of_clients, key=lambda one: one.values.get("assignment") or one.values["reference"])
    values = {**step.values, "clients": str(len(of_clients))}
    return Bounded(municipality, month, amount, replace(step, values=values, result=str(amount), steps=tuple(in_order)))


def groups_of(
    bound: ClientBound, amounts: ClientAmounts, contract: Contract, assignments: Mapping[tuple[str, str], Assignment]
) -> list[_Group]:
    """What `amounts` come to per client and period of the bound."""
    in_force = list(contract.in_force.period.months())
    gathered: dict[tuple[str, str, object], list[Part]] = defaultdict(list)
    settled: dict[tuple[str, str, object], Month] = {}
    for (municipality, client, assignment), parts in amounts.items():
        for part in parts:
            month = part.month
            period: object = {"assignment": assignment, "month": month, "year": month.year}[bound.per]
            key = (municipality, client, period)
            gathered[key].append(part)
            match bound.per:
                case "month":
                    settled[key] = month
                case "year":
                    settled[key] = max(known for known in in_force if known.year == month.year)
                case "assignment":
                    end = assignments[(municipality, assignment)].end
                    last_month = in_force[-1] if end is None else min(Month.of(end - timedelta(days=1)), in_force[-1])
                    settled[key] = max(last_month, settled.get(key, month), month)
    return [
        _Group(municipality, client, _named(bound, str(period), parts), parts, settled[(municipality, client, period)])
        for (municipality, client, period), parts in sorted(gathered.items(), key=lambda one: str(one[0]))
    ]


def _named(bound: ClientBound, period: str, parts: Sequence[Part]) -> dict[str, str]:
    if bound.per == "assignment":
        return {"assignment": as_shown(period)}
    return {"reference": min(part.reference for part in parts)}
