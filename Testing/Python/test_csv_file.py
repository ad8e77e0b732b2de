"""Results in a CSV table: what is in a row, who may write at the same time, what no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import SimpleITK as sitk

from cases import needs, small_case, write_segmentation, write_small_case
from HER2PredictLib import __version__, features
from HER2PredictLib.errors import InputError
from HER2PredictLib.files import open_locked
from HER2PredictLib.model.model import BUNDLED_MODEL, Model
from HER2PredictLib.outputs import csv_file
from HER2PredictLib.outputs.table import COLUMNS, cell
from test_command import predict, run

LIBRARY = Path(features.__file__).resolve().parents[1]
PAGE = Path(__file__).resolve().parents[2] / "Docs" / "tables.md"
WRITERS, ROWS = 8, 25

#: Appends many rows to the file that it is told, as soon as its standard input says so.
WRITER = f"""
import sys
from pathlib import Path
from HER2PredictLib.outputs.csv_file import append
from HER2PredictLib.outputs.table import COLUMNS
path, writer = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for number in range({ROWS}):
    append(path, dict.fromkeys(COLUMNS, "x" * 64) | {{"case": f"{{writer}} {{number}}"}})
    print(number, flush=True)
"""


def rows_of(path: Path) -> list[dict[str, str]]:
    """As the stock csv module reads them; every row has each column, and no more."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if None in row or None in row.values():
            raise AssertionError(row)
    return rows


def made_up(case: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "0.5") | {"case": case, "input_sha256": "a" * 64}


class CsvTestCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.table = self.folder / "results.csv"

    def cases(self) -> list[str]:
        return [row["case"] for row in rows_of(self.table)]


class RowTest(CsvTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.volume, self.roi = write_small_case(self.folder)

    @needs("pandas")
    def test_csv_module_and_pandas_read_back_what_json_tells_to_the_last_bit(self) -> None:
        import pandas as pd

        told = self.folder / "r.json"
        status, _, err = run(
            "predict", self.volume, self.roi, "--perturbations", 2, "--csv", self.table, "--case", "P 7", "--json", told
        )
        self.assertEqual((status, err), (0, ""))
        result = json.loads(told.read_text())
        (row,) = rows_of(self.table)
        frame = pd.read_csv(self.table, float_precision="round_trip")
        self.assertEqual((tuple(row), tuple(frame.columns)), (COLUMNS, COLUMNS))
        stability = result["stability"]
        expected = {
            "probability": result["probability"],
            "interval_low": result["interval"][0],
            "interval_high": result["interval"][1],
            "interval_level": result["interval_level"],
            "threshold": result["threshold"],
            "tail_probability": result["applicability"]["tail_probability"],
            "variations": stability["count"],
            "variations_failed": stability["failed"],
            "variations_flipped": stability["flips"],
            "variations_low": stability["low"],
            "variations_high": stability["high"],
            "flip_bound": stability["flip_bound"],
            "surface_distance_mm": stability["mean_surface_distance_mm"],
            "volume_change": stability["mean_volume_change"],
            "roi_volume_ml": result["roi"]["volume_ml"],
            "roi_slices": result["roi"]["slices"],
            "simulated_model": 1,
        }
        for name, value in expected.items():
            self.assertEqual((float(row[name]), float(frame[name][0])), (value, value), name)
        texts = {
            "case": "P 7",
            "call": result["call"],
            "applicability": result["applicability"]["verdict"],
            "stability": stability["level"],
            "findings": " ".join(finding["code"] for finding in result["findings"]),
            "model_name": result["model"]["name"],
            "model_version": result["model"]["version"],
            "model_sha256": result["model"]["sha256"],
            "program_version": __version__,
        }
        self.assertEqual({name: row[name] for name in texts}, texts)
        self.assertEqual(set(COLUMNS) - {*expected, *texts}, {"time", "input_sha256"})
        self.assertRegex(row["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$")
        self.assertRegex(row["input_sha256"], "^[0-9a-f]{64}$")

    def test_rows_follow_each_other_and_a_digest_of_the_ct_names_them(self) -> None:
        """The same for another outline, file format and order of axes; no file's name is in it."""
        volume, roi = small_case()
        segments = {"S1": ("Miller^Jane", 1)}
        smaller = write_segmentation(self.folder / "Miller.seg.nrrd", sitk.BinaryErode(roi, (1, 1, 0)), segments)
        turned = self.folder / "Miller.nii.gz"
        sitk.WriteImage(sitk.Cast(sitk.Flip(volume, (True, False, True)), sitk.sitkFloat32), str(turned))
        other = self.folder / "other.nrrd"
        sitk.WriteImage(volume + 1, str(other))
        for one, outline in ((self.volume, self.roi), (turned, smaller), (turned, self.roi), (other, self.roi)):
            status, _, err = predict(one, outline, "--csv", self.table)
            self.assertEqual((status, err), (0, ""))
        first, outlined, again, another = rows_of(self.table)
        self.assertRegex(first["case"], "^ct-[0-9a-f]{16}$")
        self.assertEqual(first["case"], outlined["case"])
        self.assertEqual(first | {"time": again["time"]}, again)
        self.assertNotEqual(first["case"], another["case"])
        self.assertEqual(len({row["input_sha256"] for row in rows_of(self.table)}), 3)
        self.assertNotIn(b"Miller", self.table.read_bytes())
        self.assertEqual([path.name for path in self.folder.glob(".*")], [])

    def test_a_model_that_guesses_gives_no_call(self) -> None:
        bundled, path = Model.load(BUNDLED_MODEL), self.folder / "guess.her2model"
        Model({**bundled.card, "guessing": ["shuffled labels do as well"]}, bundled.arrays).save(path)
        self.assertEqual(predict(self.volume, self.roi, "--csv", self.table, "--model", path)[0], 0)
        (row,) = rows_of(self.table)
        self.assertEqual([row[name] for name in ("call", "applicability", "tail_probability", "stability")], [""] * 4)
        self.assertIn("model-guesses", row["findings"].split())

    def test_another_table_is_refused_before_any_work_and_stays_as_it_is(self) -> None:
        for content in (
            b"patient,probability\nA,0.5\n",
            (",".join(COLUMNS[::-1]) + "\n").encode(),
            (";".join(COLUMNS) + "\n").encode(),
            b"\x00\xff" * 50000,
            b"no table",
        ):
            self.table.write_bytes(content)
            with mock.patch("HER2PredictLib.case.case.Case.from_files", side_effect=AssertionError("work was done")):
                status, _, err = predict(self.volume, self.roi, "--csv", self.table)
            self.assertEqual(status, 2)
            self.assertRegex(err, r"^her2predict: .*results\.csv has other columns .*; name another file\.\n$")
            self.assertEqual(self.table.read_bytes(), content)

    def test_a_place_that_takes_no_file_is_told_before_any_work(self) -> None:
        for path, words in ((self.folder, "is a folder"), (self.folder / "nosuch" / "r.csv", "does not exist")):
            status, _, err = run("predict", "nosuch.nrrd", self.roi, "--csv", path)
            self.assertEqual((status, err.count("\n")), (2, 1))
            self.assertIn(words, err)
        status, _, err = run("predict", self.volume, self.roi, "--case", "A")
        told = "--case names the row of --csv and the report; give --csv FILE or --report FILE, too."
        self.assertEqual((status, err), (2, f"her2predict: {told}\n"))

    @unittest.skipUnless(PAGE.is_file(), "runs in the source tree only")
    def test_every_column_is_explained_in_its_place(self) -> None:
        section = PAGE.read_text(encoding="utf-8").partition("| column | |\n")[2].partition("\n\n")[0]
        names = [name for line in section.splitlines() for name in re.findall(r"`(\w+)`", line.split(" | ")[0])]
        self.assertEqual(tuple(names), COLUMNS)

    def test_what_cannot_be_predicted_leaves_no_row(self) -> None:
        status, _, _ = predict(self.volume, self.folder / "nosuch.nrrd", "--csv", self.table)
        self.assertEqual((status, self.table.exists()), (2, False))


class CellTest(CsvTestCase):
    def test_no_cell_is_a_formula_a_second_line_or_no_text(self) -> None:
        given = {
            "=HYPERLINK(A1)": "'=HYPERLINK(A1)",
            "+1": "'+1",
            "-1": "'-1",
            "@SUM(1)": "'@SUM(1)",
            "\t=1": "'=1",
            " \r\n=1": "'=1",
            "\uff1d1": "'\uff1d1",
            "a\nb\x00\u2028c": "a b c",
            "a-1": "a-1",
            'Ü, "quoted"': 'Ü, "quoted"',
            "\udcff": "",
        }
        self.assertEqual({text: cell(text) for text in given}, given)
        for text in given:
            csv_file.append(self.table, made_up(cell(text)))
        self.assertEqual(self.cases(), list(given.values()))
        self.assertEqual(len(self.table.read_text(encoding="utf-8").splitlines()), len(given) + 1)
        self.assertEqual(self.table.read_bytes()[:3], b"\xef\xbb\xbf")  # by which Excel knows UTF-8

    def test_numbers_have_a_point_and_every_digit(self) -> None:
        for number in (0.1 + 0.2, 1e-17, 1 / 3, 5e-324, 1.7976931348623157e308):
            self.assertEqual(float(cell(number)), number)
            self.assertNotIn(",", cell(number))
        self.assertEqual([cell(value) for value in (None, True, 3)], ["", "1", "3"])


class UnfinishedTest(CsvTestCase):
    """Wherever a writer is ended, whole rows stay and what is cut short does not."""

    def test_a_last_row_cut_anywhere_is_taken_out(self) -> None:
        csv_file.append(self.table, made_up("first"))
        before = self.table.read_bytes()
        csv_file.append(self.table, made_up('"second", with a quote'))
        whole = self.table.read_bytes()
        for length in range(len(before), len(whole) - 1):
            self.table.write_bytes(whole[:length])
            csv_file.check(self.table)
            self.assertEqual(csv_file.append(self.table, made_up("third")), length > len(before))
            self.assertEqual(self.cases(), ["first", "third"], length)

    def test_a_whole_last_row_without_its_end_of_line_stays(self) -> None:
        for case in ("first", "second"):
            csv_file.append(self.table, made_up(case))
        whole = self.table.read_bytes()
        for content in (whole[:-1], whole.replace(b"\n", b"\r\n")[:-1], whole.replace(b"\n", b"\r\n"), whole[3:]):
            self.table.write_bytes(content)
            csv_file.check(self.table)
            self.assertFalse(csv_file.append(self.table, made_up("third")))
            self.assertEqual(self.cases(), ["first", "second", "third"])

    def test_a_header_cut_anywhere_is_written_again(self) -> None:
        csv_file.append(self.table, made_up("first"))
        header = self.table.read_bytes().partition(b"\n")[0]
        for length in range(0, len(header) + 1, 7):
            self.table.write_bytes(header[:length])
            csv_file.check(self.table)
            csv_file.append(self.table, made_up("second"))
            self.assertEqual(self.cases(), ["second"], length)

    def test_the_command_says_that_it_took_a_row_out(self) -> None:
        volume, roi = write_small_case(self.folder)
        csv_file.append(self.table, made_up("first"))
        with self.table.open("ab") as file:
            file.write(b"second,2026-01-01,0.7")
        status, _, err = predict(volume, roi, "--csv", self.table, "--case", "third")
        self.assertEqual((status, self.cases()), (0, ["first", "third"]))
        self.assertRegex(err, r"^her2predict: the last row of .*results\.csv was unfinished.*\n$")

    def test_a_full_disk_leaves_the_table_as_it_was(self) -> None:
        csv_file.append(self.table, made_up("first"))
        before = self.table.read_bytes()
        real = os.write
        results = iter([5])

        def short_of_room(descriptor: int, data: bytes) -> int:
            for count in results:
                return real(descriptor, bytes(data)[:count])
            raise OSError(28, "No space left on device")

        with mock.patch("os.write", short_of_room), self.assertRaisesRegex(InputError, "No space left on device"):
            csv_file.append(self.table, made_up("second"))
        self.assertEqual(self.table.read_bytes(), before)


class ProcessesTest(CsvTestCase):
    def start(self, name: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(self.table), name],
            env={**os.environ, "PYTHONPATH": str(LIBRARY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def test_many_processes_at_once_lose_nothing_even_where_one_is_killed(self) -> None:
        writers = {f"writer {number}": self.start(f"writer {number}") for number in range(WRITERS)}
        for process in writers.values():
            self.assertEqual(process.stdout.readline(), "ready\n")
        for process in writers.values():
            process.stdin.write("\n")
            process.stdin.flush()
        victim = writers.pop("writer 0")
        victim.stdout.readline()
        victim.send_signal(signal.SIGKILL)
        seen = 1 + len(victim.communicate()[0].splitlines())
        for process in writers.values():
            process.communicate()
            self.assertEqual(process.returncode, 0)
        cases = self.cases()
        self.assertEqual(len(cases), len(set(cases)))
        lasting = [case for case in cases if not case.startswith("writer 0 ")]
        self.assertEqual(sorted(lasting), sorted(f"{name} {number}" for name in writers for number in range(ROWS)))
        for name in writers:  # each in its own order
            self.assertEqual(
                [case for case in cases if case.startswith(f"{name} ")], [f"{name} {n}" for n in range(ROWS)]
            )
        self.assertGreaterEqual(len(cases) - len(lasting), seen)  # what it said was written is there

    def test_commands_at_once_on_a_new_table_write_one_header(self) -> None:
        volume, roi = write_small_case(self.folder)
        command = [sys.executable, "-m", "HER2PredictLib.command", "predict", str(volume), str(roi)]
        commands = [
            subprocess.Popen(
                [*command, "--perturbations", "0", "--csv", str(self.table), "--case", name],
                env={**os.environ, "PYTHONPATH": str(LIBRARY)},
                stdout=subprocess.DEVNULL,
            )
            for name in "ABC"
        ]
        self.assertEqual([process.wait() for process in commands], [0, 0, 0])
        rows = rows_of(self.table)
        self.assertEqual(sorted(row["case"] for row in rows), ["A", "B", "C"])
        self.assertEqual(len({row["probability"] for row in rows}), 1)

    def test_a_table_that_is_held_is_told(self) -> None:
        csv_file.append(self.table, made_up("first"))
        with (
            open_locked(self.table),
            mock.patch.object(csv_file, "_PATIENCE_SECONDS", 0.05),
            self.assertRaisesRegex(InputError, "results.csv is held by another program; end that, or choose"),
        ):
            csv_file.append(self.table, made_up("second"))
        csv_file.append(self.table, made_up("third"))
        self.assertEqual(self.cases(), ["first", "third"])


if __name__ == "__main__":
    unittest.main()
