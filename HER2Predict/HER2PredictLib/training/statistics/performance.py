"""Everything that is measured of a model on one set of patients, and how models of the same patients compare."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from .bootstrap import RESAMPLES, EstimatedDifference, bootstrap, paired_difference
from .calibration_measures import Recalibration, recalibration, resampled_brier
from .discrimination import delong_interval, delong_test, resampled_auc, resampled_average_precision
from .estimate import Estimate, checked, checked_probability
from .operating_point import OperatingPoint, operating_point

_LABELS = {
    "auc": "AUC (bootstrap)",
    "auc_delong": "AUC (DeLong)",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "Positive predictive value",
    "npv": "Negative predictive value",
    "accuracy": "Accuracy",
    "f1": "F1",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "calibration_in_the_large": "Calibration-in-the-large",
    "expected_observed": "Expected / observed",
}


@dataclass(frozen=True)
class Performance:
    """A model on one set of patients.

    `auc`, `average_precision` and `brier` have percentile intervals of one stratified bootstrap, `auc_delong` has the
    DeLong interval on the logit scale.
    """

    patients: int
    positive: int
    auc: Estimate
    auc_delong: Estimate
    average_precision: Estimate
    brier: Estimate
    operating_point: OperatingPoint
    recalibration: Recalibration

    def estimates(self) -> dict[str, Estimate]:
        """Every measure by name, in the order in which a table lists them."""
        point, calibration = self.operating_point, self.recalibration
        return {
            "auc": self.auc,
            "auc_delong": self.auc_delong,
            "average_precision": self.average_precision,
            "brier": self.brier,
            "sensitivity": point.sensitivity,
            "specificity": point.specificity,
            "ppv": point.ppv,
            "npv": point.npv,
            "accuracy": point.accuracy,
            "f1": point.f1,
            "calibration_slope": calibration.slope,
            "calibration_intercept": calibration.intercept,
            "calibration_in_the_large": calibration.in_the_large,
            "expected_observed": calibration.expected_observed,
        }

    def to_dict(self) -> dict[str, Any]:
        """For JSON: counts, threshold, confusion matrix and every measure with its limits."""
        counts = ("true_positive", "false_positive", "false_negative", "true_negative")
        return {
            "patients": self.patients,
            "positive": self.positive,
            "threshold": self.operating_point.threshold,
            "confusion": {name: getattr(self.operating_point, name) for name in counts},
            **{name: estimate.to_dict() for name, estimate in self.estimates().items()},
        }


@dataclass(frozen=True)
class Comparison:
    """AUC of the first model minus that of the second on the same patients, by DeLong's test and by bootstrap."""

    first: str
    second: str
    delong: EstimatedDifference
    bootstrap: EstimatedDifference

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "first": self.first,
            "second": self.second,
            "delong": self.delong.to_dict(),
            "bootstrap": self.bootstrap.to_dict(),
        }


def measure(
    status: ArrayLike,
    probability: ArrayLike,
    threshold: float,
    resamples: int = RESAMPLES,
    seed: int = 0,
    *,
    score: ArrayLike | None = None,
) -> Performance:
    """Measure a model on patients.

    `status` is 1 for HER2-positive, 0 for HER2-negative. `probability` is calibrated: for calibration, the Brier score
    and the calls, HER2-positive from `threshold` on, which is chosen on other patients or out of fold. `score` is that
    before calibration, for AUC and average precision: calibrations that were fitted in different folds disturb the
    order. The probability stands in where it is not given. All three have shape (patients,).

    Raises
    ------
    InputError
        See `estimate.checked_probability` and `operating_point.operating_point`.
    """
    statuses, probabilities = checked_probability(status, probability)
    _, scores = checked(status, probabilities if score is None else score)
    ranking = {"auc": resampled_auc, "average_precision": resampled_average_precision}
    resampled = bootstrap(statuses, scores, ranking, resamples, seed)
    resampled |= bootstrap(statuses, probabilities, {"brier": resampled_brier}, resamples, seed)
    return Performance(
        patients=len(statuses),
        positive=int(statuses.sum()),
        auc_delong=delong_interval(statuses, scores),
        operating_point=operating_point(statuses, probabilities, threshold, resamples, seed),
        recalibration=recalibration(statuses, probabilities),
        **{name: result.estimate for name, result in resampled.items()},
    )


def compare(
    status: ArrayLike, scores: Mapping[str, ArrayLike], resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Comparison, ...]:
    """Compare the AUC of every pair of models on the same patients.

    The scores, shape (patients,), are all before calibration or all after it.

    Raises
    ------
    InputError
        See `estimate.checked`.
    """
    resampled = {
        name: bootstrap(status, score, {"auc": resampled_auc}, resamples, seed)["auc"] for name, score in scores.items()
    }
    return tuple(
        Comparison(
            first,
            second,
            delong_test(status, scores[first], scores[second]),
            paired_difference(resampled[first], resampled[second]),
        )
        for first, second in itertools.combinations(scores, 2)
    )


def performance_table(performances: Mapping[str, Performance]) -> pd.DataFrame:
    """One row per measure, one column per name (model, or model and set), as ``0.73 (0.66 to 0.77)``."""
    return pd.DataFrame(
        {
            name: {_LABELS[measure]: estimate.text() for measure, estimate in performance.estimates().items()}
            for name, performance in performances.items()
        }
    ).rename_axis("Measure")
