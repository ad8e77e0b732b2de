"""What is measured of a model on one set of patients: calls, decisions, everything at once, and against another."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ...errors import InputError
from .calibration_measures import Recalibration, recalibration, resampled_brier
from .discrimination import delong_interval, delong_test, resampled_auc, resampled_average_precision
from .estimate import (
    RESAMPLES,
    Estimate,
    EstimatedDifference,
    Statistic,
    bootstrap,
    checked,
    checked_probability,
    paired_difference,
    percentile_limits,
    proportion,
    resample,
)

#: Threshold probabilities of the decision curve.
DECISION_THRESHOLDS = np.round(np.arange(0.05, 0.951, 0.01), 2)
#: Measures for people, by the names of `Performance.estimates`.
LABELS = {
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
#: Where there is one AUC.
SHORT_LABELS = {**LABELS, "auc": "AUC"}


@dataclass(frozen=True)
class OperatingPoint:
    """Calls at a threshold: HER2-positive where the probability is at or above it.

    The shares of patients have Wilson score intervals; `ppv` (`npv`) is not defined where nobody is called positive
    (negative). `f1` is 2 TP / (2 TP + FP + FN), with the percentile interval of a stratified bootstrap.
    """

    threshold: float
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate
    accuracy: Estimate
    f1: Estimate

    @property
    def confusion(self) -> np.ndarray:
        """Rows: HER2-negative, HER2-positive; columns: called negative, called positive (scikit-learn's order)."""
        return np.array([[self.true_negative, self.false_positive], [self.false_negative, self.true_positive]])


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """Net benefit over threshold probabilities (Vickers & Elkin, Med Decis Making 2006, 26:565-574).

    `model`, `treat_all` and `treat_none` are the net benefit per patient, TP / n − FP / n × t / (1 − t); `low` and
    `high` are pointwise 95 % percentile limits of `model` over stratified resamples. Shape (thresholds,) each.
    """

    thresholds: np.ndarray
    model: np.ndarray
    treat_all: np.ndarray
    treat_none: np.ndarray
    low: np.ndarray
    high: np.ndarray


def operating_point(
    status: ArrayLike, probability: ArrayLike, threshold: float, resamples: int = RESAMPLES, seed: int = 0
) -> OperatingPoint:
    """Confusion matrix at a threshold and the measures that follow from it.

    Raises as `checked_probability`, and InputError where the threshold does not lie between 0 and 1.
    """
    statuses, probabilities = checked_probability(status, probability)
    if not 0 <= threshold <= 1:
        raise InputError(f"The threshold is {threshold:g}; give a probability between 0 and 1.")
    called, positive = probabilities >= threshold, statuses == 1
    tp, fp = int(np.sum(called & positive)), int(np.sum(called & ~positive))
    fn, tn = int(np.sum(~called & positive)), int(np.sum(~called & ~positive))
    f1 = bootstrap(statuses, probabilities, {"f1": resampled_f1(threshold)}, resamples, seed)["f1"]
    return OperatingPoint(
        threshold=float(threshold),
        true_positive=tp,
        false_positive=fp,
        false_negative=fn,
        true_negative=tn,
        sensitivity=proportion(tp, tp + fn),
        specificity=proportion(tn, tn + fp),
        ppv=proportion(tp, tp + fp),
        npv=proportion(tn, tn + fn),
        accuracy=proportion(tp + tn, len(statuses)),
        f1=f1.estimate,
    )


def resampled_f1(threshold: float) -> Statistic:
    """F1 at the threshold of each resample; 2 TP / (calls + positives) never divides by 0."""

    def statistic(status: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> np.ndarray:
        called = (probability >= threshold).astype(float)
        return 2 * (weights @ (called * status)) / (weights @ called + weights @ status)

    return statistic


def decision_curve(
    status: ArrayLike,
    probability: ArrayLike,
    thresholds: np.ndarray = DECISION_THRESHOLDS,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> DecisionCurve:
    """Net benefit of the model, of treating everybody and of treating nobody.

    Raises as `checked_probability`, and InputError where a threshold does not lie between 0 and 1, both excluded.
    """
    statuses, probabilities = checked_probability(status, probability)
    if not ((thresholds > 0) & (thresholds < 1)).all():
        raise InputError("A threshold of the decision curve is not above 0 and below 1; odds are not defined there.")
    odds = thresholds / (1 - thresholds)
    called = (probabilities[:, None] >= thresholds).astype(float)
    # What one patient adds to TP − FP × odds at each threshold.
    worth = called * np.where(statuses[:, None] == 1, 1.0, -odds)
    resampled = resample(statuses, resamples, seed) @ worth / len(statuses)
    low, high = percentile_limits(resampled)
    prevalence = statuses.mean()
    treat_all = prevalence - (1 - prevalence) * odds
    return DecisionCurve(thresholds, worth.mean(axis=0), treat_all, np.zeros(len(thresholds)), low, high)


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
        """For JSON."""
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

    `probability` is calibrated: for calibration, the Brier score and the calls, HER2-positive from `threshold` on,
    chosen on other patients or out of fold. `score` is that before calibration, for AUC and average precision:
    calibrations that were fitted in different folds disturb the order. The probability stands in where it is not given.
    Raises as `operating_point`.
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
    """Compare the AUC of every pair of models on the same patients, all before calibration or all after it.

    Raises as `checked`.
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
            name: {LABELS[measure]: estimate.text() for measure, estimate in performance.estimates().items()}
            for name, performance in performances.items()
        }
    ).rename_axis("Measure")
