"""Accountability: what a provider sent in about a contract year, and what the municipality made of it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from importers.days import parse_day
from importers.facts.kind import CONTRACT, WITHDRAWN, YEAR, FactKind
from importers.tables import accountability_received
from kernel.money import Eur
from kernel.notation import parse_eur
from kernel.tabular import Column
from kernel.workbooks.cells import Holds
from tariffs.products import word_of


@dataclass(frozen=True, slots=True)
class Accountability:
    """A document about a contract year that was received; without a verdict nobody has judged it yet."""

    contract_id: int
    year: int
    kind: str
    received_on: date
    verdict: Literal["accepted", "with_remarks", "rejected"] | None
    amount_eur: Eur | None
    recording: int


_KINDS = {
    "productieverantwoording": "production_statement", "production statement": "production_statement",
    "jaarrekening": "annual_accounts", "annual accounts": "annual_accounts",
    "controleverklaring": "auditor_statement", "auditor statement": "auditor_statement",
    "bestuursverklaring": "board_declaration", "board declaration": "board_declaration",
    "kwaliteitsverantwoording": "quality_report", "kwaliteit": "quality_report", "quality report": "quality_report",
}  # fmt: skip
_VERDICTS = {
    "akkoord": "accepted", "accepted": "accepted",
    "met opmerkingen": "with_remarks", "with remarks": "with_remarks",
    "afgekeurd": "rejected", "rejected": "rejected",
}  # fmt: skip

ACCOUNTABILITY = FactKind(
    name="accountability",
    one="verantwoording",
    many="verantwoordingen",
    fact=Accountability,
    layout=(
        CONTRACT,
        YEAR,
        Column("kind", ("soort", "kind"), word_of(_KINDS)),
        Column("received_on", ("ontvangen", "received"), parse_day, holds=Holds.DAY),
        Column("verdict", ("oordeel", "verdict"), word_of(_VERDICTS), required=False),
        Column("amount_eur", ("bedrag", "amount"), parse_eur, required=False, holds=Holds.AMOUNT),
        WITHDRAWN,
    ),
    table=accountability_received,
    key=("contract_id", "year", "kind"),
)
