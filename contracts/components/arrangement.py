"""Arrangements in a contract document: one price for all care of a client or a household, by profile and intensity."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.components.component import PricedPart
from contracts.values import Law, Name, Number, Part, Percent


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

    @model_validator(mode="after")
    def _prices_differ(self) -> "ArrangementComponent":
        kinds = [(price.profile, price.intensity) for price in self.prices]
        for profile, intensity in kinds:
            if kinds.count((profile, intensity)) > 1:
                raise ValueError(
                    f"profiel {profile}, intensiteit {intensity} staat twee keer in prices; laat er een weg"
                )
        for product in self.products_counted:
            if self.products_counted.count(product) > 1:
                raise ValueError(f"product {product} staat twee keer in prices of covers; laat er een weg")
        if unknown := sorted(set(self.beside) - set(self.products_assigned)):
            raise ValueError(
                f"beside noemt {', '.join(unknown)}, dat niet in prices staat; andere zorg mag altijd naast een "
                "arrangement, haal het weg"
            )
        return self

    @model_validator(mode="after")
    def _months_are_whole_or_not(self) -> "ArrangementComponent":
        if self.per == "month" and self.partial_month is None:
            raise ValueError(
                "partial_month ontbreekt; zeg of een deel van een maand geheel (whole) of per dag (days) telt"
            )
        if self.per == "whole" and self.partial_month is not None:
            raise ValueError(
                "partial_month hoort bij per month; een heel arrangement wordt één keer betaald, haal het weg"
            )
        return self

    @model_validator(mode="after")
    def _sources_are_whole(self) -> "ArrangementComponent":
        if bool(self.funding_sources) == (self.task_field is not None):
            raise ValueError("er is niet precies één dekking; geef task_field of funding_sources")
        laws = [source.law for source in self.funding_sources]
        if len(set(laws)) < len(laws):
            raise ValueError("een wet staat twee keer in funding_sources; laat er een weg")
        if laws and (percent := sum(source.percent for source in self.funding_sources)) != 100:
            raise ValueError(f"de percentages van funding_sources tellen op tot {percent}; samen moeten ze 100 zijn")
        return self
