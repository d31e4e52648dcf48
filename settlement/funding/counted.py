"""The persons that a population budget is based on, and the amount that a group of them comes to."""

from collections.abc import Mapping, Sequence
from datetime import date

from contracts.components.population import PopulationComponent, Segment
from contracts.model import Contract
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import half_up
from settlement.funding.facts import Counts, NotComputable


def _missing(area: str, measure: str, day: date) -> NotComputable:
    hint = "lees de telling in (bekostiging import population)"
    return _not_computable("F01", area, measure, day, "er is geen telling bekend", hint)


def nobody(areas: Sequence[str], measure: str, day: date) -> NotComputable:
    """A count of nought, by which nothing can be divided."""
    message = "de telling is 0: daar valt niet naar te verdelen en geen groei van te berekenen"
    return _not_computable("F02", ", ".join(areas), measure, day, message, "controleer de telling en het contract")


def _not_computable(code: str, area: str, measure: str, day: date, message: str, hint: str) -> NotComputable:
    return NotComputable(Finding(code, Severity.ERROR, f"{area}, maat {measure}, {day:%d-%m-%Y}", message, hint))


def amount_of_group(
    contract: Contract, component: PopulationComponent, segment: Segment, day: date, persons: int
) -> Step:
    """The amount of the persons counted under one measure."""
    values = {
        "measure": segment.measure,
        "areas": ", ".join(areas_of(contract, component)),
        "count_date": str(day),
        "persons": str(persons),
        "amount_eur": str(segment.amount_eur),
    }
    return Step("per_person", values, str(half_up(segment.amount_eur.exact * persons)), component.clause)


def areas_of(contract: Contract, component: PopulationComponent) -> tuple[str, ...]:
    if component.division is not None:
        return component.division.own_areas
    return component.areas or (contract.municipality_of(component),)


def count_date_of(component: PopulationComponent) -> date:
    assert component.count_date is not None, "the model asks for a count date wherever persons are counted"
    return component.count_date


def base_persons(contract: Contract, component: PopulationComponent, counts: Counts, measure: str) -> int:
    """The persons in the areas of a component that its budget is based on."""
    day, statuses = count_date_of(component), base_statuses(component)
    return sum(known(counts, area, measure, day, statuses) for area in areas_of(contract, component))


def base_statuses(component: PopulationComponent) -> tuple[str, str]:
    """Which count a budget is based on: the final one, or with a recount by it the provisional one it follows.

    Else the growth that the recount pays would be in the base already.
    """
    recount_by_final = component.recount is not None and component.recount.counts == "final"
    return ("provisional", "final") if recount_by_final else ("final", "provisional")


def recount_persons(
    contract: Contract, component: PopulationComponent, counts: Counts, measures: Sequence[str], year: int
) -> tuple[date, Mapping[str, int]] | None:
    """The day and the persons by measure of the latest recount known for `year`; None when none is due or known yet."""
    assert component.recount is not None
    base = count_date_of(component)
    days: list[date] = [base]
    statuses: tuple[str, ...] = ("final",)
    if component.recount.counts == "yearly":
        days, statuses = [date(y, 1, 1) for y in range(year, base.year, -1)], ("final", "provisional")
    areas = areas_of(contract, component)
    for day in days:
        try:
            return day, {m: sum(known(counts, area, m, day, statuses) for area in areas) for m in measures}
        except NotComputable:
            continue
    return None


def known(
    counts: Counts, area: str, measure: str, day: date, statuses: Sequence[str] = ("final", "provisional")
) -> int:
    for status in statuses:
        if (area, measure, day, status) in counts:
            return counts[(area, measure, day, status)]
    raise _missing(area, measure, day)
