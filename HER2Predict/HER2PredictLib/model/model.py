"""Model: a `.her2model` bundle, applied with numpy alone; 975 features in, a Prediction out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..feature_settings import difference_of_parameters
from ..i18n import tr as _
from . import bundle_file
from .applicability import Domain
from .guessing import NEGATIVE, NO_CALL, POSITIVE, Discrimination, banner, context, headline, is_positive
from .network import Network, expit, log_odds
from .projection import Projection, project

#: The bundle that comes with the module. Trained on a simulated cohort, and it says so.
BUNDLED_MODEL = Path(__file__).resolve().parents[2] / "Resources" / "Models" / "simulated-2024.her2model"


def interval_name(level: float | None) -> str:
    """What an interval is called beside a probability: of the model, not of the patient."""
    return _("model interval") if level is None else _("{level:.0%} model interval").format(level=level)


@dataclass(frozen=True)
class Prediction:
    """What a model says of one patient.

    `probability` is that of HER2 over-expression (IHC 2+ or 3+), calibrated, 0 to 1; `interval` is the low and high end
    of where it might lie, see `Model.predict`. `hotelling_t2` and `q_residual` are the distance from the training
    patients within the principal components, and from their subspace.
    """

    probability: float
    interval: tuple[float, float]
    hotelling_t2: float
    q_residual: float


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model: z-score, PCA, a bagged MLP, calibration.

    `card` is what ``model.json`` holds: name, version, intended use, cohort, feature names and settings, threshold,
    metrics. `sha256` is of the bundle file; empty for a model that was not saved yet.

    `arrays` are float64: ``mean`` (F,), ``scale`` (F,), ``pca_mean`` (F,), ``components`` (C, F), ``variance`` (C,),
    for each layer l ``weights_l`` (M, in, out) and ``bias_l`` (M, out), ``calibration`` (2,) slope and intercept on the
    log-odds and ``calibration_covariance`` (2, 2) of their errors, ``train_t2`` (P,) and ``train_q`` (P,) of the
    training patients when left out; ``usual_q`` (F,), what each feature contributes to the latter on average; and,
    where the bundle has them, ``train_volume_ml`` (N,) of the training ROIs, sorted, ``train_scores`` (N, 2) on the
    first two components and ``train_status`` (N,), 1 or 0.
    """

    card: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]
    sha256: str = ""

    @property
    def name(self) -> str:
        return str(self.card["name"])

    @property
    def version(self) -> str:
        return str(self.card["version"])

    @property
    def threshold(self) -> float:
        """Probability from which on the call is HER2-positive."""
        return float(self.card["threshold"])

    @property
    def guessing(self) -> tuple[str, ...]:
        """Why the model tells no better than guessing; empty where it does better, as far as the bundle knows."""
        reasons = tuple(self.card.get("guessing", ()))
        if reasons or self.arrays["calibration"][0] > 0:
            return reasons
        return (_("its probability does not rise with what its ensemble says"),)

    @property
    def banner(self) -> str:
        """What must lead whatever is shown of a model that tells no better than guessing; empty for any other."""
        return banner(self.guessing) if self.guessing else ""

    @property
    def discrimination(self) -> Discrimination | None:
        """How well it ranks its own training patients, cross-validated; None where the bundle does not tell."""
        stored = self.card.get("discrimination")
        return None if stored is None else Discrimination.of(stored)

    @property
    def base_share(self) -> float | None:
        """Share of HER2-positive patients, 0 to 1, among those that calibration was fitted to; None if not told."""
        if self.recalibration is not None:
            cohort = self.recalibration["cohort"]
            return cohort["positive"] / cohort["patients"] if cohort["patients"] else None
        status = self.arrays.get("train_status")
        return None if status is None else float(status.mean())

    @property
    def context(self) -> str:
        """What a reader must know beside a probability, see `guessing.context`."""
        return context(self.base_share, self.discrimination)

    def call(self, probability: float) -> str:
        """The call at the model's threshold; none by a model that tells no better than guessing."""
        if self.guessing:
            return NO_CALL
        return POSITIVE if is_positive(probability, self.threshold) else NEGATIVE

    @property
    def cohort(self) -> Mapping[str, Any]:
        """Training cohort: ``description``, ``simulated``, ``patients``, ``positive``, ``train``, ``test``."""
        return dict(self.card["training_cohort"])

    @property
    def recalibration(self) -> Mapping[str, Any] | None:
        """What calibration and threshold were fitted to after training; None where they are those of training.

        ``cohort`` (``description``, ``simulated``, ``patients``, ``positive``), ``date``, and ``original``: ``name``,
        ``version``, ``created``, ``sha256`` and ``metrics`` of the model as it was trained.
        """
        return self.card.get("recalibration")

    @property
    def simulated(self) -> bool:
        """Were the patients simulated that the model was trained on, or recalibrated on?"""
        return bool(self.cohort["simulated"]) or self._recalibrated_on_simulated

    @property
    def _recalibrated_on_simulated(self) -> bool:
        return self.recalibration is not None and bool(self.recalibration["cohort"]["simulated"])

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(self.card["features"]["names"])

    def require_own_settings(self) -> None:
        """See that the model learnt on features as this program computes them.

        Raises
        ------
        InputError
            Where the bundle names other settings, or none.
        """
        settings = self.card["features"].get("settings")
        differing = _("it names none") if settings is None else difference_of_parameters(settings)
        if differing:
            raise InputError(
                _(
                    'The model "{name}" learnt on features of other settings than those that are computed here '
                    "({difference}); choose another model, or train it again."
                ).format(name=self.name, difference=differing)
            )

    def describe(self) -> str:
        """One line for people: name, version, every cohort that it is of, and that one is simulated where it is."""
        if self.cohort["simulated"]:
            words = _("{name} {version}, trained on {train} simulated patients, not for clinical use ({description})")
        else:
            words = _("{name} {version}, trained on {train} patients ({description})")
        trained = words.format(**{**self.cohort, "name": self.name, "version": self.version})
        if self.guessing:
            trained = _("{headline}: {trained}").format(headline=headline(), trained=trained)
        if self.recalibration is None:
            return trained
        if self._recalibrated_on_simulated:
            words = _("{trained}, recalibrated on {patients} simulated patients, not for clinical use ({description})")
        else:
            words = _("{trained}, recalibrated on {patients} patients ({description})")
        return words.format(**{**self.recalibration["cohort"], "trained": trained})

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read and check a bundle.

        Raises
        ------
        InputError
            Where the file is missing, damaged, too large, of another format or inconsistent in itself.
        """
        return cls(*bundle_file.read(Path(path)))

    def save(self, path: Path) -> None:
        """Write the bundle; the same model gives the same bytes."""
        bundle_file.write(self.card, self.arrays, path)

    def project(self, features: Mapping[str, float]) -> Projection:
        """One patient's features in standard deviations and on the principal components.

        Raises
        ------
        InputError
            Where a feature of the model is missing or not finite.
        """
        missing = [name for name in self.feature_names if name not in features]
        if missing:
            raise InputError(
                _(
                    'The model "{name}" needs {count} features that are not there (first "{first}"); extract '
                    "the features with the settings of the model."
                ).format(name=self.name, count=len(missing), first=missing[0])
            )
        values = np.array([features[name] for name in self.feature_names], dtype=np.float64)
        if not np.isfinite(values).all():
            first = self.feature_names[int(np.flatnonzero(~np.isfinite(values))[0])]
            raise InputError(
                _('The feature "{first}" has no finite value; no prediction can be made.').format(first=first)
            )
        return project(values, self.arrays)

    def predict(self, features: Mapping[str, float]) -> Prediction:
        """Apply the model to one patient, of whom `features` holds the model's own at least.

        The interval is where the probability might lie had the model learnt from very many such patients: on the
        log-odds +- `factor` * sqrt(`spread_weight` * s^2 + `calibration_weight` * c^2), with the standard deviation s
        of the members' calibrated log-odds, the standard error c of the calibration, and three numbers that the bundle
        brings; see `training.protocol.interval`. It says nothing of how much of HER2 status an image can tell.

        Raises
        ------
        InputError
            Where a feature of the model is missing or not finite.
        """
        projection = self.project(features)
        members = self.network.probabilities(projection.scores)
        odds, half_width = float(self.calibrated_log_odds(members.mean())), self._half_width(members)
        low, probability, high = expit(odds + half_width * np.array([-1.0, 0.0, 1.0])).tolist()
        return Prediction(
            probability,
            (low, high),
            hotelling_t2=float(np.sum(projection.scores**2 / self.arrays["variance"])),
            q_residual=float(projection.residual @ projection.residual),
        )

    @property
    def interval_level(self) -> float | None:
        """Share of patients whose interval holds what a model of very many would say; None where nobody checked it."""
        level = self.card["interval"]["level"]
        return None if level is None else float(level)

    @cached_property
    def network(self) -> Network:
        return Network.of(self.arrays)

    @cached_property
    def domain(self) -> Domain:
        return Domain.of(self.arrays["train_t2"], self.arrays["train_q"])

    def typicality(self, prediction: Prediction) -> float:
        """Share of patients like the training patients that lie at least as far out as this one, 0 to 1."""
        return self.domain.tail_probability(prediction.hotelling_t2, prediction.q_residual)

    @property
    def training_volume_ml(self) -> tuple[float, float] | None:
        """Smallest and largest training ROI in ml; None if not in the bundle."""
        volumes = self.arrays.get("train_volume_ml")
        return None if volumes is None else (float(volumes.min()), float(volumes.max()))

    @property
    def training_scores(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Training patients on the first two components, (N, 2), and their status, (N,); None if not in the bundle."""
        if "train_scores" not in self.arrays:
            return None
        return self.arrays["train_scores"], self.arrays["train_status"]

    def calibrated_log_odds(self, probability: np.ndarray) -> np.ndarray:
        """Platt's logistic calibration on the log-odds of the raw probability."""
        slope, intercept = self.arrays["calibration"]
        return slope * log_odds(probability) + intercept

    def _half_width(self, members: np.ndarray) -> float:
        """Half of the interval's width on the log-odds."""
        interval = self.card["interval"]
        term = np.array([float(log_odds(members.mean())), 1.0])
        variance = interval["calibration_weight"] * (term @ self.arrays["calibration_covariance"] @ term)
        spread = float(self.calibrated_log_odds(members).std())
        return float(interval["factor"] * np.sqrt(variance + interval["spread_weight"] * spread**2))
