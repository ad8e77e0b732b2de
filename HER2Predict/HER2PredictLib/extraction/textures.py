"""GLRLM, GLSZM and GLDM features of an ROI: the formulas of pyradiomics' classes, to the last bit.

Axes are those of pyradiomics: one (for its kernels), gray levels, lengths or sizes, and for the GLRLM directions.
"""

from __future__ import annotations

import numpy as np

from .region import EPSILON, Region, Values


def run_length(region: Region) -> Values:
    """The 16 features of the gray level run length matrix, each a mean over the directions."""
    runs = region.without_empty(region.matrices.run_length(max(region.image.shape)), 1)
    total = np.add.reduce(runs, (1, 2))
    if (total == 0).any():
        seen = np.flatnonzero(total[0])
        runs, total = np.delete(runs, np.flatnonzero(total[0] == 0), 3), total[:, seen]
    by_length, by_level = np.add.reduce(runs, 1), np.add.reduce(runs, 2)
    lengths = np.arange(1, runs.shape[2] + 1, dtype=np.float64)
    none = np.flatnonzero(np.add.reduce(by_length, (0, 2)) == 0)
    runs, by_length = np.delete(runs, none, 2), np.delete(by_length, none, 1)
    length = np.delete(lengths, none)[None, :, None]
    level = region.levels.astype(float)[None, :, None]
    level2, length2 = level**2, length**2
    levels2, lengths2 = level2[:, :, None], length2[:, None]
    level_share, length_share = by_level / total[:, None], by_length / total[:, None]
    level_apart = (level - np.add.reduce(level_share * level, 1, keepdims=True)) ** 2
    length_apart = (length - np.add.reduce(length_share * length, 1, keepdims=True)) ** 2
    share = runs / total[:, None, None, :]
    of_levels, of_lengths = np.add.reduce(by_level**2, 1), np.add.reduce(by_length**2, 1)
    total2 = total**2
    found = {
        "GrayLevelNonUniformity": of_levels / total,
        "GrayLevelNonUniformityNormalized": of_levels / total2,
        "GrayLevelVariance": np.add.reduce(level_share * level_apart, 1),
        "HighGrayLevelRunEmphasis": np.add.reduce(by_level * level2, 1) / total,
        "LongRunEmphasis": np.add.reduce(by_length * length2, 1) / total,
        "LongRunHighGrayLevelEmphasis": np.add.reduce(runs * (lengths2 * levels2), (1, 2)) / total,
        "LongRunLowGrayLevelEmphasis": np.add.reduce(runs * lengths2 / levels2, (1, 2)) / total,
        "LowGrayLevelRunEmphasis": np.add.reduce(by_level / level2, 1) / total,
        "RunEntropy": -np.add.reduce(share * np.log2(share + EPSILON), (1, 2)),
        "RunLengthNonUniformity": of_lengths / total,
        "RunLengthNonUniformityNormalized": of_lengths / total2,
        "RunPercentage": total / np.add.reduce(by_length * length, 1),
        "RunVariance": np.add.reduce(length_share * length_apart, 1),
        "ShortRunEmphasis": np.add.reduce(by_length / length2, 1) / total,
        "ShortRunHighGrayLevelEmphasis": np.add.reduce(runs * levels2 / lengths2, (1, 2)) / total,
        "ShortRunLowGrayLevelEmphasis": np.add.reduce(runs / (levels2 * lengths2), (1, 2)) / total,
    }
    return {name: np.add.reduce(value, 1) / value.shape[1] for name, value in found.items()}


def size_zone(region: Region) -> Values:
    from radiomics import cMatrices

    zones = cMatrices.calculate_glszm(
        region.binned, region.mask, region.highest_level, int(region.inside.size), False, 0
    )
    zones = region.without_empty(zones, 1)
    voxels = np.add.reduce(np.add.reduce(zones, 1) * np.arange(1, zones.shape[2] + 1, dtype=np.float64)[None], 1)
    own = _TwoWay(region, zones)
    return {
        "GrayLevelNonUniformity": own.of_levels / own.total,
        "GrayLevelNonUniformityNormalized": own.of_levels / own.total**2,
        "GrayLevelVariance": own.level_variance,
        "HighGrayLevelZoneEmphasis": own.high_levels,
        "LargeAreaEmphasis": own.large,
        "LargeAreaHighGrayLevelEmphasis": np.add.reduce(own.matrix * own.levels2 * own.sizes2, (1, 2)) / own.total,
        "LargeAreaLowGrayLevelEmphasis": own.large_low,
        "LowGrayLevelZoneEmphasis": own.low_levels,
        "SizeZoneNonUniformity": own.of_sizes / own.total,
        "SizeZoneNonUniformityNormalized": own.of_sizes / own.total**2,
        "SmallAreaEmphasis": own.small,
        "SmallAreaHighGrayLevelEmphasis": own.small_high,
        "SmallAreaLowGrayLevelEmphasis": own.small_low,
        "ZoneEntropy": own.entropy,
        "ZonePercentage": own.total / voxels,
        "ZoneVariance": own.size_variance,
    }


def dependence(region: Region) -> Values:
    own = _TwoWay(region, region.without_empty(region.matrices.dependence(), 1))
    return {
        "DependenceEntropy": own.entropy,
        "DependenceNonUniformity": own.of_sizes / own.total,
        "DependenceNonUniformityNormalized": own.of_sizes / own.total**2,
        "DependenceVariance": own.size_variance,
        "GrayLevelNonUniformity": own.of_levels / own.total,
        "GrayLevelVariance": own.level_variance,
        "HighGrayLevelEmphasis": own.high_levels,
        "LargeDependenceEmphasis": own.large,
        "LargeDependenceHighGrayLevelEmphasis": np.add.reduce(own.matrix * (own.sizes2 * own.levels2), (1, 2))
        / own.total,
        "LargeDependenceLowGrayLevelEmphasis": own.large_low,
        "LowGrayLevelEmphasis": own.low_levels,
        "SmallDependenceEmphasis": own.small,
        "SmallDependenceHighGrayLevelEmphasis": own.small_high,
        "SmallDependenceLowGrayLevelEmphasis": own.small_low,
    }


class _TwoWay:
    """What the matrices of gray levels by sizes, shape (1, levels, sizes), have in common."""

    def __init__(self, region: Region, matrix: np.ndarray) -> None:
        by_size, by_level = np.add.reduce(matrix, 1), np.add.reduce(matrix, 2)
        none = np.flatnonzero(by_size[0] == 0)
        self.matrix, by_size = np.delete(matrix, none, 2), np.delete(by_size, none, 1)
        size = np.delete(np.arange(1, matrix.shape[2] + 1, dtype=np.float64), none)[None]
        level = region.levels.astype(float)[None]
        self.total = total = np.add.reduce(by_size, 1)
        level2, size2 = level**2, size**2
        self.levels2, self.sizes2 = level2[:, :, None], size2[:, None]
        self.of_levels, self.of_sizes = np.add.reduce(by_level**2, 1), np.add.reduce(by_size**2, 1)
        self.level_variance = _variance(by_level / total[:, None], level)
        self.size_variance = _variance(by_size / total[:, None], size)
        self.high_levels = np.add.reduce(by_level * level2, 1) / total
        self.low_levels = np.add.reduce(by_level / level2, 1) / total
        self.large = np.add.reduce(by_size * size2, 1) / total
        self.small = np.add.reduce(by_size / size2, 1) / total
        self.large_low = np.add.reduce(self.matrix * self.sizes2 / self.levels2, (1, 2)) / total
        self.small_high = np.add.reduce(self.matrix * self.levels2 / self.sizes2, (1, 2)) / total
        self.small_low = np.add.reduce(self.matrix / (self.levels2 * self.sizes2), (1, 2)) / total
        share = self.matrix / total[:, None, None]
        self.entropy = -np.add.reduce(share * np.log2(share + EPSILON), (1, 2))


def _variance(share: np.ndarray, value: np.ndarray) -> np.ndarray:
    mean = np.add.reduce(share * value, 1, keepdims=True)
    found: np.ndarray = np.add.reduce(share * (value - mean) ** 2, 1)
    return found
