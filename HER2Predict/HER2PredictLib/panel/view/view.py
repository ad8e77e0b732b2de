"""PanelView: puts the panel's state into its widgets, by their names; reads nothing from them and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...i18n import tr as _
from ...result.result import Result
from ..record import records
from ..segments import EFFECTS, first_segment, segment_name, set_abdomen_window
from ..state import PanelState
from ..words import answer, labels
from .findings import FindingRows

_UNDO_STEPS = 10
#: The effects in two short rows, and a table of segments as high as a patient's needs.
_EFFECT_COLUMNS = 6
_SEGMENTS_TABLE, _SEGMENTS_TABLE_HEIGHT = "SegmentsTableResizableFrame", 90


class PanelView:
    """Writes into the widgets.

    `ui` has the widgets of the .ui file by their names; `icons`, `make_row` and `mend` are as in `FindingRows`;
    `gauged` is what the gauge has to show.
    """

    def __init__(
        self, ui: Any, icons: Mapping[str, Any], make_row: Callable[[], Any], mend: Callable[[str], None]
    ) -> None:
        self.ui = ui
        self._findings = FindingRows(ui.findings.layout(), icons, make_row, mend)
        self.gauged: Result | None = None
        self._folded: dict[str, bool] = {}
        self.tell("")
        self._set_up_editor()

    def _set_up_editor(self) -> None:
        """As low as it can be: the answer above it and the editor have to be in sight together."""
        import slicer

        editor = self.ui.segmentEditorWidget
        editor.setEffectNameOrder(list(EFFECTS))
        editor.unorderedEffectsVisible = False
        editor.segmentationNodeSelectorVisible = False
        editor.sourceVolumeNodeSelectorVisible = False
        editor.switchToSegmentationsButtonVisible = False
        editor.maskingSectionVisible = False
        editor.effectColumnCount = _EFFECT_COLUMNS
        editor.setMaximumNumberOfUndoStates(_UNDO_STEPS)
        for frame in slicer.util.findChildren(editor, name=_SEGMENTS_TABLE):
            frame.setFixedHeight(_SEGMENTS_TABLE_HEIGHT)
        _take_out_vertical_spacers(editor.layout())

    def take_up_tools(self) -> None:
        """The module comes to the front."""
        self.ui.segmentEditorWidget.updateEffectList()
        self.ui.segmentEditorWidget.installKeyboardShortcuts()
        self.ui.segmentEditorWidget.updateWidgetFromMRML()

    def lay_down_tools(self) -> None:
        """Another module comes to the front."""
        self.ui.segmentEditorWidget.setActiveEffectByName("")
        self.ui.segmentEditorWidget.uninstallKeyboardShortcuts()
        self.ui.segmentEditorWidget.removeViewObservations()

    def let_go(self) -> None:
        """The scene is about to be closed."""
        self.ui.historyTable.setMRMLTableNode(None)
        self.ui.segmentEditorWidget.setSegmentationNode(None)
        self.ui.segmentEditorWidget.removeViewObservations()

    def show_choices(self, choices: Any) -> None:
        """Selectors and editor follow the parameter node; a segment is chosen where none is."""
        if self.ui.segmentSelector.currentNode() is not choices.segmentation:
            self.ui.segmentSelector.setCurrentNode(choices.segmentation)
        if choices.segmentation is not None and not choices.segmentID:
            choices.segmentID = first_segment(choices.segmentation)
        self.ui.segmentSelector.setCurrentSegmentID(choices.segmentID)
        # The editor takes a volume only where it has a segmentation.
        self.ui.segmentEditorWidget.setSegmentationNode(choices.segmentation)
        if choices.segmentation is not None:
            self.ui.segmentEditorWidget.setSourceVolumeNode(choices.inputVolume)
        self.ui.segmentEditorWidget.setCurrentSegmentID(choices.segmentID)
        if self.ui.modelPathLineEdit.currentPath != choices.modelPath:
            self.ui.modelPathLineEdit.currentPath = choices.modelPath
        self.ui.bundledModelButton.setVisible(bool(choices.modelPath))
        self._show_case(choices)

    def _show_case(self, choices: Any) -> None:
        """The section folds to one line as soon as there is a case."""
        volume, segment = choices.inputVolume, segment_name(choices.segmentation, choices.segmentID)
        is_chosen = volume is not None and bool(segment)
        self.ui.caseSection.text = labels.case_title(volume.GetName(), segment) if is_chosen else _("Case")
        self._fold("caseSection", is_chosen)

    def show_volume(self, volume: Any, database: Any) -> None:
        """What is known of the chosen volume; it is shown in the window in which a bladder is read."""
        self.ui.volumeLabel.setVisible(volume is not None)
        if volume is not None:
            set_abdomen_window(volume)
            self.ui.volumeLabel.text = labels.volume_line(volume, database)

    def tell(self, text: str) -> None:
        """How keeping something went."""
        self.ui.keptLabel.text = text
        self.ui.keptLabel.setVisible(bool(text))

    def show_history(self, scene: Any) -> None:
        table = records.history_node(scene)
        self.ui.historyTable.setMRMLTableNode(table)
        self.ui.historyTable.setVisible(table is not None)
        self.ui.exportButton.enabled = table is not None
        self.ui.historyTable.resizeColumnsToContents()
        self.ui.historyTable.scrollToBottom()

    def show(self, state: PanelState, has_volume: bool, slow_since: str = "") -> None:
        """Everything that follows from the state; `slow_since` says why there are no helper processes, or is empty."""
        running = state.standing == "running"
        self.ui.predictButton.enabled = state.may_be_asked
        purpose = _("Estimate the HER2 status of the outlined tumour (Ctrl+Return).")
        self.ui.predictButton.toolTip = state.input.reason or purpose
        self.ui.inputLabel.text = labels.input_line(state)
        self.ui.newSegmentButton.enabled = has_volume
        self.ui.sampleButton.setVisible(not has_volume)
        self.ui.progressBar.setVisible(running)
        self.ui.cancelButton.setVisible(running)
        live = _("Predict again whenever the outline has rested.")
        slower = _("Slower than usual, in the application itself: {reason}.").format(reason=slow_since)
        self.ui.liveCheckBox.toolTip = f"{live} {slower}" if slow_since else live
        self._show_result(state)
        self._show_model(state)
        self._show_records(state)
        if state.input.is_done:
            self._show_findings(state)

    def _show_result(self, state: PanelState) -> None:
        self.gauged = state.result if state.standing == "current" else None
        self.ui.headlineLabel.text = answer.headline(state)
        self.ui.headlineLabel.setVisible(bool(self.ui.headlineLabel.text))
        self.ui.gauge.setVisible(self.gauged is not None)
        if state.input.is_done:
            self.ui.cautionLabel.text = answer.caution_line(state)
            self.ui.cautionLabel.setVisible(bool(self.ui.cautionLabel.text))
        self._show_outline_check(state)
        self.ui.explanationSection.setVisible(self.gauged is not None)
        if self.gauged is not None:
            self.ui.resultLabel.text = answer.result_text(self.gauged)
            self.ui.whyLabel.text = answer.strongest_text(self.gauged) if self.gauged.strongest else ""

    def _show_outline_check(self, state: PanelState) -> None:
        check = state.outline_check if self.gauged is not None else None
        for widget in (self.ui.outlineBar, self.ui.outlineStopButton):
            widget.setVisible(check is not None)
        message = labels.outline_line(check) if check is not None else ""
        if check is not None:
            self.ui.outlineBar.maximum, self.ui.outlineBar.value = check.total, check.done
        elif self.gauged is not None and state.outline_message:
            message = _("The dependence on the outline is not known. {reason}").format(reason=state.outline_message)
        self.ui.outlineLabel.text = message
        self.ui.outlineLabel.setVisible(bool(message))

    def _show_model(self, state: PanelState) -> None:
        if state.input.model is not None:
            self.ui.modelSection.text = _("Model: {name}").format(name=labels.shortened(state.input.model.name, 34))
            self.ui.modelCardLabel.text = labels.model_card(state.input.model)
        elif state.input.model_error:
            self.ui.modelSection.text = _("Model: none in use")
            self.ui.modelCardLabel.text = _("✖ No model is in use: {reason}").format(
                reason=answer.plain(state.input.model_error)
            )
        if state.input.is_done:
            self._fold("modelSection", not state.input.model_error)

    def _show_records(self, state: PanelState) -> None:
        features = _("Put the 975 radiomic features into a table of the scene.")
        picture = _("Write the slice with the largest ROI area and the result into a file.")
        report = _("Write a page for a colleague: the result, images of the ROI, and what both rest on.")
        scatter = _("Plot this patient among the training cohort.")
        for button, reason, purpose in (
            (self.ui.featuresButton, state.no_record_reason, features),
            (self.ui.pictureButton, state.no_record_reason, picture),
            (self.ui.reportButton, state.no_record_reason, report),
            (self.ui.pcaButton, state.no_scatter_reason, scatter),
        ):
            button.enabled, button.toolTip = not reason, reason or purpose
        self.ui.dicomButton.enabled = not state.no_record_reason
        self.ui.dicomButton.toolTip = state.no_study_reason or _(
            "Save the ROI as a DICOM Segmentation and the result as a Structured Report of the study of the CT, in the "
            "DICOM database or a folder."
        )

    def _show_findings(self, state: PanelState) -> None:
        findings = tuple(dict.fromkeys(state.findings))
        self._findings.show(findings)
        has_any = bool(findings) or state.input.ready is not None
        self.ui.findingsSection.setVisible(has_any)
        self.ui.findingsSection.text = labels.findings_title(findings)
        urgent = any(finding.severity != "info" for finding in answer.input_findings(state))
        self._fold("findingsSection", not urgent)

    def _fold(self, section: str, folded: bool) -> None:
        """Fold a section or unfold it when what it is about has changed; in between, the user decides."""
        if self._folded.get(section) is not folded:
            self._folded[section] = folded
            getattr(self.ui, section).collapsed = folded


def _take_out_vertical_spacers(layout: Any) -> None:
    """They keep an empty strip below the editor's buttons."""
    for index in range(layout.count()):
        item = layout.itemAt(index)
        spacer, inner = item.spacerItem(), item.layout()
        if spacer is not None and spacer.sizeHint().height() > spacer.sizeHint().width():
            spacer.changeSize(0, 0)
        elif inner is not None:
            _take_out_vertical_spacers(inner)
    layout.invalidate()
