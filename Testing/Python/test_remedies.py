"""After a remedy its finding is gone, and what it did not find stays."""

from __future__ import annotations

import unittest
from typing import Any

import numpy as np
import SimpleITK as sitk

from cases import as_image, ct_array, ellipsoid, pelvis, stored_otherwise
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.errors import InputError
from HER2PredictLib.findings.finding import FILL_HOLES, FILL_SKIPPED_SLICES, KEEP_LARGEST_PIECE, TRIM_RIM
from HER2PredictLib.findings.remedies import between, mended
from HER2PredictLib.panel.words.labels import remedy_words
from test_quality import case_of, findings_of

try:
    from scipy import ndimage
except ImportError:
    ndimage = None

REMEDIES = (KEEP_LARGEST_PIECE, FILL_HOLES, FILL_SKIPPED_SLICES, TRIM_RIM)


def frayed() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pelvis with an ROI that reaches into fat and urine, and the tumour that it means."""
    volume, tumour = pelvis()
    return volume, tumour | np.roll(tumour, -12, axis=2), tumour


class MendedTest(unittest.TestCase):
    def mend(self, volume: np.ndarray, roi: np.ndarray, remedy: str, *codes: str, **known: Any) -> np.ndarray:
        """The ROI after the remedy that the findings of these codes offer, and that takes them away."""
        before = findings_of(case_of(volume, roi, **known))
        for code in codes:
            self.assertEqual(before[code].remedy, remedy)
        after = mended(case_of(volume, roi, **known), remedy)
        self.assertFalse(set(codes) & set(findings_of(case_of(volume, after.astype(np.uint8), **known))))
        return after

    def test_the_largest_piece_is_kept(self) -> None:
        roi = ellipsoid()
        roi[14:17, 4:9, 4:9] = 1
        after = self.mend(ct_array(), roi, KEEP_LARGEST_PIECE, "roi-in-pieces")
        np.testing.assert_array_equal(after, ellipsoid() > 0)

    def test_holes_are_filled_and_bays_are_not(self) -> None:
        solid = np.zeros_like(ellipsoid())
        solid[8:18, 18:44, 20:50] = 1
        solid[10, 18:30, 30:34] = 0
        roi = solid.copy()
        roi[12:15, 26:36, 28:40] = 0
        roi[12:15, 30, 33] = 1
        after = self.mend(ct_array(), roi, FILL_HOLES, "roi-with-holes")
        np.testing.assert_array_equal(after, solid > 0)

    @unittest.skipIf(ndimage is None, "SciPy is not installed")
    def test_holes_are_those_that_scipy_fills(self) -> None:
        roi = ellipsoid() & (np.random.default_rng(2).random(ellipsoid().shape) < 0.75).astype(np.uint8)
        expected = np.stack([ndimage.binary_fill_holes(plane) for plane in roi])
        np.testing.assert_array_equal(mended(case_of(ct_array(), roi), FILL_HOLES), expected)

    def test_skipped_slices_are_filled_with_what_lies_between(self) -> None:
        """A cone: the outline between two circles is the circle whose radius is between theirs."""
        k, j, i = np.indices(ellipsoid().shape)
        away = np.hypot(j - 31.0, i - 36.0) * 0.8
        cone = ((away <= 6.0 + (k - 10) * 1.0) & (k >= 10) & (k <= 20)).astype(np.uint8)
        roi = cone.copy()
        roi[[11, 12, 14, 16, 17, 18]] = 0
        after = self.mend(ct_array(), roi, FILL_SKIPPED_SLICES, "roi-skips-slices")
        wrong = after != (cone > 0)
        self.assertLess((np.abs(away - (6.0 + (k - 10) * 1.0)))[wrong].max(initial=0.0), 0.8)
        drawn = roi.any(axis=(1, 2))
        np.testing.assert_array_equal(after[drawn], roi[drawn] > 0)

    def test_outlines_that_do_not_overlap_are_joined(self) -> None:
        roi = np.zeros_like(ellipsoid())
        roi[10:13, 20:32, 10:22] = 1
        roi[15:18, 30:42, 40:52] = 1
        after = self.mend(ct_array(), roi, FILL_SKIPPED_SLICES, "roi-skips-slices")
        for k in (13, 14):
            self.assertTrue(20 <= np.argwhere(after[k])[:, 1].mean() < 42)

    def test_the_rim_is_trimmed_to_the_tumour(self) -> None:
        volume, roi, tumour = frayed()
        after = self.mend(volume, roi, TRIM_RIM, "roi-holds-fat", "roi-holds-urine")
        self.assertTrue(after[tumour > 0].all())
        self.assertTrue(((volume[after] > -30) & (volume[after] < 250)).all())

    def test_air_and_bone_at_the_rim_are_trimmed(self) -> None:
        for hu, code in ((-950, "roi-holds-air"), (900, "roi-holds-bone")):
            volume, roi = pelvis(urine_hu=10.0)
            volume[8:16, 42:67, 22:26] = hu  # through the edge of the tumour
            roi[9:15, 44:65, 25] = 1
            after = self.mend(volume, roi, TRIM_RIM, code)
            self.assertFalse((volume[after] == hu).any())

    def test_necrosis_fat_and_calcifications_inside_stay(self) -> None:
        volume, roi, tumour = frayed()
        inside = np.s_[11:13, 52:56, 32:36]
        for hu in (10, -100, 700):
            volume[inside] = hu
            after = mended(case_of(volume, roi), TRIM_RIM)
            self.assertTrue(after[inside].all(), hu)
            self.assertTrue(after[tumour > 0].all(), hu)

    def test_thin_slices_are_trimmed_as_the_features_see_them(self) -> None:
        volume, roi, tumour = (np.repeat(array, 4, axis=0) for array in frayed())
        case = case_of(volume, roi, (0.8, 0.8, 1.25))
        after = mended(case, TRIM_RIM)
        self.assertTrue(after[tumour > 0].all())
        found = findings_of(case_of(volume, after.astype(np.uint8), (0.8, 0.8, 1.25)))
        self.assertEqual([code for code in found if "holds" in code], [])

    def test_nothing_left_is_refused(self) -> None:
        volume, roi = pelvis()
        volume[roi > 0] = -100
        with self.assertRaisesRegex(InputError, "Nothing would be left"):
            mended(case_of(volume, roi), TRIM_RIM)

    def test_remedies_do_not_depend_on_how_the_volume_is_stored(self) -> None:
        volume, roi, _ = frayed()
        roi[11] = 0
        roi[9, 52:57, 32:37] = 0
        roi[10:13, 5:9, 5:9] = 1
        images = as_image(volume), as_image(roi)
        for remedy in REMEDIES:
            expected = as_image(mended(case_of(volume, roi), remedy).astype(np.uint8))
            for seed in range(4):
                stored, drawn = stored_otherwise(images, seed)
                _, wanted = stored_otherwise((images[0], expected), seed)
                after = mended(Case(Volume(stored, "CTU"), Roi(drawn, "tumour")), remedy)
                np.testing.assert_array_equal(after, sitk.GetArrayFromImage(wanted) > 0, f"{remedy} {seed}")

    def test_each_remedy_has_words_for_its_button(self) -> None:
        words = [remedy_words(remedy) for remedy in REMEDIES]
        self.assertEqual(len({text for text, _ in words}), len(REMEDIES))
        for text, tip in words:
            self.assertLess(len(text), 30)
            self.assertIn("Undo", tip)


class BetweenTest(unittest.TestCase):
    def test_the_ends_are_the_outlines_themselves(self) -> None:
        first, second = (ellipsoid()[k] > 0 for k in (13, 16))
        np.testing.assert_array_equal(between(first, second, 0.0, (0.8, 0.8)), first)
        np.testing.assert_array_equal(between(first, second, 1.0, (0.8, 0.8)), second)

    def test_half_way_between_two_discs_is_the_disc_between(self) -> None:
        j, i = np.indices((80, 80))
        away = np.hypot((j - 40) * 0.7, (i - 40) * 0.7)
        middle = between(away <= 10.0, away <= 20.0, 0.5, (0.7, 0.7))
        self.assertAlmostEqual(np.sqrt(middle.sum() * 0.49 / np.pi), 15.0, delta=0.35)


if __name__ == "__main__":
    unittest.main()
