"""What a command needs to work with the database, from the settings.

A command body is: `with database(ctx).transaction() as connection:`. A command that needs more than one transaction
takes `with database(ctx).engine() as engine:` and then `with transaction(engine) as connection:` for each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
from sqlalchemy import Connection, Engine

from database import embedded, migrations
from database.connection import described, open_engine, transaction
from database.recordings import latest
from database.settings import Settings


@dataclass(frozen=True, slots=True)
class Database:
    """The database of these settings: the embedded server, or one of the user's own."""

    settings: Settings = field(default_factory=Settings.from_environment)

    @contextmanager
    def engine(self, *, check_schema: bool = True) -> Iterator[Engine]:
        """An engine on a database whose schema fits the program.

        An embedded database that is still empty gets its tables at once, so that the first use just works; that it was
        made is said. Any other difference is for the user to decide (`db upgrade`): raises `Refusal`.
        """
        with self._url() as url:
            engine = open_engine(url)
            try:
                if check_schema:
                    made = migrations.ensure_current(engine, create=self.settings.database_url is None)
                    with transaction(engine) as connection:
                        self._tell_of_emptiness(connection, made)
                yield engine
            finally:
                engine.dispose()

    @contextmanager
    def transaction(self, *, dry_run: bool = False) -> Iterator[Connection]:
        """One transaction; see `database.connection.transaction`."""
        with self.engine() as engine, transaction(engine, dry_run=dry_run) as connection:
            yield connection

    @property
    def is_there(self) -> bool:
        """Whether a database was made here, or one of the user's own is named; it is not looked whether it answers."""
        return self.settings.database_url is not None or embedded.home_of(self.settings).exists()

    def lost_its_contents(self, connection: Connection) -> bool:
        """Whether this database has no recordings, while the key of an earlier one is there."""
        return latest(connection) == 0 and os.path.exists(self.settings.key_file)

    def _tell_of_emptiness(self, connection: Connection, made: bool) -> None:
        """Say so when a database was made just now, or seems to be another one than the user means."""
        from database.terminal import say  # slow to import, and seldom needed

        if self.lost_its_contents(connection):
            key = self.settings.key_file
            say(
                f"Let op: de database is leeg ({self.place}), maar er is al een sleutel voor cliëntnummers ({key}). "
                "Er was dus eerder een database.",
                err=True,
            )
            say(
                "Wat te doen: ga na of dit de goede database is (BEKOSTIGING_HOME, BEKOSTIGING_DATABASE_URL), of zet "
                "een reservekopie terug met: bekostiging db restore BESTAND",
                err=True,
            )
        elif made:
            say(f"Nieuwe, lege database in {self.place}.", err=True)

    @property
    def place(self) -> str:
        """Where the database is, for a person: its folder, or the name on its server."""
        if self.settings.database_url is None:
            return str(embedded.home_of(self.settings))
        return described(self.settings.database_url)

    @contextmanager
    def _url(self) -> Iterator[str]:
        if self.settings.database_url is not None:
            yield self.settings.database_url
        else:
            with embedded.server(self.settings) as url:
                yield url


def database(ctx: click.Context) -> Database:
    """The database of this command: what the caller put in `ctx.obj`, else that of the environment."""
    return ctx.ensure_object(Database)
