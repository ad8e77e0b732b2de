"""Words in the language of the application: Slicer's own translation function, or the words as they are without it."""

from __future__ import annotations

try:
    # The very function, not one around it: it finds the file that the words stand in by looking one caller up.
    from slicer.i18n import tr
except ImportError:

    def tr(text: str) -> str:
        """The text as it is."""
        return text


__all__ = ["tr"]
