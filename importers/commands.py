"""`bekostiging import`: deliveries, population counts, advances."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
from rich import box
from rich.table import Table

from database.connection import transaction
from database.session import database
from database.whole_file import make_folder
from importers.advances import import_advances, render_advances_import
from importers.deliveries import Account, DeliveryImport, import_deliveries
from importers.fact_commands import FACT_COMMANDS
from importers.population_counts import import_counts, render_counts_import
from importers.rejected_rows import write_rejected
from importers.sent_again import sent_again
from importers.waiting import waiting_credits, waiting_tables
from kernel.findings import Finding, Refusal
from kernel.identifiers import without_client_numbers
from kernel.money import Eur, total
from kernel.notation import format_eur, format_number
from tariffs.commands import FILE, NEEDS_ATTENTION, WIDTH, print_table, say, tell_warnings, watched

_SHOWN_PER_RULE = 5


@click.group("import")
def import_() -> None:
    """Leveringen, tellingen en voorschotten inlezen.

    \b
    Voorbeeld:
      bekostiging import deliveries aanbieder-2026-01.csv
    """


for command in FACT_COMMANDS:
    import_.add_command(command)


@import_.command("population")
@click.argument("file", type=FILE)
@click.pass_context
def population(ctx: click.Context, file: Path) -> None:
    """Lees een telling van inwoners in uit een CSV-bestand of werkmap.

    \b
    Voorbeeld:
      bekostiging import population inwoners-2026.csv
    """
    store = database(ctx)
    with store.transaction() as connection:
        result = import_counts(connection, file, store.settings.user)
    click.echo(render_counts_import(result))
    tell_warnings(ctx, result.warnings)


@import_.command("advances")
@click.argument("file", type=FILE)
@click.pass_context
def advances(ctx: click.Context, file: Path) -> None:
    """Lees betaalde voorschotten in uit een CSV-bestand of werkmap.

    \b
    Voorbeeld:
      bekostiging import advances voorschotten.csv
    """
    store = database(ctx)
    with store.transaction() as connection:
        result = import_advances(connection, file, store.settings.user)
    click.echo(render_advances_import(result))
    tell_warnings(ctx, result.warnings)


@import_.command("deliveries")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option(
    "--rejected",
    type=click.Path(path_type=Path, file_okay=False),
    help="Map waarin de geweigerde regels komen zoals ze zijn aangeleverd, met reden en herstel. "
    "Bevat cliëntnummers: alleen voor de afzender.",
)
@click.pass_context
def deliveries(ctx: click.Context, files: tuple[Path, ...], rejected: Path | None) -> None:
    """Lees leveringen in uit CSV-bestanden of werkmappen; elk bestand is een eigen vastlegging.

    Goede regels tellen mee, ook als andere regels geweigerd worden. Hetzelfde bestand nog eens inlezen verandert niets.
    Cliëntnummers worden bij het lezen versleuteld en nergens bewaard.

    \b
    Voorbeeld:
      bekostiging import deliveries aanbieder-2026-01.csv --rejected terug/
    """
    if rejected is not None:
        make_folder(rejected)
    store = database(ctx)
    results: list[DeliveryImport] = []
    refused: list[tuple[Path, Refusal]] = []
    unwritten: list[Refusal] = []
    with store.engine() as engine:
        for file in files:
            try:
                with transaction(engine) as connection:
                    result = import_deliveries(
                        connection,
                        file,
                        store.settings.config_dir,
                        store.settings.user,
                        partial(watched, title=file.name),
                    )
            except Refusal as refusal:
                if len(files) == 1:
                    raise
                refused.append((file, refusal))
                continue
            results.append(result)
            _tell(result)
            if rejected is not None and result.findings:
                unwritten += _write(result, rejected)
    if results:
        _tell_accounts(results)
    for problem in unwritten:
        say(f"Let op: {problem.message}; {problem.hint}", err=True)
    if refused:
        for _, reason in refused:
            say(f"Geweigerd: {reason.message}; {reason.hint}", err=True)
        names = ", ".join(without_client_numbers(click.format_filename(path), fewest_digits=9) for path, _ in refused)
        raise Refusal(
            f"{len(refused)} van de {len(files)} bestanden {'is' if len(refused) == 1 else 'zijn'} niet ingelezen; "
            "wat niet genoemd is wel",
            f"verbeter en lees opnieuw in: {names}",
        )
    if any(result.needs_attention for result in results):
        ctx.exit(NEEDS_ATTENTION)


@import_.command("waiting")
@click.pass_context
def waiting(ctx: click.Context) -> None:
    """Toon de creditregels die op hun debetregel wachten.

    Een wachtende creditregel telt niet mee. Hij telt vanzelf zodra de debetregel er is; is die tegengesproken, dan moet
    de aanbieder de goede debetregel sturen. "Sinds" is de vastlegging waarmee de creditregel binnenkwam.

    \b
    Voorbeeld:
      bekostiging import waiting
    """
    with database(ctx).transaction() as connection:
        credits = waiting_credits(connection)
    if not credits:
        click.echo("Er wachten geen creditregels.")
        return
    for table in waiting_tables(credits):
        print_table(table)
    click.echo(f"Samen wachtend: {format_number(len(credits))}")


def _write(result: DeliveryImport, folder: Path) -> list[Refusal]:
    """Write the rejected rows of a file; gives why that failed, since the file counts and others follow."""
    try:
        target = write_rejected(result, folder)
    except Refusal as refusal:
        return [refusal]
    click.echo(f"  Geweigerde regels: {click.format_filename(target)}")
    return []


def _tell(result: DeliveryImport) -> None:
    """What a person must know of one file besides the numbers, which follow for all files together."""
    if result.recording is None:
        click.echo(f"{result.file.name}: al ingelezen als vastlegging {result.read_before}; niets nieuws.")
    else:
        again = f" (hetzelfde bestand als vastlegging {result.read_before})" if result.read_before else ""
        click.echo(f"{result.file.name}: vastlegging {result.recording}{again}")
    if sent := sent_again(result):
        rejected = f"{format_number(sent.rows_rejected)} weer geweigerd (€ {format_eur(sent.claimed_rejected)})"
        click.echo(f"  Regels die eerder geweigerd waren: {format_number(sent.rows)}, waarvan {rejected}")
    if result.file.unused_headers:
        click.echo(f"  Kolommen die niet gelezen worden: {', '.join(result.file.unused_headers)}")
    if result.waited_and_count_now:
        click.echo(f"  Creditregels uit eerdere bestanden die wachtten en nu tellen: {result.waited_and_count_now}")
    if result.withdrawn:
        shown = ", ".join(result.withdrawn[:_SHOWN_PER_RULE])
        click.echo(f"  Eerdere regels die tegengesproken zijn en niet meer tellen: {len(result.withdrawn)} ({shown})")
    for warning in result.file.warnings:
        told = f"{warning.code} {warning}"
        click.echo(click.wrap_text(told, WIDTH, initial_indent="  ", subsequent_indent="    "))
    for findings in (result.findings, result.warnings, result.waiting, result.known):
        _tell_findings([result.file.located(finding) for finding in findings])


def _tell_accounts(results: Sequence[DeliveryImport]) -> None:
    """What became of every row read, per file, and of the euros claimed on them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Regels per bestand", overflow="fold")
    for name in ("Gelezen", "Geaccepteerd", "Geweigerd", "Wachtend", "Al bekend"):
        table.add_column(name, justify="right", no_wrap=True)
    accounts = [result.account for result in results]
    for result in results:
        table.add_row(result.file.name, *map(format_number, _rows(result.account)))
    table.add_section()
    sums = [sum(rows) for rows in zip(*map(_rows, accounts), strict=True)]
    table.add_row("Totaal", *map(format_number, sums))
    print_table(table)
    claimed = [total(amounts) for amounts in zip(*map(_claimed, accounts), strict=True)]
    if claimed[0]:
        read, accepted, rejected, waiting, known = map(format_eur, claimed)
        line = (
            f"Gedeclareerd € {read}: geaccepteerd {accepted}, geweigerd {rejected}, wachtend {waiting}, bekend {known}"
        )
        say(line)


def _rows(account: Account) -> list[int]:
    return [
        account.rows_read, account.rows_accepted, account.rows_rejected, account.rows_waiting, account.rows_known
    ]  # fmt: skip


def _claimed(account: Account) -> list[Eur]:
    return [
        account.claimed_read, account.claimed_accepted, account.claimed_rejected, account.claimed_waiting,
        account.claimed_known,
    ]  # fmt: skip


def _tell_findings(findings: Sequence[Finding]) -> None:
    """The first few findings of each rule, with their place and remedy, and how many there are."""
    counts = Counter(finding.code for finding in findings)
    for code in sorted(counts):
        of_rule = [finding for finding in findings if finding.code == code]
        more = f" ({counts[code]} keer)" if counts[code] > 1 else ""
        click.echo(f"  {code}{more}")
        for finding in of_rule[:_SHOWN_PER_RULE]:
            click.echo(click.wrap_text(str(finding), WIDTH, initial_indent="    ", subsequent_indent="      "))
        if counts[code] > _SHOWN_PER_RULE:
            click.echo(f"    … en nog {counts[code] - _SHOWN_PER_RULE}")
