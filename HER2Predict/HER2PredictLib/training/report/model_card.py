"""model-card.md: what a model is, what it is for, how well it does and where it fails (Mitchell et al., FAT* 2019)."""

from __future__ import annotations

from ...model.model import Model, interval_name
from ..measured.results import SET_LABELS, SETS, Results
from ..protocol.protocol import TEST
from ..statistics.performance import SHORT_LABELS
from . import prose, sentences
from .prose import FINDINGS_TABLE
from .study_report import notices
from .study_tables import models_table

#: Rows of the table of performance.
_MEASURES = ("auc", "sensitivity", "specificity", "ppv", "npv", "brier", "calibration_slope")


def model_card(results: Results, model: Model) -> str:
    cohort, protocol = model.cohort, results.study.protocol
    mlp = models_table(results).iloc[0]
    notice = " ".join(f"**{heading}** {text}" if heading else text for heading, text in notices(results))
    software = ", ".join(f"{name} {version}" for name, version in dict(model.card.get("software", {})).items())
    digest = f"\n- SHA-256 of the bundle: `{model.sha256}`" if model.sha256 else ""
    return f"""# Model card: {model.name} {model.version}

> {notice}

## The model

- Probability that a bladder tumour {results.outcome}, from {results.study.features.shape[1]} \
radiomic features of an ROI on an excretory-phase CT urography
- z-scores, {results.variance.kept} principal components, mean of {protocol.members} bagged multilayer perceptrons \
({mlp["Chosen"]}), logistic calibration
- {_calls(results)}
- Output: probability with a {interval_name(model.interval_level)}: where it might lie had the model learnt from very \
many such patients (from the cohort's own bootstrap samples and calibration; not how far it is from the truth)
- Made on {model.card["created"]} with {software}; seed {protocol.seed}
- Licence: {model.card["licence"]}{digest}

## Intended use

{model.card["intended_use"]}

Not for: other phases than the excretory one, other tumours, ROIs that were drawn without reading the guide, \
screening, or any decision on treatment. It does not replace immunohistochemistry.

## Training data

Cohort: {cohort["description"]}. {sentences.left_out(results.flow, results.evidence)} {sentences.cohort(results)}

{prose.outcome(results.evidence)}

{prose.checks(results.evidence, FINDINGS_TABLE)} {sentences.findings(results.evidence, FINDINGS_TABLE)}

## Performance

{_performance(results)}

Value (95 % confidence interval). Out of fold: each training patient is predicted by models that were fitted without \
that patient. Apparent: by the model that was fitted to the same patients, which says nothing about new ones.

{sentences.discrimination(results, TEST)} {sentences.shuffles(results)} {sentences.spread(results)}

{sentences.calibration(results)}

## Where it may fail

- {sentences.applicability(results)} The panel and the command say so for each patient.
- {_elsewhere(results)}
- Performance by sex, age or stage was not measured.
- Predictive values change with the share of HER2-positive patients.

Methods, figures, all tables and the items of TRIPOD+AI and CLAIM: `report.html`.
"""


def _calls(results: Results) -> str:
    return "It gives no call" if results.guessing else f"Call: {results.threshold_choice.describe()}"


def _elsewhere(results: Results) -> str:
    if results.test_may_be_elsewhere:
        return (
            "Whether its test patients are of another hospital, with other scanners, contrast timing or readers, is "
            "not known."
        )
    return (
        "It has not been evaluated in another hospital, with other scanners or contrast timing, or with ROIs of other "
        "readers."
    )


def _performance(results: Results) -> str:
    lines = ["| Measure | " + " | ".join(SET_LABELS[name] for name in SETS) + " |", "| --- " * (len(SETS) + 1) + "|"]
    for measure in _MEASURES:
        cells = [results.performances["mlp", name].estimates()[measure].text() for name in SETS]
        lines.append(f"| {SHORT_LABELS[measure]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
