"""Outcome scores: what a contract achieved on an indicator in a period."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from importers.facts.kind import CONTRACT, PERIOD, WITHDRAWN, FactKind, judge_period, parse_exact
from importers.tables import outcome_scores
from kernel.findings import Finding
from kernel.tabular import Column, Row, own_name, row_finding
from kernel.workbooks.cells import Holds
from tariffs.products import word_of


@dataclass(frozen=True, slots=True)
class OutcomeScore:
    """A score; numerator and denominator are those it was made of, when they were told."""

    contract_id: int
    indicator: str
    period_from: date
    period_until: date
    status: Literal["provisional", "final"]
    score: Decimal
    numerator: Decimal | None
    denominator: Decimal | None
    recording: int


_STATUSES = {"voorlopig": "provisional", "definitief": "final", "provisional": "provisional", "final": "final"}


def _judge(row: Row) -> Iterator[Finding]:
    yield from judge_period(row)
    if (row["numerator"] is None) != (row["denominator"] is None):
        hint = "vul ze allebei in, of geen van beide"
        yield row_finding("V05", row.number, "van teller en noemer is er maar een", hint)
    if row["denominator"] == 0:
        yield row_finding("V05", row.number, "de noemer is 0", "laat teller en noemer weg, of verbeter de noemer")


OUTCOMES = FactKind(
    name="outcomes",
    one="resultaatscore",
    many="resultaatscores",
    fact=OutcomeScore,
    layout=(
        CONTRACT,
        Column("indicator", ("indicator",), own_name),
        *PERIOD,
        Column("status", ("status",), word_of(_STATUSES)),
        Column("score", ("score",), parse_exact, holds=Holds.NUMBER),
        Column("numerator", ("teller", "numerator"), parse_exact, required=False, holds=Holds.NUMBER),
        Column("denominator", ("noemer", "denominator"), parse_exact, required=False, holds=Holds.NUMBER),
        WITHDRAWN,
    ),
    table=outcome_scores,
    key=("contract_id", "indicator", "period_from", "period_until", "status"),
    judge=_judge,
)
