"""How the probability varies with the outline: plausible variations, the same for the same tumour, counted right."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

import numpy as np
import SimpleITK as sitk

from cases import REAL_CT, as_image, ct_array, ellipsoid, small_case, write_small_case
from HER2PredictLib import features, parallel
from HER2PredictLib.assess import assess, with_stability
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.command import main as cli
from HER2PredictLib.errors import InputError
from HER2PredictLib.model.model import BUNDLED_MODEL, Model
from HER2PredictLib.outline import stability
from HER2PredictLib.outline.perturbation import variations
from HER2PredictLib.outline.stability import COUNT, Stability, Variation, summarise
from HER2PredictLib.outline.surfaces import difference
from HER2PredictLib.result.result import Result
from HER2PredictLib.result.wording import stability_in_full

LIBRARY = Path(cli.__file__).resolve().parents[2]
IN_SLICER = "SLICER_HOME" in os.environ

#: A ball of 20 ml on voxels of 0.8 x 0.8 x 5 mm.
BALL_MM = np.array([16.84, 16.84, 16.84])


def case_of(volume: sitk.Image, roi: sitk.Image) -> Case:
    return Case(Volume(volume, "CTU"), Roi(roi, "tumour"))


def small() -> Case:
    return case_of(*small_case())


def drawn(roi: np.ndarray) -> Case:
    """A case with this ROI, axes (k, j, i), on the volume of the small case."""
    return case_of(as_image(ct_array()), as_image(roi.astype(np.uint8)))


def masks(case: Case, count: int, seed: int = 0) -> list[np.ndarray]:
    """The variations in the prepared pair, where no voxel depends on how the volume is stored."""
    return [sitk.GetArrayFromImage(varied.prepared().mask) for varied in variations(case, count, seed)]


def piece_count(roi: np.ndarray) -> int:
    return int(sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(roi), True)).max())


class VariationsTest(unittest.TestCase):
    def assert_same(self, first: list[np.ndarray], second: list[np.ndarray]) -> None:
        self.assertEqual(len(first), len(second))
        for one, other in zip(first, second, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_the_same_seed_gives_the_same_variations_and_the_first_of_many_are_those_of_few(self) -> None:
        self.assert_same(masks(small(), 5), masks(small(), 9)[:5])

    def test_other_seeds_and_other_indices_give_other_variations(self) -> None:
        seen = [varied.roi_voxels.tobytes() for seed in (0, 1) for varied in variations(small(), 6, seed)]
        self.assertEqual(len(set(seen)), 12)

    def test_the_case_but_for_its_roi_is_the_one_that_was_given(self) -> None:
        case = dataclasses.replace(small(), roi_share_outside=0.1)
        varied = next(variations(case))
        self.assertIs(varied.volume, case.volume)
        self.assertEqual((varied.roi.name, varied.roi_share_outside), ("tumour", 0.1))
        self.assertEqual(varied.roi.image.GetOrigin(), case.roi.image.GetOrigin())
        self.assertEqual(set(np.unique(varied.roi_voxels)), {0, 1})

    def test_they_do_not_depend_on_how_the_volume_is_flipped_reoriented_cropped_or_padded(self) -> None:
        volume, roi = small_case()
        expected = masks(case_of(volume, roi), 6)
        ways: dict[str, Callable[[sitk.Image], sitk.Image]] = {
            "left to right": lambda image: sitk.Flip(image, (True, False, False)),
            "upside down": lambda image: sitk.Flip(image, (False, True, True)),
            "sagittal slices": lambda image: sitk.PermuteAxes(image, (1, 2, 0)),
            "another orientation": lambda image: sitk.DICOMOrient(image, "RIP"),
            "cropped": lambda image: image[3:70, 2:60, 3:28],
            "shifted": lambda image: sitk.ConstantPad(image, (4, 0, 2), (1, 7, 3), -1000),
        }
        for way, changed in ways.items():
            with self.subTest(way):
                mask = sitk.Cast(changed(roi) == 1, sitk.sitkUInt8)
                self.assert_same(masks(case_of(changed(volume), mask), 6), expected)

    def test_one_tumour_stays_in_one_piece_and_is_never_lost(self) -> None:
        k, j, i = np.indices(ellipsoid().shape)
        crescent = ellipsoid(radii_mm=np.array([20.0, 20.0, 18.0])) & ~ellipsoid(
            centre=np.array([42.0, 31.0, 15.0]), radii_mm=np.array([20.0, 20.0, 30.0])
        )
        shapes = {
            "ball": ellipsoid(radii_mm=BALL_MM),
            "small": ellipsoid(radii_mm=np.array([5.0, 4.0, 6.0])),
            "crescent": crescent % 2,
            "on one slice": ellipsoid(radii_mm=np.array([12.0, 12.0, 3.0])),
            "one voxel wide": ((k > 8) & (k < 20) & (j == 30) & (i > 20) & (i < 50)),
            "one voxel": (k == 15) & (j == 30) & (i == 30),
        }
        for name, roi in shapes.items():
            with self.subTest(name):
                case = drawn(roi)
                self.assertEqual(piece_count(case.roi_voxels.copy()), 1)
                for varied in variations(case, 25):
                    self.assertEqual(piece_count(varied.roi_voxels.copy()), 1)
                    self.assertGreater((varied.roi_voxels & case.roi_voxels).sum(), 0)

    def test_an_roi_in_two_pieces_keeps_both(self) -> None:
        two = ellipsoid(radii_mm=np.array([6.0, 6.0, 10.0]), centre=np.array([20.0, 31.0, 15.0]))
        two |= ellipsoid(radii_mm=np.array([6.0, 6.0, 10.0]), centre=np.array([55.0, 31.0, 15.0]))
        for varied in variations(drawn(two), 10):
            self.assertEqual(piece_count(varied.roi_voxels.copy()), 2)

    def test_an_roi_at_the_border_of_the_volume_stays_within_it(self) -> None:
        corner = ellipsoid(centre=np.array([0.0, 2.0, 0.0]), radii_mm=BALL_MM)
        for varied in variations(drawn(corner), 10):
            self.assertEqual(piece_count(varied.roi_voxels.copy()), 1)

    def test_an_empty_roi_is_refused(self) -> None:
        with self.assertRaisesRegex(InputError, "is empty"):
            next(variations(drawn(np.zeros_like(ellipsoid()))))

    def test_they_differ_as_readers_do(self) -> None:
        """Readers: Dice 0.92, volume overlap variability 17.8 to 20.8 %; here on tumours of 20, 4 and 1 ml."""
        for radii, widest_volume in ((BALL_MM, 0.14), (np.array([9.0, 8.0, 13.0]), 0.2), (BALL_MM * 0.37, 0.26)):
            case = drawn(ellipsoid(radii_mm=radii))
            with self.subTest(ml=round(case.roi_volume_ml, 1)):
                own = case.roi_voxels != 0
                others = [varied.roi_voxels != 0 for varied in variations(case, 60)]
                dice = np.array([2 * (own & other).sum() / (own.sum() + other.sum()) for other in others])
                change = np.array([other.sum() / own.sum() - 1 for other in others])
                union = np.array([(own ^ other).sum() / (own | other).sum() for other in others])
                self.assertTrue(0.88 < dice.mean() < 0.95, dice.mean())
                self.assertTrue(0.12 < union.mean() < 0.21, union.mean())
                self.assertTrue(0.07 < change.std() < widest_volume, change.std())
                self.assertLess(abs(change.mean()), 0.05)
                distances = [difference(own, other, (5.0, 0.8, 0.8)).surface_distance_mm for other in others]
                self.assertTrue(0.1 < np.mean(distances) < 1.0, np.mean(distances))

    def test_slices_at_the_ends_come_and_go(self) -> None:
        case = drawn(ellipsoid(radii_mm=BALL_MM))
        slices = [varied.roi_slices for varied in variations(case, 40)]
        self.assertLess(min(slices), case.roi_slices)
        self.assertGreater(max(slices), case.roi_slices)
        self.assertLessEqual(max(abs(number - case.roi_slices) for number in slices), 2)

    def test_they_are_smooth(self) -> None:
        """No more corners than the drawn outline has: the ratio of surface to volume hardly grows."""
        case = drawn(ellipsoid(radii_mm=BALL_MM))

        def border(roi: np.ndarray) -> float:
            steps = np.abs(np.diff(roi.astype(int), axis=1)).sum() + np.abs(np.diff(roi.astype(int), axis=2)).sum()
            return float(steps / roi.sum() ** (2 / 3))

        for varied in variations(case, 20):
            self.assertLess(border(varied.roi_voxels), 1.25 * border(case.roi_voxels))


class SummaryTest(unittest.TestCase):
    def test_what_is_counted(self) -> None:
        found = [Variation(p, 0.5, c) for p, c in ((0.2, 0.1), (0.55, -0.3), (0.5, 0.0), (0.3, 0.2))]
        found.append(Variation(None, 1.5, -0.9))
        summary = summarise(found, 0.45, 0.5)
        self.assertEqual((summary.count, summary.failed, summary.flips, summary.flip_share), (4, 1, 2, 0.5))
        self.assertEqual(summary.probabilities, (0.2, 0.55, 0.5, 0.3))
        self.assertAlmostEqual(summary.mean_surface_distance_mm, 0.7)
        self.assertAlmostEqual(summary.mean_volume_change, 0.3)
        # Between the sorted 0.2, 0.3, 0.5, 0.55: 0.075 of a step from either end.
        self.assertAlmostEqual(summary.low, 0.2075)
        self.assertAlmostEqual(summary.high, 0.54625)
        self.assertEqual(summarise(found, 0.5, 0.5).flips, 2)  # at the threshold the call is HER2-positive

    def test_levels(self) -> None:
        def level(*probabilities: float | None) -> str:
            return summarise([Variation(p, 0.5, 0.1) for p in probabilities], 0.3, 0.5).level

        self.assertEqual(level(*[0.3] * 28, 0.4), "stable")
        self.assertEqual(level(*[0.3] * 27, 0.4), "undecided")
        self.assertEqual(level(*[0.3] * 19, 0.4), "undecided")
        self.assertEqual(level(*[0.1] * 10, *[0.4] * 10), "sensitive")
        self.assertEqual(level(*[0.45] * 19, 0.5), "sensitive")
        self.assertEqual(level(*[0.45] * 18, 0.5, 0.5), "sensitive")
        self.assertEqual(level(*[0.45] * 17, 0.5, 0.5, 0.5), "unstable")
        self.assertEqual(level(*[0.3] * 19, None), "sensitive")
        self.assertEqual(level(None, None), "unstable")

    def test_as_many_variations_as_are_made_can_be_stable_and_one_in_ten_of_them_is_the_bound(self) -> None:
        self.assertEqual(summarise([Variation(0.3, 0.5, 0.1)] * COUNT, 0.3, 0.5).level, "stable")

    def test_bound_is_that_of_clopper_and_pearson(self) -> None:
        scipy_stats = importlib.import_module("scipy.stats") if importlib.util.find_spec("scipy") else None
        if scipy_stats is None:
            self.skipTest("SciPy is not installed")
        for count in (1, 4, 20, 30, 60, 200):
            for flips in {0, 1, count // 10, count // 2, count}:
                found = [Variation(0.9 if number < flips else 0.3, 0.5, 0.1) for number in range(count)]
                test = scipy_stats.binomtest(flips, count, alternative="less")
                self.assertAlmostEqual(
                    summarise(found, 0.3, 0.5).flip_bound, test.proportion_ci(0.95, method="exact").high, places=9
                )

    def test_where_nothing_could_be_computed_the_range_is_the_drawn_outlines(self) -> None:
        summary = summarise([Variation(None, 0.5, 0.1)], 0.3, 0.5)
        self.assertEqual((summary.count, summary.low, summary.high, summary.flip_share), (0, 0.3, 0.3, 0.0))
        json.dumps(summary.to_dict(), allow_nan=False)

    def test_words_hold_the_numbers(self) -> None:
        text = stability_in_full(summarise([Variation(p, 0.52, -0.12) for p in (0.25, 0.61, None)], 0.3, 0.5))
        for part in (
            "unstable",
            "3 variations",
            "12%",
            "0.5 mm",
            "0.26 to 0.60",
            "1 of them give",
            "up to 97% of such outlines may",
            "1 could not",
        ):
            self.assertIn(part, text)


class MeasureTest(unittest.TestCase):
    COUNT = 4

    @classmethod
    def setUpClass(cls) -> None:
        cls.model = Model.load(BUNDLED_MODEL)
        cls.case = small()
        cls.assessment = assess(cls.case, cls.model)
        cls.measured = cls.measure(jobs=1)

    @classmethod
    def measure(cls, model: Model | None = None, **options: int) -> Stability:
        return stability.measure(
            cls.case, model or cls.model, cls.assessment.probability, **{"count": cls.COUNT, **options}
        )

    def test_probabilities_are_those_of_each_variation_assessed_by_itself(self) -> None:
        own = [assess(varied, self.model) for varied in variations(self.case, self.COUNT)]
        self.assertEqual(self.measured.probabilities, tuple(assessment.probability for assessment in own))
        self.assertGreater(len(set(self.measured.probabilities)), 1)
        volumes = np.array([assessment.roi["volume_ml"] for assessment in own])
        changes = np.abs(volumes / self.assessment.roi["volume_ml"] - 1)
        self.assertAlmostEqual(self.measured.mean_volume_change, float(changes.mean()))
        distances = [
            difference(self.case.roi_voxels, varied.roi_voxels, (5.0, 0.8, 0.8)).surface_distance_mm
            for varied in variations(self.case, self.COUNT)
        ]
        self.assertAlmostEqual(self.measured.mean_surface_distance_mm, float(np.mean(distances)), places=6)

    @unittest.skipIf(IN_SLICER, "a helper would be another Slicer")
    def test_two_processes_find_what_one_finds(self) -> None:
        self.assertEqual(self.measure(jobs=2), self.measured)

    def test_flips_follow_the_threshold(self) -> None:
        ordered = sorted(self.measured.probabilities)
        for threshold in (ordered[0] - 1e-6, ordered[1], ordered[-1], ordered[-1] + 1e-6):
            with self.subTest(threshold):
                model = dataclasses.replace(self.model, card={**self.model.card, "threshold": threshold})
                positive = self.assessment.probability >= threshold
                expected = sum((p >= threshold) != positive for p in ordered)
                self.assertEqual(self.measure(model, jobs=1).flips, expected)

    def test_a_variation_without_features_is_counted_not_raised(self) -> None:
        values = features.extract(self.case.prepared())
        computed = [values, InputError("undefined"), values, InputError("undefined"), values]
        with mock.patch("HER2PredictLib.features.extract", side_effect=computed):
            found = stability.measure(self.case, self.model, self.assessment.probability, count=5, jobs=1)
        self.assertEqual((found.count, found.failed, found.flips), (3, 2, 0))
        self.assertEqual(set(found.probabilities), {self.model.predict(values).probability})

    def test_a_volume_whose_surroundings_of_the_roi_hold_no_fat_is_measured_too(self) -> None:
        voxels = np.abs(ct_array()) + 1
        voxels[0] = -1000
        case = case_of(as_image(voxels), as_image(ellipsoid()))
        found = stability.measure(case, self.model, 0.5, count=1, jobs=1)
        self.assertEqual(found.probabilities, (assess(next(variations(case, 1)), self.model).probability,))

    def test_no_more_of_a_large_volume_is_handed_on_than_its_variations_need(self) -> None:
        volume, roi = small_case()
        lower, upper = (150, 90, 12), (80, 150, 18)
        case = case_of(sitk.ConstantPad(volume, lower, upper, -50), sitk.ConstantPad(roi, lower, upper, 0))
        near = stability.neighbourhood(case)
        self.assertLess(near.volume.image.GetNumberOfPixels(), 0.2 * case.volume.image.GetNumberOfPixels())
        for one, other in zip(variations(case, 8), variations(near, 8), strict=True):
            pair, expected = other.prepared(), one.prepared()
            self.assertEqual(pair.missing_margin_mm, expected.missing_margin_mm)
            for image, wanted in ((pair.image, expected.image), (pair.mask, expected.mask)):
                np.testing.assert_array_equal(sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(wanted))

    @unittest.skipUnless(REAL_CT.is_dir(), "the real CT is not there")
    def test_real_ct(self) -> None:
        patient = REAL_CT / "STS_002"
        case = Case.from_files(patient / "CT_image.nii.gz", patient / "CT_mask.nii.gz")
        found = stability.measure(case, self.model, assess(case, self.model).probability, count=2, jobs=1)
        self.assertEqual(found.failed, 0)
        self.assertTrue(0.01 < found.mean_volume_change < 0.3)


class AssessmentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.assessment = assess(small(), Model.load(BUNDLED_MODEL))
        p, threshold = cls.assessment.probability, cls.assessment.threshold
        other = threshold - 0.1 if p >= threshold else threshold + 0.1
        cls.flipping = summarise([Variation(p, 0.5, 0.1), Variation(other, 0.7, -0.2)], p, threshold)
        cls.steady = summarise([Variation(p, 0.5, 0.1)], p, threshold)

    def codes(self, found: Stability) -> list[str]:
        return [finding.code for finding in with_stability(self.assessment, found).findings]

    def test_a_call_that_depends_on_the_outline_is_a_finding(self) -> None:
        self.assertNotIn("call-depends-on-outline", self.codes(self.steady))
        self.assertIn("call-depends-on-outline", self.codes(self.flipping))
        finding = with_stability(self.assessment, self.flipping).findings[-1]
        self.assertEqual(finding.severity, "warning")
        self.assertIn("1 of 2 variations", finding.message)

    def test_json_holds_it_or_null(self) -> None:
        self.assertIsNone(self.assessment.to_dict()["stability"])
        measured = with_stability(self.assessment, self.flipping, {"stability": 1.5})
        written = json.loads(json.dumps(measured.to_dict(), allow_nan=False))
        self.assertEqual(written["stability"]["flips"], 1)
        self.assertEqual(written["stability"]["level"], "unstable")
        self.assertEqual(written["seconds"]["stability"], 1.5)
        self.assertEqual(written["features"], self.assessment.to_dict()["features"])

    def test_a_saved_result_brings_it_back_and_one_of_an_earlier_version_has_none(self) -> None:
        result = with_stability(self.assessment, self.flipping).result("stamp", "2024-05-06T07:08:09+00:00")
        self.assertEqual(Result.from_json(result.to_json()), result)
        self.assertEqual(Result.from_json(result.to_json()).stability, self.flipping)
        earlier = json.loads(result.to_json())
        del earlier["stability"]
        self.assertIsNone(Result.from_json(json.dumps(earlier)).stability)

    def test_a_spoilt_stability_spoils_the_result(self) -> None:
        result = with_stability(self.assessment, self.flipping).result("stamp", "2024-05-06T07:08:09+00:00")
        spoilt = [("flips", 3), ("low", None), ("probabilities", [2.0, 0.5]), ("count", "2"), ("probabilities", 5)]
        for name, value in spoilt:
            with self.subTest(name=name, value=value):
                stored = json.loads(result.to_json())
                stored["stability"][name] = value
                self.assertIsNone(Result.from_json(json.dumps(stored)))


class CommandTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.files = write_small_case(Path(folder.name))

    def predict(self, *options: str) -> str:
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertEqual(cli.main(["predict", *map(str, self.files), *options]), 0)
        return out.getvalue()

    def test_json_holds_as_many_variations_as_were_asked_for(self) -> None:
        result = json.loads(self.predict("--perturbations", "3", "--jobs", "1", "--json", "-"))
        self.assertEqual(len(result["stability"]["probabilities"]), 3)
        model = Model.load(BUNDLED_MODEL)
        first = assess(next(variations(Case.from_files(*self.files), 1)), model)
        self.assertEqual(result["stability"]["probabilities"][0], first.probability)

    def test_none_are_computed_when_none_are_asked_for(self) -> None:
        with mock.patch("HER2PredictLib.assess.measure", side_effect=AssertionError):
            self.assertIsNone(json.loads(self.predict("--perturbations", "0", "--json", "-"))["stability"])

    def test_thirty_are_computed_unless_something_else_is_asked_for(self) -> None:
        found = summarise([Variation(0.5, 0.5, 0.1)] * COUNT, 0.5, 0.5)
        with mock.patch("HER2PredictLib.assess.measure", return_value=found) as measure:
            text = self.predict()
        self.assertEqual(measure.call_args.kwargs["count"], COUNT)
        self.assertIn(stability_in_full(found), text)


def work_with_a_helper_that(ends: str, mark: str, here: int) -> Callable[[int], int]:
    """Squares in the process `here`, once a helper has left its mark and come to its end."""

    def work(index: int) -> int:
        if os.getpid() == here:
            until(Path(mark).exists)
            return index * index
        Path(mark).touch()
        if ends == "dies":
            os._exit(1)
        raise ValueError(f"no {index}")

    return work


def work_that_changes(handed: dict[str, int], mark: str, here: int) -> Callable[[int], list[str]]:
    """Tells what was in the dict that was handed over, and changes it, as a Case does that is looked at."""
    before = sorted(handed)
    handed["looked at"] = 1

    def work(index: int) -> list[str]:
        if os.getpid() == here:
            until(Path(mark).exists)
        Path(mark).touch()
        return before

    return work


def squares() -> Callable[[int], int]:
    return lambda index: index * index


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not holds():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.02)


@unittest.skipIf(IN_SLICER, "a helper would be another Slicer")
class HelpersTest(unittest.TestCase):
    def spread(self, ends: str, count: int) -> list[tuple[int, int]]:
        with tempfile.TemporaryDirectory() as folder:
            arguments = (ends, str(Path(folder) / "mark"), os.getpid())
            return sorted(parallel.spread(count, work_with_a_helper_that, arguments, 2))

    def test_the_work_of_a_helper_that_dies_is_done_here(self) -> None:
        self.assertEqual(self.spread("dies", 5), [(index, index * index) for index in range(5)])

    def test_what_a_helper_raises_is_raised_here(self) -> None:
        with self.assertRaisesRegex(ValueError, "no [0-9]"):
            self.spread("raises", 50)

    def test_a_helper_gets_what_was_handed_over_not_what_this_process_has_made_of_it(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            arguments = ({"given": 0}, str(Path(folder) / "mark"), os.getpid())
            found = dict(parallel.spread(3, work_that_changes, arguments, 2))
        self.assertEqual(found, {0: ["given"], 1: ["given"], 2: ["given"]})

    def test_threads_are_as_before_afterwards(self) -> None:
        before = dict(os.environ), sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
        self.assertEqual(sorted(parallel.spread(3, squares, (), 2)), [(0, 0), (1, 1), (2, 4)])
        self.assertEqual((dict(os.environ), sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()), before)

    @unittest.skipUnless(Path("/proc/self/stat").exists(), "reads /proc")
    def test_an_interrupt_ends_in_one_line_and_leaves_no_process(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            files = write_small_case(Path(folder))
            command = [sys.executable, "-m", "HER2PredictLib.command", "predict", *map(str, files)]
            with subprocess.Popen(
                [*command, "--perturbations", "5000", "--jobs", "2"],
                env={**os.environ, "PYTHONPATH": str(LIBRARY)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                # As in a terminal, even where the tests themselves were started to ignore it.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            ) as process:
                try:
                    until(lambda: len(helpers_of(process.pid)) > 0)
                    time.sleep(0.5)
                    os.killpg(process.pid, signal.SIGINT)
                    out, err = process.communicate(timeout=60)
                except BaseException:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise
            self.assertEqual((process.returncode, out, err), (130, "", "her2predict: interrupted\n"))
            until(lambda: not members_of(process.pid))


def members_of(session: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def helpers_of(session: int) -> list[int]:
    found = []
    for process in members_of(session):
        try:
            if b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes():
                found.append(process)
        except OSError:
            continue
    return found


if __name__ == "__main__":
    unittest.main()
