"""Connecting, and the one place that commits."""

import os
import signal
import traceback

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError

from database import connection as module
from database import embedded, postgres
from database.connection import open_engine, transaction
from database.settings import Settings
from kernel.findings import Refusal


@pytest.fixture
def engine(empty_database_url):
    engine = open_engine(empty_database_url)
    with transaction(engine) as connection:
        connection.execute(text("CREATE TABLE t (n integer PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)"))
    yield engine
    engine.dispose()


def numbers(engine):
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT n FROM t ORDER BY n")).scalars())


def test_a_block_that_ends_well_is_committed(engine):
    with transaction(engine) as connection:
        connection.execute(text("INSERT INTO t VALUES (1)"))
    assert numbers(engine) == [1]


def test_an_exception_rolls_back(engine):
    def use():
        with transaction(engine) as connection:
            connection.execute(text("INSERT INTO t VALUES (1)"))
            raise Refusal("nee")

    with pytest.raises(Refusal, match="nee"):
        use()
    assert numbers(engine) == []


def test_a_dry_run_changes_nothing(engine):
    with transaction(engine, dry_run=True) as connection:
        connection.execute(text("INSERT INTO t VALUES (1)"))
        assert connection.execute(text("SELECT n FROM t")).scalar() == 1
    assert numbers(engine) == []


def test_a_dry_run_meets_the_checks_that_wait_for_the_commit(engine):
    with pytest.raises(IntegrityError), transaction(engine, dry_run=True) as connection:
        connection.execute(text("INSERT INTO t VALUES (1), (1)"))


def test_a_connection_can_be_used_for_one_transaction_after_another(engine):
    with engine.connect() as connection:
        for number in (1, 2):
            with transaction(connection):
                connection.execute(text("INSERT INTO t VALUES (:n)"), {"n": number})
    assert numbers(engine) == [1, 2]


def test_a_transaction_inside_a_transaction_is_a_bug(engine):
    with transaction(engine) as connection, pytest.raises(InvalidRequestError), transaction(connection):
        pass


def test_a_lost_connection_is_refused(engine):
    def use():
        with transaction(engine) as connection, engine.connect() as other:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            connection.execute(text("INSERT INTO t VALUES (1)"))

    with pytest.raises(Refusal, match="weggevallen"):
        use()
    assert numbers(engine) == []


def test_a_server_that_is_gone_before_the_transaction_is_refused(engine):
    with engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    other = open_engine(engine.url.render_as_string(hide_password=False))
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()
    with pytest.raises(Refusal, match="weggevallen"), transaction(engine) as connection:
        connection.execute(text("SELECT 1"))


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGTERM")
def test_a_server_that_is_stopping_is_refused(tmp_path):
    """It waits for whoever works, and takes no others."""
    settings = Settings(tmp_path / "data", tmp_path / "config", database_url=None, user="tester")
    with embedded.server(settings) as url:
        engine = open_engine(url)
        with engine.connect():
            pid = int((embedded.home_of(settings) / "pgdata" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGTERM)
            with pytest.raises(Refusal, match="start of stopt net"):
                while True:  # until it has seen the signal
                    with transaction(engine):
                        pass
                    engine.dispose()
        engine.dispose()


def test_errors_do_not_show_parameters(engine):
    with transaction(engine) as connection:
        connection.execute(text("INSERT INTO t VALUES (:n)"), {"n": 7})
    with pytest.raises(DBAPIError) as error, transaction(engine) as connection:
        connection.execute(text("SELECT n / 0, :n FROM t"), {"n": "999900006"})
    assert "999900006" not in str(error.value)


def test_sessions_work_in_dutch_time(engine):
    with engine.connect() as connection:
        assert connection.execute(text("SHOW timezone")).scalar() == "Europe/Amsterdam"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_common_notations_are_accepted(empty_database_url, scheme):
    engine = open_engine(scheme + empty_database_url.removeprefix("postgresql+psycopg"))
    assert engine.dialect.driver == "psycopg"
    engine.dispose()


@pytest.mark.parametrize("by_copy", [False, True])
def test_a_full_disk_of_the_server_is_refused(engine, by_copy):
    full = "DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
    with pytest.raises(Refusal, match="schijf van de database is vol"), transaction(engine) as connection:
        if by_copy:
            connection.connection.cursor().execute(full)
        else:
            connection.execute(text(full))


# Refusals: what they say, and that none of them says the password


SECRET = "hoogst-geheim"


def refusal_of(url: str) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        open_engine(url)
    shown = refusal.value.message + refusal.value.hint + "".join(traceback.format_exception(refusal.value))
    assert SECRET not in shown
    return refusal.value


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{SECRET}@server/db",
        f"postgresql+asyncpg://u:{SECRET}@server/db",
        f"u:{SECRET}@server/db",
        f"postgresql://u:{SECRET}@server:poort/db",
    ],
)
def test_what_is_no_address_is_refused(url):
    assert "is geen adres van een PostgreSQL-database" in refusal_of(url).message


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"postgresql://u:{SECRET}@127.0.0.1:1/db", "geen verbinding met de databaseserver"),
        (f"postgresql://u:{SECRET}@nergens.invalid/db", "niet te vinden"),
        (f"postgresql://u:deel@{SECRET}@nergens.invalid/db", "niet te vinden"),
        (f"postgresql://u@127.0.0.1:1/db?password={SECRET}", "geen verbinding met de databaseserver"),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/db?onzin=1", "geen verbinding met de databaseserver"),
    ],
)
def test_a_server_that_can_not_be_reached_is_refused(url, message):
    assert message in refusal_of(url).message


def test_a_server_that_can_not_be_reached_again_is_refused():
    engine = create_engine(f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/db")
    with pytest.raises(Refusal, match="geen verbinding met de databaseserver") as refusal, transaction(engine):
        pass
    assert SECRET not in "".join(traceback.format_exception(refusal.value))


def test_an_unknown_database_is_refused(server_url):
    url = server_url.set(database="bestaat_niet")
    refusal = refusal_of(url.render_as_string(hide_password=False))
    assert refusal.message.startswith("de database bestaat niet")
    assert '"bestaat_niet"' in refusal.message


def test_an_unknown_user_is_refused(server_url):
    url = server_url.set(username="niemand")
    assert "kent deze gebruiker niet" in refusal_of(url.render_as_string(hide_password=False)).message


def test_an_old_server_is_refused(server_url, monkeypatch):
    monkeypatch.setattr(module, "MINIMUM_VERSION", 99)
    refusal = refusal_of(server_url.render_as_string(hide_password=False))
    assert "is PostgreSQL 18; nodig is 99 of nieuwer" in refusal.message


def test_a_wrong_password_is_refused(tmp_path, monkeypatch):
    """On a server that asks for one: as on Windows."""
    monkeypatch.setattr(postgres, "LOCAL_SOCKETS", False)
    settings = Settings(tmp_path / "data", tmp_path / "config", database_url=None, user="tester")
    with embedded.server(settings) as url:
        refusal = refusal_of(make_url(url).set(password=SECRET).render_as_string(hide_password=False))
    assert "weigert de aanmelding" in refusal.message
