"""Where Slicer's stand-in or slicer-core cannot run, the reason is true, and nothing else stops."""

from __future__ import annotations

import importlib.util
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import hosts

TESTING = Path(__file__).resolve().parents[1]
NO_LIBRARY = "libnone.so.9: cannot open shared object file: No such file or directory"
PACKAGES = "libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0"


class HostsTestCase(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def broken(self, package: str, error: str) -> Path:
        """A folder with a package of that name that cannot be imported."""
        path = self.folder / package / "__init__.py"
        path.parent.mkdir()
        path.write_text(f"raise {error}\n")
        return self.folder


class SlicerCoreTest(HostsTestCase):
    def reason(self) -> str:
        return runpy.run_path(hosts.__file__)["NO_SLICER"]

    def test_where_it_is_not_installed_that_is_said(self) -> None:
        with mock.patch.dict(sys.modules, {"slicer": None}):
            self.assertEqual(self.reason(), "neither Slicer nor slicer-core is installed")

    def test_where_it_does_not_load_the_library_is_named(self) -> None:
        folder = self.broken("slicer", f"ImportError({NO_LIBRARY!r}, name='slicer_core.MRMLCore')")
        with mock.patch.dict(sys.modules), mock.patch.object(sys, "path", [str(folder), *sys.path]):
            sys.modules.pop("slicer", None)
            self.assertEqual(self.reason(), f"slicer-core is installed but cannot be loaded: {NO_LIBRARY}")

    @unittest.skipIf(hosts.NO_SLICER, hosts.NO_SLICER)
    def test_where_it_loads_there_is_no_reason(self) -> None:
        self.assertEqual(self.reason(), "")


@unittest.skipUnless(Path(sys.executable).name.startswith("python"), "the stand-in is for use outside of Slicer")
class StandInTest(HostsTestCase):
    def start(self, *arguments: str, paths: list[Path]) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=TESTING.parent,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "COLUMNS": "300"},
            capture_output=True,
            text=True,
            timeout=300,
        )

    def test_the_reason_why_it_does_not_start_is_the_true_one(self) -> None:
        for error, reason in (
            (f"ImportError({NO_LIBRARY!r})", f"libnone.so.9 is missing: apt-get install {PACKAGES}"),
            ("ModuleNotFoundError(\"No module named 'PySide6'\")", "PySide6 is not installed"),
            (
                "ImportError('undefined symbol: none')",
                "PySide6 is installed but cannot be loaded: undefined symbol: none",
            ),
        ):
            with self.subTest(reason):
                folder = self.broken("PySide6", error)
                result = self.start("-c", "import host; host.start()", paths=[folder, TESTING / "SlicerHost"])
                self.assertEqual(result.stderr.splitlines()[-1], f"unittest.case.SkipTest: {reason}")
                shutil.rmtree(folder / "PySide6")

    @unittest.skipIf(hosts.NO_SLICER, hosts.NO_SLICER)
    @unittest.skipIf(importlib.util.find_spec("pytest") is None, "pytest is not installed")
    def test_without_qt_what_needs_slicer_core_alone_is_tested_and_the_last_line_counts_the_rest(self) -> None:
        tests = [str(TESTING / "Python" / name) for name in ("test_pythonqt.py", "test_nodes.py")]
        only = ("-k", "PythonQtMannersTest or nodes_equal_files")
        result = self.start(
            *("-m", "pytest", "-c", "pyproject.toml", "-p", "no:cacheprovider", *tests, *only),
            paths=[self.broken("PySide6", f"ImportError({NO_LIBRARY!r})")],
        )
        self.assertEqual(result.returncode, 0, result.stdout)
        said = result.stdout.splitlines()
        self.assertRegex(said[-1], rf"\A(\d+) tests skipped for want of libnone.so.9: apt-get install {PACKAGES}\Z")
        skipped = said[-1].partition(" ")[0]
        self.assertRegex(said[-2], rf"\b[1-9]\d* passed, {skipped} skipped\b")


if __name__ == "__main__":
    unittest.main()
