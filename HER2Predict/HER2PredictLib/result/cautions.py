"""Findings that a prediction brings: whether the model knows such a case, and how sure its call is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import features
from ..findings.finding import Finding
from ..i18n import tr as _
from ..model.applicability import Applicability
from ..model.guessing import GUESSING_CODE
from ..model.model import Model, Prediction
from ..outline.stability import Stability
from .result import crosses

SIMULATED_CODE = "simulated-model"
#: Every finding of this file; the others are about the input.
CODES = (
    GUESSING_CODE,
    SIMULATED_CODE,
    "interval-crosses-threshold",
    "edge-of-training-domain",
    "outside-training-domain",
    "call-depends-on-outline",
    "roi-volume-unusual",
)

#: A feature class this many times farther out than usual is worth a word.
_WORTH_SAYING = 1.5
_MOST_NAMED = 3
_MOST_TIMES = 100


def of_model(model: Model) -> tuple[Finding, ...]:
    """What must be known of any number of a model that tells no better than guessing."""
    return (Finding(GUESSING_CODE, "warning", model.banner),) if model.guessing else ()


def of_prediction(
    model: Model,
    values: features.Features,
    prediction: Prediction,
    applicability: Applicability,
    distance_ratios: Mapping[str, float],
) -> Iterator[Finding]:
    """What must be known of the number predicted from `values`; `distance_ratios` are as in `assess.Assessment`."""
    yield from _domain(applicability, distance_ratios)
    yield from _volume(model, values)
    yield from _interval(model, prediction)
    yield from of_simulation(model)


def of_stability(stability: Stability) -> Iterator[Finding]:
    """Does the call depend on who draws the outline?"""
    if stability.flips:
        yield Finding(
            "call-depends-on-outline",
            "warning",
            _(
                "{flips} of {count} variations of the outline, as other readers may draw it, give the other call; "
                "check the outline, or have a second reader draw it."
            ).format(flips=stability.flips, count=stability.count),
        )


def _domain(applicability: Applicability, distance_ratios: Mapping[str, float]) -> Iterator[Finding]:
    why = _unusual_classes(distance_ratios)
    if applicability == "outside":
        words = _("This case lies outside what the model has learnt from{why}; do not rely on the probability.")
        yield Finding("outside-training-domain", "warning", words.format(why=why))
    if applicability == "edge":
        words = _(
            "This case lies at the edge of what the model has learnt from{why}; take the probability with caution."
        )
        yield Finding("edge-of-training-domain", "warning", words.format(why=why))


def _unusual_classes(distance_ratios: Mapping[str, float]) -> str:
    """The feature classes that make a case unusual, in brackets; empty where none stands out."""
    named = [(name, times) for name, times in distance_ratios.items() if times >= _WORTH_SAYING][:_MOST_NAMED]
    if not named:
        return ""
    listed = ", ".join(_times(features.class_words(name), times) for name, times in named)
    return _(" (distance against the usual one: {listed})").format(listed=listed)


def _times(feature_class: str, times: float) -> str:
    if times > _MOST_TIMES:
        return _("{feature_class} over {most} times").format(feature_class=feature_class, most=_MOST_TIMES)
    return _("{feature_class} {times:.1f} times").format(feature_class=feature_class, times=times)


def _volume(model: Model, values: features.Features) -> Iterator[Finding]:
    if model.training_volume_ml is None or features.VOLUME_FEATURE not in values:
        return
    volume, (least, most) = values[features.VOLUME_FEATURE] / 1000.0, model.training_volume_ml
    if not least <= volume <= most:
        words = _("The ROI has {volume:.1f} ml; the model has learnt on ROIs of {least:.1f} to {most:.1f} ml.")
        yield Finding("roi-volume-unusual", "warning", words.format(volume=volume, least=least, most=most))


def _interval(model: Model, prediction: Prediction) -> Iterator[Finding]:
    if model.guessing or not crosses(prediction.interval, model.threshold):
        return
    low, high = prediction.interval
    words = _(
        "The model interval ({low:.2f} to {high:.2f}) crosses the threshold ({threshold:.2f}); with more "
        "patients to learn from, the call could as well be the other one."
    )
    yield Finding("interval-crosses-threshold", "warning", words.format(low=low, high=high, threshold=model.threshold))


def of_simulation(model: Model) -> Iterator[Finding]:
    """What must be known of a model that learnt on simulated patients."""
    if not model.simulated:
        return
    if model.cohort["simulated"]:
        words = _("The model was trained on simulated patients; its probability says nothing about a real patient.")
    else:
        words = _("The model was recalibrated on simulated patients; its probability says nothing of a real patient.")
    yield Finding(SIMULATED_CODE, "warning", words)
