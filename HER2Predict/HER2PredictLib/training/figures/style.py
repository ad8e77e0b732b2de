"""How figures look and how they become files: print sizes, type, colours; SVG and PNG that are the same every time."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Widths of one and of two columns of a journal's page, in mm.
ONE_COLUMN_MM, TWO_COLUMNS_MM = 88.0, 180.0
PNG_DPI = 300

#: Of the palette of Okabe and Ito, as in the picture of an assessment; markers tell them apart in gray, too.
NEGATIVE_COLOUR, POSITIVE_COLOUR = "#56b4e9", "#e69f00"
NEGATIVE_MARKER, POSITIVE_MARKER = "o", "^"
#: Of the sets of patients and of what is measured in them.
TRAIN_COLOUR, TEST_COLOUR = "#8a8f98", "#0072b2"
INK, MUTED, FAINT = "#1a1d21", "#6b7280", "#d5d9de"

#: Read by the viewer of an SVG. Lines are broken with DejaVu Sans, which comes with matplotlib and is wider than these.
_FONTS = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_LAYOUT_FONT = "'DejaVu Sans', sans-serif"

_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 7.0,
    "axes.labelsize": 7.0,
    "axes.titlesize": 7.0,
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "legend.borderaxespad": 0.2,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.5,
    "patch.linewidth": 0.6,
    "text.color": INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "HER2Predict",
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.w_pad": 0.05,
}


@dataclass(frozen=True, eq=False)
class StudyFigure:
    """A figure, in both formats, with its caption and the numbers behind it.

    `number` is 1 and 2 to 6 as in the study, 7 and on beyond it; `name` is that of its files, without ending. The
    caption is one paragraph, whose first sentence names the figure. `data` holds the numbers by part ("" where there is
    one only).
    """

    number: int
    name: str
    caption: str
    svg: bytes
    png: bytes
    data: Mapping[str, pd.DataFrame]

    def csv_names(self) -> dict[str, pd.DataFrame]:
        """File name to numbers."""
        return {f"{self.name}{f'-{part}' if part else ''}.csv": frame for part, frame in self.data.items()}


def stacked(frames: Mapping[Any, pd.DataFrame], *names: str) -> pd.DataFrame:
    """One table of all, with their keys in columns `names` before the others."""
    return pd.concat(frames, names=names).reset_index(level=names).reset_index(drop=True)


def study_figure(
    number: int,
    name: str,
    caption: str,
    size_mm: tuple[float, float],
    draw: Callable[[Figure], None],
    data: Mapping[str, pd.DataFrame],
) -> StudyFigure:
    """Draw a figure of `size_mm` (width, height) once and keep it as SVG, with text as text, and as PNG of 300 dpi."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(size_mm[0] / 25.4, size_mm[1] / 25.4), layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure)
        vector, pixels = io.StringIO(), io.BytesIO()
        figure.savefig(vector, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(pixels, format="png", dpi=PNG_DPI, metadata={"Software": None})
    svg = vector.getvalue().replace(_LAYOUT_FONT, _FONTS)
    return StudyFigure(number, f"figure-{number:02d}-{name}", caption, svg.encode(), pixels.getvalue(), data)


def letter(axes: Axes, name: str, title: str = "") -> None:
    """Name a panel at its upper left corner."""
    axes.set_title(title, pad=5)
    axes.annotate(
        name,
        (0, 1),
        xycoords="axes fraction",
        xytext=(-22, 5),
        textcoords="offset points",
        fontsize=9,
        fontweight="bold",
        va="baseline",
        annotation_clip=False,
    )


def percent(share: float) -> str:
    """``95 %``."""
    return f"{100 * share:.0f} %"


def unit_square(axes: Axes, x: str, y: str) -> None:
    """Square axes from 0 to 1 with a little air, so that curves along the border are seen whole."""
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "0.25", "0.5", "0.75", "1"])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "0.25", "0.5", "0.75", "1"])
    axes.set_aspect("equal")
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def reference_line(axes: Axes, **where: Any) -> None:
    """A line that stands for nothing learnt: the diagonal, or across at ``y`` or ``x``."""
    style: dict[str, Any] = {"color": MUTED, "linewidth": 0.7, "linestyle": (0, (4, 3)), "zorder": 0.5}
    if "y" in where:
        axes.axhline(where["y"], **style)
    elif "x" in where:
        axes.axvline(where["x"], **style)
    else:
        axes.plot([0, 1], [0, 1], **style)
