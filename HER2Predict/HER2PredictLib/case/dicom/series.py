"""One DICOM image series: its slices, whether they are whole, how they lie to each other, and the volume they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ...errors import InputError
from ...i18n import tr as _
from ..images import without_itk_warnings
from .headers import MULTI_FRAME_CT, SECONDARY_CAPTURE, Header
from .multi_frame import SAME_PLACE_MM, along_normal, frames_of, multi_frame_image, slice_normal
from .phase import phase_after, phase_of


@dataclass(frozen=True, eq=False)
class Series:
    """An image series; `slices` are in the order of their positions along their normal, each instance once."""

    uid: str
    slices: tuple[Header, ...]

    @property
    def first(self) -> Header:
        """The lowest slice."""
        return self.slices[0]

    @property
    def count(self) -> int:
        return sum(header.frames for header in self.slices)

    @property
    def files(self) -> tuple[str, ...]:
        """Paths in the order of the slices."""
        return tuple(str(header.path) for header in self.slices)

    @property
    def is_localizer(self) -> bool:
        """A scout or topogram."""
        return any("LOCALIZER" in part.upper() for part in self.first.image_type)

    @property
    def is_derived(self) -> bool:
        """A reformat, a projection, a screenshot."""
        kinds = [part.upper() for part in self.first.image_type]
        return kinds[:1] == ["DERIVED"] or self.first.sop_class.startswith(SECONDARY_CAPTURE)

    @property
    def phase(self) -> tuple[str, str]:
        """Phase of the CT urography, and what tells it: ``description``, ``time``, ``contrast``; both may be empty."""
        if named := phase_of(self.first.description):
            return named, "description"
        if timed := phase_after(self.first.delay_s):
            return timed, "time"
        return (_("unenhanced"), "contrast") if self.first.has_contrast is False else ("", "")

    @property
    def slice_gaps(self) -> tuple[float, ...]:
        """Distances in mm between neighbouring slices along the slice normal (DICOM PS3.3 C.7.6.2.1.1)."""
        return tuple(np.abs(np.diff(along_normal(*self._planes))).tolist())

    @property
    def gantry_tilt_deg(self) -> float:
        """Angle in degrees between the line from the first slice to the last and the slice normal.

        Readers of DICOM stack slices along their normal; where the table moved at an angle to it, they shear the body.
        """
        positions, orientation = self._planes
        if len(positions) < 2:
            return 0.0
        along, normal = positions[-1] - positions[0], slice_normal(orientation)
        across = np.linalg.norm(np.cross(along, normal))
        return float(np.degrees(np.arctan2(across, abs(along @ normal))))

    @property
    def _planes(self) -> tuple[np.ndarray, tuple[float, ...]]:
        """Positions of the slices, shape (slices, 3), and their orientation; none where it is not told."""
        if self.first.sop_class in MULTI_FRAME_CT:
            return frames_of(self.first.path).planes
        orientation = self.first.orientation
        if orientation is None:
            return np.empty((0, 3)), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
        return np.array([header.position for header in self.slices], dtype=float), orientation

    def image(self) -> sitk.Image:
        """The slices as one volume, in HU.

        Raises
        ------
        InputError
            Where they do not form one.
        """
        for header in self.slices:
            _check(header)
        if self.first.sop_class in MULTI_FRAME_CT:
            if len(self.slices) > 1:
                raise _slices_differ(self.first.path.parent)
            return multi_frame_image(self.first.path)
        self._check_places()
        # Of unequal rescaling the first slice alone would decide the type of the voxels.
        kinds = {header.rescale for header in self.slices}
        try:
            with without_itk_warnings():  # on uneven slices there is a finding
                return _read(self.files) if len(kinds) == 1 else _read(self.files, sitk.sitkFloat64)
        except RuntimeError as error:
            raise _slices_differ(self.first.path.parent) from error

    def _check_places(self) -> None:
        orientations = {header.orientation for header in self.slices}
        sizes = {header.size for header in self.slices}
        if len(sizes) > 1 or (len(orientations) > 1 and not _parallel([*orientations])):
            raise _slices_differ(self.first.path.parent)
        gaps = self.slice_gaps
        if gaps and min(gaps) < SAME_PLACE_MM:
            raise InputError(
                _(
                    "{count} slices of the series in {folder} lie where another one does (several phases or "
                    "reconstructions in one series); export them as series of their own."
                ).format(count=sum(gap < SAME_PLACE_MM for gap in gaps), folder=self.first.path.parent),
                code="slices-at-one-place",
            )


def series_in(headers: Sequence[Header]) -> list[Series]:
    """The image series among the headers of a pile, by series number; those without any position are passed over."""
    groups: dict[str, dict[object, Header]] = {}
    for header in headers:
        if header.is_image:
            groups.setdefault(header.series, {}).setdefault(header.instance or header.path, header)
    found = [Series(uid, _sorted([*group.values()])) for uid, group in groups.items()]
    placed = [
        series
        for series in found
        if series.first.sop_class in MULTI_FRAME_CT or any(header.position for header in series.slices)
    ]
    return sorted(placed, key=lambda series: (series.first.number is None, series.first.number or 0, series.uid))


def _sorted(slices: list[Header]) -> tuple[Header, ...]:
    """By position along the normal of the first that tells one; the others, which are refused when read, come last."""
    placed = [header for header in slices if header.position is not None and _is_oriented(header)]
    others = [header for header in slices if header not in placed]
    if placed:
        orientation = placed[0].orientation or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
        places = along_normal(np.array([header.position for header in placed], dtype=float), orientation)
        placed = [placed[index] for index in np.argsort(places, kind="stable")]
    return (*placed, *others)


def _is_oriented(header: Header) -> bool:
    return header.orientation is None or bool(slice_normal(header.orientation).any())


def _parallel(orientations: list[tuple[float, ...] | None]) -> bool:
    first = orientations[0]
    return first is not None and all(
        other is not None and np.allclose(first, other, atol=1e-4) for other in orientations[1:]
    )


def _read(files: tuple[str, ...], pixel_type: int | None = None) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
    if pixel_type is not None:
        reader.SetOutputPixelType(pixel_type)
    return reader.Execute()


def _check(header: Header) -> None:
    if header.is_cut_short:
        raise InputError(
            _("The slice {name} is cut short; export the whole series again.").format(name=header.path),
            code="slice-cut-short",
        )
    if header.sop_class not in MULTI_FRAME_CT and (header.position is None or not _is_oriented(header)):
        raise InputError(
            _(
                "The slice {name} does not tell its position (ImagePositionPatient); leave it out if it is no "
                "slice of the CT, or export the series again."
            ).format(name=header.path),
            code="slice-without-position",
        )


def _slices_differ(folder: Path) -> InputError:
    return InputError(
        _("The slices in {folder} do not form one volume (sizes or orientations differ, or a file is damaged).").format(
            folder=folder
        ),
        code="slices-differ",
    )
