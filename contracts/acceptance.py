"""What a contract must meet before it is accepted, beyond what its document says in itself.

The parties and products it names are known, its worked examples come out to the cent, and no delivery can belong to two
contracts.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain

from contracts.components.arrangement import ArrangementComponent
from contracts.components.component import BudgetPart, ModifierPart
from contracts.components.consortium import ConsortiumComponent
from contracts.components.guarantee import GuaranteeComponent
from contracts.documents import Document, KeyPath
from contracts.model import Component, Contract, Example, ExampleSettler
from contracts.parties import Parties
from contracts.values import Unread, judged
from kernel.findings import Finding, Refusal
from kernel.money import Eur, total
from kernel.notation import format_date, format_eur
from tariffs.products import Product
from tariffs.task_fields import TASK_FIELDS


def acceptance_findings(
    documents: Sequence[Document],
    known: Mapping[str, Contract],
    parties: Parties,
    products: Mapping[str, Product],
    settle_example: ExampleSettler,
) -> list[Finding]:
    """Everything that keeps `documents` from being recorded beside the `known` contracts (by number)."""
    findings = [*findings_in_themselves(documents, settle_example), *_read_twice(documents, known)]
    for document in documents:
        findings += judged(_provider(document, parties))
        findings += judged(_same_provider(document, known))
        findings += judged(_municipalities(document, parties))
        for index, component in _components(document):
            findings += judged(_products(document, index, component, products))
            findings += judged(_unknown_spending(document, index, component))
            findings += judged(_members(document, index, component, parties))
        for index, example in _examples(document):
            findings += judged(_example_products(document, index, example, products))
    return findings


def findings_in_themselves(documents: Sequence[Document], settle_example: ExampleSettler) -> list[Finding]:
    """What keeps `documents` from being recorded, whatever else is known.

    The worked examples of a document that is wrong in itself are not settled.
    """
    findings = [finding for document in documents for finding in document.findings]
    findings += _same_number(documents)
    for document in documents:
        for index, component in _components(document):
            findings += judged(_task_fields(document, index, component))
            findings += judged(_other_providers(document, index, component))
        for index, example in [] if document.findings else _examples(document):
            findings += _example_lines(document, index, example, settle_example)
    return findings


def _components(document: Document) -> Iterator[tuple[int, Component]]:
    with suppress(Unread):
        yield from enumerate(document.contract.component)


def _examples(document: Document) -> Iterator[tuple[int, Example]]:
    with suppress(Unread):
        yield from enumerate(document.contract.example)


def _numbered(documents: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    """The documents whose contract number can be read."""
    for document in documents:
        with suppress(Unread):
            yield document.contract.number, document


def _same_number(documents: Sequence[Document]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for number, document in _numbered(documents):
        if number in first:
            message = f"contract {number} staat ook in {first[number]}"
            yield document.finding("C04", ("contract",), message, "geef elk contract een eigen nummer")
        first.setdefault(number, document.file_name)


_READ_FIRST = 'lees de partij eerst in met "bekostiging contract parties"'


def _provider(document: Document, parties: Parties) -> Iterator[Finding]:
    provider = document.contract.provider
    if provider not in parties.providers:
        yield document.finding("C05", ("provider",), f"aanbieder {provider} is onbekend", _READ_FIRST)


def _members(document: Document, index: int, component: Component, parties: Parties) -> Iterator[Finding]:
    for place, member in enumerate(component.members if isinstance(component, ConsortiumComponent) else ()):
        if member.own_code and member.provider not in parties.providers:
            path = ("component", index, "members", place, "provider")
            yield document.finding("C05", path, f"aanbieder {member.provider} is onbekend", _READ_FIRST)


def _municipalities(document: Document, parties: Parties) -> Iterator[Finding]:
    for place, code in enumerate(document.contract.municipalities):
        if code not in parties.municipalities:
            yield document.finding("C06", ("municipalities", place), f"gemeente {code} is onbekend", _READ_FIRST)


def _same_provider(document: Document, known: Mapping[str, Contract]) -> Iterator[Finding]:
    contract = document.contract
    earlier = known.get(contract.number)
    if earlier is not None and earlier.provider != contract.provider:
        message = f"contract {contract.number} is van aanbieder {earlier.provider} en blijft van die aanbieder"
        hint = "geef het contract met de andere aanbieder een nieuw nummer"
        yield document.finding("C07", ("provider",), message, hint)


def _other_providers(document: Document, index: int, component: Component) -> Iterator[Finding]:
    """A contract pays one provider; a guarantee of another would be paid to the wrong one."""
    provider = document.contract.provider
    hint = "maak van elke aanbieder een eigen document; contract simulate rekent ze ook in één document door"
    for place, one in enumerate(component.guaranteed if isinstance(component, GuaranteeComponent) else ()):
        if one.provider != provider:
            message = f"de garantie is van aanbieder {one.provider}, en dit contract betaalt {provider}"
            yield document.finding("C18", ("component", index, "guaranteed", place, "provider"), message, hint)


def _unknown_spending(document: Document, index: int, component: Component) -> Iterator[Finding]:
    """A run knows what this contract pays and nothing else: a shortfall against other spending is never computed."""
    hint = "noem bij spend_of de onderdelen die het betalen; maak van elk segment een eigen onderdeel"
    if isinstance(component, GuaranteeComponent) and component.shortfall != "none" and not component.spend_of:
        message = "zonder spend_of is niet bekend wat besteed is, en wordt het tekort nooit uitgerekend"
        yield document.finding("C19", ("component", index), message, hint)


def _task_fields(document: Document, index: int, component: Component) -> Iterator[Finding]:
    for path, field in _task_fields_of(component):
        if field not in TASK_FIELDS:
            message = f'"{field}" is geen taakveld van Iv3 2025'
            yield document.finding("C08", ("component", index, *path), message, "kies bijvoorbeeld 6.23")


def _task_fields_of(component: Component) -> Iterator[tuple[KeyPath, str]]:
    """Where a component says on which Iv3 task field its lines are booked, and which."""
    if isinstance(component, BudgetPart | ModifierPart | ArrangementComponent) and component.task_field is not None:
        yield ("task_field",), component.task_field
    for place, source in enumerate(component.funding_sources if isinstance(component, ArrangementComponent) else ()):
        yield ("funding_sources", place, "task_field"), source.task_field


def _products(
    document: Document, index: int, component: Component, products: Mapping[str, Product]
) -> Iterator[Finding]:
    for path, code in chain(component.products_named, component.products_named_elsewhere):
        yield from judged(_product(document, ("component", index, *path), products.get(code), code))


def _product(document: Document, path: KeyPath, product: Product | None, code: str) -> Iterator[Finding]:
    if product is None:
        hint = 'lees het product eerst in met "bekostiging tariff products"'
        yield document.finding("C09", path, f"product {code} is onbekend", hint)
        return
    in_force = document.contract.in_force.period
    laws = {version.law for version in product.versions if version.period.overlaps(in_force)}
    if not laws:
        message = f"product {code} bestaat niet in de looptijd van het contract"
        yield document.finding("C10", path, message, "controleer in_force en de datums van het product")
    for law in sorted(laws - set(document.contract.laws)):
        message = f"product {code} valt onder de {law} en het contract niet"
        yield document.finding("C11", path, message, "zet de wet bij laws of haal het product weg")


def _example_products(
    document: Document, index: int, example: Example, products: Mapping[str, Product]
) -> Iterator[Finding]:
    """A worked example counts as the catalogue counts on the days of its deliveries; else it proves nothing."""
    for code, given in example.products.items():
        days = sorted({delivery.start for delivery in example.deliveries if delivery.product == code})
        for day in days if code in products else ():
            version = products[code].on(day)
            if version is None or version.rule != given.rule:
                rule = f"{version.unit}, {version.price_per}, {version.rounding}" if version else "niets"
                message = f"product {code} is op {format_date(day)} in de catalogus: {rule}"
                hint = "reken in het voorbeeld met de eenheid, prijs per en afronding van de catalogus"
                yield document.finding("C12", ("example", index, "products", code), message, hint)
                break


def _example_lines(
    document: Document, index: int, example: Example, settle_example: ExampleSettler
) -> Iterator[Finding]:
    try:
        results = settle_example(document.contract, example)
    except Refusal as refusal:
        reasons = "; ".join(finding.message for finding in refusal.findings)
        message = f"het voorbeeld is niet uit te rekenen: {refusal.message}" + (f" ({reasons})" if reasons else "")
        hint = refusal.hint or "verbeter het voorbeeld"
        yield document.finding("C13", ("example", index), message, hint)
        return
    amounts: dict[tuple[str, str, str], list[Eur]] = defaultdict(list)
    for result in results:
        amounts[(result.component, str(result.month), result.label)].append(result.amount)
    calculated = {key: total(parts) for key, parts in amounts.items()}
    hint = "verbeter het voorbeeld of het onderdeel"
    expected: set[tuple[str, str, str]] = set()
    for place, (component, month, label, amount) in enumerate(example.expect):
        path, key = ("example", index, "expect", place), (component, str(month), label)
        line = f"{component}, {month}, {label}"
        if key in expected:
            yield document.finding("C14", path, f"{line} wordt twee keer verwacht", "laat een van beide weg")
        elif amount != calculated.get(key, Eur.zero()):
            found = format_eur(calculated[key]) if key in calculated else "niets"
            message = f"{line}: verwacht {format_eur(amount)}, berekend {found}"
            came = sorted(other[2] for other in calculated if other[:2] == key[:2]) if key not in calculated else []
            meant = f"schrijf het label dat uitkomt: {', '.join(came)}; of verbeter het onderdeel"
            yield document.finding("C15", path, message, meant if came else hint)
        expected.add(key)
    for key, amount in sorted(calculated.items()):
        if key not in expected:
            message = f"{', '.join(key)}: niet verwacht, berekend {format_eur(amount)}"
            yield document.finding("C16", ("example", index, "expect"), message, hint)


def _read_twice(documents: Sequence[Document], known: Mapping[str, Contract]) -> Iterator[Finding]:
    """A delivery that two contracts read on one day would be paid twice."""
    new = {number: document.contract for number, document in _numbered(documents)}
    readers: dict[tuple[str, str, str], list[tuple[Contract, str]]] = defaultdict(list)
    for contract in (*(c for number, c in known.items() if number not in new), *new.values()):
        with suppress(Unread):
            for component in contract.component:
                for read in judged(_reads(contract, component)):
                    readers[read].append((contract, component.key))
    for document in documents:
        for index, component in _components(document):
            yield from judged(_read_by_others(document, index, component, readers, new))


def _reads(contract: Contract, component: Component) -> Iterator[tuple[str, str, str]]:
    """Provider, municipality and product of the deliveries that a component reads."""
    yield from contract.slices_read_by(component)


def _read_by_others(
    document: Document,
    index: int,
    component: Component,
    readers: Mapping[tuple[str, str, str], Sequence[tuple[Contract, str]]],
    new: Mapping[str, Contract],
) -> Iterator[Finding]:
    contract = document.contract
    named = chain(component.products_named_elsewhere, component.products_named)
    lists = {code: path[:-1] for path, code in named}
    for read in _reads(contract, component):
        provider, municipality, product = read
        for other, other_key in readers[read]:
            hint = "laat één contract het product lezen, of laat de looptijden op elkaar aansluiten"
            said_there = other.number in new and other.number >= contract.number
            if not said_there and other.in_force.period.overlaps(contract.in_force.period):
                message = (
                    f"product {product} van {municipality} is op dezelfde dagen ook van onderdeel "
                    f'"{other_key}" van contract {other.number}'
                )
                if contract.provider != provider or other.provider != provider:
                    message += f": wat {provider} zelf aanlevert, zou twee keer betaald worden"
                    hint += "; of laat own_code van dit lid weg"
                yield document.finding("C17", ("component", index, *lists[product]), message, hint)
