"""A ceiling is never exceeded, and what is above it stays visible."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, strategies

from contracts.components.ceiling import CeilingComponent
from contracts.documents import contract_of
from contracts.model import Contract
from kernel.findings import Finding
from kernel.money import Eur, total
from kernel.periods import Month, months
from settlement.entitlement import Entitlement, Treatment
from settlement.funding import ceiling
from settlement.funding.components import entitle
from settlement.funding.facts import Facts
from settlement.phrases import explanation_lines
from tests.settlement.funding.lines import CAPELLE, ROTTERDAM, line, modified, refused, sums

CASES = tomllib.loads((Path(__file__).parents[2] / "cases" / "effort_and_output.toml").read_text(encoding="utf-8"))
PLAIN = 'kind = "ceiling"\namount_eur = "1000.07"\n'
SOFT = PLAIN + 'soft_band_percent = "5"\nsoft_band_rate = "0.60"\n'


def capped(
    contract: Contract, above: Sequence[Entitlement], through: str = "2027-12"
) -> tuple[list[Entitlement], list[Finding]]:
    component = contract.component[-1]
    assert isinstance(component, CeilingComponent)
    return ceiling.entitle(contract, component, above, Month.parse(through))


def test_the_soft_band_of_the_case() -> None:
    case = next(case for case in CASES["case"] if case["id"] == "ceiling-with-soft-band")
    terms, expected = case["given"], case["expect"][0]
    document = f"""kind = "ceiling"
amount_eur = "{terms["ceiling"]}"
soft_band_percent = "{terms["soft_band_percent"]}"
soft_band_rate = "{terms["soft_band_rate"]}"
"""
    delivered = [line("2026-03", "300000.00"), line("2026-08", str(Eur(expected["delivered"]) - Eur(300000)))]
    lines, findings = capped(modified(document), delivered)
    assert findings == []
    assert sums(lines) == {("2026-08", "ceiling"): "-45000.00", ("2026-08", "unfunded"): expected["unfunded"]}
    payable = [one for one in [*delivered, *lines] if one.key.treatment is Treatment.PAYABLE]
    assert str(total(one.amount for one in payable)) == expected["paid"]
    assert explanation_lines(lines[0].explanation) == [
        (0, "boven het plafond: wordt niet betaald (artikel 6)", "-45.000,00"),
        (1, "boven het plafond: 45.000,00 tot en met augustus 2026 − 0,00 van eerdere maanden", "45.000,00"),
        (
            2,
            "geleverd 560.000,00 − plafond 500.000,00 − uit de zachte band betaald 15.000,00, nooit onder nul",
            "45.000,00",
        ),
        (3, "zorg, GM0502, maart 2026 – augustus 2026", "560.000,00"),
        (3, "plafond volgens het contract", "500.000,00"),
        (
            3,
            "zachte band van 5 % van 500.000,00, dus 25.000,00 breed: daarbinnen geleverd 25.000,00 × 0,6",
            "15.000,00",
        ),
    ]


BELOW = """
[[component]]
key = "later"
kind = "effort"
clause = "artikel 7"
products = ["44A09"]
"""
CENTS = strategies.integers(-30_000, 90_000).map(Eur.of_cents)
DELIVERED = strategies.lists(
    strategies.tuples(strategies.integers(1, 12), CENTS, strategies.sampled_from((CAPELLE, ROTTERDAM))), max_size=15
)


@given(DELIVERED, strategies.sampled_from((PLAIN, SOFT)))
def test_never_exceeded_and_nothing_lost(delivered: list[tuple[int, Eur, str]], document: str) -> None:
    contract = modified(document)
    above = [line(f"2026-{month:02d}", amount, municipality) for month, amount, municipality in delivered]
    lines, _ = capped(contract, above)
    most = Fraction("1000.07") + (Fraction("50.00") * Fraction("0.6") if document is SOFT else 0)
    paid = Eur.zero()
    for month in months(Month(2026, 1), Month(2026, 12)):
        of_month = [one for one in [*above, *lines] if one.key.month == month]
        paid += total(one.amount for one in of_month if one.key.treatment is Treatment.PAYABLE)
        assert paid.exact <= most
    july, _ = capped(contract, above, "2026-07")
    assert july == [one for one in lines if one.key.month <= Month(2026, 7)]  # so months add up to the year
    assert {key: -Eur(amount) for (key, label), amount in sums(lines).items() if label == "ceiling"} == {
        key: Eur(amount) for (key, label), amount in sums(lines).items() if label == "unfunded"
    }


@given(CENTS, CENTS)
def test_more_delivered_is_never_less_paid(one: Eur, more: Eur) -> None:
    contract = modified(SOFT)

    def paid(delivered: Eur) -> Eur:
        lines, _ = capped(contract, [line("2026-01", delivered)])
        return delivered + total(found.amount for found in lines if found.key.label == "ceiling")

    low, high = sorted((Eur(one.amount + 700), Eur(more.amount + 700)))
    assert paid(low) <= paid(high)


@pytest.mark.parametrize("edge", ["1000.07", "1050.07"])
def test_continuous_at_the_edges(edge: str) -> None:
    contract = modified(SOFT)
    component = contract.component[-1]
    assert isinstance(component, CeilingComponent)
    assert edge in [str(one) for one in ceiling.edges(component, component.amount_eur)]
    paid = []
    for cents in (-1, 0, 1):
        delivered = Eur(edge) + Eur.of_cents(cents)
        lines, _ = capped(contract, [line("2026-01", delivered)])
        paid.append(delivered + total(found.amount for found in lines if found.key.label == "ceiling"))
    assert paid[1] - paid[0] <= Eur("0.01")
    assert paid[2] - paid[1] <= Eur("0.01")


def test_a_ceiling_holds_for_its_own_period() -> None:
    above = [line("2026-12", "900.00"), line("2027-01", "900.00"), line("2027-02", "900.00")]
    assert sums(capped(modified(PLAIN), above)[0]) == {
        ("2027-02", "ceiling"): "-799.93",
        ("2027-02", "unfunded"): "799.93",
    }
    assert sums(capped(modified(PLAIN + 'per = "month"'), above)[0]) == {}
    contract_ceiling = capped(modified(PLAIN + 'per = "contract"'), above)[0]
    assert sums(contract_ceiling) == {
        ("2027-01", "ceiling"): "-799.93", ("2027-01", "unfunded"): "799.93",
        ("2027-02", "ceiling"): "-900.00", ("2027-02", "unfunded"): "900.00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("per", "unfunded"),
    [("contract", {("2027-02", "unfunded"): "299.93"}), ("year", {("2027-02", "unfunded"): "299.93"}), ("month", {})],
)
def test_what_is_due_after_the_contract_counts_with_its_last_period(per: str, unfunded: dict[object, str]) -> None:
    """The end of a trajectory that began in time is due after the last month in force, and under the ceiling still."""
    contract = modified(PLAIN + f'per = "{per}"\n', until="2027-01-01")
    delivered = [line("2026-12", "700.00"), line("2027-02", "600.00", label="trajectory 50T01")]
    lines, _ = capped(contract, delivered)
    assert {key: amount for key, amount in sums(lines).items() if key[1] == "unfunded"} == unfunded


def test_part_of_a_year() -> None:
    above = [line("2026-06", "900.00")]
    part = modified(PLAIN, start="2026-06-01")  # 1000.07 x 7 / 12 = 583.374
    assert sums(capped(part, above)[0])[("2026-06", "unfunded")] == "316.63"
    assert capped(modified(PLAIN + 'partial_year = "whole"', start="2026-06-01"), above)[0] == []


YEARS = """kind = "ceiling"
years = [{ year = 2026, amount_eur = "600.00" }, { year = 2027, amount_eur = "1000.07" }]
soft_band_percent = "10"
soft_band_rate = "0.5"
"""


def test_a_ceiling_of_its_own_for_each_year_counts_as_it_is_written() -> None:
    above = [line("2026-06", "650.00"), line("2027-01", "900.00"), line("2027-02", "200.00")]
    lines, _ = capped(modified(YEARS, start="2026-06-01"), above)
    # 2026, seven months: 600.00 whole. 650.00 is 50.00 above; of it 50% is paid, within a band of 60.00.
    # 2027: 1,100.00 is 99.93 above, all within 10% of 1,000.07, 100.01: 49.965 is paid, half up 49.97.
    assert sums(lines) == {
        ("2026-06", "ceiling"): "-25.00", ("2026-06", "unfunded"): "25.00",
        ("2027-02", "ceiling"): "-49.96", ("2027-02", "unfunded"): "49.96",
    }  # fmt: skip
    said = [sentence for _, sentence, _ in explanation_lines(lines[0].explanation)]
    assert "plafond over 2026 volgens het contract" in said


def test_what_is_due_after_the_contract_is_under_the_ceiling_of_its_last_year() -> None:
    delivered = [line("2027-12", "700.00"), line("2028-02", "310.07", label="trajectory 50T01")]
    lines, _ = capped(modified(YEARS), delivered, "2028-02")
    assert sums(lines) == {("2028-02", "ceiling"): "-5.00", ("2028-02", "unfunded"): "5.00"}


def test_municipalities_bear_it_by_what_they_pay_to_date() -> None:
    above = [
        line("2026-01", "990.00", ROTTERDAM, task_field="6.712"),
        line("2026-02", "20.00", CAPELLE), line("2026-02", "10.00", ROTTERDAM, task_field="6.712"),
    ]  # fmt: skip
    lines, _ = capped(modified(PLAIN), above)
    taken_off = {one.key.municipality: (str(one.amount), one.task_field) for one in lines if one.key.label == "ceiling"}
    assert taken_off == {CAPELLE: ("-0.39", "6.751"), ROTTERDAM: ("-19.54", "6.712")}
    said = [sentence for _, sentence, _ in explanation_lines(lines[0].explanation)]
    part = "deel van GM0502 tot en met deze maand: 19,93 × 20,00 / 1.020,00 = 0,39, min 0,00 van eerdere maanden"
    assert part in said
    (named, *_), _ = capped(modified(PLAIN + 'task_field = "6.762"'), above)
    assert named.task_field == "6.762"


def test_a_refund_goes_back_to_who_bore_the_ceiling() -> None:
    """In the end each bears it in proportion to the whole year, whatever month it was reached or left in."""
    above = [
        line("2026-01", "700.07", CAPELLE),
        line("2026-02", "1000.00", ROTTERDAM),
        line("2026-03", "-600.00", CAPELLE),
    ]
    lines, _ = capped(modified(PLAIN), above)
    borne = {CAPELLE: Eur(0), ROTTERDAM: Eur(0)}
    for one in lines:
        if one.key.label == "ceiling":
            borne[one.key.municipality] += one.amount
    # 1.100,07 - 1.000,07 = 100,00, of which 100,07 and 1.000,00 of 1.100,07.
    assert borne == {CAPELLE: Eur("-9.10"), ROTTERDAM: Eur("-90.90")}


def test_what_is_posted_of_a_component_below_does_not_count() -> None:
    document = modified(PLAIN + BELOW)
    below = line("2026-01", "5000.00", component="later")
    shadow = line("2026-01", "5000.00", treatment=Treatment.SHADOW)
    entitled, findings = entitle(document, Facts(posted=[below, shadow, line("2026-01", "1000.08")]), Month(2026, 1))
    assert (sums(entitled), findings) == ({("2026-01", "ceiling"): "-0.01", ("2026-01", "unfunded"): "0.01"}, [])


@pytest.mark.parametrize(
    ("delivered", "through", "said"),
    [
        (["749.00", "1.05"], "2026-02", []),
        (["749.00", "1.06"], "2026-02", ["75% van het plafond is bereikt sinds 2026-02: 750,06 van 1.000,07"]),
        (["749.00", "1.06"], "2026-01", []),
        (["760.00", "10.00"], "2026-03", ["75% van het plafond is bereikt sinds 2026-01: 770,00 van 1.000,07"]),
        (["760.00", "240.07"], "2026-02", ["100% van het plafond is bereikt sinds 2026-02: 1.000,07 van 1.000,07"]),
        (["760.00", "240.07"], "2027-01", []),
    ],
)
def test_a_warning_when_a_share_of_the_ceiling_is_reached(delivered: list[str], through: str, said: list[str]) -> None:
    contract = modified(PLAIN + 'warning_percents = ["75", "90", "100"]')
    above = [line(f"2026-{month:02d}", amount) for month, amount in enumerate(delivered, start=1)]
    _, findings = capped(contract, above, through)
    assert [finding.message for finding in findings] == said


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (PLAIN + 'soft_band_percent = "5"', "geef soft_band_percent en soft_band_rate"),
        (PLAIN + 'soft_band_percent = "5"\nsoft_band_rate = "1.5"', "geef hooguit 1"),
        (PLAIN + 'per = "month"\npartial_year = "whole"', "sleutel partial_year: hoort bij een plafond per jaar"),
        (PLAIN + 'warning_percents = ["90", "75"]', "sleutel warning_percents: de percentages lopen niet op"),
        (PLAIN + 'applies_to = ["hulp"]', "hulp staat er niet boven"),
        (YEARS + 'amount_eur = "1.00"', "geef amount_eur (elke periode) of years (per jaar)"),
        ('kind = "ceiling"', "geef amount_eur (elke periode) of years (per jaar)"),
        (YEARS + 'per = "month"', "sleutel years: noemt het plafond van elk jaar"),
        (YEARS + 'partial_year = "whole"', "laat partial_year weg"),
        (YEARS.replace("2027", "2028"), "de jaren zijn 2026, 2028, en de looptijd vraagt 2026, 2027; noem elk jaar"),
    ],
)
def test_documents_that_cannot_be_meant(document: str, said: str, tmp_path: Path) -> None:
    assert said in refused(document, tmp_path)


def test_two_modifiers_come_in_the_order_of_the_document() -> None:
    reduction = '[[component]]\nkey = "korting"\nclause = "artikel 7"\nkind = "reduction"\npercent = "10"\n'
    reduction += 'from = "2026-01"\nuntil = "2027-01"\n'
    head, _, body = DOCUMENT.partition('[[component]]\nkey = "plafond"')
    plafond = '[[component]]\nkey = "plafond"' + body
    paid = []
    for document in (head + plafond + reduction, head + reduction + plafond):
        entitled, _ = entitle(contract_of(document), Facts(posted=[line("2026-01", "1100.00")]), Month(2026, 12))
        paid.append(str(Eur(1100) + total(o.amount for o in entitled if o.key.treatment is Treatment.PAYABLE)))
    assert paid == ["900.06", "990.00"]  # 1000.07 - 100.01, and 990.00 that stays under the ceiling


DOCUMENT = f"""contract = "A"
title = "Ambulant"
provider = "41000002"
municipalities = ["{CAPELLE}"]
laws = ["Jeugdwet"]
in_force = {{ from = 2026-01-01, until = 2027-01-01 }}

[[component]]
key = "zorg"
kind = "effort"
clause = "artikel 5"
products = ["45A04"]

[[component]]
key = "plafond"
clause = "artikel 6"
{PLAIN}
"""
