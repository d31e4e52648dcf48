"""A tick: do what is due, each job in one transaction with the row that says it was done.

So a process that is killed has done nothing, and another finds the same work again. Two at once are kept apart by a
lock on the job; who comes second finds the row. Only the latest time that was missed is done: a run settles to date, a
reminder lists what is missing now over its month and those of the times it covers, and an export holds all that was
posted since the last.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from database.connection import transaction
from database.recordings import latest
from kernel.findings import Refusal
from kernel.identifiers import as_quoted
from kernel.periods import Month
from settlement.ledger.accounts import read_accounts
from settlement.ledger.export import export_journal, write_journal
from settlement.missing_files import missing_files
from settlement.phrases import counted, not_settled_before_sentence
from settlement.reading import read_outline
from settlement.runs import settle
from settlement.schedule.mail import Mailbox, send
from settlement.schedule.messages import moment, reminder
from settlement.schedule.occurrences import Occurrence
from settlement.schedule.register import (
    MOST_ATTEMPTS,
    RETRY_AFTER,
    Attempt,
    Done,
    Job,
    are_too_many,
    database_clock,
    jobs_known,
    record_attempt,
    to_export,
    try_lock_job,
)
from settlement.statements.export import export_statements
from settlement.tables import run_contracts

_ASIDE = "zet het bestand opzij, en: bekostiging schedule run --once --again"

Clock = Callable[[Connection], datetime]


@dataclass(frozen=True, slots=True)
class Planner:
    """In whose name work is done, with which mail, by which clock. `again`: also what was given up or held back."""

    engine: Engine
    by: str
    mailbox: Mailbox | None = None
    clock: Clock = database_clock
    again: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """The time of a job that is done now, and the earlier ones that it covers; `held_back`: too many to be done."""

    job: Job
    now: datetime
    due: Occurrence
    covered: tuple[Occurrence, ...]
    held_back: bool


@dataclass(frozen=True, slots=True)
class Worked:
    """What was done of a turn; with it, the attempts that were recorded."""

    turn: Turn
    attempts: tuple[Attempt, ...]


Told = Callable[[Worked], None]


def tick(planner: Planner, told: Told, stopping: Callable[[], bool] = lambda: False) -> None:
    """Do the work of every job that is due, and tell each; stops between two jobs when asked.

    A refusal is recorded as a failure, and the others go on. A bug is recorded too, and raised after the others. Raises
    `Refusal` when there is no database to record it in: the next tick finds the same work.
    """
    with transaction(planner.engine) as connection:
        numbers = [job.id for job in jobs_known(connection)]
    _work_all(planner, iter(numbers), told, stopping)


def _work_all(planner: Planner, numbers: Iterator[int], told: Told, stopping: Callable[[], bool]) -> None:
    for number in numbers:
        if stopping():
            return
        try:
            _work(planner, number, told)
        except Exception:
            _work_all(planner, numbers, told, stopping)  # those after it
            raise


def _work(planner: Planner, number: int, told: Told) -> None:
    """Do the work of one job, unless nothing is due or another is doing it."""
    turn: Turn | None = None
    try:
        with transaction(planner.engine) as connection:
            turn = _turn(connection, planner, number)
            if turn is None:
                return
            if turn.held_back:  # what to do about it is said with every attempt
                raise Refusal(f"er zijn {len(turn.covered) + 1} keren gemist, sinds {moment(turn.covered[0].at)}")
            worked = _done(connection, turn, _WORK[turn.job.order.kind](connection, planner, turn))
    except Refusal as refusal:
        if turn is None:
            raise
        reason = f"{refusal.message}; {refusal.hint}" if refusal.hint else refusal.message
        _fail(planner, turn, as_quoted(reason), told)
    except Exception as bug:  # to record that it was tried, and end with it: decision 14
        if turn is not None:
            _fail(planner, turn, f"fout in het programma ({type(bug).__name__})", told)
        raise
    else:
        told(worked)


def _done(connection: Connection, turn: Turn, done: Done) -> Worked:
    covered = Done(f"meegenomen in die van {turn.due.due_on:%d-%m-%Y}", done.recording, done.run)
    earlier = [
        record_attempt(connection, turn.job, missed.due_on, "covered", turn.now, covered) for missed in turn.covered
    ]
    return Worked(turn, (*earlier, record_attempt(connection, turn.job, turn.due.due_on, "done", turn.now, done)))


def _turn(connection: Connection, planner: Planner, number: int) -> Turn | None:
    if not try_lock_job(connection, number):
        return None
    # Read after the lock was got: what another did before it is seen.
    job = next((job for job in jobs_known(connection) if job.id == number), None)
    if job is None:
        return None
    now = planner.clock(connection).astimezone(UTC)  # in one zone, times of two offsets differ by what the clock shows
    waiting = job.waiting(now)
    if not waiting:
        return None
    *covered, due = waiting
    held_back = are_too_many(waiting) and not planner.again
    if not planner.again and not _may_try(job.failed(due.due_on, now), now, held_back=held_back):
        return None
    return Turn(job, now, due, tuple(covered), held_back)


def _may_try(failed: list[Attempt], now: datetime, *, held_back: bool) -> bool:
    """Whether it is time for the next attempt. What is held back is noted once."""
    if not failed:
        return True
    if held_back or len(failed) >= MOST_ATTEMPTS:
        return False
    return now - failed[-1].at >= RETRY_AFTER[len(failed) - 1]


def _fail(planner: Planner, turn: Turn, reason: str, told: Told) -> None:
    """In a transaction of its own, since that of the work is gone; unless another has done the work meanwhile.

    Nor when another has the job now, or the server still holds a session that was lost: the next tick finds the work.
    """
    with transaction(planner.engine) as connection:
        if not try_lock_job(connection, turn.job.id):
            return
        job = next((job for job in jobs_known(connection) if job.id == turn.job.id), None)
        if job is None or turn.due not in job.waiting(turn.now):
            return
        failed = Done(reason, latest(connection))
        attempt = record_attempt(connection, job, turn.due.due_on, "failed", turn.now, failed)
    told(Worked(turn, (attempt,)))


# --- the work of each kind --------------------------------------------------------------------------------------------


def _settle(connection: Connection, planner: Planner, turn: Turn) -> Done:
    """A draft over the month; a person approves and posts it."""
    known = latest(connection)
    month = _month(turn.job, turn.due)
    run = settle(connection, month, planner.by)
    of_run = run_contracts.c.run_id == run
    query = select(func.count(), func.count().filter(run_contracts.c.parked)).where(of_run)
    contracts, parked = connection.execute(query).one()
    message = f"run {run} over {month} in concept: {counted(contracts, 'contract/contracten')}"
    skipped = not_settled_before_sentence(read_outline(connection, run))
    message += f", waarvan {parked} geparkeerd" if parked else ""
    return Done(message + (f"; {skipped}" if skipped else ""), known, run)


def _remind(connection: Connection, planner: Planner, turn: Turn) -> Done:
    """A mail with who sent nothing over the month, nor over those of the times that are covered.

    Mailed before the row is stored: rather twice than not at all.
    """
    known = latest(connection)
    over = [_month(turn.job, due) for due in (*turn.covered, turn.due)]
    found = {month: [file for file in missing_files(connection, month) if month in file.months] for month in over}
    missing = {month: files for month, files in found.items() if files}
    if not missing:
        return Done(f"over {_listed(over)} is van iedereen iets ontvangen", known)
    if planner.mailbox is not None:
        body = "\n".join(reminder(month, files) for month, files in missing.items())
        send(planner.mailbox, f"bekostiging: nog niet ontvangen over {_listed(missing)}", body)
    mailed = "gemaild" if planner.mailbox else "niet gemaild: BEKOSTIGING_SMTP_URL ontbreekt"
    said = (
        f"over {month} is niets ontvangen voor {counted(len(files), 'contract/contracten')} ({mailed}): "
        f"bekostiging status --month {month}"
        for month, files in missing.items()
    )
    return Done("; ".join(said), known)


def _listed(them: Iterable[Month | int]) -> str:
    return ", ".join(map(str, them))


def _export(connection: Connection, planner: Planner, turn: Turn) -> Done:
    """Statements and journals of what was posted since the last export. Written again, a file is the same file."""
    order = turn.job.order
    assert order.folder is not None
    folder = Path(order.folder)
    if not folder.is_dir():
        raise Refusal(f"de map {folder} is er niet", "maak haar, of voeg de taak opnieuw toe met een andere map")
    accounts = read_accounts(Path(order.accounts) if order.accounts else None)
    known = latest(connection)
    numbers = to_export(connection, turn.job)
    for run in numbers:
        export_statements(connection, run, folder / f"afrekeningen-{run}", otherwise=_ASIDE)
        write_journal(export_journal(connection, run, accounts), folder / f"journaal-{run}.csv", otherwise=_ASIDE)
    if not numbers:
        return Done("er is niets geboekt sinds de vorige keer", known)
    return Done(f"{counted(len(numbers), 'geboekte run/geboekte runs')} ({_listed(numbers)}) naar {folder}", known)


def _month(job: Job, due: Occurrence) -> Month:
    month = job.order.period(due.due_on)
    assert month is not None, "only an export has no month"
    return month


_WORK = {"settle": _settle, "remind": _remind, "export": _export}
