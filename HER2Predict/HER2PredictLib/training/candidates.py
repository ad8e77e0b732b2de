"""The three models of the study, as pipelines with the hyper-parameters that cross-validation chooses from."""

from __future__ import annotations

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

#: Share of the variance that the principal components keep; the study reports 90.964 %.
EXPLAINED_VARIANCE = 0.90

#: Members of the deployed ensemble: enough to know the standard deviation of their log-odds within a tenth.
MEMBERS = 50


@dataclass(frozen=True)
class Candidate:
    """One kind of model.

    Attributes
    ----------
    key, label : str
        For programs and for people.
    classifier : callable
        Makes the unfitted classifier from a seed.
    grid : mapping
        Hyper-parameters of the classifier to choose from.
    """

    key: str
    label: str
    classifier: Callable[[int], BaseEstimator]
    grid: Mapping[str, Sequence[Any]]

    def pipeline(self, seed: int, parameters: Mapping[str, Any] | None = None) -> Pipeline:
        """Unfitted z-score, PCA and classifier. Scores are whitened, so that a penalty treats components alike."""
        return _pipeline(self.classifier(seed).set_params(**(parameters or {})))


def bagged_mlp(seed: int, parameters: Mapping[str, Any], members: int = MEMBERS) -> Pipeline:
    """The deployed model: an ensemble of MLPs, each fitted to a bootstrap sample (Breiman, Mach Learn 1996, 24:123)."""
    member = MLP.classifier(seed).set_params(**parameters, random_state=None)
    return _pipeline(BaggingClassifier(member, n_estimators=members, random_state=seed))


def _pipeline(classifier: BaseEstimator) -> Pipeline:
    return Pipeline(
        [
            ("scale", StandardScaler()),
            ("pca", PCA(n_components=EXPLAINED_VARIANCE, svd_solver="full", whiten=True)),
            ("classifier", classifier),
        ]
    )


#: Some 70 patients must not be asked to settle hundreds of weights: layers are small and penalties strong.
MLP = Candidate(
    "mlp",
    "MLP",
    lambda seed: MLPClassifier(activation="tanh", solver="lbfgs", max_iter=500, random_state=seed),
    {"hidden_layer_sizes": [(4,), (16,)], "alpha": [1.0, 3.0, 10.0, 30.0]},
)
RANDOM_FOREST = Candidate(
    "rf",
    "Random forest",
    lambda seed: RandomForestClassifier(n_estimators=100, max_features="sqrt", random_state=seed),
    {"min_samples_leaf": [2, 5, 10]},
)
LOGISTIC_REGRESSION = Candidate(
    "lr",
    "Logistic regression",
    lambda seed: LogisticRegression(max_iter=2000, random_state=seed),
    {"C": [0.001, 0.01, 0.1, 1.0]},
)

CANDIDATES = (MLP, RANDOM_FOREST, LOGISTIC_REGRESSION)
