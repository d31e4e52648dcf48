"""Warnings about contracts that can be settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from contracts import review
from contracts.documents import read_documents
from kernel.findings import Refusal, Severity
from kernel.periods import Period

Write = Callable[..., Path]


def price_lists(*names: str) -> review.PriceLists:
    """Lists with a price of every product of these documents, as long as any contract."""
    always = [Period(date(2020, 1, 1), date(2040, 1, 1))]
    return review.PriceLists(names, {name: dict.fromkeys(("45A04", "02A16", "44A09"), always) for name in names})


def warnings(path: Path) -> list[str]:
    (document,) = read_documents([path])
    found = review.warnings(document, price_lists("standaard", "crisis"))
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
        'lees hem in met "bekostiging tariff import prijzen.csv --list crisys --new", of verbeter de naam'
    ]
    assert warnings(document(population.replace('covers = ["45A04"]', "").split("[[example]]")[0])) == [
        "a.toml: het contract heeft geen rekenvoorbeeld; neem de rekenvoorbeelden uit de bijlage op"
    ]
    (read,) = read_documents([document(effort)])
    assert [str(finding).split(";")[0] for finding in review.warnings(read, price_lists("crisis"))] == [
        'a.toml, regel 8, onderdeel "ambulant", sleutel price_list: prijslijst standaard bestaat nog niet'
    ]
    assert list(review.warnings(read, price_lists())) == []  # contracts may come before prices


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


def price_list(**until: str) -> review.PriceLists:
    """A list with prices of products from 2025 up to a day."""
    priced = {product: [Period(date(2025, 1, 1), date.fromisoformat(day))] for product, day in until.items()}
    return review.PriceLists(("standaard",), {"standaard": priced})


def test_products_without_a_price_in_the_list_are_one_warning(document: Write, effort: str) -> None:
    (read,) = read_documents([document(effort.replace("from = 2025-01-01", "from = 2026-01-01"))])
    of = 'a.toml, regel 8, onderdeel "ambulant", sleutel price_list: prijslijst standaard heeft in de looptijd'
    for prices, without in (
        (price_list(), "02A16, 45A04"),
        (price_list(**{"45A04": "2030-01-01"}), "02A16"),
        (price_list(**{"45A04": "2026-01-01", "02A16": "2026-01-02"}), "45A04"),
    ):
        (warning,) = review.warnings(read, prices)
        assert (warning.code, str(warning).split(";")[0]) == ("W05", f"{of} geen prijs voor {without}")
        assert warning in review.review(read, prices)
    assert review.warnings(read, price_list(**{"45A04": "2026-01-02", "02A16": "2030-01-01"})) == []


def test_an_arrangement_with_a_price_of_its_own_needs_none_in_a_list() -> None:
    example = Path(__file__).parents[2] / "examples" / "contracts" / "arrangement.toml"
    (read,) = read_documents([example])
    (component,) = read.contract.priced
    agreed = {price.product for price in component.prices if price.price_eur is not None}  # type: ignore[attr-defined]
    assert agreed
    (warning,) = review.warnings(read, review.PriceLists(("standaard",), {"standaard": {}}))
    named = warning.message.rpartition("voor ")[2].split(", ")
    assert set(named) == {product for _, product in read.contract.deliveries_read_by(component)} - agreed


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("2028-12-31", "schrijf 2029-01-01 als 31-12-2028 de laatste dag is"),
        ("2028-06-30", "schrijf 2028-07-01 als 30-06-2028 de laatste dag is"),
        ("2028-02-29", "schrijf 2028-03-01 als 29-02-2028 de laatste dag is"),
        ("2027-02-28", "schrijf 2027-03-01 als 28-02-2027 de laatste dag is"),
        ("2028-02-28", None),
        ("2029-01-01", None),
        ("2028-12-30", None),
    ],
)
def test_an_end_on_a_last_day_is_likely_meant_inclusively(
    document: Write, effort: str, until: str, told: str | None
) -> None:
    (read,) = read_documents([document(effort.replace("2029-01-01", until))])
    for found in (review.warnings(read, price_lists()), review.review(read)):
        ends = [finding for finding in found if finding.code == "W10"]
        assert [finding.hint for finding in ends] == ([told] if told else [])
        assert all(finding.place == "a.toml, regel 6, sleutel in_force.until" for finding in ends)


def test_other_ends_that_are_likely_meant_inclusively(document: Write, effort: str) -> None:
    reduced = effort.replace(
        "[[example]]",
        '[[component]]\nkey = "korting"\nkind = "reduction"\nclause = "artikel 8"\npercent = "2"\n'
        'from = "2026-01"\nuntil = "2026-12"\n\n[[example]]',
    ).replace('2026-01-01, "open"', "2026-01-01, 2026-12-31")
    (read,) = read_documents([document(reduced)])
    said = [str(finding) for finding in review.warnings(read, price_lists()) if finding.code == "W10"]
    assert said == [
        'a.toml, regel 20, onderdeel "korting", sleutel until: until is de eerste maand erna: 2026-12 telt niet meer '
        'mee; schrijf "2027-01" als 2026-12 de laatste maand is',
        'a.toml, regel 26, rekenvoorbeeld "januari", sleutel prices: de derde waarde is de eerste dag zonder deze '
        "prijs, en dat is hier 31-12-2026; schrijf de eerste van de maand erna",
    ]
