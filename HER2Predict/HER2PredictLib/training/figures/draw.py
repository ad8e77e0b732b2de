"""All figures of a study, in the order of the report."""

from __future__ import annotations

from ..measured.results import Results
from . import beyond, replicated
from .patient_flow import patient_flow
from .roi_examples import roi_examples
from .style import StudyFigure


def draw_figures(results: Results) -> tuple[StudyFigure, ...]:
    """Draw every figure; that of the ROIs is left out where the images cannot be read."""
    drawn = (
        patient_flow(results),
        roi_examples(results.roi_source, 3),
        replicated.principal_components(results),
        replicated.roc_curves(results),
        replicated.mlp_performance(results),
        beyond.calibration(results),
        beyond.decision(results),
        beyond.splits(results),
        beyond.importance(results),
        beyond.applicability(results),
    )
    return tuple(figure for figure in drawn if figure is not None)
