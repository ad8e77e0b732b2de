"""A measure of a model's performance: what it asks of its input, its 95 % confidence interval, and its bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest, norm

from ...errors import InputError

#: Confidence level of every interval.
CONFIDENCE = 0.95
#: Half-width of a 95 % interval of a normal distribution, in standard errors.
Z = float(norm.ppf(0.5 + CONFIDENCE / 2))
#: Resamples of a bootstrap.
RESAMPLES = 2000
#: Numbers that a block of resamples holds at most, so that a large cohort does not fill the memory.
_BLOCK = 4_000_000

#: A measure of resampled patients: (status, score, weights) to one number per resample. ``weights`` has the shape
#: (resamples, patients) and says how often each patient was drawn.
Statistic = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % confidence interval, `low` to `high`; nan where it is not defined."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def text(self) -> str:
        """``0.73 (0.66 to 0.77)``, ``0.73`` where there is no interval, ``not defined`` where there is no value."""
        if math.isnan(self.value):
            return "not defined"
        value, low, high = map(_fixed, (self.value, self.low, self.high))
        return value if math.isnan(self.low) or math.isnan(self.high) else f"{value} ({low} to {high})"

    __str__ = text

    def to_dict(self) -> dict[str, float | None]:
        """For JSON, which has None, but no nan."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {name: number if math.isfinite(number) else None for name, number in numbers.items()}


#: A measure that the data do not define.
UNDEFINED = Estimate(math.nan)


def normal_estimate(value: float, standard_error: float) -> Estimate:
    """Value and Wald interval: value ± 1.96 standard errors."""
    return Estimate(value, value - Z * standard_error, value + Z * standard_error)


def proportion(successes: int, total: int) -> Estimate:
    """A proportion with its Wilson score interval (Wilson, J Am Stat Assoc 1927, 22:209-212), as SciPy computes it.

    Undefined where `total` is 0.
    """
    if total == 0:
        return UNDEFINED
    interval = binomtest(int(successes), int(total)).proportion_ci(CONFIDENCE, method="wilson")
    return Estimate(successes / total, float(interval.low), float(interval.high))


def checked(status: ArrayLike, score: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """HER2 status, 1 for positive and 0 for negative, as integers, and scores as floats, shape (patients,) each.

    A higher score, be it a probability or any other finite number, speaks for HER2-positive.

    Raises
    ------
    InputError
        Where the two differ in length, a status is neither 0 nor 1, a score is not finite or a class is absent.
    """
    statuses, scores = np.asarray(status), np.asarray(score, dtype=np.float64)
    if statuses.ndim != 1 or statuses.shape != scores.shape:
        raise InputError(
            f"HER2 status has the shape {statuses.shape} and the prediction {scores.shape}; "
            "give one of each for every patient."
        )
    if not np.isin(statuses, (0, 1)).all():
        unknown = statuses[~np.isin(statuses, (0, 1))][0]
        raise InputError(f"{unknown} is no HER2 status; use 1 for HER2-positive and 0 for HER2-negative.")
    if not np.isfinite(scores).all():
        number = int(np.argmin(np.isfinite(scores)))
        raise InputError(f"The prediction of patient {number + 1} is {scores[number]}; give a finite number.")
    for value, name in ((1, "positive"), (0, "negative")):
        if not (statuses == value).any():
            raise InputError(
                f"None of the {len(statuses)} patients is HER2-{name}; performance needs patients of both classes."
            )
    return statuses.astype(np.int64), scores


def checked_probability(status: ArrayLike, probability: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """As `checked`; InputError, too, where a prediction is no probability between 0 and 1."""
    statuses, probabilities = checked(status, probability)
    outside = (probabilities < 0) | (probabilities > 1)
    if outside.any():
        number = int(np.argmax(outside))
        raise InputError(
            f"The prediction of patient {number + 1} is {probabilities[number]:g}; a probability lies between 0 and 1."
        )
    return statuses, probabilities


def _fixed(number: float) -> str:
    text = f"{number:.2f}"
    return text.lstrip("-") if float(text) == 0 else text


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
        """For JSON."""
        return {**self.difference.to_dict(), "p_value": self.p_value if math.isfinite(self.p_value) else None}


def resample(status: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """How often each patient is drawn in each resample, shape (resamples, patients).

    Patients are drawn with replacement within each class, so that every resample has as many of each as the cohort.
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
    `paired_difference` may compare them. Raises as `checked`.
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
