"""From a cohort to a bundle that predicts: train, evaluate on another cohort, show and verify, through the command."""

from __future__ import annotations

import contextlib
import io
import json
import re
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from cases import write_small_case
from HER2PredictLib.command import main as cli
from HER2PredictLib.features import feature_names
from HER2PredictLib.model.model import Model
from HER2PredictLib.model.network import log_odds

try:
    import pandas as pd
    import sklearn
    from sklearn.metrics import roc_auc_score

    from HER2PredictLib.many.fingerprint import settings_id
    from HER2PredictLib.training.protocol.learning import fit_calibrator
    from HER2PredictLib.training.protocol.protocol import Protocol
    from HER2PredictLib.training.train import train
    from models import made_up_cohort
    from studies import SMALL
except ImportError:
    sklearn = None


def write_features(path: Path, seed: int, settings: str | None = None) -> tuple[Path, np.ndarray]:
    """A feature table of 60 made-up patients, as `extract` writes it, and their HER2 status."""
    features, status = made_up_cohort(feature_names(), patients=60, seed=seed, effect=60.0)
    features.insert(0, "patient_id", [f"P{number}" for number in range(60)])
    features.insert(1, "her2", status)
    features.insert(2, "simulated", 1)
    features.insert(3, "age", 60 + np.arange(60) % 17)
    features.insert(4, "feature_settings", settings or settings_id())
    features.to_csv(path, index=False, float_format="%.17g")
    return path, status


def run(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.main([str(argument) for argument in arguments])
    return status, out.getvalue(), err.getvalue()


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class TrainTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.table, cls.status = write_features(cls.folder / "features.csv", seed=0)
        cls.protocol = Protocol(seed=3, repeats=1, jobs=1, **SMALL)
        cls.training = train(cls.table, cls.folder / "out", name="Made up", protocol=cls.protocol)
        cls.bundle = cls.folder / "out" / "model.her2model"

    def test_everything_that_was_promised_is_written(self) -> None:
        out = self.folder / "out"
        for name in ("model.her2model", "report.html", "metrics.json", "model-card.md"):
            self.assertTrue((out / name).is_file(), name)
        self.assertGreaterEqual(len(list((out / "figures").glob("*.svg"))), 9)
        self.assertEqual(len(list((out / "figures").glob("*.png"))), len(list((out / "figures").glob("*.svg"))))
        self.assertGreaterEqual(len(list((out / "tables").glob("*.csv"))), 5)

    def test_card_holds_the_metrics_and_the_cohort(self) -> None:
        card = Model.load(self.bundle).card
        self.assertEqual(card["metrics"], json.loads((self.folder / "out" / "metrics.json").read_text()))
        cohort = card["training_cohort"]
        self.assertEqual((cohort["patients"], cohort["train"], cohort["test"]), (60, 42, 18))
        self.assertTrue(cohort["simulated"])

    def test_bundle_predicts_what_the_study_predicted(self) -> None:
        model, study = Model.load(self.bundle), self.training.results.study
        own = [model.predict(study.features.iloc[row].to_dict()).probability for row in study.test]
        np.testing.assert_allclose(own, study.fits["mlp"].probability["test"], rtol=0, atol=1e-12)

    def test_one_and_two_processes_give_the_same_files(self) -> None:
        """Bundle, metrics, tables and figures, to the last bit."""
        train(self.table, self.folder / "again", name="Made up", protocol=replace(self.protocol, jobs=2))
        first = self.folder / "out"
        names = [path.relative_to(first) for path in first.rglob("*") if path.is_file()]
        self.assertGreater(len(names), 40)
        for name in names:
            self.assertEqual((self.folder / "again" / name).read_bytes(), (first / name).read_bytes(), name)

    def test_bundle_tells_what_the_study_found_of_its_worth(self) -> None:
        model, study = Model.load(self.bundle), self.training.results.study
        status, raw = study.status_of("train"), study.fits["mlp"].score["train"]
        self.assertEqual(model.guessing, study.guessing)
        self.assertAlmostEqual(model.discrimination.auc, roc_auc_score(status, raw), places=12)
        self.assertEqual(model.base_share, status.mean())

    def test_trained_bundle_is_shown_verified_and_predicts(self) -> None:
        status, out, _ = run("model", "show", self.bundle)
        self.assertEqual(status, 0)
        self.assertIn("Made up 1.0.0, trained on 42 simulated patients", out)
        self.assertIn(Model.load(self.bundle).sha256, out)
        self.assertEqual(run("model", "verify", self.bundle)[0], 0)
        volume, roi = write_small_case(self.folder)
        status, out, _ = run("predict", volume, roi, "--model", self.bundle, "--perturbations", 0)
        self.assertEqual(status, 0)
        self.assertIn("Made up", out)

    def test_damaged_bundle_is_not_verified(self) -> None:
        damaged = self.folder / "damaged.her2model"
        damaged.write_bytes(self.bundle.read_bytes()[:-100])
        status, out, err = run("model", "verify", damaged)
        self.assertEqual((status, out), (2, ""))
        self.assertIn("not a usable .her2model bundle", err)

    def test_features_of_other_settings_are_refused(self) -> None:
        table, _ = write_features(self.folder / "foreign.csv", seed=0, settings="0" * 64)
        for command in (("evaluate", self.bundle, table), ("train", table)):
            status, _, err = run(*command, "--out", self.folder / "refused")
            self.assertEqual(status, 2)
            self.assertRegex(err, r"\Aher2predict: [^\n]*settings[^\n]*\n\Z")
            self.assertFalse((self.folder / "refused").exists())

    def test_a_bundle_of_other_feature_settings_is_refused_by_every_command(self) -> None:
        model = Model.load(self.bundle)
        settings = re.sub("binWidth: .*", "binWidth: 7", str(model.card["features"]["settings"]))
        foreign = self.folder / "foreign.her2model"
        Model({**model.card, "features": {**model.card["features"], "settings": settings}}, model.arrays).save(foreign)
        volume, roi = write_small_case(self.folder)
        for command in (
            ("predict", volume, roi, "--perturbations", 0, "--model", foreign),
            ("evaluate", foreign, self.table, "--out", self.folder / "refused-2"),
            ("trust", "--model", foreign, "--out", self.folder / "refused-2"),
        ):
            status, out, err = run(*command)
            self.assertEqual((status, out), (2, ""))
            self.assertRegex(err, r"\Aher2predict: [^\n]*binWidth is 7, not [^\n]*\n\Z")
        self.assertFalse((self.folder / "refused-2").exists())


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class GuessingTest(unittest.TestCase):
    """What training makes of features that know nothing of the status."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.out = Path(folder.name) / "out"
        table, status = write_features(Path(folder.name) / "features.csv", seed=0)
        rows = pd.read_csv(table, dtype=str)
        rows["her2"] = np.random.default_rng(1).permutation(status)
        rows.to_csv(table, index=False)
        protocol = Protocol(seed=3, repeats=1, jobs=1, **SMALL)
        with mock.patch("HER2PredictLib.training.train.protocol_of", return_value=protocol):
            cls.status, cls.printed, _ = run("train", table, "--out", cls.out)
        cls.model = Model.load(cls.out / "model.her2model")

    def test_the_command_says_so_first_and_the_bundle_is_marked(self) -> None:
        self.assertEqual(self.status, 0)
        self.assertTrue(self.printed.startswith("This model tells no better than guessing: "), self.printed)
        self.assertTrue(self.model.guessing)
        self.assertRegex(self.printed, r"p = [01]\.\d{3} by 19 shuffles")

    def test_report_and_card_lead_with_it(self) -> None:
        report = (self.out / "report.html").read_text(encoding="utf-8")
        card = (self.out / "model-card.md").read_text(encoding="utf-8")
        self.assertIn("This model tells no better than guessing", report.partition('role="note">')[2][:120])
        self.assertIn("This model tells no better than guessing", card[:200])
        for reason in self.model.guessing:
            self.assertIn(reason, card)
        self.assertNotIn("Call: ", card)

    def test_no_sentence_of_the_report_is_false_of_it(self) -> None:
        report = (self.out / "report.html").read_text(encoding="utf-8")
        self.assertEqual(float(self.model.arrays["calibration"][0]), 0.0)
        for words in ("0.00 wide", "moved most"):
            self.assertNotIn(words, report)
        self.assertIn("No feature moved the predictions", report)
        self.assertEqual(json.loads((self.out / "metrics.json").read_text())["guessing"], list(self.model.guessing))

    def test_a_rule_that_is_none_is_refused(self) -> None:
        status, _, err = run("train", "absent.csv", "--out", self.out, "--threshold", "best")
        self.assertEqual(status, 2)
        self.assertRegex(err, r'\Aher2predict: "best" is no rule[^\n]*\n\Z')


@unittest.skipIf(sklearn is None, "scikit-learn is not installed")
class CalibratorTest(unittest.TestCase):
    def test_predictions_that_run_against_the_truth_do_not_turn_the_model_around(self) -> None:
        status = np.arange(40) % 2
        wrong = np.where(status == 1, 0.3, 0.7) + np.linspace(-0.1, 0.1, 40)
        calibrator = fit_calibrator(wrong, status)
        self.assertEqual(calibrator.coef_[0, 0], 0.0)
        np.testing.assert_allclose(calibrator.predict_proba(log_odds(wrong)[:, None])[:, 1], 0.5)


if __name__ == "__main__":
    unittest.main()
