"""A planner that stays: APScheduler gives the beats, until the process is told to stop."""

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from types import FrameType

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from database.recordings import TIME_ZONE


def serve(beat: Callable[[Callable[[], bool]], None], seconds: int) -> None:
    """Call `beat` at once and then every so many seconds, one at a time; it is told how to see that it should stop.

    Ends between two jobs at SIGTERM or SIGINT. What a beat raises is a bug: it ends the service, and is raised here.
    """
    stopping = Event()
    raised: list[BaseException] = []

    def fail(event: JobExecutionEvent) -> None:
        raised.append(event.exception)
        stopping.set()

    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # what goes wrong is raised and told here
    scheduler = BackgroundScheduler(timezone=TIME_ZONE)
    scheduler.add_listener(fail, EVENT_JOB_ERROR)
    beats = scheduler.add_job(
        beat, "interval", [stopping.is_set], seconds=seconds, next_run_time=datetime.now(TIME_ZONE),
        coalesce=True, max_instances=1, misfire_grace_time=None,
    )  # fmt: skip
    with _stopped_by_signals(stopping):
        scheduler.start()
        try:
            while not stopping.wait(1):  # on Windows a signal comes through only between two waits
                # APScheduler waits for a moment on the clock: when that is put back, it would wait all that time again.
                if beats.next_run_time > datetime.now(TIME_ZONE) + timedelta(seconds=2 * seconds):
                    beats.modify(next_run_time=datetime.now(TIME_ZONE))
        finally:
            stopping.set()
            scheduler.shutdown(wait=True)
    if raised:
        raise raised[0]


@contextmanager
def _stopped_by_signals(stopping: Event) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
