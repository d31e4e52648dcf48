"""Population funding in a contract document: a budget for the inhabitants of an area."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from contracts.components.component import BudgetPart, CountedFor, Fact, PricedPart, listed
from contracts.components.indexation import IndexedPart
from contracts.facts import AccountabilityKind
from contracts.values import (
    Amount,
    Area,
    Day,
    Measure,
    Misfit,
    MonthText,
    Name,
    Number,
    Part,
    Percent,
    Place,
    SignedAmount,
    Unread,
    Year,
    judged,
)


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

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._own_areas_are_areas()
        yield self._areas_differ()
        yield self._own_areas_differ()
        yield self._weights_are_whole()

    def _own_areas_are_areas(self) -> Iterator[Misfit]:
        if unknown := sorted(set(self.own_areas) - set(self.areas)):
            said = f"{', '.join(unknown)} staat niet in areas; zet het in areas of haal het weg"
            yield ("own_areas",), said

    def _areas_differ(self) -> Iterator[Misfit]:
        if len(set(self.areas)) < len(self.areas):
            yield ("areas",), "een gebied staat er twee keer in; laat er een weg"

    def _own_areas_differ(self) -> Iterator[Misfit]:
        if len(set(self.own_areas)) < len(self.own_areas):
            yield ("own_areas",), "een gebied staat er twee keer in; laat er een weg"

    def _weights_are_whole(self) -> Iterator[Misfit]:
        if (weights := sum(self.weights.values())) != 1:
            yield ("weights",), f"de gewichten tellen op tot {weights}; samen moeten ze 1 zijn"


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

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._percentage_of_its_own("share_percent", "split")
        yield self._percentage_of_its_own("reserve_percent", "reserve")

    def _percentage_of_its_own(self, key: str, rule: str) -> Iterator[Misfit]:
        if self.rule == rule and getattr(self, key) is None:
            yield (key,), f"ontbreekt bij rule {rule}; geef het percentage"
        if self.rule != rule and getattr(self, key) is not None:
            yield (key,), f"hoort bij rule {rule}; haal het weg"


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
    count_date: Day | None = None
    catchment_percent: Percent | None = None
    instalments: Literal["monthly", "quarterly"] = "monthly"
    recount: Recount | None = None
    reopenings: Annotated[tuple[Reopening, ...], Field(strict=False)] = ()
    withheld: Withheld | None = None
    covers: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    carve_outs: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    out_of_area: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    out_of_area_price_list: Name | None = None
    unspent: Unspent | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._one_base()
        yield self._years_differ()
        yield self._areas_have_one_place()
        yield self._areas_differ()
        yield self._counts_what_it_reads()
        yield self._serves_a_part_of_the_area()
        yield self._reopens_once_a_month()
        yield self._unspent_of_what_is_covered()
        yield self._prices_of_what_is_out_of_area()

    @property
    def _bases(self) -> int:
        bases = (self.amount_per_inhabitant_eur, self.segments, self.budget_eur, self.historical, self.objective)
        return sum(base not in (None, ()) for base in bases)

    def _one_base(self) -> Iterator[Misfit]:
        if self._bases != 1:
            yield (
                (),
                "er is niet precies één grondslag; geef amount_per_inhabitant_eur, segments, budget_eur, historical of "
                "objective",
            )
        elif self.division and self.budget_eur is None:
            yield ("division",), "verdeelt een budget; geef budget_eur"

    def _years_differ(self) -> Iterator[Misfit]:
        if len({one.year for one in self.historical}) < len(self.historical):
            yield ("historical",), "een jaar staat er twee keer in; laat er een weg"

    def _areas_have_one_place(self) -> Iterator[Misfit]:
        if self.division and self.areas:
            yield ("areas",), "bij division staan de gebieden in division.own_areas; laat areas weg"

    def _areas_differ(self) -> Iterator[Misfit]:
        if len(set(self.areas)) < len(self.areas):
            yield ("areas",), "een gebied staat er twee keer in; laat er een weg"

    def _counts_what_it_reads(self) -> Iterator[Misfit]:
        """With no base, or several, it is not known what is counted."""
        if self._bases != 1:
            return
        needs_count = bool(self.measured_amounts) or self.division is not None or self.recount is not None
        if needs_count and self.count_date is None:
            yield ("count_date",), "ontbreekt; geef de dag waarop de inwoners geteld worden"
        if not needs_count and (self.count_date is not None or (self.areas and self.catchment_percent is None)):
            read = "count_date" if self.count_date is not None else "areas"
            yield (read,), "een vast budget zonder hertelling leest geen telling; laat count_date en areas weg"

    def _serves_a_part_of_the_area(self) -> Iterator[Misfit]:
        if self.catchment_percent is not None and self.budget_eur is not None and self.division is None:
            yield ("catchment_percent",), "budget_eur is al van dit contract alleen; laat catchment_percent weg"

    def _reopens_once_a_month(self) -> Iterator[Misfit]:
        months = [reopening.start for reopening in self.reopenings]
        if months != sorted(set(months)):
            yield ("reopenings",), "de maanden lopen niet op; zet elke maand één keer, in volgorde"

    def _unspent_of_what_is_covered(self) -> Iterator[Misfit]:
        if self.unspent and not self.covers:
            yield (
                ("unspent",),
                "rekent met de waarde van leveringen; noem in covers welke uit het budget komen",
            )

    def _prices_of_what_is_out_of_area(self) -> Iterator[Misfit]:
        if self.out_of_area_price_list is not None and not self.out_of_area:
            yield ("out_of_area_price_list",), "niets leest deze prijslijst; noem in out_of_area welke producten"

    @property
    def price_lists(self) -> tuple[str, ...]:
        own = (self.out_of_area_price_list,) if self.out_of_area_price_list is not None else ()
        return (*super().price_lists, *own)

    @property
    def measured_amounts(self) -> tuple[Segment, ...]:
        """The amounts per person by measure; one when the amount is per inhabitant, none for a budget."""
        if self.amount_per_inhabitant_eur is not None:
            return (Segment(measure=self.measure, amount_eur=str(self.amount_per_inhabitant_eur)),)  # type: ignore[arg-type]
        return self.segments

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        yield from super().facts_read(municipality)
        yield "accountability", self._accountability()
        yield "counts", self._counts(municipality)

    def _accountability(self) -> Iterator[Fact]:
        if self.withheld:
            yield (self.withheld.until,)

    def _counts(self, municipality: str) -> Iterator[Fact]:
        if any(judged(self._counts_what_it_reads())) or self._bases != 1 or (self.division and self.areas):
            raise Unread("areas")  # what is counted is not known
        measures = [segment.measure for segment in self.measured_amounts]
        for measure in measures or ([self.measure] if self.recount else []):
            for area in self.areas or (municipality,):
                yield area, measure
        for measure in self.division.weights if self.division else ():
            for area in self.division.areas if self.division else ():
                yield area, measure

    @property
    def products_named(self) -> Iterator[tuple[Place, str]]:
        yield from listed("covers", self.covers)
        yield from listed("carve_outs", self.carve_outs)

    @property
    def products_named_elsewhere(self) -> Iterator[tuple[Place, str]]:
        yield from listed("out_of_area", self.out_of_area)

    @property
    def products_paid(self) -> tuple[str, ...]:
        return self.carve_outs

    @property
    def products_paid_elsewhere(self) -> tuple[str, ...]:
        return self.out_of_area

    @property
    def products_counted(self) -> tuple[str, ...]:
        return self.covers

    def counted_for(self, product: str) -> CountedFor:
        return "budget"

    @property
    def needs_every_month(self) -> bool:
        return self.unspent is not None and self.unspent.rule != "keep"
