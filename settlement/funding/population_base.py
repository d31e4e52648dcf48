"""What the budget of a population rests on: persons, a fixed budget, earlier spending, a share, or part of an area."""

from fractions import Fraction

from contracts.components.population import PopulationComponent
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.money import Eur, allocate, half_up, total
from kernel.notation import plain
from settlement.funding.counted import (
    amount_of_group,
    base_persons,
    base_statuses,
    count_date_of,
    known,
    nobody,
)
from settlement.funding.facts import Counts


def base(contract: Contract, component: PopulationComponent, counts: Counts) -> tuple[Eur, Step]:
    """The budget of a full year before it is indexed; where it is divided over areas, that of all of them."""
    if component.historical:
        return _historical(component)
    if component.objective is not None:
        objective = component.objective
        amount = half_up(objective.macro_budget_eur.exact * share(objective.share_percent))
        values = {"macro_eur": str(objective.macro_budget_eur), "percent": plain(objective.share_percent)}
        return amount, Step("objective", values, str(amount), component.clause)
    if component.budget_eur is not None:
        return component.budget_eur, Step("budget", {}, str(component.budget_eur), component.clause)
    return _per_person(contract, component, counts)


def own_part(component: PopulationComponent, counts: Counts, whole: tuple[Eur, Step]) -> tuple[Eur, Step]:
    """The part that is the provider's: of its own areas where a budget is divided, and of the area that it serves."""
    if component.division is not None:
        whole = _shared(component, counts, whole)
    if component.catchment_percent is None:
        return whole
    amount, step = whole
    part = half_up(amount.exact * share(component.catchment_percent))
    values = {"percent": plain(component.catchment_percent), "whole_eur": str(amount)}
    return part, Step("catchment", values, str(part), component.clause, (step,))


def _historical(component: PopulationComponent) -> tuple[Eur, Step]:
    """The average of what was spent in earlier years, half up to the cent."""
    spent = total(one.amount_eur for one in component.historical)
    average = half_up(spent.exact / len(component.historical))
    years = tuple(Step("spent_in_year", {"year": str(one.year)}, str(one.amount_eur)) for one in component.historical)
    values = {"spent_eur": str(spent), "number": str(len(years))}
    return average, Step("historical", values, str(average), component.clause, years)


def _per_person(contract: Contract, component: PopulationComponent, counts: Counts) -> tuple[Eur, Step]:
    steps = [
        amount_of_group(
            contract, component, s, count_date_of(component), base_persons(contract, component, counts, s.measure)
        )
        for s in component.measured_amounts
    ]
    base = total(Eur(step.result) for step in steps)
    return base, steps[0] if len(steps) == 1 else Step("sum_of_segments", {}, str(base), component.clause, tuple(steps))


def _shared(component: PopulationComponent, counts: Counts, whole: tuple[Eur, Step]) -> tuple[Eur, Step]:
    """The own areas' part of a budget: the sum over the measures of weight x persons in the area / persons in all."""
    assert component.division is not None
    assert component.count_date is not None
    division = component.division
    areas = sorted(division.areas)  # one order in every contract, so that the parts of all contracts add up
    shares = {area: Fraction(0) for area in areas}
    shares_of: dict[str, list[Step]] = {area: [] for area in areas}
    for measure, weight in division.weights.items():
        statuses = base_statuses(component)
        persons = {area: known(counts, area, measure, component.count_date, statuses) for area in areas}
        everyone = sum(persons.values())
        if not everyone:
            raise nobody(areas, measure, component.count_date)
        for area in areas:
            shares[area] += Fraction(weight) * persons[area] / everyone
            values = {"measure": measure, "weight": str(weight)}
            values |= {"persons": str(persons[area]), "persons_all": str(everyone)}
            shares_of[area].append(Step("measure_share", values))
    parts = dict(zip(areas, allocate(whole[0], list(shares.values())), strict=True))
    own = total(parts[area] for area in division.own_areas)
    steps = tuple(
        Step("area_share", {"area": area, "share": plain(shares[area])}, str(parts[area]), "", tuple(shares_of[area]))
        for area in division.own_areas
    )
    values = {
        "areas": ", ".join(division.own_areas),
        "whole_eur": str(whole[0]),
        "count_date": str(component.count_date),
    }
    return own, Step("division", values, str(own), component.clause, (whole[1], *steps))
