"""The ROI in three planes through its largest area: gray levels as a picture, the outline as lines upon it."""

from __future__ import annotations

import base64
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ...case.case import Case
from ...i18n import tr as _
from ..picture import OUTLINE, WINDOW_HU
from .html import Markup, element

#: Shown around the ROI, in mm.
_MARGIN_MM = 25.0
#: What lies beyond the volume is shown as air.
_AIR_HU = -1024
#: Pixels of a picture's side: gray levels are interpolated here, since programs that show the page do it or do not.
_PIXELS = 320


@dataclass(frozen=True, eq=False)
class View:
    """A plane: `pixels` in HU and `inside` the ROI, shape (rows, columns), so many mm apart.

    `place` says which plane it is; `sides` are the letters at its left, right, top and bottom; the middle `field_mm`
    of it, a square, are shown.
    """

    name: str
    place: str
    pixels: np.ndarray
    inside: np.ndarray
    row_mm: float
    column_mm: float
    field_mm: float
    sides: tuple[str, str, str, str]


def views_of(case: Case) -> list[View]:
    """The axial, the coronal and the sagittal plane in which the ROI is largest, all of one scale."""
    voxels, roi = case.anatomical(case.voxels), case.anatomical(case.roi_voxels)
    box = case.axes.anatomical_box(case.box, case.voxels.shape)
    head, posterior, left = case.spacing_mm
    field = max(size * step for size, step in zip(box.shape, case.spacing_mm, strict=True)) + 2 * _MARGIN_MM
    middle = [(first + last) / 2.0 for first, last in zip(box.first, box.last, strict=True)]
    indices: list[np.ndarray] = [
        np.arange(count) + round(centre - (count - 1) / 2.0)
        for centre, count in zip(middle, (math.ceil(field / step) + 1 for step in (head, posterior, left)), strict=True)
    ]
    indices[0] = indices[0][::-1]  # the head at the top
    names = (
        (_("Axial"), ("R", "L", "A", "P"), _("slice {number} of {count} from the feet")),
        (_("Coronal"), ("R", "L", "H", "F"), _("row {number} of {count} from the front")),
        (_("Sagittal"), ("A", "P", "H", "F"), _("column {number} of {count} from the right")),
    )
    views = []
    for axis, (name, sides, place) in enumerate(names):
        others = tuple(other for other in range(3) if other != axis)
        number = int(np.argmax(roi.sum(axis=others, dtype=np.int64)))
        rows, columns = (indices[other] for other in others)
        views.append(
            View(
                name,
                place.format(number=number + 1, count=roi.shape[axis]),
                _cut(np.take(voxels, number, axis), rows, columns, _AIR_HU),
                _cut(np.take(roi, number, axis), rows, columns, 0) != 0,
                case.spacing_mm[others[0]],
                case.spacing_mm[others[1]],
                field,
                sides,
            )
        )
    return views


def _cut(plane: np.ndarray, rows: np.ndarray, columns: np.ndarray, beyond: int) -> np.ndarray:
    """These rows and columns of a plane; `beyond` where it has none."""
    found = plane[np.ix_(*(np.clip(own, 0, size - 1) for own, size in zip((rows, columns), plane.shape, strict=True)))]
    held = [(own >= 0) & (own < size) for own, size in zip((rows, columns), plane.shape, strict=True)]
    return np.where(held[0][:, None] & held[1], found, beyond)


def figure(view: View) -> Markup:
    """A plane with the outline, the letters of its sides and a scale."""
    field = view.field_mm
    height, width = view.inside.shape[0] * view.row_mm, view.inside.shape[1] * view.column_mm
    path = " ".join(_edges(view.inside, view.row_mm, view.column_mm))
    outline = element(
        "g",
        # Dark below light: it is seen on any gray.
        element("path", d=path, fill="none", stroke="#000", stroke_width=field / 90, stroke_opacity=0.6),
        element("path", d=path, fill="none", stroke=OUTLINE, stroke_width=field / 180),
        transform=f"translate({(field - width) / 2:.3f} {(field - height) / 2:.3f})",
    )
    picture = element(
        "svg",
        element("image", href=_png(_shown(view)), width=field, height=field),
        outline,
        *_letters(view.sides, field),
        *_scale(field),
        viewBox=f"0 0 {field:.6g} {field:.6g}",
        role="img",
        aria_label=_("{plane} plane through the ROI with its outline, {place}").format(
            plane=view.name, place=view.place
        ),
    )
    return element("figure", picture, element("figcaption", f"{view.name}, {view.place}"))


def _shown(view: View) -> np.ndarray:
    """Gray levels of the square that is shown, in HU, interpolated linearly."""
    plane = sitk.GetImageFromArray(view.pixels.astype(np.float32))
    plane.SetSpacing((view.column_mm, view.row_mm))
    step = view.field_mm / _PIXELS
    ends = zip(plane.GetSize(), plane.GetSpacing(), strict=True)
    first = [((count - 1) * size - view.field_mm + step) / 2.0 for count, size in ends]
    found = sitk.Resample(
        plane, (_PIXELS, _PIXELS), sitk.Transform(2, sitk.sitkIdentity), sitk.sitkLinear, first, (step, step)
    )
    return sitk.GetArrayFromImage(found)


def _edges(inside: np.ndarray, row_mm: float, column_mm: float) -> Iterator[str]:
    """The edges of the voxels at the rim, as lines of an SVG path in mm."""
    for line, start, end in _runs(inside):
        yield f"M{start * column_mm:.2f} {line * row_mm:.2f}H{end * column_mm:.2f}"
    for line, start, end in _runs(inside.T):
        yield f"M{line * column_mm:.2f} {start * row_mm:.2f}V{end * row_mm:.2f}"


def _runs(inside: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Where a line between two rows parts inside from outside: the line, the first and the last column's end."""
    changes = np.diff(np.pad(inside.astype(np.int8), ((1, 1), (0, 0))), axis=0) != 0
    for line in np.flatnonzero(changes.any(axis=1)):
        ends = np.flatnonzero(np.diff(np.pad(changes[line].astype(np.int8), 1)))
        for start, end in ends.reshape(-1, 2):
            yield int(line), int(start), int(end)


def _letters(sides: tuple[str, str, str, str], field: float) -> Iterator[Markup]:
    left, right, top, bottom = sides
    inset = field / 28
    for letter, x, y in (
        (left, inset, field / 2),
        (right, field - inset, field / 2),
        (top, field / 2, 1.5 * inset),
        (bottom, field / 2, field - 0.7 * inset),
    ):
        yield _label(letter, x, y, field)


def _scale(field: float) -> Iterator[Markup]:
    """A bar of 1 cm, its ends marked."""
    right, low, tick = field * 0.96, field * 0.95, field / 60
    bar = f"M{right - 10:.2f} {low - tick:.2f}v{2 * tick:.2f}m0 {-tick:.2f}H{right:.2f}m0 {-tick:.2f}v{2 * tick:.2f}"
    yield element("path", d=bar, fill="none", stroke="#000", stroke_width=field / 60)
    yield element("path", d=bar, fill="none", stroke="#fff", stroke_width=field / 150)
    yield _label("1 cm", right - 5, low - 2 * tick, field)


def _label(text: str, x: float, y: float, field: float) -> Markup:
    """Text that reads on black and on white."""
    style: dict[str, str | float | None] = {"text_anchor": "middle", "font_size": field / 22}
    shadow = element("text", text, x=x, y=y, stroke="#000", stroke_width=field / 110, stroke_linejoin="round", **style)
    return Markup(shadow + element("text", text, x=x, y=y, fill="#fff", **style))


def _png(pixels: np.ndarray) -> str:
    """Gray levels in the soft-tissue window as the address of a picture that is written in the page."""
    centre, width = WINDOW_HU
    shown = np.clip((pixels - (centre - width / 2)) * (255.0 / width), 0, 255).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plane.png"
        sitk.WriteImage(sitk.GetImageFromArray(shown), str(file), useCompression=True)
        return f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"
