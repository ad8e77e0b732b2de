"""Stratified bootstrap: confidence intervals of any measure, and of the difference between two models."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from .estimate import CONFIDENCE, Estimate, checked

#: Resamples of a bootstrap.
RESAMPLES = 2000
#: Numbers that a block of resamples holds at most, so that a large cohort does not fill the memory.
_BLOCK = 4_000_000

#: A measure of resampled patients: (status, score, weights) to one number per resample. ``weights`` has the shape
#: (resamples, patients) and says how often each patient was drawn.
Statistic = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Bootstrapped:
    """A measure in the patients themselves (`value`) and in each resample (`replicates`, shape (resamples,))."""

    value: float
    replicates: np.ndarray

    @property
    def estimate(self) -> Estimate:
        """Value with its percentile interval (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13)."""
        low, high = percentile_limits(self.replicates)
        return Estimate(self.value, float(low), float(high))


@dataclass(frozen=True)
class EstimatedDifference:
    """How much one model exceeds another on the same patients: first minus second.

    `p_value` is two-sided, of no difference; nan where the difference does not vary.
    """

    difference: Estimate
    p_value: float

    def to_dict(self) -> dict[str, float | None]:
        """The difference with its limits and the p-value, for JSON."""
        return {**self.difference.to_dict(), "p_value": self.p_value if math.isfinite(self.p_value) else None}


def resample(status: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """How often each patient is drawn in each resample, shape (resamples, patients).

    Patients are drawn with replacement within each class, so that every resample has as many of each as the cohort.
    The draw depends on `status`, `resamples` and `seed` alone: models of the same patients share their resamples.
    """
    random = np.random.default_rng(seed)
    weights = np.zeros((resamples, len(status)))
    for value in (0, 1):
        members = np.flatnonzero(status == value)
        drawn = random.integers(len(members), size=(resamples, len(members)))
        cells = (drawn + len(members) * np.arange(resamples)[:, None]).ravel()
        weights[:, members] = np.bincount(cells, minlength=resamples * len(members)).reshape(resamples, -1)
    return weights


def bootstrap(
    status: ArrayLike,
    score: ArrayLike,
    statistics: Mapping[str, Statistic],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Bootstrapped]:
    """Each measure in the patients and in stratified resamples of them.

    Called for two models with the same `status`, `resamples` and `seed`, it draws the same patients for both, so that
    `paired_difference` may compare them. `status` (1 HER2-positive, 0 HER2-negative) and `score` have shape
    (patients,).

    Raises
    ------
    InputError
        See `estimate.checked`.
    """
    statuses, scores = checked(status, score)
    weights = resample(statuses, resamples, seed)
    once = np.ones((1, len(statuses)))
    blocks = np.array_split(weights, max(1, math.ceil(weights.size / _BLOCK)))
    return {
        name: Bootstrapped(
            float(statistic(statuses, scores, once)[0]),
            np.concatenate([statistic(statuses, scores, block) for block in blocks]),
        )
        for name, statistic in statistics.items()
    }


def paired_difference(first: Bootstrapped, second: Bootstrapped) -> EstimatedDifference:
    """First minus second, both measured in the same resamples.

    The p-value compares the difference with the standard deviation that it has over the resamples (the ``bootstrap``
    test of Robin et al., BMC Bioinformatics 2011, 12:77).
    """
    both = Bootstrapped(first.value - second.value, first.replicates - second.replicates)
    deviation = float(np.nanstd(both.replicates, ddof=1))
    p_value = 2 * float(norm.sf(abs(both.value) / deviation)) if deviation > 0 else math.nan
    return EstimatedDifference(both.estimate, p_value)


def percentile_limits(replicates: np.ndarray) -> np.ndarray:
    """The 2.5 % and 97.5 % quantiles over the first axis; resamples where the measure is not defined are left out."""
    tail = (1 - CONFIDENCE) / 2
    if np.isnan(replicates).all():
        return np.full((2, *replicates.shape[1:]), np.nan)
    return np.nanquantile(replicates, (tail, 1 - tail), axis=0)
