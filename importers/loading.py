"""What staged rows mean to each other and to all earlier rows, and which deliveries follow from that.

**What counts is a function of the set of rows received, not of their order, as long as it is not posted.**

- A reference under which rows of one month came that differ counts for nothing, from then on.
- A row that differs from one that a posted run counts is rejected: it is not received, and what was paid stays. So is a
  row whose reference has a row of another month, since its sender seems to number again every month. Then the row that
  was received first stays; within a file that of the earliest month. References of a sender that is said to number by
  month (`importers.numbering`) are other references in every month.
- A row that is identical to an earlier one is known.
- A debit counts. A credit counts when its debit counts, is the same in all that was delivered, and was not credited by
  an earlier credit; until its debit, of its own month, is there it waits.

A file that contradicts most of what it repeats is refused before it comes to that (`importers.deliveries`). A refused
file is not received, so of two files that contradict each other wholesale the first one imported counts.

So after every file the credits whose debit, rival or reference was touched are judged anew. What then counts and did
not, is entered; what counted and no longer does, is withdrawn by an entry with the opposite sign. Nothing is changed.

All steps are set-based, on temporary tables of the importing transaction:

    staged_rows       the readable rows of the file, and soon only those that break no row rule
    staged_clients    what the numbers of clients in the file stand for: a pseudonym, and then a client
    staged_kept       what may be a client number in a reference or an assignment, as a pseudonym
    staged            a view: the rows with dates and client. Where the client is not asked for, nothing is joined
    staged_credits    those of them that are credits
    sent              per sender and month: how many rows, and the first and the last of their references
    taken             rows whose reference has another row, which stays
    not_new           rows of staged that do not enter: taken, contradicted, or known
    judged_credits    credits whose state may have changed, with their verdict
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from tempfile import TemporaryFile, gettempdir
from typing import Any, TextIO

from sqlalchemy import Connection, text

from database.whole_file import NO_ROOM
from importers.credit_verdicts import KEY, OF_MONTH, PLACE, SERVICE, of, own_verdicts
from importers.delivery_cells import DAY_0
from importers.delivery_rows import STAGED_COLUMNS, Staged
from importers.rules import OF_OTHER_MONTH, POSTED, ROW_RULES
from kernel.findings import NotNow, Severity, why_not

_COPIED_CHARACTERS = 1 << 20

# Deliveries of a product by a provider in a month: the ids of municipality, provider and product, and the month.
Slice = tuple[int, int, int, date]

# Of slices of deliveries, those that a posted run counted, each with the last cut-off of one.
PostedUntil = Callable[[Connection, Collection[Slice]], Mapping[Slice, int]]


def none_posted(connection: Connection, slices: Collection[Slice]) -> Mapping[Slice, int]:
    """Where nothing is settled."""
    return {}


def stage(connection: Connection, parts: Iterable[Staged], products: Sequence[tuple[Any, ...]]) -> None:
    """Bring the readable rows of a file, some at a time, into the database with COPY. It loads while we read.

    `products` are (product id, valid from, valid until, unit, code) of the catalogue.
    """
    _run(
        connection,
        """
        CREATE TEMPORARY TABLE staged_rows (
            row_number int, reference text, municipality_id int, provider_id int, client int, product_id int,
            law text, start_day int, service_month date, end_day int, quantity bigint, unit text,
            sign smallint, previous_reference text, assignment text, claimed_cents bigint
        ) ON COMMIT DROP""",
        """
        CREATE TEMPORARY TABLE staged_clients (
            client int PRIMARY KEY, pseudonym bytea, client_id bigint
        ) ON COMMIT DROP""",
        "CREATE TEMPORARY TABLE staged_kept (row_number int, place smallint, pseudonym bytea) ON COMMIT DROP",
        f"""
        CREATE TEMPORARY VIEW staged AS
        SELECT row_number, reference, municipality_id, provider_id, client, client_id, product_id, law,
            DATE '{DAY_0}' + start_day AS service_start, service_month, DATE '{DAY_0}' + end_day AS service_end,
            quantity, unit, sign, previous_reference, assignment, claimed_cents
        FROM staged_rows LEFT JOIN staged_clients USING (client)""",
        """
        CREATE TEMPORARY TABLE staged_products (
            product_id int, valid_from date, valid_until date, unit text, code text
        ) ON COMMIT DROP""",
    )
    cursor = connection.connection.cursor()
    with _set_aside() as clients, _set_aside() as kept:
        with cursor.copy(f"COPY staged_rows ({', '.join(STAGED_COLUMNS)}) FROM STDIN") as copy:
            for part in parts:
                copy.write(part.rows)
                clients.write(part.clients)
                kept.write(part.kept)
        for aside, columns in ((clients, "staged_clients (client, pseudonym)"), (kept, "staged_kept")):
            aside.seek(0)
            with cursor.copy(f"COPY {columns} FROM STDIN") as copy:
                while lines := aside.read(_COPIED_CHARACTERS):
                    copy.write(lines)
    with cursor.copy("COPY staged_products FROM STDIN") as copy:
        for product in products:
            copy.write_row(product)
    columns = "municipality_id, provider_id, law, service_month, sign"
    _run(
        connection,
        "SET LOCAL default_statistics_target = 10",  # whether there are few or many is all that plans need
        f"ANALYZE staged_rows ({columns}), staged_clients, staged_kept, staged_products",
    )


@contextmanager
def _set_aside() -> Iterator[TextIO]:
    """A file for what waits its turn: two COPYs cannot run at once. Raises `NotNow` when there is no room for it."""
    hint = "maak ruimte, of noem met TMPDIR een andere map"
    try:
        file = TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 (it is closed below)
    except OSError as error:
        raise NotNow(f"een tijdelijk bestand kan niet geschreven worden: {why_not(error)}", hint) from None
    try:
        with file:
            yield file
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise NotNow(f"er is geen ruimte voor een tijdelijk bestand in {gettempdir()}", hint) from None


def rows_with_client_numbers(connection: Connection) -> list[Any]:
    """The staged rows with the number of a client in a text that is kept, and the first place; they leave `staged`.

    A number counts that is of a client in this file, or in any file before it.
    """
    query = """
        SELECT row_number, min(k.place) AS place, min(s.sign * s.claimed_cents) AS claimed_cents,
            min(s.provider_id) AS provider_id
        FROM (SELECT row_number, place FROM staged_kept JOIN clients USING (pseudonym)
              UNION ALL
              SELECT row_number, place FROM staged_kept JOIN staged_clients USING (pseudonym)) AS k
        JOIN staged_rows s USING (row_number)
        GROUP BY row_number ORDER BY row_number"""
    found = list(connection.execute(text(query)))
    _leave_out(connection, [row.row_number for row in found])
    return found


def _leave_out(connection: Connection, rejected: Sequence[int]) -> None:
    if rejected:
        connection.execute(text("DELETE FROM staged_rows WHERE row_number = ANY(:numbers)"), {"numbers": rejected})


def rows_breaking_rules(connection: Connection) -> list[Any]:
    """The staged rows that break a row rule, each with the codes of the rules; `is_rejected` ones leave `staged`."""
    codes = ", ".join(f"CASE WHEN {rule.condition} THEN '{rule.code}' END" for rule in ROW_RULES)
    any_of = " OR ".join(f"({rule.condition})" for rule in ROW_RULES)
    errors = " OR ".join(f"({rule.condition})" for rule in ROW_RULES if rule.severity is Severity.ERROR)
    joined = """LEFT JOIN staged_products p ON p.product_id = s.product_id
        AND s.service_start >= p.valid_from AND s.service_start < p.valid_until"""
    found = connection.execute(
        text(f"""
        SELECT s.row_number, array_remove(ARRAY[{codes}], NULL) AS codes, coalesce({errors}, false) AS is_rejected,
               s.service_start, s.service_end - 1 AS last_day, s.unit, s.quantity,
               p.unit AS product_unit, s.sign * s.claimed_cents AS claimed_cents, s.provider_id,
               (SELECT min(code) FROM staged_products c WHERE c.product_id = s.product_id) AS product
        FROM staged s {joined} WHERE {any_of} ORDER BY s.row_number""")
    ).all()
    _leave_out(connection, [row.row_number for row in found if row.is_rejected])
    return list(found)


def add_clients(connection: Connection) -> None:
    """Enter the clients that are new, and make `staged` know all of them. Those of refused rows are no clients."""
    _run(
        connection,
        "DELETE FROM staged_clients s WHERE NOT EXISTS (SELECT FROM staged_rows r WHERE r.client = s.client)",
        """
        INSERT INTO clients (pseudonym) SELECT DISTINCT pseudonym FROM staged_clients ORDER BY pseudonym
        ON CONFLICT DO NOTHING""",
        "UPDATE staged_clients s SET client_id = c.id FROM clients c WHERE c.pseudonym = s.pseudonym",
        "CREATE TEMPORARY TABLE staged_credits ON COMMIT DROP AS SELECT * FROM staged WHERE sign = -1",
        """
        CREATE TEMPORARY TABLE sent ON COMMIT DROP AS
        SELECT municipality_id, provider_id, law, service_month, count(*) AS rows,
            min(reference) AS first_reference, max(reference) AS last_reference
        FROM staged GROUP BY municipality_id, provider_id, law, service_month
        """,
        "ANALYZE staged_clients, staged_credits, sent",
    )


def sort_out(
    connection: Connection,
    recording: int,
    months: Sequence[date],
    per_month: Collection[int],
    posted_until: PostedUntil,
) -> None:
    """Receive the rows of which nothing came before, as of `recording`, and sort out the others.

    Makes `not_new`: the rows whose reference is contradicted, known, or taken by a row that stays; and
    `contradicted_keys`. A reference that is contradicted within its first file is received too, so that it stays known
    as such. `per_month` are the providers that number again every month: theirs are looked up within the month only.
    """
    numbering = {"per_month": sorted(per_month)}
    _run(
        connection,
        # References that stand more than once in the file: few, so that only these are compared among themselves.
        f"""
        CREATE TEMPORARY TABLE repeated ON COMMIT DROP AS
        SELECT k.*, min(k.row_number) OVER (PARTITION BY {OF_MONTH}) AS first_row,
            first_value(k.row_number) OVER key AS first_of_all, first_value(k.service_month) OVER key AS first_month,
            min(k.row_number) OVER key <> max(k.row_number) OVER key AS is_repeated
        FROM staged k JOIN (
            SELECT hashtextextended(reference, 0) AS hash FROM staged GROUP BY 1 HAVING count(*) > 1
        ) r ON r.hash = hashtextextended(k.reference, 0)
        WINDOW key AS (PARTITION BY {KEY} ORDER BY k.service_month, k.row_number
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
        """,
        "DELETE FROM repeated WHERE NOT is_repeated",
        # New references mostly lie beyond all that a provider sent before: then no row has to be looked up.
        """
        CREATE TEMPORARY TABLE overlapping ON COMMIT DROP AS
        SELECT municipality_id, provider_id, law, month
        FROM (SELECT municipality_id, provider_id, law, min(first_reference) AS first, max(last_reference) AS last
              FROM sent GROUP BY municipality_id, provider_id, law) AS senders
        CROSS JOIN (SELECT to_date(right(relid::text, 7), 'YYYY_MM') AS month
                    FROM pg_partition_tree('received_references') WHERE isleaf) AS received
        CROSS JOIN LATERAL (
            SELECT FROM received_references r WHERE r.municipality_id = senders.municipality_id
                AND r.provider_id = senders.provider_id AND r.law = senders.law AND r.service_month = received.month
                AND r.reference BETWEEN senders.first AND senders.last LIMIT 1) AS any_row
        WHERE provider_id <> ALL (CAST(:per_month AS int[]))
            OR (municipality_id, provider_id, law, month) IN (
                SELECT municipality_id, provider_id, law, service_month FROM sent)
        """,
        "ANALYZE overlapping",
        """
        CREATE TEMPORARY TABLE received_before (
            row_number int, municipality_id int, provider_id int, law text, reference text, service_month date,
            other_batch bigint, other_row int, other_month date, same boolean, is_posted boolean DEFAULT false
        ) ON COMMIT DROP""",
        parameters=numbering,
    )
    # What was received and is not contradicted is in full among the deliveries, or among the credits.
    for month in connection.execute(text("SELECT DISTINCT month FROM overlapping ORDER BY 1")).scalars().all():
        connection.execute(
            text(f"""
            INSERT INTO received_before
            SELECT k.row_number, {of("k", OF_MONTH)}, r.batch, r.row_number, r.service_month,
                   k.previous_reference IS NOT DISTINCT FROM r.previous_reference AND CASE
                       WHEN k.sign = 1 THEN ({of("d", SERVICE)}) = ({of("k", SERVICE)})
                           AND d.claimed_cents IS NOT DISTINCT FROM k.claimed_cents
                       ELSE EXISTS (
                           SELECT FROM credits c
                           WHERE ({of("c", KEY)}) = ({of("k", KEY)}) AND ({of("c", SERVICE)}) = ({of("k", SERVICE)})
                               AND c.claimed_cents IS NOT DISTINCT FROM k.claimed_cents)
                       END IS TRUE
            FROM staged k JOIN received_references r ON r.service_month = :month AND ({of("r", KEY)}) = ({of("k", KEY)})
            LEFT JOIN deliveries d ON ({of("d", PLACE)}) = ({of("r", PLACE)}) AND d.service_month = :month
                AND d.entry = 'row' AND d.sign = 1
            WHERE (k.municipality_id, k.provider_id, k.law) IN (
                SELECT municipality_id, provider_id, law FROM overlapping WHERE month = :month)
                AND (k.service_month = :month OR k.provider_id <> ALL (CAST(:per_month AS int[])))"""),
            {"month": month, **numbering},
        )
    _run(
        connection,
        # A sender may have numbered by month before: then what came in the month of the row is what it repeats.
        """
        DELETE FROM received_before b WHERE other_month <> service_month AND EXISTS (
            SELECT FROM received_before o WHERE o.row_number = b.row_number
                AND (o.other_month = o.service_month OR o.other_month < b.other_month))
        """,
        "ANALYZE received_before",  # mostly empty, as the next are: then what joins them reads nothing twice
    )
    _mark_posted(connection, posted_until)
    _run(
        connection,
        # In one file the row of the earliest month has the reference, unless it was received before.
        f"""
        CREATE TEMPORARY TABLE taken ON COMMIT DROP AS
        SELECT row_number, '{OF_OTHER_MONTH.code}' AS code, other_batch, other_row, other_month
        FROM received_before WHERE other_month <> service_month
        UNION ALL
        SELECT row_number, '{POSTED.code}', other_batch, other_row, other_month
        FROM received_before WHERE is_posted
        UNION ALL
        SELECT row_number, '{OF_OTHER_MONTH.code}', NULL, first_of_all, first_month
        FROM repeated r WHERE service_month <> first_month AND provider_id <> ALL (CAST(:per_month AS int[]))
            AND NOT EXISTS (SELECT FROM received_before b WHERE b.row_number = r.row_number)
        """,
        f"""
        CREATE TEMPORARY TABLE contradicted_keys ON COMMIT DROP AS
        SELECT {OF_MONTH} FROM received_before WHERE NOT same AND NOT is_posted AND other_month = service_month
        UNION
        SELECT {OF_MONTH} FROM repeated r JOIN repeated f USING ({OF_MONTH})
        WHERE f.row_number = f.first_row AND ({of("f", SERVICE)}, f.claimed_cents, f.previous_reference)
            IS DISTINCT FROM ({of("r", SERVICE)}, r.claimed_cents, r.previous_reference)
            AND NOT EXISTS (SELECT FROM taken t WHERE t.row_number IN (f.row_number, r.row_number))
        UNION
        SELECT {OF_MONTH} FROM staged JOIN contradicted_references USING ({OF_MONTH})
        """,
        "ANALYZE taken, contradicted_keys",
        parameters=numbering,
    )
    enters = """row_number NOT IN (SELECT row_number FROM repeated WHERE row_number <> first_row)
        AND row_number NOT IN (SELECT row_number FROM received_before)
        AND row_number NOT IN (SELECT row_number FROM taken)"""
    for month in months:
        with _partition(connection, "received_references", month) as partition:
            connection.execute(
                text(f"""
                INSERT INTO {partition} ({KEY}, previous_reference, service_month, batch, row_number)
                SELECT {KEY}, previous_reference, service_month, :recording, row_number
                FROM staged WHERE service_month = :month AND {enters}"""),
                {"recording": recording, "month": month},
            )
    _run(
        connection,
        f"""
        CREATE TEMPORARY TABLE not_new ON COMMIT DROP AS
        SELECT row_number, code, other_batch, other_row, other_month FROM taken
        UNION ALL
        SELECT k.row_number, 'D31', NULL, NULL, NULL
        FROM staged k JOIN contradicted_keys USING ({OF_MONTH})
        WHERE NOT EXISTS (SELECT FROM taken t WHERE t.row_number = k.row_number)
        UNION ALL
        SELECT b.row_number, 'D32', b.other_batch, b.other_row, NULL
        FROM received_before b
        WHERE NOT EXISTS (SELECT FROM contradicted_keys c WHERE ({of("c", OF_MONTH)}) = ({of("b", OF_MONTH)}))
            AND NOT EXISTS (SELECT FROM taken t WHERE t.row_number = b.row_number)
        UNION ALL
        SELECT r.row_number, 'D32', NULL, r.first_row, NULL
        FROM repeated r
        WHERE r.row_number <> r.first_row
            AND NOT EXISTS (SELECT FROM contradicted_keys c WHERE ({of("c", OF_MONTH)}) = ({of("r", OF_MONTH)}))
            AND NOT EXISTS (SELECT FROM received_before b WHERE b.row_number = r.row_number)
            AND NOT EXISTS (SELECT FROM taken t WHERE t.row_number = r.row_number)
        """,
        "ANALYZE not_new",
    )


def _mark_posted(connection: Connection, posted_until: PostedUntil) -> None:
    """Mark in `received_before` the rows of the same month that differ from one that a posted run counts."""
    counted = f"""received_before b JOIN deliveries d ON ({of("d", PLACE)}) =
        (b.municipality_id, b.other_month, b.other_batch, b.other_row)
        WHERE NOT b.same AND b.other_month = b.service_month"""
    slices = "d.municipality_id, d.provider_id, d.product_id, d.service_month"
    found = connection.execute(text(f"SELECT DISTINCT {slices} FROM {counted}")).all()
    posted = posted_until(connection, [(*row,) for row in found]) if found else {}
    for (municipality, provider, product, month), cutoff in posted.items():
        connection.execute(
            text(f"""
            UPDATE received_before SET is_posted = true WHERE row_number IN (
                SELECT b.row_number FROM {counted} AND ({slices}) = (:municipality, :provider, :product, :month)
                    AND d.recording <= :cutoff
                GROUP BY b.row_number HAVING sum(d.sign) <> 0)"""),
            {
                "municipality": municipality,
                "provider": provider,
                "product": product,
                "month": month,
                "cutoff": cutoff,
            },
        )


def enter(connection: Connection, recording: int, months: Sequence[date]) -> int:
    """Enter the new rows, and enter or withdraw what follows from them, all known from `recording`.

    Returns how many rows of the file were accepted: the new debits, and the new credits that count.
    """
    parameters = {"recording": recording}
    new = "NOT EXISTS (SELECT FROM not_new n WHERE n.row_number = k.row_number)"
    if connection.execute(text("SELECT NOT EXISTS (SELECT FROM not_new)")).scalar_one():
        new = "true"  # asking for every row takes a sixth of the time
    _run(
        connection,
        f"""
        INSERT INTO credits ({KEY}, previous_reference, service_month, batch, row_number, product_id, client_id,
            assignment, service_start, service_end, quantity, claimed_cents)
        SELECT {KEY}, previous_reference, service_month, :recording, row_number, product_id, client_id,
            assignment, service_start, service_end, quantity, claimed_cents
        FROM staged_credits k WHERE {new}
        """,
        f"""
        CREATE TEMPORARY TABLE newly_contradicted ON COMMIT DROP AS
        SELECT {OF_MONTH} FROM contradicted_keys EXCEPT SELECT {OF_MONTH} FROM contradicted_references
        """,
        f"""
        INSERT INTO contradicted_references ({OF_MONTH}, recording)
        SELECT {OF_MONTH}, :recording FROM newly_contradicted
        """,
        parameters=parameters,
    )
    debits = 0
    for month in months:
        with _partition(connection, "deliveries", month) as partition:
            debits += connection.execute(
                text(f"""
                INSERT INTO {partition} (municipality_id, service_month, batch, row_number, entry, recording, sign,
                    provider_id, product_id, client_id, assignment, service_start, service_end, quantity, claimed_cents,
                    reference)
                SELECT municipality_id, service_month, :recording, row_number, 'row', :recording, 1,
                    provider_id, product_id, client_id, assignment, service_start, service_end, quantity, claimed_cents,
                    reference
                FROM staged k WHERE k.sign = 1 AND k.service_month = :month AND {new}"""),
                {**parameters, "month": month},
            ).rowcount
    _judge_credits(connection, new)
    _run(
        connection,
        f"""
        CREATE TEMPORARY TABLE entries ON COMMIT DROP AS
        SELECT municipality_id, service_month, batch, row_number, 'row' AS entry, -1 AS sign, provider_id, product_id,
            client_id, assignment, service_start, service_end, quantity, claimed_cents, reference, previous_reference
        FROM judged_credits WHERE verdict IS NULL AND NOT counts_now
        UNION ALL
        SELECT municipality_id, service_month, batch, row_number, 'withdrawal', 1, provider_id, product_id,
            client_id, assignment, service_start, service_end, quantity, claimed_cents, reference, previous_reference
        FROM judged_credits WHERE verdict IS NOT NULL AND counts_now
        UNION ALL
        SELECT d.municipality_id, d.service_month, d.batch, d.row_number, 'withdrawal', -1, d.provider_id, d.product_id,
            d.client_id, d.assignment, d.service_start, d.service_end, d.quantity, d.claimed_cents, d.reference, NULL
        FROM newly_contradicted JOIN received_references r USING ({OF_MONTH})
        JOIN deliveries d ON d.municipality_id = r.municipality_id AND d.service_month = r.service_month
            AND d.batch = r.batch AND d.row_number = r.row_number AND d.entry = 'row'
        WHERE r.previous_reference IS NULL
        """,
        """
        INSERT INTO deliveries (municipality_id, service_month, batch, row_number, entry, recording, sign, provider_id,
            product_id, client_id, assignment, service_start, service_end, quantity, claimed_cents, reference,
            previous_reference)
        SELECT municipality_id, service_month, batch, row_number, entry, :recording, sign, provider_id,
            product_id, client_id, assignment, service_start, service_end, quantity, claimed_cents, reference,
            previous_reference
        FROM entries
        """,
        f"""
        INSERT INTO delivery_totals (municipality_id, provider_id, product_id, service_month, recording, rows, quantity,
            first_start, last_start)
        SELECT municipality_id, provider_id, product_id, service_month, :recording, sum(sign), sum(sign * quantity),
            min(service_start), max(service_start)
        FROM (
            SELECT municipality_id, provider_id, product_id, service_month, sign, quantity, service_start FROM entries
            UNION ALL
            SELECT municipality_id, provider_id, product_id, service_month, sign, quantity, service_start
            FROM staged k WHERE k.sign = 1 AND {new}
        ) AS added
        GROUP BY municipality_id, provider_id, product_id, service_month
        """,
        parameters=parameters,
    )
    own_credits = "SELECT count(*) FROM entries WHERE entry = 'row' AND batch = :recording"
    return debits + int(connection.execute(text(own_credits), parameters).scalar_one())


def _judge_credits(connection: Connection, new: str) -> None:
    """Make `judged_credits`: every credit whose debit, rival or own reference was touched by this file."""
    previous = "municipality_id, provider_id, law, previous_reference, service_month"
    _run(
        connection,
        f"""
        CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
        SELECT {previous} FROM staged_credits
        UNION
        SELECT {previous} FROM credits c
        WHERE EXISTS (SELECT FROM staged k WHERE k.sign = 1 AND {new}
            AND ({of("k", OF_MONTH)}) = ({of("c", previous)}))
        UNION
        SELECT {OF_MONTH} FROM newly_contradicted
        UNION
        SELECT {previous} FROM credits JOIN newly_contradicted USING ({OF_MONTH})
        """,
        f"""
        CREATE TEMPORARY TABLE judged_credits ON COMMIT DROP AS
        WITH ranked AS ({own_verdicts(f"JOIN touched USING ({previous})")})
        SELECT *, CASE WHEN own_verdict IS NULL AND row_number() OVER (
                           PARTITION BY {previous}, own_verdict IS NULL ORDER BY batch, row_number) > 1
                       THEN 'D37' ELSE own_verdict END AS verdict,
               0 <> coalesce((SELECT sum(d.sign) FROM deliveries d
                   WHERE d.municipality_id = ranked.municipality_id AND d.service_month = ranked.service_month
                       AND d.batch = ranked.batch AND d.row_number = ranked.row_number), 0) AS counts_now
        FROM ranked
        """,
    )


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What became of a row because of other rows.

    `other_batch` and `other_row` are where the other one stands; `other_month` its month, where that is another. Of a
    known row the provider is not asked.
    """

    row_number: int
    code: str
    reference: str
    previous_reference: str | None
    other_batch: int | None
    other_row: int | None
    other_month: date | None
    claimed_cents: int | None
    provider: str | None


def verdicts(connection: Connection) -> list[RowVerdict]:
    """Every row of the file that was valid and yet does not count, in the order of the file."""
    rows = connection.execute(
        text(f"""
        SELECT k.row_number, coalesce(j.verdict, n.code) AS code, k.reference, k.previous_reference,
               n.other_batch, n.other_row, n.other_month, k.sign * k.claimed_cents AS claimed_cents,
               CASE WHEN n.code IS DISTINCT FROM 'D32' THEN
                   (SELECT agb_code FROM providers WHERE id = k.provider_id) END AS provider
        FROM (
            SELECT * FROM staged_credits
            UNION ALL
            SELECT s.* FROM staged s JOIN not_new USING (row_number) WHERE s.sign = 1
        ) AS k
        LEFT JOIN not_new n ON n.row_number = k.row_number
        LEFT JOIN judged_credits j ON k.sign = -1 AND ({of("j", OF_MONTH)}) = ({of("k", OF_MONTH)})
            AND (n.code IS NULL OR (n.code = 'D32' AND j.verdict IN ('D35', 'D36', 'D37')))
        WHERE coalesce(j.verdict, n.code) IS NOT NULL
        ORDER BY k.row_number"""),
    )
    return [RowVerdict(*row) for row in rows]


def settled_waiting(connection: Connection, recording: int) -> int:
    """How many credits of earlier files waited and count now."""
    query = "SELECT count(*) FROM entries WHERE entry = 'row' AND batch <> :recording"
    count: int = connection.execute(text(query), {"recording": recording}).scalar_one()
    return count


def withdrawn(connection: Connection) -> list[str]:
    """The references of rows that counted and no longer do."""
    return list(
        connection.execute(text("SELECT reference FROM entries WHERE entry = 'withdrawal' ORDER BY 1")).scalars()
    )


def count_new(connection: Connection) -> int:
    """How many rows of the file were never received before."""
    query = "SELECT coalesce(sum(rows), 0)::bigint - (SELECT count(*) FROM not_new) FROM sent"
    count: int = connection.execute(text(query)).scalar_one()
    return count


@dataclass(frozen=True, slots=True)
class Contradictions:
    """How many rows of a file have a reference that came before, or of an earlier month in the file.

    `differ` of them say something else; `of_other_months` of these are about another month.
    """

    received: int
    differ: int
    of_other_months: int


def contradictions(connection: Connection) -> Contradictions:
    """What was contradicted before is not counted."""
    query = f"""
        SELECT count(*) AS received, count(*) FILTER (WHERE NOT same) AS differ,
            count(*) FILTER (WHERE other_month <> service_month) AS of_other_months
        FROM received_before b
        WHERE NOT EXISTS (SELECT FROM contradicted_references c
            WHERE ({of("c", OF_MONTH)}) = ({of("b", KEY)}, b.other_month))
    """
    row = connection.execute(text(query)).one()
    in_file: int = connection.execute(
        text(f"SELECT count(*) FROM taken WHERE code = '{OF_OTHER_MONTH.code}' AND other_batch IS NULL")
    ).scalar_one()
    return Contradictions(row.received + in_file, row.differ + in_file, row.of_other_months + in_file)


def any_newly_contradicted(connection: Connection) -> bool:
    """Whether the file contradicts a reference that was not contradicted before."""
    query = f"""
        SELECT EXISTS (SELECT {OF_MONTH} FROM contradicted_keys EXCEPT SELECT {OF_MONTH} FROM contradicted_references)
    """
    found: bool = connection.execute(text(query)).scalar_one()
    return found


def ensure_partitions(connection: Connection, month: date) -> None:
    """Make the partitions of a service month that are not there yet. Only called under the lock of the recordings."""
    for table in ("received_references", "deliveries"):
        with _partition(connection, table, month):
            pass


def providers_of(connection: Connection) -> set[int]:
    """The providers of the readable rows."""
    return set(connection.execute(text("SELECT DISTINCT provider_id FROM sent")).scalars())


def months_of_service(connection: Connection) -> Sequence[date]:
    """The first days of the months of service in the file."""
    return connection.execute(text("SELECT DISTINCT service_month FROM sent ORDER BY 1")).scalars().all()


@contextmanager
def _partition(connection: Connection, table: str, month: date) -> Iterator[str]:
    """The partition of a service month, to fill. One that is not there yet is made aside and attached after it was
    filled: readers of other months do not wait, and its key is made at once, which takes a quarter of the time.
    """
    name = f"{table}_{month:%Y_%m}"
    if connection.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar_one() is not None:
        yield name
        return
    _run(connection, f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL EXCLUDING INDEXES)")
    yield name
    until = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    _run(
        connection,
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{month}') TO ('{until}')",
        f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )


def _run(connection: Connection, *statements: str, parameters: dict[str, Any] | None = None) -> None:
    for statement in statements:
        connection.execute(text(statement), parameters or {})
