"""The books of a test: one database, filled and settled by the use cases that the commands call.

Facts are given as rows of the files they would come in; nothing here knows an amount that the tests expect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from contracts.parties import import_parties
from contracts.register import ContractsAdded, add_contracts
from database.connection import transaction
from database.metadata import metadata
from importers.advances import import_advances
from importers.deliveries import DeliveryImport, import_deliveries
from importers.population_counts import import_counts
from kernel.money import Eur, total
from kernel.periods import Month
from settlement import runs
from settlement.entitlement import Treatment
from settlement.posted_deliveries import posted_until
from settlement.reading import Run, read_run
from settlement.simulation import settle_example
from tariffs.price_lists import import_prices
from tariffs.products import import_products

WHO = "tester"
MUNICIPALITY = "GM0502"
TEAM, CARE, OTHER = "41000001", "41000002", "41000003"

PARTIES = f"""soort;code;naam
gemeente;{MUNICIPALITY};Capelle aan den IJssel
gemeente;GM0597;Ridderkerk
aanbieder;{TEAM};Wijkteam
aanbieder;{CARE};Ambulant en logeren
aanbieder;{OTHER};Nog een aanbieder
"""
PRODUCTS_HEADER = "wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf;tot"
PRODUCTS = (
    "Jeugdwet;45;45A04;Ambulant;minuut;uur;regel;tweede;lokaal;6.751;2025-01-01;",
    "Jeugdwet;44;44A09;Logeren;dag;dag;regel;tweede;regionaal;6.762;2025-01-01;",
    "Wmo;02;02A16;Begeleiding;minuut;uur;client en maand;eerste;lokaal;6.712;2025-01-01;",
)
PRICES = (
    "45A04;2025-01-01;2026-01-01;58,00",
    "45A04;2026-01-01;;60,00",
    "44A09;2026-01-01;;212,35",
    "02A16;2026-01-01;;58,40",
)
DELIVERIES_HEADER = (
    "reference;municipality;provider;client;product;start;end;quantity;d/c;previous;assignment;claimed amount"
)

# Who the parties are, what they agreed, and what can be delivered; with the key that client numbers are hashed with.
REGISTER = (
    "municipalities", "municipality_versions", "providers", "provider_versions", "products", "product_versions",
    "contracts", "contract_versions", "pseudonym_keys",
)  # fmt: skip


def delivery(
    reference: str,
    product: str,
    start: str,
    quantity: int,
    *,
    client: str = "c1",
    provider: str = CARE,
    end: str = "",
    credits: str = "",
    assignment: str = "",
    claimed: str = "",
    municipality: str = MUNICIPALITY,
) -> str:
    """A row of a delivery file; `end` is the last day, by default the first; `credits` the reference it takes back."""
    cells = (reference, municipality, provider, client, product, start, end or start, str(quantity))
    return ";".join((*cells, "C" if credits else "D", credits, assignment, claimed))


def effort_contract(
    number: str = "B",
    *,
    provider: str = CARE,
    products: Sequence[str] = ("45A04", "44A09", "02A16"),
    start: str = "2025-01-01",
    until: str = "2029-01-01",
    set_off: str = "full",
    price_of: str = "first_day",
    price_list: str = "standaard",
    municipalities: Sequence[str] = (MUNICIPALITY,),
) -> str:
    """A contract that pays volume x price."""
    return f"""contract = "{number}"
title = "Zorg"
provider = "{provider}"
municipalities = {list(municipalities)}
laws = ["Jeugdwet", "Wmo"]
in_force = {{ from = {start}, until = {until} }}
set_off = "{set_off}"
set_off_clause = "artikel 9"

[[component]]
key = "zorg"
kind = "effort"
clause = "artikel 5"
products = {list(products)}
price_list = "{price_list}"
price_of = "{price_of}"
"""


def population_contract(
    number: str = "A",
    *,
    provider: str = TEAM,
    start: str = "2026-01-01",
    until: str = "2029-01-01",
    base: str = 'amount_per_inhabitant_eur = "120.00"\ncount_date = 2026-01-01\nrecount = { dead_band_percent = "1" }',
    covers: Sequence[str] = ("45A04",),
    set_off: str = "full",
) -> str:
    """A contract that pays a budget in instalments; `base` is how the budget is made."""
    return f"""contract = "{number}"
title = "Wijkteam"
provider = "{provider}"
municipalities = ["{MUNICIPALITY}"]
laws = ["Jeugdwet", "Wmo"]
in_force = {{ from = {start}, until = {until} }}
set_off = "{set_off}"
set_off_clause = "artikel 9"

[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 4"
task_field = "6.23"
covers = {list(covers)}
{base}
"""


class Books:
    """One database under the hands of a test."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self._files = 0

    def open(self, *contracts: str, products: Sequence[str] = PRODUCTS) -> Books:
        """Record parties, products and contracts."""
        with self.transaction() as connection:
            import_parties(connection, self.file(PARTIES), WHO)
        self.products(*products)
        if contracts:
            self.contracts(*contracts)
        return self

    def forget(self, *, but: Sequence[str] = ()) -> None:
        """Empty the books in a way that no use case can, for the next test or example; the tables `but` are kept."""
        with self.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for table in reversed(metadata.sorted_tables):
                if table.name not in (*but, "recordings"):
                    connection.execute(table.delete())
            kept = "'parties', 'products', 'contracts'" if but else "''"
            connection.execute(text(f"DELETE FROM recordings WHERE kind NOT IN ({kept})"))

    @contextmanager
    def transaction(self, *, dry_run: bool = False) -> Iterator[Connection]:
        with transaction(self.engine, dry_run=dry_run) as connection:
            yield connection

    def file(self, content: str) -> Path:
        self._files += 1
        path = self.folder / f"file_{self._files}.csv"
        path.write_text(content, encoding="utf-8")
        return path

    def table(self, header: str, rows: Sequence[str]) -> Path:
        return self.file("\n".join((header, *rows)) + "\n")

    def import_file(self, kind: str, path: Path, version: int | None = None) -> None:
        """Record a file of some kind: `deliveries`, `population`, `advances`, or prices."""
        with self.transaction() as connection:
            match kind:
                case "deliveries":
                    import_deliveries(connection, path, self.folder / "config", WHO, posted_until=posted_until)
                case "population":
                    import_counts(connection, path, WHO)
                case "advances":
                    import_advances(connection, path, WHO)
                case _:
                    import_prices(connection, path, WHO, version=version)

    # --- what comes in ------------------------------------------------------------------------------------------------

    def products(self, *rows: str) -> None:
        with self.transaction() as connection:
            import_products(connection, self.table(PRODUCTS_HEADER, rows), WHO)

    def contracts(self, *documents: str) -> ContractsAdded:
        with self.transaction() as connection:
            return add_contracts(connection, [self.file(d) for d in documents], WHO, settle_example)

    def prices(self, *rows: str, version: int | None = None, price_list: str = "standaard") -> None:
        """Rows of product;vanaf;tot;prijs."""
        with self.transaction() as connection:
            path = self.table("product;vanaf;tot;prijs", rows)
            import_prices(connection, path, WHO, price_list, version, new=True)

    def count(
        self, persons: int, status: str = "provisional", *, area: str = MUNICIPALITY, day: str = "2026-01-01"
    ) -> None:
        with self.transaction() as connection:
            row = f"{area};inhabitants;{day};{persons};{status}"
            import_counts(connection, self.table("area;measure;date;count;status", [row]), WHO)

    def advance(self, amount: str, *, contract: str = "B", day: str = "2026-01-10", reference: str = "V1") -> None:
        with self.transaction() as connection:
            path = self.table("contract;date;amount;reference", [f"{contract};{day};{amount};{reference}"])
            import_advances(connection, path, WHO)

    def deliver(self, *rows: str) -> DeliveryImport:
        with self.transaction() as connection:
            path = self.table(DELIVERIES_HEADER, rows)
            return import_deliveries(connection, path, self.folder / "config", WHO, posted_until=posted_until)

    # --- what is settled ----------------------------------------------------------------------------------------------

    def settle(self, period: str, *numbers: str, cutoff: int | None = None, dry_run: bool = False) -> Run:
        with self.transaction(dry_run=dry_run) as connection:
            return read_run(connection, runs.settle(connection, Month.parse(period), WHO, numbers, cutoff))

    def approve(self, run: Run) -> None:
        with self.transaction() as connection:
            runs.approve(connection, run.id, WHO)

    def post(self, run: Run) -> None:
        with self.transaction() as connection:
            runs.post(connection, run.id, WHO)

    def discard(self, run: Run) -> None:
        with self.transaction() as connection:
            runs.discard(connection, run.id, WHO)

    def month(self, period: str, *numbers: str) -> Run:
        """Settle, approve and post."""
        run = self.settle(period, *numbers)
        self.approve(run)
        self.post(run)
        return self.read(run)

    def read(self, run: Run) -> Run:
        with self.transaction() as connection:
            return read_run(connection, run.id)


def said(run: Run, number: str = "B") -> dict[tuple[str, str], str]:
    """What a run says about a contract: the amount of every payable line by month and label."""
    [contract] = [c for c in run.contracts if c.contract.number == number]
    return {
        (str(line.line.key.month), line.line.key.label): str(line.line.amount)
        for line in contract.lines
        if line.line.key.treatment is Treatment.PAYABLE
    }


def to_date(runs_: Sequence[Run]) -> dict[tuple[str, ...], Eur]:
    """What runs say together, by contract, component, municipality, month, label and treatment; nil is left out."""
    amounts: dict[tuple[str, ...], list[Eur]] = {}
    for run in runs_:
        for contract in run.contracts:
            for line in contract.lines:
                key = line.line.key
                where = (contract.contract.number, key.component, key.municipality, str(key.month), key.label)
                amounts.setdefault((*where, str(key.treatment)), []).append(line.line.amount)
    return {key: total(parts) for key, parts in amounts.items() if total(parts)}


NewBooks = Callable[[], Books]
