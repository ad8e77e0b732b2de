"""How well a prediction tells HER2-positive from HER2-negative: ROC and precision-recall curves and their areas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import norm, rankdata
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

from .estimate import (
    RESAMPLES,
    Estimate,
    EstimatedDifference,
    Z,
    checked,
    normal_estimate,
    percentile_limits,
    resample,
)

#: 1 − specificity at which the band of a ROC curve is given; divided, not multiplied, so that 0.35 is the 7 / 20 of a
#: curve and not a hair beside it, where the curve may stand upright.
GRID = np.arange(101) / 100


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Empirical ROC curve with its pointwise 95 % confidence band.

    Both rates, 1 − specificity and sensitivity from each threshold on, and `thresholds`, which fall from infinity, have
    shape (points,). `low` and `high` are the limits of sensitivity at `grid` (1 − specificity), shape (101,) each.
    """

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    thresholds: np.ndarray
    grid: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class PrecisionRecallCurve:
    """Precision (positive predictive value) against recall (sensitivity).

    Shape (points,) each, `thresholds` (points - 1,). Recall falls from 1 to 0; the last point is recall 0, precision 1.
    `average_precision` is Σ (recall step × precision), `prevalence` the precision of a prediction that knows nothing.
    """

    precision: np.ndarray
    recall: np.ndarray
    thresholds: np.ndarray
    average_precision: float
    prevalence: float


def roc(status: ArrayLike, score: ArrayLike, resamples: int = RESAMPLES, seed: int = 0) -> RocCurve:
    """ROC curve, and the percentile band of sensitivity at fixed specificity over stratified resamples.

    The curve of each resample is joined by straight lines, as the area under it has it; where it rises upright, its
    upper end counts. Raises as `checked`.
    """
    statuses, scores = checked(status, score)
    false_positive, true_positive, thresholds = roc_curve(statuses, scores, drop_intermediate=False)
    positives, negatives = _cumulative(statuses, scores, resample(statuses, resamples, seed))
    zeros = np.zeros((resamples, 1))
    rises = np.hstack([zeros, positives / positives[:, -1:]])
    runs = np.hstack([zeros, negatives / negatives[:, -1:]])
    low, high = percentile_limits(np.stack([np.interp(GRID, run, rise) for run, rise in zip(runs, rises, strict=True)]))
    return RocCurve(false_positive, true_positive, thresholds, GRID, low, high)


def precision_recall(status: ArrayLike, score: ArrayLike) -> PrecisionRecallCurve:
    """Precision-recall curve and average precision, as scikit-learn defines them. Raises as `checked`."""
    statuses, scores = checked(status, score)
    precision, recall, thresholds = precision_recall_curve(statuses, scores)
    area = float(average_precision_score(statuses, scores))
    return PrecisionRecallCurve(precision, recall, thresholds, area, float(statuses.mean()))


def delong_covariance(status: ArrayLike, scores: Sequence[ArrayLike]) -> tuple[np.ndarray, np.ndarray]:
    """AUC of several models of the same patients, shape (models,), and their covariance, shape (models, models).

    DeLong, DeLong & Clarke-Pearson, Biometrics 1988, 44:837-845, from midranks as in Sun & Xu, IEEE Signal Process Lett
    2014, 21:1389-1393: with X of the m positive and Y of the n negative patients, V10(X_i) = (R(X_i) − R_X(X_i)) / n
    and V01(Y_j) = 1 − (R(Y_j) − R_Y(Y_j)) / m, where R is the midrank among all patients and R_X, R_Y that within the
    class. The AUC is the mean of V10, its variance var(V10) / m + var(V01) / n. The covariance is nan where a class has
    a single patient. Raises as `checked`.
    """
    statuses, _ = checked(status, scores[0])
    together = np.stack([checked(status, score)[1] for score in scores])
    positive, negative = together[:, statuses == 1], together[:, statuses == 0]
    ranks = rankdata(np.hstack([positive, negative]), axis=1)
    m, n = positive.shape[1], negative.shape[1]
    v10 = (ranks[:, :m] - rankdata(positive, axis=1)) / n
    v01 = 1.0 - (ranks[:, m:] - rankdata(negative, axis=1)) / m
    if min(m, n) < 2:
        return v10.mean(axis=1), np.full((len(scores), len(scores)), np.nan)
    return v10.mean(axis=1), np.atleast_2d(np.cov(v10)) / m + np.atleast_2d(np.cov(v01)) / n


def delong_interval(status: ArrayLike, score: ArrayLike) -> Estimate:
    """AUC with its DeLong interval; without limits where the AUC is 0 or 1.

    logit(AUC) ± 1.96 SE / (AUC (1 − AUC)), which stays between 0 and 1 (Pepe, The Statistical Evaluation of Medical
    Tests, 2003, 5.2.5). Raises as `checked`.
    """
    areas, covariance = delong_covariance(status, [score])
    return _logit_interval(float(areas[0]), float(covariance[0, 0]))


def cross_validated_interval(status: ArrayLike, score: ArrayLike, shuffled: np.ndarray) -> Estimate:
    """AUC of out-of-fold scores with an interval for that of the model; without limits where the AUC is 0 or 1.

    DeLong's variance takes scores as given. Those of several folds come from models that share patients, each fitted to
    the others' left-out ones, which adds variance that no formula tells from one run alone (Bengio & Grandvalet, J Mach
    Learn Res 2004, 5:1089-1105). Learning from a shuffled status shows it: `shuffled`, shape (shuffles,), are
    cross-validated AUCs of that kind. With k their mean square distance from 0.5 over (m + n + 1) / (12 m n), the
    variance for a ranking that is given (Mann & Whitney, Ann Math Stat 1947, 18:50-60), but not less than 1, DeLong's
    variance is multiplied by 1 + 4 AUC (1 − AUC) (k − 1): by k at 0.5, and by 1 where the ranking leaves the models
    nothing to differ in. How often this holds the AUC in new patients is measured in the tests. Raises as `checked`.
    """
    areas, covariance = delong_covariance(status, [score])
    area, (negative, positive) = float(areas[0]), np.bincount(np.asarray(status, dtype=int))
    given = (positive + negative + 1) / (12 * positive * negative)
    excess = max(float(np.mean((shuffled - 0.5) ** 2)) / given, 1.0) - 1.0
    return _logit_interval(area, float(covariance[0, 0]) * (1 + 4 * area * (1 - area) * excess))


def _logit_interval(area: float, variance: float) -> Estimate:
    if not 0 < area < 1:
        return Estimate(area)
    half = Z * math.sqrt(variance) / (area * (1 - area))
    return Estimate(area, float(expit(logit(area) - half)), float(expit(logit(area) + half)))


def delong_test(status: ArrayLike, first: ArrayLike, second: ArrayLike) -> EstimatedDifference:
    """Difference of the AUCs of two models on the same patients, first minus second, two-sided.

    z = (AUC_1 − AUC_2) / √(var_1 + var_2 − 2 cov); DeLong et al. 1988, see `delong_covariance`. Raises as `checked`.
    """
    areas, covariance = delong_covariance(status, [first, second])
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    # The same ranking twice leaves only rounding of the order of 1e-17 in the variance.
    if not variance > 1e-12:
        return EstimatedDifference(Estimate(difference), math.nan)
    error = math.sqrt(variance)
    return EstimatedDifference(normal_estimate(difference, error), 2 * float(norm.sf(abs(difference) / error)))


def resampled_auc(status: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AUC of each resample, shape (resamples,); an `estimate.Statistic`."""
    positives, negatives = _cumulative(status, score, weights)
    drawn_positive = np.diff(positives, axis=1, prepend=0.0)
    drawn_negative = np.diff(negatives, axis=1, prepend=0.0)
    higher = positives - drawn_positive / 2
    return np.sum(drawn_negative * higher, axis=1) / (positives[:, -1] * negatives[:, -1])


def resampled_average_precision(status: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average precision of each resample, shape (resamples,); an `estimate.Statistic`."""
    positives, negatives = _cumulative(status, score, weights)
    called = positives + negatives
    precision = np.divide(positives, called, out=np.zeros_like(called), where=called > 0)
    return np.sum(np.diff(positives, axis=1, prepend=0.0) * precision, axis=1) / positives[:, -1]


def _cumulative(status: np.ndarray, score: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drawn positive and negative patients at or above each distinct score, highest first: (resamples, distinct)."""
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.inf))
    drawn, positive = weights[:, order], status[order] == 1
    counts = [np.add.reduceat(drawn * of_class, starts, axis=1) for of_class in (positive, ~positive)]
    return np.cumsum(counts[0], axis=1), np.cumsum(counts[1], axis=1)
