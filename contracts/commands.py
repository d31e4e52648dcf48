"""`bekostiging contract`: parties and contract documents."""

import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from contracts.documents import contract_of
from contracts.facts import FactsFile
from contracts.model import Contract, ExampleSettler
from contracts.parties import Parties, import_parties, known_parties
from contracts.register import (
    ContractsAdded,
    ContractVersion,
    RegisteredContract,
    add_contracts,
    add_knowingly,
    contracts_known,
    versions_of,
)
from contracts.summary import summary
from database.command_line import as_json, fields_of, tell_json
from database.recordings import latest, resolve_cutoff
from database.session import database
from database.terminal import FILE, NUMBER, WIDTH, end_with_json, print_table, tell_warnings
from kernel.findings import Refusal
from kernel.notation import counted, format_date


@click.group("contract")
def contract() -> None:
    """Partijen en contracten.

    \b
    Voorbeeld:
      bekostiging contract list
    """


@contract.command("parties")
@click.argument("file", type=FILE)
@as_json
@click.pass_context
def parties(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Lees gemeenten en aanbieders in uit een CSV-bestand of werkmap.

    \b
    Voorbeeld:
      bekostiging contract parties partijen.csv
    """
    store = database(ctx)
    with store.transaction() as connection:
        result = import_parties(connection, file, store.settings.user)
    if as_json:
        end_with_json(ctx, result, needs_attention=result.warnings)
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
@as_json
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Controleer contracten zonder iets vast te leggen.

    Dit doet alles wat "contract add" doet, ook het narekenen van de rekenvoorbeelden, en draait het terug.

    \b
    Voorbeeld:
      bekostiging contract check wijkteam.toml
    """
    result = _add(ctx, files, dry_run=True)
    if as_json:
        end_with_json(ctx, fields_of(result, "recording"), needs_attention=result.warnings)
    for number in (*result.added, *result.changed, *result.known):
        click.echo(f"Contract {number} is in orde.")
    click.echo("Er is niets vastgelegd.")
    tell_warnings(ctx, result.warnings)


@contract.command("add")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--accept-changes", is_flag=True, help="Ook als de nieuwe versie verandert wat al geboekt is.")
@as_json
@click.pass_context
def add(ctx: click.Context, files: tuple[Path, ...], accept_changes: bool, as_json: bool) -> None:
    """Leg contracten vast: alle documenten, of bij een bevinding geen.

    Een gewijzigd document wordt een nieuwe versie van hetzelfde contract. Verandert zij wat al geboekt is, dan staat er
    per onderdeel, gemeente en maand hoeveel, en is --accept-changes nodig.

    \b
    Voorbeeld:
      bekostiging contract add wijkteam.toml ambulant.toml
    """
    store = database(ctx)
    with store.transaction() as connection:
        result = add_knowingly(
            connection,
            files,
            store.settings.user,
            ctx.obj.settle_example,
            ctx.obj.reach_back(),
            accept_changes=accept_changes,
        )
    if as_json:
        end_with_json(ctx, result, needs_attention=result.warnings)
    if result.recording is None:
        click.echo(f"Al bekend: {counted(len(result.known), 'contract', 'contracten')}; er is niets vastgelegd.")
    else:
        click.echo(f"Vastlegging {result.recording}:")
    for numbers, what in ((result.added, "nieuw"), (result.changed, "nieuwe versie"), (result.known, "al bekend")):
        for number in numbers:
            click.echo(f"  {number}: {what}")
    tell_warnings(ctx, (*result.posted_changes, *result.warnings))


def _add(ctx: click.Context, files: Sequence[Path], *, dry_run: bool) -> ContractsAdded:
    store = database(ctx)
    settle_example: ExampleSettler = ctx.obj.settle_example
    with store.transaction(dry_run=dry_run) as connection:
        return add_contracts(connection, files, store.settings.user, settle_example)


@contract.command("list")
@click.option("--cutoff", help="Vastlegging of moment waarop gekeken wordt; zonder dit het laatste.")
@as_json
@click.pass_context
def list_(ctx: click.Context, cutoff: str | None, as_json: bool) -> None:
    """Toon alle contracten.

    \b
    Voorbeeld:
      bekostiging contract list
    """
    with database(ctx).transaction() as connection:
        known_at = resolve_cutoff(connection, cutoff) if cutoff else latest(connection)
        registered = contracts_known(connection, known_at)
        parties = known_parties(connection, known_at)
    providers = parties.providers
    if as_json:
        tell_json(
            {
                "cutoff": known_at,
                "contracts": [_contract_json(e, parties) for e in registered],
                **_parties_json(parties),
            }
        )
        return
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


def _contract_json(entry: RegisteredContract, parties: Parties) -> dict[str, Any]:
    agreed = entry.contract
    return {
        "contract": agreed.number,
        "title": agreed.title,
        "provider": agreed.provider,
        "provider_name": parties.providers[agreed.provider].name,
        "municipalities": agreed.municipalities,
        "valid_from": agreed.in_force.start,
        "valid_until": agreed.in_force.until,
        "recording": entry.recording,
    }


def _parties_json(parties: Parties) -> dict[str, Any]:
    kinds = {"providers": parties.providers, "municipalities": parties.municipalities}
    return {kind: [{"code": code, "name": party.name} for code, party in of.items()] for kind, of in kinds.items()}


@contract.command("show")
@click.argument("number")
@click.option("--version", type=NUMBER, help="Vastlegging van de versie; zonder dit de laatste.")
@as_json
@click.pass_context
def show(ctx: click.Context, number: str, version: int | None, as_json: bool) -> None:
    """Vat een contract samen.

    \b
    Voorbeeld:
      bekostiging contract show WT-Capelle --version 12
    """
    with database(ctx).transaction() as connection:
        versions = versions_of(connection, number)
        chosen = versions[-1] if version is None else _chosen(number, versions, version)
        names = known_parties(connection, latest(connection))
    if as_json:
        document = contract_of(chosen.document).model_dump(mode="json", by_alias=True)
        told = {"versions": [fields_of(one, "document") for one in versions], "contract": document}
        tell_json({**fields_of(chosen, "document"), **told})
        return
    for line in summary(contract_of(chosen.document), names):
        indent = " " * (len(line) - len(line.lstrip()))
        click.echo(click.wrap_text(line.strip(), WIDTH, indent, indent + "  "))
    click.echo()
    for one in versions:
        mark = "  (getoond)" if one is chosen else ""
        click.echo(f"Vastlegging {one.recording} van {format_date(one.recorded_at)} door {one.recorded_by}{mark}")


@contract.command("diff")
@click.argument("number")
@click.argument("recordings", nargs=-1, type=NUMBER, metavar="[VAN NAAR]")
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
