"""The picture of an Assessment: the axial slice with the largest ROI area, its outline, and the result."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np

from ..assess import Assessment
from ..errors import InputError
from ..i18n import tr as _
from ..model.applicability import words_of
from ..model.guessing import GUESSING_CODE
from ..result import wording
from ..result.cautions import SIMULATED_CODE
from ..result.result import Result
from . import gauge

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Soft-tissue window in HU: centre and width.
WINDOW_HU = (40.0, 400.0)

_BACKGROUND, _TEXT, _MUTED = "#111418", "#f2f4f7", "#a3acb8"
OUTLINE = "#ffb000"
#: Pixels of the picture for one of the gauge.
_GAUGE_SCALE = 1.6
_ZOOM_MARGIN_MM = 25.0
#: Between air and fat: tells the body from what is around it.
_BODY_HU = -400.0
_BODY_MARGIN_MM = 12.0
#: Characters of a line below the gauge that fit, with the number of further findings behind them.
_LINE_LENGTH = 140
#: What systems have for the letters of China, Japan and Korea, which the font of matplotlib lacks.
FURTHER_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "PingFang SC",
    "Hiragino Sans", "Apple SD Gothic Neo",
)  # fmt: skip
#: Width over height of either view.
_VIEW_SHAPE = 1.2


def write_picture(assessment: Assessment, path: Path) -> None:
    """Write the picture as PNG, 1600 x 1000 pixels; OSError where the file cannot be written."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 10), dpi=100, facecolor=_BACKGROUND)
    canvas = FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        2, 2, height_ratios=(7.0, 2.5), left=0.02, right=0.98, top=0.95, bottom=0.05, hspace=0.08, wspace=0.03
    )
    plane = _Plane(assessment)
    with rc_context({"font.family": font_family()}):
        whole, near = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
        slice_words = _("Slice {number} of {count} from the feet, the largest area of the ROI")
        plane.draw(whole, slice_words.format(number=plane.number + 1, count=plane.count))
        plane.show_body(whole)
        plane.draw(near, _("ROI: {volume_ml:.1f} ml on {slices} slices").format(**assessment.roi))
        plane.show_roi(near)
        _draw_result(figure.add_subplot(grid[1, :]), assessment.result())
        canvas.print_png(str(path))


def font_family() -> list[str]:
    """Fonts in the order in which matplotlib looks for a letter: its own, then those that this system has."""
    from matplotlib import rcParams
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return [*rcParams["font.family"], *(name for name in FURTHER_FONTS if name in installed)]


def require_matplotlib() -> None:
    """Inside Slicer, ask to install matplotlib, which only the picture needs there, or raise InputError."""
    if importlib.util.find_spec("matplotlib"):
        return
    import slicer

    try:
        if hasattr(slicer, "packaging"):
            slicer.packaging.pip_ensure("matplotlib", requester="HER2Predict")
        else:
            slicer.util.pip_install("matplotlib")
    except Exception as error:
        raise InputError(
            _("The picture needs matplotlib, which could not be installed: {error}").format(error=error)
        ) from error


class _Plane:
    """The axial slice with the largest ROI area, in mm, patient's left at the right-hand side."""

    def __init__(self, assessment: Assessment) -> None:
        case = assessment.case
        roi = case.anatomical(case.roi_voxels)
        self.number = int(np.argmax(roi.sum(axis=(1, 2), dtype=np.int64)))
        self.count = roi.shape[0]
        self.voxels = case.anatomical(case.voxels)[self.number]
        self.inside = roi[self.number]
        _, self.row_mm, self.column_mm = case.spacing_mm

    def draw(self, axes: Axes, title: str) -> None:
        centre, width = WINDOW_HU
        rows, columns = self.voxels.shape
        extent = (0.0, columns * self.column_mm, rows * self.row_mm, 0.0)
        low, high = centre - width / 2, centre + width / 2
        axes.imshow(self.voxels, cmap="gray", vmin=low, vmax=high, extent=extent, aspect="equal")
        across, down = (np.arange(columns) + 0.5) * self.column_mm, (np.arange(rows) + 0.5) * self.row_mm
        axes.contour(across, down, self.inside, levels=[0.5], colors=[OUTLINE], linewidths=1.8)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_facecolor("black")
        axes.set_title(title, color=_TEXT, fontsize=14, pad=8)

    def show_body(self, axes: Axes) -> None:
        """Show what is not air, with the sides and the window named."""
        body = self.voxels > _BODY_HU
        self._show(axes, body if body.any() else np.ones_like(body), _BODY_MARGIN_MM)
        for x, name, side in ((0.015, "R", "left"), (0.985, "L", "right")):
            _annotate(axes, x, 0.5, name, ha=side, va="center")
        window = _("window {centre:g}/{width:g} HU").format(centre=WINDOW_HU[0], width=WINDOW_HU[1])
        _annotate(axes, 0.015, 0.02, window, ha="left")

    def show_roi(self, axes: Axes) -> None:
        """Show the ROI and a margin around it, with a 1 cm scale bar."""
        self._show(axes, self.inside > 0, _ZOOM_MARGIN_MM)
        left, right = axes.get_xlim()
        bar = 10.0 / (right - left)
        axes.plot([0.97 - bar, 0.97], [0.03, 0.03], transform=axes.transAxes, color="black", linewidth=7)
        axes.plot([0.97 - bar, 0.97], [0.03, 0.03], transform=axes.transAxes, color=_TEXT, linewidth=3)
        _annotate(axes, 0.97 - bar / 2, 0.045, "1 cm", ha="center")

    def _show(self, axes: Axes, marked: np.ndarray, margin_mm: float) -> None:
        """Fit the view to the marked pixels and a margin, keeping the shape of the axes."""
        rows, columns = np.nonzero(marked)
        middle = np.array([columns.min() + columns.max() + 1, rows.min() + rows.max() + 1]) / 2
        middle = middle * (self.column_mm, self.row_mm)
        size = np.array([np.ptp(columns) * self.column_mm, np.ptp(rows) * self.row_mm]) + 2 * margin_mm
        half_height = max(size[1], size[0] / _VIEW_SHAPE) / 2
        axes.set_xlim(middle[0] - half_height * _VIEW_SHAPE, middle[0] + half_height * _VIEW_SHAPE)
        axes.set_ylim(middle[1] + half_height, middle[1] - half_height)


def _annotate(axes: Axes, x: float, y: float, text: str, **alignment: Any) -> None:
    """Text at (x, y) of the axes that reads on black and on white."""
    from matplotlib.patheffects import withStroke

    rim = [withStroke(linewidth=3, foreground="black")]
    axes.text(x, y, text, transform=axes.transAxes, color=_TEXT, fontsize=12, path_effects=rim, **alignment)


def _draw_result(axes: Any, result: Result) -> None:
    """The probability as number and gauge, with its interval and the threshold; what limits it; which model."""
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_axis_off()
    verdict = wording.verdict(result)
    axes.text(0.01, 0.80, verdict, color=gauge.colour_of(result) or _MUTED, fontsize=28, weight="bold", va="center")
    numbers = [result.call] if verdict != result.call else []
    numbers += [wording.probability(result), *([] if result.banner else [wording.interval(result)])]
    axes.text(0.01, 0.52, "   ".join(numbers), color=_TEXT, fontsize=16, va="center")
    if not result.banner:
        _draw_gauge(axes.inset_axes((0.44, 0.40, 0.54, 0.60)), result)
    model = _("Model: {model}.").format(model=result.model)
    for line, text in enumerate([_trust(result), *_caution(result), model, result.context]):
        axes.text(0.01, 0.27 - 0.13 * line, text, color=_MUTED, fontsize=12, va="center", clip_on=False)


def _caution(result: Result) -> list[str]:
    """The first warning, and how many more there are; the line on the model itself says that it is simulated."""
    messages = [
        finding.message
        for finding in result.findings
        if finding.severity == "warning" and finding.code not in (SIMULATED_CODE, GUESSING_CODE)
    ]
    if not messages:
        return []
    first = _shortened(f"{wording.severity('warning')}: {messages[0]}")
    more = len(messages) - 1
    if not more:
        return [first]
    words = _("{first} And {more} more findings.") if more > 1 else _("{first} And {more} more finding.")
    return [words.format(first=first, more=more)]


def _trust(result: Result) -> str:
    if result.applicability is None:
        return _shortened(result.banner)
    where = _("Applicability: {where}").format(where=words_of(result.applicability))
    if result.stability is None:
        return where
    return f"{where}   {wording.stability(result.stability, wording.DECIMALS)}"


def _shortened(text: str) -> str:
    return shorten(text, _LINE_LENGTH, placeholder=" ...")


def _draw_gauge(axes: Any, result: Result) -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import Rectangle

    renderer = axes.figure.canvas.get_renderer()
    font = FontProperties(size=11)

    def measure(text: str) -> float:
        width, _height, _descent = renderer.get_text_width_height_descent(text, font, False)
        return float(width) / _GAUGE_SCALE

    box = axes.get_window_extent(renderer)
    width, height = box.width / _GAUGE_SCALE, box.height / _GAUGE_SCALE
    axes.set_facecolor("none")
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(max(height, gauge.HEIGHT), 0)
    for mark in gauge.marks(result, width, measure):
        left, top, across, down = mark.box
        colour = mark.colour or _TEXT
        if mark.text:
            middle = (left + across / 2, top + down / 2)
            axes.text(*middle, mark.text, color=colour, fontproperties=font, ha="center", va="center")
        else:
            axes.add_patch(Rectangle((left, top), across, down, color=colour, alpha=mark.opacity, linewidth=0))
