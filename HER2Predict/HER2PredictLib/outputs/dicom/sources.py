"""The DICOM slices that an ROI lies on: checked against the volume's grid, and what is taken of their headers.

Everything that is written goes through the headers here: what is not named below never gets into an object.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from ...case.case import Case
from ...errors import InputError
from ...i18n import tr as _

if TYPE_CHECKING:
    from pydicom import Dataset

#: DICOM's name of it.
UTF_8 = "ISO_IR 192"
#: Without these nothing can refer to a slice, or lie on it.
_NEEDED = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Modality",
    "Rows", "Columns", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing",
)  # fmt: skip
_GEOMETRY = ("SliceThickness", "SpacingBetweenSlices")

#: Of DICOM's Patient, General Study and Patient Study modules: what an archive files an object by, and shows with it.
_IDENTITY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", "OtherPatientIDsSequence",
    "PatientBirthDate", "PatientBirthTime", "PatientSex", "OtherPatientNames", "EthnicGroup", "PatientComments",
    "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence",
    "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber", "IssuerOfAccessionNumberSequence",
    "ReferringPhysicianName", "PatientAge", "PatientSize", "PatientWeight",
)  # fmt: skip
#: Attributes that must be there, if only empty (DICOM PS3.3 C.7.1.1 and C.7.2.1, type 2).
_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
    "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName", "PositionReferenceIndicator",
)  # fmt: skip
_SEXES = ("M", "F", "O")

#: How far cosines of in-plane axes and, in pixels, positions may lie apart.
_COSINE, _PIXELS = 1e-3, 0.5


@dataclass(frozen=True, eq=False)
class Sources:
    """The slices of a volume, sorted along their normal, and the ROI on them.

    `headers` hold no more than what objects may; `frames` are 0 or 1, shape (slices, rows, columns), uint8.
    """

    headers: tuple[Dataset, ...]
    frames: np.ndarray

    @classmethod
    def of(cls, case: Case, files: Sequence[str], *, identify: bool) -> Sources:
        """Of the files that the volume of a case was read from, in any order.

        Only if `identify` do the headers say who the patient is, and when and why the study was made.

        Raises
        ------
        InputError
            Where the volume did not come from DICOM, a slice cannot be read or lacks what a reference to it takes, or
            the volume lies on another grid than they do.
        """
        if not files:
            raise not_from_dicom()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on values that DICOM does not allow, which are left out
            stored = sorted((_sound(file) for file in files), key=_along_normal)
            if {header.SeriesInstanceUID for header in stored} != {stored[0].SeriesInstanceUID}:
                raise InputError(_("The volume was read from more than one DICOM series; load one series alone."))
            frames = _on_slices(case, stored)
            return cls(tuple(_taken_of(header, identify) for header in stored), frames)


def not_from_dicom() -> InputError:
    return InputError(
        _(
            "The volume did not come from DICOM, so there is no study that a DICOM result could belong to; take the "
            "DICOM series itself as the volume, or save the result in another way."
        ),
        code="not-from-dicom",
    )


def read_slice(file: str) -> Dataset:
    """A slice without its pixels, or raise InputError."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        return pydicom.dcmread(file, stop_before_pixels=True)
    except (OSError, InvalidDicomError) as error:
        raise InputError(
            _("The DICOM slice {file} cannot be read any more; load the series again.").format(file=file),
            code="slice-unreadable",
        ) from error


def _sound(file: str) -> Dataset:
    """A slice that an object can refer to."""
    header = read_slice(file)
    if int(header.get("NumberOfFrames") or 1) > 1:
        raise InputError(
            _("{file} holds many slices in one DICOM file; only series with a file for each slice can be referred to.")
            .format(file=file),
            code="multi-frame",
        )  # fmt: skip
    for keyword in _NEEDED:
        if not header.get(keyword):
            raise InputError(
                _("The DICOM slice {file} lacks {attribute}, without which nothing can refer to it.").format(
                    file=file, attribute=keyword
                ),
                code="slice-incomplete",
            )
    return header


def _axes(header: Dataset) -> np.ndarray:
    """Unit vectors (3 x 3, one a column) towards the next column, the next row, and along the normal."""
    along_row, along_column = np.array(header.ImageOrientationPatient, dtype=float).reshape(2, 3)
    return np.column_stack([along_row, along_column, np.cross(along_row, along_column)])


def _along_normal(header: Dataset) -> float:
    return float(np.array(header.ImagePositionPatient, dtype=float) @ _axes(header)[:, 2])


def _on_slices(case: Case, headers: Sequence[Dataset]) -> np.ndarray:
    """The ROI on the slices, whichever way the volume's own axes run."""
    image, first = case.roi.image, headers[0]
    cosines = _axes(first).T @ np.array(image.GetDirection()).reshape(3, 3)
    # Which axis (i, j, k) of the volume runs along columns, rows and normal of the slices, and which runs backwards.
    axes = np.abs(cosines).argmax(axis=1).tolist()
    if sorted(axes) != [0, 1, 2]:
        raise _other_grid()
    backwards = [bool(cosines[row, axis] < 0) for row, axis in enumerate(axes)]
    frames = case.roi_voxels.transpose([2 - axis for axis in reversed(axes)])
    frames = np.flip(frames, [axis for axis, back in enumerate(reversed(backwards)) if back])
    if frames.shape != (len(headers), first.Rows, first.Columns) or not _lies_on(first, image, axes, backwards):
        raise _other_grid()
    return np.ascontiguousarray(frames)


def _lies_on(first: Dataset, image: sitk.Image, axes: list[int], backwards: list[bool]) -> bool:
    """Has a volume, whose axes are as `_on_slices` has found, the pixels and the corner of the first slice?"""
    own_axes = _axes(first)
    directions = np.array(image.GetDirection()).reshape(3, 3)[:, axes]
    spacing = np.array(image.GetSpacing())[axes]
    row_mm, column_mm = (float(size) for size in first.PixelSpacing)
    corner = [0, 0, 0]
    for axis, back in zip(axes, backwards, strict=True):
        corner[axis] = image.GetSize()[axis] - 1 if back else 0
    away = np.array(image.TransformIndexToPhysicalPoint(corner)) - np.array(first.ImagePositionPatient, dtype=float)
    return bool(
        # The third axis may lean: so do slices of a tilted gantry, whichever way they were stacked.
        np.allclose(np.abs(np.sum(own_axes * directions, axis=0))[:2], 1.0, atol=_COSINE)
        and np.allclose(spacing[:2], [column_mm, row_mm], rtol=_COSINE)
        and (np.abs(own_axes.T @ away) < _PIXELS * spacing).all()
    )


def _other_grid() -> InputError:
    return InputError(
        _(
            "The volume does not lie on the grid of its DICOM slices any more (it was cropped, resampled or moved), so "
            "the ROI cannot refer to them; outline the tumour on the volume as it was loaded from DICOM."
        ),
        code="grid-differs",
    )


def _taken_of(header: Dataset, identify: bool) -> Dataset:
    """What an object may hold of a slice."""
    from pydicom import Dataset

    header.decode()
    taken = Dataset()
    # Whatever the slices were written in, and whatever language the application speaks.
    taken.SpecificCharacterSet = UTF_8
    for keyword in _EMPTY:
        setattr(taken, keyword, "")
    for keyword in (*_NEEDED, *_GEOMETRY):
        if keyword in header:
            setattr(taken, keyword, header[keyword].value)
    if not identify:
        from .codes import DEIDENTIFICATION  # takes highdicom, which is not there before the user agrees

        taken.PatientIdentityRemoved = "YES"
        taken.DeidentificationMethod = DEIDENTIFICATION
        return taken
    for keyword in _IDENTITY:
        if keyword in header and _is_valid(header[keyword]):
            value = header[keyword].value
            setattr(taken, keyword, str(value) if header[keyword].VR == "PN" else value)
    return taken


def _is_valid(element: Any) -> bool:
    """Archives hold values that DICOM does not allow; an object that repeats them would be refused."""
    from pydicom.config import RAISE
    from pydicom.valuerep import validate_value

    if element.keyword == "PatientSex" and element.value not in _SEXES:
        return False
    if element.VR == "SQ":
        return True
    values = element.value if element.VM > 1 else [element.value]
    try:
        for value in values:
            validate_value(element.VR, value if element.VR == "PN" else str(value), RAISE)
    except ValueError:
        return False
    return True
