"""Result: what is shown of one prediction, in plain values that every output puts in words and a scene saves."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from ..findings.finding import REMEDIES, Finding, Severity
from ..model.applicability import Applicability
from ..model.guessing import is_positive
from ..outline.stability import Stability

_NUMBERS = ("probability", "threshold", "roi_volume_ml")
_TEXTS = ("digest", "time", "volume", "segment", "call", "model", "banner", "context")
#: What earlier versions called a field -> what it is called now.
_EARLIER_NAMES = {"stamp": "digest"}


@dataclass(frozen=True)
class Result:
    """One prediction without its case, model and features.

    `digest` is of the input that it belongs to, see `panel.background.input_digest`; `time` is when it was made, local
    time in ISO 8601; both are empty outside of the panel. `volume` and `segment` are the names at that time.

    `probability`, calibrated, `interval` and `threshold` are 0 to 1, see `Model.predict` and `Model.call`.
    `applicability` is None by a model that tells no better than guessing; `banner` leads then, and is empty otherwise.
    `model` is name, version and cohort; `context`, beside the probability, the share of positives, and how well the
    model ranks its own.

    `contributions` to the log-odds are by feature class; `strongest` holds name, contribution to the log-odds and
    z-score of each of the features that pull most, strongest first. `stability` is there where it was measured.
    """

    digest: str
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

    @property
    def is_one_sided(self) -> bool:
        """Does the whole interval lie on the side of the call?"""
        return not crosses(self.interval, self.threshold)

    def numbers(self) -> dict[str, Any]:
        """What programs are told of it first, for JSON; no call where there is none to give."""
        return {
            "banner": self.banner,
            "probability": self.probability,
            "interval": list(self.interval),
            "interval_level": self.interval_level,
            "threshold": self.threshold,
            "call": None if self.banner else self.call,
            "findings": [
                {"code": finding.code, "severity": finding.severity, "message": finding.message}
                for finding in self.findings
            ],
        }

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
            stored = {_EARLIER_NAMES.get(name, name): value for name, value in stored.items()}
            interval = tuple(stored.pop("interval"))
            result = cls(**stored, interval=interval, findings=findings, strongest=strongest, stability=stability)
            return result if _is_sound(result) else None
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def now() -> str:
    """The present as `Result.time`."""
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def crosses(interval: tuple[float, float], threshold: float) -> bool:
    """Do the ends of an interval give different calls?"""
    low, high = interval
    return is_positive(low, threshold) != is_positive(high, threshold)


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
