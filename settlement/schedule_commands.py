"""`bekostiging schedule`: work that is done by itself every month."""

import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.table import Table

from database.command_line import as_json, tell_json
from database.connection import transaction
from database.recordings import TIME_ZONE
from database.session import database
from database.terminal import FILE, FOLDER, NEEDS_ATTENTION, NUMBER, WIDTH, print_table, say_under
from database.whole_file import make_folder
from kernel.findings import Refusal
from kernel.notation import format_date
from settlement.ledger.accounts import read_accounts
from settlement.schedule.mail import Mailbox, send
from settlement.schedule.messages import (
    KINDS,
    LOOK,
    WHICH_MONTH,
    alarm_sentence,
    asks_attention,
    attempt_sentence,
    moment,
    what,
)
from settlement.schedule.register import (
    Alarm,
    Job,
    Order,
    add_job,
    alarms,
    coming_first,
    database_clock,
    end_job,
    jobs_known,
    to_export,
)
from settlement.schedule.work import Planner, Worked, tick

_RESULTS = {"done": "gedaan", "failed": "mislukt", "covered": "overgeslagen"}
_FOLDER = 28  # characters of what an export does and where
_ALARM_SUBJECT = "bekostiging: de planning vraagt aandacht"
_log = logging.getLogger("bekostiging.schedule")


@click.group("schedule")
def schedule() -> None:
    """Wat elke maand vanzelf gebeurt: afrekenen, herinneren, exporteren.

    \b
    Voorbeeld:
      bekostiging schedule list
    """


@schedule.command("add")
@click.argument("kind", metavar="SOORT", type=click.Choice(list(KINDS)))
@click.option("--day", required=True, type=click.IntRange(1, 31), help="Dag van de maand; 31 is altijd de laatste dag.")
@click.option("--at", "at", default="06:00", show_default=True, help="Tijd in Nederland.")
@click.option(
    "--month",
    type=click.Choice(list(WHICH_MONTH.values())),
    help="Welke maand, gezien vanaf die dag; zonder dit de vorige. Niet bij export.",
)
@click.option(
    "--out",
    type=FOLDER,
    help="Map van export; zij wordt gemaakt als zij er niet is.",
)
@click.option("--accounts", type=FILE, help="Eigen rekeningschema (TOML) voor het journaal van export.")
@click.option("--from-now", is_flag=True, help="Laat export weglaten wat al geboekt is.")
@click.pass_context
def add(
    ctx: click.Context,
    kind: Any,
    day: int,
    at: str,
    month: str | None,
    out: Path | None,
    accounts: Path | None,
    from_now: bool,
) -> None:
    """Voeg een taak toe, die vanaf nu elke maand gebeurt.

    SOORT is settle (reken de maand af, als concept), remind (mail wie nog niets heeft geleverd) of export (afrekeningen
    en journaal van wat geboekt is en nog niet naar die map ging).

    \b
    Voorbeeld:
      bekostiging schedule add settle --day 5 --at 06:00
      bekostiging schedule add remind --day 3 --month vorige
      bekostiging schedule add export --day 6 --out .
    """
    if (kind == "export") != (out is not None) or (kind == "export" and month):
        raise click.UsageError("export vraagt --out en heeft geen --month; de andere soorten hebben geen --out")
    if from_now and kind != "export":
        raise click.UsageError("--from-now hoort bij export")
    if accounts is not None:
        if kind != "export":
            raise click.UsageError("--accounts hoort bij export")
        read_accounts(accounts)
    which = next((name for name, word in WHICH_MONTH.items() if word == (month or "vorige")), None)
    order = Order(
        kind=kind,
        day=day,
        at=_time(at),
        month=None if kind == "export" else which,  # type: ignore[arg-type]
        folder=str(out.resolve()) if out else None,
        accounts=str(accounts.resolve()) if accounts else None,
    )
    store = database(ctx)
    with store.transaction() as connection:
        now = database_clock(connection)
        number = add_job(connection, order, store.settings.user, now, from_now=from_now)
        known = jobs_known(connection)
        [job] = [job for job in known if job.id == number]
        posted = to_export(connection, job) if out else []
        if out:
            make_folder(out)
    first = job.coming(now)
    click.echo(f"Taak {number} gebeurt voor het eerst op {moment(first.at)}: {what(order, first.due_on)}.")
    if posted:
        _say(
            f"Dan gaat mee wat al geboekt is: run {', '.join(map(str, posted))}. Alleen wat hierna wordt geboekt: haal "
            "de taak weg en voeg hem toe met --from-now."
        )
    if out and from_now:
        _say("Wat al geboekt is, gaat niet mee: bekostiging ledger export, en bekostiging statement export.")
    others = [str(other.id) for other in known if kind == other.order.kind == "settle" and other.id != number]
    if others:
        _say(f"Let op: taak {', '.join(others)} rekent ook af. Zo komt elke maand vaker dan eens in concept.")


def _say(sentence: str) -> None:
    click.echo(click.wrap_text(sentence, WIDTH))


def _time(text: str) -> time:
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    try:
        return time(int(match[1]), int(match[2])) if match else time(99)
    except ValueError:
        raise click.UsageError(f'"{text}" is geen tijd; schrijf 06:00') from None


@schedule.command("remove")
@click.argument("number", metavar="TAAK", type=NUMBER)
@click.pass_context
def remove(ctx: click.Context, number: int) -> None:
    """Beëindig een taak. Wat hij gedaan heeft, blijft bekend.

    \b
    Voorbeeld:
      bekostiging schedule remove 1
    """
    store = database(ctx)
    with store.transaction() as connection:
        end_job(connection, number, store.settings.user, database_clock(connection))
    click.echo(f"Taak {number} is beëindigd.")


@schedule.command("list")
@as_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Toon de taken: wanneer ze weer gebeuren, en wat er van de laatste keer geworden is.

    \b
    Voorbeeld:
      bekostiging schedule list
    """
    with database(ctx).transaction() as connection:
        now = database_clock(connection)
        known = jobs_known(connection)
    found = alarms(known, now)
    if as_json:
        told = {"jobs": [job_json(job, job.coming(now).at) for job in known], "alarms": [*map(alarm_json, found)]}
        tell_json(told)
    elif not known:
        click.echo("Er zijn geen taken. Voeg er een toe met: bekostiging schedule add settle --day 5")
    else:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
        for name in ("Taak", "Wat", "Volgende keer", "Laatste keer"):
            table.add_column(name, no_wrap=True)
        for job in known:
            coming = job.coming(now)
            table.add_row(str(job.id), _what(job.order, coming.due_on), moment(coming.at), _last(job))
        print_table(table)
        tell_alarms(found)
    if found:
        ctx.exit(NEEDS_ATTENTION)


def _what(order: Order, due_on: Any) -> str:
    """Of a folder the end, which tells folders apart: a job is one line of 80 columns, --json says all of it."""
    if not order.folder:
        return what(order, due_on)
    room = _FOLDER - len(what(order, due_on))
    folder = order.folder if len(order.folder) <= room else f"…{order.folder[1 - room :]}"
    return f"{what(order, due_on)}: {folder}"


def _last(job: Job) -> str:
    if not job.attempts:
        return "nog niet"
    last = max(job.attempts, key=lambda attempt: (attempt.at, attempt.due_on))
    said = f"{format_date(last.at.astimezone(TIME_ZONE).date())} {_RESULTS[last.result]}"
    return f"{said}, run {last.run}" if last.run else said


def job_json(job: Job, coming: Any) -> dict[str, Any]:
    """A job as data; moments with their offset."""
    return {
        "job": job.id,
        "kind": job.order.kind,
        "day": job.order.day,
        "at": f"{job.order.at:%H:%M}",
        "month": job.order.month,
        "folder": job.order.folder,
        "accounts": job.order.accounts,
        "added_at": job.added_at.isoformat(),
        "added_by": job.added_by,
        "next": coming.isoformat(),
        "attempts": [
            {
                "due_on": attempt.due_on.isoformat(),
                "attempt": attempt.number,
                "result": attempt.result,
                "at": attempt.at.isoformat(),
                "message": attempt.message,
                "run": attempt.run,
            }
            for attempt in job.attempts
        ],
    }


def alarm_json(alarm: Alarm) -> dict[str, Any]:
    return {
        "job": alarm.job.id,
        "due_on": alarm.due_on.isoformat() if alarm.due_on else None,
        "problem": alarm.problem,
        "text": alarm_sentence(alarm),
        "message": alarm.message,
    }


def tell_alarms(found: Sequence[Alarm]) -> None:
    if found:
        click.echo("\nAlarm")
    for alarm in found:
        say_under(alarm_sentence(alarm), indent="  ")
        if alarm.message:
            say_under(alarm.message, indent="    ")


@schedule.command("run")
@click.option("--once", is_flag=True, help="Doe alles wat nu aan de beurt is, en stop. Voor cron of systemd.")
@click.option("--again", is_flag=True, help="Met --once: ook wat is opgegeven of tegengehouden.")
@click.option(
    "--every",
    type=click.IntRange(1, 3600),
    default=60,
    show_default=True,
    help="Om de hoeveel seconden er gekeken wordt.",
)
@click.pass_context
def run(ctx: click.Context, once: bool, again: bool, every: int) -> None:
    """Doe de taken die aan de beurt zijn, en blijf dat doen.

    Wat gemist is, wordt ingehaald. Het mag op meer machines tegelijk draaien: elke keer gebeurt één keer.

    \b
    Voorbeeld:
      bekostiging schedule run
      bekostiging schedule run --once
    """
    if again and not once:
        raise click.UsageError("--again hoort bij --once")
    store = database(ctx)
    mailbox = Mailbox.from_environment()
    by = store.settings.user
    if once:
        with store.engine() as engine:
            if not beat(Planner(engine, by, mailbox, again=again), click.echo):
                click.echo("Er was niets aan de beurt.")
            with transaction(engine) as connection:
                found = alarms(jobs_known(connection), database_clock(connection))
        tell_alarms(found)
        if found:
            ctx.exit(NEEDS_ATTENTION)
        return

    from settlement.schedule.service import serve  # slow to import, and only needed here

    dutch_time = logging.Formatter("%(asctime)s %(message)s", "%d-%m-%Y %H:%M:%S")
    dutch_time.converter = lambda seconds: datetime.fromtimestamp(seconds or 0, TIME_ZONE).timetuple()
    handler = logging.StreamHandler()
    handler.setFormatter(dutch_time)
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)

    def one_beat(stopping: Callable[[], bool]) -> None:
        try:
            with store.engine() as engine:
                beat(Planner(engine, by, mailbox), _log.info, stopping)
        except Refusal as refusal:  # no connection now; there may be at the next beat
            _log.error("Geweigerd: %s", refusal.message)

    with store.engine() as engine:  # held all the time, so that an embedded server is not started at every beat
        with transaction(engine) as connection:
            first = coming_first(jobs_known(connection), database_clock(connection))
        coming = f"taak {first[0].id} op {moment(first[1].at)}" if first else "er zijn nog geen taken"
        _log.info("De planner draait. Eerstvolgende: %s. Stoppen: Ctrl-C.", coming)
        serve(one_beat, every)
    _log.info("De planner is gestopt.")


def beat(planner: Planner, say: Callable[[str], None], stopping: Callable[[], bool] = lambda: False) -> int:
    """One tick: what was done is said, and what somebody should know is mailed, also when it ends with a bug.

    Gives for how many jobs something was done or failed.
    """
    noted: list[str] = []
    jobs_told: set[int] = set()

    def told(worked: Worked) -> None:
        job = worked.turn.job
        jobs_told.add(job.id)
        times = {due.due_on: due for due in (*worked.turn.covered, worked.turn.due)}
        for attempt in worked.attempts:
            said = attempt_sentence(job, attempt, held_back=worked.turn.held_back)
            say(f"{said}; {attempt.message}")
            if asks_attention(times[attempt.due_on], attempt):
                late = " (te laat)" if attempt.result == "done" else ""
                noted.append(f"{said}, op {moment(attempt.at)}{late}")

    try:
        tick(planner, told, stopping)
    finally:
        if noted and planner.mailbox is not None:
            lines = "\n".join(f"- {line}" for line in noted)
            try:
                send(planner.mailbox, _ALARM_SUBJECT, f"{lines}\n\n{LOOK}\n")
            except Refusal as refusal:  # the work is done; status tells what the mail would have told
                say(f"Let op: {refusal.message}; {refusal.hint}")
    return len(jobs_told)
