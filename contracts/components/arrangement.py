"""Arrangements in a contract document: one price for all care of a client or a household, by profile and intensity."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from contracts.components.component import CountedFor, Fact, PricedPart, listed
from contracts.values import Law, Misfit, Name, Number, Part, Percent, Place


class ArrangementPrice(Part):
    """The product an arrangement is assigned under; its price is here or in the price list."""

    profile: Name
    intensity: Name
    product: Name
    price_eur: Number | None = None


class FundingSource(Part):
    """The part of an arrangement that is paid under a law, on an Iv3 task field."""

    law: Law
    percent: Percent
    task_field: Name


class ArrangementComponent(PricedPart):
    """Arrangements that clients are assigned: one at a time for a client, or for all of a household.

    `beside`: products that may run beside another arrangement.
    """

    kind: Literal["arrangement"]
    prices: Annotated[tuple[ArrangementPrice, ...], Field(strict=False, min_length=1)]
    per: Literal["month", "whole"] = "month"
    holder: Literal["client", "household"] = "client"
    partial_month: Literal["whole", "days"] | None = None
    covers: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    beside: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    funding_sources: Annotated[tuple[FundingSource, ...], Field(strict=False)] = ()
    task_field: Name | None = None

    @property
    def products_assigned(self) -> tuple[str, ...]:
        """The products that stand for an arrangement."""
        return tuple(price.product for price in self.prices)

    @property
    def products_counted(self) -> tuple[str, ...]:
        """Deliveries under an arrangement are counted; its own rows too, since the assignment is what pays."""
        return (*self.products_assigned, *self.covers)

    def counted_for(self, product: str) -> CountedFor:
        return "arrangement"

    @property
    def products_named(self) -> Iterator[tuple[Place, str]]:
        for place, price in enumerate(self.prices):
            yield ("prices", place, "product"), price.product
        yield from listed("covers", self.covers)

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._prices_differ()
        yield self._beside_another()
        yield self._months_are_whole_or_not()
        yield self._one_coverage()
        yield self._laws_differ()
        yield self._sources_are_whole()

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        yield "assignments", self._assignments()
        yield "households", self._households()

    def _assignments(self) -> Iterator[Fact]:
        for product in self.products_assigned:
            yield (product,)

    def _households(self) -> Iterator[Fact]:
        if self.holder == "household":
            yield ()

    def _prices_differ(self) -> Iterator[Misfit]:
        seen: set[tuple[str, str]] = set()
        for place, price in enumerate(self.prices):
            if (price.profile, price.intensity) in seen:
                said = f"profiel {price.profile}, intensiteit {price.intensity} staat er twee keer in"
                yield ("prices", place), f"{said}; laat er een weg"
            seen.add((price.profile, price.intensity))

    def _beside_another(self) -> Iterator[Misfit]:
        if unknown := sorted(set(self.beside) - set(self.products_assigned)):
            yield (
                ("beside",),
                f"{', '.join(unknown)} staat niet in prices; andere zorg mag altijd naast een "
                "arrangement, haal het weg",
            )

    def _months_are_whole_or_not(self) -> Iterator[Misfit]:
        if self.per == "month" and self.partial_month is None:
            yield (
                ("partial_month",),
                "ontbreekt; zeg of een deel van een maand geheel (whole) of per dag (days) telt",
            )
        if self.per == "whole" and self.partial_month is not None:
            yield (
                ("partial_month",),
                "hoort bij per month; een heel arrangement wordt één keer betaald, haal het weg",
            )

    def _one_coverage(self) -> Iterator[Misfit]:
        if bool(self.funding_sources) == (self.task_field is not None):
            yield (), "er is niet precies één dekking; geef task_field of funding_sources"

    def _laws_differ(self) -> Iterator[Misfit]:
        laws = [source.law for source in self.funding_sources]
        if len(set(laws)) < len(laws):
            yield ("funding_sources",), "een wet staat er twee keer in; laat er een weg"

    def _sources_are_whole(self) -> Iterator[Misfit]:
        if self.funding_sources and (percent := sum(source.percent for source in self.funding_sources)) != 100:
            said = f"de percentages tellen op tot {percent}; samen moeten ze 100 zijn"
            yield ("funding_sources",), said
