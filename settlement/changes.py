"""Which months a run must price again.

All that the amounts of a contract's month depend on is put into a hash: the rules of pricing, the contract version, the
products, the prices that hold in the month, and the last recording that added a delivery. Facts are only ever added, so
the last recording tells which deliveries there are. A month whose hash is that of the last posted run keeps what was
posted. A contract that settles on the deliveries of several months together has every month priced in every run: what
it reads of other months, and of assignments, is always whole.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, func, select

from contracts.tables import municipalities, providers
from importers.tables import delivery_totals
from kernel.periods import Month, Period, months
from settlement.entitlement import Posted
from settlement.pricing.query import PRICING_RULES
from settlement.terms import Coverage, Terms, coverages
from tariffs.price_lists import Price
from tariffs.tables import products

# The last recording by (municipality, provider, product) and month.
_LastRecordings = Mapping[tuple[str, str, str], Mapping[Month, int]]


def changed_months(
    connection: Connection, terms: Terms, posted: Mapping[int, Posted]
) -> Mapping[int, Mapping[Month, str]]:
    """By contract id, the months up to the period of the run that are new or changed, each with its hash."""
    last_recordings = _last_recordings(connection, terms)
    prices: dict[tuple[int, str], list[Price]] = defaultdict(list)
    for price in terms.prices:
        prices[(price.version_id, price.product)].append(price)
    read: dict[int, list[Coverage]] = defaultdict(list)
    for coverage in coverages(terms):
        read[coverage.registered.id].append(coverage)
    changed: dict[int, dict[Month, str]] = {}
    for registered in terms.contracts:
        before = posted.get(registered.id, Posted()).month_hashes
        first, last = (
            Month.of(registered.contract.in_force.start),
            Month.of(registered.contract.in_force.period.last_day),
        )
        candidates = {month for month in months(first, min(last, terms.period)) if read[registered.id]}
        candidates |= {month for month in before if month <= terms.period}
        changed[registered.id] = {}
        for month in sorted(candidates):
            inputs = [
                of_slice
                for coverage in read[registered.id]
                if any(period.overlaps(Period(month.first_day, month.end)) for period in coverage.periods)
                for of_slice in _inputs(coverage, month, terms, prices, last_recordings)
            ]
            digest = _hash([PRICING_RULES, registered.recording, *inputs])
            if before.get(month) != digest or registered.contract.needs_every_month:
                changed[registered.id][month] = digest
    return changed


def _inputs(
    coverage: Coverage,
    month: Month,
    terms: Terms,
    prices: Mapping[tuple[int, str], Sequence[Price]],
    last_recordings: _LastRecordings,
) -> Iterator[list[object]]:
    """What the amounts of a coverage in a month depend on, for each municipality."""
    version = terms.price_versions.get(coverage.price_list)
    in_month = [
        [str(price.period.start), str(price.period.end), str(price.price)]
        for price in (prices.get((version.id, coverage.product.code), ()) if version else ())
        if price.period.overlaps(Period(month.first_day, month.end))
    ]
    first_day = str(coverage.periods[0].start)
    for municipality in coverage.municipalities:
        slice_key = (municipality, coverage.provider, coverage.product.code)
        last = last_recordings.get(slice_key, {}).get(month, 0)
        yield [coverage.component.key, *slice_key, first_day, coverage.product.recording, in_month, last]


def _last_recordings(connection: Connection, terms: Terms) -> _LastRecordings:
    query = (
        select(
            municipalities.c.code,
            providers.c.agb_code,
            products.c.code,
            delivery_totals.c.service_month,
            func.max(delivery_totals.c.recording),
        )
        .join(municipalities, municipalities.c.id == delivery_totals.c.municipality_id)
        .join(providers, providers.c.id == delivery_totals.c.provider_id)
        .join(products, products.c.id == delivery_totals.c.product_id)
        .where(delivery_totals.c.recording <= terms.cutoff, delivery_totals.c.service_month <= terms.period.first_day)
        .group_by(municipalities.c.code, providers.c.agb_code, products.c.code, delivery_totals.c.service_month)
    )
    found: dict[tuple[str, str, str], dict[Month, int]] = defaultdict(dict)
    for municipality, provider, product, first_day, recording in connection.execute(query):
        found[(municipality, provider, product)][Month.of(first_day)] = recording
    return found


def _hash(inputs: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()
