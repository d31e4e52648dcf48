"""Two contracts over three months, every figure of `tests/cases/worked_months.toml`, by the commands a user gives.

The story is played once; each test looks at one side of it. Here the catalogue and the parties are recordings of their
own and come first, so every number of the file is raised by `OFFSET`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection, Engine, select

import cli
from contracts.tables import contracts, providers
from database.connection import transaction
from importers.tables import batch_findings, batches
from kernel.money import Eur
from settlement.reading import read_run
from settlement.tables import journal_entries, journal_lines
from tests.settlement.books import Books, effort_contract, population_contract, said

CASE = tomllib.loads((Path(__file__).parents[1] / "cases" / "worked_months.toml").read_text(encoding="utf-8"))
RECORDINGS = {recording["number"]: recording for recording in CASE["recording"]}
RUNS: dict[str, dict[str, Any]] = {run["name"]: run for run in CASE["run"]}
OFFSET = 2

PARTIES = "soort;code;naam\ngemeente;GM0502;Capelle\naanbieder;41000001;Wijkteam\naanbieder;41000002;Zorg\n"
PRODUCTS = """wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf
Jeugdwet;45;45A04;Ambulant;minuut;uur;regel;tweede;lokaal;6.751;2025-01-01
Jeugdwet;44;44A09;Logeren;dag;dag;regel;tweede;regionaal;6.762;2025-01-01
Wmo;02;02A16;Begeleiding;minuut;uur;cliënt en maand;eerste;lokaal;6.712;2025-01-01
"""
TERMS = CASE["contract"]["A"]
POPULATION = (
    population_contract(
        base=f'amount_per_inhabitant_eur = "{TERMS["amount_per_inhabitant_eur"]}"\ncount_date = {TERMS["count_date"]}\n'
        f'recount = {{ dead_band_percent = "{TERMS["dead_band_percent"]}", pays = "excess" }}',
        covers=TERMS["covers"],
    )
    + """
[[example]]
name = "januari"
through = "2026-01"
counts = [ ["GM0502", "inhabitants", 2026-01-01, "provisional", 10000] ]
expect = [ ["wijkteam", "2026-01", "instalment", "100000.00"] ]
"""
)
EFFORT = (
    effort_contract(products=CASE["contract"]["B"]["products"])
    + """
[[example]]
name = "uren"
through = "2026-01"
products = { 02A16 = { unit = "minute", price_per = "hour", rounding = "client_month" } }
prices = [ ["02A16", 2026-01-01, "open", "58.40"] ]
deliveries = [
    { product = "02A16", start = 2026-01-06, end = 2026-01-06, quantity = 190 },
    { product = "02A16", start = 2026-01-20, end = 2026-01-20, quantity = 190 },
]
expect = [ ["zorg", "2026-01", "02A16", "350.40"] ]
"""
)


def prices_file(rows: Sequence[Sequence[Any]]) -> str:
    lines = [f"{product};{start};{'' if until == 'open' else until};{price}" for product, start, until, price in rows]
    return "\n".join(("product;vanaf;tot;prijs", *lines)) + "\n"


def count_file(number: int) -> str:
    status, persons = re.findall(r"(preliminary|final): (\d+)", RECORDINGS[number]["what"])[0]
    status = {"preliminary": "voorlopig", "final": "definitief"}[status]
    return f"gebied;maat;peildatum;aantal;status\nGM0502;inhabitants;2026-01-01;{persons};{status}\n"


def deliveries_file(number: int) -> str:
    header = "reference;provider;client;product;from;to;quantity;D/C;previous;municipality"
    rows = [";".join(map(str, (*row, CASE["municipality"]))) for row in RECORDINGS[number]["rows"]]
    return "\n".join((header, *rows)) + "\n"


def recorded(number: int) -> tuple[tuple[str, ...], str]:
    """The command that records a recording of the case, and the file it is given."""
    recording = RECORDINGS[number]
    if "rows" in recording:
        return ("import", "deliveries"), deliveries_file(number)
    if "prices" in recording:
        version = re.findall(r"version (\d)", recording["what"])[0]
        return ("tariff", "import", "--version", version), prices_file(recording["prices"])
    if recording["what"].startswith("population"):
        return ("import", "population"), count_file(number)
    amount, contract, day = re.findall(r"advance of ([\d.]+) .* contract (\w) on (\S+)", recording["what"])[0]
    return ("import", "advances"), f"contract;datum;bedrag;referentie\n{contract};{day};{amount};V1\n"


@dataclass
class Story:
    """What the program said while the months were played."""

    engine: Engine
    invoke: Callable[..., Result]
    imports: dict[int, Result] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    again: dict[str, Any] = field(default_factory=dict)
    refusals: list[Result] = field(default_factory=list)
    dry: Result | None = None

    def number(self, name: str) -> int:
        return int(self.runs[name]["run"])

    def contract(self, name: str, contract: str) -> dict[str, Any]:
        [found] = [c for c in self.runs[name]["contracts"] if c["contract"] == contract]
        return found


@pytest.fixture(scope="module")
def story(shared_engine: Engine, module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("worked_months")
    home = {
        "BEKOSTIGING_DATABASE_URL": module_database_url,
        "BEKOSTIGING_HOME": str(folder / "home"),
        "BEKOSTIGING_USER": "tester",
    }

    def invoke(*arguments: object, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(cli.main, [str(a) for a in arguments], env=home)
        assert result.exit_code == exit_code, (arguments, result.output)
        return result

    def file(name: str, content: str) -> Path:
        path = folder / name
        path.write_text(content, encoding="utf-8")
        return path

    def record(number: int, exit_code: int = 0) -> None:
        command, content = recorded(number)
        path = file(f"recording_{number}.csv", content)
        story.imports[number] = invoke(*command, path, exit_code=exit_code)

    def settle(name: str) -> int:
        run = len(story.runs) + 1
        invoke("settle", "run", "--period", RUNS[name]["period"])
        story.runs[name] = json.loads(invoke("settle", "show", run, "--json").stdout)
        return run

    def post(run: int) -> None:
        invoke("settle", "approve", run)
        for contract in ((), ("--contract", "A"), ("--contract", "B")):
            refused = invoke("settle", "run", "--period", "2026-03", *contract, exit_code=1)
            story.refusals.append(refused)
        invoke("settle", "post", run)

    story = Story(shared_engine, invoke)
    invoke("tariff", "products", file("products.csv", PRODUCTS))
    invoke("contract", "parties", file("parties.csv", PARTIES))
    invoke("contract", "add", file("a.toml", POPULATION), file("b.toml", EFFORT))
    for number in (2, 3, 4):
        record(number)
    record(5, exit_code=3)
    post(settle("january"))
    record(7)
    post(settle("february"))
    record(9)
    record(10)
    record(11, exit_code=3)
    post(settle("march"))
    february = (
        "settle",
        "run",
        "--period",
        RUNS["february"]["period"],
        "--cutoff",
        RUNS["february"]["cut_off"] + OFFSET,
    )
    story.dry = invoke(*february, "--dry-run")
    invoke(*february)
    story.again = json.loads(invoke("settle", "show", 4, "--json").stdout)
    return story


@pytest.fixture
def connection(story: Story) -> Iterator[Connection]:
    with transaction(story.engine) as connection:
        yield connection


# --- what comes in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [number for number, recording in RECORDINGS.items() if "rows" in recording])
def test_every_row_of_a_file_is_accounted_for(connection: Connection, number: int) -> None:
    expected = RECORDINGS[number]["expect"]
    batch = connection.execute(select(batches).where(batches.c.recording == number + OFFSET)).one()
    counted = {
        "read": batch.rows_read,
        "accepted": batch.rows_accepted,
        "rejected": batch.rows_rejected,
        "waiting": batch.rows_waiting,
        "already_known": batch.rows_known,
    }
    amounts = {name: value if isinstance(value, int) else len(value) for name, value in expected.items()}
    assert counted == dict.fromkeys(counted, 0) | amounts


def test_a_row_that_does_not_count_is_named_with_its_reason(story: Story, connection: Connection) -> None:
    query = select(batch_findings).order_by(batch_findings.c.recording, batch_findings.c.row_number)
    findings = connection.execute(query).all()
    # rX is on line 10 of file 1: its product is not in the catalogue. r14 is on line 3 of file 3: it waits for r16.
    assert [(f.recording - OFFSET, f.row_number, f.code) for f in findings] == [(5, 10, "D06"), (11, 3, "D33")]
    assert "99X99" in findings[0].message
    assert "r16" in findings[1].message
    assert "99X99" in story.imports[5].output
    assert "r16" in story.imports[11].output


# --- what is said -----------------------------------------------------------------------------------------------------


def lines_of(run: Mapping[str, Any], timing: str, treatment: str = "payable") -> list[list[str]]:
    return [
        [contract["contract"], line["month"], line["label"], line["amount_eur"]]
        for contract in run["contracts"]
        for line in contract["lines"]
        if (line["timing"], line["treatment"]) == (timing, treatment)
    ]


def expected_lines(name: str, kind: str) -> list[list[str]]:
    return sorted(line[:4] for line in RUNS[name].get(kind, []))


@pytest.mark.parametrize("name", RUNS)
def test_lines(story: Story, name: str) -> None:
    run = story.runs[name]
    assert run["cutoff"] == RUNS[name]["cut_off"] + OFFSET
    assert sorted(lines_of(run, "current")) == expected_lines(name, "lines")
    assert sorted(lines_of(run, "correction")) == expected_lines(name, "corrections")
    assert sorted(lines_of(run, "prior_year")) == expected_lines(name, "prior_year")
    shadow = [line for timing in ("current", "correction", "prior_year") for line in lines_of(run, timing, "shadow")]
    assert shadow == expected_lines(name, "shadow")


@pytest.mark.parametrize("name", RUNS)
def test_totals_and_what_is_paid(story: Story, name: str) -> None:
    run = story.runs[name]
    assert {c["contract"]: c["total_eur"] for c in run["contracts"]} == RUNS[name]["total"]
    assert {c["contract"]: c["to_pay_eur"] for c in run["contracts"]} == RUNS[name]["to_pay"]
    assert not any(c["parked"] or c["findings"] for c in run["contracts"])
    assert run["findings"] == []


def expected_causes(reason: str, amount: str) -> list[tuple[str, str]]:
    """The kinds of cause in a reason of the case, with their amounts; a single one has the whole amount."""
    named = re.findall(r"(late|credit) r\d+ ([+-][\d.]+)", reason)
    return [(kind, part.lstrip("+")) for kind, part in named] or [(reason.split()[0], amount)]


@pytest.mark.parametrize("name", ["february", "march"])
def test_every_correction_has_its_reason(story: Story, name: str) -> None:
    reasons = {
        (contract, month, label): expected_causes(reason, amount)
        for contract, month, label, amount, reason in (*RUNS[name]["corrections"], *RUNS[name].get("prior_year", []))
    }
    found = {
        (contract["contract"], line["month"], line["label"]): [(c["kind"], c["amount_eur"]) for c in line["causes"]]
        for contract in story.runs[name]["contracts"]
        for line in contract["lines"]
        if line["timing"] != "current"
    }
    assert found == reasons
    assert all(
        line["causes"] == []
        for contract in story.runs[name]["contracts"]
        for line in contract["lines"]
        if line["timing"] == "current"
    )


def test_a_reason_holds_its_numbers(story: Story, connection: Connection) -> None:
    def values(name: str, contract: str, month: str, label: str) -> list[Mapping[str, str]]:
        run = read_run(connection, story.number(name))
        return [
            cause.values
            for settled in run.contracts
            for line in settled.lines
            for cause in line.line.causes
            if (settled.contract.number, str(line.line.key.month), line.line.key.label) == (contract, month, label)
        ]

    late, credit = values("february", "B", "2026-01", "45A04")
    assert (late["references"], credit["references"]) == ("r10", "r11")
    [hours] = values("february", "B", "2026-01", "02A16")
    assert hours["references"] == "r12"
    assert (hours["quantity"], hours["billed_quantity"], hours["billed_quantity_before"]) == ("405", "7", "6")
    [price] = values("march", "B", "2026-02", "45A04")
    assert (price["before_eur"], price["now_eur"]) == ("60.00", "61.75")
    for month in ("2026-01", "2026-02"):
        [recount] = values("march", "A", month, "instalment")
        assert (recount["counted"], recount["recounted"]) == ("10000", "10150")
        assert (recount["growth_percent"], recount["dead_band_percent"], recount["paid_percent"]) == ("1.5", "1", "0.5")
    [prior] = values("march", "B", "2025-12", "45A04")
    assert prior["references"] == "r15"


# --- what is booked ---------------------------------------------------------------------------------------------------


def journal_of(connection: Connection, run: int) -> list[list[str]]:
    """Per entry the sum of each account, with the provider where the account is one with a party."""
    query = (
        select(journal_lines, contracts.c.number, journal_entries.c.kind, providers.c.agb_code)
        .join(journal_entries, journal_entries.c.entry == journal_lines.c.entry)
        .join(contracts, contracts.c.id == journal_entries.c.contract_id)
        .join(providers, providers.c.id == journal_lines.c.provider_id)
        .where(journal_entries.c.run_id == run)
        .order_by(contracts.c.number, journal_entries.c.kind, journal_lines.c.line)
    )
    sums: dict[tuple[str, ...], Any] = {}
    for row in connection.execute(query):
        account = row.account if row.account == "cost" else f"{row.account} {row.agb_code}"
        key = (row.number, row.kind, account)
        sums[key] = sums[key] + row.amount_eur if key in sums else row.amount_eur
    return [[account, str(amount)] for (_, _, account), amount in sums.items()]


def test_the_journal_of_january(story: Story, connection: Connection) -> None:
    assert journal_of(connection, story.number("january")) == RUNS["january"]["journal"]


@pytest.mark.parametrize("name", RUNS)
def test_the_journal_is_what_is_owed_and_what_is_paid(story: Story, connection: Connection, name: str) -> None:
    sums: Counter[str] = Counter()
    for account, amount in journal_of(connection, story.number(name)):
        sums[account] += Eur(amount).cents
    expected = Counter[str]()
    for contract, provider in (("A", "41000001"), ("B", "41000002")):
        owed, paid = (Eur(RUNS[name][kind][contract]).cents for kind in ("total", "to_pay"))
        expected["cost"] += owed
        expected[f"payable {provider}"] -= paid
        if owed != paid:
            expected[f"advance {provider}"] -= owed - paid
    assert sums == expected


def test_costs_of_an_earlier_year_are_marked_in_the_journal(story: Story, connection: Connection) -> None:
    query = (
        select(journal_lines)
        .join(journal_entries, journal_entries.c.entry == journal_lines.c.entry)
        .where(journal_lines.c.prior_year)
    )
    [marked] = connection.execute(query).all()
    assert (str(marked.service_month), str(marked.amount_eur), marked.task_field) == ("2025-12-01", "58.00", "6.751")


# --- again ------------------------------------------------------------------------------------------------------------


def test_february_again_says_the_same_also_after_march_was_posted(story: Story) -> None:
    first, again = story.runs["february"], story.again
    assert again["output_sha256"] == first["output_sha256"]
    assert again["contracts"] == first["contracts"]
    assert (again["cutoff"], again["period"], again["run"]) == (first["cutoff"], first["period"], 4)
    assert story.dry is not None
    assert first["output_sha256"][:16] in story.dry.output


def test_february_again_can_not_be_posted(story: Story) -> None:
    refused = story.invoke("settle", "approve", 4, exit_code=1)
    assert "verouderd" in refused.output


def test_an_approved_run_keeps_its_contracts_to_itself(story: Story) -> None:
    assert len(story.refusals) == 9
    for refused in story.refusals:
        assert "goedgekeurde run die nog niet geboekt is" in refused.output


# --- any order --------------------------------------------------------------------------------------------------------

IN_ANY_ORDER = (2, 3, 4, 5, 7, 9, 10, 11)
ORDERS = [
    IN_ANY_ORDER,
    IN_ANY_ORDER[::-1],
    *(tuple(Random(seed).sample(IN_ANY_ORDER, len(IN_ANY_ORDER))) for seed in range(8)),
]
# What the case says in words: a first run up to March that knows all, for 2026 and for 2025.
TO_DATE = {
    "A": {(f"2026-0{month}", "instalment"): "100500.00" for month in (1, 2, 3)},
    "B": {
        ("2025-12", "45A04"): "58.00",
        ("2026-01", "45A04"): "125.00",
        ("2026-02", "45A04"): "123.50",
        ("2026-03", "45A04"): "97.77",
        ("2026-01", "44A09"): "637.05",
        ("2026-01", "02A16"): "408.80",
    },
}


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(map(str, order)))
def test_the_order_of_recordings_changes_nothing(books: Books, order: Sequence[int]) -> None:
    books.open(POPULATION, EFFORT)
    for number in order:
        (_, kind, *_), content = recorded(number)
        path = books.file(content)
        books.import_file(kind, path, version=1 if number == 3 else 2)
    run = books.settle("2026-03")
    for contract, expected in TO_DATE.items():
        assert said(run, contract) == expected
    totals = {contract.contract.number: str(contract.total) for contract in run.contracts}
    assert totals == {"A": "301500.00", "B": "1450.12"}
    assert str(run.contracts[1].to_pay) == "950.12"


# --- the installed command --------------------------------------------------------------------------------------------


def test_january_by_the_installed_command(database_url: str, tmp_path: Path) -> None:
    script = shutil.which("bekostiging", path=str(Path(sys.executable).parent))
    assert script, "the project is installed in the environment of the tests"

    def run(*arguments: str | Path, exit_code: int = 0) -> str:
        done = subprocess.run(
            [script, *map(str, arguments)],
            env={**os.environ, "BEKOSTIGING_DATABASE_URL": database_url},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done.stdout

    def file(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    def invoke(*arguments: str | Path) -> None:
        result = CliRunner().invoke(
            cli.main, [str(a) for a in arguments], env={"BEKOSTIGING_DATABASE_URL": database_url}
        )
        assert result.exit_code == 0, result.output

    # The register comes in as it does elsewhere; each start of a process costs a second.
    invoke("tariff", "products", file("products.csv", PRODUCTS))
    invoke("contract", "parties", file("parties.csv", PARTIES))
    for number in (2, 3):
        command, content = recorded(number)
        invoke(*command, file(f"{number}.csv", content))
    run("contract", "add", file("a.toml", POPULATION), file("b.toml", EFFORT))
    invoke(*recorded(4)[0], file("4.csv", recorded(4)[1]))
    run("import", "deliveries", file("5.csv", recorded(5)[1]), exit_code=3)
    run("settle", "run", "--period", "2026-01")
    run("settle", "approve", "1")
    run("settle", "post", "1")
    posted = json.loads(run("settle", "show", "1", "--json"))
    assert posted["state"] == "posted"
    assert sorted(lines_of(posted, "current")) == expected_lines("january", "lines")
    assert {c["contract"]: c["to_pay_eur"] for c in posted["contracts"]} == RUNS["january"]["to_pay"]
