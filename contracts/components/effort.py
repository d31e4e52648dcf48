"""Funding by effort in a contract document: volume times price, and what a contract agrees on top of it."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from contracts.components.component import CountedFor, Fact, PricedPart, listed
from contracts.components.frequency import Frequency
from contracts.values import Amount, Misfit, MonthText, Name, Number, Part, Percent, Place, SignedNumber


class Band(Part):
    """A price for volume up to an edge; the last band has none."""

    up_to: Number | None = None
    price_eur: Number


class ClientBound(Part):
    """The least and the most that is paid for one client in a period, or under one assignment."""

    per: Literal["month", "year", "assignment"]
    minimum_eur: Amount | None = None
    maximum_eur: Amount | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._bounds()

    def _bounds(self) -> Iterator[Misfit]:
        least, most = self.minimum_eur, self.maximum_eur
        if least is None and most is None:
            yield (), "er is geen minimum en geen maximum; geef minimum_eur of maximum_eur"
        if least is not None and most is not None and least > most:
            yield ("minimum_eur",), f"het minimum ({least}) ligt boven het maximum ({most}); verwissel ze"


class NoShow(Part):
    """A product that stands for a client who did not come; of its price `paid_percent` is paid."""

    product: Name
    paid_percent: Percent


class Adjustment(Part):
    """A supplement, or below nil a discount, on what products come to, after the adjustments above it.

    It holds from the month `from` up to the month `until`, without them always; without `products` for all.
    """

    label: Name
    percent: SignedNumber
    products: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    start: MonthText | None = Field(None, alias="from")
    until: MonthText | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._ends_after_it_starts()
        yield self._takes_at_most_all()

    def _ends_after_it_starts(self) -> Iterator[Misfit]:
        if self.start is not None and self.until is not None and self.until <= self.start:
            yield ("until",), "ligt niet na from; until is de eerste maand waarin het niet meer geldt"

    def _takes_at_most_all(self) -> Iterator[Misfit]:
        if self.percent < -100:
            yield ("percent",), "een korting van meer dan 100 bestaat niet; schrijf hooguit -100"


class EffortComponent(PricedPart):
    """Funding by effort: volume x price by product, or a volume at prices by band."""

    kind: Literal["effort"]
    products: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
    price_of: Literal["first_day", "last_day"] = "first_day"
    bands: Annotated[tuple[Band, ...], Field(strict=False)] = ()
    bands_per: Literal["year", "month"] = "year"
    frequency: Frequency | None = None
    no_show: Annotated[tuple[NoShow, ...], Field(strict=False)] = ()
    client_bounds: Annotated[tuple[ClientBound, ...], Field(strict=False)] = ()
    adjustments: Annotated[tuple[Adjustment, ...], Field(strict=False)] = ()

    @property
    def products_named(self) -> Iterator[tuple[Place, str]]:
        yield from listed("products", self.products)

    @property
    def products_paid(self) -> tuple[str, ...]:
        return () if self.bands else self.products

    @property
    def products_counted(self) -> tuple[str, ...]:
        return self.products if self.bands else ()

    def counted_for(self, product: str) -> CountedFor:
        return "bands"

    @property
    def needs_every_month(self) -> bool:
        return bool(self.bands) or self.needs_clients

    @property
    def needs_clients(self) -> bool:
        return bool(self.frequency or self.client_bounds)

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._last_band_is_open()
        yield self._bands_have_edges()
        yield self._edges_rise()
        yield self._bands_stand_alone()
        yield self._bands_per_of_bands()
        yield self._bounds_differ()
        yield self._labels_differ()
        yield self._no_shows_differ()
        yield self._bands_know_no_products()
        yield self._paid(("frequency", "products"), lambda: self.frequency.products if self.frequency else ())
        yield self._paid(("no_show",), lambda: [one.product for one in self.no_show])
        yield self._paid(("adjustments",), lambda: [product for one in self.adjustments for product in one.products])

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        yield "assignments", self._assignments()

    def _assignments(self) -> Iterator[Fact]:
        by_assignment = any(bound.per == "assignment" for bound in self.client_bounds)
        checked = (self.frequency.products or self.products) if self.frequency else ()
        for product in (*checked, *(self.products if by_assignment else ())):
            yield (product,)

    def _last_band_is_open(self) -> Iterator[Misfit]:
        if self.bands and self.bands[-1].up_to is not None:
            place = ("bands", len(self.bands) - 1, "up_to")
            yield place, "de laatste schijf heeft een grens; laat up_to daar weg, zodat elk volume een prijs heeft"

    def _bands_have_edges(self) -> Iterator[Misfit]:
        for place, band in enumerate(self.bands[:-1]):
            if band.up_to is None:
                yield (
                    ("bands", place),
                    f"schijf {place + 1} heeft geen grens; geef up_to, alleen de laatste schijf heeft er geen",
                )

    def _edges_rise(self) -> Iterator[Misfit]:
        below = Decimal(0)
        for place, band in enumerate(self.bands):
            if band.up_to is not None and band.up_to <= below:
                yield ("bands", place, "up_to"), "de grenzen van de schijven lopen niet op; zet ze van laag naar hoog"
                return
            below = below if band.up_to is None else band.up_to

    def _bands_stand_alone(self) -> Iterator[Misfit]:
        if self.bands and (self.frequency or self.no_show or self.client_bounds):
            yield (
                ("bands",),
                "staat naast frequency, no_show of client_bounds, die over volume maal prijs gaan; "
                "maak er een eigen onderdeel van",
            )

    def _bands_per_of_bands(self) -> Iterator[Misfit]:
        if not self.bands and "bands_per" in self.model_fields_set:
            yield ("bands_per",), "doet niets zonder bands; geef bands of haal het weg"

    def _bounds_differ(self) -> Iterator[Misfit]:
        if len({bound.per for bound in self.client_bounds}) < len(self.client_bounds):
            yield ("client_bounds",), "een periode staat er twee keer in; laat er een weg"

    def _labels_differ(self) -> Iterator[Misfit]:
        if len({adjustment.label for adjustment in self.adjustments}) < len(self.adjustments):
            yield ("adjustments",), "twee adjustments hebben hetzelfde label; geef elk een eigen label"

    def _no_shows_differ(self) -> Iterator[Misfit]:
        if len({one.product for one in self.no_show}) < len(self.no_show):
            yield ("no_show",), "een product staat er twee keer in; laat er een weg"

    def _bands_know_no_products(self) -> Iterator[Misfit]:
        if self.bands and any(adjustment.products for adjustment in self.adjustments):
            yield ("adjustments",), "met bands hebben producten geen eigen prijs; laat products bij adjustments weg"

    def _paid(self, place: Place, products: Callable[[], Iterable[str]]) -> Iterator[Misfit]:
        """What a rule names is paid by the component."""
        if unknown := sorted(set(products()) - set(self.products)):
            yield place, f"{', '.join(unknown)} staat niet bij products; zet het erbij of haal het weg"
