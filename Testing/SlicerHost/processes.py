"""The QProcess of this host: that of PySide6 with the names and signatures of Qt 5.15 that Slicer's PythonQt shows."""

from __future__ import annotations

from typing import Any

import qt
from PySide6 import QtCore

#: Came with Qt 6; or, as `error`, cannot be told apart from the signal of the same name in Qt 5.
_ELSEWHERE = frozenset({"error", "readLineInto", "setUnixProcessParameters", "startCommand", "unixProcessParameters"})


class QProcess(qt.PythonQtObject, QtCore.QProcess):
    """Stands for QProcess."""

    def __getattribute__(self, name: str) -> Any:
        if name in _ELSEWHERE:
            raise AttributeError(f"'{name}' is not for use on QProcess")
        return super().__getattribute__(name)

    def start(self, program: str, arguments: list[str] | tuple[str, ...], *mode: Any) -> None:
        """Start a program with a list of arguments."""
        if not isinstance(program, str) or not all(isinstance(argument, str) for argument in arguments):
            raise ValueError(f"Could not find matching overload for given arguments: {(program, arguments)}")
        super().start(program, list(arguments), *mode)

    def write(self, data: Any) -> int:
        """Put bytes into the standard input of the process."""
        if not isinstance(data, QtCore.QByteArray):
            raise ValueError(f"Could not find matching overload for given arguments: ({data!r},)")
        return super().write(data)
