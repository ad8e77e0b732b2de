"""A model with its calibration fitted anew to another cohort, and the card that keeps the two cohorts apart."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ... import __version__
from ...errors import InputError
from ...files import write_files, writing
from ...model.model import Model
from ...model.network import log_odds
from ..protocol.build import INTENDED_USE
from ..statistics.calibration_measures import logistic_regression
from .evaluate import Evaluation


def recalibrated(model: Model, evaluation: Evaluation, name: str) -> Model:
    """The model with slope and intercept of its log-odds fitted to the cohort (logistic recalibration, Cox 1958).

    The threshold moves along, so that every call stays as it was. How well the result is calibrated must be measured
    on other patients than these: it has no metrics of its own, and those of the original are kept as the original's.
    An earlier recalibration leaves no trace, since one fitted on top of it gives the same model, but for rounding.

    Raises
    ------
    InputError
        Where the model ranks the patients the wrong way round, so that recalibration would invert it.
    """
    predictions = evaluation.predictions
    odds = log_odds(predictions["probability"].to_numpy())
    fitted = logistic_regression(np.column_stack([np.ones_like(odds), odds]), predictions["her2"].to_numpy())
    intercept, slope = (float(value) for value in fitted.coefficients)
    if not slope > 0:
        raise InputError(
            f"The calibration slope on this cohort is {slope:.2f}: the model does not rank these patients as it "
            "should, and recalibration cannot mend that."
        )
    old_slope, old_intercept = model.arrays["calibration"]
    # The new terms, of the recalibrated log-odds, are linear in those of the raw log-odds.
    terms = np.array([[0.0, old_slope], [1.0, old_intercept]])
    covariance = terms @ fitted.covariance @ terms.T
    arrays = {
        **model.arrays,
        "calibration": np.array([slope * old_slope, slope * old_intercept + intercept]),
        "calibration_covariance": (covariance + covariance.T) / 2,
    }
    threshold = 1.0 / (1.0 + np.exp(-(slope * float(log_odds(np.array(model.threshold))) + intercept)))
    date = datetime.date.today().isoformat()
    card = {
        **model.card,
        "name": name,
        "created": date,
        "intended_use": INTENDED_USE.format(outcome=evaluation.about["outcome"]),
        "threshold": float(threshold),
        "metrics": {},
        "recalibration": {
            "cohort": dict(evaluation.about),
            "date": date,
            "software": {"HER2Predict": __version__, "numpy": np.__version__},
            "original": _original(model),
        },
    }
    return Model(card, arrays)


def write_recalibrated(model: Model, evaluation: Evaluation, name: str, out: Path) -> Path:
    """Write ``recalibrated.her2model`` and its card, ``recalibrated-model-card.md``, into `out`; return the bundle.

    Raises
    ------
    InputError
        As `recalibrated`, and where a file cannot be written.
    """
    file = out / "recalibrated.her2model"
    made = recalibrated(model, evaluation, name)
    with writing(file):
        made.save(file)
    write_files(out, {"recalibrated-model-card.md": recalibrated_card(Model.load(file)).encode()})
    return file


def _original(model: Model) -> Mapping[str, Any]:
    if model.recalibration is not None:
        return dict(model.recalibration["original"])
    told = {field: model.card[field] for field in ("name", "version", "created")}
    return {**told, "sha256": model.sha256, "metrics": dict(model.card.get("metrics") or {})}


def recalibrated_card(model: Model) -> str:
    recalibration = model.recalibration
    assert recalibration is not None
    own, first, original = recalibration["cohort"], model.cohort, recalibration["original"]
    digest = f"\n- SHA-256 of the bundle: `{model.sha256}`" if model.sha256 else ""
    return f"""# Model card: {model.name} {model.version}

> {describe_origin(model)} It has no measures of performance of its own.

## The model

- {model.card["intended_use"]}
- Components, weights and applicability are those of the original; calibration and threshold ({model.threshold:.3f}) \
were fitted anew
- Licence: {model.card["licence"]}{digest}

## Two cohorts

| | original | recalibration |
| --- | --- | --- |
| model | {original["name"]} {original["version"]} (SHA-256 `{original["sha256"] or "not saved"}`) | this one |
| cohort | {_cell(first["description"])} | {_cell(own["description"])} |
| patients, HER2-positive | {first["patients"]}, {first["positive"]} (trained on {first["train"]}) | \
{own["patients"]}, {own["positive"]} |
| simulated | {_yes(first["simulated"])} | {_yes(own["simulated"])} |
| date | {original["created"]} | {recalibration["date"]} |

## Performance

Not measured. Measures of the original are of another calibration and another threshold; its report has them. \
Recalibration changes no ranking, so that AUCs measured of the original on other patients hold; how well this model is \
calibrated, and what its calls are worth, must be measured with her2predict evaluate on patients of neither cohort.
"""


def describe_origin(model: Model) -> str:
    """Of which model and on which patients a recalibrated model is; empty for any other."""
    recalibration = model.recalibration
    if recalibration is None:
        return ""
    cohort, original = recalibration["cohort"], recalibration["original"]
    kind = "simulated patients" if cohort["simulated"] else "patients"
    trained = "simulated patients" if model.cohort["simulated"] else "patients"
    return (
        f"This model is {original['name']} {original['version']} of {original['created']}, trained on "
        f"{model.cohort['train']} {trained} ({model.cohort['description']}), with calibration and threshold fitted on "
        f"{recalibration['date']} to {cohort['patients']} {kind}, {cohort['positive']} of them HER2-positive "
        f"({cohort['description']})."
    )


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def _yes(value: bool) -> str:
    return "yes" if value else "no"
