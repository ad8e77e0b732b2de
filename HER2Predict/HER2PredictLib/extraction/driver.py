"""From a prepared pair to its features, the way that pyradiomics' `execute` goes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..case.masks import Box, bounding_box
from .co_occurrence import co_occurrence
from .first_order import first_order
from .neighbours import Neighbours
from .region import Region, Values
from .textures import dependence, run_length, size_zone

_FORMULAS: dict[str, Callable[[Region], Values]] = {
    "firstorder": first_order,
    "glcm": co_occurrence,
    "glrlm": run_length,
    "glszm": size_zone,
    "gldm": dependence,
}


#: What the features of the ROI's shape are called where those of image types have their names.
SHAPE = "Shape"


class UnusualError(Exception):
    """Something that pyradiomics itself is to be asked about, so that it is answered, or refused, as it would."""


def extract(extractor: Any, image: sitk.Image, mask: sitk.Image, kinds: Collection[str] | None = None) -> Values:
    """What the `execute` of a pyradiomics extractor gives for a prepared pair, without its diagnostics.

    `kinds` are `SHAPE` or image types of the extractor, where not all features are wanted. The filters work beside the
    rest, in a thread: ITK and PyWavelets let go of the interpreter.

    Raises
    ------
    UnusualError
        Where not every value is a finite number.
    """
    wanted = (SHAPE, *extractor.enabledImagetypes) if kinds is None else kinds
    grid = ResamplingGrid.around(extractor, mask)
    with ThreadPoolExecutor(1) as beside:
        own = beside.submit(grid.of_image, extractor, image, mask)
        made = [beside.submit(filtered, extractor, own, kind) for kind in extractor.enabledImagetypes if kind in wanted]
        roi = ResampledRoi(extractor, grid.of_mask(extractor, mask))
        drawn = roi.shape(extractor) if SHAPE in wanted else {}
        if roi.resegment(extractor, sitk.GetArrayFromImage(own.result())) and SHAPE in wanted:
            drawn = roi.shape(extractor)
        images = (pair for kind in made for pair in kind.result().items())
        return drawn | roi.gray_levels(extractor, images)


@dataclass(frozen=True)
class ResamplingGrid:
    """The grid of pyradiomics' `resampleImage`: the ROI and a margin, anchored to the corner of the mask.

    All are along (x, y, z); `size` in voxels, `spacing` and `origin` in mm. `is_cut` where voxels have the wanted size
    already, and a part of them is cut out.
    """

    size: list[int]
    spacing: list[float]
    origin: tuple[float, ...]
    is_cut: bool

    @classmethod
    def around(cls, extractor: Any, mask: sitk.Image) -> ResamplingGrid:
        """That of a mask; UnusualError where it has too few dimensions."""
        box = _box(sitk.GetArrayViewFromImage(mask) == extractor.settings["label"])
        first, voxels = np.array(box.first[::-1]), np.array(box.shape[::-1])
        old = np.array(mask.GetSpacing())
        new = np.where(voxels != 1, extractor.settings["resampledPixelSpacing"], old)
        ratio, margin = old / new, extractor.settings["padDistance"]
        low = np.maximum(np.floor((first - 0.5) * ratio - margin), 0)
        end = np.ceil((first + voxels - 0.5) * ratio + margin)
        high = np.minimum(end, np.ceil(np.array(mask.GetSize()) * ratio) - 1)
        corner = 0.5 * (new - old) / old + low / ratio
        origin = mask.TransformContinuousIndexToPhysicalPoint(corner.tolist())
        return cls((high - low + 1).astype(int).tolist(), new.tolist(), origin, np.allclose(old, new))

    def of_image(self, extractor: Any, image: sitk.Image, mask: sitk.Image) -> sitk.Image:
        """An image on this grid."""
        if self.is_cut:
            return _cut(extractor, image, mask)[0]
        return self._resampled(image, getattr(sitk, extractor.settings["interpolator"]))

    def of_mask(self, extractor: Any, mask: sitk.Image) -> sitk.Image:
        """The mask on this grid."""
        return _cut(extractor, mask, mask)[1] if self.is_cut else self._resampled(mask, sitk.sitkNearestNeighbor)

    def _resampled(self, image: sitk.Image, interpolator: int) -> sitk.Image:
        geometry = self.origin, self.spacing, image.GetDirection()
        return sitk.Resample(image, self.size, sitk.Transform(), interpolator, *geometry, 0.0, image.GetPixelID())


def _cut(extractor: Any, image: sitk.Image, mask: sitk.Image) -> tuple[sitk.Image, sitk.Image]:
    from radiomics import imageoperations

    return imageoperations.resampleImage(image, mask, **extractor.settings)


def filtered(extractor: Any, image: Future[sitk.Image], kind: str) -> dict[str, np.ndarray]:
    """What pyradiomics makes of an image, by name, axes (k, j, i): one kind of its image types."""
    from radiomics import imageoperations

    settings = {**extractor.settings, **extractor.enabledImagetypes[kind]}
    make = getattr(imageoperations, f"get{kind}Image")
    return {name: sitk.GetArrayFromImage(own) for own, name, _settings in make(image.result(), None, **settings)}


class ResampledRoi:
    """An ROI on the grid of a resampled mask; UnusualError where it has too few dimensions.

    `inside` are its voxels: those that were drawn, and later those that re-segmentation leaves.
    """

    def __init__(self, extractor: Any, mask: sitk.Image) -> None:
        self._drawn = self.inside = sitk.GetArrayViewFromImage(mask) == extractor.settings["label"]
        self._spacing = mask.GetSpacing()
        self.box = _box(self.inside)

    def resegment(self, extractor: Any, image: np.ndarray) -> bool:
        """Leave out gray levels too many standard deviations from their mean; is the box another one now?"""
        levels = image[self._drawn]
        mean, deviation = np.mean(levels), np.std(levels)
        low, high = (mean + deviation * bound for bound in sorted(extractor.settings["resegmentRange"]))
        self.inside = self._drawn.copy()
        self.inside[self._drawn] = (levels >= low) & (levels <= high)
        before, self.box = self.box, _box(self.inside)
        return self.box != before

    def shape(self, extractor: Any) -> Values:
        """Shape features of what was drawn; of it pyradiomics sees what is in the box of what is left."""
        from radiomics.shape import RadiomicsShape

        cut = sitk.GetImageFromArray(self._drawn[self.box.slices].astype(np.uint8))
        cut.SetSpacing(self._spacing)
        own = RadiomicsShape(cut, cut, label=1)
        names = extractor.enabledFeatures["shape"]
        return {f"original_shape_{name}": getattr(own, f"get{name}FeatureValue")() for name in names}

    def gray_levels(self, extractor: Any, images: Iterable[tuple[str, np.ndarray]]) -> Values:
        """All other features, of images on the ROI's grid and their names."""
        cut = np.ascontiguousarray(self.inside[self.box.slices])
        neighbours = Neighbours.of(cut)
        wanted = {name: own for name, own in extractor.enabledFeatures.items() if name != "shape"}
        found: Values = {}
        for name, image in images:
            region = Region(image[self.box.slices], cut, neighbours, self._spacing, extractor.settings["binWidth"])
            if not np.isfinite(region.inside).all():
                raise UnusualError
            for kind, names in wanted.items():
                values = _FORMULAS[kind](region)
                found |= {f"{name}_{kind}_{own}": float(np.asarray(values[own]).item()) for own in names}
        if not np.isfinite(list(found.values())).all():
            raise UnusualError
        return found


def _box(inside: np.ndarray) -> Box:
    box = bounding_box(inside)
    if sum(size > 1 for size in box.shape) < 2:
        raise UnusualError
    return box
