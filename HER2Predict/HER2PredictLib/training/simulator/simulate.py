"""Simulated patients: a cohort of excretory-phase CTUs with ROIs, HER2 status and a table, and the sample case."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import SimpleITK as sitk

from ... import parallel, threads
from ...case.masks import largest_pieces, signed_distance
from ...errors import InputError
from ...files import whole
from ...many.processes import Progress
from .acquisition import ACQUISITIONS, Acquisition
from .body.phantom import Phantom
from .body.scan_grid import MATRIX
from .dicom_series import write_series
from .her2_effect import Latents, true_probability
from .image_files import SEGMENT_NAME, image_from_array, write_segmentation, write_volume
from .patients import Patient, draw_cohort, generator, study_split
from .scanner import Scanner

Format = Literal["nrrd", "nifti", "dicom"]

#: Seed and latents of the sample case: a HER2-positive-looking tumour, the ROI of about 20 ml.
_SAMPLE_SEED = 20241014
_SAMPLE_LATENTS = Latents(heterogeneity=1.7, enhancement=1.1, size=1.52)

_VOLUME_SUFFIX = {"nrrd": ".nrrd", "nifti": ".nii.gz", "dicom": ""}


@dataclass(frozen=True)
class SampleCase:
    """The sample case on disk: a CTU, its segmentation, and the name of the segment."""

    volume: Path
    roi: Path
    segment: str


@threads.one_in_this_process()
def simulate(patient: Patient, acquisition: Acquisition = ACQUISITIONS["study"]) -> tuple[sitk.Image, sitk.Image]:
    """CTU of a patient (int16 HU) and ROI on its grid (uint8); anatomy and tumour are the same in every acquisition."""
    index = patient.number - 1
    phantom = Phantom(
        generator(patient.seed, index, "anatomy"),
        patient.latents.look,
        female=patient.gender == "F",
        acquisition=acquisition,
    )
    rng = generator(patient.seed, index, "noise")
    grid = phantom.grid
    scanner = Scanner(rng, MATRIX, grid.pixel_mm, acquisition)
    shape = (grid.slices, MATRIX, MATRIX)
    ct, roi = np.empty(shape, np.int16), np.zeros(shape, np.uint8)
    for k, slab in enumerate(phantom.slabs()):
        ct[k] = scanner.scan(slab.hu)
        roi[k] = slab.roi
    # Without specks that are cut off from the tumour.
    drawn = largest_pieces(roi)
    if acquisition.roi_grow_mm != 0:
        drawn = signed_distance(drawn, tuple(reversed(grid.spacing))) <= acquisition.roi_grow_mm
    ct_image, roi_image = (image_from_array(array, grid.spacing, grid.origin) for array in (ct, drawn.astype(np.uint8)))
    return ct_image, roi_image


def simulate_cohort(
    patients: int,
    seed: int,
    out: Path,
    *,
    fmt: Format = "nrrd",
    acquisition: str = "study",
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Simulate a cohort into a folder that does not exist or is empty.

    The same seed gives the same cohort, with the same patients in each of
    :data:`.simulator.acquisition.ACQUISITIONS`, of which `acquisition` is a name. `fmt` is the format of the CTs;
    ROIs are always ``.seg.nrrd``. There are as many processes as processors unless `jobs` says otherwise; `progress` is
    called with the number of patients done and the number of all.

    Returns
    -------
    Path
        ``out/cohort.csv``, written last: where it exists, the cohort is complete. ``latents.csv`` beside it holds what
        no real cohort has: the latent variables and the exact probability of being HER2-positive given them.

    Raises
    ------
    InputError
        Where the folder holds something, or an argument is out of range: at least 1 patient, a seed of 0 or more.
    """
    if fmt not in get_args(Format):
        raise InputError(f"The format {fmt!r} is unknown; choose one of {', '.join(get_args(Format))}.")
    if acquisition not in ACQUISITIONS:
        raise InputError(f"The acquisition {acquisition!r} is unknown; choose one of {', '.join(ACQUISITIONS)}.")
    cohort = draw_cohort(patients, seed)
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} already holds something; choose another folder or delete it.")
    out.mkdir(parents=True, exist_ok=True)
    settings = (cohort, out, fmt, ACQUISITIONS[acquisition])
    for done, _ in enumerate(parallel.spread(patients, _writer, settings, jobs or parallel.available()), start=1):
        if progress:
            progress(done, patients)
    _write_table(out / "latents.csv", [_latents_row(patient) for patient in cohort])
    rows = [_cohort_row(patient, split, fmt) for patient, split in zip(cohort, study_split(cohort), strict=True)]
    _write_table(out / "cohort.csv", rows)
    return out / "cohort.csv"


def _writer(cohort: Sequence[Patient], out: Path, fmt: Format, acquisition: Acquisition) -> Callable[[int], None]:
    """Writes the patient of a number, counted from 0."""
    return lambda index: _write_patient(cohort[index], out, fmt, acquisition)


def _write_patient(patient: Patient, out: Path, fmt: Format, acquisition: Acquisition) -> None:
    """Simulate one patient and put both files in place at once."""
    ct, roi = simulate(patient, acquisition)
    final = out / patient.identifier
    with _temporary_folder(out) as folder:
        if fmt == "dicom":
            write_series(ct, folder / "ct", patient, acquisition)
        else:
            write_volume(ct, folder / f"ct{_VOLUME_SUFFIX[fmt]}")
        write_segmentation(roi, folder / "roi.seg.nrrd")
        folder.rename(final)


@contextmanager
def _temporary_folder(parent: Path) -> Iterator[Path]:
    """A folder in `parent` that is deleted unless it is renamed."""
    folder = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=parent))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cohort_row(patient: Patient, split: str, fmt: Format) -> dict[str, object]:
    folder = patient.identifier
    return {
        "patient_id": patient.identifier,
        "image": f"{folder}/ct{_VOLUME_SUFFIX[fmt]}",
        "roi": f"{folder}/roi.seg.nrrd",
        "segment": SEGMENT_NAME,
        "her2_ihc": patient.ihc,
        "her2": int(patient.positive),
        "split": split,
        "simulated": 1,
        "age": patient.age,
        "gender": patient.gender,
        "t_stage": patient.t_stage,
        "ajcc_stage": patient.ajcc_stage,
    }


def _latents_row(patient: Patient) -> dict[str, object]:
    return {
        "patient_id": patient.identifier,
        **asdict(patient.latents),
        **asdict(patient.latents.look),
        "true_probability": true_probability(patient.latents),
    }


def _write_table(path: Path, rows: list[dict[str, object]]) -> None:
    with whole(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def sample_case(directory: Path) -> SampleCase:
    """The sample case in a folder (made if absent): made on first use (a few seconds), used again afterwards."""
    directory = Path(directory)
    case = SampleCase(directory / "sample-ctu.nrrd", directory / "sample-ctu.seg.nrrd", SEGMENT_NAME)
    if case.volume.exists() and case.roi.exists():
        return case
    directory.mkdir(parents=True, exist_ok=True)
    patient = Patient(
        number=1,
        seed=_SAMPLE_SEED,
        positive=True,
        ihc="3+",
        age=69,
        gender="M",
        t_stage="T1",
        ajcc_stage="I",
        latents=_SAMPLE_LATENTS,
    )
    ct, roi = simulate(patient)
    with _temporary_folder(directory) as folder:
        write_volume(ct, folder / case.volume.name)
        write_segmentation(roi, folder / case.roi.name)
        (folder / case.roi.name).replace(case.roi)
        (folder / case.volume.name).replace(case.volume)
    return case
