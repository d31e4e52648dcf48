"""What a run reads besides deliveries, as known at the cut-off: contracts, products, prices, counts, advances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from contracts.model import Component, EffortComponent, PopulationComponent
from contracts.parties import Party, known_parties
from contracts.register import RegisteredContract, contracts_known
from importers.advances import Advance, advances_known
from importers.population_counts import counts_known
from kernel.findings import Refusal
from kernel.periods import Month, Period
from settlement.entitlement import Treatment
from settlement.funding.population import Counts
from tariffs.price_lists import Price, PriceVersion, price_version_known, prices_of
from tariffs.products import Product, ProductVersion, catalogue

_LAST_DAY = date.max


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything a run settles by. `contracts` are in the order of their numbers."""

    period: Month
    cutoff: int
    contracts: Sequence[RegisteredContract]
    products: Mapping[str, Product]
    price_versions: Mapping[str, PriceVersion]
    prices: Sequence[Price]
    counts: Counts
    advances: Sequence[Advance]
    municipalities: Mapping[str, Party]
    providers: Mapping[str, Party]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Deliveries that a component reads: of one municipality and product, on the days both contract and product hold.

    A product whose definition changes over time gives a coverage for each definition.
    """

    registered: RegisteredContract
    component: PopulationComponent | EffortComponent
    municipality: str
    product: Product
    version: ProductVersion
    period: Period

    @property
    def treatment(self) -> Treatment:
        return Treatment.PAYABLE if isinstance(self.component, EffortComponent) else Treatment.SHADOW

    @property
    def price_of_last_day(self) -> bool:
        return isinstance(self.component, EffortComponent) and self.component.price_of == "last_day"


def read_terms(connection: Connection, period: Month, cutoff: int, numbers: Sequence[str] = ()) -> Terms:
    """The terms known at `cutoff` of the contracts `numbers`, or of all that are in force by the end of `period`.

    Raises `Refusal` for a number that no contract has.
    """
    known = contracts_known(connection, cutoff)
    if unknown := sorted(set(numbers) - {registered.contract.number for registered in known}):
        raise Refusal(
            f"contract {', '.join(unknown)} is niet bekend bij vastlegging {cutoff}",
            "zie de nummers met `bekostiging contract list`",
        )
    contracts = [
        registered
        for registered in known
        if (not numbers or registered.contract.number in numbers)
        and registered.contract.in_force.start <= period.last_day
    ]
    lists = sorted({component.price_list for registered in contracts for component in registered.contract.component})
    versions = {name: price_version_known(connection, name, cutoff) for name in lists}
    price_versions = {name: version for name, version in versions.items() if version is not None}
    return Terms(
        period=period,
        cutoff=cutoff,
        contracts=contracts,
        products=catalogue(connection, cutoff),
        price_versions=price_versions,
        prices=prices_of(connection, [version.id for version in price_versions.values()]),
        counts={key: count.persons for key, count in counts_known(connection, cutoff).items()},
        advances=advances_known(connection, cutoff),
        municipalities=known_parties(connection, cutoff).municipalities,
        providers=known_parties(connection, cutoff).providers,
    )


def coverages(terms: Terms) -> list[Coverage]:
    """What every component of every contract reads, in a fixed order."""
    return [
        Coverage(registered, component, municipality, product, version, period)
        for registered in terms.contracts
        for component in registered.contract.component
        for municipality, code in registered.contract.deliveries_read_by(component)
        for product in [terms.products[code]]
        for version in product.versions
        for period in days_in_both(registered.contract.in_force.period, version.period)
    ]


def task_field_of(terms: Terms, product: str, month: Month) -> str:
    """The Iv3 task field a product is booked on in a month."""
    versions = terms.products[product].versions
    in_month = Period(month.first_day, month.end)
    return next(version.task_field for version in versions if version.period.overlaps(in_month))


def component_of(registered: RegisteredContract, key: str) -> Component:
    """The component of a contract with that key."""
    return next(component for component in registered.contract.component if component.key == key)


def days_in_both(one: Period, other: Period) -> list[Period]:
    """The days two periods share: one period, or none."""
    start, end = max(one.start, other.start), min(one.end, other.end)
    return [Period(start, end)] if start < end else []
