"""A bonus or malus on outcomes in a contract document."""

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.components.component import Fact, ModifierPart
from contracts.components.figures import AnnualAmount, Share
from contracts.values import FigureName, Misfit, Name, Part, Percent, Place, SignedNumber


class Indicator(Part):
    """What is scored: the figure of this name, or with `worst` and `best` where it lies between those two."""

    name: FigureName
    weight: Share
    worst: SignedNumber | None = None
    best: SignedNumber | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._worst_and_best()

    def _worst_and_best(self) -> Iterator[Misfit]:
        if (self.worst is None) != (self.best is None) or (self.worst is not None and self.worst == self.best):
            yield (), "een meting ligt tussen twee waarden; geef worst en best, en niet dezelfde"


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

    names_above: ClassVar[tuple[Place, ...]] = (("applies_to",), ("budget", "of"))

    @property
    def spread_over(self) -> tuple[str, ...]:
        """Who pays the budget shares in what is settled on it."""
        return self.applies_to or self.budget.of

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._weights_are_one()
        yield self._names_differ()

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        yield "figures", self._figures()

    def _figures(self) -> Iterator[Fact]:
        for name in (*self.budget.figures_read, *(indicator.name for indicator in self.indicators)):
            yield (name,)

    def _weights_are_one(self) -> Iterator[Misfit]:
        if (weights := sum(indicator.weight for indicator in self.indicators)) != 1:
            yield ("indicators",), f"de gewichten tellen op tot {weights}; samen moeten ze 1 zijn"

    def _names_differ(self) -> Iterator[Misfit]:
        if len({indicator.name for indicator in self.indicators}) < len(self.indicators):
            yield ("indicators",), "een indicator staat er twee keer in; laat er een weg"
