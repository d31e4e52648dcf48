"""Databases to disturb, and the story as it goes when nothing happens."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import URL

pytest.register_assert_rewrite("tests.crash.telling")

from tests.crash.telling import MEASURING, Telling, Told, tell  # noqa: E402 its assertions tell what they compared
from tests.databases import database  # noqa: E402

NewTelling = Callable[[], Telling]


@pytest.fixture(scope="session")
def new_telling(server_url: URL) -> Iterator[NewTelling]:
    """A telling of the story in a database and a folder of its own."""
    with ExitStack() as stack:

        def new() -> Telling:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bekostiging-crash-")))
            return Telling(stack.enter_context(database(server_url)), folder)

        yield new


@pytest.fixture(scope="session")
def undisturbed(new_telling: NewTelling) -> Told:
    """How the story ends, and how long its steps take, when nothing happens."""
    return tell(new_telling(), MEASURING)
