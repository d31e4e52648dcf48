"""Books to settle: one database for the tests of a module, emptied for each."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, NullPool, create_engine, text

from database.connection import open_engine
from tests.settlement.books import Books

_NUMBERS = itertools.count()


@contextmanager
def _database(server: URL) -> Iterator[str]:
    """The URL of a migrated database that nobody else uses."""
    name = f"books_{next(_NUMBERS)}"
    administration = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with administration.connect() as connection:
        # A copy of files is faster than a copy by the write-ahead log, on a server that waits for no disk.
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY FILE_COPY"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with administration.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def module_database_url(server_url: URL) -> Iterator[str]:
    """The URL of a migrated database for the tests of one module."""
    with _database(server_url) as url:
        yield url


@pytest.fixture(scope="module")
def shared_engine(module_database_url: str) -> Iterator[Engine]:
    engine = open_engine(module_database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def shared_books(shared_engine: Engine) -> Iterator[Books]:
    """Books that the tests of a module look at together, or that the examples of a property empty for themselves."""
    with tempfile.TemporaryDirectory(prefix="bekostiging-books-") as folder:
        yield Books(shared_engine, Path(folder))


@pytest.fixture(scope="module")
def _one_after_the_other(server_url: URL) -> Iterator[Books]:
    with _database(server_url) as url, tempfile.TemporaryDirectory(prefix="bekostiging-books-") as folder:
        engine = open_engine(url)
        yield Books(engine, Path(folder))
        engine.dispose()


@pytest.fixture
def books(_one_after_the_other: Books) -> Books:
    """Empty books. Emptying a database takes a tenth of the time of making one."""
    _one_after_the_other.forget()
    return _one_after_the_other
