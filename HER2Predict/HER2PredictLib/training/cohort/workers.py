"""The features of one patient, and how they are computed on a Dask cluster."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib

from ... import features
from ...assess import preprocess
from ...case.case import Case
from ...errors import InputError
from ...many.fingerprint import software
from ...many.processes import Exclusion, Outcome, guarded, one_by_one
from .journal import FeatureRow

_CONNECT_SECONDS = 10

#: So many tasks a thread of a cluster are with its scheduler at once: enough for none to wait, whatever the cohort.
_TASKS_A_THREAD = 16


@dataclass(frozen=True)
class PatientTask:
    """The files of one patient, the key of what decides the result, and the `software` that must compute it."""

    key: str
    image: str
    roi: str
    segment: str
    decided_by: Mapping[str, str]
    series: str


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
            yield from one_by_one(tasks, _TASKS_A_THREAD * max(1, sum(client.nthreads().values())), compute)
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
