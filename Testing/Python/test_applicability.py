"""How rare a case is among patients like the training patients: against SciPy and simulated draws."""

from __future__ import annotations

import unittest

import numpy as np

from HER2PredictLib.model.applicability import Domain, applicability_of

try:
    from scipy import stats
except ImportError:
    stats = None


def draws(patients: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """T2 and Q of patients of one kind: log-normal, and as correlated as those of radiomic features are."""
    random = np.random.default_rng(seed)
    shared = random.normal(size=patients)
    first, second = (np.exp(0.8 * (0.9 * shared + 0.45 * random.normal(size=patients))) for _ in range(2))
    return 12.0 * first, 200.0 * second


class DomainTest(unittest.TestCase):
    def test_patients_of_the_same_kind_are_inside_about_95_times_in_100(self) -> None:
        inside, outside = [], []
        for seed in range(30):
            domain = Domain.of(*draws(67, seed))
            words = [
                applicability_of(domain.tail_probability(*pair)) for pair in np.transpose(draws(1000, 1000 + seed))
            ]
            inside.append(np.mean([word == "inside" for word in words]))
            outside.append(np.mean([word == "outside" for word in words]))
        self.assertLess(abs(np.mean(inside) - 0.95), 0.02)
        self.assertLess(np.mean(outside), 0.02)

    @unittest.skipIf(stats is None, "SciPy is not installed")
    def test_the_share_is_that_of_scipys_gumbel_distribution(self) -> None:
        t2, q = draws(67, 3)
        domain = Domain.of(t2, q)
        gumbel = stats.gumbel_r(domain.location, domain.scale)
        larger = [max(domain.standardised(*pair)) for pair in zip(t2, q, strict=True)]
        self.assertAlmostEqual(gumbel.mean(), np.mean(larger), places=9)
        self.assertAlmostEqual(gumbel.std(), np.std(larger, ddof=1), places=9)
        for pair, most in zip(zip(t2, q, strict=True), larger, strict=True):
            self.assertAlmostEqual(domain.tail_probability(*pair), gumbel.sf(most), places=12)

    def test_either_distance_alone_takes_a_case_outside(self) -> None:
        t2, q = draws(67, 4)
        domain = Domain.of(t2, q)
        usual = float(np.median(t2)), float(np.median(q))
        self.assertEqual(applicability_of(domain.tail_probability(*usual)), "inside")
        self.assertEqual(applicability_of(domain.tail_probability(100 * usual[0], usual[1])), "outside")
        self.assertEqual(applicability_of(domain.tail_probability(usual[0], 100 * usual[1])), "outside")
        self.assertEqual(applicability_of(domain.tail_probability(0.0, 0.0)), "inside")

    def test_the_limits_are_where_the_words_change(self) -> None:
        t2, q = draws(67, 5)
        domain = Domain.of(t2, q)
        for share, within, beyond in ((0.05, "inside", "edge"), (0.01, "edge", "outside")):
            limit_t2, limit_q = domain.limits(share)
            self.assertEqual(applicability_of(domain.tail_probability(0.999 * limit_t2, 1.0)), within)
            self.assertEqual(applicability_of(domain.tail_probability(1.001 * limit_t2, 1.0)), beyond)
            self.assertEqual(applicability_of(domain.tail_probability(1.0, 0.999 * limit_q)), within)
            self.assertEqual(applicability_of(domain.tail_probability(1.0, 1.001 * limit_q)), beyond)

    def test_distances_that_do_not_vary_give_a_finite_answer(self) -> None:
        domain = Domain.of(np.full(5, 3.0), np.zeros(5))
        self.assertEqual(applicability_of(domain.tail_probability(3.0, 0.0)), "inside")
        self.assertEqual(applicability_of(domain.tail_probability(30.0, 0.0)), "outside")


if __name__ == "__main__":
    unittest.main()
