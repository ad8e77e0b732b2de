"""Measuring a study: performance, comparisons, components, importance, applicability, random splits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from ...features import class_of, image_of
from ...many.processes import Exclusion
from ...model.applicability import EDGE_SHARE, Domain
from ...model.explain import explain
from ...model.model import Model
from ..cohort.cohort import Cohort
from ..cohort.evidence import evidence_of, grouped_reasons, roi_source
from ..protocol.protocol import MLP, TEST, TRAIN
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
    cells = [(key, fit, name) for key, fit in study.fits.items() for name in SETS]
    mlp = study.fits[MLP.key]
    clinical = clinical_table(cohort, table, study.status)
    group = np.where(np.isin(np.arange(len(patients)), study.train), TRAIN, TEST)
    return Results(
        study=study,
        simulated=cohort.simulated or model.simulated,
        split_given=cohort.split is not None,
        description=str(model.cohort["description"]),
        outcome=cohort.outcome,
        roi_source=roi_source(
            table.iloc[study.train], study.status[study.train], study.features.iloc[study.train], "training patient"
        ),
        evidence=evidence_of(cohort, patients, {**{name: group == name for name in (TRAIN, TEST)}, "all": group != ""}),
        flow=_flow(study, len(cohort.table), exclusions),
        table1=table1(clinical),
        table2=table2(clinical, group),
        threshold_choice=choose_threshold(
            study.protocol.threshold, status[TRAIN], mlp.probability[TRAIN], resamples, seed
        ),
        performances={
            (key, name): measure(
                status[name], fit.probability[name], fit.threshold, resamples, seed, score=fit.score[name]
            )
            for key, fit, name in cells
        },
        comparisons={
            name: compare(status[name], {key: fit.score[name] for key, fit in study.fits.items()}, resamples, seed)
            for name in (TRAIN, TEST)
        },
        roc={(key, name): roc(status[name], fit.score[name], resamples, seed) for key, fit, name in cells},
        precision_recall={name: precision_recall(status[name], mlp.score[name]) for name in (TRAIN, TEST)},
        calibration={name: calibration_curve(status[name], mlp.probability[name]) for name in (TRAIN, TEST)},
        decision={
            name: decision_curve(status[name], mlp.probability[name], resamples=resamples, seed=seed)
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
    first = cumulative[:STUDY_COMPONENTS]
    held = np.pad(first, (0, STUDY_COMPONENTS - len(first)), constant_values=1.0)
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
    names = rows.columns
    return Importance(_strength(classes, names.map(class_of)), _strength(images, names.map(image_of)))


def _strength(sums: pd.DataFrame, groups: pd.Index) -> pd.DataFrame:
    """Rows of `Importance`; `groups` are those of the features."""
    size = sums.abs()
    table = pd.DataFrame(
        {
            "mean": size.mean(),
            "low": size.quantile(0.25),
            "high": size.quantile(0.75),
            "features": groups.value_counts().reindex(sums.columns),
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
            "this_split": {key: roc_auc_score(status, fit.score[TEST]) for key, fit in study.fits.items()},
            **calls,
        }
    ).loc[list(study.fits)]
