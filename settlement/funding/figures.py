"""Amounts and shares of a calendar year, read from the contract, from the lines above a modifier or from figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from contracts.components.component import ModifierPart
from contracts.components.figures import AnnualAmount, FigureShare
from contracts.model import Contract
from kernel.explanations import Step
from kernel.findings import Finding, Severity
from kernel.money import Eur, total
from kernel.notation import plain
from settlement.entitlement import Entitlement, Treatment
from settlement.funding.facts import Facts, NotComputable, nothing_known
from settlement.funding.spread import parts_of
from settlement.funding.withheld import withheld_of
from settlement.funding.years import months_of, part_of_year, year_of


@dataclass(frozen=True, slots=True)
class YearReader:
    """Reads what a modifier needs to know of one year. `above` are the entitlements of the components above it.

    A figure that is not known is a warning: it is told long after the year, and until then the rest is settled.
    """

    contract: Contract
    component: ModifierPart
    facts: Facts
    above: Sequence[Entitlement]
    year: int

    def figure(self, name: str) -> Fraction:
        found = self.facts.figures.get((name, self.year))
        if found is None:
            message = f"cijfer {name} over {self.year} is niet bekend: dit onderdeel is nog niet uitgerekend"
            raise NotComputable(
                self._finding(
                    "F07",
                    Severity.WARNING,
                    message,
                    "lees het in als score over het jaar (bekostiging import outcomes)",
                )
            )
        return Fraction(found)

    def within(self, name: str, least: int, most: int) -> Fraction:
        """A figure that is a score or a share."""
        found = self.figure(name)
        if not least <= found <= most:
            message = f"cijfer {name} over {self.year} is {plain(found)}, en ligt niet tussen {least} en {most}"
            raise NotComputable(self._finding("F08", Severity.ERROR, message, "verbeter het cijfer of het contract"))
        return found

    def share(self, said: Decimal | FigureShare) -> Fraction:
        if isinstance(said, Decimal):
            return Fraction(said)
        found = self.within(said.figure, 0, 1)
        if said.complement:
            found = 1 - found
        if said.at_least is not None:
            found = max(found, Fraction(said.at_least))
        return found if said.at_most is None else min(found, Fraction(said.at_most))

    def paid(self, said: AnnualAmount) -> tuple[Fraction, Step]:
        """An amount that is paid, and why: of components their payable lines, with what of a budget is withheld yet."""
        amount, step = self._amount(said, "paid", [e for e in self.above if e.key.treatment is Treatment.PAYABLE])
        later = withheld_of(self.contract, said.of, self.facts, self.year)
        if not later:
            return amount, step
        whole = amount + later.exact
        values = {"paid_eur": shown(amount), "withheld_eur": str(later)}
        return whole, Step("with_withheld", values, shown(whole), steps=(step,))

    def delivered(self, said: AnnualAmount) -> tuple[Fraction, Step]:
        """A cost that is made, and why: of components what their deliveries are worth, paid for or not."""
        return self._amount(said, "delivered", [line for line in self.above if _is_delivery(line)])

    def _amount(self, said: AnnualAmount, on: str, lines: Sequence[Entitlement]) -> tuple[Fraction, Step]:
        if said.eur is not None:
            step = Step("agreed_amount", {}, str(said.eur), self.component.clause)
            part, step = part_of_year(said.eur, months_of(self.contract, self.year), step)
            return part.exact, step
        if said.figure is not None:
            return self._product(said.figure, said.times)
        of_these = [line for line in lines if line.key.component in said.of]
        of_year = [line for line in of_these if year_of(self.contract, line.key.month) == self.year]
        values = {"components": ", ".join(said.of), "year": str(self.year), "on": on}
        if not of_year and not self.facts.delivered_as_stated(self.year):
            raise NotComputable(nothing_known(self.component.key, said.of, self.year))
        found, parts = total(line.amount for line in of_year), parts_of(of_year)
        steps = parts if len(parts) > 1 else ()
        return found.exact, Step("sum_of_year" if of_year else "nothing_stated", values, str(found), steps=steps)

    def _product(self, name: str, times: str | None) -> tuple[Fraction, Step]:
        amount = self.figure(name)
        values = {"name": name, "year": str(self.year)}
        if times is None:
            return amount, Step("figure", values, shown(amount))
        factor = self.figure(times)
        values |= {"each_eur": shown(amount), "times": times, "factor": plain(factor)}
        return amount * factor, Step("figure_times", values, shown(amount * factor))

    def _finding(self, code: str, severity: Severity, message: str, hint: str) -> Finding:
        return Finding(code, severity, f'onderdeel "{self.component.key}"', message, hint)


def _is_delivery(line: Entitlement) -> bool:
    return not line.key.of_contract and line.key.treatment in (Treatment.PAYABLE, Treatment.SHADOW)


def shown(amount: Fraction) -> str:
    """An amount between two roundings: with two decimals where it has no more, else in full."""
    return plain(amount) if (amount * 100).denominator > 1 else str(Eur.of_cents(int(amount * 100)))
