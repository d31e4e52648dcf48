"""What funding is computed from: the facts about a contract up to a month, as known at a cut-off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from kernel.findings import Finding, Severity
from kernel.identifiers import as_shown
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.entitlement import Entitlement, PricedVolume
from tariffs.units import PriceRule

# Persons by (area, measure, day, status), the status being 'provisional' or 'final'.
Counts = Mapping[tuple[str, str, date, str], int]

# What a component entitles to, and what keeps it from being computed.
Entitled = tuple[list[Entitlement], list[Finding]]


# What fits in a cell of a statement, and is still read.
_MOST_LISTED = 100


def listed(numbers: Sequence[str]) -> str:
    """References or numbers that an explanation names, as many as can be shown."""
    return ", ".join([*numbers[:_MOST_LISTED], *(["…"] if len(numbers) > _MOST_LISTED else [])])


@dataclass(frozen=True, slots=True)
class ClientVolume:
    """What a client had of a product in a month, under one assignment and at one price; as `PricedVolume` in all else.

    `client` names nobody: it is a number or word that is the same wherever the client is. `first_day` and `last_day`
    are those of the care in the month. `reference` is that of one of the deliveries, by which the provider knows whose
    they are.
    """

    component: str
    municipality: str
    month: Month
    product: str
    client: str
    assignment: str
    rule: PriceRule
    price: Decimal
    rows: int
    quantity: int
    billed_quantity: int
    amount: Eur
    first_day: date
    last_day: date
    member: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Care that was assigned to a client; `end` is the first day after it, None while it is open.

    `volume` is in the unit of delivery of the product, `per` week, month, or in total; None where the product stands
    for an arrangement.
    """

    number: str
    client: str
    municipality: str
    product: str
    start: date
    end: date | None
    volume: int | None
    per: Literal["week", "month", "total"]

    @property
    def shown(self) -> str:
        """The number as it may be shown and stored in an explanation."""
        return as_shown(self.number)


@dataclass(frozen=True, slots=True)
class HouseholdMember:
    """A client in a household; `end` is the first day after it, None while it lasts."""

    household: str
    client: str
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A trajectory of a client; `end` is the first day after it, None while it lasts.

    `done_percent` is how much was done of one that was stopped early; None when it was completed. `result`: whether the
    result that was agreed was reached.
    """

    number: str
    client: str
    municipality: str
    product: str
    start: date
    end: date | None
    done_percent: Decimal | None
    result: bool

    @property
    def shown(self) -> str:
        """The number as it may be shown and stored in an explanation."""
        return as_shown(self.number)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a component may read.

    `posted`: what earlier runs posted on deliveries of months that are not priced now, so that a total over the year is
    whole. `figures`: numbers the contract reads by name, by year. `index_figures`: percentages by name, year, status.
    `accountability`: year and kind of what was received and not rejected; `production`: by year what the production
    statement among those comes to. `determinations`: by year and component, ''
    for all of the contract. `spend`: by provider, segment ('' for all) and year. `task_fields`: Iv3 by product and
    month. `prices`: of a product of a price list on a day, None when there is none. `written_by_hand`: they are all
    there is, also of the time before the contract.
    """

    counts: Counts = field(default_factory=dict)
    volumes: Sequence[PricedVolume] = ()
    posted: Sequence[Entitlement] = ()
    clients: Sequence[ClientVolume] = ()
    assignments: Sequence[Assignment] = ()
    households: Sequence[HouseholdMember] = ()
    trajectories: Sequence[Trajectory] = ()
    figures: Mapping[tuple[str, int], Decimal] = field(default_factory=dict)
    index_figures: Mapping[tuple[str, int, str], Decimal] = field(default_factory=dict)
    accountability: frozenset[tuple[int, str]] = frozenset()
    production: Mapping[int, Eur] = field(default_factory=dict)
    determinations: Mapping[tuple[int, str], Eur] = field(default_factory=dict)
    spend: Mapping[tuple[str, str, int], Eur] = field(default_factory=dict)
    task_fields: Mapping[tuple[str, Month], str] = field(default_factory=dict)
    prices: Mapping[tuple[str, str], Sequence[tuple[date, date | None, Decimal]]] = field(default_factory=dict)
    written_by_hand: bool = False

    def delivered_as_stated(self, year: int) -> bool:
        """Whether the production statement of a year comes to just what is known to be delivered: then that is all.

        A component that nothing was delivered for was then worth nil, and is not unknown.
        """
        delivered = [volume.amount for volume in self.volumes if volume.month.year == year]
        delivered += [one.amount for one in self.posted if one.key.month.year == year and not one.key.of_contract]
        return self.production.get(year) == total(delivered)

    def price_on(self, price_list: str, product: str, day: date) -> Decimal | None:
        """The price of a product on a day; None when there is none."""
        for start, end, price in self.prices.get((price_list, product), ()):
            if start <= day and (end is None or day < end):
                return price
        return None


class NotComputable(Exception):
    """What a component needs is not known, or cannot be; `finding` says which."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


# Findings that a component is not computed yet, whatever the rest of the contract comes to.
NOT_COMPUTED = frozenset({"F07", "F31"})


def nothing_known(component: str, of: Sequence[str], year: int) -> Finding:
    """No line at all of what is counted: that is not known, and not nought."""
    message = f"over {year} is van {', '.join(of)} niets bekend: dit onderdeel is nog niet uitgerekend"
    hint = (
        "lees de leveringen van het jaar in; is er niets geleverd, lees dan de productieverantwoording in met het "
        "bedrag van wat er wel geleverd is, of 0 (bekostiging import accountability)"
    )
    return Finding("F31", Severity.WARNING, f'onderdeel "{component}"', message, hint)
