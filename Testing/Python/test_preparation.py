"""The prepared pair: the same tumour gives the same 975 numbers however the CT was stored."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from cases import RADII_MM, SPACING, as_image, ct_array, ellipsoid
from HER2PredictLib import features
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.prepared import MARGIN_MM, Prepared
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.findings.examine import examine_prepared

VARIANTS = 210


def case_of(volume: sitk.Image, roi: sitk.Image) -> Case:
    return Case(Volume(volume, "volume"), Roi(roi, "ROI"))


def voxels(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


#: Room for the margin and some more on every side.
SIZE, CENTRE = (104, 100, 30), np.array([52.0, 49.0, 15.0])


def roomy_case() -> tuple[sitk.Image, sitk.Image]:
    """The small case in a wider volume."""
    return as_image(ct_array(size=SIZE)), as_image(ellipsoid(SIZE, centre=CENTRE))


class Restorer:
    """Stores the small case in another way that keeps the ROI and its margin; the physical tumour stays the same."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def __call__(self, volume: sitk.Image, roi: sitk.Image) -> tuple[sitk.Image, sitk.Image]:
        lower, upper = self._spare(roi)
        crop = [[int(self.random.integers(0, spare + 1)) for spare in side] for side in (lower, upper)]
        pad = self.random.integers(0, 9, (2, 3)).tolist()
        axes = self.random.permutation(3).tolist()
        flips = self.random.integers(0, 2, 3).astype(bool).tolist()
        origin = self.random.uniform(-500, 500, 3).tolist()
        fill = int(self.random.choice([-1024, 0, 300]))
        stored = []
        for image, outside in ((volume, fill), (roi, 0)):
            image = sitk.Crop(image, crop[0], crop[1])
            image = sitk.ConstantPad(image, pad[0], pad[1], outside)
            image = sitk.Flip(sitk.PermuteAxes(image, axes), flips)
            image.SetOrigin(origin)
            stored.append(image)
        return stored[0], stored[1]

    def _spare(self, roi: sitk.Image) -> tuple[list[int], list[int]]:
        """Voxels along (i, j, k) that lie outside the ROI and its margin, below and above."""
        margin = np.ceil(np.array(MARGIN_MM) / SPACING).astype(int)
        inside = np.argwhere(voxels(roi))[:, ::-1]
        lower = inside.min(axis=0) - margin
        upper = np.array(roi.GetSize()) - 1 - inside.max(axis=0) - margin
        assert (lower >= 0).all() and (upper >= 0).all()
        return lower.tolist(), upper.tolist()


class InvarianceTest(unittest.TestCase):
    def assert_same_pair(self, one: Prepared, other: Prepared, hint: str) -> None:
        for first, second in ((one.image, other.image), (one.mask, other.mask)):
            self.assertEqual(first.GetSpacing(), second.GetSpacing(), hint)
            self.assertEqual(first.GetOrigin(), second.GetOrigin(), hint)
            self.assertEqual(first.GetDirection(), second.GetDirection(), hint)
            np.testing.assert_array_equal(voxels(first), voxels(second), hint)

    def test_features_do_not_depend_on_crop_padding_orientation_or_origin(self) -> None:
        volume, roi = roomy_case()
        reference = case_of(volume, roi).prepared()
        expected = features.extract(reference)
        self.assertEqual(len(expected), 975)
        for seed in range(VARIANTS):
            variant = case_of(*Restorer(seed)(volume, roi)).prepared()
            self.assert_same_pair(reference, variant, f"variant {seed}")
            self.assertEqual(features.extract(variant), expected, f"variant {seed}")

    def test_features_do_not_depend_on_the_file_format(self) -> None:
        volume, roi = roomy_case()
        reference = case_of(volume, roi).prepared()
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(12):
                stored = Restorer(1000 + seed)(volume, roi)
                for ending in (".nrrd", ".nii.gz", ".mha"):
                    paths = [Path(folder) / f"{name}{ending}" for name in ("volume", "roi")]
                    for image, path in zip(stored, paths, strict=True):
                        sitk.WriteImage(image, str(path))
                    self.assert_same_pair(reference, Case.from_files(*paths).prepared(), f"variant {seed} {ending}")

    def test_thin_slices_are_averaged_the_same_way_however_the_ct_was_stored(self) -> None:
        spacing = (0.8, 0.8, 1.25)
        size = (72, 64, 110)
        roi = as_image(ellipsoid(size, spacing, np.array([36.0, 31.0, 54.0])), spacing)
        volume = as_image(ct_array(3, size), spacing)
        reference = case_of(volume, roi).prepared()
        self.assertEqual(reference.slices_averaged, 4)
        self.assertEqual(reference.image.GetSpacing()[2], 5.0)
        for first in range(12):
            cropped = [sitk.Flip(image[:, :, first : 110 - first // 2], (True, False, True)) for image in (volume, roi)]
            self.assert_same_pair(reference, case_of(*cropped).prepared(), f"first slice {first}")

    def test_tumour_that_moved_by_a_voxel_gives_other_numbers(self) -> None:
        """Were the pair blind to its input, the tests above could not fail."""
        volume, roi = roomy_case()
        moved = as_image(ellipsoid(SIZE, centre=CENTRE + [1, 0, 0]))
        one, other = (features.extract(case_of(volume, mask).prepared()) for mask in (roi, moved))
        self.assertGreater(sum(one[name] != other[name] for name in one), 900)


class PreparedPairTest(unittest.TestCase):
    def test_slab_is_the_mean_of_its_slices(self) -> None:
        spacing = (1.0, 1.0, 2.5)
        size = (60, 60, 60)
        centre = np.array([30.0, 30.0, 30.0])
        volume = as_image(ct_array(5, size), spacing)
        roi = as_image(ellipsoid(size, spacing, centre, RADII_MM), spacing)
        case = case_of(volume, roi)
        prepared = case.prepared()
        self.assertEqual(prepared.slices_averaged, 2)
        first_slab = case.box.first[0] - (case.box.shape[0] % 2) // 2
        k, j, i = np.argwhere(voxels(prepared.mask))[0]
        margin = 7
        j0, i0 = case.box.first[1] - 20, case.box.first[2] - 20
        source = first_slab + 2 * (k - margin)
        expected = voxels(volume)[source : source + 2, j0 + j, i0 + i].astype(float).mean()
        self.assertEqual(voxels(prepared.image)[k, j, i], expected)

    def test_a_voxel_of_averaged_slices_is_in_the_roi_where_three_quarters_of_them_are(self) -> None:
        roi = np.zeros((60, 40, 40), np.uint8)
        roi[20:28, 15:25, 15:25] = 1
        for thin_slices, kept in ((3, True), (2, False)):
            roi[24:28, 16, 16] = 0
            roi[24 : 24 + thin_slices, 16, 16] = 1
            spacing = (1.0, 1.0, 1.25)
            prepared = case_of(as_image(ct_array(6, (40, 40, 60)), spacing), as_image(roi, spacing)).prepared()
            upper, lower = voxels(prepared.mask)[8, 20:30, 20:30], voxels(prepared.mask)[7, 20:30, 20:30]
            self.assertEqual(lower.sum(), 100)
            self.assertEqual(upper.sum(), 100 if kept else 99)
            self.assertEqual(bool(upper[1, 1]), kept)

    def test_crop_into_the_margin_is_a_finding_and_edge_values_stand_in(self) -> None:
        volume, roi = roomy_case()
        case = case_of(volume[:, :, 12:], roi[:, :, 12:])
        prepared = case.prepared()
        findings = {finding.code: finding for finding in examine_prepared(prepared)}
        self.assertEqual(findings["margin-cut"].severity, "warning")
        self.assertIn("at the foot", findings["margin-cut"].message)
        cut = voxels(prepared.image)
        missing = round(prepared.missing_margin_mm[4] / 5.0)
        self.assertGreater(missing, 0)
        for number in range(missing):
            np.testing.assert_array_equal(cut[number], cut[missing])
        self.assertFalse(voxels(prepared.mask)[:missing].any())

    def test_whole_margin_is_no_finding(self) -> None:
        self.assertEqual(examine_prepared(case_of(*roomy_case()).prepared()), ())


if __name__ == "__main__":
    unittest.main()
