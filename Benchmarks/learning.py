"""What training makes of many cohorts: the deployed model against the others, its calls, and whether it knows anything.

    for seed in $(seq 31 50); do
        ./run simulate --patients 97 --seed $seed --out pool/$seed
        ./run extract pool/$seed/cohort.csv --out pool/$seed.csv
    done
    PYTHONPATH=HER2Predict .venv/bin/python Benchmarks/learning.py pool/*.csv
    PYTHONPATH=HER2Predict .venv/bin/python Benchmarks/learning.py --shuffle-labels pool/*.csv

One row a table: AUC in the test patients, calls there, slope of the calibration, cross-validated AUC, p-value of
shuffled labels, and the reasons where the model tells no better than guessing. With ``--shuffle-labels`` every
model ought to.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from HER2PredictLib.training.cohort.read_table import read_table
from HER2PredictLib.training.protocol.protocol import CANDIDATES, MLP, TEST, Protocol
from HER2PredictLib.training.protocol.study import run_study


def learnt_from(table: Path, protocol: Protocol, shuffled: bool) -> dict[str, object]:
    """What the protocol makes of one feature table."""
    cohort = read_table(table)
    features, status = cohort.require_training()
    split = cohort.split
    if shuffled:
        status, split = np.random.default_rng(protocol.seed).permutation(status), None
    study = run_study(features, status, protocol, split)
    deployed, held_out = study.fits["mlp"], study.status_of(TEST)
    called = deployed.probability[TEST] >= study.threshold
    return {
        "table": table.stem,
        **{key: roc_auc_score(held_out, fit.score[TEST]) for key, fit in study.fits.items()},
        "sensitivity": called[held_out == 1].mean(),
        "specificity": 1 - called[held_out == 0].mean(),
        "positive_calls": f"{called.sum()} of {len(called)}",
        "chosen": " ".join(f"{value}" for value in deployed.parameters.values()),
        "slope": study.calibrator.coef_[0, 0],
        "cross_validated": study.discrimination.auc,
        "low": study.discrimination.low,
        "high": study.discrimination.high,
        "p": study.discrimination.p_value,
        "guessing": "; ".join(study.guessing) or "no",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", type=Path, nargs="+", metavar="FEATURES.csv")
    parser.add_argument("--shuffle-labels", action="store_true", help="a permutation of the HER2 status, another split")
    parser.add_argument("--jobs", type=int, default=-1)
    options = parser.parse_args()
    rows = []
    for number, table in enumerate(options.tables):
        seed = 2024 + number if options.shuffle_labels else 2024
        candidates = (MLP,) if options.shuffle_labels else CANDIDATES
        protocol = Protocol(seed=seed, splits=0, jobs=options.jobs, candidates=candidates)
        rows.append(learnt_from(table, protocol, options.shuffle_labels))
        print(pd.DataFrame(rows[-1:]).to_csv(index=False, header=number == 0, float_format="%.3f"), end="", flush=True)
    found = pd.DataFrame(rows)
    print(found.mean(numeric_only=True).to_frame("mean").T.to_csv(float_format="%.3f"), end="")
    print(f"{(found['guessing'] != 'no').sum()} of {len(found)} tell no better than guessing")


if __name__ == "__main__":
    main()
