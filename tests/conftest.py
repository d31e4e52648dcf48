"""A real PostgreSQL for the tests: one server per test process, one migrated template, one fresh copy per test."""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, make_url, text

from database import embedded, migrations
from database.connection import open_engine
from database.settings import Settings

ROOT = Path(__file__).parents[1]
TEMPLATE = "migrated"

# A slow machine is no error: examples may take their time.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

# Waits until the test process is gone; when that was killed, stops the server it left.
GUARD = """
import shutil, sys
from pathlib import Path
from database import embedded
from database.settings import Settings

sys.stdin.read()
folder = Path(sys.argv[1])
if folder.exists():
    embedded.stop(Settings(folder / "data", folder / "config", database_url=None, user="tester"))
    shutil.rmtree(folder)
"""


@pytest.fixture(autouse=True)
def _away_from_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads or writes what belongs to the user who runs it."""
    for name in ("DATABASE_URL", "KEEP_SERVER"):
        monkeypatch.delenv(f"BEKOSTIGING_{name}", raising=False)
    monkeypatch.setenv("BEKOSTIGING_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BEKOSTIGING_USER", "tester")


@pytest.fixture(scope="session")
def server_url() -> Iterator[URL]:
    """The server of this test process, with the template. Nothing on it has to survive: it does not wait for disks."""
    with tempfile.TemporaryDirectory(prefix="bekostiging-test-") as folder, _guard(folder):
        settings = Settings(Path(folder, "data"), Path(folder, "config"), database_url=None, user="tester")
        with embedded.server(settings) as address:
            url = make_url(address)
            _administer(
                url,
                "ALTER SYSTEM SET fsync = off",
                "ALTER SYSTEM SET full_page_writes = off",
                "SELECT pg_reload_conf()",
                f"CREATE DATABASE {TEMPLATE}",
            )
            engine = open_engine(_text(url.set(database=TEMPLATE)))
            migrations.upgrade(engine)
            engine.dispose()
            yield url


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def empty_database_url(server_url: URL, _numbers: Iterator[int]) -> Iterator[str]:
    """The URL of a database without tables."""
    yield from _fresh_database(server_url, f"empty_{next(_numbers)}", "template1")


@pytest.fixture
def database_url(server_url: URL, _numbers: Iterator[int]) -> Iterator[str]:
    """The URL of a migrated database that only this test uses."""
    yield from _fresh_database(server_url, f"test_{next(_numbers)}", TEMPLATE)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back after the test."""
    with engine.connect() as connection, connection.begin() as work:
        yield connection
        work.rollback()


@pytest.fixture
def invoke(database_url: str) -> Callable[..., Result]:
    """Run the program in this process: `invoke("tariff", "list")`."""
    import cli

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(cli.main, [str(a) for a in arguments], env={"BEKOSTIGING_DATABASE_URL": database_url})

    return run


@contextmanager
def _guard(folder: str) -> Iterator[None]:
    command = [sys.executable, "-c", GUARD, folder]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True) as guard:
        yield
        guard.kill()


def _fresh_database(server: URL, name: str, template: str) -> Iterator[str]:
    # Copying files is ten times faster here than the usual way, which logs every page.
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield _text(server.set(database=name))
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(url: URL, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
