"""A consortium: what the main contractor passes on to each member, of what is payable to it.

Over the months of a calendar year so far, and for each municipality apart, what is payable is divided by the agreed
shares or by the value of what each member delivered (`allocate`: to the cent, largest remainder). The line of a month
is what that comes to, less what it came to in the month before, so that the parts add up to what is payable and the
months to the year. It is never payable itself: the municipality pays the main contractor, once.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from contracts.components.consortium import ConsortiumComponent, Member
from contracts.model import Contract
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, allocate, total
from kernel.notation import plain
from kernel.periods import Month
from settlement.entitlement import PASSED_ON, Entitlement, LineKey, Treatment
from settlement.funding.facts import Entitled
from settlement.funding.spread import applied_to, keys_applied_to, task_field_over


def entitle(
    contract: Contract, component: ConsortiumComponent, above: Sequence[Entitlement], through: Month
) -> Entitled:
    """What is passed on over every month to `through`."""
    payable = applied_to(contract, component, above)
    delivered = _deliveries(contract, component, above)
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    lines = [line for line in (*payable, *delivered) if line.key.month <= through]
    for municipality, year in sorted({(line.key.municipality, line.key.month.year) for line in lines}):
        months = sorted({line.key.month for line in lines if _of(line, municipality, year)})
        divided, missing = _year(
            component,
            months,
            [line for line in payable if _of(line, municipality, year)],
            [line for line in delivered if _of(line, municipality, year)],
            municipality,
        )
        entitlements += divided
        findings += missing
    return entitlements, findings


def _of(line: Entitlement, municipality: str, year: int) -> bool:
    return line.key.municipality == municipality and line.key.month.year == year


def _deliveries(contract: Contract, component: ConsortiumComponent, above: Iterable[Entitlement]) -> list[Entitlement]:
    """What the members delivered, paid by itself or counted, under the components that are divided by it."""
    if component.by == "percent":
        return []
    products = {product for member in component.members for product in member.products}
    keys = keys_applied_to(contract, component)
    counted = (Treatment.PAYABLE, Treatment.SHADOW)
    return [e for e in above if e.key.label in products and e.key.component in keys and e.key.treatment in counted]


def _year(
    component: ConsortiumComponent,
    months: Sequence[Month],
    payable: Sequence[Entitlement],
    delivered: Sequence[Entitlement],
    municipality: str,
) -> Entitled:
    """The lines of a municipality over a year, month by month."""
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    before = [Eur.zero() for _ in component.members]
    for month in months:
        to_date = [line for line in payable if line.key.month <= month]
        whole = total(line.amount for line in to_date)
        weights = [_weight(member, [e for e in delivered if e.key.month <= month]) for member in component.members]
        if not any(weights):
            if whole:
                findings.append(_nothing_delivered(component, municipality, month))
            continue
        parts = allocate(whole, weights)
        for place, member in enumerate(component.members):
            step = _step(component, member, month, (whole, parts[place], before[place]), weights[place], sum(weights))
            key = LineKey(component.key, municipality, month, f"{PASSED_ON} {member.provider}", Treatment.PASSED_ON)
            entitlements.append(Entitlement(key, Eur(step.result), task_field_over(component, to_date), step))
        before = parts
    return entitlements, findings


def _weight(member: Member, delivered: Iterable[Entitlement]) -> Fraction:
    """The agreed percentage of a member, or what it delivered in euros; never below nil."""
    if member.percent is not None:
        return Fraction(member.percent)
    value = total(line.amount for line in delivered if line.key.label in member.products)
    return max(value, Eur.zero()).exact


def _step(
    component: ConsortiumComponent,
    member: Member,
    month: Month,
    amounts: tuple[Eur, Eur, Eur],
    weight: Fraction,
    weights: Fraction | int,
) -> Step:
    whole, part, before = amounts
    if component.by == "percent":
        share = Step("percent_of_whole", {"percent": plain(weight), "whole_eur": str(whole)}, str(part))
    else:
        values = {"delivered_eur": str(Eur(plain(weight))), "all_eur": str(Eur(plain(Fraction(weights))))}
        share = Step("delivered_of_whole", {**values, "whole_eur": str(whole)}, str(part))
    values = {"provider": member.provider, "through": str(month), "part_eur": str(part), "before_eur": str(before)}
    return Step("passed_on", values, str(part - before), component.clause, (share,))


def _nothing_delivered(component: ConsortiumComponent, municipality: str, month: Month) -> Finding:
    message = "er is iets te verdelen en nog geen lid leverde iets; het wordt verdeeld zodra er leveringen zijn"
    hint = "laat de leden hun leveringen aanleveren"
    return Finding("F09", Severity.WARNING, f"onderdeel {component.key}, {municipality}, {month}", message, hint)
