"""InputCheck: what an examination of the panel's input has found; the next one takes its place as a whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..assess import CheckedCase
from ..errors import InputError
from ..findings.finding import Finding
from ..i18n import tr as _
from ..model.model import Model
from .background import input_digest

_Part = TypeVar("_Part")


@dataclass(frozen=True, eq=False)
class InputCheck:
    """The present input, as far as it has been examined.

    `is_done`: has it been examined since it changed? `ready` is what can be predicted; None while nothing can. `model`
    is None where the chosen one cannot be used, `model_error` why. `reason` is why no prediction can be started; empty
    while one can. `digest` is that of `background.input_digest`; empty while it is not known. `was_ready`: could the
    input be predicted before it changed?
    """

    is_done: bool = False
    ready: CheckedCase | None = None
    model: Model | None = None
    model_error: str = ""
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    digest: str = ""
    was_ready: bool = False

    @classmethod
    def of(
        cls,
        load_model: Callable[[], Model],
        prepare: Callable[[], CheckedCase],
        require_backend: Callable[[], None],
        to_do: str = "",
    ) -> InputCheck:
        """Examine an input; each of the first three arguments gives its part or raises InputError.

        `to_do` is what the user has still to choose before there is an input to examine; empty where that is nothing.
        """
        refusals: dict[str, str] = {}

        def attempt(code: str, part: Callable[[], _Part]) -> _Part | None:
            try:
                return part()
            except InputError as error:
                refusals[code] = str(error)
                return None

        model = attempt("model", load_model)
        attempt("backend", require_backend)
        checked = None if to_do else attempt("input", prepare)
        refused = tuple(Finding(code, "error", message) for code, message in reversed(refusals.items()))
        return cls(
            is_done=True,
            ready=None if refusals else checked,
            model=model,
            model_error=refusals.get("model", ""),
            reason=to_do or next(iter(refusals.values()), ""),
            findings=refused if checked is None else (*refused, *checked.findings),
            digest="" if checked is None or model is None else input_digest(checked, model),
        )

    def outdated(self) -> InputCheck:
        """The same once the input may have changed: nothing is ready, and nothing can be current."""
        return dataclasses.replace(
            self,
            is_done=False,
            ready=None,
            reason=_("Checking the input."),
            digest="",
            was_ready=self.ready is not None if self.is_done else self.was_ready,
        )
