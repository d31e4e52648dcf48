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
from kernel.identifiers import as_shown
from kernel.money import total
from kernel.periods import Month
from settlement.entitlement import PricedVolume, Treatment
from settlement.funding.facts import ClientVolume
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
    member: str = ""
    reference: str = ""


# A delivery without a price on its day, and a month of a client that is rounded as a whole but has two prices.
NO_PRICE, NO_PRICE_HINT = "P01", "lees een prijslijst in die de dagen dekt (bekostiging tariff import)"
TWO_PRICES, TWO_PRICES_HINT = "P02", "laat de nieuwe prijs ingaan op de eerste van een maand"


def price_by_hand(
    rows: Iterable[DeliveredRow],
    rule_of: Callable[[str], PriceRule],
    price_on: Callable[[str, date], Decimal | None],
    price_of_last_day: bool = False,
) -> tuple[list[PricedVolume], list[Finding]]:
    """Price `rows` and sum them per component, municipality, month, product and price.

    The price is that of the first day of a row's service period, or of its last day where the contract says so. A row
    without a price, and a client's month that is rounded as a whole but has two prices, gives a finding and no amount.
    What was credited in full needs no price and makes no second one.
    """
    together: dict[tuple[object, ...], list[DeliveredRow]] = defaultdict(list)
    for row in rows:
        summed = rule_of(row.product).rounding is Rounding.CLIENT_MONTH
        group = (row.client, row.assignment) if summed else (row.client, row.start, row.end, row.quantity)
        where = (row.component, row.municipality, Month.of(row.start), row.product, row.treatment, row.member)
        together[(*where, group)].append(row)
    volumes: dict[tuple[object, ...], list[DeliveredRow]] = defaultdict(list)
    prices: dict[tuple[object, ...], Decimal] = {}
    findings: list[Finding] = []
    for (*key, _), group_rows in together.items():
        by_price: dict[Decimal | None, list[DeliveredRow]] = defaultdict(list)
        for row in group_rows:
            by_price[price_on(row.product, row.end - timedelta(days=1) if price_of_last_day else row.start)].append(row)
        counting = {price for price, priced in by_price.items() if sum(row.sign for row in priced)}
        known = [price for price in counting or by_price if price is not None]
        place = f"product {key[3]}, {key[2]}"
        if None in counting:
            findings.append(Finding(NO_PRICE, Severity.ERROR, place, "er is geen prijs", NO_PRICE_HINT))
        elif len(counting) > 1:
            findings.append(Finding(TWO_PRICES, Severity.ERROR, place, "twee prijzen in één maand", TWO_PRICES_HINT))
        elif known:
            volume = (*key, max(known))
            prices[volume] = max(known)
            volumes[volume] += group_rows
    if findings:
        return [], findings
    return [_volume(group, rule_of(group[0].product), prices[volume]) for volume, group in volumes.items()], []


def clients_by_hand(
    rows: Iterable[DeliveredRow],
    rule_of: Callable[[str], PriceRule],
    price_on: Callable[[str, date], Decimal | None],
    price_of_last_day: bool = False,
) -> list[ClientVolume]:
    """Price `rows` as `price_by_hand` does and sum them per client and assignment too.

    What was credited in full is left out, and so is what has no price or two.
    """
    of_clients: dict[tuple[object, ...], list[DeliveredRow]] = defaultdict(list)
    for row in rows:
        month = Month.of(row.start)
        key = (row.component, row.municipality, month, row.product, row.member, row.client, row.assignment)
        of_clients[key].append(row)
    found = []
    for own in of_clients.values():
        for volume in price_by_hand(own, rule_of, price_on, price_of_last_day)[0]:
            periods: dict[tuple[date, date], list[DeliveredRow]] = defaultdict(list)
            for row in own:
                day = row.end - timedelta(days=1) if price_of_last_day else row.start
                if price_on(row.product, day) == volume.price:
                    periods[(row.start, row.end)].append(row)
            if had := [row for priced in periods.values() if sum(row.sign for row in priced) for row in priced]:
                found.append(_client_volume(volume, had))
    return found


def _client_volume(volume: PricedVolume, rows: Sequence[DeliveredRow]) -> ClientVolume:
    of = rows[0]
    return ClientVolume(
        component=volume.component,
        municipality=volume.municipality,
        month=volume.month,
        product=volume.product,
        client=of.client,
        assignment=of.assignment,
        rule=volume.rule,
        price=volume.price,
        rows=volume.rows,
        quantity=volume.quantity,
        billed_quantity=volume.billed_quantity,
        amount=volume.amount,
        first_day=min(row.start for row in rows),
        last_day=max(row.end for row in rows) - timedelta(days=1),
        member=of.member,
        reference=as_shown(min((row.reference for row in rows if row.sign > 0), default="")),
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
        member=first.member,
    )
