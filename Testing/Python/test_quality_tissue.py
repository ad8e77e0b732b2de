"""Findings on tissue: phase, bladder, and what the ROI holds beside tumour; each bound from both sides."""

from __future__ import annotations

import unittest

import numpy as np
import SimpleITK as sitk

from cases import REAL_CT, TUMOUR_MM, offsets_mm, pelvis
from HER2PredictLib.case.case import Case
from HER2PredictLib.findings.finding import TRIM_RIM, Finding
from test_quality import case_of, findings_of

PLACE = {"not-excretory-phase", "far-from-bladder"}


def place_findings(volume: np.ndarray, roi: np.ndarray) -> set[str]:
    return set(findings_of(case_of(volume, roi))) & PLACE


def tumour_in_fat() -> tuple[np.ndarray, np.ndarray]:
    """The tumour of the pelvis, with fat where its bladder was."""
    volume, roi = pelvis()
    volume[(volume > -150) & (roi == 0)] = -100
    return volume, roi


def cylinder(radius_mm: float, slices: int, gap_mm: float) -> np.ndarray:
    """Boolean: a round column of so many slices (an even number) that begins `gap_mm` to the left of the tumour."""
    x, y, z = offsets_mm()
    centre = TUMOUR_MM + 11.0 + gap_mm + radius_mm
    return (np.hypot(x - centre, y) <= radius_mm) & (np.abs(z) <= 2.5 * (slices - 1))


class PhaseTest(unittest.TestCase):
    def test_urine_brighter_than_any_tumour_is_opacified(self) -> None:
        self.assertEqual(place_findings(*pelvis(urine_hu=190.0)), set())
        self.assertIn("not-excretory-phase", place_findings(*pelvis(urine_hu=125.0)))

    def test_urine_without_contrast_medium_shows_the_bladder_but_not_the_phase(self) -> None:
        for urine_hu in (5.0, 15.0):
            self.assertEqual(place_findings(*pelvis(urine_hu=urine_hu)), {"not-excretory-phase"})

    def test_without_any_urine_there_is_no_bladder(self) -> None:
        self.assertEqual(place_findings(*tumour_in_fat()), PLACE)

    def test_bright_patches_of_the_tumour_are_no_urine(self) -> None:
        volume, roi = tumour_in_fat()
        bright = roi.astype(bool) & (np.indices(roi.shape)[2] < np.argwhere(roi)[:, 2].mean())
        volume[bright] = 200
        self.assertIn("not-excretory-phase", place_findings(volume, roi))

    def test_what_was_examined_before_changes_nothing(self) -> None:
        """Outlines that take in more and less of the urine, one after the other, others between."""
        volume, roi = pelvis()
        wider = roi | ((np.roll(roi, 4, axis=2) | np.roll(roi, -4, axis=2)) & (volume > -150)).astype(roi.dtype)
        wider[:, :, np.flatnonzero(roi.any(axis=(0, 1)))[-1] + 1 :] = 0  # in the same box
        wider[:, :, : np.flatnonzero(roi.any(axis=(0, 1)))[0]] = 0
        alone = []
        for outline in (roi, wider):
            findings_of(case_of(*pelvis(urine_hu=5.0)))
            alone.append(findings_of(case_of(volume, outline)))
        self.assertNotEqual(*alone)
        self.assertEqual([findings_of(case_of(volume, outline)) for outline in (roi, wider, roi)], [*alone, alone[0]])

    def test_the_least_opacified_urine_is_a_millilitre(self) -> None:
        """Two slices of a column 10 mm wide have 0.79 ml, of one 13 mm wide 1.33 ml."""
        for radius_mm, expected in ((5.0, True), (6.5, False)):
            volume, roi = tumour_in_fat()
            volume[cylinder(radius_mm, 2, gap_mm=1.0)] = 500
            self.assertEqual("not-excretory-phase" in place_findings(volume, roi), expected, radius_mm)

    def test_the_least_bladder_is_2_ml(self) -> None:
        """On two slices; of water, only what is deeper than 4 mm counts, up to 1 mm less for the smoothing."""
        opacified, water = 500, 10
        for radius_mm, hu, expected in (
            (7.5, opacified, True),  # 1.8 ml
            (8.5, opacified, False),  # 2.3 ml
            (11.5, water, True),  # 1.8 ml at most
            (14.0, water, False),  # 2.5 ml at least
        ):
            volume, roi = tumour_in_fat()
            volume[cylinder(radius_mm, 2, gap_mm=2.0)] = hu
            with self.subTest(radius_mm=radius_mm, hu=hu):
                self.assertEqual("far-from-bladder" in place_findings(volume, roi), expected)

    def test_opacified_urine_that_does_not_reach_the_roi_is_not_beside_it(self) -> None:
        for gap_mm, expected in ((6.5, False), (10.0, True)):
            volume, roi = tumour_in_fat()
            volume[cylinder(8.0, 6, gap_mm)] = 500
            self.assertEqual("not-excretory-phase" in place_findings(volume, roi), expected, gap_mm)

    def test_a_bladder_further_than_30_mm_away_is_another_matter(self) -> None:
        for gap_mm, expected in ((20.0, False), (31.0, True)):
            volume, roi = tumour_in_fat()
            volume[cylinder(8.0, 10, gap_mm)] = 500
            self.assertEqual("far-from-bladder" in place_findings(volume, roi), expected, gap_mm)

    def test_bone_is_no_urine(self) -> None:
        """Dense marrow within a brighter cortex, as in the pubic bones, and marrow that trabeculae make uneven."""
        volume, roi = tumour_in_fat()
        whole, marrow = cylinder(9.0, 6, gap_mm=3.0), cylinder(7.0, 6, gap_mm=5.0)
        volume[whole] = 900
        volume[marrow] = 260
        self.assertEqual(place_findings(volume, roi), PLACE)
        random = np.random.default_rng(5)
        volume[whole] = random.normal(350, 90, int(whole.sum()))
        self.assertEqual(place_findings(volume, roi), PLACE)
        volume[whole] = random.normal(350, 25, int(whole.sum()))
        self.assertEqual(place_findings(volume, roi), set())

    def test_layered_urine_is_urine(self) -> None:
        volume, roi = pelvis()
        _, y, _ = offsets_mm()
        layered = 350.0 + 500.0 / (1.0 + np.exp(-y / 4.0))
        volume[volume > 300] = layered[volume > 300]
        self.assertEqual(place_findings(volume, roi), set())

    def test_a_ureter_is_too_narrow_for_a_bladder(self) -> None:
        for radius_mm, expected in ((2.5, PLACE), (6.0, set())):
            volume, roi = tumour_in_fat()
            volume[cylinder(radius_mm, 14, gap_mm=1.0)] = 600
            self.assertEqual(place_findings(volume, roi), expected)

    @unittest.skipUnless(REAL_CT.is_dir(), "the real CTs are not here")
    def test_real_cts_of_limbs_have_neither_urine_nor_bladder(self) -> None:
        patients = sorted(REAL_CT.glob("STS_*"))
        self.assertGreater(len(patients), 0)
        for patient in patients:
            case = Case.from_files(patient / "CT_image.nii.gz", patient / "CT_mask.nii.gz")
            self.assertLessEqual(PLACE, set(findings_of(case)), patient.name)


class ContentTest(unittest.TestCase):
    def holds(self, volume: np.ndarray, roi: np.ndarray) -> dict[str, Finding]:
        return {code: found for code, found in findings_of(case_of(volume, roi)).items() if "holds" in code}

    def test_each_tissue_is_told_beyond_its_share(self) -> None:
        """So many voxels of the ROI, from its edge inwards, are painted."""
        for tissue, hu, bound in (("air", -900, 0.01), ("fat", -100, 0.05), ("metal", 3000, 0.001)):
            for share, expected in ((bound * 0.9, set()), (bound * 1.1, {f"roi-holds-{tissue}"})):
                volume, roi = pelvis()
                inside = np.argwhere(roi)
                count = round(share * len(inside)) if tissue != "metal" else int(share > bound) * 8
                volume[tuple(inside[:count].T)] = hu
                with self.subTest(tissue=tissue, share=share):
                    self.assertEqual(set(self.holds(volume, roi)), expected)

    def test_fat_ranges_from_minus_190_to_minus_30_hu(self) -> None:
        for hu, code in {-29: None, -30: "fat", -190: "fat", -191: "air"}.items():
            volume, roi = pelvis()
            volume[12][roi[12] > 0] = hu
            self.assertEqual(set(self.holds(volume, roi)), {f"roi-holds-{code}"} if code else set(), hu)

    def test_opacified_urine_is_told_beyond_7_percent(self) -> None:
        for share, expected in ((0.065, set()), (0.075, {"roi-holds-urine"})):
            volume, roi = pelvis()
            beside = np.argwhere((volume > 300) & (np.abs(offsets_mm()[2]) < 8.0))
            count = round(share / (1.0 - share) * int(roi.sum()))
            order = np.argsort(np.abs(offsets_mm()[0][tuple(beside.T)] - TUMOUR_MM), kind="stable")
            roi[tuple(beside[order[:count]].T)] = 1
            self.assertEqual(set(self.holds(volume, roi)), expected, share)

    def test_what_averaging_mixes_in_was_not_outlined(self) -> None:
        """Thin slices, outlined well, whose means hold dense urine where the tumour ends."""
        volume, roi = (np.repeat(array, 5, axis=0) for array in pelvis(urine_hu=1500.0))
        roi[np.flatnonzero(roi.any(axis=(1, 2)))[-2:]] = 0
        case = case_of(volume, roi, (0.8, 0.8, 1.0))
        prepared = case.prepared()
        mean, averaged = (sitk.GetArrayFromImage(image) for image in (prepared.image, prepared.mask))
        self.assertGreater((mean[averaged > 0] > 250).mean(), 0.07)
        self.assertEqual(set(findings_of(case)), set())

    def test_bone_is_told_beyond_3_percent(self) -> None:
        x, y, z = offsets_mm()
        plate = (x > TUMOUR_MM - 16.0) & (x < TUMOUR_MM - 12.0) & (np.abs(y) < 12.0) & (np.abs(z) < 18.0)
        for share, expected in ((0.025, set()), (0.035, {"roi-holds-bone"})):
            volume, roi = pelvis(urine_hu=10.0)
            volume[plate] = 1100
            count = round(share / (1.0 - share) * int(roi.sum()))
            roi[tuple(np.argwhere(plate)[:count].T)] = 1
            self.assertEqual(set(self.holds(volume, roi)), expected, share)

    def test_calcifications_belong_to_the_tumour(self) -> None:
        """A fifth of the tumour, on its surface and inside, at the HU of bone."""
        volume, roi = pelvis(urine_hu=10.0)
        x, y, z = offsets_mm()
        crust = (roi > 0) & (np.hypot(x - TUMOUR_MM - 9.0, y) < 4.0) & (np.abs(z) < 8.0)
        volume[crust] = 700
        volume[11:14, 52:58, 30:36] = 700
        self.assertGreater((volume[roi > 0] == 700).mean(), 0.05)
        self.assertEqual(self.holds(volume, roi), {})

    def test_trimming_is_offered_where_it_helps(self) -> None:
        volume, roi = pelvis()
        shifted = np.roll(roi, -12, axis=2)
        self.assertEqual(self.holds(volume, shifted)["roi-holds-fat"].remedy, TRIM_RIM)
        far = np.roll(roi, -20, axis=2)  # most of it is fat
        self.assertIsNone(self.holds(volume, far)["roi-holds-fat"].remedy)
        volume[11:13, 50:58, 30:38] = -100  # enclosed in the tumour
        self.assertIsNone(self.holds(volume, roi)["roi-holds-fat"].remedy)


if __name__ == "__main__":
    unittest.main()
