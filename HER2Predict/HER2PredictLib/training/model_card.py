"""model-card.md: what a model is, what it is for, how well it does and where it fails (Mitchell et al., FAT* 2019)."""

from __future__ import annotations

from ..model import Model
from . import sentences
from .html_report import RESEARCH_NOTICE, SIMULATED_HEADING, SIMULATED_NOTICE, models_table
from .results import APPARENT, SET_LABELS, Results
from .study import TEST, TRAIN

#: Rows of the table of performance.
_MEASURES = {
    "auc": "AUC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "Positive predictive value",
    "npv": "Negative predictive value",
    "brier": "Brier score",
    "calibration_slope": "Calibration slope",
}


def model_card(results: Results, model: Model) -> str:
    """The card of the deployed model as Markdown."""
    cohort, protocol = model.cohort, results.study.protocol
    mlp = models_table(results).iloc[0]
    notice = f"**{SIMULATED_HEADING}** {SIMULATED_NOTICE} {RESEARCH_NOTICE}" if results.simulated else RESEARCH_NOTICE
    software = ", ".join(f"{name} {version}" for name, version in dict(model.card.get("software", {})).items())
    digest = f"\n- SHA-256 of the bundle: `{model.sha256}`" if model.sha256 else ""
    return f"""# Model card: {model.name} {model.version}

> {notice}

## The model

- Probability that a bladder tumour over-expresses HER2 (IHC 2+ or 3+), from {results.study.features.shape[1]} \
radiomic features of an ROI on an excretory-phase CT urography
- z-scores, {results.variance.kept} principal components, mean of {protocol.members} bagged multilayer perceptrons \
({mlp["Chosen"]}), logistic calibration
- Output: probability with a {100 * model.interval_level:.0f} % interval (its width was fitted on computer-made \
cohorts, where the true probability is known), and a call at the threshold {model.threshold:.3f}
- Made on {model.card["created"]} with {software}; seed {protocol.seed}
- Licence: {model.card["licence"]}{digest}

## Intended use

{model.card["intended_use"]}

Not for: other phases than the excretory one, other tumours, ROIs that were drawn without reading the guide, \
screening, or any decision on treatment. It does not replace immunohistochemistry.

## Training data

Cohort: {cohort["description"]}. {sentences.left_out(results)} {sentences.cohort(results)}

## Performance

{_performance(results)}

Value (95 % confidence interval). Out of fold: each training patient is predicted by models that were fitted without \
that patient. Apparent: by the model that was fitted to the same patients, which says nothing about new ones.

{sentences.discrimination(results, TEST)} {sentences.spread(results)}

{sentences.calibration(results)}

## Where it may fail

- {sentences.applicability(results)} The panel and the command say so for each patient.
- It has not been evaluated in another hospital, with other scanners or contrast timing, or with ROIs of other readers.
- Performance by sex, age or stage is unknown: there are too few patients of each.
- Predictive values change with the share of HER2-positive patients.

Methods, figures and the items of TRIPOD+AI and CLAIM: `report.html`.
"""


def _performance(results: Results) -> str:
    sets = (TRAIN, TEST, APPARENT)
    lines = ["| Measure | " + " | ".join(SET_LABELS[name] for name in sets) + " |", "| --- " * (len(sets) + 1) + "|"]
    for measure, label in _MEASURES.items():
        cells = [results.performances["mlp", name].estimates()[measure].text() for name in sets]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
