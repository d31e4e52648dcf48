"""What a run says: the difference with what was posted, under the month it belongs to, with causes that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.explanations import Step
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.corrections import differences
from settlement.entitlement import (
    INSTALMENT,
    Entitlement,
    Line,
    LineKey,
    Posted,
    PostedVolume,
    PricedVolume,
    RowEffect,
    Timing,
    Treatment,
)
from settlement.funding.volumes import entitle
from tariffs.units import PRICE_RULES, Rounding, Unit

MINUTES = PRICE_RULES[(Unit.MINUTE, Unit.HOUR, Rounding.ROW)]
HOURS = PRICE_RULES[(Unit.MINUTE, Unit.HOUR, Rounding.CLIENT_MONTH)]
JANUARY, FEBRUARY, MARCH = (Month(2026, month) for month in (1, 2, 3))


def key(month: Month = JANUARY, label: str = "45A04", treatment: Treatment = Treatment.PAYABLE) -> LineKey:
    return LineKey("zorg", "GM0502", month, label, treatment)


def volume(amount: str, price: str = "60.00", month: Month = JANUARY, **effects: Any) -> PricedVolume:
    return PricedVolume(
        component="zorg",
        municipality="GM0502",
        month=month,
        product="45A04",
        treatment=Treatment.PAYABLE,
        rule=effects.pop("rule", MINUTES),
        price=Decimal(price),
        price_version_id=1,
        rows=effects.pop("rows", 1),
        quantity=effects.pop("quantity", 95),
        billed_quantity=effects.pop("billed_quantity", 95),
        amount=Eur(amount),
        **{name: RowEffect(rows, Eur(part), references) for name, (rows, part, *references_) in effects.items()
           for references in [tuple(references_)]},
    )  # fmt: skip


def posted(
    amounts: Mapping[LineKey, str],
    prices: Mapping[LineKey, Sequence[str]] | None = None,
    explanations: Mapping[LineKey, Step] | None = None,
) -> Posted:
    return Posted(
        sequence=1,
        cutoff=7,
        last_period=JANUARY,
        amounts={k: Eur(amount) for k, amount in amounts.items()},
        task_fields=dict.fromkeys(amounts, "6.751"),
        explanations=explanations or {},
        volumes={
            k: {(Decimal(p), MINUTES): PostedVolume(1, 95, 95) for p in found} for k, found in (prices or {}).items()
        },
        month_hashes=dict.fromkeys((Month(2025, 2), Month(2025, 12), JANUARY, FEBRUARY, MARCH), "settled"),
    )


def unchanged(key: LineKey) -> Mapping[str, int]:
    return {"terms": 1, "product": 2, "price_list": 3}


def said(
    volumes: Sequence[PricedVolume],
    before: Posted,
    period: Month = FEBRUARY,
    settled: Sequence[Month] = (JANUARY, FEBRUARY),
) -> list[Line]:
    fields = {(v.product, v.month): "6.751" for v in volumes}
    lines = differences(period, entitle(volumes, "artikel 5", fields), volumes, before, settled, unchanged)
    for line in lines:
        assert line.amount == line.entitled - line.posted_before
        if line.timing is not Timing.CURRENT:
            assert total(cause.amount for cause in line.causes) == line.amount
    return lines


def causes(lines: Sequence[Line]) -> list[tuple[str, str]]:
    [line] = lines
    return [(cause.kind, str(cause.amount)) for cause in line.causes]


# --- which lines ------------------------------------------------------------------------------------------------------


def test_only_what_differs_is_said() -> None:
    assert said([volume("95.00")], posted({key(): "95.00"})) == []
    [line] = said([volume("125.00", late=(1, "30.00", "r10"))], posted({key(): "95.00"}))
    assert (line.key, str(line.entitled), str(line.posted_before), str(line.amount)) == (
        key(), "125.00", "95.00", "30.00",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("month", "before", "timing"),
    [
        (FEBRUARY, {}, Timing.CURRENT),
        (FEBRUARY, {key(FEBRUARY): "10.00"}, Timing.CORRECTION),  # the month itself, a second time
        (JANUARY, {}, Timing.CORRECTION),
        (JANUARY, {key(): "10.00"}, Timing.CORRECTION),
        (Month(2025, 12), {}, Timing.PRIOR_YEAR),
        (Month(2025, 2), {key(Month(2025, 2)): "10.00"}, Timing.PRIOR_YEAR),
    ],
)
def test_when_a_line_is_said(month: Month, before: Mapping[LineKey, str], timing: Timing) -> None:
    [line] = said([volume("95.00", month=month)], posted(before), settled=[month])
    assert line.timing is timing
    assert bool(line.causes) == (timing is not Timing.CURRENT)


def test_what_is_not_owed_any_more_is_taken_back() -> None:
    [line] = said([], posted({key(): "95.00"}, {key(): ["60.00"]}))
    assert (str(line.entitled), str(line.amount), line.task_field) == ("0.00", "-95.00", "6.751")
    assert line.explanation.code == "nothing_left"
    assert [cause.kind for cause in line.causes] == ["terms"]


def test_what_was_taken_back_before_is_not_taken_back_again() -> None:
    assert said([], posted({key(): "0.00"})) == []


def test_a_month_that_was_not_priced_again_stays_as_it_was() -> None:
    before = posted({key(): "95.00", key(FEBRUARY): "12.00"})
    assert [line.key.month for line in said([], before, settled=[FEBRUARY])] == [FEBRUARY]
    assert said([], before, settled=[]) == []


def test_a_month_after_the_period_stays_as_it_was() -> None:
    assert said([], posted({key(MARCH): "95.00"}), period=FEBRUARY, settled=[JANUARY, FEBRUARY, MARCH]) == []


def test_an_instalment_is_taken_back_also_in_a_month_that_was_not_priced() -> None:
    before = posted({key(label=INSTALMENT): "1000.00", key(MARCH, INSTALMENT): "1000.00"})
    [line] = said([], before, settled=[])
    assert (line.key.month, str(line.amount)) == (JANUARY, "-1000.00")


def test_payable_and_shadow_are_kept_apart() -> None:
    shadow = replace(volume("95.00"), treatment=Treatment.SHADOW)
    lines = said([shadow], posted({key(): "95.00"}))
    assert [(line.key.treatment, str(line.amount)) for line in lines] == [
        (Treatment.PAYABLE, "-95.00"),
        (Treatment.SHADOW, "95.00"),
    ]


def test_lines_come_in_a_fixed_order() -> None:
    volumes = [volume("1.00", month=month) for month in (FEBRUARY, JANUARY)]
    assert said(volumes, Posted()) == said(volumes[::-1], Posted())
    assert [line.key.month for line in said(volumes, Posted())] == [JANUARY, FEBRUARY]


# --- why --------------------------------------------------------------------------------------------------------------


def test_rows_that_came_in_are_told_apart() -> None:
    now = volume("83.00", rows=2, late=(1, "30.00", "r10"), credited=(1, "-50.00", "r11"), withdrawn=(1, "-7.00", "r1"))
    lines = said([now], posted({key(): "110.00"}, {key(): ["60.00"]}))
    assert causes(lines) == [("late", "30.00"), ("credit", "-50.00"), ("withdrawn", "-7.00")]
    assert [cause.values["references"] for cause in lines[0].causes] == ["r10", "r11", "r1"]


def test_rows_are_named_when_all_of_them_can_be() -> None:
    one, two, more = (
        said([volume("9.00", late=(rows, "9.00", *references))], posted({}))[0].causes[0].values
        for rows, references in ((1, ("r1",)), (2, ("r1", "r2")), (3, ("r1", "r3")))
    )
    assert (one["references"], two["references"]) == ("r1", "r1, r2")
    assert "references" not in more
    assert more["rows"] == "3"


def test_rows_at_several_prices_are_one_cause() -> None:
    volumes = [volume("30.00", late=(1, "30.00", "r1")), volume("61.75", "61.75", late=(1, "61.75", "r2"))]
    lines = said(volumes, posted({}))
    assert causes(lines) == [("late", "91.75")]
    assert lines[0].causes[0].values == {"rows": "2", "references": "r1, r2"}


def test_hours_show_how_the_rounding_went() -> None:
    now = volume("408.80", "58.40", rule=HOURS, quantity=405, billed_quantity=7, late=(1, "58.40", "r12"))
    hours = {(Decimal("58.40"), HOURS): PostedVolume(4, quantity=380, billed_quantity=6)}
    [line] = said([now], replace(posted({key(): "350.40"}), volumes={key(): hours}))
    assert line.causes[0].values == {
        "rows": "1", "references": "r12", "quantity": "405", "billed_quantity": "7", "billed_quantity_before": "6",
    }  # fmt: skip


def test_minutes_that_were_priced_row_by_row_are_no_hours() -> None:
    """The product is rounded per client and month now; what was posted was a number of minutes."""
    now = volume("408.80", "58.40", rule=HOURS, quantity=405, billed_quantity=7, late=(1, "58.40", "r12"))
    [line] = said([now], posted({key(): "369.87"}, {key(): ["58.40"]}))
    assert [(cause.kind, str(cause.amount)) for cause in line.causes] == [("late", "58.40"), ("terms", "-19.47")]
    assert line.causes[0].values == {"rows": "1", "references": "r12"}


def test_hours_are_those_of_the_days_on_which_hours_are_rounded() -> None:
    """In the middle of the month the product changed; its minutes of the first half are no part of the hours."""
    first = volume("92.47", "58.40", quantity=95, billed_quantity=95)
    second = volume("116.80", "58.40", rule=HOURS, quantity=95, billed_quantity=2, late=(1, "58.40", "r12"))
    at = {(Decimal("58.40"), MINUTES): PostedVolume(1, 95, 95), (Decimal("58.40"), HOURS): PostedVolume(1, 65, 1)}
    [line] = said([first, second], replace(posted({key(): "150.87"}), volumes={key(): at}))
    assert line.causes[0].values == {
        "rows": "1", "references": "r12", "quantity": "95", "billed_quantity": "2", "billed_quantity_before": "1",
    }  # fmt: skip


def test_another_rule_at_one_price_is_no_other_price() -> None:
    volumes = [volume("95.00"), volume("120.00", rule=HOURS, billed_quantity=2)]
    assert causes(said(volumes, posted({key(): "190.00"}, {key(): ["60.00"]}))) == [("terms", "25.00")]


def test_a_late_row_that_rounds_to_nothing_is_no_line() -> None:
    now = volume("350.40", "58.40", rule=HOURS, quantity=385, billed_quantity=6, late=(1, "0.00", "r12"))
    assert said([now], posted({key(): "350.40"})) == []


def test_what_the_rows_do_not_explain_is_the_price() -> None:
    now = volume("128.65", "61.75", late=(1, "30.88", "r10"))
    lines = said([now], posted({key(): "95.00"}, {key(): ["60.00"]}))
    assert causes(lines) == [("late", "30.88"), ("price", "2.77")]
    assert lines[0].causes[1].values == {"before_eur": "60.00", "now_eur": "61.75"}


def test_what_neither_rows_nor_price_explain_is_the_contract() -> None:
    lines = said([volume("100.00")], posted({key(): "95.00"}, {key(): ["60.00"]}))
    assert causes(lines) == [("terms", "5.00")]


@pytest.mark.parametrize(
    ("recorded", "cause"),
    [
        ({"terms": 8}, ("terms", "8")),
        ({"product": 9}, ("product", "9")),
        ({"price_list": 8, "product": 7}, ("price_list", "8")),
    ],
)
def test_a_change_of_terms_is_traced_to_the_version_that_is_newer_than_the_posting(
    recorded: dict[str, int], cause: tuple[str, str]
) -> None:
    before = posted({key(): "95.00"}, {key(): ["60.00"]})
    now = entitle([volume("100.00")], "artikel 5", {("45A04", JANUARY): "6.751"})
    versions = {**unchanged(key()), **recorded}
    [line] = differences(FEBRUARY, now, [volume("100.00")], before, [JANUARY], lambda _: versions)
    assert [(found.kind, found.values["recording"]) for found in line.causes] == [cause]


def test_rows_of_a_month_that_was_never_settled_are_not_late() -> None:
    """The contract was parked that month: what was delivered on time is said for the first time."""
    now = volume("95.00", late=(1, "95.00", "r1"))
    assert causes(said([now], replace(posted({}), month_hashes={}))) == [("first", "95.00")]


def test_rows_known_before_that_count_for_the_first_time() -> None:
    """A product comes into the contract: nothing is late, and nothing was posted."""
    assert causes(said([volume("95.00")], posted({}))) == [("first", "95.00")]


def instalment(amount: str, *steps: Step, month: Month = JANUARY) -> Entitlement:
    step = Step("instalment", {"number": "1"}, amount, "artikel 4", steps)
    return Entitlement(key(month, INSTALMENT), Eur(amount), "6.23", step)


def recount(persons: str, paid: str, before: str) -> Step:
    person = Step("per_person", {"persons": "10000"}, before)
    return Step("recount", {"counted": "10000", "recounted": persons, "paid_percent": paid, "before_eur": before},
                steps=(person,))  # fmt: skip


def per_person(persons: str) -> Step:
    return Step("per_person", {"persons": persons, "amount_eur": "120.00"})


def division(*shares: str) -> Step:
    areas = [Step("area_share", {"area": f"N{number}", "share": share}) for number, share in enumerate(shares)]
    return Step("division", {"areas": "N0, N1"}, steps=(Step("budget"), *areas))


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (per_person("10000"), recount("10150", "0.5", "1200000.00"), "recount"),
        (recount("10150", "0.5", "1200000.00"), recount("10151", "0.51", "1200000.00"), "recount"),
        (per_person("10000"), per_person("10010"), "count"),
        (per_person("10000"), per_person("10000"), "terms"),
        # The amount per person was agreed anew, and the recount is what it was.
        (recount("10150", "0.5", "1200000.00"), recount("10150", "0.5", "1260000.00"), "terms"),
        # The recount was agreed away.
        (recount("10150", "0.5", "1200000.00"), per_person("10000"), "terms"),
        (Step("budget"), Step("budget"), "terms"),
        (division("0.3", "0.21"), division("0.3", "1/3"), "share"),
        (division("0.3", "1/3"), division("0.3", "1/3"), "terms"),
    ],
)
def test_why_an_instalment_changed(before: Step, now: Step, kind: str) -> None:
    earlier = instalment("100000.00", before)
    base = posted({earlier.key: "100000.00"}, explanations={earlier.key: earlier.explanation})
    lines = differences(FEBRUARY, [instalment("100500.00", now)], [], base, [], unchanged)
    assert causes(lines) == [(kind, "500.00")]


def test_the_count_of_any_group_is_a_reason() -> None:
    def base(*persons: str) -> Step:
        return Step("sum_of_segments", steps=tuple(per_person(p) for p in persons))

    earlier = instalment("100000.00", base("10000", "500"))
    before = posted({earlier.key: "100000.00"}, explanations={earlier.key: earlier.explanation})
    [line] = differences(FEBRUARY, [instalment("100500.00", base("10000", "510"))], [], before, [], unchanged)
    expected = ("count", {"before": "10000 / 500", "now": "10000 / 510"})
    assert [(cause.kind, cause.values) for cause in line.causes] == [expected]


def test_an_instalment_of_an_earlier_month_that_is_said_for_the_first_time() -> None:
    lines = differences(FEBRUARY, [instalment("100000.00", per_person("10000"))], [], Posted(), [], unchanged)
    assert causes(lines) == [("first", "100000.00")]


@given(
    before=st.integers(-10_000, 10_000),
    now=st.integers(-10_000, 10_000),
    parts=st.tuples(*[st.integers(-5_000, 5_000)] * 3),
    prices=st.sampled_from([(["60.00"], "61.75"), (["60.00"], "60.00"), ([], "60.00")]),
)
def test_causes_always_add_up(before: int, now: int, parts: tuple[int, ...], prices: tuple[list[str], str]) -> None:
    effects = {
        name: (1, str(Eur.of_cents(part)), name)
        for name, part in zip(("late", "credited", "withdrawn"), parts, strict=True)
    }
    current = volume(str(Eur.of_cents(now)), prices[1], **effects)
    lines = said([current], posted({key(): str(Eur.of_cents(before))}, {key(): prices[0]}))
    assert [line.amount.cents for line in lines] == ([now - before] if now != before else [])
