"""A run as it was stored, for whoever shows it: terminal, statement, journal, explanation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, exists, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from contracts.documents import contract_of
from contracts.model import Contract
from contracts.parties import Party, known_parties
from contracts.tables import contract_versions, municipalities, providers
from importers.tables import advances
from kernel.explanations import Step
from kernel.findings import Finding, Refusal, Severity
from kernel.money import Eur, total
from kernel.periods import Month, months
from settlement.contract import SetOff
from settlement.entitlement import Cause, Line, LineKey, PricedVolume, Timing, Treatment
from settlement.findings import DeliveriesFinding
from settlement.tables import (
    of_contract,
    run_contracts,
    run_findings,
    run_lines,
    run_set_offs,
    run_states,
    run_volumes,
    runs,
)
from tariffs.tables import products
from tariffs.units import PRICE_RULES


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line under the number by which `explain` finds it."""

    number: int
    line: Line


@dataclass(frozen=True, slots=True)
class SettledContract:
    """What a run says about one contract."""

    id: int
    contract: Contract
    contract_recording: int
    provider: Party
    parked: bool
    previous_cutoff: int
    previous_period: Month | None
    total: Eur
    set_offs: Sequence[SetOff]
    lines: Sequence[NumberedLine]
    volumes: Sequence[PricedVolume]
    findings: Sequence[Finding]
    has_lines: bool = True

    @property
    def set_off(self) -> Eur:
        return total(set_off.amount for set_off in self.set_offs)

    @property
    def to_pay(self) -> Eur:
        """What the provider gets; negative when it has to pay back."""
        return self.total - self.set_off


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it was stored. `findings` are those that belong to no contract."""

    id: int
    period: Month
    cutoff: int
    state: str
    posting: int | None
    output_sha256: str
    states: Mapping[str, tuple[datetime, str]]
    contracts: Sequence[SettledContract]
    findings: Sequence[Finding]
    municipalities: Mapping[str, Party]

    @property
    def not_settled_before(self) -> dict[tuple[Month, ...], list[str]]:
        """The months before its own that no posted run of a contract was about, which this one settles; with those
        contracts by number."""
        found: dict[tuple[Month, ...], list[str]] = {}
        for settled in self.contracts:
            in_force = settled.contract.in_force.period
            first, last = Month.of(in_force.start), min(self.period, Month.of(in_force.last_day))
            if settled.previous_period:
                first = max(first, settled.previous_period.next())
            skipped = tuple(month for month in months(first, last) if month < self.period)
            if skipped and not settled.parked:
                found.setdefault(skipped, []).append(settled.contract.number)
        return found

    @property
    def told(self) -> list[SettledContract]:
        """The contracts that are shown: not those that ended before its month and of which it says nothing."""
        return [
            settled
            for settled in self.contracts
            if settled.has_lines
            or settled.parked
            or settled.set_offs
            or settled.findings
            or settled.contract.in_force.period.last_day >= self.period.first_day
        ]

    @property
    def needs_attention(self) -> bool:
        """Whether a contract is parked or a finding asks for somebody's eye."""
        return bool(self.findings) or any(contract.parked or contract.findings for contract in self.contracts)


def read_run(connection: Connection, run: int) -> Run:
    """Raises `Refusal` when there is no such run."""
    outline = read_outline(connection, run)
    return replace(outline, contracts=with_lines(connection, run, outline.contracts))


def read_outline(connection: Connection, run: int) -> Run:
    """A run without the lines and volumes of its contracts, which may be many. Raises `Refusal` as `read_run` does."""
    head = connection.execute(select(runs).where(runs.c.id == run)).one_or_none()
    if head is None:
        raise unknown_run(run)
    parties = known_parties(connection, head.cutoff)
    states = connection.execute(select(run_states).where(run_states.c.run_id == run).order_by(run_states.c.at))
    findings = _findings(connection, run)
    set_offs = _set_offs(connection, run)
    providers_by_id = {party.id: party for party in parties.providers.values()}
    before = run_contracts.alias()
    previous_period = (
        select(func.max(runs.c.period))
        .join(before, before.c.run_id == runs.c.id)
        .where(
            before.c.contract_id == run_contracts.c.contract_id,
            before.c.sequence < run_contracts.c.sequence,
            ~before.c.parked,
            runs.c.state == "posted",
        )
        .scalar_subquery()
    )
    query = (
        select(
            run_contracts,
            contract_versions.c.document,
            previous_period.label("previous_period"),
            exists()
            .where(run_lines.c.run_id == run, run_lines.c.contract_id == run_contracts.c.contract_id)
            .label("has_lines"),
        )
        .join(
            contract_versions,
            (contract_versions.c.contract_id == run_contracts.c.contract_id)
            & (contract_versions.c.recording == run_contracts.c.contract_recording),
        )
        .where(run_contracts.c.run_id == run)
    )
    settled = [
        SettledContract(
            id=row.contract_id,
            contract=contract_of(row.document),
            contract_recording=row.contract_recording,
            provider=providers_by_id[row.provider_id],
            parked=row.parked,
            previous_cutoff=row.previous_cutoff,
            previous_period=Month.of(row.previous_period) if row.previous_period else None,
            total=row.total_eur,
            set_offs=set_offs.get(row.contract_id, []),
            lines=(),
            volumes=(),
            findings=findings.get(row.contract_id, []),
            has_lines=row.has_lines,
        )
        for row in connection.execute(query)
    ]
    return Run(
        id=run,
        period=Month.of(head.period),
        cutoff=head.cutoff,
        state=head.state,
        posting=head.posting,
        output_sha256=head.output_sha256,
        states={row.state: (row.at, row.by) for row in states},
        contracts=sorted(settled, key=lambda contract: contract.contract.number),
        findings=findings.get(None, []),
        municipalities=parties.municipalities,
    )


def with_lines(connection: Connection, run: int, contracts: Sequence[SettledContract]) -> list[SettledContract]:
    """Contracts of an outline, with their lines and volumes."""
    ids = [contract.id for contract in contracts]
    lines, volumes = _lines(connection, run, ids), _volumes(connection, run, ids)
    return [
        replace(contract, lines=lines.get(contract.id, []), volumes=volumes.get(contract.id, []))
        for contract in contracts
    ]


def rows_by_contract(connection: Connection, run: int) -> dict[int, int]:
    """By contract id, how many deliveries the volumes of a run are made of."""
    query = select(run_volumes.c.contract_id, func.sum(run_volumes.c.rows)).where(run_volumes.c.run_id == run)
    return {contract: int(rows) for contract, rows in connection.execute(query.group_by(run_volumes.c.contract_id))}


def unknown_run(run: int) -> Refusal:
    return Refusal(f"run {run} bestaat niet", "zie de runs met `bekostiging settle list`")


@dataclass(frozen=True, slots=True)
class PreviousStatement:
    """The last posted statement of a contract: its payable amounts by cause, with `MONTH_ITSELF` for its own month."""

    run_id: int
    period: Month
    by_cause: Mapping[str, Eur]


MONTH_ITSELF = "month"


def by_cause(lines: Iterable[tuple[Eur, Sequence[Cause]]]) -> dict[str, Eur]:
    """Amounts with their causes, added up by kind of cause; an amount without any is that of the month itself."""
    found: dict[str, Eur] = {}
    for amount, causes in lines:
        for kind, part in [(cause.kind, cause.amount) for cause in causes] or [(MONTH_ITSELF, amount)]:
            found[kind] = found.get(kind, Eur.zero()) + part
    return found


def previous_statements(connection: Connection, run: Run, contracts: Sequence[int]) -> dict[int, PreviousStatement]:
    """By contract id, of these contracts, the statement that was posted last before this run."""
    last = (
        select(runs.c.id, runs.c.period, run_contracts.c.contract_id)
        .join(run_contracts, run_contracts.c.run_id == runs.c.id)
        .where(runs.c.posting <= run.cutoff, ~run_contracts.c.parked, run_contracts.c.contract_id.in_(contracts))
        .ext(distinct_on(run_contracts.c.contract_id))
        .order_by(run_contracts.c.contract_id, runs.c.posting.desc())
        .subquery()
    )
    said = select(run_lines.c.contract_id, run_lines.c.amount_eur, run_lines.c.causes).join(
        last, (last.c.id == run_lines.c.run_id) & (last.c.contract_id == run_lines.c.contract_id)
    )
    lines: dict[int, list[tuple[Eur, list[Cause]]]] = {}
    for row in connection.execute(said.where(run_lines.c.treatment == Treatment.PAYABLE).order_by(run_lines.c.line)):
        lines.setdefault(row.contract_id, []).append((row.amount_eur, [_cause(cause) for cause in row.causes]))
    return {
        row.contract_id: PreviousStatement(row.id, Month.of(row.period), by_cause(lines.get(row.contract_id, [])))
        for row in connection.execute(select(last))
    }


def posted_by_month(connection: Connection, run: Run) -> dict[int, dict[tuple[Month, bool], Eur]]:
    """By contract id, what was posted before this run over each service month of its year; payable lines only.

    Beside the month stands whether it is an instalment of a budget.
    """
    of_budget = of_contract(run_lines.c.label).label("of_budget")
    query = (
        select(
            run_lines.c.contract_id,
            run_lines.c.service_month,
            of_budget,
            func.sum(run_lines.c.amount_eur, type_=run_lines.c.amount_eur.type).label("amount"),
        )
        .join(runs, runs.c.id == run_lines.c.run_id)
        .where(
            run_lines.c.treatment == Treatment.PAYABLE,
            run_lines.c.service_month.between(date(run.period.year, 1, 1), date(run.period.year, 12, 31)),
            runs.c.posting <= run.cutoff,
        )
        .group_by(run_lines.c.contract_id, run_lines.c.service_month, of_budget)
    )
    found: dict[int, dict[tuple[Month, bool], Eur]] = {}
    for row in connection.execute(query):
        found.setdefault(row.contract_id, {})[(Month.of(row.service_month), row.of_budget)] = row.amount
    return found


def beside_in_year(connection: Connection, run: Run) -> dict[int, dict[Treatment, Eur]]:
    """By contract id and treatment, what runs say over months of this run's year that is not payable.

    That of posted runs before this one and of this run itself, so up to and including its statement.
    """
    query = (
        select(
            run_lines.c.contract_id,
            run_lines.c.treatment,
            func.sum(run_lines.c.amount_eur, type_=run_lines.c.amount_eur.type).label("amount"),
        )
        .join(runs, runs.c.id == run_lines.c.run_id)
        .where(
            run_lines.c.treatment != Treatment.PAYABLE,
            run_lines.c.service_month.between(date(run.period.year, 1, 1), date(run.period.year, 12, 31)),
            (runs.c.posting <= run.cutoff) | (runs.c.id == run.id),
        )
        .group_by(run_lines.c.contract_id, run_lines.c.treatment)
    )
    found: dict[int, dict[Treatment, Eur]] = {}
    for row in connection.execute(query):
        found.setdefault(row.contract_id, {})[Treatment(row.treatment)] = row.amount
    return found


def set_off_in_year(connection: Connection, run: Run) -> dict[int, Eur]:
    """By contract id, what of advances was set off in the statements over this run's year, this one included."""
    query = (
        select(run_set_offs.c.contract_id, run_set_offs.c.amount_eur)
        .join(runs, runs.c.id == run_set_offs.c.run_id)
        .where(
            runs.c.period.between(date(run.period.year, 1, 1), date(run.period.year, 12, 31)),
            (runs.c.posting <= run.cutoff) | (runs.c.id == run.id),
        )
    )
    found: dict[int, Eur] = {}
    for contract_id, amount in connection.execute(query):
        found[contract_id] = found.get(contract_id, Eur.zero()) + amount
    return found


def outstanding_advances(connection: Connection, run: Run) -> dict[int, Eur]:
    """By contract id, what of the advances known at the cut-off is not set off yet, by posted runs or this one."""
    paid = select(advances.c.contract_id, advances.c.amount_eur).where(advances.c.recording <= run.cutoff)
    used = (
        select(run_set_offs.c.contract_id, run_set_offs.c.amount_eur)
        .join(runs, runs.c.id == run_set_offs.c.run_id)
        .where((runs.c.posting <= run.cutoff) | (runs.c.id == run.id))
    )
    found: dict[int, Eur] = {}
    for contract_id, amount in connection.execute(paid):
        found[contract_id] = found.get(contract_id, Eur.zero()) + amount
    for contract_id, amount in connection.execute(used):
        found[contract_id] = found[contract_id] - amount
    return found


def _lines(connection: Connection, run: int, contracts: Sequence[int]) -> dict[int, list[NumberedLine]]:
    query = (
        select(run_lines, municipalities.c.code.label("municipality"))
        .join(municipalities, municipalities.c.id == run_lines.c.municipality_id)
        .where(run_lines.c.run_id == run, run_lines.c.contract_id.in_(contracts))
        .order_by(run_lines.c.line)
    )
    found: dict[int, list[NumberedLine]] = {}
    for row in connection.execute(query):
        month = Month.of(row.service_month)
        line = Line(
            key=LineKey(row.component, row.municipality, month, row.label, Treatment(row.treatment)),
            timing=Timing(row.timing),
            task_field=row.task_field,
            entitled=row.entitled_eur,
            posted_before=row.posted_before_eur,
            causes=tuple(_cause(cause) for cause in row.causes),
            explanation=Step.from_json(row.explanation),
        )
        found.setdefault(row.contract_id, []).append(NumberedLine(row.line, line))
    return found


def _cause(cause: Mapping[str, Any]) -> Cause:
    return Cause(cause["kind"], Eur(cause["amount_eur"]), cause["values"])


def _volumes(connection: Connection, run: int, contracts: Sequence[int]) -> dict[int, list[PricedVolume]]:
    query = (
        select(run_volumes, municipalities.c.code.label("municipality"), products.c.code.label("product"))
        .join(municipalities, municipalities.c.id == run_volumes.c.municipality_id)
        .join(products, products.c.id == run_volumes.c.product_id)
        .where(run_volumes.c.run_id == run, run_volumes.c.contract_id.in_(contracts))
        .order_by(
            run_volumes.c.component, municipalities.c.code, run_volumes.c.service_month, products.c.code,
            run_volumes.c.price, run_volumes.c.unit, run_volumes.c.rounding,
        )
    )  # fmt: skip
    found: dict[int, list[PricedVolume]] = {}
    for row in connection.execute(query):
        volume = PricedVolume(
            component=row.component,
            municipality=row.municipality,
            month=Month.of(row.service_month),
            product=row.product,
            treatment=Treatment(row.treatment),
            rule=PRICE_RULES[(row.unit, row.price_per, row.rounding)],
            price=Decimal(row.price),
            price_version_id=row.price_version_id,
            rows=row.rows,
            quantity=row.quantity,
            billed_quantity=row.billed_quantity,
            amount=row.amount_eur,
        )
        found.setdefault(row.contract_id, []).append(volume)
    return found


def _set_offs(connection: Connection, run: int) -> dict[int, list[SetOff]]:
    query = select(run_set_offs).where(run_set_offs.c.run_id == run).order_by(run_set_offs.c.advance_reference)
    found: dict[int, list[SetOff]] = {}
    for row in connection.execute(query):
        found.setdefault(row.contract_id, []).append(SetOff(row.advance_reference, row.amount_eur))
    return found


def _findings(connection: Connection, run: int) -> dict[int | None, list[Finding]]:
    query = (
        select(
            run_findings,
            providers.c.agb_code.label("provider"),
            municipalities.c.code.label("municipality"),
            products.c.code.label("product"),
        )
        .outerjoin(providers, providers.c.id == run_findings.c.provider_id)
        .outerjoin(municipalities, municipalities.c.id == run_findings.c.municipality_id)
        .outerjoin(products, products.c.id == run_findings.c.product_id)
        .where(run_findings.c.run_id == run)
        .order_by(run_findings.c.finding)
    )
    found: dict[int | None, list[Finding]] = {}
    for row in connection.execute(query):
        said = (row.code, Severity(row.severity), row.place, row.message, row.hint)
        finding = Finding(*said)
        if row.service_month:
            month = Month.of(row.service_month)
            finding = DeliveriesFinding(*said, row.provider, row.municipality, row.product, month)
        found.setdefault(row.contract_id, []).append(finding)
    return found
