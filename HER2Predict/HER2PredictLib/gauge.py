"""The gauge: where its marks lie and what they look like, for whatever paints them."""

from __future__ import annotations

from dataclasses import dataclass

from .assess import POSITIVE
from .i18n import tr as _
from .picture import COLOUR_OF_CALL
from .result import Result

HEIGHT = 60
_SIDE, _TOP, _BAR = 20.0, 22.0, 14.0
_TEXT_WIDTH, _TEXT_HEIGHT = 90.0, 16.0


@dataclass(frozen=True)
class Mark:
    """A filled box, or a text in the middle of one.

    Attributes
    ----------
    box : tuple of float
        Left, top, width and height in pixels.
    colour : str
        ``#rrggbb``; empty for the colour of the surrounding text, which suits light and dark.
    opacity : float
        0 to 1.
    text : str
        Empty for a filled box.
    """

    box: tuple[float, float, float, float]
    colour: str = ""
    opacity: float = 1.0
    text: str = ""


def marks(result: Result, width: float) -> list[Mark]:
    """A scale from 0 to 1, on it the interval as a band, the probability as a bar and the threshold as dashes.

    Parameters
    ----------
    width : float
        Of the gauge in pixels.
    """

    def x(share: float) -> float:
        return _SIDE + share * (width - 2 * _SIDE)

    def written(share: float, top: float, text: str) -> Mark:
        left = min(max(x(share) - _TEXT_WIDTH / 2, _SIDE - _TEXT_WIDTH / 2), width - _SIDE - _TEXT_WIDTH / 2)
        return Mark((left, top, _TEXT_WIDTH, _TEXT_HEIGHT), text=text)

    # A call for a case that the model does not know has no colour.
    colour = "" if result.applicability == "outside" else COLOUR_OF_CALL[result.call == POSITIVE]
    low, high = result.interval
    at, limit = x(result.probability), x(result.threshold)
    return [
        Mark((x(0.0), _TOP, x(1.0) - x(0.0), _BAR), opacity=0.15),
        Mark((x(low), _TOP, max(x(high) - x(low), 1.0), _BAR), colour, opacity=0.5),
        Mark((at - 4.0, _TOP - 6.0, 8.0, _BAR + 12.0)),
        Mark((at - 2.5, _TOP - 4.5, 5.0, _BAR + 9.0), colour),
        *(Mark((limit - 1.0, _TOP - 4.0 + step, 2.0, 4.0)) for step in (0.0, 6.0, 12.0, 18.0)),
        written(result.threshold, 0.0, _("threshold {threshold:.0%}").format(threshold=result.threshold)),
        *(written(share, _TOP + _BAR + 7.0, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)),
    ]
