"""Small files, and a catalogue of three products to price."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tariffs.products import import_products

PRODUCTS_HEADER = "wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf;tot"
PRODUCTS = (
    "Jeugdwet;45;45A04;Ambulant;minuut;uur;regel;tweede;lokaal;6.751;01-01-2025;",
    "Jeugdwet;44;44A09;Logeren;dag;dag;regel;tweede;regionaal;6.761;01-01-2025;",
    "Wmo;02;02A16;Begeleiding;minuut;uur;client en maand;eerste;lokaal;6.712;01-01-2025;",
)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write the lines of a file: `write(header, *rows)`."""

    def write(*lines: str, name: str = "file.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def products_file(write: Callable[..., Path]) -> Callable[..., Path]:
    """A products file of these rows; without rows of the three products above."""

    def products_file(*rows: str) -> Path:
        return write(PRODUCTS_HEADER, *(rows or PRODUCTS), name="products.csv")

    return products_file


@pytest.fixture
def with_products(connection: Connection, products_file: Callable[..., Path]) -> Connection:
    import_products(connection, products_file(), "tester")
    return connection


@pytest.fixture
def prices_file(write: Callable[..., Path]) -> Callable[..., Path]:
    """A price file of rows (product, from, until, price)."""

    def prices_file(*rows: Sequence[str]) -> Path:
        return write("product;vanaf;tot;prijs", *(";".join(row) for row in rows), name="prices.csv")

    return prices_file
