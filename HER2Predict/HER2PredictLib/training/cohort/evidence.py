"""What a cohort's table shows of its patients: the ground on which every sentence of a report stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .cohort import Cohort, Origin
from .columns import clinical_columns
from .input_findings import counted


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of the patients of a report, and what is not.

    Attributes
    ----------
    patients : int
    simulated : int
        Patients that the table calls simulated.
    scored : int
        Patients whose HER2 status follows from an immunohistochemistry score; of the others the table tells it as 0 or
        1.
    origin : str
        Who computed the features, see `cohort.Origin`.
    listed_before_extraction : bool
        Does the table list patients whatever became of their features? A table of features holds those alone that have
        them.
    names_images : bool
        Does the table name images and ROIs?
    characteristics : tuple of str
        Clinical columns that the tables report, in words.
    findings : DataFrame or None
        Patients with each finding on the input, see `input_findings.counted`; None where the input was not seen.
    """

    patients: int
    simulated: int
    scored: int
    origin: Origin
    listed_before_extraction: bool
    names_images: bool
    characteristics: tuple[str, ...]
    findings: pd.DataFrame | None

    @property
    def checked(self) -> bool:
        """Did HER2Predict check image and ROI of every patient?"""
        return self.findings is not None

    @property
    def all_simulated(self) -> bool:
        return self.simulated == self.patients

    def telling(self, pattern: str) -> tuple[str, ...]:
        """The characteristics whose name fits a regular expression."""
        return tuple(name for name in self.characteristics if re.search(pattern, name, re.IGNORECASE))


def evidence_of(cohort: Cohort, patients: pd.Index, groups: Mapping[str, np.ndarray]) -> Evidence:
    """What a table shows of those of its patients who were analysed.

    Parameters
    ----------
    cohort : Cohort
    patients : Index, shape (patients,)
    groups : mapping of str to ndarray of bool, shape (patients,)
        Columns of the table of findings, and their patients.
    """
    table = cohort.table.loc[patients]
    reported, _ = clinical_columns(table[list(cohort.clinical)])
    return Evidence(
        patients=len(table),
        simulated=_filled(table, "simulated", "1"),
        scored=_filled(table, "her2_ihc"),
        origin=cohort.origin,
        listed_before_extraction=cohort.features is None,
        names_images={"image", "roi"} <= set(table.columns) and bool((table[["image", "roi"]] != "").all().all()),
        characteristics=tuple(column.label for column in reported),
        findings=None if cohort.findings is None else counted(cohort.findings.loc[patients], groups),
    )


def _filled(table: pd.DataFrame, column: str, value: str | None = None) -> int:
    """Patients with a value, or with that value, in a column; 0 where there is no such column."""
    if column not in table.columns:
        return 0
    return int((table[column] != "").sum() if value is None else (table[column] == value).sum())
