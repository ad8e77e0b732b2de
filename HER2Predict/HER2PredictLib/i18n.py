"""Words in the language of the application: Slicer's own translation function, or the words as they are without it."""

from __future__ import annotations

import sys

try:
    if "slicer" not in sys.modules:
        # In Slicer it is there before any module. Elsewhere slicer-core would take a second to import, for nothing.
        raise ImportError("there is no application")
    # The very function, not one around it: it finds the file that the words stand in by looking one caller up.
    from slicer.i18n import tr
except ImportError:

    def tr(text: str) -> str:
        """The text as it is."""
        return text


__all__ = ["tr"]
