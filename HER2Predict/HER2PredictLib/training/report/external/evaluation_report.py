"""The report of an external validation, with the looks and the measures of the report of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....model.guessing import headline
from ...cohort.cohort import FEWEST_PER_CLASS, IHC_OUTCOME
from ...figures.external import APPLICABILITY, CALIBRATION, DECISION, ROC, ROIS
from ...figures.style import StudyFigure
from ...measured.evaluate import Evaluation
from ...measured.recalibration import describe_origin
from ...statistics.estimate import RESAMPLES
from ...statistics.performance import performance_table
from .. import measures_in_words, prose, sentences
from ..page_parts import (
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
from ..study_report import SIMULATED_HEADING, references_html
from .tables import comparison_table, strata_table

_FINDINGS_TABLE = "Table 5"
_WHERE = "In these patients"


def evaluation_report(evaluation: Evaluation, figures: Sequence[StudyFigure]) -> str:
    """The page; the same evaluation and figures give the same text."""
    model = evaluation.model
    bodies = {
        ("summary", "Summary"): _summary(evaluation),
        ("methods", "Methods"): _methods(evaluation),
        ("results", "Results"): _results(evaluation, {figure.number: figure for figure in figures}),
        ("limits", "Limits"): list_html(limits(evaluation)),
        ("reproduction", "To do it again"): _reproduction(evaluation),
        ("references", "References"): references_html(),
    }
    return page(
        "External validation of a model that predicts HER2 status of bladder tumours from CT urography",
        f"Model {model.name} {model.version}; cohort: {evaluation.about['description']}",
        notice_html(*notices(evaluation)),
        bodies,
    )


def notices(evaluation: Evaluation) -> tuple[tuple[str, str], ...]:
    """What a reader must know before all else: heading, which may be empty, and text."""
    model, evidence = evaluation.model, evaluation.evidence
    told = [(f"{headline()}.", model.banner)] if model.guessing else []
    if evaluation.trained_on:
        told.append(("Training patients.", f"{_trained_on(evaluation)} This is no validation on other patients."))
    if evaluation.about["simulated"]:
        told.append((SIMULATED_HEADING, "Nothing here says how well HER2 status can be predicted in real patients."))
    elif evidence.simulated:
        told.append(
            ("Some patients were simulated.", f"{evidence.simulated} of {evidence.patients}; this is no real cohort.")
        )
    if model.simulated:
        told.append(("Simulated model.", f"{model.describe()}."))
    if model.recalibration is not None:
        told.append(
            (
                "Recalibrated model.",
                f"{describe_origin(model)} If those patients are among these, calibration is flattered.",
            )
        )
    return (*told, ("", "For research: the model is not a medical device."))


def limits(evaluation: Evaluation) -> list[str]:
    performance = evaluation.performance
    texts = [
        f"{performance.patients} patients, {performance.positive} of them HER2-positive: values as printed can be far "
        "from those of many patients, as far as their intervals reach.",
        _trained_on(evaluation),
        *prose.limits_of_data(evaluation.evidence),
        "Predictive values hold for the share of HER2-positive patients in this cohort and change with it.",
    ]
    if evaluation.about["simulated"]:
        texts.insert(0, "The patients were simulated: performance is a property of the simulator, not of tumours.")
    return texts


def _summary(evaluation: Evaluation) -> str:
    model, performance = evaluation.model, evaluation.performance
    return paragraphs(
        f"Aim: to evaluate the model {model.name} {model.version} on other patients than it was trained on. "
        f"{_trained_on(evaluation)} Nothing was fitted.",
        f"Patients: {sentences.analysed(evaluation.flow, evaluation.evidence)}.",
        f"Discrimination: {measures_in_words.discrimination(performance, 'the model', _WHERE)}",
        f"Calls and calibration: {measures_in_words.calls(performance.operating_point, 'patients')} "
        f"{measures_in_words.calibration(performance.recalibration, _WHERE)}",
        f"Applicability: {_applicability(evaluation)}",
    )


def _trained_on(evaluation: Evaluation) -> str:
    patients = len(evaluation.predictions)
    if evaluation.trained_on is None:
        return "Whether the model was trained on some of these patients, its bundle does not tell."
    if evaluation.trained_on:
        return f"{evaluation.trained_on} of {patients} patients have the features of a patient that it was trained on."
    return f"None of the {patients} patients has the features of one that it was trained on."


def _methods(evaluation: Evaluation) -> str:
    model, evidence = evaluation.model, evaluation.evidence
    its_own = model.cohort.get("outcome", IHC_OUTCOME)
    other = (
        f"The model was made for another outcome: a positive tumour of its cohort {its_own}."
        if its_own != evaluation.about["outcome"]
        else ""
    )
    parts = (
        part(
            "methods-model",
            "Model",
            f"{model.describe()}. SHA-256 of its bundle: {model.sha256 or 'not saved'}.",
            describe_origin(model),
        ),
        part("methods-outcome", "Outcome", prose.outcome(evidence), other),
        prose.features(evidence, list(evaluation.features.columns), _FINDINGS_TABLE),
        prose.missing_data(evidence),
        part(
            "methods-statistics",
            "Evaluation",
            "The model was applied as it is, with its own calibration and threshold. "
            f"Intervals are 95 %: percentiles of {RESAMPLES} stratified bootstrap resamples for AUC, average "
            "precision, Brier score and F1; Wilson's score interval [10] for proportions; Wald's for calibration; "
            "DeLong's method [9] beside the bootstrap for the AUC, and alone within strata. Net benefit is that of "
            "decision curve analysis [11].",
            f"A cohort with fewer than {FEWEST_PER_CLASS} patients of a class is refused, and a stratum with fewer "
            "gets no AUC.",
        ),
    )
    return "\n".join(parts)


def _results(evaluation: Evaluation, figures: Mapping[int, StudyFigure]) -> str:
    performance, evidence = evaluation.performance, evaluation.evidence
    table = performance_table({evaluation.model.name: performance}).reset_index()
    development = (
        "Table 2 shows no measures of the model's development: after a recalibration those of its original are not its "
        "own."
        if evaluation.model.recalibration is not None
        else "Measures of development are those of the test set that the model was first measured on."
    )
    parts = [
        part(
            "patients",
            "Patients",
            sentences.left_out(evaluation.flow, evidence),
            f"{sentences.analysed(evaluation.flow, evidence)}.",
            sentences.findings(evidence, _FINDINGS_TABLE),
        ),
        baseline_html(evaluation.characteristics, 1),
        data_frame_html(
            comparison_table(evaluation), "<b>Table 2.</b> Development and evaluation of the model", (development,)
        ),
        rois_html(figures.get(ROIS), ROIS, evidence),
        part(
            "discrimination",
            "Discrimination and calls",
            measures_in_words.discrimination(performance, "the model", _WHERE),
            measures_in_words.calls(performance.operating_point, "patients"),
        ),
        figure_html(figures[ROC]),
        data_frame_html(
            table, f"<b>Table 3.</b> Performance (n = {performance.patients}, {performance.positive} HER2-positive)"
        ),
        part("calibration", "Calibration", measures_in_words.calibration(performance.recalibration, _WHERE)),
        figure_html(figures[CALIBRATION]),
        part("decision", "Net benefit", measures_in_words.decision(evaluation.decision, "the model", _WHERE)),
        figure_html(figures[DECISION]),
        part("applicability", "Applicability", _applicability(evaluation)),
        data_frame_html(
            strata_table(evaluation),
            "<b>Table 4.</b> Performance by applicability",
            (f"Value (95 % confidence interval). No AUC with fewer than {FEWEST_PER_CLASS} patients of a class.",),
        ),
        figure_html(figures[APPLICABILITY]),
        findings_html(evidence, _FINDINGS_TABLE, {}),
    ]
    return "\n".join(parts)


def _applicability(evaluation: Evaluation) -> str:
    counts = {stratum.applicability: stratum.patients for stratum in evaluation.strata}
    return (
        f"{counts['inside']} of {len(evaluation.predictions)} patients lie inside what the model knows, "
        f"{counts['edge']} at its edge and {counts['outside']} outside. Away from the training patients a prediction "
        "extrapolates, and the panel says so."
    )


def _reproduction(evaluation: Evaluation) -> str:
    return paragraphs(
        "The same bundle, table and versions give the same numbers again. Every figure lies in figures/ as SVG, PNG "
        "and CSV with the numbers behind it, every table in tables/, all measures in evaluation.json; predictions.csv "
        "holds the prediction of every patient under the identifier of the cohort table. No other file names a patient."
    )
