"""Coverage of intervals around a probability on simulated cohorts, and the rule that the bundles carry.

    ./run simulate --patients 600 --seed 31 --out pool
    ./run extract pool/cohort.csv --out pool.csv
    PYTHONPATH=HER2Predict .venv/bin/python Benchmarks/interval.py pool.csv pool/latents.csv

Models are trained on random sets of the study's size (67 patients, 33 of them HER2-positive) out of the pool and asked
about all others, whose true probability the simulator knows. The rule is fitted on one half of the models and all
methods are measured on the other half. Venn-Abers intervals (package venn-abers) are measured where it is installed.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from HER2PredictLib.features import feature_names
from HER2PredictLib.model import log_odds
from HER2PredictLib.training.candidates import MEMBERS, MLP, bagged_mlp
from HER2PredictLib.training.interval import fit_rule
from HER2PredictLib.training.learning import fit_calibrator, folds_of, scores
from HER2PredictLib.training.protocol import Protocol

TRAIN, POSITIVE = 67, 33
#: What cross-validation chose for the bundled model.
PARAMETERS = {"hidden_layer_sizes": (4,), "alpha": 10.0}


@dataclass(frozen=True)
class Answers:
    """What one model says of the patients that it has not seen, shape (patients,) or (members, patients)."""

    log_odds: np.ndarray
    members: np.ndarray
    venn_abers: np.ndarray | None
    truth: np.ndarray
    status: np.ndarray

    @property
    def spread(self) -> np.ndarray:
        return self.members.std(axis=0)


def ask(features: np.ndarray, status: np.ndarray, truth: np.ndarray, seed: int, train: int, positive: int) -> Answers:
    """Train on random patients and ask about the others."""
    random = np.random.default_rng(seed)
    counts = {1: positive, 0: train - positive}
    own = np.concatenate([random.choice(np.flatnonzero(status == s), n, replace=False) for s, n in counts.items()])
    others = np.setdiff1d(np.arange(len(status)), own)
    with threadpool_limits(1):
        pipeline = bagged_mlp(seed, PARAMETERS)
        folds = folds_of(features[own], status[own], Protocol(seed=seed, repeats=4))
        raw = scores(MLP, PARAMETERS, folds, status[own], seed, MEMBERS)
        calibrator = fit_calibrator(raw, status[own])
        pipeline.fit(features[own], status[own])
        components = pipeline[:-1].transform(features[others])
    slope, intercept = calibrator.coef_[0, 0], calibrator.intercept_[0]
    raw_members = np.stack([m.predict_proba(components)[:, 1] for m in pipeline.named_steps["classifier"].estimators_])
    members = slope * log_odds(raw_members) + intercept
    mean = slope * log_odds(raw_members.mean(axis=0)) + intercept
    abers = venn_abers(raw, status[own], raw_members.mean(axis=0))
    return Answers(mean, members, abers, truth[others], status[others])


def venn_abers(calibration: np.ndarray, status: np.ndarray, raw: np.ndarray) -> np.ndarray | None:
    """Log-odds of the lower and upper Venn-Abers probability, shape (2, patients)."""
    try:
        from venn_abers import VennAbers
    except ImportError:
        return None
    calibrator = VennAbers()
    calibrator.fit(np.column_stack([1 - calibration, calibration]), status)
    _, bounds = calibrator.predict_proba(np.column_stack([1 - raw, raw]))
    return log_odds(bounds.T)


def coverage(low: np.ndarray, high: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Share of true log-odds within, and mean width as a probability."""
    width = 1 / (1 + np.exp(-high)) - 1 / (1 + np.exp(-low))
    return float(np.mean((low <= truth) & (truth <= high))), float(width.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("features", type=Path)
    parser.add_argument("latents", type=Path)
    parser.add_argument("--models", type=int, default=60)
    options = parser.parse_args()
    table = pd.read_csv(options.features).set_index("patient_id")
    latents = pd.read_csv(options.latents).set_index("patient_id").loc[table.index]
    truth = log_odds(latents["true_probability"].to_numpy())
    features, status = table[list(feature_names())].to_numpy(float), table["her2"].to_numpy(int)

    def asked(seeds: range, train: int = TRAIN, positive: int = POSITIVE) -> list[Answers]:
        return Parallel(n_jobs=-1)(delayed(ask)(features, status, truth, seed, train, positive) for seed in seeds)

    half = options.models // 2
    fitted = asked(range(half))
    rule = fit_rule(*(np.concatenate([getattr(a, k) for a in fitted]) for k in ("log_odds", "spread", "truth")))
    print(f"rule: {rule}")
    print("| method | training patients | models | coverage, mean (SD over models; least) | mean width |")
    print("| --- | --- | --- | --- | --- |")
    for train in (TRAIN, 2 * TRAIN, 4 * TRAIN):
        models = asked(range(half, 2 * half), train, round(train * POSITIVE / TRAIN))
        methods = {
            "quantiles of the members": lambda a: np.quantile(a.members, [0.025, 0.975], axis=0),
            "Venn-Abers": lambda a: a.venn_abers,
            "the rule": lambda a: a.log_odds + rule.half_width(a.spread) * np.array([[-1], [1]]),
        }
        for name, bounds in methods.items():
            if bounds(models[0]) is None:
                continue
            held, widths = np.transpose([coverage(*bounds(answers), answers.truth) for answers in models])
            print(
                f"| {name} | {train} | {half} | {held.mean():.1%} ({held.std():.1%}; {held.min():.1%}) "
                f"| {widths.mean():.2f} |"
            )
        auc = np.mean([roc_auc_score(a.status, a.log_odds) for a in models])
        print(f"<!-- mean AUC with {train} training patients: {auc:.3f} -->")


if __name__ == "__main__":
    main()
