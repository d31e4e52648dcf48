"""Funding by effort in a contract document: volume times price, and what a contract agrees on top of it."""

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from contracts.components.component import PricedPart
from contracts.components.frequency import Frequency
from contracts.values import Amount, MonthText, Name, Number, Part, SignedNumber


class Band(Part):
    """A price for volume up to an edge; the last band has none."""

    up_to: Number | None = None
    price_eur: Number


def _edges_rise(bands: tuple[Band, ...]) -> tuple[Band, ...]:
    for number, band in enumerate(bands, start=1):
        last = number == len(bands)
        if last and band.up_to is not None:
            raise ValueError("de laatste schijf heeft een grens; laat up_to daar weg, zodat elk volume een prijs heeft")
        if not last and band.up_to is None:
            raise ValueError(f"schijf {number} heeft geen grens; geef up_to, alleen de laatste schijf heeft er geen")
    edges = [band.up_to for band in bands if band.up_to is not None]
    if any(edge >= after for edge, after in pairwise([Decimal(0), *edges])):
        raise ValueError("de grenzen van de schijven lopen niet op; zet ze van laag naar hoog")
    return bands


class ClientBound(Part):
    """The least and the most that is paid for one client in a period, or under one assignment."""

    per: Literal["month", "year", "assignment"]
    minimum_eur: Amount | None = None
    maximum_eur: Amount | None = None

    @model_validator(mode="after")
    def _bounds(self) -> "ClientBound":
        least, most = self.minimum_eur, self.maximum_eur
        if least is None and most is None:
            raise ValueError("er is geen minimum en geen maximum; geef minimum_eur of maximum_eur")
        if least is not None and most is not None and least > most:
            raise ValueError(f"het minimum ({least}) ligt boven het maximum ({most}); verwissel ze")
        return self


class NoShow(Part):
    """A product that stands for a client who did not come; of its price `paid_percent` is paid."""

    product: Name
    paid_percent: Number

    @model_validator(mode="after")
    def _at_most_all(self) -> "NoShow":
        if self.paid_percent > 100:
            raise ValueError("paid_percent is hooguit 100; schrijf het deel dat betaald wordt")
        return self


class Adjustment(Part):
    """A supplement, or below nil a discount, on what products come to, after the adjustments above it.

    It holds from the month `from` up to the month `until`, without them always; without `products` for all.
    """

    label: Name
    percent: SignedNumber
    products: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    start: MonthText | None = Field(None, alias="from")
    until: MonthText | None = None

    @model_validator(mode="after")
    def _holds(self) -> "Adjustment":
        if self.start is not None and self.until is not None and self.until <= self.start:
            raise ValueError("until ligt niet na from; until is de eerste maand waarin het niet meer geldt")
        if self.percent < -100:
            raise ValueError("een korting van meer dan 100 bestaat niet; schrijf hooguit -100")
        return self


class EffortComponent(PricedPart):
    """Funding by effort: volume x price by product, or a volume at prices by band."""

    kind: Literal["effort"]
    products: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
    price_of: Literal["first_day", "last_day"] = "first_day"
    bands: Annotated[tuple[Band, ...], Field(strict=False), AfterValidator(_edges_rise)] = ()
    bands_per: Literal["year", "month"] = "year"
    frequency: Frequency | None = None
    no_show: Annotated[tuple[NoShow, ...], Field(strict=False)] = ()
    client_bounds: Annotated[tuple[ClientBound, ...], Field(strict=False)] = ()
    adjustments: Annotated[tuple[Adjustment, ...], Field(strict=False)] = ()

    @property
    def products_paid(self) -> tuple[str, ...]:
        return () if self.bands else self.products

    @property
    def products_counted(self) -> tuple[str, ...]:
        return self.products if self.bands else ()

    @property
    def needs_every_month(self) -> bool:
        return bool(self.bands) or self.needs_clients

    @property
    def needs_clients(self) -> bool:
        return bool(self.frequency or self.client_bounds)

    @model_validator(mode="after")
    def _rules_fit(self) -> "EffortComponent":
        if self.bands and (self.frequency or self.no_show or self.client_bounds):
            raise ValueError(
                "bands staat naast frequency, no_show of client_bounds, die over volume maal prijs gaan; "
                "maak er een eigen onderdeel van"
            )
        if not self.bands and "bands_per" in self.model_fields_set:
            raise ValueError("bands_per zonder bands doet niets; geef bands of haal het weg")
        periods = [bound.per for bound in self.client_bounds]
        if len(set(periods)) < len(periods):
            raise ValueError("client_bounds noemt een periode twee keer; laat er een weg")
        labels = [adjustment.label for adjustment in self.adjustments]
        if len(set(labels)) < len(labels):
            raise ValueError("twee adjustments hebben hetzelfde label; geef elk een eigen label")
        if len({one.product for one in self.no_show}) < len(self.no_show):
            raise ValueError("een product staat twee keer in no_show; laat er een weg")
        if self.bands and any(adjustment.products for adjustment in self.adjustments):
            raise ValueError("met bands hebben producten geen eigen prijs; laat products bij adjustments weg")
        named = {one.product for one in self.no_show}
        named |= {product for adjustment in self.adjustments for product in adjustment.products}
        named |= set(self.frequency.products) if self.frequency else set()
        if unknown := sorted(named - set(self.products)):
            raise ValueError(f"{', '.join(unknown)} staat niet bij products; zet het erbij of haal het weg")
        return self
