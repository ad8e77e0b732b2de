"""Steps that mend an ROI where a finding says so: keep the largest piece, fill holes and gaps, trim the rim."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from ..case.case import Case
from ..case.masks import largest_pieces
from ..errors import InputError
from ..i18n import tr as _
from . import shapes
from .finding import FILL_HOLES, FILL_SKIPPED_SLICES, KEEP_LARGEST_PIECE, TRIM_RIM
from .tissues import REACH_MM, Tissues, is_strange


def mended(case: Case, remedy: str) -> np.ndarray:
    """The ROI of a case after one remedy of `finding.REMEDIES`: boolean, on the volume's grid, axes (k, j, i).

    Raises
    ------
    InputError
        Where nothing would be left of the ROI.
    """
    roi = _STEPS[remedy](case)
    if not roi.any():
        raise InputError(
            _('Nothing would be left of the ROI "{roi}"; outline the tumour again.').format(roi=case.roi.name)
        )
    return roi


def _largest_piece(case: Case) -> np.ndarray:
    return largest_pieces(case.roi_voxels.astype(bool))


def _without_holes(case: Case) -> np.ndarray:
    roi = case.roi_voxels.astype(bool)
    drawn = case.anatomical(roi[case.box.slices])
    drawn[...] = shapes.filled(drawn)
    return roi


def _without_gaps(case: Case) -> np.ndarray:
    roi = case.roi_voxels.astype(bool)
    drawn = case.anatomical(roi[case.box.slices])
    levels = np.flatnonzero(drawn.any(axis=(1, 2)))
    for below, above in pairwise(levels.tolist()):
        for level in range(below + 1, above):
            weight = (level - below) / (above - below)
            drawn[level] = between(drawn[below], drawn[above], weight, case.spacing_mm[1:])
    return roi


def _without_strange_rim(case: Case) -> np.ndarray:
    # Of averaged slices, each voxel also answers for itself: one of them may be tumour where their mean is not.
    strange = case.from_surroundings(Tissues.around(case).strange_rim, REACH_MM) & is_strange(case.voxels)
    roi = case.roi_voxels.astype(bool) & ~strange
    return largest_pieces(roi) if roi.any() else roi


_STEPS: dict[str, Callable[[Case], np.ndarray]] = {
    KEEP_LARGEST_PIECE: _largest_piece,
    FILL_HOLES: _without_holes,
    FILL_SKIPPED_SLICES: _without_gaps,
    TRIM_RIM: _without_strange_rim,
}


def between(one: np.ndarray, other: np.ndarray, weight: float, spacing: tuple[float, float]) -> np.ndarray:
    """The outline between two outlines: where the weighted mean of their signed distances is inside.

    Shape-based interpolation (Raya and Udupa, IEEE Trans Med Imaging 9, 1990, 32-42). Outlines that are so far apart
    that nothing lies between them are first laid over each other by their innermost points. `one` and `other` are
    boolean, shape (rows, columns), and not empty; `weight` is 0 at `one`, 1 at `other`; `spacing` is of rows and
    columns, in mm.
    """
    first, second = _signed_distance(one, spacing), _signed_distance(other, spacing)
    found = (1.0 - weight) * first + weight * second <= 0.0
    if found.any():
        return found
    start, end = (np.array(np.unravel_index(int(np.argmin(depth)), depth.shape)) for depth in (first, second))
    place = np.rint((1.0 - weight) * start + weight * end).astype(int)
    return (1.0 - weight) * _moved(first, place - start) + weight * _moved(second, place - end) <= 0.0


def _signed_distance(mask: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """Distance in mm from the edge of a mask that lies half-way between voxels, negative inside."""
    plane = np.pad(mask, 1)[None]
    grid = (1.0, *spacing)
    outside, inside = shapes.distance(plane, grid), shapes.distance(~plane, grid)
    half = min(spacing) / 2.0
    return np.where(plane, half - inside, outside - half)[0, 1:-1, 1:-1]


def _moved(distance: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Signed distances shifted by whole voxels; what comes in from beyond the edge is as far as the edge."""
    rows, columns = (
        np.clip(np.arange(size) - step, 0, size - 1) for size, step in zip(distance.shape, shift, strict=True)
    )
    return distance[np.ix_(rows, columns)]
