"""What was recorded after the cut-off of a run and touches its contracts: a draft without it is out of date."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, tuple_

from contracts.model import Contract
from contracts.tables import contract_versions
from database.recordings import latest, recordings
from importers.facts.accountability import ACCOUNTABILITY
from importers.facts.assignments import ASSIGNMENTS
from importers.facts.determinations import DETERMINATIONS
from importers.facts.households import HOUSEHOLDS
from importers.facts.outcomes import OUTCOMES
from importers.facts.trajectories import TRAJECTORIES
from importers.tables import advances, delivery_totals, population_counts
from kernel.periods import Month
from settlement.terms import Terms, coverages, read_terms
from tariffs.tables import index_figures, price_lists, price_versions, product_versions

_OF_A_CONTRACT = (OUTCOMES.table, ACCOUNTABILITY.table, DETERMINATIONS.table)


@dataclass(frozen=True, slots=True)
class RecordedSince:
    """A recording that a run does not know: its number, and what was recorded, from which file."""

    recording: int
    what: str
    file_name: str | None

    def __str__(self) -> str:
        of_file = f" ({self.file_name})" if self.file_name and self.file_name not in self.what else ""
        return f"vastlegging {self.recording}: {self.what}{of_file}"


def recorded_since(
    connection: Connection, period: Month, cutoff: int, contracts: Collection[int]
) -> list[RecordedSince]:
    """What was recorded after `cutoff` and is read by one of `contracts`, given by id, over months up to `period`.

    Postings are not among it: another run of a contract makes approving impossible.
    """
    now = latest(connection)
    if now == cutoff or not contracts:
        return []
    known = read_terms(connection, period, now)
    terms = [registered for registered in known.contracts if registered.id in contracts]
    found: set[int] = set()
    for query in _touching(known, period, [(one.id, one.contract) for one in terms]):
        found |= {*connection.execute(query.where(query.selected_columns[0] > cutoff)).scalars()}
    rows = connection.execute(select(recordings).where(recordings.c.number.in_(found)).order_by(recordings.c.number))
    return [RecordedSince(row.number, row.what, row.file_name) for row in rows]


def _touching(known: Terms, period: Month, contracts: Sequence[tuple[int, Contract]]) -> Iterator[Select[Any]]:
    """For each kind of recording, the numbers of those that the contracts read."""
    ids = [contract_id for contract_id, _ in contracts]
    slices = {
        (known.municipalities[municipality].id, known.providers[coverage.provider].id, coverage.product.id)
        for coverage in coverages(known)
        if coverage.registered.id in ids
        for municipality in coverage.municipalities
    }
    totals = delivery_totals.c
    sent = tuple_(totals.municipality_id, totals.provider_id, totals.product_id)
    yield select(totals.recording).where(sent.in_(slices), totals.service_month <= period.first_day)
    yield select(contract_versions.c.recording).where(contract_versions.c.contract_id.in_(ids))
    yield select(advances.c.recording).where(advances.c.contract_id.in_(ids))
    yield select(product_versions.c.recording).where(product_versions.c.product_id.in_({one for *_, one in slices}))
    lists = {name for _, contract in contracts for name in contract.price_lists}
    of_lists = price_versions.join(price_lists, price_lists.c.id == price_versions.c.price_list_id)
    yield select(price_versions.c.recording).select_from(of_lists).where(price_lists.c.name.in_(lists))
    for of_contract in _OF_A_CONTRACT:
        yield select(of_contract.c.recording).where(of_contract.c.contract_id.in_(ids))
    municipalities = {known.municipalities[code].id for _, contract in contracts for code in contract.municipalities}
    providers = {known.providers[code].id for _, contract in contracts for code in contract.providers}
    read = {name for _, contract in contracts for name in _facts_read(contract)}
    for name, facts in (("assignments", ASSIGNMENTS.table), ("trajectories", TRAJECTORIES.table)):
        if name in read:
            of_provider = facts.c.municipality_id.in_(municipalities), facts.c.provider_id.in_(providers)
            yield select(facts.c.recording).where(*of_provider)
    if "households" in read:
        yield select(HOUSEHOLDS.table.c.recording).where(HOUSEHOLDS.table.c.municipality_id.in_(municipalities))
    if "counts" in read:
        yield select(population_counts.c.recording).where(_areas_in(contracts))
    if "index_figures" in read:
        yield select(index_figures.c.recording)


def _facts_read(contract: Contract) -> Iterable[str]:
    return (
        name
        for component in contract.component
        for name, facts in component.facts_read(contract.municipalities[0])
        if any(True for _ in facts)
    )


def _areas_in(contracts: Sequence[tuple[int, Contract]]) -> ColumnElement[bool]:
    """Counts of a municipality of the contracts, or of a district in it: both have its four digits."""
    digits = {code[2:] for _, contract in contracts for code in contract.municipalities}
    return or_(*(func.substr(population_counts.c.area, 3, 4) == of_municipality for of_municipality in sorted(digits)))
