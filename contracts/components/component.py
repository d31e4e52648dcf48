"""What components of every kind have in a contract document."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.values import Key, Misfit, MunicipalityCode, Name, Part, Place

# What a fact goes by in its list: a name, a product, an area with a measure.
Fact = tuple[str, ...]

# What pays for deliveries that are counted: bands, periods in which clients had care or were assigned, and so on.
CountedFor = Literal["bands", "care", "assigned", "trajectory", "arrangement", "budget"]


def listed(key: str, values: Iterable[str]) -> Iterator[tuple[Place, str]]:
    """Where each value of a list stands."""
    for place, value in enumerate(values):
        yield (key, place), value


def _each_once(products: Iterable[tuple[Place, str]]) -> Iterator[Misfit]:
    seen: set[str] = set()
    for place, product in products:
        if product in seen:
            yield place, f"product {product} staat twee keer in dit onderdeel; laat er een weg"
        seen.add(product)


class ComponentPart(Part):
    """A clause that yields lines: from facts, or from the lines of the components above it."""

    key: Key
    clause: Name

    # Where the document names other components, which stand above this one.
    names_above: ClassVar[tuple[Place, ...]] = ()
    # Where it has a value for each year.
    years_key: ClassVar = ""

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield _each_once(self.products_named)
        yield _each_once(self.products_named_elsewhere)

    @property
    def products_named(self) -> Iterable[tuple[Place, str]]:
        """The products that are paid or counted, and where they stand."""
        return ()

    @property
    def products_named_elsewhere(self) -> Iterable[tuple[Place, str]]:
        """Those of `products_paid_elsewhere`, and where they stand."""
        return ()

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        """What it reads of the facts of a document, by list.

        `municipality` is the one that pays it, or the first of the contract.
        """
        yield from ()

    @property
    def products_paid(self) -> tuple[str, ...]:
        """The products whose deliveries are paid by volume times price."""
        return ()

    @property
    def products_counted(self) -> tuple[str, ...]:
        """The products whose deliveries are counted and valued, and paid for in another way."""
        return ()

    @property
    def products_paid_elsewhere(self) -> tuple[str, ...]:
        """Of a budget: the products that are paid by volume times price by the municipalities that do not pay it."""
        return ()

    @property
    def years_named(self) -> tuple[int, ...]:
        """The years it has a value of its own for."""
        return ()

    def years_asked(self, in_force: Sequence[int]) -> tuple[int, ...]:
        """The years it must have a value for, where it has any, given those in which the contract is in force."""
        return tuple(in_force)

    @property
    def deliveries_valued(self) -> tuple[str, ...]:
        """The keys of components whose deliveries decide what this one settles, by what they are worth."""
        return ()

    @property
    def needs_every_month(self) -> bool:
        """Whether an amount follows from deliveries of several months together.

        Then every month is priced in every run, and a delivery without a price keeps the contract from being settled,
        also where it is only counted.
        """
        return False

    @property
    def needs_clients(self) -> bool:
        """Whether an amount follows from what single clients had."""
        return False


class PricedPart(ComponentPart):
    """A component that reads deliveries, and the price list that values them."""

    price_list: Name = "standaard"

    @property
    def price_lists(self) -> tuple[str, ...]:
        """Every price list that it reads."""
        return (self.price_list,)

    def counted_for(self, product: str) -> CountedFor:
        """What pays for deliveries of a product that are counted."""
        raise NotImplementedError


class BudgetPart(ComponentPart):
    """A component that one municipality pays by month, on one Iv3 task field."""

    task_field: Name
    municipality: MunicipalityCode | None = None


class ModifierPart(ComponentPart):
    """A component that changes what components above it come to.

    `applies_to`: their keys; without it, all of them. `task_field`: the Iv3 field its lines are booked on; without it,
    that of the largest amount it applies to.
    """

    applies_to: Annotated[tuple[Key, ...], Field(strict=False)] = ()
    task_field: Name | None = None

    names_above: ClassVar[tuple[Place, ...]] = (("applies_to",),)

    @property
    def spread_over(self) -> tuple[str, ...]:
        """The components whose municipalities bear its amount, each by what it pays of them; none: all above."""
        return self.applies_to
