"""Contracts and facts of funding tests, as documents; what they come to is said in the tests."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from contracts.documents import contract_of
from contracts.facts import FactsPart
from contracts.model import Contract
from settlement import simulation
from settlement.entitlement import Entitlement

CASES = Path(__file__).parents[2] / "cases"
PRODUCTS = """
products.uur = { unit = "hour", price_per = "hour" }
products.min = { unit = "minute", price_per = "hour" }
products.som = { unit = "minute", price_per = "hour", rounding = "client_month" }
products.stuk = { unit = "piece", price_per = "piece" }
products.traject = { unit = "piece", price_per = "piece" }
"""


def case(file: str, name: str) -> Mapping[str, Any]:
    cases = tomllib.loads((CASES / file).read_text(encoding="utf-8"))["case"]
    return next(found for found in cases if found["id"] == name)


def contract(
    component: str,
    *,
    start: str = "2025-01-01",
    until: str = "2027-01-01",
    municipalities: tuple[str, ...] = ("GM0502", "GM0597"),
) -> Contract:
    """A contract of one component `zorg`; `component` is all of it but its key and clause."""
    return contract_of(f"""
contract = "K"
title = "Zorg"
provider = "41000002"
municipalities = {list(municipalities)}
laws = ["Jeugdwet", "Wmo"]
in_force = {{ from = {start}, until = {until} }}

[[component]]
key = "zorg"
clause = "artikel 5"
{component}
""")


def facts(text: str, through: str = "2025-12") -> FactsPart:
    document = f'through = "{through}"\n{PRODUCTS}\n{text}'
    return FactsPart.model_validate(tomllib.loads(document, parse_float=Decimal))


def deliveries(*rows: tuple[str, str, int] | tuple[str, str, int, str]) -> str:
    """Rows of product, day and quantity, and what else is said of them."""
    said = [
        f'{{ product = "{product}", start = {day}, end = {day}, quantity = {quantity}{"".join(rest)} }}'
        for product, day, quantity, *rest in rows
    ]
    return f"deliveries = [{', '.join(said)}]"


def prices(**by_product: str) -> str:
    rows = ", ".join(f'["{product}", 2024-01-01, "open", "{price}"]' for product, price in by_product.items())
    return f"prices = [{rows}]"


def simulate(agreed: Contract, given: FactsPart) -> list[Entitlement]:
    """What the contract entitles to, without a warning."""
    entitlements, findings = simulation.simulate(agreed, given)
    assert findings == []
    return entitlements


Lines = dict[tuple[str, str], str]


def lines(agreed: Contract, given: FactsPart) -> Lines:
    """What is not nil, by month and label; of several municipalities together by month, label and municipality."""
    found = [entitlement for entitlement in simulate(agreed, given) if entitlement.amount]
    assert len({(e.key.month, e.key.label) for e in found}) == len(found)
    return {(str(e.key.month), e.key.label): str(e.amount) for e in found}


def of(entitlements: list[Entitlement], *words: str) -> list[Entitlement]:
    """The lines under one of the words."""
    return [entitlement for entitlement in entitlements if entitlement.key.label.split(" ")[0] in words]
