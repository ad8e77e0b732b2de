"""Saves a result as a page for a colleague."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ...assess import Assessment
from ...errors import InputError
from ...i18n import tr as _
from ...outputs.report.page import can_write_pdf, check_report, write_report
from ..application import Application, Question
from .records import file_name
from .save_dicom import files_of


def save_report(current: Callable[[], Assessment], made: str, application: Application) -> str:
    """Ask what is to be known, and write; what to tell of it, empty where the user changed their mind.

    `current` gives the assessment that is shown, and raises InputError where there is none (any more); `made` is when
    it was made.

    Raises
    ------
    InputError
        Where no report can be written.
    """
    import slicer

    assessment = current()
    files = _known_files(assessment, application)
    identify = False
    if files:
        answer = application.ask(_question())
        if answer is None:
            return ""
        identify = answer.is_ticked
    asked = application.ask_where(_("Save report"), f"{file_name(assessment)}.html", _kinds())
    if not asked:
        return ""
    path = Path(asked)
    check_report(path)
    with slicer.util.WaitCursor():
        write_report(current(), path, identify=identify, made=made, files=files)
    return _("Written: {path}").format(path=path)


def _known_files(assessment: Assessment, application: Application) -> Sequence[str]:
    """The slices that tell who the patient is, none where nobody knows."""
    try:
        return files_of(assessment.case.volume, application.dicom_database())
    except InputError:
        return ()


def _question() -> Question:
    return Question(
        _("Save report"),
        _(
            "Unless the box is ticked the report says nothing of who the patient is. With it stand there name, ID, "
            "date of birth, sex, study and institution, as the DICOM slices tell them."
        ),
        (_("Save…"),),
        tick=_("With the patient's identity"),
    )


def _kinds() -> str:
    kinds = _("Web pages") + " (*.html)"
    return f"{kinds};;PDF (*.pdf)" if can_write_pdf() else kinds
