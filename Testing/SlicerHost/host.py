"""Starts the stand-in for Slicer's application shell: scene, application, modules and the panel of HER2Predict."""

from __future__ import annotations

import atexit
import importlib
import os
import sys
import tempfile
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
    """What would have crashed Slicer since this was asked last; see `lifetimes`."""
    import lifetimes

    return lifetimes.take_crashes()


def _why_not(error: ImportError) -> str:
    """What PySide6 lacks, and how to get it."""
    if isinstance(error, ModuleNotFoundError):
        return "PySide6 is not installed"
    library, _, problem = str(error).partition(": ")
    if not problem.startswith("cannot open shared object file"):
        return f"PySide6 is installed but cannot be loaded: {error}"
    lines = SYSTEM_PACKAGES.read_text(encoding="utf-8").splitlines()
    packages = [line.split()[0] for line in lines if ".so." in line]
    return f"{library} is missing: apt-get install {' '.join(packages)}"


class Modules:
    """Stands for slicer.modules: what is not there raises AttributeError."""


class ScriptedModule:
    """Stands for qSlicerScriptedLoadableModule: one scripted module and its panel."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.name = path.stem
        self.title = self.helpText = self.acknowledgementText = ""
        self.categories: list[str] = []
        self.dependencies: list[str] = []
        self.contributors: list[str] = []
        self.icon: Any = None
        self._panel: Any = None
        importlib.import_module(self.name)
        self._entry = self._class("")(self)

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(self, "_entry") and not hasattr(self, name):
            raise AttributeError(f"'{name}' does not exist on qSlicerScriptedLoadableModule")
        super().__setattr__(name, value)

    def _class(self, suffix: str) -> Any:
        return getattr(sys.modules[self.name], self.name + suffix)

    def widgetClass(self) -> Any:
        """The panel's Python class, from the module as last loaded."""
        return self._class("Widget")

    def widgetRepresentation(self) -> Any:
        """The module's one panel, made on first use."""
        import slicer

        if self._panel is None:
            self._panel = slicer.qSlicerScriptedLoadableModuleWidget(self)
            self._panel.reload()
            slicer.util.mainWindow().hold(self._panel)
        return self._panel


class Reader:
    """Stands for qSlicerCoreIOManager: reads volumes and segmentations."""

    def loadNodes(self, file_type: str, properties: dict[str, Any], loaded: Any, messages: Any = None) -> bool:
        """Read one file into the scene; False where it cannot be read."""
        import slicer

        path = properties["fileName"]
        name = properties.get("name", Path(path).name.split(".")[0])
        if file_type == "VolumeFile":
            node = slicer.modules.volumes.logic().AddArchetypeVolume(path, name)
        elif file_type == "SegmentationFile":
            node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
            storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
            storage.SetFileName(path)
            node.SetAndObserveStorageNodeID(storage.GetID())
            if not storage.ReadData(node):
                return False
        else:
            raise ValueError(f"this host reads no {file_type}")
        if node is not None:
            loaded.AddItem(node)
        return node is not None


def select(name: str) -> None:
    """Stands for slicer.util.selectModule: leave the module in front, enter the named one."""
    import slicer

    chosen = slicer.util.getModule(name)
    for module in list(vars(slicer.modules).values()):
        if isinstance(module, ScriptedModule) and module.widgetRepresentation().isEntered:
            module.widgetRepresentation().exit()
    if isinstance(chosen, ScriptedModule):
        chosen.widgetRepresentation().enter()


def _fill(slicer: Any) -> None:
    """Put scene, application and modules into the `slicer` package."""
    import qt
    from PySide6.QtCore import Property, Signal

    import lifetimes
    import segment_editor
    import shell
    import tables
    import widgets

    slicer_shell: dict[str, Any] = {}

    class qSlicerModuleManager(qt.QObject):
        """Stands for qSlicerModuleManager."""

        def module(self, name: str) -> Any:
            """The module, None where there is none of that name."""
            return getattr(slicer.modules, name.lower(), None)

    manager, reader = qSlicerModuleManager(), Reader()
    logic = slicer.vtkSlicerApplicationLogic()
    cache = tempfile.TemporaryDirectory(prefix="slicer-cache-")
    settings = _settings(cache.name)

    class qSlicerApplication(qt.QApplication):
        """Stands for qSlicerApplication."""

        startupCompleted = Signal()

        def processEvents(self) -> None:
            """See to everything that waits; a crashed application does not."""
            lifetimes.require_alive()
            qt.QApplication.processEvents()
            lifetimes.require_alive()

        def moduleManager(self) -> Any:
            """Finds modules."""
            return manager

        def coreIOManager(self) -> Any:
            """Reads files into the scene."""
            return reader

        def userSettings(self) -> Any:
            """What the user has chosen for all scenes."""
            return settings

        def applicationLogic(self) -> Any:
            """Knows what the views show."""
            return logic

        def layoutManager(self) -> Any:
            """Arranges the views."""
            return slicer_shell["layout"]

        cachePath = Property(str, lambda self: cache.name)

    slicer.app = qSlicerApplication([])
    slicer.app.setStyle("Fusion")
    slicer.mrmlScene = slicer.vtkMRMLScene()
    slicer.mrmlScene.RegisterNodeClass(slicer.vtkMRMLCommandLineModuleNode())
    lifetimes.watch(slicer.mrmlScene)
    _add_cache(slicer.mrmlScene, cache.name)
    slicer.modules = Modules()
    for module in (widgets, tables, segment_editor, shell):
        for name in vars(module):
            if name.startswith(("qMRML", "qSlicer")):
                setattr(slicer, name, getattr(module, name))
    slicer_shell.update(layout=shell.qSlicerLayoutManager(), window=shell.qSlicerMainWindow())
    slicer.util.mainWindow = lambda: slicer_shell["window"]
    shell.add_slice_nodes(slicer.mrmlScene)
    slicer.qSlicerScriptedLoadableModule = ScriptedModule
    slicer.util.selectModule = select
    _add_logics(slicer, logic)
    slicer.modules.slicerradiomicscli = slicer.cli.SlicerRadiomicsCLI()
    slicer.modules.data = SimpleNamespace(name="Data")  # any other module, to change to
    slicer.modules.her2predict = ScriptedModule(MODULE)
    slicer.app.startupCompleted.emit()
    atexit.register(slicer.app.aboutToQuit.emit)


def _add_cache(scene: Any, folder: str) -> None:
    """A scene reads bundles through a cache, which the application gives it."""
    import slicer

    cache, manager = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
    cache.SetRemoteCacheDirectory(folder)
    manager.SetCacheManager(cache)
    scene.SetCacheManager(cache)
    scene.SetDataIOManager(manager)


def _settings(folder: str) -> Any:
    """Settings of an application that was never used before."""
    import qt

    qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
    qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, folder)
    qt.QApplication.setOrganizationName("HER2Predict")
    qt.QApplication.setApplicationName("SlicerHost")
    return qt.QSettings()


def _add_logics(slicer: Any, application: Any) -> None:
    application.SetMRMLScene(slicer.mrmlScene)
    for name, class_name in (
        ("Colors", "vtkMRMLColorLogic"),
        ("Volumes", "vtkSlicerVolumesLogic"),
        ("Segmentations", "vtkSlicerSegmentationsModuleLogic"),
        ("Plots", "vtkSlicerPlotsLogic"),
    ):
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(slicer.mrmlScene)
        application.SetModuleLogic(name, logic)
        setattr(slicer.modules, name.lower(), SimpleNamespace(logic=lambda kept=(application, logic): kept[1]))
