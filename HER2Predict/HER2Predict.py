"""Slicer's entry to HER2Predict: the module, its panel, its logic and its test. The only file that imports qt."""

from __future__ import annotations

import functools
import importlib.util
import logging
import sys
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ctk
import qt
import slicer
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
from HER2PredictLib.panel.application import Answer, Application, Question, connect

if TYPE_CHECKING:
    from HER2PredictLib.assess import Assessment, CheckedCase
    from HER2PredictLib.case.prepared import Prepared
    from HER2PredictLib.model.model import Model
    from HER2PredictLib.panel.background import Callback, LiveExtraction, Run
    from HER2PredictLib.panel.outline_check import OutlineCheck
    from HER2PredictLib.panel.panel import Panel
    from HER2PredictLib.result.result import Result

#: How long the input must rest before it is checked again, and predicted where that is wished, in ms.
REST_MS = 200
#: A pause between two steps of work; within 0 ms Qt would do the next one before it sees to the user.
PAUSE_MS = 10
#: Application setting: the bundle that was last chosen and usable.
MODEL_SETTING = "HER2Predict/modelPath"
#: Of the severities of findings.
ICONS = {
    "error": qt.QStyle.SP_MessageBoxCritical,
    "warning": qt.QStyle.SP_MessageBoxWarning,
    "info": qt.QStyle.SP_MessageBoxInformation,
}
#: Helper processes at the most; each takes some 150 MB.
MOST_HELPERS = 4
#: Calls a function in a later turn of the event loop.
later = functools.partial(qt.QTimer.singleShot, 0)


def ask(question: Question) -> Answer | None:
    """Ask the user in a window of its own; see `Application`."""
    box = qt.QMessageBox(slicer.util.mainWindow())
    box.windowTitle, box.text, box.icon = question.title, question.text, qt.QMessageBox.Question
    taken: list[int] = []

    def take(number: int) -> Callable[[], None]:
        return lambda: taken.append(number)

    for number, words in enumerate(question.choices):
        connect(box.addButton(words, qt.QMessageBox.AcceptRole), "clicked(bool)", take(number))
    box.addButton(qt.QMessageBox.Cancel)
    tick = qt.QCheckBox(question.tick)
    if question.tick:
        box.setCheckBox(tick)
    box.exec()
    answer = Answer(taken[0], tick.checked) if taken else None
    box.deleteLater()
    return answer


def importDicom(folder: str) -> None:
    """Let Slicer's DICOM database copy what is in a folder."""
    from DICOMLib import DICOMUtils

    DICOMUtils.importDicom(folder, slicer.dicomDatabase, copyFiles=True)


class HER2Predict(ScriptedLoadableModule):
    """The module as Slicer lists it."""

    def __init__(self, parent: Any) -> None:
        from HER2PredictLib.command import demo
        from HER2PredictLib.panel.words import about

        ScriptedLoadableModule.__init__(self, parent)
        parent.title = "HER2Predict"
        parent.categories = [translate("qSlicerAbstractCoreModule", "Informatics")]
        parent.dependencies = ["Segmentations", "SegmentEditor"]
        parent.contributors = ["HER2Predict contributors"]
        parent.helpText = about.help_text()
        parent.acknowledgementText = about.acknowledgement_text()
        icon = Path(__file__).parent / "Resources" / "Icons" / "HER2Predict.png"
        load = lambda: HER2PredictLogic.loadSampleCase()  # noqa: E731 - the class of the module as last loaded
        slicer.app.connect("startupCompleted()", lambda: demo.register_sample_data(icon, load))


@parameterNodeWrapper
class HER2PredictParameterNode:
    """The user's choices and the last result, saved with the scene.

    inputVolume - CT urography.
    segmentation, segmentID - The ROI.
    modelPath - Model bundle; empty for the bundled one.
    live - Predict whenever the outline has rested.
    checkOutline - Check after a prediction how much it depends on the outline.
    showInViews - Show a current result in the slice views.
    lastResult - As `Result.to_json` writes it.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    segmentID: str = ""
    modelPath: str = ""
    live: bool = False
    checkOutline: bool = True
    showInViews: bool = True
    lastResult: str = ""


class HelperProcess:
    """A `helper.task.Process` of the application's own Python."""

    _alive: set[HelperProcess] = set()

    def __init__(self, arguments: list[str], output: Callable[[bytes], None], ended: Callable[[str], None]) -> None:
        self._output, self._ended = output, ended
        self._process = qt.QProcess()
        connect(self._process, "readyReadStandardOutput()", self._onOutput)
        connect(self._process, "finished(int,QProcess::ExitStatus)", self._onFinished)
        connect(self._process, "errorOccurred(QProcess::ProcessError)", self._onError)
        self._process.setStandardErrorFile(qt.QProcess.nullDevice())
        self._alive.add(self)  # a QProcess must not go while its process is there, nor within its own signals
        self._process.start(sys.executable, arguments)

    def write(self, data: bytes) -> None:
        self._process.write(qt.QByteArray(data))

    def kill(self) -> None:
        self._process.kill()
        self._process.waitForFinished(1000)

    def _onOutput(self) -> None:
        self._output(self._process.readAllStandardOutput().data())

    def _onFinished(self, status: int, how: Any) -> None:
        self._end(_("it ended with status {status}").format(status=status))

    def _onError(self, error: Any) -> None:
        if error == qt.QProcess.FailedToStart:
            self._end(self._process.errorString())

    def _end(self, reason: str) -> None:
        later(lambda: (self._alive.discard(self), self._ended(reason)))


class Gauge(qt.QWidget):
    """A result on a scale from 0 to 1, painted as `gauge.marks` says."""

    def __init__(self, parent: Any = None) -> None:
        from HER2PredictLib.outputs.gauge import HEIGHT

        super().__init__(parent)
        self._result: Result | None = None
        self.setFixedHeight(HEIGHT)

    def setResult(self, result: Result | None) -> None:
        """Show another result; None shows nothing."""
        self._result = result
        self.update()

    def paintEvent(self, event: Any) -> None:
        from HER2PredictLib.outputs.gauge import marks

        painter = qt.QPainter(self)
        measure = qt.QFontMetrics(self.font).horizontalAdvance
        for mark in marks(self._result, self.width, measure) if self._result is not None else ():
            colour = qt.QColor(mark.colour) if mark.colour else qt.QColor(self.palette.color(qt.QPalette.WindowText))
            colour.setAlphaF(mark.opacity)
            box = qt.QRectF(*mark.box)
            if mark.text:
                painter.setPen(qt.QPen(colour))
                painter.drawText(box, int(qt.Qt.AlignCenter) | int(qt.Qt.TextDontClip), mark.text)
            else:
                painter.fillRect(box, qt.QBrush(colour))
        painter.end()


class HER2PredictWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel's shell: its widgets, its place in Slicer; what happens in it is in `panel.Panel`."""

    def __init__(self, parent: Any = None) -> None:
        self.panel: Panel | None = None
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)

    def setup(self) -> None:
        """Build the panel, or say in it why that is not possible."""
        ScriptedLoadableModuleWidget.setup(self)
        try:
            self.panel = self._build()
            self._connect(self.panel)
            self._initialize()
        except Exception as error:
            logging.exception("The panel of HER2Predict could not be built")
            self.panel = None
            self.removeObservers()
            words = _("HER2Predict cannot start: {error}. The error log of the application says where.")
            label = qt.QLabel(words.format(error=f"{type(error).__name__}: {error}"))
            label.setWordWrap(True)
            self.layout.addWidget(label)

    def _build(self) -> Panel:
        from HER2PredictLib.panel.panel import Panel

        uiWidget = slicer.util.loadUI(self.resourcePath("UI/HER2Predict.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        self.logic = HER2PredictLogic()
        self._onQuit = self.logic.helpers.close  # kept: PythonQt disconnects the very object that was connected
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_MS)
        self._gauge = Gauge()
        self.ui.gauge.layout().addWidget(self._gauge)
        self.ui.modelPathLineEdit.filters = ctk.ctkPathLineEdit.Files
        self.ui.modelPathLineEdit.nameFilters = [_("Model bundles") + " (*.her2model)"]
        icons = {name: uiWidget.style().standardIcon(icon) for name, icon in ICONS.items()}
        rowFile = self.resourcePath("UI/Finding.ui")
        panel = Panel(
            self.ui, self.logic, slicer.mrmlScene, self._application(), icons, lambda: slicer.util.loadUI(rowFile)
        )
        uiWidget.setMRMLScene(slicer.mrmlScene)
        return panel

    def _application(self) -> Application:
        return Application(
            timer=self._timer,
            later=later,
            soon=functools.partial(qt.QTimer.singleShot, PAUSE_MS),
            layout_manager=slicer.app.layoutManager,
            dicom_database=lambda: getattr(slicer, "dicomDatabase", None),
            remember_model=functools.partial(slicer.app.userSettings().setValue, MODEL_SETTING),
            show=self._show,
            reveal=self._reveal,
            show_table=self._showTable,
            show_chart=lambda chart: slicer.modules.plots.logic().ShowChartInLayout(chart),
            ask_where=lambda title, name, kinds: qt.QFileDialog.getSaveFileName(self.parent, title, name, kinds),
            ask_folder=lambda title: qt.QFileDialog.getExistingDirectory(self.parent, title),
            ask=ask,
            import_dicom=importDicom,
        )

    def _connect(self, panel: Panel) -> None:
        editor, scene, paths = self.ui.segmentEditorWidget, slicer.mrmlScene, self.ui.modelPathLineEdit
        for sender, signal, slot in (
            (self._timer, "timeout()", panel.on_rest),
            (self.ui.segmentSelector, "currentNodeChanged(vtkMRMLNode*)", panel.on_segmentation),
            (self.ui.segmentSelector, "currentSegmentChanged(QString)", panel.on_segment),
            (editor, "currentSegmentIDChanged(QString)", panel.on_segment),
            (self.ui.maskingCheckBox, "toggled(bool)", lambda on: setattr(editor, "maskingSectionVisible", on)),
            (paths, "currentPathChanged(QString)", panel.on_model_path),
            # Emptied, the line says no more than that it is not valid.
            (paths, "validInputChanged(bool)", lambda valid: paths.currentPath or panel.on_model_path("")),
            (self.ui.bundledModelButton, "clicked(bool)", lambda: panel.on_model_path("")),
            (self.ui.newSegmentButton, "clicked(bool)", panel.on_new_segment),
            (self.ui.sampleButton, "clicked(bool)", self._onSample),
            (self.ui.predictButton, "clicked(bool)", panel.on_predict),
            (self.ui.cancelButton, "clicked(bool)", panel.on_cancel),
            (self.ui.outlineStopButton, "clicked(bool)", panel.on_stop_outline_check),
            (self.ui.historyTable, "clicked(QModelIndex)", lambda index: panel.on_history_row(index.row())),
            (slicer.app, "aboutToQuit()", self._onQuit),
        ):
            connect(sender, signal, slot)
        self._keys = (self._shortcut("Ctrl+Return", panel.on_predict), self._shortcut("Escape", panel.on_cancel))
        self.addObserver(scene, scene.StartCloseEvent, lambda *_event: panel.end_scene())
        self.addObserver(scene, scene.EndCloseEvent, self._onSceneReplaced)
        self.addObserver(scene, scene.EndImportEvent, self._onSceneReplaced)
        self.addObserver(scene, scene.NodeAddedEvent, lambda *_event: panel.on_node_added())

    @staticmethod
    def _shortcut(keys: str, slot: Callable[[], None]) -> Any:
        """A key of the whole application while it is enabled; None where the application has no window."""
        window = slicer.util.mainWindow()
        if window is None:
            return None
        shortcut = qt.QShortcut(qt.QKeySequence(keys), window)
        shortcut.setEnabled(False)
        connect(shortcut, "activated()", slot)
        return shortcut

    def enter(self) -> None:
        if self.panel is not None:
            self._initialize()
            self.panel.view.take_up_tools()

    def exit(self) -> None:
        if self.panel is not None:
            self.panel.leave()

    def cleanup(self) -> None:
        if self.panel is None:
            return
        self.panel.end()
        self.removeObservers()
        slicer.app.disconnect("aboutToQuit()", self._onQuit)
        for shortcut in self._keys:
            if shortcut is not None:
                shortcut.deleteLater()

    def check(self) -> None:
        """Examine the input now, without waiting for it to rest."""
        self.panel.check()

    def _initialize(self) -> None:
        from HER2PredictLib.panel.segments import segment_editor_node

        self.ui.segmentEditorWidget.setMRMLSegmentEditorNode(segment_editor_node(slicer.mrmlScene))
        self.panel.follow(self.logic.getParameterNode())

    def _onSceneReplaced(self, caller: Any, event: str) -> None:
        if self.parent.isEntered:
            self._initialize()

    def _onSample(self) -> None:
        with slicer.util.WaitCursor():
            self.panel.on_sample()

    @staticmethod
    def _showTable(table: Any) -> None:
        slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpTableView)
        slicer.app.applicationLogic().GetSelectionNode().SetActiveTableID(table.GetID())
        slicer.app.applicationLogic().PropagateTableSelection()

    def _reveal(self) -> None:
        area = self.ui.answerArea.parentWidget()
        while area is not None and not isinstance(area, qt.QScrollArea):
            area = area.parentWidget()
        if area is not None:
            area.ensureWidgetVisible(self.ui.answerArea, 0, 0)

    def _show(self, result: Result | None, canPredict: bool, canCancel: bool) -> None:
        self._gauge.setResult(result)
        predict, cancel = self._keys
        if predict is None:
            return
        predict.setEnabled(canPredict)
        if cancel.isEnabled() != canCancel:
            # Of two shortcuts with one key Qt takes neither: the editor's Escape steps aside while ours is wanted.
            for shortcut in self._editorsEscape():
                shortcut.setEnabled(not canCancel)
            cancel.setEnabled(canCancel)

    @staticmethod
    def _editorsEscape() -> list[Any]:
        """Shortcuts of segment editors that put down the active effect."""
        children = slicer.util.mainWindow().children()
        return [child for child in children if isinstance(child, qt.QShortcut) and child.property("effectIndex") == 0]


class HER2PredictLogic(ScriptedLoadableModuleLogic):
    """What the module does, with or without its panel. In Slicer's Python console::

        logic = HER2Predict.HER2PredictLogic()
        print(logic.assess(volumeNode, segmentationNode, segmentID).summary())

    Every method raises InputError where something is missing or not usable that the user can mend.
    """

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        from HER2PredictLib import parallel
        from HER2PredictLib.helper.pool import Helpers
        from HER2PredictLib.model.cache import ModelCache

        self.models = ModelCache()
        self.helpers = Helpers(HelperProcess, min(parallel.usable(), MOST_HELPERS))
        self._ahead: LiveExtraction | None = None

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

    def prepare(self, volumeNode: Any, segmentationNode: Any, segmentID: str) -> CheckedCase:
        """Check the input and make the pair on which the features are computed."""
        from HER2PredictLib import assess
        from HER2PredictLib.panel.segments import chosen_case

        return assess.preprocess(chosen_case(volumeNode, segmentationNode, segmentID))

    @staticmethod
    def requireBackend() -> None:
        if not hasattr(slicer.modules, "slicerradiomicscli"):
            raise InputError(
                _("The SlicerRadiomics extension is missing: install it in the Extensions Manager and restart Slicer.")
            )

    def assess(self, volumeNode: Any, segmentationNode: Any, segmentID: str, modelPath: str = "") -> Assessment:
        """Predict in this process and wait for the result."""
        from HER2PredictLib import assess
        from HER2PredictLib.panel.segments import chosen_case

        if importlib.util.find_spec("radiomics") is None:
            self.requireBackend()
        return assess.assess(chosen_case(volumeNode, segmentationNode, segmentID), self.model(modelPath))

    def assessAsync(
        self, volumeNode: Any, segmentationNode: Any, segmentID: str, callback: Callback, modelPath: str = ""
    ) -> Run:
        """Predict in the background, for scripts; `callback(assessment, error)` is called once, when it has ended.

        What is returned can be cancelled; then both are None. Where this raises InputError nothing was started.
        """
        self.requireBackend()
        model, checked = self.model(modelPath), self.prepare(volumeNode, segmentationNode, segmentID)
        return self.assessPrepared(checked, model, callback)

    def assessPrepared(self, checked: CheckedCase, model: Model, callback: Callback) -> Run:
        """The same of an input that was prepared before."""
        from HER2PredictLib.panel.background import Run

        self.requireBackend()
        return Run(checked, model, self.extractByModule, callback)

    def extractAhead(self, prepared: Prepared) -> None:
        """Let a helper begin with a pair that will be predicted live unless something speaks against it."""
        from HER2PredictLib.panel.background import LiveExtraction

        if self._ahead is not None:
            self._ahead.cancel()
        self._ahead = LiveExtraction(self.helpers, later, prepared)

    def assessLive(
        self,
        checked: CheckedCase,
        model: Model,
        ended: Callable[[Run, Assessment | None, Exception | None], None],
    ) -> Run:
        """Predict as fast as can be, in a helper process; `ended` is called once, unless the run was cancelled."""
        from HER2PredictLib.panel.background import Run

        run = Run(checked, model, self._extractLive, lambda *outcome: ended(run, *outcome))
        return run

    def _extractLive(self, prepared: Prepared, ended: Any) -> LiveExtraction:
        if self._ahead is None or self._ahead.prepared is not prepared:
            self.extractAhead(prepared)
        extraction, self._ahead = self._ahead, None
        extraction.tell(ended)
        return extraction

    def checkOutline(self, assessment: Assessment, changed: Callable[[OutlineCheck], None]) -> OutlineCheck:
        """Measure in the background how much a result depends on the outline; `changed` follows it."""
        from HER2PredictLib.panel.outline_check import OutlineCheck

        return OutlineCheck(assessment, self.helpers, self.extractByModule, later, changed)

    @staticmethod
    def extractByModule(prepared: Prepared, ended: Any) -> Any:
        """Compute features in the background by SlicerRadiomics' command-line module; see `background.Extract`."""
        from HER2PredictLib.panel.background import ModuleExtraction

        start = functools.partial(slicer.cli.run, slicer.modules.slicerradiomicscli, None, update_display=False)
        return ModuleExtraction(slicer.mrmlScene, start, later, prepared, ended)

    @staticmethod
    def loadSampleCase() -> tuple[Any, Any, str]:
        """Make the sample case where it is not there yet, and load it: volume, segmentation, segment ID."""
        from HER2PredictLib import __version__
        from HER2PredictLib.command.demo import load_in_application

        return load_in_application(Path(slicer.app.cachePath) / f"HER2Predict-{__version__}")


class HER2PredictTest(ScriptedLoadableModuleTest):
    """Runs the same test files as outside of Slicer."""

    def runTest(self) -> None:
        folder = Path(__file__).resolve().parents[1] / "Testing" / "Python"
        if not folder.is_dir():
            raise unittest.SkipTest(f"the tests are not installed with the module; there is no {folder}")
        result = unittest.TextTestRunner().run(unittest.defaultTestLoader.discover(str(folder)))
        if not result.wasSuccessful():
            raise AssertionError(f"{len(result.failures)} tests failed, {len(result.errors)} ended in an error")
