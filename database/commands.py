"""`bekostiging db`: where the database is, how it is, and its upkeep."""

from __future__ import annotations

import click
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine, text

from database import embedded, migrations, postgres
from database.command_line import as_json, tell_json
from database.connection import transaction
from database.recordings import latest
from database.session import database
from database.settings import Settings
from database.terminal import print_table
from kernel.findings import Refusal

_FIELDS = {
    "Server": "server", "Toestand": "state", "Map": "folder", "Database": "database", "Versie": "version",
    "Schema": "schema", "Vastleggingen": "recordings", "Omvang": "size",
}  # fmt: skip


@click.group("db")
def db() -> None:
    """De database: toestand en onderhoud.

    \b
    Voorbeeld:
      bekostiging db status
    """


@db.command()
@as_json
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Toon waar de database is en hoe hij ervoor staat.

    \b
    Voorbeeld:
      bekostiging db status
    """
    store = database(ctx)
    rows = _place(store.settings)
    if store.settings.database_url is not None or postgres.exists(embedded.home_of(store.settings)):
        with store.engine(check_schema=False) as engine:
            rows |= _condition(engine)
    if as_json:
        tell_json({_FIELDS[name]: value for name, value in rows.items()})
        return
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(value))
    print_table(table)


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Breng het schema van de database naar de nieuwste versie.

    \b
    Voorbeeld:
      bekostiging db upgrade
    """
    with database(ctx).engine(check_schema=False) as engine:
        before = migrations.current_revision(engine)
        migrations.upgrade(engine)
        after = migrations.current_revision(engine)
    was_empty = "De database was leeg. " if before is None else ""
    click.echo(f"Het schema was al {after}." if before == after else f"{was_empty}Het schema is nu {after}.")


@db.command()
@click.pass_context
def stop(ctx: click.Context) -> None:
    """Stop een ingebouwde database die is blijven draaien.

    \b
    Voorbeeld:
      bekostiging db stop
    """
    settings = database(ctx).settings
    if settings.database_url is not None:
        raise Refusal("de databaseserver is niet van dit programma", "stop hem waar hij beheerd wordt")
    click.echo("De database is gestopt." if embedded.stop(settings) else "De database draaide niet.")


def _place(settings: Settings) -> dict[str, str]:
    if settings.database_url is not None:
        return {"Server": "eigen server, uit BEKOSTIGING_DATABASE_URL"}
    home = embedded.home_of(settings)
    if not postgres.exists(home):
        state = "nog niet aangemaakt; dat doet de eerste opdracht die hem nodig heeft"
    elif postgres.running(home):
        state = "draait"
    else:
        state = "draait alleen tijdens een opdracht"
    return {"Server": "ingebouwd", "Toestand": state, "Map": str(home)}


def _condition(engine: Engine) -> dict[str, str]:
    current, head = migrations.current_revision(engine), migrations.head_revision()
    fits = "" if current == head else f"; dit programma werkt met {head}"
    with transaction(engine) as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        version = connection.execute(text("SHOW server_version")).scalar_one()
        size_mb = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one() / 1e6
        recorded = latest(connection) if current is not None else 0
    return {
        "Database": name,
        "Versie": f"PostgreSQL {version}",
        "Schema": (current or "leeg") + fits,
        "Vastleggingen": f"{recorded:,}".replace(",", "."),
        "Omvang": f"{size_mb:.1f} MB".replace(".", ","),
    }
