"""How far a model can be trusted is measured rightly: on patients made so that every answer is known beforehand."""

from __future__ import annotations

import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from HER2PredictLib.command import main as cli
from HER2PredictLib.errors import InputError
from HER2PredictLib.features import PARAMETER_FILE, feature_names

try:
    from HER2PredictLib.model.model import Model
    from HER2PredictLib.training.trust import markdown
    from HER2PredictLib.training.trust import measure as trust
    from HER2PredictLib.training.trust.cohorts import Measured, measured_cohort
    from models import made_up_cohort, made_up_model
except ImportError:
    trust = None

VARIATIONS = 4


@unittest.skipIf(trust is None, "scikit-learn is not installed")
class TrustTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        made = made_up_model(feature_names())
        settings = {"names": list(feature_names()), "settings": PARAMETER_FILE.read_text(encoding="utf-8")}
        cls.model = Model({**made.card, "features": settings}, made.arrays)
        table, status = made_up_cohort(feature_names())
        patients = len(table)
        features = table.to_numpy()
        cls.base = Measured(
            numbers=np.arange(1, patients + 1),
            positive=status.astype(bool),
            true_probability=np.zeros(patients),
            features=features,
            variations=np.repeat(features[:, None], VARIATIONS, axis=1),
            findings=((),) * patients,
            refused=3,
        )
        cls.own = trust.ask(cls.model, cls.base)

    def measure(self, base: Measured, shifted: Measured | None = None) -> trust.Trust:
        def cohort(name: str, *_: object) -> Measured:
            return base if name == trust.OWN else shifted or base

        with mock.patch.object(trust, "measured_cohort", cohort):
            return trust.measure_trust(self.model, Path("unused"), patients=60, seed=1, variations=VARIATIONS)

    def test_coverage_is_the_share_of_true_probabilities_within_the_interval(self) -> None:
        beyond = np.arange(60) < 12
        truth = np.where(beyond, (1 + self.own.high) / 2, (self.own.low + self.own.probability) / 2)
        own = self.measure(replace(self.base, true_probability=truth)).own
        self.assertAlmostEqual(own.coverage, 48 / 60)
        held = self.measure(replace(self.base, true_probability=np.where(beyond & (truth > 2), 2.0, self.own.low))).own
        self.assertEqual(held.coverage, 1.0)

    def test_flips_are_counted_over_variations_and_over_patients(self) -> None:
        calls = self.own.probability >= self.model.threshold
        positive, negative = np.flatnonzero(calls)[0], np.flatnonzero(~calls)[0]
        variations = self.base.variations.copy()
        variations[positive, :2] = self.base.features[negative]
        variations[negative, 0] = np.nan
        own = self.measure(replace(self.base, variations=variations)).own
        self.assertAlmostEqual(own.flips, 2 / (60 * VARIATIONS - 1))
        self.assertAlmostEqual(own.patients_with_flips, 1 / 60)
        moved = abs(self.own.probability[positive] - self.own.probability[negative])
        self.assertAlmostEqual(own.mean_range, moved / 60)

    def test_a_shift_far_away_is_caught_and_none_is_not(self) -> None:
        far = self.base.features + 20 * self.base.features.std(axis=0)
        findings = (("not-excretory-phase",),) * 60
        (caught, *_rest) = self.measure(self.base, replace(self.base, features=far, findings=findings)).shifted
        self.assertEqual(caught.auc, 1.0)
        self.assertEqual(caught.outside, 1.0)
        self.assertTrue(caught.is_caught)
        self.assertEqual(dict(caught.findings), {"not-excretory-phase": 1.0})
        (same, *_rest) = self.measure(self.base).shifted
        self.assertAlmostEqual(same.auc, 0.5)
        self.assertEqual((same.change, same.calls_changed), (0.0, 0.0))
        self.assertEqual(dict(same.findings), {})
        self.assertFalse(same.is_caught or same.matters)

    def test_patients_are_compared_with_themselves_where_some_are_missing(self) -> None:
        left = slice(5, None)
        some = replace(
            self.base,
            numbers=self.base.numbers[left],
            positive=self.base.positive[left],
            true_probability=self.base.true_probability[left],
            features=self.base.features[left],
            variations=self.base.variations[left],
            findings=self.base.findings[left],
        )
        (shifted, *_rest) = self.measure(self.base, some).shifted
        self.assertEqual((shifted.patients, shifted.change), (55, 0.0))

    def test_the_tables_say_what_was_measured_and_go_into_the_page(self) -> None:
        measured = self.measure(replace(self.base, true_probability=self.own.probability))
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.md"
            page.write_text(f"# Before\n{markdown.BEGIN}\nold\n{markdown.END}\nafter\n", encoding="utf-8")
            markdown.write_trust(measured, Path(folder), page)
            once = page.read_text(encoding="utf-8")
            markdown.write_trust(measured, Path(folder), page)
            self.assertEqual(page.read_text(encoding="utf-8"), once)
            stored = json.loads((Path(folder) / "trust.json").read_text(encoding="utf-8"))
        self.assertTrue(once.startswith("# Before\n") and once.endswith("\nafter\n"))
        self.assertNotIn("\nold\n", once)
        for part in (
            "| true probability within it | 100.0% |",
            "simulated",
            "thin slices",
            "nephrographic",
            "60 (30), 3",
        ):
            self.assertIn(part, once)
        self.assertEqual(stored["own"]["coverage"], 1.0)

    def test_a_page_without_a_place_is_refused_and_left_alone(self) -> None:
        measured = self.measure(self.base)
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.md"
            page.write_text("# Nothing here\n", encoding="utf-8")
            for wrong in (page, Path(folder) / "missing.md"):
                refused = cli.main(["trust", "--out", folder, "--page", str(wrong)])
                self.assertEqual((refused, list(Path(folder).glob("*.npz"))), (2, []))
                with self.assertRaises(InputError):
                    markdown.write_trust(measured, Path(folder), wrong)
            self.assertEqual(page.read_text(encoding="utf-8"), "# Nothing here\n")

    def test_a_model_of_real_patients_is_refused(self) -> None:
        cohort = {**self.model.card["training_cohort"], "simulated": False}
        real = Model({**self.model.card, "training_cohort": cohort}, self.model.arrays)
        with self.assertRaisesRegex(InputError, "nobody knows the true probability"):
            trust.measure_trust(real, Path("unused"), patients=1, seed=1, variations=1)

    def test_a_change_of_the_simulator_or_of_a_check_is_noticed(self) -> None:
        from HER2PredictLib.training.trust.cohorts import decided_by

        deciding = {file.name for file in decided_by()}
        own = {"simulate.py", "phantom.py", "shapes.py", "examine.py", "tissues.py", "roi_checks.py", "perturbation.py"}
        self.assertLessEqual(own, deciding)

    def test_patients_are_simulated_once_and_read_again(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            seen: list[int] = []

            def computed(name: str, seed: int) -> Measured:
                return measured_cohort(name, 2, seed, 1, Path(folder), 2, lambda done, total: seen.append(done))

            first, again = computed("study", 5), computed("study", 5)
            self.assertEqual(seen, [1, 2])
            np.testing.assert_array_equal(first.features, again.features)
            np.testing.assert_array_equal(first.variations, again.variations)
            self.assertEqual(first.findings, again.findings)
            self.assertEqual(first.variations.shape, (2, 1, 975))
            self.assertTrue(np.isfinite(first.variations).all())
            self.assertTrue((first.variations[:, 0] != first.features).any())
            (Path(folder) / "study.npz").write_bytes(b"damaged")
            np.testing.assert_array_equal(computed("study", 5).features, first.features)
            self.assertEqual(seen, [1, 2, 1, 2])


if __name__ == "__main__":
    unittest.main()
