"""report.html: methods and results of a study on one page that needs no network, no script and no other file."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from ...model.guessing import headline
from ...model.model import Model
from ..figures.style import StudyFigure
from ..measured.results import Results
from ..protocol.protocol import TEST, TRAIN
from . import prose, sentences
from .guidelines import claim, items_html, tripod_ai
from .page_parts import (
    baseline_html,
    data_frame_html,
    figure_html,
    findings_html,
    list_html,
    notice_html,
    page,
    paragraphs,
    part,
    rois_html,
)
from .study_tables import assignments, comparisons_html, models_table, performance_html, spread_table

SIMULATED_HEADING = "Simulated patients."
SIMULATED_NOTICE = (
    "Nothing here says how well HER2 status can be predicted in real patients, and the model is not for clinical use."
)
RESEARCH_NOTICE = (
    "For research: the model has not been validated on patients of another hospital and is not a medical device."
)


def report_html(results: Results, figures: Sequence[StudyFigure], model: Model) -> str:
    """The page; the same results, figures and model give the same text."""
    bodies = {
        ("summary", "Summary"): _summary(results),
        ("methods", "Methods"): prose.methods(results, model),
        ("results", "Results"): _results(results, {figure.number: figure for figure in figures}),
        ("limits", "Limits"): list_html(prose.limits(results)),
        ("reproduction", "To do it again"): _reproduction(results, model),
        ("tripod-ai", "TRIPOD+AI"): items_html(
            tripod_ai(results.evidence), "TRIPOD+AI items of a study that develops and evaluates a model"
        ),
        ("claim", "CLAIM"): items_html(claim(results.evidence), "CLAIM items (2024 update)"),
        ("references", "References"): references_html(),
    }
    return page(
        "Development and evaluation of a model that predicts HER2 status of bladder tumours from CT urography",
        f"Model {model.name} {model.version}; cohort: {results.description}",
        notice_html(*notices(results)),
        bodies,
    )


def notices(results: Results) -> tuple[tuple[str, str], ...]:
    """What a reader must know before all else: heading, which may be empty, and text."""
    evidence = results.evidence
    partly = (
        "Some patients were simulated.",
        f"{evidence.simulated} of {evidence.patients}; the results are of no real cohort.",
    )
    elsewhere = (
        "For research: the model is not a medical device, and whether its test patients are of another hospital is not "
        "known."
        if results.test_may_be_elsewhere
        else RESEARCH_NOTICE
    )
    first = [(SIMULATED_HEADING, SIMULATED_NOTICE)] if results.simulated else []
    if not results.simulated and evidence.simulated:
        first = [partly]
    guesses = [(f"{headline()}.", sentences.guessing(results))] if results.guessing else []
    return (*guesses, *first, ("", elsewhere))


def _summary(results: Results) -> str:
    return paragraphs(
        "Aim: to develop a model that tells, from radiomic features of a tumour outlined on excretory-phase CT "
        f"urography, the probability that a bladder tumour {results.outcome}, and to evaluate it on patients who had "
        "no part in its making.",
        f"Patients: {sentences.cohort(results)}",
        f"Discrimination: {sentences.discrimination(results, TEST)} {sentences.spread(results)}",
        f"Calls and calibration: {sentences.calls(results)} {sentences.calibration(results)}",
        sentences.shuffles(results),
    )


def _results(results: Results, figures: Mapping[int, StudyFigure]) -> str:
    def figure(number: int) -> str:
        return figure_html(figures[number]) if number in figures else ""

    parts = [
        part(
            "patients",
            "Patients",
            sentences.left_out(results.flow, results.evidence),
            sentences.cohort(results),
            sentences.findings(results.evidence, prose.FINDINGS_TABLE),
        ),
        figure(2),
        baseline_html(results.table1, 1),
        baseline_html(results.table2, 2),
        paragraphs(sentences.differences(results.table2, results.evidence)),
        findings_html(results.evidence, prose.FINDINGS_TABLE, {TRAIN: "Training set", TEST: "Test set"}),
        rois_html(figures.get(3), 3, results.evidence),
        part("components", "Principal components", _components(results)),
        figure(4),
        data_frame_html(models_table(results), "<b>Table 3.</b> Hyper-parameters and thresholds of the models"),
        part(
            "discrimination",
            "Discrimination",
            sentences.discrimination(results, TEST),
            sentences.discrimination(results, TRAIN),
            sentences.shuffles(results),
            sentences.optimism(results),
            sentences.others(results),
            sentences.comparisons(results),
        ),
        figure(5),
        performance_html(results),
        comparisons_html(results),
        part(
            "mlp",
            "Calls, learning curve, precision and recall",
            sentences.calls(results),
            results.threshold_choice.describe(),
        ),
        figure(6),
        part("calibration", "Calibration", sentences.calibration(results)),
        figure(7),
        part("decision", "Net benefit", sentences.decision(results)),
        figure(8),
        part("splits", "Other random splits", sentences.spread(results)),
        figure(9),
        data_frame_html(spread_table(results), "<b>Table 6.</b> Test patients of random splits (repeated hold-out)"),
        part("importance", "Importance of features", sentences.importance(results)),
        figure(10),
        part("applicability", "Applicability", sentences.applicability(results)),
        figure(11),
    ]
    intro = (
        "Figures 2 to 6 and Tables 1 and 2 are numbered as in the study whose protocol this follows ([1]; its "
        "Figure 1 shows the workflow). Figures 7 to 11 and the other tables go beyond it."
    )
    return "\n".join([paragraphs(intro), *parts])


def _components(results: Results) -> str:
    variance = results.variance
    return (
        f"{variance.kept} of {variance.components} principal components explain {variance.explained:.1f} % of the "
        f"variance and enter the models. The area under the cumulative explained variance is {variance.area:.2f} %."
    )


def _reproduction(results: Results, model: Model) -> str:
    software = ", ".join(f"{name} {version}" for name, version in dict(model.card.get("software", {})).items())
    digest = f" Its SHA-256 is {model.sha256}." if model.sha256 else ""
    settings = assignments(results.study.protocol.settings())
    return paragraphs(
        f"Settings: {settings}; {results.resamples} bootstrap resamples. Software: {software}.",
        "The model bundle model.her2model holds the whole model: means and scales, components, weights of every "
        f"member, calibration, threshold, feature settings and these results.{digest} The same cohort, seed and "
        "versions give the same numbers again.",
        "Every figure lies in figures/ as SVG, PNG and CSV with the numbers behind it, every table in tables/, all "
        "measures in metrics.json. Patients are numbered by their row; no identifier of a patient is in any of "
        "these files.",
    )


def references_html() -> str:
    """The list that the numbers in the text refer to."""
    lines = []
    for text, doi in prose.REFERENCES:
        link = f' <a href="https://doi.org/{doi}">doi:{doi}</a>' if doi else ""
        lines.append(f"<li>{html.escape(text)}{link}</li>")
    return f'<ol class="references">{"".join(lines)}</ol>'
