"""The words of the panel's labels and buttons: the case, its volume, the model's card, findings and remedies."""

from __future__ import annotations

import contextlib
from typing import Any

from ...case.dicom.phase import phase_of
from ...findings.finding import FILL_HOLES, FILL_SKIPPED_SLICES, KEEP_LARGEST_PIECE, TRIM_RIM, Finding
from ...i18n import tr as _
from ...model.model import Model
from ...outputs.report import model_facts
from ..outline_check import OutlineCheck
from ..state import PanelState
from .answer import plain

_SERIES_DESCRIPTION = "0008,103e"
_SLICE_THICKNESS = "0018,0050"


def input_line(state: PanelState) -> str:
    """What the button would predict, or what to do before it can be pressed; plain text."""
    if state.run is not None:
        return _("Computing 975 radiomic features with SlicerRadiomics. You can go on working.")
    if state.input.ready is not None:
        case = state.input.ready.case
        return _('ROI "{roi}": {volume:.1f} ml on {slices} slices.').format(
            roi=case.roi.name, volume=case.roi_volume_ml, slices=case.roi_slices
        )
    return state.input.reason


def outline_line(check: OutlineCheck) -> str:
    words = _("Dependence on the outline: {done} of {total}")
    if check.slow_since:
        words += _(", one by one since {reason}")
    return words.format(done=check.done, total=check.total, reason=check.slow_since)


def findings_title(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return _("Findings: none")
    severities = [finding.severity for finding in findings]
    counts = (
        (severities.count("error"), _("to mend")),
        (severities.count("warning"), _("cautions") if severities.count("warning") > 1 else _("caution")),
        (severities.count("info"), _("notes") if severities.count("info") > 1 else _("note")),
    )
    return _("Findings: {counts}").format(counts=", ".join(f"{count} {words}" for count, words in counts if count))


def case_title(volume: str, segment: str) -> str:
    """What is chosen, short enough for a section's one line."""
    return _("Case: {volume} · {segment}").format(volume=shortened(volume), segment=shortened(segment))


def shortened(name: str, most: int = 18) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def model_card(model: Model) -> str:
    """What a model is, for whom it was made and how well it does."""
    rows = [
        *([(_("Caution"), model.banner)] if model.banner else []),
        *model_facts.of_model(model),
        *model_facts.areas(model),
        (_("Intended use"), model.card["intended_use"]),
        (_("Licence"), model.card["licence"]),
        (_("Created"), model.card["created"]),
    ]
    cells = (f"<tr><td><b>{name}</b>&nbsp;&nbsp;</td><td>{plain(str(value))}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"


def remedy_words(remedy: str) -> tuple[str, str]:
    """Text and tool tip of the button that carries out a remedy."""
    return {
        KEEP_LARGEST_PIECE: (
            _("Keep the largest piece"),
            _("Erase all of the segment but its largest piece. Undo brings it back."),
        ),
        FILL_HOLES: (
            _("Fill the holes"),
            _("Add the holes that the outline encloses on each slice to the segment. Undo takes them out again."),
        ),
        FILL_SKIPPED_SLICES: (
            _("Fill the skipped slices"),
            _("Outline the skipped slices between their neighbours, by shape-based interpolation. Undo empties them."),
        ),
        TRIM_RIM: (
            _("Trim the rim"),
            _(
                "Erase air, fat, bone and opacified urine that reach into the segment from outside, then keep its "
                "largest piece; necrosis and calcifications in the tumour stay. Undo brings it back."
            ),
        ),
    }[remedy]


def volume_line(node: Any, database: Any = None) -> str:
    """What is known of a volume in one line: series, spacing, slices, slice thickness and phase.

    The DICOM attributes of its first image are looked up in `database`, Slicer's ctkDICOMDatabase, where one is given.
    """
    description = _dicom_value(node, database, _SERIES_DESCRIPTION)
    image = node.GetImageData()
    parts = [description] if description else []
    if image is not None:
        parts.append(_("{spacing} mm voxels").format(spacing=" × ".join(f"{size:.3g}" for size in node.GetSpacing())))
        parts.append(_("{count} slices").format(count=image.GetDimensions()[2]))
    with contextlib.suppress(ValueError):
        thickness = float(_dicom_value(node, database, _SLICE_THICKNESS))
        parts.append(_("{thickness:g} mm thick").format(thickness=thickness))
    if not description:
        parts.append(_("no DICOM information"))
    phase = phase_of(description)
    if phase:
        parts.append(_("{phase} phase").format(phase=phase))
    return plain(" · ".join(parts))


def _dicom_value(node: Any, database: Any, tag: str) -> str:
    """Attribute `tag` ("0018,0050") of the volume's first image; empty where it is not known."""
    instances = (node.GetAttribute("DICOM.instanceUIDs") or "").split()
    file = database.fileForInstance(instances[0]) if instances and database is not None else ""
    return str(database.fileValue(file, tag) or "") if file else ""
