"""Stands for slicer.cli: runs SlicerRadiomics' command-line module in a process of its own."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import slicer

_PROGRAM = "from radiomics.scripts import parse_args; parse_args()"
_POLL_MS = 20


class SlicerRadiomicsCLI:
    """Stands for slicer.modules.slicerradiomicscli."""

    name = "SlicerRadiomicsCLI"
    parameters = frozenset({"Image", "Mask", "param", "label", "out"})


def run(
    module: Any,
    node: Any = None,
    parameters: dict[str, Any] | None = None,
    wait_for_completion: bool = False,
    delete_temporary_files: bool = True,
    update_display: bool = True,
) -> Any:
    """Start the module and return its vtkMRMLCommandLineModuleNode at once.

    Only what HER2Predict needs: a new node, not waited for.
    """
    if node is not None or wait_for_completion or not parameters:
        raise NotImplementedError("this host runs a new node in the background only")
    unknown = set(parameters) - module.parameters
    if unknown:
        raise ValueError(f"{module.name} has no parameter {sorted(unknown)}")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLCommandLineModuleNode", module.name)
    _runs.append(_Run(node, parameters))
    return node


_runs: list[_Run] = []


class _Run:
    """One extraction: the pair written to a folder, the `pyradiomics` program, its table read back."""

    def __init__(self, node: Any, parameters: dict[str, Any]) -> None:
        import qt

        self.node = node
        self.table_id = parameters["out"]
        self.folder = tempfile.TemporaryDirectory(prefix="slicer-cli-")
        folder = Path(self.folder.name)
        self.csv = folder / "out.csv"
        images = [self._written(parameters[name], folder / f"{name}.nrrd") for name in ("Image", "Mask")]
        options = ["--param", parameters["param"], "--out", str(self.csv), f"--setting=label:{parameters['label']}"]
        options += ["--format=csv", "--verbosity=4", "--setting=correctMask:True"]
        self.log = (folder / "log.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *images, *options], stdout=subprocess.DEVNULL, stderr=self.log
        )
        node.SetStatus(node.Running)
        self.timer = qt.QTimer()
        self.timer.connect("timeout()", self._look)
        self.timer.start(_POLL_MS)

    @staticmethod
    def _written(node_id: str, path: Path) -> str:
        node = slicer.mrmlScene.GetNodeByID(node_id)
        storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
        storage.SetFileName(str(path))
        if not storage.WriteData(node):
            raise RuntimeError(f"{node.GetName()} could not be written")
        return str(path)

    def _look(self) -> None:
        if self.node.GetStatus() == self.node.Cancelling:
            self.process.kill()
            self.process.wait()
            self._end(self.node.Cancelled)
        elif self.process.poll() is not None:
            self.log.seek(0)
            self.node.SetErrorText(self.log.read(), False)
            self.node.SetStatus(self.node.Completing)
            table = slicer.mrmlScene.GetNodeByID(self.table_id)
            if table is not None and self.csv.is_file():
                self._fill(table)
            # As in Slicer: a failed extraction ends as Completed too, with an empty table.
            self._end(self.node.Completed)

    def _fill(self, table: Any) -> None:
        import vtk

        with self.csv.open(newline="") as stream:
            header, *rows = list(csv.reader(stream))
        for index, name in enumerate(header):
            column = vtk.vtkStringArray()
            column.SetName(name)
            for row in rows:
                column.InsertNextValue(row[index])
            table.AddColumn(column)

    def _end(self, status: int) -> None:
        self.timer.stop()
        self.log.close()
        self.folder.cleanup()
        _runs.remove(self)
        self.node.SetStatus(status)


def __dir__() -> list[str]:
    return []
