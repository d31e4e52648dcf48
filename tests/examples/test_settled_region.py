"""The example region settled month by month with the command, against a calculation that shares no code with it.

The other calculation knows nothing of runs or corrections: for each month it takes all that had arrived by then, works
out what every contract comes to up to that month, and subtracts what it came to a month before.
"""

import csv
import importlib.util
import io
import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

RIJNMOND = Path(__file__).parents[2] / "examples" / "rijnmond"
DONE, FINDINGS = 0, 3
HEADERS = {
    "Referentie": "reference", "Gemeente": "municipality", "Aanbieder": "provider", "BSN": "client",
    "Toewijzing": "assignment", "Product": "product", "Begindatum": "start", "Einddatum": "end", "Aantal": "quantity",
    "Eenheid": "unit", "DC": "debit_credit", "Vorige referentie": "previous", "Bedrag": "claimed amount",
}  # fmt: skip

Cents = int


def test_every_contract_is_paid_what_it_comes_to(
    invoke: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: str | Path) -> str:
        result = invoke(*arguments)
        assert result.exit_code in (DONE, FINDINGS), result.output
        return result.stdout

    _generate(tmp_path)
    run("tariff", "products", RIJNMOND / "products.csv")
    run("contract", "parties", RIJNMOND / "parties.csv")
    run("contract", "add", *sorted((RIJNMOND / "contracts").glob("*.toml")))
    run("import", "population", RIJNMOND / "population_2024_provisional.csv")
    run("tariff", "import", RIJNMOND / "prices_v1.csv")
    run("import", "advances", RIJNMOND / "advances.csv")
    reference = Reference()
    before: Mapping[str, Cents] = defaultdict(int)
    for number, period in enumerate(("2026-01", "2026-02", "2026-03"), start=1):
        files = sorted((tmp_path / period).glob("*.csv"))
        run("import", "deliveries", *files)
        for file in files:
            reference.receive(file)
        if number == 3:
            run("tariff", "import", RIJNMOND / "prices_v2.csv")
            run("import", "population", RIJNMOND / "population_2024_final.csv")
            reference.learn_what_was_known_too_late()
        run("settle", "run", "--period", period)
        run("settle", "approve", str(number))
        run("settle", "post", str(number))
        said = json.loads(run("settle", "show", str(number), "--json"))["contracts"]
        now = reference.entitled_through(number)
        assert {entry["contract"]: _cents(entry["total_eur"]) for entry in said} == {
            contract: cents - before[contract] for contract, cents in now.items()
        }
        before = now


class Reference:
    """What had arrived, and what each contract comes to."""

    def __init__(self) -> None:
        self.contracts = [tomllib.loads(path.read_text("utf-8")) for path in (RIJNMOND / "contracts").glob("*.toml")]
        self.products = {row["product"]: row for row in _rows(RIJNMOND / "products.csv")}
        self.municipalities = {row["code"] for row in _rows(RIJNMOND / "parties.csv")}
        self.prices = _prices("prices_v1.csv")
        self.counts = _counts("population_2024_provisional.csv", "gebied", "maat", "aantal")
        self.final_counts: dict[tuple[str, str], int] = {}
        self.received: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        self.contradicted: set[tuple[str, str, str, str]] = set()

    def receive(self, file: Path) -> None:
        for row in filter(self._is_right, _rows(file)):
            facts = row | {"start": _date(row["start"]), "end": _date(row["end"]), "quantity": int(row["quantity"])}
            law = self.products[row["product"]]["wet"]
            key = (row["municipality"], row["provider"], law, row["reference"])
            if self.received.setdefault(key, facts) != facts:
                self.contradicted.add(key)

    def learn_what_was_known_too_late(self) -> None:
        self.prices = _prices("prices_v2.csv")
        self.final_counts = _counts("population_2024_final.csv", "area", "measure", "count")

    def entitled_through(self, month: int) -> dict[str, Cents]:
        credited = {
            (*key[:3], row["previous"])
            for key, row in self.received.items()
            if row["previous"] and key not in self.contradicted
        }
        deliveries = [
            row
            for key, row in self.received.items()
            if not row["previous"] and key not in self.contradicted | credited and row["start"] < _end_of(month)
        ]
        return {
            contract["contract"]: sum(
                self._instalments(contract, component, month)
                if component["kind"] == "population"
                else self._effort(contract, component, deliveries)
                for component in contract["component"]
            )
            for contract in self.contracts
        }

    def _is_right(self, row: dict[str, str]) -> bool:
        if not row["municipality"].startswith("GM"):
            row["municipality"] = f"GM{row['municipality']}"
        return (
            row["reference"] != ""
            and row["municipality"] in self.municipalities
            and row["product"] in self.products
            and row["unit"] == self.products[row["product"]]["eenheid"]
            and int(row["quantity"]) > 0
            and _date(row["start"]) is not None
            and _date(row["end"]) is not None
            and ("header BSN" not in row or _passes_the_elfproef(row["client"]))
        )

    def _effort(self, contract: dict[str, Any], component: dict[str, Any], deliveries: list[dict[str, Any]]) -> Cents:
        amount = 0
        minutes: dict[tuple[Any, ...], int] = defaultdict(int)
        for row in deliveries:
            if (
                row["provider"] != contract["provider"]
                or row["municipality"] not in contract["municipalities"]
                or row["product"] not in component["products"]
                or not contract["in_force"]["from"] <= row["start"] < contract["in_force"]["until"]
            ):
                continue
            day = row["end"] if component.get("price_of") == "last_day" else row["start"]
            price = next(cents for start, end, cents in self.prices[row["product"]] if start <= day < end)
            product = self.products[row["product"]]
            if product["afronding"] == "client en maand":
                who = (row["municipality"], row["client"], row.get("assignment"))
                minutes[(*who, row["product"], row["start"].year, row["start"].month, price)] += row["quantity"]
            else:
                parts = 60 if (product["eenheid"], product["prijs per"]) == ("minuut", "uur") else 1
                amount += _half_up(price * row["quantity"] / parts)
        return amount + sum(int(price) * max(1, (sum_ + 30) // 60) for (*_, price), sum_ in minutes.items())

    def _instalments(self, contract: dict[str, Any], component: dict[str, Any], month: int) -> Cents:
        year = _half_up(self._year_budget(contract, component) * 100)
        if component["instalments"] == "monthly":
            return month * (year // 12)
        return (month + 2) // 3 * (year // 4)

    def _year_budget(self, contract: dict[str, Any], component: dict[str, Any]) -> Fraction:
        recount = component.get("recount")
        counts = self.counts if recount else self.final_counts or self.counts
        areas = component.get("areas") or [component.get("municipality") or contract["municipalities"][0]]

        def counted(measure: str) -> int:
            return sum(counts[(area, measure)] for area in areas)

        if "amount_per_inhabitant_eur" in component:
            budget = Fraction(component["amount_per_inhabitant_eur"]) * counted("inhabitants")
        elif "segments" in component:
            budget = sum(
                (Fraction(each["amount_eur"]) * counted(each["measure"]) for each in component["segments"]), Fraction(0)
            )
        elif "division" in component:
            budget = _own_share(Fraction(component["budget_eur"]), component["division"], counts)
        else:
            budget = Fraction(component["budget_eur"])
        if recount and self.final_counts:
            later = sum(self.final_counts[(area, "inhabitants")] for area in areas)
            growth = Fraction(later, counted("inhabitants")) - 1
            band = Fraction(recount["dead_band_percent"]) / 100
            if growth > band:
                budget *= 1 + (growth if recount["pays"] == "whole" else growth - band)
        return budget


def _own_share(budget: Fraction, division: dict[str, Any], counts: Mapping[tuple[str, str], int]) -> Fraction:
    """The cents of the own areas: every area cut off below the cent, what is left to the largest remainders."""
    shares = {
        area: budget
        * 100
        * sum(
            Fraction(weight) * counts[(area, measure)] / sum(counts[(other, measure)] for other in division["areas"])
            for measure, weight in division["weights"].items()
        )
        for area in division["areas"]
    }
    parts = {area: int(share) for area, share in shares.items()}
    largest_first = sorted(shares, key=lambda area: parts[area] - shares[area])
    for area in largest_first[: int(budget * 100) - sum(parts.values())]:
        parts[area] += 1
    return Fraction(sum(parts[area] for area in division["own_areas"]), 100)


def _generate(out: Path) -> None:
    spec = importlib.util.spec_from_file_location("rijnmond_generate_small", RIJNMOND / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.generate(out, 3_000, 11)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=text.split("\n", 1)[0].count))
    header = next(lines)
    names = [HEADERS.get(name, name) for name in header]
    mark = {"header BSN": "yes"} if "BSN" in header else {}
    return (dict(zip(names, cells, strict=True)) | mark for cells in lines)


def _prices(name: str) -> dict[str, list[tuple[date, date, Fraction]]]:
    """By product: from, until and the price in cents."""
    prices: dict[str, list[tuple[date, date, Fraction]]] = defaultdict(list)
    for row in _rows(RIJNMOND / name):
        until = _date(row.get("tot", ""))
        through = _date(row.get("tot en met", ""))
        end = until or (through + timedelta(days=1) if through else date.max)
        start = _date(row["vanaf"])
        assert start is not None
        prices[row["product"]].append((start, end, Fraction(row["prijs"].replace(",", ".")) * 100))
    return prices


def _counts(name: str, area: str, measure: str, count: str) -> dict[tuple[str, str], int]:
    return {(row[area], row[measure]): int(row[count]) for row in _rows(RIJNMOND / name)}


def _date(text: str) -> date | None:
    """The day, Dutch or ISO; None when there is no such day."""
    parts = text.split("-")
    try:
        return date.fromisoformat(text if len(parts[0]) == 4 else "-".join(reversed(parts)))
    except ValueError:
        return None


def _end_of(month: int) -> date:
    return date(2026, month + 1, 1)


def _passes_the_elfproef(number: str) -> bool:
    return (
        sum(weight * int(digit) for weight, digit in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), number, strict=True)) % 11 == 0
    )


def _half_up(cents: Fraction) -> Cents:
    """Nothing here is negative."""
    return int(cents + Fraction(1, 2))


def _cents(text: str) -> Cents:
    return int(Fraction(text) * 100)
