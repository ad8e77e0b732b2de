"""Stands for slicer.ScriptedLoadableModule: the four base classes of a scripted module."""

from __future__ import annotations

import importlib
import os
import unittest
from typing import Any

import slicer


class ScriptedLoadableModule:
    """Stands for the module's entry in the module list."""

    def __init__(self, parent: Any) -> None:
        import qt

        self.parent = parent
        self.moduleName = type(self).__name__
        icon = self.resourcePath(f"Icons/{self.moduleName}.png")
        if os.path.isfile(icon):
            parent.icon = qt.QIcon(icon)

    def resourcePath(self, filename: str) -> str:
        """Absolute path of a file in Resources."""
        return os.path.join(os.path.dirname(self.parent.path), "Resources", filename)

    def runTest(self, msec: int = 100, **options: Any) -> None:
        """Run the module's test class, as the Test button does."""
        module = importlib.import_module(type(self).__module__)
        getattr(module, f"{self.moduleName}Test")().runTest(**options)


class ScriptedLoadableModuleWidget:
    """Stands for the module's panel."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        if parent is None:
            raise RuntimeError("this host opens panels through slicer.util.getModuleWidget only")
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.parent = parent
        self.layout = parent.layout()

    def resourcePath(self, filename: str) -> str:
        """Absolute path of a file in Resources."""
        return os.path.join(os.path.dirname(slicer.util.modulePath(self.moduleName)), "Resources", filename)

    def setup(self) -> None:
        """Overridden to build the panel."""

    def cleanup(self) -> None:
        """Overridden to let go of everything."""

    def onReload(self) -> None:
        """Load the module's file again and build a new panel."""
        slicer.util.reloadScriptedModule(self.moduleName)


class ScriptedLoadableModuleLogic:
    """Stands for what the module can do without its panel."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self) -> Any:
        """The module's one vtkMRMLScriptedModuleNode, made where it is missing."""
        scene = slicer.mrmlScene
        node = scene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            made = slicer.vtkMRMLScriptedModuleNode()
            made.SetSingletonTag(self.moduleName)
            made.SetName(self.moduleName)
            node = scene.AddNode(made)
        node.SetAttribute("ModuleName", self.moduleName)
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """Stands for the module's self-test."""

    def runTest(self) -> None:
        """Overridden to run the tests."""


def __dir__() -> list[str]:
    return []
