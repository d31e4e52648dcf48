"""Funding by output: pieces at a price, periods of care, and trajectories in instalments.

Pieces are paid by volume x price, less what is above the assignments. Deliveries of the products of periods and
trajectories are shadow: what is paid is the price of each period in which a client had care or was assigned, and the
shares of each trajectory in the months they are due.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from contracts.components.output import OutputComponent, Periods, Trajectories
from contracts.model import Contract
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, half_up, total
from kernel.periods import Month, Period
from settlement.entitlement import Entitlement
from settlement.funding import frequency, trajectories
from settlement.funding.effort import frequency_lines
from settlement.funding.facts import Entitled, Facts, Trajectory, listed
from settlement.funding.rule_lines import RuleLines

FOUR_WEEKS = timedelta(weeks=4)


def entitle(
    contract: Contract, component: OutputComponent, facts: Facts, above: Sequence[Entitlement], through: Month
) -> Entitled:
    """What is paid besides pieces, for every month up to and including `through`."""
    own = [e for e in above if e.key.component == component.key and not e.key.of_contract and e.key.month <= through]
    lines = RuleLines(component.key, own, facts.task_fields)
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    if component.frequency:
        over, findings = frequency.excesses(component, component.frequency, facts, "output")
        over = [one for one in over if one.volume.month <= through]
        entitlements += frequency_lines(over, lines, component.clause)
    for entitled, missing in (
        _of_periods(contract, component, facts, lines, through),
        _of_trajectories(contract, component, facts, lines, through),
    ):
        entitlements += entitled
        findings = [*findings, *missing]
    blocked = any(finding.severity is Severity.ERROR for finding in findings)
    return [] if blocked else entitlements, findings


def _no_price(component: OutputComponent, product: str, day: object) -> Finding:
    what = f'prijslijst "{component.price_list}" heeft geen prijs'
    hint = "lees een prijslijst in die de dag dekt (bekostiging tariff import)"
    return Finding("F22", Severity.ERROR, f"product {product}, {day:%d-%m-%Y}", what, hint)


# --- periods ----------------------------------------------------------------------------------------------------------


def _of_periods(
    contract: Contract, component: OutputComponent, facts: Facts, lines: RuleLines, through: Month
) -> Entitled:
    if component.periods is None:
        return [], []
    found: list[Entitlement] = []
    missing: list[Finding] = []
    for period in _periods(contract, component.periods):
        month = Month.of(period.last_day)
        if month > through:
            break
        clients = _clients(component, component.periods, facts, period)
        for (municipality, product), names in sorted(clients.items()):
            price = facts.price_on(component.price_list, product, period.start)
            if price is None:
                missing.append(_no_price(component, product, period.start))
                continue
            amount = half_up(Fraction(price) * len(names))
            values = {"product": product, "clients": str(len(names)), "price_eur": str(price)}
            values |= {"first_date": str(period.start), "last_date": str(period.last_day), "numbers": listed(names)}
            step = Step("period_of_care", {**values, "per": component.periods.when}, str(amount), component.clause)
            found.append(lines.line(municipality, month, f"periods {product}", amount, step, product=product))
    return _together(found), list(dict.fromkeys(missing))


def _periods(contract: Contract, rules: Periods) -> Iterator[Period]:
    """Calendar months, or every four weeks from the first day of the contract; what it breaks off counts as one."""
    whole = contract.in_force.period
    if rules.per == "month":
        for month in whole.months():
            yield Period(max(month.first_day, whole.start), min(month.end, whole.end))
        return
    start = whole.start
    while start < whole.end:
        yield Period(start, min(start + FOUR_WEEKS, whole.end))
        start += FOUR_WEEKS


def _clients(
    component: OutputComponent, rules: Periods, facts: Facts, period: Period
) -> dict[tuple[str, str], list[str]]:
    """The clients who had care or were assigned in a period, by municipality and product.

    Care in a month lasts from its first day to its last. A client is named by what the provider knows it by: the first
    of its deliveries or assignments.
    """
    named: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    if rules.when == "care":
        for volume in facts.clients:
            own = volume.component == component.key and volume.product in rules.products and volume.quantity > 0
            if own and period.overlaps(Period(volume.first_day, volume.last_day + timedelta(days=1))):
                of_key = named[(volume.municipality, volume.product)]
                of_key[volume.client] = min(of_key.get(volume.client, volume.reference), volume.reference)
    else:
        for one in facts.assignments:
            if one.product in rules.products and one.start < period.end and (one.end is None or one.end > period.start):
                of_key = named[(one.municipality, one.product)]
                of_key[one.client] = min(of_key.get(one.client, one.shown), one.shown)
    return {key: sorted(of_key.values()) for key, of_key in named.items()}


# --- trajectories -----------------------------------------------------------------------------------------------------


def _of_trajectories(
    contract: Contract, component: OutputComponent, facts: Facts, lines: RuleLines, through: Month
) -> Entitled:
    rules = component.trajectories
    if rules is None:
        return [], []
    of_client: dict[tuple[str, str, str], list[Trajectory]] = defaultdict(list)
    for one in facts.trajectories:
        if one.product in rules.products:
            of_client[(one.municipality, one.client, one.product)].append(one)
    steps: dict[tuple[str, Month, str], list[Step]] = defaultdict(list)
    missing = [] if facts.written_by_hand else _not_looked_up(contract, rules, of_client, through)
    for key, ones in sorted(of_client.items()):
        municipality, _, product = key
        for one in ones:
            if one.start not in contract.in_force.period:
                continue
            price = facts.price_on(component.price_list, product, one.start)
            if price is None:
                missing.append(_no_price(component, product, one.start))
                continue
            restarted = trajectories.restarts(rules, one, ones)
            for due in trajectories.due_of(rules, one, price, restarted=restarted):
                if due.month <= through:
                    label = f"{'early_stop' if due.is_stop else 'trajectory'} {product}"
                    steps[(municipality, due.month, label)].append(due.explanation)
    found = []
    for municipality, month, label in sorted(steps):
        of_line = sorted(steps[(municipality, month, label)], key=lambda step: step.values["trajectory"])
        amount = total(Eur(step.result) for step in of_line)
        product = label.split(" ", 1)[1]
        values = {"product": product, "number": str(len(of_line))}
        why = Step("trajectories", values, str(amount), component.clause, tuple(of_line))
        found.append(lines.line(municipality, month, label, amount, why, product=product))
    return found, list(dict.fromkeys(missing))


def _not_looked_up(
    contract: Contract,
    rules: Trajectories,
    of_client: Mapping[tuple[str, str, str], Sequence[Trajectory]],
    through: Month,
) -> list[Finding]:
    """The trajectories that could follow one from before the contract, where none from before it is known."""
    begin = contract.in_force.start
    known = {(key[0], key[2]) for key, ones in of_client.items() if any(one.start < begin for one in ones)}
    unsure: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (municipality, _, product), ones in of_client.items():
        for one in ones:
            begun = one.start in contract.in_force.period and Month.of(one.start) <= through
            if begun and trajectories.may_restart(rules, one, begin) and not trajectories.restarts(rules, one, ones):
                unsure[(municipality, product)].append(one.shown)
    hint = "lees de trajecten van voor het contract in, ook van wie er niet terugkwam (bekostiging import trajectories)"
    return [
        Finding(
            "F12",
            Severity.WARNING,
            f"product {product}, {municipality}",
            f"van voor {begin:%d-%m-%Y} is geen traject bekend, en of dit een herstart is dus ook niet; de start is "
            f"betaald van traject {listed(sorted(numbers))}",
            hint,
        )
        for (municipality, product), numbers in sorted(unsure.items())
        if (municipality, product) not in known
    ]


def _together(entitlements: Sequence[Entitlement]) -> list[Entitlement]:
    """Two periods of four weeks can end in one month: their amounts are one line."""
    by_key: dict[object, list[Entitlement]] = defaultdict(list)
    for entitlement in entitlements:
        by_key[entitlement.key].append(entitlement)
    found = []
    for same in by_key.values():
        amount = total(one.amount for one in same)
        first = same[0].explanation
        steps = tuple(one.explanation for one in same)
        why = first if len(same) == 1 else Step("sum_of_periods", {}, str(amount), first.source, steps)
        found.append(replace(same[0], amount=amount, explanation=why))
    return found
