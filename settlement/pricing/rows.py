"""The amount of every row of a slice of deliveries, made again on demand.

A run stores sums and the versions it read, no amounts of rows. What a slice (a component's product in a municipality
and month) consists of follows from them: the rows known at the cut-off, at the prices of that moment, each in its
*pricing group*: the row itself, or all rows of a client and assignment where the month is summed before it is rounded.

Groups are numbered in the order in which they first occur. Nothing of a client leaves this module.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select

from importers.tables import deliveries
from kernel.identifiers import as_shown
from kernel.money import Eur, total
from kernel.periods import Month, Period
from settlement.entitlement import LineKey
from settlement.pricing.reference import DeliveredRow, price_by_hand
from settlement.terms import Coverage, Terms, coverages
from tariffs.price_lists import Price
from tariffs.units import PriceRule, Rounding, row_amount


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery that counts since `recording`. `batch` and `row_number` tell where it stands in what file.

    A credit has sign -1 and names its debit in `previous_reference`; a withdrawal takes an earlier row back. `quantity`
    is in the unit of delivery and has the sign in it. References are as they may be shown.
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
    return pricing_groups_of(connection, terms, {contract_id: [key]})[contract_id][key]


def pricing_groups_of(
    connection: Connection, terms: Terms, wanted: Mapping[int, Collection[LineKey]]
) -> dict[int, dict[LineKey, list[PricingGroup]]]:
    """The pricing groups of many slices by contract id and key, read at once."""
    readers = _readers(terms, wanted)
    grouped: dict[tuple[int, LineKey], dict[tuple[object, ...], tuple[_Reader, list[Any]]]] = {
        (contract_id, key): {} for contract_id, keys in wanted.items() for key in keys
    }
    for row in connection.execute(_rows_of(readers, wanted, terms.cutoff)) if readers else ():
        for reader in readers.get((row.provider_id, row.municipality_id, row.product_id), ()):
            coverage = reader.coverage
            groups = grouped.get((coverage.registered.id, reader.key_in(row.service_month)))
            if groups is None or not any(row.service_start in period for period in coverage.periods):
                continue
            per_client_month = coverage.rule.rounding is Rounding.CLIENT_MONTH
            alone = (row.batch, row.row_number, row.entry)
            group = (coverage.member, coverage.rule, *((row.client_id, row.assignment) if per_client_month else alone))
            groups.setdefault(group, (reader, []))[1].append(row)
    found: dict[int, dict[LineKey, list[PricingGroup]]] = {contract_id: {} for contract_id in wanted}
    for (contract_id, key), groups in grouped.items():
        found[contract_id][key] = [
            _priced(number, reader, rows) for number, (reader, rows) in enumerate(groups.values(), start=1)
        ]
    return found


def amount_of(groups: Sequence[PricingGroup]) -> Eur:
    """What the groups amount to together."""
    return total(group.amount for group in groups if group.amount is not None)


class _Reader:
    """A coverage in one municipality with its prices, which remembers the months and days it was asked for."""

    def __init__(self, coverage: Coverage, municipality: str, prices: Sequence[Price]) -> None:
        self.coverage = coverage
        self.municipality = municipality
        self._prices = [(price.period, price.price) for price in prices]
        self._keys: dict[date, LineKey] = {}
        self._price_on: dict[date, Decimal | None] = {}

    def key_in(self, first_day: date) -> LineKey:
        """The key of the slice in a month."""
        if first_day not in self._keys:
            covered = self.coverage
            self._keys[first_day] = LineKey(
                covered.component.key, self.municipality, Month.of(first_day), covered.product.code,
                covered.treatment,
            )  # fmt: skip
        return self._keys[first_day]

    def price_on(self, product: str, day: date) -> Decimal | None:
        if day not in self._price_on:
            self._price_on[day] = next((price for period, price in self._prices if day in period), None)
        return self._price_on[day]

    def price_of(self, row: Any) -> Decimal | None:
        """The price of a row that is priced by itself."""
        last_day = self.coverage.price_of_last_day
        return self.price_on("", row.service_end - timedelta(days=1) if last_day else row.service_start)


@lru_cache(maxsize=100_000)
def _amount(price: Decimal, quantity: int, rule: PriceRule) -> Eur:
    """The amount of a debit that is priced by itself; the same prices and quantities come back in many rows."""
    return row_amount(Fraction(price), quantity, rule)


_Readers = Mapping[tuple[int, int, int], Sequence[_Reader]]


def _readers(terms: Terms, wanted: Mapping[int, Collection[LineKey]]) -> _Readers:
    """What reads the rows of a provider, municipality and product, as far as a slice of it is wanted."""
    slices = {
        (contract_id, key.component, key.municipality, key.label)
        for contract_id, keys in wanted.items()
        for key in keys
    }
    prices: dict[tuple[int, int], list[Price]] = defaultdict(list)
    for price in terms.prices:
        prices[(price.version_id, price.product_id)].append(price)
    found: dict[tuple[int, int, int], list[_Reader]] = defaultdict(list)
    contracts = [registered for registered in terms.contracts if registered.id in wanted]
    for coverage in coverages(replace(terms, contracts=contracts)):
        registered, product = coverage.registered, coverage.product
        version = terms.price_versions.get(coverage.price_list)
        provider = terms.providers[coverage.provider].id
        of_product = prices[(version.id, product.id)] if version is not None else []
        for code in coverage.municipalities:
            if (registered.id, coverage.component.key, code, product.code) in slices:
                reader = _Reader(coverage, code, of_product)
                found[(provider, terms.municipalities[code].id, product.id)].append(reader)
    return found


def _rows_of(readers: _Readers, wanted: Mapping[int, Collection[LineKey]], cutoff: int) -> Any:
    """All rows that one of the readers may read, in a total order."""
    columns = (deliveries.c.provider_id, deliveries.c.municipality_id, deliveries.c.product_id)
    months = {key.month.first_day for keys in wanted.values() for key in keys}
    return (
        select(
            *columns, deliveries.c.service_month,
            deliveries.c.batch, deliveries.c.row_number, deliveries.c.entry, deliveries.c.recording, deliveries.c.sign,
            deliveries.c.client_id, deliveries.c.assignment, deliveries.c.service_start, deliveries.c.service_end,
            deliveries.c.quantity, deliveries.c.reference, deliveries.c.previous_reference,
        )
        .where(
            deliveries.c.service_month.in_(sorted(months)),
            *(column.in_(sorted({reader[place] for reader in readers})) for place, column in enumerate(columns)),
            deliveries.c.recording <= cutoff,
        )
        .order_by(deliveries.c.service_start, deliveries.c.batch, deliveries.c.row_number, deliveries.c.entry)
    )  # fmt: skip


def _priced(number: int, reader: _Reader, rows: Sequence[Any]) -> PricingGroup:
    rule = reader.coverage.rule
    together = rule.rounding is Rounding.CLIENT_MONTH
    price, billed_quantity, amount = _together(reader, rows) if together else _by_itself(reader, rows[0])
    return PricingGroup(
        number=number,
        rule=rule,
        rows=tuple(
            DeliveryRow(
                batch=row.batch,
                row_number=row.row_number,
                recording=row.recording,
                reference=as_shown(row.reference),
                previous_reference=row.previous_reference and as_shown(row.previous_reference),
                is_withdrawal=row.entry == "withdrawal",
                service=Period(row.service_start, row.service_end),
                quantity=row.sign * row.quantity,
            )
            for row in rows
        ),
        price=price,
        billed_quantity=billed_quantity,
        amount=amount,
    )


def _by_itself(reader: _Reader, row: Any) -> tuple[Decimal | None, int, Eur | None]:
    """Price, billed quantity and amount of a row that is priced by itself."""
    price = reader.price_of(row)
    if price is None:
        return None, 0, None
    amount = _amount(price, row.quantity, reader.coverage.rule)
    return price, row.sign * row.quantity, amount if row.sign > 0 else -amount


def _together(reader: _Reader, rows: Sequence[Any]) -> tuple[Decimal | None, int, Eur | None]:
    """Price, billed quantity and amount of rows that are summed before they are rounded."""
    coverage = reader.coverage
    delivered = [
        DeliveredRow(
            component=coverage.component.key,
            municipality=reader.municipality,
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
    volumes, _ = price_by_hand(delivered, lambda _: rule, reader.price_on, coverage.price_of_last_day)
    assert len(volumes) <= 1, "a contract whose group has two prices is parked and has no lines"
    return (volumes[0].price, volumes[0].billed_quantity, volumes[0].amount) if volumes else (None, 0, None)
