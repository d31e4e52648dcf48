"""Recordings: everything that enters gets the next number, without gaps, with who, when and a hash of the file.

A run names the last number it knows, its cut-off. That gives the same facts for ever, where a clock would not: a row of
a transaction that commits later would slip in. So numbers are given one transaction at a time: the lock is held until
commit, and the transaction that writes the facts is the one that takes the number. A rolled back number is given again.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    DateTime,
    Table,
    Text,
    func,
    insert,
    literal,
    select,
)

from database.metadata import metadata
from kernel.findings import Refusal

TIME_ZONE = ZoneInfo("Europe/Amsterdam")

_LOCK = 4_275_811_001  # any number will do, as long as no other advisory lock of the program has it

recordings = Table(
    "recordings",
    metadata,
    Column("number", BigInteger, CheckConstraint("number > 0", name="number"), primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("file_name", Text),
    Column("sha256", Text, CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256")),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("recorded_by", Text, nullable=False),
)


def lock_recordings(connection: Connection) -> None:
    """Wait until no other transaction is recording, and keep the others waiting until this one ends."""
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def record(
    connection: Connection,
    kind: str,
    what: str,
    recorded_by: str,
    file_name: str | None = None,
    sha256: str | None = None,
) -> int:
    """Write the next recording and return its number. Others that record wait until this transaction ends.

    The time goes up with the number, also when the clock of the server is put back: what a moment up to the last
    recording means never changes.
    """
    lock_recordings(connection)  # a statement of its own: the next one must see what the previous holder committed
    number = func.coalesce(func.max(recordings.c.number), 0) + 1
    recorded_at = func.greatest(func.clock_timestamp(), func.max(recordings.c.recorded_at) + timedelta(microseconds=1))
    row = select(number, *(literal(value, Text) for value in (kind, what, file_name, sha256, recorded_by)), recorded_at)
    columns = ["number", "kind", "what", "file_name", "sha256", "recorded_by", "recorded_at"]
    statement = insert(recordings).from_select(columns, row).returning(recordings.c.number)
    given: int = connection.execute(statement).scalar_one()
    return given


def latest(connection: Connection) -> int:
    """The number of the last recording; 0 when there is none."""
    number: int = connection.execute(select(func.coalesce(func.max(recordings.c.number), 0))).scalar_one()
    return number


def resolve_cutoff(connection: Connection, text: str) -> int:
    """The recording number that `text` means: a number ('7') or a moment in Dutch time ('2026-03-05T12:00').

    A moment means the last recording at or before it, a date ('2026-03-05') the last one of that day. Raises `Refusal`
    when the text is neither, when the number was not given out, or when nothing was recorded by then.
    """
    if re.fullmatch(r"[0-9]{1,18}", text):
        number = int(text)
        if not 1 <= number <= latest(connection):
            raise Refusal(f"vastlegging {number} bestaat niet", f"de laatste vastlegging is {latest(connection)}")
        return number
    before = _end_of(text)
    # Whoever is recording now may have a time before the moment: wait for it, so that the answer is final. Rolling back
    # to the savepoint lets go of the lock.
    with connection.begin_nested() as savepoint:
        lock_recordings(connection)
        savepoint.rollback()
    found: int | None = connection.execute(
        select(func.max(recordings.c.number)).where(recordings.c.recorded_at < before)
    ).scalar()
    if found is None:
        raise Refusal(f'op "{text}" was er nog niets vastgelegd', "kies een later moment of een vastleggingsnummer")
    return found


def _end_of(text: str) -> datetime:
    """The first instant after the moment or the day that `text` names."""
    try:
        try:
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time.min, TIME_ZONE)
        except ValueError:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=TIME_ZONE)) + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        hint = "schrijf een vastleggingsnummer (7), een datum (2026-03-05) of een tijdstip (2026-03-05T12:00)"
        raise Refusal(f'"{text}" is geen vastlegging en geen moment', hint) from None


def append_only(table_name: str) -> list[str]:
    """SQL for a migration: rows of the table can be added, never changed or removed.

    A partition made later needs the last statement for itself: PostgreSQL passes row triggers on to partitions, but not
    the trigger on TRUNCATE.
    """
    return [
        """
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: no %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
        END $$
        """,
        f"CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON {table_name}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table_name}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]
