"""A bonus or malus by scores."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies

from contracts.components.outcome import OutcomeComponent
from kernel.findings import Finding
from kernel.periods import Month
from settlement.entitlement import Entitlement
from settlement.funding import outcome
from settlement.funding.facts import Facts
from settlement.phrases import explanation_lines
from tests.settlement.funding.lines import line, modified, refused

CASES = tomllib.loads((Path(__file__).parents[2] / "cases" / "risk_sharing.toml").read_text(encoding="utf-8"))["case"]
DOCUMENT = """kind = "outcome"
task_field = "6.23"
budget = { of = ["zorg"] }
at_stake_percent = "2.5"
indicators = [
    { name = "doorstroom", weight = "0.6" },
    { name = "wachttijd", weight = "0.4", worst = "42", best = "14" },
]
"""


def scored(
    document: str, scores: Mapping[str, str], through: str = "2026-12"
) -> tuple[list[Entitlement], list[Finding]]:
    contract = modified(document)
    component = contract.component[-1]
    assert isinstance(component, OutcomeComponent)
    facts = Facts(figures={(name, 2026): Decimal(score) for name, score in scores.items()})
    return outcome.entitle(contract, component, facts, [line("2026-03", "1000100.00")], Month.parse(through))


def test_the_case() -> None:
    case = next(case for case in CASES if case["id"] == "outcome-bonus")
    terms = case["given"]
    indicators = ", ".join(
        f'{{ name = "score_{place}", weight = "{weight}" }}' for place, weight in enumerate(terms["weights"])
    )
    document = f"""kind = "outcome"
task_field = "6.23"
budget = {{ eur = "{terms["budget"]}" }}
at_stake_percent = "{terms["at_stake_percent"]}"
indicators = [{indicators}]
"""
    (line,), findings = scored(document, {f"score_{place}": score for place, score in enumerate(terms["scores"])})
    assert (str(line.amount), line.key.label, findings) == (case["expect"]["settlement"], "outcome", [])


@pytest.mark.parametrize(
    ("doorstroom", "wachttijd", "malus", "amount"),
    [
        ("1", "14", True, "25002.50"),
        ("-1", "42", True, "-25002.50"),
        ("0.5", "35", True, "2500.25"),  # 0.6 x 0.5 + 0.4 x -0.5
        ("-0.1", "33", True, "-5071.94"),  # 9/28 of the way is -5/14: 25002.50 x (-0.06 - 1/7)
        ("0", "90", False, "0.00"),
        ("0.5", "35", False, "10001.00"),  # 0.6 x 0.5 + 0.4 x 0.25
        ("0.5", "7", False, "17501.75"),
    ],
)
def test_scores_and_measurements(doorstroom: str, wachttijd: str, malus: bool, amount: str) -> None:
    document = DOCUMENT if malus else DOCUMENT + "malus = false\n"
    (entitlement,), findings = scored(document, {"doorstroom": doorstroom, "wachttijd": wachttijd})
    assert findings == []
    assert str(entitlement.amount) == amount


def test_every_step_can_be_redone_on_a_desk_calculator() -> None:
    (entitlement,), _ = scored(DOCUMENT, {"doorstroom": "0.5", "wachttijd": "35"})
    assert explanation_lines(entitlement.explanation) == [
        (0, "resultaat 2026: 2,5 % van 1.000.100,00 × score 0,1, afgerond op centen (artikel 6)", "2.500,25"),
        (1, "betaald voor zorg over 2026", "1.000.100,00"),
        (1, "doorstroom: score 0,5, gewicht 0,6", ""),
        (1, "wachttijd: 35 op een schaal van 42 tot 14 is score -0,5, gewicht 0,4", ""),
    ]


@given(strategies.integers(-100, 100), strategies.integers(-100, 100), strategies.integers(0, 60))
def test_a_better_score_never_pays_less_and_never_more_than_is_at_stake(one: int, other: int, days: int) -> None:
    low, high = sorted((one, other))
    worse, better = (
        scored(DOCUMENT, {"doorstroom": str(Decimal(score) / 100), "wachttijd": str(days)})[0][0].amount
        for score in (low, high)
    )
    assert worse <= better
    assert abs(worse.amount) <= Decimal("25002.50")


@pytest.mark.parametrize(
    ("scores", "code", "severity", "said"),
    [
        ({"doorstroom": "0.5"}, "F07", "warning", "cijfer wachttijd over 2026 is niet bekend"),
        ({"doorstroom": "1.5", "wachttijd": "20"}, "F08", "error", "is 1.5, en ligt niet tussen -1 en 1"),
    ],
)
def test_a_score_that_is_missing_or_cannot_be(scores: dict[str, str], code: str, severity: str, said: str) -> None:
    lines, (finding,) = scored(DOCUMENT, scores)
    assert (lines, finding.code, str(finding.severity)) == ([], code, severity)
    assert said in finding.message
    assert scored(DOCUMENT, scores, "2026-11") == ([], [])  # before the year is over nothing is asked


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('weight = "0.4"', 'weight = "0.3"', "de gewichten tellen op tot 0.9; samen moeten ze 1 zijn"),
        ("wachttijd", "doorstroom", "een indicator staat er twee keer in"),
        (', best = "14"', "", "geef worst en best, en niet dezelfde"),
        ('best = "14"', 'best = "42"', "geef worst en best, en niet dezelfde"),
        ('["zorg"]', '["hulp"]', "hulp staat er niet boven"),
    ],
)
def test_documents_that_cannot_be_meant(right: str, wrong: str, said: str, tmp_path: Path) -> None:
    assert said in refused(DOCUMENT.replace(right, wrong), tmp_path)
