"""A contract as agreed: what the TOML document says, checked in itself.

Amounts and percentages are text in the document and exact here; a TOML float is refused, so that no figure passes
through binary. Every rule below that a document can break has a Dutch message, since contract managers read it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from kernel.findings import Refusal
from kernel.identifiers import agb_code, area_code, municipality_code
from kernel.money import Eur
from kernel.periods import Month, Period
from tariffs.units import PRICE_RULES, PriceRule, Rounding, Unit

INSTALMENT = "instalment"

NUMBER_PATTERN = r"^[0-9]+(\.[0-9]+)?$"
SIGNED_NUMBER_PATTERN = r"^-?[0-9]+(\.[0-9]+)?$"
CONTRACT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
KEY_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,39}$"
NAME_PATTERN = r"^[^\x00-\x1f\x7f]*$"
PATTERN_WORDS = {
    CONTRACT_PATTERN: "letters, cijfers, punt, - en _ (hooguit 40 tekens)",
    KEY_PATTERN: "kleine letters, cijfers, - en _ (hooguit 40 tekens)",
    NAME_PATTERN: "tekst op één regel, zonder tabs",
}


def _exact(value: object) -> Decimal:
    """A decimal number written as text."""
    if not isinstance(value, str):
        raise ValueError(f'hier hoort tekst; zet het getal tussen aanhalingstekens: "{value}"')
    if not re.fullmatch(SIGNED_NUMBER_PATTERN, value):
        raise ValueError(f'"{value}" is geen getal; schrijf cijfers met een punt, zoals "12.50"')
    return Decimal(value)


def _not_negative(value: object) -> Decimal:
    number = _exact(value)
    if number < 0:
        raise ValueError(f'"{value}" is negatief; schrijf 0 of meer')
    return number


def _eur(value: object) -> Eur:
    number = _exact(value)
    try:
        return Eur(number)
    except ValueError:
        raise ValueError(f'"{value}" heeft meer dan twee decimalen; rond het bedrag af op centen') from None


def _eur_not_negative(value: object) -> Eur:
    _not_negative(value)
    return _eur(value)


def _month(value: object) -> Month:
    if not isinstance(value, str):
        raise ValueError('hier hoort tekst; schrijf de maand tussen aanhalingstekens, zoals "2026-03"')
    try:
        return Month.parse(value)
    except Refusal:
        raise ValueError(f'"{value}" is geen maand; schrijf "2026-03"') from None


def _municipality(value: object) -> str:
    code = municipality_code(value) if isinstance(value, str) else None
    if code is None:
        raise ValueError(f'"{value}" is geen gemeentecode; schrijf de CBS-code, zoals "GM0502"')
    return code


def _provider(value: object) -> str:
    code = agb_code(value) if isinstance(value, str) else None
    if code is None:
        raise ValueError(f'"{value}" is geen AGB-code; schrijf acht cijfers tussen aanhalingstekens')
    return code


_DECIMAL_TEXT = WithJsonSchema({"type": "string", "pattern": NUMBER_PATTERN})
_SIGNED_DECIMAL_TEXT = WithJsonSchema({"type": "string", "pattern": SIGNED_NUMBER_PATTERN})
Amount = Annotated[Eur, BeforeValidator(_eur_not_negative), _DECIMAL_TEXT]
SignedAmount = Annotated[Eur, BeforeValidator(_eur), _SIGNED_DECIMAL_TEXT]
Number = Annotated[Decimal, BeforeValidator(_not_negative), _DECIMAL_TEXT]
SignedNumber = Annotated[Decimal, BeforeValidator(_exact), _SIGNED_DECIMAL_TEXT]
MonthText = Annotated[Month, BeforeValidator(_month), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$"})]
MunicipalityCode = Annotated[str, BeforeValidator(_municipality)]
ProviderCode = Annotated[str, BeforeValidator(_provider)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True, pattern=NAME_PATTERN)]
Area = Annotated[Name, AfterValidator(lambda name: area_code(name) or name)]
Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]
Law = Literal["Wmo", "Jeugdwet", "Participatiewet"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class InForce(_Part):
    """From the first day in force up to the first day no longer in force."""

    start: date = Field(alias="from")
    until: date

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "InForce":
        if self.until <= self.start:
            raise ValueError(
                f"het einde ({self.until}) ligt niet na het begin ({self.start}); until is de eerste dag erna"
            )
        return self

    @property
    def period(self) -> Period:
        return Period(self.start, self.until)


# Measures that go by a Dutch word too, in contracts and in count files.
MEASURE_WORDS = {"inwoners": "inhabitants"}


def measure_of(word: str) -> str:
    """The name a measure goes by: 'inwoners' and 'inhabitants' are one."""
    return MEASURE_WORDS.get(word.lower(), word)


Measure = Annotated[Name, AfterValidator(measure_of)]


class Segment(_Part):
    """An amount for each person counted under a measure."""

    measure: Measure
    amount_eur: Amount


class YearIndex(_Part):
    """Prices rise by `percent` from the first of January of `year`, on top of earlier years."""

    year: int
    percent: SignedNumber


class Division(_Part):
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


class Recount(_Part):
    """How growth of the population changes the budget.

    Growth within the dead band is not paid; above it only the excess, or the whole growth. `final`: the final count of
    the count date against the provisional one; `yearly`: the count of 1 January of each later year against the count
    date.
    """

    dead_band_percent: Number = Decimal(0)
    pays: Literal["excess", "whole"] = "excess"
    counts: Literal["final", "yearly"] = "final"


class PopulationComponent(_Part):
    """Population funding: a budget for the inhabitants of an area, paid in instalments."""

    kind: Literal["population"]
    key: Key
    clause: Name
    task_field: Name
    municipality: MunicipalityCode | None = None
    amount_per_inhabitant_eur: Amount | None = None
    segments: Annotated[tuple[Segment, ...], Field(strict=False)] = ()
    budget_eur: Amount | None = None
    division: Division | None = None
    areas: Annotated[tuple[Area, ...], Field(strict=False)] = ()
    measure: Measure = "inhabitants"
    count_date: date | None = None
    index: Annotated[tuple[YearIndex, ...], Field(strict=False)] = ()
    instalments: Literal["monthly", "quarterly"] = "monthly"
    recount: Recount | None = None
    covers: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    price_list: Name = "standaard"

    @model_validator(mode="after")
    def _one_base(self) -> "PopulationComponent":
        bases = [self.amount_per_inhabitant_eur is not None, bool(self.segments), self.budget_eur is not None]
        if sum(bases) != 1:
            raise ValueError("er is niet precies één grondslag; geef amount_per_inhabitant_eur, segments of budget_eur")
        if self.division and self.budget_eur is None:
            raise ValueError("division verdeelt een budget; geef budget_eur")
        if self.division and self.areas:
            raise ValueError("bij division staan de gebieden in division.own_areas; laat areas weg")
        if len(set(self.areas)) < len(self.areas):
            raise ValueError("een gebied staat twee keer in areas; laat er een weg")
        needs_count = self.budget_eur is None or self.division is not None or self.recount is not None
        if needs_count and self.count_date is None:
            raise ValueError("count_date ontbreekt; geef de dag waarop de inwoners geteld worden")
        if not needs_count and (self.count_date is not None or self.areas):
            raise ValueError("een vast budget zonder hertelling leest geen telling; laat count_date en areas weg")
        years = [index.year for index in self.index]
        if years != sorted(set(years)):
            raise ValueError("de jaren van index lopen niet op; zet elk jaar één keer, in volgorde")
        return self

    @property
    def measured_amounts(self) -> tuple[Segment, ...]:
        """The amounts per person by measure; one when the amount is per inhabitant, none for a budget."""
        if self.amount_per_inhabitant_eur is not None:
            return (Segment(measure=self.measure, amount_eur=str(self.amount_per_inhabitant_eur)),)  # type: ignore[arg-type]
        return self.segments


class EffortComponent(_Part):
    """Funding by effort: volume x price by product."""

    kind: Literal["effort"]
    key: Key
    clause: Name
    products: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
    price_list: Name = "standaard"
    price_of: Literal["first_day", "last_day"] = "first_day"


Component = Annotated[PopulationComponent | EffortComponent, Field(discriminator="kind")]


class ExampleProduct(_Part):
    """How a product of a worked example is counted and rounded."""

    unit: Annotated[Unit, Field(strict=False)]
    price_per: Annotated[Unit, Field(strict=False)]
    rounding: Annotated[Rounding, Field(strict=False)] = Rounding.ROW

    @model_validator(mode="after")
    def _rule_exists(self) -> "ExampleProduct":
        if (self.unit, self.price_per, self.rounding) not in PRICE_RULES:
            raise ValueError(
                f"{self.unit} met een prijs per {self.price_per} en afronding {self.rounding} bestaat niet; "
                "kies een combinatie uit docs/file_layouts.md"
            )
        return self

    @property
    def rule(self) -> PriceRule:
        return PRICE_RULES[(self.unit, self.price_per, self.rounding)]


class ExampleDelivery(_Part):
    """A delivery of a worked example; `end` is the last day, the municipality by default the contract's first."""

    product: Name
    client: Name = "c1"
    start: date
    end: date
    quantity: Annotated[int, Field(gt=0)]
    assignment: str = ""
    municipality: MunicipalityCode | None = None

    @model_validator(mode="after")
    def _within_a_month(self) -> "ExampleDelivery":
        if self.end < self.start or Month.of(self.start) != Month.of(self.end):
            raise ValueError(
                f"de levering van {self.start} tot en met {self.end} ligt niet in één maand; schrijf er een per maand"
            )
        return self


ExampleCount = Annotated[
    tuple[Area, Measure, date, Literal["provisional", "final"], Annotated[int, Field(ge=0)]], Field(strict=False)
]
ExamplePrice = Annotated[tuple[Name, date, date | Literal["open"], Number], Field(strict=False)]
ExampleLine = Annotated[tuple[Key, MonthText, Name, SignedAmount], Field(strict=False)]


class Example(_Part):
    """A worked example ("rekenvoorbeeld"): facts in, payable and shadow lines of every month to `through` out."""

    name: Name
    through: MonthText
    counts: Annotated[tuple[ExampleCount, ...], Field(strict=False)] = ()
    products: dict[str, ExampleProduct] = {}
    prices: Annotated[tuple[ExamplePrice, ...], Field(strict=False)] = ()
    deliveries: Annotated[tuple[ExampleDelivery, ...], Field(strict=False)] = ()
    expect: Annotated[tuple[ExampleLine, ...], Field(strict=False, min_length=1)]


class Contract(_Part):
    """An agreement between municipalities and one provider, made of components in the order of the document."""

    contract: Annotated[str, StringConstraints(pattern=CONTRACT_PATTERN)]
    title: Name
    provider: ProviderCode
    municipalities: Annotated[tuple[MunicipalityCode, ...], Field(strict=False, min_length=1)]
    laws: Annotated[tuple[Law, ...], Field(strict=False, min_length=1)]
    in_force: InForce
    notice_months: Annotated[int, Field(ge=0)] | None = None
    set_off: Literal["full", "up_to_payable"] = "full"
    set_off_clause: Name | None = None
    component: Annotated[tuple[Component, ...], Field(strict=False, min_length=1)]
    example: Annotated[tuple[Example, ...], Field(strict=False)] = ()

    @property
    def number(self) -> str:
        return self.contract

    def municipality_of(self, component: PopulationComponent) -> str:
        """The municipality that a population component is paid by."""
        return component.municipality or self.municipalities[0]

    def deliveries_read_by(self, component: PopulationComponent | EffortComponent) -> list[tuple[str, str]]:
        """The (municipality, product) pairs whose deliveries a component reads."""
        if isinstance(component, PopulationComponent):
            return [(self.municipality_of(component), product) for product in component.covers]
        return [(municipality, product) for municipality in self.municipalities for product in component.products]

    @model_validator(mode="after")
    def _components_fit_together(self) -> "Contract":
        keys = [component.key for component in self.component]
        if len(set(keys)) < len(keys):
            raise ValueError("twee onderdelen hebben dezelfde key; geef elk een eigen key")
        read: set[tuple[str, str]] = set()
        for component in self.component:
            if isinstance(component, PopulationComponent):
                self._population_fits(component)
            for pair in self.deliveries_read_by(component):
                if pair in read:
                    raise ValueError(f"product {pair[1]} staat twee keer voor {pair[0]}; laat één onderdeel het lezen")
                read.add(pair)
        return self

    def _population_fits(self, component: PopulationComponent) -> None:
        if component.municipality is None and len(self.municipalities) > 1:
            raise ValueError(f"onderdeel {component.key}: het contract heeft meer gemeenten; noem municipality")
        if component.municipality is not None and component.municipality not in self.municipalities:
            raise ValueError(
                f"onderdeel {component.key}: {component.municipality} staat niet bij municipalities; noem een van die"
            )
        if self.in_force.start.day != 1 or self.in_force.until.day != 1:
            raise ValueError(
                f"onderdeel {component.key}: bevoorschotting per maand vraagt een contract van hele maanden; laat het "
                "op de eerste van een maand beginnen en eindigen"
            )


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """A payable or shadow line that comes out of a worked example; a line of nothing is left out."""

    component: str
    month: Month
    label: str
    amount: Eur


# Settles the facts of a worked example up to its `through`; raises `Refusal` when they do not suffice.
ExampleSettler = Callable[[Contract, Example], Sequence[ExampleResult]]


def share(percent: Decimal) -> Fraction:
    """4.96 percent as the exact share 0.0496."""
    return Fraction(percent) / 100
