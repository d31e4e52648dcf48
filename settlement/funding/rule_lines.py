"""Lines that follow from a rule on top of deliveries: the entitlement of a component under a word of its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kernel.explanations import Step
from kernel.money import Eur
from kernel.periods import Month
from settlement.entitlement import UNFUNDED, Entitlement, LineKey, Treatment


@dataclass(frozen=True, slots=True)
class RuleLines:
    """Makes the lines of a component.

    A line about one product is booked where the product is; another where the largest amount of the component's own
    deliveries of the month is.
    """

    component: str
    own: Sequence[Entitlement]
    task_fields: Mapping[tuple[str, Month], str]

    def line(
        self,
        municipality: str,
        month: Month,
        label: str,
        amount: Eur,
        explanation: Step,
        treatment: Treatment = Treatment.PAYABLE,
        product: str = "",
    ) -> Entitlement:
        key = LineKey(self.component, municipality, month, label, treatment)
        task_field = self.task_fields.get((product, month)) or self._largest(municipality, month)
        return Entitlement(key, amount, task_field, explanation)

    def reduced(
        self, municipality: str, month: Month, word: str, detail: str, amount: Eur, explanation: Step
    ) -> Iterator[Entitlement]:
        """What is not paid: taken off what is payable under `word`, and shown under `unfunded_` and that word.

        `detail`: the product it is about, or what else tells it from others.
        """
        why = Step("not_paid", {"amount_eur": str(amount)}, str(-amount), explanation.source, (explanation,))
        yield self.line(municipality, month, f"{word} {detail}", -amount, why, product=detail)
        label = f"{UNFUNDED}_{word} {detail}"
        yield self.line(municipality, month, label, amount, explanation, Treatment.UNFUNDED, detail)

    def _largest(self, municipality: str, month: Month) -> str:
        booked = [e for e in self.own if e.key.municipality == municipality]
        in_month = [e for e in booked if e.key.month == month] or booked
        return max(in_month, key=lambda e: (abs(e.amount.amount), e.key)).task_field if in_month else ""
