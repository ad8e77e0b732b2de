"""The cases of a folder or of a table: which CT and which ROI belong together."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..case.dicom.headers import ROI_CLASSES, headers_of
from ..errors import InputError
from ..many.outcome import Exclusion
from ..training.cohort.cohort import inputs_of
from ..training.cohort.read_table import read_table

_IMAGES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")
#: The end of a file's name, before that of its kind, by which it is an ROI; what stands before is its case.
_ROI_END = re.compile(r"(?:[._\- ]?(?:seg|roi|mask|label|outline|segmentation))$", re.IGNORECASE)
#: The same of a CT; a file may go without.
_CT_END = re.compile(r"(?:[._\- ](?:ct|ctu|image|volume))$", re.IGNORECASE)


@dataclass(frozen=True)
class CaseFiles:
    """One case: its name, and the files that it is in."""

    name: str
    image: Path
    roi: Path
    segment: str = ""
    series: str = ""


Found = dict[str, "CaseFiles | Exclusion"]


def find_cases(source: Path) -> Found:
    """By name, in order: the files of each case, or why they cannot be told.

    A CSV has the columns of a cohort table. In a folder each folder is a case that holds one CT and one ROI; so is
    each pair of files whose names differ in an end such as ``.seg`` or ``_roi``.

    Raises
    ------
    InputError
        Where there is nothing of the kind.
    """
    if not source.exists():
        raise InputError(f"{source} does not exist. Give a folder with cases or a table.")
    found = _in_folder(source) if source.is_dir() else _in_table(source)
    if not found:
        raise InputError(
            f"{source} holds no case: neither folders with a CT and an ROI nor pairs such as A.nrrd and A.seg.nrrd."
        )
    return found


def _in_table(source: Path) -> Found:
    table = inputs_of(read_table(source).require_images())
    return {
        str(name): CaseFiles(str(name), Path(image), Path(roi), segment, series)
        for name, image, roi, segment, series in table.itertuples(name=None)
    }


def _in_folder(source: Path) -> Found:
    found: Found = {}
    for folder in sorted(path for path in source.iterdir() if path.is_dir() and not path.name.startswith(".")):
        case = _of_folder(folder)
        if case is not None:
            found[folder.name] = case
    for name, files in sorted(_pairs(source).items()):
        if len(files) == 1:
            lacking = "CT" if _is_roi(files[0]) else "ROI"
            found[name] = Exclusion("case-incomplete", f"{files[0]} has no {lacking} beside it that is named like it.")
        else:
            found[name] = _told(name, files)
    return found


def _of_folder(folder: Path) -> CaseFiles | Exclusion | None:
    """The case in a folder; None where it holds no image at all."""
    images = [path for path in sorted(folder.iterdir()) if _is_image(path)]
    rois, volumes = [path for path in images if _is_roi(path)], [path for path in images if not _is_roi(path)]
    if not (rois and volumes):  # else what DICOM there may be is what they were made from
        headers = headers_of(folder)
        rois += [header.path for header in headers if header.sop_class in ROI_CLASSES]
        if not volumes and any(header.is_image for header in headers):
            volumes = [folder]
    if not volumes and not rois:
        return None
    return _told(folder.name, [*volumes, *rois], len(volumes), len(rois))


def _told(name: str, files: list[Path], volumes: int | None = None, rois: int | None = None) -> CaseFiles | Exclusion:
    """The case of one CT and one ROI, the CT first."""
    if volumes is None or rois is None:
        files = sorted(files, key=_is_roi)
        rois = sum(map(_is_roi, files))
        volumes = len(files) - rois
    if volumes == 1 and rois == 1:
        image, roi = files
        return CaseFiles(name, image, roi)
    return Exclusion(
        "case-ambiguous",
        f'the case "{name}" has {volumes} CTs and {rois} ROIs where one of each is needed; name an ROI with .seg, _roi '
        "or _mask at its end, or list the cases in a table.",
    )


def _pairs(folder: Path) -> dict[str, list[Path]]:
    """Image files by the name of their case."""
    pairs: dict[str, list[Path]] = {}
    for path in folder.iterdir():
        if _is_image(path):
            pairs.setdefault(_CT_END.sub("", _ROI_END.sub("", _stem(path))) or _stem(path), []).append(path)
    return pairs


def _is_image(path: Path) -> bool:
    return path.is_file() and path.name.lower().endswith(_IMAGES) and not path.name.startswith(".")


def _is_roi(path: Path) -> bool:
    return bool(_ROI_END.search(_stem(path)))


def _stem(path: Path) -> str:
    end = max((end for end in _IMAGES if path.name.lower().endswith(end)), key=len, default="")
    return path.name[: len(path.name) - len(end)] if end else path.name


def file_names(names: list[str]) -> Iterator[tuple[str, str]]:
    """Each case with a name for its files, which any system takes and no two share, whatever its letters' case."""
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).strip("._")[:80]
        if plain != name or plain.lower() in taken or not plain:
            plain = f"{plain or 'case'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        taken.add(plain.lower())
        yield name, plain
