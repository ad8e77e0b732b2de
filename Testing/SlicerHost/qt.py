"""Qt with PythonQt's manners over PySide6: what `import qt` gives inside 3D Slicer.

PythonQt shows Qt properties as attributes, refuses unknown names, answers a wrong signature in `connect` with False,
swallows exceptions in slots after printing them, and takes what is empty for false, an empty layout too. Every QObject
class asked of this module is made on first use from PySide6's class of the same name; value classes (QSize, QIcon...)
behave alike in both and are handed through.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from functools import cache
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

import faults

Qt = QtCore.Qt

#: Static slots hide the property of the same name.
_SLOTS = frozenset({"singleShot"})
#: Classes that have a file of their own.
_ELSEWHERE = {"QProcess": "processes", "QFileDialog": "dialogs", "QMessageBox": "dialogs"}
#: Folder of this stand-in; Python classes from elsewhere may hold Python attributes, as in Slicer.
_HERE = __file__.rsplit("/", 1)[0]


class PythonQtObject:
    """Mixed into a QObject class: properties as attributes, strict names, PythonQt's `connect`."""

    #: Signals with arguments that PySide6 cannot name: signature as Slicer writes it -> attribute.
    SIGNALS: dict[str, str] = {}

    def __getattribute__(self, name: str) -> Any:
        if name in ("connect", "disconnect"):  # PySide6 finds its own first, on instances
            return PythonQtObject.__dict__[name].__get__(self)
        if name.startswith("_") or name in _SLOTS:
            return super().__getattribute__(name)
        if name == "name":
            name = "objectName"
        reading = object.__getattribute__(self, "__dict__").setdefault("_reading", set())
        # Some properties are read through a virtual function, for which PySide6 looks here once more.
        if name in reading or _property_index(self, name) < 0:
            return super().__getattribute__(name)
        reading.add(name)
        try:
            return object.__getattribute__(self, "property")(name)
        finally:
            reading.discard(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _SLOTS and hasattr(type(self), name):
            raise AttributeError(f"Slot '{name}' can not be overwritten")
        index = _property_index(self, name)
        if index >= 0:
            described = object.__getattribute__(self, "metaObject")().property(index)
            if not described.isWritable():
                raise AttributeError(f"Property '{name}' of type '{described.typeName()}' is not writable")
            if not object.__getattribute__(self, "setProperty")(name, value):
                # Older PySide6 turns no enum into a QVariant; the setter takes it.
                super().__getattribute__(f"set{name[0].upper()}{name[1:]}")(value)
        elif _loading and isinstance(value, QtCore.QObject):
            pass  # PySide6's QUiLoader makes every child an attribute of the form; Qt does not
        elif _is_python_subclass(type(self)):
            self.__dict__[name] = value
        else:
            raise AttributeError(
                f"'{name}' does not exist on {_qt_name(type(self))} "
                "and creating new attributes on C++ objects is not allowed"
            )

    def connect(self, signature: str, slot: Callable[..., Any], *rest: Any) -> Any:
        """Connect by signature; False, and nothing said, where there is no such signal."""
        if rest or signature[:1].isdigit():  # PySide6 itself, from within signal.connect()
            return super().connect(signature, slot, *rest)
        signal = self._signal(signature)
        if signal is None:
            return False
        wrapped = _guarded(slot)
        signal.connect(wrapped)
        self.__dict__.setdefault("_connections", []).append((signature, slot, wrapped))
        return True

    def disconnect(self, signature: str, slot: Callable[..., Any], *rest: Any) -> Any:
        """Undo one `connect`; False where there was none."""
        if rest or signature[:1].isdigit():
            return super().disconnect(signature, slot, *rest)
        for connection in self.__dict__.get("_connections", []):
            if connection[:2] == (signature, slot):
                self._signal(signature).disconnect(connection[2])
                self.__dict__["_connections"].remove(connection)
                return True
        return False

    def className(self) -> str:
        """Name of the Qt class, a method as in PythonQt."""
        return _qt_name(type(self))

    def _signal(self, signature: str) -> Any:
        named = type(self).SIGNALS.get(signature)
        if named is not None:
            return getattr(self, named)
        if object.__getattribute__(self, "metaObject")().indexOfSignal(signature) < 0:
            return None
        name, _, arguments = signature.partition("(")
        signal = super().__getattribute__(name)
        try:
            return signal[arguments.rstrip(")")] if arguments != ")" else signal
        except (IndexError, KeyError):
            return signal


def _give_truth(class_: type) -> None:
    """Give a class of PySide6 the truth value that PythonQt's generator writes for it.

    `AbstractMetaClass::getDefaultNonZeroFunction` takes the first of these methods that a class has or inherits.
    """
    methods = {"isEmpty": False, "isValid": True, "isNull": False}
    name = next((name for name in methods if hasattr(class_, name)), None)
    if name is not None:
        method = getattr(class_, name)
        class_.__bool__ = lambda self: bool(method(self)) is methods[name]  # type: ignore[attr-defined]


#: What Qt's methods give, and so may never be asked of this module by name.
for _name in (
    *("QLayout", "QSize", "QSizeF", "QRect", "QRectF", "QPoint", "QPointF", "QIcon", "QPixmap", "QImage", "QColor"),
    *("QByteArray", "QKeySequence", "QModelIndex", "QRegion", "QUrl", "QMenu", "QProcessEnvironment", "QTextDocument"),
):
    _give_truth(next(getattr(module, _name) for module in (QtWidgets, QtGui, QtCore) if hasattr(module, _name)))


def _property_index(instance: Any, name: str) -> int:
    return object.__getattribute__(instance, "metaObject")().indexOfProperty(name)


@cache
def _is_python_subclass(class_: type) -> bool:
    module = sys.modules.get(class_.__module__)
    return not str(getattr(module, "__file__", "") or "").startswith(_HERE)


def _qt_name(class_: type) -> str:
    return next(base.__name__ for base in class_.__mro__ if not _is_python_subclass(base))


def _guarded(slot: Callable[..., Any]) -> Callable[..., None]:
    """`slot` called with as many arguments as it takes; an exception goes to standard error and no further."""
    takes = _positional_count(slot)

    def call(*arguments: Any) -> None:
        try:
            slot(*arguments[:takes])
        except Exception as error:
            traceback.print_exc()
            faults.swallow(error)

    return call


def _positional_count(slot: Callable[..., Any]) -> int | None:
    try:
        parameters = inspect.signature(slot).parameters.values()
    except (TypeError, ValueError):
        return 0
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    return sum("POSITIONAL" in parameter.kind.name for parameter in parameters)


@cache
def _wrapped(name: str) -> Any:
    for module in (QtWidgets, QtGui, QtCore):
        found = getattr(module, name, None)
        if found is None:
            continue
        if isinstance(found, type):
            _give_truth(found)
        if isinstance(found, type) and issubclass(found, QtCore.QObject):
            return type(name, (PythonQtObject, found), {"__module__": __name__})
        return found
    raise AttributeError(f"module 'qt' has no attribute '{name}'")


def __getattr__(name: str) -> Any:
    if not name.startswith("Q"):
        raise AttributeError(f"module 'qt' has no attribute '{name}'")
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    return _wrapped(name)


class QUiLoader(QtUiTools.QUiLoader):
    """Stands for QUiLoader: gives widgets of this module, and of Slicer's where the .ui file names them.

    Stricter than Qt, which only prints a warning: an unknown class, or a connection that cannot be made, raises.
    """

    def load(self, file: Any) -> Any:
        """Widget tree of an open .ui file, its connections made."""
        tree = ElementTree.fromstring(bytes(file.readAll()))
        connections = tree.findall("connections/connection")
        for parent in tree.findall("connections"):
            tree.remove(parent)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(tree))
        buffer.open(QtCore.QIODevice.ReadOnly)
        _loading.append(self)
        try:
            widget = super().load(buffer)
        finally:
            _loading.clear()
        for connection in connections:
            sender, signal, receiver, slot = (
                connection.findtext(part, "") for part in ("sender", "signal", "receiver", "slot")
            )
            target = getattr(_named(widget, receiver), slot.partition("(")[0])
            if not _named(widget, sender).connect(signal, target):
                raise ValueError(f"{sender} has no signal {signal}")
        return widget

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        """Called by Qt for each widget of the file."""
        return self._made(class_name, parent, name)

    def createLayout(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        """Called by Qt for each layout of the file."""
        return self._made(class_name, None if isinstance(parent, QtWidgets.QLayout) else parent, name)

    @staticmethod
    def _made(class_name: str, parent: Any, name: str) -> Any:
        made = _class_named(class_name)(parent) if parent is not None else _class_named(class_name)()
        made.setObjectName(name)
        # PySide6 forgets Python objects that only Qt refers to.
        if parent is not None:
            parent.__dict__.setdefault("_kept", []).append(made)
        else:
            _kept.append(made)
        return made


_kept: list[Any] = []
_loading: list[Any] = []


def _class_named(name: str) -> Any:
    if name.startswith("Q") or name == "Line":
        return _wrapped("QFrame" if name == "Line" else name)
    import ctk
    import slicer

    return getattr(ctk if name.startswith("ctk") else slicer, name)


def _named(widget: Any, name: str) -> Any:
    return widget if widget.objectName == name else widget.findChild(QtCore.QObject, name)
