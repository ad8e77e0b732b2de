"""The protocol learns from the training patients alone, and measures without optimism."""

from __future__ import annotations

import unittest
from dataclasses import replace

import numpy as np

from HER2PredictLib.errors import InputError

try:
    from scipy.stats import kstest
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import brier_score_loss, log_loss, recall_score, roc_auc_score

    from HER2PredictLib.training.protocol.gate import shuffle_labels
    from HER2PredictLib.training.protocol.learning import folds_of, learn, log_losses, simplest_of_the_best
    from HER2PredictLib.training.protocol.protocol import LOGISTIC_REGRESSION, MLP, TEST, TRAIN, Protocol
    from HER2PredictLib.training.protocol.study import run_study, split_seeds
    from HER2PredictLib.training.protocol.threshold import ThresholdRule
    from models import made_up_cohort
    from studies import SMALL
except ImportError:
    run_study = None

NAMES = tuple(f"original_{kind}_{number}" for kind in ("shape", "glcm", "glrlm") for number in range(10))


@unittest.skipIf(run_study is None, "scikit-learn is not installed")
class StudyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.protocol = Protocol(seed=5, repeats=2, jobs=1, candidates=(MLP, LOGISTIC_REGRESSION), **SMALL)
        cls.features, cls.status = made_up_cohort(NAMES, patients=60, effect=6.0)
        cls.study = run_study(cls.features, cls.status, cls.protocol)

    def test_split_is_seven_tenths_and_stratified(self) -> None:
        train, test = self.study.train, self.study.test
        self.assertEqual((len(train), len(test)), (42, 18))
        self.assertEqual(sorted([*train, *test]), list(range(60)))
        self.assertEqual((self.status[train].sum(), self.status[test].sum()), (21, 9))

    def test_nothing_of_the_test_patients_leaks(self) -> None:
        """With other test patients, everything that was learnt stays the same to the last bit."""
        changed = self.features.copy()
        random = np.random.default_rng(1)
        changed.iloc[self.study.test] = random.normal(1e4, 1e4, (len(self.study.test), len(NAMES)))
        split = np.where(np.isin(np.arange(60), self.study.train), TRAIN, TEST)
        one, other = self.study, run_study(changed, self.status, self.protocol, split)
        self.assertEqual(one.threshold, other.threshold)
        for step, attribute in (("scale", "mean_"), ("pca", "components_")):
            np.testing.assert_array_equal(*(getattr(s.pipeline.named_steps[step], attribute) for s in (one, other)))
        np.testing.assert_array_equal(one.calibrator.coef_, other.calibrator.coef_)
        for key, fit in one.fits.items():
            self.assertEqual(fit.parameters, other.fits[key].parameters)
            for which in (TRAIN, "apparent"):
                np.testing.assert_array_equal(fit.probability[which], other.fits[key].probability[which])
                np.testing.assert_array_equal(fit.score[which], other.fits[key].score[which])
        np.testing.assert_array_equal(one.shuffles.shuffled, other.shuffles.shuffled)
        self.assertEqual((one.discrimination, one.guessing), (other.discrimination, other.guessing))
        np.testing.assert_array_equal(one.curve.validation_auc, other.curve.validation_auc)
        self.assertFalse(np.array_equal(one.fits["mlp"].probability[TEST], other.fits["mlp"].probability[TEST]))

    def test_same_seed_gives_the_same_study_and_another_gives_another(self) -> None:
        again = run_study(self.features, self.status, self.protocol)
        other = run_study(self.features, self.status, replace(self.protocol, seed=6, splits=0, shuffles=1))
        np.testing.assert_array_equal(again.fits["mlp"].probability[TEST], self.study.fits["mlp"].probability[TEST])
        self.assertTrue(again.spread.equals(self.study.spread))
        self.assertFalse(np.array_equal(other.test, self.study.test))

    def test_number_of_processes_does_not_change_a_bit(self) -> None:
        """A candidate is a copy of itself in another process; it must be taken for the same there."""
        parallel = run_study(self.features, self.status, replace(self.protocol, jobs=2))
        self.assertTrue(parallel.hold_outs.equals(self.study.hold_outs))
        np.testing.assert_array_equal(parallel.shuffles.shuffled, self.study.shuffles.shuffled)
        self.assertEqual(parallel.threshold, self.study.threshold)
        for key, fit in self.study.fits.items():
            self.assertEqual(parallel.fits[key].parameters, fit.parameters)
            for which in (TRAIN, TEST, "apparent"):
                np.testing.assert_array_equal(parallel.fits[key].score[which], fit.score[which])
                np.testing.assert_array_equal(parallel.fits[key].probability[which], fit.probability[which])
        for own, others in zip(
            self.study.pipeline["classifier"].estimators_, parallel.pipeline["classifier"], strict=True
        ):
            for mine, theirs in zip(own.coefs_, others.coefs_, strict=True):
                np.testing.assert_array_equal(mine, theirs)

    def test_random_splits_measure_what_the_study_measures_of_its_own(self) -> None:
        """A study with the seed of a random split gives that split's row: the ensemble, its calibration, its calls."""
        for number, seed in enumerate(split_seeds(self.protocol)[:2]):
            again = run_study(self.features, self.status, replace(self.protocol, seed=seed, splits=0, shuffles=1))
            rows = self.study.hold_outs[self.study.hold_outs["split"] == number].set_index("model")
            status = again.status_of(TEST)
            for key, fit in again.fits.items():
                called = fit.probability[TEST] >= fit.threshold
                self.assertEqual(rows.loc[key, "auc"], roc_auc_score(status, fit.score[TEST]))
                self.assertAlmostEqual(rows.loc[key, "sensitivity"], recall_score(status, called), places=12)
                self.assertAlmostEqual(
                    rows.loc[key, "specificity"], recall_score(status, called, pos_label=0), places=12
                )
                self.assertAlmostEqual(
                    rows.loc[key, "brier"], brier_score_loss(status, fit.probability[TEST]), places=12
                )

    def test_all_models_are_calibrated_and_ranked_before_calibration(self) -> None:
        """Platt's calibration by scikit-learn on the log-odds of out-of-fold scores, for each kind of model."""
        status = self.study.status_of(TRAIN)
        for fit in self.study.fits.values():
            odds = {name: np.log(score / (1 - score))[:, None] for name, score in fit.score.items()}
            platt = LogisticRegression(C=1e6).fit(odds[TRAIN], status)
            np.testing.assert_allclose(platt.predict_proba(odds[TEST])[:, 1], fit.probability[TEST], atol=1e-9)
            self.assertFalse(np.array_equal(fit.score[TRAIN], fit.probability[TRAIN]))

    def test_components_explain_ninety_percent(self) -> None:
        components = self.study.components
        cumulative = np.cumsum(components.explained)
        self.assertGreaterEqual(cumulative[components.kept - 1], 0.90)
        self.assertLess(cumulative[components.kept - 2], 0.90)
        self.assertAlmostEqual(cumulative[-1], 1.0)

    def test_spread_has_one_auc_for_each_split_and_model(self) -> None:
        self.assertEqual(self.study.spread.shape, (3, 2))
        self.assertTrue(((self.study.spread >= 0) & (self.study.spread <= 1)).all().all())


@unittest.skipIf(run_study is None, "scikit-learn is not installed")
class OptimismTest(unittest.TestCase):
    def test_shuffled_labels_give_an_auc_of_a_half(self) -> None:
        """Mean over random splits of random labels; each labelling is drawn anew, so that the mean has no bias."""
        aucs: list[float] = []
        for seed in range(6):
            features, status = made_up_cohort(NAMES, patients=70, seed=seed)
            shuffled = np.random.default_rng(seed).permutation(status)
            protocol = Protocol(seed=seed, repeats=1, jobs=1, candidates=(MLP,), **{**SMALL, "shuffles": 1})
            study = run_study(features, shuffled, protocol)
            aucs += study.spread["mlp"].tolist()
            aucs.append(float(roc_auc_score(shuffled[study.train], study.fits["mlp"].score[TRAIN])))
        error = np.std(aucs, ddof=1) / np.sqrt(len(aucs) / 4)
        self.assertLess(abs(np.mean(aucs) - 0.5), 2.6 * error)
        self.assertLess(error, 0.07)

    def test_one_feature_that_decides_everything_is_found(self) -> None:
        """Among ten; among hundreds it would be a small part of the variance, which is what the PCA keeps."""
        features, status = made_up_cohort(NAMES[:10], patients=60, effect=0.0)
        features[NAMES[0]] = status * 2.0 - 1.0
        study = run_study(features, status, Protocol(seed=1, repeats=1, jobs=1, **SMALL))
        self.assertEqual(list(study.fits), ["mlp", "rf", "lr"])
        self.assertGreater(roc_auc_score(study.status_of(TEST), study.fits["mlp"].probability[TEST]), 0.97)
        self.assertGreater(study.spread.to_numpy().min(), 0.97)


#: An MLP with a penalty that lets all weights collapse: alike for everybody, but for the share of each fold.
COLLAPSED = {"hidden_layer_sizes": [(4,)], "alpha": [1000.0]}


@unittest.skipIf(run_study is None, "scikit-learn is not installed")
class ChoiceTest(unittest.TestCase):
    def test_what_is_deployed_is_chosen_and_not_what_collapses_as_an_ensemble(self) -> None:
        """Weights that shrink to nothing rank well one by one; their ensemble says the same of everybody."""
        features, status = made_up_cohort(NAMES, patients=60, effect=6.0)
        grid = {"hidden_layer_sizes": [(4,)], "alpha": [1000.0, 30.0, 3.0]}
        protocol = Protocol(seed=1, repeats=1, **{**SMALL, "members": 10, "choosing_members": 10})
        learnt = learn(replace(MLP, grid=grid), features.to_numpy(), status, protocol)
        self.assertEqual(learnt.parameters["alpha"], 3.0)
        self.assertGreater(np.ptp(learnt.score(features.to_numpy())), 0.5)
        self.assertGreater(learnt.losses[0], learnt.losses[2])

    def test_the_simplest_within_a_standard_error_is_taken(self) -> None:
        random = np.random.default_rng(0)
        best = random.uniform(0.2, 1.0, 100)
        noise = random.normal(0.0, 0.1, 100)
        noise -= noise.mean()
        error = noise.std(ddof=1) / 10
        for excess, chosen in ((0.9 * error, 0), (1.1 * error, 1)):
            self.assertEqual(simplest_of_the_best(np.stack([best + noise + excess, best])), chosen)

    def test_log_loss_is_that_of_scikit_learn(self) -> None:
        status, probability = np.array([0, 1, 1, 0]), np.array([0.1, 0.7, 0.4, 0.8])
        self.assertAlmostEqual(log_losses(status, probability).mean(), log_loss(status, probability), places=12)


@unittest.skipIf(run_study is None, "scikit-learn is not installed")
class GateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.protocol = Protocol(seed=2, repeats=1, jobs=1, candidates=(MLP,), **{**SMALL, "splits": 0})

    def test_a_model_of_real_signal_passes(self) -> None:
        features, status = made_up_cohort(NAMES, patients=60, effect=6.0)
        study = run_study(features, status, self.protocol)
        self.assertEqual(study.guessing, ())
        self.assertEqual(study.shuffles.p_value, 1 / 20)
        self.assertEqual(len(study.shuffles.shuffled), 19)
        self.assertGreater(study.discrimination.low, 0.5)

    def test_models_of_shuffled_labels_are_announced(self) -> None:
        for seed in range(3):
            features, status = made_up_cohort(NAMES, patients=60, seed=seed, effect=6.0)
            shuffled = np.random.default_rng(seed).permutation(status)
            self.assertTrue(run_study(features, shuffled, replace(self.protocol, seed=seed)).guessing, seed)

    def test_a_collapsed_model_is_announced_with_every_reason(self) -> None:
        features, status = made_up_cohort(NAMES, patients=60, effect=6.0)
        collapsed = replace(self.protocol, candidates=(replace(MLP, grid=COLLAPSED),))
        self.assertIn("nearly the same for every patient", " ".join(run_study(features, status, collapsed).guessing))

    def test_p_values_of_labels_that_features_know_nothing_of_are_uniform(self) -> None:
        """Of logistic regression, which is learnt in a thirtieth of the time and shuffled in the same way."""
        candidate = replace(LOGISTIC_REGRESSION, grid={"C": [0.001, 1.0]})
        values = []
        for seed in range(40):
            features, status = made_up_cohort(NAMES, patients=24, seed=seed)
            shuffled = np.random.default_rng(seed).permutation(status)
            own = replace(self.protocol, seed=seed, shuffles=9, folds=2)
            folds = folds_of(features.to_numpy(), shuffled, own)
            values.append(shuffle_labels(candidate, folds, shuffled, own).p_value)
        self.assertGreater(kstest(np.array(values) - 0.05, "uniform").pvalue, 0.01)

    def test_a_rule_that_calls_all_alike_is_refused_not_called_guessing(self) -> None:
        features, status = made_up_cohort(NAMES, patients=100, effect=3.2)
        protocol = replace(self.protocol, threshold=ThresholdRule.parse("cost=50"))
        with self.assertRaisesRegex(InputError, "cost=50.*calls all training patients alike"):
            run_study(features, status, protocol)
        kept = run_study(features, status, replace(self.protocol, threshold=ThresholdRule.parse("sensitivity=0.9")))
        called = kept.fits["mlp"].probability[TRAIN] >= kept.threshold
        self.assertGreaterEqual(recall_score(kept.status_of(TRAIN), called), 0.9)


if __name__ == "__main__":
    unittest.main()
