"""Panels of figures, each drawn from its measure alone: ROC curve, calls, calibration, decision curve, distances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..statistics.calibration_measures import CalibrationCurve
from ..statistics.discrimination import RocCurve
from ..statistics.estimate import Estimate
from ..statistics.performance import DecisionCurve, OperatingPoint
from .style import FAINT, INK, MUTED, NEGATIVE_COLOUR, POSITIVE_COLOUR, percent, reference_line, unit_square

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Colours:
    """Of a curve, and of the band around it."""

    line: str
    band: str


@dataclass(frozen=True, eq=False)
class Apparent:
    """A curve of the patients that a model was fitted to, which is drawn beside the one that counts."""

    curve: RocCurve
    auc: float


def roc_panel(
    axes: Axes,
    curve: RocCurve,
    auc: Estimate,
    point: OperatingPoint,
    colours: Colours,
    apparent: Apparent | None = None,
) -> None:
    """ROC curve with its band, the threshold and the AUC."""
    axes.fill_between(curve.grid, curve.low, curve.high, color=colours.band, alpha=0.22, linewidth=0)
    axes.plot(curve.false_positive_rate, curve.true_positive_rate, color=colours.line)
    lines = [f"AUC {auc.text()}"]
    if apparent is not None:
        rates = apparent.curve.false_positive_rate, apparent.curve.true_positive_rate
        axes.plot(*rates, color=INK, linewidth=0.8, linestyle=(0, (1, 1.5)))
        lines.append(f"apparent {apparent.auc:.2f}")
    axes.plot(
        1 - point.specificity.value,
        point.sensitivity.value,
        "o",
        markersize=4.5,
        markerfacecolor="white",
        markeredgecolor=colours.line,
        markeredgewidth=1.0,
        clip_on=False,
    )
    reference_line(axes)
    axes.text(0.98, 0.04, "\n".join(lines), ha="right", va="bottom", linespacing=1.4)
    unit_square(axes, "1 − specificity", "Sensitivity")


def roc_frames(curve: RocCurve) -> dict[str, pd.DataFrame]:
    return {
        "curve": pd.DataFrame(
            {
                "false_positive_rate": curve.false_positive_rate,
                "true_positive_rate": curve.true_positive_rate,
                "threshold": np.where(np.isfinite(curve.thresholds), curve.thresholds, np.nan),
            }
        ),
        "band": pd.DataFrame({"false_positive_rate": curve.grid, "low": curve.low, "high": curve.high}),
    }


def confusion_panel(axes: Axes, confusion: np.ndarray) -> None:
    """Numbers of calls against HER2 status; shares are of the patients of that status."""
    from matplotlib.colors import LinearSegmentedColormap

    shares = confusion / confusion.sum(axis=1, keepdims=True)
    blues = LinearSegmentedColormap.from_list("shares", ["#ffffff", "#9cc8e3"])
    axes.imshow(shares, cmap=blues, vmin=0, vmax=1)
    for her2 in (0, 1):
        for call in (0, 1):
            axes.text(call, her2 - 0.06, f"{confusion[her2, call]}", ha="center", va="center", fontsize=11)
            axes.text(call, her2 + 0.17, percent(shares[her2, call]), ha="center", va="center", color=MUTED)
    axes.set_xticks([0, 1], labels=["negative", "positive"])
    axes.set_yticks([0, 1], labels=["negative", "positive"], rotation=90, va="center")
    axes.tick_params(length=0)
    axes.set_xlabel("Call")
    axes.set_ylabel("HER2 status")
    for spine in axes.spines.values():
        spine.set(visible=True, color=FAINT)
    axes.axhline(0.5, color=FAINT, linewidth=0.6)
    axes.axvline(0.5, color=FAINT, linewidth=0.6)


def confusion_frame(confusion: np.ndarray) -> pd.DataFrame:
    cells = [(her2, call, confusion[her2, call]) for her2 in (0, 1) for call in (0, 1)]
    return pd.DataFrame(cells, columns=["her2", "call", "patients"])


#: What the panel shows.
CALIBRATION_SHOWN = (
    "the observed share of HER2-positive patients against the predicted probability. Points: groups of patients of "
    "like prediction, with Wilson 95 % intervals; line and band: logistic regression on a restricted cubic spline of "
    "the log-odds, with its pointwise 95 % interval; dashed: perfect calibration. Below: predictions of HER2-positive "
    "patients (up) and HER2-negative ones (down)."
)


def calibration_panel(
    axes: Axes, curve: CalibrationCurve, status: np.ndarray, probability: np.ndarray, colour: str
) -> None:
    """Observed share against prediction, and below it how the predictions of either class are spread."""
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
    _draw_predictions(axes.inset_axes((0, -0.36, 1, 0.2)), status, probability)


def _draw_predictions(axes: Axes, status: np.ndarray, probability: np.ndarray) -> None:
    """Histogram of predictions, HER2-positive patients upwards, HER2-negative ones downwards."""
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


def calibration_frames(curve: CalibrationCurve) -> dict[str, pd.DataFrame]:
    columns = ["predicted", "observed", "low", "high"]
    return {
        "groups": pd.DataFrame({column: getattr(curve, column) for column in [*columns, "patients"]}),
        "smooth": pd.DataFrame({column: getattr(curve, f"smooth_{column}") for column in columns}),
    }


#: What the panel shows.
DECISION_SHOWN = (
    "net benefit per patient of calling a patient HER2-positive from the threshold probability on, with its pointwise "
    "95 % bootstrap interval, against calling all patients or none positive."
)


def decision_panel(axes: Axes, curve: DecisionCurve, highest: float, colour: str, label: str) -> None:
    """Net benefit of a model against calling all patients or none positive, up to `highest`."""
    axes.fill_between(curve.thresholds, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
    axes.plot(curve.thresholds, curve.model, color=colour, label=label)
    for benefit, dashes, name in (
        (curve.treat_all, (4, 2), "all positive"),
        (curve.treat_none, (1, 1.5), "none positive"),
    ):
        axes.plot(curve.thresholds, benefit, color=MUTED, linewidth=0.9, linestyle=(0, dashes), label=name)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.25 * highest - 0.05, highest * 1.05)
    axes.set_xlabel("Threshold probability")


def decision_frame(curve: DecisionCurve) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "threshold_probability": curve.thresholds,
            "model": curve.model,
            "low": curve.low,
            "high": curve.high,
            "all": curve.treat_all,
            "none": curve.treat_none,
        }
    )


def distance_panel(
    axes: Axes, groups: Mapping[str, tuple[pd.DataFrame, Mapping[str, Any]]], limits: tuple[float, float]
) -> None:
    """T² and Q of patients on logarithmic axes, with the limits of T² and Q dashed.

    `groups` gives, by label, the patients (``hotelling_t2``, ``q_residual``) and the look of their points.
    """
    for label, (those, look) in groups.items():
        axes.scatter(those["hotelling_t2"], those["q_residual"], s=15, label=label, **look)
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain_ticks(axes)
    reference_line(axes, x=limits[0])
    reference_line(axes, y=limits[1])
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
