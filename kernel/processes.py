"""Work that several cores share, in processes that end with the one that started them."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

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
    raises is raised here.
    """
    with ExitStack() as stack:
        workers = []
        for place in range(processes):
            worker = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), initializer=_begin, initargs=(prepare, (place, *arguments))
            )
            stack.callback(worker.shutdown, cancel_futures=True)
            workers.append(worker)
        waiting: deque[Future[R]] = deque()
        for number, item in enumerate(items):
            waiting.append(workers[number % processes].submit(work, item))
            if len(waiting) >= _AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _begin(prepare: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    if prepare is not None:
        prepare(*arguments)


def _end_with_parent() -> None:
    """A process that is killed cannot tell the ones it started to end, and they would wait for work for ever."""
    parent = parent_process()
    assert parent is not None, "this process was started by another"
    parent.join()
    os._exit(1)
