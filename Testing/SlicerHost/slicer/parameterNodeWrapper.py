"""Stands for slicer.parameterNodeWrapper: a class whose annotated members live in a vtkMRMLScriptedModuleNode."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

import qt
import slicer
import vtk

_PROPERTY = "SlicerParameterName"


def parameterNodeWrapper(class_: type) -> type:
    """Class decorator; members are MRML node classes, str or bool, the only types that HER2Predict keeps."""
    kinds = typing.get_type_hints(class_)
    for name, kind in kinds.items():
        if kind not in (str, bool) and not issubclass(kind, slicer.vtkMRMLNode):
            raise Exception(f"Unable to create serializer for {class_} member {name}")
        default = getattr(class_, name, kind() if kind in (str, bool) else None)
        setattr(class_, name, _member(name, kind, default))
    class_.__init__ = _initialise
    for method in (connectGui, disconnectGui, AddObserver, RemoveObserver):
        setattr(class_, method.__name__, method)
    class_.allParameters = kinds
    return class_


def _member(name: str, kind: type, default: Any) -> property:
    def read(self: Any) -> Any:
        if kind in (str, bool):
            stored = self.parameterNode.GetParameter(name)
            if not self.parameterNode.HasParameter(name):
                return default
            return stored if kind is str else slicer.util.toBool(stored)
        return self.parameterNode.GetNodeReference(name)

    def write(self: Any, value: Any) -> None:
        if not isinstance(value, kind) and not (value is None and kind not in (str, bool)):
            raise TypeError(f"{name} is a {kind.__name__}, not {value!r}")
        was_modifying = self.parameterNode.StartModify()
        if kind in (str, bool):
            self.parameterNode.SetParameter(name, str(value))
        else:
            self.parameterNode.SetNodeReferenceID(name, value.GetID() if value is not None else None)
        self.parameterNode.EndModify(was_modifying)

    return property(read, write)


def _initialise(self: Any, parameterNode: Any) -> None:
    self.parameterNode = parameterNode
    self._connected: dict[int, tuple[int, list[tuple[Any, Callable[..., None]]]]] = {}
    self._updating = False


def connectGui(self: Any, gui: Any) -> int:
    """Tie members to the widgets whose dynamic property names them, both ways; the first tag is 0."""
    ties = []
    for widget in vars(gui).values():
        name = widget.property(_PROPERTY)
        if name is None:
            continue
        if type(widget) not in (slicer.qMRMLNodeComboBox, qt.QCheckBox):
            raise RuntimeError(f"Unable to create GUI connector from {type(widget).__name__} to {name}")
        _show(widget, getattr(self, name))

        def changed(value: Any, name: str = name) -> None:
            if not self._updating:
                setattr(self, name, value)

        widget.connect(_signal(widget), changed)
        ties.append((widget, changed))
    tag = len(self._connected)
    observer = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: _updateGui(self))
    self._connected[tag] = (observer, ties)
    return tag


def disconnectGui(self: Any, tag: int) -> None:
    """Undo `connectGui`."""
    if tag not in self._connected:
        return
    observer, ties = self._connected.pop(tag)
    self.RemoveObserver(observer)
    for widget, changed in ties:
        widget.disconnect(_signal(widget), changed)


def _signal(widget: Any) -> str:
    return "toggled(bool)" if type(widget) is qt.QCheckBox else "currentNodeChanged(vtkMRMLNode*)"


def _show(widget: Any, value: Any) -> None:
    if type(widget) is qt.QCheckBox:
        widget.checked = value
    else:
        widget.setCurrentNode(value)


def _updateGui(self: Any) -> None:
    if self._updating:
        return
    self._updating = True
    try:
        for _, ties in self._connected.values():
            for widget, _changed in ties:
                _show(widget, getattr(self, widget.property(_PROPERTY)))
    finally:
        self._updating = False


def AddObserver(self: Any, event: Any, callback: Callable[..., None], priority: float = 0.0) -> int:
    """Observe the wrapped node."""
    return self.parameterNode.AddObserver(event, callback, priority)


def RemoveObserver(self: Any, tag: int) -> None:
    """Stop observing the wrapped node."""
    self.parameterNode.RemoveObserver(tag)


def __dir__() -> list[str]:
    return []
