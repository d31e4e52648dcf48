"""`bekostiging db backup` and `db restore`. They stand here because a restored run is checked by what it says."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import Connection

from database import embedded
from database.backup import Manifest, as_written, back_up, open_backup, snapshot
from database.backup import restore as restore_backup
from database.connection import transaction
from database.session import database
from database.settings import Settings
from database.terminal import FILE, NEEDS_ATTENTION, say
from importers.key_commands import missing_key
from kernel.findings import Refusal
from kernel.notation import format_number
from settlement.audit import says_the_same, stored_hashes
from settlement.phrases import counted
from settlement.schedule.register import jobs_known


@click.command("backup")
@click.argument("file", metavar="BESTAND", type=FILE)
@click.option("--replace", is_flag=True, help="Vervang een eerdere reservekopie van dezelfde database.")
@click.pass_context
def backup(ctx: click.Context, file: Path, replace: bool) -> None:
    """Bewaar de hele database in één bestand, ook terwijl anderen werken.

    De sleutel voor cliëntnummers zit er niet in: bewaar die apart, met db key export.

    \b
    Voorbeeld:
      bekostiging db backup reservekopie-2026-03-31.zip
    """
    with database(ctx).engine(check_schema=False) as engine, snapshot(engine) as connection:
        manifest = back_up(connection, file, stored_hashes(connection), replace=replace)
    say(f"De reservekopie staat in {file}: {_contents(manifest)}.")
    say("De sleutel voor cliëntnummers zit er niet in; bewaar hem apart:")
    say("  bekostiging db key export BESTAND")


@click.command("restore")
@click.argument("file", metavar="BESTAND", type=FILE)
@click.option("--as-is", is_flag=True, help="Zet ook terug als een run niet meer zegt wat hij bij het afrekenen zei.")
@click.pass_context
def restore(ctx: click.Context, file: Path, as_is: bool) -> None:
    """Zet een reservekopie terug in een lege database.

    Daarbij wordt nagerekend of elke run nog zegt wat hij zei; zo niet, dan wordt er niets teruggezet.

    \b
    Voorbeeld:
      bekostiging db restore reservekopie-2026-03-31.zip
    """
    store = database(ctx)
    config_dir = store.settings.config_dir
    with (
        open_backup(file) as opened,
        store.engine(check_schema=False) as engine,
        transaction(engine) as connection,
    ):
        manifest = opened.manifest
        left_out = restore_backup(connection, opened, _way_out(store.settings))
        with as_written(file):
            differing = _differing(connection, manifest)
            planned = jobs_known(connection)
        if differing and not as_is:
            raise Refusal(
                f"in deze reservekopie zegt run {_numbers(differing)} niet wat hij bij het afrekenen zei; er is niets "
                "teruggezet",
                "neem een andere reservekopie, of zet deze terug zoals zij is met --as-is en vergelijk die runs met de "
                "afrekeningen",
            )
        key = missing_key(connection, config_dir)
    say(f"De reservekopie van {datetime.fromisoformat(manifest.made_at):%d-%m-%Y %H:%M} is teruggezet.")
    say(f"Teruggezet en nageteld: {_contents(manifest)}.")
    if differing:
        say(
            f"Let op: run {_numbers(differing)} zegt niet meer wat hij bij het afrekenen zei; vergelijk met de "
            "afrekening."
        )
    elif manifest.runs:
        say("Elke run is nagerekend en zegt wat hij zei.")
    if planned:
        brought = counted(len(planned), "geplande taak kwam/geplande taken kwamen")
        say(
            f"Let op: {brought} mee. Zij gebeuren zodra hier een planner draait (bekostiging schedule run), en dan ook "
            "wat sinds de reservekopie is gemist; werkt de oude database nog, dan gebeurt het daar ook. Ga ze na en "
            "haal weg wat hier niet hoort:"
        )
        say("  bekostiging schedule list")
        say("  bekostiging schedule remove TAAK")
    if left_out:
        say(f"Let op: {', '.join(left_out)} is niet van dit programma en is niet teruggezet.")
    if key:
        say(f"Let op: {key.message}. Leveringen worden geweigerd tot de goede sleutel terug is:")
        say("  bekostiging db key import BESTAND")
    if differing or left_out or key:
        ctx.exit(NEEDS_ATTENTION)


def _differing(connection: Connection, manifest: Manifest) -> list[int]:
    """The runs that are not in the list of the backup, or say something else than its hash in that list."""
    stored = stored_hashes(connection)
    return [
        run
        for run in sorted({*manifest.runs, *stored})
        if run not in stored or manifest.runs.get(run) != stored[run] or not says_the_same(connection, run, stored[run])
    ]


def _numbers(runs: Sequence[int]) -> str:
    return ", ".join(str(run) for run in runs)


def _contents(manifest: Manifest) -> str:
    return ", ".join(
        f"{format_number(number)} {one if number == 1 else many}"
        for number, one, many in (
            (manifest.recording, "vastlegging", "vastleggingen"),
            (len(manifest.runs), "run", "runs"),
            (manifest.rows, "rij", "rijen"),
        )
    )


def _way_out(settings: Settings) -> str:
    if settings.database_url is not None:
        return "maak op de server een lege database en wijs die aan met BEKOSTIGING_DATABASE_URL"
    home = embedded.home_of(settings)
    return f"stop de database (bekostiging db stop), zet de map {home} opzij en voer de opdracht opnieuw uit"
