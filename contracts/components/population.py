"""Population funding in a contract document: a budget for the inhabitants of an area."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.components.component import BudgetPart, PricedPart
from contracts.components.indexation import IndexedPart
from contracts.facts import AccountabilityKind
from contracts.values import Amount, Area, Measure, MonthText, Name, Number, Part, Percent, SignedAmount, Year


class Segment(Part):
    """An amount for each person counted under a measure."""

    measure: Measure
    amount_eur: Amount


class YearSpending(Part):
    """What the care of the area cost in a year before the contract."""

    year: Year
    amount_eur: Amount


class Objective(Part):
    """A share in a national or regional budget."""

    macro_budget_eur: Amount
    share_percent: Percent


class Division(Part):
    """A budget shared over areas by weighted measures; the contract gets the share of its own areas."""

    areas: Annotated[tuple[Area, ...], Field(strict=False, min_length=2)]
    weights: Annotated[dict[Measure, Number], Field(min_length=1)]
    own_areas: Annotated[tuple[Area, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _own_areas_are_areas(self) -> "Division":
        if unknown := sorted(set(self.own_areas) - set(self.areas)):
            raise ValueError(
                f"own_areas noemt {', '.join(unknown)}, dat niet in areas staat; zet het in areas of haal het weg"
            )
        if len(set(self.areas)) < len(self.areas) or len(set(self.own_areas)) < len(self.own_areas):
            raise ValueError("een gebied staat twee keer in areas of own_areas; laat er een weg")
        if sum(self.weights.values()) != 1:
            raise ValueError(f"de gewichten tellen op tot {sum(self.weights.values())}; samen moeten ze 1 zijn")
        return self


class Recount(Part):
    """How growth of the population changes the budget.

    Growth within the dead band is not paid; above it only the excess, or the whole growth. `final`: the final count of
    the count date against the provisional one; `yearly`: the count of 1 January of each later year against the count
    date.
    """

    dead_band_percent: Number = Decimal(0)
    pays: Literal["excess", "whole"] = "excess"
    counts: Literal["final", "yearly"] = "final"


class Withheld(Part):
    """The part of every year's budget that is paid only when the accountability of that year was received."""

    percent: Percent
    until: AccountabilityKind


class Reopening(Part):
    """A safety valve that was opened: the budget of the year changes from a month on, by a decision."""

    start: MonthText = Field(alias="from")
    amount_eur: SignedAmount
    decision: Name


class Unspent(Part):
    """What becomes of the part of a year's budget that the covered deliveries were not worth.

    `keep`: the provider keeps it. `return`: it is paid back. `split`: `share_percent` of it is paid back. `reserve`: up
    to `reserve_percent` of the budget stays as a reserve, what is above it is paid back. `earmark`: it stays, for a
    purpose that was agreed.
    """

    rule: Literal["keep", "return", "split", "reserve", "earmark"]
    share_percent: Percent | None = None
    reserve_percent: Percent | None = None

    @model_validator(mode="after")
    def _percentage_of_the_rule(self) -> "Unspent":
        for key, rule in (("share_percent", "split"), ("reserve_percent", "reserve")):
            if self.rule == rule and getattr(self, key) is None:
                raise ValueError(f"{key} ontbreekt bij rule {rule}; geef het percentage")
            if self.rule != rule and getattr(self, key) is not None:
                raise ValueError(f"{key} hoort bij rule {rule}; haal het weg")
        return self


class PopulationComponent(IndexedPart, BudgetPart, PricedPart):
    """Population funding: a budget for the inhabitants of an area, paid in instalments."""

    kind: Literal["population"]
    amount_per_inhabitant_eur: Amount | None = None
    segments: Annotated[tuple[Segment, ...], Field(strict=False)] = ()
    budget_eur: Amount | None = None
    historical: Annotated[tuple[YearSpending, ...], Field(strict=False)] = ()
    objective: Objective | None = None
    division: Division | None = None
    areas: Annotated[tuple[Area, ...], Field(strict=False)] = ()
    measure: Measure = "inhabitants"
    count_date: date | None = None
    catchment_percent: Percent | None = None
    instalments: Literal["monthly", "quarterly"] = "monthly"
    recount: Recount | None = None
    reopenings: Annotated[tuple[Reopening, ...], Field(strict=False)] = ()
    withheld: Withheld | None = None
    covers: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    carve_outs: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    out_of_area: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    unspent: Unspent | None = None

    @model_validator(mode="after")
    def _one_base(self) -> "PopulationComponent":
        bases = (self.amount_per_inhabitant_eur, self.segments, self.budget_eur, self.historical, self.objective)
        if sum(base not in (None, ()) for base in bases) != 1:
            raise ValueError(
                "er is niet precies één grondslag; geef amount_per_inhabitant_eur, segments, budget_eur, historical of "
                "objective"
            )
        if len({one.year for one in self.historical}) < len(self.historical):
            raise ValueError("een jaar staat twee keer in historical; laat er een weg")
        if self.division and self.budget_eur is None:
            raise ValueError("division verdeelt een budget; geef budget_eur")
        if self.division and self.areas:
            raise ValueError("bij division staan de gebieden in division.own_areas; laat areas weg")
        if len(set(self.areas)) < len(self.areas):
            raise ValueError("een gebied staat twee keer in areas; laat er een weg")
        return self

    @model_validator(mode="after")
    def _counts_what_it_reads(self) -> "PopulationComponent":
        needs_count = bool(self.measured_amounts) or self.division is not None or self.recount is not None
        if needs_count and self.count_date is None:
            raise ValueError("count_date ontbreekt; geef de dag waarop de inwoners geteld worden")
        if not needs_count and (self.count_date is not None or (self.areas and self.catchment_percent is None)):
            raise ValueError("een vast budget zonder hertelling leest geen telling; laat count_date en areas weg")
        if self.catchment_percent is not None and self.budget_eur is not None and self.division is None:
            raise ValueError("budget_eur is al van dit contract alleen; laat catchment_percent weg")
        return self

    @model_validator(mode="after")
    def _reopens_once_a_month(self) -> "PopulationComponent":
        months = [reopening.start for reopening in self.reopenings]
        if months != sorted(set(months)):
            raise ValueError("de maanden van reopenings lopen niet op; zet elke maand één keer, in volgorde")
        return self

    @model_validator(mode="after")
    def _products_have_one_place(self) -> "PopulationComponent":
        if both := sorted(set(self.covers) & set(self.carve_outs)):
            raise ValueError(
                f"{', '.join(both)} staat in covers en in carve_outs; laat het budget het betalen of betaal het apart"
            )
        if self.unspent and not self.covers:
            raise ValueError("unspent rekent met de waarde van leveringen; noem in covers welke uit het budget komen")
        return self

    @property
    def measured_amounts(self) -> tuple[Segment, ...]:
        """The amounts per person by measure; one when the amount is per inhabitant, none for a budget."""
        if self.amount_per_inhabitant_eur is not None:
            return (Segment(measure=self.measure, amount_eur=str(self.amount_per_inhabitant_eur)),)  # type: ignore[arg-type]
        return self.segments

    @property
    def products_paid(self) -> tuple[str, ...]:
        return self.carve_outs

    @property
    def products_paid_elsewhere(self) -> tuple[str, ...]:
        return self.out_of_area

    @property
    def products_counted(self) -> tuple[str, ...]:
        return self.covers

    @property
    def needs_every_month(self) -> bool:
        return self.unspent is not None and self.unspent.rule != "keep"
