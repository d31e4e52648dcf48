"""A ceiling in a contract document: the most that is paid, whatever is delivered."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.components.component import ModifierPart
from contracts.components.figures import YearAmount
from contracts.values import Amount, Number, Percent


class CeilingComponent(ModifierPart):
    """The most that is paid in a period for what it applies to; what is delivered above it is shown, and not paid.

    It is the same in every period, or told for each year (`years`).

    In a soft band above the ceiling, so many percent of it wide, a part of each euro (`soft_band_rate`) is paid still.
    """

    kind: Literal["ceiling"]
    amount_eur: Amount | None = None
    years: Annotated[tuple[YearAmount, ...], Field(strict=False)] = ()
    per: Literal["month", "year", "contract"] = "year"
    partial_year: Literal["months_of_twelve", "whole"] = "months_of_twelve"
    soft_band_percent: Number | None = None
    soft_band_rate: Annotated[Number, Field(gt=0, le=1)] | None = None
    warning_percents: Annotated[tuple[Percent, ...], Field(strict=False)] = ()

    @property
    def years_named(self) -> tuple[int, ...]:
        return tuple(one.year for one in self.years)

    @model_validator(mode="after")
    def _keys_go_together(self) -> "CeilingComponent":
        if (self.amount_eur is not None) == bool(self.years):
            raise ValueError("er is niet precies één bedrag; geef amount_eur (elke periode) of years (per jaar)")
        if self.years and (self.per != "year" or "partial_year" in self.model_fields_set):
            raise ValueError(
                "years noemt het plafond van elk jaar, zoals het geldt; laat partial_year weg, en per of kies year"
            )
        if (self.soft_band_percent is None) != (self.soft_band_rate is None):
            raise ValueError("van de zachte band is er maar een van twee; geef soft_band_percent en soft_band_rate")
        if self.per != "year" and "partial_year" in self.model_fields_set:
            raise ValueError("partial_year hoort bij een plafond per jaar; laat het weg, of kies per year")
        if list(self.warning_percents) != sorted(set(self.warning_percents)):
            raise ValueError("warning_percents lopen niet op; zet elk percentage één keer, in volgorde")
        return self
