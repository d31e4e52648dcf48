"""Population funding in a contract document: a budget for the inhabitants of an area."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.components.component import BudgetPart, PricedPart
from contracts.values import Amount, Area, Measure, Name, Number, Part, SignedNumber


class Segment(Part):
    """An amount for each person counted under a measure."""

    measure: Measure
    amount_eur: Amount


class YearIndex(Part):
    """Prices rise by `percent` from the first of January of `year`, on top of earlier years."""

    year: int
    percent: SignedNumber


class Division(Part):
    """A budget shared over areas by weighted measures; the contract gets the share of its own areas."""

    areas: Annotated[tuple[Area, ...], Field(strict=False, min_length=2)]
    weights: Annotated[dict[Measure, Number], Field(min_length=1)]
    own_areas: Annotated[tuple[Area, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _own_areas_are_areas(self) -> "Division":
        if unknown := sorted(set(self.own_areas) - set(self.areas)):
            raise ValueError(
                f"own_areas noemt {', '.join(unknown)}, dat niet in areas staat; zet het in areas of haal het weg"
            )
        if len(set(self.areas)) < len(self.areas) or len(set(self.own_areas)) < len(self.own_areas):
            raise ValueError("een gebied staat twee keer in areas of own_areas; laat er een weg")
        if sum(self.weights.values()) != 1:
            raise ValueError(f"de gewichten tellen op tot {sum(self.weights.values())}; samen moeten ze 1 zijn")
        return self


class Recount(Part):
    """How growth of the population changes the budget.

    Growth within the dead band is not paid; above it only the excess, or the whole growth. `final`: the final count of
    the count date against the provisional one; `yearly`: the count of 1 January of each later year against the count
    date.
    """

    dead_band_percent: Number = Decimal(0)
    pays: Literal["excess", "whole"] = "excess"
    counts: Literal["final", "yearly"] = "final"


class PopulationComponent(BudgetPart, PricedPart):
    """Population funding: a budget for the inhabitants of an area, paid in instalments."""

    kind: Literal["population"]
    amount_per_inhabitant_eur: Amount | None = None
    segments: Annotated[tuple[Segment, ...], Field(strict=False)] = ()
    budget_eur: Amount | None = None
    division: Division | None = None
    areas: Annotated[tuple[Area, ...], Field(strict=False)] = ()
    measure: Measure = "inhabitants"
    count_date: date | None = None
    index: Annotated[tuple[YearIndex, ...], Field(strict=False)] = ()
    instalments: Literal["monthly", "quarterly"] = "monthly"
    recount: Recount | None = None
    covers: Annotated[tuple[Name, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _one_base(self) -> "PopulationComponent":
        bases = [self.amount_per_inhabitant_eur is not None, bool(self.segments), self.budget_eur is not None]
        if sum(bases) != 1:
            raise ValueError("er is niet precies één grondslag; geef amount_per_inhabitant_eur, segments of budget_eur")
        if self.division and self.budget_eur is None:
            raise ValueError("division verdeelt een budget; geef budget_eur")
        if self.division and self.areas:
            raise ValueError("bij division staan de gebieden in division.own_areas; laat areas weg")
        if len(set(self.areas)) < len(self.areas):
            raise ValueError("een gebied staat twee keer in areas; laat er een weg")
        needs_count = self.budget_eur is None or self.division is not None or self.recount is not None
        if needs_count and self.count_date is None:
            raise ValueError("count_date ontbreekt; geef de dag waarop de inwoners geteld worden")
        if not needs_count and (self.count_date is not None or self.areas):
            raise ValueError("een vast budget zonder hertelling leest geen telling; laat count_date en areas weg")
        years = [index.year for index in self.index]
        if years != sorted(set(years)):
            raise ValueError("de jaren van index lopen niet op; zet elk jaar één keer, in volgorde")
        return self

    @property
    def measured_amounts(self) -> tuple[Segment, ...]:
        """The amounts per person by measure; one when the amount is per inhabitant, none for a budget."""
        if self.amount_per_inhabitant_eur is not None:
            return (Segment(measure=self.measure, amount_eur=str(self.amount_per_inhabitant_eur)),)  # type: ignore[arg-type]
        return self.segments

    @property
    def products_counted(self) -> tuple[str, ...]:
        return self.covers
