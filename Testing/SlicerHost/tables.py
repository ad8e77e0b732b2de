"""qMRMLTableView, which stands for Slicer's class of that name."""

from __future__ import annotations

from typing import Any

import qt
from PySide6.QtCore import QModelIndex, Signal

from widgets import qMRMLWidget


class qMRMLTableView(qMRMLWidget):
    """Stands for qMRMLTableView: shows a table node, its columns as A, B, C unless it says otherwise."""

    SIGNALS = qMRMLWidget.SIGNALS | {"clicked(QModelIndex)": "clicked"}
    clicked = Signal(QModelIndex)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__.update(_node=None, _observer=None)
        self.__dict__["_model"] = qt.QStandardItemModel(self)
        self.__dict__["_cells"] = qt.QTableView(self)
        self._cells.setModel(self._model)
        self._cells.connect("clicked(QModelIndex)", self.clicked.emit)
        self.setLayout(qt.QVBoxLayout())
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().addWidget(self._cells)

    def setMRMLTableNode(self, node: Any) -> None:
        """Show another table."""
        if self._node is not None:
            self._node.RemoveObserver(self._observer)
        self.__dict__.update(_node=node, _observer=None)
        if node is not None:
            self.__dict__["_observer"] = node.AddObserver("ModifiedEvent", lambda *_: self._fill())
        self._fill()

    def mrmlTableNode(self) -> Any:
        """The table shown."""
        return self._node

    def resizeColumnsToContents(self) -> None:
        """Columns as wide as their cells."""
        self._cells.resizeColumnsToContents()

    def scrollToBottom(self) -> None:
        """Show the last row."""
        self._cells.scrollToBottom()

    def model(self) -> Any:
        """What is shown, cell by cell."""
        return self._model

    def _fill(self) -> None:
        self._model.clear()
        columns = range(self._node.GetNumberOfColumns() if self._node is not None else 0)
        names = [self._node.GetColumnName(column) for column in columns]
        if self._node is not None and not self._node.GetUseColumnTitleAsColumnHeader():
            self._model.appendRow([qt.QStandardItem(name) for name in names])
            names = [chr(ord("A") + column % 26) for column in columns]
        for row in range(self._node.GetNumberOfRows() if self._node is not None else 0):
            self._model.appendRow([qt.QStandardItem(self._node.GetCellText(row, column)) for column in columns])
        self._model.setHorizontalHeaderLabels(names)
