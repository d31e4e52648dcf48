"""What of a year's budget is not paid yet: it waits for accountability, or for the determination."""

from collections.abc import Sequence

from contracts.components.lump_sum import LumpSumComponent
from contracts.components.population import PopulationComponent
from contracts.model import Contract
from kernel.money import Eur, total
from settlement.funding import lump_sum, population
from settlement.funding.facts import Facts


def withheld_of(contract: Contract, keys: Sequence[str], facts: Facts, year: int) -> Eur:
    """What of the budgets of components over a year is still withheld; nil where none is, or none can be computed."""
    return total(
        _withheld(contract, component, facts, year)
        for component in contract.component
        if component.key in keys and isinstance(component, PopulationComponent | LumpSumComponent)
    )


def _withheld(contract: Contract, component: PopulationComponent | LumpSumComponent, facts: Facts, year: int) -> Eur:
    if isinstance(component, PopulationComponent):
        return population.withheld(contract, component, facts, year)
    return lump_sum.withheld(contract, component, facts, year)
