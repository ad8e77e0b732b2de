"""From a fitted study to a Model: the arrays of the bundle and the card that says where they come from."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ... import __version__
from ...features import PARAMETER_FILE, VOLUME_FEATURE
from ...model.bundle_checks import FORMAT, FORMAT_VERSION
from ...model.guessing import Discrimination
from ...model.model import Model
from ...model.projection import project
from ..cohort.cohort import IHC_OUTCOME
from .interval import RULE
from .learning import calibration_covariance

INTENDED_USE = (
    "Research: the probability that a bladder tumour {outcome}, from an excretory-phase CT urography. Not for clinical "
    "decisions."
)


@dataclass(frozen=True)
class Provenance:
    """What a card tells of a model besides what was fitted.

    `cohort` holds ``description``, ``simulated``, ``patients``, ``positive``, ``train``, ``test`` and ``outcome``, see
    `Cohort`; `metrics` are JSON-able measures. `discrimination` is of the training patients, cross-validated, and None
    where it was not measured; `guessing` is why the model tells no better than guessing.
    """

    name: str
    cohort: Mapping[str, Any]
    metrics: Mapping[str, Any]
    seed: int
    discrimination: Discrimination | None = None
    guessing: tuple[str, ...] = ()
    version: str = "1.0.0"
    licence: str = "CC-BY-4.0"


def build_model(
    pipeline: Pipeline,
    calibrator: LogisticRegression,
    raw: np.ndarray,
    distances: np.ndarray,
    threshold: float,
    training: pd.DataFrame,
    status: np.ndarray,
    provenance: Provenance,
) -> Model:
    """A Model of a fitted pipeline.

    `pipeline` is that of an `MLP`; `calibrator` works on the log-odds of its probability, and was fitted to the `raw`
    scores, shape (patients,). From the probability `threshold` on the call is HER2-positive. `training`, shape
    (patients, features), are the training patients, whose first two components the panel shows, and `status`, shape
    (patients,), their HER2 status; `distances`, shape (patients, 2), are Hotelling's T2 and Q residual of each when
    left out, in the same order.
    """
    arrays = _fitted_arrays(pipeline, calibrator)
    arrays |= {"calibration_covariance": calibration_covariance(calibrator, raw)}
    arrays |= {"train_t2": distances[:, 0], "train_q": distances[:, 1]}
    arrays |= _usual_contributions(arrays, training)
    if VOLUME_FEATURE in training and (training[VOLUME_FEATURE] > 0).all():
        arrays |= {"train_volume_ml": np.sort(training[VOLUME_FEATURE].to_numpy(np.float64)) / 1000.0}
    if len(arrays["components"]) > 1:
        scores = pipeline[:-1].transform(training.to_numpy()) * np.sqrt(arrays["variance"])  # no longer whitened
        arrays |= {"train_scores": scores[:, :2], "train_status": status.astype(np.float64)}
    ensemble = pipeline.named_steps["classifier"]
    card = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": provenance.name,
        "version": provenance.version,
        "created": datetime.date.today().isoformat(),
        "intended_use": INTENDED_USE.format(outcome=provenance.cohort.get("outcome", IHC_OUTCOME)),
        "licence": provenance.licence,
        "training_cohort": dict(provenance.cohort),
        "features": {"names": list(training.columns), "settings": PARAMETER_FILE.read_text(encoding="utf-8")},
        "activation": ensemble.estimators_[0].activation,
        "threshold": threshold,
        "interval": RULE.to_dict(),
        "guessing": list(provenance.guessing),
        "discrimination": None if provenance.discrimination is None else provenance.discrimination.to_dict(),
        "metrics": dict(provenance.metrics),
        "seed": provenance.seed,
        "software": {
            "HER2Predict": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }
    return Model(card, arrays)


def _usual_contributions(arrays: Mapping[str, np.ndarray], training: pd.DataFrame) -> dict[str, np.ndarray]:
    """What each feature contributes to Q of a training patient, on average, as ``usual_q``.

    Fitted patients lie nearer than those left out, so the contributions are scaled to sum to the mean distance of the
    latter. What they contribute to T2 follows from the components, see `explain.usual_contributions`.
    """
    usual = (project(training.to_numpy(np.float64), arrays).residual ** 2).mean(axis=0)
    return {"usual_q": usual * (arrays["train_q"].mean() / usual.sum())}


def _fitted_arrays(pipeline: Pipeline, calibrator: LogisticRegression) -> dict[str, np.ndarray]:
    """What a prediction takes; the whitening goes into the first layer's weights."""
    scaler, pca, ensemble = (pipeline.named_steps[step] for step in ("scale", "pca", "classifier"))
    arrays = {
        "mean": scaler.mean_,
        "scale": scaler.scale_,
        "pca_mean": pca.mean_,
        "components": pca.components_,
        "variance": pca.explained_variance_,
        "calibration": np.array([calibrator.coef_[0, 0], calibrator.intercept_[0]]),
    }
    for layer in range(len(ensemble.estimators_[0].coefs_)):
        arrays[f"weights_{layer}"] = np.stack([member.coefs_[layer] for member in ensemble.estimators_])
        arrays[f"bias_{layer}"] = np.stack([member.intercepts_[layer] for member in ensemble.estimators_])
    arrays["weights_0"] = arrays["weights_0"] / np.sqrt(pca.explained_variance_)[None, :, None]
    return arrays
