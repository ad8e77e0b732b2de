"""Has a model learnt anything? Its own cross-validated AUC, the same on shuffled labels, and the reasons to say no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from ...model.guessing import Discrimination
from ..statistics.discrimination import cross_validated_interval
from ..statistics.estimate import CONFIDENCE
from .learning import Fold, Learnt, cross_calibrated, log_losses, scores, simplest_of_the_best
from .protocol import Candidate, Protocol

#: Of the permutation test.
SIGNIFICANCE = 0.05
#: Predictions are all but the same where the central 95 % of them lie within this.
_LEAST_RANGE = 0.05
#: Shuffles that a process takes at a time.
_BATCH = 5


@dataclass(frozen=True, eq=False)
class Shuffles:
    """A permutation test of the whole learning (test 1 of Ojala & Garriga, J Mach Learn Res 2010, 11:1833-1863).

    `auc` is cross-validated, of the true HER2 status: one repeat of the folds, small ensembles. `shuffled`, shape
    (shuffles,), is the same of each shuffle.
    """

    auc: float
    shuffled: np.ndarray

    @property
    def p_value(self) -> float:
        """(1 + shuffles that do as well) / (1 + shuffles) (Phipson & Smyth, Stat Appl Genet Mol Biol 2010, 9:39)."""
        return float((1 + np.sum(self.shuffled >= self.auc - 1e-12)) / (1 + len(self.shuffled)))


def shuffle_labels(
    candidate: Candidate, folds: Sequence[Fold], status: np.ndarray, protocol: Protocol, jobs: int = 1
) -> Shuffles:
    """Learn from shuffled HER2 status: hyper-parameters are chosen, classifiers fitted and patients ranked anew.

    What does not depend on the status, shape (patients,), is shared: the first repeat of the `folds` that
    `learning.folds_of` makes, with their scalers and principal components. The status is shuffled within each fold, so
    that every fold keeps its share of positive patients as stratified folds do; given the folds, each of these orders
    is as likely as the true one where features tell nothing. Ensembles are those that hyper-parameters are chosen with,
    for the true status as well.
    """
    once = folds[: protocol.folds]
    seeds = np.random.SeedSequence(protocol.seed).spawn(protocol.shuffles)
    orders = [status, *(_shuffled(status, once, np.random.default_rng(seed)) for seed in seeds)]
    batches = [orders[first : first + _BATCH] for first in range(0, len(orders), _BATCH)]
    areas = Parallel(n_jobs=jobs)(delayed(_areas)(candidate, once, batch, protocol) for batch in batches)
    first, *others = [area for part in areas for area in part]
    return Shuffles(first, np.array(others))


def _shuffled(status: np.ndarray, folds: Sequence[Fold], random: np.random.Generator) -> np.ndarray:
    order = status.copy()
    for fold in folds:
        order[fold.left_out] = random.permutation(status[fold.left_out])
    return order


def _areas(
    candidate: Candidate, folds: Sequence[Fold], orders: Sequence[np.ndarray], protocol: Protocol
) -> list[float]:
    with threadpool_limits(1):
        return [_area(candidate, folds, status, protocol) for status in orders]


def _area(candidate: Candidate, folds: Sequence[Fold], status: np.ndarray, protocol: Protocol) -> float:
    """AUC of the out-of-fold scores with the hyper-parameters that the same folds choose."""
    seed, members = protocol.seed, protocol.choosing_members
    tried = [scores(candidate, option, folds, status, seed, members) for option in candidate.options()]
    losses = np.stack([log_losses(status, cross_calibrated(raw, status, protocol)) for raw in tried])
    return float(roc_auc_score(status, tried[simplest_of_the_best(losses)]))


def discrimination_of(learnt: Learnt, status: np.ndarray, shuffles: Shuffles) -> Discrimination:
    """Cross-validated AUC of the deployed model with its interval, and the p-value of the shuffles."""
    area = cross_validated_interval(status, learnt.raw, shuffles.shuffled)
    return Discrimination(area.value, area.low, area.high, shuffles.p_value, len(shuffles.shuffled))


def reasons_to_call_it_guessing(
    learnt: Learnt, apparent: np.ndarray, discrimination: Discrimination
) -> tuple[str, ...]:
    """Why a model tells no better than guessing; none where it does better.

    `apparent`, shape (patients,), is the calibrated probability of the training patients by the model fitted to them.
    """
    reasons = []
    if not (discrimination.low > 0.5 or discrimination.auc == 1.0):
        reasons.append(f"its {discrimination.describe()} is not surely above 0.5, which guessing has")
    if discrimination.p_value > SIGNIFICANCE:
        reasons.append(
            f"learning from shuffled HER2 status ranks patients as well as it does (p = {discrimination.p_value:.2f})"
        )
    if not learnt.calibrator.coef_[0, 0] > 0:
        reasons.append("its out-of-fold predictions do not rise with the share of HER2-positive patients")
    if _is_nearly_constant(learnt.calibrated) or _is_nearly_constant(apparent):
        reasons.append("it predicts nearly the same for every patient")
    if calls_all_alike(learnt.calibrated, learnt.threshold) or calls_all_alike(apparent, learnt.threshold):
        reasons.append("its threshold calls every training patient alike")
    return tuple(reasons)


def _is_nearly_constant(probability: np.ndarray) -> bool:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(probability, [tail, 1 - tail])
    return bool(high - low < _LEAST_RANGE)


def calls_all_alike(probability: np.ndarray, threshold: float) -> bool:
    """Does the threshold put all patients on one side?"""
    called = probability >= threshold
    return bool(called.all() or not called.any())
