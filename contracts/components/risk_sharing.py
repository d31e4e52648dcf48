"""Risk sharing in a contract document: who bears what the cost of a year differs from its budget."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.components.component import Fact, ModifierPart
from contracts.components.figures import AnnualAmount, AnyShare, FigureShare, Share
from contracts.values import Amount, FigureName, Misfit, Name, Number, Part, Percent, Place


class Band(Part):
    """The other party's share in what lies between the earlier band and so many percent of the budget."""

    up_to_percent: Number | None = None
    share: Share


class SharingStep(Part):
    """One step between the deviation that counts and the settlement."""

    share: AnyShare | None = None
    withhold_percent: Percent | None = None
    cap_eur: Amount | None = None
    cap_percent_of_budget: Number | None = None
    add_figure: FigureName | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._one_thing()

    def _one_thing(self) -> Iterator[Misfit]:
        if len(self.model_fields_set) != 1:
            yield (
                (),
                "een stap doet één ding; geef share, withhold_percent, cap_eur, cap_percent_of_budget of add_figure",
            )


class Side(Part):
    """How a saving or a loss is shared.

    Below `minimum_rate` of the budget nothing is; from there on the whole deviation counts, or what the bands make of
    it. `steps` then follow one another as they stand, since published schemes differ in their order.
    """

    minimum_rate: AnyShare | None = None
    bands: Annotated[tuple[Band, ...], Field(strict=False)] = ()
    steps: Annotated[tuple[SharingStep, ...], Field(strict=False)] = ()

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._something_counts()
        yield self._last_band_is_open()
        yield self._bands_have_edges()
        yield self._edges_rise()

    @property
    def figures_read(self) -> Iterator[str]:
        for share in (self.minimum_rate, *(step.share for step in self.steps)):
            if isinstance(share, FigureShare):
                yield share.figure
        for step in self.steps:
            if step.add_figure is not None:
                yield step.add_figure

    def _something_counts(self) -> Iterator[Misfit]:
        if not self.bands and not self.steps:
            yield (), "er staat niet welk deel gedeeld wordt; geef bands of steps"

    def _last_band_is_open(self) -> Iterator[Misfit]:
        if self.bands and self.bands[-1].up_to_percent is not None:
            place = ("bands", len(self.bands) - 1, "up_to_percent")
            yield place, "de laatste band houdt op; laat daar up_to_percent weg, zo nodig met share 0"

    def _bands_have_edges(self) -> Iterator[Misfit]:
        for place, band in enumerate(self.bands[:-1]):
            if band.up_to_percent is None:
                said = f"band {place + 1} heeft geen grens; geef up_to_percent, alleen de laatste band heeft er geen"
                yield ("bands", place), said

    def _edges_rise(self) -> Iterator[Misfit]:
        below = Decimal(0)
        for place, band in enumerate(self.bands):
            if band.up_to_percent is not None and band.up_to_percent <= below:
                said = "de grenzen van bands lopen niet op; geef elke band behalve de laatste een hogere grens"
                yield ("bands", place, "up_to_percent"), said
                return
            below = below if band.up_to_percent is None else band.up_to_percent


class RiskSharingComponent(ModifierPart):
    """Settlement of a year's cost against its budget, once the year is over.

    `cost_borne_by` the provider (it holds the budget): of a loss the other party pays its share, of a saving it gets
    it. By the payer (it pays for what is delivered): the provider gets its share of a saving, and pays that of a loss.
    A side that is left out is not shared.
    """

    kind: Literal["risk_sharing"]
    task_field: Name
    budget: AnnualAmount
    cost: AnnualAmount
    cost_borne_by: Literal["provider", "payer"] = "provider"
    both: Side | None = None
    saving: Side | None = None
    loss: Side | None = None

    names_above: ClassVar[tuple[Place, ...]] = (("applies_to",), ("budget", "of"), ("cost", "of"))

    @property
    def spread_over(self) -> tuple[str, ...]:
        """Who pays the budget shares in what is settled on it."""
        return self.applies_to or self.budget.of

    @property
    def deliveries_valued(self) -> tuple[str, ...]:
        return self.cost.of if self.cost_borne_by == "provider" else ()

    @property
    def shared_saving(self) -> Side | None:
        return self.both or self.saving

    @property
    def shared_loss(self) -> Side | None:
        return self.both or self.loss

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._something_is_shared()

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        yield "figures", self._figures()

    def _figures(self) -> Iterator[Fact]:
        sides = [side.figures_read for side in (self.both, self.saving, self.loss) if side is not None]
        for name in chain(self.budget.figures_read, self.cost.figures_read, *sides):
            yield (name,)

    def _something_is_shared(self) -> Iterator[Misfit]:
        if (self.both is None) == (self.saving is None and self.loss is None):
            yield (), "geef both voor beide kanten, of saving, loss of die twee apart"
