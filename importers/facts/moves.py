"""Planned moves: care that is to go from one place to another, such as from a region to a municipality.

A place is a provider, a region, a scope or a care line, or several of these together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from importers.facts.kind import (
    MUNICIPALITY,
    PRODUCT_OR_CATEGORY,
    REFERENCE,
    WITHDRAWN,
    FactKind,
    judge_one_of,
    parse_exact,
    parse_provider,
)
from importers.tables import planned_moves
from kernel.findings import Finding
from kernel.money import Eur
from kernel.notation import parse_date, parse_eur, parse_percentage
from kernel.tabular import Column, Row, own_name, row_finding
from kernel.workbooks.cells import Holds
from tariffs.products import CareLine, Scope, word_of


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """A share of the care or an amount a year that is to move on a day."""

    municipality_id: int
    reference: str
    product_id: int | None
    category: str | None
    from_provider_id: int | None
    from_region: str | None
    from_scope: str | None
    from_care_line: str | None
    to_provider_id: int | None
    to_region: str | None
    to_scope: str | None
    to_care_line: str | None
    share_percent: Decimal | None
    amount_eur: Eur | None
    planned_on: date
    status: Literal["planned", "confirmed", "cancelled"]
    recording: int


_SCOPES = {"lokaal": Scope.LOCAL.value, "regionaal": Scope.REGIONAL.value, "landelijk": Scope.NATIONAL.value}
_CARE_LINES = {"nulde": CareLine.ZERO.value, "eerste": CareLine.FIRST.value, "tweede": CareLine.SECOND.value}
_STATUSES = {
    "gepland": "planned", "planned": "planned",
    "bevestigd": "confirmed", "confirmed": "confirmed",
    "vervallen": "cancelled", "cancelled": "cancelled",
}  # fmt: skip
_PARTS = ("provider_id", "region", "scope", "care_line")


def _place(name: str, dutch: str, english: str) -> tuple[Column, ...]:
    scopes = _SCOPES | {scope.value: scope.value for scope in Scope}
    lines = _CARE_LINES | {line.value: line.value for line in CareLine}
    return (
        Column(f"{name}_provider_id", (f"{dutch} aanbieder", f"{english} provider"), parse_provider, required=False),
        Column(f"{name}_region", (f"{dutch} regio", f"{english} region"), own_name, required=False),
        Column(f"{name}_scope", (f"{dutch} schaal", f"{english} scope"), word_of(scopes), required=False),
        Column(f"{name}_care_line", (f"{dutch} lijn", f"{english} care line"), word_of(lines), required=False),
    )


def _parse_share(text: str) -> Decimal:
    share = parse_exact(text, read=parse_percentage)
    if not 0 < share <= 100:
        raise ValueError(f'"{text}" is geen deel; schrijf een percentage boven 0 en hooguit 100')
    return share


def _parse_amount(text: str) -> Eur:
    amount = parse_eur(text)
    if amount.amount <= 0:
        raise ValueError(f'"{text}" kan niet verplaatst worden; schrijf een bedrag boven 0')
    return amount


def _judge(row: Row) -> Iterator[Finding]:
    yield from judge_one_of(row, {"product_id": "product", "category": "categorie"}, "wat verplaatst wordt")
    yield from judge_one_of(row, {"share_percent": "aandeel", "amount_eur": "bedrag"}, "hoeveel verplaatst wordt")
    origin, target = ([row[f"{end}_{part}"] for part in _PARTS] for end in ("from", "to"))
    if not any(origin) or not any(target):
        hint = 'vul minstens een kolom "van …" en een kolom "naar …" in'
        yield row_finding("V05", row.number, "van of naar ontbreekt", hint)
    elif origin == target:
        hint = "vul in wat er anders wordt"
        yield row_finding("V05", row.number, "de verplaatsing gaat naar waar de zorg al is", hint)


MOVES = FactKind(
    name="moves",
    one="voorgenomen verplaatsing",
    many="voorgenomen verplaatsingen",
    fact=PlannedMove,
    layout=(
        MUNICIPALITY,
        REFERENCE,
        *PRODUCT_OR_CATEGORY,
        *_place("from", "van", "from"),
        *_place("to", "naar", "to"),
        Column("share_percent", ("aandeel", "share"), _parse_share, required=False, holds=Holds.NUMBER),
        Column("amount_eur", ("bedrag", "amount"), _parse_amount, required=False, holds=Holds.AMOUNT),
        Column("planned_on", ("datum", "date"), parse_date),
        Column("status", ("status",), word_of(_STATUSES)),
        WITHDRAWN,
    ),
    table=planned_moves,
    key=("municipality_id", "reference"),
    judge=_judge,
)
