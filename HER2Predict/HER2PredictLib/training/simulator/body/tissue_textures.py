"""The random fields of one patient: tissues are uneven, and the anatomy is bent."""

from __future__ import annotations

import numpy as np

from ..scan.fields import Array, SmoothField
from ..scan.scan_grid import Grid
from .densities import FAT_HU


class Textures:
    """The random fields that make one patient's tissues uneven and bend the anatomy."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        def field(*knot_mm: float) -> SmoothField:
            z, y, x = knot_mm * 3 if len(knot_mm) == 1 else knot_mm
            return SmoothField(rng, grid.half_x, grid.half_y, (grid.faces[0], grid.faces[-1]), (z, y, x))

        self.coarse, self.medium, self.grain = field(16), field(7), field(6, 3.4, 3.4)
        self.septa = field(18, 10, 14), field(14, 7, 9)
        self.strands = field(22, 8, 8), field(22, 8, 8)
        self.fibres = field(12, 3.5, 14)
        self.bulge, self.wall, self.surface = field(26), field(14), field(7, 4.5, 4.5)
        self._soft = [(field(70), field(22)) for _ in "xy"]
        self._bone = [(field(70), field(28)) for _ in "xy"]

    def soft_warp(self, z: float) -> tuple[Array, Array]:
        """Shift of soft tissue along x and y at the level z, mm."""
        x, y = (4 * large.at(z) + np.float32(1.1) * small.at(z) for large, small in self._soft)
        return x, y

    def bone_warp(self, z: float) -> tuple[Array, Array]:
        """Shift of bones along x and y at the level z, mm."""
        x, y = (2 * large.at(z) + np.float32(0.7) * small.at(z) for large, small in self._bone)
        return x, y

    def fat(self, z: float) -> Array:
        """Fat with faint septa (where a field is near 0) and small vessels (where two are), HU."""
        (first, second), strands = (field.at(z) for field in self.septa), [field.at(z) for field in self.strands]
        septa = 32 * np.exp(-((first / 0.12) ** 2)) + 19 * np.exp(-((second / 0.09) ** 2))
        vessels = 120 * np.exp(-(strands[0] ** 2 + strands[1] ** 2) / 0.025)
        return (FAT_HU + 3 * self.coarse.at(z) + septa + vessels).astype(np.float32)
