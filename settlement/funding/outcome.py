"""A bonus or malus on outcomes: a part of a year's budget times the weighted sum of the scores.

Settled once, in the last month of the year that is in force; one rounding, half up to the cent.
"""

from collections.abc import Sequence
from fractions import Fraction

from contracts.components.outcome import Indicator, OutcomeComponent
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.findings import Finding
from kernel.money import half_up
from kernel.notation import plain
from kernel.periods import Month
from settlement.entitlement import OUTCOME, Entitlement, Treatment
from settlement.funding.facts import Entitled, Facts, NotComputable
from settlement.funding.figures import YearReader, shown
from settlement.funding.spread import applied_to, spread
from settlement.funding.years import year_of, years_over


def entitle(
    contract: Contract, component: OutcomeComponent, facts: Facts, above: Sequence[Entitlement], through: Month
) -> Entitled:
    """The bonus (positive) or malus of every year that is over."""
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    for last in years_over(contract, through):
        reader = YearReader(contract, component, facts, above, last.year)
        try:
            budget, of_budget = reader.paid(component.budget)
            scores = [_score(component, indicator, reader) for indicator in component.indicators]
        except NotComputable as reason:
            findings.append(reason.finding)
            continue
        weights = [Fraction(indicator.weight) for indicator in component.indicators]
        score = sum((weight * found for weight, (found, _) in zip(weights, scores, strict=True)), Fraction(0))
        amount = half_up(budget * share(component.at_stake_percent) * score)
        values = {
            "year": str(last.year),
            "budget_eur": shown(budget),
            "percent": plain(component.at_stake_percent),
            "score": plain(score),
        }
        steps = (of_budget, *(step for _, step in scores))
        step = Step("outcome", values, str(amount), component.clause, steps)
        over = [
            line for line in applied_to(contract, component, above) if year_of(contract, line.key.month) == last.year
        ]
        entitlements += spread(contract, component, (last, OUTCOME, Treatment.PAYABLE), amount, over, step)
    return entitlements, findings


def _score(component: OutcomeComponent, indicator: Indicator, reader: YearReader) -> tuple[Fraction, Step]:
    """The score of an indicator: told, or made of a measurement that counts from its worst to its best value."""
    least = -1 if component.malus else 0
    values = {"name": indicator.name, "weight": plain(indicator.weight)}
    if indicator.worst is None or indicator.best is None:
        score = reader.within(indicator.name, least, 1)
        return score, Step("score", {**values, "score": plain(score)})
    worst, best = Fraction(indicator.worst), Fraction(indicator.best)
    measured = reader.figure(indicator.name)
    part = min(max((measured - worst) / (best - worst), Fraction(0)), Fraction(1))
    score = least + part * (1 - least)
    values |= {"score": plain(score), "measured": plain(measured), "worst": plain(worst), "best": plain(best)}
    return score, Step("measured_score", values)
