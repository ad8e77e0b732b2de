"""Findings on the shape of the ROI: each bound from both sides."""

from __future__ import annotations

import unittest

import numpy as np

from cases import ct_array, ellipsoid
from HER2PredictLib.findings.finding import FILL_HOLES, FILL_SKIPPED_SLICES, KEEP_LARGEST_PIECE, Finding
from test_quality import case_of, findings_of


def block(slices: int, rows: int, columns: int) -> np.ndarray:
    """A box of so many voxels in the middle of an empty ROI of 30 x 64 x 72 voxels."""
    roi = np.zeros_like(ellipsoid())
    roi[10 : 10 + slices, 20 : 20 + rows, 20 : 20 + columns] = 1
    return roi


def shape_findings(roi: np.ndarray) -> dict[str, Finding]:
    """Findings on an ROI, without those on the tissue around it."""
    found = findings_of(case_of(ct_array(), roi))
    return {code: finding for code, finding in found.items() if code.startswith("roi-") and "holds" not in code}


class SizeFindingsTest(unittest.TestCase):
    def test_an_ordinary_outline_has_no_finding(self) -> None:
        self.assertEqual(shape_findings(ellipsoid()), {})

    def test_a_single_voxel_is_an_error(self) -> None:
        self.assertEqual(set(shape_findings(block(1, 1, 1))), {"roi-too-small"})

    def test_texture_needs_64_voxels_of_5_mm3(self) -> None:
        """A voxel has 0.8 x 0.8 x 5 = 3.2 mm3: 100 of them are 64."""
        self.assertNotIn("roi-too-small", shape_findings(block(2, 10, 5)))
        roi = block(2, 10, 5)
        roi[10, 20, 20] = 0
        self.assertEqual(shape_findings(roi)["roi-too-small"].severity, "error")

    def test_one_slice_is_too_few(self) -> None:
        self.assertIn("roi-one-slice", shape_findings(block(1, 20, 20)))
        self.assertNotIn("roi-one-slice", shape_findings(block(2, 20, 20)))

    def test_what_is_longer_than_a_bladder_is_no_tumour(self) -> None:
        for columns, expected in ((60, False), (61, True)):  # 150 and 152.5 mm
            roi = np.zeros_like(ellipsoid())
            roi[10:14, 20:40, 5 : 5 + columns] = 1
            found = findings_of(case_of(ct_array(), roi, (2.5, 0.8, 5.0)))
            self.assertEqual("roi-too-large" in found, expected)
            self.assertEqual("not-excretory-phase" in found, not expected)  # its tissue is not looked at

    def test_touching_the_border_is_told(self) -> None:
        roi = np.roll(block(3, 12, 12), -10, axis=0)
        self.assertIn("roi-at-border", shape_findings(roi))
        self.assertNotIn("roi-at-border", shape_findings(np.roll(roi, 1, axis=0)))


class ShapeFindingsTest(unittest.TestCase):
    def test_voxels_that_touch_at_a_corner_are_one_piece(self) -> None:
        roi = block(3, 12, 12)
        roi[13:15, 32:44, 32:44] = 1
        self.assertNotIn("roi-in-pieces", shape_findings(roi))
        roi[12, 31, 31] = 0
        finding = shape_findings(roi)["roi-in-pieces"]
        self.assertEqual(finding.remedy, KEEP_LARGEST_PIECE)
        self.assertIn("2 separate pieces", finding.message)

    def test_holes_of_more_than_a_hundredth_are_told(self) -> None:
        for rows, expected in ((3, False), (4, True)):  # 12 and 16 of 1,500 voxels
            roi = block(5, 15, 20)
            roi[12, 25 : 25 + rows, 25:29] = 0
            self.assertEqual("roi-with-holes" in shape_findings(roi), expected)
        self.assertEqual(shape_findings(roi)["roi-with-holes"].remedy, FILL_HOLES)

    def test_a_bay_is_no_hole(self) -> None:
        roi = block(5, 15, 20)
        roi[12, 20:28, 25:35] = 0
        self.assertNotIn("roi-with-holes", shape_findings(roi))

    def test_skipped_slices_are_told_and_short_gaps_can_be_filled(self) -> None:
        roi = block(8, 15, 15)
        for skipped, remedy in ((1, FILL_SKIPPED_SLICES), (3, FILL_SKIPPED_SLICES), (4, None)):
            roi[11 : 11 + skipped] = 0
            finding = shape_findings(roi)["roi-skips-slices"]
            self.assertEqual(finding.remedy, remedy)
            self.assertIn(f"{skipped} of the 8 slices", finding.message)
        self.assertNotIn("roi-skips-slices", shape_findings(block(8, 15, 15)))

    def test_spikes_of_more_than_a_tenth_are_told(self) -> None:
        """Lines one voxel wide on three slices of 256 voxels each, whose corners are spikes, too."""
        for length, expected in ((20, False), (30, True)):  # 7 and 10.5 %
            roi = block(3, 16, 16)
            roi[10:13, 28, 36 : 36 + length] = 1
            self.assertEqual("roi-pokes-out" in shape_findings(roi), expected, length)

    def test_a_small_round_tumour_has_no_spikes(self) -> None:
        for radius in (5.0, 6.0, 8.0):
            roi = ellipsoid(radii_mm=np.array([radius, radius, max(radius, 6.0)]))
            self.assertNotIn("roi-pokes-out", shape_findings(roi), radius)


if __name__ == "__main__":
    unittest.main()
