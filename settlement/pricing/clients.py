"""What single clients had, priced: for the components that settle on it, in one set-based pass.

Nobody is named: a client is the id of a pseudonym, and what is summed per client goes no further than funding.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, text

from kernel.identifiers import as_shown
from kernel.money import Eur, half_up
from kernel.periods import Month
from settlement.funding.facts import ClientVolume
from settlement.pricing.query import READ, ROW_CENTS, freeze, in_price_list, thaw
from settlement.terms import Coverage, Terms, coverages
from tariffs.units import Rounding, hours_of

# First per service period, so that what was credited counts for no day.
_BY_CLIENT = f"""
SELECT slice, service_month, client_id, assignment, price, sum(rows)::bigint AS rows,
       sum(quantity)::bigint AS quantity, sum(cents)::bigint AS cents,
       min(service_start) FILTER (WHERE rows <> 0) AS service_start,
       max(service_end) FILTER (WHERE rows <> 0) AS service_end,
       min(reference) FILTER (WHERE rows <> 0) AS reference
FROM (
    SELECT slice, c.service_month, client_id, assignment, price, service_start, service_end, sum(sign) AS rows,
           sum(sign * quantity) AS quantity, sum({ROW_CENTS}) AS cents,
           min(reference COLLATE "C") FILTER (WHERE sign > 0) AS reference
    {{read}}
    GROUP BY slice, c.service_month, client_id, assignment, price, service_start, service_end
) AS periods
WHERE price IS NOT NULL
GROUP BY slice, service_month, client_id, assignment, price
HAVING bool_or(rows <> 0)
ORDER BY slice, service_month, client_id, assignment, price
"""


def client_volumes(
    connection: Connection, terms: Terms, months: Mapping[int, Collection[Month]]
) -> Mapping[int, Sequence[ClientVolume]]:
    """By contract id what clients had in `months`, for the components that need it.

    What was credited in full is left out. Of what has no price, or two where a month is rounded whole, `price_months`
    says that the contract cannot be settled.
    """
    found: dict[int, list[ClientVolume]] = defaultdict(list)
    read = [one for one in coverages(terms) if one.component.needs_clients and months.get(one.registered.id)]
    if not read:
        return found
    slices = [(coverage, municipality) for coverage in read for municipality in coverage.municipalities]
    asked = sorted({month for coverage in read for month in months[coverage.registered.id]})
    parameters: dict[str, Any] = {f"month_{place}": month.first_day for place, month in enumerate(asked)}
    rows = READ.format(months=", ".join(f":{name}" for name in parameters), per_client_month="c.per_client_month")
    parameters |= {"cutoff": terms.cutoff, "products": sorted({coverage.product.id for coverage in read})}
    freeze(connection, terms, read, months, {})
    for row in connection.execute(text(_BY_CLIENT.format(read=rows)), parameters):
        coverage, municipality = slices[row.slice]
        found[coverage.registered.id].append(_volume(coverage, municipality, row))
    thaw(connection)
    return found


def _volume(coverage: Coverage, municipality: str, row: Any) -> ClientVolume:
    price, billed, amount = in_price_list(row.price), row.quantity, Eur.of_cents(row.cents)
    if coverage.rule.rounding is Rounding.CLIENT_MONTH:
        billed = hours_of([row.quantity])
        amount = half_up(Fraction(price) * billed)
    return ClientVolume(
        component=coverage.component.key,
        municipality=municipality,
        month=Month.of(row.service_month),
        product=coverage.product.code,
        client=str(row.client_id),
        assignment=row.assignment,
        rule=coverage.rule,
        price=price,
        rows=row.rows,
        quantity=row.quantity,
        billed_quantity=billed,
        amount=amount,
        first_day=row.service_start,
        last_day=row.service_end - timedelta(days=1),
        member=coverage.member,
        reference=as_shown(row.reference or ""),
    )
