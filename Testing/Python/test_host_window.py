"""The window around the panel: its slice views, and how much of the panel it shows."""

from __future__ import annotations

import unittest
from typing import Any

import panel

slicer: Any = None


def setUpModule() -> None:
    global slicer
    slicer = panel.start()
    if slicer.util.mainWindow() is None:
        raise unittest.SkipTest("there is no main window")


def settle() -> None:
    for _ in range(4):
        slicer.app.processEvents()


class SliceViewsTest(unittest.TestCase):
    def nodes(self) -> dict[str, Any]:
        names = slicer.app.layoutManager().sliceViewNames()
        return {name: slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceNode") for name in names}

    def test_their_nodes_outlive_the_scene_and_jump_together(self) -> None:
        before = self.nodes()
        self.assertLessEqual({"Red", "Yellow", "Green"}, set(before))
        slicer.mrmlScene.Clear(0)
        self.assertEqual(self.nodes(), before)
        jump = slicer.vtkMRMLSliceNode.CenteredJumpSlice
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, 10.0, -20.0, 30.0, jump)
        for name, node in self.nodes().items():
            with self.subTest(view=name):
                matrix = node.GetSliceToRAS()
                self.assertEqual([matrix.GetElement(row, 3) for row in range(3)], [10.0, -20.0, 30.0])

    def test_each_shows_another_plane(self) -> None:
        planes = {name: node.GetOrientation() for name, node in self.nodes().items()}
        self.assertEqual([planes[name] for name in ("Red", "Yellow", "Green")], ["Axial", "Sagittal", "Coronal"])

    def test_an_actor_stays_until_it_is_taken_away(self) -> None:
        import vtk

        for name in ("Red", "Yellow", "Green"):
            view = slicer.app.layoutManager().sliceWidget(name).sliceView()
            renderer = view.renderWindow().GetRenderers().GetFirstRenderer()
            actor = vtk.vtkTextActor()
            renderer.AddActor2D(actor)
            view.scheduleRender()
            slicer.mrmlScene.Clear(0)
            settle()
            self.assertTrue(renderer.HasViewProp(actor))
            renderer.RemoveActor2D(actor)
            self.assertFalse(renderer.HasViewProp(actor))


class ModulePanelTest(unittest.TestCase):
    def setUp(self) -> None:
        if not panel.is_stand_in():
            self.skipTest("Slicer's own window cannot be given the sizes of this test")
        import qt

        self.qt = qt
        slicer.mrmlScene.Clear(0)
        slicer.util.selectModule("HER2Predict")
        self.window = slicer.util.mainWindow()
        self.window.show()
        self.addCleanup(self.window.set_size, 1600, 1000)
        self.panel = slicer.modules.HER2PredictWidget

    def area(self) -> Any:
        """The one scroll area around the module's widget."""
        found = []
        widget = self.panel.parent
        while widget is not None:
            if isinstance(widget, self.qt.QScrollArea):
                found.append(widget)
            widget = widget.parentWidget()
        self.assertEqual(len(found), 1)
        return found[0]

    def size(self) -> tuple[int, int]:
        settle()
        rectangle = self.area().viewport().rect
        rectangle = rectangle() if callable(rectangle) else rectangle
        return rectangle.width(), rectangle.height()

    def test_its_viewport_is_as_high_as_was_measured(self) -> None:
        self.window.set_size(1600, 1000)
        self.assertAlmostEqual(self.size()[1], 685, delta=3)
        self.window.set_size(1366, 768)
        self.assertAlmostEqual(self.size()[1], 685 - 232, delta=3)
        self.assertLessEqual(self.size()[0], 370)

    def test_it_is_never_scrolled_sideways(self) -> None:
        self.assertEqual(self.area().horizontalScrollBarPolicy, self.qt.Qt.ScrollBarAlwaysOff)

    def test_help_lies_above_the_module(self) -> None:
        self.size()
        self.window.scroll_to(0.0)
        top = self.panel.parent.mapTo(self.area().viewport(), self.qt.QPoint(0, 0)).y()
        self.assertGreaterEqual(top, 25)

    def test_what_is_scrolled_away_hidden_or_folded_is_not_in_sight(self) -> None:
        self.window.set_size(1366, 768)
        ui = self.panel.ui
        ui.caseSection.collapsed = ui.recordSection.collapsed = False
        settle()
        self.window.scroll_to(0.0)
        settle()
        self.assertTrue(self.window.is_in_sight(ui.predictButton))
        self.assertFalse(self.window.is_in_sight(ui.cancelButton))
        self.window.scroll_to(1.0)
        settle()
        self.assertFalse(self.window.is_in_sight(ui.predictButton))
        ui.recordSection.collapsed = True
        settle()
        self.assertFalse(self.window.is_in_sight(ui.readersButton))

    def test_a_section_is_no_narrower_than_its_contents_wish(self) -> None:
        """Of ctkCollapsibleButton's size policy, Minimum: what is in it is not squeezed below its size hint."""
        import ctk

        outer, section = self.qt.QWidget(), ctk.ctkCollapsibleButton()
        outer.setLayout(self.qt.QVBoxLayout())
        outer.layout().addWidget(section)
        section.setLayout(self.qt.QVBoxLayout())
        line = self.qt.QLineEdit(section)
        line.setMinimumWidth(1)
        section.layout().addWidget(line)
        self.assertLess(line.minimumSizeHint.width(), line.sizeHint.width())
        self.assertGreaterEqual(outer.minimumSizeHint.width(), line.sizeHint.width())


if __name__ == "__main__":
    unittest.main()
