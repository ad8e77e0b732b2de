"""A model that tells no better than guessing: every surface leads with it, and none says a word in its favour."""

from __future__ import annotations

import dataclasses
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

from cases import small_case, write_small_case
from HER2PredictLib import agreement, features
from HER2PredictLib.assess import Assessment, predict, preprocess, with_stability
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.model.bundle_checks import BundleError
from HER2PredictLib.model.guessing import NO_CALL, Discrimination
from HER2PredictLib.model.guessing import headline as words
from HER2PredictLib.model.model import BUNDLED_MODEL, Model
from HER2PredictLib.outline.stability import Variation, summarise
from HER2PredictLib.outputs import gauge
from HER2PredictLib.outputs.text import as_text
from HER2PredictLib.panel.words import answer, labels
from HER2PredictLib.result import wording
from HER2PredictLib.result.result import Result

REASON = "its cross-validated AUC 0.48 (95 % CI 0.33 to 0.63) is not surely above 0.5"
AREA = {"auc": 0.48, "low": 0.33, "high": 0.63, "p_value": 0.31, "shuffles": 200}
GOOD = {"auc": 0.834, "low": 0.711, "high": 0.91, "p_value": 1 / 201, "shuffles": 200}
#: What speaks for a number, a call or an outline.
IN_FAVOUR = ("HER2-positive  ", "HER2-negative  ", "Applicab", "inside what", "stable", "same call", "Explanation")


def bundle(reasons: tuple[str, ...], area: dict[str, float] | None) -> Model:
    """The bundled model, with something else that it tells of its own worth."""
    model = Model.load(BUNDLED_MODEL)
    card = {**model.card, "guessing": list(reasons), "discrimination": area}
    return dataclasses.replace(model, card=card)


class SurfacesTest(unittest.TestCase):
    assessment: Assessment

    @classmethod
    def setUpClass(cls) -> None:
        volume, roi = small_case()
        cls.case = Case(Volume(volume, "volume", "CT"), Roi(roi, "ROI"))
        preparation = preprocess(cls.case)
        cls.values = features.extract(preparation.prepared)
        cls.model, cls.sound = bundle((REASON,), AREA), bundle((), GOOD)
        cls.assessment = predict(preparation, cls.values, cls.model)
        cls.other = predict(preparation, cls.values, cls.sound)

    def leads(self, text: str) -> None:
        """The text begins with what the model is worth, and says nothing for it."""
        self.assertTrue(text.lstrip("✖▲ ").startswith(words()), text[:200])
        for favour in IN_FAVOUR:
            self.assertNotIn(favour, text)

    def test_terminal(self) -> None:
        self.leads(as_text(self.assessment))
        self.assertIn(REASON, as_text(self.assessment))
        self.assertNotIn(words(), as_text(self.other))

    def test_summary_and_description(self) -> None:
        self.leads(self.assessment.summary())
        self.leads(self.model.describe())
        self.assertNotIn(words(), self.sound.describe())

    def test_json(self) -> None:
        written = self.assessment.to_dict()
        self.leads(next(iter(written.values())))
        self.assertEqual((written["call"], written["applicability"]["verdict"]), (None, None))
        self.assertEqual(written["model"]["guessing"], [REASON])
        json.dumps(written, allow_nan=False)
        self.assertEqual((self.other.to_dict()["banner"], self.other.to_dict()["call"]), ("", self.other.call))

    def test_findings_of_the_panel(self) -> None:
        self.leads(self.assessment.findings[0].message)
        self.assertNotIn("interval-crosses-threshold", {finding.code for finding in self.assessment.findings})

    def test_an_outline_makes_it_no_better(self) -> None:
        steady = summarise([Variation(self.assessment.probability, 0.5, 0.1)] * 30, self.assessment.probability, 0.5)
        self.assertIsNone(with_stability(self.assessment, steady).stability)
        self.assertIsNotNone(with_stability(self.other, steady).stability)

    def test_panel(self) -> None:
        result = Result.from_json(self.assessment.result("abc", "2024-05-06T07:08:09").to_json())
        assert result is not None
        self.assertEqual((result.call, result.applicability), (NO_CALL, None))
        self.leads(answer.result_text(result).removeprefix("<p>"))
        self.assertIn(words(), answer.answer(result)[:120])
        self.assertIn(words(), wording.view_line(result))
        self.assertFalse(any(mark.colour for mark in gauge.marks(result, 300.0, lambda text: 6.0 * len(text))))
        self.assertIn(REASON, labels.model_card(self.model))

    def test_a_stored_result_without_applicability_must_say_why(self) -> None:
        stored = json.loads(self.assessment.result("abc", "2024-05-06T07:08:09").to_json())
        self.assertIsNone(Result.from_json(json.dumps({**stored, "banner": ""})))

    def test_picture(self) -> None:
        try:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
        except ImportError:
            self.skipTest("matplotlib is not installed")
        from HER2PredictLib.outputs.picture import write_picture

        drawn: list[str] = []

        def read(canvas: FigureCanvasAgg, _path: str) -> None:
            drawn.extend(text.get_text() for axes in canvas.figure.axes for text in axes.texts)

        with mock.patch.object(FigureCanvasAgg, "print_png", read):
            write_picture(self.assessment, Path("picture.png"))
        self.assertIn(words(), drawn)
        self.assertNotIn("threshold", drawn)
        for favour in IN_FAVOUR:
            self.assertNotIn(favour, " ".join(drawn))

    def test_readers(self) -> None:
        found = agreement.compare({"A": self.case, "B": self.case}, self.model)
        self.leads(found.verdict)
        self.assertIsNone(found.to_dict()["same_call"])
        self.leads(next(iter(found.to_dict().values())))
        self.assertEqual({row.call for row in found.rows}, {NO_CALL})

    def test_commands(self) -> None:
        from test_train import run

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "m.her2model"
            self.model.save(file)
            volume, roi = write_small_case(Path(folder))
            predict = ("predict", volume, roi, "--model", file)
            for command in (
                predict,
                ("model", "show", file),
                ("model", "verify", file),
            ):
                status, out, _ = run(*command)
                self.assertEqual(status, 0)
                self.assertTrue(out.startswith(words()), out[:200])
            self.assertNotIn("Outline:", run(*predict)[1])

    def test_beside_the_number_stand_the_share_of_positives_and_the_models_own_auc(self) -> None:
        share = self.sound.arrays["train_status"].mean()
        for text in (as_text(self.other), self.other.result("a", "b").context):
            self.assertIn(f"{share:.0%} of the model's patients were HER2-positive", text)
            self.assertIn("cross-validated AUC 0.83 (95 % CI 0.71 to 0.91)", text)
        told = self.other.to_dict()["model"]
        self.assertEqual((told["base_share"], told["discrimination"]), (share, GOOD))


class BundleTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "m.her2model"

    def test_what_it_tells_of_its_worth_is_kept(self) -> None:
        for reasons, area in (((REASON,), AREA), ((), GOOD), ((), None), ((), {**GOOD, "low": None, "high": None})):
            bundle(reasons, area).save(self.file)
            loaded = Model.load(self.file)
            self.assertEqual(loaded.guessing, reasons)
            self.assertEqual(loaded.discrimination, None if area is None else Discrimination.of(area))

    def test_a_model_that_says_the_same_of_everybody_guesses_whatever_its_format(self) -> None:
        model = Model.load(BUNDLED_MODEL)
        constant = dataclasses.replace(model, arrays={**model.arrays, "calibration": np.array([0.0, -0.5])})
        self.assertTrue(constant.guessing)
        self.assertEqual(constant.call(0.9), NO_CALL)

    def test_missing_or_impossible_values_are_refused(self) -> None:
        sound = bundle((), GOOD)
        for changed, why in (
            ({"guessing": None}, "better than guessing"),
            ({"guessing": "yes"}, "better than guessing"),
            ({"guessing": [""]}, "better than guessing"),
            ({"discrimination": {**GOOD, "auc": 1.2}}, '"auc"'),
            ({"discrimination": {**GOOD, "p_value": None}}, '"p_value"'),
            ({"discrimination": {**GOOD, "shuffles": "many"}}, "cross-validated AUC"),
            ({"discrimination": 0.8}, "cross-validated AUC"),
        ):
            with self.subTest(changed), self.assertRaisesRegex(BundleError, why):
                dataclasses.replace(sound, card={**sound.card, **changed}).save(self.file)
        card = {name: value for name, value in sound.card.items() if name != "discrimination"}
        with self.assertRaisesRegex(BundleError, "cross-validated AUC"):
            dataclasses.replace(sound, card=card).save(self.file)


if __name__ == "__main__":
    unittest.main()
