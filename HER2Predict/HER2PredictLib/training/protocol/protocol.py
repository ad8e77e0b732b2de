"""How a model is learnt and measured: the kinds of model, and every number that decides what comes out of a cohort."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from .threshold import YOUDEN, ThresholdRule

#: Sets of patients, as they are named in tables and figures.
TRAIN, TEST = "train", "test"

#: Share of the variance that the principal components keep; the study reports 90.964 %.
EXPLAINED_VARIANCE = 0.90

#: Members of the deployed ensemble: enough to know the standard deviation of their log-odds within a tenth.
MEMBERS = 50


@dataclass(frozen=True)
class Candidate:
    """One kind of model. Compare keys: in another process a candidate is a copy of itself.

    `unfitted` makes the classifier of principal components from hyper-parameters, seed and number of members. `grid`
    has the hyper-parameters to choose from, each from the simplest model to the most complex; `bagged` models depend on
    the number of members.
    """

    key: str
    label: str
    unfitted: Callable[[Mapping[str, Any], int, int], BaseEstimator]
    grid: Mapping[str, Sequence[Any]]
    bagged: bool = False

    def options(self) -> list[dict[str, Any]]:
        """Every combination of hyper-parameters, the simplest first."""
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]


def preparation() -> Pipeline:
    """Unfitted z-score and PCA. Scores are whitened, so that a penalty treats components alike."""
    pca = PCA(n_components=EXPLAINED_VARIANCE, svd_solver="full", whiten=True)
    return Pipeline([("scale", StandardScaler()), ("pca", pca)])


def prepared(classifier: BaseEstimator) -> Pipeline:
    """Unfitted preparation and classifier."""
    return Pipeline([*preparation().steps, ("classifier", classifier)])


def single_mlp(seed: int, parameters: Mapping[str, Any]) -> Pipeline:
    """One MLP of those in the deployed ensemble, unfitted."""
    return prepared(_mlp(parameters).set_params(random_state=seed))


def _mlp(parameters: Mapping[str, Any]) -> MLPClassifier:
    return MLPClassifier(activation="tanh", solver="lbfgs", max_iter=500, **parameters)


#: Some 70 patients must not be asked to settle hundreds of weights: the layer is small and penalties are strong. Under
#: stronger ones the weights of two layers in a row collapse to zero all at once. Already at 10, the ensemble of 67
#: patients is less shy than those of its folds, and the calibration that fits these makes it too sure (test
#: calibration slope 0.76 against 0.84 at 3, in the 600 test patients of 20 simulated cohorts). Each member of the
#: ensemble is fitted to a bootstrap sample (Breiman, Mach Learn 1996, 24:123).
MLP = Candidate(
    "mlp",
    "MLP",
    lambda parameters, seed, members: BaggingClassifier(_mlp(parameters), n_estimators=members, random_state=seed),
    {"hidden_layer_sizes": [(4,)], "alpha": [3.0, 1.0, 0.3]},
    bagged=True,
)
RANDOM_FOREST = Candidate(
    "rf",
    "Random forest",
    lambda parameters, seed, members: RandomForestClassifier(
        n_estimators=100, max_features="sqrt", random_state=seed, **parameters
    ),
    {"min_samples_leaf": [10, 5, 2]},
)
LOGISTIC_REGRESSION = Candidate(
    "lr",
    "Logistic regression",
    lambda parameters, seed, members: LogisticRegression(max_iter=2000, **parameters),
    {"C": [0.001, 0.01, 0.1, 1.0]},
)

CANDIDATES = (MLP, RANDOM_FOREST, LOGISTIC_REGRESSION)


@dataclass(frozen=True)
class Protocol:
    """How a model is learnt and measured.

    `seed` is of the split, the folds, the ensemble and the bootstrap; `test_share` is the study's 3/10. `folds` and
    `repeats` are of the cross-validation that chooses hyper-parameters and gives out-of-fold predictions, `splits` of
    the repeated hold-out, `shuffles` of the permutation test. The deployed ensemble has `members` MLPs; those that
    hyper-parameters are chosen with, and those of the permutation test, have `choosing_members`. `jobs` are processes,
    -1 for all cores. The MLP is among the candidates.
    """

    seed: int = 2024
    test_share: float = 0.3
    folds: int = 5
    repeats: int = 2
    splits: int = 40
    shuffles: int = 200
    members: int = MEMBERS
    choosing_members: int = 5
    threshold: ThresholdRule = YOUDEN
    jobs: int = -1
    candidates: tuple[Candidate, ...] = CANDIDATES

    def settings(self) -> dict[str, float | str]:
        """What decides the numbers, for reports: not the number of processes, and the candidates elsewhere."""
        numbers = {name: value for name, value in vars(self).items() if name not in ("jobs", "candidates")}
        return {**numbers, "threshold": str(self.threshold)}
