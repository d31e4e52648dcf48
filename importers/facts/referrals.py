"""Referrals: who sent clients to which help, counted over a period or client by client."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from importers.facts.kind import (
    CLIENT,
    CONTRACT,
    MUNICIPALITY,
    PERIOD,
    PRODUCT_OR_CATEGORY,
    REFERENCE,
    WITHDRAWN,
    FactKind,
    Stated,
    clash,
    judge_one_of,
    judge_period,
    overlap,
    overlaps,
    parse_provider,
)
from importers.population_counts import parse_count
from importers.tables import referrals
from kernel.findings import Finding
from kernel.identifiers import client_number
from kernel.tabular import Column, Row, row_finding
from kernel.workbooks.cells import Holds
from tariffs.products import word_of


@dataclass(frozen=True, slots=True)
class Referral:
    """Referrals of one kind of referrer to a product or category: `counted` in a period, or those of one client."""

    municipality_id: int
    reference: str
    contract_id: int | None
    provider_id: int | None
    product_id: int | None
    category: str | None
    period_from: date
    period_until: date
    referrer: str
    counted: int | None
    client_id: int | None
    recording: int

    @property
    def number(self) -> int:
        """How many referrals it stands for."""
        return 1 if self.counted is None else self.counted


# The kinds of the list TypeVerwijzer of iWmo and iJw, release 3.2, with their codes.
_REFERRERS = {
    "gemeente": "municipality", "01": "municipality", "municipality": "municipality",
    "huisarts": "general_practitioner", "02": "general_practitioner", "general practitioner": "general_practitioner",
    "jeugdarts": "youth_doctor", "03": "youth_doctor", "youth doctor": "youth_doctor",
    "gecertificeerde instelling": "certified_institution", "04": "certified_institution",
    "certified institution": "certified_institution",
    "medisch specialist": "medical_specialist", "05": "medical_specialist", "medical specialist": "medical_specialist",
    "zelfverwijzer": "none", "geen verwijzer": "none", "06": "none", "none": "none",
    "rechter": "judicial", "08": "judicial", "judicial": "judicial",
}  # fmt: skip


def _judge(row: Row) -> Iterator[Finding]:
    yield from judge_period(row)
    yield from judge_one_of(row, {"product_id": "product", "category": "categorie"}, "waarnaar verwezen is")
    yield from judge_one_of(row, {"counted": "aantal", "bsn": "bsn", "client": "cliënt"}, "wie verwezen is")
    if row["contract_id"] is None and row["provider_id"] is None:
        hint = 'vul "contract" of "aanbieder" in'
        yield row_finding("V05", row.number, "naar wie verwezen is ontbreekt", hint)
    bsn = row["bsn"] or client_number(row["client"] or "")
    if bsn and bsn.lstrip("0") in re.sub(r"\D", "", row["reference"]):
        hint = "geef de verwijzing een referentie zonder dat nummer"
        yield row_finding("V05", row.number, "de referentie bevat het nummer van de cliënt", hint)


def _judge_all(facts: Sequence[Stated]) -> Iterator[Finding]:
    """A count and other referrals of the same may not share a day: they would be counted twice."""
    same: dict[tuple[object, ...], list[Stated]] = defaultdict(list)
    for fact in facts:
        names = ("municipality_id", "contract_id", "provider_id", "product_id", "category", "referrer")
        same[tuple(fact.values[name] for name in names)].append(fact)
    for group in same.values():
        counts = [fact for fact in group if fact.values["counted"] is not None]
        persons = [fact for fact in group if fact.values["counted"] is None]
        counted_again = [(one, other) for one in counts for other in persons if overlap(one, other)]
        for one, other in (*overlaps(counts), *counted_again):
            message = "dezelfde verwijzingen zijn op een deel van deze dagen al geteld"
            yield clash(one, other, message, "laat een van beide weg, of trek de bekende in")


REFERRALS = FactKind(
    name="referrals",
    one="verwijzing",
    many="verwijzingen",
    fact=Referral,
    layout=(
        MUNICIPALITY,
        REFERENCE,
        Column(CONTRACT.name, CONTRACT.headers, required=False),
        Column("provider_id", ("aanbieder", "provider"), parse_provider, required=False),
        *PRODUCT_OR_CATEGORY,
        *PERIOD,
        Column("referrer", ("verwijzer", "referrer"), word_of(_REFERRERS)),
        Column("counted", ("aantal", "count"), parse_count, required=False, holds=Holds.NUMBER),
        *CLIENT,
        WITHDRAWN,
    ),
    table=referrals,
    key=("municipality_id", "reference"),
    judge=_judge,
    judge_all=_judge_all,
)
