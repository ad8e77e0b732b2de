"""The interval around a probability: where it might lie had the model learnt from very many patients like its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

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


#: Fitted by Benchmarks/interval.py on pairs of models of 134 and 268 of the patients of seven simulated cohorts,
#: with features of an earlier padding; with today's it comes out as 0.24, 4.5 and 1.99. Checked on other cohorts.
RULE = IntervalRule(spread_weight=0.28, calibration_weight=4.05, factor=1.93)
