"""The Segment Editor's table of segments; stands for Slicer's class of the same name."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from PySide6.QtCore import Signal

from mrml_widgets import qMRMLWidget


class qMRMLSegmentsTableView(qMRMLWidget):
    """Stands for qMRMLSegmentsTableView: lists the segments of a segmentation; the user selects one."""

    SIGNALS = qMRMLWidget.SIGNALS | {"selectionChanged(QItemSelection,QItemSelection)": "selectionChanged"}
    selectionChanged = Signal()

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__.update(_node=None, _observed=[], _selected=[], _ids=[])
        self.__dict__["_model"] = qt.QStandardItemModel(self)
        self.__dict__["_cells"] = cells = qt.QTableView(self)
        cells.setModel(self._model)
        cells.verticalHeader().hide()
        cells.horizontalHeader().setStretchLastSection(True)
        cells.setSelectionBehavior(qt.QTableView.SelectRows)
        cells.setSelectionMode(qt.QTableView.SingleSelection)
        cells.selectionModel().selectionChanged.connect(lambda *_: self._chosen())
        self.setLayout(qt.QGridLayout())
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().addWidget(cells)
        self._fill()

    def segmentationNode(self) -> Any:
        """The segmentation listed."""
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        """List another segmentation."""
        for observed, tag in self._observed:
            observed.RemoveObserver(tag)
        kinds = slicer.vtkSegmentation.SegmentAdded, slicer.vtkSegmentation.SegmentRemoved
        kinds += (slicer.vtkSegmentation.SegmentModified,)
        observed = [(node, node.AddObserver(kind, lambda *_: self._fill())) for kind in kinds] if node else []
        self.__dict__.update(_node=node, _observed=observed)
        self._fill()

    def selectedSegmentIDs(self) -> tuple[str, ...]:
        """IDs of what is selected."""
        return tuple(self._selected)

    def setSelectedSegmentIDs(self, segment_ids: list[str]) -> None:
        """Select other segments; says so, as when the user does it."""
        wanted = [segment_id for segment_id in segment_ids if segment_id in self._ids]
        if wanted != self._selected:
            self.__dict__["_selected"] = wanted
            self._show_selection()
            self.selectionChanged.emit()

    def _fill(self) -> None:
        segmentation = self._node.GetSegmentation() if self._node is not None else None
        count = segmentation.GetNumberOfSegments() if segmentation is not None else 0
        self.__dict__["_ids"] = [segmentation.GetNthSegmentID(index) for index in range(count)]
        selection = self._cells.selectionModel()
        was_blocked = selection.blockSignals(True)
        self._model.clear()
        self._model.setHorizontalHeaderLabels(["", "", "Name"])
        for segment_id in self._ids:
            name = qt.QStandardItem(segmentation.GetSegment(segment_id).GetName())
            self._model.appendRow([qt.QStandardItem(), qt.QStandardItem(), name])
        for column, width in enumerate((28, 24)):
            self._cells.setColumnWidth(column, width)
        selection.blockSignals(was_blocked)
        self._show_selection()
        self.setSelectedSegmentIDs(self._selected)

    def _show_selection(self) -> None:
        selection = self._cells.selectionModel()
        was_blocked = selection.blockSignals(True)
        if self._selected and self._selected[0] in self._ids:
            self._cells.selectRow(self._ids.index(self._selected[0]))
        else:
            self._cells.clearSelection()
        selection.blockSignals(was_blocked)

    def _chosen(self) -> None:
        """The user has chosen a row."""
        rows = {index.row() for index in self._cells.selectionModel().selectedRows()}
        self.setSelectedSegmentIDs([self._ids[row] for row in sorted(rows)])
