"""A lump sum in a contract document: a fixed sum or subsidy for a year, whatever is delivered."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.components.component import BudgetPart
from contracts.components.figures import YearAmount
from contracts.components.indexation import IndexedPart
from contracts.values import Amount, Part, Percent


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

    @property
    def years_named(self) -> tuple[int, ...]:
        return tuple(one.year for one in self.years)

    @model_validator(mode="after")
    def _one_amount(self) -> "LumpSumComponent":
        if (self.amount_eur is not None) == bool(self.years):
            raise ValueError("er is niet precies één bedrag; geef amount_eur (elk jaar) of years (per jaar)")
        if self.years and (self.index or self.indexation):
            raise ValueError("years noemt het bedrag van elk jaar; laat index en indexation weg, of geef amount_eur")
        return self

    @model_validator(mode="after")
    def _schedule_is_whole(self) -> "LumpSumComponent":
        if isinstance(self.schedule, str):
            return self
        due = [one.month for one in self.schedule]
        if due != sorted(set(due)):
            raise ValueError("de maanden van schedule lopen niet op; zet elke maand één keer, in volgorde")
        if (percent := sum(one.percent for one in self.schedule)) != 100:
            raise ValueError(f"de termijnen van schedule tellen op tot {percent}%; samen moeten ze 100 zijn")
        return self
