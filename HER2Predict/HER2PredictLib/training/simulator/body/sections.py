"""Cross-sections: signed distances in one axial plane to what the anatomy tables describe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from . import anatomy
from .fields import Array, Plane, cone_distance, ellipse_distance, smooth_minimum
from .scan_grid import Window


def columns_distance(plane: Plane, columns: tuple[anatomy.Column, ...], blend: float = 0.0) -> Array:
    """Distance to the nearest of several columns."""
    return _nearest(plane, (part for column in columns for part in _column(plane, column)), blend)


def packed_distance(plane: Plane, columns: tuple[anatomy.Column, ...]) -> tuple[Array, Array]:
    """Distance to the packed columns, and to the seam of fat (1.1 mm wide) between the two nearest."""
    nearest, second, joined = plane.far(), plane.far(), plane.far()
    for column in columns:
        for window, distance in _column(plane, column):
            second[window] = np.minimum(second[window], np.maximum(nearest[window], distance))
            nearest[window] = np.minimum(nearest[window], distance)
            joined[window] = smooth_minimum(joined[window], distance, 14)
    return joined, np.float32(0.55) - (second - nearest) / 2


def _column(plane: Plane, column: anatomy.Column) -> Iterator[tuple[Window, Array]]:
    """The parts of the plane that hold a column, and the distances in them."""
    ellipse = column.at(plane.z)
    if ellipse is None:
        return
    x, y, a, b, angle = ellipse
    reach = max(a, b)
    for side in (1, -1) if column.paired else (1,):
        window = plane.window((side * x - reach, side * x + reach), (y - reach, y + reach))
        yield window, ellipse_distance(plane.x[window], plane.y[window], (side * x, y), (a, b), side * angle)


def chains_distance(plane: Plane, chains: tuple[anatomy.Chain, ...], blend: float = 0.0) -> Array:
    """Distance to the nearest of several chains."""
    return _nearest(plane, (part for chain in chains for part in chain_parts(plane, chain)), blend)


def _nearest(plane: Plane, parts: Iterable[tuple[Window, Array]], blend: float) -> Array:
    """Distance to the nearest of several parts, whose edges run into each other over `blend` mm."""
    nearest = plane.far()
    for window, distance in parts:
        nearest[window] = (
            smooth_minimum(nearest[window], distance, blend) if blend else np.minimum(nearest[window], distance)
        )
    return nearest


def chain_parts(plane: Plane, chain: anatomy.Chain) -> Iterator[tuple[Window, Array]]:
    """The parts of the plane that are near a chain's pieces, and the distances in them."""
    for side in (1, -1) if chain.paired else (1,):
        for a, b in pairwise(chain.joints):
            reach = max(a[3], b[3])
            if min(a[2], b[2]) - reach - 8 <= plane.z <= max(a[2], b[2]) + reach + 8:
                yield _cone(plane, (side * a[0], *a[1:]), (side * b[0], *b[1:]))


def _cone(plane: Plane, a: anatomy.Joint, b: anatomy.Joint) -> tuple[Window, Array]:
    """The part of the plane near the round cone between two joints, and the distances in it."""
    reach = max(a[3], b[3])
    window = plane.window(
        (min(a[0], b[0]) - reach, max(a[0], b[0]) + reach), (min(a[1], b[1]) - reach, max(a[1], b[1]) + reach)
    )
    return window, cone_distance(plane.x[window], plane.y[window], plane.z, a, b)


def hip_distance(plane: Plane) -> tuple[Array, Array]:
    """Distances to the hip bones and to the cartilage of the symphysis."""
    distance = chains_distance(plane, anatomy.HIP, blend=6)
    for side in (1, -1):
        for window, part in (*_wing(plane, side), _acetabulum(plane, side)):
            distance[window] = smooth_minimum(distance[window], part, 6)
    gap = np.float32(anatomy.SYMPHYSIS_HALF_GAP) - np.abs(plane.x)
    joint = np.maximum(np.maximum(distance, -gap), np.abs(plane.y + np.float32(46)) - 14)
    return np.maximum(distance, gap), joint


def _wing(plane: Plane, side: int) -> Iterator[tuple[Window, Array]]:
    """The iliac wing: a curved line from its front to its back edge, thickened by discs."""
    levels = np.array(anatomy.ILIAC_WING).T
    if not levels[0][0] <= plane.z <= levels[0][-1]:
        return
    front, middle, back = np.array([np.interp(plane.z, levels[0], row) for row in levels[1:]]).reshape(3, 3)
    t = np.linspace(0, 1, 7)[:, None]
    # The quadratic Bezier curve through the three points.
    control = 2 * middle - (front + back) / 2
    points = (1 - t) ** 2 * front + 2 * t * (1 - t) * control + t**2 * back
    points[:, 0] *= side
    for a, b in pairwise([(x, y, plane.z, thickness) for x, y, thickness in points]):
        yield _cone(plane, a, b)


def _acetabulum(plane: Plane, side: int) -> tuple[Window, Array]:
    """The socket around the femoral head, open to the side, to the front and downwards."""
    x, y, z, _ = anatomy.FEMORAL_HEAD
    inner, outer = anatomy.ACETABULUM_RADII
    opening = np.array(anatomy.ACETABULUM_OPENING) / np.linalg.norm(anatomy.ACETABULUM_OPENING)
    window = plane.window((side * x - outer, side * x + outer), (y - outer, y + outer))
    dx, dy, dz = (plane.x[window] - np.float32(side * x)) * side, plane.y[window] - np.float32(y), plane.z - z
    radius = np.sqrt(dx * dx + dy * dy + np.float32(dz * dz)) + np.float32(1e-3)
    shell = np.abs(radius - np.float32((inner + outer) / 2)) - np.float32((outer - inner) / 2)
    lid = dx * np.float32(opening[0]) + dy * np.float32(opening[1]) + np.float32(dz * opening[2]) - np.float32(8)
    return window, np.maximum(shell, lid)
