"""PanelState: what the panel knows and may show, apart from how; a result is current for its own input alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from .. import assess
from ..assess import Assessment, CheckedCase
from ..errors import InputError
from ..findings.finding import Finding
from ..i18n import tr as _
from ..model.model import Model
from ..outputs.dicom.sources import not_from_dicom
from ..result.result import Result, now
from .background import Run
from .input_check import InputCheck
from .outline_check import OutlineCheck

#: nothing: no result; current: made from the present input; out-of-date: made from another.
Standing = Literal["nothing", "running", "current", "out-of-date"]


class PanelState:
    """The state of one panel.

    `message` is how the last prediction ended, where it left no result, or why a remedy was refused. `result` and
    `assessment` are of the last prediction; of a result that was loaded with its scene there is no assessment. `run`
    was asked for, `live_run` follows the outline, `outline_check` is of the result: each is None unless it is running.
    `outline_message` is how the last check ended, where it left no stability.
    """

    def __init__(self) -> None:
        self.input = InputCheck()
        self.message = ""
        self.result: Result | None = None
        self.assessment: Assessment | None = None
        self.run: Run | None = None
        self.live_run: Run | None = None
        self.outline_check: OutlineCheck | None = None
        self.outline_message = ""
        self._is_check_due = False

    @property
    def standing(self) -> Standing:
        if self.run is not None:
            return "running"
        if self.result is None:
            return "nothing"
        return "current" if self.input.digest and self.input.digest == self.result.digest else "out-of-date"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What there is to know of the present input, and of its result where it has one."""
        if self.result is not None and self.standing == "current":
            own = tuple(finding for finding in self.input.findings if finding.severity == "error")
            return (*own, *self.result.findings)
        return self.input.findings

    @property
    def is_ready(self) -> bool:
        return self.input.ready is not None and self.run is None

    @property
    def may_be_asked(self) -> bool:
        """May a prediction be asked for? While the input is still to be checked nobody knows better."""
        return self.is_ready or (not self.input.is_done and self.input.was_ready and self.run is None)

    @property
    def no_record_reason(self) -> str:
        """Why features, picture and scatter cannot be made of the result; empty where they can."""
        if self.standing != "current":
            return _("Predict first.")
        return "" if self.assessment else _("This result came with its scene; predict again to have its features.")

    @property
    def no_scatter_reason(self) -> str:
        """Why this patient cannot be shown among the training patients; empty where it can."""
        if self.input.model is not None and self.input.model.training_scores is None:
            return _("This model does not hold the scores of its training patients; they cannot be shown.")
        return self.no_record_reason

    @property
    def no_study_reason(self) -> str:
        """Why the result cannot go back to a DICOM study; empty where, for all that is known, it can."""
        if self.assessment is None or self.assessment.case.volume.instance_uids:
            return self.no_record_reason
        return self.no_record_reason or str(not_from_dicom())

    def no_comparison_reason(self, outlines: int) -> str:
        """Why readers cannot be compared on the volume with so many segments that hold voxels; empty where they can."""
        if outlines < 2:
            return _("Outline the tumour in a second segment first, as another reader would.")
        own = (finding.message for finding in self.input.findings if finding.code in ("model", "backend"))
        return next(own, "")

    def touch(self) -> None:
        """The input may have changed: until it is checked, a result counts as out of date."""
        self.input = self.input.outdated()
        self.end_following()

    def check_outline(self, is_wanted: bool, start: Callable[[Assessment], OutlineCheck]) -> None:
        """Check how much a result that was asked for depends on the outline, while it is current, until that is known.

        Where it is not wanted, a check that is running stops.
        """
        if not is_wanted or self.assessment is None or self.result is None or self.standing != "current":
            self._pause_outline_check()
        elif self._is_check_due and self.outline_check is None:
            self.outline_check = start(self.assessment)

    def end_outline_check(self) -> None:
        """Stop the check of the outline and leave it at that."""
        self._is_check_due = False
        self._pause_outline_check()

    def _pause_outline_check(self) -> None:
        check, self.outline_check = self.outline_check, None
        if check is not None:
            check.cancel()

    def follow_outline_check(self, check: OutlineCheck) -> bool:
        """Take what a check has brought; True where that is a result with its stability."""
        if check is not self.outline_check or not check.is_over:
            return False
        self.outline_check, self.outline_message, self._is_check_due = None, check.message, False
        if check.stability is None or self.assessment is None or self.result is None:
            return False
        self.assessment = assess.with_stability(self.assessment, check.stability)
        self.result = self.assessment.result(self.result.digest, self.result.time)
        return True

    def attempt(self, remedy: Callable[[], None]) -> None:
        self.message = ""
        try:
            remedy()
        except InputError as error:
            self.message = str(error)

    def restore(self, text: str) -> None:
        """Take the result that was saved with a scene, unless it is the one at hand."""
        if self.run is not None or (self.result is not None and text == self.result.to_json()):
            return
        self.end_outline_check()
        self.result, self.assessment = Result.from_json(text), None

    def predict(self, start: Callable[[CheckedCase, Model], Run]) -> None:
        """Start a prediction of the present input in the background, if there is one; the earlier result is gone."""
        if self.input.ready is None or self.input.model is None:
            return
        self.end_following()
        self._forget()
        try:
            self.run = start(self.input.ready, self.input.model)
        except InputError as error:
            self.message = str(error)

    def cancel(self) -> None:
        """Ask the run to stop; `end` follows when it has."""
        if self.run is not None:
            self.run.cancel()

    def abandon(self) -> None:
        """Stop what is running, with nobody there to be told."""
        self.end_outline_check()
        self.end_following()
        run, self.run = self.run, None
        if run is not None:
            run.cancel()

    def end(self, assessment: Assessment | None, error: Exception | None) -> bool:
        """Take what the run has brought; True where that is a result."""
        run, self.run = self.run, None
        if run is None:
            return False
        if assessment is not None:
            self._take(assessment, run.digest)
            self._is_check_due = True
        else:
            self.message = _("Cancelled.") if error is None else _failure(error)
        return assessment is not None

    def follow(self, start: Callable[[CheckedCase, Model], Run]) -> None:
        """Start to predict the present input, unless the result is its own; the earlier result stays until then."""
        if self.input.ready is None or self.input.model is None or self.standing in ("running", "current"):
            return
        self.end_following()
        try:
            self.live_run = start(self.input.ready, self.input.model)
        except InputError as error:
            self.message = str(error)

    def end_following(self) -> None:
        """Stop the prediction that follows the outline; another takes its place, or none."""
        run, self.live_run = self.live_run, None
        if run is not None:
            run.cancel()

    def take_followed(self, run: Run, assessment: Assessment | None, error: Exception | None) -> bool:
        """Take what a prediction that followed the outline has brought; True where that is a result."""
        if run is not self.live_run:
            return False
        self.live_run = None
        self._forget()
        if assessment is not None:
            self._take(assessment, run.digest)
        elif error is not None:
            self.message = _failure(error)
        return assessment is not None

    def _forget(self) -> None:
        self.end_outline_check()
        self.result, self.assessment, self.message, self.outline_message = None, None, "", ""

    def _take(self, assessment: Assessment, digest: str) -> None:
        self.assessment, self.result = assessment, assessment.result(digest, now())


def _failure(error: Exception) -> str:
    if isinstance(error, InputError):
        return str(error)
    return _("The prediction failed unexpectedly; the error log of the application says where.")
