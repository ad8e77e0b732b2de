"""The view of a table node; stands for Slicer's class of the same name."""

from __future__ import annotations

from typing import Any

import qt
from PySide6.QtCore import QModelIndex, Signal

from mrml_widgets import qMRMLWidget


class qMRMLTableView(qMRMLWidget):
    """Stands for qMRMLTableView: shows a table node."""

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

    def model(self) -> Any:
        """What the cells and the headers hold."""
        return self._model

    def horizontalHeader(self) -> Any:
        """Above the columns."""
        return self._cells.horizontalHeader()

    def verticalHeader(self) -> Any:
        """Left of the rows."""
        return self._cells.verticalHeader()

    def resizeColumnsToContents(self) -> None:
        """Columns as wide as their cells."""
        self._cells.resizeColumnsToContents()

    def scrollToBottom(self) -> None:
        """Show the last row."""
        self._cells.scrollToBottom()

    def _fill(self) -> None:
        """Of qMRMLTableModel::updateModelFromMRML: titles and names are headers only where the node says so."""
        self._model.clear()
        node = self._node
        if node is None or node.GetNumberOfColumns() == 0:
            return
        columns = list(range(node.GetNumberOfColumns()))
        names = [node.GetColumnName(column) for column in columns]
        rows = [[node.GetCellText(row, column) for column in columns] for row in range(node.GetNumberOfRows())]
        if node.GetUseColumnTitleAsColumnHeader():
            headers = [node.GetColumnTitle(name) or name for name in names]
        else:
            headers, rows = [_letters(column) for column in columns], [names, *rows]
        labels = [str(row + 1) for row in range(len(rows))]
        if node.GetUseFirstColumnAsRowHeader():
            labels = [row[0] for row in rows]
            rows = [row[1:] for row in rows]
            headers = headers[1:] if node.GetUseColumnTitleAsColumnHeader() else headers[:-1]
        for row in rows:
            self._model.appendRow([qt.QStandardItem(text) for text in row])
        self._model.setHorizontalHeaderLabels(headers)
        self._model.setVerticalHeaderLabels(labels)


def _letters(column: int) -> str:
    """A, B ... Z, AA, AB ..."""
    rest, last = divmod(column, 26)
    return (_letters(rest - 1) if rest else "") + chr(ord("A") + last)
