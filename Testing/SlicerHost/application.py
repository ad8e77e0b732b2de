"""The application object and what it hands out: modules, files, settings and views."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import qt
import slicer
from PySide6.QtCore import Property, Signal

import faults
import views


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
        if self._panel is None:
            self._panel = slicer.qSlicerScriptedLoadableModuleWidget(self)
            self._panel.reload()
        return self._panel


class Reader:
    """Stands for qSlicerCoreIOManager: reads volumes and segmentations."""

    def loadNodes(self, file_type: str, properties: dict[str, Any], loaded: Any, messages: Any = None) -> bool:
        """Read one file into the scene; False where it cannot be read."""
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


class qSlicerModuleManager(qt.QObject):
    """Stands for qSlicerModuleManager."""

    def module(self, name: str) -> Any:
        """The module, None where there is none of that name."""
        return getattr(slicer.modules, name.lower(), None)


class qSlicerApplication(qt.QApplication):
    """Stands for qSlicerApplication."""

    startupCompleted = Signal()

    def __init__(self) -> None:
        super().__init__([])
        self.__dict__["_cache"] = tempfile.TemporaryDirectory(prefix="slicer-cache-")
        self.__dict__.update(_settings=_settings(self._cache.name), _manager=qSlicerModuleManager(), _reader=Reader())
        self.__dict__["_logic"] = slicer.vtkSlicerApplicationLogic()

    def open_scene(self) -> None:
        """Make the scene, and what belongs to it."""
        slicer.mrmlScene = scene = slicer.vtkMRMLScene()
        scene.RegisterNodeClass(slicer.vtkMRMLCommandLineModuleNode())
        faults.watch(scene)
        self._add_cache(scene)
        self._add_logics(scene)
        self.__dict__["_layout"] = views.qSlicerLayoutManager()

    def processEvents(self) -> None:
        """See to everything that waits; a crashed application does not."""
        faults.require_alive()
        qt.QApplication.processEvents()
        faults.require_alive()

    def moduleManager(self) -> Any:
        """Finds modules."""
        return self._manager

    def coreIOManager(self) -> Any:
        """Reads files into the scene."""
        return self._reader

    def userSettings(self) -> Any:
        """What the user has chosen for all scenes."""
        return self._settings

    def applicationLogic(self) -> Any:
        """Knows what the views show."""
        return self._logic

    def layoutManager(self) -> Any:
        """Arranges the views."""
        return self._layout

    cachePath = Property(str, lambda self: self._cache.name)

    def _add_cache(self, scene: Any) -> None:
        """A scene reads bundles through a cache, which the application gives it."""
        cache, manager = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
        cache.SetRemoteCacheDirectory(self._cache.name)
        manager.SetCacheManager(cache)
        scene.SetCacheManager(cache)
        scene.SetDataIOManager(manager)

    def _add_logics(self, scene: Any) -> None:
        self._logic.SetMRMLScene(scene)
        for name, class_name in (
            ("Colors", "vtkMRMLColorLogic"),
            ("Volumes", "vtkSlicerVolumesLogic"),
            ("Segmentations", "vtkSlicerSegmentationsModuleLogic"),
            ("Plots", "vtkSlicerPlotsLogic"),
        ):
            logic = getattr(slicer, class_name)()
            logic.SetMRMLApplicationLogic(self._logic)
            logic.SetMRMLScene(scene)
            self._logic.SetModuleLogic(name, logic)
            setattr(slicer.modules, name.lower(), SimpleNamespace(logic=lambda kept=(self, logic): kept[1]))


def _settings(folder: str) -> Any:
    """Settings of an application that was never used before."""
    qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
    qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, folder)
    qt.QApplication.setOrganizationName("HER2Predict")
    qt.QApplication.setApplicationName("SlicerHost")
    return qt.QSettings()
