"""What a contract must be in itself: each rule broken by the smallest change of a good document."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from contracts.components.effort import EffortComponent
from contracts.components.population import PopulationComponent
from contracts.documents import contract_of, read_documents
from contracts.values import share
from kernel.findings import Refusal
from kernel.money import Eur

AMOUNT = 'amount_per_inhabitant_eur = "120.00"'
COUNT_DATE = "count_date = 2026-01-01"
RECOUNT = 'recount = { dead_band_percent = "1", pays = "excess", counts = "final" }'
DIVISION = 'division = { areas = ["X", "Y"], weights = { a = "0.4", b = "0.6" }, own_areas = ["X"] }'
BUDGET = 'budget_eur = "1"'


def test_no_product_is_called_as_a_rule(document: Callable[..., Path], effort: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_documents([document(re.sub(r'products = \["[^"]*"', 'products = ["plan"', effort))])
    assert any("product plan is een woord voor een regel" in str(finding) for finding in refusal.value.findings)


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("until = 2029-01-01", "until = 2026-01-01", "in_force.until: het einde (2026-01-01) ligt niet na het begin"),
        ("from = 2026-01-01", "from = 2026-01-15", "midden in een maand; laat het contract op de eerste van een maand"),
        ("notice_months = 6", "notice_months = -1", "sleutel notice_months: -1 is te laag; geef minstens 0"),
        (AMOUNT, f'{AMOUNT}\nbudget_eur = "1"', '"wijkteam": er is niet precies één grondslag; geef'),
        (AMOUNT, "", '"wijkteam": er is niet precies één grondslag; geef'),
        (AMOUNT, f"{AMOUNT}\n{DIVISION}", 'sleutel division: verdeelt een budget'),
        (AMOUNT, f'budget_eur = "1"\n{DIVISION}\nareas = ["X"]', 'sleutel areas: bij division staan de gebieden in'),
        (COUNT_DATE, "", 'sleutel count_date: ontbreekt'),
        (f"{AMOUNT}\n{COUNT_DATE}\n{RECOUNT}", f'budget_eur = "1"\n{COUNT_DATE}', "een vast budget zonder hertelling"),
        (f"{AMOUNT}\n{COUNT_DATE}\n{RECOUNT}", 'budget_eur = "1"\nareas = ["X"]', "een vast budget zonder hertelling"),
        (AMOUNT, 'amount_per_inhabitant_eur = "-1.00"', 'amount_per_inhabitant_eur: "-1.00" is negatief'),
        (AMOUNT, 'amount_per_inhabitant_eur = "1.005"', '"1.005" heeft meer dan twee decimalen'),
        (AMOUNT, 'amount_per_inhabitant_eur = "1e3"', '"1e3" is geen getal'),
        (AMOUNT, 'amount_per_inhabitant_eur = "NaN"', '"NaN" is geen getal'),
        (AMOUNT, 'amount_per_inhabitant_eur = "1_000"', '"1_000" is geen getal'),
        (AMOUNT, 'budget_eur = "-1.00"', 'budget_eur: "-1.00" is negatief'),
        (AMOUNT, f'budget_eur = "1"\n{DIVISION.replace("0.6", "0.5")}', "de gewichten tellen op tot 0.9"),
        (AMOUNT, f'budget_eur = "1"\n{DIVISION.replace("0.6", "1.4").replace("0.4", "-0.4")}', '"-0.4" is negatief'),
        (AMOUNT, BUDGET + "\n" + DIVISION.replace('own_areas = ["X"]', 'own_areas = ["X", "Z"]'),
         "sleutel division.own_areas: Z staat niet in areas"),
        (AMOUNT, BUDGET + "\n" + DIVISION.replace('"X", "Y"', '"X", "Y", "X"'),
         "sleutel division.areas: een gebied staat er twee keer in"),
        (AMOUNT, f'{AMOUNT}\nindex = [{{ year = 2028, percent = "1" }}, {{ year = 2027, percent = "1" }}]',
         "sleutel index: de jaren lopen niet op; zet"),
        (AMOUNT, f'{AMOUNT}\nindex = [{{ year = 2027, percent = "1" }}, {{ year = 2027, percent = "1" }}]',
         "sleutel index: de jaren lopen niet op; zet"),
        ('["GM0502"]', '["GM0502", "GM0599"]', "sleutel municipality: het contract heeft meer gemeenten"),
        (AMOUNT, f'{AMOUNT}\nmunicipality = "GM0599"', "sleutel municipality: GM0599 staat niet bij municipalities"),
        ('covers = ["45A04"]', 'covers = ["45A04", "45A04"]', "covers[2]: product 45A04 staat twee keer in"),
        ('key = "wijkteam"', 'key = "Wijk Team"', '"Wijk Team" kan hier niet staan; gebruik kleine letters, cijfers'),
        ('"Wijkteam Capelle"', r'"Wijkteam\u0000"', "gebruik tekst op één regel"),
        ('"Wijkteam Capelle"', '"' + "x" * 81 + '"', "sleutel title: te lang; gebruik hooguit 80 tekens"),
        ("end = 2026-01-05", "end = 2026-02-05", "tot en met 2026-02-05 ligt niet in één maand"),
        ("end = 2026-01-05", "end = 2026-01-04", "tot en met 2026-01-04 ligt niet in één maand"),
        ('price_per = "hour"', 'price_per = "day"', "minute met een prijs per day en afronding row bestaat niet"),
        ('"open", "60.00"', '"open", "-60.00"', 'prices[1][4]: "-60.00" is negatief'),
        ('through = "2026-01"', 'through = "2026-1"', '"2026-1" is geen maand'),
        ('through = "2026-01"', 'through = "2026-13"', '"2026-13" is geen maand'),
        ('through = "2026-01"', "through = 2026-01-01", "schrijf de maand tussen aanhalingstekens"),
        ('"41000001"', '"4100001"', '"4100001" is geen AGB-code'),
        ('"GM0502"]\nlaws', '"Capelle"]\nlaws', '"Capelle" is geen gemeentecode'),
    ],
)  # fmt: skip
def test_a_broken_rule_is_told(document: Callable[..., Path], population: str, good: str, bad: str, said: str) -> None:
    assert population.count(good) == 1
    with pytest.raises(Refusal) as refusal:
        read_documents([document(population.replace(good, bad))])
    (finding,) = refusal.value.findings
    assert said in str(finding)
    assert finding.hint


def test_components_have_keys_of_their_own(document: Callable[..., Path], effort: str) -> None:
    part = '[[component]]\nkey = "ambulant"\nkind = "effort"\nclause = "artikel 6"\nproducts = ["44A09"]\n\n[[example]]'
    with pytest.raises(Refusal) as refusal:
        read_documents([document(effort.replace("[[example]]", part))])
    assert "twee onderdelen hebben dezelfde key; geef elk een eigen key" in str(refusal.value.findings[0])


def test_two_components_do_not_read_the_same_delivery(document: Callable[..., Path], effort: str) -> None:
    part = '[[component]]\nkey = "extra"\nkind = "effort"\nclause = "artikel 6"\nproducts = ["02A16"]\n\n[[example]]'
    with pytest.raises(Refusal) as refusal:
        read_documents([document(effort.replace("[[example]]", part))])
    assert "product 02A16 leest onderdeel ambulant al voor GM0502, GM0599; laat één onderdeel het lezen" in str(
        refusal.value.findings[0]
    )


def test_a_contract_says_what_is_written(population: str, effort: str) -> None:
    team = contract_of(population)
    component = team.component[0]
    assert isinstance(component, PopulationComponent)
    assert team.municipality_of(component) == "GM0502"
    assert team.deliveries_read_by(component) == [("GM0502", "45A04")]
    assert [(part.measure, part.amount_eur) for part in component.measured_amounts] == [("inhabitants", Eur("120.00"))]
    assert (team.in_force.period.start, team.in_force.period.end) == (date(2026, 1, 1), date(2029, 1, 1))
    other = contract_of(effort)
    assert isinstance(other.component[0], EffortComponent)
    assert other.deliveries_read_by(other.component[0]) == [
        ("GM0502", "45A04"),
        ("GM0502", "02A16"),
        ("GM0599", "45A04"),
        ("GM0599", "02A16"),
    ]


def test_a_negative_index_and_an_expected_reduction_may_be_written(population: str) -> None:
    text = population.replace(AMOUNT, f'{AMOUNT}\nindex = [{{ year = 2027, percent = "-1.5" }}]')
    component = contract_of(text.replace('"100000.00"', '"-100.00"')).component[0]
    assert isinstance(component, PopulationComponent)
    assert share(component.index[0].percent) == Fraction(-15, 1000)


def test_an_area_of_cbs_is_one_area_however_it_is_written(population: str) -> None:
    text = population.replace(COUNT_DATE, f'{COUNT_DATE}\nareas = ["wk0363aa", "Kern Noord"]')
    component = contract_of(text.replace('["GM0502", "inhabitants"', '["gm0502", "inhabitants"')).component[0]
    assert isinstance(component, PopulationComponent)
    assert component.areas == ("WK0363AA", "Kern Noord")
    assert contract_of(text).example[0].counts[0][0] == "GM0502"
