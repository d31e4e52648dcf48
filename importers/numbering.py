"""Providers that number their deliveries again every month: their references are unique within a service month only.

It is said once, when a file of theirs is read, and kept for all their later files.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from importers.tables import numbering_per_month


@dataclass(frozen=True, slots=True)
class Numbering:
    """Of the providers in a file those that number by month, and those for which that is new: by id."""

    per_month: frozenset[int]
    changed: frozenset[int]

    @staticmethod
    def now(connection: Connection, providers: Collection[int], wanted: bool | None) -> "Numbering":
        """As it is recorded, or as it is `wanted` from now on."""
        table = numbering_per_month.c
        rows = connection.execute(
            select(table.provider_id, table.per_month).where(table.provider_id.in_(providers)).order_by(table.recording)
        )
        last = {row.provider_id: row.per_month for row in rows}  # a later one replaces an earlier
        before = frozenset(provider for provider, per_month in last.items() if per_month)
        if wanted is None:
            return Numbering(before, frozenset())
        after = frozenset(providers) if wanted else frozenset()
        return Numbering(after, before ^ after)

    def record(self, connection: Connection, recording: int) -> None:
        rows = [
            {"provider_id": provider, "recording": recording, "per_month": provider in self.per_month}
            for provider in sorted(self.changed)
        ]
        if rows:
            connection.execute(insert(numbering_per_month), rows)
