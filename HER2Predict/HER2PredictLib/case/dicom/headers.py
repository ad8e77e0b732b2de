"""What DICOM files say of themselves, read once and without their pixels."""

from __future__ import annotations

import contextlib
import logging
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...i18n import tr as _

#: Attributes that are read of every file; none of them names the patient. Descriptions are looked at, never shown.
_KEYWORDS = (
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SeriesNumber", "Modality",
    "ImageType", "SeriesDescription", "ProtocolName", "ContrastBolusAgent", "ContrastBolusStartTime",
    "AcquisitionTime", "ImagePositionPatient", "ImageOrientationPatient", "SliceThickness", "Rows", "Columns",
    "BitsAllocated", "NumberOfFrames", "RescaleSlope", "RescaleIntercept",
)  # fmt: skip
_UNCOMPRESSED = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"})

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
#: Enhanced CT, and the same made from single slices.
MULTI_FRAME_CT = frozenset({"1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"})
ROI_CLASSES = frozenset({SEGMENTATION, LABEL_MAP_SEGMENTATION, RT_STRUCTURE_SET})


@dataclass(frozen=True)
class Header:
    """What one file says; None or empty where it does not.

    `position` is ImagePositionPatient, mm; `orientation` the six cosines; `delay_s` are the seconds from the injection
    of contrast medium to the acquisition; `is_cut_short`: does the file end before its pixels do?
    """

    path: Path
    sop_class: str
    instance: str
    series: str
    frame_of_reference: str
    number: int | None
    modality: str | None
    image_type: tuple[str, ...]
    description: str
    has_contrast: bool | None
    delay_s: float | None
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    thickness_mm: float | None
    size: tuple[int, int]
    frames: int
    rescale: tuple[float, float]
    is_cut_short: bool

    @property
    def is_image(self) -> bool:
        """Does it hold voxels, and of the body?"""
        return 0 not in self.size and self.sop_class not in ROI_CLASSES


@contextlib.contextmanager
def without_remarks() -> Iterator[None]:
    """Keep pydicom's remarks off standard error: they quote values, and a value may name the patient."""
    try:
        import pydicom
    except ImportError:  # what reads says so
        yield
        return
    settings, logger = pydicom.config.settings, logging.getLogger("pydicom")
    mode, level = settings.reading_validation_mode, logger.level
    settings.reading_validation_mode = pydicom.config.IGNORE
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        settings.reading_validation_mode = mode
        logger.setLevel(level)


def headers_of(path: Path) -> list[Header]:
    """Of every DICOM file in a folder and below it, or of one file; files that are no DICOM are passed over.

    Raises
    ------
    InputError
        Where pydicom is not installed.
    """
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return [header for file in files if (header := header_of(file)) is not None]


@without_remarks()
def header_of(path: Path) -> Header | None:
    """Of one file; None where it is no DICOM file, or too damaged to be told from one."""
    found = _read(path)
    if found is None or not found.get("SOPClassUID"):
        return None
    rows, columns, bits = (_whole(found.get(name)) or 0 for name in ("Rows", "Columns", "BitsAllocated"))
    frames = max(1, _whole(found.get("NumberOfFrames")) or 1)
    syntax = str(getattr(found.file_meta, "TransferSyntaxUID", "1.2.840.10008.1.2"))
    needed = rows * columns * frames * bits // 8
    slope, intercept = _number(found.get("RescaleSlope")), _number(found.get("RescaleIntercept"))
    return Header(
        path=path,
        sop_class=str(found.SOPClassUID),
        instance=str(found.get("SOPInstanceUID", "")),
        series=str(found.get("SeriesInstanceUID", "")),
        frame_of_reference=str(found.get("FrameOfReferenceUID", "")),
        number=_whole(found.get("SeriesNumber")),
        modality=str(found.Modality).strip() if found.get("Modality") else None,
        image_type=tuple(_texts(found.get("ImageType"))),
        description=" ".join([*_texts(found.get("SeriesDescription")), *_texts(found.get("ProtocolName"))]),
        has_contrast=bool(str(found.ContrastBolusAgent or "").strip()) if "ContrastBolusAgent" in found else None,
        delay_s=_delay(found.get("ContrastBolusStartTime"), found.get("AcquisitionTime")),
        position=_numbers(found.get("ImagePositionPatient"), 3),
        orientation=_numbers(found.get("ImageOrientationPatient"), 6),
        thickness_mm=_number(found.get("SliceThickness")),
        size=(rows, columns),
        frames=frames,
        rescale=(1.0 if slope is None else slope, 0.0 if intercept is None else intercept),
        is_cut_short=syntax in _UNCOMPRESSED and path.stat().st_size < needed,
    )


def header_by_name(path: Path) -> Header | None:
    """Of a file that may be DICOM by its name; None where it is a folder or of another kind."""
    return header_of(path) if path.suffix.lower() in (".dcm", ".ima", "") and path.is_file() else None


def dataset_of(path: Path) -> Any:
    """The whole content of a DICOM file, as pydicom reads it.

    Raises
    ------
    InputError
        Where it cannot be read, or pydicom is not installed.
    """
    found = _read(path, whole=True)
    if found is None:
        raise InputError(
            _("{path} is not a DICOM file that can be read, or is damaged.").format(path=path), code="image-unreadable"
        )
    return found


def _read(path: Path, whole: bool = False) -> Any:
    """None where pydicom cannot read it."""
    try:
        import pydicom
    except ImportError as error:
        raise InputError(
            _("DICOM files are read with pydicom, which is not installed here: pip install pydicom."),
            code="pydicom-missing",
        ) from error
    options: dict[str, Any] = {} if whole else {"stop_before_pixels": True, "specific_tags": list(_KEYWORDS)}
    try:
        return pydicom.dcmread(path, force=_lacks_preamble(path), **options)
    # Of a damaged file pydicom may stumble over anything that stands in it.
    except (pydicom.errors.InvalidDicomError, OSError, EOFError, ValueError, KeyError, AttributeError, TypeError):
        return None


def _lacks_preamble(path: Path) -> bool:
    """Does it begin with an attribute of group 8, as files of before the DICOM file format do?"""
    try:
        with path.open("rb") as file:
            return file.read(2) == b"\x08\x00"
    except OSError:
        return False


def _texts(value: Any) -> Iterator[str]:
    if value is not None:
        for part in [value] if isinstance(value, str) else value:
            yield str(part)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    """Exactly so many finite numbers."""
    try:
        numbers = tuple(float(part) for part in value)
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def _delay(injection: Any, acquisition: Any) -> float | None:
    """Seconds between two times of day (DICOM TM), over midnight, too."""
    first, second = _seconds(injection), _seconds(acquisition)
    return None if first is None or second is None else (second - first) % 86400.0


def _seconds(time: Any) -> float | None:
    text = str(time or "").strip().replace(":", "")
    if len(text) < 4 or not text[:4].isdigit():
        return None
    return 3600.0 * int(text[:2]) + 60.0 * int(text[2:4]) + (_number(text[4:]) or 0.0)
