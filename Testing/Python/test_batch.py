"""Many cases into a folder: the numbers of single predictions, whatever ends the run in between."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import SimpleITK as sitk

from cases import REAL_CT, as_image, ct_array, ellipsoid, write_segmentation
from HER2PredictLib.batch.cases import CaseFiles, file_names, find_cases
from HER2PredictLib.command.main import main
from HER2PredictLib.errors import InputError
from HER2PredictLib.files import open_locked

MODULE = Path(__file__).resolve().parents[2] / "HER2Predict"
PATIENCE_S = 120.0
TIDY = shutil.which("tidy")


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(argument) for argument in arguments])
    return status, out.getvalue(), err.getvalue()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class BatchTestCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.source, self.out = self.folder / "cases", self.folder / "out"

    def write_case(self, name: str, shift: float = 0.0, seed: int = 0) -> Path:
        """A folder with a CT and an ROI."""
        folder = self.source / name
        folder.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(as_image(ct_array() + seed), str(folder / "ct.nrrd"))
        roi = as_image(ellipsoid(radii_mm=(9.0 + shift, 9.0, 12.0)))
        write_segmentation(folder / "roi.seg.nrrd", roi, {"S1": ("Tumour", 1)})
        return folder

    def batch(self, *options: object) -> tuple[int, str, str]:
        return run("batch", self.source, "--out", self.out, "--perturbations", 0, *options)


class BatchTest(BatchTestCase):
    def test_each_case_has_the_numbers_of_predict(self) -> None:
        for number in range(3):
            self.write_case(f"P{number}", shift=number)
        status, said, err = run("batch", self.source, "--out", self.out, "--perturbations", 3, "--reports")
        self.assertEqual(status, 0, err)
        self.assertIn("3 predicted, 0 of them before; 0 failed", said)
        found = rows(self.out / "results.csv")
        self.assertEqual([row["case"] for row in found], ["P0", "P1", "P2"])
        for row in found:
            case, single = self.source / row["case"], self.folder / "single.json"
            run("predict", case / "ct.nrrd", case / "roi.seg.nrrd", "--perturbations", 3, "--json", single)
            own = json.loads((self.out / "cases" / f"{row['case']}.json").read_text())
            alone = json.loads(single.read_text())
            for name in ("features", "probability", "interval", "call", "applicability", "stability", "findings"):
                self.assertEqual(own[name], alone[name], name)
            self.assertEqual(float(row["probability"]), alone["probability"])
            self.assertTrue((self.out / "reports" / f"{row['case']}.html").is_file())

    def test_what_is_finished_is_left_and_what_has_changed_is_done_again(self) -> None:
        for number in range(3):
            self.write_case(f"P{number}", shift=number)
        self.batch()
        files = {path.name: path.stat().st_mtime_ns for path in (self.out / "cases").iterdir()}
        self.write_case("P1", shift=1.5)
        status, said, err = self.batch()
        self.assertEqual(status, 0, err)
        self.assertIn("3 predicted, 2 of them before", said)
        again = {path.name: path.stat().st_mtime_ns for path in (self.out / "cases").iterdir()}
        self.assertEqual({name for name in files if files[name] != again[name]}, {"P1.json"})
        _status, said, _err = self.batch("--reports")  # which are not there yet
        self.assertIn("3 predicted, 0 of them before", said)

    def test_a_result_that_was_tampered_with_or_torn_is_done_again(self) -> None:
        self.write_case("P0")
        self.batch()
        file = self.out / "cases" / "P0.json"
        whole = json.loads(file.read_text())
        for text in (file.read_text()[:500], "[]", json.dumps({**whole, "row": 3}), json.dumps({"row": {}})):
            file.write_text(text)
            status, said, err = self.batch()
            self.assertEqual(status, 0, err)
            self.assertIn("1 predicted, 0 of them before", said)
            self.assertEqual(json.loads(file.read_text())["features"], whole["features"])

    def test_one_and_two_processes_give_the_same(self) -> None:
        for number in range(3):
            self.write_case(f"P{number}", shift=number)
        found = []
        for jobs in (1, 2):
            self.out = self.folder / f"out{jobs}"
            self.batch("--jobs", jobs)
            found.append([{**row, "time": ""} for row in rows(self.out / "results.csv")])
        self.assertEqual(*found)

    def test_a_case_that_fails_costs_no_other(self) -> None:
        self.write_case("P0")
        (self.write_case("P1") / "ct.nrrd").write_bytes(b"no image")
        shutil.copy(self.write_case("P2") / "ct.nrrd", self.source / "P2" / "second.nrrd")
        (self.source / "nothing").mkdir()
        status, said, err = self.batch()
        self.assertEqual(status, 0)
        self.assertIn("1 predicted, 0 of them before; 2 failed", said)
        failed = {row["case"]: row for row in rows(self.out / "failures.csv")}
        self.assertEqual({name: row["code"] for name, row in failed.items()},
                         {"P1": "image-unreadable", "P2": "case-ambiguous"})  # fmt: skip
        self.assertIn("2 CTs and 1 ROIs", failed["P2"]["reason"])
        for row in failed.values():
            self.assertIn(row["reason"][:40], err)
        page = (self.out / "index.html").read_text(encoding="utf-8")
        self.assertIn('href="cases/P0.json"', page)
        self.assertIn("2 CTs and 1 ROIs", page)

    def test_where_none_can_be_predicted_the_first_reason_is_told(self) -> None:
        (self.write_case("P0") / "ct.nrrd").write_bytes(b"no image")
        status, _said, err = self.batch()
        self.assertEqual(status, 2)
        self.assertIn("None of the 1 cases", err)
        self.assertEqual(len(rows(self.out / "failures.csv")), 1)

    def test_another_model_is_another_result(self) -> None:
        from HER2PredictLib.model.model import BUNDLED_MODEL, Model

        self.write_case("P0")
        self.batch()
        model = Model.load(BUNDLED_MODEL)
        other = self.folder / "other.her2model"
        Model({**model.card, "guessing": ["it was made up"], "name": "Other"}, model.arrays).save(other)
        status, said, err = self.batch("--model", other)
        self.assertEqual(status, 0, err)
        self.assertIn("1 predicted, 0 of them before", said)
        self.assertTrue(said.startswith("This model tells no better than guessing"))
        page = (self.out / "index.html").read_text(encoding="utf-8")
        self.assertIn("This model tells no better than guessing", page)
        self.assertNotRegex(page, "HER2-(positive|negative)")

    def test_a_second_run_waits_outside(self) -> None:
        self.write_case("P0")
        self.out.mkdir()
        with open_locked(self.out / ".lock"):
            status, _said, err = self.batch()
        self.assertEqual(status, 2)
        self.assertIn("Another run is writing", err)

    def test_cells_and_pages_are_safe_whatever_a_case_is_called(self) -> None:
        table = self.folder / "cohort.csv"
        case = self.write_case("P0")
        names = ["=cmd()", "../../up", "<script>x</script>", "a/b", "A_B", "a_b"]
        with table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["patient_id", "image", "roi", "segment"])
            writer.writerows([name, case / "ct.nrrd", case / "roi.seg.nrrd", "Tumour"] for name in names)
        self.source = table
        status, _said, err = self.batch("--reports")
        self.assertEqual(status, 0, err)
        found = rows(self.out / "results.csv")
        self.assertEqual([row["case"].lstrip("'") for row in found], names)
        self.assertEqual(found[0]["case"], "'=cmd()")
        self.assertEqual(len(list((self.out / "cases").iterdir())), len(names))
        written = {"cases", "reports", "results.csv", "failures.csv", "index.html"}
        self.assertEqual({path.name for path in self.out.iterdir()}, written)
        self.assertNotIn("<script", (self.out / "index.html").read_text(encoding="utf-8"))
        if TIDY:
            done = subprocess.run([TIDY, "-q", "-e", "-utf8", self.out / "index.html"], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    @unittest.skipUnless(hasattr(signal, "SIGKILL"), "the system knows no SIGKILL")
    def test_a_killed_run_goes_on_where_it_was(self) -> None:
        for number in range(6):
            self.write_case(f"P{number}", shift=0.3 * number)
        arguments = ["batch", self.source, "--out", self.out, "--perturbations", 20, "--jobs", 1]
        started = subprocess.Popen(
            [sys.executable, "-m", "HER2PredictLib.command", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(MODULE)},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + PATIENCE_S
        while len(list(self.out.glob("cases/*.json"))) < 2:
            self.assertLess(time.monotonic(), end)
            self.assertIsNone(started.poll())
            time.sleep(0.01)
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        finished = {path.name: path.stat().st_mtime_ns for path in self.out.glob("cases/*.json")}
        self.assertLess(len(finished), 6)
        self.assertFalse((self.out / "results.csv").exists())
        status, said, err = run(*arguments)
        self.assertEqual(status, 0, err)
        self.assertIn(f"6 predicted, {len(finished)} of them before", said)
        after = {path.name: path.stat().st_mtime_ns for path in self.out.glob("cases/*.json")}
        self.assertEqual({name: after[name] for name in finished}, finished)
        self.assertEqual(len(rows(self.out / "results.csv")), 6)
        self.assertEqual([path.name for path in self.out.rglob("*.part")], [])

    def test_a_case_whose_process_is_ended_fails_alone(self) -> None:
        for number in range(2):
            self.write_case(f"P{number}", shift=number)
        with mock.patch.dict(os.environ, {"PYTHONPATH": f"{MODULE}{os.pathsep}{Path(__file__).parent}"}):
            status, said, _err = run_with_a_death(self.source, self.out)
        self.assertEqual(status, 0)
        self.assertIn("1 predicted", said)
        self.assertEqual([row["code"] for row in rows(self.out / "failures.csv")], ["process-ended"])


def run_with_a_death(source: Path, out: Path) -> tuple[int, str, str]:
    """The command with a worker that dies of one case."""
    with mock.patch("HER2PredictLib.batch.run.predict_case", dies_of_the_first):
        return run("batch", source, "--out", out, "--perturbations", 0)


def dies_of_the_first(task: object, settings: object) -> object:
    from HER2PredictLib.batch.run import guarded

    if task.case.name == "P0":
        os.kill(os.getpid(), signal.SIGKILL)
    from HER2PredictLib.batch import run as own

    return guarded(task, lambda: own._predict(task, settings))


class CasesTest(BatchTestCase):
    def test_pairs_of_files_are_told_by_their_names(self) -> None:
        self.source.mkdir()
        for name in ("A.nrrd", "A.seg.nrrd", "B_ct.nii.gz", "B_roi.nii.gz", "C.mha", "D-mask.nrrd", "E.nrrd",
                     "E_seg.nrrd", "E_roi.nrrd", "notes.txt"):  # fmt: skip
            (self.source / name).touch()
        found = find_cases(self.source)
        self.assertEqual(list(found), ["A", "B", "C", "D", "E"])
        self.assertEqual(found["A"], CaseFiles("A", self.source / "A.nrrd", self.source / "A.seg.nrrd"))
        self.assertEqual(found["B"], CaseFiles("B", self.source / "B_ct.nii.gz", self.source / "B_roi.nii.gz"))
        self.assertEqual([found[name].code for name in "CDE"], ["case-incomplete", "case-incomplete", "case-ambiguous"])

    def test_nothing_to_predict_is_told(self) -> None:
        self.source.mkdir()
        for source in (self.source, self.folder / "nosuch"):
            with self.assertRaises(InputError):
                find_cases(source)

    @unittest.skipUnless(REAL_CT.is_dir(), "the real CTs are not at hand")
    def test_dicom_folders_and_pairs_of_real_cts(self) -> None:
        found = find_cases(REAL_CT)
        self.assertEqual(len(found), 4)
        for name, case in found.items():
            self.assertEqual((case.image.name, case.roi.name), ("CT_image.nii.gz", "CT_mask.nii.gz"), name)
        case = self.source / "P0"
        shutil.copytree(REAL_CT / "STS_002" / "dicom", case / "ct")
        shutil.copy(next((REAL_CT / "STS_002").glob("*.dcm")), case / "outline.dcm")
        self.assertEqual(find_cases(self.source), {"P0": CaseFiles("P0", case, case / "outline.dcm")})
        status, said, err = self.batch()
        self.assertEqual(status, 0, err)
        self.assertIn("1 predicted", said)

    def test_file_names_are_safe_and_no_two_the_same(self) -> None:
        names = ["P1", "p1", "a b", "a_b", "..", "é", "", "x" * 300, "../etc"]
        made = dict(file_names(names))
        self.assertEqual(made["P1"], "P1")
        self.assertEqual(len({name.lower() for name in made.values()}), len(names))
        for name in made.values():
            self.assertRegex(name, r"^\w[\w.-]{0,100}$")


if __name__ == "__main__":
    unittest.main()
