"""assess(): the main job. The only place that knows the order of the steps from a Case to an Assessment."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from . import __version__, features, installed
from .case.case import Case
from .case.prepared import Prepared
from .errors import InputError
from .findings.examine import examine_grids, examine_prepared, examine_tissue
from .findings.finding import Finding
from .model.applicability import Applicability, applicability_of
from .model.explain import Explanation, distance_ratios, explain
from .model.model import Model, Prediction
from .outline.stability import Stability, measure
from .result import cautions, wording
from .result.result import Result


@dataclass(frozen=True, eq=False)
class PreparedCase:
    """A Case without errors, its findings so far, and the pair on which a backend computes the features.

    To look at its tissue, too, takes as long as many of the features; others may work meanwhile.
    """

    case: Case
    findings: tuple[Finding, ...]
    prepared: Prepared
    seconds: Mapping[str, float]

    def checked(self) -> CheckedCase:
        """With the findings on tissue and on the pair, of which none is an error."""
        started = time.perf_counter()
        findings = (*examine_tissue(self.case, self.findings), *examine_prepared(self.prepared))
        findings_s = self.seconds["findings"] + time.perf_counter() - started
        return CheckedCase(self.case, findings, self.prepared, {**self.seconds, "findings": findings_s})


class CheckedCase(PreparedCase):
    """One whose tissue was looked at: it may be predicted."""


@dataclass(frozen=True, eq=False)
class Assessment:
    """Everything that any output shows of one case. Outputs render it and compute nothing.

    `tail_probability` is the share (0 to 1) of patients like the training patients that lie at least as far out;
    `distance_ratios` tell for each feature class, largest first, how many times the usual distance from them it adds.
    No finding is an error. `features` are 975; `seconds` is the time of each step, and some go beside each other;
    `stability`, where it was measured, is how the probability varies with the outline.
    """

    checked: CheckedCase
    model: Model
    prediction: Prediction
    tail_probability: float
    distance_ratios: Mapping[str, float]
    explanation: Explanation
    findings: tuple[Finding, ...]
    features: Mapping[str, float]
    seconds: Mapping[str, float]
    stability: Stability | None = None

    @property
    def case(self) -> Case:
        return self.checked.case

    @property
    def probability(self) -> float:
        """Calibrated probability of HER2 over-expression, 0 to 1."""
        return self.prediction.probability

    @property
    def interval(self) -> tuple[float, float]:
        """Where it might lie had the model learnt from very many such patients; see `Model.predict`."""
        return self.prediction.interval

    @property
    def threshold(self) -> float:
        """From this probability on the call is HER2-positive."""
        return self.model.threshold

    @property
    def call(self) -> str:
        """``"HER2-positive"`` or ``"HER2-negative"``; ``"no call"`` by a model that tells no better than guessing."""
        return self.model.call(self.probability)

    @property
    def applicability(self) -> Applicability | None:
        """Where the case lies among those that the model knows; None of a model that tells no better than guessing."""
        return None if self.model.guessing else applicability_of(self.tail_probability)

    @property
    def banner(self) -> str:
        """What every output leads with where the model tells no better than guessing; empty otherwise."""
        return self.model.banner

    @property
    def roi(self) -> dict[str, Any]:
        """``name``, ``volume_ml``, ``voxels``, ``slices``."""
        return {
            "name": self.case.roi.name,
            "volume_ml": self.case.roi_volume_ml,
            "voxels": self.case.roi_voxel_count,
            "slices": self.case.roi_slices,
        }

    def result(self, digest: str = "", time: str = "") -> Result:
        """What is shown of it, in plain values; the panel names the input that it belongs to, and when it was made."""
        return Result(
            digest=digest,
            time=time,
            volume=self.case.volume.name,
            segment=self.case.roi.name,
            roi_volume_ml=float(self.case.roi_volume_ml),
            roi_slices=int(self.case.roi_slices),
            probability=self.probability,
            interval=self.interval,
            interval_level=self.model.interval_level,
            threshold=self.threshold,
            call=self.call,
            applicability=self.applicability,
            model=self.model.describe(),
            contributions=self.explanation.by_class(),
            findings=self.findings,
            strongest=tuple(self.explanation.strongest()),
            stability=self.stability,
            banner=self.banner,
            context=self.model.context,
        )

    def summary(self) -> str:
        """The result in one line for people, always with the model and its cohort."""
        return wording.summary(self.result())

    def to_dict(self) -> dict[str, Any]:
        """For JSON. Holds nothing that identifies a patient."""
        result = self.result()
        return {
            **result.numbers(),
            "applicability": {
                "verdict": result.applicability,
                "tail_probability": self.tail_probability,
                "distance_ratios": dict(self.distance_ratios),
            },
            "explanation": {
                "log_odds": self.explanation.log_odds,
                "baseline_log_odds": self.explanation.baseline_log_odds,
                "by_class": result.contributions,
                "by_image": self.explanation.by_image(),
                "strongest": [
                    dict(zip(("feature", "contribution", "z_score"), feature, strict=True))
                    for feature in result.strongest
                ],
            },
            "features": dict(self.features),
            "roi": self.roi,
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
            "software": software(),
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
    own = prepare(case)
    features.load()
    with ThreadPoolExecutor(1) as beside:
        checked = beside.submit(own.checked)
        started = time.perf_counter()
        values = features.extract(own.prepared)
        seconds = {"features": time.perf_counter() - started}
    return predict(checked.result(), values, model, seconds)


def prepare(case: Case, prepared: Prepared | None = None) -> PreparedCase:
    """Refuse a case that has errors and prepare it, unless `prepared` is given from before.

    Raises
    ------
    InputError
        Where a finding is an error.
    """
    started = time.perf_counter()
    findings = examine_grids(case)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise InputError(" ".join(finding.message for finding in errors), code=errors[0].code)
    examined = time.perf_counter()
    prepared = prepared or case.prepared()
    seconds = {"findings": examined - started, "preparation": time.perf_counter() - examined}
    return PreparedCase(case, findings, prepared, seconds)


def preprocess(case: Case) -> CheckedCase:
    """All steps before the features; raises what `prepare` does."""
    return prepare(case).checked()


def predict(
    checked: CheckedCase,
    values: features.Features,
    model: Model,
    seconds: Mapping[str, float] | None = None,
) -> Assessment:
    """Turn the features of a checked case into an Assessment; the steps after the features.

    The 975 `values` are from `features.extract` or `features.from_strings`; their time in `seconds` is
    ``{"features": s}``.

    Raises
    ------
    InputError
        Where the model learnt on features of other settings.
    """
    model.require_own_settings()
    started = time.perf_counter()
    prediction = model.predict(values)
    tail_probability, ratios = model.typicality(prediction), distance_ratios(model, values, prediction)
    findings = (
        *cautions.of_model(model),
        *checked.findings,
        *cautions.of_prediction(model, values, prediction, applicability_of(tail_probability), ratios),
    )
    explanation = explain(model, values)
    return Assessment(
        checked=checked,
        model=model,
        prediction=prediction,
        tail_probability=tail_probability,
        distance_ratios=ratios,
        explanation=explanation,
        findings=findings,
        features=values,
        seconds={**checked.seconds, **(seconds or {}), "prediction": time.perf_counter() - started},
    )


def with_stability(
    assessment: Assessment, stability: Stability, seconds: Mapping[str, float] | None = None
) -> Assessment:
    """The Assessment with how its probability varies with the outline, and a finding where the call does.

    That of a model that tells no better than guessing stays as it is: no outline makes its number better or worse.
    `seconds` is the time that it took, as ``{"stability": s}``.
    """
    if assessment.banner:
        return assessment
    return dataclasses.replace(
        assessment,
        stability=stability,
        findings=(*assessment.findings, *cautions.of_stability(stability)),
        seconds={**assessment.seconds, **(seconds or {})},
    )


def with_variations(assessment: Assessment, count: int, jobs: int | None = None) -> Assessment:
    """The same with the stability measured here, on `count` variations of the outline; `jobs` as in `measure`.

    Without variations the Assessment stays as it is.
    """
    if not count or assessment.banner:
        return assessment
    started = time.perf_counter()
    stability = measure(assessment.case, assessment.model, assessment.probability, count=count, jobs=jobs)
    return with_stability(assessment, stability, {"stability": time.perf_counter() - started})


def software() -> dict[str, str]:
    """Versions of what a result depends on."""
    own = {"HER2Predict": __version__, "python": platform.python_version()}
    return own | installed("numpy", "SimpleITK", "pyradiomics", "pyradiomics-cuda")
