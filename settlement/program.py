"""What the program hands to its commands: the database, and what settling shows of a contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from database.session import Database

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from contracts.model import Contract, Example, ExampleResult
    from contracts.register import ReachBack
    from importers.loading import PostedUntil
    from tariffs.price_lists import PriceUse


@dataclass(frozen=True, slots=True)
class Program(Database):
    """The database of these settings, and the settlement of examples; that is imported when a contract needs it.

    Commands of packages below settlement reach it here, and so who uses the price lists and what is posted.
    """

    @contextmanager
    def engine(self, *, check_schema: bool = True) -> Iterator[Engine]:
        """An engine that writes no client number in a text; see `database.session.Database.engine`."""
        from importers.kept_out import keep_out_client_numbers

        with Database.engine(self, check_schema=check_schema) as engine:
            keep_out_client_numbers(engine, self.settings)
            yield engine

    def settle_example(self, contract: Contract, example: Example) -> list[ExampleResult]:
        from settlement.simulation import settle_example

        return settle_example(contract, example)

    def reach_back(self) -> ReachBack:
        from settlement.reach_back import reach_back

        return reach_back

    def posted_until(self) -> PostedUntil:
        from settlement.posted_deliveries import posted_until

        return posted_until

    def price_use(self) -> PriceUse:
        from importers.price_use import price_use

        return price_use()
