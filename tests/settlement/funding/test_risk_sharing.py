"""Risk sharing: published schemes to the cent, continuous wherever the contract does not say otherwise."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, strategies

from contracts.components.figures import FigureShare
from contracts.components.risk_sharing import RiskSharingComponent
from contracts.documents import read_documents
from contracts.model import Contract
from kernel.findings import Finding
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.entitlement import Entitlement, Treatment
from settlement.funding import risk_sharing
from settlement.funding.components import entitle
from settlement.funding.facts import Facts
from settlement.phrases import explanation_lines
from tests.settlement.funding.documents import document as agreed
from tests.settlement.funding.documents import settled
from tests.settlement.funding.lines import CAPELLE, ROTTERDAM, line, modified, refused

ROOT = Path(__file__).parents[3]
CASES = {
    case["id"]: case
    for case in tomllib.loads((ROOT / "tests/cases/risk_sharing.toml").read_text(encoding="utf-8"))["case"]
}
HEAD = 'kind = "risk_sharing"\ntask_field = "6.23"\n'
COST = 'cost = { figure = "cost" }\n'
BUDGET = 'budget = { eur = "%s" }\n' + COST
CROSSED = '{ figure = "rate", at_least = "0.6", at_most = "0.4" }'
CORRIDOR = 'both = { bands = [{ up_to_percent = "5", share = "0" }, { share = "0.50" }] }'
CAPPED = """[component.both]
bands = [{ up_to_percent = "5", share = "0" }, { share = "1" }]
steps = [{ cap_eur = "200000.00" }, { share = "0.50" }]
"""
ACA = (
    'both = { bands = [{ up_to_percent = "3", share = "0" }, { up_to_percent = "8", share = "0.50" }, '
    '{ share = "0.80" }] }'
)
PART_D = ACA.replace('"3"', '"5"').replace('"8"', '"10"')
MICHIGAN = (
    'saving = { bands = [{ up_to_percent = "5", share = "0" }, { up_to_percent = "10", share = "0.50" }, '
    '{ share = "1" }] }'
)


def document(terms: str, budget: str = "2000000.00") -> str:
    return HEAD + BUDGET % budget + terms


def shared(
    contract: Contract,
    figures: Mapping[str, str] | None = None,
    above: list[Entitlement] | None = None,
    through: str = "2026-12",
    year: int = 2026,
) -> tuple[list[Entitlement], list[Finding]]:
    known = {(name, year): Decimal(value) for name, value in (figures or {}).items()}
    component = contract.component[-1]
    assert isinstance(component, RiskSharingComponent)
    return risk_sharing.entitle(contract, component, Facts(figures=known), above or [], Month.parse(through))


def settlement(contract: Contract, **figures: str) -> str:
    (entitlement,), findings = shared(contract, figures)
    assert (findings, entitlement.key.month, entitlement.key.label) == ([], Month(2026, 12), "risk_sharing")
    return str(entitlement.amount)


# --- published and constructed cases ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "terms"),
    [
        ("corridor-95-105", CORRIDOR),
        ("corridor-95-105-capped", CAPPED),
        ("aca-risk-corridor", ACA),
        ("part-d-corridor", PART_D),
        ("one-sided-unspent", MICHIGAN),
    ],
)
def test_corridors(case: str, terms: str) -> None:
    terms_of_case = CASES[case]["given"]
    contract = modified(document(terms, terms_of_case.get("budget") or terms_of_case["target"]))
    expected = CASES[case]["expect"]
    assert [settlement(contract, cost=one["cost"]) for one in expected] == [one["settlement"] for one in expected]


def test_every_case_is_proven() -> None:
    proven = {"corridor-95-105", "corridor-95-105-capped", "aca-risk-corridor", "part-d-corridor", "one-sided-unspent"}
    proven |= {"shared-savings-first-dollar", "shared-savings-below-minimum", "outcome-bonus"}
    assert CASES.keys() == proven


def test_first_dollar_savings() -> None:
    terms, expected = CASES["shared-savings-first-dollar"]["given"], CASES["shared-savings-first-dollar"]["expect"]
    contract = modified(
        HEAD
        + f"""budget = {{ eur = "{terms["benchmark"]}" }}
cost = {{ figure = "cost" }}
cost_borne_by = "payer"
saving = {{ minimum_rate = "{terms["minimum_savings_rate"]}", steps = [{{ share = "{terms["share"]}" }}] }}
"""
    )
    assert settlement(contract, cost=terms["cost"]) == expected["settlement"]
    assert settlement(contract, cost="98000000.01") == "0.00"  # a cent short of the minimum
    assert settlement(contract, cost="98000000.00") == "1600000.00"
    assert settlement(contract, cost="107000000.00") == "0.00"


def test_savings_per_member_month() -> None:
    terms, expected = CASES["shared-savings-below-minimum"]["given"], CASES["shared-savings-below-minimum"]["expect"]
    figures = {
        name: str(terms[name]) for name in ("target_per_member_month", "actual_per_member_month", "member_months")
    }
    for one in expected:
        contract = modified(
            HEAD
            + f"""budget = {{ figure = "target_per_member_month", times = "member_months" }}
cost = {{ figure = "actual_per_member_month", times = "member_months" }}
cost_borne_by = "payer"
saving = {{ minimum_rate = "{one["minimum_savings_rate"]}", steps = [{{ share = "{terms["share"]}" }}] }}
"""
        )
        assert settlement(contract, **figures) == one["settlement"]


def test_268_published_settlements() -> None:
    """Shared savings and losses of 2018, all of them, through the contract documents of the four tracks."""
    with (ROOT / "tests/cases/shared_savings_2018.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    documents = {
        track: read_documents([ROOT / f"examples/contracts/shared_savings_track_{track.lower()}.toml"])[0].contract
        for track in ("1", "1_Plus", "2", "3")
    }
    settled = dict.fromkeys(documents, 0)
    for row in rows:
        track = next(track for track in documents if row[f"Current_Track_{track}"] == "1")
        figures = {
            "benchmark": row["ABtotBnchmk"],
            "cost": row["ABtotExp"],
            "minimum_rate": row["MinSavPerc"],
            "final_share_rate": row["FinalShareRate"],
            "disaster_adjustment": row["DisAdj"] or "0",
        }
        (entitlement,), findings = shared(documents[track], figures, through="2018-12", year=2018)
        assert findings == []
        deviation = abs(Fraction(row["ABtotBnchmk"]) - Fraction(row["ABtotExp"]))
        tolerance = 1 + deviation * Fraction("0.00005")
        assert abs(entitlement.amount.exact - Fraction(row["EarnSaveLoss"])) <= tolerance, row["ACO_ID"]
        settled[track] += entitlement.amount != Eur(0)
    assert len(rows) == 268
    assert settled == {"1": 64, "1_Plus": 24, "2": 2, "3": 11}


# --- properties -------------------------------------------------------------------------------------------------------

COSTS = strategies.integers(0, 3_000_000_00).map(Fraction)
CONTINUOUS = [modified(document(terms)) for terms in (CORRIDOR, CAPPED, ACA, PART_D, MICHIGAN)]


def component_of(contract: Contract) -> RiskSharingComponent:
    component = contract.component[-1]
    assert isinstance(component, RiskSharingComponent)
    return component


def written(share: Decimal | FigureShare) -> Fraction:
    assert isinstance(share, Decimal)
    return Fraction(share)


def paid(contract: Contract, cost: Fraction, budget: Fraction = Fraction(2_000_000)) -> Fraction:
    """What is settled, before it is rounded to the cent as finely as the test needs: a cent is the finest there is."""
    return risk_sharing.settled(component_of(contract), budget, cost, written, lambda _: Fraction(0))[0].exact


@pytest.mark.parametrize("contract", CONTINUOUS)
def test_continuous_at_every_edge(contract: Contract) -> None:
    budget = Fraction(2_000_000)
    edges = risk_sharing.edges(component_of(contract), budget, written)
    assert len(edges) >= 3
    for edge in edges:
        around = [paid(contract, edge + step) for step in (Fraction(-1, 100), Fraction(0), Fraction(1, 100))]
        assert max(around) - min(around) <= Fraction(2, 100), edge


@given(strategies.sampled_from(CONTINUOUS), COSTS, COSTS)
def test_a_higher_cost_never_lowers_what_the_provider_gets(contract: Contract, one: Fraction, other: Fraction) -> None:
    low, high = sorted((one / 100, other / 100))
    assert paid(contract, low) <= paid(contract, high)
    assert paid(contract, high) - paid(contract, low) <= high - low + Fraction(1, 100)  # and never by more than it cost


@given(strategies.sampled_from(CONTINUOUS[:-1]), strategies.integers(0, 2_000_000_00).map(Fraction))
def test_both_sides_mirror_each_other(contract: Contract, deviation: Fraction) -> None:
    budget = Fraction(2_000_000)
    assert paid(contract, budget + deviation / 100) == -paid(contract, budget - deviation / 100)


@given(strategies.sampled_from(CONTINUOUS), COSTS, COSTS)
def test_straight_between_edges(contract: Contract, one: Fraction, other: Fraction) -> None:
    """So nothing happens at a cost that is not among the edges."""
    edges = risk_sharing.edges(component_of(contract), Fraction(2_000_000), written)
    low, high = sorted((one / 100, other / 100))
    if low == high or any(low < edge < high for edge in edges):
        return
    middle = (paid(contract, low) + paid(contract, high)) / 2
    assert abs(paid(contract, (low + high) / 2) - middle) <= Fraction(1, 100)


def test_edges_are_where_the_slope_changes() -> None:
    """Of the capped corridor: 5% on both sides, and 200,000 beyond it, where the cap is reached."""
    edges = risk_sharing.edges(component_of(modified(document(CAPPED))), Fraction(2_000_000), written)
    assert edges == [1_700_000, 1_900_000, 2_000_000, 2_100_000, 2_300_000]
    two_caps = CAPPED.replace('{ share = "0.50" }', '{ share = "0.50" }, { cap_percent_of_budget = "4" }')
    edges = risk_sharing.edges(component_of(modified(document(two_caps))), Fraction(2_000_000), written)
    assert [edge for edge in edges if edge > 2_000_000] == [2_100_000, 2_260_000, 2_300_000]  # half of 160,000 is 4%
    minimum = 'loss = { minimum_rate = "0.02", steps = [{ share = "0.30" }] }'
    contract = modified(document(minimum))
    assert risk_sharing.edges(component_of(contract), Fraction(2_000_000), written) == [2_000_000, 2_040_000]
    assert (paid(contract, Fraction("2039999.99")), paid(contract, Fraction(2_040_000))) == (0, 12_000)  # jumps


def test_the_order_of_steps_is_that_of_the_document() -> None:
    steps = ['{ share = "0.40" }', '{ cap_eur = "30000.00" }', '{ withhold_percent = "2" }']
    orders = {(0, 1, 2): "29400.00", (1, 0, 2): "11760.00", (0, 2, 1): "30000.00"}
    for order, expected in orders.items():
        terms = f"loss = {{ steps = [{', '.join(steps[place] for place in order)}] }}"
        assert settlement(modified(document(terms)), cost="2100000") == expected


# --- what it reads, and what it says ----------------------------------------------------------------------------------


def test_budget_and_cost_of_components() -> None:
    """The provider bears what its deliveries are worth, paid or not; the payer bears what it pays."""
    above = [
        line("2026-01", "400000.00", label="instalment"), line("2026-07", "400000.00", ROTTERDAM, label="instalment"),
        line("2026-06", "900000.01", treatment=Treatment.SHADOW), line("2026-06", "100000.00", ROTTERDAM),
        line("2026-06", "50000.00", treatment=Treatment.PASSED_ON), line("2027-01", "7777.00"),
    ]  # fmt: skip
    terms = HEAD + 'budget = { of = ["zorg"] }\ncost = { of = ["zorg"] }\nloss = { steps = [{ share = "0.50" }] }\n'
    lines, findings = shared(modified(terms), above=above)
    assert findings == []  # 1,000,000.01 against 900,000.00, half of it by what each municipality pays: 400 and 500
    assert [(one.key.municipality, str(one.amount), one.task_field) for one in lines] == [
        (CAPELLE, "22222.23", "6.23"), (ROTTERDAM, "27777.78", "6.23"),
    ]  # fmt: skip
    by_payer = terms.replace("loss =", 'cost_borne_by = "payer"\nsaving =').replace(
        'cost = { of = ["zorg"] }', COST.rstrip()
    )
    assert total(one.amount for one in shared(modified(by_payer), {"cost": "800000"}, above)[0]) == Eur(50000)


@pytest.mark.parametrize("borne_by", ["payer", "provider"])
def test_of_no_delivery_at_all_the_cost_is_not_known(borne_by: str) -> None:
    """Else half of the whole budget would be shared as a saving."""
    terms = HEAD + 'budget = { eur = "2000.00" }\ncost = { of = ["zorg"] }\nsaving = { steps = [{ share = "0.50" }] }\n'
    contract = modified(terms + f'cost_borne_by = "{borne_by}"\n')
    lines, findings = shared(contract, above=[line("2027-01", "10.00")])
    assert (lines, [(finding.code, str(finding.severity)) for finding in findings]) == ([], [("F31", "warning")])
    [nought], _ = shared(contract, above=[line("2026-01", "0.00")])
    assert abs(nought.amount.cents) == 1000_00


@pytest.mark.parametrize(
    ("stated", "delivered", "amount"),
    [
        ("0.00", [], "1000.00"),  # half of what a budget of 2,000.00 leaves when nothing was delivered
        ("12.50", [("12.50", "hulp")], "1000.00"),  # all that was delivered is known, and nothing of it is care
        ("12.51", [("12.50", "hulp")], None),  # a cent is missing: then care may be missing too
        ("12.50", [], None),
    ],
)
def test_a_production_statement_tells_that_nothing_was_delivered(
    stated: str, delivered: list[tuple[str, str]], amount: str | None
) -> None:
    terms = HEAD + 'budget = { eur = "2000.00" }\ncost = { of = ["zorg"] }\nsaving = { steps = [{ share = "0.50" }] }\n'
    above = [line("2026-03", value, component=component) for value, component in delivered]
    facts = Facts(posted=above, production={2026: Eur(stated)})
    lines, findings = entitle(modified(terms), facts, Month(2026, 12))
    found = [one for one in lines if one.key.component == "regel"]
    assert [str(-one.amount) for one in found] == ([] if amount is None else [amount])
    assert [finding.code for finding in findings] == (["F31"] if amount is None else [])
    if found:
        said = [sentence for _, sentence, _ in explanation_lines(found[0].explanation)]
        assert "zorg over 2026: niets geleverd, zoals de productieverantwoording zegt" in said


def test_what_is_due_after_the_contract_is_a_cost_of_its_last_year() -> None:
    """The end of a trajectory that began in time: else 100.00 too much would be shared as a saving."""
    terms = HEAD + 'budget = { eur = "1000.00" }\ncost = { of = ["zorg"] }\nsaving = { steps = [{ share = "0.50" }] }\n'
    contract = modified(terms + 'cost_borne_by = "payer"\n', until="2027-01-01")
    above = [line("2026-12", "400.00"), line("2027-02", "200.00", label="trajectory 50T01")]
    lines, _ = shared(contract, above=above, through="2027-02")
    assert {(str(one.key.month), str(one.amount)) for one in lines} == {("2026-12", "200.00")}  # half of 1,000 - 600


SHARE = """key = "risico"
kind = "risk_sharing"
task_field = "6.23"
budget = { of = ["team", "wijk"] }
cost = { figure = "cost" }
both = { steps = [{ share = "0.50" }] }
"""
TEAM = 'key = "team"\nkind = "lump_sum"\ntask_field = "6.23"\namount_eur = "100000.00"\nadvance_percent = "80"\n'
WIJK = (
    'key = "wijk"\nkind = "population"\ntask_field = "6.23"\nbudget_eur = "50000.00"\n'
    'withheld = { percent = "10", until = "auditor_statement" }\n'
)


@pytest.mark.parametrize(
    ("known", "paid", "amount"),
    [
        ("", "125000.00", "-5000.00"),  # 80,000 + 45,000 paid, 20,000 + 5,000 withheld; half of 150,000 - 140,000
        ('accountability = [[2026, "auditor_statement"]]', "130000.00", "-5000.00"),
        ('determinations = [[2026, "team", "100000.00"]]', "145000.00", "-5000.00"),
        ('determinations = [[2026, "team", "95000.00"]]', "140000.00", "-2500.00"),  # 145,000 is what it comes to
    ],
)
def test_what_is_withheld_of_a_budget_is_part_of_it(known: str, paid: str, amount: str) -> None:
    """Else it would count as a loss at the end of the year, and be taken back when it is paid."""
    text = agreed(TEAM, WIJK, SHARE, until="2027-01-01")
    lines, findings = settled(text, f'through = "2026-12"\nfigures = {{ cost = "140000.00" }}\n{known}')
    assert findings == []
    budget = [one for one in lines if one.key.component != "risico"]
    assert total(one.amount for one in budget) == Eur(paid)
    [shared_risk] = [one for one in lines if one.key.component == "risico"]
    assert str(shared_risk.amount) == amount
    if not known:
        said = [sentence for _, sentence, _ in explanation_lines(shared_risk.explanation)]
        assert "125.000,00 betaald + 25.000,00 nog ingehouden" in said


def test_a_year_partly_in_force() -> None:
    contract = modified(document(CORRIDOR), start="2026-06-01", until="2027-04-01")
    lines, _ = shared(contract, {"cost": "1300000"}, through="2026-12")
    assert [str(one.amount) for one in lines] == ["37500.00"]  # budget 7/12: 1,166,666.67, corridor 58,333.33
    assert shared(contract, {"cost": "1300000"}, through="2026-11") == ([], [])
    _, findings = shared(contract, {"cost": "1300000"}, through="2027-03")
    assert [finding.message[:31] for finding in findings] == ["cijfer cost over 2027 is niet b"]


def test_a_figure_that_is_not_known_yet_keeps_nothing_else_back() -> None:
    contract = modified(document(CORRIDOR))
    entitled, findings = entitle(contract, Facts(posted=[line("2026-01", "10.00")]), Month(2026, 12))
    assert (entitled, [(finding.code, str(finding.severity)) for finding in findings]) == ([], [("F07", "warning")])
    assert str(findings[0]) == (
        'onderdeel "regel": cijfer cost over 2026 is niet bekend: dit onderdeel is nog niet uitgerekend; '
        "lees het in als score over het jaar (bekostiging import outcomes)"
    )


def test_a_share_that_cannot_be() -> None:
    contract = modified(document('loss = { steps = [{ share = { figure = "rate" } }] }'))
    entitled, findings = shared(contract, {"cost": "2100000", "rate": "42.65"})
    assert (entitled, [(finding.code, str(finding.severity)) for finding in findings]) == ([], [("F08", "error")])


@pytest.mark.parametrize(
    ("rate", "expected"), [("0.30", "60000.00"), ("0.45", "55000.00"), ("0.72", "40000.00"), ("0", "60000.00")]
)
def test_what_a_share_leaves_within_its_bounds(rate: str, expected: str) -> None:
    share = '{ figure = "rate", complement = true, at_least = "0.40", at_most = "0.60" }'
    contract = modified(document(f"loss = {{ steps = [{{ share = {share} }}] }}"))
    assert settlement(contract, cost="2100000", rate=rate) == expected


def test_an_addition_lowers_a_loss_and_never_below_nil() -> None:
    terms = 'cost_borne_by = "payer"\nloss = { steps = [{ share = "0.30" }, { add_figure = "adjustment" }] }'
    contract = modified(document(terms))
    assert settlement(contract, cost="2100000", adjustment="-467.25") == "-29532.75"
    assert settlement(contract, cost="2100000", adjustment="-30000.01") == "0.00"


def test_every_step_can_be_redone_on_a_desk_calculator() -> None:
    (entitlement,), _ = shared(modified(document(CAPPED)), {"cost": "2600000.55"})
    assert explanation_lines(entitlement.explanation) == [
        (
            0,
            "risicodeling over 2026, afgerond op centen: boven nul betaalt de gemeente, onder nul de aanbieder "
            "(artikel 6)",
            "100.000,00",
        ),
        (1, "kosten 2.600.000,55 − budget 2.000.000,00", "600.000,55"),
        (2, "cijfer cost over 2026", "2.600.000,55"),
        (2, "vast bedrag volgens het contract", "2.000.000,00"),
        (1, "wat de banden van de afwijking meetellen, in procenten van 2.000.000,00", "500.000,55"),
        (2, "tussen 0 % en 5 %: 100.000,00 × 0", "0,00"),
        (2, "boven 5 %: 500.000,55 × 1", "500.000,55"),
        (1, "hooguit 200.000,00 van 500.000,55", "200.000,00"),
        (1, "aandeel: 200.000,00 × 0,5", "100.000,00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (document(""), "geef both voor beide kanten, of saving, loss of die twee apart"),
        (document(CORRIDOR + '\nsaving = { steps = [{ share = "0.50" }] }'), "geef both voor beide kanten"),
        (document('loss = { minimum_rate = "0.02" }'), "er staat niet welk deel gedeeld wordt"),
        (document('loss = { bands = [{ up_to_percent = "8", share = "0.50" }] }'), "laat daar up_to_percent weg"),
        (document(PART_D.replace('"10"', '"5"')), "de grenzen van bands lopen niet op"),
        (document(CORRIDOR.replace('"0.50"', '"50"')), "geef hooguit 1"),
        (document('loss = { steps = [{ share = "0.5", cap_eur = "1.00" }] }'), "een stap doet één ding"),
        (document(f"loss = {{ steps = [{{ share = {CROSSED} }}] }}"), "is meer dan at_most"),
        (HEAD + 'budget = { eur = "1.00", figure = "b" }\n' + COST + CORRIDOR, "geef eur, of of figure"),
        (HEAD + 'budget = { eur = "1.00", times = "b" }\n' + COST + CORRIDOR, "geef figure, of laat times weg"),
        (HEAD + 'budget = { of = ["hulp"] }\n' + COST + CORRIDOR, "hulp staat er niet boven"),
        (document(CORRIDOR).replace('task_field = "6.23"', ""), "task_field: ontbreekt"),
    ],
)
def test_documents_that_cannot_be_meant(wrong: str, said: str, tmp_path: Path) -> None:
    assert said in refused(wrong, tmp_path)
