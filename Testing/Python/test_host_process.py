"""QProcess as the panel's helper uses it: its signals, its pipes and its ends, in Slicer or in its stand-in."""

from __future__ import annotations

import sys
import unittest
from typing import Any

import panel

#: Answers every line with itself in capitals and ends when its standard input does.
ECHO = """
import os, sys
print("ready", os.environ.get("HER2PREDICT_WORD", ""), flush=True)
for line in sys.stdin:
    print(line.strip().upper(), flush=True)
sys.exit(3)
"""

slicer: Any = None


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


class ProcessTest(unittest.TestCase):
    def setUp(self) -> None:
        import qt

        self.qt = qt
        self.process = qt.QProcess()
        self.text = b""
        self.ends: list[tuple[int, bool]] = []
        self.errors: list[Any] = []
        for signal, slot in (
            ("readyReadStandardOutput()", self._read),
            ("finished(int,QProcess::ExitStatus)", self._finished),
            ("errorOccurred(QProcess::ProcessError)", self.errors.append),
        ):
            self.assertTrue(self.process.connect(signal, slot), signal)
        self.addCleanup(self._end)

    def _read(self) -> None:
        self.text += self.process.readAllStandardOutput().data()

    def _finished(self, code: int, status: Any) -> None:
        self.ends.append((code, status == self.qt.QProcess.NormalExit))

    def _end(self) -> None:
        self.process.kill()
        self.process.waitForFinished(5000)

    def _start(self) -> None:
        self.process.start(sys.executable, ["-u", "-c", ECHO])
        panel.wait(lambda: b"ready" in self.text)

    def test_it_answers_and_ends_when_its_input_is_closed(self) -> None:
        self._start()
        self.assertEqual(self.process.write(self.qt.QByteArray(b"hello\n")), 6)
        panel.wait(lambda: b"HELLO" in self.text)
        self.assertEqual(self.process.state(), self.qt.QProcess.Running)
        self.process.closeWriteChannel()
        panel.wait(lambda: bool(self.ends))
        self.assertEqual((self.ends, self.errors), ([(3, True)], []))
        self.assertEqual(self.process.state(), self.qt.QProcess.NotRunning)

    def test_a_killed_one_says_that_it_crashed(self) -> None:
        self._start()
        self.process.kill()
        panel.wait(lambda: bool(self.ends))
        self.assertFalse(self.ends[0][1])
        self.assertEqual(self.errors, [self.qt.QProcess.Crashed])

    def test_what_does_not_exist_fails_to_start_and_never_finishes(self) -> None:
        self.process.start("/no/such/program", [])
        panel.wait(lambda: bool(self.errors))
        self.assertEqual((self.errors, self.ends), ([self.qt.QProcess.FailedToStart], []))

    def test_the_environment_can_be_given(self) -> None:
        environment = self.qt.QProcessEnvironment.systemEnvironment()
        environment.insert("HER2PREDICT_WORD", "given")
        self.process.setProcessEnvironment(environment)
        self._start()
        self.assertIn(b"given", self.text)

    def test_a_signal_of_another_signature_is_none(self) -> None:
        self.assertFalse(self.process.connect("finished()", print))
        self.assertFalse(self.process.connect("readyReadStandardOutput", print))


if __name__ == "__main__":
    unittest.main()
