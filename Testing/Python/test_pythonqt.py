"""PythonQt's and the qMRML widgets' manners that the module relies on; read off a running Slicer."""

from __future__ import annotations

import unittest
from typing import Any
from unittest import mock

import panel

slicer: Any = None


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


class PythonQtMannersTest(unittest.TestCase):
    def setUp(self) -> None:
        import qt

        self.qt = qt
        self.button = qt.QPushButton("hello")

    def test_properties_are_attributes(self) -> None:
        self.assertEqual(self.button.text, "hello")
        with self.assertRaisesRegex(TypeError, "not callable"):
            self.button.text()
        self.assertTrue(self.button.isEnabled())

    def test_an_unknown_name_cannot_be_set(self) -> None:
        with self.assertRaisesRegex(AttributeError, "'tooltip' does not exist on QPushButton"):
            self.button.tooltip = "x"
        with self.assertRaisesRegex(AttributeError, "can not be overwritten"):
            self.qt.QTimer().singleShot = True

    def test_a_python_subclass_holds_python_attributes(self) -> None:
        class Holder(self.qt.QWidget):  # type: ignore[name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.held = None

        holder = Holder()
        holder.held = [1]
        self.assertEqual(holder.held, [1])

    def test_connecting_to_what_is_no_signal_is_false(self) -> None:
        self.assertFalse(self.button.connect("nosuch()", print))
        self.assertFalse(self.button.connect("clicked", print))
        self.assertTrue(self.button.connect("clicked(bool)", print))

    def test_a_slot_may_take_fewer_arguments_and_may_fail(self) -> None:
        called = []
        self.assertTrue(self.button.connect("clicked(bool)", lambda: called.append(1)))
        self.assertTrue(self.button.connect("clicked(bool)", lambda checked: 1 / 0))
        with mock.patch("sys.stderr"):
            self.button.click()
        self.assertEqual(called, [1])

    def test_an_empty_layout_is_false(self) -> None:
        widget, layout = self.qt.QWidget(), self.qt.QVBoxLayout()
        widget.setLayout(layout)
        self.assertFalse(layout)
        self.assertFalse(widget.layout())
        layout.addWidget(self.button)
        self.assertTrue(layout)
        self.assertTrue(widget)

    def test_an_empty_named_layout_is_no_child_widget_variable(self) -> None:
        outer = self.qt.QWidget()
        for name in ("empty", "filled"):
            widget, layout = self.qt.QWidget(outer), self.qt.QVBoxLayout()
            widget.objectName, layout.objectName = name, f"{name}Layout"
            widget.setLayout(layout)
        layout.addWidget(self.button)
        found = slicer.util.childWidgetVariables(outer)
        self.assertTrue(found.empty)
        self.assertTrue(found.filledLayout)
        self.assertFalse(hasattr(found, "emptyLayout"))
        self.assertIsNotNone(found.empty.layout())

    def test_what_is_empty_invalid_or_null_is_false(self) -> None:
        for empty, filled in (
            (self.qt.QSize(0, 4), self.qt.QSize(1, 4)),
            (self.qt.QByteArray(b""), self.qt.QByteArray(b"a")),
            (self.qt.QColor(), self.qt.QColor("red")),
            (self.qt.QIcon(), self.button.style().standardIcon(self.qt.QStyle.SP_MessageBoxCritical)),
        ):
            self.assertFalse(empty)
            self.assertTrue(filled)

    def test_choosing_a_segmentation_selects_its_first_segment_and_says_nothing(self) -> None:
        slicer.mrmlScene.Clear(0)
        self.addCleanup(slicer.mrmlScene.Clear, 0)
        selector = slicer.qMRMLSegmentSelectorWidget()
        selector.setMRMLScene(slicer.mrmlScene)
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        for name in ("a", "b"):
            node.GetSegmentation().AddEmptySegment(name, name)
        said = []
        self.assertTrue(selector.connect("currentSegmentChanged(QString)", said.append))
        selector.setCurrentNode(node)
        self.assertEqual((selector.currentSegmentID(), said), ("a", []))
        selector.setCurrentSegmentID("b")
        node.GetSegmentation().RemoveSegment("b")
        self.assertEqual((selector.currentSegmentID(), said), ("a", ["b", "a"]))


if __name__ == "__main__":
    unittest.main()
