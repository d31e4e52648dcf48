"""What a contract manager should look at in a contract that can be settled: gaps that no rule forbids."""

from collections.abc import Collection, Iterator

from contracts.components.component import PricedPart
from contracts.documents import Document, KeyPath
from contracts.model import Contract
from kernel.findings import Finding, Severity


def review(document: Document, price_lists: Collection[str]) -> list[Finding]:
    """Warnings about a contract document, given the price lists that exist."""
    contract = document.contract
    remarks = (*_unproven(contract), *_unread(contract), *_unpriced(contract, price_lists))
    return [document.finding(code, path, message, hint, Severity.WARNING) for code, path, message, hint in remarks]


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
