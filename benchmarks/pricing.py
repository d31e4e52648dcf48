"""Pricing one month of deliveries beside the bare grouped join in SQL, and how it grows with history and month.

    python -m benchmarks.pricing [--month 400000] [--history 5000000]

Beside it, as the far limit: the same grouped join in DuckDB, in memory, when that library is installed.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, text

from benchmarks.region import Region, fill, region
from database.recordings import latest
from kernel.periods import Month, months
from settlement.pricing.query import price_months
from settlement.terms import read_terms

HISTORY = list(months(Month(2024, 1), Month(2025, 12)))
LARGE, SMALL = Month(2026, 1), Month(2026, 2)

# What is left when nothing is asked but the sums: no late rows or credits, no claims, no findings. Ten products are
# rounded per row; of two, from the eleventh on, the minutes of a client are summed before they become hours.
_BARE = """
    SELECT d.municipality_id, d.provider_id, d.product_id, p.price, sum(d.sign) AS rows,
           sum(d.sign * d.quantity) AS quantity,
           sum(d.sign * ((2 * p.price * d.quantity + 6000) {divided_by} 12000)) AS cents
    FROM {deliveries} d JOIN bare_prices p ON p.product_id = d.product_id
        AND d.service_start >= p.valid_from AND d.service_start < p.valid_until
    WHERE d.product_id <= 10
    GROUP BY d.municipality_id, d.provider_id, d.product_id, p.price
    UNION ALL
    SELECT municipality_id, provider_id, product_id, price, sum(rows), sum(quantity),
           sum((2 * price * ((quantity + 30) {divided_by} 60) + 100) {divided_by} 200)
    FROM (
        SELECT d.municipality_id, d.provider_id, d.product_id, p.price, d.client_id, sum(d.sign) AS rows,
               CAST(sum(d.sign * d.quantity) AS bigint) AS quantity
        FROM {deliveries} d JOIN bare_prices p ON p.product_id = d.product_id
            AND d.service_start >= p.valid_from AND d.service_start < p.valid_until
        WHERE d.product_id > 10
        GROUP BY d.municipality_id, d.provider_id, d.product_id, p.price, d.client_id
    ) AS of_client
    GROUP BY municipality_id, provider_id, product_id, price
"""
_BARE_PRICES = """
    CREATE TEMPORARY TABLE bare_prices ON COMMIT DROP AS
    SELECT product_id, lower(valid) AS valid_from, upper(valid) AS valid_until, (price * 10000)::bigint AS price
    FROM prices
"""
_COLUMNS = "municipality_id, provider_id, product_id, client_id, service_start, sign, quantity"


def best(work: Callable[[], object], times: int = 3) -> float:
    """The seconds of the fastest of some runs."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def priced(connection: Connection, month: Month) -> float:
    terms = read_terms(connection, month, latest(connection))
    changed = {registered.id: [month] for registered in terms.contracts}
    assert not any(found.findings for found in price_months(connection, terms, changed, {}).values())
    return best(lambda: price_months(connection, terms, changed, {}))


def bare(connection: Connection, month: Month) -> float:
    """The grouped join in SQL, on a table of prices without a range index and whole numbers throughout."""
    connection.execute(text(_BARE_PRICES))
    connection.execute(text("ANALYZE bare_prices"))
    known = f"service_month = '{month.first_day}' AND recording <= {latest(connection)}"
    statement = text(_BARE.format(deliveries=f"(SELECT {_COLUMNS} FROM deliveries WHERE {known})", divided_by="/"))
    return best(lambda: connection.execute(statement).all())


def in_duckdb(connection: Connection, month: Month) -> float | None:
    """The same join over the same rows held in the memory of DuckDB; None when it is not installed."""
    try:
        import duckdb
    except ImportError:
        return None
    memory = duckdb.connect()
    types = ", ".join(f"{name} {'DATE' if name == 'service_start' else 'BIGINT'}" for name in _COLUMNS.split(", "))
    of_month = f"SELECT {_COLUMNS} FROM deliveries WHERE service_month = '{month.first_day}'"
    prices = "product_id BIGINT, valid_from DATE, valid_until DATE, price BIGINT"
    _load(memory, "deliveries", types, connection.execute(text(of_month)).all())
    _load(memory, "bare_prices", prices, connection.execute(text("SELECT * FROM bare_prices")).all())
    statement = _BARE.format(deliveries="deliveries", divided_by="//")
    return best(lambda: memory.execute(statement).fetchall())


def _load(memory: Any, table: str, types: str, rows: Sequence[Any]) -> None:
    """Fill a table of DuckDB from a CSV file: a statement for every row would take minutes."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as file:
        csv.writer(file).writerows(rows)
        file.flush()
        memory.execute(f"CREATE TABLE {table} ({types})")
        memory.execute(f"COPY {table} FROM '{file.name}'")


def fill_months(books: Region, rows_per_month: dict[Month, int]) -> None:
    for month, rows in rows_per_month.items():
        with books.transaction() as connection:
            fill(connection, month, rows, books.providers)
    books.rest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--month", type=int, default=400_000)
    parser.add_argument("--history", type=int, default=5_000_000)
    options = parser.parse_args()
    with region() as books:
        few = options.history // 10 // len(HISTORY)
        fill_months(books, {LARGE: options.month, SMALL: options.month // 10} | dict.fromkeys(HISTORY, few))
        with books.transaction(dry_run=True) as connection:
            with_little = priced(connection, LARGE)
        fill_months(books, dict.fromkeys(HISTORY, options.history // len(HISTORY) - few))
        with books.transaction(dry_run=True) as connection:
            large, small = priced(connection, LARGE), priced(connection, SMALL)
            sql, duck = bare(connection, LARGE), in_duckdb(connection, LARGE)
    print(f"{'pricing a month of ' + format(options.month, ','):<52}{large:8.2f} s")
    print(f"{'the bare grouped join in SQL':<52}{sql:8.2f} s   ratio {large / sql:.2f} (at most 1.5)")
    print(f"{'the same in DuckDB, in memory':<52}{f'{duck:8.2f} s' if duck else 'not installed':>10}")
    print(f"{'with a tenth of the history':<52}{with_little:8.2f} s   ratio {large / with_little:.2f} (at most 1.3)")
    print(f"{'a tenth of the rows in the month':<52}{small:8.2f} s   ratio {large / small:.2f} (at most 11)")


if __name__ == "__main__":
    main()
