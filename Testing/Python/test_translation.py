"""Every word that the panel shows goes through the translation function of the application."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from HER2PredictLib.outputs.picture import FURTHER_FONTS

MODULE = Path(__file__).resolve().parents[2] / "HER2Predict"
UI = [MODULE / "Resources" / "UI" / f"{name}.ui" for name in ("HER2Predict", "Finding")]
FILES = [
    MODULE / "HER2Predict.py",
    *(MODULE / "HER2PredictLib" / f"{name}.py" for name in ("features", "assess", "agreement")),
    *(
        file
        for room in ("case", "findings", "model", "outline", "result", "outputs", "panel")
        for file in sorted((MODULE / "HER2PredictLib" / room).rglob("*.py"))
        # Two hold codes of a terminology, one what the command says of its files, two the language of pages.
        if file.name not in ("segments.py", "files.py", "codes.py", "html.py", "page_style.py")
    ),
]

#: Two words, as no name for programs has.
_WORDS = re.compile(r"[A-Za-z]{2,}[,.:;]? (a )?[A-Za-z]{2,}")
#: Tags and entities of rich text.
_MARKUP = re.compile(r"<[^<>]*>|&[a-z]+;")
_TRANSLATORS = {"_", "translate"}
#: What they say is for those who read a log, or for programs.
_NOT_SHOWN = {"RuntimeError", "ValueError", "AssertionError", "SkipTest", "exception"}
#: Names, the same in every language; among them those of nodes that nobody sees.
_NAMES = {
    "HER2Predict",
    "HER2Predict contributors",
    "no call",
    "HER2Predict prepared",
    "HER2Predict features",
    "HER2Predict mended",
    *FURTHER_FONTS,
}
#: Where a single word is shown too.
_SHOWN_ATTRIBUTES = {"text", "toolTip", "title", "helpText", "acknowledgementText", "message", "reason"}


def _function_name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _docstrings(tree: ast.AST) -> set[int]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and ast.get_docstring(node) is not None
    }


def bare_strings(source: str) -> list[str]:
    """User-visible strings that do not go through translation, with their lines."""
    tree = ast.parse(source)
    found: list[str] = []
    passed_over = _docstrings(tree)

    def look(node: ast.AST, shown: bool) -> None:
        if id(node) in passed_over:
            return
        if isinstance(node, ast.Call) and _function_name(node) in _TRANSLATORS | _NOT_SHOWN:
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = _MARKUP.sub("", node.value)
            visible = re.search(r"[A-Za-z]{2,}", text) if shown else _WORDS.search(text)
            if visible and node.value not in _NAMES:
                found.append(f"{node.lineno}: {node.value!r}")
        if isinstance(node, ast.Assign):
            shown = any(
                isinstance(target, ast.Attribute) and target.attr in _SHOWN_ATTRIBUTES for target in node.targets
            )
        elif not isinstance(node, (ast.JoinedStr, ast.BinOp, ast.IfExp, ast.BoolOp)):
            shown = False
        for child in ast.iter_child_nodes(node):
            look(child, shown)

    look(tree, False)
    return found


class TranslationTest(unittest.TestCase):
    def test_no_word_in_code_is_bare(self) -> None:
        for path in FILES:
            with self.subTest(file=path.name):
                self.assertEqual(bare_strings(path.read_text(encoding="utf-8")), [])

    def test_bare_words_are_found(self) -> None:
        for source in (
            'self.ui.resultLabel.text = "Ready"',
            'self.ui.resultLabel.text = f"Ready {number}"',
            'self.ui.resultLabel.text = _("Ready") + " or not"',
            'show("Load a volume")',
            'raise InputError("Load a volume.")',
            'words = {"error": "An error"}',
        ):
            with self.subTest(source):
                self.assertNotEqual(bare_strings(source), [])

    def test_what_is_translated_is_one_plain_string(self) -> None:
        """The translator's tools read the text of the call; they cannot compute it."""
        for path in FILES:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _function_name(node) in _TRANSLATORS:
                    with self.subTest(file=path.name, line=node.lineno):
                        self.assertIsInstance(node.args[-1], ast.Constant)

    def test_the_picture_speaks_the_language_of_the_application(self) -> None:
        """In a process of its own, whose translation marks every text."""
        code = (
            "from HER2PredictLib import i18n; i18n.tr = lambda text: '»' + text\n"
            "from pathlib import Path\n"
            "from matplotlib.backends.backend_agg import FigureCanvasAgg\n"
            "from cases import small_case\n"
            "from HER2PredictLib.assess import assess\n"
            "from HER2PredictLib.case.case import Case\n"
            "from HER2PredictLib.case.rois import Roi\n"
            "from HER2PredictLib.case.volumes import Volume\n"
            "from HER2PredictLib.model.model import BUNDLED_MODEL, Model\n"
            "from HER2PredictLib.outputs.picture import write_picture\n"
            "drawn = []\n"
            "def read(canvas, path):\n"
            "    for axes in canvas.figure.axes:\n"
            "        drawn.extend(item.get_text() for item in [*axes.texts, axes.title] if item.get_text())\n"
            "FigureCanvasAgg.print_png = read\n"
            "case = Case(Volume(small_case()[0], 'CTU', 'CT'), Roi(small_case()[1], 'ROI'))\n"
            "write_picture(assess(case, Model.load(BUNDLED_MODEL)), Path('none'))\n"
            "print('\\n'.join(drawn))\n"
        )
        if importlib.util.find_spec("matplotlib") is None:
            self.skipTest("matplotlib is not installed")
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": f"{MODULE}{os.pathsep}{Path(__file__).parent}", "PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        bare = [
            text for text in done.stdout.splitlines() if "»" not in text and not re.fullmatch(r"[RL]|\d+( cm|%)", text)
        ]
        self.assertGreater(len(done.stdout.splitlines()), 10)
        self.assertEqual([text for text in bare if not text.startswith("HER2-")], [])

    def test_slicer_core_is_not_loaded_for_its_words(self) -> None:
        """It has none, and takes longer to load than a prediction takes."""
        code = "import sys, HER2PredictLib.i18n as i18n; print(i18n.tr('Ready'), 'slicer' in sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(MODULE)},
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(done.stdout.split(), ["Ready", "False"])

    def test_no_word_in_the_ui_file_is_kept_from_translation(self) -> None:
        shown = 0
        for given in (given for path in UI for given in ElementTree.parse(path).getroot().iter("property")):
            for text in given.findall("string"):
                if given.get("name") in ("text", "toolTip", "title", "whatsThis", "placeholderText"):
                    shown += 1
                    self.assertNotEqual(text.get("notr"), "true", text.text)
        self.assertGreater(shown, 20)


if __name__ == "__main__":
    unittest.main()
