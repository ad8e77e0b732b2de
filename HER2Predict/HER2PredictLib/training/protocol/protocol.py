"""How a model is learnt and measured: every number that decides what comes out of a cohort."""

from __future__ import annotations

from dataclasses import dataclass

from .candidates import CANDIDATES, MEMBERS, Candidate
from .threshold import YOUDEN, ThresholdRule

#: Sets of patients, as they are named in tables and figures.
TRAIN, TEST = "train", "test"


@dataclass(frozen=True)
class Protocol:
    """How a model is learnt and measured.

    Attributes
    ----------
    seed : int
        Of the split, the folds, the ensemble and the bootstrap.
    test_share : float
        Share of the patients that are held out; the study's 3/10.
    folds, repeats : int
        Of the repeated stratified cross-validation that chooses hyper-parameters and gives out-of-fold predictions.
    splits : int
        Random splits of the repeated hold-out.
    shuffles : int
        Of the HER2 status, for the permutation test.
    members : int
        MLPs in the deployed ensemble.
    choosing_members : int
        MLPs in the ensembles that hyper-parameters are chosen with, and of the permutation test.
    threshold : ThresholdRule
        Which threshold to take.
    jobs : int
        Processes; -1 for all cores.
    candidates : tuple of Candidate
        The models to compare, the MLP among them.
    """

    seed: int = 2024
    test_share: float = 0.3
    folds: int = 5
    repeats: int = 2
    splits: int = 40
    shuffles: int = 200
    members: int = MEMBERS
    choosing_members: int = 5
    threshold: ThresholdRule = YOUDEN
    jobs: int = -1
    candidates: tuple[Candidate, ...] = CANDIDATES

    def settings(self) -> dict[str, float | str]:
        """What decides the numbers, for reports: not the number of processes, and the candidates elsewhere."""
        numbers = {name: value for name, value in vars(self).items() if name not in ("jobs", "candidates")}
        return {**numbers, "threshold": str(self.threshold)}
