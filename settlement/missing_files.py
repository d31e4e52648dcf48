"""Providers that sent nothing for a month, while a contract expects deliveries of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, distinct, func, select

from contracts.components.consortium import ConsortiumComponent
from contracts.model import Contract
from contracts.parties import known_parties
from contracts.register import contracts_known
from contracts.tables import municipalities, providers
from database.recordings import latest
from importers.refused_files import nothing_taken_in
from importers.tables import delivery_totals
from kernel.periods import Month, months
from tariffs.tables import products


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A contract and the months of a year without deliveries, the earliest first.

    `last` is the last month with any before the month that was asked for, if there is one. `refused` are the files of
    which nothing was taken in, since the last of which something was: those are received and refused.
    """

    contract: str
    provider: str
    provider_name: str
    months: Sequence[Month]
    last: Month | None
    refused: Sequence[str] = ()


def missing_files(connection: Connection, month: Month) -> list[MissingFile]:
    """Every contract that deliveries are expected for, with the months up to `month` of its year without any accepted.

    Months count from the first that was ever delivered, or from the start of the contract when none was. A contract
    that pays whatever is delivered misses them only once some were. Rows that were withdrawn or credited since were
    sent, so they count here.
    """
    query = (
        select(
            municipalities.c.code,
            providers.c.agb_code,
            products.c.code,
            func.array_agg(distinct(delivery_totals.c.service_month)),
        )
        .join(municipalities, municipalities.c.id == delivery_totals.c.municipality_id)
        .join(providers, providers.c.id == delivery_totals.c.provider_id)
        .join(products, products.c.id == delivery_totals.c.product_id)
        .where(delivery_totals.c.service_month <= month.first_day)
        .group_by(municipalities.c.code, providers.c.agb_code, products.c.code)
    )
    delivered = {(code, agb, product): days for code, agb, product, days in connection.execute(query)}
    refused = nothing_taken_in(connection)
    cutoff = latest(connection)
    names = known_parties(connection, cutoff).providers
    found: list[MissingFile] = []
    for contract in (registered.contract for registered in contracts_known(connection, cutoff)):
        in_force = contract.in_force.period
        pays, read_by_provider = _expected(contract)
        for provider, read in read_by_provider.items():
            sent = {Month.of(day) for key in read for day in delivered.get(key, ())}
            if not sent and not pays:
                continue
            first = max(Month(month.year, 1), min(sent, default=Month.of(in_force.start)), Month.of(in_force.start))
            without = [m for m in months(first, min(month, Month.of(in_force.last_day))) if m not in sent]
            if without:
                last = max((m for m in sent if m < month), default=None)
                found.append(
                    MissingFile(
                        contract.number, provider, names[provider].name, without, last, refused.get(provider, ())
                    )
                )
    return found


def _sends_itself(contract: Contract) -> bool:
    """Whether deliveries come under the code of the contract's provider.

    Not of a main contractor that keeps no part, and of which every member sends its own files.
    """
    members = [m for one in contract.component if isinstance(one, ConsortiumComponent) for m in one.members]
    return not members or any(member.provider == contract.provider or not member.own_code for member in members)


def _expected(contract: Contract) -> tuple[bool, dict[str, list[tuple[str, str, str]]]]:
    """Whether what a contract pays follows from deliveries, and which those are: by provider that sends them, the
    (municipality, provider, product). Where it does not, those that are counted all the same.
    """
    by_deliveries = [one for one in contract.component if one.products_paid or contract.pays_by_deliveries_of(one)]
    found: dict[str, list[tuple[str, str, str]]] = {}
    for component in by_deliveries or contract.component:
        for provider, municipality, product in contract.slices_read_by(component):
            if provider != contract.provider or _sends_itself(contract):
                found.setdefault(provider, []).append((municipality, provider, product))
    return bool(by_deliveries), found
