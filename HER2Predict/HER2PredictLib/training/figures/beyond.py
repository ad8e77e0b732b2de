"""Figures beyond the study: calibration, decision curve, importance, applicability, spread over random splits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...model.applicability import EDGE_SHARE
from ..measured.results import SET_LABELS, Results
from ..protocol.protocol import TEST, TRAIN
from . import panels
from .style import (
    FAINT,
    INK,
    ONE_COLUMN_MM,
    TEST_COLOUR,
    TRAIN_COLOUR,
    TWO_COLUMNS_MM,
    StudyFigure,
    letter,
    percent,
    reference_line,
    stacked,
    study_figure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Names of pyradiomics' feature classes for people.
_CLASS_LABELS = {"shape": "Shape", "firstorder": "First order"}


def calibration(results: Results) -> StudyFigure:
    """Observed share of HER2-positive patients against the predicted probability of the MLP."""
    frames = {name: panels.calibration_frames(results.calibration[name]) for name in (TRAIN, TEST)}
    slopes = {name: results.performances["mlp", name].recalibration.slope for name in (TRAIN, TEST)}
    caption = (
        "Calibration of the MLP (A) in the training set, out of fold, and (B) in the test set: "
        f"{panels.CALIBRATION_SHOWN} Calibration slope {slopes[TRAIN].text()} and {slopes[TEST].text()}; 1 is ideal."
    )
    return study_figure(
        7,
        "calibration",
        caption,
        (150.0, 99.0),
        lambda figure: _draw_calibration(figure, results),
        {part: stacked({name: own[part] for name, own in frames.items()}, "set") for part in ("groups", "smooth")},
    )


def _draw_calibration(figure: Figure, results: Results) -> None:
    both = figure.subplots(1, 2)
    for axes, panel, name, colour in zip(both, "AB", (TRAIN, TEST), (INK, TEST_COLOUR), strict=True):
        status, probability = results.study.status_of(name), results.study.fits["mlp"].probability[name]
        panels.calibration_panel(axes, results.calibration[name], status, probability, colour)
        letter(axes, panel, SET_LABELS[name])


def decision(results: Results) -> StudyFigure:
    """Net benefit of acting on the MLP."""
    caption = (
        "Decision curves of the MLP (A) in the training set, out of fold, and (B) in the test set: "
        f"{panels.DECISION_SHOWN}"
    )
    return study_figure(
        8,
        "decision-curve",
        caption,
        (TWO_COLUMNS_MM, 72.0),
        lambda figure: _draw_decision(figure, results),
        {"": stacked({name: panels.decision_frame(curve) for name, curve in results.decision.items()}, "set")},
    )


def _draw_decision(figure: Figure, results: Results) -> None:
    both = figure.subplots(1, 2, sharey=True)
    highest = max(float(np.nanmax(curve.high)) for curve in results.decision.values())
    for axes, name, panel, colour in zip(both, (TRAIN, TEST), "AB", (INK, TEST_COLOUR), strict=True):
        panels.decision_panel(axes, results.decision[name], highest, colour, "MLP")
        letter(axes, panel, SET_LABELS[name])
    both[0].set_ylabel("Net benefit per patient")
    figure.legend(*both[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)


def importance(results: Results) -> StudyFigure:
    by_class, by_image = results.importance.by_class, results.importance.by_image
    caption = (
        "Importance of feature classes (A) and of the images that features are computed on (B) for the deployed MLP, "
        "through the principal components back to the features: the absolute sum of a group's contributions to the "
        "log-odds of a training patient against the mean training patient (integrated gradients). Bars: mean over the "
        f"{len(results.study.train)} training patients; lines: interquartile range; in brackets: number of features. A "
        "large class moves predictions more because it is large; contributions describe the model, not biology."
    )
    return study_figure(
        10,
        "importance",
        caption,
        (TWO_COLUMNS_MM, 22.0 + 5.0 * max(len(by_class), len(by_image))),
        lambda figure: _draw_importance(figure, by_class, by_image),
        {
            "feature-class": by_class.rename_axis("feature_class").reset_index(),
            "image": by_image.rename_axis("image").reset_index(),
        },
    )


def _draw_importance(figure: Figure, by_class: pd.DataFrame, by_image: pd.DataFrame) -> None:
    both = figure.subplots(1, 2)
    for axes, table, panel in zip(both, (by_class, by_image), "AB", strict=True):
        rows = np.arange(len(table))
        axes.barh(rows, table["mean"], height=0.62, color="#9cc8e3", edgecolor=INK, linewidth=0.4)
        axes.hlines(rows, table["low"], table["high"], color=INK, linewidth=0.9)
        labels = [f"{_spoken(str(name))} ({count})" for name, count in zip(table.index, table["features"], strict=True)]
        axes.set_yticks(rows, labels=labels)
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.set_xlabel("Absolute contribution (log-odds)")
        letter(axes, panel)


def _spoken(name: str) -> str:
    """``Wavelet LLH``, ``LoG σ 3 mm``, ``GLCM`` from pyradiomics' names."""
    if name.startswith("wavelet-"):
        return f"Wavelet {name.removeprefix('wavelet-')}"
    if name.startswith("log-sigma-"):
        sigma = name.removeprefix("log-sigma-").removesuffix("-mm-3D").replace("-", ".")
        return f"LoG σ {float(sigma):g} mm"
    return _CLASS_LABELS.get(name, name.upper() if name.startswith("gl") else name.capitalize())


def applicability(results: Results) -> StudyFigure:
    study, limits = results.study, results.applicability
    rows = np.arange(len(study.status))
    frame = pd.DataFrame(
        {
            "row": rows + 1,
            "set": np.where(np.isin(rows, study.train), TRAIN, TEST),
            "hotelling_t2": study.distances["hotelling_t2"].to_numpy(),
            "q_residual": study.distances["q_residual"].to_numpy(),
        }
    )
    caption = (
        "Applicability: distance of each patient from the training patients within the principal components "
        "(Hotelling's T²) and from their subspace (Q residual, sum of squared z-scores). Training patients are "
        f"measured when left out of the fit, mean over the folds. Dashed: beyond either "
        f"of the two, {percent(EDGE_SHARE)} of patients like the training patients are expected, and "
        f"{limits.beyond[TEST]} of {len(study.test)} test patients lie."
    )
    return study_figure(
        11,
        "applicability",
        caption,
        (ONE_COLUMN_MM, 80.0),
        lambda figure: _draw_distances(figure, results, frame),
        {"": frame},
    )


def _draw_distances(figure: Figure, results: Results, frame: pd.DataFrame) -> None:
    axes = figure.subplots()
    looks: dict[str, dict[str, Any]] = {
        TRAIN: {"marker": "o", "facecolor": "none", "edgecolor": TRAIN_COLOUR, "linewidth": 0.9},
        TEST: {"marker": "D", "facecolor": TEST_COLOUR, "edgecolor": "white", "linewidth": 0.3},
    }
    labels = {TRAIN: "training patients, left out", TEST: "test patients"}
    groups = {labels[name]: (frame[frame["set"] == name], look) for name, look in looks.items()}
    panels.distance_panel(axes, groups, (results.applicability.limit_t2, results.applicability.limit_q))


def splits(results: Results) -> StudyFigure:
    frame = results.study.spread.rename_axis("split").reset_index()
    count = len(frame)
    caption = (
        f"Spread of the test AUC over {count} random splits of the same patients (repeated hold-out); in each, "
        "hyper-parameters were chosen and models fitted anew within its training patients. Points: splits; line: "
        "median; bar: the central 95 %; diamond: the split that the other figures show; dashed: no discrimination. "
        "Splits share patients, so that this is the play of the draw, not a confidence interval."
    )
    return study_figure(
        9, "random-splits", caption, (ONE_COLUMN_MM, 72.0), lambda figure: _draw_splits(figure, results), {"": frame}
    )


def _draw_splits(figure: Figure, results: Results) -> None:
    axes = figure.subplots()
    for place, key in enumerate(results.labels):
        aucs = np.sort(results.study.spread[key].to_numpy())
        summary = results.spread.loc[key]
        axes.bar(
            place, summary["high"] - summary["low"], 0.56, bottom=summary["low"], color=FAINT, alpha=0.6, linewidth=0
        )
        axes.plot([place - 0.28, place + 0.28], [summary["median"]] * 2, color=INK, linewidth=1.4, zorder=3)
        axes.scatter(place + _beside(aucs), aucs, s=9, facecolor=TEST_COLOUR, edgecolor="white", lw=0.3, zorder=2)
        axes.scatter(
            place + 0.36, summary["this_split"], s=22, marker="D", facecolor="white", edgecolor=INK, lw=0.9, zorder=4
        )
    reference_line(axes, y=0.5)
    labels = list(results.labels.values())
    axes.set_xticks(range(len(labels)), labels=labels)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.55, len(labels) - 0.45)
    axes.set_ylabel("AUC in the test patients of the split")


def _beside(values: np.ndarray, width: float = 0.02, step: float = 0.045, most: float = 0.25) -> np.ndarray:
    """Sideways shifts, the same every time, that keep points of like value (sorted) from hiding each other."""
    shifts = np.zeros(len(values))
    groups = np.floor(values / width)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        shifts[members] = (np.arange(len(members)) - (len(members) - 1) / 2) * step
    return np.clip(shifts, -most, most)
