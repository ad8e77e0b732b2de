"""What an Assessment says of a case against its model: size, applicability, interval, on either side of each bound."""

from __future__ import annotations

import dataclasses
import unittest

import numpy as np

from cases import small_case
from HER2PredictLib import features
from HER2PredictLib.assess import Assessment, Preparation, begin, conclude
from HER2PredictLib.case import Case
from HER2PredictLib.model import BUNDLED_MODEL, Model
from HER2PredictLib.volumes import Roi, Volume


class AgainstTheModelTest(unittest.TestCase):
    preparation: Preparation

    @classmethod
    def setUpClass(cls) -> None:
        volume, roi = small_case()
        cls.preparation = begin(Case(Volume(volume, "volume", "CT"), Roi(roi, "ROI")))
        cls.values = features.extract(cls.preparation.prepared)
        cls.model = Model.load(BUNDLED_MODEL)

    def assess(self, model: Model) -> tuple[Assessment, set[str]]:
        assessment = conclude(self.preparation, self.values, model)
        return assessment, {finding.code for finding in assessment.findings}

    def with_arrays(self, **arrays: np.ndarray) -> Model:
        return dataclasses.replace(self.model, arrays={**self.model.arrays, **arrays})

    def test_an_roi_smaller_or_larger_than_every_training_roi_is_unusual(self) -> None:
        volume = self.values[features.VOLUME_FEATURE] / 1000.0
        for least, most, unusual in (
            (0.99 * volume, 1.01 * volume, False),
            (1.01 * volume, 5 * volume, True),
            (0.1 * volume, 0.99 * volume, True),
        ):
            with self.subTest(least=least, most=most):
                model = self.with_arrays(train_volume_ml=np.array([least, most]))
                self.assertEqual("roi-volume-unusual" in self.assess(model)[1], unusual)

    def test_a_bundle_without_volumes_says_nothing_of_the_size(self) -> None:
        arrays = {name: array for name, array in self.model.arrays.items() if name != "train_volume_ml"}
        self.assertNotIn("roi-volume-unusual", self.assess(dataclasses.replace(self.model, arrays=arrays))[1])

    def farther(self, share: float) -> Model:
        """The model with training patients so far out that `share` of their like lie beyond this case."""
        prediction = self.model.predict(self.values)
        train = {name: self.model.arrays[name] for name in ("train_t2", "train_q")}
        low, high = 1e-6, 1e6
        for _ in range(200):
            factor = float(np.sqrt(low * high))
            model = self.with_arrays(**{name: factor * array for name, array in train.items()})
            low, high = (factor, high) if model.typicality(prediction) < share else (low, factor)
        return model

    def test_applicability_changes_at_five_and_at_one_per_cent(self) -> None:
        findings = {"inside": set(), "edge": {"edge-of-training-domain"}, "outside": {"outside-training-domain"}}
        own = set().union(*findings.values())
        for share, verdict in ((0.051, "inside"), (0.049, "edge"), (0.011, "edge"), (0.009, "outside")):
            with self.subTest(share):
                assessment, codes = self.assess(self.farther(share))
                self.assertAlmostEqual(assessment.share_beyond, share, places=6)
                self.assertEqual(assessment.applicability, verdict)
                self.assertEqual(codes & own, findings[verdict])

    def test_the_finding_names_the_feature_classes_that_are_far_out(self) -> None:
        assessment, _ = self.assess(self.farther(0.001))
        (message,) = (f.message for f in assessment.findings if f.code == "outside-training-domain")
        farthest = next(iter(assessment.times_usual))
        self.assertIn(features.class_words(farthest), message)
        self.assertEqual(list(assessment.times_usual.values()), sorted(assessment.times_usual.values(), reverse=True))

    def test_an_interval_that_holds_the_threshold_is_told(self) -> None:
        low, high = self.assess(self.model)[0].interval
        for threshold, crosses in ((low - 1e-6, False), (low + 1e-6, True), (high - 1e-6, True), (high + 1e-9, False)):
            model = dataclasses.replace(self.model, card={**self.model.card, "threshold": threshold})
            with self.subTest(threshold):
                self.assertEqual("interval-crosses-threshold" in self.assess(model)[1], crosses)


if __name__ == "__main__":
    unittest.main()
