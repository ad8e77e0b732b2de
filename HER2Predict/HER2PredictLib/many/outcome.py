"""What came of the work on one case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

#: Called with the work done and its total.
Progress = Callable[[int, int], None]


class Keyed(Protocol):
    """What is worked on: named by what decides its result."""

    @property
    def key(self) -> str: ...


@dataclass(frozen=True)
class Exclusion:
    """Why one case is left out.

    The code is that of the `InputError` or the finding, or one of `processes`. The message is for the researcher alone:
    it may name files and patients.
    """

    code: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What came of a task, or why there is nothing."""

    key: str
    row: Any = None
    failure: Exclusion | None = None
