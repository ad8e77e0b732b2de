"""Reading an ROI from a DICOM RT Structure Set: contours, turned into voxels of the volume that they were drawn on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ...errors import InputError
from ...i18n import tr as _
from ..grid import index_to_physical

#: Contours that enclose an area; several on one slice are combined by exclusive or, so that one within another is a
#: hole (DICOM PS3.3 C.8.8.6.3; for CLOSED_PLANAR as well, of which the standard leaves that open).
_CLOSED = ("CLOSED_PLANAR", "CLOSED_PLANAR_XOR", "CLOSEDPLANAR_XOR")
#: A contour lies on a slice whose centre it is nearer to than half a slice, and leans by no more than this, in slices.
_FLAT = 0.1


def structures_of(dataset: Any) -> list[tuple[str, str]]:
    """Number, as text, and name of each structure."""
    return [(str(roi.ROINumber), str(roi.get("ROIName", ""))) for roi in dataset.get("StructureSetROISequence", [])]


def structure_image(dataset: Any, number: str, name: str, volume: sitk.Image, path: Path) -> sitk.Image:
    """One structure on the grid of `volume`: 1 where the centre of a voxel is within its contours.

    Raises
    ------
    InputError
        Where it has no closed contour, or its contours do not lie in the slices of the volume.
    """
    contours = [
        contour
        for item in dataset.get("ROIContourSequence", [])
        if str(item.get("ReferencedROINumber", "")) == number
        for contour in item.get("ContourSequence", [])
        if str(contour.get("ContourGeometricType", "")).strip() in _CLOSED
    ]
    if not contours:
        raise InputError(
            _('The structure "{name}" in {path} has no closed contour; outline the tumour slice by slice.').format(
                name=name, path=path
            ),
            code="roi-empty",
        )
    voxels = np.zeros(volume.GetSize()[::-1], dtype=bool)
    to_index = np.linalg.inv(index_to_physical(volume))
    for contour in contours:
        points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
        index = points @ to_index[:3, :3].T + to_index[:3, 3]
        k = int(np.rint(index[:, 2].mean()))
        if np.abs(index[:, 2] - index[:, 2].mean()).max() > _FLAT:
            raise InputError(
                _(
                    'The contours of "{name}" in {path} do not lie in the slices of the volume; choose the volume '
                    "that they were drawn on."
                ).format(name=name, path=path),
                code="contours-across-slices",
            )
        if 0 <= k < len(voxels):
            _fill(voxels[k], index[:, :2])
    image = sitk.GetImageFromArray(voxels.astype(np.uint8))
    image.CopyInformation(volume)
    return image


def _fill(slice_: np.ndarray, polygon: np.ndarray) -> None:
    """Turn over every voxel (j, i) whose centre is within a polygon, shape (points, 2), of indices (i, j).

    Along a row, a centre is within where an odd number of edges crosses the row before it; an edge owns its lower end,
    so that corners on a row count once (even-odd rule).
    """
    ends = np.roll(polygon, -1, axis=0)
    rows, columns = slice_.shape
    first, last = max(0, int(np.ceil(polygon[:, 1].min()))), min(rows - 1, int(np.floor(polygon[:, 1].max())))
    for row in range(first, last + 1):
        crosses = (polygon[:, 1] <= row) != (ends[:, 1] <= row)
        (x1, y1), (x2, y2) = polygon[crosses].T, ends[crosses].T
        at = np.sort(x1 + (row - y1) * (x2 - x1) / (y2 - y1))
        inside = np.searchsorted(at, np.arange(columns), side="right") % 2 == 1
        slice_[row] ^= inside
