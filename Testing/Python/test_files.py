"""A file is written as a whole or not at all, and what cannot be written is told in a line."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from HER2PredictLib.errors import InputError
from HER2PredictLib.files import check_file, whole, write_file, write_files
from HER2PredictLib.model import bundle_file
from HER2PredictLib.model.model import BUNDLED_MODEL


class WholeFileTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "table.csv"
        self.file.write_text("before")

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def test_what_was_there_stays_until_the_new_content_is_whole(self) -> None:
        for synced in (False, True):
            with whole(self.file, synced=synced) as unfinished:
                unfinished.write_text(f"after {synced}")
                self.assertNotIn(str(synced), self.file.read_text())
            self.assertEqual((self.file.read_text(), self.names()), (f"after {synced}", ["table.csv"]))

    def test_what_fails_half_way_leaves_nothing(self) -> None:
        with self.assertRaises(ZeroDivisionError), whole(self.file) as unfinished:
            unfinished.write_text("half")
            raise ZeroDivisionError
        self.assertEqual((self.file.read_text(), self.names()), ("before", ["table.csv"]))

    def test_a_bundle_that_cannot_take_its_place_leaves_nothing(self) -> None:
        card, arrays, _ = bundle_file.read(BUNDLED_MODEL)
        (self.folder / "taken.her2model").mkdir()
        with self.assertRaises(OSError):
            bundle_file.write(card, arrays, self.folder / "taken.her2model")
        self.assertEqual(self.names(), ["table.csv", "taken.her2model"])

    def test_what_cannot_be_written_is_told_with_its_place(self) -> None:
        (self.folder / "taken").mkdir()
        for refused in (
            lambda: write_files(self.file, {"a.txt": b"a"}),
            lambda: write_file(self.file / "a.txt", lambda path: path.write_text("a")),
            lambda: check_file(self.folder / "taken"),
        ):
            with self.assertRaisesRegex(InputError, str(self.folder)):
                refused()


if __name__ == "__main__":
    unittest.main()
