"""Tables 3 to 6 of the report of a study: models, performance, comparisons, random splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..measured.baseline import p_value_text
from ..measured.results import APPARENT, SET_LABELS, SETS, Results
from ..protocol.study import Fit
from ..statistics.performance import performance_table
from .page_parts import data_frame_html

#: Measures that are printed of apparent predictions.
_APPARENT_ROWS = ("AUC (bootstrap)", "Average precision", "Brier score")


def models_table(results: Results) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Model": fit.candidate.label,
                "Searched (log-loss)": _searched(fit),
                "Chosen": assignments(fit.parameters),
                "Threshold": f"{fit.threshold:.3f}",
            }
            for fit in results.study.fits.values()
        ]
    )


#: Of the random splits, beside the AUC.
_CALL_MEASURES = {
    "sensitivity": "Sensitivity: mean; this split",
    "specificity": "Specificity: mean; this split",
    "brier": "Brier score: mean; this split",
}


def spread_table(results: Results) -> pd.DataFrame:
    """Test AUC over the random splits, one row per model."""
    return pd.DataFrame(
        [
            {
                "Model": results.labels[str(key)],
                "Mean (SD)": f"{row['mean']:.2f} ({row['sd']:.2f})",
                "Median": f"{row['median']:.2f}",
                "Central 95 %": f"{row['low']:.2f} to {row['high']:.2f}",
                "Range": f"{row['min']:.2f} to {row['max']:.2f}",
                "At most 0.50": f"{100 * row['share_at_most_half']:.0f} %",
                "This split": f"{row['this_split']:.2f}",
                **{
                    heading: f"{row[f'{name}_mean']:.2f}; {row[f'{name}_this_split']:.2f}"
                    for name, heading in _CALL_MEASURES.items()
                },
            }
            for key, row in results.spread.iterrows()
        ]
    )


def performance_html(results: Results) -> str:
    rows: list[dict[str, Any]] = []
    for name in SETS:
        counts = results.performances["mlp", name]
        rows.append({"Measure": f"{SET_LABELS[name]} (n = {counts.patients}, {counts.positive} HER2-positive)"})
        table = performance_table({label: results.performances[key, name] for key, label in results.labels.items()})
        for measure, cells in table.to_dict("index").items():
            if name != APPARENT or measure in _APPARENT_ROWS:
                rows.append({"Measure": measure, **cells})
    notes = (
        "Value (95 % confidence interval). Sensitivity to F1 at each model's own threshold (Table 3), which was "
        "chosen on the out-of-fold predictions of the training set. AUC and average precision are of the scores before "
        "calibration, the other measures of the calibrated probabilities; all models are treated alike.",
        f"Cross-validated AUC of the MLP in the training set {results.study.discrimination.auc:.2f}: p = "
        f"{results.study.discrimination.p_value:.3f} by {results.study.discrimination.shuffles} shuffles.",
    )
    return data_frame_html(pd.DataFrame(rows), "<b>Table 4.</b> Performance", notes)


def comparisons_html(results: Results) -> str:
    rows = []
    for name, pairs in results.comparisons.items():
        rows.append({"Models": SET_LABELS[name]})
        rows += [
            {
                "Models": f"{results.labels[pair.first]} − {results.labels[pair.second]}",
                "Difference in AUC (DeLong)": pair.delong.difference.text(),
                "p (DeLong)": p_value_text(pair.delong.p_value),
                "Difference in AUC (bootstrap)": pair.bootstrap.difference.text(),
                "p (bootstrap)": p_value_text(pair.bootstrap.p_value),
            }
            for pair in pairs
        ]
    return data_frame_html(pd.DataFrame(rows), "<b>Table 5.</b> Paired comparisons of the models")


def _searched(fit: Fit) -> str:
    """Each option, the simplest first, with its cross-validated log-loss."""
    tried = zip(fit.candidate.options(), fit.losses, strict=True)
    return "; ".join(f"{assignments(option)} ({loss:.3f})" for option, loss in tried)


def assignments(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{_name(name)} {_value(value)}" for name, value in values.items())


def _name(parameter: str) -> str:
    return {"C": "C (inverse penalty)", "alpha": "alpha (penalty)"}.get(parameter, parameter.replace("_", " "))


def _value(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return " × ".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
