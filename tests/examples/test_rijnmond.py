"""The files of the example region fit together."""

import csv
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from contracts.components.effort import EffortComponent
from contracts.components.population import PopulationComponent
from contracts.documents import read_documents
from contracts.model import Contract

RIJNMOND = Path(__file__).parents[2] / "examples" / "rijnmond"


def test_contracts_name_known_parties_and_products() -> None:
    parties = {(row["soort"], row["code"]) for row in _rows("parties.csv")}
    laws = {row["product"]: row["wet"] for row in _rows("products.csv")}
    for contract in _contracts():
        assert ("aanbieder", contract.provider) in parties
        assert {("gemeente", code) for code in contract.municipalities} <= parties
        for component in contract.component:
            assert {laws[product] for product in _products(component)} <= set(contract.laws)


def test_a_delivery_belongs_to_one_contract_only() -> None:
    covered = Counter(
        (contract.provider, municipality, product)
        for contract in _contracts()
        for municipality in contract.municipalities
        for component in contract.component
        for product in _products(component)
    )
    assert covered
    assert max(covered.values()) == 1


def test_the_contracts_are_of_both_kinds_and_every_one_has_a_worked_example() -> None:
    contracts = _contracts()
    kinds = [{type(component) for component in contract.component} for contract in contracts]
    assert {PopulationComponent} in kinds
    assert {EffortComponent} in kinds
    assert {PopulationComponent, EffortComponent} in kinds
    assert len(contracts) == 15
    assert all(contract.example for contract in contracts)


def test_the_contracts_of_one_divided_budget_pay_for_every_area_once() -> None:
    divisions = [
        component.division
        for contract in _contracts()
        for component in contract.component
        if isinstance(component, PopulationComponent) and component.division is not None
    ]
    assert len(divisions) == 2
    assert len({division.areas for division in divisions}) == 1
    assert sorted(area for division in divisions for area in division.own_areas) == sorted(divisions[0].areas)


def test_every_product_has_a_price_on_every_day() -> None:
    """From the day the product begins, in both versions, without a gap or an overlap."""
    products = {row["product"]: row["vanaf"] for row in _rows("products.csv")}
    for name, end_column, days_after in (("prices_v1.csv", "tot", 0), ("prices_v2.csv", "tot en met", 1)):
        expected_start = dict(products)
        for row in _rows(name):
            assert row["vanaf"] == expected_start.pop(row["product"])
            if row[end_column]:
                end = datetime.strptime(row[end_column], "%d-%m-%Y") + timedelta(days=days_after)  # noqa: DTZ007
                expected_start[row["product"]] = f"{end:%d-%m-%Y}"
        assert expected_start == {}


def test_the_second_price_list_changes_two_prices_back_in_time() -> None:
    first = {(row["product"], row["vanaf"]): row["prijs"] for row in _rows("prices_v1.csv")}
    second = {(row["product"], row["vanaf"]): row["prijs"] for row in _rows("prices_v2.csv")}
    assert dict(second.items() - first.items()) == {("45A04", "01-02-2026"): "89,40", ("01A04", "01-01-2026"): "37,80"}


def test_advances_are_paid_on_known_contracts() -> None:
    contracts = {contract.number for contract in _contracts()}
    assert {row["contract"] for row in _rows("advances.csv")} <= contracts


def _products(component: PopulationComponent | EffortComponent) -> tuple[str, ...]:
    return component.products if isinstance(component, EffortComponent) else component.covers


def _contracts() -> list[Contract]:
    return [document.contract for document in read_documents(sorted((RIJNMOND / "contracts").glob("*.toml")))]


def _rows(name: str) -> list[dict[str, str]]:
    with (RIJNMOND / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))
