"""An Assessment as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from ..assess import Assessment
from ..i18n import tr as _
from ..model.applicability import words_of
from ..model.guessing import GUESSING_CODE
from ..result import wording


def as_text(assessment: Assessment) -> str:
    """Result, applicability, stability, explanation, findings, and always the model with its cohort."""
    return "\n".join(_lines(assessment))


def _lines(assessment: Assessment) -> Iterator[str]:
    result, roi = assessment.result(), assessment.roi
    leading = wording.lead(result)
    if leading:
        yield leading
    number = wording.probability(result)
    if not result.banner:
        number = "   ".join((result.call, number, wording.interval(result), wording.threshold(result)))
    yield number
    if result.context:
        yield _("Beside it: {context}").format(context=result.context)
    yield _('ROI "{name}": {volume_ml:.1f} ml, {voxels} voxels on {slices} slices; {count} radiomic features').format(
        **roi, count=len(assessment.features)
    )
    yield _("Model: {model}").format(model=result.model)
    if result.applicability is not None:
        share = assessment.tail_probability
        yield _(
            "Applicability: {where}; {share} of patients like the training patients lie at least as far out"
        ).format(
            where=words_of(result.applicability), share=f"{share:.1%}" if share >= 0.001 else _("less than 0.1%")
        )
    if result.stability:
        yield wording.stability_in_full(result.stability)
    if not result.banner:
        pulls = ", ".join(f"{name} {pull:+.2f}" for name, pull in wording.pulls(result))
        yield _("Explanation: {pulls} (log-odds, against the average training patient)").format(pulls=pulls)
        for name, contribution, z_score in result.strongest:
            yield f"  {contribution:+6.2f}  {name} (z {z_score:+.1f})"
    for finding in result.findings:
        if finding.code != GUESSING_CODE:
            yield f"{finding.severity}: {finding.message}"
    yield f"{sum(assessment.seconds.values()):.2f} s"
