"""HU of the tissues: shared by all patients, their own, what the phase does to them, and how uneven they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .fields import Array, SmoothField
from .scan_grid import Grid

#: HU of air, and of tissues at 120 kVp in the excretory phase, in which soft tissue still enhances slightly.
AIR_HU, FAT_HU, SKIN_HU, MUSCLE_HU, VESSEL_HU = -1000.0, -104.0, 30.0, 60.0, 118.0
BOWEL_WALL_HU, BLADDER_WALL_HU, PROSTATE_HU, UTERUS_HU, VESICLE_HU = 82.0, 68.0, 74.0, 88.0, 48.0
DISC_HU, CANAL_HU, CARTILAGE_HU, WATER_HU = 85.0, 28.0, 75.0, 15.0
#: How much more tissues enhance in the nephrographic phase than in the excretory one. Bladder tumours enhanced by 37 HU
#: in the corticomedullary, 25 HU in the nephrographic and 17 HU in the excretory phase (Helenius et al., Acta Radiol
#: 2013, doi 10.1177/0284185113513762), so that 20 HU belong to an early scan. The others are rough choices.
NEPHROGRAPHIC_TUMOUR_HU, NEPHROGRAPHIC_VESSEL_HU = 20.0, 40.0
NEPHROGRAPHIC_MUSCLE_HU, NEPHROGRAPHIC_ORGAN_HU = 5.0, 10.0
#: Lowest and highest HU of urine without contrast medium.
PLAIN_URINE_HU = (2.0, 18.0)


@dataclass(frozen=True)
class Densities:
    """HU of tissues that differ from patient to patient.

    `marbling` is 0 for lean muscle, 1 for muscle with much fat in it; the more `plaque`, the longer the calcified
    stretches of the arteries. `ureters` are the right and the left one; a ureter without contrast medium holds water.
    `urine` is that in front and at the back of the bladder, `urine_blur_mm` the height over which the one passes into
    the other. `organs` is how much more walls and glands enhance than in the excretory phase.
    """

    muscle: float
    vessel: float
    cortex: float
    marrow: float
    marbling: float
    plaque: float
    ureters: tuple[float, float]
    urine: tuple[float, float]
    urine_blur_mm: float
    organs: float = 0.0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Densities:
        right, left = np.where(rng.random(2) < 0.85, rng.uniform(350, 800, 2), WATER_HU)
        return cls(
            muscle=MUSCLE_HU + rng.normal(0, 4),
            vessel=VESSEL_HU + rng.normal(0, 10),
            cortex=rng.uniform(780, 1050),
            marrow=rng.uniform(90, 240),
            marbling=rng.uniform(0, 1),
            plaque=rng.uniform(-1.0, 0.4),
            ureters=(float(right), float(left)),
            urine=(rng.uniform(310, 460), rng.uniform(620, 980)),
            urine_blur_mm=rng.uniform(2.5, 9.0),
        )

    def nephrographic(self, urine: float) -> Densities:
        """Those of the same patient in the nephrographic phase, when no contrast medium has reached the urine (HU)."""
        return replace(
            self,
            muscle=self.muscle + NEPHROGRAPHIC_MUSCLE_HU,
            vessel=self.vessel + NEPHROGRAPHIC_VESSEL_HU,
            ureters=(urine, urine),
            urine=(urine, urine),
            organs=NEPHROGRAPHIC_ORGAN_HU,
        )


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
