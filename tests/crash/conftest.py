"""Databases to disturb, and the story as it goes when nothing happens."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, NullPool, create_engine, text

pytest.register_assert_rewrite("tests.crash.telling")

from tests.crash.telling import MEASURING, Telling, Told, tell  # noqa: E402 its assertions tell what they compared

_NUMBERS = itertools.count()

NewTelling = Callable[[], Telling]


@contextmanager
def _database(server: URL) -> Iterator[str]:
    name = f"disturbed_{next(_NUMBERS)}"
    administration = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY FILE_COPY"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with administration.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def new_telling(server_url: URL) -> Iterator[NewTelling]:
    """A telling of the story in a database and a folder of its own."""
    with ExitStack() as stack:

        def new() -> Telling:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bekostiging-crash-")))
            return Telling(stack.enter_context(_database(server_url)), folder)

        yield new


@pytest.fixture(scope="session")
def undisturbed(new_telling: NewTelling) -> Told:
    """How the story ends, and how long its steps take, when nothing happens."""
    return tell(new_telling(), MEASURING)
