"""Contributions of features to a prediction add up, and go to the features that matter."""

from __future__ import annotations

import unittest

import numpy as np

try:
    from models import made_up_cohort, made_up_model
except ImportError:
    made_up_model = None

NAMES = tuple(f"original_{kind}_{number}" for kind in ("shape", "glcm") for number in range(20))


@unittest.skipIf(made_up_model is None, "scikit-learn is not installed")
class ExplanationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        from HER2PredictLib.model.explain import explain

        cls.model = made_up_model(NAMES)
        cls.table, _ = made_up_cohort(NAMES)
        cls.explanations = [explain(cls.model, row.to_dict()) for _, row in cls.table.iterrows()]

    def test_contributions_sum_to_the_difference_in_log_odds(self) -> None:
        for explanation in self.explanations:
            difference = explanation.log_odds - explanation.baseline_log_odds
            self.assertAlmostEqual(explanation.contributions.sum(), difference, delta=1e-8)
            self.assertAlmostEqual(sum(explanation.by_class().values()), difference, delta=1e-8)
            self.assertAlmostEqual(sum(explanation.by_image().values()), difference, delta=1e-8)

    def test_log_odds_are_those_of_the_predicted_probability(self) -> None:
        for explanation, (_, row) in zip(self.explanations, self.table.iterrows(), strict=True):
            probability = self.model.predict(row.to_dict()).probability
            self.assertAlmostEqual(1 / (1 + np.exp(-explanation.log_odds)), probability, places=12)

    def test_gradient_equals_finite_differences(self) -> None:
        scores = self.model.project(self.table.iloc[3].to_dict()).scores
        probabilities, slopes = self.model.network.gradients(scores)
        np.testing.assert_array_equal(probabilities, self.model.network.probabilities(scores))
        for component in range(len(scores)):
            step = np.zeros_like(scores)
            step[component] = 1e-5
            ahead, behind = (self.model.network.probabilities(scores + sign * step) for sign in (1, -1))
            np.testing.assert_allclose(slopes[:, component], (ahead - behind) / 2e-5, atol=1e-8)

    def test_feature_at_its_mean_contributes_nothing(self) -> None:
        from HER2PredictLib.model.explain import explain

        patient = self.table.iloc[0].to_dict()
        patient["original_glcm_7"] = float(self.model.arrays["mean"][NAMES.index("original_glcm_7")])
        explanation = explain(self.model, patient)
        self.assertEqual(explanation.contributions[NAMES.index("original_glcm_7")], 0.0)

    def test_the_feature_class_that_is_far_out_is_named_first(self) -> None:
        from HER2PredictLib.model.explain import distance_ratios

        patient = self.table.median().to_dict()
        far = {name: value + 8 * self.table[name].std() for name, value in patient.items() if "_shape_" in name}
        patient |= far
        unusual = distance_ratios(self.model, patient, self.model.predict(patient))
        self.assertEqual(next(iter(unusual)), "shape")
        self.assertGreater(unusual["shape"], 3.0)
        self.assertGreater(unusual["shape"], 2 * unusual["glcm"])

    def test_the_usual_distance_is_once_the_usual_distance(self) -> None:
        """Weighted by what each class usually adds, the classes' multiples of the usual average to the whole's."""
        from HER2PredictLib.model.explain import class_of, distance_ratios, sum_by, usual_contributions

        for _, row in self.table.iterrows():
            prediction = self.model.predict(row.to_dict())
            t2, q = self.model.domain.standardised(prediction.hotelling_t2, prediction.q_residual)
            name = "t2" if t2 >= q else "q"
            usual = sum_by(class_of, self.model.feature_names, usual_contributions(self.model)[name == "q"])
            whole = prediction.hotelling_t2 if name == "t2" else prediction.q_residual
            multiples = distance_ratios(self.model, row.to_dict(), prediction)
            total = sum(times * usual[group] for group, times in multiples.items())
            self.assertAlmostEqual(total, whole, places=9)

    def test_strongest_features_come_first_with_their_z_scores(self) -> None:
        strongest = self.explanations[0].strongest(5)
        sizes = [abs(contribution) for _, contribution, _ in strongest]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        name, _, z_score = strongest[0]
        column = self.table[name]
        self.assertAlmostEqual(z_score, float(self.explanations[0].z_scores[NAMES.index(name)]))
        self.assertLess(abs(z_score - (column.iloc[0] - column.mean()) / column.std()), 1.0)


if __name__ == "__main__":
    unittest.main()
