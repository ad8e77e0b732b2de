"""Writes an Assessment as a page that prints on two sheets: the result, then what it rests on."""

from __future__ import annotations

import datetime
import hashlib
import importlib
import importlib.util
import itertools
from collections.abc import Sequence
from pathlib import Path

from ...assess import Assessment, software
from ...errors import InputError
from ...features import PARAMETER_FILE
from ...files import check_file, write_file
from ...i18n import tr as _
from ...model.guessing import GUESSING_CODE
from ...result import wording
from ...result.cautions import SIMULATED_CODE
from ...result.result import Result
from ..table import case_name
from . import charts, identity, model_facts, views
from .html import Markup, document, element, facts, joined, section, table
from .page_style import STYLE

#: Beside HTML, what a page can be written as.
PDF = ".pdf"
#: Turns HTML into PDF.
PACKAGE = "weasyprint"
_STRONGEST = 8


def check_report(path: Path) -> None:
    """Raise InputError where no page can be written to `path`, before any work is done."""
    if path.suffix.lower() not in (".html", ".htm", PDF):
        raise InputError(_("{path}: a report is .html or .pdf; give the file one of these endings.").format(path=path))
    check_file(path)
    if path.suffix.lower() == PDF:
        _require_weasyprint()


def can_write_pdf() -> bool:
    """Is there what turns the page into PDF?"""
    return importlib.util.find_spec(PACKAGE) is not None


def write_report(
    assessment: Assessment,
    path: Path,
    *,
    case: str = "",
    identify: bool = False,
    command: str = "",
    made: str = "",
    files: Sequence[str] = (),
) -> None:
    """Write the page as HTML, or as PDF where `path` ends so.

    `case` is what the user calls the patient; only if `identify` does the page hold what the headers of the DICOM
    `files`, by default those of the volume, say of who it is. `command` gives the same result again; `made` is when
    this one was made, now by default.

    Raises
    ------
    InputError
        Where the page cannot be written, or the patient is not known and is to be named.
    """
    patient = identity.of_patient(files or assessment.case.volume.dicom_files) if identify else []
    made = made or datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    text = report_html(assessment, case, patient, command, made)
    if path.suffix.lower() == PDF:
        _require_weasyprint()
        write_file(path, lambda path: _write_pdf(text, path))
    else:
        write_file(path, lambda path: path.write_text(text, encoding="utf-8"))


def report_html(
    assessment: Assessment, case: str, patient: Sequence[tuple[str, str]], command: str, made: str
) -> str:
    """The page; `patient` is what identifies."""
    result = assessment.result()
    parts = (
        _answer(result),
        _patient(assessment, case, patient, made),
        _images(assessment),
        element("div", _reliance(assessment, result), _gray_levels(assessment), class_="columns"),
        _findings(result),
        _explanation(result),
        element("div", _among_others(assessment), _model(assessment), class_="columns"),
        _again(assessment, command),
    )
    title = _("HER2 status predicted from CT urography")
    header = element(
        "header",
        element("h1", title),
        element("p", _("{day}, by HER2Predict {version}").format(day=_day(made), version=_version()), class_="byline"),
        _notice(result),
    )
    return document(title, STYLE, header, element("main", *parts))


def _notice(result: Result) -> Markup:
    """What must be known before anything else."""
    simulated = [finding.message for finding in result.findings if finding.code == SIMULATED_CODE]
    lead = wording.lead(result)
    lines = [wording.research_only(), *simulated]
    return element(
        "div",
        *([element("p", element("strong", lead))] if lead else []),
        element("p", joined(" ".join(lines))),
        class_="notice",
        role="note",
    )


def _answer(result: Result) -> Markup:
    spec = wording.PERCENT
    number = element("p", format(result.probability, spec), class_="number")
    meaning = element("p", _("probability of HER2 over-expression"))
    verdict = element("p", wording.verdict(result), class_="verdict")
    is_doubtful = bool(wording.lead(result))
    lines = [] if result.banner else [wording.call(result), wording.interval(result, spec), wording.side(result)]
    said = element("div", verdict, number, meaning, class_="doubtful") if is_doubtful else element(
        "div", number, meaning, verdict, class_="answer"
    )  # fmt: skip
    words = _("Scale from 0 to 100 %: {probability}, {interval}, {threshold}").format(
        probability=wording.probability(result, spec),
        interval=wording.interval(result, spec),
        threshold=wording.threshold(result, spec),
    )
    drawn = [] if result.banner else [charts.gauge_svg(result, words)]
    beside = element("div", *drawn, *(element("p", line) for line in [*lines, result.context] if line), class_="gauge")
    return section("result", _("Result"), element("div", said, beside, class_="result"))


def _patient(assessment: Assessment, case: str, patient: Sequence[tuple[str, str]], made: str) -> Markup:
    rows = [
        (_("Key"), case or case_name(assessment)),
        *patient,
        (
            _("ROI"),
            _("{volume_ml:.1f} ml, {voxels} voxels on {slices} slices").format(**assessment.roi),
        ),
        (
            _("Voxels"),
            _("{left:.2f} × {posterior:.2f} × {head:.2f} mm").format(
                **dict(zip(("head", "posterior", "left"), assessment.case.spacing_mm, strict=True))
            ),
        ),
        (_("Made"), made),
    ]
    half = (len(rows) + 1) // 2
    heading = _("Patient and study") if patient else _("Case")
    columns = (element("div", facts(own)) for own in (rows[:half], rows[half:]))
    return section("patient", heading, element("div", *columns, class_="columns"))


def _images(assessment: Assessment) -> Markup:
    planes = (views.figure(view) for view in views.views_of(assessment.case))
    window = _("Soft-tissue window, {centre:g}/{width:g} HU; the outline as it was drawn.").format(
        **dict(zip(("centre", "width"), views.WINDOW_HU, strict=True))
    )
    return section("images", _("Images"), element("div", *planes, class_="views"), element("p", window, class_="note"))


def _reliance(assessment: Assessment, result: Result) -> Markup:
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
    return section("reliance", _("How far to rely on it"), facts(rows))


def _gray_levels(assessment: Assessment) -> Markup:
    drawn, found = charts.histogram_of(assessment.case)
    words = _("Mean {mean:.0f} HU, SD {sd:.0f} HU; 10th to 90th percentile {low:.0f} to {high:.0f} HU").format(**found)
    return section("levels", _("Gray levels of the ROI"), element("figure", drawn, element("figcaption", words)))


def _findings(result: Result) -> Markup:
    rows = [
        (wording.severity(finding.severity), finding.message)
        for finding in result.findings
        if finding.code not in (GUESSING_CODE, SIMULATED_CODE)
    ]
    body = (
        table(_("What the checks of input and result found"), (_("Kind"), _("Finding")), rows)
        if rows
        else element("p", _("The checks of input and result found nothing."))
    )
    return section("findings", _("Findings"), body)


def _explanation(result: Result) -> Markup:
    heading = _("What pushed it")
    if result.banner:
        return section("explanation", heading, element("p", wording.verdict(result)))
    pulls = wording.pulls(result)
    most = max((abs(pull) for _name, pull in pulls), default=0.0)
    by_class = table(
        _("Sums of the contributions of each class of features to the log-odds, against the average training patient"),
        (_("Class"), _("Log-odds"), _("Less or more likely positive")),
        [(name, f"{pull:+.2f}", charts.bar(pull, most)) for name, pull in pulls],
        class_="numbers",
    )
    strongest = table(
        _("The features that pushed most; z is in standard deviations of the training patients"),
        (_("Feature"), _("Log-odds"), _("z")),
        [(name, f"{pull:+.2f}", f"{z:+.1f}") for name, pull, z in result.strongest[:_STRONGEST]],
        class_="numbers",
    )
    columns = (element("div", own) for own in (by_class, strongest))
    return section("explanation", heading, element("div", *columns, class_="columns"))


def _among_others(assessment: Assessment) -> Markup:
    drawn = charts.scatter(assessment.model, assessment.model.project(assessment.features).scores)
    if drawn is None:
        body = element("p", _("The model does not hold the scores of its training patients."))
    else:
        legend = _("Cross: this patient. Squares: HER2-positive, rings: HER2-negative training patients. First two principal components.")  # fmt: skip  # noqa: E501
        body = element("figure", drawn, element("figcaption", legend))
    return section("among", _("Among the training patients"), body)


def _model(assessment: Assessment) -> Markup:
    model = assessment.model
    known = [] if model.discrimination is None else [(_("Discrimination"), model.discrimination.describe())]
    rows = [*model_facts.of_model(model), *known, *model_facts.areas(model), *model_facts.calibration(model)]
    return section("model", _("The model"), facts(rows))


def _again(assessment: Assessment, command: str) -> Markup:
    parameters = hashlib.sha256(PARAMETER_FILE.read_bytes()).hexdigest()
    rows: list[tuple[str, str]] = [
        (_("Command"), element("code", command)) if command else (_("From the panel"), _how_from_the_panel()),
        (_("SHA-256 of the model"), element("code", assessment.model.sha256)),
        (_("SHA-256 of the CT"), element("code", assessment.case.volume.digest)),
        (_("SHA-256 of the prepared pair"), element("code", assessment.checked.prepared.digest)),
        (_("Parameter file"), joined([f"{PARAMETER_FILE.name}, SHA-256 ", element("code", parameters)])),
        (_("Versions"), ", ".join(itertools.starmap("{} {}".format, software().items()))),
    ]
    words = _("With --keep-inputs the command writes the pair on which stock pyradiomics, with this parameter file, gives the same 975 features to the last bit.")  # fmt: skip  # noqa: E501
    return section("again", _("To make it again"), facts(rows), element("p", words, class_="note"))


def _how_from_the_panel() -> str:
    return _("save volume and segmentation, and give them to her2predict predict with the model of this digest")


def _day(made: str) -> str:
    return made[:10]


def _version() -> str:
    return software()["HER2Predict"]


def _require_weasyprint() -> None:
    """Raise InputError where it, or what it takes of the system, is missing."""
    try:
        importlib.import_module(PACKAGE)
    except (ImportError, OSError) as error:
        raise InputError(
            _(
                "A report as .pdf takes the Python package weasyprint and the library Pango ({reason}); install them, "
                "or write .html and print it from a browser."
            ).format(reason=str(error).strip().splitlines()[0]),
            code="no-pdf",
        ) from error


def _write_pdf(text: str, path: Path) -> None:
    import weasyprint

    weasyprint.HTML(string=text).write_pdf(path)
