"""Books to settle: one database for the tests of a module, emptied for each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from database.connection import open_engine
from tests.databases import database
from tests.settlement.books import Books


@pytest.fixture(scope="module")
def module_database_url(server_url: URL) -> Iterator[str]:
    """The URL of a migrated database for the tests of one module."""
    with database(server_url) as url:
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
    with database(server_url) as url, tempfile.TemporaryDirectory(prefix="bekostiging-books-") as folder:
        engine = open_engine(url)
        yield Books(engine, Path(folder))
        engine.dispose()


@pytest.fixture
def books(_one_after_the_other: Books) -> Books:
    """Empty books. Emptying a database takes a tenth of the time of making one."""
    _one_after_the_other.forget()
    return _one_after_the_other
