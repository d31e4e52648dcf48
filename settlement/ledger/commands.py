"""`bekostiging ledger`: the journal for the financial administration, and whether the books tie."""

from collections.abc import Sequence
from pathlib import Path

import click
from sqlalchemy import text

from database.command_line import as_json, tell_json
from database.session import database
from database.terminal import FILE, NUMBER, WIDTH
from kernel.findings import Refusal
from kernel.notation import format_eur
from settlement.invariants import broken_in_the_books
from settlement.ledger.accounts import read_accounts
from settlement.ledger.booked import posted_runs
from settlement.ledger.export import PROFILES, export_journals, write_journal
from settlement.phrases import counted

# As for any other error in the program.
_BROKEN = 70


@click.group("ledger")
def ledger() -> None:
    """Het journaal voor de financiële administratie.

    \b
    Voorbeeld:
      bekostiging ledger export 3 --out maart.csv
    """


@ledger.command("export")
@click.argument("numbers", metavar="[RUN]...", type=NUMBER, nargs=-1)
@click.option("--all", "all_posted", is_flag=True, help="Alle geboekte runs in één bestand.")
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="generic",
    show_default=True,
    help="generic is CSV, hledger een journaal voor hledger.",
)
@click.option("--out", type=FILE, help="Bestand; zonder dit journaal-RUN.csv.")
@click.option("--accounts", type=FILE, help="Eigen rekeningschema (TOML); zonder dit het meegeleverde.")
@click.option("--replace", is_flag=True, help="Vervang het bestand als het er al is en anders is.")
@click.pass_context
def export_ledger(
    ctx: click.Context,
    numbers: Sequence[int],
    all_posted: bool,
    profile: str,
    out: Path | None,
    accounts: Path | None,
    replace: bool,
) -> None:
    """Schrijf het journaal van geboekte runs.

    Naast het bestand komt er een met controletotalen.

    \b
    Voorbeeld:
      bekostiging ledger export 3 --out maart.csv --accounts rekeningen.toml
      bekostiging ledger export --all --profile hledger --out boeken.journal
    """
    if all_posted == bool(numbers):
        raise click.UsageError("Noem een of meer runs, of geef --all.")
    with database(ctx).transaction() as connection:
        chosen = posted_runs(connection) if all_posted else numbers
        if not chosen:
            raise Refusal("er is nog geen run geboekt", "reken eerst een maand af: bekostiging settle run")
        journal = export_journals(connection, chosen, read_accounts(accounts), profile)
    named = "-".join(dict.fromkeys([str(min(chosen)), str(max(chosen))]))
    target = out or Path(f"journaal-{named}{PROFILES[profile][1]}")
    totals = write_journal(journal, target, replace=replace)
    lines = counted(journal.lines, "regel/regels")
    click.echo(f"{lines}, debet {format_eur(journal.debit)}, credit {format_eur(journal.credit)}: {target}")
    click.echo(f"Controletotalen: {totals}")


@ledger.command("check")
@click.option("--verbose", is_flag=True, help="Noem ook wat klopt.")
@as_json
@click.pass_context
def check(ctx: click.Context, verbose: bool, as_json: bool) -> None:
    """Ga na of alles wat is vastgelegd nog klopt.

    Rekent leveringen, runs en journaal langs een andere weg na. Zegt niets als alles klopt; anders wat niet klopt en
    waar, met exitcode 70.

    \b
    Voorbeeld:
      bekostiging ledger check --verbose
    """
    with database(ctx).transaction() as connection:
        # All queries see the same moment, also while somebody imports.
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        found = broken_in_the_books(connection)
    if as_json:
        checks = [{"check": name, "holds": not places, "broken": list(places)} for name, places in found.items()]
        tell_json({"holds": not any(found.values()), "checks": checks})
    for name, places in found.items() if not as_json else ():
        if places:
            click.echo(click.wrap_text(f"Klopt niet: {name}", WIDTH, subsequent_indent="  "))
            for place in places:
                click.echo(click.wrap_text(place, WIDTH, initial_indent="  ", subsequent_indent="    "))
        elif verbose:
            click.echo(click.wrap_text(f"Klopt: {name}", WIDTH, subsequent_indent="  "))
    if any(found.values()):
        click.echo("Boek niets en meld dit: het is een fout in het programma of in de database.", err=True)
        ctx.exit(_BROKEN)
