"""Pay-off curves: what a clause with bands settles when one thing varies, and where it changes its slope."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from contracts.components.ceiling import CeilingComponent
from contracts.components.component import ModifierPart
from contracts.components.effort import EffortComponent
from contracts.components.risk_sharing import RiskSharingComponent
from contracts.model import Contract
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, half_up
from settlement.entitlement import Entitlement
from settlement.funding import ceiling, risk_sharing
from settlement.funding.bands import amount_in_bands
from settlement.funding.facts import Facts, NotComputable
from settlement.funding.figures import YearReader

_SLOPE_OF_A_CENT = 2  # cents of settlement that a cent more may bring, with its rounding; more is a jump


@dataclass(frozen=True, slots=True)
class Curve:
    """What a component settles as `varied` ('cost', 'delivered' or 'volume') runs through values of `base`.

    `edges` are the values at which it changes its slope; `amount_at` gives what is settled at a value.
    """

    component: str
    varied: str
    base: Fraction
    edges: Sequence[Fraction]
    amount_at: Callable[[Fraction], Eur]


@dataclass(frozen=True, slots=True)
class Point:
    """What is settled at a value of what is varied; `percent` is that value of the base."""

    percent: Fraction
    value: Fraction
    amount: Eur
    on_edge: bool


def curves(
    contract: Contract, facts: Facts, above: Sequence[Entitlement], year: int
) -> tuple[list[Curve], list[Finding]]:
    """The curve of every clause that has one, in the order of the contract, and what is missing from them.

    A clause whose base is zero, or cannot be computed from the facts, has none. `above` are the entitlements of all.
    """
    missing: list[Finding] = []
    return list(_curves(contract, facts, above, year, missing)), missing


def _curves(
    contract: Contract, facts: Facts, above: Sequence[Entitlement], year: int, missing: list[Finding]
) -> Iterator[Curve]:
    for component in contract.component:
        match component:
            case RiskSharingComponent():
                reader = YearReader(contract, component, facts, _above(contract, component, above), year)
                try:
                    base, _ = reader.paid(component.budget)
                    if not base:
                        continue
                    edges = risk_sharing.edges(component, base, reader.share)
                    amount_at = _shared(component, base, reader)
                    for cost in (Fraction(0), 2 * base):  # a side may need a figure that the other does not
                        amount_at(cost)
                except NotComputable as reason:
                    missing.append(reason.finding)
                    continue
                missing += _left_out(component, reader)
                yield Curve(component.key, "cost", base, edges, amount_at)
            case CeilingComponent():
                most, _ = ceiling.agreed_amount(component, year)
                edges = [edge.exact for edge in ceiling.edges(component, most)]
                yield Curve(component.key, "delivered", most.exact, edges, _paid(component, most))
            case EffortComponent() if component.bands:
                edges = [Fraction(band.up_to) for band in component.bands if band.up_to is not None]
                yield Curve(component.key, "volume", max(edges, default=Fraction(1)), edges, _banded(component))


def points(curve: Curve, low: Decimal, high: Decimal, step: Decimal) -> list[Point]:
    """The curve from `low` to `high` percent of its base, at every `step`, at every edge between, and beside a jump."""
    steps = int((high - low) / step)
    values = {curve.base * (Fraction(low) + Fraction(step) * number) / 100 for number in range(steps + 1)}
    values.add(curve.base * Fraction(high) / 100)
    edges = [edge for edge in curve.edges if curve.base * Fraction(low) <= edge * 100 <= curve.base * Fraction(high)]
    values |= {*edges, *(beside for edge in edges for beside in _beside_a_jump(curve, edge))}
    return [Point(value / curve.base * 100, value, curve.amount_at(value), value in edges) for value in sorted(values)]


def _beside_a_jump(curve: Curve, edge: Fraction) -> list[Fraction]:
    """The values a cent beside an edge at which another amount is settled than a slope would give.

    Prices by band are marginal and never jump: there a unit more costs euros, and that is its slope.
    """
    if curve.varied == "volume":
        return []
    at_edge = curve.amount_at(edge).cents
    return [
        edge + cent
        for cent in (Fraction(-1, 100), Fraction(1, 100))
        if abs(curve.amount_at(edge + cent).cents - at_edge) > _SLOPE_OF_A_CENT
    ]


def _above(contract: Contract, component: ModifierPart, lines: Sequence[Entitlement]) -> list[Entitlement]:
    keys = [one.key for one in contract.component]
    earlier = set(keys[: keys.index(component.key)])
    return [line for line in lines if line.key.component in earlier]


def _left_out(component: RiskSharingComponent, reader: YearReader) -> Iterator[Finding]:
    """The figures that are added after the year, and are not in a curve since they are not known."""
    sides = [side for side in (component.shared_saving, component.shared_loss) if side is not None]
    added = dict.fromkeys(one.add_figure for side in sides for one in side.steps if one.add_figure is not None)
    for name in added:
        if (name, reader.year) not in reader.facts.figures:
            message = f"cijfer {name} over {reader.year} is niet bekend: de uitkomsten zijn zonder dat cijfer"
            place = f'onderdeel "{component.key}"'
            yield Finding("F07", Severity.WARNING, place, message, "noem het bij figures van de feiten")


def _shared(component: RiskSharingComponent, budget: Fraction, reader: YearReader) -> Callable[[Fraction], Eur]:
    def added(name: str) -> Fraction:
        """What is added after the year is the same at every cost; not known yet, it is left out."""
        return reader.figure(name) if (name, reader.year) in reader.facts.figures else Fraction(0)

    return lambda cost: risk_sharing.settled(component, budget, cost, reader.share, added)[0]


def _paid(component: CeilingComponent, most: Eur) -> Callable[[Fraction], Eur]:
    def paid(delivered: Fraction) -> Eur:
        amount = half_up(delivered)
        unpaid, _ = ceiling.above_ceiling(component, most, amount, Step("ceiling_amount"))
        return amount - unpaid

    return paid


def _banded(component: EffortComponent) -> Callable[[Fraction], Eur]:
    return lambda units: amount_in_bands(component.bands, units)
