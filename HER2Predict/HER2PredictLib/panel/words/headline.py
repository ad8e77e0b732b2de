"""The first rows of the panel: the answer, or what to do next, and one line of caution."""

from __future__ import annotations

from ...findings.finding import Finding
from ...i18n import tr as _
from ...model import guessing
from ...model.model import interval_name
from ...outputs.result import Result
from ..state import PanelState
from .text import plain

#: Findings that a result brings; the others are about the input.
_OF_RESULTS = (
    guessing.GUESSING_CODE,
    "simulated-model",
    "interval-crosses-threshold",
    "edge-of-training-domain",
    "outside-training-domain",
    "call-depends-on-outline",
    "roi-volume-unusual",
)


def headline(state: PanelState) -> str:
    """The result with its number and call, or that it is out of date, and how the last prediction ended; rich text."""
    parts = [plain(state.message)] if state.message else []
    if state.result is not None:
        parts.append((answer if state.standing == "current" else _outdated)(state.result))
    return "".join(f"<p style='margin:0'>{part}</p>" for part in parts)


def answer(result: Result) -> str:
    """The number, large, with its call; but not for a case that the model does not know, nor by one that guesses."""
    if result.banner:
        words = _(
            "<span style='font-size:13pt; font-weight:bold'>✖ {headline}.</span><br/>No call; it says "
            "<span>{probability:.0%}</span> for this patient"
        )
        return words.format(headline=plain(guessing.headline()), probability=result.probability)
    if result.applicability == "outside":
        words = _(
            "<span style='font-size:13pt; font-weight:bold'>✖ Do not rely on this number.</span><br/>"
            "<span>{probability:.0%}</span> probability of HER2 over-expression, {interval} {low:.0%} to {high:.0%}"
        )
    else:
        words = _(
            "<span style='font-size:24pt; font-weight:bold'>{probability:.0%}</span>&nbsp; "
            "<span style='font-size:13pt; font-weight:bold'>{call}</span><br/>"
            "probability of HER2 over-expression, {interval} {low:.0%} to {high:.0%}"
        )
    low, high = result.interval
    told = words.format(
        probability=result.probability,
        call=plain(result.call),
        interval=interval_name(result.interval_level),
        low=low,
        high=high,
    )
    return f"{told}<br/><small>{plain(result.context)}</small>" if result.context else told


def _outdated(result: Result) -> str:
    """A result that belongs to another input."""
    return _(
        "<b>⟳ Out of date.</b> The volume, the outline or the model has changed; predict again.<br/><small>Earlier "
        "result: {call}, probability {probability:.0%} ({low:.0%} to {high:.0%}). {model}</small>"
    ).format(
        call=plain(result.call),
        probability=result.probability,
        low=result.interval[0],
        high=result.interval[1],
        model=plain(result.model),
    )


def caution_line(state: PanelState) -> str:
    """What speaks against relying on the result, the worst first; without a result, the worst of the input's findings.

    Plain text; empty where nothing does.
    """
    input_cautions = [finding for finding in input_findings(state) if finding.severity == "warning"]
    if state.result is None or state.standing != "current":
        return f"▲ {input_cautions[0].message}{_and_more(len(input_cautions) - 1)}" if input_cautions else ""
    cautions = _cautions(state.result)
    if input_cautions:
        cautions.insert(0, _("input: see Findings"))
    return "▲ " + " · ".join(cautions) if cautions else ""


def _cautions(result: Result) -> list[str]:
    """In a few words each, the worst first."""
    stability = result.stability
    cautions = {
        guessing.headline(): bool(result.banner),
        _("outside what the model knows"): result.applicability == "outside",
        _("unstable outline"): stability is not None and stability.level == "unstable",
        _("interval crosses the threshold"): not result.banner and not result.is_one_sided,
        _("at the edge of what the model knows"): result.applicability == "edge",
        _("too few outlines checked"): stability is not None and stability.level == "undecided",
        _("sensitive to the outline"): stability is not None and stability.level == "sensitive",
        _("simulated model, not for patients"): any(finding.code == "simulated-model" for finding in result.findings),
    }
    return [words for words, holds in cautions.items() if holds]


def _and_more(count: int) -> str:
    return _(" (and {count} more, see Findings)").format(count=count) if count > 0 else ""


def input_findings(state: PanelState) -> tuple[Finding, ...]:
    """The findings on the input, without those on its result."""
    return tuple(finding for finding in state.findings if finding.code not in _OF_RESULTS)


def findings_title(findings: tuple[Finding, ...]) -> str:
    """How many findings there are, of each severity."""
    if not findings:
        return _("Findings: none")
    severities = [finding.severity for finding in findings]
    counts = (
        (severities.count("error"), _("to mend")),
        (severities.count("warning"), _("cautions") if severities.count("warning") > 1 else _("caution")),
        (severities.count("info"), _("notes") if severities.count("info") > 1 else _("note")),
    )
    return _("Findings: {counts}").format(counts=", ".join(f"{count} {words}" for count, words in counts if count))


def case_title(volume: str, segment: str) -> str:
    """What is chosen, short enough for a section's one line."""
    return _("Case: {volume} · {segment}").format(volume=shortened(volume), segment=shortened(segment))


def shortened(name: str, most: int = 18) -> str:
    """A name cut to some letters."""
    return name if len(name) <= most else name[: most - 1] + "…"


def view_line(result: Result) -> str:
    """The result in one line for the slice views."""
    if result.banner:
        return _("HER2: {headline}").format(headline=guessing.headline())
    if result.applicability == "outside":
        return _("HER2: outside what the model knows, do not rely on {probability:.0%}").format(
            probability=result.probability
        )
    return _("{call} {probability:.0%} ({low:.0%} to {high:.0%}), research use only").format(
        call=result.call, probability=result.probability, low=result.interval[0], high=result.interval[1]
    )
