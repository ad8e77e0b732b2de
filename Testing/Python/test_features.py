"""The 975 features equal those of the stock `pyradiomics` command, bit for bit."""

from __future__ import annotations

import csv
import logging
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

from cases import REAL_CT, write_small_case
from HER2PredictLib import features
from HER2PredictLib.case.case import Case
from HER2PredictLib.errors import InputError


def pyradiomics_command() -> str | None:
    beside_python = Path(sys.executable).with_name("pyradiomics")
    return str(beside_python) if beside_python.exists() else shutil.which("pyradiomics")


def stock_features(volume: Path, roi: Path) -> dict[str, str]:
    """What the `pyradiomics` command prints for a pair of files and the parameter file."""
    command = [pyradiomics_command(), str(volume), str(roi), "--param", str(features.PARAMETER_FILE), "-f", "csv"]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
    return next(csv.DictReader(result.stdout.splitlines()))


class FeatureNamesTest(unittest.TestCase):
    def test_counts_are_those_of_the_study(self) -> None:
        names = features.feature_names()
        self.assertEqual(len(set(names)), 975)
        classes = [name.split("_")[1] for name in names]
        counts = {name: classes.count(name) for name in set(classes)}
        self.assertEqual(
            counts,
            {"shape": 7, "firstorder": 18 * 11, "glcm": 24 * 11, "glrlm": 16 * 11, "glszm": 16 * 11, "gldm": 14 * 11},
        )


@unittest.skipUnless(pyradiomics_command(), "the pyradiomics command is not installed")
class StockPyradiomicsTest(unittest.TestCase):
    def assert_equal_to_stock(self, case: Case) -> None:
        prepared = case.prepared()
        with tempfile.TemporaryDirectory() as folder:
            stock = stock_features(*prepared.write(Path(folder)))
        own = features.extract(prepared)
        self.assertEqual(list(own), list(features.feature_names()))
        self.assertTrue(np.isfinite(list(own.values())).all())
        differing = [name for name, value in own.items() if complex(stock[name]) != value]
        self.assertEqual(differing, [])

    def test_small_case(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.assert_equal_to_stock(Case.from_files(*write_small_case(Path(folder))))

    def test_real_ct(self) -> None:
        if not REAL_CT.is_dir():
            self.skipTest("the real CT is not there")
        for patient in sorted(REAL_CT.iterdir()):
            with self.subTest(patient.name):
                self.assert_equal_to_stock(Case.from_files(patient / "CT_image.nii.gz", patient / "CT_mask.nii.gz"))

    def test_real_dicom_series(self) -> None:
        series = REAL_CT / "STS_002" / "dicom"
        if not series.is_dir():
            self.skipTest("the real CT is not there")
        mask = REAL_CT / "STS_002" / "CT_mask.nii.gz"
        from_dicom = Case.from_files(series, mask)
        self.assertEqual(from_dicom.volume.modality, "CT")
        self.assert_equal_to_stock(from_dicom)
        from_nifti = Case.from_files(REAL_CT / "STS_002" / "CT_image.nii.gz", mask)
        self.assertEqual(features.extract(from_dicom.prepared()), features.extract(from_nifti.prepared()))


class BackendTableTest(unittest.TestCase):
    def setUp(self) -> None:
        self.texts = {name: repr(0.1 * number) for number, name in enumerate(features.feature_names())}

    def test_full_precision_and_complex_values_are_read(self) -> None:
        name = "original_glcm_MCC"
        self.texts[name] = "(0.5703125+0j)"
        values = features.from_strings({"diagnostics_Versions_PyRadiomics": "x", **self.texts})
        self.assertEqual(len(values), 975)
        self.assertEqual(values[name], 0.5703125)
        first = features.feature_names()[1]
        self.assertEqual(values[first], 0.1)

    def test_an_imaginary_part_that_is_rounding_is_none(self) -> None:
        """As elongation and flatness of a round ROI have on some processors."""
        name = "original_shape_Elongation"
        self.texts[name] = "(0.44757410631666505-3.680793170805848e-18j)"
        self.assertEqual(features.from_strings(self.texts)[name], 0.44757410631666505)
        self.texts[name] = "(0.44757410631666505-3.7e-6j)"
        with self.assertRaisesRegex(InputError, "undefined"):
            features.from_strings(self.texts)

    def test_missing_wrong_and_undefined_values_are_refused(self) -> None:
        name = features.feature_names()[7]
        for text, sentence in (
            (None, "lacks"),
            ("many", "not a number"),
            ("nan", "undefined"),
            ("(1+2j)", "undefined"),
        ):
            texts = {key: value for key, value in self.texts.items() if key != name}
            if text is not None:
                texts[name] = text
            with self.subTest(text), self.assertRaisesRegex(InputError, sentence):
                features.from_strings(texts)


class LoggingTest(unittest.TestCase):
    def test_level_of_pyradiomics_is_left_as_it_was(self) -> None:
        from radiomics import logger

        with tempfile.TemporaryDirectory() as folder:
            case = Case.from_files(*write_small_case(Path(folder)))
        level = logger.level
        self.addCleanup(logger.setLevel, level)
        logger.setLevel(logging.CRITICAL)
        features.extract(case.prepared())
        self.assertEqual(logger.level, logging.CRITICAL)


if __name__ == "__main__":
    unittest.main()
