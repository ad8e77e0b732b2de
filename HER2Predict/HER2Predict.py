"""Slicer's entry to HER2Predict: the module, its panel, its logic and its test. The only file that imports qt."""

from __future__ import annotations

import functools
import importlib.util
import unittest
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ctk
import qt
import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

from HER2PredictLib.errors import InputError

if TYPE_CHECKING:
    from HER2PredictLib.assess import Assessment, Preparation
    from HER2PredictLib.background import Callback, Run
    from HER2PredictLib.model import Model
    from HER2PredictLib.outline_check import OutlineCheck
    from HER2PredictLib.result import Result

#: How long the input must rest before it is checked again, and predicted where that is wished, in ms.
REST_MS = 500
#: Application setting: the bundle that was last chosen and usable.
MODEL_SETTING = "HER2Predict/modelPath"
#: Of the severities of findings.
ICONS = {
    "error": qt.QStyle.SP_MessageBoxCritical,
    "warning": qt.QStyle.SP_MessageBoxWarning,
    "info": qt.QStyle.SP_MessageBoxInformation,
}


class HER2Predict(ScriptedLoadableModule):
    """The module as Slicer lists it."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = "HER2Predict"
        parent.categories = [translate("qSlicerAbstractCoreModule", "Informatics")]
        parent.dependencies = ["Segmentations", "SegmentEditor"]
        parent.contributors = ["HER2Predict contributors"]
        parent.helpText = _(
            "Estimates, from a bladder tumour outlined on an excretory-phase CT urography, the probability that it "
            "over-expresses HER2. For research only, not for clinical decisions. The bundled model is trained on a "
            "simulated cohort; a hospital trains its own with the her2predict command."
        )
        parent.acknowledgementText = _(
            "After Jiao et al., J Cancer 2024. Features are computed by pyradiomics through SlicerRadiomics."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData() -> None:
    """Offer the sample case in the Sample Data module, where there is one."""
    try:
        import SampleData
    except ImportError:
        return
    from HER2PredictLib.demo import sample_data_source

    icon = Path(__file__).parent / "Resources" / "Icons" / "HER2Predict.png"
    source = sample_data_source(icon, lambda: HER2PredictLogic().loadSampleCase())
    SampleData.SampleDataLogic.registerCustomSampleDataSource(**source)


@parameterNodeWrapper
class HER2PredictParameterNode:
    """The user's choices and the last result, saved with the scene.

    inputVolume - CT urography.
    segmentation, segmentID - The ROI.
    modelPath - Model bundle; empty for the bundled one.
    live - Predict whenever the outline has rested.
    checkOutline - Check after a prediction how much it depends on the outline.
    lastResult - As `Result.to_json` writes it.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    segmentID: str = ""
    modelPath: str = ""
    live: bool = False
    checkOutline: bool = True
    lastResult: str = ""


class Gauge(qt.QWidget):
    """A result on a scale from 0 to 1, painted as `gauge.marks` says."""

    def __init__(self, parent: Any = None) -> None:
        from HER2PredictLib.gauge import HEIGHT

        super().__init__(parent)
        self._result: Result | None = None
        self.setFixedHeight(HEIGHT)

    def setResult(self, result: Result | None) -> None:
        """Show another result; None shows nothing."""
        self._result = result
        self.update()

    def paintEvent(self, event: Any) -> None:
        """Called by Qt."""
        from HER2PredictLib.gauge import marks

        painter = qt.QPainter(self)
        for mark in marks(self._result, self.width) if self._result else ():
            colour = qt.QColor(mark.colour) if mark.colour else qt.QColor(self.palette.color(qt.QPalette.WindowText))
            colour.setAlphaF(mark.opacity)
            box = qt.QRectF(*mark.box)
            if mark.text:
                painter.setPen(qt.QPen(colour))
                painter.drawText(box, int(qt.Qt.AlignCenter), mark.text)
            else:
                painter.fillRect(box, qt.QBrush(colour))
        painter.end()


class HER2PredictWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel."""

    def __init__(self, parent: Any = None) -> None:
        self._parameterNode: Any = None
        self._guiTag: int | None = None
        self._following = False
        self._seen: tuple[Any, ...] = ()
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)

    # Life of the panel

    def setup(self) -> None:
        """Build the panel."""
        from HER2PredictLib.keep_section import Application, KeepSection
        from HER2PredictLib.panel_state import PanelState
        from HER2PredictLib.panel_view import PanelView
        from HER2PredictLib.segments import Watcher

        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/HER2Predict.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        self.logic = HER2PredictLogic()
        self._state = PanelState()
        self._watcher = Watcher(self._onInput)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_MS)
        self._gauge = Gauge()
        self.ui.gaugeLayout.addWidget(self._gauge)
        self.ui.modelPathLineEdit.filters = ctk.ctkPathLineEdit.Files
        self.ui.modelPathLineEdit.nameFilters = [_("Model bundles") + " (*.her2model)"]
        icons = {name: uiWidget.style().standardIcon(icon) for name, icon in ICONS.items()}
        rowFile = self.resourcePath("UI/Finding.ui")
        self._view = PanelView(self.ui, icons, lambda: slicer.util.loadUI(rowFile), self._onRemedy)
        application = Application(self._showTable, self._showChart, self._askWhere)
        self._keepSection = KeepSection(slicer.mrmlScene, self._view, lambda: self._state, application)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self._connect()
        self._initialize()

    def _connect(self) -> None:
        editor, scene = self.ui.segmentEditorWidget, slicer.mrmlScene
        for sender, signal, slot in (
            (self._timer, "timeout()", self._onRest),
            (self.ui.segmentSelector, "currentNodeChanged(vtkMRMLNode*)", self._onSegmentationChosen),
            (self.ui.segmentSelector, "currentSegmentChanged(QString)", self._onSegmentChosen),
            (editor, "currentSegmentIDChanged(QString)", self._onSegmentChosen),
            (self.ui.modelPathLineEdit, "currentPathChanged(QString)", self._onModelPath),
            (self.ui.newSegmentButton, "clicked(bool)", self._onNewSegment),
            (self.ui.sampleButton, "clicked(bool)", self._onSample),
            (self.ui.predictButton, "clicked(bool)", self._onPredict),
            (self.ui.cancelButton, "clicked(bool)", self._onCancel),
            (self.ui.outlineStopButton, "clicked(bool)", self._onStopOutlineCheck),
        ):
            if not sender.connect(signal, slot):
                raise RuntimeError(f"{sender} has no signal {signal}")
        self.addObserver(scene, scene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self._onSceneReplaced)
        self.addObserver(scene, scene.EndImportEvent, self._onSceneReplaced)
        self.addObserver(scene, scene.NodeAddedEvent, self._onNodeAdded)

    def enter(self) -> None:
        """The user chose this module."""
        self._initialize()
        self._view.take_up_tools()

    def exit(self) -> None:
        """The user chose another module."""
        self._follow(None)
        self._view.lay_down_tools()
        self._render()  # nobody watches the input until the module is back

    def cleanup(self) -> None:
        """The panel goes away."""
        self._state.abandon()
        self._follow(None)
        self._view.lay_down_tools()
        self.removeObservers()
        self.ui.segmentEditorWidget.setMRMLSegmentEditorNode(None)

    def _onSceneStartClose(self, caller: Any, event: str) -> None:
        from HER2PredictLib.panel_state import PanelState

        self._follow(None)
        self._state.end_outline_check()
        self._state = PanelState()  # a run ends with the scene, by itself
        self.ui.historyTable.setMRMLTableNode(None)
        self.ui.segmentEditorWidget.setSegmentationNode(None)
        self.ui.segmentEditorWidget.removeViewObservations()
        self._render()

    def _onSceneReplaced(self, caller: Any, event: str) -> None:
        if self.parent.isEntered:
            self._initialize()

    def _onNodeAdded(self, caller: Any, event: str) -> None:
        if self._parameterNode and not self._parameterNode.inputVolume:
            self._timer.start()

    # Choices: the parameter node is the truth, the widgets follow it

    def _initialize(self) -> None:
        from HER2PredictLib.segments import segment_editor_node

        self.ui.segmentEditorWidget.setMRMLSegmentEditorNode(segment_editor_node(slicer.mrmlScene))
        self._follow(self.logic.getParameterNode())

    def _follow(self, parameterNode: HER2PredictParameterNode | None) -> None:
        """Show the choices in `parameterNode` and watch what they name; None lets go of everything."""
        from HER2PredictLib.segments import choose_defaults

        self._timer.stop()
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
            self.removeObserver(self._parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParameters)
        self._parameterNode, self._seen = parameterNode, ()
        self._state.touch()
        self._watcher.watch([])
        if parameterNode:
            self._state.restore(parameterNode.lastResult)
            choose_defaults(slicer.mrmlScene, parameterNode, self.ui.segmentSelector)
            self._guiTag = parameterNode.connectGui(self.ui)
            self.addObserver(parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParameters)
            self._onParameters()
            self._view.show_history(slicer.mrmlScene)
            self.check()

    def _onSegmentationChosen(self, node: Any) -> None:
        if self._parameterNode and not self._following:
            self._choose(node, self.ui.segmentSelector.currentSegmentID() if node else "")

    def _onSegmentChosen(self, segmentID: str) -> None:
        if self._parameterNode and not self._following and segmentID:
            self._parameterNode.segmentID = segmentID

    def _onModelPath(self, path: str) -> None:
        if not self._parameterNode or self._following:
            return
        self._parameterNode.modelPath = path
        if self.logic.models.holds(path):  # where it is none, the check that follows shows why
            slicer.app.userSettings().setValue(MODEL_SETTING, path)

    def _onParameters(self, caller: Any = None, event: str = "") -> None:
        choices = self._parameterNode
        if self._following:
            return
        self._following = True
        try:
            self._view.show_choices(choices)
        finally:
            self._following = False
        chosen = (*self._choice(), choices.modelPath, choices.live, choices.checkOutline)
        if chosen != self._seen:
            self._seen = chosen
            self._watcher.watch((choices.inputVolume, choices.segmentation))
            self._onInput()

    def _choose(self, segmentation: Any, segmentID: str) -> None:
        self._parameterNode.segmentation, self._parameterNode.segmentID = segmentation, segmentID

    def _choice(self) -> tuple[Any, Any, str]:
        return self._parameterNode.inputVolume, self._parameterNode.segmentation, self._parameterNode.segmentID

    # Input: checked once it rests, compared with what the result was made from

    def _onInput(self) -> None:
        """Until the check that follows says otherwise, a result counts as out of date."""
        self._state.touch()
        self._timer.start()
        self._render()

    def _onRest(self) -> None:
        self.check()
        if self._parameterNode and self._parameterNode.live and self._state.follow():
            self._keepSection.keep(self._parameterNode, live=True)
        self._render()

    def check(self) -> None:
        """Examine the input now: its findings, whether it can be predicted, whether the result is still its own."""
        from HER2PredictLib.segments import choose_defaults, what_to_choose

        if not self._parameterNode:
            return
        choose_defaults(slicer.mrmlScene, self._parameterNode, self.ui.segmentSelector)
        self._timer.stop()
        self._view.show_volume(self._parameterNode.inputVolume, getattr(slicer, "dicomDatabase", None))
        self._state.check(
            lambda: self.logic.model(self._parameterNode.modelPath),
            lambda: self.logic.prepare(*self._choice()),
            self.logic.requireBackend,
            what_to_choose(*self._choice()),
        )
        self._state.check_outline(
            self._parameterNode.checkOutline, lambda *of: self.logic.checkOutline(*of, self._onOutlineCheck)
        )
        self._keepSection.look_for_readers(*self._choice()[:2])
        self._render()

    # Buttons

    def _onSample(self) -> None:
        with slicer.util.WaitCursor():
            volume, segmentation, segmentID = self.logic.loadSampleCase()
        self._parameterNode.inputVolume = volume
        self._choose(segmentation, segmentID)
        self.check()

    def _onNewSegment(self) -> None:
        from HER2PredictLib.segments import add_tumour_segment

        volume, segmentation, _segmentID = self._choice()
        self._choose(*add_tumour_segment(slicer.mrmlScene, volume, segmentation))

    def _onRemedy(self, remedy: str) -> None:
        from HER2PredictLib.segments import mend

        self.check()
        if any(finding.remedy == remedy for finding in self._state.findings):
            self.ui.segmentEditorWidget.saveStateForUndo()
            self._state.attempt(lambda: mend(*self._choice(), remedy))
            self.check()

    def _onPredict(self) -> None:
        self._parameterNode.lastResult = ""
        self._state.begin(lambda: self.logic.assessAsync(*self._choice(), self._onDone, self._parameterNode.modelPath))
        self._render()

    def _onCancel(self) -> None:
        self._state.cancel()

    def _onDone(self, assessment: Assessment | None, error: Exception | None) -> None:
        if self._state.run:  # an abandoned one has no panel to tell
            if self._state.end(assessment, error):
                self._keepSection.keep(self.logic.getParameterNode(), live=False)
            self.check()
            self._render()

    def _onOutlineCheck(self, check: OutlineCheck) -> None:
        if self._state.follow_outline_check(check):
            self._keepSection.save(self.logic.getParameterNode())
        self._render()

    def _onStopOutlineCheck(self) -> None:
        self._state.end_outline_check()
        self._render()

    @staticmethod
    def _showTable(table: Any) -> None:
        slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpTableView)
        slicer.app.applicationLogic().GetSelectionNode().SetActiveTableID(table.GetID())
        slicer.app.applicationLogic().PropagateTableSelection()

    @staticmethod
    def _showChart(chart: Any) -> None:
        slicer.modules.plots.logic().ShowChartInLayout(chart)

    def _askWhere(self, title: str, name: str, kinds: str) -> str:
        return qt.QFileDialog.getSaveFileName(self.parent, title, name, kinds)

    def _render(self) -> None:
        self._view.show(self._state, bool(self._parameterNode and self._parameterNode.inputVolume))
        self._gauge.setResult(self._view.gauged)


class HER2PredictLogic(ScriptedLoadableModuleLogic):
    """What the module does, with or without its panel. In Slicer's Python console::

        logic = HER2Predict.HER2PredictLogic()
        print(logic.assess(volumeNode, segmentationNode, segmentID).summary())

    Every method raises InputError where something is missing or not usable that the user can mend.
    """

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        from HER2PredictLib.model import Shelf

        self.models = Shelf()

    def getParameterNode(self) -> HER2PredictParameterNode:
        """The user's choices in this scene; a new scene starts with the model that was used last."""
        node = super().getParameterNode()
        isNew = not node.HasParameter("modelPath")
        choices = HER2PredictParameterNode(node)
        if isNew:
            choices.modelPath = slicer.util.settingsValue(MODEL_SETTING, "", str)
        return choices

    def model(self, path: str = "") -> Model:
        """The model of a bundle, or the bundled one; read again only when the file has changed."""
        return self.models.model(path)

    def prepare(self, volumeNode: Any, segmentationNode: Any, segmentID: str) -> Preparation:
        """Check the input and make the pair on which the features are computed."""
        from HER2PredictLib import assess
        from HER2PredictLib.segments import chosen_case

        return assess.begin(chosen_case(volumeNode, segmentationNode, segmentID))

    @staticmethod
    def requireBackend() -> None:
        """See that SlicerRadiomics is there."""
        if not hasattr(slicer.modules, "slicerradiomicscli"):
            raise InputError(
                _("The SlicerRadiomics extension is missing: install it in the Extensions Manager and restart Slicer.")
            )

    def assess(self, volumeNode: Any, segmentationNode: Any, segmentID: str, modelPath: str = "") -> Assessment:
        """Predict in this process and wait for the result."""
        from HER2PredictLib import assess
        from HER2PredictLib.segments import chosen_case

        if importlib.util.find_spec("radiomics") is None:
            self.requireBackend()
        return assess.assess(chosen_case(volumeNode, segmentationNode, segmentID), self.model(modelPath))

    def assessAsync(
        self, volumeNode: Any, segmentationNode: Any, segmentID: str, callback: Callback, modelPath: str = ""
    ) -> Run:
        """Predict in the background; `callback(assessment, error)` is called once, when it has ended.

        What is returned can be cancelled; then both are None. Where this raises InputError nothing was started.
        """
        from HER2PredictLib.background import Run

        self.requireBackend()
        model, preparation = self.model(modelPath), self.prepare(volumeNode, segmentationNode, segmentID)
        return Run(slicer.mrmlScene, preparation, model, self._startExtraction, callback)

    def checkOutline(self, assessment: Assessment, stamp: str, changed: Callable[[OutlineCheck], None]) -> OutlineCheck:
        """Measure in the background how much a result depends on the outline; `changed` follows it."""
        from HER2PredictLib.outline_check import OutlineCheck

        later = functools.partial(qt.QTimer.singleShot, 0)
        return OutlineCheck(slicer.mrmlScene, assessment, stamp, self._startExtraction, later, changed)

    @staticmethod
    def _startExtraction(parameters: Mapping[str, Any]) -> Any:
        return slicer.cli.run(slicer.modules.slicerradiomicscli, None, dict(parameters), update_display=False)

    @staticmethod
    def loadSampleCase() -> tuple[Any, Any, str]:
        """Make the sample case where it is not there yet, and load it: volume, segmentation, segment ID."""
        from HER2PredictLib import __version__
        from HER2PredictLib.demo import load_in_application

        return load_in_application(Path(slicer.app.cachePath) / f"HER2Predict-{__version__}")


class HER2PredictTest(ScriptedLoadableModuleTest):
    """Runs the same test files as outside of Slicer."""

    def runTest(self) -> None:
        """Run every Testing/Python/test_*.py of the source tree."""
        folder = Path(__file__).resolve().parents[1] / "Testing" / "Python"
        if not folder.is_dir():
            raise unittest.SkipTest(f"the tests are not installed with the module; there is no {folder}")
        result = unittest.TextTestRunner().run(unittest.defaultTestLoader.discover(str(folder)))
        if not result.wasSuccessful():
            raise AssertionError(f"{len(result.failures)} tests failed, {len(result.errors)} ended in an error")
