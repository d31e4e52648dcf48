"""One arrangement at a time, paid to the cent, and every source it is paid from stays visible."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.acceptance import acceptance_findings
from contracts.components.arrangement import ArrangementComponent
from contracts.documents import contract_of, read_documents
from contracts.parties import Parties
from kernel.findings import Severity
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.entitlement import Treatment
from settlement.funding import arrangement
from settlement.funding.facts import Assignment, Facts
from settlement.phrases import explanation_lines
from settlement.simulation import settle_example
from tests.settlement.funding.documents import codes, document, refused, settled, sums

PRICES = """prices = [
    { profile = "3", intensity = "licht", product = "54A05", price_eur = "780.00" },
    { profile = "3", intensity = "zwaar", product = "54A07", price_eur = "1250.00" },
    { profile = "crisis", intensity = "zwaar", product = "54A09" },
]
"""
PLAIN = 'key = "gezin"\nkind = "arrangement"\n' + PRICES
BOOKED = PLAIN + 'task_field = "6.751"\n'
DAYS = BOOKED + 'partial_month = "days"\n'
WHOLE_MONTHS = BOOKED + 'partial_month = "whole"\n'
ONCE = BOOKED + 'per = "whole"\n'
SOURCES = (
    'funding_sources = [{ law = "Wmo", percent = "33.3", task_field = "6.712" }, '
    '{ law = "Jeugdwet", percent = "66.7", task_field = "6.751" }]\n'
)


def assigned(*rows: tuple[str, str, str, str], through: str = "2026-06", more: str = "") -> str:
    """Facts with assignments: number, client, product, 'start end' (the last day; open without)."""
    parts = []
    for number, client, product, days in rows:
        start, *end = days.split()
        until = f", end = {end[0]}" if end else ""
        parts.append(f'{{ number = "{number}", client = "{client}", product = "{product}", start = {start}{until} }}')
    return f'through = "{through}"\nassignments = [{", ".join(parts)}]\n{more}'


def paid(component: str, facts: str) -> dict[tuple[str, str], str]:
    lines, findings = settled(document(component), facts)
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    return sums(lines)


def test_one_arrangement_at_a_time() -> None:
    """Regio Hart van Brabant: one arrangement per child; a second is a finding, not a payment."""
    facts = assigned(("T1", "c1", "54A07", "2026-01-01"), ("T2", "c1", "54A05", "2026-02-01"),
                     ("T3", "c2", "54A05", "2026-02-01"), through="2026-03")  # fmt: skip
    for component in (DAYS, WHOLE_MONTHS, ONCE):
        lines, findings = settled(document(component), facts)
        [finding] = findings
        assert (finding.code, finding.severity, finding.place) == ("F10", Severity.WARNING, "toewijzing T2, GM0502")
        assert "54A05 loopt samen met 54A07 van dezelfde cliënt (toewijzing T1)" in finding.message
        of_second = [line for line in lines if line.key.label == "plan 54A05"]
        assert {str(line.amount) for line in of_second} == {"780.00"}  # of the other client
    assert paid(DAYS, facts) == {
        ("2026-01", "plan 54A07"): "1250.00",
        ("2026-02", "plan 54A07"): "1250.00",
        ("2026-02", "plan 54A05"): "780.00",
        ("2026-03", "plan 54A07"): "1250.00",
        ("2026-03", "plan 54A05"): "780.00",
    }
    assert paid(ONCE, facts) == {("2026-01", "plan 54A07"): "1250.00", ("2026-02", "plan 54A05"): "780.00"}


def test_a_second_is_paid_from_the_day_the_first_has_ended() -> None:
    facts = assigned(("T1", "c1", "54A07", "2026-01-12 2026-02-10"), ("T2", "c1", "54A05", "2026-02-01 2026-03-15"))
    # 1,250.00 x 20 / 31 and x 10 / 28; 780.00 x 18 / 28 and x 15 / 31.
    assert paid(DAYS, facts) == {
        ("2026-01", "plan 54A07"): "806.45",
        ("2026-02", "plan 54A07"): "446.43",
        ("2026-02", "plan 54A05"): "501.43",
        ("2026-03", "plan 54A05"): "377.42",
    }
    # A month begun is paid whole, and once.
    assert paid(WHOLE_MONTHS, facts) == {
        ("2026-01", "plan 54A07"): "1250.00",
        ("2026-02", "plan 54A07"): "1250.00",
        ("2026-03", "plan 54A05"): "780.00",
    }
    # One price for the whole is paid where it begins, and a second at the same time is not.
    assert paid(ONCE, facts) == {("2026-01", "plan 54A07"): "1250.00"}


def test_one_after_another_is_no_finding() -> None:
    facts = assigned(("T1", "c1", "54A07", "2026-01-12 2026-02-10"), ("T2", "c1", "54A05", "2026-02-11 2026-03-15"))
    lines, findings = settled(document(DAYS), facts)
    assert findings == []
    assert sums(lines)[("2026-02", "plan 54A05")] == "501.43"
    assert settled(document(WHOLE_MONTHS), facts)[1] == []
    assert ("2026-02", "plan 54A05") not in paid(WHOLE_MONTHS, facts)
    assert paid(ONCE, facts) == {("2026-01", "plan 54A07"): "1250.00", ("2026-02", "plan 54A05"): "780.00"}


def test_what_the_contract_excepts_runs_beside_another() -> None:
    price = 'prices = [["54A09", 2026-01-01, 2026-02-20, "2400.00"], ["54A09", 2026-02-20, "open", "2800.00"]]'
    facts = assigned(("T1", "c1", "54A07", "2026-01-01"), ("T3", "c1", "54A09", "2026-02-15 2026-03-07"),
                     through="2026-03", more=price)  # fmt: skip
    assert codes(settled(document(DAYS), facts)[1]) == ["F10"]
    lines, findings = settled(document(DAYS + 'beside = ["54A09"]'), facts)
    assert findings == []
    # The price is that of the first day of the month that is paid for: 2,400.00 x 14 / 28, 2,800.00 x 7 / 31.
    assert {key: amount for key, amount in sums(lines).items() if "54A09" in key[1]} == {
        ("2026-02", "plan 54A09"): "1200.00",
        ("2026-03", "plan 54A09"): "632.26",
    }


def test_what_runs_beside_others_does_not_keep_them_out() -> None:
    price = 'prices = [["54A09", 2026-01-01, "open", "2400.00"]]'
    facts = assigned(("T3", "c1", "54A09", "2026-01-01"), ("T1", "c1", "54A07", "2026-02-01"),
                     through="2026-02", more=price)  # fmt: skip
    lines, findings = settled(document(WHOLE_MONTHS + 'beside = ["54A09"]'), facts)
    assert findings == []
    assert sums(lines) == {
        ("2026-01", "plan 54A09"): "2400.00",
        ("2026-02", "plan 54A07"): "1250.00",
        ("2026-02", "plan 54A09"): "2400.00",
    }


def test_what_runs_beside_others_is_itself_paid_once() -> None:
    """Assigned again within the month, or twice at a time; another child of the household has its own."""
    facts = """through = "2026-02"
prices = [["54A09", 2024-01-01, "open", "420.00"]]
assignments = [
    { number = "1", client = "a", product = "54A09", start = 2026-01-01, end = 2026-02-10 },
    { number = "2", client = "a", product = "54A09", start = 2026-02-11 },
    { number = "3", client = "b", product = "54A09", start = 2026-02-15 },
]
households = [{ household = "h", clients = ["a", "b"] }]
"""
    family = WHOLE_MONTHS + 'holder = "household"\nbeside = ["54A09"]'
    lines, findings = settled(document(family), facts)
    assert findings == []
    assert sums(lines) == {("2026-01", "plan 54A09"): "420.00", ("2026-02", "plan 54A09"): "840.00"}
    twice = facts.replace("2026-02-11", "2026-01-20").replace('client = "b"', 'client = "a"')
    lines, findings = settled(document(WHOLE_MONTHS + 'beside = ["54A09"]'), twice)
    assert (codes(findings), set(sums(lines).values())) == (["F10", "F10"], {"420.00"})
    assert findings[0].hint == "beëindig een van beide"  # the contract names it beside others already


def test_what_another_municipality_assigned_is_not_of_this_contract() -> None:
    facts = assigned(("T1", "c1", "54A07", "2026-01-01"), through="2026-01")
    assert settled(document(DAYS), facts.replace("client =", 'municipality = "GM0599", client =')) == ([], [])
    two = document(DAYS, municipalities='"GM0502", "GM0599"')
    [line], _ = settled(two, facts.replace("client =", 'municipality = "GM0599", client ='))
    assert (line.key.municipality, str(line.amount)) == ("GM0599", "1250.00")


def test_a_household_holds_one_plan() -> None:
    rows = (("T1", "moeder", "54A07", "2026-01-01 2026-02-28"), ("T2", "kind", "54A05", "2026-02-01"))
    facts = assigned(*rows, through="2026-03", more='households = [{ household = "A", clients = ["moeder", "kind"] }]')
    lines, findings = settled(document(DAYS + 'holder = "household"'), facts)
    assert codes(findings) == ["F10"]
    assert "54A07 van hetzelfde huishouden (toewijzing T1)" in findings[0].message
    assert sums(lines)[("2026-03", "plan 54A05")] == "780.00"
    assert ("2026-02", "plan 54A05") not in sums(lines)
    assert settled(document(DAYS), facts)[1] == []
    # Who left the household has a plan of its own.
    moved = facts.replace("clients = [", "end = 2026-01-31, clients = [")
    lines, findings = settled(document(DAYS + 'holder = "household"'), moved)
    assert (lines, codes(findings)) == ([], ["F11"])
    assert "hoort op 01-02-2026 bij geen huishouden" in findings[0].message
    alone = moved.replace(
        "households = [", 'households = [{ household = "B", start = 2026-02-01, clients = ["kind"] }, '
    )
    lines, findings = settled(document(DAYS + 'holder = "household"'), alone)
    assert (sums(lines)[("2026-02", "plan 54A05")], findings) == ("780.00", [])


SECOND = """key = "verblijf"
kind = "arrangement"
prices = [{ profile = "9", intensity = "zwaar", product = "54V01", price_eur = "3100.00" }]
task_field = "6.761"
partial_month = "days"
"""


def told(components: tuple[str, ...], facts: str) -> tuple[dict[tuple[str, str], str], list[str]]:
    lines, findings = settled(document(*components), facts)
    return sums(lines), [f"{finding.code} {finding}".split(";")[0] for finding in findings]


def test_one_at_a_time_over_all_arrangements_of_the_contract() -> None:
    facts = assigned(
        ("1", "c1", "54A05", "2026-01-01 2026-02-14"),
        ("2", "c1", "54V01", "2026-02-01 2026-03-31"),
        ("3", "c2", "54V01", "2026-02-01 2026-02-28"),
        through="2026-03",
    )
    amounts, findings = told((DAYS, SECOND), facts)
    # 780.00 and 14 of 28 days of it; from 15 February 14 of 28 days of 3,100.00, with that of the other client.
    assert amounts == {
        ("2026-01", "plan 54A05"): "780.00", ("2026-02", "plan 54A05"): "390.00",
        ("2026-02", "plan 54V01"): "4650.00", ("2026-03", "plan 54V01"): "3100.00",
    }  # fmt: skip
    assert findings == [
        "F10 toewijzing 2, GM0502: 54V01 loopt samen met 54A05 van dezelfde cliënt (toewijzing 1) "
        "en wordt zolang niet betaald"
    ]
    beside = SECOND + 'beside = ["54V01"]\n'
    amounts, findings = told((DAYS, beside), facts)
    assert (amounts[("2026-02", "plan 54V01")], findings) == ("6200.00", [])


def test_a_month_that_was_paid_whole_is_not_paid_again_by_another_component() -> None:
    facts = assigned(("1", "c1", "54A05", "2026-01-01 2026-01-10"), ("2", "c1", "54V01", "2026-01-11 2026-02-28"))
    amounts, _ = told((WHOLE_MONTHS, SECOND.replace('"days"', '"whole"')), facts)
    assert amounts == {("2026-01", "plan 54A05"): "780.00", ("2026-02", "plan 54V01"): "3100.00"}


def test_a_client_has_nothing_beside_the_plan_of_its_household_and_the_other_way_round() -> None:
    household = 'households = [{ household = "h", clients = ["c1", "c2"] }]\n'
    plan, stay = ("1", "c1", "54A05", "2026-01-01 2026-01-31"), ("2", "c2", "54V01", "2026-01-16 2026-02-28")
    components = (DAYS + 'holder = "household"\n', SECOND)
    amounts, findings = told(components, assigned(plan, stay, more=household))
    assert amounts == {("2026-01", "plan 54A05"): "780.00", ("2026-02", "plan 54V01"): "3100.00"}
    assert ["van hetzelfde huishouden (toewijzing 1)" in finding for finding in findings] == [True]
    first_stay = ("2", "c2", "54V01", "2025-12-01 2026-01-15")
    amounts, findings = told(components, assigned(first_stay, plan, more=household))
    # 15 and 16 of 31 days: 3,100.00 x 15 / 31, and 780.00 x 16 / 31 = 402.58.
    assert amounts == {("2026-01", "plan 54A05"): "402.58", ("2026-01", "plan 54V01"): "1500.00"}
    # Two clients of a household have each their own, where nothing is for a household.
    amounts, findings = told((SECOND,), assigned(stay, ("3", "c1", "54V01", "2026-02-01 2026-02-28"), more=household))
    assert (amounts[("2026-02", "plan 54V01")], findings) == ("6200.00", [])


def test_every_source_has_its_line_and_its_task_field() -> None:
    text = document(PLAIN + SOURCES + 'partial_month = "days"')
    lines, _ = settled(text, assigned(("T1", "c1", "54A07", "2026-01-12"), through="2026-01"))
    assert [(line.key.label, str(line.amount), line.task_field) for line in lines] == [
        ("plan 54A07 Wmo", "268.55", "6.712"),  # 806.45 x 33.3% = 268.547...
        ("plan 54A07 Jeugdwet", "537.90", "6.751"),
    ]
    assert explanation_lines(lines[0].explanation) == [
        (0, "33,3 % van 806,45 uit de Wmo, verdeeld op centen (grootste rest) (artikel 1)", "268,55"),
        (1, "arrangementen 54A07, profiel 3, intensiteit zwaar", "806,45"),
        (2, "1 arrangement × 1.250,00 × 20 / 31 dagen, elk afgerond op centen (toewijzing T1)", "806,45"),
    ]


def test_deliveries_count_and_are_not_paid() -> None:
    more = """products.45A04 = { unit = "minute", price_per = "hour" }
products.54A07 = { unit = "piece", price_per = "piece" }
prices = [["45A04", 2026-01-01, "open", "60.00"], ["54A07", 2026-01-01, "open", "1250.00"]]
deliveries = [{ product = "45A04", start = 2026-01-05, end = 2026-01-05, quantity = 95 },
              { product = "54A07", start = 2026-01-01, end = 2026-01-31, quantity = 1 }]
"""
    facts = assigned(("T1", "c1", "54A07", "2026-01-01"), through="2026-01", more=more)
    lines, _ = settled(document(DAYS + 'covers = ["45A04"]'), facts)
    assert [(line.key.label, str(line.amount), line.key.treatment) for line in lines] == [
        ("45A04", "95.00", Treatment.SHADOW),
        ("54A07", "1250.00", Treatment.SHADOW),
        ("plan 54A07", "1250.00", Treatment.PAYABLE),
    ]


def test_an_arrangement_without_a_price_is_told() -> None:
    lines, findings = settled(document(DAYS), assigned(("T3", "c1", "54A09", "2026-02-15"), through="2026-02"))
    assert (lines, codes(findings)) == ([], ["F22"])
    assert "prijslijst standaard heeft geen prijs voor 54A09 op 15-02-2026" in findings[0].message


def test_only_the_days_in_force_and_in_reach_are_paid() -> None:
    text = document(DAYS, start="2026-02-15", until="2026-03-11")
    facts = assigned(("T1", "c1", "54A07", "2025-11-01"), ("T2", "c2", "54A07", "2026-03-11"), through="2026-12")
    assert sums(settled(text, facts)[0]) == {
        ("2026-02", "plan 54A07"): "625.00",  # 14 of 28 days
        ("2026-03", "plan 54A07"): "403.23",  # 10 of 31 days
    }
    assert list(sums(settled(text, facts.replace("2026-12", "2026-02"))[0])) == [("2026-02", "plan 54A07")]
    # One price for the whole that began before the contract was paid under another.
    once = document(ONCE, start="2026-02-15", until="2026-03-11")
    assert sums(settled(once, facts)[0]) == {}


def test_the_assignments_are_named_a_hundred_at_most() -> None:
    rows = [(f"T{n}", f"c{n}", "54A05", "2026-01-01") for n in range(101, 202)]
    [line], _ = settled(document(DAYS), assigned(*rows, through="2026-01"))
    numbers = ", ".join(number for number, *_ in rows[:100])
    assert explanation_lines(line.explanation)[1] == (
        1, f"101 arrangementen × 780,00, elk afgerond op centen (toewijzing {numbers}, …)", "78.780,00"
    )  # fmt: skip


DAY = st.integers(0, 364).map(lambda number: date(2026, 1, 1) + timedelta(number))
RUNS = st.lists(
    st.tuples(DAY, st.integers(1, 120) | st.none(), st.sampled_from(("54A05", "54A07")), st.sampled_from("abc")),
    max_size=8,
)


@given(RUNS, st.sampled_from((DAYS, WHOLE_MONTHS)))
def test_a_client_never_pays_more_than_one_dearest_plan_and_months_do_not_move(
    runs: list[tuple[date, int | None, str, str]], text: str
) -> None:
    contract = contract_of(document(text))
    [component] = contract.component
    assert isinstance(component, ArrangementComponent)
    facts = Facts(
        assignments=[
            Assignment(f"T{n}", who, "GM0502", product, start, start + timedelta(days) if days else None, None, "total")
            for n, (start, days, product, who) in enumerate(runs)
        ]
    )
    year, _ = arrangement.entitle(contract, component, facts, Month(2026, 12))
    for number in range(1, 13):
        month = Month(2026, number)
        of_month = total(line.amount for line in year if line.key.month == month)
        running = {who for start, days, _, who in runs
                   if start < month.end and (days is None or start + timedelta(days) > month.first_day)}  # fmt: skip
        assert of_month <= Eur(1250 * len(running))
        assert of_month or not running
        to_date, _ = arrangement.entitle(contract, component, facts, month)
        assert to_date == [line for line in year if line.key.month <= month]


@pytest.mark.parametrize(
    ("component", "said"),
    [
        (PLAIN + 'partial_month = "days"', "er is niet precies één dekking; geef task_field of funding_sources"),
        (DAYS + SOURCES, "er is niet precies één dekking"),
        (BOOKED, "sleutel partial_month: ontbreekt; zeg of een deel van een maand geheel (whole) of per dag (days)"),
        (ONCE + 'partial_month = "days"', "sleutel partial_month: hoort bij per month"),
        (PLAIN + SOURCES.replace("66.7", "66.8") + 'per = "whole"', "tellen op tot 100.1; samen moeten ze 100 zijn"),
        (PLAIN + SOURCES.replace("66.7", "66.6") + 'per = "whole"', "tellen op tot 99.9; samen moeten ze 100 zijn"),
        (PLAIN + SOURCES.replace('"Jeugdwet"', '"Wmo"') + 'per = "whole"', "een wet staat er twee keer in"),
        (PLAIN + SOURCES.replace("Jeugdwet", "Participatiewet") + 'per = "whole"',
         "de Participatiewet staat niet bij laws"),
        (DAYS.replace("54A05", "54A07"), "product 54A07 staat twee keer in dit onderdeel"),
        (DAYS + 'covers = ["54A07"]', "product 54A07 staat twee keer in dit onderdeel"),
        (DAYS.replace('"zwaar", product = "54A07"', '"licht", product = "54A07"'), "profiel 3, intensiteit licht"),
        (DAYS + 'beside = ["44A09"]', "sleutel beside: 44A09 staat niet in prices; andere zorg mag altijd naast"),
        (DAYS + 'shares = []', "onbekende sleutel"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_meant_is_refused(component: str, said: str, tmp_path: Path) -> None:
    assert said in refused(document(component), tmp_path)


def test_its_products_and_task_fields_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "arrangement.toml"
    path.write_text(
        document(PLAIN + SOURCES.replace("6.712", "6.99") + 'per = "whole"\ncovers = ["45A04"]'), encoding="utf-8"
    )
    found = acceptance_findings(read_documents([path]), {}, Parties({}, {}), {}, settle_example)
    said = [str(finding) for finding in found]
    assert any("sleutel funding_sources[1].task_field" in one and '"6.99" is geen taakveld' in one for one in said)
    unknown = [one.place.split("sleutel ")[1] for one in found if one.code == "C09"]
    assert unknown == ["prices[1].product", "prices[2].product", "prices[3].product", "covers[1]"]
