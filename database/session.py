"""What a command needs to work with the database, from the settings.

A command body is: `with database(ctx).transaction() as connection:`. A command that needs more than one transaction
takes `with database(ctx).engine() as engine:` and then `with transaction(engine) as connection:` for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
from sqlalchemy import Connection, Engine

from database import embedded, migrations
from database.connection import open_engine, transaction
from database.settings import Settings


@dataclass(frozen=True, slots=True)
class Database:
    """The database of these settings: the embedded server, or one of the user's own."""

    settings: Settings = field(default_factory=Settings.from_environment)

    @contextmanager
    def engine(self, *, check_schema: bool = True) -> Iterator[Engine]:
        """An engine on a database whose schema fits the program.

        An embedded database that is still empty gets its tables at once, so that the first use just works. Any other
        difference is for the user to decide (`db upgrade`): raises `Refusal`.
        """
        with self._url() as url:
            engine = open_engine(url)
            try:
                if check_schema:
                    migrations.ensure_current(engine, create=self.settings.database_url is None)
                yield engine
            finally:
                engine.dispose()

    @contextmanager
    def transaction(self, *, dry_run: bool = False) -> Iterator[Connection]:
        """One transaction; see `database.connection.transaction`."""
        with self.engine() as engine, transaction(engine, dry_run=dry_run) as connection:
            yield connection

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
