"""The clinical columns of a cohort table: which to report, as numbers or as categories, and under which names."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: A number with more distinct values than this is continuous; with fewer it is a category.
MOST_CATEGORICAL_NUMBERS = 5
#: Text with more distinct values than this is free text or an identifier, which no table reports.
MOST_CATEGORIES = 20

_MISSING = frozenset({"", ".", "na", "n/a", "nan", "<na>", "nat", "none", "null", "missing"})
_TECHNICAL = frozenset({"image", "roi", "segment", "series", "split", "simulated", "name", "path", "file", "date"})
_IDENTIFIER = re.compile(r"(^|_)(id|identifier|mrn|uid|(patient|record|accession)_number)$")
_FEATURE = re.compile(r"_(shape|shape2D|firstorder|glcm|glrlm|glszm|gldm|ngtdm)_|^diagnostics_")

_LABELS = {
    "age": "Age (years)",
    "gender": "Gender",
    "sex": "Sex",
    "her2": "HER2",
    "her2_ihc": "HER2 IHC score",
    "ajcc_stage": "AJCC stage",
    "t_stage": "T stage",
    "n_stage": "N stage",
    "m_stage": "M stage",
    "pt_stage": "pT stage",
    "pn_stage": "pN stage",
    "pm_stage": "pM stage",
    "ptnm_stage": "pTNM stage",
    "bmi": "Body mass index (kg/m²)",
    "lymphovascular_invasion": "Lymphovascular invasion",
    "grade": "Histological grade",
    "histological_grade": "Histological grade",
}
_NO_YES = {"0": "No", "1": "Yes", "no": "No", "yes": "Yes", "n": "No", "y": "Yes", "false": "No", "true": "Yes"}
_FEMALE_MALE = {"f": "Female", "m": "Male", "female": "Female", "male": "Male"}
#: Names of the values of known columns, by the value in lower case, in the order in which they are listed.
_LEVELS = {
    "gender": _FEMALE_MALE,
    "sex": _FEMALE_MALE,
    "her2": {"0": "HER2(-)", "1": "HER2(+)"},
    "lymphovascular_invasion": _NO_YES,
}
#: In the order of the study's tables; Tis and Ta come before T1.
_T_STAGES = ("tis", "ta", "t0", "t1", "t2", "t3", "t4")


@dataclass(frozen=True, eq=False)
class Numbers:
    """A continuous characteristic; `values` have shape (patients,), nan where missing."""

    label: str
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Categories:
    """A categorical characteristic.

    `values`, shape (patients,), are of `levels`, which stand in the order of listing, or None where missing.
    """

    label: str
    values: np.ndarray
    levels: tuple[str, ...]

    def counts(self, members: np.ndarray) -> np.ndarray:
        """Patients of each level among `members` (bool, one per patient); shape (levels,)."""
        return np.array([int(np.sum(self.values[members] == level)) for level in self.levels])


Column = Numbers | Categories


def clinical_columns(frame: pd.DataFrame) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The columns to report, and the names of those that are left out.

    Left out are identifiers, paths, the split, features, empty columns, and text with too many different values. A
    column of numbers with more than five distinct values is continuous; every other is categorical. `frame` has one row
    per patient; values may be text, as `read_table` leaves them.
    """
    reported, left_out = [], []
    for name in frame.columns:
        column = _column(str(name), frame[name])
        if column is None:
            left_out.append(str(name))
        else:
            reported.append(column)
    return tuple(reported), tuple(left_out)


def _column(name: str, values: pd.Series) -> Column | None:
    key = re.sub(r"[\s\-]+", "_", name.strip().lower())
    if key in _TECHNICAL or _IDENTIFIER.search(key) or _FEATURE.search(name):
        return None
    texts = [_text(value) for value in values]
    present = [text for text in texts if text is not None]
    if not present:
        return None
    label = _LABELS.get(key) or _spoken(name)
    numbers = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    numeric = int(np.isfinite(numbers).sum()) == len(present)
    if numeric and len(np.unique(numbers[np.isfinite(numbers)])) > MOST_CATEGORICAL_NUMBERS:
        return Numbers(label, numbers)
    if len(set(present)) > MOST_CATEGORIES:
        return None
    named = _LEVELS.get(key, {})
    categories = [None if text is None else named.get(text.lower(), text) for text in texts]
    known = list(dict.fromkeys(named.values()))
    levels = sorted({category for category in categories if category is not None}, key=_order)
    levels.sort(key=lambda level: known.index(level) if level in known else len(known))
    return Categories(label, np.array(categories, dtype=object), tuple(levels))


def _text(value: object) -> str | None:
    """The value as text, None where missing; 1.0, which pandas makes of 1 beside a missing value, is 1."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
    return None if text.lower() in _MISSING else text


def _spoken(name: str) -> str:
    spoken = name.replace("_", " ").strip()
    return spoken[:1].upper() + spoken[1:]


def _order(category: str) -> tuple[int, float, str]:
    """Numbers by size, then T stages by extent, then the rest by alphabet."""
    stage = re.fullmatch(r"[cpy]*(tis|ta|t\d)([a-z]?)", category.lower())
    if stage and stage[1] in _T_STAGES:
        return 1, float(_T_STAGES.index(stage[1])), stage[2]
    try:
        return 0, float(category), category
    except ValueError:
        return 2, 0.0, category
