"""`bekostiging settle`: a month from draft to posting."""

import json
from collections.abc import Sequence
from typing import Any

import click
from rich.table import Table
from sqlalchemy import select

from database.recordings import latest, resolve_cutoff
from database.session import database
from kernel.findings import Finding
from kernel.money import Eur, total
from kernel.notation import format_eur
from kernel.periods import Month
from settlement import runs as use_cases
from settlement.entitlement import Timing, Treatment
from settlement.phrases import cause_sentence
from settlement.reading import NumberedLine, Run, SettledContract, read_run
from settlement.runs import STATE_NAMES
from settlement.tables import run_contracts, run_states, runs
from tariffs.commands import NEEDS_ATTENTION, WIDTH, print_table

_SHOWN_FINDINGS = 20


@click.group("settle")
def settle() -> None:
    """Een maand afrekenen: concept, goedkeuren, boeken."""


@settle.command("run")
@click.option("--period", required=True, help="De maand waarover wordt afgerekend, zoals 2026-03.")
@click.option("--contract", "numbers", multiple=True, help="Alleen dit contract; mag vaker. Zonder: alle contracten.")
@click.option("--cutoff", help="Reken met wat bekend was bij deze vastlegging of op dit moment. Zonder: alles.")
@click.option("--dry-run", is_flag=True, help="Laat zien wat eruit komt, en leg niets vast.")
@click.pass_context
def run(ctx: click.Context, period: str, numbers: Sequence[str], cutoff: str | None, dry_run: bool) -> None:
    """Reken een maand af: een run in concept.

    Een run zegt alleen wat verschilt van wat al geboekt is. Wat laat is binnengekomen, gecrediteerd of anders geprijsd
    komt eruit als correctie, onder de maand waar het bij hoort.

    \b
    Voorbeeld:
      bekostiging settle run --period 2026-03
    """
    store = database(ctx)
    month = Month.parse(period)
    with store.transaction(dry_run=dry_run) as connection:
        known_at = resolve_cutoff(connection, cutoff) if cutoff else latest(connection)
        number = use_cases.settle(connection, month, store.settings.user, numbers, known_at)
        settled = read_run(connection, number)
    if dry_run:
        click.echo("Proefrun: er is niets vastgelegd.")
    show_run(settled)
    if not dry_run:
        click.echo(f"Akkoord? bekostiging settle approve {number}   Niet? bekostiging settle discard {number}")
    _end(ctx, settled)


@settle.command("list")
@click.pass_context
def list_(ctx: click.Context) -> None:
    """Toon alle runs.

    \b
    Voorbeeld:
      bekostiging settle list
    """
    query = (
        select(runs, run_states.c.at, run_states.c.by)
        .join(run_states, (run_states.c.run_id == runs.c.id) & (run_states.c.state == runs.c.state))
        .order_by(runs.c.id)
    )
    totals = select(run_contracts.c.run_id, run_contracts.c.total_eur)
    with database(ctx).transaction() as connection:
        found = connection.execute(query).all()
        amounts: dict[int, list[Eur]] = {}
        for number, amount in connection.execute(totals):
            amounts.setdefault(number, []).append(amount)
    if not found:
        click.echo("Er zijn nog geen runs. Begin met: bekostiging settle run --period 2026-01")
        return
    table = Table("Run", "Periode", "Vastlegging", "Toestand", "Sinds", "Door", "Totaal (€)")
    table.columns[-1].justify = "right"
    for row in found:
        since = f"{row.at:%d-%m-%Y %H:%M}"
        owed = format_eur(total(amounts.get(row.id, [])))
        table.add_row(
            str(row.id), str(Month.of(row.period)), str(row.cutoff), STATE_NAMES[row.state], since, row.by, owed
        )
    print_table(table)


@settle.command("show")
@click.argument("number", metavar="RUN", type=int)
@click.option("--json", "as_json", is_flag=True, help="Als JSON, met bedragen als tekst.")
@click.pass_context
def show(ctx: click.Context, number: int, as_json: bool) -> None:
    """Toon wat een run zegt.

    \b
    Voorbeeld:
      bekostiging settle show 3
    """
    with database(ctx).transaction() as connection:
        settled = read_run(connection, number)
    if as_json:
        click.echo(json.dumps(run_json(settled), indent=2, ensure_ascii=False))
    else:
        show_run(settled)
    _end(ctx, settled)


@settle.command("approve")
@click.argument("number", metavar="RUN", type=int)
@click.pass_context
def approve(ctx: click.Context, number: int) -> None:
    """Keur een concept goed.

    \b
    Voorbeeld:
      bekostiging settle approve 3
    """
    store = database(ctx)
    with store.transaction() as connection:
        use_cases.approve(connection, number, store.settings.user)
    click.echo(f"Run {number} is goedgekeurd. Boeken: bekostiging settle post {number}")


@settle.command("post")
@click.argument("number", metavar="RUN", type=int)
@click.pass_context
def post(ctx: click.Context, number: int) -> None:
    """Boek een goedgekeurde run. Daarna verandert hij nooit meer.

    \b
    Voorbeeld:
      bekostiging settle post 3
    """
    store = database(ctx)
    with store.transaction() as connection:
        recording = use_cases.post(connection, number, store.settings.user)
    click.echo(f"Run {number} is geboekt als vastlegging {recording}.")


@settle.command("discard")
@click.argument("number", metavar="RUN", type=int)
@click.pass_context
def discard(ctx: click.Context, number: int) -> None:
    """Gooi een concept of een goedgekeurde run weg.

    \b
    Voorbeeld:
      bekostiging settle discard 3
    """
    store = database(ctx)
    with store.transaction() as connection:
        use_cases.discard(connection, number, store.settings.user)
    click.echo(f"Run {number} is weggegooid.")


def show_run(settled: Run) -> None:
    """What a reader must decide on: per contract what is paid and what of it is new, corrected, or of an earlier year."""
    click.echo(
        f"Run {settled.id} over {settled.period}, met alles tot en met vastlegging {settled.cutoff}: "
        f"{STATE_NAMES[settled.state]}"
    )
    table = Table("Contract", "Deze maand", "Correcties", "Eerder jaar", "Voorschot", "Te betalen")
    for column in table.columns[1:]:
        column.justify = "right"
    sums = [Eur.zero()] * 5
    for contract in settled.contracts:
        if contract.parked:
            table.add_row(contract.contract.number, "geparkeerd", "", "", "", "")
            continue
        amounts = [
            *(_sum(contract, timing) for timing in Timing),
            -contract.set_off,
            contract.to_pay,
        ]
        sums = [before + amount for before, amount in zip(sums, amounts, strict=True)]
        table.add_row(contract.contract.number, *map(format_eur, amounts))
    table.add_section()
    table.add_row("Totaal (€)", *map(format_eur, sums))
    print_table(table)
    _show_corrections(settled)
    for contract in settled.contracts:
        _show_findings(f"Contract {contract.contract.number}", contract.findings, contract.parked)
    _show_findings("Buiten de contracten", settled.findings, False)
    click.echo(f"Controlegetal {settled.output_sha256[:16]}")


def run_json(settled: Run) -> dict[str, Any]:
    """A run as data; amounts are text, so that nothing is rounded on the way."""
    return {
        "run": settled.id,
        "period": str(settled.period),
        "cutoff": settled.cutoff,
        "state": settled.state,
        "output_sha256": settled.output_sha256,
        "contracts": [
            {
                "contract": contract.contract.number,
                "provider": contract.contract.provider,
                "provider_name": contract.provider.name,
                "parked": contract.parked,
                "total_eur": str(contract.total),
                "set_off_eur": str(contract.set_off),
                "to_pay_eur": str(contract.to_pay),
                "lines": [_line_json(line) for line in contract.lines],
                "causes": [
                    {"kind": cause.kind, "amount_eur": str(cause.amount), "text": cause_sentence(cause)}
                    for line in contract.lines
                    if line.line.key.treatment is Treatment.PAYABLE
                    for cause in line.line.causes
                ],
                "findings": [str(finding) for finding in contract.findings],
            }
            for contract in settled.contracts
        ],
        "findings": [str(finding) for finding in settled.findings],
    }


def _line_json(numbered: NumberedLine) -> dict[str, Any]:
    line = numbered.line
    return {
        "line": numbered.number,
        "component": line.key.component,
        "municipality": line.key.municipality,
        "month": str(line.key.month),
        "label": line.key.label,
        "treatment": line.key.treatment,
        "timing": line.timing,
        "entitled_eur": str(line.entitled),
        "posted_before_eur": str(line.posted_before),
        "amount_eur": str(line.amount),
        "causes": [
            {"kind": cause.kind, "amount_eur": str(cause.amount), "text": cause_sentence(cause)} for cause in line.causes
        ],
    }


def _sum(contract: SettledContract, timing: Timing) -> Eur:
    return total(
        line.line.amount
        for line in contract.lines
        if line.line.timing is timing and line.line.key.treatment is Treatment.PAYABLE
    )


def _show_corrections(settled: Run) -> None:
    """Every correction with its reason, the largest first, as many as fit a screen."""
    corrections = [
        (contract.contract.number, line)
        for contract in settled.contracts
        for line in contract.lines
        if line.line.timing is not Timing.CURRENT and line.line.key.treatment is Treatment.PAYABLE
    ]
    if not corrections:
        return
    corrections.sort(key=lambda pair: (-abs(pair[1].line.amount.amount), pair[1].number))
    table = Table("Correctie", "Maand", "Product", "Bedrag (€)", "Waarom", title="Correcties", title_justify="left")
    table.columns[3].justify = "right"
    for number, numbered in corrections[:_SHOWN_FINDINGS]:
        line = numbered.line
        why = "; ".join(cause_sentence(cause) for cause in line.causes)
        label = "termijn" if line.key.label == "instalment" else line.key.label
        table.add_row(f"{number} regel {numbered.number}", str(line.key.month), label, format_eur(line.amount), why)
    print_table(table)
    if len(corrections) > _SHOWN_FINDINGS:
        rest = len(corrections) - _SHOWN_FINDINGS
        click.echo(f"… en nog {rest} kleinere correcties; zie `bekostiging explain {settled.id}`")


def _show_findings(title: str, findings: Sequence[Finding], parked: bool) -> None:
    if findings:
        click.echo(f"{title}{' is geparkeerd' if parked else ''}:")
    for finding in findings[:_SHOWN_FINDINGS]:
        click.echo(click.wrap_text(f"{finding.code} {finding}", WIDTH, initial_indent="  ", subsequent_indent="    "))
    if len(findings) > _SHOWN_FINDINGS:
        click.echo(f"  … en nog {len(findings) - _SHOWN_FINDINGS}")


def _end(ctx: click.Context, settled: Run) -> None:
    if settled.needs_attention:
        ctx.exit(NEEDS_ATTENTION)
