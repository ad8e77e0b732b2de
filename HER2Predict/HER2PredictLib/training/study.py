"""The study's protocol on one cohort: split, choose, fit, calibrate and measure; and what came out of every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    learning_curve,
    train_test_split,
)
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ..model import log_odds
from .candidates import CANDIDATES, MEMBERS, MLP, Candidate, bagged_mlp
from .operating_point import youden_threshold

Progress = Callable[[int, int], None]

#: Sets of patients, as they are named in tables and figures.
TRAIN, TEST = "train", "test"


@dataclass(frozen=True)
class Protocol:
    """How a model is learnt and measured.

    Attributes
    ----------
    seed : int
        Of the split, the folds, the ensemble and the bootstrap.
    test_share : float
        Share of the patients that are held out; the study's 3/10.
    folds, repeats : int
        Of the repeated stratified cross-validation that chooses hyper-parameters and gives out-of-fold predictions.
    splits : int
        Random splits of the nested cross-validation.
    members : int
        MLPs in the deployed ensemble.
    jobs : int
        Processes; -1 for all cores.
    candidates : tuple of Candidate
        The models to compare, the MLP among them.
    """

    seed: int = 2024
    test_share: float = 0.3
    folds: int = 5
    repeats: int = 4
    splits: int = 40
    members: int = MEMBERS
    jobs: int = -1
    candidates: tuple[Candidate, ...] = CANDIDATES

    def settings(self) -> dict[str, float]:
        """What decides the numbers, for reports: not the number of processes, and the candidates elsewhere."""
        return {name: value for name, value in vars(self).items() if name not in ("jobs", "candidates")}


@dataclass(frozen=True, eq=False)
class Fit:
    """One kind of model, fitted to the training patients.

    Attributes
    ----------
    candidate : Candidate
    parameters : dict
        Hyper-parameters that cross-validation chose.
    probability : dict of str to ndarray
        ``train``: each training patient by models that were fitted without that patient, mean over the repeats;
        ``test``: the test patients; ``apparent``: training patients by the model that was fitted to them.
    """

    candidate: Candidate
    parameters: Mapping[str, Any]
    probability: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Components:
    """The principal components of the training patients.

    Attributes
    ----------
    explained : ndarray, shape (all components,)
        Share of the variance of each component.
    kept : int
        How many the models use.
    scores : ndarray, shape (patients, 2)
        Coordinates of every patient, test patients too, on the first two.
    """

    explained: np.ndarray
    kept: int
    scores: np.ndarray


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """AUC of the MLP against the number of training patients; AUCs have shape (sizes, folds)."""

    sizes: np.ndarray
    train_auc: np.ndarray
    validation_auc: np.ndarray


@dataclass(frozen=True, eq=False)
class Study:
    """What came out of a protocol on a cohort of P patients.

    Attributes
    ----------
    features : DataFrame, shape (P, F)
    status : ndarray of int, shape (P,)
    train, test : ndarray of int
        Rows of the patients of either set.
    fits : dict of str to Fit
        By the candidate's key; ``mlp`` is the deployed, bagged and calibrated one.
    pipeline, calibrator
        The deployed model: fitted scaler, PCA and ensemble; logistic calibration on the log-odds.
    threshold : float
        Youden's, on the calibrated out-of-fold predictions of the training patients.
    components : Components
    curve : LearningCurve
    spread : DataFrame, shape (splits, candidates)
        Test AUC of each candidate in each random split of the nested cross-validation.
    distances : DataFrame, shape (P, 2)
        Hotelling's T2 and Q residual: training patients when left out, test patients by the deployed model.
    """

    protocol: Protocol
    features: pd.DataFrame
    status: np.ndarray
    train: np.ndarray
    test: np.ndarray
    fits: Mapping[str, Fit]
    pipeline: Pipeline
    calibrator: LogisticRegression
    threshold: float
    components: Components
    curve: LearningCurve
    spread: pd.DataFrame
    distances: pd.DataFrame
    labels: Mapping[str, str] = field(default_factory=lambda: {TRAIN: "training set", TEST: "test set"})

    def status_of(self, name: str) -> np.ndarray:
        """HER2 status of the patients of ``train`` or ``test``."""
        return self.status[self.train if name == TRAIN else self.test]


def run_study(
    features: pd.DataFrame,
    status: np.ndarray,
    protocol: Protocol,
    split: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Study:
    """Carry out the protocol.

    Parameters
    ----------
    features : DataFrame, shape (P, F)
    status : ndarray of int, shape (P,)
        1 HER2-positive, 0 HER2-negative.
    split : ndarray of str, shape (P,), optional
        ``train`` or ``test`` for each patient; drawn at random, stratified by status, where it is not given.
    progress : callable, optional
        Called with the steps done and their total.
    """
    # Matrices this small are slower on several threads than on one; processes share the work instead.
    with threadpool_limits(1):
        return _run(features, status, protocol, split, progress or (lambda done, total: None))


def _run(
    features: pd.DataFrame, status: np.ndarray, protocol: Protocol, split: np.ndarray | None, progress: Progress
) -> Study:
    steps = _Steps(len(protocol.candidates) + 2 + protocol.splits, progress)
    values = features.to_numpy(dtype=np.float64)
    train, test = _split(status, protocol, split)
    fits: dict[str, Fit] = {}
    for candidate in protocol.candidates:
        fits[candidate.key] = _fit(candidate, values, status, train, test, protocol)
        steps.done()
    pipeline, calibrator, fits["mlp"], distances = _deployed(fits["mlp"], values, status, train, test, protocol)
    steps.done()
    components = _components(values, train, pipeline)
    curve = _learning_curve(fits["mlp"], values[train], status[train], protocol)
    steps.done()
    spread = _spread(values, status, protocol, steps)
    return Study(
        protocol=protocol,
        features=features,
        status=status,
        train=train,
        test=test,
        fits=fits,
        pipeline=pipeline,
        calibrator=calibrator,
        threshold=float(np.clip(youden_threshold(status[train], fits["mlp"].probability[TRAIN]), 0.01, 0.99)),
        components=components,
        curve=curve,
        spread=spread,
        distances=pd.DataFrame(distances, index=features.index, columns=["hotelling_t2", "q_residual"]),
    )


class _Steps:
    """Counts the steps of a protocol for the progress bar."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._done, self._total, self._progress = 0, total, progress
        progress(0, total)

    def done(self) -> None:
        self._done += 1
        self._progress(min(self._done, self._total), self._total)


def _split(status: np.ndarray, protocol: Protocol, split: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    if split is not None:
        return np.flatnonzero(split == TRAIN), np.flatnonzero(split == TEST)
    rows = np.arange(len(status))
    train, test = train_test_split(rows, test_size=protocol.test_share, stratify=status, random_state=protocol.seed)
    return np.sort(train), np.sort(test)


def _folds(protocol: Protocol, repeats: int) -> RepeatedStratifiedKFold:
    return RepeatedStratifiedKFold(n_splits=protocol.folds, n_repeats=repeats, random_state=protocol.seed)


def _choose(
    candidate: Candidate, values: np.ndarray, status: np.ndarray, protocol: Protocol, repeats: int, jobs: int
) -> GridSearchCV:
    """The candidate with the hyper-parameters of the best cross-validated AUC, fitted to all the values."""
    grid = {f"classifier__{name}": options for name, options in candidate.grid.items()}
    folds = _folds(protocol, repeats)
    search = GridSearchCV(candidate.pipeline(protocol.seed), grid, scoring="roc_auc", cv=folds, n_jobs=jobs)
    return search.fit(values, status)


def _fit(
    candidate: Candidate,
    values: np.ndarray,
    status: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    protocol: Protocol,
) -> Fit:
    search = _choose(candidate, values[train], status[train], protocol, protocol.repeats, protocol.jobs)
    left_out, _ = out_of_fold(search.best_estimator_, values[train], status[train], protocol)
    probability = {
        TRAIN: left_out,
        TEST: search.predict_proba(values[test])[:, 1],
        "apparent": search.predict_proba(values[train])[:, 1],
    }
    return Fit(candidate, _parameters(search.best_params_), probability)


def _parameters(best: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("classifier__"): value for name, value in best.items()}


def out_of_fold(
    pipeline: Pipeline, values: np.ndarray, status: np.ndarray, protocol: Protocol
) -> tuple[np.ndarray, np.ndarray]:
    """Probability (n,) and (T2, Q) distances (n, 2) of each patient by pipelines fitted without that patient.

    Means over the repeats; scaler and PCA are fitted anew within every fold.
    """
    folds = list(_folds(protocol, protocol.repeats).split(values, status))
    parts = Parallel(n_jobs=protocol.jobs)(
        delayed(_left_out)(clone(pipeline), values[fitted], status[fitted], values[left_out])
        for fitted, left_out in folds
    )
    sums = np.zeros((len(status), 3))
    for (_, left_out), part in zip(folds, parts, strict=True):
        sums[left_out] += part
    means = sums / protocol.repeats
    return means[:, 0], means[:, 1:]


def _left_out(pipeline: Pipeline, fitted: np.ndarray, status: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    with threadpool_limits(1):
        pipeline.fit(fitted, status)
        return np.column_stack([pipeline.predict_proba(left_out)[:, 1], pca_distances(pipeline, left_out)])


def pca_distances(pipeline: Pipeline, values: np.ndarray) -> np.ndarray:
    """Hotelling's T2 and Q residual of each row, shape (n, 2)."""
    scaled = pipeline.named_steps["scale"].transform(values)
    pca = pipeline.named_steps["pca"]
    whitened = pca.transform(scaled)
    residual = scaled - pca.inverse_transform(whitened)
    return np.column_stack([np.sum(whitened**2, axis=1), np.sum(residual**2, axis=1)])


def _deployed(
    chosen: Fit,
    values: np.ndarray,
    status: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    protocol: Protocol,
) -> tuple[Pipeline, LogisticRegression, Fit, np.ndarray]:
    """The bagged MLP with the chosen hyper-parameters, its calibrator, its predictions and all distances."""
    unfitted = bagged_mlp(protocol.seed, chosen.parameters, protocol.members)
    raw, left_out_distances = out_of_fold(unfitted, values[train], status[train], protocol)
    calibrator = fit_calibrator(raw, status[train])
    pipeline = unfitted.fit(values[train], status[train])

    def calibrated(probability: np.ndarray) -> np.ndarray:
        return calibrator.predict_proba(log_odds(probability)[:, None])[:, 1]

    probability = {
        TRAIN: cross_calibrated(raw, status[train], protocol),
        TEST: calibrated(pipeline.predict_proba(values[test])[:, 1]),
        "apparent": calibrated(pipeline.predict_proba(values[train])[:, 1]),
    }
    distances = np.empty((len(status), 2))
    distances[train], distances[test] = left_out_distances, pca_distances(pipeline, values[test])
    return pipeline, calibrator, Fit(chosen.candidate, chosen.parameters, probability), distances


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


def cross_calibrated(raw: np.ndarray, status: np.ndarray, protocol: Protocol) -> np.ndarray:
    """Out-of-fold probabilities after a calibration that was fitted without the patient, too."""
    result = np.empty_like(raw)
    for fitted, left_out in StratifiedKFold(protocol.folds, shuffle=True, random_state=protocol.seed).split(
        raw, status
    ):
        calibrator = fit_calibrator(raw[fitted], status[fitted])
        result[left_out] = calibrator.predict_proba(log_odds(raw[left_out])[:, None])[:, 1]
    return result


def _components(values: np.ndarray, train: np.ndarray, deployed: Pipeline) -> Components:
    scaled = deployed.named_steps["scale"].transform(values)
    pca = PCA(svd_solver="full").fit(scaled[train])
    # Centring takes one dimension: the last of the components of n patients has no variance.
    explained = pca.explained_variance_ratio_[: len(train) - 1]
    return Components(explained, int(deployed.named_steps["pca"].n_components_), pca.transform(scaled)[:, :2])


def _learning_curve(fit: Fit, values: np.ndarray, status: np.ndarray, protocol: Protocol) -> LearningCurve:
    sizes, train_auc, validation_auc = learning_curve(
        fit.candidate.pipeline(protocol.seed, fit.parameters),
        values,
        status,
        train_sizes=np.linspace(0.3, 1.0, 6),
        cv=_folds(protocol, protocol.repeats),
        scoring="roc_auc",
        shuffle=True,
        random_state=protocol.seed,
        n_jobs=protocol.jobs,
    )
    return LearningCurve(sizes, train_auc, validation_auc)


def _spread(values: np.ndarray, status: np.ndarray, protocol: Protocol, steps: _Steps) -> pd.DataFrame:
    """Nested cross-validation: everything is chosen and fitted anew within each of many random splits."""
    seeds = np.random.SeedSequence(protocol.seed).generate_state(protocol.splits)
    work = (delayed(_nested_split)(values, status, protocol, int(seed % 2**31)) for seed in seeds)
    rows = []
    for row in Parallel(n_jobs=protocol.jobs, return_as="generator")(work):
        rows.append(row)
        steps.done()
    return pd.DataFrame(rows, columns=[candidate.key for candidate in protocol.candidates])


def _nested_split(values: np.ndarray, status: np.ndarray, protocol: Protocol, seed: int) -> list[float]:
    """Test AUC of each candidate in one random split, hyper-parameters chosen within its training patients."""
    with threadpool_limits(1):
        rows = np.arange(len(status))
        train, test = train_test_split(rows, test_size=protocol.test_share, stratify=status, random_state=seed)
        aucs = []
        for candidate in protocol.candidates:
            search = _choose(candidate, values[train], status[train], protocol, repeats=1, jobs=1)
            model = search.best_estimator_
            if candidate is MLP:
                parameters = _parameters(search.best_params_)
                model = bagged_mlp(seed, parameters, protocol.members).fit(values[train], status[train])
            aucs.append(float(roc_auc_score(status[test], model.predict_proba(values[test])[:, 1])))
        return aucs
