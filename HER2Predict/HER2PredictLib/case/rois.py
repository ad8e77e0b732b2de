"""Reading an ROI from a file: a segmentation (``.seg.nrrd``) or a label map; and which segment is meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _
from .images import one_volume, read_image


@dataclass(frozen=True, eq=False)
class Roi:
    """One ROI on the grid on which it was stored: a uint8 image of 0 and 1, and how it was named."""

    image: sitk.Image
    name: str


def empty_roi(name: str) -> InputError:
    """What to raise where an ROI of this name is empty."""
    return InputError(
        _('The ROI "{name}" is empty: no voxel is marked. Outline the tumour first.').format(name=name),
        code="roi-empty",
    )


def read_roi(path: Path, segment: str | None = None) -> Roi:
    """Read an ROI from a segmentation (``.seg.nrrd``) or a label map.

    Which one is told by the name or ID of its `segment`, in a label map without segments by its value.

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
    image = read_image(path)
    segments = _segments_of(image, path)
    if segments:
        return _roi_of_segment(image, segments, path, segment)
    return _roi_of_label(one_volume(image, path), path, segment)


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
