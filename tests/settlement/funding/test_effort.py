"""What is agreed on top of volume x price: bands, no-shows, adjustments and bounds of clients, by hand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.components.effort import Band
from kernel.findings import Refusal
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.entitlement import Entitlement
from settlement.funding.bands import amount_in_bands
from settlement.funding.components import entitle
from settlement.phrases import explanation_lines
from settlement.simulation import facts_of_document
from tests.settlement.funding.care import case, contract, deliveries, facts, lines, of, prices, simulate
from tests.settlement.funding.documents import document, refused


def sentences(line: Entitlement) -> list[tuple[str, str]]:
    return [(sentence, result) for _, sentence, result in explanation_lines(line.explanation)]


# --- bands ------------------------------------------------------------------------------------------------------------

BANDS = '[{ up_to = "1000", price_eur = "62.40" }, { up_to = "2500", price_eur = "59.28" }, { price_eur = "56.16" }]'
BANDED = f'kind = "effort"\nproducts = ["uur", "min"]\nbands = {BANDS}'
PRICED = prices(uur="62.40", min="62.40")


def test_the_case_of_bands() -> None:
    said = case("effort_and_output.toml", "tariff-bands-marginal")
    component = contract(BANDED).component[0]
    bands = [(str(band.up_to or ""), str(band.price_eur)) for band in component.bands]  # type: ignore[union-attr]
    assert bands == [(band.get("up_to_hours", ""), band["tariff"]) for band in said["given"]["bands"]]
    for expected in said["expect"]:
        given = facts(f"{PRICED}\n{deliveries(('uur', '2025-03-03', int(expected['hours'])))}")
        assert lines(contract(BANDED), given) == {
            ("2025-03", "uur"): f"{Decimal(expected['hours']) * Decimal('62.40'):.2f}",  # shadow
            ("2025-03", "bands"): expected["amount"],
        }


def test_the_months_add_up_to_the_year_and_a_new_year_starts_at_the_first_band() -> None:
    rows = (
        ("uur", "2025-01-10", 800),
        ("uur", "2025-02-10", 700),
        ("min", "2025-11-10", 18020),
        ("uur", "2026-01-10", 5),
    )
    found = of(simulate(contract(BANDED), facts(f"{PRICED}\n{deliveries(*rows)}", "2026-03")), "bands")
    # February: 200 x 62.40 + 500 x 59.28. November: 18,020 minutes are 300 1/3 hours.
    assert [(str(e.key.month), str(e.amount)) for e in found] == [
        ("2025-01", "49920.00"),
        ("2025-02", "42120.00"),
        ("2025-11", "17803.76"),
        ("2026-01", "312.00"),
    ]


def test_each_step_of_a_band_can_be_redone() -> None:
    rows = (("uur", "2025-01-10", 800), ("uur", "2025-02-10", 700), ("min", "2025-11-10", 62020))
    found = of(simulate(contract(BANDED), facts(f"{PRICED}\n{deliveries(*rows)}")), "bands")
    assert sentences(found[2]) == [
        (
            "staffel: 153.210,72 van het jaar tot en met november 2025 − 92.040,00 van eerdere maanden (artikel 5)",
            "61.170,72",
        ),
        (
            "1.500 van eerdere maanden + (62.020 / 60) in november 2025 = (152.020 / 60) uur, elk tegen de prijs van "
            "zijn schijf; samen eenmaal afgerond op centen",
            "153.210,72",
        ),
        ("schijf tot 1.000: 1.000 uur × 62,40", "62.400,00"),
        ("schijf van 1.000 tot 2.500: 1.500 uur × 59,28", "88.920,00"),
        ("schijf boven 2.500: (2.020 / 60) uur × 56,16", "1.890,72"),
        (
            "1.500 uur van eerdere maanden, elk tegen de prijs van zijn schijf; samen eenmaal afgerond op centen",
            "92.040,00",
        ),
        ("schijf tot 1.000: 1.000 uur × 62,40", "62.400,00"),
        ("schijf van 1.000 tot 2.500: 500 uur × 59,28", "29.640,00"),
    ]


def test_bands_of_a_month_start_again_every_month() -> None:
    component = BANDED + '\nbands_per = "month"'
    rows = (("uur", "2025-01-10", 1100), ("uur", "2025-02-10", 1100))
    found = of(simulate(contract(component), facts(f"{PRICED}\n{deliveries(*rows)}")), "bands")
    assert [str(e.amount) for e in found] == ["68328.00", "68328.00"]


def test_municipalities_pay_by_their_hours() -> None:
    rows = (("uur", "2025-01-10", 1000), ("uur", "2025-01-11", 500, ', municipality = "GM0597"'))
    found = of(simulate(contract(BANDED), facts(f"{PRICED}\n{deliveries(*rows)}")), "bands")
    # 62,400 + 500 x 59.28 = 92,040
    assert [(e.key.municipality, str(e.amount)) for e in found] == [("GM0502", "61360.00"), ("GM0597", "30680.00")]


def test_a_supplement_on_bands() -> None:
    component = BANDED + '\nadjustments = [{ label = "cao", percent = "1.25" }]'
    found = lines(contract(component), facts(f"{PRICED}\n{deliveries(('uur', '2025-01-10', 1800))}"))
    assert found[("2025-01", "supplement cao")] == "1372.80"


def test_bands_count_one_unit() -> None:
    component = f'kind = "effort"\nproducts = ["uur", "stuk"]\nbands = {BANDS}'
    given = facts(f"{prices(uur='1', stuk='1')}\n{deliveries(('uur', '2025-01-10', 8), ('stuk', '2025-01-10', 8))}")
    with pytest.raises(Refusal) as refusal:
        simulate(contract(component), given)
    assert [finding.code for finding in refusal.value.findings] == ["F21"]


@st.composite
def bands(draw: st.DrawFn) -> list[Band]:
    edges = sorted(draw(st.sets(st.integers(1, 5000), max_size=4)))
    price = st.integers(1, 20000).map(lambda cents: f"{Decimal(cents) / 100}")
    said = [{"up_to": str(edge), "price_eur": draw(price)} for edge in edges]
    return [Band.model_validate(band) for band in [*said, {"price_eur": draw(price)}]]


@given(of_bands=bands(), units=st.fractions(0, 6000, max_denominator=60), more=st.fractions(0, 500, max_denominator=60))
def test_bands_never_fall_and_have_no_jumps(of_bands: list[Band], units: Fraction, more: Fraction) -> None:
    highest = max(Fraction(band.price_eur) for band in of_bands)
    rise = amount_in_bands(of_bands, units + more).exact - amount_in_bands(of_bands, units).exact
    assert 0 <= rise <= more * highest + Fraction(1, 100)


@given(of_months=st.lists(st.integers(0, 90000), min_size=12, max_size=12))
def test_the_months_of_a_year_add_up(of_months: list[int]) -> None:
    rows = [("min", f"2025-{n:02d}-10", minutes) for n, minutes in enumerate(of_months, start=1) if minutes]
    given = facts(f"{PRICED}\n{deliveries(*rows)}")
    agreed = contract(BANDED)
    paid = total(e.amount for e in of(simulate(agreed, given), "bands"))
    assert paid == amount_in_bands(agreed.component[0].bands, Fraction(sum(of_months), 60))  # type: ignore[union-attr]


# --- no-shows and adjustments -----------------------------------------------------------------------------------------

NO_SHOW = 'kind = "effort"\nproducts = ["uur", "stuk"]\nno_show = [{ product = "stuk", paid_percent = "40" }]'


def test_of_a_no_show_a_share_is_paid() -> None:
    given = facts(f"{prices(stuk='33.33')}\n{deliveries(('stuk', '2025-01-10', 1))}")
    assert lines(contract(NO_SHOW), given) == {
        ("2025-01", "stuk"): "33.33",
        ("2025-01", "no_show stuk"): "-20.00",  # 40% is 13.332
        ("2025-01", "unfunded_no_show stuk"): "20.00",
    }


def test_what_a_rule_is_taken_over_is_said() -> None:
    """Half of 33,33 is 16,665: 16,67 is paid and 16,66 is not, which without that figure looks like a mistake."""
    component = NO_SHOW.replace('"40"', '"50"') + '\nadjustments = [{ label = "cao", percent = "2" }]'
    given = facts(f"{prices(stuk='33.33')}\n{deliveries(('stuk', '2025-01-10', 1))}")
    no_show, supplement = of(simulate(contract(component), given), "unfunded_no_show", "supplement")
    assert sentences(no_show) == [
        (
            "product stuk: 33,33 × 50 % = 16,665, op centen 16,67, wordt betaald; niet betaald 33,33 − 16,67 "
            "(artikel 5)",
            "16,66",
        )
    ]
    assert sentences(supplement) == [
        ("cao: 2 % (artikel 5)", "0,33"),
        ("product stuk: 16,67 × 2 %", "0,33"),
        ("stuk", "33,33"),
        ("niet verschenen stuk", "-16,66"),
    ]


def test_what_is_taken_off_a_product_is_booked_where_the_product_is() -> None:
    given = facts(
        f"{prices(uur='61.75', stuk='40.01')}\n{deliveries(('uur', '2025-03-03', 9), ('stuk', '2025-03-04', 3))}"
    )
    component = 'kind = "effort"\nproducts = ["uur", "stuk"]\nno_show = [{ product = "stuk", paid_percent = "25" }]'
    agreed = contract(component)
    of_facts, _ = facts_of_document(agreed, given)
    booked = {("uur", Month(2025, 3)): "6.751", ("stuk", Month(2025, 3)): "6.712"}
    entitled, _ = entitle(agreed, replace(of_facts, task_fields=booked), Month(2025, 12))
    fields = {e.key.label: e.task_field for e in entitled}
    assert (fields["stuk"], fields["no_show stuk"], fields["unfunded_no_show stuk"]) == ("6.712", "6.712", "6.712")


def test_adjustments_are_taken_one_after_the_other_by_product_and_month() -> None:
    component = (
        NO_SHOW
        + """
adjustments = [
    { label = "avond", percent = "12.5", products = ["uur"], from = "2025-02" },
    { label = "korting", percent = "-3" },
    { label = "cao", percent = "2", until = "2025-02" },
]"""
    )
    rows = [(product, f"2025-{month}-10", 1) for month in ("01", "02") for product in ("uur", "stuk")]
    found = lines(contract(component), facts(f"{prices(uur='61.75', stuk='33.33')}\n{deliveries(*rows)}"))
    # January: 61.75 - 1.85 = 59.90; 13.33 - 0.40 = 12.93; + 2%: 1.20 + 0.26.
    # February: 61.75 + 7.72 = 69.47; - 3%: 2.08 and of 13.33 0.40.
    assert {key: amount for key, amount in found.items() if "supplement" in key[1]} == {
        ("2025-01", "supplement korting"): "-2.25",
        ("2025-01", "supplement cao"): "1.46",
        ("2025-02", "supplement avond"): "7.72",
        ("2025-02", "supplement korting"): "-2.48",
    }


# --- bounds of clients ------------------------------------------------------------------------------------------------


def bounded(*bounds: str) -> str:
    return f'kind = "effort"\nproducts = ["uur"]\nclient_bounds = [{", ".join(f"{{ {bound} }}" for bound in bounds)}]'


def care(*rows: tuple[str, int, str], extra: str = "") -> str:
    said = [("uur", day, hours, f', client = "{client}"{extra}') for day, hours, client in rows]
    return f"{prices(uur='61.75')}\n{deliveries(*said)}"


def test_a_client_has_a_maximum_per_month() -> None:
    given = facts(care(("2025-01-10", 10, "a"), ("2025-01-20", 5, "a"), ("2025-01-10", 4, "b"), ("2025-02-10", 9, "a")))
    assert lines(contract(bounded('per = "month", maximum_eur = "600.00"')), given) == {
        ("2025-01", "uur"): "1173.25",
        ("2025-01", "maximum month"): "-326.25",  # 15 x 61.75 = 926.25
        ("2025-01", "unfunded_maximum month"): "326.25",
        ("2025-02", "uur"): "555.75",
    }


def test_a_maximum_per_year_is_settled_to_date_and_starts_again() -> None:
    rows = (("2025-01-10", 10, "a"), ("2025-02-10", 10, "a"), ("2025-03-10", 1, "a"), ("2026-01-10", 10, "a"))
    given = facts(care(*rows), "2026-02")
    found = of(simulate(contract(bounded('per = "year", maximum_eur = "1000.00"')), given), "unfunded_maximum")
    # 617.50; 1,235.00; 1,296.75
    assert [(str(e.key.month), str(e.amount)) for e in found] == [("2025-02", "235.00"), ("2025-03", "61.75")]


def test_a_minimum_is_settled_when_its_period_is_over() -> None:
    component = bounded('per = "month", minimum_eur = "100.00"', 'per = "year", minimum_eur = "750.00"')
    rows = (("2025-01-10", 1, "a"), ("2025-02-10", 10, "a"), ("2025-02-10", 1, "b"))
    november = simulate(contract(component), facts(care(*rows), "2025-11"))
    assert [(str(e.key.month), e.key.label, str(e.amount)) for e in of(november, "minimum")] == [
        ("2025-01", "minimum month", "38.25"),
        ("2025-02", "minimum month", "38.25"),
    ]
    december = of(simulate(contract(component), facts(care(*rows), "2025-12")), "minimum")
    # a: 750 - 100 - 617.50 = 32.50; b: 750 - 100
    assert (str(december[-1].key.month), str(december[-1].amount)) == ("2025-12", "682.50")


def test_a_minimum_of_a_contract_that_ends_within_the_year_is_settled_in_its_last_month() -> None:
    agreed = contract(bounded('per = "year", minimum_eur = "750.00"'), until="2025-08-01")
    found = of(simulate(agreed, facts(care(("2025-01-10", 1, "a")), "2025-09")), "minimum")
    assert [(str(e.key.month), str(e.amount)) for e in found] == [("2025-07", "688.25")]


def test_bounds_of_an_assignment_run_over_the_turn_of_the_year() -> None:
    component = bounded('per = "assignment", minimum_eur = "1000.00", maximum_eur = "1200.00"')
    assigned = """assignments = [
        { product = "uur", start = 2025-11-01, end = 2026-02-28, number = "T1" },
        { product = "uur", start = 2025-11-01, end = 2026-01-31, number = "T2", client = "b" },
    ]\n"""
    rows = [
        ("uur", "2025-12-10", 15, ', assignment = "T1"'),
        ("uur", "2026-01-10", 5, ', assignment = "T1"'),
        ("uur", "2026-01-10", 5, ', assignment = "T2", client = "b"'),
    ]
    given = facts(f"{assigned}{prices(uur='61.75')}\n{deliveries(*rows)}", "2026-03")
    found = of(simulate(contract(component), given), "unfunded_maximum", "minimum")
    # T1: 1,235.00 - 1,200; T2: 1,000 - 308.75
    assert [(str(e.key.month), e.key.label, str(e.amount)) for e in found] == [
        ("2026-01", "unfunded_maximum assignment", "35.00"),
        ("2026-01", "minimum assignment", "691.25"),
    ]


def test_a_minimum_of_an_assignment_that_outlives_the_contract_is_settled_in_its_last_month() -> None:
    component = bounded('per = "assignment", minimum_eur = "1000.00"', 'per = "year", minimum_eur = "1100.00"')
    assigned = 'assignments = [{ product = "uur", start = 2025-11-01, end = 2026-02-28, number = "T1" }]\n'
    row = ("uur", "2025-11-10", 5, ', assignment = "T1"')
    given = facts(f"{assigned}{prices(uur='61.75')}\n{deliveries(row)}", "2026-03")
    found = of(simulate(contract(component, until="2026-01-01"), given), "minimum")
    assert [(str(e.key.month), e.key.label, str(e.amount)) for e in found] == [
        ("2025-12", "minimum assignment", "691.25"),
        ("2025-12", "minimum year", "100.00"),
    ]


def test_a_minimum_of_an_assignment_that_is_open_is_settled_in_the_last_month_of_the_contract() -> None:
    component = bounded('per = "assignment", minimum_eur = "1000.00"')
    assigned = 'assignments = [{ product = "uur", start = 2025-11-01, number = "T1" }]\n'
    row = ("uur", "2025-11-10", 5, ', assignment = "T1"')
    agreed = contract(component, until="2026-03-01")
    for through, expected in (
        ("2026-01", []),
        ("2026-02", [("2026-02", "691.25")]),
        ("2026-05", [("2026-02", "691.25")]),
    ):
        found = of(simulate(agreed, facts(f"{assigned}{prices(uur='61.75')}\n{deliveries(row)}", through)), "minimum")
        assert [(str(e.key.month), str(e.amount)) for e in found] == expected  # 1,000.00 - 5 x 61.75


def test_bounds_are_over_what_a_client_comes_to_after_all_other_rules() -> None:
    component = bounded('per = "month", maximum_eur = "600.00"') + '\nadjustments = [{ label = "cao", percent = "10" }]'
    found = lines(contract(component), facts(care(("2025-01-10", 10, "a"))))
    assert found[("2025-01", "maximum month")] == "-79.25"  # 617.50 + 61.75 = 679.25


def test_what_each_client_comes_to_can_be_redone() -> None:
    """A client is named by a delivery, and an earlier bound stands among what it comes to."""
    component = bounded('per = "month", maximum_eur = "600.00"', 'per = "year", maximum_eur = "900.00"')
    component += '\nadjustments = [{ label = "cao", percent = "10", from = "2025-02" }]'
    rows = (("2025-01-10", 8, "a"), ("2025-01-10", 1, "b"), ("2025-02-10", 5, "a"), ("2025-02-11", 5, "a"))
    found = of(simulate(contract(component), facts(care(*rows))), "unfunded_maximum")
    of_month, of_year = (sentences(line) for line in found)
    assert of_month == [
        ("1 cliënt boven het maximum van 600,00 per maand, voor uur (artikel 5)", "79,25"),
        ("cliënt van levering nr. 3: 679,25 in februari 2025 − 600,00", "79,25"),
        ("uur, februari 2025: 617,50 × 1,1 (niet verschenen, toeslagen, kortingen)", "679,25"),
    ]
    assert of_year == [
        ("1 cliënt boven het maximum van 900,00 per jaar, voor uur (artikel 5)", "194,00"),
        ("cliënt van levering nr. 1: 1.094,00 van het jaar tot en met februari 2025 − 900,00 − 0,00 van eerdere "
         "maanden", "194,00"),
        ("uur, januari 2025", "494,00"),
        ("uur, februari 2025: 617,50 × 1,1 (niet verschenen, toeslagen, kortingen)", "679,25"),
        ("maximum per cliënt per maand, februari 2025", "-79,25"),
    ]  # fmt: skip


def test_what_a_client_is_short_of_can_be_redone() -> None:
    rows = (("2025-02-10", 1, "b"), ("2025-03-10", 2, "b"), ("2025-03-10", 3, "a"))
    agreed = contract(bounded('per = "year", minimum_eur = "250.00"'))
    [short] = of(simulate(agreed, facts(care(*rows))), "minimum")
    assert sentences(short) == [
        ("2 cliënten onder het minimum van 250,00 per jaar, voor uur (artikel 5)", "129,50"),
        ("cliënt van levering nr. 1: 250,00 − 185,25 in het jaar", "64,75"),
        ("uur, februari 2025 – maart 2025", "185,25"),
        ("cliënt van levering nr. 3: 250,00 − 185,25 in het jaar", "64,75"),
        ("uur, maart 2025", "185,25"),
    ]


def test_a_bound_of_assignments_needs_them() -> None:
    with pytest.raises(Refusal) as refusal:
        simulate(contract(bounded('per = "assignment", maximum_eur = "1"')), facts(care(("2025-01-10", 1, "a"))))
    assert [finding.code for finding in refusal.value.findings] == ["F20"]


@given(hours=st.lists(st.tuples(st.integers(1, 12), st.integers(1, 40), st.sampled_from("abc")), max_size=15))
def test_no_client_gets_more_than_the_maximum_and_nothing_disappears(hours: list[tuple[int, int, str]]) -> None:
    rows = [(f"2025-{month:02d}-10", quantity, client) for month, quantity, client in hours]
    delivered: dict[str, Decimal] = defaultdict(Decimal)
    for _, quantity, client in rows:
        delivered[client] += quantity * Decimal("61.75")
    found = simulate(contract(bounded('per = "year", maximum_eur = "1000.00"')), facts(care(*rows)))
    payable = total(e.amount for e in found if e.key.treatment == "payable")
    unfunded = total(e.amount for e in found if e.key.treatment == "unfunded")
    assert payable == total(Eur(min(amount, Decimal(1000))) for amount in delivered.values())
    assert payable + unfunded == total(map(Eur, delivered.values()))


# --- documents --------------------------------------------------------------------------------------------------------

BASE = 'kind = "effort"\nproducts = ["uur"]\n'


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ('bands = [{ price_eur = "1" }, { price_eur = "2" }]', "schijf 1 heeft geen grens"),
        ('bands = [{ up_to = "1", price_eur = "1" }]', "de laatste schijf heeft een grens"),
        (
            'bands = [{ up_to = "9", price_eur = "1" }, { up_to = "9", price_eur = "1" }, { price_eur = "2" }]',
            "lopen niet op",
        ),
        ('bands_per = "month"', "sleutel bands_per: doet niets zonder bands"),
        ('bands = [{ price_eur = "1" }]\nfrequency = {}', "sleutel bands: staat naast"),
        (
            'bands = [{ price_eur = "1" }]\nadjustments = [{ label = "a", percent = "1", products = ["uur"] }]',
            "geen eigen prijs",
        ),
        ('client_bounds = [{ per = "month" }]', "geen minimum en geen maximum"),
        ('client_bounds = [{ per = "month", minimum_eur = "2", maximum_eur = "1" }]', "boven het maximum"),
        (
            'client_bounds = [{ per = "year", minimum_eur = "2" }, { per = "year", maximum_eur = "3" }]',
            "een periode staat er twee keer in",
        ),
        ('no_show = [{ product = "uur", paid_percent = "101" }]', "hooguit 100"),
        ('no_show = [{ product = "stuk", paid_percent = "10" }]', "stuk staat niet bij products"),
        (
            'no_show = [{ product = "uur", paid_percent = "1" }, { product = "uur", paid_percent = "2" }]',
            "een product staat er twee keer in",
        ),
        ('adjustments = [{ label = "a", percent = "1" }, { label = "a", percent = "2" }]', "hetzelfde label"),
        ('adjustments = [{ label = "a", percent = "-101" }]', "een korting van meer dan 100"),
        (
            'adjustments = [{ label = "a", percent = "1", from = "2025-02", until = "2025-02" }]',
            "ligt niet na from",
        ),
        (
            'frequency = { products = ["uur"], six_weeks = ["stuk"] }',
            "six_weeks: stuk staat niet bij products",
        ),
    ],
)
def test_a_document_that_does_not_fit_says_what_and_how(tmp_path: Path, rules: str, message: str) -> None:
    assert message in refused(document(f'key = "zorg"\n{BASE}{rules}'), tmp_path)
