"""A CSV file of results that grows by a row a prediction, whoever writes to it at the same time."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from ..errors import InputError
from ..files import check_file, open_locked
from ..i18n import tr as _
from .table import COLUMNS, DIGEST_LENGTH, as_csv, line

#: A row is written in milliseconds; whoever has the file locked for so long does something else with it.
_PATIENCE_SECONDS = 60.0
#: No header or row is longer, in bytes.
_LONGEST = 1 << 16

_HEADER = as_csv(())


def check(path: Path) -> None:
    """Raise InputError where no row can be appended to `path`; it is not touched."""
    check_file(path)
    place = path if path.exists() else path.absolute().parent
    if not os.access(place, os.W_OK):
        raise InputError(_("{path} cannot be written to; choose another file.").format(path=path))
    if path.exists():
        try:
            with path.open("rb") as file:
                _check_header(path, file.read(_LONGEST))
        except OSError as error:
            raise _refused(path, error) from error


def append(path: Path, row: Mapping[str, str]) -> bool:
    """Append a row, below the header in a new file; was an unfinished last row taken out?

    The row is on the disk when this returns, or nothing of it. What a writer that was ended has left unfinished is
    taken out: a number that is cut short looks like another number.

    Raises
    ------
    InputError
        Where the file cannot be written, or has other columns.
    """
    try:
        with open_locked(path, _PATIENCE_SECONDS) as file:
            return _append(path, file, line(row.get(name, "") for name in COLUMNS).encode())
    except BlockingIOError as error:
        raise InputError(
            _("{path} is held by another program; end that, or choose another file.").format(path=path)
        ) from error
    except OSError as error:
        raise _refused(path, error) from error


def _append(path: Path, file: IO[bytes], row: bytes) -> bool:
    start = file.read(_LONGEST)
    _check_header(path, start)
    size = file.seek(0, os.SEEK_END)
    if b"\n" not in start:
        _write(file, 0, _HEADER + row)
        return False
    file.seek(max(0, size - _LONGEST))
    rest = file.read().rpartition(b"\n")[2]
    if rest and _is_whole(rest):  # somebody's editor has taken the end of the last line away
        _write(file, size, b"\n" + row)
        return False
    _write(file, size - len(rest), row)
    return bool(rest)


def _write(file: IO[bytes], size: int, data: bytes) -> None:
    """Make `data` follow the first `size` bytes, or leave these as they are."""
    file.truncate(size)
    try:
        left = memoryview(data)
        while left:  # past the buffer, which would go on trying when the file is closed
            left = left[os.write(file.fileno(), left) :]
        os.fsync(file.fileno())
    except OSError:
        file.truncate(size)
        raise


def _is_whole(row: bytes) -> bool:
    cells = next(csv.reader([row.decode(errors="replace").rstrip("\r")]))
    return len(cells) == len(COLUMNS) and len(cells[-1]) == DIGEST_LENGTH


def _check_header(path: Path, start: bytes) -> None:
    """Raise InputError where the first bytes of a file are those of another one; a header may be unfinished."""
    first, end, _rest = start.partition(b"\n")
    if not end and _HEADER.startswith(first):
        return
    names = next(csv.reader([first.decode("utf-8-sig", errors="replace").rstrip("\r")]), [])
    if not end or tuple(names) != COLUMNS:
        differing = next((name for name in COLUMNS if name not in names), "")
        reason = (
            _('it has no column "{name}"').format(name=differing) if differing else _("they stand in another order")
        )
        raise InputError(
            _(
                "{path} has other columns than those that this version of HER2Predict writes ({reason}); name another "
                "file."
            ).format(path=path, reason=reason),
            code="other-columns",
        )


def _refused(path: Path, error: OSError) -> InputError:
    return InputError(
        _("{path} cannot be written ({reason}); close it where it is open, or choose another file.").format(
            path=path, reason=error.strerror
        )
    )
