"""The interval around a probability: fitted on simulated cohorts, where the true probability is known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize


@dataclass(frozen=True)
class IntervalRule:
    """How wide an interval is on the log-odds: +- factor * sqrt(residual_sd^2 + spread_weight * s^2).

    s is the standard deviation of the ensemble members' calibrated log-odds. The spread of the members alone is not
    enough: it tells how the ensemble varies over resampled patients, not what a model of some 70 patients has failed
    to learn, which all its members share.

    Attributes
    ----------
    residual_sd : float
        Of the log-odds, where the members agree.
    spread_weight : float
    factor : float
        Makes the interval hold the true probability of `level` of the patients.
    level : float
    """

    residual_sd: float
    spread_weight: float
    factor: float
    level: float = 0.95

    def half_width(self, spread: np.ndarray) -> np.ndarray:
        """Half of the width on the log-odds."""
        return self.factor * np.sqrt(self.residual_sd**2 + self.spread_weight * spread**2)

    def to_dict(self) -> dict[str, Any]:
        """For the card of a model."""
        return {**asdict(self), "method": METHOD}


METHOD = "log-odds +- factor * sqrt(residual_sd^2 + spread_weight * spread^2), fitted on simulated cohorts"


def fit_rule(log_odds: np.ndarray, spread: np.ndarray, truth: np.ndarray, level: float = 0.95) -> IntervalRule:
    """Fit the rule to patients whose true probability is known.

    `residual_sd` and `spread_weight` maximise the likelihood of normal errors; `factor` is then the quantile of the
    scaled errors that holds `level` of them, as in split conformal prediction with a normalised score (Lei et al.,
    J Am Stat Assoc 2018, 113:1094-1111, sec. 5.2), so that the level does not lean on the normal distribution.

    Parameters
    ----------
    log_odds, spread, truth : ndarray, shape (patients,)
        Predicted log-odds, spread of the members, log-odds of the true probability.
    """
    error2 = (truth - log_odds) ** 2

    def loss(logs: np.ndarray) -> float:
        variance = np.exp(logs[0]) + np.exp(logs[1]) * spread**2
        return float(np.mean(np.log(variance) + error2 / variance))

    best = minimize(loss, np.zeros(2), method="Nelder-Mead").x
    residual_sd, weight = float(np.exp(best[0] / 2)), float(np.exp(best[1]))
    scaled = np.sqrt(error2 / (residual_sd**2 + weight * spread**2))
    # The conformal quantile: the ceil((n + 1) * level)-th smallest.
    rank = min(int(np.ceil((len(scaled) + 1) * level)), len(scaled))
    return IntervalRule(residual_sd, weight, float(np.sort(scaled)[rank - 1]), level)


#: Fitted by Benchmarks/interval.py on models of 67 simulated patients each, as many as the study trained on.
RULE = IntervalRule(residual_sd=1.99, spread_weight=0.28, factor=2.0)
