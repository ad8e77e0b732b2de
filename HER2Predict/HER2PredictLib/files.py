"""Files that are written as a whole or not at all, and refused before any work where they cannot be."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from .errors import InputError

#: For JSON: not a file, but standard output.
STANDARD_OUTPUT = "-"

_LOCK_POLL_SECONDS = 0.01


@contextlib.contextmanager
def whole(path: Path, *, synced: bool = False) -> Iterator[Path]:
    """A file beside `path` for the block to write: whoever looks at `path` sees what was there before, or all of it.

    If `synced`, it survives a power cut from the end of the block on.
    """
    unfinished = path.with_name(f".{path.name}.part")
    try:
        yield unfinished
        if synced:
            sync(unfinished)
        unfinished.replace(path)
    finally:
        with contextlib.suppress(OSError):  # what kept it from being written tells more
            unfinished.unlink()
    if synced:
        sync(path.parent)


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, survive a power cut, where the system can be asked to."""
    if sys.platform == "win32" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_file(path: Path) -> None:
    """Raise InputError where no file can be written to `path`."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file to write to.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"The folder {path.absolute().parent} does not exist; make it or choose another.")


def check_folder(path: Path, what: str) -> None:
    """Raise InputError where the folder for `what` is a file."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file; name a folder for {what}.")


def check_json(target: str) -> None:
    """Raise InputError where no JSON can be written to `target`, a file or ``-``."""
    if target != STANDARD_OUTPUT:
        check_file(Path(target))


def write_json(target: str, content: Mapping[str, Any]) -> None:
    """Write JSON to a file, or to standard output for ``-``."""
    text = json.dumps(content, indent=1, allow_nan=False)
    if target == STANDARD_OUTPUT:
        print(text)
    else:
        write_file(Path(target), lambda path: path.write_text(text + "\n", encoding="utf-8"))


def write_file(path: Path, content: Callable[[Path], object]) -> None:
    """Let `content` write the file `path`, as a whole or not at all.

    Raises
    ------
    InputError
        Where the system refuses it.
    """

    with writing(path), whole(path) as unfinished:
        content(unfinished)


def write_files(out: Path, files: Mapping[str, bytes]) -> None:
    """Write files into the folder `out`, by their names below it, each as a whole or not at all.

    Raises
    ------
    InputError
        Where one cannot be written.
    """
    try:
        for name, content in files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            with whole(out / name) as unfinished:
                unfinished.write_bytes(content)
    except OSError as error:
        raise not_writable(out, error) from error


def not_writable(folder: Path, error: OSError) -> InputError:
    """What is wrong where something in a folder cannot be written or removed."""
    return InputError(f"{error.filename or folder} cannot be written ({error.strerror}); choose another folder.")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise InputError where the system refuses what the block writes to `path`."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path.parent} cannot be written to ({error.strerror}); choose another place.") from error


def open_locked(path: Path, wait_seconds: float = 0.0) -> IO[bytes]:
    """The file `path`, made where it is not there, to read and to append to; nobody else has it locked.

    The lock ends with the file object or the process. It keeps out those alone who ask for it.

    Raises
    ------
    BlockingIOError
        Where somebody else has it locked for longer than `wait_seconds`.
    OSError
        Where it cannot be opened.
    """
    patience = time.monotonic() + wait_seconds
    while True:
        file = path.open("a+b")
        if not _lock(file):
            file.close()
            if time.monotonic() >= patience:
                raise BlockingIOError(f"{path} is locked")
            time.sleep(_LOCK_POLL_SECONDS)
        # Whoever had it locked between the two lines may have deleted the file that is open now.
        elif path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            file.seek(0)
            return file
        else:
            file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        """Lock a byte far beyond the content, since Windows lets nobody read what is locked."""
        file.seek(2**31 - 2)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return True
