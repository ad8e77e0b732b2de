"""Settings of pyradiomics, compared by what they mean: do they give the same features as those of this program?"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from .features import PARAMETER_FILE, configuration
from .i18n import tr as _

#: Settings that choose the ROI, check it or note more down, and change no feature.
_HARMLESS = {
    "additionalInfo",
    "correctMask",
    "geometryTolerance",
    "label",
    "label_channel",
    "minimumROIDimensions",
    "minimumROISize",
}


def difference(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    """The first difference that can change a feature, in words; None if there is none."""
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        if name not in _HARMLESS and theirs.get(name, "none") != ours.get(name, "none"):
            return _("{name} is {theirs}, not {ours}").format(
                name=reprlib.repr(name).strip("'"), theirs=_value(theirs, name), ours=_value(ours, name)
            )
    return None


def _value(settings: Mapping[str, Any], name: str) -> str:
    # Cut short, whatever an untrusted bundle holds.
    return reprlib.repr(settings[name]) if name in settings else _("none")


@lru_cache(maxsize=8)
def difference_of_parameters(text: str) -> str | None:
    """How a parameter file, given as its untrusted text, differs from that of this program in what it computes.

    The first difference that can change a feature, in words; None if there is none. pyradiomics' defaults stand for
    what it does not set. Which features are enabled changes the value of none of them, so the part ``featureClass``
    does not count.
    """
    if text.splitlines() == PARAMETER_FILE.read_text(encoding="utf-8").splitlines():  # most often; parsing takes longer
        return None
    parts = _parsed(text)
    if parts is None:
        return _("they are no parameter file of pyradiomics")
    ours = configuration()
    settings = {**ours.defaults, **parts["setting"], **parts["voxelSetting"]}
    images = parts["imageType"] or {"Original": {}}
    return difference(settings, ours.settings) or difference(images, ours.image_types)


def _parsed(text: str) -> dict[str, dict[str, Any]] | None:
    """The parts of a parameter file, read as pyradiomics reads it but applied to nothing; None where it is none."""
    from ruamel.yaml import YAML  # comes with pyradiomics
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    parts = {name: content.get(name) or {} for name in ("setting", "voxelSetting", "imageType")}
    return parts if all(isinstance(part, dict) for part in parts.values()) else None
