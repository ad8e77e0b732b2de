"""Starts the stand-in for Slicer's application shell: scene, application, modules and the panel of HER2Predict."""

from __future__ import annotations

import atexit
import importlib
import os
import sys
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import Any

HERE = Path(__file__).resolve().parent
MODULE = HERE.parents[1] / "HER2Predict" / "HER2Predict.py"
SYSTEM_PACKAGES = HERE.parents[1] / "requirements" / "debian.txt"


def start() -> None:
    """Make `slicer`, `qt` and `ctk` look as inside Slicer, once.

    Raises
    ------
    unittest.SkipTest
        Where PySide6, or a system library that it needs, is missing.
    """
    if "slicer" in sys.modules and hasattr(sys.modules["slicer"], "app"):
        return
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        from PySide6 import QtWidgets  # noqa: F401
    except ImportError as error:
        raise unittest.SkipTest(_why_not(error)) from error
    for folder in (str(MODULE.parent), str(HERE)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    import slicer

    # slicer-core's own way of adding modules: it gathers every folder named "slicer" when it is imported.
    importlib.reload(slicer)
    _fill(slicer)


def take_crashes() -> list[str]:
    """What would have crashed Slicer since this was asked last; see `faults`."""
    import faults

    return faults.take_crashes()


def _why_not(error: ImportError) -> str:
    """What PySide6 lacks, and how to get it."""
    if isinstance(error, ModuleNotFoundError):
        return "PySide6 is not installed"
    library, _, problem = str(error).partition(": ")
    if not problem.startswith("cannot open shared object file"):
        return f"PySide6 is installed but cannot be loaded: {error}"
    of_qt = SYSTEM_PACKAGES.read_text(encoding="utf-8").partition("# Of Qt")[2].partition("\n\n")[0]
    packages = [line.split()[0] for line in of_qt.splitlines() if ".so." in line]
    return f"{library} is missing: apt-get install {' '.join(packages)}"


def take_swallowed() -> list[str]:
    """Exceptions in slots and in the module's methods, which Slicer prints and forgets, since this was asked last."""
    import faults

    return faults.take_swallowed()


def select(name: str) -> None:
    """Stands for slicer.util.selectModule: leave the module in front, enter the named one."""
    import slicer

    slicer.util.mainWindow().modulePanel().setModule(slicer.util.getModule(name))


def _fill(slicer: Any) -> None:
    """Put scene, application, modules and main window into the `slicer` package."""
    import application
    import main_window
    import mrml_widgets
    import segment_editor
    import segment_table
    import table_view

    slicer.modules = application.Modules()
    slicer.app = application.qSlicerApplication()
    slicer.app.setStyle("Fusion")
    slicer.app.open_scene()
    for module in (main_window, mrml_widgets, segment_editor, segment_table, table_view):
        for name, class_ in vars(module).items():
            if name.startswith(("qMRML", "qSlicer")):
                setattr(slicer, name, class_)
    slicer.qSlicerScriptedLoadableModule = application.ScriptedModule
    slicer.util.selectModule = select
    slicer.modules.slicerradiomicscli = slicer.cli.SlicerRadiomicsCLI()
    slicer.modules.data = SimpleNamespace(name="Data")  # any other module, to change to
    window = main_window.qSlicerMainWindow()
    slicer.app.__dict__["_window"] = window
    window.show()
    slicer.modules.her2predict = application.ScriptedModule(MODULE)
    slicer.app.startupCompleted.emit()
    atexit.register(slicer.app.aboutToQuit.emit)
