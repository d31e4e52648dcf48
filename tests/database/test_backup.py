"""Backup and restore: all of it or nothing, and what comes back says the same."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from datetime import time as clock_time
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text

import cli
from database import embedded, migrations
from database.backup import as_written, back_up, open_backup, snapshot
from database.connection import open_engine, transaction
from database.recordings import latest, record
from database.settings import KEY_FILE, Settings
from kernel.findings import Refusal
from settlement.audit import _Parts, recomputed_hash, says_the_same, stored_hashes
from settlement.schedule.register import Order, add_job, database_clock
from tests.settlement.books import OTHER, PRICES, Books, delivery, effort_contract, population_contract

ROOT = Path(__file__).parents[2]
STATES = {1: "posted", 2: "discarded", 3: "posted", 4: "approved", 5: "draft"}

_NUMBERS = itertools.count()


@contextmanager
def new_database(server: URL, template: str) -> Iterator[str]:
    """The URL of a copy of a database (its name or URL), that nobody else uses."""
    template = make_url(template).database if "://" in template else template
    name = f"shelf_{next(_NUMBERS)}"
    administration = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with administration.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Where a user keeps things, the key for client numbers among them."""
    with tempfile.TemporaryDirectory(prefix="bk-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def filled(server_url: URL, home: Path) -> Iterator[str]:
    """A database with runs in every state, a parked contract, corrections, advances, and findings; to look at."""
    with new_database(server_url, "migrated") as url:
        with opened(url) as engine:
            fill(Books(engine, home))
        yield url


def fill(books: Books) -> None:
    books.open(population_contract(), effort_contract(), effort_contract("C", provider=OTHER, price_list="later"))
    books.prices(*PRICES)
    books.count(10000)
    books.advance("500.00", day="2026-01-12", reference="V1")
    books.advance("-20.00", day="2026-01-14", reference="V2")
    books.advance("30.00", day="2026-01-10", reference="V3")
    books.deliver(
        delivery("r1", "45A04", "2026-01-05", 95),
        delivery("r2", "44A09", "2026-01-20", 3, end="2026-01-22", client='c";2'),
        delivery("c1", "45A04", "2026-01-06", 60, provider=OTHER),
        delivery("x1", "45A04", "2026-01-06", 60, provider="41000001", municipality="GM0597"),
    )
    books.month("2026-01")
    books.deliver(delivery("r3", "45A04", "2026-02-05", 30), delivery("r4", "02A16", "2026-01-09", 50))
    books.discard(books.settle("2026-02"))
    books.month("2026-02", "A")
    books.approve(books.settle("2026-02", "B"))
    books.prices("45A04;2026-01-01;;61,00", price_list="later")
    books.settle("2026-02", "C")


@pytest.fixture(scope="module")
def shelf(filled: str, home: Path) -> Path:
    """A backup of it."""
    assert run("backup", home / "backup.zip", url=filled, home=home).exit_code == 0
    return home / "backup.zip"


@pytest.fixture
def source(server_url: URL, filled: str) -> Iterator[str]:
    """A copy of it, to change."""
    with new_database(server_url, filled) as url:
        yield url


@pytest.fixture
def target(server_url: URL) -> Iterator[str]:
    """An empty database of a user without special rights."""
    with new_database(server_url, "template1") as url:
        with opened(url) as engine, transaction(engine) as connection:
            if not connection.execute(text("SELECT to_regrole('plain')")).scalar():
                connection.execute(text("CREATE ROLE plain LOGIN"))
            connection.execute(text(f"ALTER DATABASE {make_url(url).database} OWNER TO plain"))
        yield url.replace("bekostiging@", "plain@")


def run(*arguments: str | Path, url: str = "", home: Path, **env: str) -> Result:
    """`bekostiging db …`, in this process."""
    env |= {"BEKOSTIGING_DATABASE_URL": url, "BEKOSTIGING_HOME": str(home), "COLUMNS": "80"}
    result = CliRunner().invoke(cli.main, ["db", *map(str, arguments)], env=env)
    assert result.exit_code != 70, result.output
    wide = [line for line in result.output.splitlines() if len(line) > 80 and "/" not in line]  # a path is not cut
    assert wide == [] or result.exit_code == 1
    return result


def told(result: Result) -> str:
    """What was printed, however its lines are broken: that depends on the length of a path."""
    return " ".join(result.output.split())


def contents(url: str) -> dict[str, str]:
    """A hash of all rows of every table and partition, and how each of them is guarded."""
    with opened(url) as engine, engine.connect() as connection:
        names = connection.execute(text("SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') "
            "AND relnamespace = 'public'::regnamespace ORDER BY relname")).scalars().all()  # fmt: skip
        rows = "SELECT md5(string_agg(t::text, '\n' ORDER BY t::text)) FROM {} t"
        held = {name: str(connection.execute(text(rows.format(name))).scalar()) for name in names}
        guards = text("""
            SELECT tgrelid::regclass || ' ' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition""")
        return held | {row[0]: row[1] for row in connection.execute(guards)}


def has_tables(url: str) -> bool:
    with opened(url) as engine:
        return migrations.current_revision(engine) is not None


# What a run says


def test_the_hash_of_every_run_can_be_made_again_from_the_tables(filled):
    with opened(filled) as engine, engine.connect() as connection:
        states = dict(connection.execute(text("SELECT id, state FROM runs")).all())
        assert states == STATES
        parked = connection.execute(text("SELECT run_id FROM run_contracts WHERE parked")).scalars().all()
        assert set(parked) == {1, 2}
        several = connection.execute(text("SELECT count(*) FROM run_set_offs WHERE run_id = 1")).scalar_one()
        outside = text("SELECT count(*) FROM run_findings WHERE contract_id IS NULL")
        assert several > 1
        assert connection.execute(outside).scalar_one() > 0
        assert {number: recomputed_hash(connection, number) for number in states} == stored_hashes(connection)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE run_lines SET entitled_eur = entitled_eur + 1 WHERE line = 1",
        "UPDATE run_lines SET posted_before_eur = posted_before_eur + 1 WHERE line = 1",
        "UPDATE run_lines SET label = 'x' WHERE line = 1",
        "UPDATE run_lines SET causes = '[0]' WHERE line = 1",
        "UPDATE run_set_offs SET amount_eur = amount_eur + 1 WHERE advance_reference = 'V1'",
        "UPDATE run_findings SET code = 'X99' WHERE finding = 1",
        "UPDATE run_findings SET service_month = '2025-01-01' WHERE product_id IS NOT NULL",
        "DELETE FROM run_findings WHERE contract_id IS NULL",
        "UPDATE run_contracts SET parked = NOT parked",
        "UPDATE runs SET period = '2026-03-01'",
    ],
)
def test_a_changed_run_has_another_hash(filled, change):
    with opened(filled) as engine, engine.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("ALTER TABLE run_lines DROP CONSTRAINT ck_run_lines_says_the_difference"))
        connection.execute(text(change))
        assert recomputed_hash(connection, 1) != stored_hashes(connection)[1]


def test_a_sentence_that_is_reworded_changes_no_hash(filled):
    """What was recorded then is read for ever, in the words of now."""
    with opened(filled) as engine, engine.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        before = recomputed_hash(connection, 1)
        connection.execute(text("UPDATE run_findings SET message = 'anders', hint = 'gezegd', place = 'hier'"))
        assert recomputed_hash(connection, 1) == before == stored_hashes(connection)[1]


def test_a_run_of_which_the_sentences_were_hashed_is_still_known(filled):
    with opened(filled) as engine, engine.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        old = _Parts.of(connection, 1).hash_with_sentences()
        assert old != stored_hashes(connection)[1]
        assert says_the_same(connection, 1, old)
        connection.execute(text("UPDATE run_findings SET message = 'x' WHERE finding = 1"))
        assert not says_the_same(connection, 1, old)


# There and back


def test_what_comes_back_is_the_same_and_goes_on_the_same(shelf, source, target, home):
    result = run("restore", shelf, url=target, home=home)
    assert result.exit_code == 0
    assert "5 runs" in told(result)
    assert "Elke run is nagerekend" in told(result)
    assert contents(target) == contents(source)
    after = []
    for url in (source, target):
        with opened(url) as engine:
            books = Books(engine, home)
            with books.transaction() as connection:
                recorded = latest(connection)
                assert record(connection, "prices", "x", "tester") == recorded + 1
            books.deliver(
                delivery("r5", "45A04", "2026-03-05", 30, client="c9"), delivery("r6", "45A04", "2026-02-06", 9)
            )
            settled = books.month("2026-03", "A")
            after.append((settled.id, settled.cutoff, books.settle("2026-02", "C").output_sha256))
            with engine.connect() as connection:
                counted = (
                    "SELECT reference, pseudonym FROM deliveries JOIN clients ON clients.id = client_id ORDER BY 1"
                )
                after[-1] += tuple(connection.execute(text(counted)).all())
    assert after[0] == after[1]


def test_the_manifest_says_what_is_in_the_file(shelf, filled):
    with open_backup(shelf) as backup, opened(filled) as engine, engine.connect() as connection:
        manifest = backup.manifest
        assert manifest.schema == migrations.head_revision()
        assert manifest.recording == latest(connection)
        assert manifest.runs == stored_hashes(connection)
        rows = {table.name: table.rows for table in manifest.tables}
        count = "SELECT count(*) FROM {}"
        assert rows == {name: connection.execute(text(count.format(name))).scalar_one() for name in rows}
        assert {partition.name for partition in manifest.partitions} == {
            f"{table}_2026_{month}" for table in ("deliveries", "received_references") for month in ("01", "02")
        }
    assert stat.S_IMODE(shelf.stat().st_mode) == 0o600


def test_neither_client_numbers_nor_their_key_are_in_the_file(shelf, home):
    key = (home / "config" / KEY_FILE).read_text().strip()
    with ZipFile(shelf) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert "c1" in everything
    assert key not in everything


def test_an_embedded_database_gets_one_from_a_server_and_the_way_out_works(shelf, filled):
    with tempfile.TemporaryDirectory(prefix="bk-") as folder:
        env = {"home": Path(folder), "BEKOSTIGING_KEEP_SERVER": "1"}
        settings = Settings(Path(folder, "data"), Path(folder, "config"), database_url=None, user="tester")
        place = embedded.home_of(settings)
        try:
            assert run("restore", shelf, **env).exit_code == 3  # without the key
            assert run("backup", Path(folder, "again.zip"), **env).exit_code == 0
            refused = run("restore", shelf, **env)
            assert refused.exit_code == 1
            assert "niet leeg" in told(refused)
            assert str(place) in told(refused)
            assert run("stop", **env).exit_code == 0
            place.rename(place.with_name("aside"))
            assert run("restore", Path(folder, "again.zip"), **env).exit_code == 3
            with embedded.server(settings) as url:
                assert contents(url) == contents(filled)
        finally:
            embedded.stop(settings)


def test_a_backup_is_of_one_moment_while_others_write(source, tmp_path, home, target):
    with opened(source) as engine:
        with snapshot(engine) as connection:
            recorded = latest(connection)
            Books(engine, home).deliver(delivery("late", "45A04", "2026-07-05", 30, client="new"))
            back_up(connection, tmp_path / "b.zip", stored_hashes(connection))
        with engine.connect() as connection:
            assert latest(connection) == recorded + 1
    with open_backup(tmp_path / "b.zip") as backup:
        assert backup.manifest.recording == recorded
        assert "deliveries_2026_07" not in {partition.name for partition in backup.manifest.partitions}
    assert run("restore", tmp_path / "b.zip", url=target, home=home).exit_code == 0


def test_the_schema_waits_for_a_backup(source):
    with opened(source) as engine, ThreadPoolExecutor(1) as pool:
        with snapshot(engine):
            waiting = pool.submit(migrations.upgrade, engine)
            assert wait([waiting], timeout=0.3).not_done
        waiting.result(timeout=10)


# Files that are no backup, and databases that are not empty


def test_a_file_that_was_cut_off_is_refused_at_any_length(shelf, tmp_path):
    whole, cut = shelf.read_bytes(), tmp_path / "cut.zip"
    for length in [0, 1, 63, 64, 65, 1000, len(whole) // 2, *(len(whole) - less for less in (100, 64, 63, 1))]:
        cut.write_bytes(whole[:length])
        with pytest.raises(Refusal, match="afgekapt of beschadigd"), open_backup(cut):
            pass


def test_a_damaged_file_is_refused(shelf, tmp_path):
    whole, damaged = shelf.read_bytes(), tmp_path / "damaged.zip"
    for place in random.Random(1).sample(range(len(whole)), 50):
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(Refusal, match="afgekapt of beschadigd"), open_backup(damaged):
            pass


@pytest.mark.parametrize("content", [b"", b"geen reservekopie", bytes(range(256)) * 9])
def test_another_file_is_refused_and_nothing_is_made(tmp_path, target, home, content):
    (tmp_path / "x").write_bytes(content)
    result = run("restore", tmp_path / "x", url=target, home=home)
    assert (result.exit_code, "geen reservekopie" in told(result)) == (1, True)
    assert not has_tables(target)


def test_a_file_that_is_not_there_is_refused(tmp_path, target, home):
    result = run("restore", tmp_path / "x", url=target, home=home)
    assert (result.exit_code, "kan niet worden gelezen" in told(result)) == (1, True)


def rewritten(shelf: Path, path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A backup with other contents; its digest is right."""
    with ZipFile(shelf) as old, ZipFile(path, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        new.comment = b"0" * 64
    written = path.read_bytes()[:-64]
    path.write_bytes(written + hashlib.sha256(written).hexdigest().encode())
    return path


def in_manifest(change: Callable[[dict], None]) -> Callable[[str, bytes], bytes]:
    def apply(name: str, content: bytes) -> bytes:
        if name != "manifest.json":
            return content
        manifest = json.loads(content)
        change(manifest)
        return json.dumps(manifest).encode()

    return apply


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda m: m["tables"].pop(), "ontbreekt"),
        (lambda m: m["tables"][1].update(rows=7), "rijen, geen 7"),
        (lambda m: m.update(recording=99), "de laatste vastlegging"),
        (lambda m: m["partitions"][0].update(bounds="DEFAULT; DROP TABLE x"), "deel deliveries_2026_01"),
        (lambda m: m.update(schema="9999"), "nieuwer programma"),
        (lambda m: m.update(format=2), "nieuwer programma"),
    ],
)
def test_a_backup_that_is_not_what_it_says_leaves_nothing(shelf, tmp_path, target, home, change, what):
    result = run("restore", rewritten(shelf, tmp_path / "b.zip", in_manifest(change)), url=target, home=home)
    assert (result.exit_code, what in told(result)) == (1, True)
    assert not has_tables(target)


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("recordings", b"1\t", b"0\t"),  # a check
        ("journal_entries", b"\t1\t", b"\t9\t"),  # a key
        ("journal_lines", b"\n", b"1\n"),  # a balance
        ("clients", b"\\\\x", b"geen pseudoniem"),  # a type
    ],
)
def test_rows_that_can_not_be_leave_nothing(shelf, tmp_path, target, home, table, old, new):
    def change(name, content):
        return content.replace(old, new, 1) if name == f"tables/{table}" else content

    result = run("restore", rewritten(shelf, tmp_path / "b.zip", change), url=target, home=home)
    assert (result.exit_code, "een rij die niet kan bestaan" in told(result)) == (1, True)
    assert not has_tables(target)


@pytest.mark.parametrize(
    "columns", [["x"], ["number"], ["number", "number"], ["number\") FROM PROGRAM 'id' --"]], ids=str
)
def test_columns_of_a_table_that_are_not_its_own_leave_nothing(shelf, tmp_path, target, home, columns):
    def change(manifest):
        [table] = [table for table in manifest["tables"] if table["name"] == "recordings"]
        table["columns"] = columns

    result = run("restore", rewritten(shelf, tmp_path / "b.zip", in_manifest(change)), url=target, home=home)
    assert (result.exit_code, "de kolommen van tabel recordings" in told(result)) == (1, True)
    assert not has_tables(target)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("manifest.json", b"geen json"),
        ("manifest.json", b"\xff\xfe"),
        ("manifest.json", b"[]"),
        ("manifest.json", b"{}"),
        ("manifest.json", b"[" * 100_000),
        ("manifest.json", None),
        ("tables/recordings", None),
        ("tables/recordings", b"0" * 50_000_000),
    ],
    ids=["no JSON", "no text", "a list", "nothing", "brackets", "no manifest", "no table", "a bomb"],
)
def test_a_file_with_a_right_digest_that_this_program_did_not_make_is_refused(
    shelf, tmp_path, target, home, name, content
):
    path = rewritten(shelf, tmp_path / "b.zip", lambda found, said: content if found == name else said)
    result = run("restore", path, url=target, home=home)
    assert (result.exit_code, "is niet wat dit programma als reservekopie schrijft" in told(result)) == (1, True)
    assert not has_tables(target)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.pop("program"),
        lambda m: m.update(recording="9"),
        lambda m: m.update(made_at="gisteren"),
        lambda m: m.update(runs=["1"]),
        lambda m: m["runs"].update(een="x"),
        lambda m: m["tables"][0].update(rows=None),
        lambda m: m["tables"].append({"name": "x"}),
        lambda m: m.update(partitions=None),
    ],
)
def test_a_manifest_of_another_form_is_refused(shelf, tmp_path, change):
    path = rewritten(shelf, tmp_path / "b.zip", in_manifest(change))
    with pytest.raises(Refusal, match="is niet wat dit programma als reservekopie schrijft"), open_backup(path):
        pass


def test_a_file_that_is_no_zip_with_a_right_digest_is_refused(tmp_path):
    path = tmp_path / "b.zip"
    path.write_bytes(b"iets anders" + hashlib.sha256(b"iets anders").hexdigest().encode())
    with pytest.raises(Refusal, match="is niet wat dit programma als reservekopie schrijft"), open_backup(path):
        pass


def test_whatever_bytes_are_changed_a_file_with_a_right_digest_is_read_or_refused(shelf, tmp_path):
    whole, changed = shelf.read_bytes()[:-64], tmp_path / "b.zip"
    outcomes = set()
    for place in random.Random(2).sample(range(len(whole)), 150):
        written = whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :]
        changed.write_bytes(written + hashlib.sha256(written).hexdigest().encode())
        try:
            with open_backup(changed) as backup:
                outcomes.add(bool(backup.manifest.tables))
                with suppress(Refusal), as_written(changed):
                    for table in backup.manifest.tables:
                        backup.archive.read(f"tables/{table.name}")
        except Refusal:
            outcomes.add(False)
    assert outcomes == {True, False}


def test_a_recording_that_is_missing_leaves_nothing(source, tmp_path, target, home):
    with opened(source) as engine, transaction(engine) as connection:
        row = "INSERT INTO recordings SELECT number + 2, kind, what, file_name, sha256, recorded_at, recorded_by"
        last = "FROM recordings ORDER BY number DESC LIMIT 1"
        connection.execute(text(f"{row} {last}"))
    assert run("backup", tmp_path / "b.zip", url=source, home=home).exit_code == 0
    result = run("restore", tmp_path / "b.zip", url=target, home=home)
    assert (result.exit_code, "een vastlegging ontbreekt" in told(result)) == (1, True)
    assert not has_tables(target)


def test_a_run_that_says_something_else_is_refused_and_restored_as_it_is_when_asked(shelf, tmp_path, target, home):
    def change(name, content):
        return content.replace(b"\tinstalment\t", b"\ttermijntje\t", 1) if name == "tables/run_lines" else content

    path = rewritten(shelf, tmp_path / "b.zip", change)
    result = run("restore", path, url=target, home=home)
    assert (result.exit_code, "zegt run 1 niet wat hij bij het afrekenen zei" in told(result)) == (1, True)
    assert not has_tables(target)
    result = run("restore", path, "--as-is", url=target, home=home)
    assert result.exit_code == 3
    assert "run 1 zegt niet meer wat hij bij het afrekenen zei" in told(result)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["runs"].pop("1"), "zegt run 1 niet"),
        (lambda m: m["runs"].update({"99": "ab" * 32}), "zegt run 99 niet"),
        (lambda m: m.update(runs={}), "zegt run 1, 2, 3, 4, 5 niet"),
    ],
)
def test_the_list_of_runs_is_that_of_the_database(shelf, tmp_path, target, home, change, said):
    result = run("restore", rewritten(shelf, tmp_path / "b.zip", in_manifest(change)), url=target, home=home)
    assert (result.exit_code, said in told(result)) == (1, True)
    assert not has_tables(target)


def test_a_table_of_others_is_named_and_stays_behind(source, tmp_path, target, home):
    with opened(source) as engine, transaction(engine) as connection:
        connection.execute(text('CREATE TABLE "van een ander" AS SELECT 1 AS n'))
    assert run("backup", tmp_path / "b.zip", url=source, home=home).exit_code == 0
    result = run("restore", tmp_path / "b.zip", url=target, home=home)
    assert result.exit_code == 3
    assert "van een ander is niet van dit programma" in told(result)


def test_only_an_empty_database_is_filled(shelf, filled, database_url, home):
    before = contents(filled)
    result = run("restore", shelf, url=filled, home=home)
    assert (result.exit_code, "niet leeg" in told(result)) == (1, True)
    assert "BEKOSTIGING_DATABASE_URL" in told(result)
    assert contents(filled) == before
    assert run("restore", shelf, url=database_url, home=home).exit_code == 0  # tables without rows
    assert contents(database_url) == before


def test_of_two_restores_at_once_one_is_refused(shelf, target, home):
    program = [sys.executable, str(ROOT / "cli.py"), "db", "restore", str(shelf)]
    env = os.environ | {"BEKOSTIGING_DATABASE_URL": target, "BEKOSTIGING_HOME": str(home)}
    both = [subprocess.Popen(program, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in "12"]
    assert sorted(process.wait() for process in both) == [0, 1]


# Schemas


@pytest.fixture
def later_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program with one more migration, which changes a table whose checks wait for the commit."""
    folder = tmp_path / "versions"
    shutil.copytree(migrations.VERSIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = migrations.head_revision()
    (folder / "0999_later.py").write_text(
        f"from alembic import op\nrevision = '0999'\ndown_revision = {head!r}\n"
        "def upgrade():\n    op.execute('ALTER TABLE journal_entries RENAME COLUMN kind TO sort')\n"
        "    op.execute('ALTER TABLE journal_entries ADD COLUMN memo text')\n"
    )
    monkeypatch.setattr(migrations, "VERSIONS", folder)
    return folder / "0999_later.py"


def test_an_older_backup_is_restored_and_brought_up_to_date(shelf, target, home, later_schema):
    assert run("restore", shelf, url=target, home=home).exit_code == 0
    with opened(target) as engine, engine.connect() as connection:
        assert migrations.current_revision(connection) == "0999"
        assert (
            connection.execute(text("SELECT count(*) FROM journal_entries WHERE sort = 'entitlement'")).scalar_one() > 0
        )


def test_a_backup_can_be_made_before_an_upgrade(filled, tmp_path, home, target, later_schema):
    assert run("backup", tmp_path / "b.zip", url=filled, home=home).exit_code == 0
    assert run("restore", tmp_path / "b.zip", url=target, home=home).exit_code == 0


def test_a_newer_backup_and_empty_tables_of_another_schema_are_refused(shelf, target, tmp_path, home, later_schema):
    assert run("upgrade", url=target, home=home).exit_code == 0
    result = run("restore", shelf, url=target, home=home)
    assert (result.exit_code, "lege tabellen van schema 0999" in told(result)) == (1, True)
    with opened(target) as engine, transaction(engine) as connection:
        record(connection, "prices", "x", "tester")
    assert run("backup", tmp_path / "new.zip", url=target, home=home).exit_code == 0
    later_schema.unlink()
    result = run("restore", tmp_path / "new.zip", url=target, home=home)
    assert (result.exit_code, "nieuwer programma" in told(result), "schema 0999" in told(result)) == (1, True, True)
    result = run("backup", tmp_path / "x.zip", url=target, home=home)
    assert (result.exit_code, "nieuwer dan dit programma" in told(result)) == (1, True)


def test_without_recordings_there_is_nothing_to_keep(target, tmp_path, home):
    result = run("backup", tmp_path / "b.zip", url=target, home=home)
    assert (result.exit_code, "er is niets te bewaren" in told(result)) == (1, True)
    assert run("upgrade", url=target, home=home).exit_code == 0
    result = run("backup", tmp_path / "b.zip", url=target, home=home)
    assert (result.exit_code, "er is niets te bewaren" in told(result)) == (1, True)
    assert list(tmp_path.iterdir()) == []


# Writing the file


def test_a_file_that_is_there_is_only_replaced_when_asked(filled, tmp_path, home):
    path = tmp_path / "b.zip"
    path.write_text("van gisteren")
    refused = run("backup", path, url=filled, home=home)
    assert (refused.exit_code, "bestaat al" in told(refused), "--replace" in told(refused)) == (1, True, True)
    assert path.read_text() == "van gisteren"
    done = run("backup", path, "--replace", url=filled, home=home)
    assert (done.exit_code, f"{path}: 13 vastleggingen, 5 runs" in told(done)) == (0, True)
    with open_backup(path):
        assert [file.name for file in tmp_path.iterdir()] == ["b.zip"]


def test_a_backup_of_more_or_of_another_database_is_not_replaced(shelf, target, source, tmp_path, home):
    path = Path(shutil.copy(shelf, tmp_path / "b.zip"))
    kept = path.read_bytes()
    assert run("upgrade", url=target, home=home).exit_code == 0
    with opened(target) as engine:
        for number in range(1, 14):
            with transaction(engine) as connection:
                record(connection, "prices", "x", "tester")
            if number not in (1, 13):
                continue
            said = run("backup", path, "--replace", url=target, home=home)
            what = "13 vastleggingen, en deze database heeft er 1" if number == 1 else "van een andere database"
            assert (said.exit_code, what in told(said), "andere bestandsnaam" in told(said)) == (1, True, True)
            assert path.read_bytes() == kept
    with opened(source) as engine, transaction(engine) as connection:
        record(connection, "prices", "x", "tester")
    assert run("backup", path, "--replace", url=source, home=home).exit_code == 0
    with open_backup(path) as backup:
        assert backup.manifest.recording == 14


def test_a_backup_with_a_job_is_not_replaced_from_a_database_that_was_restored_before_it(
    shelf, target, source, tmp_path, home
):
    assert run("restore", shelf, url=target, home=home).exit_code == 0
    with opened(source) as engine, transaction(engine) as connection:
        add_job(connection, Order("remind", 3, clock_time(6), "previous"), "tester", database_clock(connection))
    path = tmp_path / "b.zip"
    assert run("backup", path, url=source, home=home).exit_code == 0
    kept = path.read_bytes()
    refused = run("backup", path, "--replace", url=target, home=home)
    assert (refused.exit_code, path.read_bytes() == kept) == (1, True)
    assert "b.zip is een reservekopie met 1 geplande taak, en deze database heeft er 0" in told(refused)
    assert run("backup", path, "--replace", url=source, home=home).exit_code == 0


@pytest.mark.parametrize("name", ["runs", "run_states", "jobs", "job_endings", "job_attempts"])
def test_a_backup_with_more_of_what_is_no_recording_is_not_replaced(shelf, filled, tmp_path, home, name):
    def one_more(manifest):
        [table] = [table for table in manifest["tables"] if table["name"] == name]
        table["rows"] += 1

    path = rewritten(shelf, tmp_path / "b.zip", in_manifest(one_more))
    kept = path.read_bytes()
    refused = run("backup", path, "--replace", url=filled, home=home)
    assert (refused.exit_code, path.read_bytes() == kept) == (1, True)
    assert "andere bestandsnaam" in told(refused)


def test_jobs_that_come_back_are_told(source, tmp_path, home, target):
    with opened(source) as engine, transaction(engine) as connection:
        add_job(connection, Order("remind", 3, clock_time(6), "previous"), "tester", database_clock(connection))
    assert run("backup", tmp_path / "b.zip", url=source, home=home).exit_code == 0
    restored = run("restore", tmp_path / "b.zip", url=target, home=home)
    said = told(restored)
    assert restored.exit_code == 0
    assert "Let op: 1 geplande taak kwam mee" in said
    assert "bekostiging schedule remove TAAK" in said


@pytest.mark.parametrize("folder", ["missing", "a_file", "/proc"])
def test_a_folder_that_can_not_be_written_is_refused(filled, tmp_path, home, folder):
    (tmp_path / "a_file").touch()
    result = run("backup", tmp_path / folder / "b.zip", url=filled, home=home)
    assert (result.exit_code, "kan niet worden geschreven" in told(result)) == (1, True)


def test_a_full_disk_leaves_the_old_backup(filled, tmp_path, home):
    resource = pytest.importorskip("resource")
    path = tmp_path / "b.zip"
    path.write_text("van gisteren")
    program = [sys.executable, str(ROOT / "cli.py"), "db", "backup", str(path), "--replace"]
    env = os.environ | {"BEKOSTIGING_DATABASE_URL": filled, "BEKOSTIGING_HOME": str(home)}
    done = subprocess.run(
        program, env=env, capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )  # fmt: skip
    assert (done.returncode, "er is geen ruimte" in done.stderr) == (1, True)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"b.zip": "van gisteren"}


def test_a_server_that_goes_away_leaves_no_file(source, tmp_path):
    with opened(source) as engine, opened(source) as other:
        with pytest.raises(Refusal, match="weggevallen"), snapshot(engine) as connection:
            hashes = stored_hashes(connection)
            with other.connect() as killer:
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                killer.execute(text(f"{others} AND pid <> pg_backend_pid()"))
            back_up(connection, tmp_path / "b.zip", hashes)
        assert list(tmp_path.iterdir()) == []


# Killed


@pytest.fixture(scope="module")
def large(server_url: URL, filled: str) -> Iterator[str]:
    """Books that take a moment to write."""
    with new_database(server_url, filled) as url:
        with opened(url) as engine, transaction(engine) as connection:
            rows = "SELECT sha256(n::text::bytea) FROM generate_series(1, 60000) n"
            connection.execute(text(f"INSERT INTO clients (pseudonym) {rows}"))
        yield url


def start(url: str, home: Path, *arguments: str | Path) -> subprocess.Popen[bytes]:
    env = os.environ | {"BEKOSTIGING_DATABASE_URL": url, "BEKOSTIGING_HOME": str(home)}
    quiet = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, ROOT / "cli.py", "db", *arguments], env=env, stdout=quiet, stderr=quiet)


def test_a_backup_that_is_killed_leaves_the_old_one_or_the_new_one(large, tmp_path, home):
    path = tmp_path / "b.zip"
    left_behind = 0
    for longest in (0, 0.2, 0.5):
        path.write_text("van gisteren")
        process = start(large, home, "backup", path, "--replace")
        part = None
        while process.poll() is None and part is None:
            part = next((file for file in tmp_path.glob(".*.deel") if file.stat().st_size), None)
            time.sleep(0.005)
        time.sleep(random.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if path.read_bytes() != b"van gisteren":
            with open_backup(path):
                pass
        for part in tmp_path.glob(".*.deel"):
            left_behind += 1
            part.unlink()
    assert left_behind  # they were killed on the way


def test_a_restore_that_is_killed_leaves_nothing_and_can_be_done_again(large, target, tmp_path, home):
    assert run("backup", tmp_path / "b.zip", url=large, home=home).exit_code == 0
    nothing_left = 0
    with opened(target) as engine:
        for longest in (0, 0.2, 0.5):
            process = start(target, home, "restore", tmp_path / "b.zip")
            busy = "SELECT count(*) FROM pg_stat_progress_copy WHERE datname = current_database()"
            while process.poll() is None:
                with engine.connect() as connection:
                    if connection.execute(text(busy)).scalar_one():
                        break
            time.sleep(random.uniform(0, longest))
            process.send_signal(signal.SIGKILL)
            if process.wait() == 0 or has_tables(target):
                break  # it was faster
            nothing_left += 1
    assert nothing_left
    again = run("restore", tmp_path / "b.zip", url=target, home=home)
    assert again.exit_code == 0 or "niet leeg" in told(again)
    assert contents(target) == contents(large)


# The key


def test_a_restored_database_wants_its_own_key(shelf, target, home, tmp_path):
    """Without it nothing is read and no key is made; another key is refused; with the right one it goes on."""
    own, new = tmp_path / "sleutel", tmp_path / "home"
    assert run("key", "export", own, url=target, home=new).exit_code == 1
    restored = run("restore", shelf, url=target, home=new)
    assert restored.exit_code == 3
    assert "ontbreekt" in told(restored)
    assert "bekostiging db key import BESTAND" in told(restored)
    with opened(target) as engine:
        for folder in (new, tmp_path / "other"):
            folder.mkdir(exist_ok=True)
            with pytest.raises(Refusal, match="sleutel"):
                Books(engine, folder).deliver(delivery("r9", "45A04", "2026-03-05", 1))
        assert not (new / "config" / KEY_FILE).exists()

        assert run("key", "export", own, url=target, home=home).exit_code == 0
        assert stat.S_IMODE(own.stat().st_mode) == 0o600
        again = run("key", "export", own, url=target, home=home)
        assert (again.exit_code, "bestaat al" in told(again)) == (1, True)

        (tmp_path / "wrong").write_text("ab" * 32)
        for wrong, why in ((tmp_path / "wrong", "niet de sleutel waarmee"), (shelf, "is geen sleutel")):
            refused = run("key", "import", wrong, url=target, home=new)
            assert (refused.exit_code, why in told(refused), str(wrong) in told(refused)) == (1, True, True)
        assert [file.name for file in (new / "config").iterdir()] == []

        assert run("key", "import", own, url=target, home=new).exit_code == 0
        assert stat.S_IMODE((new / "config" / KEY_FILE).stat().st_mode) == 0o600
        assert "al in gebruik" in told(run("key", "import", own, url=target, home=new))
        Books(engine, new).deliver(delivery("r9", "45A04", "2026-03-05", 1))


def test_another_key_is_told_at_the_restore_and_not_written_over(shelf, target, home, tmp_path):
    config = tmp_path / "config"
    config.mkdir()
    (config / KEY_FILE).write_text("ab" * 32)
    restored = run("restore", shelf, url=target, home=tmp_path)
    assert (restored.exit_code, "is niet de sleutel waarmee" in told(restored)) == (3, True)
    refused = run("key", "import", home / "config" / KEY_FILE, url=target, home=tmp_path)
    assert (refused.exit_code, "een andere sleutel" in told(refused)) == (1, True)
    assert (config / KEY_FILE).read_text() == "ab" * 32


def test_a_key_may_be_put_back_before_the_database(shelf, database_url, home, tmp_path):
    assert run("key", "import", home / "config" / KEY_FILE, url=database_url, home=tmp_path).exit_code == 0
    assert run("restore", shelf, url=database_url, home=tmp_path).exit_code == 0
