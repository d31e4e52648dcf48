"""`--json`: one document on stdout, with the exit code that the command has without it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from tests.settlement.books import Books, delivery, effort_contract

FACTS = "contract;jaar;soort;ontvangen;oordeel;bedrag"


@pytest.fixture
def ask(books: Books, tmp_path: Path) -> Any:
    url = books.engine.url.render_as_string(hide_password=False)
    home = {"BEKOSTIGING_DATABASE_URL": url, "BEKOSTIGING_HOME": str(tmp_path), "BEKOSTIGING_USER": "tester"}

    def ask(*arguments: str | Path, code: int = 0) -> Any:
        result = CliRunner().invoke(cli.main, [*map(str, arguments), "--json"], env=home)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    return ask


def test_every_answer_is_one_document(books: Books, ask: Any, tmp_path: Path) -> None:
    books.open(effort_contract(products=["45A04"])).prices("45A04;2026-01-01;;60,00")
    books.deliver(delivery("r1", "45A04", "2026-01-05", 95))

    def file(name: str, *lines: str) -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    assert ask("tariff", "list")["price_lists"][0]["holds"] is True
    [price] = ask("tariff", "list", "standaard")["prices"]
    assert (price["price"], price["valid_from"], price["valid_until"]) == ("60.00", "2026-01-01", None)
    [listed] = ask("contract", "list")["contracts"]
    assert ask("contract", "show", listed["contract"])["contract"]["contract"] == listed["contract"]
    counts = file("n.csv", "gebied;maat;peildatum;aantal;status", "GM0502;inwoners;2026-01-01;9;voorlopig")
    assert ask("import", "population", counts)["added"] == 1
    paid = file("v.csv", "contract;datum;bedrag;referentie", f"{listed['contract']};2026-01-10;20,00;V1")
    assert ask("import", "advances", paid)["total_eur"] == "20.00"
    received = file("f.csv", FACTS, f"{listed['contract']};2025;jaarrekening;01-04-2026;;")
    assert ask("import", "accountability", received)["added"] == 1
    assert ask("import", "waiting") == {"credits": []}
    run = ask("settle", "run", "--period", "2026-01")
    assert run["contracts"][0]["total_eur"] == "95.00"
    shown = ask("settle", "show", "1")
    assert shown.pop("recorded_since") == []
    assert shown.items() <= run.items()
    assert ask("settle", "list")["runs"][0]["to_pay_eur"] == run["contracts"][0]["to_pay_eur"]
    assert ask("explain", "1")["contracts"][0]["lines"][0]["line"] == 1
    explained = ask("explain", "1", "1")
    assert (explained["amount_eur"], explained["deliveries"][0]["service_from"]) == ("95.00", "2026-01-05")
    assert "Telt mee" in ask("explain", "1", "--reference", "r1")["paragraphs"][0]
    assert ask("ledger", "check")["holds"] is True
    assert ask("db", "status")["server"].startswith("eigen server")
    assert ask("schedule", "list") == {"jobs": [], "alarms": []}


def test_a_refusal_is_a_document_too(ask: Any) -> None:
    said = ask("settle", "show", "7", code=1)
    assert said.keys() == {"refused", "remedy", "findings"}


def test_rows_that_do_not_count_come_with_place_code_and_remedy(books: Books, ask: Any, tmp_path: Path) -> None:
    books.open(effort_contract(products=["45A04"]))
    (tmp_path / "een.csv").write_text("referentie;gemeente;aanbieder;bsn;product;begindatum;einddatum;aantal\n"
        "r1;GM0502;41000002;999900006;99X99;2026-01-05;2026-01-05;95\n")  # fmt: skip
    (tmp_path / "leeg.csv").write_text("")
    [file] = ask("import", "deliveries", tmp_path / "een.csv", code=3)["files"]
    assert (file["account"]["rows_rejected"], file["account"]["claimed_read_eur"]) == (1, "0.00")
    [finding] = file["findings"]["rejected"]
    assert (finding["code"], finding["place"]) == ("D06", 'rij 2, kolom "product"')
    both = ask("import", "deliveries", tmp_path / "een.csv", tmp_path / "leeg.csv", code=1)
    assert [refused["file"] for refused in both["refused"]] == ["leeg.csv"]


def test_every_command_with_json_is_documented() -> None:
    from tests.test_house import COMMANDS

    told = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    facts = {
        f"import {kind}"
        for kind in (
            "referrals",
            "households",
            "assignments",
            "trajectories",
            "accountability",
            "determinations",
            "moves",
        )
    }
    named = {command.strip() for command in re.findall(r"`([a-z][a-z -]+)", told)} | facts
    asked = {
        name.removeprefix("bekostiging ")
        for name, command in COMMANDS.items()
        if any(option.name == "as_json" for option in command.params)
    }
    assert asked - named == set()
