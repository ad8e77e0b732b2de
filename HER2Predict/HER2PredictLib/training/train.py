"""From a cohort to an evaluated, documented model bundle: extract, learn, measure, write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..files import check_folder
from ..many.processes import Exclusion, Progress
from ..model.model import Model
from .cohort.extraction import with_features
from .cohort.read_table import read_table
from .measured.measure_study import measure_study
from .measured.results import Results
from .protocol.build import Provenance, build_model
from .protocol.protocol import MLP, TRAIN, Protocol
from .protocol.study import Study, run_study
from .protocol.threshold import ThresholdRule
from .report.study_files import write_results

MODEL_FILE = "model.her2model"


@dataclass(frozen=True, eq=False)
class Training:
    """A trained model, as loaded from the bundle that was written, how it did, and who was left out, by patient_id."""

    model: Model
    results: Results
    exclusions: Mapping[str, Exclusion] = field(default_factory=dict)


def train(
    table: Path,
    out: Path,
    *,
    name: str,
    protocol: Protocol,
    description: str = "",
    jobs: int | None = None,
    extracting: Progress | None = None,
    learning: Progress | None = None,
) -> Training:
    """Train on a cohort table or feature table; write the bundle, report, figures and tables into `out`.

    `name` and `description` are those of the model and of its cohort, for the card; the cohort is described by its
    table's name by default. `jobs` are the processes of the extraction; all cores by default.

    Raises
    ------
    InputError
        Where the table or a feature is not usable, or too few patients remain.
    """
    check_folder(out, "the model")
    listed = read_table(table)
    if listed.features is None:
        listed.require_status()
    cohort, exclusions = with_features(listed, out, jobs, extracting)
    features, status = cohort.require_training()
    study = run_study(features, status, protocol, cohort.split, learning)
    about = {
        "description": description or f"cohort table {table.name}",
        "simulated": cohort.simulated,
        "outcome": cohort.outcome,
    }
    results = measure_study(study, listed.with_features_of(cohort), exclusions, _model(study, name, about, {}))
    out.mkdir(parents=True, exist_ok=True)
    _model(study, name, about, results.to_dict()).save(out / MODEL_FILE)
    saved = Model.load(out / MODEL_FILE)
    write_results(results, saved, out)
    return Training(saved, results, exclusions)


def _model(study: Study, name: str, about: Mapping[str, Any], metrics: Mapping[str, Any]) -> Model:
    counts = {
        "patients": len(study.status),
        "positive": int(study.status.sum()),
        "train": len(study.train),
        "test": len(study.test),
    }
    return build_model(
        study.pipeline,
        study.calibrator,
        study.fits[MLP.key].score[TRAIN],
        study.distances.to_numpy()[study.train],
        study.threshold,
        study.features.iloc[study.train],
        study.status[study.train],
        Provenance(name, {**about, **counts}, metrics, study.protocol.seed, study.discrimination, study.guessing),
    )


def protocol_of(seed: int, jobs: int | None, threshold: str = "youden") -> Protocol:
    """The protocol with a seed, a number of processes and a rule for the threshold.

    Raises
    ------
    InputError
        Where there is no such rule.
    """
    return replace(Protocol(), seed=seed, jobs=jobs or -1, threshold=ThresholdRule.parse(threshold))
