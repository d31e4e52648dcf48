"""A budget adjusted to the growth of the population."""

from fractions import Fraction

from contracts.components.population import PopulationComponent
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.money import Eur, half_up
from kernel.notation import plain
from settlement.funding.counted import amount_of_group, areas_of, base_persons, count_date_of, nobody, recount_persons
from settlement.funding.facts import Counts


def recounted(
    contract: Contract, component: PopulationComponent, counts: Counts, year: int, indexed: tuple[Eur, Step]
) -> tuple[Eur, Step]:
    """Adjust the indexed budget to the growth of the population that passes the dead band.

    With several segments growth is that of their sum, each weighed by its amount per person. While a recount is not
    known the one before it holds, and before the first the budget stays as it is.
    """
    recount = component.recount
    if recount is None:
        return indexed
    segments = component.measured_amounts
    measured = [(s.measure, s.amount_eur.exact) for s in segments]
    if len(segments) <= 1:  # then growth is that of the persons themselves
        measured = [(segments[0].measure if segments else component.measure, Fraction(1))]
    found = recount_persons(contract, component, counts, [measure for measure, _ in measured], year)
    if found is None:
        return indexed
    day, recounts = found
    before = sum((base_persons(contract, component, counts, m) * weight for m, weight in measured), Fraction(0))
    after = sum((recounts[m] * weight for m, weight in measured), Fraction(0))
    if before == 0:
        raise nobody(areas_of(contract, component), component.measure, count_date_of(component))
    growth = after / before - 1
    band = share(recount.dead_band_percent)
    paid = Fraction(0) if abs(growth) <= band else growth
    if paid and recount.pays == "excess":
        paid -= band if growth > 0 else -band
    amount = half_up(indexed[0].exact * (1 + paid))
    values = {
        "counted": plain(before),
        "recounted": plain(after),
        "growth": plain(growth),
        "growth_percent": _percent(growth),
        "dead_band_percent": plain(recount.dead_band_percent),
        "paid_percent": _percent(paid),
        "pays": recount.pays,
        "before_eur": str(indexed[0]),
    }
    base_day = count_date_of(component)
    if not segments or (day != base_day and len(segments) == 1):  # else the steps below tell who was counted, and when
        values |= {"measure": measured[0][0], "areas": ", ".join(areas_of(contract, component))}
        values |= {"count_date": str(base_day), "recount_date": str(day)}
    groups = (
        [amount_of_group(contract, component, s, day, recounts[s.measure]) for s in segments]
        if len(segments) > 1
        else []
    )
    return amount, Step("recount", values, str(amount), component.clause, (indexed[1], *groups))


def _percent(value: Fraction) -> str:
    return plain(value * 100)
