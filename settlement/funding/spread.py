"""What a modifier applies to, and its amount spread over the municipalities that pay it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from contracts.components.component import ModifierPart
from contracts.model import Contract
from kernel.explanations import Step
from kernel.money import Eur, allocate, total
from kernel.periods import Month
from settlement.entitlement import Entitlement, LineKey, Treatment


def applied_to(contract: Contract, component: ModifierPart, above: Iterable[Entitlement]) -> list[Entitlement]:
    """The payable lines of the components that a modifier applies to: those it names, else all above it."""
    keys = keys_applied_to(contract, component)
    return [one for one in above if one.key.component in keys and one.key.treatment is Treatment.PAYABLE]


def keys_applied_to(contract: Contract, component: ModifierPart) -> set[str]:
    keys = [one.key for one in contract.component]
    return set(component.spread_over or keys[: keys.index(component.key)])


def bases_of(contract: Contract) -> dict[str, set[str]]:
    """By modifier, the components that yield what it applies to, also where other modifiers stand between."""
    found: dict[str, set[str]] = {}
    for component in contract.component:
        if isinstance(component, ModifierPart):
            applied = keys_applied_to(contract, component)
            found[component.key] = {base for key in applied for base in found.get(key, {key})}
    return found


def by_month(lines: Iterable[Entitlement]) -> Mapping[Month, list[Entitlement]]:
    """Lines by the month they are of."""
    found: dict[Month, list[Entitlement]] = defaultdict(list)
    for line in lines:
        found[line.key.month].append(line)
    return found


def spread(
    contract: Contract,
    component: ModifierPart,
    kind: tuple[Month, str, Treatment],
    amount: Eur,
    over: Sequence[Entitlement],
    explanation: Step,
) -> list[Entitlement]:
    """The lines of a modifier in a month: one for each municipality, by what it pays of the lines the amount is `over`.

    `kind` is the month, label and treatment of the lines. Divided to the cent by the size of what each municipality
    pays, in the order of their codes; where none pays anything the first of the contract bears all of it.
    """
    paid = paid_by(over)
    return [
        Entitlement(
            LineKey(component.key, municipality, *kind),
            part,
            task_field_over(component, [line for line in over if line.key.municipality == municipality] or over),
            _explained(component, municipality, part, amount, paid, explanation),
        )
        for municipality, part in divided(contract, amount, paid).items()
        if part or not amount
    ]


def paid_by(lines: Iterable[Entitlement]) -> dict[str, Eur]:
    """What each municipality pays of lines."""
    paid: dict[str, Eur] = {}
    for line in lines:
        paid[line.key.municipality] = paid.get(line.key.municipality, Eur.zero()) + line.amount
    return paid


def parts_of(lines: Iterable[Entitlement]) -> tuple[Step, ...]:
    """What lines come to by component and municipality, with the first and the last month they are of."""
    found: dict[tuple[str, str], list[Entitlement]] = defaultdict(list)
    for line in lines:
        found[(line.key.component, line.key.municipality)].append(line)
    return tuple(_part_of(*key, found[key]) for key in sorted(found))


def _part_of(component: str, municipality: str, lines: Sequence[Entitlement]) -> Step:
    months = sorted({line.key.month for line in lines})
    span = "/".join(str(month) for month in dict.fromkeys((months[0], months[-1])))
    values = {"component": component, "municipality": municipality, "span": span}
    return Step("lines_of", values, str(total(line.amount for line in lines)))


def divided(contract: Contract, amount: Eur, paid: Mapping[str, Eur]) -> dict[str, Eur]:
    """An amount over the municipalities, to the cent, by the size of what each has `paid`; see `spread`."""
    weights = {municipality: abs(paid[municipality].exact) for municipality in sorted(paid) if paid[municipality]}
    if not weights:
        weights = {contract.municipalities[0]: Fraction(1)}
    return dict(zip(weights, allocate(amount, list(weights.values())), strict=True))


def task_field_over(component: ModifierPart, over: Sequence[Entitlement]) -> str:
    """The Iv3 field of the document, else that of the largest amount; the lower of two that are equal."""
    if component.task_field is not None:
        return component.task_field
    fields = sorted({line.task_field for line in over})
    sizes = {field: abs(total(line.amount for line in over if line.task_field == field).cents) for field in fields}
    return max(fields, key=lambda field: sizes[field], default="")


def _explained(
    component: ModifierPart, municipality: str, part: Eur, amount: Eur, paid: Mapping[str, Eur], explanation: Step
) -> Step:
    if municipality not in paid or len(paid) == 1:
        return explanation
    values = {
        "municipality": municipality,
        "whole_eur": str(amount),
        "paid_eur": str(Eur(abs(paid[municipality].amount))),
        "all_eur": str(total(Eur(abs(one.amount)) for one in paid.values())),
    }
    return Step("municipality_part", values, str(part), component.clause, (explanation,))
