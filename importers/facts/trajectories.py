"""Trajectories: care towards a result, from its start to its end, with how far it came."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from importers.facts.assignments import judge_client_and_number
from importers.facts.kind import (
    CLIENT,
    MUNICIPALITY,
    PERIOD,
    WITHDRAWN,
    YES_NO,
    FactKind,
    judge_period,
    parse_exact,
    parse_provider,
)
from importers.tables import trajectories
from kernel.findings import Finding
from kernel.notation import parse_percentage
from kernel.tabular import Column, Row, row_finding
from kernel.workbooks.cells import Holds
from tariffs.products import word_of


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A trajectory of a product by a provider, from a day, up to another or going on.

    `done_percent` is how much was done of one that was stopped early; None when it was completed. `result`: whether the
    result that was agreed was reached.
    """

    municipality_id: int
    number: str
    provider_id: int
    product_id: int
    client_id: int
    period_from: date
    period_until: date | None
    done_percent: Decimal | None
    result: bool
    recording: int


def _parse_done(text: str) -> Decimal:
    done = parse_exact(text, read=parse_percentage)
    if not 0 <= done <= 100:
        raise ValueError(f'"{text}" is geen deel; vul een percentage van 0 tot en met 100 in')
    return done


def _judge(row: Row) -> Iterator[Finding]:
    yield from judge_period(row, may_be_open=True)
    yield from judge_client_and_number(row)
    if row["done_percent"] is not None and row["period_until"] is None and row["period_through"] is None:
        hint = 'vul "tot" of "tot en met" in, of laat "gedaan" leeg zolang het traject loopt'
        yield row_finding("V05", row.number, "een traject dat voortijdig stopte heeft een einddatum", hint)


TRAJECTORIES = FactKind(
    name="trajectories",
    one="traject",
    many="trajecten",
    fact=Trajectory,
    layout=(
        MUNICIPALITY,
        Column("number", ("traject", "trajectnummer", "trajectory"), str),
        Column("provider_id", ("aanbieder", "provider"), parse_provider),
        Column("product_id", ("product",)),
        *CLIENT,
        *PERIOD,
        Column("done_percent", ("gedaan", "done"), _parse_done, required=False, holds=Holds.NUMBER),
        Column("result", ("resultaat", "result"), word_of(YES_NO)),
        WITHDRAWN,
    ),
    table=trajectories,
    key=("municipality_id", "number"),
    judge=_judge,
)
