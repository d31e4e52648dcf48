"""Settling a contract on facts written by hand: the same pricing and funding as a run, on those facts alone."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from contracts.components.component import ComponentPart, PricedPart
from contracts.components.effort import EffortComponent
from contracts.facts import FactsDelivery, FactsPart, PriceRow
from contracts.model import Contract, Example, ExampleResult
from kernel.findings import Finding, Refusal, Severity
from kernel.periods import Month
from settlement.entitlement import Entitlement, PricedVolume, Treatment
from settlement.funding.components import entitle
from settlement.funding.facts import Assignment, ClientVolume, Facts, HouseholdMember, Trajectory
from settlement.pricing.reference import DeliveredRow, clients_by_hand, price_by_hand
from tariffs.units import PriceRule


def settle_example(contract: Contract, example: Example) -> list[ExampleResult]:
    """The lines that are not nil, of every month up to the example's `through`.

    Raises `Refusal` when the facts of the example do not suffice, or when the contract reads none of its deliveries.
    """
    return [
        ExampleResult(entitlement.key.component, entitlement.key.month, entitlement.key.label, entitlement.amount)
        for entitlement in simulate(contract, example)[0]
        if entitlement.amount
    ]


def simulate(contract: Contract, given: FactsPart) -> tuple[list[Entitlement], list[Finding]]:
    """What the contract entitles to on the facts that are given, with its warnings.

    Raises `Refusal` when the facts do not suffice.
    """
    if unread := _unread_deliveries(contract, given):
        raise _insufficient(unread)
    facts, unpriced = facts_of_document(contract, given)
    entitlements, findings = entitle(contract, facts, given.through)
    findings = [*unpriced, *findings]
    if errors := [finding for finding in findings if finding.severity is Severity.ERROR]:
        raise _insufficient(errors)
    return entitlements, findings


def _insufficient(findings: Sequence[Finding]) -> Refusal:
    return Refusal("gegevens ontbreken", "vul het voorbeeld aan", findings)


def facts_of_document(contract: Contract, given: FactsPart) -> tuple[Facts, list[Finding]]:
    """The facts of a document as funding reads them, with what could not be priced."""
    volumes: list[PricedVolume] = []
    clients: list[ClientVolume] = []
    findings: list[Finding] = []
    for component in contract.component:
        priced, of_clients, unpriced = _price(contract, component, given)
        volumes += priced
        clients += of_clients
        findings += unpriced
    first_municipality = contract.municipalities[0]
    prices: dict[tuple[str, str], list[tuple[date, date | None, Decimal]]] = defaultdict(list)
    for component in contract.component:
        for name in component.price_lists if isinstance(component, PricedPart) else ():
            for product, start, until, price in given.price_lists.get(name, given.prices):
                prices[(name, product)].append((start, until if isinstance(until, date) else None, price))
    facts = Facts(
        counts={(area, measure, day, status): persons for area, measure, day, status, persons in given.counts},
        volumes=volumes,
        clients=clients,
        assignments=[
            Assignment(
                number=one.number or f"nr. {place}",
                client=one.client,
                municipality=one.municipality or first_municipality,
                product=one.product,
                start=one.start,
                end=_day_after(one.end),
                volume=one.volume,
                per=one.per,
            )
            for place, one in enumerate(given.assignments, start=1)
        ],
        households=[
            HouseholdMember(one.household, client, one.start or contract.in_force.start, _day_after(one.end))
            for one in given.households
            for client in one.clients
        ],
        trajectories=[
            Trajectory(
                number=one.number or f"nr. {place}",
                client=one.client,
                municipality=one.municipality or first_municipality,
                product=one.product,
                start=one.start,
                end=_day_after(one.end),
                done_percent=one.done_percent,
                result=one.result,
            )
            for place, one in enumerate(given.trajectories, start=1)
        ],
        figures={
            (name, int(year)): number
            for name, said in given.figures.items()
            for year, number in (said if isinstance(said, dict) else {str(given.through.year): said}).items()
        },
        index_figures={(name, year, status): percent for name, year, status, percent in given.index_figures},
        accountability=frozenset((year, kind) for year, kind, *_ in given.accountability),
        production={
            year: amount
            for year, kind, *amounts in given.accountability
            for amount in amounts
            if kind == "production_statement"
        },
        determinations={(year, component): amount for year, component, amount in given.determinations},
        spend={(provider, segment, year): amount for provider, segment, year, amount in given.spend},
        task_fields={(volume.product, volume.month): "" for volume in volumes},
        prices=prices,
        written_by_hand=True,
    )
    return facts, findings


def _day_after(last_day: date | None) -> date | None:
    return None if last_day is None else last_day + timedelta(days=1)


def _price(
    contract: Contract, component: ComponentPart, given: FactsPart
) -> tuple[list[PricedVolume], list[ClientVolume], list[Finding]]:
    read = set(contract.slices_read_by(component))
    rows = [
        DeliveredRow(
            component=component.key,
            municipality=delivery.municipality or contract.municipalities[0],
            product=delivery.product,
            treatment=(
                Treatment.PAYABLE if contract.pays_for(component, *_pair(contract, delivery)) else Treatment.SHADOW
            ),
            client=delivery.client,
            assignment=delivery.assignment,
            start=delivery.start,
            end=delivery.end + timedelta(days=1),
            quantity=delivery.quantity,
            member=_member(contract, delivery),
            reference=f"nr. {place}",
        )
        for place, delivery in enumerate(given.deliveries, start=1)
        if _is_due(contract, given, delivery) and _slice(contract, delivery) in read
    ]

    def rule_of(product: str) -> PriceRule:
        return given.products[product].rule

    volumes: list[PricedVolume] = []
    clients: list[ClientVolume] = []
    findings: list[Finding] = []
    last_day = isinstance(component, EffortComponent) and component.price_of == "last_day"
    if not isinstance(component, PricedPart):
        return volumes, clients, findings
    for name in component.price_lists:
        of_list = [row for row in rows if contract.price_list_of(component, row.municipality) == name]
        price_on = partial(_price_on, given.price_lists.get(name, given.prices))
        priced, unpriced = price_by_hand(of_list, rule_of, price_on, last_day)
        volumes += priced
        findings += unpriced
        clients += clients_by_hand(of_list, rule_of, price_on, last_day) if component.needs_clients else []
    return volumes, clients, findings


def _price_on(prices: Sequence[PriceRow], product: str, day: date) -> Decimal | None:
    for code, start, until, price in prices:
        if code == product and start <= day and (until == "open" or (isinstance(until, date) and day < until)):
            return price
    return None


def _is_due(contract: Contract, given: FactsPart, delivery: FactsDelivery) -> bool:
    return delivery.start in contract.in_force.period and Month.of(delivery.start) <= given.through


def _pair(contract: Contract, delivery: FactsDelivery) -> tuple[str, str]:
    return (delivery.municipality or contract.municipalities[0], delivery.product)


def _member(contract: Contract, delivery: FactsDelivery) -> str:
    return "" if delivery.provider in (None, contract.provider) else delivery.provider or ""


def _slice(contract: Contract, delivery: FactsDelivery) -> tuple[str, str, str]:
    return (delivery.provider or contract.provider, *_pair(contract, delivery))


def _unread_deliveries(contract: Contract, given: FactsPart) -> list[Finding]:
    read = {one for component in contract.component for one in contract.slices_read_by(component)}
    findings = []
    for delivery in given.deliveries:
        if not _is_due(contract, given, delivery) or _slice(contract, delivery) not in read:
            of_member = f" van aanbieder {delivery.provider}" if _member(contract, delivery) else ""
            message = f"geen onderdeel leest product {delivery.product}{of_member} op {delivery.start:%d-%m-%Y}"
            findings.append(Finding("C20", Severity.ERROR, "", message, "haal de levering weg of noem het product"))
        elif delivery.product not in given.products:
            message = f"product {delivery.product} staat niet bij products van het voorbeeld"
            findings.append(Finding("C21", Severity.ERROR, "", message, "noem eenheid, prijs per en afronding"))
    return findings
