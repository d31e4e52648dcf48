"""Assignments: care that a municipality assigned to a client, and how much of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from importers.facts.kind import (
    CLIENT,
    MUNICIPALITY,
    PERIOD,
    WITHDRAWN,
    FactKind,
    judge_one_of,
    judge_period,
    parse_provider,
)
from importers.population_counts import parse_count
from importers.tables import assignments
from kernel.findings import Finding
from kernel.identifiers import client_number
from kernel.tabular import Column, Row, row_finding
from kernel.workbooks.cells import Holds
from tariffs.products import word_of

# Frequencies of the code list WJ757.
_PER = {
    "week": "week", "per week": "week", "2": "week",
    "maand": "month", "month": "month", "per maand": "month", "4": "month",
    "totaal": "total", "total": "total", "6": "total",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assignment:
    """Care of a product by a provider, assigned from a day, up to another or open.

    `volume` is in the unit of delivery of the product, `per` week, month or in total; None where none was agreed.
    """

    municipality_id: int
    number: str
    provider_id: int
    product_id: int
    client_id: int
    period_from: date
    period_until: date | None
    volume: int | None
    per: Literal["week", "month", "total"] | None
    recording: int


def parse_volume(text: str) -> int:
    """Read a volume of one or more."""
    if (volume := parse_count(text)) == 0:
        raise ValueError("een omvang van 0 bestaat niet; laat omvang en per leeg waar er geen is")
    return volume


def judge_client_and_number(row: Row) -> Iterator[Finding]:
    """What is wrong with the client of a row, or with a number that tells who it is."""
    yield from judge_one_of(row, {"bsn": "bsn", "client": "cliënt"}, "de cliënt")
    bsn = row["bsn"] or client_number(row["client"] or "")
    if bsn and bsn.lstrip("0") in re.sub(r"\D", "", row["number"]):
        hint = "gebruik het nummer dat de gemeente eraan gaf"
        yield row_finding("V05", row.number, "het nummer is of bevat dat van de cliënt", hint)


def _judge(row: Row) -> Iterator[Finding]:
    yield from judge_period(row, may_be_open=True)
    yield from judge_client_and_number(row)
    if (row["volume"] is None) != (row["per"] is None):
        hint = "vul beide in, of laat beide leeg"
        yield row_finding("V05", row.number, "van omvang en per is er maar een", hint)


ASSIGNMENTS = FactKind(
    name="assignments",
    one="toewijzing",
    many="toewijzingen",
    fact=Assignment,
    layout=(
        MUNICIPALITY,
        Column("number", ("toewijzing", "toewijzingnummer", "assignment"), str),
        Column("provider_id", ("aanbieder", "provider"), parse_provider),
        Column("product_id", ("product",)),
        *CLIENT,
        *PERIOD,
        Column("volume", ("omvang", "volume"), parse_volume, required=False, holds=Holds.NUMBER),
        Column("per", ("per", "frequentie", "frequency"), word_of(_PER), required=False),
        WITHDRAWN,
    ),
    table=assignments,
    key=("municipality_id", "number"),
    judge=_judge,
)
