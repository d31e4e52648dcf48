"""What a run reads besides deliveries, as known at the cut-off: contracts, products, prices, counts, advances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from contracts.components.component import PricedPart
from contracts.components.effort import EffortComponent
from contracts.parties import Party, known_parties
from contracts.register import RegisteredContract, contracts_known
from importers.advances import Advance, advances_known
from importers.population_counts import counts_known
from kernel.findings import Refusal
from kernel.periods import Month, Period
from settlement.entitlement import Treatment
from settlement.funding.facts import Counts
from settlement.recorded import Recorded, read_recorded
from tariffs.price_lists import Price, PriceVersion, price_version_known, prices_of
from tariffs.products import Product, catalogue
from tariffs.units import PriceRule


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
    recorded: Recorded
    municipalities: Mapping[str, Party]
    providers: Mapping[str, Party]


@dataclass(frozen=True)
class Coverage:
    """Deliveries that a component reads: of a product in municipalities, on the days both contract and product hold.

    All of them are paid by volume times price, or none, and valued by one price list: a budget pays a product of its
    own municipality only.

    They came under the code of the contract's provider, or of a `member` of a consortium.

    A product whose price rule changes over time gives a coverage for each rule, with the days on which it holds: when
    only its name or task field changes, what is rounded per client and month stays one sum.
    """

    registered: RegisteredContract
    component: PricedPart
    municipalities: tuple[str, ...]
    product: Product
    rule: PriceRule
    periods: tuple[Period, ...]
    member: str = ""

    @property
    def provider(self) -> str:
        return self.member or self.registered.contract.provider

    @cached_property
    def price_list(self) -> str:
        return self.registered.contract.price_list_of(self.component, self.municipalities[0])

    @cached_property
    def treatment(self) -> Treatment:
        contract, product = self.registered.contract, self.product.code
        paid = contract.pays_for(self.component, self.municipalities[0], product)
        return Treatment.PAYABLE if paid else Treatment.SHADOW

    @property
    def price_of_last_day(self) -> bool:
        return isinstance(self.component, EffortComponent) and self.component.price_of == "last_day"


def read_terms(connection: Connection, period: Month, cutoff: int, numbers: Sequence[str] = ()) -> Terms:
    """The terms known at `cutoff` of the contracts `numbers`, or of all contracts, in force or not.

    Raises `Refusal` for a number that no contract has.
    """
    known = contracts_known(connection, cutoff)
    if unknown := sorted(set(numbers) - {registered.contract.number for registered in known}):
        raise Refusal(
            f"contract {', '.join(unknown)} is niet bekend bij vastlegging {cutoff}",
            "zie de nummers met `bekostiging contract list`",
        )
    contracts = [registered for registered in known if not numbers or registered.contract.number in numbers]
    lists = sorted({name for registered in contracts for name in registered.contract.price_lists})
    versions = {name: price_version_known(connection, name, cutoff) for name in lists}
    price_versions = {name: version for name, version in versions.items() if version is not None}
    parties = known_parties(connection, cutoff)
    return Terms(
        period=period,
        cutoff=cutoff,
        contracts=contracts,
        products=catalogue(connection, cutoff),
        price_versions=price_versions,
        prices=prices_of(connection, [version.id for version in price_versions.values()]),
        counts={key: count.persons for key, count in counts_known(connection, cutoff).items()},
        advances=advances_known(connection, cutoff),
        recorded=read_recorded(connection, cutoff),
        municipalities=parties.municipalities,
        providers=parties.providers,
    )


def coverages(terms: Terms) -> list[Coverage]:
    """What every component of every contract reads, in a fixed order."""
    found = []
    for registered in terms.contracts:
        for component in registered.contract.priced:
            contract = registered.contract
            reading: dict[tuple[str, bool, str], list[str]] = {}
            for municipality, code in contract.deliveries_read_by(component):
                paid = contract.pays_for(component, municipality, code)
                priced_by = contract.price_list_of(component, municipality)
                reading.setdefault((code, paid, priced_by), []).append(municipality)
            members = ("", *contract.members_read_by(component))
            for (code, *_), municipalities in reading.items():
                product, areas = terms.products[code], tuple(municipalities)
                for rule in dict.fromkeys(version.rule for version in product.versions):
                    if periods := tuple(days_covered(contract.in_force.period, product, rule)):
                        found += [
                            Coverage(registered, component, areas, product, rule, periods, member) for member in members
                        ]
    return found


def days_covered(in_force: Period, product: Product, rule: PriceRule | None = None) -> list[Period]:
    """The days within `in_force` on which a product is defined, with that price rule if one is given."""
    return [
        Period(max(in_force.start, version.period.start), min(in_force.end, version.period.end))
        for version in product.versions
        if version.period.overlaps(in_force) and rule in (None, version.rule)
    ]


def task_field_of(terms: Terms, product: str, month: Month) -> str:
    """The Iv3 task field a product is booked on in a month."""
    versions = terms.products[product].versions
    in_month = Period(month.first_day, month.end)
    return next(version.task_field for version in versions if version.period.overlaps(in_month))
