"""What other settings of the features would do: to discrimination, to the dependence on the outline, and to each value.

    for seed in 31 32 33; do ./run simulate --patients 97 --seed $seed --out pool/$seed; done
    PYTHONPATH=HER2Predict .venv/bin/python Benchmarks/settings.py pool/*/cohort.csv

A variant changes the parameter file. AUC: logistic regression on principal components, learnt from one cohort and
tested on all others, mean over the cohorts, and its difference from our settings with the standard error over cohorts.
ICC: one-way intraclass correlation of each feature between an outline and six variations of it. Changed: share of the
features of all patients that differ by more than 5 % from ours, and the median difference.
"""

from __future__ import annotations

import argparse
import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import radiomics
from joblib import Parallel, delayed
from radiomics.featureextractor import RadiomicsFeatureExtractor
from ruamel.yaml import YAML
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from HER2PredictLib import features
from HER2PredictLib.case.case import Case
from HER2PredictLib.outline.perturbation import variations
from HER2PredictLib.training.cohort.cohort import Cohort
from HER2PredictLib.training.cohort.read_table import read_table

OUTLINES = 6
#: Kept around the ROI whatever the variant's padding: the pair of the widest.
MARGIN_MM = (30.0, 30.0, 35.0)
_FLAT = {"force2D": True, "force2Ddimension": 0}


def _changed(settings: Mapping[str, Any] | None = None, **images: Mapping[str, Any]) -> dict[str, Any]:
    """Our parameters, with other settings for all images or for those of one kind; None takes a setting away."""
    parameters = copy.deepcopy(YAML(typ="safe").load(features.PARAMETER_FILE.read_text(encoding="utf-8")))
    parameters["setting"].update(settings or {})
    parameters["setting"] = {name: value for name, value in parameters["setting"].items() if value is not None}
    for kind, own in images.items():
        parameters["imageType"][kind].update(own)
    return parameters


VARIANTS = {
    "ours": _changed(),
    "padding 5 mm": _changed({"padDistance": 5}),
    "padding 10 mm": _changed({"padDistance": 10}),
    "padding 25 mm": _changed({"padDistance": 25}),
    "no re-segmentation": _changed({"resegmentRange": None, "resegmentMode": None}),
    "LoG: 10 HU": _changed(LoG={"binWidth": 10}),
    "filtered images: 32 bins": _changed(LoG={"binCount": 32}, Wavelet={"binCount": 32}),
    "all images: 32 bins": _changed({"binCount": 32}),
    "2.5D, wavelets apart": _changed(Original=_FLAT, LoG=_FLAT),
    "directions weighted": _changed({"weightingNorm": "euclidean"}),
}


def extracted(case: Case) -> np.ndarray:
    """Features of one case by every variant, shape (variants, features)."""
    pair = case.surroundings(MARGIN_MM)
    radiomics.setVerbosity(40)
    values = [RadiomicsFeatureExtractor(own).execute(pair.image, pair.mask) for own in VARIANTS.values()]
    return np.array([[complex(np.asarray(value).item()).real for value in own.values()] for own in values])


def of_patient(cohort: Cohort, patient: str, varied: bool) -> tuple[np.ndarray, np.ndarray | None]:
    row = cohort.table.loc[patient]
    case = Case.from_files(cohort.source.parent / row["image"], cohort.source.parent / row["roi"])
    own = extracted(case)
    return own, np.stack([own, *map(extracted, variations(case, OUTLINES))]) if varied else None


def areas(values: list[np.ndarray], status: list[np.ndarray]) -> np.ndarray:
    """AUC of a model of each cohort in all others, shape (cohorts,)."""
    found = []
    for own in range(len(values)):
        others = [number for number in range(len(values)) if number != own]
        pca = PCA(0.9, svd_solver="full", whiten=True)
        model = make_pipeline(StandardScaler(), pca, LogisticRegression(C=0.03, max_iter=2000))
        model.fit(values[own], status[own])
        told = np.concatenate([model.predict_proba(values[other])[:, 1] for other in others])
        found.append(roc_auc_score(np.concatenate([status[other] for other in others]), told))
    return np.array(found)


def intraclass(values: np.ndarray) -> np.ndarray:
    """ICC(1) of each feature (Shrout and Fleiss, Psychol Bull 1979), from shape (patients, outlines, features)."""
    patients, outlines, _ = values.shape
    means = values.mean(axis=1)
    between = outlines * means.var(axis=0, ddof=1)
    within = ((values - means[:, None]) ** 2).sum(axis=(0, 1)) / (patients * (outlines - 1))
    return (between - within) / np.maximum(between + (outlines - 1) * within, 1e-300)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", type=Path, nargs="+", metavar="COHORT.csv")
    parser.add_argument("--varied", type=int, default=16, help="draw the outlines of every so many patients again")
    options = parser.parse_args()
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))
    cohorts = [read_table(table) for table in options.tables]
    work = [(cohort, patient) for cohort in cohorts for patient in cohort.table.index]
    done = Parallel(n_jobs=-1)(
        delayed(of_patient)(*task, number % options.varied == 0) for number, task in enumerate(work)
    )
    values = np.stack([own for own, _ in done])
    varied = np.stack([outlines for _, outlines in done if outlines is not None])
    ends = np.cumsum([len(cohort.table) for cohort in cohorts])[:-1]
    status = [cohort.require_status() for cohort in cohorts]
    print(f"{len(values)} patients in {len(cohorts)} cohorts, {len(varied)} of them with {OUTLINES} other outlines\n")
    print("| settings | AUC | difference (SE) | ICC of 0.75 or more | of 0.9 or more | changed; median |")
    print("| --- | --- | --- | --- | --- | --- |")
    base = areas(np.split(values[:, 0], ends), status)
    for number, name in enumerate(VARIANTS):
        own = areas(np.split(values[:, number], ends), status)
        error = (own - base).std(ddof=1) / np.sqrt(len(own)) if len(own) > 1 else np.nan
        icc = intraclass(varied[:, :, number])
        change = np.abs(values[:, number] - values[:, 0]) / (np.abs(values[:, 0]) + 1e-12)
        print(
            f"| {name} | {own.mean():.3f} | {np.mean(own - base):+.3f} ({error:.3f}) | {np.mean(icc >= 0.75):.0%} "
            f"| {np.mean(icc >= 0.9):.0%} | {np.mean(change > 0.05):.0%}; {np.median(change):.2%} |"
        )


if __name__ == "__main__":
    main()
