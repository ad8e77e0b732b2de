"""The application's DICOM database: what HER2Predict asks of it, and what a test does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
import qt
from PySide6.QtCore import Property, QObject


class ctkDICOMDatabase(qt.PythonQtObject, QObject):
    """Stands for ctkDICOMDatabase: patients with studies with series with instances, each of one file."""

    def __init__(self) -> None:
        super().__init__()
        self.__dict__.update(_folder=None, _files={}, _patients={})

    isOpen = Property(bool, lambda self: self._folder is not None)
    databaseDirectory = Property(str, lambda self: str(self._folder or ""))

    def openDatabase(self, databaseFile: str) -> bool:
        """Begin with nothing in the folder of a file."""
        self.__dict__.update(_folder=Path(databaseFile).parent, _files={}, _patients={})
        self._folder.mkdir(parents=True, exist_ok=True)
        return True

    def closeDatabase(self) -> None:
        """Know of nothing any more."""
        self.__dict__.update(_folder=None, _files={}, _patients={})

    def patients(self) -> list[str]:
        """Their numbers."""
        return [str(number) for number in range(1, len(self._patients) + 1)]

    def studiesForPatient(self, patientUID: str) -> list[str]:
        """UIDs of the studies of the patient of a number."""
        return list(list(self._patients.values())[int(patientUID) - 1])

    def seriesForStudy(self, studyUID: str) -> list[str]:
        """UIDs of the series of a study."""
        return list(dict.fromkeys(self._of(StudyInstanceUID=studyUID, value="SeriesInstanceUID")))

    def instancesForSeries(self, seriesUID: str) -> list[str]:
        """UIDs of the instances of a series."""
        return self._of(SeriesInstanceUID=seriesUID, value="SOPInstanceUID")

    def filesForSeries(self, seriesUID: str) -> list[str]:
        """Paths of the files of a series."""
        return [self.fileForInstance(uid) for uid in self.instancesForSeries(seriesUID)]

    def fileForInstance(self, sopInstanceUID: str) -> str:
        """Path of the file of an instance; empty where it is not known."""
        return str(self._files[sopInstanceUID][0]) if sopInstanceUID in self._files else ""

    def instanceForFile(self, fileName: str) -> str:
        """UID of the instance in a file; empty where it is not known."""
        return next((uid for uid, (path, _) in self._files.items() if str(path) == fileName), "")

    def fileValue(self, fileName: str, tag: str) -> str:
        """Value of an attribute ("0018,0050"); empty where the file lacks it."""
        group, element = (int(part, 16) for part in tag.split(","))
        found = pydicom.dcmread(fileName, stop_before_pixels=True).get((group, element))
        return "" if found is None else str(found.value)

    # Of this stand-in alone

    def take_folder(self, folder: str, copy: bool) -> None:
        """As ctkDICOMIndexer does, by the names and rules of ctkDICOMDatabase::insert."""
        for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            data = pydicom.dcmread(path, stop_before_pixels=True)
            study, uid = data.StudyInstanceUID, data.SOPInstanceUID
            # Without a patient's ID the study's UID takes its place; a study stays with the patient that had it first.
            patient = data.get("PatientID") or study
            studies = self._patients.setdefault((patient, str(data.get("PatientName") or patient)), [])
            if not any(study in others for others in self._patients.values()):
                studies.append(study)
            if copy:
                kept = self._folder / "dicom" / f"{uid}.dcm"
                kept.parent.mkdir(exist_ok=True)
                path = Path(shutil.copyfile(path, kept))
            self._files[str(uid)] = (path, data)

    def _of(self, *, value: str, **wanted: str) -> list[str]:
        (name, of), = wanted.items()
        return [str(data[value].value) for _path, data in self._files.values() if data[name].value == of]
