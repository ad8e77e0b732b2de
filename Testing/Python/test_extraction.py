"""Features of a cohort: whatever ends a run, nothing finished is lost or computed twice; what changed is computed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import SimpleITK as sitk

try:
    import joblib  # noqa: F401
    import pandas as pd
except ImportError as error:
    raise unittest.SkipTest("what a cohort takes is not installed: joblib, pandas") from error

from cases import as_image, ct_array, ellipsoid, write_segmentation
from HER2PredictLib import features
from HER2PredictLib.assess import preprocess
from HER2PredictLib.case.case import Case
from HER2PredictLib.command.main import main
from HER2PredictLib.errors import InputError
from HER2PredictLib.many.fingerprint import key_of, settings_id
from HER2PredictLib.training.cohort import workers
from HER2PredictLib.training.cohort.extraction import Extraction, extract
from HER2PredictLib.training.cohort.read_table import read_table

LIBRARY = Path(features.__file__).resolve().parents[1]
PATIENTS = 8
SIZE = (40, 40, 16)
JOBS = 2

#: A run in a process of its own; two workers.
RUN = f"""
import sys
from pathlib import Path
from HER2PredictLib.training.cohort.read_table import read_table
from HER2PredictLib.training.cohort.extraction import extract
if __name__ == "__main__":
    result = extract(read_table(Path(sys.argv[1])), Path(sys.argv[2]), jobs={JOBS})
    print(result.computed, result.reused)
"""


def write_cohort(folder: Path, patients: int = PATIENTS) -> Path:
    """Ellipsoids of many sizes in noise, with a speck as a second segment; patients P0, P1 and so on."""
    rows = []
    for number in range(patients):
        place = folder / f"P{number}"
        place.mkdir(parents=True)
        sitk.WriteImage(as_image(ct_array(number, SIZE)), str(place / "ct.nrrd"))
        radii = np.array([6.0, 6.0, 12.0]) + number / 4
        mask = ellipsoid(SIZE, centre=np.array([20.0, 20.0, 8.0]), radii_mm=radii)
        mask[0, 0, 0] = 2
        segments = {"S1": ("Tumour", 1), "S2": ("Speck", 2)}
        write_segmentation(place / "roi.seg.nrrd", as_image(mask), segments)
        row = {"patient_id": place.name, "image": f"{place.name}/ct.nrrd", "roi": f"{place.name}/roi.seg.nrrd"}
        rows.append({**row, "segment": "Tumour", "her2_ihc": "2+" if number % 2 else "0", "site": "Ward 1, east"})
    pd.DataFrame(rows).to_csv(folder / "cohort.csv", index=False)
    return folder / "cohort.csv"


def journal_keys(out: Path) -> list[str]:
    path = out.with_name(f"{out.name}.journal")
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line)["key"] for line in lines if line.startswith(b"{") and line.endswith(b"}")]


def with_path(*folders: Path) -> dict[str, str]:
    """The environment, with folders that Python looks for modules in before all others."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, folders), os.environ.get("PYTHONPATH", "")])}


def start(table: Path, out: Path, library: Path = LIBRARY) -> subprocess.Popen:
    """A run as the leader of a process group of its own."""
    command = [sys.executable, "-c", RUN, str(table), str(out)]
    return subprocess.Popen(
        command,
        # The process that watches over joblib's semaphores may remark, in its own time, on what an interrupt left.
        env=with_path(library) | {"PYTHONWARNINGS": "ignore:resource_tracker:UserWarning"},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # As in a terminal, even where the tests themselves were started to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


#: The cohort that tests copy, its feature table, and what the run that wrote it returned; made once for all tests.
_made: list[tuple[Path, Path, Extraction]] = []


def pristine() -> tuple[Path, Path, Extraction]:
    if not _made:
        folder = tempfile.TemporaryDirectory()
        unittest.addModuleCleanup(_made.clear)
        unittest.addModuleCleanup(folder.cleanup)
        table, out = write_cohort(Path(folder.name) / "cohort"), Path(folder.name) / "undisturbed.csv"
        _made.append((table.parent, out, extract(read_table(table), out, jobs=JOBS)))
    return _made[0]


class ExtractionTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.pristine, cls.undisturbed, cls.first = pristine()
        cls.base = cls.pristine.parent

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=self.base))
        self.out = self.folder / "features.csv"

    def copy(self, *, extracted: bool = True) -> Path:
        """A cohort table that a test may change things of, and by default its finished feature table."""
        table = Path(shutil.copytree(self.pristine, self.folder / "cohort")) / "cohort.csv"
        if extracted:
            shutil.copy(self.undisturbed, self.out)
        return table

    def extract(self, table: Path, **options: object) -> Extraction:
        return extract(read_table(table), self.out, jobs=JOBS, **options)


class TableTest(ExtractionTestCase):
    def test_values_are_those_of_each_case_alone(self) -> None:
        self.assertEqual((self.first.failures, self.first.computed, self.first.reused), ({}, PATIENTS, 0))
        place = self.pristine / "P7"
        alone = features.extract(
            preprocess(Case.from_files(place / "ct.nrrd", place / "roi.seg.nrrd", "Tumour")).prepared
        )
        self.assertEqual(self.first.table.loc["P7"].to_dict(), alone)

    def test_table_reads_back_to_the_last_bit_with_every_column(self) -> None:
        cohort, given = read_table(self.undisturbed), read_table(self.pristine / "cohort.csv")
        np.testing.assert_array_equal(cohort.features.to_numpy(), self.first.table.to_numpy())
        pd.testing.assert_frame_equal(cohort.table, given.table)
        self.assertEqual(cohort.settings, settings_id())
        header = self.undisturbed.read_text().split("\n")[0].split(",")
        columns = ["patient_id", "image", "roi", "segment", "her2_ihc", "site"]
        own = ["feature_settings", "inputs_sha256", "input_findings"]
        self.assertEqual(header, [*columns, *own, *features.feature_names()])
        self.assertEqual(list(self.base.glob("*.journal")) + list(self.base.glob(".*")), [])

    def test_findings_on_the_input_are_those_of_each_case(self) -> None:
        cohort = read_table(self.undisturbed)
        self.assertEqual(cohort.origin, "her2predict")
        for patient in ("P0", "P7"):
            place = self.pristine / patient
            preparation = preprocess(Case.from_files(place / "ct.nrrd", place / "roi.seg.nrrd", "Tumour"))
            codes = tuple(finding.code for finding in preparation.findings)
            self.assertEqual(cohort.findings[patient], codes)
            self.assertGreater(len(codes), 0)

    def test_a_table_without_findings_is_computed_anew(self) -> None:
        table = self.copy()
        frame = pd.read_csv(self.out, dtype=str, keep_default_na=False)
        frame.drop(columns="input_findings").to_csv(self.out, index=False)
        self.assertEqual(read_table(self.out).origin, "named")
        result = self.extract(table)
        self.assertEqual((result.computed, result.reused), (PATIENTS, 0))
        self.assertEqual(self.out.read_bytes(), self.undisturbed.read_bytes())

    def test_progress_counts_every_patient(self) -> None:
        seen: list[tuple[int, int]] = []
        table = self.copy()
        sitk.WriteImage(as_image(ct_array(99, SIZE)), str(table.parent / "P3" / "ct.nrrd"))
        self.extract(table, progress=lambda *counts: seen.append(counts))
        self.assertEqual(seen, [(PATIENTS - 1, PATIENTS), (PATIENTS, PATIENTS)])


class ChangeTest(ExtractionTestCase):
    def assert_recomputed(self, patients: int, change: Callable[[Path], object]) -> Extraction:
        table = self.copy()
        change(table.parent)
        result = self.extract(table)
        self.assertEqual((result.computed, result.reused), (patients, PATIENTS - patients))
        return result

    def test_nothing_changed_computes_and_writes_nothing(self) -> None:
        table = self.copy()
        self.extract(table)  # paths in the table are now those from here
        before = self.out.stat()
        result = self.extract(table)
        self.assertEqual((result.computed, result.reused), (0, PATIENTS))
        self.assertEqual((before.st_ino, before.st_mtime_ns), (self.out.stat().st_ino, self.out.stat().st_mtime_ns))
        np.testing.assert_array_equal(result.table.to_numpy(), self.first.table.to_numpy())

    def test_touched_file_is_not_a_changed_one(self) -> None:
        self.assert_recomputed(0, lambda folder: os.utime(folder / "P1" / "ct.nrrd"))

    def test_changed_image(self) -> None:
        image = as_image(ct_array(77, SIZE))
        result = self.assert_recomputed(1, lambda folder: sitk.WriteImage(image, str(folder / "P1" / "ct.nrrd")))
        same = (result.table == self.first.table).all(axis=1)
        self.assertEqual(same.index[~same].tolist(), ["P1"])

    def test_changed_roi(self) -> None:
        def change(folder: Path) -> None:
            shutil.copy(folder / "P5" / "roi.seg.nrrd", folder / "P2" / "roi.seg.nrrd")

        self.assert_recomputed(1, change)

    def test_changed_segment(self) -> None:
        def change(folder: Path) -> None:
            text = (folder / "cohort.csv").read_text()
            (folder / "cohort.csv").write_text(text.replace("P4/roi.seg.nrrd,Tumour", "P4/roi.seg.nrrd,S1"))

        self.assert_recomputed(1, change)

    def test_the_series_that_the_table_names_is_the_one(self) -> None:
        from test_dicom_folder import write_series

        self.folder.mkdir(exist_ok=True)
        pile, roi = self.folder / "pile", self.folder / "roi.nrrd"
        for number in (1, 2):
            image = as_image(ct_array(seed=number))
            write_series(pile, image, image.GetOrigin()[2] + 5.0 * np.arange(image.GetSize()[2]), series=number)
        sitk.WriteImage(as_image(ellipsoid()), str(roi))
        series = [f"1.2.826.0.1.3680043.2.1125.1.{number}" for number in (1, 2)]
        table = self.folder / "piles.csv"
        rows = (f"P{at},pile,roi.nrrd,{name}" for at, name in enumerate([*series, ""]))
        table.write_text("\n".join(["patient_id,image,roi,series", *rows]))
        err = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
            self.assertEqual(main(["extract", str(table), "--out", str(self.out), "--jobs", str(JOBS)]), 0)
        self.assertRegex(err.getvalue(), "patient P2 is left out: .* holds 2 DICOM image series")
        found = read_table(self.out).require_features()
        for patient, name in zip(("P0", "P1"), series, strict=True):
            alone = features.extract(preprocess(Case.from_files(pile, roi, None, name)).prepared)
            self.assertEqual(found.loc[patient].to_dict(), alone)
        self.assertNotEqual(*(found.loc[patient].to_list() for patient in ("P0", "P1")))
        again = self.extract(table)
        self.assertEqual((again.computed, again.failures["P2"].code), (0, "several-dicom-series"))

    def test_the_key_of_a_patient_without_a_series_is_that_of_tables_without_the_column(self) -> None:
        image, roi = self.folder / "ct", self.folder / "roi"
        image.write_bytes(b"image")
        roi.write_bytes(b"roi")
        digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (image, roi)}
        parts = {"image": digests["ct"], "roi": digests["roi"], "segment": "S", "numpy": "1"}
        expected = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        self.assertEqual(key_of(image, roi, "S", {"numpy": "1"}, ""), expected)
        self.assertNotEqual(key_of(image, roi, "S", {"numpy": "1"}, "1.2"), expected)

    def test_changed_parameter_file(self) -> None:
        library = self.folder / "library"
        shutil.copytree(LIBRARY, library, ignore=shutil.ignore_patterns("__pycache__", "*.her2model"))
        parameters = library / "Resources" / features.PARAMETER_FILE.name
        parameters.write_text(parameters.read_text(encoding="utf-8").replace("binWidth: 25", "binWidth: 50"))
        out, err = start(self.copy(), self.out, library).communicate(timeout=120)
        self.assertEqual(out.split(), [str(PATIENTS), "0"], err)
        with self.assertRaisesRegex(InputError, "other settings"):
            read_table(self.out)

    def test_gray_levels_beside_a_header_count(self) -> None:
        table = self.copy(extracted=False)
        place = table.parent / "P0"
        sitk.WriteImage(sitk.ReadImage(str(place / "ct.nrrd")), str(place / "ct.mhd"))
        table.write_text(table.read_text().replace("P0/ct.nrrd", "P0/ct.mhd"))
        shutil.copy(self.undisturbed, self.out)
        self.assertEqual(self.extract(table).computed, 1)
        raw = bytearray((place / "ct.raw").read_bytes())
        raw[len(raw) // 2] ^= 8
        (place / "ct.raw").write_bytes(raw)
        self.assertEqual(self.extract(table).computed, 1)
        self.assertEqual(self.extract(table).computed, 0)

    def test_a_change_anywhere_on_the_way_to_the_features_counts(self) -> None:
        library = self.folder / "library"
        for name in ("HER2PredictLib", "Resources"):
            shutil.copytree(LIBRARY / name, library / name)
        program = "from HER2PredictLib.many.fingerprint import software; print(software())"

        def told() -> str:
            return subprocess.run(
                [sys.executable, "-c", program], env=with_path(library), capture_output=True, text=True, check=True
            ).stdout

        seen = [told()]
        for name in ("case/dicom/structures.py", "extraction/driver.py", "findings/shapes.py", "features.py"):
            with (library / "HER2PredictLib" / name).open("a", encoding="utf-8") as file:
                file.write("# another one\n")
            seen.append(told())
        self.assertEqual(len(set(seen)), 5)

    def test_every_file_of_a_dicom_folder_counts(self) -> None:
        folder, roi = self.folder / "dicom", self.pristine / "P0" / "roi.seg.nrrd"
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.dcm").write_bytes(bytes([number]) * 1000)
        before = key_of(folder, roi, "", {})
        self.assertEqual(key_of(folder, roi, "", {}), before)
        (folder / "1.dcm").write_bytes(b"\1" * 999 + b"\2")
        changed = key_of(folder, roi, "", {})
        (folder / "2.dcm").unlink()
        self.assertEqual(len({before, changed, key_of(folder, roi, "", {})}), 3)

    def test_changed_clinical_column_computes_nothing_and_is_written(self) -> None:
        def change(folder: Path) -> None:
            text = (folder / "cohort.csv").read_text()
            (folder / "cohort.csv").write_text(text.replace("Ward 1", "Ward 2"))

        self.assert_recomputed(0, change)
        self.assertEqual(set(read_table(self.out).table["site"]), {"Ward 2, east"})

    def test_patient_added_and_patient_taken_out(self) -> None:
        def change(folder: Path) -> None:
            lines = (folder / "cohort.csv").read_text().splitlines()
            shutil.copytree(folder / "P1", folder / "P1-again")
            (folder / "P1-again" / "ct.nrrd").write_bytes((folder / "P2" / "ct.nrrd").read_bytes())
            added = lines[2].replace("P1", "P1-again")
            (folder / "cohort.csv").write_text("\n".join([lines[0], added, *lines[1:6], *lines[7:]]) + "\n")

        result = self.assert_recomputed(1, change)
        patients = [f"P{number}" for number in range(PATIENTS) if number != 5]
        self.assertEqual(result.table.index.tolist(), ["P1-again", *patients])


class FailureTest(ExtractionTestCase):
    def test_failed_patients_are_reported_and_left_out(self) -> None:
        table = self.copy(extracted=False)
        (table.parent / "P1" / "ct.nrrd").write_bytes(b"no image")
        (table.parent / "P2" / "roi.seg.nrrd").unlink()
        table.write_text(table.read_text().replace("P4/roi.seg.nrrd,Tumour", "P4/roi.seg.nrrd,Speck"))
        result = self.extract(table)
        self.assertEqual(list(result.failures), ["P1", "P2", "P4"])
        self.assertRegex(result.failures["P1"].message, "not an image that can be read")
        self.assertRegex(result.failures["P2"].message, "does not exist")
        self.assertRegex(result.failures["P4"].message, "single voxel")
        codes = [exclusion.code for exclusion in result.failures.values()]
        self.assertEqual(codes, ["image-unreadable", "file-not-found", "roi-too-small"])
        kept = [patient for patient in self.first.table.index if patient not in result.failures]
        pd.testing.assert_frame_equal(result.table, self.first.table.loc[kept])
        self.assertEqual(read_table(self.out).table.index.tolist(), kept)

    def test_no_patient_left_is_an_error(self) -> None:
        table = self.copy(extracted=False)
        for place in table.parent.glob("P*"):
            (place / "ct.nrrd").unlink()
        with self.assertRaisesRegex(
            InputError, f'None of the {PATIENTS} patients could be computed; the first one, "P0": .*exist'
        ):
            self.extract(table)
        self.assertFalse(self.out.exists())

    @unittest.skipIf(sys.platform == "win32", "takes signals")
    def test_patient_that_ends_its_process_is_reported_and_left_out(self) -> None:
        table = self.copy(extracted=False)
        (table.parent / "P1").rename(table.parent / "deadly")
        table.write_text(table.read_text().replace("P1/ct", "deadly/ct").replace("P1/roi", "deadly/roi"))
        # Python runs this at the start of every process; reading from that folder then ends a worker as a crash would.
        (self.folder / "sitecustomize.py").write_text(
            textwrap.dedent("""
            import os, pathlib, signal, sys
            exists = pathlib.Path.exists
            def crash(path):
                if path.parent.name == "deadly" and "loky" in " ".join(sys.orig_argv):
                    os.kill(os.getpid(), signal.SIGSEGV)
                return exists(path)
            pathlib.Path.exists = crash
            """)
        )
        code = RUN + "    print({patient: exclusion.message for patient, exclusion in result.failures.items()})"
        environment = with_path(LIBRARY, self.folder)
        command = [sys.executable, "-c", code, str(table), str(self.out)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        told = rf"\A{PATIENTS - 1} 0\n\{{'P1': 'the process that computed it was ended"
        self.assertRegex(done.stdout, told, done.stderr)
        kept = [patient for patient in self.first.table.index if patient != "P1"]
        np.testing.assert_array_equal(read_table(self.out).features, self.first.table.loc[kept])

    def test_outputs_that_cannot_be_written_are_refused(self) -> None:
        table = self.copy(extracted=False)
        cohort = read_table(table)
        (self.folder / "notes.csv").write_text("patient_id,note\nP1,keep me\n")
        for out, reason in (
            (table, "is the cohort table itself"),
            (self.folder, "is a folder"),
            (self.folder / "none" / "features.csv", "does not exist"),
            (self.folder / "notes.csv", "is not a feature table that HER2Predict wrote"),
        ):
            with self.assertRaisesRegex(InputError, reason):
                extract(cohort, out, jobs=JOBS)
        self.assertIn("keep me", (self.folder / "notes.csv").read_text())


@unittest.skipIf(sys.platform == "win32", "takes signals and process groups")
class InterruptionTest(ExtractionTestCase):
    def wait_for(self, condition: Callable[[], bool], process: subprocess.Popen) -> None:
        """Wait until the condition holds or the process has ended."""
        deadline = time.monotonic() + 60
        while process.poll() is None and not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.002)

    def end(self, process: subprocess.Popen, number: int) -> str:
        """Send a signal to the run and its workers; what it printed on standard error."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        return process.communicate(timeout=30)[1]

    def test_killed_ten_times(self) -> None:
        """Whenever SIGKILL hits, what was finished stays, nothing is computed twice, and the table is the same."""
        table, chance = self.pristine / "cohort.csv", random.Random(20240723)
        out = self.base / "killed.csv"  # beside the undisturbed one: paths in the table are relative to it
        finished: list[str] = []
        kept = []
        for turn in range(10):
            run = start(table, out)
            if turn % 2:  # at work
                known = len(finished)
                self.wait_for(lambda known=known: len(journal_keys(out)) > known, run)
                time.sleep(chance.uniform(0.0, 0.1))
            else:  # somewhere on the way there
                time.sleep(chance.uniform(0.0, 2.0))
            self.end(run, signal.SIGKILL)
            keys = journal_keys(out)
            kept.append(len(keys))
            self.assertEqual(len(keys), len(set(keys)))
            if out.exists() and not keys:  # the run was faster than the kill
                self.assertEqual(out.read_bytes(), self.undisturbed.read_bytes())
                out.unlink()
            else:
                self.assertEqual(keys[: len(finished)], finished)
            finished = keys
        self.assertGreater(len(set(kept)), 3, kept)
        printed, error = start(table, out).communicate(timeout=120)
        self.assertEqual(printed.split(), [str(PATIENTS - len(finished)), str(len(finished))], error)
        self.assertEqual(out.read_bytes(), self.undisturbed.read_bytes())
        self.assertEqual(journal_keys(out), [])

    def test_interrupt_ends_quickly_and_keeps_the_journal(self) -> None:
        run = start(self.pristine / "cohort.csv", self.out)
        self.wait_for(lambda: len(journal_keys(self.out)) > 1, run)
        asked = time.monotonic()
        error = self.end(run, signal.SIGINT)
        self.assertLess(time.monotonic() - asked, 5)
        self.assertRegex(error, r"\nKeyboardInterrupt\n\Z")
        kept = len(journal_keys(self.out))
        self.assertGreater(kept, 1)
        result = self.extract(self.pristine / "cohort.csv")
        self.assertEqual((result.computed, result.reused), (PATIENTS - kept, kept))


class JournalTest(ExtractionTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        """The lines of the journal of a run that ended after two patients."""
        super().setUpClass()
        out = cls.base / "interrupted.csv"

        def stop(done: int, _: int) -> None:
            if done == 2:
                raise KeyboardInterrupt

        with contextlib.suppress(KeyboardInterrupt):
            extract(read_table(cls.pristine / "cohort.csv"), out, jobs=JOBS, progress=stop)
        cls.lines = out.with_name("interrupted.csv.journal").read_bytes().splitlines(keepends=True)

    def assert_reused(self, patients: int, journal: bytes) -> None:
        self.out.with_name("features.csv.journal").write_bytes(journal)
        result = self.extract(self.pristine / "cohort.csv")
        self.assertEqual((result.computed, result.reused), (PATIENTS - patients, patients))
        np.testing.assert_array_equal(result.table.to_numpy(), self.first.table.to_numpy())
        self.assertFalse(self.out.with_name("features.csv.journal").exists())

    def test_whole_lines_count(self) -> None:
        self.assertEqual(len(self.lines), 2)
        self.assert_reused(2, b"".join(self.lines))

    def test_torn_line_is_passed_over(self) -> None:
        first, second = self.lines
        self.assert_reused(1, first + second[: len(second) // 2])

    def test_line_after_a_torn_one_counts(self) -> None:
        first, second = self.lines
        self.assert_reused(1, first[:-100] + b"\n" + b"\0" * 512 + b"\n" + second)

    def test_second_run_on_the_same_table_is_refused(self) -> None:
        held, go_on = threading.Event(), threading.Event()

        def hold(_done: int, _total: int) -> None:
            held.set()
            go_on.wait(60)

        table = self.copy()
        run = threading.Thread(target=self.extract, args=(table,), kwargs={"progress": hold})
        run.start()
        try:
            self.assertTrue(held.wait(60))
            other = start(table, self.out)
            self.assertIn("InputError: Another run is writing", other.communicate(timeout=60)[1])
        finally:
            go_on.set()
            run.join()
        self.assertEqual(self.extract(table).computed, 0)


class DaskTest(ExtractionTestCase):
    def test_same_table_on_a_cluster(self) -> None:
        try:
            from distributed import LocalCluster
        except ImportError:
            self.skipTest("dask.distributed is not installed")
        table = self.copy(extracted=False)
        (table.parent / "P1" / "ct.nrrd").write_bytes(b"no image")
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            result = self.extract(table, dask=cluster.scheduler_address)
        self.assertEqual((list(result.failures), result.computed), (["P1"], PATIENTS - 1))
        pd.testing.assert_frame_equal(result.table, self.first.table.drop(index="P1"))

    def test_no_cluster(self) -> None:
        try:
            import distributed  # noqa: F401
        except ImportError:
            with self.assertRaisesRegex(InputError, "pip install distributed"):
                self.extract(self.copy(extracted=False), dask="tcp://127.0.0.1:9")
            return
        with mock.patch.object(workers, "_CONNECT_SECONDS", 0.5):
            for address in ("tcp://127.0.0.1:9", "nonsense"):
                with self.assertRaisesRegex(InputError, f"no Dask scheduler at {address}"):
                    self.extract(self.pristine / "cohort.csv", dask=address)


if __name__ == "__main__":
    unittest.main()
