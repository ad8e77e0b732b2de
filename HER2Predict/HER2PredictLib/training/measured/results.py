"""Everything that is measured of a study, computed once: what figures, tables, report and `metrics.json` show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...model.applicability import EDGE_SHARE
from ..cohort.evidence import Evidence, RoiSource
from ..protocol.protocol import TEST, TRAIN
from ..protocol.study import Study
from ..protocol.threshold import ThresholdChoice
from ..statistics.calibration_measures import CalibrationCurve
from ..statistics.discrimination import PrecisionRecallCurve, RocCurve
from ..statistics.performance import Comparison, DecisionCurve, Performance
from .baseline import BaselineTable

#: Predictions of the training patients by the model that was fitted to them.
APPARENT = "apparent"
#: What is measured, in the order of tables.
SETS = (TRAIN, TEST, APPARENT)
#: What a reader sees of each.
SET_LABELS = {TRAIN: "Training set, out of fold", TEST: "Test set", APPARENT: "Training set, apparent"}

#: Number of components over which the study takes the area under the cumulative explained variance.
STUDY_COMPONENTS = 100


@dataclass(frozen=True)
class Flow:
    """Where the patients that the cohort table lists went.

    `reasons` are the numbers of those left out, by reason; `negative` and `positive` those of each HER2 status in
    ``train`` and ``test``.
    """

    listed: int
    reasons: Mapping[str, int]
    negative: Mapping[str, int]
    positive: Mapping[str, int]

    @property
    def left_out(self) -> int:
        return sum(self.reasons.values())

    @property
    def analysed(self) -> int:
        return sum(self.negative.values()) + sum(self.positive.values())


@dataclass(frozen=True, eq=False)
class Importance:
    """How much groups of features move the predictions of the training patients.

    One row per group, the strongest first: ``mean``, ``low`` and ``high`` (mean and quartiles over the training
    patients of the absolute sum of the group's contributions to the log-odds) and ``features`` (their number).
    """

    by_class: pd.DataFrame
    by_image: pd.DataFrame


@dataclass(frozen=True)
class Variance:
    """Areas under the cumulative explained variance curve, mean of the curve in percent.

    The training patients span `components`; the models use those that are `kept`, which explain `explained` percent of
    the variance. `area` is over all components, `area_study` over the first 100, as in the study, where the curve is
    held at 100 % beyond the last one.
    """

    components: int
    kept: int
    explained: float
    area: float
    area_study: float


@dataclass(frozen=True)
class DomainLimits:
    """Distances beyond which 5 % of the left-out training patients lie, and who lies beyond either.

    `beyond` counts the patients of ``train`` and ``test`` beyond at least one of the two.
    """

    limit_t2: float
    limit_q: float
    beyond: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Results:
    """What is measured of a study.

    Performances and ROC are by the model's key and set, comparisons, one of each pair of models, by set;
    precision-recall, calibration and decision curves are those of the MLP by set.

    Attributes
    ----------
    simulated, split_given : bool
        Were the patients simulated? Does the cohort table assign them to the sets?
    description, outcome : str
        Of the cohort, in words; what is true of a positive patient, see `Cohort.outcome`.
    roi_source : RoiSource or None
        The training patients, where the table names their images.
    evidence : Evidence
        What the table shows of the patients; its findings are counted by set.
    threshold_choice : ThresholdChoice
        Of the deployed model.
    spread : DataFrame
        Per model: summary of its test patients over the random splits.
    """

    study: Study
    simulated: bool
    split_given: bool
    description: str
    outcome: str
    roi_source: RoiSource | None
    evidence: Evidence
    flow: Flow
    table1: BaselineTable
    table2: BaselineTable
    threshold_choice: ThresholdChoice
    performances: Mapping[tuple[str, str], Performance]
    comparisons: Mapping[str, tuple[Comparison, ...]]
    roc: Mapping[tuple[str, str], RocCurve]
    precision_recall: Mapping[str, PrecisionRecallCurve]
    calibration: Mapping[str, CalibrationCurve]
    decision: Mapping[str, DecisionCurve]
    variance: Variance
    importance: Importance
    applicability: DomainLimits
    spread: pd.DataFrame
    resamples: int

    @property
    def test_may_be_elsewhere(self) -> bool:
        """May the test patients be of another hospital, for all that is known?"""
        return self.split_given and not self.simulated

    @property
    def labels(self) -> dict[str, str]:
        """Name of each model for people, by its key, in the order of tables; the first is the deployed one's kind."""
        return {key: fit.candidate.label for key, fit in self.study.fits.items()}

    @property
    def guessing(self) -> tuple[str, ...]:
        """Why the deployed model tells no better than guessing; empty where it does better."""
        return self.study.guessing

    def to_dict(self) -> dict[str, Any]:
        """For JSON; names no patient."""
        study, flow, findings = self.study, self.flow, self.evidence.findings
        return {
            "simulated": self.simulated,
            "protocol": study.protocol.settings(),
            "resamples": self.resamples,
            "patients": {
                "listed": flow.listed,
                "left_out": dict(flow.reasons),
                "analysed": flow.analysed,
                **{name: {"positive": flow.positive[name], "negative": flow.negative[name]} for name in (TRAIN, TEST)},
            },
            "input_findings": None if findings is None else records(findings),
            "models": {
                key: {
                    "label": fit.candidate.label,
                    "hyper_parameters": plain(fit.parameters),
                    "threshold": fit.threshold,
                    **{name: self.performances[key, name].to_dict() for name in SETS},
                    "random_splits": plain(self.spread.loc[key].to_dict()),
                }
                for key, fit in study.fits.items()
            },
            "discrimination": study.discrimination.to_dict(),
            "guessing": list(study.guessing),
            "threshold": self.threshold_choice.to_dict(),
            "comparisons": {name: [pair.to_dict() for pair in pairs] for name, pairs in self.comparisons.items()},
            "principal_components": vars(self.variance),
            "importance": {
                "feature_class": plain(self.importance.by_class["mean"].to_dict()),
                "image_type": plain(self.importance.by_image["mean"].to_dict()),
            },
            "applicability": {
                "level": 1.0 - EDGE_SHARE,
                "limit_t2": self.applicability.limit_t2,
                "limit_q": self.applicability.limit_q,
                "beyond": dict(self.applicability.beyond),
            },
        }


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON, see `plain`."""
    return [plain(row) for row in frame.to_dict("records")]


def plain(values: Mapping[Any, Any]) -> dict[str, Any]:
    """For JSON: NumPy's numbers as Python's, None for what is not a number."""

    def number_of(value: Any) -> Any:
        number = value.item() if isinstance(value, np.generic) else value
        return None if isinstance(number, float) and not math.isfinite(number) else number

    return {str(name): number_of(value) for name, value in values.items()}
