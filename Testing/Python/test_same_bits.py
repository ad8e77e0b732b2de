"""The features equal those of pyradiomics' `execute`, bit for bit, on ROIs of every kind; and so do the refusals."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import SimpleITK as sitk

from cases import REAL_CT, ct_array, ellipsoid
from HER2PredictLib import features
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.prepared import Prepared
from HER2PredictLib.errors import InputError
from HER2PredictLib.extraction import driver, known
from HER2PredictLib.extraction.neighbours import Matrices, Neighbours

KINDS = 9


def pair(seed: int) -> Prepared:
    """A pair of some kind: plain, few gray levels, flat, two levels, tiny, one slice, frayed, with metal, and fine."""
    random, kind = np.random.default_rng(seed), seed % KINDS
    size = tuple(int(length) for length in (*random.integers(36, 50, 2), random.integers(10, 20)))
    in_plane, along = (float(random.choice(own)) for own in ([0.7, 0.9, 1.0, 1.2], [5.0, 5.0, 4.0, 3.3]))
    spacing = (in_plane, in_plane, along)
    image = ct_array(seed, size).astype(np.float64)
    radii = random.uniform(1.0, 4.0, 3) if kind == 4 else random.uniform(3.0, 12.0, 3)
    mask = ellipsoid(size, spacing, np.array(size) / 2.0 + random.uniform(-3.0, 3.0, 3), radii)
    if kind == 1:
        image = np.rint(image / 60.0) * 60.0
    elif kind == 2:
        image[:] = 40.0
    elif kind == 3:
        image = np.where(image > 40.0, 60.0, 30.0)
    elif kind == 5:
        mask[np.arange(len(mask)) != mask.sum(axis=(1, 2)).argmax()] = 0
    elif kind == 6:
        mask &= random.random(mask.shape) < 0.4
    elif kind == 7:
        image[random.random(image.shape) < 0.01] = 3000.0
    elif kind == 8:
        image += random.normal(0.0, 0.3, image.shape)
    images = sitk.GetImageFromArray(image), sitk.GetImageFromArray(mask)
    for own in images:
        own.SetSpacing(spacing)
    return Prepared(*images, 1, ())


def outcome(prepared: Prepared) -> dict[str, float] | str:
    """The features, or why there are none."""
    try:
        return features.extract(prepared)
    except (InputError, ValueError) as error:
        return str(error)


def stock(prepared: Prepared) -> dict[str, float] | str:
    """What comes of pyradiomics' own `execute`."""
    with mock.patch.object(known, "release", lambda: ""):
        return outcome(prepared)


@unittest.skipUnless(known.release(), "this pyradiomics is computed by itself")
class SameBitsTest(unittest.TestCase):
    def assert_same(self, prepared: Prepared) -> dict[str, float] | str:
        own, theirs = outcome(prepared), stock(prepared)
        if isinstance(own, dict) and isinstance(theirs, dict):
            self.assertEqual([name for name in theirs if own[name] != theirs[name]], [])
        self.assertEqual(own, theirs)
        return own

    def test_every_kind_of_roi(self) -> None:
        for seed in range(4 * KINDS):
            with self.subTest(seed):
                self.assert_same(pair(seed))

    def test_most_are_computed_here(self) -> None:
        """What is compared is not pyradiomics with itself."""
        with mock.patch("radiomics.featureextractor.RadiomicsFeatureExtractor.execute", side_effect=AssertionError):
            for seed in range(KINDS):
                with self.subTest(seed):
                    self.assertEqual(len(outcome(pair(seed))), 975)

    def test_real_ct(self) -> None:
        if not REAL_CT.is_dir():
            self.skipTest("the real CT is not there")
        for patient in sorted(REAL_CT.iterdir()):
            with self.subTest(patient.name):
                case = Case.from_files(patient / "CT_image.nii.gz", patient / "CT_mask.nii.gz")
                self.assertEqual(len(self.assert_same(case.prepared())), 975)


class MatricesTest(unittest.TestCase):
    def test_they_are_those_of_the_c_code(self) -> None:
        """On ROIs with gaps, of single slices and rows, with few or many gray levels, of which some are missing."""
        from radiomics import cMatrices

        for seed in range(60):
            random = np.random.default_rng(seed)
            inside = random.random(tuple(random.integers(1, 12, 3))) < random.choice([0.05, 0.3, 0.8, 1.0])
            inside[tuple(random.integers(0, inside.shape))] = True
            levels = random.integers(1, random.integers(2, 40), inside.sum())
            highest, longest = int(levels.max()), max(inside.shape)
            binned = np.zeros(inside.shape, int)
            binned[inside] = levels
            own = Matrices(Neighbours.of(inside), levels, highest)
            theirs = (
                (own.co_occurrence(), cMatrices.calculate_glcm(binned, inside, np.array([1]), highest, False, 0)[0]),
                (own.run_length(longest), cMatrices.calculate_glrlm(binned, inside, highest, longest, False, 0)[0]),
                (own.dependence(), cMatrices.calculate_gldm(binned, inside, np.array([1]), highest, 0, False, 0)),
            )
            for counted, expected in theirs:
                with self.subTest(seed, shape=expected.shape):
                    np.testing.assert_array_equal(counted, expected, strict=True)
                    self.assertTrue(counted.flags.c_contiguous)


class ImportTest(unittest.TestCase):
    def test_scipy_is_not_imported_for_a_prediction_and_can_be_afterwards(self) -> None:
        program = (
            "import sys; from HER2PredictLib import features; features.feature_names(); "
            "assert 'scipy' not in sys.modules, sorted(sys.modules)"
        )
        if importlib.util.find_spec("scipy") is not None:
            program += "; import scipy.fft; import sklearn.linear_model"
        library = str(Path(features.__file__).parents[1])
        subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": library}, check=True)


class AskedItselfTest(unittest.TestCase):
    def test_refusals_are_those_of_pyradiomics(self) -> None:
        for marked in ((), (slice(5, 6), slice(20, 21), slice(20, 21)), (slice(5, 6), slice(20, 21), slice(20, 24))):
            prepared = pair(0)
            mask = np.zeros(sitk.GetArrayViewFromImage(prepared.mask).shape, np.uint8)
            if marked:
                mask[marked] = 1
            image = sitk.GetImageFromArray(mask)
            image.CopyInformation(prepared.image)
            own = outcome(Prepared(prepared.image, image, 1, ()))
            with self.subTest(marked):
                self.assertEqual(own, stock(Prepared(prepared.image, image, 1, ())))
                self.assertIsInstance(own, str)

    def test_another_release_is_asked_itself(self) -> None:
        asked: list[Any] = []
        prepared = pair(0)
        with (
            mock.patch.object(known, "release", lambda: ""),
            mock.patch.object(driver, "extract", side_effect=asked.append),
        ):
            features.extract(prepared)
        self.assertEqual(asked, [])


def setUpModule() -> None:
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
