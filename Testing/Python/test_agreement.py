"""Readers compared: distances against SciPy and shapes that a reader can measure, consensus, the `readers` command."""

from __future__ import annotations

import dataclasses
import io
import json
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from cases import SPACING, as_image, ct_array, ellipsoid, small_case
from HER2PredictLib.agreement import Agreement, compare, majority, staple
from HER2PredictLib.assess import assess
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.command import main as cli
from HER2PredictLib.errors import InputError
from HER2PredictLib.model.model import BUNDLED_MODEL, Model
from HER2PredictLib.outline.surfaces import difference, surface
from hosts import NO_SLICER, slicer

try:
    from scipy import ndimage
    from scipy.spatial import cKDTree
except ImportError:
    cKDTree = None

#: Of the arrays' axes (k, j, i), as those of the small case.
SPACING_KJI = tuple(reversed(SPACING))


def box(first: tuple[int, int, int], size: tuple[int, int, int]) -> np.ndarray:
    voxels = np.zeros((40, 40, 40), np.uint8)
    voxels[tuple(slice(start, start + length) for start, length in zip(first, size, strict=True))] = 1
    return voxels


def moved(voxels: np.ndarray, k: int = 0, j: int = 0, i: int = 0) -> np.ndarray:
    return np.roll(voxels, (k, j, i), (0, 1, 2))


def case_of(voxels: np.ndarray) -> Case:
    return Case(Volume(small_case()[0], "CTU"), Roi(as_image(voxels), "tumour"))


@lru_cache(maxsize=1)
def bundled() -> Model:
    return Model.load(BUNDLED_MODEL)


@lru_cache(maxsize=1)
def three_readers() -> dict[str, Case]:
    """Reader B draws 1.6 mm further left than A, C 0.8 mm further forward and a slice less."""
    fewer = moved(ellipsoid(), j=-1)
    fewer[np.flatnonzero(fewer.any(axis=(1, 2)))[-1]] = 0
    return {"A": case_of(ellipsoid()), "B": case_of(moved(ellipsoid(), i=2)), "C": case_of(fewer)}


@lru_cache(maxsize=1)
def agreement_of_three() -> Agreement:
    return compare(three_readers(), bundled())


class DifferenceTest(unittest.TestCase):
    def test_two_cubes_5_mm_apart(self) -> None:
        """Cubes of 20 mm, 1 mm voxels: three quarters shared. The far faces are 5 mm apart; the sides coincide."""
        found = difference(box((5, 5, 5), (20, 20, 20)), box((5, 5, 10), (20, 20, 20)), (1.0, 1.0, 1.0))
        self.assertAlmostEqual(found.dice, 0.75)
        self.assertAlmostEqual(found.hausdorff95_mm, 5.0)
        self.assertEqual(found.volume_change, 0.0)
        self.assertTrue(1.0 < found.surface_distance_mm < 2.5)

    def test_two_plates_as_far_apart_as_they_are_moved(self) -> None:
        """Every voxel of a plate is a surface voxel, and every distance is that of the planes."""
        for axis, spacing in enumerate((5.0, 0.8, 1.25)):
            with self.subTest(axis=axis):
                size = [12, 12, 12]
                size[axis] = 1
                first = [8, 8, 8]
                one = box(tuple(first), tuple(size))
                first[axis] += 3
                found = difference(one, box(tuple(first), tuple(size)), (5.0, 0.8, 1.25))
                self.assertEqual(found.dice, 0.0)
                self.assertAlmostEqual(found.hausdorff95_mm, 3 * spacing, places=5)
                self.assertAlmostEqual(found.surface_distance_mm, 3 * spacing, places=5)

    def test_an_outline_against_itself(self) -> None:
        for voxels in (ellipsoid(), box((5, 5, 5), (1, 1, 1)), box((0, 0, 0), (40, 40, 40))):
            found = difference(voxels, voxels, (5.0, 0.8, 0.8))
            self.assertEqual(dataclasses.astuple(found), (1.0, 0.0, 0.0, 0.0))

    def test_which_is_first_matters_for_the_volume_alone(self) -> None:
        one, other = ellipsoid(), ellipsoid(radii_mm=np.array([12.0, 9.0, 18.0]))
        there, back = difference(one, other, SPACING_KJI), difference(other, one, SPACING_KJI)
        self.assertAlmostEqual(there.volume_change, other.sum() / one.sum() - 1)
        self.assertAlmostEqual((1 + there.volume_change) * (1 + back.volume_change), 1.0)
        self.assertEqual(dataclasses.astuple(there)[:3], dataclasses.astuple(back)[:3])

    @unittest.skipIf(cKDTree is None, "SciPy is not installed")
    def test_random_shapes_against_scipy(self) -> None:
        random = np.random.default_rng(5)
        spacing = np.array([5.0, 0.8, 1.3])
        cross = ndimage.generate_binary_structure(3, 1)
        for turn in range(6):
            noise = [ndimage.gaussian_filter(random.normal(size=(16, 30, 28)), (0.8, 2, 2)) for _ in range(2)]
            one, other = (field > np.quantile(field, 0.85) for field in noise)
            with self.subTest(turn):
                points = []
                for voxels in (one, other):
                    expected = voxels & ~ndimage.binary_erosion(voxels, cross)
                    np.testing.assert_array_equal(surface(voxels), expected)
                    points.append(np.argwhere(expected) * spacing)
                there = cKDTree(points[1]).query(points[0])[0]
                back = cKDTree(points[0]).query(points[1])[0]
                found = difference(one, other, tuple(spacing))
                self.assertAlmostEqual(found.dice, 2 * (one & other).sum() / (one.sum() + other.sum()))
                self.assertAlmostEqual(
                    found.hausdorff95_mm, max(np.quantile(there, 0.95), np.quantile(back, 0.95)), places=4
                )
                self.assertAlmostEqual(found.surface_distance_mm, np.concatenate([there, back]).mean(), places=4)


class ConsensusTest(unittest.TestCase):
    def test_three_readers_who_drew_the_same_are_their_own_consensus(self) -> None:
        for voxels in (ellipsoid(), np.pad(np.ones((6, 8, 9), np.uint8), ((5, 19), (20, 36), (30, 33)))):
            cases = {name: case_of(voxels) for name in "ABC"}
            np.testing.assert_array_equal(staple(cases), voxels)
            np.testing.assert_array_equal(majority(cases), voxels)

    def test_majority_is_what_more_than_half_have_marked(self) -> None:
        cases = three_readers()
        votes = np.sum([case.roi_voxels for case in cases.values()], axis=0)
        np.testing.assert_array_equal(majority(cases), votes >= 2)
        two = {name: cases[name] for name in "AB"}
        np.testing.assert_array_equal(majority(two), (cases["A"].roi_voxels + cases["B"].roi_voxels) == 2)

    def test_staple_follows_the_two_that_agree(self) -> None:
        odd = ellipsoid(radii_mm=np.array([14.0, 13.0, 22.0]))
        cases = {"A": case_of(ellipsoid()), "B": case_of(ellipsoid()), "odd": case_of(odd)}
        np.testing.assert_array_equal(staple(cases), ellipsoid())

    def test_staple_is_that_of_simpleitk_on_the_outlines_and_a_voxel_around_them(self) -> None:
        cases = three_readers()
        stack = np.stack([case.roi_voxels for case in cases.values()])
        first, last = np.argwhere(stack.any(axis=0)).min(axis=0) - 1, np.argwhere(stack.any(axis=0)).max(axis=0) + 2
        around = tuple(slice(start, stop) for start, stop in zip(first, last, strict=True))
        images = [sitk.GetImageFromArray(voxels[around].copy()) for voxels in stack]
        expected = np.zeros_like(stack[0])
        expected[around] = sitk.GetArrayFromImage(sitk.STAPLE(images, 1.0)) >= 0.5
        np.testing.assert_array_equal(staple(cases), expected)

    def test_it_does_not_depend_on_how_much_of_the_body_is_in_the_volume(self) -> None:
        part = {
            name: dataclasses.replace(case, roi=Roi(case.roi.image[5:60, 5:60, 5:28], name))
            for name, case in three_readers().items()
        }
        np.testing.assert_array_equal(staple(part), staple(three_readers())[5:28, 5:60, 5:60])


class CompareTest(unittest.TestCase):
    def test_each_row_is_what_assess_says_of_its_outline(self) -> None:
        agreement, cases = agreement_of_three(), three_readers()
        self.assertEqual([row.source for row in agreement.rows], ["reader"] * 3 + ["staple", "majority"])
        self.assertEqual([row.name for row in agreement.readers], list("ABC"))
        outlines = [case.roi_voxels for case in cases.values()] + [staple(cases), majority(cases)]
        for row, voxels in zip(agreement.rows, outlines, strict=True):
            own = assess(case_of(voxels), bundled())
            self.assertEqual((row.probability, row.interval, row.call), (own.probability, own.interval, own.call))
            self.assertEqual(row.volume_ml, own.roi["volume_ml"])

    def test_each_pair_is_compared(self) -> None:
        agreement, cases = agreement_of_three(), three_readers()
        self.assertEqual([(pair.first, pair.second) for pair in agreement.pairs], [("A", "B"), ("A", "C"), ("B", "C")])
        for pair in agreement.pairs:
            voxels = [cases[name].roi_voxels for name in (pair.first, pair.second)]
            self.assertEqual(pair.difference, difference(*voxels, cases["A"].spacing_mm))

    def test_spacing_goes_with_its_axis_where_slices_are_stored_otherwise(self) -> None:
        def stored(case: Case) -> Case:
            images = [sitk.PermuteAxes(part.image, (2, 0, 1)) for part in (case.volume, case.roi)]
            return Case(Volume(images[0], "CTU"), Roi(images[1], "tumour"))

        cases = {name: three_readers()[name] for name in "AC"}
        turned = compare({name: stored(case) for name, case in cases.items()}, bundled())
        self.assertEqual(turned.pairs[0], agreement_of_three().pairs[1])

    def test_two_readers_have_no_majority(self) -> None:
        two = compare({name: three_readers()[name] for name in "AB"}, bundled())
        self.assertEqual([row.source for row in two.rows], ["reader", "reader", "staple"])

    def test_readers_with_different_calls_are_told_apart(self) -> None:
        agreement = agreement_of_three()
        self.assertTrue(agreement.same_call)
        other = {"HER2-negative": "HER2-positive", "HER2-positive": "HER2-negative"}[agreement.rows[1].call]
        changed = dataclasses.replace(agreement.rows[1], call=other)
        self.assertFalse(dataclasses.replace(agreement, rows=(agreement.rows[0], changed)).same_call)

    def test_json_and_table_hold_every_row_and_pair(self) -> None:
        agreement = agreement_of_three()
        written = json.loads(json.dumps(agreement.to_dict(), allow_nan=False))
        self.assertEqual(
            [row["probability"] for row in written["outlines"]], [row.probability for row in agreement.rows]
        )
        self.assertEqual(written["pairs"][2]["dice"], agreement.pairs[2].difference.dice)
        self.assertEqual({len(row) for row in agreement.table()}, {len(agreement.header())})
        self.assertEqual(len(agreement.table()), 5 + 3)

    def test_what_cannot_be_compared_is_refused(self) -> None:
        one = case_of(ellipsoid())
        off = Case(one.volume, Roi(as_image(ellipsoid()), "tumour"))
        off.roi.image.SetOrigin((0.0, 0.0, 0.0))
        tiny = np.zeros_like(ellipsoid())
        tiny[15, 30:32, 30:32] = 1
        for reason, cases in (
            ("two or more", {"A": one}),
            ('"B" is on another grid', {"A": one, "B": off}),
            ('outline of "B".*at least 64', {"A": one, "B": case_of(tiny)}),
            ("no voxel in common", {"A": one, "B": case_of(moved(ellipsoid(), i=25))}),
        ):
            with self.subTest(reason), self.assertRaisesRegex(InputError, reason):
                compare(cases, bundled())


@unittest.skipIf(NO_SLICER, NO_SLICER)
class TableNodeTest(unittest.TestCase):
    def test_the_table_is_in_the_scene_once(self) -> None:
        from HER2PredictLib.panel.record.records import readers_table

        scene, agreement = slicer.vtkMRMLScene(), agreement_of_three()
        self.assertIs(readers_table(scene, agreement), readers_table(scene, agreement))
        node = readers_table(scene, agreement)
        rows = [
            tuple(node.GetCellText(row, column) for column in range(node.GetNumberOfColumns()))
            for row in range(node.GetNumberOfRows())
        ]
        self.assertEqual(rows, agreement.table())
        self.assertEqual(node.GetColumnName(5), "Dice")


class CommandTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.volume = cls.folder / "volume.nrrd"
        sitk.WriteImage(as_image(ct_array()), str(cls.volume))
        readers = [case.roi_voxels for case in three_readers().values()]
        cls.roi = cls.folder / "readers.seg.nrrd"
        layers = sitk.Compose([as_image(voxels) for voxels in (*readers, np.zeros_like(readers[0]))])
        for layer, name in enumerate(("Dr A", "Dr B", "Dr C", "Nobody")):
            for key, value in {"ID": f"S{layer}", "Name": name, "LabelValue": "1", "Layer": str(layer)}.items():
                layers.SetMetaData(f"Segment{layer}_{key}", value)
        sitk.WriteImage(layers, str(cls.roi))

    def run_readers(self, segments: str, *options: object, roi: Path | None = None) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        words = ["readers", self.volume, roi or self.roi, "--segments", segments, *options]
        with redirect_stdout(out), redirect_stderr(err):
            status = cli.main([str(word) for word in words])
        return status, out.getvalue(), err.getvalue()

    def test_table_for_people_is_aligned(self) -> None:
        status, out, err = self.run_readers("Dr A,S1,Dr C")
        self.assertEqual((status, err), (0, ""))
        lines = out.splitlines()
        self.assertEqual(len(lines), 1 + 5 + 3 + 2)
        starts = [lines[0].index(word) for word in ("ROI (ml)", "Probability", "Call", "Dice", "Hausdorff", "Mean")]
        for line in lines[1:9]:
            for start in starts:
                self.assertEqual(line[start - 2 : start].strip(), "", line)
        self.assertIn("Dr A – S1", out)
        self.assertIn("same call", lines[-2])
        self.assertIn("simulated", lines[-1])

    def test_json(self) -> None:
        expected = agreement_of_three()
        status, out, err = self.run_readers("S0,S1,S2", "--json", "-")
        self.assertEqual((status, err), (0, ""))
        written = json.loads(out)
        self.assertEqual(
            [row["probability"] for row in written["outlines"]], [row.probability for row in expected.rows]
        )
        file = self.folder / "readers.json"
        self.assertIn("Dr A", self.run_readers("Dr A,Dr B", "--json", file)[1])
        self.assertEqual(json.loads(file.read_text())["pairs"][0]["first"], "Dr A")

    def refused(self, reason: str, segments: str, *options: object, roi: Path | None = None) -> None:
        status, out, err = self.run_readers(segments, *options, roi=roi)
        self.assertEqual((status, out), (2, ""))
        self.assertRegex(err, r"\Aher2predict: [^\n]+\n\Z")
        self.assertRegex(err, reason)

    def test_bad_choices_are_refused_in_one_line(self) -> None:
        self.refused("names 1", "Dr A")
        self.refused("names 0", ",")
        self.refused('no segment "Dr X"', "Dr A,Dr X")
        self.refused('names "Dr A" twice', "Dr A,Dr B,Dr A")
        self.refused('names "Dr A" twice', "S0,Dr A")
        self.refused('"Nobody" is empty', "Dr A,Nobody")
        self.refused("does not exist", "Dr A,Dr B", "--model", self.folder / "none.her2model")
        self.refused("does not exist", "Dr A,Dr B", "--json", self.folder / "none" / "r.json")
        self.refused("does not exist", "Dr A,Dr B", roi=self.folder / "none.nrrd")


if __name__ == "__main__":
    unittest.main()
