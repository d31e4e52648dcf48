"""The most that may be declared on an assignment: the published cases, and what is above it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.findings import Refusal
from kernel.periods import Period
from settlement.entitlement import Treatment
from settlement.funding.facts import Assignment
from settlement.funding.frequency import most_in_period, most_of_assignment, product_period, sundays, weeks_touched
from settlement.phrases import explanation_lines
from tests.settlement.funding.care import CASES, case, contract, deliveries, facts, lines, of, prices, simulate


def assignment(start: date, end: date | None, volume: int | None, per: Any = "week") -> Assignment:
    return Assignment("T1", "c1", "GM0502", "uur", start, end, volume, per)


def periods(start: date, after: date) -> list[Period]:
    found = [product_period(start, after, month) for month in Period(start, after).months()]
    return [period for period in found if period]


def test_product_periods() -> None:
    said = case("effort_and_output.toml", "product-periods")
    first, last = (date.fromisoformat(day) for day in said["given"]["assignment"])
    found = periods(first, last + timedelta(days=1))
    assert [[str(period.start), str(period.last_day)] for period in found] == said["expect"]["periods"]


NAMES = [line.split('"')[1] for line in (CASES / "frequency_per_week.toml").read_text().splitlines() if "id = " in line]


@pytest.mark.parametrize("name", NAMES)
def test_the_published_cases(name: str) -> None:
    said = case("frequency_per_week.toml", name)
    first, last = (date.fromisoformat(day) for day in said["given"]["assignment"])
    after, variant = last + timedelta(days=1), said["given"]["variant"]
    assigned = assignment(first, after, said["given"]["volume_per_week"])
    assert [
        {"from": str(p.start), "to": str(p.last_day), "maximum": most_in_period(assigned, p, variant)}
        for p in periods(first, after)
    ] == said["expect"]["months"]
    assert most_of_assignment(assigned, variant) == said["expect"]["whole_assignment"]


def test_five_cases_were_published() -> None:
    assert len(NAMES) == 5


def test_category_01_has_six_weeks_in_every_period_and_its_own_weeks_as_a_whole() -> None:
    assigned = assignment(date(2022, 4, 13), date(2022, 7, 1), 3)
    found = [most_in_period(assigned, p, "effort", six_weeks=True) for p in periods(assigned.start, date(2022, 7, 1))]
    assert found == [18, 18, 18]
    assert most_of_assignment(assigned, "effort") == 36


@pytest.mark.parametrize(
    ("per", "end", "in_period", "whole"),
    [
        ("month", date(2025, 3, 10), 7, 21),
        ("month", None, 7, None),
        ("total", date(2025, 3, 10), 7, 7),
        ("total", None, 7, 7),
        ("week", None, 7 * 3, None),  # 13-31 January 2025: three weeks
    ],
)
def test_per_month_and_in_total(per: str, end: date | None, in_period: int, whole: int | None) -> None:
    assigned = assignment(date(2025, 1, 13), end, 7, per)
    period = Period(date(2025, 1, 13), date(2025, 2, 1))
    assert most_in_period(assigned, period, "effort") == in_period
    assert most_of_assignment(assigned, "effort") == whole


def test_an_assignment_without_a_sunday_is_one_broken_week() -> None:
    assigned = assignment(date(2025, 7, 30), date(2025, 8, 2), 5)  # Wednesday to Friday, over a month's end
    found = [most_in_period(assigned, p, "output") for p in periods(assigned.start, date(2025, 8, 2))]
    assert found == [0, 5]
    assert most_of_assignment(assigned, "output") == 5


DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@given(start=DAYS, length=st.integers(1, 200), volume=st.integers(1, 400))
def test_periods_by_output_add_up_to_the_whole_and_by_effort_to_no_less(start: date, length: int, volume: int) -> None:
    after = start + timedelta(days=length)
    assigned = assignment(start, after, volume)
    by_output = [most_in_period(assigned, period, "output") for period in periods(start, after)]
    by_effort = [most_in_period(assigned, period, "effort") for period in periods(start, after)]
    assert sum(filter(None, by_output)) == most_of_assignment(assigned, "output")
    whole = most_of_assignment(assigned, "effort")
    assert whole is not None
    assert sum(filter(None, by_effort)) >= whole
    days = [start + timedelta(days=n) for n in range(length)]
    assert sundays(Period(start, after)) == sum(day.weekday() == 6 for day in days)
    assert weeks_touched(Period(start, after)) == len({day.isocalendar()[:2] for day in days})


# --- above it ---------------------------------------------------------------------------------------------------------

EFFORT = 'kind = "effort"\nproducts = ["uur", "min", "som"]\nfrequency = {}'
WEEKLY = (
    'assignments = [{ product = "uur", start = 2025-01-13, end = 2025-03-09, volume = 3, per = "week", number = "T1" }]'
)


def test_what_is_above_the_assignment_is_not_paid_and_stays_visible() -> None:
    # 13-31 January touches 3 weeks: 9 hours; 12 delivered at 61.75, of which 3 are above.
    given = facts(f"{WEEKLY}\n{prices(uur='61.75')}\n{deliveries(('uur', '2025-01-14', 7), ('uur', '2025-01-28', 5))}")
    assert lines(contract(EFFORT), given) == {
        ("2025-01", "uur"): "741.00",
        ("2025-01", "frequency uur"): "-185.25",
        ("2025-01", "unfunded_frequency uur"): "185.25",
    }
    treatments = {e.key.label: e.key.treatment for e in simulate(contract(EFFORT), given)}
    assert treatments["frequency uur"] is Treatment.PAYABLE
    assert treatments["unfunded_frequency uur"] is Treatment.UNFUNDED


def test_all_periods_together_have_a_maximum_too() -> None:
    # 8 weeks of 3 hours: 24. January may have 9, February 15, and March then the 0 that are left, though it touches 2.
    rows = (("uur", "2025-01-20", 9), ("uur", "2025-02-20", 15), ("uur", "2025-03-05", 2))
    given = facts(f"{WEEKLY}\n{prices(uur='61.75')}\n{deliveries(*rows)}")
    found = of(simulate(contract(EFFORT), given), "unfunded_frequency")
    assert [(str(e.key.month), str(e.amount)) for e in found] == [("2025-03", "123.50")]


def test_what_falls_outside_the_assignment_is_above_it() -> None:
    row = ("uur", "2025-04-02", 2, ', assignment = "T1"')
    given = facts(f"{WEEKLY}\n{prices(uur='61.75')}\n{deliveries(row)}")
    assert str(of(simulate(contract(EFFORT), given), "unfunded_frequency")[0].amount) == "123.50"


def test_hours_that_are_rounded_by_month_are_taken_off_as_hours() -> None:
    # 380 minutes are 6 hours; 300 of them may be declared, which are 5: one hour is above.
    assigned = 'assignments = [{ product = "som", start = 2025-01-01, end = 2025-06-30, volume = 300, per = "month" }]'
    given = facts(
        f"{assigned}\n{prices(som='58.40')}\n{deliveries(('som', '2025-01-14', 190), ('som', '2025-01-28', 190))}"
    )
    found = lines(contract(EFFORT), given)
    assert (found[("2025-01", "som")], found[("2025-01", "frequency som")]) == ("350.40", "-58.40")


def said(kind: str, assigned: str, *rows: Any, rule: str = "{}") -> list[str]:
    """Why the last of what is above the assignments is not paid."""
    agreed = contract(f'kind = "{kind}"\nproducts = ["uur", "min", "som"]\nfrequency = {rule}')
    given = facts(f"{assigned}\n{prices(uur='61.75', min='60.50', som='58.40')}\n{deliveries(*rows)}")
    last = of(simulate(agreed, given), "unfunded_frequency")[-1]
    return [sentence for _, sentence, _ in explanation_lines(last.explanation)][1:]


def assigned(product: str, volume: int, per: str, last_day: str = "2025-03-09") -> str:
    return (
        f'assignments = [{{ product = "{product}", start = 2025-01-13, end = {last_day}, volume = {volume}, '
        f'per = "{per}", number = "T1" }}]'
    )


@pytest.mark.parametrize(
    ("why", "sentences"),
    [
        (
            partial(said, "effort", assigned("uur", 3, "week"), ("uur", "2025-01-14", 12)),
            [
                "toewijzing T1: 12 uur geleverd in januari 2025, 9 toegestaan; 3 erboven × 61,75",
                "toegestaan: 3 uur per week × 3 = 9; elke week van maandag tot en met zondag met een dag in 13-01-2025 "
                "tot en met 31-01-2025 telt",
            ],
        ),
        (
            partial(said, "effort", assigned("uur", 3, "week"), ("uur", "2025-01-14", 20),
                    rule='{ six_weeks = ["uur"] }'),
            [
                "toewijzing T1: 20 uur geleverd in januari 2025, 18 toegestaan; 2 erboven × 61,75",
                "toegestaan: 3 uur per week × 6 = 18; bij dit product telt elke maand als zes weken",
            ],
        ),
        (
            partial(said, "output", assigned("uur", 3, "week"), ("uur", "2025-01-14", 12)),
            [
                "toewijzing T1: 12 uur geleverd in januari 2025, 6 toegestaan; 6 erboven × 61,75",
                "toegestaan: 3 uur per week × 2 = 6; elke zondag in 13-01-2025 tot en met 31-01-2025 telt",
            ],
        ),
        (
            partial(said, "output", assigned("uur", 3, "week", "2025-01-29"), ("uur", "2025-01-14", 12)),
            [
                "toewijzing T1: 12 uur geleverd in januari 2025, 9 toegestaan; 3 erboven × 61,75",
                "toegestaan: 3 uur per week × 3 = 9; elke zondag in 13-01-2025 tot en met 29-01-2025 telt, en de "
                "gebroken week aan het einde van de toewijzing",
            ],
        ),
        (
            partial(said, "effort", assigned("som", 300, "month"),
                    ("som", "2025-01-14", 190), ("som", "2025-01-28", 190)),
            [
                "toewijzing T1: 380 minuten geleverd in januari 2025, 300 toegestaan; 80 erboven; afgerond op uren 6 "
                "geleverd − 5 zonder die 80 × 58,40",
                "toegestaan: 300 minuten per maand × 1 = 300; elke maand in 13-01-2025 tot en met 31-01-2025 telt, ook "
                "een deel ervan",
            ],
        ),
        (
            partial(said, "effort", assigned("min", 20, "total"), ("min", "2025-01-14", 17), ("min", "2025-02-04", 18)),
            [
                "toewijzing T1: 18 minuten geleverd in februari 2025, 3 toegestaan; 15 erboven × 60,50 / 60",
                "toegestaan: 20 minuten voor de hele toewijzing − 17 in eerdere maanden = 3",
            ],
        ),
        (
            partial(
                said,                "effort", assigned("uur", 3, "week"),
                ("uur", "2025-01-20", 9), ("uur", "2025-02-20", 15), ("uur", "2025-03-05", 2),
            ),
            [
                "toewijzing T1: 2 uur geleverd in maart 2025, 0 toegestaan; 2 erboven × 61,75",
                "toegestaan: 24 uur voor de hele toewijzing − 24 in eerdere maanden = 0",
                "toegestaan: 3 uur per week × 8 = 24; elke week van maandag tot en met zondag met een dag in "
                "13-01-2025 tot en met 09-03-2025 telt",
            ],
        ),
        (  # three rows of 17 minutes are 17,14 each and 51,42 together; 51 minutes would be 51,43
            partial(
                said,                "effort", assigned("min", 10, "total", "2025-02-09"),
                ("min", "2025-01-14", 10), ("min", "2025-02-04", 17), ("min", "2025-02-05", 17),
                ("min", "2025-02-06", 17),
            ),
            [
                "toewijzing T1: 51 minuten geleverd in februari 2025, 0 toegestaan; 51 erboven × 60,50 / 60, per "
                "levering afgerond op centen (samen -0,01)",
                "toegestaan: 10 minuten voor de hele toewijzing − 10 in eerdere maanden = 0",
            ],
        ),
    ],
)  # fmt: skip
def test_what_was_allowed_can_be_counted_again(why: Callable[[], list[str]], sentences: list[str]) -> None:
    assert why() == sentences


def test_care_outside_the_days_of_the_assignment_says_so() -> None:
    row = ("uur", "2025-04-02", 2, ', assignment = "T1"')
    assert said("effort", assigned("uur", 3, "week"), row) == [
        "toewijzing T1: 2 uur geleverd in april 2025, 0 toegestaan; 2 erboven × 61,75",
        "toegestaan: 0, de maand ligt buiten de toewijzing",
    ]


def test_six_weeks_of_category_01() -> None:
    rule = 'kind = "effort"\nproducts = ["uur"]\nfrequency = { products = ["uur"], six_weeks = ["uur"] }'
    given = facts(f"{WEEKLY}\n{prices(uur='61.75')}\n{deliveries(('uur', '2025-01-14', 18))}")
    assert lines(contract(rule), given) == {("2025-01", "uur"): "1111.50"}


@pytest.mark.parametrize("named", ["", ', assignment = "T9"', ', client = "c2"'])
def test_care_without_an_assignment_is_a_finding(named: str) -> None:
    row = ("uur", "2025-01-14", 2, named)
    other = WEEKLY if named else ""
    given = facts(f"{other}\n{prices(uur='61.75')}\n{deliveries(row)}")
    with pytest.raises(Refusal) as refusal:
        simulate(contract(EFFORT), given)
    [finding] = refusal.value.findings
    assert (finding.code, finding.place) == ("F20", "product uur, GM0502, 2025-01")
    assert "1 levering heeft geen bekende toewijzing" in finding.message
