"""A lump sum: a fixed sum or subsidy for a year, paid in advance and determined afterwards.

The sum of a calendar year is `amount_eur`, indexed, for the months in force of twelve (half up to the cent), or what is
granted for that very year. `advance_percent` of it is paid in instalments (half up to the cent); the rest is withheld.
What was determined for the year, less what was paid over it, is a line in its last month in force.
"""

from collections.abc import Sequence

from contracts.components.lump_sum import LumpSumComponent
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, half_up, total
from kernel.notation import format_eur, plain
from kernel.periods import Month
from settlement.entitlement import DETERMINATION, Entitlement, LineKey, Treatment
from settlement.funding.facts import Entitled, Facts
from settlement.funding.indexation import indexed, missing_figure
from settlement.funding.instalments import Budget, in_turns, on_schedule
from settlement.funding.years import months_of, part_of_year
from tariffs.indexation import IndexFigures, MissingFigure


def entitle(contract: Contract, component: LumpSumComponent, facts: Facts, through: Month) -> Entitled:
    """The instalments of every month to `through`, and what was determined over the years that are over by then."""
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    for year in sorted({month.year for month in contract.in_force.period.months() if month <= through}):
        try:
            granted = _granted(component, facts.index_figures, year, months_of(contract, year))
        except MissingFigure as missing:
            return [], [missing_figure(component, missing)]
        instalments = _instalments(contract, component, granted)
        entitlements += [instalment for instalment in instalments if instalment.key.month <= through]
        if granted.in_force[-1] > through:
            continue
        determined = facts.determinations.get((year, component.key))
        if determined is None and (determined := facts.determinations.get((year, ""))) is not None:
            findings += _of_more(contract, component, year)
        if determined is not None:
            findings += _above_grant(component, granted, determined)
            entitlements.append(_determination(contract, component, granted, instalments, determined))
    return ([], findings) if findings else (entitlements, [])


def year_budget(contract: Contract, component: LumpSumComponent, figures: IndexFigures, year: int) -> Eur | None:
    """What is granted for a calendar year; None when nothing is, or when an index figure is missing."""
    in_force = months_of(contract, year)
    try:
        return _granted(component, figures, year, in_force).amount if in_force else None
    except MissingFigure:
        return None


def withheld(contract: Contract, component: LumpSumComponent, facts: Facts, year: int) -> Eur:
    """What of the sum of a year is not paid in advance; nil once it is determined, or while it is not known."""
    if (year, component.key) in facts.determinations or (year, "") in facts.determinations:
        return Eur.zero()
    try:
        granted = _granted(component, facts.index_figures, year, months_of(contract, year))
    except MissingFigure:
        return Eur.zero()
    return granted.amount - total(one.amount for one in _instalments(contract, component, granted))


def _granted(component: LumpSumComponent, figures: IndexFigures, year: int, in_force: Sequence[Month]) -> Budget:
    for named in component.years:
        if named.year == year:
            step = Step("granted", {"year": str(year)}, str(named.amount_eur), component.clause)
            return Budget(named.amount_eur, step, in_force)
    assert component.amount_eur is not None, "the model asks for an amount of each year in force, or one for all"
    step = Step("budget", {}, str(component.amount_eur), component.clause)
    amount, step = indexed(component, figures, year, (component.amount_eur, step))
    return Budget(*part_of_year(amount, in_force, step), in_force)


def _instalments(contract: Contract, component: LumpSumComponent, granted: Budget) -> list[Entitlement]:
    advance = granted
    if component.advance_percent != 100:
        amount = half_up(granted.amount.exact * share(component.advance_percent))
        values = {"percent": plain(component.advance_percent), "year_eur": str(granted.amount)}
        step = Step("paid_in_advance", values, str(amount), component.clause, (granted.step,))
        advance = Budget(amount, step, granted.in_force)
    if isinstance(component.schedule, str):
        return in_turns(contract, component, advance, component.schedule)
    return on_schedule(contract, component, advance, [(due.month, due.percent) for due in component.schedule])


def _determination(
    contract: Contract,
    component: LumpSumComponent,
    granted: Budget,
    instalments: Sequence[Entitlement],
    determined: Eur,
) -> Entitlement:
    """What was determined, less what was paid; below nil it is recovered."""
    paid = total(instalment.amount for instalment in instalments)
    values = {"year": str(granted.year), "determined_eur": str(determined), "paid_eur": str(paid)}
    step = Step("determination", values, str(determined - paid), component.clause, (granted.step,))
    municipality, month = contract.municipality_of(component), granted.in_force[-1]
    key = LineKey(component.key, municipality, month, DETERMINATION, Treatment.PAYABLE)
    return Entitlement(key, determined - paid, component.task_field, step)


def _of_more(contract: Contract, component: LumpSumComponent, year: int) -> list[Finding]:
    """A determination of the contract as a whole says nothing about one of several components."""
    if len(contract.component) == 1:
        return []
    message = "de vaststelling is van het hele contract, en dat heeft meer onderdelen"
    hint = f'lees de vaststelling in met het onderdeel "{component.key}" erbij'
    return [Finding("F03", Severity.ERROR, f"onderdeel {component.key}, {year}", message, hint)]


def _above_grant(component: LumpSumComponent, granted: Budget, determined: Eur) -> list[Finding]:
    """A subsidy is never determined above what was granted (Awb 4:46)."""
    if component.legal_form != "subsidy" or determined <= granted.amount:
        return []
    message = f"vastgesteld is {format_eur(determined)}, meer dan de verleende {format_eur(granted.amount)}"
    hint = "controleer de vaststelling, of leg eerst de hogere verlening vast in een nieuwe versie van het contract"
    return [Finding("F04", Severity.ERROR, f"onderdeel {component.key}, {granted.year}", message, hint)]
