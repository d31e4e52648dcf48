"""What happens by itself every month: once, also when two do it, one is killed, days were missed, or a clock is off."""

from __future__ import annotations

import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time as seconds
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_string, policy
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Connection, NullPool, create_engine, exc, text

import cli
from database.recordings import TIME_ZONE
from kernel.findings import Refusal
from kernel.periods import Month
from settlement.reading import read_run
from settlement.schedule import work
from settlement.schedule.mail import Mailbox, send
from settlement.schedule.messages import alarm_sentence
from settlement.schedule.occurrences import occurrence, occurrences
from settlement.schedule.register import (
    MOST_ATTEMPTS,
    Job,
    Order,
    add_job,
    alarms,
    database_clock,
    end_job,
    jobs_known,
    lock_job,
    to_export,
)
from settlement.schedule.work import Planner, Worked, tick
from settlement.schedule_commands import beat
from settlement.status import read_status
from tests.settlement.books import CARE, WHO, Books, delivery, effort_contract, said

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds that a process may take on a slow machine
SETTLE = Order("settle", 5, time(6), "previous")


def dutch(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=TIME_ZONE)


ADDED = dutch(2026, 1, 20)


@pytest.fixture
def care(books: Books) -> Books:
    """One contract with deliveries in January to April."""
    books.open(effort_contract(products=["45A04"])).prices("45A04;2026-01-01;;60,00")
    books.deliver(*(delivery(f"r{month}", "45A04", f"2026-0{month}-12", 30 * month) for month in (1, 2, 3, 4)))
    return books


def added(books: Books, order: Order = SETTLE, now: datetime = ADDED) -> int:
    with books.transaction() as connection:
        return add_job(connection, order, WHO, now)


def planner(books: Books, now: datetime, *, mailbox: Mailbox | None = None, again: bool = False) -> Planner:
    return Planner(books.engine, "planner", mailbox, lambda connection: now, again)


def ticked(books: Books, now: datetime, *, again: bool = False) -> list[tuple[str, str]]:
    """What a tick did: the day and the result of every attempt."""
    told: list[Worked] = []
    tick(planner(books, now, again=again), told.append)
    return [(attempt.due_on.isoformat(), attempt.result) for worked in told for attempt in worked.attempts]


def jobs(books: Books) -> list[Job]:
    with books.transaction() as connection:
        return jobs_known(connection)


def problems(books: Books, now: datetime) -> list[tuple[str, str]]:
    return [(str(alarm.due_on), alarm.problem) for alarm in alarms(jobs(books), now)]


def run_periods(books: Books) -> list[str]:
    with books.transaction() as connection:
        return [str(period) for period in connection.execute(text("SELECT period FROM runs ORDER BY id")).scalars()]


def refuse(connection: Connection, planner: Planner, turn: work.Turn) -> work.Done:
    connection.execute(text("CREATE TABLE half_done (n integer)"))
    raise Refusal("het kan niet: cliënt 999900006, € 1.132,45", "herstel het")


# --- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("night", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_job_at_half_past_two_happens_once_in_the_night_the_clocks_change(books: Books, night: date) -> None:
    """At every quarter of an hour of that night, on two planners."""
    books.open(effort_contract())
    added(books, Order("settle", night.day, time(2, 30), "previous"), dutch(night.year, night.month, night.day, 0))
    start = datetime(night.year, night.month, night.day, tzinfo=UTC) - timedelta(hours=3)
    done = [ticked(books, start + timedelta(minutes=15 * quarter)) for quarter in range(28) for _ in range(2)]
    assert [results for results in done if results] == [[(night.isoformat(), "done")]]
    assert ticked(books, start + timedelta(days=2)) == []


def test_a_time_that_is_skipped_is_an_hour_on_and_one_that_comes_twice_is_the_first() -> None:
    assert occurrence(29, time(2, 30), Month(2026, 3)).at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert occurrence(25, time(2, 30), Month(2026, 10)).at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_last_day_stands_for_days_a_month_does_not_have() -> None:
    found = occurrences(31, time(6), dutch(2026, 1, 31, 6), dutch(2026, 4, 30, 6))
    assert [each.due_on.isoformat() for each in found] == ["2026-02-28", "2026-03-31", "2026-04-30"]


@pytest.mark.parametrize(("which", "period"), [("previous", "2025-12"), ("current", "2026-01"), ("next", "2026-02")])
def test_a_job_is_about_the_month_before_during_or_after_its_day(which: str, period: str) -> None:
    assert str(Order("settle", 5, time(6), which).period(date(2026, 1, 5))) == period  # type: ignore[arg-type]


def test_a_job_is_due_from_when_it_was_added(care: Books) -> None:
    added(care, now=dutch(2026, 2, 5, 6, 1))
    assert ticked(care, dutch(2026, 3, 5, 5, 59)) == []
    assert ticked(care, dutch(2026, 3, 5, 6, 0)) == [("2026-03-05", "done")]


# --- once -------------------------------------------------------------------------------------------------------------


def test_what_was_missed_is_found_and_the_latest_month_brings_the_earlier_ones(care: Books) -> None:
    added(care)
    results = ticked(care, dutch(2026, 4, 9))
    assert results == [("2026-02-05", "covered"), ("2026-03-05", "covered"), ("2026-04-05", "done")]
    assert run_periods(care) == ["2026-03-01"]
    [attempt] = [attempt for attempt in jobs(care)[0].attempts if attempt.result == "done"]
    assert attempt.run == 1
    assert attempt.message.endswith("1 contract; maanden zonder afrekening: 2025-01 t/m 2026-02")
    with care.transaction() as connection:
        amounts = said(read_run(connection, 1))
    assert amounts == {("2026-01", "45A04"): "30.00", ("2026-02", "45A04"): "60.00", ("2026-03", "45A04"): "90.00"}
    assert ticked(care, dutch(2026, 4, 9)) == []
    assert problems(care, dutch(2026, 4, 9)) == []


def test_while_one_works_another_leaves_the_job_alone(care: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    added(care)
    working, may_end = threading.Event(), threading.Event()
    settle = work._WORK["settle"]

    def slow(connection: Connection, by: Planner, turn: work.Turn) -> work.Done:
        done = settle(connection, by, turn)
        working.set()
        assert may_end.wait(PATIENCE)
        return done

    monkeypatch.setitem(work._WORK, "settle", slow)
    first: list[list[tuple[str, str]]] = []
    thread = threading.Thread(target=lambda: first.append(ticked(care, dutch(2026, 2, 5))))
    thread.start()
    try:
        assert working.wait(PATIENCE)
        monkeypatch.setitem(work._WORK, "settle", settle)
        assert ticked(care, dutch(2026, 2, 5)) == []
    finally:
        may_end.set()
        thread.join(PATIENCE)
    assert first == [[("2026-02-05", "done")]]
    assert run_periods(care) == ["2026-01-01"]


def environment(books: Books, tmp_path: Path, **more: str) -> dict[str, str]:
    url = books.engine.url.render_as_string(hide_password=False)
    mine = {"BEKOSTIGING_DATABASE_URL": url, "BEKOSTIGING_HOME": str(tmp_path), "BEKOSTIGING_USER": "planner"}
    return os.environ | mine | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"} | more


def due_now(books: Books) -> Order:
    """A job that was due once since it was added, by the clock of the database."""
    with books.transaction() as connection:
        now = database_clock(connection)
        due = now - timedelta(minutes=2)
        order = Order("settle", due.day, time(due.hour, due.minute), "previous")
        add_job(connection, order, WHO, now - timedelta(minutes=10))
    return order


def test_processes_at_once_settle_a_month_once(care: Books, tmp_path: Path) -> None:
    due_now(care)
    command = [sys.executable, "-m", "cli", "schedule", "run", "--once"]
    started = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(care, tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=PATIENCE)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    assert sum("gedaan" in text for text in told) == 1
    assert len(run_periods(care)) == 1


# Ends itself, as by kill -9, at one of three places.
KILLED = """
import os, signal, sys
from database.connection import open_engine
from settlement.schedule import work

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

settle, place = work._WORK["settle"], sys.argv[1]

def with_an_end(*arguments):
    if place == "before":
        kill()
    done = settle(*arguments)
    if place == "after":
        kill()
    return done

work._WORK["settle"] = with_an_end
work.tick(work.Planner(open_engine(os.environ["BEKOSTIGING_DATABASE_URL"]), "planner"), kill)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_a_month_whose_planner_is_killed_three_times_is_settled_once(care: Books, tmp_path: Path) -> None:
    due_now(care)
    for place, runs in (("before", 0), ("after", 0), ("committed", 1)):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, place],
            cwd=ROOT, env=environment(care, tmp_path), timeout=PATIENCE, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert len(run_periods(care)) == runs
    with care.transaction() as connection:
        now = database_clock(connection)
    assert ticked(care, now) == []
    [job] = jobs(care)
    assert [(attempt.result, attempt.run) for attempt in job.attempts] == [("done", 1)]
    assert problems(care, now + timedelta(days=1)) == []


def test_the_database_itself_keeps_a_time_from_being_done_twice(care: Books) -> None:
    number = added(care)
    ticked(care, dutch(2026, 2, 5))
    again = "INSERT INTO job_attempts VALUES (:job, '2026-02-05', 2, 'done', now(), '', NULL, 0)"
    with pytest.raises(exc.IntegrityError, match="uq_job_attempts_done_once"), care.transaction() as connection:
        connection.execute(text(again), {"job": number})
    for table in ("jobs", "job_attempts"):
        with pytest.raises(exc.IntegrityError, match="append-only"), care.transaction() as connection:
            connection.execute(text(f"DELETE FROM {table}"))


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_failure_is_tried_again_a_few_times_and_then_left_to_a_person(care: Books) -> None:
    added(care)
    approved = care.settle("2026-01")
    care.approve(approved)
    start = dutch(2026, 2, 5, 6)
    tried = [
        minutes
        for minutes in range(0, 24 * 60, 1)
        if minutes in (0, 1, 2, 15, 16, 17, 75, 76, 77, 315, 316, 317, 1439)
        and ticked(care, start + timedelta(minutes=minutes))
    ]
    assert tried == [0, 1, 16, 76, 316]
    [job] = jobs(care)
    assert {attempt.result for attempt in job.attempts} == {"failed"}
    assert "heeft een goedgekeurde run die nog niet geboekt is (run 1); boek hem" in job.attempts[0].message
    assert problems(care, dutch(2026, 2, 6)) == [("2026-02-05", "given_up")]
    care.post(approved)
    assert ticked(care, dutch(2026, 2, 6)) == []
    assert ticked(care, dutch(2026, 2, 6), again=True) == [("2026-02-05", "done")]
    assert problems(care, dutch(2026, 2, 6)) == []


def test_the_next_month_repairs_what_was_given_up(care: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    added(care)
    with monkeypatch.context() as patch:
        patch.setitem(work._WORK, "settle", refuse)
        assert ticked(care, dutch(2026, 2, 5)) == [("2026-02-05", "failed")]
    assert ticked(care, dutch(2026, 3, 5)) == [("2026-02-05", "covered"), ("2026-03-05", "done")]
    assert problems(care, dutch(2026, 3, 6)) == []


def test_a_failure_leaves_nothing_and_the_other_jobs_go_on(care: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    added(care, Order("remind", 5, time(6), "previous"))
    added(care)
    monkeypatch.setitem(work._WORK, "remind", refuse)
    assert ticked(care, dutch(2026, 2, 5)) == [("2026-02-05", "failed"), ("2026-02-05", "done")]
    with care.transaction() as connection:
        assert connection.execute(text("SELECT to_regclass('half_done')")).scalar() is None
    [job, _] = jobs(care)
    assert job.attempts[0].message == "het kan niet: cliënt •••••••••, € 1.132,45; herstel het"


def test_a_bug_is_raised_and_recorded_and_does_not_keep_the_others_waiting(
    care: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(care, Order("remind", 5, time(6), "previous"))
    added(care)
    monkeypatch.setitem(work._WORK, "remind", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ticked(care, dutch(2026, 2, 5))
    bug, other = jobs(care)
    assert bug.attempts[0].message == "fout in het programma (ZeroDivisionError)"
    assert [attempt.result for attempt in other.attempts] == ["done"]


def test_a_failure_is_not_waited_with_while_another_holds_the_job(care: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another planner, or a session that was lost and that the server still holds."""
    number = added(care)
    may_end = threading.Event()

    def hold() -> None:
        with care.transaction() as connection:
            lock_job(connection, number)
            may_end.wait(5)

    holding = threading.Thread(target=hold)

    def lose_the_job(connection: Connection, planner: Planner, turn: work.Turn) -> work.Done:
        holding.start()
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        until(lambda: bool(connection.execute(waiting).scalar()))
        raise Refusal("het kan niet")

    monkeypatch.setitem(work._WORK, "settle", lose_the_job)
    assert ticked(care, dutch(2026, 2, 5)) == []
    may_end.set()
    holding.join(PATIENCE)
    monkeypatch.setitem(work._WORK, "settle", refuse)
    assert ticked(care, dutch(2026, 2, 5)) == [("2026-02-05", "failed")]


def test_what_nobody_did_is_an_alarm_an_hour_later(care: Books) -> None:
    added(care)
    assert problems(care, dutch(2026, 2, 5, 7)) == []
    assert problems(care, dutch(2026, 2, 5, 7, 1)) == [("2026-02-05", "not_done")]
    assert problems(care, dutch(2026, 3, 9)) == [("2026-03-05", "not_done")]


def test_a_planner_that_is_told_to_stop_does_so_between_two_jobs(care: Books) -> None:
    added(care)
    added(care, Order("remind", 5, time(6), "previous"))
    told: list[Worked] = []
    tick(planner(care, dutch(2026, 2, 5)), told.append, lambda: bool(told))
    assert [worked.turn.job.order.kind for worked in told] == ["settle"]


# --- a clock that is wrong --------------------------------------------------------------------------------------------


def test_a_clock_a_year_ahead_settles_nothing_and_uses_up_nothing(care: Books) -> None:
    added(care)
    assert ticked(care, dutch(2027, 1, 20)) == [("2027-01-05", "failed")]
    assert ticked(care, dutch(2027, 1, 20)) == []
    [job] = jobs(care)
    assert job.attempts[0].message == "er zijn 12 keren gemist, sinds 05-02-2026 06:00"
    assert run_periods(care) == []
    assert problems(care, dutch(2026, 2, 5, 6, 30)) == []
    assert ticked(care, dutch(2026, 2, 5, 6, 30)) == [("2026-02-05", "done")]
    assert run_periods(care) == ["2026-01-01"]
    for month in range(3, 13):
        ticked(care, dutch(2026, month, 5, 6, 30))
    assert ticked(care, dutch(2027, 1, 5, 6, 30)) == [("2027-01-05", "done")]


def test_who_was_away_for_long_says_that_the_clock_is_right(care: Books) -> None:
    added(care)
    assert ticked(care, dutch(2026, 5, 6)) == [("2026-05-05", "failed")]
    assert ticked(care, dutch(2026, 5, 6), again=True) == [
        *[(f"2026-0{month}-05", "covered") for month in (2, 3, 4)],
        ("2026-05-05", "done"),
    ]
    assert run_periods(care) == ["2026-04-01"]


def test_a_clock_that_is_put_back_does_nothing_twice(care: Books) -> None:
    added(care)
    ticked(care, dutch(2026, 3, 5))
    assert ticked(care, dutch(2026, 2, 5)) == []
    assert ticked(care, dutch(2025, 3, 5)) == []
    assert problems(care, dutch(2026, 2, 5)) == [("None", "done_ahead")]
    assert ticked(care, dutch(2026, 3, 5)) == []
    assert len(run_periods(care)) == 1
    [job] = jobs(care)
    assert job.coming(dutch(2026, 2, 1)).due_on == date(2026, 4, 5)


def test_failures_of_a_clock_that_was_ahead_count_for_nothing(care: Books) -> None:
    added(care)
    care.approve(care.settle("2026-01"))
    ahead = dutch(2026, 3, 8)
    for _ in range(MOST_ATTEMPTS):
        assert ticked(care, ahead, again=True) == [("2026-03-05", "failed")]
    start = dutch(2026, 3, 5, 6)
    assert ticked(care, start) == [("2026-03-05", "failed")]
    assert problems(care, start) == [("2026-03-05", "failed")]
    assert ticked(care, start) == []
    assert ticked(care, start + timedelta(minutes=1)) == [("2026-03-05", "failed")]


def test_a_job_that_was_added_ahead_of_now_is_an_alarm(care: Books) -> None:
    number = added(care, now=dutch(2027, 1, 20))
    [alarm] = alarms(jobs(care), dutch(2026, 2, 9))
    assert alarm_sentence(alarm) == (
        f"taak {number}: is toegevoegd toen de klok van de database voorliep, en gebeurt pas na 20-01-2027 12:00; "
        f"haal hem weg en voeg hem opnieuw toe: bekostiging schedule remove {number}"
    )
    assert problems(care, dutch(2027, 1, 20, 11, 59)) == []


def test_a_wait_is_as_long_in_the_night_the_clocks_change(care: Books) -> None:
    """The third attempt comes an hour after the second: not when the clock shows that for the first time."""
    added(care, Order("settle", 25, time(2, 20), "previous"), dutch(2026, 10, 24))
    care.approve(care.settle("2026-01"))
    start = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
    tried = [
        minute for minute in range(0, 120, 5) if ticked(care, (start + timedelta(minutes=minute)).astimezone(TIME_ZONE))
    ]
    assert tried == [0, 5, 20, 80]


# --- reminders, exports and mail --------------------------------------------------------------------------------------


class Inbox(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it gets, and refuses mails while `is_full`. It takes passwords on an open line."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Letterbox)
        self.mails: list[str] = []
        self.heard: list[str] = []
        self.is_full = False

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox("127.0.0.1", self.server_address[1], False, "", "", ("beheer@example.org",))

    def subjects(self) -> list[str]:
        return [str(message_from_string(mail, policy=policy.default)["Subject"]) for mail in self.mails]

    def body(self, number: int = -1) -> str:
        return str(message_from_string(self.mails[number], policy=policy.default).get_content())  # type: ignore[attr-defined]


class _Letterbox(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Inbox)
        self._say("220 test")
        for line in self.rfile:
            self.server.heard.append(word := line.decode().split()[0].upper())
            match word:
                case "EHLO":
                    self._say("250-test\r\n250 AUTH PLAIN")
                case "MAIL" if self.server.is_full:
                    self._say("452 4.3.1 vol")
                case "RCPT" if b"weg@" in line:
                    self._say("550 5.1.1 onbekend")
                case "DATA":
                    self._say("354 go on")
                    lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                    self.server.mails.append("".join(lines).replace("\r\n", "\n"))
                    self._say("250 kept")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join(PATIENCE)


def test_a_reminder_names_who_sent_nothing(care: Books, inbox: Inbox) -> None:
    care.contracts(effort_contract("C", provider="41000003", products=["44A09"]))
    added(care, Order("remind", 5, time(6), "previous"), dutch(2026, 5, 20))
    said: list[str] = []
    beat(planner(care, dutch(2026, 6, 5, 6, 5), mailbox=inbox.mailbox), said.append)
    assert inbox.subjects() == ["bekostiging: nog niet ontvangen over 2026-05"]
    assert inbox.body() == (
        "Over 2026-05 is nog niets ontvangen voor:\n\n"
        "- B: 41000002 Ambulant en logeren, laatst geleverd over 2026-04\n"
        "- C: 41000003 Nog een aanbieder, nog nooit geleverd\n"
    )
    assert said == [
        f"taak {jobs(care)[0].id} van 05-06-2026 (herinneren over 2026-05): gedaan; over 2026-05 is niets ontvangen "
        "voor 2 contracten (gemaild): bekostiging status --month 2026-05"
    ]


def test_nobody_is_reminded_of_nothing(care: Books, inbox: Inbox) -> None:
    added(care, Order("remind", 5, time(6), "previous"))
    beat(planner(care, dutch(2026, 2, 5, 6), mailbox=inbox.mailbox), lambda said: None)
    assert inbox.mails == []


def test_a_reminder_that_was_missed_is_brought_by_the_next(books: Books, inbox: Inbox) -> None:
    """Nothing came over December, which is of another year, and February."""
    books.open(effort_contract(products=["45A04"])).prices("45A04;2025-01-01;;60,00")
    books.deliver(*(delivery(day, "45A04", day, 30) for day in ("2025-11-12", "2026-01-12", "2026-03-12")))
    added(books, Order("remind", 3, time(6), "previous"), dutch(2025, 12, 20))
    beat(planner(books, dutch(2026, 4, 4), mailbox=inbox.mailbox, again=True), lambda said: None)
    assert inbox.subjects()[0] == "bekostiging: nog niet ontvangen over 2025-12, 2026-02"
    assert inbox.body(0) == (
        "Over 2025-12 is nog niets ontvangen voor:\n\n"
        "- B: 41000002 Ambulant en logeren, laatst geleverd over 2025-11\n\n"
        "Over 2026-02 is nog niets ontvangen voor:\n\n"
        "- B: 41000002 Ambulant en logeren, laatst geleverd over 2026-01\n"
    )
    assert jobs(books)[0].attempts[-1].message == (
        "over 2025-12 is niets ontvangen voor 1 contract (gemaild): bekostiging status --month 2025-12; "
        "over 2026-02 is niets ontvangen voor 1 contract (gemaild): bekostiging status --month 2026-02"
    )


def test_a_reminder_that_is_not_mailed_has_failed(care: Books, inbox: Inbox) -> None:
    added(care, Order("remind", 5, time(6), "previous"), dutch(2026, 5, 20))
    inbox.is_full = True
    beat(planner(care, dutch(2026, 6, 5, 6), mailbox=inbox.mailbox), lambda said: None)
    assert problems(care, dutch(2026, 6, 5, 6)) == [("2026-06-05", "failed")]
    inbox.is_full = False
    beat(planner(care, dutch(2026, 6, 5, 6, 1), mailbox=inbox.mailbox), lambda said: None)
    assert problems(care, dutch(2026, 6, 5, 6, 1)) == []
    assert len(inbox.mails) == 1


def test_a_failure_is_mailed_without_amounts_or_client_numbers_and_asks_attention(
    care: Books, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    number = added(care)
    monkeypatch.setitem(work._WORK, "settle", refuse)
    beat(planner(care, dutch(2026, 2, 5, 6, 5), mailbox=inbox.mailbox), lambda said: None)
    assert inbox.subjects() == ["bekostiging: de planning vraagt aandacht"]
    assert inbox.body() == (
        f"- taak {number} van 05-02-2026 (afrekenen over 2026-01): mislukt, poging 1 van 5, op 05-02-2026 06:05\n\n"
        "Kijk met: bekostiging status, en bekostiging schedule list\n"
    )
    [alarm] = alarms(jobs(care), dutch(2026, 2, 5, 6, 10))
    assert "mislukt, poging 1 van 5; de volgende komt vanzelf" in alarm_sentence(alarm)
    for command in (("status",), ("schedule", "list")):
        result = invoke(care, tmp_path, *command)
        assert result.exit_code == 3, result.output
        assert "\nAlarm\n" in result.output


def test_a_bug_is_mailed_too(care: Books, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    added(care)
    monkeypatch.setitem(work._WORK, "settle", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        beat(planner(care, dutch(2026, 2, 5, 6, 5), mailbox=inbox.mailbox), lambda said: None)
    assert "mislukt, poging 1 van 5" in inbox.body()


def test_what_is_held_back_says_once_what_to_do(care: Books, inbox: Inbox) -> None:
    number = added(care)
    for hour in (7, 12):
        beat(planner(care, dutch(2026, 5, 5, hour), mailbox=inbox.mailbox), lambda said: None)
    assert len(inbox.mails) == 1
    said = (
        f"taak {number} van 05-05-2026 (afrekenen over 2026-04): tegengehouden (staat de klok van de database goed, "
        "voer dan uit: bekostiging schedule run --once --again)"
    )
    assert f"- {said}, op 05-05-2026 07:00" in inbox.body()
    [alarm] = alarms(jobs(care), dutch(2026, 5, 6))
    assert alarm_sentence(alarm) == said


def test_an_attempt_by_hand_is_not_one_of_five(care: Books) -> None:
    added(care)
    care.approve(care.settle("2026-01"))
    said: list[str] = []
    for _ in range(MOST_ATTEMPTS + 1):
        beat(planner(care, dutch(2026, 2, 5), again=True), said.append)
    assert "mislukt, poging 5 van 5;" in said[-2]
    assert "mislukt, poging 6;" in said[-1]


def test_what_was_done_late_or_left_to_a_later_one_is_mailed(care: Books, inbox: Inbox) -> None:
    added(care)
    beat(planner(care, dutch(2026, 2, 5, 6, 5), mailbox=inbox.mailbox), lambda said: None)
    assert inbox.mails == []
    beat(planner(care, dutch(2026, 4, 7, 9), mailbox=inbox.mailbox), lambda said: None)
    [first, second, *_] = inbox.body().splitlines()
    assert "van 05-03-2026 (afrekenen over 2026-02): overgeslagen, want een latere keer nam het mee" in first
    assert second.endswith("van 05-04-2026 (afrekenen over 2026-03): gedaan, op 07-04-2026 09:00 (te laat)")


def test_an_alarm_that_cannot_be_mailed_is_said(care: Books, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    added(care)
    inbox.is_full = True
    said: list[str] = []
    beat(planner(care, dutch(2026, 2, 7), mailbox=inbox.mailbox), said.append)
    assert said[-1].startswith("Let op: de mail aan beheer@example.org is niet verstuurd (SMTPSenderRefused 452)")
    assert run_periods(care) == ["2026-01-01"]


@pytest.mark.parametrize(
    ("url", "to", "problem"),
    [
        ("smtp://u:geheim@host:port", "a@b.nl", "geen adres van een mailserver"),
        ("http://u:geheim@host", "a@b.nl", "geen adres van een mailserver"),
        ("smtp://", "a@b.nl", "geen adres van een mailserver"),
        ("smtp://host", "", "noemt geen mailadressen"),
        ("smtp://host", "a b", "noemt geen mailadressen"),
        ("smtp://u:geheim%C3%A9@host", "a@b.nl", "heeft letters met een accent"),
        ("smtp://%C3%A9:geheim@host", "a@b.nl", "heeft letters met een accent"),
    ],
)
def test_a_wrong_mail_address_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, to: str, problem: str
) -> None:
    monkeypatch.setenv("BEKOSTIGING_SMTP_URL", url)
    monkeypatch.setenv("BEKOSTIGING_MAIL_TO", to)
    with pytest.raises(Refusal, match=problem) as refusal:
        Mailbox.from_environment()
    assert "geheim" not in f"{refusal.value.message}{refusal.value.hint}"


def test_the_mail_server_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Mailbox.from_environment() is None
    monkeypatch.setenv("BEKOSTIGING_SMTP_URL", "smtps://ik%40example.org:ge%2Fheim@mail.example.org")
    monkeypatch.setenv("BEKOSTIGING_MAIL_TO", "a@example.org, b@example.org")
    found = Mailbox.from_environment()
    to = ("a@example.org", "b@example.org")
    assert found == Mailbox("mail.example.org", 465, True, "ik@example.org", "ge/heim", to)
    assert "heim" not in repr(found)


def test_a_mail_that_a_part_does_not_get_is_refused(inbox: Inbox) -> None:
    to = ("a@example.org", "weg@example.org")
    with pytest.raises(Refusal, match=r"een deel van de mail: weg@example\.org"):
        send(Mailbox("127.0.0.1", inbox.server_address[1], False, "", "", to), "x", "y")
    assert inbox.subjects() == ["x"]


def test_a_mail_server_that_has_no_name_is_refused() -> None:
    with pytest.raises(Refusal, match="niet verstuurd"):
        send(Mailbox("mail..example.org", 25, False, "", "", ("a@example.org",)), "x", "y")


def test_a_password_does_not_go_over_an_open_line(inbox: Inbox) -> None:
    mailbox = Mailbox("127.0.0.1", inbox.server_address[1], False, "ik", "geheim", ("a@example.org",))
    with pytest.raises(Refusal, match="SMTPNotSupportedError"):
        send(mailbox, "x", "y")
    assert inbox.heard[0] == "EHLO"
    assert "AUTH" not in inbox.heard


def test_an_export_writes_what_was_posted_since_the_last_one(care: Books, tmp_path: Path) -> None:
    care.month("2026-01")
    with care.transaction() as connection:
        order = Order("export", 5, time(6), folder=str(tmp_path))
        add_job(connection, order, WHO, ADDED, from_now=True)
    care.month("2026-02")
    assert ticked(care, dutch(2026, 2, 5)) == [("2026-02-05", "done")]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "afrekeningen-2", "journaal-2.csv", "journaal-2.totalen.csv",
    ]  # fmt: skip
    assert [path.name for path in (tmp_path / "afrekeningen-2").iterdir()] == [f"2026-02 B {CARE} run 2.xlsx"]
    for path in (tmp_path / "journaal-2.csv", tmp_path / "journaal-2.totalen.csv"):
        path.unlink()  # the administration has taken it
    care.month("2026-03")
    ticked(care, dutch(2026, 3, 5))
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["journaal-3.csv", "journaal-3.totalen.csv"]
    ticked(care, dutch(2026, 4, 5))
    assert jobs(care)[0].attempts[-1].message == "er is niets geboekt sinds de vorige keer"


def test_the_first_export_brings_what_was_posted_before_it(care: Books, tmp_path: Path) -> None:
    care.month("2026-01")
    folder = tmp_path / "papieren"
    said = " ".join(
        invoke(care, tmp_path, "schedule", "add", "export", "--day", "5", "--out", str(folder)).output.split()
    )
    assert "Dan gaat mee wat al geboekt is: run 1." in said
    assert folder.is_dir()
    now = jobs(care)[0].added_at
    care.month("2026-02")
    ticked(care, now + timedelta(days=31))
    assert sorted(path.name for path in folder.glob("afr*")) == ["afrekeningen-1", "afrekeningen-2"]
    with care.transaction() as connection:
        end_job(connection, jobs(care)[0].id, WHO, now)
    care.month("2026-03")
    again = invoke(care, tmp_path, "schedule", "add", "export", "--day", "6", "--out", str(folder))
    assert "wat al geboekt is: run 3." in again.output
    only_new = invoke(care, tmp_path, "schedule", "add", "export", "--day", "7", "--out", str(tmp_path), "--from-now")
    assert "Wat al geboekt is, gaat niet mee" in only_new.output
    with care.transaction() as connection:
        assert [to_export(connection, job) for job in jobs_known(connection)] == [[3], []]


def test_a_month_is_settled_by_one_job(care: Books, tmp_path: Path) -> None:
    number = added(care)
    refused = invoke(care, tmp_path, "schedule", "add", "settle", "--day", "20")
    assert (refused.exit_code, f"taak {number} rekent dezelfde maand al af" in refused.output) == (1, True)
    ahead = invoke(care, tmp_path, "schedule", "add", "settle", "--day", "25", "--month", "volgende")
    assert ahead.exit_code == 0
    assert f"Let op: taak {number} rekent ook af." in ahead.output


def test_a_job_is_one_line_of_the_list(care: Books, tmp_path: Path) -> None:
    deep = tmp_path / "een map die heel diep ligt" / "in een andere" / "papieren"
    numbers = [added(care), added(care, Order("export", 5, time(6), folder=str(deep)))]
    ticked(care, dutch(2026, 2, 5))
    lines = invoke(care, tmp_path, "schedule", "list").output.splitlines()
    assert max(map(len, lines)) <= 80
    settle, export = lines[2:4]
    assert [line.split()[0] for line in (settle, export)] == [str(number) for number in numbers]
    assert "05-02-2026 gedaan, run 1" in settle
    assert "papieren" in export
    assert "05-02-2026 mislukt" in export


def test_an_export_to_a_folder_that_is_gone_fails_and_comes_later(care: Books, tmp_path: Path) -> None:
    folder = tmp_path / "weg"
    added(care, Order("export", 5, time(6), folder=str(folder)))
    care.month("2026-01")
    assert ticked(care, dutch(2026, 2, 5)) == [("2026-02-05", "failed")]
    folder.mkdir()
    assert ticked(care, dutch(2026, 2, 5, 12, 1)) == [("2026-02-05", "done")]
    assert (folder / "journaal-1.csv").exists()


def test_an_export_that_finds_another_file_says_what_a_job_can_do(care: Books, tmp_path: Path) -> None:
    added(care, Order("export", 5, time(6), folder=str(tmp_path)))
    care.month("2026-01")
    (statements := tmp_path / "afrekeningen-1").mkdir()
    in_the_way = (statements / f"2026-01 B {CARE} run 1.xlsx", tmp_path / "journaal-1.csv")
    for attempt, path in enumerate(in_the_way):
        path.write_text("met de hand")
        ticked(care, dutch(2026, 2, 5), again=True)
        assert jobs(care)[0].attempts[attempt].message == (
            f"{path} bestaat al en is niet wat er nu geschreven zou worden; "
            "zet het bestand opzij, en: bekostiging schedule run --once --again"
        )
        path.unlink()
    assert ticked(care, dutch(2026, 2, 5), again=True) == [("2026-02-05", "done")]


# --- the commands -----------------------------------------------------------------------------------------------------


def invoke(books: Books, tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, list(arguments), env=environment(books, tmp_path))


def test_jobs_are_added_listed_and_removed(care: Books, tmp_path: Path) -> None:
    result = invoke(care, tmp_path, "schedule", "add", "settle", "--day", "5", "--at", "6:30", "--month", "lopende")
    [job] = jobs(care)
    assert job.order == Order("settle", 5, time(6, 30), "current")
    assert result.output.startswith(f"Taak {job.id} gebeurt voor het eerst op 05-")
    again = invoke(care, tmp_path, "schedule", "add", "settle", "--day", "5", "--at", "06:30", "--month", "lopende")
    assert again.exit_code == 1
    assert f"deze taak is er al: taak {job.id}" in again.output
    invoke(care, tmp_path, "schedule", "add", "export", "--day", "31", "--out", str(tmp_path))
    shown = invoke(care, tmp_path, "schedule", "list")
    assert shown.exit_code == 0
    assert max(map(len, shown.output.splitlines())) <= 80
    said = json.loads(invoke(care, tmp_path, "schedule", "list", "--json").output)
    assert [(job["kind"], job["day"], job["at"], job["month"], job["folder"]) for job in said["jobs"]] == [
        ("settle", 5, "06:30", "current", None),
        ("export", 31, "06:00", None, str(tmp_path.resolve())),
    ]
    assert invoke(care, tmp_path, "schedule", "remove", str(job.id)).exit_code == 0
    assert [job.order.kind for job in jobs(care)] == ["export"]
    gone = invoke(care, tmp_path, "schedule", "remove", str(job.id))
    assert (gone.exit_code, gone.output.split(";")[0].splitlines()[0]) == (1, f"Geweigerd: taak {job.id} is er niet")


@pytest.mark.parametrize(
    "arguments",
    [
        ("settle", "--day", "32"),
        ("settle", "--day", "5", "--at", "25:00"),
        ("settle", "--day", "5", "--at", "zes uur"),
        ("settle", "--day", "5", "--out", "."),
        ("settle", "--day", "5", "--accounts", "x.toml"),
        ("export", "--day", "5"),
        ("export", "--day", "5", "--out", ".", "--month", "vorige"),
        ("settle", "--day", "5", "--from-now"),
    ],
)
def test_a_job_that_makes_no_sense_is_wrong_usage(care: Books, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert invoke(care, tmp_path, "schedule", "add", *arguments).exit_code == 2
    assert jobs(care) == []


def test_a_job_that_was_ended_is_not_done(care: Books) -> None:
    number = added(care)
    with care.transaction() as connection:
        end_job(connection, number, WHO, dutch(2026, 2, 1))
    assert ticked(care, dutch(2026, 2, 5)) == []
    assert problems(care, dutch(2026, 2, 9)) == []


def test_run_once_tells_what_failed_and_what_to_do(care: Books, tmp_path: Path) -> None:
    assert invoke(care, tmp_path, "schedule", "run", "--once").output == "Er was niets aan de beurt.\n"
    due_now(care)
    care.approve(care.settle("2026-01"))
    result = invoke(care, tmp_path, "schedule", "run", "--once")
    assert result.exit_code == 3
    assert "mislukt, poging 1 van 5" in result.output
    assert invoke(care, tmp_path, "schedule", "run", "--again").exit_code == 2


@contextmanager
def running(books: Books, tmp_path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "cli", "schedule", "run", *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(books, tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], bool]) -> None:
    end = seconds.monotonic() + PATIENCE
    while not condition():
        assert seconds.monotonic() < end
        seconds.sleep(0.05)


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGTERM")
def test_a_planner_that_stays_works_until_it_is_told_to_stop(care: Books, tmp_path: Path) -> None:
    with running(care, tmp_path, "--every", "1") as process:
        assert process.stderr is not None
        assert "De planner draait. Eerstvolgende: er zijn nog geen taken." in process.stderr.readline()
        due_now(care)
        until(lambda: bool(jobs(care)[0].attempts))
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, told
    [work_line, end] = told.splitlines()
    assert "(afrekenen over" in work_line
    assert "run 1 over" in work_line
    assert end.endswith("De planner is gestopt.")


def lose(server: URL, books: Books, *, come_back: bool = False) -> None:
    """Let the database take no connections and end those there are, or take them again."""
    name = books.engine.url.database
    administration = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with administration.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {come_back}"))
        ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name"
        connection.execute(text(ended), {"name": name})
    books.engine.dispose()


def is_working(books: Books) -> bool:
    """Whether somebody waits for a lock of another."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'relation'"
    with books.transaction() as connection:
        return bool(connection.execute(text(waiting)).scalar())


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGTERM")
def test_a_planner_that_stays_outlives_its_database(care: Books, tmp_path: Path, server_url: URL) -> None:
    """A server that restarts in the middle of a job."""
    due_now(care)
    with care.engine.connect() as holding:
        holding.execute(text("LOCK TABLE runs"))
        with running(care, tmp_path, "--every", "1") as process:
            until(lambda: is_working(care))
            lose(server_url, care)
            holding.invalidate()
            assert process.stderr is not None
            lines = iter(process.stderr.readline, "")
            assert any("Geweigerd: de database laat nu geen verbindingen toe" in line for line in lines)
            lose(server_url, care, come_back=True)
            until(lambda: bool(jobs(care)[0].attempts))
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, told
    assert [attempt.result for attempt in jobs(care)[0].attempts] == ["done"]


def test_the_beat_goes_on_when_the_clock_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """APScheduler alone would wait a year."""
    from apscheduler.schedulers import base
    from apscheduler.triggers import interval

    from settlement.schedule import service

    class Clock(datetime):
        behind = timedelta(0)

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - cls.behind  # type: ignore[arg-type]

    for module in (base, interval, service):
        monkeypatch.setattr(module, "datetime", Clock)
    beats: list[int] = []

    def one_beat(stopping: Callable[[], bool]) -> None:
        beats.append(1)
        Clock.behind = timedelta(days=365)
        if len(beats) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    alarm = threading.Timer(20, lambda: os.kill(os.getpid(), signal.SIGINT))
    alarm.start()
    service.serve(one_beat, 1)
    alarm.cancel()
    assert len(beats) == 3


def test_a_bug_ends_a_planner_that_stays() -> None:
    from settlement.schedule import service

    def one_beat(stopping: Callable[[], bool]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        service.serve(one_beat, 1)


def test_the_status_tells_of_a_planner_that_did_not_run(care: Books) -> None:
    added(care)
    with care.transaction() as connection:
        found = read_status(connection, now=dutch(2026, 2, 6))
    assert [alarm.problem for alarm in found.alarms] == ["not_done"]
    assert found.needs_attention
