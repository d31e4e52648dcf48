"""Which deliveries are counted in a posted run, for who takes in rows that contradict them."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, func, select

from contracts.parties import known_parties
from contracts.register import contracts_known
from database.recordings import latest
from importers.loading import Slice
from kernel.periods import Month, Period
from settlement.tables import run_contracts, runs
from tariffs.products import catalogue


def posted_until(connection: Connection, slices: Collection[Slice]) -> Mapping[Slice, int]:
    """Of slices of deliveries those that posted runs counted, each with the last cut-off of such a run.

    A run that is approved may still be discarded, so it does not count.
    """
    cutoff = latest(connection)
    parties = known_parties(connection, cutoff)
    municipalities = {code: party.id for code, party in parties.municipalities.items()}
    providers = {code: party.id for code, party in parties.providers.items()}
    products = {code: product.id for code, product in catalogue(connection, cutoff).items()}
    posted = _posted(connection)
    readers: dict[tuple[int, int, int], list[tuple[int, Period]]] = defaultdict(list)
    for registered in contracts_known(connection, cutoff):
        in_force = registered.contract.in_force.period
        for component in registered.contract.component if registered.id in posted else ():
            for provider, municipality, product in registered.contract.slices_read_by(component):
                key = (municipalities[municipality], providers[provider], products[product])
                readers[key].append((registered.id, in_force))
    found: dict[Slice, int] = {}
    for slice_ in slices:
        month = Month.of(slice_[3])
        cutoffs = [
            until
            for contract, in_force in readers.get(slice_[:3], ())
            if in_force.overlaps(Period(month.first_day, month.end))
            for period, until in posted[contract]
            if month <= period
        ]
        if cutoffs:
            found[slice_] = max(cutoffs)
    return found


def _posted(connection: Connection) -> dict[int, list[tuple[Month, int]]]:
    """By contract, each month up to which it was settled in a posted run, with the last cut-off of those."""
    query = (
        select(run_contracts.c.contract_id, runs.c.period, func.max(runs.c.cutoff))
        .join(runs, runs.c.id == run_contracts.c.run_id)
        .where(runs.c.state == "posted", ~run_contracts.c.parked)
        .group_by(run_contracts.c.contract_id, runs.c.period)
    )
    found: dict[int, list[tuple[Month, int]]] = defaultdict(list)
    for contract, period, cutoff in connection.execute(query):
        found[contract].append((Month.of(period), cutoff))
    return found
