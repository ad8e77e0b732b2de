"""A small study of made-up patients, run once and shared by the tests of figures and report."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cases import write_small_case
from HER2PredictLib.many.processes import Exclusion
from models import COHORT, made_up_cohort

NAMES = tuple(
    f"{image}_{kind}_{number}"
    for image in ("original", "wavelet-LLH", "log-sigma-3-0-mm-3D")
    for kind in ("firstorder", "glcm")
    for number in range(8)
)
PATIENTS = 60
#: A protocol that takes seconds.
SMALL: dict[str, Any] = {"folds": 3, "splits": 3, "shuffles": 19, "members": 4, "choosing_members": 2}
RESAMPLES = 200
#: Patients of the table who are left out; messages as the extraction gives them, with names in them.
EXCLUSIONS = {
    "Quimby-901": Exclusion("file-not-found", "/archive/Quimby/ct.nrrd does not exist. Check the path."),
    "Quimby-902": Exclusion(
        "roi-empty", 'The ROI "Quimby tumour" is empty: no voxel is marked. Outline the tumour first.'
    ),
    "Quimby-903": Exclusion("roi-empty", 'The ROI "lesion" is empty: no voxel is marked. Outline the tumour first.'),
    "Quimby-904": Exclusion("program-fault", "a fault of HER2Predict (ValueError: Quimby)."),
}
#: What no output may hold: all names and identifiers of patients.
IDENTITY = "Quimby"


@lru_cache(maxsize=1)
def study() -> Any:
    """A Study of 60 patients of which features tell the status in part."""
    from HER2PredictLib.training.protocol.protocol import Protocol
    from HER2PredictLib.training.protocol.study import run_study

    features, status = made_up_cohort(NAMES, PATIENTS, effect=6.0)
    features.index = pd.Index([f"Quimby-{number:03d}" for number in range(PATIENTS)], name="patient_id")
    return run_study(features, status, Protocol(seed=7, repeats=1, jobs=1, **SMALL))


@lru_cache(maxsize=1)
def _images() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory()
    write_small_case(Path(folder.name))
    return folder


def cohort(images: bool = True, simulated: bool = True) -> Any:
    """The table that the study's patients come from, with four more who are left out."""
    from HER2PredictLib.training.cohort.cohort import Cohort

    random = np.random.default_rng(3)
    patients = [*study().features.index, *EXCLUSIONS]
    folder = Path(_images().name) if images else Path("absent")
    table = pd.DataFrame(
        {
            "image": str(folder / "volume.nrrd"),
            "roi": str(folder / "roi.nrrd"),
            "age": random.integers(45, 90, len(patients)).astype(str),
            "gender": random.choice(["F", "M"], len(patients)),
            "surname": [f"Quimby{number}" for number in range(len(patients))],
        },
        index=pd.Index(patients, name="patient_id"),
    )
    return Cohort(
        source=Path("cohort.csv"),
        table=table,
        features=None,
        status=None,
        split=None,
        simulated=simulated,
        settings=None,
        clinical=("age", "gender", "surname"),
    )


def model(simulated: bool = True) -> Any:
    """The bundle of the study's deployed model."""
    from HER2PredictLib.training.protocol.build import Provenance, build_model

    done = study()
    description = {**COHORT, "simulated": simulated, "train": len(done.train), "test": len(done.test)}
    return build_model(
        done.pipeline,
        done.calibrator,
        done.fits["mlp"].score["train"],
        done.distances.to_numpy()[done.train],
        done.threshold,
        done.features.iloc[done.train],
        done.status[done.train],
        Provenance("Made-up model", description, {}, done.protocol.seed, done.discrimination, done.guessing),
    )


def results(images: bool = True, simulated: bool = True, table: Any = None) -> Any:
    """What is measured of the study, with few resamples; of another table than `cohort` where one is given."""
    from HER2PredictLib.training.measured.measure_study import measure_study

    return measure_study(study(), table or cohort(images, simulated), EXCLUSIONS, model(simulated), RESAMPLES)
