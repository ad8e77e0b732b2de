"""A finding: one thing that the reader of a result must know about its input, and the step that would mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]

#: Remedies: names of the steps in `remedies` that mend an ROI.
KEEP_LARGEST_PIECE = "keep-largest-piece"
FILL_HOLES = "fill-holes"
FILL_SKIPPED_SLICES = "fill-skipped-slices"
TRIM_RIM = "trim-rim"
REMEDIES = (KEEP_LARGEST_PIECE, FILL_HOLES, FILL_SKIPPED_SLICES, TRIM_RIM)


@dataclass(frozen=True)
class Finding:
    """One thing that the reader of a result must know.

    `code` is a stable name for programs, as is `remedy`, that of the step that would mend it, where a program can do
    it. `severity`: no prediction (error), prediction with a caveat (warning), worth knowing (info). `message` says what
    it is and what to do, in one sentence or two, for a person.
    """

    code: str
    severity: Severity
    message: str
    remedy: str | None = None
