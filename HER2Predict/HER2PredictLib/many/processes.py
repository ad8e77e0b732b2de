"""Work in processes of this machine: what each case gives comes back as it is finished, and none costs another."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import InputError

#: A process without work ends after this time. So do those that a killed run leaves behind.
_IDLE_SECONDS = 20

#: Called with the work done and its total.
Progress = Callable[[int, int], None]


class Keyed(Protocol):
    """What is worked on: named by what decides its result."""

    @property
    def key(self) -> str: ...


@dataclass(frozen=True)
class Exclusion:
    """Why one case is left out.

    The code is that of the `InputError` or the finding, or one of this module's. The message is for the researcher
    alone: it may name files and patients.
    """

    code: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What came of a task, or why there is nothing."""

    key: str
    row: Any = None
    failure: Exclusion | None = None


#: Does one task in the process that calls it, see `guarded`; a function of a module, or a partial of one.
Work = Callable[[Any], Outcome]


def joblib_here() -> Any:
    """The package that starts processes again which what they work on has ended; InputError where it is missing."""
    try:
        import joblib
    except ImportError as error:
        raise InputError("Work on many cases takes joblib, which is not installed here: pip install joblib.") from error
    return joblib


def on_this_machine(tasks: Iterable[Keyed], jobs: int | None, work: Work) -> Generator[Outcome, None, None]:
    """Do `work` in processes of this machine, as many as `jobs` or as there are cores.

    If a process dies, all of them are started again, and the cases that were worked on are done one by one: the one
    whose process dies again has failed, the others go on.

    Raises
    ------
    InputError
        Where joblib is not installed.
    """
    jobs = jobs or joblib_here().cpu_count()
    left = {task.key: task for task in tasks}
    while left:
        started: dict[str, Keyed] = {}
        try:
            for outcome in _parallel(_noting(tuple(left.values()), started), jobs, work):
                del left[outcome.key], started[outcome.key]
                yield outcome
        except BrokenProcessPool:
            for task in tuple(started.values()):
                del left[task.key]
                yield _alone(task, work)


def one_by_one(tasks: Iterable[Keyed], at_once: int, work: Work) -> Iterator[Outcome]:
    """Do `work` on joblib's backend in force, with `at_once` tasks there."""
    joblib = joblib_here()
    parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch=at_once)
    with warnings.catch_warnings():
        # What is not finished when the user interrupts is meant to be dropped.
        warnings.filterwarnings("ignore", message=".*tasks which were still being processed", category=UserWarning)
        yield from parallel(joblib.delayed(work)(task) for task in tasks)


def guarded(task: Keyed, made: Callable[[], Any]) -> Outcome:
    """What `made` makes of a task, or why it failed: one patient must not cost the others hours of work."""
    try:
        return Outcome(task.key, made())
    except InputError as error:
        return Outcome(task.key, failure=Exclusion(error.code, str(error)))
    except MemoryError:
        return Outcome(task.key, failure=Exclusion("out-of-memory", "there is too little memory for this image."))
    except Exception as error:
        logging.getLogger(__name__).error("%s\n%s", task, traceback.format_exc())
        message = f"a fault of HER2Predict ({type(error).__name__}: {error})."
        return Outcome(task.key, failure=Exclusion("program-fault", message))


def _noting(tasks: Iterable[Keyed], started: dict[str, Keyed]) -> Iterator[Keyed]:
    for task in tasks:
        started[task.key] = task
        yield task


def _alone(task: Keyed, work: Work) -> Outcome:
    try:
        return next(_parallel([task], 1, work))
    except BrokenProcessPool:
        reason = "the process that computed it was ended by the system, twice; most often for too little memory."
        return Outcome(task.key, failure=Exclusion("process-ended", reason))


def _parallel(tasks: Iterable[Keyed], jobs: int, work: Work) -> Iterator[Outcome]:
    # With one process joblib would compute in this one, which then dies of what a process can die of. So there are
    # two at least; pre_dispatch holds how many are at work.
    settings = {"inner_max_num_threads": 1, "idle_worker_timeout": _IDLE_SECONDS}
    with joblib_here().parallel_config(backend="loky", n_jobs=max(2, jobs), **settings):
        yield from one_by_one(tasks, jobs, work)
