"""The threshold: each rule does what it says, and what is printed of its choice is what a bootstrap gives."""

from __future__ import annotations

import math
import unittest

import numpy as np

from HER2PredictLib.errors import InputError

try:
    import sklearn
    from sklearn.metrics import recall_score

    from HER2PredictLib.training.protocol.threshold import YOUDEN, ThresholdRule, choose_threshold
except ImportError:
    sklearn = None


def patients(count: int, seed: int, effect: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """HER2 status, half of them positive, and a calibrated-looking probability."""
    random = np.random.default_rng(seed)
    status = np.arange(count) % 2
    return status, 1 / (1 + np.exp(-random.normal(effect * (status - 0.5), 1.0)))


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class RuleTest(unittest.TestCase):
    def test_youden_threshold_beats_every_other(self) -> None:
        for seed in range(10):
            status, probability = patients(45, seed, 0.8)
            probability = np.round(probability, 1) if seed % 2 else probability

            def youden(threshold: float, status: np.ndarray = status, probability: np.ndarray = probability) -> float:
                called = probability >= threshold
                return called[status == 1].mean() - called[status == 0].mean()

            best = YOUDEN.threshold(status, probability)
            self.assertAlmostEqual(youden(best), max(map(youden, probability)), places=12)
            self.assertIn(best, probability)

    def test_of_thresholds_that_do_equally_well_the_highest_is_taken(self) -> None:
        ties = 0
        for seed in range(60):
            status, probability = patients(42, seed, 0.8)
            called = probability[:, None] >= np.unique(probability)
            # In whole patients of classes of one size: no rounding decides.
            gained = called[status == 1].sum(axis=0) - called[status == 0].sum(axis=0)
            best = np.unique(probability)[gained == gained.max()]
            ties += len(best) > 1
            self.assertEqual(YOUDEN.threshold(status, probability), best.max())
        self.assertGreater(ties, 10)

    def test_a_prediction_worse_than_chance_still_gets_a_threshold_that_can_be_reached(self) -> None:
        self.assertEqual(YOUDEN.threshold([1, 0], [0.2, 0.8]), 0.2)

    def test_sensitivity_is_reached_by_no_higher_threshold(self) -> None:
        rule = ThresholdRule.parse("sensitivity=0.9")
        for seed in range(10):
            status, probability = patients(60, seed)
            threshold = rule.threshold(status, probability)
            self.assertGreaterEqual(recall_score(status, probability >= threshold), 0.9)
            higher = probability[probability > threshold].min()
            self.assertLess(recall_score(status, probability >= higher), 0.9)

    def test_cost_decides_alone_and_costs_least_of_calibrated_probabilities(self) -> None:
        rule = ThresholdRule.parse("cost=4")
        self.assertAlmostEqual(rule.threshold([0, 1], [0.3, 0.4]), 0.2)
        random = np.random.default_rng(0)
        probability = random.uniform(size=200_000)
        status = (random.uniform(size=probability.size) < probability).astype(int)

        def cost(threshold: float) -> float:
            called = probability >= threshold
            return float(np.mean(called & (status == 0)) + 4 * np.mean(~called & (status == 1)))

        self.assertLess(cost(0.2), min(cost(0.15), cost(0.25)))

    def test_other_words_are_refused_in_one_line(self) -> None:
        for text in (
            "youdens",
            "youden=1",
            "sensitivity",
            "sensitivity=90",
            "sensitivity=1",
            "cost=0",
            "cost=-3",
            "cost=x",
        ):
            with self.assertRaises(InputError) as caught:
                ThresholdRule.parse(text)
            self.assertIn(text, str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))

    def test_rule_is_written_as_it_is_read(self) -> None:
        for text in ("youden", "sensitivity=0.9", "cost=5"):
            self.assertEqual(str(ThresholdRule.parse(text)), text)


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class ChoiceTest(unittest.TestCase):
    def test_optimism_is_what_new_patients_take_away(self) -> None:
        """Youden's index in the sample, less its optimism, is on average the one that new patients have."""
        apparent, corrected, new = [], [], []
        others, theirs = patients(20_000, 99)
        for seed in range(60):
            status, probability = patients(40, seed)
            choice = choose_threshold(YOUDEN, status, probability, 100, seed)
            called = theirs >= choice.threshold.value
            apparent.append(choice.youden)
            corrected.append(choice.youden - choice.optimism)
            new.append(called[others == 1].mean() - called[others == 0].mean())
        self.assertGreater(np.mean(apparent) - np.mean(new), 0.06)
        self.assertLess(abs(np.mean(corrected) - np.mean(new)), 0.03)

    def test_interval_holds_the_threshold_and_narrows_with_patients(self) -> None:
        few, many = (choose_threshold(YOUDEN, *patients(count, 1), 200).threshold for count in (40, 2000))
        for threshold in (few, many):
            self.assertTrue(threshold.low <= threshold.value <= threshold.high)
        self.assertLess(many.high - many.low, few.high - few.low)

    def test_costs_have_no_interval_and_no_optimism(self) -> None:
        choice = choose_threshold(ThresholdRule.parse("cost=1"), *patients(4000, 2), 200)
        self.assertTrue(math.isnan(choice.threshold.low))
        self.assertAlmostEqual(choice.optimism, 0.0, places=2)
        self.assertIn("0.50", choice.describe())


if __name__ == "__main__":
    unittest.main()
