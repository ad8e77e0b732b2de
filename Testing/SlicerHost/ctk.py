"""The CTK widgets that HER2Predict uses, as `import ctk` gives them inside 3D Slicer."""

from __future__ import annotations

from typing import Any

import qt
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QWidget


class ctkCollapsibleButton(qt.QWidget):
    """Stands for ctkCollapsibleButton: a titled button that shows and hides what is in it."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__["_collapsed"] = False
        self.__dict__["_button"] = button = qt.QToolButton(self)
        button.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
        button.toolButtonStyle = qt.Qt.ToolButtonTextBesideIcon
        button.connect("clicked()", lambda: self._set_collapsed(not self._collapsed))
        self._set_collapsed(False)

    def _get_text(self) -> str:
        return self._button.text

    def _set_text(self, text: str) -> None:
        self._button.text = text

    def _get_collapsed(self) -> bool:
        return self._collapsed

    def _set_collapsed(self, collapsed: bool) -> None:
        self.__dict__["_collapsed"] = collapsed
        self._button.arrowType = qt.Qt.RightArrow if collapsed else qt.Qt.DownArrow
        for child in self.findChildren(QWidget, options=qt.Qt.FindDirectChildrenOnly):
            child.setVisible(child is self._button or not collapsed)
        self._make_room()

    def _make_room(self) -> None:
        height = self._button.sizeHint.height()
        self._button.setGeometry(0, 0, self.width, height)
        self.setContentsMargins(0, height, 0, 0)
        self.setMaximumHeight(height if self._collapsed else 16777215)

    def resizeEvent(self, event: Any) -> None:
        """Keep the button across the top."""
        self._make_room()

    def showEvent(self, event: Any) -> None:
        """Hide what was put in since it was collapsed."""
        if self._collapsed:
            self._set_collapsed(True)

    text = Property(str, _get_text, _set_text)
    collapsed = Property(bool, _get_collapsed, _set_collapsed)


class ctkPathLineEdit(qt.QWidget):
    """Stands for ctkPathLineEdit: a path to type or to browse for; here the button does nothing."""

    SIGNALS = {"currentPathChanged(QString)": "currentPathChanged"}
    currentPathChanged = Signal(str)
    #: Of ctkPathLineEdit::Filter, which takes its values from QDir.
    Files = 0x002

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__.update(_filters=0, _names=[])
        self.__dict__["_line"] = line = qt.QLineEdit(self)
        browse = qt.QToolButton(self)
        browse.text = "…"
        self.setLayout(qt.QHBoxLayout())
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().addWidget(line)
        self.layout().addWidget(browse)
        self.__dict__["_browse"] = browse
        line.connect("textChanged(QString)", lambda path: self.currentPathChanged.emit(path))

    currentPath = Property(str, lambda self: self._line.text, lambda self, path: self._line.setText(path))
    filters = Property(int, lambda self: self._filters, lambda self, value: self.__dict__.update(_filters=value))
    nameFilters = Property(
        "QStringList", lambda self: self._names, lambda self, value: self.__dict__.update(_names=list(value))
    )
