"""A .her2model bundle: equal to scikit-learn when applied, and refused when it is not sound."""

from __future__ import annotations

import io
import json
import tempfile
import unittest
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from HER2PredictLib.errors import InputError
from HER2PredictLib.features import feature_names
from HER2PredictLib.model.explain import distance_contributions, usual_contributions
from HER2PredictLib.model.model import BUNDLED_MODEL, Model
from HER2PredictLib.model.network import log_odds

try:
    import scipy.linalg
    import sklearn

    from models import made_up_cohort, made_up_model, made_up_pipeline
except ImportError:
    sklearn = None

NAMES = tuple(f"feature_{number}" for number in range(40))


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class AgainstScikitLearnTest(unittest.TestCase):
    def test_probability_equals_predict_proba(self) -> None:
        table, _ = made_up_cohort(NAMES)
        pipeline, calibrator = made_up_pipeline(NAMES)
        raw = pipeline.predict_proba(table.to_numpy())[:, 1]
        expected = calibrator.predict_proba(log_odds(raw)[:, None])[:, 1]
        own = [made_up_model(NAMES).predict(row.to_dict()) for _, row in table.iterrows()]
        np.testing.assert_allclose([prediction.probability for prediction in own], expected, rtol=0, atol=1e-12)
        for prediction in own:
            low, high = prediction.interval
            self.assertLessEqual(low, prediction.probability)
            self.assertLessEqual(prediction.probability, high)

    def test_distances_equal_those_of_the_pca(self) -> None:
        table, _ = made_up_cohort(NAMES)
        pipeline, _ = made_up_pipeline(NAMES)
        scaled = pipeline.named_steps["scale"].transform(table.to_numpy())
        pca = pipeline.named_steps["pca"]
        whitened = pca.transform(scaled)
        residual = scaled - pca.inverse_transform(whitened)
        for number, (_, row) in enumerate(table.iterrows()):
            prediction = made_up_model(NAMES).predict(row.to_dict())
            self.assertAlmostEqual(prediction.hotelling_t2, float(whitened[number] @ whitened[number]), places=9)
            self.assertAlmostEqual(prediction.q_residual, float(residual[number] @ residual[number]), places=9)

    def test_far_case_is_untypical_and_training_case_is_not(self) -> None:
        table, _ = made_up_cohort(NAMES)
        model = made_up_model(NAMES)
        self.assertGreater(model.typicality(model.predict(table.median().to_dict())), 0.2)
        self.assertLess(model.typicality(model.predict((table.median() + 20 * table.std()).to_dict())), 1e-3)

    def test_contributions_to_t2_are_those_of_the_complete_decomposition(self) -> None:
        """((M^1/2 x)_i)^2 with the matrix square root of SciPy, x and M from the arrays of scikit-learn."""
        table, _ = made_up_cohort(NAMES)
        pipeline, _ = made_up_pipeline(NAMES)
        pca = pipeline.named_steps["pca"]
        x = pipeline.named_steps["scale"].transform(table.to_numpy()) - pca.mean_
        # M has no full rank, so the root is good to half of the digits.
        root = scipy.linalg.sqrtm(pca.components_.T @ np.diag(1 / pca.explained_variance_) @ pca.components_).real
        for number, (_, row) in enumerate(table.iterrows()):
            t2, q = distance_contributions(made_up_model(NAMES), row.to_dict())
            np.testing.assert_allclose(t2, (root @ x[number]) ** 2, rtol=0, atol=1e-6)
            for contributions in (t2, q):
                self.assertGreaterEqual(contributions.min(), 0.0)

    def test_contributions_of_features_sum_to_the_distances(self) -> None:
        table, _ = made_up_cohort(NAMES)
        for _, row in table.iterrows():
            prediction = made_up_model(NAMES).predict(row.to_dict())
            t2, q = distance_contributions(made_up_model(NAMES), row.to_dict())
            self.assertAlmostEqual(float(t2.sum()), prediction.hotelling_t2, places=9)
            self.assertAlmostEqual(float(q.sum()), prediction.q_residual, places=9)

    def test_usual_contributions_are_the_mean_ones_of_the_training_patients(self) -> None:
        table, _ = made_up_cohort(NAMES)
        model = made_up_model(NAMES)
        own = [distance_contributions(model, row.to_dict()) for _, row in table.iterrows()]
        for usual, mean, name in zip(usual_contributions(model), np.mean(own, axis=0), ("t2", "q"), strict=True):
            np.testing.assert_allclose(usual / usual.sum(), mean / mean.sum(), rtol=1e-9)
            self.assertAlmostEqual(float(usual.sum()), float(model.arrays[f"train_{name}"].mean()), places=9)

    def test_the_interval_is_as_wide_on_the_log_odds_as_the_card_says(self) -> None:
        table, _ = made_up_cohort(NAMES)
        pipeline, calibrator = made_up_pipeline(NAMES)
        model = made_up_model(NAMES)
        rule = model.card["interval"]
        scores = pipeline[:-1].transform(table.to_numpy())
        members = pipeline.named_steps["classifier"].estimators_
        raw = np.stack([member.predict_proba(scores)[:, 1] for member in members])
        spread = (calibrator.coef_[0, 0] * log_odds(raw) + calibrator.intercept_[0]).std(axis=0)
        terms = np.column_stack([log_odds(raw.mean(axis=0)), np.ones(len(table))])
        error2 = np.diag(terms @ model.arrays["calibration_covariance"] @ terms.T)
        half = rule["factor"] * np.sqrt(rule["spread_weight"] * spread**2 + rule["calibration_weight"] * error2)
        for number, (_, row) in enumerate(table.iterrows()):
            prediction = model.predict(row.to_dict())
            odds = float(log_odds(np.array(prediction.probability)))
            expected = 1 / (1 + np.exp(-odds - half[number] * np.array([-1, 1])))
            np.testing.assert_allclose(prediction.interval, expected, rtol=0, atol=1e-9)


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class BundleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.model = made_up_model(NAMES)

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "m.her2model"

    def test_saved_model_predicts_the_same_and_has_the_same_bytes(self) -> None:
        self.model.save(self.path)
        loaded = Model.load(self.path)
        patient = dict.fromkeys(NAMES, 1.5)
        self.assertEqual(loaded.predict(patient), self.model.predict(patient))
        self.assertEqual(len(loaded.sha256), 64)
        again = self.path.with_name("again.her2model")
        loaded.save(again)
        self.assertEqual(again.read_bytes(), self.path.read_bytes())

    def test_a_bundle_may_show_its_training_patients(self) -> None:
        self.assertIsNone(Model(self.model.card, self.without_scores()).training_scores)
        scores, status = np.arange(6.0).reshape(3, 2), np.array([0.0, 1.0, 1.0])
        arrays = {**self.without_scores(), "train_scores": scores, "train_status": status}
        Model(self.model.card, arrays).save(self.path)
        loaded = Model.load(self.path).training_scores
        np.testing.assert_array_equal(loaded[0], scores)
        np.testing.assert_array_equal(loaded[1], status)

    def without_scores(self) -> dict[str, np.ndarray]:
        return {name: array for name, array in self.model.arrays.items() if not name.startswith("train_s")}

    def test_missing_and_infinite_features_are_refused(self) -> None:
        patient = dict.fromkeys(NAMES, 1.5)
        for changed in ({**patient, "feature_3": float("nan")}, {"feature_0": 1.0}):
            with self.assertRaises(InputError):
                self.model.predict(changed)

    def refused(self, card: dict[str, Any] | None = None, arrays: dict[str, np.ndarray] | None = None) -> str:
        """Message with which a bundle of changed parts is refused."""
        stored = io.BytesIO()
        np.savez(stored, **{**self.without_scores(), **(arrays or {})})
        with zipfile.ZipFile(self.path, "w") as bundle:
            bundle.writestr("model.json", json.dumps({**self.model.card, **(card or {})}))
            bundle.writestr("arrays.npz", stored.getvalue())
        with self.assertRaises(InputError) as refusal:
            Model.load(self.path)
        return str(refusal.exception)

    def test_unsound_bundles_are_refused_with_the_reason(self) -> None:
        mean = self.model.arrays["mean"]
        nan = np.full_like(mean, np.nan)
        one_gone = self.model.arrays["weights_0"][:, :-1]
        for reason, change in {
            "not the description": {"card": {"format": "other"}},
            **{f"format version {old}": {"card": {"format_version": old}} for old in (1, 2, 3, 5)},
            **{
                f'the activation "{other}"': {"card": {"activation": other}}
                for other in ("__import__", "identity", "relu", "logistic", None)
            },
            "threshold": {"card": {"threshold": 1.5}},
            "whether its training cohort was simulated": {"card": {"training_cohort": {}}},
            "feature names": {"card": {"features": {"names": ["a", "a"]}}},
            "feature settings": {"card": {"features": {"names": list(NAMES), "settings": "#" * 70_000}}},
            '"name"': {"card": {"name": " "}},
            "level": {"card": {"interval": {"level": "0.95"}}},
            '"factor"': {"card": {"interval": {**self.model.card["interval"], "factor": -1}}},
            '"calibration_weight"': {"card": {"interval": {"level": None, "factor": 1.0, "spread_weight": 0.0}}},
            "no covariance": {"arrays": {"calibration_covariance": np.array([[1.0, 2.0], [2.0, 1.0]])}},
            "distances of 2 training patients": {"arrays": {"train_t2": np.ones(2)}},
            '"train_q" must have shape': {"arrays": {"train_q": np.ones(5)}},
            '"usual_q" must have shape': {"arrays": {"usual_q": mean[:-1]}},
            "distance of its training patients is negative": {"arrays": {"usual_q": -np.ones_like(mean)}},
            "volume of a training ROI": {"arrays": {"train_volume_ml": np.zeros(4)}},
            '"mean" must have shape': {"arrays": {"mean": mean[:-1]}},
            '"mean" is not of finite': {"arrays": {"mean": nan}},
            '"bias_1" is not of finite': {"arrays": {"bias_1": self.model.arrays["bias_1"].astype(np.float32)}},
            "not positive": {"arrays": {"scale": 0 * mean}},
            "not orthonormal": {"arrays": {"components": 1.001 * self.model.arrays["components"]}},
            '"weights_0" must have shape': {"arrays": {"weights_0": one_gone}},
            "unknown arrays": {"arrays": {"extra": mean}},
            '"train_status" is missing': {"arrays": {"train_scores": np.zeros((3, 2))}},
            '"train_scores" must have shape': {"arrays": {"train_status": np.zeros(3)}},
            "(3, 2)": {"arrays": {"train_status": np.zeros(3), "train_scores": np.zeros((3, 3))}},
            "more than 0 and 1": {"arrays": {"train_status": np.full(3, 0.5), "train_scores": np.zeros((3, 2))}},
        }.items():
            with self.subTest(reason):
                self.assertIn(reason, self.refused(**change))

    def test_pickled_arrays_are_refused_unread(self) -> None:
        objects = np.array([print], dtype=object)
        self.assertIn("arrays are damaged", self.refused(arrays={"mean": objects}))

    def test_a_card_that_is_no_json_is_refused(self) -> None:
        self.model.save(self.path)
        for text in ("{", "[" * 100_000, "\xff\xfe"):
            with zipfile.ZipFile(self.path, "w") as bundle:
                bundle.writestr("model.json", text)
                bundle.writestr("arrays.npz", b"")
            with self.assertRaisesRegex(InputError, "model.json"):
                Model.load(self.path)

    def test_not_a_number_in_the_card_is_refused(self) -> None:
        self.assertIn("NaN", self.refused(card={"metrics": {"auc": float("nan")}}))

    def test_foreign_truncated_and_missing_files_are_refused(self) -> None:
        self.model.save(self.path)
        whole = self.path.read_bytes()
        for content in (b"", b"not a zip", whole[: len(whole) // 2], whole[:-1]):
            self.path.write_bytes(content)
            with self.assertRaises(InputError):
                Model.load(self.path)
        self.path.unlink()
        with self.assertRaisesRegex(InputError, "does not exist"):
            Model.load(self.path)

    def test_every_flipped_byte_is_refused_or_harmless(self) -> None:
        """Damage anywhere ends in InputError or in a model that still passes every check; never in another error."""
        self.model.save(self.path)
        whole = self.path.read_bytes()
        random = np.random.default_rng(0)
        for position in random.integers(0, len(whole), 150):
            damaged = bytearray(whole)
            damaged[position] ^= 1 << int(random.integers(0, 8))
            self.path.write_bytes(bytes(damaged))
            try:
                loaded = Model.load(self.path)
            except InputError:
                continue
            self.assertEqual(loaded.feature_names, self.model.feature_names)

    def test_zip_bomb_is_refused(self) -> None:
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("model.json", b" " * (9 * 2**20))
            bundle.writestr("arrays.npz", b"")
        with self.assertRaisesRegex(InputError, "larger than"):
            Model.load(self.path)


class BundledModelTest(unittest.TestCase):
    def test_it_loads_says_that_it_is_simulated_and_fits_the_features(self) -> None:
        model = Model.load(BUNDLED_MODEL)
        self.assertTrue(model.simulated)
        self.assertIn("simulated", model.describe())
        self.assertEqual(model.feature_names, feature_names())
        cohort = model.cohort
        self.assertEqual((cohort["patients"], cohort["positive"], cohort["train"], cohort["test"]), (97, 42, 67, 30))


if __name__ == "__main__":
    unittest.main()
