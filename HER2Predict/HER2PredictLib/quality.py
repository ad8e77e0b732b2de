"""Findings: what is wrong or doubtful with a Case, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import SimpleITK as sitk

from .case import Case, Prepared

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing that the reader of a result must know.

    Attributes
    ----------
    code : str
        Stable name for programs.
    severity : {'error', 'warning', 'info'}
        error: no prediction; warning: prediction with a caveat; info: worth knowing.
    message : str
        What it is and what to do, in one sentence or two, for a person.
    remedy : str or None
        Stable name of the step that would mend it, where a program can do it.
    """

    code: str
    severity: Severity
    message: str
    remedy: str | None = None


KEEP_LARGEST_PIECE = "keep-largest-piece"

#: Fat is near -100 HU, air -1000 HU, and both are in every CT of the pelvis, even in a tight crop. Magnitude images
#: (MR) and stored values that were never rescaled have nothing below zero.
_HIGHEST_MINIMUM_HU = -1.0
#: A volume rescaled to a few gray levels (normalised MR) spans less than fat to soft tissue do.
_LEAST_RANGE_HU = 100.0
#: Above this the 5 mm grid of the features would be made up by interpolation.
_THICKEST_SLICE_MM = 7.0
#: Share by which slice distances may differ; scanners round positions to 0.01 mm and more.
_SLICE_GAP_TOLERANCE = 0.02
#: A distance of this many usual ones means that at least one slice is missing.
_MISSING_SLICE_RATIO = 1.5
#: On the 1 x 1 x 5 mm grid; fewer voxels leave most texture matrices nearly empty. 64 voxels are 0.32 ml.
_FEWEST_VOXELS = 64
_FEATURE_VOXEL_MM3 = 5.0


def examine(case: Case) -> tuple[Finding, ...]:
    """Findings on the input, errors first.

    Cheap enough to run while the outline is drawn; what needs the prepared pair is in `examine_prepared`.
    """
    return _errors_first([*_volume_findings(case), *_slice_findings(case), *_roi_findings(case)])


def examine_prepared(prepared: Prepared) -> tuple[Finding, ...]:
    """Findings on the prepared pair."""
    return _errors_first([*_preparation_findings(prepared)])


def _errors_first(findings: list[Finding]) -> tuple[Finding, ...]:
    rank = {"error": 0, "warning": 1, "info": 2}
    return tuple(sorted(findings, key=lambda finding: rank[finding.severity]))


def _volume_findings(case: Case) -> Iterator[Finding]:
    modality = case.volume.modality
    if modality is not None and modality != "CT":
        yield Finding("not-ct", "error", f"The volume's modality is {modality}; choose a CT volume.")
        return
    lowest, highest = float(case.voxels.min()), float(case.voxels.max())
    if not np.isfinite(case.voxels.sum(dtype=np.float64)):
        yield Finding(
            "not-finite",
            "error",
            "The volume holds values that are not numbers (NaN or infinite); load it again from the scanner's images.",
        )
    elif lowest > _HIGHEST_MINIMUM_HU or highest - lowest < _LEAST_RANGE_HU:
        yield Finding(
            "not-hu",
            "error",
            f"The volume's values ({lowest:g} to {highest:g}) cannot be Hounsfield units; "
            "choose a CT volume, not MR, with its rescale slope and intercept applied.",
        )


def _slice_findings(case: Case) -> Iterator[Finding]:
    gaps = np.array(case.volume.slice_gaps)
    if gaps.size and gaps.max() > _MISSING_SLICE_RATIO * np.median(gaps):
        yield Finding(
            "missing-slices",
            "error",
            f"Slices are missing: neighbours are {gaps.min():.2f} to {gaps.max():.2f} mm apart; "
            "export the whole series again.",
        )
    elif gaps.size and gaps.max() - gaps.min() > _SLICE_GAP_TOLERANCE * np.median(gaps):
        yield Finding(
            "uneven-slices",
            "warning",
            f"Slices are {gaps.min():.2f} to {gaps.max():.2f} mm apart; the volume treats them as evenly spaced.",
        )
    if case.slice_spacing_mm > _THICKEST_SLICE_MM:
        yield Finding(
            "thick-slices",
            "warning",
            f"Slices are {case.slice_spacing_mm:g} mm apart; the model learnt on 5 mm. Use a thinner reconstruction.",
        )


def _roi_findings(case: Case) -> Iterator[Finding]:
    if case.roi_share_outside > 0:
        yield Finding(
            "roi-beyond-volume",
            "warning",
            f"{case.roi_share_outside:.0%} of the ROI lies outside the volume and is left out; check that it was drawn "
            "on this volume.",
        )
    if case.roi_voxel_count == 1:
        yield Finding("roi-too-small", "error", "The ROI is a single voxel; outline the whole tumour.")
        return
    voxels = case.roi_volume_ml * 1000.0 / _FEATURE_VOXEL_MM3
    if voxels < _FEWEST_VOXELS:
        yield Finding(
            "roi-too-small",
            "error",
            f"The ROI has {case.roi_volume_ml:.2f} ml, {voxels:.0f} voxels at 1 x 1 x 5 mm; "
            f"texture needs at least {_FEWEST_VOXELS}. Outline the whole tumour.",
        )
    if case.roi_slices < 2:
        yield Finding(
            "roi-one-slice", "warning", "The ROI is on one slice only; outline the tumour on every slice that shows it."
        )
    pieces = _piece_count(case)
    if pieces > 1:
        yield Finding(
            "roi-in-pieces",
            "warning",
            f"The ROI is in {pieces} separate pieces; keep one tumour (Islands in the Segment Editor).",
            KEEP_LARGEST_PIECE,
        )
    box, shape = case.box, case.voxels.shape
    if any(first == 0 or last == size - 1 for first, last, size in zip(box.first, box.last, shape, strict=True)):
        yield Finding(
            "roi-at-border",
            "warning",
            "The ROI touches the border of the volume; part of the tumour may not be imaged.",
        )


def _piece_count(case: Case) -> int:
    """Number of pieces of the ROI that touch each other at no face, edge or corner of a voxel."""
    components = sitk.ConnectedComponentImageFilter()
    components.FullyConnectedOn()
    components.Execute(sitk.GetImageFromArray(case.roi_voxels[case.box.slices]))
    return int(components.GetObjectCount())


def _preparation_findings(prepared: Prepared) -> Iterator[Finding]:
    if prepared.slices_averaged > 1:
        yield Finding(
            "slices-averaged",
            "info",
            f"{prepared.slices_averaged} thin slices were averaged to one of {prepared.image.GetSpacing()[2]:g} mm, "
            "the slice thickness that the model learnt on.",
        )
    if any(prepared.missing_margin_mm):
        sides = ("right", "left", "anterior", "posterior", "foot", "head")
        lacking = ", ".join(
            f"{missing:.0f} mm at the {side}"
            for side, missing in zip(sides, prepared.missing_margin_mm, strict=True)
            if missing > 0
        )
        yield Finding(
            "margin-cut",
            "warning",
            f"The volume ends too near the ROI ({lacking} missing): the filters lack their surroundings. "
            "Use a volume that reaches further.",
        )
