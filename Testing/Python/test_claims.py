"""Each sentence and each tick of report and card follows from what the cohort table showed."""

from __future__ import annotations

import ast
import dataclasses
import unittest
from pathlib import Path
from typing import Any

try:
    import matplotlib  # noqa: F401
    import pandas as pd
    import sklearn  # noqa: F401
except ImportError as error:
    raise unittest.SkipTest("what training takes is not installed") from error

import HER2PredictLib
import studies
from HER2PredictLib.training.cohort.evidence import WORDS, evidence_of
from HER2PredictLib.training.report.guidelines import claim, tripod_ai
from HER2PredictLib.training.report.model_card import model_card
from HER2PredictLib.training.report.study_report import report_html
from test_report import Page

#: Claims of a report that hold where images were given and IHC scores told.
_CHECKED = "Image and ROI of every patient were checked"
_SCORES = "from the immunohistochemistry scores of the cohort table"


def scored(table: Any) -> Any:
    """The table with an IHC score for every patient."""
    scores = ["0", "3+"] * len(table.table)
    return dataclasses.replace(table, table=table.table.assign(her2_ihc=scores[: len(table.table)]))


def without_clinical(table: Any) -> Any:
    return dataclasses.replace(table, table=table.table.drop(columns=list(table.clinical)), clinical=())


def without_images(table: Any) -> Any:
    """As a table of features that another software computed."""
    values = studies.study().features
    kept = table.table.loc[values.index].drop(columns=["image", "roi"])
    return dataclasses.replace(table, table=kept, features=values)


def seen(table: Any, codes: list[tuple[str, ...]]) -> Any:
    """The table after HER2Predict computed the features and found `codes`, over and over."""
    patients = table.table.index
    findings = pd.Series([codes[number % len(codes)] for number in range(len(patients))], index=patients)
    return dataclasses.replace(table, origin="her2predict", findings=findings)


class ClaimsTestCase(unittest.TestCase):
    def texts(self, table: Any, simulated: bool = False) -> tuple[str, str]:
        """Report and card of a study with that table."""
        results, model = studies.results(table=table, simulated=simulated), studies.model(simulated)
        return Page(report_html(results, (), model)).text, model_card(results, model)

    def assert_in_both(self, claim_: str, table: Any) -> None:
        for text in self.texts(table):
            self.assertIn(claim_, text)

    def assert_in_neither(self, pattern: str, table: Any) -> None:
        for text in self.texts(table):
            self.assertNotRegex(text, pattern)

    def answers(self, table: Any) -> dict[str, str]:
        """Guideline and number of each item, and how far it is answered."""
        evidence = studies.results(table=table, simulated=False).evidence
        own = {f"TRIPOD {item.number}": item.answer for item in tripod_ai(evidence)}
        return own | {f"CLAIM {item.number}": item.answer for item in claim(evidence)}

    def plain(self) -> Any:
        return studies.cohort(images=False, simulated=False)


class InputTest(ClaimsTestCase):
    def test_that_images_were_checked_is_said_where_they_were(self) -> None:
        self.assert_in_both(_CHECKED, seen(self.plain(), [()]))
        self.assert_in_neither("were checked", without_images(self.plain()))
        self.assert_in_both("HER2Predict did not see the images", without_images(self.plain()))

    def test_findings_are_counted_by_set(self) -> None:
        codes = [("roi-in-pieces", "gantry-tilt"), (), ("roi-in-pieces",), ()]
        table = seen(self.plain(), codes)
        evidence = studies.results(table=table, simulated=False).evidence
        study = studies.study()
        counts = evidence.findings.set_index("code")
        own = table.findings.loc[study.features.index]
        for code in ("roi-in-pieces", "gantry-tilt"):
            having = own.map(lambda found, code=code: code in found).to_numpy()
            expected = [having[study.train].sum(), having[study.test].sum(), having.sum()]
            self.assertEqual(counts.loc[code, ["train", "test", "all"]].tolist(), expected)
        self.assertEqual(counts.loc["", "all"], sum(not found for found in own))
        report, card = self.texts(table)
        sentence = f"found something to note in {sum(map(bool, own))} of {studies.PATIENTS} patients"
        self.assertIn(sentence, report)
        self.assertIn(sentence, card)
        self.assertIn(
            f"ROI in pieces {' '.join(map(str, counts.loc['roi-in-pieces', ['train', 'test', 'all']]))}", report
        )

    def test_settings_are_claimed_as_far_as_the_table_tells(self) -> None:
        for origin, claim_, answer in (
            ("pyradiomics", "By its own notes it was computed with pyradiomics", "in part"),
            ("named", "which says that they were computed with the settings", "in part"),
            ("unknown", "with which software and settings they were computed", "not answered"),
        ):
            with self.subTest(origin):
                table = dataclasses.replace(without_images(self.plain()), origin=origin)
                self.assertIn(claim_, self.texts(table)[0])
                answers = self.answers(table)
                for item in ("TRIPOD 7", "TRIPOD 9b", "CLAIM 9", "CLAIM 10"):
                    self.assertEqual(answers[item], answer, item)
        self.assertEqual(self.answers(seen(self.plain(), [()]))["TRIPOD 7"], "answered")

    def test_a_feature_table_does_not_say_that_nobody_was_left_out(self) -> None:
        results = studies.results(table=self.plain(), simulated=False)
        flow = dataclasses.replace(results.flow, reasons={}, listed=studies.PATIENTS)
        for table, said in ((self.plain(), "none was left out"), (without_images(self.plain()), "is not known here")):
            results = dataclasses.replace(studies.results(table=table, simulated=False), flow=flow)
            self.assertIn(said, Page(report_html(results, (), studies.model(False))).text)
        self.assertEqual(self.answers(without_images(self.plain()))["TRIPOD 20a"], "in part")

    def test_images_that_are_not_named_could_not_be_unreadable(self) -> None:
        self.assertIn("could not be read", self.texts(self.plain())[0])
        self.assertIn("the table names no images", self.texts(without_images(self.plain()))[0])

    def test_every_finding_has_words_for_many_patients(self) -> None:
        """Codes of findings that leave a patient in, read from the source of the checks."""
        library = Path(HER2PredictLib.__file__).parent
        codes = set()
        for file in (library / "findings").glob("*.py"):
            for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding":
                    code, severity = call.args[:2]
                    if isinstance(code, ast.Constant) and severity.value != "error":
                        codes.add(code.value)
        self.assertGreater(len(codes), 10)
        self.assertLessEqual(codes, set(WORDS))


class OutcomeTest(ClaimsTestCase):
    def test_immunohistochemistry_is_named_where_scores_were_told(self) -> None:
        self.assert_in_both(_SCORES, scored(self.plain()))
        self.assert_in_both("over-expresses HER2 (IHC 2+ or 3+)", scored(self.plain()))
        self.assertEqual(self.answers(scored(self.plain()))["CLAIM 14"], "in part")

    def test_plain_labels_are_called_labels(self) -> None:
        self.assert_in_neither("immunohistochemistry scores|specimen that was stained", self.plain())
        self.assertNotIn("IHC", self.texts(self.plain())[0].replace(studies.model().card["intended_use"], ""))
        self.assert_in_both("by which test and which rule", self.plain())
        for item in ("TRIPOD 8a", "CLAIM 14"):
            self.assertEqual(self.answers(self.plain())[item], "not answered")

    def test_both_kinds_are_counted(self) -> None:
        table = scored(self.plain())
        table.table.iloc[:7, table.table.columns.get_loc("her2_ihc")] = ""
        self.assert_in_both(f"HER2 status of {studies.PATIENTS - 7} patients from the immunohistochemistry", table)

    def test_simulated_patients_have_no_specimen(self) -> None:
        table = scored(studies.cohort(images=False))
        table = dataclasses.replace(table, table=table.table.assign(simulated="1"))
        for text in self.texts(table, simulated=True):
            self.assertIn("no specimen was stained", text)
            self.assertNotIn(_SCORES, text)

    def test_some_simulated_patients_are_announced(self) -> None:
        flags = ["1"] * 9 + [""] * (len(self.plain().table) - 9)
        table = dataclasses.replace(self.plain(), table=self.plain().table.assign(simulated=flags))
        self.assert_in_both(f"9 of {studies.PATIENTS}", table)


class CharacteristicsTest(ClaimsTestCase):
    def test_nothing_is_ticked_of_characteristics_that_are_not_there(self) -> None:
        for item in ("TRIPOD 20b", "TRIPOD 20c", "CLAIM 36"):
            self.assertEqual(self.answers(self.plain())[item], "answered", item)
            self.assertEqual(self.answers(without_clinical(self.plain()))[item], "not answered", item)
        report, _ = self.texts(without_clinical(self.plain()))
        self.assertIn("holds no clinical characteristics", report)
        self.assertNotIn("described and not predicted from", report)
        self.assertNotRegex(report, r"None of the \d+ characteristics")

    def test_a_column_of_hospitals_is_not_said_to_be_absent(self) -> None:
        patients = len(self.plain().table)
        table = self.plain().table.assign(hospital=(["East", "West"] * patients)[:patients])
        table = dataclasses.replace(self.plain(), table=table, clinical=("age", "gender", "hospital"))
        self.assertEqual(self.answers(table)["TRIPOD 6a"], "in part")
        self.assertEqual(self.answers(self.plain())["TRIPOD 6a"], "not answered")
        self.assertEqual(self.answers(self.plain())["TRIPOD 5b"], "not answered")
        self.assertNotIn("names no hospital", self.texts(table)[0])

    def test_a_given_split_may_be_another_hospital(self) -> None:
        split = ["train"] * len(self.plain().table)
        given = dataclasses.replace(self.plain(), split=split)
        for text in self.texts(given):
            self.assertNotRegex(text, "has not been (validated|evaluated)")
        self.assertIn("has not been validated on patients of another hospital", self.texts(self.plain())[0])

    def test_more_patients_than_features_are_not_called_few(self) -> None:
        from HER2PredictLib.training.report import prose

        results = studies.results(table=self.plain(), simulated=False)
        few = dataclasses.replace(results.study, features=results.study.features.iloc[:, :20])
        self.assertIn("hold overfitting back", " ".join(prose.limits(results)))
        self.assertNotIn("hold overfitting back", " ".join(prose.limits(dataclasses.replace(results, study=few))))


class EvidenceTest(unittest.TestCase):
    def test_patients_who_were_left_out_are_not_evidence(self) -> None:
        table = seen(studies.cohort(images=False), [("roi-in-pieces",)])
        patients = studies.study().features.index[:10]
        evidence = evidence_of(table, patients, {"all": pd.Series(True, patients).to_numpy()})
        self.assertEqual((evidence.patients, int(evidence.findings.iloc[0]["all"])), (10, 10))


if __name__ == "__main__":
    unittest.main()
