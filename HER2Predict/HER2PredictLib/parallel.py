"""The same work on many things, in this process and in helper processes beside it, with the standard library alone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any

import SimpleITK as sitk

from . import threads

Work = Callable[[int], Any]

#: In a helper process, what it was started for.
_work: Work | None = None


@dataclass(frozen=True)
class _Done:
    """The result of one index, what was raised instead, or neither where the helper died before it was finished."""

    index: int
    result: Any = None
    error: BaseException | None = None
    lost: bool = False


def available() -> int:
    """How many processes of `spread` may work at once; one in Slicer, whose panel is not to be started again."""
    return 1 if "SLICER_HOME" in os.environ else usable()


def usable() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(
    count: int, make_work: Callable[..., Work], arguments: tuple[Any, ...], processes: int
) -> Iterator[tuple[int, Any]]:
    """Do ``work(0)`` to ``work(count - 1)``; yield each index with its result as it is finished.

    ``work = make_work(*arguments)`` is called once in each process: `make_work` is a function of a module, `arguments`
    are picklable. This process, one of `processes`, works from the first moment; helpers need about half a second to
    start and then share what is left. If one dies, this process does its work. Each calculates in one thread, lest they
    get in each other's way.
    """
    left = deque(range(count))
    finished: SimpleQueue[_Done] = SimpleQueue()
    with _helpers(min(processes, count) - 1, (make_work, *arguments), left, finished):
        work = make_work(*arguments)
        yielded = 0
        while yielded < count:
            own = _next(left) if finished.empty() else None
            if own is not None:
                yield own, work(own)
                yielded += 1
                continue
            done = finished.get()
            if done.error is not None:
                raise done.error
            if done.lost:
                left.append(done.index)
                continue
            yield done.index, done.result
            yielded += 1


@contextlib.contextmanager
def _helpers(
    number: int, started_for: tuple[Any, ...], left: deque[int], finished: SimpleQueue[_Done]
) -> Iterator[None]:
    """Helper processes that take from `left` and put into `finished`; they end with the block, however it ends."""
    if number < 1:
        yield
        return
    # Spawned on every system: a fork of a process with threads, or with a graphics card at work, may hang.
    pool = ProcessPoolExecutor(number, multiprocessing.get_context("spawn"), _start, started_for)
    try:
        # Every process that is at work calculates in one thread: the helpers that start meanwhile, and ITK in this one.
        with threads.one_of_itk(), threads.one_in_children():
            with _interrupts_held_back():
                # Here, not by the feeders: what is handed over must not change meanwhile, and this process works on it.
                for _ in range(number):
                    pool.submit(_ready)
                for _ in range(number):
                    Thread(target=_feed, args=(pool, left, finished), daemon=True).start()
            yield
    finally:
        left.clear()
        # Python waits for them at its exit, too, but there its own clearing up may close what it still writes to.
        pool.shutdown(wait=True, cancel_futures=True)


def _feed(pool: ProcessPoolExecutor, left: deque[int], finished: SimpleQueue[_Done]) -> None:
    """Keep one helper busy, in a thread of its own."""
    while (index := _next(left)) is not None:
        try:
            finished.put(_Done(index, pool.submit(_do, index).result()))
        except (BrokenProcessPool, CancelledError):
            finished.put(_Done(index, lost=True))
            return
        except BaseException as error:
            finished.put(_Done(index, error=error))
            return


def _next(left: deque[int]) -> int | None:
    try:
        return left.popleft()
    except IndexError:
        return None


def _start(make_work: Callable[..., Work], *arguments: Any) -> None:
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    _work = make_work(*arguments)


def _ready() -> None:
    """Nothing; the first things to do start the helpers."""


def _do(index: int) -> Any:
    if _work is None:
        raise RuntimeError("this process was not started as a helper")
    return _work(index)


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Ctrl-C waits until the block is left; processes and threads started in it never get it: this one answers it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
