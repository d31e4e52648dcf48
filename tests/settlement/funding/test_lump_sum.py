"""A lump sum is paid to the cent, and what is determined takes the place of what was paid."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.components.lump_sum import LumpSumComponent
from contracts.documents import contract_of
from kernel.money import Eur, half_up, total
from kernel.periods import Month
from settlement.entitlement import Treatment
from settlement.funding import lump_sum
from settlement.funding.facts import Facts
from settlement.phrases import explanation_lines
from tests.settlement.funding.documents import codes, document, refused, settled, sums

PLAIN = 'key = "inloop"\nkind = "lump_sum"\ntask_field = "6.1"\n'
SUM = PLAIN + 'amount_eur = "100000.00"\n'
SUBSIDY = SUM + 'legal_form = "subsidy"\nadvance_percent = "95"\nschedule = "quarterly"\n'


def test_a_part_of_a_year_is_paid_by_its_months_and_the_last_instalment_takes_the_difference() -> None:
    # 100,000.00 x 8 / 12 = 66,666.67; quarters of 1, 3, 3 and 1 months: 8,333.33, 25,000.00, 25,000.00, the rest.
    lines, findings = settled(document(SUM + 'schedule = "quarterly"', start="2026-03-01", until="2026-11-01"),
                              'through = "2027-12"')  # fmt: skip
    assert findings == []
    assert sums(lines) == {
        ("2026-03", "instalment"): "8333.33",
        ("2026-04", "instalment"): "25000.00",
        ("2026-07", "instalment"): "25000.00",
        ("2026-10", "instalment"): "8333.34",
    }
    assert {(line.key.municipality, line.task_field, line.key.treatment) for line in lines} == {
        ("GM0502", "6.1", Treatment.PAYABLE)
    }


def test_what_is_granted_for_a_year_is_not_divided_again_when_the_year_is_partly_in_force() -> None:
    years = 'years = [{ year = 2026, amount_eur = "70000.01" }, { year = 2027, amount_eur = "30000.00" }]'
    text = document(f'{PLAIN}{years}\nschedule = "yearly"', start="2026-07-01", until="2027-04-01")
    assert sums(settled(text, 'through = "2026-12"')[0]) == {("2026-07", "instalment"): "70000.01"}
    assert sums(settled(text, 'through = "2027-03"')[0])[("2027-01", "instalment")] == "30000.00"


def test_a_schedule_of_percentages() -> None:
    schedule = 'schedule = [{ month = 1, percent = "33.33" }, { month = 6, percent = "33.33" }, { month = 9, percent = "33.34" }]'  # noqa: E501
    text = document(f'{PLAIN}amount_eur = "1000.01"\n{schedule}')
    assert sums(settled(text, 'through = "2026-09"')[0]) == {
        ("2026-01", "instalment"): "333.30",
        ("2026-06", "instalment"): "333.30",
        ("2026-09", "instalment"): "333.41",
    }
    # What is due outside the months in force is paid at their beginning or end.
    late = document(f'{PLAIN}amount_eur = "1000.01"\n{schedule}', start="2026-07-01", until="2026-09-01")
    assert sums(settled(late, 'through = "2026-12"')[0]) == {
        ("2026-07", "instalment"): "111.10",  # 166.67 x 66.66%
        ("2026-08", "instalment"): "55.57",
    }


@pytest.mark.parametrize(
    ("determined", "line"),
    [("98000.00", "3000.00"), ("91234.56", "-3765.44"), ("100000.00", "5000.00"), ("0.00", "-95000.00")],
)
def test_a_determination_takes_the_place_of_what_was_paid(determined: str, line: str) -> None:
    text = document(SUBSIDY)
    facts = f'through = "2026-12"\ndeterminations = [[2026, "inloop", "{determined}"]]'
    lines, findings = settled(text, facts)
    assert findings == []
    assert sums(lines)[("2026-12", "determination")] == line
    assert total(one.amount for one in lines) == Eur(determined)
    assert sums(settled(text, facts.replace("2026-12", "2026-11"))[0]) == {
        ("2026-01", "instalment"): "23750.00",
        ("2026-04", "instalment"): "23750.00",
        ("2026-07", "instalment"): "23750.00",
        ("2026-10", "instalment"): "23750.00",
    }


def test_before_the_determination_the_rest_is_withheld() -> None:
    lines, findings = settled(document(SUBSIDY), 'through = "2027-12"')
    assert findings == []
    assert str(total(line.amount for line in lines)) == "190000.00"


def test_a_subsidy_is_never_determined_above_what_was_granted_and_a_contract_may_be() -> None:
    facts = 'through = "2026-12"\ndeterminations = [[2026, "inloop", "100000.01"]]'
    lines, findings = settled(document(SUBSIDY), facts)
    assert (lines, codes(findings)) == ([], ["F04"])
    assert "vastgesteld is 100.000,01, meer dan de verleende 100.000,00" in str(findings[0])
    paid, findings = settled(document(SUM), facts)
    assert (codes(findings), sums(paid)[("2026-12", "determination")]) == ([], "0.01")


def test_a_determination_of_the_whole_contract_holds_where_there_is_one_component() -> None:
    facts = 'through = "2026-12"\ndeterminations = [[2026, "", "90000.00"]]'
    assert sums(settled(document(SUM), facts)[0])[("2026-12", "determination")] == "-10000.00"
    lines, findings = settled(document(SUM, SUM.replace('"inloop"', '"tweede"')), facts)
    assert (lines, codes(findings)) == ([], ["F03", "F03"])
    assert "lees de vaststelling in met het onderdeel" in findings[0].hint


def test_the_explanation_can_be_redone_by_hand() -> None:
    text = document(SUBSIDY.replace('"quarterly"', '[{ month = 4, percent = "60" }, { month = 8, percent = "40" }]'),
                    start="2026-03-01", until="2027-01-01")  # fmt: skip
    lines, _ = settled(text, 'through = "2026-12"\ndeterminations = [[2026, "inloop", "80000.00"]]')
    first, second, determination = (explanation_lines(line.explanation) for line in lines)
    assert first == [
        (0, "termijn 1 van 2: 60 % van 79.166,66, naar beneden afgerond op centen (artikel 1)", "47.499,99"),
        (1, "95 % van 83.333,33 wordt vooruit betaald, de rest na vaststelling", "79.166,66"),
        (2, "10 van 12 maanden van kracht: 100.000,00 × 10 / 12", "83.333,33"),
        (3, "vast budget volgens het contract", "100.000,00"),
    ]
    assert second[0][1:] == (
        "termijn 2 van 2, de laatste: 79.166,66 − 47.499,99 van de eerdere termijnen (artikel 1)",
        "31.666,67",
    )
    assert determination[0][1:] == ("vaststelling 2026: 80.000,00 − 79.166,66 betaald (artikel 1)", "833,34")


@given(
    cents=st.integers(0, 10**9),
    percent=st.integers(0, 100),
    parts=st.lists(st.integers(1, 12), unique=True, min_size=1, max_size=6),
    first=st.integers(1, 12),
)
def test_instalments_add_up_and_months_add_up_to_the_year(
    cents: int, percent: int, parts: list[int], first: int
) -> None:
    shares = [100 // len(parts)] * (len(parts) - 1)
    due = zip(sorted(parts), [*shares, 100 - sum(shares)], strict=True)
    schedule = ", ".join(f'{{ month = {month}, percent = "{share}" }}' for month, share in due)
    contract = contract_of(
        document(
            f'{PLAIN}amount_eur = "{Eur.of_cents(cents)}"\nadvance_percent = "{percent}"\nschedule = [{schedule}]',
            start=f"2026-{first:02d}-01",
            until="2027-01-01",
        )
    )
    [component] = contract.component
    assert isinstance(component, LumpSumComponent)
    months = 13 - first
    year = half_up(Eur.of_cents(cents).exact * months / 12)
    to_date = [total(e.amount for e in lump_sum.entitle(contract, component, Facts(), Month(2026, m))[0])
               for m in range(first, 13)]  # fmt: skip
    assert to_date[-1] == half_up(year.exact * percent / 100)
    assert to_date == sorted(to_date)


@pytest.mark.parametrize(
    ("component", "said"),
    [
        (PLAIN, "er is niet precies één bedrag; geef amount_eur"),
        (SUM + 'years = [{ year = 2026, amount_eur = "1" }]', "er is niet precies één bedrag"),
        (PLAIN + 'years = [{ year = 2026, amount_eur = "1" }]', "de jaren zijn 2026, en de looptijd vraagt 2026, 2027"),
        (PLAIN + 'years = [{ year = 2027, amount_eur = "1" }, { year = 2026, amount_eur = "1" }]',
         "noem elk jaar één keer, in volgorde"),
        (SUM + 'schedule = [{ month = 1, percent = "60" }, { month = 5, percent = "30" }]',
         "sleutel schedule: de delen tellen op tot 90%; samen moeten ze 100 zijn"),
        (SUM + 'schedule = [{ month = 1, percent = "60" }, { month = 1, percent = "40" }]',
         "sleutel schedule: de maanden lopen niet op; zet elke maand één keer"),
        (SUM + 'schedule = [{ month = 13, percent = "100" }]', "13 is te hoog; geef hooguit 12"),
        (SUM + 'schedule = "weekly"', "weekly kan hier niet staan; kies monthly, quarterly of yearly"),
        (SUM + 'advance_percent = "101"', "101 is te hoog; geef hooguit 100"),
        (SUM + 'covers = ["45A04"]', "onbekende sleutel; verbeter de naam of haal de sleutel weg"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_meant_is_refused(component: str, said: str, tmp_path: Path) -> None:
    assert said in refused(document(component), tmp_path)


def test_it_begins_and_ends_with_a_month(tmp_path: Path) -> None:
    said = refused(document(SUM, start="2026-03-15"), tmp_path)
    assert "een budget of jaarbedrag geldt in delen van een jaar per hele maand" in said
    assert "ligt niet na het begin" in refused(document(SUM, until="2026-01-01"), tmp_path)
