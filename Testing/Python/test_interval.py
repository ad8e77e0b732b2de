"""The rule for the interval: fitted on pairs of models, it holds its level on others, and it narrows with patients."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

try:
    from HER2PredictLib.model.network import expit, log_odds
    from HER2PredictLib.training.protocol.interval import RULE, Answers, IntervalRule
    from HER2PredictLib.training.protocol.learning import calibration_covariance, fit_calibrator, learn
    from HER2PredictLib.training.protocol.protocol import MLP, Protocol
    from models import made_up_cohort
except ImportError:
    RULE = None

BENCHMARKS = Path(__file__).resolve().parents[2] / "Benchmarks"


def pair(patients: int, seed: int, heavy: bool = False) -> tuple[Answers, Answers]:
    """Two models that err with variance 0.4 * spread^2 + 2 * calibration_error^2 around the same log-odds."""
    random = np.random.default_rng(seed)
    common = random.normal(0, 2, patients)
    told = []
    for _model in range(2):
        spread, error = random.uniform(0.5, 4.0, patients), random.uniform(0.1, 2.0, patients)
        unit = random.standard_t(4, patients) / np.sqrt(2) if heavy else random.normal(size=patients)
        told.append(Answers(common + np.sqrt(0.4 * spread**2 + 2 * error**2) * unit, spread, error))
    return told[0], told[1]


@unittest.skipIf(RULE is None, "scikit-learn and SciPy are not installed")
@unittest.skipUnless(BENCHMARKS.is_dir(), "runs in the source tree only")
class FittedRuleTest(unittest.TestCase):
    def setUp(self) -> None:
        with mock.patch.object(sys, "path", [str(BENCHMARKS), *sys.path]):
            import interval
        self.fit_rule, self.held = interval.fit_rule, interval.held

    def test_it_finds_how_the_error_grows_with_spread_and_calibration_error(self) -> None:
        rule = self.fit_rule([pair(20_000, 0)])
        self.assertAlmostEqual(rule.spread_weight, 0.4, delta=0.04)
        self.assertAlmostEqual(rule.calibration_weight, 2.0, delta=0.2)
        self.assertAlmostEqual(rule.factor, 1.96, delta=0.05)

    def test_it_holds_its_level_on_others_whatever_the_shape_of_the_errors(self) -> None:
        for heavy in (False, True):
            for level in (0.95, 0.8):
                rule = self.fit_rule([pair(5_000, seed, heavy) for seed in (1, 2)], level=level)
                self.assertAlmostEqual(self.held(rule, *pair(20_000, 3, heavy)).mean(), level, delta=0.015)


@unittest.skipIf(RULE is None, "scikit-learn and SciPy are not installed")
class IntervalRuleTest(unittest.TestCase):
    def test_the_rule_that_bundles_carry_is_printed_as_95_percent(self) -> None:
        self.assertIsInstance(RULE, IntervalRule)
        self.assertEqual(RULE.level, 0.95)

    def test_it_narrows_as_patients_are_added(self) -> None:
        table, status = made_up_cohort(tuple(f"feature_{number}" for number in range(30)), 740, effect=1.0)
        values, others = table.to_numpy()[:540], table.to_numpy()[540:]
        few, many = (mean_width(values[:patients], status[:patients], others) for patients in (60, 540))
        self.assertLess(many, 0.75 * few)


def mean_width(values: np.ndarray, status: np.ndarray, others: np.ndarray) -> float:
    """Of the intervals that a model of some patients gives others, as a probability."""
    own = learn(MLP, values, status, Protocol(repeats=1, members=10, jobs=1))
    answers = Answers.of(own, others)
    half = RULE.half_width(answers)
    return float((expit(answers.log_odds + half) - expit(answers.log_odds - half)).mean())


@unittest.skipIf(RULE is None, "scikit-learn and SciPy are not installed")
class CalibrationCovarianceTest(unittest.TestCase):
    def test_it_is_how_much_slope_and_intercept_vary_over_cohorts(self) -> None:
        """Against calibrations of 1,000 cohorts in which the true ones are known."""
        random = np.random.default_rng(5)
        raw = 1 / (1 + np.exp(-random.normal(0.3, 1.5, 300)))
        true = 1 / (1 + np.exp(-(0.8 * log_odds(raw) - 0.2)))
        fitted = [fit_calibrator(raw, (random.random(300) < true).astype(int)) for _cohort in range(1000)]
        spread = np.cov([[own.coef_[0, 0], own.intercept_[0]] for own in fitted], rowvar=False)
        told = np.mean([calibration_covariance(own, raw) for own in fitted], axis=0)
        np.testing.assert_allclose(told, spread, rtol=0.12, atol=0.002)


if __name__ == "__main__":
    unittest.main()
