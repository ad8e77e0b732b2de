"""Writes an Assessment as a page that prints on two sheets: the result, then what it rests on."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import logging
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ...assess import Assessment
from ...case.case import Case
from ...errors import InputError
from ...files import check_file, write_file
from ...i18n import tr as _
from ...result.result import now
from . import identity, parts
from .html import document, element
from .page_style import STYLE

#: Beside HTML, what a page can be written as.
PDF = ".pdf"
#: Turns HTML into PDF.
PACKAGE = "weasyprint"


def check_report(path: Path) -> None:
    """Raise InputError where no page can be written to `path`, before any work is done."""
    if path.suffix.lower() not in (".html", ".htm", PDF):
        raise InputError(_("{path}: a report is .html or .pdf; give the file one of these endings.").format(path=path))
    check_file(path)
    if path.suffix.lower() == PDF:
        _require_weasyprint()


def check_identity(case: Case) -> None:
    """Raise InputError where the page cannot name the patient, before any work is done."""
    identity.of_patient(case.volume.dicom_files)


def can_write_pdf() -> bool:
    return importlib.util.find_spec(PACKAGE) is not None


def command_line(arguments: Sequence[str], named: Mapping[str, str | None], variations: int) -> str:
    """The command that gives the same result; options without a value are left out."""
    options = [word for name, value in named.items() if value for word in (f"--{name}", value)]
    return shlex.join(["her2predict", *arguments, *options, "--perturbations", str(variations)])


def write_report(
    assessment: Assessment,
    path: Path,
    *,
    case: str = "",
    identify: bool = False,
    command: str = "",
    made: str = "",
    files: Sequence[str] = (),
) -> None:
    """Write the page as HTML, or as PDF where `path` ends so.

    `case` is what the user calls the patient; only if `identify` does the page hold what the headers of the DICOM
    `files`, by default those of the volume, say of who it is. `command` gives the same result again; `made` is when
    this one was made, now by default.

    Raises
    ------
    InputError
        Where the page cannot be written, or the patient is not known and is to be named.
    """
    patient = identity.of_patient(files or assessment.case.volume.dicom_files) if identify else []
    text = report_html(assessment, case, patient, command, made or now())
    if path.suffix.lower() == PDF:
        _require_weasyprint()
        write_file(path, lambda path: path.write_bytes(_as_pdf(text)))
    else:
        write_file(path, lambda path: path.write_text(text, encoding="utf-8"))


def report_html(
    assessment: Assessment, case: str, patient: Sequence[tuple[str, str]], command: str, made: str
) -> str:
    """The page; `patient` is what identifies."""
    result = assessment.result()
    title = _("HER2 status predicted from CT urography")
    if result.banner:  # there is nothing to explain
        grounds = [parts.model(assessment)]
    else:
        grounds = [parts.explanation(result), parts.beside(parts.among_others(assessment), parts.model(assessment))]
    main = element(
        "main",
        parts.case_line(assessment, case, patient),
        parts.answer(result),
        parts.images(assessment),
        parts.beside(parts.reliance(assessment, result), parts.gray_levels(assessment)),
        parts.findings(result),
        *grounds,
        parts.again(assessment, command),
    )
    return document(title, STYLE, parts.header(title, made, result), main)


def _require_weasyprint() -> None:
    """Raise InputError where it, or what it takes of the system, is missing."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # where it finds no Pango it says so there
            importlib.import_module(PACKAGE)
    except (ImportError, OSError) as error:
        raise InputError(
            _(
                "A report as .pdf takes the Python package weasyprint and the library Pango ({reason}); install them, "
                "or write .html and print it from a browser."
            ).format(reason=str(error).strip().splitlines()[0]),
            code="no-pdf",
        ) from error


def _as_pdf(text: str) -> bytes:
    """The page as PDF/UA: headings, tables and texts of pictures are told to a screen reader."""
    import weasyprint

    with _silent(PACKAGE), _silent("fontTools"):
        return weasyprint.HTML(string=text).write_pdf(pdf_variant="pdf/ua-1")


@contextlib.contextmanager
def _silent(name: str) -> Iterator[None]:
    """A logger that says nothing for the block: what it has to say is of the program, not of the user's case."""
    logger = logging.getLogger(name)
    was_disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was_disabled
