"""The files of a study beside its bundle: report, metrics, figures, tables, model card; each whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ...files import not_writable, write_files
from ...model.model import Model
from ..figures.draw import draw_figures
from ..figures.style import StudyFigure
from ..measured.results import SETS, Results
from ..protocol.protocol import TEST
from .model_card import model_card
from .study_report import report_html
from .study_tables import models_table


def write_results(results: Results, model: Model, out: Path) -> tuple[Path, ...]:
    """Write ``report.html``, ``metrics.json``, ``model-card.md``, ``figures/`` and ``tables/`` into the folder `out`.

    Everything is made before the first file is written, and each file appears under its name only when it is whole.
    Figures of an earlier run that this one does not have are removed; `out` is made where it does not exist. `model` is
    as saved, so that the report can name its checksum. Returns the files, report first.

    Raises
    ------
    InputError
        Where a file cannot be written.
    """
    figures = draw_figures(results)
    return write_report(
        out,
        {
            "report.html": report_html(results, figures, model).encode(),
            "metrics.json": json_of(results.to_dict()),
            "model-card.md": model_card(results, model).encode(),
            **figure_files(figures),
            **{f"tables/{name}.csv": content for name, content in _tables(results).items()},
        },
    )


def write_report(out: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write files by their path below the folder `out`, remove figures of an earlier run that are not among them.

    Raises
    ------
    InputError
        Where one cannot be written or removed.
    """
    write_files(out, files)
    try:
        for old in (out / "figures").glob("figure-[0-9][0-9]-*"):
            if f"figures/{old.name}" not in files:
                old.unlink()
    except OSError as error:
        raise not_writable(out, error) from error
    return tuple(out / name for name in files)


def figure_files(figures: Sequence[StudyFigure]) -> dict[str, bytes]:
    """Path below the folder of a report to content."""
    files = {}
    for figure in figures:
        files[f"figures/{figure.name}.svg"] = figure.svg
        files[f"figures/{figure.name}.png"] = figure.png
        files |= {f"figures/{name}": csv_of(frame) for name, frame in figure.csv_names().items()}
    return files


def _tables(results: Results) -> dict[str, bytes]:
    tables = {
        "table-1-cohort": results.table1.to_csv(),
        "table-2-training-against-test": results.table2.to_csv(),
        "table-3-models": csv_of(models_table(results)),
        "table-4-performance": csv_of(_performance(results)),
        "table-5-comparisons": csv_of(_comparisons(results)),
        "table-6-random-splits": csv_of(results.spread.rename_axis("model").reset_index()),
        "predictions": csv_of(_predictions(results)),
        "random-splits": csv_of(results.study.hold_outs),
        "label-shuffles": csv_of(_shuffles(results)),
    }
    findings = results.evidence.findings
    return tables if findings is None else {**tables, "table-7-input-findings": csv_of(findings)}


def _performance(results: Results) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"model": key, "set": name, "measure": measure, **vars(estimate)}
            for key in results.study.fits
            for name in SETS
            for measure, estimate in results.performances[key, name].estimates().items()
        ]
    )


def _predictions(results: Results) -> pd.DataFrame:
    """One row per model, set and patient, who is numbered by the row of the feature table; all measures follow."""
    study = results.study
    rows = {name: study.test if name == TEST else study.train for name in SETS}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "row": rows[name] + 1,
                    "set": name,
                    "her2": study.status[rows[name]],
                    "model": key,
                    "score": fit.score[name],
                    "probability": fit.probability[name],
                }
            )
            for key, fit in study.fits.items()
            for name in SETS
        ],
        ignore_index=True,
    )


def _shuffles(results: Results) -> pd.DataFrame:
    """Cross-validated AUC, the true HER2 status first."""
    found = results.study.shuffles
    return pd.DataFrame({"shuffle": range(len(found.shuffled) + 1), "auc": [found.auc, *found.shuffled]})


def _comparisons(results: Results) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"set": name, "first": pair.first, "second": pair.second, "method": method, **difference.to_dict()}
            for name, pairs in results.comparisons.items()
            for pair in pairs
            for method, difference in (("delong", pair.delong), ("bootstrap", pair.bootstrap))
        ]
    )


def json_of(content: Mapping[str, Any]) -> bytes:
    """As a JSON file."""
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def csv_of(frame: pd.DataFrame) -> bytes:
    """A table as a CSV file."""
    return frame.to_csv(index=False, lineterminator="\n").encode()
