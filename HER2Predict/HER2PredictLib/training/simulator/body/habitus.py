"""The outline of the body, with the patient's own fat, and the couch under it."""

from __future__ import annotations

import numpy as np

from . import anatomy
from .fields import Array, Plane, ellipse_distance, smooth_minimum
from .scan_grid import Grid

#: Exponent of the superellipse that a pelvis resembles in cross-section.
_POWER = 2.5
#: Layers of the couch: depth below its surface, thickness (mm), HU. Carbon fibre around foam.
_COUCH = ((0.0, 1.6, -240.0), (1.6, 23.4, -955.0), (25.0, 1.6, -240.0))


class Habitus:
    """How much fat a patient carries, and where."""

    def __init__(self, rng: np.random.Generator, female: bool) -> None:
        amount = rng.uniform(0.6, 1.1) * (1.25 if female else 1.0)
        self.sides_mm, self.front_mm, self.back_mm = rng.uniform((4, 8, 6), (18, 34, 26)) * amount
        self.least_fat_mm = float(4 + 0.25 * self.back_mm)
        self.cleft_mm = float(rng.uniform(8, 20))

    def distance(self, plane: Plane) -> Array:
        """Signed distance (mm, negative inside) to the skin, flat where it lies on the couch."""
        heights, widths, fronts, backs = np.array(anatomy.OUTLINE).T
        width = np.interp(plane.z, heights, widths) + self.sides_mm
        front = np.interp(plane.z, heights, fronts) - self.front_mm * np.interp(plane.z, (-40, 20, 90), (0.35, 0.7, 1))
        back = np.interp(plane.z, heights, backs) + self.back_mm
        middle, depth = (front + back) / 2, (back - front) / 2
        u, v = np.abs(plane.x) / np.float32(width), np.abs(plane.y - np.float32(middle)) / np.float32(depth)
        norm = (u ** np.float32(_POWER) + v ** np.float32(_POWER)) ** np.float32(1 / _POWER) + np.float32(1e-6)
        distance = (norm - 1) * np.hypot(plane.x, plane.y - np.float32(middle)) / norm
        distance = _without(distance, np.float32(back - 7) - plane.y, 16)
        cleft = float(np.interp(plane.z, (-40, 20, 62), (2.2, 1.0, 0))) * self.cleft_mm
        if cleft > 0:
            notch = ellipse_distance(plane.x, plane.y, (0, back - 4), (3 + 0.12 * cleft, max(cleft, 3.0)))
            distance = _without(distance, notch, 8)
        groin = float(np.interp(plane.z, (-60, -30, -5), (14, 6, 0)))
        if groin > 0:
            notch = ellipse_distance(np.abs(plane.x), plane.y, (44, front + 2), (9, groin), 20)
            distance = _without(distance, notch, 12)
        return distance


def _without(distance: Array, notch: Array, blend: float) -> Array:
    """Distance to a body from which a notch is cut with rounded edges."""
    return -smooth_minimum(-distance, notch, blend)


def paint_couch(hu: Array, grid: Grid, top_mm: float) -> None:
    """Paint a shallow trough into the air of a slice; `top_mm` is the y of its surface in the midline."""
    below = grid.y[:, None] - (np.float32(top_mm) - np.float32(0.00035) * grid.x[None, :] ** 2)
    first = max(int((top_mm - 20 - grid.front) / grid.pixel_mm), 0)
    below, part = below[first:], hu[first:]
    width = np.clip(np.float32(230) - np.abs(grid.x), 0, 1)
    for depth, thickness, value in _COUCH:
        off_centre = np.abs(below - np.float32(depth + thickness / 2)) - np.float32(thickness / 2)
        layer = np.clip(np.float32(0.5) - off_centre / np.float32(grid.pixel_mm), 0, 1) * width
        part += layer * np.maximum(np.float32(value) - part, 0) * (part < -500)
