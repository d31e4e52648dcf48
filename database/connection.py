"""Connections to PostgreSQL, and the one place that commits.

Messages about a failed connection are our own: an address may hold a password, and an error may quote the address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from kernel.findings import NotNow, Refusal

MINIMUM_VERSION = 18
_VARIABLE = "BEKOSTIGING_DATABASE_URL"
_NO_RIGHTS = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
_WRITES = text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
_committed = False  # by this process, since the command began

# What libpq says when it can not connect, and what to tell the user. A server may speak another language: then only the
# last, general sentence is left.
_FAILURES = (
    ("permission denied", "de databaseserver laat deze gebruiker niet in de database", "vraag de beheerder ervan"),
    ("password", "de databaseserver weigert de aanmelding", f"controleer gebruiker en wachtwoord in {_VARIABLE}"),
    ("no pg_hba.conf entry", "de databaseserver laat deze gebruiker of computer niet toe", "vraag de beheerder ervan"),
    ("role ", "de databaseserver kent deze gebruiker niet", f"controleer de gebruiker in {_VARIABLE}"),
    ("not currently accepting", "de database laat nu geen verbindingen toe", "vraag de beheerder ervan"),
    ("database system is", "de databaseserver start of stopt net", "probeer het zo opnieuw"),
    ("database ", "de database bestaat niet op de databaseserver", f"maak hem aan of controleer {_VARIABLE}"),
    ("resolve host", "de databaseserver is niet te vinden", f"controleer de naam van de server in {_VARIABLE}"),
    ("too many", "de databaseserver heeft geen verbinding meer vrij", "probeer het later opnieuw"),
    ("", "er is geen verbinding met de databaseserver te krijgen", "controleer of hij draait en te bereiken is"),
)


def open_engine(url: str) -> Engine:
    """An engine on the database at `url`, which has been reached and is new enough.

    Raises `Refusal` otherwise. The address is `postgresql://…`; the session works in Dutch time.
    """
    address = _address(url)
    options = {
        "connect_timeout": "10",
        "application_name": "bekostiging",
        "options": "-c timezone=Europe/Amsterdam -c jit=off -c idle_in_transaction_session_timeout=0",
    }
    engine = create_engine(
        address,
        hide_parameters=True,  # values of rows do not belong in an error
        connect_args={name: value for name, value in options.items() if name not in address.query},
    )
    try:
        with engine.connect() as connection:
            version = connection.connection.dbapi_connection.info.server_version // 10000  # type: ignore[union-attr]
    except DBAPIError as error:
        engine.dispose()
        raise _refusal(address, error) from None
    if version < MINIMUM_VERSION:
        engine.dispose()
        raise NotNow(
            f"de databaseserver is PostgreSQL {version}; nodig is {MINIMUM_VERSION} of nieuwer", "werk de server bij"
        )
    return engine


@contextmanager
def transaction(bind: Engine | Connection, *, dry_run: bool = False) -> Iterator[Connection]:
    """The only place that commits: when the block ends well, unless `dry_run`; an exception rolls back.

    What was committed is noted, for who tells of an error after it (`something_was_recorded`). A dry run meets every
    check that a real run meets, also those that wait for the commit. Raises `Refusal` when the server cannot be
    reached, goes away meanwhile, or has no room left.
    """
    global _committed
    try:
        with _connected(bind) as connection, connection.begin() as work:
            yield connection
            if dry_run:
                connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
                work.rollback()
            else:
                writes = work.is_active and connection.execute(_WRITES).scalar_one()
        if not dry_run:
            _committed = _committed or writes
    except (DBAPIError, psycopg.Error) as error:  # a COPY raises errors of its own
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, psycopg.errors.DiskFull):
            hint = "maak ruimte op de databaseserver en voer de opdracht opnieuw uit"
            raise NotNow("de schijf van de database is vol", hint) from None
        if isinstance(cause, _NO_RIGHTS):
            hint = f"vraag de beheerder van de database om dat recht, of controleer de gebruiker in {_VARIABLE}"
            raise NotNow(f"de database laat dit niet toe: {cause.diag.message_primary}", hint) from None
        if not (isinstance(error, DBAPIError) and error.connection_invalidated):
            raise
        hint = 'kijk met "bekostiging db status" of de database draait en voer de opdracht opnieuw uit'
        raise NotNow("de verbinding met de database is weggevallen", hint) from None


def something_was_recorded(*, since_now: bool = False) -> bool:
    """Whether this process committed something that it wrote; `since_now` forgets it, when the next command begins."""
    global _committed
    was, _committed = _committed, _committed and not since_now
    return was


def _connected(bind: Engine | Connection) -> AbstractContextManager[Connection]:
    if isinstance(bind, Connection):
        return nullcontext(bind)
    try:
        return bind.connect()
    except DBAPIError as error:
        raise _refusal(bind.url, error) from None


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        address = None
    if address is None or address.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        hint = "schrijf postgresql://gebruiker:wachtwoord@server:5432/database, bijzondere tekens als %40"
        raise NotNow(f"{_VARIABLE} is geen adres van een PostgreSQL-database", hint) from None
    return address.set(drivername="postgresql+psycopg")


def _refusal(address: URL, error: DBAPIError) -> Refusal:
    said = str(error.orig)
    message, hint = next((message, hint) for part, message, hint in _FAILURES if part in said)
    return NotNow(f"{message} ({_place(address)})", hint)


def described(url: str) -> str:
    """The server and the name of the database at `url`, without user and password."""
    return _place(_address(url))


def _place(address: URL) -> str:
    # What stands before an @ may be the rest of a password that was not written with %40.
    host = str(address.host or address.query.get("host") or "localhost").rpartition("@")[2]
    return f'server "{host}", database "{address.database or ""}"'
