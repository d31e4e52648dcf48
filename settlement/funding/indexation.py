"""An amount that rises with prices, year by year, each year rounded to the cent (half up)."""

from decimal import Decimal
from fractions import Fraction

from contracts.components.indexation import Indexation, IndexedPart
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, allocate, half_up, total
from tariffs.indexation import IndexFigures, MissingFigure, index_percent

_STATUSES = {"provisional": "voorlopig", "final": "definitief"}


def indexed(component: IndexedPart, figures: IndexFigures, year: int, base: tuple[Eur, Step]) -> tuple[Eur, Step]:
    """The amount of `year`, from the `base` before the first index. Raises `MissingFigure`."""
    indexation = component.indexation
    if indexation is not None and indexation.apart:
        return _indexed_apart(component, indexation, figures, year, base)
    amount, step = base
    for agreed in component.index:
        if agreed.year <= year:
            amount, step = _raised(component, agreed.year, str(agreed.percent), (amount, step))
    if indexation is not None:
        rule = indexation.rule()
        for of_year in range(indexation.first_year, year + 1):
            percent = index_percent(rule, figures, of_year)
            amount, step = _raised(component, of_year, percent.result, (amount, step), percent)
    return amount, step


def missing_figure(component: IndexedPart, missing: MissingFigure) -> Finding:
    """An index figure that is needed is not known, and a figure that is absent is not 0%."""
    place = f"onderdeel {component.key}, {missing.name} {missing.year} {_STATUSES[missing.status]}"
    hint = "lees het cijfer in (bekostiging tariff index)"
    return Finding("F30", Severity.ERROR, place, "er is geen indexcijfer bekend", hint)


def _raised(component: IndexedPart, year: int, percent: str, before: tuple[Eur, Step], *how: Step) -> tuple[Eur, Step]:
    amount, step = before
    raised = half_up(amount.exact * (1 + Fraction(percent) / 100))
    values = {"year": str(year), "percent": percent, "before_eur": str(amount)}
    return raised, Step("index", values, str(raised), component.clause, (step, *how))


def _indexed_apart(
    component: IndexedPart, indexation: Indexation, figures: IndexFigures, year: int, base: tuple[Eur, Step]
) -> tuple[Eur, Step]:
    """Each part of the amount rises by its own figure, year after year, and is rounded by itself."""
    whole, step = base
    if year < indexation.first_year:
        return base
    parts = allocate(whole, list(indexation.weights.values()))
    steps = []
    for (name, weight), part in zip(indexation.weights.items(), parts, strict=True):
        values = {"name": name, "weight": str(weight), "whole_eur": str(whole)}
        risen = (part, Step("part_of_amount", values, str(part)))
        for of_year in range(indexation.first_year, year + 1):
            percent = index_percent(indexation.rule({name: Decimal(1)}), figures, of_year)
            risen = _raised(component, of_year, percent.result, risen, percent)
        steps.append(risen)
    amount = total(risen for risen, _ in steps)
    return amount, Step("indexed_apart", {}, str(amount), component.clause, (step, *(one for _, one in steps)))
