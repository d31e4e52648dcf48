"""Indexation in a contract document: percentages that were agreed, or figures that are published every year."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.components.component import ComponentPart
from contracts.values import Key, Number, Part, SignedNumber, Year
from tariffs.indexation import IndexRule

Decimals = Annotated[int, Field(ge=0, le=6)]


class YearIndex(Part):
    """Prices rise by `percent` from the first of January of `year`, on top of earlier years."""

    year: int
    percent: SignedNumber


class Indexation(Part):
    """Prices rise every year from `first_year` by weighted figures; `method` says what a final figure changes.

    `apart`: each part of the amount, by its weight, rises by its own figure and is rounded by itself.
    """

    weights: Annotated[dict[Key, Number], Field(min_length=1)]
    method: Literal["ratio", "difference", "final", "none"]
    first_year: Year
    apart: bool = False
    index_decimals: Decimals
    component_correction_decimals: Decimals | None = None
    weighted_decimals: Decimals | None = None
    weighted_final_decimals: Decimals | None = None
    weighted_preliminary_decimals: Decimals | None = None

    @model_validator(mode="after")
    def _weights_are_whole(self) -> "Indexation":
        if (weights := sum(self.weights.values())) != 1:
            raise ValueError(f"de gewichten van indexation tellen op tot {weights}; samen moeten ze 1 zijn")
        return self

    @model_validator(mode="after")
    def _roundings_have_a_place(self) -> "Indexation":
        weighted = ("weighted_decimals", "weighted_final_decimals", "weighted_preliminary_decimals")
        unused = [name for name in weighted if self.apart]
        unused += ["component_correction_decimals"] if self.method != "ratio" else []
        unused += ["weighted_final_decimals"] if self.method != "difference" else []
        for name in unused:
            if getattr(self, name) is not None:
                how = "apart" if self.apart and name in weighted else f"method {self.method}"
                raise ValueError(f"{name} rondt bij {how} niets af; haal het weg")
        return self

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

    @model_validator(mode="after")
    def _one_index(self) -> "IndexedPart":
        years = [index.year for index in self.index]
        if years != sorted(set(years)):
            raise ValueError("de jaren van index lopen niet op; zet elk jaar één keer, in volgorde")
        if self.index and self.indexation:
            raise ValueError("index en indexation sluiten elkaar uit; kies vaste percentages of indexcijfers")
        return self
