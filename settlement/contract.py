"""Settling one contract: from its terms and priced volumes to lines and set-offs, without reading anything else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from contracts.model import Contract
from contracts.register import RegisteredContract
from importers.advances import Advance
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, total
from kernel.periods import Month, Period, months
from settlement.corrections import differences
from settlement.entitlement import Entitlement, Line, LineKey, Posted, PricedVolume, Treatment, of_all_members
from settlement.funding.components import entitle
from settlement.funding.facts import Assignment, ClientVolume, Facts, Trajectory
from settlement.recorded import figures_of
from settlement.terms import Terms, days_covered, task_field_of


@dataclass(frozen=True, slots=True)
class SetOff:
    """Part of an advance that is set off against a statement."""

    advance_reference: str
    amount: Eur


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run makes of one contract. A parked one could not be computed: it has findings and no lines."""

    registered: RegisteredContract
    posted: Posted
    months: Mapping[Month, str]
    volumes: Sequence[PricedVolume]
    lines: Sequence[Line]
    set_offs: Sequence[SetOff]
    findings: Sequence[Finding]
    parked: bool

    @property
    def total(self) -> Eur:
        """What the provider is owed by this run, before advances are set off."""
        return total(line.amount for line in self.lines if line.key.treatment is Treatment.PAYABLE)

    @property
    def set_off(self) -> Eur:
        return total(set_off.amount for set_off in self.set_offs)


def settle_contract(
    terms: Terms,
    registered: RegisteredContract,
    months: Mapping[Month, str],
    volumes: Sequence[PricedVolume],
    clients: Sequence[ClientVolume],
    findings: Sequence[Finding],
    posted: Posted,
) -> Outcome:
    """Entitle, correct, set off. With an error among the findings the contract is parked and nothing is said."""
    contract = registered.contract
    entitlements, missing = entitle(
        contract, facts_of_run(terms, registered, volumes, clients, posted, months), terms.period
    )
    findings = [*findings, *missing]
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Outcome(registered, posted, {}, (), (), (), findings, parked=True)
    volumes = of_all_members(volumes) if len(contract.providers) > 1 else volumes
    lines = differences(terms.period, entitlements, volumes, posted, months, partial(_versions_of, terms, registered))
    owed = total(line.amount for line in lines if line.key.treatment is Treatment.PAYABLE)
    advances = [a for a in terms.advances if a.contract_id == registered.id and a.paid_on < terms.period.end]
    set_offs = set_off(contract, advances, posted.set_off, owed)
    return Outcome(registered, posted, months, volumes, lines, set_offs, findings, parked=False)


def _versions_of(terms: Terms, registered: RegisteredContract, key: LineKey) -> dict[str, int]:
    """The recordings of contract, product and price list that an amount is settled by."""
    versions = {"terms": registered.recording}
    if key.label in terms.products:
        versions["product"] = terms.products[key.label].recording
        for component in registered.contract.priced:
            name = registered.contract.price_list_of(component, key.municipality)
            if component.key == key.component and name in terms.price_versions:
                versions["price_list"] = terms.price_versions[name].recording
    return versions


def facts_of_run(
    terms: Terms,
    registered: RegisteredContract,
    volumes: Sequence[PricedVolume],
    clients: Sequence[ClientVolume],
    posted: Posted,
    months: Mapping[Month, str],
) -> Facts:
    """What the funding of a contract reads: the terms of the run, and the deliveries that were priced or posted.

    `months` are those that were priced now; what was posted on deliveries of another month still holds.
    """
    recorded = terms.recorded
    assignments, trajectories = _of_clients(terms, registered.contract)
    products = {one.product for one in assignments} | {one.product for one in trajectories}
    return Facts(
        counts=terms.counts,
        volumes=volumes,
        posted=[
            Entitlement(key, amount, posted.task_fields[key], Step("posted", {}, str(amount)))
            for key, amount in posted.amounts.items()
            if not key.of_contract and key.month not in months and key.month <= terms.period
        ],
        clients=clients,
        assignments=assignments,
        households=recorded.households,
        trajectories=trajectories,
        figures=figures_of(recorded.scores.get(registered.id, ()), registered.contract.in_force.period),
        index_figures=recorded.index_figures,
        accountability=recorded.accountability.get(registered.id, frozenset()),
        production=recorded.production.get(registered.id, {}),
        determinations=recorded.determinations.get(registered.id, {}),
        task_fields=_task_fields(terms, registered.contract, products)
        | {(v.product, v.month): task_field_of(terms, v.product, v.month) for v in volumes},
        prices=_prices(terms),
    )


def _of_clients(terms: Terms, contract: Contract) -> tuple[list[Assignment], list[Trajectory]]:
    """The assignments and trajectories of the providers, municipalities and products of a contract."""
    municipalities = {terms.municipalities[code].id: code for code in contract.municipalities}
    products: dict[str, dict[int, str]] = {provider: {} for provider in contract.providers}
    for component in contract.component:
        for provider, _, code in contract.slices_read_by(component):
            products[provider][terms.products[code].id] = code
    assignments = [
        Assignment(
            number=one.number,
            client=str(one.client_id),
            municipality=municipalities[one.municipality_id],
            product=of_provider[one.product_id],
            start=one.period_from,
            end=one.period_until,
            volume=one.volume,
            per=one.per or "total",
        )
        for provider, of_provider in products.items()
        for one in terms.recorded.assignments.get(terms.providers[provider].id, ())
        if one.municipality_id in municipalities and one.product_id in of_provider
    ]
    trajectories = [
        Trajectory(
            number=one.number,
            client=str(one.client_id),
            municipality=municipalities[one.municipality_id],
            product=of_provider[one.product_id],
            start=one.period_from,
            end=one.period_until,
            done_percent=one.done_percent,
            result=one.result,
        )
        for provider, of_provider in products.items()
        for one in terms.recorded.trajectories.get(terms.providers[provider].id, ())
        if one.municipality_id in municipalities and one.product_id in of_provider
    ]
    return assignments, trajectories


def _task_fields(terms: Terms, contract: Contract, products: Iterable[str]) -> dict[tuple[str, Month], str]:
    """The task fields of products in every month so far; after its last day a product stays where it was."""
    found: dict[tuple[str, Month], str] = {}
    for product in products:
        task_field = ""
        for month in months(Month.of(contract.in_force.start), terms.period):
            if days_covered(Period(month.first_day, month.end), terms.products[product]):
                task_field = task_field_of(terms, product, month)
            found[(product, month)] = task_field
    return found


def _prices(terms: Terms) -> dict[tuple[str, str], list[tuple[date, date | None, Decimal]]]:
    names = {version.id: name for name, version in terms.price_versions.items()}
    found: dict[tuple[str, str], list[tuple[date, date | None, Decimal]]] = {}
    for price in terms.prices:
        of_product = found.setdefault((names[price.version_id], price.product), [])
        of_product.append((price.valid_from, price.valid_until, price.price))
    return found


def set_off(contract: Contract, advances: Iterable[Advance], before: Mapping[str, Eur], owed: Eur) -> list[SetOff]:
    """Set advances off, the earliest paid first, as far as earlier statements did not.

    An advance below nil is one that was paid back or taken back; it goes first, and makes room for the one it undoes.

    `full`: the whole advance, also when the provider then has to pay back. `up_to_payable`: no more than is owed; what
    is left waits for the next statement.
    """
    set_offs: list[SetOff] = []
    room = max(owed, Eur.zero())
    for advance in sorted(
        advances, key=lambda advance: (advance.amount > Eur.zero(), advance.paid_on, advance.reference)
    ):
        outstanding = advance.amount - before.get(advance.reference, Eur.zero())
        amount = outstanding if contract.set_off == "full" else min(outstanding, room)
        if amount:
            set_offs.append(SetOff(advance.reference, amount))
            room -= amount
    return set_offs
