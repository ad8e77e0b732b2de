"""Figures of an external validation: ROIs, ROC curve and calls, calibration, decision curve, applicability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...model.applicability import EDGE_SHARE, OUTSIDE_SHARE
from ..measured.evaluate import Evaluation
from ..statistics.estimate import RESAMPLES
from . import panels
from .roi_examples import roi_examples
from .style import (
    INK,
    NEGATIVE_COLOUR,
    NEGATIVE_MARKER,
    ONE_COLUMN_MM,
    POSITIVE_COLOUR,
    POSITIVE_MARKER,
    TEST_COLOUR,
    TRAIN_COLOUR,
    StudyFigure,
    letter,
    percent,
    reference_line,
    study_figure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROIS, ROC, CALIBRATION, DECISION, APPLICABILITY = range(1, 6)


def draw_evaluation(evaluation: Evaluation) -> tuple[StudyFigure, ...]:
    """Draw every figure; that of the ROIs is left out where the images cannot be read."""
    drawn = (
        roi_examples(evaluation.rois, ROIS),
        _roc_and_calls(evaluation),
        _calibration(evaluation),
        _decision(evaluation),
        _applicability(evaluation),
    )
    return tuple(figure for figure in drawn if figure is not None)


def _roc_and_calls(evaluation: Evaluation) -> StudyFigure:
    curve, point = evaluation.roc, evaluation.performance.operating_point
    caption = (
        f"Discrimination in the evaluated patients. (A) ROC curve with its pointwise 95 % confidence band from "
        f"{RESAMPLES} stratified bootstrap resamples; circle: the threshold of the model, {point.threshold:.2f}. (B) "
        "Calls against HER2 status at that threshold; shares are of the patients of that status."
    )

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        panels.roc_panel(left, curve, evaluation.performance.auc, point, panels.Colours(TEST_COLOUR, TEST_COLOUR))
        letter(left, "A")
        panels.confusion_panel(right, point.confusion)
        letter(right, "B")

    frames = {**panels.roc_frames(curve), "confusion": panels.confusion_frame(point.confusion)}
    return study_figure(ROC, "roc-and-calls", caption, (140.0, 72.0), draw, frames)


def _calibration(evaluation: Evaluation) -> StudyFigure:
    slope = evaluation.performance.recalibration.slope
    caption = (
        f"Calibration in the evaluated patients: {panels.CALIBRATION_SHOWN} Calibration slope {slope.text()}; 1 is "
        "ideal."
    )

    def draw(figure: Figure) -> None:
        panels.calibration_panel(
            figure.subplots(), evaluation.calibration, evaluation.status, evaluation.probability, TEST_COLOUR
        )

    frames = panels.calibration_frames(evaluation.calibration)
    return study_figure(CALIBRATION, "calibration", caption, (ONE_COLUMN_MM, 99.0), draw, frames)


def _decision(evaluation: Evaluation) -> StudyFigure:
    curve, point = evaluation.decision, evaluation.performance.operating_point
    caption = (
        f"Decision curve in the evaluated patients: {panels.DECISION_SHOWN} Dashed upright: the threshold of the "
        f"model, {point.threshold:.2f}."
    )

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        panels.decision_panel(axes, curve, float(np.nanmax(curve.high)), TEST_COLOUR, "model")
        reference_line(axes, x=point.threshold)
        axes.set_ylabel("Net benefit per patient")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)

    frames = {"": panels.decision_frame(curve)}
    return study_figure(DECISION, "decision-curve", caption, (ONE_COLUMN_MM, 72.0), draw, frames)


def _applicability(evaluation: Evaluation) -> StudyFigure:
    arrays, domain = evaluation.model.arrays, evaluation.model.domain
    training = pd.DataFrame({"hotelling_t2": arrays["train_t2"], "q_residual": arrays["train_q"]})
    own = evaluation.predictions[["her2", "hotelling_t2", "q_residual"]].reset_index(drop=True)
    looks: dict[int, dict[str, Any]] = {
        0: {"marker": NEGATIVE_MARKER, "facecolor": NEGATIVE_COLOUR, "edgecolor": INK, "linewidth": 0.3},
        1: {"marker": POSITIVE_MARKER, "facecolor": POSITIVE_COLOUR, "edgecolor": INK, "linewidth": 0.3},
    }
    outside = sum(stratum.patients for stratum in evaluation.strata if stratum.applicability == "outside")
    caption = (
        "Applicability: distance of each evaluated patient from the training patients within the principal components "
        "(Hotelling's T²) and from their subspace (Q residual, sum of squared z-scores); gray: the training patients "
        f"when left out of the fit. Beyond either dashed line {percent(EDGE_SHARE)} of patients like the training "
        f"patients are expected, beyond either dotted line {percent(OUTSIDE_SHARE)}; {outside} of {len(own)} evaluated "
        "patients lie beyond the latter, outside what the model knows."
    )

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        gray = {"marker": "o", "facecolor": "none", "edgecolor": TRAIN_COLOUR, "linewidth": 0.7}
        groups = {"training patients": (training, gray)}
        for her2, label in ((0, "HER2-negative"), (1, "HER2-positive")):
            groups[label] = (own[own["her2"] == her2], looks[her2])
        panels.distance_panel(axes, groups, domain.limits(EDGE_SHARE))
        t2, q = domain.limits(OUTSIDE_SHARE)
        for line, place in ((axes.axvline, t2), (axes.axhline, q)):
            line(place, color=TRAIN_COLOUR, linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=0.5)

    data = {"": own.assign(row=own.index + 1)[["row", "her2", "hotelling_t2", "q_residual"]], "training": training}
    return study_figure(APPLICABILITY, "applicability", caption, (ONE_COLUMN_MM, 84.0), draw, data)
