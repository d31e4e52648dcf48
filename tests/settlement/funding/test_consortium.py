"""What is passed on adds up to what is payable, by month and over the year, and is never payable again."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.components.consortium import ConsortiumComponent
from contracts.documents import contract_of
from kernel.explanations import Step
from kernel.money import Eur, allocate, total
from kernel.periods import Month
from settlement.entitlement import Entitlement, LineKey, PricedVolume, Treatment
from settlement.funding import consortium
from settlement.funding.facts import Facts
from settlement.phrases import explanation_lines
from tariffs.units import PRICE_RULES, Rounding, Unit
from tests.settlement.funding.documents import codes, document, refused, settled, sums

ONE, TWO, THREE = "41000001", "41000002", "41000003"
TEAM = 'key = "team"\nkind = "lump_sum"\ntask_field = "6.23"\namount_eur = "1000.00"\nschedule = "quarterly"\n'
CARE = 'key = "hulp"\nkind = "effort"\nproducts = ["45A04", "44A09"]\n'
PLAIN = 'key = "leden"\nkind = "consortium"\n'
THIRDS = PLAIN + (
    f'members = [{{ provider = "{ONE}", percent = "33.34" }}, {{ provider = "{TWO}", percent = "33.33" }}, '
    f'{{ provider = "{THREE}", percent = "33.33" }}]\n'
)
BY_DELIVERY = PLAIN + (
    f'by = "delivery"\nmembers = [{{ provider = "{ONE}", products = ["45A04"] }}, '
    f'{{ provider = "{TWO}", products = ["44A09"] }}]\n'
)


def line(
    month: int,
    amount: str | Eur,
    label: str = "instalment",
    municipality: str = "GM0502",
    treatment: Treatment = Treatment.PAYABLE,
    component: str = "team",
    field: str = "6.23",
) -> Entitlement:
    key = LineKey(component, municipality, Month(2026, month), label, treatment)
    return Entitlement(key, Eur(str(amount)), field, Step("posted", {}, str(amount)))


def divided(text: str, above: list[Entitlement], through: str = "2026-12") -> list[Entitlement]:
    contract = contract_of(text)
    component = contract.component[-1]
    assert isinstance(component, ConsortiumComponent)
    lines, findings = consortium.entitle(contract, component, Facts(), above, Month.parse(through))
    assert findings == []
    return lines


def test_the_parts_add_up_and_are_not_payable() -> None:
    lines, findings = settled(document(TEAM, THIRDS), 'through = "2026-06"')
    assert findings == []
    passed = [one for one in lines if one.key.component == "leden"]
    # 250.00 x 33.34% = 83.35, x 33.33% = 83.325 twice: the cent that is left goes to the first of the two.
    # 500.00 to June: 166.70 and 166.65 twice, less what was passed on before.
    assert sums(passed) == {
        ("2026-01", f"passed_on {ONE}"): "83.35",
        ("2026-01", f"passed_on {TWO}"): "83.33",
        ("2026-01", f"passed_on {THREE}"): "83.32",
        ("2026-04", f"passed_on {ONE}"): "83.35",
        ("2026-04", f"passed_on {TWO}"): "83.32",
        ("2026-04", f"passed_on {THREE}"): "83.33",
    }
    assert {(one.key.treatment, one.task_field) for one in passed} == {(Treatment.PASSED_ON, "6.23")}
    assert str(total(one.amount for one in lines if one.key.treatment is Treatment.PAYABLE)) == "500.00"


def test_by_delivery_counts_what_a_budget_covers_and_waits_for_deliveries() -> None:
    counted = Treatment.SHADOW
    above = [
        line(1, "1000.00"), line(3, "61.75", "45A04", treatment=counted), line(3, "212.35", "44A09", treatment=counted),
        line(4, "1000.00"), line(5, "212.35", "44A09", treatment=counted),
    ]  # fmt: skip
    contract = contract_of(document(TEAM, CARE, BY_DELIVERY))
    component = contract.component[-1]
    assert isinstance(component, ConsortiumComponent)
    lines, findings = consortium.entitle(contract, component, Facts(), above, Month(2026, 12))
    assert codes(findings) == ["F09"]
    assert "GM0502, 2026-01: er is iets te verdelen en nog geen lid leverde iets" in str(findings[0])
    # To March 1,000.00 by 61.75 : 212.35 is 225.28 and 774.72; to April 2,000.00 so 450.57 and 1,549.43;
    # to May by 61.75 : 424.70 that is 253.88 and 1,746.12.
    assert sums(lines) == {
        ("2026-03", f"passed_on {ONE}"): "225.28",
        ("2026-03", f"passed_on {TWO}"): "774.72",
        ("2026-04", f"passed_on {ONE}"): "225.29",
        ("2026-04", f"passed_on {TWO}"): "774.71",
        ("2026-05", f"passed_on {ONE}"): "-196.69",
        ("2026-05", f"passed_on {TWO}"): "196.69",
    }


def test_what_is_due_after_the_contract_is_divided_by_what_was_delivered_in_its_last_year() -> None:
    above = [
        line(3, "61.75", "45A04", treatment=Treatment.SHADOW),
        line(3, "61.75", "44A09", treatment=Treatment.SHADOW),
    ]
    key = LineKey("team", "GM0502", Month(2027, 2), "trajectory 50T01", Treatment.PAYABLE)
    above.append(Entitlement(key, Eur("10.01"), "6.23", Step("posted", {}, "10.01")))
    text = document(TEAM, CARE, BY_DELIVERY, until="2027-01-01")
    assert sums(divided(text, above, "2027-03")) == {
        ("2027-02", f"passed_on {ONE}"): "5.01", ("2027-02", f"passed_on {TWO}"): "5.00"
    }  # fmt: skip


def test_who_credited_more_than_it_delivered_gets_nothing_and_gives_nothing() -> None:
    above = [line(1, "100.00"), line(1, "-20.00", "45A04", treatment=Treatment.SHADOW),
             line(1, "60.00", "44A09", treatment=Treatment.SHADOW)]  # fmt: skip
    assert sums(divided(document(TEAM, CARE, BY_DELIVERY), above)) == {("2026-01", f"passed_on {TWO}"): "100.00"}


def test_a_year_and_a_municipality_stand_alone() -> None:
    text = document(CARE, THIRDS, municipalities='"GM0502", "GM0599"')
    above = [line(1, "100.00", "45A04", "GM0502", component="hulp", field="6.751"),
             line(1, "10.00", "44A09", "GM0502", component="hulp", field="6.761"),
             line(1, "50.00", "45A04", "GM0599", component="hulp", field="6.752")]  # fmt: skip
    lines = divided(text, above)
    of_first = {(one.key.municipality, str(one.amount), one.task_field) for one in lines if ONE in one.key.label}
    assert of_first == {("GM0502", "36.68", "6.751"), ("GM0599", "16.67", "6.752")}
    assert {one.task_field for one in divided(document(CARE, THIRDS + 'task_field = "6.761"'), above[:1])} == {"6.761"}


OWN_CODES = PLAIN + (
    f'by = "delivery"\nmembers = [{{ provider = "{ONE}", own_code = true }}, '
    f'{{ provider = "{TWO}", own_code = true }}, {{ provider = "{THREE}", products = ["44A09"] }}]\n'
)
SENT = """
through = "2026-03"
products.45A04 = { unit = "minute", price_per = "hour", rounding = "client_month" }
products.44A09 = { unit = "day", price_per = "day" }
prices = [["45A04", 2026-01-01, "open", "60.00"], ["44A09", 2026-01-01, "open", "200.00"]]
deliveries = [
    { product = "45A04", start = 2026-01-05, end = 2026-01-05, quantity = 100 },
    { product = "45A04", start = 2026-01-06, end = 2026-01-06, quantity = 95, provider = "41000002" },
    { product = "44A09", start = 2026-01-07, end = 2026-01-07, quantity = 1 },
    { product = "44A09", start = 2026-02-07, end = 2026-02-08, quantity = 2, provider = "41000002" },
]
"""


def test_who_delivered_under_its_own_code_gets_what_it_delivered() -> None:
    lines, findings = settled(document(CARE, OWN_CODES), SENT)
    assert findings == []
    # 100 minutes of the one and 95 of the other are two hours each: 240.00, not the three hours of 195 minutes.
    # The day of 200.00 under the code of ONE is of THREE, who delivers that product for it; two days came from TWO.
    payable = [one for one in lines if one.key.treatment is Treatment.PAYABLE]
    assert sums(payable) == {
        ("2026-01", "45A04"): "240.00", ("2026-01", "44A09"): "200.00", ("2026-02", "44A09"): "400.00"
    }  # fmt: skip
    assert sums([one for one in lines if one.key.treatment is Treatment.PASSED_ON]) == {
        ("2026-01", f"passed_on {ONE}"): "120.00",
        ("2026-01", f"passed_on {TWO}"): "120.00",
        ("2026-01", f"passed_on {THREE}"): "200.00",
        ("2026-02", f"passed_on {TWO}"): "400.00",
    }
    ambulant = next(one for one in payable if one.key.label == "45A04")
    assert [sentence for _, sentence, _ in explanation_lines(ambulant.explanation)][1:] == [
        "1 levering: 100 minuten, per cliënt en maand afgerond op 2 uur × 60,00",
        "onder de code van 41000002: 1 levering: 95 minuten, per cliënt en maand afgerond op 2 uur × 60,00",
    ]


def test_a_member_of_another_consortium_delivers_nothing_for_this_component() -> None:
    other = 'key = "wonen"\nkind = "effort"\nproducts = ["02A16"]\n'
    text = document(CARE, other, OWN_CODES + 'applies_to = ["hulp"]\n')
    care, stay, _ = contract_of(text).component
    assert contract_of(text).members_read_by(care) == (TWO,)
    assert contract_of(text).members_read_by(stay) == ()


def test_the_explanation_can_be_redone_by_hand() -> None:
    lines = divided(document(TEAM, THIRDS), [line(1, "250.00"), line(4, "250.00")])
    second = next(one for one in lines if one.key.month.month == 4 and TWO in one.key.label)
    assert explanation_lines(second.explanation) == [
        (0, f"deel van {TWO}: 166,65 tot en met april 2026 − 83,33 van eerdere maanden (artikel 2)", "83,32"),
        (1, "33,33 % van 500,00, verdeeld op centen (grootste rest)", "166,65"),
        (2, "team, GM0502, januari 2026 – april 2026", "500,00"),
    ]
    by_delivery = divided(document(CARE, BY_DELIVERY), [line(1, "60.00", "45A04", component="hulp"),
                                                        line(1, "20.00", "44A09", component="hulp")])  # fmt: skip
    assert explanation_lines(by_delivery[0].explanation)[1] == (
        1, "80,00 × geleverd 60,00 / 80,00, verdeeld op centen (grootste rest)", "60,00"
    )  # fmt: skip


CENTS = st.integers(-50_000, 50_000).map(Eur.of_cents)


@given(
    amounts=st.lists(st.tuples(st.integers(1, 12), CENTS), max_size=12),
    percents=st.lists(st.integers(0, 50), min_size=1, max_size=4),
)
def test_parts_add_up_to_what_is_payable_and_months_to_the_year(
    amounts: list[tuple[int, Eur]], percents: list[int]
) -> None:
    share = [*(percent // 2 for percent in percents), 100 - sum(percent // 2 for percent in percents)]
    members = ", ".join(f'{{ provider = "4100000{n}", percent = "{part}" }}' for n, part in enumerate(share, 1))
    text = document(TEAM, f"{PLAIN}members = [{members}]")
    lines = divided(text, [line(month, amount) for month, amount in amounts])
    for month in range(1, 13):
        payable = total(amount for in_month, amount in amounts if in_month == month)
        assert total(one.amount for one in lines if one.key.month.month == month) == payable
    year = allocate(total(amount for _, amount in amounts), share)
    for number, part in enumerate(year, 1):
        assert total(one.amount for one in lines if one.key.label.endswith(f" 4100000{number}")) == part


DELIVERED = st.tuples(st.integers(1, 12), st.sampled_from(["", TWO]), st.sampled_from(["45A04", "44A09"]), CENTS)


@given(st.lists(DELIVERED, min_size=1, max_size=12))
def test_what_members_send_is_divided_to_the_cent_month_by_month(rows: list[tuple[int, str, str, Eur]]) -> None:
    """To date each has its part of what is payable, by what came under its code: never more or less together."""
    rule = PRICE_RULES[(Unit.MINUTE, Unit.HOUR, Rounding.ROW)]
    volumes = [
        PricedVolume(
            "hulp", "GM0502", Month(2026, month), product, Treatment.PAYABLE, rule, Decimal(60), 1, 1, 1, 1, amount,
            member=member,
        )
        for month, member, product, amount in rows
    ]  # fmt: skip
    contract = contract_of(document(CARE, OWN_CODES))
    component = contract.component[-1]
    assert isinstance(component, ConsortiumComponent)
    above = [line(month, amount, product, component="hulp") for month, _, product, amount in rows]
    lines, _ = consortium.entitle(contract, component, Facts(volumes=volumes), above, Month(2026, 12))
    for month in {month for month, *_ in rows}:
        by_member = [
            total(amount for m, code, product, amount in rows if m <= month and of(code, product)).exact
            for of in (
                lambda code, product: not code and product == "45A04",
                lambda code, _: code == TWO,
                lambda code, product: not code and product == "44A09",
            )
        ]
        weights = [max(weight, Fraction(0)) for weight in by_member]
        if any(weights):
            parts = allocate(total(amount for m, *_, amount in rows if m <= month), weights)
            passed = [
                total(e.amount for e in lines if e.key.month <= Month(2026, month) and e.key.label.endswith(code))
                for code in (ONE, TWO, THREE)
            ]
            assert passed == parts


@pytest.mark.parametrize(
    ("components", "said"),
    [
        ((TEAM, THIRDS.replace("33.34", "33.33")), "de percentages tellen op tot 99.99; samen"),
        ((TEAM, THIRDS.replace("33.34", "33.35")), "de percentages tellen op tot 100.01"),
        ((TEAM, THIRDS.replace(THREE, TWO)), f"{TWO} staat er twee keer in; laat er een weg"),
        ((TEAM, THIRDS.replace(', percent = "33.34"', "")), "een lid heeft geen percent, of noemt products"),
        ((TEAM, THIRDS + 'applies_to = ["hulp"]'), "hulp staat er niet boven"),
        ((TEAM, THIRDS, THIRDS.replace("leden", "anderen")), "team wordt ook door leden verdeeld; noem in applies_to"),
        ((CARE, BY_DELIVERY.replace("44A09", "45A04")), "product 45A04 staat er twee keer in"),
        ((CARE, BY_DELIVERY.replace('products = ["44A09"]', 'percent = "5"')), "verdelen naar levering vraagt"),
        ((CARE, BY_DELIVERY.replace('products = ["44A09"]', 'products = ["44A09"], own_code = true')),
         "verdelen naar levering vraagt van elk lid products of own_code"),
        ((CARE, BY_DELIVERY.replace('products = ["44A09"] }', "own_code = false }")), "of own_code = true als het"),
        ((CARE, BY_DELIVERY.replace("44A09", "02A16")), "noemt product 02A16, dat geen onderdeel erboven leest"),
        ((TEAM, PLAIN + f'members = [{{ provider = "{ONE}", percent = "100" }}]'), "geef er minstens 2"),
        ((TEAM, THIRDS + 'colour = "red"'), "onbekende sleutel"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_meant_is_refused(components: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert said in refused(document(*components), tmp_path)
