"""Grids: which axis of an array runs where in the body, what lies around the ROI, and where two grids meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from .masks import Box

#: Largest distance in voxels between corresponding corners of two grids that count as the same.
SAME_GRID_VOXELS = 1e-3


@dataclass(frozen=True)
class Axes:
    """Which array axis (k=0, j=1, i=2) runs along head-foot, anterior-posterior, left-right, and which run backwards.

    An oblique grid keeps its own axes; each counts as the anatomical axis that it is nearest to.
    """

    order: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    @classmethod
    def of(cls, image: sitk.Image) -> Axes:
        direction = np.array(image.GetDirection()).reshape(3, 3)
        closeness = np.abs(direction)
        index_axis = [0, 0, 0]
        for _axis in range(3):
            world, index = np.unravel_index(int(np.argmax(closeness)), closeness.shape)
            index_axis[int(world)] = int(index)
            closeness[world, :] = -1
            closeness[:, index] = -1
        left, posterior, head = index_axis
        flips = (bool(direction[2, head] < 0), bool(direction[1, posterior] < 0), bool(direction[0, left] < 0))
        return cls((2 - head, 2 - posterior, 2 - left), flips)

    def anatomical(self, array: np.ndarray) -> np.ndarray:
        """View of an array with axes towards head, posterior and left."""
        return array.transpose(self.order)[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)]

    def anatomical_box(self, box: Box, shape: tuple[int, ...]) -> Box:
        """A box of an array of this shape, on the `anatomical` view of it."""
        first, last = [], []
        for axis, flip in zip(self.order, self.flips, strict=True):
            low, high, end = box.first[axis], box.last[axis], shape[axis] - 1
            first.append(end - high if flip else low)
            last.append(end - low if flip else high)
        return Box(tuple(first), tuple(last))


@dataclass(frozen=True, eq=False)
class Window:
    """A box of an array and a margin around it, seen along the anatomical axes; it may reach beyond the array.

    `indices`, along head-foot, anterior-posterior, left-right, tell where the window lies on the array, which has
    `shape` and the `order` of `Axes`; so many slices along head-foot as `slab` says are averaged to one.
    """

    order: tuple[int, int, int]
    indices: tuple[np.ndarray, ...]
    shape: tuple[int, ...]
    slab: int

    @classmethod
    def around(cls, box: Box, axes: Axes, shape: tuple[int, ...], margin: tuple[int, ...], slab: int) -> Window:
        """Whole slabs that hold the box, and a margin of so many voxels along the anatomical axes."""
        indices = tuple(
            _indices_around(box, axis, flip, voxels, slab if position == 0 else 1)
            for position, (axis, flip, voxels) in enumerate(zip(axes.order, axes.flips, margin, strict=True))
        )
        return cls(axes.order, indices, shape, slab)

    @property
    def _within(self) -> list[np.ndarray]:
        """Along each anatomical axis: are these indices of the array?"""
        return [
            (wanted >= 0) & (wanted < self.shape[axis]) for wanted, axis in zip(self.indices, self.order, strict=True)
        ]

    def cut(self, array: np.ndarray) -> np.ndarray:
        """The array in the window, in anatomical axes; edge values stand in where it ends."""
        by_axis: list[np.ndarray] = [np.empty(0)] * 3
        for axis, wanted in zip(self.order, self.indices, strict=True):
            by_axis[axis] = np.clip(wanted, 0, array.shape[axis] - 1)
        return array[np.ix_(*by_axis)].transpose(self.order)

    def cut_mask(self, mask: np.ndarray) -> np.ndarray:
        """As `cut`, but 0 where the array ends."""
        head, posterior, left = self._within
        return np.where(head[:, None, None] & posterior[:, None] & left, self.cut(mask), 0)

    def averaged(self, cut: np.ndarray) -> np.ndarray:
        """The mean of every slab of a cut array."""
        return cut.reshape(-1, self.slab, *cut.shape[1:]).mean(axis=1) if self.slab > 1 else cut

    def placed(self, averaged: np.ndarray) -> np.ndarray:
        """Boolean voxels of the averaged window on the array; every slice of a slab is given its values."""
        within = self._within
        found = np.zeros(self.shape, bool)
        to = np.ix_(*(wanted[inside] for wanted, inside in zip(self.indices, within, strict=True)))
        found.transpose(self.order)[to] = np.repeat(averaged, self.slab, axis=0)[np.ix_(*within)]
        return found

    def missing_mm(self, spacing: tuple[float, ...]) -> tuple[float, ...]:
        """How far the window reaches beyond the array at the (right, left, anterior, posterior, foot, head) side."""
        missing: list[float] = []
        for within, step in zip(reversed(self._within), reversed(spacing), strict=True):
            half = len(within) // 2
            missing += [float((~end).sum() * step) for end in (within[:half], within[half:])]
        return tuple(missing)


def _indices_around(box: Box, axis: int, flip: bool, margin: int, step: int) -> np.ndarray:
    """Indices along one array axis, in anatomical order, of the box in whole slabs of `step` and `margin` around it."""
    excess = -box.shape[axis] % step
    before, after = margin + excess // 2, margin + excess - excess // 2
    if flip:
        return np.arange(box.last[axis] + before, box.first[axis] - after - 1, -1)
    return np.arange(box.first[axis] - before, box.last[axis] + after + 1)


def canonical_spacing(spacing: float) -> float:
    """`spacing` in single precision, in mm.

    A NIfTI header keeps single precision, and an oblique NRRD or DICOM header gives a computed length whose last bits
    vary: the same CT stored differently must have the same spacing. The square of such a number is exact in double
    precision, so it also survives NRRD, which stores vectors and takes their length.
    """
    return float(np.float32(spacing))


def same_grid(one: sitk.Image, other: sitk.Image) -> bool:
    """Do the voxels of two images lie at the same places?"""
    if one.GetSize() != other.GetSize():
        return False
    corners = [np.array(corner) * (np.array(one.GetSize()) - 1) for corner in np.ndindex(2, 2, 2)]
    return all(
        np.abs(
            np.array(other.TransformPhysicalPointToContinuousIndex(one.TransformIndexToPhysicalPoint(corner.tolist())))
            - corner
        ).max()
        < SAME_GRID_VOXELS
        for corner in corners
    )


def index_to_physical(image: sitk.Image) -> np.ndarray:
    """The 4 x 4 matrix from indices (i, j, k) to LPS in mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    matrix[:3, 3] = image.GetOrigin()
    return matrix


def share_outside(index: np.ndarray, size: tuple[int, ...]) -> float:
    """Share (0 to 1) of the positions, in voxels, shape (n, 3), that lie outside an image of this size."""
    return float(((index < -0.5) | (index > np.array(size) - 0.5)).any(axis=1).mean())
