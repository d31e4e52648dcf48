"""Work that several cores share, in processes that end with the one that started them."""

import gc
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread
from typing import TypeVar

from kernel.findings import Refusal

T = TypeVar("T")
R = TypeVar("R")

_GARBAGE_AFTER = 50_000  # objects; at the usual 700 a sixth of the time goes to looking through what is still in use
_AHEAD = 2  # items for each process: so many results wait in memory when the receiver is slower


def in_processes(
    work: Callable[[T], R],
    items: Iterable[T],
    processes: int,
    prepare: Callable[..., None] | None = None,
    arguments: tuple[object, ...] = (),
) -> Iterator[R]:
    """`work(item)` for every item, in their order; the nth item is done by process n, counted round.

    Each process first does `prepare(n, *arguments)`. All that passes between processes must be picklable; what `work`
    raises is raised here. Closed before the last result, or interrupted, it ends the processes in the middle of their
    work. Raises `Refusal` when one of them was ended by something else.
    """
    context = get_context("spawn")
    wanted, wanting = context.Pipe(duplex=False)
    with wanted, wanting, ExitStack() as stack:
        workers = []
        for place in range(processes):
            worker = ProcessPoolExecutor(
                1, mp_context=context, initializer=_begin, initargs=(wanted, prepare, (place, *arguments))
            )
            stack.callback(worker.shutdown, cancel_futures=True)
            workers.append(worker)
        waiting: deque[Future[R]] = deque()
        try:
            for number, item in enumerate(items):
                with _interrupts_held():
                    waiting.append(workers[number % processes].submit(work, item))
                if len(waiting) >= _AHEAD * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            wanting.close()
            raise Refusal(
                "een van de processen die samen dit werk doen, is door het systeem beëindigd; er is niets vastgelegd",
                "kijk of er genoeg geheugen vrij is, en probeer het opnieuw",
            ) from None
        except BaseException:
            wanting.close()
            raise


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C goes to every process of a terminal. One that starts here never hears it: it ends when this one does."""
    if sys.platform == "win32":  # there `_begin` is the first that can be done
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(wanted: Connection, prepare: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    for one in (signal.SIGINT, signal.SIGTERM):  # which may be sent to the whole group: the one that started it decides
        signal.signal(one, signal.SIG_IGN)
    gc.set_threshold(_GARBAGE_AFTER)
    Thread(target=_end_when_unwanted, args=(wanted,), daemon=True).start()
    if prepare is not None:
        prepare(*arguments)


def _end_when_unwanted(wanted: Connection) -> None:
    """Nothing is ever sent: the other end closes, also when the process that holds it is killed."""
    with suppress(EOFError, OSError):
        wanted.recv()
    os._exit(1)
