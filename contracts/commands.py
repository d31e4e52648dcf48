"""`bekostiging contract`: parties and contract documents."""

import difflib
import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from contracts.documents import contract_of
from contracts.facts import FactsFile
from contracts.model import Contract, ExampleSettler
from contracts.parties import import_parties, known_parties
from contracts.register import ContractsAdded, ContractVersion, add_contracts, contracts_known, versions_of
from contracts.summary import summary
from database.recordings import latest, resolve_cutoff
from database.session import database
from kernel.findings import Refusal
from kernel.notation import counted, format_date
from tariffs.commands import FILE, WIDTH, print_table, tell_warnings


@click.group("contract")
def contract() -> None:
    """Partijen en contracten.

    \b
    Voorbeeld:
      bekostiging contract list
    """


@contract.command("parties")
@click.argument("file", type=FILE)
@click.pass_context
def parties(ctx: click.Context, file: Path) -> None:
    """Lees gemeenten en aanbieders in uit een CSV-bestand.

    \b
    Voorbeeld:
      bekostiging contract parties partijen.csv
    """
    store = database(ctx)
    with store.transaction() as connection:
        result = import_parties(connection, file, store.settings.user)
    if result.recording is None:
        click.echo(f"Al bekend: {counted(result.known, 'partij', 'partijen')}; er is niets vastgelegd.")
    else:
        click.echo(
            f"Vastlegging {result.recording}: {counted(result.added, 'partij', 'partijen')} nieuw, "
            f"{result.renamed} met een andere naam, {result.known} al bekend."
        )
    tell_warnings(ctx, result.warnings)


@contract.command("check")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...]) -> None:
    """Controleer contracten zonder iets vast te leggen.

    Dit doet alles wat "contract add" doet, ook het narekenen van de rekenvoorbeelden, en draait het terug.

    \b
    Voorbeeld:
      bekostiging contract check wijkteam.toml
    """
    result = _add(ctx, files, dry_run=True)
    for number in (*result.added, *result.changed, *result.known):
        click.echo(f"Contract {number} is in orde.")
    click.echo("Er is niets vastgelegd.")
    tell_warnings(ctx, result.warnings)


@contract.command("add")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.pass_context
def add(ctx: click.Context, files: tuple[Path, ...]) -> None:
    """Leg contracten vast: alle documenten, of bij een bevinding geen.

    Een gewijzigd document wordt een nieuwe versie van hetzelfde contract.

    \b
    Voorbeeld:
      bekostiging contract add wijkteam.toml ambulant.toml
    """
    result = _add(ctx, files, dry_run=False)
    if result.recording is None:
        click.echo(f"Al bekend: {counted(len(result.known), 'contract', 'contracten')}; er is niets vastgelegd.")
    else:
        click.echo(f"Vastlegging {result.recording}:")
    for numbers, what in ((result.added, "nieuw"), (result.changed, "nieuwe versie"), (result.known, "al bekend")):
        for number in numbers:
            click.echo(f"  {number}: {what}")
    tell_warnings(ctx, result.warnings)


def _add(ctx: click.Context, files: Sequence[Path], *, dry_run: bool) -> ContractsAdded:
    store = database(ctx)
    settle_example: ExampleSettler = ctx.obj.settle_example
    with store.transaction(dry_run=dry_run) as connection:
        return add_contracts(connection, files, store.settings.user, settle_example)


@contract.command("list")
@click.option("--cutoff", help="Vastlegging of moment waarop gekeken wordt; zonder dit het laatste.")
@click.pass_context
def list_(ctx: click.Context, cutoff: str | None) -> None:
    """Toon alle contracten.

    \b
    Voorbeeld:
      bekostiging contract list
    """
    with database(ctx).transaction() as connection:
        known_at = resolve_cutoff(connection, cutoff) if cutoff else latest(connection)
        registered = contracts_known(connection, known_at)
        providers = known_parties(connection, known_at).providers
    table = Table(
        "Contract", "Titel en aanbieder", "Vanaf", "Tot", "Vastlegging", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for column in table.columns:
        column.overflow = "fold"
        column.no_wrap = column.header in ("Vanaf", "Tot", "Vastlegging")
    for entry in registered:
        table.add_row(
            entry.contract.number,
            f"{entry.contract.title}\n{providers[entry.contract.provider].name}",
            format_date(entry.contract.in_force.start),
            format_date(entry.contract.in_force.until),
            str(entry.recording),
        )
    print_table(table)


@contract.command("show")
@click.argument("number")
@click.option("--version", type=int, help="Vastlegging van de versie; zonder dit de laatste.")
@click.pass_context
def show(ctx: click.Context, number: str, version: int | None) -> None:
    """Vat een contract samen.

    \b
    Voorbeeld:
      bekostiging contract show WT-Capelle --version 12
    """
    with database(ctx).transaction() as connection:
        versions = versions_of(connection, number)
        chosen = versions[-1] if version is None else _chosen(number, versions, version)
        names = known_parties(connection, latest(connection))
    for line in summary(contract_of(chosen.document), names):
        indent = " " * (len(line) - len(line.lstrip()))
        click.echo(click.wrap_text(line.strip(), WIDTH, indent, indent + "  "))
    click.echo()
    for one in versions:
        mark = "  (getoond)" if one is chosen else ""
        click.echo(f"Vastlegging {one.recording} van {format_date(one.recorded_at)} door {one.recorded_by}{mark}")


@contract.command("diff")
@click.argument("number")
@click.argument("recordings", nargs=-1, type=int, metavar="[VAN NAAR]")
@click.pass_context
def diff(ctx: click.Context, number: str, recordings: tuple[int, ...]) -> None:
    """Toon wat er tussen twee versies van een contract is gewijzigd; zonder nummers de laatste twee.

    \b
    Voorbeeld:
      bekostiging contract diff WT-Capelle 12 31
    """
    if len(recordings) not in (0, 2):
        raise click.UsageError("geef twee vastleggingen, of geen")
    with database(ctx).transaction() as connection:
        versions = versions_of(connection, number)
    if recordings:
        old, new = (_chosen(number, versions, recording) for recording in recordings)
    elif len(versions) > 1:
        old, new = versions[-2:]
    else:
        raise Refusal(
            f"contract {number} heeft maar één versie",
            'leg eerst een gewijzigd document vast met "bekostiging contract add"',
        )
    lines = difflib.unified_diff(
        old.document.splitlines(),
        new.document.splitlines(),
        f"{number}, vastlegging {old.recording}",
        f"{number}, vastlegging {new.recording}",
        lineterm="",
    )
    click.echo("\n".join(lines))


def _chosen(number: str, versions: Sequence[ContractVersion], recording: int) -> ContractVersion:
    for version in versions:
        if version.recording == recording:
            return version
    known = ", ".join(str(version.recording) for version in versions)
    raise Refusal(f"contract {number} heeft geen versie met vastlegging {recording}", f"kies uit {known}")


@contract.command("schema")
@click.option("--facts", is_flag=True, help="Van een bestand met feiten voor contract simulate.")
def schema(facts: bool) -> None:
    """Toon het JSON Schema van een contractdocument, voor een editor die meedenkt.

    \b
    Voorbeeld:
      bekostiging contract schema > contract.schema.json
      bekostiging contract schema --facts > feiten.schema.json
    """
    document = FactsFile if facts else Contract
    click.echo(json.dumps(document.model_json_schema(), ensure_ascii=False, indent=2))
