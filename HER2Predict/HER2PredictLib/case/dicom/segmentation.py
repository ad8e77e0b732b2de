"""Reading an ROI from a DICOM Segmentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ...errors import InputError
from ...i18n import tr as _


def read_segmentation(path: Path) -> Any:
    """The object, as highdicom reads it.

    Raises
    ------
    InputError
        Where highdicom is not installed, the file cannot be read, or its segments are fractional.
    """
    try:
        import highdicom
    except ImportError as error:
        raise InputError(
            _("DICOM segmentations are read with highdicom, which is not installed here: pip install highdicom."),
            code="highdicom-missing",
        ) from error
    try:
        found = highdicom.seg.segread(path)
    except (ValueError, AttributeError, TypeError, KeyError, OSError) as error:
        raise InputError(
            _("{path} is not a DICOM segmentation that can be read, or is damaged.").format(path=path),
            code="image-unreadable",
        ) from error
    if found.SegmentationType == "FRACTIONAL":
        raise InputError(
            _(
                "{path} is a fractional segmentation (shares or probabilities); an ROI is in or out. Export it as a "
                "binary one."
            ).format(path=path),
            code="segmentation-fractional",
        )
    return found


def segments_of(segmentation: Any) -> list[tuple[str, str]]:
    """Number, as text, and label of each segment."""
    return [
        (str(number), str(segmentation.get_segment_description(number).segment_label))
        for number in segmentation.segment_numbers
    ]


def segment_image(segmentation: Any, number: int, path: Path) -> sitk.Image:
    """One segment as an image of 0 and 1, on the grid of its own frames.

    Raises
    ------
    InputError
        Where the frames do not form a volume.
    """
    try:
        volume = segmentation.get_volume(segment_numbers=[number])
    except (RuntimeError, ValueError, AttributeError, KeyError) as error:
        raise InputError(
            _("The frames of the segmentation {path} do not form a volume; export it again.").format(path=path),
            code="frames-not-placed",
        ) from error
    voxels = np.asarray(volume.array)
    image = sitk.GetImageFromArray((voxels.reshape(voxels.shape[:3]) > 0).astype(np.uint8))
    # highdicom's axes are slice, row, column; SimpleITK's column, row, slice.
    image.SetSpacing([float(size) for size in reversed(volume.spacing)])
    image.SetOrigin([float(at) for at in volume.position])
    image.SetDirection(np.asarray(volume.direction)[:, ::-1].ravel().tolist())
    return image


def referred_series(dataset: Any) -> set[str]:
    """UIDs of the image series that a segmentation or a structure set refers to."""
    found = {str(item.SeriesInstanceUID) for item in dataset.get("ReferencedSeriesSequence", [])}
    for frame in dataset.get("ReferencedFrameOfReferenceSequence", []):
        for study in frame.get("RTReferencedStudySequence", []):
            found |= {str(item.SeriesInstanceUID) for item in study.get("RTReferencedSeriesSequence", [])}
    return found
