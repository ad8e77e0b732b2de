"""The journal beside a table in the making: what is finished survives a kill or a power cut at any moment."""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
import sys
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from ...errors import InputError
from ...files import open_locked, sync, whole


@dataclass(frozen=True)
class FeatureRow:
    """What was computed of one patient: the features in their order, and the codes of the findings on the input."""

    features: array[float]
    findings: tuple[str, ...]

    @classmethod
    def of(cls, features: Iterable[float], findings: Iterable[str]) -> FeatureRow:
        """Of numbers however they come; kept as doubles, of which thousands of patients have 975 each."""
        return cls(array("d", features), tuple(findings))


class _UnchangedError(Exception):
    """The table is there already."""


class Journal:
    """Finished rows, of `length` features each, by the key of what they were computed from, in ``<table>.journal``.

    One JSON object a line, ``{"key": sha256, "features": [...], "findings": [...]}``, with every digit of the numbers.
    A line is on the disk before `add` returns. A line that was torn when the machine stopped is passed over. While a
    Journal is open no other one can be opened for the same table, in this process or another; the lock ends with the
    process.

    Raises
    ------
    InputError
        On entering: where another run has it open, or it cannot be written.
    """

    def __init__(self, table: Path, length: int) -> None:
        self.path = table.with_name(f"{table.name}.journal")
        self._table = table
        self._length = length
        #: Where in the file the row of each key is, and how long: what is finished need not fit into memory.
        self._places: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> Journal:
        try:
            self._file = self._open()
            self._find_rows()
        except OSError as error:
            raise InputError(f"{self.path} cannot be written ({error.strerror}); choose another place.") from error
        if self._end and not self._is_ended:
            self._append(b"\n")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self._file.close()

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def row(self, key: str) -> FeatureRow:
        """The row of a key that is finished."""
        start, length = self._places[key]
        self._file.seek(start)
        found = self._read(self._file.read(length))
        if found is None:
            raise ValueError(f"{self.path} was changed by another program")
        return found[1]

    def add(self, key: str, row: FeatureRow) -> None:
        """Put the row of one key on the disk."""
        entry = {"key": key, "features": row.features.tolist(), "findings": row.findings}
        line = json.dumps(entry, allow_nan=False).encode() + b"\n"
        start = self._end
        self._append(line)
        self._places[key] = start, len(line)

    def finish(self, lines: Iterable[str]) -> None:
        """Put the finished table of these lines in place, whole or not at all, and then remove the journal.

        A table that is the same already is left as it is.
        """
        try:
            with contextlib.suppress(_UnchangedError), whole(self._table, synced=True) as unfinished:
                with unfinished.open("w", encoding="utf-8", newline="") as file:
                    file.writelines(lines)
                if self._table.exists() and filecmp.cmp(unfinished, self._table, shallow=False):
                    raise _UnchangedError
        except OSError as error:
            raise InputError(
                f"{self._table} cannot be written ({error.strerror}); what is finished is kept in {self.path.name}."
            ) from error
        if sys.platform == "win32":  # which deletes no open file
            self._file.close()
        with contextlib.suppress(PermissionError):  # another run has it open by now, and will delete it
            self.path.unlink(missing_ok=True)

    def _open(self) -> IO[bytes]:
        try:
            file = open_locked(self.path)
        except BlockingIOError as error:
            raise InputError(
                f"Another run is writing {self._table}; wait until it ends, or choose another name."
            ) from error
        sync(self.path.parent)
        return file

    def _append(self, line: bytes) -> None:
        try:
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise InputError(f"{self.path} cannot be written ({error.strerror}); make room and run again.") from error
        self._end += len(line)

    def _find_rows(self) -> None:
        self._end, self._is_ended = 0, True
        for line in self._file:
            found = self._read(line)
            if found is not None:
                self._places[found[0]] = self._end, len(line)
            self._end += len(line)
            self._is_ended = line.endswith(b"\n")

    def _read(self, line: bytes) -> tuple[str, FeatureRow] | None:
        """Key and row of a line; None where it is torn or something else."""
        try:
            entry = json.loads(line)
            row = FeatureRow.of(map(float, entry["features"]), map(str, entry["findings"]))
            key = str(entry["key"])
        except (ValueError, TypeError, KeyError):
            return None
        return (key, row) if len(row.features) == self._length else None
