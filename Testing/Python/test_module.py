"""The panel and the logic of the Slicer module, clicked through in Slicer or in its stand-in."""

from __future__ import annotations

import sys
import time
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import panel
from cases import ellipsoid
from HER2PredictLib.errors import InputError

slicer: Any = None


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


class ChoosingTest(panel.ModuleTestCase):
    def test_an_empty_scene_asks_for_a_volume_and_offers_the_sample_case(self) -> None:
        self.assertFalse(self.ui.predictButton.enabled)
        self.assertIn("Load a CT urography", self.ui.predictButton.toolTip)
        self.assertEqual(self.ui.inputLabel.text, "Load a CT urography, or the sample case.")
        self.assertEqual(self.findings(), [])
        self.assertTrue(self.ui.findingsSection.isHidden())
        self.assertFalse(self.ui.sampleButton.isHidden())
        self.assertFalse(self.ui.newSegmentButton.enabled)

    def test_a_volume_that_is_loaded_is_chosen_without_a_click(self) -> None:
        volume = self.add_volume()
        panel.wait(lambda: self.ui.newSegmentButton.enabled)
        self.assertIs(self.ui.volumeSelector.currentNode(), volume)
        self.assertTrue(self.ui.sampleButton.isHidden())
        self.ui.newSegmentButton.click()
        self.assertIs(self.ui.segmentEditorWidget.sourceVolumeNode(), volume)

    def test_the_newest_volume_is_chosen_when_the_module_is_opened(self) -> None:
        slicer.util.selectModule("Data")
        self.add_volume("first")
        newest = self.add_volume("second")
        slicer.util.selectModule("HER2Predict")
        self.assertIs(self.ui.volumeSelector.currentNode(), newest)

    def test_a_new_segment_is_chosen_and_carries_its_terminology(self) -> None:
        self.add_volume()
        self.panel.check()
        self.ui.newSegmentButton.click()
        node, segment_id = self.ui.segmentSelector.currentNode(), self.ui.segmentSelector.currentSegmentID()
        segment = node.GetSegmentation().GetSegment(segment_id)
        self.assertEqual(segment.GetName(), "Bladder tumour")
        import vtk

        terminology = vtk.mutable("")
        self.assertTrue(segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), terminology))
        self.assertIn("SCT^108369006^Neoplasm", str(terminology))
        self.assertIs(self.ui.segmentEditorWidget.segmentationNode(), node)
        self.assertEqual(self.ui.segmentEditorWidget.currentSegmentID(), segment_id)

    def test_an_empty_segment_cannot_be_predicted(self) -> None:
        self.add_volume()
        self.panel.check()
        self.ui.newSegmentButton.click()
        self.panel.check()
        self.assertFalse(self.ui.predictButton.enabled)
        self.assertIn("empty", self.findings()[0])
        self.assertEqual(self.ui.inputLabel.text, self.findings()[0])

    def test_the_line_below_the_button_says_what_would_be_predicted_or_what_to_do_first(self) -> None:
        self.fake_extraction()
        self.add_volume()
        self.panel.check()
        self.assertEqual(self.ui.inputLabel.text, "Add a segment and outline the tumour in it.")
        self.small_case()
        self.assertRegex(self.ui.inputLabel.text, r'^ROI "Bladder tumour": \d\.\d ml on 5 slices\.$')
        self.draw(ellipsoid(radii_mm=np.array([7.0, 8.0, 13.0])))
        self.assertEqual(self.ui.inputLabel.text, "Checking the input.")
        self.panel.check()
        self.ui.predictButton.click()
        self.assertIn("You can go on working", self.ui.inputLabel.text)

    def test_the_segment_chosen_in_the_editor_is_the_one_that_is_predicted(self) -> None:
        _volume, segmentation, first = self.small_case()
        self.ui.newSegmentButton.click()
        self.assertNotEqual(self.panel.logic.getParameterNode().segmentID, first)
        self.choose_in_editor(first)
        self.assertEqual(self.panel.logic.getParameterNode().segmentID, first)
        self.assertEqual(self.ui.segmentSelector.currentSegmentID(), first)
        self.assertIs(self.panel.logic.getParameterNode().segmentation, segmentation)

    def test_the_sample_button_loads_a_case_that_can_be_predicted(self) -> None:
        self.fake_extraction()
        self.ui.sampleButton.click()
        self.assertTrue(self.ui.predictButton.enabled, self.findings())
        self.assertEqual(self.ui.segmentSelector.currentNode().GetSegmentation().GetNumberOfSegments(), 1)


class PredictingTest(panel.ModuleTestCase):
    def test_from_volume_to_result(self) -> None:
        if not hasattr(slicer.modules, "slicerradiomicscli"):
            self.skipTest("SlicerRadiomics is not installed")
        case = self.small_case()
        self.assertTrue(self.ui.predictButton.enabled, self.findings())
        self.ui.predictButton.click()
        self.assertFalse(self.ui.predictButton.enabled)
        self.assertFalse(self.ui.cancelButton.isHidden())
        panel.wait(lambda: self.ui.cancelButton.isHidden())
        expected = self.panel.logic.assess(*case)
        shown = self.shown()
        for part in (
            f"{expected.probability:.0%}",
            f"{expected.interval[0]:.0%} to {expected.interval[1]:.0%}",
            f"{expected.threshold:.0%}",
            expected.call,
            expected.model.name,
            "simulated",
        ):
            self.assertIn(part, shown)
        self.assertEqual(len(self.findings()), len(expected.findings))
        (_name, pull, _z), *_others = expected.explanation.strongest()
        self.assertIn(f"{pull:+.2f}".replace("-", "−"), self.ui.whyLabel.text)
        self.assertTrue(self.ui.explanationSection.collapsed)
        self.assertIn(expected.model.describe(), shown)
        self.take_picture()

    def take_picture(self) -> None:
        window = self.panel.parent
        window.resize(400, 760)
        window.show()
        slicer.app.processEvents()
        slicer.app.processEvents()
        (panel.TESTING / "Output").mkdir(exist_ok=True)
        self.assertTrue(window.grab().save(str(panel.TESTING / "Output" / "panel.png")))

    def test_in_the_background_and_in_process_give_the_same_numbers(self) -> None:
        case = self.small_case()
        fake = self.fake_extraction()
        ended: list[Any] = []
        self.panel.logic.assessAsync(*case, lambda assessment, error: ended.append((assessment, error)))
        self.assertEqual(ended, [])
        fake.succeed(self.feature_texts(case))
        ((assessment, error),) = ended
        self.assertIsNone(error)
        expected = self.panel.logic.assess(*case)
        self.assertEqual(dict(assessment.features), dict(expected.features))
        self.assertEqual(assessment.probability, expected.probability)

    def test_a_run_gets_the_prepared_pair_and_the_parameter_file(self) -> None:
        case = self.small_case()
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        from HER2PredictLib.features import PARAMETER_FILE

        prepared = self.panel.logic.prepare(*case).prepared
        self.assertEqual(fake.parameters["param"], str(PARAMETER_FILE))
        self.assertEqual(fake.parameters["label"], 1)
        image = self.scene.GetNodeByID(fake.parameters["Image"])
        mask = self.scene.GetNodeByID(fake.parameters["Mask"])
        self.assertEqual(image.GetImageData().GetDimensions(), prepared.image.GetSize())
        self.assertEqual(int(slicer.util.arrayFromVolume(mask).max()), 1)
        for node in (image, mask):
            self.assertTrue(node.GetHideFromEditors())
            self.assertFalse(node.GetSaveWithScene())
        fake.fail("")

    def test_nothing_is_left_in_the_scene_however_a_run_ends(self) -> None:
        case = self.small_case()
        texts = self.feature_texts(case)
        before = self.node_names()
        fake = self.fake_extraction()

        def cancel() -> None:
            self.ui.cancelButton.click()
            fake.stop()

        for end in (lambda: fake.succeed(texts), lambda: fake.fail("no"), cancel):
            self.ui.predictButton.click()
            self.assertGreater(len(self.node_names()), len(before))
            end()
            self.assertEqual([name for name in self.node_names() if name != "HER2Predict history"], before)

    def test_a_failed_extraction_shows_the_last_line_of_its_log(self) -> None:
        self.small_case()
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        fake.fail("Traceback (most recent call last):\n  ...\nValueError: label 1 is <missing>\n")
        self.assertIn("ValueError: label 1 is &lt;missing&gt;", self.shown())
        self.assertTrue(self.ui.predictButton.enabled)

    def test_a_backend_that_does_not_start_is_told_and_leaves_nothing(self) -> None:
        self.small_case()
        before = self.node_names()
        fake = self.fake_extraction()
        fake.starts = False
        self.ui.predictButton.click()
        self.assertIn("could not be started", self.shown())
        slicer.app.processEvents()
        self.assertEqual(self.node_names(), before)
        self.assertTrue(self.ui.cancelButton.isHidden())

    def test_a_table_that_lacks_a_feature_gives_no_result(self) -> None:
        case = self.small_case()
        texts = self.feature_texts(case)
        texts.pop("original_firstorder_Mean")
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        fake.succeed(texts)
        self.assertIn("original_firstorder_Mean", self.shown())
        self.assertFalse(self.shows_result())

    def test_cancel_stops_the_run_and_says_so(self) -> None:
        self.small_case()
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        self.ui.cancelButton.click()
        fake.stop()
        self.assertIn("Cancelled.", self.shown())
        self.assertTrue(self.ui.cancelButton.isHidden())
        self.assertTrue(self.ui.predictButton.enabled)

    def test_without_slicerradiomics_the_panel_says_what_to_install(self) -> None:
        case = self.small_case()
        with mock.patch.object(slicer, "modules", mock.Mock(spec=[])):
            self.panel.check()
            self.assertFalse(self.ui.predictButton.enabled)
            self.assertIn("install it in the Extensions Manager and restart", self.findings()[0])
            with self.assertRaisesRegex(InputError, "SlicerRadiomics extension is missing"):
                self.panel.logic.assessAsync(*case, print)

    def test_a_program_error_is_told_and_keeps_its_traceback(self) -> None:
        case = self.small_case()
        texts = self.feature_texts(case)
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        broken = mock.patch("HER2PredictLib.assess.predict", side_effect=ZeroDivisionError("a bug"))
        with broken, self.assertLogs(level="ERROR") as logs:
            fake.succeed(texts)
        self.assertIn("ZeroDivisionError: a bug", "\n".join(logs.output))
        self.assertIn("failed unexpectedly", self.shown())

    def test_the_logic_names_what_is_missing(self) -> None:
        with self.assertRaisesRegex(InputError, "Load a CT urography"):
            self.panel.logic.assess(None, None, "")
        with self.assertRaisesRegex(InputError, "outline the tumour"):
            self.panel.logic.assess(self.add_volume(), None, "")

    def test_a_name_with_markup_is_shown_as_it_is(self) -> None:
        _volume, segmentation, segment_id = self.small_case()
        segmentation.GetSegmentation().GetSegment(segment_id).SetName("<b>T1 & T2</b>")
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        fake.succeed(self.feature_texts((_volume, segmentation, segment_id)))
        self.assertIn('ROI "<b>T1 & T2</b>"', self.ui.inputLabel.text)
        self.assertIn("over-expression", self.shown())


class CitizenTest(panel.ModuleTestCase):
    def test_closing_the_scene_leaves_no_result_no_node_and_no_observer(self) -> None:
        nodes, observers = self.node_names(), len(self.panel.Observations)
        _volume, segmentation, _segment_id = self.predicted_case()
        self.scene.Clear(0)
        self.assertEqual(self.node_names(), nodes)
        self.assertEqual(len(self.panel.Observations), observers)
        self.assertEqual(self.shown(), "")
        with mock.patch.object(self.panel.panel, "on_rest") as check:
            segmentation.InvokeEvent(slicer.vtkSegmentation.SegmentModified)
            time.sleep(0.4)
            slicer.app.processEvents()
            check.assert_not_called()

    def test_closing_the_scene_ends_a_run(self) -> None:
        nodes = self.node_names()
        self.small_case()
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        self.scene.Clear(0)
        self.assertEqual(fake.node.GetStatusString(), "Cancelling")
        self.assertIsNotNone(self.scene.GetNodeByID(fake.parameters["out"]))  # until the run has really ended
        self.assertTrue(self.ui.cancelButton.isHidden())
        fake.stop()
        self.assertEqual(self.node_names(), nodes)
        self.assertEqual(self.shown(), "")

    def test_a_run_goes_on_while_another_module_is_in_front(self) -> None:
        case = self.small_case()
        texts = self.feature_texts(case)
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        slicer.util.selectModule("Data")
        fake.succeed(texts)
        slicer.util.selectModule("HER2Predict")
        self.assertTrue(self.shows_result())

    def test_reloading_builds_a_working_panel_and_the_old_one_lets_go(self) -> None:
        self.small_case()
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        old = self.panel
        with mock.patch("builtins.print"):
            old.onReload()
        self.assertEqual(len(old.Observations), 0)
        fake.stop()
        self.panel = slicer.modules.HER2PredictWidget
        self.ui = self.panel.ui
        self.assertIsNot(self.panel, old)
        self.panel.check()
        self.assertTrue(self.ui.predictButton.enabled, self.findings())

    def test_the_choices_are_kept_in_the_parameter_node(self) -> None:
        volume, segmentation, segment_id = self.small_case()
        node = self.scene.GetSingletonNode("HER2Predict", "vtkMRMLScriptedModuleNode")
        self.assertIs(node.GetNodeReference("inputVolume"), volume)
        self.assertIs(node.GetNodeReference("segmentation"), segmentation)
        self.assertEqual(node.GetParameter("segmentID"), segment_id)

    def test_the_sample_case_is_offered_in_the_sample_data_module(self) -> None:
        sample_data = mock.Mock()
        with mock.patch.dict(sys.modules, SampleData=sample_data):
            slicer.app.startupCompleted.emit()
        register = sample_data.SampleDataLogic.registerCustomSampleDataSource
        offered = register.call_args.kwargs
        self.assertTrue(Path(offered["thumbnailFileName"]).is_file())
        with mock.patch("HER2PredictLib.command.demo.load_in_application") as load:
            offered["customDownloader"](None)
        load.assert_called_once()

    def test_the_module_says_what_it_is_for(self) -> None:
        module = slicer.modules.her2predict
        for words in ("Research use only", "Predict HER2", "outline one tumour", "do not rely on it", "Ctrl+Return"):
            self.assertIn(words, module.helpText)
        self.assertEqual(module.helpText.count("<li>"), 4)
        for words in ("J Cancer 2024", "SlicerRadiomics", "BSD 3-Clause"):
            self.assertIn(words, module.acknowledgementText)


if __name__ == "__main__":
    unittest.main()
