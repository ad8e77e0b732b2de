"""The voxel grid of one CT, at full and at half resolution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .fields import Array, Plane

#: Rows and columns of the CT.
MATRIX = 512

#: Rows and columns of a part of a slice.
Window = tuple[slice, slice]


@dataclass(frozen=True)
class Grid:
    """An axial grid of square pixels.

    `left`, `front` and `bottom` are the outer edges of the first column, row and slice in mm (LPS), `slice_mm` is the
    distance of slices and their thickness.
    """

    pixel_mm: float
    left: float
    front: float
    bottom: float
    slices: int
    slice_mm: float

    def sliced(self, slice_mm: float) -> Grid:
        """As many slices of another thickness as the same range holds, from the same bottom."""
        return replace(self, slices=int(self.slices * self.slice_mm / slice_mm + 1e-6), slice_mm=slice_mm)

    @property
    def origin(self) -> tuple[float, float, float]:
        """Centre of the first voxel in mm (LPS), to a nanometre, so that every format holds it exactly."""
        half = self.pixel_mm / 2
        return round(self.left + half, 6), round(self.front + half, 6), round(self.bottom + self.slice_mm / 2, 6)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance of voxels in mm along columns, rows and slices."""
        return self.pixel_mm, self.pixel_mm, self.slice_mm

    @cached_property
    def x(self) -> Array:
        """Centres of the columns in mm, shape (512,)."""
        return (self.left + (np.arange(MATRIX) + 0.5) * self.pixel_mm).astype(np.float32)

    @cached_property
    def y(self) -> Array:
        """Centres of the rows in mm, shape (512,)."""
        return (self.front + (np.arange(MATRIX) + 0.5) * self.pixel_mm).astype(np.float32)

    @cached_property
    def half_x(self) -> Array:
        """Centres of pairs of columns in mm, shape (256,)."""
        return (self.left + (np.arange(MATRIX // 2) * 2 + 1.0) * self.pixel_mm).astype(np.float32)

    @cached_property
    def half_y(self) -> Array:
        """Centres of pairs of rows in mm, shape (256,)."""
        return (self.front + (np.arange(MATRIX // 2) * 2 + 1.0) * self.pixel_mm).astype(np.float32)

    @property
    def faces(self) -> Array:
        """Levels of the slices' faces in mm, shape (slices + 1,)."""
        return self.bottom + self.slice_mm * np.arange(self.slices + 1)

    def half_plane(self, z: float, shift: tuple[Array, Array] | None = None, scale: float = 1.0) -> Plane:
        """The half-resolution plane at the level z (mm), shifted along x and y (mm), then divided by the scale."""
        x, y = np.meshgrid(self.half_x, self.half_y)
        if shift is not None:
            x, y = x + shift[0], y + shift[1]
        shrink = np.float32(1 / scale)
        return Plane(
            x * shrink,
            y * shrink,
            z / scale,
            float(self.half_x[0]) / scale,
            float(self.half_y[0]) / scale,
            2 * self.pixel_mm / scale,
        )

    def plane(self, z: float, window: Window) -> Plane:
        """A part of the full-resolution plane at the level z (mm)."""
        rows, columns = window
        x, y = self.x[columns], self.y[rows]
        across, along = np.meshgrid(x, y)
        return Plane(across, along, z, float(x[0]), float(y[0]), self.pixel_mm)

    def window(self, x: float, y: float, reach: float) -> Window:
        """The full-resolution part within `reach` of a point (mm), beginning and ending on pairs of pixels."""

        def span(value: float, start: float) -> slice:
            first, last = (int((value + sign * reach - start) / self.pixel_mm) // 2 * 2 for sign in (-1, 1))
            return slice(max(first, 0), min(last + 2, MATRIX))

        return span(y, self.front), span(x, self.left)


def halved(window: Window) -> Window:
    """A full-resolution window at half resolution."""
    rows, columns = (slice(part.start // 2, part.stop // 2) for part in window)
    return rows, columns
