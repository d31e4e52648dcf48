"""A guarantee stands alone: a shortfall is never negative and never made up by another provider or segment."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.acceptance import acceptance_findings
from contracts.components.guarantee import GuaranteeComponent
from contracts.documents import contract_of, read_documents
from contracts.model import Contract
from contracts.parties import Parties
from kernel.money import Eur, total
from settlement.funding.guarantee import guarantees
from settlement.phrases import explanation_lines
from settlement.simulation import settle_example
from tests.settlement.funding.documents import codes, document, refused, settled, sums

CASES = tomllib.loads((Path(__file__).parents[2] / "cases" / "lock_in.toml").read_text(encoding="utf-8"))
OWN = "41000001"
PLAIN = 'key = "garantie"\nkind = "guarantee"\ntask_field = "6.751"\nbase_year = 2025\n'
DISCOUNTS = 'discounts = [{ year = 2026, percent = "5" }, { year = 2027, percent = "15" }]\n'
ONE = PLAIN + f'guaranteed = [{{ provider = "{OWN}", base_year_amount_eur = "100000.01" }}]\n'
PAID = ONE + DISCOUNTS + 'shortfall = "pay_difference"\n'


def spend(*rows: tuple[str, str, int, str], through: str = "2027-12") -> str:
    listed = ", ".join(f'["{provider}", "{segment}", {year}, "{amount}"]' for provider, segment, year, amount in rows)
    return f'through = "{through}"\nspend = [{listed}]'


def amounts(contract: Contract, year: int) -> list[str]:
    component = contract.component[-1]
    assert isinstance(component, GuaranteeComponent)
    return [str(one.amount) for one in guarantees(contract, component, {}, year)]


def test_guarantees_are_not_netted() -> None:
    case = next(case for case in CASES["case"] if case["id"] == "guarantees-are-not-netted")
    given, expected = case["given"], case["expect"]
    codes_of = {name: f"4100000{place}" for place, name in enumerate(given["spend"], start=1)}
    guaranteed = ", ".join(
        f'{{ provider = "{codes_of[name]}", base_year_amount_eur = "{amount}" }}'
        for name, amount in given["base_year_amount"].items()
    )
    contract = contract_of(
        document(
            f"{PLAIN}guaranteed = [{guaranteed}]\n"
            f'discounts = [{{ year = 2026, percent = "{given["discount_percent"]}" }}]\nshortfall = "pay_difference"',
            until="2027-01-01",
        )
    )
    assert amounts(contract, 2026) == list(expected["guarantee"].values())
    facts = spend(*((codes_of[name], "", 2026, amount) for name, amount in given["spend"].items()), through="2026-12")
    lines, findings = settled(contract, facts)
    assert findings == []
    short = {name: amount for name, amount in expected["shortfall"].items() if name != "total"}
    assert sums(lines) == {("2026-12", f"shortfall {codes_of[name]}"): amount for name, amount in short.items()}
    assert str(total(line.amount for line in lines)) == expected["shortfall"]["total"]


def test_a_discount_on_the_base_year_or_on_the_year_before() -> None:
    base = contract_of(document(PAID))
    assert (amounts(base, 2026), amounts(base, 2027), amounts(base, 2028)) == (["95000.01"], ["85000.01"], [])
    chained = contract_of(document(PAID + 'discount_on = "previous_year"'))
    # 100,000.01 - 5% = 95,000.0095, half up 95,000.01; less 15% of that 80,750.0085, half up 80,750.01.
    assert (amounts(chained, 2026), amounts(chained, 2027)) == (["95000.01"], ["80750.01"])
    plain = contract_of(document(ONE + 'shortfall = "none"'))
    assert amounts(plain, 2027) == ["100000.01"]


RISING = 'index = [{ year = 2026, percent = "4.2" }, { year = 2027, percent = "3.1" }]\n'


def test_the_amount_of_the_base_year_rises_before_the_discount() -> None:
    contract = contract_of(document(PAID + RISING))
    # 2026: 100,000.01 x 1.042 = 104,200.01042, half up 104,200.01; less 5% 98,990.0095, half up 98,990.01.
    # 2027: 104,200.01 x 1.031 = 107,430.21031, half up 107,430.21; less 15% 91,315.6785, half up 91,315.68.
    assert (amounts(contract, 2026), amounts(contract, 2027)) == (["98990.01"], ["91315.68"])
    chained = contract_of(document(PAID + RISING + 'discount_on = "previous_year"'))
    # 107,430.21 less 5% is 102,058.6995, half up 102,058.70; less 15% 86,749.895, half up 86,749.90.
    assert amounts(chained, 2027) == ["86749.90"]
    lines, _ = settled(contract, spend((OWN, "", 2026, "98990.00"), (OWN, "", 2027, "91000.00")))
    assert sums(lines) == {("2026-12", f"shortfall {OWN}"): "0.01", ("2027-12", f"shortfall {OWN}"): "315.68"}
    said = [(depth, sentence, amount) for depth, sentence, amount in explanation_lines(lines[0].explanation)]
    assert said[1:] == [
        (1, "korting 2026: 104.200,01 − 5 %", "98.990,01"),
        (2, "index 2026: 100.000,01 + 4,2 %", "104.200,01"),
        (3, "bedrag van het basisjaar 2025", "100.000,01"),
    ]


def test_a_guarantee_that_rises_with_a_figure_that_is_not_known_is_not_settled() -> None:
    figures = 'indexation = { weights = { ova = "1" }, method = "none", first_year = 2026, index_decimals = 2 }\n'
    text = document(PAID + figures)
    told = spend((OWN, "", 2026, "0.00"), (OWN, "", 2027, "0.00"))
    lines, findings = settled(text, told)
    assert (lines, codes(findings)) == ([], ["F30"])
    known = told + '\nindex_figures = [["ova", 2026, "provisional", "4.2"], ["ova", 2027, "provisional", "3.1"]]'
    assert sums(settled(text, known)[0])[("2026-12", f"shortfall {OWN}")] == "98990.01"


def test_a_part_of_a_year_is_guaranteed_by_its_months() -> None:
    contract = contract_of(document(PAID, start="2026-06-01", until="2027-04-01"))
    assert (amounts(contract, 2026), amounts(contract, 2027)) == (["55416.67"], ["21250.00"])
    facts = spend((OWN, "", 2026, "55000.00"), (OWN, "", 2027, "21000.00"))
    assert sums(settled(contract, facts)[0]) == {
        ("2026-12", f"shortfall {OWN}"): "416.67",
        ("2027-03", f"shortfall {OWN}"): "250.00",
    }


def test_a_shortfall_is_known_when_the_year_is_over() -> None:
    facts = spend((OWN, "", 2026, "90000.00"), through="2026-11")
    assert settled(document(PAID), facts) == ([], [])
    lines, findings = settled(document(PAID), facts.replace("2026-11", "2026-12"))
    assert (sums(lines), findings) == ({("2026-12", f"shortfall {OWN}"): "5000.01"}, [])


def test_unknown_spending_is_not_spending_of_nothing() -> None:
    lines, findings = settled(document(PAID), spend((OWN, "", 2026, "90000.00")))
    assert (lines, codes(findings)) == ([], ["F06"])
    assert f"aanbieder {OWN}, 2027: de besteding is niet bekend" in str(findings[0])
    assert sums(settled(document(PAID), spend((OWN, "", 2026, "0.00"), through="2026-12"))[0]) == {
        ("2026-12", f"shortfall {OWN}"): "95000.01"
    }


def test_spending_that_changes_nothing_need_not_be_known() -> None:
    """Else a contract whose guarantee only says what is allowed could not be settled."""
    assert settled(document(ONE + DISCOUNTS + 'shortfall = "none"\n'), 'through = "2027-12"') == ([], [])


def test_a_shortfall_that_is_not_paid_is_no_line() -> None:
    facts = spend((OWN, "", 2026, "90000.00"), (OWN, "", 2027, "1.00"))
    assert settled(document(PAID.replace("pay_difference", "none")), facts) == ([], [])


@pytest.mark.parametrize(("last_year", "line"), [("pay_difference", "9000.02"), ("none", None)])
def test_a_shortfall_is_carried_over_and_the_last_one_is_not(last_year: str, line: str | None) -> None:
    text = document(PAID.replace("pay_difference", "carry_over") + f'last_year = "{last_year}"')
    # 2026: 95,000.01 - 90,000.00 = 5,000.01; 2027: 85,000.01 + 5,000.01 - 81,000.00 = 9,000.02.
    lines, findings = settled(text, spend((OWN, "", 2026, "90000.00"), (OWN, "", 2027, "81000.00")))
    assert findings == []
    assert sums(lines) == ({("2027-12", f"shortfall {OWN}"): line} if line else {})
    # Too much spent is not carried over.
    more = spend((OWN, "", 2026, "99000.00"), (OWN, "", 2027, "81000.00"))
    assert sums(settled(text, more)[0]) == ({("2027-12", f"shortfall {OWN}"): "4000.01"} if line else {})


def test_the_explanation_can_be_redone_by_hand() -> None:
    text = document(PAID.replace("pay_difference", "carry_over") + 'last_year = "pay_difference"', until="2027-11-01")
    [line], _ = settled(text, spend((OWN, "", 2026, "90000.00"), (OWN, "", 2027, "61000.00")))
    assert explanation_lines(line.explanation) == [
        (0, f"{OWN}, 2027: gegarandeerd 75.833,35, besteed 61.000,00; het tekort, nooit onder nul (artikel 1)",
         "14.833,35"),
        (1, "70.833,34 + 5.000,01 doorgeschoven uit 2026", "75.833,35"),
        (2, "10 van 12 maanden van kracht: 85.000,01 × 10 / 12", "70.833,34"),
        (3, "korting 2027: 100.000,01 − 15 %", "85.000,01"),
        (4, "bedrag van het basisjaar 2025", "100.000,01"),
        (2, f"{OWN}, 2026: gegarandeerd 95.000,01, besteed 90.000,00; het tekort, nooit onder nul", "5.000,01"),
        (3, "korting 2026: 100.000,01 − 5 %", "95.000,01"),
        (4, "bedrag van het basisjaar 2025", "100.000,01"),
    ]  # fmt: skip


def test_what_components_above_pay_is_what_was_spent() -> None:
    sum_of = 'key = "inloop"\nkind = "lump_sum"\ntask_field = "6.1"\namount_eur = "90000.00"\n'
    text = document(sum_of, sum_of.replace("inloop", "anders"), PAID + 'spend_of = ["inloop"]')
    lines, findings = settled(text, 'through = "2027-12"')
    assert findings == []
    # 2027 is guaranteed 85,000.01 and 90,000.00 is paid over it; what was paid over 2026 does not count.
    assert sums(line for line in lines if line.key.component == "garantie") == {
        ("2026-12", f"shortfall {OWN}"): "5000.01"
    }
    less = document(sum_of.replace("90000.00", "80000.00"), PAID + 'spend_of = ["inloop"]')
    lines, _ = settled(less, 'through = "2027-12"')
    assert sums(line for line in lines if line.key.component == "garantie") == {
        ("2026-12", f"shortfall {OWN}"): "15000.01",
        ("2027-12", f"shortfall {OWN}"): "5000.01",
    }


def test_of_components_that_paid_nothing_yet_it_is_not_known_what_was_spent() -> None:
    """Else a year without any delivery would pay out all that is guaranteed."""
    care = 'key = "zorg"\nkind = "effort"\nproducts = ["45A04"]\n'
    lines, findings = settled(document(care, PAID + 'spend_of = ["zorg"]'), 'through = "2026-12"')
    assert (lines, [(finding.code, str(finding.severity)) for finding in findings]) == ([], [("F31", "warning")])


CENTS = st.integers(0, 10**7).map(Eur.of_cents)


@given(st.lists(st.tuples(CENTS, CENTS), min_size=1, max_size=6))
def test_a_shortfall_is_never_negative_and_every_provider_stands_alone(rows: list[tuple[Eur, Eur]]) -> None:
    names = [f"4100000{place}" for place in range(1, len(rows) + 1)]
    guaranteed = ", ".join(
        f'{{ provider = "{name}", base_year_amount_eur = "{base}" }}'
        for name, (base, _) in zip(names, rows, strict=True)
    )
    text = document(f'{PLAIN}guaranteed = [{guaranteed}]\nshortfall = "pay_difference"', until="2027-01-01")
    facts = spend(
        *((name, "", 2026, str(spent)) for name, (_, spent) in zip(names, rows, strict=True)), through="2026-12"
    )
    lines, _ = settled(text, facts)
    assert [line.amount for line in lines] == [max(base - spent, Eur.zero()) for base, spent in rows]


@pytest.mark.parametrize(
    ("component", "said"),
    [
        (ONE, "shortfall: ontbreekt"),
        (PAID.replace("pay_difference", "carry_over"), "sleutel last_year: ontbreekt; zeg wat er met het tekort"),
        (PAID + 'last_year = "none"', "sleutel last_year: hoort bij shortfall carry_over"),
        (PAID + RISING.replace("2026", "2025"), "de indexering begint in 2025 en het bedrag is van 2025; laat haar"),
        (PAID + RISING + 'indexation = { weights = { ova = "1" }, method = "none", first_year = 2026, '
         "index_decimals = 2 }", "index en indexation sluiten elkaar uit"),
        (PAID.replace('{ year = 2026, percent = "5" }, ', ""), "de jaren zijn 2027, en de looptijd vraagt 2026, 2027"),
        (PAID.replace("2025", "2024") + 'discount_on = "previous_year"', "de looptijd vraagt 2025, 2026, 2027"),
        (PAID.replace('"15"', '"101"'), "101 is te hoog; geef hooguit 100"),
        (PAID + 'spend_of = ["zorg"]', "zorg staat er niet boven"),
        (PAID.replace("}]\nd", f'}}, {{ provider = "{OWN}", base_year_amount_eur = "1" }}]\nd'),
         f"{OWN} staat er twee keer in"),
        (PAID.replace("}]\nd", f'}}, {{ provider = "{OWN}", segment = "x", base_year_amount_eur = "1" }}]\nd'),
         f"{OWN} heeft een garantie voor alles en een voor x"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_meant_is_refused(component: str, said: str, tmp_path: Path) -> None:
    assert said in refused(document(component), tmp_path)


def test_what_this_contract_pays_says_nothing_about_another_provider(tmp_path: Path) -> None:
    lump_sum = 'key = "inloop"\nkind = "lump_sum"\ntask_field = "6.1"\namount_eur = "90000.00"\n'
    other = PAID.replace(OWN, "41000002") + 'spend_of = ["inloop"]'
    assert "de garantie is van 41000002; laat spend_of weg" in refused(document(lump_sum, other), tmp_path)
    two = (
        PAID.replace("}]\nd", '}, { provider = "41000002", base_year_amount_eur = "1" }]\nd') + 'spend_of = ["inloop"]'
    )
    assert "sleutel spend_of: telt wat dit contract betaalt en past bij één garantie" in refused(
        document(lump_sum, two), tmp_path
    )


def test_a_recorded_contract_names_its_own_provider_and_a_simulation_any(tmp_path: Path) -> None:
    path = tmp_path / "garantie.toml"
    path.write_text(document(PAID.replace(OWN, "41000002")), encoding="utf-8")
    [read] = read_documents([path])
    found = [one for one in acceptance_findings([read], {}, Parties({}, {}), {}, settle_example) if one.code == "C18"]
    [finding] = found
    assert "garantie.toml, regel 14" in finding.place
    assert "de garantie is van aanbieder 41000002, en dit contract betaalt 41000001" in finding.message
    assert "eigen document" in finding.hint
    path.write_text(document(PAID), encoding="utf-8")
    [read] = read_documents([path])
    found = acceptance_findings([read], {}, Parties({}, {}), {}, settle_example)
    assert "C18" not in [one.code for one in found]
