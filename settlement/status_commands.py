"""`bekostiging status`: what asks attention this morning, on one screen."""

import sys
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

import click
from rich.console import RenderableType
from rich.table import Table

from database.command_line import as_json, tell_json
from database.recordings import latest
from database.session import database
from database.terminal import NEEDS_ATTENTION, WIDTH, fit, print_table, say, tell_findings, under_headings, width_of
from kernel.money import Eur, half_up, total
from kernel.notation import format_eur, format_month, format_months
from kernel.periods import Month
from settlement.phrases import counted
from settlement.runs import STATE_NAMES
from settlement.schedule.messages import moment, what
from settlement.schedule_commands import alarm_json, tell_alarms
from settlement.status import Spending, State, Status, read_status

_LINES = 23  # of a screen, less one for the prompt
_LINES_OF_ALL = 5  # what is said of all contracts together
_LINES_OF_A_LIST = 4  # above and below what it lists
_SHOWN_NAMES = 5
_SHOWN_FINDINGS = 3
_STATES: dict[State, str] = {
    "posted": "geboekt",
    "approved": "goedgekeurd",
    "draft": "in concept",
    "open": "nog niet afgerekend",
}


@click.command("status")
@click.option("--month", help="De maand waar het om gaat, zoals 2026-03; zonder dit de laatste die voorbij is.")
@click.option("--all", "everything", is_flag=True, help="Ook wat niet op één scherm past.")
@as_json
@click.pass_context
def status(ctx: click.Context, month: str | None, everything: bool, as_json: bool) -> None:
    """Toon wat er vandaag aandacht vraagt: afgerekend, geparkeerd, niet ontvangen, wachtend.

    Past op een scherm van 80 bij 24; van lange lijsten komt het begin, tenzij met --all. Eindigt met 0 als niets
    aandacht vraagt, en met 3 als er iets te doen is.

    \b
    Voorbeeld:
      bekostiging status
      bekostiging status --month 2026-03 --json
    """
    chosen = Month.parse(month) if month else None
    store = database(ctx)
    with store.transaction() as connection:
        found = read_status(connection, chosen)
        recordings = latest(connection)
        is_lost = store.lost_its_contents(connection)
    if as_json:
        needs_attention = found.needs_attention or is_lost
        empty = {"recordings": recordings, "lost_database": is_lost}
        tell_json(status_json(found) | empty | {"needs_attention": needs_attention})
    else:
        _show(found, sys.maxsize if everything else _most(found), is_lost)
        if not recordings:
            say(f"De database is leeg: er is nog niets vastgelegd ({store.place}).")
    if found.needs_attention or is_lost:
        ctx.exit(NEEDS_ATTENTION)


def _most(found: Status) -> int:
    """How much of each list fits on a screen together with the others."""
    several = (found.alarms, found.parked, found.missing, found.credits, found.runs, found.passed, found.spendings)
    lists = sum(map(bool, several))
    return max(1, (_LINES - _LINES_OF_ALL) // max(1, lists) - _LINES_OF_A_LIST)


def _show(found: Status, most: int, is_lost: bool) -> None:
    click.echo(f"Stand op {moment(found.now)}, over {format_month(found.month.first_day)}")
    headline = [*(["een lege database waar er eerder een was"] if is_lost else []), *_headline(found)]
    say(f"Vraagt aandacht: {', '.join(headline)}." if headline else "Niets vraagt aandacht.")
    _show_contracts(found, most)
    tell_alarms(found.alarms)
    _show_parked(found, most)
    _show_missing(found, most)
    _show_credits(found, most)
    _show_runs(found, most)
    _show_passed(found, most)
    _show_spendings(found, most)
    if found.coming:
        job, coming = found.coming
        say(f"Eerstvolgende taak: {what(job.order, coming.due_on)}, op {moment(coming.at)} (taak {job.id}).")
    else:
        say("Er is niets gepland; zie bekostiging schedule add --help.")


def _headline(found: Status) -> list[str]:
    counts = (
        (len(found.alarms), "alarm/alarmen"),
        (len(found.parked), "contract geparkeerd/contracten geparkeerd"),
        (len(found.open) if found.is_due else 0, "contract niet afgerekend/contracten niet afgerekend"),
        (len(found.missing_now) if found.is_due else 0, "contract zonder bestand/contracten zonder bestand"),
        (sum(credits.rows for credits in found.credits), "wachtende creditregel/wachtende creditregels"),
        (len(found.runs), "run die wacht/runs die wachten"),
        (len(found.passed), "plafond overschreden/plafonds overschreden"),
    )
    return [counted(number, words) for number, words in counts if number]


def _show_contracts(found: Status, most: int) -> None:
    if not found.contracts:
        say(f"Er is in {found.month} geen contract van kracht.")
        return
    counts = Counter(contract.state for contract in found.contracts)
    said = ", ".join(f"{counts[state]} {word}" for state, word in _STATES.items() if counts[state])
    say(f"{counted(len(found.contracts), 'contract/contracten')} van kracht: {said}.")
    if 0 < len(found.open) < len(found.contracts):
        say(f"Nog niet afgerekend: {_some([contract.number for contract in found.open], most)}.")
    if found.settled_at:
        say(f"{found.month} wordt vanzelf afgerekend op {moment(found.settled_at.at)}.")


def _show_parked(found: Status, most: int) -> None:
    for parked in found.parked[:most]:
        click.echo(f"\nGeparkeerd: {parked.number}, in run {parked.run} over {parked.period}")
        tell_findings(parked.findings, most=_SHOWN_FINDINGS)
    _rest(found.parked, most)


def _show_missing(found: Status, most: int) -> None:
    if not found.missing:
        return
    click.echo(f"\nNiets ontvangen in {found.month.year}, tot en met {found.month}")
    table = _table("Contract", "Aanbieder", "Niets over")
    for file in sorted(found.missing, key=lambda file: found.month not in file.months)[:most]:
        never = "" if file.last else " (nog nooit)"
        if file.refused:
            never = f"; ontvangen en geweigerd: {', '.join(file.refused)}"
        table.add_row(file.contract, f"{file.provider} {file.provider_name}", format_months(file.months) + never)
    print_table(fit(table))
    _rest(found.missing, most)


def _show_credits(found: Status, most: int) -> None:
    if not found.credits:
        return
    click.echo("\nCreditregels die op hun debetregel wachten: bekostiging import waiting")
    for credits in found.credits[:most]:
        click.echo(f"  {credits.provider} {credits.provider_name}: {credits.rows}")
    _rest(found.credits, most)


def _show_runs(found: Status, most: int) -> None:
    if not found.runs:
        return
    click.echo("\nRuns die op goedkeuring of boeking wachten")
    table = _table("Run", "Periode", "Toestand", "Sinds", "Door", "Wat te doen")
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for run in found.runs[-most:]:
        verb = "post" if run.state == "approved" else "discard" if run.outdated else "approve"
        state = STATE_NAMES[run.state] + (", verouderd" if run.outdated else "")
        age = "vandaag" if run.days == 0 else counted(run.days, "dag/dagen")
        table.add_row(str(run.run), str(run.period), state, age, run.by, f"settle {verb} {run.run}")
    print_table(fit(table))
    _rest(found.runs, most)


def _show_passed(found: Status, most: int) -> None:
    if not found.passed:
        return
    click.echo(f"\nBoven een plafond geleverd over {found.month.year}, wordt niet betaald")
    table = _table("Contract", "Plafond")
    table.add_column("Bedrag (€)", justify="right", no_wrap=True)
    for ceiling in sorted(found.passed, key=lambda each: -each.unfunded.amount)[:most]:
        table.add_row(ceiling.contract, ceiling.component, format_eur(ceiling.unfunded))
    print_table(fit(table))
    _rest(found.passed, most)


def _show_spendings(found: Status, most: int) -> None:
    if not found.spendings:
        return
    click.echo(f"\nGeboekt over {found.month.year}")
    rows: list[tuple[str, ...]] = []
    largest = sorted(found.spendings, key=lambda each: (-each.paid.amount, each.contract, each.component))
    for spending in sorted(largest[:most], key=lambda each: (each.contract, each.component, each.outside_budget)):
        together = ", samen" if spending.kind == "ceiling" else ""
        rows.append((spending.contract, f"{spending.component}{together}", *_amounts(spending)))
    posted = total(spending.posted for spending in found.spendings)
    everything = "Totaal" if len(found.spendings) <= most else f"Alle {len(found.spendings)} samen"
    rows.append((everything, "", "", format_eur(posted), ""))
    print_table(_spendings_table(rows))
    _rest(found.spendings, most)


def _spendings_table(rows: Sequence[tuple[str, ...]]) -> RenderableType:
    """A table of spendings; where that is too wide, each contract stands above its components."""
    table = _amounts_table("Contract", "Onderdeel")
    for row in rows:
        table.add_row(*row)
    if width_of(table) <= WIDTH:
        return table
    by_contract = {
        f"Contract {number}": [row[1:] for row in of_contract]
        for number, of_contract in groupby(rows[:-1], key=lambda row: row[0])
    }
    everything, _, *amounts = rows[-1]
    return under_headings(lambda: _amounts_table("Onderdeel"), {**by_contract, "": [(everything, *amounts)]})


def _amounts_table(*names: str) -> Table:
    table = _table(*names)
    for name in ("Begroot (€)", "Geboekt (€)", "%"):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _amounts(spending: Spending) -> tuple[str, str, str]:
    paid = format_eur(spending.paid)
    if spending.outside_budget:
        return ("buiten het budget", paid, "")
    if spending.budget is None:
        return ("nog niet te zeggen" if spending.kind in ("population", "lump_sum") else "", paid, "")
    return (format_eur(spending.budget), paid, _percent(spending.paid, spending.budget))


def _percent(part: Eur, whole: Eur) -> str:
    return format_eur(half_up(Fraction(part.exact * 100) / whole.exact))[:-1] if whole else ""


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name == "Contract")
    return table


def _some(names: Sequence[str], most: int) -> str:
    shown = max(most, _SHOWN_NAMES)
    said = ", ".join(names[:shown])
    return f"{said} en nog {len(names) - shown}" if len(names) > shown else said


def _rest(items: Sequence[object], most: int) -> None:
    if len(items) > most:
        click.echo(f"… en nog {len(items) - most}; alles met --all")


def status_json(found: Status) -> dict[str, Any]:
    """The status as data; amounts are text, so that nothing is rounded on the way."""
    return {
        "now": found.now.isoformat(),
        "month": str(found.month),
        "needs_attention": found.needs_attention,
        "is_due": found.is_due,
        "contracts": [
            {
                "contract": contract.number,
                "provider": contract.provider,
                "provider_name": contract.provider_name,
                "state": contract.state,
                "run": contract.run,
            }
            for contract in found.contracts
        ],
        "parked": [
            {
                "contract": parked.number,
                "run": parked.run,
                "period": str(parked.period),
                "findings": [
                    {"code": f.code, "place": f.place, "message": f.message, "remedy": f.hint} for f in parked.findings
                ],
            }
            for parked in found.parked
        ],
        "missing_files": [
            {
                "contract": file.contract,
                "provider": file.provider,
                "provider_name": file.provider_name,
                "months": [str(month) for month in file.months],
                "last_delivered": str(file.last) if file.last else None,
                "refused": file.refused,
            }
            for file in found.missing
        ],
        "waiting_credits": [
            {"provider": credits.provider, "provider_name": credits.provider_name, "rows": credits.rows}
            for credits in found.credits
        ],
        "runs": [
            {
                "run": run.run,
                "period": str(run.period),
                "state": run.state,
                "since": run.since.isoformat(),
                "by": run.by,
                "days": run.days,
                "outdated": run.outdated,
            }
            for run in found.runs
        ],
        "year": found.month.year,
        "spending": [
            {
                "contract": spending.contract,
                "component": spending.component,
                "kind": spending.kind,
                "budget_eur": str(spending.budget) if spending.budget is not None else None,
                "posted_eur": str(spending.posted),
                "paid_eur": str(spending.paid),
                "outside_budget": spending.outside_budget,
            }
            for spending in found.spendings
        ],
        "passed_ceilings": [
            {"contract": ceiling.contract, "component": ceiling.component, "unfunded_eur": str(ceiling.unfunded)}
            for ceiling in found.passed
        ],
        "settled_by_itself_at": found.settled_at.at.isoformat() if found.settled_at else None,
        "next": (
            {"job": found.coming[0].id, "kind": found.coming[0].order.kind, "at": found.coming[1].at.isoformat()}
            if found.coming
            else None
        ),
        "alarms": [alarm_json(alarm) for alarm in found.alarms],
    }
