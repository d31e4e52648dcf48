"""What staged rows mean to each other and to all earlier rows, and which deliveries follow from that.

**What counts is a function of the set of valid rows ever received, not of their order.**

- A reference under which rows came that differ counts for nothing, from then on.
- A row that is identical to an earlier one is known.
- A debit counts. A credit counts when its debit counts, is the same in all that was delivered, and was not credited by
  an earlier credit; until its debit is there it waits.

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
    not_new           rows of staged that do not enter: contradicted, or known
    judged_credits    credits whose state may have changed, with their verdict
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from tempfile import TemporaryFile, gettempdir
from typing import Any, TextIO

from sqlalchemy import Connection, text

from database.whole_file import NO_ROOM
from importers.credit_verdicts import KEY, PLACE, SERVICE, of, own_verdicts
from importers.delivery_cells import DAY_0
from importers.delivery_rows import STAGED_COLUMNS, Staged
from importers.rules import ROW_RULES
from kernel.findings import Refusal, Severity, why_not

_COPIED_CHARACTERS = 1 << 20


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
    """A file for what waits its turn: two COPYs cannot run at once. Raises `Refusal` when there is no room for it."""
    hint = "maak ruimte, of noem met TMPDIR een andere map"
    try:
        file = TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 (it is closed below)
    except OSError as error:
        raise Refusal(f"een tijdelijk bestand kan niet geschreven worden: {why_not(error)}", hint) from None
    try:
        with file:
            yield file
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise Refusal(f"er is geen ruimte voor een tijdelijk bestand in {gettempdir()}", hint) from None


def rows_with_client_numbers(connection: Connection) -> list[Any]:
    """The staged rows with the number of a client in a text that is kept, and the first place; they leave `staged`.

    A number counts that is of a client in this file, or in any file before it.
    """
    query = """
        SELECT row_number, min(k.place) AS place, min(s.sign * s.claimed_cents) AS claimed_cents
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
               p.unit AS product_unit, s.sign * s.claimed_cents AS claimed_cents,
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


def sort_out(connection: Connection, recording: int, months: Sequence[date]) -> None:
    """Receive the rows of which nothing came before, as of `recording`, and sort out the others.

    Makes `not_new`: the rows whose reference is contradicted or known, and `contradicted_keys`. A reference that is
    contradicted within its first file is received too, so that it stays known as such.
    """
    _run(
        connection,
        # References that stand more than once in the file: few, so that only these are compared among themselves.
        f"""
        CREATE TEMPORARY TABLE repeated ON COMMIT DROP AS
        SELECT k.*, min(k.row_number) OVER key AS first_row, count(*) OVER key AS times
        FROM staged k JOIN (
            SELECT hashtextextended(reference, 0) AS hash FROM staged GROUP BY 1 HAVING count(*) > 1
        ) r ON r.hash = hashtextextended(k.reference, 0)
        WINDOW key AS (PARTITION BY {KEY})
        """,
        "DELETE FROM repeated WHERE times = 1",
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
        """,
        "ANALYZE overlapping",
        """
        CREATE TEMPORARY TABLE received_before (
            row_number int, municipality_id int, provider_id int, law text, reference text, other_batch bigint,
            other_row int, same boolean
        ) ON COMMIT DROP""",
    )
    # What was received and is not contradicted is in full among the deliveries, or among the credits.
    for month in connection.execute(text("SELECT DISTINCT month FROM overlapping ORDER BY 1")).scalars().all():
        connection.execute(
            text(f"""
            INSERT INTO received_before
            SELECT k.row_number, {of("k", KEY)}, r.batch, r.row_number,
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
                SELECT municipality_id, provider_id, law FROM overlapping WHERE month = :month)"""),
            {"month": month},
        )
    _run(
        connection,
        f"""
        CREATE TEMPORARY TABLE contradicted_keys ON COMMIT DROP AS
        SELECT {KEY} FROM received_before WHERE NOT same
        UNION
        SELECT {KEY} FROM repeated r JOIN repeated f USING ({KEY})
        WHERE f.row_number = f.first_row AND ({of("f", SERVICE)}, f.claimed_cents, f.previous_reference)
            IS DISTINCT FROM ({of("r", SERVICE)}, r.claimed_cents, r.previous_reference)
        UNION
        SELECT {KEY} FROM staged JOIN contradicted_references USING ({KEY})
        """,
        "ANALYZE contradicted_keys, received_before",  # mostly empty: then what joins them reads nothing twice
    )
    enters = """row_number NOT IN (SELECT row_number FROM repeated WHERE row_number <> first_row)
        AND row_number NOT IN (SELECT row_number FROM received_before)"""
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
        SELECT k.row_number, 'D31' AS code, NULL::bigint AS other_batch, NULL::int AS other_row
        FROM staged k JOIN contradicted_keys USING ({KEY})
        UNION ALL
        SELECT b.row_number, 'D32', b.other_batch, b.other_row
        FROM received_before b
        WHERE NOT EXISTS (SELECT FROM contradicted_keys c WHERE ({of("c", KEY)}) = ({of("b", KEY)}))
        UNION ALL
        SELECT r.row_number, 'D32', NULL, r.first_row
        FROM repeated r
        WHERE r.row_number <> r.first_row
            AND NOT EXISTS (SELECT FROM contradicted_keys c WHERE ({of("c", KEY)}) = ({of("r", KEY)}))
            AND NOT EXISTS (SELECT FROM received_before b WHERE b.row_number = r.row_number)
        """,
        "ANALYZE not_new",
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
        SELECT {KEY} FROM contradicted_keys EXCEPT SELECT {KEY} FROM contradicted_references
        """,
        f"INSERT INTO contradicted_references ({KEY}, recording) SELECT {KEY}, :recording FROM newly_contradicted",
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
        FROM newly_contradicted JOIN received_references r USING ({KEY})
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
    previous = "municipality_id, provider_id, law, previous_reference"
    _run(
        connection,
        f"""
        CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
        SELECT {previous} FROM staged_credits
        UNION
        SELECT {previous} FROM credits c
        WHERE EXISTS (SELECT FROM staged k WHERE k.sign = 1 AND {new}
            AND ({of("k", KEY)}) = (c.municipality_id, c.provider_id, c.law, c.previous_reference))
        UNION
        SELECT {KEY} FROM newly_contradicted
        UNION
        SELECT {previous} FROM credits JOIN newly_contradicted USING ({KEY})
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
    """What became of a row because of other rows; `other_batch` and `other_row` are where the other one stands."""

    row_number: int
    code: str
    reference: str
    previous_reference: str | None
    other_batch: int | None
    other_row: int | None
    claimed_cents: int | None


def verdicts(connection: Connection) -> list[RowVerdict]:
    """Every row of the file that was valid and yet does not count, in the order of the file."""
    rows = connection.execute(
        text(f"""
        SELECT k.row_number, coalesce(j.verdict, n.code) AS code, k.reference, k.previous_reference,
               n.other_batch, n.other_row, k.sign * k.claimed_cents AS claimed_cents
        FROM (
            SELECT * FROM staged_credits
            UNION ALL
            SELECT s.* FROM staged s JOIN not_new USING (row_number) WHERE s.sign = 1
        ) AS k
        LEFT JOIN not_new n ON n.row_number = k.row_number
        LEFT JOIN judged_credits j ON k.sign = -1 AND ({of("j", KEY)}) = ({of("k", KEY)})
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


def contradictions(connection: Connection) -> tuple[int, int]:
    """How many rows of the file came before and were not contradicted by then, and how many of these differ now."""
    query = f"""
        SELECT count(*) AS received, count(*) FILTER (WHERE NOT same) AS differ FROM received_before b
        WHERE NOT EXISTS (SELECT FROM contradicted_references c WHERE ({of("c", KEY)}) = ({of("b", KEY)}))
    """
    row = connection.execute(text(query)).one()
    return row.received, row.differ


def any_newly_contradicted(connection: Connection) -> bool:
    """Whether the file contradicts a reference that was not contradicted before."""
    query = f"SELECT EXISTS (SELECT {KEY} FROM contradicted_keys EXCEPT SELECT {KEY} FROM contradicted_references)"
    found: bool = connection.execute(text(query)).scalar_one()
    return found


def ensure_partitions(connection: Connection, month: date) -> None:
    """Make the partitions of a service month that are not there yet. Only called under the lock of the recordings."""
    for table in ("received_references", "deliveries"):
        with _partition(connection, table, month):
            pass


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
