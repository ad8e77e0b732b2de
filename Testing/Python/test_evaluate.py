"""External validation and recalibration: what is measured, what is refused, and whose each number is."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np

try:
    import matplotlib  # noqa: F401
    import pandas as pd
    import sklearn
    from scipy.stats import binomtest
    from sklearn.metrics import confusion_matrix, roc_auc_score
except ImportError as error:
    raise unittest.SkipTest("what training takes is not installed") from error

from HER2PredictLib.errors import InputError
from HER2PredictLib.features import feature_names
from HER2PredictLib.model.model import Model
from HER2PredictLib.model.network import log_odds
from HER2PredictLib.training.measured.evaluate import Evaluation, evaluate
from HER2PredictLib.training.measured.recalibration import recalibrated, recalibrated_card
from HER2PredictLib.training.report.external.evaluation_files import write_evaluation
from models import COHORT, made_up_cohort, made_up_model
from test_report import Page
from test_train import run

PATIENTS = 60
#: What a bundle tells of its own test set.
METRICS = {"models": {"mlp": {"test": {"auc": {"value": 0.7654, "low": 0.6, "high": 0.9}}}}}


def write_table(path: Path, seed: int = 5, **columns: Any) -> Path:
    """A feature table of patients with plain labels, farther and farther from those of the model."""
    features, status = made_up_cohort(feature_names(), PATIENTS)
    random = np.random.default_rng(seed)
    far = random.permutation(np.linspace(0.1, 0.9, PATIENTS))[:, None] * features.std().to_numpy()
    features += far * (random.normal(size=features.shape) + random.normal(size=(PATIENTS, 1)))
    features.index = pd.Index([f"Quimby-{number}" for number in range(PATIENTS)], name="patient_id")
    told = pd.DataFrame({"her2": status, "age": 60 + np.arange(PATIENTS) % 17, **columns}, index=features.index)
    pd.concat([told, features], axis=1).to_csv(path, float_format="%.17g")
    return path


class EvaluationTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        made = made_up_model(feature_names())
        cohort = {**COHORT, "description": "hospital A", "simulated": False}
        Model({**made.card, "training_cohort": cohort, "metrics": METRICS}, made.arrays).save(
            cls.folder / "m.her2model"
        )
        cls.model = Model.load(cls.folder / "m.her2model")
        cls.table = write_table(cls.folder / "other.csv")
        cls.evaluation = evaluate(cls.model, cls.table, cls.folder / "out", description="hospital B")
        write_evaluation(cls.evaluation, cls.folder / "out")

    def read(self, name: str) -> str:
        return (self.folder / "out" / name).read_text(encoding="utf-8")


class ReportTest(EvaluationTestCase):
    def test_page_is_whole_and_needs_no_other_file(self) -> None:
        page = Page(self.read("report.html"))
        self.assertEqual((page.open, page.unbalanced), ([], []))
        self.assertNotIn("script", page.tags)
        self.assertEqual(len(page.identifiers), len(set(page.identifiers)))
        for link in page.links:
            self.assertTrue(link[1:] in page.identifiers or link.startswith("https://doi.org/10."), link)
        for source in page.loads:
            self.assertTrue(source.startswith("data:"), source[:60])
        pictures = [source for source in page.loads if source.startswith("data:image/svg+xml")]
        self.assertEqual(len(pictures), 4)
        for words in ("ROC curve", "Calibration", "Decision curve", "Applicability", "Table 4"):
            self.assertIn(words, page.text)

    def test_numbers_are_those_of_scikit_learn(self) -> None:
        predictions = pd.read_csv(self.folder / "out" / "predictions.csv", float_precision="round_trip")
        status, probability = predictions["her2"], predictions["probability"]
        written = json.loads(self.read("evaluation.json"))
        self.assertEqual(written["performance"], self.evaluation.performance.to_dict())
        self.assertEqual(written["model"]["sha256"], self.model.sha256)
        area = roc_auc_score(status, probability)
        self.assertAlmostEqual(written["performance"]["auc"]["value"], area, places=12)
        self.assertIn(f"the model had an AUC of {area:.2f} ", Page(self.read("report.html")).text)
        called = probability >= self.model.threshold
        tn, fp, fn, tp = confusion_matrix(status, called).ravel()
        self.assertIn(f"{tp} of {tp + fn} HER2-positive and {tn} of {tn + fp} HER2-negative", self.read("report.html"))
        np.testing.assert_array_equal(predictions["call"] == "HER2-positive", called)

    def test_strata_are_those_of_the_predictions(self) -> None:
        predictions = pd.read_csv(self.folder / "out" / "predictions.csv", float_precision="round_trip")
        table = pd.read_csv(self.folder / "out" / "tables" / "table-4-applicability.csv").set_index("applicability")
        self.assertEqual(table["patients"].sum(), PATIENTS)
        self.assertGreater((table["patients"] > 0).sum(), 1)
        for name, those in predictions.groupby("applicability"):
            row = table.loc[name]
            self.assertEqual((row["patients"], row["positive"]), (len(those), those["her2"].sum()))
            positive = those[those["her2"] == 1]
            rightly = int((positive["probability"] >= self.model.threshold).sum())
            interval = binomtest(rightly, len(positive)).proportion_ci(0.95, method="wilson")
            self.assertAlmostEqual(row["sensitivity_low"], interval.low, places=12)
            if min(len(positive), len(those) - len(positive)) >= 10:
                area = roc_auc_score(those["her2"], those["probability"])
                self.assertAlmostEqual(row["auc_value"], area, places=12)
            else:
                self.assertTrue(np.isnan(row["auc_value"]))

    def test_says_what_the_table_shows_and_no_more(self) -> None:
        text = Page(self.read("report.html")).text
        self.assertIn("HER2Predict did not see the images", text)
        self.assertIn("by which test and which rule", text)
        self.assertIn("The model was made for another outcome", text)
        self.assertIn("the table names no images", text)
        self.assertNotRegex(text, "were checked|imulated patients")

    def test_development_and_evaluation_stand_side_by_side(self) -> None:
        table = pd.read_csv(self.folder / "out" / "tables" / "table-2-development-and-evaluation.csv", index_col=0)
        self.assertEqual(table.loc["Cohort"].tolist(), ["hospital A", "hospital B"])
        self.assertEqual(table.loc["AUC"].tolist(), ["0.77 (0.60 to 0.90)", self.evaluation.performance.auc.text()])
        self.assertEqual(table.loc["Sensitivity", "Development"], "not defined")

    def test_patients_that_it_was_trained_on_are_announced(self) -> None:
        self.assertIn(f"None of the {PATIENTS} patients has the features", Page(self.read("report.html")).text)
        frame = pd.read_csv(self.table, index_col=0)
        names = list(feature_names())
        frame.iloc[:7, frame.columns.get_indexer(names)] = made_up_cohort(feature_names())[0].iloc[:7].to_numpy()
        frame.to_csv(self.folder / "known.csv", float_format="%.17g")
        evaluation = evaluate(self.model, self.folder / "known.csv", self.folder / "known")
        write_evaluation(evaluation, self.folder / "known")
        text = Page((self.folder / "known" / "report.html").read_text(encoding="utf-8")).text
        self.assertIn(f"7 of {PATIENTS} patients have the features of a patient that it was trained on", text[:600])
        without = {name: array for name, array in self.model.arrays.items() if not name.startswith("train_s")}
        untold = evaluate(Model(self.model.card, without), self.table, self.folder / "untold")
        self.assertIsNone(untold.trained_on)

    def test_no_file_but_the_predictions_names_a_patient(self) -> None:
        for path in (self.folder / "out").rglob("*"):
            if path.is_file() and path.name != "predictions.csv":
                self.assertNotIn(b"Quimby", path.read_bytes(), path.name)

    def test_metrics_of_a_bundle_are_not_trusted(self) -> None:
        from HER2PredictLib.training.report.external.tables import development_measures

        for metrics in (None, [], {"models": 3}, {"models": {"mlp": {"test": {"auc": {"value": "<b>"}}}}}):
            told = development_measures(Model({**self.model.card, "metrics": metrics}, self.model.arrays))
            self.assertTrue(all(np.isnan(estimate.value) for estimate in told.values()))

    def test_simulated_patients_are_announced(self) -> None:
        table = write_table(self.folder / "simulated.csv", simulated=1)
        write_evaluation(evaluate(self.model, table, self.folder / "s"), self.folder / "s")
        self.assertIn(
            "Simulated patients.", Page((self.folder / "s" / "report.html").read_text(encoding="utf-8")).text[:400]
        )


class RefusalTest(EvaluationTestCase):
    def test_fewer_than_ten_of_a_class_are_refused_before_anything_is_written(self) -> None:
        frame = pd.read_csv(self.table, dtype=str)
        for fewest, refused in ((9, True), (10, False)):
            kept = pd.concat([frame[frame["her2"] == "0"], frame[frame["her2"] == "1"].head(fewest)])
            kept.to_csv(self.folder / "few.csv", index=False)
            out = self.folder / f"few-{fewest}"
            status, _, err = run("evaluate", self.folder / "m.her2model", self.folder / "few.csv", "--out", out)
            self.assertEqual((status, out.exists()), (2, False) if refused else (0, True))
            if refused:
                self.assertRegex(err, r"\Aher2predict: [^\n]*has 9 HER2-positive patients; at least 10[^\n]*\n\Z")


class RecalibrationTest(EvaluationTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        recalibrated(cls.model, cls.evaluation, "Recalibrated").save(cls.folder / "r.her2model")
        cls.changed = Model.load(cls.folder / "r.her2model")

    def probabilities(self, model: Model) -> np.ndarray:
        rows = self.evaluation.features.iterrows()
        return np.array([model.predict(row.to_dict()).probability for _, row in rows])

    def test_keeps_calls_and_order_and_equals_scikit_learn(self) -> None:
        before, after = self.evaluation.probability, self.probabilities(self.changed)
        self.assertEqual(self.changed.name, "Recalibrated")
        np.testing.assert_array_equal(after >= self.changed.threshold, before >= self.model.threshold)
        regression = sklearn.linear_model.LogisticRegression(penalty=None, tol=1e-10, max_iter=1000)
        odds = log_odds(before)[:, None]
        expected = regression.fit(odds, self.evaluation.status).predict_proba(odds)[:, 1]
        np.testing.assert_allclose(after, expected, atol=1e-4)

    def test_each_cohort_is_told_with_its_size_and_date(self) -> None:
        recalibration = self.changed.recalibration
        self.assertEqual(self.changed.cohort["description"], "hospital A")
        cohort = recalibration["cohort"]
        self.assertEqual((cohort["description"], cohort["patients"], cohort["positive"]), ("hospital B", PATIENTS, 30))
        self.assertRegex(recalibration["date"], r"\A\d{4}-\d\d-\d\d\Z")
        original = recalibration["original"]
        self.assertEqual((original["name"], original["sha256"]), (self.model.name, self.model.sha256))
        self.assertEqual(original["created"], self.model.card["created"])
        described = self.changed.describe()
        for words in ("trained on 60 patients (hospital A)", "recalibrated on 60 patients (hospital B)"):
            self.assertIn(words, described)

    def test_what_counts_as_positive_is_what_it_was_recalibrated_on(self) -> None:
        self.assertIn("as its cohort labels it", self.changed.card["intended_use"])
        self.assertIn("IHC 2+ or 3+", self.model.card["intended_use"])

    def test_no_measures_are_shown_as_its_own(self) -> None:
        self.assertEqual(self.changed.card["metrics"], {})
        self.assertEqual(self.changed.recalibration["original"]["metrics"], METRICS)
        status, out, _ = run("model", "show", self.folder / "r.her2model")
        self.assertEqual(status, 0)
        own = out.index("metrics: none of its own")
        self.assertNotIn("0.7654", out[:own])
        self.assertIn("hospital B", out[:own])
        self.assertIn(f"metrics of {self.model.name} before", out[own:])
        card = recalibrated_card(self.changed)
        for words in ("hospital A", "hospital B", "Not measured.", self.model.sha256, self.changed.sha256):
            self.assertIn(words, card)
        self.assertNotIn("0.77", card)

    def test_evaluation_of_it_claims_no_measures_of_development(self) -> None:
        out = self.folder / "again"
        evaluation = evaluate(self.changed, self.table, out)
        write_evaluation(evaluation, out)
        text = Page((out / "report.html").read_text(encoding="utf-8")).text
        self.assertIn("Recalibrated model.", text[:600])
        self.assertNotIn("0.77 (0.60 to 0.90)", text)
        self.assertIn("after a recalibration those of its original are not its own", text)

    def test_a_second_one_replaces_the_first(self) -> None:
        other = write_table(self.folder / "third.csv", seed=6)
        evaluations = [evaluate(model, other, self.folder / "o") for model in (self.model, self.changed)]
        straight, again = (recalibrated(e.model, e, "Third") for e in evaluations)
        np.testing.assert_allclose(again.arrays["calibration"], straight.arrays["calibration"], rtol=1e-4)
        self.assertAlmostEqual(again.threshold, straight.threshold, places=5)
        self.assertEqual(again.recalibration["original"], straight.recalibration["original"])

    def test_a_model_recalibrated_on_simulated_patients_is_simulated(self) -> None:
        table = write_table(self.folder / "simulated.csv", simulated=1)
        changed = recalibrated(self.model, evaluate(self.model, table, self.folder / "s2"), "S")
        self.assertTrue(changed.simulated)
        self.assertIn("trained on 60 patients", changed.describe())
        self.assertIn("recalibrated on 60 simulated patients, not for clinical use", changed.describe())

    def test_a_reversed_model_is_refused(self) -> None:
        arrays = {**self.model.arrays, "calibration": -self.model.arrays["calibration"]}
        reversed_ = Model(self.model.card, arrays)
        evaluation: Evaluation = evaluate(reversed_, self.table, self.folder / "x")
        with self.assertRaisesRegex(InputError, "recalibration cannot mend"):
            recalibrated(reversed_, evaluation, "x")

    def test_unsound_provenance_is_refused(self) -> None:
        from HER2PredictLib.model.bundle_checks import BundleError

        sound = self.changed.recalibration
        for reason, recalibration in {
            '"description" of its cohort': {},
            '"patients" of its cohort': {**sound, "cohort": {**sound["cohort"], "patients": "97"}},
            '"metrics" of its original': {**sound, "original": {**sound["original"], "metrics": None}},
            "has no date": {**sound, "date": 3},
        }.items():
            with self.assertRaisesRegex(BundleError, reason):
                Model({**self.changed.card, "recalibration": recalibration}, self.changed.arrays).save(
                    self.folder / "u"
                )

    def test_the_command_writes_bundle_and_card(self) -> None:
        out = self.folder / "command"
        status, printed, _ = run(
            "evaluate",
            self.folder / "m.her2model",
            self.table,
            "--out",
            out,
            "--recalibrate",
            "Ours",
            "--description",
            "B",
        )
        self.assertEqual(status, 0)
        for name in ("report.html", "recalibrated.her2model", "recalibrated-model-card.md"):
            self.assertTrue((out / name).is_file(), name)
        self.assertIn(str(out / "recalibrated.her2model"), printed)
        self.assertIn("recalibrated on 60 patients (B)", run("model", "show", out / "recalibrated.her2model")[1])


if __name__ == "__main__":
    unittest.main()
