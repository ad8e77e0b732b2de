"""A small model fitted with scikit-learn on made-up features, shared by the tests."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

MEMBERS = 8
PARAMETERS = {"hidden_layer_sizes": (6,), "alpha": 1.0}
COHORT = {
    "description": "made-up numbers",
    "simulated": True,
    "patients": 60,
    "positive": 30,
    "train": 60,
    "test": 0,
}


def made_up_cohort(
    names: tuple[str, ...], patients: int = 60, seed: int = 0, effect: float = 2.0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Correlated features, of which the first five tell the status in part."""
    random = np.random.default_rng(seed)
    status = np.arange(patients) % 2
    values = random.normal(size=(patients, 12)) @ random.normal(size=(12, len(names)))
    values[:, :5] += effect * status[:, None]
    values = values * random.uniform(0.1, 1000, len(names)) + random.uniform(-5000, 5000, len(names))
    return pd.DataFrame(values, columns=list(names)), status


def made_up_pipeline(names: tuple[str, ...], seed: int = 0) -> tuple[Any, Any]:
    """Pipeline of eight members and calibrator, fitted to `made_up_cohort`."""
    from sklearn.linear_model import LogisticRegression

    from HER2PredictLib.model.network import log_odds
    from HER2PredictLib.training.protocol.protocol import MLP, prepared

    table, status = made_up_cohort(names, seed=seed)
    pipeline = prepared(MLP.unfitted(PARAMETERS, seed, MEMBERS)).fit(table.to_numpy(), status)
    raw = pipeline.predict_proba(table.to_numpy())[:, 1]
    return pipeline, LogisticRegression().fit(log_odds(raw)[:, None], status)


@lru_cache(maxsize=4)
def made_up_model(names: tuple[str, ...], seed: int = 0) -> Any:
    """A Model of `made_up_pipeline`."""
    from HER2PredictLib.training.protocol.build import Provenance, build_model
    from HER2PredictLib.training.protocol.learning import pca_distances

    table, status = made_up_cohort(names, seed=seed)
    pipeline, calibrator = made_up_pipeline(names, seed)
    distances = pca_distances(pipeline, table.to_numpy())
    raw = pipeline.predict_proba(table.to_numpy())[:, 1]
    provenance = Provenance("Made-up model", COHORT, {}, seed)
    return build_model(pipeline, calibrator, raw, distances, 0.5, table, status, provenance)
