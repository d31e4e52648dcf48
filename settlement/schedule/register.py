"""The jobs, and what came of every time they were due. Jobs are added and ended, attempts added: nothing changes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select

from database.recordings import TIME_ZONE, latest
from kernel.findings import Refusal
from kernel.periods import Month
from settlement.schedule.occurrences import Occurrence, next_occurrences, occurrences
from settlement.tables import job_attempts, job_endings, jobs, runs

Kind = Literal["settle", "remind", "export"]
WhichMonth = Literal["previous", "current", "next"]
Result = Literal["done", "failed", "covered"]
Problem = Literal["not_done", "failed", "given_up", "held_back", "done_ahead", "added_ahead"]

# How long after a failure the next attempt comes; after the last one a person is needed.
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
MOST_ATTEMPTS = len(RETRY_AFTER) + 1
# What was not done this long after it was due is late, and an alarm.
GRACE = timedelta(hours=1)
# More missed than this is not caught up with by itself: perhaps the clock is wrong.
MOST_MISSED = 3

_JOB_LOCK = 0x5C4ED  # the first key of the advisory lock on a job; the second is its id
_ADDING = 0  # in the place of an id: no two jobs are added at once


@dataclass(frozen=True, slots=True)
class Order:
    """What a job does, and when. `folder` and `accounts` are of an export, which has no month."""

    kind: Kind
    day: int
    at: time
    month: WhichMonth | None = None
    folder: str | None = None
    accounts: str | None = None

    def period(self, due_on: date) -> Month | None:
        """The month that an occurrence is about."""
        match self.month:
            case "previous":
                return Month.of(due_on.replace(day=1) - timedelta(days=1))
            case "next":
                return Month.of(due_on).next()
            case "current":
                return Month.of(due_on)
            case None:
                return None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of an occurrence: done, failed, or covered by a later one that was done."""

    due_on: date
    number: int
    result: Result
    at: datetime
    message: str
    run: int | None
    recording: int


@dataclass(frozen=True, slots=True)
class Done:
    """What a job says of its work, the run it made, and the last recording that was known when it began."""

    message: str
    recording: int
    run: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job that was not ended, with all its attempts, the earliest first."""

    id: int
    order: Order
    added_at: datetime
    added_by: str
    recording: int
    attempts: Sequence[Attempt]

    def waiting(self, now: datetime) -> list[Occurrence]:
        """What was due since the job was added and is not done or covered, the earliest first."""
        due = occurrences(self.order.day, self.order.at, self.added_at, now)
        return [occurrence for occurrence in due if not self._is_over(occurrence)]

    def failed(self, due_on: date, now: datetime) -> list[Attempt]:
        """The attempts that failed, less any that lie ahead of `now` (in UTC): a clock that was wrong made them."""
        mine = [attempt for attempt in self.attempts if attempt.due_on == due_on]
        return [attempt for attempt in mine if attempt.result == "failed" and attempt.at <= now]

    def coming(self, now: datetime) -> Occurrence:
        """The first time after now that is not done: a clock that was ahead may have done some already."""
        coming = next_occurrences(self.order.day, self.order.at, max(now, self.added_at))
        return next(occurrence for occurrence in coming if not self._is_over(occurrence))

    def _is_over(self, occurrence: Occurrence) -> bool:
        mine = (attempt for attempt in self.attempts if attempt.due_on == occurrence.due_on)
        return any(attempt.result != "failed" for attempt in mine)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A job that needs a person. `due_on` is None when its clock is what is wrong."""

    job: Job
    due_on: date | None
    problem: Problem
    attempts: int
    message: str


def database_clock(connection: Connection) -> datetime:
    """Now, by the clock of the database, which all who work in it share; in Dutch time."""
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(TIME_ZONE)


def lock_job(connection: Connection, job: int) -> None:
    """Wait until nobody works on a job, and keep others from it until this transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(_JOB_LOCK, job)))


def try_lock_job(connection: Connection, job: int) -> bool:
    """The same without waiting; False when another works on the job."""
    got: bool = connection.execute(select(func.pg_try_advisory_xact_lock(_JOB_LOCK, job))).scalar_one()
    return got


def add_job(connection: Connection, order: Order, by: str, now: datetime, *, from_now: bool = False) -> int:
    """Add a job; it is due from now on. An export begins with what was never exported to its folder, or `from_now`.

    Raises `Refusal` when the same job is there already, or one that settles the same month.
    """
    lock_job(connection, _ADDING)
    for job in jobs_known(connection):
        if job.order == order:
            raise Refusal(f"deze taak is er al: taak {job.id}", "kies een andere dag of tijd, of haal hem eerst weg")
        if order.kind == job.order.kind == "settle" and order.month == job.order.month:
            raise Refusal(
                f"taak {job.id} rekent dezelfde maand al af",
                f"haal hem eerst weg (bekostiging schedule remove {job.id}), of reken af met bekostiging settle run",
            )
    values = {name: getattr(order, name) for name in ("kind", "day", "at", "month", "folder", "accounts")}
    recording = latest(connection) if from_now or order.folder is None else _exported(connection, order.folder)
    added = insert(jobs).values(**values, added_at=now, added_by=by, recording=recording)
    number: int = connection.execute(added.returning(jobs.c.id)).scalar_one()
    return number


def _exported(connection: Connection, folder: str) -> int:
    """The last recording that was known at an export to a folder, also by jobs that were ended; 0 before the first."""
    query = (
        select(func.coalesce(func.max(job_attempts.c.recording), 0))
        .join(jobs, jobs.c.id == job_attempts.c.job_id)
        .where(jobs.c.folder == folder, job_attempts.c.result == "done")
    )
    known: int = connection.execute(query).scalar_one()
    return known


def to_export(connection: Connection, job: Job) -> list[int]:
    """The runs that an export would write now: posted, and not by its last time or before it began."""
    before = max((attempt.recording for attempt in job.attempts if attempt.result == "done"), default=job.recording)
    return list(connection.execute(select(runs.c.id).where(runs.c.posting > before).order_by(runs.c.posting)).scalars())


def end_job(connection: Connection, job: int, by: str, now: datetime) -> None:
    """End a job; what it did stays known. Waits while it is being done. Raises `Refusal` when there is no such job."""
    lock_job(connection, job)
    if job not in {known.id for known in jobs_known(connection)}:
        raise Refusal(f"taak {job} is er niet", "zie de taken met `bekostiging schedule list`")
    connection.execute(insert(job_endings).values(job_id=job, at=now, by=by))


def jobs_known(connection: Connection) -> list[Job]:
    """Every job that was not ended, in the order they were added."""
    attempts: dict[int, list[Attempt]] = defaultdict(list)
    for row in connection.execute(select(job_attempts).order_by(job_attempts.c.due_on, job_attempts.c.attempt)):
        attempts[row.job_id].append(
            Attempt(row.due_on, row.attempt, row.result, row.at, row.message, row.run_id, row.recording)
        )
    ended = select(job_endings.c.job_id)
    rows = connection.execute(select(jobs).where(jobs.c.id.not_in(ended)).order_by(jobs.c.id))
    return [_job(row, attempts) for row in rows]


def _job(row: Any, attempts: Mapping[int, Sequence[Attempt]]) -> Job:
    order = Order(row.kind, row.day, row.at, row.month, row.folder, row.accounts)
    return Job(row.id, order, row.added_at, row.added_by, row.recording, attempts.get(row.id, ()))


def record_attempt(
    connection: Connection, job: Job, due_on: date, result: Result, now: datetime, done: Done
) -> Attempt:
    """Record what came of an occurrence. Whoever calls has locked the job."""
    mine = (job_attempts.c.job_id == job.id) & (job_attempts.c.due_on == due_on)
    number: int = connection.execute(select(func.count() + 1).select_from(job_attempts).where(mine)).scalar_one()
    connection.execute(
        insert(job_attempts).values(
            job_id=job.id, due_on=due_on, attempt=number, result=result, at=now, message=done.message, run_id=done.run,
            recording=done.recording,
        )
    )  # fmt: skip
    return Attempt(due_on, number, result, now, done.message, done.run, done.recording)


def alarms(known: Sequence[Job], now: datetime) -> list[Alarm]:
    """What was due and failed or is not done, the latest of each job since that covers the earlier ones.

    Also jobs that were added or done ahead of now, when the clock was wrong.
    """
    now = now.astimezone(UTC)
    found: list[Alarm] = []
    for job in known:
        if job.added_at > now + GRACE:
            found.append(Alarm(job, None, "added_ahead", 0, ""))
        elif any(attempt.result != "failed" and attempt.at > now + GRACE for attempt in job.attempts):
            found.append(Alarm(job, None, "done_ahead", 0, ""))
        waiting = job.waiting(now)
        not_done = [alarm for each in waiting if (alarm := _alarm(job, each, now, held_back=are_too_many(waiting)))]
        found += not_done[-1:]
    return found


def are_too_many(waiting: Sequence[Occurrence]) -> bool:
    """Whether what was missed is left to a person."""
    return len(waiting) > MOST_MISSED


def _alarm(job: Job, waiting: Occurrence, now: datetime, *, held_back: bool) -> Alarm | None:
    failed = job.failed(waiting.due_on, now)
    if failed:
        problem: Problem = "held_back" if held_back else "given_up" if len(failed) >= MOST_ATTEMPTS else "failed"
        return Alarm(job, waiting.due_on, problem, len(failed), failed[-1].message)
    return Alarm(job, waiting.due_on, "not_done", 0, "") if now > waiting.at + GRACE else None


def coming_first(known: Sequence[Job], now: datetime) -> tuple[Job, Occurrence] | None:
    """The job that is due first, and when; None without jobs."""
    coming = [(job, job.coming(now)) for job in known]
    return min(coming, key=lambda each: (each[1].at, each[0].id), default=None)


def settled_at(known: Sequence[Job], month: Month, now: datetime) -> Occurrence | None:
    """When a month will be settled by itself, if that is still to come."""
    coming = [(job, job.coming(now)) for job in known if job.order.kind == "settle"]
    for_month = [each for job, each in coming if job.order.period(each.due_on) == month]
    return min(for_month, key=lambda occurrence: occurrence.at, default=None)
