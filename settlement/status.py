"""How things stand with a month: what is settled, what is missing, what waits for whom."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, exists, func, select

from contracts.components.ceiling import CeilingComponent
from contracts.components.reduction import ReductionComponent
from contracts.parties import known_parties
from contracts.register import RegisteredContract, contracts_known
from database.recordings import latest
from importers.population_counts import counts_known
from importers.waiting import waiting_credits
from kernel.findings import Finding, Severity
from kernel.money import Eur, total
from kernel.periods import Month, Period
from settlement.entitlement import Treatment
from settlement.funding.spread import bases_of
from settlement.missing_files import MissingFile, missing_files
from settlement.schedule.occurrences import Occurrence
from settlement.schedule.register import Alarm, Job, alarms, coming_first, database_clock, jobs_known, settled_at
from settlement.tables import of_contract, run_contracts, run_findings, run_lines, run_states, runs
from settlement.year_budget import budgets_of_year
from tariffs.index_figures import index_figures_known

State = Literal["posted", "approved", "draft", "open"]
_FURTHEST_FIRST: tuple[State, ...] = ("posted", "approved", "draft")


@dataclass(frozen=True, slots=True)
class ContractState:
    """How far a contract is with the month: what the furthest run over it, or over a later month, made of it."""

    number: str
    provider: str
    provider_name: str
    state: State
    run: int | None


@dataclass(frozen=True, slots=True)
class Parked:
    """A contract that the last run it was in could not settle, and why."""

    number: str
    run: int
    period: Month
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class WaitingCredits:
    """How many credits of a provider wait for their debit."""

    provider: str
    provider_name: str
    rows: int


@dataclass(frozen=True, slots=True)
class WaitingRun:
    """A run that is to be approved or posted. Outdated: another came first on one of its contracts."""

    run: int
    period: Month
    state: str
    since: datetime
    by: str
    days: int
    outdated: bool


@dataclass(frozen=True, slots=True)
class Spending:
    """What was posted of a component over the months of a year, and what is paid of it against what may be paid.

    `posted` are the lines of the component, less those of ceilings and reductions on it alone: over all spendings they
    add up to what was posted. `paid` is what stands against `budget`: of a ceiling over several components it is what
    they come to together, of any other what was posted.

    The budget is None too when it cannot be computed yet, and when this is what a component with a budget for
    inhabitants pays beside that budget, by volume times price.
    """

    contract: str
    component: str
    kind: str
    budget: Eur | None
    posted: Eur
    paid: Eur
    outside_budget: bool = False


@dataclass(frozen=True, slots=True)
class PassedCeiling:
    """A ceiling that more was delivered under than it pays: what was posted as unfunded over the months of a year."""

    contract: str
    component: str
    unfunded: Eur


@dataclass(frozen=True, slots=True)
class Status:
    """Everything a contract manager looks at in the morning."""

    now: datetime
    month: Month
    contracts: Sequence[ContractState]
    parked: Sequence[Parked]
    missing: Sequence[MissingFile]
    credits: Sequence[WaitingCredits]
    runs: Sequence[WaitingRun]
    spendings: Sequence[Spending]
    passed: Sequence[PassedCeiling]
    settled_at: Occurrence | None
    coming: tuple[Job, Occurrence] | None
    alarms: Sequence[Alarm]

    @property
    def open(self) -> list[ContractState]:
        """The contracts that no run over the month has settled."""
        return [contract for contract in self.contracts if contract.state == "open"]

    @property
    def missing_now(self) -> list[MissingFile]:
        """The contracts without deliveries over the month itself."""
        return [file for file in self.missing if self.month in file.months]

    @property
    def is_due(self) -> bool:
        """Whether what the month lacks is late: the month is over, and no settlement of it is still planned."""
        return self.now.date() >= self.month.end and self.settled_at is None

    @property
    def needs_attention(self) -> bool:
        lacking = [*self.open, *self.missing_now] if self.is_due else []
        return bool(self.alarms or self.parked or self.credits or self.runs or self.passed or lacking)


def read_status(connection: Connection, month: Month | None = None, now: datetime | None = None) -> Status:
    """How things stand now with `month`, by default the last month that is over. By the clock of the database."""
    now = now or database_clock(connection)
    month = month or Month.of(now.date().replace(day=1) - timedelta(days=1))
    cutoff = latest(connection)
    known = contracts_known(connection, cutoff)
    days = Period(month.first_day, month.end)
    in_force = [registered for registered in known if registered.contract.in_force.period.overlaps(days)]
    names = {code: party.name for code, party in known_parties(connection, cutoff).providers.items()}
    planned = jobs_known(connection)
    posted = _posted_over(connection, month.year)
    waiting = Counter(credit.provider for credit in waiting_credits(connection))
    return Status(
        now=now,
        month=month,
        contracts=_contract_states(connection, in_force, names, month),
        parked=_parked(connection, known),
        missing=missing_files(connection, month) if now.date() >= month.end else (),
        credits=[WaitingCredits(provider, names[provider], rows) for provider, rows in sorted(waiting.items())],
        runs=_waiting_runs(connection, now),
        spendings=_spendings(connection, known, cutoff, month.year, posted),
        passed=_passed_ceilings(known, posted),
        settled_at=settled_at(planned, month, now),
        coming=coming_first(planned, now),
        alarms=alarms(planned, now),
    )


def _contract_states(
    connection: Connection, in_force: Sequence[RegisteredContract], names: Mapping[str, str], month: Month
) -> list[ContractState]:
    query = (
        select(run_contracts.c.contract_id, runs.c.id, runs.c.state)
        .join(runs, runs.c.id == run_contracts.c.run_id)
        .where(runs.c.state != "discarded", runs.c.period >= month.first_day, ~run_contracts.c.parked)
        .order_by(runs.c.id)
    )
    reached: dict[int, dict[State, int]] = {}
    for row in connection.execute(query):
        reached.setdefault(row.contract_id, {})[row.state] = row.id
    states = []
    for registered in in_force:
        runs_by_state = reached.get(registered.id, {})
        state: State = next((state for state in _FURTHEST_FIRST if state in runs_by_state), "open")
        contract = registered.contract
        name = names[contract.provider]
        states.append(ContractState(contract.number, contract.provider, name, state, runs_by_state.get(state)))
    return states


def _parked(connection: Connection, known: Sequence[RegisteredContract]) -> list[Parked]:
    """Of every contract the last run that was not thrown away, where that parked it."""
    last = (
        select(run_contracts.c.contract_id, func.max(run_contracts.c.run_id).label("run_id"))
        .join(runs, runs.c.id == run_contracts.c.run_id)
        .where(runs.c.state != "discarded")
        .group_by(run_contracts.c.contract_id)
        .subquery()
    )
    query = (
        select(run_contracts.c.contract_id, run_contracts.c.run_id, runs.c.period, run_findings)
        .join(last, (last.c.contract_id == run_contracts.c.contract_id) & (last.c.run_id == run_contracts.c.run_id))
        .join(runs, runs.c.id == run_contracts.c.run_id)
        .join(
            run_findings,
            (run_findings.c.run_id == run_contracts.c.run_id)
            & (run_findings.c.contract_id == run_contracts.c.contract_id),
        )
        .where(run_contracts.c.parked, run_findings.c.severity == Severity.ERROR)
        .order_by(run_findings.c.finding)
    )
    numbers = {registered.id: registered.contract.number for registered in known}
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.contract_id, []).append(row)
    parked = [
        Parked(
            numbers[contract],
            rows[0].run_id,
            Month.of(rows[0].period),
            [Finding(row.code, Severity(row.severity), row.place, row.message, row.hint) for row in rows],
        )
        for contract, rows in found.items()
    ]
    return sorted(parked, key=lambda each: each.number)


def _waiting_runs(connection: Connection, now: datetime) -> list[WaitingRun]:
    other = run_contracts.alias()
    came_first = exists().where(
        run_contracts.c.run_id == runs.c.id,
        ~run_contracts.c.parked,
        other.c.contract_id == run_contracts.c.contract_id,
        other.c.sequence == run_contracts.c.sequence,
        other.c.run_id != runs.c.id,
        other.c.claims_sequence,
    )
    query = (
        select(runs.c.id, runs.c.period, runs.c.state, run_states.c.at, run_states.c.by, came_first.label("outdated"))
        .join(run_states, (run_states.c.run_id == runs.c.id) & (run_states.c.state == runs.c.state))
        .where(runs.c.state.in_(("draft", "approved")))
        .order_by(runs.c.id)
    )
    return [
        WaitingRun(
            row.id, Month.of(row.period), row.state, row.at, row.by, max((now - row.at).days, 0), row.outdated
        )
        for row in connection.execute(query)
    ]  # fmt: skip


# By contract, component, treatment, and whether it follows from the contract rather than from deliveries.
_PostedOver = Mapping[tuple[int, str, Treatment, bool], Eur]


def _posted_over(connection: Connection, year: int) -> _PostedOver:
    """What was posted over the months of a year."""
    by = (
        run_lines.c.contract_id,
        run_lines.c.component,
        run_lines.c.treatment,
        of_contract(run_lines.c.label).label("of_contract"),
    )
    query = (
        select(*by, func.sum(run_lines.c.amount_eur).label("posted_eur"))
        .join(runs, runs.c.id == run_lines.c.run_id)
        .where(
            runs.c.state == "posted",
            run_lines.c.service_month >= date(year, 1, 1),
            run_lines.c.service_month < date(year + 1, 1, 1),
        )
        .group_by(*by)
    )
    return {
        (row.contract_id, row.component, Treatment(row.treatment), row.of_contract): row.posted_eur
        for row in connection.execute(query)
    }


def _spendings(
    connection: Connection, known: Sequence[RegisteredContract], cutoff: int, year: int, posted: _PostedOver
) -> list[Spending]:
    """By contract and component what is paid over the months of a year, against the budget of that year.

    Together they are what was posted of the components that contracts now have. A ceiling or a reduction on one
    component has no row: it counts with that component. A consortium has none, since it pays nothing by itself. A
    budget for inhabitants is not held to the deliveries that are paid outside it: those have a row of their own.
    """
    of_year = Period(date(year, 1, 1), date(year + 1, 1, 1))
    counts, figures = counts_known(connection, cutoff), index_figures_known(connection, cutoff)
    spendings: list[Spending] = []
    for registered in known:
        if registered.contract.in_force.period.overlaps(of_year):
            budgets = budgets_of_year(registered.contract, counts, figures, year)
            spendings += _spendings_of(registered, budgets, posted)
    return spendings


def _spendings_of(
    registered: RegisteredContract, budgets: Mapping[str, Eur], posted: _PostedOver
) -> Iterator[Spending]:
    contract, bases = registered.contract, bases_of(registered.contract)
    takes_off = {one.key for one in contract.component if isinstance(one, CeilingComponent | ReductionComponent)}
    counts_with = {key: base for key in takes_off if len(bases[key]) == 1 for base in bases[key]}

    def posted_of(key: str, *of_contract: bool) -> Eur:
        return total(
            posted.get((registered.id, key, Treatment.PAYABLE, one), Eur.zero()) for one in of_contract or (True, False)
        )

    own = {one.key: posted_of(one.key) for one in contract.component}
    for place, component in enumerate(contract.component):
        key, kind, budget = component.key, component.kind, budgets.get(component.key)
        if key in counts_with or kind == "consortium":
            continue
        net = total([own[key], *(own[rule] for rule, base in counts_with.items() if base == key)])
        by_volume = posted_of(key, False)
        if kind == "population" and budget is not None and by_volume:
            yield Spending(contract.number, key, kind, budget, net - by_volume, net - by_volume)
            yield Spending(contract.number, key, kind, None, by_volume, by_volume, outside_budget=True)
        elif kind == "ceiling":
            # What a reduction below the ceiling takes off is not what the ceiling left to pay.
            above = [one.key for one in contract.component[:place]]
            under = [one for one in above if one in bases[key] or (one in takes_off and bases[one] <= bases[key])]
            yield Spending(contract.number, key, kind, budget, net, total([net, *(own[one] for one in under)]))
        else:
            yield Spending(contract.number, key, kind, budget, net, net)


def _passed_ceilings(known: Sequence[RegisteredContract], posted: _PostedOver) -> list[PassedCeiling]:
    found = []
    for registered in known:
        for component in registered.contract.component:
            unfunded = posted.get((registered.id, component.key, Treatment.UNFUNDED, True), Eur.zero())
            if isinstance(component, CeilingComponent) and unfunded > Eur.zero():
                found.append(PassedCeiling(registered.contract.number, component.key, unfunded))
    return found
