"""How long the nodes of a command-line module must live; what would crash Slicer is told by its stand-in."""

from __future__ import annotations

import importlib.util
import unittest
from typing import Any
from unittest import mock

import panel
from cases import ct_array, ellipsoid

slicer: Any = None


def setUpModule() -> None:
    global slicer
    slicer = panel.start()
    if not hasattr(slicer.modules, "slicerradiomicscli"):
        raise unittest.SkipTest("SlicerRadiomics is not installed")
    if importlib.util.find_spec("radiomics") is None:
        raise unittest.SkipTest("pyradiomics is not installed")


def quietly() -> Any:
    return mock.patch("sys.stderr")


class RunTestCase(unittest.TestCase):
    def setUp(self) -> None:
        panel.crashes()
        slicer.mrmlScene.Clear(0)
        self.addCleanup(slicer.mrmlScene.Clear, 0)
        self.said: list[str] = []

    def start(self) -> Any:
        """Start a real extraction; its nodes are `image`, `mask`, `table` and `node`."""
        from HER2PredictLib import features

        to_ras = {"ijkToRAS": panel.IJK_TO_RAS}
        self.image = slicer.util.addVolumeFromArray(ct_array(), **to_ras)
        self.mask = slicer.util.addVolumeFromArray(ellipsoid(), nodeClassName="vtkMRMLLabelMapVolumeNode", **to_ras)
        self.table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
        parameters = {"Image": self.image.GetID(), "Mask": self.mask.GetID(), "out": self.table.GetID()}
        parameters |= {"param": str(features.PARAMETER_FILE), "label": 1}
        self.node = slicer.cli.run(slicer.modules.slicerradiomicscli, None, parameters, update_display=False)
        self.node.AddObserver("ModifiedEvent", lambda caller, event: self.said.append(caller.GetStatusString()))
        return self.node

    def wait_for(self, status: str) -> None:
        panel.wait(lambda: status in self.said)


class OrderTest(RunTestCase):
    def test_the_outputs_are_read_between_two_turns_of_the_event_loop(self) -> None:
        self.assertTrue(self.start().IsBusy())
        self.wait_for("Completing")
        self.assertEqual(self.table.GetNumberOfColumns(), 0)
        self.wait_for("Completed")
        self.assertLess(self.said.index("Running"), self.said.index("Completing"))
        self.assertGreater(self.table.GetNumberOfColumns(), 975)
        self.assertEqual(panel.crashes(), [])

    def test_the_output_gets_a_storage_node(self) -> None:
        self.start()
        count = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableStorageNode")
        self.wait_for("Completed")
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableStorageNode"), count + 1)
        self.assertTrue(self.table.GetStorageNode().IsA("vtkMRMLTableStorageNode"))

    def test_it_can_be_cancelled_with_its_nodes_gone(self) -> None:
        for has_started in (False, True):
            with self.subTest(has_started=has_started):
                self.said.clear()
                node = self.start()
                if has_started:
                    self.wait_for("Running")
                node.Cancel()
                slicer.mrmlScene.Clear(0)
                self.wait_for("Cancelled")
        self.assertEqual(panel.crashes(), [])

    def test_closing_the_scene_is_survived_where_the_nodes_outlive_it(self) -> None:
        self.start()
        for index, node in enumerate((self.image, self.mask, self.table, self.node)):
            node.SetSingletonTag(f"test {index}")
        self.wait_for("Completing")
        slicer.mrmlScene.Clear(0)
        self.assertIs(slicer.mrmlScene.GetNodeByID(self.table.GetID()), self.table)
        self.wait_for("Completed")
        self.assertEqual(panel.crashes(), [])
        for node in (self.image, self.mask, self.table, self.node):
            slicer.mrmlScene.RemoveNode(node)


class CrashTest(RunTestCase):
    """Slicer itself would not be there to tell."""

    def setUp(self) -> None:
        if not panel.is_stand_in():
            self.skipTest("this would crash Slicer")
        super().setUp()
        self.addCleanup(panel.crashes)

    def crash_with(self, words: str) -> None:
        """Hold that the application goes on no more, and that the reason is told once."""
        with quietly(), self.assertRaisesRegex(RuntimeError, words):
            panel.wait(lambda: False)
        with self.assertRaisesRegex(RuntimeError, words):
            self.start()
        told = panel.crashes()
        self.assertEqual(len(told), 1)
        self.assertRegex(told[0], words)
        self.assertEqual(panel.crashes(), [])

    def test_a_node_that_is_removed_within_its_own_event(self) -> None:
        for event in ("ModifiedEvent", slicer.vtkMRMLCommandLineModuleNode.StatusModifiedEvent):
            with self.subTest(event=event):
                node = self.start()

                def remove(caller: Any, event: str) -> None:
                    if not caller.IsBusy():
                        slicer.mrmlScene.RemoveNode(caller)

                node.AddObserver(event, remove)
                self.crash_with("removed from the scene within its own event")

    def test_an_output_that_is_removed_before_it_is_read(self) -> None:
        for status in ("Running", "Completing"):
            with self.subTest(status=status):
                self.said.clear()
                self.start()
                self.wait_for(status)
                slicer.mrmlScene.RemoveNode(self.table)
                self.crash_with("out of SlicerRadiomicsCLI was removed before the outputs were read")

    def test_cancelling_after_the_program_has_ended_does_not_save_its_output(self) -> None:
        node = self.start()
        self.wait_for("Completing")
        node.Cancel()
        slicer.mrmlScene.RemoveNode(self.table)
        self.crash_with("out of SlicerRadiomicsCLI was removed")

    def test_an_input_that_is_removed_before_the_end(self) -> None:
        self.start()
        slicer.mrmlScene.RemoveNode(self.image)
        self.crash_with("Image of SlicerRadiomicsCLI was removed before the program was given it")
        self.start()
        self.wait_for("Running")
        slicer.mrmlScene.RemoveNode(self.mask)
        self.crash_with("Mask of SlicerRadiomicsCLI was removed before the outputs were read")

    def test_a_node_that_is_freed_before_its_end(self) -> None:
        self.start()
        self.wait_for("Completing")
        slicer.mrmlScene.RemoveNode(self.node)
        self.node = None
        self.crash_with("freed memory")


if __name__ == "__main__":
    unittest.main()
