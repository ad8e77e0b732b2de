"""A small model fitted with scikit-learn on made-up features, shared by the tests."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

MEMBERS = 8
COHORT = {"description": "made-up numbers", "simulated": True}


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


@lru_cache(maxsize=4)
def made_up_model(names: tuple[str, ...], seed: int = 0) -> Any:
    """A Model of eight members fitted to `made_up_cohort`."""
    from HER2PredictLib.training.fit import fit_model

    return fit_model(*made_up_cohort(names, seed=seed), seed, COHORT, "Made-up model", members=MEMBERS)
