"""A folder with a DICOM series as the volume: read whole, or refused with the reason."""

from __future__ import annotations

import math
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk

from cases import findings_on, small_case
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import read_volume
from HER2PredictLib.errors import InputError


def write_series(
    folder: Path,
    image: sitk.Image,
    positions: np.ndarray,
    modality: str = "CT",
    series: int = 1,
    gantry_deg: float = 0.0,
    table_deg: float = 0.0,
) -> None:
    """Write the slices of an axial image with their table positions in mm, through GDCM.

    The gantry leans by `gantry_deg` about the left-right axis, and the table moves at `table_deg` to the body's axis.
    """
    folder.mkdir(exist_ok=True)
    x, y, _ = image.GetOrigin()
    lean, way = math.radians(gantry_deg), math.radians(table_deg)
    for number, along in enumerate(positions):
        slice_ = image[:, :, number]
        z = along * math.cos(way)
        for tag, value in {
            "0008|0060": modality,
            "0020|000d": "1.2.826.0.1.3680043.2.1125.1",
            "0020|000e": f"1.2.826.0.1.3680043.2.1125.1.{series}",
            "0008|0018": f"1.2.826.0.1.3680043.2.1125.1.{series}.{number + 1}",
            "0020|0013": str(number + 1),
            "0020|0032": f"{x}\\{y - along * math.sin(way):.6f}\\{z}",
            "0020|0037": f"1\\0\\0\\0\\{math.cos(lean):.9f}\\{math.sin(lean):.9f}",
            "0028|1052": "-1024",
            "0028|1053": "1",
        }.items():
            slice_.SetMetaData(tag, value)
        writer = sitk.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        writer.SetFileName(str(folder / f"{series}-{number:03d}.dcm"))
        writer.Execute(slice_)


#: The small case is soft tissue and fat alone.
NO_BLADDER = [("not-excretory-phase", "warning"), ("far-from-bladder", "warning")]


class DicomFolderTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "series"
        self.image, self.roi = small_case()
        self.positions = self.image.GetOrigin()[2] + 5.0 * np.arange(self.image.GetSize()[2])

    def codes(self) -> list[tuple[str, str]]:
        case = Case(read_volume(self.folder), Roi(self.roi, "ROI"))
        return [(finding.code, finding.severity) for finding in findings_on(case)]

    def test_series_equals_the_volume_it_was_written_from(self) -> None:
        write_series(self.folder, self.image, self.positions)
        volume = read_volume(self.folder)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(volume.image), sitk.GetArrayFromImage(self.image))
        np.testing.assert_allclose(volume.image.GetOrigin(), self.image.GetOrigin(), atol=1e-9)
        self.assertEqual(volume.modality, "CT")
        np.testing.assert_allclose(volume.slice_gaps, 5.0)
        self.assertEqual(self.codes(), NO_BLADDER)

    def test_order_of_file_names_does_not_matter(self) -> None:
        write_series(self.folder, self.image, self.positions)
        for number, path in enumerate(sorted(self.folder.iterdir())):
            path.rename(self.folder / f"IM{(number * 17) % 30:04d}")
        volume = read_volume(self.folder)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(volume.image), sitk.GetArrayFromImage(self.image))
        positions = [float(pydicom.dcmread(file).ImagePositionPatient[2]) for file in volume.dicom_files]
        self.assertEqual(positions, sorted(positions))
        self.assertEqual(len(positions), volume.image.GetSize()[2])

    def test_missing_slice_is_an_error(self) -> None:
        write_series(self.folder, self.image, self.positions)
        next(self.folder.glob("*-012.dcm")).unlink()
        self.roi = self.roi[:, :, :-1]
        self.assertEqual(self.codes()[0], ("missing-slices", "error"))

    def test_uneven_slices_are_a_warning(self) -> None:
        self.positions[20:] += 0.4
        write_series(self.folder, self.image, self.positions)
        self.assertIn(("uneven-slices", "warning"), self.codes())

    def test_tilt_of_the_gantry_is_the_angle_between_table_and_slice_normal(self) -> None:
        for gantry_deg, table_deg, tilt_deg in (
            (15.0, 0.0, 15.0),
            (-8.5, 0.0, 8.5),
            (0.0, 0.0, 0.0),
            (15.0, 15.0, 0.0),
        ):
            write_series(self.folder, self.image, self.positions, gantry_deg=gantry_deg, table_deg=table_deg)
            volume = read_volume(self.folder)
            self.assertAlmostEqual(volume.gantry_tilt_deg, tilt_deg, places=3)
            np.testing.assert_allclose(volume.slice_gaps, 5.0 * math.cos(math.radians(tilt_deg)), atol=1e-4)
            shutil.rmtree(self.folder)

    def test_tilt_of_more_than_a_degree_is_a_warning(self) -> None:
        for gantry_deg, expected in ((0.95, []), (1.05, [("gantry-tilt", "warning")])):
            write_series(self.folder, self.image, self.positions, gantry_deg=gantry_deg)
            self.assertEqual(self.codes(), [*expected, *NO_BLADDER])

    def test_other_modality_is_an_error(self) -> None:
        write_series(self.folder, self.image, self.positions, modality="MR")
        self.assertEqual(self.codes(), [("not-ct", "error")])

    def test_two_series_are_refused(self) -> None:
        write_series(self.folder, self.image, self.positions)
        write_series(self.folder, self.image, self.positions, series=2)
        with self.assertRaisesRegex(InputError, "2 DICOM image series of which 0 .*--series UID"):
            read_volume(self.folder)

    def test_other_files_in_the_folder_are_passed_over(self) -> None:
        write_series(self.folder, self.image, self.positions)
        (self.folder / "DICOMDIR").write_bytes(b"no image")
        (self.folder / "notes.txt").write_text("no image")
        self.assertEqual(read_volume(self.folder).image.GetSize(), self.image.GetSize())

    def test_slice_that_is_cut_short_is_refused_or_counts_as_missing(self) -> None:
        write_series(self.folder, self.image, self.positions)
        slice_ = sorted(self.folder.iterdir())[10]
        slice_.write_bytes(slice_.read_bytes()[:2000])
        self.roi = self.roi[:, :, :-1]
        try:
            self.assertEqual(self.codes()[0], ("missing-slices", "error"))  # ITK passed it over
        except InputError as error:
            self.assertRegex(str(error), "010.dcm is cut short")
            self.assertEqual(error.code, "slice-cut-short")

    def test_a_slice_that_does_not_tell_its_position_is_refused(self) -> None:
        write_series(self.folder, self.image, self.positions)
        slice_ = sorted(self.folder.iterdir())[10]
        content = slice_.read_bytes()
        self.assertEqual(content.count(b"\x20\x00\x32\x00"), 1)
        # ImagePositionPatient becomes an attribute that nobody knows.
        slice_.write_bytes(content.replace(b"\x20\x00\x32\x00", b"\x20\x00\x31\x00"))
        with self.assertRaisesRegex(InputError, "does not tell its position"):
            read_volume(self.folder)

    def test_folder_is_found_however_it_is_named(self) -> None:
        write_series(self.folder, self.image, self.positions)
        target = self.folder.with_name("séries 2 (ü)")
        shutil.move(self.folder, target)
        self.assertEqual(read_volume(target).image.GetSize(), self.image.GetSize())


if __name__ == "__main__":
    unittest.main()
