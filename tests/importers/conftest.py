"""A register that knows parties and products, a desk that takes in delivery files, and lines to put in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Connection, Engine, text

from contracts.parties import import_parties
from database.connection import open_engine, transaction
from importers.deliveries import DeliveryImport, import_deliveries
from importers.loading import PostedUntil, none_posted
from tariffs.products import import_products
from tests.databases import database, new_database

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
HEADER = {
    "reference": "referentie",
    "municipality": "gemeente",
    "provider": "aanbieder",
    "client": "bsn",
    "product": "product",
    "start": "begindatum",
    "end": "einddatum",
    "quantity": "aantal",
    "unit": "eenheid",
    "dc": "dc",
    "previous": "vorige referentie",
    "assignment": "toewijzing",
    "claimed": "bedrag",
}
GOOD = {
    "reference": "r1",
    "municipality": "GM0502",
    "provider": "41000002",
    "client": "999900006",
    "product": "45A04",
    "start": "05-01-2026",
    "end": "05-01-2026",
    "quantity": "95",
}


@pytest.fixture(scope="session")
def line() -> Callable[..., str]:
    """A line of a delivery file: a good debit row, except for the cells that are named."""

    def line(**cells: object) -> str:
        assert cells.keys() <= HEADER.keys()
        return ";".join(str(cells.get(name, GOOD.get(name, ""))) for name in HEADER)

    return line


@pytest.fixture(scope="session")
def lines() -> Callable[..., str]:
    """The text of a delivery file: `lines(line(…), line(…))`."""

    def lines(*rows: str) -> str:
        return "\n".join([";".join(HEADER.values()), *rows]) + "\n"

    return lines


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes in delivery files, all in one transaction of `connection` that is never committed."""

    connection: Connection
    folder: Path
    config_dir: Path

    def write(self, content: str | bytes, name: str = "leveringen.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take(
        self,
        content: str | bytes,
        name: str = "leveringen.csv",
        *,
        per_month: bool | None = None,
        posted_until: PostedUntil = none_posted,
    ) -> DeliveryImport:
        """What a command does with a file of this content: all of it, or nothing."""
        path = self.write(content, name)
        with self.connection.begin_nested():
            result = import_deliveries(
                self.connection, path, self.config_dir, "tester", per_month=per_month, posted_until=posted_until
            )
        self.connection.execute(text("DISCARD TEMP"))  # what the end of a transaction does
        return result

    def counting(self) -> dict[str, int]:
        """What counts of each reference: 1 a debit, -1 a credit, and nothing of what was withdrawn."""
        query = "SELECT reference, sum(sign) FROM deliveries GROUP BY reference HAVING sum(sign) <> 0"
        return {reference: int(sign) for reference, sign in self.connection.execute(text(query))}

    def volume(self) -> int:
        query = "SELECT coalesce(sum(sign * quantity), 0) FROM deliveries"
        return int(self.connection.execute(text(query)).scalar_one())


@pytest.fixture(scope="session")
def _registers(server_url: URL, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two databases that know the parties (recording 1) and the products (recording 2).

    `template` is copied, so nobody stays connected to it; in `shared` every test rolls back what it did.
    """
    folder = tmp_path_factory.mktemp("register")
    (folder / "parties.csv").write_text(PARTIES, encoding="utf-8")
    (folder / "products.csv").write_text(PRODUCTS, encoding="utf-8")
    template = new_database(server_url, "registered")
    engine = open_engine(template)
    with transaction(engine) as connection:
        import_parties(connection, folder / "parties.csv", "tester")
        import_products(connection, folder / "products.csv", "tester")
    engine.dispose()
    return {"template": template, "shared": new_database(server_url, "registered_shared", "registered")}


@pytest.fixture(scope="session")
def _shared_register(_registers: dict[str, str]) -> Iterator[Engine]:
    engine = open_engine(_registers["shared"])
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def desk(_shared_register: Engine, _key_folder: Path, tmp_path: Path) -> Iterator[Desk]:
    with _shared_register.connect() as connection, connection.begin() as work:
        yield Desk(connection, tmp_path, _key_folder)
        work.rollback()


@pytest.fixture
def registered_url(server_url: URL, _registers: dict[str, str]) -> Iterator[str]:
    """The URL of a database with the register, which only this test uses."""
    with database(server_url, "registered") as url:
        yield url


@pytest.fixture
def run(registered_url: str) -> Callable[..., Result]:
    """Run the program on that database: `run("import", "deliveries", path)`."""
    return partial(_run, {"BEKOSTIGING_DATABASE_URL": registered_url})


@pytest.fixture(scope="module")
def run_in_module(
    server_url: URL, _registers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Result]]:
    """Run the program on a database with the register that the tests of a module share."""
    home = str(tmp_path_factory.mktemp("home"))
    with database(server_url, "registered") as url:
        yield partial(_run, {"BEKOSTIGING_DATABASE_URL": url, "BEKOSTIGING_HOME": home})


def _run(environment: dict[str, str], *arguments: str | Path) -> Result:
    import cli

    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments], env=environment)
