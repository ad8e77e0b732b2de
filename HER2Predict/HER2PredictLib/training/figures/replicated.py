"""The figures of the study, as Figures 4 to 6 there: components, ROC curves and the MLP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..measured.results import APPARENT, SET_LABELS, STUDY_COMPONENTS, Results
from ..protocol.protocol import TEST, TRAIN
from . import panels
from .style import (
    INK,
    NEGATIVE_COLOUR,
    NEGATIVE_MARKER,
    POSITIVE_COLOUR,
    POSITIVE_MARKER,
    TEST_COLOUR,
    TRAIN_COLOUR,
    TWO_COLUMNS_MM,
    StudyFigure,
    letter,
    reference_line,
    stacked,
    study_figure,
    unit_square,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_SET_COLOURS = {TRAIN: TRAIN_COLOUR, TEST: TEST_COLOUR}


def principal_components(results: Results) -> StudyFigure:
    """Patients on the first two components, and the cumulative explained variance."""
    study, variance = results.study, results.variance
    patients = np.arange(1, len(study.status) + 1)
    sets = np.where(np.isin(patients - 1, study.train), TRAIN, TEST)
    scores = pd.DataFrame(
        {
            "row": patients,
            "set": sets,
            "her2": study.status,
            "pc1": study.components.scores[:, 0],
            "pc2": study.components.scores[:, 1],
        }
    )
    explained = pd.DataFrame(
        {
            "components": np.arange(1, variance.components + 1),
            "explained_percent": 100 * study.components.explained,
            "cumulative_percent": 100 * np.cumsum(study.components.explained),
        }
    )
    caption = (
        "Principal components of the z-scored features of the training patients. (A) All patients on the first two "
        "components; test patients (open markers) had no part in them. (B) Cumulative explained variance; "
        f"{variance.kept} components, which together explain {variance.explained:.1f} %, enter the models. The area "
        f"under the curve, the mean of its values over all {variance.components} components, is {variance.area:.2f} "
        f"%; over {STUDY_COMPONENTS} components as in the study"
        + (", with the curve held at 100 % beyond the last," if variance.components < STUDY_COMPONENTS else "")
        + f" it is {variance.area_study:.2f} %."
    )
    return study_figure(
        4,
        "principal-components",
        caption,
        (TWO_COLUMNS_MM, 75.0),
        lambda figure: _draw_components(figure, results, scores, explained),
        {"scores": scores, "variance": explained},
    )


def _draw_components(figure: Figure, results: Results, scores: pd.DataFrame, explained: pd.DataFrame) -> None:
    plane, curve = figure.subplots(1, 2, width_ratios=(1, 1))
    for her2, label, colour, marker in (
        (0, "HER2-negative", NEGATIVE_COLOUR, NEGATIVE_MARKER),
        (1, "HER2-positive", POSITIVE_COLOUR, POSITIVE_MARKER),
    ):
        for name, filled in ((TRAIN, True), (TEST, False)):
            those = scores[(scores["her2"] == her2) & (scores["set"] == name)]
            plane.scatter(
                those["pc1"],
                those["pc2"],
                s=13,
                marker=marker,
                facecolor=colour if filled else "none",
                edgecolor=INK if filled else colour,
                linewidth=0.4 if filled else 1.0,
                label=f"{label}, {results.study.labels[name].removesuffix(' set')}",
            )
    share = explained["explained_percent"]
    plane.set_xlabel(f"PC1 ({share[0]:.1f} % of variance)")
    plane.set_ylabel(f"PC2 ({share[1]:.1f} % of variance)" if len(share) > 1 else "PC2")
    plane.legend(loc="upper left", bbox_to_anchor=(0, -0.17), ncols=2, columnspacing=1.0)
    letter(plane, "A")
    curve.fill_between(explained["components"], explained["cumulative_percent"], color=TEST_COLOUR, alpha=0.15, lw=0)
    curve.plot(explained["components"], explained["cumulative_percent"], color=TEST_COLOUR, marker=".", markersize=3)
    kept = results.variance.kept
    curve.plot([kept, kept], [0, results.variance.explained], color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    curve.annotate(
        f"{kept} components,\n{results.variance.explained:.1f} %", (kept, 45), (5, 0), textcoords="offset points"
    )
    curve.set_xlim(0, results.variance.components + 1)
    curve.set_ylim(0, 103)
    curve.set_xlabel("Number of principal components")
    curve.set_ylabel("Cumulative explained variance (%)")
    curve.annotate(
        f"area {results.variance.area:.2f} %", (0.97, 0.06), xycoords="axes fraction", ha="right", color=TEST_COLOUR
    )
    letter(curve, "B")


def roc_curves(results: Results) -> StudyFigure:
    frames = {cell: panels.roc_frames(curve) for cell, curve in results.roc.items()}
    caption = (
        "ROC curves of the three models in the training set (A, C, E) and in the test set (B, D, F), with pointwise "
        f"95 % confidence bands from {results.resamples} stratified bootstrap resamples. Curves of the training set "
        "are out of fold: each patient is predicted by models that were fitted without that patient. Dotted: the "
        "apparent curve, of the model that was fitted to the same patients, which overstates what it can do. "
        "Circles: the threshold, chosen on the out-of-fold predictions. Intervals of the AUC are bootstrap "
        "percentiles."
    )
    return study_figure(
        5,
        "roc",
        caption,
        (140.0, 200.0),
        lambda figure: _draw_roc(figure, results),
        {
            f"{part}s": stacked({cell: own[part] for cell, own in frames.items()}, "model", "set")
            for part in ("curve", "band")
        },
    )


def _draw_roc(figure: Figure, results: Results) -> None:
    grid = figure.subplots(len(results.labels), 2)
    for row, (key, label) in enumerate(results.labels.items()):
        apparent = panels.Apparent(results.roc[key, APPARENT], results.performances[key, APPARENT].auc.value)
        for column, name in enumerate((TRAIN, TEST)):
            axes, colour = grid[row, column], _SET_COLOURS[name]
            performance = results.performances[key, name]
            panels.roc_panel(
                axes,
                results.roc[key, name],
                performance.auc,
                performance.operating_point,
                panels.Colours(line=colour if name == TEST else INK, band=colour),
                apparent if name == TRAIN else None,
            )
            letter(axes, "ABCDEF"[2 * row + column], f"{label}, {_short(name)}")


def _short(name: str) -> str:
    label = SET_LABELS[name]
    return label[0].lower() + label[1:]


def mlp_performance(results: Results) -> StudyFigure:
    """Confusion matrices, learning curve and precision-recall curves of the deployed model."""
    curve = results.study.curve
    learning = pd.DataFrame(
        {
            "training_patients": curve.sizes,
            "fitted_auc_mean": curve.train_auc.mean(axis=1),
            "fitted_auc_sd": curve.train_auc.std(axis=1, ddof=1),
            "left_out_auc_mean": curve.validation_auc.mean(axis=1),
            "left_out_auc_sd": curve.validation_auc.std(axis=1, ddof=1),
        }
    )
    recall = {
        name: pd.DataFrame(
            {"recall": own.recall, "precision": own.precision, "threshold": np.append(own.thresholds, np.nan)}
        )
        for name, own in results.precision_recall.items()
    }
    points = [(name, results.performances["mlp", name].operating_point) for name in (TRAIN, TEST)]
    confusion = {(name, point.threshold): panels.confusion_frame(point.confusion) for name, point in points}
    average = {name: own.average_precision for name, own in results.precision_recall.items()}
    caption = (
        f"Performance of the MLP. (A, B) Calls against HER2 status at the threshold {results.study.threshold:.2f}, "
        "in the training set (out of fold; the threshold was chosen on these predictions) and in the test set; "
        "shares are of the patients of that status. (C) Learning curve: AUC (mean ± 1 SD over the folds) of a single "
        "MLP with the chosen hyper-parameters, in the patients that it was fitted to and in those that it was not. "
        f"(D) Precision-recall curves, average precision {average[TRAIN]:.2f} in the training set (out of fold) and "
        f"{average[TEST]:.2f} in the test set; dashed: prevalence."
    )
    return study_figure(
        6,
        "mlp-performance",
        caption,
        (140.0, 140.0),
        lambda figure: _draw_mlp(figure, results, learning),
        {
            "confusion": stacked(confusion, "set", "threshold"),
            "learning": learning,
            "precision-recall": stacked(recall, "set"),
        },
    )


def _draw_mlp(figure: Figure, results: Results, learning: pd.DataFrame) -> None:
    (first, second), (sizes, recall) = figure.subplots(2, 2)
    for axes, name, title in ((first, TRAIN, "A"), (second, TEST, "B")):
        panels.confusion_panel(axes, results.performances["mlp", name].operating_point.confusion)
        letter(axes, title, SET_LABELS[name])
    for kind, label, colour, marker in (
        ("fitted", "patients that it was fitted to", TRAIN_COLOUR, "s"),
        ("left_out", "patients left out", TEST_COLOUR, "o"),
    ):
        mean, deviation = learning[f"{kind}_auc_mean"], learning[f"{kind}_auc_sd"]
        x = learning["training_patients"]
        sizes.fill_between(
            x, mean - deviation, np.minimum(mean + deviation, 1.0), color=colour, alpha=0.18, linewidth=0
        )
        sizes.plot(x, mean, color=colour, marker=marker, label=label)
    reference_line(sizes, y=0.5)
    lowest = float((learning["left_out_auc_mean"] - learning["left_out_auc_sd"]).min())
    sizes.set_ylim(min(0.4, lowest - 0.05), 1.03)
    sizes.set_xlabel("Number of training patients")
    sizes.set_ylabel("AUC")
    sizes.legend(loc="upper left", bbox_to_anchor=(-0.05, -0.2))
    sizes.set_box_aspect(1)
    letter(sizes, "C")
    for name in (TRAIN, TEST):
        curve, colour = results.precision_recall[name], INK if name == TRAIN else TEST_COLOUR
        label = f"{_short(name)}: AP {curve.average_precision:.2f}"
        recall.step(curve.recall, curve.precision, where="post", color=colour, label=label)
        recall.axhline(curve.prevalence, color=colour, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0.5)
    unit_square(recall, "Recall (sensitivity)", "Precision (positive predictive value)")
    recall.legend(loc="upper left", bbox_to_anchor=(-0.05, -0.2))
    letter(recall, "D")
