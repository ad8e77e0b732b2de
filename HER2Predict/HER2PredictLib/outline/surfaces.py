"""How far two ROIs on one grid lie apart: Dice coefficient and distances between their surfaces in mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..case.masks import Box, beside, bounding_box, signed_distance

_HAUSDORFF_QUANTILE = 0.95


@dataclass(frozen=True)
class Difference:
    """How one ROI differs from another; all but `volume_change` are the same in both directions.

    `dice` is twice the shared volume over the sum of both volumes, 0 to 1 (Dice, Ecology 1945, 26:297-302);
    `hausdorff95_mm` is the larger of the two 95 % quantiles of the distances from one surface to the other, in mm;
    `surface_distance_mm` is the mean of the distances of all surface voxels of both to the surface of the other, in mm;
    `volume_change` is the volume of the second over that of the first, minus 1.
    """

    dice: float
    hausdorff95_mm: float
    surface_distance_mm: float
    volume_change: float


def difference(first: np.ndarray, second: np.ndarray, spacing_mm: tuple[float, float, float]) -> Difference:
    """Compare two ROIs, neither of them empty: shape (k, j, i), True or nonzero inside, `spacing_mm` of the same axes.

    A surface voxel is a voxel of the ROI with a face neighbour outside it; what lies beyond the array is outside.
    Distances go from voxel centre to the nearest voxel centre of the other surface (after Heimann et al., IEEE Trans
    Med Imaging 2009, 28:1251-1265; a quantile stands for the maximum, which a single voxel decides).
    """
    cut = Box.around((bounding_box(first), bounding_box(second))).slices
    one, other = first[cut] != 0, second[cut] != 0
    there, back = _surface_distances(one, other, spacing_mm), _surface_distances(other, one, spacing_mm)
    volumes = int(np.count_nonzero(one)), int(np.count_nonzero(other))
    return Difference(
        dice=2.0 * int(np.count_nonzero(one & other)) / sum(volumes),
        hausdorff95_mm=max(float(np.quantile(distances, _HAUSDORFF_QUANTILE)) for distances in (there, back)),
        surface_distance_mm=float(np.concatenate([there, back]).mean()),
        volume_change=volumes[1] / volumes[0] - 1.0,
    )


def surface(inside: np.ndarray) -> np.ndarray:
    """The surface voxels of a boolean array of three axes."""
    padded = np.pad(inside, 1)
    return (padded & beside(~padded))[1:-1, 1:-1, 1:-1]


def _surface_distances(start: np.ndarray, goal: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Distance in mm of each surface voxel of `start` to the nearest one of `goal`, shape (n,)."""
    goal_surface = surface(goal)
    # The map is signed; among the surface voxels themselves it is negative where they are close-packed.
    along = np.where(goal_surface, 0.0, signed_distance(goal_surface, spacing_mm))[surface(start)]
    return np.asarray(along, dtype=np.float64)
