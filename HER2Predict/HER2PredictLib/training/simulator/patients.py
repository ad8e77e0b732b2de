"""Who is in a simulated cohort: HER2 status, clinical data like the study's, and the tumour's latent variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from ...errors import InputError
from .her2_effect import PREVALENCE, Latents

_Choice = TypeVar("_Choice")

#: Age in years: median 69, quartiles 62 and 76 (Jiao et al., J Cancer 2024, Table 2), taken as normal.
_AGE_MEDIAN, _AGE_SD, _AGE_RANGE = 69.0, 7.0 / 0.6745, (38, 93)
#: 10 of 97 patients are female (Table 1).
_FEMALE = 10 / 97
#: Patients of 97 by pT stage (Table 1) and AJCC stage (Table 2): all of stage III are pT3 or pT4 here.
_STAGES: dict[tuple[str, str], float] = {
    ("Ta", "0a"): 43, ("Tis", "0is"): 3, ("T1", "I"): 20, ("T2", "II"): 24,
    ("T3", "IIIA"): 1, ("T3", "IIIB"): 4, ("T4", "IIIA"): 1, ("T4", "IIIB"): 1,
}  # fmt: skip
#: IHC scores within each HER2 status; the study does not give their shares.
_IHC: dict[bool, dict[str, float]] = {True: {"2+": 0.6, "3+": 0.4}, False: {"0": 0.45, "1+": 0.55}}


@dataclass(frozen=True)
class Patient:
    """One simulated patient, `positive` by HER2 status, before the CT is made.

    `number` is 1 for the first of the cohort, `seed` is the cohort's.
    """

    number: int
    seed: int
    positive: bool
    ihc: str
    age: int
    gender: str
    t_stage: str
    ajcc_stage: str
    latents: Latents

    @property
    def identifier(self) -> str:
        """Such as SIM-0001."""
        return f"SIM-{self.number:04d}"


def draw_cohort(patients: int, seed: int) -> list[Patient]:
    """Draw the patients of a cohort.

    Patient i of a seed has the same anatomy, clinical data and unshifted latents however many patients there are; only
    who is HER2-positive depends on their number, since that count is exact: `patients` * 42 / 97, rounded.

    Raises
    ------
    InputError
        For fewer than 1 patient or a seed below 0.
    """
    if patients < 1:
        raise InputError(f"A cohort cannot have {patients} patients; ask for at least 1.")
    if seed < 0:
        raise InputError(f"The seed {seed} is negative; choose 0 or more.")
    order = np.random.default_rng(np.random.SeedSequence(seed)).permutation(patients)
    positives = set(order[: round(patients * PREVALENCE)].tolist())
    return [_draw_patient(index, seed, index in positives) for index in range(patients)]


def study_split(patients: list[Patient]) -> list[str]:
    """``train`` or ``test`` for each patient, in the shares of the study's Table 2.

    33 of 42 HER2-positive and 34 of 55 HER2-negative patients train. Patients are independent of their number, so the
    first ones of either status are as good as random ones.
    """
    left = {
        status: round(share * sum(patient.positive == status for patient in patients))
        for status, share in ((True, 33 / 42), (False, 34 / 55))
    }
    split = []
    for patient in patients:
        left[patient.positive] -= 1
        split.append("train" if left[patient.positive] >= 0 else "test")
    return split


def _draw_patient(index: int, seed: int, positive: bool) -> Patient:
    rng = generator(seed, index, "patient")
    latents = Latents.draw(rng, positive)
    t_stage, ajcc_stage = _choose(rng, _STAGES)
    return Patient(
        number=index + 1,
        seed=seed,
        positive=positive,
        ihc=_choose(rng, _IHC[positive]),
        age=int(np.clip(round(rng.normal(_AGE_MEDIAN, _AGE_SD)), *_AGE_RANGE)),
        gender="F" if rng.random() < _FEMALE else "M",
        t_stage=t_stage,
        ajcc_stage=ajcc_stage,
        latents=latents,
    )


def _choose(rng: np.random.Generator, weights: dict[_Choice, float]) -> _Choice:
    """One of the keys, with probabilities proportional to their values."""
    shares = np.array(list(weights.values()), float)
    return list(weights)[rng.choice(len(shares), p=shares / shares.sum())]


def generator(seed: int, index: int, purpose: Literal["patient", "anatomy", "noise"]) -> np.random.Generator:
    """The random numbers of one patient for one purpose, independent of all others."""
    return np.random.default_rng(
        np.random.SeedSequence(seed, spawn_key=(index, ("patient", "anatomy", "noise").index(purpose)))
    )
