"""OutlineCheck: how much a result depends on the outline, measured in the background, one variation after another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from .assess import Assessment
from .background import Extraction, Start
from .case import Case, Prepared
from .errors import InputError
from .features import Features
from .i18n import tr as _
from .stability import Stability, Variation, neighbourhood, summarise, variation_of, variations

#: Variations of the outline; about one second each with SlicerRadiomics.
COUNT = 20


class OutlineCheck:
    """A check that is running; it starts by itself, and its nodes leave the scene however it ends.

    Parameters
    ----------
    scene : vtkMRMLScene
    assessment : Assessment
        Of the outline as it was drawn.
    stamp : str
        Of the input of that assessment.
    start : callable
        See `background.Start`.
    later : callable
        Calls a function once the application has seen to its user.
    changed : callable
        Called with the check after every variation, and once more when it is over, unless it was cancelled.

    Attributes
    ----------
    stamp : str
    done, total : int
        Variations.
    is_over : bool
    stability : Stability or None
        Once it is over and has come to an end.
    message : str
        Why it has not.
    """

    def __init__(
        self,
        scene: Any,
        assessment: Assessment,
        stamp: str,
        start: Start,
        later: Callable[[Callable[[], None]], None],
        changed: Callable[[OutlineCheck], None],
    ) -> None:
        self.stamp, self.done, self.total = stamp, 0, COUNT
        self.is_over = False
        self.stability: Stability | None = None
        self.message = ""
        self._scene, self._assessment, self._start, self._later, self._changed = (
            scene,
            assessment,
            start,
            later,
            changed,
        )
        self._drawn = neighbourhood(assessment.preparation.case)
        self._varied: Iterator[Case] = variations(self._drawn, self.total)
        self._found: list[Variation] = []
        self._extraction: Extraction | None = None
        later(self._next)

    def cancel(self) -> None:
        """Stop; nothing is told of it."""
        self.is_over = True
        if self._extraction is not None:
            self._extraction.cancel()

    def _next(self) -> None:
        if self.is_over:
            return
        if self.done == self.total:
            probability, threshold = self._assessment.probability, self._assessment.threshold
            self.stability = summarise(self._found, probability, threshold)
            self._end("")
            return
        varied = next(self._varied)
        prepared = _prepared(varied)
        if prepared is None:
            self._add(varied, None)
            return
        try:
            self._extraction = Extraction(
                self._scene, prepared, self._start, lambda values, error: self._on_features(varied, values, error)
            )
        except InputError as error:
            self._end(str(error))

    def _on_features(self, varied: Case, values: Features | None, error: Exception | None) -> None:
        self._extraction = None
        if self.is_over:
            return
        if values is None and error is None:  # stopped from elsewhere, as by the scene that is closed
            self._end(_("It was cancelled."))
            return
        if error is not None and not isinstance(error, InputError):
            self._end(_("It failed unexpectedly; the error log of the application says where."))
            return
        self._add(varied, values)

    def _add(self, varied: Case, values: Features | None) -> None:
        try:
            probability = None if values is None else self._assessment.model.predict(values).probability
            self._found.append(variation_of(self._drawn, varied, probability))
        except Exception:
            logging.exception("A variation of the outline could not be predicted")
            self._end(_("It failed unexpectedly; the error log of the application says where."))
            return
        self.done += 1
        self._changed(self)
        self._later(self._next)

    def _end(self, message: str) -> None:
        self.is_over, self.message = True, message
        self._changed(self)


def _prepared(case: Case) -> Prepared | None:
    """What the features of a variation are computed on; None where they cannot be."""
    try:
        return case.prepared()
    except InputError:
        return None
