"""Importing a delivery file, fully checked, beside a bare COPY of the same bytes into a logged table of text.

python -m benchmarks.import_deliveries [--rows 1000000] [--present 5000000]
"""

import argparse
import time
from pathlib import Path

from sqlalchemy import text

from benchmarks.region import DELIVERY_HEADER, Region, fill, region, write_deliveries
from kernel.periods import Month, months


def bare_copy(books: Region, path: Path) -> float:
    """The seconds that COPY takes for the file as it is, into a logged table of text columns, with its commit."""
    columns = ", ".join(f"c{place} text" for place in range(DELIVERY_HEADER.count(";") + 1))
    with books.transaction() as connection:
        connection.execute(text("DROP TABLE IF EXISTS bare"))
        connection.execute(text(f"CREATE TABLE bare ({columns})"))
    start = time.perf_counter()
    with books.transaction() as connection, connection.connection.cursor().copy(
        "COPY bare FROM STDIN (FORMAT csv, DELIMITER ';', HEADER)"
    ) as copy, path.open("rb") as file:  # fmt: skip
        while block := file.read(1 << 20):
            copy.write(block)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--present", type=int, default=5_000_000)
    options = parser.parse_args()
    with region() as books:
        present = list(months(Month(2025, 1), Month(2025, 12)))
        for month in present:
            with books.transaction() as connection:
                fill(connection, month, options.present // len(present))
        first, later = (books.folder / name for name in ("januari.csv", "januari-later.csv"))
        for path in (first, later):
            write_deliveries(path, options.rows, Month(2026, 1))
        books.rest()
        bare = min(bare_copy(books, first) for _ in range(3))
        print(f"{'bare COPY of the same file':<52}{bare:8.2f} s")
        said = {
            first: f"importing {options.rows:,} rows beside {options.present:,}",
            later: "as many once more into that month",
        }
        for path, what in said.items():
            books.rest()
            measured = books.run("import", "deliveries", path)
            assert measured.exit_code == 0, measured.output
            print(f"{what:<52}{measured.seconds:8.1f} s   ratio {measured.seconds / bare:.1f} (at most 12)")
            print(f"{'memory of its processes together':<52}{measured.peak_mb:8.0f} MB (under 300)")


if __name__ == "__main__":
    main()
