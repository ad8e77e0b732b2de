"""Variations of an outline: the same tumour as other readers may draw it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..case.case import Case
from ..case.masks import largest_pieces, pieces, signed_distance

#: Standard deviations in mm of the in-plane displacement of the outline: of a smooth field that pushes it out here and
#: in there, and of an offset that is the same all over, for readers who draw tightly or generously. With the slices at
#: the ends they give, on a tumour of 20 ml, a Dice coefficient of about 0.92 and a volume that varies by about 10 %.
#: What readers differ by: Dice 0.923 between two annotators of kidney tumours on contrast-enhanced CT (Heller et al.,
#: Med Image Anal 2021, 67:101821); volume overlap variability of two radiologists 17.8 % on liver and 20.8 % on lung
#: tumours on CT (Joskowicz et al., Eur Radiol 2019, 29:1391-1399); volume of the whole bladder, five radiation
#: oncologists on cone-beam CT, coefficient of variation 8 % (Nishioka et al., Radiat Oncol 2013, 8:185).
_LOCAL_MM = 1.0
_OFFSET_MM = 0.5

#: Those figures are relative to the tumour, so on a tumour smaller than this the lengths are smaller in proportion; but
#: not below this share of them, since nobody draws finer than the voxels.
_FULL_SIZE_ML = 20.0
_LEAST_SIZE = 0.5

#: Distance in mm over which the field is alike: its correlation falls as exp(-(x / 10 mm)^2 / 2).
_CORRELATION_MM = 10.0

#: Displacements are bounded to this, in mm: four standard deviations of field and offset together.
_FARTHEST_MM = 4.5

#: Standard deviation in mm of where a reader ends the tumour towards head and foot. On 5 mm slices about one reader in
#: three then has a slice more or less at each end.
_END_MM = 2.5

#: At most this share of the slices is left out or added at either end; one may always be added.
_END_SHARE = 0.25

#: Plane waves that add up to the smooth field; enough for it to be Gaussian in all but its far tails.
_WAVES = 64


def variations(case: Case, count: int = 20, seed: int = 0) -> Iterator[Case]:
    """The case with the ROI as other readers may have drawn it, one after the other.

    The same tumour gives the same variations however the volume was cropped (margin kept), padded, flipped or
    reoriented, and the first few of many are the same as of few. Other seeds give other variations.

    Raises
    ------
    InputError
        Where the ROI is empty.
    """
    outline = Outline.of(case)
    for index in range(count):
        yield outline.variation(index, seed)


@dataclass(frozen=True, eq=False)
class Outline:
    """The drawn outline as a level set, from which every variation is made.

    `corner` is the index in anatomical axes (towards head, posterior, left) of the first voxel of the box around the
    ROI in which it varies, `origin` the voxels from there to the first of the ROI's own box, along the same axes.
    `distances`, shape (slices, rows, columns), hold for each slice of the box that shows the ROI the in-plane distance
    in mm of each voxel to the outline, negative inside; infinite on the other slices. `pieces` is the number that the
    ROI is in.
    """

    case: Case
    corner: tuple[int, ...]
    origin: tuple[int, ...]
    distances: np.ndarray
    pieces: int

    @classmethod
    def of(cls, case: Case) -> Outline:
        """The outline of a case.

        Raises
        ------
        InputError
            Where the ROI is empty.
        """
        drawn = case.anatomical(case.roi_voxels)
        own = case.axes.anatomical_box(case.box, case.roi_voxels.shape)
        margin = reach(case)
        corner = tuple(max(0, first - voxels) for first, voxels in zip(own.first, margin, strict=True))
        end = [min(size, last + 1 + voxels) for size, last, voxels in zip(drawn.shape, own.last, margin, strict=True)]
        box = drawn[tuple(slice(start, stop) for start, stop in zip(corner, end, strict=True))]
        return cls(
            case,
            corner,
            tuple(first - start for first, start in zip(own.first, corner, strict=True)),
            np.stack([_plane_distances(plane != 0, case.spacing_mm[1:]) for plane in box]),
            int(pieces(box, corners=True).max()),
        )

    def variation(self, index: int, seed: int = 0) -> Case:
        """One variation, the same for the same index and seed."""
        random = np.random.default_rng([seed, index])
        size = float(np.clip((self.case.roi_volume_ml / _FULL_SIZE_ML) ** (1.0 / 3.0), _LEAST_SIZE, 1.0))
        offset = random.normal(0.0, _OFFSET_MM)
        foot, head = size * random.normal(0.0, _END_MM, 2)
        distances = self._with_other_ends(float(foot), float(head))
        displacement = np.clip(size * (offset + _LOCAL_MM * self._field(random)), -_FARTHEST_MM, _FARTHEST_MM)
        # A slice never loses all of the tumour: the outline goes in by half of what there is to the middle at most.
        deepest = np.minimum(distances.min(axis=(1, 2)), 0.0)
        displacement = np.maximum(displacement, np.where(np.isfinite(deepest), deepest / 2.0, 0.0)[:, None, None])
        return self._drawn(largest_pieces(distances < displacement, self.pieces))

    def _field(self, random: np.random.Generator) -> np.ndarray:
        """A smooth random field of mean 0 and variance 1 on the box; a sum of waves (Rahimi & Recht, NIPS 2007).

        It depends on the place in mm from the ROI alone, not on voxels or on where the volume ends.
        """
        frequencies = random.normal(0.0, 1.0 / _CORRELATION_MM, (3, _WAVES))
        phases = random.uniform(0.0, 2.0 * np.pi, _WAVES)
        along = [
            np.exp(1j * np.outer((np.arange(size) - start) * spacing, frequency))
            for size, start, spacing, frequency in zip(
                self.distances.shape, self.origin, self.case.spacing_mm, frequencies, strict=True
            )
        ]
        planes = (along[0] * np.exp(1j * phases))[:, None, :] * along[1][None, :, :]
        # Not a matrix product: its threads get in each other's way where several processes are at work.
        waves: np.ndarray = np.einsum("kjw,iw->kji", planes, along[2])
        return np.sqrt(2.0 / _WAVES) * waves.real

    def _with_other_ends(self, foot_mm: float, head_mm: float) -> np.ndarray:
        """The distances, with slices left out or added where another reader ends the tumour (negative: earlier)."""
        shown = np.flatnonzero(np.isfinite(self.distances).any(axis=(1, 2)))
        distances = self.distances.copy()
        most = int((shown[-1] - shown[0] + 1) * _END_SHARE)
        for end, step, beyond_mm in ((shown[0], -1, foot_mm), (shown[-1], 1, head_mm)):
            slices = int(np.clip(np.rint(beyond_mm / self.case.spacing_mm[0]), -most, max(1, most)))
            for number in range(1, slices + 1):
                position = end + step * number
                if 0 <= position < len(distances):
                    # Like a cone on the last slice that was drawn.
                    depth = -self.distances[end].min()
                    distances[position] = self.distances[end] + depth * number / (slices + 1)
            for number in range(-slices):
                distances[end - step * number] = np.inf
        return distances

    def _drawn(self, inside: np.ndarray) -> Case:
        """The case with this ROI, in anatomical axes on the box."""
        voxels = np.zeros(self.case.roi_voxels.shape, np.uint8)
        box = tuple(slice(start, start + size) for start, size in zip(self.corner, inside.shape, strict=True))
        self.case.anatomical(voxels)[box] = inside
        return self.case.with_roi(voxels)


def reach(case: Case) -> tuple[int, int, int]:
    """How many voxels a variation may reach beyond the ROI's box along head-foot, anterior-posterior, left-right."""
    _, rows, columns = case.spacing_mm
    return (
        max(1, int(case.roi_slices * _END_SHARE)),
        int(np.ceil(_FARTHEST_MM / rows)),
        int(np.ceil(_FARTHEST_MM / columns)),
    )


def _plane_distances(inside: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Distance in mm to the outline, negative inside, shape (rows, columns); infinite on a plane without any.

    The outline runs half-way between the last voxel inside and the first outside: mean of the distances to the nearest
    voxel of the ROI and from the nearest voxel around it.
    """
    if not inside.any():
        return np.full(inside.shape, np.inf)
    apart = np.pad(inside, 1)  # beyond the volume there is no ROI
    to_roi, to_rest = (signed_distance(mask, spacing_mm) for mask in (apart, ~apart))
    return (to_roi.astype(np.float64) - to_rest)[1:-1, 1:-1] / 2.0
