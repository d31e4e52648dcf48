"""Recordings: no gaps, no going back, the same cut-off for ever."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from database.connection import transaction
from database.recordings import TIME_ZONE, latest, lock_recordings, record, recordings, resolve_cutoff
from kernel.findings import Refusal


def record_at(connection, number, moment):
    row = {"number": number, "kind": "prices", "what": "x", "recorded_at": moment, "recorded_by": "tester"}
    connection.execute(insert(recordings).values(row))


def test_numbers_start_at_one_and_say_who_what_and_when(connection):
    assert latest(connection) == 0
    before = datetime.now(TIME_ZONE)
    assert record(connection, "prices", "prijslijst", "tester", "prijzen.csv", "ab" * 32) == 1
    assert record(connection, "posting", "run 1", "tester") == 2
    assert latest(connection) == 2
    first, second = connection.execute(select(recordings).order_by("number")).all()
    assert first[:5] == (1, "prices", "prijslijst", "prijzen.csv", "ab" * 32)
    assert (first.recorded_by, second.file_name, second.sha256) == ("tester", None, None)
    assert before - timedelta(seconds=5) < first.recorded_at <= second.recorded_at < before + timedelta(minutes=1)


def test_a_rolled_back_number_is_given_again(engine):
    with transaction(engine) as connection:
        assert record(connection, "prices", "x", "tester") == 1
    with transaction(engine, dry_run=True) as connection:
        assert record(connection, "prices", "x", "tester") == 2
    with engine.connect() as connection, connection.begin() as work:
        assert record(connection, "prices", "x", "tester") == 2
        work.rollback()
    with transaction(engine) as connection:
        assert record(connection, "prices", "x", "tester") == 2


def test_numbers_of_many_at_once_have_no_gaps_and_times_follow_them(engine):
    def work(worker):
        given = []
        for attempt in range(10):
            dry_run = (worker + attempt) % 3 == 0
            with transaction(engine, dry_run=dry_run) as connection:
                number = record(connection, "prices", f"{worker}", "tester")
                record(connection, "prices", f"{worker}", "tester")  # taking the lock again is harmless
            given += [] if dry_run else [number, number + 1]
        return given

    with ThreadPoolExecutor(5) as pool:
        given = [number for numbers in pool.map(work, range(5)) for number in numbers]
    with engine.connect() as connection:
        rows = connection.execute(select(recordings.c.number, recordings.c.recorded_at).order_by("number")).all()
    assert [row.number for row in rows] == list(range(1, len(given) + 1)) == sorted(given)
    assert [row.recorded_at for row in rows] == sorted(row.recorded_at for row in rows)


def test_a_clock_that_is_put_back_does_not_put_the_recordings_back(connection):
    ahead = datetime.now(TIME_ZONE) + timedelta(days=1)
    record_at(connection, 1, ahead)
    assert [record(connection, "prices", "x", "tester") for _ in range(2)] == [2, 3]
    times = list(connection.execute(select(recordings.c.recorded_at).order_by("number")).scalars())
    assert times == [ahead + timedelta(microseconds=after) for after in range(3)]


def test_a_clock_that_is_put_back_does_not_change_what_a_moment_means(connection):
    """The moment of the last recording, and every moment before it, means the same after more recordings."""
    first = datetime.now(TIME_ZONE) + timedelta(days=1)
    for number, minutes in enumerate((0, 5, 5 + 1440), start=1):
        record_at(connection, number, first + timedelta(minutes=minutes))
    moments = [first + timedelta(minutes=minutes) for minutes in (0, 1, 5, 6, 1445)]
    meant = [resolve_cutoff(connection, moment.isoformat()) for moment in moments]
    assert meant == [1, 1, 2, 2, 3]
    record(connection, "prices", "x", "tester")  # by a clock that is days behind
    assert [resolve_cutoff(connection, moment.isoformat()) for moment in moments] == meant


def test_a_recording_that_others_must_wait_for_is_not_seen_by_them(engine):
    with transaction(engine) as first, ThreadPoolExecutor(1) as pool:
        record(first, "prices", "x", "tester")

        def second():
            with transaction(engine) as connection:
                return record(connection, "prices", "y", "tester")

        waiting = pool.submit(second)
        assert wait([waiting], timeout=0.2).not_done
        first.commit()
        assert waiting.result(timeout=10) == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE recordings SET what = 'y'", "DELETE FROM recordings", "TRUNCATE recordings CASCADE"]
)
def test_recordings_are_never_changed(connection, statement):
    record(connection, "prices", "x", "tester")
    with pytest.raises(IntegrityError, match="append-only"), connection.begin_nested():
        connection.execute(text(statement))
    assert latest(connection) == 1


@pytest.mark.parametrize(("number", "sha256"), [(0, None), (-1, None), (1, "geen hash"), (1, "AB" * 32)])
def test_a_number_or_hash_that_can_not_be_is_refused(connection, number, sha256):
    with pytest.raises(IntegrityError, match="ck_recordings"), connection.begin_nested():
        connection.execute(
            insert(recordings).values(
                number=number, kind="x", what="x", sha256=sha256, recorded_at=datetime.now(TIME_ZONE), recorded_by="x"
            )
        )


# Cut-offs


@pytest.fixture
def recorded(connection):
    """1: 4 March at noon; 2: 5 March, the last microsecond; 3: 6 March at midnight; 4: in the hour that comes twice."""
    moments = [
        datetime(2026, 3, 4, 12, tzinfo=TIME_ZONE),
        datetime(2026, 3, 5, 23, 59, 59, 999999, tzinfo=TIME_ZONE),
        datetime(2026, 3, 6, tzinfo=TIME_ZONE),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=TIME_ZONE),
    ]
    for number, moment in enumerate(moments, start=1):
        record_at(connection, number, moment)
    return connection


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("4", 4),
        ("2026-03-04T12:00", 1),
        ("2026-03-04 12:00", 1),
        ("2026-03-05", 2),  # a day includes its last moment
        ("2026-03-06", 3),
        ("2026-03-05T23:59:59", 1),
        ("2026-03-06T00:00", 3),
        ("2026-03-05T23:00+00:00", 3),  # midnight in the Netherlands
        ("2026-10-25T01:00+00:00", 3),
        ("2026-10-25T01:30+00:00", 4),
        ("2026-10-25", 4),  # a day of 25 hours
        ("2099-01-01", 4),
    ],
)
def test_a_cutoff_is_a_number_or_the_last_recording_at_a_moment(recorded, text, number):
    assert resolve_cutoff(recorded, text) == number


@pytest.mark.parametrize("text", ["0", "5", "999999999999999999"])
def test_a_number_that_was_not_given_out_is_refused(recorded, text):
    with pytest.raises(Refusal, match=f"vastlegging {text} bestaat niet") as refusal:
        resolve_cutoff(recorded, text)
    assert "laatste vastlegging is 4" in refusal.value.hint


@pytest.mark.parametrize("text", ["2026-03-04T11:59:59", "2026-03-03", "0001-01-01"])
def test_a_moment_before_the_first_recording_is_refused(recorded, text):
    with pytest.raises(Refusal, match="nog niets vastgelegd"):
        resolve_cutoff(recorded, text)


@pytest.mark.parametrize(
    "text", ["", "gisteren", "-1", "1.5", "2026-13-01", "2026-02-30", "05-03-2026", "9999-12-31", "٧"]
)
def test_what_is_no_cutoff_is_refused(recorded, text):
    with pytest.raises(Refusal, match="geen vastlegging en geen moment"):
        resolve_cutoff(recorded, text)


def test_a_moment_waits_for_who_is_recording(engine):
    """Its time is set already: without waiting, the same moment would mean another number a little later."""
    with engine.connect() as connection, connection.begin() as work, ThreadPoolExecutor(1) as pool:
        record(connection, "prices", "x", "tester")
        moment = (datetime.now(TIME_ZONE) + timedelta(seconds=1)).isoformat()

        def resolve():
            with transaction(engine) as other:
                number = resolve_cutoff(other, moment)
                with engine.connect() as third, third.begin():  # and it does not keep the lock
                    third.execute(text("SET LOCAL lock_timeout = '5s'"))
                    lock_recordings(third)
                return number

        waiting = pool.submit(resolve)
        assert wait([waiting], timeout=0.2).not_done
        work.commit()
        assert waiting.result(timeout=10) == 1


def test_a_moment_does_not_let_go_of_a_lock_that_is_held(engine):
    with transaction(engine) as connection:
        record(connection, "prices", "x", "tester")
        resolve_cutoff(connection, "2099-01-01")
        with engine.connect() as other:
            other.execute(text("SET lock_timeout = '50ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                lock_recordings(other)
