"""The protocol learns from the training patients alone, and measures without optimism."""

from __future__ import annotations

import unittest
from dataclasses import replace

import numpy as np

try:
    from sklearn.metrics import roc_auc_score

    from HER2PredictLib.training.candidates import LOGISTIC_REGRESSION, MLP
    from HER2PredictLib.training.study import TEST, TRAIN, Protocol, run_study
    from models import made_up_cohort
except ImportError:
    run_study = None

NAMES = tuple(f"original_{kind}_{number}" for kind in ("shape", "glcm", "glrlm") for number in range(10))


@unittest.skipIf(run_study is None, "scikit-learn is not installed")
class StudyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.protocol = Protocol(
            seed=5, folds=3, repeats=2, splits=2, members=6, jobs=1, candidates=(MLP, LOGISTIC_REGRESSION)
        )
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
        one, other = (run_study(features, self.status, self.protocol, split) for features in (self.features, changed))
        self.assertEqual(one.threshold, other.threshold)
        for step, attribute in (("scale", "mean_"), ("pca", "components_")):
            np.testing.assert_array_equal(*(getattr(s.pipeline.named_steps[step], attribute) for s in (one, other)))
        np.testing.assert_array_equal(one.calibrator.coef_, other.calibrator.coef_)
        for key, fit in one.fits.items():
            self.assertEqual(fit.parameters, other.fits[key].parameters)
            for which in (TRAIN, "apparent"):
                np.testing.assert_array_equal(fit.probability[which], other.fits[key].probability[which])
        np.testing.assert_array_equal(one.curve.validation_auc, other.curve.validation_auc)
        self.assertFalse(np.array_equal(one.fits["mlp"].probability[TEST], other.fits["mlp"].probability[TEST]))

    def test_same_seed_gives_the_same_study_and_another_gives_another(self) -> None:
        again = run_study(self.features, self.status, self.protocol)
        other = run_study(self.features, self.status, replace(self.protocol, seed=6))
        np.testing.assert_array_equal(again.fits["mlp"].probability[TEST], self.study.fits["mlp"].probability[TEST])
        self.assertTrue(again.spread.equals(self.study.spread))
        self.assertFalse(np.array_equal(other.test, self.study.test))

    def test_number_of_processes_does_not_change_the_numbers(self) -> None:
        parallel = run_study(self.features, self.status, replace(self.protocol, jobs=2))
        for which in (TRAIN, TEST):
            np.testing.assert_array_equal(
                parallel.fits["mlp"].probability[which], self.study.fits["mlp"].probability[which]
            )

    def test_components_explain_ninety_percent(self) -> None:
        components = self.study.components
        cumulative = np.cumsum(components.explained)
        self.assertGreaterEqual(cumulative[components.kept - 1], 0.90)
        self.assertLess(cumulative[components.kept - 2], 0.90)
        self.assertAlmostEqual(cumulative[-1], 1.0)

    def test_spread_has_one_auc_for_each_split_and_model(self) -> None:
        self.assertEqual(self.study.spread.shape, (2, 2))
        self.assertTrue(((self.study.spread >= 0) & (self.study.spread <= 1)).all().all())


@unittest.skipIf(run_study is None, "scikit-learn is not installed")
class OptimismTest(unittest.TestCase):
    def test_shuffled_labels_give_an_auc_of_a_half(self) -> None:
        """Mean over random splits of random labels; each labelling is drawn anew, so that the mean has no bias."""
        aucs: list[float] = []
        for seed in range(6):
            features, status = made_up_cohort(NAMES, patients=70, seed=seed)
            shuffled = np.random.default_rng(seed).permutation(status)
            protocol = Protocol(seed=seed, folds=3, repeats=1, splits=3, members=4, jobs=1, candidates=(MLP,))
            study = run_study(features, shuffled, protocol)
            aucs += study.spread["mlp"].tolist()
            aucs.append(float(roc_auc_score(shuffled[study.train], study.fits["mlp"].probability[TRAIN])))
        error = np.std(aucs, ddof=1) / np.sqrt(len(aucs) / 4)
        self.assertLess(abs(np.mean(aucs) - 0.5), 2.6 * error)
        self.assertLess(error, 0.07)

    def test_one_feature_that_decides_everything_is_found(self) -> None:
        """Among ten; among hundreds it would be a small part of the variance, which is what the PCA keeps."""
        features, status = made_up_cohort(NAMES[:10], patients=60, effect=0.0)
        features[NAMES[0]] = status * 2.0 - 1.0
        study = run_study(features, status, Protocol(seed=1, folds=3, repeats=1, splits=2, members=4, jobs=1))
        self.assertEqual(list(study.fits), ["mlp", "rf", "lr"])
        self.assertGreater(roc_auc_score(study.status_of(TEST), study.fits["mlp"].probability[TEST]), 0.97)
        self.assertGreater(study.spread.to_numpy().min(), 0.97)


if __name__ == "__main__":
    unittest.main()
