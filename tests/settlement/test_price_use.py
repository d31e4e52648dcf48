"""Which prices are used: a version that drops those of what was delivered is refused, one that drops others is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from importers.price_use import price_use
from kernel.findings import Refusal
from tariffs.price_lists import PriceImport, import_prices
from tests.settlement.books import WHO, Books, delivery, effort_contract

DAY, MINUTES = "44A09;2026-01-01;;212,35", "45A04;2026-01-01;;60,00"


@pytest.fixture
def used(books: Books) -> Books:
    """Two lists; a contract of 2026 reads `jeugd`, and one of 2025 `standaard`. Of two products is delivered."""
    books.open(
        effort_contract("B", products=["45A04", "44A09"], start="2026-01-01", price_list="jeugd"),
        effort_contract("A", products=["45A04", "44A09"], until="2026-01-01"),
    )
    books.prices(MINUTES, DAY)
    books.prices(MINUTES, DAY, price_list="jeugd")
    books.deliver(
        delivery("r1", "45A04", "2026-01-05", 60),
        delivery("r2", "44A09", "2026-01-30", 2, end="2026-01-31"),
        delivery("r3", "45A04", "2026-02-05", 60),
    )
    books.deliver(delivery("r4", "45A04", "2026-02-05", 60, credits="r3"))
    return books


def version(books: Books, *rows: str, price_list: str = "jeugd", replace: bool = False) -> PriceImport:
    with books.transaction(dry_run=True) as connection:
        path = books.table("product;vanaf;tot;prijs", rows)
        return import_prices(connection, path, WHO, price_list, replace=replace, use=price_use())


@pytest.mark.parametrize(
    ("rows", "gone"),
    [
        ((MINUTES,), ["44A09: geen prijs meer voor 1 levering van 30-01-2026 tot en met 31-01-2026"]),
        ((DAY,), ["45A04: geen prijs meer voor 1 levering van 05-01-2026 tot en met 05-01-2026"]),
        # The last day of a delivery is one of its days.
        ((MINUTES, DAY.replace(";;", ";2026-01-31;")), ["44A09: geen prijs meer voor 1 levering van 30-01-2026"]),
        ((MINUTES, DAY.replace(";;", ";2026-02-01;")), []),
        # What was delivered in February is credited.
        ((MINUTES.replace(";;", ";2026-02-01;"), DAY), []),
        ((MINUTES.replace("60,00", "61,00"), DAY), []),
    ],
)
def test_prices_of_what_was_delivered_are_kept(used: Books, rows: tuple[str, ...], gone: list[str]) -> None:
    if not gone:
        assert version(used, *rows).version == 2
        return
    with pytest.raises(Refusal) as refusal:
        version(used, *rows)
    told = [f"{finding.place.rpartition(' ')[2]}: {finding.message}" for finding in refusal.value.findings]
    assert [line.startswith(start) for line, start in zip(told, gone, strict=True)] == [True]
    assert version(used, *rows, replace=True).version == 2


def test_a_list_by_which_nothing_delivered_is_valued_may_drop_its_prices(used: Books) -> None:
    assert version(used, MINUTES, price_list="standaard").changes[0].new is None


def test_review_reads_the_price_lists_of_a_database_that_is_there(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.toml"
    path.write_text(effort_contract(products=["45A04", "44A09"]), encoding="utf-8")
    books.open()
    books.prices(MINUTES)

    def told(url: str) -> tuple[list[str], str]:
        monkeypatch.setenv("BEKOSTIGING_DATABASE_URL", url)
        result = CliRunner().invoke(cli.main, ["contract", "review", str(path), "--json"])
        assert result.exit_code == 3
        return [finding["code"] for finding in json.loads(result.stdout)["findings"]], result.stderr

    assert told(books.engine.url.render_as_string(hide_password=False)) == (["W05", "W01"], "")
    codes, said = told("postgresql://nobody@127.0.0.1:1/nothing")
    assert codes == ["W01"]
    assert said.startswith("Naar de prijslijsten is niet gekeken: ")
