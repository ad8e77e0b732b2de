"""What the panel keeps: results in the scene, history, features, scatter, picture and the chosen model."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import panel
from cases import ct_array, ellipsoid, needs

slicer: Any = None


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


class KeepingTest(panel.ModuleTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def saved_and_loaded(self, change: Any = lambda: None) -> None:
        bundle = str(self.folder / "scene.mrb")
        self.assertTrue(self.scene.WriteToMRB(bundle))
        self.scene.Clear(0)
        self.assertEqual(self.shown(), "")
        self.assertTrue(self.scene.ReadFromMRB(bundle))

    def test_a_saved_scene_brings_panel_and_result_back(self) -> None:
        self.predicted_case()
        before = self.shown(), self.ui.whyLabel.text
        self.saved_and_loaded()
        self.assertEqual((self.shown(), self.ui.whyLabel.text), before)
        self.assertFalse(self.ui.explanationSection.isHidden())
        self.assertTrue(self.shows_result())
        self.assertEqual(self.ui.volumeSelector.currentNode().GetName(), "CTU")
        self.assertTrue(self.ui.predictButton.enabled, self.findings())
        self.assertEqual(self.history()[0][4:6], ["Bladder tumour", "CTU"])
        self.assertFalse(self.ui.featuresButton.enabled)
        self.assertIn("predict again", self.ui.featuresButton.toolTip)

    def test_a_result_whose_outline_had_changed_before_saving_comes_back_out_of_date(self) -> None:
        self.predicted_case()
        edited = ellipsoid()
        edited[14] = 0
        self.draw(edited)
        self.saved_and_loaded()
        self.assertTrue(self.is_out_of_date())
        self.assertFalse(self.shows_result())

    def test_a_scene_with_a_spoilt_result_shows_none(self) -> None:
        self.predicted_case()
        self.panel.logic.getParameterNode().lastResult = '{"probability": 2}'
        self.saved_and_loaded()
        self.assertEqual(self.shown(), "")

    def history(self) -> list[list[str]]:
        table = self.ui.historyTable.mrmlTableNode()
        if table is None:
            return []
        return [
            [table.GetCellText(row, column) for column in range(table.GetNumberOfColumns())]
            for row in range(table.GetNumberOfRows())
        ]

    def test_every_prediction_has_a_row_in_the_history(self) -> None:
        self.assertEqual(self.history(), [])
        self.assertTrue(self.ui.historyTable.isHidden())
        case = self.predicted_case()
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        fake.succeed(self.feature_texts(case))
        expected = self.panel.logic.assess(*case)
        self.assertEqual(len(self.history()), 2)
        _time, probability, interval, millilitres, segment, volume, model = self.history()[1]
        self.assertEqual((volume, segment), ("CTU", "Bladder tumour"))
        self.assertEqual(millilitres, f"{expected.roi['volume_ml']:.2f}")
        self.assertEqual(probability, f"{expected.probability:.3f}")
        self.assertEqual(interval, "{:.3f} – {:.3f}".format(*expected.interval))
        self.assertEqual(model, expected.model.describe())
        self.ui.recordSection.collapsed = False
        self.assertFalse(self.ui.historyTable.isHidden())

    def export(self, path: object) -> str:
        """Press the button, answer its question, and what the panel then says."""
        import qt

        with mock.patch.object(qt.QFileDialog, "getSaveFileName", return_value=str(path), create=True):
            self.ui.exportButton.click()
        return self.ui.keptLabel.text

    @staticmethod
    def rows(path: Path) -> list[dict[str, str]]:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def test_the_history_is_exported_with_the_columns_and_numbers_of_the_command(self) -> None:
        from HER2PredictLib.outputs.table import COLUMNS

        self.assertFalse(self.ui.exportButton.enabled)
        case = self.predicted_case()
        volume, segmentation, segment_id = case
        volume.SetName("Miller^Jane")
        segmentation.SetName("Miller^Jane segmentation")
        segmentation.GetSegmentation().GetSegment(segment_id).SetName("Miller's tumour")
        self.draw(ellipsoid(radii_mm=np.array([7.0, 8.0, 13.0])))
        self.panel.check()
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        fake.succeed(self.feature_texts(case))
        path = self.folder / "history.csv"
        self.assertEqual(self.export(path), f"Written: {path}")
        first, second = self.rows(path)
        self.assertEqual(tuple(first), COLUMNS)
        expected = self.panel.logic.assess(*case)
        numbers = [expected.probability, *expected.interval, expected.threshold, expected.roi["volume_ml"]]
        names = ("probability", "interval_low", "interval_high", "threshold", "roi_volume_ml")
        self.assertEqual([float(second[name]) for name in names], numbers)
        self.assertEqual(second["model_sha256"], expected.model.sha256)
        self.assertEqual(second["findings"].split(), [finding.code for finding in expected.findings])
        self.assertEqual(first["case"], second["case"])
        self.assertNotEqual(first["input_sha256"], second["input_sha256"])
        self.assertNotIn(b"Miller", path.read_bytes())
        self.saved_and_loaded()
        self.assertTrue(self.ui.exportButton.enabled)
        again = self.folder / "again.csv"
        self.export(again)
        self.assertEqual(again.read_bytes(), path.read_bytes())

    def test_the_command_writes_the_same_row_of_the_same_case(self) -> None:
        import SimpleITK as sitk

        from HER2PredictLib.case.case import Case
        from HER2PredictLib.command import main

        case = Case.from_nodes(*self.predicted_case())
        self.export(self.folder / "history.csv")
        names = [str(self.folder / name) for name in ("volume.nrrd", "roi.nrrd", "command.csv")]
        sitk.WriteImage(case.volume.image, names[0])
        sitk.WriteImage(case.roi.image, names[1])
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(main.main(["predict", *names[:2], "--perturbations", "0", "--csv", names[2]]), 0)
        (exported,), (written,) = self.rows(self.folder / "history.csv"), self.rows(Path(names[2]))
        self.assertEqual(exported | {"time": ""}, written | {"time": ""})

    def test_an_export_that_cannot_be_is_told(self) -> None:
        self.predicted_case()
        self.assertIn("No such file", self.export(self.folder / "nosuch" / "history.csv"))
        self.export("")
        table = self.ui.historyTable.mrmlTableNode()
        for stored in (None, "", "[1]", "no JSON", "3", '{"case": "A"}'):
            table.SetAttribute("HER2Predict.Cells0", stored)
            told = self.export(self.folder / "history.csv")
            self.assertRegex(told, "^Nothing was written. Left out are 1 of the rows: ")
            self.assertFalse((self.folder / "history.csv").exists())

    def test_a_scene_cannot_plant_a_formula(self) -> None:
        self.predicted_case()
        table = self.ui.historyTable.mrmlTableNode()
        stored = json.loads(table.GetAttribute("HER2Predict.Cells0"))
        table.SetAttribute("HER2Predict.Cells0", json.dumps(stored | {"case": "=cmd()", "call": "a\nb", "other": "c"}))
        self.export(self.folder / "history.csv")
        (row,) = self.rows(self.folder / "history.csv")
        self.assertEqual(row, stored | {"case": "'=cmd()", "call": "a b"})

    def test_a_row_that_an_earlier_version_kept_is_exported_whole(self) -> None:
        self.predicted_case()
        table = self.ui.historyTable.mrmlTableNode()
        stored = json.loads(table.GetAttribute("HER2Predict.Cells0"))
        earlier = {{"tail_probability": "share_beyond"}.get(name, name): text for name, text in stored.items()}
        table.SetAttribute("HER2Predict.Cells0", json.dumps(earlier))
        self.export(self.folder / "history.csv")
        self.assertEqual(self.rows(self.folder / "history.csv"), [stored])

    def test_the_features_go_into_one_table_with_all_their_digits(self) -> None:
        case = self.predicted_case()
        self.ui.featuresButton.click()
        count = self.scene.GetNumberOfNodes()
        self.ui.featuresButton.click()
        self.assertEqual(self.scene.GetNumberOfNodes(), count)
        table = self.scene.GetNodeByID(slicer.app.applicationLogic().GetSelectionNode().GetActiveTableID())
        self.assertEqual(table.GetNumberOfRows(), 975)
        names = [table.GetTable().GetColumn(0).GetValue(row) for row in range(975)]
        values = [table.GetTable().GetColumn(1).GetValue(row) for row in range(975)]
        self.assertEqual(dict(zip(names, values, strict=True)), dict(self.panel.logic.assess(*case).features))

    def test_readers_are_compared_once_there_are_two_outlines(self) -> None:
        from HER2PredictLib.agreement import compare
        from HER2PredictLib.case.case import Case

        volume, segmentation, first = self.small_case()
        self.fake_extraction()
        self.assertFalse(self.ui.readersButton.enabled)
        self.assertIn("second segment", self.ui.readersButton.toolTip)
        self.ui.newSegmentButton.click()
        self.panel.check()
        self.assertFalse(self.ui.readersButton.enabled)
        self.draw(ellipsoid(radii_mm=np.array([7.0, 8.0, 13.0])))
        self.panel.check()
        self.assertTrue(self.ui.readersButton.enabled)
        self.ui.readersButton.click()
        table = self.scene.GetNodeByID(slicer.app.applicationLogic().GetSelectionNode().GetActiveTableID())
        second = self.panel.logic.getParameterNode().segmentID
        ids = {"Bladder tumour": first, "Bladder tumour 2": second}
        cases = {name: Case.from_nodes(volume, segmentation, segment_id) for name, segment_id in ids.items()}
        expected = compare(cases, self.panel.logic.model())
        shown = [
            tuple(table.GetCellText(row, column) for column in range(table.GetNumberOfColumns()))
            for row in range(table.GetNumberOfRows())
        ]
        self.assertEqual(shown, expected.table())
        self.assertIn("same call", self.ui.keptLabel.text)

    def test_readers_that_cannot_be_compared_are_told_why(self) -> None:
        self.small_case()
        self.fake_extraction()
        self.ui.newSegmentButton.click()
        speck = np.zeros_like(ellipsoid())
        speck[14, 31, 36] = 1
        self.draw(speck)
        self.panel.check()
        self.ui.readersButton.click()
        self.assertIn("Bladder tumour 2", self.ui.keptLabel.text)
        self.assertIn("single voxel", self.ui.keptLabel.text)

    def test_without_training_scores_the_scatter_says_why_not(self) -> None:
        self.choose_model(None)
        self.predicted_case()
        self.assertFalse(self.ui.pcaButton.enabled)
        self.assertIn("does not hold the scores", self.ui.pcaButton.toolTip)

    def choose_model(self, training: tuple[np.ndarray, np.ndarray] | None, name: str = "Chosen model") -> Path:
        from HER2PredictLib.model.model import BUNDLED_MODEL, Model

        bundled = Model.load(BUNDLED_MODEL)
        arrays = {key: array for key, array in bundled.arrays.items() if not key.startswith("train_s")}
        if training is not None:
            arrays |= {"train_scores": training[0], "train_status": training[1]}
        path = self.folder / "chosen.her2model"
        Model({**bundled.card, "name": name}, arrays).save(path)
        self.ui.modelPathLineEdit.currentPath = str(path)
        self.panel.check()
        self.addCleanup(slicer.app.userSettings().setValue, "HER2Predict/modelPath", "")
        return path

    def test_the_scatter_shows_the_patient_among_the_cohort(self) -> None:
        scores, status = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), np.array([0.0, 1.0, 1.0])
        self.choose_model((scores, status))
        case = self.predicted_case()
        self.ui.pcaButton.click()
        count = self.scene.GetNumberOfNodes()
        self.ui.pcaButton.click()
        self.assertEqual(self.scene.GetNumberOfNodes(), count)
        chart = self.scene.GetNodeByID(slicer.app.applicationLogic().GetSelectionNode().GetActivePlotChartID())
        self.assertIn("Chosen model", chart.GetTitle())
        assessment = self.panel.logic.assess(*case, self.ui.modelPathLineEdit.currentPath)
        own = assessment.model.project(assessment.features).scores[:2]
        shown = [self.points(chart.GetNthPlotSeriesNode(index)) for index in range(3)]
        np.testing.assert_allclose(shown[0], scores[:1])
        np.testing.assert_allclose(shown[1], scores[1:])
        np.testing.assert_allclose(shown[2], own[None])
        markers = {chart.GetNthPlotSeriesNode(index).GetMarkerStyle() for index in range(3)}
        self.assertEqual(len(markers), 3)

    @staticmethod
    def points(series: Any) -> np.ndarray:
        table = series.GetTableNode().GetTable()
        columns = [table.GetColumnByName(name) for name in (series.GetXColumnName(), series.GetYColumnName())]
        return np.array([[column.GetValue(row) for column in columns] for row in range(table.GetNumberOfRows())])

    @needs("matplotlib")
    def test_the_picture_goes_where_the_user_says_or_nowhere(self) -> None:
        self.predicted_case()
        import qt

        path = self.folder / "result.png"
        for answer in ("", str(path), str(self.folder / "nosuch" / "result.png")):
            with mock.patch.object(qt.QFileDialog, "getSaveFileName", return_value=answer, create=True):
                self.ui.pictureButton.click()
            if not answer:
                self.assertEqual(list(self.folder.iterdir()), [])
            elif answer == str(path):
                self.assertEqual(path.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
                self.assertIn("Written", self.ui.keptLabel.text)
            else:
                self.assertIn("No such file", self.ui.keptLabel.text)

    def test_nothing_can_be_kept_of_a_result_that_is_out_of_date(self) -> None:
        self.predicted_case()
        buttons = (self.ui.featuresButton, self.ui.pictureButton)
        self.assertTrue(all(button.enabled for button in buttons))
        self.draw(np.roll(ellipsoid(), 1, axis=2))
        self.assertFalse(any(button.enabled for button in buttons))

    def test_a_chosen_bundle_is_described_used_and_remembered(self) -> None:
        path = self.choose_model(None, "Hospital model")
        self.assertEqual(self.ui.modelSection.text, "Model: Hospital model")
        self.assertIn("Intended use", self.ui.modelCardLabel.text)
        self.assertEqual(slicer.util.settingsValue("HER2Predict/modelPath", ""), str(path))
        self.scene.Clear(0)
        self.panel.check()
        self.assertEqual(self.ui.modelPathLineEdit.currentPath, str(path))
        self.assertEqual(self.ui.modelSection.text, "Model: Hospital model")
        self.predicted_case()
        self.assertIn("Hospital model", self.shown())

    def test_a_refused_bundle_says_why_and_no_other_model_takes_its_place(self) -> None:
        self.small_case()
        self.fake_extraction()
        self.assertTrue(self.ui.predictButton.enabled, self.findings())
        bad = self.folder / "bad.her2model"
        bad.write_bytes(b"no model")
        self.ui.modelPathLineEdit.currentPath = str(bad)
        self.panel.check()
        for label in (self.ui.inputLabel, self.ui.modelCardLabel):
            self.assertIn("bad.her2model is not a usable", label.text)
        self.assertEqual(self.ui.modelSection.text, "Model: none in use")
        self.assertFalse(self.ui.modelSection.collapsed)
        self.assertFalse(self.ui.predictButton.enabled)
        self.assertIn("bad.her2model", self.ui.predictButton.toolTip)
        self.assertNotEqual(slicer.util.settingsValue("HER2Predict/modelPath", ""), str(bad))
        self.ui.modelPathLineEdit.currentPath = ""
        self.panel.check()
        self.assertTrue(self.ui.predictButton.enabled, self.findings())

    def test_the_choice_is_saved_with_the_scene(self) -> None:
        path = self.choose_model(None)
        self.ui.liveCheckBox.checked = True
        self.saved_and_loaded()
        self.assertEqual(self.panel.logic.getParameterNode().modelPath, str(path))
        self.assertTrue(self.ui.liveCheckBox.checked)


class LiveTest(panel.ModuleTestCase):
    def test_the_result_follows_an_edit_that_rests(self) -> None:
        case = self.small_case()
        self.fake_extraction()
        self.ui.liveCheckBox.checked = True
        panel.wait(self.shows_result)
        first = self.shown()
        self.draw(ellipsoid(radii_mm=np.array([7.0, 8.0, 13.0])))
        self.assertTrue(self.is_out_of_date())
        panel.wait(self.shows_result)
        self.assertNotEqual(self.shown(), first)
        self.assertIn(f"{self.panel.logic.assess(*case).probability:.0%}", self.shown())

    def test_what_follows_the_outline_has_one_row_in_the_history(self) -> None:
        case = self.small_case()
        fake = self.fake_extraction()
        self.ui.liveCheckBox.checked = True
        panel.wait(self.shows_result)
        for radius in (7.0, 8.0):
            self.draw(ellipsoid(radii_mm=np.array([radius, 8.0, 13.0])))
            panel.wait(self.shows_result)
        table = self.ui.historyTable.mrmlTableNode()
        self.assertEqual(table.GetNumberOfRows(), 1)
        self.assertEqual(table.GetCellText(0, 1), f"{self.panel.logic.assess(*case).probability:.3f}")
        self.ui.predictButton.click()
        fake.succeed(self.feature_texts(case))
        self.assertEqual(table.GetNumberOfRows(), 2)
        for radius, rows in ((7.0, 3), (7.5, 3)):
            self.draw(ellipsoid(radii_mm=np.array([radius, 8.0, 13.0])))
            panel.wait(self.shows_result)
            self.assertEqual(table.GetNumberOfRows(), rows)
        self.ui.newSegmentButton.click()
        self.draw(ellipsoid())
        panel.wait(self.shows_result)
        self.assertEqual(table.GetNumberOfRows(), 4)

    def test_edits_in_a_row_are_predicted_once(self) -> None:
        self.small_case()
        self.fake_extraction()
        logic = self.panel.logic
        with mock.patch.object(logic, "assessLive", wraps=logic.assessLive) as assess:
            self.draw(ellipsoid())
            self.ui.liveCheckBox.checked = True
            for radius in (8.0, 8.5, 9.0):
                self.draw(ellipsoid(radii_mm=np.array([radius, 8.0, 13.0])))
                slicer.app.processEvents()
            assess.assert_not_called()
            panel.wait(self.shows_result)
            assess.assert_called_once()

    def test_an_outline_that_cannot_be_predicted_gives_no_result(self) -> None:
        self.small_case()
        self.fake_extraction()
        self.ui.liveCheckBox.checked = True
        panel.wait(self.shows_result)
        self.draw(np.zeros_like(ellipsoid()))
        panel.wait(lambda: bool(self.findings()) and "empty" in self.findings()[0])
        self.assertTrue(self.is_out_of_date())


class CaseTest(panel.ModuleTestCase):
    def test_the_volume_in_one_line(self) -> None:
        self.add_volume()
        self.panel.check()
        self.assertIn("0.8 × 0.8 × 5 mm voxels · 30 slices", self.ui.volumeLabel.text)
        self.assertIn("no DICOM information", self.ui.volumeLabel.text)

    def test_what_dicom_tells_of_the_volume(self) -> None:
        from HER2PredictLib.panel.words.labels import volume_line

        volume = self.add_volume()
        volume.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
        database = mock.Mock(spec=["fileForInstance", "fileValue"])
        database.fileForInstance.side_effect = {"1.2.3": "/a/file"}.get
        told = {"0008,103e": "Urography <late>", "0018,0050": "3.0"}
        database.fileValue.side_effect = lambda file, tag: told[tag] if file == "/a/file" else ""
        line = volume_line(volume, database)
        self.assertEqual(
            line, "Urography &lt;late&gt; · 0.8 × 0.8 × 5 mm voxels · 30 slices · 3 mm thick · excretory phase"
        )

    def test_the_window_is_that_of_the_abdomen_until_somebody_chooses_another(self) -> None:
        volume = self.add_volume()
        self.panel.check()
        display = volume.GetScalarVolumeDisplayNode()
        self.assertEqual((display.GetWindow(), display.GetLevel()), (350.0, 40.0))
        display.SetWindowLevel(100.0, 10.0)
        slicer.util.selectModule("Data")
        slicer.util.selectModule("HER2Predict")
        self.assertEqual((display.GetWindow(), display.GetLevel()), (100.0, 10.0))

    def test_a_button_keeps_the_largest_piece_and_touches_no_other_segment(self) -> None:
        volume, segmentation, segment_id = self.small_case()
        self.assertEqual(self.remedy_buttons(), {})
        pieces = ellipsoid()
        pieces[2:4, 5:9, 5:9] = 1
        self.ui.newSegmentButton.click()
        self.draw(np.roll(ellipsoid(), 20, axis=2))
        other = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, self.chosen(), volume).copy()
        other_id = self.chosen()
        self.ui.segmentSelector.setCurrentSegmentID(segment_id)
        self.draw(pieces)
        self.panel.check()
        self.assertIn("2 separate pieces", "".join(self.findings()))
        self.remedy_buttons()["Keep the largest piece"].click()
        kept = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, volume)
        np.testing.assert_array_equal(kept, ellipsoid())
        np.testing.assert_array_equal(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, other_id, volume), other)
        self.assertEqual(self.remedy_buttons(), {})
        self.assertNotIn("pieces", "".join(self.findings()))
        self.ui.segmentEditorWidget.undo()
        undone = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, volume)
        np.testing.assert_array_equal(undone, pieces)

    def test_a_finding_that_stays_keeps_its_row(self) -> None:
        self.small_case()
        pieces = ellipsoid()
        pieces[2:4, 5:9, 5:9] = 1
        self.draw(pieces)
        self.panel.check()
        button = self.remedy_buttons()["Keep the largest piece"]
        pieces[14, 31, 36] = 0
        self.draw(pieces)
        self.assertIs(self.remedy_buttons()["Keep the largest piece"], button)
        self.panel.check()
        self.assertIs(self.remedy_buttons()["Keep the largest piece"], button)
        pieces[14:16, 2:4, 50:54] = 1
        self.draw(pieces)
        self.panel.check()
        self.assertIn("3 separate pieces", "".join(self.findings()))
        self.assertIsNot(self.remedy_buttons()["Keep the largest piece"], button)

    def test_a_remedy_that_is_refused_says_why_and_changes_nothing(self) -> None:
        from HER2PredictLib.errors import InputError

        self.predicted_case()
        pieces = ellipsoid()
        pieces[2:4, 5:9, 5:9] = 1
        self.draw(pieces)
        self.panel.check()
        with mock.patch("HER2PredictLib.panel.segments.mend", side_effect=InputError("Nothing <would> be left.")):
            self.remedy_buttons()["Keep the largest piece"].click()
        self.assertIn("Nothing &lt;would&gt; be left.", self.shown())
        self.assertTrue(self.is_out_of_date())
        self.remedy_buttons()["Keep the largest piece"].click()
        self.assertNotIn("be left", self.shown())
        self.assertTrue(self.shows_result())

    def test_a_remedy_that_is_no_longer_needed_changes_nothing(self) -> None:
        _volume, segmentation, segment_id = self.small_case()
        pieces = ellipsoid()
        pieces[2:4, 5:9, 5:9] = 1
        self.draw(pieces)
        self.panel.check()
        button = self.remedy_buttons()["Keep the largest piece"]
        segmentation.GetSegmentation().RemoveSegment(segment_id)
        button.click()
        self.assertEqual(self.remedy_buttons(), {})

    def chosen(self) -> str:
        return self.ui.segmentSelector.currentSegmentID()

    def test_the_part_of_an_outline_on_another_volume_that_is_lost_is_a_finding(self) -> None:
        self.small_case()
        beside = np.array(panel.IJK_TO_RAS)
        beside[0, 3] += 26.0
        other = slicer.util.addVolumeFromArray(ct_array(), ijkToRAS=beside, name="other")
        self.ui.volumeSelector.setCurrentNode(other)
        self.panel.check()
        self.assertRegex("".join(self.findings()), r"\d+% of the ROI lies outside the volume")
        beside[0, 3] += 900.0
        other.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(beside))
        panel.wait(lambda: 'lies outside the volume "other"' in "".join(self.findings()))
        self.assertFalse(self.ui.predictButton.enabled)

    def test_a_sequence_that_shows_its_next_volume_has_no_claim_to_the_result(self) -> None:
        volume, _segmentation, _segment_id = self.predicted_case()
        slicer.util.updateVolumeFromArray(volume, ct_array(seed=5))
        self.assertTrue(self.is_out_of_date())
        self.panel.check()
        self.assertTrue(self.is_out_of_date())

    def test_a_proxy_that_a_sequence_fills_anew_is_noticed_and_comes_back(self) -> None:
        """As the Sequences module does it: the node takes the content of another, its image shared."""
        volume, _segmentation, _segment_id = self.predicted_case()
        first, second = (
            slicer.util.addVolumeFromArray(voxels, ijkToRAS=panel.IJK_TO_RAS)
            for voxels in (slicer.util.arrayFromVolume(volume).copy(), ct_array(seed=5))
        )
        volume.CopyContent(second, False)
        self.assertTrue(self.is_out_of_date())
        self.panel.check()
        self.assertTrue(self.is_out_of_date())
        self.assertIs(self.ui.volumeSelector.currentNode(), volume)
        volume.CopyContent(first, False)
        self.panel.check()
        self.assertTrue(self.shows_result())


if __name__ == "__main__":
    unittest.main()
