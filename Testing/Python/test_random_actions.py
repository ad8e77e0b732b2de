"""What a user may do, in random orders that are the same every time, and what must hold always."""

from __future__ import annotations

import contextlib
import io
import os
import random
import tempfile
import unittest
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import panel
from cases import ct_array, ellipsoid

slicer: Any = None

SEEDS = (2024, 31, 4711)
#: With each seed; an environment variable asks for more.
ACTIONS = int(os.environ.get("HER2PREDICT_ACTIONS", "120"))
#: From here on everything is expected to have happened at least once.
MANY = 300


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


class RandomActionsTest(panel.ModuleTestCase):
    CHECKS_OUTLINE = True

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.addCleanup(slicer.app.userSettings().setValue, "HER2Predict/modelPath", "")
        self.addCleanup(slicer.util.selectModule, "HER2Predict")
        few = mock.patch("HER2PredictLib.panel.outline_check.COUNT", 2)
        few.start()
        self.addCleanup(few.stop)
        self.fake = self.fake_extraction()
        self.expected: dict[str, str] = {}
        self.current_results = self.checked_outlines = 0
        self.models = ["", *self.make_models()]

    def make_models(self) -> list[str]:
        from HER2PredictLib.model.model import BUNDLED_MODEL, Model

        bundled = Model.load(BUNDLED_MODEL)
        Model({**bundled.card, "name": "Other model", "threshold": 0.3}, bundled.arrays).save(
            self.folder / "o.her2model"
        )
        (self.folder / "bad.her2model").write_bytes(b"no model")
        return [str(self.folder / "o.her2model"), str(self.folder / "bad.her2model")]

    def test_no_order_of_actions_breaks_the_panel(self) -> None:
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.random = random.Random(seed)
                self.current_results = self.checked_outlines = 0
                self.do_actions()

    def do_actions(self) -> None:
        nodes, observers = Counter(self.node_names()), self.observer_counts()
        done: Counter[str] = Counter()
        actions = self.actions()
        for number in range(ACTIONS):
            name, action = self.random.choice(actions)
            with self.subTest(number=number, action=name):
                told = io.StringIO()
                with contextlib.redirect_stderr(told):
                    action()
                    self.fake.settle()
                    slicer.app.processEvents()
                self.assertNotIn("Traceback", told.getvalue())
                self.check_result()
                self.check_nodes()
                done[name] += 1
                if name == "close scene":
                    self.assertEqual(Counter(self.node_names()) - nodes, Counter())
                    self.assertEqual(nodes - Counter(self.node_names()), Counter())
                    if self.is_in_front():  # behind another module the panel does not watch its parameter node
                        self.assertEqual(self.observer_counts(), observers)
        self.scene.Clear(0)
        self.fake.settle()
        slicer.util.selectModule("HER2Predict")
        self.assertEqual(Counter(self.node_names()), nodes)
        self.assertEqual(self.observer_counts(), observers)
        self.assertGreater(self.current_results, ACTIONS / 20)
        if ACTIONS >= MANY:
            self.assertEqual(set(done), {name for name, _action in actions})
            self.assertGreater(self.checked_outlines, 3)

    def observer_counts(self) -> dict[str, int]:
        """VTK's own account of who observes the scene and the nodes that outlive its closing."""
        observed = [self.scene.GetNthNode(index) for index in range(self.scene.GetNumberOfNodes())]
        observed = [node for node in observed if not node.IsA("vtkMRMLTableViewNode")]  # made when a table is shown
        return {type(item).__name__ + str(item.GetID()): str(item).count("vtkObserver (") for item in observed} | {
            "scene": str(self.scene).count("vtkObserver (")
        }

    def check_result(self) -> None:
        """What is shown as current is what the present input gives."""
        if not self.shows_result():
            return
        from HER2PredictLib.panel.background import input_digest

        self.current_results += 1
        choices = self.panel.logic.getParameterNode()
        case = choices.inputVolume, choices.segmentation, choices.segmentID
        key = input_digest(self.panel.logic.prepare(*case), self.panel.logic.model(choices.modelPath))
        if key not in self.expected:
            assessment = self.panel.logic.assess(*case, choices.modelPath)
            self.expected[key] = f">{assessment.probability:.0%}</span>"
            self.assertIn(assessment.model.name, self.shown())
        self.assertIn(self.expected[key], self.shown())
        self.checked_outlines += "variations of the outline" in self.shown()

    def check_nodes(self) -> None:
        """Only what runs has nodes of its own, and the panel tells that it runs."""
        own = [name for name in self.node_names() if name in ("HER2Predict prepared", "HER2Predict features")]
        tables = slicer.util.getNodesByClass("vtkMRMLTableNode")
        kept = sum(table.GetAttribute("HER2Predict.Role") == "features" for table in tables)
        runs = len(self.fake.running())
        self.assertEqual(len(own) - kept, 3 * runs, own)
        self.assertEqual(self.scene.GetNumberOfNodesByClass("vtkMRMLCommandLineModuleNode"), runs)
        if self.ui.cancelButton.isHidden():
            self.assertEqual(runs, 0)
        else:
            self.assertEqual((runs, self.panel.panel.state.outline_check), (1, None))
        if not self.ui.outlineStopButton.isHidden():
            self.assertTrue(self.shows_result())
        self.assertLessEqual(self.node_names().count("HER2Predict history"), 1)

    def actions(self) -> list[tuple[str, Callable[[], None]]]:
        """By name; what is done more often is in the list more often."""
        often = [("a whole turn", self.whole_turn), ("rest", self.rest), ("wait for the check", self.wait_for_check)]
        sometimes = [
            ("draw", self.draw_somewhere),
            ("predict", self.predict),
            ("succeed", self.succeed),
            ("new segment", lambda: self.click(self.ui.newSegmentButton)),
            ("enter", lambda: slicer.util.selectModule("HER2Predict")),
            ("choose segment", self.choose_segment),
        ]
        seldom = [
            ("load volume", self.load_volume),
            ("choose volume", self.choose_volume),
            ("erase a slice", self.erase),
            ("rename", self.rename),
            ("move", self.move),
            ("change voxels", self.change_voxels),
            ("delete a node", self.delete_node),
            ("delete a segment", self.delete_segment),
            ("break down", self.break_down),
            ("cancel", self.cancel),
            ("stop outline check", lambda: self.click(self.ui.outlineStopButton)),
            ("switch outline check", lambda: self.click(self.ui.outlineCheckBox)),
            ("leave", lambda: slicer.util.selectModule("Data")),
            ("switch model", self.switch_model),
            ("live", lambda: self.click(self.ui.liveCheckBox)),
            ("save and load", self.save_and_load),
            ("close scene", lambda: self.scene.Clear(0)),
            ("features", lambda: self.click(self.ui.featuresButton)),
            ("export history", self.export_history),
            ("save as DICOM", lambda: self.click(self.ui.dicomButton)),
            ("draw in pieces", self.draw_in_pieces),
            ("remedy", self.remedy),
            ("undo", self.undo),
            ("compare readers", lambda: self.click(self.ui.readersButton)),
            ("check", lambda: self.panel.check()),
            ("kill a helper", self.kill_a_helper),
            ("predict at once", lambda: self.click(self.ui.predictButton)),
            ("result in views", lambda: self.click(self.ui.viewsCheckBox)),
            ("masking", lambda: self.click(self.ui.maskingCheckBox)),
            ("bundled model", lambda: self.click(self.ui.bundledModelButton)),
            ("choose segmentation", self.choose_segmentation),
            ("new segmentation", self.new_segmentation),
            ("history row", self.history_row),
        ]
        return 6 * often + 3 * sometimes + seldom

    def is_in_front(self) -> bool:
        return bool(self.panel.parent.isEntered)

    def click(self, button: Any) -> None:
        if self.is_in_front():
            button.click()

    def volumes(self) -> list[Any]:
        found = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        return [node for node in found if not node.GetHideFromEditors()]

    def segmentations(self) -> list[Any]:
        return list(slicer.util.getNodesByClass("vtkMRMLSegmentationNode"))

    def chosen(self) -> tuple[Any, Any, str]:
        choices = self.panel.logic.getParameterNode()
        return choices.inputVolume, choices.segmentation, choices.segmentID

    def load_volume(self) -> None:
        if len(self.volumes()) < 3:
            seed = self.random.randrange(3)
            slicer.util.addVolumeFromArray(ct_array(seed), ijkToRAS=panel.IJK_TO_RAS, name=f"CTU {seed}")

    def choose_volume(self) -> None:
        if self.is_in_front() and self.volumes():
            self.ui.volumeSelector.setCurrentNode(self.random.choice(self.volumes()))

    def kill_a_helper(self) -> None:
        """As the system does where memory runs out."""
        workers = self.panel.logic.helpers._workers
        if workers:
            self.random.choice(workers).process.kill()

    def choose_segmentation(self) -> None:
        if self.is_in_front() and self.segmentations():
            self.ui.segmentSelector.setCurrentNode(self.random.choice(self.segmentations()))

    def new_segmentation(self) -> None:
        if len(self.segmentations()) < 3 and self.volumes():
            from HER2PredictLib.panel.segments import add_tumour_segment

            add_tumour_segment(self.scene, self.volumes()[0])

    def history_row(self) -> None:
        table = self.ui.historyTable
        if self.is_in_front() and table.mrmlTableNode() is not None and table.mrmlTableNode().GetNumberOfRows():
            table.clicked.emit(table.model().index(0, 0))

    def export_history(self) -> None:
        import qt

        path = str(self.folder / "history.csv")
        with mock.patch.object(qt.QFileDialog, "getSaveFileName", return_value=path, create=True):
            self.click(self.ui.exportButton)

    def choose_segment(self) -> None:
        segmentation = self.ui.segmentSelector.currentNode()
        if self.is_in_front() and segmentation is not None and segmentation.GetSegmentation().GetNumberOfSegments():
            ids = segmentation.GetSegmentation().GetSegmentIDs()
            self.ui.segmentSelector.setCurrentSegmentID(self.random.choice(ids))

    def draw_somewhere(self) -> None:
        """As a user goes on: there is a volume and a segment, and an outline is drawn on it."""
        if not self.volumes():
            self.load_volume()
            self.panel.check()
        volume, segmentation, segment_id = self.chosen()
        if volume is None:
            return
        if segmentation is None or not segmentation.GetSegmentation().GetSegment(segment_id):
            self.click(self.ui.newSegmentButton)
            volume, segmentation, segment_id = self.chosen()
        if segmentation is None or not segment_id:
            return
        shape = ellipsoid(radii_mm=np.array([self.random.choice((6.0, 8.0)), 8.0, 13.0]))
        voxels = np.roll(shape, self.random.randrange(-3, 4), axis=2)
        slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, segmentation, segment_id, volume)

    def draw_in_pieces(self) -> None:
        self.draw_somewhere()
        volume, segmentation, segment_id = self.chosen()
        if volume is not None and segmentation is not None and segmentation.GetSegmentation().GetSegment(segment_id):
            voxels = ellipsoid()
            voxels[2:4, 5:9, 5:9] = 1
            slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, segmentation, segment_id, volume)
            self.panel.check()

    def erase(self) -> None:
        volume, segmentation, segment_id = self.chosen()
        if volume is not None and segmentation is not None and segmentation.GetSegmentation().GetSegment(segment_id):
            voxels = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, volume)
            if voxels is not None:
                voxels = voxels.copy()
                voxels[self.random.randrange(13, 18)] = 0
                slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, segmentation, segment_id, volume)

    def rename(self) -> None:
        for node in self.volumes() + self.segmentations():
            node.SetName(f"Renamed {self.random.randrange(9)}")
        for node in self.segmentations():
            for index in range(node.GetSegmentation().GetNumberOfSegments()):
                node.GetSegmentation().GetNthSegment(index).SetName(f"<T{index}> & {self.random.randrange(9)}")

    def move(self) -> None:
        import vtk

        if self.segmentations():
            transform = self.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
            matrix = vtk.vtkMatrix4x4()
            matrix.SetElement(0, 3, self.random.choice((-1.6, 0.8)))
            transform.SetMatrixTransformToParent(matrix)
            self.random.choice(self.segmentations()).SetAndObserveTransformNodeID(transform.GetID())

    def change_voxels(self) -> None:
        if self.volumes():
            volume = self.random.choice(self.volumes())
            if volume.GetImageData() is not None:
                slicer.util.arrayFromVolume(volume)[15, 31, 30:40] += 7
                slicer.util.arrayFromVolumeModified(volume)

    def delete_node(self) -> None:
        nodes = self.volumes() + self.segmentations()
        if nodes:
            self.scene.RemoveNode(self.random.choice(nodes))

    def delete_segment(self) -> None:
        _volume, segmentation, segment_id = self.chosen()
        if segmentation is not None and segmentation.GetSegmentation().GetSegment(segment_id):
            segmentation.GetSegmentation().RemoveSegment(segment_id)

    def remedy(self) -> None:
        if self.is_in_front() and self.remedy_buttons():
            self.random.choice(list(self.remedy_buttons().values())).click()

    def undo(self) -> None:
        if self.is_in_front():
            self.ui.segmentEditorWidget.undo()

    def rest(self) -> None:
        """Half a second without an edit."""
        panel.wait(lambda: not self.panel._timer.isActive())

    def is_running(self) -> bool:
        return self.fake.node is not None and self.fake.node.IsBusy() and self.fake.node.GetScene() is not None

    def predict(self) -> None:
        self.panel.check()
        if self.is_in_front() and self.ui.predictButton.enabled:
            self.ui.predictButton.click()

    def whole_turn(self) -> None:
        """Open the module, outline the tumour, predict, read the result."""
        slicer.util.selectModule("HER2Predict")
        if self.ui.modelPathLineEdit.currentPath == self.models[-1]:
            self.ui.modelPathLineEdit.currentPath = ""
        self.ui.outlineCheckBox.checked = self.random.random() < 0.7
        self.draw_somewhere()
        self.predict()
        self.succeed()

    def succeed(self) -> None:
        if self.is_running() and self.fake.node.GetStatusString() == "Running":
            self.fake.succeed({name: repr(value) for name, value in self.fake.values().items()})

    def wait_for_check(self) -> None:
        """Until that of the outline has ended, where one is running."""
        panel.wait(lambda: self.panel.panel.state.outline_check is None)

    def break_down(self) -> None:
        if self.is_running():
            self.fake.fail("ValueError: no luck")

    def cancel(self) -> None:
        if self.is_in_front() and not self.ui.cancelButton.isHidden():
            self.ui.cancelButton.click()
            self.fake.stop()

    def switch_model(self) -> None:
        if self.is_in_front():
            self.ui.modelPathLineEdit.currentPath = self.random.choice(self.models)

    def save_and_load(self) -> None:
        bundle = str(self.folder / "scene.mrb")
        self.assertTrue(self.scene.WriteToMRB(bundle))
        self.scene.Clear(0)
        self.assertTrue(self.scene.ReadFromMRB(bundle))


if __name__ == "__main__":
    unittest.main()
