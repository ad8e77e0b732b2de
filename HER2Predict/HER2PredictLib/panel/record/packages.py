"""Installs highdicom in the application, once the user agrees; from a folder of wheels where there is no network."""

from __future__ import annotations

import importlib
import subprocess

from ...errors import InputError
from ...i18n import tr as _
from ...outputs.dicom.objects import PACKAGE, is_highdicom_here
from ..application import Application, Question

#: The release that the objects are tested with.
HIGHDICOM = "highdicom==0.28.2"


def install_highdicom(application: Application) -> bool:
    """Have highdicom where it can be imported; False where the user does not want it installed.

    Raises
    ------
    InputError
        Where it cannot be installed, or not be used before a restart.
    """
    if is_highdicom_here():
        return True
    folder = _source(application)
    if folder is None:
        return False
    try:
        _pip_install([*(("--no-index", "--find-links", folder) if folder else ()), HIGHDICOM])
    except (OSError, subprocess.CalledProcessError) as error:
        raise _not_installed(folder) from error
    importlib.invalidate_caches()  # what was looked for in vain is remembered
    if not is_highdicom_here():
        raise _not_installed(folder)
    try:
        importlib.import_module(PACKAGE)
    except ImportError as error:
        raise InputError(
            _("highdicom was installed, but cannot be used yet ({error}). Restart the application.").format(error=error)
        ) from error
    return True


def _source(application: Application) -> str | None:
    """A folder of wheels, or nothing for the package index; None where nothing is to be installed."""
    question = Question(
        _("Install highdicom"),
        _(
            "DICOM results are written with the Python package {package}, which this application lacks. Shall it be "
            "installed into the application's Python, with what it needs?\n\nWithout network take a folder of wheels, "
            "filled on another computer of the same kind, and with the same Python, by\npip download {package}"
        ).format(package=HIGHDICOM),
        (_("Install from PyPI"), _("From a folder of wheels…")),
    )
    answer = application.ask(question)
    if answer is None:
        return None
    return "" if answer.choice == 0 else application.ask_folder(_("Folder of wheels")) or None


def _pip_install(requirements: list[str]) -> None:
    """With the application's own dialog of progress, where it has one."""
    try:
        from slicer.packaging import pip_install
    except ImportError:  # before Slicer 5.12
        from slicer.util import pip_install

        pip_install(requirements)
    else:
        pip_install(requirements, requester="HER2Predict")


def _not_installed(folder: str) -> InputError:
    if folder:
        words = _("{package} could not be installed from {folder}: it must hold the wheels of all that this takes.")
    else:
        words = _("{package} could not be installed from PyPI. Without network, take a folder of wheels.")
    return InputError(words.format(package=HIGHDICOM, folder=folder))
