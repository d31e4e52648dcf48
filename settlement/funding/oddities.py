"""What is odd about the modifiers of a contract: a jump, a part without effect, a euro that is paid back twice.

Nothing here is wrong in itself; it is what somebody should look at before a contract is signed. A remark is a place in
the document, what is odd there, and what can be done. Where the budget is not in the document amounts are those of a
budget of 100.00, and a share that is told after the year is taken to be half, as far as its bounds let it.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise

from contracts.components.ceiling import CeilingComponent
from contracts.components.component import ModifierPart
from contracts.components.consortium import ConsortiumComponent
from contracts.components.figures import FigureShare
from contracts.components.guarantee import GuaranteeComponent
from contracts.components.lump_sum import LumpSumComponent
from contracts.components.outcome import OutcomeComponent
from contracts.components.population import PopulationComponent
from contracts.components.reduction import ReductionComponent
from contracts.components.risk_sharing import RiskSharingComponent, Side
from contracts.model import Component, Contract
from contracts.values import Place, share
from kernel.money import half_up, total
from kernel.notation import format_eur, format_number, plain
from settlement.funding.risk_sharing import cap_of, edges, settled, shared

Remark = tuple[Place, str, str]
_UNKNOWN_BUDGET = Fraction(100)


def oddities(contract: Contract) -> Iterator[Remark]:
    """Everything that is odd, in the order of the document."""
    for index, component in enumerate(contract.component):
        place = ("component", index)
        for names, named, earlier in _named(component):
            yield from _left_out(contract, component.key, (*place, *names), named, earlier)
        if isinstance(component, CeilingComponent | ReductionComponent) and index == 0:
            yield place, "er staat niets boven om op toe te passen", "zet het onder de onderdelen waar het over gaat"
        if isinstance(component, ReductionComponent):
            yield from _out_of_force(contract, component, place)
            yield from _between_instalments(contract, component, place)
        if isinstance(component, RiskSharingComponent):
            for name in ("both", "saving", "loss"):
                side = getattr(component, name)
                if side is not None:
                    yield from _of_side(component, side, (*place, name), only_saving=name == "saving")
    yield from _too_much(contract)


def _named(component: Component) -> Iterator[tuple[Place, Sequence[str], tuple[type[ModifierPart], ...]]]:
    """Where a component names components for what they are paid, and the modifiers of them that should be named too.

    What is shared or earned of a budget is usually meant to leave the budget as it is, and a reduction is not.
    """
    taken_off = (CeilingComponent, ReductionComponent)
    match component:
        case GuaranteeComponent():
            yield ("spend_of",), component.spend_of, taken_off
        case RiskSharingComponent() | OutcomeComponent():
            yield ("budget", "of"), component.budget.of, taken_off
            if isinstance(component, RiskSharingComponent) and component.cost_borne_by == "payer":
                yield ("cost", "of"), component.cost.of, taken_off
        case ModifierPart():
            yield ("applies_to",), component.applies_to, (ModifierPart,)


def _left_out(
    contract: Contract, key: str, place: Place, named: Sequence[str], kinds: tuple[type[ModifierPart], ...]
) -> Iterator[Remark]:
    """Modifiers above that change what the `named` components come to, and are not named themselves."""
    keys = [one.key for one in contract.component]
    for earlier in contract.component[: keys.index(key)]:
        if not isinstance(earlier, kinds) or isinstance(earlier, ConsortiumComponent) or earlier.key in named:
            continue
        if both := set(named) & set(earlier.applies_to or keys[: keys.index(earlier.key)]):
            message = f"{earlier.key} verandert wat {', '.join(sorted(both))} oplevert, en staat er niet bij"
            yield place, message, f"noem {earlier.key} ook, als dit onderdeel gaat over wat daarna overblijft"


def _between_instalments(contract: Contract, component: ReductionComponent, place: Place) -> Iterator[Remark]:
    """An instalment is reduced whole, in the month it is paid: months that hold part of what it is for are odd."""
    in_force = list(contract.in_force.period.months())
    inside = {month for month in in_force if component.start <= month < component.until}
    keys = [one.key for one in contract.component]
    for paid in contract.component[: keys.index(component.key)]:
        if component.applies_to and paid.key not in component.applies_to:
            continue
        months = _months_of_an_instalment(paid)
        reduced = {(month.year, (month.month - 1) // months) for month in inside}
        if reduced & {(month.year, (month.month - 1) // months) for month in in_force if month not in inside}:
            message = f"{paid.key} wordt niet per maand betaald: de korting gaat over hele termijnen, in hun maand"
            hint = "laat de korting beginnen en eindigen met een termijn, of betaal per maand"
            yield (*place, "from"), message, hint


def _months_of_an_instalment(component: Component) -> int:
    """For how many months an instalment is at most."""
    match component:
        case PopulationComponent():
            return 3 if component.instalments == "quarterly" else 1
        case LumpSumComponent():
            return {"monthly": 1, "quarterly": 3}.get(str(component.schedule), 12)
    return 1


def _out_of_force(contract: Contract, component: ReductionComponent, place: tuple[str | int, ...]) -> Iterator[Remark]:
    in_force = list(contract.in_force.period.months())
    if component.start > in_force[-1] or component.until <= in_force[0]:
        yield (*place, "from"), "de korting valt buiten de looptijd", "verbeter from en until"


def _of_side(
    component: RiskSharingComponent, side: Side, place: tuple[str | int, ...], *, only_saving: bool
) -> Iterator[Remark]:
    budget = component.budget.eur.exact if component.budget.eur is not None else _UNKNOWN_BUDGET
    if component.budget.eur is None and any(step.cap_eur is not None for step in side.steps):
        return  # an amount says nothing beside a budget that is not known
    if isinstance(side.minimum_rate, Decimal) and side.minimum_rate:
        at_once = half_up(shared(side, budget, Fraction(side.minimum_rate) * budget, _assumed))
        percent = format_number(plain(side.minimum_rate * 100))
        message = f"bij {percent}% van het budget springt de verrekening van 0,00 naar {format_eur(at_once)}"
        hint = "geef de eerste band share 0 als alleen het meerdere gedeeld wordt"
        if at_once:
            yield (*place, "minimum_rate"), f"{message}{_of_hundred(component)}", hint
    without_minimum = side.model_copy(update={"minimum_rate": None})
    farthest = budget if only_saving else 1000 * budget  # no saving is more than the budget
    low = Decimal(0)
    for number, band in enumerate(side.bands):
        begin = share(low) * budget
        end = farthest if band.up_to_percent is None else share(band.up_to_percent) * budget
        flat = shared(without_minimum, budget, begin, _assumed) == shared(without_minimum, budget, end, _assumed)
        if band.share and (begin >= farthest or flat):
            message = f"wat boven {format_number(low)}% van het budget ligt, heeft geen gevolg meer"
            yield (*place, "bands", number), message, "haal de band weg, of verhoog het maximum dat eerder bereikt is"
        low = band.up_to_percent if band.up_to_percent is not None else low
    for number, step in enumerate(side.steps):
        cap = cap_of(step, budget)
        before = without_minimum.model_copy(update={"steps": side.steps[:number]})
        if cap is not None and shared(before, budget, farthest, _assumed) <= cap:
            yield (*place, "steps", number), "dit maximum wordt nooit bereikt", "haal het weg, of verlaag het"


def _too_much(contract: Contract) -> Iterator[Remark]:
    """Two clauses on one budget and cost that together pay more than a euro for a euro of cost."""
    sharing = [(i, one) for i, one in enumerate(contract.component) if isinstance(one, RiskSharingComponent)]
    for (_, one), (index, other) in combinations(sharing, 2):
        if (one.budget, one.cost, one.cost_borne_by) != (other.budget, other.cost, other.cost_borne_by):
            continue
        budget = one.budget.eur.exact if one.budget.eur is not None else _UNKNOWN_BUDGET
        ends = sorted({*edges(one, budget, _assumed), *edges(other, budget, _assumed), Fraction(0), 3 * budget})
        for low, high in pairwise(ends):
            inside = [low + (high - low) * part / 4 for part in (1, 3)]
            paid = [total(settled(c, budget, at, _assumed, _nothing)[0] for c in (one, other)) for at in inside]
            if abs((paid[1] - paid[0]).exact) > inside[1] - inside[0] + Fraction(2, 100):
                message = f"samen met {one.key} wordt van een euro kosten meer dan een euro verrekend"
                yield ("component", index), message, "laat één van beide het deel verrekenen"
                break


def _of_hundred(component: RiskSharingComponent) -> str:
    return "" if component.budget.eur is not None else " bij een budget van 100,00"


def _assumed(said: Decimal | FigureShare) -> Fraction:
    if isinstance(said, Decimal):
        return Fraction(said)
    least, most = said.at_least or Decimal(0), Decimal(1) if said.at_most is None else said.at_most
    return Fraction(min(max(Decimal("0.5"), least), most))


def _nothing(_: str) -> Fraction:
    return Fraction(0)
