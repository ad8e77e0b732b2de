"""Helpers: keeps helper processes at work, and gets over the death of any of them."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from .. import threads
from ..case.case import Case
from ..case.prepared import Prepared
from ..errors import InputError
from ..i18n import tr as _
from ..outline.stability import neighbourhood
from . import messages
from .shares import MOST, Ended, Shares
from .task import Cancellable, Launch, NoHelperError, Task

#: The program of a helper.
PROGRAM = Path(__file__).with_name("child.py")

#: So many in a row that end before they are ready, and no more are started.
_MOST_FAILED_STARTS = 3

#: A request that this many processes have died of is not tried again.
_MOST_DEATHS = 2


@dataclass(eq=False)
class _Worker:
    process: Any = None
    lines: messages.Lines = field(default_factory=messages.Lines)
    task: Task | None = None
    is_ready: bool = False


@dataclass(eq=False)
class VariedOutline:
    """A case that was handed over, so that variations of its outline can be asked for; to be closed."""

    helpers: Helpers
    file: Path
    images: messages.Message
    tasks: list[Task] = field(default_factory=list)

    def ask(self, index: int, answered: Callable[[messages.Message | None, Exception | None], None]) -> None:
        """Ask for one variation: its ``features`` (None where they are undefined), ``surface_distance_mm`` and
        ``volume_change``."""
        request = {"do": "variation", "file": self.file.name, "images": self.images, "index": index}
        self.tasks.append(self.helpers.ask(Task(request, answered)))

    def close(self) -> None:
        """Ask for no more."""
        for task in self.tasks:
            task.cancel()
        self.file.unlink(missing_ok=True)


class Helpers:
    """A few processes that are started when they are first needed and stay warm until `close`.

    At most `most` run at once. One that dies is replaced, and what it was at is done again. Where several in a row die
    before they are ready or cannot be started, no more are started: `problem`, empty until then, says why, and
    everything ends in `NoHelperError`.
    """

    def __init__(self, launch: Launch, most: int) -> None:
        self.problem = ""
        self._launch, self._most = launch, max(1, most)
        self._workers: list[_Worker] = []
        self._waiting: deque[Task] = deque()
        self._numbers = count(1)
        self._failed_starts = 0
        self._folder: Path | None = None

    def features(self, prepared: Prepared, ended: Ended) -> Cancellable:
        """Compute the features of a prepared pair before anything else that waits.

        `ended` is called once, with the features or why there are none: InputError where they are undefined,
        NoHelperError where there is no helper.
        """
        try:
            file = self._new_file()
            images = messages.write_images(file, image=prepared.image, mask=prepared.mask)
        except OSError as error:
            self._give_up(str(error))
            return self.ask(Task({}, lambda _answer, error: ended(None, error)))
        return Shares(lambda task: self.ask(task, first=True), min(MOST, self._most), file, images, ended)

    def vary(self, case: Case) -> VariedOutline:
        """Hand over a case whose outline is to be varied.

        Raises
        ------
        NoHelperError
            Where there can be no helpers.
        """
        if self.problem:
            raise NoHelperError(self.problem)
        drawn = neighbourhood(case)
        try:
            file = self._new_file()
            images = messages.write_images(file, volume=drawn.volume.image, roi=drawn.roi.image)
        except OSError as error:
            self._give_up(str(error))
            raise NoHelperError(self.problem) from error
        return VariedOutline(self, file, images)

    def warm_up(self) -> None:
        """Start the processes that `features` will need soon."""
        while not self.problem and len(self._workers) < min(MOST, self._most):
            self._start()

    def ask(self, task: Task, first: bool = False) -> Task:
        """Ask for anything that `child` can do, after or before what waits already."""
        task.request["id"] = next(self._numbers)
        if first:
            self._waiting.appendleft(task)
        else:
            self._waiting.append(task)
        self._go_on()
        return task

    def close(self) -> None:
        """End all processes; what still waits is never answered. A later request starts anew."""
        workers, self._workers = self._workers, []
        for task in [*self._waiting, *(worker.task for worker in workers if worker.task)]:
            task.cancel()
        self._waiting.clear()
        for worker in workers:
            worker.process.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder, self.problem, self._failed_starts = None, "", 0

    def _new_file(self) -> Path:
        return self._private_folder() / f"{next(self._numbers)}.npz"

    def _private_folder(self) -> Path:
        """A folder that nobody else can read; OSError where it cannot be made."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="her2predict-"))
        return self._folder

    def _go_on(self) -> None:
        """Give what waits to whoever is free, and start processes while there are too few."""
        self._drop(lambda task: task.is_cancelled or bool(self.problem))
        for worker in self._workers:
            if worker.is_ready and worker.task is None and self._waiting:
                worker.task = self._waiting.popleft()
                worker.process.write(messages.encode(worker.task.request))
        starting = sum(not worker.is_ready for worker in self._workers)
        for _number in range(min(len(self._waiting) - starting, self._most - len(self._workers))):
            self._start()

    def _drop(self, is_over: Callable[[Task], bool]) -> None:
        """End what waits in vain."""
        over = [task for task in self._waiting if is_over(task)]
        self._waiting = deque(task for task in self._waiting if task not in over)
        for task in over:  # who is told may ask again at once
            task.end(None, NoHelperError(self.problem))

    def _start(self) -> None:
        try:
            folder = self._private_folder()
        except OSError as error:
            self._give_up(str(error))
            return
        worker = _Worker()
        self._workers.append(worker)
        with threads.one_in_children():
            worker.process = self._launch(
                ["-u", str(PROGRAM), str(folder)],
                lambda piece: self._on_output(worker, piece),
                lambda reason: self._on_end(worker, reason),
            )

    def _on_output(self, worker: _Worker, piece: bytes) -> None:
        for line in worker.lines.of(piece):
            if worker not in self._workers:  # closed meanwhile
                return
            self._take(worker, messages.decode(line))
        if worker in self._workers:
            self._go_on()

    def _take(self, worker: _Worker, answer: messages.Message) -> None:
        if "ready" in answer:
            worker.is_ready = True
            self._failed_starts = 0
            return
        if "unfit" in answer:
            self._give_up(answer["unfit"])
            return
        task, worker.task = worker.task, None
        if task is None or answer.get("id") != task.request["id"]:
            raise ValueError(f"a helper answered {answer.get('id')}, which nobody asked")
        if task.is_cancelled:  # its images may be gone already
            task.end(None, None)
        elif "fault" in answer:
            logging.error("A helper process failed:\n%s", answer["fault"])
            task.end(None, RuntimeError(answer["fault"].strip().splitlines()[-1]))
        elif "refused" in answer:
            task.end(None, InputError(answer["refused"]))
        else:
            task.end(answer, None)

    def _on_end(self, worker: _Worker, reason: str) -> None:
        if worker not in self._workers:
            return
        self._workers.remove(worker)
        if not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts >= _MOST_FAILED_STARTS:
                self._give_up(reason)
        task = worker.task
        if task is not None:
            task.deaths += 1
            if task.deaths < _MOST_DEATHS:
                self._waiting.appendleft(task)
            else:
                task.end(None, NoHelperError(reason))
        self._go_on()

    def _give_up(self, reason: str) -> None:
        self.problem = self.problem or _("the helper process does not run ({reason})").format(reason=reason)
        self._drop(lambda task: True)
