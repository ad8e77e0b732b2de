"""One simulated patient on a voxel grid: anatomy, urine and tumour in HU, before the scanner's blur and noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from ..acquisition import STUDY_SLICE_MM, Acquisition
from . import anatomy
from .bowel import Bowel
from .densities import (
    AIR_HU,
    BLADDER_WALL_HU,
    BOWEL_WALL_HU,
    CANAL_HU,
    CARTILAGE_HU,
    DISC_HU,
    NEPHROGRAPHIC_TUMOUR_HU,
    PLAIN_URINE_HU,
    PROSTATE_HU,
    SKIN_HU,
    UTERUS_HU,
    VESICLE_HU,
    Densities,
    Textures,
)
from .fields import Array, FineShares, SmoothField, coverage, enlarge
from .habitus import Habitus, paint_couch
from .scan_grid import MATRIX, Grid, halved
from .sections import chains_distance, columns_distance, hip_distance, packed_distance
from .tumour import Bladder, Look, Tumour

#: Thickness of the skin in mm.
SKIN_MM = 1.8
#: Thickness of the cortex in mm, and how much denser than that of the spine the marrow is, HU.
_BONES = {"hip": (1.7, 20.0), "femur": (1.5, 110.0), "spine": (1.4, 10.0)}

#: Distances (mm, negative inside) to every structure in one plane, by name.
Face = dict[str, Array]


@dataclass(frozen=True)
class Slab:
    """One slice: HU without the scanner's blur and noise (float32), and the ROI that a reader draws on it (bool)."""

    hu: Array
    roi: Array


class Phantom:
    """A pelvis with a bladder tumour.

    Everything that is not given is drawn from `rng`. All but slices and phase is the same in every acquisition.
    """

    def __init__(self, rng: np.random.Generator, look: Look, *, female: bool, acquisition: Acquisition) -> None:
        nephrographic = acquisition.phase == "nephrographic"
        if nephrographic:
            look = replace(look, mean_hu=look.mean_hu + NEPHROGRAPHIC_TUMOUR_HU)
        self._female = female
        self._scale = float(np.clip(rng.normal(0.965 if female else 1.0, 0.035), 0.88, 1.08))
        self._habitus = Habitus(rng, female)
        self._study_grid = self._draw_grid(rng)
        self.grid = self._study_grid.sliced(acquisition.slice_mm)
        self.bladder = Bladder(rng, look.volume_ml)
        self.tumour = Tumour(rng, self.bladder, look)
        self._bowel = Bowel(rng, (self.bladder.centre[2] + self.bladder.axes[2]) / self._scale)
        self._tissues = Densities.draw(rng)
        self._urine_level = self.bladder.centre[1] + rng.uniform(-0.25, 0.35) * self.bladder.axes[1]
        self._textures = Textures(rng, self._study_grid)
        self._window = self.grid.window(self.tumour.centre[0], self.tumour.centre[1], self.tumour.reach_mm)
        self._draw_tumour_fields(rng, look)
        plain_urine = rng.uniform(*PLAIN_URINE_HU)
        if nephrographic:
            self._tissues = self._tissues.nephrographic(plain_urine)

    def _draw_grid(self, rng: np.random.Generator) -> Grid:
        """The study's grid that just holds the body, as a radiographer chooses it."""
        width = 2 * (self._scale * 184 + self._habitus.sides_mm)
        pixel = round(float(np.clip(width / MATRIX * rng.uniform(1.06, 1.14), 0.7, 0.9)), 4)
        edge = -MATRIX / 2 * pixel
        return Grid(
            pixel,
            round(edge + rng.normal(0, 3), 3),
            round(edge + 8 + rng.normal(0, 6), 3),
            round(rng.uniform(-45, -38), 1),
            int(rng.integers(37, 44)),
            STUDY_SLICE_MM,
        )

    def _draw_tumour_fields(self, rng: np.random.Generator, look: Look) -> None:
        rows, columns = self._window
        size, ends = look.texture_mm, (self._study_grid.faces[0], self._study_grid.faces[-1])

        def field(z: float, in_plane: float) -> SmoothField:
            return SmoothField(rng, self.grid.x[columns], self.grid.y[rows], ends, (z, in_plane, in_plane))

        self._patches, self._specks = field(1.5 * size, size), field(1.2 * size, 0.5 * size)
        self._lumps = field(max(4.0, 0.4 * self.tumour.radius), max(4.0, 0.4 * self.tumour.radius))
        self._wavering = field(8, 11)

    def slabs(self) -> Iterator[Slab]:
        """The slices from the feet to the head."""
        # No slab is thicker than the study's: outlines would be too far from linear in it, and textures not averaged.
        parts = ceil(self.grid.slice_mm / STUDY_SLICE_MM)
        thin = self.grid.sliced(self.grid.slice_mm / parts)
        levels = [float(z) for z in thin.faces]
        faces = self._faces(levels)
        lower = next(faces)
        for first in range(0, thin.slices, parts):
            slabs = []
            for z in levels[first : first + parts]:
                upper = next(faces)
                slabs.append(self._slab(lower, upper, z + thin.slice_mm / 2))
                lower = upper
            hu, share = (sum(images[1:], images[0]) / np.float32(parts) for images in zip(*slabs, strict=True))
            yield Slab(hu, self._drawn(share, levels[first] + self.grid.slice_mm / 2))

    def _faces(self, levels: list[float]) -> Iterator[Face]:
        """The faces at the given levels; tumour and couch are fitted to those of the study, whatever the slices."""
        known = {float(z): self._face(float(z)) for z in self._study_grid.faces}
        self._fit_tumour(known)
        lowest_row = max(np.nonzero((face["body"] < 0).any(axis=1))[0][-1] for face in known.values())
        self._couch_mm = float(self.grid.half_y[lowest_row]) + 3
        for z in levels:
            face = known.pop(z) if z in known else self._face(z)
            face["tumour"] = self._tumour_distance(face)
            yield face

    def _face(self, z: float) -> Face:
        """Distances to every structure in the plane at the level z."""
        grid, textures = self.grid, self._textures
        soft = grid.half_plane(z, textures.soft_warp(z), self._scale)
        bone = grid.half_plane(z, textures.bone_warp(z), self._scale)
        face = {"body": self._habitus.distance(soft)}
        muscle, face["septum"] = packed_distance(soft, tuple(anatomy.MUSCLES.values()))
        face["muscle"] = np.maximum(muscle, face["body"] + np.float32(self._habitus.least_fat_mm))
        face["bowel"], face["lumen"], face["content"] = self._bowel.section(
            soft, textures.grain.at(z), textures.medium.at(z)
        )
        for name, chains in (("artery", anatomy.ARTERIES), ("vein", anatomy.VEINS), ("ureter", (anatomy.URETER,))):
            face[name] = chains_distance(soft, chains)
        face["gland"] = columns_distance(soft, anatomy.FEMALE_ORGANS if self._female else anatomy.MALE_ORGANS)
        face["vesicle"] = columns_distance(soft, () if self._female else (anatomy.SEMINAL_VESICLE,))
        face["capsule"] = chains_distance(bone, anatomy.HIP_CAPSULE)
        face["femur"] = chains_distance(bone, anatomy.FEMUR, 6)
        face["hip"], face["symphysis"] = hip_distance(bone)
        face["canal"] = columns_distance(bone, (anatomy.SPINAL_CANAL,))
        face["disc"] = columns_distance(bone, anatomy.DISCS)
        holes = np.minimum(face["canal"], columns_distance(bone, anatomy.SACRAL_FORAMINA))
        face["spine"] = np.maximum(columns_distance(bone, anatomy.SPINE, 8), -holes)
        straight = grid.half_plane(z)
        # The bladder gives way to the pubic bones.
        room = np.float32(5 + self.bladder.wall_mm) - face["hip"]
        face["bladder"] = np.maximum(self.bladder.distance(straight, np.float32(1.3) * textures.bulge.at(z)), room)
        face["mass"] = self.tumour.mass(straight, textures.surface.at(z))
        return face

    def _fit_tumour(self, faces: dict[float, Face]) -> None:
        """Give the tumour its volume, from the study's faces by their level."""
        window, centre = halved(self._window), self.tumour.centre[2]
        near = [face for z, face in faces.items() if abs(z - centre) < self.tumour.reach_mm + STUDY_SLICE_MM]
        masses, bladders = (np.stack([face[name][window] for face in near]) for name in ("mass", "bladder"))
        self.tumour.fit_volume(masses, bladders, self.bladder.wall_mm, (2 * self.grid.pixel_mm) ** 2 * STUDY_SLICE_MM)

    def _tumour_distance(self, face: Face) -> Array:
        window = halved(self._window)
        return self.tumour.distance(face["mass"][window], face["bladder"][window], self.bladder.wall_mm)

    def _slab(self, lower: Face, upper: Face, z: float) -> tuple[Array, Array]:
        """HU of a slab, and the share of tumour in its voxels, the latter in the tumour's window."""
        inner = enlarge(self._soft_tissue(lower, upper, z))
        self._paint_bones(inner, lower, upper, z)
        hu = np.full_like(inner, AIR_HU)
        body = FineShares(lower["body"], upper["body"], self.grid.pixel_mm)
        inside, part = body.share(), inner[body.window]
        part += (inside - body.share(-SKIN_MM)) * (np.float32(SKIN_HU) - part)
        hu[body.window] += inside * (part - np.float32(AIR_HU))
        paint_couch(hu, self.grid, self._couch_mm)
        self._paint_bladder(hu, lower, upper, z)
        return hu, self._paint_tumour(hu, lower, upper, z)

    def _soft_tissue(self, lower: Face, upper: Face, z: float) -> Array:
        """Everything of low contrast, at half resolution."""
        textures, tissues = self._textures, self._tissues
        hu = textures.fat(z)
        medium, grain = textures.medium.at(z), textures.grain.at(z)

        def share(name: str, grow: float = 0.0) -> Array:
            return coverage(lower[name] - np.float32(grow), upper[name] - np.float32(grow), 2 * self.grid.pixel_mm)

        def paint(part: Array, value: float | np.float32 | Array) -> None:
            np.add(hu, part * (value - hu), out=hu)

        paint(share("bowel"), BOWEL_WALL_HU + tissues.organs)
        paint(share("lumen"), (lower["content"] + upper["content"]) / 2)
        streaks = np.float32(30 + 70 * tissues.marbling) * np.clip(
            np.abs(textures.fibres.at(z)) - np.float32(1.4), 0, 1
        )
        paint(share("muscle", 1.5) * share("septum"), np.float32(tissues.muscle) + 4 * medium + 3 * grain - streaks)
        paint(share("capsule"), CARTILAGE_HU + 4 * medium)
        gland = (UTERUS_HU if self._female else PROSTATE_HU) + tissues.organs
        paint(share("gland"), gland + 7 * medium + 5 * grain)
        paint(share("vesicle"), VESICLE_HU + 10 * grain)
        paint(share("vein"), np.float32(tissues.vessel - 4))
        paint(share("artery"), np.float32(tissues.vessel + 5))
        plaque = np.clip(medium + np.float32(tissues.plaque), 0, 1.2) * np.float32(330)
        paint((share("artery", 0.3) - share("artery", -0.9)) * (plaque > 0), np.float32(tissues.vessel) + plaque)
        paint(share("ureter"), np.where(self.grid.half_x < 0, *tissues.ureters).astype(np.float32)[None, :])
        paint(share("disc"), DISC_HU)
        paint(share("canal"), CANAL_HU + 4 * medium)
        paint(share("symphysis"), CARTILAGE_HU)
        return hu

    def _paint_bones(self, hu: Array, lower: Face, upper: Face, z: float) -> None:
        tissues, textures = self._tissues, self._textures
        marrow = np.float32(tissues.marrow) + 26 * textures.grain.at(z) + 20 * textures.medium.at(z)
        for name, (cortex_mm, denser) in _BONES.items():
            bone = FineShares(lower[name], upper[name], self.grid.pixel_mm)
            if bone.absent:
                continue
            part, outer, inner = hu[bone.window], bone.share(), bone.share(-cortex_mm)
            part += (outer - inner) * (np.float32(tissues.cortex) - part)
            part += inner * (enlarge(marrow[bone.half_window]) + np.float32(denser) - part)

    def _paint_bladder(self, hu: Array, lower: Face, upper: Face, z: float) -> None:
        bladder = FineShares(lower["bladder"], upper["bladder"], self.grid.pixel_mm)
        if bladder.absent:
            return
        part = hu[bladder.window]
        wall = np.float32(self.bladder.wall_mm) + np.float32(0.5) * enlarge(
            self._textures.wall.at(z)[bladder.half_window]
        )
        part += bladder.share(wall) * (np.float32(BLADDER_WALL_HU + self._tissues.organs) - part)
        part += bladder.share() * (self._urine_hu(self.grid.y[bladder.window[0]])[:, None] - part)

    def _urine_hu(self, y: Array) -> Array:
        """HU of the urine at the heights y (mm): contrast medium is heavy and sinks to the back of a supine patient."""
        front, back = self._tissues.urine
        depth = (y - self._urine_level) / self._tissues.urine_blur_mm
        slope = 0.12 * np.clip((y - self.bladder.centre[1]) / self.bladder.axes[1], -1, 1)
        mixture = np.clip(1 / (1 + np.exp(-np.clip(depth, -30, 30))) + slope, 0, 1)
        return (front + (back - front) * mixture).astype(np.float32)

    def _paint_tumour(self, hu: Array, lower: Face, upper: Face, z: float) -> Array:
        """Paint the tumour and return its share of the voxels of its window."""
        below, above = enlarge(lower["tumour"]), enlarge(upper["tumour"])
        # The edge of a tumour is a little softer than that of the wall.
        share = coverage(below, above, 1.5 * self.grid.pixel_mm)
        if share.any():
            texture = np.float32(0.8) * self._patches.at(z) + np.float32(0.6) * self._specks.at(z)
            inside = self.tumour.hu((below + above) / 2, self.grid.plane(z, self._window), texture, self._lumps.at(z))
            part = hu[self._window]
            part += share * (inside - part)
        return share

    def _drawn(self, share: Array, z: float) -> Array:
        """Where a reader draws the ROI, given the share of tumour in the voxels of its window; bool, a whole slice.

        At the usual window (40/400) a voxel that holds a fifth of urine is white, so the reader takes those of four
        fifths of tumour or more, 0.4 mm inside because of the blur; the line wavers by 0.4 mm (SD) over a centimetre.
        """
        wavering = np.float32(0.4) * (1 + self._wavering.at(z))
        steepness = np.hypot(*np.gradient(share)) / np.float32(self.grid.pixel_mm)
        roi = np.zeros((MATRIX, MATRIX), bool)
        roi[self._window] = share - wavering * steepness > np.float32(0.8)
        return roi
