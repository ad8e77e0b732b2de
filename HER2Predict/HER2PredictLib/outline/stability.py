"""How much a probability depends on the exact outline: it is computed again on variations of the ROI."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from .. import features, parallel
from ..case.case import Case
from ..case.prepared import MARGIN_MM, SLICE_MM
from ..errors import InputError
from ..features import Features
from ..model.guessing import is_positive
from ..model.model import Model
from .perturbation import Outline, reach
from .surfaces import difference

Level = Literal["stable", "undecided", "sensitive", "unstable"]

#: Variations of an outline: where none of them flips the call, it is known that fewer than one in ten would.
COUNT = 30

#: The middle share of the probabilities between `low` and `high`.
_SHARE = 0.95

#: With a wider range than this the probability is not called stable, even if the call holds.
_WIDEST_STABLE = 0.2

#: With a larger share of variations on the other side of the threshold it is called unstable; and it is not called
#: stable before it is known with `_CONFIDENCE` that fewer would lie there.
_MOST_FLIPS = 0.1

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Variation:
    """What came of one variation of the outline.

    `probability` is None where it cannot be computed, as where the ROI has become too small. `surface_distance_mm` is
    the mean distance of its surface from that of the drawn ROI, see `surfaces.difference`; `volume_change` is its
    volume over that of the drawn ROI, minus 1.
    """

    probability: float | None
    surface_distance_mm: float
    volume_change: float

    @classmethod
    def of(cls, model: Model, values: Features | None, surface_distance_mm: float, volume_change: float) -> Variation:
        """That with these features; None where they are undefined."""
        probability = None if values is None else model.predict(values).probability
        return cls(probability, surface_distance_mm, volume_change)


@dataclass(frozen=True)
class Stability:
    """How the probability varies with the outline.

    `probabilities` are those of the `count` variations for which it was computed, in their order; for `failed` more it
    could not be. `low` and `high` are their 2.5 % and 97.5 % quantile (linear between neighbours), or the probability
    of the drawn outline where none was computed; `flips` of them give the other call. Means over all variations:
    `mean_surface_distance_mm` between their surface and that of the drawn ROI; `mean_volume_change`, how much the
    volume differs from that of the drawn ROI, either way, as a share.
    """

    count: int
    failed: int
    probabilities: tuple[float, ...]
    low: float
    high: float
    flips: int
    mean_surface_distance_mm: float
    mean_volume_change: float

    @property
    def flip_share(self) -> float:
        """Share of the computed variations that give the other call."""
        return self.flips / self.count if self.count else 0.0

    @property
    def flip_bound(self) -> float:
        """Largest share of such outlines, 0 to 1, that may give the other call: one-sided 95 % limit.

        That of Clopper and Pearson, Biometrika 1934, 26:404-413: the share of which so few flips or fewer would be seen
        in 5 % of the checks.
        """
        if self.flips == self.count:
            return 1.0
        low, high = 0.0, 1.0
        for _halving in range(60):
            share = (low + high) / 2
            seldom = sum(
                math.comb(self.count, seen) * share**seen * (1 - share) ** (self.count - seen)
                for seen in range(self.flips + 1)
            )
            low, high = (share, high) if seldom > 1 - _CONFIDENCE else (low, share)
        return high

    @property
    def level(self) -> Level:
        """Does the number hold for another reader's outline?

        stable: every variation could be computed, gives the same call, the range from low to high is narrower than 0.2,
        and there are enough of them to say that fewer than one in ten would give the other call (29). undecided: as
        stable, but there are too few. unstable: more than one in ten gives the other call, or none could be computed.
        sensitive: what is between.
        """
        if self.flip_share > _MOST_FLIPS or self.count == 0:
            return "unstable"
        if self.flips or self.failed or self.high - self.low >= _WIDEST_STABLE:
            return "sensitive"
        return "stable" if self.flip_bound <= _MOST_FLIPS else "undecided"

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "flip_share": self.flip_share, "flip_bound": self.flip_bound, "level": self.level}


def measure(
    case: Case,
    model: Model,
    probability: float,
    *,
    count: int = COUNT,
    jobs: int | None = None,
) -> Stability:
    """Predict variations of a case that was assessed.

    `probability` is that of the case as it was drawn. `jobs` are processes: as many as there are cores by default, and
    one in Slicer.

    Raises
    ------
    InputError
        Where the ROI is empty.
    """
    computed = parallel.spread(count, work_on, (neighbourhood(case),), jobs or parallel.available())
    found = {index: Variation.of(model, *own) for index, own in computed}
    return summarise([found[index] for index in range(count)], probability, model.threshold)


def summarise(found: Sequence[Variation], probability: float, threshold: float) -> Stability:
    """Stability from what came of at least one variation; `probability` is that of the case as it was drawn, and from
    `threshold` on the call is HER2-positive."""
    computed = tuple(variation.probability for variation in found if variation.probability is not None)
    tail = (1.0 - _SHARE) / 2.0
    low, high = np.quantile(computed or (probability,), [tail, 1.0 - tail])
    return Stability(
        count=len(computed),
        failed=len(found) - len(computed),
        probabilities=computed,
        low=float(low),
        high=float(high),
        flips=sum(is_positive(other, threshold) != is_positive(probability, threshold) for other in computed),
        mean_surface_distance_mm=float(np.mean([variation.surface_distance_mm for variation in found])),
        mean_volume_change=float(np.mean([abs(variation.volume_change) for variation in found])),
    )


def neighbourhood(case: Case) -> Case:
    """The case with no more of its volume than its variations need: they have the same prepared pair."""
    around = [
        int(np.ceil((margin + 2.0 * SLICE_MM) / spacing)) + voxels
        for margin, spacing, voxels in zip(reversed(MARGIN_MM), case.spacing_mm, reach(case), strict=True)
    ]
    box = [slice(0)] * 3
    for axis, margin in zip(case.axes.order, around, strict=True):
        box[axis] = slice(max(0, case.box.first[axis] - margin), case.box.last[axis] + 1 + margin)
    k, j, i = box
    return dataclasses.replace(
        case,
        volume=dataclasses.replace(case.volume, image=case.volume.image[i, j, k]),
        roi=dataclasses.replace(case.roi, image=case.roi.image[i, j, k]),
    )


def work_on(case: Case) -> Callable[[int], tuple[Features | None, float, float]]:
    """What computes a variation from its index: its features (None where they are undefined), and its differences from
    the drawn outline, as in `Variation`."""
    outline = Outline.of(case)

    def work(index: int) -> tuple[Features | None, float, float]:
        varied = outline.variation(index)
        values: Features | None = None
        with suppress(InputError):
            values = features.extract(varied.prepared())
        return values, *differences(case, varied)

    return work


def differences(drawn: Case, varied: Case) -> tuple[float, float]:
    """Mean distance in mm between the surfaces of two outlines of a case, and relative change of the volume."""
    found = difference(drawn.anatomical(drawn.roi_voxels), varied.anatomical(varied.roi_voxels), drawn.spacing_mm)
    return found.surface_distance_mm, found.volume_change
