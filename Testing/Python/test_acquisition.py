"""The same simulated patient in another acquisition: the anatomy stays, image and ROI change as they should."""

from __future__ import annotations

import importlib.util
import tempfile
import unittest
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from cases import needs
from HER2PredictLib.command.main import main
from HER2PredictLib.errors import InputError
from HER2PredictLib.training.simulator.acquisition import ACQUISITIONS, Acquisition
from HER2PredictLib.training.simulator.patients import draw_cohort
from HER2PredictLib.training.simulator.simulate import simulate, simulate_cohort

try:
    from scipy import ndimage
except ImportError:
    ndimage = None

SEED = 7


def array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


def noise_in(hu: np.ndarray, inside: np.ndarray) -> float:
    """SD of the noise in HU, from differences of voxels four columns apart: tissue changes little over 3 mm."""
    both = inside & np.roll(inside, 4, axis=2)
    return float((hu - np.roll(hu, 4, axis=2))[both].std() / np.sqrt(2))


def extent_mm(roi: sitk.Image) -> tuple[float, float]:
    """Lowest and highest level in mm that a slice of the ROI covers."""
    slices = np.nonzero(array(roi).any(axis=(1, 2)))[0]
    bottom, thickness = roi.GetOrigin()[2], roi.GetSpacing()[2]
    return bottom + (slices[0] - 0.5) * thickness, bottom + (slices[-1] + 0.5) * thickness


@unittest.skipIf(ndimage is None, "SciPy is not installed")
class AcquisitionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        patient = draw_cohort(2, SEED)[0]
        cls.true_ml = patient.latents.look.volume_ml
        cls.scans = {name: simulate(patient, acquisition) for name, acquisition in ACQUISITIONS.items()}
        cls.unasked = simulate(patient)
        cls.hu = {name: array(ct).astype(np.float32) for name, (ct, _) in cls.scans.items()}
        cls.roi = {name: array(roi) > 0 for name, (_, roi) in cls.scans.items()}
        study = cls.hu["study"]
        # Well inside large muscles of one slice, and inside the urine.
        smooth = ndimage.uniform_filter(study, (0, 9, 9))
        deviation = ndimage.uniform_filter(study**2, (0, 9, 9)) - smooth**2
        cls.muscle = (abs(smooth - 60) < 12) & (deviation < 18**2)
        cls.urine = ndimage.binary_erosion((study > 280) & (study < 1100), iterations=6)

    def volume_ml(self, name: str) -> float:
        return self.roi[name].sum() * np.prod(self.scans[name][0].GetSpacing()) / 1000

    def test_the_default_is_the_study(self) -> None:
        for unasked, study in zip(self.unasked, self.scans["study"], strict=True):
            np.testing.assert_array_equal(array(unasked), array(study))
            self.assertEqual(unasked.GetOrigin(), study.GetOrigin())
            self.assertEqual(unasked.GetSpacing(), study.GetSpacing())
        self.assertEqual(ACQUISITIONS["study"], Acquisition())

    def test_slices_are_as_thick_as_asked_for_and_cover_the_same_range(self) -> None:
        ends = {}
        for name, mm in (("study", 5.0), ("thin-slices", 1.25), ("thick-slices", 8.0)):
            image = self.scans[name][0]
            self.assertEqual(image.GetSpacing()[2], mm)
            self.assertEqual(image.GetSpacing()[:2], self.scans["study"][0].GetSpacing()[:2])
            bottom = image.GetOrigin()[2] - mm / 2
            ends[name] = bottom, bottom + mm * image.GetSize()[2]
            self.assertAlmostEqual(ends[name][0], ends["study"][0], 5)
        self.assertAlmostEqual(ends["thin-slices"][1], ends["study"][1], 5)
        self.assertTrue(0 <= ends["study"][1] - ends["thick-slices"][1] < 8)

    def test_averaged_thin_slices_show_the_anatomy_of_the_study(self) -> None:
        slices = len(self.hu["study"])
        averaged = self.hu["thin-slices"].reshape(slices, 4, 512, 512).mean(axis=1)
        difference = abs(ndimage.uniform_filter(averaged - self.hu["study"], (0, 5, 5)))
        body = self.hu["study"] > -300
        self.assertLess(np.median(difference[body]), 8)
        self.assertLess(np.percentile(difference[body], 95), 80)

    def test_the_tumour_is_the_same_in_slices_of_any_thickness(self) -> None:
        # The reader leaves voxels out that hold more than a fifth of something else: the thicker the slices, the more.
        thick, study, thin = (self.volume_ml(name) for name in ("thick-slices", "study", "thin-slices"))
        self.assertTrue(0.7 * self.true_ml < thick < study < thin < self.true_ml, (thick, study, thin, self.true_ml))
        self.assertAlmostEqual(thin, study, delta=0.15 * study)
        centres = {
            name: np.array(
                self.scans[name][1].TransformContinuousIndexToPhysicalPoint(
                    [float(axis.mean()) for axis in reversed(np.nonzero(self.roi[name]))]
                )
            )
            for name in ("thick-slices", "study", "thin-slices")
        }
        for name in ("thick-slices", "thin-slices"):
            np.testing.assert_allclose(centres[name], centres["study"], rtol=0, atol=1.5)
            np.testing.assert_allclose(
                extent_mm(self.scans[name][1]), extent_mm(self.scans["study"][1]), rtol=0, atol=8.0
            )

    def test_noise_goes_with_the_thickness_of_slices(self) -> None:
        slices = len(self.hu["study"])
        thin = self.hu["thin-slices"].reshape(slices, 4, 512, 512)[:, 1]
        ratio = noise_in(thin, self.muscle) / noise_in(self.hu["study"], self.muscle)
        self.assertTrue(1.7 < ratio < 2.1, ratio)  # sqrt(5 / 1.25) = 2 where there is nothing but noise

    def test_a_sharp_kernel_doubles_the_noise_and_moves_it_to_higher_frequencies(self) -> None:
        study, sharp = self.hu["study"], self.hu["sharp-kernel"]
        ratio = noise_in(sharp, self.muscle) / noise_in(study, self.muscle)
        self.assertTrue(1.7 < ratio < 2.1, ratio)
        # Of noise at low frequencies more is left after averaging 3 x 3 voxels.
        left = [
            noise_in(ndimage.uniform_filter(hu, (0, 3, 3)), ndimage.binary_erosion(self.muscle, np.ones((1, 3, 3))))
            / noise_in(hu, self.muscle)
            for hu in (study, sharp)
        ]
        self.assertLess(left[1], 0.8 * left[0])

    def test_a_sharp_kernel_shows_steeper_edges(self) -> None:
        # Skin against air, down the middle columns of every slice: air is nearly free of noise.
        steepest = [
            np.median(np.diff(hu[:, :256, 250:262].mean(axis=2), axis=1).max(axis=1))
            for hu in (self.hu["study"], self.hu["sharp-kernel"])
        ]
        self.assertGreater(steepest[1], 1.1 * steepest[0])

    def test_urine_is_opacified_in_the_excretory_phase_alone(self) -> None:
        self.assertGreater(np.median(self.hu["study"][self.urine]), 300)
        plain = self.hu["nephrographic"][self.urine]
        self.assertTrue(0 < np.median(plain) < 40, np.median(plain))
        rows = np.nonzero(self.urine)[1]
        front, back = np.percentile(rows, (25, 75))
        self.assertAlmostEqual(plain[rows < front].mean(), plain[rows > back].mean(), delta=5)

    def test_tumour_and_vessels_enhance_more_in_the_nephrographic_phase(self) -> None:
        more = self.hu["nephrographic"] - self.hu["study"]
        tumour = ndimage.binary_erosion(self.roi["study"], np.ones((1, 7, 7)))
        self.assertTrue(10 < np.median(more[tumour]) < 22, np.median(more[tumour]))
        self.assertAlmostEqual(np.median(more[self.muscle]), 5, delta=2)
        np.testing.assert_array_equal(self.roi["nephrographic"], self.roi["study"])

    def test_a_wide_roi_reaches_3_mm_further_on_the_same_image(self) -> None:
        np.testing.assert_array_equal(self.hu["wide-roi"], self.hu["study"])
        spacing = self.scans["study"][0].GetSpacing()[::-1]
        distance = ndimage.distance_transform_edt(~self.roi["study"], sampling=spacing)
        np.testing.assert_array_equal(self.roi["wide-roi"], distance <= 3.0)


@unittest.skipIf(ndimage is None, "SciPy is not installed")
class CohortOfAnAcquisitionTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "cohort"

    def test_an_unknown_acquisition_is_refused(self) -> None:
        with self.assertRaisesRegex(InputError, "'mri'.*thin-slices"):
            simulate_cohort(1, SEED, self.folder, acquisition="mri")
        self.assertFalse(self.folder.exists())

    @needs("tqdm")
    def test_the_command_makes_the_acquisition_that_is_named(self) -> None:
        common = ("simulate", "--patients", "1", "--seed", str(SEED), "--jobs", "1")
        self.assertEqual(main([*common, "--out", str(self.folder), "--acquisition", "thick-slices"]), 0)
        stored = sitk.ReadImage(str(self.folder / "SIM-0001" / "ct.nrrd"))
        self.assertEqual(stored.GetSpacing()[2], 8.0)
        image, roi = simulate(draw_cohort(1, SEED)[0], ACQUISITIONS["thick-slices"])
        np.testing.assert_array_equal(array(stored), array(image))
        np.testing.assert_array_equal(array(sitk.ReadImage(str(self.folder / "SIM-0001" / "roi.seg.nrrd"))), array(roi))

    @unittest.skipIf(importlib.util.find_spec("pydicom") is None, "pydicom is not installed")
    def test_dicom_names_slices_phase_and_kernel(self) -> None:
        import pydicom

        headers, series = {}, {}
        for name in ("thick-slices", "nephrographic", "sharp-kernel"):
            out = self.folder.with_name(name)
            simulate_cohort(1, SEED, out, fmt="dicom", jobs=1, acquisition=name)
            files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(out / "SIM-0001" / "ct"))
            headers[name] = pydicom.dcmread(files[0], stop_before_pixels=True)
            series[name] = sitk.ReadImage(files)
        self.assertEqual(headers["thick-slices"].SliceThickness, 8)
        self.assertEqual(headers["thick-slices"].SpacingBetweenSlices, 8)
        self.assertAlmostEqual(series["thick-slices"].GetSpacing()[2], 8, 9)
        self.assertIn("8.0 mm", headers["thick-slices"].SeriesDescription)
        self.assertIn("nephrographic", headers["nephrographic"].SeriesDescription)
        self.assertEqual(headers["sharp-kernel"].ConvolutionKernel, "SHARP")
        self.assertEqual(headers["nephrographic"].ConvolutionKernel, "SOFT")
        self.assertEqual(len({header.SeriesInstanceUID for header in headers.values()}), 3)
        self.assertEqual(len({header.SOPInstanceUID for header in headers.values()}), 3)
        self.assertEqual(len({header.StudyInstanceUID for header in headers.values()}), 1)


if __name__ == "__main__":
    unittest.main()
