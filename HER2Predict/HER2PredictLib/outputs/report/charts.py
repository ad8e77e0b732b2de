"""Drawings of the page, in SVG: the gauge, the gray levels of the ROI, the patient among those of training, bars."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...case.case import Case
from ...i18n import tr as _
from ...model.model import Model
from ...result.result import Result
from .. import gauge
from .html import Markup, element
from .page_style import INK, MUTED, PALE

_GAUGE_WIDTH = 420.0
#: Width of a letter over the size of its font, about.
_LETTER = 0.72
_FONT = 11.0

_HISTOGRAM = (330.0, 120.0)
_BINS = 32
_SCATTER = (330.0, 205.0)
_LEFT, _BOTTOM, _TOP, _RIGHT = 36.0, 30.0, 8.0, 8.0
_SIZE = 3.5


def gauge_svg(result: Result, words: str) -> Markup:
    """The panel's gauge; `words` say the same to those who cannot see it."""
    marks = gauge.marks(result, _GAUGE_WIDTH, lambda text: len(text) * _FONT * _LETTER)
    return element(
        "svg",
        *map(_mark, marks),
        viewBox=f"0 0 {_GAUGE_WIDTH:g} {gauge.HEIGHT}",
        role="img",
        aria_label=words,
    )


def _mark(mark: gauge.Mark) -> Markup:
    left, top, width, height = mark.box
    colour = mark.colour or INK
    if mark.text:
        return _text(mark.text, left + width / 2, top + height / 2 + _FONT * 0.36, INK)
    return element("rect", x=left, y=top, width=width, height=height, fill=colour, fill_opacity=mark.opacity)


def histogram_of(case: Case) -> tuple[Markup, dict[str, float]]:
    """How often each gray level is in the ROI; and its mean, SD, 10th and 90th percentile, in HU."""
    levels = case.voxels[case.box.slices][case.roi_voxels[case.box.slices] != 0].astype(np.float64)
    low, high = np.percentile(levels, (10, 90)).tolist()
    found = {"mean": float(levels.mean()), "sd": float(levels.std()), "low": low, "high": high}
    counts, ends = np.histogram(levels, _BINS, (float(levels.min()), max(float(levels.max()), levels.min() + 1.0)))
    axes = _Axes(_HISTOGRAM, (float(ends[0]), float(ends[-1])), (0.0, float(counts.max())))
    bars = (
        element(
            "rect",
            x=axes.x(start),
            y=axes.y(count),
            width=axes.x(end) - axes.x(start) - 0.5,
            height=axes.y(0.0) - axes.y(count),
            fill=MUTED if low <= (start + end) / 2.0 <= high else PALE,
        )
        for count, start, end in zip(counts.tolist(), ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    )
    words = _("Histogram of the gray levels in the ROI: mean {mean:.0f} HU, SD {sd:.0f} HU, 10th to 90th percentile {low:.0f} to {high:.0f} HU").format(**found)  # fmt: skip  # noqa: E501
    drawn = axes.svg(words, [*bars, *axes.ticks_below(), axes.title_below(_("gray level, HU"))])
    return drawn, found


def scatter(model: Model, scores: np.ndarray) -> Markup | None:
    """The patient, by the first two `scores`, among those of training; None where the bundle does not hold these."""
    if model.training_scores is None:
        return None
    points, status = model.training_scores
    every = np.vstack([points, scores[:2]])
    margin = 0.06 * np.maximum(np.ptp(every, axis=0), 1e-9)
    (left, low), (right, high) = (every.min(axis=0) - margin).tolist(), (every.max(axis=0) + margin).tolist()
    axes = _Axes(_SCATTER, (left, right), (low, high))
    marks = [
        (_square if positive else _ring)(axes.x(x), axes.y(y))
        for (x, y), positive in zip(points.tolist(), status.tolist(), strict=True)
    ]
    x, y = axes.x(float(scores[0])), axes.y(float(scores[1]))
    words = _("This patient (cross) among the training patients on the first two principal components: HER2-negative as rings, HER2-positive as squares")  # fmt: skip  # noqa: E501
    titles = [axes.title_below(_("component 1")), axes.title_beside(_("component 2"))]
    return axes.svg(words, [*axes.ticks_below(), *axes.ticks_beside(), *titles, *marks, *_cross(x, y)])


def bar(value: float, most: float) -> Markup:
    """A bar to the right of the middle for what pushes up, to its left for what pushes down; decoration of a number."""
    half = 60.0
    length = half * min(abs(value) / most, 1.0) if most else 0.0
    left, colour = half - (length if value < 0 else 0.0), gauge.COLOUR_OF_CALL[value > 0]
    return element(
        "svg",
        element("rect", x=left, y=2, width=length, height=8, fill=colour),
        element("path", d=f"M{half} 0V12", stroke=INK, stroke_width=1),
        viewBox=f"0 0 {2 * half:g} 12",
        aria_hidden="true",
    )


def _ring(x: float, y: float) -> Markup:
    return element("circle", cx=x, cy=y, r=_SIZE, fill="none", stroke=gauge.COLOUR_OF_CALL[False], stroke_width=1.6)


def _square(x: float, y: float) -> Markup:
    return element(
        "rect", x=x - _SIZE, y=y - _SIZE, width=2 * _SIZE, height=2 * _SIZE, fill=gauge.COLOUR_OF_CALL[True],
        stroke=INK, stroke_width=0.6,
    )  # fmt: skip


def _cross(x: float, y: float) -> list[Markup]:
    arm = 2.4 * _SIZE
    path = f"M{x - arm:.2f} {y:.2f}H{x + arm:.2f}M{x:.2f} {y - arm:.2f}V{y + arm:.2f}"
    return [
        element("path", d=path, fill="none", stroke="#fff", stroke_width=6),
        element("path", d=path, fill="none", stroke=INK, stroke_width=3),
    ]


class _Axes:
    """A drawing of so many pixels whose axes run from the first to the second value."""

    def __init__(self, size: tuple[float, float], across: tuple[float, float], up: tuple[float, float]) -> None:
        self._size, self._across, self._up = size, across, up

    def x(self, value: float) -> float:
        low, high = self._across
        return _LEFT + (value - low) / (high - low) * (self._size[0] - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self._up
        return self._size[1] - _BOTTOM - (value - low) / (high - low) * (self._size[1] - _BOTTOM - _TOP)

    def ticks_below(self) -> Iterable[Markup]:
        base = self._size[1] - _BOTTOM
        yield element("path", d=f"M{_LEFT} {base}H{self._size[0] - _RIGHT}", stroke=INK, stroke_width=1)
        for value in _round_values(*self._across):
            yield element("path", d=f"M{self.x(value):.2f} {base}v4", stroke=INK, stroke_width=1)
            yield _text(f"{value:g}", self.x(value), base + 15, INK)

    def ticks_beside(self) -> Iterable[Markup]:
        yield element("path", d=f"M{_LEFT} {_TOP}V{self._size[1] - _BOTTOM}", stroke=INK, stroke_width=1)
        for value in _round_values(*self._up):
            yield element("path", d=f"M{_LEFT} {self.y(value):.2f}h-4", stroke=INK, stroke_width=1)
            yield _text(f"{value:g}", _LEFT - 6, self.y(value) + _FONT * 0.36, INK, "end")

    def title_below(self, words: str) -> Markup:
        return _text(words, (_LEFT + self._size[0] - _RIGHT) / 2, self._size[1] - 2, MUTED)

    def title_beside(self, words: str) -> Markup:
        middle = (_TOP + self._size[1] - _BOTTOM) / 2
        return element(
            "text", words, x=0, y=0, fill=MUTED, font_size=_FONT, text_anchor="middle",
            transform=f"translate({_FONT * 0.9:.2f} {middle:.2f}) rotate(-90)",
        )  # fmt: skip

    def svg(self, words: str, marks: Iterable[Markup]) -> Markup:
        width, height = self._size
        return element("svg", *marks, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=words)


def _round_values(low: float, high: float) -> list[float]:
    """Four to nine round values between two ends."""
    step = 10.0 ** np.floor(np.log10((high - low) / 4.0))
    step *= next(factor for factor in (5.0, 2.0, 1.0) if (high - low) / (step * factor) >= 4.0)
    return (np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step).tolist()


def _text(words: str, x: float, y: float, colour: str, anchor: str = "middle") -> Markup:
    return element("text", words, x=x, y=y, fill=colour, font_size=_FONT, text_anchor=anchor)
