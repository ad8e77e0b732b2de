"""A cohort: the table with one row per patient that a researcher brings, read and checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from ...errors import InputError
from ...many.cells import need_columns

#: HER2 immunohistochemistry scores and the status they mean (Jiao et al., J Cancer 2024: 2+ and 3+ are positive).
STATUS_OF_IHC = {"0": 0, "1+": 0, "2+": 1, "3+": 1}

#: Values of the column ``her2``.
STATUS_OF_HER2 = {"0": 0, "1": 1}

#: What is true of a tumour whose HER2 status comes from these scores.
IHC_OUTCOME = "over-expresses HER2 (IHC 2+ or 3+)"

#: With fewer patients of a class, cross-validation has folds that cannot be scored, and no measure says much.
FEWEST_PER_CLASS = 10

#: Column of a feature table that `extraction.extract` wrote: the feature settings, as `settings_id` names them.
SETTINGS_COLUMN = "feature_settings"

#: Column of such a table: the key of everything that decided the features of a row.
KEY_COLUMN = "inputs_sha256"

#: Column of such a table: codes of the findings on the input, with blanks between them.
FINDINGS_COLUMN = "input_findings"

#: Who computed the features, as far as a table tells: HER2Predict, from image and ROI, which it checked; pyradiomics,
#: with HER2Predict's settings, by its own notes; somebody who names HER2Predict's settings; nobody knows.
Origin = Literal["her2predict", "pyradiomics", "named", "unknown"]

SETS = ("train", "test")
_CLASSES = ("HER2-negative", "HER2-positive")


@dataclass(frozen=True, eq=False)
class Cohort:
    """Patients, and what a table, `source`, tells about them.

    Attributes
    ----------
    table : DataFrame of str
        One row per patient, indexed by ``patient_id``: every column that is no feature, as it stands in the table;
        ``image`` and ``roi`` as absolute paths. A blank is an empty string.
    features : DataFrame of float64, shape (patients, 975), or None
        Where the table is a feature table.
    status : ndarray of int, shape (patients,), or None
        1 HER2-positive, 0 HER2-negative; None where the table does not tell it of every patient.
    split : ndarray of str, shape (patients,), or None
        ``"train"`` or ``"test"``.
    simulated : bool
        Does the table say that all its patients were simulated?
    settings : str or None
        `settings_id` of the settings that the features were computed with, where the table tells them.
    clinical : tuple of str
        The columns of `table` that the researcher added.
    findings : Series of tuple of str, or None
        Codes of the findings on the input of each patient, where HER2Predict computed the features.
    """

    source: Path
    table: pd.DataFrame
    features: pd.DataFrame | None
    status: np.ndarray | None
    split: np.ndarray | None
    simulated: bool
    settings: str | None
    clinical: tuple[str, ...]
    origin: Origin = "unknown"
    findings: pd.Series | None = None

    @property
    def outcome(self) -> str:
        """What is true of a positive patient, as far as the table tells, in the words of ``a tumour ...``."""
        scored = int((self.table["her2_ihc"] != "").sum()) if "her2_ihc" in self.table.columns else 0
        if scored == len(self.table):
            return IHC_OUTCOME
        if scored:
            return "is HER2-positive (IHC 2+ or 3+, or as its cohort labels it)"
        return "is HER2-positive as its cohort labels it"

    def with_features_of(self, extracted: Cohort) -> Cohort:
        """This table, and what one with the features of its patients tells of them."""
        return replace(self, settings=extracted.settings, origin=extracted.origin, findings=extracted.findings)

    def require_images(self) -> pd.DataFrame:
        """`table`, where it names the image and the ROI of every patient.

        Raises
        ------
        InputError
            Where it does not.
        """
        need_columns((self.table.index.name, *self.table.columns), ("image", "roi"), self.source)
        for column in ("image", "roi"):
            blank = self.table.index[self.table[column] == ""]
            if len(blank):
                raise InputError(f'{self.source} names no {column} of the patient "{blank[0]}"; fill it in.')
        return self.table

    def require_status(self, fewest: int = FEWEST_PER_CLASS) -> np.ndarray:
        """The HER2 status of every patient, with at least `fewest` patients of each class.

        Raises
        ------
        InputError
            Where the table does not tell it, or has too few patients of a class.
        """
        if self.status is None:
            present = [column for column in ("her2_ihc", "her2") if column in self.table.columns]
            if not present:
                raise InputError(f'{self.source} lacks a column "her2_ihc" (0, 1+, 2+, 3+) or "her2" (0, 1).')
            untold = self.table.index[(self.table[present] == "").all(axis=1)]
            raise InputError(
                f'{self.source} tells no HER2 status of the patient "{untold[0]}" ({" and ".join(present)} '
                "blank); fill it in or take the patient out."
            )
        counts = np.bincount(self.status, minlength=2)
        if (counts == 0).any():
            only = _CLASSES[int(np.argmax(counts))]
            raise InputError(f"{self.source} has {only} patients only; patients of both classes are needed.")
        if (counts < fewest).any():
            rare = int(np.argmin(counts))
            raise InputError(
                f"{self.source} has {counts[rare]} {_CLASSES[rare]} patients; at least {fewest} of each class "
                "are needed."
            )
        return self.status

    def require_features(self) -> pd.DataFrame:
        """The features.

        Raises
        ------
        InputError
            Where the table is no feature table.
        """
        if self.features is None:
            raise InputError(f"{self.source} holds no features; compute them with her2predict extract.")
        return self.features

    def require_training(self) -> tuple[pd.DataFrame, np.ndarray]:
        """Features and HER2 status that a model can be trained on.

        Raises
        ------
        InputError
            Where one of them is missing, a class has too few patients, a feature is the same in all training
            patients, or the column ``split`` leaves a class out of a set.
        """
        values, status = self.require_features(), self.require_status()
        training = np.ones(len(status), dtype=bool)
        if self.split is not None:
            for name in SETS:
                for code, label in enumerate(_CLASSES):
                    if not ((self.split == name) & (status == code)).any():
                        raise InputError(
                            f"The column split of {self.source} puts no {label} patient into the {name} set; "
                            "both sets need both classes."
                        )
            training = self.split == "train"
        fitted = values[training]
        constant = fitted.columns[(fitted.max() == fitted.min()).to_numpy()]
        if len(constant):
            raise InputError(
                f"{len(constant)} features are the same in all {len(fitted)} training patients of {self.source} (first "
                f'"{constant[0]}"); check that the rows hold the features of different patients.'
            )
        return values, status


def inputs_of(table: pd.DataFrame) -> pd.DataFrame:
    """Image, ROI, segment and series of each patient of a cohort table; blank where it names none."""
    return table.reindex(columns=["image", "roi", "segment", "series"], fill_value="")
