"""Settle three months of the example region with the installed command, step by step.

    python demo.py [--out demo-output] [--rows 120000] [--seed 2026]

Everything the demonstration writes lies below the output folder, the database too. It runs the command `bekostiging`
that was installed beside this Python, prints each command before it runs, and ends with what was paid to whom and why
March differs from February. A step that finds something in the data (exit code 3) is part of the story; a step that is
refused or fails ends it.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
MONTHS = ("2026-01", "2026-02", "2026-03")
MONTH_NAMES = {"2026-01": "januari", "2026-02": "februari", "2026-03": "maart"}
FINDINGS = 3  # the command did its work, and somebody should look at what it found
LONGEST_LABEL = 34
# What many causes of one kind are together.
LABELS = {
    "month": "de maand zelf",
    "late": "nagekomen regels",
    "credit": "creditregels",
    "withdrawn": "ingetrokken regels",
    "price": "gewijzigde prijzen",
    "recount": "hertelling",
    "count": "definitieve telling",
    "share": "gewijzigde verdeling",
    "first": "niet eerder afgerekend",
    "terms": "gewijzigde voorwaarden",
    "product": "gewijzigd product",
    "price_list": "gewijzigde prijslijst",
    "set_off": "verrekend voorschot",
}
SHOWN_LINES = 24  # of the report on thirteen delivery files
ZERO = Decimal(0)


class StepError(Exception):
    """A step of the demonstration did not do its work."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class Demonstration:
    """Where the command is, and where it works."""

    command: Path
    out: Path
    console: Console

    def run(self, *arguments: str | Path) -> None:
        """Run the command and show what it says. Raises `StepError` unless it did its work."""
        self._call(self._announced(arguments), capture=False)

    def run_and_keep(self, report: Path, *arguments: str | Path) -> None:
        """Run the command, keep all that it says in a file, and show how it begins."""
        said = self._call(self._announced(arguments), capture=True)
        report.write_text(said, encoding="utf-8")
        lines = said.splitlines()
        for line in lines[:SHOWN_LINES]:
            self.console.print(line, markup=False, soft_wrap=True)
        if len(lines) > SHOWN_LINES:
            self.console.print(f"… en nog {len(lines) - SHOWN_LINES} regels, in {_short(report)}", markup=False)

    def ask(self, *arguments: str | Path) -> Any:
        """Run the command and read its answer as JSON."""
        return json.loads(self._call(self._announced(arguments), capture=True), parse_float=Decimal)

    def generate(self, rows: int, seed: int) -> None:
        """Make the delivery files."""
        self.console.print()
        arguments = ["--out", _short(self.deliveries), "--rows", str(rows), "--seed", str(seed)]
        self._show(f"python {_short(HERE / 'generate.py')} {shlex.join(arguments)}")
        done = subprocess.run([sys.executable, HERE / "generate.py", *arguments], check=False)
        if done.returncode:
            raise StepError(done.returncode, "het maken van de leveringsbestanden is mislukt")

    def stop_database(self) -> None:
        """Stop the database server that the steps kept running; never raises."""
        self._show("bekostiging db stop")
        subprocess.run([self.command, "db", "stop"], env=self._environment(), check=False)

    def _announced(self, arguments: Sequence[str | Path]) -> list[str]:
        shown = [_short(argument) if isinstance(argument, Path) else argument for argument in arguments]
        self.console.print()
        self._show(f"bekostiging {_abbreviated(shown)}")
        return shown

    def _call(self, arguments: list[str], *, capture: bool) -> str:
        done = subprocess.run(
            [self.command, *arguments],
            env=self._environment(),
            stdout=subprocess.PIPE if capture else None,
            encoding="utf-8",
            check=False,
        )
        if done.returncode not in (0, FINDINGS):
            raise StepError(
                done.returncode, f"bekostiging {' '.join(arguments[:2])} eindigde met code {done.returncode}"
            )
        return done.stdout or ""

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "BEKOSTIGING_DATABASE_URL"}
        return inherited | {
            "BEKOSTIGING_HOME": str((self.out / "home").absolute()),
            "BEKOSTIGING_KEEP_SERVER": "1",
            "BEKOSTIGING_USER": "demo",
            "PYTHONUTF8": "1",
        }

    def _show(self, line: str) -> None:
        self.console.print(f"$ {line}", style="bold cyan", markup=False, highlight=False, soft_wrap=True)

    @property
    def deliveries(self) -> Path:
        return self.out / "leveringen"


def settle_region(demo: Demonstration, rows: int, seed: int) -> list[dict[str, Any]]:
    """Run the whole story and return what each month's run says."""
    demo.generate(rows, seed)
    demo.run("tariff", "products", HERE / "products.csv")
    demo.run("contract", "parties", HERE / "parties.csv")
    demo.run("tariff", "import", HERE / "prices_v1.csv")
    demo.run("contract", "add", *sorted((HERE / "contracts").glob("*.toml")))
    demo.run("import", "population", HERE / "population_2024_provisional.csv")
    demo.run("import", "advances", HERE / "advances.csv")
    return [settle_month(demo, period) for period in MONTHS]


def settle_month(demo: Demonstration, period: str) -> dict[str, Any]:
    """Import a month's files, settle it, post it and write its papers."""
    demo.console.print()
    demo.console.rule(f"[bold]{MONTH_NAMES[period]}[/bold]", characters="-")
    files = sorted((demo.deliveries / period).glob("*.csv"))
    report = demo.out / f"ingelezen_{period}.txt"
    demo.run_and_keep(report, "import", "deliveries", *files, "--rejected", demo.out / "geweigerd" / period)
    if period == MONTHS[-1]:  # what was known too late: prices that changed back in time, and the final count
        demo.run("tariff", "import", HERE / "prices_v2.csv")
        demo.run("import", "population", HERE / "population_2024_final.csv")
    demo.run("settle", "run", "--period", period)
    run = str(MONTHS.index(period) + 1)  # runs are numbered from 1, and this database is new
    demo.run("settle", "approve", run)
    demo.run("settle", "post", run)
    demo.run("statement", "export", run, "--out", demo.out / "afrekeningen" / period)
    demo.run("ledger", "export", run, "--out", demo.out / f"journaal_{period}.csv")
    said: dict[str, Any] = demo.ask("settle", "show", run, "--json")
    if said["period"] != period:
        raise StepError(70, f"run {run} gaat over {said['period']} en niet over {period}")
    return said


def show_payments(console: Console, runs: Sequence[dict[str, Any]]) -> None:
    """Print what was paid on each contract in each month."""
    table = Table(title="Betaald per contract", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    table.add_column("contract", no_wrap=True)
    table.add_column("aanbieder")
    for run in runs:
        table.add_column(MONTH_NAMES[run["period"]], justify="right", no_wrap=True)
    paid = [
        {entry["contract"]: Decimal(entry["to_pay_eur"]) for entry in run["contracts"] if not entry["parked"]}
        for run in runs
    ]
    names = {entry["contract"]: entry["provider_name"] for run in runs for entry in run["contracts"]}
    for contract, name in sorted(names.items()):
        amounts = [_euros(month[contract]) if contract in month else "" for month in paid]
        table.add_row(contract, name.removesuffix(" (fictief)"), *amounts)
    table.add_section()
    table.add_row("samen", "", *(_euros(sum(month.values(), start=ZERO)) for month in paid))
    console.print(table)


def show_differences(console: Console, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Print for each contract what makes the later month differ from the earlier one."""
    title = f"Waarom {MONTH_NAMES[after['period']]} anders is dan {MONTH_NAMES[before['period']]}"
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    table.add_column("contract en oorzaak")
    for run in (before, after):
        table.add_column(MONTH_NAMES[run["period"]], justify="right", no_wrap=True)
    table.add_column("verschil", justify="right", no_wrap=True)
    earlier = {entry["contract"]: entry for entry in before["contracts"]}
    later = {entry["contract"]: entry for entry in after["contracts"]}
    for contract in sorted(earlier.keys() | later.keys()):
        rows = list(_differences(earlier.get(contract), later.get(contract)))
        if not rows:
            continue
        was, is_now = _paid(earlier.get(contract)), _paid(later.get(contract))
        table.add_row(contract, _euros(was), _euros(is_now), _euros(is_now - was), style="bold")
        for text, first, second in rows:
            table.add_row(f"  {text}", _euros(first), _euros(second), _euros(second - first))
    console.print(table)


def _differences(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Iterable[tuple[str, Decimal, Decimal]]:
    """What differs, by kind of cause; the parts add up to the difference in what is paid."""
    amounts: dict[str, list[Decimal]] = {"month": [ZERO, ZERO]}
    texts: dict[str, set[str]] = {}
    for month, entry in enumerate((before, after)):
        if entry is None:
            continue
        amounts["month"][month] = Decimal(entry["total_eur"])
        for cause in entry["causes"]:
            amount = Decimal(cause["amount_eur"])
            amounts.setdefault(cause["kind"], [ZERO, ZERO])[month] += amount
            amounts["month"][month] -= amount
            texts.setdefault(cause["kind"], set()).add(cause["text"])
        amounts.setdefault("set_off", [ZERO, ZERO])[month] = -Decimal(entry["set_off_eur"])
    amounts["set_off"] = amounts.pop("set_off", [ZERO, ZERO])  # last
    for kind, (first, second) in amounts.items():
        if first != second:
            yield _label(kind, texts.get(kind, set())), first, second


def _label(kind: str, texts: set[str]) -> str:
    """What the causes of a kind are together: how their text begins, when they all have the same and it fits."""
    start = texts.pop().split(":")[0] if len(texts) == 1 else ""
    return start if 0 < len(start) <= LONGEST_LABEL else LABELS.get(kind, kind)


def _paid(entry: dict[str, Any] | None) -> Decimal:
    return Decimal(entry["to_pay_eur"]) if entry else ZERO


def _euros(amount: Decimal) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def _short(path: Path) -> str:
    """The path from the folder one stands in, when that is shorter."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return min(relative, str(path), key=len)


def _abbreviated(arguments: Sequence[str]) -> str:
    """The arguments as one would type them: many files of one folder as a pattern."""
    files = [argument for argument in arguments if argument.endswith((".csv", ".toml"))]
    if len(files) < 4:
        return shlex.join(arguments)
    folder, suffix = os.path.dirname(files[0]), os.path.splitext(files[0])[1]
    first = arguments.index(files[0])
    pattern = os.path.join(shlex.quote(folder), f"*{suffix}")
    return " ".join(
        part for part in (shlex.join(arguments[:first]), pattern, shlex.join(arguments[first + len(files) :])) if part
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Rekent drie maanden van de voorbeeldregio Rijnmond af.")
    parser.add_argument("--out", type=Path, default=Path("demo-output"), help="werkmap (standaard demo-output)")
    parser.add_argument("--rows", type=int, default=120_000, help="ten minste zoveel regels (standaard 120000)")
    parser.add_argument("--seed", type=int, default=2026, help="begin van de toevalsreeks (standaard 2026)")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    command = Path(sys.executable).with_name("bekostiging.exe" if os.name == "nt" else "bekostiging")
    if not command.exists():
        console.print(f"{command} is er niet; installeer eerst het pakket: python -m pip install .", markup=False)
        return 1
    if arguments.out.exists() and any(arguments.out.iterdir()):
        console.print(f"De map {arguments.out} is niet leeg; kies een andere met --out of gooi haar weg.", markup=False)
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    demo = Demonstration(command, arguments.out, console)
    started = time.perf_counter()
    try:
        runs = settle_region(demo, arguments.rows, arguments.seed)
    except StepError as failure:
        console.print(f"\nDe demonstratie stopt: {failure}.", style="bold red", markup=False)
        return failure.code
    finally:
        console.print()
        demo.stop_database()
    console.print()
    show_payments(console, runs)
    show_differences(console, *runs[-2:])
    for what, where in (
        ("Afrekeningen", "afrekeningen"),
        ("Journaalposten", "journaal_*.csv"),
        ("Verslag van het inlezen", "ingelezen_*.txt"),
        ("Geweigerd, terug naar de afzender", "geweigerd"),
        ("Leveringsbestanden", "leveringen"),
        ("Wat daarin fout is gezet", "leveringen/anomalies.csv"),
    ):
        console.print(f"{what:<34} {_short(arguments.out / where)}", markup=False, soft_wrap=True)
    console.print(f"Klaar in {time.perf_counter() - started:.0f} seconden.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
