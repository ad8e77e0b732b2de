"""The Segment Editor's widget with the rows, names and heights of Slicer's; its effects draw nothing."""

from __future__ import annotations

import logging
from typing import Any

import ctk
import qt
import slicer
from PySide6.QtCore import Property, Signal

from mrml_widgets import qMRMLWidget
from segment_table import qMRMLSegmentsTableView

_EFFECTS = (
    *("Paint", "Draw", "Erase", "Level tracing", "Grow from seeds", "Fill between slices", "Threshold", "Margin"),
    *("Hollow", "Smoothing", "Scissors", "Islands", "Logical operators", "Mask volume"),
)
#: Edges of the buttons of the effects, and what the options of Paint and the masking section take, in pixels.
_BUTTON, _OPTIONS, _MASKING = 31, 51, 107
_UNDO = ("UndoButton", "RedoButton")


def _named(widget: Any, name: str) -> Any:
    widget.objectName = name
    return widget


class qMRMLSegmentEditorWidget(qMRMLWidget):
    """Stands for qMRMLSegmentEditorWidget: holds what the real one holds and draws its buttons; they draw nothing.

    Children have the names and the places that qMRMLSegmentEditorWidget.ui gives them.
    """

    SIGNALS = qMRMLWidget.SIGNALS | {"currentSegmentIDChanged(QString)": "currentSegmentIDChanged"}
    currentSegmentIDChanged = Signal(str)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__.update(_node=None, _observer=None, _order=[], _others=True, _columns=2, _masking=True)
        self.__dict__.update(_segmentation=None, _updating=False, _parts={}, _buttons={}, _spacers=[], _shortcuts=[])
        self.__dict__["_history"] = slicer.vtkSegmentationHistory()
        grid = qt.QGridLayout()
        self.setLayout(grid)
        for row, part in enumerate((self._selectors(), self._actions(), self._body())):
            grid.addLayout(part, row, 0)
        self.updateEffectList()
        self.updateWidgetFromMRML()

    # Its parts

    def _part(self, widget: Any, name: str) -> Any:
        self._parts[name] = _named(widget, name)
        return widget

    def _selectors(self) -> Any:
        layout = _named(qt.QGridLayout(), "NodeSelectorLayout")
        for row, name in enumerate(("Segmentation", "SourceVolume")):
            label = self._part(qt.QLabel(f"{name}:", self), f"{name}NodeLabel")
            box = self._part(qt.QComboBox(self), f"{name}NodeComboBox")
            layout.addWidget(label, row, 0)
            layout.addWidget(box, row, 1)
        return layout

    def _actions(self) -> Any:
        layout = _named(qt.QHBoxLayout(), "SegmentActionsLayout")
        layout.setSpacing(4)
        for name, text in (("AddSegmentButton", "Add"), ("RemoveSegmentButton", "Remove"), ("Show3DButton", "Show 3D")):
            button = self._part(qt.QPushButton(text, self), name)
            button.setMinimumHeight(30)
            layout.addWidget(button)
        switch = self._part(qt.QToolButton(self), "SwitchToSegmentationsButton")
        switch.setFixedSize(46, 30)
        layout.addWidget(switch)
        return layout

    def _body(self) -> Any:
        layout = _named(qt.QHBoxLayout(), "horizontalLayout")
        for column in (self._left(), self._right()):
            layout.addLayout(column)
        return layout

    def _left(self) -> Any:
        layout = _named(qt.QVBoxLayout(), "verticalLayout_3")
        layout.setSpacing(7)
        for name in ("EffectsGroupBox", "UndoRedoGroupBox"):
            frame = self._part(qt.QFrame(self), name)
            frame.frameShape = qt.QFrame.StyledPanel
            frame.setLayout(qt.QGridLayout())
            layout.addWidget(frame)
        for name, slot in zip(_UNDO, (self.undo, self.redo), strict=True):
            button = self._part(self._tool_button(self._parts["UndoRedoGroupBox"], name), name)
            button.connect("clicked()", slot)
        self._add_spacer(layout)
        return layout

    def _right(self) -> Any:
        layout = _named(qt.QVBoxLayout(), "verticalLayout")
        frame = self._part(ctk.ctkExpandableWidget(self), "SegmentsTableResizableFrame")
        frame.setLayout(qt.QVBoxLayout())
        frame.layout().setContentsMargins(0, 0, 0, 0)
        table = self._part(qMRMLSegmentsTableView(frame), "SegmentsTableView")
        table.connect("selectionChanged(QItemSelection,QItemSelection)", self._selection_changed)
        frame.layout().addWidget(table)
        layout.addWidget(frame)
        options = self._part(qt.QGroupBox(self), "OptionsGroupBox")
        options.setFixedHeight(_OPTIONS)
        masking = self._part(ctk.ctkCollapsibleGroupBox(self), "MaskingGroupBox")
        masking.title = "Masking"
        masking.setFixedHeight(_MASKING)
        for group in (options, masking):
            group.hide()
            layout.addWidget(group)
        self._add_spacer(layout)
        return layout

    def _add_spacer(self, layout: Any) -> None:
        spacer = qt.QSpacerItem(20, 40, qt.QSizePolicy.Minimum, qt.QSizePolicy.Expanding)
        self._spacers.append(spacer)
        layout.addItem(spacer)

    @staticmethod
    def _tool_button(frame: Any, name: str) -> Any:
        button = _named(qt.QToolButton(frame), name)
        button.text, button.toolTip = name[:2], name
        button.setFixedSize(_BUTTON, _BUTTON)
        return button

    def updateEffectList(self) -> None:
        """Put the buttons of the effects, and of undo and redo, into rows of `effectColumnCount`."""
        frame = self._parts["EffectsGroupBox"]
        names = [*self._order, *(name for name in _EFFECTS if self._others and name not in self._order)]
        for name in ("NULL", *names):
            if name not in self._buttons:
                self._buttons[name] = button = self._tool_button(frame, name)
                button.checkable = True
                effect = "" if name == "NULL" else name
                button.connect("clicked()", lambda effect=effect: self.setActiveEffectByName(effect))
        for button in self._buttons.values():
            button.hide()
            frame.layout().removeWidget(button)
        for position, name in enumerate(("NULL", *names)):
            self._buttons[name].show()
            frame.layout().addWidget(self._buttons[name], *divmod(position, self._columns))
        for position, name in enumerate(_UNDO):
            self._parts["UndoRedoGroupBox"].layout().addWidget(self._parts[name], *divmod(position, self._columns))

    # What it edits

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
        """The segmentation to draw in; another one ends the active effect."""
        if self._node is not None and self._node.GetSegmentationNode() is not node:
            self._node.SetAndObserveSegmentationNode(node)
            self.setActiveEffectByName("")

    def segmentationNode(self) -> Any:
        """The segmentation drawn in."""
        return self._node.GetSegmentationNode() if self._node is not None else None

    def setSourceVolumeNode(self, node: Any) -> None:
        """The volume to draw on; refused as long as there is no segmentation."""
        if self.segmentationNode() is None:
            if node is not None:
                logging.error("SetSourceVolumeNode: need to set segment editor and segmentation nodes first")
            return
        self._node.SetAndObserveSourceVolumeNode(node)

    def sourceVolumeNode(self) -> Any:
        """The volume drawn on."""
        return self._node.GetSourceVolumeNode() if self._node is not None else None

    def currentSegmentID(self) -> str:
        """ID of the segment drawn in."""
        return (self._node.GetSelectedSegmentID() or "") if self._node is not None else ""

    def setCurrentSegmentID(self, segment_id: str) -> None:
        """Draw in another segment; says nothing."""
        if self._node is not None:
            self._node.SetSelectedSegmentID(segment_id)

    def updateWidgetFromMRML(self) -> None:
        """Show what the nodes hold."""
        if self._updating or (self.mrmlScene() is not None and self.mrmlScene().IsClosing()):
            return
        self.__dict__["_updating"] = True
        try:
            self._take_segmentation(self.segmentationNode())
        finally:
            self.__dict__["_updating"] = False
        segmentation, selected = self.segmentationNode(), self.currentSegmentID()
        known = segmentation is not None and segmentation.GetSegmentation().GetSegmentIndex(selected) >= 0
        self._parts["SegmentsTableView"].setSelectedSegmentIDs([selected] if selected and known else [])
        can_edit = segmentation is not None and self.sourceVolumeNode() is not None
        for name in ("EffectsGroupBox", "OptionsGroupBox"):
            self._parts[name].enabled = can_edit
        self._parts["AddSegmentButton"].enabled = can_edit
        self._parts["RemoveSegmentButton"].enabled = bool(selected) and known
        self._show_effect()

    def _take_segmentation(self, node: Any) -> None:
        """A new segmentation brings its first segment, and the volume that it was made on as the source."""
        if node is self._segmentation:
            return
        self.__dict__["_segmentation"] = node
        self._history.SetSegmentation(node.GetSegmentation() if node is not None else None)
        table = self._parts["SegmentsTableView"]
        was_blocked = table.blockSignals(True)
        table.setSegmentationNode(node)
        table.blockSignals(was_blocked)
        if node is not None:
            self.setSourceVolumeNode(node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()))
            if node.GetSegmentation().GetNumberOfSegments() > 0:
                table.setSelectedSegmentIDs([node.GetSegmentation().GetNthSegmentID(0)])

    def _selection_changed(self) -> None:
        """The choice in the table is told where the node does not hold it yet: it is the user's, then."""
        chosen = next(iter(self._parts["SegmentsTableView"].selectedSegmentIDs()), "")
        if self._node is not None and chosen != self.currentSegmentID():
            self._node.SetSelectedSegmentID(chosen)
            self.currentSegmentIDChanged.emit(chosen)

    # Effects

    def setEffectNameOrder(self, names: list[str]) -> None:
        """Effects to show first."""
        self.__dict__["_order"] = [name for name in names if name in _EFFECTS]
        self.updateEffectList()

    def setActiveEffectByName(self, name: str) -> None:
        """Choose an effect; the empty name lays it aside."""
        if name and name not in _EFFECTS:
            raise ValueError(f"no effect {name!r}")
        if self._node is not None:
            self._node.SetActiveEffectName(name)

    def _show_effect(self) -> None:
        active = (self._node.GetActiveEffectName() or "") if self._node is not None else ""
        self._parts["OptionsGroupBox"].setVisible(bool(active))
        self._parts["OptionsGroupBox"].title = active
        self._parts["MaskingGroupBox"].setVisible(bool(active) and self._masking)
        for name, button in self._buttons.items():
            button.checked = name == (active or "NULL")

    def saveStateForUndo(self) -> None:
        """Remember the segmentation as it is."""
        if self.segmentationNode() is not None:
            self._history.SaveState()

    def undo(self) -> None:
        """Bring back what was remembered last."""
        self._history.RestorePreviousState()

    def redo(self) -> None:
        """Take `undo` back."""
        self._history.RestoreNextState()

    def installKeyboardShortcuts(self) -> None:
        """Keys of the main window choose effects, lay them aside and undo while the module is in front."""
        self.uninstallKeyboardShortcuts()
        effects = [(str((index + 1) % 10), index + 1, name) for index, name in enumerate(_EFFECTS[:10])]
        for key, index, name in [("Escape", 0, ""), *effects]:
            shortcut = self._add_shortcut(key, lambda name=name: self.setActiveEffectByName(name))
            shortcut.setProperty("effectIndex", index)
        for key, slot in (("Z", self.undo), ("Ctrl+Z", self.undo), ("Y", self.redo), ("Ctrl+Y", self.redo)):
            self._add_shortcut(key, slot)

    def _add_shortcut(self, key: str, slot: Any) -> Any:
        shortcut = qt.QShortcut(qt.QKeySequence(key), slicer.util.mainWindow())
        shortcut.connect("activated()", slot)
        self._shortcuts.append(shortcut)
        return shortcut

    def uninstallKeyboardShortcuts(self) -> None:
        """Keys no longer choose effects."""
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts.clear()

    def removeViewObservations(self) -> None:
        """Let go of the slice views."""

    def setMaximumNumberOfUndoStates(self, count: int) -> None:
        """How many steps can be undone."""
        self._history.SetMaximumNumberOfStates(count)

    def _shown(*names: str) -> Any:  # type: ignore[misc]
        """Property: are these parts seen?"""

        def show(self: Any, visible: bool) -> None:
            for name in names:
                self._parts[name].setVisible(visible)

        return Property(bool, lambda self: all(self._parts[name].isVisible() for name in names), show)

    def _effects_shown_as(name: str, kind: type) -> Any:  # type: ignore[misc]  # noqa: N805
        """Property: how the effects' buttons are laid out."""

        def change(self: Any, value: Any) -> None:
            self.__dict__[name] = value
            self.updateEffectList()
            self._show_effect()

        return Property(kind, lambda self: self.__dict__[name], change)

    segmentationNodeSelectorVisible = _shown("SegmentationNodeComboBox", "SegmentationNodeLabel")
    sourceVolumeNodeSelectorVisible = _shown("SourceVolumeNodeComboBox", "SourceVolumeNodeLabel")
    addRemoveSegmentButtonsVisible = _shown("AddSegmentButton", "RemoveSegmentButton")
    show3DButtonVisible = _shown("Show3DButton")
    switchToSegmentationsButtonVisible = _shown("SwitchToSegmentationsButton")
    undoEnabled = _shown("UndoRedoGroupBox")
    unorderedEffectsVisible = _effects_shown_as("_others", bool)
    effectColumnCount = _effects_shown_as("_columns", int)
    maskingSectionVisible = _effects_shown_as("_masking", bool)
