"""What went wrong in a running Slicer, and must not again."""

from __future__ import annotations

import contextlib
import io
import time
import unittest
from collections import Counter
from typing import Any
from unittest import mock

import numpy as np

import panel
from cases import ellipsoid

slicer: Any = None


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


class OpeningTest(panel.ModuleTestCase):
    def test_a_panel_that_cannot_be_built_says_why_and_does_not_raise_on_top_of_it(self) -> None:
        told = io.StringIO()
        with (
            mock.patch(
                "HER2PredictLib.panel.panel.Panel.__init__", side_effect=AttributeError("no object 'gaugeLayout'")
            ),
            mock.patch("builtins.print"),
            self.assertLogs(level="ERROR"),
            contextlib.redirect_stderr(told),
        ):
            self.panel.onReload()
            broken = slicer.modules.HER2PredictWidget
            slicer.util.selectModule("Data")
            slicer.util.selectModule("HER2Predict")
            broken.cleanup()
        labels = slicer.util.findChildren(broken.parent, className="QLabel")
        self.assertTrue(any("no object 'gaugeLayout'" in label.text for label in labels))
        self.assertNotIn("Traceback", told.getvalue())
        with mock.patch("builtins.print"):
            broken.onReload()
        self.assertIsNotNone(slicer.modules.HER2PredictWidget.panel)


class LifetimesTest(panel.ModuleTestCase):
    """With the command-line module itself, whose nodes outlive their events."""

    def setUp(self) -> None:
        super().setUp()
        if not hasattr(slicer.modules, "slicerradiomicscli"):
            self.skipTest("SlicerRadiomics is not installed")

    def test_a_prediction_leaves_no_more_in_the_scene_than_the_history(self) -> None:
        self.small_case()
        before = Counter(self.classes())
        for _number in range(3):
            self.ui.predictButton.click()
            panel.wait(lambda: self.ui.cancelButton.isHidden())
            self.assertTrue(self.shows_result())
            self.turn(10)
        self.assertEqual(Counter(self.classes()) - before, Counter(["vtkMRMLTableNode"]))

    def test_cancelling_at_any_moment_leaves_nothing(self) -> None:
        self.small_case()
        before = Counter(self.classes())
        for moment in np.linspace(0.0, 1.2, 7):
            with self.subTest(moment=moment):
                self.ui.predictButton.click()
                self.turn_for(moment)
                if not self.ui.cancelButton.isHidden():
                    self.ui.cancelButton.click()
                panel.wait(lambda: self.ui.cancelButton.isHidden())
                self.turn(10)
                left = Counter(self.classes()) - before
                self.assertLessEqual(set(left), {"vtkMRMLTableNode"})  # the history, where it came too late

    def test_closing_the_scene_at_any_moment_leaves_nothing(self) -> None:
        before = Counter(self.classes())
        for moment in np.linspace(0.0, 1.2, 7):
            with self.subTest(moment=moment):
                self.small_case()
                self.ui.predictButton.click()
                self.turn_for(moment)
                self.scene.Clear(0)
                panel.wait(lambda: Counter(self.classes()) == before)
                self.assertEqual(self.shown(), "")

    def classes(self) -> list[str]:
        return [self.scene.GetNthNode(index).GetClassName() for index in range(self.scene.GetNumberOfNodes())]

    def turn(self, times: int) -> None:
        for _ in range(times):
            slicer.app.processEvents()

    def turn_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            slicer.app.processEvents()
            time.sleep(0.005)


class ChoosingTest(panel.ModuleTestCase):
    def test_another_segmentation_brings_its_own_first_segment(self) -> None:
        from HER2PredictLib.panel.segments import add_tumour_segment

        volume, first, _segment_id = self.small_case()
        second, own = add_tumour_segment(self.scene, volume)
        second.GetSegmentation().GetSegment(own).SetName("Surface")
        self.ui.segmentSelector.setCurrentNode(first)
        self.ui.segmentSelector.setCurrentNode(second)
        self.assertIs(self.panel.logic.getParameterNode().segmentation, second)
        self.assertEqual(self.panel.logic.getParameterNode().segmentID, own)
        self.assertEqual(self.ui.segmentSelector.currentSegmentID(), own)
        self.assertEqual(self.ui.segmentEditorWidget.currentSegmentID(), own)
        self.panel.check()
        self.assertIn("empty", self.findings()[0])

    def test_an_emptied_model_path_goes_back_to_the_bundled_model(self) -> None:
        for clear in (
            lambda: setattr(self.ui.modelPathLineEdit, "currentPath", ""),
            self.ui.bundledModelButton.click,
        ):
            self.panel.logic.getParameterNode().modelPath = "/nowhere/a.her2model"
            self.panel.check()
            self.assertEqual(self.ui.modelSection.text, "Model: none in use")
            clear()
            self.assertEqual(self.panel.logic.getParameterNode().modelPath, "")
            self.panel.check()
            self.assertIn("Simulated HER2 model", self.ui.modelSection.text)

    def test_a_click_before_the_input_has_rested_is_remembered(self) -> None:
        self.small_case()
        fake = self.fake_extraction()
        self.draw(np.roll(ellipsoid(), 1, axis=2))
        self.assertTrue(self.ui.predictButton.enabled)
        self.ui.predictButton.click()
        self.assertEqual(len(fake.running()), 1)
        fake.succeed({name: repr(value) for name, value in fake.values().items()})
        self.assertTrue(self.shows_result())

    def test_keys_predict_and_cancel_while_they_are_of_use(self) -> None:
        import qt

        window = slicer.util.mainWindow()
        if window is None:
            self.skipTest("the application has no window")
        keys = {
            name: [
                child
                for child in window.children()
                if isinstance(child, qt.QShortcut)
                and child.key == qt.QKeySequence(name)
                and child.property("effectIndex") is None
            ][-1]
            for name in ("Ctrl+Return", "Escape")
        }
        slicer.util.selectModule("Data")
        self.assertFalse(keys["Ctrl+Return"].isEnabled())
        slicer.util.selectModule("HER2Predict")
        self.small_case()
        fake = self.fake_extraction()
        self.assertTrue(keys["Ctrl+Return"].isEnabled())
        self.assertFalse(keys["Escape"].isEnabled())
        keys["Ctrl+Return"].activated.emit()
        self.assertEqual(len(fake.running()), 1)
        self.assertTrue(keys["Escape"].isEnabled())
        editors = [child for child in window.children() if isinstance(child, qt.QShortcut)]
        self.assertFalse(any(child.isEnabled() for child in editors if child.property("effectIndex") == 0))
        keys["Escape"].activated.emit()
        fake.stop()
        self.assertIn("Cancelled", self.shown())
        self.assertFalse(keys["Escape"].isEnabled())
        self.assertTrue(any(child.isEnabled() for child in editors if child.property("effectIndex") == 0))

    def test_boxes_that_change_no_number_do_not_touch_it(self) -> None:
        self.predicted_case()
        shown = self.shown()
        for box in (self.ui.outlineCheckBox, self.ui.liveCheckBox, self.ui.viewsCheckBox, self.ui.maskingCheckBox):
            for checked in (True, False):
                box.checked = checked
                self.assertEqual(self.shown(), shown)
                self.assertTrue(self.ui.predictButton.enabled)
        self.assertTrue(self.shows_result())


class TablesTest(panel.ModuleTestCase):
    def test_headers_are_headers(self) -> None:
        self.predicted_case()
        model = self.ui.historyTable.model()
        self.assertEqual(model.rowCount(), 1)
        node = self.ui.historyTable.mrmlTableNode()
        self.assertTrue(node.GetUseColumnTitleAsColumnHeader())
        self.ui.featuresButton.click()
        tables = slicer.util.getNodesByClass("vtkMRMLTableNode")
        features = next(table for table in tables if table.GetAttribute("HER2Predict.Role") == "features")
        self.assertTrue(features.GetUseColumnTitleAsColumnHeader())

    def test_the_charts_legend_lies_beside_the_points_and_its_title_is_short(self) -> None:
        from HER2PredictLib.panel.record import records

        self.predicted_case()
        assessment = self.panel.panel.state.assessment
        chart = records.scatter(self.scene, assessment)
        scores, _status = assessment.model.training_scores
        left, right = chart.GetXAxisRange()
        farthest = max(scores[:, 0].max(), assessment.model.project(assessment.features).scores[0])
        self.assertLess((farthest - left) / (right - left), 0.6)  # the legend takes the right two fifths
        self.assertLess(len(chart.GetTitle()), 40)


if __name__ == "__main__":
    unittest.main()
