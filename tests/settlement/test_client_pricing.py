"""What single clients had: the query is pricing by hand, and a run settles on it to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine

from contracts.documents import contract_of
from contracts.register import RegisteredContract
from kernel.money import total
from settlement.funding.facts import ClientVolume
from settlement.pricing.clients import client_volumes
from settlement.pricing.query import price_months
from settlement.pricing.reference import clients_by_hand
from tests.settlement.books import OTHER, effort_contract
from tests.settlement.test_pricing import (
    AREAS,
    CONSORTIUM,
    FIRST_DAY,
    LAST_DAY,
    MONTHS,
    RULES,
    PriceList,
    Row,
    delivered_rows,
    engine,
    entries_of,
    flat,
    price_lists,
    price_on,
    put,
    row,
    terms_of,
    undone,
)

__all__ = ["engine"]
BOUND = 'client_bounds = [{ per = "year", maximum_eur = "1000.00" }]\n'
DOCUMENTS = (
    effort_contract(products=list(RULES), municipalities=list(AREAS)),
    effort_contract("C", provider=OTHER, products=list(RULES), municipalities=list(AREAS), price_of="last_day"),
)
BOUNDED = tuple(
    RegisteredContract(n, 1, contract_of(text + BOUND + members), "")
    for n, (text, members) in enumerate(zip(DOCUMENTS, (CONSORTIUM, ""), strict=True), start=1)
)


def key(volume: ClientVolume) -> Any:
    where = (volume.municipality, volume.month, volume.product, volume.client, volume.assignment)
    return (*where, volume.price, volume.member)


def found(engine: Engine, rows: Sequence[Row], prices: PriceList) -> dict[int, list[ClientVolume]]:
    """What the query finds, which adds up to what the months come to."""
    terms = terms_of(prices, 2, BOUNDED)
    with undone(engine) as connection:
        put(connection, entries_of(rows))
        asked = {contract.id: MONTHS for contract in BOUNDED}
        volumes = client_volumes(connection, terms, asked)
        priced = price_months(connection, terms, asked, {})
    for number in asked:
        of_clients, of_months = volumes.get(number, ()), priced[number].volumes
        assert total(one.amount for one in of_clients) == total(one.amount for one in of_months)
        assert sum(one.billed_quantity for one in of_clients) == sum(one.billed_quantity for one in of_months)
    return {number: sorted(volumes.get(number, ()), key=key) for number in asked}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows=delivered_rows(), prices=price_lists())
def test_the_query_of_clients_is_pricing_by_hand(engine: Engine, rows: list[Row], prices: PriceList) -> None:
    volumes = found(engine, rows, prices)
    entries = [entry for entry in entries_of(rows) if entry.recording <= 2]
    for contract, bounded in zip((FIRST_DAY, LAST_DAY), BOUNDED, strict=True):
        own = [entry.delivered for entry in entries if entry.row.contract is contract]
        by_hand = clients_by_hand(own, RULES.__getitem__, price_on(prices), contract is LAST_DAY)
        assert volumes[bounded.id] == sorted(by_hand, key=key)


def test_what_was_credited_counts_for_no_day(engine: Engine) -> None:
    rows = [
        row("r1", day=3, days=2, quantity=60),
        row("r2", day=5, days=3, quantity=30),
        row("r3", day=1, quantity=10, credited=2),
        row("r4", day=30, quantity=10, client=2, credited=1),
    ]
    [volume] = found(engine, rows, flat("60.00"))[1]
    assert (volume.rows, volume.quantity, str(volume.amount)) == (2, 90, "90.00")
    assert (volume.first_day.day, volume.last_day.day) == (3, 7)


def test_clients_are_read_only_where_a_component_needs_them(engine: Engine) -> None:
    with undone(engine) as connection:
        put(connection, entries_of([row()]))
        assert client_volumes(connection, terms_of(flat("60.00")), {1: MONTHS, 2: MONTHS}) == {}
        terms = replace(terms_of(flat("60.00")), contracts=BOUNDED)
        assert client_volumes(connection, terms, {1: [], 2: []}) == {}
