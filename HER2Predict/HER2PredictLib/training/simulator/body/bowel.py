"""The bowel: rectum, sigmoid, caecum and loops of small bowel, with fluid, stool and gas in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import anatomy
from .fields import Array, Plane
from .sections import chain_parts

#: Thickness of the wall in mm, and HU of gas.
WALL_MM, GAS_HU = 2.2, -960.0
#: A gas level (y, mm) in front of every patient: no gas.
_NO_GAS = -300.0
#: Where loops of small bowel may lie: lowest and highest x, y and z in mm (above the bladder).
_CAVITY = ((-80.0, -58.0), (80.0, 20.0))


@dataclass(frozen=True)
class Loop:
    """A piece of bowel.

    `chain` is its course and outer radius, `content_hu` the HU of what it holds. In front of `gas_level_y` (mm) that is
    gas: the patient lies on the back. `stool` is 0 for fluid, 1 for stool mixed with gas.
    """

    chain: anatomy.Chain
    content_hu: float
    gas_level_y: float
    stool: float


class Bowel:
    """All loops of one patient; small bowel lies above `dome_mm`, the level of the top of the bladder."""

    def __init__(self, rng: np.random.Generator, dome_mm: float) -> None:
        self._loops = [
            Loop(anatomy.RECTUM, 32.0, _NO_GAS, float(rng.uniform(0.2, 1.0))),
            Loop(anatomy.CAECUM, 28.0, float(rng.uniform(-50, -25)), float(rng.uniform(0.5, 1.0))),
            *(_small_bowel(rng, dome_mm) for _ in range(int(rng.integers(34, 46)))),
        ]

    def section(self, plane: Plane, grain: Array, lumps: Array) -> tuple[Array, Array, Array]:
        """Distances (mm, negative inside) to the outer and inner surface of the wall, and HU of the content.

        `grain` and `lumps` are fields of mean 0 and variance 1 that give stool its texture.
        """
        nearest, second = plane.far(), plane.far()
        content = np.full(plane.x.shape, 25, np.float32)
        bubbles = np.float32(700) * np.clip(lumps - np.float32(1.1), 0, 1)
        mixture = np.float32(45) * grain - bubbles
        for loop in self._loops:
            for window, distance in chain_parts(plane, loop.chain):
                closer = distance < nearest[window]
                second[window] = np.minimum(second[window], np.maximum(nearest[window], distance))
                nearest[window] = np.minimum(nearest[window], distance)
                hu = np.float32(loop.content_hu) + np.float32(loop.stool) * mixture[window]
                above = 2 * (plane.y[window] - np.float32(loop.gas_level_y))
                gas = 1 / (1 + np.exp(np.clip(above, -30, 30)))
                content[window] = np.where(closer, hu + gas * (np.float32(GAS_HU) - hu), content[window])
        wall = np.float32(WALL_MM)
        # Between two loops that touch there are two walls: half the distance to the seam counts.
        return nearest, np.maximum(nearest + wall, wall - (second - nearest) / 2), content


def _small_bowel(rng: np.random.Generator, dome_mm: float) -> Loop:
    """A loop at a random place above the bladder, three joints long."""
    radius = float(rng.uniform(8, 13.5))
    floor = dome_mm + radius + 3
    low, high = np.array((*_CAVITY[0], floor)), np.array((*_CAVITY[1], 200.0))
    joint = np.array([rng.uniform(-74, 74), rng.uniform(-56, 14), rng.uniform(floor, max(185.0, floor + 10))])
    flatness = np.array((1.0, 0.7, 0.5))  # loops run rather sideways
    heading = rng.standard_normal(3) * flatness
    joints = [joint]
    for _ in range(2):
        heading /= np.linalg.norm(heading)
        joints.append(joints[-1] + heading * rng.uniform(14, 24))
        heading = heading + 0.9 * rng.standard_normal(3) * flatness
    inside = [np.clip(joint, low, high) for joint in joints]
    course = tuple((float(x), float(y), float(z), radius) for x, y, z in inside)
    level = float(np.mean(inside, axis=0)[1] - rng.uniform(-4, 6)) if rng.random() < 0.3 else _NO_GAS
    stool = 0.0 if rng.random() < 0.8 else 0.4
    return Loop(anatomy.Chain(course, paired=False), float(rng.uniform(18, 45)), level, stool)
