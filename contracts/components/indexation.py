"""Indexation in a contract document: percentages that were agreed, or figures that are published every year."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from contracts.components.component import ComponentPart, Fact
from contracts.values import FigureName, Misfit, Number, Part, SignedNumber, Year
from tariffs.indexation import IndexRule

Decimals = Annotated[int, Field(ge=0, le=6)]


class YearIndex(Part):
    """Prices rise by `percent` from the first of January of `year`, on top of earlier years."""

    year: Year
    percent: SignedNumber


class Indexation(Part):
    """Prices rise every year from `first_year` by weighted figures; `method` says what a final figure changes.

    `apart`: each part of the amount, by its weight, rises by its own figure and is rounded by itself.
    """

    weights: Annotated[dict[FigureName, Number], Field(min_length=1)]
    method: Literal["ratio", "difference", "final", "none"]
    first_year: Year
    apart: bool = False
    index_decimals: Decimals
    component_correction_decimals: Decimals | None = None
    weighted_decimals: Decimals | None = None
    weighted_final_decimals: Decimals | None = None
    weighted_preliminary_decimals: Decimals | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._weights_are_whole()
        yield self._rounds_something("component_correction_decimals", only_by="ratio")
        yield self._rounds_something("weighted_decimals")
        yield self._rounds_something("weighted_final_decimals", only_by="difference")
        yield self._rounds_something("weighted_preliminary_decimals")

    def _weights_are_whole(self) -> Iterator[Misfit]:
        if (weights := sum(self.weights.values())) != 1:
            yield ("weights",), f"de gewichten tellen op tot {weights}; samen moeten ze 1 zijn"

    def _rounds_something(self, name: str, only_by: str | None = None) -> Iterator[Misfit]:
        if getattr(self, name) is None:
            return
        if self.apart and name.startswith("weighted"):
            yield (name,), "rondt bij apart niets af; haal het weg"
        elif only_by not in (None, self.method):
            yield (name,), f"rondt bij method {self.method} niets af; haal het weg"

    def rule(self, weights: dict[str, Number] | None = None) -> IndexRule:
        """How the figures become a percentage; with other weights, for one part of the amount."""
        return IndexRule(
            weights=weights or self.weights,
            method=self.method,
            component_correction_decimals=self.component_correction_decimals,
            weighted_decimals=self.weighted_decimals,
            weighted_final_decimals=self.weighted_final_decimals,
            weighted_preliminary_decimals=self.weighted_preliminary_decimals,
            index_decimals=self.index_decimals,
        )


class IndexedPart(ComponentPart):
    """A component whose amount rises with prices: by percentages that were agreed, or by figures; not by both."""

    index: Annotated[tuple[YearIndex, ...], Field(strict=False)] = ()
    indexation: Indexation | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._years_rise()
        yield self._one_index()

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        yield from super().facts_read(municipality)
        yield "index_figures", self._index_figures()

    def _index_figures(self) -> Iterator[Fact]:
        for name in self.indexation.weights if self.indexation else ():
            yield (name,)

    def _years_rise(self) -> Iterator[Misfit]:
        years = [index.year for index in self.index]
        if years != sorted(set(years)):
            yield ("index",), "de jaren lopen niet op; zet elk jaar één keer, in volgorde"

    def _one_index(self) -> Iterator[Misfit]:
        if self.index and self.indexation:
            said = "index en indexation sluiten elkaar uit; kies vaste percentages of indexcijfers"
            yield ("index",), said
