"""What a population budget has beside its instalments: money withheld, reopenings, and what is not spent."""

from collections.abc import Sequence, Set
from decimal import Decimal

from contracts.components.population import PopulationComponent, Unspent
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.money import Eur, half_up, total
from kernel.notation import plain
from settlement.entitlement import EARMARKED, REOPENING, UNSPENT, WITHHELD, Entitlement, LineKey, Treatment
from settlement.funding.facts import Entitled, nothing_known
from settlement.funding.instalments import Budget, in_turns


def less_withheld(component: PopulationComponent, budget: Budget) -> Budget:
    """What is paid in instalments: the budget of the year less what is withheld, half up to the cent."""
    if component.withheld is None:
        return budget
    amount = half_up(budget.amount.exact * (1 - share(component.withheld.percent)))
    values = {"percent": plain(component.withheld.percent), "year_eur": str(budget.amount)}
    return Budget(amount, Step("less_withheld", values, str(amount), component.clause, (budget.step,)), budget.in_force)


def released(
    contract: Contract, component: PopulationComponent, budget: Budget, accountability: Set[tuple[int, str]]
) -> list[Entitlement]:
    """What was withheld over a year, in its last month, once the accountability of that year was received."""
    if component.withheld is None or (budget.year, component.withheld.until) not in accountability:
        return []
    paid = less_withheld(component, budget).amount
    values = {"year": str(budget.year), "year_eur": str(budget.amount), "paid_eur": str(paid)}
    step = Step("withheld", values, str(budget.amount - paid), component.clause, (budget.step,))
    return [_of_year(contract, component, budget, WITHHELD, Treatment.PAYABLE, step)]


def reopened(contract: Contract, component: PopulationComponent, budget: Budget) -> list[Entitlement]:
    """What the budget of the year changes by, over the instalments that are left from the month it is reopened in.

    Cut off below the cent; the last takes the difference.
    """
    entitlements = []
    for reopening in component.reopenings:
        left = [month for month in budget.in_force if month >= reopening.start]
        if reopening.start.year == budget.year:
            values = {"decision": reopening.decision, "month": str(reopening.start)}
            step = Step("reopening", values, str(reopening.amount_eur), component.clause)
            extra = Budget(reopening.amount_eur, step, left)
            label = f"{REOPENING} {reopening.start}"
            entitlements += in_turns(contract, component, extra, component.instalments, label)
    return entitlements


def unspent(
    contract: Contract,
    component: PopulationComponent,
    budget: Budget,
    extra: Eur,
    above: Sequence[Entitlement],
    *,
    is_all: bool,
) -> Entitled:
    """What becomes of the budget of a year, with the `extra` of reopenings, that covered deliveries were not worth.

    Of no delivery at all it is not known what they were worth: then there is a warning, and nothing is paid back;
    unless what is known `is_all` that was delivered.
    """
    rule = component.unspent
    if rule is None or rule.rule == "keep":
        return [], []
    covered = [
        one.amount
        for one in above
        if one.key.component == component.key
        and one.key.month.year == budget.year
        and one.key.treatment is Treatment.SHADOW
        and not one.key.of_contract
    ]
    if not covered and not is_all:
        return [], [nothing_known(component.key, component.covers, budget.year)]
    whole, realised = budget.amount + extra, total(covered)
    left = max(whole - realised, Eur.zero())
    values = {"year": str(budget.year), "budget_eur": str(whole), "realised_eur": str(realised)}
    step = _rule_on(component, rule, whole, left, Step("left_over", values, str(left)))
    if rule.rule == "earmark":
        return [_of_year(contract, component, budget, EARMARKED, Treatment.SHADOW, step)], []
    return [_of_year(contract, component, budget, UNSPENT, Treatment.PAYABLE, step)], []


def _rule_on(component: PopulationComponent, rule: Unspent, budget: Eur, left: Eur, step: Step) -> Step:
    """What is paid back of what is left over, as an amount below nil; or what is earmarked."""
    if rule.rule == "earmark":
        return Step("earmarked", {}, str(left), component.clause, (step,))
    if rule.reserve_percent is not None:
        reserve = min(left, half_up(budget.exact * share(rule.reserve_percent)))
        values = {"left_eur": str(left), "percent": plain(rule.reserve_percent), "budget_eur": str(budget)}
        values |= {"reserve_eur": str(reserve)}
        return Step("above_reserve", values, str(reserve - left), component.clause, (step,))
    percent = Decimal(100) if rule.share_percent is None else rule.share_percent
    back = half_up(left.exact * share(percent))
    values = {"left_eur": str(left), "percent": plain(percent)}
    return Step("paid_back", values, str(-back), component.clause, (step,))


def _of_year(
    contract: Contract, component: PopulationComponent, budget: Budget, label: str, treatment: Treatment, step: Step
) -> Entitlement:
    """A line in the last month in force of a year."""
    key = LineKey(component.key, contract.municipality_of(component), budget.in_force[-1], label, treatment)
    return Entitlement(key, Eur(step.result), component.task_field, step)
