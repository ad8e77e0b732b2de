"""All figures of a study, in the order of the report."""

from __future__ import annotations

from ..measured.results import Results
from . import figures_beyond, figures_study
from .figure_style import StudyFigure
from .roi_examples import roi_examples


def draw_figures(results: Results) -> tuple[StudyFigure, ...]:
    """Draw every figure; that of the ROIs is left out where the images cannot be read."""
    drawn = (
        figures_study.patient_flow(results),
        roi_examples(results.roi_source, 3),
        figures_study.principal_components(results),
        figures_study.roc_curves(results),
        figures_study.mlp_performance(results),
        figures_beyond.calibration(results),
        figures_beyond.decision(results),
        figures_beyond.splits(results),
        figures_beyond.importance(results),
        figures_beyond.applicability(results),
    )
    return tuple(figure for figure in drawn if figure is not None)
