"""The commands of contracts, on a database of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from contracts.commands import contract
from contracts.register import ReachBack
from database.command_line import Later
from database.session import Database
from kernel.findings import Refusal
from tariffs.commands import tariff
from tariffs.price_lists import NOT_USED, PriceUse

Run = Callable[..., Result]


@dataclass(frozen=True, slots=True)
class Session(Database):
    """The database and, as the program gives them, what settles worked examples and who uses prices."""

    settle_example: Any = field(kw_only=True)

    def price_use(self) -> PriceUse:
        return NOT_USED

    def reach_back(self) -> ReachBack:
        return lambda *_: []  # nothing was posted


@pytest.fixture
def run(database_url: str, settler: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("BEKOSTIGING_DATABASE_URL", database_url)

    def run(*arguments: str | Path, group: Any = contract) -> Result:
        return CliRunner().invoke(group, [str(a) for a in arguments], obj=Session(settle_example=settler))

    return run


@pytest.fixture
def prepared_run(run: Run, parties_file: Path, products_file: Path, prices_file: Path) -> Run:
    assert run("parties", parties_file).exit_code == 0
    assert run("products", products_file, group=tariff).exit_code == 0
    assert run("import", prices_file, group=tariff).exit_code == 0
    return run


def test_parties(run: Run, parties_file: Path) -> None:
    assert run("parties", parties_file).output == (
        "Vastlegging 1: 4 partijen nieuw, 0 met een andere naam, 0 al bekend.\n"
    )
    assert run("parties", parties_file).output == "Al bekend: 4 partijen; er is niets vastgelegd.\n"


def test_check_records_nothing(prepared_run: Run, document: Callable[..., Path], population: str) -> None:
    result = prepared_run("check", document(population))
    assert (result.exit_code, result.output) == (0, "Contract A is in orde.\nEr is niets vastgelegd.\n")
    assert "is niet bekend" in str(prepared_run("show", "A").exception)


def test_add_tells_what_became_of_each(
    prepared_run: Run, document: Callable[..., Path], population: str, effort: str
) -> None:
    first = prepared_run("add", document(population))
    assert (first.exit_code, first.output) == (0, "Vastlegging 4:\n  A: nieuw\n")
    again = prepared_run("add", document(population))
    assert again.output == "Al bekend: 1 contract; er is niets vastgelegd.\n  A: al bekend\n"
    changed = prepared_run("add", document(population.replace("lid 1", "lid 2")), document(effort, "b.toml"))
    assert changed.output == "Vastlegging 5:\n  B: nieuw\n  A: nieuwe versie\n"


def test_add_with_a_warning_ends_with_3(prepared_run: Run, document: Callable[..., Path], population: str) -> None:
    result = prepared_run("add", document(population.split("[[example]]")[0]))
    assert result.exit_code == 3
    assert result.output == (
        "Vastlegging 4:\n  A: nieuw\n"
        "Let op:\n  W01\n"
        "    a.toml: het contract heeft geen rekenvoorbeeld; neem de rekenvoorbeelden uit\n      de bijlage op\n"
    )


def test_a_refusal_records_nothing(prepared_run: Run, document: Callable[..., Path], population: str) -> None:
    result = prepared_run("add", document(population.replace("45A04", "99X99")))
    assert isinstance(result.exception, Refusal)
    assert prepared_run("add", document(population)).output == "Vastlegging 4:\n  A: nieuw\n"


def test_findings_stand_under_their_code(invoke: Run, document: Callable[..., Path], population: str) -> None:
    text = population.replace("41000001", "41000009").replace('"GM0502"]\nlaws', '"GM0502", "GM0001"]\nlaws')
    result = invoke("contract", "check", document(text.replace('= "6.23"', '= "6.23"\nmunicipality = "GM0502"')))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Geweigerd: niets is vastgelegd: 4 bevindingen",
        "  C05",
        "    a.toml, regel 3, sleutel provider: aanbieder 41000009 is onbekend; lees de",
        '      partij eerst in met "bekostiging contract parties"',
        "  C06 (2 keer)",
        "    a.toml, regel 4, sleutel municipalities[1]: gemeente GM0502 is onbekend;",
        '      lees de partij eerst in met "bekostiging contract parties"',
        "    a.toml, regel 4, sleutel municipalities[2]: gemeente GM0001 is onbekend;",
        '      lees de partij eerst in met "bekostiging contract parties"',
        "  C09",
        '    a.toml, regel 18, onderdeel "wijkteam", sleutel covers[1]: product 45A04 is',
        '      onbekend; lees het product eerst in met "bekostiging tariff products"',
        "Wat te doen: verbeter de documenten en lees ze opnieuw in",
    ]


def test_list(prepared_run: Run, document: Callable[..., Path], population: str, effort: str) -> None:
    prepared_run("add", document(population))
    prepared_run("add", document(effort, "b.toml"))
    output = prepared_run("list").output
    assert [line.split()[:3] for line in output.splitlines() if "2029" in line] == [
        ["A", "Wijkteam", "Capelle"],
        ["B", "Ambulant", "01-01-2025"],
    ]
    assert "Coöperatie" in output
    assert max(map(len, output.splitlines())) <= 80
    assert "Coöperatie" not in prepared_run("list", "--cutoff", "4").output


def test_show_sums_up_a_contract(prepared_run: Run, document: Callable[..., Path], population: str) -> None:
    prepared_run("add", document(population))
    lines = prepared_run("show", "A").output.splitlines()
    assert lines[:-1] == [
        "Contract A: Wijkteam Capelle",
        "Aanbieder: 41000001 Wijkteams",
        "Gemeenten: GM0502 Capelle aan den IJssel",
        "Wetten: Jeugdwet, Wmo",
        "Looptijd: 01-01-2026 tot 01-01-2029, van alle onderdelen",
        "Opzegtermijn: 6 maanden",
        "Voorschotten: geheel verrekend met de eerstvolgende afrekening",
        "",
        'Onderdeel "wijkteam": populatiebekostiging (artikel 4 lid 1)',
        "  Budget: 120,00 per inwoner; geteld in GM0502 op 01-01-2026",
        "  Betaling: per maand",
        "  Hertelling: de definitieve telling; groei boven 1% telt, alleen het meerdere",
        "  Leveringen van 45A04 tellen mee als schaduw (prijslijst standaard)",
        "  Betaald door: GM0502 Capelle aan den IJssel",
        "  Taakveld: 6.23 Toegang en eerstelijnsvoorzieningen Integraal",
        "",
        "Rekenvoorbeeld: januari, tot en met 2026-01",
        "",
    ]
    assert lines[-1].startswith("Vastlegging 4 van ")
    assert lines[-1].endswith("door tester  (getoond)")


def test_show_tells_what_follows_without_a_recount(
    prepared_run: Run, document: Callable[..., Path], population: str
) -> None:
    text = population.replace("notice_months = 6", "notice_months = 1")
    prepared_run("add", document("\n".join(line for line in text.splitlines() if not line.startswith("recount"))))
    output = prepared_run("show", "A").output
    assert "  Hertelling: geen; de definitieve telling komt geheel in de plaats van de\n    voorlopige\n" in output
    assert "Opzegtermijn: 1 maand\n" in output


def test_show_fits_80_columns(prepared_run: Run, document: Callable[..., Path], effort: str) -> None:
    title = "Een contract met een titel die zo lang is dat hij niet op een regel past, echt "
    prepared_run("add", document(effort.replace('"Ambulant"', f'"{title}"')))
    output = prepared_run("show", "B").output
    assert "past, echt" in " ".join(output.split())
    assert max(map(len, output.splitlines())) <= 80


def test_show_an_earlier_version(prepared_run: Run, document: Callable[..., Path], population: str) -> None:
    prepared_run("add", document(population))
    prepared_run("add", document(population.replace("120.00", "240.00").replace("100000.00", "200000.00")))
    assert "240,00 per inwoner" in prepared_run("show", "A").output
    assert "120,00 per inwoner" in prepared_run("show", "A", "--version", "4").output
    refusal = prepared_run("show", "A", "--version", "2").exception
    assert isinstance(refusal, Refusal)
    assert (refusal.message, refusal.hint) == ("contract A heeft geen versie met vastlegging 2", "kies uit 4, 5")


def test_diff(prepared_run: Run, document: Callable[..., Path], population: str) -> None:
    prepared_run("add", document(population))
    refusal = prepared_run("diff", "A").exception
    assert isinstance(refusal, Refusal)
    assert (refusal.message, "contract add" in refusal.hint) == ("contract A heeft maar één versie", True)
    for clause in ("lid 2", "lid 3"):
        prepared_run("add", document(population.replace("lid 1", clause)))
    last = prepared_run("diff", "A").output.splitlines()
    assert last[:2] == ["--- A, vastlegging 5", "+++ A, vastlegging 6"]
    assert [line for line in last if line[0] in "+-"][2:] == [
        '-clause = "artikel 4 lid 2"',
        '+clause = "artikel 4 lid 3"',
    ]
    assert '-clause = "artikel 4 lid 3"' in prepared_run("diff", "A", "6", "4").output
    assert prepared_run("diff", "A", "5").exit_code == 2


def test_schema_is_json_schema_of_the_document(run: Run) -> None:
    schema = json.loads(run("schema").output)
    assert set(schema["required"]) == {
        "contract", "title", "provider", "municipalities", "laws", "in_force", "component",
    }  # fmt: skip
    assert schema["properties"]["in_force"] == {"$ref": "#/$defs/InForce"}
    assert "from" in schema["$defs"]["InForce"]["properties"]
    assert schema["$defs"]["PopulationComponent"]["additionalProperties"] is False


OWN = [command for command in contract.commands.values() if not isinstance(command, Later)]


@pytest.mark.parametrize("command", OWN, ids=lambda command: command.name)
def test_every_command_explains_itself(command: Any) -> None:
    assert "Voorbeeld:" in command.help
    assert f"bekostiging contract {command.name}" in command.help
