"""The `.her2model` file, a zip of ``model.json`` and ``arrays.npz``: untrusted, checked before a value is used."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..files import whole
from ..i18n import tr as _
from .bundle_checks import BundleError, check

_MEMBERS = ("model.json", "arrays.npz")

#: The bundled one has about 0.5 MB; these bounds leave room and stop a zip bomb.
_LARGEST_FILE_BYTES = 64 * 2**20
_LARGEST_JSON_BYTES = 8 * 2**20

_FIXED_DATE = (2020, 1, 1, 0, 0, 0)


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray], str]:
    """Card and arrays of a bundle, which follow the format and fit each other, and the SHA-256 of the file.

    Raises
    ------
    InputError
        Where the file is missing, damaged, too large, of another format or inconsistent in itself.
    """
    content = _read_bounded(path)
    try:
        card, arrays = _parse(content)
    except BundleError as error:
        raise InputError(
            _("{file} is not a usable .her2model bundle: {error}. Choose another file.").format(
                file=path.name, error=error
            )
        ) from error
    return card, arrays, hashlib.sha256(content).hexdigest()


def _parse(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    parts = _unzip(content)
    try:
        card = json.loads(parts["model.json"].decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(_("model.json is damaged")) from error
    arrays = _load_arrays(parts["arrays.npz"])
    check(card, arrays)
    return card, arrays


def write(card: Mapping[str, Any], arrays: Mapping[str, np.ndarray], path: Path) -> None:
    """Write a bundle; the same content gives the same bytes.

    Raises
    ------
    BundleError
        Where it would not be read again.
    """
    check(card, arrays)
    stored = io.BytesIO()
    named: dict[str, Any] = {name: np.asarray(array, np.float64) for name, array in sorted(arrays.items())}
    np.savez(stored, **named)
    text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False)
    with whole(path) as unfinished, zipfile.ZipFile(unfinished, "w") as bundle:
        for name, content in zip(_MEMBERS, (text.encode("utf-8"), stored.getvalue()), strict=True):
            entry = zipfile.ZipInfo(name, _FIXED_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, content)


def _read_bounded(path: Path) -> bytes:
    if not path.is_file():
        raise InputError(_("The model file {path} does not exist. Choose a .her2model file.").format(path=path))
    if path.stat().st_size > _LARGEST_FILE_BYTES:
        raise InputError(
            _("{file} has {size:.0f} MB; a .her2model bundle has a few.").format(
                file=path.name, size=path.stat().st_size / 2**20
            )
        )
    return path.read_bytes()


def _unzip(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            if sorted(bundle.namelist()) != sorted(_MEMBERS):
                raise BundleError(_("it must hold {members} and nothing else").format(members=" and ".join(_MEMBERS)))
            return {
                "model.json": _read_member(bundle, "model.json", _LARGEST_JSON_BYTES),
                "arrays.npz": _read_member(bundle, "arrays.npz", _LARGEST_FILE_BYTES),
            }
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise BundleError(_("it is damaged or of another format")) from error


def _read_member(bundle: zipfile.ZipFile, name: str, bound: int) -> bytes:
    try:
        with bundle.open(name) as member:
            content = member.read(bound + 1)
    except zlib.error as error:
        raise BundleError(_("{name} is damaged").format(name=name)) from error
    if len(content) > bound:
        raise BundleError(_("{name} is larger than {size} MB").format(name=name, size=bound // 2**20))
    return content


def _refuse_constant(name: str) -> None:
    raise BundleError(_("model.json holds {name}").format(name=name))


def _load_arrays(content: bytes) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_FILE_BYTES:
                raise BundleError(_("its arrays are too large"))
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError, SyntaxError, MemoryError) as error:
        raise BundleError(_("its arrays are damaged")) from error
