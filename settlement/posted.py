"""What earlier runs posted, as it was known at a cut-off: the base that a new run says the difference with."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from contracts.tables import municipalities
from kernel.explanations import Step
from kernel.money import Eur
from kernel.periods import Month
from settlement.entitlement import LineKey, Treatment
from settlement.tables import run_contracts, run_lines, run_months, run_set_offs, run_volumes, runs
from tariffs.tables import products

VolumeKey = tuple[LineKey, Decimal]


@dataclass(frozen=True, slots=True)
class PostedVolume:
    """Rows and quantities at a price, as the last posted run that priced the month had them."""

    rows: int
    quantity: int
    billed_quantity: int


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted on one contract. `sequence` is the number of posted runs, `cutoff` the last one's cut-off."""

    sequence: int = 0
    cutoff: int = 0
    last_period: Month | None = None
    amounts: Mapping[LineKey, Eur] = field(default_factory=dict)
    task_fields: Mapping[LineKey, str] = field(default_factory=dict)
    explanations: Mapping[LineKey, Step] = field(default_factory=dict)
    volumes: Mapping[LineKey, Mapping[Decimal, PostedVolume]] = field(default_factory=dict)
    month_hashes: Mapping[Month, str] = field(default_factory=dict)
    set_off: Mapping[str, Eur] = field(default_factory=dict)


def read_posted(connection: Connection, cutoff: int) -> Mapping[int, Posted]:
    """By contract id, what runs posted up to recording `cutoff` say together; contracts without any are left out."""
    settled = (
        select(runs.c.id, runs.c.posting, runs.c.period, runs.c.cutoff, run_contracts.c.contract_id)
        .join(run_contracts, run_contracts.c.run_id == runs.c.id)
        .where(runs.c.state == "posted", runs.c.posting <= cutoff, ~run_contracts.c.parked)
        .order_by(runs.c.posting)
    )
    heads: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(settled):
        heads[row.contract_id].append(row)
    lines = _lines(connection, cutoff)
    volumes = _volumes(connection, cutoff)
    hashes = _month_hashes(connection, cutoff)
    set_offs = _set_offs(connection, cutoff)
    return {
        contract: Posted(
            sequence=len(rows),
            cutoff=rows[-1].cutoff,
            last_period=max(Month.of(row.period) for row in rows),
            amounts=lines[contract].amounts,
            task_fields=lines[contract].task_fields,
            explanations=lines[contract].explanations,
            volumes=volumes[contract],
            month_hashes=hashes[contract],
            set_off=set_offs[contract],
        )
        for contract, rows in heads.items()
    }


@dataclass(frozen=True, slots=True)
class _PostedLines:
    """By key: the sum of what was posted, and the task field and explanation of the last line."""

    amounts: dict[LineKey, Eur] = field(default_factory=dict)
    task_fields: dict[LineKey, str] = field(default_factory=dict)
    explanations: dict[LineKey, Step] = field(default_factory=dict)


def _lines(connection: Connection, cutoff: int) -> defaultdict[int, _PostedLines]:
    query = (
        select(run_lines, municipalities.c.code.label("municipality"))
        .join(runs, runs.c.id == run_lines.c.run_id)
        .join(municipalities, municipalities.c.id == run_lines.c.municipality_id)
        .where(runs.c.posting <= cutoff)
        .order_by(runs.c.posting, run_lines.c.line)
    )
    found: defaultdict[int, _PostedLines] = defaultdict(_PostedLines)
    for row in connection.execute(query):
        key, of_contract = _key(row), found[row.contract_id]
        of_contract.amounts[key] = of_contract.amounts.get(key, Eur.zero()) + row.amount_eur
        of_contract.task_fields[key] = row.task_field
        of_contract.explanations[key] = Step.from_json(row.explanation)
    return found


def _volumes(connection: Connection, cutoff: int) -> defaultdict[int, dict[LineKey, dict[Decimal, PostedVolume]]]:
    """The volumes of each month as the last posted run that priced it had them."""
    last = (
        select(run_months.c.contract_id, run_months.c.service_month, runs.c.id.label("run_id"))
        .join(runs, runs.c.id == run_months.c.run_id)
        .where(runs.c.posting <= cutoff)
        .distinct(run_months.c.contract_id, run_months.c.service_month)
        .order_by(run_months.c.contract_id, run_months.c.service_month, runs.c.posting.desc())
        .subquery()
    )
    query = (
        select(run_volumes, municipalities.c.code.label("municipality"), products.c.code.label("label"))
        .join(
            last,
            (last.c.run_id == run_volumes.c.run_id)
            & (last.c.contract_id == run_volumes.c.contract_id)
            & (last.c.service_month == run_volumes.c.service_month),
        )
        .join(municipalities, municipalities.c.id == run_volumes.c.municipality_id)
        .join(products, products.c.id == run_volumes.c.product_id)
    )
    found: defaultdict[int, dict[LineKey, dict[Decimal, PostedVolume]]] = defaultdict(dict)
    for row in connection.execute(query):
        volume = PostedVolume(row.rows, row.quantity, row.billed_quantity)
        found[row.contract_id].setdefault(_key(row), {})[row.price] = volume
    return found


def _month_hashes(connection: Connection, cutoff: int) -> defaultdict[int, dict[Month, str]]:
    query = (
        select(run_months.c.contract_id, run_months.c.service_month, run_months.c.inputs_sha256)
        .join(runs, runs.c.id == run_months.c.run_id)
        .where(runs.c.posting <= cutoff)
        .order_by(runs.c.posting)
    )
    found: defaultdict[int, dict[Month, str]] = defaultdict(dict)
    for contract, first_day, inputs_sha256 in connection.execute(query):
        found[contract][Month.of(first_day)] = inputs_sha256
    return found


def _set_offs(connection: Connection, cutoff: int) -> defaultdict[int, dict[str, Eur]]:
    query = (
        select(run_set_offs.c.contract_id, run_set_offs.c.advance_reference, run_set_offs.c.amount_eur)
        .join(runs, runs.c.id == run_set_offs.c.run_id)
        .where(runs.c.posting <= cutoff)
    )
    found: defaultdict[int, dict[str, Eur]] = defaultdict(dict)
    for contract, reference, amount in connection.execute(query):
        found[contract][reference] = found[contract].get(reference, Eur.zero()) + amount
    return found


def _key(row: Any) -> LineKey:
    first_day: date = row.service_month
    return LineKey(row.component, row.municipality, Month.of(first_day), row.label, Treatment(row.treatment))
