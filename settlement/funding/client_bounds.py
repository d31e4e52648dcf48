"""The least and the most that is paid for one client per assignment, month or year.

What a client comes to is rounded once to the cent, half up. A maximum that holds over several months is settled to
date: what is above it in a month is what is above it up to that month, less what was above it before. A minimum is
settled when its period is over, for clients who had care in it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from contracts.components.effort import ClientBound
from contracts.model import Contract
from kernel.explanations import Step
from kernel.money import Eur, half_up, total
from kernel.periods import Month
from settlement.funding.facts import Assignment

ORDER = ("assignment", "month", "year")

# What clients come to by municipality, client and assignment, month by month.
ClientAmounts = dict[tuple[str, str, str], dict[Month, Fraction]]


@dataclass(frozen=True, slots=True)
class Bounded:
    """What a bound changes in a month of a municipality: `amount` above the maximum, or short of the minimum."""

    municipality: str
    month: Month
    amount: Eur
    explanation: Step


@dataclass(frozen=True, slots=True)
class _Group:
    """What one client comes to in one period, month by month; `settled` is the month in which a minimum is settled.

    An assignment that is open, or outlives the contract, is over for the contract in its last month in force.
    """

    municipality: str
    client: str
    by_month: Mapping[Month, Fraction]
    settled: Month

    def to_date(self, month: Month) -> Eur:
        return half_up(sum((amount for known, amount in self.by_month.items() if known <= month), Fraction(0)))


def above_maximum(bound: ClientBound, amounts: ClientAmounts, groups: Sequence[_Group]) -> Iterator[Bounded]:
    """What clients have above the maximum, in the months it arose; taken off `amounts`."""
    if bound.maximum_eur is None:
        return
    most = bound.maximum_eur
    found: dict[tuple[str, Month], list[tuple[Eur, Eur]]] = defaultdict(list)  # to date, and above it before
    for group in groups:
        before = Eur.zero()
        for month in sorted(group.by_month):
            to_date = group.to_date(month)
            above = max(Eur.zero(), to_date - most)
            if above > before:
                found[(group.municipality, month)].append((to_date, before))
                of_client = amounts.setdefault((group.municipality, group.client, ""), {})
                of_client[month] = of_client.get(month, Fraction(0)) - (above - before).exact
            before = above
    for (municipality, month), clients in sorted(found.items()):
        together, earlier = total(to_date for to_date, _ in clients), total(before for _, before in clients)
        amount = total(to_date - most - before for to_date, before in clients)
        values = {"per": bound.per, "clients": str(len(clients)), "maximum_eur": str(most)}
        values |= {"together_eur": str(together), "earlier_eur": str(earlier)}
        yield Bounded(municipality, month, amount, Step("client_maximum", values, str(amount)))


def below_minimum(
    bound: ClientBound, amounts: ClientAmounts, groups: Sequence[_Group], through: Month
) -> Iterator[Bounded]:
    """What clients fall short of the minimum of a period that is over; added to `amounts`."""
    if bound.minimum_eur is None:
        return
    least = bound.minimum_eur
    found: dict[tuple[str, Month], list[Eur]] = defaultdict(list)
    for group in groups:
        if group.settled > through:
            continue
        had = group.to_date(max([*group.by_month, group.settled]))
        if had < least:
            found[(group.municipality, group.settled)].append(had)
            of_client = amounts.setdefault((group.municipality, group.client, ""), {})
            of_client[group.settled] = of_client.get(group.settled, Fraction(0)) + (least - had).exact
    for (municipality, month), clients in sorted(found.items()):
        together = total(clients)
        amount = total(least - had for had in clients)
        values = {"per": bound.per, "clients": str(len(clients)), "minimum_eur": str(least)}
        values |= {"together_eur": str(together)}
        yield Bounded(municipality, month, amount, Step("client_minimum", values, str(amount)))


def groups_of(
    bound: ClientBound, amounts: ClientAmounts, contract: Contract, assignments: Mapping[tuple[str, str], Assignment]
) -> list[_Group]:
    """What `amounts` come to per client and period of the bound."""
    in_force = list(contract.in_force.period.months())
    gathered: dict[tuple[str, str, object], dict[Month, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    settled: dict[tuple[str, str, object], Month] = {}
    for (municipality, client, assignment), by_month in amounts.items():
        for month, amount in by_month.items():
            period: object = {"assignment": assignment, "month": month, "year": month.year}[bound.per]
            key = (municipality, client, period)
            gathered[key][month] += amount
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
        _Group(municipality, client, dict(gathered[key]), settled[key])
        for key in sorted(gathered, key=str)
        for municipality, client, _ in (key,)
    ]
