"""The commands of tariffs, on a database of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kernel.findings import Refusal
from settlement.program import Program
from tariffs.commands import tariff

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("BEKOSTIGING_DATABASE_URL", database_url)

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(tariff, [str(a) for a in arguments], obj=Program())

    return run


def test_products(run: Run, products_file: Callable[..., Path]) -> None:
    path = products_file()
    assert run("products", path).output == "Vastlegging 1: 3 producten nieuw, 0 gewijzigd, 0 al bekend.\n"
    assert run("products", path).output == "Al bekend: 3 producten; er is niets vastgelegd.\n"
    path.write_text(path.read_text().replace("Logeren", "Verblijf"))
    assert run("products", path).output == (
        "Vastlegging 2: 0 producten nieuw, 1 gewijzigd, 2 al bekend.\n  gewijzigd: 44A09\n"
    )


def test_import_tells_version_changes_and_warnings(
    run: Run, products_file: Callable[..., Path], prices_file: Callable[..., Path]
) -> None:
    run("products", products_file())
    first = run("import", prices_file(("45A04", "01-01-2026", "", "60,00")))
    assert (first.exit_code, first.output) == (0, "Vastlegging 2: prijslijst standaard, versie 1.\n")
    again = run("import", prices_file(("45A04", "01-01-2026", "", "60,00")))
    assert again.output == "Prijslijst standaard, versie 1 was al bekend; er is niets vastgelegd.\n"
    changed = run(
        "import", prices_file(("45A04", "01-01-2026", "01-02-2026", "60,00"), ("45A04", "02-02-2026", "", "61,75"))
    )
    assert changed.exit_code == 3
    assert changed.output == (
        "Vastlegging 3: prijslijst standaard, versie 2.\n"
        "Gewijzigd tegenover versie 1:\n"
        "  45A04 vanaf 01-02-2026 tot 02-02-2026: 60,00 wordt geen prijs\n"
        "  45A04 vanaf 02-02-2026: 60,00 wordt 61,75\n"
        "Let op:\n  T05\n"
        "    prices.csv, rij 3: product 45A04 heeft geen prijs van 01-02-2026 tot\n"
        "      02-02-2026; vul een prijs in als er in die tijd geleverd is\n"
    )
    other = run("import", prices_file(("45A04", "01-01-2026", "", "99")), "--list", "crisis", "--version", "4", "--new")
    assert other.output == "Vastlegging 4: nieuwe prijslijst crisis, versie 4.\n"


def test_list_shows_which_version_holds(
    run: Run, products_file: Callable[..., Path], prices_file: Callable[..., Path]
) -> None:
    run("products", products_file())
    for price in ("60,00", "1061,75"):
        run("import", prices_file(("45A04", "01-01-2026", "", price)))
    overview = run("list").output
    assert "3 producten" in overview
    assert [("ja" in line) for line in overview.splitlines() if "standaard" in line] == [False, True]
    prices = run("list", "standaard").output
    assert "standaard, versie 2" in prices
    assert "1.061,75" in prices
    assert "Ambulant" in prices
    assert max(map(len, (overview + prices).splitlines())) <= 80
    earlier = run("list", "standaard", "--cutoff", "2").output
    assert "60,00" in earlier
    assert "1.061,75" not in earlier


def test_an_unknown_list_is_refused(run: Run) -> None:
    refusal = run("list", "crisis").exception
    assert isinstance(refusal, Refusal)
    assert refusal.message == "prijslijst crisis is niet bekend"


@pytest.mark.parametrize("command", tariff.commands.values(), ids=lambda command: command.name)
def test_every_command_explains_itself(command: Any) -> None:
    assert "Voorbeeld:" in command.help
    assert f"bekostiging tariff {command.name}" in command.help
