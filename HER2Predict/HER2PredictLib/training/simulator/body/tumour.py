"""The tumour and the bladder that it grows in: their shapes, and how the three latent variables act on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fields import Array, Plane, smooth_minimum


@dataclass(frozen=True)
class Look:
    """What of a tumour is seen on the CT.

    `volume_ml` is that within the outer surface of the bladder wall, `mean_hu` that of the enhancing part before rim,
    necrosis and texture are added. `texture_hu` is the standard deviation of the texture, `texture_mm` its knot
    spacing: about the size of its patches.
    """

    volume_ml: float
    mean_hu: float
    texture_hu: float
    texture_mm: float


class Bladder:
    """A bladder distended by urine: a warped ellipsoid with a thin wall, lying on the prostate.

    A tumour of `tumour_ml` must leave room for urine.
    """

    def __init__(self, rng: np.random.Generator, tumour_ml: float) -> None:
        urine_ml = float(np.clip(rng.lognormal(np.log(210), 0.35), 90, 420))
        volume_mm3 = 1000 * (urine_ml + tumour_ml)
        shape = np.array([rng.normal(1.25, 0.08), rng.normal(0.95, 0.06), 1.0])
        shape *= (volume_mm3 / (4 / 3 * np.pi) / shape.prod()) ** (1 / 3)
        # Between the hip joints there is room for 110 mm, between pubis and rectum for 80 mm; the rest goes up.
        shape[0], shape[1] = min(shape[0], 54), min(shape[1], 41)
        shape[2] = volume_mm3 / (4 / 3 * np.pi) / (shape[0] * shape[1])
        self.axes = shape
        self.centre = np.array([rng.normal(0, 3), -16 + rng.normal(0, 2), shape[2] + rng.normal(3, 3)])
        self.wall_mm = float(rng.uniform(2.2, 4.0))
        self.tilt = float(rng.normal(0.12, 0.06))  # the dome leans forwards

    def distance(self, plane: Plane, bulge: Array) -> Array:
        """Signed distance in mm to the inner surface of the wall; `bulge` (mm) deforms it."""
        height = (plane.z - self.centre[2]) / self.axes[2]
        x = plane.x - np.float32(self.centre[0])
        y = plane.y - np.float32(self.centre[1] - self.tilt * (plane.z - self.centre[2]))
        u, v = x / np.float32(self.axes[0]), y / np.float32(self.axes[1])
        # The fundus is rounder than the base.
        level = np.float32(abs(height) ** (2.3 if height > 0 else 2.0))
        k0 = np.sqrt(u * u + v * v + level)
        u, v = u / np.float32(self.axes[0]), v / np.float32(self.axes[1])
        k1 = np.sqrt(u * u + v * v + np.float32(height**2 / self.axes[2] ** 2)) + np.float32(1e-3)
        return k0 * (k0 - 1) / k1 + bulge

    def wall_point(self, direction: Array) -> Array:
        """The point of the inner surface in a direction (x, y, z), mm."""
        direction = direction / np.linalg.norm(direction)
        point = self.centre + direction / np.linalg.norm(direction / self.axes)
        point[1] -= self.tilt * (point[2] - self.centre[2])
        return point


class Tumour:
    """A lobulated mass on a broad base that grows from the bladder wall into the lumen."""

    def __init__(self, rng: np.random.Generator, bladder: Bladder, look: Look) -> None:
        self.look = look
        # Most grow from the lateral and posterior walls and near the trigone, few from the front.
        azimuth = np.radians(rng.choice([1, -1]) * rng.triangular(5, 60, 125) + 90)
        elevation = np.radians(np.clip(rng.normal(-4, 16), -35, 35))
        direction = np.array(
            [np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)]
        )
        self.base = bladder.wall_point(direction)
        inward = (bladder.centre - self.base) / bladder.axes**2  # the ellipsoid's normal
        self.inward = inward / np.linalg.norm(inward)
        self.radius = (3 * 1000 * look.volume_ml / (4 * np.pi)) ** (1 / 3)
        self.centre = self.base + self.inward * self.radius * rng.uniform(0.0, 0.4)
        side = np.cross(self.inward, rng.standard_normal(3))
        side /= np.linalg.norm(side)
        other = np.cross(self.inward, side)
        count = int(rng.integers(6, 11))
        turn = rng.uniform(0, 2 * np.pi) + np.arange(count) * 2.4  # golden angle: lobes spread evenly
        lean = rng.uniform(-0.3, 0.95, count)
        out = np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * other
        heading = out * np.sqrt(1 - lean**2)[:, None] + lean[:, None] * self.inward
        self.lobes = self.centre + heading * (self.radius * rng.uniform(0.45, 0.75, count))[:, None]
        self.lobe_radii = self.radius * rng.uniform(0.28, 0.5, count)
        self.necrosis_centre = self.centre + (0.3 * self.inward + 0.2 * heading[0]) * self.radius
        self.necrosis_radius = self.radius * rng.uniform(0.34, 0.46)
        self.necrosis_hu = float(rng.normal(27, 5))
        self.rim_hu = float(np.clip(rng.normal(24, 4), 12, 36))
        self.rim_mm = float(rng.uniform(1.6, 2.6))
        self.invasion_mm = float(np.clip(rng.normal(0.5, 1.2), -0.8, 4.0))
        self.calcified = rng.random() < 0.08
        self._offset = 0.0

    @property
    def reach_mm(self) -> float:
        """Radius around `centre` that holds the tumour, mm."""
        return float(1.9 * self.radius + 8)

    def mass(self, plane: Plane, surface: Array) -> Array:
        """Signed distance in mm to the mass as if there were no wall; the field `surface` makes it rough."""
        distance = _ball(plane, self.centre, 0.72 * self.radius)
        for centre, radius in zip(self.lobes, self.lobe_radii, strict=True):
            distance = smooth_minimum(distance, _ball(plane, centre, radius), 0.5 * self.radius)
        return distance + np.float32(min(1.4, 0.10 * self.radius)) * surface

    def distance(self, mass: Array, bladder: Array, wall_mm: float) -> Array:
        """Signed distance in mm to the tumour: the mass inside the outer surface of the wall."""
        return np.maximum(mass - np.float32(self._offset), bladder - np.float32(wall_mm + self.invasion_mm))

    def fit_volume(self, masses: Array, bladders: Array, wall_mm: float, voxel_mm3: float) -> None:
        """Inflate or shrink the mass until its volume is that of the look, to 0.1 %.

        `masses` and `bladders`, shape (faces, rows, columns), are distances in the planes of the slabs' faces,
        `voxel_mm3` is the volume of one voxel between two faces.
        """
        low, high = -0.8 * self.radius, 1.5 * self.radius
        for _ in range(24):
            self._offset = (low + high) / 2
            distance = self.distance(masses, bladders, wall_mm)
            middle, span = (distance[1:] + distance[:-1]) / 2, np.abs(distance[1:] - distance[:-1])
            volume = np.clip(0.5 - middle / np.maximum(span, 1), 0, 1).sum(dtype=float) * voxel_mm3 / 1000
            if abs(volume - self.look.volume_ml) < 1e-3 * self.look.volume_ml:
                return
            low, high = (low, self._offset) if volume > self.look.volume_ml else (self._offset, high)

    def hu(self, distance: Array, plane: Plane, texture: Array, coarse: Array) -> Array:
        """HU inside the tumour: enhancement, texture, brighter rim, darker necrosis, seldom calcification.

        `distance` is the signed one to the tumour's surface in mm; `texture` and `coarse` are fields of mean 0 and
        variance 1: patches of the look's size, and larger ones.
        """
        depth = np.maximum(-distance, 0)
        hu = self.look.mean_hu + np.float32(self.look.texture_hu) * texture
        hu += np.float32(self.rim_hu) * np.exp(-((depth / np.float32(self.rim_mm)) ** 2))
        core = _ball(plane, self.necrosis_centre, self.necrosis_radius) + np.float32(0.18 * self.radius) * coarse
        necrotic = 1 / (1 + np.exp(np.clip(core / np.float32(0.07 * self.radius), -30, 30)))
        necrotic *= np.clip((depth - np.float32(2)) / 3, 0, 1)
        hu += necrotic * (np.float32(self.necrosis_hu) - hu) * np.float32(0.9)
        if self.calcified:
            hu += 260 * np.clip(texture * coarse - np.float32(2.2), 0, 1.5) * (depth < 5)
        return hu


def _ball(plane: Plane, centre: Array, radius: float) -> Array:
    dx, dy = plane.x - np.float32(centre[0]), plane.y - np.float32(centre[1])
    return np.sqrt(dx * dx + dy * dy + np.float32((plane.z - centre[2]) ** 2)) - np.float32(radius)
