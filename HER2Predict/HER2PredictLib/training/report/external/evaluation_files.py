"""The files of an external validation: report, measures, predictions, figures, tables; each whole or not at all."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from ...figures.external import draw_evaluation
from ...measured.evaluate import Evaluation
from ...measured.results import records
from ...statistics.performance import performance_table
from ..study_files import csv_of, figure_files, json_of, write_report
from .evaluation_report import evaluation_report
from .tables import comparison_table


def write_evaluation(evaluation: Evaluation, out: Path) -> tuple[Path, ...]:
    """Write report, measures, predictions, figures and tables into the folder `out`; return the files, report first.

    Raises
    ------
    InputError
        Where a file cannot be written.
    """
    figures = draw_evaluation(evaluation)
    predictions = evaluation.predictions.to_csv(lineterminator="\n", float_format="%.17g")
    performance = performance_table({evaluation.model.name: evaluation.performance})
    return write_report(
        out,
        {
            "report.html": evaluation_report(evaluation, figures).encode(),
            "evaluation.json": json_of(summary_of(evaluation)),
            "predictions.csv": predictions.encode(),
            "performance.csv": performance.to_csv(lineterminator="\n").encode(),
            **figure_files(figures),
            **{f"tables/{name}.csv": content for name, content in _tables(evaluation).items()},
        },
    )


def summary_of(evaluation: Evaluation) -> dict[str, Any]:
    """For JSON; names no patient."""
    model, flow, findings = evaluation.model, evaluation.flow, evaluation.evidence.findings
    return {
        "model": {
            "name": model.name,
            "version": model.version,
            "sha256": model.sha256,
            "guessing": list(model.guessing),
            "training_cohort": dict(model.cohort),
            "recalibration": None if model.recalibration is None else dict(model.recalibration),
        },
        "cohort": dict(evaluation.about),
        "threshold": model.threshold,
        "performance": evaluation.performance.to_dict(),
        "applicability": records(_strata(evaluation)),
        "trained_on": evaluation.trained_on,
        "listed": flow.listed,
        "left_out": flow.left_out,
        "left_out_reasons": dict(flow.reasons),
        "input_findings": None if findings is None else records(findings),
    }


def _strata(evaluation: Evaluation) -> pd.DataFrame:
    """One row per stratum, each limit a column."""
    rows = []
    for stratum in evaluation.strata:
        row: dict[str, Any] = {}
        for name, value in asdict(stratum).items():
            limits = value if isinstance(value, dict) else {"": value}
            row |= {f"{name}_{part}".rstrip("_"): number for part, number in limits.items()}
        rows.append(row)
    return pd.DataFrame(rows)


def _tables(evaluation: Evaluation) -> dict[str, bytes]:
    estimates = evaluation.performance.estimates()
    tables = {
        "table-1-cohort": evaluation.characteristics.to_csv(),
        "table-2-development-and-evaluation": csv_of(comparison_table(evaluation)),
        "table-3-performance": csv_of(
            pd.DataFrame([{"measure": name, **vars(estimate)} for name, estimate in estimates.items()])
        ),
        "table-4-applicability": csv_of(_strata(evaluation)),
    }
    findings = evaluation.evidence.findings
    return tables if findings is None else {**tables, "table-5-input-findings": csv_of(findings)}
