"""External validation: a bundle on a cohort that it has not seen. Nothing is fitted; recalibration is kept apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..assess import NEGATIVE, POSITIVE
from ..errors import InputError
from ..model import Model, log_odds
from .calibration_measures import logistic_regression
from .cohort import read_table
from .extraction import Progress
from .outputs import write_files
from .performance import Performance, measure, performance_table
from .train import with_features

#: AUC and its interval need some patients of each class, far fewer than training does.
FEWEST_PER_CLASS = 2


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How a model does on a cohort.

    Attributes
    ----------
    predictions : DataFrame
        Per patient: ``her2``, ``probability``, ``low``, ``high``, ``call``, and ``typicality``, the share of patients
        like the training patients that lie at least as far out.
    performance : Performance
    exclusions : dict of str to str
    """

    predictions: pd.DataFrame
    performance: Performance
    exclusions: Mapping[str, str] = field(default_factory=dict)


def evaluate(
    model: Model, table: Path, out: Path, *, jobs: int | None = None, progress: Progress | None = None
) -> Evaluation:
    """Apply a model to a cohort and write ``predictions.csv``, ``performance.csv`` and ``evaluation.json`` into `out`.

    Raises
    ------
    InputError
        Where the table is not usable, or its features were computed with other settings than the model's.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; name a folder for the evaluation.")
    model.require_own_settings()
    cohort, exclusions = with_features(read_table(table), out, jobs, progress)
    status = cohort.require_status(FEWEST_PER_CLASS)
    predictions = _predictions(model, cohort.require_features(), status)
    performance = measure(status, predictions["probability"], model.threshold)
    evaluation = Evaluation(predictions, performance, exclusions)
    _write(model, evaluation, out)
    return evaluation


def recalibrated(model: Model, evaluation: Evaluation, name: str) -> Model:
    """The model with slope and intercept of its log-odds fitted to the cohort (logistic recalibration, Cox 1958).

    The threshold moves along, so that every call stays as it was. How well the result is calibrated must be measured
    on other patients than these.

    Raises
    ------
    InputError
        Where the model ranks the patients the wrong way round, so that recalibration would invert it.
    """
    probability = evaluation.predictions["probability"].to_numpy()
    odds = log_odds(probability)
    fitted = logistic_regression(np.column_stack([np.ones_like(odds), odds]), evaluation.predictions["her2"].to_numpy())
    intercept, slope = (float(value) for value in fitted.coefficients)
    if not slope > 0:
        raise InputError(
            f"The calibration slope on this cohort is {slope:.2f}: the model does not rank these patients as it "
            "should, and recalibration cannot mend that."
        )
    old_slope, old_intercept = model.arrays["calibration"]
    arrays = {**model.arrays, "calibration": np.array([slope * old_slope, slope * old_intercept + intercept])}
    threshold = 1.0 / (1.0 + np.exp(-(slope * float(log_odds(np.array(model.threshold))) + intercept)))
    return Model({**model.card, "name": name, "threshold": float(threshold)}, arrays)


def _predictions(model: Model, features: pd.DataFrame, status: np.ndarray) -> pd.DataFrame:
    rows = []
    for (_, row), her2 in zip(features.iterrows(), status, strict=True):
        prediction = model.predict(row.to_dict())
        low, high = prediction.interval
        rows.append(
            {
                "her2": int(her2),
                "probability": prediction.probability,
                "low": low,
                "high": high,
                "call": POSITIVE if prediction.probability >= model.threshold else NEGATIVE,
                "typicality": model.typicality(prediction),
            }
        )
    return pd.DataFrame(rows, index=features.index)


def _write(model: Model, evaluation: Evaluation, out: Path) -> None:
    summary: dict[str, Any] = {
        "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
        "threshold": model.threshold,
        "performance": evaluation.performance.to_dict(),
        "left_out": len(evaluation.exclusions),
    }
    contents = {
        "predictions.csv": evaluation.predictions.to_csv(lineterminator="\n"),
        "performance.csv": performance_table({model.name: evaluation.performance}).to_csv(lineterminator="\n"),
        "evaluation.json": json.dumps(summary, indent=1, allow_nan=False) + "\n",
    }
    write_files(out, {name: text.encode() for name, text in contents.items()})
