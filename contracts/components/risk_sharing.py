"""Risk sharing in a contract document: who bears what the cost of a year differs from its budget."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.components.component import ModifierPart
from contracts.components.figures import AnnualAmount, AnyShare, Share
from contracts.values import Amount, Key, Name, Number, Part, Percent


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
    add_figure: Key | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "SharingStep":
        if len(self.model_fields_set) != 1:
            raise ValueError(
                "een stap doet één ding; geef share, withhold_percent, cap_eur, cap_percent_of_budget of add_figure"
            )
        return self


class Side(Part):
    """How a saving or a loss is shared.

    Below `minimum_rate` of the budget nothing is; from there on the whole deviation counts, or what the bands make of
    it. `steps` then follow one another as they stand, since published schemes differ in their order.
    """

    minimum_rate: AnyShare | None = None
    bands: Annotated[tuple[Band, ...], Field(strict=False)] = ()
    steps: Annotated[tuple[SharingStep, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _bands_rise(self) -> "Side":
        if not self.bands and not self.steps:
            raise ValueError("er staat niet welk deel gedeeld wordt; geef bands of steps")
        if self.bands and self.bands[-1].up_to_percent is not None:
            raise ValueError("de laatste band houdt op; laat daar up_to_percent weg, zo nodig met share 0")
        edges = [band.up_to_percent for band in self.bands[:-1]]
        known = [edge for edge in edges if edge is not None]
        if len(known) < len(edges) or known != sorted(set(known)) or 0 in known:
            raise ValueError("de grenzen van bands lopen niet op; geef elke band behalve de laatste een hogere grens")
        return self


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

    @property
    def named(self) -> tuple[str, ...]:
        return (*self.applies_to, *self.budget.of, *self.cost.of)

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

    @model_validator(mode="after")
    def _something_is_shared(self) -> "RiskSharingComponent":
        if (self.both is None) == (self.saving is None and self.loss is None):
            raise ValueError("geef both voor beide kanten, of saving, loss of die twee apart")
        return self
