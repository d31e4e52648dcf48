"""A ceiling in a contract document: the most that is paid, whatever is delivered."""

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.components.component import ModifierPart
from contracts.components.figures import YearAmount
from contracts.values import Amount, Misfit, Number, Percent


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

    years_key: ClassVar = "years"

    @property
    def years_named(self) -> tuple[int, ...]:
        return tuple(one.year for one in self.years)

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._one_amount()
        yield self._years_are_whole()
        yield self._soft_band_is_whole()
        yield self._part_of_a_year()
        yield self._warnings_rise()

    def _one_amount(self) -> Iterator[Misfit]:
        if (self.amount_eur is not None) == bool(self.years):
            yield (), "er is niet precies één bedrag; geef amount_eur (elke periode) of years (per jaar)"

    def _years_are_whole(self) -> Iterator[Misfit]:
        if self.years and (self.per != "year" or "partial_year" in self.model_fields_set):
            said = "noemt het plafond van elk jaar, zoals het geldt; laat partial_year weg, en per of kies year"
            yield ("years",), said

    def _soft_band_is_whole(self) -> Iterator[Misfit]:
        if (self.soft_band_percent is None) != (self.soft_band_rate is None):
            there = "soft_band_rate" if self.soft_band_percent is None else "soft_band_percent"
            yield (there,), "van de zachte band is er maar een van twee; geef soft_band_percent en soft_band_rate"

    def _part_of_a_year(self) -> Iterator[Misfit]:
        if not self.years and self.per != "year" and "partial_year" in self.model_fields_set:
            yield ("partial_year",), "hoort bij een plafond per jaar; laat het weg, of kies per year"

    def _warnings_rise(self) -> Iterator[Misfit]:
        if list(self.warning_percents) != sorted(set(self.warning_percents)):
            yield ("warning_percents",), "de percentages lopen niet op; zet elk percentage één keer, in volgorde"
