"""Result: what is shown of one finished prediction, in plain values that are saved with the scene."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from ..assess import Applicability, Assessment
from ..findings.finding import REMEDIES, Finding, Severity
from ..outline.stability import Stability

_NUMBERS = ("probability", "threshold", "roi_volume_ml")
_TEXTS = ("stamp", "time", "volume", "segment", "call", "model", "banner", "context")


@dataclass(frozen=True)
class Result:
    """One prediction without its case, model and features.

    Attributes
    ----------
    stamp : str
        Digest of the input that it belongs to, see `background.stamp`.
    time : str
        When it was made, local time in ISO 8601.
    volume, segment : str
        Names at that time.
    roi_volume_ml, roi_slices
        Size of the ROI.
    probability, interval, interval_level, threshold, call, applicability, findings
        As in `assess.Assessment`.
    contributions : dict
        Feature class -> sum of contributions to the log-odds.
    strongest : tuple
        Name, contribution to the log-odds and z-score of each of the features that pull most, strongest first.
    model : str
        Name, version and cohort.
    stability : Stability or None
        How the probability varies with the outline, where that was measured.
    banner, context
        As in `assess.Assessment`.
    """

    stamp: str
    time: str
    volume: str
    segment: str
    roi_volume_ml: float
    roi_slices: int
    probability: float
    interval: tuple[float, float]
    interval_level: float | None
    threshold: float
    call: str
    applicability: Applicability | None
    model: str
    contributions: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    strongest: tuple[tuple[str, float, float], ...] = ()
    stability: Stability | None = None
    banner: str = ""
    context: str = ""

    @classmethod
    def of(cls, assessment: Assessment, stamp: str, time: str) -> Result:
        """What is shown of an Assessment."""
        return cls(
            stamp=stamp,
            time=time,
            volume=assessment.preparation.case.volume.name,
            segment=str(assessment.roi["name"]),
            roi_volume_ml=float(assessment.roi["volume_ml"]),
            roi_slices=int(assessment.roi["slices"]),
            probability=assessment.probability,
            interval=assessment.interval,
            interval_level=assessment.interval_level,
            threshold=assessment.threshold,
            call=assessment.call,
            applicability=assessment.applicability,
            model=assessment.model.describe(),
            contributions=assessment.explanation.by_class(),
            findings=assessment.findings,
            strongest=tuple(assessment.explanation.strongest()),
            stability=assessment.stability,
            banner=assessment.banner,
            context=assessment.context,
        )

    @property
    def is_one_sided(self) -> bool:
        """Does the whole interval lie on the side of the call?"""
        low, high = self.interval
        return not low < self.threshold <= high

    def to_json(self) -> str:
        """For a parameter node."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Result | None:
        """The result in `text`; None where there is none, or one that this program cannot show."""
        try:
            stored = json.loads(text)
            findings = tuple(_finding(finding) for finding in stored.pop("findings"))
            strongest = tuple((name, pull, z) for name, pull, z in stored.pop("strongest", ()))
            stability = _stability(stored.pop("stability", None))  # earlier versions had none
            result = cls(
                **{**stored, "interval": tuple(stored["interval"])},
                findings=findings,
                strongest=strongest,
                stability=stability,
            )
            return result if _is_sound(result) else None
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def _finding(stored: dict[str, Any]) -> Finding:
    """A finding; another version's remedy, which nothing here carries out, is left out."""
    remedy = stored.get("remedy")
    return Finding(**{**stored, "remedy": None if isinstance(remedy, str) and remedy not in REMEDIES else remedy})


def _stability(stored: dict[str, Any] | None) -> Stability | None:
    if stored is None:
        return None
    return Stability(**{**stored, "probabilities": tuple(stored["probabilities"])})


def _is_sound(result: Result) -> bool:
    numbers = [getattr(result, name) for name in _NUMBERS]
    numbers += [*result.interval, *result.contributions.values(), result.roi_slices]
    numbers += [number for _name, *pull in result.strongest for number in pull]
    texts = [getattr(result, name) for name in _TEXTS]
    texts += [text for finding in result.findings for text in (finding.code, finding.message)]
    return (
        all(_is_finite(number) for number in numbers)
        and (result.interval_level is None or _is_finite(result.interval_level))
        and all(isinstance(text, str) for text in texts)
        and len(result.interval) == 2
        and all(isinstance(name, str) and name.count("_") == 2 for name, _pull, _z in result.strongest)
        and all(0.0 <= share <= 1.0 for share in (result.probability, *result.interval, result.threshold))
        and (result.applicability in get_args(Applicability) or (result.applicability is None and bool(result.banner)))
        and all(finding.severity in get_args(Severity) for finding in result.findings)
        and all(finding.remedy is None or finding.remedy in REMEDIES for finding in result.findings)
        and (result.stability is None or _is_sound_stability(result.stability))
    )


def _is_sound_stability(stability: Stability) -> bool:
    shares = (stability.low, stability.high, *stability.probabilities)
    counts = (stability.count, stability.failed, stability.flips)
    return (
        all(_is_finite(number) for number in (*shares, stability.mean_surface_distance_mm))
        and _is_finite(stability.mean_volume_change)
        and all(0.0 <= share <= 1.0 for share in shares)
        and all(type(count) is int and count >= 0 for count in counts)
        and stability.count == len(stability.probabilities)
        and stability.flips <= stability.count
    )


def _is_finite(number: Any) -> bool:
    return isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
