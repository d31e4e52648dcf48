"""A contract as agreed: what the TOML document says, checked in itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field, StringConstraints, ValidatorFunctionWrapHandler, WrapValidator

from contracts.components.arrangement import ArrangementComponent
from contracts.components.ceiling import CeilingComponent
from contracts.components.component import BudgetPart, ComponentPart, Fact, PricedPart
from contracts.components.consortium import ConsortiumComponent, Member
from contracts.components.effort import EffortComponent
from contracts.components.guarantee import GuaranteeComponent
from contracts.components.lump_sum import LumpSumComponent
from contracts.components.outcome import OutcomeComponent
from contracts.components.output import OutputComponent
from contracts.components.population import PopulationComponent
from contracts.components.reduction import ReductionComponent
from contracts.components.risk_sharing import RiskSharingComponent
from contracts.facts import FactsPart, GivenFacts, LineRow
from contracts.unread_facts import unread_facts
from contracts.values import (
    CONTRACT_PATTERN,
    Day,
    Law,
    Misfit,
    Months,
    MunicipalityCode,
    Name,
    Part,
    Place,
    ProviderCode,
    Unread,
    UntilDay,
    judged,
    meant,
    placed,
)
from kernel.money import Eur
from kernel.periods import Month, Period
from tariffs.rule_words import IS_A_RULE_WORD, begins_with_rule_word

# What may be read is kept by provider, municipality and product: the whole product list for the whole country is less.
_MOST_SLICES = 250_000


class InForce(Part):
    """From the first day in force up to the first day no longer in force."""

    start: Day = Field(alias="from")
    until: UntilDay

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._ends_after_it_starts()

    def _ends_after_it_starts(self) -> Iterator[Misfit]:
        if self.until <= self.start:
            said = f"het einde ({self.until}) ligt niet na het begin ({self.start}); until is de eerste dag erna"
            yield ("until",), said

    @property
    def period(self) -> Period:
        if self.until <= self.start:
            raise Unread("until")
        return Period(self.start, self.until)


class UnknownComponent(ComponentPart):
    """What can be read of a component whose kind is not known: its key, not what it reads."""

    model_config = ConfigDict(extra="ignore")

    kind: str

    @property
    def products_paid(self) -> tuple[str, ...]:
        raise Unread("kind")

    products_counted = products_paid

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        raise Unread("kind")


def _of_its_kind(said: Any, read: ValidatorFunctionWrapHandler) -> ComponentPart:
    known = not isinstance(said, dict) or said.get("kind") is not Unread
    return read(said) if known else UnknownComponent.model_validate(said)


Component = Annotated[
    PopulationComponent
    | EffortComponent
    | OutputComponent
    | LumpSumComponent
    | GuaranteeComponent
    | ArrangementComponent
    | CeilingComponent
    | ReductionComponent
    | RiskSharingComponent
    | OutcomeComponent
    | ConsortiumComponent,
    Field(discriminator="kind"),
    WrapValidator(_of_its_kind),
]
KINDS = tuple(get_args(part.model_fields["kind"].annotation)[0] for part in get_args(get_args(Component)[0]))


class Example(FactsPart):
    """A worked example ("rekenvoorbeeld"): facts in, the lines of every month to `through` out.

    `expect`: component, month, label, amount.
    """

    name: Name
    expect: Annotated[tuple[LineRow, ...], Field(strict=False, min_length=1)]


class Contract(Part):
    """An agreement between municipalities and one provider, made of components in the order of the document."""

    contract: Annotated[str, StringConstraints(pattern=CONTRACT_PATTERN)]
    title: Name
    provider: ProviderCode
    municipalities: Annotated[tuple[MunicipalityCode, ...], Field(strict=False, min_length=1, max_length=400)]
    laws: Annotated[tuple[Law, ...], Field(strict=False, min_length=1)]
    in_force: InForce
    notice_months: Months | None = None
    set_off: Literal["full", "up_to_payable"] = "full"
    set_off_clause: Name | None = None
    component: Annotated[tuple[Component, ...], Field(strict=False, min_length=1, max_length=50)]
    example: Annotated[tuple[Example, ...], Field(strict=False, max_length=200)] = ()

    @property
    def number(self) -> str:
        return self.contract

    @property
    def priced(self) -> tuple[PricedPart, ...]:
        """The components that read deliveries and a price list."""
        return tuple(component for component in self.component if isinstance(component, PricedPart))

    def pays_by_deliveries_of(self, component: ComponentPart) -> bool:
        """Whether what is paid follows from what the deliveries of a component are worth, also if they are shadow."""
        return component.needs_every_month or any(
            component.key in one.deliveries_valued
            or (isinstance(one, ConsortiumComponent) and one.by == "delivery" and component in self._divided_by(one))
            for one in self.component
        )

    @property
    def needs_every_month(self) -> bool:
        """Whether a component settles on the deliveries of several months together."""
        return any(component.needs_every_month for component in self.component)

    def municipality_of(self, component: BudgetPart) -> str:
        """The municipality that a budget is paid by."""
        return component.municipality or self.municipalities[0]

    @cached_property
    def slices_named(self) -> int:
        """At most how many provider, municipality and product the components read."""
        products = sum(1 for one in self.component for _ in judged(_products_read(one)))
        members = sum(1 for one in self.component for _ in judged(_members_of(one)))
        return (1 + members) * len(self.municipalities) * products

    def deliveries_read_by(self, component: ComponentPart) -> list[tuple[str, str]]:
        """The (municipality, product) pairs whose deliveries a component reads."""
        if self.slices_named > _MOST_SLICES:
            raise Unread("component")
        paying = (self.municipality_of(component),) if isinstance(component, BudgetPart) else self.municipalities
        products = (*component.products_paid, *component.products_counted)
        elsewhere = [municipality for municipality in self.municipalities if municipality not in paying]
        return [
            *((municipality, product) for municipality in paying for product in products),
            *((municipality, product) for municipality in elsewhere for product in component.products_paid_elsewhere),
        ]

    def price_list_of(self, component: PricedPart, municipality: str) -> str:
        """The price list that values the deliveries of a municipality that a component reads."""
        if isinstance(component, PopulationComponent) and municipality != self.municipality_of(component):
            return component.out_of_area_price_list or component.price_list
        return component.price_list

    @property
    def price_lists(self) -> tuple[str, ...]:
        """Every price list that a component reads, in alphabetical order."""
        return tuple(sorted({name for component in self.priced for name in component.price_lists}))

    def members_read_by(self, component: ComponentPart) -> tuple[str, ...]:
        """The members of a consortium whose deliveries under their own code a component reads, besides the provider's.

        They are those of every consortium that divides what the component comes to.
        """
        members = (
            member.provider
            for one in self.component
            if isinstance(one, ConsortiumComponent) and component in self._divided_by(one)
            for member in one.members
            if member.own_code and member.provider != self.provider
        )
        return tuple(dict.fromkeys(members))

    def slices_read_by(self, component: ComponentPart) -> list[tuple[str, str, str]]:
        """The (provider, municipality, product) whose deliveries a component reads."""
        return [
            (provider, *pair)
            for provider in (self.provider, *self.members_read_by(component))
            for pair in self.deliveries_read_by(component)
        ]

    @property
    def providers(self) -> tuple[str, ...]:
        """Those whose deliveries count: the contract's own provider and then members of its consortia."""
        members = (member for component in self.component for member in self.members_read_by(component))
        return tuple(dict.fromkeys((self.provider, *members)))

    def pays_for(self, component: ComponentPart, municipality: str, product: str) -> bool:
        """Whether deliveries that a component reads are paid by volume times price, rather than counted."""
        if isinstance(component, BudgetPart) and municipality != self.municipality_of(component):
            return product in component.products_paid_elsewhere
        return product in component.products_paid

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._reads_what_can_be_kept()
        read_above: dict[tuple[str, str], str] = {}
        for index, component in enumerate(self.component):
            for rule in judged(self._rules_on(index, component, read_above)):
                yield placed(("component", index), rule)
            key = next(judged(_key_of(component)), "erboven")
            for pair in judged(self._read_by(component)):
                read_above.setdefault(pair, key)
        for index, example in enumerate(self.example):
            yield placed(("example", index), self._expects_of_components(example))
            for rule in judged(self.unread(example)):
                yield placed(("example", index), rule)

    def _reads_what_can_be_kept(self) -> Iterator[Misfit]:
        if self.slices_named > _MOST_SLICES:
            said = f"de aanbieders, gemeenten en producten zijn samen meer dan {_MOST_SLICES} combinaties"
            yield ("component",), f"{said}; splits het contract"

    def unread(self, given: GivenFacts) -> Iterator[Iterable[Misfit]]:
        """The facts that no component reads, of the lists of which it is known what every component reads."""
        # It says of every component whether all that was delivered is known.
        read: dict[str, set[Fact]] = {"accountability": {("production_statement",)}}
        unknown: set[str] = set()
        for component in self.component:
            payer = self.municipality_of(component) if isinstance(component, BudgetPart) else self.municipalities[0]
            if payer not in self.municipalities:
                unknown |= {"counts", "deliveries"}
            lists = (
                ("deliveries", self._read_by),
                ("products", _products_of),
                ("prices", _products_of),
                ("price_lists", _price_list_of),
            )
            for name, facts in (*component.facts_read(payer), *((name, of(component)) for name, of in lists)):
                try:
                    read.setdefault(name, set()).update(facts)
                except Unread:
                    unknown.add(name)
        yield from unread_facts(given, read, unknown, self.municipalities[0])

    def _rules_on(
        self, index: int, component: Component, read_above: Mapping[tuple[str, str], str]
    ) -> Iterator[Iterable[Misfit]]:
        """Whether a component fits the contract and the components above it."""
        yield self._has_its_own_key(index, component)
        for named in component.names_above:
            yield self._names_what_is_above(index, component, named)
        yield self._has_every_year(component)
        yield self._reads_what_no_other_reads(component, read_above)
        yield _reads_no_rule_word(component)
        if isinstance(component, BudgetPart):
            yield self._one_pays(component)
            yield self._has_whole_months()
        match component:
            case PopulationComponent():
                yield self._serves_others(component)
                yield self._reopens_in_force(component)
            case GuaranteeComponent():
                yield self._guarantees_what_it_pays(component)
            case ConsortiumComponent():
                for place, member in enumerate(component.members):
                    yield placed(("members", place), self._delivers_what_is_divided(component, member))
                for other in self.component[:index]:
                    if isinstance(other, ConsortiumComponent):
                        yield self._divides_what_no_other_divides(component, other)
            case ArrangementComponent():
                yield self._sources_are_of_the_contract(component)

    def _has_its_own_key(self, index: int, component: Component) -> Iterator[Misfit]:
        for above in self.component[:index]:
            for key in judged(_key_of(above)):
                if key == component.key:
                    yield ("key",), "twee onderdelen hebben dezelfde key; geef elk een eigen key"
                    return

    def _names_what_is_above(self, index: int, component: Component, place: Place) -> Iterator[Misfit]:
        named: Any = reduce(getattr, place, component)  # type: ignore[arg-type]
        above = [one.key for one in self.component[:index]]
        for number, key in enumerate(named):
            if key not in above:
                yield (*place, number), f"{key} staat er niet boven; {meant(key, known=above)}"

    def _has_every_year(self, component: Component) -> Iterator[Misfit]:
        asked = component.years_asked(sorted({month.year for month in self.in_force.period.months()}))
        if component.years_named and component.years_named != asked:
            named, years = (", ".join(str(year) for year in years) for years in (component.years_named, asked))
            said = f"de jaren zijn {named}, en de looptijd vraagt {years}; noem elk jaar één keer, in volgorde"
            yield (component.years_key,), said

    def _reads_what_no_other_reads(
        self, component: Component, read_above: Mapping[tuple[str, str], str]
    ) -> Iterator[Misfit]:
        twice: dict[tuple[str, str], list[str]] = {}
        for municipality, product in dict.fromkeys(self.deliveries_read_by(component)):
            if other := read_above.get((municipality, product)):
                twice.setdefault((product, other), []).append(municipality)
        places = {product: place for place, product in (*component.products_named_elsewhere, *component.products_named)}
        for (product, other), municipalities in twice.items():
            said = f"product {product} leest onderdeel {other} al voor {', '.join(municipalities)}"
            yield places[product], f"{said}; laat één onderdeel het lezen"

    def _read_by(self, component: Component) -> Iterator[tuple[str, str]]:
        yield from self.deliveries_read_by(component)

    def _divided_by(self, consortium: ConsortiumComponent) -> list[Component]:
        """The components whose amounts a consortium divides: those it names, else all above it."""
        keys = [component.key for component in self.component]
        named = consortium.applies_to or keys[: keys.index(consortium.key)]
        if set(named) - set(keys):
            raise Unread("applies_to")
        return [component for component in self.component if component.key in named]

    def _delivers_what_is_divided(self, consortium: ConsortiumComponent, member: Member) -> Iterator[Misfit]:
        read = {product for one in self._divided_by(consortium) for _, product in self.deliveries_read_by(one)}
        if unknown := sorted(set(member.products) - read):
            said = f"lid {member.provider} noemt product {', '.join(unknown)}, dat geen onderdeel erboven leest"
            yield ("products",), f"{said}; verbeter het product of haal het weg"

    def _divides_what_no_other_divides(
        self, consortium: ConsortiumComponent, other: ConsortiumComponent
    ) -> Iterator[Misfit]:
        divided = self._divided_by(consortium)
        keys = {component.key for component in divided if not isinstance(component, ConsortiumComponent)}
        if twice := sorted(keys & {component.key for component in self._divided_by(other)}):
            said = f"{', '.join(twice)} wordt ook door {other.key} verdeeld; noem in applies_to wat elk verdeelt"
            yield ("applies_to",), said

    def _sources_are_of_the_contract(self, component: ArrangementComponent) -> Iterator[Misfit]:
        for place, source in enumerate(component.funding_sources):
            if source.law not in self.laws:
                yield (
                    ("funding_sources", place, "law"),
                    f"de {source.law} staat niet bij laws van het contract; zet de wet bij laws of haal de bron weg",
                )

    def _guarantees_what_it_pays(self, component: GuaranteeComponent) -> Iterator[Misfit]:
        if component.spend_of and component.guaranteed[0].provider != self.provider:
            yield (
                ("spend_of",),
                f"telt wat dit contract aan {self.provider} betaalt, en de garantie is van "
                f"{component.guaranteed[0].provider}; laat spend_of weg",
            )

    def _serves_others(self, component: PopulationComponent) -> Iterator[Misfit]:
        if component.out_of_area and len(self.municipalities) == 1:
            said = "is voor cliënten van andere gemeenten; noem die bij municipalities"
            yield ("out_of_area",), said

    def _reopens_in_force(self, component: PopulationComponent) -> Iterator[Misfit]:
        for place, reopening in enumerate(component.reopenings):
            if reopening.start.first_day not in self.in_force.period:
                yield (
                    ("reopenings", place, "from"),
                    f"het contract is niet van kracht in {reopening.start}; laat reopenings ingaan in de looptijd",
                )

    def _one_pays(self, component: BudgetPart) -> Iterator[Misfit]:
        if component.municipality is None and len(self.municipalities) > 1:
            yield ("municipality",), "het contract heeft meer gemeenten; noem municipality"
        if component.municipality is not None and component.municipality not in self.municipalities:
            yield ("municipality",), f"{component.municipality} staat niet bij municipalities; noem een van die"

    def _has_whole_months(self) -> Iterator[Misfit]:
        if self.in_force.period.start.day != 1 or self.in_force.period.end.day != 1:
            yield (
                (),
                "een budget of jaarbedrag geldt in delen van een jaar per hele maand, en de looptijd begint of eindigt "
                "midden in een maand; laat het contract op de eerste van een maand beginnen en eindigen",
            )

    def _expects_of_components(self, example: Example) -> Iterator[Misfit]:
        keys = [component.key for component in self.component]
        for place, (key, *_) in enumerate(example.expect):
            if isinstance(key, str) and key not in keys:
                yield ("expect", place, 0), f"onderdeel {key} bestaat niet; {meant(key, known=keys)}"


def _products_read(component: ComponentPart) -> Iterator[str]:
    yield from component.products_paid
    yield from component.products_counted


def _reads_no_rule_word(component: ComponentPart) -> Iterator[Misfit]:
    for product in dict.fromkeys(_products_read(component)):
        if begins_with_rule_word(product):
            yield (), f"product {IS_A_RULE_WORD.format(product=product)}"


def _members_of(component: ComponentPart) -> Iterator[Member]:
    yield from component.members if isinstance(component, ConsortiumComponent) else ()


def _products_of(component: ComponentPart) -> Iterator[Fact]:
    for _, product in (*component.products_named, *component.products_named_elsewhere):
        yield (product,)


def _price_list_of(component: ComponentPart) -> Iterator[Fact]:
    if isinstance(component, PricedPart):
        yield (component.price_list,)
    if isinstance(component, PopulationComponent) and component.out_of_area_price_list:
        yield (component.out_of_area_price_list,)


def _key_of(component: ComponentPart) -> Iterator[str]:
    yield component.key


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """A payable or shadow line that comes out of a worked example; a line of nothing is left out."""

    component: str
    month: Month
    label: str
    amount: Eur


# Settles the facts of a worked example up to its `through`; raises `Refusal` when they do not suffice.
ExampleSettler = Callable[[Contract, Example], Sequence[ExampleResult]]
