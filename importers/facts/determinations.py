"""Determinations: the amount that was decided for a contract year, whole or by component."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from importers.days import parse_day
from importers.facts.kind import CONTRACT, REFERENCE, WITHDRAWN, YEAR, FactKind, Stated, clash
from importers.tables import determinations
from kernel.findings import Finding
from kernel.money import Eur
from kernel.notation import parse_eur
from kernel.tabular import Column
from kernel.workbooks.cells import Holds


@dataclass(frozen=True, slots=True)
class Determination:
    """What was determined for a contract year; without a component for all of it."""

    contract_id: int
    year: int
    component: str | None
    amount_eur: Eur
    decided_on: date
    reference: str
    recording: int


def _judge_all(facts: Sequence[Stated]) -> Iterator[Finding]:
    """A contract year is determined whole or by component, not both: the amounts would stand beside each other."""
    by_year: dict[tuple[int, int], list[Stated]] = defaultdict(list)
    for fact in facts:
        by_year[(fact.values["contract_id"], fact.values["year"])].append(fact)
    for group in by_year.values():
        whole = [fact for fact in group if fact.values["component"] is None]
        for part in group:
            if whole and part is not whole[0]:
                message = "het contractjaar is zowel als geheel als per onderdeel vastgesteld"
                yield clash(whole[0], part, message, "laat een van beide weg, of trek de bekende in")


DETERMINATIONS = FactKind(
    name="determinations",
    one="vaststelling",
    many="vaststellingen",
    fact=Determination,
    layout=(
        CONTRACT,
        YEAR,
        Column("component", ("onderdeel", "component"), required=False),
        Column("amount_eur", ("bedrag", "amount"), parse_eur, holds=Holds.AMOUNT),
        Column("decided_on", ("besluitdatum", "decision date"), parse_day, holds=Holds.DAY),
        REFERENCE,
        WITHDRAWN,
    ),
    table=determinations,
    key=("contract_id", "year", "component"),
    judge_all=_judge_all,
)
