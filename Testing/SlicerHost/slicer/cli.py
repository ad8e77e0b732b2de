"""Stands for slicer.cli: runs SlicerRadiomics' command-line module in a process of its own.

The order of events, and who owns which node when, is that of vtkSlicerCLIModuleLogic and vtkSlicerApplicationLogic:
a thread writes the inputs and waits for the program; then the main thread, in later turns of its event loop, tells
of the status Completing, reads the outputs, and sets the status to Completed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import slicer
import vtk

_PROGRAM = "from radiomics.scripts import parse_args; parse_args()"
_POLL_MS = 20
#: From the status Completing to the reading of the outputs; Slicer takes up to 200 ms.
_READ_MS = 40


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
    import faults

    faults.require_alive()
    if node is not None or wait_for_completion or not parameters:
        raise NotImplementedError("this host runs a new node in the background only")
    unknown = set(parameters) - module.parameters
    if unknown:
        raise ValueError(f"{module.name} has no parameter {sorted(unknown)}")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLCommandLineModuleNode", module.name)
    node.SetAttribute("UpdateDisplay", "true" if update_display else "false")
    _runs.append(_Run(node, parameters))
    return node


_runs: list[_Run] = []


class _Run:
    """One extraction: the pair written to a folder, the `pyradiomics` program, its table read back."""

    def __init__(self, node: Any, parameters: dict[str, Any]) -> None:
        import qt

        self.node = node  # the thread holds it until the program has ended
        self.parameters = parameters
        self.folder = tempfile.TemporaryDirectory(prefix="slicer-cli-")
        self.csv = Path(self.folder.name) / "out.csv"
        self.log = (Path(self.folder.name) / "log.txt").open("w+")
        self.process: Any = None
        self.timer = qt.QTimer()
        self.timer.connect("timeout()", self._look)
        self.timer.start(_POLL_MS)
        node.SetStatus(node.Scheduled)

    # What the thread does

    def _look(self) -> None:
        if self.node.GetStatus() == self.node.Cancelling:
            if self.process is not None:
                self.process.kill()
                self.process.wait()
            self._set_status(self.node.Cancelled)
            self._end()
        elif self.process is None:
            self._start()
        elif self.process.poll() is not None:
            self.timer.stop()
            self._finish()

    def _start(self) -> None:
        if self._missing("Image", "Mask"):
            self._crash("was removed before the program was given it")
            return
        images = [self._written(name) for name in ("Image", "Mask")]
        options = ["--param", self.parameters["param"], "--out", str(self.csv), "--format=csv", "--verbosity=4"]
        options += [f"--setting=label:{self.parameters['label']}", "--setting=correctMask:True"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *images, *options], stdout=subprocess.DEVNULL, stderr=self.log
        )
        self._set_status(self.node.Running)

    def _written(self, name: str) -> str:
        node = slicer.mrmlScene.GetNodeByID(self.parameters[name])
        storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
        storage.SetFileName(str(Path(self.folder.name) / f"{name}.nrrd"))
        if not storage.WriteData(node):
            raise RuntimeError(f"{node.GetName()} could not be written")
        return storage.GetFileName()

    def _finish(self) -> None:
        import qt

        self.log.seek(0)
        self.node.SetErrorText(self.log.read(), False)
        self._set_status(self.node.Completing)
        self.weak = vtk.vtkWeakReference()  # all that vtkSlicerCLIModuleLogic keeps of it is a bare pointer
        self.weak.Set(self.node)
        self.node = None
        qt.QTimer.singleShot(_READ_MS, self._read)

    def _set_status(self, status: int) -> None:
        """Of vtkSlicerApplicationLogic::RequestModified: the main thread tells of it in a later turn."""
        import qt

        node = self.node
        node.SetStatus(status, False)
        qt.QTimer.singleShot(0, lambda: node.Modified())

    # What the main thread does

    def _read(self) -> None:
        """Of ReadDataRequestFile::Execute and vtkSlicerCLIModuleLogic::ProcessMRMLLogicsEvents."""
        if self._missing("out", "Image", "Mask"):
            self._crash("was removed before the outputs were read")
            return
        table = slicer.mrmlScene.GetNodeByID(self.parameters["out"])
        if self.csv.is_file():
            table.AddDefaultStorageNode(str(self.csv))
            storage = table.GetStorageNode()
            storage.SetFileName(str(self.csv))
            storage.ReadData(table, True)
            storage.SetFileName("")
        table.Modified()
        node = self.weak.Get()
        if node is None:
            self._crash("the command-line module's node is freed memory by now", named=False)
            return
        self._end()
        # As in Slicer: a failed extraction ends as Completed too, with an empty table; so does one cancelled too late.
        node.SetStatus(node.Completed)

    def _missing(self, *names: str) -> list[str]:
        return [name for name in names if slicer.mrmlScene.GetNodeByID(self.parameters[name]) is None]

    def _crash(self, what: str, named: bool = True) -> None:
        import faults

        missing = self._missing("out", "Image", "Mask")
        faults.record(f"{', '.join(missing)} of {SlicerRadiomicsCLI.name} {what}" if named else what)
        self._end()

    def _end(self) -> None:
        self.timer.stop()
        self.log.close()
        self.folder.cleanup()
        _runs.remove(self)


def __dir__() -> list[str]:
    return []
