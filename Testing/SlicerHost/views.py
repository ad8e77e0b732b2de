"""The slice views and their layout, without pixels: real slice nodes, and renderers that never render."""

from __future__ import annotations

from typing import Any

import qt
import slicer
import vtk

#: vtkMRMLLayoutNode's layouts that HER2Predict asks for.
_LAYOUTS = ("SlicerLayoutFourUpView", "SlicerLayoutFourUpTableView", "SlicerLayoutFourUpPlotView")


class qMRMLSliceView(qt.QWidget):
    """Stands for qMRMLSliceView: a render window with one renderer, in which actors can be put."""

    def __init__(self, node: Any) -> None:
        super().__init__()
        self.__dict__.update(_node=node, _window=vtk.vtkGenericOpenGLRenderWindow())
        self._window.AddRenderer(vtk.vtkRenderer())

    def renderWindow(self) -> Any:
        """The vtkRenderWindow, with the renderer of the slice."""
        return self._window

    def mrmlSliceNode(self) -> Any:
        """The vtkMRMLSliceNode shown."""
        return self._node

    def scheduleRender(self) -> None:
        """Render soon; this host does not."""


class qMRMLSliceWidget(qt.QWidget):
    """Stands for qMRMLSliceWidget: a slice view and its controller."""

    def __init__(self, node: Any) -> None:
        super().__init__()
        self.__dict__.update(_node=node, _view=qMRMLSliceView(node))

    def sliceView(self) -> Any:
        """The view."""
        return self._view

    def mrmlSliceNode(self) -> Any:
        """The vtkMRMLSliceNode shown."""
        return self._node


class qSlicerLayoutManager(qt.QObject):
    """Stands for qSlicerLayoutManager: the three slice views, whose nodes outlive the scene as they do in Slicer."""

    def __init__(self) -> None:
        super().__init__()
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(slicer.mrmlScene)
        self.__dict__["_logic"] = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLScene(slicer.mrmlScene)
        nodes = slicer.util.getNodesByClass("vtkMRMLSliceNode")
        self.__dict__["_widgets"] = {node.GetLayoutName(): qMRMLSliceWidget(node) for node in nodes}

    def setLayout(self, layout: int) -> None:
        """Arrange the views."""
        if layout not in [getattr(slicer.vtkMRMLLayoutNode, name) for name in _LAYOUTS]:
            raise ValueError(f"HER2Predict uses no layout {layout}")
        self._logic.GetLayoutNode().SetViewArrangement(layout)

    def sliceViewNames(self) -> tuple[str, ...]:
        """Names of the slice views."""
        return tuple(self._widgets)

    def sliceWidget(self, name: str) -> Any:
        """A slice view; None where there is none of that name."""
        return self._widgets.get(name)
