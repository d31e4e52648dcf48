"""A bonus or malus on outcomes in a contract document."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.components.component import ModifierPart
from contracts.components.figures import AnnualAmount, Share
from contracts.values import Key, Name, Part, Percent, SignedNumber


class Indicator(Part):
    """What is scored: the figure of this name, or with `worst` and `best` where it lies between those two."""

    name: Key
    weight: Share
    worst: SignedNumber | None = None
    best: SignedNumber | None = None

    @model_validator(mode="after")
    def _worst_and_best(self) -> "Indicator":
        if (self.worst is None) != (self.best is None) or (self.worst is not None and self.worst == self.best):
            raise ValueError("een meting ligt tussen twee waarden; geef worst en best, en niet dezelfde")
        return self


class OutcomeComponent(ModifierPart):
    """A part of a year's budget that depends on scores: at best all of it is added, at worst all of it is taken off.

    Without `malus` nothing is taken off: a score is then between 0 and 1 instead of -1 and 1.
    """

    kind: Literal["outcome"]
    task_field: Name
    budget: AnnualAmount
    at_stake_percent: Percent
    malus: bool = True
    indicators: Annotated[tuple[Indicator, ...], Field(strict=False, min_length=1)]

    @property
    def named(self) -> tuple[str, ...]:
        return (*self.applies_to, *self.budget.of)

    @property
    def spread_over(self) -> tuple[str, ...]:
        """Who pays the budget shares in what is settled on it."""
        return self.applies_to or self.budget.of

    @model_validator(mode="after")
    def _weights_are_one(self) -> "OutcomeComponent":
        if (weights := sum(indicator.weight for indicator in self.indicators)) != 1:
            raise ValueError(f"de gewichten tellen op tot {weights}; samen moeten ze 1 zijn")
        if len({indicator.name for indicator in self.indicators}) < len(self.indicators):
            raise ValueError("een indicator staat er twee keer in; laat er een weg")
        return self
