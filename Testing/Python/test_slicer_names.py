"""Every Qt, CTK and qMRML name that the module, its .ui file and the stand-in host use exists in a running Slicer.

The names were read off 3D Slicer into a JSON file that is not part of the repository; without it these tests skip.
"""

from __future__ import annotations

import ast
import json
import os
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from hosts import NO_SLICER, slicer

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "HER2Predict" / "HER2Predict.py"
PANEL = MODULE.parent / "HER2PredictLib" / "panel"
WITHOUT_QT = [PANEL / "panel.py", PANEL / "view" / "view.py", *sorted((PANEL / "record").glob("*.py"))]
ROW = PANEL / "view" / "findings.py"
UI = ROOT / "HER2Predict" / "Resources" / "UI" / "HER2Predict.ui"
ROW_UI = UI.with_name("Finding.ui")
HOST = ROOT / "Testing" / "SlicerHost"
API = Path(os.environ.get("HER2PREDICT_SHARED", ROOT.parent / "shared")) / "slicer-api.json"

#: uic gives layouts these; QLayout itself has setContentsMargins() instead.
LAYOUT_PROPERTIES = {"leftMargin", "topMargin", "rightMargin", "bottomMargin", "fieldGrowthPolicy", "spacing"}
#: Not among the classes that were read off; its names are checked against Slicer's source by hand.
UNLISTED = {"qSlicerScriptedLoadableModuleWidget", "qSlicerMainWindow", "qSlicerModulePanel", "ctkExpandableWidget"}
#: Names that the stand-in's application has besides Slicer's.
OWN = {"open_scene", "__dict__"}
#: Listed without its signals; that this one connects was seen.
SIGNALS = {"QShortcut": {"activated()"}}


class Names:
    """What Slicer has: attributes, properties and signals by class, inherited ones included."""

    def __init__(self, api: dict[str, Any]) -> None:
        self.classes = api["classes"]
        self.util = set(api["slicer.util"])
        self.full = {name.partition(".")[2]: name for name in self.classes}

    def _all(self, class_name: str, kind: str) -> set[str]:
        found: set[str] = set()
        name: str | None = self.full[class_name]
        while name is not None:
            found |= set(self.classes[name].get(kind, ()))
            name = self.classes[name].get("base")
        return found

    def attributes(self, class_name: str) -> set[str]:
        return self._all(class_name, "attributes") | self._all(class_name, "properties")

    def properties(self, class_name: str) -> set[str]:
        return self._all(class_name, "properties")

    def signals(self, class_name: str) -> set[str]:
        return self._all(class_name, "signals") | SIGNALS.get(class_name, set())


def ui_classes(form: ElementTree.Element) -> dict[str, str]:
    """Object name -> class name of every widget and layout of a .ui file."""
    return {e.get("name"): e.get("class") for e in form.iter() if e.tag in ("widget", "layout") and e.get("name")}


def complaints_about_ui(form: ElementTree.Element, names: Names) -> list[str]:
    """What a .ui file names and Slicer does not have."""
    wrong = []
    classes = ui_classes(form)
    for element in form.iter():
        if element.tag not in ("widget", "layout"):
            continue
        class_name = element.get("class")
        if class_name not in names.full:
            wrong.append(f"class {class_name}")
            continue
        known = names.properties(class_name) | (LAYOUT_PROPERTIES if element.tag == "layout" else set())
        for given in element.findall("property"):
            if given.get("stdset") != "0" and given.get("name") not in known:
                wrong.append(f"property {class_name}.{given.get('name')}")
            for value in (*given.findall("enum"), *given.findall("set")):
                for enumerator in value.text.split("|"):
                    scope, _, short = enumerator.partition("::")
                    if scope in names.full and short not in names.attributes(scope):
                        wrong.append(f"value {enumerator}")
    for connection in form.iter("connection"):
        part = {element.tag: element.text for element in connection}
        if part["signal"] not in names.signals(classes[part["sender"]]):
            wrong.append(f"signal {part['signal']} of {part['sender']}")
        if part["slot"].partition("(")[0] not in names.attributes(classes[part["receiver"]]):
            wrong.append(f"slot {part['slot']} of {part['receiver']}")
    return wrong


class Reader(ast.NodeVisitor):
    """Follows widgets through a Python file and gathers what is used of them that Slicer does not have."""

    def __init__(self, names: Names, ui: dict[str, str]) -> None:
        self.names, self.ui = names, ui
        self.known: dict[str, str] = {}
        self.wrong: list[str] = []
        self.used: set[tuple[str, str]] = set()

    def class_of(self, node: ast.AST) -> str | None:
        """Class of a widget expression, as far as it can be told from the text."""
        text = ast.unparse(node)
        if text in self.known:
            return self.known[text]
        if text == "slicer.app":
            return "QApplication"
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self.ui":
            if node.attr not in self.ui:
                self.wrong.append(f"{node.lineno}: no object {node.attr} in the .ui file")
            return self.ui.get(node.attr)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("qt", "ctk"):
            return node.attr
        if isinstance(node, ast.Call):
            if ast.unparse(node.func) == "slicer.util.loadUI":
                return "qMRMLWidget"
            made = self.class_of(node.func)
            return made if made in self.names.full else None
        return None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer = dict(self.known)
        self.generic_visit(node)
        self.known = outer | {name: kind for name, kind in self.known.items() if name.startswith("self.")}

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            for name, value in pairs:
                kind = self.class_of(value)
                if kind is not None:
                    self.known[ast.unparse(name)] = kind

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            kind, name = self.class_of(node.func.value), node.func.attr
            if kind in self.names.full and name in self.names.properties(kind) and name != "singleShot":
                self.wrong.append(f"{node.lineno}: {kind}.{name} is a property, not a method")
            if name in ("connect", "disconnect") and node.args and isinstance(node.args[0], ast.Constant):
                self._check_signal(kind, node.args[0])
        elif ast.unparse(node.func) == "connect" and isinstance(node.args[1], ast.Constant):
            self._check_signal(self.class_of(node.args[0]), node.args[1])
        self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        if len(node.elts) == 3 and isinstance(node.elts[1], ast.Constant) and "(" in str(node.elts[1].value):
            self._check_signal(self.class_of(node.elts[0]), node.elts[1])
        self.generic_visit(node)

    def _check_signal(self, kind: str | None, signature: ast.Constant) -> None:
        if kind in self.names.full:
            self.used.add((kind, signature.value))
            if signature.value not in self.names.signals(kind):
                self.wrong.append(f"{signature.lineno}: {kind} has no signal {signature.value}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.generic_visit(node)
        scope, name = ast.unparse(node.value), node.attr
        if scope == "slicer.util" and name not in self.names.util:
            self.wrong.append(f"{node.lineno}: slicer.util.{name}")
        if scope in ("qt", "ctk") and name.startswith(("Q", "ctk")):
            if name not in self.names.full and name not in UNLISTED and name != "Qt":
                self.wrong.append(f"{node.lineno}: class {scope}.{name}")
            return
        kind = self.class_of(node.value)
        if kind not in self.names.full:
            return
        self.used.add((kind, name))
        if name in OWN:
            return
        if name not in self.names.attributes(kind):
            self.wrong.append(f"{node.lineno}: {kind}.{name}")
        elif isinstance(node.ctx, ast.Store) and name not in self.names.properties(kind):
            self.wrong.append(f"{node.lineno}: {kind}.{name} is not a property")


def complaints_about_code(source: str, names: Names, ui: dict[str, str]) -> list[str]:
    """What a Python file uses of Qt, CTK and qMRML and Slicer does not have."""
    reader = Reader(names, ui)
    reader.visit(ast.parse(source))
    return reader.wrong


def complaints_about_stand_in(source: str, names: Names) -> list[str]:
    """What a class of the stand-in offers and the class that it stands for does not have."""
    wrong = []
    for class_ in ast.parse(source).body:
        if not isinstance(class_, ast.ClassDef) or class_.name in UNLISTED or not class_.name.startswith(("q", "ctk")):
            continue
        if class_.name not in names.full:
            wrong.append(f"class {class_.name}")
            continue
        for statement in class_.body:
            offered = [statement.name] if isinstance(statement, ast.FunctionDef) else []
            if isinstance(statement, ast.Assign):
                offered = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            if offered == ["SIGNALS"]:
                texts = [str(n.value) for n in ast.walk(statement) if isinstance(n, ast.Constant)]
                signatures = [text for text in texts if text.endswith(")")]
                wrong += [f"{class_.name} {s}" for s in signatures if s not in names.signals(class_.name)]
                continue
            public = [name for name in offered if "_" not in name]  # snake case: the stand-in's own, for tests
            wrong += [f"{class_.name}.{name}" for name in public if name not in names.attributes(class_.name)]
    return wrong


@unittest.skipUnless(API.is_file() and UI.is_file(), "the names of a running Slicer are not at hand")
class SlicerNamesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.names = Names(json.loads(API.read_text(encoding="utf-8")))
        self.form = ElementTree.parse(UI).getroot()
        self.ui = ui_classes(self.form)

    def test_the_ui_file(self) -> None:
        self.assertEqual(complaints_about_ui(self.form, self.names), [])
        self.assertEqual(complaints_about_ui(ElementTree.parse(ROW_UI).getroot(), self.names), [])

    def test_the_module(self) -> None:
        for path in (MODULE, *WITHOUT_QT):
            self.assertEqual(complaints_about_code(path.read_text(encoding="utf-8"), self.names, self.ui), [])
        row_ui = ui_classes(ElementTree.parse(ROW_UI).getroot())
        self.assertEqual(complaints_about_code(ROW.read_text(encoding="utf-8"), self.names, row_ui), [])

    def test_the_module_is_really_followed(self) -> None:
        reader = Reader(self.names, self.ui)
        for path in (MODULE, *WITHOUT_QT):
            reader.visit(ast.parse(path.read_text(encoding="utf-8")))
        for expected in (
            ("qMRMLSegmentEditorWidget", "setEffectNameOrder"),
            ("qMRMLSegmentSelectorWidget", "currentSegmentChanged(QString)"),
            ("QTimer", "timeout()"),
            ("QPushButton", "toolTip"),
            ("QProcess", "start"),
            ("QMessageBox", "setCheckBox"),
        ):
            self.assertIn(expected, reader.used)

    def test_the_stand_in(self) -> None:
        for path in sorted(HOST.rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            with self.subTest(file=path.name):
                self.assertEqual(complaints_about_code(source, self.names, self.ui), [])
        offering = ("mrml_widgets", "table_view", "segment_editor", "main_window", "views", "ctk", "dialogs")
        for path in (HOST / f"{name}.py" for name in offering):
            with self.subTest(offered_by=path.name):
                self.assertEqual(complaints_about_stand_in(path.read_text(encoding="utf-8"), self.names), [])

    def test_names_that_tests_and_scripts_rely_on_are_in_the_ui_file(self) -> None:
        for name in (
            *("volumeSelector", "segmentSelector", "segmentEditorWidget", "predictButton", "cancelButton"),
            *("progressBar", "resultLabel", "headlineLabel", "sampleButton", "liveCheckBox", "gauge"),
            *("modelPathLineEdit", "pcaButton", "featuresButton", "historyTable", "findings", "inputLabel"),
        ):
            self.assertIn(name, self.ui)

    def test_made_up_names_in_code_are_found(self) -> None:
        for statement in (
            "self.ui.predictButton.tooltip = 'x'",
            "self.ui.predictButton.setToolTipp('x')",
            "self.ui.resultLabel.text()",
            "self.ui.nosuchButton.click()",
            "button = self.ui.cancelButton\nbutton.labell",
            "self.ui.predictButton.connect('clicked', print)",
            "for a in ((self.ui.predictButton, 'tapped(bool)', print),): pass",
            "self.ui.segmentEditorWidget.setSourceVolumeNodes(None)",
            "self.ui.findings.layout = 3",
            "qt.QPushButtons()",
            "qt.QtWidgets.QPushButton()",
            "qt.QStyle.SP_MessageBoxTerrible",
            "slicer.util.nosuch()",
            "slicer.app.nosuch()",
        ):
            with self.subTest(statement=statement):
                self.assertNotEqual(complaints_about_code(statement, self.names, self.ui), [])

    def test_made_up_names_in_a_ui_file_are_found(self) -> None:
        for old, new in (
            ('class="QProgressBar"', 'class="QProgressBars"'),
            ('name="wordWrap"', 'name="wordwrap"'),
            ("QFormLayout::AllNonFixedFieldsGrow", "QFormLayout::AllFieldsGrowALot"),
            ("mrmlSceneChanged(vtkMRMLScene*)", "mrmlSceneChanges(vtkMRMLScene*)"),
            ("setMRMLScene(vtkMRMLScene*)", "setScene(vtkMRMLScene*)"),
        ):
            text = UI.read_text(encoding="utf-8")
            with self.subTest(new=new):
                self.assertIn(old, text)
                changed = ElementTree.fromstring(text.replace(old, new))
                self.assertNotEqual(complaints_about_ui(changed, self.names), [])

    def test_made_up_names_in_the_stand_in_are_found(self) -> None:
        for body in ("def setNode(self): ...", "segments = Signal(str)", 'SIGNALS = {"picked(QString)": "picked"}'):
            with self.subTest(body=body):
                source = f"class qMRMLSegmentSelectorWidget(qMRMLWidget):\n    {body}\n"
                self.assertNotEqual(complaints_about_stand_in(source, self.names), [])


class SlicerClassesTest(unittest.TestCase):
    """The MRML and VTK names of the module exist in slicer-core, which is built from Slicer's own source."""

    @unittest.skipIf(NO_SLICER, NO_SLICER)
    def test_every_vtk_name_of_the_module_exists(self) -> None:
        used = set()
        for path in (MODULE, *(MODULE.parent / "HER2PredictLib").rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("slicer.vtk"):
                    used.add(ast.unparse(node))
        self.assertIn("slicer.vtkSegmentation", used)
        for name in sorted(used):
            found = slicer
            for part in name.split(".")[1:]:
                self.assertTrue(hasattr(found, part), name)
                found = getattr(found, part)


if __name__ == "__main__":
    unittest.main()
