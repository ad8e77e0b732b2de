"""Findings on the volume: is it a CT in Hounsfield units whose slices are whole, straight and near 5 mm apart?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case.case import Case
from ..case.prepared import SLICE_MM
from ..i18n import tr as _
from .finding import Finding

#: Fat is near -100 HU, air -1000 HU, and both are in every CT of the pelvis, even in a tight crop. Magnitude images
#: (MR) and stored values that were never rescaled have nothing below zero.
_HIGHEST_MINIMUM_HU = -1.0
#: A volume rescaled to a few gray levels (normalised MR) spans less than fat to soft tissue do.
_LEAST_RANGE_HU = 100.0
#: Above this the 5 mm grid of the features would be made up by interpolation.
_THICKEST_SLICE_MM = 7.0
#: Nominal 5 mm is stored as 4.9 to 5.1 mm by some scanners; over 35 mm of margin that is less than a slice.
_SLICE_TOLERANCE_MM = 0.1
#: Share by which slice distances may differ; scanners round positions to 0.01 mm and more.
_SLICE_GAP_TOLERANCE = 0.02
#: A distance of this many usual ones means that at least one slice is missing.
_MISSING_SLICE_RATIO = 1.5
#: Rounded positions and orientations stay below 0.1 degrees. At 1 degree, the head end of a 50 mm tumour is shifted
#: by 0.9 mm against its foot end: one voxel of the grid of the features.
_LARGEST_TILT_DEG = 1.0


def volume_findings(case: Case) -> Iterator[Finding]:
    modality = case.volume.modality
    if modality is not None and modality != "CT":
        yield Finding(
            "not-ct",
            "error",
            _("The volume's modality is {modality}; choose a CT volume.").format(modality=modality),
        )
        return
    lowest, highest = case.volume.range_hu
    if not np.isfinite([lowest, highest]).all():
        yield Finding(
            "not-finite",
            "error",
            _(
                "The volume holds values that are not numbers (NaN or infinite); load it again from the scanner's "
                "images."
            ),
        )
    elif lowest > _HIGHEST_MINIMUM_HU or highest - lowest < _LEAST_RANGE_HU:
        yield Finding(
            "not-hu",
            "error",
            _(
                "The volume's values ({lowest:g} to {highest:g}) cannot be Hounsfield units; choose a CT volume, not "
                "MR, with its rescale slope and intercept applied."
            ).format(lowest=lowest, highest=highest),
        )


def slice_findings(case: Case) -> Iterator[Finding]:
    """Are the slices whole, even, straight and as thick as those that the model learnt on?"""
    yield from _gap_findings(np.array(case.volume.slice_gaps))
    yield from _spacing_findings(case)
    tilt = case.volume.gantry_tilt_deg
    if tilt > _LARGEST_TILT_DEG:
        yield Finding(
            "gantry-tilt",
            "warning",
            _(
                "The slices were taken with the gantry tilted by {tilt:.1f} degrees; the volume treats them as upright "
                "and shears the tumour. Use a series without tilt, or correct it in 3D Slicer."
            ).format(tilt=tilt),
        )
    if case.volume.warped:
        yield Finding(
            "volume-warped",
            "warning",
            _(
                "A non-linear transform, such as 3D Slicer's correction of a tilted gantry or of uneven slices, lies "
                "on the volume, and the features are computed without it. Harden the transform in the Data module "
                "first."
            ),
        )


def _gap_findings(gaps: np.ndarray) -> Iterator[Finding]:
    if not gaps.size:
        return
    nearest, furthest = float(gaps.min()), float(gaps.max())
    if furthest > _MISSING_SLICE_RATIO * np.median(gaps):
        yield Finding(
            "missing-slices",
            "error",
            _(
                "Slices are missing: neighbours are {nearest:.2f} to {furthest:.2f} mm apart; export the whole series "
                "again."
            ).format(nearest=nearest, furthest=furthest),
        )
    elif furthest - nearest > _SLICE_GAP_TOLERANCE * np.median(gaps):
        yield Finding(
            "uneven-slices",
            "warning",
            _(
                "Slices are {nearest:.2f} to {furthest:.2f} mm apart; the volume treats them as evenly spaced. Use an "
                "evenly spaced reconstruction."
            ).format(nearest=nearest, furthest=furthest),
        )


def _spacing_findings(case: Case) -> Iterator[Finding]:
    averaged = case.slice_spacing_mm * case.slices_averaged
    if case.slice_spacing_mm > _THICKEST_SLICE_MM:
        yield Finding(
            "thick-slices",
            "warning",
            _("Slices are {spacing:g} mm apart; the model learnt on 5 mm. Use a thinner reconstruction.").format(
                spacing=case.slice_spacing_mm
            ),
        )
    elif abs(averaged - SLICE_MM) > _SLICE_TOLERANCE_MM + 1e-6:
        yield Finding(
            "slice-spacing",
            "info",
            _(
                "Slices of {spacing:.3g} mm are interpolated to the 5 mm that the model learnt on. A reconstruction "
                "at 5 mm, or at a whole fraction of it, needs no interpolation."
            ).format(spacing=averaged),
        )
