"""A ceiling: the most that is paid over a month, a calendar year or the whole contract.

What was delivered above it stays visible: a line `ceiling` takes it off what is payable, a line `unfunded` shows it.
Month by month the lines are the difference of what was above the ceiling up to that month and the month before, so that
they add up to the period. Of several municipalities each bears it by what it pays itself up to that month: in the end
in proportion to the whole period, whatever month it was reached in. One rounding: what is paid of the soft band up to
a month, half up to the cent.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from contracts.components.ceiling import CeilingComponent
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, half_up, total
from kernel.notation import format_eur, format_number, plain
from kernel.periods import Month
from settlement.entitlement import CEILING, UNFUNDED, Entitlement, LineKey, Treatment
from settlement.funding.facts import Entitled
from settlement.funding.spread import applied_to, by_month, divided, paid_by, parts_of, task_field_over
from settlement.funding.years import months_of, part_of_year

# The code of what is no more than a remark: a share of the ceiling has been reached.
REACHED = "F05"


def entitle(contract: Contract, component: CeilingComponent, above: Sequence[Entitlement], through: Month) -> Entitled:
    """What is above the ceiling in every month up to `through`, and the warning that it comes near."""
    lines = by_month(applied_to(contract, component, above))
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    for period in _periods(contract, component, lines):
        due = [month for month in period.months if month <= through]
        to_date: list[Entitlement] = []
        unfunded = Eur.zero()
        shares: dict[str, Eur] = {}
        reached: list[tuple[Month, Eur]] = []
        for month in due:
            to_date += lines.get(month, ())
            delivered = total(line.amount for line in to_date)
            reached.append((month, delivered))
            now, step = above_ceiling(component, period.ceiling, delivered, period.step)
            step = replace(step, steps=(*parts_of(to_date), *step.steps))
            values = {"month": str(month), "to_date_eur": str(now), "before_eur": str(unfunded)}
            unpaid = Step("unfunded", values, str(now - unfunded), component.clause, (step,))
            paid = paid_by(to_date)
            borne = divided(contract, now, paid)
            for municipality in sorted({*borne, *shares}):
                share_now, before = borne.get(municipality, Eur.zero()), shares.get(municipality, Eur.zero())
                if part := share_now - before:
                    why = unpaid
                    if len(paid) > 1:
                        why = _of_municipality(municipality, now, paid, (share_now, before), unpaid)
                    taken_off = Step("ceiling", {}, str(-part), component.clause, (why,))
                    own = [line for line in to_date if line.key.municipality == municipality]
                    field = task_field_over(component, own or to_date)
                    payable = LineKey(component.key, municipality, month, CEILING, Treatment.PAYABLE)
                    shown = LineKey(component.key, municipality, month, UNFUNDED, Treatment.UNFUNDED)
                    entitlements.append(Entitlement(payable, -part, field, taken_off))
                    entitlements.append(Entitlement(shown, part, field, why))
            unfunded, shares = now, borne
        if through in period.months:
            findings += _warnings(component, period.ceiling, reached)
    return entitlements, findings


def _of_municipality(
    municipality: str, unfunded: Eur, paid: Mapping[str, Eur], borne: tuple[Eur, Eur], unpaid: Step
) -> Step:
    """What a municipality bears of what is not paid to date, less what it bore up to the month before."""
    now, before = borne
    values = {
        "municipality": municipality,
        "whole_eur": str(unfunded),
        "paid_eur": str(Eur(abs(paid.get(municipality, Eur.zero()).amount))),
        "all_eur": str(total(Eur(abs(one.amount)) for one in paid.values())),
        "to_date_eur": str(now),
        "before_eur": str(before),
    }
    return Step("municipality_to_date", values, str(now - before), unpaid.source, (unpaid,))


def year_ceiling(contract: Contract, component: CeilingComponent, year: int) -> Eur | None:
    """The most that is paid in a calendar year; None where a period with a ceiling of its own goes beyond the year."""
    periods = [period for period in _periods(contract, component, ()) if any(m.year == year for m in period.months)]
    if not periods or any(month.year != year for period in periods for month in period.months):
        return None
    return total(period.ceiling for period in periods)


def above_ceiling(component: CeilingComponent, ceiling: Eur, delivered: Eur, step: Step) -> tuple[Eur, Step]:
    """What is not paid of an amount that was delivered in a period, and why; `step` explains the ceiling."""
    excess = max(delivered - ceiling, Eur.zero())
    values = {"delivered_eur": str(delivered), "ceiling_eur": str(ceiling)}
    if component.soft_band_percent is None or component.soft_band_rate is None:
        return excess, Step("above_ceiling", values, str(excess), steps=(step,))
    width = _soft_band(component, ceiling)
    within = min(excess, width)
    paid = half_up(within.exact * Fraction(component.soft_band_rate))
    words = {
        "percent": plain(component.soft_band_percent),
        "ceiling_eur": str(ceiling),
        "width_eur": str(width),
        "within_eur": str(within),
        "share": plain(component.soft_band_rate),
    }
    soft = Step("soft_band", words, str(paid))
    unfunded = excess - paid
    values["paid_eur"] = str(paid)
    return unfunded, Step("above_soft_ceiling", values, str(unfunded), steps=(step, soft))


def edges(component: CeilingComponent, ceiling: Eur) -> list[Eur]:
    """The delivered amounts at which what is paid of the next euro changes."""
    return sorted({ceiling, ceiling + _soft_band(component, ceiling)})


def _soft_band(component: CeilingComponent, ceiling: Eur) -> Eur:
    return half_up(ceiling.exact * share(component.soft_band_percent or Decimal(0)))


@dataclass(frozen=True, slots=True)
class _Period:
    months: Sequence[Month]
    ceiling: Eur
    step: Step


def _periods(contract: Contract, component: CeilingComponent, paid: Iterable[Month]) -> Iterator[_Period]:
    """The periods that have a ceiling of their own.

    What is due after the last month in force, such as the end of a trajectory, counts with the last of them.
    """
    months = list(contract.in_force.period.months())
    after = sorted(month for month in paid if month > months[-1])
    if component.per == "contract":
        yield _Period([*months, *after], *agreed_amount(component, months[0].year))
    elif component.per == "month":
        for month in (*months, *after):
            yield _Period([month], *agreed_amount(component, month.year))
    else:
        for year in sorted({month.year for month in months}):
            of_year, agreed = months_of(contract, year), agreed_amount(component, year)
            if not component.years and component.partial_year == "months_of_twelve":
                agreed = part_of_year(agreed[0], of_year, agreed[1])
            yield _Period([*of_year, *after] if of_year[-1] == months[-1] else of_year, *agreed)


def agreed_amount(component: CeilingComponent, year: int) -> tuple[Eur, Step]:
    """What the document says of a period that begins in `year`, and why; outside the years in force, of the nearest."""
    if component.amount_eur is not None:
        return component.amount_eur, Step("ceiling_amount", {}, str(component.amount_eur), component.clause)
    named = min(component.years, key=lambda one: abs(one.year - year))
    step = Step("ceiling_of_year", {"year": str(named.year)}, str(named.amount_eur), component.clause)
    return named.amount_eur, step


def _warnings(component: CeilingComponent, ceiling: Eur, reached: Sequence[tuple[Month, Eur]]) -> Iterator[Finding]:
    """That the highest share of the ceiling was reached: in every run from then on, since late rows may reach it."""
    to_date = reached[-1][1]
    for percent in reversed(component.warning_percents):
        level = ceiling.exact * share(percent)
        if to_date.exact >= level:
            since = next(month for month, delivered in reached if delivered.exact >= level)
            message = (
                f"{format_number(percent)}% van het plafond is bereikt sinds {since}: "
                f"{format_eur(to_date)} van {format_eur(ceiling)}"
            )
            hint = "overleg met de aanbieder over de rest van de periode"
            yield Finding(REACHED, Severity.WARNING, f'onderdeel "{component.key}"', message, hint)
            return
