"""Reading a CT volume from files: NRRD, NIfTI, MetaImage, a DICOM file, a folder with a DICOM series."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from .dicom_folder import Series, image_tags
from .images import one_volume, read_image


@dataclass(frozen=True, eq=False)
class Volume:
    """A CT volume as it was stored.

    `image` has three dimensions, one component and gray levels in Hounsfield units; `name` is of the file or folder;
    `modality` is DICOM's, where the source tells it. `slice_gaps` are the distances in mm between neighbouring DICOM
    slices, empty for other sources; `gantry_tilt_deg` is the angle in degrees between the line through their positions
    and their normal. `warped`: does a non-linear transform, which the image is without, lie on it in the scene?
    `dicom_files` are the files of its DICOM slices in the order of the slices, `instance_uids` their SOP Instance UIDs
    where a scene tells those instead; both empty where the volume did not come from DICOM.
    """

    image: sitk.Image
    name: str
    modality: str | None = None
    slice_gaps: tuple[float, ...] = ()
    gantry_tilt_deg: float = 0.0
    warped: bool = False
    dicom_files: tuple[str, ...] = ()
    instance_uids: tuple[str, ...] = ()


def read_volume(path: Path) -> Volume:
    """Read a CT volume.

    Raises
    ------
    InputError
        Where the path holds no readable three-dimensional gray-level image.
    """
    if path.is_dir():
        series = Series.of(path)
        volume = one_volume(series.image(), path)
        return Volume(
            volume,
            path.name,
            series.modality,
            series.slice_gaps,
            series.gantry_tilt_deg,
            dicom_files=series.files,
        )
    volume = one_volume(read_image(path), path)
    # Of other formats than DICOM nobody knows the modality.
    tags = image_tags(path) if path.suffix.lower() in (".dcm", "") else {}
    return Volume(volume, path.name, tags.get("Modality"))
