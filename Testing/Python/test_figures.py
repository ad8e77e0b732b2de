"""Figures of a study: readable files, the same every time, and the numbers behind them are those of scikit-learn."""

from __future__ import annotations

import io
import struct
import unittest
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import numpy as np

try:
    import matplotlib
    from sklearn import metrics
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    import studies
except ImportError:
    matplotlib = None

TRAIN, TEST = "train", "test"


@lru_cache(maxsize=1)
def figures() -> dict[int, Any]:
    from HER2PredictLib.training.figures.draw import draw_figures

    return {figure.number: figure for figure in draw_figures(studies.results())}


@unittest.skipIf(matplotlib is None, "scikit-learn or matplotlib is not installed")
class FigureFilesTest(unittest.TestCase):
    def test_there_is_a_figure_for_each_of_the_study_and_five_beyond_it(self) -> None:
        self.assertEqual(sorted(figures()), [2, 3, 4, 5, 6, 7, 8, 9, 10, 11])

    def test_svg_is_xml_with_text_as_text_and_nothing_from_outside(self) -> None:
        for number, figure in figures().items():
            root = ElementTree.fromstring(figure.svg)
            texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
            self.assertTrue(any(texts), number)
            for element in root.iter():
                for name, value in element.attrib.items():
                    if name.endswith("href"):
                        self.assertRegex(value, r"^(#|data:)")

    def test_png_has_300_dots_per_inch(self) -> None:
        for figure in figures().values():
            self.assertEqual(figure.png[:8], b"\x89PNG\r\n\x1a\n")
            place = figure.png.index(b"pHYs") + 4
            per_metre = struct.unpack(">II", figure.png[place : place + 8])
            self.assertEqual(per_metre, (round(300 / 0.0254),) * 2)

    def test_png_is_not_larger_than_a_journal_page(self) -> None:
        for figure in figures().values():
            width, height = struct.unpack(">II", figure.png[16:24])
            self.assertLessEqual(width, 180 / 25.4 * 300 + 1)
            self.assertLessEqual(height, 230 / 25.4 * 300)

    def test_the_same_study_gives_the_same_bytes(self) -> None:
        from HER2PredictLib.training.figures import beyond, replicated

        results = studies.results()
        for draw, number in ((replicated.mlp_performance, 6), (beyond.splits, 9)):
            again = draw(results)
            self.assertEqual(again.svg, figures()[number].svg)
            self.assertEqual(again.png, figures()[number].png)

    def test_settings_of_matplotlib_are_left_as_they_were(self) -> None:
        before = dict(matplotlib.rcParams)
        from HER2PredictLib.training.figures.patient_flow import patient_flow

        patient_flow(studies.results())
        self.assertEqual(dict(matplotlib.rcParams), before)

    def test_no_file_names_a_patient(self) -> None:
        for figure in figures().values():
            tables = [frame.to_csv() for frame in figure.data.values()]
            for text in (figure.svg.decode(), figure.caption, figure.name, *tables):
                self.assertNotIn(studies.IDENTITY, text)

    def test_rois_are_left_out_where_images_cannot_be_read(self) -> None:
        from HER2PredictLib.training.figures.roi_examples import roi_examples

        self.assertIsNone(roi_examples(studies.results(images=False).roi_source, 3))


@unittest.skipIf(matplotlib is None, "scikit-learn or matplotlib is not installed")
class NumbersBehindFiguresTest(unittest.TestCase):
    def setUp(self) -> None:
        self.study = studies.study()

    def predictions(self, key: str, name: str) -> tuple[np.ndarray, np.ndarray]:
        return self.study.status_of(name), self.study.fits[key].probability[name]

    def scores(self, key: str, name: str) -> tuple[np.ndarray, np.ndarray]:
        return self.study.status_of(name), self.study.fits[key].score[name]

    def test_patient_flow_adds_up(self) -> None:
        rows = figures()[2].data[""].set_index("step")["patients"]
        left_out = rows[[step for step in rows.index if step.startswith("Left out")]]
        sets = rows[[step for step in rows.index if "set: " in step]]
        self.assertEqual(rows["Patients in the cohort table"], rows["Analysed"] + left_out.sum())
        self.assertEqual(sets.sum(), rows["Analysed"])
        self.assertEqual(left_out.sum(), len(studies.EXCLUSIONS))
        self.assertEqual(left_out["Left out: ROI empty"], 2)
        self.assertEqual(rows["Test set: HER2-positive"], self.study.status[self.study.test].sum())

    def test_components_are_those_of_the_training_patients(self) -> None:
        scaled = StandardScaler().fit_transform(self.study.features.to_numpy()[self.study.train])
        pca = PCA(svd_solver="full").fit(scaled)
        curve = figures()[4].data["variance"]
        expected = 100 * np.cumsum(pca.explained_variance_ratio_)[: len(curve)]
        np.testing.assert_allclose(curve["cumulative_percent"], expected, rtol=1e-9)
        scores = figures()[4].data["scores"]
        of_training = scores[scores["set"] == TRAIN]["pc1"].to_numpy()
        np.testing.assert_allclose(np.abs(of_training), np.abs(pca.transform(scaled)[:, 0]), rtol=1e-6, atol=1e-9)
        self.assertIn(f"{expected.mean():.2f} %", figures()[4].caption)

    def test_area_under_each_roc_curve_is_the_auc(self) -> None:
        points = figures()[5].data["curves"]
        for (key, name), curve in points.groupby(["model", "set"]):
            if name in (TRAIN, TEST):
                area = metrics.auc(curve["false_positive_rate"], curve["true_positive_rate"])
                self.assertAlmostEqual(area, metrics.roc_auc_score(*self.scores(key, name)), places=12)
        self.assertEqual(len(points.groupby(["model", "set"])), 9)

    def test_confusion_matrix_is_that_of_scikit_learn(self) -> None:
        for name, table in figures()[6].data["confusion"].groupby("set"):
            status, probability = self.predictions("mlp", str(name))
            expected = metrics.confusion_matrix(status, probability >= self.study.threshold)
            np.testing.assert_array_equal(table["patients"].to_numpy().reshape(2, 2), expected)

    def test_precision_and_recall_are_those_of_scikit_learn(self) -> None:
        for name, table in figures()[6].data["precision-recall"].groupby("set"):
            precision, recall, _ = metrics.precision_recall_curve(*self.scores("mlp", str(name)))
            np.testing.assert_allclose(table["precision"], precision)
            np.testing.assert_allclose(table["recall"], recall)

    def test_calibration_groups_hold_every_patient_once(self) -> None:
        for name, table in figures()[7].data["groups"].groupby("set"):
            status, probability = self.predictions("mlp", str(name))
            self.assertEqual(table["patients"].sum(), len(status))
            self.assertAlmostEqual(float((table["patients"] * table["observed"]).sum()), status.sum(), places=9)
            self.assertAlmostEqual(float((table["patients"] * table["predicted"]).sum()), probability.sum(), places=9)

    def test_net_benefit_follows_its_definition(self) -> None:
        table = figures()[8].data[""]
        row = table[(table["set"] == TEST) & (table["threshold_probability"] == 0.4)].iloc[0]
        status, probability = self.predictions("mlp", TEST)
        called = probability >= 0.4
        expected = (np.sum(called & (status == 1)) - np.sum(called & (status == 0)) * 0.4 / 0.6) / len(status)
        self.assertAlmostEqual(row["model"], expected, places=12)

    def test_importance_is_the_mean_absolute_sum_of_contributions(self) -> None:
        from HER2PredictLib.model.explain import explain

        model, rows = studies.model(), self.study.features.iloc[self.study.train]
        sums = [explain(model, row.to_dict()).by_class()["glcm"] for _, row in rows.iterrows()]
        table = figures()[10].data["feature-class"].set_index("feature_class")
        self.assertAlmostEqual(table.loc["glcm", "mean"], float(np.mean(np.abs(sums))), places=9)
        self.assertEqual(table["features"].sum(), len(studies.NAMES))

    def test_applicability_shows_every_patient_by_row(self) -> None:
        table = figures()[11].data[""]
        self.assertEqual(table["row"].tolist(), list(range(1, studies.PATIENTS + 1)))
        np.testing.assert_array_equal(table["hotelling_t2"], self.study.distances["hotelling_t2"])

    def test_splits_are_those_of_the_study(self) -> None:
        np.testing.assert_array_equal(
            figures()[9].data[""][["mlp", "rf", "lr"]], self.study.spread[["mlp", "rf", "lr"]]
        )

    def test_numbers_can_be_written_as_csv_and_read_again(self) -> None:
        import pandas as pd

        for figure in figures().values():
            for frame in figure.csv_names().values():
                again = pd.read_csv(io.StringIO(frame.to_csv(index=False)), keep_default_na=False, na_values=[""])
                pd.testing.assert_frame_equal(again, frame.reset_index(drop=True), check_dtype=False)
