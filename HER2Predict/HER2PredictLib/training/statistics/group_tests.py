"""Do two groups of patients differ? The tests of the study's Table 2, as R computes them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.stats import MonteCarloMethod, chi2_contingency, contingency, mannwhitneyu
from scipy.stats import fisher_exact as scipy_fisher_exact

WILCOXON = "Wilcoxon rank-sum test"
CHI_SQUARED = "Pearson's chi-squared test"
FISHER = "Fisher's exact test"
FISHER_SIMULATED = "Fisher's exact test (simulated)"

#: Below this expected count in any cell, Fisher's exact test takes the place of the chi-squared test.
_LEAST_EXPECTED = 5
#: From this number of patients in a group on, R's ``wilcox.test`` takes the normal approximation.
_WILCOXON_APPROXIMATE = 50
#: With more patients, or more different partial tables to follow, the exact test takes more than about a second and is
#: simulated instead.
_MOST_PATIENTS, _MOST_PARTIAL_TABLES = 1000, 200_000
#: Random tables of a simulated p-value: its standard error is at most 0.0035.
_SIMULATED_TABLES = 19_999


@dataclass(frozen=True)
class GroupTest:
    """A two-sided test, by its name; `p_value` is nan where there is nothing to compare."""

    p_value: float
    name: str


def wilcoxon_rank_sum(first: np.ndarray, second: np.ndarray) -> GroupTest:
    """Wilcoxon rank-sum test, as R's ``wilcox.test`` with its defaults.

    Exact where both groups have fewer than 50 patients and no value is tied, otherwise the normal approximation with
    correction for ties and continuity (Hollander & Wolfe, Nonparametric Statistical Methods, 1973, 68-75). Each group
    has shape (patients of the group,), without missing values.
    """
    if not len(first) or not len(second):
        return GroupTest(math.nan, WILCOXON)
    together = np.concatenate([first, second])
    if len(np.unique(together)) == 1:
        return GroupTest(1.0, WILCOXON)
    exact = max(len(first), len(second)) < _WILCOXON_APPROXIMATE and len(np.unique(together)) == len(together)
    method = "exact" if exact else "asymptotic"
    return GroupTest(float(mannwhitneyu(first, second, use_continuity=True, method=method).pvalue), WILCOXON)


def compare_counts(counts: np.ndarray) -> GroupTest:
    """Pearson's chi-squared test without continuity correction; Fisher's exact test where an expected count is below 5.

    `counts`, shape (categories, groups), are the patients (int) of each category in each group.
    """
    filled = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(filled.shape) < 2:
        return GroupTest(math.nan, FISHER)
    if contingency.expected_freq(filled).min() < _LEAST_EXPECTED:
        return fisher_exact(filled)
    return GroupTest(float(chi2_contingency(filled, correction=False).pvalue), CHI_SQUARED)


def fisher_exact(counts: np.ndarray) -> GroupTest:
    """Fisher's exact test of any table: the share of the tables of the same margins that are no likelier than this one.

    Exact, in whole numbers and thus always the same, where there are two groups (or two categories): SciPy has an exact
    p-value for 2 × 2 tables alone. Other tables, and such that would take too long, get SciPy's simulated p-value with
    a fixed seed. `counts` (int) has shape (categories, groups).
    """
    if 2 in counts.shape:
        p_value = _exact_p_value(counts if counts.shape[1] == 2 else counts.T)
        if p_value is not None:
            return GroupTest(p_value, FISHER)
    simulation = MonteCarloMethod(n_resamples=_SIMULATED_TABLES, rng=np.random.default_rng(0))
    return GroupTest(float(scipy_fisher_exact(counts, method=simulation).pvalue), FISHER_SIMULATED)


def _exact_p_value(counts: np.ndarray) -> float | None:
    """Freeman & Halton, Biometrika 1951, 38:141-149, by the bounds of Mehta & Patel, J Am Stat Assoc 1983, 78:427-434.

    A table's weight is Π C(row total, first cell); its probability is that over C(patients, first group). Tables are
    built row by row. As soon as the heaviest completion of a partial table is no heavier than the observed table, all
    its completions count; as soon as the lightest is heavier, none does. Partial tables with the same rest and the same
    weight are one. None where there is too much to count.
    """
    if counts.sum() > _MOST_PATIENTS:
        return None
    rows = sorted((int(row.sum()), int(row[0])) for row in counts if row.sum())
    totals = [total for total, _ in rows]
    observed = math.prod(math.comb(total, first) for total, first in rows)
    lightest, heaviest = _bounds(totals)
    extreme, partial = 0, Counter({(sum(first for _, first in rows), 1): 1})
    for done in range(len(totals) + 1):
        remaining, undecided = sum(totals[done:]), Counter[tuple[int, int]]()
        for (left, weight), number in partial.items():
            if weight * heaviest[done][left] <= observed:
                extreme += number * weight * math.comb(remaining, left)
            elif weight * lightest[done][left] <= observed:
                rest = remaining - totals[done]
                for first in range(max(0, left - rest), min(totals[done], left) + 1):
                    undecided[left - first, weight * math.comb(totals[done], first)] += number
                if len(undecided) > _MOST_PARTIAL_TABLES:
                    return None
        partial = undecided
    return float(extreme / math.comb(sum(totals), sum(first for _, first in rows)))


def _bounds(totals: list[int]) -> tuple[list[list[int]], list[list[int]]]:
    """Least and greatest weight of the rows from each one on, when so many patients of the first group are left."""
    lightest, heaviest = [[1]], [[1]]
    for total in reversed(totals):
        chosen = [math.comb(total, first) for first in range(total + 1)]
        size = len(lightest[0]) + total
        ways = [
            [(first, left - first) for first in range(max(0, left - len(lightest[0]) + 1), min(total, left) + 1)]
            for left in range(size)
        ]
        low, high = lightest[0], heaviest[0]
        lightest.insert(0, [min(chosen[first] * low[rest] for first, rest in way) for way in ways])
        heaviest.insert(0, [max(chosen[first] * high[rest] for first, rest in way) for way in ways])
    return lightest, heaviest
