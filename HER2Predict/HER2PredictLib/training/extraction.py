"""Features of a whole cohort, computed on all cores."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .. import features
from ..assess import begin
from ..case import Case
from ..errors import InputError
from .cohort import Cohort

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Extraction:
    """Features of the patients that could be computed, and why the others could not.

    Attributes
    ----------
    table : DataFrame, shape (patients, 975)
        Indexed by ``patient_id``, in the order of the cohort.
    failures : dict
        patient_id to the reason.
    """

    table: pd.DataFrame
    failures: dict[str, str]


def extract_cohort(cohort: Cohort, jobs: int | None = None, progress: Progress | None = None) -> Extraction:
    """Compute the features of every patient; one that fails is reported and left out.

    Parameters
    ----------
    jobs : int, optional
        Processes; all cores by default.
    progress : callable, optional
        Called with the number of patients done and their total.
    """
    rows: dict[str, dict[str, float]] = {}
    failures: dict[str, str] = {}
    segments = cohort.table["segment"] if "segment" in cohort.table.columns else pd.Series("", cohort.table.index)
    # Processes are spawned, not forked: SimpleITK's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs or os.cpu_count(), mp_context=context) as pool:
        pending = {
            pool.submit(_features_of, row["image"], row["roi"], segments[patient] or None): patient
            for patient, row in cohort.table.iterrows()
        }
        for done, future in enumerate(as_completed(pending), start=1):
            try:
                rows[pending[future]] = future.result()
            except InputError as error:
                failures[pending[future]] = str(error)
            if progress:
                progress(done, len(pending))
    order = [patient for patient in cohort.table.index if patient in rows]
    table = pd.DataFrame([rows[patient] for patient in order], index=pd.Index(order, name="patient_id"))
    return Extraction(table, failures)


def _features_of(image: str, roi: str, segment: str | None) -> dict[str, float]:
    return features.extract(begin(Case.from_files(Path(image), Path(roi), segment)).prepared)
