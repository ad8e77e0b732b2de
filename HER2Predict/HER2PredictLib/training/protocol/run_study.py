"""The protocol on one cohort: split, learn each kind of model, doubt it, and do it again in other splits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold, learning_curve, train_test_split
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ...errors import InputError
from ...many.outcome import Progress
from .candidates import MLP, Candidate, single_mlp
from .gate import calls_all_alike, discrimination_of, reasons_to_call_it_guessing, shuffle_labels
from .learning import Learnt, folds_of, learn, pca_distances
from .protocol import TEST, TRAIN, Protocol
from .study import Components, Fit, LearningCurve, Study


def run_study(
    features: pd.DataFrame,
    status: np.ndarray,
    protocol: Protocol,
    split: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Study:
    """Carry out the protocol.

    `features` has shape (P, F); `status`, shape (P,), is 1 for HER2-positive, 0 for HER2-negative. `split`, shape (P,),
    is ``train`` or ``test`` for each patient; drawn at random, stratified by status, where it is not given.

    Raises
    ------
    InputError
        Where the threshold that was asked for calls all training patients alike.
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
    folds = folds_of(values[train], status[train], protocol)
    fits: dict[str, Fit] = {}
    learnt: dict[str, Learnt] = {}
    for candidate in protocol.candidates:
        own = learn(candidate, values[train], status[train], protocol, folds, protocol.jobs)
        learnt[candidate.key], fits[candidate.key] = own, _fit(candidate, own, values[train], values[test])
        steps.done()
    deployed, fit = learnt[MLP.key], fits[MLP.key]
    shuffles = shuffle_labels(MLP, folds, status[train], protocol, protocol.jobs)
    discrimination = discrimination_of(deployed, status[train], shuffles)
    guessing = reasons_to_call_it_guessing(deployed, fit.probability["apparent"], discrimination)
    _refuse_useless_threshold(protocol, deployed, fit, guessing)
    steps.done()
    distances = np.empty((len(status), 2))
    distances[train], distances[test] = deployed.distances, pca_distances(deployed.pipeline, values[test])
    curve = _learning_curve(fit, values[train], status[train], protocol)
    steps.done()
    return Study(
        protocol=protocol,
        features=features,
        status=status,
        train=train,
        test=test,
        fits=fits,
        pipeline=deployed.pipeline,
        calibrator=deployed.calibrator,
        threshold=deployed.threshold,
        discrimination=discrimination,
        shuffles=shuffles,
        guessing=guessing,
        components=_components(values, train, deployed.pipeline),
        curve=curve,
        hold_outs=_repeated_hold_out(values, status, protocol, steps),
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


def _fit(candidate: Candidate, learnt: Learnt, training: np.ndarray, testing: np.ndarray) -> Fit:
    score = {TRAIN: learnt.raw, TEST: learnt.score(testing), "apparent": learnt.score(training)}
    probability = {name: learnt.probability(score[name]) for name in (TEST, "apparent")}
    return Fit(
        candidate,
        learnt.parameters,
        learnt.losses,
        score,
        {TRAIN: learnt.calibrated, **probability},
        learnt.threshold,
    )


def _refuse_useless_threshold(protocol: Protocol, deployed: Learnt, fit: Fit, guessing: tuple[str, ...]) -> None:
    """A rule of the user's that calls all alike is no fault of a model that knows something."""
    alike = calls_all_alike(deployed.calibrated, deployed.threshold) or calls_all_alike(
        fit.probability["apparent"], deployed.threshold
    )
    if protocol.threshold.kind != "youden" and alike and len(guessing) == 1:
        raise InputError(
            f"With the rule {protocol.threshold} the threshold is {deployed.threshold:.2f} and calls all training "
            "patients alike; choose another rule, such as youden."
        )


def _components(values: np.ndarray, train: np.ndarray, deployed: Pipeline) -> Components:
    scaled = deployed.named_steps["scale"].transform(values)
    pca = PCA(svd_solver="full").fit(scaled[train])
    # Centring takes one dimension: the last of the components of n patients has no variance.
    explained = pca.explained_variance_ratio_[: len(train) - 1]
    return Components(explained, int(deployed.named_steps["pca"].n_components_), pca.transform(scaled)[:, :2])


def _learning_curve(fit: Fit, values: np.ndarray, status: np.ndarray, protocol: Protocol) -> LearningCurve:
    folds = RepeatedStratifiedKFold(n_splits=protocol.folds, n_repeats=protocol.repeats, random_state=protocol.seed)
    sizes, train_auc, validation_auc = learning_curve(
        single_mlp(protocol.seed, fit.parameters),
        values,
        status,
        train_sizes=np.linspace(0.3, 1.0, 6),
        cv=folds,
        scoring="roc_auc",
        shuffle=True,
        random_state=protocol.seed,
        n_jobs=protocol.jobs,
    )
    return LearningCurve(sizes, train_auc, validation_auc)


def split_seeds(protocol: Protocol) -> list[int]:
    """Seeds of the protocols of the repeated hold-out: `run_study` with one of them gives that row again."""
    return [int(seed % 2**31) for seed in np.random.SeedSequence(protocol.seed).generate_state(protocol.splits)]


def _repeated_hold_out(values: np.ndarray, status: np.ndarray, protocol: Protocol, steps: _Steps) -> pd.DataFrame:
    """Learn and measure each candidate anew in many random splits, in the same way as in the study's own."""
    work = (delayed(_hold_out)(values, status, replace(protocol, seed=seed)) for seed in split_seeds(protocol))
    rows: list[dict[str, Any]] = []
    for number, found in enumerate(Parallel(n_jobs=protocol.jobs, return_as="generator")(work)):
        rows += [{"split": number, **row} for row in found]
        steps.done()
    return pd.DataFrame(rows)


def _hold_out(values: np.ndarray, status: np.ndarray, protocol: Protocol) -> list[dict[str, Any]]:
    """Each candidate in the split of the protocol's seed."""
    with threadpool_limits(1):
        train, test = _split(status, protocol, None)
        folds = folds_of(values[train], status[train], protocol)
        rows = []
        for candidate in protocol.candidates:
            learnt = learn(candidate, values[train], status[train], protocol, folds)
            rows.append({"model": candidate.key, **_measured(learnt, values[test], status[test])})
        return rows


def _measured(learnt: Learnt, values: np.ndarray, status: np.ndarray) -> dict[str, float]:
    score = learnt.score(values)
    area = float(roc_auc_score(status, score))
    return {"auc": area, **threshold_measures(status, learnt.probability(score), learnt.threshold)}


def threshold_measures(status: np.ndarray, probability: np.ndarray, threshold: float) -> dict[str, float]:
    """Brier score, sensitivity and specificity of one split."""
    called = probability >= threshold
    return {
        "brier": float(np.mean((probability - status) ** 2)),
        "sensitivity": float(called[status == 1].mean()),
        "specificity": float(1 - called[status == 0].mean()),
    }
