"""Deliveries of a run that seem to say the same care as another: they are paid, and somebody should look."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from importers.places import row_places
from importers.same_care import SAME_CARE, SAME_CARE_HINT, SameCareInMonth, same_care_in_month
from kernel.findings import Severity
from kernel.notation import counted, format_number
from kernel.periods import Month
from settlement.findings import DeliveriesFinding
from settlement.terms import Coverage, Terms, coverages
from tariffs.products import delivered_by_day


def same_care(
    connection: Connection, terms: Terms, changed_months: Mapping[int, Collection[Month]]
) -> Mapping[int, list[DeliveriesFinding]]:
    """By contract id a finding for each provider, municipality and product with such deliveries, in `changed_months`.

    The other row may be one of another contract, provider or municipality.
    """
    readers: dict[tuple[int, int, int], list[Coverage]] = defaultdict(list)
    products: dict[Month, set[int]] = defaultdict(set)
    for coverage in coverages(terms):
        for municipality in coverage.municipalities:
            key = (terms.municipalities[municipality].id, terms.providers[coverage.provider].id, coverage.product.id)
            readers[key].append(coverage)
        for month in changed_months.get(coverage.registered.id, ()):
            products[month].add(coverage.product.id)
    by_day = delivered_by_day(terms.products.values())
    found = [
        (month, same)
        for month in sorted(products)
        for same in same_care_in_month(connection, month.first_day, terms.cutoff, products[month], by_day)
    ]
    places = row_places(connection, {place for _, same in found for place in same.places})
    municipalities = {party.id: code for code, party in terms.municipalities.items()}
    findings: dict[int, list[DeliveriesFinding]] = defaultdict(list)
    for month, same in found:
        concerned = {
            coverage.registered.id: coverage
            for coverage in readers.get((same.municipality_id, same.provider_id, same.product_id), ())
            if month in changed_months.get(coverage.registered.id, ())
        }
        for contract, coverage in concerned.items():
            municipality = municipalities[same.municipality_id]
            findings[contract].append(_finding(coverage, municipality, month, same, places))
    return findings


def _finding(
    coverage: Coverage,
    municipality: str,
    month: Month,
    same: SameCareInMonth,
    places: Mapping[tuple[int, int], str],
) -> DeliveriesFinding:
    place = f"product {coverage.product.code}, {municipality}, {month}"
    if coverage.member:
        place = f"aanbieder {coverage.member}, {place}"
    rows = [f"{places[row]} van vastlegging {row[0]}" for row in same.places]
    if (more := same.rows - len(rows)) > 0:
        rows.append(f"en nog {format_number(more)}")
    message = f"{counted(same.rows, 'levering', 'leveringen')} {SAME_CARE}: {', '.join(rows)}"
    return DeliveriesFinding(
        "P06",
        Severity.WARNING,
        place,
        message,
        SAME_CARE_HINT,
        coverage.provider,
        municipality,
        coverage.product.code,
        month,
    )
