"""Providers that sent nothing for a month, while a contract pays them for what they deliver."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from contracts.components.effort import EffortComponent
from contracts.parties import known_parties
from contracts.register import contracts_known
from contracts.tables import municipalities, providers
from database.recordings import latest
from importers.tables import delivery_totals
from kernel.periods import Month, Period
from tariffs.tables import products


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A contract without deliveries for a month. `last` is the last month before it with any, if there is one."""

    contract: str
    provider: str
    provider_name: str
    last: Month | None


def missing_files(connection: Connection, month: Month) -> list[MissingFile]:
    """Every contract in force that pays by effort and for whose products nothing was accepted over `month`.

    Rows that were withdrawn or credited since were sent, so they count here.
    """
    months = (
        select(
            municipalities.c.code,
            providers.c.agb_code,
            products.c.code,
            func.bool_or(delivery_totals.c.service_month == month.first_day),
            func.max(delivery_totals.c.service_month).filter(delivery_totals.c.service_month < month.first_day),
        )
        .join(municipalities, municipalities.c.id == delivery_totals.c.municipality_id)
        .join(providers, providers.c.id == delivery_totals.c.provider_id)
        .join(products, products.c.id == delivery_totals.c.product_id)
        .group_by(municipalities.c.code, providers.c.agb_code, products.c.code)
    )
    delivered = {(code, agb, product): (sent, last) for code, agb, product, sent, last in connection.execute(months)}
    cutoff = latest(connection)
    names = known_parties(connection, cutoff).providers
    missing: list[MissingFile] = []
    for contract in (registered.contract for registered in contracts_known(connection, cutoff)):
        if not contract.in_force.period.overlaps(Period(month.first_day, month.end)):
            continue
        read = [
            (municipality, contract.provider, product)
            for component in contract.component
            if isinstance(component, EffortComponent)
            for municipality, product in contract.deliveries_read_by(component)
        ]
        found = [delivered[key] for key in read if key in delivered]
        if read and not any(sent for sent, _ in found):
            last = max((last for _, last in found if last), default=None)
            name = names[contract.provider].name
            missing.append(MissingFile(contract.number, contract.provider, name, Month.of(last) if last else None))
    return missing
