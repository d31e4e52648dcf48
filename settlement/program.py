"""What the program hands to its commands: the database, and what settling shows of a contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from database.session import Database

if TYPE_CHECKING:
    from contracts.model import Contract, Example, ExampleResult
    from tariffs.price_lists import PriceUse


@dataclass(frozen=True, slots=True)
class Program(Database):
    """The database of these settings, and the settlement of examples; that is imported when a contract needs it.

    Commands of packages below settlement reach it here, and so who uses the price lists.
    """

    def settle_example(self, contract: Contract, example: Example) -> list[ExampleResult]:
        from settlement.simulation import settle_example

        return settle_example(contract, example)

    def price_use(self) -> PriceUse:
        from importers.price_use import price_use

        return price_use()
