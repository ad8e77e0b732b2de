"""Piles of DICOM files, ways of storing pixels, and ROIs as DICOM SEG and RTSTRUCT; pydicom is the second opinion."""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from cases import REAL_CT, small_case
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.dicom.phase import phase_after
from HER2PredictLib.case.volumes import read_volume
from HER2PredictLib.errors import InputError

try:
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.uid import generate_uid
except ImportError:
    pydicom = None
try:
    import highdicom
except ImportError:
    highdicom = None

CT, ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"
IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".1.99", ".2"))
FRAME_OF_REFERENCE = "1.2.826.0.1.3680043.2.1125.9"
#: What no output may repeat: it stands in every attribute that is text.
SENTINEL = "Quimby"


def uid(number: int) -> str:
    return f"1.2.826.0.1.3680043.2.1125.{number}"


def slices(image: sitk.Image, series: int = 1, **attributes: Any) -> list[Any]:
    """The slices of an axial image as CT Image Storage; attributes by keyword."""
    voxels = sitk.GetArrayFromImage(image).astype(np.int16)
    column_mm, row_mm, slice_mm = image.GetSpacing()
    made = []
    for k, hu in enumerate(voxels):
        data = Dataset()
        data.SOPClassUID, data.SOPInstanceUID = CT, f"{uid(series)}.{k + 1}"
        data.StudyInstanceUID, data.SeriesInstanceUID = uid(99), uid(series)
        data.FrameOfReferenceUID = FRAME_OF_REFERENCE
        data.Modality, data.SeriesNumber, data.InstanceNumber = "CT", series, k + 1
        data.PatientID, data.PatientName, data.StudyID = "1", "A^B", "1"
        data.PatientBirthDate = data.PatientSex = data.StudyDate = data.StudyTime = ""
        data.AccessionNumber = data.ReferringPhysicianName = ""
        data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        data.ImagePositionPatient = [f"{value:.6f}" for value in image.TransformIndexToPhysicalPoint((0, 0, k))]
        data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        data.PixelSpacing, data.SliceThickness = [row_mm, column_mm], slice_mm
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.Rows, data.Columns = hu.shape
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
        data.RescaleSlope, data.RescaleIntercept = 1, 0
        data.PixelData = hu.tobytes()
        for name, value in attributes.items():
            setattr(data, name, value)
        made.append(data)
    return made


def save(data: Any, path: Path, syntax: str = EXPLICIT) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not hasattr(data, "file_meta"):
        data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    if syntax == BIG_ENDIAN:
        data.PixelData = np.frombuffer(data.PixelData, "<i2").astype(">i2").tobytes()
    data["PixelData"].VR = "OW"
    data.save_as(path, enforce_file_format=True)


@unittest.skipIf(pydicom is None, "pydicom is not installed")
class DicomTestCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "pile"
        self.image, self.roi = small_case()

    def write(self, series: int = 1, syntax: str = EXPLICIT, **attributes: Any) -> list[Path]:
        paths = []
        for data in slices(self.image, series, **attributes):
            paths.append(self.folder / f"{series}" / f"IM{(data.InstanceNumber * 17) % 31:04d}")
            save(data, paths[-1], syntax)
        return paths

    def assert_same_voxels(self, series: str | None = None) -> None:
        volume = read_volume(self.folder, series)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(volume.image), sitk.GetArrayFromImage(self.image))
        np.testing.assert_allclose(volume.image.GetOrigin(), self.image.GetOrigin(), atol=1e-5)
        np.testing.assert_allclose(volume.image.GetSpacing(), self.image.GetSpacing(), atol=1e-6)

    def refused(self, code: str, *arguments: Any) -> str:
        with self.assertRaises(InputError) as caught:
            read_volume(self.folder, *arguments)
        self.assertEqual(caught.exception.code, code)
        return str(caught.exception)


class PileTest(DicomTestCase):
    """Which series is taken, and why."""

    def test_the_excretory_phase_is_taken_of_a_nested_pile(self) -> None:
        self.write(2, SeriesDescription="CTU nativ 5 mm")
        self.write(3, SeriesDescription="Nephrographic 5 mm")
        self.write(4, SeriesDescription="Ausscheidungsphase")
        volume = read_volume(self.folder)
        self.assertEqual(volume.series, uid(4))
        self.assertRegex(volume.choice, r"Of 3 image series 4, 30 slices 5 mm excretory .* names the excretory phase")
        self.assertEqual(read_volume(self.folder, uid(2)).series, uid(2))
        self.assertEqual(read_volume(self.folder, uid(2)).choice, "")

    def test_the_time_after_the_injection_tells_the_phase_where_no_description_does(self) -> None:
        times = {"AcquisitionTime": "100130", "ContrastBolusStartTime": "100000"}
        self.write(2, **times)
        self.write(3, **{**times, "AcquisitionTime": "100800.25"})
        volume = read_volume(self.folder)
        self.assertEqual(volume.series, uid(3))
        self.assertIn("8 min after the contrast medium", volume.choice)
        self.assertEqual([phase_after(delay) for delay in (None, 200.0, 9000.0)], ["", "", ""])

    def test_localizers_and_derived_series_are_passed_over(self) -> None:
        self.write(1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
        self.write(5, ImageType=["DERIVED", "SECONDARY", "MPR"], SeriesDescription="excretory MPR")
        self.write(6, Modality="MR")
        self.write(3)
        volume = read_volume(self.folder)
        self.assertEqual(volume.series, uid(3))
        self.assertIn("neither localizer nor derived", volume.choice)

    def test_a_pile_of_derived_images_alone_is_read(self) -> None:
        self.write(5, ImageType=["DERIVED", "SECONDARY", "AXIAL"])
        self.assert_same_voxels()

    def test_two_of_the_excretory_phase_are_not_decided(self) -> None:
        self.write(2, SeriesDescription="excretory 1 mm")
        self.write(3, SeriesDescription="excretory 5 mm")
        message = self.refused("several-dicom-series")
        self.assertRegex(message, f"2 are of the excretory phase.*{uid(2)}.*{uid(3)}.*--series UID")

    def test_a_series_that_is_not_there_is_refused(self) -> None:
        self.write(2)
        self.assertIn(uid(2), self.refused("series-not-found", "1.2.3"))

    def test_dose_reports_and_other_files_are_no_series(self) -> None:
        self.write(2)
        report = slices(self.image, 7, Modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.67")[0]
        for name in ("Rows", "Columns", "ImagePositionPatient"):
            delattr(report, name)
        save(report, self.folder / "report.dcm")
        (self.folder / "DICOMDIR").write_bytes(b"DICM" * 100)
        (self.folder / "empty").touch()
        self.assert_same_voxels()
        self.assertEqual(read_volume(self.folder).choice, "")

    def test_slices_that_are_there_twice_count_once(self) -> None:
        for path in self.write(2)[:5]:
            (path.parent / f"{path.name} copy").write_bytes(path.read_bytes())
        self.assert_same_voxels()

    def test_several_phases_in_one_series_are_refused(self) -> None:
        self.write(2)
        for number, data in enumerate(slices(self.image, 2)):
            data.SOPInstanceUID = uid(1000 + number)
            save(data, self.folder / f"other{number}")
        self.assertIn("30 slices", self.refused("slices-at-one-place"))

    def test_values_that_break_their_rules_are_not_quoted(self) -> None:
        for number, data in enumerate(slices(self.image, 2)):
            data.StationName = SENTINEL
            save(data, self.folder / f"{number}")
            content = (self.folder / f"{number}").read_bytes()
            self.assertEqual(content.count(b"AXIAL"), 1)
            (self.folder / f"{number}").write_bytes(content.replace(b"AXIAL", b"Quimb"))
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertNoLogs("pydicom"):
            self.assert_same_voxels()
        self.assertEqual(said.getvalue(), "")

    def test_no_text_of_a_header_is_repeated(self) -> None:
        from HER2PredictLib.command.main import main

        for series in (2, 3):
            for number, data in enumerate(slices(self.image, series, SeriesDescription=f"{SENTINEL} excretory")):
                plant(data)
                save(data, self.folder / f"{series}-{number}")
        roi = self.folder.parent / "roi.nrrd"
        sitk.WriteImage(self.roi, str(roi))
        out = self.folder.parent / "out"
        options = [
            "--perturbations",
            "0",
            "--json",
            f"{out}.json",
            "--picture",
            f"{out}.png",
            "--keep-inputs",
            str(out),
        ]
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            self.assertEqual(main(["predict", str(self.folder), str(roi)]), 2)
            self.assertEqual(main(["predict", str(self.folder), str(roi), "--series", uid(2), *options]), 0)
        self.assertNotIn(SENTINEL, said.getvalue())
        written = [path for path in self.folder.parent.rglob("*") if path.is_file() and self.folder not in path.parents]
        self.assertGreater(len(written), 3)
        for path in written:
            self.assertNotIn(SENTINEL.encode(), path.read_bytes(), path.name)


TEXTS = """PatientName PatientID PatientComments StudyDescription ProtocolName InstitutionName ReferringPhysicianName
    AccessionNumber StationName OperatorsName ImageComments ContrastBolusAgent Manufacturer StudyID PatientAddress
    OtherPatientIDs"""


@functools.lru_cache(maxsize=1)
def every_text() -> Any:
    """Every attribute of DICOM's dictionary that is text, holding the sentinel: as such, in a sequence, and private."""
    from pydicom.datadict import DicomDictionary

    data = Dataset()
    for tag, (kind, _count, _name, _retired, keyword) in DicomDictionary.items():
        if kind in ("LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT") and keyword and tag >> 16 > 2:
            setattr(data, keyword, SENTINEL)
    data.RequestAttributesSequence = Sequence([copy.deepcopy(data)])
    data.private_block(0x0011, SENTINEL, create=True).add_new(1, "LO", SENTINEL)
    return data


def plant(data: Any) -> None:
    """Put the sentinel into attributes that are text: into all of them in the first slice, which tells of the series,
    but for a description that tells the phase."""
    description = data.get("SeriesDescription")
    if data.InstanceNumber == 1:
        data.update(copy.deepcopy(every_text()))
    for keyword in TEXTS.split():
        setattr(data, keyword, SENTINEL)
    if description:
        data.SeriesDescription = description


class PixelsTest(DicomTestCase):
    """However pixels are stored, they are read as they were or refused."""

    def test_uncompressed_and_deflated_syntaxes(self) -> None:
        for syntax in (IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN):
            with self.subTest(syntax):
                self.folder = self.folder.with_name(syntax)
                self.write(2, syntax)
                self.assert_same_voxels()

    def test_compressed_syntaxes_are_read(self) -> None:
        """RLE and JPEG-LS as pydicom writes them, lossless JPEG and JPEG 2000 as GDCM does."""
        from pydicom.uid import JPEGLSLossless, RLELossless

        for syntax in (RLELossless, JPEGLSLossless):
            with self.subTest(syntax.name):
                self.folder = self.folder.with_name(str(syntax))
                self.folder.mkdir()
                for data in slices(self.image, 2):
                    data.file_meta = FileMetaDataset()
                    data.file_meta.TransferSyntaxUID = EXPLICIT
                    try:
                        data.compress(syntax)
                    except (RuntimeError, NotImplementedError, ValueError) as error:
                        self.skipTest(f"nothing here writes it: {error}")
                    data.save_as(self.folder / f"{data.InstanceNumber}.dcm", enforce_file_format=True)
                self.assert_same_voxels()
        for compressor, syntax in (("JPEG", "1.2.840.10008.1.2.4.70"), ("JPEG2000", "1.2.840.10008.1.2.4.90")):
            with self.subTest(compressor):
                self.folder = self.folder.with_name("plain")
                plain = self.write(2)
                self.folder = self.folder.with_name(compressor)
                self.folder.mkdir()
                for path in plain:
                    self.compress(path, self.folder / f"{path.name}.dcm", compressor)
                written = pydicom.dcmread(self.folder / f"{plain[0].name}.dcm")
                self.assertEqual(written.file_meta.TransferSyntaxUID, syntax)
                self.assert_same_voxels()

    def compress(self, path: Path, target: Path, compressor: str) -> None:
        reader = sitk.ImageFileReader()
        reader.SetFileName(str(path))
        reader.LoadPrivateTagsOn()
        image = reader.Execute()
        writer = sitk.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        writer.UseCompressionOn()
        writer.SetCompressor(compressor)
        writer.SetFileName(str(target))
        writer.Execute(image)

    def test_each_slice_has_its_own_rescaling(self) -> None:
        for number, data in enumerate(slices(self.image, 2)):
            voxels = np.frombuffer(data.PixelData, np.int16)
            slope, intercept = (1, -1024) if number % 2 else (0.5, 0)
            data.RescaleSlope, data.RescaleIntercept = slope, intercept
            data.PixelData = np.rint((voxels - intercept) / slope).astype(np.int16).tobytes()
            save(data, self.folder / f"{number}.dcm")
        self.assert_same_voxels()

    def test_enhanced_ct_is_the_same_volume(self) -> None:
        save(self.enhanced(), self.folder / "frames.dcm")
        self.assert_same_voxels()
        volume = read_volume(self.folder / "frames.dcm")
        np.testing.assert_allclose(volume.slice_gaps, 5.0)
        self.assertEqual(volume.modality, "CT")

    def test_frames_at_one_place_and_without_places_are_refused(self) -> None:
        data = self.enhanced()
        data.PerFrameFunctionalGroupsSequence[4] = copy.deepcopy(data.PerFrameFunctionalGroupsSequence[5])
        save(data, self.folder / "frames.dcm")
        self.refused("slices-at-one-place")
        data = self.enhanced()
        del data.PerFrameFunctionalGroupsSequence[4].PlanePositionSequence
        save(data, self.folder / "frames.dcm")
        self.refused("frames-not-placed")

    def enhanced(self) -> Any:
        """Frames from the head down, every second with another rescaling."""
        single = slices(self.image, 2)
        data = copy.deepcopy(single[0])
        data.SOPClassUID, data.NumberOfFrames = ENHANCED_CT, len(single)
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness",
                     "RescaleSlope", "RescaleIntercept"):  # fmt: skip
            delattr(data, name)
        shared, orientation, measures = Dataset(), Dataset(), Dataset()
        orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        measures.PixelSpacing, measures.SliceThickness = single[0].PixelSpacing, single[0].SliceThickness
        shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([orientation]), Sequence([measures])
        data.SharedFunctionalGroupsSequence = Sequence([shared])
        frames, pixels = [], []
        for number, one in enumerate(reversed(single)):
            frame, position, rescale = Dataset(), Dataset(), Dataset()
            position.ImagePositionPatient = one.ImagePositionPatient
            rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = 1, -number % 2 * 100, "HU"
            frame.PlanePositionSequence = Sequence([position])
            frame.PixelValueTransformationSequence = Sequence([rescale])
            frames.append(frame)
            pixels.append(np.frombuffer(one.PixelData, np.int16) - int(rescale.RescaleIntercept))
        data.PerFrameFunctionalGroupsSequence = Sequence(frames)
        data.PixelData = np.concatenate(pixels).astype(np.int16).tobytes()
        return data


class StructureSetTest(DicomTestCase):
    """ROIs as contours, which are drawn here around known shapes."""

    def setUp(self) -> None:
        super().setUp()
        self.write(2, SeriesDescription="CTU 1")
        self.write(3, SeriesDescription="CTU 2")

    def structures(self, contours: dict[str, list[np.ndarray]], kind: str = "CLOSED_PLANAR", series: int = 2) -> Path:
        data = Dataset()
        data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.3", generate_uid()
        data.StudyInstanceUID, data.SeriesInstanceUID, data.Modality = uid(99), generate_uid(), "RTSTRUCT"
        referred, study, frame = Dataset(), Dataset(), Dataset()
        referred.SeriesInstanceUID = uid(series)
        study.RTReferencedSeriesSequence = Sequence([referred])
        frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = FRAME_OF_REFERENCE, Sequence([study])
        data.ReferencedFrameOfReferenceSequence = Sequence([frame])
        data.StructureSetROISequence, data.ROIContourSequence = Sequence(), Sequence()
        for number, (name, polygons) in enumerate(contours.items(), 1):
            roi, drawn = Dataset(), Dataset()
            roi.ROINumber, roi.ROIName, drawn.ReferencedROINumber = number, name, number
            drawn.ContourSequence = Sequence()
            for polygon in polygons:
                contour = Dataset()
                contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(polygon)
                contour.ContourData = [f"{value:.4f}" for value in np.ravel(polygon)]
                drawn.ContourSequence.append(contour)
            data.StructureSetROISequence.append(roi)
            data.ROIContourSequence.append(drawn)
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = EXPLICIT
        path = self.folder.parent / "structures.dcm"
        data.save_as(path, enforce_file_format=True)
        return path

    def square(self, low: float, high: float, k: int) -> np.ndarray:
        """A square in the plane of slice `k`, its sides at these indices."""
        corners = [(low, low), (high, low), (high, high), (low, high)]
        return np.array([self.image.TransformContinuousIndexToPhysicalPoint((i, j, float(k))) for i, j in corners])

    def test_a_hole_and_a_second_piece_follow_the_rule_of_exclusive_or(self) -> None:
        polygons = [self.square(9.5, 19.5, 12), self.square(12.5, 15.5, 12), self.square(2.5, 4.5, 12)]
        polygons += [self.square(9.5, 19.5, 13)]
        for kind in ("CLOSED_PLANAR", "CLOSED_PLANAR_XOR"):
            case = Case.from_files(self.folder, self.structures({"GTV": polygons}, kind))
            expected = np.zeros_like(case.roi_voxels)
            expected[12:14, 10:20, 10:20] = 1
            expected[12, 13:16, 13:16] = 0
            expected[12, 3:5, 3:5] = 1
            np.testing.assert_array_equal(case.roi_voxels, expected)

    def test_a_keyhole_is_a_hole(self) -> None:
        outer, inner = self.square(9.5, 19.5, 12), self.square(12.5, 15.5, 12)
        keyhole = np.concatenate([outer, outer[:1], inner[:1], inner[::-1]])
        case = Case.from_files(self.folder, self.structures({"GTV": [keyhole]}))
        self.assertEqual(case.roi_voxel_count, 100 - 9)

    def test_the_series_that_it_was_drawn_on_is_taken(self) -> None:
        contours = {"GTV": [self.square(9.5, 19.5, k) for k in (12, 13)]}
        for series in (2, 3):
            case = Case.from_files(self.folder, self.structures(contours, series=series))
            self.assertEqual(case.volume.series, uid(series))
            self.assertIn("the ROI was drawn on it", case.volume.choice)

    def test_polygons_are_those_of_matplotlib(self) -> None:
        try:
            from matplotlib.path import Path as Polygon
        except ImportError:
            self.skipTest("matplotlib is not installed")
        random = np.random.default_rng(5)
        angles = np.sort(random.uniform(0, 2 * np.pi, 40))
        radius = random.uniform(4, 11, 40)
        index = np.column_stack([15 + radius * np.cos(angles), 15 + radius * np.sin(angles)])
        points = np.array([self.image.TransformContinuousIndexToPhysicalPoint((i, j, 12.0)) for i, j in index])
        case = Case.from_files(self.folder, self.structures({"GTV": [points]}))
        size = case.roi_voxels.shape[1:]
        j, i = np.indices(size)
        inside = Polygon(index).contains_points(np.column_stack([i.ravel(), j.ravel()])).reshape(size)
        np.testing.assert_array_equal(case.roi_voxels[12] == 1, inside)

    def test_what_is_wrong_is_said(self) -> None:
        two = {"GTV": [self.square(9.5, 19.5, 12)], "bladder": [self.square(5.5, 25.5, 12)]}
        leaning = self.square(9.5, 19.5, 12)
        leaning[:2, 2] += 3.0
        for code, contours, kind, segment in (
            ("segment-not-named", two, "CLOSED_PLANAR", None),
            ("segment-not-found", two, "CLOSED_PLANAR", "ureter"),
            ("roi-empty", {"GTV": two["GTV"]}, "POINT", None),
            ("contours-across-slices", {"GTV": [leaning]}, "CLOSED_PLANAR", None),
        ):
            with self.subTest(code), self.assertRaises(InputError) as caught:
                Case.from_files(self.folder, self.structures(contours, kind), segment)
            self.assertEqual(caught.exception.code, code)
        case = Case.from_files(self.folder, self.structures(two), "bladder")
        self.assertEqual((case.roi.name, case.roi_voxel_count), ("bladder", 400))

    def test_an_roi_of_another_examination_is_refused(self) -> None:
        path = self.structures({"GTV": [self.square(9.5, 19.5, 12)]})
        data = pydicom.dcmread(path)
        data.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = uid(77)
        data.save_as(path)
        with self.assertRaisesRegex(InputError, "another examination"):
            Case.from_files(self.folder, path)

    def test_a_real_structure_set_is_the_mask_beside_it(self) -> None:
        folder = REAL_CT / "STS_002"
        if not folder.is_dir():
            self.skipTest("there is no real CT beside the project")
        case = Case.from_files(folder / "dicom", folder / "RTSTRUCT.dcm")
        mask = sitk.ReadImage(str(folder / "CT_mask.nii.gz"))
        mask = sitk.Resample(mask, case.volume.image, sitk.Transform(), sitk.sitkNearestNeighbor)
        theirs, ours = sitk.GetArrayFromImage(mask) > 0, case.roi_voxels > 0
        self.assertGreaterEqual(2 * (theirs & ours).sum() / (theirs.sum() + ours.sum()), 0.99)


@unittest.skipIf(highdicom is None, "highdicom is not installed")
class SegmentationTest(DicomTestCase):
    """ROIs as DICOM SEG, written by highdicom."""

    def segmentation(self, masks: np.ndarray, labels: list[str], kind: str = "BINARY") -> Path:
        sources = [pydicom.dcmread(path) for path in self.write(2)]
        sources.sort(key=lambda data: float(data.ImagePositionPatient[2]))
        tumour = highdicom.sr.CodedConcept("108369006", "SCT", "Neoplasm")
        algorithm = highdicom.AlgorithmIdentificationSequence("hand", highdicom.sr.CodedConcept("1", "99T", "t"), "1")
        described = [
            highdicom.seg.SegmentDescription(
                number, label, tumour, tumour, "SEMIAUTOMATIC", algorithm_identification=algorithm
            )
            for number, label in enumerate(labels, 1)
        ]
        data = highdicom.seg.Segmentation(
            sources, masks, kind, described, generate_uid(), 9, generate_uid(), 1, "m", "n", "1", "1",
            fractional_type="PROBABILITY" if kind == "FRACTIONAL" else None,
        )  # fmt: skip
        path = self.folder.parent / "roi.dcm"
        data.save_as(path)
        return path

    def test_voxels_are_those_that_were_written(self) -> None:
        voxels = sitk.GetArrayFromImage(self.roi)
        path = self.segmentation(voxels, ["tumour"])
        case = Case.from_files(self.folder, path)
        np.testing.assert_array_equal(case.roi_voxels, voxels)
        self.assertEqual(case.roi.name, "tumour")
        case = Case.from_files(self.folder, self.folder.parent, "tumour")
        np.testing.assert_array_equal(case.roi_voxels, voxels)

    def test_features_are_the_same_to_the_last_bit(self) -> None:
        from HER2PredictLib.features import extract

        path = self.segmentation(sitk.GetArrayFromImage(self.roi), ["tumour"])
        other = self.folder.parent / "roi.nrrd"
        sitk.WriteImage(self.roi, str(other))
        first, second = (extract(Case.from_files(self.folder, roi).prepared()) for roi in (path, other))
        self.assertEqual(dict(first), dict(second))

    def test_overlapping_segments_are_told_apart(self) -> None:
        voxels = sitk.GetArrayFromImage(self.roi).astype(np.uint8)
        wider = (np.roll(voxels, 2, axis=2) | voxels).astype(np.uint8)
        path = self.segmentation(np.stack([voxels, wider], axis=-1), ["tumour", "bladder"])
        for segment, expected in (("bladder", wider), ("1", voxels)):
            case = Case.from_files(self.folder, path, segment)
            np.testing.assert_array_equal(case.roi_voxels, expected)
        with self.assertRaisesRegex(InputError, '2 segments \\("tumour", "bladder"\\)'):
            Case.from_files(self.folder, path)

    def test_fractional_ones_are_refused(self) -> None:
        path = self.segmentation(sitk.GetArrayFromImage(self.roi).astype(np.float64) / 2, ["tumour"], "FRACTIONAL")
        with self.assertRaisesRegex(InputError, "fractional segmentation"):
            Case.from_files(self.folder, path)

    def test_a_folder_of_several_is_refused(self) -> None:
        path = self.segmentation(sitk.GetArrayFromImage(self.roi), ["tumour"])
        (path.parent / "again.dcm").write_bytes(path.read_bytes())
        with self.assertRaisesRegex(InputError, "folder with 2 DICOM segmentations"):
            Case.from_files(self.folder, path.parent)


if __name__ == "__main__":
    unittest.main()
