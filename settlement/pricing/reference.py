"""Pricing by hand: the rule that the SQL of `settlement.pricing.query` must agree with, to the cent.

It prices worked examples of contracts, and stands beside the query in a property test.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from kernel.findings import Finding, Severity
from kernel.money import total
from kernel.periods import Month
from settlement.entitlement import PricedVolume, Treatment
from tariffs.units import PriceRule, Rounding, hours_of, row_amount


@dataclass(frozen=True, slots=True)
class DeliveredRow:
    """A delivery that counts. `end` is the first day after the service; a credit has sign -1."""

    component: str
    municipality: str
    product: str
    treatment: Treatment
    client: str
    assignment: str
    start: date
    end: date
    quantity: int
    sign: int = 1


def price_by_hand(
    rows: Iterable[DeliveredRow],
    rule_of: Callable[[str], PriceRule],
    price_on: Callable[[str, date], Decimal | None],
    price_of_last_day: bool = False,
) -> tuple[list[PricedVolume], list[Finding]]:
    """Price `rows` and sum them per component, municipality, month, product and price.

    The price is that of the first day of a row's service period, or of its last day where the contract says so. A row
    without a price, and a client's month that is rounded as a whole but has two prices, gives a finding and no amount.
    """
    volumes: dict[tuple[object, ...], list[DeliveredRow]] = defaultdict(list)
    prices: dict[DeliveredRow, Decimal] = {}
    findings: list[Finding] = []
    for row in rows:
        day = row.end - timedelta(days=1) if price_of_last_day else row.start
        price = price_on(row.product, day)
        if price is None:
            findings.append(no_price(row.product, day))
            continue
        prices[row] = price
        key = (row.component, row.municipality, Month.of(row.start), row.product, row.treatment, price)
        volumes[key].append(row)
    findings += _two_prices(prices, rule_of)
    if findings:
        return [], findings
    return [_volume(group, rule_of(group[0].product), prices[group[0]]) for group in volumes.values()], []


def no_price(product: str, day: date) -> Finding:
    """There is no price for a product on a day."""
    return Finding(
        "P01",
        Severity.ERROR,
        f"product {product}, {day:%d-%m-%Y}",
        "er is geen prijs op deze dag",
        "lees een prijslijst in die de dag dekt (bekostiging tariff import)",
    )


def _two_prices(prices: dict[DeliveredRow, Decimal], rule_of: Callable[[str], PriceRule]) -> list[Finding]:
    found: dict[tuple[object, ...], set[Decimal]] = defaultdict(set)
    for row, price in prices.items():
        if rule_of(row.product).rounding is Rounding.CLIENT_MONTH:
            group = (row.component, row.municipality, Month.of(row.start), row.product, row.client, row.assignment)
            found[group].add(price)
    return [
        two_prices(str(group[3]), str(group[2]), 1) for group, group_prices in found.items() if len(group_prices) > 1
    ]


def two_prices(product: str, month: str, clients: int) -> Finding:
    """A volume that is rounded per client and month has two prices in that month."""
    return Finding(
        "P02",
        Severity.ERROR,
        f"product {product}, {month}",
        f"twee prijzen in één maand, terwijl per cliënt en maand wordt afgerond ({clients} cliënten)",
        "laat de nieuwe prijs ingaan op de eerste van een maand",
    )


def _volume(rows: Sequence[DeliveredRow], rule: PriceRule, price: Decimal) -> PricedVolume:
    first = rows[0]
    quantity = sum(row.sign * row.quantity for row in rows)
    if rule.rounding is Rounding.CLIENT_MONTH:
        minutes: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row in rows:
            minutes[(row.client, row.assignment)].append(row.sign * row.quantity)
        hours = [hours_of(of_client) for of_client in minutes.values()]
        billed_quantity = sum(hours)
        amount = total(row_amount(Fraction(price), of_client, rule) for of_client in hours)
    else:
        billed_quantity = quantity
        priced = ((row.sign, row_amount(Fraction(price), row.quantity, rule)) for row in rows)
        amount = total(amount if sign > 0 else -amount for sign, amount in priced)
    return PricedVolume(
        component=first.component,
        municipality=first.municipality,
        month=Month.of(first.start),
        product=first.product,
        treatment=first.treatment,
        rule=rule,
        price=price,
        price_version_id=0,
        rows=sum(row.sign for row in rows),
        quantity=quantity,
        billed_quantity=billed_quantity,
        amount=amount,
    )
