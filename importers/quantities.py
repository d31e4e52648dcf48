"""Quantities far above what a provider delivered of a product so far: a slip of the keyboard, or another unit."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

USUAL_FACTOR = 10  # a row may well be a month where others are a day
_ENOUGH_ROWS = 20  # of which fewer say nothing about what is usual
_MOST = 5

# The totals per recording tell what a row holds on average, so that no delivery is read.
_FOUND = f"""
    WITH usual AS (
        SELECT provider_id, product_id, sum(quantity) / sum(rows) AS quantity
        FROM delivery_totals JOIN (
            SELECT DISTINCT provider_id, product_id FROM delivery_totals WHERE recording = :recording
        ) AS sent USING (provider_id, product_id)
        WHERE recording < :recording
        GROUP BY provider_id, product_id HAVING sum(rows) >= {_ENOUGH_ROWS}
    )
    SELECT u.provider_id, u.product_id, round(u.quantity)::bigint AS usual, count(*) AS rows, max(s.quantity) AS most,
        (array_agg(s.row_number ORDER BY s.row_number))[1:{_MOST}] AS first_rows
    FROM staged_rows s JOIN usual u USING (provider_id, product_id)
    WHERE s.sign = 1 AND s.quantity > :factor * u.quantity
        AND NOT EXISTS (SELECT FROM not_new n WHERE n.row_number = s.row_number)
    GROUP BY u.provider_id, u.product_id, u.quantity ORDER BY min(s.row_number)
"""


@dataclass(frozen=True, slots=True)
class Unusual:
    """The rows of a product by one provider that are far above the `usual` quantity of a row; `most` is the largest."""

    provider_id: int
    product_id: int
    usual: int
    rows: int
    most: int
    first_rows: tuple[int, ...]


def unusual_quantities(connection: Connection, recording: int, factor: int) -> list[Unusual]:
    """In the order of the file that is being imported. Without enough earlier rows nothing is unusual."""
    found = connection.execute(text(_FOUND), {"recording": recording, "factor": factor})
    return [
        Unusual(row.provider_id, row.product_id, row.usual, row.rows, row.most, tuple(row.first_rows)) for row in found
    ]
