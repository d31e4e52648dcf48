"""A consortium in a contract document: what the main contractor passes on to those it works with."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.components.component import ModifierPart
from contracts.values import Name, Part, Percent, ProviderCode


class Member(Part):
    """A member of a consortium, with its agreed share or the products that it delivers.

    `own_code`: its deliveries come under its own AGB code. They count for what is divided, in every product it reads.
    """

    provider: ProviderCode
    percent: Percent | None = None
    products: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    own_code: bool = False


class ConsortiumComponent(ModifierPart):
    """What is payable, divided over the members by agreed shares or by the value of what each delivered."""

    kind: Literal["consortium"]
    by: Literal["percent", "delivery"] = "percent"
    members: Annotated[tuple[Member, ...], Field(strict=False, min_length=2)]

    @property
    def needs_every_month(self) -> bool:
        """Who delivered is not posted: to divide by it, the deliveries of the year so far are read again."""
        return self.by == "delivery" and any(member.own_code for member in self.members)

    @model_validator(mode="after")
    def _members_are_whole(self) -> "ConsortiumComponent":
        providers = [member.provider for member in self.members]
        if twice := sorted({provider for provider in providers if providers.count(provider) > 1}):
            raise ValueError(f"{', '.join(twice)} staat twee keer in members; laat er een weg")
        if self.by == "percent":
            if any(member.percent is None or member.products for member in self.members):
                raise ValueError(
                    "een lid heeft geen percent, of noemt products; geef elk lid een percent en niets meer"
                )
            if (percent := sum(member.percent or 0 for member in self.members)) != 100:
                raise ValueError(f"de percentages van members tellen op tot {percent}; samen moeten ze 100 zijn")
            return self
        if any(member.percent is not None or bool(member.products) == member.own_code for member in self.members):
            raise ValueError(
                "verdelen naar levering vraagt van elk lid products of own_code, en geen percent; noem de producten, "
                "of own_code = true als het zijn leveringen zelf aanlevert"
            )
        products = [product for member in self.members for product in member.products]
        if twice := sorted({product for product in products if products.count(product) > 1}):
            raise ValueError(f"product {', '.join(twice)} staat twee keer in members; laat er een weg")
        return self
