"""Runs: settle a set of contracts up to a month, approve, post, discard.

A run is a pure function of what was known at its cut-off. Settling twice with the same cut-off gives the same lines and
the same hash, also after later runs were posted; a draft that is no longer based on the last posted run cannot be
approved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, exc, func, insert, select, text, update

from contracts.register import RegisteredContract
from database.recordings import latest, lock_recordings, record
from kernel.findings import Finding, Refusal, Severity
from kernel.periods import Month
from settlement import invariants
from settlement.changes import changed_months
from settlement.contract import Outcome, settle_contract
from settlement.entitlement import Line, Posted
from settlement.findings import DeliveriesFinding
from settlement.ledger.journal import book
from settlement.outside import outside_contracts
from settlement.posted import read_posted
from settlement.pricing.clients import client_volumes
from settlement.pricing.query import price_months
from settlement.reading import unknown_run
from settlement.said import SaidContract, SaidFinding, cause_json, hash_of, said_finding, said_line
from settlement.same_care import same_care
from settlement.since import RecordedSince, recorded_since
from settlement.tables import (
    run_contracts,
    run_findings,
    run_lines,
    run_months,
    run_set_offs,
    run_states,
    run_volumes,
    runs,
)
from settlement.terms import Terms, read_terms

STATE_NAMES = {"draft": "concept", "approved": "goedgekeurd", "posted": "geboekt", "discarded": "weggegooid"}

# How far ahead a month may be settled: instalments are paid in advance, by month or quarter.
_AHEAD = timedelta(days=62)

_ROWS_AT_ONCE = 10_000  # a large run has hundreds of thousands of lines

_SHOWN_SINCE = 5

# The first key of the advisory lock on a contract; the second is its id.
_CONTRACT_LOCK = 0x5E771E

# The advisory lock under which a run gets its number.
_NUMBER_LOCK = 4_275_811_003


def settle(
    connection: Connection, period: Month, by: str, numbers: Sequence[str] = (), cutoff: int | None = None
) -> int:
    """Settle contracts up to `period` with what is known at `cutoff` (default: now), as a draft. Returns the run.

    Without `numbers`: all that are in force by the end of `period`, or on which something was posted. Raises `Refusal`
    when a contract has an approved run that is not posted, when a contract of `numbers` cannot be settled over
    `period`, and when there is nothing to settle.
    """
    cutoff = latest(connection) if cutoff is None else cutoff
    _refuse_the_far_future(connection, period)
    terms, outcomes = settled(connection, period, cutoff, numbers)
    agb_codes = [provider for registered in terms.contracts for provider in registered.contract.providers]
    outside = outside_contracts(connection, period, cutoff, agb_codes if numbers else [])
    run = _store(connection, terms, outcomes, outside, by)
    invariants.check_run(connection, run)
    return run


def settled(
    connection: Connection, period: Month, cutoff: int, numbers: Sequence[str] = ()
) -> tuple[Terms, list[Outcome]]:
    """What a run would say of contracts at a cut-off, and the terms it settles by; nothing is stored.

    Raises `Refusal` as `settle` does.
    """
    posted = read_posted(connection, cutoff)
    known = read_terms(connection, period, cutoff, numbers)
    terms = replace(known, contracts=_contracts_to_settle(known, posted, numbers))
    _refuse_while_approved(connection, terms.contracts)
    ahead = {contract: _posted_ahead(period, before) for contract, before in posted.items()}
    months = changed_months(connection, terms, posted)
    priced = price_months(
        connection,
        terms,
        months,
        posted,
    )
    clients = client_volumes(connection, terms, months)
    twice = same_care(connection, terms, months)
    outcomes = [
        settle_contract(
            terms,
            registered,
            months[registered.id],
            priced[registered.id].volumes,
            clients.get(registered.id, ()),
            [*ahead.get(registered.id, ()), *priced[registered.id].findings, *twice.get(registered.id, ())],
            posted.get(registered.id, Posted()),
        )
        for registered in terms.contracts
    ]
    return terms, outcomes


def approve(connection: Connection, run: int, by: str, *, as_is: bool = False) -> None:
    """Approve a draft. Raises `Refusal` when it is no draft, or when another run came first on one of its contracts.

    Raises it too when something was recorded since that touches its contracts, unless it is approved `as_is`.
    """
    period = _lock_run(connection, run, "draft")
    if not as_is and (since := recorded_since_draft(connection, run, period)):
        shown = "; ".join(map(str, since[:_SHOWN_SINCE])) + ("; …" if len(since) > _SHOWN_SINCE else "")
        raise Refusal(
            f"run {run} is verouderd: na de vastlegging tot waar hij kijkt, kwam er bij zijn contracten bij: {shown}",
            f"maak een nieuwe (bekostiging settle run --period {period}), of keur deze goed zoals hij is met --as-is",
        )
    _enter(connection, run, "approved", by)
    claim = update(run_contracts).where(run_contracts.c.run_id == run, ~run_contracts.c.parked)
    try:
        connection.execute(claim.values(claims_sequence=True))
    except exc.IntegrityError:
        raise Refusal(
            f"run {run} is verouderd: een andere run van een van zijn contracten is intussen goedgekeurd of geboekt",
            f"gooi hem weg (bekostiging settle discard {run}) en maak een nieuwe",
        ) from None


def recorded_since_draft(connection: Connection, run: int, period: Month) -> list[RecordedSince]:
    """What was recorded after the cut-off of a run and touches its contracts."""
    cutoff = connection.execute(select(runs.c.cutoff).where(runs.c.id == run)).scalar_one()
    contracts = connection.execute(select(run_contracts.c.contract_id).where(run_contracts.c.run_id == run)).scalars()
    return recorded_since(connection, period, cutoff, contracts.all())


def other_drafts(connection: Connection, run: int) -> list[int]:
    """The drafts over the same month as a run that hold one of its contracts."""
    own, other = run_contracts.alias("own"), run_contracts.alias("other")
    this = select(runs.c.period).where(runs.c.id == run).scalar_subquery()
    query = (
        select(runs.c.id)
        .join(other, other.c.run_id == runs.c.id)
        .join(own, (own.c.contract_id == other.c.contract_id) & (own.c.run_id == run))
        .where(runs.c.state == "draft", runs.c.period == this, runs.c.id != run)
        .distinct()
        .order_by(runs.c.id)
    )
    return list(connection.execute(query).scalars())


def post(connection: Connection, run: int, by: str) -> int:
    """Post an approved run: it becomes a recording, gets its journal, and never changes again. Returns the recording.

    Raises `Refusal` when the run is not approved.
    """
    lock_recordings(connection)
    period = _lock_run(connection, run, "approved")
    posting = record(connection, "posting", f"run {run} over {period}", by)
    _enter(connection, run, "posted", by, posting)
    book(connection, run)
    invariants.check_posting(connection, run)
    # The next run reads what was posted; how much that is may not wait for the server to notice.
    connection.execute(text("ANALYZE runs, run_contracts, run_lines, run_volumes, run_months"))
    return posting


def discard(connection: Connection, run: int, by: str) -> None:
    """Throw a draft or an approved run away; what it said is kept, and counts for nothing."""
    _lock_run(connection, run, "draft", "approved")
    _enter(connection, run, "discarded", by)
    connection.execute(update(run_contracts).where(run_contracts.c.run_id == run).values(claims_sequence=False))


def _refuse_the_far_future(connection: Connection, period: Month) -> None:
    """A mistyped year would pay instalments for years to come."""
    today = connection.execute(select(func.current_date())).scalar_one()
    if period.first_day > today + _AHEAD:
        raise Refusal(
            f"{period} ligt te ver vooruit: het is vandaag {today:%d-%m-%Y}",
            "reken een maand af die begonnen is of binnen twee maanden begint",
        )


def _contracts_to_settle(
    terms: Terms, posted: Mapping[int, Posted], numbers: Sequence[str]
) -> Sequence[RegisteredContract]:
    """The contracts of `terms` that a run over its period is about.

    A contract that starts later takes part when something was posted on it: its dates were changed, and what was posted
    is taken back.
    """
    period = terms.period
    concerned = [r for r in terms.contracts if r.contract.in_force.start <= period.last_day or r.id in posted]
    if missing := sorted(r.contract.number for r in terms.contracts if r not in concerned and numbers):
        raise Refusal(f"contract {', '.join(missing)} is in {period} nog niet van kracht", "kies een latere maand")
    if not concerned:
        if terms.contracts:
            raise Refusal(f"in {period} is geen contract van kracht", "kies een latere maand")
        raise Refusal("er zijn nog geen contracten", "leg ze vast met `bekostiging contract add BESTAND`")
    ahead = [r for r in concerned if _posted_ahead(period, posted.get(r.id, Posted()))]
    if ahead and (numbers or len(ahead) == len(concerned)):
        finding = _posted_ahead(period, posted[ahead[0].id])[0]
        raise Refusal(f"contract {ahead[0].contract.number} {finding.message}", finding.hint)
    return concerned


def _posted_ahead(period: Month, posted: Posted) -> list[Finding]:
    """A contract on which a later month was posted is not settled over an earlier one: in a run of many it waits."""
    if posted.last_period is None or posted.last_period <= period:
        return []
    return [
        Finding(
            "S01",
            Severity.ERROR,
            str(period),
            f"is al geboekt tot en met {posted.last_period}",
            f"correcties op eerdere maanden komen in een run over {posted.last_period} of later",
        )
    ]


def _refuse_while_approved(connection: Connection, contracts: Sequence[RegisteredContract]) -> None:
    ids = {registered.id: registered.contract.number for registered in contracts}
    approved = (
        select(run_contracts.c.run_id, run_contracts.c.contract_id)
        .join(runs, runs.c.id == run_contracts.c.run_id)
        .where(runs.c.state == "approved", run_contracts.c.contract_id.in_(ids), ~run_contracts.c.parked)
        .order_by(run_contracts.c.run_id, run_contracts.c.contract_id)
    )
    for run, contract in connection.execute(approved):
        raise Refusal(
            f"contract {ids[contract]} heeft een goedgekeurde run die nog niet geboekt is (run {run})",
            f"boek hem (bekostiging settle post {run}), gooi hem weg (bekostiging settle discard {run}), "
            "of reken met --contract alleen de andere contracten af",
        )


def _store(
    connection: Connection, terms: Terms, outcomes: Sequence[Outcome], outside: Sequence[Finding], by: str
) -> int:
    # Numbered under a lock and not by a sequence, which a dry run would leave a gap in.
    connection.execute(select(func.pg_advisory_xact_lock(_NUMBER_LOCK)))
    run: int = connection.execute(select(func.coalesce(func.max(runs.c.id), 0) + 1)).scalar_one()
    connection.execute(
        insert(runs).values(
            id=run,
            period=terms.period.first_day,
            cutoff=terms.cutoff,
            state="draft",
            output_sha256=output_hash(terms, outcomes, outside),
        )
    )
    connection.execute(insert(run_states).values(run_id=run, state="draft", at=func.now(), by=by))
    municipality_ids = {code: party.id for code, party in terms.municipalities.items()}
    settled = [outcome for outcome in outcomes if not outcome.parked]
    _insert(
        connection,
        run_contracts,
        (
            {
                "run_id": run,
                "contract_id": outcome.registered.id,
                "contract_recording": outcome.registered.recording,
                "provider_id": terms.providers[outcome.registered.contract.provider].id,
                "previous_cutoff": outcome.posted.cutoff,
                "sequence": outcome.posted.sequence + 1,
                "parked": outcome.parked,
                "total_eur": outcome.total,
                "set_off_eur": outcome.set_off,
            }
            for outcome in outcomes
        ),
    )
    lines = [(outcome.registered.id, line) for outcome in settled for line in outcome.lines]
    _insert(
        connection,
        run_lines,
        (
            {
                "run_id": run,
                "line": number,
                "contract_id": contract,
                "component": line.key.component,
                "municipality_id": municipality_ids[line.key.municipality],
                "service_month": line.key.month.first_day,
                "label": line.key.label,
                "treatment": line.key.treatment,
                "timing": line.timing,
                "task_field": line.task_field,
                "entitled_eur": line.entitled,
                "posted_before_eur": line.posted_before,
                "amount_eur": line.amount,
                "causes": [cause_json(cause) for cause in line.causes],
                "explanation": line.explanation.to_json(),
            }
            for number, (contract, line) in enumerate(lines, start=1)
        ),
    )
    _insert(
        connection,
        run_volumes,
        (
            {
                "run_id": run,
                "contract_id": outcome.registered.id,
                "component": volume.component,
                "municipality_id": municipality_ids[volume.municipality],
                "service_month": volume.month.first_day,
                "product_id": terms.products[volume.product].id,
                "unit": volume.rule.unit,
                "price_per": volume.rule.price_per,
                "rounding": volume.rule.rounding,
                "price": volume.price,
                "price_version_id": volume.price_version_id,
                "treatment": volume.treatment,
                "rows": volume.rows,
                "quantity": volume.quantity,
                "billed_quantity": volume.billed_quantity,
                "amount_eur": volume.amount,
            }
            for outcome in settled
            for volume in outcome.volumes
        ),
    )
    _insert(
        connection,
        run_months,
        (
            {
                "run_id": run,
                "contract_id": outcome.registered.id,
                "service_month": month.first_day,
                "inputs_sha256": digest,
            }
            for outcome in settled
            for month, digest in outcome.months.items()
        ),
    )
    _insert(
        connection,
        run_set_offs,
        (
            {
                "run_id": run,
                "contract_id": outcome.registered.id,
                "advance_reference": set_off.advance_reference,
                "amount_eur": set_off.amount,
            }
            for outcome in settled
            for set_off in outcome.set_offs
        ),
    )
    findings: list[tuple[int | None, Finding]] = [
        (o.registered.id, finding) for o in outcomes for finding in o.findings
    ]
    findings += [(None, finding) for finding in outside]
    _insert(
        connection,
        run_findings,
        (
            {
                "run_id": run,
                "finding": number,
                "contract_id": contract,
                "code": finding.code,
                "severity": finding.severity,
                "place": finding.place,
                "message": finding.message,
                "hint": finding.hint,
                **_about(terms, finding),
            }
            for number, (contract, finding) in enumerate(findings, start=1)
        ),
    )
    return run


def _about(terms: Terms, finding: Finding) -> dict[str, Any]:
    """The columns that say which deliveries a finding is about; empty for any other."""
    if not isinstance(finding, DeliveriesFinding):
        return dict.fromkeys(("provider_id", "municipality_id", "product_id", "service_month"))
    return {
        "provider_id": terms.providers[finding.provider].id,
        "municipality_id": terms.municipalities[finding.municipality].id,
        "product_id": terms.products[finding.product].id,
        "service_month": finding.month.first_day,
    }


def output_hash(terms: Terms, outcomes: Sequence[Outcome], outside: Sequence[Finding]) -> str:
    """The hash of what a run says; `settlement.audit` makes it again from what is stored."""
    contracts = (
        SaidContract(
            outcome.registered.contract.number,
            outcome.parked,
            [_said(line) for line in outcome.lines],
            [(set_off.advance_reference, set_off.amount) for set_off in outcome.set_offs],
            [_coded(finding) for finding in outcome.findings],
        )
        for outcome in outcomes
    )
    return hash_of(terms.period, contracts, map(_coded, outside))


def _said(line: Line) -> list[object]:
    causes = [cause_json(cause) for cause in line.causes]
    return said_line(line.key, line.timing, line.entitled, line.posted_before, causes)


def _coded(finding: Finding) -> SaidFinding:
    if isinstance(finding, DeliveriesFinding):
        about = (finding.provider, finding.municipality, finding.product, finding.month)
        return said_finding(finding.code, finding.severity, *about)
    return said_finding(finding.code, finding.severity)


def _lock_run(connection: Connection, run: int, *allowed: str) -> Month:
    """Lock a run and its contracts until the transaction ends, so that a second click waits; returns its period.

    Contracts are locked in one order by an advisory lock, since a row that would have to be locked may not be there
    yet. Raises `Refusal` when the run is not in an allowed state.
    """
    query = (
        select(run_contracts.c.contract_id).where(run_contracts.c.run_id == run).order_by(run_contracts.c.contract_id)
    )
    for contract in connection.execute(query).scalars().all():
        connection.execute(select(func.pg_advisory_xact_lock(_CONTRACT_LOCK, contract)))
    row = connection.execute(
        select(runs.c.state, runs.c.period).where(runs.c.id == run).with_for_update()
    ).one_or_none()
    if row is None:
        raise unknown_run(run)
    if row.state not in allowed:
        wanted = " of ".join(STATE_NAMES[state] for state in allowed)
        raise Refusal(f"run {run} is {STATE_NAMES[row.state]}; dit kan alleen met een run die {wanted} is", "")
    return Month.of(row.period)


def _enter(connection: Connection, run: int, state: str, by: str, posting: int | None = None) -> None:
    connection.execute(update(runs).where(runs.c.id == run).values(state=state, posting=posting))
    connection.execute(insert(run_states).values(run_id=run, state=state, at=func.now(), by=by))


def _insert(connection: Connection, table: object, rows: Iterable[dict[str, object]]) -> None:
    rest = iter(rows)
    while some := list(islice(rest, _ROWS_AT_ONCE)):
        connection.execute(insert(table), some)  # type: ignore[arg-type]
