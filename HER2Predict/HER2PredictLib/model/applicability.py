"""Is a case like those that a model has learnt from? Two distances from the training patients, how rare they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..i18n import tr as _

#: Is the case like those that the model has learnt from?
Applicability = Literal["inside", "edge", "outside"]

#: A case rarer than this among patients like the training patients is at the edge of what the model knows, or outside.
EDGE_SHARE, OUTSIDE_SHARE = 0.05, 0.01

#: Distances smaller than this count as this when their logarithm is taken.
_LEAST_DISTANCE = 1e-12
#: Least standard deviation of the logarithms: distances that hardly vary among the training patients still do so
#: by a few per cent among others.
_LEAST_SD = 0.05
#: Fewest training patients of whom a spread can be told at all.
FEWEST_PATIENTS = 3

_EULER_MASCHERONI = 0.5772156649015329


def words_of(applicability: Applicability) -> str:
    return {
        "inside": _("inside what the model knows"),
        "edge": _("at the edge of what the model knows"),
        "outside": _("outside what the model knows"),
    }[applicability]


def applicability_of(tail_probability: float) -> Applicability:
    """In words, from the share of patients that lie at least as far out."""
    if tail_probability < OUTSIDE_SHARE:
        return "outside"
    return "edge" if tail_probability < EDGE_SHARE else "inside"


@dataclass(frozen=True)
class Domain:
    """Where the training patients lie when each is left out of the fit, by two distances.

    The distances are Hotelling's T2 within the principal components and the Q residual from their subspace (Jackson and
    Mudholkar, Technometrics 1979, 21:341-349). Both are positive and skewed, so their logarithms are standardised by
    `log_mean` and `log_sd` of the training patients' ln T2 and ln Q; what counts is the larger of the two, and its
    distribution is taken as Gumbel's of `location` and `scale`, the limit of maxima (Gumbel, Statistics of Extremes,
    1958), with the training patients' mean and standard deviation. Ranks would not do: among 67 patients none is rarer
    than 1 in 68.
    """

    log_mean: tuple[float, float]
    log_sd: tuple[float, float]
    location: float
    scale: float

    @classmethod
    def of(cls, t2: np.ndarray, q: np.ndarray) -> Domain:
        """Of the distances of training patients, shape (patients,) each, in the same order."""
        logs = np.log(np.maximum(np.column_stack([t2, q]), _LEAST_DISTANCE))
        mean, sd = logs.mean(axis=0), np.maximum(logs.std(axis=0, ddof=1), _LEAST_SD)
        larger = ((logs - mean) / sd).max(axis=1)
        # Method of moments: the standard deviation is scale * pi / sqrt 6, the mean location + gamma * scale.
        scale = max(float(larger.std(ddof=1)), _LEAST_SD) * np.sqrt(6.0) / np.pi
        location = float(larger.mean()) - _EULER_MASCHERONI * scale
        return cls((float(mean[0]), float(mean[1])), (float(sd[0]), float(sd[1])), location, float(scale))

    def standardised(self, t2: float, q: float) -> tuple[float, float]:
        """Both distances as standard deviations of their logarithms from the training patients' mean."""
        logs = np.log(np.maximum([t2, q], _LEAST_DISTANCE))
        first, second = ((logs - self.log_mean) / self.log_sd).tolist()
        return first, second

    def tail_probability(self, t2: float, q: float) -> float:
        """Share, 0 to 1, of patients like the training patients that lie at least as far out."""
        reduced = (max(self.standardised(t2, q)) - self.location) / self.scale
        return float(-np.expm1(-np.exp(-reduced)))

    def limits(self, share: float) -> tuple[float, float]:
        """T2 and Q beyond either of which `share` of the patients like the training patients lie."""
        larger = self.location - self.scale * np.log(-np.log1p(-share))
        t2, q = np.exp(np.array(self.log_mean) + np.array(self.log_sd) * larger).tolist()
        return t2, q
