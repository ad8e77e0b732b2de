"""GLCM features of an ROI: the formulas of pyradiomics' `RadiomicsGLCM`, to the last bit."""

from __future__ import annotations

import numpy as np

from . import known
from .region import EPSILON, Region, Values


def co_occurrence(region: Region) -> Values:
    """The 24 features of the gray level co-occurrence matrix, each a mean over the directions."""
    pairs = _shares(region)
    across = pairs.sum(2, keepdims=True)
    down = pairs.sum(1, keepdims=True)
    return {
        **_of_levels(region, pairs),
        **_of_sums(region, pairs),
        **_of_information(pairs, across, down),
        "MCC": _maximal_correlation(pairs, across, down),
    }


def _shares(region: Region) -> np.ndarray:
    """Shares of the pairs of gray levels in each direction in which there are any: (1, levels, levels, directions)."""
    pairs = region.matrices.co_occurrence()
    # Each release leaves the matrix in memory in an order of its own, which decides how sums of it are rounded.
    if known.release() == "cuda-1.0.4":
        pairs = pairs[:, region.levels - 1, :, :][:, :, region.levels - 1, :]
        pairs = pairs + np.transpose(pairs, (0, 2, 1, 3))
    else:
        pairs = region.without_empty(pairs, 1, 2)
        pairs += np.transpose(pairs, (0, 2, 1, 3)).copy()
    total = np.sum(pairs, (1, 2))
    if pairs.shape[3] > 1:
        none = np.flatnonzero(total[0] == 0)
        if none.size:
            pairs, total = np.delete(pairs, none, 3), np.delete(total, none, 1)
    pairs /= total[:, None, None, :]
    return pairs


def _mean(by_direction: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.add.reduce(by_direction, 1) / by_direction.shape[1]
    return found


def _of_levels(region: Region, pairs: np.ndarray) -> Values:
    i, j = np.meshgrid(region.levels.astype("float"), region.levels.astype("float"), indexing="ij", sparse=True)
    i, j = i[None, :, :, None], j[None, :, :, None]
    mean_i = np.add.reduce(i * pairs, (1, 2), keepdims=True)
    mean_j = np.add.reduce(j * pairs, (1, 2), keepdims=True)
    # Powers are slow, and there are few different sums of two levels.
    sums = np.arange(2 * region.highest_level + 1, dtype="float")
    away = sums[None, :, None] - mean_i[:, 0] - mean_j[:, 0]
    place = region.levels[:, None] + region.levels
    variances = np.add.reduce(pairs * ((i - mean_i) ** 2), (1, 2), keepdims=True)
    both = variances**0.5 * np.add.reduce(pairs * ((j - mean_j) ** 2), (1, 2), keepdims=True) ** 0.5
    correlation = np.add.reduce(pairs * (i - mean_i) * (j - mean_j), (1, 2), keepdims=True) / (both + EPSILON)
    correlation[both == 0] = 1
    return {
        "Autocorrelation": _mean(np.add.reduce(pairs * (i * j), (1, 2))),
        "ClusterProminence": _mean(np.add.reduce(pairs * np.take(away**4, place, 1), (1, 2))),
        "ClusterShade": _mean(np.add.reduce(pairs * np.take(away**3, place, 1), (1, 2))),
        "ClusterTendency": _mean(np.add.reduce(pairs * np.take(away**2, place, 1), (1, 2))),
        "Contrast": _mean(np.add.reduce(pairs * (np.abs(i - j) ** 2), (1, 2))),
        "Correlation": np.add.reduce(correlation, (1, 2, 3)) / correlation.size,
        "JointAverage": mean_i.mean((1, 2, 3)),
        "JointEnergy": _mean(np.add.reduce(pairs**2, (1, 2))),
        "MaximumProbability": _mean(np.maximum.reduce(pairs, (1, 2))),
        "SumSquares": _mean(variances[:, 0, 0]),
    }


def _of_sums(region: Region, pairs: np.ndarray) -> Values:
    """What depends on the sums and the differences of the two gray levels."""
    highest = region.highest_level
    sums, differences = np.arange(2, 2 * highest + 1, dtype="float"), np.arange(0, highest, dtype="float")
    i, j = region.levels[:, None], region.levels[None, :]
    by_sum = _gathered(pairs, i + j - 2, len(sums))
    by_difference = _gathered(pairs, np.abs(i - j), len(differences))
    sum_, difference = sums[None, :, None], differences[None, :, None]
    average = np.add.reduce(difference * by_difference, 1, keepdims=True)
    far = difference**2
    return {
        "DifferenceAverage": _mean(average[:, 0]),
        "DifferenceEntropy": _mean(-1 * np.add.reduce(by_difference * np.log2(by_difference + EPSILON), 1)),
        "DifferenceVariance": _mean(np.add.reduce(by_difference * ((difference - average) ** 2), 1)),
        "Id": _mean(np.add.reduce(by_difference / (1 + difference), 1)),
        "Idm": _mean(np.add.reduce(by_difference / (1 + far), 1)),
        "Idmn": _mean(np.add.reduce(by_difference / (1 + far / highest**2), 1)),
        "Idn": _mean(np.add.reduce(by_difference / (1 + difference / highest), 1)),
        "InverseVariance": _mean(np.add.reduce(by_difference[:, 1:] / far[:, 1:], 1)),
        "SumAverage": _mean(np.add.reduce(sum_ * by_sum, 1)),
        "SumEntropy": _mean(-1 * np.add.reduce(by_sum * np.log2(by_sum + EPSILON), 1)),
    }


def _gathered(pairs: np.ndarray, place: np.ndarray, size: int) -> np.ndarray:
    """Sums of the shares of the pairs that have the same place, one after the other: (1, size, directions)."""
    directions = pairs.shape[3]
    if directions == 1:  # numpy adds up a single column in another order
        return np.array([np.sum(pairs[:, place == own, :], 1) for own in range(size)]).transpose((1, 0, 2))
    slots = place[:, :, None] * directions + np.arange(directions)
    sums = np.bincount(slots.ravel(), pairs.ravel(), size * directions)
    return sums.reshape(1, size, directions)


def _of_information(pairs: np.ndarray, across: np.ndarray, down: np.ndarray) -> Values:
    joint = -1 * np.add.reduce(pairs * np.log2(pairs + EPSILON), (1, 2))
    entropies = [-1 * np.add.reduce(own * np.log2(own + EPSILON), (1, 2)) for own in (across, down)]
    independent = across * down
    logarithm = np.log2(independent + EPSILON)
    first = joint - -1 * np.add.reduce(pairs * logarithm, (1, 2))
    most = np.fmax(*entropies)
    first[most != 0] /= most[most != 0]
    first[most == 0] = 0
    other = -1 * np.add.reduce(independent * logarithm, (1, 2))
    with np.errstate(invalid="ignore"):
        second = (1 - np.e ** (-2 * (other - joint))) ** 0.5
    second[other == joint] = 0
    # Rounding may make the root that of a number just below 0; such directions are left out.
    return {"Imc1": _mean(first), "Imc2": np.nanmean(second, 1), "JointEntropy": _mean(joint)}


def _maximal_correlation(pairs: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray | int:
    if pairs.shape[1] < 2:
        return 1
    q, term = np.zeros(pairs.shape), np.empty(pairs.shape)
    for level in range(pairs.shape[1]):
        np.multiply(pairs[:, :, None, level, :], pairs[:, None, :, level, :], out=term)
        np.divide(term, across[:, :, None, 0, :] * down[:, None, :, level, :] + EPSILON, out=term)
        q += term
    eigenvalues = np.linalg.eigvals(q.transpose((0, 3, 1, 2)))
    eigenvalues.sort()
    with np.errstate(invalid="ignore"):
        found: np.ndarray = np.nanmean(np.sqrt(eigenvalues[:, :, -2]), 1).real
    return found
