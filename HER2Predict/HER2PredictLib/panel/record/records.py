"""What is recorded of a result in the scene: a row of the history, its features, a place among those of training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...agreement import Agreement
from ...assess import Assessment
from ...errors import InputError
from ...files import write_file
from ...i18n import tr as _
from ...outputs.picture import require_matplotlib, write_picture
from ...outputs.table import COLUMNS, as_csv, cell
from ...result.result import Result

_ROLE = "HER2Predict.Role"
#: Room for the chart's legend, as a share of the width of the points.
_LEGEND_SHARE = 0.8
#: What earlier versions called a column -> what it is called now.
_EARLIER_NAMES = {"share_beyond": "tail_probability"}
#: On the history: what its last row belongs to, where that follows the outline.
_SEQUENCE = "HER2Predict.Sequence"

#: Of the palette of Okabe and Ito; the markers differ too, for those who tell no colours apart.
_NEGATIVE_COLOUR, _POSITIVE_COLOUR, _PATIENT_COLOUR = (0.34, 0.71, 0.91), (0.90, 0.62, 0.0), (0.84, 0.37, 0.0)


def history_node(scene: Any) -> Any:
    """The scene's ``vtkMRMLTableNode`` with a row for every prediction; None before the first."""
    return _find(scene, "vtkMRMLTableNode", "history")


def add_to_history(
    scene: Any, result: Result, sequence: str, centre: tuple[float, float, float], cells: Mapping[str, str]
) -> None:
    """Append a row.

    `sequence` names what a result belongs to that follows the outline by itself: it takes the place of the last row
    where that has the same name. Empty for a result that was asked for. `centre` is that of the ROI, RAS in mm; `cells`
    are those of `table.row_of`, kept beside the row for `exported_history`.
    """
    node = _table(scene, "history", _("HER2Predict history"))
    low, high = result.interval
    columns = (
        (_("Time"), result.time[:16].replace("T", " ")),
        (_("Probability"), f"{result.probability:.3f}"),
        (_("Interval"), f"{low:.3f} – {high:.3f}"),
        (_("ROI (ml)"), f"{result.roi_volume_ml:.2f}"),
        (_("Segment"), result.segment),
        (_("Volume"), result.volume),
        (_("Model"), result.model),
    )
    if node.GetNumberOfColumns() == 0:
        for name, _text in columns:
            _add_column(node, name, ())
    last = node.GetNumberOfRows() - 1
    continues = bool(sequence) and last >= 0 and node.GetAttribute(_SEQUENCE) == sequence
    row = last if continues else node.AddEmptyRow()
    for column, (_name, text) in enumerate(columns):
        node.SetCellText(row, column, text)
    node.SetAttribute(_SEQUENCE, sequence or None)
    node.SetAttribute(_centre_of(row), json.dumps(centre))
    node.SetAttribute(_cells_of(row), json.dumps(dict(cells)))


def complete_history(scene: Any, cells: Mapping[str, str]) -> None:
    """Keep what has become known since of the prediction in the last row; that of another one stays as it is."""
    node = history_node(scene)
    last = node.GetNumberOfRows() - 1 if node is not None else -1
    known = _stored_cells(node, last) if last >= 0 else None
    if known is not None and all(known.get(name) == cells[name] for name in ("time", "input_sha256", "model_sha256")):
        node.SetAttribute(_cells_of(last), json.dumps(dict(cells)))


def exported_history(scene: Any) -> tuple[list[dict[str, str]], int]:
    """The cells of each row of the history, as `table.row_of` gives them, and of how many rows they were not kept."""
    node = history_node(scene)
    count = node.GetNumberOfRows() if node is not None else 0
    kept = [cells for row in range(count) if (cells := _stored_cells(node, row)) is not None]
    return kept, count - len(kept)


def history_file(scene: Any, path: Path) -> str:
    """Write the history with every column of the command's tables, or raise InputError; what to tell of it."""
    rows, missing = exported_history(scene)
    left_out = _("Left out are {count} of the rows: the scene lacks their numbers in full.").format(count=missing)
    if not rows:
        return _("Nothing was written. {left_out}").format(left_out=left_out)
    write_file(path, lambda path: path.write_bytes(as_csv(rows)))
    written = _("Written: {path}").format(path=path)
    return f"{written} {left_out}" if missing else written


def _stored_cells(node: Any, row: int) -> dict[str, str] | None:
    """None where there are none. A scene may come from anywhere: its cells are made safe again."""
    try:
        stored = json.loads(node.GetAttribute(_cells_of(row)) or "")
        stored = {_EARLIER_NAMES.get(name, name): text for name, text in stored.items()}
        return {name: cell(str(stored.get(name, ""))) for name in COLUMNS} if stored["input_sha256"] else None
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def history_centre(scene: Any, row: int) -> tuple[float, float, float] | None:
    """Centre of the ROI of a row of the history, RAS in mm; None where it is not known."""
    node = history_node(scene)
    try:
        r, a, s = (float(value) for value in json.loads(node.GetAttribute(_centre_of(row)) or ""))
    except (AttributeError, TypeError, ValueError):
        return None
    return r, a, s


def _centre_of(row: int) -> str:
    """The attribute of the history that holds it; a column would be in the way of its readers."""
    return f"HER2Predict.Centre{row}"


def _cells_of(row: int) -> str:
    return f"HER2Predict.Cells{row}"


def features_table(scene: Any, assessment: Assessment) -> Any:
    """The features as a ``vtkMRMLTableNode``, one row each with its full value; made again in the same node."""
    node = _table(scene, "features", _("HER2Predict features"))
    node.RemoveAllColumns()
    _add_column(node, _("Feature"), list(assessment.features))
    _add_column(node, _("Value"), np.array(list(assessment.features.values())))
    return node


def readers_table(scene: Any, agreement: Agreement) -> Any:
    """What readers make of a tumour as a ``vtkMRMLTableNode``: a row for each outline and for the consensus, then one
    for each pair; made again in the same node."""
    node = _table(scene, "readers", _("HER2Predict readers"))
    node.RemoveAllColumns()
    for name, *texts in zip(agreement.header(), *agreement.table(), strict=True):
        _add_column(node, name, texts)
    return node


def scatter(scene: Any, assessment: Assessment) -> Any:
    """This patient among the training patients on the first two components, as a ``vtkMRMLPlotChartNode``.

    The bundle must hold its training patients' scores, see `Model.training_scores`.
    """
    import slicer

    training = assessment.model.training_scores
    if training is None:
        raise ValueError("the model does not hold its training scores")
    scores, status = training
    own = assessment.model.project(assessment.features).scores[None, :2]
    kind = slicer.vtkMRMLPlotSeriesNode
    series = [
        _series(scene, "negative", _("HER2-negative (training)"), scores[status == 0], _NEGATIVE_COLOUR,
                kind.MarkerStyleCircle, 7.0),
        _series(scene, "positive", _("HER2-positive (training)"), scores[status == 1], _POSITIVE_COLOUR,
                kind.MarkerStyleSquare, 7.0),
        _series(scene, "patient", _("This patient"), own, _PATIENT_COLOUR, kind.MarkerStyleCross, 22.0),
    ]  # fmt: skip
    chart = _find_or_add(scene, "vtkMRMLPlotChartNode", "scatter", _("HER2Predict training cohort"))
    chart.RemoveAllPlotSeriesNodeIDs()
    for node in series:
        chart.AddAndObservePlotSeriesNodeID(node.GetID())
    chart.SetTitle(assessment.model.name)
    left, right = _span(np.concatenate([scores[:, 0], own[:, 0]]))
    # Slicer draws the legend at the upper right, over what lies there: leave room for it beside the points.
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(left, right + _LEGEND_SHARE * (right - left))
    chart.SetXAxisTitle(_("Principal component 1"))
    chart.SetYAxisTitle(_("Principal component 2"))
    return chart


def _span(values: np.ndarray) -> tuple[float, float]:
    """From the least to the greatest, and a little more."""
    least, most = float(values.min()), float(values.max())
    return least - 0.05 * (most - least), most + 0.05 * (most - least)


def picture_file(assessment: Assessment, path: Path) -> str:
    """Write the picture of the command; what to tell of it."""
    try:
        require_matplotlib()
        write_picture(assessment, path)
    except (InputError, OSError) as error:
        return str(error)
    return _("Written: {path}").format(path=path)


def file_name(assessment: Assessment) -> str:
    """Name for a file of this result, without what a file system refuses."""
    name = f"HER2Predict {assessment.roi['name']}"
    return "".join(letter if letter.isalnum() or letter in " -_" else "_" for letter in name)


def _series(
    scene: Any, role: str, name: str, points: np.ndarray, colour: Sequence[float], marker: int, size: float
) -> Any:
    """Points, shape (n, 2), as a ``vtkMRMLPlotSeriesNode`` with a table of its own."""
    table = _find_or_add(scene, "vtkMRMLTableNode", f"{role} scores", name)
    table.SetHideFromEditors(True)
    table.RemoveAllColumns()
    columns = ("PC1", "PC2")
    for index, column in enumerate(columns):
        _add_column(table, column, np.ascontiguousarray(points[:, index]))
    series = _find_or_add(scene, "vtkMRMLPlotSeriesNode", role, name)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName(columns[0])
    series.SetYColumnName(columns[1])
    series.SetPlotType(series.PlotTypeScatter)
    series.SetLineStyle(series.LineStyleNone)
    series.SetMarkerStyle(marker)
    series.SetMarkerSize(size)
    series.SetColor(*colour)
    return series


def _find(scene: Any, class_name: str, role: str) -> Any:
    for index in range(scene.GetNumberOfNodesByClass(class_name)):
        node = scene.GetNthNodeByClass(index, class_name)
        if node.GetAttribute(_ROLE) == role:
            return node
    return None


def _table(scene: Any, role: str, name: str) -> Any:
    """A ``vtkMRMLTableNode`` whose columns are headed by their names."""
    node = _find_or_add(scene, "vtkMRMLTableNode", role, name)
    node.SetUseColumnTitleAsColumnHeader(True)
    return node


def _find_or_add(scene: Any, class_name: str, role: str, name: str) -> Any:
    node = _find(scene, class_name, role)
    if node is None:
        node = scene.AddNewNodeByClass(class_name, name)
        node.SetAttribute(_ROLE, role)
    return node


def _add_column(table: Any, name: str, values: Iterable[str] | np.ndarray) -> None:
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    if isinstance(values, np.ndarray):
        column = numpy_to_vtk(values, deep=True)
    else:
        column = vtk.vtkStringArray()
        for value in values:
            column.InsertNextValue(value)
    column.SetName(name)
    table.AddColumn(column)
