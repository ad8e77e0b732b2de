"""Findings on the volume and its slices: each bound from both sides."""

from __future__ import annotations

import unittest
from typing import Any

import numpy as np

from cases import as_image, ct_array, ellipsoid, findings_on, pelvis, stored_otherwise
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.findings.examine import examine_prepared
from HER2PredictLib.findings.finding import Finding


def case_of(
    volume: np.ndarray, roi: np.ndarray, spacing: tuple[float, float, float] = (0.8, 0.8, 5.0), **known: Any
) -> Case:
    return Case(Volume(as_image(volume, spacing), "CTU", **known), Roi(as_image(roi, spacing), "tumour"))


def findings_of(case: Case) -> dict[str, Finding]:
    return {finding.code: finding for finding in findings_on(case)}


class VolumeFindingsTest(unittest.TestCase):
    def codes(self, volume: np.ndarray, **known: Any) -> set[str]:
        return set(findings_of(case_of(volume, ellipsoid(), **known)))

    def test_a_ctu_with_a_tumour_outlined_in_it_has_no_finding(self) -> None:
        self.assertEqual(findings_of(case_of(*pelvis())), {})

    def test_only_ct_is_taken(self) -> None:
        self.assertNotIn("not-ct", self.codes(ct_array(), modality="CT"))
        self.assertNotIn("not-ct", self.codes(ct_array(), modality=None))
        self.assertEqual(self.codes(ct_array(), modality="MR"), {"not-ct"})

    def test_values_that_cannot_be_hu_are_an_error(self) -> None:
        """Nothing below zero, or hardly any range; and then HU tell no tissue."""
        for lowest, highest, refused in ((-1.0, 99.5, False), (-0.5, 300.0, True), (-1.0, 98.5, True)):
            volume = np.linspace(lowest, highest, ct_array().size).reshape(ct_array().shape)
            with self.subTest(lowest=lowest, highest=highest):
                self.assertEqual("not-hu" in self.codes(volume), refused)
        self.assertEqual(self.codes(volume), {"not-hu"})

    def test_one_value_that_is_no_number_is_an_error(self) -> None:
        volume = ct_array().astype(np.float32)
        self.assertNotIn("not-finite", self.codes(volume))
        for value in (np.nan, np.inf):
            volume[0, 0, 0] = value
            self.assertEqual(self.codes(volume), {"not-finite"})

    def test_errors_come_first(self) -> None:
        volume, roi = pelvis()
        roi[10, 0, 0] = 1
        volume = np.abs(volume)
        self.assertEqual(
            [finding.severity for finding in findings_on(case_of(volume, roi))][:2], ["error", "warning"]
        )


class SliceFindingsTest(unittest.TestCase):
    def codes(self, **known: Any) -> set[str]:
        return set(findings_of(case_of(*pelvis(), **known)))

    def test_uneven_and_missing_slices(self) -> None:
        for last, expected in ((5.0, set()), (5.09, set()), (5.11, {"uneven-slices"}), (7.4, {"uneven-slices"})):
            self.assertEqual(self.codes(slice_gaps=(5.0, 5.0, 5.0, last)), expected, last)
        self.assertEqual(self.codes(slice_gaps=(5.0, 5.0, 5.0, 7.6)), {"missing-slices"})

    def test_slices_that_are_interpolated_to_5_mm_are_told(self) -> None:
        for spacing, expected in {
            5.0: set(),
            4.9: set(),
            4.89: {"slice-spacing"},
            5.11: {"slice-spacing"},
            7.0: {"slice-spacing"},
            7.01: {"thick-slices"},
            3.0: {"slice-spacing"},
            2.5: set(),  # two make 5 mm
            2.0: {"slice-spacing"},
            0.625: set(),
        }.items():
            case = case_of(ct_array(), ellipsoid(), (0.8, 0.8, spacing))
            found = {code for code in findings_of(case) if "slice" in code}
            self.assertEqual(found, expected, spacing)

    def test_thin_slices_that_are_averaged_are_told(self) -> None:
        for spacing, averaged in ((2.6, 1), (2.5, 2), (1.0, 5)):
            findings = examine_prepared(case_of(ct_array(), ellipsoid(), (0.8, 0.8, spacing)).prepared())
            told = [finding.message for finding in findings if finding.code == "slices-averaged"]
            self.assertEqual([message.split()[0] for message in told], [str(averaged)] if averaged > 1 else [])

    def test_a_tilted_gantry_and_a_warped_volume_are_warnings(self) -> None:
        self.assertEqual(self.codes(gantry_tilt_deg=0.99), set())
        self.assertEqual(self.codes(gantry_tilt_deg=1.01), {"gantry-tilt"})
        self.assertEqual(self.codes(warped=True), {"volume-warped"})


class InvarianceTest(unittest.TestCase):
    def test_findings_do_not_depend_on_how_the_volume_is_stored(self) -> None:
        volume, roi = pelvis()
        roi = np.roll(roi, (-12, 9), axis=(2, 1))
        roi[13] = 0
        roi[10, 50:54, 30:34] = 0
        expected = findings_on(case_of(volume, roi))
        self.assertLessEqual({"roi-holds-fat", "roi-skips-slices"}, {finding.code for finding in expected})
        images = as_image(volume), as_image(roi)
        for seed in range(12):
            stored, drawn = stored_otherwise(images, seed)
            self.assertEqual(findings_on(Case(Volume(stored, "CTU"), Roi(drawn, "tumour"))), expected, seed)

    def test_thin_slices_give_the_findings_of_thick_ones(self) -> None:
        volume, roi = pelvis()
        roi = np.roll(roi, -12, axis=2)
        thin = [np.repeat(array, 5, axis=0) for array in (volume, roi)]
        self.assertEqual(
            findings_on(case_of(thin[0], thin[1], (0.8, 0.8, 1.0))), findings_on(case_of(volume, roi))
        )


if __name__ == "__main__":
    unittest.main()
