"""The ROI in one image, cut out and discretised once for all classes of features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .neighbours import Matrices, Neighbours

#: What pyradiomics adds before it takes a logarithm or divides.
EPSILON = np.spacing(1)

Values = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Region:
    """The gray levels of an image in the box of an ROI; axes (k, j, i), `spacing` in mm along (x, y, z)."""

    image: np.ndarray
    mask: np.ndarray
    neighbours: Neighbours
    spacing: tuple[float, ...]
    bin_width: float

    @cached_property
    def inside(self) -> np.ndarray:
        """Gray levels of the ROI's voxels, shape (n,), in the image's own type."""
        return self.image[self.mask]

    @cached_property
    def bins(self) -> np.ndarray:
        """The bin of each voxel of the ROI, from 1."""
        lowest, highest = self.inside.min(), self.inside.max()
        edges = np.arange(lowest - (lowest % self.bin_width), highest + 2 * self.bin_width, self.bin_width)
        return np.digitize(self.inside, edges)

    @cached_property
    def binned(self) -> np.ndarray:
        """The image in bins, 0 outside the ROI."""
        found = np.zeros(self.image.shape, dtype="int")
        found[self.mask] = self.bins
        return found

    @cached_property
    def matrices(self) -> Matrices:
        """What is counted along the lines of its voxels."""
        return Matrices(self.neighbours, self.bins, self.highest_level)

    @cached_property
    def counts(self) -> np.ndarray:
        """How many voxels are in each bin that is not empty."""
        every = np.bincount(self.bins)
        return every[every > 0]

    @cached_property
    def levels(self) -> np.ndarray:
        """The bins that are not empty."""
        return np.flatnonzero(np.bincount(self.bins))

    @property
    def highest_level(self) -> int:
        """The last of them."""
        return int(self.levels[-1])

    def without_empty(self, matrix: np.ndarray, *axes: int) -> np.ndarray:
        """A matrix of pyradiomics without the rows, along these axes, of bins that are empty.

        In any case as numpy.delete leaves it in memory: its order decides how sums of it are rounded.
        """
        empty = np.setdiff1d(np.arange(1, self.highest_level + 1), self.levels)
        for axis in axes:
            matrix = np.delete(matrix, empty - 1, axis)
        return matrix
