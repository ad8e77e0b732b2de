"""What a prediction is worth once a threshold turns it into a call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...errors import InputError
from .bootstrap import RESAMPLES, Statistic, bootstrap, percentile_limits, resample
from .estimate import Estimate, checked_probability, proportion

#: Threshold probabilities of the decision curve.
DECISION_THRESHOLDS = np.round(np.arange(0.05, 0.951, 0.01), 2)


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

    From each of `thresholds` on a patient would be treated; `model`, `treat_all` and `treat_none` are the net benefit
    per patient, TP / n − FP / n × t / (1 − t); `low` and `high` are pointwise 95 % percentile limits of `model` over
    stratified resamples. All have shape (thresholds,).
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

    Raises
    ------
    InputError
        See `estimate.checked_probability`; and where the threshold does not lie between 0 and 1.
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
    """F1 at the threshold of each resample, a `bootstrap.Statistic`; 2 TP / (calls + positives) never divides by 0."""

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

    Raises
    ------
    InputError
        See `estimate.checked_probability`; and where a threshold does not lie between 0 and 1, both excluded.
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
