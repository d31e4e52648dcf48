"""Population funding beside its instalments: other bases, withholding, reopenings, carve-outs and what is not spent."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.documents import contract_of, read_documents
from contracts.review import review_catchments
from kernel.money import Eur, half_up, total
from settlement.entitlement import Treatment
from settlement.phrases import explanation_lines
from tests.settlement.funding.documents import codes, document, refused, settled, sums

PLAIN = 'key = "team"\nkind = "population"\ntask_field = "6.23"\ninstalments = "quarterly"\n'
FIXED = PLAIN + 'budget_eur = "770000.10"\n'
TWO = '"GM0502", "GM0599"'
SPENT = '{ year = 2024, amount_eur = "1.00" }'
ONE_YEAR = {"until": "2027-01-01"}
PRICES = """
products.45A04 = { unit = "piece", price_per = "piece" }
products.43A02 = { unit = "day", price_per = "day" }
prices = [["45A04", 2026-01-01, "open", "1000.05"], ["43A02", 2026-01-01, "open", "450.10"]]
"""


def facts(*deliveries: tuple[str, str, int, str], through: str = "2026-12", more: str = "") -> str:
    rows = ", ".join(
        f'{{ product = "{product}", start = {day}, end = {day}, quantity = {quantity}, municipality = "{gm}" }}'
        for product, day, quantity, gm in deliveries
    )
    return f'through = "{through}"\n{more}\n{PRICES if rows else ""}\ndeliveries = [{rows}]'


def year(component: str, given: str = 'through = "2026-12"') -> str:
    """What a component pays in instalments over 2026."""
    lines, findings = settled(document(component, **ONE_YEAR), given)
    assert findings == []
    return str(total(line.amount for line in lines if line.key.label == "instalment"))


# --- the base ---------------------------------------------------------------------------------------------------------


def test_the_average_of_earlier_years() -> None:
    spent = 'historical = [{ year = 2023, amount_eur = "1000000.00" }, { year = 2024, amount_eur = "1100000.01" }]\n'
    assert year(PLAIN + spent) == "1050000.01"  # 1,050,000.005
    lines, _ = settled(document(PLAIN + spent, **ONE_YEAR), 'through = "2026-01"')
    said = [sentence for _, sentence, _ in explanation_lines(lines[0].explanation)]
    assert "gemiddelde van eerdere jaren: 2.100.000,01 / 2" in said


def test_a_share_of_a_larger_budget() -> None:
    objective = 'objective = { macro_budget_eur = "123456789.10", share_percent = "1.2345" }\n'
    assert year(PLAIN + objective) == "1524074.06"  # 1,524,074.0614...
    index = 'index = [{ year = 2026, percent = "4.96" }]\n'
    # 1,524,074.06 x 1.0496 = 1,599,668.133..., x 62.5% = 999,792.58125
    assert year(PLAIN + objective + index + 'catchment_percent = "62.5"\n') == "999792.58"


def test_the_part_of_an_area_that_a_provider_serves() -> None:
    per_person = PLAIN + 'amount_per_inhabitant_eur = "120.05"\ncount_date = 2026-01-01\n'
    counts = 'counts = [["GM0502", "inhabitants", 2026-01-01, "provisional", 10007]]\nthrough = "2026-12"'
    assert year(per_person, counts) == "1201340.35"
    parts = [year(f'{per_person}catchment_percent = "{part}"\n', counts) for part in ("62.5", "37.5")]
    assert parts == ["750837.72", "450502.63"]  # 750,837.71875 and 450,502.63125
    recount = 'recount = { dead_band_percent = "1" }\n'
    final = counts.replace("]]", '], ["GM0502", "inhabitants", 2026-01-01, "final", 10207]]')
    # growth 200 / 10,007 = 1.9986...%, paid 0.9986...% on the part served
    assert year(f'{per_person}{recount}catchment_percent = "62.5"\n', final) == "758335.59"


# --- withheld and reopened --------------------------------------------------------------------------------------------

WITHHELD = FIXED + 'withheld = { percent = "7.5", until = "auditor_statement" }\n'


def test_what_is_withheld_waits_for_the_accountability_of_its_year() -> None:
    contract = contract_of(document(WITHHELD))
    # 770,000.10 - 7.5% = 712,250.0925: 712,250.09 in four instalments of 178,062.52, the last 178,062.53
    quarters = {(f"2026-{month}", "instalment"): "178062.52" for month in ("01", "04", "07")}
    quarters[("2026-10", "instalment")] = "178062.53"
    assert sums(settled(contract, 'through = "2026-12"')[0]) == quarters
    for kind, through in (("auditor_statement", "2026-11"), ("annual_accounts", "2026-12")):
        given = f'through = "{through}"\naccountability = [[2026, "{kind}"], [2027, "auditor_statement"]]'
        assert sums(settled(contract, given)[0]) == quarters
    lines, _ = settled(contract, 'through = "2027-03"\naccountability = [[2026, "auditor_statement"]]')
    found = sums(line for line in lines if line.key.month.year == 2026)
    assert found == {**quarters, ("2026-12", "withheld"): "57750.01"}
    assert total(Eur(amount) for amount in found.values()) == Eur("770000.10")


def test_a_reopening_leaves_what_was_paid() -> None:
    reopened = WITHHELD + 'reopenings = [{ from = "2026-08", amount_eur = "50000.01", decision = "B1" }, '
    reopened += '{ from = "2026-10", amount_eur = "-1000.00", decision = "B2" }]\n'
    before = sums(settled(contract_of(document(WITHHELD, **ONE_YEAR)), 'through = "2026-12"')[0])
    lines, _ = settled(contract_of(document(reopened)), 'through = "2027-12"')
    # five months are left from August: two of them in the third quarter (20,000.004), three in the fourth
    assert sums(line for line in lines if line.key.month.year == 2026) == {
        **before,
        ("2026-08", "reopening 2026-08"): "20000.00",
        ("2026-10", "reopening 2026-08"): "30000.01",
        ("2026-10", "reopening 2026-10"): "-1000.00",
    }
    assert not [line for line in lines if line.key.month.year == 2027 and line.key.label.startswith("reopening")]


@given(
    st.integers(0, 10**10),
    st.integers(0, 1000),
    st.integers(-(10**6), 10**8),
    st.integers(1, 12),
    st.integers(0, 11),
    st.sampled_from(["monthly", "quarterly"]),
)
def test_all_parts_of_a_year_add_up_to_its_budget(
    cents: int, thousandths: int, extra: int, first: int, later: int, every: str
) -> None:
    reopened_in = min(first + later, 12)
    component = (
        f'key = "team"\nkind = "population"\ntask_field = "6.23"\ninstalments = "{every}"\n'
        f'budget_eur = "{Eur.of_cents(cents)}"\n'
        f'withheld = {{ percent = "{thousandths / 10:.1f}", until = "quality_report" }}\n'
        f'reopenings = [{{ from = "2026-{reopened_in:02d}", amount_eur = "{Eur.of_cents(extra)}", decision = "B" }}]\n'
    )
    contract = contract_of(document(component, start=f"2026-{first:02d}-01", **ONE_YEAR))
    given = 'accountability = [[2026, "quality_report"]]\nthrough = "2026-{:02d}"'
    months = [settled(contract, given.format(month))[0] for month in range(first, 13)]
    months_in_force = 13 - first
    whole = half_up(Eur.of_cents(cents).exact * months_in_force / 12) + Eur.of_cents(extra)
    assert total(line.amount for line in months[-1]) == whole
    for earlier, line_up in pairwise(months):  # a later month only adds
        assert {line.key: line.amount for line in earlier}.items() <= {
            line.key: line.amount for line in line_up
        }.items()


# --- deliveries outside the budget ------------------------------------------------------------------------------------

OUTSIDE = FIXED + 'municipality = "GM0502"\ncovers = ["45A04"]\ncarve_outs = ["43A02"]\nout_of_area = ["45A04"]\n'


def test_who_pays_for_what() -> None:
    delivered = facts(
        ("45A04", "2026-02-01", 3, "GM0502"), ("45A04", "2026-02-01", 2, "GM0599"), ("43A02", "2026-02-03", 1, "GM0502")
    )  # fmt: skip
    lines, _ = settled(document(OUTSIDE, municipalities=TWO, **ONE_YEAR), delivered)
    assert {
        (line.key.label, line.key.municipality, line.key.treatment): str(line.amount)
        for line in lines
        if not line.key.of_contract
    } == {
        ("45A04", "GM0502", Treatment.SHADOW): "3000.15",
        ("45A04", "GM0599", Treatment.PAYABLE): "2000.10",
        ("43A02", "GM0502", Treatment.PAYABLE): "450.10",
    }
    contract = contract_of(document(OUTSIDE, municipalities=TWO, **ONE_YEAR))
    assert set(contract.deliveries_read_by(contract.component[0])) == {
        ("GM0502", "45A04"), ("GM0502", "43A02"), ("GM0599", "45A04")
    }  # fmt: skip


def test_clients_of_other_municipalities_are_paid_by_a_price_list_of_their_own() -> None:
    component = FIXED + 'municipality = "GM0502"\ncarve_outs = ["45A04"]\nout_of_area = ["45A04"]\n'
    delivered = facts(("45A04", "2026-02-01", 3, "GM0502"), ("45A04", "2026-02-01", 2, "GM0599"))
    delivered += '\nprice_lists.regionaal = [["45A04", 2026-01-01, "open", "1085.50"]]'
    text = document(component + 'out_of_area_price_list = "regionaal"\n', municipalities=TWO, **ONE_YEAR)
    lines, _ = settled(text, delivered)
    paid = {line.key.municipality: str(line.amount) for line in lines if line.key.label == "45A04"}
    assert paid == {"GM0502": "3000.15", "GM0599": "2171.00"}  # 3 x 1,000.05 and 2 x 1,085.50


# --- what is not spent ------------------------------------------------------------------------------------------------


def unspent(rule: str, quantity: int = 700, more: str = "") -> dict[tuple[str, str], str]:
    component = f'{FIXED}covers = ["45A04"]\nunspent = {{ rule = "{rule}"{more} }}\n'
    delivered = facts(("45A04", "2026-02-01", quantity, "GM0502"))
    lines, findings = settled(document(component, **ONE_YEAR), delivered)
    assert findings == []
    return sums(line for line in lines if line.key.label in ("unspent", "earmarked"))


def test_what_becomes_of_what_is_not_spent() -> None:
    # 770,000.10 - 700 x 1,000.05 = 69,965.10
    assert unspent("keep") == {}
    assert unspent("return") == {("2026-12", "unspent"): "-69965.10"}
    assert unspent("split", more=', share_percent = "37.5"') == {("2026-12", "unspent"): "-26236.91"}  # 26,236.9125
    # a reserve of 3.5% of 770,000.10 is 26,950.0035
    assert unspent("reserve", more=', reserve_percent = "3.5"') == {("2026-12", "unspent"): "-43015.10"}
    assert unspent("reserve", more=', reserve_percent = "12"') == {}
    assert unspent("earmark") == {("2026-12", "earmarked"): "69965.10"}
    outside = f'{OUTSIDE}unspent = {{ rule = "return" }}\n'
    delivered = facts(
        ("45A04", "2026-02-01", 700, "GM0502"),
        ("45A04", "2026-02-01", 2, "GM0599"),
        ("43A02", "2026-02-03", 1, "GM0502"),
    )
    lines, _ = settled(document(outside, municipalities=TWO, **ONE_YEAR), delivered)
    assert sums(lines)[("2026-12", "unspent")] == "-69965.10"  # what stands outside the budget was not spent of it
    assert unspent("return", quantity=800) == {}  # spent more than the budget: nothing is left over


def test_nothing_delivered_is_not_known_until_something_is() -> None:
    component = f'{FIXED}covers = ["45A04"]\nunspent = {{ rule = "return" }}\n'
    lines, findings = settled(document(component), 'through = "2026-12"')
    assert codes(findings) == ["F31"]
    assert {line.key.label for line in lines} == {"instalment"}
    assert codes(settled(document(component), 'through = "2026-11"')[1]) == []


@given(st.integers(1, 900), st.integers(0, 1000), st.sampled_from(["return", "split", "reserve"]))
def test_never_more_is_paid_back_than_was_left_over(quantity: int, thousandths: int, rule: str) -> None:
    keys = {"split": "share_percent", "reserve": "reserve_percent"}
    more = f', {keys[rule]} = "{thousandths / 10:.1f}"' if rule in keys else ""
    back = Eur(unspent(rule, quantity, more).get(("2026-12", "unspent"), "0"))
    left = max(Eur("770000.10") - Eur.of_cents(100005 * quantity), Eur.zero())
    assert -left <= back <= Eur.zero()


# --- documents that cannot be meant -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (FIXED + f"historical = [{SPENT}]", "niet precies één grondslag"),
        (PLAIN + f"historical = [{SPENT}, {SPENT}]", "sleutel historical: een jaar staat er twee keer in"),
        (FIXED + 'catchment_percent = "60"', "laat catchment_percent weg"),
        (FIXED + 'unspent = { rule = "return" }', "noem in covers"),
        (FIXED + 'covers = ["45A04"]\nunspent = { rule = "split" }', "sleutel unspent.share_percent: ontbreekt"),
        (FIXED + 'covers = ["45A04"]\nunspent = { rule = "keep", reserve_percent = "5" }', "hoort bij rule reserve"),
        (FIXED + 'covers = ["45A04"]\ncarve_outs = ["45A04"]', "staat twee keer in dit onderdeel"),
        (FIXED + 'out_of_area = ["45A04"]', "noem die bij municipalities"),
        (FIXED + 'out_of_area_price_list = "regionaal"', "niets leest deze prijslijst; noem in out_of_area"),
        (FIXED + 'reopenings = [{ from = "2025-12", amount_eur = "1.00", decision = "B" }]', "van kracht in 2025-12"),
        (
            FIXED + 'reopenings = [{ from = "2026-02", amount_eur = "1.00", decision = "B" }, '
            '{ from = "2026-02", amount_eur = "1.00", decision = "C" }]',
            "sleutel reopenings: de maanden lopen niet op",
        ),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_meant(component: str, message: str, tmp_path: Path) -> None:
    assert message in refused(document(component), tmp_path)


def test_parts_of_an_area_make_the_whole(tmp_path: Path) -> None:
    def part(number: str, percent: str, field: str = "6.23") -> Path:
        base = 'amount_per_inhabitant_eur = "120.00"\ncount_date = 2026-01-01\n'
        component = f'{PLAIN}{base}catchment_percent = "{percent}"\n'.replace("6.23", field)
        path = tmp_path / f"{number}.toml"
        path.write_text(document(component).replace('contract = "A"', f'contract = "{number}"'), encoding="utf-8")
        return path

    first, second, other = read_documents([part("A", "62.5"), part("B", "37.5"), part("C", "40", "6.751")])
    assert review_catchments([first, second], {}) == []
    assert review_catchments([second], {"A": first.contract}) == []
    [finding] = review_catchments([first], {"C": other.contract})
    assert finding.code == "W20"
    assert "van GM0502 is op taakveld 6.23 samen 62,5% verdeeld (A 62,5%)" in finding.message
