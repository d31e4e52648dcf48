"""`bekostiging settle`, `statement` and `explain`: a month from draft to posting, and what it says."""

import textwrap
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.table import Table
from sqlalchemy import select

from database.command_line import as_json, fields_of, tell_json
from database.recordings import latest, resolve_cutoff
from database.session import database
from database.terminal import (
    FOLDER,
    NEEDS_ATTENTION,
    NUMBER,
    WIDTH,
    end_with_json,
    fit,
    print_amounts,
    print_table,
    say,
    say_under,
    tell_findings,
    watched,
)
from kernel.findings import Finding, Severity
from kernel.identifiers import as_shown
from kernel.money import Eur, total
from kernel.notation import format_eur
from kernel.periods import Month
from kernel.texts import cleaned
from settlement import runs as use_cases
from settlement.entitlement import Line, Timing, Treatment
from settlement.explain import ExplainedLine, explain_line, list_lines, read_explained, tell_reference
from settlement.languages.dutch import DUTCH
from settlement.languages.english import ENGLISH
from settlement.phrases import cause_sentence, causes_sentence, counted, explanation_lines, not_settled_before_sentence
from settlement.reading import NumberedLine, Run, SettledContract, read_run
from settlement.references import what_became_of
from settlement.runs import STATE_NAMES
from settlement.schedule.messages import moment
from settlement.statements.export import export_statements
from settlement.tables import run_contracts, run_states, runs

LANGUAGES = {language.code: language for language in (DUTCH, ENGLISH)}
_SHOWN_CORRECTIONS = 12
_SHOWN_ERRORS = 20
_SHOWN_WARNINGS = 2
_AMOUNT = 17  # characters for an amount after a name
_UNDER = 7  # characters before what stands under a numbered line


@click.group("settle")
def settle() -> None:
    """Een maand afrekenen: concept, goedkeuren, boeken.

    \b
    Voorbeeld:
      bekostiging settle run --period 2026-03
      bekostiging settle approve 3
      bekostiging settle post 3
    """


@settle.command("run")
@click.option("--period", required=True, help="De maand waarover wordt afgerekend, zoals 2026-03.")
@click.option("--contract", "numbers", multiple=True, help="Alleen dit contract; mag vaker. Zonder: alle contracten.")
@click.option("--cutoff", help="Reken met wat bekend was bij deze vastlegging of op dit moment. Zonder: alles.")
@click.option("--dry-run", is_flag=True, help="Laat zien wat eruit komt, en leg niets vast.")
@as_json
@click.pass_context
def run(
    ctx: click.Context, period: str, numbers: Sequence[str], cutoff: str | None, dry_run: bool, as_json: bool
) -> None:
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
        drafts = use_cases.other_drafts(connection, number)
    if as_json:
        answer = {"dry_run": dry_run, "other_drafts": drafts, **run_json(settled)}
        end_with_json(ctx, answer, needs_attention=settled.needs_attention)
    if drafts:
        others = f"Run {drafts[0]} is" if len(drafts) == 1 else f"De runs {', '.join(map(str, drafts))} zijn"
        say(f"{others} ook concept over {month}, van een contract van deze run; er kan er een goedgekeurd worden.")
    if dry_run:
        click.echo("Proefrun: er is niets vastgelegd.")
    show_run(settled)
    if not dry_run:
        click.echo(f"Akkoord? bekostiging settle approve {number}   Niet? bekostiging settle discard {number}")
    _end(ctx, settled)


@settle.command("list")
@as_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
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
    with database(ctx).transaction() as connection:
        found = connection.execute(query).all()
        contracts: dict[int, list[Any]] = {row.id: [] for row in found}
        for contract in connection.execute(select(run_contracts)):
            contracts[contract.run_id].append(contract)
    if as_json:
        tell_json({"runs": [_listed_json(row, contracts[row.id]) for row in found]})
        return
    if not found:
        click.echo("Er zijn nog geen runs. Begin met: bekostiging settle run --period 2026-01")
        return
    parked = {number: sum(contract.parked for contract in of_run) for number, of_run in contracts.items()}
    table = _table()
    table.show_edge = False
    for name in ("Run", "Periode", "Vastl.", "Toestand", "Sinds", "Door"):
        table.add_column(name, overflow="fold", no_wrap=name not in ("Sinds", "Door"))
    for name in ("Geparkeerd",) * any(parked.values()) + ("Te betalen",):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found:
        to_pay = total(contract.total_eur - contract.set_off_eur for contract in contracts[row.id])
        amount = format_eur(to_pay) if parked[row.id] < len(contracts[row.id]) else "geparkeerd"
        table.add_row(
            str(row.id), str(Month.of(row.period)), str(row.cutoff), STATE_NAMES[row.state],
            f"{row.at:%d-%m-%Y %H:%M}", row.by, *[str(parked[row.id] or "")] * any(parked.values()), amount,
        )  # fmt: skip
    print_table(fit(table))


def _listed_json(row: Any, contracts: Sequence[Any]) -> dict[str, Any]:
    return {
        "run": row.id,
        "period": Month.of(row.period),
        "cutoff": row.cutoff,
        "state": row.state,
        "since": row.at,
        "by": row.by,
        "contracts": len(contracts),
        "parked": sum(contract.parked for contract in contracts),
        "to_pay_eur": total(contract.total_eur - contract.set_off_eur for contract in contracts),
    }


@settle.command("show")
@click.argument("number", metavar="RUN", type=NUMBER)
@as_json
@click.pass_context
def show(ctx: click.Context, number: int, as_json: bool) -> None:
    """Toon wat een run zegt.

    \b
    Voorbeeld:
      bekostiging settle show 3
    """
    with database(ctx).transaction() as connection:
        settled = read_run(connection, number)
        is_draft = settled.state == "draft"
        since = use_cases.recorded_since_draft(connection, number, settled.period) if is_draft else []
    if as_json:
        tell_json({**run_json(settled), "recorded_since": since})
    else:
        show_run(settled)
        for one in since:
            say(f"Niet in dit concept: {one}", indent="  ")
        for state, (at, by) in settled.states.items():
            click.echo(f"{STATE_NAMES[state]:<12} {moment(at)}, door {by}")
    _end(ctx, settled)


@settle.command("approve")
@click.argument("number", metavar="RUN", type=NUMBER)
@click.option("--as-is", is_flag=True, help="Ook als er sindsdien iets is vastgelegd dat zijn contracten raakt.")
@click.pass_context
def approve(ctx: click.Context, number: int, as_is: bool) -> None:
    """Keur een concept goed.

    Is er na het maken van het concept iets vastgelegd dat zijn contracten raakt, zoals een levering, een prijs of een
    nieuwe versie van een contract, dan staat dat er en wordt er niets goedgekeurd: maak een nieuw concept, of geef
    --as-is. Wat er later is vastgelegd, komt dan in een volgende run.

    \b
    Voorbeeld:
      bekostiging settle approve 3
    """
    store = database(ctx)
    with store.transaction() as connection:
        use_cases.approve(connection, number, store.settings.user, as_is=as_is)
    click.echo(f"Run {number} is goedgekeurd. Boeken: bekostiging settle post {number}")


@settle.command("post")
@click.argument("number", metavar="RUN", type=NUMBER)
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
@click.argument("number", metavar="RUN", type=NUMBER)
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
    """What a reader must decide on: per contract what is paid, and what of it is new, corrected or of earlier years."""
    click.echo(
        f"Run {settled.id} over {settled.period}, met alles tot en met vastlegging {settled.cutoff}: "
        f"{STATE_NAMES[settled.state]}"
    )
    if skipped := not_settled_before_sentence(settled):
        say(f"Let op, {skipped}; nu meegenomen.")
    told = settled.told
    first = [_first(contract) for contract in told]
    corrected = [_sum(contract, Timing.CORRECTION) for contract in told]
    columns = {
        "Deze maand": [_sum(contract, Timing.CURRENT) for contract in told],
        "Eerste keer": first,
        "Correcties": [amount - new for amount, new in zip(corrected, first, strict=True)],
        "Eerder jaar": [_sum(contract, Timing.PRIOR_YEAR) for contract in told],
        "Voorschot": [-contract.set_off for contract in told],
        "Te betalen": [contract.to_pay for contract in told],
    }
    shown = {name: amounts for name, amounts in columns.items() if name == "Te betalen" or any(amounts)}
    rows = []
    for contract, amounts in zip(told, zip(*shown.values(), strict=True), strict=True):
        cells = ["", *[""] * (len(shown) - 2), "geparkeerd"] if contract.parked else list(map(format_eur, amounts))
        rows.append((contract.contract.number, cells[-len(shown) :]))
    without = " zonder geparkeerde" if any(contract.parked for contract in told) else ""
    rows.append((f"Totaal{without} (€)", [format_eur(total(amounts)) for amounts in shown.values()]))
    print_amounts("Contract", list(shown), rows)
    if left := len(settled.contracts) - len(told):
        say(f"Niet getoond: {_ended(left)}.")
    _show_what_is_not_paid(settled)
    _show_corrections(settled)
    for contract in settled.contracts:
        _show_findings(f"Contract {contract.contract.number}", contract.findings, contract.parked)
    _show_findings("Buiten de contracten", settled.findings, False)
    click.echo(f"Controlegetal {settled.output_sha256[:16]}")


def _ended(contracts: int) -> str:
    return f"{counted(contracts, 'contract/contracten')} afgelopen, en er is niets over te zeggen"


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))


def run_json(settled: Run) -> dict[str, Any]:
    """A run as data; amounts are text, so that nothing is rounded on the way."""
    return {
        "run": settled.id,
        "period": str(settled.period),
        "cutoff": settled.cutoff,
        "state": settled.state,
        "states": {state: {"at": at.isoformat(), "by": by} for state, (at, by) in settled.states.items()},
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
                    cause
                    for line in contract.lines
                    if line.line.key.treatment is Treatment.PAYABLE
                    for cause in _causes_json(line.line)
                ],
                "findings": contract.findings,
            }
            for contract in settled.contracts
        ],
        "findings": settled.findings,
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
        "causes": _causes_json(line),
    }


def explained_json(explained: ExplainedLine, only_changes: bool) -> dict[str, Any]:
    """A line with its reasons, sources and rows; with `only_changes` no rows that the previous settlement knew."""
    run, contract = explained.run, explained.contract.contract
    steps = explanation_lines(explained.line.explanation)
    return {
        "run": run.id,
        "period": run.period,
        "state": run.state,
        "contract": contract.number,
        "provider": contract.provider,
        "clause": explained.clause,
        **_line_json(NumberedLine(explained.number, explained.line)),
        "label_name": explained.label_name,
        "task_field": explained.line.task_field,
        "explanation": [{"depth": depth, "text": text, "result": result} for depth, text, result in steps],
        "deliveries": [
            {
                **fields_of(row, "service"),
                "place": explained.places[(row.batch, row.row_number)],
                "file": explained.batches.get(row.batch),
                "service_from": row.service.start,
                "service_until": row.service.end,
                "group": group.number,
                "is_new": explained.is_new(row),
            }
            for group in explained.groups
            for row in group.rows
            if explained.is_new(row) or not only_changes
        ],
        "groups": [
            {
                "group": group.number,
                "unit": group.rule.unit,
                "quantity": group.quantity,
                "price_eur": group.price,
                "amount_eur": group.amount,
            }
            for group in explained.groups
        ],
        "sources": explained.sources,
    }


def _causes_json(line: Line) -> list[dict[str, str]]:
    return [
        {"kind": cause.kind, "amount_eur": str(cause.amount), "text": cause_sentence(cause, line.explanation)}
        for cause in line.causes
    ]


def _sum(contract: SettledContract, timing: Timing) -> Eur:
    return total(
        line.line.amount
        for line in contract.lines
        if line.line.timing is timing and line.line.key.treatment is Treatment.PAYABLE
    )


def _first(contract: SettledContract) -> Eur:
    """What is said for the first time over earlier months of the year: no correction of anything."""
    return total(
        cause.amount
        for line in contract.lines
        if line.line.timing is Timing.CORRECTION and line.line.key.treatment is Treatment.PAYABLE
        for cause in line.line.causes
        if cause.kind == "first"
    )


def _show_what_is_not_paid(settled: Run) -> None:
    """What was delivered above a maximum, and what a main contractor passes on, of the contracts that have any."""
    columns = {
        "Niet gefinancierd": [_of_treatment(contract, Treatment.UNFUNDED) for contract in settled.contracts],
        "Doorgegeven": [_of_treatment(contract, Treatment.PASSED_ON) for contract in settled.contracts],
    }
    shown = {name: amounts for name, amounts in columns.items() if any(amounts)}
    if not shown:
        return
    click.echo("Ter informatie (€); dit staat niet in wat te betalen is")
    rows = [
        (contract.contract.number, list(map(format_eur, amounts)))
        for contract, amounts in zip(settled.contracts, zip(*shown.values(), strict=True), strict=True)
        if any(amounts)
    ]
    print_amounts("Contract", list(shown), [*rows, ("Totaal", [format_eur(total(one)) for one in shown.values()])])


def _of_treatment(contract: SettledContract, treatment: Treatment) -> Eur:
    return total(line.line.amount for line in contract.lines if line.line.key.treatment is treatment)


def _show_corrections(settled: Run) -> None:
    """Every correction with its reason, the largest first, as many as fit a screen."""
    corrections = [
        (contract.contract, line)
        for contract in settled.contracts
        for line in contract.lines
        if line.line.timing is not Timing.CURRENT and line.line.key.treatment is Treatment.PAYABLE
    ]
    if not corrections:
        return
    corrections.sort(key=lambda pair: (-abs(pair[1].line.amount.amount), pair[1].number))
    shown = corrections[:_SHOWN_CORRECTIONS]
    of_several = any(len(contract.municipalities) > 1 for contract, _ in corrections)
    by_contract: dict[str, dict[str, list[NumberedLine]]] = {}
    for contract, numbered in shown:
        reason = causes_sentence(numbered.line.causes, numbered.line.explanation)
        by_contract.setdefault(contract.number, {}).setdefault(reason, []).append(numbered)
    widest = max(len(DUTCH.label(numbered.line.key.label)) for _, numbered in shown)
    click.echo("Correcties (€), met onder elke regel waarom")
    for number, by_reason in by_contract.items():
        click.echo(f"\nVan contract {number}")
        for reason, lines in by_reason.items():
            for numbered in lines:
                _show_correction(numbered, of_several=of_several, widest=widest)
            say_under(f"deze {len(lines)}: {reason}" if len(lines) > 1 else reason, indent=" " * _UNDER)
    click.echo()
    if len(corrections) > _SHOWN_CORRECTIONS:
        rest = counted(len(corrections) - _SHOWN_CORRECTIONS, "kleinere correctie/kleinere correcties")
        click.echo(f"… en nog {rest}; zie `bekostiging explain {settled.id}`")


def _show_correction(numbered: NumberedLine, *, of_several: bool, widest: int) -> None:
    """'    3  2026-01  45A04    -20,00'; a long name of what it is about goes on below itself."""
    key, amount = numbered.line.key, format_eur(numbered.line.amount)
    municipality = f"{key.municipality}  " if of_several else ""
    start = f"{numbered.number:>{_UNDER - 2}}  {key.month}  {municipality}"
    room = min(widest, WIDTH - len(start) - _AMOUNT)
    first, *rest = textwrap.wrap(DUTCH.label(key.label), room)
    click.echo(f"{start}{first:<{room}}{amount:>{_AMOUNT}}")
    for part in rest:
        click.echo(f"{' ' * len(start)}{part}")


def _show_findings(title: str, findings: Sequence[Finding], parked: bool) -> None:
    """Findings of one contract by code: what parks it, and a few of those that only ask for attention."""
    if findings:
        click.echo(f"{title}{' is geparkeerd' if parked else ''}:")
    for severity, most in ((Severity.ERROR, _SHOWN_ERRORS), (Severity.WARNING, _SHOWN_WARNINGS)):
        tell_findings([finding for finding in findings if finding.severity is severity], most=most)


def _end(ctx: click.Context, settled: Run) -> None:
    if settled.needs_attention:
        ctx.exit(NEEDS_ATTENTION)


@click.group("statement")
def statement() -> None:
    """Afrekeningen voor aanbieders.

    \b
    Voorbeeld:
      bekostiging statement export 3 --out afrekeningen/
    """


@statement.command("export")
@click.argument("number", metavar="RUN", type=NUMBER)
@click.option("--out", "out", required=True, type=FOLDER, help="Map voor de afrekeningen.")
@click.option(
    "--language", type=click.Choice(sorted(LANGUAGES)), default=DUTCH.code, show_default=True, help="Taal: nl of en."
)
@click.option("--detail/--no-detail", default=True, help="Met (standaard) of zonder een blad met elke levering.")
@click.option("--replace", is_flag=True, help="Vervang bestanden die er al zijn en anders zijn.")
@click.pass_context
def export(ctx: click.Context, number: int, out: Path, language: str, detail: bool, replace: bool) -> None:
    """Schrijf per contract een afrekening in Excel.

    Elk bedrag is een formule over de getoonde aantallen en prijzen, zodat de aanbieder kan narekenen. Een bestand dat
    er al is en anders is (met de hand gewijzigd, of toen nog een concept) wordt alleen vervangen met --replace.

    \b
    Voorbeeld:
      bekostiging statement export 3 --out afrekeningen/ --language en
    """
    progress = partial(watched, title="Afrekeningen")
    with database(ctx).transaction() as connection:
        written = export_statements(
            connection, number, out, progress, LANGUAGES[language], detail=detail, replace=replace
        )
    click.echo(f"{counted(len(written.paths), 'afrekening/afrekeningen')} geschreven in {out}")
    for contract in written.parked:
        click.echo(f"  Contract {contract} is geparkeerd en krijgt geen afrekening.")
    if written.ended:
        say(f"{_ended(len(written.ended))}: geen afrekening.")
    if written.parked:
        ctx.exit(NEEDS_ATTENTION)


@click.command("explain")
@click.argument("number", metavar="RUN", type=NUMBER)
@click.argument("line", metavar="[REGEL]", type=NUMBER, required=False)
@click.option(
    "--rows",
    type=click.IntRange(0, 2**31 - 1),
    default=20,
    show_default=True,
    help="Hoeveel leveringen er hooguit getoond worden; 0 is alle.",
)
@click.option("--changes", is_flag=True, help="Alleen wat sinds de vorige afrekening is vastgelegd.")
@click.option("--reference", help="Wat is er van de levering met deze referentie geworden?")
@click.option("--provider", help="Van de aanbieder met deze AGB-code (bij --reference).")
@as_json
@click.pass_context
def explain(
    ctx: click.Context,
    number: int,
    line: int | None,
    rows: int,
    changes: bool,
    reference: str | None,
    provider: str | None,
    as_json: bool,
) -> None:
    """Leg een bedrag uit, tot op artikel, prijslijst, bestand en rij.

    Zonder REGEL: alle regels van de run met hun nummer. Met --reference: wat er van één levering is geworden, ook als
    zij niet betaald is.

    \b
    Voorbeeld:
      bekostiging explain 3 2
      bekostiging explain 3 --reference r11
    """
    reference = reference and cleaned(reference).strip()
    if reference is not None and line is not None:
        raise click.UsageError("noem een REGEL of een --reference, niet allebei")
    if provider is not None and reference is None:
        raise click.UsageError("--provider hoort bij --reference")
    if as_json:
        with database(ctx).transaction() as connection:
            settled = read_run(connection, number)
            if reference is not None:
                told = what_became_of(connection, settled, reference, provider)
                answer = {"run": number, "reference": as_shown(reference), "provider": provider, "paragraphs": told}
            elif line is None:
                answer = run_json(settled)
            else:
                answer = explained_json(read_explained(connection, number, line), changes)
        tell_json(answer)
        return
    with database(ctx).transaction() as connection:
        if reference is not None:
            said = tell_reference(connection, number, reference, provider)
        elif line is None:
            said = list_lines(connection, number)
        else:
            said = explain_line(connection, number, line, rows, changes)
    print_table(said)
