"""Output: pieces, periods of care and trajectories, computed by hand beside each test."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.acceptance import acceptance_findings
from contracts.components.output import Instalment
from contracts.documents import read_documents
from contracts.parties import Parties
from kernel.findings import Refusal
from kernel.money import half_up, total
from settlement.funding.components import entitle
from settlement.funding.trajectories import parts_of
from settlement.phrases import explanation_lines
from settlement.simulation import facts_of_document, settle_example
from tests.settlement.funding.care import case, contract, deliveries, facts, lines, of, prices, simulate
from tests.settlement.funding.documents import document, refused

OUTPUT = Path(__file__).parents[3] / "examples" / "contracts" / "output.toml"
STOPPED = 'start = 2025-02-10, end = 2025-05-05, done_percent = "40"'
START_AND_END = '[{ on = "start", percent = "70" }, { on = "end", percent = "30" }]'


def trajectories(instalments: str = START_AND_END, early_stop: str = "pro_rata", more: str = "") -> str:
    return f"""kind = "output"
trajectories = {{ products = ["traject"], instalments = {instalments}, early_stop = "{early_stop}"{more} }}"""


def begun(*said: str) -> str:
    rows = ", ".join(f'{{ product = "traject", {one} }}' for one in said)
    return f"trajectories = [{rows}]"


def test_the_case_of_70_30() -> None:
    said = case("effort_and_output.toml", "trajectory-70-30")
    priced = prices(traject=said["given"]["price"])
    given = facts(f"{priced}\n{begun('start = 2025-02-10, end = 2025-09-30')}")
    assert lines(contract(trajectories()), given) == {
        ("2025-02", "trajectory traject"): said["expect"]["start"],
        ("2025-09", "trajectory traject"): said["expect"]["end"],
    }


def test_the_case_of_an_early_stop() -> None:
    said = case("effort_and_output.toml", "trajectory-early-stop")
    priced = prices(traject=said["given"]["price"])
    given = facts(f"{priced}\n{begun(STOPPED)}")
    assert lines(contract(trajectories()), given) == {
        ("2025-02", "trajectory traject"): said["expect"]["paid_at_start"],
        ("2025-05", "early_stop traject"): f"-{said['expect']['refund']}",
    }


@pytest.mark.parametrize(
    ("early_stop", "instalments", "stop"),
    [
        ("pro_rata", START_AND_END, "-2400.00"),
        ("none", START_AND_END, None),
        ("start_only", START_AND_END, None),
        # 30% at the start and 20% in the third month: 4,000 was paid, of which 2,400 at the start.
        ("pro_rata", "MONTHS", "-800.00"),
        ("none", "MONTHS", None),
        ("start_only", "MONTHS", "-1600.00"),
    ],
)
def test_what_an_early_stop_changes(early_stop: str, instalments: str, stop: str | None) -> None:
    months = """[{ on = "start", percent = "30" }, { on = "month", month = 3, percent = "20" },
        { on = "month", month = 6, percent = "20" }, { on = "result", percent = "30" }]"""
    agreed = contract(trajectories(months.replace("\n", "") if instalments == "MONTHS" else instalments, early_stop))
    given = facts(f"{prices(traject='8000.00')}\n{begun(STOPPED)}")
    assert lines(agreed, given).get(("2025-05", "early_stop traject")) == stop


def test_more_was_done_than_was_paid() -> None:
    given = facts(f"{prices(traject='8000.00')}\n{begun(STOPPED.replace('40', '81'))}")
    assert lines(contract(trajectories()), given)[("2025-05", "early_stop traject")] == "880.00"


RESULT = (
    '[{ on = "start", percent = "33.33" }, { on = "month", month = 4, percent = "33.33" }, '
    '{ on = "result", percent = "33.34" }]'
)


@pytest.mark.parametrize(
    ("said", "paid"),
    [
        ("start = 2025-02-28", {"2025-02": "333.30", "2025-05": "333.30"}),
        ("start = 2025-02-28, end = 2025-07-01", {"2025-02": "333.30", "2025-05": "333.30"}),
        (
            "start = 2025-02-28, end = 2025-07-01, result = true",
            {"2025-02": "333.30", "2025-05": "333.30", "2025-07": "333.41"},
        ),
        # Done before its fourth month: what was due then is due now.
        ("start = 2025-02-28, end = 2025-03-31, result = true", {"2025-02": "333.30", "2025-03": "666.71"}),
    ],
)
def test_instalments_are_due_in_their_months(said: str, paid: dict[str, str]) -> None:
    given = facts(f"{prices(traject='1000.01')}\n{begun(said)}")
    assert lines(contract(trajectories(RESULT)), given) == {(m, "trajectory traject"): a for m, a in paid.items()}


def test_what_is_not_due_yet_is_not_paid() -> None:
    given = facts(f"{prices(traject='1000.01')}\n{begun('start = 2025-02-28')}", "2025-04")
    assert list(lines(contract(trajectories(RESULT)), given)) == [("2025-02", "trajectory traject")]


@pytest.mark.parametrize(("again", "paid"), [("2025-11-29", None), ("2025-12-01", "5600.00")])
def test_who_begins_again_soon_pays_no_new_start(again: str, paid: str | None) -> None:
    agreed = contract(trajectories(more=", restart_months = 6"))
    said = (
        "start = 2025-01-10, end = 2025-05-31",
        f"start = {again}",
        f'start = {again}, client = "other", end = {again}',
    )
    given = facts(f"{prices(traject='8000.00')}\n{begun(*said[:2])}")
    assert lines(agreed, given).get((again[:7], "trajectory traject")) == paid
    both = facts(f"{prices(traject='8000.00')}\n{begun(*said)}")
    assert lines(agreed, both)[(again[:7], "trajectory traject")] == ("13600.00" if paid else "8000.00")


@pytest.mark.parametrize(
    ("end", "again", "paid"),
    [
        ("2025-08-27", "2026-02-27", "300.00"),
        ("2025-08-28", "2026-02-28", "300.00"),
        ("2025-08-29", "2026-02-28", "300.00"),
        ("2025-08-31", "2026-02-28", "300.00"),
        ("2025-08-27", "2026-02-28", "1000.00"),
        ("2025-08-28", "2026-03-01", "1000.00"),
        ("2025-08-31", "2026-03-01", "1000.00"),
        ("2025-02-28", "2025-08-28", "300.00"),
        ("2025-02-28", "2025-08-29", "1000.00"),
        ("2025-12-31", "2026-06-30", "300.00"),
        ("2025-12-31", "2026-07-01", "1000.00"),
    ],
)
def test_six_months_are_from_the_last_day(end: str, again: str, paid: str) -> None:
    agreed = contract(trajectories(more=", restart_months = 6"))
    said = (f"start = 2025-01-10, end = {end}", f"start = {again}, end = 2026-09-30")
    of_both = lines(agreed, facts(f"{prices(traject='1000.00')}\n{begun(*said)}", "2026-12"))
    assert sum(Decimal(amount) for amount in of_both.values()) == 1000 + Decimal(paid)


def test_a_trajectory_under_an_earlier_contract_counts_for_a_restart_and_is_not_paid() -> None:
    agreed = contract(trajectories(more=", restart_months = 6"))
    earlier, again = "start = 2024-03-01, end = 2024-11-30", "start = 2025-02-10, end = 2025-09-30"
    given = facts(f"{prices(traject='1000.00')}\n{begun(earlier, again)}")
    assert lines(agreed, given) == {("2025-09", "trajectory traject"): "300.00"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        # Six months before 1 July, the contract was not in force; before 2 July it was.
        ([("A", "2025-06-30")], "A"),
        ([("A", "2025-07-01")], None),
        ([("A", "2025-02-10"), ("B", "2025-03-10")], "A, B"),
        # A trajectory from before the contract is known: then those of its clients are, too.
        ([("A", "2025-02-10"), ("Z", "2024-02-10")], None),
        # It starts after the month of the run.
        ([("A", "2026-01-10")], None),
    ],
)
def test_a_restart_that_cannot_be_looked_up_is_told(rows: list[tuple[str, str]], told: str | None) -> None:
    agreed = contract(trajectories(more=", restart_months = 6"))
    said = (f'start = {start}, number = "T{number}", client = "{number}"' for number, start in rows)
    given = facts(f"{prices(traject='1000.00')}\n{begun(*said)}")
    known = replace(facts_of_document(agreed, given)[0], written_by_hand=False)
    entitlements, findings = entitle(agreed, known, given.through)
    assert len([one for one in entitlements if one.amount]) == len({start for _, start in rows if "2025" in start})
    if told is None:
        assert findings == []
    else:
        [finding] = findings
        assert (finding.code, finding.severity, finding.place) == ("F12", "warning", "product traject, GM0502")
        numbers = ", ".join(f"T{number}" for number in told.split(", "))
        assert finding.message.endswith(f"de start is betaald van traject {numbers}")


@pytest.mark.parametrize(
    ("early_stop", "stop"),
    [("pro_rata", "2160.00"), ("none", None), ("start_only", None)],  # 90% of 8,000.00 less the start of 5,600.00
)
def test_a_restart_that_stops_early_comes_to_no_more_than_one_that_is_completed(
    early_stop: str, stop: str | None
) -> None:
    agreed = contract(trajectories(early_stop=early_stop, more=", restart_months = 6"))
    again = 'start = 2025-07-01, end = 2025-09-30, done_percent = "90"'
    given = facts(f"{prices(traject='8000.00')}\n{begun('start = 2025-01-10, end = 2025-05-31', again)}")
    assert lines(agreed, given).get(("2025-09", "early_stop traject")) == stop


def test_a_line_says_which_trajectories_it_is_about() -> None:
    rows = [f'start = 2025-02-10, number = "{number}", client = "{number[::-1]}"' for number in ("TB", "TA")]
    given = facts(f"{prices(traject='9875.55')}\n{begun(*rows)}", "2025-02")
    [line] = simulate(contract(trajectories()), given)
    assert [sentence for _, sentence, _ in explanation_lines(line.explanation)] == [
        "product traject: som van de trajecten (artikel 5)",
        "traject TA, bij de start op 10-02-2025: 70 % van 9.875,55",
        "traject TB, bij de start op 10-02-2025: 70 % van 9.875,55",
    ]


def test_the_price_is_that_of_the_day_it_began() -> None:
    priced = 'prices = [["traject", 2025-01-01, 2025-03-01, "1000.00"], ["traject", 2025-03-01, "open", "2000.00"]]'
    given = facts(f"{priced}\n{begun('start = 2025-02-28, end = 2025-04-01')}")
    assert lines(contract(trajectories()), given)[("2025-04", "trajectory traject")] == "300.00"


def test_a_trajectory_without_a_price_is_a_finding() -> None:
    with pytest.raises(Refusal) as refusal:
        simulate(contract(trajectories()), facts(begun("start = 2025-02-28")))
    [finding] = refusal.value.findings
    assert (finding.code, finding.place) == ("F22", "product traject, 28-02-2025")


def test_a_trajectory_that_began_before_the_contract_is_not_its() -> None:
    given = facts(f"{prices(traject='1000.00')}\n{begun('start = 2024-12-31, end = 2025-04-01')}")
    assert lines(contract(trajectories()), given) == {}


@given(
    price=st.integers(1, 10**8).map(lambda cents: Decimal(cents) / 100),
    percents=st.lists(st.integers(1, 10**4), min_size=1, max_size=6),
)
def test_the_parts_of_a_trajectory_are_its_price(price: Decimal, percents: list[int]) -> None:
    instalments = [Instalment.model_validate({"on": "end", "percent": str(percent)}) for percent in percents]
    parts = parts_of(price, instalments)
    assert total(parts) == half_up(price)
    assert len(parts) == len(percents)


# --- pieces and periods -----------------------------------------------------------------------------------------------


def test_pieces_are_paid_by_volume_and_no_more_than_was_assigned() -> None:
    component = 'kind = "output"\nproducts = ["stuk"]\nfrequency = {}'
    assigned = 'assignments = [{ product = "stuk", start = 2025-07-07, end = 2025-09-05, volume = 2, per = "week" }]'
    rows = (("stuk", "2025-07-10", 7), ("stuk", "2025-08-10", 12), ("stuk", "2025-09-02", 1))
    given = facts(f"{assigned}\n{prices(stuk='45.50')}\n{deliveries(*rows)}")
    found = of(simulate(contract(component), given), "unfunded_frequency")
    # Sundays: 3 in July and 5 in August, where the broken last week is declared too; September has none.
    assert [(str(e.key.month), str(e.amount)) for e in found] == [("2025-07", "45.50"), ("2025-09", "45.50")]


def periods(more: str) -> str:
    return f'kind = "output"\nperiods = {{ products = ["stuk"]{more} }}'


def test_every_client_with_care_pays_for_the_month() -> None:
    rows = [("stuk", "2025-01-10", 1), ("stuk", "2025-01-20", 3), ("stuk", "2025-01-31", 1, ', client = "b"')]
    given = facts(f"{prices(stuk='812.345')}\n{deliveries(*rows)}")
    assert lines(contract(periods("")), given) == {
        ("2025-01", "stuk"): "4061.74",  # shadow: 812.35 + 2,437.04 + 812.35
        ("2025-01", "periods stuk"): "1624.69",
    }
    [line] = of(simulate(contract(periods("")), given), "periods")
    assert explanation_lines(line.explanation)[0][1] == (
        "product stuk: 2 cliënten met zorg van 01-01-2025 tot en met 31-01-2025 × 812,345 (van levering nr. 1, nr. 3) "
        "(artikel 5)"
    )


def test_every_client_who_is_assigned_pays_for_the_month() -> None:
    assigned = """assignments = [
        { product = "stuk", start = 2025-01-31, end = 2025-03-01 },
        { product = "stuk", start = 2025-02-01, end = 2025-02-01 },
        { product = "stuk", start = 2025-03-01, client = "b" },
        { product = "stuk", start = 2025-02-01, client = "c", municipality = "GM0597" },
    ]"""
    given = facts(f"{assigned}\n{prices(stuk='800.00')}", "2025-03")
    found = simulate(contract(periods(', when = "assigned"')), given)
    assert [(str(e.key.month), e.key.municipality, str(e.amount)) for e in found] == [
        ("2025-01", "GM0502", "800.00"),
        ("2025-02", "GM0502", "800.00"),
        ("2025-02", "GM0597", "800.00"),
        ("2025-03", "GM0502", "1600.00"),
        ("2025-03", "GM0597", "800.00"),
    ]
    assert explanation_lines(found[3].explanation)[0][1] == (
        "product stuk: 2 cliënten met een toewijzing van 01-03-2025 tot en met 31-03-2025 × 800,00 (toewijzing nr. 1, "
        "nr. 3) (artikel 5)"
    )


def test_periods_of_four_weeks_are_paid_when_they_end() -> None:
    # From Wednesday 1 January: 1-28 January, 29 January-25 February, 26 February-25 March; 26-31 March is broken off.
    agreed = contract(periods(', per = "four_weeks"'), until="2025-04-01")
    rows = (("stuk", "2025-01-28", 1), ("stuk", "2025-02-10", 1), ("stuk", "2025-03-31", 1), ("stuk", "2025-03-20", 1))
    given = facts(f"{prices(stuk='800.00')}\n{deliveries(*rows)}", "2025-03")
    assert {key: amount for key, amount in lines(agreed, given).items() if "periods" in key[1]} == {
        ("2025-01", "periods stuk"): "800.00",
        ("2025-02", "periods stuk"): "800.00",
        ("2025-03", "periods stuk"): "1600.00",
    }


# --- documents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "message"),
    [
        ('kind = "output"', "er is niets dat betaald wordt"),
        (periods("") + '\nproducts = ["stuk"]', "product stuk staat twee keer in dit onderdeel"),
        (periods("") + "\nfrequency = {}", "sleutel frequency: gaat over products"),
        ('kind = "output"\nproducts = ["stuk"]\nfrequency = { products = ["uur"] }', "uur staat niet bij products"),
        (trajectories('[{ on = "start", percent = "70" }]'), "de delen tellen op tot 70"),
        (trajectories('[{ on = "month", percent = "100" }]'), "hoort bij on"),
        (trajectories('[{ on = "end", month = 3, percent = "100" }]'), "hoort bij on"),
    ],
)
def test_a_document_that_does_not_fit_says_what_and_how(tmp_path: Path, component: str, message: str) -> None:
    assert message in refused(document(f'key = "zorg"\n{component}'), tmp_path)


def test_an_unknown_product_is_told_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "output.toml"
    path.write_text(OUTPUT.read_text(encoding="utf-8").replace("45T03", "45X99"), encoding="utf-8")
    [document] = read_documents([path])
    found = acceptance_findings([document], {}, Parties({}, {}), {}, settle_example)
    places = {finding.message: finding.place for finding in found if finding.code == "C09"}
    assert places["product 45X99 is onbekend"].endswith("sleutel trajectories.products[1]")
    assert places["product 44B02 is onbekend"].endswith("sleutel periods.products[1]")
    assert places["product 45B01 is onbekend"].endswith("sleutel products[1]")
