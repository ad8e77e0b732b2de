"""Cohort and feature tables are read as they stand, and each bad one is refused with one clear line."""

from __future__ import annotations

import csv
import gzip
import io
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

try:
    import joblib  # noqa: F401
    import pandas as pd
except ImportError as error:
    raise unittest.SkipTest("what a cohort takes is not installed: joblib, pandas") from error

from cases import write_small_case
from HER2PredictLib import features
from HER2PredictLib.case.case import Case
from HER2PredictLib.errors import InputError
from HER2PredictLib.many.fingerprint import settings_id, settings_id_of
from HER2PredictLib.training.cohort.cohort import Cohort
from HER2PredictLib.training.cohort.read_table import read_table
from test_features import pyradiomics_command

IHC = ["0", "1+", "2+", "3+"]


def cohort_frame(patients: int = 40) -> pd.DataFrame:
    """Every fourth patient with IHC 0, 1+, 2+, 3+; ages from 50 on."""
    numbers = range(patients)
    return pd.DataFrame(
        {
            "patient_id": [f"P{number:03d}" for number in numbers],
            "image": [f"ct/{number}.nrrd" for number in numbers],
            "roi": [f"roi/{number}.seg.nrrd" for number in numbers],
            "her2_ihc": [IHC[number % 4] for number in numbers],
            "age": [str(50 + number) for number in numbers],
            "gender": ["F" if number % 3 else "M" for number in numbers],
        }
    )


def feature_frame(patients: int = 40, seed: int = 3) -> pd.DataFrame:
    """The cohort with random numbers as features."""
    names = features.feature_names()
    values = np.random.default_rng(seed).normal(0.0, 1e3, (patients, len(names)))
    own = pd.DataFrame({"feature_settings": settings_id(), "inputs_sha256": "0" * 64}, index=range(patients))
    return pd.concat([cohort_frame(patients), own, pd.DataFrame(values, columns=list(names))], axis=1)


class TableTestCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def read(self, frame: pd.DataFrame | str | bytes) -> Cohort:
        path = self.folder / "cohort.csv"
        if isinstance(frame, pd.DataFrame):
            frame = frame.to_csv(index=False)
        path.write_bytes(frame if isinstance(frame, bytes) else frame.encode())
        return read_table(path)

    def assert_refused(self, reason: str, frame: pd.DataFrame | str | bytes, require: str | None = None) -> None:
        """One line that names the reason; on reading, or else when `require` is asked for."""
        if require:
            cohort = self.read(frame)
        with self.assertRaises(InputError) as refused:
            getattr(cohort, require)() if require else self.read(frame)
        self.assertRegex(str(refused.exception), reason)
        self.assertNotIn("\n", str(refused.exception))


class CohortTableTest(TableTestCase):
    def test_columns_are_told_apart(self) -> None:
        cohort = self.read(cohort_frame().assign(simulated=1, segment="Tumour"))
        self.assertEqual(cohort.clinical, ("age", "gender"))
        self.assertEqual(list(cohort.table.index[:2]), ["P000", "P001"])
        self.assertEqual(cohort.table.index.name, "patient_id")
        self.assertEqual(cohort.status.tolist(), [0, 0, 1, 1] * 10)
        self.assertTrue(cohort.simulated)
        self.assertIsNone(cohort.features)
        self.assertIsNone(cohort.split)
        self.assertIsNone(cohort.settings)
        self.assertIs(cohort.require_status(), cohort.status)

    def test_paths_are_relative_to_the_table(self) -> None:
        elsewhere = str(self.folder / "elsewhere.nrrd")
        frame = cohort_frame()
        frame.loc[1, "image"] = elsewhere
        table = self.read(frame).require_images()
        self.assertEqual(table["image"].tolist()[:2], [str(self.folder / "ct" / "0.nrrd"), elsewhere])

    def test_spreadsheet_marks_are_passed_over(self) -> None:
        text = cohort_frame().to_csv(index=False, lineterminator="\r\n").replace(",3+,", ", 3+ ,")
        cohort = self.read(b"\xef\xbb\xbf" + text.encode())
        self.assertEqual(cohort.status.sum(), 20)

    def test_a_compressed_table_is_read_and_a_damaged_one_refused(self) -> None:
        path = self.folder / "cohort.csv.gz"
        packed = gzip.compress(cohort_frame().to_csv(index=False).encode())
        path.write_bytes(packed)
        pd.testing.assert_frame_equal(read_table(path).table, self.read(cohort_frame()).table)
        for damaged in (packed[:40], b"patient_id,image,roi\n"):
            path.write_bytes(damaged)
            with self.assertRaisesRegex(InputError, "read"):
                read_table(path)

    def test_either_column_tells_the_status(self) -> None:
        frame = cohort_frame().assign(her2=[0, 0, 1, 1] * 10)
        self.assertEqual(self.read(frame.drop(columns="her2_ihc")).status.tolist(), [0, 0, 1, 1] * 10)
        frame.loc[2, "her2_ihc"] = ""
        self.assertEqual(self.read(frame).status.tolist(), [0, 0, 1, 1] * 10)

    def test_status_is_needed_for_training_alone(self) -> None:
        self.assertIsNone(self.read(cohort_frame().drop(columns="her2_ihc")).status)
        frame = cohort_frame()
        frame.loc[5, "her2_ihc"] = ""
        self.assertEqual(len(self.read(frame).require_images()), 40)
        self.assert_refused('no HER2 status of the patient "P005"', frame, "require_status")

    def test_what_counts_as_positive_is_what_the_table_tells(self) -> None:
        frame = cohort_frame()
        self.assertEqual(self.read(frame).outcome, "over-expresses HER2 (IHC 2+ or 3+)")
        labels = frame.drop(columns="her2_ihc").assign(her2=[0, 0, 1, 1] * 10)
        self.assertEqual(self.read(labels).outcome, "is HER2-positive as its cohort labels it")
        frame = frame.assign(her2=[0, 0, 1, 1] * 10)
        frame.loc[3, "her2_ihc"] = ""
        self.assertRegex(self.read(frame).outcome, "IHC 2.* or as its cohort labels it")

    def test_split_is_read(self) -> None:
        cohort = self.read(cohort_frame().assign(split=["train", "test"] * 20))
        self.assertEqual(cohort.split.tolist(), ["train", "test"] * 20)

    def test_only_all_patients_simulated_makes_a_simulated_cohort(self) -> None:
        frame = cohort_frame().assign(simulated=1)
        frame.loc[7, "simulated"] = 0
        self.assertFalse(self.read(frame).simulated)


class BadCohortTableTest(TableTestCase):
    def test_no_file(self) -> None:
        with self.assertRaisesRegex(InputError, "none.csv does not exist"):
            read_table(self.folder / "none.csv")
        with self.assertRaisesRegex(InputError, "is no file"):
            read_table(self.folder)

    def test_no_csv(self) -> None:
        for content in (b"", b"PK\x03\x04\xff\xfe\x00workbook", b"patient_id,image,roi\nP1,a,b\nP2,a,b,c\n"):
            self.assert_refused("not a CSV table", content)

    def test_no_rows(self) -> None:
        self.assert_refused("has no rows", cohort_frame(0))

    def test_missing_column(self) -> None:
        for column in ("patient_id", "image", "roi"):
            self.assert_refused(f"lacks the column {column}; it has ", cohort_frame().drop(columns=column))
        self.assert_refused("lacks the column image and roi", cohort_frame().drop(columns=["image", "roi"]))
        self.assert_refused('lacks a column "her2_ihc"', cohort_frame().drop(columns="her2_ihc"), "require_status")

    def test_column_twice(self) -> None:
        self.assert_refused('more than one column "age"', cohort_frame().rename(columns={"gender": "age"}))

    def test_duplicate_patient(self) -> None:
        frame = cohort_frame()
        frame.loc[9, "patient_id"] = "P004"
        self.assert_refused('lists the patient "P004" more than once', frame)

    def test_patient_without_a_name_or_a_file(self) -> None:
        for column, reason in (
            ("patient_id", "no patient_id for patient number 3"),
            ("image", 'no image of .* "P002"'),
        ):
            frame = cohort_frame()
            frame.loc[2, column] = " "
            self.assert_refused(reason, frame, None if column == "patient_id" else "require_images")

    def test_unknown_status(self) -> None:
        for column, value in (("her2_ihc", "4+"), ("her2_ihc", "1"), ("her2", "positive"), ("her2", "2")):
            frame = cohort_frame().assign(her2=[0, 0, 1, 1] * 10).astype({"her2": str})
            frame.loc[6, column] = value
            self.assert_refused(f'"{value[0]}.*" of the patient "P006" is no value of {column}; allowed are 0', frame)

    def test_contradictory_status(self) -> None:
        frame = cohort_frame().assign(her2=[0, 0, 1, 1] * 10)
        frame.loc[6, "her2"] = 0
        self.assert_refused(r'her2_ihc 2\+ and her2 0 of the patient "P006" contradict', frame)

    def test_one_class_only(self) -> None:
        self.assert_refused("HER2-positive patients only", cohort_frame().assign(her2_ihc="3+"), "require_status")
        self.assert_refused("HER2-negative patients only", cohort_frame().assign(her2_ihc="0"), "require_status")

    def test_too_few_of_a_class(self) -> None:
        frame = cohort_frame().assign(her2_ihc=["3+"] * 9 + ["0"] * 31)
        self.assert_refused("9 HER2-positive patients; at least 10", frame, "require_status")
        self.assertEqual(self.read(frame).require_status(fewest=9).sum(), 9)

    def test_wrong_word_for_a_set(self) -> None:
        for word in ("validation", ""):
            frame = cohort_frame().assign(split=["train", "test"] * 20)
            frame.loc[3, "split"] = word
            self.assert_refused(f'"{word}" of the patient "P003" is no value of split; allowed are train, test', frame)

    def test_cohort_table_holds_no_features(self) -> None:
        self.assert_refused(
            "holds no features; compute them with her2predict extract", cohort_frame(), "require_features"
        )


class FeatureTableTest(TableTestCase):
    def test_every_bit_is_read(self) -> None:
        frame = feature_frame()
        cohort = self.read(frame)
        names = list(features.feature_names())
        self.assertEqual(list(cohort.features.columns), names)
        np.testing.assert_array_equal(cohort.features.to_numpy(), frame[names].to_numpy())
        self.assertEqual(cohort.settings, settings_id())
        self.assertEqual(cohort.clinical, ("age", "gender"))
        values, status = cohort.require_training()
        self.assertEqual((values.shape, status.sum()), ((40, 975), 20))

    def test_images_are_not_needed(self) -> None:
        cohort = self.read(feature_frame().drop(columns=["image", "roi"]))
        self.assertEqual(len(cohort.require_training()[0]), 40)
        with self.assertRaisesRegex(InputError, "lacks the column image and roi"):
            cohort.require_images()

    def test_settings_do_not_depend_on_line_ends(self) -> None:
        text = features.PARAMETER_FILE.read_bytes().decode()
        self.assertEqual(settings_id_of(text.replace("\r\n", "\n").replace("\n", "\r\n")), settings_id())
        self.assertNotEqual(settings_id_of(text.replace("binWidth: 25", "binWidth: 20")), settings_id())

    def test_missing_feature(self) -> None:
        frame = feature_frame().drop(columns=["original_glcm_MCC", "wavelet-LLL_gldm_DependenceEntropy"])
        self.assert_refused('lacks 2 of the 975 features .first "original_glcm_MCC"', frame)

    def test_missing_or_not_finite_value(self) -> None:
        for value in ("", "nan", "inf", "-inf", "many"):
            frame = feature_frame(6).astype({"original_glcm_MCC": str})
            frame.loc[4, "original_glcm_MCC"] = value
            self.assert_refused('patient "P004": .*"original_glcm_MCC"', frame)

    def test_constant_feature(self) -> None:
        frame = feature_frame().assign(original_glcm_MCC=0.5)
        self.assert_refused('1 features are the same .*"original_glcm_MCC"', frame, "require_training")
        varying_in_the_test_set = feature_frame().assign(split=(["train"] * 3 + ["test"]) * 9 + ["test"] * 4)
        varying_in_the_test_set.loc[varying_in_the_test_set["split"] == "train", "original_glcm_MCC"] = 0.5
        self.assert_refused("same in all 27 training", varying_in_the_test_set, "require_training")

    def test_set_without_a_class(self) -> None:
        frame = feature_frame().assign(split=["train", "train", "train", "test"] * 10)
        self.assert_refused("no HER2-negative patient into the test set", frame, "require_training")

    def test_other_settings(self) -> None:
        frame = feature_frame(12)
        frame.loc[8, "feature_settings"] = "1" * 64
        self.assert_refused('"P008" were computed with other settings', frame)


@unittest.skipUnless(pyradiomics_command(), "the pyradiomics command is not installed")
class PyradiomicsTableTest(TableTestCase):
    """Tables of the `pyradiomics` command in batch mode."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.base = Path(folder.name)
        case = Case.from_files(*write_small_case(cls.base))
        cls.own = features.extract(case.prepared())
        volume, roi = case.prepared().write(cls.base / "pair")
        with (cls.base / "batch.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["patient_id", "her2", "age", "Image", "Mask"])
            rows.writerows([[patient, status, 60, volume, roi] for patient, status in (("A", 0), ("B", 1))])
        cls.text = cls.batch(features.PARAMETER_FILE)
        noting = cls.base / "noting.yaml"
        text = features.PARAMETER_FILE.read_text(encoding="utf-8")
        noting.write_text(text.replace("additionalInfo: false", "additionalInfo: true"), encoding="utf-8")
        cls.text_with_settings = cls.batch(noting)

    @classmethod
    def batch(cls, parameters: Path) -> str:
        command = [pyradiomics_command(), cls.base / "batch.csv", "--param", parameters, "-f", "csv"]
        words = [str(word) for word in command]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    def test_values_equal_ours(self) -> None:
        cohort = self.read(self.text)
        self.assertEqual(cohort.clinical, ("age",))
        self.assertEqual(cohort.status.tolist(), [0, 1])
        self.assertIsNone(cohort.settings)
        for patient in ("A", "B"):
            self.assertEqual(cohort.features.loc[patient].to_dict(), self.own)
        self.assertEqual(cohort.require_images()["image"].iloc[0], str(self.base / "pair" / "volume.nrrd"))

    def test_settings_are_recognised(self) -> None:
        cohort = self.read(self.text_with_settings)
        self.assertEqual(cohort.settings, settings_id())
        self.assertEqual(cohort.clinical, ("age",))

    def test_other_settings(self) -> None:
        for ours, theirs, reason in (
            ("'binWidth': 25", "'binWidth': 20", "binWidth is 20, not 25"),
            ("[1, 1, 5]", "[1, 1, 4]", r"resampledPixelSpacing is \[1, 1, 4\]"),
            ("[3.0, 5.0]", "[3.0, 4.0]", "LoG is"),
            ("'normalize': False", "'normalize': True", "normalize is True, not False"),
            ("{'Original': {},", "{'Square': {}, 'Original': {},", "Square is"),
            ("{'minimumROIDimensions'", "<{'minimumROIDimensions'", "cannot be read"),
        ):
            self.assertIn(ours, self.text_with_settings)
            self.assert_refused(reason, self.text_with_settings.replace(ours, theirs))

    def test_patient_that_pyradiomics_could_not_compute(self) -> None:
        frame = pd.read_csv(io.StringIO(self.text), dtype=str)
        frame.loc[1, list(features.feature_names())] = ""
        self.assert_refused('patient "B": .*"original_shape_MeshVolume"', frame)


if __name__ == "__main__":
    unittest.main()
