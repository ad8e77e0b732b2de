"""One kind of model from training patients: choice by cross-validation, calibration, threshold, final fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ...model.network import log_odds
from .protocol import Candidate, Protocol, preparation, prepared

#: A probability counts as no less than this when its logarithm is taken.
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, eq=False)
class Fold:
    """Patients prepared for one fold by a scaler and a PCA of those that are fitted; no HER2 status takes part.

    `fitted` and `left_out` are rows of the patients, their scores whitened principal components, shape (rows,
    components); `distances`, shape (left out, 2), are Hotelling's T2 and Q residual.
    """

    fitted: np.ndarray
    left_out: np.ndarray
    fitted_scores: np.ndarray
    left_out_scores: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True, eq=False)
class Learnt:
    """One kind of model, learnt from n patients.

    Attributes
    ----------
    losses : ndarray, shape (options,)
        Mean log-loss of each option in the order of `Candidate.options`; `parameters` are what was chosen from them.
    raw : ndarray, shape (n,)
        Score of each patient by models that were fitted without that patient, mean over the repeats.
    calibrated : ndarray, shape (n,)
        The same after a calibration that was fitted without the patient, too; `threshold` is on this probability.
    distances : ndarray, shape (n, 2)
        Hotelling's T2 and Q residual of each patient when left out, mean over the repeats.
    calibrator : LogisticRegression
        On the log-odds of the score; fitted to all of `raw`.
    pipeline : Pipeline
        Scaler, PCA and classifier, fitted to all n patients.
    """

    parameters: Mapping[str, Any]
    losses: np.ndarray
    raw: np.ndarray
    calibrated: np.ndarray
    distances: np.ndarray
    calibrator: LogisticRegression
    threshold: float
    pipeline: Pipeline

    def score(self, values: np.ndarray) -> np.ndarray:
        """Raw probability of other patients, shape (m,): what ranks them."""
        return self.pipeline.predict_proba(values)[:, 1]

    def probability(self, score: np.ndarray) -> np.ndarray:
        """Calibrated probability of scores."""
        return self.calibrator.predict_proba(log_odds(score)[:, None])[:, 1]


def learn(
    candidate: Candidate,
    values: np.ndarray,
    status: np.ndarray,
    protocol: Protocol,
    folds: Sequence[Fold] | None = None,
    jobs: int = 1,
) -> Learnt:
    """Everything that is learnt of one kind of model; nothing but these patients takes part.

    `values` has shape (n, F), `status` (n,). Several candidates share `folds`, those of `folds_of`.
    """
    folds = folds_of(values, status, protocol) if folds is None else folds
    members = protocol.choosing_members
    tried = [scores(candidate, option, folds, status, protocol.seed, members, jobs) for option in candidate.options()]
    losses = np.stack([log_losses(status, cross_calibrated(raw, status, protocol)) for raw in tried])
    chosen = simplest_of_the_best(losses)
    parameters = candidate.options()[chosen]
    raw = tried[chosen]
    if candidate.bagged and members != protocol.members:
        raw = scores(candidate, parameters, folds, status, protocol.seed, protocol.members, jobs)
    calibrated = cross_calibrated(raw, status, protocol)
    return Learnt(
        parameters=parameters,
        losses=losses.mean(axis=1),
        raw=raw,
        calibrated=calibrated,
        distances=_mean_over_repeats([fold.distances for fold in folds], folds, len(status)),
        calibrator=fit_calibrator(raw, status),
        threshold=protocol.threshold.threshold(status, calibrated),
        pipeline=prepared(candidate.unfitted(parameters, protocol.seed, protocol.members)).fit(values, status),
    )


def simplest_of_the_best(losses: np.ndarray) -> int:
    """The first option whose loss exceeds that of the best by no more than one standard error of the difference.

    The one-standard-error rule (Breiman, Friedman, Olshen & Stone, Classification and Regression Trees, 1984, 3.4.3),
    with the standard error of the paired difference, since the patients are the same. `losses` has shape (options,
    patients), the simplest option first.
    """
    excess = losses - losses[int(np.argmin(losses.mean(axis=1)))]
    error = excess.std(axis=1, ddof=1) / np.sqrt(excess.shape[1])
    return int(np.argmax(excess.mean(axis=1) <= error))


def log_losses(status: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Logarithmic loss of each patient, in nats."""
    of_status = np.where(status == 1, probability, 1 - probability)
    return -np.log(np.maximum(of_status, _LEAST_PROBABILITY))


def folds_of(values: np.ndarray, status: np.ndarray, protocol: Protocol) -> list[Fold]:
    """The folds of every repeat, stratified by HER2 status; those of one repeat follow each other."""
    splitter = RepeatedStratifiedKFold(n_splits=protocol.folds, n_repeats=protocol.repeats, random_state=protocol.seed)
    return [_fold(values, fitted, left_out) for fitted, left_out in splitter.split(values, status)]


def _fold(values: np.ndarray, fitted: np.ndarray, left_out: np.ndarray) -> Fold:
    own = preparation().fit(values[fitted])
    others = values[left_out]
    return Fold(fitted, left_out, own.transform(values[fitted]), own.transform(others), pca_distances(own, others))


def scores(
    candidate: Candidate,
    parameters: Mapping[str, Any],
    folds: Sequence[Fold],
    status: np.ndarray,
    seed: int,
    members: int,
    jobs: int = 1,
) -> np.ndarray:
    """Raw probability of each patient by classifiers that were fitted without that patient, mean over the repeats."""
    work = (
        delayed(_left_out)(candidate.unfitted(parameters, seed, members), fold, status[fold.fitted]) for fold in folds
    )
    return _mean_over_repeats(Parallel(n_jobs=jobs)(work), folds, len(status))


def _left_out(classifier: Any, fold: Fold, status: np.ndarray) -> np.ndarray:
    # Matrices this small are slower on several threads than on one.
    with threadpool_limits(1):
        return classifier.fit(fold.fitted_scores, status).predict_proba(fold.left_out_scores)[:, 1]


def _mean_over_repeats(parts: Sequence[np.ndarray], folds: Sequence[Fold], patients: int) -> np.ndarray:
    sums, counts = np.zeros((patients, *parts[0].shape[1:])), np.zeros(patients)
    for fold, part in zip(folds, parts, strict=True):
        sums[fold.left_out] += part
        counts[fold.left_out] += 1
    return sums / counts.reshape(-1, *[1] * (sums.ndim - 1))


def pca_distances(pipeline: Pipeline, values: np.ndarray) -> np.ndarray:
    """Hotelling's T2 and Q residual of each row, shape (n, 2)."""
    scaled = pipeline.named_steps["scale"].transform(values)
    pca = pipeline.named_steps["pca"]
    whitened = pca.transform(scaled)
    residual = scaled - pca.inverse_transform(whitened)
    return np.column_stack([np.sum(whitened**2, axis=1), np.sum(residual**2, axis=1)])


def fit_calibrator(raw: np.ndarray, status: np.ndarray) -> LogisticRegression:
    """Platt's logistic calibration on the log-odds (Platt, Advances in Large Margin Classifiers 1999).

    Where the out-of-fold predictions run against the truth, a slope below zero would turn the model around. Nothing was
    learnt then, and the calibrated probability is the prevalence for every patient.
    """
    calibrator = LogisticRegression(C=1e6).fit(log_odds(raw)[:, None], status)
    if calibrator.coef_[0, 0] < 0:
        prevalence = status.mean()
        calibrator.coef_[0, 0] = 0.0
        calibrator.intercept_[0] = np.log(prevalence / (1 - prevalence))
    return calibrator


def calibration_covariance(calibrator: LogisticRegression, raw: np.ndarray) -> np.ndarray:
    """Covariance of slope and intercept, shape (2, 2): the inverse of the Fisher information, penalty included."""
    odds = log_odds(raw)
    probability = calibrator.predict_proba(odds[:, None])[:, 1]
    terms = np.column_stack([odds, np.ones_like(odds)])
    information = (terms * (probability * (1 - probability))[:, None]).T @ terms + np.diag([1 / calibrator.C, 0.0])
    covariance = np.linalg.inv(information)
    return (covariance + covariance.T) / 2


def cross_calibrated(raw: np.ndarray, status: np.ndarray, protocol: Protocol) -> np.ndarray:
    """Out-of-fold probabilities after a calibration that was fitted without the patient, too."""
    result = np.empty_like(raw)
    for fitted, left_out in StratifiedKFold(protocol.folds, shuffle=True, random_state=protocol.seed).split(
        raw, status
    ):
        calibrator = fit_calibrator(raw[fitted], status[fitted])
        result[left_out] = calibrator.predict_proba(log_odds(raw[left_out])[:, None])[:, 1]
    return result
