"""An Assessment as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..assess import Assessment
from ..features import class_words
from ..model.applicability import words_of
from ..model.guessing import GUESSING_CODE
from ..model.model import interval_name


def as_text(assessment: Assessment) -> str:
    """Result, applicability, stability, explanation, findings, and always the model with its cohort."""
    return "\n".join(_lines(assessment))


def _lines(assessment: Assessment) -> Iterator[str]:
    low, high = assessment.interval
    roi = assessment.roi
    if assessment.banner:
        yield assessment.banner
    if assessment.applicability == "outside":
        yield "Do not rely on this number: the case lies outside what the model knows."
    number = f"probability {assessment.probability:.2f}"
    if not assessment.banner:
        number = (
            f"{assessment.call}   {number}   {interval_name(assessment.interval_level)} {low:.2f} to {high:.2f}   "
            f"threshold {assessment.threshold:.2f}"
        )
    yield number
    if assessment.context:
        yield f"Beside it: {assessment.context}"
    yield (
        f'ROI "{roi["name"]}": {roi["volume_ml"]:.1f} ml, {roi["voxels"]} voxels on {roi["slices"]} slices; '
        f"{len(assessment.features)} radiomic features"
    )
    yield f"Model: {assessment.model.describe()}"
    if assessment.applicability is not None:
        yield (
            f"Applicability: {words_of(assessment.applicability)}; "
            f"{_share(assessment.share_beyond)} of patients like the training patients lie at least as far out"
        )
    if assessment.stability:
        yield assessment.stability.describe()
    if not assessment.banner:
        yield from _explanation(assessment)
    for finding in assessment.findings:
        if finding.code != GUESSING_CODE:
            yield f"{finding.severity}: {finding.message}"
    yield f"{sum(assessment.seconds.values()):.2f} s"


def _explanation(assessment: Assessment) -> Iterator[str]:
    yield f"Explanation: {_pulls(assessment.explanation.by_class())} (log-odds, against the average training patient)"
    for name, contribution, z_score in assessment.explanation.strongest():
        yield f"  {contribution:+6.2f}  {name} (z {z_score:+.1f})"


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "less than 0.1%"


def _pulls(contributions: Mapping[str, float]) -> str:
    order = sorted(contributions.items(), key=lambda item: -abs(item[1]))
    return ", ".join(f"{class_words(name)} {pull:+.2f}" for name, pull in order)
