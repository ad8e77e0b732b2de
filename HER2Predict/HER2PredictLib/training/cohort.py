"""A cohort: the table with one row per patient that a researcher brings, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import InputError

#: HER2 immunohistochemistry scores and the status they mean (Jiao et al., J Cancer 2024: 2+ and 3+ are positive).
STATUS_OF_IHC = {"0": 0, "1+": 0, "2+": 1, "3+": 1}

#: With fewer patients of a class, cross-validation has folds that cannot be scored.
FEWEST_PER_CLASS = 10


@dataclass(frozen=True, eq=False)
class Cohort:
    """Patients with images, ROIs and HER2 status.

    Attributes
    ----------
    table : DataFrame
        One row per patient, indexed by ``patient_id``; ``image`` and ``roi`` are absolute paths.
    status : ndarray of int, shape (patients,)
        1 HER2-positive, 0 HER2-negative.
    """

    table: pd.DataFrame
    status: np.ndarray

    @property
    def simulated(self) -> bool:
        """Does the table say that its patients were simulated?"""
        return "simulated" in self.table.columns and bool((self.table["simulated"].astype(str) == "1").all())


def read_cohort(path: Path) -> Cohort:
    """Read a cohort table.

    Parameters
    ----------
    path : Path
        CSV with ``patient_id``, ``image``, ``roi``, and ``her2_ihc`` (0, 1+, 2+, 3+) or ``her2`` (0, 1); optionally
        ``segment``, ``simulated`` (1) and any clinical column. Paths are relative to the table.

    Raises
    ------
    InputError
        Where a column is missing, a patient is there twice, a status is unknown or a class has too few patients.
    """
    table = _read_table(path)
    _need_columns(table, ("patient_id", "image", "roi"), path)
    repeated = table["patient_id"][table["patient_id"].duplicated()]
    if len(repeated):
        raise InputError(f'{path} lists the patient "{repeated.iloc[0]}" more than once; keep one row per patient.')
    status = her2_status(table, path)
    table = table.set_index("patient_id")
    for column in ("image", "roi"):
        table[column] = [str((path.parent / name).resolve()) for name in table[column]]
    return Cohort(table, status)


def her2_status(table: pd.DataFrame, path: Path) -> np.ndarray:
    """HER2 status of each row, 1 positive and 0 negative.

    Raises
    ------
    InputError
        Where there is no such column, a value is unknown, or a class has fewer than 10 patients.
    """
    if "her2_ihc" in table.columns:
        column, codes = "her2_ihc", STATUS_OF_IHC
    elif "her2" in table.columns:
        column, codes = "her2", {"0": 0, "1": 1}
    else:
        raise InputError(f'{path} lacks a column "her2_ihc" (0, 1+, 2+, 3+) or "her2" (0, 1).')
    values = table[column].str.strip()
    unknown = values[~values.isin(list(codes))]
    if len(unknown):
        raise InputError(
            f'{path}, row {unknown.index[0] + 2}: "{unknown.iloc[0]}" is no value of {column}; '
            f"allowed are {', '.join(codes)}."
        )
    status = values.map(codes).to_numpy(dtype=int)
    for value, name in ((1, "positive"), (0, "negative")):
        if (count := int((status == value).sum())) < FEWEST_PER_CLASS:
            raise InputError(
                f"{path} has {count} HER2-{name} patients; a model needs at least {FEWEST_PER_CLASS} of each class."
            )
    return status


def _read_table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"{path} does not exist. Give the cohort table, a CSV file.")
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path} is not a CSV table that can be read ({error}).") from error


def _need_columns(table: pd.DataFrame, needed: tuple[str, ...], path: Path) -> None:
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise InputError(f"{path} lacks the column {', '.join(missing)}; it has {', '.join(table.columns)}.")
