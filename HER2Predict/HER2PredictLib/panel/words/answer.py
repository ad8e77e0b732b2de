"""What the panel says of a result: the answer with one line of caution, what it means, and why; rich text."""

from __future__ import annotations

import html
import re

from ...features import class_words
from ...findings.finding import Finding
from ...i18n import tr as _
from ...result import cautions, wording
from ...result.result import Result
from ..state import PanelState

#: Contributions to the log-odds smaller than this are not worth a word: they change a probability by under 1 %.
_LEAST_CONTRIBUTION = 0.04
#: Before what explains them.
_LEAD = re.compile(r"[^:;：；]*")
_ROW = "<tr><td>{feature}</td><td align='right'>&nbsp;{pull}</td><td align='right'>&nbsp;{z}</td></tr>"
#: Before a capital that begins a word of a feature's name, as in "SmallAreaEmphasis" or "JointEnergy".
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def plain(text: str) -> str:
    """Text as rich text that shows it as it is."""
    return html.escape(text, quote=False)


def headline(state: PanelState) -> str:
    """The result with its number and call, or that it is out of date, and how the last prediction ended; rich text."""
    parts = [plain(state.message)] if state.message else []
    if state.result is not None:
        parts.append((answer if state.standing == "current" else _outdated)(state.result))
    return "".join(f"<p style='margin:0'>{part}</p>" for part in parts)


def answer(result: Result) -> str:
    """The number, large, with its call; but not for a case that the model does not know, nor by one that guesses."""
    verdict, number = plain(wording.verdict(result)), f"{result.probability:.0%}"
    if result.banner:
        said = _("No call; it says {number} for this patient").format(number=f"<span>{number}</span>")
        return f"<span style='font-size:13pt; font-weight:bold'>✖ {verdict}.</span><br/>{said}"
    meaning = _("probability of HER2 over-expression, {interval}").format(
        interval=wording.interval(result, wording.PERCENT)
    )
    if result.applicability == "outside":
        told = f"<span style='font-size:13pt; font-weight:bold'>✖ {verdict}.</span><br/><span>{number}</span> {meaning}"
    else:
        told = (
            f"<span style='font-size:24pt; font-weight:bold'>{number}</span>&nbsp; "
            f"<span style='font-size:13pt; font-weight:bold'>{verdict}</span><br/>{meaning}"
        )
    return f"{told}<br/><small>{plain(result.context)}</small>" if result.context else told


def _outdated(result: Result) -> str:
    lead = _("<b>⟳ Out of date.</b> The volume, the outline or the model has changed; predict again.")
    earlier = _("Earlier result: {call}, {probability} ({ends}). {model}").format(
        call=result.call,
        probability=wording.probability(result, wording.PERCENT),
        ends=wording.ends(result.interval, wording.PERCENT),
        model=result.model,
    )
    return f"{lead}<br/><small>{plain(earlier)}</small>"


def caution_line(state: PanelState) -> str:
    """What speaks against relying on the result, the worst first; without a result, the worst of the input's findings.

    Plain text; empty where nothing does.
    """
    input_cautions = [finding for finding in input_findings(state) if finding.severity == "warning"]
    if state.result is None or state.standing != "current":
        return f"▲ {input_cautions[0].message}{_and_more(len(input_cautions) - 1)}" if input_cautions else ""
    found = wording.cautions(state.result)
    if input_cautions:
        found.insert(0, _("input: see Findings"))
    return "▲ " + " · ".join(found) if found else ""


def _and_more(count: int) -> str:
    return _(" (and {count} more, see Findings)").format(count=count) if count > 0 else ""


def input_findings(state: PanelState) -> tuple[Finding, ...]:
    """The findings on the input, without those on its result."""
    return tuple(finding for finding in state.findings if finding.code not in cautions.CODES)


def result_text(result: Result) -> str:
    """What a current result means: call, applicability, what pushed it, and always the model with its cohort."""
    model = f"<p><small>{plain(result.model)}</small></p>"
    if result.banner:
        return f"<p>{plain(result.banner)}</p>{model}"
    sign = {None: "", "inside": "✔", "edge": "▲", "outside": "✖"}[result.applicability]
    lines = [
        _marked("", wording.call(result)),
        _marked(sign, wording.applicability(result)),
        _marked("✔" if result.is_one_sided else "▲", wording.side(result)),
    ]
    if result.stability is not None:
        sign = {"stable": "✔", "undecided": "▲", "sensitive": "▲", "unstable": "✖"}[result.stability.level]
        lines.append(_marked(sign, wording.stability(result.stability)))
    return f"<p>{'<br/>'.join(lines)}</p><p>{_pushes(result)}</p>{model}"


def _marked(sign: str, sentence: str) -> str:
    """A sentence after its sign, with its first words bold."""
    end = len(_LEAD.match(sentence)[0])  # type: ignore[index]  # it matches anything
    return f"{sign} <b>{plain(sentence[:end])}</b>{plain(sentence[end:])}".strip()


def _pushes(result: Result) -> str:
    pulls = [(plain(name), pull) for name, pull in wording.pulls(result)]
    up = [f"{name}&nbsp;{_signed(pull)}" for name, pull in pulls if pull >= _LEAST_CONTRIBUTION]
    down = [f"{name}&nbsp;{_signed(pull)}" for name, pull in pulls if pull <= -_LEAST_CONTRIBUTION]
    lines = []
    if up:
        lines.append(_("▲ Pushed up by: {classes}").format(classes=", ".join(up)))
    if down:
        lines.append(_("▼ Pushed down by: {classes}").format(classes=", ".join(down)))
    if not lines:
        return _("No feature class pushed it far from the average patient.")
    return "<br/>".join([*lines, _("<small>(log-odds, against the average training patient)</small>")])


def strongest_text(result: Result) -> str:
    """A row for each of the features that pull most: its name, its contribution to the log-odds and its z-score."""
    head = _ROW.format(feature=_("<b>Feature</b>"), pull=_("<b>log-odds</b>"), z=_("<b>SD</b>"))
    rows = (
        _ROW.format(feature=_feature_words(name), pull=_signed(pull), z=_signed(z, 1))
        for name, pull, z in result.strongest
    )
    note = _(
        "<small>How far each of the features that pull most moved the log-odds, and by how many standard deviations it "
        "differs from the training patients' mean.</small>"
    )
    return f"<table width='100%'>{head}{''.join(rows)}</table>{note}"


def _feature_words(name: str) -> str:
    """A feature's name of pyradiomics, image_class_feature, in words that can wrap."""
    image, class_, feature = name.split("_", 2)
    words = f"{plain(class_words(class_))} {_WORD_BOUNDARY.sub(' ', plain(feature))}"
    return words if image == "original" else f"{words}, {_image_words(plain(image))}"


def _image_words(image: str) -> str:
    """An image of pyradiomics: wavelet-LLH, log-sigma-3-0-mm-3D."""
    sigma = re.fullmatch(r"log-sigma-(\d+)-(\d+)-mm-3D", image)
    if sigma:
        return _("Laplacian of Gaussian {sigma:g} mm").format(sigma=float(".".join(sigma.groups())))
    return image.replace("-", " ")


def _signed(number: float, digits: int = 2) -> str:
    return f"{number:+.{digits}f}".replace("-", "−")
