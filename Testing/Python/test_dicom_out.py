"""The DICOM results: sound by the judges of DICOM, about the right study, equal to what is shown, silent on names."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import tempfile
import unittest
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cases import REAL_CT, small_case, write_small_case
from HER2PredictLib.assess import assess
from HER2PredictLib.case.case import Case
from HER2PredictLib.command.main import main
from HER2PredictLib.model.model import BUNDLED_MODEL, Model

try:
    import highdicom
    import pydicom
    import SimpleITK as sitk

    from test_dicom_in import SENTINEL, plant, save, slices
except ImportError:
    highdicom = None

DCIODVFY, DSRDUMP = shutil.which("dciodvfy"), shutil.which("dsrdump")


def run(*arguments: object) -> tuple[int, str]:
    """Exit status and all that was printed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main([str(argument) for argument in arguments])
    return status, said.getvalue()


@lru_cache(maxsize=1)
def written() -> tuple[Path, Any]:
    """A folder with a CT that is full of names, its ROI, and the results with (``named``) and without them."""
    folder = tempfile.TemporaryDirectory()
    root = Path(folder.name)
    image, roi = small_case()
    for data in slices(image, 2):
        plant(data)
        data.PatientID = "Quimby-1"
        data.StudyDate, data.StudyTime, data.PatientSex = "20240115", "101500", "F"
        save(data, root / "ct" / f"{data.InstanceNumber}.dcm")
    sitk.WriteImage(roi, str(root / "roi.nrrd"))
    for name, options in {"plain": (), "named": ("--identify",)}.items():
        status, text = run(
            "predict", root / "ct", root / "roi.nrrd", "--perturbations", 5, "--dicom-out", root / name,
            "--json", root / f"{name}.json", *options,
        )  # fmt: skip
        if status:
            raise AssertionError(text)
        (root / f"{name}.txt").write_text(text, encoding="utf-8")
    return root, folder


def objects(name: str) -> tuple[Any, Any]:
    """Segmentation and report."""
    folder = written()[0] / name
    return tuple(pydicom.dcmread(folder / f"her2predict-{kind}.dcm") for kind in ("segmentation", "report"))


@unittest.skipIf(highdicom is None, "highdicom is not installed")
class ObjectsTest(unittest.TestCase):
    def test_they_belong_to_the_study_as_series_of_their_own(self) -> None:
        source = pydicom.dcmread(written()[0] / "ct" / "1.dcm")
        for name in ("plain", "named"):
            found = objects(name)
            for data in found:
                self.assertEqual(data.StudyInstanceUID, source.StudyInstanceUID)
                self.assertEqual(data.get("PatientID", ""), source.PatientID if name == "named" else "")
                self.assertEqual(data.get("StudyDate", ""), source.StudyDate if name == "named" else "")
            series = {data.SeriesInstanceUID for data in (*found, source)}
            self.assertEqual(len(series), 3)
            self.assertEqual(found[0].FrameOfReferenceUID, source.FrameOfReferenceUID)

    def test_names_are_in_no_object_unless_they_are_asked_for(self) -> None:
        root = written()[0]
        for path in [*(root / "plain").iterdir(), root / "plain.json", root / "plain.txt", root / "named.json"]:
            text = path.read_bytes().replace(str(root).encode(), b"")
            self.assertNotIn(SENTINEL.encode(), text, path.name)
        for path in (root / "named").iterdir():
            self.assertIn(SENTINEL.encode(), path.read_bytes(), path.name)

    def test_the_segmentation_is_the_roi_and_predicts_the_same(self) -> None:
        root = written()[0]
        first = Case.from_files(root / "ct", root / "roi.nrrd")
        second = Case.from_files(root / "ct", root / "plain" / "her2predict-segmentation.dcm")
        np.testing.assert_array_equal(first.roi_voxels, second.roi_voxels)
        status, text = run(
            "predict", root / "ct", root / "plain" / "her2predict-segmentation.dcm", "--perturbations", 0,
            "--json", root / "again.json",
        )  # fmt: skip
        self.assertEqual(status, 0, text)
        own, again = (json.loads((root / f"{name}.json").read_text()) for name in ("plain", "again"))
        self.assertEqual(own["features"], again["features"])
        self.assertEqual(own["probability"], again["probability"])

    def test_the_report_has_the_numbers_and_the_call_of_the_result(self) -> None:
        report = highdicom.sr.srread(written()[0] / "plain" / "her2predict-report.dcm")
        result = json.loads((written()[0] / "plain.json").read_text())
        (group,) = report.content.get_volumetric_roi_measurement_groups()
        numbers = {item.name.value: item.value for item in group.get_measurements()}
        expected = {
            "probability": 100 * result["probability"],
            "interval-low": 100 * result["interval"][0],
            "interval-high": 100 * result["interval"][1],
            "threshold": 100 * result["threshold"],
            "118565006": result["roi"]["volume_ml"],
            "outlines": 5,
        }
        for name, value in expected.items():
            self.assertAlmostEqual(numbers[name], value, delta=0.006, msg=name)
        called = {item.name.value: item.value.meaning for item in group.get_qualitative_evaluations()}
        self.assertEqual(called["call"], "Positive" if result["call"] == "HER2-positive" else "Negative")
        self.assertEqual(result["applicability"]["verdict"], "outside")
        self.assertEqual(called["applicability"], "Outside what the model knows")
        segment = group.referenced_segment.referenced_sop_instance_uid
        self.assertEqual(segment, objects("plain")[0].SOPInstanceUID)
        text = (written()[0] / "plain" / "her2predict-report.dcm").read_bytes().decode(errors="replace")
        for words in ("Research use only", "simulated", Model.load(BUNDLED_MODEL).sha256):
            self.assertIn(words, text)

    def test_a_model_that_guesses_gives_no_call(self) -> None:
        from HER2PredictLib.outputs.dicom.objects import sources_of, write_objects
        from test_guessing import AREA, REASON, bundle

        root = written()[0]
        case = Case.from_files(root / "ct", root / "roi.nrrd")
        assessment = assess(case, bundle((REASON,), AREA))
        sources = sources_of(case, case.volume.dicom_files, identify=False)
        _roi, path = write_objects(assessment, sources, root / "guess", identify=False)
        (group,) = highdicom.sr.srread(path).content.get_volumetric_roi_measurement_groups()
        said = {item.name.value for item in group.get_qualitative_evaluations()}
        self.assertEqual(said & {"call", "applicability", "stability"}, set())
        self.assertEqual({item.name.value for item in group.get_measurements()}, {"118565006", "probability"})
        self.assertIn("no better than guessing", path.read_bytes().decode(errors="replace"))

    def test_a_volume_that_is_not_of_dicom_is_refused_before_any_work(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            volume, roi = write_small_case(Path(folder))
            status, text = run("predict", volume, roi, "--dicom-out", Path(folder) / "out", "--csv", f"{folder}/t.csv")
            self.assertEqual(status, 2)
            self.assertRegex(text, "did not come from DICOM")
            self.assertEqual(sorted(path.name for path in Path(folder).iterdir()), ["roi.nrrd", "volume.nrrd"])

    @unittest.skipIf(DCIODVFY is None or DSRDUMP is None, "apt-get install dicom3tools dcmtk")
    def test_the_judges_find_no_error(self) -> None:
        for name in ("plain", "named"):
            self.assert_sound(written()[0] / name)

    def assert_sound(self, folder: Path) -> None:
        for path in folder.iterdir():
            check = subprocess.run([str(DCIODVFY), "-new", str(path)], capture_output=True, text=True, check=False)
            errors = [line for line in (check.stdout + check.stderr).splitlines() if line.startswith("Error")]
            self.assertEqual(errors, [], path.name)
        shown = subprocess.run(
            [str(DSRDUMP), str(folder / "her2predict-report.dcm")], capture_output=True, text=True, check=False
        )
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertNotRegex(shown.stderr, "(?m)^E:")
        self.assertIn("Probability of HER2 over-expression", shown.stdout)

    @unittest.skipUnless(REAL_CT.is_dir() and DCIODVFY and DSRDUMP, "there is no real CT beside the project")
    def test_a_real_ct_goes_the_round(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            patient, out = REAL_CT / "STS_002", Path(folder) / "out"
            first = ("predict", patient / "dicom", patient / "RTSTRUCT.dcm", "--perturbations", 0)
            status, text = run(*first, "--dicom-out", out, "--identify", "--json", f"{folder}/1.json")
            self.assertEqual(status, 0, text)
            self.assert_sound(out)
            again = ("predict", patient / "dicom", out / "her2predict-segmentation.dcm", "--perturbations", 0)
            self.assertEqual(run(*again, "--json", f"{folder}/2.json")[0], 0)
            own, other = (json.loads(Path(folder, f"{number}.json").read_text())["features"] for number in (1, 2))
            self.assertEqual(own, other)


if __name__ == "__main__":
    unittest.main()
