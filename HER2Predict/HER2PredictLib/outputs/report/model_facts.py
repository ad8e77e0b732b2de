"""What a model is, for whom it was made and how well it does: names and texts for whatever lists them."""

from __future__ import annotations

import math
from typing import Any

from ...i18n import tr as _
from ...model.model import Model

Facts = list[tuple[str, str]]


def of_model(model: Model) -> Facts:
    """Name, cohort and what it was made for, as the bundle tells."""
    patients = _("{patients}, of whom {positive} HER2-positive; {train} trained it, {test} tested it")
    return [
        (_("Model"), f"{model.name} {model.version}"),
        (_("Cohort"), str(model.cohort["description"])),
        (_("Patients"), patients.format(**model.cohort)),
        *_recalibrated(model),
        (_("Simulated"), _("yes: not for any real patient") if model.simulated else _("no")),
        (_("Threshold"), f"{model.threshold:.2f}"),
    ]


def areas(model: Model) -> Facts:
    """Areas under the ROC curve with their intervals, as far as the bundle's metrics, free in form, tell them."""
    return [
        *_measured(model, "train", "auc", _("AUC, training")),
        *_measured(model, "test", "auc", _("AUC, test")),
    ]


def discrimination(model: Model) -> Facts:
    """The same of a page that has no room for two of the training patients: the one that decides whether it guesses."""
    found = model.discrimination
    if found is None:
        return areas(model)
    limits = "" if math.isnan(found.low) else _(" ({low:.2f} to {high:.2f})").format(low=found.low, high=found.high)
    return [
        (_("AUC, cross-validated"), f"{found.auc:.2f}{limits}"),
        *_measured(model, "test", "auc", _("AUC, test")),
    ]


def calibration(model: Model) -> Facts:
    """How far probabilities agree with what happened, as far as they tell."""
    return [
        *_measured(model, "train", "calibration_slope", _("Calibration slope, training")),
        *_measured(model, "test", "calibration_slope", _("Calibration slope, test")),
        *_measured(model, "test", "brier", _("Brier score, test")),
    ]


def _recalibrated(model: Model) -> Facts:
    if model.recalibration is None:
        return []
    words = _("{patients} patients ({description}), of whom {positive} HER2-positive")
    return [
        (_("Recalibrated on"), words.format(**model.recalibration["cohort"])),
        (_("Measured"), _("not since: calibration and threshold were fitted anew")),
    ]


def _measured(model: Model, part: str, name: str, words: str) -> Facts:
    found: Any = model.card.get("metrics")
    for key in ("models", "mlp", part, name):
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, dict) and all(isinstance(found.get(key), float) for key in ("value", "low", "high")):
        return [(words, _("{value:.2f} ({low:.2f} to {high:.2f})").format_map(found))]
    return []
