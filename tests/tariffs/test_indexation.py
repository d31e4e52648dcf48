"""Indexation: the published calculations of the VNG to the last decimal, and prices that rise."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.explanations import Step
from kernel.findings import Refusal
from tariffs.indexation import IndexFigures, IndexRule, MissingFigure, index_percent, indexed_price
from tariffs.indexed_prices import indexed_price_file
from tariffs.price_lists import Price

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "indexation.toml").read_text(encoding="utf-8"))["case"]
YEAR = 2025
ROUNDINGS = (
    "component_correction_decimals", "weighted_decimals", "weighted_final_decimals", "weighted_preliminary_decimals",
    "index_decimals",
)  # fmt: skip


def rule(given: dict[str, Any], **others: Any) -> IndexRule:
    weights = {name: Decimal(given[f"weight_{name}"]) for name in ("ova", "ppc")}
    roundings = {name: given[name] for name in ROUNDINGS if name in given}
    return IndexRule(**{"weights": weights, "method": given["method"], **roundings, **others})


def figures(given: dict[str, Any]) -> dict[tuple[str, int, str], Decimal]:
    found = {(name, YEAR, "provisional"): Decimal(given[f"{name}_preliminary"]) for name in ("ova", "ppc")}
    for name in ("ova", "ppc"):
        found[(name, YEAR - 1, "provisional")] = Decimal(given[f"previous_{name}_preliminary"])
        found[(name, YEAR - 1, "final")] = Decimal(given[f"previous_{name}_final"])
    return found


@pytest.mark.parametrize("case", CASES[:2], ids=lambda case: case["id"])
def test_published_calculations(case: dict[str, Any]) -> None:
    step = index_percent(rule(case["given"]), figures(case["given"]), YEAR)
    preliminary, correction = step.steps
    found = {"weighted_preliminary": preliminary, "correction": correction, "index_percent": step}
    assert {name: Decimal(one.result) for name, one in found.items()} == {
        name: Decimal(percent) for name, percent in case["expect"].items()
    }
    assert step.result == case["expect"]["index_percent"]


def test_a_price_rises() -> None:
    case = CASES[2]
    raised = indexed_price(Decimal(case["given"]["price"]), Decimal(case["given"]["index_percent"]), 2)
    assert str(raised) == case["expect"]["price"]
    assert str(indexed_price(Decimal("1.2345"), Decimal("2.5"), 4)) == "1.2654"  # 1.2653625
    assert str(indexed_price(Decimal("0.50"), Decimal("1"), 2)) == "0.51"  # 0.505, half up


def test_what_a_final_figure_changes() -> None:
    given = CASES[1]["given"]
    known = figures(given)
    final = {**known, ("ova", YEAR, "final"): Decimal("5.00")}
    plain = rule(given, method="none", weighted_preliminary_decimals=None)
    later = rule(given, method="final", weighted_preliminary_decimals=None)
    assert index_percent(plain, final, YEAR).result == "3.94"  # 3.944
    assert index_percent(later, known, YEAR).result == "3.94"
    assert index_percent(later, final, YEAR).result == "4.68"  # 0.90 x 5.00 + 0.10 x 1.82 = 4.682
    assert index_percent(rule(given), final, YEAR).result == "4.96"  # the year stays; 2026 has the correction


@pytest.mark.parametrize("missing", [("ova", YEAR, "provisional"), ("ppc", YEAR - 1, "final")])
def test_a_missing_figure_is_named(missing: tuple[str, int, str]) -> None:
    given = CASES[0]["given"]
    known = {key: percent for key, percent in figures(given).items() if key != missing}
    with pytest.raises(MissingFigure) as found:
        index_percent(rule(given), known, YEAR)
    assert (found.value.name, found.value.year, found.value.status) == missing


percentages = st.decimals(min_value=Decimal("-20"), max_value=Decimal("40"), places=2)


@given(percentages, percentages, st.sampled_from(["ratio", "difference"]))
def test_figures_that_turn_out_as_expected_need_no_correction(this: Decimal, last: Decimal, method: Any) -> None:
    known: IndexFigures = {
        ("ova", YEAR, "provisional"): this, ("ova", YEAR - 1, "provisional"): last, ("ova", YEAR - 1, "final"): last,
    }  # fmt: skip
    step = index_percent(IndexRule({"ova": Decimal(1)}, method, index_decimals=2), known, YEAR)
    assert Decimal(step.result) == this
    assert isinstance(step, Step)


# --- price files ------------------------------------------------------------------------------------------------------


def price(product: str, start: date, until: date | None, amount: str) -> Price:
    return Price(1, 1, product, start, until, Decimal(amount))


def test_a_price_file_is_the_whole_list() -> None:
    prices = [
        price("45A04", date(2025, 1, 1), date(2026, 1, 1), "84.00"),
        price("45A04", date(2026, 1, 1), None, "87.60"),
        price("44A09", date(2026, 1, 1), date(2027, 7, 1), "1.2345"),
    ]
    assert indexed_price_file(prices, Decimal("4.96"), date(2027, 1, 1), 2).decode().splitlines() == [
        "product;vanaf;tot;prijs",
        "45A04;01-01-2025;01-01-2026;84,00",
        "45A04;01-01-2026;01-01-2027;87,60",
        "45A04;01-01-2027;;91,94",  # 91.94496
        "44A09;01-01-2026;01-01-2027;1,2345",
        "44A09;01-01-2027;01-07-2027;1,30",
    ]
    assert b";1,2957\n" in indexed_price_file(prices, Decimal("4.96"), date(2027, 1, 1), 4)
    assert b";1,2960\n" in indexed_price_file(
        prices, Decimal("4.96"), date(2027, 1, 1), 3
    )  # three digits are ambiguous


def test_what_was_raised_is_not_raised_again() -> None:
    with pytest.raises(Refusal) as refusal:
        indexed_price_file([price("45A04", date(2027, 1, 1), None, "84.00")], Decimal(5), date(2027, 1, 1), 2)
    assert "45A04 heeft al een prijs vanaf 01-01-2027" in refusal.value.message
