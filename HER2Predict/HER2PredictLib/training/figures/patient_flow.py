"""The flow of patients from the table into the sets, as Figure 2 of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..measured.results import Results
from ..protocol.protocol import TEST, TRAIN
from .style import INK, StudyFigure, study_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


#: Of the patient flow.
_FLOW_WIDTH_MM, _EDGE_MM, _BOX_MM, _GAP_MM, _LINE_MM = 130.0, 2.0, 11.0, 7.0, 4.0


def patient_flow(results: Results) -> StudyFigure:
    flow = results.flow
    rows = [("Patients in the cohort table", flow.listed)]
    rows += [(f"Left out: {reason}", count) for reason, count in flow.reasons.items()]
    rows.append(("Analysed", flow.analysed))
    for name in (TRAIN, TEST):
        set_name = results.study.labels[name].capitalize()
        rows.append((f"{set_name}: HER2-positive", flow.positive[name]))
        rows.append((f"{set_name}: HER2-negative", flow.negative[name]))
    caption = (
        f"Patient flow. Of {flow.listed} patients in the cohort table, {flow.left_out} were left out and "
        f"{flow.analysed} were analysed. Patients whom the researcher left out before making the table are not "
        "known here."
    )
    return study_figure(
        2,
        "patient-flow",
        caption,
        (_FLOW_WIDTH_MM, _flow_height_mm(results)),
        lambda figure: _draw_flow(figure, results),
        {"": pd.DataFrame(rows, columns=["step", "patients"])},
    )


def _flow_height_mm(results: Results) -> float:
    return 2 * _EDGE_MM + 3 * _BOX_MM + _left_out_height_mm(results) + 2.5 * _GAP_MM


def _left_out_height_mm(results: Results) -> float:
    return 5.0 + _LINE_MM * (1 + len(results.flow.reasons))


def _draw_flow(figure: Figure, results: Results) -> None:
    flow = results.flow
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, _FLOW_WIDTH_MM)
    axes.set_ylim(_flow_height_mm(results), 0)
    axes.set_axis_off()
    left, width = _EDGE_MM, (_FLOW_WIDTH_MM - 4 * _EDGE_MM) / 2
    right = left + width + 2 * _EDGE_MM
    listed = _EDGE_MM
    aside = listed + _BOX_MM + _GAP_MM / 2
    analysed = aside + _left_out_height_mm(results) + _GAP_MM / 2
    sets = analysed + _BOX_MM + 1.5 * _GAP_MM
    _box(axes, left, listed, width, _BOX_MM, [f"Patients in the cohort table (n = {flow.listed})"])
    reasons = [f"{reason} (n = {count})" for reason, count in flow.reasons.items()]
    _box(
        axes, right - 12, aside, width + 12, _left_out_height_mm(results), [f"Left out (n = {flow.left_out})", *reasons]
    )
    whole = [f"Analysed (n = {flow.analysed})", _by_status(sum(flow.positive.values()), sum(flow.negative.values()))]
    _box(axes, left, analysed, width, _BOX_MM, whole)
    trunk = left + width / 2
    _arrow(axes, trunk, listed + _BOX_MM, trunk, analysed)
    beside = aside + _left_out_height_mm(results) / 2
    _arrow(axes, trunk, beside, right - 12, beside)
    branch = analysed + _BOX_MM + 0.75 * _GAP_MM
    axes.plot([trunk, trunk], [analysed + _BOX_MM, branch], color=INK, linewidth=0.8)
    axes.plot([trunk, right + width / 2], [branch, branch], color=INK, linewidth=0.8)
    for x, name in ((left, TRAIN), (right, TEST)):
        count = flow.positive[name] + flow.negative[name]
        heading = f"{results.study.labels[name].capitalize()} (n = {count})"
        _box(axes, x, sets, width, _BOX_MM, [heading, _by_status(flow.positive[name], flow.negative[name])])
        _arrow(axes, x + width / 2, branch, x + width / 2, sets)


def _by_status(positive: int, negative: int) -> str:
    return f"{positive} HER2-positive, {negative} HER2-negative"


def _box(axes: Axes, x: float, y: float, width: float, height: float, lines: list[str]) -> None:
    """A box with lines of text in it, all in mm from the upper left corner."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, y), width, height, facecolor="white", edgecolor=INK, linewidth=0.8))
    for number, line in enumerate(lines):
        below = (number - (len(lines) - 1) / 2) * _LINE_MM
        axes.text(x + width / 2, y + height / 2 + below, line, ha="center", va="center_baseline")


def _arrow(axes: Axes, x0: float, y0: float, x1: float, y1: float) -> None:
    axes.annotate(
        "",
        (x1, y1),
        (x0, y0),
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0},
    )
