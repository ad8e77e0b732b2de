"""Tables of an external validation: the model in its development and here, and performance by applicability."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ....features import VOLUME_FEATURE
from ....model.model import Model
from ...cohort.cohort import IHC_OUTCOME
from ...measured.evaluate import Evaluation, Stratum
from ...statistics.estimate import UNDEFINED, Estimate
from ...statistics.performance import SHORT_LABELS

#: Measures of development and evaluation that stand side by side.
_COMPARED = ("auc", "sensitivity", "specificity", "calibration_slope", "calibration_in_the_large")


def development_measures(model: Model) -> dict[str, Estimate]:
    """What the bundle tells of its own test set, by the names of `Performance.estimates`; empty where it tells nothing.

    A recalibrated model has no measures of its own. What a bundle holds is untrusted: anything else than numbers is
    passed over.
    """
    told: Any = model.card.get("metrics")
    for name in ("models", "mlp", "test"):
        told = told.get(name) if isinstance(told, Mapping) else None
    if model.recalibration is not None or not isinstance(told, Mapping):
        return {}
    return {name: _estimate(told.get(name)) for name in _COMPARED}


def _estimate(told: Any) -> Estimate:
    numbers = [told.get(name) if isinstance(told, Mapping) else None for name in ("value", "low", "high")]
    value, low, high = (
        float(number) if isinstance(number, (int, float)) and not isinstance(number, bool) else math.nan
        for number in numbers
    )
    return Estimate(value, low, high) if math.isfinite(value) else UNDEFINED


def comparison_table(evaluation: Evaluation) -> pd.DataFrame:
    model, performance = evaluation.model, evaluation.performance
    first, own = model.cohort, evaluation.about
    rows = [
        ("Cohort", first["description"], own["description"]),
        ("Patients", f"{first['patients']} ({first['train']} trained on)", str(own["patients"])),
        ("HER2-positive", _share(first["positive"], first["patients"]), _share(own["positive"], own["patients"])),
        ("A positive tumour", first.get("outcome", IHC_OUTCOME), own["outcome"]),
        ("Simulated", _yes(first["simulated"]), _yes(own["simulated"])),
        ("ROI volume, ml: median (range)", *_volumes(evaluation)),
    ]
    development, estimates = development_measures(model), performance.estimates()
    for name in _COMPARED:
        before = development[name].text() if name in development else "not told"
        rows.append((SHORT_LABELS[name], before, estimates[name].text()))
    return pd.DataFrame(rows, columns=["", "Development", "Evaluation"])


def strata_table(evaluation: Evaluation) -> pd.DataFrame:
    return pd.DataFrame([_stratum_row(stratum) for stratum in evaluation.strata])


def _stratum_row(stratum: Stratum) -> dict[str, str]:
    predicted = f"{stratum.predicted:.2f}" if stratum.patients else "-"

    def text(estimate: Estimate) -> str:
        return "-" if math.isnan(estimate.value) else estimate.text()

    return {
        "Applicability": {"inside": "Inside", "edge": "At the edge", "outside": "Outside"}[stratum.applicability],
        "Patients": str(stratum.patients),
        "HER2-positive": str(stratum.positive),
        "AUC": text(stratum.auc),
        "Sensitivity": text(stratum.sensitivity),
        "Specificity": text(stratum.specificity),
        "Observed share": text(stratum.observed),
        "Mean prediction": predicted,
    }


def _volumes(evaluation: Evaluation) -> tuple[str, str]:
    training = evaluation.model.arrays.get("train_volume_ml")
    own = evaluation.features.get(VOLUME_FEATURE)
    return _range(training), _range(None if own is None else own.to_numpy() / 1000.0)


def _range(volumes: np.ndarray | None) -> str:
    if volumes is None:
        return "not told"
    return f"{np.median(volumes):.1f} ({volumes.min():.1f} to {volumes.max():.1f})"


def _share(count: int, total: int) -> str:
    return f"{count} ({100 * count / total:.0f} %)" if total else str(count)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
