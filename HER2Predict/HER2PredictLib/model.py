"""Model: a `.her2model` bundle, applied with numpy alone; 975 features in, a Prediction out."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .applicability import FEWEST_PATIENTS, Domain
from .errors import InputError
from .i18n import tr as _

#: The bundle that comes with the module. Trained on a simulated cohort, and it says so.
BUNDLED_MODEL = Path(__file__).resolve().parent.parent / "Resources" / "Models" / "simulated-2024.her2model"

FORMAT = "her2model"
FORMAT_VERSION = 2
_MEMBERS = ("model.json", "arrays.npz")

#: A bundle is untrusted input. The bundled one has about 0.5 MB; these bounds leave room and stop a zip bomb.
_LARGEST_FILE_BYTES = 64 * 2**20
_LARGEST_JSON_BYTES = 8 * 2**20
_MOST_FEATURES = 10_000
_MOST_COMPONENTS = 1_000
_MOST_MEMBERS = 1_000
_MOST_UNITS = 4_096
#: Log-odds of 1 - 4e-44: an interval reaches no further.
_WIDEST_LOG_ODDS = 100.0

_FIXED_DATE = (2020, 1, 1, 0, 0, 0)

_TEXT_FIELDS = ("name", "version", "created", "intended_use", "licence")


@dataclass(frozen=True)
class _Activation:
    """An activation of hidden units, and its derivative."""

    value: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray], np.ndarray]


_ACTIVATIONS = {
    "identity": _Activation(lambda x: x, np.ones_like),
    "relu": _Activation(lambda x: np.maximum(x, 0.0), lambda x: (x > 0).astype(np.float64)),
    "tanh": _Activation(np.tanh, lambda x: 1.0 - np.tanh(x) ** 2),
    "logistic": _Activation(lambda x: _expit(x), lambda x: _expit(x) * (1.0 - _expit(x))),
}


@dataclass(frozen=True)
class Prediction:
    """What a model says of one patient.

    Attributes
    ----------
    probability : float
        Calibrated probability of HER2 over-expression (IHC 2+ or 3+), 0 to 1.
    interval : tuple of float
        Low and high end, see `Model.predict`.
    hotelling_t2, q_residual : float
        Distance from the training patients within the principal components, and from their subspace.
    """

    probability: float
    interval: tuple[float, float]
    hotelling_t2: float
    q_residual: float


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model: z-score, PCA, a bagged MLP, calibration.

    Parameters
    ----------
    card : dict
        What ``model.json`` holds: name, version, intended use, cohort, feature names and settings, threshold, metrics.
    arrays : dict of ndarray (float64)
        ``mean`` (F,), ``scale`` (F,), ``pca_mean`` (F,), ``components`` (C, F), ``variance`` (C,), for each layer l
        ``weights_l`` (M, in, out) and ``bias_l`` (M, out), ``calibration`` (2,) slope and intercept on the log-odds,
        ``train_t2`` (P,) and ``train_q`` (P,) of the training patients when left out; ``usual_t2`` (F,) and
        ``usual_q`` (F,), what each feature contributes to them on average; and, where the bundle has them,
        ``train_volume_ml`` (N,) of the training ROIs, sorted, ``train_scores`` (N, 2) on the first two components and
        ``train_status`` (N,), 1 or 0.
    sha256 : str
        Of the bundle file; empty for a model that was not saved yet.
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
    def cohort(self) -> Mapping[str, Any]:
        """Training cohort: ``description``, ``simulated``, ``patients``, ``positive``, ``train``, ``test``."""
        return dict(self.card["training_cohort"])

    @property
    def simulated(self) -> bool:
        """Were the training patients simulated?"""
        return bool(self.cohort["simulated"])

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(self.card["features"]["names"])

    def describe(self) -> str:
        """One line for people: name, version, cohort, and that it is simulated where it is."""
        if self.simulated:
            words = _("{name} {version}, trained on {train} simulated patients, not for clinical use ({description})")
        else:
            words = _("{name} {version}, trained on {train} patients ({description})")
        return words.format(**{**self.cohort, "name": self.name, "version": self.version})

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read and check a bundle.

        Raises
        ------
        InputError
            Where the file is missing, damaged, too large, of another format or inconsistent in itself.
        """
        path = Path(path)
        content = _read_bounded(path)
        try:
            parts = _unzip(content)
            card = json.loads(parts["model.json"].decode("utf-8"), parse_constant=_refuse_constant)
            arrays = _load_arrays(parts["arrays.npz"])
            _check(card, arrays)
        except _BundleError as error:
            raise InputError(
                _("{file} is not a usable .her2model bundle: {error}. Choose another file.").format(
                    file=path.name, error=error
                )
            ) from error
        return cls(card, arrays, hashlib.sha256(content).hexdigest())

    def save(self, path: Path) -> None:
        """Write the bundle; the same model gives the same bytes."""
        _check(self.card, self.arrays)
        arrays = io.BytesIO()
        named: dict[str, Any] = {name: np.asarray(array, np.float64) for name, array in sorted(self.arrays.items())}
        np.savez(arrays, **named)
        text = json.dumps(self.card, indent=1, ensure_ascii=False, allow_nan=False)
        temporary = path.with_name(path.name + ".part")
        with zipfile.ZipFile(temporary, "w") as bundle:
            for name, content in zip(_MEMBERS, (text.encode("utf-8"), arrays.getvalue()), strict=True):
                entry = zipfile.ZipInfo(name, _FIXED_DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                bundle.writestr(entry, content)
        temporary.replace(path)

    def scores(self, features: Mapping[str, float]) -> np.ndarray:
        """Coordinates of one patient on the principal components, shape (C,)."""
        return (self._centred(features)) @ self.arrays["components"].T

    def predict(self, features: Mapping[str, float]) -> Prediction:
        """Apply the model to one patient.

        The interval is probability +- `factor` * sqrt(`residual_sd`^2 + `spread_weight` * s^2) on the log-odds, with
        the standard deviation s of the members' calibrated log-odds and three numbers that the bundle brings: see
        `training.interval`, which fits them.

        Parameters
        ----------
        features : mapping of str to float
            At least the model's own features.

        Raises
        ------
        InputError
            Where a feature of the model is missing or not finite.
        """
        centred = self._centred(features)
        scores = centred @ self.arrays["components"].T
        members = self.member_probabilities(scores)
        odds = float(self._calibrated_log_odds(members.mean()))
        low, probability, high = _expit(odds + self._half_width(members) * np.array([-1.0, 0.0, 1.0])).tolist()
        residual = centred - scores @ self.arrays["components"]
        return Prediction(
            probability,
            (low, high),
            hotelling_t2=float(np.sum(scores**2 / self.arrays["variance"])),
            q_residual=float(residual @ residual),
        )

    @property
    def interval_level(self) -> float:
        """Share of patients whose interval is meant to hold their true probability."""
        return float(self.card["interval"]["level"])

    @cached_property
    def domain(self) -> Domain:
        """Where the training patients lie."""
        return Domain.of(self.arrays["train_t2"], self.arrays["train_q"])

    def typicality(self, prediction: Prediction) -> float:
        """Share of patients like the training patients that lie at least as far out as this one, 0 to 1."""
        return self.domain.share_beyond(prediction.hotelling_t2, prediction.q_residual)

    def distance_contributions(self, features: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """What each feature contributes to Hotelling's T2 and to the Q residual, shape (F,) each; they sum to them.

        With the centred z-scores x, T2 = x M x, and feature i contributes x_i (M x)_i (complete decomposition: Alcala
        and Qin, Automatica 2009, 45:1593-1600), which can be negative; to Q it contributes its squared residual.
        """
        centred = self._centred(features)
        scores = centred @ self.arrays["components"].T
        residual = centred - scores @ self.arrays["components"]
        return centred * ((scores / self.arrays["variance"]) @ self.arrays["components"]), residual**2

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

    def _centred(self, features: Mapping[str, float]) -> np.ndarray:
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
        return (values - self.arrays["mean"]) / self.arrays["scale"] - self.arrays["pca_mean"]

    def member_probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Probability by each member of the ensemble before calibration, shape (M,), at `scores`, shape (C,)."""
        return _expit(self._layers(scores)[-1][:, 0, 0])

    def member_gradients(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probability by each member, shape (M,), and its gradient with respect to the scores, shape (M, C)."""
        layers = self._layers(scores)
        probability = _expit(layers[-1][:, 0, 0])
        slope = (probability * (1.0 - probability))[:, None, None]
        derivative = _ACTIVATIONS[self.card["activation"]].derivative
        for layer in reversed(range(len(layers))):
            slope = slope @ self.arrays[f"weights_{layer}"].transpose(0, 2, 1)
            if layer > 0:
                slope = slope * derivative(layers[layer - 1])
        return probability, slope[:, 0, :]

    def _layers(self, scores: np.ndarray) -> list[np.ndarray]:
        """Input of each layer's activation, shape (M, 1, units), the last of the logistic output."""
        activation = _ACTIVATIONS[self.card["activation"]].value
        signal = np.broadcast_to(scores, (self.arrays["bias_0"].shape[0], 1, len(scores)))
        layers = []
        for layer in range(_layer_count(self.arrays)):
            layers.append(signal @ self.arrays[f"weights_{layer}"] + self.arrays[f"bias_{layer}"][:, None, :])
            signal = activation(layers[-1])
        return layers

    def _calibrated_log_odds(self, probability: np.ndarray) -> np.ndarray:
        """Platt's logistic calibration on the log-odds of the raw probability."""
        slope, intercept = self.arrays["calibration"]
        return slope * log_odds(probability) + intercept

    def spread(self, members: np.ndarray) -> float:
        """Standard deviation of the members' calibrated log-odds."""
        return float(self._calibrated_log_odds(members).std())

    def _half_width(self, members: np.ndarray) -> float:
        """Half of the interval's width on the log-odds."""
        interval = self.card["interval"]
        variance = interval["residual_sd"] ** 2 + interval["spread_weight"] * self.spread(members) ** 2
        return float(interval["factor"] * np.sqrt(variance))


class Shelf:
    """Holds the model used last, and reads its bundle again only when the file has changed."""

    def __init__(self) -> None:
        self._key: tuple[Path, int] | None = None
        self._model: Model | None = None

    def model(self, path: str = "") -> Model:
        """The model of a bundle; of the bundled one where `path` is empty.

        Raises
        ------
        InputError
            Where the bundle cannot be used.
        """
        file = Path(path) if path else BUNDLED_MODEL
        key = (file, file.stat().st_mtime_ns if file.is_file() else 0)
        if self._model is None or key != self._key:
            self._model, self._key = None, None
            self._model, self._key = Model.load(file), key
        return self._model

    def holds(self, path: str) -> bool:
        """Can the model of a bundle be used?"""
        try:
            self.model(path)
        except InputError:
            return False
        return True


class _BundleError(Exception):
    """Why a bundle cannot be used."""


#: Raw probabilities are kept this far from 0 and 1 before the log-odds are taken.
LOG_ODDS_CLIP = 1e-6


def log_odds(probability: np.ndarray) -> np.ndarray:
    """ln(p / (1 - p)), with p kept within [1e-6, 1 - 1e-6]."""
    clipped = np.clip(probability, LOG_ODDS_CLIP, 1.0 - LOG_ODDS_CLIP)
    return np.log(clipped / (1.0 - clipped))


def _expit(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow on either side."""
    small = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1.0 / (1.0 + small), small / (1.0 + small))


def _layer_count(arrays: Mapping[str, np.ndarray]) -> int:
    return sum(name.startswith("weights_") for name in arrays)


def _read_bounded(path: Path) -> bytes:
    if not path.is_file():
        raise InputError(_("The model file {path} does not exist. Choose a .her2model file.").format(path=path))
    if path.stat().st_size > _LARGEST_FILE_BYTES:
        raise InputError(
            _("{file} has {size:.0f} MB; a .her2model bundle has a few.").format(
                file=path.name, size=path.stat().st_size / 2**20
            )
        )
    return path.read_bytes()


def _unzip(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            if sorted(bundle.namelist()) != sorted(_MEMBERS):
                raise _BundleError(_("it must hold {members} and nothing else").format(members=" and ".join(_MEMBERS)))
            return {
                "model.json": _read_member(bundle, "model.json", _LARGEST_JSON_BYTES),
                "arrays.npz": _read_member(bundle, "arrays.npz", _LARGEST_FILE_BYTES),
            }
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise _BundleError(_("it is damaged or of another format")) from error


def _read_member(bundle: zipfile.ZipFile, name: str, bound: int) -> bytes:
    import zlib

    try:
        with bundle.open(name) as member:
            content = member.read(bound + 1)
    except zlib.error as error:
        raise _BundleError(_("{name} is damaged").format(name=name)) from error
    if len(content) > bound:
        raise _BundleError(_("{name} is larger than {size} MB").format(name=name, size=bound // 2**20))
    return content


def _refuse_constant(name: str) -> None:
    raise _BundleError(_("model.json holds {name}").format(name=name))


def _load_arrays(content: bytes) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_FILE_BYTES:
                raise _BundleError(_("its arrays are too large"))
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError, SyntaxError, MemoryError) as error:
        raise _BundleError(_("its arrays are damaged")) from error


def _check(card: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Raise _BundleError unless card and arrays follow the format and fit each other."""
    _check_card(card)
    for name, array in arrays.items():
        if array.dtype != np.float64 or not np.isfinite(array).all():
            raise _BundleError(_('array "{name}" is not of finite float64 values').format(name=name))
    features = len(card["features"]["names"])
    _need_shape(arrays, "mean", (features,))
    _need_shape(arrays, "scale", (features,))
    _need_shape(arrays, "pca_mean", (features,))
    _need_shape(arrays, "calibration", (2,))
    components = _first_length(arrays, "components", 2, _MOST_COMPONENTS)
    _need_shape(arrays, "components", (components, features))
    _need_shape(arrays, "variance", (components,))
    _check_domain(arrays, features)
    if not (arrays["scale"] > 0).all() or not (arrays["variance"] > 0).all():
        raise _BundleError(_("a scale or variance is not positive"))
    expected = {"mean", "scale", "pca_mean", "calibration", "components", "variance"} | _DOMAIN_ARRAYS
    expected |= _check_layers(arrays, components) | _check_training_scores(arrays, components)
    expected |= _check_training_volumes(arrays)
    if set(arrays) != expected:
        raise _BundleError(
            _("it holds unknown arrays: {names}").format(names=", ".join(sorted(set(arrays) - expected)))
        )


_DOMAIN_ARRAYS = {"train_t2", "train_q", "usual_t2", "usual_q"}


def _check_domain(arrays: Mapping[str, np.ndarray], features: int) -> None:
    patients = _first_length(arrays, "train_t2", 1, _MOST_FEATURES)
    if patients < FEWEST_PATIENTS:
        raise _BundleError(
            _("it tells the distances of {patients} training patients, and {fewest} are needed").format(
                patients=patients, fewest=FEWEST_PATIENTS
            )
        )
    _need_shape(arrays, "train_q", (patients,))
    for usual in ("usual_t2", "usual_q"):
        _need_shape(arrays, usual, (features,))
    if any((arrays[name] < 0).any() for name in _DOMAIN_ARRAYS):
        raise _BundleError(_("a distance of its training patients is negative"))


def _check_training_volumes(arrays: Mapping[str, np.ndarray]) -> set[str]:
    """Optional."""
    if "train_volume_ml" not in arrays:
        return set()
    _first_length(arrays, "train_volume_ml", 1, _MOST_FEATURES)
    if not (arrays["train_volume_ml"] > 0).all():
        raise _BundleError(_("the volume of a training ROI is not positive"))
    return {"train_volume_ml"}


def _check_training_scores(arrays: Mapping[str, np.ndarray], components: int) -> set[str]:
    """Optional: both arrays, or neither."""
    names = {"train_scores", "train_status"}
    if not names & set(arrays):
        return set()
    if components < 2:
        raise _BundleError(_("it shows its cohort on two components and has one"))
    patients = _first_length(arrays, "train_status", 1, _MOST_FEATURES)
    _need_shape(arrays, "train_scores", (patients, 2))
    if not np.isin(arrays["train_status"], (0.0, 1.0)).all():
        raise _BundleError(_('array "train_status" holds more than 0 and 1'))
    return names


def _check_layers(arrays: Mapping[str, np.ndarray], inputs: int) -> set[str]:
    members = _first_length(arrays, "bias_0", 2, _MOST_MEMBERS)
    depth = _layer_count(arrays)
    if depth < 1:
        raise _BundleError(_("it has no layers"))
    for layer in range(depth):
        bias = arrays.get(f"bias_{layer}")
        if bias is None or bias.ndim != 2 or not 1 <= bias.shape[1] <= _MOST_UNITS:
            raise _BundleError(_('array "bias_{layer}" is missing or has a wrong shape').format(layer=layer))
        _need_shape(arrays, f"bias_{layer}", (members, bias.shape[1]))
        _need_shape(arrays, f"weights_{layer}", (members, inputs, bias.shape[1]))
        inputs = bias.shape[1]
    if inputs != 1:
        raise _BundleError(_("its last layer has {inputs} outputs instead of 1").format(inputs=inputs))
    return {f"{kind}_{layer}" for kind in ("weights", "bias") for layer in range(depth)}


def _need_shape(arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...]) -> None:
    if name not in arrays or arrays[name].shape != shape:
        found = arrays[name].shape if name in arrays else "none"
        raise _BundleError(
            _('array "{name}" must have shape {shape}, not {found}').format(name=name, shape=shape, found=found)
        )


def _first_length(arrays: Mapping[str, np.ndarray], name: str, dimensions: int, most: int) -> int:
    if name not in arrays or arrays[name].ndim != dimensions or not 1 <= arrays[name].shape[0] <= most:
        raise _BundleError(_('array "{name}" is missing or has a wrong shape').format(name=name))
    return int(arrays[name].shape[0])


def _check_card(card: Any) -> None:
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise _BundleError(_("model.json is not the description of a HER2 model"))
    if card.get("format_version") != FORMAT_VERSION:
        raise _BundleError(
            _("it has format version {version}, and this program reads {own}").format(
                version=card.get("format_version"), own=FORMAT_VERSION
            )
        )
    for field in _TEXT_FIELDS:
        if not isinstance(card.get(field), str) or not card[field].strip():
            raise _BundleError(_('model.json lacks the text "{field}"').format(field=field))
    if card.get("activation") not in _ACTIVATIONS:
        raise _BundleError(
            _('model.json names an unknown activation "{activation}"').format(activation=card.get("activation"))
        )
    if not _is_share(card.get("threshold")):
        raise _BundleError(_("its threshold is not a number between 0 and 1"))
    _check_interval(card.get("interval"))
    _check_cohort(card.get("training_cohort"))
    features = card.get("features")
    names = features.get("names") if isinstance(features, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _BundleError(_("its feature names are missing"))
    if not 1 <= len(names) <= _MOST_FEATURES or len(set(names)) != len(names):
        raise _BundleError(_("its feature names are too many or not unique"))


def _check_interval(interval: Any) -> None:
    if not isinstance(interval, dict) or not _is_share(interval.get("level")):
        raise _BundleError(_("its interval has no level between 0 and 1"))
    for name in ("residual_sd", "spread_weight", "factor"):
        value = interval.get(name)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= _WIDEST_LOG_ODDS:
            raise _BundleError(_('its interval lacks a usable "{name}"').format(name=name))


def _check_cohort(cohort: Any) -> None:
    if not isinstance(cohort, dict) or not isinstance(cohort.get("simulated"), bool):
        raise _BundleError(_("it does not say whether its training cohort was simulated"))
    if not isinstance(cohort.get("description"), str):
        raise _BundleError(_("its training cohort has no description"))
    for count in ("patients", "positive", "train", "test"):
        if not isinstance(cohort.get(count), int):
            raise _BundleError(_('its training cohort lacks the number "{count}"').format(count=count))


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1
