"""Do the intervals hold what a model of many more patients says? The rule that bundles carry, and where it was checked.

    PYTHONPATH=HER2Predict .venv/bin/python Benchmarks/interval.py --fit A/*.csv --check B/*.csv --others C/*.csv.gz

Feature tables, as `her2predict extract` writes them. From the patients of `--fit`, put together, pairs of models learn
from disjoint sets and are asked about patients that neither has seen; the rule is fitted to how far they differ. Pairs
from the patients of `--check` then tell how often they differ by no more than their intervals allow. `--others` are
tables of other software, organs and outcomes (columns `ID`, `Target` and features): one table, one cohort.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from HER2PredictLib.features import feature_names
from HER2PredictLib.model.network import expit
from HER2PredictLib.training.protocol.interval import RULE, Answers, IntervalRule
from HER2PredictLib.training.protocol.learning import learn
from HER2PredictLib.training.protocol.protocol import MLP, Protocol

#: Patients that the first model of a pair learns from, and how many such pairs there are; the second learns from all
#: others but those who are asked about.
SIZES = {67: 16, 134: 10, 268: 6, 600: 4}
#: Share of the patients who are asked about.
ASKED = 0.15
#: Tables of others: the smallest class, and the share that the first model learns from.
FEWEST, SHARE, PAIRS = 25, 0.4, 4


@dataclass(frozen=True, eq=False)
class Cohort:
    name: str
    features: np.ndarray
    status: np.ndarray


@dataclass(frozen=True, eq=False)
class Pair:
    """Two models of disjoint patients of a cohort, asked about the same others."""

    cohort: str
    patients: int
    against: int
    area: float
    first: Answers
    second: Answers


def pair(cohort: Cohort, patients: int, asked: int, seed: int) -> Pair:
    random = np.random.default_rng(seed)

    def drawn(rows: np.ndarray, count: int) -> np.ndarray:
        """So many rows, with the cohort's share of positives."""
        classes = [rows[cohort.status[rows] == status] for status in (0, 1)]
        own = [random.choice(c, round(count * len(c) / len(rows)), replace=False) for c in classes]
        return np.concatenate(own)

    every = np.arange(len(cohort.status))
    others = drawn(every, asked)
    first = drawn(np.setdiff1d(every, others), patients)
    second = np.setdiff1d(every, np.concatenate([others, first]))
    told, area = [], 0.0
    for number, rows in enumerate((first, second)):
        with threadpool_limits(1):
            learnt = learn(MLP, cohort.features[rows], cohort.status[rows], Protocol(seed=seed + 1000 * number))
        told.append(Answers.of(learnt, cohort.features[others]))
        area = area or roc_auc_score(cohort.status[rows], learnt.raw)
    return Pair(cohort.name, len(first), len(second), area, told[0], told[1])


def pooled(name: str, tables: Sequence[Path]) -> Cohort:
    table = pd.concat([pd.read_csv(file) for file in tables])
    return Cohort(name, table[list(feature_names())].to_numpy(float), table["her2"].to_numpy(int))


def of_others(table: Path) -> Cohort:
    content = pd.read_csv(table)
    features = content.drop(columns=["ID", "Target"]).select_dtypes("number").to_numpy(float)
    features = features[:, np.isfinite(features).all(axis=0)]
    varies = features.std(axis=0) > 1e-12 * np.abs(features).max(axis=0)
    return Cohort(table.name.partition(".")[0], features[:, varies], content["Target"].to_numpy(int))


def tasks(cohort: Cohort, seed: int) -> Iterator[tuple[Cohort, int, int, int]]:
    asked = round(ASKED * len(cohort.status))
    for patients, pairs in SIZES.items():
        if patients <= 0.5 * len(cohort.status):
            yield from ((cohort, patients, asked, seed + number) for number in range(pairs))


def tasks_of_others(cohort: Cohort) -> Iterator[tuple[Cohort, int, int, int]]:
    if np.bincount(cohort.status).min() >= FEWEST:
        patients, asked = (round(share * len(cohort.status)) for share in (SHARE, 1 - 2 * SHARE))
        yield from ((cohort, patients, asked, number) for number in range(PAIRS))


def fit_rule(pairs: list[tuple[Answers, Answers]], level: float = 0.95) -> IntervalRule:
    """Fit the rule to pairs of models that have learnt from different patients and are asked about the same others.

    Where both rules are right, the variance of the difference of the two log-odds is the sum of both variances. The
    weights maximise the likelihood of normal differences; `factor` is then the quantile of the scaled differences that
    holds `level` of them, as in split conformal prediction with a normalised score (Lei et al., J Am Stat Assoc 2018,
    113:1094-1111, sec. 5.2), so that the level does not lean on the normal distribution.
    """
    difference2 = np.concatenate([(one.log_odds - other.log_odds) ** 2 for one, other in pairs])
    spread2 = np.concatenate([one.spread**2 + other.spread**2 for one, other in pairs])
    calibration2 = np.concatenate([one.calibration_error**2 + other.calibration_error**2 for one, other in pairs])

    def loss(logs: np.ndarray) -> float:
        variance = np.exp(logs[0]) * spread2 + np.exp(logs[1]) * calibration2
        return float(np.mean(np.log(variance) + difference2 / variance))

    weights = np.exp(minimize(loss, np.zeros(2), method="Nelder-Mead").x)
    scaled = np.sqrt(difference2 / (weights[0] * spread2 + weights[1] * calibration2))
    # The conformal quantile: the ceil((n + 1) * level)-th smallest.
    rank = min(int(np.ceil((len(scaled) + 1) * level)), len(scaled))
    return IntervalRule(float(weights[0]), float(weights[1]), float(np.sort(scaled)[rank - 1]), level)


def held(rule: IntervalRule, one: Answers, other: Answers) -> np.ndarray:
    """For which patients do two models differ by no more than their intervals, added in quadrature, allow?"""
    allowed = rule.half_width(one) ** 2 + rule.half_width(other) ** 2
    return (one.log_odds - other.log_odds) ** 2 <= allowed


def widths(rule: IntervalRule, answers: Answers) -> np.ndarray:
    """Of the intervals, as probabilities."""
    half = rule.half_width(answers)
    return expit(answers.log_odds + half) - expit(answers.log_odds - half)


def row(rule: IntervalRule, pairs: Sequence[Pair]) -> str:
    shares = [held(rule, own.first, own.second).mean() for own in pairs]
    wide = [widths(rule, own.first).mean() for own in pairs]
    first = pairs[0]
    return (
        f"| {first.cohort} | {first.patients} | {first.against} | {len(pairs)} "
        f"| {np.mean([own.area for own in pairs]):.2f} "
        f"| {np.mean(shares):.1%} ({np.std(shares):.1%}; {np.min(shares):.1%}) | {np.mean(wide):.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fit", type=Path, nargs="+", required=True, metavar="TABLE")
    parser.add_argument("--check", type=Path, nargs="+", required=True, metavar="TABLE")
    parser.add_argument("--others", type=Path, nargs="*", default=[], metavar="TABLE")
    parser.add_argument("--jobs", type=int, default=-1)
    options = parser.parse_args()
    work = [*tasks(pooled("fit", options.fit), 0), *tasks(pooled("check", options.check), 100)]
    work += [task for table in options.others for task in tasks_of_others(of_others(table))]
    pairs: list[Pair] = Parallel(n_jobs=options.jobs)(delayed(pair)(*task) for task in work)
    rule = fit_rule([(own.first, own.second) for own in pairs if own.cohort == "fit"])
    print(f"fitted: {rule}\ncarried: {RULE}\n")
    print("| cohort | learnt from | against | pairs | cross-validated AUC | held, mean (SD; least) | mean width |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, patients in dict.fromkeys((own.cohort, own.patients) for own in pairs):
        print(row(RULE, [own for own in pairs if (own.cohort, own.patients) == (name, patients)]))
    tables = [own for own in pairs if own.cohort not in ("fit", "check")]
    if tables:
        shares = [held(RULE, own.first, own.second).mean() for own in tables]
        print(f"\nTables of others together: {np.mean(shares):.1%} held.")


if __name__ == "__main__":
    main()
