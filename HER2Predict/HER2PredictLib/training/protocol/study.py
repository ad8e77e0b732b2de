"""What came out of a protocol on one cohort: fits, components, learning curve, random splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ...model.guessing import Discrimination
from .candidates import Candidate
from .gate import Shuffles
from .protocol import TEST, TRAIN, Protocol


@dataclass(frozen=True, eq=False)
class Fit:
    """One kind of model, fitted to the training patients.

    `losses`, shape (options,), are the mean cross-validated log-loss of each option; `parameters` are what was chosen
    from them. `score` is before calibration, for what ranks patients. ``train``: each training patient by models that
    were fitted without that patient, mean over the repeats; ``test``: the test patients; ``apparent``: training
    patients by the model that was fitted to them. `probability` is after calibration, for what reads them as
    probabilities; of ``train`` by one fitted without the patient, too. `threshold` is on the probability.
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

    `status` has shape (P,). Pipeline (fitted scaler, PCA and ensemble), calibrator (logistic, on the log-odds),
    threshold, discrimination (in the training patients, out of fold) and `guessing` are those of the deployed model.

    Attributes
    ----------
    features : DataFrame, shape (P, F)
        Of all patients; `train` and `test` are the rows of either set.
    fits : dict of str to Fit
        By the candidate's key; ``mlp`` is the deployed one.
    shuffles : Shuffles
        What learning from shuffled HER2 status gives.
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
        """HER2 status of the patients of ``train`` or ``test``."""
        return self.status[self.train if name == TRAIN else self.test]

    @property
    def spread(self) -> pd.DataFrame:
        """Test AUC of each candidate in each random split, shape (splits, candidates)."""
        table = self.hold_outs.pivot(index="split", columns="model", values="auc")
        return table[list(self.fits)].rename_axis(index=None, columns=None)
