"""A Case: one CT volume and one ROI on the same grid, and the small canonical pair that features are computed on."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _
from .nodes import roi_from_node, volume_from_node
from .volumes import Roi, Volume, read_roi, read_volume, share_outside

#: Surroundings of the ROI that the prepared pair keeps, in mm (left-right, anterior-posterior, head-foot).
#: pyradiomics keeps 15 voxels of 1 x 1 mm in plane for its filters, rounds outwards by up to one new and half an old
#: voxel, and its B-spline reads a few voxels further. Along the body the pair ends seven sigma of the widest filter
#: away: twice as much changes no feature by more than 2e-5 of its value.
MARGIN_MM = (20.0, 20.0, 35.0)

#: Slice thickness in mm of the study, and of the grid on which features are computed.
SLICE_MM = 5.0

#: A voxel of averaged slices belongs to the ROI where at least this share of them does. Half would keep the volume, but
#: take in voxels that are half urine, which the study's readers leave out on slices of 5 mm: on simulated tumours
#: outlined on slices of 1.25 mm, the 90th percentile of the ROI then rises by 71 HU, and by 5 HU with three quarters.
SLAB_SHARE = 0.75

#: How far the spacing of the prepared pair may be from that of its volume, in units of the last place.
_MOST_ULPS = 24

#: Largest distance in voxels between corresponding corners of two grids that count as the same.
_SAME_GRID_VOXELS = 1e-3


@dataclass(frozen=True)
class Box:
    """The voxels first..last (both included) along the axes (k, j, i) of an array."""

    first: tuple[int, int, int]
    last: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along (k, j, i)."""
        k, j, i = (last - first + 1 for first, last in zip(self.first, self.last, strict=True))
        return k, j, i

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of an array that cuts the box out."""
        k, j, i = (slice(first, last + 1) for first, last in zip(self.first, self.last, strict=True))
        return k, j, i


@dataclass(frozen=True, eq=False)
class Prepared:
    """The canonical pair: what any backend computes the features on.

    Attributes
    ----------
    image : SimpleITK.Image
        float64 HU; axes towards left, posterior, head; origin 0; direction identity.
    mask : SimpleITK.Image
        uint8, 1 inside the ROI, on the same grid.
    slices_averaged : int
        How many thin slices make one slice of the pair; 1 where none were averaged.
    missing_margin_mm : tuple of float
        How much of the margin the volume lacked, in mm, at the (right, left, anterior, posterior, foot, head) side;
        edge values stand in for it.
    """

    image: sitk.Image
    mask: sitk.Image
    slices_averaged: int
    missing_margin_mm: tuple[float, ...]

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write the pair as ``volume.nrrd`` and ``roi.nrrd``, for the `pyradiomics` command or any other program."""
        folder.mkdir(parents=True, exist_ok=True)
        names = ("volume.nrrd", "roi.nrrd")
        with tempfile.TemporaryDirectory(dir=folder) as unfinished:
            for name, image in zip(names, (self.image, self.mask), strict=True):
                sitk.WriteImage(image, str(Path(unfinished) / name), useCompression=True)
            for name in names:
                (Path(unfinished) / name).replace(folder / name)
        return folder / names[0], folder / names[1]


@dataclass(frozen=True, eq=False)
class Case:
    """A CT volume and an ROI on its grid.

    Parameters
    ----------
    volume : Volume
        The CT in HU.
    roi : Roi
        0 and 1 on the grid of the volume.
    roi_share_outside : float
        Share (0 to 1) of the ROI as drawn that lay outside the volume and is lost.
    """

    volume: Volume
    roi: Roi
    roi_share_outside: float = field(default=0.0)

    @classmethod
    def from_nodes(cls, volume_node: Any, roi_node: Any, segment_id: str | None = None) -> Case:
        """Case from MRML nodes, in 3D Slicer or on slicer-core.

        Parameters
        ----------
        volume_node : vtkMRMLScalarVolumeNode
        roi_node : vtkMRMLSegmentationNode
            On any grid and under any transform.
        segment_id : str, optional
            ID or name of the segment; needed where there are several.

        Raises
        ------
        InputError
            Where a node does not hold what it should, or the ROI is empty or outside the volume.
        """
        return cls(volume_from_node(volume_node), *roi_from_node(roi_node, segment_id, volume_node))

    @classmethod
    def from_files(cls, volume: Path, roi: Path, segment: str | None = None) -> Case:
        """Case from a volume (file or DICOM folder) and an ROI (``.seg.nrrd`` or label map) on any grid.

        Raises
        ------
        InputError
            Where a file is not readable, or the ROI is empty or outside the volume.
        """
        return cls.on_volume(read_volume(Path(volume)), roi, segment)

    @classmethod
    def on_volume(cls, volume: Volume, roi: Path, segment: str | None = None) -> Case:
        """Case from a volume that was read before, and an ROI in a file.

        Raises
        ------
        InputError
            As `from_files` does.
        """
        drawn = read_roi(Path(roi), segment)
        if same_grid(drawn.image, volume.image):
            return cls(volume, drawn)
        return cls(volume, *_on_grid_of(volume.image, drawn))

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
        first, last = [], []
        inside = self.roi_voxels
        for axis in range(3):
            others = tuple(other for other in range(3) if other != axis)
            marked = np.flatnonzero(inside.any(axis=others))
            if marked.size == 0:
                raise InputError(
                    _('The ROI "{name}" is empty: no voxel is marked. Outline the tumour first.').format(
                        name=self.roi.name
                    ),
                    code="roi-empty",
                )
            first.append(int(marked[0]))
            last.append(int(marked[-1]))
        return Box((first[0], first[1], first[2]), (last[0], last[1], last[2]))

    @cached_property
    def roi_voxel_count(self) -> int:
        """Number of voxels of the volume's grid inside the ROI."""
        return int(np.count_nonzero(self.roi_voxels[self.box.slices]))

    @property
    def roi_volume_ml(self) -> float:
        """Volume of the ROI in millilitres."""
        return self.roi_voxel_count * float(np.prod(self.spacing_mm)) / 1000.0

    @property
    def axes(self) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
        """Which array axis (k=0, j=1, i=2) runs along head-foot, anterior-posterior, left-right, and which to flip.

        An oblique volume keeps its own axes; each counts as the anatomical axis that it is nearest to.
        """
        return _canonical_axes(np.array(self.volume.image.GetDirection()).reshape(3, 3))

    def anatomical(self, array: np.ndarray) -> np.ndarray:
        """View of an array on the volume's grid with axes towards head, posterior and left."""
        order, flips = self.axes
        return array.transpose(order)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]

    @property
    def slice_spacing_mm(self) -> float:
        """Distance between slices along the head-foot axis in mm."""
        return self.spacing_mm[0]

    @property
    def roi_slices(self) -> int:
        """Number of slices, along the head-foot axis, from the ROI's first to its last."""
        return self.box.shape[self.axes[0][0]]

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Spacing in mm along head-foot, anterior-posterior, left-right."""
        stored = np.array(self.volume.image.GetSpacing())[::-1]
        k, j, i = (_canonical_spacing(float(stored[axis])) for axis in self.axes[0])
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
        order, averaged, ranges = self.axes[0], self.slices_averaged, self._ranges(margin_mm)
        missing = [
            _missing(wanted, self.voxels.shape[axis], spacing)
            for wanted, axis, spacing in zip(ranges, order, self.spacing_mm, strict=True)
        ]
        image = _averaged(_cut(self.voxels, order, ranges).astype(np.float64), averaged)
        mask = self.coverage(margin_mm) >= SLAB_SHARE
        return Prepared(
            _canonical_image(image, self._averaged_spacing),
            _canonical_image(mask.astype(np.uint8), self._averaged_spacing),
            averaged,
            tuple(missing[2] + missing[1] + missing[0]),
        )

    def coverage(self, margin_mm: tuple[float, float, float]) -> np.ndarray:
        """Share (0 to 1) of the slices of each voxel of `surroundings` of this margin that are in the ROI."""
        order, ranges = self.axes[0], self._ranges(margin_mm)
        mask = np.where(_inside(ranges, order, self.voxels.shape), _cut(self.roi_voxels, order, ranges), 0)
        return _averaged(mask, self.slices_averaged)

    def from_surroundings(self, mask: np.ndarray, margin_mm: tuple[float, float, float]) -> np.ndarray:
        """A boolean array on the grid of `surroundings` of this margin, on the volume's grid, axes (k, j, i).

        Every slice of an averaged one is given its values.
        """
        order, ranges = self.axes[0], self._ranges(margin_mm)
        held = [(wanted >= 0) & (wanted < self.voxels.shape[axis]) for wanted, axis in zip(ranges, order, strict=True)]
        placed = np.zeros(self.voxels.shape, bool)
        to = np.ix_(*(wanted[inside] for wanted, inside in zip(ranges, held, strict=True)))
        placed.transpose(order)[to] = np.repeat(mask, self.slices_averaged, axis=0)[np.ix_(*held)]
        return placed

    @property
    def _averaged_spacing(self) -> tuple[float, float, float]:
        """Spacing in mm along head-foot, anterior-posterior, left-right once thin slices are averaged."""
        return _canonical_spacing(self.spacing_mm[0] * self.slices_averaged), self.spacing_mm[1], self.spacing_mm[2]

    def _ranges(self, margin_mm: tuple[float, float, float]) -> list[np.ndarray]:
        """Indices of the ROI and a margin along head-foot, anterior-posterior, left-right, in anatomical order."""
        ranges = []
        for position, (axis, flip) in enumerate(zip(*self.axes, strict=True)):
            step = self.slices_averaged if position == 0 else 1
            margin = int(np.ceil(margin_mm[2 - position] / self._averaged_spacing[position] - 1e-9)) * step
            ranges.append(_range_around(self.box, axis, flip, margin, step))
        return ranges


def _canonical_spacing(spacing: float) -> float:
    """`spacing` in single precision, in mm.

    A NIfTI header keeps single precision, and an oblique NRRD or DICOM header gives a computed length whose last bits
    vary: the same CT stored differently must have the same spacing. The square of such a number is exact in double
    precision, so it also survives NRRD, which stores vectors and takes their length.
    """
    return float(np.float32(spacing))


def _canonical_axes(direction: np.ndarray) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Array axes (k=0, j=1, i=2) nearest to head-foot, anterior-posterior, left-right, and whether each runs backwards.

    Parameters
    ----------
    direction : ndarray, shape (3, 3)
        Column c is the direction of index axis c (i, j, k) in LPS.
    """
    closeness = np.abs(direction).copy()
    index_axis = [0, 0, 0]
    for _axis in range(3):
        world, index = np.unravel_index(int(np.argmax(closeness)), closeness.shape)
        index_axis[int(world)] = int(index)
        closeness[world, :] = -1
        closeness[:, index] = -1
    left, posterior, head = index_axis
    flips = (bool(direction[2, head] < 0), bool(direction[1, posterior] < 0), bool(direction[0, left] < 0))
    return (2 - head, 2 - posterior, 2 - left), flips


def _range_around(box: Box, axis: int, flip: bool, margin: int, step: int) -> np.ndarray:
    """Indices along one array axis, in anatomical order, of the ROI in whole slabs of `step` and `margin` around it."""
    extent = box.shape[axis]
    excess = -extent % step
    before, after = margin + excess // 2, margin + excess - excess // 2
    if flip:
        return np.arange(box.last[axis] + before, box.first[axis] - after - 1, -1)
    return np.arange(box.first[axis] - before, box.last[axis] + after + 1)


def _missing(wanted: np.ndarray, size: int, spacing: float) -> list[float]:
    """mm that `wanted` reaches beyond 0..size-1 at its beginning and at its end."""
    outside = (wanted < 0) | (wanted >= size)
    half = len(wanted) // 2
    return [float(outside[:half].sum() * spacing), float(outside[half:].sum() * spacing)]


def _cut(array: np.ndarray, order: tuple[int, int, int], ranges: list[np.ndarray]) -> np.ndarray:
    """`array` at `ranges`, in anatomical axes; edge values stand in where the array ends."""
    by_axis: list[np.ndarray] = [np.empty(0)] * 3
    for axis, wanted in zip(order, ranges, strict=True):
        by_axis[axis] = np.clip(wanted, 0, array.shape[axis] - 1)
    return array[np.ix_(*by_axis)].transpose(order)


def _averaged(array: np.ndarray, slices: int) -> np.ndarray:
    """The mean of every so many slices."""
    return array.reshape(-1, slices, *array.shape[1:]).mean(axis=1) if slices > 1 else array


def _inside(ranges: list[np.ndarray], order: tuple[int, int, int], shape: tuple[int, ...]) -> np.ndarray:
    """Boolean array in anatomical axes: is this voxel a voxel of the volume?"""
    along = [(wanted >= 0) & (wanted < shape[axis]) for axis, wanted in zip(order, ranges, strict=True)]
    return along[0][:, None, None] & along[1][None, :, None] & along[2][None, None, :]


def _canonical_image(voxels: np.ndarray, spacing: tuple[float, float, float]) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(voxels))
    image.SetSpacing(tuple(reversed(_spacing_that_survives(spacing))))
    return image


@lru_cache(maxsize=64)
def _spacing_that_survives(spacing: tuple[float, float, float]) -> tuple[float, float, float]:
    """The neighbour of a spacing, in mm, that Slicer writes into a file as it is.

    On its way to the file vtkMatrix4x4 inverts the matrix from voxels to mm twice, by cofactors and determinant, and
    ITK's reader multiplies each axis by the inverse of its length. Either can change a last bit, and with it the last
    bits of features that are interpolated. A few units in the last place away there is a spacing that comes through.
    """
    # Along the body as little as can be: slices of 5 mm are to stay so.
    in_plane = range(-_MOST_ULPS, _MOST_ULPS + 1)
    steps = sorted(product(range(-3, 4), in_plane, in_plane), key=lambda own: (abs(own[0]), max(map(abs, own)), own))
    candidates = np.array(spacing) + np.array(steps) * np.spacing(np.array(spacing))
    unchanged = (_inverted(_inverted(candidates)) == candidates) & (candidates * (1.0 / candidates) == 1.0)
    head, posterior, left = candidates[int(np.argmax(unchanged.all(axis=1)))]
    return float(head), float(posterior), float(left)


def _inverted(diagonals: np.ndarray) -> np.ndarray:
    """Diagonals of the inverses of diagonal matrices, shape (n, 3) along (z, y, x), rounded as vtkMatrix4x4 does."""
    z, y, x = diagonals.T
    determinant = x * (y * z)
    return np.stack([x * y, x * z, y * z], axis=1) / determinant[:, None]


def same_grid(one: sitk.Image, other: sitk.Image) -> bool:
    """Do the voxels of two images lie at the same places?"""
    if one.GetSize() != other.GetSize():
        return False
    corners = [np.array(corner) * (np.array(one.GetSize()) - 1) for corner in np.ndindex(2, 2, 2)]
    return all(
        np.abs(
            np.array(other.TransformPhysicalPointToContinuousIndex(one.TransformIndexToPhysicalPoint(corner.tolist())))
            - corner
        ).max()
        < _SAME_GRID_VOXELS
        for corner in corners
    )


def _on_grid_of(volume: sitk.Image, roi: Roi) -> tuple[Roi, float]:
    """The ROI on the volume's grid (nearest voxel, as Slicer does), and the share of it that lies outside.

    Raises
    ------
    InputError
        Where all of it lies outside.
    """
    marked = np.argwhere(sitk.GetArrayViewFromImage(roi.image))[:, ::-1]
    if len(marked) == 0:
        raise InputError(
            _('The ROI "{name}" is empty: no voxel is marked. Outline the tumour first.').format(name=roi.name),
            code="roi-empty",
        )
    to_index = np.linalg.inv(_index_to_physical(volume)) @ _index_to_physical(roi.image)
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
    return Roi(moved, roi.name), share


def _index_to_physical(image: sitk.Image) -> np.ndarray:
    """The 4 x 4 matrix from indices (i, j, k) to LPS in mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    matrix[:3, 3] = image.GetOrigin()
    return matrix
