"""assess(): the main job. The only place that knows the order of the steps from a Case to an Assessment."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import __version__, features
from .case.case import Case
from .case.prepared import Prepared
from .errors import InputError
from .findings import examine as quality
from .findings.finding import Finding
from .i18n import tr as _
from .model.applicability import Applicability, applicability_of
from .model.explain import Explanation, explain, times_usual
from .model.guessing import GUESSING_CODE
from .model.model import Model, Prediction, interval_name
from .outline.stability import Stability

#: A feature class this many times farther out than usual is worth a word.
_WORTH_SAYING = 1.5
_MOST_NAMED = 3
_MOST_TIMES = 100


@dataclass(frozen=True, eq=False)
class Preparation:
    """A Case that may be predicted: its findings so far, and the pair on which a backend computes the features."""

    case: Case
    findings: tuple[Finding, ...]
    prepared: Prepared
    seconds: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Assessment:
    """Everything that any output shows of one case. Outputs render it and compute nothing.

    Attributes
    ----------
    preparation : Preparation
        The case, and the pair that the features were computed on.
    probability : float
        Calibrated probability of HER2 over-expression, 0 to 1.
    interval : tuple of float
        Where it might lie had the model learnt from very many such patients, at `interval_level`; see `Model.predict`.
    threshold : float
        From this probability on the call is HER2-positive.
    call : str
        ``"HER2-positive"`` or ``"HER2-negative"``; ``"no call"`` by a model that tells no better than guessing.
    applicability : {'inside', 'edge', 'outside'} or None
        Where the case lies among those that the model has learnt from; None of a model that tells no better than
        guessing, for which nothing speaks.
    share_beyond : float
        Share (0 to 1) of patients like the training patients that lie at least as far out.
    times_usual : dict
        Feature class -> how many times the usual distance from the training patients it adds, largest first.
    explanation : Explanation
        Which features pushed the probability up or down.
    findings : tuple of Finding
        Errors cannot be among them.
    features : dict
        975 names and values.
    roi : dict
        ``name``, ``volume_ml``, ``voxels``, ``slices``.
    model : Model
        What predicted.
    software : dict
        Versions.
    seconds : dict
        Time of each step.
    stability : Stability or None
        How the probability varies with the outline, where that was measured.
    """

    preparation: Preparation
    probability: float
    interval: tuple[float, float]
    interval_level: float | None
    threshold: float
    call: str
    applicability: Applicability | None
    share_beyond: float
    times_usual: Mapping[str, float]
    explanation: Explanation
    findings: tuple[Finding, ...]
    features: Mapping[str, float]
    roi: Mapping[str, Any]
    model: Model
    software: Mapping[str, str]
    seconds: Mapping[str, float]
    stability: Stability | None = None

    @property
    def banner(self) -> str:
        """What every output leads with where the model tells no better than guessing; empty otherwise."""
        return self.model.banner

    @property
    def context(self) -> str:
        """What stands beside the probability, always: the share of positives, and how well the model ranks its own."""
        return self.model.context

    def summary(self) -> str:
        """The result in one line for people, always with the model and its cohort."""
        low, high = self.interval
        if self.banner:
            words = _("{banner} Probability {probability:.2f}. Model: {model}.")
        else:
            words = _(
                "{call}: probability {probability:.2f} ({interval} {low:.2f} to {high:.2f}), "
                "threshold {threshold:.2f}. Model: {model}."
            )
        return words.format(
            banner=self.banner,
            call=self.call,
            probability=self.probability,
            interval=interval_name(self.interval_level),
            low=low,
            high=high,
            threshold=self.threshold,
            model=self.model.describe(),
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON. Holds nothing that identifies a patient."""
        return {
            "banner": self.banner,
            "probability": self.probability,
            "interval": list(self.interval),
            "interval_level": self.interval_level,
            "threshold": self.threshold,
            "call": None if self.banner else self.call,
            "applicability": {
                "verdict": self.applicability,
                "share_beyond": self.share_beyond,
                "times_usual": dict(self.times_usual),
            },
            "explanation": {
                "log_odds": self.explanation.log_odds,
                "baseline_log_odds": self.explanation.baseline_log_odds,
                "by_class": self.explanation.by_class(),
                "by_image": self.explanation.by_image(),
                "strongest": [
                    {"feature": name, "contribution": contribution, "z_score": z_score}
                    for name, contribution, z_score in self.explanation.strongest()
                ],
            },
            "findings": [
                {"code": finding.code, "severity": finding.severity, "message": finding.message}
                for finding in self.findings
            ],
            "features": dict(self.features),
            "roi": dict(self.roi),
            "model": {
                "name": self.model.name,
                "version": self.model.version,
                "sha256": self.model.sha256,
                "training_cohort": dict(self.model.cohort),
                "guessing": list(self.model.guessing),
                "base_share": self.model.base_share,
                "discrimination": None if self.model.discrimination is None else self.model.discrimination.to_dict(),
                "recalibration": None if self.model.recalibration is None else dict(self.model.recalibration),
            },
            "software": dict(self.software),
            "seconds": dict(self.seconds),
            "stability": None if self.stability is None else self.stability.to_dict(),
        }


def assess(case: Case, model: Model) -> Assessment:
    """Predict the HER2 status of one case.

    Raises
    ------
    InputError
        Where a finding is an error, the features are undefined for this ROI, or the model learnt on others.
    """
    model.require_own_settings()
    preparation = begin(case)
    started = time.perf_counter()
    values = features.extract(preparation.prepared)
    return conclude(preparation, values, model, {"features": time.perf_counter() - started})


def begin(case: Case, prepared: Prepared | None = None) -> Preparation:
    """Check and prepare a case; the steps before the features.

    Parameters
    ----------
    prepared : Prepared, optional
        Of this case, where it was made before.

    Raises
    ------
    InputError
        Where a finding is an error.
    """
    started = time.perf_counter()
    findings = quality.examine(case)
    _refuse_errors(findings)
    examined = time.perf_counter()
    prepared = prepared or case.prepared()
    findings += quality.examine_prepared(prepared)
    _refuse_errors(findings)
    seconds = {"findings": examined - started, "preparation": time.perf_counter() - examined}
    return Preparation(case, findings, prepared, seconds)


def conclude(
    preparation: Preparation,
    values: features.Features,
    model: Model,
    seconds: Mapping[str, float] | None = None,
) -> Assessment:
    """Turn the features of a prepared case into an Assessment; the steps after the features.

    Parameters
    ----------
    values : dict
        975 names and values, from `features.extract` or `features.from_strings`.
    seconds : mapping, optional
        Time that the features took, as ``{"features": s}``.

    Raises
    ------
    InputError
        Where the model learnt on features of other settings.
    """
    model.require_own_settings()
    started = time.perf_counter()
    prediction = model.predict(values)
    share_beyond, unusual = model.typicality(prediction), times_usual(model, values, prediction)
    applicability = applicability_of(share_beyond)
    findings = (
        *_guessing_findings(model),
        *preparation.findings,
        *_applicability_findings(applicability, unusual),
        *_volume_findings(model, values),
        *_interval_findings(prediction, model),
        *_model_findings(model),
    )
    case = preparation.case
    return Assessment(
        preparation=preparation,
        probability=prediction.probability,
        interval=prediction.interval,
        interval_level=model.interval_level,
        threshold=model.threshold,
        call=model.call(prediction.probability),
        applicability=None if model.guessing else applicability,
        share_beyond=share_beyond,
        times_usual=unusual,
        explanation=explain(model, values),
        findings=findings,
        features=values,
        roi={
            "name": case.roi.name,
            "volume_ml": case.roi_volume_ml,
            "voxels": case.roi_voxel_count,
            "slices": case.roi_slices,
        },
        model=model,
        software=_software(),
        seconds={**preparation.seconds, **(seconds or {}), "prediction": time.perf_counter() - started},
    )


def with_stability(
    assessment: Assessment, stability: Stability, seconds: Mapping[str, float] | None = None
) -> Assessment:
    """The Assessment with how its probability varies with the outline, and a finding where the call does.

    That of a model that tells no better than guessing stays as it is: no outline makes its number better or worse.

    Parameters
    ----------
    seconds : mapping, optional
        Time that it took, as ``{"stability": s}``.
    """
    if assessment.banner:
        return assessment
    return dataclasses.replace(
        assessment,
        stability=stability,
        findings=(*assessment.findings, *_stability_findings(stability)),
        seconds={**assessment.seconds, **(seconds or {})},
    )


def _stability_findings(stability: Stability) -> tuple[Finding, ...]:
    if not stability.flips:
        return ()
    return (
        Finding(
            "call-depends-on-outline",
            "warning",
            _(
                "{flips} of {count} variations of the outline, as other readers may draw it, give the other call; "
                "check the outline, or have a second reader draw it."
            ).format(flips=stability.flips, count=stability.count),
        ),
    )


def _refuse_errors(findings: tuple[Finding, ...]) -> None:
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise InputError(" ".join(finding.message for finding in errors), code=errors[0].code)


def _applicability_findings(applicability: Applicability, unusual: Mapping[str, float]) -> tuple[Finding, ...]:
    why = _why_unusual(unusual)
    if applicability == "outside":
        message = _(
            "This case lies outside what the model has learnt from{why}; do not rely on the probability."
        ).format(why=why)
        return (Finding("outside-training-domain", "warning", message),)
    if applicability == "edge":
        message = _(
            "This case lies at the edge of what the model has learnt from{why}; take the probability with caution."
        ).format(why=why)
        return (Finding("edge-of-training-domain", "warning", message),)
    return ()


def _why_unusual(unusual: Mapping[str, float]) -> str:
    """The feature classes that make a case unusual, in brackets; empty where none stands out."""
    named = [(name, times) for name, times in unusual.items() if times >= _WORTH_SAYING][:_MOST_NAMED]
    if not named:
        return ""
    listed = ", ".join(_times(features.class_words(name), times) for name, times in named)
    return _(" (distance against the usual one: {listed})").format(listed=listed)


def _times(feature_class: str, times: float) -> str:
    if times > _MOST_TIMES:
        return _("{feature_class} over {most} times").format(feature_class=feature_class, most=_MOST_TIMES)
    return _("{feature_class} {times:.1f} times").format(feature_class=feature_class, times=times)


def _volume_findings(model: Model, values: features.Features) -> tuple[Finding, ...]:
    if model.training_volume_ml is None or features.VOLUME_FEATURE not in values:
        return ()
    volume, (least, most) = values[features.VOLUME_FEATURE] / 1000.0, model.training_volume_ml
    if least <= volume <= most:
        return ()
    message = _("The ROI has {volume:.1f} ml; the model has learnt on ROIs of {least:.1f} to {most:.1f} ml.").format(
        volume=volume, least=least, most=most
    )
    return (Finding("roi-volume-unusual", "warning", message),)


def _guessing_findings(model: Model) -> tuple[Finding, ...]:
    return (Finding(GUESSING_CODE, "warning", model.banner),) if model.guessing else ()


def _interval_findings(prediction: Prediction, model: Model) -> tuple[Finding, ...]:
    low, high = prediction.interval
    threshold = model.threshold
    if model.guessing or not low < threshold <= high:
        return ()
    return (
        Finding(
            "interval-crosses-threshold",
            "warning",
            _(
                "The model interval ({low:.2f} to {high:.2f}) crosses the threshold ({threshold:.2f}); with more "
                "patients to learn from, the call could as well be the other one."
            ).format(low=low, high=high, threshold=threshold),
        ),
    )


def _model_findings(model: Model) -> tuple[Finding, ...]:
    if not model.simulated:
        return ()
    if model.cohort["simulated"]:
        words = _("The model was trained on simulated patients; its probability says nothing about a real patient.")
    else:
        words = _("The model was recalibrated on simulated patients; its probability says nothing of a real patient.")
    return (Finding("simulated-model", "warning", words),)


def _software() -> dict[str, str]:
    versions = {"HER2Predict": __version__, "python": platform.python_version()}
    for package in ("numpy", "SimpleITK", "pyradiomics", "pyradiomics-cuda"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
