"""PanelView: puts the panel's state into its widgets, by their names; reads nothing from them and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import keep, panel_text
from .finding_row import FindingRow
from .i18n import tr as _
from .panel_state import PanelState
from .quality import Finding
from .result import Result
from .segments import EFFECTS, set_abdomen_window
from .why import why_text

_UNDO_STEPS = 10


class PanelView:
    """Writes into the widgets.

    Parameters
    ----------
    ui : object
        The widgets of the .ui file by their names.
    icons : mapping
        Severity of a finding -> QIcon.
    make_row : callable
        Makes the QWidget of Finding.ui.
    mend : callable
        Called with a remedy when the user asks for it.

    Attributes
    ----------
    gauged : Result or None
        What the gauge has to show.
    rows : dict
        Of each finding that is shown.
    """

    def __init__(
        self, ui: Any, icons: Mapping[str, Any], make_row: Callable[[], Any], mend: Callable[[str], None]
    ) -> None:
        self.ui = ui
        self._icons, self._make_row, self._mend = icons, make_row, mend
        self.rows: dict[Finding, FindingRow] = {}
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
        self.ui.inputLabel.text = panel_text.input_line(state)
        self.ui.newSegmentButton.enabled = has_volume
        self.ui.sampleButton.setVisible(not has_volume)
        self.ui.progressBar.setVisible(running)
        self.ui.cancelButton.setVisible(running)
        self._show_result(state)
        self._show_model(state)
        self._show_keeping(state)
        if state.is_checked:
            self._show_findings(state.findings)
            self.ui.findingsTitle.setVisible(bool(state.findings) or state.preparation is not None)

    def _show_result(self, state: PanelState) -> None:
        self.gauged = state.result if state.standing == "current" else None
        text = panel_text.plain(state.message)
        if state.result is not None:
            shown = panel_text.result_text if self.gauged is not None else panel_text.outdated_text
            text = f"<p>{text}</p>{shown(state.result)}" if text else shown(state.result)
        self.ui.gauge.setVisible(self.gauged is not None)
        self.ui.resultLabel.text = text
        self.ui.resultLabel.setVisible(bool(text))
        self._show_outline_check(state)
        has_reasons = self.gauged is not None and bool(self.gauged.strongest)
        self.ui.whySection.setVisible(has_reasons)
        if self.gauged is not None and has_reasons:
            self.ui.whyLabel.text = why_text(self.gauged)

    def _show_outline_check(self, state: PanelState) -> None:
        check = state.outline_check if self.gauged is not None else None
        for widget in (self.ui.outlineBar, self.ui.outlineStopButton):
            widget.setVisible(check is not None)
        message = panel_text.outline_line(check) if check is not None else ""
        if check is not None:
            self.ui.outlineBar.maximum, self.ui.outlineBar.value = check.total, check.done
        elif self.gauged is not None and state.outline_message:
            message = _("The dependence on the outline is not known. {reason}").format(reason=state.outline_message)
        self.ui.outlineLabel.text = message
        self.ui.outlineLabel.setVisible(bool(message))

    def _show_model(self, state: PanelState) -> None:
        if state.model is not None:
            self.ui.modelLabel.text = _("Model: {model}.").format(model=panel_text.plain(state.model.describe()))
            self.ui.modelCardLabel.text = panel_text.model_card(state.model)
            self.ui.modelLabel.setVisible(self.gauged is None or self.gauged.model != state.model.describe())
        elif state.model_error:
            refusal = _("✖ No model is in use: {reason}").format(reason=panel_text.plain(state.model_error))
            self.ui.modelLabel.text = self.ui.modelCardLabel.text = refusal
            self.ui.modelLabel.setVisible(True)

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

    def _show_findings(self, findings: tuple[Finding, ...]) -> None:
        """A row for each; what is shown already stays as it is, and keeps the keyboard focus."""
        for gone in set(self.rows) - set(findings):
            row = self.rows.pop(gone).widget
            row.setVisible(False)
            self.ui.findingsLayout.removeWidget(row)
            row.deleteLater()
        for position, finding in enumerate(dict.fromkeys(findings)):
            if finding not in self.rows:
                icon = self._icons[finding.severity]
                self.rows[finding] = FindingRow(self._make_row(), finding, icon, self._mend)
            row = self.rows[finding].widget
            if self.ui.findingsLayout.indexOf(row) != position:
                self.ui.findingsLayout.insertWidget(position, row)
        self.ui.findings.setVisible(bool(findings))
        self.ui.findingsTitle.text = _("Findings:") if findings else _("Findings: none.")
