"""Households: which clients lived together, and when. Neither the clients nor the household can be read back.

The reference of a household often is the number of one of its members, so it is hashed as a client number is.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from importers.facts.kind import (
    CLIENT,
    MUNICIPALITY,
    PERIOD,
    WITHDRAWN,
    FactKind,
    Stated,
    clash,
    judge_one_of,
    judge_period,
    overlaps,
)
from importers.tables import household_members
from kernel.findings import Finding
from kernel.tabular import Column, Row


@dataclass(frozen=True, slots=True)
class HouseholdMember:
    """A client in a household from a day, up to another or open; `household` names it within its municipality."""

    municipality_id: int
    client_id: int
    period_from: date
    period_until: date | None
    household: bytes
    recording: int


def _judge(row: Row) -> Iterator[Finding]:
    yield from judge_period(row, may_be_open=True)
    yield from judge_one_of(row, {"bsn": "bsn", "client": "cliënt"}, "de cliënt")


def _judge_all(facts: Sequence[Stated]) -> Iterator[Finding]:
    """A client lives in one household at a time, in whichever municipality."""
    by_client: dict[int, list[Stated]] = defaultdict(list)
    for fact in facts:
        by_client[fact.values["client_id"]].append(fact)
    for stays in by_client.values():
        for one, other in overlaps(stays):
            message = "de cliënt is op een deel van deze dagen al in een huishouden"
            yield clash(one, other, message, "sluit het ene verblijf af voor het andere begint")


HOUSEHOLDS = FactKind(
    name="households",
    one="lid van een huishouden",
    many="leden van huishoudens",
    fact=HouseholdMember,
    layout=(MUNICIPALITY, Column("household", ("huishouden", "household"), str), *CLIENT, *PERIOD, WITHDRAWN),
    table=household_members,
    key=("municipality_id", "client_id", "period_from"),
    judge=_judge,
    judge_all=_judge_all,
)
