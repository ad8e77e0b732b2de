"""A request to a helper, who waits for its answer, and the process that it goes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from . import messages


class Process(Protocol):
    """A process that was started."""

    def write(self, data: bytes) -> None:
        """To its standard input; nothing happens where it has ended."""

    def kill(self) -> None:
        """End it at once."""


#: Starts this Python with the arguments given. The first function is called with every piece of its standard output,
#: the second once with the reason, when it has ended or could not be started; neither from within the call.
Launch = Callable[[list[str], Callable[[bytes], None], Callable[[str], None]], Process]


class Cancellable(Protocol):
    """A request that is waited for."""

    def cancel(self) -> None:
        """Nobody waits any more."""


class NoHelperError(Exception):
    """No helper could answer; the message says why."""


@dataclass(eq=False)
class Task:
    """A request, and who waits for its answer.

    `answered` is called once, with the answer or why there is none; never once it was cancelled. `over` is called when
    no helper needs its files any more, cancelled or not; `deaths` are helpers that died while they were at it.
    """

    request: messages.Message
    answered: Callable[[messages.Message | None, Exception | None], None]
    over: Callable[[], None] = lambda: None
    is_cancelled: bool = False
    deaths: int = 0

    def cancel(self) -> None:
        """Nobody waits any more."""
        self.is_cancelled = True

    def end(self, answer: messages.Message | None, error: Exception | None) -> None:
        try:
            if not self.is_cancelled:
                self.is_cancelled = True
                self.answered(answer, error)
        finally:
            self.over()
