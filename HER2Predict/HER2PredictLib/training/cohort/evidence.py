"""What a cohort's table shows of its patients, and why others are left out: what every sentence of a report stands on.

Both are in general words, which name no patient and no file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...many.processes import Exclusion
from .cohort import Cohort, Origin, inputs_of
from .columns import clinical_columns

#: Codes of findings that leave a patient in, in words that fit many patients.
WORDS = {
    "not-excretory-phase": "No opacified urine beside the tumour: not the excretory phase",
    "far-from-bladder": "ROI far from opacified urine",
    "roi-holds-air": "ROI holds air",
    "roi-holds-fat": "ROI holds fat",
    "roi-holds-urine": "ROI holds opacified urine",
    "roi-holds-bone": "ROI holds bone",
    "roi-holds-metal": "ROI holds metal",
    "roi-at-border": "ROI reaches the border of the volume",
    "roi-beyond-volume": "Part of the ROI lies outside the volume",
    "roi-too-large": "ROI unusually large",
    "roi-one-slice": "ROI on one slice only",
    "roi-in-pieces": "ROI in pieces",
    "roi-with-holes": "ROI with holes",
    "roi-pokes-out": "ROI pokes out on a slice",
    "roi-skips-slices": "ROI skips slices",
    "gantry-tilt": "Tilted gantry",
    "volume-warped": "Volume warped",
    "uneven-slices": "Slices unevenly spaced",
    "thick-slices": "Slices thicker than those of training",
    "slice-spacing": "Slices interpolated to 5 mm",
    "slices-averaged": "Thin slices averaged to 5 mm",
    "margin-cut": "Volume ends too near the ROI",
}

OTHER = "Not computed, other reason"

#: What a report may print, and the codes for which it does. Messages name files, segments and values, and a hospital's
#: file names name patients.
_EXCLUDED = {
    "Image or ROI file not found": ("file-not-found",),
    "Image or ROI not readable": (
        "file-unreadable", "image-unreadable", "volume-without-image", "roi-is-folder", "not-label-map",
        "not-segmentation", "segment-unusable", "segmentation-fractional", "segmentation-label-map",
        "contours-across-slices",
    ),
    "Tumour segment not found or ambiguous": (
        "no-segment", "segment-not-named", "segment-not-found", "segment-ambiguous",
    ),
    "ROI empty": ("roi-empty",),
    "ROI outside the volume": ("roi-outside-volume",),
    "ROI drawn on other images": ("roi-of-other-images",),
    "ROI too small for texture features": (
        "roi-too-small", "roi-too-thin", "features-missing", "features-undefined",
    ),
    "Image is not a CT volume in HU": ("not-ct", "not-hu", "not-finite", "not-gray-level", "not-one-volume"),
    "CT series incomplete or not one volume": (
        "no-dicom-series", "several-dicom-series", "missing-slices", "slice-cut-short", "slice-without-position",
        "slices-differ", "slices-at-one-place", "frames-not-placed", "series-not-found",
    ),
    "Not computed: too little memory": ("out-of-memory", "process-ended"),
    OTHER: ("pydicom-missing", "highdicom-missing", "cluster-failed", "program-fault"),
}  # fmt: skip
REASONS = {code: reason for reason, codes in _EXCLUDED.items() for code in codes}


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of the patients of a report, and what is not.

    The table calls `simulated` patients simulated; of `scored` ones the HER2 status follows from an
    immunohistochemistry score, of the others the table tells it as 0 or 1. Patients are `listed_before_extraction`
    where the table lists them whatever became of their features; a table of features holds those alone that have them.
    `characteristics` are the clinical columns that the tables report, in words. `findings` are the patients with each
    finding on the input, see `counted`; None where the input was not seen.
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

    `groups` maps columns of the table of findings to their patients, bool of the shape of `patients`, (patients,).
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


def counted(findings: pd.Series, groups: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Patients with each finding, the most frequent first, and those without any.

    `findings` are codes, shape (patients,); `groups` the name of a column to its patients, bool of shape (patients,).
    The columns are ``code`` (empty in the last row, of the patients without a finding), ``finding`` in words, and one
    of counts for each group.
    """
    codes = pd.unique(np.array([code for own in findings for code in own], dtype=object)).tolist()
    having = {code: np.array([code in own for own in findings], dtype=bool) for code in codes}
    order = sorted(codes, key=lambda code: (-int(having[code].sum()), code))
    rows = [{"code": code, "finding": WORDS.get(code, code), **_counts(having[code], groups)} for code in order]
    without = np.array([not own for own in findings], dtype=bool)
    rows.append({"code": "", "finding": "None of these" if codes else "No finding", **_counts(without, groups)})
    return pd.DataFrame(rows)


def _counts(having: np.ndarray, groups: Mapping[str, np.ndarray]) -> dict[str, int]:
    return {name: int((having & members).sum()) for name, members in groups.items()}


def grouped_reasons(exclusions: Mapping[str, Exclusion]) -> dict[str, int]:
    """Number of patients for each reason, the most frequent first; `exclusions` is by patient."""
    counts = Counter(REASONS.get(exclusion.code, OTHER) for exclusion in exclusions.values())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, eq=False)
class RoiSource:
    """Patients among whom examples are looked for.

    `files` are those of `inputs_of`; `status` has shape (patients,), `features` (patients, F).
    `whose` is what the patients are called, such as ``training patient``.
    """

    files: pd.DataFrame
    status: np.ndarray
    features: pd.DataFrame
    whose: str


def roi_source(table: pd.DataFrame, status: np.ndarray, features: pd.DataFrame, whose: str) -> RoiSource | None:
    """The patients of a cohort table; None where it names no images."""
    if not {"image", "roi"} <= set(table.columns):
        return None
    return RoiSource(inputs_of(table), status, features, whose)
