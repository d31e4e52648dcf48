"""A file of which nothing was taken in is received and refused, and not missing without a word."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from kernel.periods import Month
from settlement.missing_files import missing_files
from settlement.schedule.messages import missing_lines
from tests.settlement.books import CARE, DELIVERIES_HEADER, OTHER, Books, delivery, effort_contract

Import = Callable[..., Result]


@pytest.fixture
def region(books: Books) -> Books:
    """CARE delivered in January, of OTHER nothing came."""
    books.open(effort_contract(products=["45A04"]), effort_contract("O", provider=OTHER, products=["45A04"]))
    books.deliver(*(delivery(f"r{number}", "45A04", "2026-01-05", number + 1) for number in range(12)))
    return books


@pytest.fixture
def take(region: Books, tmp_path: Path) -> Import:
    """Import a file with the program."""
    url = region.engine.url.render_as_string(hide_password=False)

    def take(name: str, rows: Sequence[str], header: str = DELIVERIES_HEADER, *options: str) -> Result:
        path = tmp_path / name
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        home = str(region.folder)  # its key for client numbers
        environment = {"BEKOSTIGING_DATABASE_URL": url, "BEKOSTIGING_HOME": home}
        return CliRunner().invoke(cli.main, ["import", "deliveries", str(path), *options], env=environment)

    return take


def refused(books: Books) -> dict[str, list[str]]:
    with books.transaction() as connection:
        return {file.provider: list(file.refused) for file in missing_files(connection, Month(2026, 2))}


def february(provider: str = CARE, **more: str) -> list[str]:
    """Rows with the references of January: of CARE, too many to take some of them."""
    return [
        delivery(f"r{number}", "45A04", "2026-02-05", number + 1, provider=provider, **more) for number in range(12)
    ]


def test_a_file_that_is_refused_whole(region: Books, take: Import) -> None:
    assert refused(region) == {CARE: [], OTHER: []}
    assert take("feb.csv", february()).exit_code == 1
    assert take("feb.csv", february()).exit_code == 1
    assert refused(region) == {CARE: ["feb.csv"], OTHER: []}
    with region.transaction() as connection:
        lines = missing_lines(missing_files(connection, Month(2026, 2)))
    assert [line for line in lines if "ontvangen en geweigerd: feb.csv" in line] == [lines[0]]
    assert take("feb.csv", february(), DELIVERIES_HEADER, "--references-per-month").exit_code == 0
    assert refused(region) == {OTHER: []}  # of CARE nothing is missing


def test_a_file_of_which_every_row_is_rejected(region: Books) -> None:
    region.deliver(delivery("o1", "45A04", "2026-02-05", 0, provider=OTHER), "totaal;;;;;;;60;;;;")
    found = refused(region)
    assert (found[CARE], len(found[OTHER])) == ([], 1)
    region.deliver(delivery("o1", "45A04", "2026-01-05", 60, provider=OTHER))
    assert refused(region)[OTHER] == []  # something was taken in since


def test_nothing_is_recorded_of_what_nobody_sent(region: Books, take: Import) -> None:
    assert take("leeg.csv", []).exit_code == 1  # names no provider
    assert refused(region) == {CARE: [], OTHER: []}
    assert take("kop.csv", february(), DELIVERIES_HEADER.replace("client", "cliënten")).exit_code == 1
    assert refused(region) == {CARE: [], OTHER: []}


def test_the_morning_view_says_so(region: Books, take: Import, tmp_path: Path) -> None:
    take("feb.csv", february())
    url = region.engine.url.render_as_string(hide_password=False)
    environment = {"BEKOSTIGING_DATABASE_URL": url, "BEKOSTIGING_HOME": str(tmp_path / "home")}
    shown = CliRunner().invoke(cli.main, ["status", "--month", "2026-02", "--all"], env=environment).output
    assert "ontvangen en geweigerd" in " ".join(shown.split())
    told = CliRunner().invoke(cli.main, ["status", "--month", "2026-02", "--json"], env=environment).stdout
    assert {file["provider"]: file["refused"] for file in json.loads(told)["missing_files"]} == {
        CARE: ["feb.csv"],
        OTHER: [],
    }
