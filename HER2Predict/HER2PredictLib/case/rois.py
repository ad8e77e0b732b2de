"""Reading an ROI from a file (``.seg.nrrd``, label map, DICOM SEG, RTSTRUCT), and which segment is meant."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _
from .dicom.headers import (
    LABEL_MAP_SEGMENTATION,
    ROI_CLASSES,
    RT_STRUCTURE_SET,
    dataset_of,
    header_by_name,
    headers_of,
    without_remarks,
)
from .dicom.segmentation import read_segmentation, referred_series, segment_image, segments_of
from .dicom.structures import structure_image, structures_of
from .images import one_volume, read_image


@dataclass(frozen=True, eq=False)
class Roi:
    """One ROI on the grid on which it was stored: a uint8 image of 0 and 1, and how it was named.

    `drawn_on` are the UIDs of the series that a DICOM ROI refers to, `frames_of_reference` those of its space.
    """

    image: sitk.Image
    name: str
    drawn_on: Collection[str] = ()
    frames_of_reference: Collection[str] = ()


def empty_roi(name: str) -> InputError:
    """What to raise where an ROI of this name is empty."""
    return InputError(
        _('The ROI "{name}" is empty: no voxel is marked. Outline the tumour first.').format(name=name),
        code="roi-empty",
    )


def read_roi(path: Path, segment: str | None, volume: sitk.Image) -> Roi:
    """Read an ROI from a segmentation (``.seg.nrrd``, DICOM SEG), a structure set (RTSTRUCT) or a label map.

    Which one is told by the name or ID of its `segment`, in DICOM its label or number, in a label map without segments
    its value. A folder is taken for the only segmentation or structure set in it. Contours become voxels of `volume`.

    Raises
    ------
    InputError
        Where the file is not readable, has no such segment, or has several and none was named.
    """
    dicom = dicom_roi(path)
    if dicom is not None:
        return _dicom_roi(*dicom, segment, volume)
    image = read_image(path)
    segments = _segments_of(image, path)
    if segments:
        return _roi_of_segment(image, segments, path, segment)
    return _roi_of_label(one_volume(image, path), path, segment)


def dicom_roi(path: Path) -> tuple[Path, str] | None:
    """File and SOP class of the DICOM SEG or RTSTRUCT at a path; None where it is a file of another kind.

    Raises
    ------
    InputError
        Where it is a folder without exactly one.
    """
    if path.is_dir():
        found = [header for header in headers_of(path) if header.sop_class in ROI_CLASSES]
        if len(found) != 1:
            raise InputError(
                _(
                    "{path} is a folder with {count} DICOM segmentations or structure sets; name the file of the ROI: "
                    ".seg.nrrd, label map, DICOM SEG or RTSTRUCT."
                ).format(path=path, count=len(found)),
                code="roi-is-folder",
            )
        return found[0].path, found[0].sop_class
    header = header_by_name(path)
    return (path, header.sop_class) if header is not None and header.sop_class in ROI_CLASSES else None


@without_remarks()
def series_drawn_on(path: Path) -> set[str]:
    """UIDs of the image series that a DICOM ROI refers to; empty for other files.

    Raises
    ------
    InputError
        See `read_roi`.
    """
    dicom = dicom_roi(path)
    return set() if dicom is None else referred_series(dataset_of(dicom[0]))


@without_remarks()
def _dicom_roi(path: Path, sop_class: str, wanted: str | None, volume: sitk.Image) -> Roi:
    if sop_class == RT_STRUCTURE_SET:
        dataset = dataset_of(path)
        structures = structures_of(dataset)
        chosen = choose_segment(structures, wanted, str(path))
        name = dict(structures)[chosen]
        image = structure_image(dataset, chosen, name, volume, path)
        return Roi(image, name, referred_series(dataset), _frames_of_reference(dataset))
    if sop_class == LABEL_MAP_SEGMENTATION:
        raise InputError(
            _("{path} is a DICOM label map segmentation, which cannot be read here; export a binary one.").format(
                path=path
            ),
            code="segmentation-label-map",
        )
    segmentation = read_segmentation(path)
    segments = segments_of(segmentation)
    chosen = choose_segment(segments, wanted, str(path))
    image = segment_image(segmentation, int(chosen), path)
    return Roi(image, dict(segments)[chosen], referred_series(segmentation), _frames_of_reference(segmentation))


def _frames_of_reference(dataset: Any) -> set[str]:
    found = {str(item.FrameOfReferenceUID) for item in dataset.get("ReferencedFrameOfReferenceSequence", [])}
    return found | ({str(dataset.FrameOfReferenceUID)} if dataset.get("FrameOfReferenceUID") else set())


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
    return Roi(sitk.Cast(one_volume(layer, path) == segment.label, sitk.sitkUInt8), segment.name)


def choose_segment(segments: list[tuple[str, str]], wanted: str | None, where: str) -> str:
    """ID of the segment that `wanted` names by ID or name; of the only one, if none is named.

    Raises
    ------
    InputError
        Where there is none, no such one, or a choice that was not made; it says that of `where`, which holds the
        `segments` (ID, name).
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
    name = path.name if len(labels) < 2 else f"label {chosen}"
    roi = sitk.GetImageFromArray((values == chosen).view(np.uint8))
    roi.CopyInformation(image)
    return Roi(roi, name)


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
