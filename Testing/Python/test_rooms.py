"""The rooms of the library: imports go one way, without circles, and no floor or file grows out of hand."""

from __future__ import annotations

import ast
import unittest
from collections.abc import Iterator
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[2] / "HER2Predict" / "HER2PredictLib"

#: From the ground up: a module imports from its own room and from those before it.
ORDER = (
    ("errors", "i18n", "threads", "files", "parallel", ""),
    ("case",),
    ("extraction",),
    ("features", "feature_settings"),
    ("findings",),
    ("model",),
    ("outline",),
    ("result",),
    ("assess", "agreement"),
    ("outputs",),
    ("many",),
    ("batch",),
    ("helper",),
    ("panel",),
    ("training.simulator",),
    ("training.cohort",),
    ("training.statistics",),
    ("training.protocol",),
    ("training.measured",),
    ("training.figures",),
    ("training.report",),
    ("training",),
    ("training.trust",),
    ("command",),
)
#: Rooms that the first may not enter, although those of training and command stand before it.
CLOSED = {
    "training": ("helper", "panel", "batch"),
    "panel": ("training", "many", "batch"),
    "command": ("helper", "panel"),
}
MOST_FILES, MOST_LINES = 10, 300


def modules() -> dict[str, Path]:
    """Dotted name below the library to file; a package has the name of its folder."""
    found = {}
    for file in sorted(LIBRARY.rglob("*.py")):
        parts = file.relative_to(LIBRARY).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = file
    return found


MODULES = modules()


def imported(name: str) -> Iterator[str]:
    """Modules of the library that a module imports, wherever in its text."""
    file = MODULES[name]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = file.relative_to(LIBRARY).parent.parts
            base = base[: len(base) - node.level + 1]
            source = ".".join((*base, *(node.module or "").split("."))).strip(".")
        elif (node.module or "").split(".")[0] == LIBRARY.name:
            source = (node.module or "").partition(".")[2]
        else:
            continue
        for alias in node.names:
            inner = f"{source}.{alias.name}".strip(".")
            yield inner if inner in MODULES else source


def floor(name: str) -> int:
    """Place in `ORDER` of the room that a module is in."""
    places = {room: place for place, rooms in enumerate(ORDER) for room in rooms}
    parts = name.split(".")
    return next(
        places[room] for room in (".".join(parts[:length]) for length in range(len(parts), -1, -1)) if room in places
    )


@unittest.skipUnless(LIBRARY.is_dir(), "runs in the source tree only")
class RoomsTest(unittest.TestCase):
    maxDiff = None

    def test_imports_go_down_or_stay_in_their_room(self) -> None:
        upwards = [
            f"{name} imports {target}"
            for name in MODULES
            for target in imported(name)
            if floor(target) > floor(name) and not name.startswith(f"{target}.")  # what its own folder says of itself
        ]
        self.assertEqual(upwards, [])

    def test_no_module_imports_itself_by_way_of_others(self) -> None:
        left = {name: set(imported(name)) - {name} for name in MODULES}
        ends = {""}
        while ends:
            targets = set().union(*left.values())
            ends = {name for name, own in left.items() if not own & left.keys() or name not in targets}
            left = {name: own for name, own in left.items() if name not in ends}
        self.assertEqual({name: own & left.keys() for name, own in left.items()}, {})

    def test_the_panel_and_training_do_not_know_of_each_other(self) -> None:
        entered = [
            f"{name} imports {target}"
            for name in MODULES
            for target in imported(name)
            if target.split(".")[0] in CLOSED.get(name.split(".")[0], ())
        ]
        self.assertEqual(entered, [])

    def test_every_room_says_what_it_does(self) -> None:
        for name, file in MODULES.items():
            if file.name == "__init__.py":
                said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
                self.assertGreater(len(said.split()), 5, name)

    def test_no_floor_has_more_files_and_no_file_more_lines_than_can_be_taken_in(self) -> None:
        folders: dict[Path, int] = {}
        for file in MODULES.values():
            folders[file.parent] = folders.get(file.parent, 0) + 1
            self.assertLessEqual(len(file.read_text(encoding="utf-8").splitlines()), MOST_LINES, file)
        self.assertLessEqual(max(folders.values()), MOST_FILES, folders)

    def test_no_two_files_and_no_two_classes_are_called_the_same(self) -> None:
        called: dict[str, set[str]] = {}
        for name, file in MODULES.items():
            if file.name != "__init__.py":
                called.setdefault(file.name, set()).add(name)
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    called.setdefault(node.name, set()).add(name)
        self.assertEqual({name: places for name, places in called.items() if len(places) > 1}, {})


if __name__ == "__main__":
    unittest.main()
