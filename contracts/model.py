"""A contract as agreed: what the TOML document says, checked in itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints, model_validator

from contracts.components.arrangement import ArrangementComponent
from contracts.components.ceiling import CeilingComponent
from contracts.components.component import BudgetPart, ComponentPart, PricedPart
from contracts.components.consortium import ConsortiumComponent
from contracts.components.effort import EffortComponent
from contracts.components.guarantee import GuaranteeComponent
from contracts.components.lump_sum import LumpSumComponent
from contracts.components.outcome import OutcomeComponent
from contracts.components.output import OutputComponent
from contracts.components.population import PopulationComponent
from contracts.components.reduction import ReductionComponent
from contracts.components.risk_sharing import RiskSharingComponent
from contracts.facts import FactsPart, LineRow
from contracts.values import (
    CONTRACT_PATTERN,
    Law,
    Misfit,
    MunicipalityCode,
    Name,
    Part,
    ProviderCode,
    misfits,
)
from kernel.money import Eur
from kernel.periods import Month, Period


class InForce(Part):
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

    def deliveries_read_by(self, component: ComponentPart) -> list[tuple[str, str]]:
        """The (municipality, product) pairs whose deliveries a component reads."""
        paying = (self.municipality_of(component),) if isinstance(component, BudgetPart) else self.municipalities
        products = (*component.products_paid, *component.products_counted)
        elsewhere = [municipality for municipality in self.municipalities if municipality not in paying]
        return [
            *((municipality, product) for municipality in paying for product in products),
            *((municipality, product) for municipality in elsewhere for product in component.products_paid_elsewhere),
        ]

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

    @model_validator(mode="after")
    def _components_fit_together(self) -> "Contract":
        if found := list(self._misfits()):
            raise misfits(found)
        return self

    def _misfits(self) -> Iterator[Misfit]:
        """Every way in which a component does not fit the contract or the components above it."""
        above: list[str] = []
        read: set[tuple[str, str]] = set()
        for index, component in enumerate(self.component):
            place = ("component", index)
            if component.key in above:
                yield (*place, "key"), "twee onderdelen hebben dezelfde key; geef elk een eigen key"
            messages = [*self._names_that_are_not_above(component, above), *self._years_misfit(component)]
            if isinstance(component, BudgetPart):
                messages += self._budget_misfits(component)
            if isinstance(component, PopulationComponent):
                messages += self._population_misfits(component)
            if isinstance(component, GuaranteeComponent):
                messages += self._guarantee_misfits(component)
            if isinstance(component, ConsortiumComponent):
                messages += self._consortium_misfits(component)
            if isinstance(component, ArrangementComponent):
                messages += self._sources_misfits(component)
            for municipality, product in self.deliveries_read_by(component):
                if (municipality, product) in read:
                    messages.append(
                        f"product {product} staat twee keer voor {municipality}; laat één onderdeel het lezen"
                    )
                read.add((municipality, product))
            for message in messages:
                yield place, message
            above.append(component.key)

    def _names_that_are_not_above(self, component: ComponentPart, above: Sequence[str]) -> Iterator[str]:
        if unknown := sorted(set(component.named) - set(above)):
            yield (
                f"onderdeel {component.key} noemt {', '.join(unknown)}, dat er niet boven staat; "
                "noem onderdelen die eerder in het document staan"
            )

    def _years_misfit(self, component: ComponentPart) -> Iterator[str]:
        asked = component.years_asked(sorted({month.year for month in self.in_force.period.months()}))
        if component.years_named and component.years_named != asked:
            named, years = (", ".join(str(year) for year in years) for years in (component.years_named, asked))
            yield (
                f"onderdeel {component.key}: de jaren zijn {named}, en de looptijd vraagt {years}; noem elk jaar één "
                "keer, in volgorde"
            )

    def _divided_by(self, consortium: ConsortiumComponent) -> list[Component]:
        """The components whose amounts a consortium divides: those it names, else all above it."""
        keys = [component.key for component in self.component]
        named = consortium.applies_to or keys[: keys.index(consortium.key)]
        return [component for component in self.component if component.key in named]

    def _consortium_misfits(self, consortium: ConsortiumComponent) -> Iterator[str]:
        divided = self._divided_by(consortium)
        read = {product for component in divided for _, product in self.deliveries_read_by(component)}
        for member in consortium.members:
            if unknown := sorted(set(member.products) - read):
                yield (
                    f"onderdeel {consortium.key}: lid {member.provider} noemt product {', '.join(unknown)}, dat geen "
                    "onderdeel erboven leest; verbeter het product of haal het weg"
                )
        for other in self.component[: self.component.index(consortium)]:
            if isinstance(other, ConsortiumComponent):
                keys = {component.key for component in divided if not isinstance(component, ConsortiumComponent)}
                if twice := sorted(keys & {component.key for component in self._divided_by(other)}):
                    yield (
                        f"onderdeel {consortium.key}: {', '.join(twice)} wordt ook door {other.key} verdeeld; noem in "
                        "applies_to wat elk verdeelt"
                    )

    def _sources_misfits(self, component: ArrangementComponent) -> Iterator[str]:
        for source in component.funding_sources:
            if source.law not in self.laws:
                yield (
                    f"onderdeel {component.key}: funding_sources noemt de {source.law} en het contract niet; zet de "
                    "wet bij laws of haal de bron weg"
                )

    def _guarantee_misfits(self, component: GuaranteeComponent) -> Iterator[str]:
        if component.spend_of and component.guaranteed[0].provider != self.provider:
            yield (
                f"onderdeel {component.key}: spend_of telt wat dit contract aan {self.provider} betaalt, en de "
                f"garantie is van {component.guaranteed[0].provider}; laat spend_of weg"
            )

    def _population_misfits(self, component: PopulationComponent) -> Iterator[str]:
        if component.out_of_area and len(self.municipalities) == 1:
            yield (
                f"onderdeel {component.key}: out_of_area is voor cliënten van andere gemeenten; noem die bij "
                "municipalities"
            )
        for reopening in component.reopenings:
            if reopening.start.first_day not in self.in_force.period:
                yield (
                    f"onderdeel {component.key}: het contract is niet van kracht in {reopening.start}; laat reopenings "
                    "ingaan in de looptijd"
                )

    def _budget_misfits(self, component: BudgetPart) -> Iterator[str]:
        if component.municipality is None and len(self.municipalities) > 1:
            yield f"onderdeel {component.key}: het contract heeft meer gemeenten; noem municipality"
        if component.municipality is not None and component.municipality not in self.municipalities:
            yield f"onderdeel {component.key}: {component.municipality} staat niet bij municipalities; noem een van die"
        if self.in_force.start.day != 1 or self.in_force.until.day != 1:
            yield (
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
