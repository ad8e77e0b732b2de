"""OutlineCheck: how much a result depends on the outline, measured in the background while the user goes on."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from ..assess import Assessment
from ..case.case import Case
from ..errors import InputError
from ..features import Features
from ..helper.pool import Helpers, VariedOutline
from ..helper.task import NoHelperError
from ..i18n import tr as _
from ..outline.perturbation import Outline
from ..outline.stability import COUNT, Stability, Variation, differences, neighbourhood, summarise
from .background import Extract, Later, Running


class OutlineCheck:
    """A check that is running; it starts by itself.

    Helper processes make and predict the variations of the outline as it was drawn, several at once. What they cannot
    do, where none can run, the backend of the application does, one variation after the other. `changed` is called with
    the check after every variation, and once more when it is over, unless it was cancelled.

    `total` are the variations; `stability` is there once it is over and has come to an end, `message` says why it has
    not; `slow_since` why it takes longer than usual, empty where it does not.
    """

    def __init__(
        self,
        assessment: Assessment,
        helpers: Helpers,
        extract: Extract,
        later: Later,
        changed: Callable[[OutlineCheck], None],
    ) -> None:
        self.total = COUNT
        self.is_over = False
        self.stability: Stability | None = None
        self.message = self.slow_since = ""
        self._assessment, self._helpers, self._extract = assessment, helpers, extract
        self._later, self._changed = later, changed
        self._found: dict[int, Variation] = {}
        self._left: list[int] = []
        self._outline: Outline | None = None
        self._varied: VariedOutline | None = None
        self._extraction: Running | None = None
        later(self._guarded(self._begin))

    @property
    def done(self) -> int:
        """Variations that have come to their end."""
        return len(self._found)

    def cancel(self) -> None:
        """Stop; nothing is told of it."""
        self._close()
        if self._extraction is not None:
            self._extraction.cancel()

    def _begin(self) -> None:
        try:
            self._varied = self._helpers.vary(self._assessment.case)
        except NoHelperError as error:
            self._do_without(range(self.total), str(error))
            return
        for index in range(self.total):
            self._varied.ask(index, self._guarded(functools.partial(self._answered, index)))

    def _answered(self, index: int, answer: dict[str, Any] | None, error: Exception | None) -> None:
        if isinstance(error, NoHelperError):
            self._do_without([index], str(error))
        elif answer is None:
            raise error or RuntimeError("a helper gave no answer")
        else:
            self._add(index, answer["features"], answer["surface_distance_mm"], answer["volume_change"])

    def _do_without(self, indices: range | list[int], reason: str) -> None:
        """Leave variations to the application's backend."""
        self.slow_since = reason
        self._left.extend(indices)
        if self._extraction is None and len(self._left) == len(indices):
            self._later(self._guarded(self._next))
            self._changed(self)

    def _next(self) -> None:
        if self._extraction is not None or not self._left:
            return
        index = self._left.pop(0)
        if self._outline is None:
            self._outline = Outline.of(neighbourhood(self._assessment.case))
        drawn, varied = self._outline.case, self._outline.variation(index)
        try:
            prepared = varied.prepared()
        except InputError:
            self._end_one(drawn, varied, index, None)
            return

        def ended(values: Features | None, error: Exception | None) -> None:
            self._extraction = None
            if values is None and error is None:  # stopped from elsewhere, as by the scene that is closed
                self._end(_("It was cancelled."))
            elif error is not None and not isinstance(error, InputError):
                raise error
            else:
                self._end_one(drawn, varied, index, values)

        try:
            self._extraction = self._extract(prepared, self._guarded(ended))
        except InputError as error:
            self._end(str(error))

    def _end_one(self, drawn: Case, varied: Case, index: int, values: Features | None) -> None:
        self._add(index, values, *differences(drawn, varied))
        self._later(self._guarded(self._next))

    def _add(self, index: int, values: Features | None, surface_distance_mm: float, volume_change: float) -> None:
        self._found[index] = Variation.of(self._assessment.model, values, surface_distance_mm, volume_change)
        if self.done < self.total:
            self._changed(self)
            return
        found = [self._found[number] for number in range(self.total)]
        self.stability = summarise(found, self._assessment.probability, self._assessment.threshold)
        self._end("")

    def _guarded(self, step: Callable[..., None]) -> Callable[..., None]:
        """`step` as long as the check goes on; what it did not foresee ends the check, and stands in the log."""

        def guarded(*arguments: Any) -> None:
            if self.is_over:
                return
            try:
                step(*arguments)
            except Exception:
                logging.exception("A variation of the outline could not be predicted")
                self._end(_("It failed unexpectedly; the error log of the application says where."))

        return guarded

    def _end(self, message: str) -> None:
        self.message = message
        self._close()
        self._changed(self)

    def _close(self) -> None:
        self.is_over = True
        if self._varied is not None:
            self._varied.close()
