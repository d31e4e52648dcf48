"""Two contract documents of the smallest kind, the parties and products they name, and a settler for their examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection

from contracts.model import Contract, Example, ExampleResult
from contracts.parties import import_parties
from tariffs.products import import_products

PARTIES = """\
soort;code;naam
gemeente;GM0502;Capelle aan den IJssel
gemeente;GM0599;Rotterdam
aanbieder;41000001;Wijkteams
aanbieder;41000002;Coöperatie
"""
PRODUCTS = """\
wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf;tot
Jeugdwet;45;45A04;Ambulant;minuut;uur;regel;tweede;lokaal;6.751;01-01-2025;
Jeugdwet;44;44A09;Logeren;dag;dag;regel;tweede;regionaal;6.761;01-01-2025;
Wmo;02;02A16;Begeleiding;minuut;uur;client en maand;eerste;lokaal;6.712;01-01-2025;
Wmo;02;02A99;Vervallen;minuut;uur;regel;eerste;lokaal;6.712;01-01-2020;01-01-2025
"""
POPULATION = """\
contract = "A"
title = "Wijkteam Capelle"
provider = "41000001"
municipalities = ["GM0502"]
laws = ["Jeugdwet", "Wmo"]
in_force = { from = 2026-01-01, until = 2029-01-01 }
notice_months = 6

[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 4 lid 1"
task_field = "6.23"
amount_per_inhabitant_eur = "120.00"
count_date = 2026-01-01
recount = { dead_band_percent = "1", pays = "excess", counts = "final" }
covers = ["45A04"]

[[example]]
name = "januari"
through = "2026-01"
counts = [ ["GM0502", "inhabitants", 2026-01-01, "provisional", 10000] ]
products = { 45A04 = { unit = "minute", price_per = "hour" } }
prices = [ ["45A04", 2026-01-01, "open", "60.00"] ]
deliveries = [ { product = "45A04", start = 2026-01-05, end = 2026-01-05, quantity = 60 } ]
expect = [
    ["wijkteam", "2026-01", "instalment", "100000.00"],
    ["wijkteam", "2026-01", "45A04", "60.00"],
]
"""
EFFORT = """\
contract = "B"
title = "Ambulant"
provider = "41000002"
municipalities = ["GM0502", "GM0599"]
laws = ["Jeugdwet", "Wmo"]
in_force = { from = 2025-01-01, until = 2029-01-01 }

[[component]]
key = "ambulant"
kind = "effort"
clause = "artikel 5"
products = ["45A04", "02A16"]

[[example]]
name = "januari"
through = "2026-01"
products = { 45A04 = { unit = "minute", price_per = "hour" } }
prices = [ ["45A04", 2026-01-01, "open", "60.00"] ]
deliveries = [ { product = "45A04", start = 2026-01-05, end = 2026-01-05, quantity = 95 } ]
expect = [["ambulant", "2026-01", "45A04", "95.00"]]
"""


@dataclass
class Settler:
    """Stands in for settling: gives what the example expects, unless it was told otherwise."""

    results: Sequence[ExampleResult] | None = None
    refusal: Exception | None = None
    seen: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, contract: Contract, example: Example) -> Sequence[ExampleResult]:
        self.seen.append((contract.number, example.name))
        if self.refusal:
            raise self.refusal
        if self.results is not None:
            return self.results
        return [ExampleResult(*line) for line in example.expect]


@pytest.fixture
def settler() -> Settler:
    return Settler()


@pytest.fixture
def population() -> str:
    return POPULATION


@pytest.fixture
def effort() -> str:
    return EFFORT


@pytest.fixture
def document(tmp_path: Path) -> Callable[..., Path]:
    """Write a document: `document(text, "b.toml")`."""

    def document(text: str, name: str = "a.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return document


@pytest.fixture
def parties_file(tmp_path: Path) -> Path:
    path = tmp_path / "parties.csv"
    path.write_text(PARTIES, encoding="utf-8")
    return path


@pytest.fixture
def products_file(tmp_path: Path) -> Path:
    path = tmp_path / "products.csv"
    path.write_text(PRODUCTS, encoding="utf-8")
    return path


@pytest.fixture
def prices_file(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    path.write_text("product;vanaf;prijs\n45A04;01-01-2025;60,00\n02A16;01-01-2025;58,40\n", encoding="utf-8")
    return path


@pytest.fixture
def prepared(connection: Connection, parties_file: Path, products_file: Path) -> Connection:
    """A register that knows parties (recording 1) and products (recording 2)."""
    import_parties(connection, parties_file, "tester")
    import_products(connection, products_file, "tester")
    return connection
