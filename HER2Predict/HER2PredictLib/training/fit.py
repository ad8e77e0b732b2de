"""Fit the model: z-score, PCA, a bagged MLP, calibration on out-of-fold predictions; out comes a Model."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from .. import __version__
from ..features import PARAMETER_FILE
from ..model import FORMAT, FORMAT_VERSION, Model, log_odds

#: Share of the variance that the principal components keep; the study reports 90.964 %.
EXPLAINED_VARIANCE = 0.90
#: Share of the patients that are held out; the study's 3/10.
TEST_SHARE = 0.3
#: Members of the bagged ensemble: enough that its 2.5 % quantile lies between members, not beyond them.
MEMBERS = 50
HIDDEN_UNITS = 16
#: L2 penalty of each MLP: strong, since there are some 70 patients for some 250 weights.
PENALTY = 3.0
FOLDS = 5
INTERVAL_LEVEL = 0.95


def build_pipeline(seed: int, members: int = MEMBERS) -> Pipeline:
    """The unfitted pipeline. PCA scores are whitened, so that the penalty treats every component alike."""
    member = MLPClassifier(
        hidden_layer_sizes=(HIDDEN_UNITS,), activation="tanh", solver="lbfgs", alpha=PENALTY, max_iter=500
    )
    return Pipeline(
        [
            ("scale", StandardScaler()),
            ("pca", PCA(n_components=EXPLAINED_VARIANCE, svd_solver="full", whiten=True)),
            ("mlp", BaggingClassifier(member, n_estimators=members, random_state=seed)),
        ]
    )


def fit_model(
    features: pd.DataFrame,
    status: np.ndarray,
    seed: int,
    cohort: Mapping[str, Any],
    name: str,
    members: int = MEMBERS,
) -> Model:
    """Split; fit on the training patients alone, calibrate on their out-of-fold predictions; measure on the others.

    Parameters
    ----------
    features : DataFrame, shape (patients, features)
    status : ndarray of int, shape (patients,)
        1 HER2-positive, 0 HER2-negative.
    seed : int
        Of the split, the folds and the ensemble.
    cohort : mapping
        ``description`` and ``simulated``, for the model's card.
    name : str
        Of the model.
    members : int
        MLPs in the ensemble.
    """
    # Matrices this small are slower on several threads than on one.
    with threadpool_limits(1):
        return _fit_model(features, status, seed, cohort, name, members)


def _fit_model(
    features: pd.DataFrame, status: np.ndarray, seed: int, cohort: Mapping[str, Any], name: str, members: int
) -> Model:
    values = features.to_numpy(dtype=np.float64)
    train, test = train_test_split(np.arange(len(status)), test_size=TEST_SHARE, stratify=status, random_state=seed)
    raw, distances = _out_of_fold(values[train], status[train], seed, members)
    calibrator = LogisticRegression(C=1e6).fit(log_odds(raw)[:, None], status[train])
    calibrated = calibrator.predict_proba(log_odds(raw)[:, None])[:, 1]
    pipeline = build_pipeline(seed, members).fit(values[train], status[train])
    arrays = bundle_arrays(pipeline, calibrator)
    arrays |= {"train_t2": np.sort(distances[:, 0]), "train_q": np.sort(distances[:, 1])}
    tested = calibrator.predict_proba(log_odds(pipeline.predict_proba(values[test])[:, 1])[:, None])[:, 1]
    metrics = {
        "cross_validated_auc": float(roc_auc_score(status[train], calibrated)),
        "test_auc": float(roc_auc_score(status[test], tested)),
    }
    threshold = _youden_threshold(status[train], calibrated)
    counts = {"patients": len(status), "positive": int(status.sum()), "train": len(train), "test": len(test)}
    card = _card(list(features.columns), threshold, metrics, {**cohort, **counts}, name, seed, members)
    return Model(card, arrays)


def bundle_arrays(pipeline: Pipeline, calibrator: LogisticRegression) -> dict[str, np.ndarray]:
    """The arrays of a bundle from a fitted pipeline; the whitening goes into the first layer's weights."""
    scaler, pca, bag = pipeline.named_steps["scale"], pipeline.named_steps["pca"], pipeline.named_steps["mlp"]
    arrays = {
        "mean": scaler.mean_,
        "scale": scaler.scale_,
        "pca_mean": pca.mean_,
        "components": pca.components_,
        "variance": pca.explained_variance_,
        "calibration": np.array([calibrator.coef_[0, 0], calibrator.intercept_[0]]),
    }
    for layer in range(len(bag.estimators_[0].coefs_)):
        arrays[f"weights_{layer}"] = np.stack([member.coefs_[layer] for member in bag.estimators_])
        arrays[f"bias_{layer}"] = np.stack([member.intercepts_[layer] for member in bag.estimators_])
    arrays["weights_0"] = arrays["weights_0"] / np.sqrt(pca.explained_variance_)[None, :, None]
    return arrays


def _out_of_fold(values: np.ndarray, status: np.ndarray, seed: int, members: int) -> tuple[np.ndarray, np.ndarray]:
    """Probability, shape (n,), and (Hotelling's T2, Q residual), shape (n, 2), of each patient when left out."""
    raw, distances = np.empty(len(status)), np.empty((len(status), 2))
    for fitted, left_out in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(values, status):
        pipeline = build_pipeline(seed, members).fit(values[fitted], status[fitted])
        raw[left_out] = pipeline.predict_proba(values[left_out])[:, 1]
        scaled = pipeline.named_steps["scale"].transform(values[left_out])
        pca = pipeline.named_steps["pca"]
        whitened = pca.transform(scaled)
        distances[left_out, 0] = np.sum(whitened**2, axis=1)
        distances[left_out, 1] = np.sum((scaled - pca.inverse_transform(whitened)) ** 2, axis=1)
    return raw, distances


def _youden_threshold(status: np.ndarray, probability: np.ndarray) -> float:
    """Threshold with the largest sensitivity + specificity (Youden, Cancer 1950, 3:32-35)."""
    false_positive, true_positive, thresholds = roc_curve(status, probability)
    best = int(np.argmax(true_positive - false_positive))
    return float(np.clip(thresholds[best], 0.01, 0.99))


def _card(
    names: list[str],
    threshold: float,
    metrics: Mapping[str, float],
    cohort: Mapping[str, Any],
    name: str,
    seed: int,
    members: int,
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": name,
        "version": "1.0.0",
        "created": datetime.date.today().isoformat(),
        "intended_use": "Research: the probability that a bladder tumour over-expresses HER2 (IHC 2+ or 3+), from an "
        "excretory-phase CT urography. Not for clinical decisions.",
        "licence": "CC-BY-4.0",
        "training_cohort": dict(cohort),
        "features": {"names": names, "settings": PARAMETER_FILE.read_text(encoding="utf-8")},
        "activation": "tanh",
        "threshold": threshold,
        "interval": {"level": INTERVAL_LEVEL, "method": f"quantiles of {members} bagged members"},
        "metrics": dict(metrics),
        "seed": seed,
        "software": {
            "HER2Predict": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }
