"""The phase of a CT urography, as far as headers tell it."""

from __future__ import annotations

import re

from ...i18n import tr as _

#: Seconds from the injection on: the excretory phase begins after four minutes at the earliest (Van der Molen et al.,
#: CT urography: definition, indications and techniques, Eur Radiol 2008, 18:4-17); arterial and venous ones are over
#: after three.
_EXCRETORY_AFTER_S, _EXCRETORY_UNTIL_S, _EARLY_UNTIL_S = 240.0, 3600.0, 180.0


def excretory() -> str:
    return _("excretory")


def phase_of(description: str) -> str:
    """The phase that a series description names; empty where it names none.

    What names one phase alone goes before "urography", which names the whole examination.
    """
    phases = (
        (_("unenhanced"), r"un-?enhanced|non?[ -]?con(trast)?|without[ -]contrast|w/?o( contrast)?|nativ\w*|plain"),
        (_("arterial"), r"art[eé]ri[ae]l\w*"),
        (_("nephrographic"), r"nephro(gra\w*)?|parenchymal"),
        (_("portal venous"), r"portal\w*|(portal[ -]?)?ven(ous|oese?|öse?)"),
        (excretory(), r"excr[eé]t\w*|urogra\w*|pyelogra\w*|delay(ed)?|late|ausscheidung\w*|spät\w*|tardi\w*"),
    )
    lowered = re.sub(r"[_.]", " ", description.lower())
    return next((phase for phase, words in phases if re.search(rf"\b({words})\b", lowered)), "")


def phase_after(delay_s: float | None) -> str:
    """The phase by the seconds from injection to acquisition: excretory, any that comes before it, or empty."""
    if delay_s is None or not 0 <= delay_s <= _EXCRETORY_UNTIL_S:
        return ""
    if delay_s >= _EXCRETORY_AFTER_S:
        return excretory()
    return _("early enhanced") if delay_s <= _EARLY_UNTIL_S else ""
