"""What earlier runs posted, as it was known at a cut-off: the base that a new run says the difference with."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from contracts.tables import municipalities
from kernel.explanations import Step
from kernel.money import Eur
from kernel.periods import Month
from settlement.entitlement import LineKey, Posted, PostedVolume, PricedAt, Treatment
from settlement.tables import of_contract, run_contracts, run_lines, run_months, run_set_offs, run_volumes, runs
from tariffs.tables import products
from tariffs.units import PRICE_RULES, Rounding, Unit

_KEY_COLUMNS = (
    run_lines.c.contract_id,
    run_lines.c.component,
    run_lines.c.municipality_id,
    run_lines.c.service_month,
    run_lines.c.label,
    run_lines.c.treatment,
)


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
    explanations = _explanations(connection, cutoff)
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
            explanations=explanations[contract],
            volumes=volumes[contract],
            month_hashes=hashes[contract],
            set_off=set_offs[contract],
        )
        for contract, rows in heads.items()
    }


@dataclass(frozen=True, slots=True)
class _PostedLines:
    """By key: the sum of what was posted, and the task field of the last line."""

    amounts: dict[LineKey, Eur] = field(default_factory=dict)
    task_fields: dict[LineKey, str] = field(default_factory=dict)


def _lines(connection: Connection, cutoff: int) -> defaultdict[int, _PostedLines]:
    query = (
        select(
            *_KEY_COLUMNS, run_lines.c.task_field, run_lines.c.amount_eur, municipalities.c.code.label("municipality")
        )
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
    return found


def _explanations(connection: Connection, cutoff: int) -> defaultdict[int, dict[LineKey, Step]]:
    """Why an instalment was what it last was; that of deliveries is told by their volumes."""
    query = (
        select(*_KEY_COLUMNS, run_lines.c.explanation, municipalities.c.code.label("municipality"))
        .join(runs, runs.c.id == run_lines.c.run_id)
        .join(municipalities, municipalities.c.id == run_lines.c.municipality_id)
        .where(runs.c.posting <= cutoff, of_contract(run_lines.c.label))
        .order_by(runs.c.posting, run_lines.c.line)
    )
    last = {(row.contract_id, _key(row)): row.explanation for row in connection.execute(query)}
    found: defaultdict[int, dict[LineKey, Step]] = defaultdict(dict)
    for (contract, key), explanation in last.items():
        found[contract][key] = Step.from_json(explanation)
    return found


def _volumes(connection: Connection, cutoff: int) -> defaultdict[int, dict[LineKey, dict[PricedAt, PostedVolume]]]:
    """The volumes of each month as the last posted run that priced it had them."""
    last = (
        select(run_months.c.contract_id, run_months.c.service_month, func.max(runs.c.posting).label("posting"))
        .join(runs, runs.c.id == run_months.c.run_id)
        .where(runs.c.posting <= cutoff)
        .group_by(run_months.c.contract_id, run_months.c.service_month)
        .subquery()
    )
    query = (
        select(run_volumes, municipalities.c.code.label("municipality"), products.c.code.label("label"))
        .join(runs, runs.c.id == run_volumes.c.run_id)
        .join(
            last,
            (last.c.posting == runs.c.posting)
            & (last.c.contract_id == run_volumes.c.contract_id)
            & (last.c.service_month == run_volumes.c.service_month),
        )
        .join(municipalities, municipalities.c.id == run_volumes.c.municipality_id)
        .join(products, products.c.id == run_volumes.c.product_id)
    )
    found: defaultdict[int, dict[LineKey, dict[PricedAt, PostedVolume]]] = defaultdict(dict)
    for row in connection.execute(query):
        volume = PostedVolume(row.rows, row.quantity, row.billed_quantity)
        rule = PRICE_RULES[(Unit(row.unit), Unit(row.price_per), Rounding(row.rounding))]
        found[row.contract_id].setdefault(_key(row), {})[(row.price, rule)] = volume
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
