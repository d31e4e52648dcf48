"""Deliveries that no contract covers: accepted, paid by nobody, and named by every run until it is repaired."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from contracts.register import contracts_known
from contracts.tables import municipalities, providers
from importers.tables import deliveries, delivery_totals
from kernel.findings import Severity
from kernel.notation import counted
from kernel.periods import Month, Period
from settlement.findings import DeliveriesFinding
from settlement.terms import days_covered
from tariffs.products import catalogue
from tariffs.tables import products


def outside_contracts(
    connection: Connection, period: Month, cutoff: int, agb_codes: Sequence[str] = ()
) -> list[DeliveriesFinding]:
    """A finding for every provider, municipality, product and month with deliveries up to `period` outside a contract.

    A contract covers a delivery when it is in force and the catalogue has the product, both on its first day.
    `agb_codes` limits the search to those providers. The totals per recording tell where to look; only there are rows
    counted one by one.
    """
    catalogued = catalogue(connection, cutoff)
    covered: dict[tuple[str, str, str], list[Period]] = defaultdict(list)
    for registered in contracts_known(connection, cutoff):
        contract = registered.contract
        for component in contract.component:
            for provider, municipality, product in contract.slices_read_by(component):
                days = days_covered(contract.in_force.period, catalogued[product])
                covered[(municipality, provider, product)] += days
    totals = (
        select(
            municipalities.c.code.label("municipality"),
            providers.c.agb_code.label("provider"),
            products.c.code.label("product"),
            delivery_totals.c.municipality_id,
            delivery_totals.c.provider_id,
            delivery_totals.c.product_id,
            delivery_totals.c.service_month,
            func.min(delivery_totals.c.first_start).label("first_start"),
            func.max(delivery_totals.c.last_start).label("last_start"),
        )
        .join(municipalities, municipalities.c.id == delivery_totals.c.municipality_id)
        .join(providers, providers.c.id == delivery_totals.c.provider_id)
        .join(products, products.c.id == delivery_totals.c.product_id)
        .where(delivery_totals.c.recording <= cutoff, delivery_totals.c.service_month <= period.first_day)
        .group_by(
            municipalities.c.code, providers.c.agb_code, products.c.code,
            delivery_totals.c.municipality_id, delivery_totals.c.provider_id, delivery_totals.c.product_id,
            delivery_totals.c.service_month,
        )
        .order_by(providers.c.agb_code, municipalities.c.code, products.c.code, delivery_totals.c.service_month)
    )  # fmt: skip
    if agb_codes:
        totals = totals.where(providers.c.agb_code.in_(agb_codes))
    findings = []
    for row in connection.execute(totals):
        periods = covered[(row.municipality, row.provider, row.product)]
        if any(row.first_start in period and row.last_start in period for period in periods):
            continue
        in_slice = select(func.coalesce(func.sum(deliveries.c.sign), 0)).where(
            deliveries.c.municipality_id == row.municipality_id,
            deliveries.c.provider_id == row.provider_id,
            deliveries.c.product_id == row.product_id,
            deliveries.c.service_month == row.service_month,
            deliveries.c.recording <= cutoff,
        )
        for covered_period in periods:
            in_slice = in_slice.where(
                (deliveries.c.service_start < covered_period.start) | (deliveries.c.service_start >= covered_period.end)
            )
        rows = connection.execute(in_slice).scalar_one()
        if rows:
            month = Month.of(row.service_month)
            deliveries_left = counted(rows, "levering", "leveringen")
            findings.append(
                DeliveriesFinding(
                    "P05",
                    Severity.ERROR,
                    f"aanbieder {row.provider}, {row.municipality}, product {row.product}, {month}",
                    f"buiten elk contract, dus niet betaald: {deliveries_left}",
                    "leg het contract of het product op deze dagen vast, of laat de aanbieder de leveringen crediteren",
                    provider=row.provider,
                    municipality=row.municipality,
                    product=row.product,
                    month=month,
                )
            )
    return findings
