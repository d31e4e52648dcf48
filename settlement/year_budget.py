"""What may be paid over a calendar year: budgets, with the counts that they rest on, lump sums and ceilings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from contracts.components.ceiling import CeilingComponent
from contracts.components.lump_sum import LumpSumComponent
from contracts.components.population import PopulationComponent
from contracts.model import Contract
from importers.population_counts import Count
from kernel.money import Eur
from settlement.funding import lump_sum, population
from settlement.funding.ceiling import year_ceiling
from settlement.funding.spread import bases_of
from tariffs.indexation import IndexFigures

CountKey = tuple[str, str, date, str]


class ReadCounts(dict[CountKey, int]):
    """Counts that remember which of them were read."""

    def __init__(self, known: Mapping[CountKey, Count]) -> None:
        super().__init__({key: count.persons for key, count in known.items()})
        self.read: set[CountKey] = set()

    def __getitem__(self, key: CountKey) -> int:
        self.read.add(key)
        return super().__getitem__(key)


@dataclass(frozen=True, slots=True)
class YearBudget:
    """The budget of one component over a year, and the recordings of the counts it rests on."""

    component: str
    municipality: str
    amount: Eur
    count_recordings: frozenset[int]


def year_budgets(
    contract: Contract, known: Mapping[CountKey, Count], figures: IndexFigures, year: int
) -> list[YearBudget]:
    """The budget of each component that has one in `year`; none where a count or index figure is missing."""
    found = []
    for component in contract.component:
        if not isinstance(component, PopulationComponent):
            continue
        counts = ReadCounts(known)
        amount = population.year_budget(contract, component, counts, figures, year)
        if amount is not None:
            recordings = frozenset(
                known[key].recording for key in counts.read if key[2].year == year or key[2] == component.count_date
            )
            found.append(YearBudget(component.key, contract.municipality_of(component), amount, recordings))
    return found


def budgets_of_year(
    contract: Contract, known: Mapping[CountKey, Count], figures: IndexFigures, year: int
) -> dict[str, Eur]:
    """By component what may be paid over `year`, as far as it can be said.

    A ceiling on one component is the budget of that, the lowest where there are more, unless it has a budget of its
    own; on several it stands at the ceiling itself.
    """
    found = {budget.component: budget.amount for budget in year_budgets(contract, known, figures, year)}
    for component in contract.component:
        if isinstance(component, LumpSumComponent):
            amount = lump_sum.year_budget(contract, component, figures, year)
            if amount is not None:
                found[component.key] = amount
    bases = bases_of(contract)
    ceilings: dict[str, Eur] = {}
    for component in contract.component:
        if isinstance(component, CeilingComponent):
            amount = year_ceiling(contract, component, year)
            key = min(bases[component.key]) if len(bases[component.key]) == 1 else component.key
            if amount is not None:
                ceilings[key] = min(amount, ceilings.get(key, amount))
    return {**ceilings, **found}
