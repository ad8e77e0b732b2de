"""Panel: what happens in the panel when the user or the scene does something, apart from Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..assess import Assessment, CheckedCase, PreparedCase, prepare
from ..case.case import Case
from ..case.prepared import Prepared
from ..errors import InputError
from ..result.wording import view_line
from . import segments
from .application import Application
from .background import Run
from .input_check import InputCheck
from .outline_check import OutlineCheck
from .record.record_section import RecordSection
from .record.records import history_centre
from .state import PanelState
from .view.view import PanelView
from .view.view_line import ViewLine


class Panel:
    """The panel of one application; the choices in the scene's parameter node are the truth, the widgets follow it.

    `ui` has the widgets of the .ui file by their names, `logic` is the module file's HER2PredictLogic, `icons` and
    `make_row` are as in `FindingRows`.
    """

    def __init__(
        self,
        ui: Any,
        logic: Any,
        scene: Any,
        application: Application,
        icons: Mapping[str, Any],
        make_row: Callable[[], Any],
    ) -> None:
        self.ui, self.logic, self.state = ui, logic, PanelState()
        self.view = PanelView(ui, icons, make_row, self.on_remedy)
        self._scene, self._application = scene, application
        self._record_section = RecordSection(scene, self.view, lambda: self.state, application)
        self._view_line = ViewLine(application.layout_manager)
        self._watcher = segments.Watcher(self.on_input)
        self._choices: Any = None
        self._gui_tag: int | None = None
        self._observer = 0
        self._is_following = False
        self._input_number = 0
        self._seen: tuple[Any, ...] = ()

    def follow(self, choices: Any) -> None:
        """Show the choices in a parameter node and watch what they name; None lets go of everything."""
        self._application.timer.stop()
        self._input_number += 1
        if self._choices is not None:
            self._choices.disconnectGui(self._gui_tag)
            self._choices.parameterNode.RemoveObserver(self._observer)
        self._choices, self._seen = choices, ()
        self.state.touch()
        self._watcher.watch([])
        if choices is not None:
            self.state.restore(choices.lastResult)
            segments.choose_defaults(self._scene, choices, self.ui.segmentSelector)
            self._gui_tag = choices.connectGui(self.ui)
            self._observer = choices.parameterNode.AddObserver("ModifiedEvent", self._on_choices)
            self._on_choices()
            self.view.show_history(self._scene)
            self.check()

    def leave(self) -> None:
        """Another module comes to the front; nobody watches the input until this one is back."""
        self.follow(None)
        self.view.lay_down_tools()
        self.render()

    def end(self) -> None:
        self.state.abandon()
        self.leave()
        self.logic.helpers.close()
        self.ui.segmentEditorWidget.setMRMLSegmentEditorNode(None)

    def end_scene(self) -> None:
        """The scene is about to be closed."""
        self.follow(None)
        self.state.abandon()
        self.logic.helpers.close()
        self.state = PanelState()
        self.view.let_go()
        self.render()

    def on_node_added(self) -> None:
        """A volume that is loaded is chosen without a click."""
        if self._choices is not None and self._choices.inputVolume is None:
            self._application.timer.start()

    def on_segmentation(self, node: Any) -> None:
        """Another segmentation was chosen; its selector still names a segment of the former one."""
        if self._choices is not None and not self._is_following:
            if node is not self._choices.segmentation:
                self._choose(node, segments.first_segment(node))
            self.show_roi()

    def on_segment(self, segment_id: str) -> None:
        """Another segment was chosen, in the selector or in the editor."""
        if self._choices is None or self._is_following or segment_id == self._choices.segmentID:
            return
        if segment_id and segments.segment_name(self._choices.segmentation, segment_id):
            self._choices.segmentID = segment_id
            self.show_roi()

    def on_model_path(self, path: str) -> None:
        """Another bundle was chosen; an empty path is the bundled one."""
        if self._choices is None or self._is_following or path == self._choices.modelPath:
            return
        self._choices.modelPath = path
        if self.logic.models.holds(path):  # where it is none, the check that follows shows why
            self._application.remember_model(path)

    def _on_choices(self, *_event: Any) -> None:
        if self._is_following:
            return
        self._is_following = True
        try:
            self.view.show_choices(self._choices)
        finally:
            self._is_following = False
        chosen = (*self._chosen(), self._choices.modelPath)
        if chosen != self._seen:
            self._seen = chosen
            self._watcher.watch(chosen[:2])
            self.on_input()
        elif self.state.input.is_done:  # what is done with a prediction has changed, and not the prediction
            self._go_on()

    def _choose(self, segmentation: Any, segment_id: str) -> None:
        self._choices.segmentation, self._choices.segmentID = segmentation, segment_id

    def _chosen(self) -> tuple[Any, Any, str]:
        return self._choices.inputVolume, self._choices.segmentation, self._choices.segmentID

    def show_roi(self) -> None:
        """Centre the slice views on the ROI."""
        segments.show_in_slices(self._scene, segments.roi_centre(*self._chosen()[1:]))

    def on_history_row(self, row: int) -> None:
        segments.show_in_slices(self._scene, history_centre(self._scene, row))

    # Input: checked once it rests, compared with what the result was made from

    def on_input(self) -> None:
        """Until the check that follows says otherwise, a result counts as out of date."""
        self._input_number += 1
        self.state.touch()
        self._application.timer.start()
        self.render()

    def on_rest(self) -> None:
        """The input has rested: examine it, in four turns of the event loop, so that none holds up a stroke."""
        if self._choices is None or segments.what_to_choose(*self._chosen()):
            self.check()
            return
        try:
            case = segments.chosen_case(*self._chosen())
            prepared = case.prepared()
        except InputError:
            self.check()  # which says what is wrong
            return
        if self._choices.live:
            self.logic.extractAhead(prepared)  # by a helper, while this process examines the input
        self._soon(lambda: self._refuse_errors(case, prepared))

    def _refuse_errors(self, case: Case, prepared: Prepared) -> None:
        try:
            own = prepare(case, prepared)
        except InputError:
            self.check()
            return
        self._soon(lambda: self._examine(own))

    def _examine(self, own: PreparedCase) -> None:
        checked = own.checked()
        self._soon(lambda: self._check(lambda: checked))

    def _soon(self, step: Callable[[], None]) -> None:
        """Go on after a pause, unless the input has changed by then."""
        seen = self._input_number
        self._application.soon(lambda: step() if seen == self._input_number else None)

    def check(self) -> None:
        """Examine the input now: its findings, whether it can be predicted, whether the result is still its own."""
        self._check(lambda: self.logic.prepare(*self._chosen()))

    def _check(self, prepare: Callable[[], CheckedCase]) -> None:
        choices = self._choices
        if choices is None:
            return
        segments.choose_defaults(self._scene, choices, self.ui.segmentSelector)
        self._application.timer.stop()
        self.view.show_volume(choices.inputVolume, self._application.dicom_database())
        self.state.input = InputCheck.of(
            lambda: self.logic.model(choices.modelPath),
            prepare,
            self.logic.requireBackend,
            segments.what_to_choose(*self._chosen()),
        )
        self._record_section.look_for_readers(choices.inputVolume, choices.segmentation)
        self._go_on()

    def _go_on(self) -> None:
        """Do what follows from a checked input by itself, and show all."""
        self.state.check_outline(
            self._choices.checkOutline, lambda of: self.logic.checkOutline(of, self._on_outline_check)
        )
        if self._choices.live:
            self.logic.helpers.warm_up()
            self.state.follow(lambda *of: self.logic.assessLive(*of, self._on_live))
        else:
            self.state.end_following()
        self.render()

    def on_sample(self) -> None:
        self._choices.inputVolume, *outline = self.logic.loadSampleCase()
        self._choose(*outline)
        self.show_roi()
        self.check()

    def on_new_segment(self) -> None:
        self._choose(*segments.add_tumour_segment(self._scene, *self._chosen()[:2]))

    def on_remedy(self, remedy: str) -> None:
        """Mend what a finding is about, if it still is."""
        self.check()
        if any(finding.remedy == remedy for finding in self.state.findings):
            self.ui.segmentEditorWidget.saveStateForUndo()
            self.state.attempt(lambda: segments.mend(*self._chosen(), remedy))
            self.check()

    def on_predict(self) -> None:
        """Predict; a click that came before the input had rested counts."""
        if self._choices is None:
            return
        if not self.state.input.is_done:
            self.check()
        if self.state.is_ready:
            self._choices.lastResult = ""
            self.state.predict(lambda *of: self.logic.assessPrepared(*of, self._on_done))
            self.render()

    def on_cancel(self) -> None:
        self.state.cancel()

    def on_stop_outline_check(self) -> None:
        """Leave the result without its stability."""
        self.state.end_outline_check()
        self.render()

    def _on_done(self, assessment: Assessment | None, error: Exception | None) -> None:
        if self.state.run is None:  # an abandoned one has no panel to tell
            return
        if self.state.end(assessment, error):
            self._record_section.record(self.logic.getParameterNode(), live=False)
        if self._choices is not None and self.state.input.is_done:
            self._go_on()
        else:  # the input has changed meanwhile, and is checked once it rests
            self.render()
        # A turn for the rows to take their places, and then into view with them.
        self._application.later(lambda: self._application.later(self._application.reveal))

    def _on_live(self, run: Run, assessment: Assessment | None, error: Exception | None) -> None:
        if self.state.take_followed(run, assessment, error):
            self._record_section.record(self.logic.getParameterNode(), live=True)
        self.render()

    def _on_outline_check(self, check: OutlineCheck) -> None:
        if self.state.follow_outline_check(check):
            self._record_section.complete(self.logic.getParameterNode())
        self.render()

    def render(self) -> None:
        choices, may_show = self._choices, self._choices is not None
        self.view.show(self.state, may_show and choices.inputVolume is not None, self.logic.helpers.problem)
        result = self.view.gauged
        self._view_line.show(view_line(result) if result is not None and may_show and choices.showInViews else "")
        self._application.show(result, may_show and self.state.may_be_asked, may_show and self.state.run is not None)
