"""Reading what the statements of a run show: what they share once, and the lines and deliveries of some at a time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from database.recordings import recordings
from importers.population_counts import counts_known
from kernel.findings import Finding, Severity
from kernel.money import Eur
from kernel.periods import Month
from settlement.entitlement import LineKey, Treatment
from settlement.findings import DeliveriesFinding
from settlement.languages.dutch import DUTCH
from settlement.languages.language import Language
from settlement.pricing.rows import PricingGroup, pricing_groups_of
from settlement.reading import (
    Run,
    SettledContract,
    beside_in_year,
    outstanding_advances,
    posted_by_month,
    previous_statements,
    set_off_in_year,
    with_lines,
)
from settlement.rejected import Rejected, rejected_rows
from settlement.statements.facts import Register, Statement, by_line, distinct_names, nil_volumes
from settlement.terms import Terms, read_terms
from settlement.year_budget import YearBudget, year_budgets


@dataclass(frozen=True, slots=True)
class Shared:
    """What the statements of a run have in common, read once. By contract id, or by provider where it says so."""

    run: Run
    language: Language
    detail: bool
    terms: Terms
    register: Register
    budgets: Mapping[int, Sequence[YearBudget]]
    posted: Mapping[int, Mapping[tuple[Month, bool], Eur]]
    beside: Mapping[int, Mapping[Treatment, Eur]]
    set_off: Mapping[int, Eur]
    advances: Mapping[int, Eur]
    rejected_of_provider: Mapping[str, Rejected]
    not_settled_of_provider: Mapping[str, Sequence[Finding]]


def read_shared(connection: Connection, run: Run, language: Language = DUTCH, *, detail: bool = True) -> Shared:
    """`run` need not have the lines of its contracts. Without `detail` the deliveries are left out."""
    settled = [contract for contract in run.contracts if not contract.parked]
    terms = read_terms(connection, run.period, run.cutoff, [contract.contract.number for contract in settled])
    known = counts_known(connection, run.cutoff)
    figures = terms.recorded.index_figures
    budgets = {contract.id: year_budgets(contract.contract, known, figures, run.period.year) for contract in settled}
    counts = {recording for of_contract in budgets.values() for b in of_contract for recording in b.count_recordings}
    first = min((contract.previous_cutoff for contract in settled), default=run.cutoff)
    return Shared(
        run=replace(run, contracts=(), findings=(), municipalities={}),
        language=language,
        detail=detail,
        terms=terms,
        register=_register(connection, run, terms, counts),
        budgets=budgets,
        posted=posted_by_month(connection, run),
        beside=beside_in_year(connection, run),
        set_off=set_off_in_year(connection, run),
        advances=outstanding_advances(connection, run),
        rejected_of_provider=rejected_rows(connection, first, run.cutoff),
        not_settled_of_provider=not_settled(run),
    )


def read_statements(connection: Connection, shared: Shared, contracts: Sequence[SettledContract]) -> list[Statement]:
    """The statements of contracts of the run, whose lines and volumes are read here."""
    run = shared.run
    settled = with_lines(connection, run.id, contracts)
    previous = previous_statements(connection, run, [contract.id for contract in settled])
    deliveries = _deliveries(connection, run, shared.terms, settled) if shared.detail else {}
    return [
        Statement(
            run=run,
            settled=contract,
            language=shared.language,
            volumes=by_line(contract.volumes),
            register=shared.register,
            posted_by_month=shared.posted.get(contract.id, {}),
            beside_in_year=shared.beside.get(contract.id, {}),
            set_off_in_year=shared.set_off.get(contract.id, Eur.zero()),
            outstanding_advances=shared.advances.get(contract.id, Eur.zero()),
            budgets=shared.budgets[contract.id],
            previous=previous.get(contract.id),
            not_settled=shared.not_settled_of_provider.get(contract.contract.provider, ()),
            rejected=shared.rejected_of_provider.get(contract.contract.provider, Rejected()).since(
                contract.previous_cutoff
            ),
            deliveries=deliveries.get(contract.id),
        )
        for contract in settled
    ]


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
