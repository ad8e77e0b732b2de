"""The CTK widgets that HER2Predict uses, as `import ctk` gives them inside 3D Slicer."""

from __future__ import annotations

import re
from typing import Any

import qt
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QWidget

_NO_LIMIT = 16777215
#: Set on a child: does it wish to be seen where its section is open?
_WISH = "visibilityToParent"


class _Folding:
    """What ctkCollapsibleButton and ctkCollapsibleGroupBox share: children that are hidden while it is collapsed.

    A child that was hidden on purpose stays hidden when the section opens; one that is shown meanwhile is shown then.
    """

    #: Of the section below its title.
    collapsedHeight = Property(
        int, lambda self: self._height, lambda self, height: (self.__dict__.update(_height=height), self._fold())[1]
    )

    def _begin(self, button: Any = None) -> None:
        self.__dict__.update(_collapsed=False, _forcing=False, _filtered=[], _button=button, _height=14)

    def _get_collapsed(self) -> bool:
        return self._collapsed

    def _fold(self) -> None:
        for child in self.findChildren(QWidget, options=qt.Qt.FindDirectChildrenOnly):
            if child is not self._button:
                self._take(child)

    def _take(self, child: Any) -> None:
        """Show or hide a child as it wishes and as this section allows."""
        if child not in self._filtered:
            self._filtered.append(child)
            on_purpose = child.isHidden() and child.testAttribute(qt.Qt.WA_WState_ExplicitShowHide)
            child.setProperty(_WISH, not on_purpose)
            child.installEventFilter(self)
        visible = not self._collapsed and bool(child.property(_WISH))
        if child.isHidden() is visible:
            self.__dict__["_forcing"] = True
            child.setVisible(visible)
            self.__dict__["_forcing"] = False

    def eventFilter(self, child: Any, event: Any) -> bool:
        """A child is shown or hidden by somebody else."""
        if not self._forcing and event.type() in (qt.QEvent.ShowToParent, qt.QEvent.HideToParent):
            child.setProperty(_WISH, event.type() == qt.QEvent.ShowToParent)
            self._take(child)
        return False

    def childEvent(self, event: Any) -> None:
        """A child has come, and is complete."""
        if event.type() == qt.QEvent.ChildPolished and event.child().isWidgetType():
            if event.child() is not self._button:
                self._take(event.child())
        elif event.type() == qt.QEvent.ChildRemoved and event.child() in self._filtered:
            event.child().removeEventFilter(self)
            self._filtered.remove(event.child())

    def showEvent(self, event: Any) -> None:
        """Hide what was put in since it was collapsed."""
        self._fold()


class ctkCollapsibleButton(_Folding, qt.QWidget):
    """Stands for ctkCollapsibleButton: a titled button that shows and hides what is in it."""

    SIGNALS = {name: name.partition("(")[0] for name in ("contentsCollapsed(bool)", "clicked(bool)", "toggled(bool)")}
    contentsCollapsed = Signal(bool)
    clicked = Signal(bool)
    toggled = Signal(bool)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        button = qt.QToolButton(self)
        self._begin(button)
        button.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
        button.toolButtonStyle = qt.Qt.ToolButtonTextBesideIcon
        button.connect("clicked()", self.click)
        self.setSizePolicy(qt.QSizePolicy.Minimum, qt.QSizePolicy.Preferred)
        self._set_collapsed(False)

    def click(self) -> None:
        """What a press on the title does."""
        self._set_collapsed(not self._collapsed)
        self.clicked.emit(not self._collapsed)

    def sizeHint(self) -> Any:
        """Called by Qt."""
        return self._size(super().sizeHint())

    def minimumSizeHint(self) -> Any:
        """Called by Qt; a section that is collapsed asks for no width but that of its title."""
        return self._size(super().minimumSizeHint())

    def _size(self, open_size: Any) -> Any:
        title = qt.QSize(self._button.minimumSizeHint.width(), self._button.sizeHint.height())
        return title + qt.QSize(0, self._height) if self._collapsed else open_size.expandedTo(title)

    def _set_collapsed(self, collapsed: bool) -> None:
        changed = collapsed != self._collapsed
        self.__dict__["_collapsed"] = collapsed
        self._button.arrowType = qt.Qt.RightArrow if collapsed else qt.Qt.DownArrow
        self._make_room()
        self._fold()
        if changed:
            self.contentsCollapsed.emit(collapsed)
            self.toggled.emit(not collapsed)

    def _make_room(self) -> None:
        height = self._button.sizeHint.height()
        self._button.setGeometry(0, 0, self.width, height)
        self.setContentsMargins(0, height, 0, 0)
        self.setMaximumHeight(height + self._height if self._collapsed else _NO_LIMIT)
        self.updateGeometry()

    def resizeEvent(self, event: Any) -> None:
        """Keep the button across the top."""
        self._button.setGeometry(0, 0, self.width, self._button.sizeHint.height())

    text = Property(str, lambda self: self._button.text, lambda self, text: self._button.setText(text))
    collapsed = Property(bool, _Folding._get_collapsed, _set_collapsed)
    checked = Property(bool, lambda self: not self._collapsed, lambda self, on: self._set_collapsed(not on))


class ctkCollapsibleGroupBox(_Folding, qt.QGroupBox):
    """Stands for ctkCollapsibleGroupBox: a group whose title shows and hides what is in it."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._begin()
        self.checkable = True
        self.connect("toggled(bool)", lambda on: self._set_collapsed(not on))

    def _set_collapsed(self, collapsed: bool) -> None:
        self.__dict__["_collapsed"] = collapsed
        self.checked = not collapsed
        title = self.fontMetrics().height() + 4
        self.setMaximumHeight(title + self._height if collapsed else _NO_LIMIT)
        self._fold()

    collapsed = Property(bool, _Folding._get_collapsed, _set_collapsed)


class ctkExpandableWidget(qt.QFrame):
    """Stands for ctkExpandableWidget: a frame with a grip below, which the user drags."""

    _GRIP = 9

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Expanding)
        self.setContentsMargins(0, 0, 0, self._GRIP)


class ctkPathLineEdit(qt.QWidget):
    """Stands for ctkPathLineEdit: a path to type or to browse for; here the button does nothing.

    As in CTK, text that no name filter fits (the empty one fits none) is not told of; that the text has become
    valid or invalid is.
    """

    SIGNALS = {"currentPathChanged(QString)": "currentPathChanged", "validInputChanged(bool)": "validInputChanged"}
    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)
    #: Of ctkPathLineEdit::Filter, which takes its values from QDir.
    Files = 0x002

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.__dict__.update(_filters=0, _names=[], _valid=False)
        self.__dict__["_line"] = line = qt.QLineEdit(self)
        browse = qt.QToolButton(self)
        browse.text = "…"
        self.setLayout(qt.QHBoxLayout())
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().addWidget(line)
        self.layout().addWidget(browse)
        self.__dict__["_browse"] = browse
        line.connect("textChanged(QString)", self._changed)

    def _fits(self, path: str) -> bool:
        """Of ctk::nameFiltersToRegularExpression."""
        listed = [re.search(r"\(([^()]*)\)$", name) for name in self._names]
        endings = [ending for found in listed if found for ending in found[1].split()]
        patterns = [re.escape(ending).replace(r"\*", ".*") for ending in endings] or [".+"]
        return any(re.fullmatch(pattern, path) for pattern in patterns)

    def _changed(self, path: str) -> None:
        was_valid = self._valid
        self.__dict__["_valid"] = self._fits(path)
        if self._valid:
            self.currentPathChanged.emit(path)
        if self._valid is not was_valid:
            self.validInputChanged.emit(self._valid)

    currentPath = Property(str, lambda self: self._line.text, lambda self, path: self._line.setText(path))
    filters = Property(int, lambda self: self._filters, lambda self, value: self.__dict__.update(_filters=value))
    nameFilters = Property(
        "QStringList", lambda self: self._names, lambda self, value: self.__dict__.update(_names=list(value))
    )
