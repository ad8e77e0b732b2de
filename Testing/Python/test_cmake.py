"""The CMake lists name every file of the module: what is not listed is not installed."""

from __future__ import annotations

import re
import struct
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "HER2Predict"


def listed(name: str, text: str) -> list[str]:
    """Entries of ``set(name ...)`` with the module's name filled in."""
    found = re.search(rf"set\({name}\s+(.*?)\)", text, re.DOTALL)
    if found is None:
        raise AssertionError(f"CMakeLists.txt sets no {name}")
    return found.group(1).replace("${MODULE_NAME}", "HER2Predict").split()


@unittest.skipUnless((MODULE / "CMakeLists.txt").is_file(), "runs in the source tree only")
class ModuleListsTest(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.text = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")

    def test_every_python_file_is_listed_once(self) -> None:
        present = [path.relative_to(MODULE).as_posix() for path in MODULE.rglob("*.py")]
        self.assertEqual(sorted(listed("MODULE_PYTHON_SCRIPTS", self.text)), sorted(present))

    def test_every_resource_is_listed_once(self) -> None:
        present = [path.relative_to(MODULE).as_posix() for path in (MODULE / "Resources").rglob("*") if path.is_file()]
        self.assertEqual(sorted(listed("MODULE_PYTHON_RESOURCES", self.text)), sorted(present))

    def test_both_lists_go_into_the_module(self) -> None:
        call = re.search(r"slicerMacroBuildScriptedModule\((.*?)\)", self.text, re.DOTALL).group(1)
        self.assertIn("SCRIPTS ${MODULE_PYTHON_SCRIPTS}", call)
        self.assertIn("RESOURCES ${MODULE_PYTHON_RESOURCES}", call)


@unittest.skipUnless((ROOT / "CMakeLists.txt").is_file(), "runs in the source tree only")
class ExtensionTest(unittest.TestCase):
    def setUp(self) -> None:
        self.text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")

    def test_the_extension_depends_on_the_one_that_computes_the_features(self) -> None:
        self.assertIn('set(EXTENSION_DEPENDS "SlicerRadiomics")', self.text)

    def test_every_folder_that_it_adds_has_a_cmake_file(self) -> None:
        for folder in re.findall(r"add_subdirectory\((\w+)\)", self.text):
            self.assertTrue((ROOT / folder / "CMakeLists.txt").is_file(), folder)

    def test_the_icons_are_of_the_size_that_the_extensions_manager_shows(self) -> None:
        for icon in (ROOT / "HER2Predict.png", MODULE / "Resources" / "Icons" / "HER2Predict.png"):
            header = icon.read_bytes()[:24]
            self.assertEqual(header[:8], b"\x89PNG\r\n\x1a\n", icon)
            self.assertEqual(struct.unpack(">2I", header[16:24]), (128, 128), icon)


if __name__ == "__main__":
    unittest.main()
