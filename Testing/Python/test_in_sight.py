"""Without scrolling, a radiologist sees what to do next and, once there is one, the answer; in two sizes of window."""

from __future__ import annotations

import unittest
from typing import Any

import numpy as np

import panel
from cases import ellipsoid

slicer: Any = None

SIZES = ((1600, 1000), (1366, 768))


def setUpModule() -> None:
    global slicer
    slicer = panel.start()
    if not panel.is_stand_in():
        raise unittest.SkipTest("Slicer's own window cannot be given the sizes of this test")


class InSightTest(panel.ModuleTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.window = slicer.util.mainWindow()
        self.window.show()
        self.addCleanup(self.window.hide)

    def settle(self) -> None:
        for _ in range(4):  # a label has its height once it has its width, and the panel after that
            slicer.app.processEvents()

    def assert_in_sight(self, *names: str) -> None:
        for size in SIZES:
            self.window.set_size(*size)
            self.settle()
            for name in names:
                with self.subTest(size=size, widget=name):
                    self.assertTrue(self.window.is_in_sight(getattr(self.ui, name)))
            self.assert_not_cut()

    def assert_not_cut(self) -> None:
        self.assertLessEqual(self.panel.parent.minimumSizeHint.width(), 360)
        self.assertLessEqual(self.panel.parent.width, self.window.viewport_size()[0])

    def test_an_empty_scene_shows_where_to_begin(self) -> None:
        self.assert_in_sight("inputLabel", "sampleButton", "volumeSelector", "predictButton")

    def test_a_volume_shows_how_to_begin_the_outline(self) -> None:
        self.add_volume()
        self.panel.check()
        self.assert_in_sight("inputLabel", "newSegmentButton")

    def test_an_outline_shows_the_button_and_the_editor(self) -> None:
        self.small_case()
        self.fake_extraction()
        self.assertTrue(self.ui.caseSection.collapsed)
        self.assert_in_sight("inputLabel", "predictButton", "caseSection", "newSegmentButton")

    def test_a_run_shows_that_it_runs_and_how_to_stop_it(self) -> None:
        self.small_case()
        self.fake_extraction()
        self.ui.predictButton.click()
        self.assert_in_sight("inputLabel", "cancelButton", "progressBar")

    def test_a_result_shows_number_gauge_caution_and_button_together_with_the_tools(self) -> None:
        self.predicted_case()
        self.ui.segmentEditorWidget.setActiveEffectByName("Paint")
        self.assert_in_sight("headlineLabel", "gauge", "cautionLabel", "predictButton", "newSegmentButton")

    def test_a_result_that_arrives_while_the_panel_is_scrolled_comes_into_view(self) -> None:
        case = self.small_case()
        texts = self.feature_texts(case)
        fake = self.fake_extraction()
        for size in SIZES:
            with self.subTest(size=size):
                self.window.set_size(*size)
                for section in (self.ui.recordSection, self.ui.modelSection, self.ui.findingsSection):
                    section.collapsed = False
                self.settle()
                self.ui.predictButton.click()
                self.settle()
                self.window.scroll_to(1.0)
                self.settle()
                self.assertFalse(self.window.is_in_sight(self.ui.predictButton))
                fake.succeed(texts)
                self.settle()
                self.assertTrue(self.window.is_in_sight(self.ui.headlineLabel))
                self.assertTrue(self.window.is_in_sight(self.ui.gauge))

    def test_long_names_and_every_section_unfolded_ask_for_no_more_width(self) -> None:
        volume, segmentation, segment_id = self.predicted_case()
        volume.SetName("CT_UROGRAPHY_EXCRETORY_PHASE_WITH_A_NAME_THAT_NEVER_ENDS_0123456789")
        segmentation.GetSegmentation().GetSegment(segment_id).SetName(
            "Segment_of_a_reader_with_a_very_long_name_indeed"
        )
        for name in ("case", "tumour", "findings", "explanation", "record", "model"):
            section = getattr(self.ui, f"{name}Section")
            self.addCleanup(setattr, section, "collapsed", section.collapsed)
            section.collapsed = False
        self.panel.check()
        self.settle()
        self.assert_not_cut()

    def test_what_is_urgent_unfolds_and_what_is_not_folds_to_a_line(self) -> None:
        self.small_case()
        self.assertEqual(self.ui.findingsSection.collapsed, "caution" not in self.ui.findingsSection.text)
        for section in (self.ui.recordSection, self.ui.modelSection):
            self.assertTrue(section.collapsed)
        pieces = ellipsoid()
        pieces[2:4, 5:9, 5:9] = 1
        self.draw(pieces)
        self.panel.check()
        self.assertFalse(self.ui.findingsSection.collapsed)
        self.ui.findingsSection.collapsed = True  # by the user, who is not overruled by the same finding
        self.panel.check()
        self.assertTrue(self.ui.findingsSection.collapsed)


class SliceViewTest(panel.ModuleTestCase):
    def lines(self) -> list[str]:
        """What stands in the slice views."""
        found = []
        manager = slicer.app.layoutManager()
        for name in manager.sliceViewNames():
            renderer = manager.sliceWidget(name).sliceView().renderWindow().GetRenderers().GetFirstRenderer()
            props = renderer.GetViewProps()
            found += [
                props.GetItemAsObject(index).GetInput()
                for index in range(props.GetNumberOfItems())
                if props.GetItemAsObject(index).IsA("vtkTextActor")
            ]
        return [line for line in found if "HER2" in line]

    def centres(self) -> set[tuple[float, ...]]:
        nodes = [self.scene.GetSingletonNode(name, "vtkMRMLSliceNode") for name in ("Red", "Green", "Yellow")]
        matrices = [node.GetSliceToRAS() for node in nodes]
        return {tuple(round(matrix.GetElement(row, 3), 3) for row in range(3)) for matrix in matrices}

    def test_a_current_result_stands_in_every_slice_view_and_goes_with_it(self) -> None:
        case = self.predicted_case()
        expected = self.panel.logic.assess(*case)
        self.assertEqual(len(self.lines()), 3)
        for line in self.lines():
            self.assertIn(f"{expected.probability:.0%}", line)
        self.draw(np.roll(ellipsoid(), 1, axis=2))
        self.assertEqual(self.lines(), [])
        self.draw(ellipsoid())
        self.panel.check()
        self.assertEqual(len(self.lines()), 3)
        self.ui.viewsCheckBox.checked = False
        self.assertEqual(self.lines(), [])
        self.assertTrue(self.shows_result())
        self.ui.viewsCheckBox.checked = True
        self.assertEqual(len(self.lines()), 3)
        slicer.util.selectModule("Data")
        self.assertEqual(self.lines(), [])
        slicer.util.selectModule("HER2Predict")
        self.assertEqual(len(self.lines()), 3)
        self.scene.Clear(0)
        self.assertEqual(self.lines(), [])

    def test_choosing_a_segment_or_a_row_of_the_history_shows_its_roi(self) -> None:
        _volume, segmentation, first = self.predicted_case()
        first_centre = tuple(round(value, 3) for value in segmentation.GetSegmentCenterRAS(first))
        self.ui.newSegmentButton.click()
        second = self.ui.segmentSelector.currentSegmentID()
        self.draw(np.roll(ellipsoid(), 9, axis=2))
        self.choose_in_editor(first)
        self.assertEqual(self.centres(), {first_centre})
        self.ui.segmentSelector.setCurrentSegmentID(second)
        self.assertEqual(len(self.centres()), 1)
        self.assertNotEqual(self.centres(), {first_centre})
        table = self.ui.historyTable
        table.clicked.emit(table.model().index(0, 0))
        self.assertEqual(self.centres(), {first_centre})


if __name__ == "__main__":
    unittest.main()
