"""What an Assessment says of a case against its model: size, applicability, interval, on either side of each bound."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import unittest
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from ruamel.yaml import YAML

from cases import small_case
from HER2PredictLib import features
from HER2PredictLib.assess import Assessment, CheckedCase, assess, predict, preprocess
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.errors import InputError
from HER2PredictLib.model.model import BUNDLED_MODEL, Model
from HER2PredictLib.outputs import gauge
from HER2PredictLib.outputs.text import as_text
from HER2PredictLib.panel.background import Run


class AgainstTheModelTest(unittest.TestCase):
    preparation: CheckedCase

    @classmethod
    def setUpClass(cls) -> None:
        volume, roi = small_case()
        cls.preparation = preprocess(Case(Volume(volume, "volume", "CT"), Roi(roi, "ROI")))
        cls.values = features.extract(cls.preparation.prepared)
        cls.model = Model.load(BUNDLED_MODEL)

    def assess(self, model: Model) -> tuple[Assessment, set[str]]:
        assessment = predict(self.preparation, self.values, model)
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
                self.assertAlmostEqual(assessment.tail_probability, share, places=6)
                self.assertEqual(assessment.applicability, verdict)
                self.assertEqual(codes & own, findings[verdict])

    def test_the_finding_names_the_feature_classes_that_are_far_out(self) -> None:
        assessment, _ = self.assess(self.farther(0.001))
        (message,) = (f.message for f in assessment.findings if f.code == "outside-training-domain")
        farthest = next(iter(assessment.distance_ratios))
        self.assertIn(features.class_words(farthest), message)
        self.assertEqual(
            list(assessment.distance_ratios.values()), sorted(assessment.distance_ratios.values(), reverse=True)
        )

    def test_an_interval_that_holds_the_threshold_is_told(self) -> None:
        low, high = self.assess(self.model)[0].interval
        for threshold, crosses in ((low - 1e-6, False), (low + 1e-6, True), (high - 1e-6, True), (high + 1e-9, False)):
            model = dataclasses.replace(self.model, card={**self.model.card, "threshold": threshold})
            with self.subTest(threshold):
                self.assertEqual("interval-crosses-threshold" in self.assess(model)[1], crosses)


@unittest.skipUnless(importlib.util.find_spec("matplotlib"), "matplotlib is not installed")
class PictureTest(unittest.TestCase):
    def test_its_gauge_is_that_of_the_panel(self) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        from HER2PredictLib.outputs.picture import write_picture

        volume, roi = small_case()
        assessment = assess(Case(Volume(volume, "volume", "CT"), Roi(roi, "ROI")), Model.load(BUNDLED_MODEL))
        drawn: list[Any] = []
        with mock.patch.object(FigureCanvasAgg, "print_png", lambda canvas, _path: drawn.extend(canvas.figure.axes)):
            write_picture(assessment, Path("picture.png"))
        axes = next(axes for part in drawn for axes in part.child_axes)
        expected = gauge.marks(assessment.result(), 1.0, lambda text: 0.01)
        words = {mark.text for mark in expected if mark.text}
        self.assertLessEqual(words, {text.get_text() for text in axes.texts})
        trough, band, _bar, estimate = axes.patches[:4]
        start, width = trough.get_x(), trough.get_width()
        low, high = assessment.interval
        self.assertAlmostEqual((estimate.get_x() + estimate.get_width() / 2 - start) / width, assessment.probability)
        self.assertAlmostEqual((band.get_x() - start) / width, low)
        self.assertAlmostEqual((band.get_x() + band.get_width() - start) / width, high)

    def test_letters_that_its_font_lacks_come_from_another_one(self) -> None:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.font_manager import findfont, get_font

        from HER2PredictLib.outputs import picture

        own, other = (set(get_font(findfont(name)).get_charmap()) for name in ("DejaVu Sans", "STIXNonUnicode"))
        letter = chr(min(other - own))
        for further, is_missing in ((("no such font",), True), (("no such font", "STIXNonUnicode"), False)):
            with (
                mock.patch.object(picture, "FURTHER_FONTS", further),
                matplotlib.rc_context({"font.family": picture.font_family()}),
                warnings.catch_warnings(record=True) as told,
            ):
                warnings.simplefilter("always")
                figure = Figure()
                figure.text(0.5, 0.5, letter)
                FigureCanvasAgg(figure).draw()
            self.assertEqual(any("missing from font" in str(warning.message) for warning in told), is_missing)


class ProvenanceTest(unittest.TestCase):
    def test_every_surface_names_both_cohorts_of_a_recalibrated_model(self) -> None:
        volume, roi = small_case()
        case = Case(Volume(volume, "volume", "CT"), Roi(roi, "ROI"))
        model = Model.load(BUNDLED_MODEL)
        told = {field: str(model.card[field]) for field in ("name", "version", "created")}
        recalibration = {
            "cohort": {"description": "hospital B", "simulated": True, "patients": 61, "positive": 20},
            "date": "2026-01-31",
            "original": {**told, "sha256": model.sha256, "metrics": {}},
        }
        for simulated, words in ((True, "was trained on simulated"), (False, "was recalibrated on simulated")):
            cohort = {**model.cohort, "simulated": simulated}
            card = {**model.card, "training_cohort": cohort, "recalibration": recalibration}
            assessment = assess(case, dataclasses.replace(model, card=card))
            for text in (assessment.summary(), as_text(assessment)):
                self.assertIn("recalibrated on 61 simulated patients, not for clinical use (hospital B)", text)
                self.assertIn(str(cohort["description"]), text)
            self.assertEqual(assessment.to_dict()["model"]["recalibration"], recalibration)
            self.assertTrue(any(words in finding.message for finding in assessment.findings))


class FeatureSettingsTest(unittest.TestCase):
    """A model predicts from features as it learnt on, and from no others."""

    preparation: CheckedCase

    @classmethod
    def setUpClass(cls) -> None:
        volume, roi = small_case()
        cls.case = Case(Volume(volume, "volume", "CT"), Roi(roi, "ROI"))
        cls.preparation = preprocess(cls.case)
        cls.values = features.extract(cls.preparation.prepared)
        cls.model = Model.load(BUNDLED_MODEL)
        cls.own = features.PARAMETER_FILE.read_text(encoding="utf-8")

    def with_settings(self, settings: str | None) -> Model:
        """The bundled model, had it learnt on features of these settings."""
        part = {"names": list(self.model.feature_names)} | ({} if settings is None else {"settings": settings})
        return dataclasses.replace(self.model, card={**self.model.card, "features": part})

    def changed(self, part: str, name: str, value: object) -> str:
        """This program's settings with one set to another value, or taken out for None; JSON is YAML."""
        parameters = YAML(typ="safe", pure=True).load(self.own)
        parameters[part][name] = value
        if value is None:
            del parameters[part][name]
        return json.dumps(parameters)

    def test_settings_that_change_a_feature_are_refused_at_every_door(self) -> None:
        for reason, settings in {
            "binWidth is 7, not ": self.changed("setting", "binWidth", 7),
            "binCount is 32, not none": self.changed("setting", "binCount", 32),
            "resampledPixelSpacing is None, not ": self.changed("setting", "resampledPixelSpacing", None),
            "Wavelet is none, not ": self.changed("imageType", "Wavelet", None),
            "LoG is {'sigma': [0.1]}, not ": self.changed("imageType", "LoG", {"sigma": [0.1]}),
            "Exponential is {}, not none": self.changed("imageType", "Exponential", {}),
            "names none": None,
        }.items():
            foreign = self.with_settings(settings)
            for number, door in enumerate(
                (
                    lambda model: predict(self.preparation, self.values, model),
                    lambda model: assess(self.case, model),
                    lambda model: Run(self.preparation, model, self.fail, self.fail),
                )
            ):
                with self.subTest(reason, door=number):
                    with self.assertRaises(InputError) as refused:
                        door(foreign)
                    self.assertIn(reason, str(refused.exception))
                    self.assertNotIn("\n", str(refused.exception))

    def test_what_changes_no_feature_is_not_refused(self) -> None:
        comments = "\n".join(line for line in self.own.splitlines() if not line.strip().startswith("#"))
        for settings in (
            comments,
            self.own.replace("\n", "\r\n"),
            self.changed("setting", "additionalInfo", True),
            self.changed("featureClass", "glcm", None),
        ):
            self.assertNotEqual(settings, self.own)
            predict(self.preparation, self.values, self.with_settings(settings))

    def test_settings_that_are_no_parameter_file_are_refused(self) -> None:
        laughs = "a: &a [1, 1]\n" + "".join(
            f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefg", "bcdefgh", strict=True)
        )
        for settings in ("", "- 1", "{", "[" * 5000, "a: b: c", "setting: 3", "!!python/name:os.system", laughs):
            with self.assertRaisesRegex(InputError, r"\A[^\n]{,400}\Z"):
                self.with_settings(settings).require_own_settings()


if __name__ == "__main__":
    unittest.main()
