"""What a bundle must hold: a card and arrays that follow the format and fit each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from ..i18n import tr as _
from .applicability import FEWEST_PATIENTS
from .network import layer_count

FORMAT = "her2model"
#: Earlier versions hold another interval, and models of other features.
FORMAT_VERSION = 4

_LONGEST_SETTINGS = 2**16
_MOST_FEATURES = 10_000
_MOST_COMPONENTS = 1_000
_MOST_MEMBERS = 1_000
_MOST_UNITS = 4_096
#: Log-odds of 1 - 4e-44: an interval reaches no further.
_WIDEST_LOG_ODDS = 100.0
#: Of slope and intercept of a calibration.
_LARGEST_VARIANCE = 1e12

_TEXT_FIELDS = ("name", "version", "created", "intended_use", "licence")

#: The activation of hidden units that `Network` computes.
_ACTIVATION = "tanh"


class BundleError(Exception):
    """Why a bundle cannot be used."""


def check(card: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Raise BundleError unless card and arrays follow the format and fit each other."""
    _check_card(card)
    for name, array in arrays.items():
        if array.dtype != np.float64 or not np.isfinite(array).all():
            raise BundleError(_('array "{name}" is not of finite float64 values').format(name=name))
    features = len(card["features"]["names"])
    _need_shape(arrays, "mean", (features,))
    _need_shape(arrays, "scale", (features,))
    _need_shape(arrays, "pca_mean", (features,))
    _need_shape(arrays, "calibration", (2,))
    _check_calibration_covariance(arrays)
    components = _first_length(arrays, "components", 2, _MOST_COMPONENTS)
    _need_shape(arrays, "components", (components, features))
    _need_shape(arrays, "variance", (components,))
    _check_domain(arrays, features)
    if not (arrays["scale"] > 0).all() or not (arrays["variance"] > 0).all():
        raise BundleError(_("a scale or variance is not positive"))
    _check_orthonormal(arrays["components"])
    expected = {"mean", "scale", "pca_mean", "calibration", "calibration_covariance", "components", "variance"}
    expected |= _DOMAIN_ARRAYS
    expected |= _check_layers(arrays, components) | _check_training_scores(arrays, components)
    expected |= _check_training_volumes(arrays)
    unknown = set(arrays) - expected
    if unknown:
        raise BundleError(_("it holds unknown arrays: {names}").format(names=", ".join(sorted(unknown))))


_DOMAIN_ARRAYS = {"train_t2", "train_q", "usual_q"}
#: Largest deviation of the components' inner products from 0 and 1.
_ORTHONORMAL_WITHIN = 1e-6


def _check_orthonormal(components: np.ndarray) -> None:
    """What a case's distances are, and what its features contribute to them, rests on it."""
    with np.errstate(over="ignore", invalid="ignore"):
        products = components @ components.T
    if not (np.abs(products - np.eye(len(components))) < _ORTHONORMAL_WITHIN).all():
        raise BundleError(_("its components are not orthonormal"))


def _check_calibration_covariance(arrays: Mapping[str, np.ndarray]) -> None:
    _need_shape(arrays, "calibration_covariance", (2, 2))
    (first, mixed), (other, second) = arrays["calibration_covariance"]
    if (
        mixed != other
        or min(first, second) < 0
        or mixed**2 > first * second * (1 + 1e-9)
        or max(first, second) > _LARGEST_VARIANCE
    ):
        raise BundleError(_('array "calibration_covariance" holds no covariance'))


def _check_domain(arrays: Mapping[str, np.ndarray], features: int) -> None:
    patients = _first_length(arrays, "train_t2", 1, _MOST_FEATURES)
    if patients < FEWEST_PATIENTS:
        raise BundleError(
            _("it tells the distances of {patients} training patients, and {fewest} are needed").format(
                patients=patients, fewest=FEWEST_PATIENTS
            )
        )
    _need_shape(arrays, "train_q", (patients,))
    _need_shape(arrays, "usual_q", (features,))
    if any((arrays[name] < 0).any() for name in _DOMAIN_ARRAYS):
        raise BundleError(_("a distance of its training patients is negative"))


def _check_training_volumes(arrays: Mapping[str, np.ndarray]) -> set[str]:
    if "train_volume_ml" not in arrays:
        return set()
    _first_length(arrays, "train_volume_ml", 1, _MOST_FEATURES)
    if not (arrays["train_volume_ml"] > 0).all():
        raise BundleError(_("the volume of a training ROI is not positive"))
    return {"train_volume_ml"}


def _check_training_scores(arrays: Mapping[str, np.ndarray], components: int) -> set[str]:
    """Optional: both arrays, or neither."""
    names = {"train_scores", "train_status"}
    if not names & set(arrays):
        return set()
    if components < 2:
        raise BundleError(_("it shows its cohort on two components and has one"))
    patients = _first_length(arrays, "train_status", 1, _MOST_FEATURES)
    _need_shape(arrays, "train_scores", (patients, 2))
    if not np.isin(arrays["train_status"], (0.0, 1.0)).all():
        raise BundleError(_('array "train_status" holds more than 0 and 1'))
    return names


def _check_layers(arrays: Mapping[str, np.ndarray], inputs: int) -> set[str]:
    members = _first_length(arrays, "bias_0", 2, _MOST_MEMBERS)
    depth = layer_count(arrays)
    if depth < 1:
        raise BundleError(_("it has no layers"))
    for layer in range(depth):
        bias = arrays.get(f"bias_{layer}")
        if bias is None or bias.ndim != 2 or not 1 <= bias.shape[1] <= _MOST_UNITS:
            raise BundleError(_('array "bias_{layer}" is missing or has a wrong shape').format(layer=layer))
        _need_shape(arrays, f"bias_{layer}", (members, bias.shape[1]))
        _need_shape(arrays, f"weights_{layer}", (members, inputs, bias.shape[1]))
        inputs = bias.shape[1]
    if inputs != 1:
        raise BundleError(_("its last layer has {inputs} outputs instead of 1").format(inputs=inputs))
    return {f"{kind}_{layer}" for kind in ("weights", "bias") for layer in range(depth)}


def _need_shape(arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...]) -> None:
    if name not in arrays or arrays[name].shape != shape:
        found = arrays[name].shape if name in arrays else "none"
        raise BundleError(
            _('array "{name}" must have shape {shape}, not {found}').format(name=name, shape=shape, found=found)
        )


def _first_length(arrays: Mapping[str, np.ndarray], name: str, dimensions: int, most: int) -> int:
    if name not in arrays or arrays[name].ndim != dimensions or not 1 <= arrays[name].shape[0] <= most:
        raise BundleError(_('array "{name}" is missing or has a wrong shape').format(name=name))
    return int(arrays[name].shape[0])


def _check_card(card: Any) -> None:
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise BundleError(_("model.json is not the description of a HER2 model"))
    if card.get("format_version") != FORMAT_VERSION:
        raise BundleError(
            _("it has format version {version}, of another release than this program's {own}").format(
                version=card.get("format_version"), own=FORMAT_VERSION
            )
        )
    for field in _TEXT_FIELDS:
        if not isinstance(card.get(field), str) or not card[field].strip():
            raise BundleError(_('model.json lacks the text "{field}"').format(field=field))
    if card.get("activation") != _ACTIVATION:
        raise BundleError(
            _('model.json names the activation "{activation}", and this program computes {own} alone').format(
                activation=card.get("activation"), own=_ACTIVATION
            )
        )
    if not _is_share(card.get("threshold")):
        raise BundleError(_("its threshold is not a number between 0 and 1"))
    _check_interval(card.get("interval"))
    _check_cohort(card.get("training_cohort"))
    _check_recalibration(card.get("recalibration"))
    _check_discrimination(card)
    features = card.get("features")
    if not isinstance(features, dict):
        raise BundleError(_("its feature names are missing"))
    names = features.get("names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BundleError(_("its feature names are missing"))
    if not 1 <= len(names) <= _MOST_FEATURES or len(set(names)) != len(names):
        raise BundleError(_("its feature names are too many or not unique"))
    settings = features.get("settings")
    if settings is not None and not (isinstance(settings, str) and len(settings) <= _LONGEST_SETTINGS):
        raise BundleError(_("its feature settings are no text, or too long"))


def _check_discrimination(card: Mapping[str, Any]) -> None:
    """The reasons may be none, and the AUC may be unknown; both must be told."""
    reasons = card.get("guessing")
    if not isinstance(reasons, list) or not all(isinstance(reason, str) and reason.strip() for reason in reasons):
        raise BundleError(_("it does not say whether it tells better than guessing"))
    told = card.get("discrimination")
    if told is None and "discrimination" in card:
        return
    if not isinstance(told, dict) or not isinstance(told.get("shuffles"), int):
        raise BundleError(_("it does not tell its cross-validated AUC"))
    for name in ("auc", "low", "high", "p_value"):
        value = told.get(name)
        unlimited = value is None and name in ("low", "high") and name in told
        if not unlimited and not (_is_number(value) and 0 <= value <= 1):
            raise BundleError(_('its cross-validated AUC lacks a usable "{name}"').format(name=name))


def _check_interval(interval: Any) -> None:
    if not isinstance(interval, dict) or not (interval.get("level", 0) is None or _is_share(interval.get("level"))):
        raise BundleError(_("its interval has no level between 0 and 1"))
    for name in ("spread_weight", "calibration_weight", "factor"):
        value = interval.get(name)
        if not _is_number(value) or not 0 <= value <= _WIDEST_LOG_ODDS:
            raise BundleError(_('its interval lacks a usable "{name}"').format(name=name))


def _check_cohort(cohort: Any) -> None:
    if not isinstance(cohort, dict) or not isinstance(cohort.get("simulated"), bool):
        raise BundleError(_("it does not say whether its training cohort was simulated"))
    if not isinstance(cohort.get("description"), str):
        raise BundleError(_("its training cohort has no description"))
    if not isinstance(cohort.get("outcome", ""), str):
        raise BundleError(_("what its training cohort calls HER2-positive is no text"))
    for count in ("patients", "positive", "train", "test"):
        if not isinstance(cohort.get(count), int):
            raise BundleError(_('its training cohort lacks the number "{count}"').format(count=count))


def _check_recalibration(recalibration: Any) -> None:
    if recalibration is None:
        return
    parts = {"cohort": {"description": str, "simulated": bool, "patients": int, "positive": int}}
    parts["original"] = {"name": str, "version": str, "created": str, "sha256": str, "metrics": dict}
    for part, fields in parts.items():
        own = recalibration.get(part) if isinstance(recalibration, dict) else None
        for field, kind in fields.items():
            if not isinstance(own, dict) or not isinstance(own.get(field), kind):
                raise BundleError(_('its recalibration lacks "{field}" of its {part}').format(field=field, part=part))
    if not isinstance(recalibration.get("date"), str):
        raise BundleError(_("its recalibration has no date"))


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 < value < 1


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
