"""The ROI of a HER2-negative and of a HER2-positive patient, as Figure 3 of the study shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...case.case import Case
from ...errors import InputError
from ...features import VOLUME_FEATURE
from ...outputs.picture import WINDOW_HU
from ..cohort.evidence import RoiSource
from .style import StudyFigure, letter, study_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OUTLINE = "#ffb000"
#: Between air and fat: tells the body from what is around it.
_BODY_HU = -400.0
_BODY_MARGIN_MM, _ROI_MARGIN_MM = 8.0, 18.0
#: How many patients to try where images are not reachable.
_TRIES = 3
#: Width over height of a view.
_SHAPE = 1.3


@dataclass(frozen=True, eq=False)
class _Plane:
    """The axial slice with the largest area of an ROI, from anterior to posterior and from right to left."""

    gray_levels: np.ndarray
    inside: np.ndarray
    row_mm: float
    column_mm: float
    volume_ml: float


def roi_examples(source: RoiSource | None, number: int) -> StudyFigure | None:
    """Of each class the ROI of median volume; None where the images of either class cannot be read."""
    if source is None:
        return None
    planes = []
    for status in (0, 1):
        plane = next(_readable(source, status), None)
        if plane is None:
            return None
        planes.append(plane)
    caption = (
        f"ROIs of a HER2-negative (A, B) and a HER2-positive (C, D) {source.whose}: of each class the one whose ROI "
        f"has the median volume ({planes[0].volume_ml:.1f} and {planes[1].volume_ml:.1f} ml). The axial slice on "
        "which the ROI is largest, with the outline of the ROI, and its surroundings enlarged; the patient's right "
        f"is at the left; window {WINDOW_HU[0]:g}/{WINDOW_HU[1]:g} HU; scale bars 1 cm."
    )
    frame = pd.DataFrame(
        {
            "her2": [0, 1],
            "roi_volume_ml": [plane.volume_ml for plane in planes],
            "roi_area_on_slice_mm2": [plane.inside.sum() * plane.row_mm * plane.column_mm for plane in planes],
        }
    )
    size_mm = (150.0, 118.0)
    return study_figure(number, "roi-examples", caption, size_mm, lambda figure: _draw(figure, planes), {"": frame})


def _readable(source: RoiSource, status: int) -> Iterator[_Plane]:
    rows = np.flatnonzero(source.status == status)
    if VOLUME_FEATURE in source.features.columns:
        volumes = source.features[VOLUME_FEATURE].to_numpy()[rows]
        rows = rows[np.argsort(np.abs(volumes - np.median(volumes)), kind="stable")]
    for row in rows[:_TRIES]:
        image, roi, segment, series = source.files.iloc[row]
        if not image or not roi:
            continue
        try:
            yield _plane(Case.from_files(Path(image), Path(roi), segment or None, series or None))
        except InputError:
            continue


def _plane(case: Case) -> _Plane:
    roi = case.anatomical(case.roi_voxels)
    number = int(np.argmax(roi.sum(axis=(1, 2), dtype=np.int64)))
    _, row_mm, column_mm = case.spacing_mm
    gray_levels = np.array(case.anatomical(case.voxels)[number], dtype=np.float32)
    return _Plane(gray_levels, roi[number] > 0, row_mm, column_mm, case.roi_volume_ml)


def _draw(figure: Figure, planes: list[_Plane]) -> None:
    panels = figure.subplots(2, 2)
    for row, (plane, name) in enumerate(zip(planes, ("HER2-negative", "HER2-positive"), strict=True)):
        body = plane.gray_levels > _BODY_HU
        views = ((body if body.any() else np.ones_like(body), _BODY_MARGIN_MM), (plane.inside, _ROI_MARGIN_MM))
        for axes, (marked, margin), panel in zip(panels[row], views, "ABCD"[2 * row :], strict=False):
            _draw_plane(axes, plane)
            _show(axes, plane, marked, margin)
            letter(axes, panel, name)


def _draw_plane(axes: Axes, plane: _Plane) -> None:
    centre, width = WINDOW_HU
    rows, columns = plane.gray_levels.shape
    axes.imshow(
        plane.gray_levels,
        cmap="gray",
        vmin=centre - width / 2,
        vmax=centre + width / 2,
        extent=(0.0, columns * plane.column_mm, rows * plane.row_mm, 0.0),
        interpolation="bilinear",
    )
    x, y = (np.arange(columns) + 0.5) * plane.column_mm, (np.arange(rows) + 0.5) * plane.row_mm
    axes.contour(x, y, plane.inside, levels=[0.5], colors=[_OUTLINE], linewidths=1.0)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("black")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _show(axes: Axes, plane: _Plane, marked: np.ndarray, margin_mm: float) -> None:
    """Fit the view to the marked pixels and a margin, and draw a bar of 1 cm."""
    from matplotlib.patches import Rectangle

    rows, columns = np.nonzero(marked)
    middle_x = (columns.min() + columns.max() + 1) / 2 * plane.column_mm
    middle_y = (rows.min() + rows.max() + 1) / 2 * plane.row_mm
    height = max(np.ptp(rows) * plane.row_mm, np.ptp(columns) * plane.column_mm / _SHAPE) / 2 + margin_mm
    width = height * _SHAPE
    axes.set_xlim(middle_x - width, middle_x + width)
    axes.set_ylim(middle_y + height, middle_y - height)
    right, bottom = middle_x + 0.95 * width, middle_y + 0.92 * height
    bar = Rectangle((right - 10.0, bottom), 10.0, 0.022 * height, facecolor="white", edgecolor="black", linewidth=0.6)
    axes.add_patch(bar)
