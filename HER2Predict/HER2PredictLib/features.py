"""The 975 radiomic features of a prepared pair, computed by pyradiomics or read from a backend's table.

Their number is that of Jiao et al., J Cancer 2024.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from . import threads
from .case.prepared import Prepared
from .errors import InputError
from .extraction import driver, known
from .extraction.driver import SHAPE
from .i18n import tr as _

#: The pyradiomics parameter file that defines the features. Every backend gets this file.
PARAMETER_FILE = Path(__file__).resolve().parent.parent / "Resources" / "FeatureExtraction.yaml"

#: The names in which the sub-bands of a 3D wavelet decomposition appear in pyradiomics' feature names.
_WAVELET_BANDS = ("LLH", "LHL", "LHH", "HLL", "HLH", "HHL", "HHH", "LLL")

#: Volume of the ROI's surface mesh in mm3.
VOLUME_FEATURE = "original_shape_MeshVolume"

Features = dict[str, float]


def class_of(name: str) -> str:
    """Class of a feature (shape, firstorder, glcm, ...), as pyradiomics names it: image_class_feature."""
    return name.split("_")[1]


def image_of(name: str) -> str:
    """Image of a feature (original, wavelet-LLH, log-sigma-3-0-mm-3D, ...)."""
    return name.split("_")[0]


def class_words(name: str) -> str:
    """A class of features for people."""
    return {"shape": _("shape"), "firstorder": _("gray levels")}.get(name) or name.upper()


@lru_cache(maxsize=1)
def _extractor() -> Any:
    with _quiet():
        from radiomics.featureextractor import RadiomicsFeatureExtractor

        return RadiomicsFeatureExtractor(str(PARAMETER_FILE))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hold back pyradiomics' remarks on its own defaults; other users of its logger are left as they were."""
    with _without_scipy():
        from radiomics import logger  # its import sets the level

    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextlib.contextmanager
def _without_scipy() -> Iterator[None]:
    """Let PyWavelets do with numpy's FFT where it is first imported, in a process of one thread.

    Scipy's takes longer to import than all the rest, and serves continuous transforms, of which there are none here.
    """
    if "pywt" in sys.modules or "scipy" in sys.modules or threading.active_count() > 1:
        yield
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["scipy"]


#: Share of a number that is lost in an eigenvalue problem at the most.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Configuration:
    """What pyradiomics reads from `PARAMETER_FILE`; `defaults` hold where a parameter file sets nothing."""

    settings: Mapping[str, Any]
    image_types: Mapping[str, Any]
    defaults: Mapping[str, Any]


def load() -> None:
    """Import pyradiomics now: the sooner in a process, and without other threads, the faster."""
    _extractor()


def configuration() -> Configuration:
    """That of every feature here."""
    own = _extractor()
    with _quiet():
        return Configuration(own.settings, own.enabledImagetypes, type(own)().settings)


def feature_names() -> tuple[str, ...]:
    """The 975 names, in the order in which pyradiomics computes them."""
    return tuple(name for names in _names_by_kind().values() for name in names)


def _names_by_kind() -> dict[str, list[str]]:
    """The names of the features of each of pyradiomics' image types, in its order, those of shape apart."""
    extractor = _extractor()
    classes = dict(extractor.enabledFeatures)
    found = {SHAPE: [f"original_shape_{feature}" for feature in classes.pop("shape")]}
    for kind, options in extractor.enabledImagetypes.items():
        images = {
            "Original": lambda _options: ["original"],
            "Wavelet": lambda _options: [f"wavelet-{band}" for band in _WAVELET_BANDS],
            "LoG": lambda options: [f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D" for sigma in options["sigma"]],
        }[kind](options)
        found[kind] = [f"{image}_{name}_{f}" for image in images for name, own in classes.items() for f in own]
    return found


def extract(prepared: Prepared) -> Features:
    """Compute the 975 features of a prepared pair with pyradiomics, in this process.

    The values are float64, the same bits as the `pyradiomics` command gives on the written pair.

    Raises
    ------
    InputError
        Where a feature is undefined for this ROI.
    """
    return _complete(_computed(prepared), feature_names())


def extract_share(prepared: Prepared, number: int, of: int) -> list[tuple[int, Features]]:
    """One of so many shares of the features, numbered from 0, for processes that compute them side by side.

    What `joined` puts together; the bits are those of `extract`. A share may be empty.

    Raises
    ------
    InputError
        Where a feature of this share is undefined for this ROI.
    """
    by_kind = _names_by_kind()
    loads = [0] * of
    own: list[str] = []
    for kind in sorted(by_kind, key=lambda kind: -len(by_kind[kind])):
        least = loads.index(min(loads))
        loads[least] += len(by_kind[kind])
        if least == number:
            own.append(kind)
    values = _computed(prepared, own) if own else {}
    order = list(by_kind)
    return [(order.index(kind), _complete(values, by_kind[kind])) for kind in own]


def joined(shares: Iterable[tuple[int, Features]]) -> Features:
    """The 975 features from all shares, in any order."""
    return {name: value for _place, values in sorted(shares, key=lambda own: own[0]) for name, value in values.items()}


def _computed(prepared: Prepared, kinds: Collection[str] | None = None) -> Features:
    """The features of these kinds of images, or of all; perhaps of others, too."""
    with _quiet(), threads.one_in_this_process():
        values = _fast(prepared, kinds) or _extractor().execute(prepared.image, prepared.mask)
    return {name: _real(value) for name, value in values.items() if not name.startswith("diagnostics_")}


def _fast(prepared: Prepared, kinds: Collection[str] | None) -> Mapping[str, Any] | None:
    """As pyradiomics, without what it does twice; None where it has to be asked itself."""
    if not known.release():
        return None
    try:
        return driver.extract(_extractor(), prepared.image, prepared.mask, kinds)
    except driver.UnusualError:
        return None


def from_strings(texts: Mapping[str, str]) -> Features:
    """The 975 features from the texts of a backend's result table; other columns are passed over.

    Raises
    ------
    InputError
        Where one is missing or is not a finite real number.
    """
    values: Features = {}
    for name in feature_names():
        if name not in texts:
            raise InputError(
                _('The feature table lacks "{name}"; compute it with HER2Predict\'s own parameter file.').format(
                    name=name
                )
            )
        try:
            values[name] = _real(complex(texts[name].strip()))
        except ValueError as error:
            raise InputError(
                _('The feature table holds "{text}" for "{name}", which is not a number.').format(
                    text=texts[name], name=name
                )
            ) from error
    return _complete(values, feature_names())


def _real(value: Any) -> float:
    """A feature as float.

    GLCM MCC, elongation and flatness come out of eigenvalues of matrices that have real ones alone. On some processors
    two that are equal, as of a round ROI, come out as complex, apart by a rounding of their imaginary parts.
    """
    number = complex(np.asarray(value).item())
    return number.real if abs(number.imag) <= _ROUNDING * abs(number.real) else float("nan")


def _complete(values: Features, names: Sequence[str]) -> Features:
    missing = [name for name in names if name not in values]
    if missing:
        raise InputError(
            _(
                '{count} of the {total} features cannot be computed for this ROI (first "{first}"); '
                "outline more of the tumour."
            ).format(count=len(missing), total=len(names), first=missing[0]),
            code="features-missing",
        )
    undefined = [name for name in names if not np.isfinite(values[name])]
    if undefined:
        raise InputError(
            _(
                '{count} features are undefined for this ROI (first "{first}"): it is too small or has '
                "one gray level only. Outline the whole tumour."
            ).format(count=len(undefined), first=undefined[0]),
            code="features-undefined",
        )
    return {name: values[name] for name in names}
