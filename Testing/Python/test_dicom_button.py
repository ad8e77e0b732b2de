"""Save as DICOM: the objects go back to the study that the volume came from, once everything is asked."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import unittest
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import panel
from cases import REAL_CT, ellipsoid, small_case

try:
    import highdicom
    import pydicom

    from test_dicom_in import SENTINEL, plant, save, slices, uid
except ImportError:
    highdicom = None

slicer: Any = None
#: Of the CT in the database.
SERIES = 2
WHEELS = Path(__file__).resolve().parents[2] / "requirements" / "wheels.txt"
TO_DATABASE, TO_FOLDER = "Add to the DICOM database", "Save to a folder…"
FROM_PYPI, FROM_WHEELS = "Install from PyPI", "From a folder of wheels…"


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


@unittest.skipIf(highdicom is None, "highdicom is not installed")
class DicomButtonTestCase(panel.ModuleTestCase):
    """A CT in the DICOM database, from where the volume is loaded."""

    def setUp(self) -> None:
        from DICOMLib import DICOMUtils

        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.utils = Path(folder.name), DICOMUtils
        self.out = self.folder / "out"
        for path in (self.out, self.folder / "database"):
            path.mkdir()
        opened = DICOMUtils.TemporaryDICOMDatabase(str(self.folder / "database"))
        self.database = opened.__enter__()
        self.addCleanup(opened.__exit__, None, None, None)
        self.import_ct()

    def import_ct(self) -> None:
        for data in slices(small_case()[0], SERIES):
            plant(data)
            data.PatientID = "Quimby-1"
            save(data, self.folder / "ct" / f"{data.InstanceNumber}.dcm")
        self.utils.importDicom(str(self.folder / "ct"), self.database)

    def add_volume(self, name: str = "CTU") -> Any:
        (node_id,) = self.utils.loadSeriesByUID([uid(SERIES)])
        return self.scene.GetNodeByID(node_id)

    def press(
        self, *answers: Any, folder: object = "", meanwhile: Callable[[], None] = lambda: None
    ) -> panel.Answers:
        """Press the button and answer its questions, that for a folder too; `meanwhile` happens before each answer."""
        import qt

        with (
            mock.patch.object(qt.QFileDialog, "getExistingDirectory", return_value=str(folder), create=True),
            panel.Answers(*answers, meanwhile=meanwhile) as asked,
        ):
            self.ui.dicomButton.click()
        return asked

    def told(self) -> str:
        return self.ui.keptLabel.text

    def in_database(self) -> dict[str, Any]:
        """What the database holds besides CT, by modality."""
        study = pydicom.dcmread(self.folder / "ct" / "1.dcm").StudyInstanceUID
        instances = [i for s in self.database.seriesForStudy(study) for i in self.database.instancesForSeries(s)]
        found = [pydicom.dcmread(self.database.fileForInstance(instance)) for instance in instances]
        return {data.Modality: data for data in found if data.Modality != "CT"}

    def assert_nothing_happened(self) -> None:
        self.assertEqual((self.in_database(), list(self.out.iterdir()), self.told()), ({}, [], ""))


    def assert_is_the_roi(self, data: Any) -> None:
        frames = highdicom.seg.segread(data.filename).get_volume().array
        drawn = ellipsoid()
        filled = drawn.any(axis=(1, 2)).nonzero()[0]
        frames = frames if np.array_equal(frames[0], drawn[filled[0]]) else frames[::-1]
        np.testing.assert_array_equal(np.squeeze(frames), drawn[filled[0] : filled[-1] + 1])


class SaveTest(DicomButtonTestCase):
    def test_roi_and_result_are_added_to_the_study_in_the_database(self) -> None:
        self.assertFalse(self.ui.dicomButton.enabled)
        self.predicted_case()
        self.assertTrue(self.ui.dicomButton.enabled)
        self.assertIn("Structured Report", self.ui.dicomButton.toolTip)
        patients = self.database.patients()
        asked = self.press((TO_DATABASE, True))
        self.assertEqual(asked.ticked_at_first, [False])
        found = self.in_database()
        self.assertEqual(set(found), {"SEG", "SR"})
        self.assertEqual(self.database.patients(), patients)
        source = pydicom.dcmread(self.folder / "ct" / "1.dcm")
        for data in found.values():
            self.assertEqual((data.PatientID, data.PatientName), (source.PatientID, source.PatientName))
            self.assertTrue(Path(data.filename).is_relative_to(self.folder / "database"))
        self.assert_is_the_roi(found["SEG"])
        report = highdicom.sr.srread(found["SR"].filename)
        (group,) = report.content.get_volumetric_roi_measurement_groups()
        self.assertEqual(group.referenced_segment.referenced_sop_instance_uid, found["SEG"].SOPInstanceUID)
        numbers = {item.name.value: item.value for item in group.get_measurements()}
        probability = self.panel.panel.state.assessment.probability
        self.assertAlmostEqual(numbers["probability"], 100 * probability, delta=0.006)
        self.assertRegex(self.told(), "in the DICOM database.* name, ID and study of the patient")

    def test_without_a_tick_nobody_is_named(self) -> None:
        self.predicted_case()
        self.press(TO_FOLDER, folder=self.out)
        files = sorted(self.out.iterdir())
        self.assertEqual([file.name for file in files], ["her2predict-report.dcm", "her2predict-segmentation.dcm"])
        for file in files:
            self.assertNotIn(SENTINEL.encode(), file.read_bytes())
            self.assertIn(str(file), self.told())
        self.assertIn("neither name, ID nor dates", self.told())
        self.assert_is_the_roi(pydicom.dcmread(files[1]))
        self.assertEqual(self.in_database(), {})
        self.press(TO_DATABASE)
        self.assertEqual([data.PatientID for data in self.in_database().values()], ["", ""])

    def test_no_result_takes_the_place_of_another(self) -> None:
        self.predicted_case()
        self.press((TO_FOLDER, True), folder=self.out)
        before = [file.read_bytes() for file in sorted(self.out.iterdir())]
        self.press(TO_FOLDER, folder=self.out)
        self.assertIn("holds a DICOM result already", self.told())
        self.assertEqual([file.read_bytes() for file in sorted(self.out.iterdir())], before)
        self.press(TO_FOLDER, folder=self.folder / "ct" / "1.dcm")
        self.assertIn("cannot be written", self.told())

    def test_cancelled_at_any_question_nothing_happens(self) -> None:
        self.predicted_case()
        for answers in (["Cancel"], [TO_FOLDER], [(TO_FOLDER, True)]):
            self.press(*answers)
            self.assert_nothing_happened()

    def test_slices_that_the_database_has_lost_are_told(self) -> None:
        self.predicted_case()
        self.database.closeDatabase()
        self.press()
        self.assertIn("Of the 30 DICOM slices of the volume 0 are in the application's DICOM database", self.told())
        self.database.openDatabase(str(self.folder / "database" / "ctkDICOM.sql"))
        self.import_ct()
        (self.folder / "ct" / "3.dcm").unlink()
        self.press()
        self.assertIn("3.dcm cannot be read any more", self.told())

    def test_a_database_that_takes_nothing_is_told(self) -> None:
        self.predicted_case()
        with mock.patch.object(self.utils, "importDicom", return_value=False):
            self.press(TO_DATABASE)
        self.assertIn("has not taken ROI and result", self.told())

    def test_a_result_that_is_out_of_date_is_not_saved(self) -> None:
        self.predicted_case()
        self.draw(np.roll(ellipsoid(), 1, axis=2))
        self.assertFalse(self.ui.dicomButton.enabled)
        self.assertEqual(self.ui.dicomButton.toolTip, "Predict first.")

    def test_a_result_that_goes_out_of_date_while_the_user_thinks_is_not_saved(self) -> None:
        self.predicted_case()
        self.press(TO_DATABASE, meanwhile=lambda: self.draw(np.roll(ellipsoid(), 1, axis=2)))
        self.assertEqual((self.in_database(), self.told()), ({}, "Predict first."))

    def test_a_saved_scene_knows_its_study(self) -> None:
        self.predicted_case()
        bundle = str(self.folder / "scene.mrb")
        self.assertTrue(self.scene.WriteToMRB(bundle))
        self.scene.Clear(0)
        self.assertFalse(self.ui.dicomButton.enabled)
        self.assertTrue(self.scene.ReadFromMRB(bundle))
        self.assertFalse(self.ui.dicomButton.enabled)
        self.assertIn("predict again", self.ui.dicomButton.toolTip)
        volume, segmentation = self.ui.volumeSelector.currentNode(), self.ui.segmentSelector.currentNode()
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        fake.succeed(self.feature_texts((volume, segmentation, self.ui.segmentSelector.currentSegmentID())))
        self.press(TO_DATABASE)
        self.assert_is_the_roi(self.in_database()["SEG"])


class NotFromDicomTest(DicomButtonTestCase):
    def add_volume(self, name: str = "CTU") -> Any:
        return panel.ModuleTestCase.add_volume(self, name)

    def test_the_button_says_that_there_is_no_study_to_go_back_to(self) -> None:
        self.predicted_case()
        self.assertTrue(self.ui.dicomButton.enabled)
        self.assertIn("did not come from DICOM", self.ui.dicomButton.toolTip)
        self.press()
        self.assertIn("did not come from DICOM", self.told())


class PackageTest(DicomButtonTestCase):
    """Where highdicom is missing."""

    @contextlib.contextmanager
    def missing(self, *installs: Callable[[], None]) -> Iterator[mock.Mock]:
        """Nobody finds highdicom until pip_install has been called and has called `installs`."""
        here: list[bool] = []

        def install(*_arguments: Any, **_options: Any) -> None:
            for each in installs:
                each()
            here.append(True)

        def is_here() -> bool:
            return bool(here)

        with (
            mock.patch("HER2PredictLib.panel.record.packages.is_highdicom_here", is_here),
            mock.patch("HER2PredictLib.outputs.dicom.objects.is_highdicom_here", is_here),
            mock.patch("slicer.packaging.pip_install", side_effect=install) as pip_install,
        ):
            yield pip_install

    def test_it_is_installed_once_the_user_agrees_and_the_result_is_saved(self) -> None:
        from HER2PredictLib.panel.record.packages import HIGHDICOM

        self.predicted_case()
        with self.missing() as pip_install:
            asked = self.press(FROM_PYPI, TO_DATABASE)
        pip_install.assert_called_once_with([HIGHDICOM], requester="HER2Predict")
        self.assertIn(HIGHDICOM, asked.texts[0])
        self.assertEqual(set(self.in_database()), {"SEG", "SR"})

    def test_a_refusal_leaves_all_as_it_is(self) -> None:
        self.predicted_case()
        with self.missing() as pip_install:
            self.press("Cancel")
            self.press(FROM_WHEELS)
        pip_install.assert_not_called()
        self.assert_nothing_happened()

    def test_nobody_is_asked_to_install_in_vain(self) -> None:
        self.predicted_case()
        self.database.closeDatabase()
        with self.missing():
            self.assertEqual(self.press().texts, [])

    def test_pip_finds_it_in_a_folder_of_wheels_without_network(self) -> None:
        from HER2PredictLib.panel.record.packages import HIGHDICOM

        self.predicted_case()
        wheels = self.folder / "wheels of the hospital"
        write_wheel(wheels, *HIGHDICOM.split("=="))
        with self.missing() as pip_install:
            self.press(FROM_WHEELS, "Cancel", folder=wheels)
        (arguments,), _options = pip_install.call_args
        pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", *arguments]
        done = subprocess.run(pip, capture_output=True, text=True, check=False, env={"PIP_CONFIG_FILE": os.devnull})
        self.assertIn("Would install highdicom", done.stdout, done.stderr)

    def test_what_cannot_be_installed_is_said_in_a_sentence(self) -> None:
        def fail() -> None:
            raise subprocess.CalledProcessError(1, "pip install")

        self.predicted_case()
        for answer, words in ((FROM_PYPI, "take a folder of wheels"), (FROM_WHEELS, "could not be installed from /")):
            with self.missing(fail):
                self.press(answer, folder=self.folder)
            self.assertIn(words, self.told())
        self.assertEqual(self.in_database(), {})

    def test_a_package_that_cannot_be_used_before_a_restart_is_told(self) -> None:
        self.predicted_case()
        with self.missing(), mock.patch.dict(sys.modules, {"highdicom": None}):
            self.press(FROM_PYPI)
        self.assertIn("Restart the application", self.told())

    def test_before_slicer_5_12_slicer_util_installs_it(self) -> None:
        self.predicted_case()
        with (
            self.missing() as pip_install,
            mock.patch.dict(sys.modules, {"slicer.packaging": None}),
            mock.patch.object(slicer.util, "pip_install", side_effect=pip_install.side_effect) as older,
        ):
            self.press(FROM_PYPI, TO_DATABASE)
        older.assert_called_once()
        self.assertEqual(set(self.in_database()), {"SEG", "SR"})

    @unittest.skipUnless(WHEELS.is_file(), "runs in the source tree only")
    def test_the_release_is_the_one_that_the_tests_use(self) -> None:
        from HER2PredictLib.panel.record.packages import HIGHDICOM

        self.assertIn(HIGHDICOM, WHEELS.read_text(encoding="utf-8").splitlines())


def write_wheel(folder: Path, name: str, version: str) -> None:
    """An empty package."""
    folder.mkdir()
    described = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{described}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{described}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{described}/RECORD", "")


@unittest.skipUnless(REAL_CT.is_dir(), "there is no real CT beside the project")
class RealCtTest(DicomButtonTestCase):
    def import_ct(self) -> None:
        self.utils.importDicom(str(REAL_CT / "STS_002" / "dicom"), self.database)

    def test_the_roi_on_a_real_ct_comes_back_voxel_by_voxel(self) -> None:
        from HER2PredictLib.case.case import Case

        source = pydicom.dcmread(next((REAL_CT / "STS_002" / "dicom").iterdir()), stop_before_pixels=True)
        (node_id,) = self.utils.loadSeriesByUID([source.SeriesInstanceUID])
        volume = self.scene.GetNodeByID(node_id)
        read = Case.from_files(REAL_CT / "STS_002" / "dicom", REAL_CT / "STS_002" / "RTSTRUCT.dcm")
        self.panel.check()
        self.ui.newSegmentButton.click()
        self.draw(read.roi_voxels)
        self.panel.check()
        case = volume, self.ui.segmentSelector.currentNode(), self.ui.segmentSelector.currentSegmentID()
        fake = self.fake_extraction()
        self.ui.predictButton.click()
        fake.succeed(self.feature_texts(case))
        self.press((TO_FOLDER, True), folder=self.out)
        again = Case.from_files(REAL_CT / "STS_002" / "dicom", self.out / "her2predict-segmentation.dcm")
        np.testing.assert_array_equal(again.roi_voxels, read.roi_voxels)


if __name__ == "__main__":
    unittest.main()
