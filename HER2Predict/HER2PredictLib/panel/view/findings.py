"""The findings in the panel: a row for each, with its sign, its words and the button of its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...findings.finding import Finding
from ...result import wording
from ..application import connect
from ..words.labels import remedy_words

_SIGN_PIXELS = 16


class FindingRow:
    """Fills a widget that was made from Finding.ui; `mend` is called with the remedy when the user asks for it."""

    def __init__(self, widget: Any, finding: Finding, icon: Any, mend: Callable[[str], None]) -> None:
        import slicer

        self.widget = widget
        self.ui = slicer.util.childWidgetVariables(widget)
        self.ui.signLabel.setPixmap(icon.pixmap(_SIGN_PIXELS))
        self.ui.signLabel.toolTip = self.ui.signLabel.accessibleName = wording.severity(finding.severity)
        self.ui.messageLabel.text = finding.message
        remedy = finding.remedy
        self.ui.remedyButton.setVisible(remedy is not None)
        if remedy is not None:
            self.ui.remedyButton.text, self.ui.remedyButton.toolTip = remedy_words(remedy)
            connect(self.ui.remedyButton, "clicked(bool)", lambda: mend(remedy))


class FindingRows:
    """Fills a layout with rows; what is shown already stays as it is, and keeps the keyboard focus.

    `icons` are by the severity of a finding; `make_row` makes the QWidget of Finding.ui; `mend` is called with a remedy
    when the user asks for it.
    """

    def __init__(
        self, layout: Any, icons: Mapping[str, Any], make_row: Callable[[], Any], mend: Callable[[str], None]
    ) -> None:
        self._layout, self._icons, self._make_row, self._mend = layout, icons, make_row, mend
        self._rows: dict[Finding, FindingRow] = {}

    def show(self, findings: Iterable[Finding]) -> None:
        """Show these, each once, from top to bottom."""
        findings = tuple(dict.fromkeys(findings))
        for gone in set(self._rows) - set(findings):
            row = self._rows.pop(gone).widget
            row.setVisible(False)
            self._layout.removeWidget(row)
            row.deleteLater()
        for position, finding in enumerate(findings):
            if finding not in self._rows:
                icon = self._icons[finding.severity]
                self._rows[finding] = FindingRow(self._make_row(), finding, icon, self._mend)
            row = self._rows[finding].widget
            if self._layout.indexOf(row) != position:
                self._layout.insertWidget(position, row)
