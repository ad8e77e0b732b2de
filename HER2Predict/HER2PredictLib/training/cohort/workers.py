"""Work on all cores or on a Dask cluster: each patient's features come back as they are finished."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import joblib

from ... import features
from ...assess import preprocess
from ...case.case import Case
from ...errors import InputError
from .exclusions import Exclusion
from .fingerprint import software
from .journal import FeatureRow

_CONNECT_SECONDS = 10

#: So many tasks a thread of a cluster are with its scheduler at once: enough for none to wait, whatever the cohort.
_TASKS_A_THREAD = 16

#: A process without work ends after this time. So do those that a killed run leaves behind.
_IDLE_SECONDS = 20


@dataclass(frozen=True)
class PatientTask:
    """The files of one patient, the key of what decides the result, and the `software` that must compute it."""

    key: str
    image: str
    roi: str
    segment: str
    decided_by: Mapping[str, str]
    series: str = ""


class Keyed(Protocol):
    """What is worked on: named by what decides its result."""

    @property
    def key(self) -> str: ...


@dataclass(frozen=True)
class Outcome:
    """What came of a task, by default its 975 features and the findings on its input, or why there is nothing."""

    key: str
    row: Any = None
    failure: Exclusion | None = None


#: Does one task in the process that calls it, see `guarded`; a function of a module, or a partial of one.
Work = Callable[[Any], Outcome]


def on_this_machine(
    tasks: Iterable[Keyed], jobs: int | None, work: Work | None = None
) -> Generator[Outcome, None, None]:
    """Do `work`, by default `compute`, in processes of this machine, as many as `jobs` or as there are cores.

    If a process dies, all of them are started again, and the patients that were being computed are computed one by
    one: the one whose process dies again has failed, the others go on.
    """
    jobs, work = jobs or joblib.cpu_count(), work or compute
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


def _noting(tasks: Iterable[Keyed], started: dict[str, Keyed]) -> Iterator[Keyed]:
    for task in tasks:
        started[task.key] = task
        yield task


def _alone(task: Keyed, work: Work) -> Outcome:
    try:
        return next(_parallel([task], 1, work))
    except BrokenProcessPool:
        return Outcome(
            task.key,
            failure=Exclusion(
                "process-ended",
                "the process that computed it was ended by the system, twice; most often for too little memory.",
            ),
        )


def _parallel(tasks: Iterable[Keyed], jobs: int, work: Work) -> Iterator[Outcome]:
    # With one process joblib would compute in this one, which then dies of what a process can die of. So there are
    # two at least; pre_dispatch holds how many are at work.
    settings = {"inner_max_num_threads": 1, "idle_worker_timeout": _IDLE_SECONDS}
    with joblib.parallel_config(backend="loky", n_jobs=max(2, jobs), **settings):
        yield from _one_by_one(tasks, jobs, work)


def _one_by_one(tasks: Iterable[Keyed], at_once: int | str, work: Work) -> Iterator[Outcome]:
    parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch=at_once)
    with warnings.catch_warnings():
        # What is not finished when the user interrupts is meant to be dropped.
        warnings.filterwarnings("ignore", message=".*tasks which were still being processed", category=UserWarning)
        yield from parallel(joblib.delayed(work)(task) for task in tasks)


def compute(task: PatientTask) -> Outcome:
    """The features of one task, in the process that runs this.

    Raises
    ------
    InputError
        Where this process has other settings or versions than the one that made the task.
    """
    own = software()
    differing = [name for name in {**own, **task.decided_by} if own.get(name) != task.decided_by.get(name)]
    if differing:
        name = differing[0]
        raise InputError(
            f"A worker has another version of {name} ({own.get(name)}, not {task.decided_by.get(name)}); "
            "install the same versions there."
        )
    return guarded(task, lambda: _row(task))


def _row(task: PatientTask) -> FeatureRow:
    case = Case.from_files(Path(task.image), Path(task.roi), task.segment or None, task.series or None)
    preparation = preprocess(case)
    values = features.extract(preparation.prepared).values()
    return FeatureRow.of(values, (finding.code for finding in preparation.findings))


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


def on_cluster(tasks: Iterable[PatientTask], address: str) -> Generator[Outcome, None, None]:
    """Compute on the workers of the Dask cluster whose scheduler is at `address`.

    The workers must reach the files under the same paths and have the same versions installed.

    Raises
    ------
    InputError
        Where dask.distributed is missing, there is no such cluster, or it has no worker that can compute.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("A Dask cluster takes dask.distributed; install it with: pip install distributed") from error
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"There is no Dask scheduler at {address} ({error}); give its address, such as tcp://host:8786."
        ) from error
    with client, joblib.parallel_config(backend=_dask_backend()(client=client)):
        try:
            yield from _one_by_one(tasks, _TASKS_A_THREAD * max(1, sum(client.nthreads().values())), compute)
        except TimeoutError as error:
            raise InputError(f"The Dask cluster at {address} has no workers; start some.") from error
        except CancelledError as error:
            raise InputError(
                f"The Dask cluster at {address} went away; what is finished is kept, so run again when it is back."
            ) from error


def _dask_backend() -> Any:
    """joblib's backend for Dask, which also tells of a task whose worker died; joblib alone waits for it for ever."""
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):
        def submit(self, func: Any, callback: Any = None) -> Any:
            ((_, (task,), _),) = func.items

            def tell(done: Future) -> None:
                if error := done.exception():
                    message = f"the Dask cluster could not compute it ({' '.join(str(error).split())})."
                    callback([Outcome(task.key, failure=Exclusion("cluster-failed", message))])

            future = super().submit(func, callback)
            future.add_done_callback(tell)
            return future

    return Backend
