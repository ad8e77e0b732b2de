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

    `seed` is of the split, the folds, the ensemble and the bootstrap. `test_share` of the patients are held out; the
    study's 3/10. `folds` and `repeats` are of the repeated stratified cross-validation that chooses hyper-parameters
    and gives out-of-fold predictions, `splits` the random splits of the repeated hold-out, `shuffles` those of the HER2
    status for the permutation test. The deployed ensemble has `members` MLPs; those that hyper-parameters are chosen
    with, and those of the permutation test, have `choosing_members`. `jobs` are processes, -1 for all cores. The MLP is
    among the candidates.
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
