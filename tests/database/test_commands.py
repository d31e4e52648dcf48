"""`bekostiging db`, as typed."""

import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

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


# --- an empty database where there was one ----------------------------------------------------------------------------


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
