"""Masks as shapes: distances from them, their holes and narrow parts, on a grid with spacing in mm.

Arrays have the axes (k, j, i); a spacing is given in the same order. A plane is a slice k.
"""

from __future__ import annotations

import numpy as np

from ..case.masks import pieces as pieces_of
from ..case.masks import signed_distance

Spacing = tuple[float, float, float]

#: Slices that are this far apart do not see each other, mm.
_FAR_MM = 1e6


def distance(mask: np.ndarray, spacing: Spacing, in_plane: bool = False) -> np.ndarray:
    """Distance in mm of each voxel from the nearest one of a mask, of the same slice where `in_plane`; 0 within it,
    infinite where there is no such voxel."""
    if not mask.any():
        return np.full(mask.shape, np.inf)
    away = np.maximum(signed_distance(mask, (_FAR_MM, *spacing[1:]) if in_plane else spacing), 0.0)
    return np.where(away < _FAR_MM / 2, away, np.inf) if in_plane else away


def core(mask: np.ndarray, spacing: Spacing, radius_mm: float) -> np.ndarray:
    """The voxels of a mask that are further than `radius_mm` from its edge in plane; the array's end is no edge."""
    return distance(~mask, spacing, in_plane=True) > radius_mm


def opened(mask: np.ndarray, spacing: Spacing, radius_mm: float) -> np.ndarray:
    """The mask without what is narrower, in plane, than a disc of `radius_mm` (morphological opening)."""
    return distance(core(mask, spacing, radius_mm), spacing, in_plane=True) <= radius_mm


def filled(mask: np.ndarray) -> np.ndarray:
    """The mask with the holes that it encloses in plane."""
    # All planes at once, apart by full ones; around each, what is outside is one piece.
    apart = np.ones((2 * mask.shape[0], *(size + 2 for size in mask.shape[1:])), bool)
    apart[::2] = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    pieces = pieces_of(~apart)[::2]
    return (pieces != pieces[:, :1, :1])[:, 1:-1, 1:-1]


def box_mean(array: np.ndarray, spacing: Spacing, radius_mm: float) -> np.ndarray:
    """Mean over a square of twice `radius_mm` in plane; edge values stand in where the array ends."""
    along_j = _mean_along(array, max(1, round(radius_mm / spacing[1])), 1)
    return _mean_along(along_j, max(1, round(radius_mm / spacing[2])), 2)


def _mean_along(array: np.ndarray, radius: int, axis: int) -> np.ndarray:
    widths = [(radius + 1, radius) if other == axis else (0, 0) for other in range(array.ndim)]
    sums = np.moveaxis(np.cumsum(np.pad(array, widths, mode="edge"), axis=axis), axis, 0)
    size = 2 * radius + 1
    return np.moveaxis(sums[size:] - sums[:-size], 0, axis) / size
