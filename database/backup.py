"""One file that holds all of the books, and books made from such a file.

The file is a zip: every table as PostgreSQL's COPY writes it (`tables/NAME`), and `manifest.json`, which says what
there should be. Its last 64 bytes, to a zip its comment, are the SHA-256 of all before them: a file that was cut off or
damaged is known as such before anything is done with it.

The tables are not described in the file. They are made by the migrations, up to the revision of the backup, filled, and
then migrated further. So their checks and triggers meet every row again, and the file runs nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import psycopg
from sqlalchemy import Connection, Engine, cast, exc, func, select, text

from database import migrations
from database.connection import transaction
from database.recordings import TIME_ZONE, append_only, latest, lock_recordings, recordings
from database.whole_file import whole_file
from kernel.findings import Refusal, why_not
from kernel.identifiers import as_shown
from kernel.notation import counted

_FORMAT = 1
_DIGEST_BYTES = 64
_BLOCK_BYTES = 1 << 20
_MANIFEST = "manifest.json"
# What is added without a recording, and never taken away: the only sign of it is that there is more of it.
_WITHOUT_RECORDING = {
    "runs": ("run", "runs"),
    "run_states": ("stap van een run", "stappen van runs"),
    "jobs": ("geplande taak", "geplande taken"),
    "job_endings": ("beëindigde taak", "beëindigde taken"),
    "job_attempts": ("poging van een taak", "pogingen van taken"),
}
_NAME = re.compile("[a-z0-9_]{1,63}")
_ANOTHER = "neem een andere reservekopie"
_MOST_TIMES_PACKED = 300  # deflate comes to a thousand, of one letter; rows differ
# What goes wrong when a file that has a digest was not made by `back_up`.
_NOT_AS_WRITTEN = (
    BadZipFile, KeyError, TypeError, ValueError, AttributeError, NotImplementedError, RuntimeError, EOFError,
    OverflowError, RecursionError, struct.error, zlib.error,
)  # fmt: skip
# Classes of SQLSTATE that speak of what is stored: data, keys and checks, what is no table or column, a limit of a row.
_OF_THE_ROWS = ("0A", "21", "22", "23", "42", "44", "54", "P0")
_BOUNDS = re.compile(r"FOR VALUES FROM \('[0-9-]+'\) TO \('[0-9-]+'\)")


@dataclass(frozen=True, slots=True)
class Table:
    """A table in a backup."""

    name: str
    columns: Sequence[str]
    rows: int


@dataclass(frozen=True, slots=True)
class Partition:
    """A part of a table; rows are copied with the table as a whole."""

    name: str
    of: str
    bounds: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `recording` is the last one; `runs` has the output hash of every run."""

    program: str
    schema: str
    made_at: str
    recording: int
    runs: Mapping[int, str]
    tables: Sequence[Table]
    partitions: Sequence[Partition]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was found whole, open for reading."""

    manifest: Manifest
    archive: ZipFile


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment, whatever others write meanwhile; the schema stays as it is.

    Raises `Refusal` when nothing was recorded yet, and when there are tables that this program does not know.
    """
    with transaction(engine) as guard, transaction(engine) as connection:
        migrations.hold(guard, shared=True)  # before the first query of the other, which fixes the moment
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        schema = migrations.current_revision(connection)
        if schema is not None:
            migrations.refuse_newer(schema)
        if schema is None or latest(connection) == 0:
            raise Refusal("de database is leeg: er is niets te bewaren", "controleer met: bekostiging db status")
        yield connection


def back_up(connection: Connection, path: Path, runs: Mapping[int, str], *, replace: bool = False) -> Manifest:
    """Write all tables to `path`, whole or not at all. Raises `Refusal` when that cannot be done.

    `connection` is that of a snapshot; `runs` is written down to check a restored database by. A backup of another
    database, or of a later moment, is not replaced: that is refused too.
    """
    if replace:
        _refuse_to_lose_another(connection, path)
    connection.execute(text("SET LOCAL datestyle = 'ISO'"))
    connection.execute(text("SET LOCAL bytea_output = 'hex'"))
    otherwise = "kies een andere naam, of vervang het bestand met --replace"
    with whole_file(path, replace=replace, otherwise=otherwise) as file:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
            manifest = Manifest(
                program=version("bekostiging"),
                schema=str(migrations.current_revision(connection)),
                made_at=datetime.now(TIME_ZONE).isoformat(timespec="seconds"),
                recording=latest(connection),
                runs=runs,
                tables=[_copy_out(connection, archive, name, columns) for name, columns in _tables(connection)],
                partitions=_partitions(connection),
            )
            archive.writestr(_MANIFEST, json.dumps({"format": _FORMAT, **asdict(manifest)}, indent=1))
            archive.comment = b"0" * _DIGEST_BYTES
        end = file.seek(0, 2) - _DIGEST_BYTES
        digest = _digest(file, end)
        file.seek(end)
        file.write(digest)
    return manifest


@contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """Raises `Refusal` unless the file is a whole backup that this program can restore."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise Refusal(f"{path} kan niet worden gelezen: {why_not(error)}", "controleer naam en rechten") from None
    with file:
        if not _is_whole(file):
            message = f"{path} is geen reservekopie van dit programma, of niet heel: afgekapt of beschadigd"
            raise Refusal(message, _ANOTHER)
        with as_written(path):
            backup = _opened(file, path)
        with backup.archive:
            yield backup


@contextmanager
def as_written(path: Path, otherwise: str = _ANOTHER) -> Iterator[None]:
    """Around what reads a whole backup. Raises `Refusal` when something in it is not as this program writes it.

    That a backup is whole says only that nothing happened to it since its digest was computed, by whomever.
    """
    try:
        yield
    except _NOT_AS_WRITTEN as error:
        said = f"{path} is niet wat dit programma als reservekopie schrijft ({type(error).__name__})"
        raise Refusal(said, otherwise) from None


def _opened(file: BinaryIO, path: Path) -> Backup:
    archive = ZipFile(file)
    kinds = {member.compress_type for member in archive.infolist()}
    unpacked_bytes = sum(member.file_size for member in archive.infolist())
    if not kinds <= {ZIP_DEFLATED, ZIP_STORED} or unpacked_bytes > _MOST_TIMES_PACKED * file.seek(0, 2):
        raise BadZipFile
    return Backup(_manifest(archive, path), archive)


def _is_whole(file: BinaryIO) -> bool:
    end = max(0, file.seek(0, 2) - _DIGEST_BYTES)
    digest = _digest(file, end)
    return file.read() == digest


def _refuse_to_lose_another(connection: Connection, path: Path) -> None:
    """Refuse to replace a backup of a later moment, or of another database.

    Recordings are numbered without gaps and never change, so a backup whose last recording stands here under the same
    number, of the same moment, has no recording that is not here. Runs, their approvals, jobs and what came of them are
    no recordings; of those it may hold no more than are here. Of two databases restored from one backup, in which as
    much was done since, this does not tell which is which. What is no whole backup keeps nobody from making one.
    """
    try:
        file = path.open("rb")
    except OSError:  # not there, or told when it is written
        return
    with file:
        if not _is_whole(file):
            return
        with as_written(path, "kies een andere bestandsnaam"):
            kept = _opened(file, path)
            number, recorded_at = _last_recording(kept)
            held = {table.name: table.rows for table in kept.manifest.tables}
    if number == 0:
        return
    hint = "kies een andere bestandsnaam, en ga na of dit de goede database is: bekostiging db status"
    here = latest(connection)
    if number > here:
        what = f"{path} is een reservekopie met {number} vastleggingen, en deze database heeft er {here}"
        raise Refusal(what, hint)
    same = select(recordings.c.recorded_at == cast(recorded_at, recordings.c.recorded_at.type))
    if not connection.execute(same.where(recordings.c.number == number)).scalar_one():
        raise Refusal(f"{path} is een reservekopie van een andere database", hint)
    tables = {name for name, _ in _tables(connection)}
    for name, words in _WITHOUT_RECORDING.items():
        rows = connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() if name in tables else 0
        if held.get(name, 0) > rows:
            more = counted(held[name], *words)
            raise Refusal(f"{path} is een reservekopie met {more}, en deze database heeft er {rows}", hint)


def _last_recording(backup: Backup) -> tuple[int, str]:
    """The number and the moment of the last recording in a backup; 0 when there is none."""
    [table] = [table for table in backup.manifest.tables if table.name == recordings.name]
    number, recorded_at = (table.columns.index(name) for name in ("number", "recorded_at"))
    with backup.archive.open(f"tables/{table.name}") as rows:
        cells = (row.decode().split("\t") for row in rows)
        return max(((int(row[number]), row[recorded_at]) for row in cells), default=(0, ""))


def restore(connection: Connection, backup: Backup, way_out: str) -> list[str]:
    """Fill an empty database from a backup, within the transaction of the caller, and bring its schema up to date.

    Returns the tables of the backup that are not of this program, and were left out. Raises `Refusal` when the database
    is not empty (`way_out` is what to do then), and when the backup does not hold what its manifest says.
    """
    manifest = backup.manifest
    lock_recordings(connection)  # nobody records meanwhile, and of two restores the second finds the first
    migrations.hold(connection)
    _refuse_unless_empty(connection, manifest.schema, way_out)
    migrations.migrate(connection, manifest.schema)
    parts = {name for name, _ in _tables(connection)}
    for partition in manifest.partitions:
        named = {"name": partition.name, "of": partition.of}
        is_one = partition.of in parts and all(_NAME.fullmatch(name) for name in named.values())
        if not (is_one and _BOUNDS.fullmatch(partition.bounds)):
            raise _contradiction(f"deel {partition.name}")
        with _rows_that_can_be(f"deel {partition.name}"):
            name = _quoted(partition.name)
            connection.execute(text(f"CREATE TABLE {name} PARTITION OF {_quoted(partition.of)} {partition.bounds}"))
            connection.execute(text(append_only(name)[-1]))
    with _rows_that_can_be("een rij die niet kan bestaan"):
        left_out = _fill(connection, backup)
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # a table with checks pending cannot be migrated
    if latest(connection) != manifest.recording:
        raise _contradiction("de laatste vastlegging")
    if connection.execute(select(func.count()).select_from(recordings)).scalar_one() != manifest.recording:
        raise _contradiction("een vastlegging ontbreekt")  # they are numbered without gaps
    with _rows_that_can_be("rijen die niet in het nieuwste schema passen"):
        migrations.migrate(connection)
    connection.execute(text(f"ANALYZE {_list(name for name, _ in _tables(connection))}"))
    return left_out


@contextmanager
def _rows_that_can_be(what: str) -> Iterator[None]:
    """Raises `Refusal` when the database does not take what the backup holds; what ails the database goes on."""
    try:
        yield
    except (psycopg.Error, exc.DBAPIError) as error:  # the first from a COPY
        cause = error.orig if isinstance(error, exc.DBAPIError) else error
        if not str(getattr(cause, "sqlstate", None) or "").startswith(_OF_THE_ROWS) or isinstance(
            cause, psycopg.errors.InsufficientPrivilege
        ):
            raise
        raise _contradiction(f"{what} ({type(cause).__name__})") from None


def _fill(connection: Connection, backup: Backup) -> list[str]:
    """Copy the rows of every table there is; returns the tables that are in the backup alone."""
    held = {table.name: table for table in backup.manifest.tables}
    for name, columns in _tables(connection):
        if name not in held:
            raise _contradiction(f"tabel {name} ontbreekt")
        if sorted(held[name].columns) != sorted(columns):
            raise _contradiction(f"de kolommen van tabel {name}")
        _copy_in(connection, backup.archive, held.pop(name))
    return sorted(held)


def _refuse_unless_empty(connection: Connection, schema: str, way_out: str) -> None:
    found = migrations.current_revision(connection)
    if found is None:
        return
    if any(connection.execute(text(f"SELECT EXISTS (TABLE {_quoted(t)})")).scalar() for t, _ in _tables(connection)):
        raise Refusal("de database is niet leeg; een reservekopie komt alleen in een lege database", way_out)
    if found != schema:
        raise Refusal(f"de database heeft al lege tabellen van schema {found}; de reservekopie is {schema}", way_out)


def _manifest(archive: ZipFile, path: Path) -> Manifest:
    from pydantic import TypeAdapter  # slow to import

    content = archive.read(_MANIFEST)
    said = json.loads(content)
    if said["format"] != _FORMAT or said["schema"] not in migrations.revisions():
        raise Refusal(
            f"{path} is gemaakt met een nieuwer programma ({as_shown(said['program'])}, "
            f"schema {as_shown(said['schema'])}); dit programma kent schema {migrations.head_revision()}",
            "werk het programma bij",
        )
    manifest = TypeAdapter(Manifest).validate_json(content, strict=True)
    datetime.fromisoformat(manifest.made_at)
    return manifest


def _contradiction(what: str) -> Refusal:
    return Refusal(f"de reservekopie klopt niet met haar eigen inhoudsopgave: {as_shown(what)}", _ANOTHER)


# Tables


def _tables(connection: Connection) -> list[tuple[str, list[str]]]:
    """Every table with its columns, after the tables it refers to."""
    columns = {row.name: row.columns for row in connection.execute(_COLUMNS)}
    references = {row.name: set(row.others) for row in connection.execute(_REFERENCES)}
    order = TopologicalSorter({name: references.get(name, set()) - {name} for name in columns}).static_order()
    return [(name, columns[name]) for name in order]


def _partitions(connection: Connection) -> list[Partition]:
    return [Partition(row.name, row.of, row.bounds) for row in connection.execute(_PARTITIONS)]


def _copy_out(connection: Connection, archive: ZipFile, name: str, columns: Sequence[str]) -> Table:
    # A query, because a partitioned table is not copied as such.
    query = f"COPY (SELECT {_list(columns)} FROM {_quoted(name)}) TO STDOUT (ENCODING 'UTF8')"
    cursor = connection.connection.cursor()
    with archive.open(f"tables/{name}", "w", force_zip64=True) as member, cursor.copy(query) as copy:
        block = bytearray()
        for row in copy:
            block += row
            if len(block) > _BLOCK_BYTES:
                member.write(block)
                block.clear()
        member.write(block)
    return Table(name, columns, cursor.rowcount)


def _copy_in(connection: Connection, archive: ZipFile, table: Table) -> None:
    statement = f"COPY {_quoted(table.name)} ({_list(table.columns)}) FROM STDIN (ENCODING 'UTF8')"
    cursor = connection.connection.cursor()
    with (
        as_written(Path(str(archive.filename))),
        archive.open(f"tables/{table.name}") as member,
        cursor.copy(statement) as copy,
    ):
        while block := member.read(_BLOCK_BYTES):
            copy.write(block)
    if cursor.rowcount != table.rows:
        raise _contradiction(f"tabel {table.name} heeft {cursor.rowcount} rijen, geen {table.rows}")
    for column in connection.execute(_IDENTITY_COLUMNS, {"name": _quoted(table.name)}).scalars():
        sequence = "pg_get_serial_sequence(:name, :column)"
        highest = f"SELECT setval({sequence}, max({_quoted(column)})) FROM {_quoted(table.name)}"
        connection.execute(text(highest), {"name": _quoted(table.name), "column": column})


def _digest(file: BinaryIO, end: int) -> bytes:
    """The SHA-256 of what stands before `end`, in hexadecimal digits; the file is read up to there."""
    digest = hashlib.sha256()
    file.seek(0)
    while end > 0:
        block = file.read(min(end, _BLOCK_BYTES))
        digest.update(block)
        end -= len(block)
    return digest.hexdigest().encode()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _list(names: Iterable[str]) -> str:
    return ", ".join(_quoted(name) for name in names)


_OURS = "t.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND t.relkind IN ('r', 'p')"

_COLUMNS = text(f"""
    SELECT t.relname AS name, array_agg(attname::text ORDER BY attnum) AS columns
    FROM pg_class t JOIN pg_attribute ON attrelid = t.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    WHERE {_OURS} AND NOT t.relispartition AND t.relname <> 'alembic_version'
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = t.oid AND deptype = 'e')
    GROUP BY t.relname
""")

_REFERENCES = text(f"""
    SELECT t.relname AS name, array_agg(other.relname::text) AS others
    FROM pg_constraint JOIN pg_class t ON t.oid = conrelid JOIN pg_class other ON other.oid = confrelid
    WHERE {_OURS} AND contype = 'f'
    GROUP BY t.relname
""")

_PARTITIONS = text(f"""
    SELECT t.relname AS name, parent.relname AS of, pg_get_expr(t.relpartbound, t.oid) AS bounds
    FROM pg_class t JOIN pg_inherits ON inhrelid = t.oid JOIN pg_class parent ON parent.oid = inhparent
    WHERE {_OURS} AND t.relispartition
    ORDER BY t.relname
""")

_IDENTITY_COLUMNS = text(
    "SELECT attname FROM pg_attribute WHERE attrelid = cast(:name AS regclass) AND attidentity <> ''"
)
