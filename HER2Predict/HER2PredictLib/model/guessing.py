"""What a model has shown to know of its own cohort, and the words for one that knows nothing, for every surface."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..i18n import tr as _

POSITIVE, NEGATIVE = "HER2-positive", "HER2-negative"
#: What stands where a call would, for a model that tells no better than guessing.
NO_CALL = "no call"
#: Of the finding that stands first in the Assessment by such a model.
GUESSING_CODE = "model-guesses"


def is_positive(probability: float, threshold: float) -> bool:
    """On which side of the threshold a probability lies; at it the call is HER2-positive."""
    return probability >= threshold


@dataclass(frozen=True)
class Discrimination:
    """How well a model ranks the patients that it learnt from, each by models that were fitted without that patient.

    `auc` is the area under the ROC curve, `low` and `high` its 95 % interval, nan where it is 0 or 1. `p_value` is the
    share of shuffles of the HER2 status, the true order among them, that do as well or better.
    """

    auc: float
    low: float
    high: float
    p_value: float
    shuffles: int

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Discrimination:
        """As `to_dict` gives it."""
        limits = {name: math.nan if stored[name] is None else float(stored[name]) for name in ("low", "high")}
        return cls(float(stored["auc"]), limits["low"], limits["high"], stored["p_value"], stored["shuffles"])

    def to_dict(self) -> dict[str, float | None]:
        """For JSON, which has no nan."""
        return {name: None if math.isnan(value) else value for name, value in asdict(self).items()}

    def describe(self) -> str:
        """``cross-validated AUC 0.83 (95 % CI 0.73 to 0.90)``."""
        if math.isnan(self.low):
            return _("cross-validated AUC {auc:.2f}").format(auc=self.auc)
        return _("cross-validated AUC {auc:.2f} (95 % CI {low:.2f} to {high:.2f})").format(
            auc=self.auc, low=self.low, high=self.high
        )


def headline() -> str:
    """What leads every surface that shows such a model."""
    return _("This model tells no better than guessing")


def banner(reasons: Sequence[str]) -> str:
    """The headline, why it holds, and what follows."""
    return _("{headline}: {reasons}. It gives no call; do not rely on its probability.").format(
        headline=headline(), reasons="; ".join(reasons)
    )


def context(share: float | None, discrimination: Discrimination | None) -> str:
    """What a reader must know beside a probability, in one line; empty where the bundle tells neither.

    `share` is of HER2-positive patients among those that calibration was fitted to, 0 to 1.
    """
    parts = []
    if share is not None:
        words = _("{share:.0%} of the model's patients were HER2-positive; a probability near that says little")
        parts.append(words.format(share=share))
    if discrimination is not None:
        parts.append(discrimination.describe())
    return "; ".join(parts)
