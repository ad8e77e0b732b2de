"""Which threshold a model calls at, how far it could lie elsewhere, and how much its choice flatters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import roc_curve

from ...errors import InputError
from ..statistics.estimate import RESAMPLES, Estimate, checked_probability, percentile_limits

Kind = Literal["youden", "sensitivity", "cost"]

#: A threshold is kept this far from 0 and 1: a bundle has one strictly between them.
_CLOSEST = 0.01


@dataclass(frozen=True)
class ThresholdRule:
    """How the threshold is chosen from calibrated out-of-fold predictions.

    ``youden``: where sensitivity + specificity is largest (Youden, Cancer 1950, 3:32-35), the highest of several that
    do equally well; `value` is nan. ``sensitivity``: the highest that finds at least the share `value` of the
    HER2-positive patients. ``cost``: 1 / (1 + `value`), where a missed HER2-positive patient costs `value` times as
    much as a false alarm (Pauker and Kassirer, N Engl J Med 1980, 302:1109-1117); it follows from the costs alone.
    """

    kind: Kind
    value: float = math.nan

    @classmethod
    def parse(cls, text: str) -> ThresholdRule:
        """From ``youden``, ``sensitivity=0.9`` or ``cost=5``.

        Raises
        ------
        InputError
            Where the text is none of these, or its number makes no sense.
        """
        name, _, number = text.partition("=")
        if name == "youden" and text == name:
            return YOUDEN
        if name not in ("sensitivity", "cost"):
            raise InputError(f'"{text}" is no rule for the threshold; use youden, sensitivity=0.9 or cost=5.')
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if name == "sensitivity" and not 0 < value < 1:
            raise InputError(f'The sensitivity in "{text}" is no share above 0 and below 1; use for instance 0.9.')
        if name == "cost" and not 0.02 <= value <= 50:
            raise InputError(
                f'The cost in "{text}" is no number from 0.02 to 50: how many false alarms a missed HER2-positive '
                "patient costs as much as."
            )
        return cls("sensitivity" if name == "sensitivity" else "cost", value)

    def __str__(self) -> str:
        """As it is parsed."""
        return self.kind if self.kind == "youden" else f"{self.kind}={self.value:g}"

    def words(self) -> str:
        if self.kind == "youden":
            return "maximises sensitivity + specificity"
        if self.kind == "sensitivity":
            return f"is the highest with a sensitivity of at least {100 * self.value:g} %"
        return f"weighs a missed HER2-positive patient as {self.value:g} false alarms"

    def threshold(self, status: ArrayLike, probability: ArrayLike) -> float:
        """The threshold from predictions, between 0.01 and 0.99. Raises as `checked_probability`."""
        statuses, probabilities = checked_probability(status, probability)
        return float(np.clip(self._unbounded(statuses, probabilities), _CLOSEST, 1 - _CLOSEST))

    def _unbounded(self, status: np.ndarray, probability: np.ndarray) -> float:
        if self.kind == "cost":
            return 1 / (1 + self.value)
        false_positive, true_positive, thresholds = roc_curve(status, probability, drop_intermediate=False)
        # The first threshold is infinite and calls nobody positive.
        if self.kind == "sensitivity":
            return float(thresholds[1 + int(np.argmax(true_positive[1:] >= self.value - 1e-12))])
        index = true_positive[1:] - false_positive[1:]
        return float(thresholds[1 + int(np.argmax(index >= index.max() - 1e-12))])


YOUDEN = ThresholdRule("youden")


@dataclass(frozen=True)
class ThresholdChoice:
    """A threshold, and what a bootstrap tells of its choice.

    The threshold has the percentile interval of the thresholds that resamples choose; none where it follows from costs.
    Sensitivity and specificity are those in the patients that it was chosen on. Their optimism is by how much they
    flatter: they minus what the thresholds of resamples achieve, on average, in the patients that the resample left out
    (leave-one-out bootstrap: Efron and Tibshirani, J Am Stat Assoc 1997, 92:548-560). For a maximum such as Youden's
    this comes nearer to new patients than the bootstrap that does not leave out.
    """

    rule: ThresholdRule
    threshold: Estimate
    sensitivity: float
    specificity: float
    optimism_sensitivity: float
    optimism_specificity: float

    @property
    def youden(self) -> float:
        """Sensitivity + specificity − 1 in the patients that it was chosen on."""
        return self.sensitivity + self.specificity - 1

    @property
    def optimism(self) -> float:
        """Of Youden's index."""
        return self.optimism_sensitivity + self.optimism_specificity

    def describe(self) -> str:
        """In a sentence."""
        interval = "" if math.isnan(self.threshold.low) else " (95 % of resamples)"
        return (
            f"The threshold {self.threshold.text()}{interval} {self.rule.words()}: sensitivity {self.sensitivity:.2f} "
            f"and specificity {self.specificity:.2f} in the patients that it was chosen on (Youden's index "
            f"{self.youden:.2f}), of which a bootstrap puts {self.optimism:.2f} down to the choice: "
            f"{self.youden - self.optimism:.2f} is left for new patients."
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rule": str(self.rule),
            **self.threshold.to_dict(),
            "sensitivity": self.sensitivity,
            "specificity": self.specificity,
            "youden": self.youden,
            "optimism": {
                "sensitivity": self.optimism_sensitivity,
                "specificity": self.optimism_specificity,
                "youden": self.optimism,
            },
        }


def choose_threshold(
    rule: ThresholdRule, status: ArrayLike, probability: ArrayLike, resamples: int = RESAMPLES, seed: int = 0
) -> ThresholdChoice:
    """The threshold of a rule, its interval and its optimism by a bootstrap stratified by HER2 status.

    The predictions are held fixed: what is resampled is the choice of the threshold, not the learning of the model.
    Raises as `checked_probability`.
    """
    statuses, probabilities = checked_probability(status, probability)
    random = np.random.default_rng(seed)
    classes = [np.flatnonzero(statuses == value) for value in (0, 1)]
    chosen, achieved = np.empty(resamples), np.full((resamples, 2), np.nan)
    for number in range(resamples):
        drawn = np.concatenate([random.choice(members, len(members)) for members in classes])
        chosen[number] = rule.threshold(statuses[drawn], probabilities[drawn])
        others = np.setdiff1d(np.arange(len(statuses)), drawn)
        if len(np.unique(statuses[others])) == 2:
            achieved[number] = sensitivity_and_specificity(statuses[others], probabilities[others], chosen[number])
    low, high = (math.nan, math.nan) if rule.kind == "cost" else percentile_limits(chosen)
    threshold = rule.threshold(statuses, probabilities)
    own = sensitivity_and_specificity(statuses, probabilities, threshold)
    optimism = own - np.nanmean(achieved, axis=0)
    return ThresholdChoice(rule, Estimate(threshold, float(low), float(high)), *own.tolist(), *optimism.tolist())


def sensitivity_and_specificity(status: np.ndarray, probability: np.ndarray, threshold: float) -> np.ndarray:
    called = probability >= threshold
    return np.array([called[status == 1].mean(), 1 - called[status == 0].mean()])
