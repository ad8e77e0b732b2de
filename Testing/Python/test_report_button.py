"""Save report: the page of the command, where the user wants it, with the patient's identity if that is let through."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import panel
from cases import ellipsoid
from test_dicom_button import DicomButtonTestCase

slicer: Any = None
SAVE = "Save…"


def setUpModule() -> None:
    global slicer
    slicer = panel.start()
    import test_dicom_button

    test_dicom_button.setUpModule()


def press(ui: Any, path: object, *answers: Any) -> tuple[str, mock.Mock]:
    """Press the button and answer its questions, the last one with `path`; what the panel says, and the file dialog."""
    import qt

    with (
        mock.patch.object(qt.QFileDialog, "getSaveFileName", return_value=str(path), create=True) as dialog,
        panel.Answers(*answers),
    ):
        ui.reportButton.click()
    return ui.keptLabel.text, dialog


class ReportButtonTest(panel.ModuleTestCase):
    """Of a volume that did not come from DICOM: nobody knows whose it is."""

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_the_page_is_that_of_the_result_that_is_shown(self) -> None:
        from HER2PredictLib.outputs.report.page import write_report

        self.assertFalse(self.ui.reportButton.enabled)
        self.predicted_case()
        self.assertTrue(self.ui.reportButton.enabled)
        path, expected = self.folder / "report.html", self.folder / "expected.html"
        told, _dialog = press(self.ui, path)
        self.assertEqual(told, f"Written: {path}")
        state = self.panel.panel.state
        write_report(state.assessment, expected, made=state.result.time)
        self.assertEqual(path.read_bytes(), expected.read_bytes())
        number = f"{state.assessment.probability:.0%}"
        self.assertIn(f">{number}", self.ui.headlineLabel.text)
        self.assertIn(f">{number}<", path.read_text(encoding="utf-8"))

    def test_pdf_is_offered_where_it_can_be_written(self) -> None:
        self.predicted_case()
        for can in (True, False):
            with mock.patch("HER2PredictLib.panel.record.saving.can_write_pdf", return_value=can):
                _told, dialog = press(self.ui, "")
            _parent, _title, name, kinds = dialog.call_args.args
            self.assertEqual("*.pdf" in kinds, can)
            self.assertEqual(name, "HER2Predict Bladder tumour.html")

    def test_where_it_cannot_be_written_the_panel_says_why(self) -> None:
        self.predicted_case()
        for name, words in (("", "^$"), ("report.docx", "html or .pdf"), ("nosuch/report.html", "does not exist")):
            told, _dialog = press(self.ui, self.folder / name if name else "")
            self.assertRegex(told, words)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_there_is_no_report_of_a_result_that_is_out_of_date(self) -> None:
        self.predicted_case()
        self.draw(np.roll(ellipsoid(), 1, axis=2))
        self.assertFalse(self.ui.reportButton.enabled)
        self.assertEqual(self.ui.reportButton.toolTip, "Predict first.")


class IdentityTest(DicomButtonTestCase):
    def test_the_patient_is_named_only_where_the_box_is_ticked(self) -> None:
        from test_dicom_in import SENTINEL

        self.predicted_case()
        for answer, named in ((SAVE, False), ((SAVE, True), True)):
            path = self.out / f"{named}.html"
            press(self.ui, path, answer)
            self.assertEqual(SENTINEL in path.read_text(encoding="utf-8"), named)

    def test_cancelled_at_any_question_nothing_happens(self) -> None:
        self.predicted_case()
        for path, answer in ((self.out / "report.html", "Cancel"), ("", SAVE)):
            press(self.ui, path, answer)
            self.assert_nothing_happened()

    def test_a_volume_whose_slices_are_gone_is_reported_without_a_question(self) -> None:
        self.predicted_case()
        self.database.closeDatabase()
        press(self.ui, self.out / "report.html")
        self.assertTrue((self.out / "report.html").is_file())


if __name__ == "__main__":
    unittest.main()
