"""A consortium: what the main contractor passes on to each member, of what is payable to it.

Over the months of a calendar year so far, and for each municipality apart, what is payable is divided by the agreed
shares or by the value of what each member delivered (`allocate`: to the cent, largest remainder). What is due after the
contract counts with its last year. The line of a month is what that comes to, less what it came to in the month before,
so that the parts add up to what is payable and the months to the year. It is never payable itself: the municipality
pays the main contractor, once.

A delivery is of the member under whose own code it came. What came under the code of the main contractor is of the
member that names its product, and else of the main contractor itself, where that is a member with its own code.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from contracts.components.consortium import ConsortiumComponent, Member
from contracts.model import Contract
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, allocate, total
from kernel.notation import plain
from kernel.periods import Month
from settlement.entitlement import PASSED_ON, Entitlement, LineKey, Treatment
from settlement.funding.facts import Entitled, Facts
from settlement.funding.spread import applied_to, keys_applied_to, parts_of, task_field_over
from settlement.funding.years import year_of


@dataclass(frozen=True, slots=True)
class _Delivered:
    """What was delivered under a line, by the provider under whose code it came."""

    key: LineKey
    provider: str
    amount: Eur


def entitle(
    contract: Contract, component: ConsortiumComponent, facts: Facts, above: Sequence[Entitlement], through: Month
) -> Entitled:
    """What is passed on over every month to `through`."""
    payable = applied_to(contract, component, above)
    delivered = _deliveries(contract, component, facts, above)
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    keys = [key for key in (*(line.key for line in payable), *(one.key for one in delivered)) if key.month <= through]
    for municipality, year in sorted({(key.municipality, year_of(contract, key.month)) for key in keys}):
        divided, missing = _year(
            contract,
            component,
            sorted({key.month for key in keys if _of(contract, key, municipality, year)}),
            [line for line in payable if _of(contract, line.key, municipality, year)],
            [one for one in delivered if _of(contract, one.key, municipality, year)],
            municipality,
        )
        entitlements += divided
        findings += missing
    return entitlements, findings


def _of(contract: Contract, key: LineKey, municipality: str, year: int) -> bool:
    return key.municipality == municipality and year_of(contract, key.month) == year


def _deliveries(
    contract: Contract, component: ConsortiumComponent, facts: Facts, above: Iterable[Entitlement]
) -> list[_Delivered]:
    """What was delivered, paid by itself or counted, under the components that are divided by it."""
    if component.by == "percent":
        return []
    keys = keys_applied_to(contract, component)
    if component.needs_every_month:
        return [
            _Delivered(volume.key, volume.member or contract.provider, volume.amount)
            for volume in facts.volumes
            if volume.component in keys
        ]
    products = {product for member in component.members for product in member.products}
    counted = (Treatment.PAYABLE, Treatment.SHADOW)
    return [
        _Delivered(line.key, contract.provider, line.amount)
        for line in above
        if line.key.label in products and line.key.component in keys and line.key.treatment in counted
    ]


def _year(
    contract: Contract,
    component: ConsortiumComponent,
    months: Sequence[Month],
    payable: Sequence[Entitlement],
    delivered: Sequence[_Delivered],
    municipality: str,
) -> Entitled:
    """The lines of a municipality over a year, month by month."""
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    before = [Eur.zero() for _ in component.members]
    for month in months:
        to_date = [line for line in payable if line.key.month <= month]
        whole = total(line.amount for line in to_date)
        so_far = [one for one in delivered if one.key.month <= month]
        weights = [_weight(contract, component, member, so_far) for member in component.members]
        if not any(weights):
            if whole:
                findings.append(_nothing_delivered(component, municipality, month))
            continue
        parts = allocate(whole, weights)
        for place, member in enumerate(component.members):
            amounts = (whole, parts[place], before[place])
            step = _step(component, member, month, amounts, weights[place], sum(weights), parts_of(to_date))
            key = LineKey(component.key, municipality, month, f"{PASSED_ON} {member.provider}", Treatment.PASSED_ON)
            entitlements.append(Entitlement(key, Eur(step.result), task_field_over(component, to_date), step))
        before = parts
    return entitlements, findings


def _weight(
    contract: Contract, component: ConsortiumComponent, member: Member, delivered: Iterable[_Delivered]
) -> Fraction:
    """The agreed percentage of a member, or what it delivered in euros; never below nil."""
    if member.percent is not None:
        return Fraction(member.percent)
    value = total(one.amount for one in delivered if _is_of(contract, component, member, one))
    return max(value, Eur.zero()).exact


def _is_of(contract: Contract, component: ConsortiumComponent, member: Member, one: _Delivered) -> bool:
    if one.provider != contract.provider:
        return member.own_code and member.provider == one.provider
    named = any(one.key.label in other.products for other in component.members)
    if named:
        return one.key.label in member.products
    return member.own_code and member.provider == contract.provider


def _step(
    component: ConsortiumComponent,
    member: Member,
    month: Month,
    amounts: tuple[Eur, Eur, Eur],
    weight: Fraction,
    weights: Fraction | int,
    of_whole: tuple[Step, ...],
) -> Step:
    whole, part, before = amounts
    if component.by == "percent":
        share = Step("percent_of_whole", {"percent": plain(weight), "whole_eur": str(whole)}, str(part), steps=of_whole)
    else:
        values = {"delivered_eur": str(Eur(plain(weight))), "all_eur": str(Eur(plain(Fraction(weights))))}
        share = Step("delivered_of_whole", {**values, "whole_eur": str(whole)}, str(part), steps=of_whole)
    values = {"provider": member.provider, "through": str(month), "part_eur": str(part), "before_eur": str(before)}
    return Step("passed_on", values, str(part - before), component.clause, (share,))


def _nothing_delivered(component: ConsortiumComponent, municipality: str, month: Month) -> Finding:
    message = "er is iets te verdelen en nog geen lid leverde iets; het wordt verdeeld zodra er leveringen zijn"
    hint = "laat de leden hun leveringen aanleveren"
    return Finding("F09", Severity.WARNING, f"onderdeel {component.key}, {municipality}, {month}", message, hint)
