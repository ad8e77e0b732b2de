"""The parts of the page, from the box that leads to how to make it again; each a section with its heading."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

from ...assess import Assessment, software
from ...features import PARAMETER_FILE
from ...i18n import tr as _
from ...model.guessing import GUESSING_CODE
from ...result import wording
from ...result.cautions import SIMULATED_CODE
from ...result.result import Result
from ..table import case_name
from . import charts, model_facts, views
from .html import BREAK, Markup, element, facts, joined, section, strip, table

#: Features that are named.
_STRONGEST = 8


def beside(left: Markup, right: Markup) -> Markup:
    """Two parts, one beside the other where there is room."""
    return element("div", left, right, class_="columns")


def header(title: str, made: str, result: Result) -> Markup:
    """What the page is, and what must be known before anything else."""
    day, _t, time = made.partition("T")
    byline = _("{day} {time}, by HER2Predict {version}").format(
        day=day, time=time[:5], version=software()["HER2Predict"]
    )
    simulated = [finding.message for finding in result.findings if finding.code == SIMULATED_CODE]
    lead = wording.lead(result)
    notice = element(
        "div",
        *([element("p", element("strong", lead))] if lead else []),
        element("p", " ".join([wording.research_only(), *simulated])),
        class_="notice",
        role="note",
    )
    return element("header", element("h1", title), element("p", byline, class_="byline"), notice)


def case_line(assessment: Assessment, case: str, patient: Sequence[tuple[str, str]]) -> Markup:
    """Whose result it is, as far as the user lets that through."""
    spacing = dict(zip(("head", "posterior", "left"), assessment.case.spacing_mm, strict=True))
    rows = [
        (_("Case"), case or case_name(assessment)),
        *patient,
        (_("ROI"), _("{volume_ml:.1f} ml, {voxels} voxels on {slices} slices").format(**assessment.roi)),
        (_("Voxels of the CT"), _("{left:.2f} × {posterior:.2f} × {head:.2f} mm").format(**spacing)),
    ]
    return section("patient", _("Patient and study"), strip(rows))


def answer(result: Result) -> Markup:
    """The number, the call and the gauge; less of them where there is nothing to rely on."""
    spec = wording.PERCENT
    number = element("p", format(result.probability, spec), class_="number")
    meaning = element("p", _("probability of HER2 over-expression"), class_="meaning")
    verdict = element("p", wording.verdict(result), class_="verdict")
    is_doubtful = bool(wording.lead(result))
    said = (verdict, number, meaning) if is_doubtful else (number, meaning, verdict)
    beside_it = []
    if not result.banner:
        interval = f"{wording.interval(result, wording.PERCENT)}. {wording.side(result)}"
        beside_it = [_gauge(result), element("p", f"{wording.call(result)}."), element("p", interval)]
    if result.context:
        beside_it.append(element("p", result.context))
    return section(
        "result",
        _("Result"),
        element(
            "div",
            element("div", *said, class_="doubtful" if is_doubtful else "answer"),
            element("div", *beside_it, class_="told"),
            class_="result",
        ),
    )


def _gauge(result: Result) -> Markup:
    spec = wording.PERCENT
    words = _("Scale from 0 to 100 %: {probability}, {interval}, {threshold}").format(
        probability=wording.probability(result, spec),
        interval=wording.interval(result, spec),
        threshold=wording.threshold(result, spec),
    )
    key = _("Bar: probability. Band: model interval. Dashes: threshold.")
    if result.stability is not None and result.stability.count:
        key += " " + _("Bracket: what other outlines give.")
    return element("figure", charts.gauge_svg(result, words), element("figcaption", key))


def images(assessment: Assessment) -> Markup:
    """The ROI in three planes."""
    planes = (views.figure(view) for view in views.views_of(assessment.case))
    words = _("Soft-tissue window, {centre:g}/{width:g} HU, interpolated; the outline is drawn along the voxels.")
    window = dict(zip(("centre", "width"), views.WINDOW_HU, strict=True))
    note = element("p", words.format(**window), class_="note")
    return section("images", _("Images"), element("div", *planes, class_="views"), note)


def reliance(assessment: Assessment, result: Result) -> Markup:
    """Applicability, dependence on the outline, cautions."""
    rows = []
    if result.applicability is not None:
        share = _("{share:.1%} of patients like the training patients lie at least as far out.").format(
            share=assessment.tail_probability
        )
        rows.append((_("Applicability"), f"{wording.applicability(result)} {share}"))
    if result.stability is not None:
        rows.append((_("Outline"), wording.stability(result.stability)))
    elif not result.banner:
        rows.append((_("Outline"), _("How much the number depends on the outline was not measured.")))
    cautions = wording.cautions(result)
    rows.append((_("Cautions"), "; ".join(cautions) if cautions else _("none")))
    return section("reliance", _("How far to rely on it"), facts(rows), class_="reliance")


def gray_levels(assessment: Assessment) -> Markup:
    """The histogram of the ROI."""
    drawn, found = charts.histogram_of(assessment.case)
    words = _("Mean {mean:.0f} HU, SD {sd:.0f} HU; dark: 10th to 90th percentile, {low:.0f} to {high:.0f} HU")
    caption = element("figcaption", words.format(**found))
    return section("levels", _("Gray levels of the ROI"), element("figure", drawn, caption))


def findings(result: Result) -> Markup:
    """What the checks found, apart from what leads the page."""
    rows = [
        (wording.severity(finding.severity), finding.message)
        for finding in result.findings
        if finding.code not in (GUESSING_CODE, SIMULATED_CODE)
    ]
    body = facts(rows) if rows else element("p", _("The checks of input and result found nothing."))
    return section("findings", _("Findings"), body, class_="findings")


def explanation(result: Result) -> Markup:
    """What pushed the probability up and down."""
    pulls = wording.pulls(result)
    most = max((abs(pull) for _name, pull in pulls), default=0.0)
    by_class = table(
        _("Classes, against the average training patient"),
        (_("Class"), _("Log-odds"), _("less ← likely → more")),
        [(name, f"{pull:+.2f}", charts.bar(pull, most)) for name, pull in pulls],
        class_="numbers",
    )
    strongest = table(
        _("Strongest features; z in SD of the training patients"),
        (_("Feature"), _("Log-odds"), _("z")),
        [
            (joined(itertools.chain(*((part, BREAK) for part in _parts_of(name)))), f"{pull:+.2f}", f"{z:+.1f}")
            for name, pull, z in result.strongest[:_STRONGEST]
        ],
        class_="numbers",
    )
    columns = (element("div", own) for own in (by_class, strongest))
    return section("explanation", _("What pushed it"), element("div", *columns, class_="pushes"))


def _parts_of(name: str) -> list[str]:
    """A feature's name in the parts between which a line may break."""
    *first, last = name.split("_")
    return [*(f"{part}_" for part in first), last]


def among_others(assessment: Assessment) -> Markup:
    """The patient among those of training."""
    drawn = charts.scatter(assessment.model, assessment.model.project(assessment.features).scores)
    if drawn is None:
        body = element("p", _("The model does not hold the scores of its training patients."))
    else:
        legend = _("Cross: this patient. Squares: HER2-positive, rings: HER2-negative training patients. First two principal components.")  # fmt: skip  # noqa: E501
        body = element("figure", drawn, element("figcaption", legend))
    return section("among", _("Among the training patients"), body)


def model(assessment: Assessment) -> Markup:
    """What the model is, and how well it did."""
    own = assessment.model
    rows = [*model_facts.of_model(own), *model_facts.discrimination(own), *model_facts.calibration(own)]
    words = _("In brackets: 95 % confidence intervals.")
    return section("model", _("The model"), facts(rows), element("p", words, class_="note"), class_="model")


def again(assessment: Assessment, command: str) -> Markup:
    """How to get the same numbers."""
    parameters = hashlib.sha256(PARAMETER_FILE.read_bytes()).hexdigest()
    by_hand = _("save volume and segmentation, and give them to her2predict predict with the model of this digest")
    rows: list[tuple[str, str]] = [
        (_("Command"), element("code", command)) if command else (_("From the panel"), by_hand),
        (_("Model"), element("code", assessment.model.sha256)),
        (_("CT"), element("code", assessment.case.volume.digest)),
        (_("Prepared pair"), element("code", assessment.checked.prepared.digest)),
        (PARAMETER_FILE.name, element("code", parameters)),
        (_("Versions"), ", ".join(itertools.starmap("{} {}".format, software().items()))),
    ]
    words = _("Digests are SHA-256. With --keep-inputs the command writes the prepared pair; stock pyradiomics, with this parameter file, gives the same 975 features of it to the last bit.")  # fmt: skip  # noqa: E501
    return section("again", _("To make it again"), facts(rows), element("p", words, class_="note"))
