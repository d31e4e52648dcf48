"""The same care twice: rows of one client and product on the same days, under two references.

Two visits on one day are ordinary where their quantities differ. So rows of one day are suspect when their quantity is
the same too. Rows of several days, and of a product that is delivered by the day, are suspect as soon as they overlap.
Municipality, provider and contract do not matter. What was credited or withdrawn is left out.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

_DEBITS = """
    WITH debits AS {once} (
        SELECT municipality_id, provider_id, product_id, client_id, service_start, service_end, quantity, batch,
            row_number, reference, service_end > service_start + 1 OR product_id = ANY (:by_day) AS is_stay
        FROM deliveries
        WHERE service_month = :month AND entry = 'row' AND sign = 1 AND recording <= :cutoff AND {which}
    )"""

# Who has a product that may be there twice: mostly nobody, and then nothing more is asked.
_DOUBTFUL = f"""
    CREATE TEMPORARY TABLE doubtful ON COMMIT DROP AS {_DEBITS}
    SELECT client_id, product_id FROM debits WHERE NOT is_stay
    GROUP BY client_id, product_id, service_start, quantity HAVING count(*) > 1
    UNION
    SELECT client_id, product_id FROM debits
    WHERE (client_id, product_id) IN (SELECT client_id, product_id FROM debits WHERE is_stay)
    GROUP BY client_id, product_id HAVING count(*) > 1
"""

_FOUND = f"""{_DEBITS}, counting AS (
        SELECT d.* FROM debits d JOIN doubtful USING (client_id, product_id)
        WHERE NOT EXISTS (
            SELECT FROM deliveries w WHERE w.service_month = :month AND w.entry = 'withdrawal'
                AND w.recording <= :cutoff AND w.municipality_id = d.municipality_id AND w.batch = d.batch
                AND w.row_number = d.row_number)
            AND NOT EXISTS (
            SELECT FROM deliveries c WHERE c.service_month = :month AND c.sign = -1 AND c.entry = 'row'
                AND c.recording <= :cutoff AND c.municipality_id = d.municipality_id AND c.provider_id = d.provider_id
                AND c.product_id = d.product_id AND c.previous_reference = d.reference
                AND NOT EXISTS (
                    SELECT FROM deliveries w WHERE w.service_month = :month AND w.entry = 'withdrawal'
                        AND w.recording <= :cutoff AND w.municipality_id = c.municipality_id AND w.batch = c.batch
                        AND w.row_number = c.row_number))
    ), beside AS (
        SELECT *, count(*) OVER (PARTITION BY client_id, product_id, service_start, quantity, is_stay) AS same,
            max(service_end) OVER before AS end_before,
            max(service_end) FILTER (WHERE is_stay) OVER before AS stay_before,
            lead(service_start) OVER days AS next_start
        FROM counting
        WINDOW days AS (PARTITION BY client_id, product_id ORDER BY service_start, is_stay DESC, batch, row_number),
            before AS (days ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), suspect AS (
        SELECT municipality_id, provider_id, product_id, client_id, batch, row_number,
            batch = :batch AS is_own
        FROM beside
        WHERE NOT is_stay AND same > 1 OR stay_before > service_start
            OR is_stay AND (end_before > service_start OR next_start < service_end)
    )
"""

# By product: the rows of the file, and the other rows of the same clients.
_OF_A_FILE = f"""{_FOUND}
    SELECT product_id, count(*) FILTER (WHERE is_own) AS rows,
        (array_agg(row_number ORDER BY row_number) FILTER (WHERE is_own))[1:{{most}}] AS first_rows,
        (array_agg(batch ORDER BY batch, row_number) FILTER (WHERE NOT is_own))[1:{{most}}] AS other_batches,
        (array_agg(row_number ORDER BY batch, row_number) FILTER (WHERE NOT is_own))[1:{{most}}] AS other_rows
    FROM suspect
    WHERE (client_id, product_id) IN (SELECT client_id, product_id FROM suspect WHERE is_own)
    GROUP BY product_id ORDER BY product_id
"""

# By slice of deliveries.
_OF_A_MONTH = f"""{_FOUND}
    SELECT municipality_id, provider_id, product_id, count(*) AS rows,
        (array_agg(batch ORDER BY batch, row_number))[1:{{most}}] AS batches,
        (array_agg(row_number ORDER BY batch, row_number))[1:{{most}}] AS first_rows
    FROM suspect GROUP BY municipality_id, provider_id, product_id ORDER BY 1, 2, 3
"""

_MOST = 5
_FEW_CLIENTS = 5_000

SAME_CARE = "bij een cliënt die op deze dagen hetzelfde product al heeft"
SAME_CARE_HINT = "vraag of het andere zorg is; zo niet, laat de dubbele regels crediteren"


@dataclass(frozen=True, slots=True)
class SameCare:
    """Rows of a file that seem to say the same care as another: how many, the first of them, and of other files."""

    product_id: int
    rows: int
    first_rows: tuple[int, ...]
    others: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SameCareInMonth:
    """Deliveries of a slice in a month that seem to say the same care as another: how many, and the first places."""

    municipality_id: int
    provider_id: int
    product_id: int
    rows: int
    places: tuple[tuple[int, int], ...]


def same_care_in_file(
    connection: Connection, recording: int, months: Collection[date], by_day: Collection[int]
) -> list[SameCare]:
    """What of the file that is being imported seems to be there twice, by product, in the order of the file.

    `by_day` are the products that are delivered by the day.
    """
    which = "client_id IN (SELECT client_id FROM staged_clients)"
    few = connection.execute(text(f"SELECT count(*) < {_FEW_CLIENTS} FROM staged_clients")).scalar_one()
    found: dict[int, SameCare] = {}
    for month in months:
        parameters = {"month": month, "cutoff": recording, "batch": recording, "by_day": sorted(by_day)}
        for row in _asked(connection, _OF_A_FILE, which, parameters, is_little=few):
            before = found.get(row.product_id, SameCare(row.product_id, 0, (), ()))
            others = zip(row.other_batches or (), row.other_rows or (), strict=True)
            found[row.product_id] = SameCare(
                row.product_id,
                before.rows + row.rows,
                tuple(sorted((*before.first_rows, *row.first_rows))[:_MOST]),
                tuple(sorted((*before.others, *others))[:_MOST]),
            )
    return sorted(found.values(), key=lambda same: same.first_rows)


def same_care_in_month(
    connection: Connection, month: date, cutoff: int, products: Collection[int], by_day: Collection[int]
) -> list[SameCareInMonth]:
    """What of the deliveries of these products in a month seems to be there twice, as known at a cut-off."""
    which = "product_id = ANY (:products)"
    parameters = {
        "month": month,
        "cutoff": cutoff,
        "batch": 0,
        "by_day": sorted(by_day),
        "products": sorted(products),
    }
    return [
        SameCareInMonth(
            row.municipality_id,
            row.provider_id,
            row.product_id,
            row.rows,
            tuple(zip(row.batches, row.first_rows, strict=True)),
        )
        for row in _asked(connection, _OF_A_MONTH, which, parameters)
    ]


def _asked(
    connection: Connection, query: str, which: str, parameters: dict[str, object], *, is_little: bool = False
) -> list[Any]:
    once = "MATERIALIZED" if is_little else "NOT MATERIALIZED"  # what is little is kept, so that the month is read once
    # A month may have been filled a moment ago and its size is not known yet. A loop over it could take minutes, and
    # sorting all of it to group it takes twice as long as hashing.
    _allow(connection, "off")
    connection.execute(text(_DOUBTFUL.format(which=which, once=once)), parameters)
    rows: list[Any] = []
    if connection.execute(text("SELECT EXISTS (SELECT FROM doubtful)")).scalar_one():
        connection.execute(text("ANALYZE doubtful"))
        rows = list(connection.execute(text(query.format(which=which, once=once, most=_MOST)), parameters).all())
    connection.execute(text("DROP TABLE doubtful"))
    _allow(connection, "on")
    return rows


def _allow(connection: Connection, on_or_off: str) -> None:
    for way in ("nestloop", "sort", "mergejoin", "indexscan"):
        connection.execute(text(f"SET LOCAL enable_{way} = {on_or_off}"))
