"""Funding by effort: volume x price, and what is agreed on top of it.

Volume x price is made for every component (`settlement.funding.volumes`). Each rule on top is a line of its own, in
this order:

1. `frequency`: what was delivered above the assignment is not paid;
2. `no_show`: of a client who did not come only a share is paid, rounded half up by municipality, product and month;
3. `adjustments`: supplements and discounts in the order of the document, each over what the product comes to after
   those above it, rounded half up by municipality, product and month;
4. `client_bounds`: per assignment, then per month, then per year, over what each client comes to after all of this.

With `bands` the volumes are shadow, and what is paid is one line: all units of the year (or month) so far at the prices
of their bands, less those up to the month before.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from contracts.components.effort import Adjustment, ClientBound, EffortComponent
from contracts.model import Contract
from contracts.values import share
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.identifiers import as_shown
from kernel.money import Eur, allocate, half_up, total
from kernel.notation import plain
from kernel.periods import Month
from settlement.entitlement import Entitlement, Treatment
from settlement.funding import bands, client_bounds, frequency
from settlement.funding.client_bounds import ClientAmounts, Part
from settlement.funding.facts import Assignment, ClientVolume, Entitled, Facts
from settlement.funding.figures import shown
from settlement.funding.rule_lines import RuleLines
from tariffs.units import Rounding

# What a product comes to by municipality, month and product, as the lines that make it; of bands all of the month,
# under no product.
_Net = dict[tuple[str, Month, str], list[Step]]


def entitle(
    contract: Contract, component: EffortComponent, facts: Facts, above: Sequence[Entitlement], through: Month
) -> Entitled:
    """What is agreed on top of volume x price, for every month up to and including `through`."""
    own = [e for e in above if e.key.component == component.key and not e.key.of_contract and e.key.month <= through]
    lines = RuleLines(component.key, own, facts.task_fields)
    if component.bands:
        if finding := _several_units(component, facts):
            return [], [finding]
        banded = list(_bands(component, facts, lines, through))
        net = {(e.key.municipality, e.key.month, ""): [_line_of("bands", e.amount)] for e in banded}
        return [*banded, *_adjusted(component, net, lines)], []
    # Of an earlier version of the contract a shadow line of nil may be left beside what is paid.
    payable = [e for e in own if e.key.treatment is Treatment.PAYABLE]
    net = {(e.key.municipality, e.key.month, e.key.label): [_line_of(e.key.label, e.amount)] for e in payable}
    clients = [v for v in facts.clients if v.component == component.key and v.month <= through]
    paid = {volume: volume.amount for volume in clients}
    found: list[Entitlement] = []
    if component.frequency:
        over, unassigned = frequency.excesses(component, component.frequency, facts, "effort")
        if unassigned:
            return [], unassigned
        for one in over:
            paid[one.volume] -= one.amount
        found += frequency_lines(over, lines, component.clause)
        for key, ones in by_product(over).items():
            net[key].append(_line_of(f"frequency {key[2]}", -total(one.amount for one in ones)))
    found += _no_shows(component, net, lines)
    found += _adjusted(component, net, lines)
    bounded, unknown = _bounds(contract, component, facts, paid, lines, through)
    return ([], unknown) if unknown else ([*found, *bounded], [])


def _line_of(label: str, amount: Eur) -> Step:
    return Step("line_of_product", {"line": label}, str(amount))


def _sum_of(lines: Sequence[Step]) -> tuple[Eur, tuple[Step, ...]]:
    """What lines come to; and the lines, where there are several."""
    return total(Eur(line.result) for line in lines), tuple(lines) if len(lines) > 1 else ()


# --- bands ------------------------------------------------------------------------------------------------------------


def _several_units(component: EffortComponent, facts: Facts) -> Finding | None:
    """Bands count one unit; a product that is priced per another cannot be counted with the rest."""
    units: dict[str, set[str]] = defaultdict(set)
    for volume in facts.volumes:
        if volume.component == component.key:
            units[str(volume.rule.price_per)].add(volume.product)
    if len(units) < 2:
        return None
    said = "; ".join(f"{unit}: {', '.join(sorted(products))}" for unit, products in sorted(units.items()))
    what = f"de schijven tellen producten met een prijs per verschillende eenheid bij elkaar op ({said})"
    hint = "geef elke eenheid een eigen onderdeel"
    return Finding("F21", Severity.ERROR, f"onderdeel {component.key}", what, hint)


def _bands(component: EffortComponent, facts: Facts, lines: RuleLines, through: Month) -> Iterator[Entitlement]:
    """In each month all units to date at the prices of their bands, less the same up to the month before."""
    units: dict[Month, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for volume in facts.volumes:
        if volume.component == component.key and volume.month <= through:
            units[volume.month][volume.municipality] += Fraction(volume.billed_quantity) / volume.rule.units_per_price
    unit = next((str(v.rule.price_per) for v in facts.volumes if v.component == component.key), "")
    to_date, before, period = Fraction(0), None, None
    for month in sorted(units):
        started = (month.year, month.month if component.bands_per == "month" else 0)
        if started != period:
            to_date, before, period = Fraction(0), None, started
        now = sum(units[month].values())
        values = {"month": str(month), "unit": unit, "units_before": plain(to_date), "units_now": plain(now)}
        to_date += now
        per = "added" if before else "only"
        step = bands.banded(component.bands, to_date, {**values, "per": per})
        earlier = Eur(before.result) if before else Eur.zero()
        amount = Eur(step.result) - earlier
        values |= {"per": component.bands_per, "to_date_eur": step.result, "earlier_eur": str(earlier)}
        steps = (step, before) if before else (step,)
        whole = Step("bands", values, str(amount), component.clause, steps)
        before = replace(step, values={**step.values, "per": "earlier"})
        municipalities = sorted(m for m, of_month in units[month].items() if of_month)
        if not municipalities:
            continue
        weights = [units[month][municipality] for municipality in municipalities]
        for municipality, weight, part in zip(municipalities, weights, allocate(amount, weights), strict=True):
            why = whole
            if len(municipalities) > 1:
                said = {
                    "units": plain(weight),
                    "units_all": plain(sum(weights)),
                    "whole_eur": str(amount),
                    "unit": unit,
                }
                why = Step("part_by_units", said, str(part), component.clause, (whole,))
            yield lines.line(municipality, month, "bands", part, why)


# --- frequency --------------------------------------------------------------------------------------------------------


def by_product(over: Iterable[frequency.Excess]) -> dict[tuple[str, Month, str], list[frequency.Excess]]:
    """What is above the assignments, by municipality, month and product."""
    found: dict[tuple[str, Month, str], list[frequency.Excess]] = defaultdict(list)
    for one in over:
        found[(one.volume.municipality, one.volume.month, one.volume.product)].append(one)
    return found


def frequency_lines(over: Iterable[frequency.Excess], lines: RuleLines, clause: str) -> Iterator[Entitlement]:
    """What was delivered above the assignments, taken off and shown as unfunded."""
    for (municipality, month, product), ones in sorted(by_product(over).items()):
        amount = total(one.amount for one in ones)
        step = Step("frequency", {"product": product}, str(amount), clause, tuple(map(_of_excess, ones)))
        yield from lines.reduced(municipality, month, "frequency", product, amount, step)


def _of_excess(one: frequency.Excess) -> Step:
    volume, rule = one.volume, one.volume.rule
    values = {
        "assignment": one.assignment.shown,
        "delivered": str(one.delivered),
        "allowed": str(one.allowed),
        "above": str(one.quantity),
        "unit": str(rule.unit),
        "month": str(volume.month),
        "price_eur": str(volume.price),
        "rounding_eur": str(one.amount - half_up(Fraction(volume.price) * one.billed / rule.units_per_price)),
    }
    if rule.rounding is Rounding.CLIENT_MONTH:
        left = volume.billed_quantity - one.billed
        values |= {"per": "client_month", "hours": str(volume.billed_quantity), "hours_left": str(left)}
    elif rule.units_per_price != 1:
        values |= {"per": "divided", "units_per_price": str(rule.units_per_price)}
    return Step("above_frequency", values, str(one.amount), steps=(one.why,))


# --- no-shows and adjustments -----------------------------------------------------------------------------------------


def _no_shows(component: EffortComponent, net: _Net, lines: RuleLines) -> Iterator[Entitlement]:
    paid_percent = {one.product: one.paid_percent for one in component.no_show}
    for key in sorted(key for key in net if key[2] in paid_percent):
        municipality, month, product = key
        percent = paid_percent[product]
        amount, steps = _sum_of(net[key])
        exact = amount.exact * share(percent)
        paid = half_up(exact)
        if less := amount - paid:
            values = {"product": product, "before_eur": str(amount), "percent": str(percent), "exact_eur": shown(exact)}
            step = Step("no_show", {**values, "paid_eur": str(paid)}, str(less), component.clause, steps)
            yield from lines.reduced(municipality, month, "no_show", product, less, step)
            net[key].append(_line_of(f"no_show {product}", -less))


def _adjusted(component: EffortComponent, net: _Net, lines: RuleLines) -> Iterator[Entitlement]:
    for adjustment in component.adjustments:
        steps: dict[tuple[str, Month], list[Step]] = defaultdict(list)
        for key in sorted(net):
            municipality, month, product = key
            if not _applies(adjustment, month, product):
                continue
            amount, before = _sum_of(net[key])
            if part := half_up(amount.exact * share(adjustment.percent)):
                values = {"product": product, "before_eur": str(amount), "percent": str(adjustment.percent)}
                step = Step("adjustment" if product else "adjustment_of_bands", values, str(part), steps=before)
                steps[(municipality, month)].append(step)
                net[key].append(_line_of(f"supplement {adjustment.label}", part))
        for (municipality, month), of_products in sorted(steps.items()):
            amount = total(Eur(step.result) for step in of_products)
            values = {"label": adjustment.label, "percent": str(adjustment.percent)}
            why = Step("supplement", values, str(amount), component.clause, tuple(of_products))
            yield lines.line(municipality, month, f"supplement {adjustment.label}", amount, why)


def _applies(adjustment: Adjustment, month: Month, product: str) -> bool:
    return (
        (not adjustment.products or product in adjustment.products)
        and (adjustment.start is None or month >= adjustment.start)
        and (adjustment.until is None or month < adjustment.until)
    )


# --- bounds of clients ------------------------------------------------------------------------------------------------


def _bounds(
    contract: Contract,
    component: EffortComponent,
    facts: Facts,
    paid: Mapping[ClientVolume, Eur],
    lines: RuleLines,
    through: Month,
) -> Entitled:
    amounts: ClientAmounts = {}
    for volume, amount in paid.items():
        if volume.quantity > 0:
            of_client = amounts.setdefault((volume.municipality, volume.client, volume.assignment), [])
            factors = tuple(_factors(component, volume))
            of_client.append(Part(volume.month, volume.product, volume.amount, factors, volume.reference))
            if over := amount - volume.amount:
                of_client.append(Part(volume.month, f"frequency {volume.product}", over, factors, volume.reference))
    assignments = {(one.municipality, one.number): one for one in facts.assignments}
    found: list[Entitlement] = []
    for bound in sorted(component.client_bounds, key=lambda bound: client_bounds.ORDER.index(bound.per)):
        if bound.per == "assignment" and (unknown := _unknown(component, amounts, assignments)):
            return [], [unknown]
        found += _bound(contract, component, bound, amounts, lines, through, assignments)
    return found, []


def _bound(
    contract: Contract,
    component: EffortComponent,
    bound: ClientBound,
    amounts: ClientAmounts,
    lines: RuleLines,
    through: Month,
    assignments: Mapping[tuple[str, str], Assignment],
) -> Iterator[Entitlement]:
    groups = client_bounds.groups_of(bound, amounts, contract, assignments)
    for over in client_bounds.above_maximum(bound, component.products, amounts, groups):
        why = replace(over.explanation, source=component.clause)
        yield from lines.reduced(over.municipality, over.month, "maximum", bound.per, over.amount, why)
    for short in client_bounds.below_minimum(bound, component.products, amounts, groups, through):
        why = replace(short.explanation, source=component.clause)
        yield lines.line(short.municipality, short.month, f"minimum {bound.per}", short.amount, why)


def _factors(component: EffortComponent, volume: ClientVolume) -> Iterator[Fraction]:
    """What no-show, supplements and discounts multiply a volume by, one after the other."""
    for one in component.no_show:
        if one.product == volume.product:
            yield share(one.paid_percent)
    for adjustment in component.adjustments:
        if _applies(adjustment, volume.month, volume.product):
            yield 1 + share(adjustment.percent)


def _unknown(
    component: EffortComponent, amounts: ClientAmounts, assignments: Mapping[tuple[str, str], Assignment]
) -> Finding | None:
    missing = sorted({number for municipality, _, number in amounts if (municipality, number) not in assignments})
    if not missing:
        return None
    named = "zonder toewijzing" if not missing[0] else f"met een onbekende toewijzing, zoals {as_shown(missing[0])}"
    hint = "lees de toewijzingen in (bekostiging import assignments)"
    return Finding("F20", Severity.ERROR, f"onderdeel {component.key}", f"er zijn leveringen {named}", hint)
