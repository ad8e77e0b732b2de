"""Report, metrics and model card: whole files, true numbers, nothing from the network and no patient's name."""

from __future__ import annotations

import ast
import json
import pickle
import tempfile
import unittest
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

try:
    import matplotlib
    import pandas as pd
    from sklearn import metrics

    import studies
    from HER2PredictLib.training.cohort.evidence import OTHER, grouped_reasons
except ImportError:
    matplotlib = None

from HER2PredictLib.errors import InputError

VOID = {"meta", "img", "br", "hr", "link", "input", "col"}


class Page(HTMLParser):
    """Tags that are open, identifiers, links and what the page would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.identifiers: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.add(tag)
        self.identifiers += [value for name, value in attrs if name == "id" and value]
        if tag == "a":
            self.links.append(named.get("href") or "")
        else:
            self.loads += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@lru_cache(maxsize=1)
def written() -> tuple[Path, tempfile.TemporaryDirectory[str]]:
    """The files of the small study, written once."""
    from HER2PredictLib.training.report.study_files import write_results

    folder = tempfile.TemporaryDirectory()
    write_results(studies.results(), studies.model(), Path(folder.name) / "out")
    return Path(folder.name) / "out", folder


def read(name: str) -> str:
    return (written()[0] / name).read_text(encoding="utf-8")


@unittest.skipIf(matplotlib is None, "scikit-learn or matplotlib is not installed")
class ReportTest(unittest.TestCase):
    def test_page_is_well_formed_and_needs_no_other_file(self) -> None:
        page = Page(read("report.html"))
        self.assertEqual((page.open, page.unbalanced), ([], []))
        self.assertNotIn("script", page.tags)
        for source in page.loads:
            self.assertTrue(source.startswith("data:"), source[:60])
        self.assertNotRegex(read("report.html").partition("</style>")[0], r"@import|url\(")

    def test_links_lead_to_parts_of_the_page_or_to_a_doi(self) -> None:
        page = Page(read("report.html"))
        self.assertEqual(len(page.identifiers), len(set(page.identifiers)))
        for link in page.links:
            if link.startswith("#"):
                self.assertIn(link[1:], page.identifiers)
            else:
                self.assertTrue(link.startswith("https://doi.org/10."), link)

    def test_says_at_the_top_that_patients_were_simulated(self) -> None:
        self.assertIn("Simulated patients.", Page(read("report.html")).text[:600])
        self.assertIn("Simulated patients.", read("model-card.md")[:200])

    def test_does_not_call_real_patients_simulated(self) -> None:
        from HER2PredictLib.training.report.model_card import model_card
        from HER2PredictLib.training.report.study_report import report_html

        results, model = studies.results(images=False, simulated=False), studies.model(simulated=False)
        page = Page(report_html(results, (), model))
        self.assertNotIn("imulated", page.text)
        self.assertNotIn("imulated", model_card(results, model))
        self.assertIn("could not be read", page.text)

    def test_prints_the_measured_numbers(self) -> None:
        study, text = studies.study(), Page(read("report.html")).text
        status, fit = study.status_of("test"), study.fits["mlp"]
        probability = fit.probability["test"]
        self.assertIn(f"MLP had an AUC of {metrics.roc_auc_score(status, fit.score['test']):.2f} ", text)
        called = probability >= study.threshold
        self.assertIn(f"{np.sum(called & (status == 1))} of {status.sum()} HER2-positive", text)
        self.assertIn(f"{study.spread['mlp'].mean():.2f} on average", text)

    def test_lists_every_item_of_both_guidelines_once(self) -> None:
        from HER2PredictLib.training.report.guidelines import claim, tripod_ai

        evidence = studies.results(images=False).evidence
        self.assertEqual([item.number for item in claim(evidence)], [str(number) for number in range(1, 45)])
        numbers = [item.number for item in tripod_ai(evidence)]
        self.assertEqual(len(numbers), len(set(numbers)))
        self.assertEqual({number.rstrip("abcdefg") for number in numbers}, {str(n) for n in range(1, 28)})
        identifiers = Page(read("report.html")).identifiers
        for item in (*tripod_ai(evidence), *claim(evidence)):
            self.assertTrue(item.section in identifiers if item.section else item.missing, item)

    def test_text_from_the_cohort_is_escaped(self) -> None:
        import dataclasses

        from HER2PredictLib.training.report.study_report import report_html

        results = dataclasses.replace(studies.results(images=False), description="<script>alert(1)</script>")
        self.assertNotIn("script", Page(report_html(results, (), studies.model())).tags)

    def test_no_file_names_a_patient(self) -> None:
        for path in written()[0].rglob("*"):
            if path.is_file():
                self.assertNotIn(studies.IDENTITY.encode(), path.read_bytes(), path.name)


@unittest.skipIf(matplotlib is None, "scikit-learn or matplotlib is not installed")
class MetricsTest(unittest.TestCase):
    def test_are_those_of_scikit_learn(self) -> None:
        study, found = studies.study(), json.loads(read("metrics.json"))
        for key, fit in study.fits.items():
            threshold = found["models"][key]["threshold"]
            for name in ("train", "test", "apparent"):
                status = study.status_of("test" if name == "test" else "train")
                score, probability, measured = fit.score[name], fit.probability[name], found["models"][key][name]
                called = probability >= threshold
                for measure, expected in {
                    "auc": metrics.roc_auc_score(status, score),
                    "average_precision": metrics.average_precision_score(status, score),
                    "brier": metrics.brier_score_loss(status, probability),
                    "sensitivity": metrics.recall_score(status, called),
                    "specificity": metrics.recall_score(status, called, pos_label=0),
                    "accuracy": metrics.accuracy_score(status, called),
                    "f1": metrics.f1_score(status, called),
                }.items():
                    self.assertAlmostEqual(
                        measured[measure]["value"], expected, places=12, msg=f"{key} {name} {measure}"
                    )

    def test_count_every_patient(self) -> None:
        patients = json.loads(read("metrics.json"))["patients"]
        self.assertEqual(patients["listed"], studies.PATIENTS + len(studies.EXCLUSIONS))
        self.assertEqual(patients["analysed"] + sum(patients["left_out"].values()), patients["listed"])

    def test_tables_hold_the_same_numbers(self) -> None:
        found = json.loads(read("metrics.json"))
        table = pd.read_csv(written()[0] / "tables" / "table-4-performance.csv", float_precision="round_trip")
        for model, name, measure, value, low, high in table.itertuples(index=False):
            expected = found["models"][model][name][measure]
            for number, limit in ((value, "value"), (low, "low"), (high, "high")):
                np.testing.assert_equal(number, np.nan if expected[limit] is None else expected[limit])


@unittest.skipIf(matplotlib is None, "scikit-learn or matplotlib is not installed")
class FilesTest(unittest.TestCase):
    def test_the_same_study_gives_the_same_files(self) -> None:
        from HER2PredictLib.training.report.study_files import write_results

        with tempfile.TemporaryDirectory() as folder:
            again = write_results(studies.results(), studies.model(), Path(folder))
            for path in again:
                first = written()[0] / path.relative_to(folder)
                self.assertEqual(path.read_bytes(), first.read_bytes(), path.name)

    def test_nothing_unfinished_is_left_and_every_figure_has_three_kinds_of_files(self) -> None:
        names = [path.name for path in written()[0].rglob("*") if path.is_file()]
        self.assertFalse([name for name in names if name.endswith(".part")])
        for number in range(2, 12):
            endings = {Path(name).suffix for name in names if name.startswith(f"figure-{number:02d}-")}
            self.assertEqual(endings, {".svg", ".png", ".csv"})

    def test_a_figure_of_an_earlier_run_does_not_stay(self) -> None:
        from HER2PredictLib.training.report import study_files

        with tempfile.TemporaryDirectory() as folder:
            stale = Path(folder) / "figures" / "figure-03-roi-examples.png"
            stale.parent.mkdir()
            stale.write_bytes(b"of an earlier run")
            own = stale.with_name("my-notes.txt")
            own.write_text("keep")
            with mock.patch.object(study_files, "draw_figures", return_value=()):
                study_files.write_results(studies.results(images=False), studies.model(), Path(folder))
            self.assertFalse(stale.exists())
            self.assertTrue(own.exists())

    def test_a_place_that_cannot_be_written_is_named(self) -> None:
        from HER2PredictLib.training.report import study_files

        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "out").write_text("a file")
            with (
                mock.patch.object(study_files, "draw_figures", return_value=()),
                self.assertRaisesRegex(InputError, "cannot be written"),
            ):
                study_files.write_results(studies.results(images=False), studies.model(), Path(folder) / "out")


@unittest.skipIf(matplotlib is None, "scikit-learn or matplotlib is not installed")
class ExclusionsTest(unittest.TestCase):
    def test_reasons_are_grouped_without_names(self) -> None:
        reasons = grouped_reasons(studies.EXCLUSIONS)
        self.assertEqual(reasons["ROI empty"], 2)
        self.assertEqual(reasons[OTHER], 1)
        self.assertEqual(sum(reasons.values()), len(studies.EXCLUSIONS))
        self.assertNotIn(studies.IDENTITY, " ".join(reasons))

    def test_messages_of_the_checks_have_reasons_of_their_own(self) -> None:
        import SimpleITK as sitk

        from cases import as_image, ct_array, ellipsoid
        from HER2PredictLib.assess import preprocess
        from HER2PredictLib.case.case import Case

        cases = {
            "ROI empty": (ct_array(), np.zeros_like(ellipsoid())),
            "Image is not a CT volume in HU": (np.zeros_like(ct_array()) + 7, ellipsoid()),
            "ROI too small for texture features": (ct_array(), ellipsoid(radii_mm=np.array([1.0, 1.0, 3.0]))),
        }
        with tempfile.TemporaryDirectory() as folder:
            image, roi = Path(folder) / "image.nrrd", Path(folder) / "roi.nrrd"
            for reason, (voxels, inside) in cases.items():
                sitk.WriteImage(as_image(voxels), str(image))
                sitk.WriteImage(as_image(inside), str(roi))
                with self.assertRaises(InputError) as caught:
                    preprocess(Case.from_files(image, roi))
                self.assertEqual(grouped_reasons({"a": excluded(caught.exception)}), {reason: 1})
            with self.assertRaises(InputError) as caught:
                Case.from_files(image, Path(folder) / "absent.nrrd")
            self.assertEqual(list(grouped_reasons({"a": excluded(caught.exception)})), ["Image or ROI file not found"])

    def test_an_roi_that_averaging_leaves_nothing_of_is_too_small(self) -> None:
        import SimpleITK as sitk

        from cases import SIZE, SPACING, as_image, ct_array
        from HER2PredictLib.assess import preprocess
        from HER2PredictLib.case.case import Case

        thin = np.zeros(tuple(reversed(SIZE)), np.uint8)
        thin[15, 20:45, 20:45] = 1
        with tempfile.TemporaryDirectory() as folder:
            image, roi = Path(folder) / "image.nrrd", Path(folder) / "roi.nrrd"
            sitk.WriteImage(as_image(ct_array(), (*SPACING[:2], 1.0)), str(image))
            sitk.WriteImage(as_image(thin, (*SPACING[:2], 1.0)), str(roi))
            with self.assertRaises(InputError) as caught:
                preprocess(Case.from_files(image, roi))
        self.assertIn("thinner", str(caught.exception))
        found = grouped_reasons({"a": excluded(caught.exception)})
        self.assertEqual(found, {"ROI too small for texture features": 1})


class ReasonsTest(unittest.TestCase):
    """The codes as they stand in the sources, each with words, and no words without a code."""

    @classmethod
    def setUpClass(cls) -> None:
        import HER2PredictLib

        library = Path(HER2PredictLib.__path__[0])
        cls.case = calls(sorted((library / "case").rglob("*.py")))
        cls.findings = calls(sorted((library / "findings").rglob("*.py")))
        workers = [library / "many" / f"{name}.py" for name in ("fingerprint", "processes")]
        cls.others = calls([library / "features.py", library / "training" / "cohort" / "workers.py", *workers])

    def test_every_refusal_of_image_and_roi_has_a_code(self) -> None:
        refusals = [call for call in self.case if call.func.id == "InputError"]
        self.assertTrue(refusals)
        self.assertEqual([ast.unparse(call) for call in refusals if not code_of(call)], [])

    def test_every_code_on_the_way_of_a_patient_has_words(self) -> None:
        from HER2PredictLib.training.cohort.evidence import REASONS

        codes = {code for call in (*self.case, *self.findings, *self.others) if (code := code_of(call))}
        self.assertLessEqual({"roi-empty", "not-hu", "features-undefined", "file-not-found", "process-ended"}, codes)
        self.assertEqual(codes, set(REASONS))

    def test_the_code_of_a_refusal_goes_from_process_to_process(self) -> None:
        sent = pickle.loads(pickle.dumps(InputError("The ROI is empty.", code="roi-empty")))
        self.assertEqual((str(sent), sent.code), ("The ROI is empty.", "roi-empty"))


def excluded(error: InputError) -> Any:
    """A patient for whom the extraction met this error."""
    from HER2PredictLib.many.processes import Exclusion

    return Exclusion(error.code, str(error))


def calls(files: list[Path]) -> list[ast.Call]:
    """Where an InputError, an Exclusion or a Finding is made."""
    made = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    names = {"InputError", "Exclusion", "Finding"}
    return [node for node in made if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names]


def code_of(call: ast.Call) -> str:
    """The code that a patient is left out with; empty where this leaves nobody out, or the code stands elsewhere."""
    if call.func.id == "InputError":
        given = next((keyword.value for keyword in call.keywords if keyword.arg == "code"), None)
    else:
        is_error = call.func.id == "Exclusion" or getattr(call.args[1], "value", "") == "error"
        given = call.args[0] if is_error else None
    return given.value if isinstance(given, ast.Constant) else ""
