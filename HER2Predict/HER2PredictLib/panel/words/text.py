"""The words of the panel: results, the model's card and the volume in one line, as rich text for a label."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Mapping
from typing import Any

from ...features import class_words
from ...findings.finding import FILL_HOLES, FILL_SKIPPED_SLICES, KEEP_LARGEST_PIECE, TRIM_RIM, Severity
from ...i18n import tr as _
from ...model.model import Model
from ...outline.stability import Stability
from ...outputs.result import Result
from ..outline_check import OutlineCheck
from ..state import PanelState

#: Contributions to the log-odds smaller than this are not worth a word: they change a probability by under 1 %.
_LEAST_CONTRIBUTION = 0.04

_SERIES_DESCRIPTION = "0008,103e"
_SLICE_THICKNESS = "0018,0050"


def plain(text: str) -> str:
    """Text as rich text that shows it as it is."""
    return html.escape(text, quote=False)


def result_text(result: Result) -> str:
    """What a current result means: call, applicability, what pushed it, and always the model with its cohort."""
    if result.banner:
        return f"<p>{plain(result.banner)}</p><p><small>{plain(result.model)}</small></p>"
    return "".join(
        (
            f"<p>{_call(result)}<br/>{_applicability(result)}<br/>{_side(result)}{_outline(result.stability)}</p>",
            f"<p>{_pushes(result.contributions)}</p>",
            f"<p><small>{plain(result.model)}</small></p>",
        )
    )


def _call(result: Result) -> str:
    if result.probability >= result.threshold:
        words = _("<b>{call}</b>: at or above the threshold of {threshold:.0%}")
    else:
        words = _("<b>{call}</b>: below the threshold of {threshold:.0%}")
    return words.format(call=plain(result.call), threshold=result.threshold)


def _applicability(result: Result) -> str:
    return {
        None: "",
        "inside": _("✔ <b>Like the training patients</b>; that alone does not make the number right."),
        "edge": _("▲ <b>Caution</b>: the case is at the edge of what the model has learnt from."),
        "outside": _("✖ <b>Unlike the training patients</b>: the case is outside what the model has learnt from."),
    }[result.applicability]


def _side(result: Result) -> str:
    if result.is_one_sided:
        return _("✔ <b>Model interval</b>: all of it is on one side of the threshold.")
    return _("▲ <b>Unsure call</b>: learnt from more patients, it could be the other one.")


def _outline(stability: Stability | None) -> str:
    """How much the result depends on the outline, on a line of its own; empty where that was not measured."""
    if stability is None:
        return ""
    level = {
        "stable": _("✔ <b>Stable</b>"),
        "undecided": _("▲ <b>Undecided</b>"),
        "sensitive": _("▲ <b>Sensitive to the outline</b>"),
        "unstable": _("✖ <b>Unstable</b>"),
    }[stability.level]
    if not stability.count:
        words = _("{level}: no variation of the outline could be computed.")
    else:
        words = _("{level}: variations of the outline give {low:.0%} to {high:.0%}; {flips}, up to {bound:.0%} may.")
        if stability.failed:
            words += _(" {failed} could not be computed.")
    flips = _("{flips} of {count} flip the call") if stability.flips else _("none of {count} flips the call")
    return "<br/>" + words.format(
        level=level,
        low=stability.low,
        high=stability.high,
        flips=flips.format(flips=stability.flips, count=stability.count),
        bound=stability.flip_bound,
        failed=stability.failed,
    )


def outline_line(check: OutlineCheck) -> str:
    """How far the check of the outline has come."""
    words = _("Dependence on the outline: {done} of {total}")
    if check.slow_since:
        words += _(", one by one since {reason}")
    return words.format(done=check.done, total=check.total, reason=check.slow_since)


def _pushes(contributions: Mapping[str, float]) -> str:
    """Feature classes by their pull, the strongest first."""
    order = sorted(contributions.items(), key=lambda item: -abs(item[1]))
    up = [f"{plain(class_words(name))}&nbsp;+{pull:.2f}" for name, pull in order if pull >= _LEAST_CONTRIBUTION]
    down = [f"{plain(class_words(name))}&nbsp;−{-pull:.2f}" for name, pull in order if pull <= -_LEAST_CONTRIBUTION]
    lines = []
    if up:
        lines.append(_("▲ Pushed up by: {classes}").format(classes=", ".join(up)))
    if down:
        lines.append(_("▼ Pushed down by: {classes}").format(classes=", ".join(down)))
    if not lines:
        return _("No feature class pushed it far from the average patient.")
    return "<br/>".join([*lines, _("<small>(log-odds, against the average training patient)</small>")])


def input_line(state: PanelState) -> str:
    """What the button would predict, or what to do before it can be pressed; plain text."""
    if state.run is not None:
        return _("Computing 975 radiomic features with SlicerRadiomics. You can go on working.")
    if state.preparation is not None:
        case = state.preparation.case
        return _('ROI "{roi}": {volume:.1f} ml on {slices} slices.').format(
            roi=case.roi.name, volume=case.roi_volume_ml, slices=case.roi_slices
        )
    return state.reason


def severity_word(severity: Severity) -> str:
    """Of a finding."""
    return {"error": _("Error"), "warning": _("Caution"), "info": _("Note")}[severity]


def model_card(model: Model) -> str:
    """What a model is, for whom it was made and how well it does."""
    card, cohort = model.card, model.cohort
    rows = [
        *([(_("Caution"), model.banner)] if model.banner else []),
        (_("Model"), f"{model.name} {model.version}"),
        (_("Cohort"), cohort["description"]),
        (
            _("Patients"),
            _("{patients}, of whom {positive} HER2-positive; {train} trained it, {test} tested it").format(**cohort),
        ),
        (_("Simulated"), _("yes: not for any real patient") if model.simulated else _("no")),
        (_("Threshold"), f"{model.threshold:.2f}"),
        *_areas(card.get("metrics")),
        (_("Intended use"), card["intended_use"]),
        (_("Licence"), card["licence"]),
        (_("Created"), card["created"]),
    ]
    cells = (f"<tr><td><b>{name}</b>&nbsp;&nbsp;</td><td>{plain(str(value))}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"


def _areas(metrics: Any) -> list[tuple[str, str]]:
    """Areas under the ROC curve with their intervals, as far as a bundle's metrics, free in form, tell them."""
    areas = []
    for part, words in (("train", _("AUC, training")), ("test", _("AUC, test"))):
        area = _at(metrics, "models", "mlp", part, "auc")
        if isinstance(area, dict) and all(isinstance(area.get(key), float) for key in ("value", "low", "high")):
            areas.append((words, _("{value:.2f} ({low:.2f} to {high:.2f})").format_map(area)))
    return areas


def _at(values: Any, *names: str) -> Any:
    """What stands at a path of names in nested dicts; None where the path ends before."""
    for name in names:
        values = values.get(name) if isinstance(values, dict) else None
    return values


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

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
    database : ctkDICOMDatabase, optional
        Slicer's, where the DICOM attributes of the volume's first image are looked up.
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


def phase_of(description: str) -> str:
    """Phase of the CT urography that a series description names; empty where it names none.

    What names one phase alone goes before "urography", which names the whole examination.
    """
    phases = (
        (_("unenhanced"), r"un-?enhanced|non?[ -]?con(trast)?|without[ -]contrast|w/?o( contrast)?|nativ\w*|plain"),
        (_("arterial"), r"art[eé]ri[ae]l\w*"),
        (_("nephrographic"), r"nephro(gra\w*)?|parenchymal"),
        (_("portal venous"), r"portal\w*|(portal[ -]?)?ven(ous|oese?|öse?)"),
        (_("excretory"), r"excr[eé]t\w*|urogra\w*|pyelogra\w*|delay(ed)?|late|ausscheidung\w*|spät\w*|tardi\w*"),
    )
    lowered = re.sub(r"[_.]", " ", description.lower())
    return next((phase for phase, words in phases if re.search(rf"\b({words})\b", lowered)), "")
