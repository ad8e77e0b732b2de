"""A folder with one DICOM series: its slices, whether they are whole, and how they lie to each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _
from .images import readable, without_itk_warnings

#: DICOM attributes that describe the image and never the patient: keyword -> (group|element).
_IMAGE_TAGS = {
    "Modality": "0008|0060",
    "ImagePositionPatient": "0020|0032",
    "ImageOrientationPatient": "0020|0037",
    "Rows": "0028|0010",
    "Columns": "0028|0011",
    "BitsAllocated": "0028|0100",
}

#: Transfer syntaxes whose pixels take rows x columns x bytes in the file (DICOM PS3.5 A.1 and A.2).
_UNCOMPRESSED = (b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.2")
_TRANSFER_SYNTAX = b"\x02\x00\x10\x00UI"


@dataclass(frozen=True, eq=False)
class Series:
    """The only image series of a DICOM folder.

    The files are in the order of the slices along their normal; `tags` is what `image_tags` reads from each.
    """

    folder: Path
    files: tuple[str, ...]
    tags: tuple[dict[str, str], ...]

    @classmethod
    def of(cls, folder: Path) -> Series:
        """The series of a folder.

        Raises
        ------
        InputError
            Where there is none or more than one, or a slice is cut short or does not tell its position.
        """
        found = _image_series(folder)
        if not found:
            raise InputError(
                _("{folder} holds no DICOM image series. Give {kinds}.").format(folder=folder, kinds=readable()),
                code="no-dicom-series",
            )
        if len(found) > 1:
            sizes = ", ".join(_("{count} slices").format(count=len(files)) for files in found)
            raise InputError(
                _(
                    "{folder} holds {count} DICOM image series ({sizes}); put the excretory phase alone into a folder."
                ).format(folder=folder, count=len(found), sizes=sizes),
                code="several-dicom-series",
            )
        series = cls(folder, found[0], tuple(image_tags(Path(name)) for name in found[0]))
        for name, tags in zip(series.files, series.tags, strict=True):
            _check_slice(name, tags)
        return series

    def image(self) -> sitk.Image:
        """The slices as one volume.

        Raises
        ------
        InputError
            Where they do not form one.
        """
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(self.files)
        try:
            with without_itk_warnings():  # on uneven slices there is a finding
                return reader.Execute()
        except RuntimeError as error:
            raise InputError(
                _(
                    "The slices in {folder} do not form one volume (sizes or orientations differ, or a file is "
                    "damaged)."
                ).format(folder=self.folder),
                code="slices-differ",
            ) from error

    @property
    def modality(self) -> str | None:
        """That of the first slice."""
        return self.tags[0].get("Modality")

    @property
    def slice_gaps(self) -> tuple[float, ...]:
        """Distances in mm between neighbouring slices along the slice normal (DICOM PS3.3 C.7.6.2.1.1)."""
        if not self._has_normal:
            return ()
        return tuple(np.abs(np.diff(_positions(self.tags) @ _slice_normal(self.tags[0]))).tolist())

    @property
    def gantry_tilt_deg(self) -> float:
        """Angle in degrees between the line from the first slice to the last and the slice normal.

        Readers of DICOM stack slices along their normal; where the table moved at an angle to it, they shear the body.
        """
        if not self._has_normal:
            return 0.0
        positions, normal = _positions(self.tags), _slice_normal(self.tags[0])
        along = positions[-1] - positions[0]
        across = np.linalg.norm(np.cross(along, normal))
        return float(np.degrees(np.arctan2(across, abs(along @ normal))))

    @property
    def _has_normal(self) -> bool:
        return len(self.tags) > 1 and all("ImageOrientationPatient" in tags for tags in self.tags)


def image_tags(path: Path) -> dict[str, str]:
    """What a DICOM file says of its image, keyword -> text; nothing where it is no DICOM file."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return {}
    return {
        keyword: reader.GetMetaData(tag).strip() for keyword, tag in _IMAGE_TAGS.items() if reader.HasMetaDataKey(tag)
    }


def _image_series(folder: Path) -> list[tuple[str, ...]]:
    """File names of each image series in `folder`, in slice order; series without pixels are passed over."""
    with without_itk_warnings():
        found = [
            sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid)
            for uid in sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
        ]
    return [files for files in found if files and "ImagePositionPatient" in image_tags(Path(files[0]))]


def _check_slice(name: str, tags: dict[str, str]) -> None:
    if _is_cut_short(Path(name), tags):
        raise InputError(
            _("The slice {name} is cut short; export the whole series again.").format(name=name), code="slice-cut-short"
        )
    if not _is_placed(tags):
        raise InputError(
            _(
                "The slice {name} does not tell its position (ImagePositionPatient); leave it out if it is no "
                "slice of the CT, or export the series again."
            ).format(name=name),
            code="slice-without-position",
        )


def _is_cut_short(path: Path, tags: dict[str, str]) -> bool:
    """Does the file of a slice end before its pixels do? Some versions of ITK fill the rest up in silence."""
    with path.open("rb") as file:
        header = file.read(1024)
    position = header.find(_TRANSFER_SYNTAX) + len(_TRANSFER_SYNTAX)
    length = int.from_bytes(header[position : position + 2], "little")
    if header[position + 2 : position + 2 + length].rstrip(b"\x00") not in _UNCOMPRESSED:
        return False
    rows, columns, bits = (int(tags.get(keyword, "0")) for keyword in ("Rows", "Columns", "BitsAllocated"))
    return path.stat().st_size < rows * columns * bits // 8


def _is_placed(tags: dict[str, str]) -> bool:
    """Does a slice tell its position, and an orientation that is one where it tells any?"""
    try:
        is_oriented = "ImageOrientationPatient" not in tags or bool(_slice_normal(tags).any())
        return is_oriented and _positions((tags,)).shape == (1, 3)
    except (KeyError, ValueError):
        return False


def _positions(tags: tuple[dict[str, str], ...]) -> np.ndarray:
    """Positions of the slices in mm, shape (slices, 3)."""
    return np.array([own["ImagePositionPatient"].split("\\") for own in tags], dtype=float)


def _slice_normal(tags: dict[str, str]) -> np.ndarray:
    row, column = np.array(tags["ImageOrientationPatient"].split("\\"), dtype=float).reshape(2, 3)
    return np.cross(row, column)
