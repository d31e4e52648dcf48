"""Simulating a thousand cases in one call, beside the start-up of the command.

python -m benchmarks.simulate [--cases 1000]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONTRACT = Path("docs/contracts.md").read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
HEAD = """through = "2026-12"
products.44A09 = { unit = "day", price_per = "day" }
prices = [["44A09", 2026-01-01, "open", "212.35"]]
"""


def case(number: int) -> str:
    """A year of instalments, and a delivery in every quarter."""
    deliveries = ", ".join(
        f'{{ product = "44A09", start = 2026-{month:02}-05, end = 2026-{month:02}-07, quantity = {1 + number % 3} }}'
        for month in (1, 4, 7, 10)
    )
    return (
        f'[[case]]\nid = "geval {number}"\ndeliveries = [{deliveries}]\n'
        f'counts = [["GM0502", "inhabitants", 2026-01-01, "provisional", {10_000 + number}]]\n'
    )


def seconds(*arguments: str) -> float:
    """The seconds that a whole command takes, the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "cli.py", *arguments], check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        contract, one, many = (Path(folder) / name for name in ("contract.toml", "one.toml", "many.toml"))
        contract.write_text(CONTRACT, encoding="utf-8")
        one.write_text(HEAD + case(1), encoding="utf-8")
        many.write_text(HEAD + "".join(map(case, range(options.cases))), encoding="utf-8")
        start_up = seconds("contract", "simulate", str(contract), "--facts", str(one), "--json")
        whole = seconds("contract", "simulate", str(contract), "--facts", str(many), "--json")
    print(f"{'simulating one case: the start-up':<52}{start_up:8.2f} s")
    print(f"{f'simulating {options.cases:,} cases':<52}{whole:8.2f} s   ratio {whole / start_up:.2f} (less than 3)")


if __name__ == "__main__":
    main()
