"""A guarantee in a contract document: a transition agreement that an original provider gets at least its old budget."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.components.component import BudgetPart
from contracts.components.indexation import IndexedPart
from contracts.values import Amount, Key, Name, Part, Percent, ProviderCode, Year


class Guaranteed(Part):
    """What an original provider received in the base year, of one segment of care or of all."""

    provider: ProviderCode
    segment: Name | Literal[""] = ""
    base_year_amount_eur: Amount


class Discount(Part):
    """How much less is guaranteed in `year`."""

    year: Year
    percent: Percent


class GuaranteeComponent(IndexedPart, BudgetPart):
    """A budget guaranteed to original providers, each apart: what one is short is never made up by another.

    The amount of the base year first rises with prices, if it does, and then the discount is taken off.

    `spend_of`: the components of this contract whose payments count as spent; without it, what is recorded as spent at
    the provider. `last_year`: what becomes of a shortfall that no later year is left for.
    """

    kind: Literal["guarantee"]
    base_year: Year
    guaranteed: Annotated[tuple[Guaranteed, ...], Field(strict=False, min_length=1)]
    discounts: Annotated[tuple[Discount, ...], Field(strict=False)] = ()
    discount_on: Literal["base_year_amount", "previous_year"] = "base_year_amount"
    notice_months: Annotated[int, Field(ge=0)] | None = None
    shortfall: Literal["none", "pay_difference", "carry_over"]
    last_year: Literal["none", "pay_difference"] | None = None
    spend_of: Annotated[tuple[Key, ...], Field(strict=False)] = ()

    @property
    def years_named(self) -> tuple[int, ...]:
        return tuple(one.year for one in self.discounts)

    def years_asked(self, in_force: Sequence[int]) -> tuple[int, ...]:
        first = self.base_year + 1 if self.discount_on == "previous_year" else in_force[0]
        return tuple(range(first, in_force[-1] + 1))

    @property
    def named(self) -> tuple[str, ...]:
        return self.spend_of

    @model_validator(mode="after")
    def _each_once(self) -> "GuaranteeComponent":
        pairs = [(one.provider, one.segment) for one in self.guaranteed]
        for provider, segment in pairs:
            if pairs.count((provider, segment)) > 1:
                raise ValueError(f"{f'{provider} {segment}'.strip()} staat twee keer in guaranteed; laat er een weg")
            if segment and (provider, "") in pairs:
                raise ValueError(
                    f"{provider} heeft een garantie voor alles en een voor {segment}; splits de eerste in segmenten"
                )
        if self.spend_of and len(pairs) > 1:
            raise ValueError("spend_of telt wat dit contract betaalt en past bij één garantie; laat het weg, of splits")
        return self

    @model_validator(mode="after")
    def _rises_after_the_base_year(self) -> "GuaranteeComponent":
        years = [one.year for one in self.index] + ([self.indexation.first_year] if self.indexation else [])
        if years and min(years) <= self.base_year:
            raise ValueError(
                f"de indexering begint in {min(years)} en het bedrag is van {self.base_year}; laat haar in een later "
                "jaar beginnen"
            )
        return self

    @model_validator(mode="after")
    def _shortfall_is_whole(self) -> "GuaranteeComponent":
        if self.shortfall == "carry_over" and self.last_year is None:
            raise ValueError(
                "last_year ontbreekt; zeg wat er met het tekort van het laatste jaar gebeurt: pay_difference of none"
            )
        if self.shortfall != "carry_over" and self.last_year is not None:
            raise ValueError("last_year hoort bij shortfall carry_over; haal het weg")
        return self
