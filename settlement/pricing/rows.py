"""The amount of every row of a slice of deliveries, made again on demand.

A run stores sums and the versions it read, no amounts of rows. What a slice (a component's product in a municipality
and month) consists of follows from them: the rows known at the cut-off, at the prices of that moment, each in its
*pricing group*: the row itself, or all rows of a client and assignment where the month is summed before it is rounded.

Groups are numbered in the order in which they first occur. Nothing of a client leaves this module.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from contracts.tables import municipalities, providers
from importers.tables import deliveries
from kernel.money import Eur, total
from kernel.periods import Period
from settlement.entitlement import LineKey
from settlement.pricing.reference import DeliveredRow, price_by_hand
from settlement.terms import Coverage, Terms, coverages
from tariffs.units import PriceRule, Rounding


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery that counts since `recording`. `batch` and `row_number` tell where it stands in what file.

    A credit has sign -1 and names its debit in `previous_reference`; a withdrawal takes an earlier row back. `quantity`
    is in the unit of delivery and has the sign in it.
    """

    batch: int
    row_number: int
    recording: int
    reference: str
    previous_reference: str | None
    is_withdrawal: bool
    service: Period
    quantity: int


@dataclass(frozen=True, slots=True)
class PricingGroup:
    """Rows that are priced, and rounded, together. `price` and `amount` are None for a shadow row without a price."""

    number: int
    rule: PriceRule
    rows: tuple[DeliveryRow, ...]
    price: Decimal | None
    billed_quantity: int
    amount: Eur | None

    @property
    def quantity(self) -> int:
        return sum(row.quantity for row in self.rows)


def pricing_groups(connection: Connection, terms: Terms, contract_id: int, key: LineKey) -> list[PricingGroup]:
    """The rows of a slice in their pricing groups, known at the cut-off of `terms`.

    Rows are in order of service day, batch and row number; groups in the order of their first rows. `terms` are those
    of the run: `read_terms` with its period, its cut-off and the number of the contract.
    """
    grouped: dict[tuple[object, ...], tuple[Coverage, list[Any]]] = {}
    for coverage in coverages(terms):
        covered = (coverage.component.key, coverage.municipality, key.month, coverage.product.code, coverage.treatment)
        if coverage.registered.id != contract_id or LineKey(*covered) != key:
            continue
        per_client_month = coverage.rule.rounding is Rounding.CLIENT_MONTH
        for row in connection.execute(_rows_of(coverage, terms.cutoff, key.month.first_day)):
            alone = (row.batch, row.row_number, row.entry)
            group = (coverage.rule, (row.client_id, row.assignment) if per_client_month else alone)
            grouped.setdefault(group, (coverage, []))[1].append(row)
    return [
        _priced(number, coverage, rows, _price_on(terms, coverage))
        for number, (coverage, rows) in enumerate(grouped.values(), start=1)
    ]


def amount_of(groups: Sequence[PricingGroup]) -> Eur:
    """What the groups amount to together."""
    return total(group.amount for group in groups if group.amount is not None)


def _rows_of(coverage: Coverage, cutoff: int, service_month: date) -> Any:
    """The rows that a coverage reads, in a total order."""
    municipality = select(municipalities.c.id).where(municipalities.c.code == coverage.municipality)
    provider = select(providers.c.id).where(providers.c.agb_code == coverage.registered.contract.provider)
    return (
        select(
            deliveries.c.batch, deliveries.c.row_number, deliveries.c.entry, deliveries.c.recording, deliveries.c.sign,
            deliveries.c.client_id, deliveries.c.assignment, deliveries.c.service_start, deliveries.c.service_end,
            deliveries.c.quantity, deliveries.c.reference, deliveries.c.previous_reference,
        )
        .where(
            deliveries.c.municipality_id == municipality.scalar_subquery(),
            deliveries.c.service_month == service_month,
            deliveries.c.provider_id == provider.scalar_subquery(),
            deliveries.c.product_id == coverage.product.id,
            deliveries.c.recording <= cutoff,
            or_(
                *(
                    and_(deliveries.c.service_start >= period.start, deliveries.c.service_start < period.end)
                    for period in coverage.periods
                )
            ),
        )
        .order_by(deliveries.c.service_start, deliveries.c.batch, deliveries.c.row_number, deliveries.c.entry)
    )  # fmt: skip


def _price_on(terms: Terms, coverage: Coverage) -> Callable[[str, date], Decimal | None]:
    version = terms.price_versions.get(coverage.component.price_list)
    prices = [
        price
        for price in terms.prices
        if version is not None and price.version_id == version.id and price.product_id == coverage.product.id
    ]

    def price_on(product: str, day: date) -> Decimal | None:
        return next((price.price for price in prices if day in price.period), None)

    return price_on


def _priced(
    number: int, coverage: Coverage, rows: Sequence[Any], price_on: Callable[[str, date], Decimal | None]
) -> PricingGroup:
    delivered = [
        DeliveredRow(
            component=coverage.component.key,
            municipality=coverage.municipality,
            product=coverage.product.code,
            treatment=coverage.treatment,
            client=str(row.client_id),
            assignment=row.assignment,
            start=row.service_start,
            end=row.service_end,
            quantity=row.quantity,
            sign=row.sign,
        )
        for row in rows
    ]
    rule = coverage.rule
    volumes, _ = price_by_hand(delivered, lambda _: rule, price_on, coverage.price_of_last_day)
    assert len(volumes) <= 1, "a contract whose group has two prices is parked and has no lines"
    return PricingGroup(
        number=number,
        rule=rule,
        rows=tuple(
            DeliveryRow(
                batch=row.batch,
                row_number=row.row_number,
                recording=row.recording,
                reference=row.reference,
                previous_reference=row.previous_reference,
                is_withdrawal=row.entry == "withdrawal",
                service=Period(row.service_start, row.service_end),
                quantity=row.sign * row.quantity,
            )
            for row in rows
        ),
        price=volumes[0].price if volumes else None,
        billed_quantity=volumes[0].billed_quantity if volumes else 0,
        amount=volumes[0].amount if volumes else None,
    )
