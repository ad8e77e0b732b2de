"""An Assessment as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .applicability import VERDICTS
from .assess import Assessment
from .features import class_words


def as_text(assessment: Assessment) -> str:
    """Result, applicability, stability, explanation, findings, and always the model with its cohort."""
    return "\n".join(_lines(assessment))


def _lines(assessment: Assessment) -> Iterator[str]:
    low, high = assessment.interval
    roi = assessment.roi
    if assessment.applicability == "outside":
        yield "Do not rely on this number: the case lies outside what the model knows."
    yield (
        f"{assessment.call}   probability {assessment.probability:.2f}   "
        f"{assessment.interval_level:.0%} interval {low:.2f} to {high:.2f}   threshold {assessment.threshold:.2f}"
    )
    yield (
        f'ROI "{roi["name"]}": {roi["volume_ml"]:.1f} ml, {roi["voxels"]} voxels on {roi["slices"]} slices; '
        f"{len(assessment.features)} radiomic features"
    )
    yield f"Model: {assessment.model.describe()}"
    yield (
        f"Applicability: {VERDICTS[assessment.applicability]}; "
        f"{_share(assessment.share_beyond)} of patients like the training patients lie at least as far out"
    )
    if assessment.stability:
        yield assessment.stability.describe()
    yield f"Explanation: {_pulls(assessment.explanation.by_class())} (log-odds, against the average training patient)"
    for name, contribution, z_score in assessment.explanation.strongest():
        yield f"  {contribution:+6.2f}  {name} (z {z_score:+.1f})"
    for finding in assessment.findings:
        yield f"{finding.severity}: {finding.message}"
    yield f"{sum(assessment.seconds.values()):.2f} s"


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "less than 0.1%"


def _pulls(contributions: Mapping[str, float]) -> str:
    order = sorted(contributions.items(), key=lambda item: -abs(item[1]))
    return ", ".join(f"{class_words(name)} {pull:+.2f}" for name, pull in order)
