"""A result whose volume, ROI or model has changed since is never shown as current."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np

import panel
from cases import ct_array, ellipsoid

slicer: Any = None


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


class OutOfDateTest(panel.ModuleTestCase):
    def test_an_edit_makes_the_result_out_of_date_and_its_undoing_current_again(self) -> None:
        self.predicted_case()
        edited = ellipsoid()
        edited[14] = 0
        self.draw(edited)
        self.assertTrue(self.is_out_of_date())
        self.assertIn("simulated", self.shown())
        panel.wait(lambda: self.ui.predictButton.enabled)
        self.assertTrue(self.is_out_of_date())
        self.draw(ellipsoid())
        panel.wait(self.shows_result)

    def test_an_undo_is_noticed_although_it_says_only_that_a_segment_was_modified(self) -> None:
        from vtk.util.numpy_support import vtk_to_numpy

        _volume, segmentation, segment_id = self.predicted_case()
        labelmap = segmentation.GetBinaryLabelmapInternalRepresentation(segment_id)
        voxels = vtk_to_numpy(labelmap.GetPointData().GetScalars())
        voxels[: len(voxels) // 2] = 0
        segmentation.InvokeEvent(slicer.vtkSegmentation.SegmentModified)
        self.assertTrue(self.is_out_of_date())
        self.panel.check()
        self.assertTrue(self.is_out_of_date())

    def test_a_rename_leaves_the_result_current(self) -> None:
        volume, segmentation, segment_id = self.predicted_case()
        segmentation.GetSegmentation().GetSegment(segment_id).SetName("Tumour 1")
        volume.SetName("CT 1")
        self.panel.check()
        self.assertTrue(self.shows_result())

    def test_another_gray_level_in_the_tumour_makes_it_out_of_date(self) -> None:
        volume, _segmentation, _segment_id = self.predicted_case()
        slicer.util.arrayFromVolume(volume)[15, 31, 36] += 100
        volume.GetImageData().Modified()
        self.assertTrue(self.is_out_of_date())
        self.panel.check()
        self.assertTrue(self.is_out_of_date())

    def test_a_transform_on_the_segmentation_makes_it_out_of_date(self) -> None:
        import vtk

        _volume, segmentation, _segment_id = self.predicted_case()
        transform = self.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        segmentation.SetAndObserveTransformNodeID(transform.GetID())
        matrix = vtk.vtkMatrix4x4()
        matrix.SetElement(0, 3, 5.0)
        transform.SetMatrixTransformToParent(matrix)
        self.assertTrue(self.is_out_of_date())
        self.panel.check()
        self.assertTrue(self.is_out_of_date())

    def test_another_segment_or_volume_has_no_claim_to_the_result(self) -> None:
        _volume, _segmentation, segment_id = self.predicted_case()
        self.ui.newSegmentButton.click()
        self.panel.check()
        self.assertTrue(self.is_out_of_date())
        self.ui.segmentSelector.setCurrentSegmentID(segment_id)
        self.panel.check()
        self.assertTrue(self.shows_result())
        other = slicer.util.addVolumeFromArray(ct_array(seed=2), ijkToRAS=panel.IJK_TO_RAS, name="other")
        self.ui.volumeSelector.setCurrentNode(other)
        self.panel.check()
        self.assertTrue(self.is_out_of_date())

    def test_deleting_the_input_leaves_no_current_result(self) -> None:
        for victim in ("segment", "segmentation", "volume"):
            with self.subTest(deleted=victim):
                volume, segmentation, segment_id = self.predicted_case()
                if victim == "segment":
                    segmentation.GetSegmentation().RemoveSegment(segment_id)
                else:
                    self.scene.RemoveNode({"segmentation": segmentation, "volume": volume}[victim])
                self.panel.check()
                self.assertFalse(self.shows_result())
                self.assertFalse(self.ui.predictButton.enabled)
                self.scene.Clear(0)

    def test_an_edit_during_the_run_makes_its_result_out_of_date(self) -> None:
        case = self.small_case()
        texts = self.feature_texts(case)
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        edited = ellipsoid()
        edited[14] = 0
        self.draw(edited)
        fake.succeed(texts)
        self.assertTrue(self.is_out_of_date())

    def test_another_model_makes_it_out_of_date_and_an_unusable_one_is_refused(self) -> None:
        from HER2PredictLib.model.model import BUNDLED_MODEL, Model

        self.predicted_case()
        bundled = Model.load(BUNDLED_MODEL)
        with tempfile.TemporaryDirectory() as folder:
            other = Path(folder) / "other.her2model"
            Model({**bundled.card, "name": "Another model"}, bundled.arrays).save(other)
            self.panel.logic.getParameterNode().modelPath = str(other)
            self.panel.check()
            self.assertTrue(self.is_out_of_date())
            self.assertEqual(self.ui.modelSection.text, "Model: Another model")
            other.write_bytes(b"no model")
            self.panel.check()
        self.assertFalse(self.ui.predictButton.enabled)
        self.assertIn("other.her2model", self.findings()[0])

    def test_an_edit_while_another_module_is_in_front_is_noticed_on_return(self) -> None:
        self.predicted_case()
        slicer.util.selectModule("Data")
        self.draw(np.roll(ellipsoid(), 1, axis=2))
        slicer.util.selectModule("HER2Predict")
        self.assertTrue(self.is_out_of_date())


if __name__ == "__main__":
    unittest.main()
