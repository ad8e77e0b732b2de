"""Application: what the panel needs of the application that it is in, as functions; nothing here knows Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the module file takes this one at Slicer's start
    from ..result.result import Result


def connect(sender: Any, signal: str, slot: Callable[..., Any]) -> None:
    """Connect, or raise: PythonQt only answers False where there is no such signal."""
    if not sender.connect(signal, slot):
        raise RuntimeError(f"{sender} has no signal {signal}")


@dataclass(frozen=True)
class Question:
    """What the user is asked: one of a few choices, or none; `tick` is on a box to be ticked, if not empty."""

    title: str
    text: str
    choices: tuple[str, ...]
    tick: str = ""


@dataclass(frozen=True)
class Answer:
    """The number of the choice, from 0 on, and whether the box was ticked."""

    choice: int
    is_ticked: bool


@dataclass(frozen=True)
class Application:
    """Given by the module file.

    `timer`, a QTimer, is started whenever the input may have changed; it times out once that has rested. `later` calls
    a function in a later turn of the event loop, `soon` the same after a pause in which the application sees to its
    user. `layout_manager` gives the qSlicerLayoutManager, None without a main window; `dicom_database` gives Slicer's
    ctkDICOMDatabase, or None. `remember_model` keeps the path of a bundle for new scenes. `show` is told what the gauge
    shows, and whether a prediction can be asked for or cancelled; `reveal` brings the answer into view where the panel
    is scrolled. `show_table` and `show_chart` show a ``vtkMRMLTableNode`` or ``vtkMRMLPlotChartNode`` to the user.
    `ask_where` asks for the path of a new file, given a title, a name and the kinds of files, `ask_folder` for that of
    a folder, given a title; empty where there is no answer. `ask` gives None where a question is cancelled.
    `import_dicom` lets the DICOM database copy what is in a folder.
    """

    timer: Any
    later: Callable[[Callable[[], None]], None]
    soon: Callable[[Callable[[], None]], None]
    layout_manager: Callable[[], Any]
    dicom_database: Callable[[], Any]
    remember_model: Callable[[str], None]
    show: Callable[[Result | None, bool, bool], None]
    reveal: Callable[[], None]
    show_table: Callable[[Any], None]
    show_chart: Callable[[Any], None]
    ask_where: Callable[[str, str, str], str]
    ask_folder: Callable[[str], str]
    ask: Callable[[Question], Answer | None]
    import_dicom: Callable[[str], object]
