"""Masks of voxels: their bounding box, their pieces, and the distance to them on a grid with spacing in mm.

A spacing is given in the order of the array's axes. ITK has one thread: on masks of this size more gain nothing, and
beside the two busy helpers of the live update an examination takes four times as long with two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from .. import threads


@dataclass(frozen=True)
class Box:
    """The voxels first..last (both included) along the axes of an array; that of an empty mask holds none."""

    first: tuple[int, ...]
    last: tuple[int, ...]

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Box:
        """The smallest box that holds all of them."""
        every = tuple(boxes)
        return cls(
            tuple(map(min, *(box.first for box in every))),
            tuple(map(max, *(box.last for box in every))),
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels along each axis."""
        return tuple(last - first + 1 for first, last in zip(self.first, self.last, strict=True))

    @property
    def slices(self) -> tuple[slice, ...]:
        return tuple(slice(first, last + 1) for first, last in zip(self.first, self.last, strict=True))


def bounding_box(mask: np.ndarray) -> Box:
    """The smallest box that holds all of a mask."""
    first, last = [], []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        marked = np.flatnonzero(mask.any(axis=others))
        first.append(int(marked[0]) if marked.size else 0)
        last.append(int(marked[-1]) if marked.size else -1)
        # What is left to look through: of a volume, a few slices after the first axis.
        mask = np.moveaxis(np.moveaxis(mask, axis, 0)[first[-1] : last[-1] + 1], 0, axis)
    return Box(tuple(first), tuple(last))


def signed_distance(mask: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Distance in mm of each voxel to the nearest voxel of the mask's surface; negative inside.

    Exact (Maurer et al., IEEE Trans Pattern Anal Mach Intell 2003, 25:265-270), float32. The mask may not be empty.
    """
    image = itk_mask(mask)
    image.SetSpacing(tuple(reversed(spacing)))
    with threads.one_of_itk():
        distances = sitk.SignedMaurerDistanceMap(
            image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
        )
    return sitk.GetArrayFromImage(distances)


def pieces(mask: np.ndarray, *, corners: bool = False) -> np.ndarray:
    """Pieces of a mask, numbered from 1, whose voxels touch at faces, or also at edges and corners; 0 outside."""
    with threads.one_of_itk():
        return sitk.GetArrayFromImage(sitk.ConnectedComponent(itk_mask(mask), corners))


def largest_pieces(mask: np.ndarray, count: int = 1) -> np.ndarray:
    """Boolean: the `count` pieces with the most voxels; voxels that touch at a corner belong together."""
    with threads.one_of_itk():
        numbered = sitk.ConnectedComponent(itk_mask(mask), True)
        by_size = sitk.GetArrayFromImage(sitk.RelabelComponent(numbered, sortByObjectSize=True))
    return (by_size > 0) & (by_size <= count)


def beside(mask: np.ndarray) -> np.ndarray:
    """Boolean: which voxels share a face with a voxel of the mask?"""
    found = np.zeros_like(mask)
    for axis in range(mask.ndim):
        target, source = np.moveaxis(found, axis, 0), np.moveaxis(mask, axis, 0)
        target[1:] |= source[:-1]
        target[:-1] |= source[1:]
    return found


def itk_mask(mask: np.ndarray) -> sitk.Image:
    """A boolean mask, or one of 0 and 1, as a uint8 image."""
    return sitk.GetImageFromArray(mask.astype(np.uint8))
