"""Small cases that a reader can picture, shared by the tests."""

from __future__ import annotations

import os
import unittest
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from HER2PredictLib.case.case import Case
from HER2PredictLib.findings.examine import examine_grids, examine_tissue
from HER2PredictLib.findings.finding import Finding

SHARED = Path(os.environ.get("HER2PREDICT_SHARED", Path(__file__).resolve().parents[3] / "shared"))
REAL_CT = SHARED / "data" / "sts"

SIZE = (72, 64, 30)
SPACING = (0.8, 0.8, 5.0)
ORIGIN = (-30.0, 12.5, -140.0)
CENTRE = np.array([36.0, 31.0, 15.0])
RADII_MM = np.array([9.0, 8.0, 13.0])


def needs(package: str) -> Callable[[Any], Any]:
    """Skip a test where a package is missing, as most are in Slicer."""
    try:
        import_module(package)
    except ImportError:
        return unittest.skip(f"{package} is not installed")
    return lambda test: test


def ct_array(seed: int = 1, size: tuple[int, int, int] = SIZE) -> np.ndarray:
    """Soft tissue at 40 HU with correlated noise, fat below a slanted plane and air in one corner; axes (k, j, i)."""
    noise = np.random.default_rng(seed).normal(0.0, 60.0, tuple(reversed(size)))
    noise = sitk.GetArrayFromImage(sitk.DiscreteGaussian(sitk.GetImageFromArray(noise), 0.8))
    _, j, i = np.indices(noise.shape)
    tissue = np.where(i + j > 90, -100.0, 40.0)
    tissue[(i < 6) & (j < 6)] = -1000.0
    return np.rint(tissue + noise).astype(np.int16)


def ellipsoid(
    size: tuple[int, int, int] = SIZE,
    spacing: tuple[float, float, float] = SPACING,
    centre: np.ndarray = CENTRE,
    radii_mm: np.ndarray = RADII_MM,
) -> np.ndarray:
    """1 inside an ellipsoid, 0 outside; axes (k, j, i)."""
    k, j, i = np.indices(tuple(reversed(size)))
    offset = (np.stack([i, j, k], axis=-1) - centre) * spacing / radii_mm
    return (np.sum(offset**2, axis=-1) <= 1.0).astype(np.uint8)


def as_image(array: np.ndarray, spacing: tuple[float, float, float] = SPACING) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    image.SetOrigin(ORIGIN)
    return image


def small_case() -> tuple[sitk.Image, sitk.Image]:
    """A CT of 72 x 64 x 30 voxels of 0.8 x 0.8 x 5 mm and an ellipsoid ROI of some 4 ml in the middle of it."""
    return as_image(ct_array()), as_image(ellipsoid())


def write_small_case(folder: Path) -> tuple[Path, Path]:
    """The small case as ``volume.nrrd`` and ``roi.nrrd``."""
    volume, roi = small_case()
    sitk.WriteImage(volume, str(folder / "volume.nrrd"))
    sitk.WriteImage(roi, str(folder / "roi.nrrd"))
    return folder / "volume.nrrd", folder / "roi.nrrd"


def write_segmentation(path: Path, roi: sitk.Image, segments: dict[str, tuple[str, int | str]]) -> Path:
    """A ``.seg.nrrd`` with segments ID -> (name, label value) on one layer."""
    roi = sitk.Image(roi)
    for number, (segment_id, (name, label)) in enumerate(segments.items()):
        for key, value in {"ID": segment_id, "Name": name, "LabelValue": str(label), "Layer": "0"}.items():
            roi.SetMetaData(f"Segment{number}_{key}", value)
    sitk.WriteImage(roi, str(path), useCompression=True)
    return path


PELVIS_SIZE = (110, 110, 24)
LUMEN_MM = 28.0
#: Centre of the tumour in mm from that of the bladder, towards the left.
TUMOUR_MM = -16.0


def offsets_mm(size: tuple[int, int, int] = PELVIS_SIZE) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance of each voxel from the middle of the volume in mm, along (x, y, z); axes (k, j, i)."""
    middle = [(count - 1) / 2 for count in reversed(size)]
    z, y, x = (
        (index - centre) * step
        for index, centre, step in zip(np.indices(tuple(reversed(size))), middle, reversed(SPACING), strict=True)
    )
    return x, y, z


def pelvis(urine_hu: float = 500.0, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """A bladder 56 mm wide in fat with a tumour of 80 HU in it, int16 HU, and the ROI on the tumour; axes (k, j, i).

    Edges are sharp and the noise (SD 8 HU) never makes one tissue look like another.
    """
    x, y, z = offsets_mm()
    lumen = np.sqrt(x**2 + y**2 + (z / 1.5) ** 2)
    hu = np.full(lumen.shape, -100.0)
    hu[lumen <= LUMEN_MM + 4.0] = 60.0
    hu[lumen <= LUMEN_MM] = urine_hu
    roi = ((x - TUMOUR_MM) / 11.0) ** 2 + (y / 11.0) ** 2 + (z / 14.0) ** 2 <= 1.0
    hu[roi] = 80.0
    hu[:, :3, :3] = -1000.0
    noise = np.clip(np.random.default_rng(seed).normal(0.0, 8.0, hu.shape), -20.0, 20.0)
    return np.rint(hu + noise).astype(np.int16), roi.astype(np.uint8)


def findings_on(case: Case) -> tuple[Finding, ...]:
    """Every finding on the input, errors first."""
    return examine_tissue(case, examine_grids(case))


def stored_otherwise(images: tuple[sitk.Image, sitk.Image], seed: int) -> tuple[sitk.Image, sitk.Image]:
    """The same anatomy with its axes in another order, some of them running backwards."""
    random = np.random.default_rng(seed)
    axes, flips = random.permutation(3).tolist(), random.integers(0, 2, 3).astype(bool).tolist()
    one, other = (sitk.Flip(sitk.PermuteAxes(image, axes), flips) for image in images)
    return one, other
