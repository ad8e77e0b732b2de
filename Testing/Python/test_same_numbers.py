"""SlicerRadiomics' module, a helper process and this process give the same 975 numbers, to the last bit."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

import panel
from cases import REAL_CT, small_case
from HER2PredictLib import features
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.prepared import Prepared
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume

slicer: Any = None


def setUpModule() -> None:
    global slicer
    slicer = panel.start()
    if not hasattr(slicer.modules, "slicerradiomicscli"):
        raise unittest.SkipTest("SlicerRadiomics is not installed")


class SameNumbersTest(panel.ModuleTestCase):
    def assert_same(self, prepared: Prepared) -> None:
        found: dict[str, tuple[Any, Any]] = {}
        logic = self.panel.logic
        logic.extractByModule(prepared, lambda *outcome: found.update(module=outcome))
        logic.helpers.features(prepared, lambda *outcome: found.update(helper=outcome))
        panel.wait(lambda: len(found) == 2)
        expected = features.extract(prepared)
        for who, (values, error) in found.items():
            self.assertIsNone(error)
            self.assertEqual(values, expected, who)
            self.assertEqual(len(values), 975)

    def test_on_the_small_case(self) -> None:
        volume, roi = small_case()
        self.assert_same(Case(Volume(volume, ""), Roi(roi, "")).prepared())

    def test_on_the_sample_case(self) -> None:
        from HER2PredictLib.training.simulator.simulate import sample_case

        with tempfile.TemporaryDirectory() as folder:
            sample = sample_case(Path(folder))
            self.assert_same(Case.from_files(sample.volume, sample.roi).prepared())

    @unittest.skipUnless(REAL_CT.is_dir(), "the real CTs are not at hand")
    def test_on_four_real_cts(self) -> None:
        for patient in sorted(REAL_CT.glob("STS_*")):
            with self.subTest(patient.name):
                self.assert_same(Case.from_files(patient / "CT_image.nii.gz", patient / "CT_mask.nii.gz").prepared())


if __name__ == "__main__":
    unittest.main()
