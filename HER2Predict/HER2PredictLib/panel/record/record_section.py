"""RecordSection: the buttons that put what is known of a result, or of its readers, into the scene or a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...agreement import compare
from ...assess import Assessment
from ...case.case import Case
from ...case.segment_nodes import drawn_segments
from ...errors import InputError
from ...i18n import tr as _
from ...outputs.table import row_of
from ...result.result import Result
from ..application import Application, connect
from ..segments import centre_of
from ..state import PanelState
from ..view.view import PanelView
from . import records
from .saving import save_as_dicom, save_report


class RecordSection:
    """Does what its buttons say with the current result."""

    def __init__(self, scene: Any, view: PanelView, state: Callable[[], PanelState], application: Application) -> None:
        self.ui = view.ui
        self._scene, self._view, self._state, self._application = scene, view, state, application
        self._volume: Any = None
        self._segmentation: Any = None
        for button, slot in (
            (self.ui.featuresButton, self._on_features),
            (self.ui.pcaButton, self._on_scatter),
            (self.ui.pictureButton, self._on_picture),
            (self.ui.reportButton, self._on_report),
            (self.ui.dicomButton, self._on_dicom),
            (self.ui.readersButton, lambda: self._tell(self._compare)),
            (self.ui.exportButton, self._on_export),
        ):
            connect(button, "clicked(bool)", slot)

    def save(self, choices: Any) -> None:
        choices.lastResult = self._result.to_json()

    def record(self, choices: Any, live: bool) -> None:
        """Save a new result and add it to the history; a `live` one followed the outline by itself."""
        self.save(choices)
        centre = centre_of(self._assessment.case, choices.inputVolume)
        records.add_to_history(self._scene, self._result, _sequence(choices) if live else "", centre, self._cells)
        self._view.show_history(self._scene)

    def complete(self, choices: Any) -> None:
        """Save a result of which more has become known, here and in its row of the history."""
        self.save(choices)
        records.complete_history(self._scene, self._cells)

    @property
    def _cells(self) -> dict[str, str]:
        return row_of(self._assessment, time=self._result.time)

    @property
    def _result(self) -> Result:
        result = self._state().result
        if result is None:
            raise ValueError("there is no result to keep")
        return result

    @property
    def _assessment(self) -> Assessment:
        assessment = self._state().assessment
        if assessment is None:
            raise ValueError("there is no assessment, and yet a button is enabled")
        return assessment

    def _on_features(self) -> None:
        self._application.show_table(records.features_table(self._scene, self._assessment))

    def _on_scatter(self) -> None:
        self._application.show_chart(records.scatter(self._scene, self._assessment))

    def _on_picture(self) -> None:
        import slicer

        assessment, kinds = self._assessment, _("Pictures") + " (*.png)"
        path = self._application.ask_where(_("Save picture"), records.file_name(assessment) + ".png", kinds)
        if path:
            with slicer.util.WaitCursor():
                self._view.tell(records.picture_file(assessment, Path(path)))

    def _on_report(self) -> None:
        self._tell(lambda: save_report(self._current, self._result.time, self._application))

    def _on_dicom(self) -> None:
        self._tell(lambda: save_as_dicom(self._current, self._application))

    def _tell(self, kept: Callable[[], str]) -> None:
        try:
            self._view.tell(kept())
        except InputError as error:
            self._view.tell(str(error))

    def _current(self) -> Assessment:
        """The assessment that is shown; a question that takes its time may outlast it."""
        reason = self._state().no_record_reason
        if reason:
            raise InputError(reason)
        return self._assessment

    def _on_export(self) -> None:
        name = _("HER2Predict history") + ".csv"
        path = self._application.ask_where(_("Export history"), name, _("Tables") + " (*.csv)")
        if path:
            self._tell(lambda: records.history_file(self._scene, Path(path)))

    def look_for_readers(self, volume: Any, segmentation: Any) -> None:
        """See whether the chosen nodes (None where none is) hold the outlines of two or more readers."""
        self._volume, self._segmentation = volume, segmentation
        # At every stroke: the voxels of a single segment are not looked through to see that it is one.
        may_be_two = volume and segmentation and segmentation.GetSegmentation().GetNumberOfSegments() > 1
        reason = self._state().no_comparison_reason(len(drawn_segments(segmentation)) if may_be_two else 0)
        self.ui.readersButton.enabled = not reason
        self.ui.readersButton.toolTip = reason or _(
            "Predict every segment that is outlined, as one reader's each, and their consensus, and compare them in a "
            "table."
        )

    def _compare(self) -> str:
        """Show in a table what each reader's outline gives; the verdict."""
        import slicer

        model = self._state().input.model
        if model is None:
            raise InputError(self._state().input.model_error)
        with slicer.util.WaitCursor():
            cases: dict[str, Case] = {}
            for segment_id, name in drawn_segments(self._segmentation):
                case = Case.from_nodes(self._volume, self._segmentation, segment_id)
                cases[f"{name} ({segment_id})" if name in cases else name] = case
            found = compare(cases, model)
        self._application.show_table(records.readers_table(self._scene, found))
        return found.verdict


def _sequence(choices: Any) -> str:
    """Names what the results that follow the outline belong to."""
    nodes = (choices.inputVolume, choices.segmentation)
    return repr((*(node.GetID() for node in nodes), choices.segmentID, choices.modelPath))
