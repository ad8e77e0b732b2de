"""What the panel knows: a result is current for its own input alone, and outlives its scene only as what it is."""

from __future__ import annotations

import dataclasses
import json
import tempfile
import unittest
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from cases import small_case
from HER2PredictLib import assess
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.errors import InputError
from HER2PredictLib.features import feature_names
from HER2PredictLib.findings.finding import Finding
from HER2PredictLib.result.result import Result

try:
    from HER2PredictLib.panel.input_check import InputCheck
    from HER2PredictLib.panel.state import PanelState
    from models import made_up_model
except ImportError:
    made_up_model = None

RESULT = Result(
    digest="abc",
    time="2024-05-06T07:08:09+00:00",
    volume="CTU",
    segment="Tumour",
    roi_volume_ml=4.2,
    roi_slices=5,
    probability=0.7,
    interval=(0.55, 0.81),
    interval_level=0.95,
    threshold=0.5,
    call="HER2-positive",
    applicability="edge",
    model='<A model> & "more" 1.0',
    contributions={"shape": 0.5, "glcm": -0.25, "gldm": 0.01},
    findings=(Finding("roi-in-pieces", "warning", "In pieces.", "keep-largest-piece"),),
    strongest=(
        ("wavelet-HLL_glszm_SmallAreaLowGrayLevelEmphasis", -0.31, 2.25),
        ("log-sigma-3-0-mm-3D_firstorder_90Percentile", 0.2, -1.0),
        ("original_shape_VoxelVolume", 0.1, 0.5),
        ("original_glcm_MCC", 0.05, 0.25),
    ),
)


def preparation(shift: int = 0) -> Any:
    from HER2PredictLib.case.case import Case

    image, mask = small_case()
    return assess.preprocess(Case(Volume(image + shift, "CTU"), Roi(mask, "tumour")))


class FakeRun:
    """Stands for a run in the background."""

    def __init__(self, digest: str) -> None:
        self.digest, self.cancelled = digest, False

    def cancel(self) -> None:
        self.cancelled = True


class ResultTest(unittest.TestCase):
    def test_it_comes_back_from_its_text_as_it_was(self) -> None:
        self.assertEqual(Result.from_json(RESULT.to_json()), RESULT)

    def test_a_text_that_holds_no_sound_result_gives_none(self) -> None:
        stored = json.loads(RESULT.to_json())
        for change in (
            {"probability": "0.7"},
            {"probability": 1.7},
            {"probability": float("nan")},
            {"interval": [0.1]},
            {"interval": ["a", "b"]},
            {"applicability": "fine"},
            {"findings": [{"code": "x", "severity": "fatal", "message": "y"}]},
            {"findings": 3},
            {"findings": [{"code": "x", "severity": "warning", "message": "y", "remedy": ["fill-holes"]}]},
            {"contributions": {"shape": None}},
            {"segment": 7},
            {"strongest": [["original_shape_Volume", "1", 2]]},
            {"strongest": [["Volume", 1, 2]]},
            {"strongest": [["original_shape_Volume", 1]]},
            {"unknown": 1},
        ):
            with self.subTest(change):
                self.assertIsNone(Result.from_json(json.dumps({**stored, **change})))
        for text in ("", "{", "[]", "null", '"text"'):
            self.assertIsNone(Result.from_json(text))

    def test_a_remedy_of_another_version_is_left_out(self) -> None:
        finding = {"code": "x", "severity": "warning", "message": "y", "remedy": "polish"}
        text = json.dumps({**json.loads(RESULT.to_json()), "findings": [finding]})
        self.assertEqual([(f.message, f.remedy) for f in Result.from_json(text).findings], [("y", None)])

    def test_one_that_an_earlier_version_saved_has_no_strongest_features(self) -> None:
        stored = json.loads(RESULT.to_json())
        del stored["strongest"]
        self.assertEqual(Result.from_json(json.dumps(stored)), dataclasses.replace(RESULT, strongest=()))

    def test_one_that_an_earlier_version_saved_under_other_names_comes_back(self) -> None:
        stored = json.loads(RESULT.to_json())
        stored["stamp"] = stored.pop("digest")
        self.assertEqual(Result.from_json(json.dumps(stored)), RESULT)

    def test_the_side_of_the_interval(self) -> None:
        self.assertTrue(RESULT.is_one_sided)
        self.assertFalse(dataclasses.replace(RESULT, interval=(0.4, 0.81)).is_one_sided)


@unittest.skipIf(made_up_model is None, "scikit-learn is not installed")
class PanelStateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.model = dataclasses.replace(made_up_model(feature_names()), sha256="0" * 64)
        cls.prepared, cls.other = preparation(), preparation(shift=1)
        cls.assessment = assess.predict(cls.prepared, dict.fromkeys(feature_names(), 1.0), cls.model)

    def setUp(self) -> None:
        self.state = PanelState()

    def check(self, prepared: Any = None, model: Any = None, backend: str = "") -> None:
        def give(value: Any) -> Any:
            if isinstance(value, InputError):
                raise value
            return value

        self.state.input = InputCheck.of(
            lambda: give(model or self.model),
            lambda: give(prepared or self.prepared),
            lambda: give(InputError(backend) if backend else None),
        )

    def predict(self) -> None:
        from HER2PredictLib.panel.background import input_digest

        self.state.predict(lambda *of: FakeRun(input_digest(self.prepared, self.model)))
        self.assertTrue(self.state.end(self.assessment, None))

    def test_a_result_is_current_for_its_own_input_alone(self) -> None:
        self.check()
        self.predict()
        self.check()
        self.assertEqual(self.state.standing, "current")
        self.check(self.other)
        self.assertEqual(self.state.standing, "out-of-date")
        self.check(model=dataclasses.replace(self.model, sha256="1" * 64))
        self.assertEqual(self.state.standing, "out-of-date")

    def test_a_result_of_another_release_or_of_other_feature_settings_is_out_of_date(self) -> None:
        self.check()
        self.predict()
        with mock.patch("HER2PredictLib.panel.background.__version__", "99.0"):
            self.check()
            self.assertEqual(self.state.standing, "out-of-date")
        self.check()
        self.assertEqual(self.state.standing, "current")
        with (
            tempfile.NamedTemporaryFile() as other,
            mock.patch("HER2PredictLib.panel.background.PARAMETER_FILE", Path(other.name)),
        ):
            self.check()
            self.assertEqual(self.state.standing, "out-of-date")
        self.check()
        self.assertEqual(self.state.standing, "current")
        self.state.touch()
        self.assertEqual(self.state.standing, "out-of-date")

    def test_what_cannot_be_predicted_says_why(self) -> None:
        for reason, parts in {
            "no volume": {"prepared": InputError("no volume")},
            "no bundle": {"model": InputError("no bundle")},
            "no backend": {"backend": "no backend"},
        }.items():
            with self.subTest(reason):
                self.check(**parts)
                self.assertFalse(self.state.is_ready)
                self.assertEqual(self.state.input.reason, reason)
                self.assertEqual(self.state.findings[0].message, reason)
        self.check()
        self.assertTrue(self.state.is_ready)
        self.assertEqual(self.state.input.reason, "")

    def test_without_its_model_no_result_is_current(self) -> None:
        self.check()
        self.predict()
        self.check(model=InputError("damaged"))
        self.assertEqual((self.state.standing, self.state.input.model_error), ("out-of-date", "damaged"))
        self.assertIsNone(self.state.input.model)

    def test_a_run_that_brings_nothing_says_so(self) -> None:
        self.check()
        for error, words in (
            (None, "Cancelled"),
            (InputError("no table"), "no table"),
            (KeyError("x"), "unexpectedly"),
        ):
            self.state.predict(lambda *of: FakeRun(""))
            self.assertEqual(self.state.standing, "running")
            self.assertFalse(self.state.end(None, error))
            self.assertIn(words, self.state.message)
            self.assertEqual(self.state.standing, "nothing")

    def test_an_abandoned_run_is_cancelled_and_its_result_dropped(self) -> None:
        run = FakeRun("")
        self.check()
        self.state.predict(lambda *of: run)
        self.state.abandon()
        self.assertTrue(run.cancelled)
        self.assertFalse(self.state.end(self.assessment, None))
        self.assertIsNone(self.state.result)

    def follow(self) -> list[FakeRun]:
        """Ask the state to follow the input; what it has started."""
        from HER2PredictLib.panel.background import input_digest

        started: list[FakeRun] = []

        def start(prepared: Any, model: Any) -> FakeRun:
            started.append(FakeRun(input_digest(prepared, model)))
            return started[-1]

        self.state.follow(start)
        return started

    def test_following_predicts_a_new_input_and_leaves_a_current_result(self) -> None:
        self.assertEqual(self.follow(), [])
        self.check()
        (run,) = self.follow()
        self.assertTrue(self.state.take_followed(run, self.assessment, None))
        self.assertEqual(self.state.standing, "current")
        self.assertEqual(self.follow(), [])
        self.check(self.other)
        self.assertEqual(len(self.follow()), 1)
        self.assertEqual(self.state.standing, "out-of-date")

    def test_a_stroke_replaces_the_prediction_that_follows_the_outline(self) -> None:
        self.check()
        (first,) = self.follow()
        self.state.touch()
        self.assertTrue(first.cancelled)
        self.check(self.other)
        (second,) = self.follow()
        self.assertFalse(self.state.take_followed(first, self.assessment, None))
        self.assertEqual(self.state.standing, "nothing")
        self.assertTrue(self.state.take_followed(second, self.assessment, None))

    def test_a_click_while_the_input_is_still_to_be_checked_counts_where_it_could_be_predicted_before(self) -> None:
        self.assertFalse(self.state.may_be_asked)
        self.check()
        self.state.touch()
        self.state.touch()
        self.assertTrue(self.state.may_be_asked)
        self.check(backend="It is missing.")
        self.state.touch()
        self.assertFalse(self.state.may_be_asked)

    def test_a_loaded_result_is_shown_for_its_own_input_but_has_no_features(self) -> None:
        self.check()
        self.predict()
        saved = self.state.result.to_json()
        self.state = PanelState()
        self.state.restore(saved)
        self.assertEqual(self.state.standing, "out-of-date")
        self.check()
        self.assertEqual(self.state.standing, "current")
        self.assertIn("predict again", self.state.no_record_reason)

    def test_a_result_that_names_no_input_is_current_for_none(self) -> None:
        self.state.restore(dataclasses.replace(RESULT, digest="").to_json())
        self.assertEqual(self.state.standing, "out-of-date")
        self.check()
        self.assertEqual(self.state.standing, "out-of-date")

    def test_restoring_what_is_at_hand_keeps_its_features(self) -> None:
        self.check()
        self.predict()
        self.state.restore(self.state.result.to_json())
        self.check()
        self.assertEqual(self.state.no_record_reason, "")

    def test_a_scatter_needs_the_training_scores(self) -> None:
        self.check()
        self.predict()
        self.check()
        bare = {name: array for name, array in self.model.arrays.items() if not name.startswith("train_s")}
        self.check(model=dataclasses.replace(self.model, arrays=bare))
        self.assertIn("does not hold the scores", self.state.no_scatter_reason)
        full = {**bare, "train_scores": np.zeros((2, 2)), "train_status": np.array([0.0, 1.0])}
        self.check(model=dataclasses.replace(self.model, arrays=full))
        self.assertEqual(self.state.no_scatter_reason, "")


class WordsTest(unittest.TestCase):
    def test_every_word_of_a_result(self) -> None:
        from HER2PredictLib.panel.words.answer import answer, result_text

        text = answer(RESULT) + result_text(RESULT)
        for part in (
            "70%",
            "95% model interval 55% to 81%",
            "<b>HER2-positive</b>: at or above the threshold of 50%",
            "▲ <b>Caution</b>: the case is at the edge",
            "✔ <b>Model interval</b>",
            "▲ Pushed up by: shape&nbsp;+0.50<br/>▼ Pushed down by: GLCM&nbsp;−0.25",
            '&lt;A model&gt; &amp; "more" 1.0',
        ):
            self.assertIn(part, text)
        self.assertNotIn("GLDM", text)

    def test_why_names_the_features_in_words_that_can_wrap(self) -> None:
        from HER2PredictLib.panel.words.answer import strongest_text

        text = strongest_text(RESULT)
        for part in (
            "<td>GLSZM Small Area Low Gray Level Emphasis, wavelet HLL</td>",
            "&nbsp;−0.31</td>",
            "&nbsp;+2.2</td>",
            "<td>gray levels 90 Percentile, Laplacian of Gaussian 3 mm</td>",
            "<td>shape Voxel Volume</td>",
            "<td>GLCM MCC</td>",
        ):
            self.assertIn(part, text)

    def test_states_differ_in_words_and_signs_not_in_colour_alone(self) -> None:
        from HER2PredictLib.panel.words.answer import result_text

        signs = {
            result_text(dataclasses.replace(RESULT, applicability=where)).split("<br/>")[1].split("</b>")[0]
            for where in ("inside", "edge", "outside")
        }
        self.assertEqual(
            signs, {"✔ <b>Like the training patients", "▲ <b>Caution", "✖ <b>Unlike the training patients"}
        )

    def test_the_number_of_a_case_that_the_model_does_not_know_is_neither_large_nor_coloured(self) -> None:
        from HER2PredictLib.outputs.gauge import COLOUR_OF_CALL, marks
        from HER2PredictLib.panel.words.answer import answer

        for where, relied_on in (("inside", True), ("edge", True), ("outside", False)):
            result = dataclasses.replace(RESULT, applicability=where)
            self.assertEqual("font-weight:bold'>70%" in answer(result), relied_on)
            self.assertEqual("Do not rely on this number" in answer(result), not relied_on)
            self.assertIn(">70%</span>", answer(result))
            self.assertIn("probability of HER2", answer(result))
            colours = {mark.colour for mark in marks(result, 400.0, wide)}
            self.assertEqual(bool(colours & set(COLOUR_OF_CALL.values())), relied_on)

    def test_the_card_tells_cohort_and_performance_as_far_as_the_bundle_does(self) -> None:
        from HER2PredictLib.model.model import BUNDLED_MODEL, Model
        from HER2PredictLib.panel.words.labels import model_card

        bundled = Model.load(BUNDLED_MODEL)
        area = bundled.card["metrics"]["models"]["mlp"]["test"]["auc"]
        shown = model_card(bundled)
        for part in (
            f"{area['value']:.2f} ({area['low']:.2f} to {area['high']:.2f})",
            "97, of whom 42 HER2-positive; 67 trained it, 30 tested it",
            "yes: not for any real patient",
        ):
            self.assertIn(part, shown)
        tests = (1, {"auc": 0.7}, {"auc": {"value": "<b>"}})
        for metrics in (None, 3, {}, {"models": 1}, *({"models": {"mlp": {"test": test}}} for test in tests)):
            self.assertNotIn("AUC", model_card(Model({**bundled.card, "metrics": metrics}, bundled.arrays)))

    def test_the_phase_is_read_from_the_series_description(self) -> None:
        from HER2PredictLib.case.dicom.phase import phase_of

        for description, phase in {
            "Abd EXCRETORY 5.0 B30f": "excretory",
            "Urographic delay": "excretory",
            "portal venous 3 mm": "portal venous",
            "CAP arterial": "arterial",
            "Thorax": "",
            "CT UROGRAPHY NON CON": "unenhanced",
            "Urogram unenhanced": "unenhanced",
            "Abdomen_w/o_contrast": "unenhanced",
            "Urography arterial": "arterial",
            "LATERAL topogram": "",
            "CT Urography 10 min delay": "excretory",
            "Venöse Phase": "portal venous",
            "Ausscheidungsphase": "excretory",
            "Temps tardif": "excretory",
        }.items():
            self.assertEqual(phase_of(description), phase)


class GaugeTest(unittest.TestCase):
    def test_marks_lie_in_the_order_of_their_numbers_and_inside_the_gauge(self) -> None:
        from HER2PredictLib.outputs.gauge import HEIGHT, marks

        for probability, threshold in ((0.0, 0.01), (0.7, 0.5), (1.0, 0.99)):
            result = dataclasses.replace(RESULT, probability=probability, threshold=threshold, interval=(0.0, 1.0))
            for width in (200.0, 400.0):
                drawn = marks(result, width, wide)
                trough, band, _bar, estimate = drawn[:4]
                self.assertEqual(band.box, trough.box)
                at = (estimate.box[0] + estimate.box[2] / 2 - trough.box[0]) / trough.box[2]
                self.assertAlmostEqual(at, probability)
                for mark in drawn:
                    left, top, across, down = mark.box
                    self.assertGreaterEqual(top, 0)
                    self.assertLessEqual(top + down, HEIGHT)
                    self.assertGreaterEqual(left, 0)
                    self.assertLessEqual(left + across, width)

    def test_words_are_whole_and_apart_at_every_place_and_width_however_long(self) -> None:
        from HER2PredictLib.outputs.gauge import marks

        for words in ("threshold {threshold:.0%}", "Schwellenwert: {threshold:.0%}", "阈值 {threshold:.0%}"):
            for threshold in np.linspace(0.01, 0.99, 15):
                for width in (60.0, 120.0, 250.0, 344.0, 600.0):
                    result = dataclasses.replace(RESULT, threshold=float(threshold), interval=(0.0, 1.0))
                    with mock.patch("HER2PredictLib.outputs.gauge._", lambda text, words=words: words):
                        texts = [mark for mark in marks(result, width, wide) if mark.text]
                    for mark in texts:
                        left, _top, across, _down = mark.box
                        self.assertEqual(across, wide(mark.text))
                        self.assertGreaterEqual(left, 0.0)
                        self.assertLessEqual(left + across, width)
                    scale = texts[1:]
                    for mark, following in pairwise(scale):
                        self.assertLessEqual(mark.box[0] + mark.box[2], following.box[0])

    def test_what_other_outlines_give_is_drawn_otherwise_than_the_interval(self) -> None:
        from HER2PredictLib.outline.stability import Variation, summarise
        from HER2PredictLib.outputs.gauge import marks

        found = [Variation(probability, 1.0, 0.1) for probability in (0.6, 0.7, 0.8)]
        stability = summarise(found, 0.7, RESULT.threshold)
        without = marks(RESULT, 344.0, wide)
        trough, band = without[:2]
        added = [
            mark for mark in marks(dataclasses.replace(RESULT, stability=stability), 344.0, wide) if mark not in without
        ]
        line = added[0]
        self.assertGreater(line.box[1], band.box[1] + band.box[3])
        start = trough.box[0] + stability.low * trough.box[2]
        self.assertAlmostEqual(line.box[0], start)
        self.assertAlmostEqual(line.box[2], (stability.high - stability.low) * trough.box[2])


def wide(text: str) -> float:
    """Width of a text, Chinese letters being wider."""
    return sum(12.0 if ord(letter) > 0x2E80 else 6.5 for letter in text)


if __name__ == "__main__":
    unittest.main()
