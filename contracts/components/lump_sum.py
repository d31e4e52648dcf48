"""A lump sum in a contract document: a fixed sum or subsidy for a year, whatever is delivered."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.components.component import BudgetPart, Fact
from contracts.components.figures import YearAmount
from contracts.components.indexation import IndexedPart
from contracts.values import Amount, Misfit, Part, Percent


class DueMonth(Part):
    """The part of a year's sum that is due in a month of every year."""

    month: Annotated[int, Field(ge=1, le=12)]
    percent: Percent


class LumpSumComponent(IndexedPart, BudgetPart):
    """A fixed sum for a year, paid in instalments; what is determined afterwards takes its place."""

    kind: Literal["lump_sum"]
    amount_eur: Amount | None = None
    years: Annotated[tuple[YearAmount, ...], Field(strict=False)] = ()
    legal_form: Literal["contract", "subsidy"] = "contract"
    schedule: Literal["monthly", "quarterly", "yearly"] | Annotated[tuple[DueMonth, ...], Field(strict=False)] = (
        "monthly"
    )
    advance_percent: Percent = Decimal(100)

    years_key: ClassVar = "years"

    @property
    def years_named(self) -> tuple[int, ...]:
        return tuple(one.year for one in self.years)

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._one_amount()
        yield self._years_are_not_indexed()
        yield self._due_months_rise()
        yield self._schedule_is_whole()

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        yield from super().facts_read(municipality)
        yield "determinations", self._determinations()

    def _determinations(self) -> Iterator[Fact]:
        yield (self.key,)
        yield ("",)

    def _one_amount(self) -> Iterator[Misfit]:
        if (self.amount_eur is not None) == bool(self.years):
            yield (), "er is niet precies één bedrag; geef amount_eur (elk jaar) of years (per jaar)"

    def _years_are_not_indexed(self) -> Iterator[Misfit]:
        if self.years and (self.index or self.indexation):
            said = "noemt het bedrag van elk jaar; laat index en indexation weg, of geef amount_eur"
            yield ("years",), said

    def _due_months_rise(self) -> Iterator[Misfit]:
        due = [] if isinstance(self.schedule, str) else [one.month for one in self.schedule]
        if due != sorted(set(due)):
            yield ("schedule",), "de maanden lopen niet op; zet elke maand één keer, in volgorde"

    def _schedule_is_whole(self) -> Iterator[Misfit]:
        if not isinstance(self.schedule, str) and (percent := sum(one.percent for one in self.schedule)) != 100:
            yield ("schedule",), f"de delen tellen op tot {percent}%; samen moeten ze 100 zijn"
