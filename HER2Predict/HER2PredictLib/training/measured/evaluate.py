"""External validation: a bundle on a cohort that it has not seen. Nothing is fitted; recalibration is kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...files import check_folder
from ...many.processes import Exclusion, Progress
from ...model.applicability import Applicability, applicability_of
from ...model.model import Model
from ..cohort.cohort import FEWEST_PER_CLASS, Cohort
from ..cohort.evidence import Evidence, RoiSource, evidence_of, grouped_reasons, roi_source
from ..cohort.extraction import with_features
from ..cohort.read_table import read_table
from ..statistics.calibration_measures import CalibrationCurve, calibration_curve
from ..statistics.discrimination import RocCurve, delong_interval, roc
from ..statistics.estimate import UNDEFINED, Estimate, proportion
from ..statistics.performance import DecisionCurve, Performance, decision_curve, measure
from .baseline import BaselineTable, table1
from .measure_study import clinical_table
from .results import Flow

#: Scores that differ by less than this share of the largest are the same but for rounding.
_SAME_SCORE = 1e-7

EVALUATED = "evaluated"
STRATA: tuple[Applicability, ...] = ("inside", "edge", "outside")


@dataclass(frozen=True)
class Stratum:
    """The patients of a cohort that lie inside, at the edge or outside of what the model knows.

    The AUC has DeLong's interval and is undefined with fewer than ten patients of a class; sensitivity and specificity
    are at the model's threshold. `observed` is the share of HER2-positive patients, `predicted` the mean probability,
    nan without patients.
    """

    applicability: Applicability
    patients: int
    positive: int
    auc: Estimate
    sensitivity: Estimate
    specificity: Estimate
    observed: Estimate
    predicted: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How a model does on a cohort.

    `about` tells of the cohort: ``description``, ``simulated``, ``outcome``, ``patients``, ``positive``. `features`
    have shape (patients, F). `predictions` are per patient: ``her2``, ``probability``, ``low``, ``high``, ``call``,
    ``typicality``, the share of patients like the training patients that lie at least as far out, ``applicability``,
    ``hotelling_t2`` and ``q_residual``. There are `rois` where the table names the images. `trained_on` counts the
    patients with the features of a training patient; None where the bundle does not tell the latter's.
    """

    model: Model
    about: Mapping[str, Any]
    features: pd.DataFrame
    predictions: pd.DataFrame
    performance: Performance
    roc: RocCurve
    calibration: CalibrationCurve
    decision: DecisionCurve
    strata: tuple[Stratum, ...]
    evidence: Evidence
    flow: Flow
    characteristics: BaselineTable
    rois: RoiSource | None
    trained_on: int | None
    exclusions: Mapping[str, Exclusion]

    @property
    def status(self) -> np.ndarray:
        return self.predictions["her2"].to_numpy()

    @property
    def probability(self) -> np.ndarray:
        return self.predictions["probability"].to_numpy()


def evaluate(
    model: Model,
    table: Path,
    out: Path,
    *,
    description: str = "",
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Apply a model to a cohort; features that the table does not hold are extracted into the folder `out`.

    `description` is of the cohort; it is described by its table's name by default.

    Raises
    ------
    InputError
        Where the table is not usable, has fewer than ten patients of a class, or its features or those of the model
        are of other settings than this program's.
    """
    check_folder(out, "the evaluation")
    model.require_own_settings()
    listed = read_table(table)
    listed.require_status()
    cohort, exclusions = with_features(listed, out, jobs, progress)
    cohort.require_status()
    told = listed.with_features_of(cohort)
    return measure_evaluation(model, told, cohort, exclusions, description or f"cohort table {table.name}")


def measure_evaluation(
    model: Model, listed: Cohort, cohort: Cohort, exclusions: Mapping[str, Exclusion], description: str
) -> Evaluation:
    """Measure a model on the patients of `cohort`, who are among those that were `listed`."""
    features, status = cohort.require_features(), cohort.require_status()
    patients = features.index
    predictions = _predictions(model, features, status)
    probability = predictions["probability"].to_numpy()
    positive = int(status.sum())
    table = listed.table.loc[patients]
    return Evaluation(
        model=model,
        about={
            "description": description,
            "simulated": listed.simulated,
            "outcome": listed.outcome,
            "patients": len(status),
            "positive": positive,
        },
        features=features,
        predictions=predictions,
        performance=measure(status, probability, model.threshold),
        roc=roc(status, probability),
        calibration=calibration_curve(status, probability),
        decision=decision_curve(status, probability),
        strata=_strata(predictions, model.threshold),
        evidence=evidence_of(listed, patients, {"all": np.ones(len(patients), dtype=bool)}),
        flow=Flow(
            len(listed.table),
            grouped_reasons(exclusions),
            {EVALUATED: len(status) - positive},
            {EVALUATED: positive},
        ),
        characteristics=table1(clinical_table(listed, table, status)),
        rois=roi_source(table, status, features, "patient"),
        trained_on=_trained_on(model, features),
        exclusions=exclusions,
    )


def _trained_on(model: Model, features: pd.DataFrame) -> int | None:
    """By the coordinates on the first two components, which two patients hardly share."""
    if model.training_scores is None:
        return None
    training, _ = model.training_scores
    own = np.stack([model.project(row.to_dict()).scores[:2] for _, row in features.iterrows()])
    near = np.abs(own[:, None] - training[None]) <= _SAME_SCORE * np.abs(training).max(axis=0)
    return int(near.all(axis=2).any(axis=1).sum())


def _predictions(model: Model, features: pd.DataFrame, status: np.ndarray) -> pd.DataFrame:
    rows = []
    for (_, row), her2 in zip(features.iterrows(), status, strict=True):
        prediction = model.predict(row.to_dict())
        low, high = prediction.interval
        typicality = model.typicality(prediction)
        rows.append(
            {
                "her2": int(her2),
                "probability": prediction.probability,
                "low": low,
                "high": high,
                "call": model.call(prediction.probability),
                "typicality": typicality,
                "applicability": applicability_of(typicality),
                "hotelling_t2": prediction.hotelling_t2,
                "q_residual": prediction.q_residual,
            }
        )
    return pd.DataFrame(rows, index=features.index)


def _strata(predictions: pd.DataFrame, threshold: float) -> tuple[Stratum, ...]:
    return tuple(_stratum(name, predictions[predictions["applicability"] == name], threshold) for name in STRATA)


def _stratum(name: Applicability, those: pd.DataFrame, threshold: float) -> Stratum:
    status, called = those["her2"].to_numpy() == 1, those["probability"].to_numpy() >= threshold
    positive, negative = int(status.sum()), int((~status).sum())
    enough = min(positive, negative) >= FEWEST_PER_CLASS
    return Stratum(
        applicability=name,
        patients=len(those),
        positive=positive,
        auc=delong_interval(status.astype(int), those["probability"]) if enough else UNDEFINED,
        sensitivity=proportion(int((status & called).sum()), positive),
        specificity=proportion(int((~status & ~called).sum()), negative),
        observed=proportion(positive, len(those)),
        predicted=float(those["probability"].mean()),
    )
