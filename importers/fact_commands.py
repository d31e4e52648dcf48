"""Commands of `bekostiging import` for the table of CBS and for the other facts."""

from pathlib import Path
from typing import Any

import click
from rich import box
from rich.table import Table

from contracts.values import word_of_measure
from database.command_line import as_json
from database.session import database
from database.terminal import FILE, end_with_json, print_table, say, tell_warnings
from importers.cbs import import_cbs
from importers.facts.accountability import ACCOUNTABILITY
from importers.facts.assignments import ASSIGNMENTS
from importers.facts.determinations import DETERMINATIONS
from importers.facts.households import HOUSEHOLDS
from importers.facts.importing import import_facts, render_facts_import
from importers.facts.kind import FactKind
from importers.facts.moves import MOVES
from importers.facts.outcomes import OUTCOMES
from importers.facts.referrals import REFERRALS
from importers.facts.trajectories import TRAJECTORIES
from importers.population_counts import CountsImport, CountSummary, render_counts_account
from kernel.notation import format_number

_STATUSES = {"voorlopig": "provisional", "definitief": "final", "provisional": "provisional", "final": "final"}


@click.command("cbs")
@click.argument("file", type=FILE)
@click.option("--year", required=True, type=click.IntRange(2000, 2100), help="Jaar van de tabel: geteld op 1 januari.")
@click.option(
    "--status",
    type=click.Choice(list(_STATUSES)),
    required=True,
    help="Of de cijfers van CBS voorlopig of definitief zijn; dat staat bij de tabel.",
)
@as_json
@click.pass_context
def cbs(ctx: click.Context, file: Path, year: int, status: str, as_json: bool) -> None:
    """Lees Kerncijfers wijken en buurten in zoals CBS ze publiceert.

    Als CSV met puntkomma's, of als JSON (OData, TypedDataSet). Gelezen worden inwoners, ook naar leeftijd,
    huishoudens en woningen. Een cijfer dat CBS niet geeft wordt niet vastgelegd, en is dus geen 0.

    \b
    Voorbeeld:
      bekostiging import cbs kerncijfers.csv --year 2024 --status definitief
    """
    store = database(ctx)
    with store.transaction() as connection:
        result = import_cbs(connection, file, year, _STATUSES[status], store.settings.user)
    if as_json:
        end_with_json(ctx, result, needs_attention=result.warnings)
    _tell_counts(result)
    tell_warnings(ctx, result.warnings)


def _tell_counts(result: CountsImport) -> None:
    click.echo(render_counts_account(result))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Maat", overflow="fold")
    for name in ("Gemeenten", "Som gemeenten", "Wijken", "Wijken = gemeente"):
        table.add_column(name, justify="right")
    for summary in result.summaries:
        table.add_row(word_of_measure(summary.measure), *_cells(summary))
    print_table(table)


def _cells(summary: CountSummary) -> tuple[str, ...]:
    equal = f"{format_number(summary.equal)} van {format_number(summary.compared)}" if summary.compared else ""
    counts = (summary.municipalities, summary.persons, summary.districts)
    return (*map(format_number, counts), equal)


def _fact_command(kind: FactKind[Any], first_line: str, example: str) -> click.Command:
    """The command that reads facts of one kind."""
    text = f"""{first_line}

    Een rij over een feit dat al bekend is, is een nieuwe versie die vanaf nu geldt; een rij met "ja" onder
    "ingetrokken" neemt het feit terug. Wat eerder is vastgelegd blijft staan.

    \b
    Voorbeeld:
      bekostiging import {kind.name} {example}
    """

    @click.command(kind.name, help=text)
    @click.argument("file", type=FILE)
    @as_json
    @click.pass_context
    def command(ctx: click.Context, file: Path, as_json: bool) -> None:
        store = database(ctx)
        with store.transaction() as connection:
            result = import_facts(connection, kind, file, store.settings.config_dir, store.settings.user)
        if as_json:
            end_with_json(ctx, result, needs_attention=result.warnings)
        say(render_facts_import(kind, result))
        tell_warnings(ctx, result.warnings)

    return command


FACT_COMMANDS = (
    cbs,
    _fact_command(OUTCOMES, "Lees resultaatscores van contracten in uit een bestand.", "resultaten-2026.csv"),
    _fact_command(REFERRALS, "Lees verwijzingen in uit een bestand.", "verwijzingen-2026-01.csv"),
    _fact_command(
        HOUSEHOLDS, "Lees leden van huishoudens in; hun nummers worden bij het lezen versleuteld.", "huishoudens.csv"
    ),
    _fact_command(
        ASSIGNMENTS, "Lees toewijzingen in; nummers van cliënten worden bij het lezen versleuteld.", "toewijzingen.csv"
    ),
    _fact_command(
        TRAJECTORIES, "Lees trajecten in; nummers van cliënten worden bij het lezen versleuteld.", "trajecten.csv"
    ),
    _fact_command(ACCOUNTABILITY, "Lees ontvangen verantwoordingen in uit een bestand.", "verantwoordingen-2025.csv"),
    _fact_command(DETERMINATIONS, "Lees vaststellingen van contractjaren in uit een bestand.", "vaststellingen.csv"),
    _fact_command(MOVES, "Lees voorgenomen verplaatsingen van zorg in uit een bestand.", "verplaatsingen.csv"),
)
