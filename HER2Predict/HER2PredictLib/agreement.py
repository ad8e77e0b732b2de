"""Two or more readers' outlines of the same tumour: how far they agree, and what each of them makes of the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk

from .assess import Assessment, assess
from .case.case import Case
from .case.grid import same_grid
from .case.masks import Box
from .errors import InputError
from .i18n import tr as _
from .model.model import Model, interval_name
from .outline.surfaces import Difference, difference

#: Whose outline a row is of.
Source = Literal["reader", "staple", "majority"]

_STAPLE_THRESHOLD = 0.5


@dataclass(frozen=True)
class Row:
    """The result on one outline, whose name is the reader's, or what the consensus is called."""

    name: str
    source: Source
    volume_ml: float
    probability: float
    interval: tuple[float, float]
    call: str

    @classmethod
    def of(cls, name: str, source: Source, assessment: Assessment) -> Row:
        volume_ml = assessment.case.roi_volume_ml
        return cls(name, source, volume_ml, assessment.probability, assessment.interval, assessment.call)


@dataclass(frozen=True)
class Pair:
    """How two readers' outlines differ."""

    first: str
    second: str
    difference: Difference


@dataclass(frozen=True)
class Agreement:
    """What two or more readers agree on.

    `rows` are the readers in their order, then the STAPLE consensus, then, of three or more, the majority's;
    `interval_level` is of their intervals. `model` is name, version and cohort. `banner` leads where the model tells no
    better than guessing, and is empty otherwise.
    """

    rows: tuple[Row, ...]
    pairs: tuple[Pair, ...]
    interval_level: float | None
    model: str
    banner: str = ""

    @property
    def readers(self) -> tuple[Row, ...]:
        """The rows of the readers alone."""
        return tuple(row for row in self.rows if row.source == "reader")

    @property
    def same_call(self) -> bool:
        return len({row.call for row in self.readers}) == 1

    @property
    def verdict(self) -> str:
        """Whether the call depends on the reader, in a sentence."""
        if self.banner:
            return self.banner
        return _("All readers get the same call.") if self.same_call else _("The call depends on the reader.")

    def header(self) -> tuple[str, ...]:
        return (
            _("Outline"),
            _("ROI (ml)"),
            _("Probability"),
            interval_name(self.interval_level).capitalize(),
            _("Call"),
            _("Dice"),
            _("Hausdorff 95 % (mm)"),
            _("Mean distance (mm)"),
        )

    def table(self) -> list[tuple[str, ...]]:
        """A row of text for each outline and consensus, then one for each pair; what does not apply is empty."""
        outlines = [
            (
                row.name,
                f"{row.volume_ml:.2f}",
                f"{row.probability:.3f}",
                f"{row.interval[0]:.3f} – {row.interval[1]:.3f}",
                row.call,
                *[""] * 3,
            )
            for row in self.rows
        ]
        pairs = [
            (
                f"{pair.first} – {pair.second}",
                *[""] * 4,
                f"{pair.difference.dice:.3f}",
                f"{pair.difference.hausdorff95_mm:.2f}",
                f"{pair.difference.surface_distance_mm:.2f}",
            )
            for pair in self.pairs
        ]
        return [*outlines, *pairs]

    def to_dict(self) -> dict[str, Any]:
        return {
            "banner": self.banner,
            "outlines": [{**asdict(row), "interval": list(row.interval)} for row in self.rows],
            "pairs": [{"first": pair.first, "second": pair.second, **asdict(pair.difference)} for pair in self.pairs],
            "same_call": None if self.banner else self.same_call,
            "interval_level": self.interval_level,
            "model": self.model,
        }


def compare(cases: Mapping[str, Case], model: Model) -> Agreement:
    """Assess each reader's outline and their consensus, and compare the outlines in pairs.

    `cases` maps each of two or more readers to the same volume with this reader's ROI.

    Raises
    ------
    InputError
        Where there are fewer than two readers, their grids differ, two of them have no voxel in common, or an outline
        or the consensus cannot be predicted.
    """
    if len(cases) < 2:
        raise InputError(_("Readers are compared from two on; name two or more segments."))
    first = next(iter(cases.values()))
    for name, case in cases.items():
        if not same_grid(case.roi.image, first.roi.image):
            raise InputError(
                _('The ROI of "{name}" is on another grid than the others; draw all of them on one volume.').format(
                    name=name
                )
            )
    assessments = {name: _assess(name, case, model) for name, case in cases.items()}
    pairs = tuple(_pair(one, other, cases) for one, other in combinations(cases, 2))
    rows = [Row.of(name, "reader", assessment) for name, assessment in assessments.items()]
    rows.append(Row.of(_("Consensus (STAPLE)"), "staple", _assess_consensus(staple(cases), first, model)))
    if len(cases) > 2:
        rows.append(Row.of(_("Majority"), "majority", _assess_consensus(majority(cases), first, model)))
    return Agreement(tuple(rows), pairs, model.interval_level, model.describe(), model.banner)


def staple(cases: Mapping[str, Case]) -> np.ndarray:
    """The consensus of STAPLE (Warfield et al., IEEE Trans Med Imaging 2004, 23:903-921): probability of at least 0.5.

    It is 1 inside, shape (k, j, i), on the grid of the cases, and is estimated on the smallest box that holds all
    outlines, with one voxel of background around it, so that it does not depend on how much of the body the volume
    shows (the prior is the share that the readers marked there).
    """
    marked, box = _together(cases)
    padded = [sitk.GetImageFromArray(np.pad(voxels[box], 1).astype(np.uint8)) for voxels in marked]
    estimate = sitk.STAPLE(padded, 1.0)
    inside = sitk.GetArrayViewFromImage(estimate)[1:-1, 1:-1, 1:-1] >= _STAPLE_THRESHOLD
    return _on_the_grid(inside, box, marked[0].shape)


def majority(cases: Mapping[str, Case]) -> np.ndarray:
    """What more than half of the readers marked, as 1 on the grid of the cases."""
    marked, box = _together(cases)
    votes = np.sum([voxels[box] for voxels in marked], axis=0)
    return _on_the_grid(votes * 2 > len(marked), box, marked[0].shape)


def _together(cases: Mapping[str, Case]) -> tuple[list[np.ndarray], tuple[slice, ...]]:
    """The readers' ROIs as boolean arrays, and the index of the smallest box that holds all of them."""
    box = Box.around(case.box for case in cases.values())
    return [case.roi_voxels != 0 for case in cases.values()], box.slices


def _on_the_grid(inside: np.ndarray, box: tuple[slice, ...], shape: tuple[int, ...]) -> np.ndarray:
    voxels = np.zeros(shape, np.uint8)
    voxels[box] = inside
    return voxels


def _assess(name: str, case: Case, model: Model) -> Assessment:
    try:
        return assess(case, model)
    except InputError as error:
        raise InputError(_('The outline of "{name}": {reason}').format(name=name, reason=error)) from error


def _assess_consensus(voxels: np.ndarray, case: Case, model: Model) -> Assessment:
    name = _("the consensus")
    return _assess(name, case.with_roi(voxels, name), model)


def _pair(one: str, other: str, cases: Mapping[str, Case]) -> Pair:
    first, second = cases[one], cases[other]
    found = difference(first.anatomical(first.roi_voxels), second.anatomical(second.roi_voxels), first.spacing_mm)
    if found.dice == 0.0:
        raise InputError(
            _('The outlines of "{one}" and "{other}" have no voxel in common; choose segments of one tumour.').format(
                one=one, other=other
            )
        )
    return Pair(one, other, found)
