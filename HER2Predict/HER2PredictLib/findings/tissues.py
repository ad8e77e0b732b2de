"""Tissues in and around the ROI, told apart by HU, size and evenness: opacified urine, water, bone, fat, air, metal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk

from ..case import masks
from ..case.case import Case
from ..case.prepared import SLAB_SHARE
from . import shapes

#: How far around the ROI tissues are looked for, in mm (left-right, anterior-posterior, head-foot).
REACH_MM = (30.0, 30.0, 30.0)

#: Adipose tissue lies between -190 and -30 HU (Kvist et al., Am J Clin Nutr 1988); below it is gas, mixed or pure.
FAT_HU = (-190.0, -30.0)
#: Cortical bone and urinary stones stay below about 1,900 HU; clips, hip prostheses and stents are far above.
METAL_HU = 2000.0
#: A bladder tumour enhances to some 130 HU at most, opacified urine is above 200 HU; this lies between.
OPACIFIED_HU = 150.0
#: Inside the ROI a voxel is dense from here on: a voxel of 80 HU with a third of urine of 600 HU in it, as any edge
#: has them, stays below.
DENSE_HU = 250.0
#: Urine without contrast medium: water (0) with its salts, the noise that smoothing leaves, and beam hardening.
WATER_HU = (-10.0, 30.0)

#: Ureters, the cortex of thin bones and plaques in arteries are narrower than twice this, a bladder is not.
_CORE_DEPTH_MM = 3.0
#: Bone is brightest in its cortex, 1 to 3 mm wide; urine fades at its edge. Rim over core is 0.77 to 0.95 for
#: simulated urine, and 1.1 to 2 for most bones of simulated and real patients.
_RIM_MM = 2.5
_BRIGHTEST_RIM = 1.05
#: Trabeculae make bone uneven: over 5 mm its SD is 13 % of the mean and more in real CTs; that of urine is 4 to 10 %.
_EVENNESS_MM = 2.5
_MOST_UNEVEN = 0.12
#: Dense tissue that is not urine and reaches out of the ROI by more is bone, by less a calcification, in ml.
_LEAST_BONE_ML = 0.2
#: Water-like tissue narrower than twice this is an edge between fat and muscle.
_WATER_DEPTH_MM = 4.0
#: Smoothing that takes away noise before HU are compared with those of water, radius in mm.
_SMOOTHING_MM = 2.0


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What lies around an ROI, whatever its outline; axes (towards head, posterior, left).

    `hu` is float64, thin slices averaged; `spacing` is in mm, in the order of the axes.
    """

    hu: np.ndarray
    spacing: shapes.Spacing

    @classmethod
    def of(cls, hu: np.ndarray, spacing: shapes.Spacing) -> Surroundings:
        """Those of before, with what is known of them, where nothing has changed: a stroke seldom reaches further."""
        global _last
        if _last is None or _last.spacing != spacing or not np.array_equal(_last.hu, hu):
            _last = cls(hu, spacing)
        return _last

    @cached_property
    def urine(self) -> np.ndarray:
        """Boolean: opacified urine, wide enough to be that of a bladder and no bone; inside the ROI, too."""
        depth = shapes.distance(self.hu <= OPACIFIED_HU, self.spacing, in_plane=True)
        core = depth > _CORE_DEPTH_MM
        wide = shapes.distance(core, self.spacing, in_plane=True) <= _CORE_DEPTH_MM
        pieces = masks.pieces(wide)
        found = np.zeros_like(core)
        for label in np.unique(pieces[core]):
            piece = pieces == label
            if self._is_urine(piece & core, piece & (depth <= _RIM_MM)):
                found |= piece
        return found

    def _is_urine(self, core: np.ndarray, rim: np.ndarray) -> bool:
        """Urine and not bone, from the HU in its core and at its rim?"""
        level = self.hu[core].mean()
        if rim.any() and self.hu[rim].mean() > _BRIGHTEST_RIM * level:
            return False
        return bool(np.median(self._unevenness[core]) <= _MOST_UNEVEN * level)

    @cached_property
    def _unevenness(self) -> np.ndarray:
        """SD in HU within squares of twice `_EVENNESS_MM`, in plane."""
        mean = shapes.box_mean(self.hu, self.spacing, _EVENNESS_MM)
        mean_square = shapes.box_mean(self.hu * self.hu, self.spacing, _EVENNESS_MM)
        return np.sqrt(np.maximum(mean_square - mean * mean, 0.0))

    @cached_property
    def dense(self) -> np.ndarray:
        """Pieces of what is as dense as urine or bone inside the ROI, numbered from 1; 0 elsewhere."""
        return masks.pieces((self.hu >= DENSE_HU) & (self.hu < METAL_HU))

    @cached_property
    def dense_sizes(self) -> np.ndarray:
        """Number of voxels of each of them, and of the rest at 0."""
        return np.bincount(self.dense.ravel())

    @cached_property
    def dense_urine(self) -> np.ndarray:
        """Boolean, for each of them: does it touch urine?"""
        found = np.bincount(self.dense[self.urine], minlength=len(self.dense_sizes)) > 0
        found[0] = False
        return found

    @cached_property
    def water_like(self) -> np.ndarray:
        """Boolean: of the HU of urine without contrast medium, noise apart."""
        smooth = shapes.box_mean(self.hu, self.spacing, _SMOOTHING_MM)
        return (smooth >= WATER_HU[0]) & (smooth <= WATER_HU[1])


_last: Surroundings | None = None


@dataclass(frozen=True, eq=False)
class Tissues:
    """The ROI and its surroundings as the features see them.

    `coverage` is the share of the slices of each voxel that are in the ROI: 0 or 1, or between where thin slices are
    averaged.
    """

    surroundings: Surroundings
    coverage: np.ndarray

    @classmethod
    def around(cls, case: Case) -> Tissues:
        """Those of a case, up to `REACH_MM` from its ROI."""
        image = case.surroundings(REACH_MM).image
        left, posterior, head = image.GetSpacing()
        hu = sitk.GetArrayFromImage(image)
        return cls(Surroundings.of(hu, (head, posterior, left)), case.coverage(REACH_MM))

    @property
    def hu(self) -> np.ndarray:
        return self.surroundings.hu

    @property
    def urine(self) -> np.ndarray:
        return self.surroundings.urine

    @cached_property
    def roi(self) -> np.ndarray:
        """Boolean: inside the ROI?"""
        return self.coverage >= SLAB_SHARE

    @property
    def voxel_ml(self) -> float:
        return float(np.prod(self.surroundings.spacing)) / 1000.0

    @cached_property
    def distance_mm(self) -> np.ndarray:
        """Distance from the ROI in mm, between centres of voxels; 0 inside."""
        return shapes.distance(self.roi, self.surroundings.spacing)

    @cached_property
    def water(self) -> np.ndarray:
        """Boolean: core of water-like tissue outside the ROI, as urine without contrast medium in a bladder is."""
        like = self.surroundings.water_like & ~self.roi
        return shapes.core(like, self.surroundings.spacing, _WATER_DEPTH_MM)

    @cached_property
    def inside(self) -> dict[str, np.ndarray]:
        """Boolean arrays: where the ROI holds ``air``, ``fat``, ``urine`` (opacified), ``bone``, ``metal``.

        Where thin slices are averaged, only voxels count that are in the ROI in all of their slices: at its ends, the
        others hold tissue that nobody has outlined.
        """
        return self._held(self.coverage == 1.0)

    def _held(self, within: np.ndarray) -> dict[str, np.ndarray]:
        urine, bone = self._dense(within)
        return {
            "air": within & (self.hu < FAT_HU[0]),
            "fat": within & (self.hu >= FAT_HU[0]) & (self.hu <= FAT_HU[1]),
            "urine": urine,
            "bone": bone,
            "metal": within & (self.hu >= METAL_HU),
        }

    def _dense(self, within: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Dense voxels that belong to urine, and those that belong to bone; calcifications are neither."""
        around = self.surroundings
        inside = np.bincount(around.dense[self.roi], minlength=len(around.dense_sizes))
        of_bone = ~around.dense_urine & ((around.dense_sizes - inside) * self.voxel_ml > _LEAST_BONE_ML)
        of_bone[0] = False
        pieces = np.where(within, around.dense, 0)
        return around.dense_urine[pieces], of_bone[pieces]

    @cached_property
    def strange_rim(self) -> np.ndarray:
        """Boolean: the air, fat, urine and bone of the ROI that is connected to the outside through its rim.

        What lies enclosed in the tumour is not in it, nor are calcifications.
        """
        covered = self.coverage > 0.0
        held = self._held(covered)
        strange = held["air"] | held["fat"] | held["urine"] | held["bone"]
        if not strange.any():
            return strange
        pieces = masks.pieces(strange)
        at_rim = np.bincount(pieces[covered & masks.beside(~covered)], minlength=int(pieces.max()) + 1) > 0
        at_rim[0] = False
        return at_rim[pieces]


def is_strange(hu: np.ndarray) -> np.ndarray:
    """Boolean: can these HU be those of air, fat, opacified urine or bone, and not of a tumour?"""
    return (hu <= FAT_HU[1]) | ((hu >= DENSE_HU) & (hu < METAL_HU))
