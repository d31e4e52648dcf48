"""Funding by effort in a contract document: volume times price."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.components.component import PricedPart
from contracts.values import Name


class EffortComponent(PricedPart):
    """Funding by effort: volume x price by product."""

    kind: Literal["effort"]
    products: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
    price_of: Literal["first_day", "last_day"] = "first_day"

    @property
    def products_paid(self) -> tuple[str, ...]:
        return self.products
