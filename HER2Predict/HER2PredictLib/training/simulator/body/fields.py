"""Smooth random fields and signed distances on a grid: the arithmetic that the simulator draws with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray

#: Distance in mm that stands for "far away" where a structure is not evaluated.
FAR = 30.0


def _spline_basis(positions: Array, knots: int) -> Array:
    """Values of the uniform cubic B-splines at positions in knot spacings from 0, shape (positions, knots), float32."""
    basis = np.zeros((len(positions), knots), np.float32)
    first = np.floor(positions).astype(int)
    t = positions - first
    weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    for offset, weight in enumerate(weights):
        basis[np.arange(len(positions)), first + offset] = weight / 6
    return basis


#: Mean over a knot interval of the sum of the squared cubic B-splines: the variance that one axis keeps (151/315).
_SPLINE_VARIANCE = 151 / 315


class SmoothField:
    """A random field of mean 0 and variance 1 that is smooth over about one knot spacing.

    Independent normal coefficients on a lattice, interpolated by uniform cubic B-splines: no filter, no FFT, and only
    the plane that is asked for is computed.

    `x` and `y`, shape (columns,) and (rows,), are coordinates in mm, ascending, `z` is the lowest and highest level in
    mm that will be asked for. `knots_mm` is the knot spacing along (z, y, x).
    """

    def __init__(
        self,
        rng: np.random.Generator,
        x: Array,
        y: Array,
        z: tuple[float, float],
        knots_mm: tuple[float, float, float],
    ) -> None:
        self._knots = knots_mm
        self._bottom = z[0]
        spans = (z[1] - z[0], y[-1] - y[0], x[-1] - x[0])
        counts = [int(span / knot) + 5 for span, knot in zip(spans, self._knots, strict=True)]
        self._coefficients = rng.standard_normal(counts, dtype=np.float32) / np.float32(_SPLINE_VARIANCE**1.5)
        self._rows = _spline_basis((y - y[0]) / self._knots[1], counts[1])
        self._columns = np.ascontiguousarray(_spline_basis((x - x[0]) / self._knots[2], counts[2]).T)

    def at(self, z: float) -> Array:
        """The plane at the level z in mm, shape (rows, columns), float32."""
        position = (z - self._bottom) / self._knots[0]
        first = int(position)
        weights = _spline_basis(np.array([position - first]), 4)[0]
        layers = self._coefficients[first : first + 4]
        plane = weights[0] * layers[0] + weights[1] * layers[1] + weights[2] * layers[2] + weights[3] * layers[3]
        return self._rows @ plane @ self._columns


@dataclass(frozen=True)
class Plane:
    """The points of one axial plane at the level `z`, in mm.

    `x` and `y`, shape (rows, columns), float32, are warped coordinates: what the anatomy is evaluated at. `x0`, `y0`
    and `step` are the coordinates of the first point and the distance of neighbours before the warp.
    """

    x: Array
    y: Array
    z: float
    x0: float
    y0: float
    step: float

    def window(self, x: tuple[float, float], y: tuple[float, float]) -> tuple[slice, slice]:
        """Index of the part of the plane within the given ranges of x and y (mm) and a margin for the warp."""
        margin = 14.0
        rows, columns = self.x.shape
        first = max(int((y[0] - margin - self.y0) / self.step), 0), max(int((x[0] - margin - self.x0) / self.step), 0)
        last = (
            min(int((y[1] + margin - self.y0) / self.step) + 2, rows),
            min(int((x[1] + margin - self.x0) / self.step) + 2, columns),
        )
        return slice(first[0], max(last[0], first[0])), slice(first[1], max(last[1], first[1]))

    def far(self) -> Array:
        """A distance map of the plane with nothing in it."""
        return np.full(self.x.shape, FAR, np.float32)


def ellipse_distance(
    x: Array, y: Array, centre: tuple[float, float], axes: tuple[float, float], angle: float = 0.0
) -> Array:
    """Approximate signed distance (mm, negative inside) from points to an ellipse.

    First-order distance f |p/r| (|p/r| - 1) / |p/r^2| of the implicit function, exact on the outline.
    """
    u, v = x - np.float32(centre[0]), y - np.float32(centre[1])
    if angle:
        c, s = np.float32(np.cos(np.radians(angle))), np.float32(np.sin(np.radians(angle)))
        u, v = c * u + s * v, c * v - s * u
    u, v = u / np.float32(axes[0]), v / np.float32(axes[1])
    k0 = np.sqrt(u * u + v * v)
    u, v = u / np.float32(axes[0]), v / np.float32(axes[1])
    k1 = np.sqrt(u * u + v * v) + np.float32(1e-6)
    return k0 * (k0 - 1) / k1


def cone_distance(
    x: Array, y: Array, z: float, a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> Array:
    """Signed distance (mm, negative inside) from points to the round cone between two balls (x, y, z, radius)."""
    along = np.array(b[:3]) - np.array(a[:3])
    length2 = float(along @ along)
    px, py, pz = x - np.float32(a[0]), y - np.float32(a[1]), z - a[2]
    if length2 == 0:
        return np.sqrt(px * px + py * py + np.float32(pz * pz)) - np.float32(a[3])
    h = np.clip(
        (px * np.float32(along[0]) + py * np.float32(along[1]) + np.float32(pz * along[2])) / np.float32(length2), 0, 1
    )
    px -= h * np.float32(along[0])
    py -= h * np.float32(along[1])
    rest = np.float32(pz) - h * np.float32(along[2])
    return np.sqrt(px * px + py * py + rest * rest) - (np.float32(a[3]) + h * np.float32(b[3] - a[3]))


def smooth_minimum(a: Array, b: Array, blend: float) -> Array:
    """Minimum of two distances whose crease is rounded over `blend` mm."""
    overlap = np.maximum(np.float32(blend) - np.abs(a - b), 0)
    return np.minimum(a, b) - overlap * overlap / np.float32(4 * blend)


def coverage(lower: Array, upper: Array, pixel_mm: float) -> Array:
    """Share of each voxel of a slab that lies inside a structure, 0 to 1.

    `lower` and `upper` are signed distances (mm, negative inside) in the planes of the slab's lower and upper face; the
    in-plane size of a voxel is the least width of an edge. Where the outline is flat within the voxel, the distance is
    linear through the slab and the share is the clipped linear function below: the partial volume of a slab without
    sampling it more finely.
    """
    width = np.maximum(np.abs(upper - lower), np.float32(pixel_mm))
    return np.clip(np.float32(0.5) - (lower + upper) / (2 * width), 0, 1)


def enlarge(image: Array) -> Array:
    """Double both axes by linear interpolation: (rows, columns) -> (2 rows, 2 columns), centres kept."""
    near, far = np.float32(0.75), np.float32(0.25)
    rows, columns = image.shape
    tall = np.empty((2 * rows, columns), np.float32)
    tall[0::2], tall[1::2] = near * image, near * image
    tall[2::2] += far * image[:-1]
    tall[1:-1:2] += far * image[1:]
    tall[0] += far * image[0]
    tall[-1] += far * image[-1]
    wide = np.empty((2 * rows, 2 * columns), np.float32)
    wide[:, 0::2], wide[:, 1::2] = near * tall, near * tall
    wide[:, 2::2] += far * tall[:, :-1]
    wide[:, 1:-1:2] += far * tall[:, 1:]
    wide[:, 0] += far * tall[:, 0]
    wide[:, -1] += far * tall[:, -1]
    return wide


class FineShares:
    """A structure in one slab at full resolution, within its bounding box."""

    def __init__(self, lower: Array, upper: Array, pixel_mm: float) -> None:
        near = np.minimum(lower, upper) < 5
        rows, columns = np.nonzero(near.any(axis=1))[0], np.nonzero(near.any(axis=0))[0]
        self.absent = rows.size == 0
        if self.absent:
            return
        self.half_window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        self.window = slice(2 * rows[0], 2 * rows[-1] + 2), slice(2 * columns[0], 2 * columns[-1] + 2)
        below, above = enlarge(lower[self.half_window]), enlarge(upper[self.half_window])
        self._middle = (below + above) / 2
        self._per_mm = 1 / np.maximum(np.abs(above - below), np.float32(pixel_mm))

    def share(self, grow: float | Array = 0.0) -> Array:
        """Share of each voxel inside the structure grown by so many mm (see :func:`coverage`)."""
        return np.clip(np.float32(0.5) - (self._middle - np.float32(grow)) * self._per_mm, 0, 1)
