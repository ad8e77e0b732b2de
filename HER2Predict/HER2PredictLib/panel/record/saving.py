"""Saves a result as a page for a colleague, or with its ROI as DICOM objects in the database or in a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...assess import Assessment
from ...case.volumes import Volume
from ...errors import InputError
from ...i18n import tr as _
from ...outputs.dicom.objects import REPORT_FILE, SEGMENTATION_FILE, sources_of, write_objects
from ...outputs.dicom.sources import Sources, not_from_dicom
from ...outputs.report.page import can_write_pdf, check_report, write_report
from ..application import Application, Question
from .packages import install_highdicom
from .records import file_name


def save_report(current: Callable[[], Assessment], made: str, application: Application) -> str:
    """Ask what is to be known, and write the page; what to tell of it, empty where the user changed their mind.

    `current` gives the assessment that is shown, and raises InputError where there is none (any more); `made` is when
    it was made.

    Raises
    ------
    InputError
        Where no report can be written.
    """
    import slicer

    assessment = current()
    try:
        files = files_of(assessment.case.volume, application.dicom_database())
    except InputError:  # nobody knows who the patient is
        files = []
    identify = False
    if files:
        answer = application.ask(_report_question())
        if answer is None:
            return ""
        identify = answer.is_ticked
    kinds = _("Web pages") + " (*.html)" + (";;PDF (*.pdf)" if can_write_pdf() else "")
    asked = application.ask_where(_("Save report"), f"{file_name(assessment)}.html", kinds)
    if not asked:
        return ""
    path = Path(asked)
    check_report(path)
    with slicer.util.WaitCursor():
        write_report(current(), path, identify=identify, made=made, files=files)
    return _("Written: {path}").format(path=path)


def _report_question() -> Question:
    return Question(
        _("Save report"),
        _(
            "Unless the box is ticked the report says nothing of who the patient is. With it stand there name, ID, "
            "date of birth, sex, study and institution, as the DICOM slices tell them."
        ),
        (_("Save…"),),
        tick=_("With the patient's identity"),
    )


def save_as_dicom(current: Callable[[], Assessment], application: Application) -> str:
    """The same with DICOM objects of ROI and result.

    Raises
    ------
    InputError
        Where the volume did not come from DICOM, or as `sources_of` and `write_objects` do.
    """
    import slicer

    assessment, database = current(), application.dicom_database()
    files = files_of(assessment.case.volume, database)
    with slicer.util.WaitCursor():  # nothing is asked or installed in vain
        Sources.of(assessment.case, files, identify=True)
    if not install_highdicom(application):
        return ""
    answer = application.ask(_dicom_question())
    if answer is None:
        return ""
    into_database, identify = answer.choice == 0, answer.is_ticked
    folder = "" if into_database else application.ask_folder(_("Save as DICOM"))
    if not into_database and not folder:
        return ""
    assessment = current()  # the check of the outline may have ended meanwhile
    with slicer.util.WaitCursor():
        sources = sources_of(assessment.case, files, identify=identify)
        if into_database:
            told = _to_database(assessment, sources, application, identify)
        else:
            told = _to_folder(assessment, sources, Path(folder), identify)
    held = (
        _("They hold the name, ID and study of the patient.")
        if identify
        else _("They hold neither name, ID nor dates of the patient.")
    )
    return f"{told} {held}"


def files_of(volume: Volume, database: Any) -> list[str]:
    """The files of a volume's slices in a ctkDICOMDatabase.

    Raises
    ------
    InputError
        Where the volume did not come from DICOM, or the database lacks one of them.
    """
    if not volume.instance_uids:
        raise not_from_dicom()
    is_open = database is not None and database.isOpen
    files = [database.fileForInstance(uid) for uid in volume.instance_uids] if is_open else []
    found = [file for file in files if file]
    if len(found) < len(volume.instance_uids):
        raise InputError(
            _(
                "Of the {count} DICOM slices of the volume {found} are in the application's DICOM database; import the "
                "series there again."
            ).format(count=len(volume.instance_uids), found=len(found))
        )
    return found


def _dicom_question() -> Question:
    return Question(
        _("Save as DICOM"),
        _(
            "The ROI becomes a DICOM Segmentation and the result a Structured Report, two new series of the study of "
            "the CT. Once in the DICOM database they can be sent on from there.\n\nAn archive files objects by the "
            "patient's name and ID. Unless the box is ticked they hold neither name, ID nor dates, the UIDs alone."
        ),
        (_("Add to the DICOM database"), _("Save to a folder…")),
        tick=_("With the patient's identity, as the PACS needs it"),
    )


def _to_database(assessment: Assessment, sources: Sources, application: Application, identify: bool) -> str:
    import pydicom

    database = application.dicom_database()
    with tempfile.TemporaryDirectory() as folder:
        written = write_objects(assessment, sources, Path(folder), identify=identify)
        uids = [pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in written]
        application.import_dicom(folder)
    if not all(database.fileForInstance(uid) for uid in uids):
        raise InputError(
            _(
                "The DICOM database has not taken ROI and result; the error log of the application may say why. Save "
                "them to a folder instead."
            )
        )
    return _("ROI and result are in the DICOM database, as two new series of the study of the CT.")


def _to_folder(assessment: Assessment, sources: Sources, folder: Path, identify: bool) -> str:
    """Write the objects where none would be lost."""
    if any((folder / name).exists() for name in (SEGMENTATION_FILE, REPORT_FILE)):
        raise InputError(_("{folder} holds a DICOM result already; choose another folder.").format(folder=folder))
    roi, report = write_objects(assessment, sources, folder, identify=identify)
    return _("Written: {roi} and {report}.").format(roi=roi, report=report)
