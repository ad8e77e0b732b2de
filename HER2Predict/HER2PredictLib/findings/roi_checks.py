"""Findings on the shape of the ROI: its size, pieces, holes, skipped slices, spikes and where the volume ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import masks
from ..case.case import Case
from ..i18n import tr as _
from . import shapes
from .finding import FILL_HOLES, FILL_SKIPPED_SLICES, KEEP_LARGEST_PIECE, Finding

#: On the 1 x 1 x 5 mm grid; fewer voxels leave most texture matrices nearly empty. 64 voxels are 0.32 ml.
FEWEST_VOXELS = 64
_FEATURE_VOXEL_MM3 = 5.0
#: A distended bladder is some 150 mm long; no tumour in it is longer.
LONGEST_ROI_MM = 150.0
#: Holes of one or two voxels, as a threshold leaves them in noise, change no feature noticeably: in 97 simulated ROIs
#: they take up to 0.5 %.
_LARGEST_HOLES = 0.01
#: Outlining every second to fourth slice of 5 mm is a habit; over a longer gap the ends need not belong together.
_LONGEST_FILLED_GAP_MM = 15.0
#: Spikes are narrower than a disc of this radius: 4 mm, the thinnest that a tumour is outlined.
_SPIKE_RADIUS_MM = 2.0
#: Corners of a pixelated outline are spikes, too: up to 5 % of 97 simulated ROIs.
_MOST_SPIKES = 0.10


def roi_findings(case: Case) -> Iterator[Finding]:
    """Is the ROI of a size and shape that a tumour can have, and all of it in the volume?"""
    if case.roi_share_outside > 0:
        yield Finding(
            "roi-beyond-volume",
            "warning",
            _(
                "{share:.0%} of the ROI lies outside the volume and is left out; check that it was drawn on this "
                "volume."
            ).format(share=case.roi_share_outside),
        )
    if case.roi_voxel_count == 1:
        yield Finding("roi-too-small", "error", _("The ROI is a single voxel; outline the whole tumour."))
        return
    yield from _size_findings(case)
    yield from _shape_findings(case)
    box, shape = case.box, case.voxels.shape
    if any(first == 0 or last == size - 1 for first, last, size in zip(box.first, box.last, shape, strict=True)):
        yield Finding(
            "roi-at-border",
            "warning",
            _("The ROI touches the border of the volume; part of the tumour may not be imaged."),
        )


def extent_mm(case: Case) -> tuple[float, float, float]:
    """Size of the ROI's bounding box in mm along head-foot, anterior-posterior and left-right."""
    head, posterior, left = (
        case.box.shape[axis] * spacing for axis, spacing in zip(case.axes.order, case.spacing_mm, strict=True)
    )
    return head, posterior, left


def _size_findings(case: Case) -> Iterator[Finding]:
    voxels = case.roi_volume_ml * 1000.0 / _FEATURE_VOXEL_MM3
    if voxels < FEWEST_VOXELS:
        yield Finding(
            "roi-too-small",
            "error",
            _(
                "The ROI has {volume:.2f} ml, {voxels:.0f} voxels at 1 x 1 x 5 mm; texture needs at least {fewest}. "
                "Outline the whole tumour."
            ).format(volume=case.roi_volume_ml, voxels=voxels, fewest=FEWEST_VOXELS),
        )
    longest = max(extent_mm(case))
    if longest > LONGEST_ROI_MM:
        yield Finding(
            "roi-too-large",
            "warning",
            _(
                "The ROI reaches over {longest:.0f} mm, more than the {bound:.0f} mm of a full bladder, and its tissue "
                "is not checked; outline one tumour alone."
            ).format(longest=longest, bound=LONGEST_ROI_MM),
        )
    if case.roi_slices < 2:
        yield Finding(
            "roi-one-slice",
            "warning",
            _("The ROI is on one slice only; outline the tumour on every slice that shows it."),
        )


def _shape_findings(case: Case) -> Iterator[Finding]:
    roi = case.anatomical(case.roi_voxels[case.box.slices]).astype(bool)
    yield from _skip_findings(roi, case.slice_spacing_mm)
    pieces = int(masks.pieces(roi, corners=True).max())
    if pieces > 1:
        yield Finding(
            "roi-in-pieces",
            "warning",
            _("The ROI is in {pieces} separate pieces; keep one tumour (Islands in the Segment Editor).").format(
                pieces=pieces
            ),
            KEEP_LARGEST_PIECE,
        )
    holes = np.count_nonzero(shapes.filled(roi)) / np.count_nonzero(roi) - 1.0
    if holes > _LARGEST_HOLES:
        yield Finding(
            "roi-with-holes",
            "warning",
            _("The ROI has holes, {share:.1%} of its volume; fill them, necrosis belongs to the tumour.").format(
                share=holes
            ),
            FILL_HOLES,
        )
    spikes = _spike_share(roi, case.spacing_mm)
    if spikes > _MOST_SPIKES:
        yield Finding(
            "roi-pokes-out",
            "warning",
            _(
                "{share:.0%} of the ROI is thinner than {width:g} mm and pokes out of the rest; erase the spikes, or "
                "smooth the segment (Smoothing, Opening, in the Segment Editor)."
            ).format(share=spikes, width=2 * _SPIKE_RADIUS_MM),
        )


def _skip_findings(roi: np.ndarray, spacing_mm: float) -> Iterator[Finding]:
    drawn = np.flatnonzero(roi.any(axis=(1, 2)))
    gaps = np.diff(drawn) - 1
    if gaps.any():
        short = gaps.max() * spacing_mm <= _LONGEST_FILLED_GAP_MM
        yield Finding(
            "roi-skips-slices",
            "warning",
            _(
                "The ROI skips {skipped} of the {slices} slices from its first to its last; outline the tumour on "
                "every slice that shows it (Fill between slices in the Segment Editor)."
            ).format(skipped=int(gaps.sum()), slices=len(roi)),
            FILL_SKIPPED_SLICES if short else None,
        )


def _spike_share(roi: np.ndarray, spacing: shapes.Spacing) -> float:
    """Share of the ROI that an opening in plane removes."""
    apart = np.pad(roi, 1)
    return 1.0 - np.count_nonzero(shapes.opened(apart, spacing, _SPIKE_RADIUS_MM) & apart) / np.count_nonzero(roi)
