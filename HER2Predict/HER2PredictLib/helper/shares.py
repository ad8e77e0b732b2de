"""The features of one prepared pair, asked of two helpers side by side."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..features import Features, joined
from . import messages
from .task import Task

#: Two halve the time; each of more would begin with the same resampling, and most of the rest is one image type.
MOST = 2

Ended = Callable[[Features | None, Exception | None], None]


class Shares:
    """A request that `count` tasks answer together; `ask` hands them to helpers.

    `ended` is called once, with the features or why there are none, and never once this was cancelled. Where a share is
    refused, the whole is asked for: what is said of it must not depend on how many helpers there are. `file`, with
    these `images`, is deleted when no helper needs it any more.
    """

    def __init__(
        self, ask: Callable[[Task], Any], count: int, file: Path, images: messages.Message, ended: Ended
    ) -> None:
        self._ask, self._file, self._images, self._ended = ask, file, images, ended
        self._unended = 0
        self._tasks: list[Task] = []
        self._start(count)

    def cancel(self) -> None:
        """Nobody waits any more."""
        for task in self._tasks:
            task.cancel()

    def _start(self, count: int) -> None:
        found: list[tuple[int, Features]] = []
        request = {"do": "features", "file": self._file.name, "images": self._images}
        answered = functools.partial(self._on_answer, found)
        self._tasks = [
            Task({**request, "share": [number, count]}, answered, self._on_over) for number in range(count)
        ]
        self._unended += count
        self._missing = count
        for task in self._tasks:
            self._ask(task)

    def _on_answer(
        self, found: list[tuple[int, Features]], answer: messages.Message | None, error: Exception | None
    ) -> None:
        if answer is None:
            self.cancel()
            if isinstance(error, InputError) and len(self._tasks) > 1:
                self._start(1)
            else:
                self._ended(None, error)
            return
        found += [(place, values) for place, values in answer["features"]]
        self._missing -= 1
        if not self._missing:
            self._ended(joined(found), None)

    def _on_over(self) -> None:
        self._unended -= 1
        if not self._unended:
            self._file.unlink(missing_ok=True)
