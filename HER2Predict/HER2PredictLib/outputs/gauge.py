"""The gauge: where its marks lie and what they look like, for whatever paints them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..i18n import tr as _
from ..model.guessing import NO_CALL, POSITIVE
from ..result.result import Result

#: Of the palette of Okabe and Ito, which readers with colour-blindness tell apart.
COLOUR_OF_CALL = {True: "#e69f00", False: "#56b4e9"}

HEIGHT = 64
_SIDE, _TOP, _BAR = 8.0, 22.0, 14.0
_TEXT_HEIGHT = 16.0
#: Between the scale and the bracket of the outline, and the height of that.
_GAP, _BRACKET = 3.0, 5.0
#: Least distance between two texts, in pixels.
_SPACE = 4.0

#: Width in pixels of a text as it is painted.
Measure = Callable[[str], float]


@dataclass(frozen=True)
class Mark:
    """A filled box, or a text in the middle of one.

    `box` is left, top, width and height in pixels; `colour` is ``#rrggbb``, or empty for that of the surrounding text,
    which suits light and dark; `opacity` is 0 to 1.
    """

    box: tuple[float, float, float, float]
    colour: str = ""
    opacity: float = 1.0
    text: str = ""


def colour_of(result: Result) -> str:
    """That of the call; empty for a case that the model does not know, and where there is no call."""
    is_grey = result.applicability == "outside" or result.call == NO_CALL
    return "" if is_grey else COLOUR_OF_CALL[result.call == POSITIVE]


def marks(result: Result, width: float, measure: Measure) -> list[Mark]:
    """A scale from 0 to 1, `width` pixels wide, on it the interval as a band, the probability as a bar and the
    threshold as dashes; below it what other outlines give, as a bracket."""

    def x(share: float) -> float:
        return _SIDE + share * (width - 2 * _SIDE)

    colour = colour_of(result)
    low, high = result.interval
    at, limit = x(result.probability), x(result.threshold)
    return [
        Mark((x(0.0), _TOP, x(1.0) - x(0.0), _BAR), opacity=0.15),
        Mark((x(low), _TOP, max(x(high) - x(low), 1.0), _BAR), colour, opacity=0.5),
        Mark((at - 4.0, _TOP - 6.0, 8.0, _BAR + 12.0)),
        Mark((at - 2.5, _TOP - 4.5, 5.0, _BAR + 9.0), colour),
        *(Mark((limit - 1.0, _TOP - 4.0 + step, 2.0, 4.0)) for step in (0.0, 6.0, 12.0, 18.0)),
        *_bracket(result, x),
        *_threshold_text(result.threshold, limit, width, measure),
        *_scale_texts(x, width, measure),
    ]


def _bracket(result: Result, x: Callable[[float], float]) -> list[Mark]:
    """From the lowest to the highest of what other outlines give; nothing where that is not known."""
    if result.stability is None or not result.stability.count:
        return []
    left, right, top = x(result.stability.low), x(result.stability.high), _TOP + _BAR + _GAP
    return [
        Mark((left, top + _BRACKET - 2.0, max(right - left, 2.0), 2.0)),
        *(Mark((end - 1.0, top, 2.0, _BRACKET)) for end in (left, right)),
    ]


def _threshold_text(threshold: float, at: float, width: float, measure: Measure) -> list[Mark]:
    """The word with the number where there is room for it, the number alone where there is not."""
    words = _("threshold {threshold:.0%}").format(threshold=threshold)
    if measure(words) > width:
        words = f"{threshold:.0%}"
    return [_text(words, at, 0.0, width, measure)]


def _scale_texts(x: Callable[[float], float], width: float, measure: Measure) -> list[Mark]:
    """The ends of the scale, and of the quarters those that do not run into each other."""
    for shares in ((0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 0.5, 1.0), (0.0, 1.0)):
        texts = [_text(f"{share:.0%}", x(share), _TOP + _BAR + _GAP + _BRACKET, width, measure) for share in shares]
        ends = [mark.box[0] + mark.box[2] + _SPACE for mark in texts]
        if all(end <= following.box[0] for end, following in zip(ends, texts[1:], strict=False)):
            break
    return texts


def _text(text: str, centre: float, top: float, width: float, measure: Measure) -> Mark:
    """A text around `centre`, moved so far that all of it is within the gauge."""
    wide = measure(text)
    left = min(max(centre - wide / 2.0, 0.0), max(width - wide, 0.0))
    return Mark((left, top, wide, _TEXT_HEIGHT), text=text)
