"""What is due of one trajectory, and in which months.

The price is divided over the instalments of the contract: each but the last is rounded half up to the cent, the last
takes the difference. An instalment of a month that a completed trajectory did not reach is due at its end. One that was
stopped early is settled in the month it ended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from contracts.components.output import Instalment, Trajectories
from contracts.values import share
from kernel.explanations import Step
from kernel.money import Eur, half_up, total
from kernel.periods import Month
from settlement.funding.facts import Trajectory


@dataclass(frozen=True, slots=True)
class Due:
    """An amount that is due in a month: an instalment, or what an early stop changes."""

    month: Month
    is_stop: bool
    amount: Eur
    explanation: Step


def parts_of(price: Decimal, instalments: Sequence[Instalment]) -> list[Eur]:
    """The price of a trajectory over its instalments."""
    whole = half_up(price)
    parts = [half_up(whole.exact * share(instalment.percent)) for instalment in instalments[:-1]]
    return [*parts, whole - total(parts)]


def due_of(rules: Trajectories, trajectory: Trajectory, price: Decimal, *, restarted: bool) -> Iterator[Due]:
    """What becomes due of a trajectory; `restarted`: it follows an earlier one, and its start is not paid again."""
    parts = parts_of(price, rules.instalments)
    end = None if trajectory.end is None else Month.of(trajectory.end - timedelta(days=1))
    stopped = trajectory.done_percent is not None
    paid = Eur.zero()
    for number, (instalment, part) in enumerate(zip(rules.instalments, parts, strict=True), start=1):
        month = _month_of(instalment, trajectory, end)
        if month is None or (instalment.on == "start" and restarted) or not part:
            continue
        paid += part
        yield Due(month, False, part, _instalment(rules, trajectory, price, number, part))
    if stopped and end is not None and rules.early_stop != "none":
        due, step = _due_when_stopped(rules, trajectory, price, parts, restarted=restarted)
        if due != paid:
            values = {**_named(trajectory), "due_eur": str(due), "paid_eur": str(paid)}
            yield Due(end, True, due - paid, Step("early_stop", values, str(due - paid), steps=(step,)))


def restarts(rules: Trajectories, trajectory: Trajectory, others: Sequence[Trajectory]) -> bool:
    """Whether a trajectory begins within the months of the contract after an earlier one of the client ended.

    `others` are those of the client for the product, also under an earlier contract.
    """
    if rules.restart_months is None:
        return False
    return any(
        other.end is not None and other.end <= trajectory.start <= _last_restart(rules.restart_months, other.end)
        for other in others
        if other is not trajectory
    )


def may_restart(rules: Trajectories, trajectory: Trajectory, known_from: date) -> bool:
    """Whether a trajectory would be a restart of one that ended on the last day before `known_from`."""
    return rules.restart_months is not None and trajectory.start <= _last_restart(rules.restart_months, known_from)


def _last_restart(months: int, end: date) -> date:
    """The last day of a restart: so many months after the last day of the earlier one, which is the day before `end`.

    The end of August and that of February are six months apart, whatever their dates.
    """
    return _months_later(end - timedelta(days=1), months)


def _month_of(instalment: Instalment, trajectory: Trajectory, end: Month | None) -> Month | None:
    """The month in which an instalment is due; None when it is not, or not yet."""
    completed = end is not None and trajectory.done_percent is None
    match instalment.on:
        case "start":
            return Month.of(trajectory.start)
        case "month":
            assert instalment.month is not None
            month = _later(Month.of(trajectory.start), instalment.month - 1)
            if end is None or month <= end:
                return month
            return end if completed else None
        case "end":
            return end if completed else None
        case "result":
            return end if completed and trajectory.result else None


def _instalment(rules: Trajectories, trajectory: Trajectory, price: Decimal, number: int, part: Eur) -> Step:
    instalment, whole = rules.instalments[number - 1], half_up(price)
    values = {**_named(trajectory), "on": instalment.on, "percent": str(instalment.percent), "price_eur": str(whole)}
    if number < len(rules.instalments):
        return Step("trajectory_part", values, str(part))
    return Step("trajectory_rest", {**values, "earlier_eur": str(whole - part)}, str(part))


def _named(trajectory: Trajectory) -> dict[str, str]:
    """What a provider knows a trajectory by: its number and its days, and nothing of the client."""
    named = {"trajectory": trajectory.shown, "start_date": str(trajectory.start)}
    if trajectory.end is not None:
        named["end_date"] = str(trajectory.end - timedelta(days=1))
    return named


def _due_when_stopped(
    rules: Trajectories, trajectory: Trajectory, price: Decimal, parts: Sequence[Eur], *, restarted: bool
) -> tuple[Eur, Step]:
    start = total(part for one, part in zip(rules.instalments, parts, strict=True) if one.on == "start")
    if rules.early_stop == "start_only":
        due = Eur.zero() if restarted else start
        return due, Step("start_only", {}, str(due))
    assert trajectory.done_percent is not None
    whole, done = half_up(price), share(trajectory.done_percent)
    values = {"price_eur": str(whole), "percent": str(trajectory.done_percent)}
    if restarted:  # else one that stops would come to more than one that is completed
        due = half_up((whole - start).exact * done)
        return due, Step("done_after_restart", {**values, "start_eur": str(start)}, str(due))
    due = half_up(whole.exact * done)
    return due, Step("done", values, str(due))


def _later(month: Month, number: int) -> Month:
    for _ in range(number):
        month = month.next()
    return month


def _months_later(day: date, number: int) -> date:
    """The same day so many months later, or the last day of that month where it has no such day."""
    month = _later(Month.of(day), number)
    return month.first_day + timedelta(days=min(day.day, month.last_day.day) - 1)
