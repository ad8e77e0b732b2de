"""How far a model's numbers can be trusted, measured on simulated patients whose true probability is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from ...errors import InputError
from ...features import feature_names
from ...many.processes import Progress
from ...model.applicability import applicability_of
from ...model.model import Model
from ..simulator.acquisition import ACQUISITIONS
from .cohorts import Measured, measured_cohort

#: The cohort that the model is meant for, and those that differ from it.
OWN, SHIFTED = "study", tuple(name for name in ACQUISITIONS if name != "study")

#: A shift that changes the probability by more than this on average must be noticed: an area under the ROC curve, of
#: applicability against shift, of at least the second number.
SHIFT_THAT_MATTERS, AREA_ASKED_FOR = 0.1, 0.8


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says of P patients, shape (P,) each; `variations` has shape (P, N)."""

    probability: np.ndarray
    low: np.ndarray
    high: np.ndarray
    tail_probability: np.ndarray
    variations: np.ndarray

    def share(self, verdict: str) -> float:
        """Share of the patients that are ``inside``, at the ``edge`` or ``outside``."""
        return float(np.mean([applicability_of(share) == verdict for share in self.tail_probability]))


@dataclass(frozen=True)
class OwnCohort:
    """On patients like those that the model has learnt from.

    Attributes
    ----------
    auc, best_auc : float
        Of the model, and of the true probability.
    coverage, mean_width : float
        Share of the patients whose true probability is within the model interval, and that interval's mean width.
    inside, edge, outside : float
        Shares of the patients.
    variations, flips, patients_with_flips
        Variations of each outline, share of all whose call differs from the patient's own, share of patients with such.
    mean_range : float
        Mean over the patients of largest minus smallest probability of the variations.
    """

    patients: int
    refused: int
    positive: int
    auc: float
    best_auc: float
    coverage: float
    mean_width: float
    inside: float
    edge: float
    outside: float
    variations: int
    flips: float
    patients_with_flips: float
    mean_range: float


@dataclass(frozen=True)
class ShiftedCohort:
    """The same patients under another acquisition.

    `change` is the mean absolute difference of the probability from the patient's own, `calls_changed` the share of the
    patients whose call differs; `coverage` is as in `OwnCohort`, and `inside`, `edge` and `outside` are shares of the
    patients. `auc` is the area under the ROC curve of applicability, shifted against not shifted. `findings` gives, by
    code, the share of the patients with a finding on the input that the shift brings.
    """

    acquisition: str
    patients: int
    refused: int
    change: float
    calls_changed: float
    coverage: float
    inside: float
    edge: float
    outside: float
    auc: float
    findings: Mapping[str, float]

    @property
    def matters(self) -> bool:
        """Does it change the probability so much that it must be noticed?"""
        return self.change > SHIFT_THAT_MATTERS

    @property
    def is_caught(self) -> bool:
        return self.auc >= AREA_ASKED_FOR


@dataclass(frozen=True)
class Trust:
    """All that was measured of a model."""

    model: str
    seed: int
    own: OwnCohort
    shifted: tuple[ShiftedCohort, ...]


def measure_trust(
    model: Model,
    folder: Path,
    *,
    patients: int,
    seed: int,
    variations: int,
    jobs: int | None = None,
    progress: Callable[[str], Progress] | None = None,
) -> Trust:
    """Measure a model on simulated patients; features are kept in `folder` and used again for another model.

    `seed` is not one whose patients the model was trained on; `variations` is how many there are of each outline.
    `progress` gives, for the name of an acquisition, what to call with the patients done and their total.

    Raises
    ------
    InputError
        Where the model was not trained on simulated patients, or on other features.
    """
    if not model.simulated:
        raise InputError(
            f'The model "{model.name}" was trained on real patients, of whom nobody knows the true probability; '
            "give a model of a simulated cohort."
        )
    model.require_own_settings()

    def cohort(name: str, varied: int) -> Measured:
        return measured_cohort(name, patients, seed, varied, folder, jobs, progress(name) if progress else None)

    base = cohort(OWN, variations)
    answers = ask(model, base)
    shifted = []
    for name in SHIFTED:
        measured = cohort(name, 0)
        shifted.append(_shifted(name, model, base, answers, measured))
    return Trust(model.describe(), seed, _own(model, base, answers), tuple(shifted))


def ask(model: Model, measured: Measured) -> Predictions:
    """Apply a model to every patient and to every variation of their outlines."""
    names = feature_names()
    predictions = [model.predict(dict(zip(names, row, strict=True))) for row in measured.features.tolist()]
    varied = np.full(measured.variations.shape[:2], np.nan)
    for place in np.argwhere(np.isfinite(measured.variations).all(axis=2)):
        row = measured.variations[tuple(place)].tolist()
        varied[tuple(place)] = model.predict(dict(zip(names, row, strict=True))).probability
    return Predictions(
        probability=np.array([prediction.probability for prediction in predictions]),
        low=np.array([prediction.interval[0] for prediction in predictions]),
        high=np.array([prediction.interval[1] for prediction in predictions]),
        tail_probability=np.array([model.typicality(prediction) for prediction in predictions]),
        variations=varied,
    )


def _coverage(measured: Measured, answers: Predictions) -> float:
    true = measured.true_probability
    return float(np.mean((answers.low <= true) & (true <= answers.high)))


def _own(model: Model, measured: Measured, answers: Predictions) -> OwnCohort:
    calls = answers.probability >= model.threshold
    known = np.isfinite(answers.variations)
    flips = known & ((answers.variations >= model.threshold) != calls[:, None])
    return OwnCohort(
        patients=len(measured.numbers),
        refused=measured.refused,
        positive=int(measured.positive.sum()),
        auc=float(roc_auc_score(measured.positive, answers.probability)),
        best_auc=float(roc_auc_score(measured.positive, measured.true_probability)),
        coverage=_coverage(measured, answers),
        mean_width=float(np.mean(answers.high - answers.low)),
        inside=answers.share("inside"),
        edge=answers.share("edge"),
        outside=answers.share("outside"),
        variations=measured.variations.shape[1],
        flips=float(flips.sum() / max(known.sum(), 1)),
        patients_with_flips=float(flips.any(axis=1).mean()),
        mean_range=float(np.mean(np.nanmax(answers.variations, axis=1) - np.nanmin(answers.variations, axis=1))),
    )


def _shifted(name: str, model: Model, base: Measured, own: Predictions, measured: Measured) -> ShiftedCohort:
    answers = ask(model, measured)
    _, here, there = np.intersect1d(base.numbers, measured.numbers, return_indices=True)
    before, after = own.probability[here], answers.probability[there]
    is_shifted = np.repeat([False, True], [len(own.tail_probability), len(answers.tail_probability)])
    return ShiftedCohort(
        acquisition=name,
        patients=len(measured.numbers),
        refused=measured.refused,
        change=float(np.abs(after - before).mean()),
        calls_changed=float(np.mean((after >= model.threshold) != (before >= model.threshold))),
        coverage=_coverage(measured, answers),
        inside=answers.share("inside"),
        edge=answers.share("edge"),
        outside=answers.share("outside"),
        auc=float(roc_auc_score(is_shifted, -np.concatenate([own.tail_probability, answers.tail_probability]))),
        findings=_brought(base, measured),
    )


def _brought(base: Measured, measured: Measured) -> dict[str, float]:
    """Findings that a tenth more of the patients have than without the shift, and their share."""
    codes = sorted({code for findings in measured.findings for code in findings})

    def share(cohort: Measured, code: str) -> float:
        return float(np.mean([code in findings for findings in cohort.findings]))

    return {code: share(measured, code) for code in codes if share(measured, code) - share(base, code) >= 0.1}
