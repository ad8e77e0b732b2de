"""Figures beyond the study: calibration, decision curve, importance, applicability, spread over random splits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..applicability import EDGE_SHARE
from .figure_style import (
    FAINT,
    INK,
    MUTED,
    NEGATIVE_COLOUR,
    ONE_COLUMN_MM,
    POSITIVE_COLOUR,
    TEST_COLOUR,
    TRAIN_COLOUR,
    TWO_COLUMNS_MM,
    StudyFigure,
    letter,
    percent,
    reference_line,
    study_figure,
    unit_square,
)
from .results import SET_LABELS, Results
from .study import TEST, TRAIN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Names of pyradiomics' feature classes for people.
_CLASS_LABELS = {"shape": "Shape", "firstorder": "First order"}


def calibration(results: Results) -> StudyFigure:
    """Observed share of HER2-positive patients against the predicted probability of the MLP."""
    groups, smooth = [], []
    columns = ["predicted", "observed", "low", "high"]
    for name in (TRAIN, TEST):
        curve = results.calibration[name]
        groups.append(
            pd.DataFrame({"set": name, **{column: getattr(curve, column) for column in [*columns, "patients"]}})
        )
        smooth.append(pd.DataFrame({"set": name, **{column: getattr(curve, f"smooth_{column}") for column in columns}}))
    slopes = {name: results.performances["mlp", name].recalibration.slope for name in (TRAIN, TEST)}
    caption = (
        "Calibration of the MLP (A) in the training set, out of fold, and (B) in the test set: the observed share of "
        "HER2-positive patients against the predicted probability. Points: groups of patients of like prediction, "
        "with Wilson 95 % intervals; line and band: logistic regression on a restricted cubic spline of the "
        "log-odds, with its pointwise 95 % interval; dashed: perfect calibration. Below: predictions of "
        f"HER2-positive patients (up) and HER2-negative ones (down). Calibration slope {slopes[TRAIN].text()} and "
        f"{slopes[TEST].text()}; 1 is ideal."
    )
    return study_figure(
        7,
        "calibration",
        caption,
        (150.0, 99.0),
        lambda figure: _draw_calibration(figure, results),
        {"groups": pd.concat(groups, ignore_index=True), "smooth": pd.concat(smooth, ignore_index=True)},
    )


def _draw_calibration(figure: Figure, results: Results) -> None:
    panels = figure.subplots(1, 2)
    for axes, panel, name, colour in zip(panels, "AB", (TRAIN, TEST), (INK, TEST_COLOUR), strict=True):
        curve = results.calibration[name]
        axes.fill_between(curve.smooth_predicted, curve.smooth_low, curve.smooth_high, color=colour, alpha=0.13, lw=0)
        axes.plot(curve.smooth_predicted, curve.smooth_observed, color=colour)
        errors = np.clip(np.stack([curve.observed - curve.low, curve.high - curve.observed]), 0, None)
        axes.errorbar(
            curve.predicted,
            curve.observed,
            yerr=errors,
            fmt="o",
            color=colour,
            markerfacecolor="white",
            elinewidth=0.7,
            clip_on=False,
        )
        reference_line(axes)
        unit_square(axes, "", "Observed share HER2-positive")
        letter(axes, panel, SET_LABELS[name])
        _draw_predictions(axes.inset_axes((0, -0.36, 1, 0.2)), results, name)


def _draw_predictions(axes: Axes, results: Results, name: str) -> None:
    """Histogram of predictions, HER2-positive patients upwards, HER2-negative ones downwards."""
    status, probability = results.study.status_of(name), results.probability("mlp", name)
    bins = np.linspace(0, 1, 41)
    highest = 1
    for her2, sign, colour in ((1, 1, POSITIVE_COLOUR), (0, -1, NEGATIVE_COLOUR)):
        counts, _ = np.histogram(probability[status == her2], bins)
        highest = max(highest, int(counts.max()))
        axes.bar(bins[:-1], sign * counts, width=np.diff(bins), align="edge", color=colour, edgecolor=INK, lw=0.3)
    axes.axhline(0, color=INK, linewidth=0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-highest - 0.5, highest + 0.5)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "0.25", "0.5", "0.75", "1"])
    axes.set_yticks([-highest, 0, highest], labels=[str(highest), "0", str(highest)])
    axes.set_xlabel("Predicted probability")
    axes.set_ylabel("Patients")


def decision(results: Results) -> StudyFigure:
    """Net benefit of acting on the MLP."""
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "set": name,
                    "threshold_probability": curve.thresholds,
                    "model": curve.model,
                    "low": curve.low,
                    "high": curve.high,
                    "all": curve.treat_all,
                    "none": curve.treat_none,
                }
            )
            for name, curve in results.decision.items()
        ],
        ignore_index=True,
    )
    caption = (
        "Decision curves of the MLP (A) in the training set, out of fold, and (B) in the test set: net benefit per "
        "patient of calling a patient HER2-positive from the threshold probability on, with its pointwise 95 % "
        "bootstrap interval, against calling all patients or none positive."
    )
    return study_figure(
        8,
        "decision-curve",
        caption,
        (TWO_COLUMNS_MM, 72.0),
        lambda figure: _draw_decision(figure, results),
        {"": frame},
    )


def _draw_decision(figure: Figure, results: Results) -> None:
    panels = figure.subplots(1, 2, sharey=True)
    highest = max(float(np.nanmax(curve.high)) for curve in results.decision.values())
    for axes, name, panel, colour in zip(panels, (TRAIN, TEST), "AB", (INK, TEST_COLOUR), strict=True):
        curve = results.decision[name]
        axes.fill_between(curve.thresholds, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(curve.thresholds, curve.model, color=colour, label="MLP")
        axes.plot(
            curve.thresholds, curve.treat_all, color=MUTED, linewidth=0.9, linestyle=(0, (4, 2)), label="all positive"
        )
        axes.plot(
            curve.thresholds,
            curve.treat_none,
            color=MUTED,
            linewidth=0.9,
            linestyle=(0, (1, 1.5)),
            label="none positive",
        )
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.25 * highest - 0.05, highest * 1.05)
        axes.set_xlabel("Threshold probability")
        letter(axes, panel, SET_LABELS[name])
    panels[0].set_ylabel("Net benefit per patient")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)


def importance(results: Results) -> StudyFigure:
    """How much each feature class and each image moves the predictions."""
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
    panels = figure.subplots(1, 2)
    for axes, table, panel in zip(panels, (by_class, by_image), "AB", strict=True):
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
    """How far each patient lies from the training patients."""
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
    for name, look in looks.items():
        those = frame[frame["set"] == name]
        label = "training patients, left out" if name == TRAIN else "test patients"
        axes.scatter(those["hotelling_t2"], those["q_residual"], s=15, label=label, **look)
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain_ticks(axes)
    reference_line(axes, x=results.applicability.limit_t2)
    reference_line(axes, y=results.applicability.limit_q)
    axes.set_xlabel("Hotelling's T² (log scale)")
    axes.set_ylabel("Q residual (log scale)")
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.1), ncols=2, handletextpad=0.1, columnspacing=1.0)


def _plain_ticks(axes: Axes) -> None:
    """Plain numbers at 1, 2 and 5 of every decade."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())


def splits(results: Results) -> StudyFigure:
    """Test AUC over many random splits."""
    frame = results.study.spread.rename_axis("split").reset_index()
    count = len(frame)
    caption = (
        f"Spread of the test AUC over {count} random splits of the same patients; in each, hyper-parameters were "
        "chosen and models fitted anew within its training patients. Points: splits; line: median; bar: the central "
        "95 %; diamond: the split that the other figures show; dashed: no discrimination. Splits share patients, so "
        "that this is the play of the draw, not a confidence interval."
    )
    return study_figure(
        9, "random-splits", caption, (ONE_COLUMN_MM, 72.0), lambda figure: _draw_splits(figure, results), {"": frame}
    )


def _draw_splits(figure: Figure, results: Results) -> None:
    axes = figure.subplots()
    for place, candidate in enumerate(results.candidates):
        aucs = np.sort(results.study.spread[candidate.key].to_numpy())
        summary = results.spread.loc[candidate.key]
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
