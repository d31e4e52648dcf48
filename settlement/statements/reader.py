"""Reading what the statements of a run show: for all contracts at once, and deliveries for a number of them at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from database.recordings import recordings
from importers.population_counts import counts_known
from kernel.findings import Finding, Severity
from kernel.money import Eur
from settlement.entitlement import LineKey
from settlement.findings import DeliveriesFinding
from settlement.languages.dutch import DUTCH
from settlement.languages.language import Language
from settlement.pricing.rows import PricingGroup, pricing_groups_of
from settlement.reading import Run, SettledContract, outstanding_advances, posted_by_month, previous_statements
from settlement.rejected import Rejected, rejected_rows
from settlement.statements.facts import Register, Statement, by_line, distinct_names, nil_volumes
from settlement.terms import Terms, read_terms
from settlement.year_budget import year_budgets

_ROWS_AT_ONCE = 100_000
_CONTRACTS_AT_ONCE = 25


def read_statements(
    connection: Connection, run: Run, language: Language = DUTCH, *, detail: bool = True
) -> Iterator[list[Statement]]:
    """The statements of the contracts that are not parked, in the order of the run, some at a time."""
    settled = [contract for contract in run.contracts if not contract.parked]
    if not settled:
        return
    terms = read_terms(connection, run.period, run.cutoff, [contract.contract.number for contract in settled])
    known = counts_known(connection, run.cutoff)
    figures = terms.recorded.index_figures
    budgets = {contract.id: year_budgets(contract.contract, known, figures, run.period.year) for contract in settled}
    counts = {recording for of_contract in budgets.values() for b in of_contract for recording in b.count_recordings}
    register = _register(connection, run, terms, counts)
    posted = posted_by_month(connection, run)
    advances = outstanding_advances(connection, run)
    previous = previous_statements(connection, run)
    rejected = rejected_rows(connection, min(contract.previous_cutoff for contract in settled), run.cutoff)
    unpaid = not_settled(run)
    head = replace(run, contracts=(), findings=(), municipalities={})
    for contracts in _in_parts(settled):
        deliveries = _deliveries(connection, run, terms, contracts) if detail else {}
        yield [
            Statement(
                run=head,
                settled=contract,
                language=language,
                volumes=by_line(contract.volumes),
                register=register,
                posted_by_month=posted.get(contract.id, {}),
                outstanding_advances=advances.get(contract.id, Eur.zero()),
                budgets=budgets[contract.id],
                previous=previous.get(contract.id),
                not_settled=unpaid.get(contract.contract.provider, ()),
                rejected=rejected.get(contract.contract.provider, Rejected()).since(contract.previous_cutoff),
                deliveries=deliveries.get(contract.id),
            )
            for contract in contracts
        ]


def _in_parts(settled: Sequence[SettledContract]) -> Iterator[list[SettledContract]]:
    """Contracts with about `_ROWS_AT_ONCE` deliveries together, and no more than a few dozen."""
    part: list[SettledContract] = []
    rows = 0
    for contract in settled:
        part.append(contract)
        rows += sum(volume.rows for volume in contract.volumes)
        if rows >= _ROWS_AT_ONCE or len(part) == _CONTRACTS_AT_ONCE:
            yield part
            part, rows = [], 0
    if part:
        yield part


def _deliveries(
    connection: Connection, run: Run, terms: Terms, contracts: Sequence[SettledContract]
) -> dict[int, dict[LineKey, list[PricingGroup]]]:
    """By contract id, the deliveries of every line on deliveries, and of those that are worth nothing."""
    wanted = {}
    for contract in contracts:
        keys = [numbered.line.key for numbered in contract.lines if not numbered.line.key.of_contract]
        nil = [volume.key for volume in nil_volumes(run.period, contract, by_line(contract.volumes))]
        wanted[contract.id] = [*keys, *nil]
    return pricing_groups_of(connection, terms, wanted)


def _register(connection: Connection, run: Run, terms: Terms, counts: set[int]) -> Register:
    mentioned = {
        run.cutoff,
        *counts,
        *(contract.contract_recording for contract in run.contracts),
        *(version.recording for version in terms.price_versions.values()),
    }
    if run.posting is not None:
        mentioned.add(run.posting)
    moments = connection.execute(
        select(recordings.c.number, recordings.c.recorded_at).where(recordings.c.number.in_(mentioned))
    )
    return Register(
        municipalities=distinct_names(run.municipalities),
        products=terms.products,
        price_versions=terms.price_versions,
        recorded={row.number: row.recorded_at for row in moments},
    )


def not_settled(run: Run) -> Mapping[str, list[Finding]]:
    """What no statement of the run pays, by provider: contracts that are parked, and deliveries outside a contract."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for contract in run.contracts:
        for finding in contract.findings if contract.parked else ():
            if finding.severity is Severity.ERROR:
                place = f"contract {contract.contract.number}, {finding.place}"
                found[contract.contract.provider].append(replace(finding, place=place))
    for finding in run.findings:
        if isinstance(finding, DeliveriesFinding):
            found[finding.provider].append(finding)
    return found
