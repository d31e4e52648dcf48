"""A region for the benchmarks: books of its own in a temporary folder, filled with as many deliveries as asked.

Deliveries that are there already are written by SQL as an import would have entered them; only what is measured comes
in by the program. No person stands behind a row.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psutil
from sqlalchemy import Connection, Engine, text

from database.connection import transaction
from database.recordings import record
from database.session import Database
from database.settings import Settings
from importers.loading import ensure_partitions
from kernel.periods import Month


def provider_codes(providers: int) -> list[str]:
    return [f"41{number:06d}" for number in range(1, providers + 1)]


ROOT = Path(__file__).resolve().parent.parent
BY = "benchmark"
MUNICIPALITIES = [f"GM{number:04d}" for number in range(501, 511)]
PROVIDERS = provider_codes(40)
PRODUCTS = [f"45A{number:02d}" for number in range(1, 13)]  # the last two are rounded per client and month
CLIENTS_PER_PROVIDER = 2_000

DELIVERY_HEADER = (
    "referentie;gemeente;aanbieder;bsn;product;begindatum;einddatum;aantal;eenheid;dc;vorige referentie;bedrag"
)


@dataclass(frozen=True, slots=True)
class Region:
    """Books in a folder, with the server running for as long as the region lasts."""

    folder: Path
    engine: Engine
    providers: Sequence[str]

    @contextmanager
    def transaction(self, *, dry_run: bool = False) -> Iterator[Connection]:
        with transaction(self.engine, dry_run=dry_run) as connection:
            yield connection

    def run(self, *arguments: object) -> "Measured":
        """Run the command as a user does, and measure it."""
        start = time.perf_counter()
        command = [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment)
        with ThreadPoolExecutor(1) as watcher:
            peak_mb = watcher.submit(_peak_mb, process)
            output = process.communicate()[0].decode()
            seconds = time.perf_counter() - start
        return Measured(seconds, peak_mb.result(), process.returncode, output)

    def rest(self) -> None:
        """Bring what was filled to the state of books that lie there for months: vacuumed, and written to disk."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))

    @property
    def environment(self) -> dict[str, str]:
        """That of a user, whose Python keeps what it compiled."""
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {
            **inherited,
            "BEKOSTIGING_HOME": str(self.folder),
            "BEKOSTIGING_KEEP_SERVER": "1",
            "PYTHONPATH": str(ROOT),
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of the command: wall time, the most memory its processes held, its exit code and what it printed."""

    seconds: float
    peak_mb: float
    exit_code: int
    output: str


def _peak_mb(process: subprocess.Popen[bytes]) -> float:
    """The most memory that a process and those it started were seen to hold together, looked at ten times a second."""
    peak = 0
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            command = psutil.Process(process.pid)
            peak = max(peak, sum(one.memory_info().rss for one in (command, *command.children(recursive=True))))
        time.sleep(0.1)
    return peak / 2**20


@contextmanager
def region(providers: Sequence[str] = PROVIDERS) -> Iterator[Region]:
    """Books with parties, products, prices and a contract for every provider, and no deliveries."""
    with tempfile.TemporaryDirectory(prefix="bekostiging-bench-") as folder:
        os.environ.pop("BEKOSTIGING_DATABASE_URL", None)
        os.environ["BEKOSTIGING_HOME"] = folder
        with Database(Settings.from_environment()).engine() as engine:
            books = Region(Path(folder), engine, providers)
            for arguments in _register(books.folder, providers):
                measured = books.run(*arguments)
                assert measured.exit_code in (0, 3), measured.output
            yield books


def _register(folder: Path, providers: Sequence[str]) -> Iterator[tuple[object, ...]]:
    def file(name: str, lines: list[str]) -> Path:
        path = folder / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    parties = [f"gemeente;{code};Gemeente {code}" for code in MUNICIPALITIES]
    parties += [f"aanbieder;{code};Aanbieder {code}" for code in providers]
    yield "contract", "parties", file("parties.csv", ["soort;code;naam", *parties])
    header = "wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf;tot"
    rounding = {code: "client en maand" if code in PRODUCTS[-2:] else "regel" for code in PRODUCTS}
    products = [
        f"Jeugdwet;45;{code};{code};minuut;uur;{rounding[code]};tweede;lokaal;6.751;2024-01-01;" for code in PRODUCTS
    ]
    yield "tariff", "products", file("products.csv", [header, *products])
    prices = [f"{code};{year}-01-01;{year + 1}-01-01;{60 + place + (year - 2024) / 4:.2f}".replace(".", ",")
              for place, code in enumerate(PRODUCTS) for year in (2024, 2025, 2026)]  # fmt: skip
    yield "tariff", "import", file("prices.csv", ["product;vanaf;tot;prijs", *prices])
    for provider in providers:
        document = f"""contract = "C{provider[-4:]}"
title = "Ambulant {provider}"
provider = "{provider}"
municipalities = {MUNICIPALITIES}
laws = ["Jeugdwet"]
in_force = {{ from = 2024-01-01, until = 2028-01-01 }}

[[component]]
key = "ambulant"
kind = "effort"
clause = "artikel 5"
products = {PRODUCTS}
price_list = "standaard"
"""
        (folder / f"{provider}.toml").write_text(document, encoding="utf-8")
    yield "contract", "add", *(folder / f"{provider}.toml" for provider in providers)


def fill(connection: Connection, month: Month, rows: int, providers: Sequence[str] = PROVIDERS) -> None:
    """Enter `rows` deliveries of a month, spread over all municipalities, providers, products and clients."""
    ensure_partitions(connection, month.first_day)
    recording = record(connection, "deliveries", f"leveringen: {month}", BY)
    clients = CLIENTS_PER_PROVIDER * len(providers)
    spread = {"rows": rows, "month": month.first_day, "clients": clients, "providers": len(providers)}
    parameters = {**spread, "recording": recording}
    for statement in _FILL:
        connection.execute(text(statement), parameters)


_ROWS = """
    SELECT n AS row_number, m.id AS municipality_id, p.id AS provider_id, o.id AS product_id,
           1 + n % CAST(:clients AS bigint) AS client_id, CAST(:month AS date) AS service_month,
           CAST(:month AS date) + (n % 28)::int AS service_start, 15 + n % 106 AS quantity,
           'b' || CAST(:recording AS text) || '-' || n AS reference
    FROM generate_series(1, CAST(:rows AS bigint)) AS n
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM municipalities) m
      ON m.place = (n / :providers) % 10
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM providers) p
      ON p.place = n % :providers
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM products) o
      ON o.place = (n / (:providers * 10)) % 12
"""
_FILL = (
    """INSERT INTO clients (pseudonym) SELECT sha256(('c' || n)::bytea)
       FROM generate_series(1, CAST(:clients AS bigint)) AS n ON CONFLICT DO NOTHING""",
    """INSERT INTO batches (recording, file_name, sha256, rows_read, rows_accepted, rows_rejected, rows_waiting,
           rows_known, claimed_read_eur, claimed_accepted_eur, claimed_rejected_eur, claimed_waiting_eur,
           claimed_known_eur)
       VALUES (:recording, 'benchmark', CAST(:recording AS text), :rows, :rows, 0, 0, 0, 0, 0, 0, 0, 0)""",
    f"""INSERT INTO deliveries (municipality_id, service_month, batch, row_number, entry, recording, sign, provider_id,
           product_id, client_id, assignment, service_start, service_end, quantity, reference)
        SELECT municipality_id, service_month, :recording, row_number, 'row', :recording, 1, provider_id, product_id,
           client_id, '', service_start, service_start + 1, quantity, reference FROM ({_ROWS}) AS r
        ORDER BY municipality_id, row_number""",
    f"""INSERT INTO received_references (municipality_id, provider_id, law, reference, service_month, batch,
           row_number)
        SELECT municipality_id, provider_id, 'Jeugdwet', reference, service_month, :recording, row_number
        FROM ({_ROWS}) AS r""",
    f"""INSERT INTO delivery_totals (municipality_id, provider_id, product_id, service_month, recording, rows, quantity,
           first_start, last_start)
        SELECT municipality_id, provider_id, product_id, service_month, :recording, count(*), sum(quantity),
           min(service_start), max(service_start)
        FROM ({_ROWS}) AS r GROUP BY 1, 2, 3, 4""",
)


def write_deliveries(path: Path, rows: int, month: Month) -> None:
    """A delivery file of one month as providers send it, without errors."""
    clients = client_numbers(20_000)
    days = [month.first_day + timedelta(days=n) for n in range(28)]
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(DELIVERY_HEADER + "\n")
        for n in range(rows):
            day = _dutch(days[n % 28])
            out.write(
                f"{path.stem}-{n};{MUNICIPALITIES[n % 10]};{PROVIDERS[n % 40]};{clients[n * 7919 % 20_000]};"
                f"{PRODUCTS[n // 40 % 12]};{day};{day};{15 + n % 106};minuut;D;;{100 + n % 9000},{n % 100:02d}\n"
            )


def _dutch(day: date) -> str:
    return f"{day:%d-%m-%Y}"


def client_numbers(count: int) -> list[str]:
    """Test numbers that begin with 9999 and pass the eleven test."""
    found = []
    for number in range(999_900_000, 999_999_999):
        digits = [int(digit) for digit in str(number)]
        if (sum(digit * weight for digit, weight in zip(digits, range(9, 1, -1), strict=False)) - digits[8]) % 11 == 0:
            found.append(str(number))
        if len(found) == count:
            break
    repeats = -(-count // len(found))
    return (found * repeats)[:count]
