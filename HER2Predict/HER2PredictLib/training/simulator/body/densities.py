"""HU of the tissues: those that all patients share, those that differ, and what the phase does to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

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
