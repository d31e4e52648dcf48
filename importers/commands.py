"""`bekostiging import`: deliveries, population counts, advances."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.table import Table

from database.command_line import as_json, fields_of, tell_json
from database.connection import transaction
from database.session import database
from database.terminal import (
    FILE,
    FOLDER,
    NEEDS_ATTENTION,
    WIDTH,
    end_with_json,
    print_table,
    say,
    tell_warnings,
    watched,
)
from database.whole_file import make_folder
from importers.advances import import_advances, render_advances_import
from importers.deliveries import Account, DeliveryImport, import_deliveries
from importers.fact_commands import FACT_COMMANDS
from importers.population_counts import import_counts, render_counts_import
from importers.quantities import USUAL_FACTOR
from importers.refused_files import record_refused
from importers.rejected_rows import write_rejected
from importers.sent_again import sent_again
from importers.waiting import waiting_credits, waiting_tables
from kernel.findings import Finding, NotNow, Refusal
from kernel.identifiers import as_shown
from kernel.money import Eur, total
from kernel.notation import counted, format_eur, format_number
from kernel.tabular import name_of

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
@as_json
@click.pass_context
def population(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Lees een telling van inwoners in uit een CSV-bestand of werkmap.

    \b
    Voorbeeld:
      bekostiging import population inwoners-2026.csv
    """
    store = database(ctx)
    with store.transaction() as connection:
        result = import_counts(connection, file, store.settings.user)
    if as_json:
        end_with_json(ctx, result, needs_attention=result.warnings)
    click.echo(render_counts_import(result))
    tell_warnings(ctx, result.warnings)


@import_.command("advances")
@click.argument("file", type=FILE)
@as_json
@click.pass_context
def advances(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Lees betaalde voorschotten in uit een CSV-bestand of werkmap.

    \b
    Voorbeeld:
      bekostiging import advances voorschotten.csv
    """
    store = database(ctx)
    with store.transaction() as connection:
        result = import_advances(connection, file, store.settings.user)
    if as_json:
        answer = {**fields_of(result, "total"), "total_eur": result.total}
        end_with_json(ctx, answer, needs_attention=result.warnings)
    click.echo(render_advances_import(result))
    tell_warnings(ctx, result.warnings)


@import_.command("deliveries")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option(
    "--rejected",
    type=FOLDER,
    help="Map waarin de geweigerde regels komen zoals ze zijn aangeleverd, met reden en herstel. "
    "Bevat cliëntnummers: alleen voor de afzender.",
)
@click.option(
    "--references-per-month/--references-unique",
    "per_month",
    default=None,
    help="De aanbieders in deze bestanden nummeren hun regels elke maand opnieuw: een referentie is uniek binnen de "
    "maand van levering. Wordt onthouden voor hun volgende bestanden; --references-unique neemt het terug.",
)
@click.option(
    "--factor",
    type=click.IntRange(min=2, max=1_000_000),
    default=USUAL_FACTOR,
    show_default=True,
    help="Waarschuw voor een aantal van meer dan zoveel keer het gewone van aanbieder en product.",
)
@as_json
@click.pass_context
def deliveries(
    ctx: click.Context,
    files: tuple[Path, ...],
    rejected: Path | None,
    per_month: bool | None,
    factor: int,
    as_json: bool,
) -> None:
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
    answers: dict[int, Path] = {}
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
                        per_month=per_month,
                        posted_until=ctx.obj.posted_until(),
                        factor=factor,
                    )
            except Refusal as refusal:
                if not isinstance(refusal, NotNow):
                    with suppress(Refusal), transaction(engine) as connection:  # the first refusal is the one to tell
                        record_refused(connection, file, refusal, store.settings.user)
                if len(files) == 1:
                    raise
                refused.append((file, refusal))
                continue
            results.append(result)
            if not as_json:
                _tell(result)
            if rejected is not None and result.findings:
                try:
                    answers[len(results)] = write_rejected(result, rejected)
                except Refusal as refusal:  # the file counts, and others follow
                    unwritten.append(refusal)
                else:
                    if not as_json:
                        click.echo(f"  Geweigerde regels: {click.format_filename(answers[len(results)])}")
    if as_json:
        tell_json(
            {
                "files": [_import_json(result, answers.get(place)) for place, result in enumerate(results, start=1)],
                "refused": [{"file": name_of(file), "reason": refusal} for file, refusal in refused],
            }
        )
    elif results:
        _tell_accounts(results)
    for problem in unwritten:
        say(f"Let op: {problem.message}; {problem.hint}", err=True)
    if refused:
        for _, reason in refused:
            say(f"Geweigerd: {reason.message}; {reason.hint}", err=True)
        names = ", ".join(as_shown(click.format_filename(path)) for path, _ in refused)
        if as_json:
            ctx.meta.clear()  # the answer has been given; the sentence is for stderr
        raise Refusal(
            f"{len(refused)} van de {len(files)} bestanden {'is' if len(refused) == 1 else 'zijn'} niet ingelezen; "
            "wat niet genoemd is wel",
            f"verbeter en lees opnieuw in: {names}",
        )
    if any(result.needs_attention for result in results):
        ctx.exit(NEEDS_ATTENTION)


@import_.command("waiting")
@as_json
@click.pass_context
def waiting(ctx: click.Context, as_json: bool) -> None:
    """Toon de creditregels die op hun debetregel wachten.

    Een wachtende creditregel telt niet mee. Hij telt vanzelf zodra de debetregel er is; is die tegengesproken, dan moet
    de aanbieder de goede debetregel sturen. "Sinds" is de vastlegging waarmee de creditregel binnenkwam.

    \b
    Voorbeeld:
      bekostiging import waiting
    """
    with database(ctx).transaction() as connection:
        credits = waiting_credits(connection)
    if as_json:
        tell_json({"credits": credits})
        return
    if not credits:
        click.echo("Er wachten geen creditregels.")
        return
    for table in waiting_tables(credits):
        print_table(table)
    click.echo(f"Samen wachtend: {format_number(len(credits))}")


def _import_json(result: DeliveryImport, rejected_file: Path | None) -> dict[str, Any]:
    """The outcome of a file: its account, and every finding with its place."""
    located = {
        kind: [result.file.located(finding) for finding in findings]
        for kind, findings in (
            ("rejected", result.findings),
            ("warnings", result.warnings),
            ("waiting", result.waiting),
            ("known", result.known),
        )
    }
    claimed = [name for name in fields_of(result.account) if name.startswith("claimed_")]
    return {
        "file": result.file.name,
        "recording": result.recording,
        "read_before": result.read_before,
        "account": {
            **fields_of(result.account, *claimed),
            **{f"{name}_eur": getattr(result.account, name) for name in claimed},
        },
        "findings": {**located, "file": result.file.warnings},
        "unused_columns": result.file.unused_headers,
        "waited_and_count_now": result.waited_and_count_now,
        "withdrawn": result.withdrawn,
        "references_per_month": result.references_per_month,
        "rejected_file": str(rejected_file) if rejected_file else None,
    }


def _tell(result: DeliveryImport) -> None:
    """What a person must know of one file besides the numbers, which follow for all files together."""
    if result.recording is None:
        click.echo(f"{result.file.name}: al ingelezen als vastlegging {result.read_before}; niets nieuws.")
    else:
        again = f" (hetzelfde bestand als vastlegging {result.read_before})" if result.read_before else ""
        click.echo(f"{result.file.name}: vastlegging {result.recording}{again}")
    if sent := sent_again(result):
        rejected = f"{format_number(sent.rows_rejected)} weer geweigerd (€ {format_eur(sent.claimed_rejected)})"
        say(f"  Regels die eerder geweigerd waren: {format_number(sent.rows)}, waarvan {rejected}", indent="    ")
    if result.file.unused_headers:
        say(f"  Kolommen die niet gelezen worden: {', '.join(result.file.unused_headers)}", indent="    ")
    if result.references_per_month:
        who = counted(len(result.references_per_month), "aanbieder", "aanbieders")
        names = ", ".join(result.references_per_month[:_SHOWN_PER_RULE])
        say(f"  Referenties zijn uniek binnen een maand van {who}: {names}", indent="    ")
    if result.waited_and_count_now:
        click.echo(f"  Creditregels uit eerdere bestanden die wachtten en nu tellen: {result.waited_and_count_now}")
    if result.withdrawn:
        shown = ", ".join(result.withdrawn[:_SHOWN_PER_RULE])
        told = f"  Eerdere regels die tegengesproken zijn en niet meer tellen: {len(result.withdrawn)} ({shown})"
        say(told, indent="    ")
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
    if any(claimed):
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
