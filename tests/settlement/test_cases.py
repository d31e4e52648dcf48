"""The acceptance cases of `tests/cases`: contract documents with worked examples, and runs, by the commands of a user.

A worked example must come out to the cent or the contract is refused; a run on the same facts must say the same.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from contracts.documents import contract_of
from kernel.findings import Refusal
from settlement.simulation import settle_example
from tests.settlement.books import population_contract

CASES = Path(__file__).parents[1] / "cases"
CBS = Path(__file__).parents[2] / "examples" / "cbs" / "population_2024.csv"
PARTIES = "soort;code;naam\ngemeente;GM0502;Capelle\naanbieder;41000002;Zorg\n"
PRODUCTS = """wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf
Jeugdwet;45;45A04;Ambulant;minuut;uur;regel;tweede;lokaal;6.751;2024-01-01
Wmo;02;02A16;Begeleiding;minuut;uur;cliënt en maand;eerste;lokaal;6.712;2024-01-01
"""
HEAD = """contract = "K"
title = "Acceptatie"
provider = "41000002"
municipalities = ["GM0502"]
laws = ["Jeugdwet", "Wmo"]
in_force = { from = 2025-01-01, until = 2026-01-01 }
"""


def case(file: str, name: str) -> Mapping[str, Any]:
    cases = tomllib.loads((CASES / file).read_text(encoding="utf-8"))["case"]
    return next(found for found in cases if found["id"] == name)


class Desk:
    """A user with the installed program, an empty database, and a folder."""

    def __init__(self, invoke: Callable[..., Result], folder: Path) -> None:
        self._invoke, self._folder = invoke, folder
        self.do("tariff", "products", self.file("products.csv", PRODUCTS))
        self.do("contract", "parties", self.file("parties.csv", PARTIES))

    def file(self, name: str, content: str) -> Path:
        path = self._folder / name
        path.write_text(content, encoding="utf-8")
        return path

    def do(self, *arguments: object, exit_code: int = 0) -> str:
        result = self._invoke(*arguments)
        assert result.exit_code == exit_code, (arguments, result.output)
        return result.output

    def settled(self, period: str, run: int) -> dict[tuple[str, str], str]:
        """Settle up to a month; what contract K says by component and month."""
        self.do("settle", "run", "--period", period)
        shown = json.loads(self.do("settle", "show", run, "--json"))
        assert [(c["contract"], c["parked"], c["findings"]) for c in shown["contracts"]] == [("K", False, [])]
        assert shown["findings"] == []
        lines = shown["contracts"][0]["lines"]
        return {(line["component"], line["month"]): line["amount_eur"] for line in lines}

    def accepts(self, document: str) -> None:
        """The document is right as it is and, with an expected amount a cent higher, refused."""
        path = self.file("contract.toml", document)
        assert "Contract K is in orde" in self.do("contract", "check", path)
        lines = document.splitlines()
        expected = [number for number, line in enumerate(lines) if line.startswith('    ["')]
        assert expected
        for number in (expected[0], expected[-1]):
            amount = lines[number].split('"')[-2]
            cent_more = f"{int(amount.replace('.', '')) + 1}"
            wrong = lines[number].replace(f'"{amount}"', f'"{cent_more[:-2]}.{cent_more[-2:]}"')
            path = self.file("wrong.toml", "\n".join([*lines[:number], wrong, *lines[number + 1 :]]))
            refused = self.do("contract", "check", path, exit_code=1)
            assert "het voorbeeld" in refused or "verwacht" in refused
            assert f"regel {number + 1}" in refused
        self.do("contract", "add", self.file("contract.toml", document))


@pytest.fixture
def desk(invoke: Callable[..., Result], tmp_path: Path) -> Desk:
    return Desk(invoke, tmp_path)


def year(component: str, first: str, last: str) -> dict[tuple[str, str], str]:
    """Eleven instalments and the last one."""
    return {(component, f"2025-{month:02d}"): first if month < 12 else last for month in range(1, 13)}


def expectation(lines: Mapping[tuple[str, str], str], label: str = "instalment") -> str:
    rows = [f'    ["{component}", "{month}", "{label}", "{amount}"],' for (component, month), amount in lines.items()]
    return "\n".join(("expect = [", *rows, "]"))


# --- population budgets -----------------------------------------------------------------------------------------------


def test_weighted_neighbourhoods(desk: Desk) -> None:
    facts = case("population_budget.toml", "weighted-neighbourhoods")
    given, expected = facts["given"], facts["expect"]
    weights = ", ".join(f'{measure} = "{weight}"' for measure, weight in given["weights"].items())
    areas = json.dumps(list(given["areas"]))
    components = [
        f"""
[[component]]
key = "{area.lower()}"
kind = "population"
clause = "bijlage 2"
task_field = "6.23"
budget_eur = "{given["budget"]}"
count_date = 2025-01-01
division = {{ areas = {areas}, weights = {{ {weights} }}, own_areas = ["{area}"] }}
"""
        for area in given["areas"]
    ]
    counts = [(area, measure, count) for area, found in given["areas"].items() for measure, count in found.items()]
    cents = {area: int(amount.replace(".", "")) for area, amount in expected["areas"].items()}
    assert sum(cents.values()) == int(given["budget"].replace(".", ""))
    instalments = {area: (total // 12, total - total // 12 * 11) for area, total in cents.items()}
    paid: dict[tuple[str, str], str] = {}
    for area, (first, last) in instalments.items():
        paid |= year(area.lower(), f"{first // 100}.{first % 100:02d}", f"{last // 100}.{last % 100:02d}")
    stated = expected["instalments_WK01"]
    assert (paid[("wk01", "2025-01")], paid[("wk01", "2025-12")]) == (stated["first_eleven"], stated["last"])
    example = f"""
[[example]]
name = "bijlage 2"
through = "2025-12"
counts = [{", ".join(f'["{a}", "{m}", 2025-01-01, "final", {n}]' for a, m, n in counts)}]
{expectation(paid)}
"""
    desk.accepts(HEAD + "".join(components) + example)
    rows = "\n".join(f"{area};{measure};2025-01-01;{count};definitief" for area, measure, count in counts)
    desk.do("import", "population", desk.file("counts.csv", f"gebied;maat;peildatum;aantal;status\n{rows}\n"))
    assert desk.settled("2025-12", 1) == paid


@pytest.mark.parametrize("name", ["population-growth", "population-growth-dead-band"])
def test_population_growth(desk: Desk, name: str) -> None:
    facts = case("population_budget.toml", name)
    given, expected = facts["given"], facts["expect"]
    band = ""
    if "dead_band_percent" in given:
        pays = "excess" if given["pays"] == "excess only" else "whole"
        band = f'dead_band_percent = "{given["dead_band_percent"]}", pays = "{pays}", '
    document = f"""{HEAD}
[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 4"
task_field = "6.23"
budget_eur = "{given["budget"]}"
count_date = 2024-01-01
index = [ {{ year = 2025, percent = "{given["index_percent"]}" }} ]
instalments = "quarterly"
recount = {{ {band}counts = "yearly" }}
"""
    cents = int(expected["adjusted"].replace(".", ""))
    assert cents % 4 == 0
    quarter = f"{cents // 400}.{cents // 4 % 100:02d}"
    paid = {("wijkteam", f"2025-{month}"): quarter for month in ("01", "04", "07", "10")}
    example = f"""
[[example]]
name = "groei"
through = "2025-12"
counts = [
  ["GM0502", "inhabitants", 2024-01-01, "final", {given["counted"]}],
  ["GM0502", "inhabitants", 2025-01-01, "final", {given["recounted"]}],
]
{expectation(paid)}
"""
    desk.accepts(document + example)
    header = "gebied;maat;peildatum;aantal;status\n"
    counted = f"GM0502;inhabitants;2024-01-01;{given['counted']};definitief\n"
    desk.do("import", "population", desk.file("counted.csv", header + counted))
    assert sum(cents_of(amount) for amount in desk.settled("2025-12", 1).values()) == cents_of(
        case("population_budget.toml", "population-growth")["expect"]["indexed"]
    )
    desk.do("settle", "approve", 1)
    desk.do("settle", "post", 1)
    recounted = f"GM0502;inhabitants;2025-01-01;{given['recounted']};definitief\n"
    desk.do("import", "population", desk.file("recounted.csv", header + recounted))
    grown = desk.settled("2025-12", 2)
    assert sum(cents_of(amount) for amount in grown.values()) == cents - 104960000
    assert grown.keys() == paid.keys()


def cents_of(amount: str) -> int:
    return int(amount.replace(".", ""))


def test_the_whole_country(desk: Desk) -> None:
    expected = case("population_budget.toml", "netherlands-2024")["expect"]
    said = " ".join(desk.do("import", "population", CBS).split())
    assert f"gemeenten {dutch(expected['municipalities'])} wijken {dutch(expected['districts'])}" in said
    assert f"inwoners in de gemeenten {dutch(expected['inhabitants'])}" in said
    equal = dutch(expected["municipalities_equal_to_sum_of_districts"])
    assert f"som van de wijken is gelijk bij {equal} gemeenten" in said
    assert f"grootste verschil {dutch(expected['largest_gap'])}" in said


def dutch(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def test_a_budget_says_whether_it_counts_the_municipality_or_its_districts(desk: Desk) -> None:
    """Paid side by side for the municipality where the two differ most."""
    counts = {line.split(",")[0]: int(line.split(",")[3]) for line in CBS.read_text(encoding="utf-8").splitlines()[1:]}
    gaps = {
        area: sum(n for code, n in counts.items() if code[:2] == "WK" and code[2:6] == area[2:]) - count
        for area, count in counts.items()
        if area.startswith("GM")
    }
    municipality = max(gaps, key=lambda area: abs(gaps[area]))
    assert abs(gaps[municipality]) == case("population_budget.toml", "netherlands-2024")["expect"]["largest_gap"]
    districts = [code for code in counts if code[:2] == "WK" and code[2:6] == municipality[2:]]
    components = [
        f"""
[[component]]
key = "{key}"
kind = "population"
clause = "artikel 4"
task_field = "6.23"
amount_per_inhabitant_eur = "12.00"
count_date = 2024-01-01
areas = {json.dumps(areas)}
"""
        for key, areas in (("gemeente", [municipality]), ("wijken", districts))
    ]
    desk.do("import", "population", CBS)
    desk.do("contract", "add", desk.file("contract.toml", HEAD + "".join(components)), exit_code=3)  # no example
    paid = desk.settled("2025-01", 1)
    by_municipality, by_districts = paid[("gemeente", "2025-01")], paid[("wijken", "2025-01")]
    assert by_municipality == f"{counts[municipality]}.00"
    assert by_districts == f"{counts[municipality] + gaps[municipality]}.00"


# --- volume x price ---------------------------------------------------------------------------------------------------

EFFORT = """
[[component]]
key = "zorg"
kind = "effort"
clause = "artikel 5"
products = ["45A04", "02A16"]
"""
HEADER = "reference;municipality;provider;client;product;start;end;quantity"


PRICES = "product;vanaf;tot;prijs\n"


def deliver(desk: Desk, *rows: str, exit_code: int = 0) -> str:
    path = desk.file("deliveries.csv", "\n".join((HEADER, *rows)) + "\n")
    return desk.do("import", "deliveries", path, exit_code=exit_code)


def test_minutes_on_an_hourly_tariff(desk: Desk) -> None:
    facts = case("effort_and_output.toml", "minutes-on-an-hourly-tariff")
    tariff, minutes = facts["given"]["hourly_tariff"], facts["given"]["minutes"]
    paid = {("zorg", "2025-04"): facts["expect"]["amount"]}
    desk.do(
        "tariff", "import", desk.file("prices.csv", f"{PRICES}45A04;2025-01-01;;{tariff}\n02A16;2025-01-01;;58,40\n")
    )
    desk.accepts(
        f"""{HEAD}{EFFORT}
[[example]]
name = "minuten"
through = "2025-04"
products = {{ 45A04 = {{ unit = "minute", price_per = "hour" }} }}
prices = [ ["45A04", 2025-01-01, "open", "{tariff}"] ]
deliveries = [ {{ product = "45A04", start = 2025-04-08, end = 2025-04-08, quantity = {minutes} }} ]
{expectation(paid, "45A04")}
"""
    )
    deliver(desk, f"r1;GM0502;41000002;c1;45A04;2025-04-08;2025-04-08;{minutes}")
    assert desk.settled("2025-04", 1) == paid


def test_hours_from_minutes(desk: Desk) -> None:
    facts = case("effort_and_output.toml", "hours-from-minutes")
    minutes, hours = facts["given"]["minutes"], facts["expect"]["hours"]
    paid = {("zorg", "2025-04"): f"{hours * 5840 // 100}.{hours * 5840 % 100:02d}"}
    deliveries = ", ".join(
        f'{{ product = "02A16", start = 2025-04-{7 * n + 1:02d}, end = 2025-04-{7 * n + 1:02d}, quantity = {quantity} }}'  # noqa: E501
        for n, quantity in enumerate(minutes)
    )
    desk.do("tariff", "import", desk.file("prices.csv", f"{PRICES}45A04;2025-01-01;;60,00\n02A16;2025-01-01;;58,40\n"))
    desk.accepts(
        f"""{HEAD}{EFFORT}
[[example]]
name = "uren"
through = "2025-04"
products = {{ 02A16 = {{ unit = "minute", price_per = "hour", rounding = "client_month" }} }}
prices = [ ["02A16", 2025-01-01, "open", "58.40"] ]
deliveries = [ {deliveries} ]
{expectation(paid, "02A16")}
"""
    )
    days = [f"2025-04-{7 * n + 1:02d}" for n in range(len(minutes))]
    deliver(
        desk,
        *(
            f"r{n};GM0502;41000002;c4;02A16;{day};{day};{quantity}"
            for n, (day, quantity) in enumerate(zip(days, minutes, strict=True))
        ),
    )
    assert desk.settled("2025-04", 1) == paid


def test_product_periods(desk: Desk) -> None:
    """A delivery over more than one month is refused; split at the months it is accepted and paid."""
    facts = case("effort_and_output.toml", "product-periods")
    first, last = facts["given"]["assignment"]
    periods = facts["expect"]["periods"]
    assert (periods[0][0], periods[-1][1]) == (first, last)
    desk.do("contract", "add", desk.file("contract.toml", HEAD + EFFORT), exit_code=3)  # no worked example
    desk.do("tariff", "import", desk.file("prices.csv", "product;vanaf;tot;prijs\n45A04;2025-01-01;;60,00\n"))
    refused = deliver(desk, f"r1;GM0502;41000002;c1;45A04;{first};{last};180", exit_code=3)
    assert "meer dan één maand" in refused
    assert "splits" in refused
    rows = [f"s{n};GM0502;41000002;c1;45A04;{start};{end};{60 + n}" for n, (start, end) in enumerate(periods)]
    deliver(desk, *rows)
    assert desk.settled("2025-06", 1) == {
        ("zorg", "2025-04"): "60.00", ("zorg", "2025-05"): "61.00", ("zorg", "2025-06"): "62.00",
    }  # fmt: skip


# --- a worked example that does not suffice ---------------------------------------------------------------------------

EXAMPLE = """
[[example]]
name = "minuten"
through = "2025-04"
products = { 45A04 = { unit = "minute", price_per = "hour" } }
prices = [ ["45A04", 2025-01-01, 2025-05-01, "60.00"], ["02A16", 2025-01-01, "open", "58.40"] ]
deliveries = [ { product = "45A04", start = 2025-04-08, end = 2025-04-08, quantity = 95 } ]
expect = [ ["zorg", "2025-04", "45A04", "95.00"] ]
"""


@pytest.mark.parametrize(
    ("given", "instead", "code"),
    [
        ("start = 2025-04-08, end = 2025-04-08", "start = 2026-04-08, end = 2026-04-08", "C20"),  # not in force
        ("start = 2025-04-08, end = 2025-04-08", "start = 2025-05-08, end = 2025-05-08", "C20"),  # after `through`
        ('product = "45A04"', 'product = "44A09"', "C20"),
        ('{ product = "45A04"', '{ municipality = "GM0597", product = "45A04"', "C20"),
        ('product = "45A04"', 'product = "02A16"', "C21"),
        ("2025-05-01", "2025-04-08", "P01"),
    ],
)
def test_a_worked_example_on_too_few_facts_is_refused(given: str, instead: str, code: str) -> None:
    right = contract_of(HEAD + EFFORT + EXAMPLE)
    assert [str(result.amount) for result in settle_example(right, right.example[0])] == ["95.00"]
    assert EXAMPLE.count(given) == 1
    wrong = contract_of(HEAD + EFFORT + EXAMPLE.replace(given, instead))
    with pytest.raises(Refusal, match="gegevens ontbreken") as refusal:
        settle_example(wrong, wrong.example[0])
    assert [finding.code for finding in refusal.value.findings] == [code]


def test_a_worked_example_of_a_budget_without_its_count_is_refused() -> None:
    document = population_contract(base='amount_per_inhabitant_eur = "120.00"\ncount_date = 2026-01-01', covers=())
    example = EXAMPLE.replace('2025-04"', '2026-01"')
    contract = contract_of(document + "\n".join(line for line in example.splitlines() if "deliveries" not in line))
    with pytest.raises(Refusal) as refusal:
        settle_example(contract, contract.example[0])
    assert [finding.code for finding in refusal.value.findings] == ["F01"]


def test_a_worked_example_shows_what_a_budget_covers() -> None:
    document = population_contract(base='budget_eur = "1200.00"', start="2025-01-01", covers=("45A04",))
    contract = contract_of(document + EXAMPLE)
    lines = [(str(r.month), r.label, str(r.amount)) for r in settle_example(contract, contract.example[0])]
    assert sorted(lines) == [
        ("2025-01", "instalment", "100.00"),
        ("2025-02", "instalment", "100.00"),
        ("2025-03", "instalment", "100.00"),
        ("2025-04", "45A04", "95.00"),
        ("2025-04", "instalment", "100.00"),
    ]
