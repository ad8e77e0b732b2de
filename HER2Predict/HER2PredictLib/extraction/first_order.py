"""First-order statistics of an ROI: the formulas of pyradiomics' `RadiomicsFirstOrder`, to the last bit."""

from __future__ import annotations

import numpy as np

from .region import EPSILON, Region, Values


def first_order(region: Region) -> Values:
    levels = region.inside.astype("float").reshape((1, -1))
    share = region.counts.reshape((1, -1)).astype("float")
    share /= np.add.reduce(share, 1, keepdims=True)
    energy = np.add.reduce(levels**2, 1)
    tenth, quarter, three_quarters, ninetieth = np.percentile(levels[0], [10, 25, 75, 90])
    lowest, highest = levels.min(), levels.max()
    return {
        **_moments(levels),
        "10Percentile": tenth,
        "90Percentile": ninetieth,
        "Energy": energy,
        "Entropy": -1.0 * np.add.reduce(share * np.log2(share + EPSILON), 1),
        "InterquartileRange": three_quarters - quarter,
        "Maximum": highest,
        "Median": np.median(levels[0]),
        "Minimum": lowest,
        "Range": highest - lowest,
        "RobustMeanAbsoluteDeviation": _robust_deviation(levels, tenth, ninetieth),
        "RootMeanSquared": np.sqrt(energy / levels.size),
        "TotalEnergy": energy * np.multiply.reduce(region.spacing),
        "Uniformity": np.add.reduce(share**2, 1),
    }


def _moments(levels: np.ndarray) -> Values:
    mean = np.add.reduce(levels, 1, keepdims=True) / levels.size
    apart = levels - mean
    second, third, fourth = (np.add.reduce(np.power(apart, power), 1) / levels.size for power in (2, 3, 4))
    second[second == 0] = 1
    spread = np.sqrt(np.add.reduce(apart * apart, 1) / levels.size)
    return {
        "Kurtosis": fourth / second**2.0,
        "Mean": mean,
        "MeanAbsoluteDeviation": np.add.reduce(np.absolute(apart), 1) / levels.size,
        "Skewness": third / second**1.5,
        "Variance": spread**2,
    }


def _robust_deviation(levels: np.ndarray, tenth: np.float64, ninetieth: np.float64) -> np.ndarray:
    beyond = ((levels - tenth) < 0) | ((levels - ninetieth) > 0)
    # Zeros stand where voxels are left out, as in a mean without NaN: they decide how a sum is rounded.
    count = levels.size - np.count_nonzero(beyond)
    mean = np.add.reduce(np.where(beyond, 0.0, levels), 1, keepdims=True) / count
    return np.add.reduce(np.where(beyond, 0.0, np.absolute(levels - mean)), 1) / count
