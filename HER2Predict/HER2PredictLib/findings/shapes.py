"""Masks as shapes: their distances, pieces, holes and narrow parts, on a grid with spacing in mm.

Arrays have the axes (k, j, i); a spacing is given in the same order. A plane is a slice k.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

Spacing = tuple[float, float, float]

#: Slices that are this far apart do not see each other, mm.
_FAR_MM = 1e6


def distance(mask: np.ndarray, spacing: Spacing, in_plane: bool = False) -> np.ndarray:
    """Distance in mm of each voxel from the nearest one of a mask, of the same slice where `in_plane`; 0 within it.

    Where there is no such voxel it is infinite.
    """
    if not mask.any():
        return np.full(mask.shape, np.inf)
    image = _image(mask)
    k, j, i = spacing
    image.SetSpacing((i, j, _FAR_MM if in_plane else k))
    signed = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    away = np.maximum(sitk.GetArrayViewFromImage(signed), 0.0)
    return np.where(away < _FAR_MM / 2, away, np.inf) if in_plane else away


def core(mask: np.ndarray, spacing: Spacing, radius_mm: float) -> np.ndarray:
    """The voxels of a mask that are further than `radius_mm` from its edge in plane; the array's end is no edge."""
    return distance(~mask, spacing, in_plane=True) > radius_mm


def opened(mask: np.ndarray, spacing: Spacing, radius_mm: float) -> np.ndarray:
    """The mask without what is narrower, in plane, than a disc of `radius_mm` (morphological opening)."""
    return distance(core(mask, spacing, radius_mm), spacing, in_plane=True) <= radius_mm


def pieces(mask: np.ndarray, *, corners: bool = False) -> np.ndarray:
    """Pieces of a mask, numbered from 1, whose voxels touch at faces, or also at edges and corners; 0 outside."""
    return sitk.GetArrayFromImage(sitk.ConnectedComponent(_image(mask), corners))


def largest_piece(mask: np.ndarray) -> np.ndarray:
    """The piece with the most voxels; voxels that touch at a corner belong together."""
    numbered = pieces(mask, corners=True)
    sizes = np.bincount(numbered.ravel())
    sizes[0] = 0
    return mask & (numbered == int(np.argmax(sizes)))


def filled(mask: np.ndarray) -> np.ndarray:
    """The mask with the holes that it encloses in plane."""
    return np.stack([sitk.GetArrayFromImage(sitk.BinaryFillhole(_image(plane))) for plane in mask]).astype(bool)


def beside(mask: np.ndarray) -> np.ndarray:
    """Boolean: which voxels share a face with a voxel of the mask?"""
    found = np.zeros_like(mask)
    for axis in range(mask.ndim):
        target, source = np.moveaxis(found, axis, 0), np.moveaxis(mask, axis, 0)
        target[1:] |= source[:-1]
        target[:-1] |= source[1:]
    return found


def box_mean(array: np.ndarray, spacing: Spacing, radius_mm: float) -> np.ndarray:
    """Mean over a square of twice `radius_mm` in plane; edge values stand in where the array ends."""
    along_j = _mean_along(array, max(1, round(radius_mm / spacing[1])), 1)
    return _mean_along(along_j, max(1, round(radius_mm / spacing[2])), 2)


def _mean_along(array: np.ndarray, radius: int, axis: int) -> np.ndarray:
    widths = [(radius + 1, radius) if other == axis else (0, 0) for other in range(array.ndim)]
    sums = np.moveaxis(np.cumsum(np.pad(array, widths, mode="edge"), axis=axis), axis, 0)
    size = 2 * radius + 1
    return np.moveaxis(sums[size:] - sums[:-size], 0, axis) / size


def _image(mask: np.ndarray) -> sitk.Image:
    return sitk.GetImageFromArray(mask.astype(np.uint8))
