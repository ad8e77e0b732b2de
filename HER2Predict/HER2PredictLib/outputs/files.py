"""Files that the command writes: refused before any work where they cannot be, written as a whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError

#: For JSON: not a file, but standard output.
STANDARD_OUTPUT = "-"


def check_file(path: Path) -> None:
    """Raise InputError where no file can be written to `path`."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file to write to.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"The folder {path.absolute().parent} does not exist; make it or choose another.")


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
    """Let `content` write a file beside `path`, and put it in its place once it is whole."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        write(temporary, content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write(path: Path, content: Callable[[Path], object]) -> None:
    """Let `content` write to `path`.

    Raises
    ------
    InputError
        Where the system refuses it.
    """
    try:
        content(path)
    except OSError as error:
        raise InputError(f"{path.parent} cannot be written to ({error.strerror}); choose another place.") from error
