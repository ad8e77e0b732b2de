"""Features of simulated patients under several acquisitions, and of variations of their outlines, kept in files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ... import parallel
from ...assess import preprocess
from ...case.case import Case
from ...case.rois import Roi
from ...case.volumes import Volume
from ...errors import InputError
from ...features import extract, feature_names
from ...files import whole
from ...many.fingerprint import software, source_id
from ...many.processes import Progress
from ...outline import perturbation
from ...outline.perturbation import variations
from ..simulator.acquisition import ACQUISITIONS
from ..simulator.her2_effect import true_probability
from ..simulator.image_files import SEGMENT_NAME
from ..simulator.patients import Patient, draw_cohort
from ..simulator.simulate import simulate


@dataclass(frozen=True, eq=False)
class Measured:
    """P simulated patients under one acquisition.

    `numbers` (int) are those in the cohort of the patients that could be computed; `refused` counts the others. Like
    `positive` (bool) and `true_probability`, which is exact given the latent variables of the tumour, they have shape
    (P,). `features` has shape (P, 975) and `variations`, the features of N variations of the outline, (P, N, 975), not
    finite where one could not be computed. `findings` are the codes of the findings on each patient's input.
    """

    numbers: np.ndarray
    positive: np.ndarray
    true_probability: np.ndarray
    features: np.ndarray
    variations: np.ndarray
    findings: tuple[tuple[str, ...], ...]
    refused: int


@dataclass(frozen=True)
class _Row:
    number: int
    features: tuple[float, ...]
    variations: tuple[tuple[float, ...], ...]
    findings: tuple[str, ...]


def measured_cohort(
    acquisition: str,
    patients: int,
    seed: int,
    varied: int,
    folder: Path,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Measured:
    """The cohort under an acquisition: from a file in `folder` where the same was computed before, else computed.

    `acquisition` is a name in `ACQUISITIONS`, `varied` the number of variations of each outline. There are as many
    processes as cores unless `jobs` says otherwise; `progress` is called with the patients done and their total.
    """
    cohort = draw_cohort(patients, seed)
    key = json.dumps([acquisition, patients, seed, varied, software(), source_id(decided_by())], sort_keys=True)
    file = folder / f"{acquisition}.npz"
    rows = _read(file, key)
    if rows is None:
        rows = []
        settings = (cohort, acquisition, varied)
        for _, row in parallel.spread(patients, _computer, settings, jobs or parallel.available()):
            rows.append(row)
            if progress:
                progress(len(rows), patients)
        _write(file, key, rows)
    return _gathered(cohort, rows, varied)


def decided_by() -> list[Path]:
    """What decides the numbers besides `software`: the variations, the findings and the simulator."""
    library = Path(perturbation.__file__).parents[1]
    rooms = (library / "findings", library / "training" / "simulator")
    return [Path(perturbation.__file__), *(file for room in rooms for file in sorted(room.rglob("*.py")))]


def _computer(cohort: list[Patient], acquisition: str, varied: int) -> Callable[[int], _Row | None]:
    """Computes the row of the patient of a number, counted from 0."""
    return lambda index: _compute(cohort[index], acquisition, varied)


def _compute(patient: Patient, acquisition: str, varied: int) -> _Row | None:
    """One patient's features and findings; None where the input is refused."""
    ct, roi = simulate(patient, ACQUISITIONS[acquisition])
    case = Case(Volume(ct, patient.identifier, "CT"), Roi(roi, SEGMENT_NAME))
    try:
        checked = preprocess(case)
        own = tuple(extract(checked.prepared).values())
    except InputError:
        return None
    others = tuple(_features_of(variation) for variation in variations(case, varied))
    return _Row(patient.number, own, others, tuple(finding.code for finding in checked.findings))


def _features_of(case: Case) -> tuple[float, ...]:
    try:
        return tuple(extract(case.prepared()).values())
    except InputError:
        return (float("nan"),) * len(feature_names())


def _gathered(cohort: list[Patient], rows: list[_Row | None], varied: int) -> Measured:
    known = sorted((row for row in rows if row is not None), key=lambda row: row.number)
    if not known:
        raise InputError(f"None of the {len(cohort)} simulated patients could be computed.")
    theirs = [cohort[row.number - 1] for row in known]
    return Measured(
        numbers=np.array([row.number for row in known]),
        positive=np.array([patient.positive for patient in theirs]),
        true_probability=np.array([true_probability(patient.latents) for patient in theirs]),
        features=np.array([row.features for row in known]),
        variations=np.array([row.variations for row in known]).reshape(len(known), varied, len(feature_names())),
        findings=tuple(row.findings for row in known),
        refused=len(rows) - len(known),
    )


def _write(file: Path, key: str, rows: list[_Row | None]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    known = [row for row in rows if row is not None]
    with whole(file) as unfinished, unfinished.open("wb") as stream:
        np.savez(
            stream,
            key=np.array(key),
            rows=np.array(len(rows)),
            numbers=np.array([row.number for row in known]),
            features=np.array([row.features for row in known]),
            variations=np.array([row.variations for row in known]),
            findings=np.array([" ".join(row.findings) for row in known]),
        )


def _read(file: Path, key: str) -> list[_Row | None] | None:
    """The rows in a file; None where there are none, or others than asked for."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            if str(stored["key"]) != key:
                return None
            columns = [stored[name].tolist() for name in ("numbers", "features", "variations", "findings")]
            missing = int(stored["rows"]) - len(columns[0])
    except (FileNotFoundError, BadZipFile, KeyError, ValueError, EOFError):
        return None
    found: list[_Row | None] = [
        _Row(number, tuple(features), tuple(map(tuple, varied)), tuple(findings.split()))
        for number, features, varied, findings in zip(*columns, strict=True)
    ]
    return found + [None] * missing
