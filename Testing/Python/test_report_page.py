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
from HER2PredictLib.findings.finding import Finding
from HER2PredictLib.model.guessing import headline
from HER2PredictLib.model.model import BUNDLED_MODEL, Model
from HER2PredictLib.outline.stability import Variation, summarise
from HER2PredictLib.outputs.report import identity, views
from HER2PredictLib.outputs.report.page import check_report, report_html, write_report
from HER2PredictLib.result import wording
from test_dicom_out import SENTINEL, run, written

try:
    import highdicom
    import pydicom
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

TIDY, CHROMIUM = shutil.which("tidy"), shutil.which("chromium")
PDFINFO, PDFTOTEXT = shutil.which("pdfinfo"), shutil.which("pdftotext")
#: A name that is markup, as a node of a scene may have it.
WICKED = "<script>alert('R&D')</script>\"x"
#: A name of a file that is no UTF-8, with characters that HTML does not have.
BROKEN = "M\udcfcller\x1b[1m\x00\ufffe"
PATIENCE_S = 120


@functools.lru_cache(maxsize=1)
def assessment() -> Assessment:
    """Of a case with wicked names, its stability measured."""
    volume, roi = small_case()
    found = assess(Case(Volume(volume, WICKED, "CT"), Roi(roi, WICKED)), Model.load(BUNDLED_MODEL))
    variations = [Variation(found.probability, 0.4, 0.1)] * 30
    return with_stability(found, summarise(variations, found.probability, found.threshold))


def of_unlike_case() -> Assessment:
    """Outside what the model knows."""
    return dataclasses.replace(assessment(), tail_probability=1e-6)


def crowded() -> str:
    """A page with much on it: a patient of many words, findings, a long command."""
    found = of_unlike_case()
    finding = Finding("some", "warning", "The segment has 17 pieces; the smaller ones may be leftovers. " * 2)
    found = dataclasses.replace(found, findings=(*found.findings, *[finding] * 4))
    names = "Patient", "Patient ID", "Born", "Sex", "Study date", "Study", "Accession number", "Series", "Institution"
    patient = [(name, "words of somebody in a header") for name in names]
    command = "her2predict predict " + " ".join(["'/home/somebody/studies of the year/CT 5.0 excretory'"] * 5)
    return report_html(found, "P-7", patient, command, "2026-02-03T04:05:06+00:00")


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
        for found in (assessment(), of_guessing_model(), of_unlike_case()):
            self.page(found, case=BROKEN)
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
            text = re.sub(r"<meta http-equiv=[^>]*>", "", self.page(found))  # which lets no script run
            path.write_text(text.replace("</body>", f"<script>{axe}</script><script>{report}</script></body>"), "utf-8")
            dumped = chromium("--virtual-time-budget=60000", "--dump-dom", path.as_uri())
            violations, passed = json.loads(html.unescape(re.search(r'<pre id="axe">(.*?)</pre>', dumped, re.S)[1]))
            self.assertEqual([(fault["id"], fault["nodes"][0]["html"][:200]) for fault in violations], [])
            self.assertGreater(passed, 15)

    @unittest.skipUnless(CHROMIUM, "chromium is not installed")
    def test_a_browser_prints_two_sheets(self) -> None:
        page, printed = self.folder / "report.html", self.folder / "printed.pdf"
        for text in (self.page(), crowded()):
            page.write_text(text, encoding="utf-8")
            chromium("--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri())
            self.assertEqual(pages(printed.read_bytes()), 2)

    @unittest.skipUnless(CHROMIUM, "chromium is not installed")
    def test_a_browser_runs_nothing_that_came_onto_it(self) -> None:
        page = self.folder / "report.html"
        for policy, ran in (("", False), ("<meta http-equiv=[^>]*>", True)):
            text = re.sub(policy, "", self.page()) if policy else self.page()
            page.write_text(text.replace("</body>", "<script>document.title = 'ran'</script></body>"), "utf-8")
            self.assertEqual("<title>ran</title>" in chromium("--dump-dom", page.as_uri()), ran)

    @unittest.skipIf(weasyprint is None, "weasyprint or pango is not installed")
    def test_pdf_is_two_sheets_that_a_screen_reader_can_read(self) -> None:
        path = self.folder / "report.pdf"
        check_report(path)
        write_report(assessment(), path)
        if PDFINFO:
            said = subprocess.run([PDFINFO, path], capture_output=True, check=True, encoding="utf-8").stdout
            self.assertRegex(said, "Tagged: +yes")
            self.assertRegex(said, "Pages: +2\\b")
        for text in (self.page(), crowded()):
            sheets = weasyprint.HTML(string=text).render().pages
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

    def test_what_html_cannot_hold_is_replaced(self) -> None:
        self.assertIn("M?ller\ufffd[1m\ufffd\ufffd", self.page(case=BROKEN))

    def test_what_the_user_gives_is_escaped(self) -> None:
        text = self.page(case=WICKED, command=WICKED)
        self.assertNotIn("<script", text)
        self.assertEqual(html.unescape(text).count(WICKED), 2)

    def test_it_says_what_the_other_outputs_say(self) -> None:
        found = assessment()
        result, told = found.result(), found.to_dict()
        page = self.page(made="2026-02-03T04:05:06+00:00").replace("<wbr>", "")
        text = html.unescape(re.sub(r"<[^>]+>", " ", page))
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
            "2026-02-03 04:05",
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
        for words in ("threshold of", "Like the training", "table:", "model interval", "Log-odds", "component 1"):
            self.assertNotIn(words, body)

    def test_a_case_outside_what_the_model_knows_leads_with_that(self) -> None:
        text = re.sub(r"<style.*?</style>|<[^>]+>", " ", self.page(of_unlike_case()), flags=re.S)
        body = " ".join(html.unescape(text).split())
        first, second = (match.start() for match in re.finditer("Do not rely on this number", body))
        self.assertLess(first, body.index("Patient and study"))
        self.assertLess(second, body.index(f" {of_unlike_case().probability:.0%} "))

    def test_a_simulated_model_is_named_so_at_the_top(self) -> None:
        text = self.page()
        self.assertLess(text.index("trained on simulated patients"), text.index("<main>"))

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

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "out"
        self.out.mkdir()

    def outputs(self, *options: object) -> dict[str, bytes]:
        """All that the command writes, by path, and what it says; without the series' own path, which the user gave."""
        root = written()[0]
        status, said = run(
            "predict", root / "ct", root / "roi.nrrd", "--perturbations", 0, "--json", self.out / "result.json",
            "--csv", self.out / "table.csv", "--picture", self.out / "picture.png", "--keep-inputs", self.out / "pair",
            "--dicom-out", self.out / "dicom", "--report", self.out / "report.html", *options,
        )  # fmt: skip
        self.assertEqual(status, 0, said)
        files = [path for path in self.out.rglob("*") if path.is_file()]
        found = {str(path.relative_to(self.out)): path.read_bytes() for path in files}
        return {"said": said.replace(str(root), "").encode(), **found}

    def test_nothing_identifies_unless_it_is_let_through(self) -> None:
        found = self.outputs()
        self.assertGreater(len(found), 8)
        for name, content in found.items():
            for identity_ in (SENTINEL.encode(), b"20240115", b"2024-01-15", str(written()[0]).encode()):
                self.assertNotIn(identity_, content, name)
        text = found["report.html"].decode()
        self.assertIn("her2predict predict VOLUME ROI --perturbations 0", text)

    def test_identify_names_patient_and_study_on_the_page_and_in_the_dicom_objects_alone(self) -> None:
        found = self.outputs("--identify", "--case", "P-7")
        text = found["report.html"].decode()
        for identity_ in (f"{SENTINEL}-1", "2024-01-15", str(written()[0] / "ct"), "P-7"):
            self.assertIn(identity_, text)
        for name, content in found.items():
            self.assertEqual(SENTINEL.encode() in content, name.startswith(("report", "dicom")), name)

    @unittest.skipIf(weasyprint is None or not PDFTOTEXT, "weasyprint, pango or pdftotext is not installed")
    def test_pdf_holds_no_more_of_it(self) -> None:
        root, path = written()[0], self.out / "report.pdf"
        command = "predict", root / "ct", root / "roi.nrrd", "--perturbations", 0, "--report", path
        for options, named in (((), False), (("--identify",), True)):
            status, said = run(*command, *options)
            self.assertEqual(status, 0, said)
            text = subprocess.run([PDFTOTEXT, path, "-"], capture_output=True, check=True, encoding="utf-8").stdout
            self.assertIn("her2predict predict", text)
            self.assertEqual(SENTINEL in text, named)

    def test_names_are_read_in_their_own_letters(self) -> None:
        first = sorted((written()[0] / "ct").iterdir())[0]
        for letters, name, shown in (
            ("ISO_IR 192", "Müller^Jürgen^^Dr.", "Müller, Jürgen Dr."),
            ("ISO_IR 100", "Müller^Jürgen", "Müller, Jürgen"),
            (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎", "Yamada, Tarou (山田, 太郎)"),
            ("ISO_IR 192", "=山田^太郎", "山田, 太郎"),
        ):
            data = pydicom.dcmread(first)
            data.SpecificCharacterSet, data.PatientName = letters, name
            data.save_as(self.out / "slice.dcm")
            with self.assertNoLogs():
                self.assertEqual(dict(identity.of_patient([str(self.out / "slice.dcm")]))["Patient"], shown)

    def test_options_without_what_they_are_for_are_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            volume, roi = write_small_case(Path(folder))
            for options, words in (
                (("--identify",), "--report FILE"),
                (("--case", "P-7"), "--report FILE"),
                (("--identify", "--report", Path(folder) / "r.html"), "did not come from DICOM"),
            ):
                with mock.patch("HER2PredictLib.assess.assess", side_effect=AssertionError("work was done")):
                    status, said = run("predict", volume, roi, "--perturbations", 0, *options)
                self.assertEqual(status, 2)
                self.assertIn(words, said)
            self.assertFalse((Path(folder) / "r.html").exists())


if __name__ == "__main__":
    unittest.main()
