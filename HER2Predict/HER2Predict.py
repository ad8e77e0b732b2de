"""Slicer's entry to HER2Predict: the module, its panel, its logic and its test. The only file that imports qt."""

from __future__ import annotations

import html
import importlib.util
import unittest
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from HER2PredictLib.case import Case
    from HER2PredictLib.model import Model

#: How long the input must rest before it is checked again, in ms.
REST_MS = 300


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
    """Offer the sample case in the Sample Data module, where there is one. It is made locally, not downloaded."""
    try:
        import SampleData
    except ImportError:
        return
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="HER2Predict",
        sampleName="HER2PredictSampleCase",
        thumbnailFileName=str(Path(__file__).parent / "Resources" / "Icons" / "HER2Predict.png"),
        uris="",
        fileNames="",
        nodeNames="",
        customDownloader=lambda source: HER2PredictLogic().loadSampleCase(),
    )


@parameterNodeWrapper
class HER2PredictParameterNode:
    """The user's choices, saved with the scene.

    inputVolume - CT urography.
    segmentation, segmentID - The ROI.
    modelPath - Model bundle; empty for the bundled one.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    segmentID: str = ""
    modelPath: str = ""


class HER2PredictWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel."""

    def __init__(self, parent: Any = None) -> None:
        self._parameterNode: Any = None
        self._guiTag: int | None = None
        self._following = False
        self._preparation: Preparation | None = None
        self._run: Run | None = None
        self._assessment: Assessment | None = None
        self._resultStamp = ""
        self._outOfDate = False
        self._reason = ""
        self._message = ""
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)

    # Life of the panel

    def setup(self) -> None:
        """Build the panel."""
        from HER2PredictLib.segments import EFFECTS, Watcher

        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/HER2Predict.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        self.logic = HER2PredictLogic()
        self._watcher = Watcher(self._onInput)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_MS)
        editor = self.ui.segmentEditorWidget
        editor.setEffectNameOrder(list(EFFECTS))
        editor.unorderedEffectsVisible = False
        editor.segmentationNodeSelectorVisible = False
        editor.sourceVolumeNodeSelectorVisible = False
        editor.setMaximumNumberOfUndoStates(10)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        for sender, signal, slot in (
            (self._timer, "timeout()", self.check),
            (self.ui.segmentSelector, "currentNodeChanged(vtkMRMLNode*)", self._onSegmentationChosen),
            (self.ui.segmentSelector, "currentSegmentChanged(QString)", self._onSegmentChosen),
            (editor, "currentSegmentIDChanged(QString)", self._onSegmentChosen),
            (self.ui.newSegmentButton, "clicked(bool)", self._onNewSegment),
            (self.ui.sampleButton, "clicked(bool)", self._onSample),
            (self.ui.predictButton, "clicked(bool)", self._onPredict),
            (self.ui.cancelButton, "clicked(bool)", self._onCancel),
        ):
            if not sender.connect(signal, slot):
                raise RuntimeError(f"{sender} has no signal {signal}")
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self._onSceneReplaced)
        self.addObserver(scene, scene.EndImportEvent, self._onSceneReplaced)
        self.addObserver(scene, scene.NodeAddedEvent, self._onNodeAdded)
        self._initialize()

    def enter(self) -> None:
        """The user chose this module."""
        self._initialize()
        self.ui.segmentEditorWidget.updateEffectList()
        self.ui.segmentEditorWidget.installKeyboardShortcuts()
        self.ui.segmentEditorWidget.updateWidgetFromMRML()

    def exit(self) -> None:
        """The user chose another module."""
        self._follow(None)
        self._layDownTools()

    def cleanup(self) -> None:
        """The panel goes away."""
        run, self._run = self._run, None
        if run:
            run.cancel()
        self._follow(None)
        self._layDownTools()
        self.removeObservers()
        self.ui.segmentEditorWidget.setMRMLSegmentEditorNode(None)

    def _layDownTools(self) -> None:
        self.ui.segmentEditorWidget.setActiveEffectByName("")
        self.ui.segmentEditorWidget.uninstallKeyboardShortcuts()
        self.ui.segmentEditorWidget.removeViewObservations()

    def _onSceneStartClose(self, caller: Any, event: str) -> None:
        self._follow(None)
        self._run = None  # it ends with the scene, by itself
        self._assessment = None
        self._message = ""
        self.ui.segmentEditorWidget.setSegmentationNode(None)
        self.ui.segmentEditorWidget.removeViewObservations()

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
        self._timer.stop()
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
            self.removeObserver(self._parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParameters)
        self._parameterNode = parameterNode
        self._preparation = None
        self._watcher.watch([])
        if parameterNode:
            self._chooseDefaults()
            self._guiTag = parameterNode.connectGui(self.ui)
            self.addObserver(parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParameters)
            self._onParameters()
            self.check()

    def _chooseDefaults(self) -> None:
        """Choose the newest CT, and the segmentation that the selector shows, where nothing is chosen."""
        choices = self._parameterNode
        if not choices.inputVolume:
            for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
                if volume.GetClassName() == "vtkMRMLScalarVolumeNode" and not volume.GetHideFromEditors():
                    choices.inputVolume = volume
        if not choices.segmentation and self.ui.segmentSelector.currentNode():
            self._onSegmentationChosen(self.ui.segmentSelector.currentNode())

    def _onSegmentationChosen(self, node: Any) -> None:
        if self._parameterNode and not self._following:
            self._choose(node, self.ui.segmentSelector.currentSegmentID() if node else "")

    def _onSegmentChosen(self, segmentID: str) -> None:
        if self._parameterNode and not self._following and segmentID:
            self._parameterNode.segmentID = segmentID

    def _onParameters(self, caller: Any = None, event: str = "") -> None:
        choices, selector, editor = self._parameterNode, self.ui.segmentSelector, self.ui.segmentEditorWidget
        if self._following:
            return
        self._following = True
        try:
            if selector.currentNode() is not choices.segmentation:
                selector.setCurrentNode(choices.segmentation)
            if choices.segmentation and not choices.segmentID:
                choices.segmentID = selector.currentSegmentID()
            selector.setCurrentSegmentID(choices.segmentID)
            editor.setSegmentationNode(choices.segmentation)
            editor.setSourceVolumeNode(choices.inputVolume)
            editor.setCurrentSegmentID(choices.segmentID)
        finally:
            self._following = False
        self._watcher.watch((choices.inputVolume, choices.segmentation))
        self._onInput()

    def _choose(self, segmentation: Any, segmentID: str) -> None:
        self._parameterNode.segmentation = segmentation
        self._parameterNode.segmentID = segmentID

    def _choice(self) -> tuple[Any, Any, str]:
        return self._parameterNode.inputVolume, self._parameterNode.segmentation, self._parameterNode.segmentID

    # Input: checked once it rests, compared with what the result was made from

    def _onInput(self) -> None:
        """Until the check that follows says otherwise, a result counts as out of date."""
        self._outOfDate = True
        self._preparation = None
        self._reason = _("Checking the input.")
        self._timer.start()
        self._render()

    def check(self) -> None:
        """Examine the input now: its findings, whether it can be predicted, whether the result is still its own."""
        if not self._parameterNode:
            return
        from HER2PredictLib.background import stamp

        self._chooseDefaults()
        self._timer.stop()
        self._preparation, self._reason, present = None, "", ""
        findings: list[tuple[str, str]] = []
        try:
            model = self.logic.model(self._parameterNode.modelPath)
            self.ui.modelLabel.text = _("Model: {model}.").format(model=model.describe())
            preparation = self.logic.prepare(*self._choice())
            present = stamp(preparation, model)
            findings = [(finding.severity, finding.message) for finding in preparation.findings]
            self.logic.requireBackend()
            self._preparation = preparation
        except InputError as error:
            self._reason = str(error)
            findings.insert(0, ("error", self._reason))
        self._outOfDate = present != self._resultStamp
        if self._assessment and not self._outOfDate:
            findings = [(finding.severity, finding.message) for finding in self._assessment.findings]
        self._showFindings(findings)
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

    def _onPredict(self) -> None:
        self._assessment = None
        self._message = ""
        try:
            self._run = self.logic.assessAsync(*self._choice(), self._onDone, self._parameterNode.modelPath)
        except InputError as error:
            self._message = str(error)
        self._render()

    def _onCancel(self) -> None:
        if self._run:
            self._run.cancel()

    def _onDone(self, assessment: Assessment | None, error: Exception | None) -> None:
        if self._run is None:
            return
        self._resultStamp = self._run.stamp
        self._run = None
        self._assessment = assessment
        if isinstance(error, InputError):
            self._message = str(error)
        elif error is not None:
            self._message = _("The prediction failed unexpectedly; the error log of the application says where.")
        elif assessment is None:
            self._message = _("Cancelled.")
        self.check()

    # Display

    def _showFindings(self, findings: list[tuple[str, str]]) -> None:
        shown = self.ui.findingsList
        words = {"error": _("Error"), "warning": _("Caution"), "info": _("Note")}
        icons = {
            "error": qt.QStyle.SP_MessageBoxCritical,
            "warning": qt.QStyle.SP_MessageBoxWarning,
            "info": qt.QStyle.SP_MessageBoxInformation,
        }
        shown.clear()
        for severity, message in findings:
            shown.addItem(f"{words[severity]}: {message}")
            shown.item(shown.count - 1).setIcon(shown.style().standardIcon(icons[severity]))
        shown.setVisible(bool(findings))
        self.ui.findingsTitle.text = _("Findings:") if findings else _("Findings: none.")
        qt.QTimer.singleShot(0, self._fitFindings)

    def _fitFindings(self) -> None:
        """As high as its wrapped lines, which are known once the layout has given it its width."""
        shown = self.ui.findingsList
        lines = [shown.visualItemRect(shown.item(row)).height() for row in range(shown.count)]
        shown.setFixedHeight(sum(lines) + 2 * shown.frameWidth)

    def _render(self) -> None:
        """Buttons, progress and result, from the state."""
        running = self._run is not None
        ready = self._preparation is not None and not running
        hasVolume = bool(self._parameterNode and self._parameterNode.inputVolume)
        self.ui.predictButton.enabled = ready
        self.ui.predictButton.toolTip = self._reason or _("Estimate the HER2 status of the outlined tumour.")
        self.ui.newSegmentButton.enabled = hasVolume
        self.ui.sampleButton.setVisible(not hasVolume)
        self.ui.progressBar.setVisible(running)
        self.ui.cancelButton.setVisible(running)
        self.ui.resultLabel.text = self._resultText(running)
        self.ui.resultLabel.setVisible(bool(self.ui.resultLabel.text))

    def _resultText(self, running: bool) -> str:
        if running:
            return _("Computing 975 radiomic features with SlicerRadiomics. You can go on working.")
        if self._assessment is None:
            return html.escape(self._message, quote=False)
        if self._outOfDate:
            return _(
                "<b>Out of date.</b> The volume, the outline or the model has changed since the last result; predict "
                "again.<br/><small>Earlier result: {summary}</small>"
            ).format(summary=html.escape(self._assessment.summary(), quote=False))
        return resultText(self._assessment)


def resultText(assessment: Assessment) -> str:
    """The result as rich text: always with the model and its cohort."""
    return _(
        "<p><span style='font-size:18pt; font-weight:bold'>{a.probability:.0%}</span> probability of HER2 "
        "over-expression<br/>{a.interval_level:.0%} interval {a.interval[0]:.0%} to {a.interval[1]:.0%}</p>"
        "<p><span style='font-size:12pt; font-weight:bold'>{a.call}</span>: {relation} the threshold of "
        "{a.threshold:.0%}</p><p>ROI \"{roi}\": {a.roi[volume_ml]:.1f} ml, {a.roi[slices]} slices</p>"
        "<p><small>{model}</small></p>"
    ).format(
        a=assessment,
        relation=_("at or above") if assessment.probability >= assessment.threshold else _("below"),
        roi=html.escape(assessment.roi["name"], quote=False),
        model=html.escape(assessment.model.describe(), quote=False),
    )


class HER2PredictLogic(ScriptedLoadableModuleLogic):
    """What the module does, with or without its panel. In Slicer's Python console::

        logic = HER2Predict.HER2PredictLogic()
        print(logic.assess(volumeNode, segmentationNode, segmentID).summary())

    Every method raises InputError where something is missing or not usable that the user can mend.
    """

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self._models: dict[tuple[Path, int], Model] = {}

    def getParameterNode(self) -> HER2PredictParameterNode:
        """The user's choices in this scene."""
        return HER2PredictParameterNode(super().getParameterNode())

    def model(self, path: str = "") -> Model:
        """The model of a bundle, or the bundled one; read again only when the file has changed."""
        from HER2PredictLib.model import BUNDLED_MODEL, Model

        file = Path(path) if path else BUNDLED_MODEL
        key = (file, file.stat().st_mtime_ns if file.exists() else 0)
        if key not in self._models:
            self._models = {key: Model.load(file)}
        return self._models[key]

    def prepare(self, volumeNode: Any, segmentationNode: Any, segmentID: str) -> Preparation:
        """Check the input and make the pair on which the features are computed."""
        from HER2PredictLib import assess

        return assess.begin(self.case(volumeNode, segmentationNode, segmentID))

    @staticmethod
    def case(volumeNode: Any, segmentationNode: Any, segmentID: str) -> Case:
        """The case that the nodes hold."""
        from HER2PredictLib.case import Case

        if volumeNode is None:
            raise InputError(_("Load a CT urography, or the sample case."))
        if segmentationNode is None or not segmentID:
            raise InputError(_("Add a segment and outline the tumour in it."))
        return Case.from_nodes(volumeNode, segmentationNode, segmentID)

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

        if importlib.util.find_spec("radiomics") is None:
            self.requireBackend()
        return assess.assess(self.case(volumeNode, segmentationNode, segmentID), self.model(modelPath))

    def assessAsync(
        self, volumeNode: Any, segmentationNode: Any, segmentID: str, callback: Callback, modelPath: str = ""
    ) -> Run:
        """Predict in the background; `callback(assessment, error)` is called once, when it has ended.

        What is returned can be cancelled; then both are None. Where this raises InputError nothing was started.
        """
        from HER2PredictLib.background import Run

        def start(parameters: Mapping[str, Any]) -> Any:
            return slicer.cli.run(slicer.modules.slicerradiomicscli, None, dict(parameters), update_display=False)

        self.requireBackend()
        model, preparation = self.model(modelPath), self.prepare(volumeNode, segmentationNode, segmentID)
        return Run(slicer.mrmlScene, preparation, model, start, callback)

    @staticmethod
    def loadSampleCase() -> tuple[Any, Any, str]:
        """Make the sample case where it is not there yet, and load it: volume, segmentation, segment ID."""
        from HER2PredictLib import __version__
        from HER2PredictLib.training import simulate

        sample = simulate.sample_case(Path(slicer.app.cachePath) / f"HER2Predict-{__version__}")
        volumeNode = slicer.util.loadVolume(str(sample.volume), {"name": _("Sample CTU")})
        segmentationNode = slicer.util.loadSegmentation(str(sample.roi), {"name": _("Sample outline")})
        segmentID = segmentationNode.GetSegmentation().GetSegmentIdBySegmentName(sample.segment)
        return volumeNode, segmentationNode, segmentID or sample.segment


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
