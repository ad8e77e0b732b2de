"""After a prediction the panel checks how much it depends on the outline, while the user goes on."""

from __future__ import annotations

import tempfile
import unittest
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import panel
from cases import ellipsoid
from HER2PredictLib.helper.task import NoHelperError
from HER2PredictLib.panel.record import records

slicer: Any = None

#: Variations, of as many as the panel makes.
FEW = 3


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


class OutlineCheckTestCase(panel.ModuleTestCase):
    """Checks of a few variations."""

    CHECKS_OUTLINE = True

    def setUp(self) -> None:
        super().setUp()
        few = mock.patch("HER2PredictLib.panel.outline_check.COUNT", FEW)
        few.start()
        self.addCleanup(few.stop)
        self.nodes = self.node_names()
        self.case = self.small_case()
        self.fake = self.fake_extraction()
        self.texts = self.feature_texts(self.case)

    def predict(self) -> None:
        self.ui.predictButton.click()
        self.fake.succeed(self.texts)
        self.assertTrue(self.shows_result())

    def is_checking(self) -> bool:
        return not self.ui.outlineStopButton.isHidden()

    def nodes_of_runs(self) -> list[str]:
        own = [name for name in self.node_names() if name in ("HER2Predict prepared", "HER2Predict features")]
        return own + ["run"] * self.scene.GetNumberOfNodesByClass("vtkMRMLCommandLineModuleNode")

    def assert_stopped(self) -> None:
        self.fake.settle()
        slicer.app.processEvents()
        self.assertFalse(self.is_checking())
        self.assertEqual(self.fake.running(), [])
        self.assertEqual(self.nodes_of_runs(), [])

    def expected(self) -> Any:
        """What the library measures in one process."""
        from HER2PredictLib.outline.stability import measure

        assessment = self.panel.logic.assess(*self.case)
        return measure(assessment.case, assessment.model, assessment.probability, count=FEW, jobs=1)


class HelperCheckTest(OutlineCheckTestCase):
    """By helper processes, real ones."""

    def processes(self) -> list[Any]:
        return [worker.process for worker in self.panel.logic.helpers._workers]

    def wait_for_end(self) -> None:
        panel.wait(lambda: not self.is_checking())

    def test_it_gives_what_the_library_measures_and_leaves_no_node(self) -> None:
        nodes = self.node_names()
        self.predict()
        self.assertTrue(self.is_checking())
        self.assertIn(f"of {FEW}", self.ui.outlineLabel.text)
        self.wait_for_end()
        self.assertEqual(self.panel.panel.state.result.stability, self.expected())
        self.assertEqual(Counter(self.node_names()) - Counter(nodes), Counter(["HER2Predict history"]))
        self.assertTrue(self.processes())

    def test_helpers_that_die_cost_no_result_and_change_none(self) -> None:
        expected = self.expected()
        for _number in range(3):
            self.predict()
            panel.wait(lambda: bool(self.processes()))
            self.processes()[0].kill()
            self.wait_for_end()
            self.assertEqual(self.panel.panel.state.result.stability, expected)
            self.assertEqual(self.ui.outlineLabel.text, "")

    def test_closing_the_scene_ends_them(self) -> None:
        self.predict()
        panel.wait(lambda: bool(self.processes()))
        self.scene.Clear(0)
        self.assertEqual(self.processes(), [])
        self.assertFalse(self.is_checking())
        self.assertEqual(self.shown(), "")

    def test_reloading_the_module_ends_them(self) -> None:
        self.predict()
        panel.wait(lambda: bool(self.processes()))
        old = self.panel
        with mock.patch("builtins.print"):
            old.onReload()
        self.assertEqual(old.logic.helpers._workers, [])
        self.panel = slicer.modules.HER2PredictWidget
        self.ui = self.panel.ui
        self.assert_stopped()

    def test_live_results_are_those_of_the_button_and_cost_no_node(self) -> None:
        nodes = self.node_names()
        with mock.patch("HER2PredictLib.features.extract", side_effect=AssertionError("computed in the application")):
            self.ui.liveCheckBox.checked = True
            panel.wait(self.shows_result)
        live = self.panel.panel.state.assessment
        self.assertEqual(dict(live.features), dict(self.panel.logic.assess(*self.case).features))
        self.assertEqual(Counter(self.node_names()) - Counter(nodes), Counter(["HER2Predict history"]))

    def test_without_helpers_live_results_come_all_the_same_and_it_says_why_they_are_slower(self) -> None:
        with mock.patch("HER2PredictLib.helper.pool.PROGRAM", Path("/nowhere/child.py")):
            self.ui.liveCheckBox.checked = True
            panel.wait(self.shows_result)
        self.assertIn("Slower than usual", self.ui.liveCheckBox.toolTip)
        self.assertIn("status", self.ui.liveCheckBox.toolTip)


class OutlineCheckTest(OutlineCheckTestCase):
    """By SlicerRadiomics' module, one variation after the other, where no helper process can be started."""

    def setUp(self) -> None:
        super().setUp()
        refuse = mock.patch("HER2PredictLib.helper.pool.Helpers.vary", side_effect=NoHelperError("none today"))
        refuse.start()
        self.addCleanup(refuse.stop)

    def predict(self) -> None:
        super().predict()
        self.wait_for_next()

    def wait_for_next(self) -> None:
        panel.wait(lambda: bool(self.fake.running()))

    def go_on(self) -> None:
        """One variation comes to its end."""
        self.wait_for_next()
        self.fake.succeed({name: repr(value) for name, value in self.fake.values().items()})

    def test_it_says_how_far_it_is_and_ends_with_what_the_library_measures(self) -> None:
        self.predict()
        self.assertTrue(self.is_checking())
        for done in range(FEW):
            slicer.app.processEvents()
            told = f"Dependence on the outline: {done} of {FEW}, one by one since none today"
            self.assertEqual(self.ui.outlineLabel.text, told)
            self.assertEqual((self.ui.outlineBar.value, self.ui.outlineBar.maximum), (done, FEW))
            self.assertTrue(self.shows_result())
            self.go_on()
        panel.wait(lambda: not self.is_checking())
        expected = self.expected()
        self.assertEqual(self.panel.panel.state.result.stability, expected)
        self.assertIn(f"variations of the outline give {expected.low:.0%} to {expected.high:.0%}", self.shown())
        self.assert_stopped()
        self.assertEqual(self.ui.historyTable.mrmlTableNode().GetNumberOfRows(), 1)
        ((row,), left_out) = records.exported_history(self.scene)
        self.assertEqual((float(row["variations_low"]), float(row["variations_high"])), (expected.low, expected.high))
        self.assertEqual((row["variations"], row["stability"], left_out), (str(FEW), expected.level, 0))

    def test_it_is_saved_with_the_scene(self) -> None:
        self.predict()
        for _number in range(FEW):
            self.go_on()
        panel.wait(lambda: not self.is_checking())
        shown = self.shown()
        with tempfile.TemporaryDirectory() as folder:
            bundle = str(Path(folder) / "scene.mrb")
            self.assertTrue(self.scene.WriteToMRB(bundle))
            self.scene.Clear(0)
            self.assertTrue(self.scene.ReadFromMRB(bundle))
        self.assertEqual(self.shown(), shown)
        self.assertIn("variations of the outline", shown)
        slicer.app.processEvents()
        self.assertFalse(self.is_checking())

    def test_stop_leaves_the_result_and_does_not_start_again(self) -> None:
        self.predict()
        self.go_on()
        self.wait_for_next()
        self.ui.outlineStopButton.click()
        self.assertTrue(self.shows_result())
        self.assert_stopped()
        self.panel.check()
        slicer.app.processEvents()
        self.assert_stopped()
        self.assertNotIn("variations of the outline", self.shown())

    def test_an_edit_ends_it_and_its_undoing_starts_it_anew(self) -> None:
        self.predict()
        edited = ellipsoid()
        edited[14] = 0
        self.draw(edited)
        self.panel.check()
        self.assertTrue(self.is_out_of_date())
        self.assert_stopped()
        self.draw(ellipsoid())
        self.panel.check()
        self.wait_for_next()
        self.assertIn(f"0 of {FEW}", self.ui.outlineLabel.text)

    def test_a_rename_does_not_disturb_it(self) -> None:
        self.predict()
        self.case[1].GetSegmentation().GetSegment(self.case[2]).SetName("T1")
        self.panel.check()
        for _number in range(FEW):
            self.go_on()
        panel.wait(lambda: "variations of the outline" in self.shown())

    def test_a_new_prediction_ends_it(self) -> None:
        self.predict()
        self.ui.predictButton.click()
        self.fake.settle()
        self.assertEqual(len(self.fake.running()), 1)
        self.assertFalse(self.is_checking())
        self.fake.succeed(self.texts)
        self.wait_for_next()
        self.assertIn(f"0 of {FEW}", self.ui.outlineLabel.text)

    def test_closing_the_scene_ends_it_during_and_between_variations(self) -> None:
        for between in (False, True):
            with self.subTest(between=between):
                self.predict()
                if between:
                    self.go_on()
                self.scene.Clear(0)
                self.fake.settle()
                slicer.app.processEvents()
                self.assertEqual(self.fake.running(), [])
                self.assertEqual(self.node_names(), self.nodes)
                self.assertEqual(self.shown(), "")
                self.case = self.small_case()

    def test_switching_it_off_ends_it_and_on_again_starts_it(self) -> None:
        self.predict()
        self.ui.outlineCheckBox.checked = False
        self.panel.check()
        self.assert_stopped()
        self.ui.outlineCheckBox.checked = True
        self.panel.check()
        self.wait_for_next()
        self.assertTrue(self.is_checking())

    def test_it_goes_on_while_another_module_is_in_front(self) -> None:
        self.predict()
        slicer.util.selectModule("Data")
        for _number in range(FEW):
            self.go_on()
        panel.wait(lambda: self.panel.panel.state.outline_check is None)
        slicer.util.selectModule("HER2Predict")
        self.assertIn("variations of the outline", self.shown())

    def test_a_result_that_followed_the_outline_is_not_checked(self) -> None:
        self.ui.liveCheckBox.checked = True
        panel.wait(self.shows_result)
        slicer.app.processEvents()
        self.assert_stopped()

    def test_variations_without_features_are_counted(self) -> None:
        self.predict()
        for _number in range(FEW):
            self.wait_for_next()
            self.fake.fail("ValueError: no luck")
        panel.wait(lambda: not self.is_checking())
        self.assertEqual(self.panel.panel.state.result.stability.failed, FEW)
        self.assertIn("no variation of the outline could be computed", self.shown())
        self.assert_stopped()

    def test_a_backend_that_no_longer_starts_is_told_and_leaves_the_result(self) -> None:
        self.predict()
        self.fake.starts = False
        self.go_on()
        panel.wait(lambda: not self.is_checking())
        self.assertIn("could not be started", self.ui.outlineLabel.text)
        self.assertTrue(self.shows_result())
        self.assert_stopped()

    def test_reloading_the_module_ends_it(self) -> None:
        self.predict()
        with mock.patch("builtins.print"):
            self.panel.onReload()
        self.panel = slicer.modules.HER2PredictWidget
        self.ui = self.panel.ui
        self.assert_stopped()


class OutlineWordsTest(unittest.TestCase):
    def test_levels_differ_in_words_and_signs(self) -> None:
        import dataclasses

        from HER2PredictLib.outline.stability import Variation, summarise
        from HER2PredictLib.panel.words.answer import result_text
        from test_panel_state import RESULT

        few = "✔ <b>Stable</b>: variations of the outline give 68% to 72%; none of 30 flips the call, up to 10% may."
        for probabilities, words in {
            (0.68, 0.7, 0.72) * 10: few,
            (0.68, 0.7, 0.72): "▲ <b>Undecided</b>: variations of the outline give 68% to 72%; none of 3 flips",
            (0.55, 0.7, 0.9): "▲ <b>Sensitive to the outline</b>: variations of the outline give 56% to 89%; none of 3",
            (0.4, 0.4, 0.8): "✖ <b>Unstable</b>: variations of the outline give 40% to 78%; 2 of 3 flip the call, up",
            (0.7, None, 0.7): "give 70% to 70%; none of 2 flips the call, up to 78% may. 1 could not be computed.",
            (None,): "✖ <b>Unstable</b>: no variation of the outline could be computed.",
        }.items():
            with self.subTest(probabilities):
                found = [Variation(probability, 1.0, 0.1) for probability in probabilities]
                result = dataclasses.replace(RESULT, stability=summarise(found, 0.7, RESULT.threshold))
                self.assertIn(words, result_text(result))
        self.assertNotIn("variation", result_text(RESULT))
        np.testing.assert_equal(RESULT.stability, None)


if __name__ == "__main__":
    unittest.main()
