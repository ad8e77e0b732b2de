"""Findings on the input of a cohort: how many patients have each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

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


def counted(findings: pd.Series, groups: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Patients with each finding, the most frequent first, and those without any.

    Parameters
    ----------
    findings : Series of tuple of str, shape (patients,)
        Codes.
    groups : mapping of str to ndarray of bool, shape (patients,)
        Name of a column to its patients.

    Returns
    -------
    DataFrame
        ``code`` (empty in the last row, of the patients without a finding), ``finding`` in words, and a column of
        counts for each group.
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
