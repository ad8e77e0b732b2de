"""The words for a result: plain, translated sentences that every output shows; renderers add markup and order alone.

Probabilities are written by a format specification, as ``".2f"`` or ``".0%"``.
"""

from __future__ import annotations

from ..features import class_words
from ..findings.finding import Severity
from ..i18n import tr as _
from ..model import guessing
from ..model.applicability import words_of
from ..model.guessing import POSITIVE
from ..model.model import interval_name
from ..outline.stability import Stability
from .cautions import SIMULATED_CODE
from .result import Result

DECIMALS, PERCENT = ".2f", ".0%"


def verdict(result: Result) -> str:
    """What leads: the call, or why there is none to rely on."""
    if result.banner:
        return guessing.headline()
    return _("Do not rely on this number") if result.applicability == "outside" else result.call


def lead(result: Result) -> str:
    """What must be known before the number is read, in a sentence; empty where nothing speaks against relying on it."""
    if result.banner:
        return result.banner
    if result.applicability == "outside":
        return _("{verdict}: the case lies {where}.").format(verdict=verdict(result), where=words_of("outside"))
    return ""


def research_only() -> str:
    return _("Research use only, not for clinical decisions.")


def summary(result: Result) -> str:
    """The result in one line, always with the model and its cohort."""
    if result.banner:
        words = _("{banner} Probability {probability:.2f}. Model: {model}.")
    else:
        words = _("{call}: probability {probability:.2f} ({interval}), threshold {threshold:.2f}. Model: {model}.")
    return words.format(
        banner=result.banner,
        call=result.call,
        probability=result.probability,
        interval=interval(result),
        threshold=result.threshold,
        model=result.model,
    )


def view_line(result: Result) -> str:
    """The result in one line for the slice views."""
    if result.banner:
        return _("HER2: {headline}").format(headline=verdict(result))
    if result.applicability == "outside":
        words = _("HER2: {where}, do not rely on {probability:.0%}")
        return words.format(where=words_of("outside"), probability=result.probability)
    words = _("{call} {probability:.0%} ({ends}), research use only")
    return words.format(call=result.call, probability=result.probability, ends=ends(result.interval, PERCENT))


def ends(limits: tuple[float, float], spec: str = DECIMALS) -> str:
    """``0.55 to 0.81``."""
    low, high = limits
    return _("{low} to {high}").format(low=format(low, spec), high=format(high, spec))


def interval(result: Result, spec: str = DECIMALS) -> str:
    """``95% model interval 0.55 to 0.81``."""
    return f"{interval_name(result.interval_level)} {ends(result.interval, spec)}"


def probability(result: Result, spec: str = DECIMALS) -> str:
    """``probability 0.70``."""
    return _("probability {probability}").format(probability=format(result.probability, spec))


def threshold(result: Result, spec: str = DECIMALS) -> str:
    """``threshold 0.50``."""
    return _("threshold {threshold}").format(threshold=format(result.threshold, spec))


def call(result: Result) -> str:
    """The call, and on which side of the threshold that is."""
    if result.call == POSITIVE:
        words = _("{call}: at or above the threshold of {threshold:.0%}")
    else:
        words = _("{call}: below the threshold of {threshold:.0%}")
    return words.format(call=result.call, threshold=result.threshold)


def applicability(result: Result) -> str:
    """Whether the case is like the training patients, in a sentence; empty where nothing is known of it."""
    return {
        None: "",
        "inside": _("Like the training patients; that alone does not make the number right."),
        "edge": _("Caution: the case is at the edge of what the model has learnt from."),
        "outside": _("Unlike the training patients: the case is outside what the model has learnt from."),
    }[result.applicability]


def side(result: Result) -> str:
    """Whether the interval leaves the call open."""
    if result.is_one_sided:
        return _("Model interval: all of it is on one side of the threshold.")
    return _("Unsure call: learnt from more patients, it could be the other one.")


def stability(found: Stability, spec: str = PERCENT) -> str:
    """How much the result depends on the outline, in a sentence or two."""
    level = {
        "stable": _("Stable"),
        "undecided": _("Undecided"),
        "sensitive": _("Sensitive to the outline"),
        "unstable": _("Unstable"),
    }[found.level]
    if not found.count:
        return _("{level}: no variation of the outline could be computed.").format(level=level)
    flips = _("{flips} of {count} flip the call") if found.flips else _("none of {count} flips the call")
    words = _("{level}: variations of the outline give {ends}; {flips}, up to {bound:.0%} may.").format(
        level=level,
        ends=ends((found.low, found.high), spec),
        flips=flips.format(flips=found.flips, count=found.count),
        bound=found.flip_bound,
    )
    return f"{words} {_failed(found)}" if found.failed else words


def stability_in_full(found: Stability) -> str:
    """The same with how far the variations lie from the drawn outline."""
    level = {
        "stable": _("stable"),
        "undecided": _("undecided, too few variations"),
        "sensitive": _("sensitive"),
        "unstable": _("unstable"),
    }[found.level]
    words = _(
        "Outline: {level}. {made} variations as other readers may draw it (on average {volume:.0%} off in "
        "volume and {distance:.1f} mm in surface) give a probability of {ends}; {flips} of "
        "them give the other call, and up to {bound:.0%} of such outlines may (95 % confidence)."
    ).format(
        level=level,
        made=found.count + found.failed,
        volume=found.mean_volume_change,
        distance=found.mean_surface_distance_mm,
        ends=ends((found.low, found.high)),
        flips=found.flips,
        bound=found.flip_bound,
    )
    return f"{words} {_failed(found)}" if found.failed else words


def _failed(found: Stability) -> str:
    return _("{failed} could not be computed.").format(failed=found.failed)


def cautions(result: Result) -> list[str]:
    """What speaks against relying on the result, in a few words each, the worst first."""
    level = None if result.stability is None else result.stability.level
    holding = {
        guessing.headline(): bool(result.banner),
        words_of("outside"): result.applicability == "outside",
        _("unstable outline"): level == "unstable",
        _("interval crosses the threshold"): not result.banner and not result.is_one_sided,
        words_of("edge"): result.applicability == "edge",
        _("too few outlines checked"): level == "undecided",
        _("sensitive to the outline"): level == "sensitive",
        _("simulated model, not for patients"): any(finding.code == SIMULATED_CODE for finding in result.findings),
    }
    return [words for words, holds in holding.items() if holds]


def pulls(result: Result) -> list[tuple[str, float]]:
    """Feature classes and what they add to the log-odds, the strongest first."""
    order = sorted(result.contributions.items(), key=lambda item: -abs(item[1]))
    return [(class_words(name), pull) for name, pull in order]


def severity(of: Severity) -> str:
    return {"error": _("Error"), "warning": _("Caution"), "info": _("Note")}[of]
