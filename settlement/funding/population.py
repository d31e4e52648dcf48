"""Population funding: a budget for the inhabitants of an area, in instalments.

The budget of a calendar year is made in five steps, each rounded where it says so:

1. the base: an amount per person times the persons counted, a fixed budget, or a share of a budget over areas;
2. indexed, year by year, each year rounded to the cent (half up);
3. adjusted to the recount, as far as growth passes the dead band, rounded to the cent (half up);
4. for a year that is only partly in force: the months in force of twelve, rounded to the cent (half up);
5. paid in instalments, cut off below the cent; the last of the year takes the difference.

Where the budget is divided over areas the whole budget is indexed first, so that the shares add up to it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from contracts.components.population import PopulationComponent, Segment
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, allocate, half_up, total
from kernel.notation import plain
from kernel.periods import Month
from settlement.entitlement import Entitlement
from settlement.funding.facts import Counts
from settlement.funding.instalments import Budget, in_turns
from settlement.funding.years import part_of_year


class _NotComputable(Exception):
    """The budget cannot be computed: a count it cannot do without is not known, or is nought where it divides."""

    def __init__(self, code: str, area: str, measure: str, day: date, message: str, hint: str) -> None:
        self.finding = Finding(code, Severity.ERROR, f"{area}, maat {measure}, {day:%d-%m-%Y}", message, hint)


def _missing(area: str, measure: str, day: date) -> _NotComputable:
    hint = "lees de telling in (bekostiging import population)"
    return _NotComputable("F01", area, measure, day, "er is geen telling bekend", hint)


def _nobody(areas: Sequence[str], measure: str, day: date) -> _NotComputable:
    message = "de telling is 0: daar valt niet naar te verdelen en geen groei van te berekenen"
    return _NotComputable("F02", ", ".join(areas), measure, day, message, "controleer de telling en het contract")


def entitle(
    contract: Contract, component: PopulationComponent, counts: Counts, through: Month
) -> tuple[list[Entitlement], list[Finding]]:
    """The instalments of every month in force up to and including `through`.

    A count that is missing gives a finding and no entitlement at all: absent is never zero.
    """
    in_force = list(contract.in_force.period.months())
    due = [month for month in in_force if month <= through]
    entitlements: list[Entitlement] = []
    try:
        for year in sorted({month.year for month in due}):
            year_budget = _year_budget(contract, component, counts, year, [m for m in in_force if m.year == year])
            instalments = in_turns(contract, component, year_budget, component.instalments)
            entitlements += [instalment for instalment in instalments if instalment.key.month <= through]
    except _NotComputable as reason:
        return [], [reason.finding]
    return entitlements, []


def _year_budget(
    contract: Contract, component: PopulationComponent, counts: Counts, year: int, in_force: Sequence[Month]
) -> Budget:
    if component.division is not None:
        indexed = _shared(component, counts, _indexed(component, year, _fixed(component)))
    elif component.budget_eur is not None:
        indexed = _indexed(component, year, _fixed(component))
    else:
        indexed = _indexed(component, year, _per_person(contract, component, counts))
    amount, step = _recounted(contract, component, counts, year, indexed)
    return Budget(*part_of_year(amount, in_force, step), in_force)


def _fixed(component: PopulationComponent) -> tuple[Eur, Step]:
    assert component.budget_eur is not None
    return component.budget_eur, Step("budget", {}, str(component.budget_eur), component.clause)


def _per_person(contract: Contract, component: PopulationComponent, counts: Counts) -> tuple[Eur, Step]:
    steps = [
        _group(contract, component, s, _count_date(component), _base_persons(contract, component, counts, s.measure))
        for s in component.measured_amounts
    ]
    base = total(Eur(step.result) for step in steps)
    return base, steps[0] if len(steps) == 1 else Step("sum_of_segments", {}, str(base), component.clause, tuple(steps))


def _group(contract: Contract, component: PopulationComponent, segment: Segment, day: date, persons: int) -> Step:
    """The amount of the persons counted under one measure."""
    values = {
        "measure": segment.measure,
        "areas": ", ".join(_areas(contract, component)),
        "count_date": str(day),
        "persons": str(persons),
        "amount_eur": str(segment.amount_eur),
    }
    return Step("per_person", values, str(half_up(segment.amount_eur.exact * persons)), component.clause)


def _shared(component: PopulationComponent, counts: Counts, whole: tuple[Eur, Step]) -> tuple[Eur, Step]:
    """The own areas' part of a budget: the sum over the measures of weight x persons in the area / persons in all."""
    assert component.division is not None
    assert component.count_date is not None
    division = component.division
    areas = sorted(division.areas)  # one order in every contract, so that the parts of all contracts add up
    shares = {area: Fraction(0) for area in areas}
    shares_of: dict[str, list[Step]] = {area: [] for area in areas}
    for measure, weight in division.weights.items():
        statuses = _base_statuses(component)
        persons = {area: _known(counts, area, measure, component.count_date, statuses) for area in areas}
        everyone = sum(persons.values())
        if not everyone:
            raise _nobody(areas, measure, component.count_date)
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


def _indexed(component: PopulationComponent, year: int, base: tuple[Eur, Step]) -> tuple[Eur, Step]:
    amount, step = base
    for index in component.index:
        if index.year <= year:
            indexed = half_up(amount.exact * (1 + share(index.percent)))
            values = {"year": str(index.year), "percent": str(index.percent), "before_eur": str(amount)}
            amount, step = indexed, Step("index", values, str(indexed), component.clause, (step,))
    return amount, step


def _recounted(
    contract: Contract, component: PopulationComponent, counts: Counts, year: int, indexed: tuple[Eur, Step]
) -> tuple[Eur, Step]:
    """Adjust the indexed budget to the growth of the population that passes the dead band.

    With several segments growth is that of their sum, each weighed by its amount per person. While a recount is not
    known the one before it holds, and before the first the budget stays as it is.
    """
    recount = component.recount
    if recount is None:
        return indexed
    segments = component.measured_amounts
    measured = [(s.measure, s.amount_eur.exact) for s in segments]
    if len(segments) <= 1:  # then growth is that of the persons themselves
        measured = [(segments[0].measure if segments else component.measure, Fraction(1))]
    found = _recount_persons(contract, component, counts, [measure for measure, _ in measured], year)
    if found is None:
        return indexed
    day, recounts = found
    before = sum((_base_persons(contract, component, counts, m) * weight for m, weight in measured), Fraction(0))
    after = sum((recounts[m] * weight for m, weight in measured), Fraction(0))
    if before == 0:
        raise _nobody(_areas(contract, component), component.measure, _count_date(component))
    growth = after / before - 1
    band = share(recount.dead_band_percent)
    paid = Fraction(0) if abs(growth) <= band else growth
    if paid and recount.pays == "excess":
        paid -= band if growth > 0 else -band
    amount = half_up(indexed[0].exact * (1 + paid))
    values = {
        "counted": plain(before),
        "recounted": plain(after),
        "growth": plain(growth),
        "growth_percent": _percent(growth),
        "dead_band_percent": plain(recount.dead_band_percent),
        "paid_percent": _percent(paid),
        "pays": recount.pays,
        "before_eur": str(indexed[0]),
    }
    groups = [_group(contract, component, s, day, recounts[s.measure]) for s in segments] if len(segments) > 1 else []
    return amount, Step("recount", values, str(amount), component.clause, (indexed[1], *groups))


def _areas(contract: Contract, component: PopulationComponent) -> tuple[str, ...]:
    if component.division is not None:
        return component.division.own_areas
    return component.areas or (contract.municipality_of(component),)


def _count_date(component: PopulationComponent) -> date:
    assert component.count_date is not None, "the model asks for a count date wherever persons are counted"
    return component.count_date


def _base_persons(contract: Contract, component: PopulationComponent, counts: Counts, measure: str) -> int:
    """The persons in the areas of a component that its budget is based on."""
    day, statuses = _count_date(component), _base_statuses(component)
    return sum(_known(counts, area, measure, day, statuses) for area in _areas(contract, component))


def _base_statuses(component: PopulationComponent) -> tuple[str, str]:
    """Which count a budget is based on: the final one, or with a recount by it the provisional one it follows.

    Else the growth that the recount pays would be in the base already.
    """
    recount_by_final = component.recount is not None and component.recount.counts == "final"
    return ("provisional", "final") if recount_by_final else ("final", "provisional")


def _recount_persons(
    contract: Contract, component: PopulationComponent, counts: Counts, measures: Sequence[str], year: int
) -> tuple[date, Mapping[str, int]] | None:
    """The day and the persons by measure of the latest recount known for `year`; None when none is due or known yet."""
    assert component.recount is not None
    base = _count_date(component)
    days: list[date] = [base]
    statuses: tuple[str, ...] = ("final",)
    if component.recount.counts == "yearly":
        days, statuses = [date(y, 1, 1) for y in range(year, base.year, -1)], ("final", "provisional")
    areas = _areas(contract, component)
    for day in days:
        try:
            return day, {m: sum(_known(counts, area, m, day, statuses) for area in areas) for m in measures}
        except _NotComputable:
            continue
    return None


def _known(
    counts: Counts, area: str, measure: str, day: date, statuses: Sequence[str] = ("final", "provisional")
) -> int:
    for status in statuses:
        if (area, measure, day, status) in counts:
            return counts[(area, measure, day, status)]
    raise _missing(area, measure, day)


def _percent(value: Fraction) -> str:
    return plain(value * 100)
