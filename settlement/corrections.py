"""Entitled to date, less what was posted to date: that difference is all a run says, and here it gets its reasons."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from kernel.explanations import Step
from kernel.money import Eur, total
from kernel.notation import plain
from kernel.periods import Month
from settlement.entitlement import (
    INSTALMENT,
    Cause,
    Entitlement,
    Line,
    LineKey,
    Posted,
    PostedVolume,
    PricedAt,
    PricedVolume,
    RowEffect,
    Timing,
)
from tariffs.units import Rounding

# By kind of cause, in the order in which they are asked, the recording of the version that a key is settled by now.
VersionsOf = Callable[[LineKey], Mapping[str, int]]


def differences(
    period: Month,
    entitlements: Sequence[Entitlement],
    volumes: Sequence[PricedVolume],
    posted: Posted,
    settled_months: Iterable[Month],
    versions_of: VersionsOf,
) -> list[Line]:
    """The lines of one contract: one for every key whose entitlement to date differs from what was posted.

    `settled_months` are the months for which deliveries were priced now; what was posted on deliveries of another month
    still holds. Instalments are computed for every month. `versions_of` tells what a change of terms came from.
    """
    months = set(settled_months)
    entitled = {entitlement.key for entitlement in entitlements}
    lapsed = [
        _lapsed(key, posted)
        for key in posted.amounts
        if key not in entitled and key.month <= period and (key.of_contract or key.month in months)
    ]
    by_key: dict[LineKey, list[PricedVolume]] = {}
    for volume in volumes:
        by_key.setdefault(volume.key, []).append(volume)
    lines = [
        _line(period, entitlement, by_key.get(entitlement.key, []), posted, versions_of)
        for entitlement in sorted([*entitlements, *lapsed], key=lambda entitlement: entitlement.key)
    ]
    return [line for line in lines if line.amount]


def _lapsed(key: LineKey, posted: Posted) -> Entitlement:
    """Something was posted and nothing is owed any more."""
    return Entitlement(key, Eur.zero(), posted.task_fields[key], Step("nothing_left", {}, "0.00"))


def _line(
    period: Month, entitlement: Entitlement, volumes: Sequence[PricedVolume], posted: Posted, versions_of: VersionsOf
) -> Line:
    key = entitlement.key
    before = posted.amounts.get(key, Eur.zero())
    timing = Timing.CORRECTION
    if key.month.year < period.year:
        timing = Timing.PRIOR_YEAR
    elif key.month == period and key not in posted.amounts:
        timing = Timing.CURRENT
    causes: tuple[Cause, ...] = ()
    if timing is not Timing.CURRENT:
        causes = _causes(entitlement, before, volumes, posted, versions_of)
    # A correction is booked where the amount it corrects was booked, also when the product has moved since.
    task_field = posted.task_fields.get(key, entitlement.task_field)
    return Line(key, timing, task_field, entitlement.amount, before, causes, entitlement.explanation)


def _causes(
    entitlement: Entitlement,
    before: Eur,
    volumes: Sequence[PricedVolume],
    posted: Posted,
    versions_of: VersionsOf,
) -> tuple[Cause, ...]:
    """Parts that add up to the difference: rows that came in, and what is left, by price, recount or contract.

    In a month that no run settled before nothing is late: it is said for the first time.
    """
    difference = entitlement.amount - before
    if entitlement.key.month not in posted.month_hashes and entitlement.key not in posted.amounts:
        return (Cause("first", difference),)
    of_rows = [
        _of_rows(kind, effect, volumes, posted.volumes.get(entitlement.key, {}))
        for kind, effect in (
            ("late", sum((volume.late for volume in volumes), RowEffect())),
            ("credit", sum((volume.credited for volume in volumes), RowEffect())),
            ("withdrawn", sum((volume.withdrawn for volume in volumes), RowEffect())),
        )
        if effect.rows or effect.amount
    ]
    rest = difference - total(cause.amount for cause in of_rows)
    if not rest:
        return tuple(of_rows)
    return (*of_rows, _of_terms(entitlement, rest, volumes, posted, versions_of))


def _of_rows(
    kind: str, effect: RowEffect, volumes: Sequence[PricedVolume], before: Mapping[PricedAt, PostedVolume]
) -> Cause:
    values = {"rows": str(effect.rows)}
    if effect.rows == len(effect.references):
        values["references"] = ", ".join(effect.references)
    return Cause(kind, effect.amount, values | _hours(volumes, before))


def _hours(volumes: Sequence[PricedVolume], before: Mapping[PricedAt, PostedVolume]) -> dict[str, str]:
    """How many hours the month has and had, where minutes are summed per client before they become hours.

    Nothing when the month was priced by another rule before: those quantities are no hours.
    """
    now = [volume for volume in volumes if volume.rule.rounding is Rounding.CLIENT_MONTH]
    earlier = [volume for (_, rule), volume in before.items() if rule.rounding is Rounding.CLIENT_MONTH]
    if not now or (before and not earlier):
        return {}
    return {
        "quantity": str(sum(volume.quantity for volume in now)),
        "billed_quantity": str(sum(volume.billed_quantity for volume in now)),
        "billed_quantity_before": str(sum(volume.billed_quantity for volume in earlier)),
    }


def _of_terms(
    entitlement: Entitlement, amount: Eur, volumes: Sequence[PricedVolume], posted: Posted, versions_of: VersionsOf
) -> Cause:
    """What is not explained by rows comes from the terms: another price, another count, another contract version."""
    of_rule = entitlement.key.of_contract and entitlement.key.label != INSTALMENT
    if entitlement.key not in posted.amounts and not of_rule:
        return Cause("first", amount)
    prices_before = {price for price, _ in posted.volumes.get(entitlement.key, {})}
    prices_now = {volume.price for volume in volumes}
    if prices_before and prices_now and prices_before != prices_now:
        values = {"before_eur": _listed(prices_before), "now_eur": _listed(prices_now)}
        return Cause("price", amount, values)
    recount = find_step(entitlement.explanation, "recount")
    recount_before = find_step(posted.explanations.get(entitlement.key), "recount")
    if recount is not None and (recount_before is None or _grown(recount) != _grown(recount_before)):
        return Cause("recount", amount, dict(recount.values))
    persons, persons_before = _persons(entitlement.explanation), _persons(posted.explanations.get(entitlement.key))
    if len(persons) == len(persons_before) and persons != persons_before:
        return Cause("count", amount, {"before": " / ".join(persons_before), "now": " / ".join(persons)})
    share, share_before = _own_share(entitlement.explanation), _own_share(posted.explanations.get(entitlement.key))
    if share and share_before and share != share_before:
        return Cause("share", amount, {"before": plain(share_before), "now": plain(share)})
    if index := _other_index(entitlement.explanation, posted.explanations.get(entitlement.key)):
        return Cause("index", amount, index)
    for kind, recording in versions_of(entitlement.key).items():
        if recording > posted.cutoff:
            return Cause(kind, amount, {"recording": str(recording)})
    if of_rule:
        before = posted.amounts.get(entitlement.key, Eur.zero())
        return Cause("recomputed", amount, {"before_eur": str(before), "now_eur": str(entitlement.amount)})
    return Cause("terms", amount)


def _grown(recount: Step) -> dict[str, str]:
    """What a recount counted and paid, apart from the budget it was paid over, which other terms decide."""
    return {name: value for name, value in recount.values.items() if name != "before_eur"}


def _persons(step: Step | None) -> list[str]:
    """The persons counted under each measure, in the order of the contract."""
    if step is None:
        return []
    own = [step.values["persons"]] if step.code == "per_person" else []
    return own + [persons for child in step.steps for persons in _persons(child)]


def _own_share(explanation: Step | None) -> Fraction | None:
    """The share that the contract's own areas together have in a divided budget."""
    division = find_step(explanation, "division")
    if division is None:
        return None
    return sum((Fraction(step.values["share"]) for step in division.steps if step.code == "area_share"), Fraction(0))


def _other_index(now: Step, before: Step | None) -> Mapping[str, str] | None:
    """The first year of which an index has another percentage than before; None when there is none."""
    percents, percents_before = dict(_indices(now)), dict(_indices(before))
    for year, percent in percents.items():
        if year in percents_before and percents_before[year] != percent:
            return {"before_percent": percents_before[year], "now_percent": percent}
    return None


def _indices(step: Step | None) -> Iterator[tuple[str, str]]:
    """The year and percentage of every index in a tree."""
    if step is not None:
        for child in step.steps:
            yield from _indices(child)
        if step.code == "index":
            yield step.values["year"], step.values["percent"]


def find_step(step: Step | None, code: str) -> Step | None:
    """The first step with that code in a tree, from the top."""
    if step is None or step.code == code:
        return step
    return next((found for child in step.steps if (found := find_step(child, code))), None)


def _listed(prices: Collection[Decimal]) -> str:
    return " / ".join(str(price) for price in sorted(prices))
