"""Writes a simulated CT as a DICOM series (CT Image Storage), as a scanner would send it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from .acquisition import Acquisition, Phase
from .patients import Patient
from .scanner import PADDING_HU

if TYPE_CHECKING:
    from pydicom import Dataset

#: Date of every simulated examination.
_DATE, _YEAR = "20240115", 2024
#: The contrast medium is given ten minutes before the excretory phase, 100 s before the nephrographic one.
_INJECTION = "100000"
_TIME: dict[Phase, str] = {"excretory": "101000", "nephrographic": "100140"}


def uid(*parts: object) -> str:
    """A UID under 2.25 (DICOM PS3.5 B.2) that depends on the parts alone."""
    digest = hashlib.sha256("/".join(map(str, ("HER2Predict simulated patient", *parts))).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def write_series(image: sitk.Image, folder: Path, patient: Patient, acquisition: Acquisition) -> None:
    """Write an axial CT (int16 HU, -1024 to 3071) as one file per slice into a new folder.

    Its slices go from the feet to the head, rows to the back, columns to the patient's left.
    """
    folder.mkdir()
    voxels = sitk.GetArrayFromImage(image)
    for k in range(len(voxels)):
        dataset = _patient_and_study(patient)
        _series(dataset, patient, acquisition)
        _geometry(dataset, image, k)
        # A scanner numbers the slices as the couch moves: from the head down.
        dataset.InstanceNumber = len(voxels) - k
        dataset.SOPInstanceUID = uid(*_scan(patient, acquisition), "image", dataset.InstanceNumber)
        _pixels(dataset, voxels[k])
        _save(dataset, folder / f"{dataset.InstanceNumber:04d}.dcm")


def _scan(patient: Patient, acquisition: Acquisition) -> tuple[object, ...]:
    """What tells this image from all others; how the ROI is drawn does not change it."""
    how = acquisition.slice_mm, acquisition.phase, acquisition.kernel, acquisition.noise
    return patient.seed, patient.number, *how


def _patient_and_study(patient: Patient) -> Dataset:
    from pydicom import Dataset

    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = f"SIMULATED^{patient.number:04d}"
    dataset.PatientID = patient.identifier
    dataset.PatientBirthDate = f"{_YEAR - patient.age}0101"
    dataset.PatientSex = patient.gender
    dataset.PatientAge = f"{patient.age:03d}Y"
    dataset.PatientComments = "Simulated by HER2Predict: no such person."
    dataset.StudyInstanceUID = uid(patient.seed, patient.number, "study")
    dataset.StudyDate, dataset.StudyTime = _DATE, _INJECTION
    dataset.StudyID, dataset.AccessionNumber = "1", f"SIM{patient.number:04d}"
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "CT urography (simulated)"
    return dataset


def _series(dataset: Dataset, patient: Patient, acquisition: Acquisition) -> None:
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"  # CT Image Storage
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SeriesInstanceUID = uid(*_scan(patient, acquisition), "series")
    dataset.SeriesNumber, dataset.AcquisitionNumber = 4, 4
    dataset.SeriesDescription = f"Pelvis {acquisition.phase} phase {acquisition.slice_mm} mm (simulated)"
    dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = _DATE
    dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = _TIME[acquisition.phase]
    dataset.BodyPartExamined, dataset.PatientPosition = "PELVIS", "HFS"
    dataset.FrameOfReferenceUID = uid(patient.seed, patient.number, "frame of reference")
    dataset.PositionReferenceIndicator = ""
    dataset.Manufacturer, dataset.ManufacturerModelName = "HER2Predict", "Simulated CT"
    dataset.KVP = 120
    dataset.ConvolutionKernel = acquisition.kernel.upper()
    dataset.ContrastBolusAgent = "Iohexol 350"
    dataset.ContrastBolusRoute = "IV"
    dataset.ContrastBolusVolume = 100
    dataset.ContrastBolusStartTime = _INJECTION
    dataset.ContrastBolusIngredient = "IODINE"
    dataset.ContrastBolusIngredientConcentration = 350


def _geometry(dataset: Dataset, image: sitk.Image, k: int) -> None:
    column_mm, row_mm, slice_mm = image.GetSpacing()
    position = image.TransformIndexToPhysicalPoint((0, 0, k))
    dataset.ImagePositionPatient = [_decimal(value) for value in position]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [_decimal(row_mm), _decimal(column_mm)]
    dataset.SliceThickness = dataset.SpacingBetweenSlices = _decimal(slice_mm)
    dataset.SliceLocation = _decimal(position[2])


def _decimal(value: float) -> str:
    """A decimal string (at most 16 characters) to a nanometre."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _pixels(dataset: Dataset, hu: np.ndarray) -> None:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = hu.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = PADDING_HU, 1, "HU"
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    dataset.PixelData = (hu - PADDING_HU).astype("<u2").tobytes()


def _save(dataset: Dataset, path: Path) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
