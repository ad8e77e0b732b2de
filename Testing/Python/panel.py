"""The panel opened on small cases, in Slicer or in its stand-in; shared by the tests of the module."""

from __future__ import annotations

import sys
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import hosts
from cases import ct_array, ellipsoid

TESTING = Path(__file__).resolve().parents[1]
PATIENCE_S = 60.0

#: Voxels of the small case, 0.8 x 0.8 x 5 mm, to RAS.
IJK_TO_RAS = np.array([[-0.8, 0, 0, 30.0], [0, -0.8, 0, -12.5], [0, 0, 5.0, -140.0], [0, 0, 0, 1.0]])

slicer: Any = None


def start() -> Any:
    """The running application as `slicer`: Slicer itself, or its stand-in, started where that is needed.

    Raises
    ------
    unittest.SkipTest
        Where neither can run.
    """
    global slicer
    if hosts.NO_SLICER:
        raise unittest.SkipTest(hosts.NO_SLICER)
    if not hasattr(hosts.slicer, "app"):
        if str(TESTING / "SlicerHost") not in sys.path:
            sys.path.insert(0, str(TESTING / "SlicerHost"))
        import host

        host.start()
    slicer = hosts.slicer
    return slicer


def wait(until: Callable[[], bool]) -> None:
    """Keep the application going until something holds."""
    end = time.monotonic() + PATIENCE_S
    while not until():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        slicer.app.processEvents()
        time.sleep(0.005)


def is_stand_in() -> bool:
    """Is the application the stand-in, not Slicer?"""
    return "host" in sys.modules


def crashes() -> list[str]:
    """What would have crashed Slicer since this was asked last; Slicer itself would not be there to be asked."""
    return sys.modules["host"].take_crashes() if is_stand_in() else []


def swallowed() -> list[str]:
    """Exceptions that the application printed and forgot since this was asked last; Slicer does not tell."""
    return sys.modules["host"].take_swallowed() if is_stand_in() else []


class Answers:
    """While the block lasts, questions are answered one after the other.

    An answer is the text on a button, and with it True where the box is to be ticked before it is pressed; `meanwhile`
    is called before. `texts` is what was asked, `ticked_at_first` whether each box was ticked, None without one.
    """

    def __init__(self, *answers: str | tuple[str, bool], meanwhile: Callable[[], None] = lambda: None) -> None:
        self._meanwhile = meanwhile
        self._left = [answer if isinstance(answer, tuple) else (answer, False) for answer in answers]
        self.texts: list[str] = []
        self.ticked_at_first: list[bool | None] = []

    def __enter__(self) -> Answers:
        import qt

        self._timer = qt.QTimer()
        self._timer.setInterval(10)
        self._timer.connect("timeout()", self._look)
        self._timer.start()
        return self

    def __exit__(self, kind: Any, *error: object) -> None:
        self._timer.stop()
        if kind is None and self._left:
            raise AssertionError(f"nobody asked for {self._left}")

    def _look(self) -> None:
        box = slicer.app.activeModalWidget()
        if box is None or not self._left:
            return
        words, tick = self._left.pop(0)
        self._meanwhile()
        self.texts.append(box.text)
        self.ticked_at_first.append(box.checkBox().checked if box.checkBox() is not None else None)
        if tick:
            box.checkBox().click()
        next(button for button in box.buttons() if button.text == words).click()


class FakeExtraction:
    """Takes the place of slicer.cli.run: a run that ends when and as the test says, on Slicer's own kind of node.

    Its methods are about the run that was started last.
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.parameters: dict[str, Any] = {}
        self.starts = True

    @property
    def node(self) -> Any:
        return self.nodes[-1] if self.nodes else None

    def __call__(self, module: Any, node: Any, parameters: dict[str, Any], update_display: bool) -> Any:
        self.parameters = parameters
        self.nodes.append(slicer.mrmlScene.AddNode(slicer.vtkMRMLCommandLineModuleNode()))
        if self.starts:
            self.node.SetStatus(self.node.Running)
        return self.node

    def running(self) -> list[Any]:
        """Nodes of the scene whose run has not ended."""
        return [node for node in self.nodes if node.GetScene() is not None and node.IsBusy()]

    def values(self) -> dict[str, float]:
        """What pyradiomics computes of the pair of the run that was started last."""
        from HER2PredictLib import features
        from HER2PredictLib.case.nodes import volume_from_node
        from HER2PredictLib.case.prepared import Prepared

        image, mask = (
            volume_from_node(slicer.mrmlScene.GetNodeByID(self.parameters[name])).image for name in ("Image", "Mask")
        )
        return features.extract(Prepared(image, mask, 1, ()))

    def succeed(self, texts: dict[str, str]) -> None:
        import vtk

        self.node.SetStatus(self.node.Completing)
        table = self._output()
        for name, text in texts.items():
            column = vtk.vtkStringArray()
            column.SetName(name)
            column.InsertNextValue(text)
            table.AddColumn(column)
        table.AddDefaultStorageNode()  # as the application logic does for every output that it reads
        self._end(self.node.Completed)

    def fail(self, log: str) -> None:
        self.node.SetErrorText(log, False)
        self.node.SetStatus(self.node.Completing)
        self._output()
        self._end(self.node.Completed)

    def stop(self) -> None:
        if self.node.GetStatusString() != "Cancelling":
            raise AssertionError("nobody asked it to stop")
        self._end(self.node.Cancelled)

    def settle(self) -> None:
        """Let all runs stop that were asked to."""
        for node in self.nodes:  # those of a closed scene, too: their process ends all the same
            if node.GetStatusString() == "Cancelling":
                node.SetStatus(node.Cancelled)
        slicer.app.processEvents()

    def _output(self) -> Any:
        table = slicer.mrmlScene.GetNodeByID(self.parameters["out"])
        if table is None:
            raise AssertionError("the output was removed before it was read: Slicer would have crashed")
        return table

    def _end(self, status: int) -> None:
        """The status is set in one turn of the event loop; what the panel does in the next one is done, too."""
        self.node.SetStatus(status)
        slicer.app.processEvents()


class ModuleTestCase(unittest.TestCase):
    """Opens the panel on an empty scene."""

    #: Is the check of the outline, which follows a prediction, wanted?
    CHECKS_OUTLINE = False

    def setUp(self) -> None:
        crashes(), swallowed()
        self.addCleanup(lambda: self.assertEqual((crashes(), swallowed()), ([], [])))
        slicer.mrmlScene.Clear(0)
        slicer.util.selectModule("HER2Predict")
        self._fakes: list[FakeExtraction] = []
        self.addCleanup(lambda: [fake.settle() for fake in self._fakes])  # what the closing of the scene has cancelled
        self.addCleanup(slicer.mrmlScene.Clear, 0)
        self.scene = slicer.mrmlScene
        self.panel = slicer.modules.HER2PredictWidget
        self.ui = self.panel.ui
        for section in (self.ui.explanationSection, self.ui.recordSection, self.ui.modelSection):
            section.collapsed = True
        self.ui.outlineCheckBox.checked = self.CHECKS_OUTLINE
        self.panel.check()

    def add_volume(self, name: str = "CTU") -> Any:
        return slicer.util.addVolumeFromArray(ct_array(), ijkToRAS=IJK_TO_RAS, name=name)

    def draw(self, voxels: np.ndarray) -> None:
        """Put voxels into the chosen segment, as the Segment Editor does."""
        chosen = self.ui.segmentSelector.currentNode(), self.ui.segmentSelector.currentSegmentID()
        slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, *chosen, self.ui.volumeSelector.currentNode())

    def choose_in_editor(self, segment_id: str) -> None:
        """Choose a segment in the editor's own table, as a click on its row does."""
        table = slicer.util.findChild(self.ui.segmentEditorWidget, "SegmentsTableView")
        table.setSelectedSegmentIDs([segment_id])

    def small_case(self) -> tuple[Any, Any, str]:
        """A volume and an outlined tumour, chosen in the panel."""
        volume = self.add_volume()
        self.panel.check()
        self.ui.newSegmentButton.click()
        self.draw(ellipsoid())
        self.panel.check()
        return volume, self.ui.segmentSelector.currentNode(), self.ui.segmentSelector.currentSegmentID()

    def fake_extraction(self) -> FakeExtraction:
        fake = FakeExtraction()
        self._fakes.append(fake)
        for patch in (
            mock.patch.object(slicer.cli, "run", fake),
            mock.patch.object(slicer.modules, "slicerradiomicscli", object(), create=True),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        self.panel.check()
        return fake

    def feature_texts(self, case: tuple[Any, Any, str]) -> dict[str, str]:
        """What SlicerRadiomics' table holds: every number in full, as text."""
        from HER2PredictLib import features

        values = features.extract(self.panel.logic.prepare(*case).prepared)
        return {"Image": "a.nrrd", "diagnostics_Versions": "x"} | {name: repr(v) for name, v in values.items()}

    def predicted_case(self) -> tuple[Any, Any, str]:
        """A small case with its result shown."""
        case = self.small_case()
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        fake.succeed(self.feature_texts(case))
        self.assertTrue(self.shows_result())
        return case

    def shown(self) -> str:
        """What the panel says of its result, the explanation included."""
        explained = "" if self.ui.explanationSection.isHidden() else self.ui.resultLabel.text
        return self.ui.headlineLabel.text + explained

    def shows_result(self) -> bool:
        return "probability of HER2" in self.ui.headlineLabel.text and not self.is_out_of_date()

    def is_out_of_date(self) -> bool:
        return "Out of date" in self.ui.headlineLabel.text

    def findings(self) -> list[str]:
        """What the panel says of them, from top to bottom."""
        return [words.text for words in self.in_findings("messageLabel")]

    def remedy_buttons(self) -> dict[str, Any]:
        """By their text."""
        return {button.text: button for button in self.in_findings("remedyButton") if not button.isHidden()}

    def in_findings(self, name: str) -> list[Any]:
        layout = self.ui.findings.layout()
        rows = [layout.itemAt(index).widget() for index in range(layout.count())]
        return [getattr(slicer.util.childWidgetVariables(row), name) for row in rows]

    def node_names(self) -> list[str]:
        """Of all nodes but those of views, which the application makes when it first shows one, and keeps."""
        nodes = [self.scene.GetNthNode(index) for index in range(self.scene.GetNumberOfNodes())]
        return [node.GetName() for node in nodes if not node.IsA("vtkMRMLAbstractViewNode")]
