"""Stands for the Python package DICOMLib: a DICOM database for a while, files into it, and volumes out of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer

import dicom_database

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


class TemporaryDICOMDatabase:
    """While the block lasts slicer.dicomDatabase is an empty one in a folder."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._before: Any = None

    def __enter__(self) -> Any:
        self._before = getattr(slicer, "dicomDatabase", None)
        slicer.dicomDatabase = dicom_database.ctkDICOMDatabase()
        slicer.dicomDatabase.openDatabase(f"{self._directory}/ctkDICOM.sql")
        return slicer.dicomDatabase

    def __exit__(self, *error: object) -> None:
        slicer.dicomDatabase.closeDatabase()
        slicer.dicomDatabase = self._before


class DICOMUtils:
    """Stands for the module DICOMLib.DICOMUtils."""

    TemporaryDICOMDatabase = TemporaryDICOMDatabase

    @staticmethod
    def importDicom(dicomDataDir: str, dicomDatabase: Any = None, copyFiles: bool = False) -> bool:
        """Take every DICOM file of a folder, a copy of it or a link to it."""
        if not isinstance(dicomDataDir, str):
            raise TypeError("the folder's path is a str")
        (slicer.dicomDatabase if dicomDatabase is None else dicomDatabase).take_folder(dicomDataDir, copyFiles)
        return True

    @staticmethod
    def loadSeriesByUID(seriesUIDs: list[str]) -> list[str]:
        """Load series of CT slices as volumes; the IDs of their nodes."""
        return [_loaded(uid).GetID() for uid in seriesUIDs]


def _loaded(series_uid: str) -> Any:
    """As DICOMScalarVolumePlugin does: sorted slices, and their instance UIDs in the same order."""
    database = slicer.dicomDatabase
    files = {database.instanceForFile(file): file for file in database.filesForSeries(series_uid)}
    places = {uid: sitk.ReadImage(file).GetOrigin()[2] for uid, file in files.items()}
    uids = sorted(files, key=lambda uid: places[uid])
    image = sitk.ReadImage([files[uid] for uid in uids])
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    node = slicer.util.addVolumeFromArray(sitk.GetArrayFromImage(image), ijkToRAS=_LPS_TO_RAS @ matrix)
    node.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
    return node
