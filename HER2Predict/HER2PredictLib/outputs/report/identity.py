"""Who the patient is, for a page whose user lets that through."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from ...errors import InputError
from ...i18n import tr as _
from ..dicom.sources import read_slice


def of_patient(files: Sequence[str]) -> list[tuple[str, str]]:
    """What the headers of DICOM slices say of patient and study; what is not in them is left out.

    Raises
    ------
    InputError
        Where there are none, or they cannot be read.
    """
    if not files:
        raise InputError(
            _(
                "The volume did not come from DICOM, so nothing is known that identifies the patient; leave that out, "
                "or take the DICOM series as the volume."
            ),
            code="not-from-dicom",
        )
    header = _header(files[0])
    names = (
        (_("Patient"), "PatientName"),
        (_("Patient ID"), "PatientID"),
        (_("Born"), "PatientBirthDate"),
        (_("Sex"), "PatientSex"),
        (_("Study date"), "StudyDate"),
        (_("Study"), "StudyDescription"),
        (_("Accession number"), "AccessionNumber"),
        (_("Series"), "SeriesDescription"),
        (_("Institution"), "InstitutionName"),
    )
    texts = ((words, " ".join(_shown(keyword, header.get(keyword, "")).split())) for words, keyword in names)
    return [(words, text) for words, text in texts if text]


def _header(file: str) -> dict[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on values that DICOM does not allow; they may tell what nobody let through
        read = read_slice(file)
        read.decode()
        return {element.keyword: str(element.value or "") for element in read if element.keyword and element.VR != "SQ"}


def _shown(keyword: str, value: str) -> str:
    """A value of DICOM as people write it."""
    if keyword.endswith("Date") and len(value) == 8 and value.isdigit():
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    if keyword == "PatientName":
        first, *others = [text for text in map(_name, value.split("=")) if text]
        return f"{first} ({', '.join(others)})" if others else first
    return value


def _name(group: str) -> str:
    """One of the ways in which a name is written (letters, ideographs, sounds), as people write it."""
    family, *given = group.split("^")
    return ", ".join(part for part in (family.strip(), " ".join(" ".join(given).split())) if part)
