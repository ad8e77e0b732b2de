"""The qMRML widgets that choose nodes and segments; each stands for Slicer's class of the same name."""

from __future__ import annotations

import random
from typing import Any

import qt
import shiboken6
import slicer
from PySide6.QtCore import Property, Signal


class qMRMLWidget(qt.QWidget):
    """Stands for qMRMLWidget: a widget that knows the scene."""

    SIGNALS = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}
    mrmlSceneChanged = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__["_scene"] = None

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        """Set the scene and tell those that the .ui file connects."""
        if scene is not self._scene:
            self.__dict__["_scene"] = scene
            self.mrmlSceneChanged.emit(scene)


class qMRMLNodeComboBox(qMRMLWidget):
    """Stands for qMRMLNodeComboBox: chooses one of the scene's nodes of some classes."""

    SIGNALS = qMRMLWidget.SIGNALS | {"currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged"}
    currentNodeChanged = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__.update(_types=[], _children=True, _current=None, _filling=False, _flags={})
        self.__dict__["_box"] = box = qt.QComboBox(self)
        self.setLayout(qt.QVBoxLayout())
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().addWidget(box)
        box.connect("currentIndexChanged(int)", self._chosen)

    def setMRMLScene(self, scene: Any) -> None:
        """List the scene's nodes from now on."""
        if scene is not None and scene is not self.mrmlScene():
            events = scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent, scene.EndBatchProcessEvent
            for event in events:
                # Slicer's lets go of the scene when it ends; here the scene may outlive it.
                scene.AddObserver(event, lambda caller, event: shiboken6.isValid(self) and self._fill())
        super().setMRMLScene(scene)
        self._fill()

    def currentNode(self) -> Any:
        """The chosen node, None where there is none."""
        return self.mrmlScene().GetNodeByID(self._current) if self.mrmlScene() and self._current else None

    def setCurrentNode(self, node: Any) -> None:
        """Choose a node; one that is not listed counts as none."""
        self._fill()
        self._box.setCurrentIndex(self._box.findData(node.GetID()) if node is not None else -1)

    def _nodes(self) -> list[Any]:
        scene = self.mrmlScene()
        nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
        return [node for node in nodes if not node.GetHideFromEditors() and self._fits(node)]

    def _fits(self, node: Any) -> bool:
        return any(node.IsA(name) if self._children else node.GetClassName() == name for name in self._types)

    def _fill(self) -> None:
        if self.mrmlScene() is None or self.mrmlScene().IsBatchProcessing():
            return
        self.__dict__["_filling"] = True
        self._box.clear()
        for node in self._nodes():
            self._box.addItem(node.GetName(), node.GetID())
        kept = self._box.findData(self._current or "")
        self._box.setCurrentIndex(kept if kept >= 0 else min(0, self._box.count - 1))
        self.__dict__["_filling"] = False
        self._chosen()

    def _chosen(self) -> None:
        chosen = self._box.itemData(self._box.currentIndex) or None
        if not self._filling and chosen != self._current:
            self.__dict__["_current"] = chosen
            self.currentNodeChanged.emit(self.currentNode())

    def _flag(name: str, default: bool) -> Any:  # type: ignore[misc]  # noqa: N805
        return Property(
            bool,
            lambda self: self._flags.get(name, default),
            lambda self, value: self._flags.__setitem__(name, value),
        )

    nodeTypes = Property(
        "QStringList", lambda self: self._types, lambda self, value: self.__dict__.update(_types=list(value))
    )
    showChildNodeTypes = Property(
        bool, lambda self: self._children, lambda self, value: self.__dict__.update(_children=value)
    )
    addEnabled = _flag("add", True)
    renameEnabled = _flag("rename", False)


class qMRMLSegmentSelectorWidget(qMRMLWidget):
    """Stands for qMRMLSegmentSelectorWidget: chooses a segmentation and one of its segments.

    While `currentNodeChanged` is sent, `currentSegmentID` is still that of the former node. Whether anything is said
    of the segment that takes its place differed between builds of Slicer; here chance decides.
    """

    _speaks = random.Random(20)

    SIGNALS = qMRMLWidget.SIGNALS | {
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
        "currentSegmentChanged(QString)": "currentSegmentChanged",
    }
    currentNodeChanged = Signal(object)
    currentSegmentChanged = Signal(str)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__.update(_node=None, _segment="", _observed=[], _quiet=False)
        self.__dict__["_nodes"] = nodes = qMRMLNodeComboBox(self)
        nodes.nodeTypes = ["vtkMRMLSegmentationNode"]
        self.__dict__["_box"] = box = qt.QComboBox(self)
        self.__dict__["_message"] = qt.QLabel(self)
        self.__dict__["_label"] = label = qt.QLabel("Segment: ", self)
        row = qt.QHBoxLayout()
        row.addWidget(label)
        row.addWidget(box, 1)
        row.addWidget(self._message)
        self.setLayout(qt.QVBoxLayout())
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().setSpacing(2)
        self.layout().addWidget(nodes)
        self.layout().addLayout(row)
        nodes.connect("currentNodeChanged(vtkMRMLNode*)", self._node_changed)
        box.connect("currentIndexChanged(int)", self._segment_chosen)
        self._fill()

    def setMRMLScene(self, scene: Any) -> None:
        """List the scene's segmentations from now on."""
        super().setMRMLScene(scene)
        self._nodes.setMRMLScene(scene)

    def currentNode(self) -> Any:
        """The chosen segmentation, None where there is none."""
        return self._nodes.currentNode()

    def setCurrentNode(self, node: Any) -> None:
        """Choose a segmentation and its first segment."""
        self._nodes.setCurrentNode(node)

    def currentSegmentID(self) -> str:
        """ID of the chosen segment; empty where there is none."""
        return self._segment

    def setCurrentSegmentID(self, segment_id: str) -> None:
        """Choose a segment; an unknown one changes nothing."""
        index = self._box.findData(segment_id)
        if index >= 0:
            self._box.setCurrentIndex(index)

    def _node_changed(self, node: Any) -> None:
        for observed, tag in self._observed:
            observed.RemoveObserver(tag)
        self._observed.clear()
        if node is not None:
            kinds = (slicer.vtkSegmentation.SegmentAdded, slicer.vtkSegmentation.SegmentRemoved)
            for kind in (*kinds, slicer.vtkSegmentation.SegmentModified):
                self._observed.append((node, node.AddObserver(kind, lambda caller, event: self._fill())))
        self.currentNodeChanged.emit(node)
        self.__dict__["_quiet"] = not self._speaks.choice((True, False))
        self._fill()
        self.__dict__["_quiet"] = False

    def _fill(self) -> None:
        segmentation = self.currentNode().GetSegmentation() if self.currentNode() else None
        count = segmentation.GetNumberOfSegments() if segmentation else 0
        ids = [segmentation.GetNthSegmentID(index) for index in range(count)]
        self._box.blockSignals(True)
        self._box.clear()
        for segment_id in ids:
            self._box.addItem(segmentation.GetSegment(segment_id).GetName(), segment_id)
        self._box.blockSignals(False)
        self._box.setVisible(bool(ids))
        self._label.setVisible(bool(ids))
        self._message.text = "" if ids else "No segments in segmentation" if segmentation else "No node is selected"
        # The real widget forgets a segment only when another can take its place.
        if self._segment in ids:
            self._box.setCurrentIndex(ids.index(self._segment))
        elif ids:
            self._segment_chosen()

    def _segment_chosen(self) -> None:
        chosen = self._box.itemData(self._box.currentIndex) or ""
        if chosen != self._segment:
            self.__dict__["_segment"] = chosen
            if not self._quiet:
                self.currentSegmentChanged.emit(chosen)

    segmentationNodeSelectorVisible = Property(
        bool, lambda self: self._nodes.visible, lambda self, value: self._nodes.setVisible(value)
    )
