"""Indexed amounts: by agreed percentages or by figures, whole or part by part, and what a final figure changes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kernel.money import Eur, total
from settlement.phrases import explanation_lines
from tests.settlement.funding.documents import codes, document, refused, settled, sums

CASES = tomllib.loads((Path(__file__).parents[2] / "cases" / "indexation.toml").read_text(encoding="utf-8"))["case"]
LUMP_SUM = 'key = "som"\nkind = "lump_sum"\ntask_field = "6.23"\nschedule = "yearly"\namount_eur = "1000000.00"\n'
POPULATION = 'key = "team"\nkind = "population"\ntask_field = "6.23"\nbudget_eur = "1000000.00"\n'
ROUNDINGS = (
    "component_correction_decimals", "weighted_decimals", "weighted_final_decimals", "weighted_preliminary_decimals",
    "index_decimals",
)  # fmt: skip
WEIGHTS = 'weights = { ova = "0.90", ppc = "0.10" }'
FIGURES = [
    ["ova", 2026, "provisional", "4.94"], ["ppc", 2026, "provisional", "2.51"],
    ["ova", 2026, "final", "6.00"], ["ppc", 2026, "final", "3.10"],
    ["ova", 2027, "provisional", "4.18"], ["ppc", 2027, "provisional", "1.82"],
]  # fmt: skip


def indexation(*keys: str, method: str = "difference", first: int = 2027) -> str:
    said = [WEIGHTS, f'method = "{method}"', f"first_year = {first}", "index_decimals = 2", *keys]
    return f"indexation = {{ {', '.join(said)} }}\n"


def given(figures: list[list[Any]], through: str = "2027-12") -> str:
    return f'through = "{through}"\nindex_figures = {json.dumps(figures)}'


@pytest.mark.parametrize("case", CASES[:2], ids=lambda case: case["id"])
def test_the_published_cases_through_a_document(case: dict[str, Any]) -> None:
    said = case["given"]
    keys = [f"{name} = {said[name]}" for name in ROUNDINGS if name in said and name != "index_decimals"]
    figures = [
        [name, year, status, said[f"{before}{name}_{word}"]]
        for name in ("ova", "ppc")
        for before, year, status, word in (
            ("", 2027, "provisional", "preliminary"),
            ("previous_", 2026, "provisional", "preliminary"),
            ("previous_", 2026, "final", "final"),
        )
    ]
    lines, findings = settled(document(LUMP_SUM + indexation(*keys, method=said["method"])), given(figures))
    assert findings == []
    percent = case["expect"]["index_percent"]
    risen = {"6.30": "1063000.00", "4.96": CASES[2]["expect"]["price"]}[percent]
    assert sums(lines) == {("2026-01", "instalment"): "1000000.00", ("2027-01", "instalment"): risen}
    said_to_user = [sentence for _, sentence, _ in explanation_lines(lines[-1].explanation)]
    assert f"index 2027: 1.000.000,00 + {percent.replace('.', ',')} %" in said_to_user


def test_population_funding_is_indexed_the_same() -> None:
    keys = ("weighted_final_decimals = 2", "weighted_preliminary_decimals = 3")
    lines, _ = settled(document(POPULATION + indexation(*keys)), given(FIGURES))
    assert total(line.amount for line in lines if line.key.month.year == 2026) == Eur("1000000.00")
    assert total(line.amount for line in lines if line.key.month.year == 2027) == Eur("1049600.00")


def test_labour_and_material_apart() -> None:
    apart = LUMP_SUM.replace("1000000.00", "1000000.05") + indexation("apart = true", first=2027)
    # labour 900,000.05 (the half cent goes to the first) + 5.24%, material 100,000.00 + 2.41%
    lines, _ = settled(document(apart), given(FIGURES))
    assert sums(lines)[("2027-01", "instalment")] == "1049570.05"  # 947,160.05262 and 102,410.00
    whole, _ = settled(document(LUMP_SUM.replace("1000000.00", "1000000.05") + indexation()), given(FIGURES))
    assert sums(whole)[("2027-01", "instalment")] == "1049600.05"  # 4.957 to two decimals: 4.96%
    assert any("deel ova: 1.000.000,05 × 0,90" in said for _, said, _ in explanation_lines(lines[-1].explanation))


def test_parts_rise_apart_year_after_year() -> None:
    apart = LUMP_SUM.replace("1000000.00", "1000000.05") + indexation("apart = true")
    later = [["ova", 2027, "final", "5.00"], ["ppc", 2027, "final", "1.82"]]
    later += [["ova", 2028, "provisional", "3.00"], ["ppc", 2028, "provisional", "2.00"]]
    lines, _ = settled(document(apart, until="2029-01-01"), given([*FIGURES, *later], through="2028-12"))
    # labour 947,160.05 + (3.00 + 0.82)% = 983,341.56391, material 102,410.00 + 2.00% = 104,458.20
    assert sums(lines)[("2028-01", "instalment")] == "1087799.76"


def test_a_posted_year_stays_unless_the_contract_says_so() -> None:
    known = [row for row in FIGURES if row[1:3] != [2026, "final"]]
    known += [["ova", 2026, "final", "4.94"], ["ppc", 2026, "final", "2.51"]]
    later = [*known, ["ova", 2027, "final", "9.00"]]
    for method, changes in (("ratio", False), ("difference", False), ("none", False), ("final", True)):
        contract = document(LUMP_SUM + indexation(method=method))
        before, after = (sums(settled(contract, given(figures))[0]) for figures in (known, later))
        assert (before != after) is changes, method
        assert before[("2026-01", "instalment")] == after[("2026-01", "instalment")]


@pytest.mark.parametrize("component", [LUMP_SUM, POPULATION])
def test_a_figure_that_is_absent_is_not_nil(component: str) -> None:
    contract = document(component + indexation())
    lines, findings = settled(contract, given(FIGURES[:-1]))
    assert (lines, codes(findings)) == ([], ["F30"])
    assert "ppc 2027 voorlopig" in str(findings[0])
    assert settled(contract, given([], through="2026-12"))[1] == []  # nothing is indexed before the first year


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (LUMP_SUM + indexation().replace("0.90", "0.80"), "tellen op tot 0.90; samen moeten ze 1 zijn"),
        (LUMP_SUM + indexation("component_correction_decimals = 2"), "rondt bij method difference niets af"),
        (LUMP_SUM + indexation("weighted_decimals = 2", "apart = true"), "rondt bij apart niets af"),
        (LUMP_SUM + 'index = [{ year = 2027, percent = "1" }]\n' + indexation(), "sluiten elkaar uit"),
        (POPULATION + 'index = [{ year = 2027, percent = "1" }, { year = 2026, percent = "1" }]', "lopen niet op"),
        (
            LUMP_SUM.replace('amount_eur = "1000000.00"', 'years = [{ year = 2026, amount_eur = "1.00" }, '
            '{ year = 2027, amount_eur = "1.00" }]') + indexation(),
            "sleutel years: noemt het bedrag van elk jaar",
        ),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_meant(component: str, message: str, tmp_path: Path) -> None:
    assert message in refused(document(component), tmp_path)
