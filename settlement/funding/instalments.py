"""A budget of a year, paid in instalments: cut off below the cent, and the last of the year takes the difference."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from contracts.components.component import BudgetPart
from contracts.model import Contract
from kernel.explanations import Step
from kernel.money import Eur, round_down
from kernel.notation import plain
from kernel.periods import Month
from settlement.entitlement import INSTALMENT, Entitlement, LineKey, Treatment

_MONTHS_PER_TURN = {"monthly": 1, "quarterly": 3, "yearly": 12}


@dataclass(frozen=True, slots=True)
class Budget:
    """What is paid over a calendar year, why, and the months of it in force."""

    amount: Eur
    step: Step
    in_force: Sequence[Month]

    @property
    def year(self) -> int:
        return self.in_force[0].year


def in_turns(
    contract: Contract,
    component: BudgetPart,
    budget: Budget,
    every: Literal["monthly", "quarterly", "yearly"],
    label: str = INSTALMENT,
) -> list[Entitlement]:
    """Paid in advance, in the first month in force of each month, quarter or year."""
    months_by_turn: dict[int, list[Month]] = {}
    for month in budget.in_force:
        months_by_turn.setdefault((month.month - 1) // _MONTHS_PER_TURN[every], []).append(month)
    entitlements = []
    paid = Eur.zero()
    turns = list(months_by_turn.values())
    for number, months in enumerate(turns, start=1):
        last = number == len(turns)
        part = round_down(budget.amount.exact * len(months) / len(budget.in_force))
        amount = budget.amount - paid if last else part
        paid += amount
        values = {
            "number": str(number),
            "of": str(len(turns)),
            "year": str(budget.year),
            "year_eur": str(budget.amount),
            "months": str(len(months)),
            "year_months": str(len(budget.in_force)),
        }
        step = Step("last_instalment" if last else "instalment", values, str(amount), component.clause, (budget.step,))
        entitlements.append(_entitlement(contract, component, months[0], amount, step, label))
    return entitlements


def on_schedule(
    contract: Contract, component: BudgetPart, budget: Budget, percents: Iterable[tuple[int, Decimal]]
) -> list[Entitlement]:
    """Paid by percentages, together 100, in the months of the year they are due.

    What is due in a month before or after those in force is paid in the first or the last of them.
    """
    due: dict[Month, Fraction] = {}
    for number, part in percents:
        month = min(max(Month(budget.year, number), budget.in_force[0]), budget.in_force[-1])
        due[month] = due.get(month, Fraction(0)) + Fraction(part)
    entitlements = []
    paid = Eur.zero()
    for number, (month, percent) in enumerate(due.items(), start=1):
        values = {"number": str(number), "of": str(len(due)), "year_eur": str(budget.amount)}
        values |= {"percent": plain(percent)}
        amount = round_down(budget.amount.exact * percent / 100)
        if number == len(due):
            values |= {"earlier_eur": str(paid)}
            amount = budget.amount - paid
        paid += amount
        step = Step("scheduled_instalment", values, str(amount), component.clause, (budget.step,))
        entitlements.append(_entitlement(contract, component, month, amount, step))
    return entitlements


def _entitlement(
    contract: Contract, component: BudgetPart, month: Month, amount: Eur, step: Step, label: str = INSTALMENT
) -> Entitlement:
    key = LineKey(component.key, contract.municipality_of(component), month, label, Treatment.PAYABLE)
    return Entitlement(key, amount, component.task_field, step)
