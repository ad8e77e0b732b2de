"""The cases of a folder or of a table: which CT and which ROI belong together."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..case.dicom.headers import ROI_CLASSES, headers_of
from ..errors import InputError
from ..many.cells import PATIENT_COLUMN, absolute, need_columns, read_cells
from ..many.processes import Exclusion

_IMAGES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")
#: The end of a file's name, before that of its kind, by which it is an ROI; what stands before is its case.
_ROI_END = re.compile(r"(?:^|[._\- ])(?:seg|roi|mask|label|outline|segmentation)$", re.IGNORECASE)
#: The same of a CT; a file may go without.
_CT_END = re.compile(r"[._\- ](?:ct|ctu|image|volume)$", re.IGNORECASE)
#: What Windows keeps for devices, whatever ending follows.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class CaseFiles:
    """One case: its name, and the files that it is in."""

    name: str
    image: Path
    roi: Path
    segment: str = ""
    series: str = ""


Found = dict[str, "CaseFiles | Exclusion"]


def find_cases(source: Path, out: Path | None = None) -> Found:
    """By name, in order: the files of each case, or why they cannot be told.

    A CSV has the columns of a cohort table. In a folder each folder, but `out`, is a case that holds one CT and one
    ROI; so is each pair of files whose names differ in an end such as ``.seg`` or ``_roi``.

    Raises
    ------
    InputError
        Where there is nothing of the kind.
    """
    if not source.exists():
        raise InputError(f"{source} does not exist. Give a folder with cases or a table.")
    if not source.is_dir():
        return _in_table(source)
    found = _in_folder(source, out)
    if not any(isinstance(case, CaseFiles) or case.code != "case-empty" for case in found.values()):
        raise InputError(
            f"{source} holds no case: neither folders with a CT and an ROI nor pairs such as A.nrrd and A.seg.nrrd."
        )
    return found


def _in_table(source: Path) -> Found:
    table = read_cells(source)
    need_columns(table.columns, (PATIENT_COLUMN, "image", "roi"), source)
    columns = (table.column(name) for name in (PATIENT_COLUMN, "image", "roi", "segment", "series"))
    return {name: _of_row(source, name, *cells) for name, *cells in zip(*columns, strict=True)}


def _of_row(source: Path, name: str, image: str, roi: str, segment: str, series: str) -> CaseFiles | Exclusion:
    if image and roi:
        return CaseFiles(name, absolute(source, image), absolute(source, roi), segment, series)
    return Exclusion("case-incomplete", f"the table names no {'ROI' if image else 'CT'}; fill it in.")


def _in_folder(source: Path, out: Path | None) -> Found:
    found: Found = {}
    for folder in source.iterdir():
        is_out = out is not None and out.exists() and folder.samefile(out)
        if folder.is_dir() and not is_out and not folder.name.startswith("."):
            found[folder.name] = _of_folder(folder)
    for name, files in _pairs(source).items():
        found[name] = _of_pair(name, files) if name not in found else _ambiguous("a folder and files beside it")
    return {name: found[name] for name in sorted(found, key=natural)}


def _of_folder(folder: Path) -> CaseFiles | Exclusion:
    try:
        images = [path for path in folder.iterdir() if _is_image(path)]
        rois, volumes = [path for path in images if _is_roi(path)], [path for path in images if not _is_roi(path)]
        if not (rois and volumes):  # else what DICOM there may be is what they were made from
            headers = headers_of(folder)
            rois += [header.path for header in headers if header.sop_class in ROI_CLASSES]
            if not volumes and any(header.is_image for header in headers):
                volumes = [folder]
    except InputError as error:
        return Exclusion(error.code, str(error))
    except OSError as error:
        return Exclusion("file-unreadable", f"its folder cannot be read ({error.strerror}).")
    if not volumes and not rois:
        return Exclusion("case-empty", "its folder holds neither a CT nor an ROI.")
    return _told(folder.name, volumes, rois)


def _of_pair(name: str, files: list[Path]) -> CaseFiles | Exclusion:
    if len(files) == 1:
        has, lacks = ("an ROI", "CT") if _is_roi(files[0]) else ("a CT", "ROI")
        return Exclusion("case-incomplete", f"it has {has}, and no {lacks} that is named like it lies beside it.")
    return _told(name, [path for path in files if not _is_roi(path)], [path for path in files if _is_roi(path)])


def _told(name: str, volumes: list[Path], rois: list[Path]) -> CaseFiles | Exclusion:
    if len(volumes) == 1 and len(rois) == 1:
        return CaseFiles(name, volumes[0], rois[0])
    return _ambiguous(f"{_count(len(volumes), 'CT')} and {_count(len(rois), 'ROI')}")


def _ambiguous(held: str) -> Exclusion:
    return Exclusion(
        "case-ambiguous",
        f"it has {held}, where one CT and one ROI are needed; end an ROI's name in .seg, _roi or _mask, or list the "
        "cases in a table.",
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number or 'no'} {what}s"


def _pairs(folder: Path) -> dict[str, list[Path]]:
    """Image files by the name of their case."""
    pairs: dict[str, list[Path]] = {}
    for path in folder.iterdir():
        if _is_image(path):
            pairs.setdefault(_CT_END.sub("", _ROI_END.sub("", _stem(path))) or _stem(path), []).append(path)
    return pairs


def _is_image(path: Path) -> bool:
    return path.name.lower().endswith(_IMAGES) and not path.name.startswith(".") and path.is_file()


def _is_roi(path: Path) -> bool:
    return bool(_ROI_END.search(_stem(path)))


def _stem(path: Path) -> str:
    end = max((end for end in _IMAGES if path.name.lower().endswith(end)), key=len, default="")
    return path.name[: len(path.name) - len(end)] if end else path.name


def natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """What to sort names by so that P2 stands before P10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts], name


def file_names(names: list[str]) -> Iterator[tuple[str, str]]:
    """Each case with a name for its files, which any system takes and no two share, whatever its letters' case."""
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).strip("._-")[:80]
        if not plain or plain != name or plain.lower() in taken or _RESERVED.match(plain):
            plain = f"{plain or 'case'}-{hashlib.sha256(name.encode(errors='surrogateescape')).hexdigest()[:8]}"
        if _RESERVED.match(plain):
            plain = f"case-{plain}"
        taken.add(plain.lower())
        yield name, plain
