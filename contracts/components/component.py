"""What components of every kind have in a contract document."""

from typing import Annotated

from pydantic import Field

from contracts.values import Key, MunicipalityCode, Name, Part


class ComponentPart(Part):
    """A clause that yields lines: from facts, or from the lines of the components above it."""

    key: Key
    clause: Name

    @property
    def products_paid(self) -> tuple[str, ...]:
        """The products whose deliveries are paid by volume times price."""
        return ()

    @property
    def products_counted(self) -> tuple[str, ...]:
        """The products whose deliveries are counted and valued, and paid for in another way."""
        return ()


class PricedPart(ComponentPart):
    """A component that reads deliveries, and the price list that values them."""

    price_list: Name = "standaard"


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
