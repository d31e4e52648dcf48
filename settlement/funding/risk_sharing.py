"""Risk sharing: what one party pays the other when the cost of a calendar year differs from its budget.

Settled once, in the last month of the year that is in force. Everything is exact until the single rounding at the end,
half up to the cent.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from contracts.components.figures import FigureShare
from contracts.components.risk_sharing import RiskSharingComponent, SharingStep, Side
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.findings import Finding
from kernel.money import Eur, half_up
from kernel.notation import plain
from kernel.periods import Month
from settlement.entitlement import RISK_SHARING, Entitlement, Treatment
from settlement.funding.facts import Entitled, Facts, NotComputable
from settlement.funding.figures import YearReader, shown
from settlement.funding.spread import applied_to, spread
from settlement.funding.years import year_of, years_over

ShareOf = Callable[[Decimal | FigureShare], Fraction]
FigureOf = Callable[[str], Fraction]


def entitle(
    contract: Contract, component: RiskSharingComponent, facts: Facts, above: Sequence[Entitlement], through: Month
) -> Entitled:
    """The settlement of every year that is over. What the other party owes the provider is positive."""
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    for last in years_over(contract, through):
        reader = YearReader(contract, component, facts, above, last.year)
        try:
            budget, of_budget = reader.paid(component.budget)
            borne_by_payer = component.cost_borne_by == "payer"
            cost, of_cost = (reader.paid if borne_by_payer else reader.delivered)(component.cost)
            amount, steps = settled(component, budget, cost, reader.share, reader.figure)
        except NotComputable as reason:
            findings.append(reason.finding)
            continue
        values = {"cost_eur": shown(cost), "budget_eur": shown(budget)}
        deviation = Step("deviation", values, shown(cost - budget), steps=(of_cost, of_budget))
        step = Step("risk_sharing", {"year": str(last.year)}, str(amount), component.clause, (deviation, *steps))
        over = [
            line for line in applied_to(contract, component, above) if year_of(contract, line.key.month) == last.year
        ]
        entitlements += spread(contract, component, (last, RISK_SHARING, Treatment.PAYABLE), amount, over, step)
    return entitlements, findings


def settled(
    component: RiskSharingComponent, budget: Fraction, cost: Fraction, share_of: ShareOf, figure_of: FigureOf
) -> tuple[Eur, Sequence[Step]]:
    """What the provider gets (positive) or pays back, and the steps from the deviation to it."""
    side = component.shared_loss if cost > budget else component.shared_saving
    if side is None:
        return Eur.zero(), (Step("not_shared"),)
    steps = list(steps_of(side, budget, abs(cost - budget), share_of, figure_of))
    amount = half_up(steps[-1][0])
    to_provider = (cost > budget) == (component.cost_borne_by == "provider")
    return amount if to_provider else -amount, [step for _, step in steps]


def edges(component: RiskSharingComponent, budget: Fraction, share_of: ShareOf) -> list[Fraction]:
    """The costs at which what is settled of the next euro changes, or the settlement itself jumps.

    That is at the budget, at the minima, where bands end and where caps are reached, of both sides.
    """
    found = {budget}
    for sign, side in ((-1, component.shared_saving), (1, component.shared_loss)):
        if side is not None:
            found |= {budget + sign * deviation for deviation in _deviations(side, budget, share_of)}
    return sorted(cost for cost in found if cost >= 0)


def steps_of(
    side: Side, budget: Fraction, deviation: Fraction, share_of: ShareOf, figure_of: FigureOf
) -> Iterator[tuple[Fraction, Step]]:
    """Every step from a saving or loss to what is shared of it, with what is left after the step."""
    if side.minimum_rate is not None:
        rate = share_of(side.minimum_rate)
        minimum = rate * budget
        values = {"deviation_eur": shown(deviation), "minimum_eur": shown(minimum), "percent": plain(rate * 100)}
        if deviation < minimum:
            yield Fraction(0), Step("below_minimum", values, "0.00")
            return
        yield deviation, Step("minimum_reached", values, shown(deviation))
    amount = deviation
    if side.bands:
        amount, step = _banded(side, budget, deviation)
        yield amount, step
    for one in side.steps:
        amount, step = _next(one, amount, budget, share_of, figure_of)
        yield amount, step


def _banded(side: Side, budget: Fraction, deviation: Fraction) -> tuple[Fraction, Step]:
    """The share of each band in what lies within it; a deviation on an edge belongs to the inner band."""
    amount = Fraction(0)
    steps = []
    low = Decimal(0)
    for band in side.bands:
        begin = share(low) * budget
        end = deviation if band.up_to_percent is None else min(deviation, share(band.up_to_percent) * budget)
        within = max(end - begin, Fraction(0))
        part = within * Fraction(band.share)
        amount += part
        values = {"from_percent": plain(low), "within_eur": shown(within), "share": plain(band.share)}
        if band.up_to_percent is None:
            steps.append(Step("last_sharing_band", values, shown(part)))
        else:
            values["to_percent"] = plain(band.up_to_percent)
            steps.append(Step("sharing_band", values, shown(part)))
            low = band.up_to_percent
    return amount, Step("sharing_bands", {"budget_eur": shown(budget)}, shown(amount), steps=tuple(steps))


def _next(
    one: SharingStep, amount: Fraction, budget: Fraction, share_of: ShareOf, figure_of: FigureOf
) -> tuple[Fraction, Step]:
    """What a step of the document leaves of the amount before it."""
    values = {"before_eur": shown(amount)}
    if one.share is not None:
        factor = share_of(one.share)
        after = amount * factor
        return after, Step("share_of", {**values, "share": plain(factor)}, shown(after))
    if one.withhold_percent is not None:
        after = amount * (1 - share(one.withhold_percent))
        return after, Step("withhold", {**values, "percent": plain(one.withhold_percent)}, shown(after))
    if one.add_figure is not None:
        figure = figure_of(one.add_figure)
        after = max(amount + figure, Fraction(0))
        return after, Step("add_figure", {**values, "name": one.add_figure, "figure_eur": shown(figure)}, shown(after))
    cap = cap_of(one, budget)
    assert cap is not None, "the model lets a step do one thing"
    after = min(amount, cap)
    if one.cap_eur is not None:
        return after, Step("cap", {**values, "cap_eur": shown(cap)}, shown(after))
    percent = plain(one.cap_percent_of_budget or 0)
    values |= {"percent": percent, "budget_eur": shown(budget), "cap_eur": shown(cap)}
    return after, Step("cap_of_budget", values, shown(after))


def cap_of(one: SharingStep, budget: Fraction) -> Fraction | None:
    if one.cap_eur is not None:
        return one.cap_eur.exact
    return None if one.cap_percent_of_budget is None else share(one.cap_percent_of_budget) * budget


def _deviations(side: Side, budget: Fraction, share_of: ShareOf) -> set[Fraction]:
    """The deviations at which a side changes its slope: where bands end, and where a cap is reached between those."""
    found = {share(band.up_to_percent) * budget for band in side.bands if band.up_to_percent is not None}
    for place, one in enumerate(side.steps):
        cap = cap_of(one, budget)
        if cap is None:
            continue
        before = side.model_copy(update={"steps": side.steps[:place], "minimum_rate": None})
        last = max(found, default=Fraction(0))
        ends = [*sorted({Fraction(0), *found}), last + 1]  # beyond the last edge it is straight
        for low, high in pairwise(ends):
            at_low, at_high = (shared(before, budget, deviation, share_of) for deviation in (low, high))
            if at_low < at_high and at_low <= cap and (cap <= at_high or low == last):
                found.add(low + (cap - at_low) * (high - low) / (at_high - at_low))
    if side.minimum_rate is not None:
        found.add(share_of(side.minimum_rate) * budget)
    return found


def shared(side: Side, budget: Fraction, deviation: Fraction, share_of: ShareOf) -> Fraction:
    """What a side makes of a deviation, leaving figures that are added out."""
    left = [left for left, _ in steps_of(side, budget, deviation, share_of, lambda _: Fraction(0))]
    return left[-1] if left else deviation
