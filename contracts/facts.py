"""Facts in a document: what a worked example of a contract, or a case of a simulation, is settled on.

They are what the database holds for a run, written by hand: nothing else is read, and what is left out is not known.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidatorFunctionWrapHandler, WrapValidator

from contracts.values import (
    YEAR_PATTERN,
    Amount,
    Area,
    Counted,
    Day,
    FigureName,
    Key,
    Measure,
    Misfit,
    MonthText,
    MunicipalityCode,
    Name,
    Number,
    Part,
    Percent,
    ProviderCode,
    Reference,
    SignedAmount,
    SignedNumber,
    Unread,
    Year,
)
from kernel.periods import Month
from tariffs.units import PRICE_RULES, PriceRule, Rounding, Unit


class FactsProduct(Part):
    """How a product of a worked example is counted and rounded."""

    unit: Annotated[Unit, Field(strict=False)]
    price_per: Annotated[Unit, Field(strict=False)]
    rounding: Annotated[Rounding, Field(strict=False)] = Rounding.ROW

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._rule_exists()

    def _rule_exists(self) -> Iterator[Misfit]:
        if (self.unit, self.price_per, self.rounding) not in PRICE_RULES:
            yield (
                (),
                f"{self.unit} met een prijs per {self.price_per} en afronding {self.rounding} bestaat niet; "
                "kies een combinatie uit docs/file_layouts.md",
            )

    @property
    def rule(self) -> PriceRule:
        return PRICE_RULES[(self.unit, self.price_per, self.rounding)]


class FactsDelivery(Part):
    """A delivery of a worked example; `end` is the last day, the municipality by default the contract's first.

    `provider`: under whose code it came, when that is a member of a consortium and not the contract's own provider.
    """

    product: Name
    client: Name = "c1"
    start: Day
    end: Day
    quantity: Annotated[Counted, Field(gt=0)]
    assignment: Reference = ""
    municipality: MunicipalityCode | None = None
    provider: ProviderCode | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._within_a_month()

    def _within_a_month(self) -> Iterator[Misfit]:
        if self.end < self.start or Month.of(self.start) != Month.of(self.end):
            yield (
                (),
                f"de levering van {self.start} tot en met {self.end} ligt niet in één maand; schrijf er een per maand",
            )


def _row(said: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """A row; one with values that could not be read as it stands in the document."""
    return tuple(said) if isinstance(said, list) and Unread in said else read(said)


ROW = WrapValidator(_row)
CountRow = Annotated[tuple[Area, Measure, Day, Literal["provisional", "final"], Counted], Field(strict=False), ROW]
PriceRow = Annotated[tuple[Name, Day, Day | Literal["open"], Number], Field(strict=False), ROW]
LineRow = Annotated[tuple[Key, MonthText, Name, SignedAmount], Field(strict=False), ROW]


class FactsAssignment(Part):
    """Care that was assigned to a client; `end` is the last day, and without it the assignment is open.

    `volume` is in the unit of delivery of the product, `per` week, per month, or in total. A product that stands for an
    arrangement needs no volume.
    """

    client: Name = "c1"
    product: Name
    start: Day
    end: Day | None = None
    volume: Annotated[Counted, Field(gt=0)] | None = None
    per: Literal["week", "month", "total"] = "total"
    number: Reference = ""
    municipality: MunicipalityCode | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield _ends_after_it_starts(self)


class FactsHousehold(Part):
    """Clients who are one household: one household, one plan, one director."""

    household: Name
    clients: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
    start: Day | None = None
    end: Day | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield _ends_after_it_starts(self)


class FactsTrajectory(Part):
    """A trajectory of a client: begun, and when `end` is there, ended.

    `done_percent`: how much of it was done when it was stopped early; without it, it was completed. `result`: whether
    the result that was agreed was reached.
    """

    client: Name = "c1"
    product: Name
    start: Day
    end: Day | None = None
    done_percent: Percent | None = None
    result: bool = False
    number: Reference = ""
    municipality: MunicipalityCode | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield _ends_after_it_starts(self)
        yield self._was_stopped()

    def _was_stopped(self) -> Iterator[Misfit]:
        if self.done_percent is not None and self.end is None:
            yield ("done_percent",), "hoort bij een traject dat stopte; geef ook end"


def _ends_after_it_starts(one: FactsAssignment | FactsHousehold | FactsTrajectory) -> Iterator[Misfit]:
    if one.end is not None and one.start is not None and one.end < one.start:
        yield ("end",), f"het einde ({one.end}) ligt voor het begin ({one.start}); end is de laatste dag"


YearText = Annotated[str, Field(pattern=YEAR_PATTERN)]
IndexRow = Annotated[tuple[FigureName, Year, Literal["provisional", "final"], SignedNumber], Field(strict=False), ROW]
AccountabilityKind = Literal[
    "production_statement", "annual_accounts", "auditor_statement", "board_declaration", "quality_report"
]
AccountabilityRow = Annotated[
    Annotated[tuple[Year, AccountabilityKind], Field(strict=False), ROW, Tag("received")]
    | Annotated[tuple[Year, AccountabilityKind, Amount], Field(strict=False), ROW, Tag("stated")],
    Discriminator(lambda row: "stated" if isinstance(row, list | tuple) and len(row) > 2 else "received"),
]
DeterminationRow = Annotated[tuple[Year, Key | Literal[""], Amount], Field(strict=False), ROW]
SpendRow = Annotated[tuple[Name, Name | Literal[""], Year, SignedAmount], Field(strict=False), ROW]


class GivenFacts(Part):
    """Facts that are given.

    `counts`: area, measure, date, status, persons. `prices`: product, first day, first day after or "open", price;
    `price_lists`: the same by the name of a price list, instead of `prices`.
    `figures`: numbers that the contract reads by name (a cost, a score), of the year of `through` or by year.
    `index_figures`: name, year, status, percent. `accountability`: year and kind of what was received and accepted,
    with the amount that it states or without.
    `determinations`: year, component or "", amount. `spend`: provider, segment or "", year, amount.
    """

    counts: Annotated[tuple[CountRow, ...], Field(strict=False)] = ()
    products: dict[Name, FactsProduct] = Field(default_factory=dict)
    prices: Annotated[tuple[PriceRow, ...], Field(strict=False)] = ()
    price_lists: dict[Name, Annotated[tuple[PriceRow, ...], Field(strict=False)]] = Field(default_factory=dict)
    deliveries: Annotated[tuple[FactsDelivery, ...], Field(strict=False)] = ()
    assignments: Annotated[tuple[FactsAssignment, ...], Field(strict=False)] = ()
    households: Annotated[tuple[FactsHousehold, ...], Field(strict=False)] = ()
    trajectories: Annotated[tuple[FactsTrajectory, ...], Field(strict=False)] = ()
    figures: dict[FigureName, SignedNumber | dict[YearText, SignedNumber]] = Field(default_factory=dict)
    index_figures: Annotated[tuple[IndexRow, ...], Field(strict=False)] = ()
    accountability: Annotated[tuple[AccountabilityRow, ...], Field(strict=False)] = ()
    determinations: Annotated[tuple[DeterminationRow, ...], Field(strict=False)] = ()
    spend: Annotated[tuple[SpendRow, ...], Field(strict=False)] = ()

    def _said(self) -> dict[str, Any]:
        """The facts that are written down, without those that are left out."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"id", "case"}}


class FactsPart(GivenFacts):
    """Facts up to and including the month `through`."""

    through: MonthText


class Case(GivenFacts):
    """A case of a simulation: what it leaves out is as the head of the file says."""

    id: Name
    through: MonthText | None = None


class FactsFile(GivenFacts):
    """The facts of a simulation: those of one case, or the head that a list of cases has in common."""

    through: MonthText | None = None
    case: Annotated[tuple[Case, ...], Field(strict=False)] = ()

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._cases_are_told_apart()
        yield self._have_an_end()

    def _cases_are_told_apart(self) -> Iterator[Misfit]:
        seen: set[str] = set()
        for place, case in enumerate(self.case):
            if case.id in seen:
                yield ("case", place, "id"), f"twee gevallen heten {case.id}; geef elk geval een eigen id"
            seen.add(case.id)

    def _have_an_end(self) -> Iterator[Misfit]:
        if self.through is None and (not self.case or any(case.through is None for case in self.case)):
            yield (
                ("through",),
                "ontbreekt; geef de laatste maand, boven aan het bestand of bij elk geval",
            )

    def cases(self) -> list[tuple[str, FactsPart]]:
        """By id, the facts of every case, in the order of the file; without a list of cases one, called '1'."""
        common = self._said()
        if not self.case:
            return [("1", FactsPart.model_construct(**common))]
        return [(case.id, FactsPart.model_construct(**common | case._said())) for case in self.case]
