"""Reading a CT volume from files: NRRD, NIfTI, MetaImage, or DICOM (a file, a folder, a pile of series)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from .dicom.choice import choose
from .dicom.headers import header_by_name, headers_of
from .dicom.series import Series, series_in
from .grid import Axes
from .images import one_volume, read_image


@dataclass(frozen=True, eq=False)
class Volume:
    """A CT volume as it was stored.

    `image` has three dimensions, one component and gray levels in Hounsfield units; `name` is of the file or folder;
    `modality` is DICOM's, where the source tells it. `slice_gaps` are the distances in mm between neighbouring DICOM
    slices, empty for other sources; `gantry_tilt_deg` is the angle in degrees between the line through their positions
    and their normal. `warped`: does a non-linear transform, which the image is without, lie on it in the scene?
    `dicom_files` are the files of its DICOM slices in the order of the slices, `instance_uids` their SOP Instance UIDs
    where a scene tells those instead; both empty where the volume did not come from DICOM. `series` and
    `frame_of_reference` are their UIDs. `choice` says why this series was taken of several.
    """

    image: sitk.Image
    name: str
    modality: str | None = None
    slice_gaps: tuple[float, ...] = ()
    gantry_tilt_deg: float = 0.0
    warped: bool = False
    dicom_files: tuple[str, ...] = ()
    instance_uids: tuple[str, ...] = ()
    series: str = ""
    frame_of_reference: str = ""
    choice: str = ""

    @cached_property
    def range_hu(self) -> tuple[float, float]:
        """The lowest and the highest gray level; NaN or infinite where some are."""
        voxels = sitk.GetArrayViewFromImage(self.image)
        return float(voxels.min()), float(voxels.max())

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the gray levels (single precision, axes towards head, posterior and left): the same CT has the
        same however it is stored."""
        found = hashlib.sha256()
        for plane in Axes.of(self.image).anatomical(sitk.GetArrayViewFromImage(self.image)):
            found.update(np.ascontiguousarray(plane, dtype="<f4").data)
        return found.hexdigest()


def read_volume(path: Path, series: str | None = None, drawn_on: Collection[str] = ()) -> Volume:
    """Read a CT volume.

    Of a folder with several DICOM series, `series` is the UID of the one to take; where None, headers decide and the
    series that the ROI refers to, `drawn_on`, see `dicom.choice.choose`.

    Raises
    ------
    InputError
        Where the path holds no readable three-dimensional gray-level image, or headers do not decide between several.
    """
    if path.is_dir():
        return _of_series(*choose(series_in(headers_of(path)), path, series, drawn_on), path)
    header = header_by_name(path)
    if header is not None and (header.frames > 1 or header.position is not None):
        return _of_series(*choose(series_in([header]), path, series, drawn_on), path)
    return Volume(one_volume(read_image(path), path), path.name, header.modality if header else None)


def _of_series(series: Series, choice: str, path: Path) -> Volume:
    return Volume(
        one_volume(series.image(), path),
        path.name,
        series.first.modality,
        series.slice_gaps,
        series.gantry_tilt_deg,
        dicom_files=series.files,
        series=series.uid,
        frame_of_reference=series.first.frame_of_reference,
        choice=choice,
    )
