"""Settling a worked example of a contract: the same pricing and funding as a run, on the facts of the example alone."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from contracts.model import Contract, EffortComponent, Example, ExampleDelivery, ExampleResult, PopulationComponent
from kernel.findings import Finding, Refusal, Severity
from kernel.periods import Month
from settlement.entitlement import Entitlement, PricedVolume, Treatment
from settlement.funding import effort, population
from settlement.pricing.reference import DeliveredRow, price_by_hand
from tariffs.units import PriceRule


def settle_example(contract: Contract, example: Example) -> list[ExampleResult]:
    """The lines that are not nil, of every month up to the example's `through`.

    Raises `Refusal` when the facts of the example do not suffice, or when the contract reads none of its deliveries.
    """
    counts: population.Counts = {
        (area, measure, day, status): persons for area, measure, day, status, persons in example.counts
    }
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    if unread := _unread_deliveries(contract, example):
        raise _insufficient(unread)
    for component in contract.component:
        volumes, unpriced = _price(contract, component, example)
        findings += unpriced
        fields = {(volume.product, volume.month): "" for volume in volumes}
        entitlements += effort.entitle(volumes, component.clause, fields)
        if isinstance(component, PopulationComponent):
            instalments, missing = population.entitle(contract, component, counts, example.through)
            entitlements += instalments
            findings += missing
    if findings:
        raise _insufficient(findings)
    return [
        ExampleResult(entitlement.key.component, entitlement.key.month, entitlement.key.label, entitlement.amount)
        for entitlement in entitlements
        if entitlement.amount
    ]


def _insufficient(findings: Sequence[Finding]) -> Refusal:
    return Refusal("gegevens ontbreken", "vul het voorbeeld aan", findings)


def _price(
    contract: Contract, component: PopulationComponent | EffortComponent, example: Example
) -> tuple[list[PricedVolume], list[Finding]]:
    pays = isinstance(component, EffortComponent)
    rows = [
        DeliveredRow(
            component=component.key,
            municipality=delivery.municipality or contract.municipalities[0],
            product=delivery.product,
            treatment=Treatment.PAYABLE if pays else Treatment.SHADOW,
            client=delivery.client,
            assignment=delivery.assignment,
            start=delivery.start,
            end=delivery.end + timedelta(days=1),
            quantity=delivery.quantity,
        )
        for delivery in _due(contract, example)
        if _pair(contract, delivery) in contract.deliveries_read_by(component)
    ]

    def price_on(product: str, day: date) -> Decimal | None:
        for code, start, until, price in example.prices:
            if code == product and start <= day and (until == "open" or (isinstance(until, date) and day < until)):
                return price
        return None

    def rule_of(product: str) -> PriceRule:
        return example.products[product].rule

    last_day = isinstance(component, EffortComponent) and component.price_of == "last_day"
    return price_by_hand(rows, rule_of, price_on, last_day)


def _due(contract: Contract, example: Example) -> Sequence[ExampleDelivery]:
    in_force = contract.in_force.period
    return [d for d in example.deliveries if d.start in in_force and Month.of(d.start) <= example.through]


def _pair(contract: Contract, delivery: ExampleDelivery) -> tuple[str, str]:
    return (delivery.municipality or contract.municipalities[0], delivery.product)


def _unread_deliveries(contract: Contract, example: Example) -> list[Finding]:
    read = {pair for component in contract.component for pair in contract.deliveries_read_by(component)}
    findings = []
    for delivery in example.deliveries:
        if delivery not in _due(contract, example) or _pair(contract, delivery) not in read:
            message = f"geen onderdeel leest product {delivery.product} op {delivery.start:%d-%m-%Y}"
            findings.append(Finding("C20", Severity.ERROR, "", message, "haal de levering weg of noem het product"))
        elif delivery.product not in example.products:
            message = f"product {delivery.product} staat niet bij products van het voorbeeld"
            findings.append(Finding("C21", Severity.ERROR, "", message, "noem eenheid, prijs per en afronding"))
    return findings
