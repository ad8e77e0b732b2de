"""Many cases into a folder: the numbers of single predictions, whatever ends the run in between."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
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


def timeless(path: Path) -> str:
    """The text of a file of results without when it was made and how long that took."""
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:+-]*", "TIME", path.read_text(encoding="utf-8"))
    return re.sub(r'"seconds": \{[^}]*\}', "", text)


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
            status, _said, err = self.batch("--reports", "--jobs", jobs)
            self.assertEqual(status, 0, err)
            found.append({path.relative_to(self.out).as_posix(): timeless(path) for path in self.out.rglob("*.*")})
        self.assertEqual(len(found[0]), 3 + 3 + 3)
        self.assertEqual(*found)

    def test_a_case_that_fails_costs_no_other(self) -> None:
        self.write_case("P0")
        (self.write_case("P1") / "ct.nrrd").write_bytes(b"no image")
        shutil.copy(self.write_case("P2") / "ct.nrrd", self.source / "P2" / "second.nrrd")
        (self.source / "P10").mkdir()
        status, said, err = self.batch()
        self.assertEqual(status, 0)
        self.assertIn("1 predicted, 0 of them before; 3 failed", said)
        failed = {row["case"]: row for row in rows(self.out / "failures.csv")}
        self.assertEqual({name: row["code"] for name, row in failed.items()},
                         {"P1": "image-unreadable", "P2": "case-ambiguous", "P10": "case-empty"})  # fmt: skip
        self.assertEqual(list(failed), ["P1", "P2", "P10"])
        self.assertIn("2 CTs and 1 ROI,", failed["P2"]["reason"])
        self.assertTrue(failed["P1"]["reason"].startswith("the CT is not an image that can be read"))
        self.assertIn(f"case P1 is left out: {self.source / 'P1' / 'ct.nrrd'} is not an image", err)
        page = (self.out / "index.html").read_text(encoding="utf-8")
        self.assertIn('href="cases/P0.json"', page)
        self.assertIn("2 CTs and 1 ROI,", page)
        self.assertIn("4 cases: 1 predicted, 3 failed", page)

    def test_where_none_can_be_predicted_the_first_reason_is_told(self) -> None:
        (self.write_case("P0") / "ct.nrrd").write_bytes(b"no image")
        status, _said, err = self.batch()
        self.assertEqual(status, 2)
        self.assertIn("None of the 1 cases", err)
        self.assertEqual(len(rows(self.out / "failures.csv")), 1)

    def test_what_fails_now_leaves_no_result_of_before(self) -> None:
        for number in range(2):
            self.write_case(f"P{number}", shift=number)
        self.batch("--reports")
        (self.source / "P1" / "ct.nrrd").write_bytes(b"no image")
        self.write_case("P0", shift=2.0)
        self.batch()  # makes no report of what P0 is now
        self.assertEqual([path.name for path in self.out.glob("*/*")], ["P0.json"])
        self.assertEqual([row["case"] for row in rows(self.out / "results.csv")], ["P0"])

    def test_a_folder_of_another_model_or_command_is_left_alone(self) -> None:
        self.write_case("P0")
        self.batch()
        before = {path: path.read_bytes() for path in self.out.rglob("*.*")}
        status, _said, err = self.batch("--model", self.guessing_model())
        self.assertEqual(status, 2)
        self.assertIn("holds results of another model (", err)
        self.assertEqual({path: path.read_bytes() for path in self.out.rglob("*.*")}, before)
        other = self.folder / "other"
        other.mkdir()
        (other / "results.csv").write_text("mine")
        for out, reason in ((other, "is not of her2predict batch"), (self.source, "holds the cases"),
                            (other / "results.csv", "is a file")):  # fmt: skip
            self.out = out
            status, _said, err = self.batch()
            self.assertEqual(status, 2)
            self.assertIn(reason, err)
        self.assertEqual([path.name for path in other.rglob("*")], ["results.csv"])

    def test_a_model_that_guesses_leads_with_that_and_gives_no_call(self) -> None:
        self.write_case("P0")
        status, said, err = self.batch("--model", self.guessing_model())
        self.assertEqual(status, 0, err)
        self.assertTrue(said.startswith("This model tells no better than guessing"))
        page = (self.out / "index.html").read_text(encoding="utf-8")
        self.assertLess(page.index("This model tells no better than guessing: it was made up"), page.index("<main>"))
        self.assertNotRegex(page, "HER2-(positive|negative)")
        self.assertNotIn("<svg", page)

    def guessing_model(self) -> Path:
        from HER2PredictLib.model.model import BUNDLED_MODEL, Model

        model, file = Model.load(BUNDLED_MODEL), self.folder / "other.her2model"
        Model({**model.card, "guessing": ["it was made up"], "name": "Other"}, model.arrays).save(file)
        return file

    def test_nothing_tells_who_the_patient_is(self) -> None:
        secrets = ("Doe", "Secret")
        place = self.folder / "Doe"
        place.mkdir()
        case = self.write_case("P0")
        shutil.copy(case / "ct.nrrd", place / "Doe_ct.nrrd")
        sitk.WriteImage(as_image(ellipsoid()), str(place / "Doe_roi.nrrd"))
        sitk.WriteImage(as_image(ellipsoid()) * 0, str(place / "Doe_empty.nrrd"))
        write_segmentation(place / "Doe.seg.nrrd", as_image(ellipsoid()), {"S1": ("Secret", 1)})
        self.source = self.folder / "cohort.csv"
        self.source.write_text(
            "patient_id,image,roi,segment\n"
            "A,Doe/Doe_ct.nrrd,Doe/Doe_roi.nrrd,\n"
            "B,Doe/Doe_ct.nrrd,Doe/Doe.seg.nrrd,Secret\n"
            "C,Doe/Doe_ct.nrrd,Doe/Doe_empty.nrrd,\n"
            "D,Doe/nosuch.nrrd,Doe/Doe_roi.nrrd,\n"
            "E,Doe/Doe_ct.nrrd,,\n"
        )
        status, _said, err = self.batch("--reports")
        self.assertEqual(status, 0, err)
        self.assertIn("Doe", err)  # what the researcher needs to mend it
        failed = {row["case"]: row["reason"] for row in rows(self.out / "failures.csv")}
        self.assertEqual(list(failed), ["C", "D", "E"])
        self.assertTrue(failed["C"].startswith("The ROI in the ROI is empty"), failed["C"])
        self.assertTrue(failed["D"].startswith("the CT does not exist"))
        self.assertEqual(failed["E"], "the table names no ROI; fill it in.")
        for path in self.out.rglob("*.*"):
            for secret in secrets:
                self.assertNotIn(secret, path.read_text(encoding="utf-8"), path)

    def test_it_takes_no_package_of_training(self) -> None:
        self.write_case("P0")
        listed = self.folder / "cases.csv"
        listed.write_text("patient_id,image,roi\nP0,cases/P0/ct.nrrd,cases/P0/roi.seg.nrrd\n")
        for hidden, status, said in (("pandas sklearn scipy matplotlib tqdm", 0, "1 predicted"), ("joblib", 2, "")):
            out = self.folder / hidden[:6]
            arguments = ["batch", str(listed), "--out", str(out), "--perturbations", "0"]
            program = f"import sys\nsys.modules.update(dict.fromkeys({hidden.split()}))\n"
            program += f"from HER2PredictLib.command.main import main\nsys.exit(main({arguments}))"
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                                  env={**os.environ, "PYTHONPATH": str(MODULE)})  # fmt: skip
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(said, done.stdout)
        self.assertIn("takes joblib, which is not installed", done.stderr)
        self.assertFalse(out.exists())

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
            writer.writerow(["=fails()", case / "ct.nrrd", case / "roi.seg.nrrd", "=nosuch"])
        self.source = table
        status, _said, err = self.batch("--reports")
        self.assertEqual(status, 0, err)
        found = rows(self.out / "results.csv")
        self.assertEqual([row["case"].lstrip("'") for row in found], names)
        self.assertEqual(found[0]["case"], "'=cmd()")
        self.assertEqual(rows(self.out / "failures.csv")[0]["case"], "'=fails()")
        self.assertEqual(len(list((self.out / "cases").iterdir())), len(names))
        written = {"cases", "reports", "results.csv", "failures.csv", "index.html"}
        self.assertEqual({path.name for path in self.out.iterdir()}, written)
        self.assertNotIn("<script", (self.out / "index.html").read_text(encoding="utf-8"))
        if TIDY:
            done = subprocess.run([TIDY, "-q", "-e", "-utf8", self.out / "index.html"], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    @unittest.skipUnless(hasattr(signal, "SIGKILL"), "the system knows no SIGKILL")
    def test_a_killed_run_goes_on_where_it_was(self) -> None:
        for number in range(4):
            self.write_case(f"P{number}", shift=0.3 * number)
        arguments = ["batch", self.source, "--out", self.out, "--perturbations", 8, "--jobs", 1]
        started = subprocess.Popen(
            [sys.executable, "-m", "HER2PredictLib.command", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(MODULE)},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + PATIENCE_S
        while len(list(self.out.glob("cases/*.json"))) < 1:
            self.assertLess(time.monotonic(), end)
            self.assertIsNone(started.poll())
            time.sleep(0.01)
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        finished = {path.name: path.stat().st_mtime_ns for path in self.out.glob("cases/*.json")}
        self.assertLess(len(finished), 4)
        self.assertFalse((self.out / "results.csv").exists())
        status, said, err = run(*arguments)
        self.assertEqual(status, 0, err)
        self.assertIn(f"4 predicted, {len(finished)} of them before", said)
        after = {path.name: path.stat().st_mtime_ns for path in self.out.glob("cases/*.json")}
        self.assertEqual({name: after[name] for name in finished}, finished)
        self.assertEqual(len(rows(self.out / "results.csv")), 4)
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
    from HER2PredictLib.batch import work

    if task.case.name == "P0":
        os.kill(os.getpid(), signal.SIGKILL)
    return work.predict_case(task, settings)


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

    def test_folders_are_told_by_what_they_hold_and_come_in_the_order_of_their_numbers(self) -> None:
        for name in ("P10/ct.nrrd", "P10/roi.seg.nrrd", "P2/CT_image.nii.gz", "P2/CT_mask.nii.gz", "P3/a.nrrd",
                     "P3/b.nrrd", "P4/notes.txt", "P5/ct.nrrd", "P5/roi.nrrd", "out/x.nrrd", ".git/x.nrrd", "P5.nrrd",
                     "P6/proi.nrrd", "P6/roi.nrrd"):  # fmt: skip
            (self.source / name).parent.mkdir(parents=True, exist_ok=True)
            (self.source / name).touch()
        found = find_cases(self.source, self.source / "out")
        self.assertEqual(list(found), ["P2", "P3", "P4", "P5", "P6", "P10"])
        for name, image, roi in (("P2", "CT_image.nii.gz", "CT_mask.nii.gz"), ("P6", "proi.nrrd", "roi.nrrd"),
                                 ("P10", "ct.nrrd", "roi.seg.nrrd")):  # fmt: skip
            self.assertEqual(found[name], CaseFiles(name, self.source / name / image, self.source / name / roi))
        codes = {name: found[name].code for name in ("P3", "P4", "P5")}
        self.assertEqual(codes, {"P3": "case-ambiguous", "P4": "case-empty", "P5": "case-ambiguous"})

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
        names = ["P1", "p1", "a b", "a_b", "..", "é", "", "x" * 300, "../etc", "CON", "nul.x", "-rf", "\udcff"]
        made = dict(file_names(names))
        self.assertEqual(made["P1"], "P1")
        self.assertEqual(len({name.lower() for name in made.values()}), len(names))
        for name in made.values():
            self.assertRegex(name, r"^(?!(?i:con|nul)(\.|$))\w[\w.-]{0,100}$")


if __name__ == "__main__":
    unittest.main()
