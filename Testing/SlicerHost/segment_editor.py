"""qMRMLSegmentEditorWidget for Slicer's class of that name: as high as the real one; its effects do nothing."""

from __future__ import annotations

import logging
from typing import Any

import qt
import slicer
from PySide6.QtCore import Property, Signal

from widgets import qMRMLWidget

#: Read off the real one, in pixels: a button of an effect, the options of Paint, the masking section, and the strip
#: below the undo buttons where the table of segments is as high as it is without being told otherwise.
_BUTTON, _OPTIONS, _MASKING = 28, 90, 113
_TABLE = 175


class qMRMLSegmentEditorWidget(qMRMLWidget):
    """Stands for qMRMLSegmentEditorWidget."""

    SIGNALS = qMRMLWidget.SIGNALS | {"currentSegmentIDChanged(QString)": "currentSegmentIDChanged"}
    currentSegmentIDChanged = Signal(str)
    _ALL = ["Paint", "Draw", "Erase", "Scissors", "Threshold", "Islands", "Smoothing", "Margin", "Hollow"]

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__.update(_node=None, _observer=None, _order=[], _others=True, _selected="", _flags={}, _effect="")
        self.__dict__.update(_columns=2, _shortcuts=[])
        self.__dict__["_history"] = slicer.vtkSegmentationHistory()
        rows = qt.QVBoxLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        self.setLayout(rows)
        rows.addWidget(self._add_remove_row())
        rows.addWidget(self._effects_and_table())
        for name, height in (("_options", _OPTIONS), ("_masking", _MASKING)):
            section = qt.QGroupBox(name.strip("_").capitalize(), self)
            section.setFixedHeight(height)
            self.__dict__[name] = section
            rows.addWidget(section)
        self.updateEffectList()

    def _add_remove_row(self) -> Any:
        self.__dict__["_add_remove"] = row = qt.QWidget(self)
        row.setLayout(qt.QHBoxLayout())
        row.layout().setContentsMargins(0, 0, 0, 0)
        for text in ("Add", "Remove", "Show 3D"):
            button = qt.QPushButton(text, row)
            button.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
            row.layout().addWidget(button)
        self.__dict__["_switch"] = switch = qt.QToolButton(row)
        switch.text = "→"
        row.layout().addWidget(switch)
        return row

    def _effects_and_table(self) -> Any:
        both = qt.QWidget(self)
        both.setLayout(qt.QHBoxLayout())
        both.layout().setContentsMargins(0, 0, 0, 0)
        column = qt.QVBoxLayout()
        self.__dict__["_effects"] = effects = qt.QGroupBox(both)
        effects.objectName = "EffectsGroupBox"
        effects.setLayout(qt.QGridLayout())
        effects.layout().setContentsMargins(4, 4, 4, 4)
        effects.layout().setSpacing(2)
        column.addWidget(effects)
        undo = qt.QGroupBox(both)
        undo.objectName = "UndoRedoGroupBox"
        undo.setLayout(qt.QHBoxLayout())
        undo.layout().setContentsMargins(4, 4, 4, 4)
        for arrow in ("↶", "↷"):
            button = qt.QToolButton(undo)
            button.text = arrow
            button.setFixedSize(_BUTTON, _BUTTON)
            undo.layout().addWidget(button)
        column.addWidget(undo)
        column.addStretch(1)
        both.layout().addLayout(column)
        frame = qt.QFrame(both)  # a ctkExpandableWidget in Slicer
        frame.objectName = "SegmentsTableResizableFrame"
        frame.setMinimumHeight(_TABLE)
        frame.setFrameShape(qt.QFrame.StyledPanel)
        both.layout().addWidget(frame, 1)
        return both

    def mrmlSegmentEditorNode(self) -> Any:
        """The node that holds every choice of the editor."""
        return self._node

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        """Take every choice from `node` from now on."""
        if self._node is not None and self._observer is not None:
            self._node.RemoveObserver(self._observer)
        self.__dict__.update(_node=node, _observer=None)
        if node is not None:
            self.__dict__["_observer"] = node.AddObserver("ModifiedEvent", lambda *_: self.updateWidgetFromMRML())
        self.updateWidgetFromMRML()

    def setSegmentationNode(self, node: Any) -> None:
        """The segmentation to draw in."""
        if self._node is not None:
            self._node.SetAndObserveSegmentationNode(node)

    def segmentationNode(self) -> Any:
        """The segmentation drawn in."""
        return self._node.GetSegmentationNode() if self._node is not None else None

    def setSourceVolumeNode(self, node: Any) -> None:
        """The volume to draw on; refused where there is no segmentation yet."""
        if self.segmentationNode() is None:
            logging.error("SetSourceVolumeNode: need to set segment editor and segmentation nodes first")
            return
        self._node.SetAndObserveSourceVolumeNode(node)

    def sourceVolumeNode(self) -> Any:
        """The volume drawn on."""
        return self._node.GetSourceVolumeNode() if self._node is not None else None

    def currentSegmentID(self) -> str:
        """ID of the segment drawn in."""
        return self._selected

    def setCurrentSegmentID(self, segment_id: str) -> None:
        """Draw in another segment; tells nobody."""
        if self._node is not None:
            self._node.SetSelectedSegmentID(segment_id)

    def select_as_user(self, segment_id: str) -> None:
        """What a click on a row of the table of segments does; of this stand-in alone."""
        self._node.SetSelectedSegmentID(segment_id)
        self.currentSegmentIDChanged.emit(segment_id)

    def updateWidgetFromMRML(self) -> None:
        """Show what the nodes hold."""
        self.__dict__["_selected"] = (self._node.GetSelectedSegmentID() or "") if self._node is not None else ""
        segmentation = self.segmentationNode()
        self._history.SetSegmentation(segmentation.GetSegmentation() if segmentation is not None else None)
        self._effects.enabled = segmentation is not None

    def setEffectNameOrder(self, names: list[str]) -> None:
        """Effects to show first."""
        self.__dict__["_order"] = list(names)
        self.updateEffectList()

    def updateEffectList(self) -> None:
        """Draw a button for each effect."""
        grid = self._effects.layout()
        while grid.count():
            button = grid.takeAt(0).widget()
            button.setVisible(False)
            button.deleteLater()
        names = self._order + [name for name in self._ALL if self._others and name not in self._order]
        for position, name in enumerate(names):
            button = qt.QToolButton(self._effects)
            button.text, button.toolTip = name[0], name
            button.setFixedSize(_BUTTON, _BUTTON)
            grid.addWidget(button, position // self._columns, position % self._columns)
        self._show_sections()

    def setActiveEffectByName(self, name: str) -> None:
        """Choose an effect; the empty name lays it aside."""
        if name and name not in self._order + self._ALL:
            raise ValueError(f"no effect {name!r}")
        self.__dict__["_effect"] = name
        self._show_sections()

    def _show_sections(self) -> None:
        self._options.setVisible(bool(self._effect))
        self._masking.setVisible(bool(self._effect) and self.maskingSectionVisible)
        self._add_remove.setVisible(self.addRemoveSegmentButtonsVisible)
        self._switch.setVisible(self.switchToSegmentationsButtonVisible)

    def setMaximumNumberOfUndoStates(self, count: int) -> None:
        """How many steps can be undone."""
        self._history.SetMaximumNumberOfStates(count)

    def saveStateForUndo(self) -> None:
        """Remember the segmentation as it is."""
        if self.segmentationNode() is not None:
            self._history.SaveState()

    def undo(self) -> None:
        """Bring back what was remembered last."""
        self._history.RestorePreviousState()

    def installKeyboardShortcuts(self) -> None:
        """Keys of the main window choose effects while the module is in front; Escape puts the active one down."""
        self.uninstallKeyboardShortcuts()
        window = slicer.util.mainWindow()
        for index, key in enumerate(("Escape", *"1234567890")):
            shortcut = qt.QShortcut(qt.QKeySequence(key), window)
            shortcut.setProperty("effectIndex", index)
            if index == 0:
                shortcut.connect("activated()", lambda: self.setActiveEffectByName(""))
            self._shortcuts.append(shortcut)

    def uninstallKeyboardShortcuts(self) -> None:
        """Keys no longer choose effects."""
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts.clear()

    def removeViewObservations(self) -> None:
        """Let go of the slice views."""

    def _flag(name: str, default: bool) -> Any:  # type: ignore[misc]  # noqa: N805
        def write(self: Any, value: bool) -> None:
            self._flags[name] = value
            self._show_sections()

        return Property(bool, lambda self: self._flags.get(name, default), write)

    def _set_others(self, visible: bool) -> None:
        self.__dict__["_others"] = visible
        self.updateEffectList()

    def _set_columns(self, count: int) -> None:
        self.__dict__["_columns"] = count
        self.updateEffectList()

    unorderedEffectsVisible = Property(bool, lambda self: self._others, _set_others)
    effectColumnCount = Property(int, lambda self: self._columns, _set_columns)
    segmentationNodeSelectorVisible = _flag("segmentation", False)
    sourceVolumeNodeSelectorVisible = _flag("source", False)
    switchToSegmentationsButtonVisible = _flag("switch", True)
    addRemoveSegmentButtonsVisible = _flag("add", True)
    maskingSectionVisible = _flag("masking", True)
