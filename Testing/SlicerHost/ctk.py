"""The CTK widgets that HER2Predict uses, as `import ctk` gives them inside 3D Slicer."""

from __future__ import annotations

from typing import Any

import qt
from PySide6.QtCore import Property, QEvent, Signal
from PySide6.QtWidgets import QWidget


class ctkCollapsibleButton(qt.QWidget):
    """Stands for ctkCollapsibleButton: a titled button that shows and hides what is in it."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__.update(_collapsed=False, _forcing=False, _hidden=set())
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
        self.__dict__["_forcing"] = True
        for child in self._contents():
            child.setVisible(not collapsed and child not in self._hidden)
        self.__dict__["_forcing"] = False
        self._make_room()

    def _contents(self) -> list[Any]:
        children = self.findChildren(QWidget, options=qt.Qt.FindDirectChildrenOnly)
        return [child for child in children if child is not self._button]

    def childEvent(self, event: Any) -> None:
        """Watch whatever is put in."""
        child = event.child()
        if event.added() and isinstance(child, QWidget) and "_button" in self.__dict__:
            child.installEventFilter(self)

    def eventFilter(self, child: Any, event: Any) -> bool:
        """What was hidden for itself stays so when the rest is shown, and shows up with it when it is collapsed."""
        kinds = {QEvent.Type.ShowToParent: self._hidden.discard, QEvent.Type.HideToParent: self._hidden.add}
        if event.type() in kinds and not self._forcing:
            kinds[event.type()](child)
            if self._collapsed and event.type() == QEvent.Type.ShowToParent:
                self.__dict__["_forcing"] = True
                child.setVisible(False)
                self.__dict__["_forcing"] = False
        return False

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
    """Stands for ctkPathLineEdit: a path to type or to browse for; here the button does nothing.

    Emptied, it says no more than that its input is not valid.
    """

    SIGNALS = {
        "currentPathChanged(QString)": "currentPathChanged",
        "validInputChanged(bool)": "validInputChanged",
    }
    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)
    #: Of ctkPathLineEdit::Filter, which takes its values from QDir.
    Files = 0x002

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__.update(_filters=0, _names=[], _valid=False)
        self.__dict__["_line"] = line = qt.QLineEdit(self)
        browse = qt.QToolButton(self)
        browse.text = "…"
        self.setLayout(qt.QHBoxLayout())
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().addWidget(line)
        self.layout().addWidget(browse)
        self.__dict__["_browse"] = browse
        line.connect("textChanged(QString)", self._changed)

    def _changed(self, path: str) -> None:
        if path:
            self.currentPathChanged.emit(path)
        if bool(path) != self._valid:
            self.__dict__["_valid"] = bool(path)
            self.validInputChanged.emit(bool(path))

    currentPath = Property(str, lambda self: self._line.text, lambda self, path: self._line.setText(path))
    filters = Property(int, lambda self: self._filters, lambda self, value: self.__dict__.update(_filters=value))
    nameFilters = Property(
        "QStringList", lambda self: self._names, lambda self, value: self.__dict__.update(_names=list(value))
    )
