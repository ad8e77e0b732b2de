"""The words of the panel's part "Why": the features that pulled a result most, as rich text for a label."""

from __future__ import annotations

import re

from ...features import class_words
from ...i18n import tr as _
from ...outputs.result import Result
from .text import plain

_ROW = "<tr><td>{feature}</td><td align='right'>&nbsp;{pull}</td><td align='right'>&nbsp;{z}</td></tr>"
#: Before a capital that begins a word of a feature's name, as in "SmallAreaEmphasis" or "JointEnergy".
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def why_text(result: Result) -> str:
    """A row for each of the features that pull most: its name, its contribution to the log-odds and its z-score."""
    head = _ROW.format(feature=_("<b>Feature</b>"), pull=_("<b>log-odds</b>"), z=_("<b>SD</b>"))
    rows = (
        _ROW.format(feature=_feature_words(name), pull=_signed(pull), z=_signed(z, 1))
        for name, pull, z in result.strongest
    )
    note = _(
        "<small>How far each of the features that pull most moved the log-odds, and by how many standard deviations it "
        "differs from the training patients' mean.</small>"
    )
    return f"<table width='100%'>{head}{''.join(rows)}</table>{note}"


def _feature_words(name: str) -> str:
    """A feature's name of pyradiomics, image_class_feature, in words that can wrap."""
    image, class_, feature = name.split("_", 2)
    words = f"{plain(class_words(class_))} {_WORD_BOUNDARY.sub(' ', plain(feature))}"
    return words if image == "original" else f"{words}, {_image_words(plain(image))}"


def _image_words(image: str) -> str:
    """An image of pyradiomics: wavelet-LLH, log-sigma-3-0-mm-3D."""
    sigma = re.fullmatch(r"log-sigma-(\d+)-(\d+)-mm-3D", image)
    if sigma:
        return _("Laplacian of Gaussian {sigma:g} mm").format(sigma=float(".".join(sigma.groups())))
    return image.replace("-", " ")


def _signed(number: float, digits: int = 2) -> str:
    return f"{number:+.{digits}f}".replace("-", "−")
