"""The protocol on one cohort: split, learn each kind of model, doubt it, do it again in other splits; what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold, learning_curve, train_test_split
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ...errors import InputError
from ...many.processes import Progress
from ...model.guessing import Discrimination
from .gate import Shuffles, calls_all_alike, discrimination_of, reasons_to_call_it_guessing, shuffle_labels
from .learning import Learnt, folds_of, learn, pca_distances
from .protocol import MLP, TEST, TRAIN, Candidate, Protocol, single_mlp
from .threshold import sensitivity_and_specificity


@dataclass(frozen=True, eq=False)
class Fit:
    """One kind of model, fitted to the training patients; see `Learnt`.

    `score` is before calibration, for what ranks patients. ``train``: each training patient by models that were fitted
    without that patient, mean over the repeats; ``test``: the test patients; ``apparent``: training patients by the
    model that was fitted to them. `probability` is after calibration, for what reads them as probabilities; of
    ``train`` by one fitted without the patient, too.
    """

    candidate: Candidate
    parameters: Mapping[str, Any]
    losses: np.ndarray
    score: Mapping[str, np.ndarray]
    probability: Mapping[str, np.ndarray]
    threshold: float


@dataclass(frozen=True, eq=False)
class Components:
    """The principal components of the training patients, of which the models use the first `kept`.

    `explained`, shape (all components,), is the share of the variance of each; `scores`, shape (patients, 2), are the
    coordinates of every patient, test patients too, on the first two.
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

    `pipeline`, `calibrator`, `threshold`, `discrimination` (in the training patients, out of fold) and `guessing` are
    those of the deployed model, see `Learnt`.

    Attributes
    ----------
    features : DataFrame, shape (P, F)
        Of all patients, as is `status`, shape (P,); `train` and `test` are the rows of either set.
    fits : dict of str to Fit
        By the candidate's key; ``mlp`` is the deployed one.
    guessing : tuple of str
        Why the deployed model tells no better than guessing; empty where it does better.
    hold_outs : DataFrame
        The same procedure in other random splits, one row for each split and candidate: ``split``, ``model``, and of
        the test patients ``auc``, ``brier``, ``sensitivity``, ``specificity``.
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
    discrimination: Discrimination
    shuffles: Shuffles
    guessing: tuple[str, ...]
    components: Components
    curve: LearningCurve
    hold_outs: pd.DataFrame
    distances: pd.DataFrame
    labels: Mapping[str, str] = field(default_factory=lambda: {TRAIN: "training set", TEST: "test set"})

    def status_of(self, name: str) -> np.ndarray:
        return self.status[self.train if name == TRAIN else self.test]

    @property
    def spread(self) -> pd.DataFrame:
        """Test AUC of each candidate in each random split, shape (splits, candidates)."""
        table = self.hold_outs.pivot(index="split", columns="model", values="auc")
        return table[list(self.fits)].rename_axis(index=None, columns=None)


def run_study(
    features: pd.DataFrame,
    status: np.ndarray,
    protocol: Protocol,
    split: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Study:
    """Carry out the protocol.

    `features` has shape (P, F); `status`, shape (P,), is 1 for HER2-positive, 0 for HER2-negative. `split`, shape (P,),
    is ``train`` or ``test``; drawn at random, stratified by status, where it is not given.

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
    probability = {TRAIN: learnt.calibrated, **{name: learnt.probability(score[name]) for name in (TEST, "apparent")}}
    return Fit(candidate, learnt.parameters, learnt.losses, score, probability, learnt.threshold)


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
            score = learnt.score(values[test])
            area = float(roc_auc_score(status[test], score))
            others = threshold_measures(status[test], learnt.probability(score), learnt.threshold)
            rows.append({"model": candidate.key, "auc": area, **others})
        return rows


def threshold_measures(status: np.ndarray, probability: np.ndarray, threshold: float) -> dict[str, float]:
    """Brier score, sensitivity and specificity of one split."""
    sensitivity, specificity = sensitivity_and_specificity(status, probability, threshold).tolist()
    brier = float(np.mean((probability - status) ** 2))
    return {"brier": brier, "sensitivity": sensitivity, "specificity": specificity}
