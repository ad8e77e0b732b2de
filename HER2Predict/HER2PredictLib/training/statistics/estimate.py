"""A number with its 95 % confidence interval, and what every measure of a model's performance asks of its input."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest, norm

from ...errors import InputError

#: Confidence level of every interval.
CONFIDENCE = 0.95
#: Half-width of a 95 % interval of a normal distribution, in standard errors.
Z = float(norm.ppf(0.5 + CONFIDENCE / 2))


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % confidence interval, `low` to `high`; nan where it is not defined."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def __str__(self) -> str:
        """``0.73 (0.66 to 0.77)``."""
        return self.text()

    def text(self, decimals: int = 2) -> str:
        """``0.73 (0.66 to 0.77)``, ``0.73`` where there is no interval, ``not defined`` where there is no value."""
        if math.isnan(self.value):
            return "not defined"
        value, low, high = (_fixed(number, decimals) for number in (self.value, self.low, self.high))
        return value if math.isnan(self.low) or math.isnan(self.high) else f"{value} ({low} to {high})"

    def to_dict(self) -> dict[str, float | None]:
        """``value``, ``low`` and ``high``; None, which JSON has, for nan, which it has not."""
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
    """HER2 status as integers and scores as floats, shape (patients,), both classes present.

    `status` is 1 for HER2-positive, 0 for HER2-negative; a higher score, be it a probability or any other finite
    number, speaks for HER2-positive. Both have shape (patients,).

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
    """As `checked`, and every prediction is a probability between 0 and 1.

    Raises
    ------
    InputError
        As `checked`, and where a probability is below 0 or above 1.
    """
    statuses, probabilities = checked(status, probability)
    outside = (probabilities < 0) | (probabilities > 1)
    if outside.any():
        number = int(np.argmax(outside))
        raise InputError(
            f"The prediction of patient {number + 1} is {probabilities[number]:g}; a probability lies between 0 and 1."
        )
    return statuses, probabilities


def _fixed(number: float, decimals: int) -> str:
    text = f"{number:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text
