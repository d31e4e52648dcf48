"""A consortium in a contract document: what the main contractor passes on to those it works with."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from contracts.components.component import ModifierPart
from contracts.values import Misfit, Name, Part, Percent, ProviderCode


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

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._members_differ()
        yield self._shared_in_one_way()
        yield self._shares_are_whole()
        yield self._products_differ()

    def _members_differ(self) -> Iterator[Misfit]:
        providers = [member.provider for member in self.members]
        if twice := sorted({provider for provider in providers if providers.count(provider) > 1}):
            yield ("members",), f"{', '.join(twice)} staat er twee keer in; laat er een weg"

    def _shared_in_one_way(self) -> Iterator[Misfit]:
        if self.by == "percent":
            if any(member.percent is None or member.products for member in self.members):
                said = "een lid heeft geen percent, of noemt products; geef elk lid een percent en geen products"
                yield ("members",), said
        elif any(member.percent is not None or bool(member.products) == member.own_code for member in self.members):
            yield (
                ("members",),
                "verdelen naar levering vraagt van elk lid products of own_code, en geen percent; noem de producten, "
                "of own_code = true als het zijn leveringen zelf aanlevert",
            )

    def _shares_are_whole(self) -> Iterator[Misfit]:
        shares = [member.percent for member in self.members if member.percent is not None]
        if self.by == "percent" and len(shares) == len(self.members) and sum(shares) != 100:
            yield ("members",), f"de percentages tellen op tot {sum(shares)}; samen moeten ze 100 zijn"

    def _products_differ(self) -> Iterator[Misfit]:
        products = [product for member in self.members for product in member.products]
        twice = sorted({product for product in products if products.count(product) > 1})
        if self.by == "delivery" and twice:
            yield ("members",), f"product {', '.join(twice)} staat er twee keer in; laat er een weg"
