"""The main window of the stand-in: a module panel of real size, slice views that hold actors, keys for everybody."""

from __future__ import annotations

from typing import Any

import qt
import slicer
import vtk
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

#: Height of the module panel's viewport in windows of these sizes: what Slicer's menus, tool bars, the panel's own head
#: and Data Probe leave. Measured at 1600 x 1000; they take the same at 1366 x 768.
VIEWPORTS = {(1600, 1000): 685, (1366, 768): 453}
#: Width of the panel at the start.
PANEL_WIDTH = 370
_HELP, _STRIP = 25, 10
SLICE_VIEWS = ("Red", "Yellow", "Green")


class qSlicerMainWindow(qt.QMainWindow):
    """Stands for qSlicerMainWindow: here the module panel is all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.objectName = "qSlicerMainWindow"
        self.__dict__["_scroll"] = scroll = qt.QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(qt.QFrame.NoFrame)
        scroll.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        content = qt.QWidget()
        content.setLayout(qt.QVBoxLayout())
        content.layout().setContentsMargins(0, 0, 0, 0)
        content.layout().setSpacing(0)
        head = qt.QLabel("Help & Acknowledgement", content)
        head.setFixedHeight(_HELP + _STRIP)
        content.layout().addWidget(head)
        self.__dict__["_content"] = content
        scroll.setWidget(content)
        self.setCentralWidget(scroll)
        self.set_size(1600, 1000)

    def set_size(self, width: int, height: int) -> None:
        """As in a window of this size; of this stand-in alone, like everything in snake case."""
        self.setFixedSize(PANEL_WIDTH, VIEWPORTS[width, height])

    def hold(self, panel: Any) -> None:
        """Take the widget of a module."""
        self._content.layout().addWidget(panel)

    def viewport_width(self) -> int:
        """Pixels that a panel may be wide before it is cut at the right."""
        return QWidget.width(self._scroll.viewport())

    def is_in_sight(self, widget: Any) -> bool:
        """Is all of a widget within the viewport, without scrolling?"""
        viewport = self._scroll.viewport()
        place = QRect(widget.mapTo(viewport, qt.QPoint(0, 0)), QWidget.size(widget))
        return widget.isVisibleTo(self) and QRect(qt.QPoint(0, 0), QWidget.size(viewport)).contains(place)

    def scroll_to(self, share: float) -> None:
        """Scroll the panel, 0 being the top and 1 the bottom."""
        bar = self._scroll.verticalScrollBar()
        bar.setValue(round(share * bar.maximum()))


class qMRMLSliceView(qt.QObject):
    """Stands for qMRMLSliceView: actors can be put into its renderer; nothing is drawn."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        window, renderer = vtk.vtkRenderWindow(), vtk.vtkRenderer()
        window.AddRenderer(renderer)
        self.__dict__["_window"] = window

    def renderWindow(self) -> Any:
        """The vtkRenderWindow."""
        return self._window

    def scheduleRender(self) -> None:
        """Draw in a moment."""


class qMRMLSliceWidget(qt.QObject):
    """Stands for qMRMLSliceWidget."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__["_view"] = qMRMLSliceView(self)

    def sliceView(self) -> Any:
        """What is in it."""
        return self._view


class qSlicerLayoutManager(qt.QObject):
    """Stands for qSlicerLayoutManager."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__["_slices"] = {name: qMRMLSliceWidget(self) for name in SLICE_VIEWS}

    def setLayout(self, layout: int) -> None:
        """Arrange the views."""
        if layout != slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpTableView:
            raise ValueError(f"HER2Predict uses no layout {layout}")

    def sliceViewNames(self) -> tuple[str, ...]:
        """Names of the slice views."""
        return tuple(self._slices)

    def sliceWidget(self, name: str) -> Any:
        """One of them."""
        return self._slices[name]


def add_slice_nodes(scene: Any) -> None:
    """The nodes of the slice views, which stay when the scene is closed."""
    for name in SLICE_VIEWS:
        node = slicer.vtkMRMLSliceNode()
        node.SetName(name)
        node.SetLayoutName(name)
        node.SetSingletonTag(name)
        scene.AddNode(node)
