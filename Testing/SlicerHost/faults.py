"""What goes wrong unseen, written down for tests: exceptions that Slicer prints and swallows, what would crash it.

It crashes where a node is taken away that C++ still needs.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

import vtk

#: Above and below every priority that a caller of AddObserver uses.
_FIRST, _LAST = 1e6, -1e6
#: How much of the way to a crash is told.
_FRAMES = 8

_crashes: list[str] = []
_swallowed: list[str] = []
#: Addresses of the command-line module nodes whose events are on their way.
_speaking: list[str] = []


def record(what: str) -> None:
    """Write down that Slicer would have crashed, and the way there."""
    way = "".join(traceback.format_stack(limit=_FRAMES)[:-1])
    _crashes.append(f"{what}\n{way}")
    print(f"Slicer would crash: {what}", file=sys.stderr)


def require_alive() -> None:
    """Nothing runs any more in an application that has crashed.

    Raises
    ------
    RuntimeError
        Where a crash is written down that nobody has asked for yet.
    """
    if _crashes:
        raise RuntimeError(f"Slicer has crashed: {_crashes[0]}")


def take_crashes() -> list[str]:
    """What would have crashed Slicer since this was asked last."""
    taken = list(_crashes)
    _crashes.clear()
    return taken


def swallow(error: Exception) -> None:
    """Write down an exception that goes no further, as those in a slot or in a method of the module do."""
    _swallowed.append("".join(traceback.format_exception(error)))


def take_swallowed() -> list[str]:
    """Tracebacks of the exceptions that went no further since this was asked last."""
    taken = list(_swallowed)
    _swallowed.clear()
    return taken


def watch(scene: Any) -> None:
    """See that no vtkMRMLCommandLineModuleNode leaves `scene` within its own events.

    vtkSlicerCLIModuleLogic sets the status of a node that it does not own: a node that an observer takes out of the
    scene is gone when ModifiedEvent returns, and StatusModifiedEvent is sent on freed memory.
    """
    scene.AddObserver(scene.NodeAddedEvent, _on_added)
    scene.AddObserver(scene.NodeRemovedEvent, _on_removed)


@vtk.calldata_type(vtk.VTK_OBJECT)
def _on_added(scene: Any, event: str, node: Any) -> None:
    if node.IsA("vtkMRMLCommandLineModuleNode"):
        for kind in (vtk.vtkCommand.ModifiedEvent, node.StatusModifiedEvent):
            node.AddObserver(kind, lambda caller, event: _speaking.append(caller.__this__), _FIRST)
            node.AddObserver(kind, lambda caller, event: _speaking.remove(caller.__this__), _LAST)


@vtk.calldata_type(vtk.VTK_OBJECT)
def _on_removed(scene: Any, event: str, node: Any) -> None:
    if node.__this__ in _speaking:
        record(f"{node.GetName()} ({node.GetStatusString()}) was removed from the scene within its own event")
