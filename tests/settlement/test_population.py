"""Population funding: budgets and instalments to the cent, computed by hand beside each test.

No parameter is neutral (0, 1, 100%, a full year) unless that is what the test is about: a neutral one hides that it is
applied twice, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.components.population import PopulationComponent
from contracts.documents import contract_of
from contracts.model import Contract
from kernel.explanations import Step
from kernel.findings import Finding
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.corrections import find_step
from settlement.entitlement import INSTALMENT, Entitlement, Treatment
from settlement.funding import population
from settlement.funding.facts import Counts, Facts
from tests.settlement.books import population_contract

COUNT_DATE = date(2026, 1, 1)
PROVISIONAL = ("GM0502", "inhabitants", COUNT_DATE, "provisional")
FINAL = ("GM0502", "inhabitants", COUNT_DATE, "final")
# 10,007 inhabitants at 123.45: 1,235,364.15 a year.
COUNTS: Counts = {PROVISIONAL: 10007}
BASE = 'amount_per_inhabitant_eur = "123.45"\ncount_date = 2026-01-01'


def funded(
    base: str = BASE,
    counts: Counts = COUNTS,
    through: str = "2028-12",
    *,
    start: str = "2026-01-01",
    until: str = "2027-01-01",
) -> tuple[list[Entitlement], list[Finding]]:
    contract = contract_of(population_contract(base=base, start=start, until=until))
    return population.entitle(contract, component_of(contract), Facts(counts=counts), (), Month.parse(through))


def component_of(contract: Contract) -> PopulationComponent:
    [component] = contract.component
    assert isinstance(component, PopulationComponent)
    return component


def amounts(entitlements: list[Entitlement]) -> Mapping[str, str]:
    return {str(entitlement.key.month): str(entitlement.amount) for entitlement in entitlements}


def instalments(*args: str, **options: str) -> Mapping[str, str]:
    entitlements, findings = funded(*args, **options)
    assert findings == []
    return amounts(entitlements)


def year_budget(base: str, counts: Counts, year: int = 2026, **options: str) -> str:
    entitlements, findings = funded(base, counts, **options)
    assert findings == []
    return str(total(e.amount for e in entitlements if e.key.month.year == year))


# --- instalments ------------------------------------------------------------------------------------------------------


def test_twelve_instalments_of_which_the_last_takes_the_difference() -> None:
    # 1,235,364.15 / 12 = 102,947.0125
    found = instalments()
    assert found == {f"2026-{month:02d}": "102947.01" for month in range(1, 12)} | {"2026-12": "102947.04"}
    assert list(found) == [f"2026-{month:02d}" for month in range(1, 13)]


def test_what_an_instalment_is_booked_on() -> None:
    entitlements, _ = funded()
    first = entitlements[0]
    assert (first.key.component, first.key.municipality, first.key.label) == ("wijkteam", "GM0502", INSTALMENT)
    assert (first.key.treatment, first.task_field) == (Treatment.PAYABLE, "6.23")


def test_nothing_after_the_month_that_is_asked() -> None:
    assert list(instalments(through="2026-02")) == ["2026-01", "2026-02"]
    assert instalments(through="2025-12") == {}


def test_a_quarter_is_paid_in_its_first_month() -> None:
    # 1,235,364.15 x 3 / 12 = 308,841.0375
    assert instalments(f'{BASE}\ninstalments = "quarterly"') == {
        "2026-01": "308841.03",
        "2026-04": "308841.03",
        "2026-07": "308841.03",
        "2026-10": "308841.06",
    }


def test_ten_months_in_force_are_ten_twelfths() -> None:
    # 1,235,364.15 x 10 / 12 = 1,029,470.125, to the cent 1,029,470.13; a tenth of it is 102,947.013
    found = instalments(start="2026-03-01")
    assert found == {f"2026-{month:02d}": "102947.01" for month in range(3, 12)} | {"2026-12": "102947.04"}


def test_a_quarter_that_is_partly_in_force_counts_its_months() -> None:
    # 11 months from February: 1,132,417.14. The first quarter has 2 of 11 (205,894.025), the others 3 (308,841.038).
    assert instalments(f'{BASE}\ninstalments = "quarterly"', start="2026-02-01") == {
        "2026-02": "205894.02",
        "2026-04": "308841.03",
        "2026-07": "308841.03",
        "2026-10": "308841.06",
    }
    # 5 months to May: 514,735.06. The first quarter has 3 of 5 (308,841.036), the second the rest.
    assert instalments(f'{BASE}\ninstalments = "quarterly"', until="2026-06-01") == {
        "2026-01": "308841.03",
        "2026-04": "205894.03",
    }


def test_a_contract_that_ends_in_its_second_year() -> None:
    found = instalments(until="2027-03-01")
    assert found["2026-12"] == "102947.04"
    # 1,235,364.15 x 2 / 12 = 205,894.025, to the cent 205,894.03
    assert {month: amount for month, amount in found.items() if month > "2026"} == found
    assert [found["2027-01"], found["2027-02"]] == ["102947.01", "102947.02"]
    assert "2027-03" not in found


@given(
    cents=st.integers(1, 10_000_000_00),
    start=st.integers(1, 12),
    months=st.integers(1, 30),
    turn=st.sampled_from(["monthly", "quarterly"]),
    percent=st.integers(-2000, 2000),
)
def test_instalments_add_up_to_the_budget_of_the_year(
    cents: int, start: int, months: int, turn: str, percent: int
) -> None:
    """The parts of each year are the whole to the cent, and only the last part differs, by less than a cent a month."""
    end = 2025 * 12 + start - 1 + months
    found, _ = funded(
        f'budget_eur = "{Eur.of_cents(cents)}"\ninstalments = "{turn}"\n'
        f'index = [ {{ year = 2026, percent = "{percent / 100:.2f}" }} ]',
        {},
        start=f"2025-{start:02d}-01",
        until=f"{end // 12}-{end % 12 + 1:02d}-01",
    )
    assert sum(int(e.explanation.values["months"]) for e in found) == months
    for year in {e.key.month.year for e in found}:
        of_year = [e for e in found if e.key.month.year == year]
        budget = Eur(of_year[0].explanation.values["year_eur"])
        assert total(e.amount for e in of_year) == budget
        per_month = [(e, int(e.explanation.values["months"])) for e in of_year]
        last, last_months = per_month.pop()
        assert len({e.amount for e, count in per_month if count == last_months}) <= 1
        for e, count in per_month:
            if count == last_months:
                assert e.amount <= last.amount < e.amount + Eur.of_cents(len(of_year) + 1)


# --- base -------------------------------------------------------------------------------------------------------------


def test_areas_are_summed_and_their_municipality_is_not_read() -> None:
    counts = {
        ("WK050201", "inhabitants", COUNT_DATE, "provisional"): 4005,
        ("WK050202", "inhabitants", COUNT_DATE, "provisional"): 5990,
        PROVISIONAL: 10007,
    }
    # 9,995 x 123.45 = 1,233,882.75
    assert year_budget(f'{BASE}\nareas = ["WK050201", "WK050202"]', counts) == "1233882.75"
    assert year_budget(BASE, counts) == "1235364.15"


def test_a_final_count_counts_where_the_contract_has_no_recount() -> None:
    # 10,150 x 123.45 = 1,253,017.50
    assert year_budget(BASE, {PROVISIONAL: 10007, FINAL: 10150}) == "1253017.50"


def test_another_measure_and_another_date_are_other_counts() -> None:
    counts = {
        PROVISIONAL: 10007,
        ("GM0502", "dwellings", COUNT_DATE, "final"): 4321,
        ("GM0502", "inhabitants", date(2025, 1, 1), "final"): 9999,
    }
    assert year_budget(f'{BASE}\nmeasure = "dwellings"', counts) == "533427.45"
    assert year_budget(BASE.replace("2026", "2025"), counts) == "1234376.55"


SEGMENTS = """segments = [ { measure = "youth", amount_eur = "310.00" }, { measure = "adults", amount_eur = "95.50" } ]
count_date = 2026-01-01"""
SEGMENT_COUNTS = {
    ("GM0502", "youth", COUNT_DATE, "provisional"): 2100,
    ("GM0502", "adults", COUNT_DATE, "provisional"): 7900,
}


def test_segments_are_priced_apart_and_summed() -> None:
    # 2,100 x 310 + 7,900 x 95.50 = 651,000 + 754,450
    assert year_budget(SEGMENTS, SEGMENT_COUNTS) == "1405450.00"


def test_a_fixed_budget_reads_no_count() -> None:
    assert year_budget('budget_eur = "987654.32"', {}) == "987654.32"
    assert year_budget('budget_eur = "987654.32"', {}, start="2026-06-01") == "576131.69"  # x 7 / 12


def test_each_year_is_indexed_on_the_year_before_and_rounded() -> None:
    base = """budget_eur = "1000000.01"
index = [ { year = 2026, percent = "4.96" }, { year = 2027, percent = "-1.17" } ]"""
    budgets = [
        year_budget(base, {}, year=year, start="2025-01-01", until="2029-01-01") for year in (2025, 2026, 2027, 2028)
    ]
    # 1,000,000.01 x 1.0496 = 1,049,600.010496; 1,049,600.01 x 0.9883 = 1,037,319.689883
    assert budgets == ["1000000.01", "1049600.01", "1037319.69", "1037319.69"]


# --- recount ----------------------------------------------------------------------------------------------------------


def recounted(persons: int, terms: str, amount: str = "120.10") -> str:
    base = f'amount_per_inhabitant_eur = "{amount}"\ncount_date = 2026-01-01\nrecount = {{ {terms} }}'
    return year_budget(base, {PROVISIONAL: 10000, FINAL: persons})


@pytest.mark.parametrize(
    ("persons", "pays", "budget"),
    [
        # 10,000 x 120.10 = 1,201,000.00, dead band 1.2%
        (10119, "excess", "1201000.00"),
        (10120, "excess", "1201000.00"),  # at the edge of the band
        (10120, "whole", "1201000.00"),
        (10150, "excess", "1204603.00"),  # 1.5 - 1.2 = 0.3%
        (10150, "whole", "1219015.00"),
        (9880, "whole", "1201000.00"),
        (9800, "excess", "1191392.00"),  # -2 + 1.2 = -0.8%
        (9800, "whole", "1176980.00"),
        (10000, "whole", "1201000.00"),
    ],
)
def test_growth_beyond_the_dead_band_is_paid(persons: int, pays: str, budget: str) -> None:
    assert recounted(persons, f'dead_band_percent = "1.2", pays = "{pays}"') == budget


def test_without_a_dead_band_all_growth_is_paid() -> None:
    assert recounted(10150, 'dead_band_percent = "0", pays = "excess"') == "1219015.00"


def test_growth_is_exact_and_the_budget_is_rounded_once() -> None:
    # 1,235,364.15 x (1 + 1/3 - 1%): a growth of 3,335.67 persons would be rounded; 13,343 / 10,007 is not.
    base = f'{BASE}\nrecount = {{ dead_band_percent = "1" }}'
    assert year_budget(base, {PROVISIONAL: 10007, FINAL: 13343}) == "1634839.71"


def test_the_recount_is_of_the_indexed_budget() -> None:
    base = f"""{BASE}
index = [ {{ year = 2026, percent = "4.96" }} ]
recount = {{ dead_band_percent = "1" }}"""
    # 1,235,364.15 x 1.0496 = 1,296,638.21, x 10,307 / 10,007 = 1,335,510.146, less 1% of 1,296,638.21 (12,966.382)
    assert year_budget(base, {PROVISIONAL: 10007, FINAL: 10307}) == "1322543.76"


def test_until_the_final_count_is_there_the_provisional_one_is_paid() -> None:
    base = f'{BASE}\nrecount = {{ dead_band_percent = "1" }}'
    assert year_budget(base, {PROVISIONAL: 10007}) == "1235364.15"
    # With a final count alone nothing grew: it is the base itself.
    assert year_budget(base, {FINAL: 10150}) == "1253017.50"


def test_a_yearly_recount_holds_for_its_own_year() -> None:
    base = """amount_per_inhabitant_eur = "120.10"
count_date = 2026-01-01
recount = { dead_band_percent = "1.2", counts = "yearly" }"""
    counts = {
        PROVISIONAL: 10000,
        ("GM0502", "inhabitants", date(2027, 1, 1), "provisional"): 10150,
        ("GM0502", "inhabitants", date(2028, 1, 1), "provisional"): 1,
        ("GM0502", "inhabitants", date(2028, 1, 1), "final"): 10320,
    }
    budgets = [year_budget(base, counts, year=year, until="2029-01-01") for year in (2026, 2027, 2028)]
    # 2027: 1.5 - 1.2 = 0.3%; 2028: 3.2 - 1.2 = 2%, against the count date and not against 2027
    assert budgets == ["1201000.00", "1204603.00", "1225020.00"]


def test_a_yearly_recount_that_is_not_known_yet_leaves_that_of_the_year_before() -> None:
    """In January the count of that year is not there: the growth that was paid last year does not fall away."""
    base = """amount_per_inhabitant_eur = "120.10"
count_date = 2026-01-01
recount = { dead_band_percent = "1.2", counts = "yearly" }"""
    counts = {PROVISIONAL: 10000, ("GM0502", "inhabitants", date(2027, 1, 1), "provisional"): 10150}
    budgets = [year_budget(base, counts, year=year, until="2029-01-01") for year in (2026, 2027, 2028)]
    assert budgets == ["1201000.00", "1204603.00", "1204603.00"]


def test_a_yearly_recount_against_a_base_of_which_the_final_count_is_known() -> None:
    base = """amount_per_inhabitant_eur = "120.10"
count_date = 2026-01-01
recount = { dead_band_percent = "1.2", counts = "yearly" }"""
    counts = {PROVISIONAL: 9000, FINAL: 10000, ("GM0502", "inhabitants", date(2027, 1, 1), "final"): 10150}
    assert year_budget(base, counts, year=2027, until="2028-01-01") == "1204603.00"


def test_a_count_before_the_count_date_is_no_recount() -> None:
    base = """amount_per_inhabitant_eur = "120.10"
count_date = 2026-07-01
recount = { dead_band_percent = "1.2", counts = "yearly" }"""
    counts = {("GM0502", "inhabitants", date(2026, 7, 1), "final"): 10000, FINAL: 11000}
    assert year_budget(base, counts) == "1201000.00"


def test_segments_grow_by_their_weight_in_euros() -> None:
    base = f'{SEGMENTS}\nrecount = {{ dead_band_percent = "1" }}'
    final = {
        ("GM0502", "youth", COUNT_DATE, "final"): 2150,
        ("GM0502", "adults", COUNT_DATE, "final"): 7950,
    }
    # 2,150 x 310 + 7,950 x 95.50 = 1,425,725.00, less 1% of 1,405,450.00
    assert year_budget(base, {**SEGMENT_COUNTS, **final}) == "1411670.50"
    # 50 youths more weigh 15,500 (1.1%): by persons alone (0.5%) they would be in the dead band
    youth = {**SEGMENT_COUNTS, ("GM0502", "youth", COUNT_DATE, "final"): 2150}
    assert year_budget(base, {**youth, ("GM0502", "adults", COUNT_DATE, "final"): 7900}) == "1406895.50"


def test_segments_wait_until_all_are_recounted() -> None:
    base = f'{SEGMENTS}\nrecount = {{ dead_band_percent = "1" }}'
    assert year_budget(base, {**SEGMENT_COUNTS, ("GM0502", "youth", COUNT_DATE, "final"): 2150}) == "1405450.00"


def test_areas_wait_until_all_are_recounted() -> None:
    base = f'{BASE}\nareas = ["WK01", "WK02"]\nrecount = {{ dead_band_percent = "1" }}'
    counts = {
        ("WK01", "inhabitants", COUNT_DATE, "provisional"): 4000,
        ("WK02", "inhabitants", COUNT_DATE, "provisional"): 6007,
        ("WK01", "inhabitants", COUNT_DATE, "final"): 5000,
    }
    assert year_budget(base, counts) == "1235364.15"
    counts[("WK02", "inhabitants", COUNT_DATE, "final")] = 6007
    # 1,235,364.15 x (11,007 / 10,007 - 1%) = 1,358,814.15 - 12,353.64
    assert year_budget(base, counts) == "1346460.51"


def test_a_budget_with_a_recount_grows_with_the_inhabitants() -> None:
    base = 'budget_eur = "987654.32"\ncount_date = 2026-01-01\nrecount = { dead_band_percent = "1", pays = "whole" }'
    assert year_budget(base, {PROVISIONAL: 10000, FINAL: 10234}) == "1010765.43"  # x 1.0234 = 1,010,765.431...


# --- division ---------------------------------------------------------------------------------------------------------

DIVISION_COUNTS = {
    (area, measure, COUNT_DATE, "provisional"): persons
    for area, measure, persons in (
        ("N1", "inhabitants", 5000),
        ("N2", "inhabitants", 3000),
        ("N3", "inhabitants", 2000),
        ("N1", "youth", 700),
        ("N2", "youth", 900),
        ("N3", "youth", 500),
    )
}


def division(own: str, budget: str = "1000000.00", more: str = "") -> str:
    return f"""budget_eur = "{budget}"
count_date = 2026-01-01
division = {{ areas = ["N1", "N2", "N3"], weights = {{ inhabitants = "0.3", youth = "0.7" }}, own_areas = {own} }}
{more}"""


def test_a_budget_is_divided_by_weighted_measures() -> None:
    # N1: 0.3 x 0.5 + 0.7 x 700 / 2100 = 0.38333...; N2: 0.09 + 0.3 = 0.39; N3: 0.06 + 0.16666... = 0.22666...
    assert year_budget(division('["N1"]'), DIVISION_COUNTS) == "383333.33"
    assert year_budget(division('["N2"]'), DIVISION_COUNTS) == "390000.00"
    assert year_budget(division('["N3"]'), DIVISION_COUNTS) == "226666.67"
    assert year_budget(division('["N3", "N1"]'), DIVISION_COUNTS) == "610000.00"


def test_the_whole_budget_is_indexed_before_it_is_divided() -> None:
    more = 'index = [ { year = 2026, percent = "4.96" } ]'
    shares = [year_budget(division(f'["{area}"]', "1000000.01", more), DIVISION_COUNTS) for area in ("N1", "N2", "N3")]
    assert shares == ["402346.67", "409344.00", "237909.34"]
    assert total(Eur(share) for share in shares) == Eur("1049600.01")


@given(
    cents=st.integers(0, 10_000_000_00),
    persons=st.lists(st.integers(1, 50_000), min_size=6, max_size=6),
)
def test_the_shares_of_all_areas_are_the_whole(cents: int, persons: list[int]) -> None:
    counts = dict(zip(DIVISION_COUNTS, persons, strict=True))
    shares = [
        Eur(year_budget(division(f'["{area}"]', str(Eur.of_cents(cents))), counts)) for area in ("N1", "N2", "N3")
    ]
    assert total(shares) == Eur.of_cents(cents)


# --- absent is never zero ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "counts", "place"),
    [
        (BASE, {}, "GM0502, maat inhabitants, 01-01-2026"),
        (f'{BASE}\nmeasure = "youth"', COUNTS, "GM0502, maat youth, 01-01-2026"),
        (SEGMENTS, {("GM0502", "youth", COUNT_DATE, "final"): 1}, "GM0502, maat adults, 01-01-2026"),
        (division('["N1"]'), {("N1", "inhabitants", COUNT_DATE, "final"): 1}, "N2, maat inhabitants, 01-01-2026"),
    ],
)
def test_a_missing_count_is_a_finding_and_pays_nothing(base: str, counts: Counts, place: str) -> None:
    entitlements, [finding] = funded(base, counts)
    assert entitlements == []
    assert (finding.code, finding.place, finding.message) == ("F01", place, "er is geen telling bekend")


def test_a_recount_of_nobody_is_a_count_and_no_count_to_grow_from_is_a_finding() -> None:
    base = f'{BASE}\nrecount = {{ dead_band_percent = "1" }}'
    # Everybody moved out: -100% + 1% is paid of 1,235,364.15.
    assert year_budget(base, {PROVISIONAL: 10007, FINAL: 0}) == "12353.64"
    entitlements, [finding] = funded(base, {PROVISIONAL: 0, FINAL: 10})
    assert entitlements == []
    assert finding.code == "F02"
    assert "0" in finding.message


def test_nothing_is_divided_by_a_measure_of_nobody() -> None:
    entitlements, [finding] = funded(division('["N1"]'), dict.fromkeys(DIVISION_COUNTS, 0))
    assert entitlements == []
    assert finding.code == "F02"


def test_without_inhabitants_and_without_recount_the_budget_is_nil() -> None:
    assert set(instalments(BASE, {PROVISIONAL: 0}).values()) == {"0.00"}


# --- explanation ------------------------------------------------------------------------------------------------------


def test_every_step_can_be_redone() -> None:
    base = f"""{BASE}
index = [ {{ year = 2026, percent = "4.96" }} ]
recount = {{ dead_band_percent = "1" }}"""
    entitlements, _ = funded(base, {PROVISIONAL: 10000, FINAL: 10150}, start="2026-03-01")
    top = entitlements[-1].explanation
    assert (top.code, top.values["number"], top.values["of"]) == ("last_instalment", "10", "10")
    person, index, recount, part = (step(top, code) for code in ("per_person", "index", "recount", "part_of_year"))
    # 10,000 x 123.45; x 1.0496; x 1.005; x 10 / 12
    assert (person.values["persons"], person.values["amount_eur"], person.result) == ("10000", "123.45", "1234500.00")
    assert (index.values["percent"], index.values["before_eur"], index.result) == ("4.96", "1234500.00", "1295731.20")
    assert (recount.values["before_eur"], recount.values["paid_percent"], recount.result) == (
        "1295731.20", "0.5", "1302209.86",
    )  # fmt: skip
    assert (part.values["months"], part.result, top.values["year_eur"]) == ("10", "1085174.88", "1085174.88")
    assert person.source == top.source == "artikel 4"


def step(tree: Step, code: str) -> Step:
    found = find_step(tree, code)
    assert found is not None, code
    return found
