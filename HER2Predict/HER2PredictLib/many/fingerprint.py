"""What decides the features of a case, as a key: the same key, the same numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from .. import __version__, case, extraction, features, findings, installed
from ..errors import InputError

#: Packages whose release can change a number; which of the two pyradiomics is there depends on the Python version.
_PACKAGES = ("numpy", "SimpleITK", "PyWavelets", "pyradiomics", "pyradiomics-cuda", "pydicom", "highdicom")

#: Rooms and modules of this library that turn files into features, refuse them or find something. Between two releases
#: their text tells.
_DECIDING = (case, findings, extraction, features)

#: File names that end so may be a header alone, with the gray levels in other files.
_HEADERS = (".mhd", ".nhdr", ".hdr")

_CHUNK = 1 << 20


def settings_id() -> str:
    """Identifier of HER2Predict's feature settings: SHA-256 of its parameter file."""
    return settings_id_of(features.PARAMETER_FILE.read_text(encoding="utf-8"))


def settings_id_of(text: str) -> str:
    """Identifier of feature settings from the text of a parameter file, whatever its line ends."""
    return hashlib.sha256("\n".join(text.splitlines()).encode()).hexdigest()


def software() -> dict[str, str]:
    """Feature settings and versions that decide the numbers in this process."""
    return {"settings": settings_id(), **_versions()}


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    return {"HER2Predict": f"{__version__} {source_id(_deciding_files())}", **installed(*_PACKAGES)}


def _deciding_files() -> Iterator[Path]:
    for module in _DECIDING:
        file = Path(str(module.__file__))
        yield from sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else (file,)


def source_id(files: Iterable[Path]) -> str:
    """SHA-256 over the text of source files, whatever their line ends."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(b"\n".join(file.read_bytes().splitlines()))
    return digest.hexdigest()


def key_of(image: Path, roi: Path, segment: str, decided_by: Mapping[str, str], series: str = "") -> str:
    """SHA-256 over the content of the image and of the ROI, the names of segment and series, and `software`.

    Raises
    ------
    InputError
        Where a file cannot be read.
    """
    parts = {"image": _content_id(image), "roi": _content_id(roi), "segment": segment, **decided_by}
    parts |= {"series": series} if series else {}  # as it was before tables could name one
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _content_id(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        for file in _files_of(path):
            # Sizes keep the end of a file apart from the beginning of the next.
            digest.update(f"{file.name} {file.stat().st_size}\n".encode() if file != path else b"")
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename} does not exist. Check the path.", code="file-not-found") from error
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror}).", code="file-unreadable") from error
    return digest.hexdigest()


def _files_of(path: Path) -> Iterator[Path]:
    """The file; every file in and below a DICOM folder; a header and the files that it names or that share its name."""
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file())
        return
    yield path
    if path.suffix.lower() in _HEADERS:
        yield from sorted(_data_files(path))


def _data_files(header: Path) -> set[Path]:
    text = header.read_text(encoding="latin-1")
    named = {part.strip() for line in text.splitlines() for part in (line, *line.split("=", 1), *line.split(":", 1))}
    # NUL stands in headers that are binary, and in no file name.
    files = [header.parent / name for name in named if 0 < len(name) < 256 and "\0" not in name]
    sharing = [file for file in header.parent.glob("*") if file.stem == header.stem or file.stem == header.name]
    return {file for file in [*files, *sharing] if file.is_file() and file != header}
