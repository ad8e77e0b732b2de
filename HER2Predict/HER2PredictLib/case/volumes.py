"""Reading a CT volume and an ROI from files: NRRD, NIfTI, MetaImage, a folder with a DICOM series, a segmentation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _

#: DICOM attributes that describe the image and never the patient: keyword -> (group|element).
IMAGE_TAGS = {
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
class Volume:
    """A CT volume as it was stored.

    Attributes
    ----------
    image : SimpleITK.Image
        Three dimensions, one component, gray levels in Hounsfield units.
    name : str
        File or folder name.
    modality : str or None
        DICOM modality, where the source tells it.
    slice_gaps : tuple of float
        Distances in mm between neighbouring DICOM slices; empty for other sources.
    gantry_tilt_deg : float
        Angle in degrees between the line through the positions of the DICOM slices and their normal.
    warped : bool
        Does a non-linear transform, which the image is without, lie on it in the scene?
    """

    image: sitk.Image
    name: str
    modality: str | None = None
    slice_gaps: tuple[float, ...] = ()
    gantry_tilt_deg: float = 0.0
    warped: bool = False


@dataclass(frozen=True, eq=False)
class Roi:
    """One ROI on the grid on which it was stored: a uint8 image of 0 and 1, and how it was named."""

    image: sitk.Image
    name: str


def read_volume(path: Path) -> Volume:
    """Read a CT volume.

    Raises
    ------
    InputError
        Where the path holds no readable three-dimensional gray-level image.
    """
    if path.is_dir():
        return _read_dicom_folder(path)
    return Volume(_one_volume(_read_file(path), path), path.name, _file_modality(path))


def read_roi(path: Path, segment: str | None = None) -> Roi:
    """Read an ROI from a segmentation (``.seg.nrrd``) or a label map.

    Parameters
    ----------
    path : Path
        The file.
    segment : str, optional
        Name or ID of the segment; in a label map without segments, the label value. Needed where there are several.

    Raises
    ------
    InputError
        Where the file is not readable, has no such segment, or has several and none was named.
    """
    if path.is_dir():
        raise InputError(
            _("{path} is a folder; the ROI must be a .seg.nrrd segmentation or a label map file.").format(path=path),
            code="roi-is-folder",
        )
    image = _read_file(path)
    segments = _segments_of(image, path)
    if segments:
        return _roi_of_segment(image, segments, path, segment)
    return _roi_of_label(_one_volume(image, path), path, segment)


def _readable() -> str:
    return _("NRRD, NIfTI, MetaImage (.mha, .mhd) or a folder holding one DICOM series")


def _read_file(path: Path) -> sitk.Image:
    if not path.exists():
        raise InputError(_("{path} does not exist. Check the path.").format(path=path), code="file-not-found")
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with _without_itk_warnings():
            return reader.Execute()
    except RuntimeError as error:
        raise InputError(
            _("{path} is not an image that can be read, or is damaged. Give {kinds}.").format(
                path=path, kinds=_readable()
            ),
            code="image-unreadable",
        ) from error


@contextlib.contextmanager
def _without_itk_warnings() -> Iterator[None]:
    """Keep ITK's remarks off standard error; what matters of them is a finding or an InputError."""
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def _one_volume(image: sitk.Image, path: Path) -> sitk.Image:
    """`image` if it is a 3D gray-level volume (a fourth axis of length 1 is dropped), else InputError."""
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(
            _("{path} has {count} values per voxel (a colour or vector image); give a gray-level CT volume.").format(
                path=path, count=image.GetNumberOfComponentsPerPixel()
            ),
            code="not-gray-level",
        )
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if image.GetDimension() != 3:
        raise InputError(
            _("{path} has {count} dimensions; give one volume with 3.").format(path=path, count=image.GetDimension()),
            code="not-one-volume",
        )
    return image


def _file_modality(path: Path) -> str | None:
    """The modality of a single DICOM file given as the volume; None for other formats."""
    if path.suffix.lower() not in (".dcm", ""):
        return None
    return _image_tags(path).get("Modality")


def _image_tags(path: Path) -> dict[str, str]:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return {}
    return {
        keyword: reader.GetMetaData(tag).strip() for keyword, tag in IMAGE_TAGS.items() if reader.HasMetaDataKey(tag)
    }


def _read_dicom_folder(folder: Path) -> Volume:
    series = _image_series(folder)
    if not series:
        raise InputError(
            _("{folder} holds no DICOM image series. Give {kinds}.").format(folder=folder, kinds=_readable()),
            code="no-dicom-series",
        )
    if len(series) > 1:
        sizes = ", ".join(_("{count} slices").format(count=len(files)) for files in series)
        raise InputError(
            _(
                "{folder} holds {count} DICOM image series ({sizes}); put the excretory phase alone into a folder."
            ).format(folder=folder, count=len(series), sizes=sizes),
            code="several-dicom-series",
        )
    files = series[0]
    tags = [_image_tags(Path(name)) for name in files]
    for name, tag in zip(files, tags, strict=True):
        if _is_cut_short(Path(name), tag):
            raise InputError(
                _("The slice {name} is cut short; export the whole series again.").format(name=name),
                code="slice-cut-short",
            )
        if not _is_placed(tag):
            raise InputError(
                _(
                    "The slice {name} does not tell its position (ImagePositionPatient); leave it out if it is no "
                    "slice of the CT, or export the series again."
                ).format(name=name),
                code="slice-without-position",
            )
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
    try:
        with _without_itk_warnings():  # on uneven slices there is a finding
            image = reader.Execute()
    except RuntimeError as error:
        raise InputError(
            _(
                "The slices in {folder} do not form one volume (sizes or orientations differ, or a file is damaged)."
            ).format(folder=folder),
            code="slices-differ",
        ) from error
    modality = tags[0].get("Modality")
    return Volume(_one_volume(image, folder), folder.name, modality, _slice_gaps(tags), _gantry_tilt_deg(tags))


def _image_series(folder: Path) -> list[tuple[str, ...]]:
    """File names of each image series in `folder`, in slice order; series without pixels are passed over."""
    with _without_itk_warnings():
        found = [
            sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid)
            for uid in sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
        ]
    return [files for files in found if files and "ImagePositionPatient" in _image_tags(Path(files[0]))]


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
        return is_oriented and _positions([tags]).shape == (1, 3)
    except (KeyError, ValueError):
        return False


def _slice_gaps(tags: list[dict[str, str]]) -> tuple[float, ...]:
    """Distances in mm between neighbouring slices along the slice normal (DICOM PS3.3 C.7.6.2.1.1)."""
    if len(tags) < 2 or any("ImageOrientationPatient" not in tag for tag in tags):
        return ()
    return tuple(np.abs(np.diff(_positions(tags) @ _slice_normal(tags[0]))).tolist())


def _gantry_tilt_deg(tags: list[dict[str, str]]) -> float:
    """Angle in degrees between the line from the first slice to the last and the slice normal.

    Readers of DICOM stack slices along their normal; where the table moved at an angle to it, they shear the body.
    """
    if len(tags) < 2 or any("ImageOrientationPatient" not in tag for tag in tags):
        return 0.0
    positions, normal = _positions(tags), _slice_normal(tags[0])
    along = positions[-1] - positions[0]
    across = np.linalg.norm(np.cross(along, normal))
    return float(np.degrees(np.arctan2(across, abs(along @ normal))))


def _positions(tags: list[dict[str, str]]) -> np.ndarray:
    """Positions of the slices in mm, shape (slices, 3)."""
    return np.array([tag["ImagePositionPatient"].split("\\") for tag in tags], dtype=float)


def _slice_normal(tag: dict[str, str]) -> np.ndarray:
    row, column = np.array(tag["ImageOrientationPatient"].split("\\"), dtype=float).reshape(2, 3)
    return np.cross(row, column)


def share_outside(index: np.ndarray, size: tuple[int, ...]) -> float:
    """Share (0 to 1) of the positions, in voxels, shape (n, 3), that lie outside an image of this size."""
    return float(((index < -0.5) | (index > np.array(size) - 0.5)).any(axis=1).mean())


@dataclass(frozen=True)
class _Segment:
    id: str
    name: str
    label: int
    layer: int


def _segments_of(image: sitk.Image, path: Path) -> list[_Segment]:
    """Segments that a ``.seg.nrrd`` header declares.

    Field names as 3D Slicer writes them (``Segment0_ID`` ...). Files of Slicer before 4.11 have neither label values
    nor layers: there every segment is a layer of its own with label 1.

    Raises
    ------
    InputError
        Where a label value or a layer is no whole number.
    """
    keys = set(image.GetMetaDataKeys())
    segments: list[_Segment] = []
    while (prefix := f"Segment{len(segments)}_") and f"{prefix}ID" in keys:

        def field(name: str, default: str, prefix: str = prefix) -> str:
            return image.GetMetaData(prefix + name).strip() if prefix + name in keys else default

        segment_id = field("ID", "")
        name = field("Name", segment_id)
        try:
            numbers = int(field("LabelValue", "1")), int(field("Layer", str(len(segments))))
        except ValueError as error:
            raise InputError(
                _('The segment "{name}" in {path} has no usable label value or layer; save it again.').format(
                    name=name, path=path
                ),
                code="segment-unusable",
            ) from error
        segments.append(_Segment(segment_id, name, *numbers))
    return segments


def _roi_of_segment(image: sitk.Image, segments: list[_Segment], path: Path, wanted: str | None) -> Roi:
    chosen = choose_segment([(segment.id, segment.name) for segment in segments], wanted, str(path))
    segment = next(candidate for candidate in segments if candidate.id == chosen)
    layers = image.GetNumberOfComponentsPerPixel()
    layer = image if layers == 1 else sitk.VectorIndexSelectionCast(image, min(segment.layer, layers - 1))
    return Roi(sitk.Cast(_one_volume(layer, path) == segment.label, sitk.sitkUInt8), segment.name)


def choose_segment(segments: list[tuple[str, str]], wanted: str | None, where: str) -> str:
    """ID of the segment that `wanted` names by ID or name; of the only one, if none is named.

    Parameters
    ----------
    segments : list of (id, name)
    wanted : str or None
    where : str
        What holds the segments, for the message.

    Raises
    ------
    InputError
        Where there is none, no such one, or a choice that was not made.
    """
    names = ", ".join(f'"{name}"' for _id, name in segments)
    if not segments:
        raise InputError(
            _("{where} holds no segment. Outline the tumour first.").format(where=where), code="no-segment"
        )
    if wanted is None:
        if len(segments) > 1:
            raise InputError(
                _("{where} holds {count} segments ({names}); name the one that is the tumour.").format(
                    where=where, count=len(segments), names=names
                ),
                code="segment-not-named",
            )
        return segments[0][0]
    found = [segment_id for segment_id, _name in segments if segment_id == wanted]
    found = found or [segment_id for segment_id, name in segments if name == wanted]
    if not found:
        raise InputError(
            _('{where} holds no segment "{wanted}"; it holds {names}.').format(where=where, wanted=wanted, names=names),
            code="segment-not-found",
        )
    if len(found) > 1:
        ids = ", ".join(found)
        raise InputError(
            _('{where} holds {count} segments named "{wanted}"; name one by its ID: {ids}.').format(
                where=where, count=len(found), wanted=wanted, ids=ids
            ),
            code="segment-ambiguous",
        )
    return found[0]


def _roi_of_label(image: sitk.Image, path: Path, wanted: str | None) -> Roi:
    values = sitk.GetArrayViewFromImage(image)
    labels = np.unique(values[values != 0]).tolist()
    if len(labels) > 20 or any(label != int(label) for label in labels if np.isfinite(label)):
        raise InputError(
            _("{path} is not a label map ({count} different values); give the ROI, not the volume.").format(
                path=path, count=len(labels)
            ),
            code="not-label-map",
        )
    if any(not np.isfinite(label) for label in labels):
        raise InputError(
            _("{path} holds values that are not numbers; give a label map of whole numbers.").format(path=path),
            code="not-label-map",
        )
    chosen = _choose_label([int(label) for label in labels], wanted, path)
    return Roi(sitk.Cast(image == chosen, sitk.sitkUInt8), path.name if len(labels) < 2 else f"label {chosen}")


def _choose_label(labels: list[int], wanted: str | None, path: Path) -> int:
    listed = ", ".join(map(str, labels))
    if not labels:
        raise InputError(
            _("The ROI in {path} is empty: no voxel is marked. Outline the tumour first.").format(path=path),
            code="roi-empty",
        )
    if wanted is None:
        if len(labels) > 1:
            raise InputError(
                _("{path} holds {count} labels ({listed}); name the one that is the tumour.").format(
                    path=path, count=len(labels), listed=listed
                ),
                code="segment-not-named",
            )
        return labels[0]
    if wanted not in map(str, labels):
        raise InputError(
            _('{path} holds no segment or label "{wanted}"; it holds the labels {listed}.').format(
                path=path, wanted=wanted, listed=listed
            ),
            code="segment-not-found",
        )
    return int(wanted)
