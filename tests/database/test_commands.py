"""`bekostiging db`, as typed."""

import errno
import os
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url, text

import cli
from database import embedded, migrations
from database.connection import open_engine, transaction
from database.recordings import record
from database.settings import Settings


@pytest.fixture
def settings(monkeypatch):
    """An embedded database of its own."""
    with tempfile.TemporaryDirectory(prefix="bk-") as folder:
        monkeypatch.setenv("BEKOSTIGING_HOME", folder)
        settings = Settings.from_environment()
        yield settings
        embedded.stop(settings)


def run(*arguments, **env):
    result = CliRunner().invoke(cli.main, ["db", *arguments], env={"COLUMNS": "80", **env})
    assert max((len(line) for line in result.output.splitlines()), default=0) <= 80 or result.exit_code
    return result


def test_status_before_the_first_use_makes_nothing(settings):
    result = run("status")
    assert result.exit_code == 0
    assert "nog niet aangemaakt" in result.output
    assert not settings.data_dir.exists()


def test_status_of_the_embedded_database(settings):
    assert run("upgrade").output == f"De database was leeg. Het schema is nu {migrations.head_revision()}.\n"
    result = run("status")
    assert result.exit_code == 0
    for part in ("ingebouwd", "PostgreSQL 18", migrations.head_revision(), "Vastleggingen  0", " MB"):
        assert part in result.output
    assert str(embedded.home_of(settings)) in result.output.replace("\n", "").replace(" " * 15, "")


def test_status_on_a_server_counts_recordings_and_hides_the_password(database_url, engine):
    with transaction(engine) as connection:
        record(connection, "prices", "x", "tester")
    url = database_url.replace("bekostiging@", "bekostiging:geheim@")
    result = run("status", BEKOSTIGING_DATABASE_URL=url)
    assert result.exit_code == 0
    assert "Vastleggingen  1" in result.output
    assert "geheim" not in result.output


def test_upgrade_fills_an_empty_database_and_says_so(empty_database_url):
    env = {"BEKOSTIGING_DATABASE_URL": empty_database_url}
    head = migrations.head_revision()
    assert f"leeg; dit programma werkt met {head}" in run("status", **env).output
    assert run("upgrade", **env).output == f"De database was leeg. Het schema is nu {head}.\n"
    assert run("upgrade", **env).output == f"Het schema was al {head}.\n"
    engine = open_engine(empty_database_url)
    assert migrations.current_revision(engine) == head
    engine.dispose()


def test_stop_ends_a_server_that_was_kept(settings):
    assert run("upgrade", BEKOSTIGING_KEEP_SERVER="1").exit_code == 0
    assert "Toestand       draait\n" in run("status", BEKOSTIGING_KEEP_SERVER="1").output
    assert run("stop").output == "De database is gestopt.\n"
    assert run("stop").output == "De database draaide niet.\n"
    assert not Path(settings.data_dir, "postgresql", "pgdata", "postmaster.pid").exists()


def test_stop_leaves_a_server_in_use_and_a_server_of_the_user(settings, database_url):
    with embedded.server(settings):
        result = run("stop")
    assert (result.exit_code, "nog in gebruik" in result.output) == (1, True)
    result = run("stop", BEKOSTIGING_DATABASE_URL=database_url)
    assert (result.exit_code, "niet van dit programma" in result.output) == (1, True)


# --- an empty database where there was one --------------------------------------------------------------------------


def told(*arguments, **env):
    """The exit code of the program, what it says, and what it says on stderr; words between single blanks."""
    result = CliRunner().invoke(cli.main, [str(a) for a in arguments], env={"COLUMNS": "80", **env})
    return result.exit_code, " ".join(result.stdout.split()), " ".join(result.stderr.split())


@pytest.fixture
def parties(tmp_path):
    path = tmp_path / "partijen.csv"
    path.write_text("soort;code;naam\ngemeente;GM0502;Capelle aan den IJssel\n", encoding="utf-8")
    return path


def test_a_database_that_is_made_is_told_once_with_its_place(settings, parties):
    code, said, aside = told("contract", "parties", parties)
    assert (code, aside) == (0, f"Nieuwe, lege database in {embedded.home_of(settings)}.")
    assert said.startswith("Vastlegging 1: ")
    assert told("contract", "parties", parties)[::2] == (0, "")
    assert told("status")[::2] == (0, "")


def test_a_new_folder_of_data_beside_the_key_of_an_earlier_database_is_told(settings, parties):
    settings.config_dir.mkdir(parents=True)
    settings.key_file.write_text("ab" * 32)
    code, said, aside = told("status")
    lost = f"Let op: de database is leeg ({embedded.home_of(settings)}), maar er is al een sleutel voor cliëntnummers"
    assert (code, aside.startswith(lost)) == (3, True), aside
    assert "Vraagt aandacht: een lege database waar er eerder een was" in said
    assert "De database is leeg: er is nog niets vastgelegd" in said
    code, said, aside = told("contract", "parties", parties)
    assert (code, aside.startswith(lost)) == (0, True)
    assert "bekostiging db restore" in aside
    assert told("contract", "parties", parties)[::2] == (0, "")


def test_an_empty_database_on_a_server_beside_the_key_of_an_earlier_one_is_told(database_url, settings, parties):
    settings.config_dir.mkdir(parents=True)
    settings.key_file.write_text("ab" * 32)
    server = {"BEKOSTIGING_DATABASE_URL": database_url}
    code, said, aside = told("tariff", "list", **server)
    assert (code, aside.startswith("Let op: de database is leeg (server ")) == (0, True), aside
    code, said, _ = told("status", "--json", **server)
    assert code == 3
    assert '"recordings": 0, "lost_database": true' in said
    assert '"needs_attention": true' in said
    assert told("contract", "parties", parties, **server)[0] == 0
    code, said, aside = told("status", "--json", **server)
    assert (code, aside) == (0, "")
    assert '"recordings": 1, "lost_database": false' in said


# --- a database that is not as it was made, or that may not be used -------------------------------------------------

SERVER_COMMANDS = [
    ("status",),
    ("db", "status"),
    ("db", "upgrade"),
    ("db", "backup", "BACKUP"),
    ("contract", "parties", "PARTIES"),
    ("settle", "run", "--period", "2026-01"),
]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("DELETE FROM alembic_version", "zegt niet van welke versie haar tabellen zijn"),
        ("INSERT INTO alembic_version VALUES ('0001')", "zegt niet van welke versie haar tabellen zijn"),
        ("DROP TABLE alembic_version", "zegt niet van welke versie haar tabellen zijn"),
        ("UPDATE alembic_version SET version_num = '9999'", "het schema is 9999, nieuwer dan dit programma kent"),
        ("UPDATE alembic_version SET version_num = 'main'", "het schema is 'main', en dat is geen versie"),
    ],
)
def test_a_schema_that_does_not_say_what_it_is_is_refused(database_url, engine, parties, tmp_path, broken, said):
    with transaction(engine) as connection:
        record(connection, "prices", "x", "tester")
        connection.execute(text(broken))
    names = {"BACKUP": tmp_path / "reserve.zip", "PARTIES": parties}
    for command in SERVER_COMMANDS:
        code, _, aside = told(*(names.get(word, word) for word in command), BEKOSTIGING_DATABASE_URL=database_url)
        if command == ("db", "status") and code == 0:  # shows which schema it is
            continue
        assert (code, said in aside) == (1, True), (command, aside)
    assert not names["BACKUP"].exists()


def test_tables_of_something_else_are_left_alone(empty_database_url):
    engine = open_engine(empty_database_url)
    with transaction(engine) as connection:
        connection.execute(text("CREATE TABLE products (id integer)"))
    engine.dispose()
    code, _, aside = told("db", "upgrade", BEKOSTIGING_DATABASE_URL=empty_database_url)
    assert (code, "er staan al tabellen van iets anders in deze database" in aside) == (1, True), aside


@pytest.fixture
def limited(database_url, engine):
    """The URL of a user of the database who may do little, and a way to give and take rights."""
    with transaction(engine) as connection:
        if not connection.execute(text("SELECT to_regrole('limited')")).scalar():
            connection.execute(text("CREATE ROLE limited LOGIN"))

    def may(*statements):
        with transaction(engine) as connection:
            for statement in statements:
                connection.execute(text(statement.format(database=make_url(database_url).database)))

    yield database_url.replace("bekostiging@", "limited@"), may
    may("DROP OWNED BY limited", "ALTER ROLE limited RESET ALL")


def test_who_may_not_read_or_write_is_refused(limited, parties, tmp_path):
    url, may = limited
    names = {"BACKUP": tmp_path / "reserve.zip", "PARTIES": parties}

    def refused(*command):
        code, _, aside = told(*(names.get(word, word) for word in command), BEKOSTIGING_DATABASE_URL=url)
        return code == 1 and aside.startswith("Geweigerd: de database laat dit niet toe: "), command, aside

    for command in SERVER_COMMANDS:
        assert refused(*command)[0], refused(*command)
    may("GRANT SELECT ON ALL TABLES IN SCHEMA public TO limited")
    assert refused("contract", "parties", parties)[0]
    may(
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO limited",
        "ALTER ROLE limited SET default_transaction_read_only = on",
    )
    assert refused("contract", "parties", parties)[0]


def test_who_may_not_make_tables_or_enter_is_refused(server_url, empty_database_url, limited):
    url = empty_database_url.replace("bekostiging@", "limited@")
    code, _, aside = told("db", "upgrade", BEKOSTIGING_DATABASE_URL=url)
    assert (code, "de database laat dit niet toe: " in aside) == (1, True), aside
    engine = open_engine(empty_database_url)
    assert migrations.current_revision(engine) is None
    with transaction(engine) as connection:
        connection.execute(text(f"REVOKE CONNECT ON DATABASE {make_url(url).database} FROM PUBLIC"))
    engine.dispose()
    code, _, aside = told("status", BEKOSTIGING_DATABASE_URL=url)
    assert (code, "laat deze gebruiker niet in de database" in aside) == (1, True), aside


# --- folders and keys that cannot be used ---------------------------------------------------------------------------


@pytest.mark.parametrize("home", ["file/home", "~nobody-of-that-name/home"])
def test_a_home_that_can_not_be_is_refused(monkeypatch, tmp_path, home):
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BEKOSTIGING_HOME", home)
    code, _, aside = told("status")
    assert (code, aside.startswith("Geweigerd: ")) == (1, True), aside


def test_a_disk_that_may_not_be_written_is_refused(settings, monkeypatch):
    """What the system says of such a disk is put in its place: not everybody may mount one."""

    def refuse(*_arguments, **_named):
        raise OSError(errno.EROFS, "Read-only file system")

    assert told("status")[0] == 0
    monkeypatch.setattr(embedded, "InterProcessLock", refuse)
    for command in (("status",), ("db", "status")):
        code, _, aside = told(*command)
        assert (code, "niet te gebruiken: er mag op die schijf niet geschreven worden" in aside) == (1, True), aside


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes with a path")
def test_a_key_that_is_no_file_is_refused_at_once(settings, database_url, tmp_path):
    settings.config_dir.mkdir(parents=True)
    os.mkfifo(settings.key_file)
    header = "referentie;gemeente;aanbieder;bsn;product;begindatum;einddatum;aantal;dc;vorige referentie"
    row = "r1;0502;41000001;999900006;45A04;05-01-2026;05-01-2026;95;D;"
    (tmp_path / "januari.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    for command in (("import", "deliveries", tmp_path / "januari.csv"), ("db", "key", "export", tmp_path / "key")):
        code, _, aside = told(*command, BEKOSTIGING_DATABASE_URL=database_url)
        assert (code, "is geen sleutel maar een pijp" in aside) == (1, True), aside
