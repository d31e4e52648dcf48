"""A real PostgreSQL for the tests: one server per test process, one migrated template, one fresh copy per test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Connection, Engine, make_url

from database import embedded, migrations
from database.connection import open_engine
from database.settings import Settings
from tests import databases

ROOT = Path(__file__).parents[1]

# A user's Python keeps what it compiled; else every command that a test starts would compile the program anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A database is copied ten times faster in memory than on a disk. Who names a folder of temporary files gets that.
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 4 * 2**30
if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES:
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # asks again

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
            with databases.administered(url):
                databases.administer(
                    url,
                    "ALTER SYSTEM SET fsync = off",
                    "ALTER SYSTEM SET full_page_writes = off",
                    "SELECT pg_reload_conf()",
                )
                engine = open_engine(databases.new_database(url, databases.TEMPLATE, "template1"))
                migrations.upgrade(engine)
                engine.dispose()
                yield url


@pytest.fixture
def empty_database_url(server_url: URL) -> Iterator[str]:
    """The URL of a database without tables."""
    with databases.database(server_url, "template1") as url:
        yield url


@pytest.fixture
def database_url(server_url: URL) -> Iterator[str]:
    """The URL of a migrated database that only this test uses."""
    with databases.database(server_url) as url:
        yield url


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
