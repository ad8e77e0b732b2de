"""The lines of voxels through an ROI, and what is counted along them: pairs, runs and like neighbours.

Which voxels lie next to each other depends on the ROI alone, so it is found once for all images; pyradiomics' C code
looks for each voxel's neighbours again for every image and matrix. Counts are whole numbers: they are those of the C
code to the last bit, and so is their order in memory, which decides how sums of them are rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The n voxels of an ROI, numbered along (k, j, i), as they follow each other in each direction to a neighbour.

    Arrays have the shape (directions * n,): direction after direction, and in each line after line. `follows` tells
    where a voxel lies next to the one before it; `crossed`, shape (directions,), where a line has two voxels or more.
    """

    voxel: np.ndarray
    direction: np.ndarray
    follows: np.ndarray
    crossed: np.ndarray

    @classmethod
    def of(cls, inside: np.ndarray) -> Neighbours:
        """Those of an ROI, shape (k, j, i), in pyradiomics' directions and their order."""
        from radiomics import cMatrices

        directions = cMatrices.generate_angles(np.array(inside.shape), np.array([1]), False, False, 0)
        places = np.array(np.nonzero(inside))
        last = np.array(inside.shape)[:, None] - 1
        found = []
        for step in directions[:, :, None]:
            from_edge = np.where(step < 0, last - places, places)
            steps = from_edge[step[:, 0] != 0].min(0)
            line = np.ravel_multi_index(tuple(places - steps * step), inside.shape)
            along = line * (inside.size + 1) + steps
            order = np.argsort(along)
            beside = np.diff(along[order], prepend=-2) == 1
            found.append((order, beside, (np.diff(line[order]) == 0).any()))
        voxel, follows, crossed = zip(*found, strict=True)
        direction = np.repeat(np.arange(len(directions)), places.shape[1])
        return cls(np.concatenate(voxel), direction, np.concatenate(follows), np.array(crossed))

    @cached_property
    def second(self) -> np.ndarray:
        """Where the second voxel of each pair of neighbours stands; the first stands before it."""
        return np.flatnonzero(self.follows)


class Matrices:
    """Matrices of pyradiomics' C code for one image: `levels` are the bins of the ROI's voxels, 1 to `highest`."""

    def __init__(self, neighbours: Neighbours, levels: np.ndarray, highest: int) -> None:
        self._neighbours, self._levels, self._highest = neighbours, levels, highest
        self._along = levels[neighbours.voxel]

    @cached_property
    def _alike(self) -> np.ndarray:
        """Does a voxel follow one of the same level?"""
        alike = np.zeros(self._along.shape, bool)
        np.equal(self._along[1:], self._along[:-1], out=alike[1:])
        return np.logical_and(alike, self._neighbours.follows, out=alike)

    def co_occurrence(self) -> np.ndarray:
        """How many pairs have these two levels: (1, levels, levels, directions)."""
        second, directions = self._neighbours.second, len(self._neighbours.crossed)
        place = self._along[second - 1] * (self._highest * directions)
        place += self._along[second] * directions
        place += self._neighbours.direction[second] - (self._highest + 1) * directions
        return _counted(place, (1, self._highest, self._highest, directions))

    def run_length(self, longest: int) -> np.ndarray:
        """How many runs have this level and length: (1, levels, lengths up to the longest, directions).

        None in a direction in which no line has two voxels.
        """
        directions = len(self._neighbours.crossed)
        first = np.flatnonzero(~self._alike)
        place = (self._along[first] - 1) * longest
        place += np.diff(first, append=len(self._along)) - 1
        place *= directions
        place += self._neighbours.direction[first]
        return _counted(place, (1, self._highest, longest, directions)) * self._neighbours.crossed

    def dependence(self) -> np.ndarray:
        """How many voxels have this level and so many neighbours of it, from none: (1, levels, numbers).

        There are at most two neighbours a direction; pyradiomics leaves room for four.
        """
        second = np.flatnonzero(self._alike)
        voxel, size = self._neighbours.voxel, len(self._levels)
        alike = np.bincount(voxel[second], minlength=size) + np.bincount(voxel[second - 1], minlength=size)
        room = 4 * len(self._neighbours.crossed) + 1
        return _counted((self._levels - 1) * room + alike, (1, self._highest, room))


def _counted(place: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.bincount(place, minlength=int(np.prod(shape))).astype(np.float64).reshape(shape)
