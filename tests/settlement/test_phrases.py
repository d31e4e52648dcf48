"""Sentences: every step and cause has one, and what it prints can be redone on a desk calculator."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from contracts.documents import contract_of
from kernel.explanations import Step
from kernel.money import Eur, half_up
from kernel.notation import parse_number
from kernel.periods import Month
from settlement.corrections import find_step
from settlement.entitlement import Cause, PricedVolume, Treatment
from settlement.funding import population, volumes
from settlement.funding.facts import Facts
from settlement.languages.dutch import DUTCH
from settlement.phrases import (
    cause_sentence,
    causes_sentence,
    counted,
    explanation_lines,
    shown_fraction,
    step_sentence,
)
from tariffs.units import PRICE_RULES, Rounding, Unit

ROOT = Path(__file__).parents[2]
PACKAGES = ("contracts", "importers", "settlement", "tariffs")

# Where a code is not written out where the step or cause is made, and the codes it can be there.
COMPUTED: Mapping[tuple[str, str], set[str]] = {
    ("settlement/funding/volumes.py", "str(key.treatment)"): {Treatment.PAYABLE, Treatment.SHADOW},
    ("settlement/corrections.py", "kind"): {"late", "credit", "withdrawn", "product", "price_list"},
    ("settlement/reading.py", "cause['kind']"): set(),
}


def constants(code: ast.expr) -> set[str]:
    """The texts an expression can be; nothing when it is not made of texts."""
    if isinstance(code, ast.Constant):
        return {str(code.value)}
    if isinstance(code, ast.IfExp):
        one, other = constants(code.body), constants(code.orelse)
        return one | other if one and other else set()
    return set()


def used(name: str) -> set[str]:
    """Every first argument of a call of `name` in the sources."""
    found: set[str] = set()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name and node.args:
                texts = constants(node.args[0])
                found |= texts or COMPUTED[(path.relative_to(ROOT).as_posix(), ast.unparse(node.args[0]))]
    return found


@pytest.mark.parametrize(("name", "sentences"), [("Step", DUTCH.steps), ("Cause", DUTCH.causes)])
def test_everything_the_program_says_has_a_sentence_and_nothing_else_has(
    name: str, sentences: Mapping[str, str]
) -> None:
    assert used(name) == {code.split(".")[0] for code in sentences}


def test_every_unit_has_its_words() -> None:
    assert DUTCH.units.keys() == set(Unit)


# --- steps ------------------------------------------------------------------------------------------------------------

RECOUNT = {
    "counted": "10000",
    "recounted": "10150",
    "growth": "0.015",
    "growth_percent": "1.5",
    "dead_band_percent": "1",
    "paid_percent": "0.5",
    "pays": "excess",
    "before_eur": "1200000.00",
}
MONTH = {"number": "3", "of": "12", "year": "2026", "year_eur": "1206000.00", "months": "1", "year_months": "12"}
QUARTER = {"number": "1", "of": "4", "year": "2026", "year_eur": "5299250.01", "months": "3", "year_months": "12"}


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (
            Step("instalment", MONTH, "100500.00"),
            "termijn 3 van 12: 1.206.000,00 / 12, naar beneden afgerond op centen",
        ),
        (
            Step("instalment", QUARTER, "1324812.50"),
            "termijn 1 van 4: 5.299.250,01 × 3 / 12, naar beneden afgerond op centen",
        ),
        (
            Step("last_instalment", {**QUARTER, "number": "4"}, "1324812.51"),
            "termijn 4 van 4, de laatste: 5.299.250,01 − 3.974.437,50 van de eerdere termijnen",
        ),
        (
            Step("last_instalment", {**QUARTER, "of": "1", "months": "2", "year_months": "2"}, "5299250.01"),
            "enige termijn van 2026: 5.299.250,01",
        ),
        (
            Step("recount", RECOUNT, "1206000.00"),
            "hertelling 10.000 → 10.150: groei 1,5 %, dode band 1 %, betaald 0,5 % over 1.200.000,00",
        ),
        (
            Step(
                "recount", {**RECOUNT, "recounted": "10050", "growth_percent": "0.5", "paid_percent": "0"}, "1200000.00"
            ),
            "hertelling 10.000 → 10.050: groei 0,5 %, binnen de dode band van 1 %; 1.200.000,00 blijft",
        ),
        (
            Step(
                "recount",
                {**RECOUNT, "counted": "9999", "growth_percent": "15100/9999", "paid_percent": "5101/9999"},
                "0.00",
            ),
            "hertelling 9.999 → 10.150: groei 10.150 / 9.999 − 1 = 1,510151… %, dode band 1 %, "
            "betaald 0,510151… % over 1.200.000,00",
        ),
        (Step("ceiling", {}, "-25.00"), "boven het plafond: wordt niet betaald"),
        (
            Step("ceiling", {}, "25.00"),
            "minder boven het plafond dan in eerdere maanden: het verschil wordt alsnog betaald",
        ),
        (
            Step("unfunded", {"month": "2026-03", "to_date_eur": "75.00", "before_eur": "100.00"}, "-25.00"),
            "boven het plafond: 75,00 tot en met maart 2026 − 100,00 van eerdere maanden; onder nul: dat deel wordt "
            "alsnog betaald",
        ),
        (
            Step("index", {"year": "2027", "percent": "4.96", "before_eur": "1206000.00"}, "1265817.60"),
            "index 2027: 1.206.000,00 + 4,96 %",
        ),
        (
            Step("part_of_year", {"months": "2", "year_eur": "1206000.00"}, "201000.00"),
            "2 van 12 maanden van kracht: 1.206.000,00 × 2 / 12",
        ),
        (
            Step("area_share", {"area": "WK1", "share": "30073131/81918665"}, "367109.64"),
            "WK1: aandeel 30.073.131 / 81.918.665, verdeeld op centen (grootste rest)",
        ),
        (
            Step("area_share", {"area": "WK1", "share": "300731310001/819186650003"}, "367109.64"),
            "WK1: aandeel 0,367109…, verdeeld op centen (grootste rest)",
        ),
        (Step("nothing_left", {}, "0.00"), "geen recht meer"),
    ],
)
def test_a_step_reads(step: Step, sentence: str) -> None:
    assert step_sentence(step) == sentence


def volume_step(rule: tuple[str, str, str], price: str, rows: int, quantity: int, billed: int, amount: str) -> Step:
    """The explanation the engine gives of a priced volume."""
    price_rule = PRICE_RULES[(Unit(rule[0]), Unit(rule[1]), Rounding(rule[2]))]
    month, treatment = Month(2026, 1), Treatment.PAYABLE
    volume = PricedVolume(
        "c", "GM0502", month, "45A04", treatment, price_rule, Decimal(price), 1, rows, quantity, billed, Eur(amount)
    )
    (entitlement,) = volumes.entitle([volume], "artikel 5", {("45A04", month): "6.712"})
    return entitlement.explanation


@pytest.mark.parametrize(
    ("rule", "price", "numbers", "amount", "sentence"),
    [
        (("minute", "hour", "row"), "60.00", (2, 125, 125), "125.00", "2 leveringen: 125 minuten × 60,00 / 60"),
        (
            ("minute", "hour", "row"),
            "60.05",
            (2, 40, 40),
            "40.04",
            "2 leveringen: 40 minuten × 60,05 / 60, per levering afgerond op centen (samen +0,01)",
        ),
        (
            ("minute", "minute", "row"),
            "0.0250",
            (-1, -1, -1),
            "-0.03",
            "-1 levering: -1 minuut × 0,0250",
        ),
        (("day", "day", "row"), "212.35", (1, 3, 3), "637.05", "1 levering: 3 dagen × 212,35"),
        (
            ("minute", "hour", "client_month"),
            "58.40",
            (4, 380, 6),
            "350.40",
            "4 leveringen: 380 minuten, per cliënt en maand afgerond op 6 uur × 58,40",
        ),
    ],
)
def test_a_volume_reads(
    rule: tuple[str, str, str], price: str, numbers: tuple[int, int, int], amount: str, sentence: str
) -> None:
    step = volume_step(rule, price, *numbers, amount)
    assert explanation_lines(step) == [
        (0, "product 45A04: som van de leveringen (artikel 5)", amount.replace(".", ",")),
        (1, sentence, amount.replace(".", ",")),
    ]


CONTRACT = contract_of(
    """
    contract = "A"
    title = "Wijkteam"
    provider = "41000001"
    municipalities = ["GM0502"]
    laws = ["Wmo"]
    in_force = { from = 2026-03-01, until = 2029-01-01 }
    [[component]]
    key = "wijkteam"
    kind = "population"
    clause = "artikel 4"
    task_field = "6.23"
    amount_per_inhabitant_eur = "120.05"
    count_date = 2026-01-01
    index = [ { year = 2027, percent = "4.96" } ]
    recount = { dead_band_percent = "1" }
    """
)


def test_the_tree_of_an_instalment_can_be_redone_by_hand() -> None:
    (component,) = CONTRACT.component
    counts = {
        ("GM0502", "inhabitants", component.count_date, status): persons  # type: ignore[union-attr]
        for status, persons in (("provisional", 9999), ("final", 10150))
    }
    facts = Facts(counts=counts)  # type: ignore[arg-type]
    entitlements, _ = population.entitle(CONTRACT, component, facts, (), Month(2027, 12))  # type: ignore[arg-type]
    by_month = {entitlement.key.month: entitlement for entitlement in entitlements}
    assert explanation_lines(by_month[Month(2026, 4)].explanation) == [
        (0, "termijn 2 van 10: 1.005.419,75 / 10, naar beneden afgerond op centen (artikel 4)", "100.541,97"),
        (1, "10 van 12 maanden van kracht: 1.206.503,70 × 10 / 12", "1.005.419,75"),
        (
            2,
            "hertelling 9.999 → 10.150: groei 10.150 / 9.999 − 1 = 1,510151… %, dode band 1 %, "
            "betaald 0,510151… % over 1.200.379,95",
            "1.206.503,70",
        ),
        (3, "9.999 inwoners × 120,05 (telling GM0502 op 01-01-2026)", "1.200.379,95"),
    ]
    assert half_up(Fraction("1200379.95") * (Fraction(10150, 9999) - Fraction(1, 100))) == Eur("1206503.70")
    december = explanation_lines(by_month[Month(2027, 12)].explanation)
    assert december[0][1:] == (
        "termijn 12 van 12, de laatste: 1.266.346,29 − 1.160.817,35 van de eerdere termijnen (artikel 4)",
        "105.528,94",
    )
    assert december[2][1:] == ("index 2027: 1.200.379,95 + 4,96 %", "1.259.918,80")


@pytest.mark.parametrize(
    ("counts", "day", "said"),
    [
        ("final", "2026-01-01", "voorlopige en definitieve telling 01-01-2026"),
        ("yearly", "2027-01-01", "telling 01-01-2026 en 01-01-2027"),
    ],
)
def test_a_recount_of_a_fixed_budget_says_who_was_counted_and_when(counts: str, day: str, said: str) -> None:
    (component,) = CONTRACT.component
    terms = {"amount_per_inhabitant_eur": None, "budget_eur": Eur("1200000.00"), "index": ()}
    recount = component.recount.model_copy(update={"counts": counts})  # type: ignore[union-attr]
    fixed = component.model_copy(update={**terms, "recount": recount})
    persons = {
        ("GM0502", "inhabitants", date(2026, 1, 1), "provisional"): 10000,
        ("GM0502", "inhabitants", date.fromisoformat(day), "final"): 10150,
    }
    entitlements, _ = population.entitle(CONTRACT, fixed, Facts(counts=persons), (), Month(2027, 12))  # type: ignore[arg-type]
    step = find_step(entitlements[-1].explanation, "recount")
    assert step
    assert step_sentence(step) == (
        "hertelling 10.000 → 10.150: groei 1,5 %, dode band 1 %, betaald 0,5 % over 1.200.000,00 "
        f"(inwoners van GM0502, {said})"
    )


# --- causes -----------------------------------------------------------------------------------------------------------

PLAIN = Step("payable", {"product": "45A04"}, "1.00")
HOURS = {"rows": "1", "quantity": "405", "billed_quantity": "7", "billed_quantity_before": "6"}


@pytest.mark.parametrize(
    ("kind", "values", "sentence"),
    [
        ("late", {"rows": "1"}, "nalevering van 1 regel"),
        ("late", {"rows": "1234"}, "nalevering van 1.234 regels"),
        ("late", HOURS, "nalevering van 1 regel"),
        ("credit", {"rows": "2"}, "creditering van 2 regels"),
        ("withdrawn", {"rows": "1"}, "intrekking van 1 regel met een referentie die tegenstrijdig gebruikt is"),
        ("late", {"rows": "1", "references": "r10"}, "nalevering r10"),
        ("late", {"rows": "2", "references": "r12, r{rows}"}, "nalevering r12, r{rows}"),
        ("credit", {"rows": "1", "references": "r11"}, "creditering r11"),
        ("share", {"before": "1/3", "now": "0.5"}, "verdeling naar de telling: aandeel 0,333333… → 0,5"),
        ("price", {"before_eur": "60.00", "now_eur": "61.75"}, "prijs 60,00 → 61,75"),
        ("price", {"before_eur": "60.00 / 61.7375", "now_eur": "60.00"}, "prijs 60,00 / 61,7375 → 60,00"),
        ("recount", RECOUNT, "hertelling 10.000 → 10.150: groei 1,5 %, dode band 1 %, betaald 0,5 % over 1.200.000,00"),
        ("count", {"before": "10000", "now": "10150"}, "telling 10.000 → 10.150"),
        ("first", {}, "niet eerder afgerekend"),
        ("price_list", {"recording": "8"}, "gewijzigde prijslijst (vastlegging 8)"),
        ("terms", {}, "gewijzigde voorwaarden van het contract"),
    ],
)
def test_a_cause_reads(kind: str, values: dict[str, str], sentence: str) -> None:
    assert cause_sentence(Cause(kind, Eur("1.00"), values), PLAIN) == sentence


def test_several_causes_each_come_with_their_part() -> None:
    late = Cause("late", Eur("30.00"), {"rows": "1", "references": "r10"})
    credit = Cause("credit", Eur("-50.00"), {"rows": "2"})
    assert causes_sentence([late], PLAIN) == "nalevering r10"
    assert causes_sentence([late, credit], PLAIN) == "nalevering r10 +30,00; creditering van 2 regels -50,00"
    assert causes_sentence([late, credit], PLAIN, between="\n").count("\n") == 1


def counted_by(measure: str, persons: int, amount: str) -> Step:
    values = {"measure": measure, "areas": "GM0502", "count_date": "2026-01-01", "persons": str(persons)}
    result = half_up(persons * Fraction(amount))
    return Step("per_person", {**values, "amount_eur": amount}, str(result), "artikel 4")


def test_a_recount_of_several_groups_shows_the_persons_of_each() -> None:
    """The growth is that of the euros they come to; without the persons nobody can tell who grew."""
    base = Step(
        "sum_of_segments",
        result="801709.60",
        steps=(counted_by("jeugd", 1237, "310.35"), counted_by("inhabitants", 4391, "95.15")),
    )
    values = {**RECOUNT, "counted": "801709.6", "recounted": "791532.65", "growth_percent": "-1", "paid_percent": "-1"}
    now = (counted_by("jeugd", 1222, "310.35"), counted_by("inhabitants", 4333, "95.15"))
    index = Step("index", {"year": "2026", "percent": "4.96", "before_eur": "801709.60"}, "841474.40", steps=(base,))
    recount = Step("recount", values, "833059.66", steps=(index, *now))
    said = "hertelling 801.709,60 → 791.532,65: groei -1 %, dode band 1 %, betaald -1 % over 1.200.000,00"
    assert cause_sentence(
        Cause("recount", Eur("-1.00"), values), Step("instalment", MONTH, "1.00", steps=(recount,))
    ) == (f"{said} (jeugd 1.237 → 1.222, inwoners 4.391 → 4.333)")
    assert step_sentence(recount) == said
    below = [line[1] for line in explanation_lines(recount) if line[0] == 1]
    assert below[1:] == [
        "1.222 jeugd × 310,35 (telling GM0502 op 01-01-2026) (artikel 4)",
        "4.333 inwoners × 95,15 (telling GM0502 op 01-01-2026) (artikel 4)",
    ]


def test_a_count_of_several_groups_shows_the_persons_of_each() -> None:
    base = Step(
        "sum_of_segments", steps=(counted_by("jeugd", 1237, "310.35"), counted_by("inhabitants", 4400, "95.15"))
    )
    cause = Cause("count", Eur("1.00"), {"before": "1237 / 4391", "now": "1237 / 4400"})
    assert cause_sentence(cause, Step("instalment", MONTH, "1.00", steps=(base,))) == (
        "telling jeugd 1.237 → 1.237, inwoners 4.391 → 4.400"
    )


def test_what_became_of_the_hours_of_a_month_is_said_once() -> None:
    """The minutes and hours are those of the month, so with every cause again they would look like its own effect."""
    late, credit = Cause("late", Eur("58.40"), HOURS), Cause("credit", Eur("-58.40"), HOURS)
    said = "de maand telt nu 405 minuten, afgerond 7 uur in plaats van 6"
    assert causes_sentence([late], PLAIN) == f"nalevering van 1 regel; {said}"
    assert causes_sentence([late, credit], PLAIN, between="\n").splitlines() == [
        "nalevering van 1 regel +58,40",
        "creditering van 1 regel -58,40",
        said,
    ]


@pytest.mark.parametrize(("number", "said"), [(0, "0 regels"), (1, "1 regel"), (1200, "1.200 regels")])
def test_one_is_singular(number: int, said: str) -> None:
    assert counted(number, "regel/regels") == said


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("4.96", "4,96"),
        ("1/3", "0,333333…"),
        ("-1/3", "-0,333333…"),
        ("-1/30000000", "-0,000000…"),
        ("2000/3", "666,666666…"),
    ],
)
def test_a_fraction_without_an_end_is_cut_off_and_says_so(text: str, shown: str) -> None:
    assert shown_fraction(text) == shown
    cut = Fraction(parse_number(shown.removesuffix("…")))
    assert abs(cut) <= abs(Fraction(text)) < abs(cut) + Fraction(1, 10**6)
