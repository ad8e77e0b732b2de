"""Widgets that say less, or other things, than one would think: seen in a running Slicer, held for its stand-in."""

from __future__ import annotations

import contextlib
import io
import unittest
from typing import Any
from unittest import mock

import panel

slicer: Any = None


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


class SceneTestCase(unittest.TestCase):
    def setUp(self) -> None:
        slicer.mrmlScene.Clear(0)
        self.addCleanup(slicer.mrmlScene.Clear, 0)


class TableViewTest(SceneTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
        for name in ("Time", "Probability"):
            self.node.AddColumn().SetName(name)
        self.node.AddEmptyRow()
        for column, text in enumerate(("noon", "0.5")):
            self.node.SetCellText(0, column, text)
        self.view = slicer.qMRMLTableView()
        self.addCleanup(self.view.deleteLater)
        self.addCleanup(self.view.setMRMLTableNode, None)
        self.view.setMRMLScene(slicer.mrmlScene)
        self.view.setMRMLTableNode(self.node)

    def header(self) -> list[str]:
        import qt

        model = self.view.model()
        return [model.headerData(column, qt.Qt.Horizontal) for column in range(model.columnCount())]

    def cells(self) -> list[list[str]]:
        model = self.view.model()
        columns = range(model.columnCount())
        return [[model.index(row, column).data() for column in columns] for row in range(model.rowCount())]

    def test_names_are_a_row_below_letters(self) -> None:
        self.assertEqual(self.header(), ["A", "B"])
        self.assertEqual(self.cells(), [["Time", "Probability"], ["noon", "0.5"]])

    def test_names_are_the_header_where_the_node_says_so(self) -> None:
        self.node.SetUseColumnTitleAsColumnHeader(True)
        self.assertEqual(self.header(), ["Time", "Probability"])
        self.assertEqual(self.cells(), [["noon", "0.5"]])

    def test_the_first_column_is_the_header_of_the_rows_where_the_node_says_so(self) -> None:
        import qt

        self.node.SetUseColumnTitleAsColumnHeader(True)
        self.node.SetUseFirstColumnAsRowHeader(True)
        self.assertEqual((self.header(), self.cells()), (["Probability"], [["0.5"]]))
        self.assertEqual(self.view.model().headerData(0, qt.Qt.Vertical), "noon")

    def test_a_click_tells_its_row(self) -> None:
        rows: list[int] = []
        self.node.SetUseColumnTitleAsColumnHeader(True)
        self.assertTrue(self.view.connect("clicked(QModelIndex)", lambda index: rows.append(index.row())))
        self.view.clicked.emit(self.view.model().index(0, 1))
        self.assertEqual(rows, [0])


class PathLineTest(unittest.TestCase):
    def test_emptied_it_says_only_that_it_is_not_valid(self) -> None:
        import ctk

        line = ctk.ctkPathLineEdit()
        line.filters = ctk.ctkPathLineEdit.Files
        line.nameFilters = ["Model bundles (*.her2model)"]
        paths: list[str] = []
        valid: list[bool] = []
        self.assertTrue(line.connect("currentPathChanged(QString)", paths.append))
        self.assertTrue(line.connect("validInputChanged(bool)", valid.append))
        line.currentPath = "/a/b.her2model"
        self.assertEqual((paths, valid), (["/a/b.her2model"], [True]))
        line.currentPath = ""
        self.assertEqual((line.currentPath, paths, valid), ("", ["/a/b.her2model"], [True, False]))
        line.currentPath = "/c.her2model"
        self.assertEqual(paths[1:], ["/c.her2model"])


class SegmentSelectorTest(SceneTestCase):
    def test_whoever_is_told_of_another_segmentation_finds_the_former_segment(self) -> None:
        nodes = []
        for segment_id in ("first", "second"):
            nodes.append(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", segment_id))
            nodes[-1].GetSegmentation().AddEmptySegment(segment_id, segment_id)
        if not panel.is_stand_in():
            self.assertIn(self.told_of_another(*nodes), ([], ["second"]))  # builds differ
            return
        for speaks, expected in ((False, []), (True, ["second"])):
            chance = mock.Mock(choice=lambda _choices, speaks=speaks: speaks)
            with mock.patch.object(slicer.qMRMLSegmentSelectorWidget, "_speaks", chance):
                self.assertEqual(self.told_of_another(*nodes), expected)

    def told_of_another(self, first: Any, second: Any) -> list[str]:
        """What is said of the segments of a second segmentation that is chosen after the first."""
        selector = slicer.qMRMLSegmentSelectorWidget()
        self.addCleanup(selector.deleteLater)
        selector.setMRMLScene(slicer.mrmlScene)
        selector.setCurrentNode(first)
        self.assertEqual(selector.currentSegmentID(), "first")
        found: list[str] = []
        segments: list[str] = []
        selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: found.append(selector.currentSegmentID()))
        selector.connect("currentSegmentChanged(QString)", segments.append)
        inner = slicer.util.findChildren(selector, className="qMRMLNodeComboBox")[0]
        inner.setCurrentNode(second)
        self.assertEqual(found, ["first"])
        self.assertIs(selector.currentNode(), second)
        return segments


class FailingModuleTest(unittest.TestCase):
    """A panel that cannot be built, or stumbles when it is entered, takes nothing else with it."""

    def setUp(self) -> None:
        if not panel.is_stand_in():
            self.skipTest("Slicer would show a message box")

    def test_what_a_module_raises_is_printed_and_it_is_entered_and_left_all_the_same(self) -> None:
        called: list[str] = []

        class Panel:
            def __init__(self, parent: Any) -> None:
                self.parent = parent

            def setup(self) -> None:
                called.append("setup")
                raise AttributeError("no layout of this name")

            def enter(self) -> None:
                called.append("enter")

            def exit(self) -> None:
                called.append("exit")

        module = mock.Mock(widgetClass=lambda: Panel)
        module.name = "Failing"
        widget = slicer.qSlicerScriptedLoadableModuleWidget(module)
        self.addCleanup(delattr, slicer.modules, "FailingWidget")
        self.addCleanup(panel.crashes)
        printed = io.StringIO()
        with contextlib.redirect_stderr(printed):
            widget.reload()
            widget.enter()
            widget.exit()
        self.assertEqual(called, ["setup", "enter", "exit"])
        self.assertIsInstance(slicer.modules.FailingWidget, Panel)
        self.assertIn("AttributeError: no layout of this name", printed.getvalue())


if __name__ == "__main__":
    unittest.main()
