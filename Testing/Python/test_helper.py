"""Helper processes, real ones: the same bits as pyradiomics here, and no result lost whatever dies."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from unittest import mock

import numpy as np

from cases import as_image, ct_array, ellipsoid
from HER2PredictLib import features
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.errors import InputError
from HER2PredictLib.helper import messages
from HER2PredictLib.helper.pool import Helpers
from HER2PredictLib.helper.task import NoHelperError
from HER2PredictLib.outline.stability import work_on

PATIENCE_S = 60.0


def case() -> Case:
    """The small case."""
    return Case(Volume(as_image(ct_array()), ""), Roi(as_image(ellipsoid()), ""))


#: A helper that gives one kind of answer, whatever it is asked.
ANSWERS_ALWAYS = """
import json, sys
print(json.dumps({{"ready": True}}), flush=True)
for line in sys.stdin:
    print(json.dumps({{"id": json.loads(line)["id"], "{answer}": "outline more of it"}}), flush=True)
"""


class Processes:
    """Starts real processes, and hands what they say to the thread that asks for it, as an event loop does."""

    def __init__(self, program: list[str] | None = None) -> None:
        self.started: list[subprocess.Popen[bytes]] = []
        self._program = program or [sys.executable]
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def launch(self, arguments: list[str], output: Callable[[bytes], None], ended: Callable[[str], None]) -> Any:
        try:
            started = subprocess.Popen(
                [*self._program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            reason = str(error)
            self._events.put(lambda: ended(reason))
            return mock.Mock()
        self.started.append(started)
        Thread(target=self._listen, args=(started, output, ended), daemon=True).start()
        return Started(started)

    def _listen(
        self, started: subprocess.Popen[bytes], output: Callable[[bytes], None], ended: Callable[[str], None]
    ) -> None:
        while piece := started.stdout.read(4096):
            self._events.put(lambda piece=piece: output(piece))
        status = started.wait()
        started.stdout.close()
        started.stdin.close()
        self._events.put(lambda: ended(f"it ended with status {status}"))

    def wait(self, until: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
        end = time.monotonic() + PATIENCE_S
        while not until():
            if time.monotonic() > end:
                raise AssertionError("waited in vain")
            meanwhile()
            try:
                self._events.get(timeout=0.005)()
            except Empty:
                continue

    def running(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in self.started if process.poll() is None]


class Started:
    """A process as the helpers see it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def write(self, data: bytes) -> None:
        if self._process.poll() is None:
            try:
                self._process.stdin.write(data)
            except (BrokenPipeError, ValueError):
                return

    def kill(self) -> None:
        self._process.kill()


class HelperTest(unittest.TestCase):
    def setUp(self) -> None:
        self.processes = Processes()
        self.helpers = Helpers(self.processes.launch, 2)
        self.addCleanup(self.end)

    def end(self) -> None:
        self.helpers.close()
        self.processes.wait(lambda: not self.processes.running())

    def features(self, prepared: Any) -> tuple[Any, Any]:
        ended: list[tuple[Any, Any]] = []
        self.helpers.features(prepared, lambda values, error: ended.append((values, error)))
        self.processes.wait(lambda: bool(ended))
        return ended[0]

    def test_the_975_values_are_those_of_this_process_to_the_last_bit(self) -> None:
        prepared = case().prepared()
        values, error = self.features(prepared)
        self.assertIsNone(error)
        self.assertEqual(values, features.extract(prepared))
        self.assertEqual(list(values), list(features.feature_names()))

    def test_variations_are_those_of_this_process_to_the_last_bit(self) -> None:
        drawn = case()
        answers: dict[int, Any] = {}
        varied = self.helpers.vary(drawn)
        for index in range(4):
            varied.ask(index, lambda answer, error, index=index: answers.update({index: (answer, error)}))
        self.processes.wait(lambda: len(answers) == 4)
        varied.close()
        here = work_on(drawn)
        for index, (answer, error) in answers.items():
            self.assertIsNone(error)
            found = answer["features"], answer["surface_distance_mm"], answer["volume_change"]
            self.assertEqual(found, here(index))
        self.assertEqual(len(self.processes.started), 2)

    def test_what_the_user_can_mend_comes_back_as_such_and_a_fault_as_a_fault(self) -> None:
        for answer, kind in (("refused", InputError), ("fault", RuntimeError)):
            with self.subTest(answer):
                self.processes = Processes([sys.executable, "-c", ANSWERS_ALWAYS.format(answer=answer)])
                self.helpers = Helpers(self.processes.launch, 1)
                with self.assertLogs() if kind is RuntimeError else contextlib.nullcontext():
                    values, error = self.features(case().prepared())
                self.assertIsNone(values)
                self.assertIs(type(error), kind)
                self.assertEqual(str(error), "outline more of it")
                self.end()

    def test_live_requests_go_before_variations(self) -> None:
        self.helpers = Helpers(self.processes.launch, 1)
        order: list[str] = []
        varied = self.helpers.vary(case())
        for index in range(3):
            varied.ask(index, lambda answer, error: order.append("variation"))
        self.helpers.features(case().prepared(), lambda values, error: order.append("live"))
        self.processes.wait(lambda: len(order) == 4)
        self.assertEqual(order[0], "live")

    def test_a_cancelled_request_is_never_answered_and_leaves_no_file(self) -> None:
        ended: list[Any] = []
        self.helpers.features(case().prepared(), lambda *outcome: ended.append(outcome)).cancel()
        _values, error = self.features(case().prepared())
        self.assertIsNone(error)
        self.assertEqual(ended, [])
        self.assertEqual(list(self.helpers._folder.iterdir()), [])

    def test_ten_kills_at_random_moments_lose_nothing_and_change_nothing(self) -> None:
        drawn, chance = case(), random.Random(4711)
        here = work_on(drawn)
        answers: dict[int, Any] = {}
        kills = 0
        next_kill = time.monotonic() + 0.5

        def kill_one() -> None:
            nonlocal kills, next_kill
            running = self.processes.running()
            if kills < 10 and running and time.monotonic() > next_kill:
                chance.choice(running).kill()
                kills += 1
                next_kill = time.monotonic() + chance.uniform(0.1, 0.8)

        varied = self.helpers.vary(drawn)
        dropped: set[int] = set()
        index = 0
        while kills < 10 or index < 12:
            varied.ask(index, lambda answer, error, index=index: answers.update({index: (answer, error)}))
            index += 1
            self.assertLess(index, 500)
            self.processes.wait(lambda asked=index: len(answers) + len(dropped) >= asked - 3, kill_one)
            if self.helpers.problem:  # killed over and over before it was ready
                self.helpers.close()  # which tells nobody
                dropped.update(set(range(index)) - answers.keys())
                varied = self.helpers.vary(drawn)
        self.processes.wait(lambda: len(answers) + len(dropped) == index)
        self.assertEqual(kills, 10)
        self.assertEqual(sorted([*answers, *dropped]), list(range(index)))
        lost = [number for number, (_answer, error) in answers.items() if error is not None]
        for number in lost:  # died twice over: told, so that the caller computes it in another way
            self.assertIsInstance(answers[number][1], NoHelperError)
        for number, (answer, error) in answers.items():
            if error is None:
                found = answer["features"], answer["surface_distance_mm"], answer["volume_change"]
                self.assertEqual(found, here(number), number)

    def test_where_no_process_can_be_started_everybody_is_told_why(self) -> None:
        self.processes = Processes(["/nowhere/python"])
        self.helpers = Helpers(self.processes.launch, 2)
        values, error = self.features(case().prepared())
        self.assertIsNone(values)
        self.assertIsInstance(error, NoHelperError)
        self.assertIn("/nowhere/python", str(error))
        with self.assertRaises(NoHelperError):
            self.helpers.vary(case())

    def test_where_no_image_can_be_written_everybody_is_told_why(self) -> None:
        with mock.patch("tempfile.mkdtemp", side_effect=OSError("No space left on device")):
            values, error = self.features(case().prepared())
            self.assertIsNone(values)
            self.assertIsInstance(error, NoHelperError)
            self.assertIn("No space left on device", str(error))
            self.helpers.close()
            self.helpers.warm_up()
            self.assertIn("No space left on device", self.helpers.problem)
        self.assertEqual(self.processes.started, [])

    def test_a_python_without_pyradiomics_is_not_tried_again(self) -> None:
        self.processes = Processes([sys.executable, "-S"])  # without site-packages
        self.helpers = Helpers(self.processes.launch, 2)
        _values, error = self.features(case().prepared())
        self.assertIsInstance(error, NoHelperError)
        self.assertIn("ModuleNotFoundError", str(error))
        self.assertLessEqual(len(self.processes.started), 3)

    def test_closing_ends_every_process_and_takes_the_images_away(self) -> None:
        self.features(case().prepared())
        folder = self.helpers._folder
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        self.helpers.close()
        self.processes.wait(lambda: not self.processes.running())
        self.assertFalse(folder.exists())
        values, _error = self.features(case().prepared())  # and a later request starts anew
        self.assertEqual(len(values), 975)

    @unittest.skipUnless(hasattr(signal, "SIGKILL"), "the system knows no SIGKILL")
    def test_a_helper_ends_with_its_application_even_where_that_is_killed(self) -> None:
        with tempfile.TemporaryDirectory() as parent:
            folder = Path(parent) / "images"
            folder.mkdir()
            program = (
                "import subprocess, sys, time\n"
                "p = subprocess.Popen([sys.executable, *sys.argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
                "p.stdout.readline()\n"
                "print(p.pid, flush=True)\n"
                "time.sleep(600)\n"
            )
            from HER2PredictLib.helper.pool import PROGRAM

            application = subprocess.Popen(
                [sys.executable, "-c", program, "-u", str(PROGRAM), str(folder)], stdout=subprocess.PIPE
            )
            helper = int(application.stdout.readline())
            application.kill()
            application.wait()
            application.stdout.close()
            end = time.monotonic() + PATIENCE_S
            while is_alive(helper) and time.monotonic() < end:
                time.sleep(0.02)
            self.assertFalse(is_alive(helper))
            self.assertFalse(folder.exists())


class MessagesTest(unittest.TestCase):
    def test_a_line_may_arrive_in_any_pieces(self) -> None:
        whole = messages.encode({"a": 1}) + messages.encode({"b": 2})
        for at in range(len(whole)):
            lines = messages.Lines()
            found = [*lines.of(whole[:at]), *lines.of(whole[at:])]
            self.assertEqual([messages.decode(line) for line in found], [{"a": 1}, {"b": 2}])

    def test_floats_come_back_with_the_same_bits(self) -> None:
        random_bits = np.random.default_rng(3).integers(0, 2**64, 2000, dtype=np.uint64).view(np.float64)
        values = [float(value) for value in random_bits if np.isfinite(value)]
        self.assertEqual(messages.decode(messages.encode({"values": values}))["values"], values)


def is_alive(process: int) -> bool:
    """Is there such a process, apart from one that has ended and that nobody has asked about?"""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.is_file() and status.read_text().rpartition(")")[2].split()[0] == "Z")


if __name__ == "__main__":
    unittest.main()
