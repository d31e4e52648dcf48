"""Warnings about contracts that can be settled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contracts import review
from contracts.documents import read_documents
from kernel.findings import Refusal, Severity

Write = Callable[..., Path]


def warnings(path: Path) -> list[str]:
    (document,) = read_documents([path])
    found = review.warnings(document, ["standaard", "crisis"])
    assert all(finding.severity is Severity.WARNING for finding in found)
    return [str(finding) for finding in found]


def test_a_contract_that_is_whole_gets_no_warning(document: Write, population: str, effort: str) -> None:
    assert warnings(document(population)) == []
    assert warnings(document(effort)) == []
    assert warnings(document(population.replace('["45A04"]', '["45A04"]\nprice_list = "crisis"'))) == []


def test_a_price_list_that_does_not_exist_yet(document: Write, population: str, effort: str) -> None:
    """Only where a component reads prices; the line is that of the key, or of the component for the usual list."""
    named = population.replace('["45A04"]', '["45A04"]\nprice_list = "crisys"')
    assert warnings(document(named)) == [
        'a.toml, regel 18, onderdeel "wijkteam", sleutel price_list: prijslijst crisys bestaat nog niet; '
        'lees hem in met "bekostiging tariff import prijzen.csv --list crisys", of verbeter de naam'
    ]
    assert warnings(document(population.replace('covers = ["45A04"]', "").split("[[example]]")[0])) == [
        "a.toml: het contract heeft geen rekenvoorbeeld; neem de rekenvoorbeelden uit de bijlage op"
    ]
    (read,) = read_documents([document(effort)])
    assert [str(finding).split(";")[0] for finding in review.warnings(read, ["crisis"])] == [
        'a.toml, regel 8, onderdeel "ambulant", sleutel price_list: prijslijst standaard bestaat nog niet'
    ]
    assert list(review.warnings(read, [])) == []  # contracts may come before prices


def test_a_contract_without_examples(document: Write, population: str) -> None:
    assert warnings(document(population.split("[[example]]")[0])) == [
        "a.toml: het contract heeft geen rekenvoorbeeld; neem de rekenvoorbeelden uit de bijlage op"
    ]


def test_a_component_that_no_example_speaks_of(document: Write, effort: str) -> None:
    part = '[[component]]\nkey = "logeren"\nkind = "effort"\nclause = "artikel 6"\nproducts = ["44A09"]\n\n[[example]]'
    assert warnings(document(effort.replace("[[example]]", part))) == [
        'a.toml, regel 14, onderdeel "logeren": geen rekenvoorbeeld verwacht iets van dit onderdeel; '
        "voeg een rekenvoorbeeld toe waarin het voorkomt"
    ]


def test_a_price_list_that_nothing_reads(document: Write, population: str) -> None:
    contract = population.replace('covers = ["45A04"]', 'price_list = "crisis"').split("[[example]]")[0]
    said = 'regel 17, onderdeel "wijkteam", sleutel price_list: zonder covers leest niets deze prijslijst'
    assert any(f"a.toml, {said}" in warning for warning in warnings(document(contract)))


@pytest.mark.parametrize(
    ("good", "other", "said"),
    [
        ("prices = [", 'prices = [ ["44A09", 2026-01-01, "open", "1.00"],',
         'regel 25, rekenvoorbeeld "januari", sleutel prices[1]: geen levering gebruikt de prijs van 44A09'),
        ("products = {", 'products = { 44A09 = { unit = "day", price_per = "day" },',
         'regel 24, rekenvoorbeeld "januari", sleutel products.44A09: er is geen levering van product 44A09'),
    ],
)  # fmt: skip
def test_a_price_or_product_without_a_delivery(
    document: Write, population: str, good: str, other: str, said: str
) -> None:
    apart = population.replace('covers = ["45A04"]', 'covers = ["45A04"]\ncarve_outs = ["44A09"]')
    assert apart.count(good) == 1
    assert any(f"a.toml, {said}" in warning for warning in warnings(document(apart.replace(good, other))))


@pytest.mark.parametrize(
    ("good", "other", "said"),
    [
        ("prices = [", 'prices = [ ["45A05", 2026-01-01, "open", "1.00"],',
         "regel 24, rekenvoorbeeld \"januari\", sleutel prices[1]: geen onderdeel leest product 45A05; bedoelt u"),
        ('through = "2026-01"', 'through = "2026-01"\nprice_lists.standard = [["45A04", 2026-01-01, "open", "1.00"]]',
         'regel 22, rekenvoorbeeld "januari", sleutel price_lists.standard: geen onderdeel leest prijslijst standard;'),
        ("products = {", 'products = { 44X09 = { unit = "day", price_per = "day" },',
         'regel 23, rekenvoorbeeld "januari", sleutel products.44X09: geen onderdeel leest product 44X09; haal'),
        ("deliveries = [", 'deliveries = [ { product = "44A09", start = 2026-01-05, end = 2026-01-05, quantity = 1 },',
         'regel 25, rekenvoorbeeld "januari", sleutel deliveries[1]: geen onderdeel leest leveringen van product'),
    ],
)  # fmt: skip
def test_a_fact_that_no_component_reads_is_refused(
    document: Write, population: str, good: str, other: str, said: str
) -> None:
    assert population.count(good) == 1
    with pytest.raises(Refusal) as refusal:
        read_documents([document(population.replace(good, other))])
    (finding,) = refusal.value.findings
    assert str(finding).startswith(f"a.toml, {said}")
