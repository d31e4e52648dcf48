"""A guarantee in a contract document: a transition agreement that an original provider gets at least its old budget."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.components.component import BudgetPart, Fact
from contracts.components.indexation import IndexedPart
from contracts.values import Amount, Key, Misfit, Months, Name, Part, Percent, Place, ProviderCode, Year


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
    notice_months: Months | None = None
    shortfall: Literal["none", "pay_difference", "carry_over"]
    last_year: Literal["none", "pay_difference"] | None = None
    spend_of: Annotated[tuple[Key, ...], Field(strict=False)] = ()

    names_above: ClassVar[tuple[Place, ...]] = (("spend_of",),)
    years_key: ClassVar = "discounts"

    @property
    def years_named(self) -> tuple[int, ...]:
        return tuple(one.year for one in self.discounts)

    def years_asked(self, in_force: Sequence[int]) -> tuple[int, ...]:
        first = self.base_year + 1 if self.discount_on == "previous_year" else in_force[0]
        return tuple(range(first, in_force[-1] + 1))

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._each_once()
        yield self._rises_after_the_base_year()
        yield self._spending_of_one()
        yield self._shortfall_is_whole()

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        yield from super().facts_read(municipality)
        yield "spend", self._spend()

    def _spend(self) -> Iterator[Fact]:
        for one in () if self.spend_of else self.guaranteed:
            yield one.provider, one.segment

    def _each_once(self) -> Iterator[Misfit]:
        pairs = [(one.provider, one.segment) for one in self.guaranteed]
        for place, (provider, segment) in enumerate(pairs):
            if (provider, segment) in pairs[:place]:
                said = f"{f'{provider} {segment}'.strip()} staat er twee keer in; laat er een weg"
                yield ("guaranteed", place), said
            if segment and (provider, "") in pairs:
                yield (
                    ("guaranteed", place),
                    f"{provider} heeft een garantie voor alles en een voor {segment}; splits de eerste in segmenten",
                )

    def _rises_after_the_base_year(self) -> Iterator[Misfit]:
        years = [one.year for one in self.index] + ([self.indexation.first_year] if self.indexation else [])
        if years and min(years) <= self.base_year:
            yield (
                ("index" if self.index else "indexation",),
                f"de indexering begint in {min(years)} en het bedrag is van {self.base_year}; laat haar in een later "
                "jaar beginnen",
            )

    def _spending_of_one(self) -> Iterator[Misfit]:
        if self.spend_of and len(self.guaranteed) > 1:
            said = "telt wat dit contract betaalt en past bij één garantie; laat het weg, of splits"
            yield ("spend_of",), said

    def _shortfall_is_whole(self) -> Iterator[Misfit]:
        if self.shortfall == "carry_over" and self.last_year is None:
            yield (
                ("last_year",),
                "ontbreekt; zeg wat er met het tekort van het laatste jaar gebeurt: pay_difference of none",
            )
        if self.shortfall != "carry_over" and self.last_year is not None:
            yield ("last_year",), "hoort bij shortfall carry_over; haal het weg"
