"""Which price lists contracts read, and which deliveries a list values."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, func, select

from contracts.parties import known_parties
from contracts.register import contracts_known
from database.recordings import latest
from importers.tables import deliveries
from kernel.periods import Period
from tariffs.price_lists import Delivered, PriceChange, PriceUse
from tariffs.products import catalogue


def price_use() -> PriceUse:
    return PriceUse(lists_read=_lists_read, delivered=_delivered)


def _lists_read(connection: Connection) -> frozenset[str]:
    known = contracts_known(connection, latest(connection))
    return frozenset(name for registered in known for name in registered.contract.price_lists)


def _delivered(connection: Connection, list_name: str, changes: Sequence[PriceChange]) -> list[Delivered]:
    """What is delivered on days of the changes, of who delivers by a contract that reads the list; by product."""
    days: dict[str, list[Period]] = defaultdict(list)
    for change in changes:
        days[change.product].append(Period(change.valid_from, change.valid_until or date.max))
    if not days:
        return []
    cutoff = latest(connection)
    reads = _reads(connection, list_name, cutoff)
    ids = {product.id: code for code, product in catalogue(connection, cutoff).items() if code in days}
    rows = connection.execute(
        select(
            deliveries.c.product_id,
            deliveries.c.provider_id,
            deliveries.c.municipality_id,
            deliveries.c.service_start,
            deliveries.c.service_end,
            func.sum(deliveries.c.sign).label("rows"),
        )
        .where(deliveries.c.product_id.in_(list(ids)))
        .group_by(
            deliveries.c.product_id,
            deliveries.c.provider_id,
            deliveries.c.municipality_id,
            deliveries.c.service_start,
            deliveries.c.service_end,
        )
        .having(func.sum(deliveries.c.sign) > 0)
    )
    found: dict[str, Delivered] = {}
    for row in rows:
        product, service = ids[row.product_id], Period(row.service_start, row.service_end)
        in_force = reads.get((row.provider_id, row.municipality_id, product), ())
        if any(service.start in period for period in in_force) and any(
            service.overlaps(gone) for gone in days[product]
        ):
            one = found.get(product, Delivered(product, 0, service.start, service.last_day))
            first, last = min(one.first_day, service.start), max(one.last_day, service.last_day)
            found[product] = Delivered(product, one.rows + int(row.rows), first, last)
    return [found[product] for product in sorted(found)]


def _reads(connection: Connection, list_name: str, cutoff: int) -> dict[tuple[int, int, str], list[Period]]:
    """The periods in which contracts value deliveries by a list, by provider, municipality and product."""
    parties = known_parties(connection, cutoff)
    found: dict[tuple[int, int, str], list[Period]] = defaultdict(list)
    for registered in contracts_known(connection, cutoff):
        contract = registered.contract
        for component in contract.priced:
            for provider, municipality, product in contract.slices_read_by(component):
                if contract.price_list_of(component, municipality) == list_name:
                    key = (parties.providers[provider].id, parties.municipalities[municipality].id, product)
                    found[key].append(contract.in_force.period)
    return found
