"""From a cohort table to a model bundle: extract, fit, save."""

from __future__ import annotations

import logging
from pathlib import Path

from ..errors import InputError
from ..model import Model
from .cohort import read_cohort
from .extraction import Progress, extract_cohort
from .fit import fit_model


def train(
    table: Path, out: Path, *, seed: int, name: str, jobs: int | None = None, progress: Progress | None = None
) -> Model:
    """Train a model on a cohort and write ``features.csv`` and ``model.her2model`` into `out`.

    Raises
    ------
    InputError
        Where the table is not usable or too few patients could be computed.
    """
    cohort = read_cohort(table)
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; name a folder for the model.")
    extraction = extract_cohort(cohort, jobs, progress)
    for patient, reason in extraction.failures.items():
        logging.getLogger(__name__).warning("patient %s is left out: %s", patient, reason)
    kept = cohort.table.index.isin(extraction.table.index)
    out.mkdir(parents=True, exist_ok=True)
    extraction.table.to_csv(out / "features.csv", float_format="%.17g")
    description = {"description": f"cohort table {table.name}", "simulated": cohort.simulated}
    model = fit_model(extraction.table, cohort.status[kept], seed, description, name)
    model.save(out / "model.her2model")
    return Model.load(out / "model.her2model")
