"""The main window, as far as a module's panel depends on it: how high and how wide its viewport is.

Measured on 3D Slicer 5.12: in a window of 1600 x 1000 pixels the viewport is 685 high.
"""

from __future__ import annotations

import traceback
from typing import Any

import ctk
import qt
import slicer
from PySide6.QtCore import Property, QRect
from PySide6.QtWidgets import QWidget

import faults
from mrml_widgets import qMRMLWidget

#: Heights in pixels of what surrounds the module panel.
_BARS, _LOGO, _DATA_PROBE, _STATUS = 62, 39, 177, 37
#: The help, folded, and the empty strip between it and the module.
_HELP, _STRIP = 25, 10
#: The panel has this width until the user drags its edge; 360 of it are left beside the scroll bar.
_PANEL_WIDTH = 374


class qSlicerModulePanel(qt.QWidget):
    """Stands for qSlicerModulePanel: the module in front in a scroll area, below its help."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.objectName = "ModulePanel"
        self.__dict__["_module"] = None
        self.__dict__["_area"] = area = qt.QScrollArea(self)
        area.objectName = "ScrollArea"
        area.frameShape = qt.QFrame.NoFrame
        area.horizontalScrollBarPolicy = qt.Qt.ScrollBarAlwaysOff
        area.widgetResizable = True
        self.__dict__["_contents"] = contents = qt.QWidget()
        contents.objectName = "scrollAreaWidgetContents"
        contents.setLayout(qt.QVBoxLayout())
        contents.layout().setContentsMargins(0, 0, 0, 0)
        self.__dict__["_help"] = ctk.ctkCollapsibleButton(contents)
        self._help.objectName = "HelpCollapsibleButton"
        self._help.text = "Help && Acknowledgement"
        self._help.collapsed = True
        self._help.setFixedHeight(_HELP)
        contents.layout().setSpacing(_STRIP)
        self.__dict__["_spacer"] = qt.QSpacerItem(0, 0, qt.QSizePolicy.Minimum, qt.QSizePolicy.MinimumExpanding)
        contents.layout().addWidget(self._help)
        contents.layout().addItem(self._spacer)
        area.setWidget(contents)
        self.setLayout(qt.QGridLayout())
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().addWidget(area)

    def viewport(self) -> Any:
        """What is seen of the module; of this stand-in alone, as are the two that follow."""
        return self._area.viewport()

    def scroll_bar(self) -> Any:
        """Moves the module up and down."""
        return self._area.verticalScrollBar()

    def content_width(self) -> int:
        """What the module asks for."""
        return QWidget.minimumSizeHint(self._contents).width()

    def currentModuleName(self) -> str:
        """Name of the module in front; empty where there is none."""
        return self._module.name if self._module is not None else ""

    def setModule(self, module: Any) -> None:
        """Take the module in front away, and put another one there; None, or one without a panel, leaves it empty."""
        if module is self._module:
            return
        layout = self._contents.layout()
        if self._module is not None:
            former = self._module.widgetRepresentation()
            former.exit()
            layout.removeWidget(former)
            former.setVisible(False)
            former.setParent(None)
        self.__dict__["_module"] = module if hasattr(module, "widgetRepresentation") else None
        if self._module is None:
            return
        panel = module.widgetRepresentation()
        panel.layout().setContentsMargins(0, 0, 0, 0)
        layout.insertWidget(1, panel, 1)
        panel.setSizePolicy(qt.QSizePolicy.Minimum, qt.QSizePolicy.Preferred)
        panel.setVisible(True)
        panel.enter()


class qSlicerMainWindow(qt.QMainWindow):
    """Stands for qSlicerMainWindow: bars, module panel and data probe at their heights, and a place for the views."""

    def __init__(self) -> None:
        super().__init__()
        self.objectName = "qSlicerMainWindow"
        self.__dict__["_panel"] = qSlicerModulePanel()
        middle = qt.QWidget(self)
        middle.setLayout(qt.QHBoxLayout())
        column = qt.QWidget(middle)
        column.setLayout(qt.QVBoxLayout())
        column.setFixedWidth(_PANEL_WIDTH)
        for part in (self._blank(_LOGO), self._panel, self._blank(_DATA_PROBE)):
            column.layout().addWidget(part)
        middle.layout().addWidget(column)
        middle.layout().addWidget(self._blank(0), 1)
        whole = qt.QWidget(self)
        whole.setLayout(qt.QVBoxLayout())
        for part in (self._blank(_BARS), middle, self._blank(_STATUS)):
            whole.layout().addWidget(part, 1 if part is middle else 0)
        for widget in (middle, column, whole):
            widget.layout().setContentsMargins(0, 0, 0, 0)
            widget.layout().setSpacing(0)
        self.setCentralWidget(whole)
        self.set_size(1600, 1000)

    # Of this stand-in alone, like everything in snake case: what tests ask of a window

    def set_size(self, width: int, height: int) -> None:
        """As on a screen of this size."""
        self.setFixedSize(width, height)

    def is_in_sight(self, widget: Any) -> bool:
        """Is all of a widget within the panel's viewport, without scrolling?"""
        viewport = self._panel.viewport()
        place = QRect(widget.mapTo(viewport, qt.QPoint(0, 0)), QWidget.size(widget))
        return widget.isVisibleTo(self) and QRect(qt.QPoint(0, 0), QWidget.size(viewport)).contains(place)

    def viewport_size(self) -> tuple[int, int]:
        """Pixels that a panel may be wide before it is cut at the right, and high before it has to be scrolled."""
        viewport = self._panel.viewport()
        return QWidget.width(viewport), QWidget.height(viewport)

    def cut_pixels(self) -> int:
        """How much of the panel is cut at the right; Slicer's panel cannot be scrolled sideways."""
        return max(0, self._panel.content_width() - self.viewport_size()[0])

    def scroll_to(self, share: float) -> None:
        """Scroll the panel, 0 being the top and 1 the bottom."""
        bar = self._panel.scroll_bar()
        bar.setValue(round(share * bar.maximum()))

    def modulePanel(self) -> Any:
        """Where the module in front is."""
        return self._panel

    def _blank(self, height: int) -> Any:
        widget = qt.QWidget(self)
        if height:
            widget.setFixedHeight(height)
        self.__dict__.setdefault("_blanks", []).append(widget)
        return widget


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """Stands for qSlicerScriptedLoadableModuleWidget: the panel that holds a scripted module's widgets.

    As in Slicer, what a method of the Python object raises is printed and goes no further: the panel stays, and the
    next method is called all the same.
    """

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.__dict__.update(_module=module, _self=None, _entered=False)
        self.setLayout(qt.QVBoxLayout())

    def self(self) -> Any:
        """The Python object behind the panel."""
        return self._self

    def reload(self) -> None:
        """Make the Python object from the module's present source, and let it build its panel."""
        self.__dict__["_self"] = self._module.widgetClass()(self)
        setattr(slicer.modules, f"{self._module.name}Widget", self._self)
        self._call("setup")

    def enter(self) -> None:
        """Called when the user chooses the module."""
        self.__dict__["_entered"] = True
        self._call("enter")

    def exit(self) -> None:
        """Called when the user chooses another module."""
        self.__dict__["_entered"] = False
        self._call("exit")

    def _call(self, name: str) -> None:
        try:
            getattr(self._self, name)()
        except Exception as error:
            traceback.print_exc()
            faults.swallow(error)

    isEntered = Property(bool, lambda self: self._entered)
