"""The schema: from nothing to the newest version, once, and the same as the tables in the code."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import contracts.tables
import importers.tables
import settlement.tables
import tariffs.tables
from database import migrations
from database.connection import open_engine, transaction
from database.metadata import metadata
from database.session import Database
from database.settings import Settings
from kernel.findings import Refusal

EVERY_TABLE_IS_KNOWN = (contracts.tables, importers.tables, settlement.tables, tariffs.tables)


@pytest.fixture
def empty(empty_database_url):
    engine = open_engine(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def two_versions(tmp_path, monkeypatch):
    """Migrations of the test's own: the first makes a table, the second a column."""

    def write(number, previous, statement):
        (tmp_path / f"{number}_step.py").write_text(
            f"from alembic import op\nrevision = {number!r}\ndown_revision = {previous!r}\n"
            f"def upgrade():\n    op.execute({statement!r})\n"
        )

    write("0001", None, "CREATE TABLE steps (n integer)")
    write("0002", "0001", "ALTER TABLE steps ADD COLUMN m integer")
    monkeypatch.setattr(migrations, "VERSIONS", tmp_path)
    return tmp_path


def test_tables_and_migrations_agree(connection):
    assert migrations.differences(connection) == []


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("ALTER TABLE recordings ADD COLUMN extra text", "schema: recordings extra text"),
        ("ALTER TABLE recordings DROP COLUMN file_name", "code: recordings file_name text"),
        ("ALTER TABLE recordings ALTER COLUMN what DROP NOT NULL", "schema: recordings what text"),
        ("ALTER TABLE recordings ALTER COLUMN what SET DEFAULT 'x'", "schema: recordings what text not null 'x'::text"),
        ("ALTER TABLE runs DROP CONSTRAINT uq_runs_posting", "code: runs uq_runs_posting UNIQUE (posting)"),
        ("CREATE INDEX extra ON recordings (kind)", "schema: CREATE INDEX extra ON recordings USING btree (kind)"),
        ("CREATE TABLE extra (n integer)", "schema: table extra"),
        ("ALTER TABLE advances DROP CONSTRAINT ck_advances_amount_eur", None),
        ("ALTER TABLE advances DROP CONSTRAINT fk_advances_recording", None),
    ],
)  # fmt: skip
def test_every_difference_is_found(connection, change, difference):
    connection.execute(text(change))
    found = migrations.differences(connection)
    assert found
    assert difference is None or difference in found


def test_partitions_are_no_difference(connection):
    connection.execute(
        text("CREATE TABLE deliveries_2026_01 PARTITION OF deliveries FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')")
    )
    assert migrations.differences(connection) == []


def test_the_file_names_say_what_alembic_says():
    config = Config()
    config.set_main_option("script_location", str(migrations.VERSIONS.parent))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [migrations.head_revision()]
    assert [revision.revision for revision in script.walk_revisions()] == migrations.revisions()[::-1]


def test_an_empty_database_gets_every_table(empty):
    assert migrations.current_revision(empty) is None
    migrations.upgrade(empty)
    assert migrations.current_revision(empty) == migrations.head_revision()
    with empty.connect() as connection:
        found = connection.execute(text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"))
        assert set(metadata.tables) <= set(found.scalars())


def test_upgrading_goes_step_by_step_and_twice_changes_nothing(empty, two_versions):
    (two_versions / "0002_step.py").rename(two_versions / "later")
    migrations.upgrade(empty)
    assert migrations.current_revision(empty) == "0001"
    (two_versions / "later").rename(two_versions / "0002_step.py")
    for _ in range(2):
        migrations.upgrade(empty)
        assert migrations.current_revision(empty) == "0002"


def test_a_migration_that_fails_leaves_the_schema_as_it_was(empty, two_versions):
    (two_versions / "0003_step.py").write_text(
        "from alembic import op\nrevision = '0003'\ndown_revision = '0002'\n"
        "def upgrade():\n    op.execute('CREATE TABLE half (n integer)')\n    raise RuntimeError('stuk')\n"
    )
    with pytest.raises(RuntimeError, match="stuk"):
        migrations.upgrade(empty)
    assert migrations.current_revision(empty) is None
    with empty.connect() as connection:
        assert connection.execute(text("SELECT to_regclass('steps'), to_regclass('half')")).one() == (None, None)


def test_findings_of_before_get_the_deliveries_that_their_place_names(empty):
    """What a run found outside its contracts is told by provider, also when it was stored without that column."""
    with transaction(empty) as connection:
        migrations.migrate(connection, "0007")
    with empty.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            text("""
            INSERT INTO municipalities (id, code) OVERRIDING SYSTEM VALUE VALUES (7, 'GM0502');
            INSERT INTO providers (id, agb_code) OVERRIDING SYSTEM VALUE VALUES (8, '41000001'), (9, '41000002');
            INSERT INTO products (id, code) OVERRIDING SYSTEM VALUE VALUES (10, '45A04'), (11, '44A09');
            INSERT INTO run_contracts (run_id, contract_id, contract_recording, provider_id, previous_cutoff, sequence,
                parked, total_eur, set_off_eur) VALUES (1, 1, 1, 9, 0, 1, true, 0, 0);
            INSERT INTO run_findings (run_id, finding, contract_id, code, severity, place, message, hint) VALUES
                (1, 1, 1, 'P01', 'error', 'product 45A04, GM0502, 2026-01', 'm', 'h'),
                (1, 2, 1, 'F01', 'error', 'GM0502, maat inhabitants, 01-01-2026', 'm', 'h'),
                (1, 3, NULL, 'P05', 'error', 'aanbieder 41000001, GM0502, product 44A09, 2026-03', 'm', 'h');
            """)
        )
    with transaction(empty) as connection:
        migrations.migrate(connection, "0008")
        query = "SELECT provider_id, municipality_id, product_id, service_month FROM run_findings ORDER BY finding"
        assert connection.execute(text(query)).all() == [
            (9, 7, 10, date(2026, 1, 1)),
            (None, None, None, None),
            (8, 7, 11, date(2026, 3, 1)),
        ]


def test_references_received_before_stay_known_by_month(empty):
    columns = "municipality_id, provider_id, law, reference, previous_reference, service_month, batch, row_number"
    rows = [
        (7, 8, "Wmo 2015", "r1", None, date(2025, 12, 1), 1, 2),
        (7, 8, "Wmo 2015", "r2", "r1", date(2025, 12, 1), 2, 2),
        (7, 8, "Wmo 2015", "r3", None, date(2026, 1, 1), 2, 3),
    ]
    with transaction(empty) as connection:
        migrations.migrate(connection, "0008")
        insert = f"INSERT INTO received_references ({columns}) VALUES (:a, :b, :c, :d, :e, :f, :g, :h)"
        connection.execute(text(insert), [dict(zip("abcdefgh", row, strict=True)) for row in rows])
    with transaction(empty) as connection:
        migrations.migrate(connection)
        stored = f"SELECT {columns} FROM received_references ORDER BY reference"
        assert connection.execute(text(stored)).all() == rows
        by_month = "SELECT tableoid::regclass::text FROM received_references ORDER BY reference"
        december, january = "received_references_2025_12", "received_references_2026_01"
        assert connection.execute(text(by_month)).scalars().all() == [december, december, january]
    for table in ("received_references", january):
        for change in ("DELETE FROM", "TRUNCATE"):
            with pytest.raises(DBAPIError, match="append-only"), empty.begin() as connection:
                connection.execute(text(f"{change} {table}"))


def test_upgrades_at_once_do_not_collide(empty_database_url, two_versions):
    def upgrade(_):
        engine = open_engine(empty_database_url)
        migrations.upgrade(engine)
        revision = migrations.current_revision(engine)
        engine.dispose()
        return revision

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(upgrade, range(4))) == ["0002"] * 4


def test_a_folder_with_any_name_will_do(empty, two_versions, monkeypatch):
    odd = two_versions / "100% %(here)s; a:b"
    odd.mkdir()
    for file in list(two_versions.glob("*.py")):
        file.rename(odd / file.name)
    monkeypatch.setattr(migrations, "VERSIONS", odd)
    migrations.upgrade(empty)
    assert migrations.current_revision(empty) == "0002"


# What a command does about the schema it finds


def use(settings):
    with Database(settings).transaction() as connection:
        return migrations.current_revision(connection)


@pytest.fixture
def on_server(tmp_path, empty_database_url):
    return Settings(tmp_path, tmp_path, database_url=empty_database_url, user="tester")


def test_the_first_use_of_the_embedded_database_makes_the_tables(tmp_path):
    settings = Settings(tmp_path / "data", tmp_path / "config", database_url=None, user="tester")
    assert use(settings) == migrations.head_revision()


def test_an_empty_database_on_a_server_is_left_alone(on_server):
    with pytest.raises(Refusal, match="de database is leeg") as refusal:
        use(on_server)
    assert "bekostiging db upgrade" in refusal.value.hint


def test_an_older_schema_is_left_alone(on_server, empty, two_versions):
    with transaction(empty) as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
    with pytest.raises(Refusal, match="het schema is 0001; dit programma werkt met 0002") as refusal:
        use(on_server)
    assert "bekostiging db upgrade" in refusal.value.hint


def test_a_newer_schema_is_refused_also_by_upgrade(on_server, empty, two_versions):
    migrations.upgrade(empty)
    (two_versions / "0002_step.py").unlink()
    with pytest.raises(Refusal, match="nieuwer dan dit programma"):
        use(on_server)
    with pytest.raises(Refusal, match="nieuwer dan dit programma"):
        migrations.upgrade(empty)
