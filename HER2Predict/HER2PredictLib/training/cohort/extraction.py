"""Features of a whole cohort, on all cores or a cluster, into one table; can be interrupted at any moment."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import joblib
import pandas as pd

from ...errors import InputError
from ...features import feature_names
from ...many.fingerprint import key_of, settings_id, software
from ...many.processes import Exclusion, Progress, on_this_machine
from ...outputs.table import line
from .cohort import FINDINGS_COLUMN, KEY_COLUMN, SETTINGS_COLUMN, Cohort, inputs_of
from .journal import FeatureRow, Journal
from .read_table import read_table
from .workers import PatientTask, compute, on_cluster

#: In the folder of a model or of an evaluation.
FEATURES_FILE = "features.csv"


@dataclass(frozen=True, eq=False)
class Extraction:
    """The feature table `file` of the patients that could be computed, and why the others could not, by patient_id.

    `computed` and `reused` count the patients whose features were computed now and were there from before.
    """

    file: Path
    failures: dict[str, Exclusion]
    computed: int
    reused: int

    @cached_property
    def table(self) -> pd.DataFrame:
        """The features, float64 of shape (patients, 975), indexed by ``patient_id``, in the order of the cohort."""
        return read_table(self.file).require_features()


def extract(
    cohort: Cohort,
    out: Path,
    *,
    jobs: int | None = None,
    dask: str | None = None,
    progress: Progress | None = None,
) -> Extraction:
    """Compute the features of every patient into a table; one that fails is reported and left out.

    What is finished is kept in a journal beside the table until the table is there. A run after an interruption goes on
    from it, and a run on a finished table computes those patients alone whose image, ROI, segment or series, or the
    feature settings or versions, have changed: the table holds the key of what each row was computed from, so it can be
    moved or sent and still be brought up to date.

    Parameters
    ----------
    cohort : Cohort
        With image and ROI of every patient.
    out : Path
        The feature table, a CSV: every column of the cohort table, `SETTINGS_COLUMN`, `KEY_COLUMN`, `FINDINGS_COLUMN`,
        the 975 features.
    jobs, dask : optional
        Processes, all cores by default; address of the scheduler of a Dask cluster that computes instead.
    progress : callable, optional
        Called first with the patients that are there from before.

    Raises
    ------
    InputError
        Where the cohort names no images, `out` cannot be written or is another file, another run is writing it, the
        cluster is not usable, or no patient could be computed.
    """
    out = Path(out).absolute()
    table = cohort.require_images()
    _check_out(out, cohort)
    decided_by = software()
    with Journal(out, len(feature_names())) as journal:
        earlier = _finished_rows(out)
        tasks, failures = _tasks(table, decided_by, jobs)
        before = {patient for patient, task in tasks.items() if task.key in journal or task.key in earlier}
        todo = {task.key: task for patient, task in tasks.items() if patient not in before}
        patients = Counter(task.key for task in tasks.values())
        show = progress or (lambda _done, _total: None)
        total, done = len(table), len(failures) + len(before)
        show(done, total)
        reasons: dict[str, Exclusion] = {}
        outcomes = on_cluster(todo.values(), dask) if dask else on_this_machine(todo.values(), jobs, compute)
        with closing(outcomes):
            for outcome in outcomes:
                if outcome.failure is not None:
                    reasons[outcome.key] = outcome.failure
                elif outcome.row is not None:
                    journal.add(outcome.key, outcome.row)
                done += patients[outcome.key]
                show(done, total)
        failures |= {patient: reasons[task.key] for patient, task in tasks.items() if task.key in reasons}
        failures = {patient: failures[patient] for patient in table.index if patient in failures}
        keys = {patient: task.key for patient, task in tasks.items() if task.key in journal or task.key in earlier}
        if not keys:
            patient, first = next(iter(failures.items()))
            raise InputError(
                f'None of the {total} patients could be computed; the first one, "{patient}": {first.message}'
            )
        journal.finish(_lines(cohort, out, keys, lambda key: journal.row(key) if key in journal else earlier[key]))
    return Extraction(out, failures, computed=len(keys) - len(before), reused=len(before))


def with_features(
    listed: Cohort, out: Path, jobs: int | None, progress: Progress | None
) -> tuple[Cohort, Mapping[str, Exclusion]]:
    """The cohort with its features, extracted where the table does not hold them, and who was left out."""
    if listed.features is not None:
        return listed, {}
    out.mkdir(parents=True, exist_ok=True)
    extraction = extract(listed, out / FEATURES_FILE, jobs=jobs, progress=progress)
    return read_table(out / FEATURES_FILE), extraction.failures


def _check_out(out: Path, cohort: Cohort) -> None:
    if not out.parent.is_dir():
        raise InputError(f"The folder {out.parent} does not exist; make it or choose another.")
    if out.is_dir():
        raise InputError(f"{out} is a folder; name a file for the feature table.")
    if out.exists() and out.samefile(cohort.source):
        raise InputError(f"{out} is the cohort table itself; choose another name for the feature table.")


def _tasks(
    table: pd.DataFrame, decided_by: dict[str, str], jobs: int | None
) -> tuple[dict[str, PatientTask], dict[str, Exclusion]]:
    """The task of each patient, and why there is none, by patient."""
    files = inputs_of(table).itertuples(name=None)

    def make(patient: str, image: str, roi: str, segment: str, series: str) -> PatientTask | Exclusion:
        try:
            key = key_of(Path(image), Path(roi), segment, decided_by, series)
            return PatientTask(key, image, roi, segment, decided_by, series)
        except InputError as error:
            return Exclusion(error.code, str(error))

    # Threads, for reading and hashing let each other run.
    with ThreadPoolExecutor(jobs or joblib.cpu_count()) as pool:
        made = dict(zip(table.index, pool.map(lambda names: make(*names), files), strict=True))
    tasks = {patient: task for patient, task in made.items() if isinstance(task, PatientTask)}
    return tasks, {patient: why for patient, why in made.items() if isinstance(why, Exclusion)}


def _finished_rows(out: Path) -> dict[str, FeatureRow]:
    """Rows by key from a table that an earlier run wrote."""
    if not out.exists():
        return {}
    names = list(feature_names())
    try:
        with out.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if KEY_COLUMN not in (rows.fieldnames or ()):
                raise ValueError(f"it has no column {KEY_COLUMN}")
            if not {FINDINGS_COLUMN, *names} <= set(rows.fieldnames or ()):
                return {}
            return {
                row[KEY_COLUMN]: FeatureRow.of((float(row[name]) for name in names), row[FINDINGS_COLUMN].split())
                for row in rows
            }
    except (OSError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise InputError(
            f"{out} exists and is not a feature table that HER2Predict wrote ({error}); choose another name or "
            "delete it."
        ) from error


def _lines(
    cohort: Cohort, out: Path, keys: Mapping[str, str], row_of: Callable[[str], FeatureRow]
) -> Iterator[str]:
    """The feature table. Paths below the cohort table are relative to the feature table, so that both can move."""
    given = cohort.table.loc[list(keys)]
    for column in ("image", "roi"):
        given[column] = [_relative(Path(name), cohort.source.absolute().parent, out.parent) for name in given[column]]
    yield line(["patient_id", *given.columns, SETTINGS_COLUMN, KEY_COLUMN, FINDINGS_COLUMN, *feature_names()])
    settings = settings_id()
    for (patient, key), cells in zip(keys.items(), given.to_numpy(), strict=True):
        # 17 significant digits give back every bit of a double (IEEE 754-2019, 5.12.2).
        row = row_of(key)
        digits = (f"{value:.17g}" for value in row.features)
        yield line([patient, *cells, settings, key, " ".join(row.findings), *digits])


def _relative(path: Path, below: Path, start: Path) -> str:
    if not path.is_relative_to(below):
        return str(path)
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:  # on another drive of Windows
        return str(path)
