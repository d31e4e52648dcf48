"""A guarantee: an original provider gets at least what it got in the base year, less a discount.

Each provider, and each segment, stands alone: what one is short is never made up by what another has too much.

The guarantee of a calendar year is made in these steps, each rounded half up to the cent:

1. the amount of the base year, indexed year by year up to this one, each year rounded;
2. less the discount of the year, or less those of the years so far, one after the other;
3. for a year that is only partly in force: the months in force of twelve;
4. plus what was carried over from the year before, where the contract carries a shortfall over.

The shortfall is what was spent less than that, never below nil.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.components.guarantee import GuaranteeComponent, Guaranteed
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, half_up, total
from kernel.notation import plain
from kernel.periods import Month
from settlement.entitlement import SHORTFALL, Entitlement, LineKey, Treatment
from settlement.funding.facts import Entitled, Facts, nothing_known
from settlement.funding.indexation import indexed, missing_figure
from settlement.funding.years import months_of, part_of_year, year_of, years_over
from tariffs.indexation import IndexFigures, MissingFigure


@dataclass(frozen=True, slots=True)
class Guarantee:
    """What a provider is guaranteed over a calendar year, of a segment or ('') of all, and why."""

    provider: str
    segment: str
    year: int
    amount: Eur
    step: Step


def guarantees(contract: Contract, component: GuaranteeComponent, figures: IndexFigures, year: int) -> list[Guarantee]:
    """What is guaranteed over the months of a year in force, without what was carried over; nothing outside them.

    Raises `MissingFigure`.
    """
    in_force = months_of(contract, year)
    return [_guarantee(component, one, figures, year, in_force) for one in component.guaranteed if in_force]


def entitle(
    contract: Contract, component: GuaranteeComponent, facts: Facts, above: Sequence[Entitlement], through: Month
) -> Entitled:
    """The shortfalls of the years that are over, as far as the contract pays them."""
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    last_year = max(month.year for month in contract.in_force.period.months())
    carried: dict[tuple[str, str], Step] = {}
    for month in years_over(contract, through):
        rule = component.last_year if month.year == last_year and component.last_year else component.shortfall
        if rule == "none":  # whatever was spent, it changes nothing
            continue
        try:
            of_year = guarantees(contract, component, facts.index_figures, month.year)
        except MissingFigure as missing:
            return [], [*findings, missing_figure(component, missing)]
        for guarantee in of_year:
            whom = (guarantee.provider, guarantee.segment)
            spent = _spent(contract, component, facts, above, guarantee)
            if spent is None:
                unknown = nothing_known(component.key, component.spend_of, month.year)
                findings.append(unknown if component.spend_of else _not_known(guarantee))
                continue
            step = _shortfall(component, guarantee, carried.pop(whom, None), spent)
            if rule == "carry_over":
                carried[whom] = step
            if rule == "pay_difference":
                label = f"{SHORTFALL} {guarantee.provider} {guarantee.segment}".rstrip()
                key = LineKey(component.key, contract.municipality_of(component), month, label, Treatment.PAYABLE)
                entitlements.append(Entitlement(key, Eur(step.result), component.task_field, step))
    return ([], findings) if findings else (entitlements, [])


def _guarantee(
    component: GuaranteeComponent, guaranteed: Guaranteed, figures: IndexFigures, year: int, in_force: Sequence[Month]
) -> Guarantee:
    base = guaranteed.base_year_amount_eur
    of_base_year = Step("base_year_amount", {"year": str(component.base_year)}, str(base), component.clause)
    amount, step = indexed(component, figures, year, (base, of_base_year))
    for discount in component.discounts:
        if discount.year == year or (component.discount_on == "previous_year" and discount.year < year):
            values = {"year": str(discount.year), "percent": plain(discount.percent), "before_eur": str(amount)}
            amount = half_up(amount.exact * (1 - share(discount.percent)))
            step = Step("discount", values, str(amount), component.clause, (step,))
    amount, step = part_of_year(amount, in_force, step)
    return Guarantee(guaranteed.provider, guaranteed.segment, year, amount, step)


def _spent(
    contract: Contract, component: GuaranteeComponent, facts: Facts, above: Sequence[Entitlement], guarantee: Guarantee
) -> Eur | None:
    """What was spent at the provider over the year; None when that is not known."""
    if not component.spend_of:
        return facts.spend.get((guarantee.provider, guarantee.segment, guarantee.year))
    spent = [
        one.amount
        for one in above
        if one.key.component in component.spend_of
        and year_of(contract, one.key.month) == guarantee.year
        and one.key.treatment is Treatment.PAYABLE
    ]
    return total(spent) if spent or facts.delivered_as_stated(guarantee.year) else None


def _shortfall(component: GuaranteeComponent, guarantee: Guarantee, carried: Step | None, spent: Eur) -> Step:
    """What was spent less than was guaranteed; `carried` is that of the year before, where it is carried over."""
    due, step = guarantee.amount, guarantee.step
    if carried is not None and Eur(carried.result):
        values = {"guarantee_eur": str(due), "carried_eur": carried.result, "year": str(guarantee.year - 1)}
        due += Eur(carried.result)
        step = Step("with_carried_over", values, str(due), component.clause, (step, carried))
    whose = f"{guarantee.provider} {guarantee.segment}".rstrip()
    values = {"whose": whose, "year": str(guarantee.year), "guarantee_eur": str(due), "spent_eur": str(spent)}
    return Step("shortfall", values, str(max(due - spent, Eur.zero())), component.clause, (step,))


def _not_known(guarantee: Guarantee) -> Finding:
    whose = f"aanbieder {guarantee.provider}" + (f", {guarantee.segment}" if guarantee.segment else "")
    message = "de besteding is niet bekend, en een onbekende besteding is geen besteding van nul"
    hint = "noem bij spend_of de onderdelen die het betalen, of geef de besteding op, ook als die 0 is"
    return Finding("F06", Severity.ERROR, f"{whose}, {guarantee.year}", message, hint)
