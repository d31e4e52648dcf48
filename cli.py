"""The command `bekostiging`: puts the groups of the packages together, and turns what goes wrong into an exit code.

0: done; 1: refused, nothing was written; 2: wrong usage; 3: done, and findings need attention; 70: an error in the
program.
"""

import io
import sys
import traceback
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import get_completion_class

from contracts.commands import contract
from contracts.model import ExampleSettler
from database.commands import db
from database.session import Database
from importers.commands import import_
from importers.fact_commands import FACT_COMMANDS
from importers.key_commands import key
from kernel.findings import Refusal
from settlement.backup_commands import backup, restore
from settlement.commands import explain, settle, statement
from settlement.examples import settle_example
from settlement.ledger.commands import ledger
from settlement.schedule_commands import schedule
from settlement.status_commands import status
from tariffs.commands import tariff, tell_findings

REFUSED = 1
BUG = 70
_MOST_OF_A_CODE = 20


@dataclass(frozen=True, slots=True)
class Program(Database):
    """What commands share: the database, and how a contract's worked examples are settled."""

    settle_example: ExampleSettler = settle_example


class _Root(click.Group):
    """Shows a refusal as one clear sentence with its reasons; everything else that is raised is a bug."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            _show(refusal)
            ctx.exit(REFUSED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError, KeyboardInterrupt):
            raise
        except Exception:  # the one place that catches everything: to end with a code of its own
            traceback.print_exc()
            click.echo(
                "Fout in het programma. Meld dit met de tekst hierboven, en kijk wat er is vastgelegd (settle list).",
                err=True,
            )
            ctx.exit(BUG)


def _show(refusal: Refusal) -> None:
    click.echo(f"Geweigerd: {refusal.message}", err=True)
    tell_findings(refusal.findings, most=_MOST_OF_A_CODE, err=True)
    if refusal.hint:
        click.echo(f"Wat te doen: {refusal.hint}", err=True)


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bekostiging")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Rekent bekostiging van jeugdhulp, Wmo en participatie af.

    Van contracten en leveringen naar maandafrekeningen en een journaal, tot op de cent en per regel uit te leggen.
    """
    ctx.obj = ctx.obj or Program()
    for stream in (sys.stdout, sys.stderr):  # a terminal without → shows ? and does not end the program
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@main.command("completion")
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Toon het script waarmee bash, zsh of fish opdrachten en opties aanvult.

    \b
    Voorbeeld:
      bekostiging completion bash > ~/.local/share/bash-completion/completions/bekostiging
    """
    kind = get_completion_class(shell)
    assert kind is not None, "the argument names a shell that click knows"
    click.echo(kind(main, {}, "bekostiging", "_BEKOSTIGING_COMPLETE").source())


for group in (tariff, contract, import_, settle, statement, ledger, explain, status, schedule, db):
    main.add_command(group)
for command in (backup, restore, key):
    db.add_command(command)
for command in FACT_COMMANDS:
    import_.add_command(command)


if __name__ == "__main__":
    sys.exit(main())
