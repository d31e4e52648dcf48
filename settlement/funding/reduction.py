"""A temporary reduction: a percentage less of what it applies to, by month and municipality."""

from collections.abc import Sequence

from contracts.components.reduction import ReductionComponent
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.money import half_up, total
from kernel.notation import plain
from kernel.periods import Month
from settlement.entitlement import REDUCTION, Entitlement, Treatment
from settlement.funding.facts import Entitled
from settlement.funding.spread import applied_to, by_month, parts_of, spread


def entitle(
    contract: Contract, component: ReductionComponent, above: Sequence[Entitlement], through: Month
) -> Entitled:
    """What is taken off in every reduced month up to `through`: half up to the cent for each municipality."""
    entitlements: list[Entitlement] = []
    for month, over in sorted(by_month(applied_to(contract, component, above)).items()):
        if not component.start <= month < component.until or month > through:
            continue
        for municipality in sorted({line.key.municipality for line in over}):
            paid_by_it = [line for line in over if line.key.municipality == municipality]
            paid = total(line.amount for line in paid_by_it)
            amount = -half_up(paid.exact * share(component.percent))
            values = {"percent": plain(component.percent), "paid_eur": str(paid)}
            step = Step("reduction", values, str(amount), component.clause, parts_of(paid_by_it))
            kind = (month, REDUCTION, Treatment.PAYABLE)
            entitlements += spread(contract, component, kind, amount, paid_by_it, step) if amount else []
    return entitlements, []
