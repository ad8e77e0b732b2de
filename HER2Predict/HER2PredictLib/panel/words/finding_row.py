"""FindingRow: one finding in the panel, with its sign, its words and the button of its remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...findings.finding import Finding
from .text import remedy_words, severity_word

_SIGN_PIXELS = 16


class FindingRow:
    """Fills the widgets of Finding.ui.

    Parameters
    ----------
    widget : QWidget
        Made from that file.
    finding : Finding
    icon : QIcon
        Of the severity of the finding.
    mend : callable
        Called with the remedy when the user asks for it.
    """

    def __init__(self, widget: Any, finding: Finding, icon: Any, mend: Callable[[str], None]) -> None:
        import slicer

        self.widget = widget
        self.ui = slicer.util.childWidgetVariables(widget)
        self.ui.signLabel.setPixmap(icon.pixmap(_SIGN_PIXELS))
        self.ui.signLabel.toolTip = self.ui.signLabel.accessibleName = severity_word(finding.severity)
        self.ui.messageLabel.text = finding.message
        remedy = finding.remedy
        self.ui.remedyButton.setVisible(remedy is not None)
        if remedy is not None:
            self.ui.remedyButton.text, self.ui.remedyButton.toolTip = remedy_words(remedy)
            if not self.ui.remedyButton.connect("clicked(bool)", lambda: mend(remedy)):
                raise RuntimeError("a button has no signal clicked(bool)")
