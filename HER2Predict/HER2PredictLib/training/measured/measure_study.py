"""Measuring a study: performance, comparisons, components, importance, applicability, random splits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from ...many.processes import Exclusion
from ...model.applicability import EDGE_SHARE, Domain
from ...model.explain import explain
from ...model.model import Model
from ..cohort.cohort import Cohort
from ..cohort.evidence import evidence_of, grouped_reasons, roi_files
from ..protocol.protocol import TEST, TRAIN
from ..protocol.study import Study, threshold_measures
from ..protocol.threshold import choose_threshold
from ..statistics.calibration_measures import calibration_curve
from ..statistics.discrimination import precision_recall, roc
from ..statistics.estimate import RESAMPLES
from ..statistics.performance import compare, decision_curve, measure
from .baseline import table1, table2
from .results import APPARENT, SETS, STUDY_COMPONENTS, DomainLimits, Flow, Importance, Results, Variance


def measure_study(
    study: Study,
    cohort: Cohort,
    exclusions: Mapping[str, Exclusion],
    model: Model,
    resamples: int = RESAMPLES,
) -> Results:
    """Measure everything, with `resamples` in every bootstrap.

    The study's features are indexed by ``patient_id``, and its patients are among the rows of `cohort`, the table that
    they come from; `exclusions` are those left out of it, and why. `model` is the bundle of the study's deployed model.
    """
    patients = study.features.index
    table = cohort.table.loc[patients]
    seed = study.protocol.seed
    status = {name: study.status_of(TRAIN if name == APPARENT else name) for name in SETS}
    thresholds = {key: fit.threshold for key, fit in study.fits.items()}
    cells = [(key, name) for key in study.fits for name in SETS]
    score = {(key, name): study.fits[key].score[name] for key, name in cells}
    probability = {(key, name): study.fits[key].probability[name] for key, name in cells}
    clinical = clinical_table(cohort, table, study.status)
    group = np.where(np.isin(np.arange(len(patients)), study.train), TRAIN, TEST)
    return Results(
        study=study,
        simulated=cohort.simulated or model.simulated,
        split_given=cohort.split is not None,
        description=str(model.cohort["description"]),
        outcome=cohort.outcome,
        roi_files=roi_files(table),
        evidence=evidence_of(cohort, patients, {**{name: group == name for name in (TRAIN, TEST)}, "all": group != ""}),
        flow=_flow(study, len(cohort.table), exclusions),
        table1=table1(clinical),
        table2=table2(clinical, group),
        thresholds=thresholds,
        threshold_choice=choose_threshold(
            study.protocol.threshold, status[TRAIN], probability["mlp", TRAIN], resamples, seed
        ),
        performances={
            (key, name): measure(
                status[name], probability[key, name], thresholds[key], resamples, seed, score=score[key, name]
            )
            for key, name in cells
        },
        comparisons={
            name: compare(status[name], {key: score[key, name] for key in study.fits}, resamples, seed)
            for name in (TRAIN, TEST)
        },
        roc={(key, name): roc(status[name], score[key, name], resamples, seed) for key, name in cells},
        precision_recall={name: precision_recall(status[name], score["mlp", name]) for name in SETS},
        calibration={name: calibration_curve(status[name], probability["mlp", name]) for name in (TRAIN, TEST)},
        decision={
            name: decision_curve(status[name], probability["mlp", name], resamples=resamples, seed=seed)
            for name in (TRAIN, TEST)
        },
        variance=_variance(study),
        importance=_importance(study, model),
        applicability=_applicability(study),
        spread=_spread(study),
        resamples=resamples,
    )


def clinical_table(cohort: Cohort, table: pd.DataFrame, status: np.ndarray) -> pd.DataFrame:
    """The columns that tables 1 and 2 may report."""
    scores = [name for name in ("her2_ihc",) if name in table.columns]
    return table[[*cohort.clinical, *scores]].assign(her2=status.astype(str))


def _flow(study: Study, listed: int, exclusions: Mapping[str, Exclusion]) -> Flow:
    positive = {name: int(study.status_of(name).sum()) for name in (TRAIN, TEST)}
    negative = {name: len(study.status_of(name)) - positive[name] for name in (TRAIN, TEST)}
    return Flow(listed, grouped_reasons(exclusions), negative, positive)


def _variance(study: Study) -> Variance:
    cumulative = np.minimum(np.cumsum(study.components.explained), 1.0)
    held = np.ones(STUDY_COMPONENTS)
    first = cumulative[:STUDY_COMPONENTS]
    held[: len(first)] = first
    return Variance(
        components=len(cumulative),
        kept=study.components.kept,
        explained=100 * float(cumulative[study.components.kept - 1]),
        area=100 * float(cumulative.mean()),
        area_study=100 * float(held.mean()),
    )


def _importance(study: Study, model: Model) -> Importance:
    rows = study.features.iloc[study.train]
    explanations = [explain(model, dict(zip(rows.columns, row, strict=True))) for row in rows.to_numpy()]
    classes = pd.DataFrame([explanation.by_class() for explanation in explanations])
    images = pd.DataFrame([explanation.by_image() for explanation in explanations])
    return Importance(_strength(classes, rows.columns, 1), _strength(images, rows.columns, 0))


def _strength(sums: pd.DataFrame, names: pd.Index, part: int) -> pd.DataFrame:
    """Rows of `Importance`; `part` is where the feature's name has the group."""
    size = sums.abs()
    counts = pd.Series([name.split("_")[part] for name in names]).value_counts()
    table = pd.DataFrame(
        {
            "mean": size.mean(),
            "low": size.quantile(0.25),
            "high": size.quantile(0.75),
            "features": counts.reindex(sums.columns),
        }
    )
    return table.sort_values("mean", ascending=False, kind="stable")


def _applicability(study: Study) -> DomainLimits:
    distances = study.distances.to_numpy()
    limits = Domain.of(*distances[study.train].T).limits(EDGE_SHARE)
    beyond = (distances > limits).any(axis=1)
    rows = {TRAIN: study.train, TEST: study.test}
    return DomainLimits(
        float(limits[0]), float(limits[1]), {name: int(beyond[members].sum()) for name, members in rows.items()}
    )


def _spread(study: Study) -> pd.DataFrame:
    """Of the AUC: mean, standard deviation, quantiles, range, share at or below chance, and that of the study's split.

    Of the Brier score, sensitivity and specificity: mean, and that of the study's split.
    """
    aucs, means = study.spread, study.hold_outs.groupby("model").mean(numeric_only=True)
    status = study.status_of(TEST)
    own = {key: threshold_measures(status, fit.probability[TEST], fit.threshold) for key, fit in study.fits.items()}
    calls = {
        column: values
        for name in ("brier", "sensitivity", "specificity")
        for column, values in (
            (f"{name}_mean", means[name]),
            (f"{name}_this_split", {key: of_key[name] for key, of_key in own.items()}),
        )
    }
    return pd.DataFrame(
        {
            "splits": aucs.count(),
            "mean": aucs.mean(),
            "sd": aucs.std(ddof=1),
            "median": aucs.median(),
            "low": aucs.quantile(0.025),
            "high": aucs.quantile(0.975),
            "min": aucs.min(),
            "max": aucs.max(),
            "share_at_most_half": (aucs <= 0.5).mean(),
            "this_split": {
                key: roc_auc_score(study.status_of(TEST), fit.score[TEST]) for key, fit in study.fits.items()
            },
            **calls,
        }
    ).loc[list(study.fits)]
