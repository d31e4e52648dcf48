"""Indexation: by how much prices rise in a year, from published figures, and prices that rise by it.

VNG advises 90% OVA (labour) and 10% PPC (consumer prices): the preliminary figures of the year itself, plus by how much
the final figures of the year before differ from its preliminary ones. So a year that was settled stays as it was. The
methods of correction:

- `ratio`: for each figure (1 + final) / (1 + preliminary) - 1, weighted (VNG 2024);
- `difference`: the weighted final figures less the weighted preliminary ones (VNG 2025);
- `final`: no correction afterwards; a final figure takes the place of the preliminary one as soon as it is known, also
  in a year that was settled before;
- `none`: the preliminary figures hold.

All is exact but for the roundings that are named, each half up (away from zero) to so many decimals of a percentage.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from kernel.explanations import Step
from kernel.money import half_up_to
from kernel.notation import plain

# Percentages by name, year, and 'provisional' or 'final'.
IndexFigures = Mapping[tuple[str, int, str], Decimal]


@dataclass(frozen=True, slots=True)
class IndexRule:
    """How figures become a percentage. Without a number of decimals a step is not rounded.

    `weighted_decimals` is for each weighted figure that has no number of its own.
    """

    weights: Mapping[str, Decimal]
    method: Literal["ratio", "difference", "final", "none"]
    component_correction_decimals: int | None = None
    weighted_decimals: int | None = None
    weighted_final_decimals: int | None = None
    weighted_preliminary_decimals: int | None = None
    index_decimals: int | None = None


class MissingFigure(Exception):
    """A figure that an index cannot do without is not known."""

    def __init__(self, name: str, year: int, status: str) -> None:
        super().__init__(name, year, status)
        self.name, self.year, self.status = name, year, status


def index_percent(rule: IndexRule, figures: IndexFigures, year: int) -> Step:
    """The percentage by which prices rise from the first of January of `year`; the result of a step that explains it.

    Raises `MissingFigure`.
    """
    preliminary = _weighted(rule, figures, year, "provisional")
    used = [preliminary]
    percent = Fraction(preliminary.result)
    if rule.method in ("ratio", "difference"):
        correct = _of_ratios if rule.method == "ratio" else _of_difference
        used.append(correct(rule, figures, year - 1))
        percent += Fraction(used[-1].result)
    return Step("index_percent", {"year": str(year)}, _rounded(percent, rule.index_decimals), "", tuple(used))


def indexed_price(price: Decimal, percent: Decimal, decimals: int) -> Decimal:
    """A price that rises by `percent`, half up to so many decimals."""
    return half_up_to(Fraction(price) * (1 + Fraction(percent) / 100), decimals)


def _weighted(rule: IndexRule, figures: IndexFigures, year: int, status: Literal["provisional", "final"]) -> Step:
    """The weighted sum of the figures of a year."""
    known = [(name, weight, *_figure(rule, figures, name, year, status)) for name, weight in rule.weights.items()]
    exact = sum((Fraction(weight) * Fraction(percent) for _, weight, _, percent in known), Fraction(0))
    steps = tuple(
        Step(
            "final_figure" if held == "final" else "provisional_figure",
            {"name": name, "year": str(year), "weight": str(weight)},
            str(percent),
        )
        for name, weight, held, percent in known
    )
    decimals = rule.weighted_final_decimals if status == "final" else rule.weighted_preliminary_decimals
    decimals = rule.weighted_decimals if decimals is None else decimals
    return Step("weighted_figures", {"year": str(year)}, _rounded(exact, decimals), "", steps)


def _figure(rule: IndexRule, figures: IndexFigures, name: str, year: int, status: str) -> tuple[str, Decimal]:
    """A figure and the status it has; where final figures take the place of preliminary ones, the final one."""
    wanted = ("final", "provisional") if rule.method == "final" else (status,)
    for one in wanted:
        if (name, year, one) in figures:
            return one, figures[(name, year, one)]
    raise MissingFigure(name, year, wanted[-1])


def _of_ratios(rule: IndexRule, figures: IndexFigures, year: int) -> Step:
    """What was given too little over `year`, figure by figure, weighted."""
    exact = Fraction(0)
    steps = []
    for name, weight in rule.weights.items():
        (_, preliminary), (_, final) = (_figure(rule, figures, name, year, s) for s in ("provisional", "final"))
        ratio = ((1 + Fraction(final) / 100) / (1 + Fraction(preliminary) / 100) - 1) * 100
        values = {"name": name, "year": str(year), "weight": str(weight)}
        values |= {"preliminary_percent": str(preliminary), "final_percent": str(final)}
        steps.append(Step("ratio_of_figures", values, _rounded(ratio, rule.component_correction_decimals)))
        exact += Fraction(weight) * Fraction(steps[-1].result)
    return Step("weighted_ratios", {"year": str(year)}, _rounded(exact, rule.weighted_decimals), "", tuple(steps))


def _of_difference(rule: IndexRule, figures: IndexFigures, year: int) -> Step:
    """What was given too little over `year`: the weighted final figures less the weighted preliminary ones."""
    final, preliminary = (_weighted(rule, figures, year, status) for status in ("final", "provisional"))
    difference = Fraction(final.result) - Fraction(preliminary.result)
    return Step("difference_of_figures", {"year": str(year)}, plain(difference), "", (final, preliminary))


def _rounded(exact: Fraction, decimals: int | None) -> str:
    return plain(exact) if decimals is None else str(half_up_to(exact, decimals))
