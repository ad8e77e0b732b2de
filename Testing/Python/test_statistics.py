"""Measures of performance: each equal to other software, to a published value or to a count by hand."""

from __future__ import annotations

import json
import math
import time
import unittest

import numpy as np

from HER2PredictLib.errors import InputError

try:
    import scipy.optimize
    import scipy.special
    import scipy.stats
    import sklearn.linear_model
    import sklearn.metrics
    import sklearn.model_selection

    from HER2PredictLib.training.statistics import (
        calibration_measures,
        discrimination,
        estimate,
        performance,
    )
except ImportError:
    sklearn = None

try:
    import statsmodels.api as statsmodels
except ImportError:
    statsmodels = None

#: CT ratings (1 definitely normal to 5 definitely abnormal) of 58 normal and 51 abnormal patients:
#: Hanley & McNeil, Radiology 1982, 143:29-36, table I.
NORMAL, ABNORMAL = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)


def hanley_mcneil() -> tuple[np.ndarray, np.ndarray]:
    ratings = np.concatenate([np.repeat(np.arange(1, 6), counts) for counts in (NORMAL, ABNORMAL)])
    return np.repeat([0, 1], [sum(NORMAL), sum(ABNORMAL)]), ratings


def patients(count: int, separation: float, seed: int, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Status and probability of made-up patients, in no order; with `ties`, probabilities of one decimal."""
    random = np.random.default_rng(seed)
    status = random.permutation(np.arange(count) % 2)
    probability = 1 / (1 + np.exp(-(separation * (status - 0.5) + random.normal(size=count))))
    return status, np.round(probability, 1) if ties else probability


def repeated(weights: np.ndarray, *values: np.ndarray) -> list[np.ndarray]:
    """The patients of one resample, one entry for each time they were drawn."""
    return [np.repeat(value, weights.astype(int)) for value in values]


def height(run: np.ndarray, rise: np.ndarray, share: float) -> float:
    """Sensitivity of a ROC curve at a share of false positives: the upper end where the curve stands upright there."""
    if (run == share).any():
        return float(rise[run == share].max())
    before, after = np.flatnonzero(run < share)[-1], np.flatnonzero(run > share)[0]
    part = (share - run[before]) / (run[after] - run[before])
    return float(rise[before] + part * (rise[after] - rise[before]))


def error(measure: estimate.Estimate) -> float:
    """Standard error of which a Wald interval was made."""
    return (measure.high - measure.low) / (2 * scipy.stats.norm.ppf(0.975))


def components(status: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong's structural components as defined: pair by pair, without ranks."""
    wins = [[1.0 if x > y else 0.5 if x == y else 0.0 for y in score[status == 0]] for x in score[status == 1]]
    return np.mean(wins, axis=1), np.mean(wins, axis=0)


def naive_covariance(status: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    (a10, a01), (b10, b01) = components(status, first), components(status, second)
    return np.cov(a10, b10)[0, 1] / len(a10) + np.cov(a01, b01)[0, 1] / len(a01)


def cross_validated(effect: float, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Ridge regression on made-up patients, cross-validated: status, out-of-fold scores, AUCs of 40 shuffles, true AUC.

    Twelve normal features, the first four higher by half the `effect` in positive patients. The true AUC is that of the
    regression on all patients in 3000 others.
    """
    random = np.random.default_rng(seed)
    shift = np.r_[np.full(4, effect / 2), np.zeros(8)]
    status = np.repeat([1, 0], [round(0.4 * count), count - round(0.4 * count)])
    values = random.normal(size=(count, 12)) + np.outer(status, shift)
    statuses = np.tile(status[:, None], 41)
    folds = list(sklearn.model_selection.StratifiedKFold(5, shuffle=True, random_state=seed).split(values, status))
    for _, left_out in folds:
        statuses[left_out, 1:] = random.permuted(statuses[left_out, 1:], axis=0)
    scores = np.empty(statuses.shape)
    for fitted, left_out in folds:
        scores[left_out] = ridge_scores(values[fitted], statuses[fitted], values[left_out])
    wins = np.sum(scipy.stats.rankdata(scores, axis=0) * statuses, axis=0) - (m := status.sum()) * (m + 1) / 2
    others = np.arange(3000) % 2
    unseen = random.normal(size=(3000, 12)) + np.outer(others, shift)
    expected = sklearn.metrics.roc_auc_score(others, ridge_scores(values, status, unseen))
    return status, scores[:, 0], wins[1:] / (m * (count - m)), expected if effect else 0.5


def ridge_scores(values: np.ndarray, statuses: np.ndarray, others: np.ndarray) -> np.ndarray:
    return sklearn.linear_model.Ridge(10.0).fit(values, statuses).predict(others)


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class EstimateTest(unittest.TestCase):
    def test_reads_as_a_paper_prints_it(self) -> None:
        self.assertEqual(str(estimate.Estimate(0.73, 0.66, 0.77)), "0.73 (0.66 to 0.77)")
        self.assertEqual(estimate.Estimate(-0.004, -0.123, 0.5).text(), "0.00 (-0.12 to 0.50)")
        self.assertEqual(str(estimate.Estimate(1.0)), "1.00")
        self.assertEqual(str(estimate.UNDEFINED), "not defined")

    def test_what_is_not_defined_is_null_in_json(self) -> None:
        text = json.dumps(estimate.Estimate(1.0).to_dict(), allow_nan=False)
        self.assertEqual(json.loads(text), {"value": 1.0, "low": None, "high": None})

    def test_wilson_interval_equals_published_examples(self) -> None:
        # Newcombe, Stat Med 1998, 17:857-872, table I, method 3.
        for successes, total, low, high in (
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0000, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ):
            share = estimate.proportion(successes, total)
            self.assertAlmostEqual(share.value, successes / total)
            self.assertAlmostEqual(share.low, low, places=4)
            self.assertAlmostEqual(share.high, high, places=4)

    def test_a_share_of_nobody_is_not_defined(self) -> None:
        self.assertTrue(math.isnan(estimate.proportion(0, 0).value))


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class DeLongTest(unittest.TestCase):
    def test_equals_the_value_that_stata_prints(self) -> None:
        # Stata, roctab on these ratings: ROC area 0.8932, standard error 0.0307, interval 0.83295 to 0.95339.
        status, ratings = hanley_mcneil()
        areas, covariance = discrimination.delong_covariance(status, [ratings])
        self.assertAlmostEqual(math.sqrt(covariance[0, 0]), 0.0307, places=4)
        interval = estimate.normal_estimate(areas[0], math.sqrt(covariance[0, 0]))
        self.assertAlmostEqual(interval.value, 0.8932, places=4)
        self.assertAlmostEqual(interval.low, 0.83295, places=5)
        self.assertAlmostEqual(interval.high, 0.95339, places=5)

    def test_covariance_equals_the_definition_pair_by_pair(self) -> None:
        for seed in range(5):
            status, first = patients(61, 1.0, seed, ties=True)
            second = patients(61, 0.0, seed + 100, ties=True)[1] + 0.5 * first
            areas, covariance = discrimination.delong_covariance(status, [first, second])
            for one, score in enumerate((first, second)):
                self.assertAlmostEqual(areas[one], sklearn.metrics.roc_auc_score(status, score), places=12)
                for other, another in enumerate((first, second)):
                    expected = naive_covariance(status, score, another)
                    self.assertAlmostEqual(covariance[one, other], expected, places=14)

    def test_variance_agrees_with_the_bootstrap(self) -> None:
        status, probability = patients(400, 1.2, 3)
        resampled = estimate.bootstrap(status, probability, {"auc": discrimination.resampled_auc}, 4000)["auc"]
        deviation = math.sqrt(discrimination.delong_covariance(status, [probability])[1][0, 0])
        self.assertAlmostEqual(resampled.replicates.std() / deviation, 1.0, delta=0.05)
        delong = discrimination.delong_interval(status, probability)
        self.assertAlmostEqual(delong.low, resampled.estimate.low, delta=0.01)
        self.assertAlmostEqual(delong.high, resampled.estimate.high, delta=0.01)

    def test_logit_interval_stays_between_0_and_1_where_the_plain_one_does_not(self) -> None:
        status, probability = np.repeat([0, 1], 8), np.r_[np.arange(8), np.arange(8) + 6.5]
        areas, covariance = discrimination.delong_covariance(status, [probability])
        plain = estimate.normal_estimate(areas[0], math.sqrt(covariance[0, 0]))
        logit = discrimination.delong_interval(status, probability)
        self.assertGreater(plain.high, 1.0)
        self.assertLess(logit.low, logit.value)
        self.assertGreater(logit.high, logit.value)
        self.assertLess(logit.high, 1.0)

    def test_a_perfect_prediction_has_no_interval(self) -> None:
        interval = discrimination.delong_interval([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
        self.assertEqual(interval.value, 1.0)
        self.assertTrue(math.isnan(interval.low) and math.isnan(interval.high))

    def test_paired_test_equals_z_from_the_definition(self) -> None:
        status, first = patients(67, 1.5, 1)
        second = patients(67, 0.0, 2)[1] + 0.3 * first
        result = discrimination.delong_test(status, first, second)
        variance = (
            naive_covariance(status, first, first)
            + naive_covariance(status, second, second)
            - 2 * naive_covariance(status, first, second)
        )
        difference = sklearn.metrics.roc_auc_score(status, first) - sklearn.metrics.roc_auc_score(status, second)
        self.assertAlmostEqual(result.difference.value, difference, places=12)
        expected = 2 * scipy.stats.norm.sf(abs(difference) / math.sqrt(variance))
        self.assertAlmostEqual(result.p_value, expected, places=10)
        swapped = discrimination.delong_test(status, second, first)
        self.assertAlmostEqual(swapped.difference.low, -result.difference.high, places=12)
        self.assertAlmostEqual(swapped.p_value, result.p_value, places=12)

    def test_equal_models_are_called_different_as_often_as_stated(self) -> None:
        random = np.random.default_rng(8)
        status = np.repeat([0, 1], 60)
        shared = 0.7 * status[None, :] + random.normal(size=(600, 120))
        first, second = shared + random.normal(size=shared.shape), shared + random.normal(size=shared.shape)
        rejected = [discrimination.delong_test(status, a, b).p_value < 0.05 for a, b in zip(first, second, strict=True)]
        # 5 % of 600, ± four standard deviations of the binomial distribution.
        self.assertTrue(9 <= sum(rejected) <= 51, sum(rejected))

    def test_the_same_ranking_twice_does_not_differ(self) -> None:
        status, probability = patients(40, 1.0, 4)
        result = discrimination.delong_test(status, probability, probability**3)
        self.assertEqual(result.difference.value, 0.0)
        self.assertTrue(math.isnan(result.p_value))
        self.assertIsNone(result.to_dict()["p_value"])


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class CrossValidatedIntervalTest(unittest.TestCase):
    def held(self, effect: float, patients: int) -> tuple[float, float]:
        """How often DeLong's interval and that of cross-validation hold the AUC in new patients, in 400 cohorts."""
        held = np.zeros(2)
        for seed in range(400):
            status, score, shuffled, expected = cross_validated(effect, patients, seed)
            given = discrimination.delong_interval(status, score)
            own = discrimination.cross_validated_interval(status, score, shuffled)
            held += [given.low <= expected <= given.high, own.low <= expected <= own.high]
        given, own = held / 400
        return given, own

    def test_holds_one_half_where_nothing_can_be_learnt_as_delongs_does_not(self) -> None:
        for count in (67, 200):
            given, own = self.held(0.0, count)
            self.assertLess(given, 0.90, count)
            self.assertGreater(own, 0.93, count)
            self.assertLess(own, 0.98, count)

    def test_holds_the_auc_in_new_patients_where_something_can_be_learnt(self) -> None:
        for effect, count in ((0.8, 67), (1.1, 40)):
            given, own = self.held(effect, count)
            self.assertLess(given, own, effect)
            self.assertGreater(own, 0.93, effect)
            self.assertLess(own, 0.985, effect)

    def test_is_delongs_where_shuffles_rank_as_a_given_score_does(self) -> None:
        status, score = patients(67, 1.0, 5)
        given = discrimination.delong_interval(status, score)
        self.assertEqual(discrimination.cross_validated_interval(status, score, np.full(9, 0.5)), given)
        m = int(status.sum())
        deviation = math.sqrt(68 / (12 * m * (67 - m)))
        same = discrimination.cross_validated_interval(status, score, 0.5 + deviation * np.array([-1.0, 1.0]))
        self.assertAlmostEqual(same.low, given.low, places=12)

    def test_has_no_limits_where_the_classes_are_apart(self) -> None:
        interval = discrimination.cross_validated_interval([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], np.array([0.2, 0.8]))
        self.assertEqual((interval.value, math.isnan(interval.low)), (1.0, True))


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class BootstrapTest(unittest.TestCase):
    def test_every_resample_has_as_many_of_each_class(self) -> None:
        status, _ = patients(41, 1.0, 0)
        weights = estimate.resample(status, 50, 1)
        np.testing.assert_array_equal(weights[:, status == 1].sum(axis=1), status.sum())
        np.testing.assert_array_equal(weights[:, status == 0].sum(axis=1), 41 - status.sum())
        # Each patient is drawn once on average, with the variance of a binomial draw.
        many = estimate.resample(status, 5000, 2)
        np.testing.assert_allclose(many.mean(axis=0), 1.0, atol=0.08)
        np.testing.assert_allclose(many.var(), 1 - 1 / 20.5, atol=0.02)

    def test_measures_of_resamples_equal_scikit_learn_on_the_patients_drawn(self) -> None:
        for ties in (False, True):
            status, probability = patients(37, 1.0, 5, ties)
            weights = estimate.resample(status, 40, 6)
            called = 0.4
            own = {
                "auc": discrimination.resampled_auc(status, probability, weights),
                "average precision": discrimination.resampled_average_precision(status, probability, weights),
                "brier": calibration_measures.resampled_brier(status, probability, weights),
                "f1": performance.resampled_f1(called)(status, probability, weights),
            }
            for number, drawn in enumerate(weights):
                truth, predicted = repeated(drawn, status, probability)
                expected = {
                    "auc": sklearn.metrics.roc_auc_score(truth, predicted),
                    "average precision": sklearn.metrics.average_precision_score(truth, predicted),
                    "brier": sklearn.metrics.brier_score_loss(truth, predicted),
                    "f1": sklearn.metrics.f1_score(truth, predicted >= called),
                }
                for name, value in expected.items():
                    self.assertAlmostEqual(own[name][number], value, places=12, msg=name)

    def test_the_same_seed_draws_the_same_patients_for_every_model(self) -> None:
        status, first = patients(60, 1.0, 7)
        second = first**2 / 2
        both = [
            estimate.bootstrap(status, score, {"auc": discrimination.resampled_auc}, 300, seed=11)["auc"]
            for score in (first, second)
        ]
        np.testing.assert_array_equal(both[0].replicates, both[1].replicates)
        other = estimate.bootstrap(status, first, {"auc": discrimination.resampled_auc}, 300, seed=12)["auc"]
        self.assertFalse(np.array_equal(both[0].replicates, other.replicates))
        self.assertTrue(math.isnan(estimate.paired_difference(*both).p_value))

    def test_paired_difference_agrees_with_delong(self) -> None:
        status, first = patients(300, 1.5, 9)
        second = patients(300, 0.0, 10)[1] + first
        resampled = [
            estimate.bootstrap(status, score, {"auc": discrimination.resampled_auc}, 4000)["auc"]
            for score in (first, second)
        ]
        own, delong = estimate.paired_difference(*resampled), discrimination.delong_test(status, first, second)
        self.assertAlmostEqual(own.difference.value, delong.difference.value, places=12)
        self.assertAlmostEqual(own.difference.low, delong.difference.low, delta=0.01)
        self.assertAlmostEqual(own.difference.high, delong.difference.high, delta=0.01)
        ratio = scipy.stats.norm.isf(own.p_value / 2) / scipy.stats.norm.isf(delong.p_value / 2)
        self.assertAlmostEqual(ratio, 1.0, delta=0.06)

    def test_a_large_cohort_in_blocks_gives_what_it_gives_at_once(self) -> None:
        status, probability = patients(3000, 1.0, 13)
        resampled = estimate.bootstrap(status, probability, {"brier": calibration_measures.resampled_brier}, 2000, 3)
        at_once = calibration_measures.resampled_brier(status, probability, estimate.resample(status, 2000, 3))
        np.testing.assert_allclose(resampled["brier"].replicates, at_once, rtol=1e-12)

    def test_everything_about_a_model_takes_less_than_two_seconds(self) -> None:
        status, probability = patients(67, 1.0, 14)
        began = time.perf_counter()
        result = performance.measure(status, probability, 0.5)
        self.assertLess(time.perf_counter() - began, 2.0)
        self.assertEqual(len(result.estimates()), 14)


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class CurveTest(unittest.TestCase):
    def test_band_equals_the_quantiles_of_curves_by_scikit_learn(self) -> None:
        status, probability = patients(33, 1.0, 15, ties=True)
        curve = discrimination.roc(status, probability, resamples=30, seed=16)
        sensitivities = []
        for drawn in estimate.resample(status, 30, 16):
            run, rise, _ = sklearn.metrics.roc_curve(*repeated(drawn, status, probability), drop_intermediate=False)
            sensitivities.append([height(run, rise, share) for share in curve.grid])
        np.testing.assert_allclose(curve.low, np.percentile(sensitivities, 2.5, axis=0), atol=1e-12)
        np.testing.assert_allclose(curve.high, np.percentile(sensitivities, 97.5, axis=0), atol=1e-12)

    def test_band_encloses_the_curve_and_ends_in_the_corner(self) -> None:
        status, probability = patients(97, 1.2, 17)
        curve = discrimination.roc(status, probability)
        at_grid = np.interp(curve.grid, curve.false_positive_rate, curve.true_positive_rate)
        self.assertTrue((curve.low <= at_grid + 1e-12).all() and (at_grid <= curve.high + 1e-12).all())
        self.assertTrue((np.diff(curve.low) >= 0).all() and (np.diff(curve.high) >= 0).all())
        self.assertEqual((curve.low[-1], curve.high[-1]), (1.0, 1.0))
        area = sklearn.metrics.auc(curve.false_positive_rate, curve.true_positive_rate)
        self.assertAlmostEqual(area, sklearn.metrics.roc_auc_score(status, probability), places=12)

    def test_auc_equals_the_mann_whitney_statistic(self) -> None:
        status, ratings = hanley_mcneil()
        u = scipy.stats.mannwhitneyu(ratings[status == 1], ratings[status == 0]).statistic
        self.assertAlmostEqual(discrimination.delong_interval(status, ratings).value, u / (58 * 51), places=12)

    def test_average_precision_is_the_area_in_steps_under_the_curve(self) -> None:
        # By hand: positives at ranks 1, 3 and 4 of 5 have precisions 1, 2/3 and 3/4.
        curve = discrimination.precision_recall([1, 0, 1, 1, 0], [0.9, 0.8, 0.7, 0.6, 0.5])
        self.assertAlmostEqual(curve.average_precision, (1 + 2 / 3 + 3 / 4) / 3)
        self.assertAlmostEqual(-float(np.sum(np.diff(curve.recall) * curve.precision[:-1])), curve.average_precision)
        self.assertEqual(curve.prevalence, 0.6)


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class OperatingPointTest(unittest.TestCase):
    def test_measures_equal_a_count_by_hand(self) -> None:
        status = [1] * 10 + [0] * 20
        probability = [0.5] * 6 + [0.49] * 4 + [0.5] * 5 + [0.1] * 15
        point = performance.operating_point(status, probability, 0.5)
        np.testing.assert_array_equal(point.confusion, [[15, 5], [4, 6]])
        for measure, expected in (
            (point.sensitivity, 6 / 10),
            (point.specificity, 15 / 20),
            (point.ppv, 6 / 11),
            (point.npv, 15 / 19),
            (point.accuracy, 21 / 30),
            (point.f1, 12 / 21),
        ):
            self.assertAlmostEqual(measure.value, expected, places=12)
            self.assertTrue(measure.low < expected < measure.high)

    def test_measures_equal_scikit_learn(self) -> None:
        status, probability = patients(83, 1.0, 18, ties=True)
        point = performance.operating_point(status, probability, 0.6)
        called = probability >= 0.6
        np.testing.assert_array_equal(point.confusion, sklearn.metrics.confusion_matrix(status, called))
        self.assertAlmostEqual(point.ppv.value, sklearn.metrics.precision_score(status, called), places=12)
        self.assertAlmostEqual(point.sensitivity.value, sklearn.metrics.recall_score(status, called), places=12)
        self.assertAlmostEqual(point.accuracy.value, sklearn.metrics.accuracy_score(status, called), places=12)
        self.assertAlmostEqual(point.f1.value, sklearn.metrics.f1_score(status, called), places=12)

    def test_where_nobody_is_called_positive_ppv_is_not_defined(self) -> None:
        point = performance.operating_point([0, 1, 1], [0.1, 0.2, 0.3], 0.9)
        self.assertTrue(math.isnan(point.ppv.value))
        self.assertEqual((point.sensitivity.value, point.f1.value), (0.0, 0.0))


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class DecisionCurveTest(unittest.TestCase):
    def test_net_benefit_equals_a_count_by_hand(self) -> None:
        # At 0.2: TP 3, FP 3 of 10, odds 1/4: 0.3 - 0.3 / 4. At 0.5: TP 2, FP 1, odds 1: 0.2 - 0.1.
        status = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
        probability = [0.9, 0.5, 0.3, 0.1, 0.6, 0.4, 0.2, 0.1, 0.1, 0.0]
        curve = performance.decision_curve(status, probability, np.array([0.2, 0.5]))
        np.testing.assert_allclose(curve.model, [0.3 - 0.3 / 4, 0.1], atol=1e-12)
        np.testing.assert_allclose(curve.treat_all, [0.4 - 0.6 / 4, 0.4 - 0.6], atol=1e-12)
        np.testing.assert_array_equal(curve.treat_none, 0.0)
        self.assertTrue((curve.low <= curve.model).all() and (curve.model <= curve.high).all())

    def test_default_thresholds_run_from_005_to_095_and_a_perfect_model_gains_the_prevalence(self) -> None:
        status = np.repeat([0, 1], [55, 42])
        curve = performance.decision_curve(status, status.astype(float))
        self.assertEqual((curve.thresholds[0], curve.thresholds[-1], len(curve.thresholds)), (0.05, 0.95, 91))
        np.testing.assert_allclose(curve.model, 42 / 97)

    def test_a_threshold_of_1_has_no_odds(self) -> None:
        with self.assertRaisesRegex(InputError, "above 0 and below 1"):
            performance.decision_curve([0, 1], [0.1, 0.9], np.array([0.5, 1.0]))


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class CalibrationTest(unittest.TestCase):
    def test_slope_and_intercept_equal_scikit_learn(self) -> None:
        status, probability = patients(67, 1.0, 19)
        log_odds = np.log(probability / (1 - probability))
        fit = sklearn.linear_model.LogisticRegression(penalty=None, tol=1e-10).fit(log_odds[:, None], status)
        own = calibration_measures.recalibration(status, probability)
        self.assertAlmostEqual(own.slope.value, fit.coef_[0, 0], places=5)
        self.assertAlmostEqual(own.intercept.value, fit.intercept_[0], places=5)

    @unittest.skipIf(statsmodels is None, "statsmodels is not installed")
    def test_estimates_and_errors_equal_statsmodels(self) -> None:
        status, probability = patients(67, 1.0, 20)
        log_odds = np.log(probability / (1 - probability))
        own = calibration_measures.recalibration(status, probability)
        both = statsmodels.Logit(status, statsmodels.add_constant(log_odds)).fit(disp=0, tol=1e-12)
        np.testing.assert_allclose((own.intercept.value, own.slope.value), both.params, rtol=1e-7)
        np.testing.assert_allclose((error(own.intercept), error(own.slope)), both.bse, rtol=1e-6)
        np.testing.assert_allclose((own.slope.low, own.slope.high), both.conf_int()[1], rtol=1e-6)
        binomial = statsmodels.families.Binomial()
        large = statsmodels.GLM(status, np.ones(67), family=binomial, offset=log_odds).fit(tol=1e-12)
        self.assertAlmostEqual(own.in_the_large.value, large.params[0], places=7)
        self.assertAlmostEqual(error(own.in_the_large), large.bse[0], places=7)

    def test_calibration_in_the_large_makes_expected_equal_observed(self) -> None:
        status, probability = patients(67, 1.0, 21)
        log_odds = np.log(probability / (1 - probability))

        def surplus(shift: float) -> float:
            return float(np.sum(1 / (1 + np.exp(-(log_odds + shift))) - status))

        own = calibration_measures.recalibration(status, probability)
        self.assertAlmostEqual(own.in_the_large.value, scipy.optimize.brentq(surplus, -5, 5), places=9)
        shifted = 1 / (1 + np.exp(-(log_odds + own.in_the_large.value)))
        self.assertAlmostEqual(error(own.in_the_large), 1 / math.sqrt(np.sum(shifted * (1 - shifted))), places=9)

    def test_a_recalibrated_prediction_is_calibrated(self) -> None:
        status, probability = patients(97, 1.0, 22)
        first = calibration_measures.recalibration(status, probability)
        log_odds = first.intercept.value + first.slope.value * np.log(probability / (1 - probability))
        second = calibration_measures.recalibration(status, 1 / (1 + np.exp(-log_odds)))
        for measure, ideal in (
            (second.slope, 1),
            (second.intercept, 0),
            (second.in_the_large, 0),
            (second.expected_observed, 1),
        ):
            self.assertAlmostEqual(measure.value, ideal, places=8)

    def test_expected_over_observed_equals_a_count_by_hand(self) -> None:
        own = calibration_measures.recalibration([1, 0, 0, 1], [0.9, 0.6, 0.7, 0.8]).expected_observed
        self.assertAlmostEqual(own.value, 1.5)
        # SE of the logarithm: sqrt((1 - 2/4) / 2) = 0.5.
        self.assertAlmostEqual(own.high, 1.5 * math.exp(1.959964 * 0.5), places=5)

    def test_slope_is_not_defined_for_separated_classes_or_a_constant_prediction(self) -> None:
        separated = calibration_measures.recalibration([0] * 9 + [1] * 9, np.linspace(0.1, 0.9, 18))
        self.assertTrue(math.isnan(separated.slope.value))
        constant = calibration_measures.recalibration([0, 0, 0, 1], [0.5] * 4)
        self.assertTrue(math.isnan(constant.slope.value))
        self.assertAlmostEqual(constant.in_the_large.value, math.log(1 / 3), places=9)

    def test_a_certain_prediction_is_kept_finite(self) -> None:
        status, probability = patients(40, 1.0, 23)
        probability[:4] = [0.0, 1.0, 0.0, 1.0]
        self.assertTrue(math.isfinite(calibration_measures.recalibration(status, probability).slope.value))

    def test_groups_of_the_plot_hold_every_patient_once(self) -> None:
        for count, ties, most in ((30, False, 3), (67, True, 6), (300, False, 10)):
            status, probability = patients(count, 1.0, 25, ties)
            curve = calibration_measures.calibration_curve(status, probability)
            self.assertEqual(int(curve.patients.sum()), count)
            self.assertLessEqual(len(curve.patients), most)
            self.assertAlmostEqual(float(curve.patients @ curve.observed), status.sum())
            self.assertAlmostEqual(float(curve.patients @ curve.predicted), probability.sum())
            self.assertTrue((np.diff(curve.predicted) > 0).all())
            self.assertTrue((curve.low <= curve.observed).all() and (curve.observed <= curve.high).all())

    def test_smooth_curve_finds_the_truth(self) -> None:
        random = np.random.default_rng(26)
        predicted = random.uniform(0.05, 0.95, 40_000)
        status = (random.random(40_000) < predicted**2).astype(int)
        curve = calibration_measures.calibration_curve(status, predicted)
        np.testing.assert_allclose(curve.smooth_observed, curve.smooth_predicted**2, atol=0.03)
        np.testing.assert_allclose(curve.observed, curve.predicted**2, atol=0.03)

    def test_smooth_curve_is_straight_in_log_odds_beyond_the_outer_tenths(self) -> None:
        status, probability = patients(200, 1.0, 30)
        curve = calibration_measures.calibration_curve(status, probability)
        slopes = np.diff(scipy.special.logit(curve.smooth_observed)) / np.diff(
            scipy.special.logit(curve.smooth_predicted)
        )
        low, high = np.quantile(probability, (0.1, 0.9))
        for outer in (slopes[curve.smooth_predicted[1:] < low], slopes[curve.smooth_predicted[:-1] > high]):
            self.assertGreater(len(outer), 2)
            np.testing.assert_allclose(outer, outer[0], rtol=1e-6)
        self.assertGreater(np.ptp(slopes), 0.01)

    def test_where_the_smooth_curve_has_no_answer_there_is_none(self) -> None:
        for status, probability in (([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), ([0, 1, 1], [0.5, 0.5, 0.5])):
            curve = calibration_measures.calibration_curve(status, probability)
            self.assertTrue(np.isnan(curve.smooth_observed).all())
            self.assertEqual(int(curve.patients.sum()), len(status))

    def test_the_band_of_the_smooth_curve_covers_the_truth_as_often_as_stated(self) -> None:
        random = np.random.default_rng(27)
        covered = []
        for _ in range(200):
            probability = random.uniform(0.1, 0.9, 200)
            status = (random.random(200) < probability).astype(int)
            curve = calibration_measures.calibration_curve(status, probability)
            middle = curve.smooth_predicted[50]
            covered.append(curve.smooth_low[50] <= middle <= curve.smooth_high[50])
        # 95 % of 200, less four standard deviations of the binomial distribution.
        self.assertGreaterEqual(sum(covered), 178)


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class PerformanceTest(unittest.TestCase):
    def test_holds_the_measures_of_the_parts_and_goes_into_json(self) -> None:
        status, probability = patients(67, 1.0, 28)
        result = performance.measure(status, probability, 0.5, resamples=200, seed=5)
        self.assertAlmostEqual(result.auc.value, sklearn.metrics.roc_auc_score(status, probability), places=12)
        self.assertAlmostEqual(result.brier.value, sklearn.metrics.brier_score_loss(status, probability), places=12)
        self.assertTrue(result.brier.low < result.brier.value < result.brier.high)
        card = json.loads(json.dumps(result.to_dict(), allow_nan=False))
        self.assertEqual(card["auc"]["value"], result.auc.value)
        self.assertEqual(sum(card["confusion"].values()), 67)
        table = performance.performance_table({"MLP, test": result})
        self.assertEqual(table.loc["Brier score", "MLP, test"], str(result.brier))

    def test_compares_every_pair_of_models(self) -> None:
        status, first = patients(67, 2.0, 29)
        models = {"mlp": first, "forest": 1 - first, "logistic": np.sqrt(first)}
        comparisons = performance.compare(status, models, resamples=200)
        self.assertEqual([(c.first, c.second) for c in comparisons],
                         [("mlp", "forest"), ("mlp", "logistic"), ("forest", "logistic")])  # fmt: skip
        self.assertLess(comparisons[0].delong.p_value, 1e-6)
        self.assertLess(comparisons[0].bootstrap.p_value, 1e-6)
        self.assertEqual(comparisons[1].delong.difference.value, 0.0)
        json.dumps([comparison.to_dict() for comparison in comparisons], allow_nan=False)


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class BadInputTest(unittest.TestCase):
    def test_is_refused_with_a_sentence(self) -> None:
        for status, probability, said in (
            ([1, 1, 1], [0.1, 0.2, 0.3], "None of the 3 patients is HER2-negative"),
            ([0, 0], [0.1, 0.2], "None of the 2 patients is HER2-positive"),
            ([0, 1, 2], [0.1, 0.2, 0.3], "2 is no HER2 status"),
            ([0, 1], [0.1, math.nan], "patient 2 is nan"),
            ([0, 1, 1], [0.1, 0.2], "one of each for every patient"),
            ([0, 1], [0.1, 1.5], "patient 2 is 1.5; a probability lies between 0 and 1"),
        ):
            with self.subTest(said), self.assertRaisesRegex(InputError, said):
                performance.measure(status, probability, 0.5)

    def test_a_rating_is_no_probability_but_has_an_auc(self) -> None:
        status, ratings = hanley_mcneil()
        self.assertGreater(discrimination.delong_interval(status, ratings).value, 0.89)
        with self.assertRaises(InputError):
            performance.measure(status, ratings, 0.5)

    def test_a_threshold_beyond_1_is_refused(self) -> None:
        with self.assertRaisesRegex(InputError, "threshold is 5;"):
            performance.operating_point([0, 1], [0.1, 0.9], 5)


if __name__ == "__main__":
    unittest.main()
