"""What a contract manager should look at in a contract that can be settled: gaps that no rule forbids."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from contracts.components.component import PricedPart
from contracts.components.population import PopulationComponent
from contracts.documents import Document, KeyPath
from contracts.model import Component, Contract
from kernel.findings import Finding, Severity
from kernel.notation import format_number


def review(document: Document, price_lists: Collection[str]) -> list[Finding]:
    """Warnings about a contract document, given the price lists that exist."""
    contract = document.contract
    remarks = (*_unproven(contract), *_unread(contract), *_unpriced(contract, price_lists))
    return [document.finding(code, path, message, hint, Severity.WARNING) for code, path, message, hint in remarks]


def review_catchments(documents: Sequence[Document], known: Mapping[str, Contract]) -> list[Finding]:
    """Warnings about areas that several contracts serve, of which the parts do not make the whole.

    Parts of one task field belong together, in contracts that are in force on the same days; `known` are by number.
    """
    contracts = {**known, **{document.contract.number: document.contract for document in documents}}
    findings = []
    for document in documents:
        for index, component in enumerate(document.contract.component):
            for area, field, _ in _catchments(document.contract, component):
                parts = {
                    contract.number: percent
                    for contract in contracts.values()
                    if contract.in_force.period.overlaps(document.contract.in_force.period)
                    for other in contract.component
                    for other_area, other_field, percent in _catchments(contract, other)
                    if (other_area, other_field) == (area, field)
                }
                if (percent := sum(parts.values())) != 100:
                    served = ", ".join(f"{number} {format_number(part)}%" for number, part in sorted(parts.items()))
                    message = f"van {area} is op taakveld {field} samen {format_number(percent)}% verdeeld ({served})"
                    hint = "leg de andere contracten vast, of verbeter catchment_percent: samen is het 100"
                    path = ("component", index, "catchment_percent")
                    findings.append(document.finding("W20", path, message, hint, Severity.WARNING))
    return findings


def _catchments(contract: Contract, component: Component) -> Iterator[tuple[str, str, Decimal]]:
    """The areas of which a component serves a part, with the task field and that part."""
    if isinstance(component, PopulationComponent) and component.catchment_percent is not None:
        own = component.division.own_areas if component.division else component.areas
        for area in own or (contract.municipality_of(component),):
            yield area, component.task_field, component.catchment_percent


_Remark = tuple[str, KeyPath, str, str]


def _unproven(contract: Contract) -> Iterator[_Remark]:
    """Components that no worked example says anything about."""
    if not contract.example:
        yield "W01", (), "het contract heeft geen rekenvoorbeeld", "neem de rekenvoorbeelden uit de bijlage op"
        return
    proven = {component for example in contract.example for component, *_ in example.expect}
    for index, component in enumerate(contract.component):
        if component.key not in proven:
            hint = "voeg een rekenvoorbeeld toe waarin het voorkomt"
            yield "W02", ("component", index), "geen rekenvoorbeeld verwacht iets van dit onderdeel", hint


def _unread(contract: Contract) -> Iterator[_Remark]:
    """What stands in the document and has no effect."""
    hint = "haal weg wat niet meetelt, of verbeter de naam"
    for index, component in enumerate(contract.component):
        reads_nothing = not contract.deliveries_read_by(component)
        if reads_nothing and "price_list" in component.model_fields_set:
            yield "W03", ("component", index, "price_list"), "zonder covers leest niets deze prijslijst", hint
    read = {product for component in contract.component for _, product in contract.deliveries_read_by(component)}
    for index, example in enumerate(contract.example):
        delivered = {delivery.product for delivery in example.deliveries}
        delivered |= {assignment.product for assignment in example.assignments}
        delivered |= {trajectory.product for trajectory in example.trajectories}
        for place, (product, *_) in enumerate(example.prices):
            if product not in delivered:
                yield "W04", ("example", index, "prices", place), f"geen levering gebruikt de prijs van {product}", hint
        for product in example.products:
            if product not in delivered:
                yield "W04", ("example", index, "products", product), f"er is geen levering van product {product}", hint
        for place, delivery in enumerate(example.deliveries):
            if delivery.product not in read:
                message = f"geen onderdeel leest leveringen van product {delivery.product}"
                yield "W05", ("example", index, "deliveries", place), message, hint


def _unpriced(contract: Contract, price_lists: Collection[str]) -> Iterator[_Remark]:
    """Components that read a price list which does not exist, while others do: the name may be mistyped.

    Before the first price list contracts come first, and that is an order as good as the other.
    """
    if not price_lists:
        return
    for index, component in enumerate(contract.component):
        if not isinstance(component, PricedPart) or not contract.deliveries_read_by(component):
            continue
        if (name := component.price_list) not in price_lists:
            hint = f'lees hem in met "bekostiging tariff import prijzen.csv --list {name}", of verbeter de naam'
            yield "W06", ("component", index, "price_list"), f"prijslijst {name} bestaat nog niet", hint
