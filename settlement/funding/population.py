"""Population funding: a budget for the inhabitants of an area, in instalments.

The budget of a calendar year is made in these steps, each rounded where it says so:

1. the base: an amount per person times the persons counted, a fixed budget, the average of earlier years, a share in a
   larger budget, or a share of a budget over areas;
2. indexed, year by year, each year rounded to the cent (half up);
3. the part of the area that this provider serves, rounded to the cent (half up);
4. adjusted to the recount, as far as growth passes the dead band, rounded to the cent (half up);
5. for a year that is only partly in force: the months in force of twelve, rounded to the cent (half up);
6. less what is withheld, rounded to the cent (half up), until the accountability of the year is there;
7. paid in instalments, cut off below the cent; the last of the year takes the difference.

Where the budget is divided over areas the whole budget is indexed first, so that the shares add up to it. A reopening
and unspent money are lines of their own: an instalment that was paid stays what it was.
"""

from collections.abc import Sequence

from contracts.components.population import PopulationComponent
from contracts.model import Contract
from kernel.findings import Finding
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.entitlement import Entitlement
from settlement.funding.facts import Counts, Entitled, Facts, NotComputable
from settlement.funding.indexation import indexed, missing_figure
from settlement.funding.instalments import Budget, in_turns
from settlement.funding.population_base import base, own_part
from settlement.funding.population_extras import less_withheld, released, reopened, unspent
from settlement.funding.recount import recounted
from settlement.funding.years import months_of, part_of_year
from tariffs.indexation import IndexFigures, MissingFigure


def entitle(
    contract: Contract, component: PopulationComponent, facts: Facts, above: Sequence[Entitlement], through: Month
) -> Entitled:
    """The instalments of every month in force to `through`, and what follows from the years that are over by then.

    A count or index figure that is missing gives a finding and no entitlement at all: absent is never zero.
    """
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    for year in sorted({month.year for month in contract.in_force.period.months() if month <= through}):
        budget = _budget_of_year(contract, component, facts.counts, facts.index_figures, year)
        if isinstance(budget, Finding):
            return [], [budget]
        instalments = in_turns(contract, component, less_withheld(component, budget), component.instalments)
        reopenings = reopened(contract, component, budget)
        entitlements += [one for one in (*instalments, *reopenings) if one.key.month <= through]
        if budget.in_force[-1] <= through:
            entitlements += released(contract, component, budget, facts.accountability)
            extra, is_all = total(one.amount for one in reopenings), facts.delivered_as_stated(year)
            of_year, unknown = unspent(contract, component, budget, extra, above, is_all=is_all)
            entitlements += of_year
            findings += unknown
    return entitlements, findings


def year_budget(
    contract: Contract, component: PopulationComponent, counts: Counts, figures: IndexFigures, year: int
) -> Eur | None:
    """The budget of a calendar year, with what it was reopened for; None when it has none or a fact is missing."""
    if not months_of(contract, year):
        return None
    budget = _budget_of_year(contract, component, counts, figures, year)
    if isinstance(budget, Finding):
        return None
    return budget.amount + total(one.amount for one in reopened(contract, component, budget))


def withheld(contract: Contract, component: PopulationComponent, facts: Facts, year: int) -> Eur:
    """What of the budget of a year waits for its accountability; nil when that is there, or the budget is not known."""
    budget = _budget_of_year(contract, component, facts.counts, facts.index_figures, year)
    if component.withheld is None or isinstance(budget, Finding):
        return Eur.zero()
    if (year, component.withheld.until) in facts.accountability:
        return Eur.zero()
    return budget.amount - less_withheld(component, budget).amount


def _budget_of_year(
    contract: Contract, component: PopulationComponent, counts: Counts, figures: IndexFigures, year: int
) -> Budget | Finding:
    in_force = months_of(contract, year)
    try:
        whole = indexed(component, figures, year, base(contract, component, counts))
        amount, step = recounted(contract, component, counts, year, own_part(component, counts, whole))
    except NotComputable as reason:
        return reason.finding
    except MissingFigure as missing:
        return missing_figure(component, missing)
    return Budget(*part_of_year(amount, in_force, step), in_force)
