"""What a measure means, in a sentence: of whichever patients it is, and small numbers are called small."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..statistics.calibration_measures import Recalibration
from ..statistics.estimate import Estimate
from ..statistics.performance import DecisionCurve, OperatingPoint, Performance


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def discrimination(performance: Performance, model: str, where: str) -> str:
    """AUC, and what its interval allows to say; `where` is like ``In the test set``."""
    return (
        f"{where} {model} had an AUC of {performance.auc.value:.2f} (95 % CI {_limits(performance.auc)} by bootstrap, "
        f"{_limits(performance.auc_delong)} by DeLong). {_against_chance(performance.auc)}"
    )


def calls(point: OperatingPoint, whom: str) -> str:
    """The confusion matrix in words; `whom` is like ``test patients``."""
    positives, negatives = point.true_positive + point.false_negative, point.true_negative + point.false_positive
    return (
        f"At the threshold {point.threshold:.2f}, {point.true_positive} of {positives} HER2-positive and "
        f"{point.true_negative} of {negatives} HER2-negative {whom} were called rightly: sensitivity "
        f"{point.sensitivity.text()}, specificity {point.specificity.text()}."
    )


def calibration(recalibration: Recalibration, where: str) -> str:
    slope = recalibration.slope
    if not np.isfinite(slope.value):
        return f"{where}, the calibration slope is not defined: predictions separate the classes or are all alike."
    if not slope.low <= 1 <= slope.high:
        meaning = (
            "is below 1: predictions are too extreme" if slope.value < 1 else "is above 1: predictions are too cautious"
        )
    elif slope.low <= 0:
        meaning = "is so uncertain that it fits good calibration as well as none"
    else:
        meaning = "does not differ from the ideal of 1 within its interval"
    return (
        f"{where}, the calibration slope was {slope.text()}, which {meaning}; calibration-in-the-large was "
        f"{recalibration.in_the_large.text()} (0 is ideal)."
    )


def decision(curve: DecisionCurve, model: str, where: str) -> str:
    """Where acting on the model is better than not having it."""
    other = np.maximum(curve.treat_all, curve.treat_none)
    better, surely = curve.model > other + 1e-12, curve.low > other + 1e-12
    count = len(curve.thresholds)
    if not better.any():
        return f"{where}, {model} had no net benefit over calling all patients or none at any threshold."
    sure = f"at {int(surely.sum())} of them also the lower limit" if surely.any() else "the lower limit at none"
    return (
        f"{where}, the net benefit of {model} was above that of calling all patients or none at {int(better.sum())} of "
        f"{count} threshold probabilities between {curve.thresholds[0]:g} and {curve.thresholds[-1]:g}; {sure}. Which "
        "threshold probability matters is a clinical decision."
    )


def _limits(estimate: Estimate) -> str:
    return f"{estimate.low:.2f} to {estimate.high:.2f}" if np.isfinite(estimate.low) else "not defined"


def _against_chance(auc: Estimate) -> str:
    if auc.value in (0.0, 1.0):
        return "Every resample separates the classes, so that the bootstrap interval understates the uncertainty."
    if auc.low == auc.high:
        return "All patients, or all but a few, get the same prediction: it tells nobody from anybody."
    width = f"The interval is {auc.high - auc.low:.2f} wide"
    if auc.low <= 0.5 <= auc.high:
        return f"{width} and covers 0.5: these patients do not show that the model tells the classes apart."
    side = "above" if auc.low > 0.5 else "below"
    return f"{width} and lies {side} 0.5."
