"""The CTK widgets that HER2Predict uses, as `import ctk` gives them inside 3D Slicer."""

from __future__ import annotations

from typing import Any

import qt
from PySide6.QtCore import Property
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

    text = Property(str, _get_text, _set_text)
    collapsed = Property(bool, _get_collapsed, _set_collapsed)
