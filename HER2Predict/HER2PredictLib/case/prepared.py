"""The prepared pair: the small canonical image and mask that any backend computes the features on."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

#: Surroundings of the ROI that the prepared pair keeps, in mm (left-right, anterior-posterior, head-foot).
#: pyradiomics keeps 15 voxels of 1 x 1 mm in plane for its filters, rounds outwards by up to one new and half an old
#: voxel, and its B-spline reads a few voxels further. Along the body the pair ends seven sigma of the widest filter
#: away: twice as much changes no feature by more than 2e-5 of its value.
MARGIN_MM = (20.0, 20.0, 35.0)

#: Slice thickness in mm of the study, and of the grid on which features are computed.
SLICE_MM = 5.0

#: A voxel of averaged slices belongs to the ROI where at least this share of them does. Half would keep the volume, but
#: take in voxels that are half urine, which the study's readers leave out on slices of 5 mm: on simulated tumours
#: outlined on slices of 1.25 mm, the 90th percentile of the ROI then rises by 71 HU, and by 5 HU with three quarters.
SLAB_SHARE = 0.75

#: How far the spacing of the prepared pair may be from that of its volume, in units of the last place.
_MOST_ULPS = 24


@dataclass(frozen=True, eq=False)
class Prepared:
    """The canonical pair: what any backend computes the features on.

    `image` is float64 HU, axes towards left, posterior, head, origin 0, direction identity; `mask` is uint8, 1 inside
    the ROI, on the same grid. `slices_averaged` thin slices make one slice of the pair; 1 where none were averaged.
    `missing_margin_mm` is how much of the margin the volume lacked, in mm, at the (right, left, anterior, posterior,
    foot, head) side; edge values stand in for it.
    """

    image: sitk.Image
    mask: sitk.Image
    slices_averaged: int
    missing_margin_mm: tuple[float, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over size, spacing and voxels of both: of the same pair the features are the same."""
        found = hashlib.sha256()
        self.add_to(found)
        return found.hexdigest()

    def add_to(self, digest: Any) -> None:
        """Let a digest of `hashlib` go over size, spacing and voxels of both."""
        for image in (self.image, self.mask):
            digest.update(repr((image.GetSize(), image.GetSpacing())).encode())
            digest.update(sitk.GetArrayViewFromImage(image).data)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write the pair as ``volume.nrrd`` and ``roi.nrrd``, for the `pyradiomics` command or any other program."""
        folder.mkdir(parents=True, exist_ok=True)
        names = ("volume.nrrd", "roi.nrrd")
        with tempfile.TemporaryDirectory(dir=folder) as unfinished:
            for name, image in zip(names, (self.image, self.mask), strict=True):
                sitk.WriteImage(image, str(Path(unfinished) / name), useCompression=True)
            for name in names:
                (Path(unfinished) / name).replace(folder / name)
        return folder / names[0], folder / names[1]


def canonical_image(voxels: np.ndarray, spacing: tuple[float, float, float]) -> sitk.Image:
    """Voxels with axes towards head, posterior and left, and their spacing in mm, as one image of the pair."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(voxels))
    image.SetSpacing(tuple(reversed(_spacing_that_survives(spacing))))
    return image


@lru_cache(maxsize=64)
def _spacing_that_survives(spacing: tuple[float, float, float]) -> tuple[float, float, float]:
    """The neighbour of a spacing, in mm, that Slicer writes into a file as it is.

    On its way to the file vtkMatrix4x4 inverts the matrix from voxels to mm twice, by cofactors and determinant, and
    ITK's reader multiplies each axis by the inverse of its length. Either can change a last bit, and with it the last
    bits of features that are interpolated. A few units in the last place away there is a spacing that comes through.
    """
    # Along the body as little as can be: slices of 5 mm are to stay so.
    in_plane = np.arange(-_MOST_ULPS, _MOST_ULPS + 1)
    steps = np.stack(np.meshgrid(np.arange(-3, 4), in_plane, in_plane, indexing="ij"), axis=-1).reshape(-1, 3)
    sizes = np.abs(steps)
    steps = steps[np.lexsort((sizes.max(axis=1), sizes[:, 0]))]
    candidates = np.array(spacing) + steps * np.spacing(np.array(spacing))
    unchanged = (_inverted(_inverted(candidates)) == candidates) & (candidates * (1.0 / candidates) == 1.0)
    head, posterior, left = candidates[int(np.argmax(unchanged.all(axis=1)))]
    return float(head), float(posterior), float(left)


def _inverted(diagonals: np.ndarray) -> np.ndarray:
    """Diagonals of the inverses of diagonal matrices, shape (n, 3) along (z, y, x), rounded as vtkMatrix4x4 does."""
    z, y, x = diagonals.T
    determinant = x * (y * z)
    return np.stack([x * y, x * z, y * z], axis=1) / determinant[:, None]
