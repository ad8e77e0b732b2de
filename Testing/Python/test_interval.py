"""The rule for the interval: fitted on patients whose truth is known, it holds its level on others."""

from __future__ import annotations

import unittest

import numpy as np

try:
    from HER2PredictLib.training.interval import RULE, IntervalRule, fit_rule
except ImportError:
    fit_rule = None


def patients(count: int, seed: int, heavy: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predicted log-odds, spread and true log-odds, with errors of variance 1.5^2 + 0.4 * spread^2."""
    random = np.random.default_rng(seed)
    predicted, spread = random.normal(0, 2, count), random.uniform(0.5, 4.0, count)
    unit = random.standard_t(4, count) / np.sqrt(2) if heavy else random.normal(size=count)
    return predicted, spread, predicted + np.sqrt(1.5**2 + 0.4 * spread**2) * unit


@unittest.skipIf(fit_rule is None, "scikit-learn and SciPy are not installed")
class IntervalRuleTest(unittest.TestCase):
    def test_it_finds_how_the_error_grows_with_the_spread(self) -> None:
        rule = fit_rule(*patients(20_000, 0))
        self.assertAlmostEqual(rule.residual_sd, 1.5, delta=0.1)
        self.assertAlmostEqual(rule.spread_weight, 0.4, delta=0.05)
        self.assertAlmostEqual(rule.factor, 1.96, delta=0.05)

    def test_it_holds_its_level_on_others_whatever_the_shape_of_the_errors(self) -> None:
        for heavy in (False, True):
            for level in (0.95, 0.8):
                rule = fit_rule(*patients(5_000, 1, heavy), level=level)
                predicted, spread, truth = patients(20_000, 2, heavy)
                held = np.mean(np.abs(truth - predicted) <= rule.half_width(spread))
                self.assertAlmostEqual(held, level, delta=0.015)

    def test_the_rule_that_bundles_carry_is_sound_and_printed_as_95_percent(self) -> None:
        self.assertIsInstance(RULE, IntervalRule)
        self.assertEqual(RULE.level, 0.95)
        self.assertGreater(float(RULE.half_width(np.array(0.0))), 1.0)


if __name__ == "__main__":
    unittest.main()
