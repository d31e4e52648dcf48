"""`bekostiging db key`: keep the key for client numbers, which is in no backup of the database, and put it back."""

import os
import tempfile
from pathlib import Path

import click
from sqlalchemy import Connection, select

from database.session import Database, database
from database.settings import KEY_FILE
from database.terminal import FILE
from database.whole_file import whole_file
from importers.client_numbers import pseudonym_key
from importers.tables import pseudonym_keys
from kernel.findings import Refusal, other_than_file, why_not


@click.group("key")
def key() -> None:
    """De sleutel voor cliëntnummers: bewaren en terugzetten.

    \b
    Voorbeeld:
      bekostiging db key export sleutel.key
    """


@key.command("export")
@click.argument("file", metavar="BESTAND", type=FILE)
@click.pass_context
def export(ctx: click.Context, file: Path) -> None:
    """Bewaar de sleutel voor cliëntnummers in een bestand.

    Met dit bestand en de leveringen zijn cliënten te herkennen: bewaar het achter slot, niet bij de reservekopie.

    \b
    Voorbeeld:
      bekostiging db key export sleutel.key
    """
    store = database(ctx)
    if not os.path.exists(store.settings.key_file):
        raise Refusal(
            f"er is geen sleutel ({store.settings.key_file})",
            "hij ontstaat bij het eerste inlezen van leveringen; een bewaarde sleutel zet u terug met "
            "bekostiging db key import BESTAND",
        )
    value = _checked(store, store.settings.config_dir)
    with whole_file(file) as target:
        target.write(_line(value))
    click.echo(f"De sleutel staat in {file}.\nBewaar hem achter slot, niet bij de reservekopie.")


@key.command("import")
@click.argument("file", metavar="BESTAND", type=FILE)
@click.pass_context
def import_(ctx: click.Context, file: Path) -> None:
    """Zet een bewaarde sleutel voor cliëntnummers terug.

    Een andere sleutel dan die waarmee de database is gevuld wordt geweigerd.

    \b
    Voorbeeld:
      bekostiging db key import sleutel.key
    """
    store = database(ctx)
    value = _read(store, file)
    place = store.settings.key_file
    try:
        if os.path.exists(place) and not other_than_file(place) and place.read_bytes().strip() == _line(value).strip():
            click.echo(f"Deze sleutel is al in gebruik: {place}")
            return
    except OSError as error:
        raise Refusal(f"{place} kan niet gelezen worden: {why_not(error)}", "controleer de rechten") from None
    with whole_file(place, otherwise="dat is een andere sleutel; zet dat bestand eerst opzij") as target:
        target.write(_line(value))
    click.echo(f"De sleutel is teruggezet: {place}")


def missing_key(connection: Connection, config_dir: Path) -> Refusal | None:
    """What is wrong with the key of this user, when the database was filled with one; None when nothing is."""
    if connection.execute(select(pseudonym_keys)).one_or_none() is None:
        return None
    try:
        pseudonym_key(connection, config_dir)
    except Refusal as refusal:
        return refusal
    return None


def _read(store: Database, file: Path) -> bytes:
    """The key in a file, which fits the database. Read as if it were the key of this user already."""
    try:
        content = file.read_bytes()
        store.settings.config_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=store.settings.config_dir, prefix="key-") as folder:
            draft = Path(folder, KEY_FILE)
            draft.write_bytes(content)
            try:
                return _checked(store, Path(folder))
            except Refusal as refusal:
                raise Refusal(refusal.message.replace(str(draft), str(file)), refusal.hint) from None
    except OSError as error:
        named = os.fspath(error.filename or file)
        raise Refusal(f"{named} is niet toegankelijk: {why_not(error)}", "controleer naam en rechten") from None


def _checked(store: Database, folder: Path) -> bytes:
    """The key in a folder. Raises `Refusal` when it is none, or not the one that the database was filled with."""
    with store.transaction(dry_run=True) as connection:
        return pseudonym_key(connection, folder)


def _line(value: bytes) -> bytes:
    return value.hex().encode() + b"\n"
