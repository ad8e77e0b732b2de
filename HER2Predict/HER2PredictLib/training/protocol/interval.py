"""The interval around a probability: where it might lie had the model learnt from very many patients like its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from ...model.network import log_odds
from .learning import Learnt, calibration_covariance


@dataclass(frozen=True)
class IntervalRule:
    """How wide an interval is on the log-odds: +- factor * sqrt(spread_weight * s^2 + calibration_weight * c^2).

    s is the standard deviation of the calibrated log-odds of the ensemble's members, each of them learnt from a
    bootstrap sample of the cohort; c is the standard error of the calibration, from the covariance of its slope and
    intercept. Both are the cohort's own. The three numbers say what they are worth; `factor` makes the interval hold
    its level. `level` is the share of the patients whose interval holds what a model of very many patients would say;
    None where nobody checked it.
    """

    spread_weight: float
    calibration_weight: float
    factor: float
    level: float | None = 0.95

    def half_width(self, answers: Answers) -> np.ndarray:
        """On the log-odds."""
        variance = self.spread_weight * answers.spread**2 + self.calibration_weight * answers.calibration_error**2
        return self.factor * np.sqrt(variance)

    def to_dict(self) -> dict[str, Any]:
        """For the card of a model."""
        return {**asdict(self), "method": METHOD}


METHOD = (
    "log-odds +- factor * sqrt(spread_weight * spread^2 + calibration_weight * calibration_error^2), from the model's "
    "own cohort; weights and factor fitted on pairs of models of disjoint cohorts"
)


@dataclass(frozen=True, eq=False)
class Answers:
    """What one model says of patients that it has not seen, shape (patients,) each.

    The log-odds are calibrated; `spread` is the standard deviation of the members' calibrated log-odds,
    `calibration_error` the standard error of the calibration at these patients.
    """

    log_odds: np.ndarray
    spread: np.ndarray
    calibration_error: np.ndarray

    @classmethod
    def of(cls, learnt: Learnt, values: np.ndarray) -> Answers:
        """What `Model.predict` would say of `values`, shape (patients, features), by the model of a bagged MLP."""
        slope, intercept = learnt.calibrator.coef_[0, 0], learnt.calibrator.intercept_[0]
        scores = learnt.pipeline[:-1].transform(values)
        members = learnt.pipeline.named_steps["classifier"].estimators_
        raw = np.stack([member.predict_proba(scores)[:, 1] for member in members])
        terms = np.column_stack([log_odds(raw.mean(axis=0)), np.ones(len(values))])
        covariance = calibration_covariance(learnt.calibrator, learnt.raw)
        variance = np.einsum("ij,jk,ik->i", terms, covariance, terms)
        return cls(terms @ [slope, intercept], slope * log_odds(raw).std(axis=0), np.sqrt(variance))


def fit_rule(pairs: list[tuple[Answers, Answers]], level: float = 0.95) -> IntervalRule:
    """Fit the rule to pairs of models that have learnt from different patients and are asked about the same others.

    Where both rules are right, the variance of the difference of the two log-odds is the sum of both variances. The
    weights maximise the likelihood of normal differences; `factor` is then the quantile of the scaled differences that
    holds `level` of them, as in split conformal prediction with a normalised score (Lei et al., J Am Stat Assoc 2018,
    113:1094-1111, sec. 5.2), so that the level does not lean on the normal distribution.
    """
    difference2 = np.concatenate([(one.log_odds - other.log_odds) ** 2 for one, other in pairs])
    spread2 = np.concatenate([one.spread**2 + other.spread**2 for one, other in pairs])
    calibration2 = np.concatenate([one.calibration_error**2 + other.calibration_error**2 for one, other in pairs])

    def loss(logs: np.ndarray) -> float:
        variance = np.exp(logs[0]) * spread2 + np.exp(logs[1]) * calibration2
        return float(np.mean(np.log(variance) + difference2 / variance))

    weights = np.exp(minimize(loss, np.zeros(2), method="Nelder-Mead").x)
    scaled = np.sqrt(difference2 / (weights[0] * spread2 + weights[1] * calibration2))
    # The conformal quantile: the ceil((n + 1) * level)-th smallest.
    rank = min(int(np.ceil((len(scaled) + 1) * level)), len(scaled))
    return IntervalRule(float(weights[0]), float(weights[1]), float(np.sort(scaled)[rank - 1]), level)


def held(rule: IntervalRule, one: Answers, other: Answers) -> np.ndarray:
    """For which patients do two models differ by no more than their intervals, added in quadrature, allow?"""
    allowed = rule.half_width(one) ** 2 + rule.half_width(other) ** 2
    return (one.log_odds - other.log_odds) ** 2 <= allowed


#: Fitted by Benchmarks/interval.py on pairs of models of 134 and 268 of the patients of seven simulated cohorts,
#: with features of an earlier padding; with today's it comes out as 0.24, 4.5 and 1.99. Checked on other cohorts.
RULE = IntervalRule(spread_weight=0.28, calibration_weight=4.05, factor=1.93)
