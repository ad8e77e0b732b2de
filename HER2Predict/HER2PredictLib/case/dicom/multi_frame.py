"""Multi-frame CT (Enhanced CT, and single slices converted to it): where the frames lie, and the volume they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ...errors import InputError
from ...i18n import tr as _
from .headers import dataset_of, without_remarks

#: Slices whose positions differ by less than this, in mm, are at one place.
SAME_PLACE_MM = 1e-3


@dataclass(frozen=True, eq=False)
class Frames:
    """The frames of a file in the order of their positions along their normal.

    `order`, shape (frames,), are their places in the file; `positions`, shape (frames, 3), mm; `orientation` the six
    cosines of all; `spacing` that of columns and rows, mm; `rescale`, shape (frames, 2), slope and intercept of each.
    """

    dataset: Any
    order: np.ndarray
    positions: np.ndarray
    orientation: tuple[float, ...]
    spacing: tuple[float, float]
    rescale: np.ndarray

    @property
    def planes(self) -> tuple[np.ndarray, tuple[float, ...]]:
        """Positions and orientation."""
        return self.positions, self.orientation


@without_remarks()
def frames_of(path: Path) -> Frames:
    """What the functional groups of a file say of its frames.

    Raises
    ------
    InputError
        Where they do not place every frame, or not all in one direction.
    """
    dataset = dataset_of(path)
    try:
        frames = _frames(dataset)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise InputError(
            _(
                "{path} does not tell where each of its frames lies, or frames differ in direction or size; export the "
                "series as single slices."
            ).format(path=path),
            code="frames-not-placed",
        ) from error
    gaps = np.diff(along_normal(*frames.planes))
    if gaps.size and gaps.min() < SAME_PLACE_MM:
        raise InputError(
            _(
                "{count} frames of {path} lie where another one does (several phases in one file); export them as "
                "series of their own."
            ).format(count=int((gaps < SAME_PLACE_MM).sum()), path=path),
            code="slices-at-one-place",
        )
    return frames


def _frames(dataset: Any) -> Frames:
    own, shared = dataset.PerFrameFunctionalGroupsSequence, dataset.SharedFunctionalGroupsSequence[0]

    def group(frame: Any, name: str) -> Any:
        return (frame if name in frame else shared)[name][0]

    orientations = [
        tuple(map(float, group(frame, "PlaneOrientationSequence").ImageOrientationPatient)) for frame in own
    ]
    spacings = [tuple(map(float, group(frame, "PixelMeasuresSequence").PixelSpacing)) for frame in own]
    if not (np.allclose(orientations, orientations[0], atol=1e-4) and np.allclose(spacings, spacings[0], atol=1e-6)):
        raise ValueError("frames differ")
    positions = np.array([group(frame, "PlanePositionSequence").ImagePositionPatient for frame in own], dtype=float)
    rescale = [group(frame, "PixelValueTransformationSequence") for frame in own]
    order = np.argsort(along_normal(positions, orientations[0]), kind="stable")
    row_mm, column_mm = spacings[0]
    return Frames(
        dataset,
        order,
        positions[order],
        orientations[0],
        (column_mm, row_mm),
        np.array([[float(each.RescaleSlope), float(each.RescaleIntercept)] for each in rescale])[order],
    )


@without_remarks()
def multi_frame_image(path: Path) -> sitk.Image:
    """The frames as one volume, in HU.

    Raises
    ------
    InputError
        See `frames_of`; and where the pixels are compressed in a way that cannot be undone here.
    """
    frames = frames_of(path)
    try:
        stored = frames.dataset.pixel_array
    except (RuntimeError, NotImplementedError, AttributeError, ValueError, EOFError) as error:
        raise InputError(
            _(
                "The pixels of {path} are damaged, or compressed in a way that cannot be undone here; export the "
                "series uncompressed or as single slices."
            ).format(path=path),
            code="image-unreadable",
        ) from error
    slope, intercept = (column[:, None, None] for column in frames.rescale.T)
    stored = stored.reshape(-1, *stored.shape[-2:])[frames.order]
    voxels = stored * slope + intercept
    if np.array_equal(frames.rescale, np.rint(frames.rescale)) and np.abs(voxels).max() < 2**15:
        voxels = voxels.astype(np.int16)
    return _placed(voxels, frames)


def _placed(voxels: np.ndarray, frames: Frames) -> sitk.Image:
    image = sitk.GetImageFromArray(voxels)
    along = along_normal(*frames.planes)
    distance = float((along[-1] - along[0]) / (len(along) - 1)) if len(along) > 1 else 1.0
    image.SetSpacing((*frames.spacing, distance))
    image.SetOrigin(frames.positions[0].tolist())
    axes = frames.orientation[:3], frames.orientation[3:], slice_normal(frames.orientation)
    image.SetDirection(np.column_stack(axes).ravel().tolist())
    return image


def along_normal(positions: np.ndarray, orientation: Sequence[float]) -> np.ndarray:
    """Places of slices along their normal in mm, shape (slices,); `positions` has shape (slices, 3)."""
    return positions @ slice_normal(orientation)


def slice_normal(orientation: Sequence[float]) -> np.ndarray:
    """Of the six cosines of ImageOrientationPatient."""
    return np.cross(orientation[:3], orientation[3:])
