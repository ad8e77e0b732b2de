"""The `her2predict predict` command: what it prints and writes, and one clear line for each bad input."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import SimpleITK as sitk

from cases import REAL_CT, as_image, ct_array, ellipsoid, needs, small_case, write_segmentation, write_small_case
from HER2PredictLib import features
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.images import read_image
from HER2PredictLib.command import main as cli
from HER2PredictLib.model.model import BUNDLED_MODEL
from hosts import NO_SLICER


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of the command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.main([str(argument) for argument in arguments])
    return status, out.getvalue(), err.getvalue()


def predict(*arguments: object) -> tuple[int, str, str]:
    """`predict` without variations of the outline, which test_stability.py tests; they take much longer."""
    return run("predict", *arguments, "--perturbations", 0)


class CommandTestCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.volume, self.roi = write_small_case(self.folder)

    def write(self, name: str, image: sitk.Image) -> Path:
        sitk.WriteImage(image, str(self.folder / name))
        return self.folder / name


class PredictTest(CommandTestCase):
    def test_json_holds_everything_that_was_promised(self) -> None:
        status, out, err = predict(self.volume, self.roi, "--json", "-")
        self.assertEqual((status, err), (0, ""))
        result = json.loads(out)
        low, high = result["interval"]
        self.assertTrue(0 <= low <= result["probability"] <= high <= 1)
        positive = result["probability"] >= result["threshold"]
        self.assertEqual(result["call"], "HER2-positive" if positive else "HER2-negative")
        self.assertEqual(list(result["features"]), list(features.feature_names()))
        expected = features.extract(Case.from_files(self.volume, self.roi).prepared())
        self.assertEqual(result["features"], expected)
        marked = int(ellipsoid().sum())
        self.assertEqual(result["roi"]["voxels"], marked)
        self.assertAlmostEqual(result["roi"]["volume_ml"], marked * 0.8 * 0.8 * 5 / 1000, places=5)
        self.assertEqual(result["roi"]["slices"], int(ellipsoid().any(axis=(1, 2)).sum()))
        self.assertTrue(result["model"]["training_cohort"]["simulated"])
        self.assertEqual(len(result["model"]["sha256"]), 64)
        self.assertEqual(set(result["findings"][0]), {"code", "severity", "message"})
        self.assertIn("simulated-model", [finding["code"] for finding in result["findings"]])
        self.assertIn("SimpleITK", result["software"])
        self.assertLessEqual({"findings", "preparation", "features", "prediction"}, set(result["seconds"]))

    def test_text_for_people_names_call_interval_model_and_simulated(self) -> None:
        status, out, _ = predict(self.volume, self.roi)
        self.assertEqual(status, 0)
        for word in ("HER2-", "probability", "interval", "threshold", "Model:", "simulated", "975"):
            self.assertIn(word, out)

    def test_text_and_json_tell_the_same_of_applicability_and_explanation(self) -> None:
        result = json.loads(predict(self.volume, self.roi, "--json", "-")[1])
        text = predict(self.volume, self.roi)[1]
        self.assertIn(result["applicability"]["verdict"], ("inside", "edge", "outside"))
        share = result["applicability"]["tail_probability"]
        self.assertIn(f"{share:.1%} of patients" if share >= 0.001 else "less than 0.1% of patients", text)
        explanation = result["explanation"]
        difference = explanation["log_odds"] - explanation["baseline_log_odds"]
        for parts in (explanation["by_class"], explanation["by_image"]):
            self.assertAlmostEqual(sum(parts.values()), difference, delta=1e-8)
        self.assertEqual(len(explanation["strongest"]), 10)
        for strong in explanation["strongest"]:
            self.assertIn(f"{strong['feature']} (z {strong['z_score']:+.1f})", text)

    @needs("matplotlib")
    def test_files_are_written_and_hold_no_patient(self) -> None:
        volume = sitk.ReadImage(str(self.volume))
        volume.SetMetaData("PatientName", "Doe^Jane")
        path = self.write("named.nrrd", volume)
        kept, picture, result = self.folder / "kept", self.folder / "p.png", self.folder / "r.json"
        status, _, err = predict(path, self.roi, "--keep-inputs", kept, "--picture", picture, "--json", result)
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(picture.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
        pair = Case.from_files(kept / "volume.nrrd", kept / "roi.nrrd")
        self.assertEqual(pair.volume.image.GetOrigin(), (0.0, 0.0, 0.0))
        for file in (kept / "volume.nrrd", kept / "roi.nrrd", picture, result):
            self.assertNotIn(b"Doe", file.read_bytes())
        self.assertEqual([file.name for file in self.folder.glob(".*")], [])

    def test_segment_is_chosen_by_name_or_id_and_on_another_grid(self) -> None:
        _, roi = small_case()
        labels = sitk.Cast(roi, sitk.sitkUInt8) * 2
        labels[3:8, 3:8, 3:8] = 1
        labels = labels[:, :, 5:25]
        segments = {"S1": ("Other", 1), "S2": ("Bladder tumour", 2)}
        path = write_segmentation(self.folder / "two.seg.nrrd", labels, segments)
        expected = json.loads(predict(self.volume, self.roi, "--json", "-")[1])["features"]
        for name in ("Bladder tumour", "S2"):
            status, out, err = predict(self.volume, path, "--segment", name, "--json", "-")
            self.assertEqual((status, err), (0, ""))
            self.assertEqual(json.loads(out)["features"], expected)

    @unittest.skipUnless(REAL_CT.is_dir(), "the real CT is not there")
    def test_real_sarcomas_are_outside_what_the_model_knows(self) -> None:
        folders = sorted(REAL_CT.iterdir())
        self.assertEqual(len(folders), 4)
        for folder in folders:
            images = [folder / f"CT_{name}.nii.gz" for name in ("image", "mask")]
            status, out, err = predict(*images, "--perturbations", "0", "--json", "-")
            self.assertEqual((status, err), (0, ""))
            result = json.loads(out)
            codes = [finding["code"] for finding in result["findings"]]
            self.assertEqual(result["applicability"]["verdict"], "outside")
            for code in ("outside-training-domain", "not-excretory-phase", "far-from-bladder"):
                self.assertIn(code, codes, folder.name)

    def test_fourth_axis_of_length_one_is_dropped(self) -> None:
        path = self.write("4d.nii.gz", sitk.JoinSeries([sitk.ReadImage(str(self.volume))]))
        self.assertEqual(predict(path, self.roi)[0], 0)


class DemoTest(unittest.TestCase):
    @unittest.skipIf(NO_SLICER, NO_SLICER)
    def test_demo_through_mrml_nodes_equals_predict_on_the_same_files(self) -> None:
        volume, roi = run("sample")[1].splitlines()
        demo, files = (
            json.loads(run(*words, "--perturbations", 0, "--json", "-")[1])
            for words in (("demo",), ("predict", volume, roi))
        )
        self.assertEqual(demo["features"], files["features"])
        self.assertEqual(demo["probability"], files["probability"])
        self.assertEqual(demo["roi"], files["roi"])

    def test_a_demo_without_slicer_core_says_what_is_wrong_with_it(self) -> None:
        with mock.patch.dict(sys.modules, {"slicer": None}):
            status, _, said = run("demo")
        self.assertEqual(status, 2)
        self.assertIn("pip install slicer-core", said)
        with tempfile.TemporaryDirectory() as folder:
            problem = "libnone.so.9: cannot open shared object file"
            (Path(folder) / "slicer.py").write_text(f"raise ImportError({problem!r}, name='slicer_core.MRMLCore')\n")
            with mock.patch.dict(sys.modules), mock.patch.object(sys, "path", [folder, *sys.path]):
                sys.modules.pop("slicer", None)
                status, _, said = run("demo")
        self.assertEqual(status, 2)
        self.assertIn(f"cannot be loaded ({problem})", said)
        self.assertNotIn("pip install", said)


@unittest.skipUnless(REAL_CT.is_dir(), "the real CT is not there")
class RealCtTest(unittest.TestCase):
    def test_four_tumours_of_other_organs_are_computed_and_lie_outside(self) -> None:
        patients = sorted(REAL_CT.iterdir())
        cases = [(patient / "CT_image.nii.gz", patient / "CT_mask.nii.gz") for patient in patients]
        series = REAL_CT / "STS_002" / "dicom"
        for volume, roi in [*cases, (series, REAL_CT / "STS_002" / "CT_mask.nii.gz")]:
            with self.subTest(volume):
                status, out, err = predict(volume, roi, "--json", "-")
                self.assertEqual((status, err), (0, ""))
                result = json.loads(out)
                self.assertEqual(len(result["features"]), 975)
                self.assertTrue(np.isfinite(list(result["features"].values())).all())
                self.assertIn("outside-training-domain", [finding["code"] for finding in result["findings"]])


class BadInputTest(CommandTestCase):
    def assert_refused(self, reason: str, *arguments: object) -> None:
        """Exit status 2, one line that names the reason, nothing printed or written."""
        before = sorted(self.folder.rglob("*"))
        outputs = ("--json", self.folder / "r.json", "--picture", self.folder / "p.png", "--keep-inputs")
        status, out, err = run("predict", *arguments, *outputs, self.folder / "kept")
        self.assertEqual((status, out), (2, ""))
        self.assertRegex(err, r"\Aher2predict: [^\n]+\n\Z")
        self.assertRegex(err, reason)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def test_missing_file(self) -> None:
        self.assert_refused("gone.nrrd does not exist", self.folder / "gone.nrrd", self.roi)
        self.assert_refused("gone.nrrd does not exist", self.volume, self.folder / "gone.nrrd")

    def test_not_an_image(self) -> None:
        path = self.folder / "notes.nrrd"
        path.write_text("no image")
        self.assert_refused("not an image", path, self.roi)
        self.assert_refused("not an image", self.volume, path)

    def test_damaged_image(self) -> None:
        compressed = self.folder / "cut.nrrd"
        sitk.WriteImage(sitk.ReadImage(str(self.volume)), str(compressed), useCompression=True)
        compressed.write_bytes(compressed.read_bytes()[:5000])
        self.assert_refused("not an image that can be read, or is damaged", compressed, self.roi)

    def test_nifti_that_is_cut_short(self) -> None:
        for kind in (sitk.sitkInt16, sitk.sitkFloat64):
            for name in ("ct.nii", "ct.nii.gz"):
                path = self.folder / name
                sitk.WriteImage(sitk.Cast(sitk.ReadImage(str(self.volume)), kind), str(path))
                whole = path.read_bytes()
                for missing in (1, 10, len(whole) // 2, len(whole) - 400):
                    path.write_bytes(whole[:-missing])
                    self.assert_refused("not an image that can be read, or is damaged", path, self.roi)
                path.write_bytes(whole + (b"\0" * 7 if name == "ct.nii" else gzip.compress(b"more")))
                read_image(path)

    def test_folder_without_dicom(self) -> None:
        empty = self.folder / "empty"
        empty.mkdir()
        self.assert_refused("no DICOM image series", empty, self.roi)
        self.assert_refused("is a folder", self.volume, empty)

    def test_2d_image(self) -> None:
        self.assert_refused("2 dimensions", self.write("2d.nrrd", sitk.Image(64, 64, sitk.sitkInt16)), self.roi)

    def test_4d_image(self) -> None:
        volume = sitk.ReadImage(str(self.volume))
        self.assert_refused("4 dimensions", self.write("4d.nrrd", sitk.JoinSeries([volume, volume])), self.roi)

    def test_rgb_image(self) -> None:
        volume = sitk.Cast(sitk.ReadImage(str(self.volume)), sitk.sitkUInt8)
        path = self.write("rgb.nrrd", sitk.Compose(volume, volume, volume))
        self.assert_refused("3 values per voxel", path, self.roi)

    def test_empty_roi(self) -> None:
        path = self.write("empty.nrrd", as_image(np.zeros_like(ellipsoid())))
        self.assert_refused("is empty", self.volume, path)
        roi = sitk.ReadImage(str(self.roi))
        segmentation = write_segmentation(self.folder / "e.seg.nrrd", roi, {"S1": ("Tumour", 1), "S2": ("None", 2)})
        self.assert_refused("is empty", self.volume, segmentation, "--segment", "None")

    def test_roi_of_one_voxel(self) -> None:
        array = np.zeros_like(ellipsoid())
        array[15, 30, 30] = 1
        self.assert_refused("a single voxel", self.volume, self.write("one.nrrd", as_image(array)))

    def test_roi_below_the_smallest_size(self) -> None:
        array = np.zeros_like(ellipsoid())
        array[14:16, 30:34, 30:34] = 1
        self.assert_refused("at least 64", self.volume, self.write("small.nrrd", as_image(array)))

    def test_roi_outside_the_volume(self) -> None:
        roi = as_image(ellipsoid())
        roi.SetOrigin((900.0, 0.0, 0.0))
        self.assert_refused("lies outside the volume", self.volume, self.write("far.nrrd", roi))

    def test_several_segments_and_none_named(self) -> None:
        array = ellipsoid()
        array[2:5, 2:5, 2:5] = 2
        labels = self.write("labels.nrrd", as_image(array))
        self.assert_refused(r"2 labels \(1, 2\)", self.volume, labels)
        segments = {"S1": ("Tumour", 1), "S2": ("Wall", 2)}
        path = write_segmentation(self.folder / "two.seg.nrrd", as_image(array), segments)
        self.assert_refused('2 segments \\("Tumour", "Wall"\\)', self.volume, path)

    def test_segment_with_a_label_that_is_no_number(self) -> None:
        path = write_segmentation(self.folder / "l.seg.nrrd", as_image(ellipsoid()), {"S1": ("Tumour", "one")})
        self.assert_refused('"Tumour" in .* no usable label value', self.volume, path)

    def test_unknown_segment(self) -> None:
        self.assert_refused('no segment or label "7"', self.volume, self.roi, "--segment", "7")
        path = write_segmentation(self.folder / "s.seg.nrrd", as_image(ellipsoid()), {"S1": ("Tumour", 1)})
        self.assert_refused('no segment "Wall"; it holds "Tumour"', self.volume, path, "--segment", "Wall")

    def test_two_segments_of_one_name(self) -> None:
        segments = {"S1": ("Tumour", 1), "S2": ("Tumour", 2)}
        path = write_segmentation(self.folder / "s.seg.nrrd", as_image(ellipsoid()), segments)
        self.assert_refused("2 segments named", self.volume, path, "--segment", "Tumour")

    def test_volume_given_as_roi(self) -> None:
        self.assert_refused("not a label map", self.volume, self.volume)

    def test_nan_in_the_volume(self) -> None:
        array = ct_array().astype(np.float32)
        array[3, 3, 3] = np.nan
        self.assert_refused("not numbers", self.write("nan.nrrd", as_image(array)), self.roi)

    def test_mr_instead_of_ct(self) -> None:
        magnitude = np.abs(ct_array())
        self.assert_refused("cannot be Hounsfield units", self.write("mr.nrrd", as_image(magnitude)), self.roi)
        normalised = (ct_array() / 1000.0).astype(np.float32)
        self.assert_refused("cannot be Hounsfield units", self.write("mr2.nrrd", as_image(normalised)), self.roi)

    def test_damaged_or_foreign_model(self) -> None:
        model = self.folder / "m.her2model"
        for content in (b"something else", BUNDLED_MODEL.read_bytes()[:1000]):
            model.write_bytes(content)
            self.assert_refused("not a usable .her2model bundle", self.volume, self.roi, "--model", model)
        self.assert_refused("does not exist", self.volume, self.roi, "--model", self.folder / "none.her2model")

    def test_output_into_a_folder_that_does_not_exist(self) -> None:
        status, out, err = predict(self.volume, self.roi, "--json", self.folder / "no" / "r.json")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("does not exist", err)


if __name__ == "__main__":
    unittest.main()
