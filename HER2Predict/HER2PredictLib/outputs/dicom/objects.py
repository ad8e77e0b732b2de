"""Writes the DICOM objects of an Assessment, both or none; the one file of this room that needs no highdicom."""

from __future__ import annotations

import importlib.util
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...assess import Assessment
from ...case.case import Case
from ...errors import InputError
from ...files import write_files
from ...i18n import tr as _
from .sources import UTF_8, Sources

if TYPE_CHECKING:
    from pydicom import Dataset

SEGMENTATION_FILE, REPORT_FILE = "her2predict-segmentation.dcm", "her2predict-report.dcm"
#: What brings pydicom and all else that it takes.
PACKAGE = "highdicom"


def is_highdicom_here() -> bool:
    return importlib.util.find_spec(PACKAGE) is not None


def sources_of(case: Case, files: Sequence[str], *, identify: bool) -> Sources:
    """What the objects of a case are made from, see `Sources.of`; known before any feature is computed.

    Raises
    ------
    InputError
        Where highdicom is missing, or as `Sources.of` does.
    """
    if files and not is_highdicom_here():
        raise InputError(_("DICOM results take the Python package highdicom: pip install highdicom."))
    return Sources.of(case, files, identify=identify)


def write_objects(assessment: Assessment, sources: Sources, folder: Path, *, identify: bool) -> tuple[Path, Path]:
    """Write the ROI as a Segmentation and the result as a Structured Report into a folder; the paths of both.

    `sources` are of the same case, with the same `identify`.

    Raises
    ------
    InputError
        Where the folder cannot be written to.
    """
    from .segmentation_object import Tracking, segmentation
    from .structured_report import structured_report

    tracking = Tracking.of(assessment.case, identify=identify)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on patients' names of one word
        roi = segmentation(sources, tracking)
        report = structured_report(assessment, sources, roi, tracking)
        for made in (roi, report):  # highdicom 0.28 takes it of the sources, 0.27 of nowhere
            made.SpecificCharacterSet = UTF_8
        files = {SEGMENTATION_FILE: _content(roi), REPORT_FILE: _content(report)}
    write_files(folder, files)
    return folder / SEGMENTATION_FILE, folder / REPORT_FILE


def described(roi: Path, report: Path, identify: bool) -> str:
    """What was written, and whether it tells who the patient is."""
    if identify:
        words = _("DICOM: {roi}, {report}; they hold the name, ID and study of the patient.")
    else:
        words = _(
            "DICOM: {roi}, {report}; of the source they hold the UIDs alone, neither name, ID nor dates of the patient "
            "(--identify copies these)."
        )
    return words.format(roi=roi, report=report)


def _content(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
