"""The simulator makes believable CTUs, the same for the same seed, in which HER2 status shows as much as it says."""

from __future__ import annotations

import csv
import importlib.util
import shutil
import subprocess
import tempfile
import unittest
from collections import Counter
from dataclasses import astuple
from functools import lru_cache
from pathlib import Path
from statistics import NormalDist
from unittest import mock

import numpy as np
import SimpleITK as sitk

from cases import findings_on
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.errors import InputError
from HER2PredictLib.training.simulator.her2_effect import SHIFTS, Latents, true_probability
from HER2PredictLib.training.simulator.image_files import SEGMENT_ID, SEGMENT_NAME, TERMINOLOGY
from HER2PredictLib.training.simulator.patients import draw_cohort, study_split
from HER2PredictLib.training.simulator.simulate import sample_case, simulate, simulate_cohort
from hosts import NO_SLICER, slicer

if slicer is not None:
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

SEED = 7


def array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


def grown(mask: np.ndarray, voxels: int) -> np.ndarray:
    """The mask and what lies within so many voxels of it in the same slice."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    return array(sitk.BinaryDilate(image, (voxels, voxels, 0))) > 0


def component_at(mask: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """The connected part of the mask that shares most voxels with the seeds."""
    labels = array(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8))))
    counts = np.bincount(labels[seeds & mask])
    return labels == counts[1:].argmax() + 1


@lru_cache(maxsize=1)
def first_patient() -> tuple[sitk.Image, sitk.Image]:
    """CT and ROI of the first of two patients, made once in this process."""
    return simulate(draw_cohort(2, SEED)[0])


class SimulatedPatientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.patient = draw_cohort(2, SEED)[0]
        cls.image, cls.roi_image = first_patient()
        cls.ct, cls.roi = array(cls.image), array(cls.roi_image) > 0
        cls.urine = component_at((cls.ct > 280) & (cls.ct < 1100), grown(cls.roi, 6))

    def test_the_grid_is_that_of_a_ctu_of_the_pelvis(self) -> None:
        columns, rows, slices = self.image.GetSize()
        self.assertEqual((columns, rows), (512, 512))
        self.assertTrue(36 <= slices <= 44, slices)
        x, y, z = self.image.GetSpacing()
        self.assertEqual(x, y)
        self.assertTrue(0.7 <= x <= 0.9, x)
        self.assertEqual(z, 5.0)
        self.assertEqual(self.image.GetPixelID(), sitk.sitkInt16)

    def test_the_roi_lies_on_the_grid_of_the_ct(self) -> None:
        for geometry in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
            self.assertEqual(getattr(self.roi_image, geometry)(), getattr(self.image, geometry)())
        self.assertEqual(set(np.unique(array(self.roi_image))), {0, 1})

    def test_tissues_have_the_hu_that_they_have_in_life(self) -> None:
        air = self.ct[:, 10:40, 200:300]
        self.assertAlmostEqual(float(air.mean()), -1000, delta=8)
        fat = self.ct[(self.ct > -140) & (self.ct < -60)]
        self.assertAlmostEqual(float(np.median(fat)), -102, delta=8)
        muscle = self.ct[(self.ct > 20) & (self.ct < 100)]
        self.assertAlmostEqual(float(np.median(muscle)), 60, delta=10)
        self.assertTrue(300 < np.median(self.ct[self.urine]) < 1000)
        self.assertTrue(40 < np.median(self.ct[self.roi]) < 130)
        self.assertGreater(int((self.ct > 700).sum()), 5000, "cortical bone")
        self.assertGreaterEqual(int(self.ct.min()), -1024)

    def test_noise_is_that_of_a_clinical_ct(self) -> None:
        # Air bears less noise than tissue; within the urine the layers add to it, so differences of neighbours serve.
        inner = self.urine & np.roll(self.urine, 1, axis=2) & np.roll(self.urine, 2, axis=2)
        step = (self.ct - np.roll(self.ct, 2, axis=2))[inner].astype(float)
        noise = 1.4826 * np.median(np.abs(step - np.median(step))) / np.sqrt(2)
        self.assertTrue(7 < noise < 30, noise)

    def test_contrast_medium_sinks_to_the_back(self) -> None:
        _, rows, _ = np.nonzero(self.urine)
        front, back = np.percentile(rows, (25, 75))
        hu = self.ct[self.urine]
        self.assertGreater(hu[rows > back].mean(), hu[rows < front].mean() + 100)

    def test_the_tumour_is_a_filling_defect_on_the_wall(self) -> None:
        around = grown(self.roi, 9) & ~self.roi
        self.assertGreater(int((around & self.urine).sum()), 200, "urine on one side")
        self.assertGreater(int((around & (self.ct < -40) & (self.ct > -150)).sum()), 50, "fat behind the wall")
        self.assertLess(np.median(self.ct[self.roi]), np.median(self.ct[self.urine]) - 200)

    def test_the_roi_is_one_piece_inside_the_body(self) -> None:
        labels = sitk.ConnectedComponent(self.roi_image, True)
        self.assertEqual(int(array(labels).max()), 1)
        body = component_at(self.ct > -250, self.roi)
        self.assertTrue(body[self.roi].all())

    def test_the_roi_has_the_tumours_volume_less_its_edge(self) -> None:
        volume = self.roi.sum() * np.prod(self.image.GetSpacing()) / 1000
        true = self.patient.latents.look.volume_ml
        self.assertTrue(0.5 * true < volume < true, (volume, true))

    def test_only_a_careless_outline_and_another_phase_have_findings(self) -> None:
        def codes(ct: np.ndarray, roi: np.ndarray) -> set[str]:
            image, mask = (sitk.GetImageFromArray(voxels) for voxels in (ct, roi.astype(np.uint8)))
            for stored in (image, mask):
                stored.CopyInformation(self.image)
            return {finding.code for finding in findings_on(Case(Volume(image, "CTU"), Roi(mask, "tumour")))}

        self.assertEqual(codes(self.ct, self.roi), set())
        self.assertIn("roi-holds-urine", codes(self.ct, grown(self.roi, 4)))
        unopacified = np.where(grown(self.urine, 2) & ~self.roi & (self.ct > 120), 10, self.ct)
        self.assertEqual(codes(unopacified, self.roi), {"not-excretory-phase"})

    def test_another_seed_draws_another_patient(self) -> None:
        self.assertNotEqual(draw_cohort(2, SEED + 1)[0].latents, self.patient.latents)


class LatentsActOnTheImageTest(unittest.TestCase):
    def test_each_latent_moves_its_own_property(self) -> None:
        plain, changed = Latents(0, 0, 0).look, Latents(1, 1, 1).look
        self.assertGreater(changed.texture_hu, plain.texture_hu * 1.2)
        self.assertGreater(changed.mean_hu, plain.mean_hu + 5)
        self.assertGreater(changed.volume_ml, plain.volume_ml * 1.5)
        self.assertEqual(Latents(1, 0, 0).look.mean_hu, plain.mean_hu)

    def test_volumes_stay_between_2_and_60_ml(self) -> None:
        self.assertEqual(Latents(0, 0, -9).look.volume_ml, 2)
        self.assertEqual(Latents(0, 0, 9).look.volume_ml, 60)


class ClassEffectTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.cohort = draw_cohort(6000, SEED)
        cls.latents = np.array([astuple(patient.latents) for patient in cls.cohort])
        cls.positive = np.array([patient.positive for patient in cls.cohort])
        cls.probability = np.array([true_probability(patient.latents) for patient in cls.cohort])

    def test_latents_differ_by_the_stated_shifts(self) -> None:
        difference = self.latents[self.positive].mean(axis=0) - self.latents[~self.positive].mean(axis=0)
        np.testing.assert_allclose(difference, SHIFTS, atol=0.12)
        np.testing.assert_allclose(self.latents[self.positive].std(axis=0), 1, atol=0.06)
        np.testing.assert_allclose(self.latents[~self.positive].std(axis=0), 1, atol=0.06)

    def test_nothing_else_depends_on_the_class(self) -> None:
        age = np.array([patient.age for patient in self.cohort])
        self.assertAlmostEqual(age[self.positive].mean(), age[~self.positive].mean(), delta=1.2)
        early = np.array([patient.t_stage == "Ta" for patient in self.cohort])
        self.assertAlmostEqual(early[self.positive].mean(), early[~self.positive].mean(), delta=0.06)

    def test_the_best_auc_is_what_the_true_probability_reaches(self) -> None:
        # The share of pairs of a positive and a negative patient in the right order, counted.
        negatives = np.sort(self.probability[~self.positive])
        auc = np.searchsorted(negatives, self.probability[self.positive]).mean() / len(negatives)
        # Two normals of equal covariance whose means are the Mahalanobis distance d apart give AUC = Phi(d / sqrt 2)
        # (Su and Liu, J Am Stat Assoc 1993;88:1350-1355).
        best = NormalDist().cdf(np.linalg.norm(SHIFTS) / np.sqrt(2))
        self.assertAlmostEqual(best, auc, delta=0.015)
        self.assertTrue(0.85 < best < 0.95)

    def test_the_true_probability_is_calibrated(self) -> None:
        for low in (0.0, 0.2, 0.4, 0.6, 0.8):
            inside = (self.probability >= low) & (self.probability < low + 0.2)
            error = 4 * 0.5 / np.sqrt(inside.sum())
            self.assertAlmostEqual(self.positive[inside].mean(), self.probability[inside].mean(), delta=error)

    def test_clinical_data_resemble_the_study(self) -> None:
        ages = np.array([patient.age for patient in self.cohort])
        np.testing.assert_allclose(np.percentile(ages, (25, 50, 75)), (62, 69, 76), atol=1.1)
        genders = Counter(patient.gender for patient in self.cohort)
        self.assertAlmostEqual(genders["F"] / 6000, 10 / 97, delta=0.015)
        stages = Counter(patient.ajcc_stage for patient in self.cohort)
        for stage, count in (("0a", 43), ("0is", 3), ("I", 20), ("II", 24), ("IIIA", 2), ("IIIB", 5)):
            self.assertAlmostEqual(stages[stage] / 6000, count / 97, delta=0.025)


class WhoIsInACohortTest(unittest.TestCase):
    def test_the_number_of_positives_is_exact(self) -> None:
        for patients, positives in ((97, 42), (10, 4), (1, 0), (194, 84)):
            self.assertEqual(sum(patient.positive for patient in draw_cohort(patients, SEED)), positives)

    def test_ihc_scores_agree_with_the_status(self) -> None:
        for patient in draw_cohort(97, SEED):
            self.assertEqual(patient.ihc in ("2+", "3+"), patient.positive)

    def test_the_split_of_97_patients_is_that_of_the_study(self) -> None:
        cohort = draw_cohort(97, SEED)
        split = study_split(cohort)
        counts = Counter((which, patient.positive) for which, patient in zip(split, cohort, strict=True))
        self.assertEqual(counts, {("train", True): 33, ("train", False): 34, ("test", True): 9, ("test", False): 21})

    def test_a_larger_cohort_begins_with_the_same_people(self) -> None:
        few, many = draw_cohort(5, SEED), draw_cohort(50, SEED)
        self.assertEqual([patient.age for patient in few], [patient.age for patient in many[:5]])

    def test_numbers_out_of_range_are_refused(self) -> None:
        with self.assertRaisesRegex(InputError, "0 patients"):
            draw_cohort(0, SEED)
        with self.assertRaisesRegex(InputError, "-1"):
            draw_cohort(3, -1)


class CohortOnDiskTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.progress: list[tuple[int, int]] = []
        cls.table = simulate_cohort(
            2, SEED, cls.folder / "cohort", jobs=2, progress=lambda done, total: cls.progress.append((done, total))
        )
        with cls.table.open(newline="", encoding="utf-8") as file:
            cls.rows = list(csv.DictReader(file))

    def test_the_table_names_files_that_are_there(self) -> None:
        self.assertEqual(self.table, self.folder / "cohort" / "cohort.csv")
        self.assertEqual(
            list(self.rows[0]),
            [
                *("patient_id", "image", "roi", "segment", "her2_ihc", "her2", "split", "simulated"),
                *("age", "gender", "t_stage", "ajcc_stage"),
            ],
        )
        self.assertEqual([row["patient_id"] for row in self.rows], ["SIM-0001", "SIM-0002"])
        for row in self.rows:
            self.assertFalse(Path(row["image"]).is_absolute())
            self.assertTrue((self.table.parent / row["image"]).is_file())
            self.assertTrue((self.table.parent / row["roi"]).is_file())
            self.assertEqual(row["segment"], SEGMENT_NAME)

    def test_progress_is_told_for_every_patient(self) -> None:
        self.assertEqual(self.progress, [(1, 2), (2, 2)])

    def test_nothing_unfinished_is_left(self) -> None:
        names = {path.name for path in self.table.parent.iterdir()}
        self.assertEqual(names, {"SIM-0001", "SIM-0002", "cohort.csv", "latents.csv"})

    def test_latents_and_true_probability_stand_in_a_table_of_their_own(self) -> None:
        with self.table.with_name("latents.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row, patient in zip(rows, draw_cohort(2, SEED), strict=True):
            self.assertEqual(float(row["heterogeneity"]), patient.latents.heterogeneity)
            self.assertAlmostEqual(float(row["true_probability"]), true_probability(patient.latents), 12)

    def test_another_process_makes_the_same_patient(self) -> None:
        image, roi = first_patient()
        stored = sitk.ReadImage(str(self.table.parent / self.rows[0]["image"]))
        np.testing.assert_array_equal(array(stored), array(image))
        stored_roi = sitk.ReadImage(str(self.table.parent / self.rows[0]["roi"]))
        np.testing.assert_array_equal(array(stored_roi), array(roi))
        self.assertEqual(stored.GetOrigin(), stored_roi.GetOrigin())

    def test_patients_differ(self) -> None:
        first, second = (sitk.ReadImage(str(self.table.parent / row["roi"])) for row in self.rows)
        self.assertNotEqual(first.GetOrigin(), second.GetOrigin())
        self.assertNotEqual(int(array(first).sum()), int(array(second).sum()))

    def test_a_folder_that_holds_something_is_refused_and_left_alone(self) -> None:
        before = sorted(self.table.parent.rglob("*"))
        with self.assertRaisesRegex(InputError, "already holds"):
            simulate_cohort(1, SEED, self.table.parent)
        self.assertEqual(sorted(self.table.parent.rglob("*")), before)

    def test_an_unknown_format_is_refused(self) -> None:
        with self.assertRaisesRegex(InputError, "'mha'"):
            simulate_cohort(1, SEED, self.folder / "other", fmt="mha")
        self.assertFalse((self.folder / "other").exists())

    @unittest.skipIf(NO_SLICER, NO_SLICER)
    def test_slicer_reads_the_roi_as_a_segmentation(self) -> None:
        scene = slicer.vtkMRMLScene()
        segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
        storage.SetFileName(str(self.table.parent / self.rows[0]["roi"]))
        self.assertEqual(storage.ReadData(segmentation), 1)
        self.assertEqual(segmentation.GetSegmentation().GetNumberOfSegments(), 1)
        segment = segmentation.GetSegmentation().GetSegment(SEGMENT_ID)
        self.assertEqual(segment.GetName(), SEGMENT_NAME)
        terminology = vtk.reference("")
        self.assertTrue(segment.GetTag("TerminologyEntry", terminology))
        self.assertEqual(str(terminology), TERMINOLOGY)
        voxels = vtk_to_numpy(segment.GetRepresentation("Binary labelmap").GetPointData().GetScalars())
        stored = array(sitk.ReadImage(str(self.table.parent / self.rows[0]["roi"])))
        self.assertEqual(int(voxels.sum()), int(stored.sum()))


@unittest.skipIf(importlib.util.find_spec("pydicom") is None, "pydicom is not installed")
class DicomSeriesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.image, _ = made = simulate(draw_cohort(1, SEED)[0])
        with mock.patch(f"{simulate.__module__}.simulate", return_value=made):
            simulate_cohort(1, SEED, cls.folder / "cohort", fmt="dicom", jobs=1)
        cls.series = cls.folder / "cohort" / "SIM-0001" / "ct"

    def test_it_reads_back_voxel_for_voxel(self) -> None:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(self.series)))
        stored, image = reader.Execute(), self.image
        np.testing.assert_array_equal(array(stored), array(image))
        for geometry in ("GetSpacing", "GetOrigin", "GetDirection"):
            np.testing.assert_allclose(getattr(stored, geometry)(), getattr(image, geometry)(), rtol=0, atol=1e-9)

    def test_its_identity_is_made_up_and_its_phase_is_named(self) -> None:
        import pydicom

        headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(self.series.iterdir())]
        self.assertEqual(len({header.SeriesInstanceUID for header in headers}), 1)
        self.assertEqual(len({header.SOPInstanceUID for header in headers}), len(headers))
        self.assertEqual({str(header.PatientName) for header in headers}, {"SIMULATED^0001"})
        self.assertIn("excretory", headers[0].SeriesDescription)
        self.assertTrue(headers[0].SeriesInstanceUID.startswith("2.25."))
        self.assertTrue(headers[0].SeriesInstanceUID.is_valid)

    @unittest.skipIf(shutil.which("dciodvfy") is None, "dciodvfy is missing: apt-get install dicom3tools")
    def test_dciodvfy_finds_no_error(self) -> None:
        for path in (self.series / "0001.dcm", max(self.series.iterdir())):
            check = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
            self.assertNotIn("Error", check.stderr + check.stdout)
            self.assertIn("CTImage", check.stderr + check.stdout)


class SampleCaseTest(unittest.TestCase):
    def test_it_is_made_once_and_used_again(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            case = sample_case(Path(folder) / "sample")
            made = [path.stat().st_mtime_ns for path in (case.volume, case.roi)]
            self.assertEqual(sample_case(Path(folder) / "sample"), case)
            self.assertEqual([path.stat().st_mtime_ns for path in (case.volume, case.roi)], made)
            self.assertEqual(case.segment, SEGMENT_NAME)
            roi = sitk.ReadImage(str(case.roi))
            volume = array(roi).sum() * np.prod(roi.GetSpacing()) / 1000
            self.assertTrue(17 < volume < 23, volume)


if __name__ == "__main__":
    unittest.main()
