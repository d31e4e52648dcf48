"""The schema and its versions.

A migration is a file `versions/NNNN_name.py` with `revision = "NNNN"`; they form one line. So what the newest is can be
read from the file names, and Alembic, slow to import, is only loaded to upgrade.
"""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import ProgrammingError

from database.connection import transaction
from database.metadata import metadata
from kernel.findings import Refusal

VERSIONS = Path(__file__).parent / "versions"
_LOCK = 4_275_811_002  # any number will do, as long as no other advisory lock of the program has it


def revisions() -> list[str]:
    """All revisions this program knows, oldest first."""
    return sorted(file.name[:4] for file in VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py"))


def head_revision() -> str | None:
    """The newest revision this program knows."""
    return max(revisions(), default=None)


def current_revision(bind: Engine | Connection) -> str | None:
    """The revision of the database; None when it has no tables of ours yet.

    Raises `Refusal` when it has tables, and does not say of which revision.
    """
    if isinstance(bind, Engine):
        with transaction(bind) as connection:
            return current_revision(connection)
    names = "SELECT to_regclass('alembic_version') IS NOT NULL, to_regclass('recordings') IS NOT NULL"
    says_it, has_tables = bind.execute(text(names)).one()
    if not (says_it or has_tables):
        return None
    said = bind.execute(text("SELECT version_num FROM alembic_version")).scalars().all() if says_it else []
    if len(said) != 1:
        raise Refusal(
            "de database zegt niet van welke versie haar tabellen zijn (alembic_version)",
            "zet een reservekopie terug in een lege database, of vraag wie deze database beheert",
        )
    return str(said[0])


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest revision, all or nothing. Of two at once, the second finds nothing to do."""
    with transaction(engine) as connection:
        hold(connection)
        refuse_newer(current_revision(connection))
        try:
            migrate(connection)
        except ProgrammingError as error:
            if not isinstance(error.orig, psycopg.errors.DuplicateTable):
                raise
            hint = "maak een lege database, en wijs die aan met BEKOSTIGING_DATABASE_URL"
            said = error.orig.diag.message_primary
            raise Refusal(f"er staan al tabellen van iets anders in deze database: {said}", hint) from None


def hold(connection: Connection, *, shared: bool = False) -> None:
    """Wait until nobody changes the schema, and keep it so until this transaction ends.

    Shared, for who only reads: others may hold it shared too.
    """
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    connection.execute(select(lock(_LOCK)))


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the schema up to a revision, within the transaction of the caller, who holds the schema."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    for name, path in (("script_location", Path(__file__).parent), ("version_locations", VERSIONS)):
        config.set_main_option(name, str(path).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")  # what a path never has
    command.upgrade(config, revision)


def ensure_current(engine: Engine, *, create: bool) -> bool:
    """Raise `Refusal` unless the schema is at the newest revision; an empty database is filled when `create`.

    Returns whether it was filled.
    """
    current, head = current_revision(engine), head_revision()
    if current == head:
        return False
    refuse_newer(current)
    if current is not None:
        raise Refusal(f"het schema is {current}; dit programma werkt met {head}", 'voer "bekostiging db upgrade" uit')
    if not create:
        hint = 'is dit de goede database (BEKOSTIGING_DATABASE_URL)? Voer dan "bekostiging db upgrade" uit'
        raise Refusal(f"de database is leeg; dit programma werkt met {head}", hint)
    upgrade(engine)
    return True


def differences(connection: Connection) -> list[str]:
    """Where the tables in the code and the migrated schema disagree; the transaction must be rolled back after.

    The tables of the code are made beside the real ones and PostgreSQL itself describes both, so checks, keys and
    indexes count as well. Lines start with `code:` or `schema:`, the side that has it. Left out are partitions, and
    what a `Table` does not hold: triggers, functions, and WITHOUT OVERLAPS in a key.
    """
    connection.execute(text("CREATE SCHEMA expected"))
    connection.execute(text("SET LOCAL search_path = expected, public"))
    metadata.create_all(connection, checkfirst=False)
    code, schema = _describe(connection, "expected"), _describe(connection, "public")
    return sorted([f"code: {line}" for line in code - schema] + [f"schema: {line}" for line in schema - code])


def _describe(connection: Connection, schema: str) -> set[str]:
    connection.execute(text(f"SET LOCAL search_path = {schema}"))
    return set(connection.execute(_DESCRIPTION, {"schema": schema}).scalars())


def refuse_newer(current: str | None) -> None:
    """Raise `Refusal` when a schema is newer than this program."""
    if current is None or current in revisions():
        return
    if re.fullmatch("[0-9]{4}", current):
        raise Refusal(
            f"het schema is {current}, nieuwer dan dit programma kent ({head_revision()})", "werk het programma bij"
        )
    raise Refusal(
        f"het schema is {current!r}, en dat is geen versie van dit programma",
        "controleer of dit de goede database is, of zet een reservekopie terug in een lege database",
    )


_DESCRIPTION = text("""
    WITH tables AS (
        SELECT oid, relname FROM pg_class
        WHERE relnamespace = cast(:schema AS regnamespace) AND relkind IN ('r', 'p') AND NOT relispartition
          AND relname <> 'alembic_version'
    )
    SELECT concat_ws(' ', 'table', relname, pg_get_partkeydef(oid)) FROM tables
    UNION ALL
    SELECT concat_ws(' ', relname, attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END,
                     'identity ' || nullif(attidentity::text, ''), 'generated ' || nullif(attgenerated::text, ''),
                     pg_get_expr(adbin, adrelid))
    FROM tables JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT concat_ws(' ', relname, conname, replace(pg_get_constraintdef(pg_constraint.oid), ' WITHOUT OVERLAPS', ''))
    FROM tables JOIN pg_constraint ON conrelid = tables.oid AND contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL
    SELECT replace(pg_get_indexdef(indexrelid), ' ' || :schema || '.', ' ')
    FROM tables JOIN pg_index ON indrelid = oid
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
""")
