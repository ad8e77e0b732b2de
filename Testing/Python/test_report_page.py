"""The page for a colleague: valid, readable without eyes, on two sheets, and with no word that nobody let through."""

from __future__ import annotations

import dataclasses
import functools
import html
import json
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from cases import small_case, write_small_case
from HER2PredictLib.assess import Assessment, assess, with_stability
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.errors import InputError
from HER2PredictLib.model.guessing import headline
from HER2PredictLib.model.model import BUNDLED_MODEL, Model
from HER2PredictLib.outline.stability import Variation, summarise
from HER2PredictLib.outputs.report import views
from HER2PredictLib.outputs.report.page import check_report, write_report
from HER2PredictLib.result import wording
from test_dicom_out import SENTINEL, run, written

try:
    import highdicom
except ImportError:
    highdicom = None
try:
    import weasyprint
except (ImportError, OSError):  # the latter without Pango
    weasyprint = None
try:
    import axe_core_python
except ImportError:
    axe_core_python = None

TIDY, CHROMIUM, PDFINFO = shutil.which("tidy"), shutil.which("chromium"), shutil.which("pdfinfo")
#: A name that is markup, as a node of a scene may have it.
WICKED = "<script>alert('R&D')</script>\"x"
PATIENCE_S = 120


@functools.lru_cache(maxsize=1)
def assessment() -> Assessment:
    """Of a case with wicked names, its stability measured."""
    volume, roi = small_case()
    found = assess(Case(Volume(volume, WICKED, "CT"), Roi(roi, WICKED)), Model.load(BUNDLED_MODEL))
    variations = [Variation(found.probability, 0.4, 0.1)] * 30
    return with_stability(found, summarise(variations, found.probability, found.threshold))


def of_guessing_model() -> Assessment:
    found = assessment()
    card = {**found.model.card, "guessing": ["it was made up"]}
    return assess(found.case, dataclasses.replace(found.model, card=card))


def chromium(*arguments: str) -> str:
    """Standard output of a headless browser without a network."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", *arguments],
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=True,
        )
    return done.stdout


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


class PageTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def page(self, of: Assessment | None = None, **options: Any) -> str:
        path = self.folder / "report.html"
        write_report(of or assessment(), path, **options)
        return path.read_text(encoding="utf-8")

    def test_it_loads_nothing_and_runs_nothing(self) -> None:
        text = self.page()
        self.assertNotRegex(text, r"(?i)<(script|link|iframe|object|embed)|@import|\son[a-z]+=")
        for address in re.findall(r"""(?:href|src)="([^"]*)"|url\(([^)]*)\)""", text):
            self.assertTrue("".join(address).startswith("data:image/png;base64,"))

    @unittest.skipUnless(TIDY, "tidy is not installed")
    def test_it_is_valid(self) -> None:
        for found in (assessment(), of_guessing_model()):
            self.page(found)
            done = subprocess.run(
                [TIDY, "-q", "-e", "-utf8", self.folder / "report.html"], capture_output=True, encoding="utf-8"
            )
            self.assertEqual(done.stderr, "")
            self.assertEqual(done.returncode, 0)

    @unittest.skipIf(axe_core_python is None or not CHROMIUM, "axe-core-python or chromium is not installed")
    def test_axe_finds_no_fault(self) -> None:
        axe = next(Path(axe_core_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
        report = "axe.run().then(r => {document.body.innerHTML = '<pre id=axe></pre>'; "
        report += "document.getElementById('axe').textContent = JSON.stringify([r.violations, r.passes.length])})"
        path = self.folder / "with-axe.html"
        for found in (assessment(), of_guessing_model()):
            text = self.page(found)
            path.write_text(text.replace("</body>", f"<script>{axe}</script><script>{report}</script></body>"), "utf-8")
            dumped = chromium("--virtual-time-budget=60000", "--dump-dom", path.as_uri())
            violations, passed = json.loads(html.unescape(re.search(r'<pre id="axe">(.*?)</pre>', dumped, re.S)[1]))
            self.assertEqual([(fault["id"], fault["nodes"][0]["html"][:200]) for fault in violations], [])
            self.assertGreater(passed, 15)

    @unittest.skipUnless(CHROMIUM, "chromium is not installed")
    def test_a_browser_prints_two_sheets(self) -> None:
        self.page()
        printed = self.folder / "printed.pdf"
        chromium("--no-pdf-header-footer", f"--print-to-pdf={printed}", (self.folder / "report.html").as_uri())
        self.assertEqual(pages(printed.read_bytes()), 2)

    @unittest.skipIf(weasyprint is None, "weasyprint or pango is not installed")
    def test_pdf_is_two_sheets(self) -> None:
        path = self.folder / "report.pdf"
        check_report(path)
        write_report(assessment(), path)
        self.assertTrue(path.read_bytes().startswith(b"%PDF-"))
        sheets = weasyprint.HTML(string=self.page()).render().pages
        self.assertEqual([round(sheet.width * 25.4 / 96) for sheet in sheets], [210, 210])

    def test_without_weasyprint_pdf_is_refused_before_any_work(self) -> None:
        with mock.patch.dict("sys.modules", {"weasyprint": None}), self.assertRaisesRegex(InputError, "weasyprint"):
            check_report(self.folder / "report.pdf")

    def test_other_endings_and_folders_that_do_not_exist_are_refused(self) -> None:
        for name, words in (("report.docx", ".html or .pdf"), ("none/report.html", "does not exist")):
            with self.subTest(name), self.assertRaisesRegex(InputError, words):
                check_report(self.folder / name)

    def test_a_page_that_cannot_be_written_leaves_the_earlier_one(self) -> None:
        path = self.folder / "report.html"
        path.write_text("earlier")
        full = mock.patch("pathlib.Path.write_text", side_effect=OSError("No space left on device"))
        with full, self.assertRaises(InputError):
            write_report(assessment(), path)
        self.assertEqual(path.read_text(), "earlier")
        self.assertEqual(list(self.folder.iterdir()), [path])

    def test_names_of_files_and_nodes_are_not_on_it(self) -> None:
        text = self.page()
        self.assertNotIn("alert", text)
        self.assertIn(f"ct-{assessment().case.volume.digest[:16]}", text)

    def test_what_the_user_gives_is_escaped(self) -> None:
        text = self.page(case=WICKED, command=WICKED)
        self.assertNotIn("<script", text)
        self.assertEqual(html.unescape(text).count(WICKED), 2)

    def test_it_says_what_the_other_outputs_say(self) -> None:
        found = assessment()
        result, told = found.result(), found.to_dict()
        text = html.unescape(re.sub(r"<[^>]+>", " ", self.page(made="2026-02-03T04:05:06+00:00")))
        self.assertIn(f" {told['probability']:.0%} ", text)
        low, high = told["interval"]
        for words in (
            f"95% model interval {low:.0%} to {high:.0%}",
            wording.call(result),
            wording.verdict(result),
            wording.stability(result.stability),
            wording.research_only(),
            told["model"]["sha256"],
            found.checked.prepared.digest,
            "2026-02-03",
            *(finding["message"] for finding in told["findings"]),
            *(f"{own['feature']} {own['contribution']:+.2f}" for own in told["explanation"]["strongest"][:8]),
        ):
            self.assertIn(" ".join(words.split()), " ".join(text.split()))
        for name, pull in wording.pulls(result):
            self.assertIn(f"{name} {pull:+.2f}", " ".join(text.split()))

    def test_a_model_that_guesses_leads_with_that_and_gives_no_call(self) -> None:
        text = html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", self.page(of_guessing_model()), flags=re.S))
        body = " ".join(text.split())
        self.assertLess(body.index(headline()), body.index("Result"))
        for words in ("threshold of", "Like the training", "table:", "model interval", "Log-odds"):
            self.assertNotIn(words, body)

    def test_the_outline_runs_around_the_voxels_of_the_roi(self) -> None:
        """Its area by the shoelace formula, over the edges as they are drawn, is that of the voxels of the plane."""
        for view in views.views_of(assessment().case):
            with self.subTest(view.name):
                path = re.search(r'd="(M[^"]*)" fill="none" stroke="#000"', views.figure(view))[1]
                lengths = {"H": 0.0, "V": 0.0}
                for x, y, way, end in re.findall(r"M([\d.]+) ([\d.]+)([HV])([\d.]+)", path):
                    lengths[way] += float(end) - float(x if way == "H" else y)
                padded = np.pad(view.inside, 1).astype(int)
                self.assertAlmostEqual(lengths["H"], np.abs(np.diff(padded, axis=0)).sum() * view.column_mm, delta=0.5)
                self.assertAlmostEqual(lengths["V"], np.abs(np.diff(padded, axis=1)).sum() * view.row_mm, delta=0.5)
                counts = assessment().case.anatomical(assessment().case.roi_voxels)
                axis = ("Axial", "Coronal", "Sagittal").index(view.name)
                others = tuple(other for other in range(3) if other != axis)
                self.assertEqual(view.inside.sum(), counts.sum(axis=others).max())


@unittest.skipIf(highdicom is None, "highdicom is not installed")
class IdentityTest(unittest.TestCase):
    """On a series whose every text attribute holds a sentinel."""

    def report(self, *options: object) -> tuple[int, str, str]:
        root = written()[0]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.html"
            status, said = run(
                "predict", root / "ct", root / "roi.nrrd", "--perturbations", 0, "--report", path, *options
            )  # fmt: skip
            return status, said, path.read_text(encoding="utf-8") if path.exists() else ""

    def test_nothing_identifies_unless_it_is_let_through(self) -> None:
        status, said, text = self.report()
        self.assertEqual(status, 0, said)
        for identity in (SENTINEL, "20240115", "2024-01-15", str(written()[0])):
            self.assertNotIn(identity, text)
        self.assertIn("her2predict predict VOLUME ROI --perturbations 0", text)

    def test_identify_names_patient_and_study(self) -> None:
        status, said, text = self.report("--identify", "--case", "P-7")
        self.assertEqual(status, 0, said)
        self.assertNotIn(SENTINEL, said.replace(str(written()[0]), ""))
        for identity in (f"{SENTINEL}-1", "2024-01-15", str(written()[0] / "ct"), "P-7"):
            self.assertIn(identity, text)

    def test_options_without_what_they_are_for_are_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            volume, roi = write_small_case(Path(folder))
            for options, words in (
                (("--identify",), "--report FILE"),
                (("--case", "P-7"), "--report FILE"),
                (("--identify", "--report", Path(folder) / "r.html"), "did not come from DICOM"),
            ):
                status, said = run("predict", volume, roi, "--perturbations", 0, *options)
                self.assertEqual(status, 2)
                self.assertIn(words, said)
            self.assertFalse((Path(folder) / "r.html").exists())


if __name__ == "__main__":
    unittest.main()
