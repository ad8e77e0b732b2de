"""The questions of this host: windows in which nobody is there to answer, but a test may."""

from __future__ import annotations

from typing import Any

import qt
from PySide6 import QtCore, QtWidgets

#: A question that nobody has answered by then is cancelled.
_PATIENCE_MS = 5000


class QFileDialog:
    """Stands for QFileDialog: every question is cancelled."""

    @staticmethod
    def getSaveFileName(parent: Any, caption: str, directory: str, name_filter: str) -> str:
        """The path alone, as in PythonQt; empty when cancelled."""
        return ""

    @staticmethod
    def getExistingDirectory(parent: Any, caption: str) -> str:
        """The path of a folder; empty when cancelled."""
        return ""


class QMessageBox(qt.PythonQtObject, QtWidgets.QMessageBox):
    """Stands for QMessageBox; its buttons have PythonQt's manners."""

    def addButton(self, what: Any, role: Any = None) -> Any:
        """A button with a text and a role, or a standard one."""
        if role is None:
            if what != QtWidgets.QMessageBox.StandardButton.Cancel:
                raise ValueError(f"this host has no standard button {what}")
            what, role = "Cancel", QtWidgets.QMessageBox.ButtonRole.RejectRole
        button = qt.QPushButton(what)
        super().addButton(button, role)
        self.__dict__.setdefault("_kept", []).append(button)
        return button

    def buttons(self) -> list[Any]:
        """Those that were added, from first to last."""
        return list(self.__dict__.get("_kept", []))

    def exec(self) -> int:
        """Wait for an answer, seeing to everything else."""
        patience = QtCore.QTimer(self)
        patience.setSingleShot(True)
        patience.timeout.connect(super().reject)
        patience.start(_PATIENCE_MS)
        return super().exec()
