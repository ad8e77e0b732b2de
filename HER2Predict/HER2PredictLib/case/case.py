"""A Case: one CT volume and one ROI on the same grid."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _
from .grid import Axes, Window, canonical_spacing, index_to_physical, same_grid, share_outside
from .masks import Box, bounding_box
from .nodes import volume_from_node
from .prepared import MARGIN_MM, SLAB_SHARE, SLICE_MM, Prepared, canonical_image
from .rois import Roi, empty_roi, read_roi, series_drawn_on
from .segment_nodes import roi_from_node
from .volumes import Volume, read_volume


@dataclass(frozen=True, eq=False)
class Case:
    """A CT volume in HU and an ROI of 0 and 1 on its grid.

    `roi_share_outside` is the share (0 to 1) of the ROI as drawn that lay outside the volume and is lost.
    """

    volume: Volume
    roi: Roi
    roi_share_outside: float = 0.0

    @classmethod
    def from_nodes(cls, volume_node: Any, roi_node: Any, segment_id: str | None = None) -> Case:
        """Case from a ``vtkMRMLScalarVolumeNode`` and a segment, by ID or name, of a ``vtkMRMLSegmentationNode``.

        The segment may be on any grid and under any transform; it need not be named where it is the only one.

        Raises
        ------
        InputError
            Where a node does not hold what it should, or the ROI is empty or outside the volume.
        """
        return cls(volume_from_node(volume_node), *roi_from_node(roi_node, segment_id, volume_node))

    @classmethod
    def from_files(cls, volume: Path, roi: Path, segment: str | None = None, series: str | None = None) -> Case:
        """Case from a volume and an ROI on any grid, see `read_volume` and `read_roi`.

        `series` is the UID of the series to take of a folder with several.

        Raises
        ------
        InputError
            Where a file is not readable, or the ROI is empty or outside the volume.
        """
        drawn_on = series_drawn_on(Path(roi)) if Path(volume).is_dir() and not series else set()
        return cls.on_volume(read_volume(Path(volume), series, drawn_on), roi, segment)

    @classmethod
    def on_volume(cls, volume: Volume, roi: Path, segment: str | None = None) -> Case:
        """Case from a volume that was read before, and an ROI in a file.

        Raises
        ------
        InputError
            As `from_files` does.
        """
        drawn = read_roi(Path(roi), segment, volume.image)
        if volume.frame_of_reference and drawn.frames_of_reference:
            _check_space(volume, drawn)
        if same_grid(drawn.image, volume.image):
            return cls(volume, drawn)
        return cls(volume, *_on_grid_of(volume.image, drawn))

    def with_roi(self, voxels: np.ndarray, name: str | None = None) -> Case:
        """The case with another ROI: a uint8 array of 0 and 1 on its grid, axes (k, j, i), and another name for it."""
        image = sitk.GetImageFromArray(voxels)
        image.CopyInformation(self.roi.image)
        return dataclasses.replace(self, roi=dataclasses.replace(self.roi, image=image, name=name or self.roi.name))

    @cached_property
    def voxels(self) -> np.ndarray:
        """Gray levels as a read-only view, axes (k, j, i), HU."""
        return sitk.GetArrayViewFromImage(self.volume.image)

    @cached_property
    def roi_voxels(self) -> np.ndarray:
        """The ROI as a read-only view of 0 and 1, axes (k, j, i)."""
        return sitk.GetArrayViewFromImage(self.roi.image)

    @cached_property
    def box(self) -> Box:
        """The ROI's bounding box.

        Raises
        ------
        InputError
            Where the ROI is empty.
        """
        box = bounding_box(self.roi_voxels)
        if 0 in box.shape:
            raise empty_roi(self.roi.name)
        return box

    @cached_property
    def roi_voxel_count(self) -> int:
        return int(np.count_nonzero(self.roi_voxels[self.box.slices]))

    @property
    def roi_volume_ml(self) -> float:
        return self.roi_voxel_count * float(np.prod(self.spacing_mm)) / 1000.0

    @cached_property
    def axes(self) -> Axes:
        """Which axis of the voxels runs where in the body."""
        return Axes.of(self.volume.image)

    def anatomical(self, array: np.ndarray) -> np.ndarray:
        """View of an array on the volume's grid with axes towards head, posterior and left."""
        return self.axes.anatomical(array)

    @property
    def slice_spacing_mm(self) -> float:
        """Distance between slices along the head-foot axis in mm."""
        return self.spacing_mm[0]

    @property
    def roi_slices(self) -> int:
        """Number of slices, along the head-foot axis, from the ROI's first to its last."""
        return self.box.shape[self.axes.order[0]]

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Spacing in mm along head-foot, anterior-posterior, left-right."""
        stored = np.array(self.volume.image.GetSpacing())[::-1]
        k, j, i = (canonical_spacing(float(stored[axis])) for axis in self.axes.order)
        return k, j, i

    @property
    def slices_averaged(self) -> int:
        """How many thin slices make one slice of the prepared pair; 1 where none are averaged."""
        return max(1, int(SLICE_MM / self.spacing_mm[0] + 1e-6))

    def prepared(self) -> Prepared:
        """The canonical pair: ROI and margin, anchored to the ROI, in anatomical axes, thin slices averaged.

        The same tumour gives the same pair, to the last bit, however the volume was cropped (margin kept), padded,
        flipped, reoriented or shifted.

        Raises
        ------
        InputError
            Where the ROI is empty, or so thin that averaging leaves nothing of it.
        """
        prepared = self.surroundings(MARGIN_MM)
        if not sitk.GetArrayViewFromImage(prepared.mask).any():
            raise InputError(
                _(
                    'The ROI "{name}" is thinner than three quarters of a slice of {thickness:g} mm; '
                    "outline more of the tumour."
                ).format(name=self.roi.name, thickness=prepared.image.GetSpacing()[2]),
                code="roi-too-thin",
            )
        return prepared

    def surroundings(self, margin_mm: tuple[float, float, float]) -> Prepared:
        """The ROI with another margin (left-right, anterior-posterior, head-foot, in mm), otherwise as `prepared`.

        Raises
        ------
        InputError
            Where the ROI is empty.
        """
        window = self._window(margin_mm)
        image = window.averaged(window.cut(self.voxels).astype(np.float64))
        mask = self.coverage(margin_mm) >= SLAB_SHARE
        return Prepared(
            canonical_image(image, self._averaged_spacing),
            canonical_image(mask.astype(np.uint8), self._averaged_spacing),
            self.slices_averaged,
            window.missing_mm(self.spacing_mm),
        )

    def coverage(self, margin_mm: tuple[float, float, float]) -> np.ndarray:
        """Share (0 to 1) of the slices of each voxel of `surroundings` of this margin that are in the ROI."""
        window = self._window(margin_mm)
        return window.averaged(window.cut_mask(self.roi_voxels))

    def from_surroundings(self, mask: np.ndarray, margin_mm: tuple[float, float, float]) -> np.ndarray:
        """A boolean array on the grid of `surroundings` of this margin, on the volume's grid, axes (k, j, i)."""
        return self._window(margin_mm).placed(mask)

    @property
    def _averaged_spacing(self) -> tuple[float, float, float]:
        """Spacing in mm along head-foot, anterior-posterior, left-right once thin slices are averaged."""
        return canonical_spacing(self.spacing_mm[0] * self.slices_averaged), self.spacing_mm[1], self.spacing_mm[2]

    def _window(self, margin_mm: tuple[float, float, float]) -> Window:
        """The ROI and a margin (left-right, anterior-posterior, head-foot, in mm) on the volume's grid."""
        slab = self.slices_averaged
        head, posterior, left = (
            int(np.ceil(margin / spacing - 1e-9))
            for margin, spacing in zip(reversed(margin_mm), self._averaged_spacing, strict=True)
        )
        return Window.around(self.box, self.axes, self.voxels.shape, (head * slab, posterior, left), slab)


def _check_space(volume: Volume, roi: Roi) -> None:
    """Are both in the coordinates of one examination?"""
    if volume.frame_of_reference not in roi.frames_of_reference:
        raise InputError(
            _(
                'The ROI "{name}" was drawn on images of another examination or position (its frame of reference is '
                "another one); choose the volume that it was drawn on."
            ).format(name=roi.name),
            code="roi-of-other-images",
        )


def _on_grid_of(volume: sitk.Image, roi: Roi) -> tuple[Roi, float]:
    """The ROI on the volume's grid (nearest voxel, as Slicer does), and the share of it that lies outside."""
    marked = np.argwhere(sitk.GetArrayViewFromImage(roi.image))[:, ::-1]
    if len(marked) == 0:
        raise empty_roi(roi.name)
    to_index = np.linalg.inv(index_to_physical(volume)) @ index_to_physical(roi.image)
    index = marked @ to_index[:3, :3].T + to_index[:3, 3]
    share = share_outside(index, volume.GetSize())
    if share == 1.0:
        raise InputError(
            _('The ROI "{name}" lies outside the volume; choose the volume that it was drawn on.').format(
                name=roi.name
            ),
            code="roi-outside-volume",
        )
    moved = sitk.Resample(roi.image, volume, sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    return dataclasses.replace(roi, image=moved), share
