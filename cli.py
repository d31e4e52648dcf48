"""The command `bekostiging`: puts the groups of the packages together, and turns what goes wrong into an exit code.

0: done; 1: refused, nothing was written; 2: wrong usage; 3: done, and findings need attention; 70: an error in the
program, and nothing was recorded; 71: an error in the program after something was recorded; 74: done, but not all that
it says could be written.

The groups are imported when they are used, so that help and completion answer at once.
"""

import sys
import traceback
from typing import Any

import click
from click.shell_completion import get_completion_class

from database.command_line import Later, speak_dutch, tell_refusal_json
from database.output import unfailing_streams
from kernel.findings import Refusal

REFUSED = 1
BUG = 70
BUG_AFTER_RECORDING = 71
OUTPUT_LOST = 74
_DONE = (None, 0, 3)
_MOST_OF_A_CODE = 100

speak_dutch()


class _Root(click.Group):
    """Shows a refusal as one clear sentence with its reasons; everything else that is raised is a bug."""

    def main(self, *arguments: Any, **named: Any) -> Any:
        with unfailing_streams() as streams:
            try:
                return super().main(*arguments, **named)
            except SystemExit as end:
                for stream in (sys.stdout, sys.stderr):
                    stream.flush()
                if end.code in _DONE and any(stream.is_lost for stream in streams):
                    raise SystemExit(OUTPUT_LOST) from None
                raise

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            _show(refusal)
            tell_refusal_json(ctx, refusal)
            ctx.exit(REFUSED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt):
            raise
        except Exception:  # the one place that catches everything: to end with a code of its own
            from database.connection import something_was_recorded

            traceback.print_exc()
            recorded = something_was_recorded()
            what = "Er is al iets vastgelegd; kijk wat (settle list)." if recorded else "Er is niets vastgelegd."
            click.echo(f"Fout in het programma. Meld dit met de tekst hierboven. {what}", err=True)
            ctx.exit(BUG_AFTER_RECORDING if recorded else BUG)


def _show(refusal: Refusal) -> None:
    from database.terminal import say, tell_findings

    say(f"Geweigerd: {refusal.message}", err=True)
    tell_findings(refusal.findings, most=_MOST_OF_A_CODE, err=True)
    if refusal.hint:
        say(f"Wat te doen: {refusal.hint}", err=True)


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bekostiging")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Rekent bekostiging van jeugdhulp, Wmo en participatie af.

    Van contracten en leveringen naar maandafrekeningen en een journaal, tot op de cent en per regel uit te leggen.

    \b
    Voorbeeld:
      bekostiging status
      bekostiging settle run --period 2026-03
    """
    from database.connection import something_was_recorded
    from settlement.program import Program

    something_was_recorded(since_now=True)
    ctx.obj = ctx.obj or Program()


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


_OF_A_CONTRACT = (
    Later(
        "settlement.simulate_commands:simulate_command",
        "simulate",
        "Reken uit wat een contract zou betalen, zonder het vast te leggen.",
    ),
    Later(
        "settlement.review_commands:review_command",
        "review",
        "Wijs aan waar een contract gaten, sprongen of loze bepalingen heeft.",
    ),
)
_OF_THE_DATABASE = (
    Later(
        "settlement.backup_commands:backup",
        "backup",
        "Bewaar de hele database in één bestand, ook terwijl anderen werken.",
    ),
    Later("settlement.backup_commands:restore", "restore", "Zet een reservekopie terug in een lege database."),
    Later("importers.key_commands:key", "key", "De sleutel voor cliëntnummers: bewaren en terugzetten."),
)

for group in (
    Later("tariffs.commands:tariff", "tariff", "Producten, prijslijsten en indexcijfers."),
    Later("contracts.commands:contract", "contract", "Partijen en contracten.", _OF_A_CONTRACT),
    Later("importers.commands:import_", "import", "Leveringen, tellingen en voorschotten inlezen."),
    Later("settlement.commands:settle", "settle", "Een maand afrekenen: concept, goedkeuren, boeken."),
    Later("settlement.commands:statement", "statement", "Afrekeningen voor aanbieders."),
    Later("settlement.ledger.commands:ledger", "ledger", "Het journaal voor de financiële administratie."),
    Later("settlement.commands:explain", "explain", "Leg een bedrag uit, tot op artikel, prijslijst, bestand en rij."),
    Later(
        "settlement.status_commands:status",
        "status",
        "Toon wat er vandaag aandacht vraagt: afgerekend, geparkeerd, niet ontvangen, wachtend.",
    ),
    Later(
        "settlement.schedule_commands:schedule",
        "schedule",
        "Wat elke maand vanzelf gebeurt: afrekenen, herinneren, exporteren.",
    ),
    Later("database.commands:db", "db", "De database: toestand en onderhoud.", _OF_THE_DATABASE),
):
    main.add_command(group)


if __name__ == "__main__":
    sys.exit(main())
