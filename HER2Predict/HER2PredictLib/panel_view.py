"""PanelView: puts the panel's state into its widgets, by their names; reads nothing from them and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import keep, panel_text
from .i18n import tr as _
from .panel_state import PanelState
from .quality import KEEP_LARGEST_PIECE
from .result import Result
from .segments import EFFECTS, set_abdomen_window

_UNDO_STEPS = 10


class PanelView:
    """Writes into the widgets.

    Parameters
    ----------
    ui : object
        The widgets of the .ui file by their names.
    icons : mapping
        Severity of a finding -> QIcon.

    Attributes
    ----------
    gauged : Result or None
        What the gauge has to show.
    """

    def __init__(self, ui: Any, icons: Mapping[str, Any]) -> None:
        self.ui = ui
        self._icons = icons
        self.gauged: Result | None = None
        self.tell("")
        self.ui.segmentEditorWidget.setEffectNameOrder(list(EFFECTS))
        self.ui.segmentEditorWidget.unorderedEffectsVisible = False
        self.ui.segmentEditorWidget.segmentationNodeSelectorVisible = False
        self.ui.segmentEditorWidget.sourceVolumeNodeSelectorVisible = False
        self.ui.segmentEditorWidget.setMaximumNumberOfUndoStates(_UNDO_STEPS)

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

    def show_choices(self, choices: Any) -> None:
        """Selectors and editor follow the parameter node; a segment is chosen where none is."""
        if self.ui.segmentSelector.currentNode() is not choices.segmentation:
            self.ui.segmentSelector.setCurrentNode(choices.segmentation)
        if choices.segmentation and not choices.segmentID:
            choices.segmentID = self.ui.segmentSelector.currentSegmentID()
        self.ui.segmentSelector.setCurrentSegmentID(choices.segmentID)
        self.ui.segmentEditorWidget.setSegmentationNode(choices.segmentation)
        self.ui.segmentEditorWidget.setSourceVolumeNode(choices.inputVolume)
        self.ui.segmentEditorWidget.setCurrentSegmentID(choices.segmentID)
        if self.ui.modelPathLineEdit.currentPath != choices.modelPath:
            self.ui.modelPathLineEdit.currentPath = choices.modelPath

    def show_volume(self, volume: Any, database: Any) -> None:
        """What is known of the chosen volume; it is shown in the window in which a bladder is read."""
        self.ui.volumeLabel.setVisible(volume is not None)
        if volume is not None:
            set_abdomen_window(volume)
            self.ui.volumeLabel.text = panel_text.volume_line(volume, database)

    def tell(self, text: str) -> None:
        """How keeping something went."""
        self.ui.keptLabel.text = text
        self.ui.keptLabel.setVisible(bool(text))

    def show_history(self, scene: Any) -> None:
        """The predictions made in this scene."""
        table = keep.history_node(scene)
        self.ui.historyTable.setMRMLTableNode(table)
        self.ui.historyTable.setVisible(table is not None)
        self.ui.historyTable.resizeColumnsToContents()
        self.ui.historyTable.scrollToBottom()

    def show(self, state: PanelState, has_volume: bool) -> None:
        """Everything that follows from the state."""
        running = state.standing == "running"
        self.ui.predictButton.enabled = state.is_ready
        self.ui.predictButton.toolTip = state.reason or _("Estimate the HER2 status of the outlined tumour.")
        self.ui.newSegmentButton.enabled = has_volume
        self.ui.sampleButton.setVisible(not has_volume)
        self.ui.progressBar.setVisible(running)
        self.ui.cancelButton.setVisible(running)
        self._show_result(state)
        self._show_model(state)
        self._show_keeping(state)
        if state.is_checked:
            self._show_findings(state)

    def _show_result(self, state: PanelState) -> None:
        self.gauged = state.result if state.standing == "current" else None
        text = panel_text.plain(state.message)
        if state.standing == "running":
            text = _("Computing 975 radiomic features with SlicerRadiomics. You can go on working.")
        elif self.gauged is not None:
            text = panel_text.result_text(self.gauged)
        elif state.result is not None:
            text = panel_text.outdated_text(state.result)
        self.ui.gauge.setVisible(self.gauged is not None)
        self.ui.resultLabel.text = text
        self.ui.resultLabel.setVisible(bool(text))

    def _show_model(self, state: PanelState) -> None:
        if state.model is not None:
            self.ui.modelLabel.text = _("Model: {model}.").format(model=panel_text.plain(state.model.describe()))
            self.ui.modelCardLabel.text = panel_text.model_card(state.model)
        elif state.model_error:
            refusal = _("✖ No model is in use: {reason}").format(reason=panel_text.plain(state.model_error))
            self.ui.modelLabel.text = self.ui.modelCardLabel.text = refusal

    def _show_keeping(self, state: PanelState) -> None:
        features = _("Put the 975 radiomic features into a table of the scene.")
        picture = _("Write the slice with the largest ROI area and the result into a file.")
        scatter = _("Plot this patient among the training cohort.")
        for button, why_not, purpose in (
            (self.ui.featuresButton, state.why_not_kept, features),
            (self.ui.pictureButton, state.why_not_kept, picture),
            (self.ui.pcaButton, state.why_no_scatter, scatter),
        ):
            button.enabled = not why_not
            button.toolTip = why_not or purpose

    def _show_findings(self, state: PanelState) -> None:
        words = {"error": _("Error"), "warning": _("Caution"), "info": _("Note")}
        findings = state.findings
        self.ui.findingsList.clear()
        for finding in findings:
            self.ui.findingsList.addItem(f"{words[finding.severity]}: {finding.message}")
            last = self.ui.findingsList.item(self.ui.findingsList.count - 1)
            last.setIcon(self._icons[finding.severity])
        self.ui.findingsList.setVisible(bool(findings))
        self.ui.remedyButton.setVisible(any(finding.remedy == KEEP_LARGEST_PIECE for finding in findings))
        self.ui.findingsTitle.text = _("Findings:") if findings else _("Findings: none.")

    def fit_findings(self) -> None:
        """The list as high as its wrapped lines, which are known once the layout has given it its width."""
        shown = self.ui.findingsList
        heights = [shown.visualItemRect(shown.item(row)).height() for row in range(shown.count)]
        shown.setFixedHeight(sum(heights) + 2 * shown.frameWidth)
