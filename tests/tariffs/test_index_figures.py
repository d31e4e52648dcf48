"""Index figures: versions by recording, what is refused, and a price list that rises by them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection

from kernel.findings import Refusal
from settlement.program import Program
from tariffs.commands import tariff
from tariffs.index_figures import import_index_figures, index_figures_known

HEADER = "naam;jaar;status;percentage"
Write = Callable[..., Path]


def test_a_figure_holds_from_its_recording(connection: Connection, write: Write) -> None:
    first = import_index_figures(connection, write(HEADER, "OVA;2025;voorlopig;4,18", "ppc;2025;final;1.8%"), "tester")
    assert (first.recording, first.added, first.changed, first.known) == (1, 2, 0, 0)
    again = import_index_figures(connection, write(HEADER, "ova;2025;provisional;4.18"), "tester")
    assert (again.recording, again.known) == (None, 1)
    other = import_index_figures(
        connection, write(HEADER, "ova;2025;voorlopig;4,20", "ova;2025;definitief;-0,5"), "tester"
    )
    assert (other.recording, other.added, other.changed) == (2, 1, 1)
    assert index_figures_known(connection, 1) == {
        ("ova", 2025, "provisional"): Decimal("4.18"), ("ppc", 2025, "final"): Decimal("1.8")
    }  # fmt: skip
    assert index_figures_known(connection, 2)[("ova", 2025, "provisional")] == Decimal("4.20")
    assert index_figures_known(connection, 2)[("ova", 2025, "final")] == Decimal("-0.5")


def test_what_is_refused(connection: Connection, write: Write) -> None:
    path = write(
        HEADER, "ova;2025;voorlopig;4,18", "OVA;2025;voorlopig;4,20", "o v a;2025;definitief;1", "ppc;1;x;5000"
    )
    with pytest.raises(Refusal) as refusal:
        import_index_figures(connection, path, "tester")
    said = "\n".join(str(finding) for finding in refusal.value.findings)
    for part in ("rij 3: rij 2 noemt dit cijfer ook", '"o v a" is geen naam', '"1" is geen jaar', '"5000" is geen per'):
        assert part in said
    assert index_figures_known(connection, 1) == {}


def test_figures_and_raised_prices_on_the_command_line(
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    products_file: Write,
    prices_file: Write,
    write: Write,
) -> None:
    monkeypatch.setenv("BEKOSTIGING_DATABASE_URL", database_url)

    def run(*arguments: str | Path) -> str:
        result = CliRunner().invoke(
            tariff, [str(argument) for argument in arguments], catch_exceptions=False, obj=Program()
        )
        assert result.exit_code == 0, result.output
        return result.output

    path = write(HEADER, "ova;2025;voorlopig;4,18")
    assert run("index", path) == "Vastlegging 1: 1 indexcijfer nieuw, 0 gewijzigd, 0 al bekend.\n"
    assert run("index", path) == "Al bekend: 1 indexcijfer; er is niets vastgelegd.\n"
    run("products", products_file())
    run("import", prices_file(("45A04", "01-01-2026", "", "60,00")))
    raised = tmp_path / "raised.csv"
    said = run("index-prices", "standaard", "--percent", "4,96", "--from", "01-01-2027", "--out", raised)
    assert "prijslijst standaard, versie 1, vanaf 01-01-2027 met 4,96 % verhoogd (1 prijs gelezen)." in " ".join(
        said.split()
    )
    with pytest.raises(Refusal, match="bestaat al") as refusal:
        run("index-prices", "standaard", "--percent", "5", "--from", "01-01-2027", "--out", raised)
    assert refusal.value.hint == "kies een andere naam"
    imported = run("import", raised)
    assert "Vastlegging 4: prijslijst standaard, versie 2." in imported
    assert "45A04 vanaf 01-01-2027: 60,00 wordt 62,98" in imported  # 62.976
