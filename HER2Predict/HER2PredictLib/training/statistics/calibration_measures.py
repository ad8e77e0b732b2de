"""Does a predicted probability of x % come true in x % of the patients? Numbers and curves that say how nearly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from ...model.network import log_odds
from .estimate import UNDEFINED, Estimate, Z, checked_probability, normal_estimate, proportion

#: Quantiles of the log-odds at which the smooth calibration curve bends (Harrell, Regression Modeling Strategies,
#: 2nd ed. 2015, table 2.3, three knots): what some 30 patients can carry.
_KNOTS = (0.10, 0.50, 0.90)
#: Newton steps of a logistic regression; one that has an answer needs fewer than ten.
_STEPS = 50


@dataclass(frozen=True)
class Recalibration:
    """How predictions would have to be changed to come true (Cox, Biometrika 1958, 45:562-565).

    Attributes
    ----------
    slope, intercept : Estimate
        b and a of logit P(HER2-positive) = a + b logit(prediction), with Wald intervals; 1 and 0 are ideal. Not defined
        where the prediction is the same for all or separates the classes.
    in_the_large : Estimate
        a where b is held at 1: above 0, predictions are too low on the whole.
    expected_observed : Estimate
        Expected / observed number of HER2-positive patients; 1 is ideal. The interval is that of the observed count on
        the log scale, SE = √((1 − O / n) / O) (Debray et al., BMJ 2017, 356:i6460).
    """

    slope: Estimate
    intercept: Estimate
    in_the_large: Estimate
    expected_observed: Estimate


@dataclass(frozen=True, eq=False)
class CalibrationCurve:
    """Observed share of HER2-positive patients against the predicted probability.

    Attributes
    ----------
    predicted, observed, low, high, patients : ndarray, shape (groups,)
        Mean prediction and observed share in groups of patients of like prediction, with the Wilson score interval, and
        the number of patients (int).
    smooth_predicted, smooth_observed, smooth_low, smooth_high : ndarray, shape (100,)
        Logistic regression of the status on a restricted cubic spline of the log-odds, over the range of predictions,
        with its pointwise 95 % interval; nan where it has no answer.
    """

    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    patients: np.ndarray
    smooth_predicted: np.ndarray
    smooth_observed: np.ndarray
    smooth_low: np.ndarray
    smooth_high: np.ndarray


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """Maximum-likelihood logistic regression: coefficients, shape (terms,), and covariance, shape (terms, terms).

    The covariance is the inverse of the information; all nan where the likelihood has no finite maximum or the terms
    are dependent.
    """

    coefficients: np.ndarray
    covariance: np.ndarray


def resampled_brier(status: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Brier score (Mon Weather Rev 1950, 78:1-3) of each resample, shape (resamples,); an `estimate.Statistic`."""
    return weights @ (probability - status) ** 2 / weights.sum(axis=1)


def recalibration(status: ArrayLike, probability: ArrayLike) -> Recalibration:
    """Calibration slope, intercept, calibration-in-the-large and expected / observed ratio.

    Probabilities of 0 and 1 count as 1e-6 and 1 − 1e-6, as where a model is applied. Raises as `checked_probability`.
    """
    statuses, probabilities = checked_probability(status, probability)
    x, ones = log_odds(probabilities), np.ones(len(statuses))
    both = logistic_regression(np.column_stack([ones, x]), statuses)
    large = logistic_regression(ones[:, None], statuses, offset=x)
    return Recalibration(
        slope=_wald(both, 1),
        intercept=_wald(both, 0),
        in_the_large=_wald(large, 0),
        expected_observed=_expected_observed(statuses, probabilities),
    )


def calibration_curve(status: ArrayLike, probability: ArrayLike) -> CalibrationCurve:
    """Calibration plot: groups by quantiles of the prediction, and a smooth curve.

    There is one quantile group per ten patients, at least 3 and at most 10. Patients of equal prediction stay together,
    so that there can be fewer. Raises as `checked_probability`.
    """
    statuses, probabilities = checked_probability(status, probability)
    number = min(10, max(3, len(statuses) // 10))
    edges = np.unique(np.quantile(probabilities, np.arange(1, number) / number))
    group = np.searchsorted(edges, probabilities, side="right")
    members = [group == one for one in np.unique(group)]
    shares = [proportion(int(statuses[those].sum()), int(those.sum())) for those in members]
    return CalibrationCurve(
        np.array([probabilities[those].mean() for those in members]),
        np.array([share.value for share in shares]),
        np.array([share.low for share in shares]),
        np.array([share.high for share in shares]),
        np.array([those.sum() for those in members]),
        *_smooth(statuses, probabilities),
    )


def logistic_regression(design: np.ndarray, status: np.ndarray, offset: np.ndarray | None = None) -> LogisticFit:
    """Unpenalised logistic regression by Newton's method (McCullagh & Nelder, Generalized Linear Models, 1989, 2.5).

    scikit-learn's has neither an offset nor standard errors. `design` has shape (patients, terms), `status` (int) and
    `offset`, which is added to the log-odds with the coefficient 1, have shape (patients,).
    """
    shift = np.zeros(len(status)) if offset is None else offset
    coefficients = np.zeros(design.shape[1])
    nothing = LogisticFit(np.full_like(coefficients, np.nan), np.full((len(coefficients),) * 2, np.nan))
    likelihood = _log_likelihood(design @ coefficients + shift, status)
    for _ in range(_STEPS):
        expected = expit(design @ coefficients + shift)
        information = design.T @ (design * (expected * (1 - expected))[:, None])
        # A likelihood that keeps rising towards infinite coefficients ends in an information without an inverse.
        if not np.linalg.cond(information) < 1e12:
            return nothing
        covariance = np.linalg.inv(information)
        step = covariance @ (design.T @ (status - expected))
        while (new := _log_likelihood(design @ (coefficients + step) + shift, status)) < likelihood - 1e-9:
            step = step / 2
        coefficients, likelihood = coefficients + step, new
        if np.abs(step).max() < 1e-10 * max(1.0, np.abs(coefficients).max()):
            return LogisticFit(coefficients, covariance)
    return nothing


def _log_likelihood(log_odds_: np.ndarray, status: np.ndarray) -> float:
    return float(np.sum(status * log_odds_ - np.logaddexp(0.0, log_odds_)))


def _wald(fit: LogisticFit, term: int) -> Estimate:
    error = float(np.sqrt(fit.covariance[term, term]))
    return normal_estimate(float(fit.coefficients[term]), error) if math.isfinite(error) else UNDEFINED


def _expected_observed(status: np.ndarray, probability: np.ndarray) -> Estimate:
    observed, expected = float(status.sum()), float(probability.sum())
    spread = math.exp(Z * math.sqrt((1 - observed / len(status)) / observed))
    return Estimate(expected / observed, expected / observed / spread, expected / observed * spread)


def _smooth(status: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Predictions, shares and limits of the smooth curve."""
    grid = np.linspace(probability.min(), probability.max(), 100)
    x, at = log_odds(probability), log_odds(grid)
    knots = np.quantile(x, _KNOTS)
    fit = logistic_regression(_spline(x, knots), status)
    curve = _spline(at, knots)
    centre = curve @ fit.coefficients
    error = np.sqrt(np.einsum("ij,jk,ik->i", curve, fit.covariance, curve))
    return grid, expit(centre), expit(centre - Z * error), expit(centre + Z * error)


def _spline(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Terms of a three-knot cubic spline that is linear beyond its outer knots (Harrell, eq. 2.25); a line if any meet.

    Shape (points, 3) or (points, 2).
    """
    first, middle, last = knots
    if not first < middle < last:
        return np.column_stack([np.ones_like(x), x])
    cubes = [np.maximum(x - knot, 0.0) ** 3 for knot in knots]
    bend = cubes[0] - cubes[1] * (last - first) / (last - middle) + cubes[2] * (middle - first) / (last - middle)
    return np.column_stack([np.ones_like(x), x, bend / (last - first) ** 2])
